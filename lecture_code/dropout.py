"""Dropout: a training step leaves out units at random, and the trained network uses them all.

Nothing is hidden: the masks of a step are an argument. Layers are arrays (..., n, M), one sample a column.

Book: ch-generalisation
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lecture_code.model import Around
from lecture_code.network import CostAndGradient, Layers, Network, Trace, unpack
from lecture_code.validation import require, require_count, require_fraction


def dropout_masks(
    net: Network, rates: float | Sequence[float], M: int, rng: np.random.Generator, dtype: type = np.float64
) -> Layers:
    """Draw the masks of one step: each hidden unit of each sample is dropped with probability q, independently.

    A unit that stays is multiplied by 1/(1 − q), so that the mean of every mask is 1 and nothing changes
    when the masks are left out for inference.

    Parameters
    ----------
    net : the network
    rates : q, 0 ≤ q < 1: one number for all hidden layers, or one each
    M : how many samples
    rng : the source of randomness
    dtype : of the masks

    Returns
    -------
    list with masks[l] of shape (n_l, M) for l = 1 … L − 1; None at the input and at the output
    """
    rates = _rates(net, rates)
    require_count("M", M)
    keep = [rng.random((n, M)) >= q for n, q in zip(net.widths[1:-1], rates)]
    return [None, *(kept.astype(dtype) / dtype(1 - q) for kept, q in zip(keep, rates)), None]


def _rates(net: Network, rates: float | Sequence[float]) -> list[float]:
    """Return one rate for each hidden layer."""
    hidden = net.depth - 1
    rates = [rates] * hidden if np.ndim(rates) == 0 else list(rates)
    require(len(rates) == hidden, "rates", f"{hidden}, one a hidden layer", len(rates))
    for q in rates:
        require_fraction("rates", q)
    return rates


def dropout_forward(net: Network, theta: np.ndarray, x: np.ndarray, masks: Layers) -> Trace:
    """Run the network with a^[ℓ] = m^[ℓ] ⊙ σ(z^[ℓ]) in the layers that have a mask.

    Parameters
    ----------
    net, theta, x : as for `forward`
    masks : list with masks[l] of shape (n_l, M) or None, l = 0 … L, as `dropout_masks` draws it

    Returns
    -------
    Trace; its a[l] are masked
    """
    m = _require_masks(net, x, masks)
    W, b = unpack(net, theta)
    z, a = [None], [m[0] * x]
    for l in range(1, net.depth + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(m[l] * net.activations[l - 1](z[l]))
    return Trace(z, a)


def dropout_cost_and_gradient(
    net: Network, theta: np.ndarray, x: np.ndarray, y: np.ndarray, masks: Layers
) -> CostAndGradient:
    """Return C and ∂C/∂θ of the thinned network: what was masked going forward is masked going back.

    δ^[ℓ] = m^[ℓ] ⊙ σ'(z^[ℓ]) ⊙ ā^[ℓ].

    Parameters
    ----------
    net, theta, x, y : as for `cost_and_gradient`
    masks : as for `dropout_forward`
    """
    m = _require_masks(net, x, masks)
    z, a = dropout_forward(net, theta, x, masks)
    C, a_bar = net.loss.value_and_gradient(a[-1], y)
    gradient, M = np.empty(theta.shape, theta.dtype), x.shape[-1]
    (W, _), (dW, db) = unpack(net, theta), unpack(net, gradient)
    a_bar = a_bar / M  # C is the mean of the losses
    for l in range(net.depth, 0, -1):
        delta = m[l] * net.activations[l - 1].derivative(z[l]) * a_bar  # σ' not from a, which is masked
        dW[l][...] = delta @ a[l - 1].mT
        db[l][...] = delta.sum(axis=-1, keepdims=True)
        if l > 1:
            a_bar = W[l].mT @ delta
    return CostAndGradient(C.sum(axis=-1) / M, gradient)


def _require_masks(net: Network, x: np.ndarray, masks: Layers) -> list:
    """Return the masks, with 1 where there is none."""
    require(x.ndim >= 2 and x.shape[-2] == net.widths[0], "x", f"{net.widths[0]} rows, one sample a column (d, M)",
            f"shape {x.shape}")
    require(x.shape[-1] > 0, "x", "at least one sample, one a column", "none")
    require(len(masks) == net.depth + 1, "masks", f"{net.depth + 1}, one a layer from the input on", len(masks))
    for n, mask in zip(net.widths, masks):
        fits = (n, x.shape[-1])
        require(mask is None or mask.shape[-2:] == fits, "masks", f"shape {fits}", getattr(mask, "shape", None))
    return [1 if mask is None else mask for mask in masks]


@dataclass(frozen=True)
class Dropout(Around):
    """A dense network that is trained with dropout, new masks in every step; its output is without masks.

    Runs in lock-step share the masks, as they share the batches.

    Attributes
    ----------
    net : the network
    rates : q, the probability with which a hidden unit is dropped: one number for all hidden layers, or one each
    """

    net: Network
    rates: float | Sequence[float]

    def __post_init__(self) -> None:
        _rates(self.net, self.rates)

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the output of the network with all its units."""
        return self.net.output(theta, x)

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Draw masks, and return what `dropout_cost_and_gradient` does."""
        require(rng is not None, "rng", "a generator that draws the masks", "None")
        masks = dropout_masks(self.net, self.rates, x.shape[-1], rng, theta.dtype.type)
        return dropout_cost_and_gradient(self.net, theta, x, y, masks)
