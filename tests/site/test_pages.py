"""Every page of the built site: links, anchors, outside resources, weight, tracebacks."""

from __future__ import annotations

import gzip
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from built_site import pages

import mathematics

EXTRA_PAGES = ["index.html", "genindex.html", "search.html"]
MEGABYTE = 1_000_000


class Page(HTMLParser):
    """What a page defines (anchors), points to (links) and loads (resources)."""

    LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"),
               ("audio", "src"), ("embed", "src"), ("object", "data"), ("input", "src"), ("video", "poster")}
    LINK_RELATIONS_THAT_LOAD = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest",
                                "preconnect", "dns-prefetch", "apple-touch-icon", "shortcut"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.images: list[str] = []
        self.styles = ""
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        a = {key: value or "" for key, value in attributes}
        self.anchors |= {a[key] for key in ("id", "name") if key in a}
        self.styles += a.get("style", "")
        self._in_style = tag == "style"
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
        if tag == "link" and set(a.get("rel", "").split()) & self.LINK_RELATIONS_THAT_LOAD:
            self.loaded.append(a["href"])
        elif tag == "link" and "href" in a:
            self.links.append(a["href"])
        self.loaded += [a[key] for key in a if (tag, key) in self.LOADING]
        self.loaded += [part.split()[0] for part in a.get("srcset", "").split(",") if part.strip()]
        if tag == "img":
            self.images.append(a.get("src", ""))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles += data

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False


@cache
def parse(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def in_styles(css: str) -> list[str]:
    """The addresses that a style sheet loads."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.findall(r"""url\(\s*['"]?([^'")]+)""", css) + re.findall(r"""@import\s+['"]([^'"]+)""", css)


def broken(site: Path, page_name: str, addresses: list[str]) -> list[str]:
    """Those of a page's addresses that lead to no file, or to no anchor in their file."""
    here = site / page_name
    bad = []
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:            # mailto:, data:, another host
            continue
        target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            bad.append(address)
        elif parts.fragment and target.suffix == ".html":
            if unquote(parts.fragment) not in parse(target).anchors:
                bad.append(address)
    return bad


def test_the_book_has_pages(site):
    assert "book/index.html" in pages()


def test_every_link_leads_somewhere(site, page_name):
    page = parse(site / page_name)
    links = page.links if (site / "live").exists() else [link for link in page.links if "live/notebooks/" not in link]
    assert broken(site, page_name, links + page.loaded) == []


def test_links_of_the_pages_that_sphinx_adds(site):
    for name in EXTRA_PAGES:
        page = parse(site / name)
        assert broken(site, name, page.links + page.loaded) == [], name
        assert [url for url in page.loaded if is_outside(url)] == [], name


def test_nothing_is_loaded_from_outside(site, page_name):
    page = parse(site / page_name)
    assert [url for url in page.loaded + in_styles(page.styles) if is_outside(url)] == []


def test_no_style_sheet_loads_from_outside(site):
    outside = {str(sheet.relative_to(site)): urls for sheet in site.rglob("*.css")
               if (urls := [url for url in in_styles(sheet.read_text(encoding="utf-8")) if is_outside(url)])}
    assert outside == {}


def test_no_traceback_and_no_unfinished_markup(site, page_name):
    text = (site / page_name).read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" not in text
    assert 'class="output traceback' not in text
    assert "BEGIN SOLUTION" not in text and "END SOLUTION" not in text and "HIDDEN TESTS" not in text
    assert "system-message" not in text


@pytest.mark.skipif(mathematics.find_node() is None, reason="without Node pages hold TeX")
def test_no_formula_is_left_as_tex(site, page_name):
    """A display formula that does not stand in a paragraph of its own is read as something else."""
    page = (site / page_name).read_text(encoding="utf-8")
    words = re.sub(r"<(pre|code|script|style|svg|mjx-container)\b.*?</\1>", "", page, flags=re.DOTALL)
    words = re.sub("<[^>]+>", "", words)
    assert re.findall(r".{,40}(?:\$|\\[A-Za-z,;]).{,40}", words) == []


def test_weight(site, page_name):
    """At most 1.5 MB with its own pictures, 0.6 MB compressed; theme and vendored files are shared.

    Typeset formulas, which repeat themselves, count compressed only. What else a page loads: test_loading.py.
    """
    path = site / page_name
    local = {(path.parent / unquote(urlsplit(url).path)).resolve() for url in parse(path).images
             if not urlsplit(url).scheme}
    files = [path.read_bytes(), *(image.read_bytes() for image in local if "_static" not in image.parts)]
    formulas = sum(map(len, re.findall(rb"<mjx-container .*?</mjx-container>", files[0], re.DOTALL)))
    assert sum(map(len, files)) - formulas <= 1.5 * MEGABYTE
    assert sum(len(gzip.compress(data)) for data in files) <= 0.6 * MEGABYTE


WITHOUT_CHAPTER = (
    "checks.", "diagnosis.", "feedback.", "listing.", "plotting.", "runs.", "time_limit.", "validation.",
    "widgets.")                                 # tools, which no chapter derives


def test_every_entry_of_the_library_links_the_chapter_it_belongs_to(site):
    text = (site / "book" / "api.html").read_text(encoding="utf-8")
    entries = re.split(r'<dl class="py (?:class|function)">', text)[1:]
    names = [re.search(r'id="lecture_code\.([\w.]+)"', entry)[1] for entry in entries]
    assert len(names) > 150
    without = [name for name, entry in zip(names, entries)
               if not re.search(r'<p>(?:In|Formulas of) the book: <a [^>]*href="\d\d-[\w-]+\.html#', entry)]
    assert [name for name in without if not name.startswith(WITHOUT_CHAPTER)] == []


def test_the_checks_would_notice(tmp_path):
    """A link to nowhere, an anchor that is not there, and a picture from outside are found."""
    (tmp_path / "a.html").write_text('<p id="here"></p><a href="b.html">b</a><a href="#there">t</a><a href="#here">h</a>'
                                     '<img src="//host/p.png"><style>@import "http://host/s.css"</style>')
    page = parse(tmp_path / "a.html")
    assert broken(tmp_path, "a.html", page.links) == ["b.html", "#there"]
    assert [url for url in page.loaded + in_styles(page.styles) if is_outside(url)] == ["//host/p.png", "http://host/s.css"]
