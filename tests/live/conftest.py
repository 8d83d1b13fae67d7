"""The site with its live part, and one browser, as fixtures. `make live` builds both; nothing is built here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "site"), str(Path(__file__).parents[2] / "tools")]

pytest.importorskip("playwright", reason="Playwright is not installed")
from browser import browser_of_the_module, serve  # noqa: E402, F401  one is a fixture
from built_site import SITE, missing  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these long files first, so that neither of two workers ends up alone with one of them."""
    items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not (SITE / "live" / "notebooks" / "index.html").exists():
        missing("there is no live part in _build/html: run `make live` first")
    with serve(SITE) as served:
        yield served
