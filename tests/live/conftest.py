"""The site with its live part, and a reader's browser. `make live` builds both; nothing is built here."""

import pytest
from built_site import SITE, missing
from live_notebook import a_small_one, opened, reader


@pytest.fixture(scope="session")
def live(address: str) -> str:
    """Where the site with its live part is served."""
    if not (SITE / "live" / "notebooks" / "index.html").exists():
        missing("there is no live part in _build/html: run `make live` first")
    return address


@pytest.fixture(scope="session")
def regular(browser):
    """A reader who has been here before: the browser has fetched Python already. Opens each notebook once only."""
    with reader(browser) as person:
        yield person


@pytest.fixture(scope="session")
def python(regular, live):
    """An open notebook with a running Python, for tests that need any, and leave it as good as new.

    Python takes ten times as long to start as most of them run.
    """
    with opened(regular, live, a_small_one()) as notebook:
        yield notebook


@pytest.fixture
def newcomer(browser):
    """A reader who remembers nothing."""
    with reader(browser) as person:
        yield person
