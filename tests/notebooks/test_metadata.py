"""What a notebook says of itself in its metadata, and that execution, nbval, the live part and the page go by it."""

import os
import subprocess
import sys

import nbformat
import pytest
from live_pages import line_under_title
from nbformat.v4 import new_code_cell, new_notebook

from tools import execute, live, notebooks
from tools.notebooks import ROOT, About, understood

ABSENT = {"needs": ["no_such_package"]}


def stored(path, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell("import no_such_package")], metadata=metadata), path)
    return path


@pytest.mark.parametrize("path", [*notebooks.chapters(), *notebooks.exercises(), *notebooks.solutions()],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_the_metadata_of_a_notebook_are_understood(path):
    assert isinstance(notebooks.about(path), About)


@pytest.mark.parametrize("path", notebooks.exercises(), ids=lambda path: str(path.relative_to(ROOT)))
def test_an_exercise_says_the_same_as_its_solution(path):
    assert notebooks.about(path) == notebooks.about(ROOT / "solutions" / path.relative_to(ROOT / "exercises"))


@pytest.mark.parametrize("said, meant", [
    ({}, About((), True)), ({"live": False}, About((), False)),
    ({"needs": ["torch"]}, About(("torch",), False)), ({"needs": ["torch"], "live": True}, About(("torch",), True)),
])
def test_nothing_said_is_nothing_needed_and_live(said, meant):
    assert understood(said) == meant


@pytest.mark.parametrize("said, message", [
    ({"need": ["torch"]}, "expected needs or live, got need"), ({"needs": "torch"}, "expected a list"),
    ({"needs": ["torch==2"]}, "expected a list of names of modules"), ({"live": "no"}, "expected true or false"),
])
def test_a_slip_is_an_error(said, message):
    with pytest.raises(ValueError, match=message):
        understood(said)


def test_execution_keeps_the_metadata_and_skips_what_cannot_run(tmp_path, capfd):
    path = stored(tmp_path / "absent.ipynb", book=ABSENT)
    before = path.read_bytes()
    assert execute.main([str(path)]) == 0
    assert path.read_bytes() == before
    assert "skipped" in (said := capfd.readouterr().out) and "no_such_package" in said
    assert nbformat.reads(execute.to_text(nbformat.read(path, as_version=4)), as_version=4).metadata.book == ABSENT


@pytest.mark.parametrize("said, ci, outcome", [(ABSENT, False, "1 skipped"), (ABSENT, True, "1 failed"), ({}, False, "1 failed")])
def test_nbval_skips_what_cannot_run_and_says_why_but_never_in_continuous_integration(tmp_path, said, ci, outcome):
    path = stored(tmp_path / "absent.ipynb", book=said)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "--nbval", "-rs", "-p", "no:cacheprovider", "-p", "conftest", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert outcome in done.stdout, done.stdout
    assert ("needs no_such_package" in done.stdout) == ("skipped" in outcome)


def test_the_live_part_leaves_out_what_does_not_run_there(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    stored(tmp_path / "book" / "19-torch.ipynb", book=ABSENT)
    runs = stored(tmp_path / "book" / "18-plain.ipynb")
    (tmp_path / "book" / "20-text.md").write_text("# No notebook")
    assert live.live_notebooks() == [runs]


def test_the_page_says_so_in_place_of_the_button():
    assert "live-run-button" in line_under_title("book/18-plain", About())
    line = line_under_title("book/19-torch", About(("torch", "keras"), False))
    assert "live-run-button" not in line and "torch and keras" in line and "frameworks" in line
    line = line_under_title("book/18-long", About((), False))
    assert "live-run-button" not in line and "frameworks" not in line and "needs" not in line
