"""What holds for all tests: the environment, what is skipped, what belongs to a chapter, who runs what.

Notebooks are tested in the environment in which their outputs were stored.
"""

import os
from pathlib import Path

import pytest

from tools import notebooks
from tools.execute import ENVIRONMENT

os.environ.update(ENVIRONMENT)
os.environ.pop("MPLBACKEND", None)

#: Each of these tests may run on any worker, so that the long ones in a browser are shared evenly.
ONE_BY_ONE = ("tests/live/", "tests/site/")
#: They wait for a browser, and a machine that is shared has bad minutes: what ran out of time is tried once more, and
#: the summary counts it as a rerun. Any other failure fails.
OUT_OF_TIME = pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError", "Locator expected"])
#: Long files first, and last what uses a browser: its event loop would be in the way of others.
FIRST, LAST = ("book/", "solutions/"), ("tests/fronts/", "tests/site/", "tests/live/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chapter", metavar="NN", help="only tests that concern this chapter, its exercises and pages")


def pytest_configure(config: pytest.Config) -> None:
    config.chapter_names = names_of_chapter(config.getoption("chapter")) if config.getoption("chapter") else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.chapter_names:
        of_others = [item for item in items if not belongs(item.nodeid, config.chapter_names)]
        config.hook.pytest_deselected(items=of_others)
        items[:] = [item for item in items if item not in set(of_others)]
    for path in {item.path for item in items if item.path.suffix == ".ipynb"}:
        if notebooks.about(path).needs:
            for cell in (item for item in items if item.path == path):
                cell.extra_keyword_matches.add("frameworks")            # make frameworks: -k frameworks
                if reason := notebooks.why_not(path):
                    cell.add_marker(pytest.mark.skip(reason=reason))
    needing = [path for path in [*notebooks.chapters(), *notebooks.solutions()] if notebooks.about(path).needs]
    names = sorted({path.stem if path.parent.name == "book" else path.parent.name for path in needing})
    for item in items:
        if names and belongs(item.nodeid, names):                       # the tasks of these chapters, too
            item.extra_keyword_matches.add("frameworks")
        if item.nodeid.startswith(ONE_BY_ONE):
            item.add_marker(OUT_OF_TIME)
    items.sort(key=lambda item: place(item.nodeid))


def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:
    if config.chapter_names and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        terminalreporter.write_line(f"No test here concerns {' or '.join(config.chapter_names)}.")


# ---------------------------------------------------------------- one chapter

def names_of_chapter(number: str) -> list[str]:
    """Return what a chapter, its folders of exercises and the sets in them are called: 12-backpropagation."""
    found = {path.name.partition(".")[0] for folder in ("book", "exercises", "solutions")
             for path in (notebooks.ROOT / folder).glob(f"{number:0>2}-*")}
    found |= {f"{number:0>2}-{path.stem}" for path in notebooks.solutions() if path.parent.name in found}
    if not found:
        there = sorted(path.name[:2] for path in Path(notebooks.ROOT, "book").glob("[0-9][0-9]-*"))
        raise pytest.UsageError(f"there is no chapter {number}; there are {', '.join(there)}")
    return sorted(found)


def belongs(nodeid: str, names: list[str]) -> bool:
    """Whether the name of a test has that of a chapter, or [backpropagation.… of its module of tasks."""
    return any(name in nodeid or f"[{name[3:].replace('-', '_')}." in nodeid for name in names)


# ---------------------------------------------------------------- the order, and several workers

def place(nodeid: str) -> int:
    """Return where in the order a test comes; equal numbers keep the order in which they were found."""
    before = next((n - len(FIRST) for n, folder in enumerate(FIRST) if nodeid.startswith(folder)), 0)
    return before or next((n for n, folder in enumerate(LAST, start=1) if nodeid.startswith(folder)), 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Keep the tests of a file on one worker, as `--dist loadfile` says, except those that go one by one."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(ONE_BY_ONE) else super()._split_scope(nodeid)

    return Scheduling(config, log) if config.option.dist == "loadfile" else None
