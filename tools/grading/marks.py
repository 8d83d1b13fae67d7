"""The marks that somebody enters by hand, the class list, and what is late.

`marks.csv` is the one file in the folder of grades that is yours. It gets a line for every answer that has to be
read, and keeps every line in which you have written something, whatever is graded anew.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil, isfinite
from pathlib import Path
from typing import Any

from tools.grading.collect import Student

Record = dict[str, Any]
Key = tuple[str, str, str]                      # student, set, task
COLUMNS = ("student", "set", "task", "out_of", "points", "comment", "answer")
CHANGED = re.compile(r"[=+\-@].|0\d+$")         # what a spreadsheet takes for a formula, or a number without its zeros
MEND = "Mend it, and run the same command again."
#: When something was handed in, as Moodle writes it in English, and as others may.
TIMES = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M")


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the header and the lines of a CSV as spreadsheets write it: with commas, semicolons or tabs, UTF-8 or not."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [name.strip() for name in next(lines, [])]
    return header, [dict(zip(header, [*line, *[""] * len(header)])) for line in lines if any(line)]


def csv_of(header: list[str], rows: list[dict[str, str]]) -> str:
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, header, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def csv_text(rows: list[list[Any]]) -> str:
    """Return a table of ours, with the mark by which Excel knows the encoding: it would write back other names."""
    made = io.StringIO("\ufeff", newline="")
    made.seek(0, io.SEEK_END)
    csv.writer(made).writerows([plain(entry) for entry in row] for row in rows)
    return made.getvalue()


def plain(entry: Any) -> str:
    """Return an entry on one line, which a spreadsheet leaves as it is."""
    if entry is None or isinstance(entry, (int, float)):
        return "" if entry is None else f"{entry:g}"
    text = " ".join(str(entry).split())
    return "'" + text if CHANGED.match(text) else text


def as_it_was(text: str) -> str:
    """Return an entry without what `plain` has put before it, or a learning platform."""
    text = " ".join(text.split())
    return text[1:] if text.startswith("'") and CHANGED.match(text[1:]) else text


def digest(answer: str) -> str:
    """Return what an answer is known by; it begins with a letter, so that no spreadsheet takes it for a number."""
    return "v" + hashlib.sha256(" ".join(answer.split()).encode("utf-8", "replace")).hexdigest()[:8]


def answer_to(record: Record, task: str) -> str:
    """Return what was written for a task: in its field, or in the one of the function that it checks."""
    return record["answers"].get(task) or record["answers"].get(task.removesuffix("-check"), "")


# ---------------------------------------------------------------- marks

@dataclass
class Mark:
    points: str
    comment: str
    answer: str
    out_of: str = ""

    @property
    def written(self) -> bool:
        return bool(self.points or self.comment)

    @property
    def value(self) -> float | None:
        try:
            number = float(self.points.replace(",", "."))
        except ValueError:
            return None
        return number if isfinite(number) else None


def read_marks(path: Path) -> dict[Key, Mark]:
    """Return what was entered. A file that cannot be understood stops the run: nothing is written over it."""
    marks: dict[Key, Mark] = {}
    if not path.exists():
        return marks
    header, rows = rows_of(path)
    if missing := {"student", "set", "task", "points"} - set(header):
        raise SystemExit(f"{path} has no column {', '.join(sorted(missing))}; it is left as it is. {MEND}")
    for row in rows:
        key = as_it_was(row["student"]), row["set"].strip(), row["task"].strip()
        mark = Mark(*(as_it_was(row.get(name, "")) for name in ("points", "comment", "answer", "out_of")))
        old = marks.get(key, mark)
        if old.written and mark.written and old != mark:
            raise SystemExit(f"{path} says two things of {', '.join(key)}; it is left as it is. {MEND}")
        marks[key] = mark if mark.written else old
    return marks


def marks_text(records: list[Record], marks: dict[Key, Mark]) -> str:
    """Return the new `marks.csv`: every answer to be read, and every line that somebody has written in."""
    lines: dict[Key, list[Any]] = {}
    for record in records:
        for task, found in record["results"].items():
            key, answer = (record["student"], record["set"], task), digest(answer_to(record, task))
            mark = marks.get(key)
            if found["kind"] == "by hand" or mark:
                mark = mark or Mark("", "", "")
                lines[key] = [*key, found["out_of"], mark.points, mark.comment, mark.answer if mark.points else answer]
    for key, mark in marks.items():
        if key not in lines and mark.written:
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
            record["notes"].append(
                f"{task}: the mark {mark.points!r} is no number from 0 to {found['out_of']:g}, and does not count")
            continue
        found.update(points=mark.value, kind="marked" if found["kind"] in ("by hand", "empty") else found["kind"])
        if mark.answer and mark.answer != digest(answer_to(record, task)):
            record["notes"].append(f"{task}: the answer has changed since it was marked")


# ---------------------------------------------------------------- late

def moment(text: str) -> datetime:
    """Return a time on the clock of this machine. A day without one lasts until its end."""
    when = datetime.fromisoformat(text)
    if len(text) == len("2027-01-31"):
        return when.replace(hour=23, minute=59)
    return when.astimezone().replace(tzinfo=None)


def reduce_late(record: Record, deadline: datetime | None, percent: float) -> None:
    """Take off a share of the points for every day that has begun since the deadline, whose minute is still in time.

    It goes by the clock on the wall: a day in which it is put forward or back is one day, too.
    """
    if deadline is None:
        return
    if not record["when"]:
        if record["platform"] == "Moodle":
            record["notes"].append(
                "when it was handed in is not known: Moodle says it in its worksheet in English (--class)")
        return
    late = datetime.fromtimestamp(record["when"]).replace(second=0, microsecond=0) - deadline
    if late > timedelta():
        days = ceil(late / timedelta(days=1))
        record["share"] = max(0.0, 1 - percent / 100 * days)
        number, what = ((days, "day") if days > 1 else (round(late / timedelta(hours=1)), "hour")
                        if late >= timedelta(hours=1) else (late // timedelta(minutes=1), "minute"))
        record["notes"].append(f"{number} {what}{'s' * (number > 1)} late")
        if percent:
            record["notes"][-1] += f": {100 - 100 * record['share']:g} % less"


def total(record: Record) -> float:
    return round(record["share"] * sum(found["points"] or 0 for found in record["results"].values()), 2)


# ---------------------------------------------------------------- the class list

@dataclass
class ClassList:
    """A list of names, Moodle's grading worksheet, or Canvas's gradebook, as it was exported.

    The columns are those of Moodle's `mod/assign/gradingtable.php` and of Canvas's `lib/gradebook_exporter.rb`. Moodle
    writes their names in the language of whoever exports, and finds them by these when it reads the table back
    (`mod/assign/feedback/offline/importgradeslib.php`). So they go back as they came, and are known by their order.

    Attributes
    ----------
    header, rows : of the file
    columns : what a column is called here ↦ what it is called there
    lines : the name of a student ↦ the number of the line, None for whom it has none
    """

    header: list[str]
    rows: list[dict[str, str]]
    columns: dict[str, str] = field(init=False)
    lines: dict[str, int | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {column.casefold(): column for column in reversed(self.header)} | self.translated()

    @classmethod
    def read(cls, path: Path) -> ClassList:
        made = cls(*rows_of(path))
        if not any(map(made.name, made.rows)):
            raise SystemExit(f"{path} has no column with names: expected Full name, Student or Name")
        made.rows = [row for row in made.rows if made.name(row) not in ("", "Points Possible", "Student, Test")]
        return made

    def translated(self) -> dict[str, str]:
        """Return the columns of Moodle's worksheet in any language: number, name, …, grade, maximum, …, comments."""
        def of(column: str) -> list[str]:
            return [row[column] for row in self.rows]

        most = next((i for i, column in enumerate(self.header) if i > 2 and len({*of(column)}) == 1
                     and re.fullmatch(r"\d+[.,]\d+", self.rows[0][column])), 0) if self.rows else 0
        if "Identifier" in self.header or not most or not all(re.fullmatch(r"\D+\d+", id) for id in of(self.header[0])):
            return {}
        places = {"identifier": 0, "full name": 1, "grade": most - 1, "maximum grade": most}
        if not any(of(self.header[-1])):
            places["feedback comments"] = -1
        return {name: self.header[place] for name, place in places.items()}

    def of(self, row: dict[str, str], *names: str) -> str:
        """Return the entry of the first of these columns that is there."""
        return next((as_it_was(row[self.columns[name]]) for name in names if name in self.columns), "")

    def name(self, row: dict[str, str]) -> str:
        parts = self.of(row, "lastname", "last name", "surname"), self.of(row, "firstname", "first name")
        whole = self.of(row, "full name", "student", "name")
        return whole or ", ".join(filter(None, parts)) or self.of(row, "identifier")

    @cached_property
    def called(self) -> list[str]:
        """The names under which the students of the lines are graded: with the number where two are called the same."""
        names = [*map(self.name, self.rows)]
        twice = {name for name, count in Counter(names).items() if count > 1}
        ids = [*map(self.id, self.rows)]
        return [f"{name} ({id})" if name in twice and id else name for name, id in zip(names, ids)]

    def id(self, row: dict[str, str]) -> str:
        found = re.search(r"\d+", self.of(row, "identifier", "id"))
        return found[0] if found else ""

    @property
    def moodle(self) -> bool:
        return "identifier" in self.columns and "grade" in self.columns

    @property
    def canvas(self) -> bool:
        return {"id", "section"} <= self.columns.keys() and bool({"student", "lastname"} & self.columns.keys())

    @property
    def maximum(self) -> float | None:
        """What Moodle has for the most points: it skips grades above it."""
        text = self.of(self.rows[0], "maximum grade").replace(",", ".") if self.moodle and self.rows else ""
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None

    @cached_property
    def known(self) -> dict[Any, set[int]]:
        """By which numbers and forms of a name each line is found."""
        found = defaultdict(set)
        for line, row in enumerate(self.rows):
            for key in (f"#{self.id(row)}", *forms(self.name(row))):
                found[key].add(line)
        return found

    def find(self, name: str, id: str) -> int | None:
        """Return the line of a student, by the number of the learning platform, else by the name."""
        lines = id and self.known.get(f"#{id}") or set().union(*(self.known.get(form, ()) for form in forms(name)))
        return min(lines) if len(lines) == 1 else None

    def enrol(self, students: list[Student]) -> None:
        """Give students the names of this list, and add those who have handed in nothing.

        Where two submissions go by one name, nobody knows whose is the line: the platform gets neither.
        """
        lines = [self.find(student.name, student.id) for student in students]
        counts = Counter(lines)
        for student, line in zip(students, lines):
            if line is None:
                student.notes.append("not on the class list")
            elif counts[line] > 1:
                student.notes.append(
                    f"{counts[line]} submissions go by the name {self.called[line]}, and none of them is in the table for the "
                    "platform: rename or take away what is not theirs")
            else:
                student.name = self.called[line]
            self.lines[student.name] = line if counts[line] == 1 else None
        for line, row in enumerate(self.rows):
            if line not in counts:
                students.append(Student(self.called[line], self.id(row)))
                self.lines[self.called[line]] = line

    def now(self, name: str) -> str:
        """Return the name in this list of somebody who was graded before there was one."""
        found = re.fullmatch(r"(.*?)(?: \((\d+)\))?", name, re.DOTALL)
        line = None if name in self.lines or not found else self.find(found[1], found[2] or "")
        return name if line is None else self.called[line]

    def submitted(self, row: dict[str, str]) -> float | None:
        """Return when Moodle says that it was handed in."""
        for form in TIMES:
            try:
                return datetime.strptime(self.of(row, "last modified (submission)"), form).timestamp()
            except ValueError:
                continue
        return None


def words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    return re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c)))


def letters(name: str) -> str:
    """Return a name as Canvas writes it in the names of files: "Schmidt, Anna" is schmidtanna."""
    return "".join(words(name)).replace("_", "")


def forms(name: str) -> tuple[str, tuple[str, ...]]:
    """Return what two names have in common that are the same: that of Canvas, or its words in any order."""
    return letters(name), tuple(sorted(words(name)))


def platform_table(
        people: ClassList, name: str, out_of: float, graded: dict[int, Record], feedback: dict[int, str]) -> tuple[str, str]:
    """Return the file for Moodle or Canvas: (what it is called, its text); `graded` goes by the number of the line.

    What the platform has exported goes back as it was, so that nothing is changed for whom nothing was graded.
    """
    header, columns, rows = people.header, people.columns, [dict(row) for row in people.rows]
    if people.moodle:
        for line, record in graded.items():
            rows[line] |= {columns["grade"]: f"{total(record):g}",
                           columns.get("feedback comments", "Feedback comments"): plain(feedback[line])}
        return f"moodle-{name}.csv", csv_of(header, rows)
    header = header[:header.index(columns["section"]) + 1]
    plainly = letters(name.lstrip("0123456789-"))
    titles = [each for each in people.header if re.search(r" \(\d+\)$", each) and plainly in letters(each)]
    title = titles[0] if len(titles) == 1 else name         # that of an assignment which is there, or a new one
    for line, record in graded.items():
        rows[line][title] = f"{total(record):g}"
    return f"canvas-{name}.csv", csv_of(
        [*header, title], [{header[0]: "Points Possible", title: f"{out_of:g}"}, *rows])
