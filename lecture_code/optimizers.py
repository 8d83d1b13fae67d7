"""Optimizers as pairs of pure functions on one flat parameter vector.

``state = optimizer.init(theta)`` and ``theta, state = optimizer.step(theta, g, state, eta)``: the
state is data, and nothing is changed in place. With R runs in lock-step theta and g are (R, P) and
eta is (R, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Optimizer:
    """A named update rule.

    Attributes
    ----------
    name : how the book calls it
    init : theta ↦ the state before the first step
    step : (theta, g, state, eta) ↦ (new theta, new state)
    """

    name: str
    init: Callable[[np.ndarray], Any]
    step: Callable[[np.ndarray, np.ndarray, Any, Any], tuple[np.ndarray, Any]]

    def __repr__(self) -> str:
        return self.name


def _no_state(theta: np.ndarray) -> None:
    return None


def _sgd_step(theta: np.ndarray, g: np.ndarray, state: None, eta: Any) -> tuple[np.ndarray, None]:
    return theta - eta * g, None


def sgd() -> Optimizer:
    """Return plain (stochastic) gradient descent, θ ← θ − η g.

    Book: eq-gd-step, eq-sgd-step
    """
    return Optimizer("sgd", _no_state, _sgd_step)
