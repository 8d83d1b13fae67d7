"""Exercises in the page: wrong, then right, over a reload, out as a notebook that is graded, and back in elsewhere."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import visit
from built_site import SITE
from live_notebook import START, documents
from playwright.sync_api import Locator, Page, expect

from tools import notebooks
from tools.notebooks import ROOT

SETS = documents(notebooks.exercises())
(SET,) = (name for name in SETS if '"largest-rate"' in (ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
(OTHER,) = (name for name in SETS if '"through-two-points"' in (ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
WRONG = "def largest_rate(H):\n    return 1 / np.linalg.eigvalsh(H)[-1]"
RIGHT = "def largest_rate(H):\n    return 2 / np.linalg.eigvalsh(H)[-1]"
ENDLESS = "def largest_rate(H):\n    while True:\n        pass"
NO_PYTHON = "def largest_rate(H)\n    return 2"
EXACT = "def exact_rate(H, b, theta):\n    g = H @ theta - b\n    return g @ g / (g @ H @ g)"
ANSWER = "It starts in the flat direction, $\\lambda = 1$.\n\nRounding errors grow, so no."


class Exercise:
    """The page of a set, as a student works with it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.locator(".task-bar").wait_for()

    def task(self, function: str) -> Locator:
        return self.page.locator(".task", has=self.page.get_by_role("button", name=f"Check: {function}"))

    def message(self, function: str) -> Locator:
        return self.task(function).locator(".task-message")

    def write(self, function: str, source: str) -> None:
        """Click into the editor and type over what stands there."""
        field = self.task(function).locator(".task-source")
        if field.is_visible():
            field.click()
        editor = self.task(function).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def check(self, function: str) -> None:
        button = self.task(function).get_by_role("button", name=f"Check: {function}")
        button.click()
        expect(self.task(function).locator(".stop-button")).to_be_hidden(timeout=START * 1000)
        expect(self.task(function).locator(".run-note")).not_to_contain_text("…", timeout=START * 1000)

    def code(self, function: str) -> str:
        return self.page.evaluate("(name) => cells.list.find((cell) => cell.original.startsWith(`def ${name}(`)).source", function)

    def done(self) -> str:
        return self.page.locator(".task-progress").inner_text()

    def download(self, folder: Path) -> Path:
        with self.page.expect_download() as waited:
            self.page.locator(".task-bar").get_by_role("button", name=re.compile("^Download")).click()      # on a phone without "as notebook"
        file = folder / waited.value.suggested_filename
        waited.value.save_as(file)
        return file

    def open(self, file: Path) -> Locator:
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(".task-bar").get_by_role("button", name=re.compile("^Open")).click()
        chooser.value.set_files(file)
        return self.page.locator(".task-news")


@pytest.fixture
def student(regular, live) -> Iterator[Exercise]:
    """Somebody who opens this set for the first time; Python may have started on another page."""
    page = regular.context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{live}/_static/favicon.png")
    page.evaluate("localStorage.clear()")
    page.goto(f"{live}/{SET}.html")
    yield Exercise(page)
    page.close()


def original() -> dict:
    return json.loads((ROOT / f"{SET}.ipynb").read_text(encoding="utf-8"))


def by_name(notebook: dict) -> dict[str, dict]:
    return {cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"]): cell for cell in notebook["cells"]}


def test_a_task_is_undone_then_no_python_then_wrong_then_right(student, regular):
    assert student.done().startswith("0 of 6 tasks, 0 of 14 points")
    student.check("largest_rate")
    expect(student.message("largest_rate")).to_contain_text("Not yet done")
    student.write("largest_rate", NO_PYTHON)
    student.check("largest_rate")
    expect(student.task("largest_rate").locator(".run-error")).to_contain_text("expected ':'")
    expect(student.task("largest_rate").locator(".run-note")).to_have_text("This cell has an error.")
    expect(student.message("largest_rate")).to_be_empty()
    student.write("largest_rate", WRONG)
    student.check("largest_rate")
    expect(student.message("largest_rate")).to_contain_text("greatest promised decrease")
    assert student.task("largest_rate").locator(".run-error").count() == 0
    student.write("largest_rate", RIGHT)
    student.check("largest_rate")
    expect(student.message("largest_rate")).to_have_text(re.compile("^✓"))
    assert student.done().startswith("1 of 6 tasks, 2 of 14 points")
    student.write("largest_rate", WRONG)
    expect(student.message("largest_rate")).to_contain_text("Changed since it was right")
    assert student.done().startswith("0 of 6 tasks, 0 of 14 points")
    student.write("largest_rate", RIGHT)                         # the very text that was right
    expect(student.message("largest_rate")).to_have_text(re.compile("^✓"))
    assert regular.refused == []


def test_while_a_check_runs_its_last_message_is_not_there(student):
    student.write("largest_rate", WRONG)
    student.check("largest_rate")
    expect(student.message("largest_rate")).to_contain_text("greatest promised decrease")
    student.message("largest_rate").evaluate("""(message) => {
        window.said = [];
        new MutationObserver(() => said.push([message.textContent, message.dataset.state, message.style.minHeight !== ""]))
            .observe(message, { childList: true, attributes: true });
    }""")
    student.check("largest_rate")
    expect(student.message("largest_rate")).to_contain_text("greatest promised decrease")
    first, *_, last = student.page.evaluate("said")
    assert first == ["Being checked again …", "checking", True]
    assert "greatest promised decrease" in last[0] and last[1:] == ["wrong", False]


def test_formulas_of_an_answer_are_typeset_when_a_reader_asks_for_it(student, regular):
    page, asked = student.page, []
    page.on("request", lambda request: asked.append(request.url))
    field = page.get_by_role("textbox", name="Your answer to Task 2b: let the function choose")
    answer = page.locator(".task-answer", has=field)
    button, preview = answer.get_by_role("button"), answer.locator(".task-preview")
    expect(button).to_be_hidden()
    field.fill("By $g^{\\mathsf T}g$ <b>and</b>\n\n$$\\frac{1}{2}\\boldsymbol{x}$$\n\ncosts \\$5, $\\href{https://example.org}{x}$, $x^{2$.")
    expect(button).to_have_text("Preview the formulas")
    assert asked == [], "it is loaded before anybody asks for it"
    button.click()
    expect(preview.locator("p")).to_have_count(3, timeout=START * 1000)
    assert preview.locator("mjx-container").count() == 4 and preview.locator("mjx-container[display]").count() == 1
    assert preview.locator("a, b").count() == 0 and "<b>and</b>" in preview.inner_text()
    expect(preview.locator("mjx-merror")).to_contain_text("missing close brace")
    field.fill("Then $x_1$ alone.")
    expect(preview.locator("mjx-container")).to_have_count(1)
    button.click()
    expect(preview).to_be_hidden()
    assert regular.refused == []


def test_a_function_that_never_ends_holds_up_no_task_that_does_not_use_it(student):
    """Between the two stands a cell that calls it."""
    student.write("largest_rate", ENDLESS)
    student.write("exact_rate", EXACT)
    student.check("exact_rate")
    expect(student.message("exact_rate")).to_have_text(re.compile("^✓"))


def test_hints_open_one_after_the_other(student):
    hints = student.page.locator("details", has_text="where the bound stands").or_(student.page.locator("details", has_text="how to get"))
    button = student.task("largest_rate").locator(".hint-button")
    opened = []
    assert not any(hints.nth(place).is_visible() for place in range(2))        # offered once, by the button
    for _ in range(2):
        opened.append(button.inner_text())
        button.click()
        opened.append(hints.evaluate_all("(all) => all.map(({ open }) => open)"))
    assert opened == ["Hint 1 of 2", [True, False], "Hint 2 of 2", [True, True]]
    expect(button).to_be_hidden()


def test_by_keyboard_alone_and_by_name(student):
    """The Tab key leads through an untouched editor; typing opens it; Shift and Enter check; the focus comes back.

    What is typed before the editor has been fetched is in it.
    """
    page, task, held = student.page, student.task("border"), []
    page.route("**/codemirror.js*", lambda route: held.append(route))
    field = page.get_by_role("textbox", name="Your code: border")
    field.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check: border")).to_be_focused()
    page.keyboard.press("Enter")
    expect(student.message("border")).to_contain_text("Not yet done", timeout=START * 1000)
    expect(page.get_by_role("button", name="Check: border")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Home")
    with page.expect_request("**/codemirror.js*"):
        page.keyboard.type("# mi")
    page.keyboard.type("ne\n")
    held[0].continue_()
    expect(task.locator(".cm-content")).to_be_focused()
    page.keyboard.type("# 1/2\n")                                # the theme's key for its search
    assert student.code("border").startswith("# mine\n# 1/2\ndef border")
    page.keyboard.press("Shift+Enter")
    expect(student.message("border")).to_contain_text("Not yet done")
    assert student.message("border").get_attribute("role") == "status"
    assert page.get_by_role("region", name="How far you are").is_visible()
    task.get_by_role("button", name="Reset this task: border").click()
    expect(page.get_by_role("textbox", name="Your code: border")).to_have_value(re.compile("^def border"))
    expect(student.message("border")).to_be_empty()
    task.get_by_role("button", name="Undo: border").click()
    expect(student.message("border")).to_contain_text("Not yet done")
    assert student.code("border").startswith("# mine\n")


def test_all_is_there_after_a_reload(student):
    student.write("largest_rate", RIGHT)
    student.check("largest_rate")
    student.page.get_by_role("textbox", name=re.compile("Your answer to Task 1")).fill(ANSWER)
    before = student.done()
    student.page.reload()
    student.page.locator(".task-bar").wait_for()
    assert student.done() == before and "1 of 6 tasks" in before and "1 of 3 answers written (12 points)" in before
    assert student.code("largest_rate") == RIGHT
    expect(student.message("largest_rate")).to_have_text(re.compile("^✓"))
    answer = student.page.get_by_role("textbox", name=re.compile("Your answer to Task 1"))
    expect(answer).to_have_value(ANSWER)
    student.page.get_by_role("button", name="Start again").click()
    assert student.done().startswith("0 of 6 tasks") and "0 of 3 answers" in student.done()
    assert "NotImplementedError" in student.code("largest_rate")
    expect(answer).to_have_value("")
    student.page.get_by_role("button", name="Undo", exact=True).click()
    assert student.done() == before and student.code("largest_rate") == RIGHT
    expect(answer).to_have_value(ANSWER)


def test_the_notebook_is_graded_and_is_otherwise_the_one_handed_out(student, tmp_path):
    pytest.importorskip("nbgrader", reason="grading needs nbgrader: pip install -e '.[teach]'")
    from tools import grade

    student.write("largest_rate", RIGHT)
    student.write("exact_rate", EXACT)
    student.write("border", "def border(x):\n    return 0.0")
    student.page.get_by_role("textbox", name=re.compile("Your answer to Task 1")).fill(ANSWER)
    (folder := tmp_path / "in" / "ann").mkdir(parents=True)
    made = json.loads(student.download(folder).read_text(encoding="utf-8"))
    changed = {name for name, cell in by_name(original()).items() if "".join(by_name(made)[name]["source"]) != "".join(cell["source"])}
    assert changed == {"largest-rate", "exact-rate", "border", "quiet-start"}
    assert {name: cell["metadata"] for name, cell in by_name(made).items() if name != "install"} \
        == {name: cell["metadata"] for name, cell in by_name(original()).items()}
    assert made["metadata"] == original()["metadata"] and made["nbformat_minor"] == original()["nbformat_minor"]
    grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    with open(tmp_path / "out" / "results.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["task"]: row for row in csv.DictReader(file)}
    assert {name: row["points"] for name, row in rows.items() if row["kind"] == "right"} == {"largest-rate-check": "2", "exact-rate-check": "2"}
    assert rows["border-check"]["kind"] not in ("right", "to do") and rows["border-check"]["points"] == "0"
    assert rows["quiet-start"]["kind"] == "by hand"
    assert {row["remarks"] for row in rows.values()} == {""}


def test_a_notebook_is_opened_again_in_another_browser(newcomer, live, tmp_path):
    """Of a notebook worked on in Jupyter: the answers are taken, the rest is told and stays, and Undo takes all back."""
    notebook = original()
    named = by_name(notebook)
    named["largest-rate"]["source"] = RIGHT.splitlines(keepends=True)
    named["quiet-start"]["source"] = ANSWER
    named["bound-run"]["source"] = "print('changed')"
    named["hard-bowl"]["metadata"] = {}                         # some program has lost the name; the id is left
    named["hard-bowl"]["source"] = "def hard_bowl(eta, n):\n    return 1"
    notebook["cells"] = [cell for name, cell in named.items() if name != "border"]
    notebook["cells"].append({"cell_type": "code", "id": "own", "metadata": {}, "source": "mine = 1", "outputs": [], "execution_count": None})
    file = tmp_path / "worked.ipynb"
    file.write_text(json.dumps(notebook), encoding="utf-8")
    page = newcomer.context.new_page()
    page.goto(f"{live}/{SET}.html")
    student = Exercise(page)
    told = student.open(file)
    expect(told).to_contain_text("put into the page: 2 tasks and 1 written answer")
    expect(told).to_contain_text("Not in the file: Task 3a, which")
    expect(told).to_contain_text("bound-run")
    expect(told).to_contain_text("“mine = 1”")
    assert (student.code("largest_rate"), student.code("hard_bowl")) == (RIGHT, "def hard_bowl(eta, n):\n    return 1")
    assert "1 of 3 answers written" in student.done()
    told.get_by_role("button", name="Undo").click()
    assert "NotImplementedError" in student.code("largest_rate") and "0 of 3 answers" in student.done()
    expect(student.open(SITE / "_sources" / f"{OTHER}.ipynb")).to_contain_text("belongs to another set")
    (broken := tmp_path / "broken.ipynb").write_text('{"cells": [', encoding="utf-8")
    expect(student.open(broken)).to_contain_text("no notebook, or a damaged one. Nothing was changed")
    student.download(tmp_path)                                  # what comes next and succeeds takes the refusal away
    expect(told).to_be_empty()
    student.open(broken)
    expect(student.open(file)).to_contain_text("put into the page")
    expect(told).not_to_contain_text("damaged")
    assert newcomer.refused == []


def test_without_the_live_part_the_page_is_for_reading(newcomer, address):
    newcomer.context.route("**/live/**", lambda route: route.fulfill(status=404))
    page = newcomer.context.new_page()
    with page.expect_response("**/live/run/cells/**"):
        page.goto(f"{address}/{SET}.html")
    page.wait_for_timeout(300)
    assert page.locator(".task, .task-bar, .task-answer").count() == 0
    assert page.get_by_text("Write your answer here.").count() == 3
    assert page.get_by_text("check(tasks.largest_rate, largest_rate)").is_visible()


def test_a_page_from_disk_keeps_answers_and_gives_the_notebook(browser, live, tmp_path):
    with visit(browser, (SITE / f"{SET}.html").as_uri(), width=390) as visited:
        student = Exercise(visited.page)
        visited.page.get_by_role("textbox", name=re.compile("Your answer to Task 1")).fill(ANSWER)
        assert "".join(by_name(json.loads(student.download(tmp_path).read_text(encoding="utf-8")))["quiet-start"]["source"]) == ANSWER
        visited.page.get_by_role("button", name="Preview the formulas").click()
        expect(visited.page.locator(".task-preview mjx-container")).to_have_count(1, timeout=START * 1000)
        assert visited.page.evaluate("document.documentElement.scrollWidth") <= 390
        expect(visited.page.locator(".task-progress")).to_contain_text("1 of 3 answers")
        assert visited.refused == visited.errors == []


@pytest.mark.parametrize("name", SETS)
def test_the_page_has_a_place_for_each_written_answer(live, name):
    taken = json.loads((SITE / "live" / "run" / "cells" / f"{name}.js").read_text(encoding="utf-8").removeprefix("python.take(").rstrip(")\n"))
    page = (SITE / f"{name}.html").read_text(encoding="utf-8")
    assert page.count("<p><em>Write your answer here.</em></p>") == len(taken.get("answers", []))
    tasks = [cell for cell in taken["cells"] if cell.get("solution")]
    checks = [cell for cell in taken["cells"] if "points" in cell and not cell.get("solution")]
    for check in checks:
        assert taken["cells"][taken["cells"].index(check) - 1] in tasks
    assert len(checks) >= 3
