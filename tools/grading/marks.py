"""The marks that somebody enters by hand, the class list, and what is late.

`marks.csv` is the one file in the folder of grades that is yours. It gets a line for every answer that has to be
read, and keeps every line in which you have written something, whatever is graded anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from math import ceil, isfinite
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Key = tuple[str, str, str]                      # student, set, task
COLUMNS = ("student", "set", "task", "out_of", "points", "comment", "answer")


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the header and the lines of a CSV as spreadsheets write it: with commas, semicolons or tabs, in any encoding."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [name.strip() for name in next(lines, [])]
    return header, [dict(zip(header, [*line, *[""] * len(header)])) for line in lines if any(line)]


def csv_text(rows: list[list[Any]]) -> str:
    made = io.StringIO(newline="")
    csv.writer(made).writerows([[plain(entry) for entry in row] for row in rows])
    return made.getvalue()


def plain(entry: Any) -> str:
    """Return an entry on one line, which a spreadsheet does not take for a formula."""
    if entry is None or isinstance(entry, (int, float)):
        return "" if entry is None else f"{entry:g}"
    text = " ".join(str(entry).split())
    return "'" + text if text[:1] in ("=", "+", "-", "@") and len(text) > 1 else text


def digest(answer: str) -> str:
    return hashlib.sha256(" ".join(answer.split()).encode("utf-8", "replace")).hexdigest()[:8]


# ---------------------------------------------------------------- marks

@dataclass
class Mark:
    points: str
    comment: str
    answer: str
    out_of: str = ""

    @property
    def value(self) -> float | None:
        try:
            number = float(self.points.replace(",", "."))
        except ValueError:
            return None
        return number if isfinite(number) else None


def read_marks(path: Path) -> dict[Key, Mark]:
    """Return what was entered. A file that cannot be understood stops the run: nothing is written over it."""
    if not path.exists():
        return {}
    header, rows = rows_of(path)
    if missing := {"student", "set", "task", "points"} - set(header):
        raise SystemExit(f"{path} has no column {', '.join(sorted(missing))}; it is left as it is, and nothing was graded")
    return {(row["student"].lstrip("'"), row["set"], row["task"]): Mark(
        row["points"].strip(), row.get("comment", "").strip(), row.get("answer", "").strip().lstrip("'"), row.get("out_of", ""))
        for row in rows}


def marks_text(records: list[Record], marks: dict[Key, Mark]) -> str:
    """Return the new `marks.csv`: every answer to be read, and every line that somebody has written in."""
    lines: dict[Key, list[Any]] = {}
    for record in records:
        for task, found in record["results"].items():
            key, answer = (record["student"], record["set"], task), digest(record["answers"].get(task, ""))
            mark = marks.get(key)
            if found["kind"] == "by hand" or mark:
                mark = mark or Mark("", "", "")
                lines[key] = [*key, found["out_of"], mark.points, mark.comment, mark.answer if mark.points else answer]
    for key, mark in marks.items():
        if key not in lines and (mark.points or mark.comment):
            lines[key] = [*key, mark.out_of, mark.points, mark.comment, mark.answer]
    return csv_text([list(COLUMNS), *(lines[key] for key in sorted(lines, key=lambda key: (key[1], key[2], key[0])))])


def merge(record: Record, marks: dict[Key, Mark]) -> None:
    """Put the marks entered by hand into a record; they count more than what was found by machine."""
    for task, found in record["results"].items():
        mark = marks.get((record["student"], record["set"], task))
        if mark is None:
            continue
        found["comment"] = mark.comment
        if not mark.points:
            continue
        if mark.value is None or not 0 <= mark.value <= found["out_of"]:
            record["notes"].append(f"{task}: the mark {mark.points!r} is no number from 0 to {found['out_of']:g}, and does not count")
            continue
        found.update(points=mark.value, kind="marked" if found["kind"] in ("by hand", "empty") else found["kind"])
        if mark.answer and mark.answer != digest(record["answers"].get(task, "")):
            record["notes"].append(f"{task}: the answer has changed since it was marked")


# ---------------------------------------------------------------- late

def reduce_late(record: Record, deadline: datetime | None, percent: float) -> None:
    """Take off a share of the points for every day that has begun since the deadline."""
    record["share"] = 1.0
    if deadline is None or not record["when"]:
        return
    late = (datetime.fromtimestamp(record["when"]).astimezone() - deadline).total_seconds()
    if late > 0:
        days = ceil(late / 86400)
        record["share"] = max(0.0, 1 - percent / 100 * days)
        record["notes"].append(f"{late / 3600:.0f} hours late" if late < 86400 else f"{days} days late")
        if percent:
            record["notes"][-1] += f": {100 - 100 * record['share']:g} % less"


def total(record: Record) -> float:
    return round(record["share"] * sum(found["points"] or 0 for found in record["results"].values()), 2)


# ---------------------------------------------------------------- the class list

@dataclass
class ClassList:
    """A list of names, Moodle's grading worksheet, or Canvas's gradebook, as it was exported."""

    header: list[str]
    rows: list[dict[str, str]]

    @classmethod
    def read(cls, path: Path) -> ClassList:
        header, rows = rows_of(path)
        made = cls(header, rows)
        if not made.column("full name", "student", "name"):
            raise SystemExit(f"{path} has no column with names: expected Full name, Student or Name")
        made.rows = [row for row in rows if made.name(row) and made.name(row) not in ("Points Possible", "Student, Test")]
        return made

    def column(self, *names: str) -> str:
        return next((column for name in names for column in self.header if column.lower() == name), "")

    def name(self, row: dict[str, str]) -> str:
        return row[self.column("full name", "student", "name")].strip().lstrip("'")

    def id(self, row: dict[str, str]) -> str:
        found = re.search(r"\d+", row.get(self.column("identifier", "id"), ""))
        return found[0] if found else ""

    @property
    def moodle(self) -> bool:
        return "Identifier" in self.header and "Full name" in self.header

    @property
    def canvas(self) -> bool:
        return "Student" in self.header and "ID" in self.header

    def find(self, name: str, id: str) -> dict[str, str] | None:
        """Return the line of a student, by the number of the learning platform, else by the name."""
        by_id = [row for row in self.rows if id and self.id(row) == id]
        by_name = [row for row in self.rows if letters(self.name(row)) == letters(name)
                   or sorted(words(self.name(row))) == sorted(words(name))]
        found = by_id or by_name
        return found[0] if len(found) == 1 else None

    def submitted(self, row: dict[str, str]) -> float | None:
        """Return when Moodle says that it was handed in."""
        text = row.get("Last modified (submission)", "")
        for form in ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"):
            try:
                return datetime.strptime(text.strip(), form).timestamp()
            except ValueError:
                continue
        return None


def words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    return re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c)))


def letters(name: str) -> str:
    """Return a name as Canvas writes it in the names of files: "Schmidt, Anna" is schmidtanna."""
    return "".join(words(name)).replace("_", "")


def platform_table(people: ClassList, name: str, out_of: float, graded: dict[int, Record], feedback: dict[int, str]) -> tuple[str, str]:
    """Return the file for Moodle or Canvas: (what it is called, its text); `graded` goes by the number of the line."""
    if people.moodle:
        columns = [*people.header, *(each for each in ("Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments")
                                     if each not in people.header)]
        rows = [{**row, **({"Grade": f"{total(graded[i]):g}", "Maximum Grade": f"{out_of:g}", "Feedback comments": feedback[i]}
                           if i in graded else {})} for i, row in enumerate(people.rows)]
        return f"moodle-{name}.csv", csv_text([columns, *([row.get(each, "") for each in columns] for row in rows)])
    columns = [each for each in ("Student", "ID", "SIS User ID", "SIS Login ID", "Section") if each in people.header]
    rows = [["Points Possible" if each == "Student" else "" for each in columns] + [out_of]]
    rows += [[*(row.get(each, "") for each in columns), total(graded[i]) if i in graded else ""] for i, row in enumerate(people.rows)]
    return f"canvas-{name}.csv", csv_text([[*columns, name], *rows])
