"""Every page in a real browser, offline: nothing is fetched, everything moves, everyone can read it."""

from __future__ import annotations

import pytest
from browser import visit

pytest.importorskip("axe_playwright_python", reason="axe is not installed")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

# ---------------------------------------------------------------- every page

@pytest.mark.parametrize("width, dark", [(1280, False), (390, True)], ids=["wide-light", "narrow-dark"])
def test_page_is_whole_and_readable_without_a_network(browser, address, page_name, width, dark):
    with visit(browser, f"{address}/{page_name}", width=width, dark=dark) as visited:
        page = visited.page
        assert visited.refused == []
        assert visited.errors == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
        formulas = page.locator("article .math").count()
        assert page.locator("article .math mjx-container").count() >= formulas, "a formula was not typeset"
        assert page.evaluate(BAD_PICTURES) == [], "pictures that are broken or have no alt text"
        assert accessibility_faults(page) == []


BAD_PICTURES = """() => [...document.querySelectorAll("article img")]
    .filter((image) => !image.complete || !image.naturalWidth || !image.alt)
    .map((image) => image.outerHTML.slice(0, 200))"""


PLAIN_TEXT = """() => {
    document.querySelectorAll("article mjx-container").forEach((formula) => formula.replaceWith("formula"));
    document.querySelectorAll("article .highlight pre").forEach((code) => { code.textContent = code.textContent; });
}"""


def accessibility_faults(page) -> list[str]:
    """What axe-core calls serious or critical in what is ours to write.

    Left out: the theme's menus, Sphinx's lists of citations, and the thousands of coloured spans
    that MathJax and the theme's highlighting make. These become plain text first, since axe-core would
    spend nine tenths of its time on them; so this comes last on a page.
    """
    page.evaluate(PLAIN_TEXT)
    ours = {"include": ["article"], "exclude": [".citation-list", ".highlight"]}
    found = Axe().run(page, context=ours, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{fault['id']}: {fault['help']}: {node['html'][:200]}"
            for fault in found if fault["impact"] in ("serious", "critical") for node in fault["nodes"]]


def test_the_accessibility_check_would_notice(browser):
    page = browser.new_page()
    page.set_content("""<html lang="en"><title>t</title><article><h1>t</h1><img src="data:,">
        <p style="color: #ccc; background: #fff">pale <mjx-container>x</mjx-container></p><a href="#"></a></article>""")
    assert {fault.partition(":")[0] for fault in accessibility_faults(page)} == {"image-alt", "color-contrast", "link-name"}
    page.close()


# ---------------------------------------------------------------- widgets

#: The pictures that a reader sees in one widget, as text.
PICTURE = """(area) => [...area.querySelectorAll("img, svg, canvas, .widget-html-content")]
    .filter((e) => e.getClientRects().length && !e.closest("button"))
    .map((e) => e.currentSrc || e.innerHTML).join("\\n")"""


def picture(area) -> str:
    return area.evaluate(PICTURE)


def changed(area, before: str, seconds: float = 2.0) -> bool:
    for _ in range(int(seconds / 0.05)):
        if picture(area) != before:
            return True
        area.page.wait_for_timeout(50)
    return False


def moves_by_keyboard(area, handle) -> bool:
    """Walk with the arrow keys, to the right and back, until the picture changes."""
    before = picture(area)
    steps = int(float(handle.get_attribute("aria-valuemax")) - float(handle.get_attribute("aria-valuemin")))
    handle.focus()
    for key in ["ArrowRight"] * min(steps, 12) + ["ArrowLeft"] * min(2 * steps, 24):
        handle.press(key)
        if changed(area, before, 0.3):
            return True
    return changed(area, before)


def moves_by_mouse(area, handle) -> bool:
    """Click on the track, at its far end and at its middle, until the picture changes."""
    before = picture(area)
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]")
    box = track.bounding_box()
    for part in (0.98, 0.5, 0.02):
        track.click(position={"x": part * box["width"], "y": box["height"] / 2}, force=True)
        if changed(area, before, 0.5):
            return True
    return False


def move_every_slider(page) -> int:
    """Move each slider of a page by keyboard and by mouse; return how many there are."""
    areas = page.locator(".widget-subarea")
    count = 0
    for area in areas.all():
        for handle in area.locator("[role=slider]").all():
            if not handle.is_visible():
                continue
            handle.scroll_into_view_if_needed()
            name = handle.get_attribute("aria-label")
            assert name and name != "slider", "a slider without a name"
            assert moves_by_keyboard(area, handle), f"the arrow keys move no picture: {name}"
            assert moves_by_mouse(area, handle), f"the mouse moves no picture: {name}"
            count += 1
    return count


def test_every_widget_moves(browser, address, widget_page):
    with visit(browser, f"{address}/{widget_page}", unfolded=True) as visited:
        visited.page.emulate_media(reduced_motion="reduce")     # what moves then was moved by a slider
        sliders = move_every_slider(visited.page)
        players = visited.page.locator(".widget-play").count()
        for player in visited.page.locator(".widget-play").all():
            area = player.locator("xpath=ancestor::*[contains(@class, 'widget-subarea')]")
            before = picture(area)
            player.locator("button").first.click()
            assert changed(area, before, 5), "the play button moves no picture"
            player.locator("button").nth(1).click()     # stop
        assert sliders + players > 0, "a widget that a reader cannot move"
        assert visited.refused == [] and visited.errors == []


def test_widgets_move_in_a_page_opened_from_disk(browser, site, widget_page):
    with visit(browser, (site / widget_page).as_uri(), width=390, unfolded=True) as visited:
        visited.page.emulate_media(reduced_motion="reduce")
        move_every_slider(visited.page)
        assert visited.refused == [] and visited.errors == []
