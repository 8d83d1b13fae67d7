"""How the book checks its formulas: `identity` for equations, `claim` for bounds, limits and probabilities.

A check is worth something only if it can fail. So `identity` tries five wrong right-hand sides at every
call, and `claim` must be handed false variants, and both fail when a wrong one would have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def claim(holds: Callable[..., bool], true: Any, false: Mapping[str, Any]) -> None:
    """Assert that a predicate holds for the true case and is rejected for every named false variant.

    Parameters
    ----------
    holds : the claim as a function that returns a truth value
    true : its arguments in the true case (a tuple is unpacked)
    false : name ↦ arguments of a variant for which the claim must not hold; at least one

    Raises
    ------
    AssertionError
        If the claim fails, or if a false variant passes.
    """
    if not false:
        raise AssertionError("this check cannot fail: name at least one false variant")

    def verdict(arguments: Any) -> bool:
        return bool(holds(*arguments) if isinstance(arguments, tuple) else holds(arguments))

    if not verdict(true):
        raise AssertionError("the claim does not hold")
    for name, arguments in false.items():
        if verdict(arguments):
            raise AssertionError(f"this check cannot fail: the false variant {name!r} would pass too")
