"""What the download button gives: notebooks without MyST, and a wheel of the library beside them.

Sphinx copies the sources of the pages to _sources, to which the button leads. When all pages are written, the
notebooks there are replaced by plain ones (tools/download.py). download.js tells them the address of the wheel.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import live_pages  # noqa: E402

from tools import download, wheel  # noqa: E402


def _on_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir, "_downloads")
    folder.mkdir(exist_ok=True)
    built = wheel.build(ROOT / "_build" / "wheels" / "whole")
    shutil.copy(built, folder)
    site = f"{app.config.html_baseurl.rstrip('/')}/_downloads/" if app.config.html_baseurl else ""
    texts = live_pages.references(app.env)
    for docname in app.env.found_docs:
        path = Path(app.env.doc2path(docname))
        target = Path(app.outdir, "_sources", docname + ".ipynb")
        if path.suffix == ".ipynb" and target.exists():
            notebook = download.copy(path, texts, built.name, site)
            target.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.add_js_file("download.js", loading_method="defer")
    app.connect("build-finished", _on_finished)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
