"""The index at the end of the printed book: words, and where the book defines them.

Its words are those of book/index-terms.yml, each at the first place that emphasises it, and the other names that
book/search-words.yml gives to sections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import yaml

from tools.notebooks import ROOT
from tools.paper import Sheet, key_of


def words() -> dict[str, str]:
    """Return the words that the book defines: as they are in small letters, and as the index writes them."""
    return {word.lower(): word for word in yaml.safe_load((ROOT / "book" / "index-terms.yml").read_text(encoding="utf-8"))}


def names_of_sections() -> Mapping[str, Mapping[str, str]]:
    """Return for each page its sections with their other names, separated by semicolons."""
    return yaml.safe_load((ROOT / "book" / "search-words.yml").read_text(encoding="utf-8"))


def find(sheets: Sequence[Sheet]) -> dict[str, list[str]]:
    """Return for each word, in the order of the alphabet, the ids of its places; a word that is not printed has none."""
    found: dict[str, list[str]] = {}
    wanted = words()
    for sheet in sheets:
        for emphasis in sheet.article.select("p em, li em") if sheet.title[:1].isdigit() else []:
            if word := wanted.pop(" ".join(emphasis.get_text().split()).lower(), ""):
                emphasis["id"] = f"{sheet.key}--term-{len(found)}"
                found[word] = [emphasis["id"]]
    parts = {element["id"]: element for sheet in sheets for element in sheet.article.find_all(id=True)}
    for page, sections in names_of_sections().items():
        for anchor, names in sections.items():
            place = f"{key_of(page)}--{anchor}"
            for name in map(str.strip, names.split(";")) if place in parts else []:
                places = found.setdefault(next((word for word in found if word.lower() == name.lower()), name), [])
                if not any(parts[place] in parts[each].parents for each in places):      # the definition is in the section
                    places.append(place)
    order = {place: number for number, place in enumerate(parts)}
    return {word: sorted(found[word], key=order.__getitem__) for word in sorted(found, key=str.lower)}


def html_of(found: Mapping[str, list[str]]) -> str:
    """Return the index; the numbers of pages come when they are known."""
    lines, letter = [], ""
    for word, places in found.items():
        begins = "" if word[0].upper() == letter else " begins"
        letter = word[0].upper()
        numbers = ", ".join(f'<a href="#{escape(place)}"><span class="number" data-of="{escape(place)}"></span></a>' for place in places)
        lines.append(f'<p class="term{begins}">{escape(word)}, {numbers}</p>')
    return f'<div class="other index" data-page="index"><h2 id="index">Index</h2><div class="terms">{"".join(lines)}</div></div>'
