"""What a page loads, in which order: the text first, and scripts when the page is read (``defer``).

A script that does not wait for that holds the reader up: it runs only when the style sheets before it are there, and the
browser reads nothing behind it until then. So the few that cannot wait stand before the style sheets.

The theme asks each box of code how wide it is, when a page is loaded and after each change of it. That lays out the
whole page at once, where custom.css has only the sections near the reader laid out; scrollable.js does the same work
section by section. So the theme's loop is taken out of its script.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: In _static/vendor: the fonts of each page, and those of pages with code and with formulas.
FONTS = ["fonts/serif-roman.woff2", "fonts/sans.woff2", "fonts/icons.woff2"]
CODE = ["fonts/code.woff2"]
FORMULAS = ["fonts/serif-italic.woff2",
            *(f"mathjax/output/chtml/fonts/woff-v2/MathJax_{name}.woff" for name in ("Zero", "Main-Regular", "Math-Italic"))]

#: The script without which those that stand in the page cannot run.
OPTIONS = "documentation_options.js"


def on_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put off the scripts that can wait. The others go before the style sheets, for which they would have to wait."""
    at_once, later = [], []
    for script in sorted(context.get("script_files", []), key=lambda script: script.priority):      # as Sphinx does afterwards
        name = script.filename and str(script.filename)
        if name and not name.endswith(OPTIONS) and "async" not in script.attributes:
            script.attributes["defer"] = "defer"
        (later if {"defer", "async"} & script.attributes.keys() else at_once).append(script)
    # The first and the last are for _templates/static/webpack-macros.html.
    context.update(scripts_at_once=at_once, script_files=later, early_fonts=fonts_of(doctree))


def fonts_of(doctree: nodes.document | None) -> list[str]:
    """Return the fonts that a page shows near its beginning, for it to fetch before its text is there.

    One that is fetched when its first letter is found comes while the page is read on, and then all that is in sight is
    laid out again; and a formula cannot be seen until its fonts are there.
    """
    kinds = {type(node) for node in doctree.findall()} if doctree else set()
    return [*FONTS, *(CODE if nodes.literal_block in kinds else []), *(FORMULAS if kinds & {nodes.math, nodes.math_block} else [])]


#: The end of the theme's script, which starts the loop.
LOOP = re.compile(r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)')


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    script = Path(app.outdir, "_static", "scripts", "pydata-sphinx-theme.js")
    if exception is None and script.exists():
        script.write_text(LOOP.sub("void 0", script.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("html-page-context", on_page, priority=900)      # after those who add scripts
    app.connect("build-finished", on_build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
