"""A page that is opened from disk runs its cells, where `make live DISK=yes` has built what it needs."""

from __future__ import annotations

from pathlib import Path

from browser import visit
from built_site import SITE
from live_notebook import START, documents
from playwright.sync_api import expect

from tools import notebooks
from tools.notebooks import ROOT
from tools.run_in_page import write_for_disk

(SET,) = (name for name in documents(notebooks.exercises()) if '"largest-rate"' in (ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
MNIST = "\nfrom lecture_code.datasets import load_mnist\nprint(load_mnist().X_train.shape)"


def site_for_disk(folder: Path) -> Path:
    """The built site and what DISK=yes adds to it."""
    run = folder / "live" / "run"
    run.mkdir(parents=True)
    for part in ("_static", "exercises"):
        (folder / part).symlink_to(SITE / part)
    for part in ("cells", "runtime", "worker.js", "runner.py"):
        (run / part).symlink_to(SITE / "live" / "run" / part)
    write_for_disk(run)
    return folder


def test_a_cell_runs_mnist_is_there_and_a_task_is_checked(browser, live, tmp_path):
    with visit(browser, (site_for_disk(tmp_path) / f"{SET}.html").as_uri()) as visited:
        page = visited.page
        page.locator(".task-bar").wait_for()
        cell = page.evaluate_handle("cells.list.find((cell) => !cell.solution && !cell.points)")       # the imports
        cell.evaluate("(cell, more) => { cell.change(cell.original + more); cell.run(); }", MNIST)
        page.wait_for_function("(cell) => !cell.running", arg=cell, timeout=START * 1000)
        assert cell.evaluate("(cell) => [cell.fresh.textContent.trim(), cell.note.classList.contains('run-problem')]") == ["(60000, 784)", False]
        page.get_by_role("button", name="Check: largest_rate").click()
        expect(page.locator(".task-message").first).to_contain_text("Not yet done", timeout=START * 1000)
        assert visited.refused == visited.errors == []
