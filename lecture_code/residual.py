"""Residual connections: a hidden layer adds to what it receives, so that an error signal has a way around it.

Book: ch-vanishing-gradients
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lecture_code.model import Around
from lecture_code.network import CostAndGradient, Layers, Network, unpack
from lecture_code.validation import require


@dataclass(frozen=True)
class Residual(Around):
    """A dense network in which each hidden layer that is as wide as the layer below adds to it.

    There a^[ℓ] = a^[ℓ−1] + σ(z^[ℓ]) − σ(0): with weights and biases 0 such a layer hands on what it receives. The other
    layers are those of the network, and so are the parameters.

    Book: eq-residual-layer

    Attributes
    ----------
    net : the network, with at least one layer that can have such a connection
    """

    net: Network

    def __post_init__(self) -> None:
        require(any(self.skips(l) for l in range(1, self.net.depth)), "net",
                "a hidden layer as wide as the layer below", f"widths {self.net.widths}")

    def skips(self, l: int) -> bool:
        """Say whether layer ℓ adds to what it receives."""
        return l < self.net.depth and self.net.widths[l] == self.net.widths[l - 1]

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return a^[L]."""
        return residual_forward(self, theta, x)[1][-1]

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return what `residual_cost_and_gradient` does; rng is for models that draw, and has no effect here."""
        return residual_cost_and_gradient(self, theta, x, y)


def residual_forward(model: Residual, theta: np.ndarray, x: np.ndarray) -> tuple[Layers, Layers]:
    """Return z[l] and a[l] of every layer, a[0] = x, z[0] = None.

    Parameters
    ----------
    model : the network
    theta : (P,), or (R, P)
    x : (d, M), one sample a column; with R runs also (R, d, M)
    """
    d = model.widths[0]
    require(x.ndim >= 2 and x.shape[-2] == d, "x", f"{d} rows, one sample a column (d, M)", f"shape {x.shape}")
    sigma, (W, b), zero = model.net.sigma, unpack(model.net, theta), np.zeros((), theta.dtype)
    z, a = [None], [x]
    for l in range(1, model.net.depth + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(sigma[l](z[l]))
        if model.skips(l):
            a[l] = a[l - 1] + (a[l] - sigma[l](zero))
    return z, a


def residual_cost_and_gradient(model: Residual, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    """Return C and ∂C/∂θ: ā goes back through the layer and, where there is a connection, past it.

    Book: eq-residual-backward

    Parameters
    ----------
    model : the network
    theta : (P,), or (R, P)
    x, y : (d, M) and (K, M); with R runs also (R, d, M) and (R, K, M)
    """
    sigma, (W, _), M = model.net.sigma, unpack(model.net, theta), x.shape[-1]
    z, a = residual_forward(model, theta, x)
    C, a_bar = model.loss.value_and_gradient(a[-1], y)
    gradient = np.empty(theta.shape, theta.dtype)
    dW, db = unpack(model.net, gradient)
    for l in range(model.net.depth, 0, -1):
        delta = sigma[l].derivative(z[l]) * a_bar
        dW[l][...] = delta @ a[l - 1].mT
        db[l][...] = delta.sum(axis=-1, keepdims=True)
        past = a_bar if model.skips(l) else 0
        a_bar = past + W[l].mT @ delta
    return CostAndGradient(C.sum(axis=-1) / M, gradient / M)
