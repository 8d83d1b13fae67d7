"""Whatever is in a file that was handed in, it costs its own row only, and a careless student no points."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path

import pytest

from tools import grade
from tools.grading import tables
from tools.grading.collect import Student, newest, students
from tools.grading.marks import rows_of
from tools.grading.judge import Limits
from tools.grading.opened import Damaged, belonging, cells, read, restored
from tools.grading.runner import Head

SETS = {each.name: each for each in grade.exercise_sets(grade.ROOT / "exercises")}
SET = SETS["07-mini-batches"]
SOLVED = json.loads((grade.ROOT / "solutions" / SET.name / SET.path.name).read_text(encoding="utf-8"))
FUNCTION, CHECK, PROOF = "least-squares-epoch", "least-squares-epoch-check", "strata-proof"


def solved():
    return json.loads(json.dumps(SOLVED))


def named(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def opened(notebook, tmp_path, name="mini-batches.ipynb"):
    path = tmp_path / name
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    theirs = cells(read(path))
    return restored(theirs, belonging(theirs, SETS.values(), str(path)))


def answer(answers, name):
    return next(cell for cell in answers.cells if cell.name == name)


# ---------------------------------------------------------------- hostile

def mutated(rng: random.Random) -> bytes:
    """Return a worked solution with something in it that does not belong there."""
    notebook = solved()
    strange = [None, True, -1, 10**400, float("nan"), "", "\ud800", "\0\x1b[31m", [], [[]], {}, {"a": {}}, "x" * 10**5, ["x", 1, None],
               [[[[[[]]]]]], {"grade_id": CHECK}, CHECK]
    for _ in range(rng.choice([1, 1, 3, 10])):
        node = notebook
        for _ in range(rng.randint(0, 6)):
            if isinstance(node, dict) and node:
                inside = node[rng.choice(list(node))]
            elif isinstance(node, list) and node:
                inside = rng.choice(node)
            else:
                break
            if not isinstance(inside, (dict, list)) or not inside:
                break
            node = inside
        if isinstance(node, dict):
            node[rng.choice([*node, "source", "metadata", "id", "cell_type", "nbgrader", "attachments"])] = deepcopy(rng.choice(strange))
        elif isinstance(node, list):
            node.insert(rng.randint(0, len(node)), deepcopy(rng.choice(strange)))
    data = json.dumps(notebook).encode(rng.choice(["utf-8", "utf-8", "utf-16", "utf-8-sig"]))
    for _ in range(rng.choice([0, 0, 0, 1, 5])):
        place = rng.randrange(len(data) or 1)
        data = rng.choice([data[:place], data[:place] + bytes([rng.randrange(256)]) + data[place + 1:], data[:place] + data[place - 50:]])
    return data


def test_a_thousand_damaged_notebooks_each_get_a_row_or_a_reason(tmp_path):
    rng, path, reasons, rows = random.Random(21), tmp_path / "a.ipynb", set(), []
    for number in range(1000):
        path.write_bytes(mutated(rng))
        student = Student(f"student {number}", notebooks=[path])
        try:
            theirs = cells(read(path))
            handed_out = belonging(theirs, SETS.values(), "a")
            answers = restored(theirs, handed_out)
            json.dumps(grade.as_notebook(answers, handed_out), ensure_ascii=False).encode()
            rows.append(grade.blank(student, handed_out, "") | {"notes": answers.notes})
        except Damaged as reason:
            reasons.add(str(reason)[:45])
            rows.append(grade.blank(student, SET, str(reason), path))
    tables.PAGES.report(rows, SETS, []).encode()
    assert tables.points(rows).encode().count(b"\r\n") == 1001 and len(reasons) > 3
    assert sum(row["trouble"] == "" for row in rows) > 500


HOSTILE = {
    "a list for the metadata of nbgrader": lambda notebook: named(notebook, CHECK)["metadata"].update(nbgrader=["x"]),
    "a cell without a type": lambda notebook: named(notebook, CHECK).pop("cell_type"),
    "a list for an id": lambda notebook: [cell.update(id=[1]) for cell in notebook["cells"]],
    "a surrogate in a cell": lambda notebook: notebook["cells"].append({"cell_type": "code", "source": "'\ud800'", "metadata": {}}),
    "an exception that cannot be shown": lambda notebook: notebook["cells"].insert(2, code(
        "class Odd(Exception):\n    def __str__(self):\n        raise self\nraise Odd")),
    "an exception of 10 MB with a surrogate": lambda notebook: notebook["cells"].insert(2, code("raise ValueError('\\ud800' * 10**7)")),
    "printed without end": lambda notebook: notebook["cells"].insert(2, code("print('\\ud800' * 10**7)")),
}


def code(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def rows(folder: Path, name="points.csv"):
    return {row["student"]: row for row in rows_of(folder / name)[1]}


def test_hostile_files_cost_nobody_else_anything(tmp_path, capsys):
    here = os.fsencode(tmp_path / "in")
    for number, change in enumerate(HOSTILE.values()):
        notebook = solved()
        change(notebook)
        folder = os.path.join(here, f"student {number}".encode())
        os.makedirs(folder)
        Path(os.fsdecode(folder), "mini-batches.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    os.makedirs(os.path.join(here, b"J\xfcrgen"))
    Path(os.fsdecode(here), os.fsdecode(b"J\xfcrgen"), "a.ipynb").write_text(json.dumps(solved()), encoding="utf-8")
    many = {**solved(), "cells": [code("1")] * 100_000}
    Path(tmp_path / "in" / "many.ipynb").write_text(json.dumps(many), encoding="utf-8")
    Path(tmp_path / "in" / "deep.ipynb").write_text("[" * 10**6, encoding="utf-8")
    Path(tmp_path / "in" / "wide.ipynb").write_text("[" + "[],{},3," * 6_000_000 + "1]", encoding="utf-8")
    assert grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--set", SET.name]) == 0
    found = rows(tmp_path / "out")
    assert [float(found[f"student {number}"]["total"]) for number in range(len(HOSTILE))] == [15] * len(HOSTILE)
    assert float(found["Jürgen"]["total"]) == 15
    for name, reason in (("many", "100000 cells"), ("deep", "not a notebook"), ("wide", "")):
        assert float(found[name]["total"]) == 0 and reason in found[name]["remarks"] != ""
    assert (tmp_path / "out" / "report.html").stat().st_size < 1_000_000


# ---------------------------------------------------------------- careless

def test_encodings_and_names_of_files_cost_nothing(tmp_path):
    text = json.dumps(SOLVED, ensure_ascii=False)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        assert answer(opened(text.encode(encoding), tmp_path), PROOF).source == "".join(named(solved(), PROOF)["source"])
    (tmp_path / "in" / "anna").mkdir(parents=True)
    for name in ("anna/A.IPYNB", "bo.ipynb.txt", "cleo.json"):
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    found = students(tmp_path / "in", [*SETS], tmp_path / "unpacked")
    assert [(each.name, len(each.notebooks)) for each in found] == [("anna", 1), ("bo", 1), ("cleo.json", 1)]


def test_a_few_damaged_bytes_damage_no_more_than_their_cells(tmp_path):
    data = json.dumps(SOLVED, ensure_ascii=False).encode().replace("θ".encode(), b"\xff\xfe", 1)
    assert answer(opened(data, tmp_path), PROOF).source == "".join(named(solved(), PROOF)["source"])


@pytest.mark.parametrize("data, reason", [
    (b"PK\x03\x04...", "a zip whose name was changed"), (b"<!DOCTYPE html>", "a web page"), (b"\0\0\0", "nothing is in it"),
    (b"", "nothing is in it"), (b'{\n<<<<<<< HEAD\n "cells": [', "two versions in one"), (json.dumps(SOLVED).encode()[:-99], "not a notebook, or a damaged one: ")])
def test_what_was_handed_in_for_a_notebook_is_named(tmp_path, data, reason):
    with pytest.raises(Damaged, match=reason):
        opened(data, tmp_path)


def test_an_answer_in_a_copy_of_its_cell_or_in_one_of_their_own_counts(tmp_path):
    source = "".join(named(solved(), FUNCTION)["source"])
    stub = json.loads(SET.path.read_text(encoding="utf-8"))
    for name, text in ((FUNCTION, source), (PROOF, "By Jensen.")):
        stub["cells"].append({**named(stub, name), "source": text})     # copied, answered at the end; the first one is as it was
    made = opened(stub, tmp_path)
    assert answer(made, FUNCTION).source == source and answer(made, PROOF).source == "By Jensen." and made.notes == []
    stub["cells"][-2:] = [code(source)]
    made = opened(stub, tmp_path)
    assert answer(made, FUNCTION).source == source and made.notes == [f"taken from cells of their own: {FUNCTION}"]
    named(stub, FUNCTION)["source"] = "def least_squares_epoch(): pass"
    assert answer(opened(stub, tmp_path), FUNCTION).source == "def least_squares_epoch(): pass"


def test_a_copy_of_a_field_that_has_become_another_function_is_not_its_answer(tmp_path):
    stub = json.loads(SET.path.read_text(encoding="utf-8"))
    other = "".join(named(solved(), "absolute-step")["source"])
    stub["cells"].append({**named(stub, FUNCTION), "source": other})
    made = opened(stub, tmp_path)
    assert answer(made, "absolute-step").source == other and "NotImplementedError" in answer(made, FUNCTION).source


def test_of_two_damaged_notebooks_both_are_named(tmp_path):
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).write_text("")
    work = grade.Work(tmp_path, [*SETS.values()], [SET], Limits(), [], False, str(tmp_path))
    work.student(Student("Bo", notebooks=[tmp_path / "a.ipynb", tmp_path / "b.ipynb"]))
    record = json.loads((tmp_path / "records" / f"Bo.{SET.name}.json").read_text())
    assert record["trouble"] == "not a notebook: nothing is in it" and record["notes"] == ["not graded: b.ipynb, not a notebook: nothing is in it"]


def test_what_is_printed_is_kept_however_it_is_treated():
    head = Head()
    with pytest.raises(TypeError):              # and nothing is lost that was printed as it should be
        head.write(b"x")
    head.close()
    assert head.write("y" * 30_000) == 30_000 and head.getvalue() == "y" * 20_000


def test_a_notebook_of_another_set_is_not_taken_for_one_of_this_set(tmp_path, capsys):
    other = SETS["08-optimizers"].path.read_text(encoding="utf-8")
    for name, text in (("anna/optimizers.ipynb", other), ("bo/optimizers.ipynb", other), ("bo/mini-batches.ipynb", json.dumps(SOLVED))):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    os.utime(tmp_path / "in/bo/mini-batches.ipynb", (10**9, 10**9))      # older, and still the one that counts
    assert grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--set", SET.name]) == 0
    found = rows(tmp_path / "out")
    assert found["anna"]["remarks"] == "belongs to 08-optimizers, which is not graded now"
    assert float(found["bo"]["total"]) == 15 and "not graded: optimizers.ipynb, belongs to 08-optimizers" in found["bo"]["remarks"]


def test_a_cell_of_their_own_is_no_field_whatever_it_says_of_itself(tmp_path):
    notebook = solved()
    for name in (CHECK, PROOF):
        notebook["cells"].append({**named(notebook, name), "metadata": {"nbgrader": {
            **named(notebook, name)["metadata"]["nbgrader"], "grade_id": "mine", "points": 99}}})
    own = [cell for cell in opened(notebook, tmp_path).cells if cell.own]
    assert len(own) == 2 and not any(cell.graded or cell.name for cell in own)


def test_a_statement_of_an_older_edition_is_no_remark_and_changed_code_is_one(tmp_path):
    notebook = solved()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("locked") and cell is not named(notebook, PROOF):
            cell["source"] += "?" if isinstance(cell["source"], str) else ["?"]
    assert opened(notebook, tmp_path).notes == []
    named(notebook, CHECK)["source"] = "print('all right')"
    assert opened(notebook, tmp_path).notes == [f"not as handed out, and put back before grading: {CHECK}"]


def test_the_format_of_2014_is_read(tmp_path):
    old = [{**cell, "input": cell["source"]} if cell["cell_type"] == "code" else cell for cell in solved()["cells"]]
    for cell in old:
        cell.pop("source") if "input" in cell else None
    made = opened({"nbformat": 3, "worksheets": [{"cells": old}], "metadata": {}}, tmp_path)
    assert "residual @" in answer(made, FUNCTION).source and made.notes == []


@pytest.mark.parametrize("lost", [("metadata",), ("metadata", "id")])
def test_lost_names_are_found_by_ids_and_texts(tmp_path, lost):
    notebook = json.loads(SET.path.read_text(encoding="utf-8"))
    named(notebook, FUNCTION)["source"] = named(solved(), FUNCTION)["source"]
    named(notebook, PROOF)["source"] = "By Jensen."
    for cell in notebook["cells"]:
        cell.update({key: {} if key == "metadata" else "" for key in lost})
    made = opened(notebook, tmp_path)
    assert "residual @" in answer(made, FUNCTION).source and answer(made, PROOF).source == "By Jensen."
    assert made.notes == ["has lost the names of its cells, which are known by their ids and texts"]


def result(notebook, tmp_path, name):
    from tools.grading.judge import by_hand

    answers = opened(notebook, tmp_path)
    return by_hand(answer(answers, name), SET, answers), answers


def test_a_proof_in_another_cell_or_of_another_type_is_read(tmp_path):
    stub = json.loads(SET.path.read_text(encoding="utf-8"))
    assert result(stub, tmp_path, PROOF)[0].points == 0
    place = stub["cells"].index(named(stub, PROOF))
    for where in (place, place + 1):
        notebook = json.loads(json.dumps(stub))
        notebook["cells"].insert(where, {"cell_type": "markdown", "source": "By Jensen.", "metadata": {}})
        found, answers = result(notebook, tmp_path, PROOF)
        assert found.points is None and f"{PROOF}: there is text in a cell of their own" in answers.notes
        assert dict(grade.written(answers, SET)) == {PROOF: "By Jensen."}
    named(stub, PROOF).update(cell_type="raw", source="By Jensen.")
    found, answers = result(stub, tmp_path, PROOF)
    assert found.points is None and f"{PROOF}: the answer stands in a cell of type raw" in answers.notes


def test_a_picture_in_an_answer_is_kept(tmp_path):
    notebook = solved()
    named(notebook, PROOF)["attachments"] = {"a.png": {"image/png": "aGVsbG8="}}
    made = grade.as_notebook(opened(notebook, tmp_path), SET)
    assert named(made, PROOF)["attachments"] == {"a.png": {"image/png": "aGVsbG8="}}


def test_the_newest_copy_counts(tmp_path):
    for name, age in (("mini-batches.ipynb", 0), ("mini-batches (1).ipynb", 0), ("older.ipynb", 100)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (10**9 - age, 10**9 - age))
    assert newest(sorted(tmp_path.iterdir())).name == "mini-batches (1).ipynb"


# ---------------------------------------------------------------- stopped in the middle

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_everything_and_keeps_what_is_finished(tmp_path, number):
    endless = solved()
    endless["cells"].insert(2, code("while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"))
    for name, notebook in (("a", solved()), ("b", endless), ("c", endless)):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "work").mkdir()
    command = [sys.executable, "-m", "tools.grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--set", SET.name]
    process = subprocess.Popen(command, cwd=grade.ROOT, env={**os.environ, "TMPDIR": str(tmp_path / "work")}, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and not ((tmp_path / "out" / "points.csv").exists() and len(alive(tmp_path)) > 1):
        time.sleep(0.1)
    assert alive(tmp_path)
    process.send_signal(number)
    process.wait(5)
    until = time.monotonic() + 5
    while alive(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive(tmp_path)
    assert float(rows(tmp_path / "out")["a"]["total"]) == 15
    if number == signal.SIGTERM:
        assert process.returncode == 130 and list((tmp_path / "work").iterdir()) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_is_heard_where_python_drops_exceptions():
    class Finalized:
        def __del__(self):
            grade.stop(signal.SIGTERM, None)

    with pytest.raises(grade.Stopped, match="SIGTERM"):
        Finalized()
        time.sleep(5)
    signal.setitimer(signal.ITIMER_REAL, 0)


def alive(folder: Path) -> list[int]:
    """Return the processes that work in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder / "work") in os.readlink(path / "cwd"):
                found.append(int(path.name))
        except OSError:
            continue
    return found
