"""The button "Run this chapter": on every page that runs, and honest where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_site import SITE
from live_notebook import reader

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted([*ROOT.glob("book/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")])


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_page_leads_to_this_very_notebook(notebook):
    file = notebook.relative_to(ROOT)
    page = (SITE / file).with_suffix(".html").read_text(encoding="utf-8")
    root = "../" * (len(file.parts) - 1)
    assert f'href="{root}live/notebooks/index.html?path={file.as_posix()}"' in page
    assert (SITE / "live" / "files" / file).exists()


def test_pages_that_do_not_run_have_no_button():
    assert "live-run-button" not in (SITE / "book" / "index.html").read_text(encoding="utf-8")
    (solution, *_) = (SITE / "solutions").glob("*/*.html")
    assert "live-run-button" not in solution.read_text(encoding="utf-8")


def test_from_disk_the_button_says_why_not(browser):
    with reader(browser) as (context, _):
        page = context.new_page()
        page.goto((SITE / "book" / "04-gradient-descent.html").as_uri())
        page.locator(".live-run-button").click()
        assert "opened this page from disk" in page.get_by_role("alert").inner_text()
        assert page.url.endswith("04-gradient-descent.html")


def test_a_site_without_the_live_part_says_so(browser, address):
    with reader(browser) as (context, _):
        context.route("**/live/**", lambda route: route.fulfill(status=404))
        page = context.new_page()
        page.goto(f"{address}/book/04-gradient-descent.html")
        page.locator(".live-run-button").click()
        assert "built without its live part" in page.get_by_role("alert").inner_text()
