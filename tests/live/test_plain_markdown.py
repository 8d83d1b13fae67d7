"""Notebooks in the browser show no trace of MyST, and the numbers that the pages show."""

from __future__ import annotations

import json
import re

import pytest
from built_site import SITE

from tools.notebooks import ROOT
from tools.plain_markdown import plain

FILES = SITE / "live" / "files"
REFERENCES = {
    "eq": {"eq-step": ["(1.2)", "book/04-descent.ipynb"], "eq-kl": ["(6.3)", "book/10-kl.ipynb"]},
    "ref": {"ch-kl": ["KL divergence", "book/10-kl.ipynb"], "notation": ["Notation", "book/notation.md"]},
    "numref": {"fig-grid": ["Fig. 3.5", "book/07-batches.ipynb"]},
    "prf:ref": {"lem-descent": ["Lemma 1.1", "book/04-descent.ipynb"]},
    "doc": {"exercises/04/descent": ["Exercises: descent", "exercises/04/descent.ipynb"]},
    "cite": {"higham2019": ["Higham and Higham, 2019", ""], "nesterov2004": ["Nesterov, 2004", ""]},
    "cite:t": {"higham2019": ["Higham and Higham (2019)", ""]},
}


@pytest.mark.parametrize("myst, markdown", [
    ("by {eq}`eq-step`,", "by [(1.2)](04-descent.ipynb#eq-step),"),
    ("by {eq}`eq-kl`,", "by [(6.3)](10-kl.ipynb#eq-kl),"),
    ("in {ref}`ch-kl`", "in [KL divergence](10-kl.ipynb)"),
    ("in {ref}`the next one <ch-kl>`", "in [the next one](10-kl.ipynb)"),
    ("see {ref}`notation`", "see Notation"),
    ("{numref}`fig-grid` shows", "[Fig. 3.5](07-batches.ipynb) shows"),
    ("{prf:ref}`lem-descent` says", "Lemma 1.1 says"),
    ("{doc}`../exercises/04/descent`", "[Exercises: descent](../exercises/04/descent.ipynb)"),
    ("known {cite}`higham2019,nesterov2004`", "known (Higham and Higham, 2019; Nesterov, 2004)"),
    ("as {cite:t}`higham2019` say", "as Higham and Higham (2019) say"),
    ("(ch-descent)=\n# Descent", "# Descent"),
    ("$$\na = b\n$$ (eq-step)", "$$\na = b\n\\tag{1.2}\n$$"),
    (":::{admonition} Before you run\n:class: tip\nGuess.\n:::", "<blockquote>\n\n**Before you run**\n\nGuess.\n\n</blockquote>"),
    (":::{prf:lemma} Descent\n:label: lem-descent\nIt falls.\n:::",
     "<blockquote>\n\n**Lemma 1.1 (Descent)**\n\nIt falls.\n\n</blockquote>"),
    (":::{prf:proof}\n:class: dropdown\nClear.\n:::", "<details>\n<summary><b>Proof</b></summary>\n\nClear.\n\n</details>"),
])
def test_each_construct_of_the_book(myst, markdown):
    assert plain(myst, "book/04-descent.ipynb", REFERENCES) == markdown


def test_a_directive_nobody_taught_it_is_an_error():
    with pytest.raises(ValueError, match="got 'figure'"):
        plain(":::{figure} x.png\n:::", "book/04-descent.ipynb", REFERENCES)


@pytest.mark.parametrize("file", sorted(FILES.rglob("*.ipynb")), ids=lambda path: str(path.relative_to(FILES)))
def test_a_live_notebook_has_no_trace_of_myst_and_no_output(file):
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert re.findall(r"\{[a-z:]+\}`|:::|^\([\w-]+\)=|\$\$ *\(eq-", text, re.MULTILINE) == []
    assert not any(cell.get("outputs") for cell in cells)
    assert "runs in your browser" in text


@pytest.mark.parametrize("name", sorted(path.stem for path in FILES.glob("book/*.ipynb")))
def test_the_live_notebooks_number_their_formulas_as_the_pages_do(name):
    """The numbers come from the build, not from the same table: compare with what the page shows."""
    page = (SITE / "book" / f"{name}.html").read_text(encoding="utf-8")
    shown = re.findall(r'<span class="eqno">\((\d+\.\d+)\)', page)
    live = json.loads((FILES / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
    tags = re.findall(r"\\tag\{(.+?)\}", "".join("".join(cell["source"]) for cell in live["cells"]))
    assert tags == shown
    numbered = "$$ (eq-" in (ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert bool(tags) == numbered
