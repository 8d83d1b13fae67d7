"""Slides (tools/slides.py): each chapter has some, nothing on them is cut, keys turn them, widgets move, nothing is fetched from elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from browser import Visit, visit
from built_site import SITE

from tools import slides

MODEL = "04-gradient-descent"
#: What leaves its slide, stands on other parts of it, or has become too small to be read.
CUT = """() => {
  const found = [], box = (element) => element.getBoundingClientRect();
  const within = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  for (const slide of document.querySelectorAll(".slides > section > section")) {
    const room = slide.querySelector(":scope > .room"), fit = room.firstElementChild;
    const parts = slide.querySelectorAll("h1, h2, p, li, img, pre, table, mjx-math, .explorer-controls, svg:not(svg svg)");
    if (![...parts].every((part) => within(box(part), box(slide))) || !within(box(fit), box(room))) found.push(`${slide.id} is cut`);
    if ([...slide.querySelectorAll("pre")].some((code) => code.scrollWidth > code.clientWidth + 1)) found.push(`${slide.id}: code is cut`);
    if (fit.style.zoom < 0.65) found.push(`${slide.id} is too small: ${fit.style.zoom}`);
    if (!fit.textContent.trim() && !fit.querySelector("img, svg")) found.push(`${slide.id} is empty`);
  }
  return found;
}"""


@contextmanager
def shown(browser, site, address: str, name: str, wishes: Mapping = {}, query: str = "") -> Iterator[Visit]:
    """Open the slides of a chapter as they are now, without writing them into the site."""
    html = slides.html_of(site, name, wishes)
    with visit(browser, f"{address}/_static/favicon.svg") as visited:
        visited.page.set_viewport_size({"width": 1280, "height": 720})
        visited.page.route(re.compile("/slides/[^/]+[.]html"), lambda route: route.fulfill(body=html, content_type="text/html"))
        visited.page.goto(f"{address}/slides/{name}.html{query}")
        visited.page.wait_for_selector("html[data-ready]")
        yield visited
        assert visited.refused == [] and visited.errors == []


def now(visited: Visit) -> str:
    return visited.page.evaluate("Reveal.getCurrentSlide().id")


def go(visited: Visit, name: str) -> None:
    visited.page.evaluate("(id) => { const { h, v } = Reveal.getIndices(document.getElementById(id)); Reveal.slide(h, v, -1); }", name)


@pytest.mark.parametrize("name", slides.names(SITE))
def test_nothing_on_the_slides_of_a_chapter_is_cut_or_fetched_from_elsewhere(browser, site, address, name):
    with shown(browser, site, address, name) as visited:
        assert visited.page.evaluate("Reveal.getTotalSlides()") >= 25
        assert visited.page.evaluate(CUT) == []


def test_the_model_chapter_has_its_question_formulas_pictures_widgets_questions_and_summary(site):
    html = slides.html_of(site, MODEL, {})
    page = (site / "book" / f"{MODEL}.html").read_text(encoding="utf-8")
    assert 'class="asks">Given only the slope, how far should you step?</p>' in html
    assert html.count('class="formula') == page.count('class="formula docutils') == 19
    assert html.count('<figure class="explorer') == page.count('<figure class="explorer') == 2
    assert html.count('class="question"') == page.count('class="blank"') + len(re.findall(r"admonition-title\">Predict", page)) == 7
    assert 'id="what-to-remember-1"' in html and "in-your-lecture-notes" not in html


def test_keys_turn_the_slides_and_the_answer_comes_after_the_question(browser, site, address):
    with shown(browser, site, address, MODEL) as visited:
        keys = visited.page.keyboard
        keys.press("ArrowRight")
        assert now(visited) == "opening-1"
        keys.press("ArrowRight")
        assert now(visited) == "aims-1"
        keys.press("End")
        go(visited, "the-parabola-exactly-2")
        answer = "(wanted) => getComputedStyle(document.querySelector('#the-parabola-exactly-2 .answer')).visibility === wanted"
        visited.page.wait_for_function(answer, arg="hidden")         # it fades
        keys.press("PageDown")
        visited.page.wait_for_function(answer, arg="visible")
        assert now(visited) == "the-parabola-exactly-2"
        keys.press("PageDown")
        assert now(visited) == "the-parabola-exactly-3"
        theme = visited.page.locator("html")
        keys.press("d")
        assert theme.get_attribute("data-theme") == "dark"
        assert visited.page.url.endswith("#/the-parabola-exactly-3")
        seen = "[...document.querySelectorAll('.slides h2')].filter((title) => title.checkVisibility({ visibilityProperty: true })).length"
        assert visited.page.evaluate(seen) == 1
        keys.press("Escape")                         # all of them
        assert visited.page.evaluate(seen) > 30


def test_slides_are_printed_one_a_page(browser, site, address):
    pikepdf = pytest.importorskip("pikepdf", reason="pikepdf is not installed")
    with shown(browser, site, address, MODEL, query="?view=print") as visited:
        visited.page.wait_for_selector(".pdf-page")
        titles = "[...document.querySelectorAll('.pdf-page h2')].every((title) => title.checkVisibility({ visibilityProperty: true }))"
        assert visited.page.evaluate(titles) and visited.page.evaluate(CUT.replace(".slides > section > section", ".pdf-page > section")) == []
        with pikepdf.open(io.BytesIO(visited.page.pdf(prefer_css_page_size=True))) as printed:
            assert len(printed.pages) == visited.page.locator(".pdf-page").count() > 30


def test_a_widget_moves_on_its_slide_and_keeps_its_arrow_keys(browser, site, address):
    with shown(browser, site, address, MODEL) as visited:
        slide = visited.page.evaluate("document.querySelector('.explorer').closest('section').id")
        go(visited, slide)
        slider, keys = visited.page.locator("section.present section.present input[type=range]"), visited.page.keyboard
        picture = visited.page.locator("section.present section.present .explorer-picture").first
        before = picture.get_attribute("aria-label")
        slider.focus()
        keys.press("ArrowRight")
        visited.page.wait_for_function("(was) => document.querySelector('section.present section.present .explorer-picture').ariaLabel !== was", arg=before)
        assert now(visited) == slide
        button = visited.page.locator("section.present section.present .explorer-play")
        button.focus()
        keys.press("Space")
        assert button.text_content() == "Pause" and now(visited) == slide
        keys.press("PageDown")                       # a presenter's remote control
        assert now(visited) != slide


def test_a_teacher_leaves_slides_out_and_adds_some(browser, site, address):
    wishes = {"leave out": ["the-race", "aims-1"],
              "add": [{"after": "why-against-the-gradient-1", "title": "Monday", "text": "Hand in **by noon**: $x^2$"}]}
    with shown(browser, site, address, MODEL, wishes) as visited:
        assert visited.page.locator("#aims-1, #the-race-1, #the-race-2").count() == 0
        go(visited, "why-against-the-gradient-1-added-1")
        added = visited.page.locator("#why-against-the-gradient-1-added-1")
        assert added.locator("strong").inner_text() == "by noon" and added.locator("mjx-container").count() == 1
    with pytest.raises(SystemExit, match="no slide the-rase"):
        slides.html_of(site, MODEL, {"leave out": ["the-rase"]})
