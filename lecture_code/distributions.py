"""Entropy, cross-entropy and the Kullback–Leibler divergence of probability distributions.

A distribution is a vector (K,), or a column of an array (..., K, M). 0 · log 0 counts as 0. Columns may miss the
sum 1 by what rounding can do: by 1e-6, or by K times half the precision of their type where that is more.

Book: ch-kl-divergence
"""

from __future__ import annotations

from math import log

import numpy as np

from lecture_code.numerics import weighted_sum
from lecture_code.validation import require


def negative_entropy(p: np.ndarray, base: float = np.e) -> np.ndarray:
    """Return NE(p) = Σ_j p_j log p_j: between −log K, for the uniform distribution, and 0.

    Book: eq-negative-entropy

    Parameters
    ----------
    p : (K,), or (..., K, M) with one distribution a column
    base : e for nats, 2 for bits

    Raises
    ------
    ValueError
        If p has a negative entry or does not sum to 1.
    """
    p = _distribution("p", p)
    _require_base(base)
    return weighted_sum(p, _log(p), _class_axis(p)) / log(base)


def entropy(p: np.ndarray, base: float = np.e) -> np.ndarray:
    """Return −Σ_j p_j log p_j: between 0 and log K. Arguments and errors as for `negative_entropy`.

    Book: eq-entropy-max
    """
    return 0 - negative_entropy(p, base)  # 0 − x, so that a certain outcome has 0 and not −0


def cross_entropy(p: np.ndarray, q: np.ndarray, base: float = np.e) -> np.ndarray:
    """Return CE(p, q) = −Σ_j p_j log q_j, p the true and q the predicted distribution; +∞ where p_j > 0 = q_j.

    Book: eq-cross-entropy, eq-kl-one-hot

    Parameters
    ----------
    p, q : (K,), or (..., K, M) with one distribution a column
    base : e for nats, 2 for bits

    Raises
    ------
    ValueError
        If p or q is not a distribution, or if they differ in K.
    """
    p, q = _distributions(p, q)
    _require_base(base)
    return 0 - weighted_sum(p, _log(q), _class_axis(p)) / log(base)


def kl_divergence(p: np.ndarray, q: np.ndarray, base: float = np.e) -> np.ndarray:
    """Return KL(p‖q) = Σ_j g_j with the gaps g_j = p_j log(p_j/q_j) − p_j + q_j ≥ 0; +∞ where p_j > 0 = q_j.

    The gaps add up to Σ_j p_j log(p_j/q_j), since both distributions add up to 1. But none is negative, so that
    their sum is not either, and keeps its digits where p and q are nearly the same.

    Book: eq-kl, eq-kl-conventions, eq-kl-split, eq-gibbs-gaps

    Arguments and errors as for `cross_entropy`.
    """
    p, q = _distributions(p, q)
    _require_base(base)
    return _gaps(p, q).sum(axis=_class_axis(p)).astype(_type(p, q)) / log(base)


def _gaps(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return g = p log(p/q) − p + q in float64: q where p = 0, +∞ where p > 0 = q.

    Where q is near p it is p (u − log(1 + u)) with u = (q − p)/p, and where |u| is so small that this difference
    would cancel, its series u²/2 − u³/3 + … stands in.
    """
    p, q = np.broadcast_arrays(p.astype(np.float64), q.astype(np.float64))
    near = np.abs(q - p) < p / 2
    u = np.divide(q - p, p, where=near, out=np.zeros(p.shape))
    series = u * u * (1 / 2 - u * (1 / 3 - u * (1 / 4 - u * (1 / 5 - u / 6))))
    gap_near = p * np.where(np.abs(u) < 1e-3, series, u - np.log1p(u))
    gap_far = q - p + p * np.where(p > 0, _log(p) - np.where(p > 0, _log(q), 0), 0)
    return np.where(near, gap_near, gap_far)


def _log(p: np.ndarray) -> np.ndarray:
    """Return log p, without a warning that log 0 = −∞."""
    with np.errstate(divide="ignore"):
        return np.log(p, dtype=np.result_type(p, np.float32))


def _type(p: np.ndarray, q: np.ndarray) -> np.dtype:
    """Return the type of a result: the finer one, and float64 for integers."""
    return np.result_type(p, q, np.float32)


def _class_axis(p: np.ndarray) -> int:
    return -1 if p.ndim == 1 else -2


def _distribution(name: str, p: np.ndarray) -> np.ndarray:
    """Return p as an array, or raise unless each of its columns is a probability distribution."""
    p = np.asarray(p)
    require(p.ndim >= 1 and p.dtype.kind in "iuf", name, "an array of probabilities, classes on axis -2 (or a vector)",
            f"{p.ndim}-D array of {p.dtype}")
    require(bool((p >= 0).all()), name, "probabilities >= 0", f"{p.min() if p.size else p}")
    axis = _class_axis(p)
    sums = p.sum(axis=axis, dtype=np.float64).ravel()
    worst = sums[np.argmax(np.abs(sums - 1))] if sums.size else 1.0
    rounding = p.shape[axis] * np.finfo(p.dtype).eps / 2 if p.dtype.kind == "f" else 0  # of a sum of K terms, at most
    require(bool(abs(worst - 1) <= max(1e-6, rounding)), name, "probabilities that sum to 1", f"the sum {worst:.6g}")
    return p


def _distributions(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays, or raise unless they are distributions over the same classes, column by column."""
    p, q = _distribution("p", p), _distribution("q", q)
    same = (p.ndim == 1) == (q.ndim == 1) and p.shape[_class_axis(p)] == q.shape[_class_axis(q)]
    require(same, "q", f"as many classes as p, of shape {p.shape}", f"shape {q.shape}")
    fits = all(m == n or 1 in (m, n) for m, n in zip(p.shape[::-1], q.shape[::-1]))
    require(fits, "q", f"as many columns as p, of shape {p.shape}, or one", f"shape {q.shape}")
    return p, q


def _require_base(base: float) -> None:
    require(base > 1, "base", "a number > 1: e for nats, 2 for bits", base)
