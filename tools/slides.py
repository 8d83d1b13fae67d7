"""Make slides for a lecture of every chapter of the built site: `make slides`.

    python -m tools.slides _build/html                   # writes _build/html/slides/NN-name.html
    python -m tools.slides _build/html --only 04

What stands on them is what the page shows, in the order of the page:

1. The title with the chapter's question, the widget that the chapter opens with; then what you can do after it.
2. For each section, under its heading: the first sentence of its text, every sentence with an emphasised word, every
   displayed formula with the sentence that leads to it, and of each item of a list the first sentence. A slide takes
   as many of these as it holds.
3. A slide of its own for each theorem, picture, widget, table, and each short cell of code, whose output comes at the
   next key. The sentence that follows a picture or a widget stands below it.
4. A slide of its own for each question: the blanks, and "Predict", "Before you run the next cell" and the like. The
   next key shows the answer: the true value, the output that follows, or the slide with the picture.
5. What to remember, whole.

Nothing folded, optional (★) or behind the summary gets a slide. book/slides.yml leaves slides out and adds others;
slides.css and slides.js in book/_extra/_static are their design, and reveal.js turns them.
"""

from __future__ import annotations

import argparse
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag
from markdown_it import MarkdownIt

from tools.notebooks import ROOT, chapters

PLACE_OF_LINKS = "<!-- the slides -->"       # in book/teaching.md
CHANGES = ROOT / "book" / "slides.yml"
LEFT_OUT = (".headerlink, .section-number, .formula-mark, .formula-check, .live-run, .reading-time, .toctree-wrapper, details.fold, "
            "span[id]:empty, .blank-answer label")
NO_SLIDES = {"exercises", "in-your-lecture-notes", "further-reading"}
SUMMARY = "what-to-remember"
#: Of what a slide holds: pixels of its height, letters of a line, lines of code and of output, and letters of such a line.
ROOM, LINE, CODE, OUTPUT, WIDE = 480, 72, 12, 8, 92
FEW = 200                                    # pixels: words that need no more get no slide of their own
#: Letters of a sentence: no longer one gets onto a slide, and a shorter one needs the sentence before it.
LONG, SHORT = 260, 32
END_OF_SENTENCE = re.compile(r"[.?!][”’)]?$")


@dataclass
class Slide:
    id: str
    title: str
    body: list[str] = field(default_factory=list)
    kind: str = ""                           # points, question, picture, …: a class for the style sheet
    room: int = ROOM                         # what is left of it
    before: str = ""                         # said above it,
    after: str = ""                          # and below it


# ---- sentences ----------------------------------------------------------------------------------------

def sentences(paragraph: Tag) -> list[str]:
    """Return the sentences of a paragraph as HTML; they end between its words, not within a formula or a citation."""
    found, current = [], ""
    for child in paragraph.children:
        if not isinstance(child, NavigableString):
            current += str(child)
            if (child.name in ("em", "strong") or "unbroken" in child.get("class", [])) and END_OF_SENTENCE.search(child.get_text()):
                found, current = [*found, current], ""
            continue
        *ended, rest = re.split(r"(?<=[.?!])\s+(?=[A-Z“])|(?<=[.?!])\s+$|(?<=[.?!][”’)])\s+(?=[A-Z“]|$)", str(child))
        for part in ended:
            found, current = [*found, current + escape(part, quote=False)], ""
        current += escape(rest, quote=False)
    found = [sentence.strip() for sentence in [*found, current] if sentence.strip()]
    if len(found) > 1 and re.fullmatch("<strong>[^<]*</strong>", found[0]) and letters(found[0]) < SHORT:     # a heading of its own
        found[:2] = [" ".join(found[:2])]
    return found


def letters(html: str) -> int:
    """Return how long a piece of HTML is to a reader."""
    return len(" ".join(unescape(re.sub("<[^>]+>", "", html)).split()))


def height(html: str) -> int:
    """Return about how many pixels of a slide a text takes."""
    return 45 * (1 + letters(html) // LINE) + 16


# ---- the slides of a section --------------------------------------------------------------------------

class Deck:
    """The slides of a chapter, in stacks: one for the title, one for each section."""

    def __init__(self) -> None:
        self.stacks: list[list[Slide]] = []
        self.seen: dict[str, int] = {}
        self.title = self.anchor = ""
        # Of the section that is read: a question whose answer has not come, a picture whose sentence has not come.
        self.asked: Slide | None = None
        self.shown: Slide | None = None
        self.first = True                    # no sentence has come yet

    def open(self, anchor: str, title: str, stack: bool) -> None:
        """Begin a section; without `stack` it goes on below the section it is part of."""
        self.anchor, self.title = anchor, title
        if stack or not self.stacks:
            self.stacks.append([])
        self.full = True                     # the next point begins a slide

    def slide(self, kind: str, *body: str) -> Slide:
        """Add a slide with an id that changes only when its own section does: the anchor, and its number there."""
        self.seen[self.anchor] = self.seen.get(self.anchor, 0) + 1
        made = Slide(f"{self.anchor}-{self.seen[self.anchor]}", self.title, list(body), kind)
        self.stacks[-1].append(made)
        self.full = kind != "points"
        return made

    def point(self, html: str, tall: int) -> None:
        """Put something onto the slide that is being filled, or onto a new one."""
        last = self.slide("points") if self.full or self.stacks[-1][-1].room < tall else self.stacks[-1][-1]
        last.body.append(html)
        last.room -= tall


def blocks(section: Tag) -> Iterator[Tag]:
    """Yield what stands in a section itself: neither its headings nor the sections in it."""
    for child in section.find_all(True, recursive=False):
        if child.name not in ("section", "h1", "h2", "h3", "h4"):
            yield child


def is_formula(block: Tag | None) -> bool:
    return block is not None and "formula" in block.get("class", [])


def is_question(block: Tag) -> bool:
    title = block.select_one(".admonition-title")
    return "admonition" in block.get("class", []) and bool(re.match("Predict|Before you", title.get_text() if title else ""))


def fill(deck: Deck, section: Tag) -> None:
    """Add the slides of one section, without those of the sections in it."""
    parts = list(blocks(section))
    deck.asked = deck.shown = None
    deck.first = True
    for block, follows in zip(parts, [*parts[1:], None]):
        kinds = block.get("class", [])
        if block.name == "p":
            text(deck, block, leads=is_formula(follows))
        elif is_formula(block):
            formula(deck, block)
        elif block.name in ("ul", "ol"):
            items = "".join(f"<li>{item if section.get('id') == SUMMARY else first_sentence(item)}</li>" for item in items_of(block))
            deck.point(f"<{block.name}>{items}</{block.name}>", sum(map(height, items.split("</li>")[:-1])))
        elif "blank" in kinds:
            answer = block.select_one("details p").decode_contents()
            deck.slide("question", block.select_one(".blank-question").decode_contents(), f'<p class="answer fragment">{answer}</p>')
        elif is_question(block):
            block.select_one(".admonition-title").extract()
            deck.asked = deck.slide("question", block.decode_contents())
        elif "admonition" in kinds:
            deck.slide("box", str(block))
        elif "cell" in kinds:
            cell(deck, block)
        elif block.name == "figure" or block.find("table"):
            deck.shown = deck.slide("picture", str(block))


def text(deck: Deck, paragraph: Tag, leads: bool) -> None:
    """Add of a paragraph what gets onto slides: below a picture or as the answer to a question its first sentence."""
    said = sentences(paragraph)
    if deck.shown and said:
        deck.shown.after, said, deck.first = shortened(said[0]), said[1:], False
    elif deck.asked and said:
        deck.asked.body.append(f'<p class="fragment">{said.pop(0)}</p>')
    for sentence in chosen(said, deck.first, leads):
        deck.point(f"<p>{sentence}</p>", height(sentence))
    deck.asked = deck.shown = None
    deck.first = False


def formula(deck: Deck, block: Tag) -> None:
    """Add a formula, on one slide with the sentence that leads to it."""
    lead = deck.stacks[-1][-1].body.pop() if not deck.full and follows_text(deck) else ""
    if lead:
        deck.stacks[-1][-1].room += height(lead)
    deck.point(lead + str(block), height(lead) * bool(lead) + 110)


def cell(deck: Deck, block: Tag) -> None:
    """Add a picture or a table, an output that answers, or short code and what it puts out."""
    picture = block.select_one("figure.explorer, .sketch, .cell_output img, .cell_output svg:not(.explorer-picture), .cell_output table")
    code, output, result = block.find(class_="cell_input"), block.select_one(".cell_output pre"), block.select_one(".cell_output")
    if picture:
        for printed in block.select(".output.stream"):       # a picture needs the room
            printed.decompose()
        deck.shown, deck.asked = deck.slide("picture", str(result)), None
    elif deck.asked and output and lines(output) <= OUTPUT:
        deck.asked.body.append(f'<div class="fragment">{result}</div>')
    elif code and output and max(map(len, block.get_text().splitlines())) <= WIDE:
        if calls_show(code) and lines(output) <= CODE:
            deck.slide("code", str(result))
        elif not calls_show(code) and lines(code) <= CODE and lines(output) <= OUTPUT:
            deck.slide("code", str(code), f'<div class="fragment">{result}</div>')


def shortened(words: str) -> str:
    """Return an instruction, which is one emphasis of several sentences, without those that make it long."""
    emphasis = BeautifulSoup(words, "lxml").em
    if letters(words) <= LONG or emphasis is None or not words.startswith("<em"):
        return words
    kept = ""
    for sentence in sentences(emphasis):
        if kept and letters(kept + sentence) > LONG:
            break
        kept += f" {sentence}"
    return f"<em>{kept.strip()}</em>"


def chosen(said: Sequence[str], first: bool, leads: bool) -> list[str]:
    """Return of the sentences of a paragraph those that get onto a slide."""
    plain = [without_sources(sentence) for sentence in said]
    opening = next((place for place, sentence in enumerate(said) if "bibtex-citation" not in sentence), None) if first else None
    last = len(said) - 1
    return [sentence for place, sentence in enumerate(said)
            if leads and (place == last or place == last - 1 and letters(said[last]) < SHORT)
            or (place == opening or re.search("<(em|strong)[ >]", plain[place])) and letters(sentence) <= LONG]


def without_sources(sentence: str) -> str:
    if "bibtex-citation" not in sentence:
        return sentence
    parsed = BeautifulSoup(f"<p>{sentence}</p>", "lxml").p
    for source in parsed.select(".bibtex-citation"):
        source.decompose()
    return parsed.decode_contents()


def follows_text(deck: Deck) -> bool:
    return bool(deck.stacks[-1]) and bool(deck.stacks[-1][-1].body) and deck.stacks[-1][-1].body[-1].startswith("<p>")


def items_of(block: Tag) -> list[str]:
    """Return the items of a list as HTML of sentences."""
    return [(item.find("p", recursive=False) or item).decode_contents() for item in block.find_all("li", recursive=False)]


def first_sentence(html: str) -> str:
    return next(iter(sentences(BeautifulSoup(f"<p>{html}</p>", "lxml").p)), "")


def lines(code: Tag) -> int:
    return code.get_text().strip().count("\n") + 1


def calls_show(code: Tag) -> bool:
    """Whether a cell only shows source of the library, which is its output."""
    return code.get_text().strip().startswith("show(") and lines(code) == 1


# ---- a chapter ----------------------------------------------------------------------------------------

def deck_of(page: BeautifulSoup, picture: str) -> tuple[str, list[list[Slide]]]:
    """Return the title of a chapter, and its slides, a stack a section."""
    article = page.select_one("article.bd-article")
    number = article.select_one("h1 .section-number").get_text(strip=True).rstrip(".")
    for element in article.select(LEFT_OUT):
        element.decompose()
    for comment in article.select(".c1"):
        if comment.get_text().startswith("# check"):         # which formula the cell checks: no matter of the lecture
            comment.next_sibling.replace_with(str(comment.next_sibling).removeprefix("\n"))
            comment.decompose()
    chapter, deck = article.find("section"), Deck()
    title = chapter.h1.decode_contents().strip()
    question = next((strong for strong in chapter.select(":scope > p > strong") if strong.get_text().endswith("?")), None)
    deck.open("title", "", stack=True)
    asks = question.decode_contents() if question else ""
    deck.slide("title", f'<div class="chapter-picture">{picture}</div><p class="number">{number}</p><h1>{title}</h1><p class="asks">{asks[:1].upper() + asks[1:]}</p>')
    for widget in chapter.select(":scope > .cell:has(figure.explorer)"):
        deck.open("opening", title, stack=False)
        opening = page.new_tag("section")
        opening.extend([widget.find_next_sibling(), widget][::-1])
        fill(deck, opening)
    for aims in chapter.find_all("ul", recursive=False)[:1]:
        deck.open("aims", sentences(aims.find_previous_sibling("p"))[-1].rstrip(":"), stack=False)
        deck.slide("points", str(aims))
    for section in chapter.find_all("section"):
        heading = section.find(["h2", "h3", "h4"], recursive=False)
        above = [section, *section.find_parents("section")]
        if heading is None or any(each.get("id") in NO_SLIDES or "★" in each.find(re.compile("h[1-4]")).get_text() for each in above):
            continue
        deck.open(section["id"], heading.decode_contents().strip(), stack=heading.name == "h2")
        fill(deck, section)
    return title, [gather(stack) for stack in deck.stacks if stack]


def gather(stack: list[Slide]) -> list[Slide]:
    """Put few words that would stand alone above what follows under the same heading, or else below what they follow."""
    result: list[Slide] = []
    for place, slide in enumerate(stack):
        follows = stack[place + 1] if place + 1 < len(stack) else None
        alone = slide.kind == "points" and slide.room >= ROOM - FEW and all(re.fullmatch("<p>.*</p>", part, re.DOTALL) for part in slide.body)
        if alone and follows and follows.title == slide.title:
            follows.before = " ".join(map(unwrapped, slide.body))
        elif alone and result and result[-1].title == slide.title and result[-1].kind in ("box", "code"):
            result[-1].after = " ".join(map(unwrapped, slide.body))
        else:
            result.append(slide)
    return result


def unwrapped(paragraph: str) -> str:
    return paragraph.removeprefix("<p>").removesuffix("</p>")


def change(stacks: list[list[Slide]], wishes: Mapping[str, Any], name: str) -> list[list[Slide]]:
    """Return the slides without those that a teacher leaves out, and with those that were added."""
    ids = {slide.id for stack in stacks for slide in stack}
    anchors = {id.rpartition("-")[0] for id in ids}
    leave, added = set(map(str, wishes.get("leave out", []))), wishes.get("add", [])
    if unknown := (leave - ids - anchors) | ({slide["after"] for slide in added} - ids):
        raise SystemExit(f"{CHANGES.name}: {name} has no slide {', '.join(sorted(unknown))}")
    result = []
    for stack in stacks:
        kept = []
        for slide in stack:
            if not {slide.id, slide.id.rpartition("-")[0]} & leave:
                kept.append(slide)
            kept += [Slide(f"{slide.id}-added-{number}", escape(new.get("title", "")), [MarkdownIt().render(new["text"])], "points")
                     for number, new in enumerate(added, start=1) if new["after"] == slide.id]
        result.append(kept)
    return [stack for stack in result if stack]


# ---- the page -----------------------------------------------------------------------------------------

def html_of(site: Path, name: str, wishes: Mapping[str, Any]) -> str:
    """Return the slides of the chapter `name`, 04-gradient-descent, as a page of the folder slides."""
    formulas = Formulas()
    page = BeautifulSoup(formulas.out((site / "book" / f"{name}.html").read_text(encoding="utf-8")), "lxml")
    picture = ROOT / "book" / "images" / "chapters" / f"{name}.svg"
    title, stacks = deck_of(page, picture.read_text(encoding="utf-8") if picture.exists() else "")
    stacks = change(stacks, wishes, name)
    body = BeautifulSoup("".join(f"<section>{''.join(_section(slide, name) for slide in stack)}</section>" for stack in stacks), "lxml").body
    for link in body.find_all("a", href=True):
        link["href"], link["target"] = _from_slides(link["href"], name), "_blank"
    names = {slide.id for stack in stacks for slide in stack}
    for element in body.select("section section [id]"):      # a formula's own name would be one twice
        if element["id"] in names or not element.find_parent(class_=["explorer", "sketch"]):
            del element["id"]
    for part in body.select("section section section"):      # of a theorem: reveal.js would take it for a slide
        part.name = "div"
    for image in body.find_all("img"):
        image["src"] = _from_slides(image["src"], name)
    sheets = [*(link["href"] for link in page.find_all("link", rel="stylesheet")), "../_static/front.css"]     # of the chapter's picture
    styles = "<style>@layer shown, site;</style>" + "".join(f'<style>@import url("{sheet}") layer(site);</style>' for sheet in sheets)
    walk = next((script for script in page.find_all("script") if "function explorerWalk" in (script.string or "")), "")
    own = MATHJAX if "$" in str(wishes.get("add", "")) or not formulas.kept else ""
    return f"""<!doctype html>
<html lang="en" data-content_root="../"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Slides: {BeautifulSoup(title, "lxml").get_text()}</title><link rel="icon" href="../_static/favicon.svg">
{styles}<link rel="stylesheet" href="../_static/vendor/reveal/reveal.css"><link rel="stylesheet" href="../_static/slides.css">
{own}{walk}<script defer src="../_static/vendor/reveal/reveal.js"></script><script defer src="../_static/slides.js"></script><script defer src="../_static/widgets.js"></script>
</head><body><article class="bd-article bd-content reveal"><div class="slides">{formulas.back(body.decode_contents())}</div></article></body></html>
"""


#: For formulas that somebody has added, and for a site that was built without Node.
MATHJAX = r"""<script>window.MathJax = {options: {enableMenu: false}, tex: {inlineMath: [["\\(", "\\)"], ["$", "$"]]}};</script>
<script defer src="../_static/vendor/mathjax/tex-chtml.js"></script>"""


class Formulas:
    """Typeset formulas are most of a page: they are taken out while it is read, and put back at the end."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def out(self, html: str) -> str:
        return re.sub("<mjx-container.*?</mjx-container>", self._words, html, flags=re.DOTALL)

    def _words(self, formula: re.Match[str]) -> str:
        """Return what stands for a formula: its letters, since the length of a sentence counts."""
        self.kept.append(formula[0])
        return f'<mjx-container data-kept="{len(self.kept) - 1}">{re.sub("<[^>]+>", "", formula[0])}</mjx-container>'

    def back(self, html: str) -> str:
        return re.sub(r'<mjx-container data-kept="(\d+)">.*?</mjx-container>', lambda mark: self.kept[int(mark[1])], html, flags=re.DOTALL)


def _from_slides(link: str, name: str) -> str:
    """Return where a link of the chapter leads to from the folder of the slides, which lies beside that of the book."""
    if re.match("[a-z]+:", link) or link.startswith("../book/"):
        return link
    return f"../book/{name}.html{link}" if link.startswith("#") else posixpath.normpath(f"../book/{link}")


def _section(slide: Slide, name: str) -> str:
    anchor = re.sub(r"(-\d+)?(-added-\d+)?$", "", slide.id)
    back = "" if anchor in ("title", "opening", "aims") else f'<a class="in-the-book" href="../book/{name}.html#{anchor}">in the book</a>'
    head = f"<h2>{slide.title}</h2>" if slide.title else ""
    before, after = (f'<p class="{where}">{words}</p>' if words else "" for where, words in
                     (("before", slide.before), ("after", slide.after)))
    return (f'<section id="{slide.id}" class="{slide.kind}">{head}{before}<div class="room"><div class="fit">'
            f'{"".join(slide.body)}</div></div>{after}{back}</section>')


def wishes_of(name: str) -> Mapping[str, Any]:
    """Return what book/slides.yml says about a chapter."""
    return (yaml.safe_load(CHANGES.read_text(encoding="utf-8")) or {}).get(name) or {}


def names(site: Path) -> list[str]:
    """Return the chapters that the site has."""
    return [path.stem for path in chapters() if path.stem[0].isdigit() and (site / "book" / f"{path.stem}.html").exists()]


def links(made: Iterable[str]) -> str:
    """Return the links to the slides for the page of the teachers."""
    return "<p>" + " · ".join(f'<a class="reference" href="../slides/{name}.html">{int(name[:2])}</a>' for name in made) + "</p>"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--only", default="", metavar="PATTERN", help="only chapters whose names match")
    options = parser.parse_args()
    made = [name for name in names(options.site) if re.search(options.only, name)]
    folder = options.site / "slides"
    folder.mkdir(exist_ok=True)
    for name in made:
        (folder / f"{name}.html").write_text(html_of(options.site, name, wishes_of(name)), encoding="utf-8")
    print(f"Slides of {len(made)} chapters are in {folder}; book/teaching.html of the site lists them.")
    page = options.site / "book" / "teaching.html"
    if page.exists() and not options.only:
        page.write_text(page.read_text(encoding="utf-8").replace(PLACE_OF_LINKS, links(made)), encoding="utf-8")


if __name__ == "__main__":
    main()
