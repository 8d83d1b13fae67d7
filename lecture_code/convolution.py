"""Convolution over images with channels, its gradients, pooling, and a small convolution network.

"Convolution" is what deep learning calls so, a cross-correlation: the filter is not flipped. Images have
the logical shape (N, C, H, W), filters (Q, C, k_y, k_x), with any strides in memory. Results are views of
arrays in the order height, channels, width, samples: there the input rows under one output row are a
matrix whose rows lie one after another, and a convolution is one matrix product for each output row.
`numpy.ascontiguousarray` gives the usual order where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.activations import Activation, relu
from lecture_code.losses import Loss, softmax_cross_entropy
from lecture_code.validation import require, require_count

Pair = int | tuple[int, int]
BLOCK = 2**20  # bytes of shifted copies held at a time


def _pair(name: str, value: Pair, least: int = 1) -> tuple[int, int]:
    """Return a number for both directions, or a pair (vertical, horizontal), as a pair of integers >= `least`."""
    pair = value if isinstance(value, tuple) else (value, value)
    whole = len(pair) == 2 and all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in pair)
    require(whole and min(pair) >= least, name, f"an integer >= {least}, or a pair of them", value)
    return int(pair[0]), int(pair[1])


def output_size(d: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """Return ⌊(d + 2·padding − k) / stride⌋ + 1, how often a window of k fits into d entries.

    Book: eq-valid-size

    Raises
    ------
    ValueError
        If k exceeds the padded size.
    """
    require(d + 2 * padding >= k, "k", f"a window that fits into {d} + 2·{padding} entries", k)
    return (d + 2 * padding - k) // stride + 1


class _Geometry(NamedTuple):
    """Everything about a window that slides: its size, stride and padding, and how often it fits."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    fits: tuple[int, int]


def _geometry(shape: tuple[int, ...], size: Pair, stride: Pair, padding: Pair) -> _Geometry:
    size, stride, padding = _pair("size", size), _pair("stride", stride), _pair("padding", padding, 0)
    fits = tuple(output_size(*numbers) for numbers in zip(shape[-2:], size, stride, padding))
    return _Geometry(size, stride, padding, fits)


def _images(name: str, X: np.ndarray) -> np.ndarray:
    X = np.asarray(X)
    require(X.ndim == 4, name, "an array of four axes", f"shape {X.shape}")
    return X if X.dtype.kind in "fc" else X.astype(np.float64)  # products of bytes would wrap around


def _fitting(X: np.ndarray, F: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X, F = _images("X", X), _images("F", F)
    require(F.shape[1] == X.shape[1], "F", f"filters of {X.shape[1]} channels, as X has", f"shape {F.shape}")
    b = np.zeros(len(F), F.dtype) if b is None else np.asarray(b)
    require(b.shape == F.shape[:1], "b", f"one bias a filter, ({len(F)},)", f"shape {b.shape}")
    return X, F, b


def _inside(X: np.ndarray, padding: tuple[int, int], fill: float = 0) -> np.ndarray:
    """Return images, padded, in the memory order (H, C, W, N); no copy where they are so already."""
    (py, px), (N, C, H, W) = padding, X.shape
    rows = X.transpose(2, 1, 3, 0)
    if not (py or px) and rows.flags.c_contiguous:
        return rows
    padded = np.full((H + 2 * py, C, W + 2 * px, N), fill, X.dtype) if py or px else np.empty(rows.shape, X.dtype)
    middle = padded[py:py + H, :, px:px + W]
    for n in range(0, N, 32):  # a few samples at a time: their rows stay near while they are turned
        middle[..., n:n + 32] = rows[..., n:n + 32]
    return padded


def fast_layout(X: np.ndarray) -> np.ndarray:
    """Return the same images (N, C, H, W) in the memory order in which this module computes.

    Every function turns its arguments by itself; an array that goes into several of them, as dZ into both
    gradients, is turned once if it passes through here.
    """
    return _outside(_inside(_images("X", X), (0, 0)))


def _outside(rows: np.ndarray) -> np.ndarray:
    """Return an array in the memory order (H, C, W, N) as logical images (N, C, H, W): a view."""
    return rows.transpose(3, 1, 0, 2)


def _every(start: int, step: int, count: int) -> slice:
    return slice(start, start + step * (count - 1) + 1, step)


def _row_matrices(x: np.ndarray, g: _Geometry) -> Iterator[tuple[int, np.ndarray]]:
    """Yield, for each output row i, the matrix (k_y (k_x C + 1), w N) of the entries under the filter.

    Only the k_x horizontal shifts are copied: rows i s_y … i s_y + k_y − 1 of the copies lie one after
    another and are the matrix. Its rows of ones carry the bias.
    """
    (ky, kx), (sy, sx), _, (height, width) = g
    H, C, _, N = x.shape
    one_row = max(1, (kx * C + 1) * width * N * x.itemsize)
    together = min(height, max(1, (BLOCK // one_row - ky) // sy + 1))
    shifts = np.empty(((together - 1) * sy + ky, kx * C + 1, width, N), x.dtype)
    shifts[:, kx * C] = 1
    for first in range(0, height, together):
        last = min(first + together, height) - 1
        rows = x[first * sy:last * sy + ky]
        for n in range(kx):
            shifts[:len(rows), n * C:(n + 1) * C] = rows[:, :, _every(n, sx, width)]
        for i in range(first, last + 1):
            start = (i - first) * sy
            yield i, shifts[start:start + ky].reshape(ky * (kx * C + 1), width * N)


def conv2d(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return Z_{nqij} = b_q + Σ_{cuv} F_{qcuv} X_{n,c,i·s+u,j·s+v}, X with zeros around it where padded.

    Book: eq-convolution

    Parameters
    ----------
    X : (N, C, H, W) images
    F : (Q, C, k_y, k_x) filters
    b : (Q,) biases; None for none
    stride : s ≥ 1, the step between windows; one number, or (vertical, horizontal)
    padding : zeros added on each side; one number, or (vertical, horizontal)

    Returns
    -------
    array (N, Q, h, w), h = ⌊(H + 2·padding − k_y) / s⌋ + 1, and likewise w

    Raises
    ------
    ValueError
        If an array has the wrong number of axes, the channels differ, or a filter does not fit.
    """
    X, F, b = _fitting(X, F, b)
    g = _geometry(X.shape, F.shape[-2:], stride, padding)
    (ky, kx), (height, width) = g.size, g.fits
    Q, C, N = len(F), X.shape[1], len(X)
    weights = np.zeros((Q, ky, kx * C + 1), np.result_type(F, b))
    weights[:, :, :-1] = F.transpose(0, 2, 3, 1).reshape(Q, ky, -1)
    weights[:, -1, -1] = b
    weights = weights.reshape(Q, -1)
    Z = np.empty((height, Q, width, N), np.result_type(X, weights))
    for i, under in _row_matrices(_inside(X, g.padding), g):
        np.matmul(weights, under, out=Z[i].reshape(Q, width * N))
    return _outside(Z)


def filter_gradient(
    X: np.ndarray, dZ: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return (dF, db): dF_{qcuv} = Σ_{nij} dZ_{nqij} X_{n,c,i·s+u,j·s+v} and db_q = Σ_{nij} dZ_{nqij}.

    Book: eq-conv-grad-f

    dF is a convolution again, of X with dZ.

    Parameters
    ----------
    X : (N, C, H, W), what `conv2d` was given
    dZ : (N, Q, h, w), ∂C/∂Z
    size : (k_y, k_x), or one number for both
    stride, padding : as for `conv2d`

    Returns
    -------
    arrays (Q, C, k_y, k_x) and (Q,)

    Raises
    ------
    ValueError
        If dZ has not the shape of the output.
    """
    X, dZ = _images("X", X), _images("dZ", dZ)
    g = _geometry(X.shape, size, stride, padding)
    Q, C, (ky, kx) = dZ.shape[1], X.shape[1], g.size
    require(dZ.shape == (len(X), Q, *g.fits), "dZ", f"the shape {(len(X), Q, *g.fits)} of the output", dZ.shape)
    d = _inside(dZ, (0, 0)).reshape(g.fits[0], Q, g.fits[1] * len(X))
    total = np.zeros((ky * (kx * C + 1), Q), np.result_type(X, dZ))
    for i, under in _row_matrices(_inside(X, g.padding), g):
        total += under @ d[i].T
    total = total.reshape(ky, kx * C + 1, Q)
    return total[:, :-1].reshape(ky, kx, C, Q).transpose(3, 2, 0, 1), total[-1, -1]


def input_gradient(
    dZ: np.ndarray, F: np.ndarray, shape: tuple[int, int], stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return dX_{nchw} = Σ dZ_{nqij} F_{qcuv} over all i·s + u = h + padding, j·s + v = w + padding.

    Book: eq-conv-grad-x

    With stride 1 and no padding this is the full convolution of dZ with the flipped filter.

    Parameters
    ----------
    dZ : (N, Q, h, w), ∂C/∂Z
    F : (Q, C, k_y, k_x)
    shape : (H, W) of the input: with a stride it does not follow from the output
    stride, padding : as for `conv2d`

    Returns
    -------
    array (N, C, H, W)

    Raises
    ------
    ValueError
        If dZ has not the shape of the output.
    """
    dZ, F = _images("dZ", dZ), _images("F", F)
    g = _geometry(shape, F.shape[-2:], stride, padding)
    (ky, kx), (sy, sx), (py, px), (height, width) = g
    (Q, C), N, (H, W) = F.shape[:2], len(dZ), shape
    require(dZ.shape == (N, Q, height, width), "dZ", f"the shape {(N, Q, height, width)} of the output", dZ.shape)
    d = _inside(dZ, (0, 0))
    # The filter rows that meet input row h are u = h mod s_y, + s_y, …; the last of them meets the first dZ row.
    met = [F[:, :, r::sy][:, :, ::-1].transpose(3, 1, 2, 0) for r in range(min(sy, ky))]
    met = [np.ascontiguousarray(f).reshape(kx * C, -1) for f in met]
    dX = np.zeros((H + 2 * py, C, W + 2 * px, N), np.result_type(dZ, F))
    d, part = d.reshape(height * Q, width * N), np.empty((kx * C, width * N), dX.dtype)
    for h in range(py, H + py):
        first, last = max(0, -((ky - 1 - h) // sy)), min(height - 1, h // sy)
        if first > last:  # between two windows, or behind the last one
            continue
        rows = met[h % sy]
        skip = rows.shape[1] // Q - 1 - (h // sy - first)
        np.matmul(rows[:, skip * Q:(skip + last - first + 1) * Q], d[first * Q:(last + 1) * Q], out=part)
        for v, shifted in enumerate(part.reshape(kx, C, width, N)):
            dX[h][:, _every(v, sx, width)] += shifted
    return _outside(dX[py:py + H, :, px:px + W])


def full_convolution(D: np.ndarray, F: np.ndarray) -> np.ndarray:
    """Return Σ_q Σ_{uv} F_{qcuv} D_{n,q,i−u,j−v}: what mathematics calls a convolution, over all overlaps.

    Book: eq-true-convolution

    Equal to `conv2d` of D, padded with k − 1 zeros, with the filters flipped and their two channel axes
    exchanged.

    Parameters
    ----------
    D : (N, Q, h, w)
    F : (Q, C, k_y, k_x)

    Returns
    -------
    array (N, C, h + k_y − 1, w + k_x − 1)
    """
    D, F = _images("D", D), _images("F", F)
    require(F.shape[0] == D.shape[1], "F", f"{D.shape[1]} filters, as D has channels", f"shape {F.shape}")
    return input_gradient(D, F, (D.shape[2] + F.shape[2] - 1, D.shape[3] + F.shape[3] - 1))


# Three more ways to the same numbers, for reading and for timing


def conv2d_loops(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return what `conv2d` does, from the formula, entry by entry: slow and plain.

    Book: eq-convolution
    """
    X, F, b = _fitting(X, F, b)
    g = _geometry(X.shape, F.shape[-2:], stride, padding)
    X = _padded(X, g.padding)
    Z = np.empty((len(X), len(F), *g.fits), np.result_type(X, F, b))
    for n, q, i, j in np.ndindex(Z.shape):
        Z[n, q, i, j] = b[q]
        for c, u, v in np.ndindex(F.shape[1:]):
            Z[n, q, i, j] += F[q, c, u, v] * X[n, c, i * g.stride[0] + u, j * g.stride[1] + v]
    return Z


def conv2d_windows(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return what `conv2d` does, as a sum over all windows at once: a view and one einsum.

    Book: eq-convolution
    """
    X, F, b = _fitting(X, F, b)
    windows = _windows(X, _geometry(X.shape, F.shape[-2:], stride, padding))
    return np.einsum("ncijuv,qcuv->nqij", windows, F) + b[:, None, None]


def conv2d_im2col(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return what `conv2d` does, as one matrix product: every window is copied into a column ("im2col").

    Book: eq-im2col, eq-im2col-product
    """
    X, F, b = _fitting(X, F, b)
    windows = _windows(X, _geometry(X.shape, F.shape[-2:], stride, padding))
    N, _, height, width = windows.shape[:4]
    columns = windows.transpose(1, 4, 5, 0, 2, 3).reshape(prod(F.shape[1:]), N * height * width)
    Z = F.reshape(len(F), -1) @ columns + b[:, None]
    return Z.reshape(len(F), N, height, width).transpose(1, 0, 2, 3)


def _padded(X: np.ndarray, padding: tuple[int, int]) -> np.ndarray:
    return np.pad(X, ((0, 0), (0, 0), *((p, p) for p in padding)))


def _windows(X: np.ndarray, g: _Geometry) -> np.ndarray:
    """Return the view (N, C, h, w, k_y, k_x) of all windows of the padded images."""
    windows = sliding_window_view(_padded(X, g.padding), g.size, axis=(2, 3))
    return windows[:, :, ::g.stride[0], ::g.stride[1]]


# Pooling


def _pooling(X: np.ndarray, size: Pair, stride: Pair | None, padding: Pair, fill: float) -> tuple[np.ndarray, _Geometry]:
    X = _images("X", X)
    g = _geometry(X.shape, size, size if stride is None else stride, padding)
    half = all(2 * p <= k for p, k in zip(g.padding, g.size))
    require(half, "padding", f"at most half of the window {g.size}, so that no window sees only padding", padding)
    return _inside(X, g.padding, fill), g


def _under(x: np.ndarray, g: _Geometry) -> list[np.ndarray]:
    """Return k_y k_x views of x (H, C, W, N): entry (u, v) of every window, in reading order."""
    (ky, kx), (sy, sx), _, (height, width) = g
    return [x[_every(u, sy, height), :, _every(v, sx, width)] for u in range(ky) for v in range(kx)]


def _check_pooled(dA: np.ndarray, X: np.ndarray, g: _Geometry) -> np.ndarray:
    dA = _images("dA", dA)
    shape = (*X.shape[:2], *g.fits)
    require(dA.shape == shape, "dA", f"the shape {shape} of the output", dA.shape)
    return _inside(dA, (0, 0))


def _cropped(dx: np.ndarray, shape: tuple[int, ...], g: _Geometry) -> np.ndarray:
    (py, px), (H, W) = g.padding, shape[-2:]
    return _outside(dx[py:py + H, :, px:px + W])


def max_pool(X: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """Return the largest entry of each window, channel by channel.

    Parameters
    ----------
    X : (N, C, H, W)
    size : of the window; one number, or (vertical, horizontal)
    stride : the step between windows; None for the size, so that they do not overlap
    padding : entries added on each side, which never win; at most half the size

    Returns
    -------
    array (N, C, h, w); what does not fill a window at the right and lower border is left out

    Raises
    ------
    ValueError
        If the window does not fit, or the padding exceeds half of it.
    """
    x, g = _pooling(X, size, stride, padding, -np.inf)
    return _outside(reduce(np.maximum, _under(x, g)[1:], _under(x, g)[0].copy()))


def max_pool_gradient(
    X: np.ndarray, dA: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> np.ndarray:
    """Return ∂C/∂X: each window hands its share of dA to its largest entry, to the first one where several are equal.

    Parameters
    ----------
    X, size, stride, padding : what `max_pool` was given
    dA : (N, C, h, w), ∂C/∂A of its result
    """
    x, g = _pooling(X, size, stride, padding, -np.inf)
    d = _check_pooled(dA, X, g)
    largest = reduce(np.maximum, _under(x, g)[1:], _under(x, g)[0].copy())
    dx, open_ = np.zeros(x.shape, d.dtype), np.ones(largest.shape, bool)
    for entry, share in zip(_under(x, g), _under(dx, g)):
        hit = open_ & (entry == largest)
        share += hit * d
        open_ &= ~hit
    return _cropped(dx, X.shape, g)


def average_pool(X: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """Return the mean of each window, channel by channel; zeros from the padding are counted.

    Arguments and errors as for `max_pool`.
    """
    x, g = _pooling(X, size, stride, padding, 0)
    return _outside(reduce(np.add, _under(x, g)[1:], _under(x, g)[0].copy()) / prod(g.size))


def average_pool_gradient(
    X: np.ndarray, dA: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> np.ndarray:
    """Return ∂C/∂X: each window hands every one of its entries an equal share of dA.

    Arguments as for `max_pool_gradient`.
    """
    x, g = _pooling(X, size, stride, padding, 0)
    d = _check_pooled(dA, X, g) / prod(g.size)
    dx = np.zeros(x.shape, d.dtype)
    for share in _under(dx, g):
        share += d
    return _cropped(dx, X.shape, g)


# A small convolution network


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
    x = np.asarray(x)
    require(x.ndim == 2 and len(x) == net.widths[0], "x", f"{net.widths[0]} rows, one image a column (d, M)",
            f"shape {x.shape}")
    weights, biases = cnn_unpack(net, p)
    z, h, a = [], [], [x.reshape(*net.shape, -1).transpose(3, 0, 1, 2)]
    for block, F, b in zip(net.blocks, weights, biases):
        z.append(conv2d(a[-1], F, b, block.stride, block.padding))
        h.append(block.activation(z[-1]))
        a.append(max_pool(h[-1], block.pool) if block.pool > 1 else h[-1])
    return CnnTrace(z, h, a, weights[-1] @ _column_each(a[-1]) + biases[-1])


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
    z, h, a, output = cnn_forward(net, p, x)
    require(np.shape(y) == output.shape, "y", f"one target a column, {output.shape}", f"shape {np.shape(y)}")
    M = x.shape[1]
    gradient = np.empty_like(p)
    (*filters, W), (dW, db) = cnn_unpack(net, p)[0], cnn_unpack(net, gradient)
    delta = net.loss.gradient(output, y)
    dW[-1][...] = delta @ _column_each(a[-1]).T / M
    db[-1][...] = delta.sum(axis=1, keepdims=True) / M
    a_bar = (W.T @ delta).reshape(*net.maps[-1], M).transpose(3, 0, 1, 2)
    for l in range(len(net.blocks) - 1, -1, -1):
        block = net.blocks[l]
        h_bar = max_pool_gradient(h[l], a_bar, block.pool) if block.pool > 1 else a_bar
        delta = block.activation.derivative(z[l], h[l]) * h_bar
        dF, db_sum = filter_gradient(a[l], delta, block.size, block.stride, block.padding)
        dW[l][...], db[l][...] = dF / M, db_sum / M
        if l > 0:
            a_bar = input_gradient(delta, filters[l], net.maps[l][1:], block.stride, block.padding)
    return net.loss(output, y).sum() / M, gradient
