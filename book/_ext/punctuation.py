"""Keep an inline formula and the punctuation after it on one line.

A browser may break a line after a formula that MathJax has set, so that a lone full stop or comma begins the next one.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

CLOSING = re.compile(r"[.,;:!?)\]”’]+")


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True, ascend=False)
        closing = CLOSING.match(after.astext()) if isinstance(after, nodes.Text) else None
        if closing is None:
            continue
        parent, rest = formula.parent, after.astext()[closing.end():]
        parent.replace(after, nodes.Text(rest)) if rest else parent.remove(after)
        unbroken = nodes.inline(classes=["unbroken"])
        formula.replace_self(unbroken)
        unbroken += [formula, nodes.Text(closing[0])]


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("doctree-read", on_doctree_read)
    return {"version": "1", "env_version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
