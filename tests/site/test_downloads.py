"""What the download button gives: a plain notebook with its outputs, whose first cell installs the library where it is missing."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from browser import visit
from built_site import SITE
from IPython.core.inputtransformer2 import TransformerManager

from tools import download, notebooks
from tools.notebooks import ROOT

SOURCES = [*notebooks.chapters(), *notebooks.exercises(), *notebooks.solutions()]
CHAPTER = ROOT / "book" / "02-calculus.ipynb"


def downloaded(source: Path) -> Path:
    return SITE / "_sources" / source.relative_to(ROOT)


def first_cell(file: Path) -> str:
    return "".join(json.loads(file.read_text(encoding="utf-8"))["cells"][0]["source"])


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_downloaded_notebook_is_plain_and_keeps_its_code_and_outputs(site, source):
    first, *cells = json.loads(downloaded(source).read_text(encoding="utf-8"))["cells"]
    assert "pip install" in "".join(first["source"])
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert re.findall(r"\{[a-z:]+\}`|:::|^\([\w-]+\)=|\$\$ *\(eq-", text, re.MULTILINE) == []
    for cell, original in zip(cells, json.loads(source.read_text(encoding="utf-8"))["cells"], strict=True):
        assert cell.get("outputs") == original.get("outputs")
        assert cell["cell_type"] != "code" or "".join(cell["source"]) == "".join(original["source"])


class Shell:
    """Stands for IPython: notes what is installed."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def run_line_magic(self, name: str, line: str) -> None:
        self.called.append(f"{name} {line}")


def run(cell: str) -> tuple[Shell, dict]:
    shell = Shell()
    names = {"get_ipython": lambda: shell}
    exec(TransformerManager().transform_cell(cell), names)
    return shell, names


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A folder of a machine that has neither the library nor SymPy."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cell(site: str = "") -> str:
    return download.INSTALL.format(site=site, wheel="book.whl", names='["lecture_code", "sympy"]')


def test_the_first_cell_does_nothing_where_the_library_is(site):
    shell, names = run(first_cell(downloaded(CHAPTER)))
    assert names["missing"] == [] and shell.called == []


def test_without_an_address_the_first_cell_says_which_file_to_copy(bare):
    with pytest.raises(FileNotFoundError, match=r"Copy book\.whl from the folder _downloads"):
        run(cell())


def test_a_wheel_beside_the_notebook_goes_before_the_one_on_the_site(bare):
    assert run(cell("https://example.org/_downloads/"))[1]["packages"] == "https://example.org/_downloads/book.whl sympy"
    (bare / "book.whl").touch()
    shell, names = run(cell("https://example.org/_downloads/"))
    assert names["packages"] == "book.whl sympy" and shell.called == ["pip install --quiet {packages}"]


def test_packages_that_the_chapter_needs_are_installed_with_the_library(site):
    assert '["lecture_code", "sympy"]' in first_cell(downloaded(CHAPTER))
    assert '"torch"' in first_cell(downloaded(ROOT / "book" / "19-pytorch.ipynb"))


def test_the_site_carries_the_whole_library(site):
    (wheel,) = (site / "_downloads").glob("*.whl")
    assert wheel.name in first_cell(downloaded(CHAPTER))
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    shipped = [file for name in ("lecture_code", "lecture_tasks") for file in (ROOT / name).rglob("*")
               if file.suffix in (".py", ".npz", ".json")]
    assert {file.relative_to(ROOT).as_posix() for file in shipped} <= carried


def test_a_served_page_writes_the_address_of_the_wheel_into_the_notebook(browser, address, tmp_path):
    with visit(browser, f"{address}/book/02-calculus.html") as visited:
        with visited.page.expect_download() as waited:
            visited.page.locator(".btn-download-source-button").dispatch_event("click")
        waited.value.save_as(tmp_path / "saved.ipynb")
        cell = first_cell(tmp_path / "saved.ipynb")
        wheel = re.search(r'^SITE = "(.+)"$', cell, re.MULTILINE)[1] + re.search(r'^WHEEL = "(.+)"$', cell, re.MULTILINE)[1]
        assert waited.value.suggested_filename == "02-calculus.ipynb"
        assert wheel.startswith(address) and visited.page.request.head(wheel).ok


def test_from_disk_the_button_leads_to_the_file_itself(browser, site):
    with visit(browser, (site / "book" / "02-calculus.html").as_uri()) as visited:
        button = visited.page.locator(".btn-download-source-button")
        assert button.evaluate("(a) => [a.href, a.download]") == [downloaded(CHAPTER).as_uri(), CHAPTER.name]
