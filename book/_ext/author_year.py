"""Name a source in the bibliography as the text does: by authors and year, not by a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx


def authors_and_year(entry: Entry) -> tuple[str, str]:
    """Return all authors up to two, else the first, or the title where none is known; and the year."""
    names = [" ".join(person.prelast_names + person.last_names) for person in entry.persons.get("author", [])]
    if len(names) > 2:
        names = [f"{names[0]} et al."]
    return str(Text.from_latex(" and ".join(names) or entry.fields["title"])), entry.fields.get("year", "n.d.")


class LabelStyle(BaseLabelStyle):
    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        for entry in sorted_entries:
            yield ", ".join(authors_and_year(entry))


class Style(PlainStyle):
    default_label_style = "author_year"


def setup(app: Sphinx) -> dict[str, bool | str]:
    register_plugin("pybtex.style.labels", "author_year", LabelStyle)
    register_plugin("pybtex.style.formatting", "author_year", Style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
