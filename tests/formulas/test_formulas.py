"""What the reader of formulas sees in a chapter, and that it reports each fault."""

import pytest

from tools import formulas

A = "$$ a = b $$ (eq-a)"


@pytest.fixture
def faults(write_chapter):
    def read(*cells, **options):
        return formulas.read_page(write_chapter(*cells, **options)).faults

    return read


# ---- right chapters pass ----

RIGHT = {
    "identity against NumPy": "# check identity: eq-a\nidentity(softmax(z), np.exp(z) / np.exp(z).sum())",
    "identity with names": "# check identity: eq-a\np = softmax(z)\nq = np.exp(z)\nq = q / q.sum()\nidentity(p, q, rtol=1e-9)",
    "identity by keyword": "# check identity: eq-a\nidentity(left=softmax(z), right=np.exp(z) / np.exp(z).sum())",
    "identity in a loop": "# check identity: eq-a\nfor z in (z, 2 * z):\n    identity(softmax(z), np.exp(z) / np.exp(z).sum())",
    "value and slope are two functions": "# check identity: eq-a\nidentity(sigmoid.slope(z), np.cosh(z / 2) ** -2 / 4)",
    "two draws are two values": "# check identity: eq-a\nx = rng.normal(size=3)\ny = rng.normal(size=3)\nidentity(x @ y, y @ x)",
    "data may be shared": "# check identity: eq-a\nx, y = higham()\nidentity(np.cos(x) ** 2, 1 - np.sin(x) ** 2)",
    "SymPy": "# check identity: eq-a\nx = sp.Symbol('x')\nassert sp.simplify(sp.sin(x)**2 - (1 - sp.cos(x)**2)) == 0",
    "claim": "# check claim: eq-a\nclaim(lambda c: c > 0, 1, false={'negative': -1})",
    "claim with positions": "# check claim: eq-a\nclaim(lambda c: c > 0, 1, {'negative': -1})",
    "definition of the library": "# check definition: eq-a\np = softmax(z)\nassert abs(p.sum() - 1) < 1e-12",
    "definition through a module": "# check definition: eq-a\nassert losses.half_squared.value(np.ones((2, 1)), np.ones((2, 1))) == 0",
    "definition in the cell": "# check definition: eq-a\ndef double(x):\n    return 2 * x\nassert double(2) == 4",
    "definition with numpy.testing": "# check definition: eq-a\nnp.testing.assert_allclose(softmax(z).sum(), 1)",
    "a command of IPython": "# check claim: eq-a\n%matplotlib inline\nclaim(lambda c: c > 0, 1, false={'negative': -1})",
    "a name of a lambda is its own": "# check identity: eq-a\ng = softmax(z)\nidentity((lambda g: np.exp(g))(z), (lambda g: np.e ** g)(z))",
    "a name of a loop is its own": "# check identity: eq-a\ng = softmax(z)\nidentity([np.exp(g) for g in z], [np.e ** g for g in z])",
    "a name that changes stands for itself": "# check identity: eq-a\ng = np.exp(z)\nh = g\nh = h ** 2\nidentity(h, g * g)",
    "a function that calls itself": "# check definition: eq-a\ndef f(n):\n    return n * f(n - 1) if n else softmax(z).sum()\nassert f(3) < 7",
    "run in the end": "# check claim: eq-a\ntry:\n    print(1)\nexcept OSError:\n    pass\nfinally:\n    claim(abs, 1, false={'0': 0})",
    "run otherwise": "# check claim: eq-a\nif 0:\n    pass\nelse:\n    claim(abs, 1, false={'0': 0})",
    "checked twice, one kind": "# check claim: eq-a\nclaim(abs, 1, false={'0': 0})\n# check claim: eq-a\nclaim(abs, 2, false={'0': 0})",
}


@pytest.mark.parametrize("code", RIGHT.values(), ids=RIGHT)
def test_a_right_check_passes(faults, code):
    assert faults(A, ">>>" + code) == []


def test_several_labels_to_a_cell(faults):
    code = """
# check definition: eq-a, eq-b
# check claim: eq-c
assert softmax(z).sum() < 2
claim(lambda c: c > 0, 1, false={'negative': -1})

# check identity: eq-d
identity(softmax(z), np.exp(z) / np.exp(z).sum())
"""
    assert faults(*(f"$$ {x} = 1 $$ (eq-{x})" for x in "abcd"), ">>>" + code) == []


# ---- each fault is reported ----

WRONG = {
    "asserts nothing": ("# check identity: eq-a\nprint(softmax(z))", "asserts nothing"),
    "comment last": ("assert True\n# check claim: eq-a", "asserts nothing"),
    "assert of a constant": ("# check definition: eq-a\nsoftmax(z)\nassert True", "asserts nothing"),
    "assert of a tuple": ("# check definition: eq-a\nassert (softmax(z), 'text')", "asserts nothing"),
    "never run": ("# check identity: eq-a\nif False:\n    identity(1, 2)", "asserts nothing"),
    "in a function": ("# check identity: eq-a\ndef check():\n    identity(np.exp(z), np.e ** z)", "asserts nothing"),
    "caught": ("# check identity: eq-a\ntry:\n    identity(z, 1 + z)\nexcept AssertionError:\n    pass", "asserts nothing"),
    "suppressed": ("# check identity: eq-a\nimport contextlib\nwith contextlib.suppress(AssertionError):\n    identity(z, 1 + z)", "asserts nothing"),
    "another identity": ("# check identity: eq-a\nfrom lecture_code.activations import identity\nidentity(z, 1 + z)", "asserts nothing"),
    "identity by hand": ("# check identity: eq-a\nassert np.allclose(softmax(z), softmax(z))", "lecture_code.checks.identity"),
    "claim by hand": ("# check claim: eq-a\nassert z.max() < 100", "does not call lecture_code.checks.claim"),
    "no variants": ("# check claim: eq-a\nclaim(abs, 1)", "no false variant"),
    "empty variants": ("# check claim: eq-a\nclaim(abs, 1, false={})", "no false variant"),
    "nothing implemented": ("# check definition: eq-a\nassert np.exp(0) == 1", "neither uses lecture_code"),
    "only checks of the library": ("# check definition: eq-a\nidentity(np.exp(z), np.e ** z)", "neither uses lecture_code"),
    "defined, not called": ("# check definition: eq-a\ndef f(x):\n    return x\nassert 1 + 1 == 2", "neither uses lecture_code"),
    "one argument": ("# check identity: eq-a\nidentity(*(z, z))", "written out"),
    "itself": ("# check identity: eq-a\nidentity(z, z)", "same expression"),
    "a name twice": ("# check identity: eq-a\ng = np.exp(z)\nidentity(g, g)", "same expression"),
    "a renamed name": ("# check identity: eq-a\ng = np.exp(z)\nh = g\nidentity(g, h)", "same expression"),
    "a copy": ("# check identity: eq-a\ng = np.exp(z)\nidentity(g, np.array(g).copy())", "same expression"),
    "a part of a tuple": ("# check identity: eq-a\na, _ = np.frexp(z)\nb, _ = np.frexp(z)\nidentity(a, b)", "same expression"),
    "a tuple of equals": ("# check identity: eq-a\na, b = np.exp(z), np.exp(z)\nidentity(a, b)", "same expression"),
    "a plus sign": ("# check identity: eq-a\nidentity(z, +z)", "same expression"),
    "a shared function": ("# check identity: eq-a\nidentity(softmax(z), softmax(z + 1))", "lecture_code.numerics.softmax"),
    "a shared function in names": ("# check identity: eq-a\np = softmax(z)\nidentity(2 * p, p + p)", "lecture_code.numerics.softmax"),
    "a shared function in a function": ("# check identity: eq-a\ndef p(z):\n    return softmax(z)\nidentity(p(z), 2 * softmax(z) / 2)", "lecture_code.numerics.softmax"),
    "a shared method": ("# check identity: eq-a\nidentity(sigmoid.derivative(z), 1 - sigmoid.derivative(-z))", "lecture_code.activations.sigmoid.derivative"),
    "SymPy, itself": ("# check identity: eq-a\nx = sp.Symbol('x')\nassert sp.simplify(x - x) == 0", "same expression"),
    "not Python": ("# check identity: eq-a\nidentity(z,", "not Python"),
    "a typing error in the kind": ("# check identify: eq-a\nidentity(np.exp(z), np.e ** z)", "not understood"),
    "no colon": ("# check identity eq-a\nidentity(np.exp(z), np.e ** z)", "not understood"),
    "an indented mark": ("for _ in z:\n    # check identity: eq-a\n    identity(np.exp(z), np.e ** z)", "not understood"),
    "two kinds": ("# check identity: eq-a\nidentity(np.exp(z), np.e ** z)\n# check claim: eq-a\nclaim(abs, 1, false={'0': 0})", "as claim and as identity"),
}


@pytest.mark.parametrize(("code", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_check_is_reported(faults, code, message):
    assert any(message in fault for fault in faults(A, ">>>" + code)), faults(A, ">>>" + code)


EARLIER = {
    "another name": ("f = softmax", "identity(f(z), softmax(z + 1))"),
    "a function": ("def f(z):\n    return softmax(z)", "identity(f(z), softmax(z + 1))"),
    "a lambda": ("f = lambda z: softmax(z)", "identity(f(z), softmax(z + 1))"),
    "a module": ("import lecture_code.numerics as n", "identity(n.softmax(z), softmax(z + 1))"),
    "the package": ("import lecture_code.numerics", "identity(lecture_code.numerics.softmax(z), softmax(z + 1))"),
}


@pytest.mark.parametrize(("earlier", "code"), EARLIER.values(), ids=EARLIER)
def test_names_of_earlier_cells_are_known(faults, earlier, code):
    assert any("both sides of the identity call lecture_code.numerics.softmax:" in fault
               for fault in faults(A, ">>>" + earlier, ">>># check identity: eq-a\n" + code))


def test_a_name_that_is_taken_again_is_no_longer_the_function(faults):
    assert faults(A, ">>>f = softmax", ">>>f = np.exp", ">>># check identity: eq-a\nidentity(softmax(z), f(z) / f(z).sum())") == []
    assert faults(A, ">>>identity = print", ">>># check identity: eq-a\nidentity(1, 2)") != []
    assert faults(A, ">>>f = lambda z: softmax(z)", ">>>f = z", ">>># check identity: eq-a\nidentity(softmax(z), f + 0 * f)") == []


def test_a_chapter_of_text_alone_is_read(tmp_path):
    path = tmp_path / "01-text.md"
    path.write_text("# Text\n\n$$ b $$ (eq-b)\n")
    assert formulas.read_page(path).faults == ["text: eq-b has no check on this page"]


GOOD = ">>># check identity: eq-a\nidentity(np.exp(z), np.e ** z)"


def test_a_formula_needs_a_check(faults):
    assert any("eq-b has no check" in fault for fault in faults(A, "$$ b $$ (eq-b)", GOOD))


def test_a_check_needs_a_formula(faults):
    assert any("eq-a, which is no formula of this page" in fault for fault in faults(GOOD))


@pytest.mark.parametrize("tag", ["raises-exception", "remove-input", "skip-execution"])
def test_a_check_is_shown_and_run(faults, tag):
    assert any(tag in fault for fault in faults(A, GOOD, tags=[tag]))


def test_a_stored_error_is_reported(faults):
    output = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}
    assert any("is an error" in fault for fault in faults(A, GOOD, outputs=[output]))


REFUSED = {
    "no label": ("$$\nb\n$$", "no label"),
    "on one line": ("$$ b $$", "no label"),
    "inside a sentence": ("so $$ b $$ holds", "no label"),
    "a directive": ("```{math}\nb\n```", "no label"),
    "a starred environment": ("\\begin{align*}\nb &= c\n\\end{align*}", "refused"),
    "a numbered align": ("\\begin{align}\nb &= c \\\\\nd &= e\n\\end{align}", "align"),
    "a numbered align in a block": ("$$\n\\begin{align}\nb &= c\n\\end{align}\n$$ (eq-b)", "align"),
    "a number by hand": ("$$ b \\tag{7} $$ (eq-b)", "tag"),
    "a label of another form": ("$$ b $$ (eq_B)", "eq-kebab-name"),
    "a blank line": ("$$\nb\n\nc\n$$ (eq-b)", "no closing"),
    "in a list": ("- so\n\n  $$ b $$", "no label"),
    "in a proof": ("````{prf:proof}\n```{note}\n$$ b $$\n```\n````", "no label"),
    "in a box of colons": (":::{note}\n$$ b $$\n:::", "no label"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_formula_out_of_form_is_reported(faults, text, message):
    assert any(message in fault for fault in faults(A, text, GOOD)), faults(A, text, GOOD)


FORMS = {
    "one line": "$$ b $$ (eq-b)",
    "lines": "text\n$$\nb\n$$ (eq-b)\ntext",
    "no space": "$$b$$(eq-b)",
    "aligned rows": "$$\n\\begin{aligned} b &= c \\\\ d &= e \\end{aligned}\n$$ (eq-b)",
    "directive": "```{math}\n:label: eq-b\n\nb\n```",
    "after a directive": "```{note}\nb\n```\n$$ b $$ (eq-b)",
    "after code": "```x```\n\n$$ b $$ (eq-b)",
    "in a quotation": "> $$ b $$ (eq-b)",
    "in a proof": ":::{prf:proof}\n$$ b $$ (eq-b)\n:::",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_formula_is_found_in_every_form(text):
    assert [formula.label for formula in formulas.displayed_formulas(text, "")] == ["eq-b"]
    assert not formulas.displayed_formulas(text, "")[0].refused
    assert formulas.displayed_formulas(text, "")[0].latex in {"b", "\\begin{aligned} b &= c \\\\ d &= e \\end{aligned}"}


def test_formulas_are_found_in_order():
    text = "\n\n".join([*FORMS.values(), "$$ c $$ (eq-c)"])
    assert [formula.label for formula in formulas.displayed_formulas(text, "")] == ["eq-b"] * len(FORMS) + ["eq-c"]


@pytest.mark.parametrize("text", ["`$$ b $$`", "```\n$$ b $$\n```", "~~~python\n$$ b $$\n~~~", "```{code-block} md\n$$ b $$\n```",
                                  "<!-- $$ b $$ -->", "% $$ b $$", r"\$\$ b \$\$", "it costs $1$ and $2$"])
def test_what_is_not_displayed_is_left_alone(text):
    assert formulas.displayed_formulas(text, "") == []


# ---- the command ----

def test_the_table_counts(write_chapter, tmp_path, capsys):
    write_chapter(A, GOOD)
    write_chapter("$$ c $$ (eq-c)", ">>># check claim: eq-c\nclaim(abs, 1, false={'0': 0})", name="02-next")
    (tmp_path / "book" / "notation.md").write_text("$$ free = 1 $$")
    assert formulas.main(["--root", str(tmp_path)]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["chapter", "formulas", "definitions", "identities", "claims", "checked", "executed"],
        ["01-toy", "1", "0", "1", "0", "1", "0"], ["02-next", "1", "0", "0", "1", "1", "0"], ["all", "2", "0", "1", "1", "2", "0"]]


def test_a_formula_needs_a_binding_or_a_reason(write_chapter, tmp_path):
    page = tmp_path / "book" / "01-toy.ipynb"
    write_chapter(A, GOOD)
    bindings = tmp_path / "tests" / "typeset" / "01.py"
    bindings.parent.mkdir(parents=True)
    assert "no binding" in formulas.read_page(page).faults[0] and not formulas.read_page(page).executed
    bindings.write_text('chapter.bind("eq-a", {"a": 2.5})')
    assert formulas.read_page(page).faults == [] and formulas.read_page(page).executed == {"eq-a"}
    bindings.write_text('@chapter.second_check("eq-a", reason="words")\ndef a(): ...')
    assert formulas.read_page(page).faults == [] and not formulas.read_page(page).executed
    bindings.write_text('chapter.bind("eq-a", {})\nchapter.bind("eq-b", {})')
    assert "binds eq-b, which is no formula" in formulas.read_page(page).faults[0]


def test_the_command_fails_on_a_fault_and_names_it(write_chapter, tmp_path, capsys):
    write_chapter(A)
    assert formulas.main(["--root", str(tmp_path)]) == 1
    assert "book/01-toy: cell 3: eq-a has no check" in capsys.readouterr().err


def test_a_label_stands_once_in_the_book(write_chapter, tmp_path, capsys):
    write_chapter(A, GOOD)
    write_chapter(A, GOOD, name="02-next")
    assert formulas.main(["--root", str(tmp_path)]) == 1
    assert "eq-a labels several formulas" in capsys.readouterr().err


def test_docstrings_name_formulas(tmp_path, write_chapter, capsys):
    package = tmp_path / "lecture_code"
    package.mkdir()
    (package / "numerics.py").write_text(
        'def f():\n    """Do.\n\n    Book: eq-a,\n        eq-b\n    """\n\nclass C:\n    def m(self):\n        """Do.\n\n        Book: ``eq-b``"""\n')
    assert formulas.implementations(package) == {
        "eq-a": ["lecture_code.numerics.f"], "eq-b": ["lecture_code.numerics.f", "lecture_code.numerics.C.m"]}
    write_chapter(A, GOOD)
    assert formulas.main(["--root", str(tmp_path)]) == 0
    assert formulas.main(["--root", str(tmp_path), "--strict"]) == 1
    assert "eq-b, which no chapter has" in capsys.readouterr().err
