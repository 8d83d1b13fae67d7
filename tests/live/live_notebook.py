"""A notebook of the site's own Jupyter, driven as a reader drives it.

    with opened(browser, address, "book/04-gradient-descent") as notebook:
        notebook.run_all()
        notebook.errors()

It is reached through the button of its page; every request to another host is refused and noted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser import LOCAL
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

#: Patience in seconds: fetching and starting Python, and one chapter. Slow machines share their cores.
START, RUN = 180, 420

CELLS = """() => jupyterapp.shell.currentWidget.context.model.toJSON().cells"""
STATE = """() => document.querySelector("#live-toolbar")?.dataset.state"""


class LiveNotebook:
    def __init__(self, page: Page, refused: list[str]):
        self.page, self.refused = page, refused

    def wait_until_ready(self) -> None:
        self.page.wait_for_function(f"() => ({STATE})() === 'ready'", timeout=START * 1000)

    def cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(CELLS)

    def code_cells(self) -> list[dict[str, Any]]:
        return [cell for cell in self.cells() if cell["cell_type"] == "code"]

    def run_all(self) -> float:
        """Press the button, wait until every cell has run or one has failed; return the seconds."""
        started = time.monotonic()
        self.page.locator("#live-toolbar").get_by_text("Run all cells").click()
        while time.monotonic() - started < RUN:
            time.sleep(0.5)
            if self.errors():
                break
            done = all(cell["execution_count"] for cell in self.code_cells() if "".join(cell["source"]).strip())
            if done and self.page.evaluate(STATE) == "ready":
                break
        else:
            raise AssertionError(f"not done after {RUN} seconds")
        return time.monotonic() - started

    def run_cell(self, index: int) -> str:
        """Select the cell with this index, run it with Shift + Enter, and return the text of its output."""
        before = self.cells()[index]["execution_count"]
        self.cell(index).locator(".jp-InputArea").click()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            f"([index, before]) => ![null, before].includes(({CELLS})()[index].execution_count)", arg=[index, before])
        self.wait_until_ready()
        return self.cell(index).locator(".jp-Cell-outputWrapper").inner_text()

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
        return self.page.evaluate("""async (code) => {
            const { kernel } = jupyterapp.shell.currentWidget.context.sessionContext.session;
            const future = kernel.requestExecute({ code, store_history: false });
            let text = "";
            future.onIOPub = ({ content }) => { text += content.text ?? content.evalue ?? ""; };
            await future.done;
            return text.trim();
        }""", code)


@contextmanager
def reader(browser: Browser) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A reader with an empty memory, whose browser reaches this machine only; and the requests it refused."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    refused: list[str] = []

    def decide(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    context.route("**/*", decide)
    try:
        yield context, refused
    finally:
        context.close()


@contextmanager
def opened(browser: Browser, address: str, document: str) -> Iterator[LiveNotebook]:
    """Open a page of the book, press its button, and wait until Python has started."""
    with reader(browser) as (context, refused):
        page = context.new_page()
        page.set_default_timeout(START * 1000)
        page.goto(f"{address}/{document}.html")
        page.locator(".live-run-button").click()
        page.wait_for_url(re.compile(r"/live/notebooks/index\.html\?path="), wait_until="commit")
        notebook = LiveNotebook(page, refused)
        notebook.wait_until_ready()
        yield notebook
