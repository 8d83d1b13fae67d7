"""Exercises in the browser: an answer is judged, kept over a reload, saved, and thrown away when asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from built_site import SITE
from live_notebook import documents, opened

from tools import notebooks
from tools.notebooks import ROOT

#: The set with the task that is tried here.
(SET,) = documents([path for path in notebooks.exercises() if '"largest-rate"' in path.read_text(encoding="utf-8")])
ENDLESS = "def largest_rate(H):\n    while True:\n        pass"
WRONG = "def largest_rate(H):\n    return 1 / np.linalg.eigvalsh(H)[-1]"
RIGHT = "def largest_rate(H):\n    return 2 / np.linalg.eigvalsh(H)[-1]"


def test_an_exercise_is_left_undone_done_wrong_without_an_end_and_right(newcomer, live):
    with opened(newcomer, live, SET) as notebook:
        task, check = notebook.named("largest-rate"), notebook.named("largest-rate-check")
        notebook.run_to_the_end()
        assert "Not yet done" in notebook.shown(check)
        assert "Left: Task 1a" in notebook.shown(notebook.named("progress"))
        notebook.write(task, WRONG)
        notebook.run_cell(task)
        said = notebook.run_cell(check)
        assert "Not right yet" in said and "greatest promised decrease" in said
        assert "Traceback" not in said
        notebook.write(task, ENDLESS)
        notebook.run_cell(task)
        assert "stopped after" in notebook.run_cell(check)
        assert notebook.ask("print(1 + 1)") == "2"
        notebook.write(task, RIGHT)
        notebook.run_cell(task)
        assert notebook.run_cell(check).startswith("✓")
        assert notebook.refused == []


def test_an_answer_survives_a_reload_can_be_saved_and_thrown_away(newcomer, live):
    with opened(newcomer, live, SET, python=False) as notebook:
        page, task = notebook.page, notebook.named("largest-rate")
        original = "".join(notebook.cells()[task]["source"])
        notebook.write(task, RIGHT)
        for _ in "at once", "and from where it was saved then":
            page.reload()                               # nobody is asked whether to leave: that would hold it up
            notebook.wait_until_open()
            page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('unsaved'))")
            assert "".join(notebook.cells()[task]["source"]) == RIGHT

        with page.expect_download() as download:
            page.locator("#live-toolbar").get_by_text("Download").click()
        saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert "".join(saved["cells"][task]["source"]) == RIGHT

        page.on("dialog", lambda dialog: dialog.accept())
        page.locator("#live-toolbar").get_by_text("Start again").click()
        page.wait_for_function(
            "() => !jupyterapp.shell.currentWidget.context.model.toJSON()"
            f".cells[{task}].source.includes('eigvalsh')")
        assert "".join(notebook.cells()[task]["source"]) == original
        page.reload()
        notebook.wait_until_open()
        assert "".join(notebook.cells()[task]["source"]) == original


FORMS = """
from lecture_code.time_limit import TooLong, limited

def catches_everything():
    while True:
        try:
            while True: pass
        except:
            pass

def generates():
    return sum(i for i in iter(int, 1))

def collects():
    return [i for i in iter(int, 1)]

for form in (catches_everything, generates, collects):
    try:
        limited(form, (), 0.3)
    except TooLong:
        print("stopped", form.__name__)
"""


def test_the_time_limit_of_a_check_works_in_the_browser(python):
    well, said = python.execute(FORMS)
    assert well, said
    assert said.splitlines() == [f"stopped {name}" for name in ("catches_everything", "generates", "collects")]


COST = """
from time import perf_counter
from lecture_code.time_limit import limited

def turns(number=400_000):
    total = 0.0
    for i in range(number):
        total += i * 0.5
    return total

def seconds(call):
    start = perf_counter()
    call()
    return perf_counter() - start

pairs = [(seconds(turns), seconds(lambda: limited(turns, (), 60))) for _ in range(9)]     # in turn: machines have moods
plain, watched = map(min, zip(*pairs))
print(watched / plain < 2)
"""


def test_watching_costs_less_than_the_function_in_the_browser_too(python):
    assert python.execute(COST) == (True, "True")


@pytest.mark.parametrize("exercise", documents(notebooks.exercises()))
def test_the_solutions_pass_every_check(python, exercise):
    """One Python, emptied in between, serves all sets: that each runs in one of its own is tested with nbval."""
    solutions = dict(code(ROOT / f"{exercise.replace('exercises/', 'solutions/')}.ipynb"))
    python.ask("%reset -f\nimport matplotlib.pyplot as plt\nplt.close('all')\ndel plt")
    checks = 0
    for name, source in code(SITE / "live" / "files" / f"{exercise}.ipynb"):
        well, said = python.execute(solutions.get(name, source))
        assert well, f"{name}: {said}"
        if name.endswith("-check"):
            checks += 1
            assert said.startswith("✓"), f"{name}: {said}"
    assert checks >= 3
    assert python.refused == []


def code(path: Path) -> list[tuple[str, str]]:
    """Return the code cells of a notebook: their names, for nbgrader or else for Jupyter, and sources."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"]), "".join(cell["source"]))
            for cell in cells if cell["cell_type"] == "code"]
