"""The figures that the build makes of stored widgets: where they are cut, and how readers of any screen see them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from browser import see_all, visit
from ipywidgets import HTML, VBox
from ipywidgets.embed import dependency_state

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import explorers  # noqa: E402
from lecture_code.widgets import explore  # noqa: E402

PAGE = "book/04-gradient-descent.html"       # two parts, a slider, and choices by words
ONE_PANEL = "book/11-one-hidden-layer.html"


def read(widget) -> explorers.Explorer:
    state = {key: {"state": entry["state"], "model_name": entry["model_name"]} for key, entry in dependency_state([widget]).items()}
    return explorers.explorer(state, widget.model_id)


def drawn(panels: int, kind: str = "svg", **grid) -> explorers.Explorer:
    def draw(figure, **values):
        if kind != "svg":
            figure.get_layout_engine().set(wspace=0.1)     # where panels are not known, the gap has to be wide
        for ax in np.ravel(figure.subplots(1, panels)):
            ax.plot([0, 1], [0, sum(map(len, map(str, values.values())))])
            ax.set(ylabel="height", title="some words")

    return read(explore(draw, grid or {"a": [1, 2]}, caption="seen", alt="{a}", figsize=(7.2, 3), kind=kind))


@pytest.fixture(autouse=True)
def static(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


@pytest.mark.parametrize("kind", ["svg", "webp"])
@pytest.mark.parametrize("panels, parts", [(1, 1), (2, 2)])
def test_a_picture_is_cut_between_its_panels_and_nowhere_else(panels, parts, kind):
    shown = drawn(panels, kind)
    places, least = explorers.cuts([picture.source for picture in shown.pictures], shown.width)
    assert len(places) == parts + 1 and (places[0], places[-1]) == (0, 720)
    assert least == pytest.approx(11 / (10 * 100 / 72))           # the book's writing has ten points
    if parts == 2:
        taken = explorers.drawn_columns(shown.pictures[0].source, 720)
        assert not taken[places[1]]
        assert taken[places[1]:places[1] + 40].sum() > 15           # the words beside the second axis stay with it


def test_pictures_are_in_the_order_of_the_controls():
    shown = drawn(1, a=[1, 2], b=["x", "y", "z"])
    assert [picture.alt for picture in shown.pictures] == ["1"] * 3 + ["2"] * 3
    assert shown.chosen == 0 and [control.values for control in shown.controls] == [("1", "2"), ("x", "y", "z")]


def test_amounts_have_a_slider_and_words_have_buttons():
    markup = explorers.figure(drawn(1, a=[1, 2, 3, 4], b=["x", "y"]), "e")
    assert markup.count('type="range"') == 1 and markup.count('type="radio"') == 2
    assert 'aria-labelledby="e-1"' in markup and '<span id="e-1">b</span>' in markup


def test_nothing_in_a_picture_ends_the_script_that_keeps_it():
    widget = explore(lambda figure, a: figure.text(0, 0.5, a), {"a": ["</script>", "<!--"]}, caption="", alt="{a}")
    kept = explorers.figure(read(widget), "e").split('<script type="application/json">')[1]
    assert kept.count("</") == 2 and kept.endswith("</script></figure>") and "<!--" not in kept


def test_another_widget_stops_the_build():
    with pytest.raises(explorers.ExtensionError, match="explore"):
        read(VBox([HTML("a"), HTML("b")]))


# ---------------------------------------------------------------- in the browser

PARTS = """(widget) => [...widget.querySelectorAll(".explorer-picture")].map((part) => {
    const { left, top, width } = part.getBoundingClientRect();
    return { left, top, width, scale: width / part.viewBox.baseVal.width };
})"""


@pytest.mark.parametrize("width, stacked", [(1280, False), (390, True)])
def test_parts_stand_side_by_side_or_below_each_other(browser, site, width, stacked):
    with visit(browser, (site / PAGE).as_uri(), width=width) as visited:
        left, right = visited.page.locator(".explorer").first.evaluate(PARTS)
        assert (right["top"] > left["top"]) == stacked
        assert stacked or right["left"] == pytest.approx(left["left"] + left["width"], abs=0.1), "a seam"
        assert left["scale"] == pytest.approx(right["scale"], rel=0.01)


@pytest.mark.parametrize("page_with_widgets", [PAGE, ONE_PANEL])
def test_writing_in_pictures_can_be_read_on_a_phone(browser, site, page_with_widgets):
    with visit(browser, (site / page_with_widgets).as_uri(), width=390, unfolded=True) as visited:
        see_all(visited.page)
        for widget in visited.page.locator(".explorer").all():
            scale = min(part["scale"] for part in widget.evaluate(PARTS))
            source = widget.locator("image").first.get_attribute("href")
            assert explorers.smallest_writing(source) * scale >= 10.99
            stage = widget.locator(".explorer-stage")
            hidden = stage.evaluate("(stage) => stage.scrollWidth - stage.clientWidth")
            assert (stage.get_attribute("data-cut") == "right") == (hidden > 1), "the cut edge is not marked"
            assert hidden <= 1 or stage.get_attribute("tabindex") == "0"


def test_controls_are_as_wide_as_the_picture_and_nothing_below_moves(browser, site):
    with visit(browser, (site / PAGE).as_uri(), unfolded=True) as visited:
        see_all(visited.page)
        widget = visited.page.locator(".explorer").nth(1)
        slider, picture = widget.locator("input[type=range]").first, widget.locator(".explorer-stage")
        assert slider.bounding_box()["width"] == pytest.approx(picture.bounding_box()["width"], abs=1)
        widget.scroll_into_view_if_needed()
        below = widget.locator("figcaption").bounding_box()["y"]
        seen = set()
        for button in widget.locator("[role=radio], input[type=radio]").all():
            button.click()
            visited.page.wait_for_timeout(100)
            seen.add(widget.locator("[role=img]").get_attribute("aria-label"))
            assert widget.locator("figcaption").bounding_box()["y"] == below, "the page jumps"
        assert len(seen) == 4                                        # four starts, each with its name in sight
        assert visited.errors == []


@pytest.mark.parametrize("name", ["book/index.html", PAGE])
def test_a_finger_meets_every_control(browser, site, name):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto((site / name).as_uri())
    controls = ".explorer-control :is(button, input), .race :is(button, input), .fold > summary, #unfold-all"
    heights = page.locator(controls).evaluate_all("parts => parts.map((part) => part.getBoundingClientRect().height)")
    page.close()
    assert len(heights) > 2 and min(height for height in heights if height) >= 44


def test_on_paper_a_widget_is_its_picture_with_what_is_chosen(browser, site):
    with visit(browser, (site / PAGE).as_uri(), unfolded=True) as visited:
        visited.page.emulate_media(media="print")
        widget = visited.page.locator(".explorer").nth(1)
        assert widget.locator(".explorer-picture").first.is_visible()
        assert widget.locator("output").is_visible() and widget.locator(".explorer-choices span:visible").count() == 1
        assert widget.locator("input:visible, button:visible, .explorer-ticks:visible").count() == 0


def test_on_paper_pictures_formulas_and_blanks_are_whole_and_code_goes_on(browser, site):
    """What is kept whole moves to the next page, and an empty frame of a cell does not stay behind."""
    with visit(browser, (site / PAGE).as_uri(), unfolded=True) as visited:
        visited.page.emulate_media(media="print")
        kept = """(selector) => [...new Set([...document.querySelectorAll(selector)].map((part) =>
            `${getComputedStyle(part).display} ${getComputedStyle(part).breakInside}`))]"""
        for selector in ("article figure", "article .formula", "article .blank"):
            assert [each.split()[1] for each in visited.page.evaluate(kept, selector)] == ["avoid"], selector
        assert visited.page.evaluate(kept, ".cell_input, .cell_input div") == ["block auto"]
        assert visited.page.locator(".blank-answer summary:visible").count() == 0


# ---------------------------------------------------------------- formulas

WIDE = """() => [...document.querySelectorAll("div.math mjx-container[display]")]
    .map((formula) => ({ wide: formula.scrollWidth > formula.clientWidth + 1, cut: formula.dataset.cut,
                         broken: Boolean(formula.dataset.breaks) }))"""


def test_formulas_go_on_in_the_next_line_on_a_phone(browser, site):
    formulas = []
    for name in ("03-neurons", "09-softmax-regression"):
        with visit(browser, (site / f"book/{name}.html").as_uri(), width=390, unfolded=True) as visited:
            see_all(visited.page)
            formulas += visited.page.evaluate(WIDE)
    assert sum(formula["broken"] for formula in formulas) > 5
    assert all(formula["cut"] for formula in formulas if formula["wide"]), "a formula is cut without a sign"
    assert sum(formula["wide"] for formula in formulas) <= 0.08 * len(formulas)


def test_formulas_stay_in_one_line_where_there_is_room(browser, site):
    with visit(browser, (site / "book/09-softmax-regression.html").as_uri()) as visited:
        formulas = visited.page.evaluate(WIDE)
        assert len(formulas) > 20 and not any(formula["broken"] for formula in formulas)
