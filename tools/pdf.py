"""Print the built site as one book, a tagged PDF: `make pdf`.

    python -m tools.pdf _build/html                      # writes _build/html/book.pdf; the first page gets a link to it
    python -m tools.pdf _build/html --only notation --to notation.pdf

The pages come in the order of the contents, solutions last (`make pdf SOLUTIONS=no` prints a site without them). The
numbers of chapters, formulas and figures are those of the site. tools/paper.py makes what moves on a page stand still;
print/print.css is the design. Chromium prints twice, since contents and index name pages that the first print
finds. It has
no running heads and ignores `break-before: right`, so heads and empty pages are put in afterwards.
"""

from __future__ import annotations

import argparse
import io
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pikepdf
import yaml
from bs4 import BeautifulSoup
from pikepdf import Array, Dictionary, Name, OutlineItem
from playwright.sync_api import Browser, Page, Route

from tools import index_of_terms
from tools.browser import chromium, find_chromium
from tools.notebooks import ROOT
from tools.paper import LINK, ORIGIN, PLACE_OF_LINK, Sheet, link, read

PRINT = ROOT / "tools" / "print"
FRONT, FRONT_TITLE = "book/index.html", "About this book"   # on the site its title is that of the book
SOLUTIONS = "Solutions"
PAPER = {"prefer_css_page_size": True, "print_background": True}
#: 162 mm at 96 dots an inch, the width of the text in print.css: what is wider here is cut there.
WIDTH, HEIGHT = 612, 941

#: Make formulas and tables that are wider than their place smaller: measure all, then change all, since a change lays
#: out the whole book anew.
FIT = """() => {
  const size = (element) => parseFloat(getComputedStyle(element).fontSize);
  const formulas = [...document.querySelectorAll("mjx-container")].map((formula) => {
    const box = formula.closest("div.math, td, th, li, p, dd"), number = box?.querySelector(":scope > .eqno");
    if (!box) return null;
    const { paddingLeft, paddingRight } = getComputedStyle(box);
    const room = box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - (number ? number.offsetWidth + 8 : 0);
    const share = room / (formula.querySelector("mjx-math") ?? formula).getBoundingClientRect().width;
    return room > 0 && share < 1 ? [formula, 98 * share * size(formula) / size(formula.parentElement)] : null;
  });
  for (const [formula, share] of formulas.filter(Boolean)) formula.style.fontSize = `${share}%`;
  const tables = [...document.querySelectorAll("table")].map((table) => [table, table.parentElement.clientWidth / table.scrollWidth]);
  for (const [table, share] of tables) if (share < 1) table.style.zoom = share * 0.99;
}"""
#: Write the numbers of pages into the contents.
NUMBER = "(numbers) => document.querySelectorAll('.number').forEach((n) => { n.textContent = numbers[n.dataset.of]; })"
#: What would be cut: wider than the text, longer than a page, or hidden by its box.
CUT = """([width, height]) => [...document.querySelectorAll("main *")].filter((element) => {
  if (element.closest("mjx-assistive-mml, .MathJax_Preview") || element.parentElement.closest("svg")) return false;
  const { left, right, height: tall, width: wide } = element.getBoundingClientRect();
  if (!wide || !tall) return false;
  return left < -1 || right > width + 1 || (element.matches("img, svg, tr, mjx-container") && tall > height)
      || (getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1 && element.clientWidth);
}).map((element) => `${element.closest("[data-page]").dataset.page}: ${element.tagName.toLowerCase()} ${element.getAttribute("class")} "${element.textContent.slice(0, 80)}" in ${element.parentElement.outerHTML.slice(0, 120)}`)"""


@dataclass
class Entry:
    """A line of the contents: a part (level 0), a page of the site (1), a section of a chapter (2); or a place of a term (3)."""

    level: int
    id: str
    title: str
    opens: bool = False      # on the right


# ---- the book as one page of HTML ---------------------------------------------------------------------

def reading_order(site: Path) -> list[tuple[str, str]]:
    """Return (part, page) of all pages, as the contents of the site name them, solutions last."""
    found, part = [("", FRONT)], ""
    for element in BeautifulSoup((site / FRONT).read_text(encoding="utf-8"), "lxml").select("nav.bd-links .caption, nav.bd-links a"):
        if element.name != "a":
            part = element.get_text(strip=True)
        elif element["href"] != "#":
            name = element["href"].removeprefix("../") if element["href"].startswith("../") else f"book/{element['href']}"
            found.append((SOLUTIONS if name.startswith("solutions/") else part, name))
    return sorted(found, key=lambda each: each[0] == SOLUTIONS)


def assemble(sheets: Sequence[tuple[str, Sheet]], about: dict[str, str]) -> tuple[str, list[Entry]]:
    """Return the book as HTML, and the entries of its contents."""
    link(sheet for _, sheet in sheets)
    terms = index_of_terms.find([sheet for _, sheet in sheets])
    entries, body, last = [], [], ""
    for part, sheet in sheets:
        if part != last:
            entries.append(Entry(0, f"part-{len(entries)}", part, opens=True))
            body.append(f'<h1 class="part" id="{entries[-1].id}">{escape(part)}</h1>')
        last = part
        if sheet.name == FRONT:
            sheet.article.h2.string = sheet.title = FRONT_TITLE
        chapter = bool(re.match(r"\d", sheet.title))
        entries.append(Entry(1, sheet.key, sheet.title, opens=chapter or not part))
        if chapter:
            entries += [Entry(2, *section) for section in sheet.sections]
        kind = "chapter" if chapter else "other"
        body.append(f'<div class="{kind}" data-page="{sheet.name}">{sheet.article}</div>')
    if terms:
        entries.append(Entry(0, "index", "Index", opens=True))
        entries += [Entry(3, place, "") for place in dict.fromkeys(sum(terms.values(), []))]
        body.append(index_of_terms.html_of(terms))
    styles = dict.fromkeys(style for _, sheet in sheets for style in sheet.styles)
    mathjax = next((sheet.mathjax for _, sheet in sheets if sheet.mathjax), None)
    return f"""<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">
<title>{escape(about["title"])}</title>
{"".join(_style(style) for style in styles)}<link rel="stylesheet" href="/print/print.css">
{'<script>{}</script><script defer src="{}"></script>'.format(*mathjax) if mathjax else ""}</head><body>
<header class="title-page"><p class="book-title">{escape(about["title"])}</p><p class="book-author">{escape(about["author"])}</p></header>
<section class="imprint"><p>© {escape(about["copyright"])} {escape(about["author"])}. The code is under the BSD 3-Clause licence, text and figures are under CC BY 4.0.</p>
<p>This is the printed form of an interactive book. Its pages have what paper cannot hold: pictures that move, code that runs, exercises that say which mistake they see, and under every formula the program that checks it. Left out of its chapters are the cells that import and draw, and most of those that check. Links in blue lead to a place in this book, links in grey to a page of the site.</p></section>
<nav class="contents"><h2 class="contents-title">Contents</h2>{"".join(_line(entry) for entry in entries if entry.level < 3)}</nav>
<main>{"".join(body)}</main></body></html>""", entries


def _style(style: str) -> str:
    """Return a style sheet of the site in a layer, which print.css overrules, or MathJax's own as it is."""
    return f'<style>@import url("{style}") layer(site);</style>' if style.startswith("/") else f"<style>{style}</style>"


def _line(entry: Entry) -> str:
    return (f'<p class="level-{entry.level}"><a href="#{escape(entry.id)}"><span>{escape(entry.title)}</span>'
            f'<span class="dots"></span><span class="number" data-of="{escape(entry.id)}"></span></a></p>')


# ---- printing -----------------------------------------------------------------------------------------

def print_book(browser: Browser, site: Path, html: str, entries: Sequence[Entry]) -> tuple[bytes, bytes, Plan]:
    """Return the book, its heads, and the order of pages."""
    page = browser.new_page(color_scheme="light", viewport={"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(600_000)
    try:
        page.route("**/*", lambda route: _answer(route, site, html))
        page.emulate_media(media="print")
        page.goto(f"{ORIGIN}print/book.html")
        page.evaluate("() => window.MathJax?.startup?.promise?.then(() => true)")
        page.evaluate("() => document.fonts.ready.then(() => true)")
        page.evaluate(FIT)
        if cut := page.evaluate(CUT, [WIDTH, HEIGHT]):
            raise SystemExit("Wider or longer than the paper:\n" + "\n".join(cut))
        plan = Plan(*_places(_print(page), entries), entries)
        page.evaluate(NUMBER, plan.numbers)
        book = _print(page)
        if _places(book, entries) != (plan.count, plan.places):
            raise SystemExit("The second print differs from the first: the contents would name wrong pages.")
        page.set_content(plan.heads(), wait_until="load")
        page.evaluate("() => document.fonts.ready.then(() => true)")
        return book, page.pdf(**PAPER), plan
    finally:
        page.close()


def _print(page: Page) -> bytes:
    """Return the page as a PDF, laid out from scratch: else Chromium may end pages elsewhere than in the print before."""
    page.evaluate("() => { for (const how of ['none', '']) { document.body.style.display = how; document.body.offsetHeight; } }")
    return page.pdf(**PAPER, tagged=True)


def _answer(route: Route, site: Path, html: str) -> None:
    """Give the browser the book, the files of print/ and of the site, and nothing else."""
    path = route.request.url.partition("?")[0].removeprefix(ORIGIN)
    file = ROOT / "tools" / path if path.startswith("print/") else site / path
    if path == "print/book.html":
        route.fulfill(body=html, content_type="text/html")
    elif route.request.url.startswith(ORIGIN) and file.is_file():
        route.fulfill(path=file, content_type=mimetypes.guess_type(file.name)[0])
    else:
        route.abort()


def _places(printed: bytes, entries: Sequence[Entry]) -> tuple[int, dict[str, int]]:
    """Return how many pages there are, and on which, from 0, each entry of the contents stands."""
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        index = {page.objgen: number for number, page in enumerate(pdf.pages)}
        targets = destinations(pdf)
        return len(pdf.pages), {entry.id: index[targets[entry.id][0].objgen] for entry in entries}


def destinations(pdf: pikepdf.Pdf) -> dict[str, Array]:
    """Return the named places of a PDF that Chromium wrote."""
    return {name.removeprefix("/"): place for name, place in pdf.Root.get("/Dests", Dictionary()).items()}


class Plan:
    """Which page comes where, and what stands in its head."""

    def __init__(self, count: int, places: dict[str, int], entries: Sequence[Entry]):
        self.count, self.places, self.entries = count, places, entries
        opening = {places[entry.id] for entry in entries if entry.opens}
        self.order: list[int | None] = []                # of printed pages; None is an empty one
        for number in range(count):
            if number in opening and len(self.order) % 2:
                self.order.append(None)
            self.order.append(number)
        where = {number: at for at, number in enumerate(self.order)}
        self.first = next((where[places[entry.id]] for entry in entries if entry.level == 0), 0)   # page 1
        self.numbers = {entry.id: self.label(where[places[entry.id]]) for entry in entries}

    def label(self, at: int) -> str:
        """Return the number of a page: roman before the first part."""
        return roman(at + 1) if at < self.first else str(at - self.first + 1)

    def heads(self) -> str:
        """Return a page of HTML for each page: the chapter on the left, the section on the right, nothing where one opens."""
        starts: dict[int | None, list[Entry]] = {}
        for entry in (entry for entry in self.entries if entry.level < 3):
            starts.setdefault(self.places[entry.id], []).append(entry)
        chapter = section = ""
        sheets = []
        for at, number in enumerate(self.order):
            begin = starts.get(number, [])
            sections = [entry.title for entry in begin if entry.level == 2]
            if opening := next((entry for entry in begin if entry.level < 2), None):
                chapter = section = next((entry.title for entry in begin if entry.level == 1), opening.title)
                numbered = number != 0 and (opening.level == 1 or opening.id == "index")
                sheets.append(f'<p class="foot">{self.label(at)}</p>' if numbered else "")
            elif number is None or number < min(starts):
                sheets.append("")
            else:
                side, words = ("right", [*sections, section][0]) if at % 2 == 0 else ("left", chapter)
                sheets.append(f'<p class="head {side}"><span>{escape(words)}</span><b>{self.label(at)}</b></p>')
            section = [section, *sections][-1]
        sheets = [f'<div class="sheet">{head}</div>' for head in sheets]
        return (f'<!doctype html><html lang="en"><meta charset="utf-8"><base href="{ORIGIN}print/"><link rel="stylesheet" '
                f'href="heads.css"><body>{"".join(sheets)}</body></html>')


def roman(number: int) -> str:
    for value, letters in ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        if number >= value:
            return letters + roman(number - value)
    return ""


# ---- the file -----------------------------------------------------------------------------------------

def bind(book: bytes, heads: bytes, plan: Plan, about: dict[str, str], address: str) -> pikepdf.Pdf:
    """Put heads, empty pages, bookmarks and page numbers into the printed book."""
    pdf, over = pikepdf.open(io.BytesIO(book)), pikepdf.open(io.BytesIO(heads))
    size = pdf.pages[0].mediabox
    for at, number in enumerate(plan.order):
        if number is None:
            pdf.pages.insert(at, pikepdf.Page(pdf.make_indirect(Dictionary(Type=Name.Page, MediaBox=size, Resources=Dictionary()))))
    for page, head in zip(pdf.pages, over.pages, strict=True):
        drawing = page.add_resource(pdf.copy_foreign(head.as_form_xobject()), Name.XObject)
        page.contents_add(b"q", prepend=True)            # Chromium leaves its own scale behind
        page.contents_add(b"Q /Artifact BMC q %s Do Q EMC" % bytes(drawing))
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            if "/A" in annotation and "/URI" in annotation.A:
                annotation.A.URI = pikepdf.String(str(annotation.A.URI).replace(ORIGIN, address))
    targets = destinations(pdf)
    with pdf.open_outline() as outline:
        above: list[list[OutlineItem]] = [outline.root]
        for entry in (entry for entry in plan.entries if entry.level < 3):
            depth = min(entry.level, len(above) - 1)     # the front page stands in no part
            item = OutlineItem(entry.title, destination=targets[entry.id])
            item.is_closed = True
            above[depth].append(item)
            above[depth + 1:] = [item.children]
    pdf.Root.PageLabels = Dictionary(Nums=[0, Dictionary(S=Name.r), plan.first, Dictionary(S=Name.D)] if plan.first
                                     else [0, Dictionary(S=Name.D)])
    pdf.Root.PageMode = Name.UseOutlines
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    with pdf.open_metadata() as metadata:
        metadata["dc:title"], metadata["dc:creator"] = about["title"], [about["author"]]
    return pdf


def make(browser: Browser, site: Path, target: Path, only: str = "") -> Plan:
    """Write the book, or the pages whose names `only` finds, and return the order of its pages."""
    about = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    names = [(part, name) for part, name in reading_order(site) if re.search(only, name)]
    html, entries = assemble([(part, read(site, name)) for part, name in names], about)
    book, heads, plan = print_book(browser, site, html, entries)
    with bind(book, heads, plan, about, address_of(site)) as pdf:
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)
    return plan


def address_of(site: Path) -> str:
    """Return where the site is published, if its pages say so; else nothing, since the file lies among them."""
    canonical = BeautifulSoup((site / FRONT).read_text(encoding="utf-8"), "lxml").find("link", rel="canonical")
    return canonical["href"].removesuffix(FRONT) if canonical else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--only", default="", metavar="PATTERN", help="only pages whose names match")
    parser.add_argument("--to", type=Path, help="the file to write, book.pdf in the site if not given")
    options = parser.parse_args()
    if not (options.site / FRONT).exists():
        raise SystemExit(f"{options.site}: there is no site; run `make book` first")
    if find_chromium() is None:
        raise SystemExit("The book is printed by Chromium, and there is none: install it, or name one in $CHROMIUM.")
    if options.only and options.to is None:
        parser.error("--only needs --to: book.pdf is the whole book")
    target = options.to or options.site / "book.pdf"
    with chromium() as browser:
        plan = make(browser, options.site.resolve(), target, options.only)
    if options.to is None:
        front = options.site / FRONT
        front.write_text(front.read_text(encoding="utf-8").replace(PLACE_OF_LINK, LINK), encoding="utf-8")
    print(f"{target}: {len(plan.order)} pages, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
