"""The button "Open as notebook": on every page that runs, and honest where it cannot."""

from __future__ import annotations

import pytest
from built_site import SITE, pages
from live_notebook import a_small_one

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
