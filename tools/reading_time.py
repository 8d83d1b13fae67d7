"""How long a chapter takes to read, counted from its notebook.

    python -m tools.reading_time            # all chapters
    python -m tools.reading_time 04 17      # some

Prose goes by at 130 words a minute, open code at 8 lines a minute, and each displayed formula takes a minute.
What the page folds is not counted: proofs, imports, drawing code, checks without output, the comparison with
lecture notes, and the sections marked ★, whose time stands apart. The build puts the result under the title
(book/_ext/folding.py), and folds by the rules that stand here.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.formulas import CHAPTER, MARK, displayed_formulas

ROOT = Path(__file__).resolve().parents[1]
WORDS, LINES, FORMULAS = 130, 8, 1  # a minute
OPTIONAL = "★"
NOTES = "In your lecture notes"

HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*$", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|:{3,})[ \t]*(?:\{([\w:-]+)\})?.*$")
OPTION = re.compile(r"^:[\w-]+:.*$", re.MULTILINE)
FORMULA = re.compile(r"\$\$.+?\$\$(?:[ \t]*\([\w-]+\))?", re.DOTALL)
INLINE = re.compile(r"\$[^$\n]+\$")
CITED = re.compile(r"\{(?:cite|cite:t)\}`[^`]*`")
ROLE = re.compile(r"\{[\w:]+\}`(?:[^`<]*<)?([^`>]*)>?`")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SHOWN = re.compile(r"```(?:python|ipython3?)\n(.*?)```", re.DOTALL)


# ---- what is folded ---------------------------------------------------------------------------------

def fold_of_cell(tags: Any, source: str, has_output: bool) -> str | None:
    """Return how the page folds a code cell: 'imports', 'drawing', 'check', or None where it stays open."""
    if "imports" in tags:
        return "imports"
    if "hide-input" in tags:
        return "drawing"  # the code alone; the picture stays
    if not has_output and "open" not in tags and any(MARK.match(line) for line in source.splitlines()):
        return "check"
    return None


def fold_of_heading(title: str) -> str | None:
    """Return how the page folds the section under a heading: 'optional', 'notes', or None."""
    if title.startswith(OPTIONAL):
        return "optional"
    return "notes" if title == NOTES else None


# ---- counting ---------------------------------------------------------------------------------------

@dataclass
class Count:
    """What there is to read."""

    words: int = 0
    lines: int = 0
    formulas: int = 0

    def add(self, other: Count) -> None:
        self.words += other.words
        self.lines += other.lines
        self.formulas += other.formulas

    @property
    def minutes(self) -> float:
        return self.words / WORDS + self.lines / LINES + self.formulas / FORMULAS


def open_text(markdown: str) -> str:
    """Return the text without what is closed: folded boxes, and answers of blanks."""
    kept, boxes = [], []  # boxes: (fence, is it closed?)
    lines = markdown.split("\n")
    for i, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence and boxes and line.strip() == boxes[-1][0]:
            boxes.pop()
        elif fence:
            options = [text for text in lines[i + 1 : i + 4] if OPTION.match(text)]
            boxes.append((fence[1], any(":class:" in option and "dropdown" in option for option in options)))
        elif not any(closed for _, closed in boxes):
            kept.append(line)
    return "\n".join(kept)


def count_text(markdown: str) -> Count:
    """Count a text: a formula within a line is one word, and what a reader does not see is none."""
    text = open_text(markdown)
    formulas = len(displayed_formulas(text, ""))
    text = re.sub(r"^\([\w-]+\)=$", "", OPTION.sub("", FORMULA.sub("", text)), flags=re.MULTILINE)
    text = LINK.sub(r"\1", ROLE.sub(r"\1", CITED.sub("", INLINE.sub("formula", text))))
    return Count(words=len(re.findall(r"[^\W_](?:[\w’'-]|[.,](?=\d))*", text)), formulas=formulas)


def count_code(cell: Mapping[str, Any]) -> Count:
    """Count the open lines of a code cell, and those of the library that its output shows."""
    source, outputs = "".join(cell["source"]), cell.get("outputs", [])
    folded = fold_of_cell(cell["metadata"].get("tags", []), source, bool(outputs))
    shown = [] if folded else [source]
    for output in outputs:
        shown += SHOWN.findall("".join(output.get("data", {}).get("text/markdown", "")))
    return Count(lines=sum(bool(line.strip()) for text in shown for line in text.splitlines()))


def sections(markdown: str) -> Iterator[tuple[int, str, str]]:
    """Yield (level, title, text) of the parts of a Markdown cell; the part before the first heading has level 0."""
    headings = list(HEADING.finditer(re.sub(r"^```.*?^```", lambda code: "`" * len(code[0]), markdown, flags=re.M | re.S)))
    ends = [heading.start() for heading in headings] + [len(markdown)]
    yield 0, "", markdown[: ends[0]]
    for heading, end in zip(headings, ends[1:]):
        yield len(heading[1]), heading[2], markdown[heading.end() : end]


def parts(notebook: Mapping[str, Any]) -> list[tuple[str | None, Count]]:
    """Return what there is to read, cut where a folded section begins or ends: (kind of the fold or None, count)."""
    found: list[tuple[str | None, Count]] = [(None, Count())]
    depth = 0  # of the folded section that we are in
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            found[-1][1].add(count_code(cell))
        elif cell["cell_type"] == "markdown":
            for level, title, text in sections("".join(cell["source"])):
                if level and (not depth or level <= depth):
                    kind = fold_of_heading(title)
                    depth = level if kind else 0
                    found.append((kind, Count()))
                found[-1][1].add(count_text(f"{title}\n{text}"))
    return found


def count(notebook: Mapping[str, Any], kind: str | None = None) -> Count:
    """Return the sum over the open sections, or over those that are folded as `kind`."""
    total = Count()
    for of, part in parts(notebook):
        if of == kind:
            total.add(part)
    return total


def about(minutes: float) -> str:
    """Return a time as a reader wants it: to five minutes, the short ones to one."""
    if minutes < 10:
        return "1 minute" if round(minutes) <= 1 else f"{round(minutes)} minutes"
    return f"{5 * round(minutes / 5)} minutes"


# ---- the command ------------------------------------------------------------------------------------

def chapters(root: Path = ROOT) -> list[Path]:
    return sorted(path for path in (root / "book").glob("*.ipynb") if CHAPTER.match(path.stem))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print how long the chapters take to read.")
    parser.add_argument("numbers", nargs="*", help="chapters, as 04; all if none is named")
    options = parser.parse_args(arguments)

    print(f"{'chapter':36}{'minutes':>8}{'words':>8}{'code':>6}{'formulas':>10}{'★ minutes':>11}")
    for path in chapters():
        if options.numbers and path.stem[:2] not in options.numbers:
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        read = count(notebook)
        print(f"{path.stem:36}{read.minutes:8.0f}{read.words:8}{read.lines:6}{read.formulas:10}"
              f"{count(notebook, 'optional').minutes:11.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
