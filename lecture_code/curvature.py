"""How a cost curves: Hessians by differences of gradients, kinds of critical points, slices of a loss surface.

Book: ch-gradient-descent
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lecture_code.numerics import ScalarFunction, VectorFunction
from lecture_code.validation import require, require_finite, require_positive, require_vector

Unpack = Callable[[np.ndarray], tuple[Sequence, Sequence]]


def hessian(gradient: VectorFunction, theta: np.ndarray, delta: float = 1e-5) -> np.ndarray:
    """Return ½(A + Aᵀ), where column j of A is (∇C(θ + Δe_j) − ∇C(θ − Δe_j)) / 2Δ.

    Within Δ of a kink, as many a point of a ReLU network is, the jump of the gradient is taken for curvature: it adds
    jump/2Δ to the entries, which can be more than all true ones. So everything is computed with Δ/2, too, which takes
    4P gradients in all, and a warning says where the two differ by more than a hundredth of the largest entry.

    Parameters
    ----------
    gradient : θ ↦ ∇C(θ), (P,)
    theta : (P,), where
    delta : the step Δ; the error is about Δ² by curvature and 1e-16 / Δ by rounding

    Returns
    -------
    array (P, P), symmetric

    Raises
    ------
    ValueError
        If theta is not a finite vector, the gradient has another shape, or Δ ≤ 0.
    """
    theta = require_vector("theta", theta)
    H = _hessian(gradient, theta, delta)
    difference = np.abs(H - _hessian(gradient, theta, delta / 2)).max()
    rounding = 1e-14 * np.abs(gradient(theta)).max() / delta
    if difference > 0.01 * np.abs(H).max() + rounding:
        warnings.warn(f"Δ = {delta:g} and its half give Hessians that differ by {difference:.2g}, of entries up to "
                      f"{np.abs(H).max():.2g}: there is a kink, or hardly any curvature, within Δ", stacklevel=2)
    return H


def _hessian(gradient: VectorFunction, theta: np.ndarray, delta: float) -> np.ndarray:
    A = [hessian_vector(gradient, theta, e, delta) for e in np.eye(len(theta))]
    return (np.array(A) + np.transpose(A)) / 2


def hessian_vector(gradient: VectorFunction, theta: np.ndarray, v: np.ndarray, delta: float = 1e-5) -> np.ndarray:
    """Return (∇C(θ + Δv) − ∇C(θ − Δv)) / 2Δ ≈ ∇²C(θ) v: two gradients, whatever P is.

    Parameters
    ----------
    gradient, theta, delta : as for `hessian`
    v : (P,), the direction; Δ‖v‖ is the length of the step
    """
    theta, v = require_vector("theta", theta), require_vector("v", v)
    require_positive("delta", delta)
    require(v.shape == theta.shape, "v", f"the shape {theta.shape} of theta", v.shape)
    above, below = (np.asarray(gradient(theta + step * v)) for step in (delta, -delta))
    require(above.shape == theta.shape, "gradient", f"a function that returns shape {theta.shape}", above.shape)
    return (above - below) / (2 * delta)


class CriticalPoint(NamedTuple):
    """What the second derivative says about a point with zero gradient.

    Attributes
    ----------
    kind : "minimum", "maximum", "saddle" or "degenerate"
    eigenvalues : (P,) of the Hessian, ascending
    """

    kind: str
    eigenvalues: np.ndarray


def classify(H: np.ndarray, tolerance: float = 1e-6, error: float = 0.0) -> CriticalPoint:
    """Return the kind of a critical point from the signs of the eigenvalues of its Hessian.

    All positive: a minimum. All negative: a maximum. Both signs: a saddle, whatever the others are. What
    remains has a zero among eigenvalues of one sign: the second derivative does not decide, "degenerate".

    Parameters
    ----------
    H : (P, P) symmetric
    tolerance : an eigenvalue counts as zero if it is at most `tolerance` times the largest in size,
    error : or at most this: how far H may be from the truth

    Raises
    ------
    ValueError
        If H is not a symmetric matrix of finite numbers, or the error is negative.
    """
    H = np.asarray(H, dtype=np.float64)
    require(H.ndim == 2 and H.shape[0] == H.shape[1] > 0, "H", "a square matrix", f"shape {H.shape}")
    require_finite("H", H)
    require_positive("tolerance", tolerance)
    require(0 <= error < np.inf, "error", "a finite number >= 0", error)
    largest = np.abs(H).max()
    require(bool(np.abs(H - H.T).max() <= 1e-8 * largest), "H", "a symmetric matrix",
            f"entries that differ by {np.abs(H - H.T).max():.3g} from their mirror images")
    eigenvalues = np.linalg.eigvalsh(H)
    zero = max(error, tolerance * np.abs(eigenvalues).max())
    up, down = (eigenvalues > zero).sum(), (eigenvalues < -zero).sum()
    if up and down:
        return CriticalPoint("saddle", eigenvalues)
    if up + down < len(eigenvalues):
        return CriticalPoint("degenerate", eigenvalues)
    return CriticalPoint("minimum" if up else "maximum", eigenvalues)


def critical_point(
    gradient: VectorFunction, theta: np.ndarray, delta: float = 1e-5, flat: float = 1e-6, tolerance: float = 1e-6
) -> CriticalPoint:
    """Return the kind of the critical point θ, from the Hessian by differences.

    How much the Hessian changes when the step is doubled is taken for its error: so x⁴ at 0 is found
    degenerate, though the differences say 4Δ².

    Parameters
    ----------
    gradient, theta, delta : as for `hessian`
    flat : how long ∇C(θ) may be
    tolerance : as for `classify`

    Raises
    ------
    ValueError
        If θ is not a critical point.
    """
    theta = require_vector("theta", theta)
    length = float(np.linalg.norm(gradient(theta)))
    require(length <= flat, "theta", f"a point where the gradient is at most {flat:g} long", f"length {length:.3g}")
    H = _hessian(gradient, theta, delta)
    return classify(H, tolerance, error=float(np.linalg.norm(H - _hessian(gradient, theta, 2 * delta))))


def filter_normalised(theta: np.ndarray, unpack: Unpack, rng: np.random.Generator) -> np.ndarray:
    """Draw a random direction in which every filter is as long as the same filter of θ (Li et al. 2018).

    A filter is what enters one unit: a row of W^[ℓ], or F_q of a convolution. Biases do not move.
    In a ReLU network the scale of a layer does not matter, c W^[ℓ], c b^[ℓ] and W^[ℓ+1]/c compute the same; it does not
    matter to the picture either. But if the units of a layer are rescaled by different factors, which computes the
    same, too, then the entries of W^[ℓ+1] change their sizes within one filter, and the picture is another one.

    Parameters
    ----------
    theta : (P,)
    unpack : θ ↦ (weights, biases), lists of views into θ with the units on the first axis, as
        ``partial(unpack, net)``
    rng : the source of randomness

    Returns
    -------
    array (P,)
    """
    theta = require_vector("theta", theta)
    direction = rng.standard_normal(theta.shape)
    (weights, _), (moves, biases) = unpack(theta), unpack(direction)
    for W, D in zip(weights, moves):
        if W is not None:
            axes = tuple(range(1, W.ndim))
            D *= np.sqrt((W**2).sum(axis=axes, keepdims=True) / (D**2).sum(axis=axes, keepdims=True))
    for b in biases:
        if b is not None:
            b[...] = 0
    return direction


def loss_slice(
    cost: ScalarFunction, theta: np.ndarray, u: np.ndarray, s: np.ndarray, v: np.ndarray | None = None, t: np.ndarray | None = None
) -> np.ndarray:
    """Return the cost on a line, C(θ + s_i u), or on a plane, C(θ + s_i u + t_j v).

    Parameters
    ----------
    cost : θ ↦ C(θ)
    theta : (P,), the middle of the picture
    u, v : (P,) directions; without v a line
    s, t : (m,) and (n,), how far along u and v

    Returns
    -------
    array (m,), or (n, m) with t down and s across, as contour plots want it

    Raises
    ------
    ValueError
        If shapes differ, or only one of v and t is given.
    """
    theta, u = require_vector("theta", theta), require_vector("u", u)
    require((v is None) == (t is None), "v and t", "both or neither", "one")
    require(u.shape == theta.shape, "u", f"the shape {theta.shape} of theta", u.shape)
    if v is None:
        return np.array([cost(theta + a * u) for a in require_vector("s", s)])
    v = require_vector("v", v)
    require(v.shape == theta.shape, "v", f"the shape {theta.shape} of theta", v.shape)
    return np.array([[cost(theta + a * u + b * v) for a in require_vector("s", s)] for b in require_vector("t", t)])
