"""The book on paper: a chapter, its exercises and an appendix are printed; what the tool refuses; what it makes of a widget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_site import pages

pikepdf = pytest.importorskip("pikepdf", reason="pikepdf is not installed")
from tools import index_of_terms, paper, pdf  # noqa: E402

PRINTED = ["book/02-calculus.html", "exercises/02-calculus/calculus.html", "book/notation.html"]
CHAPTER, EXERCISES, NOTATION = PRINTED


@pytest.fixture(scope="module")
def printed(browser, site, tmp_path_factory) -> Iterator[pikepdf.Pdf]:
    file = tmp_path_factory.mktemp("paper") / "part.pdf"
    pdf.make(browser, site, file, "book/(02-calculus|notation)|exercises/02")
    with pikepdf.open(file) as opened:
        yield opened


def objects(printed: pikepdf.Pdf, kind: str) -> list[pikepdf.Object]:
    return [each for each in printed.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == kind]


def headings(site: Path, page: str) -> list[str]:
    """Return the titles that a page of the site shows, without the mark of optional sections."""
    text = re.sub(r'<a class="headerlink".*?</a>', "", (site / page).read_text(encoding="utf-8"))
    article = text[text.index('<article class="bd-article"'):]
    return [" ".join(re.sub("<[^>]+>|★", "", found).split()) for found in re.findall("<h[12]>(.*?)</h[12]>", article, re.DOTALL)]


# ---------------------------------------------------------------- a printed part

def test_the_bookmarks_are_the_titles_of_the_site_in_order(printed, site):
    chapter, exercises, notation = (headings(site, page) for page in PRINTED)
    with printed.open_outline() as outline:
        parts = {part.title: part.children for part in outline.root}
    assert list(parts) == ["From data to models", "Appendices", "Index"]
    assert [item.title for item in parts["From data to models"]] == [chapter[0], exercises[0]]
    assert [item.title for item in parts["From data to models"][0].children] == chapter[1:]
    assert [item.title for item in parts["Appendices"]] == [notation[0]]


def test_every_link_leads_to_a_place_in_the_book_or_to_a_page_of_the_site(printed, site):
    places, inside, outside = pdf.destinations(printed), 0, 0
    for page in printed.pages:
        for link in page.get("/Annots", []):
            if (name := link.get("/Dest")) is not None:
                inside += 1
                assert str(name).removeprefix("/") in places
            elif not re.match("https?:", address := str(link.A.URI)):
                outside += 1
                assert (site / address.partition("#")[0]).is_file(), address
            else:
                assert "book.invalid" not in address and "127.0.0.1" not in address
    assert inside > 40 and outside > 40


def test_all_fonts_are_in_the_file_which_is_tagged_and_says_its_language(printed):
    drawn = [font for font in objects(printed, "/Font") if font.Subtype in ("/CIDFontType2", "/CIDFontType0", "/TrueType")]
    assert drawn and all({"/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys()) for font in drawn)
    known = {"/CIDFontType2", "/CIDFontType0", "/TrueType", "/Type0", "/Type3"}  # Type 0 refers to the others, type 3 is drawings
    assert {str(font.Subtype) for font in objects(printed, "/Font")} <= known
    names = {str(font.BaseFont).partition("+")[2].removesuffix("Bold").removesuffix("Italic") for font in drawn}
    assert names - {"DejaVuSans", "DejaVuSans-"} == {"LectureSerif", "LectureSans", "LectureCode"}     # of the pictures: DejaVu Sans
    drawings = {str(font.FontDescriptor.FontName).partition("+")[2] for font in objects(printed, "/Font") if font.Subtype == "/Type3"}
    assert drawings and all(name.startswith("MathJax") for name in drawings), "only formulas are drawings"
    assert printed.Root.MarkInfo.Marked and printed.Root.Lang == "en"
    tags = {str(each.S) for each in objects(printed, "/StructElem")}
    assert {"/H1", "/H2", "/H3", "/Figure", "/Link", "/Table"} <= tags
    assert all(each.get("/Alt") for each in objects(printed, "/StructElem") if each.S == "/Figure")


def test_chapters_and_parts_begin_on_the_right_and_the_pages_are_numbered_from_the_first_part(printed):
    first = printed.Root.PageLabels.Nums[2]
    assert [kind.S for kind in list(printed.Root.PageLabels.Nums)[1::2]] == ["/r", "/D"]
    number = {page.objgen: at for at, page in enumerate(printed.pages)}
    with printed.open_outline() as outline:
        opening = [*outline.root, outline.root[0].children[0]]
        assert [number[item.destination[0].objgen] % 2 for item in opening] == [0, 0, 0, 0]
        assert number[outline.root[0].destination[0].objgen] == first


# ---------------------------------------------------------------- the order of pages

ENTRIES = [pdf.Entry(0, "part", "Descent", opens=True), pdf.Entry(1, "four", "4. Gradient descent", opens=True),
           pdf.Entry(2, "walk", "4.1. Ten steps"), pdf.Entry(2, "bound", "4.2. A bound"), pdf.Entry(2, "rest", "4.3. The rest"),
           pdf.Entry(1, "try", "Exercises")]


def test_contents_and_heads_name_the_pages_after_empty_ones_are_put_in():
    plan = pdf.Plan(10, {"part": 3, "four": 4, "walk": 4, "bound": 6, "rest": 6, "try": 9}, ENTRIES)
    assert plan.order == [0, 1, 2, None, 3, None, 4, 5, 6, 7, 8, 9]
    assert plan.numbers == {"part": "1", "four": "3", "walk": "3", "bound": "5", "rest": "5", "try": "8"}
    heads = [re.findall(">([^<>]+)<", sheet) for sheet in plan.heads().split('<div class="sheet">')[1:]]
    assert heads == [[], [], [], [], [], [], ["3"], ["4. Gradient descent", "4"], ["4.2. A bound", "5"],
                     ["4. Gradient descent", "6"], ["4.3. The rest", "7"], ["8"]]


def test_pages_before_the_first_part_have_roman_numbers():
    assert [pdf.Plan(20, {"part": 14}, ENTRIES[:1]).label(at) for at in (0, 3, 8, 13, 14)] == ["i", "iv", "ix", "xiv", "1"]


def test_all_pages_of_the_site_are_printed_once_and_solutions_last(site):
    parts, names = zip(*pdf.reading_order(site))
    assert sorted(names) == sorted(pages())
    solutions = [name for name in names if name.startswith("solutions/")]
    assert list(names[-len(solutions):]) == solutions and parts[-1] == "Solutions"


# ---------------------------------------------------------------- what does not fit

@pytest.mark.parametrize("content", [
    '<pre style="width: 700px">x</pre>',
    '<div style="width: 300px; overflow: auto"><p style="width: 400px">x</p></div>',
    '<svg width="100" height="1200"></svg>',
    '<p style="margin-left: -9px">x</p>',
])
def test_what_would_be_cut_is_found(browser, content):
    page = browser.new_page(viewport={"width": pdf.WIDTH, "height": pdf.HEIGHT})
    page.set_content(f'<body style="margin: 0"><main data-page="here"><p>fits</p>{content}</main>')
    found = page.evaluate(pdf.CUT, [pdf.WIDTH, pdf.HEIGHT])
    page.close()
    assert [line.split()[:2] for line in found] == [["here:", re.match(r"<(\w+)", content)[1]]]


# ---------------------------------------------------------------- one page

def test_a_widget_is_its_first_picture_with_its_values_and_a_link_to_the_page(site):
    sheet = paper.read(site, "book/04-gradient-descent.html")
    first = sheet.article.select_one(".still")
    assert first.svg["viewbox"] == f'0 0 {first.image["width"]} {first.image["height"]}'
    assert not sheet.article.find(["button", "input", "use"])
    assert "learning rate η = " in first.get_text() and first.a["href"].endswith("book/04-gradient-descent.html")
    source = (site / sheet.name).read_text(encoding="utf-8")
    assert len(sheet.article.select(".still")) == source.count('<figure class="explorer') > 0


def test_what_is_closed_on_the_page_is_open_and_true_values_stand_at_the_end(site):
    article = paper.read(site, CHAPTER).article
    assert not article.find(["details", "summary", "script"])
    assert len(article.select(".blank-line")) == len(article.select(".answers li")) > 0
    assert article.find_all(True, recursive=False)[-1]["class"] == ["answers"]
    assert "check(" not in paper.read(site, EXERCISES).article.get_text()


def test_a_cell_of_which_nothing_is_left_does_not_part_a_heading_from_what_follows(site):
    heading = paper.read(site, "book/15-vanishing-gradients.html").article.find(id=re.compile("--measured$")).h4
    assert heading.find_next_sibling().get_text(strip=True)


def test_formulas_and_figures_have_the_numbers_of_the_site(site):
    source = (site / CHAPTER).read_text(encoding="utf-8")
    shown = re.findall(r'<span class="eqno">(\([\d.]+\))', source)
    assert [number.get_text() for number in paper.read(site, CHAPTER).article.select(".eqno")] == shown and shown


def test_the_first_page_offers_the_printed_book_where_there_is_one(site):
    front = (site / pdf.FRONT).read_text(encoding="utf-8")
    assert (paper.LINK in front, paper.PLACE_OF_LINK in front) == ((True, False) if (site / "book.pdf").exists() else (False, True))


# ---------------------------------------------------------------- the index

def test_the_index_leads_to_definitions_and_to_sections_under_their_other_names(printed):
    places, numbers = pdf.destinations(printed), {page.objgen: number for number, page in enumerate(printed.pages)}
    first = numbers[places["index"][0].objgen]
    linked = [str(link.Dest).removeprefix("/") for page in list(printed.pages)[first:] for link in page.get("/Annots", [])]
    assert first > numbers[places["book-notation"][0].objgen]
    assert "book-02-calculus--the-derivative-and-its-rules" in linked          # "derivative"
    assert [place for place in linked if place.startswith("book-02-calculus--term-")] != []


def test_the_places_of_a_word_come_in_the_order_of_the_book(site):
    sheet = paper.read(site, "book/10-kl-divergence.html")
    places = index_of_terms.find([sheet])["entropy"]             # the other name of a section, and a definition after it
    text = str(sheet.article)
    assert len(places) == 2 and text.index(f'id="{places[0]}"') < text.index(f'id="{places[1]}"')


def test_every_word_of_the_index_is_emphasised_by_a_chapter(site):
    text = "".join((site / page).read_text(encoding="utf-8").lower() for page in pages() if re.match(r"book/\d", page))
    assert [word for word in index_of_terms.words() if not re.search(f"<em[^>]*>{word}</em>", text)] == []
