"""Deterministic descent: gradient descent with three step rules, Newton, Barzilai–Borwein, least squares.

Every method returns the same record, a `Path`, with the number of gradients that had been computed when
each point was reached: the fair currency in which methods are compared. SciPy is imported where used.

Book: ch-gradient-descent
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lecture_code.validation import require, require_count, require_finite, require_positive

Cost = Callable[[np.ndarray], float]
Vector = Callable[[np.ndarray], np.ndarray]
Matrix = Callable[[np.ndarray], np.ndarray]
StepRule = Callable[[Cost, np.ndarray, np.ndarray], float]


class Path(NamedTuple):
    """Where a method went.

    Attributes
    ----------
    theta : (steps + 1, P), the points, the start included
    cost : (steps + 1,)
    gradient_norm : (steps + 1,)
    evaluations : (steps + 1,), gradients computed up to that point; a Jacobian of K outputs counts K
    diverged : the last point is not finite
    """

    theta: np.ndarray
    cost: np.ndarray
    gradient_norm: np.ndarray
    evaluations: np.ndarray
    diverged: bool


class _Recorder:
    """Counts gradients and keeps the accepted points."""

    def __init__(self, cost: Cost, gradient: Vector | None = None):
        self.cost, self._gradient = cost, gradient
        self.evaluations = 0
        self._rows: list[tuple[np.ndarray, float, float, int]] = []

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        self.evaluations += 1
        g = np.asarray(self._gradient(theta), dtype=np.float64)
        require(g.shape == theta.shape, "gradient", f"a function that returns shape {theta.shape}", f"shape {g.shape}")
        return g

    def accept(self, theta: np.ndarray, g: np.ndarray) -> bool:
        """Keep a point; False says that it is not finite."""
        cost = float(self.cost(theta))
        self._rows.append((theta.copy(), cost, float(np.linalg.norm(g)), self.evaluations))
        return bool(np.isfinite(cost) and np.isfinite(theta).all())

    def path(self) -> Path:
        theta, cost, norm, evaluations = map(np.array, zip(*self._rows))
        return Path(theta, cost, norm, evaluations, not (np.isfinite(cost[-1]) and np.isfinite(theta[-1]).all()))


def _start(theta: np.ndarray, steps: int, tolerance: float) -> np.ndarray:
    theta = np.atleast_1d(np.array(theta, dtype=np.float64))
    require(theta.ndim == 1 and theta.size > 0, "theta", "a vector (P,)", f"shape {theta.shape}")
    require_finite("theta", theta)
    require_count("steps", steps)
    require(0 <= tolerance < np.inf, "tolerance", "a finite number >= 0", tolerance)
    return theta


def _matrix(name: str, function: Matrix, theta: np.ndarray, rows: int) -> np.ndarray:
    """Return the Jacobian or Hessian at θ, or raise unless it has `rows` rows and a column for each parameter."""
    A, shape = np.asarray(function(theta)), (rows, len(theta))
    require(A.shape == shape, name, f"a function that returns shape {shape}", f"shape {A.shape}")
    return A


def fixed(eta: float) -> StepRule:
    """Return the rule that always steps by η."""
    require_positive("eta", eta)

    def rule(cost: Cost, theta: np.ndarray, g: np.ndarray) -> float:
        return eta

    return rule


def exact(largest: float = 100.0) -> StepRule:
    """Return the rule that minimises the cost along −g over 0 < α ≤ `largest` (by SciPy's bounded search).

    Book: eq-exact-search
    """
    require_positive("largest", largest)

    def rule(cost: Cost, theta: np.ndarray, g: np.ndarray) -> float:
        from scipy.optimize import minimize_scalar

        # log α, since good steps differ by orders of magnitude
        found = minimize_scalar(lambda t: cost(theta - np.exp(t) * g), bounds=(np.log(1e-8), np.log(largest)),
                                method="bounded", options={"xatol": 1e-10})
        return float(np.exp(found.x))

    return rule


def armijo(first: float = 1.0, c: float = 1e-4, shrink: float = 0.5) -> StepRule:
    """Return backtracking: start at `first`, shrink until C(θ − αg) ≤ C(θ) − cα‖g‖².

    Book: eq-armijo

    Parameters
    ----------
    first : the first α tried
    c : the demanded fraction of the decrease that the slope promises, 0 < c < 1
    shrink : the factor between trials, 0 < shrink < 1
    """
    require_positive("first", first)
    require(0 < c < 1, "c", "a number in (0, 1)", c)
    require(0 < shrink < 1, "shrink", "a number in (0, 1)", shrink)

    def rule(cost: Cost, theta: np.ndarray, g: np.ndarray) -> float:
        alpha, here, slope = first, cost(theta), g @ g
        while alpha > 1e-20 and not cost(theta - alpha * g) <= here - c * alpha * slope:
            alpha *= shrink
        return alpha

    return rule


def gradient_descent(
    cost: Cost, gradient: Vector, theta: np.ndarray, step: float | StepRule, steps: int = 100, tolerance: float = 0.0,
) -> Path:
    """Repeat θ ← θ − α ∇C(θ) until ‖∇C‖ ≤ tolerance, at most `steps` times.

    Book: eq-gd-step

    Parameters
    ----------
    cost : θ ↦ C(θ)
    gradient : θ ↦ ∇C(θ), (P,)
    theta : (P,) start; a number counts as a vector of one entry
    step : a learning rate η, or one of the rules `fixed`, `exact`, `armijo`
    steps : at most so many
    tolerance : stop when the gradient is at most this long
    """
    theta = _start(theta, steps, tolerance)
    rule = step if callable(step) else fixed(step)
    record = _Recorder(cost, gradient)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            g = record.gradient(theta)
            if not record.accept(theta, g) or np.linalg.norm(g) <= tolerance:
                return record.path()
            theta = theta - rule(cost, theta, g) * g
        record.accept(theta, record.gradient(theta))
    return record.path()


def newton(
    cost: Cost, gradient: Vector, hessian: Matrix, theta: np.ndarray, steps: int = 50, tolerance: float = 1e-10,
    hessian_evaluations: int = 1,
) -> Path:
    """Newton's method, made safe: −|H|⁻¹g with the absolute eigenvalues of H, then Armijo backtracking.

    On a convex quadratic the first step lands on the minimiser. The absolute values keep the direction
    one of descent where H is indefinite.

    Book: eq-newton-direction

    Parameters
    ----------
    cost, gradient, theta, steps, tolerance : as for `gradient_descent`
    hessian : θ ↦ ∇²C(θ), (P, P) symmetric
    hessian_evaluations : how many gradients one Hessian costs (2P by central differences)
    """
    theta = _start(theta, steps, tolerance)
    record = _Recorder(cost, gradient)
    for _ in range(steps):
        g = record.gradient(theta)
        if not record.accept(theta, g) or np.linalg.norm(g) <= tolerance:
            return record.path()
        eigenvalues, vectors = np.linalg.eigh(_matrix("hessian", hessian, theta, len(theta)))
        record.evaluations += hessian_evaluations
        size = np.maximum(np.abs(eigenvalues), 1e-8 * np.abs(eigenvalues).max())
        direction = vectors @ ((vectors.T @ g) / size)
        here, slope, alpha = cost(theta), g @ direction, 1.0
        while alpha > 1e-12 and not cost(theta - alpha * direction) <= here - 1e-4 * alpha * slope:
            alpha /= 2
        theta = theta - alpha * direction
    record.accept(theta, record.gradient(theta))
    return record.path()


def barzilai_borwein(
    cost: Cost, gradient: Vector, theta: np.ndarray, first: float = 0.1, steps: int = 100, tolerance: float = 0.0,
    memory: int = 10, largest: float = 1e3,
) -> Path:
    """Gradient descent whose rate is measured from the last step: η = sᵀs / sᵀy, s = Δθ, y = Δ∇C.

    The cost may rise on the way; that is the method, not an error. To keep it from running away on a
    non-convex cost, a step is halved until the cost lies below the largest of the last `memory` ones
    (Raydan's non-monotone rule). Where sᵀy ≤ 0 the surface curves downward, and |sᵀy| is taken.

    Book: eq-barzilai-borwein

    Parameters
    ----------
    cost, gradient, theta, steps, tolerance : as for `gradient_descent`
    first : the rate of the first step, before there is anything to measure
    memory : how many costs the new one is compared with; 1 demands descent at every step
    largest : bound on the rate
    """
    require_positive("first", first)
    require_positive("largest", largest)
    require_count("memory", memory)
    theta = _start(theta, steps, tolerance)
    record, eta = _Recorder(cost, gradient), first
    g, recent = record.gradient(theta), [cost(theta)]
    for _ in range(steps):
        if not record.accept(theta, g) or np.linalg.norm(g) <= tolerance:
            return record.path()
        while eta > 1e-20 and not cost(theta - eta * g) <= max(recent) - 1e-4 * eta * (g @ g):
            eta /= 2
        theta_new = theta - eta * g
        g_new = record.gradient(theta_new)
        s, y = theta_new - theta, g_new - g
        curvature = abs(s @ y)
        eta = min(largest, s @ s / curvature) if curvature > 0 else largest
        theta, g = theta_new, g_new
        recent = [*recent, cost(theta)][-memory:]
    record.accept(theta, g)
    return record.path()


def _half_square(residual: Vector) -> Cost:
    """Return θ ↦ ½‖r(θ)‖², the cost of least squares."""
    def cost(theta: np.ndarray) -> float:
        r = residual(theta)
        return 0.5 * float(r @ r)

    return cost


def levenberg_marquardt(
    residual: Vector, jacobian: Matrix, theta: np.ndarray, damping: float = 1e-2, steps: int = 100,
    tolerance: float = 1e-10, jacobian_evaluations: int = 1,
) -> Path:
    """Minimise C = ½‖r(θ)‖² by steps s that solve (JᵀJ + λI) s = −Jᵀr; λ adapts to success.

    Book: eq-levenberg-marquardt

    Parameters
    ----------
    residual : θ ↦ r(θ), (n,)
    jacobian : θ ↦ ∂r/∂θ, (n, P)
    damping : the first λ: divided by 10 after a step that lowers C, multiplied by 10 after one that does not
    jacobian_evaluations : how many gradients of C one Jacobian costs (K for a network of K outputs)
    theta, steps, tolerance : as for `gradient_descent`; rejected trials count as steps
    """
    require_positive("damping", damping)
    theta = _start(theta, steps, tolerance)

    cost = _half_square(residual)
    record, r = _Recorder(cost), residual(theta)
    J = _matrix("jacobian", jacobian, theta, len(r))
    record.evaluations += jacobian_evaluations
    record.accept(theta, J.T @ r)
    for _ in range(steps):
        if np.linalg.norm(J.T @ r) <= tolerance:
            break
        s = np.linalg.solve(J.T @ J + damping * np.eye(len(theta)), -J.T @ r)
        if cost(theta + s) < cost(theta):
            theta, damping = theta + s, damping / 10
            r = residual(theta)
            J = _matrix("jacobian", jacobian, theta, len(r))
            record.evaluations += jacobian_evaluations
            record.accept(theta, J.T @ r)
        else:
            damping *= 10
    return record.path()


def bfgs(cost: Cost, gradient: Vector, theta: np.ndarray, steps: int = 200, tolerance: float = 1e-10) -> Path:
    """SciPy's BFGS, with the same record as the other methods."""
    from scipy.optimize import minimize

    theta = _start(theta, steps, tolerance)
    record = _Recorder(cost, gradient)
    record.accept(theta, record.gradient(theta))

    def keep(point: np.ndarray) -> None:
        record.accept(point, gradient(point))  # the norm for the record is not charged to the method

    minimize(cost, theta, jac=record.gradient, method="BFGS", callback=keep,
             options={"maxiter": steps, "gtol": tolerance})
    return record.path()


def trust_region(
    residual: Vector, jacobian: Matrix, theta: np.ndarray, steps: int = 200, tolerance: float = 1e-12,
    jacobian_evaluations: int = 1,
) -> Path:
    """SciPy's trust-region least squares (`trf`) on r(θ), with the same record as the other methods."""
    from scipy.optimize import least_squares

    theta = _start(theta, steps, tolerance)

    record = _Recorder(_half_square(residual))

    def counted(point: np.ndarray) -> np.ndarray:
        r = residual(point)
        J = _matrix("jacobian", jacobian, point, len(r))
        record.evaluations += jacobian_evaluations  # trf asks for J once at the start and at every accepted point
        record.accept(point, J.T @ r)
        return J

    least_squares(residual, theta, jac=counted, method="trf", max_nfev=steps, gtol=tolerance, ftol=tolerance,
                  xtol=tolerance)
    return record.path()
