"""tools/execute.py stores the same bytes at every run, and refuses what must not be stored."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.execute import STATE, Unfit, main, run, to_text

WIDGET = """
import io, ipywidgets as w, matplotlib.pyplot as plt
def picture(k):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, k])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return w.Image(value=buffer.getvalue())
slider = w.SelectionSlider(options=[0.1, 1.0], description="rate")
stack = w.Stack([picture(1), picture(2)], selected_index=0)
w.jslink((slider, "index"), (stack, "selected_index"))
w.Button(description="shown nowhere")
w.VBox([slider, stack])
"""


def store(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def models(path: Path) -> list[str]:
    state = nbformat.read(path, as_version=4).metadata.widgets[STATE]["state"]
    return [model["model_name"] for model in state.values()]


def test_two_runs_give_the_same_bytes(tmp_path):
    path = store(tmp_path / "widget.ipynb", WIDGET, "print(1)\nprint(2)", "print(1)\nprint(2)")
    assert main([str(path)]) == 0
    first = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == first
    assert main(["--check", str(path)]) == 0
    assert first.endswith(b"}\n") and b"ipykernel_" not in first


def test_stored_form_is_a_fixed_point(tmp_path):
    path = store(tmp_path / "widget.ipynb", WIDGET)
    main([str(path)])
    assert to_text(nbformat.read(path, as_version=4)) == path.read_text()


def test_widgets_that_are_shown_are_kept_with_their_links_and_no_others(tmp_path):
    path = store(tmp_path / "widget.ipynb", WIDGET)
    main([str(path)])
    kept = models(path)
    assert kept.count("ImageModel") == 2 and kept.count("LinkModel") == 1
    assert "ButtonModel" not in kept


def test_equal_cells_have_different_ids(tmp_path):
    path = store(tmp_path / "equal.ipynb", "1 + 1", "1 + 1")
    main([str(path)])
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert len(set(ids)) == len(ids)


def test_check_changes_nothing_and_says_what_would(tmp_path, capfd):
    path = store(tmp_path / "new.ipynb", "1 + 1")
    before = path.read_bytes()
    assert main(["--check", str(path)]) == 1
    assert path.read_bytes() == before
    assert "DIFFERS" in capfd.readouterr().out


def test_failing_notebook_stays_as_it_was(tmp_path, capfd):
    path = store(tmp_path / "broken.ipynb", "1 / 0")
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capfd.readouterr().out


@pytest.mark.parametrize("source", ["import warnings; warnings.warn('careful')", "object()"])
def test_warnings_and_addresses_are_refused(tmp_path, source):
    with pytest.raises(Unfit):
        run(store(tmp_path / "unfit.ipynb", source), timeout=60)
