"""What a page loads, in which order: the text first, and scripts when the page is read (``defer``)."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: Scripts without which those that stand in the page cannot run.
AT_ONCE = ("documentation_options.js", "doctools.js", "sphinx_highlight.js", "searchtools.js", "language_data.js", "searchindex.js")


def on_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    for script in context.get("script_files", []):
        name, attributes = getattr(script, "filename", None), getattr(script, "attributes", {})
        if name and not str(name).endswith(AT_ONCE) and "async" not in attributes:
            attributes["defer"] = "defer"


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("html-page-context", on_page, priority=900)      # after those who add scripts
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
