"""Three front ends of Jupyter, driven as a student drives them: click into a cell, type, run, read.

    with served(FRONT_ENDS["jupyterlab"], folder) as address, opened(browser, …) as notebook:
        notebook.type_into("def largest_rate", source)
        notebook.run("def largest_rate")

A cell is named by a piece of its text. JupyterLab and Notebook 7 keep only those cells in the page that are
near what is seen, so a cell is looked for by scrolling.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page


@dataclass(frozen=True)
class FrontEnd:
    """How one front end is started, and what its pages call things."""

    package: str
    command: str                                # python -m jupyter COMMAND
    path: str                                   # where it opens notebooks
    scroller: str
    cell: str
    text: str                                   # rendered Markdown
    editor: str
    output: str
    prompt: str                                 # [ ], [*], [3]

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


_LAB = {
    "scroller": ".jp-WindowedPanel-outer",
    "cell": ".jp-Notebook .jp-Cell",
    "text": ":is(.jp-MarkdownOutput, .myst)",        # the second with the extension jupyterlab-myst
    "editor": ".cm-content",
    "output": ".jp-OutputArea",
    "prompt": ".jp-InputArea-prompt",
}
FRONT_ENDS = {
    "JupyterLab": FrontEnd("jupyterlab", "lab", "lab/tree", **_LAB),
    "Notebook 7": FrontEnd("notebook", "notebook", "notebooks", **_LAB),
    "classic": FrontEnd("nbclassic", "nbclassic", "nbclassic/notebooks", scroller="#site", cell="#notebook .cell",
                        text=".rendered_html", editor=".CodeMirror", output=".output",
                        prompt=".input_prompt"),
}


@contextmanager
def served(front: FrontEnd, folder: Path, settings: Path) -> Iterator[str]:
    """Serve `folder` on 127.0.0.1 with nobody's settings; yield the address with `{}` for a notebook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    environment = {**os.environ, "IPYTHONDIR": str(settings), **{f"JUPYTER_{name}_DIR": str(settings / name)
                                                                for name in ("CONFIG", "DATA", "RUNTIME")},
                   "JUPYTERLAB_SETTINGS_DIR": str(settings / "lab"),
                   "JUPYTERLAB_WORKSPACES_DIR": str(settings / "workspaces")}
    environment.pop("LECTURE_CODE_STATIC", None)        # as at a student's
    command = [sys.executable, "-m", "jupyter", front.command, "--no-browser", "--allow-root", "--ip=127.0.0.1",
               f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={folder}"]
    with open(settings / "server.log", "w+") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api", process)
            yield f"http://127.0.0.1:{port}/{front.path}/{{}}?token={token}"
        finally:
            process.terminate()
            process.wait(20)


def wait_for(url: str, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start within {seconds} s (status {process.poll()})")


class Notebook:
    """One open notebook."""

    def __init__(self, page: Page, front: FrontEnd) -> None:
        self.page, self.front = page, front

    def scroll(self, place: float) -> None:
        self.page.evaluate("([name, place]) => document.querySelector(name).scrollTo(0, place)",
                           [self.front.scroller, place])
        self.page.wait_for_timeout(150)

    def views(self) -> Iterator[None]:
        """Scroll from the top to the end, a screen at a time."""
        height = "name => document.querySelector(name).scrollHeight"
        place = 0
        while place < self.page.evaluate(height, self.front.scroller):
            self.scroll(place)
            yield
            place += 600

    def cell(self, text: str) -> Locator:
        """Return the cell that has this text, scrolled into view."""
        found = self.page.locator(self.front.cell).filter(has_text=text).locator("visible=true")
        for _ in range(3):                      # a busy machine may not have rendered it in time
            if found.count():
                break
            next((None for _ in self.views() if found.count()), None)
        found.first.scroll_into_view_if_needed()
        return found.first

    def text(self) -> str:
        """Return all rendered Markdown, as it is read once two walks through the notebook have read the same."""
        for before, now in itertools.pairwise(self._walk_through() for _ in range(10)):
            if before == now:
                return "\n".join(now)
        raise TimeoutError("the Markdown was not rendered to its end after ten walks through the notebook")

    def _walk_through(self) -> list[str]:
        """Return what is rendered on the way from the top to the end; a busy machine may leave out cells."""
        parts: dict[str, None] = {}
        for _ in self.views():
            rendered = self.page.locator(f"{self.front.cell} {self.front.text}").locator("visible=true")
            parts |= dict.fromkeys(rendered.all_inner_texts())
        return list(parts)

    def type_into(self, text: str, source: str) -> None:
        """Put another source into a cell."""
        self.cell(text).locator(self.front.editor).first.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)

    def run(self, text: str, prints: bool = True, seconds: float = 60) -> str:
        """Run a code cell and return what it shows, once it `prints` something."""
        cell = self.cell(text)
        before = self.prompt(cell)
        end = time.monotonic() + seconds
        for waited in itertools.count():
            if waited % 50 == 0 and self.prompt(cell) == before:    # again, if the kernel was not there yet
                cell.locator(self.front.editor).first.click()
                self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(100)
            if (now := self.prompt(cell)).isdigit() and now != before:
                break
            if time.monotonic() > end:
                raise TimeoutError(f"the cell {text!r} did not end within {seconds} s; it shows {now!r}")
        if prints:                              # the number may come before the output
            cell.locator(self.front.output).filter(has_text=re.compile(r"\S")).first.wait_for()
        return "\n".join(cell.locator(self.front.output).all_inner_texts()).strip()

    def prompt(self, cell: Locator) -> str:
        """Return the number of the last run, * while it runs, nothing before the first."""
        return re.sub(r"[^\d*]", "", cell.locator(self.front.prompt).first.inner_text())


@contextmanager
def opened(browser: Browser, front: FrontEnd, url: str) -> Iterator[Notebook]:
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(30_000)
    try:
        page.goto(url)
        page.locator(f"{front.cell} {front.text}").locator("visible=true").first.wait_for()
        page.evaluate("() => new Promise((done) => window.MathJax?.Hub ? MathJax.Hub.Queue(done) : done())")
        yield Notebook(page, front)
    finally:
        context.close()
