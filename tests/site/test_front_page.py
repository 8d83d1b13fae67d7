"""The first page: a race computed in the page as the library computes it, routes in a possible order, cards, its head."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from built_site import pages
from PIL import Image

from browser import visit
from test_pages import parse

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

import front_page  # noqa: E402

from tools import attempts, formulas, reading_time  # noqa: E402

INDEX = "book/index.html"
RATES = [0.01, 0.1, 0.37, 0.95, 1.05, 1.85, 4, 37]
CHAPTERS = [path.stem for path in reading_time.chapters()]

#: What a reader sees of the race.
STATE = """(race) => ({
    says: race.querySelector(".race-says").textContent, button: race.querySelector("button").textContent,
    costs: [...race.querySelectorAll(".race-cost")].map((cost) => cost.textContent), step: +race.dataset.step,
    lines: [...race.querySelectorAll("polyline")].map((line) => line.getAttribute("points")),
    height: race.offsetHeight })"""


def look(page) -> dict:
    return page.locator(".race").evaluate(STATE)


def points(line: str) -> np.ndarray:
    return np.array([place.split(",") for place in line.split()], dtype=float)


# ---------------------------------------------------------------- the race

def test_the_script_computes_what_the_library_computes(browser, site):
    with visit(browser, (site / INDEX).as_uri()) as visited:
        for eta in RATES:
            shown = visited.page.locator(".race").evaluate("(race, eta) => race.paths(eta)", eta)
            for (name, rule), path in zip(front_page.rules().items(), shown, strict=True):
                np.testing.assert_allclose(np.array(path, float), front_page.path(rule, eta), rtol=1e-11, atol=1e-14, err_msg=f"{name}, {eta}")


def test_the_lines_are_the_paths_and_the_still_picture_is_the_same(browser, site):
    width, height, middle, unit = front_page.RACE["view"]
    still = re.findall(r'<polyline points="([^"]+)"', (site / INDEX).read_text(encoding="utf-8"))
    with visit(browser, (site / INDEX).as_uri()) as visited:
        visited.page.locator(".race").get_by_role("spinbutton").fill(str(front_page.RACE["eta"]))
        for line, before, rule in zip(look(visited.page)["lines"], still, front_page.rules().values(), strict=True):
            expected = front_page.path(rule, front_page.RACE["eta"]) * [unit, -unit] + [middle, height / 2]
            assert np.abs(points(line) - expected).max() < 0.06 and np.abs(points(before) - expected).max() < 0.06


def test_what_is_said_of_each_optimizer_is_so():
    bounds = front_page.bounds()
    for name, rule in front_page.rules().items():
        if name in bounds:
            below, above = (np.abs(front_page.path(rule, share * bounds[name])) for share in (0.98, 1.02))
            assert below[-1].max() < 3 < above[-1].max()          # from 3 across the valley
        else:
            for eta in RATES:
                moved = np.abs(np.diff(front_page.path(rule, eta), axis=0))
                assert 0.9 * eta < moved.max() < 1.5 * eta


def test_the_rate_changes_paths_and_sentence_from_one_wall_to_the_other(browser, address):
    with visit(browser, f"{address}/{INDEX}") as visited:
        page, seen = visited.page, {}
        number, slider = page.locator(".race").get_by_role("spinbutton"), page.locator(".race").get_by_role("slider")
        for eta in RATES:
            number.fill(str(eta))
            seen[eta] = look(page)
        assert len({str(state["lines"]) for state in seen.values()}) == len(RATES)
        assert {state["height"] for state in seen.values()} == {seen[0.95]["height"]}, "the page below moves"
        first = {eta: re.match(r"η = [\d.]+: gradient descent ([^;]+);", state["says"])[1] for eta, state in seen.items()}
        assert first[0.01] == "walks straight on and is far from done"
        assert first[0.95] == "jumps from wall to wall and arrives"
        assert first[1.05] == "jumps from wall to wall and flies out of the bowl"
        assert "momentum jumps from wall to wall and flies out of the bowl" in seen[4]["says"]
        assert "flies" not in seen[4]["says"].split("Adam")[1]
        number.fill("-1")                                                # no rate: nothing happens
        assert look(page) == seen[37]
        for key, end in (("Home", 0.01), ("End", 4)):
            slider.press(key)
            assert number.input_value() == f"{end:g}" and look(page)["lines"] == seen[end]["lines"]
        slider.press("ArrowLeft")
        assert 3 < float(number.input_value()) < 4
        assert visited.refused == [] and visited.errors == []


def test_it_runs_by_itself_once_and_when_the_reader_wants(browser, address):
    with visit(browser, f"{address}/{INDEX}") as visited:
        page = visited.page
        last = front_page.RACE["steps"]
        page.wait_for_function(f"document.querySelector('.race').dataset.step == {last}")
        assert look(page)["button"] == "Play"
        page.clock.install()
        page.clock.pause_at(page.evaluate("Date.now()") + 1000)
        button = page.locator(".race").get_by_role("button")
        button.press("Enter")
        page.clock.run_for(1000)
        state = look(page)
        assert 5 < state["step"] < last / 2 and state["button"] == "Reset"
        assert state["says"].endswith("on their way."), "how it ends is said before the end"
        assert [len(points(line)) for line in state["lines"]] == [state["step"] + 1] * 3
        button.press("Enter")
        assert look(page)["step"] == 0 and look(page)["button"] == "Play"
        button.click()
        page.clock.run_for(5000)
        assert look(page)["step"] == last and look(page)["button"] == "Play" and "gradient descent" in look(page)["says"]


def test_it_stands_still_for_readers_who_want_no_motion(browser, address):
    with visit(browser, f"{address}/{INDEX}") as visited:
        visited.page.emulate_media(reduced_motion="reduce")
        visited.page.reload(wait_until="load")
        state = look(visited.page)
        visited.page.wait_for_timeout(400)
        assert state["step"] == front_page.RACE["steps"] and look(visited.page) == state


def test_without_scripts_there_is_the_picture_and_nothing_dead(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / INDEX).as_uri())
    race = page.locator(".race")
    assert race.locator("polyline").count() == 3 and "Three ways down" in race.inner_text()
    assert not race.get_by_role("button").is_visible() and not race.get_by_role("slider").is_visible()
    context.close()


@pytest.mark.parametrize("width, height", [(1280, 800), (390, 844)])
def test_the_first_screen_has_the_title_once_the_ways_in_and_the_race(browser, address, width, height):
    with visit(browser, f"{address}/{INDEX}", width=width) as visited:
        page = visited.page
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for what in ("h1", ".front-buttons a >> nth=0", ".front-buttons a >> nth=1", ".race svg", ".race-controls", ".race-runners"):
            box = page.locator(f"article {what}").bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, what
        title = "Neural Networks and Stochastic Gradient Descent"
        seen = [box for each in page.get_by_text(title).all() if (box := each.bounding_box())
                and box["x"] >= 0 and 0 <= box["y"] < height]
        assert len(seen) == (2 if width > 600 else 1)                    # above the contents, and as the title of the page
        assert page.title() == title


# ---------------------------------------------------------------- routes

def needs(name: str) -> list[str]:
    """The chapters that a chapter says the reader needs."""
    notebook = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
    first = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    said = re.search(r"\*You need\*.*", first)
    return re.findall(r"\{ref\}`(?:[^`<]*<)?ch-([\w-]+)>?`", re.split(r"The chapter follows|\*\*Follows", said[0])[0]) if said else []


def routes() -> list[tuple[list[str], list[str]]]:
    """What the first page advises: the chapters of each route, and those in which to look up what is missing."""
    text = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    lines = [re.findall(r"\{ref\}`ch-([\w-]+)`( →)?", line) for line in text.splitlines() if " → " in line]
    found = []
    for line in lines:
        last = max(place for place, (_, arrow) in enumerate(line) if arrow) + 1
        found.append(([label for label, _ in line[: last + 1]], [label for label, _ in line[last + 1 :]]))
    return found


def test_no_route_needs_what_it_comes_to_later():
    needed = {name[3:]: needs(name) for name in CHAPTERS}
    assert sum(map(bool, needed.values())) > 15
    first, second, third = routes()
    assert first == ([name[3:] for name in CHAPTERS[:4]], [])
    for route, look_up in (first, second, third):
        for place, name in enumerate(route):
            assert not set(needed[name]) & set(route[place + 1 :]), f"{name} comes too early"
    for route, look_up in (first, second):                               # these two leave nothing out
        assert {each for name in route for each in needed[name]} <= {*route, *look_up}


# ---------------------------------------------------------------- cards

def test_a_card_has_picture_number_sentence_and_minutes_and_is_a_link_as_a_whole(browser, address):
    with visit(browser, f"{address}/{INDEX}") as visited:
        page = visited.page
        cards = page.locator("ul.chapters > li").all()
        assert len(cards) == len(CHAPTERS)
        for card, path in zip(cards, reading_time.chapters()):
            assert card.locator(".chapter-picture svg").count() == 1, f"draw book/images/chapters/{path.stem}.svg"
            assert re.match(rf"{int(path.stem[:2])}\. \w", card.get_by_role("link").inner_text())
            minutes = reading_time.about(reading_time.count(json.loads(path.read_text(encoding="utf-8"))).minutes)
            assert card.locator(".chapter-minutes").inner_text() == minutes
            assert len(card.locator("p").nth(1).inner_text()) > 30
        for where in (".chapter-picture", ".chapter-minutes"):
            page.goto(f"{address}/{INDEX}")
            box = page.locator("ul.chapters > li").nth(3).locator(where)
            box.scroll_into_view_if_needed()
            place = box.bounding_box()
            page.mouse.click(place["x"] + 3, place["y"] + place["height"] / 2)
            page.wait_for_url(f"**/{CHAPTERS[3]}.html*")


def test_the_numbers_of_the_promises_are_counted(site):
    text = (site / INDEX).read_text(encoding="utf-8")
    tasks = [task for module in attempts.modules() for task in module.ALL]
    assert f"{len(tasks)} tasks know {sum(len(task.mistakes) for task in tasks)} usual wrong answers" in text
    shown, executed = re.search(r"the (\d+) displayed formulas (\d+) are run", text).groups()
    chapters = [(site / page).read_text(encoding="utf-8") for page in pages() if re.match(r"book/\d\d-", page)]
    assert int(shown) == sum(text.count('class="eqno"') for text in chapters)
    bound = [formulas.read_page(path, f"book/{path.stem}").executed for path in reading_time.chapters()]
    assert int(executed) == sum(map(len, bound))


# ---------------------------------------------------------------- the head

def test_pages_say_what_they_are_about_and_have_a_sign(site):
    for name in [INDEX, *(f"book/{chapter}.html" for chapter in CHAPTERS)]:
        text = (site / name).read_text(encoding="utf-8")
        tags = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<meta [^>]*>", text)]
        about = {tag.get("name") or tag.get("property"): tag["content"] for tag in tags if "content" in tag}
        assert 30 < len(about["description"]) and about["description"] == about["og:description"], name
        assert about["og:title"] and about["og:type"] in ("website", "article"), name
        signs = [(site / name).parent / url for url in parse(site / name).loaded if "favicon" in url]
        assert sorted(path.suffix for path in signs) == [".png", ".svg"], name
    assert Image.open(site / "_static" / "favicon.png").size == (32, 32)


def test_nothing_on_the_first_page_is_planned(site):
    assert "planned" not in (site / INDEX).read_text(encoding="utf-8").split("<article")[1].split("</article")[0]
