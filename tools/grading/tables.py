"""What an instructor reads: one page for the class, a page for every student, and tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from tools.grading.marks import Record, answer_to, csv_text, total

SHORT = {"right": "", "to do": "not begun", "endless": "does not end", "input changed": "changes its input",
         "different": "wrong, not recognised", "by hand": "to be read", "missing": "no such function",
         "marked": "marked by hand"}


def short(found: dict[str, Any]) -> str:
    """Say in a few words what became of a task."""
    if found["kind"] == "error":
        return found["message"].partition("Your code raised ")[2].partition("\n")[0][:80] or found["message"][:80]
    return found["mistake"] or SHORT.get(found["kind"], found["kind"])


def look(found: dict[str, Any]) -> str:
    if found["points"] is None or 0 < found["points"] < found["out_of"]:
        return "open"
    return "right" if found["points"] == found["out_of"] else "wrong"


def remarks(record: Record) -> list[str]:
    return [text for text in (record["trouble"], *record["notes"]) if text]


def summary(rows: list[Record], tasks: Iterable[str]) -> Iterator[tuple[str, int, list[tuple[str, int]]]]:
    """For every task: how many have it right, and what went wrong, most frequent first."""
    for task in tasks:
        found = [record["results"][task] for record in rows if task in record["results"]]
        reasons = Counter(short(one) for one in found if look(one) != "right").most_common()
        others = sum(count for _, count in reasons[7:])
        right = sum(look(one) == "right" for one in found)
        yield task, right, reasons[:7] + [("something else", others)] * (others > 0)


def worth(found: dict[str, Any]) -> str:
    return f"? of {found['out_of']:g}" if found["points"] is None else f"{found['points']:g} of {found['out_of']:g}"


def to_read(records: list[Record]) -> str:
    """Return a page with all answers that somebody has to read, task by task, to be marked in `marks.csv`."""
    answers: dict[tuple[str, str], list[tuple[Record, dict[str, Any], str]]] = {}
    for record in records:
        for task, found in record["results"].items():
            if found["kind"] in ("by hand", "marked"):
                answers.setdefault((record["set"], task), []).append((record, found, answer_to(record, task)))
    return PAGES.to_read(answers.items())


def in_words(record: Record) -> str:
    """Return the feedback as one line of text, for the table of a learning platform."""
    lost = [f"{found['title'] or task}: {worth(found)}{', ' * bool(said := found.get('comment') or short(found))}{said}"
            for task, found in record["results"].items() if look(found) != "right"]
    return "; ".join(lost) or "All right."


def results(records: list[Record]) -> str:
    """Return the table with a line for every student and task."""
    columns = ["points", "out_of", "kind", "mistake", "message", "comment"]
    rows: list[list[Any]] = [["student", "set", "task", *columns, "remarks"]]
    for record in records:
        for task, found in record["results"].items() or [("", {})]:
            rows.append([record["student"], record["set"], task, *(found.get(column, "") for column in columns),
                         "; ".join(remarks(record))])
    return csv_text(rows)


def of_set(records: list[Record], points: dict[str, float]) -> str:
    """Return the table of one set: a line for every student, a column for every task."""
    rows: list[list[Any]] = [["student", "id", "total", "out_of", "to_be_read", *points, "remarks"]]
    for record in records:
        found = record["results"]
        rows.append([record["student"], record["id"], total(record), sum(points.values()),
                     sum(one["points"] is None for one in found.values()),
                     *(found[task]["points"] if task in found else "" for task in points), "; ".join(remarks(record))])
    return csv_text(rows)


def points(records: list[Record]) -> str:
    """Return the table with a line for every student, and a column for every set."""
    sets = sorted({record["set"] for record in records if record["set"]})
    rows: list[list[Any]] = [["student", "id", "total", "to_be_read", *sets, "remarks"]]
    for student in dict.fromkeys(record["student"] for record in records):
        theirs = [record for record in records if record["student"] == student]
        by_set = {record["set"]: total(record) for record in theirs if record["results"]}
        rows.append([student, theirs[0]["id"], sum(by_set.values()),
                     sum(found["points"] is None for record in theirs for found in record["results"].values()),
                     *(by_set.get(name, "") for name in sets),
                     "; ".join(remark for record in theirs for remark in remarks(record))])
    return csv_text(rows)


# ---------------------------------------------------------------- answers that are alike

LONG_ENOUGH = 60                                # words and signs, below which two answers are alike by chance
ALIKE = 0.9                                     # share of runs of five that two answers have in common


def alike(one: set[int], other: set[int]) -> bool:
    """Whether what two sets have in common is more than its share of both together; a million pairs take seconds."""
    if min(len(one), len(other)) <= ALIKE * max(len(one), len(other)):
        return False
    return (1 + ALIKE) * len(one & other) > ALIKE * (len(one) + len(other))


def similar(rows: list[Record]) -> list[str]:
    """Return which answers to one task are identical, and which nearly so: all that are alike on one line."""
    found = []
    for task in dict.fromkeys(task for record in rows for task in record["answers"]):
        texts: dict[tuple[str, ...], list[str]] = {}
        for record in rows:
            signs = tuple(re.findall(r"\w+|[^\w\s]", record["answers"].get(task, "")))
            if len(signs) >= LONG_ENOUGH:
                texts.setdefault(signs, []).append(record["student"])
        found += [f"{task}: identical: {', '.join(names)}" for names in texts.values() if len(names) > 1]
        groups: list[tuple[set[int], list[list[str]]]] = []     # the runs of its first text, and whose its texts are
        for signs, names in texts.items():
            runs = {hash(signs[i:i + 5]) for i in range(len(signs) - 4)}
            near = next((theirs for first, theirs in groups[:300] if alike(runs, first)), None)
            if near is None:
                groups.append((runs, near := []))
            near.append(names)
        several = [sorted(sum(theirs, [])) for _, theirs in groups if len(theirs) > 1]
        found += [f"{task}: nearly identical: {', '.join(names)}" for names in several]
    return found


PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
).get_template("pages.html", globals={each.__name__: each for each in (
    look, remarks, short, similar, summary, total, worth)}).module
