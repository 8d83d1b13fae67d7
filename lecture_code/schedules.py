"""Learning-rate schedules: functions k ↦ η_k of the step number k = 0, 1, 2, …"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from lecture_code.validation import require, require_positive

Schedule = Callable[[int], float]


def constant(eta: float) -> Schedule:
    """Return the schedule η_k = η."""
    require_positive("eta", eta)

    def rate(k: int) -> float:
        return eta

    return rate


def inverse(c0: float, c1: float = 1.0) -> Schedule:
    """Return the schedule η_k = c₀ / (c₁ + k), which meets both Robbins–Monro conditions."""
    require_positive("c0", c0)
    require_positive("c1", c1)

    def rate(k: int) -> float:
        return c0 / (c1 + k)

    return rate


def piecewise(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """Return the step function with `values[0]` before `boundaries[0]`, then `values[1]`, and so on.

    Book: eq-piecewise-rate

    Parameters
    ----------
    boundaries : increasing step numbers K₁ < K₂ < …; value j applies to K_j ≤ k < K_{j+1}
    values : one more than the boundaries, each > 0
    """
    require(len(values) == len(boundaries) + 1, "values", f"{len(boundaries) + 1} numbers", len(values))
    require(list(boundaries) == sorted(set(boundaries)), "boundaries", "increasing step numbers", boundaries)
    require_positive("values", list(values))

    def rate(k: int) -> float:
        return values[bisect_right(boundaries, k)]

    return rate
