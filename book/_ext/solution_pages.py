"""Show solution notebooks without the marks that are meant for nbgrader alone.

In `solutions/` the lines ``### BEGIN SOLUTION`` … ``### END SOLUTION`` (and the same with
HIDDEN TESTS) enclose what students do not get. A reader of the solution page has no use for
these lines; what stands between them stays.
"""

from __future__ import annotations

import json
import re

from sphinx.application import Sphinx

_MARK = re.compile(r"^[ \t]*### (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)[ \t]*(?:\n|\Z)", re.MULTILINE)


def strip_marks(cell_source: str) -> str:
    """Return the source of a cell without its nbgrader mark lines."""
    return _MARK.sub("", cell_source).rstrip("\n")


def _on_source_read(app: Sphinx, docname: str, content: list[str]) -> None:
    """Change the notebook as it is read, before MyST-NB parses its JSON."""
    if not docname.startswith("solutions/") or not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(content[0])
    for cell in notebook["cells"]:
        cell["source"] = strip_marks("".join(cell["source"]))
    content[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("source-read", _on_source_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
