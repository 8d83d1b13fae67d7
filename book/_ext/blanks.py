"""A blank: the reader writes a value down before looking at the true one.

    :::{blank} 0.75
    What does the neuron say at $x = (1, 0)$?
    :::

On the page: the question, a field for the reader's value, which nobody checks or keeps, and *show*, which is a
``<details>`` and so works without JavaScript.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class blank(nodes.General, nodes.Element):
    """The question (a container), then the value (a paragraph)."""


class blank_value(nodes.General, nodes.Element):
    """The field and the value that it hides."""


class Blank(SphinxDirective):
    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        question = nodes.container(classes=["blank-question"])
        self.state.nested_parse(self.content, self.content_offset, question)
        words, messages = self.state.inline_text(self.arguments[0], self.lineno)
        return [blank("", question, blank_value("", *words)), *messages]


FIELD = """\
<div class="blank-answer"><label>your value <input type="text" size="9" autocomplete="off" spellcheck="false"></label>
<details><summary><span class="blank-closed">show</span><span class="blank-open">true value</span></summary><p>"""


def visit_blank(writer, node: blank) -> None:
    writer.body.append('<div class="blank">')


def depart_blank(writer, node: blank) -> None:
    writer.body.append("</div>\n")


def visit_value(writer, node: blank_value) -> None:
    writer.body.append(FIELD)


def depart_value(writer, node: blank_value) -> None:
    writer.body.append("</p></details></div>\n")


def visit_words(writer, node: nodes.Element) -> None:
    """On paper the question stands alone."""
    if isinstance(node, blank_value):
        raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool | str]:
    paper = {"latex": (visit_words, lambda *_: None), "text": (visit_words, lambda *_: None)}
    app.add_node(blank, html=(visit_blank, depart_blank), **paper)
    app.add_node(blank_value, html=(visit_value, depart_value), **paper)
    app.add_directive("blank", Blank)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
