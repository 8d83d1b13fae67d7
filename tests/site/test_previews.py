"""References show what they lead to, marks what they mean: by mouse, by keyboard, by finger, from disk."""

from __future__ import annotations

import json
import posixpath

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")
import previews  # noqa: E402
from browser import visit  # noqa: E402
from built_site import pages  # noqa: E402

PAGE = "book/15-vanishing-gradients.html"
ELSEWHERE = "article a.previews[href*='.html#equation']:visible"
SOURCE = "article a.previews[href*='bibliography.html#']:visible"
HERE = "article a.previews[href^='#equation']:visible"
MARK = "article .formula-mark a:visible"


# ---------------------------------------------------------------- what is written

def test_an_element_is_found_whole():
    page = '<div><div id="a" class="x">1<div>2</div><p>3</p></div>4</div><br id="b">'
    assert previews.element(page, "a") == '<div id="a" class="x">1<div>2</div><p>3</p></div>'
    assert previews.element(page, "gone") is None


def test_only_what_other_pages_refer_to_is_written(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.html").write_text('<div id="eq"><b>1</b></div><div id="own">2</div><a class="reference previews" href="#own">x</a>')
    (tmp_path / "two.html").write_text('<a class="reference internal previews" href="book/one.html#eq">(1)</a> <a href="book/one.html#own">o</a>')
    previews.write(tmp_path, {"book/one", "two"})
    written = sorted((tmp_path / "_static").rglob("*.js"))
    assert [path.relative_to(tmp_path).as_posix() for path in written] == ["_static/previews/book/one.js"]
    assert written[0].read_text() == '(window.bookPreviews??={})["book/one"]={"eq": "<div id=\\"eq\\"><b>1</b></div>"};\n'


def test_every_reference_to_another_page_has_its_preview(site):
    count, missing = 0, []
    shown = {path.relative_to(site / "_static" / "previews").with_suffix("").as_posix(): json.loads(path.read_text(encoding="utf-8").split("]=", 1)[1].rstrip(";\n"))
             for path in (site / "_static" / "previews").rglob("*.js")}
    for name in pages():
        text = (site / name).read_text(encoding="utf-8")
        assert ("/previews.js" in text) == ('<a class="previews ' in text or 'class="formula-mark"' in text), name
        for path, anchor in previews.REFERENCE.findall(text):
            count += 1
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)).removesuffix(".html")
            if not shown.get(target, {}).get(anchor):
                missing.append((name, path, anchor))
    assert missing == [] and count > 300


# ---------------------------------------------------------------- in a browser

def preview(page, what: str = "visible"):
    box = page.locator("#preview")
    box.wait_for(state=what, timeout=3000)
    return box


def test_the_mouse_and_the_keyboard_show_it_and_escape_closes_it(browser, site):
    with visit(browser, (site / PAGE).as_uri()) as visited:
        page = visited.page
        for link in (page.locator(HERE).first, page.locator(ELSEWHERE).first):
            link.hover()
            assert preview(page).locator("mjx-container").count() == 1
            page.keyboard.press("Escape")
            preview(page, "hidden")
            page.mouse.move(0, 0)
            link.focus()
            page.keyboard.press("Shift+Tab")
            page.keyboard.press("Tab")
            box = preview(page)
            assert box.locator("mjx-container").count() == 1 and "\\" not in box.inner_text()
            assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "preview"
            edges = box.bounding_box()
            assert edges["x"] >= 0 and edges["x"] + edges["width"] <= 1280
            page.keyboard.press("Escape")
            preview(page, "hidden")
        page.locator(SOURCE).first.hover()
        assert "Hochreiter" in preview(page).inner_text()
        page.locator("article h1").hover()
        preview(page, "hidden")
        page.locator(MARK).first.hover()
        assert "the check" in preview(page).inner_text()
        assert visited.refused == [] and visited.errors == []


def test_a_finger_sees_first_and_goes_with_the_second_tap(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/{PAGE}")
    page.evaluate("() => window.MathJax?.startup?.promise")
    before = page.url
    for link, said in ((page.locator(ELSEWHERE).first, "Go to ("), (page.locator(".formula-executed").first, "Go to the formula index"),
                       (page.locator(MARK).first, "Go to the check")):
        link.evaluate("(link) => link.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(200)                    # the sections around it get their heights
        link.tap()
        box = preview(page)
        box.get_by_text(said).wait_for(timeout=3000)
        edges = box.bounding_box()
        assert edges["x"] >= 0 and edges["x"] + edges["width"] <= 390 and edges["y"] >= 0 and edges["y"] + edges["height"] <= 844
        assert page.url == before and link.get_attribute("title") is None
        page.locator("article h1").tap()
        preview(page, "hidden")
    mark = page.locator(MARK).first
    mark.tap()
    preview(page)
    mark.tap()
    page.wait_for_url(before + "#check-*", timeout=3000)
    preview(page, "hidden")
    page.goto(before)
    page.locator(ELSEWHERE).first.tap()
    preview(page).locator(".preview-go").tap()
    page.wait_for_url("**/*.html#equation-*", wait_until="commit", timeout=3000)
    context.close()
