"""Measurements that the book has on record: taken once by a script in `benchmarks`, with date, machine and versions.

Book: ch-scale
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lecture_code.validation import require

FOLDER = Path(__file__).resolve().parent / "data"


def record(name: str) -> dict[str, Any] | None:
    """Return a record, or None where nothing has been measured.

    Parameters
    ----------
    name : "scale", of `benchmarks/scale.py`, or "steps_gpu", of `benchmarks/gpu.py` on a graphics card
    """
    require(name in ("scale", "steps_gpu"), "name", "'scale' or 'steps_gpu'", repr(name))
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def rows(table: list[dict[str, Any]], **wanted: Any) -> list[dict[str, Any]]:
    """Return the rows that say all that is wanted, as in ``rows(table, M=100, threads=1)``; at least one must.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [row for row in table if wanted.items() <= row.items()]
    require(len(found) > 0, "wanted", "what some row says", wanted)
    return found
