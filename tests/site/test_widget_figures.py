"""The figures that the build makes of stored widgets: where they are cut, and how readers of any screen see them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from browser import see_all, visit
from built_site import widget_pages
from ipywidgets import HTML, VBox
from ipywidgets.embed import dependency_state
from matplotlib.figure import Figure
from matplotlib.font_manager import font_scalings

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK / "_ext"))

import explorers  # noqa: E402
import panels  # noqa: E402
from lecture_code import plotting  # noqa: E402
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


@pytest.mark.parametrize("width, mark", [(320, "explorer-wide|explorer-mute"), (450, "explorer-mute"), (720, "explorer-mute")])
@pytest.mark.parametrize("values", [[f"{10.0 ** -k:g}" for k in range(17)], [str(k) for k in range(1, 25)], ["0.5", "1", "1.5", "2"]])
def test_numbers_below_a_slider_leave_room_for_each_other(values, width, mark):
    control = explorers.Control("a", values, 0, plays=False)
    ticks = re.findall(r'<span style="--at:([\d.]+)"([^>]*)>([^<]*)</span>', explorers._control(control, "e", width))
    seen = [(float(at), text) for at, hidden, text in ticks if not re.search(mark, hidden)]
    assert [text for *_, text in ticks] == values and seen[0][1] == values[0] and seen[-1][1] == values[-1]
    for (left, one), (right, other) in zip(seen, seen[1:]):
        assert (right - left) * (width - 16) > 7 * max(len(one), len(other)), f"{one} and {other} run into each other"


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


#: Of each widget of a page, with all folds open: the pixels out of sight, the scale of its picture, its pictures.
ON_A_PHONE = """() => {
    document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    return [...document.querySelectorAll(".explorer")].map((widget) => {
        const stage = widget.querySelector(".explorer-stage");
        const scales = [...stage.children].map((part) => part.getBoundingClientRect().width / part.viewBox.baseVal.width);
        return [stage.scrollWidth - stage.clientWidth, Math.min(...scales), widget.querySelector("script").textContent];
    });
}"""


#: Words that begin at a place, as titles do: size of their letters, place, words.
TITLE = re.compile(r'<text style="font-size: ([\d.]+)px[^"]*text-anchor: start" x="([\d.]+)"[^>]*>([^<]+)</text>')


def too_long(sources: set[str]) -> set[str]:
    """Return the titles that end beyond the right edge of their picture."""
    return {html.unescape(words) for picture in map(unquote, sources) for edge in re.findall(r'viewBox="0 0 ([\d.]+)', picture)[:1]
            for size, x, words in TITLE.findall(picture) if float(x) + explorers._width(html.unescape(words), float(size)) > float(edge) + 0.5}


def test_no_widget_scrolls_on_a_phone_and_its_writing_can_be_read(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)    # the page is laid out without
    page, faults, widgets = context.new_page(), [], 0
    for name in widget_pages():
        page.goto((site / name).as_uri())         # with its style sheets
        for hidden, scale, kept in page.evaluate(ON_A_PHONE):
            widgets += 1
            sources = {source for source, *_ in json.loads(kept)}
            letters = scale * min(map(explorers.smallest_writing, sources))
            faults += [f"{name}, widget {widgets}: the end of “{words}” is cut off" for words in too_long(sources)]
            if hidden > 1 or letters < 10.99:
                faults.append(f"{name}, widget {widgets}: {hidden} pixels are out of sight, letters have {letters:.1f}")
    context.close()
    assert faults == [] and widgets > 40


@pytest.mark.parametrize("name, width, box", [(ONE_PANEL, 320, ".explorer-stage"), ("book/13-automatic-differentiation.html", 390, ".cell_output .image-reference")])
def test_a_picture_wider_than_the_screen_says_so(browser, site, name, width, box):
    with visit(browser, (site / name).as_uri(), width=width, unfolded=True) as visited:
        see_all(visited.page)
        boxes = visited.page.locator(f"{box}:visible").all()
        hidden = [stage.evaluate("(stage) => stage.scrollWidth - stage.clientWidth") for stage in boxes]
        assert any(pixels > 1 for pixels in hidden)
        for stage, pixels in zip(boxes, hidden):
            assert (stage.get_attribute("data-cut") == "right") == (pixels > 1), "the cut edge is not marked"
            assert pixels <= 1 or stage.get_attribute("tabindex") == "0"
        assert visited.page.evaluate("document.documentElement.scrollWidth") <= width


#: Sizes of letters that cells ask for, in points; figures have letters of ten points.
ASKED = re.compile(r'(?:fontsize|labelsize)=(?:"([a-z-]+)"|([\d.]+))')


def stored_pictures(name: str) -> dict[str, float]:
    """Return the points of the smallest letters of each stored picture of a page, by the name of its file."""
    notebook = nbformat.read(BOOK.parent / Path(name).with_suffix(".ipynb"), as_version=4)
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                asked = [10 * font_scalings[word] if word else float(points) for word, points in ASKED.findall(cell.source)]
                found[f"{hashlib.sha256(base64.b64decode(picture)).hexdigest()}.png"] = min([10, *asked])
    return found


CHAPTERS = sorted(f"book/{path.stem}.html" for path in BOOK.glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_letters_of_a_picture_have_ten_pixels_on_a_phone(browser, site, name):
    points = stored_pictures(name)
    with visit(browser, (site / name).as_uri(), width=390, unfolded=True) as visited:
        see_all(visited.page)
        shown = visited.page.locator(".cell_output .image-reference img[src$='.png']").evaluate_all("""pictures => pictures.map((picture) =>
            [picture.src.split("/").pop(), picture.getBoundingClientRect().width / parseFloat(picture.style.width)])""")
    letters = {picture: points[picture] * explorers.POINT * scale for picture, scale in shown}
    assert letters.keys() == points.keys(), "a picture is missing, or the site is older than the notebook"
    assert {picture: pixels for picture, pixels in letters.items() if pixels < 9.98} == {}


def test_panels_stand_below_each_other_on_a_phone(browser, site):
    with visit(browser, (site / ONE_PANEL).as_uri(), width=390, unfolded=True) as visited:
        page = visited.page
        see_all(page)
        stacked = page.locator(".cell_output .image-reference:has(.picture-part)").first
        parts = stacked.locator(".picture-part").evaluate_all("""parts => parts.map((part) => {
            const box = part.getBoundingClientRect(), picture = part.firstChild.getBoundingClientRect();
            return [box.top, box.width, picture.width / parseFloat(part.firstChild.style.width), part.ariaHidden];
        })""")
        tops, widths, scales, hidden = zip(*parts)
        assert tops[0] < tops[1] and max(widths) <= 390 and scales[0] == pytest.approx(scales[1], rel=0.01)
        assert scales[0] * 10 * explorers.POINT >= 10 and hidden == (None, "true"), "it is read aloud once"
        stacked.locator(".picture-part").nth(1).click()
        assert stacked.locator(".picture-part").nth(1).bounding_box()["width"] == pytest.approx(widths[1], abs=1), "it is large already"
        assert page.url.endswith(ONE_PANEL) and visited.errors == []
        page.set_viewport_size({"width": 1280, "height": 900})
        stacked.scroll_into_view_if_needed()
        shown = stacked.locator(".picture-part").evaluate_all("parts => parts.map((part) => getComputedStyle(part).display)")
        assert shown == ["contents", "none"], "on a wide screen it is one picture"
        with page.expect_popup() as beside:                     # by itself, in a tab of its own
            stacked.click()
        assert beside.value.url.endswith(".png") and page.url.endswith(ONE_PANEL)


def test_a_tap_shows_a_picture_large_whose_letters_are_small(browser, site):
    with visit(browser, (site / ONE_PANEL).as_uri(), width=320, unfolded=True) as visited:     # on a phone of 390 pixels none is
        see_all(visited.page)
        small = visited.page.locator(".small-picture").first
        for scale in (320 / 540, 1, 320 / 540):                 # a second tap, and it is as before
            picture = small.locator("img").evaluate("(picture) => picture.getBoundingClientRect().width / parseFloat(picture.style.width)")
            assert picture == pytest.approx(scale, abs=0.01) and (small.get_attribute("data-cut") == "right") == (scale == 1)
            small.click()
        assert visited.page.url.endswith(ONE_PANEL) and visited.errors == []


@pytest.mark.parametrize("rows, columns, labels, width, parts", [
    (1, 2, "height", 720, 2), (1, 1, "height", 720, 1), (1, 2, "height", 500, 1), (3, 3, "", 640, 1), (1, 6, "", 800, 1), (1, 3, "", 920, 3)])
def test_a_bitmap_is_cut_between_the_panels_of_a_row(rows, columns, labels, width, parts):
    with mpl.rc_context(plotting.STYLE):
        figure = Figure(figsize=(width / 100, 0.3 * width / 100 * max(1, rows - 0.5)))
        for ax in np.ravel(figure.subplots(rows, columns)):
            ax.plot([0, 0.9], [0, 1])
            ax.set(ylabel=labels, title="some words")
        drawn, size = plotting._inline_png(figure)
    places = panels.cuts(f"data:image/png;base64,{drawn}", **size)
    assert len(places) == parts - 1
    if parts == 2:
        taken = explorers.drawn_columns(f"data:image/png;base64,{drawn}", width)
        assert not taken[places[0]] and taken[places[0]:places[0] + 40].sum() > 15     # its words stay with the second axis


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


#: Uses one control of a widget after the other, each time with the end of the picture at the foot of the screen.
BESIDE = """async (widget) => {
    const stage = widget.querySelector(".explorer-stage"), header = document.querySelector(".bd-header-article"), hidden = [];
    for (const control of widget.querySelectorAll(".explorer-control")) {
        control.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
        for (let turn = 0; turn < 3; turn += 1) {
            scrollBy({ top: stage.getBoundingClientRect().bottom - innerHeight, behavior: "instant" });
            await new Promise(requestAnimationFrame);
        }
        const { x, y, width, height } = control.getBoundingClientRect();
        const met = document.elementFromPoint(x + width / 2, y + height / 2);
        if (y < header.getBoundingClientRect().bottom - 1 || !control.contains(met)) hidden.push(control.textContent);
    }
    return hidden;
}"""


@pytest.mark.parametrize("name", widget_pages())
def test_on_a_phone_the_control_in_use_is_in_sight_with_the_picture(browser, site, name):
    """Of the 844 pixels of a phone its browser keeps some 180 for itself."""
    page = browser.new_page(viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True)
    page.goto((site / name).as_uri())
    page.add_style_tag(content="* { content-visibility: visible !important; }")      # what is far is laid out, too
    widgets = [widget for widget in page.locator("figure.explorer").all() if widget.is_visible()]
    hidden = [widget.evaluate(BESIDE) for widget in widgets]
    page.close()
    assert widgets and hidden == [[]] * len(widgets)


def test_on_paper_a_widget_is_its_picture_with_what_is_chosen(browser, site):
    with visit(browser, (site / PAGE).as_uri(), unfolded=True) as visited:
        visited.page.emulate_media(media="print")
        widget = visited.page.locator(".explorer").nth(1)
        assert widget.locator(".explorer-picture").first.is_visible()
        assert widget.locator("output").is_visible() and widget.locator(".explorer-choices span:visible").count() == 1
        assert widget.locator("input:visible, button:visible, .explorer-ticks:visible").count() == 0


#: A widget of a page whose Python never answers by itself: `answers()` has it answer.
SLOW_PYTHON = """async () => {
    const fresh = document.createElement("div");
    document.querySelector("article").prepend(fresh);
    const picture = '<img class="explorer-picture" alt="a" width="300" src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E">';
    window.python = { draw: () => new Promise((done) => { window.answers = () => done({ picture }); }) };
    const script = document.createElement("script");
    script.src = new URL("../_static/live-widgets.js", location);
    await new Promise((done) => { script.onload = done; document.head.append(script); });
    cells.shows.widget({ fresh, say() {} }, { picture, explorer: 0, caption: "", width: 300, height: 200, walk: null, play: null,
        controls: [{ name: "a", label: "a", values: [1, 2, 3, 4], texts: ["1", "2", "3", "4"], chosen: 0, whole: true }] });
}"""


def test_a_word_says_that_python_draws_and_none_flickers(browser, address):
    with visit(browser, f"{address}/{PAGE}") as visited:
        page = visited.page
        page.evaluate(SLOW_PYTHON)
        page.clock.install()
        page.clock.pause_at(page.evaluate("Date.now()") + 1000)
        figure = page.locator("figure:has(.explorer-drawing)")
        word, slider, height = figure.locator("[role=status]"), figure.locator("input"), figure.bounding_box()["height"]
        slider.dispatch_event("change")
        page.clock.run_for(290)
        assert word.text_content() == "", "a picture that comes at once needs no word"
        page.clock.run_for(20)
        assert word.text_content() == "drawing…"
        assert figure.bounding_box()["height"] == height, "the page jumps"
        page.evaluate("answers()")
        page.clock.run_for(280)
        assert word.text_content() == "drawing…", "it is gone before it is read"
        page.clock.run_for(50)
        assert word.text_content() == ""
        slider.dispatch_event("change")
        page.clock.run_for(100)
        page.evaluate("answers()")
        page.clock.run_for(1000)
        assert word.text_content() == "" and visited.errors == []


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
