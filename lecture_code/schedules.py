"""Learning-rate schedules: functions k ↦ η_k of the step number k = 0, 1, 2, …

Each knows from its formula which of the Robbins–Monro conditions it meets; `robbins_monro` asks it.

Book: ch-stochastic-gradient-descent
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import cos, pi
from typing import NamedTuple

from lecture_code.validation import require, require_count, require_positive

Schedule = Callable[[int], float]


class RobbinsMonro(NamedTuple):
    """Which conditions a schedule meets: True, False, or None for "unknown".

    Attributes
    ----------
    sum_diverges : Σ η_k = ∞, so that the steps can reach any distance
    squares_converge : Σ η_k² < ∞, so that the noise dies out
    """

    sum_diverges: bool | None
    squares_converge: bool | None


def robbins_monro(schedule: Schedule) -> RobbinsMonro:
    """Return which Robbins–Monro conditions a schedule meets, known from its formula.

    Book: eq-robbins-monro

    No finite number of values decides a limit, so for a function that is not made by this module the
    answer is None, "unknown", for both.

    Raises
    ------
    ValueError
        If `schedule` cannot be called.
    """
    require(callable(schedule), "schedule", "a function of the step number", repr(schedule))
    return getattr(schedule, "conditions", RobbinsMonro(None, None))


def _knowing(rate: Schedule, sum_diverges: bool | None, squares_converge: bool | None) -> Schedule:
    rate.conditions = RobbinsMonro(sum_diverges, squares_converge)
    return rate


def constant(eta: float) -> Schedule:
    """Return the schedule η_k = η."""
    require_positive("eta", eta)

    def rate(k: int) -> float:
        return eta

    return _knowing(rate, True, False)


def inverse(c0: float, c1: float = 1.0) -> Schedule:
    """Return the schedule η_k = c₀ / (c₁ + k), which meets both Robbins–Monro conditions.

    Book: eq-inverse-rate
    """
    require_positive("c0", c0)
    require_positive("c1", c1)

    def rate(k: int) -> float:
        return c0 / (c1 + k)

    return _knowing(rate, True, True)


def power(c0: float, c1: float, exponent: float) -> Schedule:
    """Return the schedule η_k = c₀ / (c₁ + k)^q: Σ η_k = ∞ for q ≤ 1, and Σ η_k² < ∞ for q > 1/2.

    Parameters
    ----------
    c0, c1 : constants > 0
    exponent : q > 0
    """
    require_positive("c0", c0)
    require_positive("c1", c1)
    require_positive("exponent", exponent)

    def rate(k: int) -> float:
        return c0 / (c1 + k) ** exponent

    return _knowing(rate, exponent <= 1, exponent > 1 / 2)


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

    return _knowing(rate, True, False)


def exponential(eta: float, factor: float) -> Schedule:
    """Return the schedule η_k = η ρ^k: each rate is the share ρ of the one before, and Σ η_k = η / (1 − ρ).

    Parameters
    ----------
    eta : the first rate
    factor : ρ, 0 < ρ < 1
    """
    require_positive("eta", eta)
    require(0 < factor < 1, "factor", "a number between 0 and 1", factor)

    def rate(k: int) -> float:
        return eta * factor**k

    return _knowing(rate, False, True)


def cosine(eta: float, steps: int, lowest: float = 0.0) -> Schedule:
    """Return half a cosine from η at k = 0 down to `lowest` at k = K, which then stays.

    η_k = lowest + (η − lowest)(1 + cos(πk/K)) / 2 for k < K.

    Parameters
    ----------
    eta : the first rate
    steps : K
    lowest : the last rate, 0 ≤ lowest ≤ η
    """
    require_positive("eta", eta)
    require_count("steps", steps)
    require(0 <= lowest <= eta, "lowest", f"a number from 0 to {eta}", lowest)

    def rate(k: int) -> float:
        return lowest + (eta - lowest) * (1 + cos(pi * k / steps)) / 2 if k < steps else lowest

    return _knowing(rate, lowest > 0, lowest == 0)


def warm_up(steps: int, schedule: Schedule) -> Schedule:
    """Return the schedule η_k · min(1, (k + 1)/K): small first steps, then the given schedule.

    K factors change no limit, so the Robbins–Monro conditions are those of the schedule.

    Parameters
    ----------
    steps : K
    schedule : k ↦ η_k
    """
    require_count("steps", steps)
    conditions = robbins_monro(schedule)

    def rate(k: int) -> float:
        return schedule(k) * min(1, (k + 1) / steps)

    return _knowing(rate, *conditions)
