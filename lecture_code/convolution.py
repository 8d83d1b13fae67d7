"""Convolution over images with channels, three ways, and its gradients.

"Convolution" is what deep learning calls so, a cross-correlation: the filter is not flipped. Images have the shape
(N, C, H, W), filters (Q, C, k_y, k_x), and every function takes them in any memory order. This is the code to read;
`fast_convolution` has the same functions as networks use them, several times faster and much longer.

Book: ch-convolution
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.validation import require

Pair = int | tuple[int, int]


# What the functions take: checked here, once


class _Geometry(NamedTuple):
    """Everything about a window that slides: its size, stride and padding, and how often it fits."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    fits: tuple[int, int]


def _whole(value: Any, least: int) -> bool:
    return (type(value) is int or isinstance(value, np.integer)) and value >= least  # True is no number


def _pair(name: str, value: Pair, least: int = 1) -> tuple[int, int]:
    """Return a number for both directions, or a pair (vertical, horizontal), as a pair of integers >= `least`."""
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2 or not (_whole(pair[0], least) and _whole(pair[1], least)):
        require(False, name, f"an integer >= {least}, or a pair of them", value)
    return int(pair[0]), int(pair[1])


def _geometry(shape: tuple[int, ...], size: Pair, stride: Pair, padding: Pair) -> _Geometry:
    """Return the geometry of a window over images whose last two axes are H and W."""
    (ky, kx), (sy, sx), (py, px) = _pair("size", size), _pair("stride", stride), _pair("padding", padding, 0)
    fits = output_size(shape[-2], ky, sy, py), output_size(shape[-1], kx, sx, px)
    return _Geometry((ky, kx), (sy, sx), (py, px), fits)


def _images(name: str, X: np.ndarray) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim != 4:
        require(False, name, "an array of four axes", f"shape {X.shape}")
    if 0 in X.shape[1:]:
        require(False, name, "no empty axis after the first", f"shape {X.shape}")
    return X if X.dtype.kind in "fc" else X.astype(np.float64)  # products of bytes would wrap around


def _filters(F: np.ndarray) -> np.ndarray:
    F = _images("F", F)
    if not len(F):
        require(False, "F", "at least one filter", f"shape {F.shape}")
    return F


def _biased(F: np.ndarray, b: np.ndarray | None, C: int) -> tuple[np.ndarray, np.ndarray]:
    """Return filters over C channels, and their biases, zeros for None."""
    F = _filters(F)
    if F.shape[1] != C:
        require(False, "F", f"filters of {C} channels, as X has", f"shape {F.shape}")
    b = np.zeros(len(F), F.dtype) if b is None else np.asarray(b)
    if b.shape != F.shape[:1]:
        require(False, "b", f"one bias a filter, ({len(F)},)", f"shape {b.shape}")
    return F, b


def _signal(dZ: np.ndarray, N: int, Q: int, g: _Geometry) -> np.ndarray:
    """Return dZ, if it has the shape (N, Q, h, w) of the output."""
    dZ = _images("dZ", dZ)
    if dZ.shape != (N, Q, *g.fits):
        require(False, "dZ", f"the shape {(N, Q, *g.fits)} of the output", dZ.shape)
    return dZ


def _shape(shape: tuple[int, int]) -> tuple[int, int]:
    fits = isinstance(shape, tuple) and len(shape) == 2 and all(_whole(d, 1) for d in shape)
    require(fits, "shape", "(height, width) of the input", shape)
    return shape


def _padded(X: np.ndarray, padding: tuple[int, int]) -> np.ndarray:
    py, px = padding
    return np.pad(X, ((0, 0), (0, 0), (py, py), (px, px))) if py or px else X


def _fitting(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None, stride: Pair, padding: Pair
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int], tuple[int, int]]:
    """Return X with its frame of zeros, F, b, the stride and how often the filters fit, in both directions."""
    X = _images("X", X)
    F, b = _biased(F, b, X.shape[1])
    g = _geometry(X.shape, F.shape[2:], stride, padding)
    return _padded(X, g.padding), F, b, g.stride, g.fits


# Places and windows


def output_size(d: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """Return ⌊(d + 2·padding − k) / stride⌋ + 1, how often a window of k fits into d entries.

    Book: eq-valid-size, eq-strided-size

    Raises
    ------
    ValueError
        If k exceeds the padded size, or a number is not whole, or too small.
    """
    for name, value, least in (("d", d, 1), ("k", k, 1), ("stride", stride, 1), ("padding", padding, 0)):
        if not _whole(value, least):
            require(False, name, f"an integer >= {least}", value)
    if k > d + 2 * padding:
        require(False, "k", f"a window that fits into {d} + 2·{padding} entries", k)
    return (d + 2 * padding - k) // stride + 1


def windows(X: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """Return V_{ncijuv} = X_{n,c,i·s+u,j·s+v}, what lies under the filter at (i, j): a view, if nothing is padded.

    Book: eq-im2col

    Parameters
    ----------
    X : (N, C, H, W) images
    size : (k_y, k_x) of the filter, or one number for both
    stride : s ≥ 1, the step between windows; one number, or (vertical, horizontal)
    padding : zeros added on each side; one number, or (vertical, horizontal)

    Returns
    -------
    array (N, C, h, w, k_y, k_x), h = ⌊(H + 2·padding − k_y) / s⌋ + 1, and likewise w; read-only

    Raises
    ------
    ValueError
        If X has the wrong number of axes or an empty one, or the window does not fit.
    """
    X = _images("X", X)
    size, (sy, sx), padding, _ = _geometry(X.shape, size, stride, padding)
    V = sliding_window_view(_padded(X, padding), size, axis=(2, 3))
    return V[:, :, ::sy, ::sx]


def im2col(X: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """Return Col(X)_{(c,u,v),(n,i,j)} = X_{n,c,i·s+u,j·s+v}: every window is copied into a column.

    Book: eq-im2col

    Arguments and errors as for `windows`.

    Returns
    -------
    matrix (C k_y k_x, N h w)
    """
    V = windows(X, size, stride, padding)
    N, C, h, w, ky, kx = V.shape
    return V.transpose(1, 4, 5, 0, 2, 3).reshape(C * ky * kx, N * h * w)


# Three ways to the same numbers


def conv2d_loops(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return Z_{nqij} = b_q + Σ_{cuv} F_{qcuv} X_{n,c,i·s+u,j·s+v}, entry by entry: slow and plain.

    Book: eq-convolution

    Arguments and errors as for `conv2d`.
    """
    X, F, b, (sy, sx), (h, w) = _fitting(X, F, b, stride, padding)  # X padded
    Z = np.zeros((len(X), len(F), h, w), np.result_type(X, F, b))
    for n, q, i, j in np.ndindex(Z.shape):
        Z[n, q, i, j] = b[q]
        for c, u, v in np.ndindex(F.shape[1:]):
            Z[n, q, i, j] += F[q, c, u, v] * X[n, c, i * sy + u, j * sx + v]
    return Z


def conv2d_windows(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return what `conv2d` does, as a sum over all windows at once: a view and one einsum.

    Book: eq-convolution

    Arguments and errors as for `conv2d`.
    """
    X, F, b, stride, _ = _fitting(X, F, b, stride, padding)  # X padded
    V = windows(X, F.shape[2:], stride)
    return np.einsum("ncijuv,qcuv->nqij", V, F) + b[:, None, None]


def conv2d_im2col(
    X: np.ndarray, F: np.ndarray, b: np.ndarray | None = None, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return Z_{nqij} = b_q + Σ_{cuv} F_{qcuv} X_{n,c,i·s+u,j·s+v}, as one product of the filters with Col(X).

    Book: eq-convolution, eq-im2col-product, eq-maps, eq-channels, eq-strided

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
        If an array has the wrong number of axes or an empty one, the channels differ, or a filter does not fit.
    """
    X, F, b, stride, (h, w) = _fitting(X, F, b, stride, padding)  # X padded
    N, Q = len(X), len(F)
    Z = F.reshape(Q, -1) @ im2col(X, F.shape[2:], stride) + b[:, None]
    return Z.reshape(Q, N, h, w).swapaxes(0, 1)


conv2d = conv2d_im2col  # the one to use where nothing else is said


# Gradients


def filter_gradient(
    X: np.ndarray, dZ: np.ndarray, size: Pair, stride: Pair = 1, padding: Pair = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return (dF, db): dF_{qcuv} = Σ_{nij} dZ_{nqij} X_{n,c,i·s+u,j·s+v} and db_q = Σ_{nij} dZ_{nqij}.

    Book: eq-conv-grad-f, eq-im2col-gradient, eq-channels-grad-f, eq-channels-grad-b, eq-strided-grad-f

    dF is a convolution again, of X with dZ, and a product with the same matrix Col(X).

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
    X, dZ, size, stride = _looked_at(X, dZ, size, stride, padding)  # X padded
    (N, Q, h, w), C = dZ.shape, X.shape[1]
    D = dZ.swapaxes(0, 1).reshape(Q, N * h * w)
    dF = D @ im2col(X, size, stride).T
    return dF.reshape(Q, C, *size), D.sum(axis=1)


def _looked_at(
    X: np.ndarray, dZ: np.ndarray, size: Pair, stride: Pair, padding: Pair
) -> tuple[np.ndarray, np.ndarray, tuple[int, int], tuple[int, int]]:
    X, dZ = _images("X", X), _images("dZ", dZ)
    g = _geometry(X.shape, size, stride, padding)
    return _padded(X, g.padding), _signal(dZ, len(X), dZ.shape[1], g), g.size, g.stride


def input_gradient(
    dZ: np.ndarray, F: np.ndarray, shape: tuple[int, int], stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """Return dX_{nchw} = Σ dZ_{nqij} F_{qcuv} over all i·s + u = h + padding, j·s + v = w + padding.

    Book: eq-conv-grad-x, eq-channels-grad-x, eq-strided-grad-x

    Place (i, j) stamps the filter, times dZ_{ij}, on the window that it looked at; stamps that overlap add up. With
    stride 1 and no padding this is `full_convolution` of dZ with F.

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
    dZ, F, (sy, sx), (py, px) = _sent_back(dZ, F, shape, stride, padding)
    (N, Q, h, w), (_, C, ky, kx), (H, W) = dZ.shape, F.shape, shape
    D = dZ.swapaxes(0, 1).reshape(Q, N * h * w)
    stamps = (F.reshape(Q, -1).T @ D).reshape(C, ky, kx, N, h, w)
    dX = np.zeros((C, N, H + 2 * py, W + 2 * px), stamps.dtype)
    for u, v in np.ndindex(ky, kx):
        dX[:, :, u:u + sy * h:sy, v:v + sx * w:sx] += stamps[:, u, v]
    return dX[:, :, py:py + H, px:px + W].swapaxes(0, 1)


def _sent_back(
    dZ: np.ndarray, F: np.ndarray, shape: tuple[int, int], stride: Pair, padding: Pair
) -> tuple[np.ndarray, np.ndarray, tuple[int, int], tuple[int, int]]:
    dZ, F = _images("dZ", dZ), _filters(F)
    g = _geometry(_shape(shape), F.shape[2:], stride, padding)
    return _signal(dZ, len(dZ), len(F), g), F, g.stride, g.padding


def full_convolution(D: np.ndarray, F: np.ndarray) -> np.ndarray:
    """Return Σ_q Σ_{uv} F_{qcuv} D_{n,q,i−u,j−v}: what mathematics calls a convolution, over all overlaps.

    Book: eq-true-convolution, eq-flip-relation

    It is `conv2d` of D, padded with k − 1 zeros, with the filters flipped and their two channel axes exchanged.

    Parameters
    ----------
    D : (N, Q, h, w)
    F : (Q, C, k_y, k_x)

    Returns
    -------
    array (N, C, h + k_y − 1, w + k_x − 1)

    Raises
    ------
    ValueError
        If an array has the wrong number of axes or an empty one, or D has not one channel for each filter.
    """
    D, F = _images("D", D), _filters(F)
    require(len(F) == D.shape[1], "F", f"{D.shape[1]} filters, as D has channels", f"shape {F.shape}")
    ky, kx = F.shape[2:]
    return conv2d(D, F[:, :, ::-1, ::-1].swapaxes(0, 1), padding=(ky - 1, kx - 1))
