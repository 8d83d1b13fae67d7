r"""Refuse values that would hide an error of a formula: 0, 1, the same value twice, sizes of 1, square matrices."""

from __future__ import annotations

import numpy as np

from .arrays import Value
from .tree import Node, Number, names_in, walk

ONES = r"\mathbf 1"


def hidden_errors(seen: dict[tuple, Value], formula: list[Node], alike: set[str]) -> str:
    """Return why an error could stay unseen in one case, or "".

    Parameters
    ----------
    seen
        What symbols stood for while the formula was evaluated: {(name, layer or sample …): value}.
    formula
        The statements.
    alike
        Names for which this is allowed: the binding says why.
    """
    literals = {float(part.text.rstrip("…")) for part in walk(formula) if isinstance(part, Number)} | {0.0, 1.0}
    mentioned = names_in(formula)
    numbers: dict[float, str] = {}
    arrays: list[tuple[str, np.ndarray]] = []
    for (name, *_), value in seen.items():
        if name not in mentioned or name in alike or name == ONES or callable(value) or isinstance(value, (set, frozenset, list, range, str)):
            continue
        value = np.asarray(value)
        if value.size == 1:
            number = complex(value.item()).real
            if number in literals:
                return f"{name} = {number:g} would hide errors: the formula has this number, or it is 0 or 1"
            if numbers.setdefault(number, name) != name:
                return f"{name} and {numbers[number]} have the same value {number:g}, which would hide errors"
        else:
            if fault := _shape(name, value):
                return fault
            arrays.append((name, value))
    for i, (name, value) in enumerate(arrays):
        for other, its in arrays[:i]:
            if other != name and value.shape == its.shape and np.array_equal(value, its):
                return f"{name} and {other} have the same values, which would hide errors"
    return ""


def _shape(name: str, value: np.ndarray) -> str:
    if not value.any() or (value == 1).all():
        return f"{name} is all 0 or all 1, which would hide errors"
    if value.ndim == 2 and value.shape[0] == value.shape[1] and not np.allclose(value, value.T):
        return f"{name} is a square matrix {value.shape}: a lost transpose would not be seen"
    if value.ndim == 2 and value.shape[0] == 1:
        return ""
    if any(n < 2 for n in value.shape[:1] if value.ndim < 3):
        return f"{name} has the shape {value.shape}: every size is at least 2"
    return ""
