"""The button "Open as notebook": on every page that runs, and honest where it cannot."""

from __future__ import annotations

import pytest
from browser import see_all, wait_until_ready
from built_site import SITE, pages
from live_notebook import a_small_one, opened
from playwright.sync_api import expect

from tools import notebooks

PAGES = {path.relative_to(notebooks.ROOT).with_suffix("").as_posix(): notebooks.about(path)
         for path in [*notebooks.chapters(), *notebooks.exercises()]}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_leads_to_this_very_notebook_or_says_where_it_runs(site, name):
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    root = "../" * name.count("/")
    runs = f'href="{root}live/notebooks/index.html?path={name}.ipynb"' in page
    assert runs == (site / "live" / "files" / f"{name}.ipynb").exists() == PAGES[name].live
    assert runs != ("on your own machine, not in the browser" in page)


@pytest.mark.parametrize("name", [page for page in pages() if page.removesuffix(".html") not in PAGES])
def test_pages_that_do_not_run_have_no_button(name):
    assert "live-run-button" not in (SITE / name).read_text(encoding="utf-8")


def test_from_disk_the_button_says_why_not(newcomer, site):
    page, file = newcomer.context.new_page(), (site / f"{a_small_one()}.html").as_uri()
    page.goto(file)
    page.locator(".live-run-button").click()
    assert "opened this page from disk" in page.get_by_role("alert").inner_text()
    assert page.url == file


def test_a_site_without_the_live_part_says_so(newcomer, address):
    newcomer.context.route("**/live/**", lambda route: route.fulfill(status=404))
    page = newcomer.context.new_page()
    page.goto(f"{address}/{a_small_one()}.html")
    page.locator(".live-run-button").click()
    assert "built without its live part" in page.get_by_role("alert").inner_text()


def test_the_notebook_opens_at_the_section_in_the_theme_and_the_letters_of_the_page(newcomer, live):
    """The section is an optional one, whose heading has other words in the notebook; above it formulas are typeset late."""
    newcomer.context.add_init_script("localStorage.setItem('mode', 'dark')")
    with opened(newcomer, live, "book/04-gradient-descent", python=False, section="can-the-first-bound-be-improved") as notebook:
        page = notebook.page
        heading = page.locator(".jp-MarkdownOutput h3", has_text="Can the first bound be improved?")
        page.wait_for_function("(heading) => Math.abs(heading.getBoundingClientRect().top - 150) < 60", arg=heading.element_handle())
        page.wait_for_timeout(1_000)
        assert 100 < heading.bounding_box()["y"] < 210
        look = "({ fontFamily, color }) => [fontFamily.split(',')[0], color]"
        assert page.locator(".jp-MarkdownOutput p").first.evaluate(f"(text) => ({look})(getComputedStyle(text))") == ['Book', "rgb(255, 255, 255)"]
        assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
        first = next(index for index, cell in enumerate(notebook.cells()) if cell["cell_type"] == "code")
        notebook.set_source(first, "# mine")
        page.reload()
        page.wait_for_function("(heading) => Math.abs(heading.getBoundingClientRect().top - 150) < 60", arg=heading.element_handle())
        assert notebook.cells()[first]["source"] == "# mine"
        page.set_viewport_size({"width": 390, "height": 844})
        for width in "document.querySelector('#live-toolbar').scrollWidth", "document.querySelector('.jp-WindowedPanel-outer').scrollWidth":
            page.wait_for_function(f"() => {width} <= 390")
        expect(page.locator("#live-toolbar").get_by_role("link")).to_be_in_viewport(ratio=1, timeout=60_000)
        assert newcomer.refused == []


def test_the_button_in_the_header_knows_where_the_reader_is(newcomer, address):
    page = newcomer.context.new_page()
    page.goto(f"{address}/book/04-gradient-descent.html")
    wait_until_ready(page)
    see_all(page)
    entry = page.locator(".live-run-here")
    for section in "when-do-you-stop", "one-neuron-two-weights":
        page.evaluate("(section) => document.querySelector(`#${section} > h2`).scrollIntoView({ behavior: 'instant' })", section)
        entry.dispatch_event("pointerdown")                      # Playwright would scroll before it presses a button of the header
        assert entry.get_attribute("href").endswith(f"?path=book/04-gradient-descent.ipynb#{section}")
