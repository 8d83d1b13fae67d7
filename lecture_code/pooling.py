"""Pooling: the largest entry, or the mean, of each window of a map, and the gradients.

A window of k_y × k_x entries is read entry by entry: entry (u, v) of *all* windows together is one strided view of
the images, so pooling compares, or adds, k_y k_x views. Images have the shape (N, C, H, W), in any memory order,
which the results keep.

Book: ch-convolution-networks
"""

from __future__ import annotations

from functools import reduce
from math import prod

import numpy as np

from lecture_code.convolution import Pair, _geometry, _Geometry, _images
from lecture_code.validation import require


def _window(X: np.ndarray, size: Pair, stride: Pair | None, padding: Pair) -> tuple[np.ndarray, _Geometry]:
    """Return images and the geometry of a window over them."""
    X = _images("X", X)
    g = _geometry(X.shape, size, size if stride is None else stride, padding)
    half = all(2 * p <= k for p, k in zip(g.padding, g.size))
    require(half, "padding", f"at most half of the window {g.size}, so that no window sees only padding", padding)
    return X, g


def _share(dA: np.ndarray, X: np.ndarray, g: _Geometry) -> np.ndarray:
    """Return dA, if it has the shape (N, C, h, w) of the pooled images."""
    dA, shape = _images("dA", dA), (*X.shape[:2], *g.fits)
    require(dA.shape == shape, "dA", f"the shape {shape} of the output", dA.shape)
    return dA


def _framed(X: np.ndarray, g: _Geometry, fill: float) -> np.ndarray:
    """Return X (N, C, H, W) with a frame of padding around it, filled with one number; X itself without padding."""
    (py, px), (N, C, H, W) = g.padding, X.shape
    if not (py or px):
        return X
    framed = np.full_like(X, fill, shape=(N, C, H + 2 * py, W + 2 * px))
    _inside(framed, g)[...] = X
    return framed


def _inside(framed: np.ndarray, g: _Geometry) -> np.ndarray:
    """Return the view of what the frame is around."""
    (py, px), (H, W) = g.padding, framed.shape[2:]
    return framed[:, :, py:H - py, px:W - px]


def _entries(x: np.ndarray, g: _Geometry) -> list[np.ndarray]:
    """Return k_y k_x views (N, C, h, w) of framed images: entry (u, v) of every window, in reading order."""
    (ky, kx), (sy, sx), _, (h, w) = g
    return [x[:, :, u:u + sy * h:sy, v:v + sx * w:sx] for u in range(ky) for v in range(kx)]


def max_pool(X: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """Return A_{ncij}, the largest X_{n,c,i·s+u,j·s+v} of each window, channel by channel; NaN, if the window has one.

    Book: eq-max-pool

    Parameters
    ----------
    X : (N, C, H, W)
    size : of the window; one number, or (vertical, horizontal)
    stride : s, the step between windows; None for the size, so that they do not overlap
    padding : entries added on each side, which never win; at most half the size

    Returns
    -------
    array (N, C, h, w); what does not fill a window at the right and lower border is left out

    Raises
    ------
    ValueError
        If the window does not fit, or the padding exceeds half of it.
    """
    X, g = _window(X, size, stride, padding)
    first, *others = _entries(_framed(X, g, -np.inf), g)
    return reduce(np.maximum, others, first.copy("K"))


def max_pool_gradient(
    X: np.ndarray, dA: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> np.ndarray:
    """Return ∂C/∂X: each window hands its share of dA to its largest entry, to the first one where several are equal.

    Book: eq-max-pool-grad

    In a window with NaN, which is then its maximum, the first NaN takes the share: none is ever lost.

    Parameters
    ----------
    X, size, stride, padding : what `max_pool` was given
    dA : (N, C, h, w), ∂C/∂A of its result

    Returns
    -------
    array (N, C, H, W)
    """
    X, g = _window(X, size, stride, padding)
    dA, x = _share(dA, X, g), _framed(X, g, -np.inf)
    largest = reduce(np.maximum, _entries(x, g))
    real = _framed(np.ones((1, 1, *X.shape[2:]), bool), g, False)  # a window of −∞ hands nothing to the padding
    dx, waiting = np.zeros_like(x, dA.dtype), np.ones_like(largest, bool)
    for entry, is_real, share in zip(_entries(x, g), _entries(real, g), _entries(dx, g)):
        wins = waiting & is_real & ((entry == largest) | np.isnan(entry))
        share += wins * dA
        waiting &= ~wins
    return _inside(dx, g)


def average_pool(X: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """Return A_{ncij}, the mean of X_{n,c,i·s+u,j·s+v} over each window, channel by channel.

    Zeros from the padding are counted. Arguments and errors as for `max_pool`.
    """
    X, g = _window(X, size, stride, padding)
    return sum(_entries(_framed(X, g, 0), g)) / prod(g.size)


def average_pool_gradient(
    X: np.ndarray, dA: np.ndarray, size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> np.ndarray:
    """Return ∂C/∂X: each window hands every one of its entries an equal share of dA.

    Book: eq-average-pool-grad

    Arguments as for `max_pool_gradient`.
    """
    X, g = _window(X, size, stride, padding)
    share, x = _share(dA, X, g) / prod(g.size), _framed(X, g, 0)
    dx = np.zeros_like(x, share.dtype)
    for entry in _entries(dx, g):
        entry += share
    return _inside(dx, g)
