"""Pages whose code runs in the reader's browser: in the page, and as a notebook.

Each chapter and each exercise page gets *Run* and *Edit* on its cells, which run in the page itself (cells.js in
_extra/_static; exercises.js makes a task of an exercise an editor with *Check*), and a line under its title with a
button that opens the notebook in the site's own Jupyter. Both need the folder `live` that `make live` adds, and say why
if they cannot work (cells.js, live.js). A notebook whose metadata says that it does not run in a browser
(tools/notebooks.py) gets a line that says so, and how it runs. The texts of all references are written beside the site,
into references.json: the live notebooks are plain Markdown, where a label has no number (tools/plain_markdown.py).
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import withheld
from author_year import authors_and_year

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.notebooks import ROOT, About, about  # noqa: E402

#: What scripts that a page loads late are made of.
LOADED_LATE = ("book/_extra/_static", "live/run", "lecture_code", "lecture_tasks", "book/*.ipynb", "exercises")

BUTTON = """
<div class="live-run">
<a class="live-run-button" href="{root}live/notebooks/index.html?path={notebook}">Open as notebook</a>
<span>in your browser; {here}</span>
<p class="live-run-problem" role="alert" hidden></p>
</div>"""
NO_BUTTON = """
<div class="live-run">
<span>This {kind} runs on your own machine, not in the browser{why}: in the folder of the book,
<code>{before}make&nbsp;lab</code>.</span>
</div>"""


def is_runnable(docname: str, env: BuildEnvironment) -> bool:
    """Whether the page is a chapter or an exercise, which readers run."""
    return docname.startswith(("book/", "exercises/")) and str(env.doc2path(docname)).endswith(".ipynb")


def line_under_title(docname: str, notebook: About) -> str:
    """Return the button, or what stands in its place, as HTML."""
    chapter = docname.startswith("book/")
    kind = "chapter" if chapter else "exercise"
    if not notebook.live:
        return NO_BUTTON.format(
            kind=kind,
            why=f" (it needs {' and '.join(notebook.needs)})" if notebook.needs else "",
            before="make&nbsp;frameworks&nbsp;&amp;&amp; " if notebook.needs else "",
        )
    return BUTTON.format(
        root="../" * docname.count("/"),
        notebook=f"{docname}.ipynb",
        kind=kind,
        here="cells run in this page, too. Long runs are shortened." if chapter else "or work on it in this page.",
    )


@cache
def version() -> str:
    """Return a name of this build for the addresses of what is loaded late: a browser may have kept it of another one."""
    everything = hashlib.sha256()
    for path in sorted(path for pattern in LOADED_LATE for path in ROOT.glob(pattern)):
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in (".js", ".py", ".ipynb"):
                everything.update(file.read_bytes())
    return everything.hexdigest()[:10]


def _add_line(app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" not in context or not is_runnable(docname, app.env):
        return
    line = line_under_title(docname, about(Path(app.env.doc2path(docname))))
    context["body"] = context["body"].replace("</h1>", "</h1>" + line, 1)
    app.add_js_file("live.js", loading_method="defer")
    if about(Path(app.env.doc2path(docname))).live:
        app.add_css_file("cells.css")
        app.add_js_file("cells.js", loading_method="defer", **{"data-version": version()})
        if docname.startswith("exercises/"):
            app.add_css_file("exercises.css")
            app.add_js_file("exercises.js", loading_method="defer")


def _citation(entry: Any) -> dict[str, str]:
    """Name a source as the pages do."""
    name, year = authors_and_year(entry)
    return {"cite": f"{name}, {year}", "cite:t": f"{name} ({year})"}


def references(env: BuildEnvironment) -> dict[str, dict[str, list[str]]]:
    """Return role ↦ target ↦ the text that a page shows for it and the file where the target is."""

    def number(docname: str, kind: str, target: str) -> str:
        return ".".join(map(str, env.toc_fignumbers[docname][kind][target]))

    def file(docname: str) -> str:
        return str(env.doc2path(docname, base=False))

    texts: dict[str, dict[str, list[str]]] = {
        role: {} for role in ("eq", "numref", "prf:ref", "ref", "doc", "cite", "cite:t")
    }
    for label, (docname, _) in env.domaindata["math"]["objects"].items():
        texts["eq"][label] = [f"({number(docname, 'displaymath', f'equation-{label}')})", file(docname)]
    for label, (docname, target, title) in env.domaindata["std"]["labels"].items():
        texts["ref"][label] = [str(title), file(docname)]
        if target in env.toc_fignumbers.get(docname, {}).get("figure", {}):
            texts["numref"][label] = [f"Fig. {number(docname, 'figure', target)}", file(docname)]
    for label, proof in getattr(env, "proof_list", {}).items():
        kind, docname = proof["realtype"].capitalize(), proof["docname"]
        texts["prf:ref"][label] = [f"{kind} {number(docname, proof['countertype'], label)}", file(docname)]
    for docname, title in env.titles.items():
        texts["doc"][docname] = [title.astext(), file(docname)]
    for key, entry in env.get_domain("cite").bibdata.data.entries.items():
        for role, text in _citation(entry).items():
            texts[role][key] = [text, file("book/bibliography")]
    for role, words in withheld.texts(env).items():
        texts[role] = {target: [text, ""] for target, text in words.items()} | texts[role]
    return texts


def _write_references(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        file = Path(app.outdir).parent / "references.json"
        file.write_text(json.dumps(references(app.env), indent=1, ensure_ascii=False), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("html-page-context", _add_line)
    app.connect("build-finished", _write_references)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
