"""Show the docstrings of `lecture_code` on the page of the library.

They are written for ``help()``: a line ``eta : learning rate`` says what a value is (its type stands in
the signature), and ``Book: eq-gd-step`` names the formula that is implemented. For the page these become
fields and links. What implements no numbered formula links the chapter that its module names: ``Book: ch-optimizers``.
(`sphinx.ext.napoleon` would look for types where the docstrings have words.)
"""

from __future__ import annotations

import re
import sys

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

FIELDS = {"Parameters": "param", "Attributes": "ivar", "Returns": "returns", "Yields": "yields", "Raises": "raises"}
_ENTRY = re.compile(r"(\*{0,2}\w[\w, *]*?) : (.+)")
_BOOK = re.compile(r"Book: (?=(eq|ch)-)([\w-]+(?:, [\w-]+)*)")
_LINKS = {"eq": ("Formulas of the book", "formula"), "ch": ("In the book", "ref")}


def to_rest(lines: list[str]) -> list[str]:
    """Return a docstring with its underlined sections as reST fields and its formulas and chapters as links."""
    text = re.sub(r"(?<!`)`([^`\n]+)`(?!`)", r"``\1``", "\n".join(lines))
    text = re.sub(r"(``.+?``)|\|", lambda found: found[1] or r"\|", text)  # bars are absolute values
    text = _BOOK.sub(_links, text)
    body, *parts = re.split(rf"^({'|'.join(FIELDS)})\n-+\n", text, flags=re.MULTILINE)
    out = body.splitlines()
    for section, content in zip(parts[::2], parts[1::2]):
        out += _fields(FIELDS[section], _items(content))
    return [*out, ""]


def _links(line: re.Match[str]) -> str:
    title, role = _LINKS[line[1]]
    return f"{title}: " + re.sub(r"[\w-]+", rf":{role}:`\g<0>`", line[2])


def _items(content: str) -> list[str]:
    """Join the lines of each item: further lines are indented, or go on where a sentence has not ended."""
    items: list[str] = []
    for line in content.strip().splitlines():
        if items and (line.startswith(" ") or not (_ENTRY.match(line) or re.fullmatch(r"\w+(?:Error)?", line))):
            stop = "." if re.match(r" +[A-Z][a-z]", line) and items[-1][-1] not in ".:" else ""
            items[-1] += ("\n" if re.fullmatch(r"\w+", items[-1]) else f"{stop} ") + line.strip()
        elif line.strip():
            items.append(line.strip())
    return items


def _fields(field: str, items: list[str]) -> list[str]:
    if field == "raises":
        return [":raises {0}: {2}".format(*item.partition("\n")) for item in items]
    if field in ("returns", "yields"):
        named = [f"``{entry[1]}``, {entry[2]}" for item in items if (entry := _ENTRY.match(item))]
        return [f":{field}: {'; '.join(named or items)}"]
    entries = [entry for item in items if (entry := _ENTRY.match(item))]
    return [f":{field} {name.replace('*', chr(92) + '*')}: {entry[2]}" for entry in entries for name in entry[1].split(", ")]


class Formula(SphinxRole):
    """``:formula:`eq-name```: the number of a formula, a link; the bare label where no chapter has it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        target = addnodes.pending_xref("", nodes.literal("", self.text), refdomain="math", reftype="eq",
                                       reftarget=self.text, refdoc=self.env.docname, formula=True)
        return [target], []


def with_chapter(lines: list[str], of_module: str) -> list[str]:
    """Return a docstring that names the chapters of its module after its first paragraph, unless it has its own place in the book."""
    chapters = _BOOK.search(of_module)
    if not chapters or any(map(_BOOK.match, lines)):
        return lines
    end = lines.index("") if "" in lines else len(lines)
    return [*lines[:end], "", chapters[0], *lines[end:]]


def _on_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    if not name.startswith("lecture_code."):
        return
    if what in ("class", "function"):
        lines[:] = with_chapter(lines, sys.modules[obj.__module__].__doc__)
    lines[:] = to_rest(lines)


def _on_member(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out the fields of named tuples: the docstring of the tuple describes them."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def _on_missing(app: Sphinx, env: object, node: addnodes.pending_xref, content: nodes.Node) -> nodes.Node | None:
    """`tools/formulas.py --strict` reports such a label; the page shows it."""
    return content if node.get("formula") else None


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.add_role("formula", Formula())
    app.connect("autodoc-process-docstring", _on_docstring)
    app.connect("autodoc-skip-member", _on_member)
    app.connect("missing-reference", _on_missing)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
