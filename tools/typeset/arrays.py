r"""Arithmetic of typeset mathematics: columns are (n, 1), numbers have no axes, and a wrong shape is an error.

Arrays of one axis stand for entrywise arithmetic (the squares and quotients of optimizers).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Value = object  # a number, an array, a function, a set
STEP = 1e-30  # of the complex step


def plain(value: Value) -> Value:
    """Make every number, also one in an array (1, 1), an array without axes."""
    is_number = isinstance(value, (int, float, complex, np.generic, np.ndarray)) and np.size(value) == 1
    return np.reshape(value, ()) if is_number else value


def mismatch(a: Value, operator: str, b: Value) -> ValueError:
    return ValueError(f"shapes {np.shape(a)} {operator or 'times'} {np.shape(b)} do not fit")


def combine(operator: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a binary operation's value.

    Raises
    ------
    ValueError
        Where linear algebra does not know the operation for these shapes.
    """
    axes = np.ndim(a), np.ndim(b)
    if operator in ("+", "-") and (np.shape(a) == np.shape(b) or {*axes} == {0, 1}):
        return a + b if operator == "+" else a - b
    if operator == "^" and axes[1] == 0:
        return np.linalg.matrix_power(a, int(b)) if axes[0] == 2 else a**b
    if operator == "/" and (axes[1] == 0 or axes in ((1, 1), (0, 1))):
        return a / b
    if operator == r"\odot" and np.shape(a) == np.shape(b) or axes == (1, 1) and operator in ("", r"\cdot"):
        return a * b
    if operator in ("", r"\cdot", r"\times", "*") and 0 in axes:
        return a * b
    if operator == r"\cdot" and np.shape(a) == np.shape(b):
        return (a * b).sum()
    if operator == "" and axes == (2, 2) and a.shape[1] == b.shape[0]:
        return a @ b
    raise mismatch(a, operator, b)


def norm(a: np.ndarray) -> np.ndarray:
    """Euclidean norm of a number or a vector, smooth in the complex plane."""
    if np.ndim(a) == 2 and 1 not in a.shape:
        raise ValueError(f"the norm of a matrix {a.shape} needs a name, such as \\|·\\|_F")
    return np.sqrt((np.asarray(a)**2).sum())


def size(a: Value) -> Value:
    """|a|: the number of elements of a set, else the absolute value, smooth in the complex plane."""
    return len(a) if isinstance(a, (set, frozenset, list, tuple)) else a * np.sign(np.real(a))


def whole(n: np.ndarray) -> int:
    if n != round(float(n)):
        raise ValueError(f"{n} is no whole number")
    return round(float(n))


def diagonal(v: np.ndarray) -> np.ndarray:
    return np.diag(v[:, 0])


FUNCTIONS: dict[str, Callable] = {
    r"\log": np.log, r"\exp": np.exp, r"\sin": np.sin, r"\cos": np.cos, r"\tanh": np.tanh, r"\sqrt": np.sqrt,
    "^T": np.transpose, r"\|": norm, r"\|F": lambda a: np.sqrt((a**2).sum()), "|": size,
    "!": lambda n: math.factorial(whole(n)), r"\binom": lambda n, k: math.comb(whole(n), whole(k)),
    r"\lceil": lambda a: np.ceil(np.round(a, 9)), r"\lfloor": lambda a: np.floor(np.round(a, 9)),
    r"\operatorname{sign}": lambda a: np.sign(np.real(a)), r"\operatorname{Diag}": diagonal,
    r"\operatorname{vec}": lambda a: a.T.reshape(-1, 1),  # column by column
}


def derivative(f: Callable, x: np.ndarray, *, second: bool = False, real: bool = False,
               place: tuple[int, ...] = ()) -> np.ndarray:
    """Return the derivative of f by x[place], by complex steps, or by real differences of fourth order.

    Where f is a number, the result has the shape of x[place]; where that is a number, the shape of f; else
    it is the Jacobian, with a row for each entry of f. `second` asks for the derivative of the derivative.
    """
    x = np.asarray(x)

    def along(unit: np.ndarray) -> np.ndarray:
        if second:
            return _difference(lambda t: derivative(f, x + t * unit, real=real), 1e-3)
        if real:
            return _difference(lambda t: f(x + t * unit), 1e-3)
        return np.imag(f(x + 1j * STEP * unit)) / STEP

    parts = []
    for entry in np.ndindex(x.shape[len(place):]):
        unit = np.zeros(x.shape)
        unit[(*place, *entry)] = 1
        parts.append(np.asarray(plain(along(unit))))
    if len(parts) == 1:
        return parts[0]
    if parts[0].ndim == 0:
        return np.reshape(parts, x.shape[len(place):])
    return np.stack([part.ravel() for part in parts], axis=1)


def _difference(f: Callable, h: float) -> np.ndarray:
    """Return the derivative of f at 0, with an error of order h⁴."""
    return (8 * (np.asarray(f(h)) - f(-h)) - (np.asarray(f(2 * h)) - f(-2 * h))) / (12 * h)


def extremum(f: Callable, low: float, high: float, *, greatest: bool, real: bool) -> float:
    """Return where a function of one variable is least or greatest: its derivative changes sign once."""
    for _ in range(80):
        middle = (low + high) / 2
        rising = np.real(derivative(f, np.asarray(middle), real=real)) > 0
        low, high = (low, middle) if rising != greatest else (middle, high)
    return middle
