"""Is a gradient right? Compare it with differences of the function.

Central differences reach about ten digits at Δ = 1e-6 on functions of moderate size; the complex step
reaches full precision where the function accepts complex numbers.

Book: ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.validation import require, require_finite, require_positive

Function = Callable[[np.ndarray], float]


def _number(value: complex) -> complex:
    """Return the value of f, or raise unless it is one number."""
    require(np.size(value) == 1, "f", "a function that returns a number", f"shape {np.shape(value)}")
    return np.asarray(value).item()


def central_difference(f: Function, theta: np.ndarray, delta: float = 1e-6) -> np.ndarray:
    """Return (f(θ + Δe_i) − f(θ − Δe_i)) / 2Δ for every entry i; the shape is that of θ.

    Book: eq-central-difference
    """
    require_positive("delta", delta)
    theta = np.array(theta, dtype=np.float64)  # a copy: the caller's array is never touched
    require_finite("theta", theta)
    gradient = np.empty_like(theta)
    for i in np.ndindex(theta.shape):
        kept = theta[i]
        theta[i] = kept + delta
        above = _number(f(theta))
        theta[i] = kept - delta
        below = _number(f(theta))
        theta[i] = kept
        gradient[i] = (above - below) / (2 * delta)
    return gradient


def complex_step(f: Function, theta: np.ndarray, delta: float = 1e-30) -> np.ndarray:
    """Return Im f(θ + iΔe_j) / Δ for every entry j: no subtraction, hence no cancellation.

    f must be built from operations that are analytic in θ (no abs, no conjugation).
    """
    require_positive("delta", delta)
    theta = np.array(theta, dtype=np.complex128)
    require_finite("theta", theta)
    gradient = np.empty(theta.shape)
    for j in np.ndindex(theta.shape):
        kept = theta[j]
        theta[j] = kept + 1j * delta
        gradient[j] = _number(f(theta)).imag / delta
        theta[j] = kept
    return gradient


def check_gradient(
    f: Function, gradient: np.ndarray, theta: np.ndarray, delta: float = 1e-6, tolerance: float = 1e-6
) -> float:
    """Compare a gradient with central differences, entry by entry.

    Parameters
    ----------
    f : θ ↦ a number
    gradient : what you believe ∇f(θ) to be; the shape of θ
    theta : where
    delta : the step Δ of the differences
    tolerance : the largest error allowed, relative to the largest entry of either gradient

    Returns
    -------
    the largest relative error

    Raises
    ------
    ValueError
        If the shapes differ.
    AssertionError
        Naming the worst entry, both values and the step, if the error exceeds the tolerance.
    """
    require_positive("tolerance", tolerance)
    gradient = np.asarray(gradient)
    require(gradient.shape == np.shape(theta), "gradient", f"the shape {np.shape(theta)} of theta", gradient.shape)
    numerical = central_difference(f, theta, delta)
    difference = np.abs(gradient - numerical)
    scale = max(np.abs(gradient).max(), np.abs(numerical).max(), np.finfo(float).tiny)
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(difference), difference.shape))
    with np.errstate(invalid="ignore"):  # inf / inf: not a number, and so not within the tolerance
        error = float(difference[worst] / scale)
    if not error <= tolerance:
        raise AssertionError(
            f"entry {worst}: the gradient says {gradient[worst]:.6g}, central differences with "
            f"delta = {delta:g} say {numerical[worst]:.6g} (relative error {error:.1e})"
        )
    return error
