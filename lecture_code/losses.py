"""Losses C_i of one sample, and their gradients ∂C_i/∂a at the network's output.

A loss sees the output a^[L] (K, M) and the targets y (K, M), one sample a column, and reduces over the
K entries. Softmax cross-entropy takes *logits*: the layer below it is linear, and the softmax belongs
to the loss, which makes both stable and δ^[L] = p − y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lecture_code.numerics import log_softmax, softmax


@dataclass(frozen=True)
class Loss:
    """A named per-sample loss.

    Attributes
    ----------
    name : how the book calls it
    value : (a, y) ↦ C_i, arrays (..., K, M) → (..., M)
    gradient : (a, y) ↦ ā = ∂C_i/∂a, arrays (..., K, M) → (..., K, M)
    prediction : a ↦ what the network predicts: probabilities where a holds logits, else a itself
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]
    prediction: Callable[[np.ndarray], np.ndarray]

    def __call__(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss of each sample."""
        return self.value(a, y)

    def __repr__(self) -> str:
        return self.name


def _as_is(a: np.ndarray) -> np.ndarray:
    return a


def _half_squared(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return ((a - y) ** 2).sum(axis=-2) / 2


def _half_squared_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a - y


def _softmax_cross_entropy(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -(y * log_softmax(a)).sum(axis=-2)


def _softmax_cross_entropy_gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return softmax(a) * y.sum(axis=-2, keepdims=True) - y


half_squared = Loss("half_squared", _half_squared, _half_squared_gradient, _as_is)
softmax_cross_entropy = Loss(
    "softmax_cross_entropy", _softmax_cross_entropy, _softmax_cross_entropy_gradient, softmax
)
