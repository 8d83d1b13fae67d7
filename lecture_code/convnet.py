"""A small convolution network: blocks of convolution, activation and pooling, then one dense layer.

A `ConvNet` is a description; its parameters are a separate flat vector p = (F of every block, W, b of every
block, b), as for the dense networks, so that the same optimizers and the same `fit` train it. Images come as
columns (d, M), one sample a column.

Book: ch-convolution
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from lecture_code.activations import Activation, relu
from lecture_code.convolution import (
    Pair, Prepared, _geometry, _pair, _prepared, fast_layout, input_gradient, max_pool, max_pool_gradient, prepare)
from lecture_code.losses import Loss, softmax_cross_entropy
from lecture_code.validation import require, require_count


@dataclass(frozen=True)
class Block:
    """One convolution layer: Q filters, an activation, and max pooling after it.

    Attributes
    ----------
    filters : Q, the number of feature maps
    size, stride, padding : of the filters
    activation : σ
    pool : the size of the pooling window; 1 for no pooling
    """

    filters: int
    size: Pair
    stride: Pair = 1
    padding: Pair = 0
    activation: Activation = relu
    pool: int = 1


@dataclass(frozen=True)
class ConvNet:
    """The description of a convolution network: blocks, then one dense layer to K outputs.

    Attributes
    ----------
    shape : (C, H, W) of an image
    blocks : the convolution layers
    classes : K
    loss : on the outputs; softmax cross-entropy takes them as logits
    """

    shape: tuple[int, int, int]
    blocks: tuple[Block, ...]
    classes: int
    loss: Loss = softmax_cross_entropy

    def __post_init__(self) -> None:
        require(len(self.shape) == 3, "shape", "(channels, height, width)", self.shape)
        for block in self.blocks:
            require_count("filters", block.filters)
            require_count("pool", block.pool)
        require_count("classes", self.classes)
        self.maps  # raises where a window does not fit

    @cached_property
    def maps(self) -> list[tuple[int, int, int]]:
        """The shape (C, H, W) of the images and of what each block hands on."""
        maps = [tuple(self.shape)]
        for block in self.blocks:
            fits = _geometry(maps[-1], block.size, block.stride, block.padding).fits
            maps.append((block.filters, *_geometry(fits, block.pool, block.pool, 0).fits))
        return maps

    @property
    def widths(self) -> tuple[int, int]:
        """d and K: numbers in an image, outputs."""
        return prod(self.shape), self.classes

    @property
    def size(self) -> int:
        """P, the number of parameters."""
        return self._slices[-1][1]

    @cached_property
    def _slices(self) -> list[tuple[int, int, tuple[int, ...]]]:
        shapes = [(block.filters, maps[0], *_pair("size", block.size)) for block, maps in zip(self.blocks, self.maps)]
        shapes += [(self.classes, prod(self.maps[-1]))]
        shapes += [(shape[0],) for shape in shapes[:-1]] + [(self.classes, 1)]
        ends = np.cumsum([prod(shape) for shape in shapes]).tolist()
        return [(end - prod(shape), end, shape) for end, shape in zip(ends, shapes)]

    @cached_property
    def weight_mask(self) -> np.ndarray:
        """Boolean (P,): True where p holds a weight, False where it holds a bias."""
        return np.arange(self.size) < self._slices[len(self.blocks)][1]

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the scores (K, M), the end of `cnn_forward`, of a hundred images at a time: their maps stay in the cache."""
        x = _image_columns(self, x)
        parts = [cnn_forward(self, theta, x[:, n:n + 100]).output for n in range(0, max(1, x.shape[1]), 100)]
        return np.concatenate(parts, axis=1)

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `cnn_cost_and_gradient` does; rng is for models that draw, and has no effect here."""
        return cnn_cost_and_gradient(self, theta, x, y)


class CnnTrace(NamedTuple):
    """What a forward pass leaves behind: z and h = σ(z) of every block, a[0] = images, a[l] after pooling, output."""

    z: list[np.ndarray]
    h: list[np.ndarray]
    a: list[np.ndarray]
    output: np.ndarray


def cnn_unpack(net: ConvNet, p: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return (weights, biases) as views into the flat vector p (P,).

    Returns
    -------
    weights : F of every block (Q, C, k_y, k_x), then W (K, n) of the dense layer
    biases : b of every block (Q,), then b (K, 1)
    """
    require(p.shape == (net.size,), "p", f"shape ({net.size},)", p.shape)
    views = [p[start:end].reshape(shape) for start, end, shape in net._slices]
    return views[:len(net.blocks) + 1], views[len(net.blocks) + 1:]


def cnn_parameters(net: ConvNet, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw p (P,): weights from √(2/n_in) · N(0, 1), where n_in numbers enter a unit; biases are 0."""
    p = np.zeros(net.size)
    for F in cnn_unpack(net, p)[0]:
        F[...] = np.sqrt(2 / prod(F.shape[1:])) * rng.standard_normal(F.shape)
    return p.astype(dtype)


def cnn_forward(net: ConvNet, p: np.ndarray, x: np.ndarray) -> CnnTrace:
    """Run the network: in each block z = a ∗ F + b, h = σ(z), a = pooled h; then W a + b on all maps together.

    Book: eq-conv-layer, eq-conv-activation, eq-conv-scores

    Parameters
    ----------
    net : the network
    p : (P,)
    x : (d, M), one image a column, d = C H W in reading order, as a batch of rows ``X[batch].mT``

    Raises
    ------
    ValueError
        If x has not d rows.
    """
    return _forward(net, p, x, _prepared)[0]


def _forward(net: ConvNet, p: np.ndarray, x: np.ndarray, ready: Callable) -> tuple[CnnTrace, list[Prepared]]:
    """Return the trace, and what each convolution read: `prepare` makes it `ready` for the way back, too."""
    x = _image_columns(net, x)
    weights, biases = cnn_unpack(net, p)
    z, h, a, seen = [], [], [fast_layout(x.reshape(*net.shape, -1).transpose(3, 0, 1, 2))], []
    for block, F, b in zip(net.blocks, weights, biases):
        seen.append(ready(a[-1], block.size, block.stride, block.padding))
        z.append(seen[-1].conv2d(F, b))
        h.append(block.activation(z[-1]))
        a.append(max_pool(h[-1], block.pool) if block.pool > 1 else h[-1])
    return CnnTrace(z, h, a, weights[-1] @ _column_each(a[-1]) + biases[-1]), seen


def _image_columns(net: ConvNet, x: np.ndarray) -> np.ndarray:
    x = np.asarray(x)
    require(x.ndim == 2 and len(x) == net.widths[0], "x", f"{net.widths[0]} rows, one image a column (d, M)",
            f"shape {x.shape}")
    return x


def _column_each(a: np.ndarray) -> np.ndarray:
    """Return maps (M, Q, h, w) as columns (Q h w, M)."""
    return a.transpose(1, 2, 3, 0).reshape(prod(a.shape[1:]), len(a))


def cnn_cost_and_gradient(net: ConvNet, p: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return C = (1/M) Σ C_i and ∂C/∂p, by backpropagation.

    Book: eq-conv-batch

    Parameters
    ----------
    net, p, x : as for `cnn_forward`
    y : (K, M) targets, one a column
    """
    (z, h, a, output), seen = _forward(net, p, x, prepare)
    require(np.shape(y) == output.shape, "y", f"one target a column, {output.shape}", f"shape {np.shape(y)}")
    M = x.shape[1]
    require(M > 0, "x", "at least one image, one a column", "none")
    gradient = np.empty_like(p)
    (*filters, W), (dW, db) = cnn_unpack(net, p)[0], cnn_unpack(net, gradient)
    C, delta = net.loss.value_and_gradient(output, y)
    delta = delta / M  # the mean of the losses begins the recursion, not their sum
    dW[-1][...] = delta @ _column_each(a[-1]).T
    db[-1][...] = delta.sum(axis=1, keepdims=True)
    a_bar = (W.T @ delta).reshape(*net.maps[-1], M).transpose(3, 0, 1, 2)
    for l in range(len(net.blocks) - 1, -1, -1):
        block = net.blocks[l]
        h_bar = max_pool_gradient(h[l], a_bar, block.pool) if block.pool > 1 else a_bar
        delta = block.activation.derivative(z[l], h[l]) * h_bar
        dW[l][...], db[l][...] = seen[l].filter_gradient(delta)
        if l > 0:
            a_bar = input_gradient(delta, filters[l], net.maps[l][1:], block.stride, block.padding)
    return C.sum() / M, gradient
