"""Solutions pass, stubs fail, and nothing of a solution is left in an exercise.

That the files in exercises/ are what `make exercises` makes is tested in tests/notebooks.
"""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from lecture_code.feedback import NotRight, verdict
from lecture_tasks import backpropagation, convolution, softmax_regression
from tools.notebooks import why_not

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
CODE_STUB = "raise NotImplementedError"
TEXT_STUB = "*Write your answer here.*"
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


def exercise_of(path):
    return ROOT / "exercises" / path.relative_to(ROOT / "solutions")


def cells(path, **wanted):
    """Return the cells whose nbgrader metadata are as wanted."""
    return [cell for cell in nbformat.read(path, as_version=4).cells
            if wanted.items() <= cell.metadata.get("nbgrader", {}).items()]


def run(path):
    """Run the code cells one after the other; yield each with the namespace and what it raised."""
    if reason := why_not(path):
        pytest.skip(reason)
    namespace = {"__name__": "__main__"}
    for cell in cells(path):
        if cell.cell_type == "code":
            error = None
            try:
                exec(compile(cell.source, f"{path.parent}/{cell.id}", "exec"), namespace)
            except (NotRight, NotImplementedError) as raised:
                error = raised
            yield cell, namespace, error


#: Statements that say their formula in the line, or ask for it.
FOUND_OR_SAID = {
    "parabola-statement", "search-statement", "search-proof-statement", "twin-statement", "kind-statement",
    "delay-statement", "mean-squares-proof-statement", "strata-statement", "gibbs-statement",
    "picture-statement", "bugs-statement", "start-statement", "proof-statement", "floor-statement", "server-statement",
    "conserved-statement"}


def is_check(cell):
    return cell.metadata.get("nbgrader", {}).get("grade", False)


@pytest.fixture(params=SOLUTIONS, ids=lambda path: path.parent.name)
def solution(request):
    return request.param


def test_there_is_something_to_test():
    assert SOLUTIONS


def test_every_solution_passes(solution, capsys):
    checks = 0
    for cell, _, error in run(solution):
        assert error is None, cell.source
        printed = capsys.readouterr().out
        if is_check(cell):
            checks += 1
            assert printed.startswith("✓ ")
    assert checks >= 3
    assert f"\n{checks} of {checks} checked tasks are done: " in printed and "Left:" not in printed


def test_every_stub_fails_with_its_message(solution, capsys):
    checks = 0
    for cell, _, error in run(exercise_of(solution)):
        if is_check(cell):
            checks += 1
            assert isinstance(error, NotRight) and " Not yet done." in str(error), cell.source
    assert checks >= 3
    assert f"\n0 of {checks} checked tasks are done: 0 of " in capsys.readouterr().out


def test_tasks_and_their_notebook_agree_on_the_points(solution):
    tasks = importlib.import_module("lecture_tasks." + solution.stem.replace("-", "_"))
    graded = [cell for cell in cells(solution) if cell.metadata.get("nbgrader", {}).get("points")]
    checked = {re.match(r"check\(tasks\.(\w+), ", cell.source)[1]: cell.metadata.nbgrader.points
               for cell in graded if cell.cell_type == "code"}
    assert checked == {task.name: task.points for task in tasks.ALL}
    written = [cell.metadata.nbgrader.points for cell in graded if cell.cell_type == "markdown"]
    assert written == list(tasks.WRITTEN.values())


def parts(path):
    """Yield each graded cell with what it belongs to: the heading above it, with the letter of the part."""
    number = heading = letter = ""
    for cell in cells(path):
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade"):
            yield f"Task {number}{letter}: {heading}", cell
        elif cell.cell_type == "markdown":
            for mark in re.finditer(r"^## Task (\d+): (.*)|^\*\*\d+([a-z])\b", cell.source, re.MULTILINE):
                number, heading, letter = (mark[1], mark[2], "") if mark[1] else (number, heading, mark[3])


def test_a_task_has_one_name_in_heading_messages_and_table(solution):
    tasks = importlib.import_module("lecture_tasks." + solution.stem.replace("-", "_"))
    called = [(title, cell.cell_type, cell.source) for title, cell in parts(solution)]
    checked = {re.match(r"check\(tasks\.(\w+), ", source)[1]: title for title, kind, source in called if kind == "code"}
    assert checked == {task.name: task.title for task in tasks.ALL}
    assert [title for title, kind, _ in called if kind == "markdown"] == list(tasks.WRITTEN)


def test_every_part_is_asked_and_answered_by_itself(solution):
    """Two proofs in one field cannot be marked apart, nor written one after the other."""
    for cell in cells(solution):
        asked = re.findall(r"^\*\*(\d+[a-z])\b", cell.source, re.MULTILINE)
        assert cell.cell_type == "code" or len(asked) <= 1, asked


def test_a_formula_that_a_task_asks_for_stands_in_it(solution):
    """A link alone is dead in a notebook that somebody took home. Where the task is to find the formula, none stands."""
    for cell in cells(solution):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        prose = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
        if cell.cell_type == "markdown" and name.endswith("-statement") and re.search(r"#eq-[\w-]+\)", prose):
            assert "$$" in prose or name in FOUND_OR_SAID, name


def test_no_solution_is_left_in_the_exercise(solution):
    exercise = {cell.metadata.nbgrader.grade_id: cell for cell in cells(exercise_of(solution), solution=True)}
    whole = exercise_of(solution).read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in whole and "END SOLUTION" not in whole and "BEGIN HIDDEN" not in whole
    for cell in cells(solution, solution=True):
        source = exercise.pop(cell.metadata.nbgrader.grade_id).source
        if cell.cell_type == "markdown":
            assert source == TEXT_STUB
            continue
        (region,) = REGION.findall(cell.source)
        assert source == REGION.sub(CODE_STUB, cell.source)
        for line in region.splitlines():
            assert not line.strip() or line.strip() not in source
    assert exercise == {}


def test_checks_and_statements_are_locked(solution):
    for cell in cells(exercise_of(solution)):
        data = cell.metadata.get("nbgrader")
        if data and not data["solution"]:
            assert data["locked"] and cell.metadata.editable is False and cell.metadata.deletable is False


def test_prose_defines_no_labels(solution):
    for cell in cells(solution):
        if cell.cell_type == "markdown":
            assert not re.search(r"\$\$ *\([\w-]+\)|^\([\w-]+\)=|^ *:(label|name):", cell.source, re.MULTILINE)


def test_prose_reads_well_where_nobody_knows_myst(solution):
    """Front ends other than the book show roles and directives as they are written."""
    for cell in cells(solution):
        if cell.cell_type == "markdown":
            assert not re.search(r"\{[\w:.-]+\}`|^ *(:::|```\{|%)", cell.source, re.MULTILINE), cell.source


def test_links_to_formulas_lead_to_the_chapter_that_has_them(solution):
    links = [match.groups() for cell in cells(solution) if cell.cell_type == "markdown"
             for match in re.finditer(r"\]\(([\w./-]+\.ipynb)#([\w-]+)\)", cell.source)]
    assert links
    for path, label in links:
        chapter = (solution.parent / path).resolve().read_text(encoding="utf-8")
        assert f"({label})" in chapter, label


def test_every_code_task_has_two_hints(solution):
    prose = "\n".join(cell.source for cell in cells(solution) if cell.cell_type == "markdown")
    tasks = len([cell for cell in cells(solution, grade=True) if cell.cell_type == "code"])
    assert prose.count("<summary><u>Hint 1</u>") == prose.count("<summary><u>Hint 2</u>") >= tasks
    assert prose.count("<details>\n<summary>") == prose.count("</summary>\n\n") == prose.count("\n\n</details>")


@pytest.mark.parametrize("notebook, module, name", [
    ("12-backpropagation/backpropagation", backpropagation, "a"),
    ("12-backpropagation/backpropagation", backpropagation, "b"),
    ("12-backpropagation/backpropagation", backpropagation, "c"),
    ("09-softmax-regression/softmax-regression", softmax_regression, "training"),
    ("17-convolution/convolution", convolution, "layer"),
])
def test_the_broken_functions_do_what_their_tasks_say(notebook, module, name):
    *_, (_, namespace, _) = run(ROOT / f"solutions/{notebook}.ipynb")
    task = getattr(module, f"repaired_{name}")
    found = verdict(task, namespace[f"broken_{name}"])
    assert found.mistake is task.mistakes[0]
    assert found.mistake.name.startswith("this is still what the broken ")


def test_the_gradient_table_shows_what_the_hints_speak_of(capsys):
    def table(function, **options):
        backpropagation.gradient_table(function, **options)
        rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
        return {row[0]: (row[-1] if len(row) == 4 and "<" not in row else " ".join(row[2:])) for row in rows}

    right = table(backpropagation.repaired_a.reference)
    assert set(right.values()) == {"< 1e-6 1"}
    a = table(backpropagation.broken_a)
    assert [name for name, end in a.items() if end != "varies"] == ["dW[4]", "db[4]"]
    c = table(backpropagation.broken_c, M=4)
    assert [c[f"dW[{l}]"].split()[1] for l in (3, 2, 1)] == ["0.25", "0.0625", "0.01563"]
    assert set(table(backpropagation.broken_c, M=1).values()) == {"< 1e-6 1"}
    b = table(backpropagation.broken_b, eta=1.0)
    assert b["dW[4]"] == "< 1e-6 1" and b["dW[1]"] == b["db[3]"] == "varies"
    assert set(table(backpropagation.repaired_b.reference, eta=0.5).values()) == {"< 1e-6 1"}


def test_the_trained_network_looks_at_two_pixels():
    W, b, pictures = backpropagation.trained_network()
    strongest = backpropagation.strongest_coordinate.reference(W, b, pictures, 0)
    assert set(strongest.tolist()) == {7, 16}
    output = backpropagation._forward(W, b, pictures)[1][-1]
    assert ((output > 0.5) == (pictures[[7, 16]].max(axis=0) > 0.4)).mean() > 0.98
