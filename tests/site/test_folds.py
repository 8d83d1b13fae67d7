"""Folds in a real browser: from disk, by keyboard, by links, remembered, printed, without JavaScript, for everybody."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")
from browser import see_all, visit  # noqa: E402
from built_site import SITE, pages  # noqa: E402
from test_in_browser import accessibility_faults  # noqa: E402

FOLDED = [page for page in pages() if 'class="fold ' in (SITE / page).read_text(encoding="utf-8")]


def kinds(page: str) -> set[str]:
    return set(re.findall(r'class="fold fold-(\w+)"', (SITE / page).read_text(encoding="utf-8")))


#: The two smallest pages that have checks, lecture notes and proofs.
PAGE, OTHER = (sorted((page for page in FOLDED if kinds(page) >= {"check", "notes", "box"}),
                      key=lambda page: (SITE / page).stat().st_size) + ["", ""])[:2]
OPEN = "() => [...document.querySelectorAll('details.fold')].map((fold) => fold.open)"


def uri(site, page, anchor=""):
    return (site / page).as_uri() + anchor


def test_chapters_have_folds(site):
    assert len(FOLDED) >= 8


def test_one_switch_opens_everything_by_keyboard_and_is_remembered(browser, site):
    with visit(browser, uri(site, PAGE)) as visited:
        page = visited.page
        assert not any(page.evaluate(OPEN))
        switch = page.get_by_role("button", name="Show everything")
        switch.focus()
        switch.press("Enter")
        assert all(page.evaluate(OPEN))
        switch = page.get_by_role("button", name="Fold again")
        other = page.context.new_page()
        other.goto(uri(site, OTHER))
        other.wait_for_function(f"() => ({OPEN})().every(Boolean)")
        switch.press("Space")
        assert not any(page.evaluate(OPEN)) and page.get_by_role("button", name="Show everything").is_visible()
        other.wait_for_function(f"() => !({OPEN})().some(Boolean)")      # a page that is open hears of it
        assert other.get_by_role("button", name="Show everything").is_visible()
        page.goto(uri(site, OTHER))
        assert not any(page.evaluate(OPEN))
        assert visited.errors == []


def test_what_the_reader_looks_at_stays_where_it_is_and_a_printed_page_is_whole_and_light(browser, site):
    with visit(browser, uri(site, PAGE), dark=True) as visited:
        page = visited.page
        theme = "document.documentElement.dataset.theme"
        assert page.evaluate(theme) == "dark"
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.evaluate(theme) == "light"
        code = "fold => fold.matches('.fold-imports, .fold-drawing, .fold-check')"
        shown = page.evaluate(f"[...document.querySelectorAll('details.fold')].map((fold) => [({code})(fold), fold.open, fold.checkVisibility()])")
        assert {tuple(each) for each in shown} == {(True, False, False), (False, True, True)}
        page.emulate_media(media="screen")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(theme) == "dark"
        assert not any(page.evaluate(OPEN))
        page.evaluate("() => { window.seen = [...document.querySelectorAll('article h2')][3]; seen.scrollIntoView(); }")
        place = "() => Math.round(window.seen.getBoundingClientRect().top)"
        before = page.evaluate(place)
        page.evaluate("document.getElementById('unfold-all').click()")    # Playwright's own click would scroll
        assert all(page.evaluate(OPEN))
        assert abs(page.evaluate(place) - before) < 2


def test_a_link_opens_what_it_leads_to(browser, site):
    with visit(browser, uri(site, PAGE)) as visited:
        page = visited.page
        name = page.evaluate("""[...document.querySelectorAll("details.fold-check[id]")].map(({ id }) => id)
            .findLast((id) => !document.querySelector(`a[href="#${id}"]`).closest("details:not([open])"))""")
        check = page.locator(f"#{name}")
        link = page.locator(f"a[href='#{name}']").first
        link.evaluate("(link) => link.scrollIntoView()")       # what is far from what is seen is not laid out
        link.click()
        page.wait_for_function(f"document.getElementById('{name}').open")
        assert sum(page.evaluate(OPEN)) == 1
        check.locator("summary").click()                                     # closed, and the same link once more
        link.evaluate("(link) => link.scrollIntoView()")
        link.click()
        page.wait_for_function(f"document.getElementById('{name}').open")
        assert check.locator("pre").is_visible()
        page.goto("about:blank")
        page.goto(uri(site, PAGE, f"#{name}"))
        assert page.locator(f"#{name} pre").is_visible()
        # Something inside a fold inside a fold opens both.
        page.evaluate("""() => { document.querySelectorAll('details.fold').forEach((fold) => { fold.open = false; });
                                 const inner = document.querySelector('.fold-check .cell'), box = document.querySelector('.fold-notes .fold-body');
                                 inner.id = 'deep-inside'; box.append(inner.closest('.fold')); }""")
        page.evaluate("location.hash = '#deep-inside'")
        page.locator("#deep-inside pre").wait_for(state="visible")
        assert sum(page.evaluate(OPEN)) == 2


def test_without_javascript_a_fold_opens_and_no_dead_switch_is_shown(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(uri(site, PAGE))
    check = page.locator("details.fold-check").first
    assert not check.locator("pre").is_visible()
    check.locator("summary").click()
    assert check.locator("pre").is_visible()
    assert page.locator("#unfold-all").count() == 0
    context.close()


@pytest.mark.parametrize("width, dark", [(1280, True), (390, False)], ids=["wide-dark", "narrow-light"])
def test_an_open_page_is_readable(browser, site, width, dark):
    with visit(browser, uri(site, PAGE), width=width, dark=dark) as visited:
        page = visited.page
        page.get_by_role("button", name="Show everything").click()
        see_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert accessibility_faults(page) == []
        heights = page.evaluate("[...document.querySelectorAll('details.fold > summary')].map((line) => line.getBoundingClientRect().height)")
        assert min(heights) >= 24, "too low for a finger"
        fault = page.evaluate("""() => { const box = document.getElementById('unfold-all').getBoundingClientRect();
                                         return box.right > innerWidth || box.height < 24; }""")
        assert not fault, "the switch is cut off or too low"


MARKS_COVERED = """() => [...document.querySelectorAll('.formula + .fold-check')].filter((fold) => {
    const range = document.createRange();
    const boxes = (part) => (range.selectNodeContents(part), [...range.getClientRects()]);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
    const marks = boxes(fold.previousElementSibling.querySelector('.formula-mark'));
    return boxes(fold.querySelector('summary')).some((words) => marks.some((mark) => meet(words, mark)));
}).map((fold) => fold.innerText)"""


def test_the_line_of_a_check_covers_no_mark(browser, site):
    together = '</div>\n</div>\n<details id="check-'
    both = [page for page in FOLDED if together in (site / page).read_text(encoding="utf-8")]
    assert both
    for name in both[:4]:
        with visit(browser, uri(site, name), width=390) as visited:
            for width in (390, 700, 770, 1280):
                visited.page.set_viewport_size({"width": width, "height": 900})
                assert visited.page.evaluate(MARKS_COVERED) == [], width


def test_a_box_that_goes_on_has_a_shadow_on_that_side(browser, site):
    with visit(browser, uri(site, PAGE), width=390) as visited:
        page = visited.page
        see_all(page)
        wide = page.wait_for_selector(".bd-article pre[data-cut=right]:visible")
        shadow = "box => getComputedStyle(box).boxShadow"
        at_the_start = wide.evaluate(shadow)
        wide.evaluate("box => { box.scrollLeft = 5; }")
        page.wait_for_function("box => box.dataset.cut === 'left right'", arg=wide)
        in_the_middle = wide.evaluate(shadow)
        wide.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
        page.wait_for_function("box => box.dataset.cut === 'left'", arg=wide)
        assert at_the_start.count("inset") == wide.evaluate(shadow).count("inset") == 1 != in_the_middle.count("inset")
        narrow = page.locator(".bd-article pre:visible").evaluate_all(
            "boxes => boxes.filter((box) => box.scrollWidth <= box.clientWidth && box.dataset.cut).length")
        assert narrow == 0
