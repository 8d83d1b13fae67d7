"""The convolution to read, its gradients, and the same of `fast_convolution` where one test says it of both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import convolve2d, correlate2d

from lecture_code import convolution, fast_convolution
from lecture_code.convolution import (
    conv2d, conv2d_im2col, conv2d_loops, conv2d_windows, full_convolution, im2col, input_gradient, output_size, windows)
from lecture_code.gradient_check import central_difference, complex_step

from .images import LAYOUTS, close, geometries, normal

ALL = (conv2d_loops, conv2d_windows, conv2d_im2col, fast_convolution.conv2d)
MODULES = pytest.mark.parametrize("module", [convolution, fast_convolution], ids=["core", "fast"])
X33 = np.arange(1.0, 10).reshape(1, 1, 3, 3)


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


def test_windows_and_columns_by_hand():
    X = np.stack([X33[0], 10 * X33[0]])                       # two images of one channel
    V = windows(X, (2, 1), stride=(1, 2))
    assert V.shape == (2, 1, 2, 2, 2, 1)
    assert_array_equal(V[1, 0, :, :, :, 0], [[[10, 40], [30, 60]], [[40, 70], [60, 90]]])
    # a row for each entry of the filter, a column for each image and place
    assert_array_equal(im2col(X, (2, 1), (1, 2)), [[1, 3, 4, 6, 10, 30, 40, 60], [4, 6, 7, 9, 40, 60, 70, 90]])
    assert_array_equal(im2col(X33, 3, 2, 1)[:, 0], [0, 0, 0, 0, 1, 2, 0, 4, 5])
    assert windows(np.ones((1, 1, 2, 2), np.uint8), 2).dtype == float


def test_windows_are_a_view_where_nothing_is_padded():
    X = normal(2, 3, 6, 5)
    assert np.shares_memory(windows(X, 2, 2), X)
    assert not np.shares_memory(windows(X, 2, 2, 1), X)


def test_conv2d_is_im2col():
    assert conv2d is conv2d_im2col


@MODULES
def test_gradients_by_hand(module):
    F = np.array([[[[1.0, 2], [0, -1]]]])
    dZ = np.array([[[[1.0, 0], [0, 2]]]])
    dF, db = module.filter_gradient(X33, dZ, 2)
    assert_array_equal(dF, [[[[1 + 2 * 5, 2 + 2 * 6], [4 + 2 * 8, 5 + 2 * 9]]]])
    assert_array_equal(db, [3])
    # dZ_00 = 1 lays F at the upper left corner, dZ_11 = 2 lays 2F at (1, 1); they meet at (1, 1): −1 + 2
    assert_array_equal(module.input_gradient(dZ, F, (3, 3)), [[[[1, 2, 0], [0, 1, 4], [0, 0, -2]]]])


def test_the_full_convolution_by_hand_flips_by_itself():
    # the numbers of the input gradient above: nobody turns F on the way
    F, dZ = np.array([[[[1.0, 2], [0, -1]]]]), np.array([[[[1.0, 0], [0, 2]]]])
    assert_array_equal(full_convolution(dZ, F), [[[[1, 2, 0], [0, 1, 4], [0, 0, -2]]]])


def test_output_size(raises):
    # 28 pixels, window 5: 24 places; stride 2 and padding 1: ⌊(28 + 2 − 5)/2⌋ + 1 = 13
    assert output_size(28, 5) == 24
    assert output_size(28, 5, 2, 1) == 13
    assert output_size(3, 5, padding=1) == 1
    with raises("k", "3", "4"):
        output_size(3, 4)


# Four implementations, one answer


@given(geometries(), st.booleans())
def test_all_four_agree(geometry, bias):
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0]) if bias else None
    Z = [convolve(X, F, b, stride, padding) for convolve in ALL]
    assert Z[0].shape == (x[0], f[0], *(output_size(*n) for n in zip(x[2:], f[2:], stride, padding)))
    for other in Z[1:]:
        close(Z[0], other)


@pytest.mark.parametrize("of_F", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_strides_in_memory(layout, of_F):
    X, F, b, dZ = normal(4, 3, 6, 5), normal(2, 3, 3, 2), normal(2), normal(4, 2, 4, 4)
    turned, filters = LAYOUTS[layout](X), LAYOUTS[of_F](F)
    for convolve in ALL:
        close(convolve(turned, filters, b), conv2d_windows(X, F, b))
    for left, right in zip(convolution.filter_gradient(turned, LAYOUTS[of_F](dZ), (3, 2)),
                           convolution.filter_gradient(X, dZ, (3, 2))):
        close(left, right)
    close(input_gradient(LAYOUTS[layout](dZ), filters, (6, 5)), input_gradient(dZ, F, (6, 5)))


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
    for module in (convolution, fast_convolution):
        results = [*module.filter_gradient(X, dZ, 2), module.input_gradient(dZ, F, (4, 4)), full_convolution(dZ, F)]
        assert {result.dtype for result in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("convolve", ALL)
def test_mixed_dtypes_take_the_wider(convolve):
    arrays = [normal(1, 1, 3, 3), normal(1, 1, 2, 2), normal(1)]
    for wide in range(3):
        X, F, b = (array if i == wide else array.astype(np.float32) for i, array in enumerate(arrays))
        assert convolve(X, F, b).dtype == np.float64


@MODULES
@pytest.mark.parametrize("left, right", [(np.float32, np.float64), (np.float64, np.float32), (np.float32, np.float32)])
def test_the_wider_type_wins(left, right, module, rng):
    X, F = rng.standard_normal((2, 3, 5, 4)).astype(left), rng.standard_normal((4, 3, 2, 2)).astype(right)
    wider = np.result_type(left, right)
    for convolve in ALL:
        assert convolve(X, F).dtype == wider
    dZ = rng.standard_normal((2, 4, 4, 3)).astype(right)
    assert module.filter_gradient(X, dZ, 2)[0].dtype == wider
    assert module.input_gradient(dZ.astype(left), F, (5, 4)).dtype == wider


@MODULES
def test_no_samples_at_all(module):
    X, F = np.zeros((0, 2, 4, 4)), normal(3, 2, 2, 2)
    for convolve in ALL:
        assert convolve(X, F).shape == (0, 3, 3, 3)
    dF, db = module.filter_gradient(X, np.zeros((0, 3, 3, 3)), 2)
    assert_array_equal(dF, np.zeros((3, 2, 2, 2)))
    assert_array_equal(db, np.zeros(3))
    assert module.input_gradient(np.zeros((0, 3, 3, 3)), F, (4, 4)).shape == (0, 2, 4, 4)
    assert full_convolution(np.zeros((0, 3, 3, 3)), F).shape == (0, 2, 4, 4)


@MODULES
def test_nothing_is_changed_in_place(module):
    arrays = [normal(2, 2, 4, 4), normal(3, 2, 2, 2), normal(3), normal(2, 3, 3, 3)]
    for array in arrays:
        array.flags.writeable = False
    X, F, b, dZ = arrays
    module.filter_gradient(X, dZ, 2), module.input_gradient(dZ, F, (4, 4))
    for convolve in ALL:
        assert convolve(X, F, b).flags.writeable


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
def test_full_convolution_is_the_input_gradient_and_conv2d_with_flipped_filters(geometry):
    d, f, _, _ = geometry
    D, F = normal(*d), normal(d[1], f[0], *f[2:])
    full = full_convolution(D, F)
    close(full, input_gradient(D, F, full.shape[2:]))
    flipped = F[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    close(full, conv2d_loops(D, flipped, padding=(f[2] - 1, f[3] - 1)))


# Gradients


@MODULES
@given(geometries())
def test_the_gradients_are_the_transposes_of_the_linear_map(module, geometry):
    # Z is linear in X and in F: ⟨dZ, F ∗ X⟩ = ⟨dF, F⟩ = ⟨dX, X⟩ for all dZ
    x, f, stride, padding = geometry
    X, F = normal(*x), normal(*f)
    Z = conv2d(X, F, None, stride, padding)
    dZ = normal(*Z.shape, seed=1)
    dF, db = module.filter_gradient(X, dZ, f[2:], stride, padding)
    dX = module.input_gradient(dZ, F, x[2:], stride, padding)
    inner = (dZ * Z).sum()
    assert_allclose([(dF * F).sum(), (dX * X).sum()], inner, rtol=1e-11, atol=1e-11)
    close(db, dZ.sum(axis=(0, 2, 3)))


@MODULES
@pytest.mark.parametrize("stride, padding", [(1, 0), ((2, 1), (1, 2)), (3, 0), (1, 3), ((4, 3), 1)])
def test_gradients_against_complex_step_and_differences(module, stride, padding):
    X, F, b = normal(2, 2, 5, 6), normal(3, 2, 3, 2), normal(3)
    weight = normal(*conv2d(X, F, b, stride, padding).shape, seed=2)

    def cost(X, F, b):
        return (weight * conv2d(X, F, b, stride, padding) ** 2).sum() / 2

    dZ = weight * conv2d(X, F, b, stride, padding)
    dF, db = module.filter_gradient(X, dZ, (3, 2), stride, padding)
    dX = module.input_gradient(dZ, F, (5, 6), stride, padding)
    for method, digits in ((complex_step, 1e-12), (central_difference, 1e-8)):
        close(dX, method(lambda X: cost(X, F, b), X), digits)
        close(dF, method(lambda F: cost(X, F, b), F), digits)
        close(db, method(lambda b: cost(X, F, b), b), digits)


# Against PyTorch


@MODULES
@given(geometries(), st.booleans())
def test_conv2d_agrees_with_pytorch(module, geometry, bias):
    torch = pytest.importorskip("torch")
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0])
    tX, tF, tb = (torch.tensor(array, requires_grad=True) for array in (X, F, b))
    tZ = torch.nn.functional.conv2d(tX, tF, tb if bias else None, stride, padding)
    dZ = normal(*tZ.shape, seed=3)
    tZ.backward(torch.tensor(dZ))
    close(module.conv2d(X, F, b if bias else None, stride, padding), tZ.detach().numpy())
    dF, db = module.filter_gradient(X, dZ, f[2:], stride, padding)
    close(dF, tF.grad.numpy())
    close(module.input_gradient(dZ, F, x[2:], stride, padding), tX.grad.numpy())
    if bias:
        close(db, tb.grad.numpy())


# Bad input: that of every function stands in test_bad_input


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


@pytest.mark.parametrize("convolve", ALL)
def test_empty_axes_are_named(convolve, raises):
    X, F = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
    with raises("F", "at least one filter", r"\(0, 3, 2, 2\)"):
        convolve(X, F[:0])
    with raises("X", "no empty axis", r"\(2, 0, 5, 5\)"):
        convolve(X[:, :0], F[:, :0])
    with raises("F", "no empty axis", r"\(4, 3, 0, 2\)"):
        convolve(X, F[:, :, :0])
    with raises("X", "no empty axis", r"\(2, 3, 0, 5\)"):
        convolve(X[:, :, :0], F, padding=2)


@MODULES
def test_bad_gradients_are_named(module, raises):
    X, F = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
    for wrong in ((2, 4, 5, 5), (1, 4, 4, 4)):
        with raises("dZ", r"\(2, 4, 4, 4\)", str(wrong).replace("(", r"\(").replace(")", r"\)")):
            module.filter_gradient(X, np.zeros(wrong), 2)
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(2, 3, 4, 4\)"):
        module.input_gradient(np.zeros((2, 3, 4, 4)), F, (5, 5))
    with raises("size", "an integer >= 1"):
        module.filter_gradient(X, X, 0)
    for shape in (5, 5.0, (5,), (5, 5, 5), (5, 4.5), (0, 5), (True, 5), [5, 5], None):
        with raises("shape", r"\(height, width\) of the input"):
            module.input_gradient(np.zeros((2, 4, 4, 4)), F, shape)


def test_sizes_that_are_not_whole_are_named(raises):
    for bad, name in (((5.5, 2), "d"), ((0, 2), "d"), ((5, 0), "k"), ((5, 2.0), "k"), ((5, 2, 1.5), "stride"),
                      ((5, 2, 0), "stride"), ((5, 2, True), "stride")):
        with raises(name, "an integer >= 1", str(bad["d k stride".split().index(name)])):
            output_size(*bad)
    for padding in (-1, 0.5, True, None):
        with raises("padding", "an integer >= 0", str(padding)):
            output_size(5, 2, 1, padding)
    assert output_size(np.int64(5), np.uint8(2), np.int32(3), np.int16(1)) == 2
