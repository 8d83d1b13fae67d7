"""Convolution networks: blocks of convolution, activation and pooling, then dense layers.

A `ConvNet` is a description, as a dense `Network` is; its parameters are a separate flat vector
θ = (F¹, …, F^B, W^{B+1}, …, W^L, b¹, …, b^L), so that the same optimizers, `fit` and sweeps train it. Images come as
columns (d, M), one sample a column. Lists are indexed as in the text: ``W[l]`` holds the filters of block l, or the
weights of a dense layer, and ``W[0]`` is None.

Book: ch-convolution-networks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from lecture_code.activations import Activation, linear, relu
from lecture_code.convolution import Pair, _geometry, _pair
from lecture_code.fast_convolution import Prepared, _prepared, fast_layout, input_gradient, prepare
from lecture_code.losses import Loss, softmax_cross_entropy
from lecture_code.network import CostAndGradient
from lecture_code.network import Layers
from lecture_code.pooling import max_pool, max_pool_gradient
from lecture_code.validation import require, require_count


@dataclass(frozen=True)
class Block:
    """One convolution layer: Q filters, an activation, and max pooling after it.

    Attributes
    ----------
    filters : Q, the number of feature maps
    size, stride, padding : of the filters; one number, or (vertical, horizontal)
    activation : σ
    pool : the size of the pooling window, which is also its stride; 1 for no pooling
    """

    filters: int
    size: Pair
    stride: Pair = 1
    padding: Pair = 0
    activation: Activation = relu
    pool: Pair = 1


@dataclass(frozen=True)
class ConvNet:
    """The description of a convolution network: B blocks, then dense layers, of which the last has K outputs.

    Attributes
    ----------
    shape : (C, H, W) of an image
    blocks : the convolution layers
    classes : K
    loss : on the outputs; softmax cross-entropy takes them as logits
    hidden : the widths of dense layers between the blocks and the outputs
    activation : σ of these dense layers; the outputs are linear
    """

    shape: tuple[int, int, int]
    blocks: tuple[Block, ...]
    classes: int
    loss: Loss = softmax_cross_entropy
    hidden: tuple[int, ...] = ()
    activation: Activation = relu

    def __post_init__(self) -> None:
        require(len(self.shape) == 3, "shape", "(channels, height, width)", self.shape)
        for side in self.shape:
            require_count("shape", side)
        for block in self.blocks:
            require_count("filters", block.filters)
            _pair("pool", block.pool)
        for width in self.hidden:
            require_count("hidden", width)
        require_count("classes", self.classes)
        self.maps  # raises where a window does not fit

    @property
    def depth(self) -> int:
        """L, the number of layers that have weights."""
        return len(self.blocks) + len(self.hidden) + 1

    @cached_property
    def maps(self) -> list[tuple[int, int, int]]:
        """The shape (C, H, W) of the images and of what each block hands on."""
        maps = [tuple(self.shape)]
        for block in self.blocks:
            fits = _geometry(maps[-1], block.size, block.stride, block.padding).fits
            maps.append((block.filters, *_geometry(fits, block.pool, block.pool, 0).fits))
        return maps

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """n_0, n_1, …, n_L: the numbers in an image, and how many each layer hands on."""
        return *map(prod, self.maps), *self.hidden, self.classes

    @property
    def size(self) -> int:
        """P, the number of parameters."""
        return self._slices[-1][1]

    @cached_property
    def _slices(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """Where each W[1], …, W[L], b[1], …, b[L] lies in θ, and its shape."""
        B = len(self.blocks)
        shapes = [(block.filters, maps[0], *_pair("size", block.size)) for block, maps in zip(self.blocks, self.maps)]
        shapes += zip(self.widths[B + 1:], self.widths[B:])
        shapes += [(block.filters,) for block in self.blocks] + [(width, 1) for width in self.widths[B + 1:]]
        ends = np.cumsum([prod(shape) for shape in shapes]).tolist()
        return [(end - prod(shape), end, shape) for end, shape in zip(ends, shapes)]

    @cached_property
    def weight_mask(self) -> np.ndarray:
        """Boolean (P,): True where θ holds a weight, False where it holds a bias."""
        return np.arange(self.size) < self._slices[self.depth][0]

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the outputs (K, M), or (R, K, M): the end of `forward`, a hundred images at a time.

        Parameters
        ----------
        theta : (P,), or (R, P) for R runs
        x : (d, M), one image a column; with R runs also (R, d, M)
        """
        theta, x, _ = _runs(self, theta, x)
        lead, M = theta.shape[:-1], x.shape[-1]
        runs = [np.concatenate([
            forward(self, theta[run], x[run][:, n:n + 100]).a[-1]  # so few that their maps stay in the cache
            for n in range(0, max(1, M), 100)], axis=1) for run in np.ndindex(lead)]
        return np.array(runs).reshape(*lead, self.classes, M)

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return what the function `cost_and_gradient` does: for code that takes any kind of network."""
        return cost_and_gradient(self, theta, x, y)


class ConvTrace(NamedTuple):
    """What a forward pass leaves behind: in layer l, z[l], h[l] = σ(z[l]) and a[l], what it hands on.

    Those of blocks are maps (M, Q, h, w), pooled in a[l]; those of dense layers are columns, and a[l] is h[l]. a[0] are
    the images (M, C, H, W); z[0] and h[0] are None.
    """

    z: Layers
    h: Layers
    a: Layers


def unpack(net: ConvNet, theta: np.ndarray) -> tuple[Layers, Layers]:
    """Return (W, b) as views into the flat vector θ (P,): writing to them writes to θ.

    Returns
    -------
    W : list with W[l] the filters (Q, C, k_y, k_x) of block l, or the weights (n_l, n_{l−1}) of a dense layer
    b : list with b[l] of shape (Q,) for a block, (n_l, 1) for a dense layer; W[0] and b[0] are None
    """
    require(isinstance(theta, np.ndarray), "theta", f"an array ({net.size},)", type(theta).__name__)
    require(theta.shape == (net.size,), "theta", f"shape ({net.size},)", theta.shape)
    views = [theta[start:end].reshape(shape) for start, end, shape in net._slices]
    return [None, *views[:net.depth]], [None, *views[net.depth:]]


def he(net: ConvNet, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw θ (P,): weights from N(0, 2/n_in), where n_in numbers enter a unit, C k_y k_x in a block; biases are 0."""
    theta = np.zeros(net.size)
    for W in unpack(net, theta)[0][1:]:
        W[...] = np.sqrt(2 / prod(W.shape[1:])) * rng.standard_normal(W.shape)
    return theta.astype(dtype)


def forward(net: ConvNet, theta: np.ndarray, x: np.ndarray) -> ConvTrace:
    """Run the network: z = a ∗ F + b, h = σ(z), a = pooled h in each block; z = W a + b, a = σ(z) in dense layers.

    Book: eq-conv-layer, eq-conv-activation, eq-conv-scores

    Parameters
    ----------
    net : the network
    theta : (P,), one run
    x : (d, M), one image a column, d = C H W in reading order, as a batch of rows ``X[batch].mT``

    Raises
    ------
    ValueError
        If x has not d rows.
    """
    theta, x = np.asarray(theta), np.asarray(x)
    _check_columns(net, x)
    require(x.ndim == 2, "x", "one batch (d, M)", f"shape {x.shape}")
    return _forward(net, theta, x, _prepared)[0]


def _forward(net: ConvNet, theta: np.ndarray, x: np.ndarray, ready: Callable) -> tuple[ConvTrace, list[Prepared]]:
    """Return the trace, and what each convolution read: `prepare` makes it `ready` for the way back, too."""
    W, b = unpack(net, theta)
    images = fast_layout(x.reshape(*net.shape, -1).transpose(3, 0, 1, 2))
    (z, h, a), seen = _blocks_forward(net, W, b, images, ready)
    for l, sigma in _dense(net):
        z.append(W[l] @ _columns(a[l - 1]) + b[l])
        h.append(sigma(z[l]))
        a.append(h[l])
    return ConvTrace(z, h, a), seen


def _blocks_forward(
    net: ConvNet, W: Layers, b: Layers, images: np.ndarray, ready: Callable
) -> tuple[ConvTrace, list[Prepared]]:
    """Run the blocks, first to last; return the trace, and what each convolution read.

    Book: eq-channels, eq-strided, eq-max-pool
    """
    z, h, a, seen = [None], [None], [images], [None]
    for l, block in enumerate(net.blocks, start=1):
        seen.append(ready(a[l - 1], block.size, block.stride, block.padding))
        z.append(seen[l].conv2d(W[l], b[l]))
        h.append(block.activation(z[l]))
        a.append(h[l] if block.pool == 1 else max_pool(h[l], block.pool))
    return ConvTrace(z, h, a), seen


def _dense(net: ConvNet) -> list[tuple[int, Activation]]:
    """Return (l, σ) of each dense layer: B + 1 … L."""
    return list(enumerate([net.activation] * len(net.hidden) + [linear], start=len(net.blocks) + 1))


def _columns(a: np.ndarray) -> np.ndarray:
    """Return maps (M, Q, h, w) as columns (Q h w, M); columns stay as they are."""
    return a if a.ndim == 2 else a.transpose(1, 2, 3, 0).reshape(prod(a.shape[1:]), len(a))


def _check_columns(net: ConvNet, x: np.ndarray) -> None:
    require(x.ndim >= 2 and x.shape[-2] == net.widths[0], "x", f"{net.widths[0]} rows, one image a column (d, M)",
            f"shape {x.shape}")


def _runs(
    net: ConvNet, theta: np.ndarray, x: np.ndarray, y: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return θ (…, P), and x (…, d, M) and y (…, K, M) as views with one batch for each run."""
    theta, x = np.asarray(theta), np.asarray(x)
    require(theta.shape[-1:] == (net.size,), "theta", f"{net.size} parameters on the last axis", f"shape {theta.shape}")
    _check_columns(net, x)
    lead, K, M = theta.shape[:-1], net.classes, x.shape[-1]
    x = _for_each_run("x", x, lead)
    if y is not None:
        y = np.asarray(y)
        require(y.shape[-2:] == (K, M), "y", f"one target a column, {(K, M)}", f"shape {y.shape}")
        y = _for_each_run("y", y, lead)
    return theta, x, y


def _for_each_run(name: str, columns: np.ndarray, lead: tuple[int, ...]) -> np.ndarray:
    own = columns.shape[:-2]
    fits = len(own) <= len(lead) and all(n in (1, R) for n, R in zip(own[::-1], lead[::-1]))
    require(fits, name, f"one batch, or one for each of {lead} runs", f"shape {columns.shape}")
    return np.broadcast_to(columns, (*lead, *columns.shape[-2:]))


def cost_and_gradient(net: ConvNet, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    """Return C = (1/M) Σ C_i and ∂C/∂θ, by backpropagation.

    R runs are computed one after the other, with the result of separate runs, bit by bit: nearly all the time of a
    convolution goes into its matrix products, which lock-step would not make fewer.

    Book: eq-conv-batch

    Parameters
    ----------
    net : the network
    theta : (P,), or (R, P) for R runs
    x : (d, M), one image a column; with R runs also (R, d, M)
    y : (K, M) targets, one a column, or (R, K, M)

    Raises
    ------
    ValueError
        If shapes do not fit, there is no image, or θ holds integers.
    """
    theta, x, y = _runs(net, theta, x, y)
    require(x.shape[-1] > 0, "x", "at least one image, one a column", "none")
    require(theta.dtype.kind in "fc", "theta", "floating-point numbers", theta.dtype)
    if theta.ndim == 1:
        return _one_run(net, theta, x, y)
    gradient, costs = np.empty_like(theta), []
    for run in np.ndindex(theta.shape[:-1]):
        cost, gradient[run] = _one_run(net, theta[run], x[run], y[run])
        costs.append(cost)
    return CostAndGradient(np.array(costs).reshape(theta.shape[:-1]), gradient)


def _one_run(net: ConvNet, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    (z, h, a), seen = _forward(net, theta, x, prepare)
    gradient, M = np.empty_like(theta), x.shape[1]
    (W, _), (dW, db) = unpack(net, theta), unpack(net, gradient)
    C, a_bar = net.loss.value_and_gradient(a[-1], y)
    a_bar = a_bar / M  # the mean of the losses begins the recursion, not their sum
    for l, sigma in reversed(_dense(net)):
        delta = sigma.derivative(z[l], h[l]) * a_bar
        dW[l][...] = delta @ _columns(a[l - 1]).T
        db[l][...] = delta.sum(axis=1, keepdims=True)
        a_bar = W[l].T @ delta
    a_bar = a_bar.reshape(*net.maps[-1], M).transpose(3, 0, 1, 2)
    for l, dF, db_l in _blocks_backward(net, W, ConvTrace(z, h, a), seen, a_bar):
        dW[l][...], db[l][...] = dF, db_l
    return CostAndGradient(C.sum() / M, gradient)


def _blocks_backward(
    net: ConvNet, W: Layers, trace: ConvTrace, seen: list[Prepared], a_bar: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield (l, ∂C/∂F, ∂C/∂b) of the blocks, last to first; a_bar is ∂C/∂a of the last.

    Book: eq-channels-grad-f, eq-channels-grad-b, eq-channels-grad-x, eq-max-pool-grad
    """
    for l, block in reversed(list(enumerate(net.blocks, start=1))):
        h_bar = a_bar if block.pool == 1 else max_pool_gradient(trace.h[l], a_bar, block.pool)
        delta = block.activation.derivative(trace.z[l], trace.h[l]) * h_bar
        yield l, *seen[l].filter_gradient(delta)
        if l > 1:
            a_bar = input_gradient(delta, W[l], net.maps[l - 1][1:], block.stride, block.padding)
