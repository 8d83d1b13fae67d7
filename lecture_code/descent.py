"""Deterministic descent: gradient descent with three step rules, Newton, Barzilai–Borwein, least squares.

A method is written as it is read: it yields every point that it accepts, with the gradient there. Called, it
returns a `Path`, the same record for all, with the number of gradients that had been computed when each point was
reached: the fair currency in which methods are compared. SciPy is imported where used.

Book: ch-gradient-descent
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from lecture_code.numerics import MatrixFunction, ScalarFunction, VectorFunction
from lecture_code.validation import require, require_count, require_positive, require_vector

StepRule = Callable[[ScalarFunction, np.ndarray, np.ndarray], float]
Points = Iterator[tuple[np.ndarray, np.ndarray]]  # (θ, ∇C(θ)), one for each point that a method accepts


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

    def __init__(self, cost: ScalarFunction):
        self.cost = cost
        self.evaluations = 0
        self._rows: list[tuple[np.ndarray, float, float, int]] = []

    def counted(self, name: str, function: VectorFunction, shape: tuple[int, ...], price: int = 1) -> VectorFunction:
        """Return the function, which now adds its price at each call and raises unless its result has the shape."""

        def counted(theta: np.ndarray) -> np.ndarray:
            self.evaluations += price
            A = np.asarray(function(theta), dtype=np.float64)
            require(A.shape == shape, name, f"a function that returns shape {shape}", f"shape {A.shape}")
            return A

        return counted

    def accept(self, theta: np.ndarray, g: np.ndarray) -> bool:
        """Keep a point; False says that it is not finite."""
        cost = float(self.cost(theta))
        self._rows.append((theta.copy(), cost, float(np.linalg.norm(g)), self.evaluations))
        return bool(np.isfinite(cost) and np.isfinite(theta).all())

    def path(self) -> Path:
        theta, cost, norm, evaluations = map(np.array, zip(*self._rows))
        return Path(theta, cost, norm, evaluations, not (np.isfinite(cost[-1]) and np.isfinite(theta[-1]).all()))


def _recorded(method: Callable[..., Points]) -> Callable[..., Path]:
    """Return the method as a function that checks its start, follows its points and returns their `Path`."""

    @wraps(method)
    def run(*args: Any, **options: Any) -> Path:
        bound = signature(method).bind(*args, **options)
        bound.apply_defaults()
        given = bound.arguments
        theta = given["theta"] = _start(given["theta"], given["steps"], given["tolerance"])
        record = _Recorder(given["cost"] if "cost" in given else _half_square(given["residual"]))
        for name in {"gradient", "hessian", "jacobian"} & given.keys():
            rows = np.size(given["residual"](theta)) if name == "jacobian" else theta.size
            shape = (theta.size,) if name == "gradient" else (rows, theta.size)
            given[name] = record.counted(name, given[name], shape, given.get(f"{name}_evaluations", 1))
        with np.errstate(over="ignore", invalid="ignore"):  # a walk that diverges is recorded, not warned of
            for theta, g in method(**given):
                if not record.accept(theta, g) or np.linalg.norm(g) <= given["tolerance"]:
                    break
        return record.path()

    run.__annotations__["return"] = "Path"
    return run


def _start(theta: np.ndarray, steps: int, tolerance: float) -> np.ndarray:
    require_count("steps", steps)
    require(0 <= tolerance < np.inf, "tolerance", "a finite number >= 0", tolerance)
    return require_vector("theta", np.atleast_1d(np.array(theta, dtype=np.float64)))


def _half_square(residual: VectorFunction) -> ScalarFunction:
    """Return θ ↦ ½‖r(θ)‖², the cost of least squares."""

    def cost(theta: np.ndarray) -> float:
        r = residual(theta)
        return 0.5 * float(r @ r)

    return cost


def fixed(eta: float) -> StepRule:
    """Return the rule that always steps by η."""
    require_positive("eta", eta)

    def rule(cost: ScalarFunction, theta: np.ndarray, g: np.ndarray) -> float:
        return eta

    return rule


def exact(largest: float = 100.0) -> StepRule:
    """Return the rule that minimises the cost along −g over 0 < α ≤ `largest` (by SciPy's bounded search).

    Book: eq-exact-search
    """
    require_positive("largest", largest)

    def rule(cost: ScalarFunction, theta: np.ndarray, g: np.ndarray) -> float:
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

    def rule(cost: ScalarFunction, theta: np.ndarray, g: np.ndarray) -> float:
        alpha, here, slope = first, cost(theta), g @ g
        while alpha > 1e-20 and not cost(theta - alpha * g) <= here - c * alpha * slope:
            alpha *= shrink
        return alpha

    return rule


@_recorded
def gradient_descent(
    cost: ScalarFunction, gradient: VectorFunction, theta: np.ndarray, step: float | StepRule, steps: int = 100,
    tolerance: float = 0.0,
) -> Points:
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
    rule = step if callable(step) else fixed(step)
    for _ in range(steps):
        g = gradient(theta)
        yield theta, g
        theta = theta - rule(cost, theta, g) * g
    yield theta, gradient(theta)


@_recorded
def newton(
    cost: ScalarFunction, gradient: VectorFunction, hessian: MatrixFunction, theta: np.ndarray, steps: int = 50,
    tolerance: float = 1e-10, hessian_evaluations: int = 1,
) -> Points:
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
    for _ in range(steps):
        g = gradient(theta)
        yield theta, g
        d = _solve_absolute(hessian(theta), g)
        alpha, here, slope = 1.0, cost(theta), g @ d
        while alpha > 1e-12 and not cost(theta - alpha * d) <= here - 1e-4 * alpha * slope:
            alpha /= 2
        theta = theta - alpha * d
    yield theta, gradient(theta)


def _solve_absolute(H: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return |H|⁻¹g; an eigenvalue counts for at least 1e-8 of the largest."""
    eigenvalues, vectors = np.linalg.eigh(H)
    size = np.maximum(np.abs(eigenvalues), 1e-8 * np.abs(eigenvalues).max())
    return vectors @ ((vectors.T @ g) / size)


@_recorded
def barzilai_borwein(
    cost: ScalarFunction, gradient: VectorFunction, theta: np.ndarray, first: float = 0.1, steps: int = 100,
    tolerance: float = 0.0, memory: int = 10, largest: float = 1e3,
) -> Points:
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
    g, eta, costs = gradient(theta), first, [cost(theta)]
    yield theta, g
    for _ in range(steps):
        while eta > 1e-20 and not cost(theta - eta * g) <= max(costs[-memory:]) - 1e-4 * eta * (g @ g):
            eta /= 2
        theta_old, g_old = theta, g
        theta = theta_old - eta * g_old
        g = gradient(theta)
        yield theta, g
        s, y = theta - theta_old, g - g_old
        eta = min(largest, s @ s / abs(s @ y)) if s @ y != 0 else largest
        costs.append(cost(theta))


@_recorded
def levenberg_marquardt(
    residual: VectorFunction, jacobian: MatrixFunction, theta: np.ndarray, damping: float = 1e-2, steps: int = 100,
    tolerance: float = 1e-10, jacobian_evaluations: int = 1,
) -> Points:
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
    r, J = residual(theta), jacobian(theta)
    yield theta, J.T @ r
    for _ in range(steps):
        s = np.linalg.solve(J.T @ J + damping * np.eye(len(theta)), -J.T @ r)
        r_new = residual(theta + s)
        if r_new @ r_new < r @ r:
            theta, damping = theta + s, damping / 10
            r, J = r_new, jacobian(theta)
            yield theta, J.T @ r
        else:
            damping *= 10


def bfgs(
    cost: ScalarFunction, gradient: VectorFunction, theta: np.ndarray, steps: int = 200, tolerance: float = 1e-10
) -> Path:
    """SciPy's BFGS, with the same record as the other methods."""
    from scipy.optimize import minimize

    theta = _start(theta, steps, tolerance)
    record = _Recorder(cost)
    counted = record.counted("gradient", gradient, theta.shape)
    record.accept(theta, counted(theta))

    def keep(point: np.ndarray) -> None:
        record.accept(point, gradient(point))  # the norm for the record is not charged to the method

    minimize(cost, theta, jac=counted, method="BFGS", callback=keep, options={"maxiter": steps, "gtol": tolerance})
    return record.path()


def trust_region(
    residual: VectorFunction, jacobian: MatrixFunction, theta: np.ndarray, steps: int = 200, tolerance: float = 1e-12,
    jacobian_evaluations: int = 1,
) -> Path:
    """SciPy's trust-region least squares (`trf`) on r(θ), with the same record as the other methods."""
    from scipy.optimize import least_squares

    theta = _start(theta, steps, tolerance)
    record = _Recorder(_half_square(residual))
    counted = record.counted("jacobian", jacobian, (np.size(residual(theta)), theta.size), jacobian_evaluations)

    def kept(point: np.ndarray) -> np.ndarray:
        J = counted(point)  # trf asks for J once at the start and at every accepted point
        record.accept(point, J.T @ residual(point))
        return J

    least_squares(residual, theta, jac=kept, method="trf", max_nfev=steps, gtol=tolerance, ftol=tolerance,
                  xtol=tolerance)
    return record.path()
