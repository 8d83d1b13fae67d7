"""A class of students, some of whom make trouble: each gets a row, and the others are graded all the same."""

import csv
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

pytest.importorskip("nbgrader", reason="grading needs nbgrader: pip install -e '.[teach]'")

from lecture_tasks import mini_batches  # noqa: E402
from tools import grade  # noqa: E402
from tools.grading import isolation  # noqa: E402
from tools.grading.judge import until  # noqa: E402
from tools.notebooks import why_not  # noqa: E402

SET = "07-mini-batches"
RELEASE = grade.ROOT / "exercises" / SET / "mini-batches.ipynb"
SOLUTION = grade.ROOT / "solutions" / SET / "mini-batches.ipynb"
CHECK, TASK = "least-squares-epoch-check", mini_batches.least_squares_epoch
POINTS = {name: points for each in grade.exercise_sets(grade.ROOT / "exercises") if each.name == SET
          for name, points in each.points.items()}
AUTOMATIC = sum(points for name, points in POINTS.items() if name.endswith("-check"))

HEAD = "def least_squares_epoch(theta, X, y, eta, M, order):\n"
SUMMED = HEAD + """    theta = theta.copy()
    for k in range(0, len(order), M):
        B = order[k:k + M]
        theta -= eta * (X[B] @ theta - y[B]) @ X[B]
    return theta
"""


def notebook(path=SOLUTION):
    return nbformat.read(path, as_version=4)


def name_of(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cell(made, name):
    return next(each for each in made.cells if name_of(each) == name)


def answered(source):
    """Return the worked solution with another answer to the first task."""
    made = notebook()
    cell(made, "least-squares-epoch").source = source
    return made


def edited():
    """The student made the check easy, and replaced `check` by a function of their own."""
    made = answered(HEAD + "    return theta\n")
    cell(made, CHECK).source = "print('all right')"
    cell(made, CHECK).metadata.nbgrader.points = 100
    made.cells.insert(3, nbformat.v4.new_code_cell("def check(task, answer):\n    print('right!')"))
    return made


def without_cells():
    made = notebook()
    function = cell(made, "absolute-step")
    keep = [each for each in made.cells if name_of(each) not in
            ("least-squares-epoch", CHECK, "absolute-step", "reported-cost-check")]
    keep.insert(3, nbformat.v4.new_code_cell(function.source))
    made.cells = keep
    return made


def with_cell(*sources):
    made = notebook()
    made.cells[2:2] = map(nbformat.v4.new_code_cell, sources)
    return made


OUTSIDE = HEAD + """    from pathlib import Path
    with open("notes.txt", "w") as file:        # its own folder: allowed
        file.write("mine")
    Path({target!r}).write_text("I was here")
"""


#: Asks the kernel itself for a process, a connection and a signal; then writes until the disk is full.
GREEDY = """import ctypes, os, socket
kernel = ctypes.PyDLL(None, handle=ctypes.pythonapi._handle)
child = kernel.fork()
if child == 0:
    kernel._exit(0)
print("refused", child, kernel.socket(2, 1, 0), kernel.kill(1, 0))
"""
FULL = """written = 0
try:
    for number in range(9):
        with open(f"{number}.bin", "wb") as file:
            written += file.write(bytes(50_000_000))
except OSError as error:
    print("full", written < 300_000_000)
"""
#: Says more than anybody wants to read in every message that it sends.
FLOODS = """import sys
wire = sys.modules["wire"]
send, said = wire.Line.send, iter(range(10**9))
def flood(line, message):
    send(line, {**message, "refused": [f"{next(said)} " + "much " * 30 for _ in range(20)]})
wire.Line.send = flood
"""


#: Each answer is to come by the points of a task without doing it. In a notebook of the old way of grading most of them did.
CHEATS = {
    "asks-for-the-reference": ("{name} = tasks.{name}.reference",),
    "imports-the-tasks": (
        """import sys
for each in [each for each in sys.modules if each.startswith("lecture_tasks")]:
    del sys.modules[each]
from lecture_tasks import mini_batches
{name} = mini_batches.{name}.reference""",),
    "reads-the-tasks": ("""source = open({tasks!r}).read()
scope = dict()
exec(source, scope)
{name} = scope["{name}"].reference""",),
    "walks-the-frames": ("""import sys
def {name}(*arguments):
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if hasattr(value, "reference"):
                return value.reference(*arguments)
        if "expected" in frame.f_locals:
            return frame.f_locals["expected"]
        frame = frame.f_back""",),
    "asks-gc": ("""import gc
def {name}(*arguments):
    for value in gc.get_objects():
        if type(value).__name__ == "Task" and value.name == "{name}":
            return value.reference(*arguments)""",),
    "patches-the-comparison": ("""from lecture_code import diagnosis, feedback
import numpy as np
feedback._difference = feedback._first_difference = lambda *a, **k: ""
feedback.verdict = lambda *a, **k: feedback.Verdict("right", "right")
np.isclose = lambda a, *rest, **named: np.ones(np.shape(a), bool)
def {name}(*arguments):
    return 0.0""",),
    "returns-strange-things": ("""class Same(tuple):
    def __iter__(self):
        return iter(())
    def __len__(self):
        return 0
    def __eq__(self, other):
        return True
def {name}(*arguments):
    return Same((1, 2))""",
        """class Asking:
    __array_priority__ = 1e9
    def __array__(self, *rest, **named):
        import inspect
        return next(info.frame.f_locals["expected"] for info in inspect.stack() if "expected" in info.frame.f_locals)
def {name}(*arguments):
    return Asking()""",),
    "changes-the-task": ("""tasks.{name}.seeds = 0
tasks.{name}.shapes = ()
tasks.ALL = []
def {name}(*arguments):
    return 0.0""",),
    "tells-what-it-likes": ("""import json, os, struct
def {name}(*arguments):
    for number in range(3, 30):
        for text in (dict(to=n, value=True, kind="right", points=9) for n in range(60)):
            data = json.dumps(text).encode()
            try:
                os.write(number, struct.pack(">I", len(data)) + data)
            except OSError:
                pass
    return 0.0""",),
    "has-learned-by-heart": ("""_{name} = iter({expected!r})
def {name}(*arguments):
    return next(_{name})""",),
    "looks-for-others": ("""import glob, os
def {name}(*arguments):
    found = [path for pattern in ({folder!r} + "/in/*/nested/*.ipynb", "/proc/[0-9]*/environ") for path in glob.glob(pattern)]
    texts = []
    for path in found:
        try:
            texts.append(open(path, errors="replace").read(10**5))
        except (OSError, ValueError):
            pass
    if any("def {name}" in text for text in texts):
        raise SystemExit("found somebody's answer")
    return 0.0""",),
}
CHEATED = {task.name: task.name.replace("_", "-") for task in mini_batches.ALL}


def by_heart(name):
    """Return what a task asks for on the inputs that students see."""
    task = getattr(mini_batches, name)
    return [np.asarray(task.reference(*task.example(case))).tolist() for case in range(task.cases)]


def cheat(ways, folder):
    """Return a notebook in which every answer tries it, in one way or another."""
    made = notebook()
    for number, (name, place) in enumerate(CHEATED.items()):
        source = ways[number % len(ways)]
        for field, value in (("name", name), ("tasks", mini_batches.__file__), ("folder", str(folder)), ("expected", by_heart(name))):
            source = source.replace("{" + field + "}", str(value)).replace("{" + field + "!r}", repr(value))
        cell(made, place).source = source
    if "changes" in str(ways):
        made.cells.insert(0, nbformat.v4.new_code_cell("def check(*arguments):\n    print('right')\n"))
    return made


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade the whole class once."""
    folder = tmp_path_factory.mktemp("class")
    written = folder / "outside.txt"
    students = {
        "right": notebook(),
        "stub": notebook(RELEASE),
        "summed": answered(SUMMED),
        "edited": edited(),
        "loops-in-task": answered(HEAD + "    while True:\n        pass\n"),
        "loops-in-cell": with_cell("while True:\n    pass"),
        "loops-for-ever": with_cell("import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nsignal.setitimer(signal.ITIMER_VIRTUAL, 0)\nwhile True:\n    pass"),
        "hog": answered(HEAD + "    kept = []\n    while True:\n        kept.append(bytes(10**7))\n"),  # zeros that nobody reads: quick on a busy machine
        "outside": answered(OUTSIDE.format(target=str(written))),
        "plots": with_cell("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        "network": with_cell("import socket\nsocket.create_connection(('127.0.0.1', 9), 1)"),
        "deleted": without_cells(),
        "unfinished": answered(HEAD + "    return theta[\n"),
        "exits": with_cell("import os\nos._exit(3)"),
        "=1+1": notebook(),
        "greedy": with_cell(GREEDY + FULL),
        "floods": with_cell(FLOODS),
        "waits": with_cell("import time\ntime.sleep(7.5)", "time.sleep(7.5)"),
        "helped": with_cell("from helper import shift\nassert shift(1) == 1"),
    }
    students |= {name: cheat(ways, folder) for name, ways in CHEATS.items()}
    for name, made in students.items():
        path = folder / "in" / name / "nested" / RELEASE.name
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(made), encoding="utf-8")
    (folder / "in" / "helped" / "nested" / "helper.py").write_text("def shift(theta):\n    return theta\n", encoding="utf-8")
    (folder / "in" / "flat.ipynb").write_text(nbformat.writes(answered(SUMMED)), encoding="utf-8")
    (folder / "in" / "text.ipynb").write_text("My answer is 4.", encoding="utf-8")
    (folder / "in" / "list.ipynb").write_text("[1, 2]", encoding="utf-8")
    (folder / "in" / "bare.ipynb").write_text(json.dumps({"cells": [{}], "nbformat": 4}), encoding="utf-8")
    (folder / "in" / "paper").mkdir()
    (folder / "in" / "paper" / "answer.pdf").write_bytes(b"%PDF")
    (folder / "in" / "link").mkdir()
    (folder / "in" / "link" / RELEASE.name).symlink_to(SOLUTION)
    out = folder / "out"
    assert grade.main([str(folder / "in"), "--out", str(out), "--set", SET, "--jobs", "3", "--memory", "700",
                       "--seconds", "14", "--cell-seconds", "3"]) == 0
    with open(out / "points.csv", newline="", encoding="utf-8-sig") as file:
        points = {row["student"]: row for row in csv.DictReader(file)}
    with open(out / "results.csv", newline="", encoding="utf-8-sig") as file:
        results = {(row["student"], row["task"]): row for row in csv.DictReader(file)}
    assert not written.exists()
    return points, results, out


def total(graded, student):
    return float(graded[0][student]["total"])


def remarks(graded, student):
    return graded[0][student]["remarks"]


OTHERS = AUTOMATIC - POINTS[CHECK]              # all but the first task


@pytest.mark.parametrize("student", CHEATS)
def test_nobody_gets_points_without_work(graded, student):
    assert {row["points"] for (name, task), row in graded[1].items() if name == student and task.endswith("-check")} == {
        "" if student == "has-learned-by-heart" else "0"}       # "": somebody has to look at it
    assert "found somebody" not in str(graded[1])


def test_code_that_looks_for_the_reference_is_remarked_on(graded):
    assert "to be looked at, has .reference in its code" in remarks(graded, "asks-for-the-reference")


def test_answers_that_are_right_on_the_visible_inputs_alone_are_to_be_read(graded):
    assert graded[1]["has-learned-by-heart", CHECK]["kind"] == "by hand" and total(graded, "has-learned-by-heart") == 0
    assert f"{CHECK}: right on the inputs that students see, and not on others" in remarks(graded, "has-learned-by-heart")
    assert "return next(_least_squares_epoch)" in (graded[2] / "to-read.html").read_text(encoding="utf-8")


def test_a_module_that_was_handed_in_too_is_there(graded):
    assert total(graded, "helped") == AUTOMATIC
    assert outputs(graded[2], "helped", "from helper") == ""


def outputs(folder, student, line):
    kept = nbformat.read(folder / "notebooks" / student / SET / RELEASE.name, as_version=4)
    return "".join(output.get("text", output.get("evalue")) for each in kept.cells if line in each.source for output in each.outputs)


def test_the_kernel_refuses_processes_and_the_network_and_the_folder_has_an_end(graded):
    assert outputs(graded[2], "greedy", "kernel.fork") == "refused -1 -1 -1\n" + "full True\n" * bool(isolation.strongest())
    assert total(graded, "greedy") == AUTOMATIC


def test_remarks_have_an_end(graded):
    assert total(graded, "floods") == AUTOMATIC and 1000 < len(remarks(graded, "floods")) < 10_000


def test_a_right_submission_has_all_points_that_a_program_can_give(graded):
    assert total(graded, "right") == AUTOMATIC and remarks(graded, "right") == ""
    assert int(graded[0]["right"]["to_be_read"]) == len(POINTS) - 6


def test_an_untouched_notebook_has_none_and_nothing_is_left_to_read(graded):
    assert total(graded, "stub") == 0 and graded[0]["stub"]["to_be_read"] == "0"
    assert {graded[1]["stub", task]["kind"] for task in POINTS} == {"to do", "empty"}


@pytest.mark.parametrize("student", ["summed", "flat"])
def test_a_known_mistake_is_named(graded, student):
    row = graded[1][student, CHECK]
    assert row["kind"] == "known mistake" and row["mistake"] in {mistake.name for mistake in TASK.mistakes}
    assert total(graded, student) == OTHERS


def test_edited_checks_are_put_back(graded):
    assert graded[1]["edited", CHECK]["points"] == "0" and graded[1]["edited", CHECK]["out_of"] == "3"
    assert total(graded, "edited") == OTHERS
    assert f"put back before grading: {CHECK}" in remarks(graded, "edited")


def test_an_endless_loop_costs_its_own_task_only(graded):
    assert graded[1]["loops-in-task", CHECK]["kind"] == "endless" and total(graded, "loops-in-task") == OTHERS
    assert total(graded, "loops-in-cell") == AUTOMATIC
    assert "a cell was stopped after 3 s: while True:" in remarks(graded, "loops-in-cell")


def test_a_loop_that_defends_itself_is_ended_with_its_process(graded):
    assert "stopped after 14 s" in remarks(graded, "loops-for-ever")
    assert graded[1]["loops-for-ever", CHECK]["kind"] == "not reached"


def test_a_notebook_may_wait_for_longer_than_it_may_compute(graded):
    """As one does whose machine is busy."""
    assert total(graded, "waits") == AUTOMATIC and remarks(graded, "waits") == ""
    assert [until(10, 70, used, 60) for used in (60.0, 50.0, 0.0)] == [70, 80, 130]
    assert {until(10, now, used, 60) for now in (70, 10**6) for used in (None, -1.0, float("nan"), float("inf"), "5")} == {70}
    assert until(10, 10**6, 1.0, 60) == 190     # by the clock


def test_memory_is_limited(graded):
    assert "reached the memory limit" in remarks(graded, "hog") and total(graded, "hog") == OTHERS
    assert "MemoryError" in graded[1]["hog", CHECK]["message"]


def test_writing_outside_and_the_network_are_refused(graded):
    assert re.search(r"refused: writing to \S+outside\.txt", remarks(graded, "outside"))
    assert total(graded, "outside") == OTHERS
    assert "refused: use of the network" in remarks(graded, "network") and total(graded, "network") == AUTOMATIC


def test_deleted_cells_are_reported_and_what_is_there_counts(graded):
    assert "deleted cells: least-squares-epoch, least-squares-epoch-check, absolute-step, reported-cost-check" in (
        remarks(graded, "deleted"))
    assert graded[1]["deleted", CHECK]["kind"] == "missing"
    assert graded[1]["deleted", "absolute-step-check"]["kind"] == "right"   # written in a cell of their own
    assert graded[1]["deleted", "reported-cost-check"]["kind"] == "right"


def test_a_function_that_cannot_be_read_is_not_called_missing(graded):
    row = graded[1]["unfinished", CHECK]
    assert row["kind"] == "error" and re.search(r"SyntaxError: .*, line \d of the cell$", row["message"])
    assert total(graded, "unfinished") == OTHERS


def test_a_process_that_ends_early_is_reported(graded):
    assert "its process ended early (status 3)" in remarks(graded, "exits") and total(graded, "exits") == 0


@pytest.mark.parametrize("student, reason", [
    ("text", "not a notebook"), ("list", "not a notebook"), ("bare", "belongs to none of the exercise sets"),
    ("paper", "no notebook here, but answer.pdf"), ("link", "a link or a special file"),
])
def test_what_is_no_notebook_has_a_row_with_the_reason(graded, student, reason):
    assert reason in remarks(graded, student) and total(graded, student) == 0


def test_the_report_is_one_page_with_the_mistakes_of_the_class(graded):
    page = (graded[2] / "report.html").read_text(encoding="utf-8")
    mistake = graded[1]["summed", CHECK]["mistake"]
    assert f"2 × {mistake}" in page and "isolation in force: a process and a folder for each" in page
    assert not re.search(r"<(?:script|link|img)|https?:|url\(", page)
    assert "<th scope='col'>Points</th><th scope='col'>Remarks</th>" in page    # in sight, however many tasks there are
    assert re.search(r"<br>\d+ × something else</td>", page)                    # and not a line for each error of one student
    assert "'=1+1" in graded[0]                 # a spreadsheet must not take a name for a formula


def test_every_graded_notebook_is_kept_for_reading(graded):
    kept = nbformat.read(graded[2] / "notebooks" / "summed" / SET / RELEASE.name, as_version=4)
    nbformat.validate(kept)
    assert cell(kept, CHECK).outputs[-1].ename == "NotRight"
    assert not (graded[2] / "notebooks" / "text").exists()


def test_all_solutions_get_all_points_on_inputs_of_their_own(tmp_path, capsys):
    here = [path for path in grade.ROOT.glob("solutions/*/*.ipynb") if not why_not(path)]
    for path in here:
        student = tmp_path / "in" / path.stem
        student.mkdir(parents=True)
        (student / path.name).write_bytes(path.read_bytes())
    grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--seed", "a secret", "--seconds", "300", "--cell-seconds", "60"])
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"right", "by hand"}
    assert len({row["set"] for row in rows}) == len(here)
    kept = tmp_path / "out" / "notebooks" / "backpropagation" / "12-backpropagation" / "backpropagation.ipynb"
    assert "relative error   ratio to the differences" in kept.read_text(encoding="utf-8")     # printed over there, of a function here


def test_a_set_that_cannot_run_here_says_what_it_needs_and_keeps_its_row(tmp_path, capsys):
    made = notebook(RELEASE)
    made.metadata.book = {"needs": ["no_such_package"]}
    for name, folder in (("in/anna/a.ipynb", "in/anna"), (f"exercises/{SET}/a.ipynb", f"exercises/{SET}")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / name).write_text(nbformat.writes(made), encoding="utf-8")
    grade.main([str(tmp_path / "in"), "--exercises", str(tmp_path / "exercises"), "--out", str(tmp_path / "out")])
    assert "anna: not run: the set needs no_such_package, which this machine lacks: make frameworks" in capsys.readouterr().out
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {(row["student"], row["kind"], float(row["points"])) for row in rows} == {("anna", "not run", 0.0)}


#: Ways around the audit hook: with namespaces they find nothing either.
AROUND = {
    "by-another-folder": """import os
fd = os.open({tasks!r}.lstrip("/"), os.O_RDONLY, dir_fd=os.open("/", os.O_RDONLY))
scope = dict(__name__="x")
exec(os.read(fd, 10**6), scope)
{name} = scope["{name}"].reference.__wrapped__""",
    "by-machine-code": """import ctypes
fd, text = ctypes.pythonapi.open({tasks!r}.encode(), 0), ctypes.create_string_buffer(10**6)
scope = dict(__name__="x")
exec(text.raw[:ctypes.pythonapi.read(fd, text, 10**6)], scope)
{name} = scope["{name}"].reference.__wrapped__""",
    "by-writing": """import ctypes
ctypes.pythonapi.creat(({folder!r} + "/outside.txt").encode(), 0o600)
def {name}(*arguments):
    return 0.0""",
    "by-mounting": """import ctypes, os
for each in (os.path.dirname({tasks!r}),):
    ctypes.pythonapi.unshare(0x10000000 | 0x20000)
    ctypes.pythonapi.umount2(each.encode(), 2)
fd, text = ctypes.pythonapi.open({tasks!r}.encode(), 0), ctypes.create_string_buffer(10**6)
scope = dict(__name__="x")
exec(text.raw[:ctypes.pythonapi.read(fd, text, 10**6)], scope)
{name} = scope["{name}"].reference.__wrapped__""",
}


@pytest.mark.parametrize("way", [pytest.param("", id="neither"), pytest.param("unshare", marks=pytest.mark.skipif(
    not isolation.works("unshare"), reason="this system allows no namespaces"))])
def test_without_bubblewrap_files_network_and_references_are_refused_too(tmp_path, monkeypatch, capsys, way):
    monkeypatch.setattr(isolation, "strongest", lambda: way)
    target = tmp_path / "outside.txt"
    around = {name: cheat((source,), tmp_path) for name, source in AROUND.items()} if way else {}
    students = {"greedy": with_cell(GREEDY), "a": answered(OUTSIDE.format(target=str(target))), "network": with_cell("import socket\nsocket.create_connection(('127.0.0.1', 9), 1)"),
                **around, **{name: cheat(CHEATS[name], tmp_path) for name in ("imports-the-tasks", "reads-the-tasks", "looks-for-others")}}
    for name, made in students.items():
        (tmp_path / "in" / name / "nested").mkdir(parents=True)
        (tmp_path / "in" / name / "nested" / "a.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--set", SET])
    with open(tmp_path / "out" / "points.csv", newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert f"writing to {target}" in rows["a"]["remarks"] and not target.exists()
    assert float(rows["network"]["total"]) == AUTOMATIC and "refused: use of the network" in rows["network"]["remarks"]
    assert {name: row["total"] for name, row in rows.items() if name in [*students][3:]} == dict.fromkeys([*students][3:], "0")
    assert outputs(tmp_path / "out", "greedy", "kernel.fork") == "refused -1 -1 -1\n"
    assert "refused: reading" in rows["reads-the-tasks"]["remarks"] and (way or "lecture_tasks" in rows["imports-the-tasks"]["remarks"])
    assert "found somebody" not in (tmp_path / "out" / "results.csv").read_text(encoding="utf-8")
    assert isolation.WAYS[way][:18] in Path(tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_picture_is_nothing_to_remark_on(graded):
    assert total(graded, "plots") == AUTOMATIC and remarks(graded, "plots") == ""
