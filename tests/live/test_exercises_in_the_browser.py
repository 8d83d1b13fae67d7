"""Exercises in the browser: an answer is judged, kept over a reload, saved, and thrown away when asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live_notebook import LiveNotebook, opened

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("exercises/*/*.ipynb"))
FIRST = EXERCISES[0]
WRONG = "def largest_rate(H):\n    return 1 / np.linalg.eigvalsh(H)[-1]"
RIGHT = "def largest_rate(H):\n    return 2 / np.linalg.eigvalsh(H)[-1]"


def named(notebook: LiveNotebook, name: str) -> int:
    """The index of the cell that nbgrader knows by this name."""
    return next(index for index, cell in enumerate(notebook.cells())
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def test_an_exercise_is_done_wrong_and_then_right(browser, address):
    with opened(browser, address, FIRST) as notebook:
        task, check = named(notebook, "largest-rate"), named(notebook, "largest-rate-check")
        notebook.run_cell(named(notebook, "setup"))
        notebook.run_cell(task)
        assert "not yet done" in notebook.run_cell(check)
        notebook.write(task, WRONG)
        notebook.run_cell(task)
        said = notebook.run_cell(check)
        assert "not right yet" in said and "greatest promised decrease" in said
        assert "Traceback" not in said
        notebook.write(task, RIGHT)
        notebook.run_cell(task)
        assert "right" in notebook.run_cell(check).lower()
        assert notebook.refused == []


def test_an_endless_loop_is_stopped_and_python_goes_on(browser, address):
    with opened(browser, address, FIRST) as notebook:
        task, check = named(notebook, "largest-rate"), named(notebook, "largest-rate-check")
        notebook.run_cell(named(notebook, "setup"))
        notebook.write(task, "def largest_rate(H):\n    while True:\n        pass")
        notebook.run_cell(task)
        assert "stopped after" in notebook.run_cell(check)
        assert notebook.ask("print(1 + 1)") == "2"


def test_an_answer_survives_a_reload_can_be_saved_and_thrown_away(browser, address):
    with opened(browser, address, FIRST) as notebook:
        page, task = notebook.page, named(notebook, "largest-rate")
        original = "".join(notebook.cells()[task]["source"])
        notebook.write(task, RIGHT)
        page.wait_for_timeout(8_000)                    # longer than the time between two automatic saves
        page.reload()
        notebook.wait_until_ready()
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
        notebook.wait_until_ready()
        assert "".join(notebook.cells()[task]["source"]) == original


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_solutions_pass_every_check(browser, address, exercise):
    solved = {}
    for cell in json.loads((ROOT / exercise.replace("exercises/", "solutions/")).with_suffix(".ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution"):
            solved[cell["metadata"]["nbgrader"]["grade_id"]] = "".join(cell["source"])
    with opened(browser, address, exercise) as notebook:
        for name, source in solved.items():
            notebook.page.evaluate(
                "([index, source]) => jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source)",
                [named(notebook, name), source])
        print(f"{exercise}: {notebook.run_all():.0f} s")
        assert notebook.errors() == []
        assert notebook.refused == []
