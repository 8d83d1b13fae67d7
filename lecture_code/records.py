"""Measurements that the book has on record: taken once by a script of `benchmarks` or `tools`, with date or versions.

Book: ch-scale, ch-keras, ch-optimizers
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lecture_code.validation import require

FOLDER = Path(__file__).resolve().parent / "data"
FILES = {"scale": "scale.json", "steps_gpu": "steps_gpu.json", "optimizer_race": "optimizer_race.npz",
         "torch_optimizer_paths": "torch_optimizer_paths.npz", "growing_networks": "growing_networks.npz"}


def record(name: str) -> dict[str, Any] | None:
    """Return a record by the names of its parts, or None where nothing has been measured.

    Parameters
    ----------
    name : "scale", of `benchmarks/scale.py`; "steps_gpu", of `benchmarks/gpu.py` on a graphics card; or, with arrays
        as parts, "optimizer_race", "torch_optimizer_paths" or "growing_networks", of the scripts `tools/record_*.py`
    """
    require(name in FILES, "name", " or ".join(map(repr, FILES)), repr(name))
    file = FOLDER / FILES[name]
    if not file.exists():
        return None
    if file.suffix == ".json":
        return json.loads(file.read_text(encoding="utf-8"))
    with np.load(file) as arrays:
        return dict(arrays)


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
