"""Every page in a real browser, offline: nothing is fetched, everything moves, everyone can read it."""

from __future__ import annotations

import pytest
from browser import see_all, visit

pytest.importorskip("axe_playwright_python", reason="axe is not installed")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

# ---------------------------------------------------------------- every page

@pytest.mark.parametrize("width, dark", [(1280, False), (390, True)], ids=["wide-light", "narrow-dark"])
def test_page_is_whole_and_readable_without_a_network(browser, address, page_name, width, dark):
    with visit(browser, f"{address}/{page_name}", width=width, dark=dark) as visited:
        page = visited.page
        assert visited.refused == []
        assert visited.errors == []
        see_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        assert page.evaluate(TOO_WIDE) == [], "sections cut what is in them"
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
        formulas = page.locator("article .math").count()
        assert page.locator("article .math mjx-container").count() >= formulas, "a formula was not typeset"
        assert page.evaluate(BAD_PICTURES) == [], "pictures that are broken or have no alt text"
        assert accessibility_faults(page) == []


TOO_WIDE = """() => [...document.querySelectorAll("article section")]
    .filter((section) => getComputedStyle(section).contentVisibility === "auto" && section.scrollWidth > section.clientWidth).map((section) => section.id)"""


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

#: What a reader sees of one widget, as text: what is shown, and the lines over it.
PICTURE = """(widget) => widget.querySelector(".explorer-picture").outerHTML"""


def picture(widget) -> str:
    return widget.evaluate(PICTURE)


def changed(widget, before: str, seconds: float = 2.0) -> bool:
    for _ in range(int(seconds / 0.05)):
        if picture(widget) != before:
            return True
        widget.page.wait_for_timeout(50)
    return False


def name_of(control) -> str:
    """What a screen reader says of a slider or of a group of buttons."""
    return control.evaluate("(control) => (control.labels?.[0] ?? document.getElementById(control.getAttribute('aria-labelledby'))).textContent")


def moves_by_keyboard(widget, control) -> bool:
    """Walk with the arrow keys, there and back, until the picture changes."""
    before = picture(widget)
    control.focus()
    return any(control.press(key) or changed(widget, before, 0.5) for key in ["ArrowRight", "ArrowLeft", "ArrowLeft"])


def moves_by_mouse(widget, slider) -> bool:
    """Click on the track, at its far end, at its middle and at its start, until the picture changes."""
    before, box = picture(widget), slider.bounding_box()
    for part in (0.99, 0.5, 0.01):
        slider.click(position={"x": part * box["width"], "y": box["height"] / 2})
        if changed(widget, before, 0.5):
            return True
    return False


def move_every_control(page) -> int:
    """Move each slider and each group of buttons, by keyboard and by mouse; return how many there are."""
    count = 0
    for widget in page.locator(".explorer").all():
        for slider in widget.locator("input[type=range]").all():
            slider.scroll_into_view_if_needed()
            name = name_of(slider)
            assert name, "a slider without a name"
            assert moves_by_keyboard(widget, slider), f"the arrow keys move no picture: {name}"
            assert moves_by_mouse(widget, slider), f"the mouse moves no picture: {name}"
            count += 1
        for group in widget.locator("[role=radiogroup]").all():
            name = name_of(group)
            assert name, "buttons without a name"
            assert moves_by_keyboard(widget, group.locator(":checked")), f"the arrow keys move no picture: {name}"
            before = picture(widget)
            group.locator("input:not(:checked)").first.click()
            assert changed(widget, before), f"the mouse moves no picture: {name}"
            count += 1
    return count


def test_every_widget_moves(browser, address, widget_page):
    with visit(browser, f"{address}/{widget_page}", unfolded=True) as visited:
        visited.page.emulate_media(reduced_motion="reduce")     # what moves then was moved by a control
        assert move_every_control(visited.page) >= visited.page.locator(".explorer").count()
        for player in visited.page.locator(".explorer-play").all():
            widget = player.locator("xpath=ancestor::figure")
            before = picture(widget)
            player.click()
            assert changed(widget, before, 5), "the play button moves no picture"
            if player.text_content() == "Pause":
                player.click()
            assert player.text_content() == "Play"
        assert visited.refused == [] and visited.errors == []


def test_widgets_move_in_a_page_opened_from_disk(browser, site, widget_page):
    with visit(browser, (site / widget_page).as_uri(), width=390, unfolded=True) as visited:
        visited.page.emulate_media(reduced_motion="reduce")
        move_every_control(visited.page)
        assert visited.refused == [] and visited.errors == []
