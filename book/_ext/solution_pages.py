"""Show exercises and solutions as pages, though they are written for notebooks.

In `solutions/` the lines ``### BEGIN SOLUTION`` … ``### END SOLUTION`` (and the same with
HIDDEN TESTS) enclose what students do not get. A reader of the solution page has no use for
these lines; what stands between them stays.

In both folders a formula of a chapter is a link, ``[softmax](../../book/09-….ipynb#eq-softmax)``, since
a notebook that a student opens knows no roles of MyST. On the page the words become a reference with the
number of the formula, and a label that does not exist is a warning. A solution is a copy of its exercise, down to
the title; on the page it says that it is the solution, also in search and in the links to the next page.
"""

from __future__ import annotations

import json
import re

from sphinx.application import Sphinx

_MARK = re.compile(r"^[ \t]*### (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)[ \t]*(?:\n|\Z)", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([\w./-]+\.ipynb#([\w-]+)\)")


def strip_marks(cell_source: str) -> str:
    """Return the source of a cell without its nbgrader mark lines."""
    return _MARK.sub("", cell_source).rstrip("\n")


def number_links(cell_source: str) -> str:
    """Return the source of a text cell with a role in the place of each link to a label."""
    def role(link: re.Match[str]) -> str:
        words, label = link.groups()
        return f"{words} {{eq}}`{label}`" if label.startswith("eq-") else f"{{ref}}`{words} <{label}>`"

    return _LINK.sub(role, cell_source)


def _on_source_read(app: Sphinx, docname: str, content: list[str]) -> None:
    """Change the notebook as it is read, before MyST-NB parses its JSON."""
    folder = docname.split("/")[0]
    if folder not in ("exercises", "solutions") or not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(content[0])
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            source = number_links(source)
            if folder == "solutions":
                source = source.replace("# Exercises: ", "# Solutions: ", 1)
        cell["source"] = strip_marks(source) if folder == "solutions" else source
    content[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("source-read", _on_source_read)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}
