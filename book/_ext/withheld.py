"""Where the solutions are left out of the site, show links to them as plain text.

`make book SOLUTIONS=no` sets the environment variable SOLUTIONS and builds from a table of contents
without solutions (tools/withhold.py). A link to another page that is missing stays a warning.
"""

from __future__ import annotations

import os
import posixpath

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def _on_missing(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node) -> nodes.Node | None:
    target = node.get("reftarget") or ""
    page = posixpath.normpath(posixpath.join(posixpath.dirname(node.get("refdoc", "")), target)).lstrip("/")
    if not page.startswith("solutions/"):
        return None
    words = node.astext() or content.astext()
    return nodes.inline("", words)


def setup(app: Sphinx) -> dict[str, bool | str]:
    if os.environ.get("SOLUTIONS") == "no":
        app.connect("missing-reference", _on_missing, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
