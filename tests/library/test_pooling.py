"""Pooling by hand, against PyTorch and the complex step, with NaN, infinities, ties and padding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from lecture_code.gradient_check import complex_step
from lecture_code.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient

from .images import LAYOUTS, close, geometries, normal

POOLS = ((max_pool, max_pool_gradient), (average_pool, average_pool_gradient))
NAN, INF = np.nan, np.inf


def test_pooling_by_hand():
    X = np.array([[[[1.0, 2, 5], [4, 3, 6], [9, 9, 9]]]])
    assert_array_equal(max_pool(X), [[[[4]]]])
    assert_array_equal(average_pool(X), [[[[2.5]]]])
    assert_array_equal(max_pool(X, 2, 1), [[[[4, 6], [9, 9]]]])
    assert_array_equal(average_pool(X, (1, 3)), [[[[8 / 3], [13 / 3], [27 / 3]]]])
    assert_array_equal(average_pool(X, 2, padding=1), [[[[1 / 4, 7 / 4], [13 / 4, 27 / 4]]]])
    assert_array_equal(max_pool(-X, 2, padding=1), [[[[-1, -2], [-4, -3]]]])  # the padding never wins


def test_equal_entries_hand_the_gradient_to_the_first():
    X = np.ones((1, 1, 2, 2))
    assert_array_equal(max_pool_gradient(X, np.full((1, 1, 1, 1), 5.0)), [[[[5, 0], [0, 0]]]])
    assert_array_equal(average_pool_gradient(X, np.full((1, 1, 1, 1), 8.0)), [[[[2, 2], [2, 2]]]])


def test_windows_that_overlap_add_up():
    # windows of two over 1 3 2 at stride 1: 3 wins both
    X = np.array([[[[1.0, 3, 2]]]])
    assert_array_equal(max_pool_gradient(X, np.array([[[[10.0, 1]]]]), (1, 2), 1), [[[[0, 11, 0]]]])
    assert_array_equal(average_pool_gradient(X, np.array([[[[10.0, 2]]]]), (1, 2), 1), [[[[5, 6, 1]]]])


# NaN and infinities


def test_nan_wins_its_windows_both_ways_and_leaves_the_others_alone():
    X = np.array([[[[1.0, NAN, 3, 4], [5, NAN, 2, 0]]]])
    assert_array_equal(max_pool(X), [[[[NAN, 4]]]])
    assert_array_equal(average_pool(X), [[[[NAN, 9 / 4]]]])
    # the first NaN of the window takes the share, as the first of equal entries does
    dA = np.array([[[[7.0, 9]]]])
    assert_array_equal(max_pool_gradient(X, dA), [[[[0, 7, 0, 9], [0, 0, 0, 0]]]])
    # at stride 1 each of the three windows that see a NaN hands its share to the first one that it sees
    assert_array_equal(max_pool_gradient(X, np.array([[[[1.0, 10, 100]]]]), 2, 1), [[[[0, 11, 0, 100], [0, 0, 0, 0]]]])


@pytest.mark.parametrize("padding", [0, 1])
def test_windows_of_minus_infinity_hand_on_their_shares(padding):
    X = np.full((1, 1, 2, 2), -INF)
    dA = np.arange(1.0, 1 + (1 + padding) ** 4 // (1 + 3 * padding)).reshape(1, 1, 1 + padding, 1 + padding)
    assert_array_equal(max_pool(X, 2, 2, padding), np.full(dA.shape, -INF))
    dX = max_pool_gradient(X, dA, 2, 2, padding)
    assert_array_equal(dX, [[[[1, 2], [3, 4]]]] if padding else [[[[1, 0], [0, 0]]]])


def test_the_padding_never_wins():
    for worst in (-INF, -1e308, -1.0):
        X = np.full((1, 2, 3, 4), worst)
        for size, stride, padding in ((2, 1, 1), (3, 2, 1), ((2, 3), None, (1, 1))):
            A = max_pool(X, size, stride, padding)
            assert_array_equal(A, np.full(A.shape, worst))
            dX = max_pool_gradient(X, np.ones_like(A), size, stride, padding)
            assert dX.sum() == A.size


@given(geometries(4), st.integers(0, 3))
def test_no_share_is_lost_whatever_the_entries(geometry, kind):
    x, (_, _, *size), stride, padding = geometry
    padding = tuple(min(p, k // 2) for p, k in zip(padding, size))
    x = (*x[:2], *(max(d, k) for d, k in zip(x[2:], size)))
    X = np.random.default_rng(kind).choice([NAN, -INF, INF, 0.0, 1.0][:2 + kind], x)
    with np.errstate(invalid="ignore"):  # the comparison of a NaN
        A = max_pool(X, tuple(size), stride, padding)
        dX = max_pool_gradient(X, np.ones_like(A), tuple(size), stride, padding)
    assert dX.sum() == A.size and (dX[0] >= 0).all()


# Memory, types, complex step, PyTorch


@pytest.mark.parametrize("size", [1, 2, (3, 2)])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("pool, gradient", POOLS)
def test_any_strides_in_memory(pool, gradient, layout, size):
    X, turned = normal(4, 3, 6, 5), LAYOUTS[layout]
    A = pool(X, size)
    close(pool(turned(X), size), A)
    close(gradient(turned(X), turned(A), size), gradient(X, A, size))


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("pool, gradient", POOLS)
def test_the_memory_order_stays(pool, gradient, size):
    fast = LAYOUTS["height first"](normal(40, 3, 6, 4))
    for result in pool(fast, size), gradient(fast, pool(fast, size), size):
        assert result.transpose(2, 1, 3, 0).flags.c_contiguous


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("pool, gradient", POOLS)
def test_nothing_is_changed_in_place_and_nothing_shared(pool, gradient, size):
    X, dA = normal(2, 2, 4, 4), normal(2, 2, 4 // size, 4 // size)
    X.flags.writeable = dA.flags.writeable = False
    for result, source in ((pool(X, size), X), (gradient(X, dA, size), dA)):
        assert result.flags.writeable and not np.shares_memory(result, source)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("pool, gradient", POOLS)
def test_the_dtype_stays(pool, gradient, dtype):
    X = normal(2, 2, 4, 4).astype(dtype)
    assert pool(X).dtype == pool(X, 3, 1, 1).dtype == gradient(X, pool(X)).dtype == dtype


def test_bytes_do_not_wrap_around():
    X = np.full((1, 1, 2, 2), 200, np.uint8)
    assert_array_equal(average_pool(X), [[[[200]]]])
    assert_array_equal(max_pool(X, 2, 1, 1), np.full((1, 1, 3, 3), 200))


@pytest.mark.parametrize("pool, gradient", POOLS)
def test_pooling_gradients_have_the_dtype_of_the_gradient_they_were_handed(pool, gradient):
    X = normal(1, 2, 4, 4)
    assert gradient(X.astype(np.float32), pool(X)).dtype == np.float64


def test_no_samples_at_all():
    X = np.zeros((0, 2, 4, 4))
    for pool, gradient in POOLS:
        assert pool(X).shape == (0, 2, 2, 2) and gradient(X, pool(X)).shape == X.shape


@pytest.mark.parametrize("pool, gradient", POOLS)
@pytest.mark.parametrize("size, stride, padding", [(2, None, 0), (3, 1, 1), ((2, 3), (3, 2), (1, 0)), (1, 2, 0)])
def test_pooling_gradients_against_complex_step(pool, gradient, size, stride, padding):
    X = normal(2, 2, 5, 7)
    dA = pool(X, size, stride, padding)
    expected = complex_step(lambda X: (pool(X, size, stride, padding) ** 2).sum() / 2, X)
    close(gradient(X, dA, size, stride, padding), expected)


@given(geometries(), st.booleans())
def test_pooling_agrees_with_pytorch(geometry, ties):
    torch = pytest.importorskip("torch")
    x, (_, _, *size), stride, padding = geometry
    padding = tuple(min(p, k // 2) for p, k in zip(padding, size))
    x = (*x[:2], *(max(d, k) for d, k in zip(x[2:], size)))
    X = np.round(normal(*x)) if ties else normal(*x)
    peers = (torch.nn.functional.max_pool2d, torch.nn.functional.avg_pool2d)
    for (pool, gradient), peer in zip(POOLS, peers):
        tX = torch.tensor(X, requires_grad=True)
        tA = peer(tX, tuple(size), stride, padding)
        dA = normal(*tA.shape, seed=4)
        tA.backward(torch.tensor(dA))
        close(pool(X, tuple(size), stride, padding), tA.detach().numpy())
        close(gradient(X, dA, tuple(size), stride, padding), tX.grad.numpy())


# Bad input


@pytest.mark.parametrize("pool, gradient", POOLS)
def test_bad_pooling_is_named(pool, gradient, raises):
    X = np.zeros((2, 3, 5, 5))
    with raises("X", "four axes"):
        pool(X[0])
    with raises("size", "an integer >= 1", "0"):
        pool(X, 0)
    with raises("k", "fits", "6"):
        pool(X, 6)
    with raises("padding", "half of the window", "2"):
        pool(X, 3, 1, 2)
    with raises("dA", r"\(2, 3, 2, 2\)", r"\(2, 3, 5, 5\)"):
        gradient(X, X)


@pytest.mark.parametrize("pool, gradient", POOLS)
def test_empty_axes_are_named(pool, gradient, raises):
    X = np.zeros((2, 3, 5, 5))
    with raises("X", "no empty axis", r"\(2, 0, 5, 5\)"):
        pool(X[:, :0])
    with raises("X", "no empty axis", r"\(2, 3, 0, 5\)"):
        pool(X[:, :, :0], 2, 1, 1)
    with raises("dA", "no empty axis", r"\(2, 3, 0, 2\)"):
        gradient(X, np.zeros((2, 3, 0, 2)))
