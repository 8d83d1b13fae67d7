"""Convolution and its gradients as networks use them: the functions of `convolution`, several times faster.

Results lie in memory in the order height, channels, width, samples: there the input rows under one output row are a
matrix whose rows lie one after another, and a convolution is one matrix product for each output row. Of the windows
only the k_x horizontal shifts are copied, where im2col copies k_y k_x. Of wide images in the usual order the rows
stay whole: height, channels, samples, width. `numpy.ascontiguousarray` gives the usual order where it is needed.
What `prepare` makes of the images serves the way forward and the way back. What is computed is shown, in a few lines
each, by the functions of the same names in `convolution`.

Book: ch-convolution
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import addressof, c_byte
from math import prod
from typing import NamedTuple

import numpy as np

from lecture_code.convolution import Pair, _biased, _filters, _geometry, _Geometry, _images, _shape, _signal
from lecture_code.validation import require

WIDE = 16  # numbers in a row of Z: from about there on it is faster to copy rows than to turn them
BLOCK = 2**21  # bytes of shifted copies held at a time
NEAR = 40_000  # bytes that fit into the cache next to the processor
SMALL = 10**6  # multiplications up to which OpenBLAS multiplies matrices as they lie, without packing them first


class _Order(NamedTuple):
    """In which order the axes of images lie in memory: a transposition of (N, C, H, W), and the one back."""

    axes: tuple[int, int, int, int]
    back: tuple[int, int, int, int]


SAMPLES_LAST = _Order((2, 1, 3, 0), (3, 1, 0, 2))
WIDTH_LAST = _Order((2, 1, 0, 3), (2, 1, 0, 3))  # leaves the rows of images whole


def _aligned(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return an empty array that begins at a multiple of 64 bytes: small products take a quarter less time there."""
    memory = np.empty(prod(shape) * dtype.itemsize + 64, np.uint8)
    return np.ndarray(shape, dtype, memory, -addressof(c_byte.from_buffer(memory)) % 64)


def _memory(shape: tuple[int, ...], dtype: np.dtype, order: _Order) -> np.ndarray:
    """Return an empty array for images (N, C, H, W), axes in this order: ``.transpose(order.back)`` are the images."""
    return _aligned([shape[axis] for axis in order.axes], dtype)


def _ordered(X: np.ndarray, order: _Order = SAMPLES_LAST, padding: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return images, padded, in this memory order; no copy where they are so already."""
    (py, px), (N, C, H, W) = padding, X.shape
    if not (py or px) and X.transpose(order.axes).flags.c_contiguous:
        return X
    padded = _memory((N, C, H + 2 * py, W + 2 * px), X.dtype, order).transpose(order.back)
    if py or px:
        padded[...] = 0
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
    """Yield, a few output rows at a time, the matrices (k_y (k_x C + 1), w N) of the entries under the filter.

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
        F, b = _biased(F, b, C)
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
        (N, C), Q = self.images.shape[:2], _images("dZ", dZ).shape[1]
        (ky, kx), (_, width) = self.geometry.size, self.geometry.fits
        dZ = _signal(dZ, N, Q, self.geometry)
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
    """Return Z_{nqij} = b_q + Σ_{cuv} F_{qcuv} X_{n,c,i·s+u,j·s+v}: all as for `convolution.conv2d`.

    Book: eq-convolution
    """
    X, F = _images("X", X), _filters(F)
    return _prepared(X, F.shape[-2:], stride, padding).conv2d(F, b)


def filter_gradient(
    X: np.ndarray, dZ: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return (dF, db): all as for `convolution.filter_gradient`.

    Book: eq-conv-grad-f
    """
    return _prepared(_images("X", X), size, stride, padding).filter_gradient(dZ)


def input_gradient(
    dZ: np.ndarray, F: np.ndarray, shape: tuple[int, int], stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return dX (N, C, H, W): all as for `convolution.input_gradient`.

    Book: eq-conv-grad-x
    """
    F, (H, W) = _filters(F), _shape(shape)
    g = _geometry(shape, F.shape[-2:], stride, padding)
    (ky, kx), (sy, sx), (py, px), (height, width) = g
    (Q, C), N = F.shape[:2], len(_images("dZ", dZ))
    dZ = _signal(dZ, N, Q, g)
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
