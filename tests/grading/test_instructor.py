"""An instructor's week: an export of Moodle comes in, proofs are marked, and tables go back."""

import io
import json
import time
import zipfile
from datetime import datetime

import pytest

from tools import grade
from tools.grading.collect import Student, students
from tools.grading.marks import (
    ClassList, Mark, marks_text, moment, platform_table, read_marks, reduce_late, rows_of)
from tools.grading.tables import similar

SET = "07-mini-batches"
PROOF = "Both sides are equal by the definition of the mean, since every sample is counted once in the sum over all strata, " * 3


def cell(kind, source, name="", **about):
    metadata = {"nbgrader": {"grade_id": name, "grade": False, "locked": False, "solution": False, "schema_version": 3, **about}}
    made = {"cell_type": kind, "source": source, "id": name, "metadata": metadata if name else {}}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(function="", proof="*Write your answer here.*", sketch="Sketch it.", hidden=""):
    """Return a set of one function, one proof and one manual task of nbgrader's."""
    function = function or "def reported_cost(costs, N, M):\n    raise NotImplementedError"
    check = f"check(tasks.reported_cost, reported_cost)\nassert reported_cost.__name__{hidden}"
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        cell("code", "from lecture_code.feedback import check\nfrom lecture_tasks import mini_batches as tasks", "setup", locked=True),
        cell("code", function, "reported-cost", solution=True),
        cell("code", check, "reported-cost-check", grade=True, locked=True, points=4),
        cell("markdown", proof, "proof", grade=True, solution=True, points=5),
        cell("markdown", sketch, "sketch", task=True, points=3)]}


RIGHT = """def reported_cost(costs, N, M):
    return sum(cost * min(M, N - M * k) for k, cost in enumerate(costs)) / N"""
HIDDEN = "\n### BEGIN HIDDEN TESTS\nassert 'sum' not in reported_cost.__code__.co_names\n### END HIDDEN TESTS"
OTHER = """def reported_cost(costs, N, M):
    sizes = [min(M, N - M * k) for k in range(len(costs))]
    return sizes @ __import__('numpy').array(costs) / N"""
NESTED = """def reported_cost(costs, N, M):
    for _ in range(100):
        costs = [costs]
    return costs"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 101,Änne Østergård,a@example.org,Submitted,,12.00,Yes,"Friday, 29 January 2027, 11:30 PM",-,
Participant 102,Bo Li,b@example.org,Submitted,,12.00,Yes,"Sunday, 31 January 2027, 1:00 AM",-,
Participant 103,Cleo Nobody,c@example.org,No submission,,12.00,Yes,-,-,
"""


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Grade an export of Moodle, in which one student has handed in a zip."""
    folder = tmp_path_factory.mktemp("course")
    for name, hidden in (("exercises", ""), ("solutions", HIDDEN)):
        (folder / name / SET).mkdir(parents=True)
        (folder / name / SET / "mini.ipynb").write_text(json.dumps(notebook(hidden=hidden)))
    (folder / "people.csv").write_text(WORKSHEET, encoding="utf-8")
    (folder / "german.csv").write_text(IN_GERMAN, encoding="utf-8")
    (folder / "export.zip").write_bytes(zipped({
        "Änne Østergård_101_assignsubmission_file_/mini.ipynb": json.dumps(notebook(OTHER, PROOF, "Sketch it.\n\nA line.")),
        "Bo Li_102_assignsubmission_file_/all of it.zip": zipped({"deep/in/it/mini (1).ipynb": json.dumps(notebook(RIGHT, PROOF + " "))})}))
    run(folder)
    return folder


def run(folder, *more, submissions=None):
    assert grade.main([str(submissions or folder / "export.zip"), "--out", str(folder / "out"), "--exercises", str(folder / "exercises"), "--solutions",
                       str(folder / "solutions"), "--class", str(folder / "people.csv"), "--deadline", "2027-01-30T00:00",
                       "--late", "10", *more]) == 0


def rows(folder, name, key="student"):
    return {row[key]: row for row in rows_of(folder / "out" / name)[1]}


def test_names_come_from_the_class_list_and_who_handed_in_nothing_is_seen(course):
    found = rows(course, "points.csv")
    assert list(found) == ["Bo Li", "Cleo Nobody", "Änne Østergård"]
    assert found["Cleo Nobody"]["remarks"] == "nothing handed in" and found["Bo Li"]["id"] == "102"


def test_hidden_tests_run_and_manual_tasks_keep_their_text(course):
    found = {(row["student"], row["task"]): row for row in rows_of(course / "out" / "results.csv")[1]}
    assert found["Änne Østergård", "reported-cost-check"]["points"] == "4"
    assert found["Bo Li", "reported-cost-check"]["points"] == "0"       # right, and forbidden by the hidden test
    assert "AssertionError" in found["Bo Li", "reported-cost-check"]["message"]
    assert found["Änne Østergård", "sketch"]["kind"] == "by hand" and found["Bo Li", "sketch"]["kind"] == "empty"
    kept = (course / "out" / "notebooks" / "Änne Østergård" / SET / "mini.ipynb").read_text(encoding="utf-8")
    assert "A line." in kept and "HIDDEN" not in kept


def test_late_is_what_moodle_says(course):
    found = rows(course, f"{SET}.csv")
    assert "2 days late: 20 % less" in found["Bo Li"]["remarks"] and "late" not in found["Änne Østergård"]["remarks"]


def test_identical_answers_are_listed(course):
    page = (course / "out" / "report.html").read_text(encoding="utf-8")
    assert "proof: identical: Bo Li, Änne Østergård" in page
    words = [f"word{number * number}" for number in range(100)]
    near = [{"student": name, "answers": {"proof": " ".join(text)}} for name, text in (
        ("a", words), ("b", [*words, "q. e. d."]), ("c", words[::-1]), ("d", words), ("e", [*words, "qed"]))]
    assert similar(near) == ["proof: identical: a, d", "proof: nearly identical: a, b, d, e"]     # and no line for each pair


def test_marks_are_merged_for_good_and_only_what_has_changed_is_graded_again(course):
    out = course / "out"
    assert (out / "marks.csv").read_bytes().startswith("\ufeff".encode())      # or Excel reads other names, and writes them back
    text = (out / "marks.csv").read_text(encoding="utf-8-sig")
    assert text.count("\n") == 4                # two proofs, one sketch
    lines = [line.split(",") for line in text.splitlines()]
    for line in lines[1:]:
        if line[:3] == ["Bo Li", SET, "proof"]:
            line[4:6] = ["4.5", "Why is the sum finite?"]
    lines.append(["Bo Lee", SET, "proof", "5", "1", "", ""])
    assert all(line[6].isalnum() and line[6][0].isalpha() for line in lines[:-1])       # and is no number for a spreadsheet
    (out / "marks.csv").write_text("\r\n".join(";".join(line).replace("4.5", "4,5") for line in lines) + "\r\n", encoding="cp1252")
    before = {path.name: json.loads(path.read_text())["seconds"] for path in (out / "records").iterdir() if "none" not in path.name}
    run(course)
    assert before == {path.name: json.loads(path.read_text())["seconds"] for path in (out / "records").iterdir() if "none" not in path.name}
    assert rows(course, f"{SET}.csv")["Bo Li"]["total"] == "3.6"        # 4.5 points, 20 % less
    moodle = rows(course, f"moodle-{SET}.csv", "Identifier")
    assert moodle["Participant 102"]["Grade"] == "3.6" and moodle["Participant 102"]["Maximum Grade"] == "12.00"
    assert "Why is the sum finite?" in moodle["Participant 102"]["Feedback comments"] and moodle["Participant 103"]["Grade"] == ""
    page = (out / "feedback" / SET / "Bo Li.html").read_text(encoding="utf-8")
    assert f"marks.csv: there is no Bo Lee, {SET}, proof; its mark counts for nobody" in (out / "report.html").read_text(encoding="utf-8")
    assert "3.6 of 12 points" in page and "Why is the sum finite?" in page and "<script" not in page
    run(course, "--again")                      # and a third time, with nothing taken over
    assert rows(course, f"{SET}.csv")["Bo Li"]["total"] == "3.6"
    assert read_marks(out / "marks.csv")["Bo Li", SET, "proof"].points == "4,5"


def test_a_file_of_marks_that_is_none_stops_the_run_and_stays(course, tmp_path):
    (tmp_path / "marks.csv").write_text("something else")
    with pytest.raises(SystemExit, match="left as it is"):
        run(course, "--out", str(tmp_path))
    assert (tmp_path / "marks.csv").read_text() == "something else"


#: As gradebook_exporter.rb writes them, with a row about posting, and with a column for the last name.
GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Integration ID,Section,Mini-batches (4711),Essay (4712),Final Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,10.00,5.00,(read only)
"Schmidt, Anna",12,u12,anna,,A,3.00,EX,60.00
"Li, Bo",13,u13,bo,,A,2.00,4.00,55.00
"Student, Test",99,,x,,A,,,
"""
NAMES_APART = """LastName,FirstName,ID,SIS Login ID,Section
Schmidt,Anna,12,anna,A
"""
#: As gradingtable.php writes it: in German, and where the students are anonymous.
IN_GERMAN = """ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar
Teilnehmer/in101,Änne Østergård,a@example.org,Zur Bewertung abgegeben,,"100,00",Ja,"Freitag, 29. Januar 2027, 23:30",-,
Teilnehmer/in102,Bo Li,b@example.org,Keine Abgabe,,"100,00",Ja,-,-,
"""
ANONYMOUS = """Identifier,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 101,Submitted for grading,,100.00,Yes,"Friday, January 29, 2027, 11:30 PM",-,
"""


def people(tmp_path, text):
    (tmp_path / "people.csv").write_text(text, encoding="utf-8-sig")
    return ClassList.read(tmp_path / "people.csv")


RECORD = {"share": 1.0, "results": {"a": {"points": 3.5, "out_of": 4}}}


def test_a_gradebook_of_canvas_goes_back_to_the_assignment_that_is_there(tmp_path):
    read = people(tmp_path, GRADEBOOK)
    assert [read.name(row) for row in read.rows] == ["Schmidt, Anna", "Li, Bo"]
    assert read.find("schmidtanna", "") == read.find("x", "12") == 0
    name, text = platform_table(read, SET, 4.0, {0: RECORD}, {0: ""})
    assert name == f"canvas-{SET}.csv" and text.splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Integration ID,Section,Mini-batches (4711)", "Points Possible,,,,,,4",
        '"Schmidt, Anna",12,u12,anna,,A,3.5', '"Li, Bo",13,u13,bo,,A,2.00']     # nothing graded for Bo: as it was
    read = people(tmp_path, NAMES_APART)
    assert read.find("schmidtanna", "") == 0
    assert platform_table(read, SET, 4.0, {0: RECORD}, {0: ""})[1].splitlines() == [
        f"LastName,FirstName,ID,SIS Login ID,Section,{SET}", "Points Possible,,,,,4", "Schmidt,Anna,12,anna,A,3.5"]


def test_a_worksheet_of_moodle_is_known_in_any_language_and_goes_back_as_it_came(tmp_path):
    read = people(tmp_path, IN_GERMAN)
    assert read.moodle and read.name(read.rows[0]) == "Änne Østergård" and read.find("Participant", "102") == 1
    assert read.maximum == 100 and read.submitted(read.rows[0]) is None
    text = platform_table(read, SET, 4.0, {0: RECORD}, {0: "Well done."})[1].splitlines()
    assert text[0] == IN_GERMAN.splitlines()[0] and text[2] == IN_GERMAN.splitlines()[2]
    assert text[1] == IN_GERMAN.splitlines()[1].replace("abgegeben,,", "abgegeben,3.5,") + "Well done."
    read = people(tmp_path, ANONYMOUS)
    assert read.moodle and read.find("Participant", "101") == 0 and read.name(read.rows[0]) == "Participant 101"
    assert datetime.fromtimestamp(read.submitted(read.rows[0])) == datetime(2027, 1, 29, 23, 30)


@pytest.mark.parametrize("label, name, id, late", [
    ("schmidtanna_LATE_12_345_mini-batches-1.ipynb", "schmidtanna", "12", True), ("o_neill_13_346_a_1_2.ipynb", "o_neill", "13", False),
    ("LATE_anon_aB3dE_347_x.ipynb", "anon_aB3dE", "", True), ("li_LATE_14_text.html", "li", "14", True),
    ("Group 1-Anna Schmidt_101_assignsubmission_file_mini.ipynb", "Group 1-Anna Schmidt", "101", False),
    ("Participant_102_assignsubmission_onlinetext_onlinetext.html", "Participant", "102", False)])
def test_names_of_files_are_read_as_the_platforms_make_them(tmp_path, label, name, id, late):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / label).write_text("{}")
    (found,) = students(tmp_path / "in", [SET], tmp_path / "unpacked")
    assert (found.name, found.id, "late" in str(found.notes)) == (name, id, late) and found.platform


def test_a_module_in_an_export_has_the_name_that_the_notebook_imports(tmp_path):
    for label in ("schmidtanna_12_345_mini.ipynb", "schmidtanna_12_346_helper-1.py", "o_neill_13_347_helper.py"):
        (tmp_path / label).write_text("{}")
    anna = students(tmp_path, [SET], tmp_path / "unpacked")[1]
    assert dict(grade.helpers_of(anna, anna.notebooks[0])) == dict.fromkeys(
        ["schmidtanna_12_346_helper-1.py", "helper-1.py", "helper.py"], tmp_path / "schmidtanna_12_346_helper-1.py")
    assert grade.shown(anna.notebooks[0]) == "mini.ipynb"


def test_the_time_in_an_export_makes_nobody_late(course, tmp_path):
    """It is that of the download. Only the worksheet has the other."""
    run(course, "--out", str(tmp_path), "--class", str(course / "german.csv"))
    found = rows_of(tmp_path / f"{SET}.csv")[1]
    assert all("days late" not in row["remarks"] for row in found)
    assert sum("when it was handed in is not known: Moodle says it" in row["remarks"] for row in found) == 2
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"{SET}: the most points are 100 in Moodle and 12 here" in page


def test_two_people_of_one_name_are_two(course, tmp_path):
    (tmp_path / "people.csv").write_text("ID,Section,Student\n1,A,Max Power\n2,A,Max Power\n3,A,Bo Li\n")
    (tmp_path / "in.zip").write_bytes(zipped({f"powermax_{number}_34{number}_mini.ipynb": json.dumps(notebook(answer))
                                              for number, answer in ((1, OTHER), (2, NESTED))}))
    run(course, "--out", str(tmp_path / "out"), "--class", str(tmp_path / "people.csv"), submissions=tmp_path / "in.zip")
    found = rows(tmp_path, "points.csv")
    assert {name: row["total"] for name, row in found.items()} == {"Bo Li": "0", "Max Power (1)": "4", "Max Power (2)": "0"}
    assert rows(tmp_path, f"canvas-{SET}.csv", "ID")["1"][SET] == "4"
    (page,) = (tmp_path / "out" / "feedback" / SET).glob("Max Power (2)*.html")
    assert "raised TypeError: what the function returned is a value of too many parts\n" in page.read_text(encoding="utf-8")


def test_folders_of_sets_of_students_and_of_canvas_are_told_apart(tmp_path):
    folder = tmp_path / "in"
    for path in (f"{SET}/anna.ipynb", f"{SET}/otto/x.ipynb", "otto.ipynb", "schmidtanna_LATE_12_345_mini-batches-1.ipynb"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("{}")
    found = {each.name: each for each in students(folder, [SET], tmp_path / "unpacked")}
    assert sorted(found) == ["anna", "otto", "schmidtanna"] and len(found["otto"].notebooks) == 2
    assert found["schmidtanna"].id == "12"


def test_zips_of_windows_and_of_macos_are_unpacked_alike(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "all.zip").write_bytes(zipped({
        f"{SET}\\Änne\\mini.ipynb": "{}", f"__MACOSX/{SET}/Änne/._mini.ipynb": "no", f"{SET}/A\u0308nne/other.ipynb": "{}"}))
    (found,) = students(tmp_path / "in", [SET, "08-optimizers"], tmp_path / "unpacked")
    assert found.name == "Änne" and sorted(path.name for path in found.notebooks) == ["mini.ipynb", "other.ipynb"]


def test_a_zip_cannot_write_elsewhere_nor_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.grading.collect.UNPACKED", 10**6)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "eve.zip").write_bytes(zipped({"../../../evil.ipynb": "{}", "bomb.ipynb": "0" * 10**7, "good.ipynb": "{}"}))
    (tmp_path / "in" / "max.zip").write_bytes(b"PK\x03\x04 and nothing else")
    eve, max_ = students(tmp_path / "in", [SET], tmp_path / "out" / "unpacked")
    assert sorted(path.name for path in eve.notebooks) == ["evil.ipynb", "good.ipynb"] and not list(tmp_path.parent.glob("evil*"))
    assert all((tmp_path / "out").resolve() in path.resolve().parents for path in eve.notebooks)
    assert not max_.notebooks and "bomb.ipynb: more than 1 MB" in eve.notes[0] and "not a zip" in max_.notes[0]


def test_each_student_of_an_export_has_room_of_their_own_and_what_does_not_fit_is_said_at_every_run(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.grading.collect.UNPACKED", 10**6)
    names = [f"Student {letter}_{number}_assignsubmission_file_" for number, letter in enumerate("abc", 101)]
    bomb = zipped({"zeros.zip": zipped({"zeros.ipynb": "0" * 900_000})})
    (tmp_path / "in.zip").write_bytes(zipped({
        **{f"export/{name}/mini.ipynb": "0" * 600_000 for name in names}, f"export/{names[1]}/all.zip": zipped(
            {f"{number}.zip": bomb for number in range(4)}), f"export/{names[2]}/more.ipynb": "0" * 600_000}))
    for _ in range(2):                          # what is unpacked already is not unpacked again
        said: list[str] = []
        found = students(tmp_path / "in.zip", [SET], tmp_path / "unpacked", said)
        assert [len(each.notebooks) for each in found] == [1, 2, 1] and said == []
        assert found[2].notes == ["not unpacked: more.ipynb: more than 1 MB, or 3000 files, from one student"]
        assert found[1].notes and sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*")) < 5 * 10**6
    (tmp_path / "broken.zip").write_bytes(b"PK")
    assert students(tmp_path / "broken.zip", [SET], tmp_path / "unpacked", said) == [] and "not a zip" in said[0]
    assert len(list((tmp_path / "unpacked").iterdir())) == 1        # what was unpacked of another download is gone


def test_a_zip_with_folders_in_the_names_of_others_is_an_export_and_beside_the_zips_of_students_says_so(tmp_path):
    name = "Anna Berg_{}_assignsubmission_file_"
    for folder, files in (("exports", ("first.zip", "second.zip")), ("students", ("anna.zip", "mallory.zip"))):
        (tmp_path / folder).mkdir()
        for number, file in enumerate(files, 101):
            inside = "mini.ipynb" if file == "anna.zip" else f"{name.format(number)}/mini.ipynb"
            (tmp_path / folder / file).write_bytes(zipped({inside: "{}"}))
    assert [each.notes for each in students(tmp_path / "exports", [SET], tmp_path / "unpacked")] == [[], []]
    anna, berg = students(tmp_path / "students", [SET], tmp_path / "unpacked")
    assert anna.notes == [] and berg.notes == ["was inside mallory.zip, which lies beside the zips of students"]


def test_a_mark_out_of_range_is_said_and_does_not_count():
    from tools.grading.marks import merge

    record = {"student": "a", "set": SET, "notes": [], "answers": {"p": "new"}, "results": {"p": {"kind": "by hand", "points": None, "out_of": 5.0}}}
    merge(record, {("a", SET, "p"): Mark("50", "", "")})
    assert record["results"]["p"]["points"] is None and "'50' is no number from 0 to 5" in record["notes"][0]
    merge(record, {("a", SET, "p"): Mark("5", "", "12345678")})
    assert record["results"]["p"]["points"] == 5 and record["notes"][1] == "p: the answer has changed since it was marked"


# ---------------------------------------------------------------- names, times and files as they come

def records_of(*names, kind="by hand"):
    found = {"kind": kind, "points": None, "out_of": 5.0, "mistake": "", "message": "", "title": ""}
    return [{"student": name, "id": "", "set": SET, "trouble": "", "when": 0.0, "platform": "", "notes": [],
             "results": {"proof": dict(found)}, "answers": {}, "share": 1.0} for name in names]


def a_class(folder, names, people=None):
    """Return a class whose notebooks have been graded."""
    made = grade.Class(folder, [each for each in grade.exercise_sets(grade.ROOT / "exercises") if each.name == SET], people, None, 0, [])
    made.records = {record["student"]: [record] for record in records_of(*names)}
    return made


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_find_their_way_back_to_names_that_spreadsheets_change(tmp_path, encoding):
    names, path = ["'t Hooft, Gerard", "0012345", "=1+1", "Bo Li"], tmp_path / "marks.csv"
    path.write_text(marks_text(records_of(*names), {}), encoding="utf-8")
    header, lines = rows_of(path)
    assert {line["student"] for line in lines} >= {"'0012345", "'=1+1"}         # in a spreadsheet a text, not a number
    path.write_text("\n".join(";".join([*line.values()][:4] + ["4,5", "", ""]) for line in [dict(zip(header, header)), *lines])
                    .replace("4,5", "points", 1), encoding=encoding)
    marks = read_marks(path)
    assert {key[0]: mark.value for key, mark in marks.items()} == dict.fromkeys(names, 4.5)
    assert marks_text(records_of(*names), marks).count("4,5") == len(names)


def test_a_name_with_two_spaces_is_one_with_one_space(tmp_path):
    (tmp_path / "Anna  Berg\n").mkdir()
    (found,) = students(tmp_path, [SET], tmp_path / "unpacked")
    assert found.name == "Anna Berg" and people(tmp_path, "Name\nAnna   Berg\n").called == ["Anna Berg"]


def test_two_marks_for_one_answer_stop_the_run_and_an_empty_line_is_none(tmp_path):
    path, line = tmp_path / "marks.csv", f"Bo,{SET},proof"
    path.write_text(f"student,set,task,points\n{line},4\n{line},\n")
    assert [mark.value for mark in read_marks(path).values()] == [4]
    path.write_text(f"student,set,task,points\n{line},4\n{line},5\n")
    with pytest.raises(SystemExit, match=f"two things of Bo, {SET}, proof; it is left as it is"):
        read_marks(path)


def test_a_mark_that_is_entered_while_others_are_graded_is_kept(tmp_path):
    graded = a_class(tmp_path, ["Bo", "Cleo"])
    graded.write()
    text = (tmp_path / "marks.csv").read_text(encoding="utf-8")
    (tmp_path / "marks.csv").write_text(text.replace(f"Bo,{SET},proof,5,,", f"Bo,{SET},proof,5,3,fine"), encoding="utf-8")
    graded.write()
    assert read_marks(tmp_path / "marks.csv")["Bo", SET, "proof"].points == "3"
    assert {name: row["total"] for name, row in rows_of_students(tmp_path).items()} == {"Bo": "3", "Cleo": "0"}


def rows_of_students(folder):
    return {row["student"]: row for row in rows_of(folder / f"{SET}.csv")[1]}


def test_marks_go_with_their_names_when_a_class_list_comes_later(tmp_path):
    (tmp_path / "marks.csv").write_text(f"student,set,task,points\nschmidtanna,{SET},proof,4\nlibo (13),{SET},proof,2\nOtto,{SET},proof,1\n")
    read = people(tmp_path, GRADEBOOK)
    found = [Student("schmidtanna", "12"), Student("libo (13)", "13"), Student("Otto")]
    read.enrol(found)
    graded = a_class(tmp_path, [each.name for each in found], read)
    graded.write()
    assert {name: row["total"] for name, row in rows_of_students(tmp_path).items()} == {"Li, Bo": "2", "Otto": "1", "Schmidt, Anna": "4"}
    assert found[2].notes == ["not on the class list"]


def test_two_submissions_that_go_by_one_name_are_both_told_and_the_platform_gets_neither(tmp_path):
    read = people(tmp_path, WORKSHEET)
    found = [Student("Li Bo"), Student("Bo Li"), Student("Änne Østergård", "101")]
    read.enrol(found)
    assert [each.name for each in found] == ["Li Bo", "Bo Li", "Änne Østergård", "Cleo Nobody"]
    assert read.lines == {"Li Bo": None, "Bo Li": None, "Änne Østergård": 0, "Cleo Nobody": 2}
    assert all("2 submissions go by the name Bo Li" in each.notes[0] for each in found[:2]) and not found[2].notes
    graded = a_class(tmp_path, [each.name for each in found], read)
    graded.write()
    assert [row["Grade"] for row in rows_of(tmp_path / f"moodle-{SET}.csv")[1]] == ["0", "", "0"]


def test_a_large_class_is_found_on_its_list_and_compared_in_seconds(tmp_path):
    names, before = [f"First{number} Last{number}" for number in range(1000)], time.process_time()
    read = people(tmp_path, "\n".join(["Name", *names]))
    found = [Student(name) for name in reversed(names)]
    read.enrol(found)
    assert [read.lines[name] for name in names] == [*range(1000)] and len(found) == 1000
    texts = [" ".join(f"w{number * place % 61}" for place in range(150)) for number in range(1, 61)] * 3
    assert len(similar([{"student": str(i), "answers": {"proof": f"{i % 179} {text}"}} for i, text in enumerate(texts)])) > 0
    assert time.process_time() - before < 3     # it was 12 s for the names alone


@pytest.mark.parametrize("deadline, when, notes", [
    ("2027-01-31T23:59", "2027-01-31T23:59:59", []), ("2027-01-31", "2027-01-31T18:00", []),
    ("2027-01-31T23:59", "2027-02-01T00:00:30", ["1 minute late: 10 % less"]),
    ("2027-01-31T23:59", "2027-02-01T02:10", ["2 hours late: 10 % less"]),
    ("2027-10-30T23:59", "2027-10-31T23:30", ["24 hours late: 10 % less"]),     # a day of 25 hours
    ("2027-03-27T23:59", "2027-03-29T00:30", ["2 days late: 20 % less"]),       # and one of 23
    ("2027-01-31T22:59+00:00", "2027-01-31T23:59", [])])
def test_a_deadline_lasts_to_the_end_of_its_minute_and_goes_by_the_clock_on_the_wall(monkeypatch, deadline, when, notes):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        (record,) = records_of("Bo")
        record["when"] = datetime.fromisoformat(when).timestamp()
        reduce_late(record, moment(deadline), 10)
        assert record["notes"] == notes
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_file_in_the_way_and_a_long_name_cost_nobody_else_anything(tmp_path):
    name, long = "{}_{}_assignsubmission_file_", "n" * 250 + ".ipynb"
    (tmp_path / "in.zip").write_bytes(zipped({
        "x": "", "x/y": "", f"{name.format('Anna', 1)}/x": "", f"{name.format('Anna', 1)}/x/y.ipynb": "{}",
        f"{name.format('Bo', 2)}/{long}": "{}", f"{name.format('Cleo', 3)}/a.ipynb": "{}"}))
    said: list[str] = []
    found = {each.name: each for each in students(tmp_path / "in.zip", [SET], tmp_path / "unpacked", said)}
    assert [len(found[each].notebooks) for each in ("Anna", "Bo", "Cleo")] == [0, 1, 1]
    assert "not unpacked: y.ipynb" in found["Anna"].notes[0] and "not unpacked: y:" in said[0]


def test_names_in_a_zip_of_macos_are_utf_8_without_saying_so(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", lambda info: (info.filename.encode(), 0))
    (tmp_path / "in.zip").write_bytes(zipped({"Änne Müller/a.ipynb": "{}", "Bo/a.ipynb": "{}"}))
    assert [each.name for each in students(tmp_path / "in.zip", [SET], tmp_path / "unpacked")] == ["Bo", "Änne Müller"]


def test_data_keep_the_names_that_students_gave_them(tmp_path):
    (tmp_path / "anna").mkdir()
    for label in ("a.ipynb", "berlin_2020_01_days.csv"):        # as Canvas would call something
        (tmp_path / "anna" / label).write_text("{}")
    (anna,) = students(tmp_path, [SET], tmp_path / "unpacked")
    names = [*dict(grade.helpers_of(anna, anna.notebooks[0]))]
    assert names == ["berlin_2020_01_days.csv", "days.csv"]     # in one order, or every run would take them for changed


def test_a_check_that_nobody_would_judge_stops_the_run(tmp_path, capsys):
    for number, line in enumerate(["if True:\n    check(tasks.reported_cost, reported_cost)", "check(tasks.reported_cost, reported_cost, 9)"]):
        made = notebook(hidden=f"\n{line}")
        (tmp_path / str(number) / SET).mkdir(parents=True)
        (tmp_path / str(number) / SET / "mini.ipynb").write_text(json.dumps(made))
        with pytest.raises(SystemExit):
            grade.main([str(tmp_path), "--exercises", str(tmp_path / str(number)), "--out", str(tmp_path / "out")])
        assert f"{SET}: reported-cost-check" in capsys.readouterr().err
