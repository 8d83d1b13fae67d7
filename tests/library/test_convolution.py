"""Convolution with channels, its gradients, pooling, and the small convolution network."""

from contextlib import contextmanager
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import convolve2d, correlate2d

from lecture_code import convolution
from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.convnet import Block, ConvNet, cnn_cost_and_gradient, cnn_forward, cnn_parameters, cnn_unpack
from lecture_code.convolution import (
    _cut, _pieces, average_pool, average_pool_gradient, conv2d, conv2d_im2col, conv2d_loops, conv2d_windows,
    fast_layout, filter_gradient, full_convolution, input_gradient, max_pool, max_pool_gradient, output_size, prepare)
from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.losses import half_squared, softmax_cross_entropy

ALL = (conv2d, conv2d_loops, conv2d_windows, conv2d_im2col)
POOLS = ((max_pool, max_pool_gradient), (average_pool, average_pool_gradient))
X33 = np.arange(1.0, 10).reshape(1, 1, 3, 3)
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


WIDTHS = st.sampled_from([1, 16])  # from which on rows stay whole: all images of these tests, or nearly none


@contextmanager
def limits(**values):
    """Change limits of the module that say only what is faster, and may change no result."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(convolution, name, value)
        yield


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def close(left, right, digits=1e-13):
    assert left.shape == right.shape
    assert np.abs(left - right).max(initial=0) <= digits * max(1, np.abs(right).max(initial=0))


# Numbers by hand


@pytest.mark.parametrize("convolve", ALL)
def test_by_hand_with_an_asymmetric_filter(convolve):
    # X = 1 2 3 / 4 5 6 / 7 8 9, F = 1 2 / 0 −1: Z_00 = 1 + 2·2 − 5 = 0, Z_01 = 2 + 2·3 − 6 = 2,
    # Z_10 = 4 + 2·5 − 8 = 6, Z_11 = 5 + 2·6 − 9 = 8. A flipped filter would give −1 + 0·2 + 2·4 + 5 = 12 first.
    F = np.array([[[[1.0, 2], [0, -1]]]])
    assert_array_equal(convolve(X33, F), [[[[0, 2], [6, 8]]]])
    assert_array_equal(convolve(X33, F, np.array([10.0])), [[[[10, 12], [16, 18]]]])
    assert_array_equal(convolve(X33, F, stride=2), [[[[0]]]])
    # padding 1, stride 2: corners: −1·1, then −3; row 1 to 2: 0·4 … (2·4 + 0 − 7), 5 + 2·6 − 9
    assert_array_equal(convolve(X33, F, stride=2, padding=1), [[[[-1, -3], [2 * 4 - 7, 8]]]])


@pytest.mark.parametrize("convolve", ALL)
def test_channels_are_summed_and_filters_are_maps(convolve):
    X = np.array([[[[1.0, 2]], [[3, 4]]]])  # one sample, two channels, 1 × 2
    F = np.array([[[[1.0]], [[10]]], [[[0]], [[-1]]]])
    assert_array_equal(convolve(X, F), [[[[31, 42]], [[-3, -4]]]])


def test_gradients_by_hand():
    F = np.array([[[[1.0, 2], [0, -1]]]])
    dZ = np.array([[[[1.0, 0], [0, 2]]]])
    dF, db = filter_gradient(X33, dZ, 2)
    assert_array_equal(dF, [[[[1 + 2 * 5, 2 + 2 * 6], [4 + 2 * 8, 5 + 2 * 9]]]])
    assert_array_equal(db, [3])
    # dZ_00 = 1 lays F at the upper left corner, dZ_11 = 2 lays 2F at (1, 1); they meet at (1, 1): −1 + 2
    assert_array_equal(input_gradient(dZ, F, (3, 3)), [[[[1, 2, 0], [0, 1, 4], [0, 0, -2]]]])
    assert_array_equal(full_convolution(dZ, F), [[[[1, 2, 0], [0, 1, 4], [0, 0, -2]]]])


def test_output_size(raises):
    # 28 pixels, window 5: 24 places; stride 2 and padding 1: ⌊(28 + 2 − 5)/2⌋ + 1 = 13
    assert output_size(28, 5) == 24
    assert output_size(28, 5, 2, 1) == 13
    assert output_size(3, 5, padding=1) == 1
    with raises("k", "3", "4"):
        output_size(3, 4)


# Four implementations, one answer


@given(geometries(), st.booleans(), WIDTHS)
def test_all_four_agree(geometry, bias, wide):
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0]) if bias else None
    with limits(WIDE=wide):
        Z = [convolve(X, F, b, stride, padding) for convolve in ALL]
    assert Z[0].shape == (x[0], f[0], *(output_size(*n) for n in zip(x[2:], f[2:], stride, padding)))
    for other in Z[1:]:
        close(Z[0], other)


@given(geometries(4), st.integers(1, 4000), st.integers(1, 400), WIDTHS)
def test_the_size_of_blocks_and_pieces_changes_nothing(geometry, block, piece, wide):
    x, f, stride, padding = geometry
    X, F = normal(*x), normal(*f)
    Z = conv2d(X, F, None, stride, padding)
    dF, db = filter_gradient(X, Z, f[2:], stride, padding)
    dX = input_gradient(Z, F, x[2:], stride, padding)
    with limits(BLOCK=block, NEAR=piece, SMALL=piece, WIDE=wide):
        close(conv2d(X, F, None, stride, padding), Z)
        again = filter_gradient(X, Z, f[2:], stride, padding)
        close(input_gradient(Z, F, x[2:], stride, padding), dX)
    close(again[0], dF)
    close(again[1], db)


@given(geometries(4), st.integers(1, 4000), WIDTHS)
def test_prepared_images_serve_again_and_again(geometry, block, wide):
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0])
    Z = conv2d(X, F, b, stride, padding)
    dF, db = filter_gradient(X, Z, f[2:], stride, padding)
    with limits(BLOCK=block, WIDE=wide):  # of several blocks, too, none may take the place of another
        seen = prepare(X, f[2:], stride, padding)
    for _ in range(2):
        close(seen.conv2d(F, b), Z)
        close(seen.conv2d(F), conv2d(X, F, None, stride, padding))
        for own, function in zip(seen.filter_gradient(Z), (dF, db)):
            close(own, function)


@pytest.mark.parametrize("width", [4, 20])
def test_prepared_images_do_not_follow_a_later_change(width):
    X, F = normal(2, 1, 4, width), normal(3, 1, 2, 2)
    Z, seen = conv2d(X, F), prepare(X, 2)
    X[...] = 0
    close(seen.conv2d(F), Z)


def test_an_output_row_is_cut_into_as_few_equal_pieces_as_the_limit_allows():
    """Twelve columns, 100 in all: at most 100, 99, 30 or 1 a piece, which nothing but a single column fulfils."""
    assert [_pieces(12, 100, limit) for limit in (100, 99, 30, 1)] == [1, 2, 4, 12]
    assert _pieces(7, 100, 30) == 7  # 4 does not divide it
    rows = np.arange(24).reshape(2, 2, 6)
    pieces = _cut(rows, 3)
    assert pieces.shape == (2, 3, 2, 2) and np.shares_memory(pieces, rows)
    assert_array_equal(pieces[1, 2], rows[1, :, 4:])
    assert_array_equal(_cut(rows[0], 3), pieces[0])


def test_more_samples_than_are_turned_at_a_time():
    X, F = normal(71, 2, 5, 6), normal(3, 2, 2, 3)
    close(conv2d(X, F), conv2d_windows(X, F))
    close(conv2d(X, F)[17:18], conv2d(X[17:18], F))


@pytest.mark.parametrize("wide", [1, 16])
@pytest.mark.parametrize("of_dZ", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_strides_in_memory(layout, of_dZ, wide, monkeypatch):
    monkeypatch.setattr(convolution, "WIDE", wide)
    X, F, b = normal(4, 3, 6, 5), normal(2, 3, 3, 2), normal(2)
    dZ = normal(4, 2, 4, 4)
    turned = LAYOUTS[layout]
    for convolve in ALL:
        close(convolve(turned(X), turned(F), b), conv2d_windows(X, F, b))
    for left, right in zip(filter_gradient(turned(X), LAYOUTS[of_dZ](dZ), (3, 2)), filter_gradient(X, dZ, (3, 2))):
        close(left, right)
    close(input_gradient(turned(dZ), turned(F), (6, 5)), input_gradient(dZ, F, (6, 5)))
    for pool, gradient in POOLS:
        close(pool(turned(X)), pool(X))
        close(gradient(turned(X), turned(pool(X))), gradient(X, pool(X)))


def test_the_fast_layout_is_the_same_images_and_taken_as_it_is():
    X = normal(40, 3, 6, 5)
    fast = fast_layout(X)
    assert_array_equal(fast, X)
    assert not np.shares_memory(fast, X)
    assert np.shares_memory(fast_layout(fast), fast)
    assert conv2d(fast, normal(2, 3, 2, 2)).transpose(2, 1, 3, 0).flags.c_contiguous
    for pool, gradient in POOLS:
        for result in pool(fast), gradient(fast, pool(fast)):
            assert result.transpose(2, 1, 3, 0).flags.c_contiguous


def test_wide_images_keep_their_rows_whole():
    F = normal(2, 3, 2, 5)
    for width, whole in ((19, False), (20, True), (33, True)):  # 15, 16 and 29 numbers in a row of Z
        for padding in (0, (1, 0)):
            Z = conv2d(normal(4, 3, 6, width), F, padding=padding)
            assert Z.transpose(2, 1, 0, 3).flags.c_contiguous == whole
            assert Z.transpose(2, 1, 3, 0).flags.c_contiguous != whole
    fast = fast_layout(normal(4, 3, 6, 33))
    assert conv2d(fast, F).transpose(2, 1, 3, 0).flags.c_contiguous


def test_wide_images_are_read_where_they_are(monkeypatch):
    X, F = normal(3, 2, 4, 20), normal(2, 2, 2, 5)
    Z = conv2d(X, F)
    monkeypatch.delattr(convolution, "_ordered")  # which copies what is in another order
    close(conv2d(X, F), Z)


def test_one_channel_one_sample_one_row():
    # axes of length 1 may have any stride
    X = np.lib.stride_tricks.as_strided(np.arange(4.0), (1, 1, 1, 4), (999, 7, -13, 8))
    F = np.array([[[[1.0, -1]]]])
    for convolve in ALL:
        assert_array_equal(convolve(X, F), [[[[-1, -1, -1]]]])


@pytest.mark.parametrize("convolve", ALL)
def test_bytes_do_not_wrap_around(convolve):
    X, F = np.full((1, 1, 2, 2), 200, np.uint8), np.ones((1, 1, 2, 2), np.uint8)
    assert_array_equal(convolve(X, F), [[[[800]]]])


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_the_dtype_stays(dtype):
    X, F, b = (normal(*shape).astype(dtype) for shape in ((2, 2, 4, 4), (3, 2, 2, 2), (3,)))
    for convolve in ALL:
        assert convolve(X, F, b).dtype == convolve(X, F).dtype == dtype
    dZ = conv2d(X, F, b)
    results = [*filter_gradient(X, dZ, 2), input_gradient(dZ, F, (4, 4)), max_pool(X), average_pool(X),
               max_pool_gradient(X, max_pool(X)), average_pool_gradient(X, max_pool(X))]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("convolve", ALL)
def test_mixed_dtypes_take_the_wider(convolve):
    arrays = [normal(1, 1, 3, 3), normal(1, 1, 2, 2), normal(1)]
    for wide in range(3):
        X, F, b = (array if i == wide else array.astype(np.float32) for i, array in enumerate(arrays))
        assert convolve(X, F, b).dtype == np.float64


@pytest.mark.parametrize("pool, gradient", POOLS)
def test_pooling_gradients_have_the_dtype_of_the_gradient_they_were_handed(pool, gradient):
    X = normal(1, 2, 4, 4)
    assert gradient(X.astype(np.float32), pool(X)).dtype == np.float64


def test_no_samples_at_all():
    X, F = np.zeros((0, 2, 4, 4)), normal(3, 2, 2, 2)
    for convolve in ALL:
        assert convolve(X, F).shape == (0, 3, 3, 3)
    dF, db = filter_gradient(X, np.zeros((0, 3, 3, 3)), 2)
    assert_array_equal(dF, np.zeros((3, 2, 2, 2)))
    assert_array_equal(db, np.zeros(3))
    assert input_gradient(np.zeros((0, 3, 3, 3)), F, (4, 4)).shape == (0, 2, 4, 4)
    assert max_pool(X).shape == average_pool(X).shape == max_pool_gradient(X, max_pool(X)).shape[:2] + (2, 2)


def test_nothing_is_changed_in_place():
    arrays = [normal(2, 2, 4, 4), normal(3, 2, 2, 2), normal(3), normal(2, 3, 3, 3)]
    for array in arrays:
        array.flags.writeable = False
    X, F, b, dZ = arrays
    conv2d(X, F, b), filter_gradient(X, dZ, 2), input_gradient(dZ, F, (4, 4))
    assert conv2d(X, F).flags.writeable and max_pool(X, 1).flags.writeable


# Against SciPy


@given(geometries())
def test_conv2d_is_scipys_correlation(geometry):
    x, f, stride, padding = geometry
    X, F = normal(*x), normal(*f)
    padded = np.pad(X, ((0, 0), (0, 0), *((p, p) for p in padding)))
    Z = [[sum(correlate2d(image, window, "valid") for image, window in zip(sample, filters)) for filters in F]
         for sample in padded]
    if all(p >= k for p, k in zip(padded.shape[2:], f[2:])):
        close(conv2d(X, F, None, stride, padding), np.array(Z)[:, :, ::stride[0], ::stride[1]])


@given(geometries())
def test_full_convolution_is_scipys(geometry):
    d, f, _, _ = geometry
    D, F = normal(*d), normal(d[1], f[0], *f[2:])
    expected = [[sum(convolve2d(sample[q], F[q, c]) for q in range(d[1])) for c in range(f[0])] for sample in D]
    close(full_convolution(D, F), np.array(expected))


@given(geometries())
def test_full_convolution_is_conv2d_with_flipped_filters(geometry):
    d, f, _, _ = geometry
    D, F = normal(*d), normal(d[1], f[0], *f[2:])
    flipped = F[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    close(full_convolution(D, F), conv2d(D, flipped, padding=(f[2] - 1, f[3] - 1)))


# Gradients


@given(geometries())
def test_the_gradients_are_the_transposes_of_the_linear_map(geometry):
    # Z is linear in X and in F: ⟨dZ, F ∗ X⟩ = ⟨dF, F⟩ = ⟨dX, X⟩ for all dZ
    x, f, stride, padding = geometry
    X, F = normal(*x), normal(*f)
    Z = conv2d(X, F, None, stride, padding)
    dZ = normal(*Z.shape, seed=1)
    dF, db = filter_gradient(X, dZ, f[2:], stride, padding)
    dX = input_gradient(dZ, F, x[2:], stride, padding)
    inner = (dZ * Z).sum()
    assert_allclose([(dF * F).sum(), (dX * X).sum()], inner, rtol=1e-11, atol=1e-11)
    close(db, dZ.sum(axis=(0, 2, 3)))


@pytest.mark.parametrize("stride, padding", [(1, 0), ((2, 1), (1, 2)), (3, 0), (1, 3), ((4, 3), 1)])
def test_gradients_against_complex_step_and_differences(stride, padding):
    X, F, b = normal(2, 2, 5, 6), normal(3, 2, 3, 2), normal(3)
    weight = normal(*conv2d(X, F, b, stride, padding).shape, seed=2)

    def cost(X, F, b):
        return (weight * conv2d(X, F, b, stride, padding) ** 2).sum() / 2

    dZ = weight * conv2d(X, F, b, stride, padding)
    dF, db = filter_gradient(X, dZ, (3, 2), stride, padding)
    dX = input_gradient(dZ, F, (5, 6), stride, padding)
    for method, digits in ((complex_step, 1e-12), (central_difference, 1e-8)):
        close(dX, method(lambda X: cost(X, F, b), X), digits)
        close(dF, method(lambda F: cost(X, F, b), F), digits)
        close(db, method(lambda b: cost(X, F, b), b), digits)


@pytest.mark.parametrize("pool, gradient", POOLS)
@pytest.mark.parametrize("size, stride, padding", [(2, None, 0), (3, 1, 1), ((2, 3), (3, 2), (1, 0)), (1, 2, 0)])
def test_pooling_gradients_against_complex_step(pool, gradient, size, stride, padding):
    X = normal(2, 2, 5, 7)
    dA = pool(X, size, stride, padding)
    expected = complex_step(lambda X: (pool(X, size, stride, padding) ** 2).sum() / 2, X)
    close(gradient(X, dA, size, stride, padding), expected)


# Pooling


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


# Against PyTorch


@given(geometries(), st.booleans(), WIDTHS)
def test_conv2d_agrees_with_pytorch(geometry, bias, wide):
    torch = pytest.importorskip("torch")
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0])
    tX, tF, tb = (torch.tensor(array, requires_grad=True) for array in (X, F, b))
    tZ = torch.nn.functional.conv2d(tX, tF, tb if bias else None, stride, padding)
    dZ = normal(*tZ.shape, seed=3)
    tZ.backward(torch.tensor(dZ))
    with limits(WIDE=wide):
        close(conv2d(X, F, b if bias else None, stride, padding), tZ.detach().numpy())
        dF, db = filter_gradient(X, dZ, f[2:], stride, padding)
    close(dF, tF.grad.numpy())
    close(input_gradient(dZ, F, x[2:], stride, padding), tX.grad.numpy())
    if bias:
        close(db, tb.grad.numpy())


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


# The network

NET = ConvNet((2, 9, 8), (Block(3, (3, 2), padding=1, activation=tanh, pool=2), Block(4, 2, activation=sigmoid)), 3)


def test_shapes_and_numbers_of_the_network():
    # 9 × 8 padded to 11 × 10, windows 3 × 2: 9 × 9, pooled to 4 × 4, windows 2 × 2: 3 × 3
    assert NET.maps == [(2, 9, 8), (3, 4, 4), (4, 3, 3)]
    assert NET.widths == (144, 3)
    # weights 3·2·3·2 = 36, 4·3·2·2 = 48, 3·36 = 108; biases 3 + 4 + 3
    assert NET.size == 36 + 48 + 108 + 10
    assert_array_equal(NET.weight_mask, [True] * 192 + [False] * 10)
    p = np.arange(float(NET.size))
    weights, biases = cnn_unpack(NET, p)
    assert [w.shape for w in weights] == [(3, 2, 3, 2), (4, 3, 2, 2), (3, 36)]
    assert [b.shape for b in biases] == [(3,), (4,), (3, 1)]
    assert_array_equal(np.concatenate([array.ravel() for array in weights + biases]), p)
    weights[1][0, 0, 0, 0] = -1
    assert p[36] == -1  # views


def test_the_networks_parameters_have_the_scale_of_their_inputs(rng):
    net = ConvNet((1, 28, 28), (Block(50, 7),), 10)
    p = cnn_parameters(net, rng, np.float32)
    weights, biases = cnn_unpack(net, p)
    assert p.dtype == np.float32
    assert_allclose([w.std() for w in weights], [np.sqrt(2 / 49), np.sqrt(2 / (50 * 22 * 22))], rtol=0.05)
    assert not any(b.any() for b in biases)


def test_the_single_layer_network_of_the_chapter(rng):
    # Z = X ∗ F, A = σ(Z), U_k = W_k · A + b_k, with the sums written out
    net = ConvNet((1, 5, 4), (Block(1, (2, 3), activation=tanh),), 3)
    p, image = rng.standard_normal(net.size), rng.standard_normal((5, 4))
    (F, W), (c, b) = cnn_unpack(net, p)
    A = np.tanh(correlate2d(image, F[0, 0], "valid") + c)
    U = [(W[k].reshape(4, 2) * A).sum() + b[k, 0] for k in range(3)]
    assert_allclose(cnn_forward(net, p, image.reshape(-1, 1)).output[:, 0], U, rtol=1e-13)


@pytest.mark.parametrize("loss", [softmax_cross_entropy, half_squared])
@pytest.mark.parametrize("blocks", [
    (), (Block(2, 3),), (Block(2, 3, activation=tanh, pool=2), Block(3, (2, 1), activation=linear)),
    (Block(2, 3, 2, 1, sigmoid), Block(2, 2, activation=relu, pool=2)), (Block(1, 2),) * 3])
def test_the_networks_gradient(loss, blocks, rng):
    net = ConvNet((2, 7, 8), blocks, 3, loss)
    p, x = rng.standard_normal(net.size) / 2, rng.standard_normal((112, 4))
    y = np.eye(3)[:, [0, 2, 1, 1]]
    cost, gradient = cnn_cost_and_gradient(net, p, x, y)

    def value(p):
        return loss(cnn_forward(net, p, x).output, y).mean()

    assert_allclose(cost, value(p), rtol=1e-14)
    close(gradient, complex_step(value, p), 1e-12)


def test_a_batch_costs_the_mean_of_its_samples(rng):
    p, x, y = rng.standard_normal(NET.size), rng.standard_normal((144, 5)), np.eye(3)[:, [0, 1, 2, 0, 1]]
    each = [cnn_cost_and_gradient(NET, p, x[:, [i]], y[:, [i]]) for i in range(5)]
    cost, gradient = cnn_cost_and_gradient(NET, p, x, y)
    assert_allclose(cost, np.mean([c for c, _ in each]), rtol=1e-13)
    close(gradient, np.mean([g for _, g in each], axis=0))


def test_the_network_agrees_with_pytorch(rng):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    p, x = rng.standard_normal(NET.size), rng.standard_normal((144, 6))
    labels = np.array([0, 1, 2, 2, 1, 0])
    weights, biases = ([torch.tensor(a, requires_grad=True) for a in arrays] for arrays in cnn_unpack(NET, p))
    a = torch.tensor(x.T.reshape(6, 2, 9, 8).copy())
    a = functional.max_pool2d(torch.tanh(functional.conv2d(a, weights[0], biases[0], padding=1)), 2)
    a = torch.sigmoid(functional.conv2d(a, weights[1], biases[1]))
    output = a.flatten(1) @ weights[2].T + biases[2].T
    loss = functional.cross_entropy(output, torch.tensor(labels))
    loss.backward()
    cost, gradient = cnn_cost_and_gradient(NET, p, x, np.eye(3)[:, labels])
    assert_allclose(cnn_forward(NET, p, x).output, output.detach().numpy().T, rtol=1e-12)
    assert_allclose(cost, loss.item(), rtol=1e-13)
    close(gradient, np.concatenate([t.grad.numpy().ravel() for t in weights + biases]), 1e-12)


def test_the_network_in_float32_learns(rng):
    # bright upper half against bright lower half
    net = ConvNet((1, 6, 6), (Block(2, 3, pool=2),), 2)
    labels = np.arange(40) % 2
    X = rng.uniform(0, 0.5, (40, 6, 6))
    X[labels == 0, :3] += 0.5
    X[labels == 1, 3:] += 0.5
    x, y = X.reshape(40, 36).astype(np.float32).T, np.eye(2, dtype=np.float32)[:, labels]
    p = cnn_parameters(net, rng, np.float32)
    first, _ = cnn_cost_and_gradient(net, p, x, y)
    for _ in range(60):
        cost, gradient = cnn_cost_and_gradient(net, p, x, y)
        p = p - np.float32(0.3) * gradient
    assert gradient.dtype == p.dtype == np.float32
    assert cost < first / 5
    assert (cnn_forward(net, p, x).output.argmax(axis=0) == labels).all()


@pytest.mark.parametrize("left, right", [(np.float32, np.float64), (np.float64, np.float32), (np.float32, np.float32)])
def test_the_wider_type_wins(left, right, rng):
    X, F = rng.standard_normal((2, 3, 5, 4)).astype(left), rng.standard_normal((4, 3, 2, 2)).astype(right)
    wider = np.result_type(left, right)
    for convolve in ALL:
        assert convolve(X, F).dtype == wider
    dZ = rng.standard_normal((2, 4, 4, 3)).astype(right)
    assert {a.dtype for a in filter_gradient(X, dZ, 2)} == {wider}
    assert input_gradient(dZ.astype(left), F, (5, 4)).dtype == wider


def test_the_networks_blocks_take_all_their_numbers(rng):
    # padding, stride and a pooling window of three in a block that is not the first
    net = ConvNet((1, 9, 8), (Block(2, 2), Block(3, 3, (1, 2), (2, 1), tanh, pool=3)), 2)
    assert net.maps == [(1, 9, 8), (2, 8, 7), (3, 3, 1)]
    p, x, y = rng.standard_normal(net.size) / 2, rng.standard_normal((72, 3)), np.eye(2)[:, [0, 1, 1]]

    def value(p):
        return softmax_cross_entropy(cnn_forward(net, p, x).output, y).mean()

    close(cnn_cost_and_gradient(net, p, x, y)[1], complex_step(value, p), 1e-12)


def test_results_begin_on_a_cache_line(rng):
    for width in range(3, 23):  # many sizes, so that none is aligned by luck
        Z = conv2d(rng.standard_normal((3, 1, 3, width)), np.ones((1, 1, 2, 2)))
        assert Z.ctypes.data % 64 == 0


def test_the_networks_methods_are_its_functions(rng):
    p, x, y = rng.standard_normal(NET.size), rng.standard_normal((144, 2)), np.eye(3)[:, [0, 2]]
    assert_array_equal(NET.output(p, x), cnn_forward(NET, p, x).output)
    for own, function in zip(NET.cost_and_gradient(p, x, y), cnn_cost_and_gradient(NET, p, x, y)):
        assert_array_equal(own, function)


@pytest.mark.parametrize("M", [0, 1, 99, 100, 101, 250])
def test_the_output_of_a_hundred_images_at_a_time_is_that_of_all_at_once(rng, M):
    p, x = rng.standard_normal(NET.size), rng.standard_normal((144, M))
    close(NET.output(p, x), cnn_forward(NET, p, x).output)


# Bad input


@pytest.mark.parametrize("convolve", ALL)
def test_bad_input_is_named(convolve, raises):
    X, F = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
    with raises("X", "four axes", r"\(3, 5, 5\)"):
        convolve(X[0], F)
    with raises("F", "four axes", r"\(2, 2\)"):
        convolve(X, F[0, 0])
    with raises("F", "3 channels", r"\(4, 2, 2, 2\)"):
        convolve(X, F[:, :2])
    with raises("b", r"\(4,\)", r"\(1, 4\)"):
        convolve(X, F, np.zeros((1, 4)))
    with raises("k", r"fits into 5 \+ 2·0", "6"):
        convolve(X, np.zeros((1, 3, 6, 1)))
    for stride in (0, -1, 1.0, True, (1, 0), (1, 2, 3), None):
        with raises("stride", "an integer >= 1"):
            convolve(X, F, stride=stride)
    for padding in (-1, 0.5, (0, -1)):
        with raises("padding", "an integer >= 0"):
            convolve(X, F, padding=padding)


def test_bad_gradients_are_named(raises):
    X, F = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(2, 4, 5, 5\)"):
        filter_gradient(X, np.zeros((2, 4, 5, 5)), 2)
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(1, 4, 4, 4\)"):
        filter_gradient(X, np.zeros((1, 4, 4, 4)), 2)
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(2, 3, 4, 4\)"):
        input_gradient(np.zeros((2, 3, 4, 4)), F, (5, 5))
    with raises("F", "3 filters", r"\(4, 3, 2, 2\)"):
        full_convolution(X, F)
    with raises("D", "four axes", r"\(3, 5, 5\)"):
        full_convolution(X[0], F)
    with raises("F", "four axes", r"\(3, 2, 2\)"):
        full_convolution(X, F[0])
    with raises("X", "four axes", r"\(3, 5, 5\)"):
        fast_layout(X[0])
    with raises("size", "an integer >= 1"):
        filter_gradient(X, X, 0)
    seen = prepare(X, 2)
    with raises("F", r"filters of the size \(2, 2\) that X was prepared for", r"\(4, 3, 2, 3\)"):
        seen.conv2d(np.zeros((4, 3, 2, 3)))
    with raises("F", "3 channels", r"\(4, 2, 2, 2\)"):
        seen.conv2d(np.zeros((4, 2, 2, 2)))
    with raises("b", "one bias a filter", r"\(3,\)"):
        seen.conv2d(F, np.zeros(3))
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(2, 4, 5, 5\)"):
        seen.filter_gradient(np.zeros((2, 4, 5, 5)))


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


def test_bad_networks_are_named(raises):
    with raises("shape", r"\(channels, height, width\)", r"\(28, 28\)"):
        ConvNet((28, 28), (), 10)
    with raises("filters", "an integer >= 1", "0"):
        ConvNet((1, 28, 28), (Block(0, 3),), 10)
    with raises("pool", "an integer >= 1", "0"):
        ConvNet((1, 28, 28), (Block(1, 3, pool=0),), 10)
    with raises("classes", "an integer >= 1"):
        ConvNet((1, 28, 28), (), 0)
    with raises("k", "fits into 2", "3"):
        ConvNet((1, 4, 4), (Block(1, 3), Block(1, 3)), 10)
    with raises("p", r"\(202,\)", r"\(201,\)"):
        cnn_unpack(NET, np.zeros(201))
    with raises("x", "144 rows", r"\(143, 1\)"):
        cnn_forward(NET, np.zeros(202), np.zeros((143, 1)))
    with raises("x", "144 rows", r"\(144,\)"):
        cnn_forward(NET, np.zeros(202), np.zeros(144))
    with raises("x", "144 rows", r"\(144,\)"):
        NET.output(np.zeros(202), np.zeros(144))
    with raises("y", r"\(3, 2\)", r"\(3, 1\)"):
        cnn_cost_and_gradient(NET, np.zeros(202), np.zeros((144, 2)), np.zeros((3, 1)))
