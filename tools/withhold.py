"""Print the table of contents without some of its pages: `make book SOLUTIONS=no`, `make book PLANNED=no`.

    python -m tools.withhold [--solutions] [--planned] > _build/without-solutions/_toc.yml

--solutions leaves out the pages in solutions/, --planned those that only say what a chapter will be about. The
chapters keep their numbers. The list is made from _toc.yml at every build, so there is no second list of pages to
look after. Links to pages that are left out become plain text (book/_ext/withheld.py).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def without(toc: Any, left_out: Callable[[str], bool]) -> Any:
    """Return a table of contents, or a part of one, without the pages for whose name `left_out` is true."""
    if isinstance(toc, dict):
        kept = {key: without(value, left_out) for key, value in toc.items()}
        return {key: value for key, value in kept.items() if not (key == "sections" and value == [])}
    if isinstance(toc, list):
        kept = [without(entry, left_out) for entry in toc if not (isinstance(entry, dict) and left_out(entry.get("file", "")))]
        return [entry for entry in kept if not (isinstance(entry, dict) and entry.get("chapters") == [])]
    return toc


def is_solution(page: str) -> bool:
    return page.startswith("solutions/")


def is_planned(page: str, root: Path = ROOT) -> bool:
    """Whether a page says of itself that it is planned; a notebook of the same name would replace it."""
    text = root / f"{page}.md"
    return text.is_file() and ":::{planned}" in text.read_text(encoding="utf-8").splitlines()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Print the table of contents without some of its pages.")
    parser.add_argument("--solutions", action="store_true", help="leave out the solutions")
    parser.add_argument("--planned", action="store_true", help="leave out the chapters that are not written yet")
    options = parser.parse_args(arguments)

    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    kept = without(toc, lambda page: options.solutions and is_solution(page) or options.planned and is_planned(page))
    yaml.safe_dump(kept, sys.stdout, sort_keys=False, allow_unicode=True)


if __name__ == "__main__":
    main()
