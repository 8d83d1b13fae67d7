"""The tasks of the chapter on loss landscapes. A network is W₁, b₁, W₂, b₂: one hidden layer, biases as columns."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log, log10

import numpy as np

from lecture_code.feedback import task

Vector = np.ndarray
Matrix = np.ndarray


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


@task("Task 1a: a twin", returns="W1, b1, W2, b2", points=2,
      draw=network_and_order, shapes=((2, 2, 3), (3, 4, 2), (2, 5, 3)))
def twin(W1, b1, W2, b2, order):
    return W1[order], b1[order], W2[:, order], b2


twin.mistake("the biases of the hidden units stay behind",
    "What belongs to a hidden unit: which row, which entry, which column?",
    lambda W1, b1, W2, b2, order: (W1[order], b1, W2[:, order], b2))
twin.mistake("the outgoing weights stay behind", "Column j of W₂ is multiplied by the activation of hidden unit j.",
    lambda W1, b1, W2, b2, order: (W1[order], b1[order], W2, b2))
twin.mistake("the incoming weights stay behind", "Row j of W₁ belongs to hidden unit j.",
    lambda W1, b1, W2, b2, order: (W1, b1[order], W2[:, order], b2))
twin.mistake("rows and columns are ordered in opposite directions",
    "New unit j is old unit `order[j]`, for its row and for its column.",
    lambda W1, b1, W2, b2, order: (W1[order], b1[order], W2[:, np.argsort(order)], b2))
twin.mistake("your order is the inverse of the one that is asked for",
    "Your twin is a good one, only another: new unit j is to be old unit `order[j]`.", order=np.argsort)
twin.mistake("nothing has moved", "Is your result another point of the parameter space?",
    lambda W1, b1, W2, b2, order: (W1, b1, W2, b2))
twin.mistake("the biases go the other way round", "New unit j is old unit `order[j]`, its bias included.",
    lambda W1, b1, W2, b2, order: (W1[order], b1[np.argsort(order)], W2[:, order], b2))


# ---------------------------------------------------------------- Task 2: kinds of critical points

MINIMUM, MAXIMUM, SADDLE, DEGENERATE = range(4)


def hessians(rng: np.random.Generator, P: int) -> tuple[Matrix]:
    """Return a symmetric matrix with eigenvalues of chosen signs, zeros among them at times.

    Its eigenvectors are whole numbers, the columns of a reflection, so that most of its entries have few digits.
    """
    v = 1 + rng.permutation(5)[:P]
    Q = v @ v * np.eye(P) - 2 * np.outer(v, v)
    sizes = 1.0 + rng.integers(0, 3, P)
    sizes[0] *= rng.choice([1, 3e-7, 1e-10])  # small and yet no zero, or no zero and counted as one
    signs = [np.ones(P), -np.ones(P), rng.choice([-1, 1], P), rng.choice([0, 1], P), rng.choice([-1, 0, 1], P),
             -rng.choice([0, 1], P)][rng.integers(6)]
    H = Q @ np.diag(sizes * signs) @ Q.T * 1e9 / 10.0 ** rng.integers(0, 19)
    return ((H + H.T) / 2,)


def _signs(H: Matrix, zero: Callable) -> tuple[int, int]:
    """Return how many eigenvalues are positive and how many are negative; up to the size `zero` they are zero."""
    eigenvalues = np.linalg.eigvalsh(H)
    return (eigenvalues > zero(eigenvalues)).sum(), (eigenvalues < -zero(eigenvalues)).sum()


def _kind(up: int, down: int, H: Matrix) -> int:
    if up and down:
        return SADDLE
    return MINIMUM if up == len(H) else MAXIMUM if down == len(H) else DEGENERATE


def _by_determinant(H: Matrix, other: float) -> int:
    det = np.linalg.det(H)
    return SADDLE if det < 0 else DEGENERATE if det == 0 else MINIMUM if other > 0 else MAXIMUM


@task("Task 2: minimum, maximum, saddle, or undecided", returns="kind", points=3, draw=hessians,
      shapes=(2, 3, 4, 5), seeds=12)
def kind(H, *, zero=lambda e: 1e-8 * np.abs(e).max(), of=_kind):
    return of(*_signs(H, zero), H)


kind.mistake("a zero eigenvalue beside positive ones counts as a minimum for you",
    "x⁴ and x³ have the same second derivative at 0.",
    of=lambda up, down, H: SADDLE if up and down else MINIMUM if up or not down else MAXIMUM)
kind.mistake("a zero eigenvalue makes every point degenerate for you",
    "If it goes up on one line and down on another, does a third line matter?",
    of=lambda up, down, H: DEGENERATE if up + down < len(H) else MAXIMUM if not up else SADDLE if down else MINIMUM)
kind.mistake("rounding errors count as signs for you",
    "An eigenvalue that is zero on paper comes out as 1e-17 or −1e-17. Compare with a small number, relative to the "
    "largest eigenvalue.", zero=lambda e: 0)
kind.mistake("every other point is a saddle for you, and rounding errors count as signs",
    "A saddle needs both signs. What remains if an eigenvalue is zero on paper? It comes out as 1e-17 or −1e-17.",
    zero=lambda e: 0, of=lambda up, down, H: MINIMUM if up == len(H) else MAXIMUM if down == len(H) else SADDLE)
kind.mistake("a zero eigenvalue counts as positive or negative for you, and rounding errors count as signs",
    "x⁴ and x³ have the same second derivative at 0. And an eigenvalue that is zero on paper comes out as 1e-17 or "
    "−1e-17.",
    zero=lambda e: 0, of=lambda up, down, H: MINIMUM if not down else MAXIMUM if not up else SADDLE)
kind.mistake("what counts as zero for you is the same for every H",
    "If H is multiplied by 1e-9, its eigenvalues are, too, and the kind stays. With what should they be compared?",
    zero=lambda e: 1e-8)
kind.mistake("you compare with the last eigenvalue, which may not be the largest in size",
    "Of −5, −3 and 0, which one is the largest in size?", zero=lambda e: 1e-8 * e.max())
kind.mistake("you look at the diagonal of H",
    "The signs of the eigenvalues decide. [[1, 5], [5, 1]] has a positive and a negative eigenvalue.",
    H=lambda H: np.diag(np.diag(H)))
kind.mistake("you use the rule with the determinant",
    "That rule is for two dimensions. diag(−1, −1, 1) has a positive determinant.",
    of=lambda up, down, H:
        DEGENERATE if up + down < len(H) else SADDLE if down % 2 else MINIMUM if H[0, 0] > 0 else MAXIMUM)
kind.mistake("you use the rule with the determinant, and compare it with 0",
    "That rule is for two dimensions. diag(−1, −1, 1) has a positive determinant. And what is zero on paper comes out as "
    "a small number of either sign.", lambda H: _by_determinant(H, H[0, 0]))
kind.mistake("you use the rule with the determinant and the trace, and compare them with 0",
    "That rule is for two dimensions. diag(−1, −1, 3) has both positive. And what is zero on paper comes out as a small "
    "number of either sign.", lambda H: _by_determinant(H, np.trace(H)))
kind.mistake("you look at the trace", "The sum of the eigenvalues says little about their signs.",
    of=lambda up, down, H: SADDLE if up and down else MINIMUM if np.trace(H) > 0 else MAXIMUM)
kind.mistake("minimum and maximum are exchanged", "Does x² curve up or down?", H=np.negative)
kind.mistake("you call every other point a saddle",
    "A saddle needs both signs. What remains if there is a zero among positive ones?",
    of=lambda up, down, H: MINIMUM if up == len(H) else MAXIMUM if down == len(H) else SADDLE)


# ---------------------------------------------------------------- Task 3: the largest eigenvalue by differences

def quadratic_and_kink(rng: np.random.Generator, P: int) -> tuple[Callable, Vector, float]:
    """Return a gradient whose differences depend on Δ and are not quite symmetric, a point, and Δ."""
    A = rng.normal(size=(P, P)).round(1)
    A = A + A.T + 0.01 * rng.normal(size=(P, P))  # a gradient with errors of its own: not quite symmetric
    cubic = 40 * rng.normal(size=P).round(1)

    def gradient(theta: Vector) -> Vector:
        return A @ theta + cubic * theta**3

    return gradient, rng.normal(size=P).round(1), float(rng.choice([1e-3, 3e-3, 1e-2]))


def _differences(gradient: Callable, theta: Vector, delta: float) -> Matrix:
    return np.array([(gradient(theta + delta * e) - gradient(theta - delta * e)) / (2 * delta)
                     for e in np.eye(len(theta))])


def _symmetric(H: Matrix) -> Matrix:
    return (H + H.T) / 2


@task("Task 3a: a Hessian that lies", returns="H", points=2,
      draw=quadratic_and_kink, shapes=(2, 3, 5), rtol=1e-8)
def hessian_by_differences(gradient, theta, delta):
    return _symmetric(_differences(gradient, theta, delta))


@hessian_by_differences.mistake("your differences are one-sided",
    "Step by Δ to both sides, and divide by the distance of the two points.")
def _(gradient, theta, delta):
    return _symmetric(np.array([(gradient(theta + delta * e) - gradient(theta)) / delta for e in np.eye(len(theta))]))


hessian_by_differences.mistake("the matrix is not made symmetric", "Take the mean of the matrix and its transpose.",
    _differences)
hessian_by_differences.mistake("your columns are right, and the matrix is not made symmetric",
    "Take the mean of the matrix and its transpose.", lambda *given: _differences(*given).T)
hessian_by_differences.mistake("you use a Δ of your own", "The third argument says how far to step.",
    delta=lambda delta: 1e-5)
hessian_by_differences.mistake("every entry is twice as large as it should be",
    "How far apart are the two points? And does the mean of the matrix and its transpose have its ½?",
    result=lambda H: 2 * H)
hessian_by_differences.mistake("the division is missing", "A difference is no derivative yet.",
    lambda gradient, theta, delta: 2 * delta * _symmetric(_differences(gradient, theta, delta)))
hessian_by_differences.mistake("you divide by 2 and multiply by Δ",
    "Python reads from left to right: a / 2 * b is (a / 2)·b. What belongs in brackets?",
    lambda gradient, theta, delta: delta**2 * _symmetric(_differences(gradient, theta, delta)))


def _at_once(gradient: Callable, theta: Vector, delta: float) -> Vector:
    return (gradient(theta + delta) - gradient(theta - delta)) / (2 * delta)


hessian_by_differences.mistake("all coordinates are moved at once", "Column i needs a step in coordinate i alone.",
    lambda gradient, theta, delta: _symmetric(np.tile(_at_once(gradient, theta, delta), (len(theta), 1))))
hessian_by_differences.mistake("all coordinates are moved at once, and the matrix is not made symmetric",
    "Column i needs a step in coordinate i alone.",
    lambda gradient, theta, delta: np.tile(_at_once(gradient, theta, delta), (len(theta), 1)))
hessian_by_differences.mistake("all coordinates are moved at once, and you return this one column",
    "Column i needs a step in coordinate i alone.", _at_once)
hessian_by_differences.mistake("only the diagonal is computed",
    "A step in one coordinate changes all entries of the gradient.", result=lambda H: np.diag(np.diag(H)))
hessian_by_differences.mistake("the differences are taken at 0", "They belong at θ.", theta=lambda theta: 0 * theta)
hessian_by_differences.mistake("you divide by Δ once too often",
    "These are differences of the gradient, not second differences of the cost.",
    lambda gradient, theta, delta: _symmetric(_differences(gradient, theta, delta)) / delta)


# ---------------------------------------------------------------- Task 4: the delay of a saddle

def saddle_start(rng: np.random.Generator, size: int) -> tuple[float, float, float]:
    """Return the start x₂, the rate η, and the negative curvature λ of C = … − ½λx₂²; for 0, a walk that meets 1."""
    if size == 0:
        return 1 / float(rng.choice([2, 4])), *((0.5, 2.0), (0.25, 4.0))[rng.integers(2)]
    return (round(float(rng.uniform(1, 9)) * 10.0**-size, size + 2), round(float(rng.uniform(0.03, 0.4)), 2),
            round(float(rng.uniform(0.5, 3)), 1))


@task("Task 4: the delay of a saddle", returns="steps", points=2, draw=saddle_start, shapes=(2, 0, 10, 30))
def delay(x2, eta, lam):
    return int(np.ceil(np.log(1 / x2) / np.log(1 + eta * lam)))


delay.mistake("your number of steps is negative",
    "x₂ is below 1, and its logarithm is negative. With which sign does it enter the solution for k?",
    slip={"1 / x2": "x2"})
delay.mistake("your x₂ shrinks in every step: its factor is 1 − ηλ, and so your number of steps is negative",
    "A step is −η times the slope, and the slope of −½λx₂² is −λx₂.", slip={"1 + eta": "1 - eta"})
delay.mistake("your x₂ shrinks in every step: its factor is 1 − ηλ",
    "A step is −η times the slope, and the slope of −½λx₂² is −λx₂.", slip={"1 / x2": "x2", "1 + eta": "1 - eta"})
delay.mistake("you round down", "After that many steps, has |x₂| reached 1?",
    lambda x2, eta, lam: int(log(1 / x2) / log(1 + eta * lam)))
delay.mistake("you take one step more where the walk meets 1 exactly",
    "From ¼, with factors of 2: after how many steps is x₂ at least 1?",
    lambda x2, eta, lam: int(log(1 / x2) / log(1 + eta * lam)) + 1)
delay.mistake("the curvature is always 2 for you", "C = … − ½λx₂². What is its slope in x₂?",
    lambda x2, eta, lam: ceil(log(1 / x2) / log(1 + 2 * eta)))
delay.mistake("the curvature is doubled", "C = … − ½λx₂², with the ½. What is its slope in x₂?",
    eta=lambda eta: 2 * eta)
delay.mistake("you take the growth of a continuous flow", "A step multiplies by 1 + ηλ. Is that e to the power ηλ?",
    lambda x2, eta, lam: ceil(log(1 / x2) / (eta * lam)))
delay.mistake("two kinds of logarithm are mixed", "Numerator and denominator need the same base.",
    lambda x2, eta, lam: ceil(log10(1 / x2) / log(1 + eta * lam)))
delay.mistake("your x₂ grows by the same amount in every step", "The step is proportional to x₂.",
    lambda x2, eta, lam: ceil(min(1e15, 1 / (x2 * eta * lam))))
delay.mistake("your factor is that of a valley", "In which direction does the gradient push x₂?",
    lambda x2, eta, lam: ceil(log(1 / x2) / -log(abs(1 - eta * lam))))


# ---------------------------------------------------------------- Task 5: a dead unit

def two_samples(rng: np.random.Generator, spread: float) -> tuple[Vector, Vector, float]:
    """Return two different places and heights, and a weight W of either sign."""
    x = (rng.choice(np.arange(-20, 21), 2, replace=False) / 10 * spread).round(2)
    y = rng.choice(np.arange(-30, 31), 2, replace=False) / 10
    return x, y, round(float(rng.choice([-1, 1]) * rng.uniform(0.5, 2)), 1)


@task("Task 5a: minima that are not global", returns="b1, b2", points=2, draw=two_samples, shapes=(1.0, 0.5, 2.0))
def dead_unit(x, y, W):
    return (-W * x).min() - 1, y.mean()


dead_unit.mistake("your unit stands at its kink", "Leave the distance of 1 that is asked for.",
    lambda x, y, W: ((-W * x).min(), y.mean()))
dead_unit.mistake("one of the two samples keeps the unit awake",
    "Both have to be off. Which of the two bounds is stricter?", lambda x, y, W: ((-W * x).max() - 1, y.mean()))
dead_unit.mistake("the weight has the wrong sign", "Wx + b₁ = −1 at the sample that is nearest to waking the unit.",
    lambda x, y, W: ((W * x).min() - 1, y.mean()))
dead_unit.mistake("your answer is right for positive weights only",
    "If W is negative, which of the two samples has the larger Wx?", lambda x, y, W: (-W * x.max() - 1, y.mean()))
dead_unit.mistake("the weight is left out", "The unit sees Wx, and not x.", lambda x, y, W: ((-x).min() - 1, y.mean()))
dead_unit.mistake("the output bias is 0", "With the unit off, the network is the constant b₂. Which constant is best?",
    lambda x, y, W: ((-W * x).min() - 1, 0))
dead_unit.mistake("the output bias is the sum", "Which constant has the least sum of squares?",
    lambda x, y, W: ((-W * x).min() - 1, y.sum()))

#: In the order of the notebook.
ALL = (twin, kind, hessian_by_differences, delay, dead_unit)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1b: a twin": 4, "Task 3b: a Hessian that lies": 2, "Task 4: the delay of a saddle": 2,
    "Task 5b: minima that are not global": 4, "Task 5c: minima that are not global": 6}
