"""One sentence for every bad argument: its name, what was expected, what came."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np


def require(condition: bool, name: str, expected: str, got: Any) -> None:
    """Raise ``ValueError("name: expected …, got …")`` unless `condition` holds."""
    if not condition:
        raise ValueError(f"{name}: expected {expected}, got {got}")


def require_positive(name: str, value: Any) -> None:
    """Raise unless `value` (a number or an array) is finite and > 0 throughout."""
    numbers = np.asarray(value)
    fits = numbers.dtype.kind in "iuf" and bool(np.all(np.isfinite(numbers)) and np.all(numbers > 0))
    require(fits, name, "a finite number > 0", value)


def require_count(name: str, value: Any, at_most: int | None = None) -> None:
    """Raise unless `value` is an integer with 1 ≤ value (≤ `at_most`)."""
    limit = "" if at_most is None else f" and <= {at_most}"
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    fits = whole and value >= 1 and (at_most is None or value <= at_most)
    require(fits, name, f"an integer >= 1{limit}", value)


def require_fraction(name: str, value: Any) -> None:
    """Raise unless 0 ≤ value < 1."""
    require(isinstance(value, Real) and 0 <= value < 1, name, "a number in [0, 1)", value)


def require_finite(name: str, values: np.ndarray) -> None:
    """Raise, naming the first bad entry, unless all `values` are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # one pass, no copy; a sum that overflows is looked at again
            return
    finite = np.isfinite(values)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name}: expected finite numbers, got {values[where]} at index {where}")


def require_vector(name: str, values: np.ndarray) -> np.ndarray:
    """Return `values` as a vector of float64, (P,); raise unless it is one, of finite numbers, with P ≥ 1."""
    values = np.asarray(values, dtype=np.float64)
    require(values.ndim == 1 and values.size > 0, name, "a vector (P,)", f"shape {values.shape}")
    require_finite(name, values)
    return values
