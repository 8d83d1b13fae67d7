"""The words of the printed book's index in the site's index, too: each where a chapter emphasises it, and sections under
the other names that search-words.yml gives them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.index_of_terms import names_of_sections, words  # noqa: E402


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Add entries to the index of the site, which Sphinx makes of what its domain "index" holds."""
    page, found = app.env.docname, []
    wanted = words() if re.match(r"book/\d", page) else {}
    for emphasis in doctree.findall(nodes.emphasis):
        if word := wanted.pop(emphasis.astext().lower(), ""):
            emphasis["ids"].append(f"term-{nodes.make_id(word)}")
            found.append((word, emphasis["ids"][0]))
    for anchor, names in names_of_sections().get(page, {}).items():
        found += [(name.strip(), anchor) for name in names.split(";")]
    entries = [("single", word, anchor, "", None) for word, anchor in found]
    app.env.get_domain("index").entries.setdefault(page, []).extend(entries)


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("doctree-read", on_doctree_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
