"""A real browser without a network, for tests of built pages.

    with chromium() as browser, serve(folder) as address:
        with visit(browser, f"{address}/book/index.html", width=390, dark=True) as visited:
            visited.page ...            # a Playwright page
        visited.refused, visited.errors # what it asked of other hosts, what its console said

Only 127.0.0.1 and files on disk can be reached; every other request is refused and noted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")
from playwright.sync_api import Browser, Page, Route  # noqa: E402

from tools.browser import chromium, find_chromium  # noqa: E402, F401

LOCAL = ("http://127.0.0.1", "file://", "data:", "blob:", "about:")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on 127.0.0.1 at a free port; yields the address."""
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@dataclass
class Visit:
    page: Page
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def visit(
    browser: Browser, url: str, *, width: int = 1280, dark: bool = False, unfolded: bool = False
) -> Iterator[Visit]:
    """Open a page, with all that is folded open if asked, and wait until formulas are there."""
    context = browser.new_context(
        viewport={"width": width, "height": 900 if width > 600 else 844},
        color_scheme="dark" if dark else "light",
    )
    # The theme's own memory of the reader's choice; without it the page follows the system.
    context.add_init_script(f"localStorage.setItem('mode', '{'dark' if dark else 'light'}')")
    if unfolded:
        context.add_init_script("localStorage.setItem('everything-open', 'yes')")
    page = context.new_page()
    visited = Visit(page)

    def decide(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            visited.refused.append(route.request.url)
            route.abort()

    context.route("**/*", decide)
    page.on("pageerror", lambda error: visited.errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and visited.errors.append(message.text))
    try:
        page.goto(url, wait_until="load")
        wait_until_ready(page)
        yield visited
    finally:
        context.close()


def wait_until_ready(page: Page) -> None:
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def see_all(page: Page) -> None:
    """Scroll through a page, as its reader does: what is far from what is seen is not laid out."""
    page.evaluate("""async () => {
        for (const section of document.querySelectorAll("article section")) {
            section.scrollIntoView({ behavior: "instant" });
            await new Promise(requestAnimationFrame);
        }
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        scrollTo({ top: 0, behavior: "instant" });
    }""")
