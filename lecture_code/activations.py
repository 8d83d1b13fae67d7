"""Activation functions σ and their derivatives σ'.

An `Activation` is called like a function, ``a = sigmoid(z)``. Its derivative takes z and, where it is
already known, a = σ(z), since for the sigmoid σ' = a(1 − a) and for tanh σ' = 1 − a².
At a kink the derivative is the smaller of the two one-sided slopes: 0 for ReLU at 0 and for the clipped
ReLU at both ends, α for the leaky one. At a jump the derivative is 0, and heaviside(0) = sign(0) = 0, so that
ReLU' = heaviside.

Book: ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lecture_code.numerics import as_floats
from lecture_code.validation import require_fraction, require_positive


@dataclass(frozen=True)
class Activation:
    """A named function σ with its derivative: ``sigma(z)`` and ``sigma.derivative(z, a)``.

    Both take arrays of any shape. Integers become float64, so that none wraps around; complex numbers are
    welcome, and the complex step gives the derivative below at kinks, too.

    Attributes
    ----------
    name : how the book calls it
    """

    name: str
    _value: Callable[[np.ndarray], np.ndarray]  # z ↦ σ(z)
    _derivative: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (z, a) ↦ σ'(z), where a = σ(z)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return σ(z), entry by entry."""
        return self._value(as_floats(z))

    def derivative(self, z: np.ndarray, a: np.ndarray | None = None) -> np.ndarray:
        """Return σ'(z), entry by entry; give a = σ(z) if you have it."""
        z = as_floats(z)
        return self._derivative(z, self._value(z) if a is None else as_floats(a))

    def __repr__(self) -> str:
        return self.name


def _sigmoid(z: np.ndarray) -> np.ndarray:
    lowest = -88.0 if z.real.dtype == np.float32 else -709.0  # below, exp(−z) would overflow and σ is 0 to all digits
    return 1.0 / (1.0 + np.exp(-np.maximum(z, lowest)))


def _sigmoid_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return a * (1.0 - a)


def _tanh_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return 1.0 - a * a


def _relu(z: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(z):  # NumPy compares 0 + ih with 0 by the imaginary parts; the slope at the kink is 0
        return np.where(z.real <= 0, 0, z)
    return np.maximum(z, 0)


def _relu_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return (z.real > 0).astype(a.real.dtype)


def _clipped_relu(z: np.ndarray, t: float) -> np.ndarray:
    if np.iscomplexobj(z):
        return np.where(z.real >= t, t, _relu(z))
    return np.minimum(_relu(z), t)


def _clipped_relu_derivative(z: np.ndarray, a: np.ndarray, t: float) -> np.ndarray:
    return ((z.real > 0) & (z.real < t)).astype(a.real.dtype)


def _leaky_relu(z: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(z.real > 0, z, alpha * z)


def _leaky_relu_derivative(z: np.ndarray, a: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(z.real > 0, 1, alpha).astype(a.real.dtype)


def _softplus(z: np.ndarray) -> np.ndarray:
    minus_size = np.where(z.real > 0, -z, z)  # −|z|: log(1 + eᶻ) = max(z, 0) + log(1 + e^−|z|)
    return _relu(z) + np.log1p(np.exp(minus_size))


def _softplus_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return _sigmoid(z)


def _heaviside(z: np.ndarray) -> np.ndarray:
    return np.heaviside(z.real, 0)


def _sign(z: np.ndarray) -> np.ndarray:
    return np.sign(z.real)


def _zero_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.zeros_like(a)


def _linear(z: np.ndarray) -> np.ndarray:
    return z


def _linear_derivative(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.ones_like(a)


sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_derivative)
tanh = Activation("tanh", np.tanh, _tanh_derivative)
relu = Activation("relu", _relu, _relu_derivative)
linear = Activation("linear", _linear, _linear_derivative)
softplus = Activation("softplus", _softplus, _softplus_derivative)
heaviside = Activation("heaviside", _heaviside, _zero_derivative)
sign = Activation("sign", _sign, _zero_derivative)


def clipped_relu(t: float = 1.0) -> Activation:
    """Return σ(z) = min(max(z, 0), t), with σ' = 1 for 0 < z < t and 0 elsewhere.

    Raises
    ------
    ValueError
        If t is not a finite number > 0.
    """
    require_positive("t", t)
    return Activation(f"clipped_relu({t:g})", partial(_clipped_relu, t=t), partial(_clipped_relu_derivative, t=t))


def leaky(alpha: float) -> Activation:
    """Return σ(z) = z for z > 0 and α z for z ≤ 0, with slopes 1 and α; `leaky_relu` is the one with α = 0.01.

    Raises
    ------
    ValueError
        If not 0 ≤ α < 1.
    """
    require_fraction("alpha", alpha)
    name = f"leaky_relu({alpha:g})"
    return Activation(name, partial(_leaky_relu, alpha=alpha), partial(_leaky_relu_derivative, alpha=alpha))


leaky_relu = leaky(0.01)
