"""How the book checks its formulas: `identity` for equations, `claim` for bounds, limits and probabilities.

A check is worth something only if it can fail. So `identity` tries five wrong right-hand sides at every
call; `claim` must be handed false variants, and tries each of its numbers twice as large and half as large; and
both fail when a wrong one would have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


def _agree(left: np.ndarray, right: np.ndarray, rtol: float) -> bool:
    if left.shape != right.shape:
        return False
    scale = max(np.abs(left).max(), np.abs(right).max())
    return bool(np.abs(left - right).max() <= rtol * scale)  # NaN on either side compares False


def _spoiled(right: np.ndarray, symmetric: bool) -> dict[str, np.ndarray]:
    """Return wrong right-hand sides that a sound check rejects."""
    changed = right.copy()
    changed.flat[0] += 1e-3 * np.abs(right).max()
    wrong = {
        "scaled by 1 + 1e-3": right * (1 + 1e-3),
        "negated": -right,
        "changed in one entry": changed,
        "replaced by zeros": np.zeros_like(right),
    }
    if right.ndim >= 2 and right.shape[-2:] != (1, 1) and not symmetric:
        wrong["transposed"] = right.mT
    return wrong


def identity(left: Any, right: Any, rtol: float = 1e-10, symmetric: bool = False) -> None:
    """Assert that two independently computed sides of an equation are equal.

    Equal means: the largest difference is at most `rtol` times the largest entry. The call also
    proves that it could fail: it puts in the right side scaled by 1 + 1e-3, negated, changed in one
    entry, transposed, and replaced by zeros, and raises if one of these passes.

    Parameters
    ----------
    left, right : numbers or arrays of one shape; compute them from expressions that share no function
    rtol : relative tolerance, < 1e-3
    symmetric : the matrix is symmetric by nature (which is verified), so that its transpose is no error

    Raises
    ------
    AssertionError
        If the sides differ, or if they agree but the check could not have failed.
    """
    left, right = (side.astype(np.result_type(side, np.float64)) for side in (np.asarray(left), np.asarray(right)))
    if left.size == 0:
        raise AssertionError("this check cannot fail: there is nothing to compare")
    if left.shape != right.shape:
        raise AssertionError(f"the sides have different shapes: {left.shape} and {right.shape}")
    if not _agree(left, right, rtol):
        worst = np.unravel_index(np.argmax(np.abs(left - right)), left.shape)
        entry = f" at {tuple(int(i) for i in worst)}" if left.ndim else ""
        raise AssertionError(f"the sides differ{entry}: {left[worst]} and {right[worst]}")
    if symmetric and not _agree(right, right.mT, rtol):
        raise AssertionError("symmetric=True was said of a matrix that is not symmetric")
    for mistake, wrong in _spoiled(right, symmetric).items():
        if _agree(left, wrong, rtol):
            raise AssertionError(f"this check cannot fail: the right side {mistake} would pass too")


def _rescaled(true: tuple, sharp: float) -> Iterator[tuple[str, tuple]]:
    """Yield the true case with one of its numbers, or arrays of real numbers, `sharp` times as large or as small."""
    for place, value in enumerate(true):
        kind = np.asarray(value).dtype.kind
        if kind in "fc" or kind in "iu" and np.ndim(value) == 0:  # whole numbers in an array are indices
            for name, factor in (("times", sharp), ("divided by", 1 / sharp)):
                if np.any(value):
                    changed = np.multiply(value, factor)
                    yield f"number {place + 1} {name} {sharp:g}", (*true[:place], changed, *true[place + 1:])


def claim(holds: Callable[..., bool], true: Any, false: Mapping[str, Any], sharp: float = 2.0) -> None:
    """Assert that a predicate holds for the true case, and for nothing near it.

    A bound that is never nearly attained says little, and a check of it would not notice a wrong constant. So the
    call must reject every named false variant and, besides, every number of the true case made `sharp` times as
    large, and as small: an upper bound has to be shown to be nearly reached, too. What is no number of the
    formula, such as a seed or a number of steps, belongs into `holds`.

    Parameters
    ----------
    holds : the claim as a function that returns a truth value
    true : its arguments in the true case (a tuple is unpacked): numbers of the formula, or functions
    false : name ↦ arguments of a variant for which the claim must not hold; at least one
    sharp : how sharp the claim is, > 1: a number wrong by this factor has to be noticed (0 and functions are not tried)

    Raises
    ------
    AssertionError
        If the claim fails, or if a false variant or a changed number passes.
    """
    if not false:
        raise AssertionError("this check cannot fail: name at least one false variant")
    if not sharp > 1:
        raise AssertionError(f"this check cannot fail: sharp must be > 1, not {sharp}")

    def as_tuple(arguments: Any) -> tuple:
        return arguments if isinstance(arguments, tuple) else (arguments,)

    if not holds(*as_tuple(true)):
        raise AssertionError("the claim does not hold")
    for name, arguments in false.items():
        if holds(*as_tuple(arguments)):
            raise AssertionError(f"this check cannot fail: the false variant {name!r} would pass too")
    for name, arguments in _rescaled(as_tuple(true), sharp):
        if holds(*arguments):
            raise AssertionError(f"this check is not sharp: {name} would pass too")
