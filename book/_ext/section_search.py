"""A search that finds the section, not the page, served and from disk.

Sphinx' own index knows which page holds a word. Here each section, and each entry of the library, is one place to
find: its title, its own text, and the words that it emphasises, since the book emphasises what it defines. Code,
outputs, hints and the true values of blanks are no part of the text; formulas become Unicode, long ones "…". Of a
solution only the titles can be found, which are those of its exercise. Other names of a section, such as "early
stopping" for "Stop early", are in book/search-words.yml.

The sections are written into search-sections.js, beside Sphinx' searchindex.js; search.js ranks and shows them on the
search page (_templates/search.html). No other page loads any of it. found.js marks the words at the place to which a
result leads.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blanks
import contents
import formula_checks
import live_pages
import pylatexenc.latex2text
import pylatexenc.latexwalker
import yaml
from docutils import nodes
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec
from pylatexenc.latexwalker import LatexMacroNode
from pylatexenc.macrospec import std_macro
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)
WORDS = Path(__file__).resolve().parents[1] / "search-words.yml"
#: What is not read. Titles and sections are places of their own.
SKIPPED = (nodes.title, nodes.comment, nodes.target, nodes.literal_block, nodes.substitution_definition, addnodes.desc,
           addnodes.index, blanks.blank_value, contents.chapter_list, formula_checks.formula_index)
MAINTAINERS = ("book/contributing", "book/testing", "book/benchmarks")

# ---- words ------------------------------------------------------------------------------------------

#: What pylatexenc would leave out or run together: read before it, and after it.
BEFORE = (
    (r"\\(?:[bB]igg?[lrm]?|left|right|displaystyle|limits)(?![a-zA-Z])|\\!", ""), (r"\\[,;: ]|\\q?quad", " "),
    (r"\\\|", "‖"), (r"\^\{?\\(?:mathsf\s*\{?T\}?|top)\}?", "ᵀ"), (r"\\odot\b", "~⊙~"), (r"\\ne\b|\\neq\b", "~≠~"),
    (r"\\(?:iff|Leftrightarrow)\b", "~⟺~"), (r"\\(?:implies|Rightarrow)\b", "~⟹~"), (r"\\leq?\b", "~≤~"),
    (r"\\geq?\b", "~≥~"), (r"\\approx\b", "~≈~"), (r"\\in\b", "~∈~"), (r"\\to\b", "~→~"), (r"\\sim\b", "~∼~"),
    (r"\\(log|exp|max|min|ln|sin|cos)\b\s*(?![_^])", r"~\\\1~"),
    (r"([_^])\{(?!\\?\w+\}|\\text\{\w+\}\}|\(|\[)((?:[^{}]|\{[^{}]*\})*)\}", r"\1{(\2)}"),     # more than one word
)
AFTER = ((r"\^(?:\((-?\d+)\)|(-?\d+)(?![\w.]))", lambda found: (found[1] or found[2]).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))), (r"\^\*", "*"), (r"([(\[]) ", r"\1"))
LONGEST = 45


def _fraction(node: LatexMacroNode, l2tobj: LatexNodes2Text) -> str:
    """Return a fraction in a line, with the brackets that it needs there."""
    over, under = (l2tobj.nodelist_to_text([part]).strip() for part in node.nodeargd.argnlist)
    over = f"({over})" if re.search(r"[-+−=,]| ", over) else over
    under = under if re.fullmatch(r"[\w.]+|√\([^()]*\)", under) else f"({under})"
    return f"{over}/{under}"


def _to_text() -> Callable[[str], str]:
    """Return a converter that also knows \\tfrac and \\dfrac."""
    parsed, shown = pylatexenc.latexwalker.get_default_latex_context_db(), pylatexenc.latex2text.get_default_latex_context_db()
    names = ("frac", "tfrac", "dfrac")
    parsed.add_context_category("fractions", macros=[std_macro(name, "{{") for name in names], prepend=True)
    shown.add_context_category("fractions", macros=[MacroTextSpec(name, simplify_repl=_fraction) for name in names], prepend=True)
    converter = LatexNodes2Text(latex_context=shown, math_mode="text", strict_latex_spaces=False)

    def convert(latex: str) -> str:
        parts, _, _ = pylatexenc.latexwalker.LatexWalker(latex, latex_context=parsed).get_latex_nodes()
        return converter.nodelist_to_text(parts)

    return convert


latex_to_text = _to_text()


def unicode_of(latex: str) -> str:
    """Return a short formula as a reader would type it, "…" for a long one."""
    for pattern, words in BEFORE:
        latex = re.sub(pattern, words, latex)
    text = re.sub(r"\s+", " ", latex_to_text(latex)).strip()
    for pattern, words in AFTER:
        text = re.sub(pattern, words, text)
    return text if len(text) <= LONGEST and "\\" not in text else "…"


class Reader:
    """Reads the text of a part of a page; a reference without words of its own is left open, as "\\0role target\\0"."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.emphasised: list[str] = []
        self.hidden = 0                 # inside how many <details> of an exercise: hints

    def read(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Text):
            self.words.append("" if self.hidden else node.astext())
        elif isinstance(node, nodes.raw):
            self.hidden += node.astext().count("<details") - node.astext().count("</details")
        elif self.hidden or isinstance(node, SKIPPED) or is_place(node) or node.get("nb_element", "").startswith("cell_code"):
            pass
        elif isinstance(node, (nodes.math, nodes.math_block)):
            self.words.append(unicode_of(node.astext()))
        elif isinstance(node, addnodes.pending_xref) and not node.get("refexplicit") and (role := _role(node)):
            self.words.append(", ".join(f"\0{role} {target.strip()}\0" for target in node["reftarget"].split(",")))
        else:
            for child in node.children:
                self.read(child)
            if isinstance(node, (nodes.emphasis, nodes.strong)):
                self.emphasised.append(node.astext())
        if not isinstance(node, (nodes.Text, nodes.Inline)):
            self.words.append(" ")


def _role(node: addnodes.pending_xref) -> str | None:
    """Return the role of a reference, as live_pages.references names it."""
    names = {("math", "eq"): "eq", ("std", "numref"): "numref", ("std", "ref"): "ref", ("prf", "ref"): "prf:ref",
             ("cite", "p"): "cite", ("cite", "t"): "cite:t"}
    return names.get((node.get("refdomain"), node.get("reftype")))


def read(children: list[nodes.Node]) -> Reader:
    reader = Reader()
    for child in children:
        reader.read(child)
    return reader


def squeeze(words: list[str]) -> str:
    return re.sub(r" (?=[.,;:)])", "", re.sub(r"\s+", " ", "".join(words))).strip()


# ---- places -----------------------------------------------------------------------------------------

def is_place(node: nodes.Node) -> bool:
    """Whether it is a section with a title: sphinx-proof makes others."""
    return isinstance(node, nodes.section) and any(isinstance(child, nodes.title) for child in node.children)


def places(doctree: nodes.document, docname: str) -> list[dict[str, Any]]:
    """Return the places of a page: anchor, title, text, emphasised words, and the position of the one around it."""
    found: list[dict[str, Any]] = []
    nothing_but_titles = docname.startswith("solutions/")

    def visit(node: nodes.Element, around: int) -> None:
        for child in node.children:
            if is_place(child):
                title = next(part for part in child.children if isinstance(part, nodes.title))
                add(child["ids"][0], squeeze(read(title.children).words), [] if nothing_but_titles else child.children, around)
                visit(child, len(found) - 1)
            elif isinstance(child, addnodes.desc) and (name := child[0].get("fullname")):
                inner = len(found)
                add(child[0]["ids"][0] if child[0]["ids"] else "", name, child[-1].children, around)
                visit(child[-1], inner)
            elif isinstance(child, nodes.Element):
                visit(child, around)

    def add(anchor: str, title: str, children: list[nodes.Node], around: int) -> None:
        said = read(children)
        found.append({"anchor": anchor, "title": title, "text": squeeze(said.words),
                      "emphasised": "\n".join(said.emphasised), "around": around})

    visit(doctree, -1)
    return found


def kind_of(docname: str) -> str:
    if contents.number_of(docname):
        return "chapter"
    if docname in MAINTAINERS:
        return "maintainers"
    return {"exercises": "exercises", "solutions": "solutions"}.get(docname.split("/")[0], docname.split("/")[-1])


# ---- the build --------------------------------------------------------------------------------------

def places_of(env: BuildEnvironment) -> dict[str, list[dict[str, Any]]]:
    """Return the places of all pages that were read, now or in an earlier build."""
    if not hasattr(env, "search_places"):
        env.search_places = {}
    return env.search_places


def other_words() -> dict[str, dict[str, str]]:
    """Return what readers may call a section, by page and anchor."""
    return yaml.safe_load(WORDS.read_text(encoding="utf-8"))


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> None:
    for docname, sections in other_words().items():
        if docname not in env.found_docs and any(Path(app.srcdir).glob(f"{docname}.*")):     # left out of this site
            continue
        for anchor in sections.keys() - {place["anchor"] for place in places_of(env).get(docname, [])}:
            logger.warning("search-words.yml names a section %s, which the page does not have", anchor, location=docname, type="search")


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    places_of(app.env)[app.env.docname] = places(doctree, app.env.docname)


def on_env_purge_doc(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    places_of(env).pop(docname, None)


def on_env_merge_info(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    places_of(env).update({name: found for name, found in places_of(other).items() if name in docnames})


def rows(env: BuildEnvironment) -> list[list[Any]]:
    """Return what search.js reads, a list for each page: name, kind, places; references have their numbers now."""
    texts, others = live_pages.references(env), other_words()

    def filled(words: str) -> str:
        return re.sub("\0([^ ]+) ([^\0]+)\0", lambda open_: texts[open_[1]].get(open_[2], [""])[0], words)

    def titled(docname: str, place: dict[str, Any]) -> str:
        numbers = env.toc_secnumbers.get(docname, {})
        number = numbers.get("" if place["around"] < 0 else f"#{place['anchor']}", ())
        return f"{'.'.join(map(str, number))} {filled(place['title'])}".strip()

    def row(docname: str, place: dict[str, Any]) -> list[Any]:
        names = [place["emphasised"], *others.get(docname, {}).get(place["anchor"], "").split("; ")]
        anchor = place["anchor"] if place["around"] >= 0 else ""       # the page itself, from its top
        return [anchor, titled(docname, place), filled(place["text"]), "\n".join(filter(None, names)), place["around"]]

    return [[docname, kind_of(docname), [row(docname, place) for place in found]]
            for docname, found in sorted(places_of(env).items()) if docname in env.found_docs]


def on_page(app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if docname == "search":
        app.add_css_file("search.css")
    else:
        app.add_js_file("found.js", loading_method="defer")


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        data = json.dumps(rows(app.env), ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "search-sections.js").write_text(f"window.searchSections={data};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | int | str]:
    app.add_config_value("section_search_version", hashlib.sha256(Path(__file__).read_bytes()).hexdigest(), "env")
    app.connect("doctree-read", on_doctree_read, priority=100)     # before other extensions add marks and folds
    app.connect("env-updated", on_env_updated)
    app.connect("env-purge-doc", on_env_purge_doc)
    app.connect("env-merge-info", on_env_merge_info)
    app.connect("html-page-context", on_page)
    app.connect("build-finished", on_build_finished)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
