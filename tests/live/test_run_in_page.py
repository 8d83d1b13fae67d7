"""Cells run in the page: Run, Edit, Stop and Reset, as a reader presses them, without a network."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pytest
from browser import wait_until_ready
from built_site import SITE
from live_notebook import START, Reader, documents
from playwright.sync_api import Locator, Page, expect

from tools import notebooks

CHAPTER = "book/04-gradient-descent"
RUNTIME = SITE / "live" / "run" / "runtime"
#: The first cell whose code can be seen, and one with a picture whose code is folded away.
FIRST, DRAWING = 2, "How this picture is drawn"
SECONDS = 1000
#: What a reader sees within a second, on a machine whose cores are shared.
SLOW = 30 * SECONDS


@contextmanager
def open_page(person: Reader, address: str, name: str = CHAPTER) -> Iterator[Page]:
    person.refused.clear()
    page = person.context.new_page()
    page.set_default_timeout(60 * SECONDS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.goto(f"{address}/{name}.html")
        wait_until_ready(page)
        yield page
        assert errors == [] and person.refused == []
    finally:
        page.evaluate("localStorage.clear()")
        page.close()


class Cell:
    """A cell as a reader sees it."""

    def __init__(self, page: Page, index: int):
        self.page, self.index = page, index
        self.bar = page.locator(".run-bar").nth(index)
        self.note = self.bar.get_by_role("status")

    def press(self, name: str) -> None:
        self.bar.get_by_role("button", name=re.compile(f"^{name}:")).click()

    def write(self, text: str) -> None:
        self.press("Edit")
        self.editor.wait_for()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    @property
    def editor(self) -> Locator:
        return self.page.locator(".cell_input").nth(self.index).get_by_role("textbox")

    @property
    def output(self) -> Locator:
        return self.bar.locator("xpath=ancestor::div[starts-with(@class, 'cell ')][1]").locator(".cell_output:visible")

    def run(self, source: str | None = None) -> str:
        """Press Run, with another text if one is given, wait for the end, and return the text that is put out."""
        if source is not None:
            self.page.evaluate("([index, text]) => cells.list[index].edit().then(() => cells.list[index].change(text))", [self.index, source])
        self.press("Run")
        self.wait()
        return self.output.inner_text() if self.output.count() else ""

    def wait(self) -> None:
        self.page.wait_for_function("(index) => !cells.list[index].running", arg=self.index, timeout=START * SECONDS)


@pytest.fixture(autouse=True)
def live_part(live: str) -> str:
    return live


# ---------------------------------------------------------------- what a reader does

def test_nothing_is_fetched_before_a_click_and_then_the_cells_above_run_too(newcomer, address):
    with open_page(newcomer, address) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload(wait_until="networkidle")
        assert not [url for url in asked if re.search(r"/live/|/(python|editor|codemirror)\.js", url)]
        cell = Cell(page, FIRST)
        stored = cell.output.inner_text()
        assert cell.run() == stored != ""
        expect(cell.note).to_have_text(re.compile(r"^Ran in \d+(\.\d)? m?s\.$"), timeout=SLOW)
        assert page.evaluate("cells.list[0].ran !== null")                 # the imports, which are folded away
        assert page.evaluate("cells.list[0].note.textContent") == ""       # quietly


def test_an_edit_is_kept_over_a_reload_and_reset_brings_the_page_back(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        printed, stored = page.evaluate("cells.list[2].original"), cell.output.inner_text()
        cell.write("print('mine', 6 * 7)")
        page.keyboard.press("Shift+Enter")
        cell.wait()
        assert cell.output.inner_text().strip() == "mine 42"
        page.reload()
        cell.editor.wait_for()
        assert cell.editor.inner_text() == "print('mine', 6 * 7)"
        kept = "You changed this cell. The change is kept in this browser."
        expect(cell.note).to_have_text(f"{kept} You had run it, too: run it again to see what it puts out.", timeout=SLOW)
        page.evaluate("cells.list[2].change('changed = 1')")
        expect(cell.note).to_have_text(f"{kept} The output is still the printed one.", timeout=SLOW)
        cell.press("Reset")
        cell.press("Undo")
        expect(cell.editor).to_have_text("changed = 1", timeout=SLOW)
        cell.press("Reset")
        assert cell.editor.count() == 0
        assert page.locator(".cell_input").nth(FIRST).inner_text().strip() == printed.strip()
        assert cell.output.inner_text() == stored
        page.reload()
        assert page.evaluate("cells.list[2].source === cells.list[2].original")


def test_stop_ends_a_loop_and_keeps_what_was_computed(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        cell.run("kept = 'still here'")
        page.evaluate("cells.list[2].change(\"print('begun')\\nwhile True: pass\")")
        cell.press("Run")
        expect(cell.output).to_contain_text("begun", timeout=SLOW)
        started = time.monotonic()
        cell.press("Stop")
        cell.wait()
        assert time.monotonic() - started < 2
        expect(cell.note).to_have_text("Stopped.", timeout=SLOW)
        assert "Stopped" not in cell.output.inner_text()                   # it is said once
        assert cell.run("print(kept)").strip() == "still here"


def test_a_reader_who_stops_a_check_stops_more_than_its_clock(regular, address):
    """The check has a limit of its own, by the same means."""
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        loop = "from lecture_code.time_limit import limited\nprint('begun')\nlimited(lambda: [0 for _ in iter(int, 1)], (), {})"
        assert "TooLong" in cell.run(loop.format(0.3))
        page.evaluate("(text) => cells.list[2].change(text)", loop.format(60))
        cell.press("Run")
        expect(cell.output).to_contain_text("begun", timeout=SLOW)
        cell.press("Stop")
        cell.wait()
        expect(cell.note).to_have_text("Stopped.", timeout=SLOW)


def test_errors_name_the_line_and_stop_what_is_below(regular, address):
    with open_page(regular, address) as page:
        cell, below = Cell(page, FIRST), Cell(page, FIRST + 1)
        assert cell.run("def f(x):\n    return 1 / x\nf(0)").splitlines() == [
            "ZeroDivisionError: division by zero", "line 3:", "    f(0)", "line 2, in f:", "    return 1 / x"]
        assert cell.run("x = 1\ndef f(x)").splitlines()[:3] == ["SyntaxError: expected ':'", "line 2:", "    def f(x)"]
        below.press("Run")
        below.wait()
        expect(below.note).to_have_text("A cell above has an error, so this one was not run.", timeout=SLOW)
        cell.press("Reset")
        below.run()
        expect(below.note).to_have_text(re.compile("^Ran in"), timeout=SLOW)


def test_a_picture_takes_the_place_of_the_stored_one_in_its_size_and_theme(regular, address):
    with open_page(regular, address) as page:
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        index = page.evaluate("cells.list.findIndex((cell) => cell.stored?.querySelector('img[src*=_images]'))")
        cell = Cell(page, index)
        look = """(image) => { const { width, height } = image.getBoundingClientRect(), { filter, mixBlendMode } = getComputedStyle(image);
            return [Math.round(width), Math.round(height), filter, mixBlendMode, image.alt]; }"""
        stored = cell.output.locator("img").evaluate(look)
        cell.run()
        drawn = cell.output.locator("img")
        assert drawn.get_attribute("src").startswith("data:image/svg+xml,")
        assert drawn.evaluate(look) == stored
        assert "<text" in unquote(drawn.get_attribute("src"))              # its words stay words


def test_the_next_page_finds_python_running_and_no_names_of_this_one(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        cell.run("import sys\nsys.kept = name = 'kept'")
        page.goto(f"{address}/book/05-loss-landscapes.html")
        cell = Cell(page, page.evaluate("cells.list.findIndex(({ bar, holder }) => bar.checkVisibility() && holder.querySelectorAll('.cell_input').length === 1)"))
        assert cell.run("import sys\nprint(getattr(sys, 'kept', 'lost'), 'name' in globals())").strip() == "kept False"


def test_a_damaged_snapshot_is_no_obstacle(newcomer, address):
    with open_page(newcomer, address) as page:
        cell, keys = Cell(page, FIRST), "caches.open('python-of-the-book').then((store) => store.keys())"
        cell.run()
        page.wait_for_function(f"() => {keys}.then((keys) => keys.length)")
        page.evaluate(f"""async () => {{
            const store = await caches.open("python-of-the-book"), [key] = await {keys};
            await store.put(key, new Response("half of it", {{ headers: {{ length: 25_000_000 }} }}));
            python.restart();
        }}""")
        assert cell.run("print('runs')").strip() == "runs"


def test_progress_writes_over_its_line_and_markup_is_shown(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        assert cell.run("from tqdm.auto import tqdm\nfor i in tqdm(range(3), leave=False): pass\nprint('end')").strip() == "end"
        assert cell.output.locator(".output:visible").count() == 1                # the bar has gone, and its place
        cell.run("from lecture_code.listing import show\nfrom lecture_code.network import forward\nshow(forward)")
        assert cell.output.locator(".highlight .k", has_text="def").count() == 1
        assert "3.0" in cell.run("np.array([1.0, 2.0, 3.0]).max()")


def test_the_editor_can_be_left_by_keyboard_and_everything_has_a_name(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        cell.press("Edit")
        expect(cell.editor).to_have_attribute("aria-label", re.compile(r"Escape, then Tab"), timeout=SLOW)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.role") == "textbox"       # it indents
        page.keyboard.press("ControlOrMeta+z")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "run-button"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")                                           # Close
        expect(cell.bar.get_by_role("button", name="Edit:")).to_be_focused(timeout=SLOW)
        assert cell.editor.count() == 0
        names = page.locator(".run-bar button").evaluate_all("(buttons) => buttons.map((button) => button.ariaLabel)")
        assert all(re.match(r"(Run|Edit|Try your own|Close|Stop|Reset|Undo|Show the picture): \S", name) for name in names)


def test_nothing_moves_when_an_editor_opens(regular, address):
    with open_page(regular, address) as page:
        place = """([index, sort]) => { const all = cells.list[index].input, range = document.createRange();
            const words = document.createTreeWalker(all.querySelector(sort), NodeFilter.SHOW_TEXT).nextNode(); range.selectNodeContents(words);
            const { x, y, height } = range.getClientRects()[0], { fontSize, fontFamily } = getComputedStyle(words.parentElement);
            return [all.offsetHeight, Math.round(x), Math.round(y + height / 2), fontSize, fontFamily]; }"""
        printed = page.evaluate(place, [FIRST, "pre"])
        page.evaluate("cells.list[2].edit({ focus: false })")
        Cell(page, FIRST).editor.wait_for()
        assert page.evaluate(place, [FIRST, ".cm-line"]) == printed


def test_what_is_fetched_late_is_of_the_build_of_the_page(regular, address):
    with open_page(regular, address) as page:
        version = page.locator("script[src*='cells.js']").get_attribute("data-version")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        cell = Cell(page, FIRST)
        cell.press("Edit")
        cell.run()
        for name in ("editor.js", "codemirror.js", "python.js", "live-widgets.js", f"{CHAPTER}.js"):
            assert [url.rpartition("?v=")[2] for url in asked if f"/{name}" in url] == [version]


def test_one_button_resets_the_page_and_takes_that_back(regular, address):
    with open_page(regular, address) as page:
        edited = "cells.list.filter((cell) => cell.edited).map((cell) => cell.source)"
        page.evaluate("[2, 3].forEach((index) => cells.list[index].change(`mine = ${index}`))")
        page.reload()
        whole = page.locator(".run-whole")
        expect(whole).to_contain_text("You changed 2 cells of this page.", timeout=SLOW)
        whole.get_by_role("button", name="Reset the page").click()
        assert page.evaluate(edited) == [] and page.locator(".run-editor").count() == 0
        whole.get_by_role("button", name="Undo").click()
        assert page.evaluate(edited) == ["mine = 2", "mine = 3"]


# ---------------------------------------------------------------- widgets

def test_a_slider_stops_between_its_ticks_and_the_cell_draws_it(regular, address):
    with open_page(regular, address) as page:
        index = page.evaluate("cells.list.findIndex((cell) => cell.stored?.querySelector('.explorer'))")
        cell = Cell(page, index)
        stored = cell.output.locator("figure")
        ticks, caption = stored.locator(".explorer-ticks span").all_text_contents(), stored.locator("figcaption").inner_text()
        cell.run()
        figure = cell.output.locator("figure")
        assert figure.locator("figcaption").inner_text() == caption
        assert figure.locator(".explorer-ticks span").all_text_contents() == ticks
        slider, drawing = figure.locator("input[type=range]").first, figure.get_by_role("img")
        described = drawing.get_attribute("aria-label")
        slider.evaluate("""(slider) => { slider.value = 2.5; for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, { bubbles: true })); }""")
        expect(drawing).not_to_have_attribute("aria-label", described, timeout=SLOW)
        shown = figure.locator("output").first.inner_text()
        assert float(ticks[2]) < float(shown) < float(ticks[3]) and slider.get_attribute("aria-valuetext") == shown
        assert shown in drawing.get_attribute("aria-label")
        assert f"= {shown}" in unquote(figure.locator("image").first.get_attribute("href"))
        page.evaluate("(index) => cells.list[index].reset()", index)
        assert stored.locator("input[type=range]").first.get_attribute("step") is None


def test_a_reader_makes_a_widget_of_their_own(regular, address):
    with open_page(regular, address) as page:
        cell = Cell(page, FIRST)
        cell.run("from lecture_code.widgets import explore\ndef draw(figure, a, b):\n    figure.subplots().set_title(f'{a} {b}')\n"
                 "explore(draw, {'a': [1.0, 100.0, 1000.0], 'b': ['x', 'y']}, alt='a is {a}, b is {b}', caption='Mine.', play='a')")
        figure = cell.output.locator("figure")
        assert figure.get_by_role("img").get_attribute("aria-label") == "a is 1.0, b is x"
        figure.get_by_role("radio", name="y").check()
        expect(figure.get_by_role("img")).to_have_attribute("aria-label", "a is 1.0, b is y", timeout=SLOW)
        figure.locator("input[type=range]").press("ArrowRight")                   # a twentieth of the way, in factors
        expect(figure.locator("output")).to_have_text("1.26", timeout=SLOW)
        assert figure.locator("figcaption").inner_text() == "Mine."


def test_a_readers_function_takes_the_place_of_the_chapters(regular, address):
    """First one of the widget's own cell; the sliders stay. Then one further up, which a check of the chapter refuses."""
    with open_page(regular, address) as page:
        index = page.evaluate("cells.list.findIndex(({ widget }) => widget)")
        cell = Cell(page, index)
        cell.press("Try your own")
        expect(page.locator(".run-prompt")).to_contain_text("change walk or draw_parabola, and press Run", timeout=SLOW)
        described = cell.editor.get_attribute("aria-describedby")
        assert page.locator(f"[id='{described}']").get_attribute("class") == "run-prompt"
        for key in ("Escape", "Shift+Tab"):                                    # back to the functions that it offers
            page.keyboard.press(key)
        expect(page.get_by_role("button", name="draw_parabola", exact=True)).to_be_focused(timeout=SLOW)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")                                           # walk
        expect(cell.editor).to_be_focused(timeout=SLOW)
        page.keyboard.insert_text("return np.full(11, missing)  # ")
        page.keyboard.press("Shift+Enter")
        wrong = cell.bar.locator("xpath=following-sibling::*[1]").locator(".run-error")        # where Run was pressed; the picture stays
        expect(wrong).to_contain_text("name 'missing' is not defined", timeout=START * SECONDS)
        cell.wait()
        expect(wrong).to_be_in_viewport(ratio=1)
        assert cell.output.locator("figure").count() == 1
        page.keyboard.press("ControlOrMeta+z")
        page.keyboard.insert_text("return np.full(11, 3.25)  # mine: ")
        page.keyboard.press("Shift+Enter")
        expect(cell.output.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"ends at 3\.25"), timeout=START * SECONDS)
        cell.wait()
        assert wrong.count() == 0
        slider = cell.output.locator("input[type=range]")
        slider.press("ArrowRight")
        shown = cell.output.locator("output").inner_text()
        cell.run()
        assert cell.output.locator("output").inner_text() == shown != "0.2"
        expect(cell.output.get_by_role("img")).to_have_attribute("aria-label", re.compile(f"rate {shown}.*3\\.25"), timeout=SLOW)

        index = page.evaluate("cells.list.findIndex(({ source }) => source.includes('explore(draw_contour'))")
        cell, above = Cell(page, index), Cell(page, page.evaluate("cells.list.findIndex(({ source }) => source.includes('def E(w)'))"))
        cell.press("Try your own")
        page.locator(".run-prompt").nth(1).get_by_role("button", name="E", exact=True).click()
        expect(above.note).to_have_text("Change it, and press Run. The picture follows.", timeout=SLOW)
        page.keyboard.insert_text("return 5.5 + 0 * w[0]  # mine: ")
        page.keyboard.press("Shift+Enter")
        expect(cell.output.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"the cost ends at 5\.500"), timeout=START * SECONDS)
        expect(above.note).to_have_text("A check of the chapter does not hold here for what you changed.", timeout=SLOW)
        assert page.get_by_role("button", name=re.compile("^Show the picture")).count() == 1


# ---------------------------------------------------------------- all chapters

#: What a cell has put out, in order: its text, and which other things.
SHOWN = """(cell) => [...(cell.fresh?.children ?? [])].map((part) =>
    part.matches("img, .image-reference") ? "<picture>" : part.querySelector("figure") || part.matches("figure") ? "<widget>"
    : part.matches(".text_html") ? "<markup>" : part.querySelector("[data-stream=stderr]") ? "" : part.textContent)"""


def stored(cell: dict) -> list[str]:
    """What the notebook has stored of a cell, in the same form."""
    found = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        markdown = "".join(data.get("text/markdown", "")).removeprefix("```python\n").removesuffix("```")
        found.append("".join(output["text"]) if output["output_type"] == "stream" else markdown or next(
            shown for kind, shown in (("application/vnd.jupyter.widget-view+json", "<widget>"), ("image/png", "<picture>"),
                                      ("text/html", "<markup>")) if kind in data))
    return found


def is_shorter(source: str, names: set[str]) -> bool:
    """Whether the result of a cell depends on the length of runs; `names` are those that do, and gets what it assigns."""
    used = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    depends = not (names | {"run_length"}).isdisjoint(node.id for node in used if isinstance(node.ctx, ast.Load))
    if depends:
        defined = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        names.update(defined, (node.id for node in used if isinstance(node.ctx, ast.Store)))
    return depends


@pytest.mark.parametrize("chapter", documents(notebooks.chapters()))
def test_every_cell_of_a_chapter_puts_out_in_the_page_what_is_stored(regular, address, chapter):
    """Runs are short, as `make execute` does them with LECTURE_CODE_RUN=short; what may differ is tagged or depends on that."""
    notebook = json.loads((notebooks.ROOT / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    printed = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    with open_page(regular, address, chapter) as page:
        environment = "import os; os.environ.{}('LECTURE_CODE_STATIC', {})"
        page.evaluate("(source) => cells.load('python.js').then(() => python.run(source))", environment.format("setdefault", "'1'"))
        page.evaluate("async () => { for (const cell of cells.list) await cell.run(); }")
        page.evaluate("(source) => python.run(source)", environment.format("pop", None))
        ran = page.evaluate(f"cells.list.map((cell) => [cell.source, ({SHOWN})(cell), cell.note.textContent])")
        assert [note for _, _, note in ran if not note.startswith("Ran in")] == []
        differ, shorter = [], set()
        for cell in printed:
            tags = cell["metadata"].get("tags", [])
            source, shown, _ = ran.pop(0)
            assert source.strip() == "".join(cell["source"]).strip()
            wanted = stored(cell)
            if is_shorter(source, shorter) or "nbval-ignore-output" in tags:
                shown, wanted = ([part for part in parts if part[:1] == "<"] for parts in (shown, wanted))
            if [part.strip() for part in shown if part] != [part.strip() for part in wanted]:
                differ.append((source, shown, wanted))
        assert differ == [] and ran == []


# ---------------------------------------------------------------- where it cannot run

def test_without_the_live_part_the_button_says_so(newcomer, address):
    newcomer.context.route("**/live/**", lambda route: route.fulfill(status=404))
    page = newcomer.context.new_page()
    page.goto(f"{address}/{CHAPTER}.html")
    cell = Cell(page, FIRST)
    cell.press("Run")
    expect(cell.note).to_have_text("This copy of the site was built without its live part: build it with “make live”.", timeout=SLOW)
    expect(cell.bar.get_by_role("button", name=re.compile("^Run"))).to_be_visible()


# ---------------------------------------------------------------- what is sent

def test_an_archive_with_other_content_has_another_name():
    for archive in [*RUNTIME.glob("*.whl"), *RUNTIME.glob("openblas*")]:
        assert f"-0{hashlib.sha256(archive.read_bytes()).hexdigest()[:10]}" in archive.name


def test_the_runtime_is_small_and_shows_the_source_of_the_library_only():
    names = {file.name.partition("-")[0]: zipfile.ZipFile(file).namelist() for file in RUNTIME.glob("*.whl")}
    assert "lecture_code/network.py" in names["lecture_code"] and "lecture_tasks/calculus.py" in names["lecture_code"]
    assert not any("mnist" in name for name in names["lecture_code"])
    assert not any(name.endswith(".py") for name in names["numpy"] + names["matplotlib"])
    assert not any("/tests/" in name for archive in names.values() for name in archive)
    at_once = [file for file in RUNTIME.iterdir() if not file.name.startswith(("scipy", "openblas", "sympy", "mpmath", "pygments"))]
    assert sum(file.stat().st_size for file in at_once) < 26e6
