"""Pictures whose lines grow step by step: in time, at the reader's wish, and not where motion is unwanted."""

from __future__ import annotations

import pytest

from browser import visit, wait_until_ready
from built_site import SITE, widget_pages

PAGES = [page for page in widget_pages() if "explorer-walk" in (SITE / page).read_text(encoding="utf-8")]

#: What a reader sees of the walk in one widget.
STATE = """(area) => {
    const steps = area.querySelector(".explorer-steps"), slider = steps.querySelector("input");
    return { name: area.querySelector("svg").getAttribute("aria-label"), button: steps.querySelector("button").textContent,
             step: +slider.value, last: +slider.max,
             seen: [...area.querySelectorAll(".explorer-line")].map((line) => line.getAttribute("d")).join(" | ") };
}"""


def walks(page) -> list:
    return page.locator(".explorer-walk").all()


def others(area) -> list:
    """The controls that change the picture, and not the step."""
    return area.locator(".explorer-control:not(.explorer-steps)").locator("input[type=range], :checked").all()


def move(area, control) -> dict:
    """Move a slider, or choose the next button; return the walk of the picture that is shown then."""
    before = area.evaluate(STATE)["name"]
    at_end = control.evaluate("(control) => control.value === control.max")
    control.press("ArrowLeft" if at_end else "ArrowRight")
    return wait_for(area, lambda state: state["name"] != before)


def wait_for(area, condition, seconds: float = 10) -> dict:
    for _ in range(int(seconds / 0.05)):
        state = area.evaluate(STATE)
        if condition(state):
            return state
        area.page.wait_for_timeout(50)
    raise AssertionError(f"waited {seconds} s in vain; the walk is at {state}")


def stopped_clock(page):
    """Stop the clock of a page, which the test then moves: how busy the machine is changes nothing.

    The page is loaded anew, since a walk in its first screen has begun already, by the clock that went.
    """
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.reload()
    return page.clock


def test_a_chapter_has_walks(site):
    assert PAGES


@pytest.mark.parametrize("walk_page", PAGES)
def test_lines_grow_when_they_come_into_sight(browser, address, walk_page):
    with visit(browser, f"{address}/{walk_page}") as visited:
        clock = stopped_clock(visited.page)
        for area in walks(visited.page):
            area.scroll_into_view_if_needed()
            first = wait_for(area, lambda state: state["button"] == "Pause")
            drawing = area.locator(".explorer-picture").first
            early = drawing.screenshot()
            clock.run_for(1000)
            second = area.evaluate(STATE)
            assert second["last"] // 7 <= second["step"] < second["last"]
            assert len(second["seen"]) > len(first["seen"])
            assert drawing.screenshot() != early, "no pixel has changed"
            clock.run_for(10_000)
            end = area.evaluate(STATE)
            assert end["step"] == end["last"] and end["button"] == "Play"
        assert visited.refused == [] and visited.errors == []


@pytest.mark.parametrize("walk_page", PAGES)
def test_the_step_survives_a_change_of_the_picture_and_nothing_moves_by_itself(browser, address, walk_page):
    with visit(browser, f"{address}/{walk_page}") as visited:
        visited.page.emulate_media(reduced_motion="no-preference")
        clock = stopped_clock(visited.page)
        for area in walks(visited.page):
            area.scroll_into_view_if_needed()
            clock.run_for(10_000)
            slider = area.locator(".explorer-steps input")
            slider.press("Home")
            for _ in range(7):
                slider.press("ArrowRight")
            for control in others(area):
                below = area.locator("figcaption").bounding_box()["y"]
                state = move(area, control)
                assert state["step"] == 7 and state["button"] == "Play"
                longest = max(len(line.split()) for line in state["seen"].split(" | "))
                assert longest == 8, "the line does not end at the step"
                clock.run_for(1000)
                assert area.evaluate(STATE) == state
                assert area.locator("figcaption").bounding_box()["y"] == below, "the page jumps"
            slider.press("End")
            state = move(area, others(area)[-1])
            assert state["step"] == state["last"], "who looks at whole walks goes on to do so"
        assert visited.refused == [] and visited.errors == []


@pytest.mark.parametrize("walk_page", PAGES)
def test_a_walk_obeys_its_reader_in_a_page_opened_from_disk(browser, site, walk_page):
    """On a phone: play, pause, one step by the keyboard, and back to the start."""
    with visit(browser, (site / walk_page).as_uri(), width=390) as visited:
        clock = stopped_clock(visited.page)
        for area in walks(visited.page):
            button, slider = area.locator(".explorer-steps button"), area.locator(".explorer-steps input")
            button.scroll_into_view_if_needed()
            assert button.is_visible() and slider.is_visible()
            clock.run_for(10_000)
            wait_for(area, lambda state: state["step"] == state["last"] and state["button"] == "Play")
            button.click()
            clock.run_for(1000)
            playing = area.evaluate(STATE)
            assert 5 < playing["step"] < playing["last"] and playing["button"] == "Pause"
            button.click()
            paused = area.evaluate(STATE)
            clock.run_for(1000)
            assert area.evaluate(STATE) == paused and paused["button"] == "Play"
            slider.press("ArrowRight")
            assert area.evaluate(STATE)["step"] == paused["step"] + 1
            slider.press("Home")
            start = area.evaluate(STATE)
            assert start["step"] == 0 and all(len(line.split()) == 1 for line in start["seen"].split(" | "))
            slider.press("End")
            assert area.evaluate(STATE)["step"] == paused["last"]
        assert visited.refused == [] and visited.errors == []


@pytest.mark.parametrize("walk_page", PAGES)
def test_walks_are_whole_for_readers_who_want_no_motion(browser, address, walk_page):
    with visit(browser, f"{address}/{walk_page}") as visited:
        page = visited.page
        page.emulate_media(reduced_motion="reduce")
        page.reload(wait_until="load")
        wait_until_ready(page)
        for area in walks(page):
            whole = move(area, others(area)[0])
            assert whole["step"] == whole["last"] and whole["button"] == "Play"
            longest = max(len(line.split()) for line in whole["seen"].split(" | "))
            assert longest == whole["last"] + 1, "the line is not whole"
            page.wait_for_timeout(700)
            assert area.evaluate(STATE) == whole, "it moves although the reader wants no motion"
        assert visited.errors == []
