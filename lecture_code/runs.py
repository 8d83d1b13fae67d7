"""Long runs: their full and their short length, measurements on record, and a progress bar."""

from __future__ import annotations

import os
from typing import Any

from lecture_code.validation import require


def run_length(full: Any, short: Any) -> Any:
    """Return `full`, or `short` where the environment says LECTURE_CODE_RUN=short.

    This is the one switch for every run of the book that takes longer than a few seconds.
    """
    mode = os.environ.get("LECTURE_CODE_RUN", "full")
    require(mode in ("full", "short"), "LECTURE_CODE_RUN", "'full' or 'short'", repr(mode))
    return full if mode == "full" else short


def recorded(measured: Any, on_record: Any) -> Any:
    """Return what your machine `measured`, or what is `on_record` while the book stores its outputs.

    Seconds differ from run to run; a page that shows the record keeps its bytes, and a reader who runs
    the chapter sees a measurement.
    """
    return on_record if os.environ.get("LECTURE_CODE_STATIC") else measured


def progress(steps: Any, label: str, total: int | None = None) -> Any:
    """Wrap an iterable in a tqdm bar; silent while the book stores its outputs."""
    if os.environ.get("LECTURE_CODE_STATIC"):
        return steps
    from tqdm.auto import tqdm

    return tqdm(steps, desc=label, total=total, leave=False)
