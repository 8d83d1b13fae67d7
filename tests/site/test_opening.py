"""A chapter begins with something to play with: its first widget stands within a screen and a half."""

from __future__ import annotations

import re

import pytest
from browser import wait_until_ready
from built_site import pages

WINDOW = {"width": 1280, "height": 900}
CHAPTERS = [page for page in pages() if re.match(r"book/\d\d-", page)]


@pytest.fixture(scope="module")
def page(browser):
    """One page for all chapters: what is loaded once is kept."""
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_first_widget_is_within_a_screen_and_a_half(page, address, chapter):
    page.goto(f"{address}/{chapter}")
    wait_until_ready(page)
    tops = page.evaluate("[...document.querySelectorAll('figure.explorer')].map((each) => each.getBoundingClientRect().top + scrollY)")
    assert tops and tops[0] <= 1.5 * WINDOW["height"]
