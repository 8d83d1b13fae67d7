"""Another browser: what readers of Firefox do most works, and its console is empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from built_site import missing
from firefox import Page, find_firefox, firefox


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if find_firefox() is None:
        missing("no Firefox found (install it, or name one in $FIREFOX)")
    with firefox() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_said(page):
    page.errors.clear()
    yield
    assert page.errors == []


def test_the_race_of_the_first_page_moves(page, address):
    page.open(f"{address}/book/index.html")
    page.run("""(() => { const button = document.querySelector('.race-play');
                         if (button.textContent === 'Reset') button.click();     // it runs by itself at first
                         button.click(); })()""")
    step = "+document.querySelector('.race').dataset.step"
    first = page.run(step)
    page.wait(f"{step} > {first}")


def test_a_chapter_shows_formulas_pictures_and_what_is_folded_in_light_and_dark(page, address):
    page.open(f"{address}/book/04-gradient-descent.html", wide=390)
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("document.fonts.ready.then(() => document.fonts.check('16px MathJax_Math'))")
    assert page.run("[...document.querySelectorAll('article > section > div.math mjx-math')].every((one) => one.offsetHeight > 9)")
    page.run("document.querySelector('details.fold > summary').click()")
    page.wait("document.querySelector('details.fold .fold-body').offsetHeight > 9")
    seen = "[getComputedStyle(document.body).backgroundColor, document.documentElement.dataset.theme]"
    light = page.run(seen)
    for _ in range(3):                                                   # auto, light, dark
        page.run("document.querySelector('.theme-switch-button').click()")
        if page.run(seen)[1] == "dark":
            break
    dark = page.run(seen)
    assert (light[1], dark[1]) == ("light", "dark") and light[0] != dark[0]
    page.run("localStorage.clear()")


def test_a_slider_changes_the_picture(page, address):
    page.open(f"{address}/book/04-gradient-descent.html")
    picture = "document.querySelector('.explorer image').getAttribute('href').length"
    before = page.run(picture)
    page.run("""(() => { const slider = document.querySelector('.explorer input[type=range]');
                         slider.value = slider.max; slider.dispatchEvent(new Event('input', { bubbles: true })); })()""")
    page.wait(f"{picture} !== {before}")


def test_a_search_leads_to_the_place_and_marks_the_words(page, address):
    page.open(f"{address}/search.html?q=momentum")
    page.wait("document.querySelectorAll('#search-results li a').length > 0")
    result = page.run("document.querySelector('#search-results li a').href")
    assert result.endswith("#momentum-remember-the-direction")
    page.open(result)
    page.wait("CSS.highlights.get('found')?.size > 0")
    page.wait("Math.abs(document.getElementById('momentum-remember-the-direction').getBoundingClientRect().top - 80) < 100")
