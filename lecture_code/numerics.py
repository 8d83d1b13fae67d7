"""Exponentials that do not overflow: log-sum-exp, softmax, log-softmax, and one-hot vectors.

What stands at the bottom of everything is here, too: numbers as floating-point numbers, 0 · log 0 = 0, and the
types of functions that are handed about.

Classes run along axis −2 and samples along axis −1, as everywhere in the network code;
a plain vector has only classes.

Book: ch-softmax-regression
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.validation import require, require_count

ScalarFunction = Callable[[np.ndarray], float]  # θ ↦ C(θ)
VectorFunction = Callable[[np.ndarray], np.ndarray]  # θ ↦ ∇C(θ), or the residuals r(θ)
MatrixFunction = Callable[[np.ndarray], np.ndarray]  # θ ↦ ∇²C(θ), or the Jacobian ∂r/∂θ


def as_floats(x: np.ndarray) -> np.ndarray:
    """Return x as an array of floating-point (or complex) numbers, as it is where it is one; else float64.

    Integers would wrap around: in eight bits 0 − 1 is 255, and 100 · 100 is 16.
    """
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def weighted_sum(p: np.ndarray, x: np.ndarray, axis: int = -2) -> np.ndarray:
    """Return Σ_j p_j x_j, where p_j = 0 counts as 0 even if x_j is infinite: 0 · log 0 = 0.

    Book: eq-kl-conventions

    Parameters
    ----------
    p : weights, as probabilities or targets
    x : values of the same shape, or of one that broadcasts with it
    axis : the axis that is summed
    """
    return (p * np.where(p == 0, 0, x)).sum(axis=axis)


def _class_axis(z: np.ndarray, axis: int | None) -> int:
    """Return the axis of the classes, or raise unless there is one with at least one class."""
    if axis is None:
        axis = -1 if z.ndim == 1 else -2
    if not -z.ndim <= axis < z.ndim or not z.shape[axis]:
        require(False, "z", f"at least one class on axis {axis}", f"shape {z.shape}")
    return axis


def logsumexp(z: np.ndarray, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    r"""Return log Σ_j exp(z_j) without overflow.

    The largest entry m is taken out first: LSE(z) = m + log Σ_j exp(z_j − m).

    Book: eq-lse, eq-lse-stable

    Parameters
    ----------
    z : array (..., K, M), or (K,)
    axis : the axis that is summed; None means −2, or the only axis of a vector
    keepdims : keep the summed axis with length 1
    """
    z = as_floats(z)
    axis = _class_axis(z, axis)
    largest = z.real.max(axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)  # all −inf: exp(−inf) = 0, the answer is −inf
    with np.errstate(divide="ignore"):
        result = largest + np.log(np.exp(z - largest).sum(axis=axis, keepdims=True))
    return result if keepdims else result.squeeze(axis)


def softmax(z: np.ndarray, axis: int | None = None) -> np.ndarray:
    r"""Return exp(z_k) / Σ_j exp(z_j): positive numbers that sum to 1 along `axis`.

    Book: eq-softmax

    Parameters
    ----------
    z : array (..., K, M), or (K,)
        Logits. Any finite size is safe: the largest is subtracted first.
    axis : the axis of the classes; None means −2, or the only axis of a vector
    """
    _, e, total = _shifted(z, axis)
    return e / total


def log_softmax(z: np.ndarray, axis: int | None = None) -> np.ndarray:
    r"""Return log softmax(z) = z − LSE(z), exact even where softmax underflows to 0.

    The shift comes first and the logarithm second: the other order cancels in float32.

    Book: eq-log-softmax

    Parameters
    ----------
    z : array (..., K, M), or (K,)
    axis : the axis of the classes; None means −2, or the only axis of a vector
    """
    shifted, _, total = _shifted(z, axis)
    return shifted - np.log(total)


def softmax_and_log(z: np.ndarray, axis: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return (softmax(z), log softmax(z)) with the exponentials taken once; arguments as for `softmax`."""
    shifted, e, total = _shifted(z, axis)
    return e / total, shifted - np.log(total)


def _shifted(z: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return s = z − max z, eˢ and Σ_j e^{s_j}: of these are softmax and its logarithm made."""
    z = as_floats(z)
    axis = _class_axis(z, axis)
    with np.errstate(over="ignore"):  # a difference beyond the largest float is −inf, and exp(−inf) is 0
        shifted = z - z.real.max(axis=axis, keepdims=True)
    e = np.exp(shifted)
    return shifted, e, e.sum(axis=axis, keepdims=True)


def one_hot(labels: np.ndarray, classes: int, dtype: type = np.float64) -> np.ndarray:
    """Return e(y), one row a sample: row i has its single 1 in column labels[i].

    Book: eq-one-hot

    Parameters
    ----------
    labels : integer array (N,), each 0 … classes − 1
    classes : K

    Returns
    -------
    array (N, K)

    Raises
    ------
    ValueError
        If a label is not an integer or lies outside 0 … K − 1.
    """
    require_count("classes", classes)
    labels = np.asarray(labels)
    require(labels.ndim == 1 and labels.dtype.kind in "iu", "labels", "a 1-D array of integers",
            f"{labels.ndim}-D array of {labels.dtype}")
    inside = (labels >= 0) & (labels < classes)
    if not inside.all():
        i = int(np.argmin(inside))
        raise ValueError(f"labels: expected integers 0 … {classes - 1}, got {labels[i]} at index {i}")
    e = np.zeros((len(labels), classes), dtype)
    e[np.arange(len(labels)), labels] = 1
    return e


def _product(W: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return W @ x. In a batch of rows the samples lie one after another in memory: (xᵀ Wᵀ)ᵀ is faster then."""
    if x.shape[-1] == 1 or x.strides[-2] != x.itemsize:
        return W @ x
    return np.ascontiguousarray((x.mT @ W.mT).mT)
