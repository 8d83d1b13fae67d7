"""Where solutions or planned chapters are left out of the site, show links to them as plain text.

`make book SOLUTIONS=no` and `make book PLANNED=no` set environment variables of these names and build from a shorter
table of contents (tools/withhold.py). A link to another page that is missing stays a warning.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools import withhold  # noqa: E402

HEAD = re.compile(r"\(([\w-]+)\)=\n# (.+)")


def planned_titles(root: Path = ROOT) -> dict[str, str]:
    """Return the titles of the planned pages, by label and by page."""
    titles = {}
    for path in sorted((root / "book").glob("*.md")):
        if withhold.is_planned(f"book/{path.stem}", root) and (head := HEAD.match(path.read_text(encoding="utf-8"))):
            titles[head[1]] = titles[f"book/{path.stem}"] = head[2]
    return titles


def _on_missing(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node) -> nodes.Node | None:
    target = node.get("reftarget") or ""
    page = posixpath.normpath(posixpath.join(posixpath.dirname(node.get("refdoc", "")), target)).lstrip("/")
    if os.environ.get("SOLUTIONS") == "no" and page.startswith("solutions/"):
        return nodes.inline("", node.astext() or content.astext())
    if os.environ.get("PLANNED") == "no":
        titles = planned_titles()
        if title := titles.get(target) or titles.get(page):
            return nodes.inline("", content.astext() if node.get("refexplicit") else title)
    return None


def setup(app: Sphinx) -> dict[str, bool | str]:
    if "no" in (os.environ.get("SOLUTIONS"), os.environ.get("PLANNED")):
        app.connect("missing-reference", _on_missing, priority=400)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
