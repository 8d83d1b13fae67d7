"""Print the table of contents without the solutions: `make book SOLUTIONS=no`.

    python -m tools.withhold > _build/toc-without-solutions.yml

It is made from _toc.yml at every build, so there is no second list of pages to look after. Links to pages
that are left out become plain text (book/_ext/withheld.py).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def without_solutions(toc: Any) -> Any:
    """Return a table of contents, or a part of one, without the pages in solutions/."""
    if isinstance(toc, dict):
        return {key: without_solutions(value) for key, value in toc.items()}
    if isinstance(toc, list):
        return [without_solutions(entry) for entry in toc if not is_solution(entry)]
    return toc


def is_solution(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("file", "")).startswith("solutions/")


if __name__ == "__main__":
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yaml.safe_dump(without_solutions(toc), sys.stdout, sort_keys=False, allow_unicode=True)
