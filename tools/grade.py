"""Grade a folder of submitted notebooks: points, and which mistake it was.

    python -m tools.grade SUBMISSIONS [--jobs 2] [--out _build/grades] [--set 07-mini-batches]

SUBMISSIONS holds a folder a student, `student/…/mini-batches.ipynb`, or a file a student, `student.ipynb`.
To which set a notebook belongs is read from the ids of its cells. Statements and checks are put back from
exercises/, then each notebook runs in a process of its own (tools/run_submission.py), with limits on time,
memory and what it may touch. Whatever one of them does, the others are graded.

In the folder `--out`: `report.html` for reading, `points.csv` (a line a student), `results.csv` (a line a
student and task) and `notebooks/`, each submission as it was graded, for marking the proofs by hand.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

try:
    import nbformat
    from nbgrader.preprocessors import DeduplicateIds
    from nbgrader.utils import determine_grade, is_grade, is_locked, is_solution
except ImportError as missing:                  # what is missing is named
    raise SystemExit(f"grading needs {missing.name}: run  pip install -e '.[teach]'  in the folder of the book")

from tools.notebooks import about, lacking

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 50_000_000                            # bytes of a notebook that is read
Notebook = Any
Event = dict[str, Any]


# ---------------------------------------------------------------- what there is to grade

@dataclass(frozen=True)
class ExerciseSet:
    """One exercise notebook as it was handed out."""

    name: str
    path: Path
    notebook: Notebook

    @property
    def ids(self) -> set[str]:
        return {grade_id(cell) for cell in self.notebook.cells if grade_id(cell)}

    @property
    def graded(self) -> list[str]:
        """The ids of the cells with points, in order."""
        return [grade_id(cell) for cell in self.notebook.cells if is_grade(cell)]

    @property
    def points(self) -> dict[str, float]:
        return {grade_id(cell): float(cell.metadata.nbgrader.points) for cell in self.notebook.cells if is_grade(cell)}


@dataclass
class Result:
    """What one graded cell came to."""

    kind: str                                   # a kind of `Verdict`, or "by hand", "empty", "not reached"
    points: float | None                        # None: somebody has to read it
    out_of: float
    mistake: str = ""
    message: str = ""


@dataclass
class Submission:
    """One notebook of one student, and what came of it."""

    student: str
    path: Path | None
    set: ExerciseSet | None = None
    notebook: Notebook | None = None
    trouble: str = ""                           # why it could not be run, or not to its end
    notes: list[str] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> float:
        return sum(result.points or 0 for result in self.results.values())


@dataclass(frozen=True)
class Limits:
    seconds: float = 120                        # for a whole submission
    cell_seconds: float = 30
    memory: int = 2048                          # MiB
    jail: tuple[str, ...] = ()
    seed: str | None = None
    all_cells: bool = False


def grade_id(cell: Notebook) -> str:
    data = cell.metadata.get("nbgrader") or {}
    name = data.get("grade_id", "") if isinstance(data, dict) else ""
    return name if isinstance(name, str) else ""


def exercise_sets(folder: Path) -> list[ExerciseSet]:
    paths = sorted(path for path in folder.glob("*/*.ipynb") if not path.name.startswith("."))
    return [ExerciseSet(path.parent.name, path, nbformat.read(path, as_version=4)) for path in paths]


def find(folder: Path, sets: list[ExerciseSet]) -> list[Submission]:
    """Return a submission for every student and set, and one for every student without a notebook."""
    found: list[Submission] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        student = entry.stem if entry.is_file() else entry.name
        files = [entry] if not entry.is_dir() or entry.is_symlink() else sorted(files_in(entry))
        notebooks = [path for path in files if path.suffix == ".ipynb"]
        if not notebooks:
            names = ", ".join(path.name for path in files[:3])
            found.append(Submission(student, None, trouble=f"no notebook here, but {names}" if names else "empty folder"))
        read = [one(student, path, path.relative_to(folder), sets) for path in notebooks]
        for submission in read:
            rivals = [other for other in read if other.set and other.set is submission.set]
            if len(rivals) > 1:                 # a copy beside the file that was handed out
                best = max(rivals, key=lambda other: (other.path.name == other.set.path.name, other.path.stat().st_mtime))
                if submission is not best:
                    best.notes.append(f"not graded: {submission.path.name}, a second notebook for this set")
                    continue
            found.append(submission)
    return found


def files_in(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (Path(path) / name for name in names if not name.startswith("."))


def one(student: str, path: Path, shown: Path, sets: list[ExerciseSet]) -> Submission:
    """Read one notebook and find its set, or say why that cannot be done."""
    submission = Submission(student, path)
    named = [each for each in sets if each.path.stem in path.stem or each.name in shown.parts or each.name in path.stem]
    submission.set = named[0] if named else sets[0] if len(sets) == 1 else None
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("a link or a special file, not read")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST // 1_000_000} MB, not read")
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("cells", data.get("worksheets")), list):
            raise ValueError("JSON, but without cells")
        with warnings.catch_warnings():         # ids of cells are given anew below
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            cell.source, cell.metadata = "".join(cell.source), nbformat.from_dict(dict(cell.get("metadata", {})))
    except (RecursionError, Exception) as error:
        submission.trouble = f"not a notebook: {str(error).splitlines()[0][:120] if str(error) else type(error).__name__}"
        return submission
    ids = {grade_id(cell) for cell in notebook.cells}
    best = max(sets, key=lambda each: (len(each.ids & ids), each in named), default=None)
    common = set.intersection(*(each.ids for each in sets)) if len(sets) > 1 else set()
    if best and (best.ids & ids) - common:
        submission.set = best
    if submission.set is None:
        submission.trouble = "belongs to none of the exercise sets"
    elif not submission.set.ids & ids:
        submission.trouble = "has none of the cells that were handed out"
    else:
        submission.notebook = restored(notebook, submission)
    return submission


def restored(notebook: Notebook, submission: Submission) -> Notebook:
    """Return the notebook as handed out, with the student's answers and own cells put into it.

    Locked cells come from the exercise, whatever the student made of them; a cell of the student's own
    stays behind the cell that it followed.
    """
    notebook, _ = DeduplicateIds().preprocess(notebook, {})
    original = {grade_id(cell): cell for cell in submission.set.notebook.cells if grade_id(cell)}
    theirs: dict[str, Notebook] = {}
    own: dict[str, list[Notebook]] = {"": []}
    last = ""
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in original:
            theirs[name], last = cell, name
            own.setdefault(name, [])
        elif cell.cell_type in ("code", "markdown"):
            cell.metadata.pop("nbgrader", None)
            own[last].append(cell)
    cells = list(own[""])
    edited, deleted = [], []
    for cell in submission.set.notebook.cells:
        name, cell = grade_id(cell), nbformat.from_dict(cell)
        if not name:                            # free text: it is in the student's notebook or was taken out
            continue
        given = theirs.get(name)
        if given is None:
            deleted.append(name)
            if is_solution(cell) and cell.cell_type == "code":
                continue                        # the function may stand in a cell of the student's own
        elif is_locked(cell):
            if given.source.strip() != cell.source.strip():
                edited.append(name)
        elif given.cell_type == cell.cell_type:
            cell.source = given.source
        cells += [cell, *own.get(name, [])]
    if edited:
        submission.notes.append(f"edited, and put back before grading: {', '.join(edited)}")
    if deleted:
        submission.notes.append(f"deleted cells: {', '.join(deleted)}")
    made = nbformat.from_dict({**submission.set.notebook, "cells": cells})
    for place, cell in enumerate(made.cells):
        cell.id = f"cell-{place}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


# ---------------------------------------------------------------- running

JAIL = r"""
awk '{print $2}' /proc/self/mounts | sort -u | while read -r mount; do
    mount -o remount,bind,ro "$mount" 2>/dev/null || true
done
work=$1; shift
mount --bind "$work" "$work" && mount -o remount,bind,rw "$work" && cd "$work" || exit 1
! touch "$work/../.probe" 2>/dev/null || { rm -f "$work/../.probe"; exit 1; }
exec $DROP "$@"
"""
DROP = "setpriv --bounding-set=-all --inh-caps=-all --no-new-privs"


def jails() -> Iterator[tuple[tuple[str, ...], str]]:
    """Ways to start a process shut in, strongest first, and what each of them does."""
    files = "no network, files read-only outside its own folder, own process space (Linux namespaces)"
    for user in ((), ("-r",)):
        yield ("unshare", *user, "-nmpf", "--kill-child", "env", f"DROP={DROP}", "sh", "-c", JAIL, "sh"), files
    for user in ((), ("-r",)):
        yield ("unshare", *user, "-npf", "--kill-child"), "no network, own process space (Linux namespaces)"
        yield ("unshare", *user, "-n"), "no network (Linux namespace)"


def strongest_jail() -> tuple[tuple[str, ...], str]:
    """Try which of them this system allows."""
    if shutil.which("unshare"):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder, "work")
            work.mkdir()
            for jail, does in jails():
                command = [*shut_in(jail, work), sys.executable, "-I", "-c", "open('made', 'w').write('x')"]
                done = subprocess.run(command, cwd=work, capture_output=True, stdin=subprocess.DEVNULL)
                if done.returncode == 0 and (work / "made").exists():
                    return jail, does
                (work / "made").unlink(missing_ok=True)
    return (), "none by the system; Python's own audit hook refuses network and files"


def shut_in(jail: tuple[str, ...], work: Path) -> tuple[str, ...]:
    return (*jail, str(work)) if JAIL in jail else jail


def skipped(cell: Notebook, all_cells: bool) -> bool:
    """Whether a locked cell without points is left out: the list of tasks, and long training runs."""
    if not is_locked(cell) or is_grade(cell):
        return False
    return cell.source.lstrip().startswith("progress(") or (
        not all_cells and "nbval-ignore-output" in cell.metadata.get("tags", []))


def grade(submission: Submission, limits: Limits) -> Submission:
    """Run the submission and fill in its results."""
    start = time.perf_counter()
    absent = lacking(submission.set.path) if submission.set else []
    if absent:
        submission.trouble = f"not run: the set needs {' and '.join(absent)}, which this machine lacks: make frameworks"
    if submission.notebook is not None and not absent:
        cells = [cell for cell in submission.notebook.cells if cell.cell_type == "code"]
        jobs = [cell for cell in cells if not skipped(cell, limits.all_cells)]
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
            events = run(jobs, submission, limits, Path(folder))
        ended = {event["cell"]: event for event in events if "cell" in event}
        done = [ended.get(number) for number in range(len(jobs))]
        fill_in(submission, jobs, done)
    elif submission.set:
        submission.results = {name: Result("not run", 0.0, out_of) for name, out_of in submission.set.points.items()}
    submission.seconds = time.perf_counter() - start
    return submission


def run(cells: list[Notebook], submission: Submission, limits: Limits, folder: Path) -> list[Event]:
    """Run the cells in a process of their own and return what it reported."""
    work = folder / "work"
    for name in ("home", "tmp"):
        (work / name).mkdir(parents=True)
    (work / "home" / "matplotlib").mkdir()
    for fonts in font_lists():
        shutil.copy(fonts, work / "home" / "matplotlib")
    seed = None
    if limits.seed is not None:                 # for each student another one, the same at every run
        seed = int.from_bytes(hashlib.sha256(f"{limits.seed} {submission.student}".encode()).digest()[:4], "big")
    kinds = {cell.id: "check" if is_grade(cell) else "locked" if is_locked(cell) else "own" for cell in cells}
    job = {"cells": [{"source": cell.source, "kind": kinds[cell.id]} for cell in cells],
           "cell_seconds": limits.cell_seconds, "memory_bytes": limits.memory << 20, "file_bytes": 100 << 20,
           "seed": seed, "needs": about(submission.set.path).needs if submission.set else ()}
    (folder / "cells.json").write_text(json.dumps(job), encoding="utf-8")
    environment = {
        "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": str(work / "home"), "TMPDIR": str(work / "tmp"),
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(work / "home" / "matplotlib"),
        "LECTURE_CODE_RUN": "short", "LECTURE_CODE_STATIC": "1",
        "KERAS_BACKEND": "torch",
    }
    with open(folder / "report", "w+b") as report, open(folder / "stderr", "w+b") as stderr:
        number = report.fileno()
        process = subprocess.Popen(
            [*shut_in(limits.jail, work), sys.executable, "-IB", str(ROOT / "tools" / "run_submission.py"),
             str(folder / "cells.json"), str(number)],
            cwd=work, env=environment, pass_fds=(number,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=stderr, start_new_session=True)
        try:
            process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            submission.trouble = f"stopped after {limits.seconds:g} s"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        report.seek(0)
        stderr.seek(0)
        events = list(read_events(report.read().decode(errors="replace")))
        last = stderr.read()[-300:].decode(errors="replace").strip().splitlines()[-1:]
    if not submission.trouble and not any(event.get("end") for event in events):
        submission.trouble = f"its process ended early (status {process.returncode}): {' '.join(last) or 'no message'}"
    return events


@cache
def font_lists() -> list[Path]:
    """Return the files in which matplotlib keeps what it found; without them it starts a program to look."""
    import matplotlib.font_manager

    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


def read_events(text: str) -> Iterator[Event]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:                      # cut off
            continue
        if isinstance(event, dict):
            yield event


def fill_in(submission: Submission, cells: list[Notebook], done: list[Event | None]) -> None:
    """Turn what was reported of each cell into outputs, points and notes."""
    told = {}
    for cell, event in zip(cells, done):
        if event is None:
            continue
        told[cell.id] = event
        if event["output"]:
            cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=event["output"]))
        if event["error"]:
            cell.outputs.append(nbformat.v4.new_output(
                "error", ename=event["error"], evalue=event["message"], traceback=[event["message"]]))
        submission.notes += [f"refused: {what}" for what in event["refused"]]
        if event["memory"]:
            submission.notes.append("reached the memory limit")
        if event["error"] == "TooLong":
            submission.notes.append(f"a cell was {event['message']}: {cell.source.strip().splitlines()[0][:60]}")
    broken = ""                                 # why the student's cell before a check defined nothing
    for cell in submission.notebook.cells:
        if is_grade(cell):
            found = result(cell, told.get(cell.id))
            if found.kind == "missing" and broken:
                found.kind, found.message = "error", broken
            submission.results[grade_id(cell)], broken = found, ""
        elif cell.cell_type == "code" and not is_locked(cell) and (event := told.get(cell.id)) and event["error"]:
            reason = re.sub(r" \(<[^>]*>, (line \d+)\)", r", \1 of the cell", event["message"])    # a syntax error
            broken = f"Your code raised {event['error']}: {reason}"
    submission.notes = list(dict.fromkeys(submission.notes))


def result(cell: Notebook, event: Event | None) -> Result:
    if is_solution(cell):                       # a proof or sentences
        points, out_of = determine_grade(cell)
        return Result("empty" if points == 0 else "by hand", points, out_of)
    out_of = float(cell.metadata.nbgrader.points)
    if event is None:
        return Result("not reached", 0.0, out_of)
    verdicts = event["verdicts"]
    wrong = next((found for found in verdicts if found["kind"] != "right"), None)
    if wrong:
        return Result(wrong["kind"], 0.0, out_of, wrong["mistake"] or "", wrong["message"])
    if not event["error"] and "check(" in cell.source and not verdicts:
        return Result("not checked", 0.0, out_of, message="the check did not run")
    if event["error"] == "NameError":
        return Result("missing", 0.0, out_of, message=event["message"])
    points, out_of = determine_grade(cell)
    return Result("error" if event["error"] else "right", points, out_of, message=event["message"])


# ---------------------------------------------------------------- reports

def short(result: Result) -> str:
    """Say in a few words what became of a task."""
    words = {"right": "", "to do": "not begun", "endless": "does not end", "input changed": "changes its input",
             "different": "wrong, not recognised", "by hand": "to be read", "missing": "no such function",
             "error": result.message.partition("Your code raised ")[2].partition("\n")[0][:80] or result.message[:80]}
    return result.mistake or words.get(result.kind, result.kind)


def plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    text = " ".join(str(text).split())
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def write_csv(folder: Path, submissions: list[Submission]) -> None:
    with open(folder / "results.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["student", "set", "task", "points", "out_of", "kind", "mistake", "message", "remarks"])
        for each in submissions:
            remarks = plain("; ".join(filter(None, [each.trouble, *each.notes])))
            name = each.set.name if each.set else ""
            for task, found in each.results.items() or [("", None)]:
                rows.writerow([plain(each.student), name, task, *(
                    [number(found.points), number(found.out_of), found.kind, plain(found.mistake),
                     plain(found.message)] if found else [""] * 5), remarks])
    with open(folder / "points.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        sets = {each.set.name: each.set for each in submissions if each.set}
        tasks = [(name, task) for name in sorted(sets) for task in sets[name].graded]
        rows.writerow(["student", "total", "to_be_read", *(f"{name}/{task}" for name, task in tasks), "remarks"])
        for student in dict.fromkeys(each.student for each in submissions):
            theirs = [each for each in submissions if each.student == student]
            results = {(each.set.name, task): found for each in theirs for task, found in each.results.items()}
            rows.writerow([
                plain(student), number(sum(each.total for each in theirs)),
                sum(found.points is None for found in results.values()),
                *(number(results[key].points) if key in results else "" for key in tasks),
                plain("; ".join(filter(None, [text for each in theirs for text in (each.trouble, *each.notes)])))])


STYLE = """
body{font:16px/1.45 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}
h2{margin-top:2.5rem}table{border-collapse:collapse;font-size:.875rem}
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top;max-width:17rem}
thead th{background:#f0f0f0}.wide{overflow-x:auto}td.right{background:#e2f2e5}td.wrong{background:#fbe6e3}
td.open{background:#fdf5d8}td small{display:block}td details{margin-top:.2rem;white-space:pre-wrap}
"""


def write_html(path: Path, submissions: list[Submission], how: list[str]) -> None:
    text = html.escape
    parts = ["<!doctype html><html lang='en'><meta charset='utf-8'><title>Grades</title>",
             f"<style>{STYLE}</style><h1>Grades</h1><ul>", *(f"<li>{text(line)}</li>" for line in how), "</ul>"]
    names = sorted({each.set.name for each in submissions if each.set})
    for name in names:
        rows = [each for each in submissions if each.set and each.set.name == name]
        points = rows[0].set.points
        parts.append(f"<h2>{text(name)}</h2><h3>The class</h3><div class='wide' tabindex='0'><table><thead><tr>"
                     "<th scope='col'>Task</th><th scope='col'>Right</th><th scope='col'>What went wrong, how often</th>"
                     "</tr></thead><tbody>")
        for task, right, reasons in summary(rows):
            listed = "<br>".join(f"{count} × {text(reason)}" for reason, count in reasons)
            parts.append(f"<tr><th scope='row'>{text(task)}</th><td>{right} of {len(rows)}</td><td>{listed}</td></tr>")
        parts.append("</tbody></table></div><h3>Students</h3><div class='wide' tabindex='0'><table><thead><tr>"
                     "<th scope='col'>Student</th><th scope='col'>Points</th>")
        parts += [f"<th scope='col'>{text(task)}<br>({out_of:g})</th>" for task, out_of in points.items()]
        parts.append("<th scope='col'>Remarks</th></tr></thead><tbody>")
        for each in rows:
            parts.append(f"<tr><th scope='row'>{text(each.student)}</th><td>{each.total:g} of {sum(points.values()):g}</td>")
            parts += [cell_html(each.results.get(task)) for task in points]
            remarks = "<br>".join(text(remark) for remark in filter(None, [each.trouble, *each.notes]))
            parts.append(f"<td>{remarks}</td></tr>")
        parts.append("</tbody></table></div>")
    if stray := [each for each in submissions if not each.set]:
        parts.append("<h2>Not graded</h2><ul>")
        parts += [f"<li><b>{text(each.student)}</b>: {text(each.trouble)}</li>" for each in stray]
        parts.append("</ul>")
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def cell_html(found: Result | None) -> str:
    if found is None:
        return "<td></td>"
    look = "right" if found.kind == "right" else "open" if found.points is None else "wrong"
    points = f"{found.points:g}" if found.points is not None else "?"
    more = f"<details><summary>message</summary>{html.escape(found.message)}</details>" if (
        found.message and found.kind != "right") else ""
    return f"<td class='{look}'>{points}<small>{html.escape(short(found))}</small>{more}</td>"


def summary(rows: list[Submission]) -> Iterator[tuple[str, int, list[tuple[str, int]]]]:
    """For every task: how many have it right, and what went wrong, most frequent first."""
    for task in rows[0].set.graded:
        found = [each.results[task] for each in rows if task in each.results]
        reasons = Counter(short(one) for one in found if one.kind != "right")
        yield task, sum(one.kind == "right" for one in found), reasons.most_common()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--exercises", type=Path, default=ROOT / "exercises", help="what was handed out")
    parser.add_argument("--set", action="append", help="grade only this set (may be given several times)")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "grades")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="submissions at a time (default 2)")
    parser.add_argument("--seconds", type=float, default=120, help="limit for one submission (default 120)")
    parser.add_argument("--cell-seconds", type=float, default=30, help="limit for one cell (default 30)")
    parser.add_argument("--memory", type=int, default=2048, help="limit in MiB (default 2048)")
    parser.add_argument("--seed", help="check on other inputs than the visible ones, each student on their own")
    parser.add_argument("--all-cells", action="store_true", help="run the long training cells, too (shortened)")
    options = parser.parse_args(argv)
    if not options.submissions.is_dir():
        parser.error(f"{options.submissions} is not a folder")
    sets = [each for each in exercise_sets(options.exercises) if not options.set or each.name in options.set]
    if not sets:
        parser.error("no such exercise set; there are: " + ", ".join(each.name for each in exercise_sets(options.exercises)))
    start = time.perf_counter()
    jail, isolation = strongest_jail()
    font_lists()
    limits = Limits(options.seconds, options.cell_seconds, options.memory, jail, options.seed, options.all_cells)
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        submissions = list(pool.map(partial(safely, limits=limits), find(options.submissions, sets)))
    how = [f"{len(submissions)} submissions, {options.jobs} at a time, {time.perf_counter() - start:.0f} s",
           f"limits: {limits.seconds:g} s a submission, {limits.cell_seconds:g} s a cell, {limits.memory} MiB",
           f"isolation in force: a process and a folder for each; {isolation}",
           "inputs of the checks: " + ("those that students see" if limits.seed is None else
                                       f"other ones for each student, from the seed {limits.seed}")]
    shutil.rmtree(options.out / "notebooks", ignore_errors=True)
    (options.out / "notebooks").mkdir(parents=True)
    write_csv(options.out, submissions)
    write_html(options.out / "report.html", submissions, how)
    for each in submissions:
        if each.notebook is not None:
            target = options.out / "notebooks" / each.student / each.set.path.name
            target.parent.mkdir(exist_ok=True)
            nbformat.write(each.notebook, target)
    print("\n".join(how))
    for name in sorted({each.set.name for each in submissions if each.set}):
        print(f"\n{name}")
        for task, right, reasons in summary([each for each in submissions if each.set and each.set.name == name]):
            print(f"  {task}: {right} right" + "".join(f"; {count} × {reason}" for reason, count in reasons[:3]))
    for each in submissions:
        if each.trouble:
            print(f"{each.student}: {each.trouble}")
    print(f"\nRead {options.out / 'report.html'}")
    return 0


def safely(submission: Submission, limits: Limits) -> Submission:
    """Grade; should grading itself fail, say so in the row of this submission."""
    try:
        return grade(submission, limits)
    except Exception as error:
        submission.trouble = f"could not be graded: {type(error).__name__}: {error}"
        return submission


if __name__ == "__main__":
    sys.exit(main())
