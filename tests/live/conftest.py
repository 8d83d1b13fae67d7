"""The site with its live part, and one browser, as fixtures. `make live` builds both; nothing is built here."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "site"), str(Path(__file__).parents[2] / "tools")]

pytest.importorskip("playwright", reason="Playwright is not installed")
from browser import chromium, find_chromium, serve  # noqa: E402
from built_site import SITE  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these long files first, so that neither of two workers ends up alone with one of them."""
    items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)


def _missing(message: str) -> None:
    pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not (SITE / "live" / "notebooks" / "index.html").exists():
        _missing("there is no live part in _build/html: run `make live` first")
    with serve(SITE) as served:
        yield served


@pytest.fixture(scope="module")  # two of Playwright cannot live side by side in one process
def browser() -> Iterator:
    if find_chromium() is None:
        _missing("no Chromium found (install it, or name one in $CHROMIUM): no notebook was run in a browser")
    with chromium() as running:
        yield running
