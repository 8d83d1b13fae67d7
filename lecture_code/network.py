"""Dense networks: forward, cost, backpropagation, and the flat parameter vector.

A `Network` is a description (widths, activations, loss); its parameters are a separate flat vector
θ = (vec W¹, …, vec W^L, b¹, …, b^L). Inside, samples are columns, so that ``z = W @ a + b`` is the
book's formula for one sample (d, 1), for a mini-batch (d, M), and, with theta of shape (R, P), for R runs in
lock-step. Lists are indexed as in the text: ``W[l]`` is W^[ℓ], ``a[0]`` is the input, ``z[0]`` is None.

Book: ch-backpropagation
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lecture_code.activations import Activation
from lecture_code.losses import Loss
from lecture_code.validation import require, require_count

Layers = list[np.ndarray | None]

if sys.platform == "linux":
    # A step makes and drops arrays as large as theta. The C library gives the memory of large blocks back to the
    # system and fetches it anew for every step, which takes as long as the step; once a larger block than these has
    # been dropped, it keeps them.
    np.empty(30_000_000, np.uint8)


@dataclass(frozen=True)
class Network:
    """The description of a dense network.

    Attributes
    ----------
    widths : n_0, n_1, …, n_L: inputs, then the units of each layer
    activations : σ_1, …, σ_L, one a layer
    loss : the per-sample loss C_i on the output a^[L]
    bias : False leaves the b^[ℓ] out
    """

    widths: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    bias: bool = True

    def __post_init__(self) -> None:
        require(len(self.widths) >= 2, "widths", "at least an input and an output width", self.widths)
        for width in self.widths:
            require_count("widths", width)
        require(len(self.activations) == self.depth, "activations", f"{self.depth}, one a layer",
                len(self.activations))

    @cached_property
    def depth(self) -> int:
        """L, the number of layers that have weights."""
        return len(self.widths) - 1

    @cached_property
    def sigma(self) -> tuple[Activation | None, ...]:
        """The activations indexed as in the text: ``sigma[l]`` is σ_ℓ, ``sigma[0]`` is None."""
        return (None, *self.activations)

    @cached_property
    def fans(self) -> list[tuple[int, int]]:
        """n_{ℓ−1} and n_ℓ of each layer: how many numbers enter and leave it."""
        return list(zip(self.widths[:-1], self.widths[1:]))

    @cached_property
    def size(self) -> int:
        """P, the number of parameters."""
        return sum(n_in * n_out + n_out * self.bias for n_in, n_out in self.fans)

    @cached_property
    def weight_mask(self) -> np.ndarray:
        """Boolean (P,): True where theta holds a weight, False where it holds a bias."""
        return np.arange(self.size) < sum(n_in * n_out for n_in, n_out in self.fans)

    @cached_property
    def _places(self) -> list[tuple]:
        """Of each layer: where vec W lies in theta, the shape in which it is stored (columns first), where b lies."""
        begin, b = 0, sum(n_in * n_out for n_in, n_out in self.fans)
        places = []
        for n_in, n_out in self.fans:
            places.append(((..., slice(begin, begin + n_in * n_out)), (n_in, n_out), (..., slice(b, b + n_out), None)))
            begin, b = begin + n_in * n_out, b + n_out
        return places

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return a^[L], the end of `forward`."""
        return forward(self, theta, x).a[-1]

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return what the function `cost_and_gradient` does; rng is for models that draw, and has no effect here."""
        return cost_and_gradient(self, theta, x, y)


class Trace(NamedTuple):
    """What a forward pass leaves behind: z[l] and a[l] for every layer, a[0] = x, z[0] = None."""

    z: Layers
    a: Layers


class CostAndGradient(NamedTuple):
    """What `cost_and_gradient` returns: the cost (a number, or (R,)) and ∂C/∂θ, shaped like theta."""

    cost: np.ndarray
    gradient: np.ndarray


def unpack(net: Network, theta: np.ndarray) -> tuple[Layers, Layers]:
    """Return (W, b) as views into the flat vector: writing to them writes to theta.

    Book: eq-parameter-vector

    Parameters
    ----------
    net : the network
    theta : (P,), or (R, P) for R runs

    Returns
    -------
    W : list with W[l] of shape (..., n_l, n_{l−1}); W[0] is None
    b : list with b[l] of shape (..., n_l, 1); b[0] is None. In a network without biases they are columns of zeros
        and no part of theta
    """
    if theta.shape[-1:] != (net.size,):
        require(False, "theta", f"{net.size} parameters on the last axis", f"shape {theta.shape}")
    lead = theta.shape[:-1]
    W, b = [None], [None]
    for weights, shape, biases in net._places:
        W.append(theta[weights].reshape(lead + shape).mT)
        b.append(theta[biases] if net.bias else np.zeros((*lead, shape[1], 1), theta.dtype))
    return W, b


def pack(net: Network, W: Sequence[np.ndarray | None], b: Sequence[np.ndarray | None] | None = None) -> np.ndarray:
    """Return the flat vector of the given matrices and biases, indexed as by `unpack`; integers become float64.

    Book: eq-parameter-vector

    Raises
    ------
    ValueError
        If a shape does not fit the network.
    """
    arrays = [np.asarray(a) for a in (*W[1:], *(b[1:] if net.bias and b is not None else ()))]
    count = net.depth * (1 + net.bias)
    require(len(arrays) == count, "W and b", f"{count} arrays after index 0", len(arrays))
    theta = np.empty(arrays[0].shape[:-2] + (net.size,), np.result_type(np.float16, *arrays))
    (_, *weights), (_, *biases) = unpack(net, theta)
    for array, place in zip(arrays, weights + biases):
        require(array.shape == place.shape, "W and b", f"shape {place.shape}", array.shape)
        place[...] = array
    return theta


def forward(net: Network, theta: np.ndarray, x: np.ndarray) -> Trace:
    """Run the network and keep every z^[ℓ] and a^[ℓ].

    Book: eq-layer-z, eq-layer-a

    Parameters
    ----------
    net : the network
    theta : (P,), or (R, P)
    x : (d, M), one sample a column; with R runs also (R, d, M)

    Raises
    ------
    ValueError
        If x is one-dimensional (it would broadcast to a wrong shape) or its row count is not n_0.
    """
    if x.ndim < 2 or x.shape[-2] != net.widths[0]:
        require(False, "x", f"{net.widths[0]} rows, one sample a column (d, M)", f"shape {x.shape}")
    W, b = unpack(net, theta)
    z, a = [None], [x]
    for l in range(1, net.depth + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(net.sigma[l](z[l]))
    return Trace(z, a)


def backward(net: Network, theta: np.ndarray, trace: Trace, y: np.ndarray) -> tuple[Layers, Layers]:
    """Return the error signals of every sample: δ^[ℓ] = ∂C_i/∂z^[ℓ] and ā^[ℓ] = ∂C_i/∂a^[ℓ].

    Book: eq-delta-output, eq-delta-hidden, eq-delta-abar, eq-input-gradient

    Parameters
    ----------
    net, theta : as for `forward`
    trace : what `forward` returned
    y : (K, M), or (R, K, M): targets, one sample a column

    Returns
    -------
    delta : list, delta[l] shaped like z[l]; delta[0] is None
    a_bar : list, a_bar[l] shaped like a[l]; a_bar[0] is the gradient with respect to the input
    """
    _require_samples(y)
    return _backward(net, theta, trace, net.loss.gradient(trace.a[-1], y))


def _backward(net: Network, theta: np.ndarray, trace: Trace, start: np.ndarray) -> tuple[Layers, Layers]:
    """Send ā^[L] = start back through the layers."""
    z, a = trace
    W, _ = unpack(net, theta)
    delta, a_bar = [None] * (net.depth + 1), [None] * net.depth + [start]
    for l in range(net.depth, 0, -1):
        delta[l] = net.sigma[l].derivative(z[l], a[l]) * a_bar[l]
        a_bar[l - 1] = W[l].mT @ delta[l]
    return delta, a_bar


def cost(net: Network, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return C = (1/M) Σ C_i over the columns of x and y.

    Book: eq-cost
    """
    _require_samples(x)
    return net.loss(net.output(theta, x), y).sum(axis=-1) / x.shape[-1]


def cost_and_gradient(net: Network, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    """Return C and ∂C/∂θ over the columns of x and y, by backpropagation.

    The mean over the samples, 1/M, enters once, at the start: the way back is linear, so that every δ and every
    gradient has it. (The δ of `backward` are those of the single losses.)

    Book: eq-delta-output, eq-delta-hidden, eq-grad-bias, eq-grad-weight, eq-batch-gradient

    Parameters
    ----------
    net : the network
    theta : (P,), or (R, P)
    x : (d, M), or (R, d, M)
    y : (K, M), or (R, K, M)
    """
    if theta.dtype.kind not in "fc":
        require(False, "theta", "floating-point numbers", theta.dtype)
    _require_samples(x)
    z, a = forward(net, theta, x)
    C, a_bar = net.loss.value_and_gradient(a[-1], y)
    gradient, M = np.empty(theta.shape, theta.dtype), x.shape[-1]
    (W, _), (dW, db) = unpack(net, theta), unpack(net, gradient)
    a_bar = a_bar / M  # C is the mean of the losses
    for l in range(net.depth, 0, -1):
        delta = net.sigma[l].derivative(z[l], a[l]) * a_bar
        dW[l][...] = delta @ a[l - 1].mT
        db[l][...] = delta.sum(axis=-1, keepdims=True)
        if l > 1:  # the derivative with respect to x is not wanted
            a_bar = W[l].mT @ delta
    return CostAndGradient(C.sum(axis=-1) / M, gradient)


def _require_samples(x: np.ndarray) -> None:
    if x.shape[-1:] == (0,):
        require(False, "x", "at least one sample, one a column", "none")


def per_sample_gradients(net: Network, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ∂C_i/∂θ of every sample, one a row; their mean is the gradient of `cost_and_gradient`.

    Book: eq-sg-unbiased

    Parameters
    ----------
    net : the network
    theta : (P,), or (R, P)
    x : (d, M), or (R, d, M)
    y : (K, M), or (R, K, M)

    Returns
    -------
    array (M, P), or (R, M, P)
    """
    trace = forward(net, theta, x)
    delta, _ = backward(net, theta, trace, y)
    return _outer_products(net, trace, delta, theta.dtype)


def _outer_products(net: Network, trace: Trace, delta: Layers, dtype: np.dtype) -> np.ndarray:
    """Return ∂/∂W^[ℓ] = δ^[ℓ](a^[ℓ−1])ᵀ and ∂/∂b^[ℓ] = δ^[ℓ] of every sample, packed: (..., M, P)."""
    lead, M = delta[1].shape[:-2], delta[1].shape[-1]
    gradients = np.empty((*lead, M, net.size), dtype)
    dW, db = unpack(net, gradients)
    for l in range(1, net.depth + 1):
        column = delta[l].mT[..., None]  # (..., M, n_l, 1): the samples stand in front
        dW[l][...] = column * trace.a[l - 1].mT[..., None, :]
        db[l][...] = column
    return gradients


def _output_signals(net: Network, theta: np.ndarray, trace: Trace) -> tuple[Layers, Layers]:
    """Return δ and ā of each output a_k^[L] in place of a cost, with k on a new first axis: start from ā^[L] = e_k."""
    output = trace.a[-1]
    K = net.widths[-1]
    e = np.eye(K, dtype=output.dtype).reshape(K, *(1,) * (output.ndim - 2), K, 1)
    return _backward(net, theta, trace, np.broadcast_to(e, (K, *output.shape)))


def output_jacobian(net: Network, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ∂a_k^[L]/∂θ: how each output of each sample moves with the parameters, by K backward passes.

    Parameters
    ----------
    net : the network; its loss plays no part
    theta : (P,), or (R, P)
    x : (d, M), or (R, d, M)

    Returns
    -------
    array (K, M, P), or (R, K, M, P)
    """
    trace = forward(net, theta, x)
    delta, _ = _output_signals(net, theta, trace)
    return np.moveaxis(_outer_products(net, trace, delta, theta.dtype), 0, -3)


def input_jacobian(net: Network, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ∂a_k^[L]/∂x_j of every sample: W^[L] between the diagonal matrices, by K backward passes.

    Parameters
    ----------
    net : the network; its loss plays no part
    theta : (P,), or (R, P)
    x : (d, M), or (R, d, M)

    Returns
    -------
    array (K, d, M), or (R, K, d, M)
    """
    trace = forward(net, theta, x)
    _, a_bar = _output_signals(net, theta, trace)
    return np.moveaxis(a_bar[0], 0, -3)
