"""The Sphinx extensions `folding`, `blanks` and `punctuation`: what is folded and where, what stays together, in tiny books."""

import io
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

PICTURE = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>picture</b>", "text/plain": "picture"}}
A = "Before.\n\n$$ \\exp z $$ (eq-softmax)"
CHECK_A = ">>># check definition: eq-softmax\nassert abs(softmax(z).sum() - 1) < 1e-12"


@pytest.fixture
def build(tmp_path, write_chapter):
    """Return a function that builds a chapter of cells, as for `write_chapter`, and returns its page without head."""

    def build(*cells, **how):
        how = {"imports": "import numpy as np\nfrom lecture_code.numerics import softmax\nz = np.arange(3.)", **how}
        write_chapter(*cells, **how)
        (tmp_path / "book" / "index.md").write_text("# Book\n\n```{toctree}\n:numbered:\n01-toy\n```\n", encoding="utf-8")
        warnings = io.StringIO()
        options = {"extensions": ["myst_nb", "formula_checks", "folding", "blanks", "punctuation"], "nb_execution_mode": "off", "numfig": True,
                   "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"]}
        with patch_docutils(), docutils_namespace():
            Sphinx(tmp_path / "book", None, tmp_path / "html", tmp_path / "doctrees", "html", confoverrides=options,
                   status=None, warning=warnings).build()
        assert warnings.getvalue() == ""
        return (tmp_path / "html" / "01-toy.html").read_text(encoding="utf-8").split("<body")[1]

    return build


def folds(page):
    """Return (kind, summary) of every fold; a fold opens with its summary."""
    found = re.findall(r'<details(?: id="[\w-]+")? class="fold fold-(\w+)"><summary>(.*?)</summary>', page)
    assert page.count('<details') == len(found) + page.count("blank-closed")
    return [(kind, re.sub("<[^>]+>", "", words)) for kind, words in found]


def inside(page, kind):
    return re.search(rf'class="fold fold-{kind}"><summary>.*?</summary>\s*<div class="fold-body">(.*?)</div></details>', page, re.DOTALL)[1]


def test_a_check_without_output_is_one_line_that_names_its_formula(build):
    page = build(A, CHECK_A)
    assert folds(page) == [("check", "✓ checked: definition (1.1)")]
    assert '<details id="check-eq-softmax" class="fold fold-check">' in page  # where the mark of the formula leads
    assert page.count('id="check-eq-softmax"') == 1
    assert "assert" in inside(page, "check") and 'href="#equation-eq-softmax"' in inside(page, "check")


def test_a_check_of_two_formulas_has_both_anchors(build):
    second = "$$ b = b $$ (eq-b)"
    check = CHECK_A + "\n# check definition: eq-b\nassert softmax(z).min() > 0"
    page = build(A, second, check)
    assert folds(page) == [("check", "✓ checked: definition (1.1), (1.2)")]
    assert page.count('id="check-eq-softmax"') == page.count('id="check-eq-b"') == 1


@pytest.mark.parametrize("how", [{"tags": ["open"]}, {"outputs": [PICTURE]}])
def test_a_check_with_output_or_with_the_tag_open_stays_open(build, how):
    page = build(A, CHECK_A, **how)
    assert folds(page) == []
    assert 'class="formula-check" id="check-eq-softmax"' in page


def test_code_without_a_check_stays_open(build):
    assert folds(build(">>>a = 1")) == []


def test_imports(build):
    page = build("Text.", tags=["imports"])
    assert folds(page) == [("imports", "Imports")]
    assert "lecture_code.numerics" in re.sub("<[^>]+>", "", inside(page, "imports"))


def test_imports_in_two_cells_are_one_fold(build):
    page = build(">>>second = 2", tags=["imports"])
    assert folds(page) == [("imports", "Imports")]
    assert inside(page, "imports").count('class="cell ') == 2


def test_drawing_code_stands_under_its_output(build):
    page = build(">>>draw()", tags=["hide-input"], outputs=[PICTURE], imports="one = 1")
    assert [kind for kind, _ in folds(page)] == ["drawing", "drawing"]
    last = page[page.rindex('<div class="cell tag_hide-input'):]
    assert last.index("picture</b>") < last.index("<details") < last.index("draw")


def test_a_section_with_a_star_and_the_lecture_notes_are_folded_to_their_end(build):
    page = build("## ★ More\n\n" + "word " * 260 + "\n\n### Deeper\n\ninner", ">>>a = 1", "## Next\n\nopen\n\n## In your lecture notes\n\n[HH]")
    assert folds(page) == [("optional", "Optional: 2 minutes"), ("notes", "What each set of notes calls it")]
    assert "inner" in inside(page, "optional") and "cell_input" in page.split("Next")[0]
    assert "★ More" not in inside(page, "optional") and "open" not in inside(page, "optional")
    assert "[HH]" in inside(page, "notes")
    assert re.search(r'<p class="reading-time">About 1 minute to read, and 2 minutes for what is marked\N{NO-BREAK SPACE}★.</p>', page)


def test_formulas_are_numbered_through_what_is_folded(build):
    page = build("## ★ More\n\n$$ a $$ (eq-a)", CHECK_A.replace("softmax\n", "a\n", 1), "## Next\n\n$$ b $$ (eq-b)", CHECK_A.replace("softmax\n", "b\n", 1))
    assert re.findall(r'class="eqno">\(([\d.]+)\)', page) == ["1.1", "1.2"]
    assert [words for kind, words in folds(page) if kind == "check"] == ["✓ checked: definition (1.1)", "✓ checked: definition (1.2)"]


def test_boxes_of_the_class_dropdown_and_proofs(build):
    page = build(":::{prf:proof}\n:class: dropdown\nClear.\n:::\n\n:::{admonition} Why?\n:class: dropdown\nSo.\n:::\n\n:::{prf:proof}\nOpen.\n:::")
    assert folds(page) == [("box", "Proof"), ("box", "Why?")]
    assert "Clear." in inside(page, "box") and "Proof." not in inside(page, "box")
    assert 'id="proof"' not in page


def test_a_blank_hides_its_value_and_asks_for_the_readers(build):
    page = build(":::{blank} $3/4$ of it\nWhat does *it* say?\n:::")
    before, value = page.split('class="blank"')[1].split("<details>")
    assert "<em>it</em>" in before and "<label>your value <input" in before and "3/4" not in before
    assert "3/4" in value.split("</details>")[0] and "of it" in value.split("</details>")[0]


@pytest.mark.parametrize("text, unbroken", [
    ("With $a^2$, done.", "a^2 ,"), ("So ($a_1$). Next", "a_1 )."), ("At $b$ alone", ""), ("Take $c$ (once).", ""),
    ("$a$, $b$ and $c$: all", "a , c :"), ("$a$; $b$; $c$", "a ; b ;")])
def test_punctuation_stays_with_its_formula_and_no_formula_is_lost(build, text, unbroken):
    page = build(text)
    boxes = re.findall(r'<span class="unbroken"><span class="math[^>]*>\\\((.*?)\\\)</span>(.*?)</span>', page)
    assert " ".join(f"{formula} {closing}" for formula, closing in boxes) == unbroken
    paragraph = re.sub("<[^>]+>", "", page)
    assert re.sub(r"\$(.*?)\$", r"\\(\1\\)", text) in paragraph


@pytest.mark.parametrize("text, shown", [
    ("all 60 000 images", "60~000"), ("1 000 000 steps, 79 510 numbers", "1~000~000 79~510"), ("in 2015 100 groups", ""),
    ("`x = 10 000`", ""), ("2 100 000 1 2", "2~100~000"), ("0.5 100 1", "")])
def test_the_digits_of_a_number_stay_together(build, text, shown):
    numbers = re.findall(r"\d+(?:\N{NO-BREAK SPACE}\d+)+", build(text))
    assert " ".join(numbers).replace("\N{NO-BREAK SPACE}", "~") == shown
