"""What a page loads, in which order: the text first, and scripts when the page is read (``defer``).

A script that does not wait for that holds the reader up: it runs only when the style sheets before it are there, and the
browser reads nothing behind it until then. So the few that cannot wait stand before the style sheets.

The theme asks each box of code how wide it is, when a page is loaded and after each change of it. That lays out the
whole page at once, where custom.css has only the sections near the reader laid out; scrollable.js does the same work
section by section. So the theme's loop is taken out of its script.

What every page has is one style sheet, where Sphinx and the theme have a dozen, one of which asks for another when it is
there. In code, names and signs have the colour of the text, and no element of their own: each is something to lay out.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from docutils import nodes
from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text, Whitespace
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

#: In _static/vendor: the fonts of each page, and those of pages with code and with formulas.
FONTS = ["fonts/serif-roman.woff2", "fonts/sans.woff2", "fonts/icons.woff2"]
CODE = ["fonts/code.woff2"]
FORMULAS = ["fonts/serif-italic.woff2",
            *(f"mathjax/output/chtml/fonts/woff-v2/MathJax_{name}.woff" for name in ("Zero", "Main-Regular", "Math-Italic"))]

#: The script without which those that stand in the page cannot run.
OPTIONS = "documentation_options.js"

#: The style sheet of every page, and those of the theme that its templates name; the others Sphinx knows.
SHARED, THEME = "_static/styles/shared.css", ["_static/styles/theme.css", "_static/styles/pydata-sphinx-theme.css"]
OURS = 800       # the priority of html_css_files, which come after what single pages add


def on_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put off the scripts that can wait. The others go before the style sheets, for which they would have to wait."""
    at_once, later = [], []
    for script in sorted(context.get("script_files", []), key=lambda script: script.priority):      # as Sphinx does afterwards
        name = script.filename and str(script.filename)
        if name and not name.endswith(OPTIONS) and "async" not in script.attributes:
            script.attributes["defer"] = "defer"
        (later if {"defer", "async"} & script.attributes.keys() else at_once).append(script)
    everywhere = shared(app)
    context["css_files"] = [sheet for sheet in context["css_files"] if sheet not in everywhere]
    # The first and the last are for _templates/static/webpack-macros.html.
    context.update(scripts_at_once=at_once, script_files=later, early_fonts=fonts_of(doctree))


def shared(app: Sphinx) -> list[Any]:
    """Return the style sheets that every page has, but those of the book itself."""
    return [sheet for sheet in app.builder._orig_css_files if sheet.priority < OURS and sheet.filename != SHARED]


def placed(file: Path, folder: Path) -> str:
    """Return a style sheet as it has to be in another folder, with those that it imports."""
    def moved(url: re.Match[str]) -> str:
        return f'url("{Path(os.path.relpath(file.parent / url[2], folder)).as_posix()}")'
    text = re.sub(r'@import "(.+?)";', lambda wish: placed(file.parent / wish[1], file.parent), file.read_text(encoding="utf-8"))
    return re.sub(r"""url\((["']?)(?![a-z]+:|[#/])([^"')]+)\1\)""", moved, text) + "\n"


def fonts_of(doctree: nodes.document | None) -> list[str]:
    """Return the fonts that a page shows near its beginning, for it to fetch before its text is there.

    One that is fetched when its first letter is found comes while the page is read on, and then all that is in sight is
    laid out again; and a formula cannot be seen until its fonts are there.
    """
    kinds = {type(node) for node in doctree.findall()} if doctree else set()
    return [*FONTS, *(CODE if nodes.literal_block in kinds else []), *(FORMULAS if kinds & {nodes.math, nodes.math_block} else [])]


class PlainNames(HtmlFormatter):
    """Leaves names and signs without an element."""

    def format_unencoded(self, tokensource: Iterable[tuple[Any, str]], outfile: TextIO) -> None:
        plain = {Name, Name.Namespace, Punctuation, Whitespace}
        super().format_unencoded(((Text if kind in plain else kind, value) for kind, value in tokensource), outfile)


#: The end of the theme's script, which starts the loop.
LOOP = re.compile(r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)')


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    script = folder / "_static" / "scripts" / "pydata-sphinx-theme.js"
    script.write_text(LOOP.sub("void 0", script.read_text(encoding="utf-8")), encoding="utf-8")
    # Some of the sheets are written just before this. A browser may keep what it has under the same name.
    file = folder / SHARED
    style = "".join(placed(folder / name, file.parent) for name in [*THEME, *(sheet.filename for sheet in shared(app))])
    file.write_text(style, encoding="utf-8")
    link = re.compile(rf"{SHARED}(\?v=\w+)?")
    version = f"{SHARED}?v={zlib.crc32(style.encode()):08x}"
    for path in folder.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        if (found := link.search(page)) and found[0] != version:
            path.write_text(link.sub(version, page, count=1), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.add_css_file(SHARED.removeprefix("_static/"), priority=100)
    PygmentsBridge.html_formatter = PlainNames
    app.connect("html-page-context", on_page, priority=900)      # after those who add scripts
    app.connect("build-finished", on_build_finished, priority=900)      # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
