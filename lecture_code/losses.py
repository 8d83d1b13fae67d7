"""Losses C_i of one sample, and their gradients ∂C_i/∂a at the network's output.

A loss sees the output a^[L] (K, M) and the targets y (K, M), one sample a column, and reduces over the
K entries. Softmax cross-entropy takes *logits*: the layer below it is linear, and the softmax belongs
to the loss, which makes both stable and δ^[L] = p − y. So does `binary_cross_entropy`, with a sigmoid for each output.

Entropy, cross-entropy and the Kullback–Leibler divergence take distributions; 0·log 0 counts as 0.

Book: ch-softmax-regression, ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from lecture_code.activations import sigmoid, softplus
from lecture_code.numerics import log_softmax, softmax, softmax_and_log
from lecture_code.validation import require


@dataclass(frozen=True)
class Loss:
    """A named per-sample loss.

    Attributes
    ----------
    name : how the book calls it
    value : (a, y) ↦ C_i, arrays (..., K, M) → (..., M); called by the loss itself, which looks at the shapes first
    slope : (a, y) ↦ ā = ∂C_i/∂a, arrays (..., K, M) → (..., K, M); called by `gradient`, which looks first
    prediction : a ↦ what the network predicts: probabilities where a holds logits, else a itself
    both : (a, y) ↦ (C_i, ā) at once, where the two share work; None where they share nothing
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]
    prediction: Callable[[np.ndarray], np.ndarray]
    both: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None

    def __call__(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss of each sample."""
        _require_columns(a, y)
        return self.value(a, y)

    def gradient(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return ā = ∂C_i/∂a of each sample, shaped like a."""
        _require_columns(a, y)
        return self.slope(a, y)

    def value_and_gradient(self, a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return C_i and ā = ∂C_i/∂a of each sample."""
        _require_columns(a, y)
        return (self.value(a, y), self.slope(a, y)) if self.both is None else self.both(a, y)

    def __repr__(self) -> str:
        return self.name


def _require_columns(a: np.ndarray, y: np.ndarray) -> None:
    """Raise unless a and y have one sample a column: a row against a column would broadcast to a matrix."""
    if a.ndim < 2 or a.shape[-2:] != y.shape[-2:]:
        require(a.ndim >= 2, "a", "one sample a column, (K, M)", f"shape {a.shape}")
        require(False, "y", f"one target a column, {a.shape[-2:]}", f"shape {y.shape}")


def _as_is(a: np.ndarray) -> np.ndarray:
    return a


def _half_squared(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return ((a - y) ** 2).sum(axis=-2) / 2.0


def _half_squared_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a - y


def _half_squared_both(a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r = a - y
    return (r * r).sum(axis=-2) / 2.0, r


def _squared(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return ((a - y) ** 2).sum(axis=-2)


def _squared_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 * (a - y)


def _absolute(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return ((a - y) * _absolute_gradient(a, y)).sum(axis=-2)  # |r| = r sign(r)


def _absolute_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sign((a - y).real)


def _binary_cross_entropy(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (y * softplus(-a) + (1 - y) * softplus(a)).sum(axis=-2)  # −log σ(a) = softplus(−a)


def _binary_cross_entropy_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return sigmoid(a) - y


def _softmax_cross_entropy(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -(y * log_softmax(a)).sum(axis=-2)


def _softmax_cross_entropy_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return softmax(a) * y.sum(axis=-2, keepdims=True) - y


def _softmax_cross_entropy_both(a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, log_p = softmax_and_log(a)
    return -(y * log_p).sum(axis=-2), p * y.sum(axis=-2, keepdims=True) - y


half_squared = Loss("half_squared", _half_squared, _half_squared_gradient, _as_is, _half_squared_both)
softmax_cross_entropy = Loss(
    "softmax_cross_entropy", _softmax_cross_entropy, _softmax_cross_entropy_gradient, softmax,
    _softmax_cross_entropy_both,
)
squared = Loss("squared", _squared, _squared_gradient, _as_is)
absolute = Loss("absolute", _absolute, _absolute_gradient, _as_is)
binary_cross_entropy = Loss("binary_cross_entropy", _binary_cross_entropy, _binary_cross_entropy_gradient, sigmoid)


def _distribution(name: str, p: np.ndarray) -> np.ndarray:
    """Return p as an array, or raise unless each of its columns is a probability distribution."""
    p = np.asarray(p)
    require(p.ndim >= 1 and p.dtype.kind in "iuf", name, "an array of probabilities, classes on axis -2 (or a vector)",
            f"{p.ndim}-D array of {p.dtype}")
    require(bool((p >= 0).all()), name, "probabilities >= 0", f"{p.min() if p.size else p}")
    sums = p.sum(axis=_class_axis(p), dtype=np.float64).ravel()
    worst = sums[np.argmax(np.abs(sums - 1))] if sums.size else 1.0
    require(bool(abs(worst - 1) <= 1e-6), name, "probabilities that sum to 1", f"the sum {worst:.6g}")
    return p


def _class_axis(p: np.ndarray) -> int:
    return -1 if p.ndim == 1 else -2


def _expected_log(p: np.ndarray, q: np.ndarray, base: float) -> np.ndarray:
    """Return Σ_j p_j log q_j, where 0·log 0 = 0; −∞ where p_j > 0 = q_j."""
    require(base > 1, "base", "a number > 1: e for nats, 2 for bits", base)
    p, q = np.broadcast_arrays(p, q)
    with np.errstate(divide="ignore"):
        logs = np.log(q, where=p > 0, out=np.zeros(p.shape, np.result_type(p, q, np.float32)))
    return (p * logs).sum(axis=_class_axis(p)) / log(base)


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
        If p has a negative entry or does not sum to 1 (to 1e-6).
    """
    p = _distribution("p", p)
    return _expected_log(p, p, base)


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
    p, q = _distribution("p", p), _distribution("q", q)
    _require_same_classes(p, q)
    return 0 - _expected_log(p, q, base)


def kl_divergence(p: np.ndarray, q: np.ndarray, base: float = np.e) -> np.ndarray:
    """Return KL(p‖q) = Σ_j p_j (log p_j − log q_j) ≥ 0; +∞ where p_j > 0 = q_j.

    Book: eq-kl, eq-kl-conventions, eq-kl-split

    Arguments and errors as for `cross_entropy`.
    """
    p, q = _distribution("p", p), _distribution("q", q)
    _require_same_classes(p, q)
    return _expected_log(p, p, base) - _expected_log(p, q, base)


def _require_same_classes(p: np.ndarray, q: np.ndarray) -> None:
    same = p.shape[_class_axis(p)] == q.shape[_class_axis(q)] and (p.ndim == 1) == (q.ndim == 1)
    require(same, "q", f"as many classes as p, of shape {p.shape}", f"shape {q.shape}")
