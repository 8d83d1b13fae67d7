"""What a page loads, in which order: the text first.

Scripts wait until the page is read (``defer``), and the stored values of its widgets, half a megabyte and more, stand
at the end of the text in place of before it.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

STATE = "application/vnd.jupyter.widget-state+json"

#: Scripts without which those that stand in the page cannot run.
AT_ONCE = ("documentation_options.js", "doctools.js", "sphinx_highlight.js", "searchtools.js", "language_data.js", "searchindex.js")


def on_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    files = context.get("script_files", [])
    for script in list(files):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE:
            files.remove(script)
            context["body"] += f'<script type="{STATE}">{attributes["body"]}</script>'
        elif getattr(script, "filename", None) and not str(script.filename).endswith(AT_ONCE) and "async" not in attributes:
            attributes["defer"] = "defer"


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("html-page-context", on_page, priority=900)      # after those who add scripts
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
