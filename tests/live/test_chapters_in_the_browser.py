"""Chapters run from top to bottom in the site's own Jupyter, without a network, and their widgets answer.

Every chapter is run in its page (test_run_in_page.py), by the same Python with the same packages. Here are those that
bring in packages: enough to see that Jupyter opens notebooks, finds what they import and shows what they put out.
"""

from __future__ import annotations

import ast
import json
import time

import pytest
from live_notebook import LiveNotebook, documents, opened
from playwright.sync_api import Locator

from tools import notebooks
from tools.live import LIVE, PURE
from tools.notebooks import ROOT

PICTURE = ".explorer-picture"
SELECTED_CELL = "jupyterapp.shell.currentWidget.content.activeCellIndex"


def packages(chapter: str) -> set[str]:
    """Return the names of the packages that a chapter imports and the browser has."""
    cells = json.loads((ROOT / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    parsed = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    imports = [node for tree in parsed for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name for node in imports for name in (
        [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])}
    return {name.partition(".")[0] for name in names} & in_the_browser()


def in_the_browser() -> set[str]:
    """Return the names of the packages that come with the site: our own, Pyodide's, and those of the index."""
    locked = json.loads((LIVE / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"].values()
    return {"lecture_code"} | PURE | {name for entry in locked if (LIVE / "pyodide" / entry["file_name"]).exists()
                                      for name in entry["imports"]}


def that_bring_packages(chapters: list[str]) -> list[str]:
    """Return those chapters that import a package that none before them does."""
    known: set[str] = set()
    found = []
    for chapter in chapters:
        if not packages(chapter) <= known:
            found.append(chapter)
        known |= packages(chapter)
    return found


@pytest.mark.parametrize("chapter", that_bring_packages(documents(notebooks.chapters())))
def test_a_chapter_runs_from_top_to_bottom(regular, live, chapter):
    with opened(regular, live, chapter) as notebook:
        assert notebook.ask("import os; print(os.environ['LECTURE_CODE_RUN'])") == "short"
        print(f"{chapter}: {notebook.run_all():.0f} s")
        assert notebook.errors() == []
        assert plots(notebook) > 0
        assert broken_pictures(notebook) == []
        if "explore(" in (ROOT / f"{chapter}.ipynb").read_text(encoding="utf-8"):
            seconds = move_first_slider(notebook)
            assert seconds is not None, "the picture under the slider did not change"
            assert first_slider_follows_the_keyboard(notebook)
            print(f"{chapter}: the slider answers after {seconds:.2f} s")
        assert notebook.refused == []


def test_the_browser_has_the_promised_versions_and_this_very_library(python):
    versions = python.ask(
        "import sys, numpy, matplotlib\n"
        "print('%d.%d' % sys.version_info[:2], numpy.__version__[:3], matplotlib.__version__[:3])")
    assert versions == "3.12 2.0 3.8"
    source = python.ask("import inspect, lecture_code.optimizers as m; print(inspect.getsource(m))")
    assert source == (ROOT / "lecture_code" / "optimizers.py").read_text(encoding="utf-8").strip()
    assert "mnist.npz" not in python.ask(
        "from importlib.resources import files; print(*files('lecture_code').joinpath('data').iterdir())")
    assert python.ask(
        "from lecture_code.datasets import load_mnist; d = load_mnist(); print(d.X_train.shape, d.y_test[:3])"
    ) == "(60000, 784) [7 2 1]"


SLIDER = """
from lecture_code.widgets import explore

def draw(figure, eta):
    figure.subplots().plot([0, eta])

explore(draw, {"eta": [0.1, 1.0]}, labels={"eta": "rate"}, alt=lambda eta: f"A line up to {eta}.", caption="A line.")
"""


def test_a_typed_value_outside_the_grid_is_drawn(python):
    cell = next(index for index, cell in enumerate(python.cells()) if cell["cell_type"] == "code")
    python.set_source(cell, SLIDER)
    python.run_cell(cell)
    explorer = first_explorer(python)
    explorer.scroll_into_view_if_needed()
    pictures = explorer.locator(PICTURE)
    assert pictures.count() == 1
    box = explorer.locator("input[type=number]").first
    box.fill("0.123")
    box.press("Enter")
    explorer.get_by_role("button", name="Draw these values").click()
    pictures.nth(1).wait_for(timeout=30_000)
    assert pictures.nth(0).get_attribute("src") != pictures.nth(1).get_attribute("src")


def plots(notebook: LiveNotebook) -> int:
    kinds = ("image/png", "application/vnd.jupyter.widget-view+json")
    return sum(kind in output.get("data", {}) for cell in notebook.code_cells()
               for output in cell["outputs"] for kind in kinds)


def broken_pictures(notebook: LiveNotebook) -> list[str]:
    return notebook.page.evaluate("""() => [...document.querySelectorAll(".jp-OutputArea img")]
        .filter((image) => image.complete && !image.naturalWidth).map((image) => image.outerHTML.slice(0, 200))""")


def first_explorer(notebook: LiveNotebook) -> Locator:
    return notebook.page.locator(".jp-OutputArea-output", has=notebook.page.locator(PICTURE)).first


def move_first_slider(notebook: LiveNotebook) -> float | None:
    """Click beside the handle of a slider: the seconds until its picture changes, None if it does not."""
    explorer = first_explorer(notebook)
    explorer.scroll_into_view_if_needed()
    picture = explorer.locator(PICTURE).first
    shown = "(picture) => picture.src ?? picture.querySelector('image').getAttribute('href')"  # an image, or a walk over one
    before = picture.evaluate(shown)
    track = explorer.locator(".noUi-target").first
    width, height = (track.bounding_box()[side] for side in ("width", "height"))
    for share in (0.95, 0.05):                                  # the slider may stand at an end
        clicked = time.monotonic()
        track.click(position={"x": share * width, "y": height / 2})
        while time.monotonic() - clicked < 10:
            if picture.evaluate(shown) != before:
                return time.monotonic() - clicked
            notebook.page.wait_for_timeout(20)
    return None


def first_slider_follows_the_keyboard(notebook: LiveNotebook) -> bool:
    """Press the arrow that leads away from the end: does the handle move, and the notebook stay where it is?"""
    handle = first_explorer(notebook).locator("[role=slider]").first
    value, cell = handle.get_attribute("aria-valuenow"), notebook.page.evaluate(SELECTED_CELL)
    at_end = value == handle.get_attribute("aria-valuemax")
    handle.press("ArrowDown" if at_end else "ArrowUp")  # in JupyterLab: to the cell below, above
    return handle.get_attribute("aria-valuenow") != value and notebook.page.evaluate(SELECTED_CELL) == cell
