"""What the pages load: formulas and letters that are there at once, nothing that is not used, little in all."""

from __future__ import annotations

import gzip
import re
import zlib
from urllib.parse import unquote, urlsplit

import pytest
from browser import visit
from built_site import pages
from test_pages import MEGABYTE, in_styles

import mathematics

TYPESET = mathematics.find_node() is not None      # as `make book` finds it
needs_typeset = pytest.mark.skipif(not TYPESET, reason="without Node pages typeset their formulas themselves")


# ---------------------------------------------------------------- as written

@needs_typeset
def test_every_formula_is_typeset_with_something_to_listen_to(site):
    """No page holds TeX, and none loads what would typeset it."""
    count = 0
    for name in pages():
        page = (site / name).read_text(encoding="utf-8")
        boxes = re.findall(r'class="math notranslate[^>]*>(?:\s*<span class="eqno">.*?</span>)?\s*(.{15})', page, re.DOTALL)
        assert set(boxes) <= {"<mjx-container "}, name
        assert page.count("<mjx-container ") == page.count("<mjx-assistive-mml ") == len(boxes), name
        assert re.findall(r'<script[^>]* src="[^"]*(?:mathjax/|fontawesome)[^"]*"', page) == [], name
        count += len(boxes)
    assert count > 6000


def test_no_script_waits_for_a_style_sheet(site):
    """A browser reads nothing behind such a script until both are there."""
    for name in pages():
        head = (site / name).read_text(encoding="utf-8").partition("</head>")[0]
        behind = re.findall(r"<script[^>]*>", head[head.index('rel="stylesheet"'):])
        assert behind and [script for script in behind if "defer" not in script and "async" not in script] == [], name


def test_what_all_pages_have_is_one_style_sheet(site):
    """With what the theme writes last, and without one that asks for another when it is there."""
    shared = (site / "_static/styles/shared.css").read_bytes()
    assert b"@import" not in shared
    for rule in (b'html[data-theme="dark"] .highlight .k ', b".fold ", b".sd-card", b"div.cell_input"):
        assert rule in shared, rule
    for name in pages():
        head = (site / name).read_text(encoding="utf-8").partition("</head>")[0]
        first, *others = re.findall(r'<link rel="stylesheet"[^>]* href="(?:\.\./)*([^"]+)"', head)
        assert first == f"_static/styles/shared.css?v={zlib.crc32(shared):08x}", name
        assert len(others) <= 6, name


def test_names_and_signs_in_code_have_no_element(site):
    code = re.findall(r"<pre>.*?</pre>", (site / "book/12-backpropagation.html").read_text(encoding="utf-8"), re.DOTALL)
    assert sum(block.count('<span class="k">') for block in code) > 100
    assert not any(re.search(r'<span class="(n|p|w|nn)">', block) for block in code)


def test_every_font_and_picture_that_a_style_sheet_names_is_shipped(site):
    missing = [f"{sheet.relative_to(site)}: {url}" for sheet in (site / "_static").rglob("*.css")
               for url in in_styles(sheet.read_text(encoding="utf-8"))
               if not urlsplit(url).scheme and not (sheet.parent / unquote(urlsplit(url).path)).is_file()]
    assert missing == []


def test_the_bibliography_names_sources_as_the_text_does(site):
    """In brackets with authors and year; in a sentence the authors stand before, and the year is the link."""
    listed = (site / "book" / "bibliography.html").read_text(encoding="utf-8")
    names = {key: re.sub("<[^>]+>", "", name).strip("[]") for key, name in
             re.findall(r'id="(id\d+)" role="doc-biblioentry">\s*<span class="label">(.*?)</span>\s*<p>', listed)}
    assert len(names) > 90
    links = [link for name in pages() for link in re.findall(
        r'href="bibliography\.html#(id\d+)"[^>]*>(.*?)</a>', (site / name).read_text(encoding="utf-8"), re.DOTALL)]
    assert len(links) > 150
    wrong = [(name, names[key]) for key, link in links
             if (name := re.sub("<[^>]+>", "", link)) not in (names[key], names[key].rpartition(", ")[2])]
    assert wrong == []


# ---------------------------------------------------------------- in the browser

def compressed(site, urls: list[str]) -> int:
    """How many bytes a server sends that compresses what can be compressed."""
    files = {site / unquote(urlsplit(url).path).lstrip("/") for url in urls}
    return sum(len(gzip.compress(file.read_bytes())) if file.suffix in (".html", ".js", ".css", ".svg") else file.stat().st_size
               for file in files)


@pytest.mark.parametrize("name, limit", [("book/index.html", 0.5), ("book/04-gradient-descent.html", 0.9), ("book/12-backpropagation.html", 0.9)])
def test_what_a_page_loads_is_light(browser, address, site, name, limit):
    page = browser.new_page()
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{address}/{name}", wait_until="networkidle")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    page.close()
    assert not [url for url in loaded if re.search(r"mathjax/.*\.js|fontawesome|fa-(solid|brands)", url)]
    fonts = [url for url in loaded if "/vendor/fonts/" in url]
    assert fonts and compressed(site, fonts) <= 0.15 * MEGABYTE
    assert compressed(site, loaded) <= limit * MEGABYTE


@needs_typeset
@pytest.mark.parametrize("name", ["04-gradient-descent", "12-backpropagation"])
def test_fonts_are_asked_for_before_the_first_letter_is_found(browser, address, name):
    """One that came later would have all that is in sight laid out again; until then a formula cannot be seen."""
    with visit(browser, f"{address}/book/{name}.html", width=390) as visited:
        fonts = visited.page.evaluate("""() => performance.getEntriesByType("resource").filter(({ name }) => /woff2?$/.test(name))
            .map(({ name, initiatorType }) => [name.split("/").pop(), initiatorType])""")
    early = [font for font, asked_by in fonts if asked_by == "link"]
    late = [font for font, asked_by in fonts if asked_by != "link"]
    assert [font for font in late if not re.match("MathJax_(Size|SansSerif|AMS)", font)] == []
    assert len(early) == len(set(early)) >= 7


LETTERS = "<p id=probe>σ′(z), Wᵀδ, ∂C/∂z, η ≤ 2/β, ‖Δ‖ → 0, 10⁻⁶ · ½ λθ², a₋₁ ≈ ∞, <em>é θ</em>, <strong>ž θ</strong> — “…”</p>"


def fonts_of(page, selector: str) -> dict[str, bool]:
    """Return the fonts in which the browser shows an element, and whether they came with the page."""
    client = page.context.new_cdp_session(page)
    client.send("DOM.enable")
    client.send("CSS.enable")
    root = client.send("DOM.getDocument")["root"]["nodeId"]
    node = client.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    return {font["familyName"]: font["isCustomFont"] for font in client.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]}


def test_letters_and_signs_come_with_the_page_and_greek_is_that_of_formulas(browser, site):
    with visit(browser, (site / "book/12-backpropagation.html").as_uri()) as visited:
        page = visited.page
        assert fonts_of(page, "article p code") == {"Lecture Code": True}
        for place, text in (("article", "LectureSerif"), ("article figcaption", "LectureSans"), (".bd-sidebar", "LectureSans")):
            page.evaluate("""([place, letters]) => {
                document.querySelector("#probe")?.remove();
                document.querySelector(place).insertAdjacentHTML("afterbegin", letters);
            }""", [place, LETTERS])
            page.evaluate("() => new Promise(requestAnimationFrame).then(() => document.fonts.ready).then(() => true)")
            fonts = fonts_of(page, "#probe")
            assert [name for name, shipped in fonts.items() if not shipped] == [], place
            assert {name.replace(" ", "") for name in fonts} >= {"MathJax_Math", "MathJax_Main", text}, place


# ---------------------------------------------------------------- only what is near is laid out

#: Notes each section that a script measures while the browser leaves it out.
WATCH = """
    window.measured = new Set();
    function watch(prototype, name) {
        const before = Object.getOwnPropertyDescriptor(prototype, name), kind = before.get ? "get" : "value", ask = before[kind];
        Object.defineProperty(prototype, name, { ...before, [kind](...given) {
            const section = this.closest("article > section > section");
            if (section && this.checkVisibility() && !this.checkVisibility({ contentVisibilityAuto: true })) measured.add(section.id);
            return ask.apply(this, given);
        } });
    }
    for (const name of ["scrollWidth", "scrollHeight", "clientWidth", "clientHeight", "getBoundingClientRect", "getClientRects"])
        watch(Element.prototype, name);
    for (const name of ["offsetWidth", "offsetHeight", "offsetTop", "offsetLeft"]) watch(HTMLElement.prototype, name);
"""


def test_a_long_page_is_laid_out_where_the_reader_is(browser, address):
    """Also when scripts have run: one that asks every box how wide it is would have the whole page laid out."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.add_init_script(WATCH)
    page.goto(f"{address}/book/12-backpropagation.html", wait_until="networkidle")
    sections = page.locator("article > section > section").evaluate_all("""(all) => all.map((section) => [
        section.id, section.firstElementChild.checkVisibility({ contentVisibilityAuto: true })])""")
    measured = page.evaluate("[...measured]")
    page.evaluate("document.querySelector('article > section > section:last-of-type p').scrollWidth")
    assert len(page.evaluate("[...measured]")) == len(measured) + 1, "what is measured is noted"
    page.close()
    assert len(sections) > 12 and sum(shown for _, shown in sections) <= 4
    assert len(measured) <= 3


@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_leads_to_its_place_though_what_is_above_was_not_laid_out(browser, address, width):
    places = ["what-a-backward-pass-costs", "equation-eq-row-activation", "equation-eq-merged-cost", "why-some-seeds-stall"]
    with visit(browser, f"{address}/book/12-backpropagation.html#{places[0]}", width=width) as visited:
        page = visited.page
        for place in places:
            page.evaluate("""(place) => { const link = Object.assign(document.createElement("a"), { href: "#" + place });
                                          if (link.hash !== location.hash) { document.body.append(link); link.click(); } }""", place)
            page.wait_for_function("""(place) => { const { top } = document.getElementById(place).getBoundingClientRect();
                                                   return top >= 0 && top < 160; }""", arg=place, timeout=5000)
            page.wait_for_timeout(200)
            top = page.locator(f"#{place}").first.evaluate("(part) => part.getBoundingClientRect().top")
            assert 0 <= top < 160, place
