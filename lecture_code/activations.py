"""Activation functions σ and their derivatives σ'.

An `Activation` is called like a function, ``a = sigmoid(z)``. Its derivative takes z and, where it is
already known, a = σ(z), since for the sigmoid σ' = a(1 − a) and for tanh σ' = 1 − a².
At a kink the derivative is the one from the left: ReLU'(0) = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """A named function σ with its derivative.

    Attributes
    ----------
    name : how the book calls it
    value : z ↦ σ(z), entry by entry
    slope : (z, a) ↦ σ'(z), where a = σ(z)
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return σ(z), entry by entry."""
        return self.value(z)

    def derivative(self, z: np.ndarray, a: np.ndarray | None = None) -> np.ndarray:
        """Return σ'(z), entry by entry; give a = σ(z) if you have it."""
        return self.slope(z, self.value(z) if a is None else a)

    def __repr__(self) -> str:
        return self.name


def _sigmoid(z: np.ndarray) -> np.ndarray:
    z = np.asarray(z)
    lowest = -88 if z.dtype == np.float32 else -709  # below, exp(−z) would overflow and σ is 0 to all digits
    return 1 / (1 + np.exp(-np.maximum(z, lowest)))


def _sigmoid_slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return a * (1 - a)


def _tanh_slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return 1 - a * a


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _relu_slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return (np.asarray(z).real > 0).astype(a.real.dtype)


def _identity(z: np.ndarray) -> np.ndarray:
    return z


def _identity_slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.ones_like(a)


sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_slope)
tanh = Activation("tanh", np.tanh, _tanh_slope)
relu = Activation("relu", _relu, _relu_slope)
identity = Activation("identity", _identity, _identity_slope)
