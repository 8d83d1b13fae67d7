"""Is a gradient right? Compare it with differences of the function.

Central differences reach about ten digits; the complex step reaches full precision where the function accepts
complex numbers.

Book: ch-backpropagation
"""

from __future__ import annotations

import warnings

import numpy as np

from lecture_code.numerics import ScalarFunction
from lecture_code.validation import require, require_finite, require_positive

EPS = np.finfo(np.float64).eps


def _number(value: complex) -> complex:
    """Return the value of f, or raise unless it is one number."""
    require(np.size(value) == 1, "f", "a function that returns a number", f"shape {np.shape(value)}")
    return np.asarray(value).item()


def _steps(theta: np.ndarray, delta: float | None) -> np.ndarray:
    """Return the step for each entry: Δ, or by default ε^⅓ max(1, |θ_i|), where the two errors balance."""
    return np.broadcast_to(EPS ** (1 / 3) * np.maximum(1, np.abs(theta)) if delta is None else delta, theta.shape)


def central_difference(f: ScalarFunction, theta: np.ndarray, delta: float | None = None) -> np.ndarray:
    """Return (f(θ + Δe_i) − f(θ − Δe_i)) / 2Δ for every entry i; the shape is that of θ.

    The curvature of f spoils this by about Δ²f‴/6, rounding by about ε|f|/Δ with ε = 2.2e-16.

    Book: eq-central-difference

    Parameters
    ----------
    f : θ ↦ a number
    theta : where
    delta : the step Δ; by default 6e-6 max(1, |θ_i|), best where f, f‴ and θ are of moderate size
    """
    theta = _point(theta, delta)
    return _differences(f, theta, _steps(theta, delta))[0]


def _differences(f: ScalarFunction, theta: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the central differences, and the largest |f| met on the way."""
    gradient, largest = np.empty_like(theta), 0.0
    for i in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[i] = steps[i]
        above, below = _number(f(theta + step)), _number(f(theta - step))
        gradient[i] = (above - below) / (2 * steps[i])
        largest = max(largest, abs(above), abs(below))
    return gradient, largest


def _point(theta: np.ndarray, delta: float | None, dtype: type = np.float64) -> np.ndarray:
    """Return a copy of θ, or raise unless it is finite and Δ > 0: the caller's array is never touched."""
    if delta is not None:
        require_positive("delta", delta)
    theta = np.array(theta, dtype=dtype)
    require_finite("theta", theta)
    return theta


def complex_step(f: ScalarFunction, theta: np.ndarray, delta: float = 1e-30) -> np.ndarray:
    """Return Im f(θ + iΔe_j) / Δ for every entry j: no subtraction, hence no cancellation.

    f must be built from operations that are analytic in θ (no abs, no conjugation).
    """
    theta = _point(theta, delta, np.complex128)
    gradient = np.empty(theta.shape)
    for j in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[j] = 1j * delta
        gradient[j] = _number(f(theta + step)).imag / delta
    return gradient


def check_gradient(
    f: ScalarFunction, gradient: np.ndarray, theta: np.ndarray, delta: float | None = None, tolerance: float = 1e-6
) -> float:
    """Compare a gradient with central differences, entry by entry.

    Differences resolve no more than their rounding, r = 4ε max|f| / Δ: about 1e-10 for costs around 1. An error
    below r is no verdict against the gradient. Where every entry is that small, as in a saturated network, nothing
    has been checked at all, and a warning says so; `complex_step` can then tell.

    Parameters
    ----------
    f : θ ↦ a number
    gradient : what you believe ∇f(θ) to be; the shape of θ
    theta : where
    delta : the step Δ of the differences; by default as for `central_difference`
    tolerance : the largest error allowed, relative to the largest entry of either gradient

    Returns
    -------
    the largest relative error, which is above the tolerance only where differences cannot resolve it

    Raises
    ------
    ValueError
        If the shapes differ, or there is no entry.
    AssertionError
        Naming the worst entry, both values, the step and r, if an error exceeds both the tolerance and r.
    """
    require_positive("tolerance", tolerance)
    gradient = np.asarray(gradient)
    require(gradient.shape == np.shape(theta), "gradient", f"the shape {np.shape(theta)} of theta", gradient.shape)
    require(gradient.size > 0, "theta", "at least one entry", f"shape {np.shape(theta)}")
    theta = _point(theta, delta)
    steps = _steps(theta, delta)
    numerical, largest = _differences(f, theta, steps)
    resolution = 4 * EPS * largest / steps
    scale = max(np.abs(gradient).max(), np.abs(numerical).max(), np.finfo(float).tiny)
    difference = np.abs(gradient - numerical)
    allowed = np.maximum(tolerance * scale, resolution)
    with np.errstate(invalid="ignore"):  # inf / inf: not a number, and so not allowed
        share, error = difference / allowed, difference / scale
    worst = np.unravel_index(np.argmax(share), share.shape)
    if not share[worst] <= 1:
        raise AssertionError(
            f"entry {tuple(map(int, worst))}: the gradient says {gradient[worst]:.6g}, central differences with "
            f"delta = {steps[worst]:.3g} say {numerical[worst]:.6g} (relative error {error[worst]:.1e}; "
            f"they resolve {resolution[worst]:.0e})")
    if gradient.any() and scale <= resolution.max():
        warnings.warn(f"nothing was checked: no entry is larger than {scale:.1e}, and differences resolve "
                      f"{resolution.max():.0e}; use complex_step", stacklevel=2)
    return float(error.max())
