"""Keep on one line what a browser may break: an inline formula and the punctuation after it, and the digits of a number.

A browser may break a line after a formula that MathJax has set, so that a lone full stop or comma begins the next one,
and at the space in 50 000.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

CLOSING = re.compile(r"[.,;:!?)\]”’]+")
#: The space between groups of three digits.
THOUSANDS = re.compile(r"(?<![\d.,])(?<!\d )(\d{1,3}(?: \d{3})+)(?!\d)")
AS_IT_IS = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.math_block, nodes.raw, nodes.comment)


def keep_digits_together(doctree: nodes.document) -> None:
    for text in list(doctree.findall(nodes.Text)):
        whole = THOUSANDS.sub(lambda number: number[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
        if whole != text and not isinstance(text.parent, AS_IT_IS):
            put(nodes.Text(whole), text)


def put(new: nodes.Text, old: nodes.Text) -> None:
    """Replace a text. The tree itself would replace the first one that says the same."""
    place = next(place for place, child in enumerate(old.parent.children) if child is old)
    old.parent[place] = new


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    keep_digits_together(doctree)
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True, ascend=False)
        closing = CLOSING.match(after.astext()) if isinstance(after, nodes.Text) else None
        if closing is None:
            continue
        put(nodes.Text(after.astext()[closing.end():]), after)
        unbroken = nodes.inline(classes=["unbroken"])
        formula.replace_self(unbroken)
        unbroken += [formula, nodes.Text(closing[0])]


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("doctree-read", on_doctree_read)
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
