"""A student's way through an exercise, in JupyterLab, in Notebook 7 and in the classic notebook.

Each front end runs for real, with a kernel, in a headless Chromium. The tests of one front end share a
page, and each sets the function anew.
"""

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")
from front_ends import FRONT_ENDS, opened, served  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = "exercises/04-gradient-descent/gradient-descent.ipynb"
FUNCTION, CHECK, PROGRESS = "def largest_rate", "check(tasks.largest_rate", "progress(tasks"


@pytest.fixture(scope="module", params=FRONT_ENDS)
def notebook(request, browser, tmp_path_factory):
    front = FRONT_ENDS[request.param]
    if not front.installed:
        pytest.skip(f"{front.package} is not installed")
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "exercises", folder / "exercises")
    with served(front, folder, tmp_path_factory.mktemp("settings")) as address:
        with opened(browser, front, address.format(EXERCISE)) as page:
            assert "Error" not in page.run("from lecture_code.feedback import", prints=False)
            yield page


def verdict(notebook, *lines):
    """Write the function, run it and its check, and return what the check says."""
    source = "\n".join(["def largest_rate(H):", *(f"    {line}" for line in lines)])
    notebook.type_into(FUNCTION, source)
    assert notebook.run(FUNCTION, prints=False) == ""
    return notebook.run(CHECK)


def test_the_prose_is_readable_where_nobody_knows_myst(notebook):
    text = notebook.text()
    assert "Task 1: how fast may you go?" in text and "How far are you?" in text
    assert re.findall(r":::|\{\w+\}\s*`?\w+-|\(\w+-[\w-]+\)=?$|\$\$|</?details>|\\tfrac", text) == []


def test_hints_open_one_at_a_time_by_a_click(notebook):
    cell = notebook.cell("how fast may you go?").locator(notebook.front.text)
    first, second = cell.get_by_text("A vector", exact=False), cell.get_by_text("eigvalsh", exact=False).first
    assert not first.is_visible() and not second.is_visible()
    cell.get_by_text("where the bound stands").click()
    assert first.is_visible() and not second.is_visible()
    cell.get_by_text("how to get β").click()
    assert second.is_visible()


def test_an_untouched_stub_is_not_yet_done(notebook):
    notebook.run(FUNCTION, prints=False)
    said = notebook.run(CHECK)
    assert "Not yet done" in said and "Traceback" not in said


def test_a_known_mistake_is_named(notebook):
    said = verdict(notebook, "return 1 / np.linalg.eigvalsh(H)[-1]")
    assert "It looks as if you return the rate with the greatest promised decrease." in said
    assert "Traceback" not in said and "feedback.py" not in said


def test_an_unknown_mistake_shows_both_values_and_the_input(notebook):
    said = verdict(notebook, "return 0.25")
    assert re.search(r"eta should be [\d.]+, yours is 0\.25\.", said)
    assert "The input that shows it: H = tasks.largest_rate.example(0), which is" in said


def test_an_exception_is_shown_as_the_students_with_its_line(notebook):
    said = verdict(notebook, "beta = H.largest", "return 2 / beta")
    assert "Your code raised AttributeError" in said and "in line 2 of the cell:  beta = H.largest" in said
    assert "Traceback" not in said


def test_an_endless_loop_is_stopped_and_the_kernel_lives(notebook):
    said = verdict(notebook, "while True:", "    pass")
    assert "Your function was stopped after 5 s" in said and "Does a loop never end?" in said


def test_the_right_answer_passes_and_the_progress_shows_it(notebook):
    assert verdict(notebook, "return 2 / np.linalg.eigvalsh(H)[-1]") == (
        "✓ Task 1a: how fast may you go? Right on 12 random inputs.")
    listed = notebook.run(PROGRESS)
    assert listed.startswith("✓ Task 1a: how fast may you go? (2 points)\n· ") and "\n1 of 6 checked tasks are done: 2 of 14 points." in listed
