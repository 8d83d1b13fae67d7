"""Where the solutions are left out of the site, show links to them as plain text.

`make book SOLUTIONS=no` sets an environment variable of this name and builds from a shorter table of contents
(tools/withhold.py). A link to another page that is missing stays a warning.
"""

from __future__ import annotations

import os
import posixpath
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.withhold import is_solution  # noqa: E402


def _on_missing(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node) -> nodes.Node | None:
    target = node.get("reftarget") or ""
    page = posixpath.normpath(posixpath.join(posixpath.dirname(node.get("refdoc", "")), target)).lstrip("/")
    return nodes.inline("", node.astext() or content.astext()) if is_solution(page) else None


def setup(app: Sphinx) -> dict[str, bool | str]:
    if os.environ.get("SOLUTIONS") == "no":
        app.connect("missing-reference", _on_missing, priority=400)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}
