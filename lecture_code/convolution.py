"""Convolution over images with channels, its gradients, and pooling.

"Convolution" is what deep learning calls so, a cross-correlation: the filter is not flipped. Images have
the shape (N, C, H, W), filters (Q, C, k_y, k_x), with any strides in memory. Results lie in memory in the order
height, channels, width, samples: there the input rows under one output row are a matrix whose rows lie one after
another, and a convolution is one matrix product for each output row. Of wide images in the usual order the rows
stay whole: height, channels, samples, width. `numpy.ascontiguousarray` gives the usual order where it is needed.
What `prepare` makes of the images serves the way forward and the way back.

Book: ch-convolution
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import addressof, c_byte
from functools import reduce
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.validation import require

Pair = int | tuple[int, int]
WIDE = 16  # numbers in a row of Z: from about there on it is faster to copy rows than to turn them
BLOCK = 2**21  # bytes of shifted copies held at a time
NEAR = 40_000  # bytes that fit into the cache next to the processor
SMALL = 10**6  # multiplications up to which OpenBLAS multiplies matrices as they lie, without packing them first


def _pair(name: str, value: Pair, least: int = 1) -> tuple[int, int]:
    """Return a number for both directions, or a pair (vertical, horizontal), as a pair of integers >= `least`."""
    if type(value) is int and value >= least:  # nearly always
        return value, value
    pair = value if isinstance(value, tuple) else (value, value)
    whole = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in pair)
    if not (whole and len(pair) == 2 and min(pair) >= least):
        require(False, name, f"an integer >= {least}, or a pair of them", value)
    return int(pair[0]), int(pair[1])


def output_size(d: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """Return ⌊(d + 2·padding − k) / stride⌋ + 1, how often a window of k fits into d entries.

    Book: eq-valid-size

    Raises
    ------
    ValueError
        If k exceeds the padded size.
    """
    require(stride >= 1, "stride", "an integer >= 1", stride)
    if d + 2 * padding < k:
        require(False, "k", f"a window that fits into {d} + 2·{padding} entries", k)
    return (d + 2 * padding - k) // stride + 1


class _Order(NamedTuple):
    """In which order the axes of images lie in memory: a transposition of (N, C, H, W), and the one back."""

    axes: tuple[int, int, int, int]
    back: tuple[int, int, int, int]


SAMPLES_LAST = _Order((2, 1, 3, 0), (3, 1, 0, 2))
WIDTH_LAST = _Order((2, 1, 0, 3), (2, 1, 0, 3))  # leaves the rows of images whole


class _Geometry(NamedTuple):
    """Everything about a window that slides: its size, stride and padding, and how often it fits."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    fits: tuple[int, int]


def _geometry(shape: tuple[int, ...], size: Pair, stride: Pair, padding: Pair) -> _Geometry:
    (ky, kx), (sy, sx), (py, px) = _pair("size", size), _pair("stride", stride), _pair("padding", padding, 0)
    fits = output_size(shape[-2], ky, sy, py), output_size(shape[-1], kx, sx, px)
    return _Geometry((ky, kx), (sy, sx), (py, px), fits)


def _images(name: str, X: np.ndarray) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim != 4:
        require(False, name, "an array of four axes", f"shape {X.shape}")
    return X if X.dtype.kind in "fc" else X.astype(np.float64)  # products of bytes would wrap around


def _filters(F: np.ndarray, b: np.ndarray | None, C: int) -> tuple[np.ndarray, np.ndarray]:
    F = _images("F", F)
    if F.shape[1] != C:
        require(False, "F", f"filters of {C} channels, as X has", f"shape {F.shape}")
    b = np.zeros(len(F), F.dtype) if b is None else np.asarray(b)
    if b.shape != F.shape[:1]:
        require(False, "b", f"one bias a filter, ({len(F)},)", f"shape {b.shape}")
    return F, b


def _fitting(X: np.ndarray, F: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X = _images("X", X)
    return X, *_filters(F, b, X.shape[1])


def _aligned(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return an empty array that begins at a multiple of 64 bytes: small products take a quarter less time there."""
    memory = np.empty(prod(shape) * dtype.itemsize + 64, np.uint8)
    return np.ndarray(shape, dtype, memory, -addressof(c_byte.from_buffer(memory)) % 64)


def _memory(shape: tuple[int, ...], dtype: np.dtype, order: _Order) -> np.ndarray:
    """Return an empty array for images (N, C, H, W), its axes in this order: ``.transpose(order.back)`` are the images."""
    return _aligned([shape[axis] for axis in order.axes], dtype)


def _ordered(
    X: np.ndarray, order: _Order = SAMPLES_LAST, padding: tuple[int, int] = (0, 0), fill: float = 0
) -> np.ndarray:
    """Return images, padded, in this memory order; no copy where they are so already."""
    (py, px), (N, C, H, W) = padding, X.shape
    if not (py or px) and X.transpose(order.axes).flags.c_contiguous:
        return X
    padded = _memory((N, C, H + 2 * py, W + 2 * px), X.dtype, order).transpose(order.back)
    if py or px:
        padded[...] = fill
    middle = padded[:, :, py:py + H, px:px + W]
    for n in range(0, N, 32):  # a few samples at a time: their rows stay near while they are turned
        middle[n:n + 32] = X[n:n + 32]
    return padded


def _matrices(X: np.ndarray, order: _Order) -> np.ndarray:
    """Return images as matrices (C, W N), one for each of the H rows: a view where they lie in this order."""
    N, C, H, W = X.shape
    return _ordered(X, order).transpose(order.axes).reshape(H, C, W * N)


def fast_layout(X: np.ndarray) -> np.ndarray:
    """Return the same images (N, C, H, W) in the memory order height, channels, width, samples.

    Every function turns its arguments by itself; an array that goes into several of them, as dZ into both
    gradients, is turned once if it passes through here, and so are images that go through several layers.
    """
    return _ordered(_images("X", X))


def _every(start: int, step: int, count: int) -> slice:
    return slice(start, start + step * (count - 1) + 1, step)


def _row_matrices(X: np.ndarray, g: _Geometry, order: _Order) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield, for output rows first … last − 1 at a time, the matrices (k_y (k_x C + 1), w N) of the entries under the filter.

    Only the k_x horizontal shifts are copied: rows i s_y … i s_y + k_y − 1 of the copies lie one after
    another and are the matrix of output row i, so the matrices overlap in memory. Its rows of ones carry the bias.
    """
    (ky, kx), (sy, sx), _, (height, width) = g
    N, C = X.shape[:2]
    one_row = (kx * C + 1) * width * N * X.itemsize
    together = min(height, max(1, (BLOCK // max(1, one_row) - ky) // sy + 1))
    step = (sy * one_row, width * N * X.itemsize, X.itemsize)
    for first in range(0, height, together):
        last = min(first + together, height)
        rows = X[:, :, first * sy:(last - 1) * sy + ky]
        memory = _memory((N, kx * C + 1, rows.shape[2], width), X.dtype, order)
        shifts = memory.transpose(order.back)
        shifts[:, kx * C] = 1
        for v in range(kx):
            shifts[:, v * C:(v + 1) * C] = rows[..., _every(v, sx, width)]
        matrices = last - first, ky * (kx * C + 1), width * N
        yield slice(first, last), np.ndarray(matrices, X.dtype, memory, 0, step)


def _pieces(width: int, size: int, limit: int) -> int:
    """Return into how many equal pieces of whole columns to cut an output row so that none is larger than the limit."""
    for count in range(1, width):
        if size <= count * limit and width % count == 0:
            return count
    return width


def _cut(rows: np.ndarray, count: int) -> np.ndarray:
    """Return matrices (..., K, L) as pieces (..., count, K, L / count): a view."""
    *lead, K, L = rows.shape
    return rows.reshape(*lead, K, count, L // count).swapaxes(-3, -2)


class Prepared(NamedTuple):
    """Images made ready for filters of one size: what both passes of a convolution read, copied once.

    Attributes
    ----------
    images : (N, C, H, W), as they were given
    geometry : size, stride and padding of the filters, and how often they fit
    order : of the axes in the memory of what is computed
    blocks : the rows of the output, a few at a time, each with the matrices of the entries under the filter
    """

    images: np.ndarray
    geometry: _Geometry
    order: _Order
    blocks: Iterable[tuple[slice, np.ndarray]]

    def conv2d(self, F: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        """Return Z (N, Q, h, w) for filters F and biases b, as the function `conv2d` does.

        Book: eq-convolution

        Raises
        ------
        ValueError
            If the filters have other channels or another size than those that X was prepared for.
        """
        N, C = self.images.shape[:2]
        F, b = _filters(F, b, C)
        (ky, kx), (height, width), Q = self.geometry.size, self.geometry.fits, len(F)
        if F.shape[-2:] != (ky, kx):
            require(False, "F", f"filters of the size {(ky, kx)} that X was prepared for", f"shape {F.shape}")
        dtype = np.result_type(self.images, F, b)
        weights = np.zeros((Q, ky, kx * C + 1), dtype)
        weights[:, :, :-1] = F.transpose(0, 2, 3, 1).reshape(Q, ky, -1)
        weights[:, -1, -1] = b
        weights = weights.reshape(Q, -1)
        Z = _memory((N, Q, height, width), dtype, self.order)
        rows = Z.reshape(height, Q, width * N)
        count = _pieces(width, weights.size * width * N, SMALL)
        for i, under in self.blocks:
            np.matmul(weights, _cut(under, count), out=_cut(rows[i], count))
        return Z.transpose(self.order.back)

    def filter_gradient(self, dZ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (dF, db) of the shapes (Q, C, k_y, k_x) and (Q,), as the function `filter_gradient` does.

        Book: eq-conv-grad-f

        Raises
        ------
        ValueError
            If dZ has not the shape (N, Q, h, w) of the output.
        """
        dZ = _images("dZ", dZ)
        (N, C), Q = self.images.shape[:2], dZ.shape[1]
        (ky, kx), (height, width) = self.geometry.size, self.geometry.fits
        if dZ.shape != (N, Q, height, width):
            require(False, "dZ", f"the shape {(N, Q, height, width)} of the output", dZ.shape)
        d = _matrices(dZ, self.order)
        count = _pieces(width, d[0].nbytes, NEAR)
        total = sum((_cut(under, count) @ _cut(d[i], count).mT).sum(axis=(0, 1))
                    for i, under in self.blocks).reshape(ky, kx * C + 1, Q)
        return total[:, :-1].reshape(ky, kx, C, Q).transpose(3, 2, 0, 1), total[-1, -1]


def prepare(X: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0) -> Prepared:
    """Return images ready for filters of one size: their `conv2d` and `filter_gradient` share the shifted copies.

    Training needs both, the one on the way forward, the other on the way back. The copies take about k_x times
    the memory of X, where the functions `conv2d` and `filter_gradient` hold a few rows of them at a time.

    Parameters
    ----------
    X : (N, C, H, W) images
    size, stride, padding : of the filters; one number, or (vertical, horizontal)

    Raises
    ------
    ValueError
        If X has not four axes, or the filters do not fit.
    """
    return _prepared(_images("X", X), size, stride, padding, list)


def _prepared(X: np.ndarray, size: Pair, stride: Pair, padding: Pair, kept: Callable = iter) -> Prepared:
    """Return images ready for one use, whose blocks are made while they are read; with a list, for several uses."""
    g = _geometry(X.shape, size, stride, padding)
    whole_rows = X.strides[3] == X.itemsize and g.fits[1] >= WIDE
    order = WIDTH_LAST if whole_rows else SAMPLES_LAST
    x = X if whole_rows and g.padding == (0, 0) else _ordered(X, order, g.padding)
    return Prepared(X, g, order, kept(_row_matrices(x, g, order)))


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
    X, F = _images("X", X), _images("F", F)
    return _prepared(X, F.shape[-2:], stride, padding).conv2d(F, b)


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
    return _prepared(_images("X", X), size, stride, padding).filter_gradient(dZ)


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
    d = _matrices(dZ, SAMPLES_LAST).reshape(height * Q, width * N)
    # The filter rows that meet input row h are u = h mod s_y, + s_y, …; the last of them meets the first dZ row.
    met = [F[:, :, r::sy][:, :, ::-1].transpose(3, 1, 2, 0) for r in range(min(sy, ky))]
    met = [np.ascontiguousarray(f).reshape(kx * C, -1) for f in met]
    dX = np.zeros((H + 2 * py, C, W + 2 * px, N), np.result_type(dZ, F))
    part = _aligned((kx * C, width * N), dX.dtype)
    shifted = _aligned((kx, *dX.shape[1:]), dX.dtype)
    shifted[...] = 0
    count = _pieces(width, met[0].size * width * N, SMALL)
    for h in range(py, H + py):
        first, last = max(0, -((ky - 1 - h) // sy)), min(height - 1, h // sy)
        if first > last:  # between two windows, or behind the last one
            continue
        rows = met[h % sy]
        skip = rows.shape[1] // Q - 1 - (h // sy - first)
        under = _cut(d[first * Q:(last + 1) * Q], count)
        np.matmul(rows[:, skip * Q:(skip + last - first + 1) * Q], under, out=_cut(part, count))
        for v, column in enumerate(part.reshape(kx, C, width, N)):
            shifted[v][:, _every(v, sx, width)] = column  # where no window is, the zeros stay
        shifted.sum(axis=0, out=dX[h])
    return dX[py:py + H, :, px:px + W].transpose(3, 1, 0, 2)


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
    return _ordered(X, padding=g.padding, fill=fill), g


def _under(x: np.ndarray, g: _Geometry) -> list[np.ndarray]:
    """Return k_y k_x views of x (N, C, H, W): entry (u, v) of every window, in reading order."""
    (ky, kx), (sy, sx), _, (height, width) = g
    return [x[:, :, _every(u, sy, height), _every(v, sx, width)] for u in range(ky) for v in range(kx)]


def _largest(x: np.ndarray, g: _Geometry) -> np.ndarray:
    return reduce(np.maximum, _under(x, g)[1:], _under(x, g)[0].copy("K"))


def _check_pooled(dA: np.ndarray, X: np.ndarray, g: _Geometry) -> np.ndarray:
    dA = _images("dA", dA)
    shape = (*X.shape[:2], *g.fits)
    require(dA.shape == shape, "dA", f"the shape {shape} of the output", dA.shape)
    return _ordered(dA)


def _cropped(dx: np.ndarray, shape: tuple[int, ...], g: _Geometry) -> np.ndarray:
    (py, px), (H, W) = g.padding, shape[-2:]
    return dx[:, :, py:py + H, px:px + W]


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
    return _largest(x, g)


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
    largest = _largest(x, g)
    dx, open_ = np.zeros_like(x, d.dtype), np.ones_like(largest, bool)
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
    return reduce(np.add, _under(x, g)[1:], _under(x, g)[0].copy("K")) / prod(g.size)


def average_pool_gradient(
    X: np.ndarray, dA: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> np.ndarray:
    """Return ∂C/∂X: each window hands every one of its entries an equal share of dA.

    Arguments as for `max_pool_gradient`.
    """
    x, g = _pooling(X, size, stride, padding, 0)
    d = _check_pooled(dA, X, g) / prod(g.size)
    dx = np.zeros_like(x, d.dtype)
    for share in _under(dx, g):
        share += d
    return _cropped(dx, X.shape, g)
