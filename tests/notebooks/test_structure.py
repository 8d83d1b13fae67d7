"""Every notebook is stored as tools/execute.py stores it: run in order, clean, nobody's own."""

import re
from pathlib import Path

import nbformat
import pytest

from tools.execute import ROOT, STATE, all_notebooks, to_text

EXERCISES = sorted(ROOT.glob("exercises/*/*.ipynb"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_cells(path: Path) -> list:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


@pytest.mark.parametrize("path", [*all_notebooks(), *EXERCISES], ids=name)
def test_is_stored_in_the_normal_form(path):
    assert to_text(nbformat.read(path, as_version=4)) == path.read_text(encoding="utf-8"), "run `make execute`"


@pytest.mark.parametrize("path", all_notebooks(), ids=name)
def test_was_run_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run `make execute`"


@pytest.mark.parametrize("path", EXERCISES, ids=name)
def test_exercise_has_no_outputs(path):
    assert [cell.source for cell in code_cells(path) if cell.outputs] == []
    assert STATE not in nbformat.read(path, as_version=4).metadata.get("widgets", {})


@pytest.mark.parametrize("path", [*all_notebooks(), *EXERCISES], ids=name)
def test_names_no_folder_of_the_machine_it_was_run_on(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:/home/|/root/|/Users/|/tmp/|ipykernel_\d)[^\s\"]*", text) == []


@pytest.mark.parametrize("path", all_notebooks(), ids=name)
def test_no_cell_ends_in_an_error(path):
    assert [cell.source for cell in code_cells(path)
            if any(output.output_type == "error" for output in cell.outputs)] == []


@pytest.mark.parametrize("path", all_notebooks(), ids=name)
def test_a_reader_can_put_a_function_of_their_own_into_every_widget(path):
    """Under a picture whose cell is left out of the page there is no button for that."""
    assert [cell.source for cell in code_cells(path) if "remove-input" in cell.metadata.get("tags", [])] == []
