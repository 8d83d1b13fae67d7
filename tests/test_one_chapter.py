"""`make test CHAPTER=NN` finds all that concerns a chapter, and says so where there is nothing."""

import re
import subprocess
import sys

import pytest

from tools import notebooks
from tools.notebooks import ROOT

ANY = [path for path in notebooks.chapters() if path.name[0].isdigit() and notebooks.about(path).live][-1]


def pytest_says(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_chapter_comes_with_its_notebook_exercises_tasks_and_pages():
    done = pytest_says("--nbval", "--chapter", ANY.stem[:2], "book", "solutions", "tests/exercises", "tests/notebooks",
                       "tests/live")
    found = re.findall(r"^\S+::.*", done.stdout, re.MULTILINE)
    task_module = f"[{ANY.stem[3:].replace('-', '_')}."
    assert [line for line in found if ANY.stem not in line and task_module not in line] == []
    for place in (f"book/{ANY.name}::", f"solutions/{ANY.stem}/", "tests/exercises/test_exercise_notebooks.py",
                  "tests/exercises/test_tasks.py", "tests/notebooks/", "tests/live/test_run_in_page", "tests/live/test_exercises"):
        assert any(line.startswith(place) for line in found), place


@pytest.mark.parametrize("number", ["99", "0"])
def test_a_chapter_that_is_not_there_is_an_error_that_names_those_that_are(number):
    done = pytest_says("--chapter", number, "tests/exercises")
    assert done.returncode == 4
    assert f"there is no chapter {number}" in done.stderr and ANY.stem[:2] in done.stderr


def test_where_nothing_concerns_the_chapter_that_is_said():
    done = pytest_says("--chapter", ANY.stem[:2], "tests/test_requirements.py")
    assert done.returncode == 5
    assert f"No test here concerns {ANY.stem}" in done.stdout
