"""Show beside every formula of a chapter how it is checked, and fail the build when it is not.

`tools/formulas.py` reads the pages and finds the faults; here each fault becomes a warning (an error
under ``-W``), each formula gets a plain link to its check cell, each check cell a line that leads
back, and the directive ``{formula-index}`` a table of all formulas.
"""

from __future__ import annotations

import hashlib
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.math import get_node_equation_number
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools import formulas  # noqa: E402

logger = logging.getLogger(__name__)

MEANING = {
    "definition": "definition: the code of the check implements it",
    "identity": "identity: the check computes both sides and compares them",
    "claim": "claim: an experiment in the check could refute it",
}

# Behind the mark of a formula whose LaTeX is evaluated by tools/typeset; `make formulas` fails where it is false.
EXECUTED = '<span aria-hidden="true">✓</span> executed as typeset'
EXECUTED_MEANING = "executed as typeset: this formula, as you see it, is evaluated with values for its symbols at every test of the book"


class formula_mark(nodes.General, nodes.Element):
    """The link from a formula to its check: attributes `kind`, `refid`, `formula` (the math block)."""


class formula_index(nodes.General, nodes.Element):
    """The place of the table of all formulas."""


def pages_of(env: BuildEnvironment) -> dict[str, formulas.Page]:
    """Return the chapters that the environment knows, by document name."""
    if not hasattr(env, "formula_pages"):
        env.formula_pages = {}
        env.formula_index_pages = set()
    return env.formula_pages


# ---- one page -----------------------------------------------------------------------------------------

def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Put the marks into a chapter."""
    env = app.env
    if not formulas.CHAPTER.match(env.docname):
        return
    page = formulas.read_page(Path(env.doc2path(env.docname)), env.docname)
    pages_of(env)[env.docname] = page
    cells = {cell["cell_index"]: cell for cell in doctree.findall(nodes.container) if cell.get("nb_element") == "cell_code"}
    blocks = [block for block in doctree.findall(nodes.math_block) if not _is_output(block)]
    shown, read = ([block.get("label") for block in blocks], [formula.label for formula in page.formulas])
    if shown != read and not any(formula.refused for formula in page.formulas):
        page.faults.append(f"the page shows formulas {shown}, but its source reads as {read}")
    for block in blocks:
        if page.kind_of(block.get("label")):
            _mark_formula(block, page.kind_of(block["label"]), block["label"] in page.executed)
    for index in sorted({check.cell for check in page.checks}):
        if index in cells:
            _mark_cell(cells[index], index, page)


def _is_output(node: nodes.Node) -> bool:
    while node := node.parent:
        if node.get("nb_element") == "cell_code":
            return True
    return False


def _anchor(label: str) -> str:
    return f"check-{label}"


def _mark_formula(block: nodes.math_block, kind: str, executed: bool = False) -> None:
    box = nodes.container(classes=["formula"])
    block.replace_self(box)
    box += [block, formula_mark(kind=kind, refid=_anchor(block["label"]), formula=block, executed=executed)]


def _mark_cell(cell: nodes.container, index: int, page: formulas.Page) -> None:
    """Put a line before a check cell: what it checks, with links back to the formulas."""
    line = nodes.paragraph(classes=["formula-check"])
    for kind in formulas.KINDS:
        labels = [check.label for check in page.checks if check.cell == index and check.kind == kind]
        for i, label in enumerate(labels):
            line += nodes.Text((" · " if len(line) else "Check of ") + f"{kind} " if i == 0 else ", ")
            line += addnodes.pending_xref("", nodes.literal("", label), refdomain="math", reftype="eq",
                                          reftarget=label, refdoc=page.name, refwarn=True)
            if next(check.cell for check in page.checks if check.label == label) == index:
                line["ids"].append(_anchor(label))
    cell.parent.insert(cell.parent.index(cell), line)


def visit_mark(writer, node: formula_mark) -> None:
    number = get_node_equation_number(writer, node["formula"])
    name = escape(f"{MEANING[node['kind']]}; go to the check of formula {number}")
    writer.body.append(
        f'<div class="formula-mark"><a class="formula-{node["kind"]}" href="#{node["refid"]}" '
        f'title="{escape(MEANING[node["kind"]])}" aria-label="{name}">'
        f'<span aria-hidden="true">✓</span> {node["kind"]}</a>{_executed(writer) if node["executed"] else ""}</div>\n')
    raise nodes.SkipNode


def _executed(writer) -> str:
    """Return the second mark, which leads to the page that says what it means."""
    builder = writer.builder
    for index in sorted(builder.env.formula_index_pages):
        return (f' <a class="formula-executed" href="{builder.get_relative_uri(builder.current_docname, index)}" '
                f'title="{EXECUTED_MEANING}">{EXECUTED}</a>')
    return f' <span class="formula-executed">{EXECUTED}</span>'


def skip(writer, node: nodes.Node) -> None:
    """Leave the mark out where the output has no links."""
    raise nodes.SkipNode


# ---- all pages ----------------------------------------------------------------------------------------

def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Report the faults of all chapters, read now or before, and have the index written anew."""
    pages = pages_of(env)
    for docname, page in sorted(pages.items()):
        for fault in page.faults:
            logger.warning(fault, location=docname, type="formula")
    for fault in formulas.duplicates(list(pages.values())):
        logger.warning(fault, type="formula")
    return sorted(env.formula_index_pages)


def on_env_purge_doc(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    pages_of(env).pop(docname, None)
    env.formula_index_pages.discard(docname)


def on_env_merge_info(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    merged = pages_of(env)
    merged.update({name: page for name, page in pages_of(other).items() if name in docnames})
    env.formula_index_pages |= other.formula_index_pages & set(docnames)


class FormulaIndex(SphinxDirective):
    """``{formula-index}``: a table of the formulas of all chapters."""

    def run(self) -> list[nodes.Node]:
        pages_of(self.env)
        self.env.formula_index_pages.add(self.env.docname)
        return [formula_index("", nodes.math())]  # where a page has mathematics, Sphinx loads MathJax


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill the formula index."""
    for place in list(doctree.findall(formula_index)):
        functions = formulas.implementations(ROOT / "lecture_code")
        content = []
        for name in _reading_order(app.env):
            content += _index_of_chapter(app, docname, name, functions)
        place.replace_self(content or [nodes.paragraph("", "No chapter has formulas yet.")])


def _reading_order(env: BuildEnvironment) -> list[str]:
    """Return the chapters that have formulas, in the order of the table of contents."""
    order, todo = [], [env.config.root_doc]
    while todo:
        name = todo.pop(0)
        if name not in order:
            order.append(name)
            todo = [*env.toctree_includes.get(name, []), *todo]
    return [name for name in order if name in pages_of(env) and pages_of(env)[name].formulas]


def _index_of_chapter(app: Sphinx, here: str, name: str, functions: dict[str, list[str]]) -> list[nodes.Node]:
    env = app.env
    number = ".".join(map(str, env.toc_secnumbers.get(name, {}).get("", ())))
    title = env.titles[name].astext()
    rows = []
    for formula in pages_of(env)[name].formulas:
        kind, equation = pages_of(env)[name].kind_of(formula.label), env.get_domain("math").equations.get(formula.label)
        if formula.label is None or equation is None:
            continue
        target = nodes.make_id(f"equation-{formula.label}")
        numbers = env.toc_fignumbers.get(name, {}).get("displaymath", {}).get(target, (equation[1],))
        link = make_refnode(app.builder, here, name, target, nodes.Text(f"({'.'.join(map(str, numbers))})"))
        check = nodes.Text("none") if not kind else make_refnode(
            app.builder, here, name, _anchor(formula.label), nodes.Text(kind), MEANING[kind])
        code = []
        for function in functions.get(formula.label, []):
            code += [nodes.Text(", ")] if code else []
            code.append(_code(app, here, function))
        latex = rf"\begin{{split}}{formula.latex}\end{{split}}" if r"\\" in formula.latex else formula.latex
        typeset = nodes.Text("✓" if formula.label in pages_of(env)[name].executed else "–")
        rows.append([[link], [check], [typeset], [nodes.math("", rf"\displaystyle {latex}")], code])
    heading = nodes.rubric("", "", make_refnode(app.builder, here, name, "", nodes.Text(f"{number}. {title}" if number else title)))
    return [heading, nodes.container("", _table(rows), classes=["formula-index"])]


def _code(app: Sphinx, here: str, function: str) -> nodes.Node:
    shown = nodes.literal("", function.removeprefix("lecture_code."))
    known = app.env.get_domain("py").objects.get(function)
    return make_refnode(app.builder, here, known.docname, known.node_id, shown) if known else shown


def _table(rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """Return the table; the code stands under its formula, so that a long formula does not push it away."""
    def entry(*paragraphs: list[nodes.Node]) -> nodes.entry:
        return nodes.entry("", *(nodes.paragraph("", "", *content) for content in paragraphs if content))

    head = nodes.row("", *(entry([nodes.Text(text)]) for text in ("Number", "Check", "Executed as typeset", "Formula, and the code that implements it")))
    body = [nodes.row("", entry(number), entry(check), entry(typeset), entry(formula, code))
            for number, check, typeset, formula, code in rows]
    columns = [nodes.colspec(colwidth=width) for width in (10, 15, 10, 65)]
    return nodes.table("", nodes.tgroup("", *columns, nodes.thead("", head), nodes.tbody("", *body), cols=4))


def setup(app: Sphinx) -> dict[str, object]:
    bindings = sorted((ROOT / "tests" / "typeset").glob("*.py"))  # a page is read anew when one of them changes
    sources = b"".join(path.read_bytes() for path in (Path(__file__), Path(formulas.__file__), *bindings))
    app.add_config_value("formula_checks_version", hashlib.sha256(sources).hexdigest(), "env")
    app.add_node(formula_mark, html=(visit_mark, None), latex=(skip, None), text=(skip, None), man=(skip, None), texinfo=(skip, None))
    app.add_node(formula_index)
    app.add_directive("formula-index", FormulaIndex)
    app.add_css_file("formula-mark.css")
    app.connect("doctree-read", on_doctree_read)
    app.connect("env-updated", on_env_updated)
    app.connect("env-purge-doc", on_env_purge_doc)
    app.connect("env-merge-info", on_env_merge_info)
    app.connect("doctree-resolved", on_doctree_resolved)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
