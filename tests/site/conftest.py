"""A test that asks for `page_name` runs on every page of the built site; for `widget_page`, on those with widgets."""

import pytest
from built_site import pages, widget_pages


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages())
    if "widget_page" in metafunc.fixturenames:
        metafunc.parametrize("widget_page", widget_pages())
