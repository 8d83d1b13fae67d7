"""The Sphinx extension: marks, links, warnings, and the index, in tiny books."""

import io
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

A = "Before.\n\n$$ \\exp z $$ (eq-softmax)\n\nAfter {eq}`eq-softmax`."
CHECK_A = ">>># check definition: eq-softmax\nassert abs(softmax(z).sum() - 1) < 1e-12"
B = "$$ b = b $$ (eq-b)"
CHECK_B = ">>># check identity: eq-b\nidentity(np.exp(z), np.e ** z)\n# check claim: eq-c\nclaim(abs, 1, false={'0': 0})"
C = "````{note}\n$$ c > 0 $$ (eq-c)\n````"


class Book:
    """A book in a temporary folder that can be built again and again."""

    def __init__(self, folder):
        self.folder, self.source = folder, folder / "book"
        self.source.mkdir(exist_ok=True)
        self.write("index", "# Book\n\n$$ free = 1 $$\n\n```{toctree}\n:numbered:\n:glob:\n*\n```\n")
        self.write("formula-index", "# Formula index\n\n```{formula-index}\n```\n")

    def write(self, name, text):
        (self.source / f"{name}.md").write_text(text, encoding="utf-8")

    def build(self, parallel=1):
        """Build; return the warnings."""
        warnings = io.StringIO()
        options = {
            "extensions": ["myst_nb", "formula_checks"], "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
            "nb_execution_mode": "off", "numfig": True, "numfig_secnum_depth": 1, "nitpicky": True}
        with patch_docutils(), docutils_namespace():
            app = Sphinx(self.source, None, self.folder / "html", self.folder / "doctrees", "html", confoverrides=options,
                         status=None, warning=warnings, parallel=parallel)
            app.build()
        return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())

    def page(self, name):
        return (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_right_chapter_builds_without_a_warning(book, write_chapter):
    write_chapter(A, CHECK_A, B, C, CHECK_B)
    assert book.build() == ""
    page = book.page("01-toy")
    marks = re.findall(r'<a class="formula-(\w+)" href="#(check-[\w-]+)" title="([^"]+)" aria-label="([^"]+)">', page)
    assert [(kind, anchor) for kind, anchor, *_ in marks] == [
        ("definition", "check-eq-softmax"), ("identity", "check-eq-b"), ("claim", "check-eq-c")]
    assert marks[1][2] == "identity: the check computes both sides and compares them"
    assert [name.split()[-1] for *_, name in marks] == ["1.1", "1.2", "1.3"]
    for _, anchor, *_ in marks:
        assert page.count(f'id="{anchor}"') == 1


def test_the_anchor_stands_right_before_its_cell_and_leads_back(book, write_chapter):
    write_chapter(A, CHECK_A)
    book.build()
    line = re.search(r'<p class="formula-check" id="check-eq-softmax">(.*?)</p>\s*<div class="cell[^>]*>(.*?)</pre>', book.page("01-toy"), re.DOTALL)
    assert 'href="#equation-eq-softmax">(1.1)</a>' in line[1]
    assert "check definition: eq-softmax" in line[2]


def test_the_mark_and_the_index_say_what_is_executed(book, write_chapter, tmp_path):
    write_chapter(A, CHECK_A, B, C, CHECK_B)
    bindings = tmp_path / "tests" / "typeset" / "01.py"
    bindings.parent.mkdir(parents=True)
    bindings.write_text('chapter.bind("eq-softmax", {})\nchapter.bind("eq-b", {})\n@chapter.second_check("eq-c", reason="words")\ndef c(): ...')
    assert book.build() == ""
    marks = re.findall(r'<a class="formula-executed" href="([^"]+)" title="[^"]+">.*? executed as typeset</a>', book.page("01-toy"))
    assert marks == ["formula-index.html"] * 2
    assert re.findall("<p>([✓–])</p>", book.page("formula-index")) == ["✓", "✓", "–"]


def test_pages_that_are_no_chapters_are_exempt(book, write_chapter):
    write_chapter(B, name="notes")
    assert book.build() == ""
    assert "formula-mark" not in book.page("notes").split("<body")[1]


@pytest.mark.parametrize(("cells", "message"), [
    ([A], "eq-softmax has no check"),
    ([CHECK_A], "eq-softmax, which is no formula"),
    (["$$ x $$"], "it has no label"),
    ([A, ">>># check definition: eq-softmax\nsoftmax(z)"], "asserts nothing"),
    ([B, ">>># check identity: eq-b\ng = np.exp(z)\nidentity(g, g)"], "same expression"),
    (["\\begin{align}\na &= b\n\\end{align}"], "is refused"),
])
def test_a_fault_is_a_warning_in_every_build(book, write_chapter, cells, message):
    write_chapter(*cells)
    first = book.build()
    assert message in first and "01-toy" in first
    assert message in book.build()  # nothing changed: the page is not read again


def test_the_warning_goes_when_the_fault_goes(book, write_chapter):
    path = write_chapter(A)
    assert "no check" in book.build()
    write_chapter(A, CHECK_A)
    assert book.build() == ""
    path.unlink()
    assert "eq-softmax" not in book.build()
    assert "eq-softmax" not in book.page("formula-index")


def test_a_formula_that_the_source_does_not_show_is_reported(book, write_chapter):
    write_chapter("{{ hidden }}\n\n```{eval-rst}\n.. math:: a = b\n   :label: eq-b\n```", CHECK_B.split("# check claim")[0])
    assert "its source reads as []" in book.build()


def test_a_result_in_latex_is_no_formula_of_the_text(book, write_chapter):
    latex = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/latex": "$\\displaystyle x$", "text/plain": "x"}}
    write_chapter(A, CHECK_A, outputs=[latex])
    assert book.build() == ""


def test_the_index_lists_every_formula(book, write_chapter):
    write_chapter(A, CHECK_A)
    write_chapter(B, C, CHECK_B, name="02-next")
    assert book.build() == ""
    index = book.page("formula-index")
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", index, re.DOTALL)
    rows = [row for row in rows if "href" in row]
    assert len(rows) == 3
    assert '<a class="reference internal" href="01-toy.html#equation-eq-softmax">(1.1)</a>' in rows[0]
    assert 'href="01-toy.html#check-eq-softmax"' in rows[0] and "\\exp z" in rows[0]
    assert "numerics.softmax" in rows[0]  # by its docstring
    assert "(2.2)" in rows[2] and ">claim</a>" in rows[2]
    assert "mathjax" in index


def test_the_index_follows_the_chapters(book, write_chapter):
    write_chapter(A, CHECK_A)
    book.build()
    write_chapter(B, C, CHECK_B, name="02-next")
    assert book.build() == ""
    assert "equation-eq-c" in book.page("formula-index")
    write_chapter("$$ new $$ (eq-new)", ">>># check claim: eq-new\nclaim(abs, 1, false={'0': 0})")
    assert book.build() == ""
    assert "equation-eq-new" in book.page("formula-index") and "eq-softmax" not in book.page("formula-index")


def test_two_processes_give_the_same(tmp_path, book, write_chapter):
    for number in range(1, 9):
        write_chapter(f"$$ a $$ (eq-{number})", f">>># check claim: eq-{number}\nclaim(abs, 1, false={{'0': 0}})", name=f"{number:02}-toy")
    write_chapter("$$ a $$ (eq-alone)", name="09-toy")
    warnings = book.build(parallel=2)
    assert warnings.count("WARNING") == 1 and "eq-alone has no check" in warnings
    assert book.page("formula-index").count("#check-eq-") == 8
