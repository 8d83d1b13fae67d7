"""The built site, as fixtures. `make book` builds it; the tests here read it and build nothing."""

from pathlib import Path

import pytest
from built_site import SITE, missing, pages, widget_pages


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages())
    if "widget_page" in metafunc.fixturenames:
        metafunc.parametrize("widget_page", widget_pages())


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").exists():
        missing("there is no site in _build/html: run `make book` first")
    return SITE
