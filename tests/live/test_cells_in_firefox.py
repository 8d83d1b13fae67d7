"""Another browser: a cell runs in the page, a loop is stopped, a task is checked, and the console is empty."""

from __future__ import annotations

import pytest
from built_site import missing
from firefox import find_firefox, firefox

CELL = "cells.list.find(({ original }) => original.startsWith('x = 10.0'))"


def press(page, name: str) -> None:
    page.run(f"{CELL}.bar.querySelector('.{name}-button').click()")


def says(page, words: str, seconds: float = 60) -> None:
    page.wait(f"{CELL}.note.textContent.startsWith('{words}')", seconds)


@pytest.fixture(scope="module")
def page():
    if find_firefox() is None:
        missing("no Firefox found (install it, or name one in $FIREFOX)")
    with firefox() as running:
        yield running
        assert running.errors == []


def test_a_cell_runs_and_an_endless_one_is_stopped(page, live):
    page.open(f"{live}/book/04-gradient-descent.html")
    page.run(f"{CELL}.change({CELL}.original.replace('0.2', '0.3'))")
    press(page, "run")
    says(page, "Ran in", 120)
    assert page.run(f"{CELL}.holder.querySelector('.run-output').textContent").strip() == f"{10 * 0.4**10:.6f}"
    page.run(f"{CELL}.change('while True: pass')")
    press(page, "run")
    says(page, "Running")
    press(page, "stop")
    says(page, "Stopped.")
    press(page, "reset")
    assert page.run(f"{CELL}.source === {CELL}.original")


def test_a_task_is_checked(page, live):
    page.open(f"{live}/exercises/04-gradient-descent/gradient-descent.html")
    page.wait("document.querySelector('.task .run-button') !== null")
    page.run("document.querySelector('.task .run-button').click()")
    page.wait("/Not yet done/.test(document.querySelector('.task-message').textContent)", 120)
