"""What the tests of convolution, pooling and convolution networks share: shapes, memory orders, and what is equal."""

import numpy as np
from hypothesis import strategies as st

LAYOUTS = {
    "rows": np.ascontiguousarray,
    "samples last": lambda X: np.ascontiguousarray(X.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2),
    "height first": lambda X: np.ascontiguousarray(X.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2),
    "channels last": lambda X: np.ascontiguousarray(X.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "every other": lambda X: np.repeat(X, 2, axis=3)[..., ::2],
    "backwards": lambda X: X[:, :, ::-1].copy()[:, :, ::-1],
}


@st.composite
def geometries(draw, largest=3):
    """Return shapes of X and F, a stride and a padding that fit together; the two directions differ."""
    N, C, Q = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    ky, kx = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    stride, padding = (draw(st.tuples(st.integers(low, 3), st.integers(low, 3))) for low in (1, 0))
    H = draw(st.integers(max(1, ky - 2 * padding[0]), 7))
    W = draw(st.integers(max(1, kx - 2 * padding[1]), 7))
    return (N, C, H, W), (Q, C, ky, kx), stride, padding


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def close(left, right, digits=1e-13):
    assert left.shape == right.shape
    assert np.abs(left - right).max(initial=0) <= digits * max(1, np.abs(right).max(initial=0))
