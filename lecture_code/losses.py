"""Losses C_i of one sample, and their gradients ∂C_i/∂a at the network's output.

A loss sees the output a^[L] (K, M) and the targets y (K, M), one sample a column, and reduces over the
K entries. Softmax cross-entropy takes *logits*: the layer below it is linear, and the softmax belongs
to the loss, which makes both stable and δ^[L] = p − y. So does `binary_cross_entropy`, with a sigmoid for each output.
A target 0 is worth 0 whatever stands beside it, also where a probability has become 0: 0 · log 0 = 0.

Book: ch-softmax-regression, ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lecture_code.activations import sigmoid, softplus
from lecture_code.numerics import as_floats, log_softmax, softmax, softmax_and_log, weighted_sum
from lecture_code.validation import require


@dataclass(frozen=True)
class Loss:
    """A named per-sample loss: ``loss(a, y)``, ``loss.gradient(a, y)``, or both at once.

    Outputs a and targets y are (..., K, M), one sample a column. Integers among the outputs become float64, and
    integer targets take the type of the outputs, so that nothing wraps around.

    Attributes
    ----------
    name : how the book calls it
    prediction : a ↦ what the network predicts: probabilities where a holds logits, else a itself
    """

    name: str
    _value: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (a, y) ↦ C_i: (..., K, M) → (..., M)
    _gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (a, y) ↦ ā = ∂C_i/∂a, shaped like a
    prediction: Callable[[np.ndarray], np.ndarray]
    _both: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None  # where they share work

    def __call__(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss of each sample."""
        return self._value(*_columns(a, y))

    def gradient(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return ā = ∂C_i/∂a of each sample, shaped like a."""
        return self._gradient(*_columns(a, y))

    def value_and_gradient(self, a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return C_i and ā = ∂C_i/∂a of each sample."""
        a, y = _columns(a, y)
        return (self._value(a, y), self._gradient(a, y)) if self._both is None else self._both(a, y)

    def __repr__(self) -> str:
        return self.name


def _columns(a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a and y as floats, or raise unless both have one sample a column: a row would broadcast to a matrix."""
    a, y = as_floats(a), np.asarray(y)
    if a.ndim < 2 or a.shape[-2:] != y.shape[-2:]:
        require(a.ndim >= 2, "a", "one sample a column, (K, M)", f"shape {a.shape}")
        require(False, "y", f"one target a column, {a.shape[-2:]}", f"shape {y.shape}")
    return a, y if y.dtype.kind in "fc" else y.astype(a.real.dtype)


def _as_is(a: np.ndarray) -> np.ndarray:
    return as_floats(a)


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
    return weighted_sum(y, softplus(-a)) + weighted_sum(1 - y, softplus(a))  # −log σ(a) = softplus(−a)


def _binary_cross_entropy_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return sigmoid(a) - y


def _softmax_cross_entropy(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -weighted_sum(y, log_softmax(a))


def _softmax_cross_entropy_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return softmax(a) * y.sum(axis=-2, keepdims=True) - y


def _softmax_cross_entropy_both(a: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, log_p = softmax_and_log(a)
    return -weighted_sum(y, log_p), p * y.sum(axis=-2, keepdims=True) - y


half_squared = Loss("half_squared", _half_squared, _half_squared_gradient, _as_is, _half_squared_both)
squared = Loss("squared", _squared, _squared_gradient, _as_is)
absolute = Loss("absolute", _absolute, _absolute_gradient, _as_is)
binary_cross_entropy = Loss("binary_cross_entropy", _binary_cross_entropy, _binary_cross_entropy_gradient, sigmoid)
softmax_cross_entropy = Loss(
    "softmax_cross_entropy", _softmax_cross_entropy, _softmax_cross_entropy_gradient, softmax,
    _softmax_cross_entropy_both,
)
