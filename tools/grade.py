"""Grade what students handed in: points, and which mistake it was.

    python -m tools.grade SUBMISSIONS [--class people.csv] [--deadline 2027-01-31T23:59] [--set 07-mini-batches]

SUBMISSIONS is a folder or a zip: a folder or a file a student, a folder a set, or what Moodle or Canvas exports. To
which set a notebook belongs is read from its cells. Each student is graded in processes of their own: one opens the
notebook and judges (tools/grading/judge.py), another one runs the student's code (tools/grading/runner.py). Whatever
one of them does, the others are graded.

In the folder `--out`: `report.html` for reading, `feedback/` with a page a student, `points.csv`, a table for each
set, `results.csv` with a line a student and task, and `notebooks/`, each submission as it was graded. `to-read.html`
has the proofs and written answers; enter their points in `marks.csv` and run the same command again: only what is new
or has changed is graded.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import re
import resource
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NoReturn

from tools.grading import isolation, tables
from tools.grading.collect import Student, name_of, newest, own_name, students
from tools.grading.judge import Limits, Result, font_lists, judge, overlooked
from tools.grading.marks import ClassList, Record, marks_text, merge, moment, platform_table, read_marks, reduce_late
from tools.grading.opened import (
    Answers, Cell, Damaged, ExerciseSet, belonging, beside, cells, handed_out_source, read, restored, same)
from tools.grading.wire import clean
from tools.notebooks import ROOT, about, lacking

MEMORY = 1 << 30                                # bytes that opening and judging may take beyond what is there
SPARE = 60                                      # seconds for it, beyond the limit of the student's code
HELPERS = 10_000_000                            # bytes of files beside a notebook that are put beside it again
KINDS = (".py", ".csv", ".txt", ".json", ".npy", ".npz", ".png")


def exercise_sets(folder: Path, solutions: Path = ROOT / "solutions") -> list[ExerciseSet]:
    """Return the sets that were handed out, with the hidden tests of their sources."""
    made = []
    for path in sorted(path for path in folder.glob("*/*.ipynb") if not path.name.startswith(".")):
        source = solutions / path.parent.name / path.name
        tests = {cell.name: cell.source for cell in cells(read(source)) if cell.check} if source.exists() else {}
        handed_out = []
        for cell in cells(read(path)):
            whole = replace(cell, source=tests.get(cell.name, ""))
            if not cell.check or same(handed_out_source(whole)) != same(cell.source):
                whole = cell                    # no check, or one of another edition
            handed_out.append(replace(whole, name=cell.name or f"#{cell.id}"))
        made.append(ExerciseSet(path.parent.name, path, tuple(handed_out), about(path).needs))
    return made


# ---------------------------------------------------------------- one student, in a process of their own

@dataclass
class Work:
    """What the process of one student knows: everything, but no line of the student's code runs in it."""

    out: Path
    every: list[ExerciseSet]
    sets: list[ExerciseSet]                     # those to be graded now
    limits: Limits
    secret: list[Path]
    again: bool
    scratch: str

    def __post_init__(self) -> None:
        code = b"".join(path.read_bytes() for folder in ("lecture_tasks", "lecture_code", "tools/grading")
                        for path in sorted((ROOT / folder).glob("*.py")))
        self.version = hashlib.sha256(code + repr(self.limits).encode()).hexdigest()

    def student(self, student: Student) -> None:
        """Grade all that a student handed in: of each set the newest notebook."""
        opened: dict[str, dict[Path, tuple[ExerciseSet, list[Cell]]]] = {}
        damaged = []
        for path in student.notebooks:
            try:
                theirs = cells(read(path))
                handed_out = belonging(theirs, self.every, clean(os.fsencode(path).decode("utf-8", "replace")))
                if handed_out not in self.sets:
                    raise Damaged(f"belongs to {handed_out.name}, which is not graded now")
                opened.setdefault(handed_out.name, {})[path] = handed_out, theirs
            except Damaged as error:
                damaged.append((path, str(error)))
            except (Exception, RecursionError) as error:
                damaged.append((path, f"could not be read: {type(error).__name__}: {clean(error, 120)}"))
        rows: dict[str, tuple[ExerciseSet | None, str, Path]] = {}
        for path, why in damaged:
            named = [each for each in self.sets if each.path.stem in path.stem or each.name in path.parts]
            handed_out = named[0] if named else self.sets[0] if len(self.sets) == 1 else None
            name = handed_out.name if handed_out else ""
            if name in opened or name in rows:
                student.notes.append(f"not graded: {shown(path)}, {why}")
            else:
                rows[name] = handed_out, why, path
        for row in rows.values():
            self.keep(blank(student, *row))
        for found in opened.values():
            path = newest(list(found))
            older = [f"not graded: {shown(other)}, an older notebook for this set" for other in found if other != path]
            self.notebook(student, path, *found[path], [*older, *student.notes])

    def notebook(
            self, student: Student, path: Path, handed_out: ExerciseSet, theirs: list[Cell], notes: list[str]) -> None:
        start = time.perf_counter()
        helpers = dict(helpers_of(student, path))
        record = blank(student, handed_out, "", path)
        record["fingerprint"] = hashlib.sha256(b"".join([
            *(file.read_bytes() for file in (path, *helpers.values(), handed_out.path)),
            repr([*helpers, handed_out.cells, self.version]).encode()])).hexdigest()
        kept = self.out / "records" / file_name(record)
        old = json.loads(kept.read_text()) if kept.exists() and not self.again else {}
        if old.get("fingerprint") == record["fingerprint"]:
            notes = [*dict.fromkeys([*notes, *old["graded"]])]
            self.keep({**old, "student": student.name, "id": student.id, "notes": notes})
            return
        answers = restored(theirs, handed_out)
        record["answers"] = dict(written(answers, handed_out))
        if absent := lacking(handed_out.path):
            needed = " and ".join(absent)
            record["trouble"] = f"not run: the set needs {needed}, which this machine lacks: make frameworks"
        else:
            done: dict[str, Result] = {}
            with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as folder:
                (Path(folder) / "given").mkdir()
                for name, helper in helpers.items():
                    shutil.copy(helper, Path(folder) / "given" / name)
                judge(answers, handed_out, student.name, self.limits, Path(folder), self.secret, done)
            record["results"] = {cell.name: asdict(done[cell.name]) for cell in handed_out.graded}
            target = self.out / "notebooks" / as_name(student.name) / handed_out.name / handed_out.path.name
            write({target: json.dumps(as_notebook(answers, handed_out), indent=1, ensure_ascii=False)})
        seconds = time.perf_counter() - start
        self.keep(record | {"graded": answers.notes, "notes": [*notes, *answers.notes], "seconds": seconds})

    def keep(self, record: Record) -> None:
        write({self.out / "records" / file_name(record): json.dumps(record)})


def helpers_of(student: Student, notebook: Path) -> Iterator[tuple[str, Path]]:
    """Yield modules and data that lie beside a notebook, by each name that they may have had at the student's.

    A platform puts something before it, and Canvas -1 behind that of a second one; or the student has called it so.
    """
    left = HELPERS
    for other in [path for path in student.others if path.parent == notebook.parent][:200]:
        if other.suffix in KINDS and other.is_file() and not other.is_symlink():
            left -= other.stat().st_size
            own = own_name(other)
            for name in (name_of(other), own, re.sub(r"-\d+(\.\w+)$", r"\1", own)) if left > 0 else ():
                yield name.replace(os.sep, "_"), other


def written(answers: Answers, handed_out: ExerciseSet) -> Iterator[tuple[str, str]]:
    """Yield the fields in which something was written, with it; text in a cell beside the field is a part of it."""
    stubs = {cell.name: same(cell.source) for cell in handed_out.cells if cell.solution}
    for cell in answers.cells:
        if not cell.own and cell.name in stubs:
            texts = [cell.source] * (same(cell.source) != stubs[cell.name])
            texts += [each.source for each in beside(cell, answers.cells)] if cell.by_hand else []
            if texts:
                yield cell.name, "\n\n".join(texts)[:20_000]


def blank(student: Student, handed_out: ExerciseSet | None, trouble: str, path: Path | None = None) -> Record:
    """Return the row of somebody of whom nothing could be graded."""
    name, graded = (handed_out.name, handed_out.graded) if handed_out else ("", [])
    return {"student": student.name, "id": student.id, "platform": student.platform, "set": name, "trouble": trouble,
            "when": path.lstat().st_mtime if path and not student.platform else 0.0, "share": 1.0,
            "notes": list(student.notes), "graded": [], "answers": {}, "seconds": 0.0, "fingerprint": "",
            "results": {cell.name: asdict(Result("not run", 0.0, cell.points)) for cell in graded}}


def shown(path: Path) -> str:
    return clean(own_name(path), 100)


def as_name(student: str) -> str:
    """Return a name for a file or folder."""
    kept = "".join(c if c.isalnum() or c in " ._-()=+@" else "_" for c in student).strip(". ")[:80]
    return kept if kept == student else f"{kept or 'student'}-{hashlib.sha256(student.encode()).hexdigest()[:6]}"


def file_name(record: Record) -> str:
    return f"{as_name(record['student'])}.{record['set'] or 'none'}.json"


def as_notebook(answers: Answers, handed_out: ExerciseSet) -> dict[str, Any]:
    made = []
    for place, cell in enumerate(answers.cells):
        each: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{place}", "source": handed_out_source(cell),
                                "metadata": {"tags": list(cell.tags)} if cell.tags else {}}
        if cell.name and not cell.own and not cell.free:
            each["metadata"]["nbgrader"] = {"grade_id": cell.name, "grade": cell.graded, "solution": cell.solution,
                                            "locked": cell.locked, "points": cell.points, "schema_version": 3}
        if cell.kind == "code":
            each |= {"outputs": cell.outputs, "execution_count": None}
        elif cell.attachments:
            each["attachments"] = cell.attachments
        made.append(each)
    metadata = json.loads(handed_out.path.read_text(encoding="utf-8"))["metadata"]
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(files: dict[Path, str]) -> None:
    """Write files, all of them beside the old ones before the first one takes its place."""
    parts = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        for path, part in parts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(files[path], encoding="utf-8", newline="")
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


# ---------------------------------------------------------------- all of them

class Stopped(Exception):
    """Somebody has told the grader to end."""


def alone(work: Work, student: Student, parent: int) -> None:
    """Grade a student in a process of its own, which ends with the one that has started it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        return
    os.setsid()
    os.environ.update(LECTURE_CODE_RUN="short", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    room = MEMORY * (4 if any(each.needs for each in work.sets) else 1)
    resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))
    work.student(student)


def grade(people: list[Student], work: Work, jobs: int, done: Callable[[Student, str], None]) -> None:
    """Grade all, so many at a time; `done` hears of each when it has ended."""
    waiting, running = people[::-1], {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                student = waiting.pop()
                process = get_context("fork").Process(target=alone, args=(work, student, os.getpid()), daemon=True)
                process.start()
                seconds = 3 * work.limits.seconds * max(1, len(student.notebooks)) + SPARE
                running[process] = student, time.monotonic() + seconds
            soonest = min(until for _, until in running.values())
            wait([process.sentinel for process in running], soonest - time.monotonic())
            for process, (student, until) in list(running.items()):
                if late := time.monotonic() > until:
                    process.kill()
                if late or not process.is_alive():
                    process.join()
                    del running[process]
                    done(student, "" if process.exitcode == 0 else "took longer than its limit" if late else
                         "could not be opened: it needs too much memory, or has something in it that breaks the grader")
    except Stopped:
        signal.setitimer(signal.ITIMER_REAL, 0)     # heard
        raise
    finally:
        for process in running:
            process.kill()
            process.join()


class Class:
    """All records, and the files that are made of them."""

    def __init__(self, out: Path, sets: list[ExerciseSet], people: ClassList | None, deadline: datetime | None,
                 late: float, how: list[str]) -> None:
        self.out, self.people, self.deadline, self.late, self.how = out, people, deadline, late, how
        self.sets = {each.name: each for each in sets}
        self.began = time.time() - 1            # what was written before is of another run
        self.records: dict[str, list[Record]] = {}
        self.next, self.whole = 0.0, False      # when to write, and whether all have been graded
        self.read()

    def read(self) -> None:
        """Read the marks anew: somebody may have entered one while the others are graded."""
        now = self.people.now if self.people else str
        marks = read_marks(self.out / "marks.csv")
        self.marks = {(now(student), name, task): mark for (student, name, task), mark in marks.items()}

    def add(self, student: Student, trouble: str) -> None:
        """Read what the process of a student has left; should there be nothing, say why."""
        found = []
        for name in ["none", *self.sets]:
            path = self.out / "records" / f"{as_name(student.name)}.{name}.json"
            if path.exists() and path.stat().st_mtime >= self.began:
                found.append(json.loads(path.read_text(encoding="utf-8")))
        if trouble or not found:
            only = next(iter(self.sets.values())) if len(self.sets) == 1 and student.notebooks and not found else None
            if not trouble and student.others:
                trouble = f"no notebook here, but {', '.join(map(shown, student.others[:3]))}"
            elif not trouble:
                trouble = "nothing here that can be read" if student.notes else "nothing handed in"
            found.append(blank(student, only, trouble))
        self.records[student.name] = found
        if time.monotonic() > self.next:
            self.write()

    def warnings(self) -> list[str]:
        """Say which marks are nobody's, and where a platform would not take the table that is made for it."""
        records = [record for some in self.records.values() for record in some]
        here = {(record["student"], record["set"], task) for record in records for task in record["results"]}
        found = [f"marks.csv: there is no {', '.join(key)}; its mark counts for nobody" for key, mark in self.marks.items()
                 if self.whole and mark.points and key[1] in self.sets and key not in here][:9]
        most = self.people.maximum if self.people else None
        for name in sorted({name for _, name, _ in here} & self.sets.keys()):
            points = sum(self.sets[name].points.values())
            if most not in (None, points):
                found.append(f"{name}: the most points are {most:g} in Moodle and {points:g} here. Set them in Moodle before "
                             "you upload the table, since grades above its maximum are skipped without a word")
        return found

    def write(self) -> None:
        """Write all tables and pages: first beside the old ones, then in their places."""
        began = time.monotonic()
        self.read()
        records = [deepcopy(record) for name in sorted(self.records, key=str.casefold) for record in self.records[name]]
        lines = self.people.lines if self.people else {}
        for record in records:
            if (line := lines.get(record["student"])) is not None:
                record["when"] = self.people.submitted(self.people.rows[line]) or record["when"]
            merge(record, self.marks)
            reduce_late(record, self.deadline, self.late)
        report = tables.PAGES.report(records, self.sets, [*self.how, *self.warnings()])
        files = {"report.html": report, "to-read.html": tables.to_read(records), "marks.csv": marks_text(records, self.marks),
                 "results.csv": tables.results(records), "points.csv": tables.points(records)}
        for name in {record["set"] for record in records} & self.sets.keys():
            of_set, points = [record for record in records if record["set"] == name], self.sets[name].points
            files[f"{name}.csv"] = tables.of_set(of_set, points)
            for record in of_set:
                files[f"feedback/{name}/{as_name(record['student'])}.html"] = tables.PAGES.feedback(record, points)
            if self.people and (self.people.moodle or self.people.canvas):
                graded = {line: record for record in of_set if (line := lines[record["student"]]) is not None}
                said = {line: tables.in_words(record) for line, record in graded.items()}
                file, text = platform_table(self.people, name, sum(points.values()), graded, said)
                files[file] = text
        write({self.out / name: text for name, text in files.items()})
        now = time.monotonic()
        self.next = now + max(5, 10 * (now - began))    # a large class takes a while


def stop(number: int, frame: Any) -> NoReturn:
    """End; and again in a moment, should this come while Python runs a finalizer, which drops every exception."""
    signal.signal(signal.SIGALRM, lambda _, frame: stop(number, frame))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    raise Stopped(signal.Signals(number).name)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--exercises", type=Path, default=ROOT / "exercises", help="what was handed out")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions", help="its sources, with hidden tests")
    parser.add_argument("--set", action="append", help="grade only this set (may be given several times)")
    parser.add_argument("--class", dest="people", type=Path, help="a CSV with names, or what Moodle or Canvas exports")
    parser.add_argument("--deadline", type=moment, help="such as 2027-01-31T23:59")
    parser.add_argument("--late", type=float, default=0, help="percent of the points taken off a day (default 0)")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "grades")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="students at a time (default 2)")
    parser.add_argument("--seconds", type=float, default=60, help="limit for a notebook, of the processor (default 60)")
    parser.add_argument("--cell-seconds", type=float, default=15, help="limit for a cell (default 15)")
    parser.add_argument("--memory", type=int, default=2048, help="limit in MiB (default 2048)")
    parser.add_argument("--seed", help="of the inputs that no student has seen (default: drawn once, and kept)")
    parser.add_argument("--again", action="store_true", help="grade all anew, not only what has changed")
    options = parser.parse_args(argv)
    for path in filter(None, (options.submissions, options.people)):
        if not path.exists():
            parser.error(f"there is no {path}")
    every = exercise_sets(options.exercises, options.solutions)
    names = [each.name for each in every]
    if not every or set(options.set or ()) - {*names}:
        parser.error("no such exercise set; there are: " + ", ".join(names))
    sets = [each for each in every if not options.set or each.name in options.set]
    if unclear := [f"{each.name}: {name}" for each in sets for name in overlooked(each)]:
        parser.error("a check that nobody would judge; write check(tasks.name, name) in a line of its own: " + ", ".join(unclear))
    people = ClassList.read(options.people) if options.people else None
    start, way, out = time.time(), isolation.strongest(), options.out.resolve()
    if options.seed or not (out / "seed.txt").exists():
        write({out / "seed.txt": options.seed or secrets.token_hex(8)})
    limits = Limits(options.seconds, options.cell_seconds, options.memory, way, (out / "seed.txt").read_text())
    how = [f"limits: {limits.seconds:g} s a notebook, {limits.cell_seconds:g} s a cell, {limits.memory} MiB",
           f"isolation in force: a process and a folder for each, apart from its judge; {isolation.WAYS[way]}",
           "inputs of the checks: those that students see, and others for each student, from a seed in seed.txt"]
    if options.deadline:
        how.append(f"deadline: {options.deadline:%Y-%m-%d %H:%M}; {options.late:g} % less for each day begun since")
    secret = sorted({*isolation.secret_folders(), options.submissions.resolve(), out, options.solutions.resolve()})
    found = students(options.submissions, names, out / "unpacked", how)
    if people:
        people.enrol(found)
    graded = Class(out, sets, people, options.deadline, options.late, how)
    font_lists()                                # loaded once, for all processes, as the tasks have been
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    status, scratch = 0, ""
    try:
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as scratch:
            work = Work(out, every, sets, limits, secret, options.again, scratch)
            grade(found, work, max(1, options.jobs), graded.add)
        graded.whole = True
    except Stopped as name:
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(f"{name}: stopped. What was graded until then is kept; the same command goes on from there.")
        status = 130
    until = time.monotonic() + 3                # what has just been killed may have put something there since
    while os.path.exists(scratch) and time.monotonic() < until:
        shutil.rmtree(scratch, ignore_errors=True)
        time.sleep(0.1)
    graded.how.insert(0, f"{len(graded.records)} students, {options.jobs} at a time, {time.time() - start:.0f} s")
    graded.write()
    records = [record for each in graded.records.values() for record in each]
    print("\n".join([*graded.how, *graded.warnings()]))
    for record in records:
        if record["trouble"]:
            print(f"{record['student']}: {record['trouble']}")
    print(f"\nRead {out / 'report.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
