"""The contents: every page has its place, a chapter the number of its file; reading times; the page of the library."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from built_site import pages

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

import library_page  # noqa: E402
import withheld  # noqa: E402

from tools import reading_time, withhold  # noqa: E402

SUFFIXES = (".ipynb", ".md")
MAINTAINERS = ["book/contributing", "book/testing", "book/benchmarks"]


def contents(root: Path = ROOT) -> dict:
    return yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))


def entries(toc: dict) -> list[dict]:
    """The pages below the first one, children after their parent."""
    top = [page for part in toc["parts"] for page in part["chapters"]]
    return [each for page in top for each in [page, *page.get("sections", [])]]


def found(root: Path) -> set[str]:
    """The pages that lie in the folders of the book."""
    files = [path for folder in ("book", "exercises/*", "solutions/*") for suffix in SUFFIXES
             for path in root.glob(f"{folder}/*{suffix}")]
    return {path.relative_to(root).with_suffix("").as_posix() for path in files}


def faults(toc: dict, root: Path) -> list[str]:
    """Say what is wrong with a table of contents."""
    listed = [page["file"] for page in entries(toc)] + [toc["root"]]
    chapters = [page for page in entries(toc) if re.match(r"book/\d\d-", page["file"])]
    numbers = [int(page["file"][5:7]) for page in chapters]
    said = [f"{name} is not in the contents" for name in sorted(found(root) - set(listed))]
    said += [f"{name} stands twice" for name in sorted(set(listed)) if listed.count(name) > 1]
    if numbers != list(range(1, len(numbers) + 1)):
        said.append(f"the chapters are numbered {numbers}")
    for name in listed:
        files = [suffix for suffix in SUFFIXES if (root / f"{name}{suffix}").is_file()]
        if len(files) != 1:
            said.append(f"{name} has {len(files)} files: {', '.join(files) or 'none'}")
    for page in chapters:
        stem = page["file"].removeprefix("book/")
        sets = [f"{folder}/{stem}/{path.stem}" for path in sorted((root / "exercises" / stem).glob("*.ipynb"))
                for folder in ("exercises", "solutions")]
        under = [(child["file"], child.get("title")) for child in page.get("sections", [])]
        wanted = [(name, name.split("/")[0].capitalize()) for name in sets]
        if len(sets) <= 2 and under != wanted or [name for name, _ in under] != sets:
            said.append(f"under {page['file']} stands {under}, not {wanted}")
    return said


def test_every_page_has_its_place():
    assert faults(contents(), ROOT) == []


def test_the_curriculum_is_whole():
    files = [page["file"] for page in entries(contents())]
    assert sum(name.startswith("book/") and name[5].isdigit() for name in files) == 21
    assert "book/clarifications" in files


def test_what_maintainers_read_stands_apart():
    last = contents()["parts"][-1]
    assert (last["caption"], [page["file"] for page in last["chapters"]]) == ("For maintainers", MAINTAINERS)


def test_faults_of_the_contents_are_found(tmp_path):
    for name in ("book/index.md", "book/01-a.md", "book/01-a.ipynb", "book/03-b.ipynb", "book/left.md",
                 "exercises/03-b/b.ipynb", "solutions/03-b/b.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    toc = {"root": "book/index", "parts": [{"chapters": [{"file": "book/01-a"}, {"file": "book/03-b"}, {"file": "book/gone"}]}]}
    said = "\n".join(faults(toc, tmp_path))
    for fault in ("book/left is not in", "numbered [1, 3]", "book/01-a has 2 files: .ipynb, .md", "book/gone has 0 files",
                  "solutions/03-b/b is not in", "under book/03-b stands []"):
        assert fault in said
    assert len(said.splitlines()) == 7  # exercises/03-b/b, too


# ---------------------------------------------------------------- numbers on the pages

def heading_number(site: Path, name: str) -> str | None:
    heading = re.search(r'<h1><span class="section-number">([\d.]+)\. ?</span>', (site / name).read_text(encoding="utf-8"))
    return heading and heading[1]


def test_a_chapter_has_the_number_of_its_file_and_no_other_page_has_one(site):
    numbers = {name: heading_number(site, name) for name in pages()}
    wanted = {name: str(int(name[5:7])) if re.match(r"book/\d\d-", name) else None for name in pages()}
    assert numbers == wanted
    assert len(set(numbers.values())) == 22


def test_formulas_carry_the_number_of_their_chapter(site):
    for name in pages():
        text = (site / name).read_text(encoding="utf-8")
        numbers = re.findall(r'class="eqno">\(([\d.]+)\)', text)
        if numbers and re.match(r"book/\d\d-", name):
            assert numbers == [f"{int(name[5:7])}.{place}" for place in range(1, len(numbers) + 1)], name


def test_solutions_are_titled_as_such(site):
    for name in pages():
        title = re.search(r"<title>(.*?) ", (site / name).read_text(encoding="utf-8"))[1]
        assert (title == "Solutions:") == name.startswith("solutions/"), name


# ---------------------------------------------------------------- the plan, and pages that are left out

def test_the_plan_lists_all_chapters(site):
    text = (site / "book" / "index.html").read_text(encoding="utf-8").split("<article")[1]  # not the sidebar
    shown = re.findall(r'<a class="reference internal" href="(\d\d-[\w-]+)\.html">(\d+)\. [^<]*</a>', text)
    chapters = [page["file"].removeprefix("book/") for page in entries(contents()) if page["file"][5:7].isdigit()]
    assert [(name, int(number)) for name, number in shown] == [(name, int(name[:2])) for name in chapters]


def test_solutions_can_be_left_out_and_nothing_else():
    everything = {page["file"] for page in entries(contents())}
    kept = {page["file"] for page in entries(withhold.without(contents(), withhold.is_solution))}
    assert everything - kept == {name for name in everything if name.startswith("solutions/")} != set()


def test_a_part_or_a_chapter_that_is_left_empty_goes():
    toc = {"parts": [{"caption": "A", "chapters": [{"file": "a", "sections": [{"file": "gone"}]}]}, {"caption": "B", "chapters": [{"file": "gone"}]}]}
    assert withhold.without(toc, lambda page: page == "gone") == {"parts": [{"caption": "A", "chapters": [{"file": "a"}]}]}


def test_whatever_a_page_defines_has_words_where_that_page_is_left_out(site):
    """So any chapter can be left out: its labels are found in its source as the build finds them."""
    everything = withheld.read(ROOT, frozenset())
    known = json.loads((site.parent / "references.json").read_text(encoding="utf-8"))
    for role in ("eq", "numref", "prf:ref", "ref"):
        defined = {label: file for label, (_, file) in known[role].items() if re.match(r"book/\d\d-", file)}
        assert len(defined) > 10 and defined.keys() <= everything.labels.keys(), role
    assert everything.titles["book/04-gradient-descent"] == "Gradient descent"


def test_what_is_left_out_is_named_in_plain_words(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "01-there.md").write_text("(ch-there)=\n# There\n")
    (tmp_path / "book" / "02-gone.md").write_text("(ch-gone)=\n# Gone\n\n$$\nx\n$$ (eq-gone)\n")
    gone = withheld.read(tmp_path, frozenset({"book/01-there"}))
    assert withheld.words_for(gone, "ch-gone", "", "") == withheld.words_for(gone, "", "book/02-gone", "") == "Gone"
    assert withheld.words_for(gone, "eq-gone", "", "") == "a place in “Gone”"
    assert withheld.words_for(gone, "eq-gone", "", "the formula") == "the formula"
    assert withheld.words_for(gone, "ch-there", "book/01-there", "") is None


# ---------------------------------------------------------------- reading time

def text(source: str) -> dict:
    return {"cell_type": "markdown", "source": source}


def code(source: str, *tags: str, outputs=()) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": list(outputs)}


@pytest.mark.parametrize(("source", "words", "formulas"), [
    ("Ten steps down a $x^2$.", 5, 0),
    ("(ch-a)=\n## A title", 2, 0),
    ("See {ref}`the rule <ch-a>` and {eq}`eq-b` {cite}`c2001`, [here](a.ipynb#b).", 5, 0),  # the number counts, too
    ("So\n\n$$\na = b\n$$ (eq-a)\n\nand on.", 3, 1),
    (":::{prf:proof}\n:class: dropdown\nLong and\n\n$$ a $$ (eq-a)\n:::\nShort.", 1, 0),
    (":::{blank} 0.75\nHow many?\n:::", 2, 0),
    (":::{admonition} Predict\n:class: tip\nWho wins?\n:::", 2, 0),
])
def test_words_and_formulas_by_hand(source, words, formulas):
    assert reading_time.count_text(source) == reading_time.Count(words=words, formulas=formulas)


@pytest.mark.parametrize(("cell", "lines"), [
    (code("a = 1\n\nb = 2"), 2),
    (code("import numpy", "imports"), 0),
    (code("plot()", "hide-input", outputs=[{"data": {"image/png": ""}}]), 0),
    (code("# check identity: eq-a\nidentity(a, b)"), 0),
    (code("# check identity: eq-a\nidentity(a, b)", "open"), 2),
    (code("# check claim: eq-a\nprint(claim())", outputs=[{"text": "1"}]), 2),
    (code("show(f)", outputs=[{"data": {"text/markdown": ["```python\n", "def f():\n", "    return 1\n", "```"]}}]), 3),
])
def test_open_lines_by_hand(cell, lines):
    assert reading_time.count_code(cell).lines == lines


def test_minutes_by_hand_and_folded_sections_apart():
    cells = [text("word " * 130 + "\n\n$$ a $$ (eq-a)"), code("\n".join(["a = 1"] * 16)),           # 1 + 1 + 2
             text("## ★ More\n" + "word " * 259), code("b = 1"), text("### Deeper\n\n$$ b $$ (eq-b)"),  # 260 + 1 words, …
             text("## In your lecture notes\nNothing counts.\n\n## Again\n" + "word " * 129)]           # 1
    notebook = {"cells": cells}
    assert reading_time.count(notebook).minutes == 5
    assert reading_time.count(notebook, "optional").minutes == pytest.approx(261 / 130 + 1 / 8 + 1)
    assert [kind for kind, _ in reading_time.parts(notebook)] == [None, "optional", "notes", None]


@pytest.mark.parametrize(("minutes", "said"), [(0.4, "1 minute"), (4.4, "4 minutes"), (52.4, "50 minutes"), (52.6, "55 minutes")])
def test_times_are_rounded(minutes, said):
    assert reading_time.about(minutes) == said


@pytest.mark.parametrize("path", reading_time.chapters(), ids=lambda path: path.stem)
def test_the_main_path_of_a_chapter_is_read_in_about_an_hour(path):
    """What is beyond that is cut, or optional; code that times, tunes or prints is folded over what it puts out."""
    assert 40 < reading_time.count(json.loads(path.read_text(encoding="utf-8"))).minutes < 65


def test_every_chapter_says_how_long_it_takes(site):
    for path in reading_time.chapters():
        about = reading_time.about(reading_time.count(json.loads(path.read_text(encoding="utf-8"))).minutes)
        page = (site / "book" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert re.findall(r'<p class="reading-time">About ([\w ]+) to read', page) == [about], path.stem


# ---------------------------------------------------------------- the library

def test_the_page_of_the_library_has_every_module_and_its_source(site):
    page = (site / "book" / "api.html").read_text(encoding="utf-8")
    shown = re.findall(r'<section id="module-lecture_code\.(\w+)">|<span class="target" id="module-lecture_code\.(\w+)">', page)
    assert sorted(one or other for one, other in shown) == library_page.modules()
    sourced = set(re.findall(r'href="\.\./_modules/lecture_code/(\w+)\.html#', page))
    documented = set(re.findall(r'<dt class="sig[^>]*id="lecture_code\.(\w+)\.\w+"', page))
    assert documented and documented <= sourced
    assert not (site / "_modules" / "lecture_code" / "tasks").exists(), "the answers of the exercises"


def test_a_new_module_is_found_and_a_private_one_is_not(tmp_path):
    for name in ("__init__.py", "_private.py", "zeta.py", "alpha.py"):
        (tmp_path / name).write_text('"""A module."""')
    assert library_page.modules(tmp_path) == ["alpha", "zeta"]
