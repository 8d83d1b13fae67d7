"""A notebook of the site's own Jupyter, driven as a reader drives it.

    with reader(browser) as person, opened(person, live, "book/04-gradient-descent") as notebook:
        notebook.run_all()
        notebook.errors()

It is reached through the button of its page; every request to another host is refused and noted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browser import LOCAL
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

from tools import notebooks

#: Patience in seconds: fetching and starting Python, and one chapter. Slow machines share their cores.
START, RUN = 180, 420

CELLS = """() => jupyterapp.shell.currentWidget.context.model.toJSON().cells"""
STATE = """() => document.querySelector("#live-toolbar")?.dataset.state"""
IS_OPEN = """() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"""
#: Asked often, so it is answered in the page, and the outputs stay there.
HAS_RUN = f"""() => {{
    const cells = [...jupyterapp.shell.currentWidget.context.model.cells].filter((cell) => cell.type === "code");
    const failed = cells.some(({{ outputs }}) =>
        [...Array(outputs.length).keys()].some((i) => outputs.get(i).type === "error"));
    const done = cells.every((cell) => cell.executionCount || !cell.sharedModel.getSource().trim());
    return failed || (done && ({STATE})() === "ready");
}}"""


def documents(paths: list[Path]) -> list[str]:
    """Return those notebooks that run in the browser as names of pages: book/04-gradient-descent."""
    return [path.relative_to(notebooks.ROOT).with_suffix("").as_posix() for path in paths if notebooks.about(path).live]


def a_small_one() -> str:
    """Return a notebook that is soon opened, for tests to which the notebook does not matter."""
    return min(documents(notebooks.exercises()), key=lambda name: (notebooks.ROOT / f"{name}.ipynb").stat().st_size)


class LiveNotebook:
    def __init__(self, page: Page, refused: list[str]):
        self.page, self.refused = page, refused

    def wait_until_open(self) -> None:
        """Wait for the cells; Python may still be on its way."""
        self.page.wait_for_function(IS_OPEN)

    def wait_until_ready(self) -> None:
        """Wait for Python."""
        self.page.wait_for_function(f"() => ({STATE})() === 'ready'", timeout=START * 1000)

    def cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(CELLS)

    def code_cells(self) -> list[dict[str, Any]]:
        return [cell for cell in self.cells() if cell["cell_type"] == "code"]

    def run_all(self) -> float:
        """Press the button, wait until every cell has run or one has failed; return the seconds."""
        started = time.monotonic()
        self.page.locator("#live-toolbar").get_by_text("Run all cells").click()
        self.page.wait_for_function(HAS_RUN, polling=300, timeout=RUN * 1000)
        return time.monotonic() - started

    def run_to_the_end(self) -> None:
        """Press the button, and wait until the last cell with code has run: errors that are allowed stop nothing."""
        last = max(index for index, cell in enumerate(self.cells()) if cell["cell_type"] == "code")
        self.page.locator("#live-toolbar").get_by_text("Run all cells").click()
        self.page.wait_for_function(f"(last) => ({CELLS})()[last].execution_count", arg=last, timeout=RUN * 1000)
        self.wait_until_ready()

    def shown(self, index: int) -> str:
        """Return the text in the outputs of the cell with this index, as it is stored."""
        outputs = self.cells()[index]["outputs"]
        return "\n".join("".join(output.get("text", output.get("traceback", ""))) for output in outputs)

    def run_cell(self, index: int) -> str:
        """Select the cell with this index, run it with Shift + Enter, and return the text of its output."""
        before = self.cells()[index]["execution_count"]
        self.cell(index).locator(".jp-InputArea").click()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            f"([index, before]) => ![null, before].includes(({CELLS})()[index].execution_count)", arg=[index, before])
        self.wait_until_ready()
        return self.cell(index).locator(".jp-Cell-outputWrapper").inner_text()

    def named(self, name: str) -> int:
        """Return the index of the cell that nbgrader knows by this name."""
        return next(index for index, cell in enumerate(self.cells())
                    if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)

    def set_source(self, index: int, source: str) -> None:
        """Replace the text of a cell at once."""
        self.page.evaluate("""([index, source]) =>
            jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source)""", [index, source])

    def write(self, index: int, source: str) -> None:
        """Replace the text of a cell by typing."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def cell(self, index: int) -> Locator:
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def errors(self) -> list[str]:
        """Exceptions that cells show."""
        return [f"cell {number}: {output['ename']}: {output['evalue']}"
                for number, cell in enumerate(self.cells())
                for output in cell.get("outputs", []) if output["output_type"] == "error"]

    def ask(self, code: str) -> str:
        """Return what `code` prints in the notebook's Python."""
        return self.execute(code)[1]

    def execute(self, code: str) -> tuple[bool, str]:
        """Run `code` in the notebook's Python, past its cells: has it ended well, and what did it print?"""
        well, text = self.page.evaluate("""async (code) => {
            const { kernel } = jupyterapp.shell.currentWidget.context.sessionContext.session;
            const future = kernel.requestExecute({ code, store_history: false });
            let text = "";
            future.onIOPub = ({ content }) => { text += content.text ?? content.evalue ?? ""; };
            const { content } = await future.done;
            return [content.status === "ok", text.trim()];
        }""", code)
        return well, text


@dataclass
class Reader:
    """A reader, who remembers what was opened and fetched before, and the requests that the browser refused."""

    context: BrowserContext
    refused: list[str] = field(default_factory=list)


@contextmanager
def reader(browser: Browser) -> Iterator[Reader]:
    """A reader with an empty memory, whose browser reaches this machine only."""
    person = Reader(browser.new_context(viewport={"width": 1280, "height": 900}))

    def decide(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            person.refused.append(route.request.url)
            route.abort()

    person.context.route("**/*", decide)
    try:
        yield person
    finally:
        person.context.close()


@contextmanager
def opened(person: Reader, address: str, document: str, python: bool = True, section: str = "") -> Iterator[LiveNotebook]:
    """Open a page of the book, or a section of it, in a tab of its own, press its button, and wait until (`python`) Python has started.

    Every tab has a Python of its own, which ends with it.
    """
    person.refused.clear()
    page = person.context.new_page()
    page.set_default_timeout(START * 1000)
    try:
        page.goto(f"{address}/{document}.html{section and f'#{section}'}")
        if section:                                     # the button of the header, which leaves the reader where they are
            page.get_by_text("Open as notebook, here").dispatch_event("click")     # Playwright would scroll before it presses it
        else:
            page.locator(".live-run-button").click()
        page.wait_for_url(re.compile(r"/live/notebooks/index\.html\?path="), wait_until="commit")
        notebook = LiveNotebook(page, person.refused)
        notebook.wait_until_open()
        if python:
            notebook.wait_until_ready()
        yield notebook
    finally:
        page.close()
