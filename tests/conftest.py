"""The built site, served, and a browser: one for all tests of a worker. Nothing is built here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Tests that use it come last (see ../conftest.py): while it runs, so does Playwright's event loop."""
    from browser import chromium, find_chromium
    from built_site import missing

    if find_chromium() is None:
        missing("no Chromium found (install it, or name one in $CHROMIUM): nothing was tried in a browser")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def site() -> Path:
    from built_site import SITE, missing

    if not (SITE / "index.html").exists():
        missing("there is no site in _build/html: run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    from browser import serve

    with serve(site) as served:
        yield served
