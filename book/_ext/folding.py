"""Fold what a reader can do without at first: one closed line each, which opens on the spot.

* imports (tag `imports`),
* the code that draws a picture (tag `hide-input`), under its picture, with the cells of the same tag right before it,
* a check without output, unless it has the tag `open`: its line says which formula it checks,
* sections whose title begins with ★, and "In your lecture notes": the title stays,
* boxes of the class `dropdown`, such as proofs.

Everything is a ``<details>``, so it works without JavaScript. folds.js opens what a link leads to, and has a switch
for all. Which cells and sections are folded, and how long a chapter takes to read, which is said under its title,
is in tools/reading_time.py.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools import formulas, reading_time  # noqa: E402

PICTURES = ("image/", "application/vnd.jupyter.widget")


class fold(nodes.General, nodes.Element):
    """A ``<details>``: attribute `kind`; the first child is a `fold_line`, the others are folded."""


class fold_line(nodes.TextElement):
    """Its ``<summary>``. A check names its formulas: attribute `checks`, pairs of kind and math block."""


def folded(kind: str, words: str, *content: nodes.Node, **attributes: object) -> fold:
    return fold("", fold_line("", words), *content, kind=kind, **attributes)


# ---- code cells -------------------------------------------------------------------------------------

def fold_cells(doctree: nodes.document) -> None:
    cells = [cell for cell in doctree.findall(nodes.container) if cell.get("nb_element") == "cell_code"]
    blocks = {block["label"]: block for block in doctree.findall(nodes.math_block) if block.get("label")}
    for cell in cells:
        parts = {part.get("nb_element"): part for part in cell.children}
        source, output = parts.get("cell_code_source"), parts.get("cell_code_output")
        if source is None:
            continue
        kind = reading_time.fold_of_cell(cell["cell_metadata"].get("tags", []), source.astext(), output is not None)
        if kind == "imports":
            _fold_imports(cell)
        elif kind == "drawing":
            _fold_drawing(cell, source, output)
        elif kind == "check":
            _fold_check(cell, source.astext(), blocks)


def _fold_imports(cell: nodes.container) -> None:
    """Fold a cell, together with imports that stand right before it."""
    before = _before(cell)
    if isinstance(before, fold) and before["kind"] == "imports":
        cell.parent.remove(cell)
        before += cell
    else:
        _replace(cell, lambda: folded("imports", "Imports", cell))


def _replace(node: nodes.Element, make) -> None:
    """Put what `make` returns, which contains the node, in the node's place."""
    parent, place = node.parent, node.parent.index(node)
    parent[place] = made = make()
    made.parent = parent


def _fold_drawing(cell: nodes.container, source: nodes.container, output: nodes.container | None) -> None:
    """Put the code under the picture; code without an output waits for the next cell, if that draws."""
    cell.attributes.pop("hide_mode", None)  # MyST-NB would fold it its own way
    if output is None and _draws(_after(cell)):
        cell["classes"].append("fold-waits")
        return
    earlier = []
    while (before := _before(cell)) is not None and "fold-waits" in before["classes"]:
        earlier.insert(0, before[0])
        before.parent.remove(before)
    shows = "" if output is None else " ".join(str(mime) for part in output.findall() for mime in _mime_types(part))
    words = "How this picture is drawn" if any(mime in shows for mime in PICTURES) else "The code"
    cell.remove(source)
    cell += folded("drawing", words, *earlier, source)


def _mime_types(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.image):
        return ["image/"]
    return [node["mime_type"]] if isinstance(node, nodes.Element) and node.get("mime_type") else []


def _draws(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Element) and "tag_hide-input" in node.get("classes", [])


def _after(node: nodes.Element) -> nodes.Node | None:
    place = node.parent.index(node) + 1
    return node.parent[place] if place < len(node.parent) else None


def _before(node: nodes.Element) -> nodes.Node | None:
    place = node.parent.index(node)
    return node.parent[place - 1] if place else None


def _fold_check(cell: nodes.container, source: str, blocks: dict[str, nodes.math_block]) -> None:
    """Fold a check cell with the line before it, which formula_checks.py has made; its anchors go to the fold."""
    line = _before(cell)
    if not (isinstance(line, nodes.paragraph) and "formula-check" in line["classes"]):
        return
    marks = filter(None, map(formulas.MARK.match, source.splitlines()))
    checks = [(mark[1], blocks[label.strip()]) for mark in marks for label in mark[2].split(",") if label.strip() in blocks]
    ids, line["ids"] = line["ids"], []
    cell.parent.remove(line)
    _replace(cell, lambda: fold("", fold_line("", "checked: ", checks=checks), line, cell, kind="check", ids=ids))


# ---- sections and boxes -----------------------------------------------------------------------------

def fold_sections(doctree: nodes.document, times: list[float]) -> None:
    times = iter(times)
    for section in list(doctree.findall(nodes.section)):
        kind = reading_time.fold_of_heading(section[0].astext())
        if kind is None or _is_in_folded_section(section):
            continue
        words = "What each set of notes calls it"
        if kind == "optional":
            words = f"Optional: {reading_time.about(next(times, 0))}"
        content = section.children[1:]
        del section[1:]
        section += folded(kind, words, *content)


def _is_in_folded_section(node: nodes.Node) -> bool:
    while node := node.parent:
        if isinstance(node, fold) and node["kind"] in ("optional", "notes"):
            return True
    return False


def fold_boxes(doctree: nodes.document) -> None:
    """Fold the boxes of the class `dropdown`; take the id "proof" from proofs, which sphinx-proof gives to all of them."""
    for box in list(doctree.findall(nodes.admonition)):
        proof = "proof" in box["ids"]
        if proof:
            box["ids"] = []
        if "dropdown" not in box["classes"]:
            continue
        if proof:
            words = next(box.findall(nodes.Text))
            words.parent.replace(words, nodes.Text(words.removeprefix("Proof. ")))
            title, content = [nodes.Text("Proof")], box.children
        else:
            title, content = box[0].children, box.children[1:]
        _replace(box, lambda: fold("", fold_line("", "", *title), *content, kind="box"))


# ---- the page ---------------------------------------------------------------------------------------

def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """After formula_checks.py has put its marks in, and after Sphinx has taken the sections for the contents."""
    fold_boxes(doctree)
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    notebook = json.loads(path.read_text(encoding="utf-8"))
    fold_cells(doctree)
    fold_sections(doctree, [part.minutes for kind, part in reading_time.parts(notebook) if kind == "optional"])
    if formulas.CHAPTER.match(app.env.docname):
        app.env.metadata[app.env.docname]["minutes"] = reading_time.about(reading_time.count(notebook).minutes)
        _say_how_long(doctree, notebook)


def _say_how_long(doctree: nodes.document, notebook: dict) -> None:
    words = f"About {reading_time.about(reading_time.count(notebook).minutes)} to read"
    if optional := reading_time.count(notebook, "optional").minutes:
        words += f", and {reading_time.about(optional)} for what is marked\N{NO-BREAK SPACE}{reading_time.OPTIONAL}"
    next(doctree.findall(nodes.section)).insert(1, nodes.paragraph("", f"{words}.", classes=["reading-time"]))


def visit_fold(writer, node: fold) -> None:
    first = f' id="{node["ids"][0]}"' if node["ids"] else ""
    writer.body.append(f'<details{first} class="fold fold-{node["kind"]}">')


def depart_fold(writer, node: fold) -> None:
    writer.body.append("</div></details>\n")


def visit_line(writer, node: fold_line) -> None:
    writer.body.append("<summary>" + "".join(f'<span id="{name}"></span>' for name in node.parent["ids"][1:]))
    if "checks" in node:
        writer.body.append('<span class="fold-tick" aria-hidden="true">✓</span> ')


def depart_line(writer, node: fold_line) -> None:
    if "checks" in node:
        numbers: dict[str, list[str]] = {}
        for kind, block in node["checks"]:
            numbers.setdefault(kind, []).append(f"({get_node_equation_number(writer, block)})")
        writer.body.append("; ".join(f"{kind} {', '.join(of_kind)}" for kind, of_kind in numbers.items()))
    writer.body.append('</summary>\n<div class="fold-body">')


def nothing(writer, node: nodes.Node) -> None:
    """Where the output cannot fold, everything is shown."""


def setup(app: Sphinx) -> dict[str, bool | int | str]:
    app.setup_extension("sphinx_proof")
    sources = Path(__file__).read_bytes() + Path(reading_time.__file__).read_bytes()
    app.add_config_value("folding_version", hashlib.sha256(sources).hexdigest(), "env")
    shown = {"latex": (nothing, nothing), "text": (nothing, nothing), "man": (nothing, nothing), "texinfo": (nothing, nothing)}
    app.add_node(fold, html=(visit_fold, depart_fold), **shown)
    app.add_node(fold_line, html=(visit_line, depart_line), **shown)
    app.add_css_file("folds.css")
    app.add_js_file("folds.js", loading_method="defer")
    app.connect("doctree-read", on_doctree_read, priority=600)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
