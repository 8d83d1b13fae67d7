"""The tasks of the chapter on loss landscapes. A network is W₁, b₁, W₂, b₂: one hidden layer, biases as columns."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log

import numpy as np

from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray
Parameters = tuple[Matrix, Matrix, Matrix, Matrix]


# ---------------------------------------------------------------- Task 1: twins

def network_and_order(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple:
    """Return the parameters of a network and a new order of its hidden units that is not its own inverse."""
    d, h, K = shape
    order = rng.permutation(h)
    while h > 2 and np.array_equal(order[order], np.arange(h)):
        order = rng.permutation(h)
    if h == 2:
        order = np.array([1, 0])
    return *(rng.normal(size=size).round(1) for size in ((h, d), (h, 1), (K, h), (K, 1))), order


def _twin(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1[order], b1[order], W2[:, order], b2.copy()


def _bias_stays(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1[order], b1.copy(), W2[:, order], b2.copy()


def _outgoing_stay(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1[order], b1[order], W2.copy(), b2.copy()


def _incoming_stay(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1.copy(), b1[order], W2[:, order], b2.copy()


def _two_directions(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1[order], b1[order], W2[:, np.argsort(order)], b2.copy()


def _inverse(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return _twin(W1, b1, W2, b2, np.argsort(order))


def _unchanged(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1.copy(), b1.copy(), W2.copy(), b2.copy()


def _bias_in_other_direction(W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, order: Vector) -> Parameters:
    return W1[order], b1[np.argsort(order)], W2[:, order], b2.copy()


twin = Task(
    name="twin", title="Task 1, a twin",
    takes="W1, b1, W2, b2, order", returns="W1, b1, W2, b2",
    reference=_twin, draw=network_and_order, shapes=((2, 2, 3), (3, 4, 2), (2, 5, 3)),
    mistakes=(
        Mistake("the biases of the hidden units stay behind",
                "What belongs to a hidden unit: which row, which entry, which column?", _bias_stays),
        Mistake("the outgoing weights stay behind",
                "Column j of W₂ is multiplied by the activation of hidden unit j.", _outgoing_stay),
        Mistake("the incoming weights stay behind", "Row j of W₁ belongs to hidden unit j.", _incoming_stay),
        Mistake("rows and columns are ordered in opposite directions",
                "New unit j is old unit `order[j]`, for its row and for its column.", _two_directions),
        Mistake("your order is the inverse of the one that is asked for",
                "Your twin is a good one, only another: new unit j is to be old unit `order[j]`.", _inverse),
        Mistake("nothing has moved", "Is your result another point of the parameter space?", _unchanged),
        Mistake("the biases go the other way round", "New unit j is old unit `order[j]`, its bias included.",
                _bias_in_other_direction),
    ),
)


# ---------------------------------------------------------------- Task 2: kinds of critical points

KINDS = ("minimum", "maximum", "saddle", "degenerate")


def hessians(rng: np.random.Generator, P: int) -> tuple[Matrix]:
    """Return a symmetric matrix with eigenvalues of chosen signs, zeros among them at times."""
    Q, _ = np.linalg.qr(rng.normal(size=(P, P)))
    sizes = rng.uniform(0.5, 3, P) * 10.0 ** rng.integers(-9, 10)
    sizes[0] *= rng.choice([1, 1e-5])  # small, and yet no zero
    signs = [np.ones(P), -np.ones(P), rng.choice([-1, 1], P), rng.choice([0, 1], P), rng.choice([-1, 0, 1], P),
             -rng.choice([0, 1], P)][rng.integers(6)]
    H = Q @ np.diag(sizes * signs) @ Q.T
    return ((H + H.T) / 2,)


def _signs(H: Matrix, tolerance: float = 1e-8) -> tuple[int, int, int]:
    eigenvalues = np.linalg.eigvalsh(H)
    zero = tolerance * np.abs(eigenvalues).max()
    return int((eigenvalues > zero).sum()), int((eigenvalues < -zero).sum()), len(H)


def _number(kind: str) -> int:
    return KINDS.index(kind)


def _kind(H: Matrix) -> int:
    up, down, P = _signs(H)
    if up and down:
        return _number("saddle")
    return _number("minimum" if up == P else "maximum" if down == P else "degenerate")


def _semidefinite_is_minimum(H: Matrix) -> int:
    up, down, _ = _signs(H)
    return _number("saddle" if up and down else "minimum" if up or not down else "maximum")


def _zero_first(H: Matrix) -> int:
    up, down, P = _signs(H)
    return _number("degenerate" if up + down < P else "minimum" if up == P else "maximum" if down == P else "saddle")


def _without_tolerance(H: Matrix) -> int:
    up, down, P = _signs(H, 0.0)
    if up and down:
        return _number("saddle")
    return _number("minimum" if up == P else "maximum" if down == P else "degenerate")


def _by_diagonal(H: Matrix) -> int:
    return _kind(np.diag(np.diag(H)))


def _by_determinant(H: Matrix) -> int:
    up, down, P = _signs(H)
    if up + down < P:
        return _number("degenerate")
    return _number("saddle" if down % 2 else "minimum" if H[0, 0] > 0 else "maximum")


def _by_trace(H: Matrix) -> int:
    up, down, _ = _signs(H)
    return _number("saddle" if up and down else "minimum" if np.trace(H) > 0 else "maximum")


def _exchanged(H: Matrix) -> int:
    return {0: 1, 1: 0}.get(_kind(H), _kind(H))


def _never_degenerate(H: Matrix) -> int:
    up, down, P = _signs(H)
    return _number("minimum" if up == P else "maximum" if down == P else "saddle")


kind = Task(
    name="kind", title="Task 2, kinds of critical points",
    takes="H", returns="number",
    reference=_kind, draw=hessians, shapes=(2, 3, 4, 5), seeds=12,
    mistakes=(
        Mistake("a zero eigenvalue beside positive ones counts as a minimum for you",
                "x⁴ and x³ have the same second derivative at 0.", _semidefinite_is_minimum),
        Mistake("a zero eigenvalue makes every point degenerate for you",
                "If it goes up on one line and down on another, does a third line matter?", _zero_first),
        Mistake("rounding errors count as signs for you",
                "An eigenvalue that is zero on paper comes out as 1e-17 or −1e-17. Compare with a small number, "
                "relative to the largest eigenvalue.", _without_tolerance),
        Mistake("you look at the diagonal of H", "The signs of the *eigenvalues* decide. [[1, 5], [5, 1]] has both.",
                _by_diagonal),
        Mistake("you use the rule with the determinant",
                "That rule is for two dimensions. diag(−1, −1, 1) has a positive determinant.", _by_determinant),
        Mistake("you look at the trace", "The sum of the eigenvalues says little about their signs.", _by_trace),
        Mistake("minimum and maximum are exchanged", "Does x² curve up or down?", _exchanged),
        Mistake("you call every other point a saddle",
                "A saddle needs both signs. What remains if there is a zero among positive ones?", _never_degenerate),
    ),
)


# ---------------------------------------------------------------- Task 3: the largest eigenvalue by differences

def quadratic_and_kink(rng: np.random.Generator, P: int) -> tuple[Callable, Vector, float]:
    """Return a gradient whose differences depend on Δ and are not quite symmetric, a point, and Δ."""
    A = rng.normal(size=(P, P)).round(1)
    A = A + A.T + 0.01 * rng.normal(size=(P, P))  # a gradient with errors of its own: not quite symmetric
    cubic = 40 * rng.normal(size=P).round(1)

    def gradient(theta: Vector) -> Vector:
        return A @ theta + cubic * theta**3

    return gradient, rng.normal(size=P).round(1), float(rng.choice([1e-3, 3e-3, 1e-2]))


def _central(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    H = np.array([(gradient(theta + delta * e) - gradient(theta - delta * e)) / (2 * delta)
                  for e in np.eye(len(theta))])
    return (H + H.T) / 2


def _one_sided(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    H = np.array([(gradient(theta + delta * e) - gradient(theta)) / delta for e in np.eye(len(theta))])
    return (H + H.T) / 2


def _not_symmetric(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return np.array([(gradient(theta + delta * e) - gradient(theta - delta * e)) / (2 * delta)
                     for e in np.eye(len(theta))])


def _own_delta(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return _central(gradient, theta, 1e-5)


def _half_delta(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return 2 * _central(gradient, theta, delta)


def _no_division(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return 2 * delta * _central(gradient, theta, delta)


def _all_at_once(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    column = (gradient(theta + delta) - gradient(theta - delta)) / (2 * delta)
    return np.tile(column, (len(theta), 1))


def _diagonal_only(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return np.diag(np.diag(_central(gradient, theta, delta)))


def _at_origin(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return _central(gradient, np.zeros_like(theta), delta)


def _delta_squared(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return _central(gradient, theta, delta) / delta


hessian_by_differences = Task(
    name="hessian_by_differences", title="Task 3a, the Hessian by differences",
    takes="gradient, theta, delta", returns="H",
    reference=_central, draw=quadratic_and_kink, shapes=(2, 3, 5), rtol=1e-8,
    mistakes=(
        Mistake("your differences are one-sided",
                "Step by Δ to both sides, and divide by the distance of the two points.", _one_sided),
        Mistake("the matrix is not made symmetric",
                "Take the mean of the matrix and its transpose.", _not_symmetric),
        Mistake("you use a Δ of your own", "The third argument says how far to step.", _own_delta),
        Mistake("every entry is twice too large",
                "How far apart are the two points? And does the mean of the matrix and its transpose have its ½?",
                _half_delta),
        Mistake("the division is missing", "A difference is no derivative yet.", _no_division),
        Mistake("all coordinates are moved at once",
                "Column i needs a step in coordinate i alone.", _all_at_once),
        Mistake("only the diagonal is computed", "A step in one coordinate changes all entries of the gradient.",
                _diagonal_only),
        Mistake("the differences are taken at 0", "They belong at θ.", _at_origin),
        Mistake("you divide by Δ once too often",
                "These are differences of the gradient, not second differences of the cost.", _delta_squared),
    ),
)


# ---------------------------------------------------------------- Task 4: the delay of a saddle

def saddle_start(rng: np.random.Generator, size: int) -> tuple[float, float, float]:
    """Return the start x₂, the rate η, and the negative curvature λ of C = … − ½λx₂²."""
    return (float(rng.uniform(1, 9)) * 10.0**-size, round(float(rng.uniform(0.03, 0.4)), 2),
            round(float(rng.uniform(0.5, 3)), 1))


def _delay(x2: float, eta: float, lam: float) -> int:
    return ceil(log(1 / x2) / log(1 + eta * lam))


def _rounded_down(x2: float, eta: float, lam: float) -> int:
    return int(log(1 / x2) / log(1 + eta * lam))


def _with_two(x2: float, eta: float, lam: float) -> int:
    return ceil(log(1 / x2) / log(1 + 2 * eta))


def _doubled_curvature(x2: float, eta: float, lam: float) -> int:
    return ceil(log(1 / x2) / log(1 + 2 * eta * lam))


def _continuous(x2: float, eta: float, lam: float) -> int:
    return ceil(log(1 / x2) / (eta * lam))


def _decimal_and_natural(x2: float, eta: float, lam: float) -> int:
    return ceil(np.log10(1 / x2) / log(1 + eta * lam))


def _linear_growth(x2: float, eta: float, lam: float) -> int:
    return ceil(min(1e15, 1 / (x2 * eta * lam)))


def _shrinking(x2: float, eta: float, lam: float) -> int:
    return ceil(log(1 / x2) / -log(abs(1 - eta * lam)))


delay = Task(
    name="delay", title="Task 4, the delay of a saddle",
    takes="x2, eta, lam", returns="steps",
    reference=_delay, draw=saddle_start, shapes=(2, 5, 10, 30),
    mistakes=(
        Mistake("you round down", "After that many steps, has |x₂| reached 1?", _rounded_down),
        Mistake("the curvature is always 2 for you", "C = … − ½λx₂². What is its slope in x₂?", _with_two),
        Mistake("the curvature is doubled", "C = … − ½λx₂², with the ½. What is its slope in x₂?",
                _doubled_curvature),
        Mistake("you take the growth of a continuous flow",
                "A step multiplies by 1 + ηλ. Is that e to the power ηλ?", _continuous),
        Mistake("two kinds of logarithm are mixed", "Numerator and denominator need the same base.",
                _decimal_and_natural),
        Mistake("your x₂ grows by the same amount in every step", "The step is proportional to x₂.", _linear_growth),
        Mistake("your factor is that of a valley", "In which direction does the gradient push x₂?", _shrinking),
    ),
)


# ---------------------------------------------------------------- Task 5: a dead unit

def two_samples(rng: np.random.Generator, spread: float) -> tuple[Vector, Vector, float]:
    """Return two different places and heights, and a weight W of either sign."""
    x = (rng.choice(np.arange(-20, 21), 2, replace=False) / 10 * spread).round(2)
    y = rng.choice(np.arange(-30, 31), 2, replace=False) / 10
    return x, y, round(float(rng.choice([-1, 1]) * rng.uniform(0.5, 2)), 1)


def _dead(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-W * x).min() - 1), float(y.mean())


def _at_kink(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-W * x).min()), float(y.mean())


def _one_alive(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-W * x).max() - 1), float(y.mean())


def _sign_of_weight(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((W * x).min() - 1), float(y.mean())


def _positive_weights_only(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float(-W * x.max() - 1), float(y.mean())


def _without_weight(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-x).min() - 1), float(y.mean())


def _output_zero(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-W * x).min() - 1), 0.0


def _output_sum(x: Vector, y: Vector, W: float) -> tuple[float, float]:
    return float((-W * x).min() - 1), float(y.sum())


dead_unit = Task(
    name="dead_unit", title="Task 5a, a dead unit",
    takes="x, y, W", returns="b1, b2",
    reference=_dead, draw=two_samples, shapes=(1.0, 0.5, 2.0),
    mistakes=(
        Mistake("your unit stands at its kink", "Leave the distance of 1 that is asked for.", _at_kink),
        Mistake("one of the two samples keeps the unit awake", "Both have to be off. Which of the two bounds is "
                "stricter?", _one_alive),
        Mistake("the weight has the wrong sign", "Wx + b₁ = −1 at the sample that is nearest to waking the unit.",
                _sign_of_weight),
        Mistake("your answer is right for positive weights only",
                "If W is negative, which of the two samples has the larger Wx?", _positive_weights_only),
        Mistake("the weight is left out", "The unit sees Wx, and not x.", _without_weight),
        Mistake("the output bias is 0", "With the unit off, the network is the constant b₂. Which constant is best?",
                _output_zero),
        Mistake("the output bias is the sum", "Which constant has the least sum of squares?", _output_sum),
    ),
)

#: In the order of the notebook.
ALL = (twin, kind, hessian_by_differences, delay, dead_unit)
