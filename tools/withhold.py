"""Print the table of contents without the solutions: `make book SOLUTIONS=no`.

    python -m tools.withhold > _build/without-solutions/_toc.yml

The list is made from _toc.yml at every build, so there is no second list of pages to look after. Links to pages
that are left out become plain text (book/_ext/withheld.py).
"""

from __future__ import annotations

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


def main() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yaml.safe_dump(without(toc, is_solution), sys.stdout, sort_keys=False, allow_unicode=True)


if __name__ == "__main__":
    main()
