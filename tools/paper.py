"""Make of a page of the site what can stand on paper: pictures for widgets, all open, no buttons.

A link leads to its place in the book where that is printed, else to the page of the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag

from bs4 import BeautifulSoup, Tag

#: A host that does not exist: pages are asked for under it, and links that stay with it lead to the site.
ORIGIN = "http://book.invalid/"
#: On the first page of the site: where the link to the printed book comes when there is one, and that link.
PLACE_OF_LINK = "<!-- the printed book -->"
LINK = '<p class="front-pdf"><a class="reference" href="../book.pdf">The whole book as a PDF</a>, to print or to take along</p>'
#: What nobody can press, and code that is folded on the page: imports, drawings, checks.
LEFT_OUT = (".headerlink, .live-run, .viewcode-link, .toctree-wrapper, .fold-imports, .fold-drawing, .fold-check, "
            ".front-buttons, .race-controls, .race-cost, .race-says, .chapter-picture, .chapter-minutes, "
            "button, script, style, input, .front-pdf")
HEADINGS = re.compile(r"h[1-5]")


@dataclass
class Sheet:
    """A page of the site, on its way to paper."""

    name: str                                # book/04-gradient-descent.html
    article: Tag
    title: str
    sections: list[tuple[str, str]]          # (id, title)
    styles: list[str] = field(default_factory=list)   # addresses of style sheets, and sheets
    mathjax: tuple[str, str] | None = None   # its configuration and its address

    @property
    def key(self) -> str:
        return key_of(self.name)


def key_of(name: str) -> str:
    """Return the id of a page in the book; those of its parts begin with it."""
    return name.removesuffix(".html").replace("/", "-")


def read(site: Path, name: str) -> Sheet:
    """Return a page of the site, ready for paper but for its links to other pages."""
    soup = BeautifulSoup((site / name).read_text(encoding="utf-8"), "lxml")
    article = soup.select_one("article.bd-article")
    scripts = soup.find_all("script")
    loads = next((script["src"] for script in scripts if "mathjax/" in script.get("src", "")), None)
    setting = next((script.string for script in scripts if "window.MathJax" in (script.string or "")), None)
    styles = [_from_root(name, link["href"]) for link in soup.find_all("link", rel="stylesheet")]
    styles += [style.string for style in soup.find_all("style") if "mjx" in (style.string or "")]
    _still_widgets(article, name)
    for element in article.select(LEFT_OUT):
        element.decompose()
    for cell in article.select(".cell"):                  # its code was left out: a heading would stand alone above nothing
        if not cell.get_text(strip=True) and not cell.select_one("img, svg, [id]"):
            cell.decompose()
    _leave_out_of_exercises(article)
    _answers_at_the_end(article)
    _open(article)
    _say_what_moves(article, name)
    for picture in article.select("a.image-reference"):
        picture.unwrap()
    for image in article.find_all("img"):
        if not image["src"].startswith("data:"):
            image["src"] = _from_root(name, image["src"])
    sections = _name_parts(article, key_of(name))
    for heading in article.find_all(HEADINGS):           # parts of the book are h1
        heading.name = f"h{int(heading.name[1]) + 1}"
    return Sheet(name, article, words_of(article.find("h2")), sections, styles,
                 (setting, _from_root(name, loads)) if loads and setting else None)


def words_of(heading: Tag) -> str:
    """Return a title as the contents and the bookmarks show it."""
    return " ".join(heading.get_text().replace("★", "").split())


def _from_root(name: str, link: str) -> str:
    return "/" + posixpath.normpath(posixpath.join(posixpath.dirname(name), link.partition("?")[0]))


# ---- what moves on the page ---------------------------------------------------------------------------

def _still_widgets(article: Tag, name: str) -> None:
    """Leave of each widget the picture that it shows first, whole, and under it what it shows for which values."""
    for widget in article.select("figure.explorer"):
        picture = widget.select_one(".explorer-picture")             # of one that is cut, the part that holds the whole
        whole = picture.find("image")
        picture["viewbox"] = f'0 0 {whole["width"]} {whole["height"]}'
        picture["width"] = whole["width"]
        del picture["style"]
        values = [f"{control.find(['label', 'span']).get_text()} = {_chosen(control)}"
                  for control in widget.select(".explorer-control[data-count]")]
        says = f'{widget.select_one(".explorer-caption").decode_contents()} Here: {escape(", ".join(values))}.'
        widget.replace_with(fragment(
            f'<div class="still">{picture}<p class="still-caption">{says} '
            f'<a class="online" href="{ORIGIN}{name}">Move it on the page.</a></p></div>'))


def _chosen(control: Tag) -> str:
    """Return the value of a slider, or the button that is pressed."""
    shown = control.find("output") or control.find("input", checked=True).find_next("span")
    return shown.get_text()


def _say_what_moves(article: Tag, name: str) -> None:
    """Name what has no picture on paper, or only a still one, with a link to the page."""
    for sketch in article.select(".sketch"):
        sketch.replace_with(fragment(f'<p class="still-caption">Here the page has a field to draw a digit in. '
                                     f'<a class="online" href="{ORIGIN}{name}">Draw it on the page.</a></p>'))
    for race in article.select(".race"):
        race.append(fragment(f'<p class="still-caption"><a class="online" href="{ORIGIN}{name}">Let them run on the page.</a></p>'))


def _leave_out_of_exercises(article: Tag) -> None:
    """Leave out what only a program can do for a reader: check an answer, take one, count the right ones."""
    for cell in article.select(".cell"):
        if cell.get_text().lstrip().startswith("check("):
            cell.decompose()
    for element in article.select("#how-far-are-you, p:-soup-contains('Write your answer here.')"):
        element.decompose()


# ---- what is closed on the page -----------------------------------------------------------------------

def _answers_at_the_end(article: Tag) -> None:
    """Leave a line to write on in the place of each true value; the values stand at the end, under the same letters."""
    answers = []
    for number, blank in enumerate(article.select(".blank"), start=1):
        true = blank.select_one("details p")
        answers.append(f'<li>{true.decode_contents()}</li>')
        blank.select_one(".blank-answer").replace_with(fragment(
            f'<p class="blank-line">{number}. Your value: <span></span></p>'))
    if answers:
        article.append(fragment(f'<div class="answers"><p class="rubric">The true values</p><ol>{"".join(answers)}</ol></div>'))


def _open(article: Tag) -> None:
    """Print what is folded after its line; an optional section and the lecture notes have a heading, and need no line."""
    for fold in article.find_all("details"):
        line = fold.find("summary", recursive=False)
        if {"fold-optional", "fold-notes"} & set(fold.get("class", [])):
            line.decompose()
        elif line:
            line.name, line["class"] = "p", "fold-line"
        fold.name = "div"


# ---- names and links ----------------------------------------------------------------------------------

def _name_parts(article: Tag, key: str) -> list[tuple[str, str]]:
    """Make ids differ from those of other pages, and name the title and the sections; return (id, title) of these."""
    seen = set()
    for element in article.find_all(id=True):
        if element["id"] in seen:                       # Sphinx names a formula twice
            del element["id"]
        else:
            seen.add(element["id"])
            element["id"] = f"{key}--{element['id']}"
    article.find("h1")["id"] = key
    sections = []
    for number, heading in enumerate(article.find_all("h2")):
        heading["id"] = f"{key}--section-{number}"
        sections.append((heading["id"], words_of(heading)))
    return sections


def link(sheets: Iterable[Sheet]) -> None:
    """Let links lead to places of the book, or, where they are not printed, to the page of the site."""
    sheets = list(sheets)
    printed = {sheet.name for sheet in sheets}
    ids = {element["id"] for sheet in sheets for element in sheet.article.find_all(id=True)}
    for sheet in sheets:
        for anchor in sheet.article.find_all("a", href=True):
            if re.match(r"[a-z]+:", anchor["href"]):
                continue
            path, fragment_ = urldefrag(anchor["href"])
            page = _from_root(sheet.name, path)[1:] if path else sheet.name
            target = f"{key_of(page)}--{unquote(fragment_)}" if fragment_ else key_of(page)
            if page in printed and target in ids:
                anchor["href"] = f"#{target}"
            else:
                anchor["href"] = f"{ORIGIN}{page}" + (f"#{fragment_}" if fragment_ else "")
                anchor["class"] = [*anchor.get("class", []), "online"]


def fragment(html: str) -> Tag:
    """Return the first element of a piece of HTML."""
    return BeautifulSoup(html, "lxml").body.find(True, recursive=False)
