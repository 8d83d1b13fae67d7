"""Dense networks: forward, cost, backpropagation, and the flat parameter vector.

A `Network` is a description (widths, activations, loss); its parameters are a separate flat vector
p = (vec W¹, …, vec W^L, b¹, …, b^L). Inside, samples are columns, so that ``z = W @ a + b`` is the
book's formula for one sample (d, 1), for a mini-batch (d, M), and, with p of shape (R, P), for R runs in
lock-step. Lists are indexed as in the text: ``W[l]`` is W^[ℓ], ``a[0]`` is the input, ``z[0]`` is None.

Book: ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lecture_code.activations import Activation
from lecture_code.losses import Loss
from lecture_code.numerics import _product
from lecture_code.validation import require, require_count

Layers = list[np.ndarray | None]


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
    def size(self) -> int:
        """P, the number of parameters."""
        return sum(n_in * n_out + n_out * self.bias for n_in, n_out in self._fans)

    @cached_property
    def _fans(self) -> list[tuple[int, int]]:
        """n_{ℓ−1} and n_ℓ of each layer: how many numbers enter and leave it."""
        return list(zip(self.widths[:-1], self.widths[1:]))

    @cached_property
    def _places(self) -> tuple[list, list]:
        """Where each W and each b lies in p: an index, for W also the shape as stored, columns first."""
        weights, biases, end = [], [], 0
        for n_in, n_out in self._fans:
            weights.append(((..., slice(end, end := end + n_in * n_out)), (n_in, n_out)))
        for _, n_out in self._fans if self.bias else ():
            biases.append((..., slice(end, end := end + n_out), None))
        return weights, biases

    @cached_property
    def weight_mask(self) -> np.ndarray:
        """Boolean (P,): True where p holds a weight, False where it holds a bias."""
        return np.arange(self.size) < sum(n_in * n_out for n_in, n_out in self._fans)

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
    """What `cost_and_gradient` returns: the cost (a number, or (R,)) and ∂C/∂p, shaped like p."""

    cost: np.ndarray
    gradient: np.ndarray


def unpack(net: Network, p: np.ndarray) -> tuple[Layers, Layers]:
    """Return (W, b) as views into the flat vector: writing to them writes to p.

    Book: eq-flat-parameters

    Parameters
    ----------
    net : the network
    p : (P,), or (R, P) for R runs

    Returns
    -------
    W : list with W[l] of shape (..., n_l, n_{l−1}); W[0] is None
    b : list with b[l] of shape (..., n_l, 1); b[0] is None. In a network without biases they are columns of zeros
        and no part of p
    """
    if p.shape[-1:] != (net.size,):
        require(False, "p", f"{net.size} parameters on the last axis", f"shape {p.shape}")
    (weights, biases), lead = net._places, p.shape[:-1]
    W, b = [None], [None]
    for place, shape in weights:
        W.append(p[place].reshape(lead + shape).mT)
    for place in biases:
        b.append(p[place])
    if not net.bias:
        b += [np.zeros((*lead, n, 1), p.dtype) for n in net.widths[1:]]
    return W, b


def pack(net: Network, W: Sequence[np.ndarray | None], b: Sequence[np.ndarray | None] | None = None) -> np.ndarray:
    """Return the flat vector of the given matrices and biases, indexed as by `unpack`; integers become float64.

    Raises
    ------
    ValueError
        If a shape does not fit the network.
    """
    arrays = [np.asarray(a) for a in (*W[1:], *(b[1:] if net.bias and b is not None else ()))]
    count = net.depth * (1 + net.bias)
    require(len(arrays) == count, "W and b", f"{count} arrays after index 0", len(arrays))
    p = np.empty(arrays[0].shape[:-2] + (net.size,), np.result_type(np.float16, *arrays))
    (_, *weights), (_, *biases) = unpack(net, p)
    for array, place in zip(arrays, weights + biases):
        require(array.shape == place.shape, "W and b", f"shape {place.shape}", array.shape)
        place[...] = array
    return p


def gaussian_parameters(
    net: Network, rng: np.random.Generator, scale: float | Sequence[float] = 1.0, bias_scale: float = 0.0,
    dtype: type = np.float64,
) -> np.ndarray:
    """Draw p: weights of layer l from scale_l · N(0, 1), biases from bias_scale · N(0, 1).

    Parameters
    ----------
    net : the network
    rng : the source of randomness
    scale : one number for all layers, or one a layer
    bias_scale : 0 gives zero biases
    dtype : of the parameters; float32 halves the time of large networks
    """
    require(np.ndim(scale) == 0 or np.shape(scale) == (net.depth,), "scale",
            f"one number, or {net.depth}, one a layer", f"shape {np.shape(scale)}")
    scales = np.broadcast_to(np.asarray(scale, np.float64), (net.depth,))
    p = rng.standard_normal(net.size)
    W, b = unpack(net, p)
    for l in range(1, net.depth + 1):
        W[l][...] *= scales[l - 1]
        if net.bias:
            b[l][...] *= bias_scale
    return p.astype(dtype)


def xavier(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw p: weights of layer ℓ from N(0, 2/(n_{ℓ−1} + n_ℓ)), biases 0.

    The variance is a compromise: 1/n_{ℓ−1} keeps the size of the signals on the way forward, 1/n_ℓ that
    of the errors on the way back, both for tanh near 0.
    """
    return gaussian_parameters(net, rng, [(2 / (n_in + n_out)) ** 0.5 for n_in, n_out in net._fans], dtype=dtype)


def he(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw p: weights of layer ℓ from N(0, 2/n_{ℓ−1}), biases 0. The 2 makes up for the half that ReLU cuts off."""
    return gaussian_parameters(net, rng, [(2 / n_in) ** 0.5 for n_in, _ in net._fans], dtype=dtype)


def lecun(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw p: weights of layer ℓ from N(0, 1/n_{ℓ−1}), biases 0."""
    return gaussian_parameters(net, rng, [(1 / n_in) ** 0.5 for n_in, _ in net._fans], dtype=dtype)


def forward(net: Network, p: np.ndarray, x: np.ndarray) -> Trace:
    """Run the network and keep every z^[ℓ] and a^[ℓ].

    Book: eq-layer-z, eq-layer-a

    Parameters
    ----------
    net : the network
    p : (P,), or (R, P)
    x : (d, M), one sample a column; with R runs also (R, d, M)

    Raises
    ------
    ValueError
        If x is one-dimensional (it would broadcast to a wrong shape) or its row count is not n_0.
    """
    W, b = unpack(net, p)
    return Trace(*_forward(net, W, b, x))


def _forward(net: Network, W: Layers, b: Layers, x: np.ndarray) -> tuple[Layers, Layers]:
    if x.ndim < 2 or x.shape[-2] != net.widths[0]:
        require(False, "x", f"{net.widths[0]} rows, one sample a column (d, M)", f"shape {x.shape}")
    z, a = [None], [x]
    for l in range(1, net.depth + 1):
        z.append(W[l] @ a[l - 1] if l > 1 else _product(W[1], x))
        if net.bias:
            z[l] += b[l]
        a.append(net.activations[l - 1].value(z[l]))
    return z, a


def backward(net: Network, p: np.ndarray, trace: Trace, y: np.ndarray) -> tuple[Layers, Layers]:
    """Return the error signals of every sample: δ^[ℓ] = ∂C_i/∂z^[ℓ] and ā^[ℓ] = ∂C_i/∂a^[ℓ].

    Book: eq-delta-output, eq-delta-hidden, eq-delta-abar, eq-input-gradient

    Parameters
    ----------
    net, p : as for `forward`
    trace : what `forward` returned
    y : (K, M), or (R, K, M): targets, one sample a column

    Returns
    -------
    delta : list, delta[l] shaped like z[l]; delta[0] is None
    a_bar : list, a_bar[l] shaped like a[l]; a_bar[0] is the gradient with respect to the input
    """
    _, a = trace
    _check_not_empty(y)
    return _backward(net, p, trace, net.loss.gradient(a[-1], y))


def _backward(net: Network, p: np.ndarray, trace: Trace, start: np.ndarray) -> tuple[Layers, Layers]:
    """Send ā^[L] = start back through the layers."""
    z, a = trace
    W, _ = unpack(net, p)
    delta, a_bar = [None] * (net.depth + 1), [None] * (net.depth + 1)
    a_bar[net.depth] = start
    for l in range(net.depth, 0, -1):
        delta[l] = net.activations[l - 1].derivative(z[l], a[l]) * a_bar[l]
        a_bar[l - 1] = W[l].mT @ delta[l]
    return delta, a_bar


def _check_not_empty(x: np.ndarray) -> None:
    if not x.shape[-1]:
        require(False, "x", "at least one sample, one a column", "none")


def cost(net: Network, p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return C = (1/M) Σ C_i over the columns of x and y.

    Book: eq-cost
    """
    output = forward(net, p, x).a[-1]
    _check_not_empty(x)
    return net.loss(output, y).mean(axis=-1)


def cost_and_gradient(net: Network, p: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    """Return C and ∂C/∂p over the columns of x and y, by backpropagation.

    Book: eq-grad-bias, eq-grad-weight, eq-batch-gradient

    Parameters
    ----------
    net : the network
    p : (P,), or (R, P)
    x : (d, M), or (R, d, M)
    y : (K, M), or (R, K, M)
    """
    W, b = unpack(net, p)
    z, a = _forward(net, W, b, x)
    _check_not_empty(x)
    if p.dtype.kind not in "fc":
        require(False, "p", "floating-point numbers", p.dtype)
    gradient = np.empty(p.shape, p.dtype)
    dW, db = unpack(net, gradient)
    M = x.shape[-1]
    C, a_bar = net.loss.value_and_gradient(a[-1], y)
    if M > 1:
        a_bar = a_bar / M  # the mean of the losses begins the recursion, not their sum
    for l in range(net.depth, 0, -1):  # the same recursion as `backward`, keeping only one δ
        delta = np.multiply(net.activations[l - 1].slope(z[l], a[l]), a_bar, out=db[l] if M == 1 else a_bar)
        if l > 1:
            a_bar = W[l].mT @ delta
        if M == 1:  # δ itself is ∂C/∂b, and a column times a row has nothing to sum
            np.multiply(delta, a[l - 1].mT, out=dW[l])
        else:
            np.matmul(delta, a[l - 1].mT, out=dW[l])
            if net.bias:
                delta.sum(axis=-1, keepdims=True, out=db[l])
    return CostAndGradient(C[..., 0][()] if M == 1 else C.sum(axis=-1) / M, gradient)  # [()]: a number, no 0-d array


def per_sample_gradients(net: Network, p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ∂C_i/∂p of every sample, one a row; their mean is the gradient of `cost_and_gradient`.

    Book: eq-sg-unbiased

    Parameters
    ----------
    net : the network
    p : (P,), or (R, P)
    x : (d, M), or (R, d, M)
    y : (K, M), or (R, K, M)

    Returns
    -------
    array (M, P), or (R, M, P)
    """
    trace = forward(net, p, x)
    delta, _ = backward(net, p, trace, y)
    return _outer_products(net, trace, delta, p.dtype)


def _outer_products(net: Network, trace: Trace, delta: Layers, dtype: np.dtype) -> np.ndarray:
    """Return ∂/∂W^[ℓ] = δ^[ℓ](a^[ℓ−1])ᵀ and ∂/∂b^[ℓ] = δ^[ℓ] of every sample, packed: (..., M, P)."""
    lead, M = delta[1].shape[:-2], delta[1].shape[-1]
    gradients = np.empty((*lead, M, net.size), dtype)
    dW, db = unpack(net, gradients)
    for l in range(1, net.depth + 1):
        column = delta[l].mT[..., None]  # (..., M, n_l, 1): the samples stand in front
        np.multiply(column, trace.a[l - 1].mT[..., None, :], out=dW[l])
        if net.bias:
            db[l][...] = column
    return gradients


def _output_signals(net: Network, p: np.ndarray, trace: Trace) -> tuple[Layers, Layers]:
    """Return δ and ā of each output a_k^[L] in place of a cost, with k on a new first axis: start from ā^[L] = e_k."""
    output = trace.a[-1]
    K = net.widths[-1]
    e = np.eye(K, dtype=output.dtype).reshape(K, *(1,) * (output.ndim - 2), K, 1)
    return _backward(net, p, trace, np.broadcast_to(e, (K, *output.shape)))


def output_jacobian(net: Network, p: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ∂a_k^[L]/∂p: how each output of each sample moves with the parameters, by K backward passes.

    Parameters
    ----------
    net : the network; its loss plays no part
    p : (P,), or (R, P)
    x : (d, M), or (R, d, M)

    Returns
    -------
    array (K, M, P), or (R, K, M, P)
    """
    trace = forward(net, p, x)
    delta, _ = _output_signals(net, p, trace)
    return np.moveaxis(_outer_products(net, trace, delta, p.dtype), 0, -3)


def input_jacobian(net: Network, p: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ∂a_k^[L]/∂x_j of every sample: W^[L] between the diagonal matrices, by K backward passes.

    Parameters
    ----------
    net : the network; its loss plays no part
    p : (P,), or (R, P)
    x : (d, M), or (R, d, M)

    Returns
    -------
    array (K, d, M), or (R, K, d, M)
    """
    trace = forward(net, p, x)
    _, a_bar = _output_signals(net, p, trace)
    return np.moveaxis(a_bar[0], 0, -3)
