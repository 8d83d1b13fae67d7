"""Every displayed formula of the book is executed as it is typeset; every number of its text comes from somewhere."""

import json
from pathlib import Path

import pytest

from tools import mutate_latex, prose_numbers, typeset_check
from tools.typeset.mutants import mutants

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = typeset_check.chapters(ROOT, [])


@pytest.fixture(scope="module")
def results():
    return typeset_check.check_all(ROOT, jobs=1)


def test_all_formulas_agree_with_their_bindings(results):
    assert [fault for result in results for fault in result.faults] == []


def test_nine_of_ten_are_executed(results):
    assert sum(result.executed for result in results) >= 0.9 * sum(result.formulas for result in results) > 0


def test_survivors_name_their_formulas():
    known = mutate_latex.listed(ROOT / "tests" / "typeset" / "survivors.txt")
    latex = {formula.label: formula.latex for path in CHAPTERS for formula in typeset_check.formulas.read_page(path).formulas}
    assert known and all(known.values())
    for label, shown in known:
        assert shown in {mutant.shown.strip() for mutant in mutants(latex[label])}, (label, shown)


@pytest.mark.parametrize(("latex", "mutant"), [
    ("a + b = c", "a - b = c"), ("a_k = b", "a_{k+1} = b"), (r"a \le b", r"a < b"), (r"a^{\mathsf T} b = c", "a b = c"),
    (r"\tfrac12 a = b", r"\tfrac13 a = b"), (r"\frac{a}{b} = c", r"\frac {b}{a} = c"), (r"W^{[\ell]} = a", r"W^{[\ell+1]} = a"),
    (r"\bar a = b", " a = b"), ("x y = z", "y y = z"), ("x y = z", " y = z"), ("F_{mn} = c", "F_{nm} = c"), ("x = 0.25", "x = 0.27")])
def test_mutants(latex, mutant):
    assert "".join(mutant.split()) in {"".join(each.latex.split()) for each in mutants(latex)}


def chapter(folder, latex, bindings):
    """Write a project with one chapter of one formula."""
    (folder / "book").mkdir()
    (folder / "tests" / "typeset").mkdir(parents=True)
    cell = {"cell_type": "markdown", "metadata": {}, "source": f"$$\n{latex}\n$$ (eq-one)"}
    (folder / "book" / "01-toy.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (folder / "tests" / "typeset" / "01.py").write_text("from typeset import Chapter\nchapter = Chapter()\n" + bindings)
    return typeset_check.check_all(folder, jobs=1)[0]


@pytest.mark.parametrize(("bindings", "fault"), [
    ('chapter.bind("eq-one", {"a": 2.5, "b": 3.5})', ""),
    ('chapter.bind("eq-one", {"a": 2.5, "b": 3.6})', "is false"),
    ("", "it has no binding"),
    ('chapter.bind("eq-one", {"a": 2.5, "b": 3.5})\nchapter.bind("eq-two", {})', "is no formula of this chapter"),
    ('chapter.bind("eq-one")', "nothing was tested"),
    ('for label in ["eq-one"]: chapter.bind(label, {"a": 2.5, "b": 3.5})', "write every label out"),
    ('@chapter.second_check("eq-one", reason="words")\ndef one(): assert 1 == 1', ""),
    ('@chapter.second_check("eq-one", reason="words")\ndef one(): assert 1 == 2', "second check fails"),
    ("1 / 0", "does not run")])
def test_a_chapter_fails(tmp_path, bindings, fault):
    faults = chapter(tmp_path, "a + 1 = b", bindings).faults
    assert (not faults) if not fault else any(fault in each for each in faults)


# ---- numbers of the text ---------------------------------------------------------------------------------------------

def text(folder, prose, code="x = 0.37", output="", declared=""):
    """Return the numbers of a chapter that come from nowhere, and its faults."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}]
    cells = [{"cell_type": "markdown", "source": prose}, {"cell_type": "code", "source": code, "outputs": outputs}]
    (folder / "01-toy.ipynb").write_text(json.dumps({"cells": cells}))
    (folder / "01.py").write_text("from typeset import Chapter\nchapter = Chapter()\n" + declared)
    found = prose_numbers.ChapterText(folder / "01-toy.ipynb", prose_numbers.load(folder / "01.py").chapter)
    return [place.number.text for place in found.missing()] + found.faults


@pytest.mark.parametrize(("prose", "missing"), [
    ("It is 0.37.", []), ("It is 0.38.", ["0.38"]), ("It is $0.37$, and $x = 0.47$.", ["0.47"]),
    ("In 1951 there were 12 of `0.99`; see section 6.2 and {eq}`eq-1.25`.", []), ("about 0.053", []), ("about 0.0527", []),
    ("about 0.0528", ["0.0528"]), ("60 000 steps", []), (r"$60\,000$ steps", []), (r"$61\,000$ steps", ["61\u2009000"]), ("7.3 %", []),
    ("7.4 %", ["7.4 %"]), (r"$99/101 \approx 0.980$", []), (r"$99/101 \approx 0.981$", ["101", "0.981"]),
    (r"$3.2\cdot10^{-4}$", []), (r"$3.3\cdot10^{-4}$", [r"3.3\cdot10^{-4}"]), ("$$ x = 9.99 $$ (eq-a)", []), ("<!-- 9.99 -->", [])])
def test_numbers_of_the_text(tmp_path, prose, missing):
    assert text(tmp_path, prose, output="0.05267 of 60000, 0.073 and 3.18e-4") == missing


def test_numbers_are_found_in_code_nearby_and_in_declarations(tmp_path):
    assert text(tmp_path, "two elevenths are 0.182", code="x = 2 / 11") == []
    assert text(tmp_path, "3750 steps", declared='chapter.arithmetic("3750 = 60000 * 2 / 32")') == []
    assert "is wrong" in text(tmp_path, "3751 steps", declared='chapter.arithmetic("3751 = 60000 * 2 / 32")')[0]
    assert "not in the text" in text(tmp_path, "no steps", declared='chapter.arithmetic("3750 = 60000 * 2 / 32")')[0]
    assert text(tmp_path, "400 apples", declared='chapter.given("an example", "400")') == []


def test_changed_digits_are_noticed():
    seen = [noticed for path in CHAPTERS for *_, noticed in prose_numbers.read(path, ROOT).mutants()]
    assert sum(seen) >= 0.9 * len(seen) > 0


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_all_numbers_of_the_text_come_from_somewhere(path):
    chapter = prose_numbers.read(path, ROOT)
    assert [f"cell {place.cell}: {place.number.text}" for place in chapter.missing()] + chapter.faults == []
