"""Where pages are left out of the site, show links to them as plain text.

`make book SOLUTIONS=no` builds from a shorter table of contents (tools/withhold.py), and whoever deletes the lines of a
chapter in _toc.yml leaves it out. What such a page defines cannot be linked: a reference to the page shows its title,
one to its formulas, theorems and figures says in which chapter they are. The build says once what is left out. A
reference to something that no page of the book defines stays a warning.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

FOLDERS = ("book", "exercises", "solutions")
LABEL = re.compile(r"^\(([\w-]+)\)=|\$\$ *\((eq-[\w-]+)\)|^:(?:label|name): ([\w-]+)", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class LeftOut:
    """The pages of the book that are not in this site: page ↦ title, and label ↦ page."""

    titles: dict[str, str]
    labels: dict[str, str]


def read(root: Path, found: frozenset[str]) -> LeftOut:
    """Return what is left out of a book in a folder, if these pages are in the site."""
    titles, labels = {}, {}
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in (".ipynb", ".md")):
        page = path.relative_to(root).with_suffix("").as_posix()
        if page in found or re.search(r"/[._]", page):         # no pages: checkpoints, what is vendored
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
            labels |= {figure["name"]: page for cell in cells
                       if "name" in (figure := cell["metadata"].get("mystnb", {}).get("figure", {}))}
        title = TITLE.search(text)
        titles[page] = title[1] if title else page
        labels |= {label: page for match in LABEL.findall(text) for label in match if label}
    return LeftOut(titles, labels)


_read_once = cache(read)


def left_out(env: BuildEnvironment) -> LeftOut:
    """Return what is left out of a site, read once for each list of its pages."""
    return _read_once(Path(env.srcdir), frozenset(env.found_docs))


def texts(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return role ↦ target ↦ words, for what live_pages.references cannot find."""
    gone = left_out(env)
    words = {label: words_for(gone, label, "", "") for label in gone.labels}
    return {"eq": words, "numref": words, "prf:ref": words, "ref": words, "doc": gone.titles}


def words_for(gone: LeftOut, target: str, page: str, said: str) -> str | None:
    """Return what stands in the place of a reference, None if its target is not left out.

    Parameters
    ----------
    target, page : the target of the reference, and the page that it names if it is a path
    said : the words that the author has chosen, or ''
    """
    if page in gone.titles:
        return said or gone.titles[page]
    if (place := gone.labels.get(target)) is None:
        return None
    return said or (gone.titles[place] if target.startswith("ch-") else f"a place in “{gone.titles[place]}”")


def on_missing(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node) -> nodes.Node | None:
    target = node.get("reftarget") or ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(node.get("refdoc", "")), target.partition("#")[0])).lstrip("/")
    said = content.astext() if node.get("refexplicit") else ""
    words = words_for(left_out(env), target.rpartition("#")[2], re.sub(r"\.(ipynb|md)$", "", path), said)
    return None if words is None else nodes.inline("", words)


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    chapters = [page for page in left_out(app.env).titles if page.startswith("book/")] if exception is None else []
    if chapters:
        print(f"Left out, so links to them are plain text: {', '.join(chapters)}")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("missing-reference", on_missing, priority=400)
    app.connect("build-finished", on_build_finished)
    return {"version": "4", "parallel_read_safe": True, "parallel_write_safe": True}
