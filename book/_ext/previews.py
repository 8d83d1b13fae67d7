"""What a reference leads to is shown beside it: a formula, a theorem, a figure, a source.

Every reference to one of these gets the class `previews`; previews.js shows a copy of what it leads to, when the mouse
or the keyboard comes to it, or at the first tap of a finger. What stands on the same page is copied there. What stands
on another page is copied from it when all pages are written, into one script for each page that is referred to:
_static/previews/book/04-gradient-descent.js and so on. A page loads such a script when its first reference to that
page is looked at, so nothing is heavier before that, and a script can be loaded from disk, too.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CLASS = "previews"
REFERENCE = re.compile(rf'<a class="[^"]*\b{CLASS}\b[^"]*" href="([^"#]+)#([^"]+)"')


def targets(env: BuildEnvironment) -> set[str]:
    """Return the anchors of all that can be shown; a source has an anchor of bibtex, such as id26."""
    equations = {nodes.make_id(f"equation-{label}") for label in env.get_domain("math").equations}
    figures = {anchor for page in env.toc_fignumbers.values() for anchor in page.get("figure", {})}
    # sphinx-proof makes its list with the first theorem.
    sources = {citation.citation_id for citation in env.get_domain("cite").citations}
    return equations | figures | set(getattr(env, "proof_list", ())) | sources


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if docname in app.env.formula_index_pages:        # its formulas stand beside their numbers
        return
    shown = targets(app.env)
    for link in doctree.findall(nodes.reference):
        anchor = link.get("refid") or link.get("refuri", "").rpartition("#")[2]
        if link.get("internal") and anchor in shown:
            link["classes"].append(CLASS)


def element(page: str, anchor: str) -> str | None:
    """Return the HTML of the element with an id."""
    start = re.search(rf'<(\w+)\b[^>]*\bid="{re.escape(anchor)}"', page)
    depth = 0
    for tag in re.finditer(rf"<(/?){start[1]}\b[^>]*>", page[start.start():]) if start else ():
        depth += -1 if tag[1] else 1
        if depth == 0:
            return page[start.start():][:tag.end()]
    return None


def write(folder: Path, docnames: set[str]) -> None:
    """Write what the pages refer to on other pages."""
    pages = {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in docnames}
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, page in pages.items():
        for path, anchor in REFERENCE.findall(page):
            wanted[posixpath.normpath(posixpath.join(posixpath.dirname(name), path)).removesuffix(".html")].add(anchor)
    shutil.rmtree(folder / "_static" / "previews", ignore_errors=True)
    for name, anchors in wanted.items():
        found = {anchor: shown for anchor in sorted(anchors) if (shown := element(pages.get(name, ""), anchor))}
        file = folder / "_static" / "previews" / f"{name}.js"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"(window.bookPreviews??={{}})[{json.dumps(name)}]={json.dumps(found, ensure_ascii=False)};\n", encoding="utf-8")


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        write(Path(app.outdir), app.env.found_docs)


def on_page(app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if re.search(rf'class="[^"]*\b({CLASS}|formula-mark)\b', context.get("body", "")):
        app.add_js_file("previews.js", loading_method="defer")
        app.add_css_file("previews.css")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.setup_extension("formula_checks")
    app.connect("doctree-resolved", on_doctree_resolved, priority=900)    # after those who make references
    app.connect("html-page-context", on_page)
    app.connect("build-finished", on_build_finished, priority=900)        # after those who change the pages
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
