"""log-sum-exp, softmax, log-softmax, one-hot."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.gradient_check import complex_step
from lecture_code.numerics import _product, log_softmax, weighted_sum, logsumexp, one_hot, softmax, softmax_and_log

LOG3 = np.log(3)
logits = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(-800, 800))


def class_axis(z):
    return -1 if z.ndim == 1 else -2


def test_two_logits_by_hand():
    # exp(0) + exp(log 3) = 1 + 3 = 4
    z = np.array([0, LOG3])
    assert_allclose(logsumexp(z), np.log(4), rtol=1e-15)
    assert_allclose(softmax(z), [1 / 4, 3 / 4], rtol=1e-15)
    assert_allclose(log_softmax(z), [-np.log(4), LOG3 - np.log(4)], rtol=1e-15)


def test_samples_are_columns():
    # column 0: logits (0, log 3); column 1: (0, 0)
    z = np.array([[0, 0], [LOG3, 0]])
    assert_allclose(softmax(z), [[1 / 4, 1 / 2], [3 / 4, 1 / 2]], rtol=1e-15)
    assert_allclose(logsumexp(z), np.log([4, 2]), rtol=1e-15)
    assert_allclose(log_softmax(z), np.log([[1 / 4, 1 / 2], [3 / 4, 1 / 2]]), rtol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_the_axis_can_be_chosen(axis, rng):
    z = rng.standard_normal((3, 4, 5))
    assert_allclose(logsumexp(z, axis), scipy.special.logsumexp(z, axis), rtol=1e-14)
    assert_allclose(softmax(z, axis), scipy.special.softmax(z, axis), rtol=1e-14)
    assert_allclose(log_softmax(z, axis), scipy.special.log_softmax(z, axis), rtol=1e-14)


def test_keepdims_keeps_the_summed_axis():
    z = np.zeros((2, 3, 4))
    assert logsumexp(z).shape == (2, 4)
    assert logsumexp(z, keepdims=True).shape == (2, 1, 4)
    assert logsumexp(np.zeros(3)).shape == ()


@given(logits)
def test_agree_with_scipy(z):
    axis = class_axis(z)
    assert_allclose(logsumexp(z), scipy.special.logsumexp(z, axis), rtol=1e-14, atol=1e-13)
    assert_allclose(softmax(z), scipy.special.softmax(z, axis), rtol=1e-13)
    assert_allclose(log_softmax(z), scipy.special.log_softmax(z, axis), rtol=1e-14, atol=1e-13)


@given(logits)
def test_softmax_is_a_distribution(z):
    p = softmax(z)
    assert (p >= 0).all()
    assert_allclose(p.sum(axis=class_axis(z)), 1, rtol=1e-14)


@given(logits, st.floats(-1e4, 1e4))
def test_a_shift_moves_logsumexp_and_leaves_softmax(z, shift):
    assert_allclose(softmax(z + shift), softmax(z), rtol=1e-10, atol=1e-300)
    assert_allclose(logsumexp(z + shift), logsumexp(z) + shift, rtol=1e-12, atol=1e-11)


@given(logits)
def test_logsumexp_lies_between_max_and_max_plus_log_K(z):
    axis = class_axis(z)
    largest, slack = z.max(axis), 1e-12 * (1 + np.abs(z).max())
    assert (logsumexp(z) >= largest - slack).all()
    assert (logsumexp(z) <= largest + np.log(z.shape[axis]) + slack).all()


def test_the_gradient_of_logsumexp_is_softmax(rng):
    z = rng.standard_normal(6)
    assert_allclose(complex_step(logsumexp, z), softmax(z), rtol=1e-14)


def test_the_gradient_of_log_softmax_is_one_hot_minus_softmax(rng):
    z = rng.standard_normal(4)
    for k in range(4):
        assert_allclose(complex_step(lambda z: log_softmax(z)[k], z), np.eye(4)[k] - softmax(z), rtol=1e-13)


def test_softmax_accepts_complex_logits(rng):
    z = rng.standard_normal((4, 3))
    p = softmax(z)
    slope = complex_step(lambda z: softmax(z)[1, 2], z)
    assert_allclose(slope[:, 2], p[1, 2] * (np.eye(4)[1] - p[:, 2]), rtol=1e-13)  # ∂p_1/∂z_j = p_1 (1[j = 1] − p_j)
    assert_array_equal(slope[:, :2], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits(dtype):
    z = np.array([[1e4, -1e4], [-1e4, -1e4]], dtype)
    assert_array_equal(softmax(z), np.array([[1, 0.5], [0, 0.5]], dtype))
    assert_array_equal(log_softmax(z)[:, 0], np.array([0, -2e4], dtype))
    assert_allclose(logsumexp(z), [1e4, -1e4 + np.log(2)], rtol=np.finfo(dtype).eps)
    for function in (softmax, log_softmax, logsumexp):
        assert function(z).dtype == dtype


def test_log_softmax_shifts_before_it_subtracts():
    # LSE(1e4, 1e4) = 10000.6931…; float32 numbers there are 1e-3 apart, so z − LSE would be off by 2e-4
    assert_allclose(log_softmax(np.full(2, 1e4, np.float32)), -np.log(2), rtol=1e-7)


def test_log_softmax_is_exact_where_softmax_is_zero():
    z = np.array([0.0, 800.0])
    assert softmax(z)[0] == 0
    assert log_softmax(z)[0] == -800


def test_infinite_logits():
    assert logsumexp([-np.inf, -np.inf]) == -np.inf
    assert logsumexp([-np.inf, 2.0]) == 2
    assert logsumexp([np.inf, 0.0]) == np.inf
    assert_array_equal(softmax([-np.inf, 0.0]), [0, 1])


def test_one_class():
    z = np.array([[3.0, -7.0]])
    assert_array_equal(softmax(z), [[1, 1]])
    assert_array_equal(log_softmax(z), [[0, 0]])
    assert_array_equal(logsumexp(z), [3, -7])


def test_lists_and_integers_are_accepted():
    assert_allclose(softmax([1, 1]), [0.5, 0.5])
    assert_allclose(logsumexp([5, 5]), 5 + np.log(2))


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
def test_unsigned_integers_do_not_wrap_around(function):
    z = np.array([1, 2], np.uint8)
    assert_allclose(function(z), function(z.astype(np.float64)), rtol=1e-14)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_logits_as_far_apart_as_floats_go(function):
    assert function(np.array([1.7e308, -1.7e308]))[0] == function(np.array([1e4, -1e4]))[0]


def test_the_argument_is_left_alone(rng):
    z = rng.standard_normal((3, 2))
    kept = z.copy()
    logsumexp(z), softmax(z), log_softmax(z)
    assert_array_equal(z, kept)


def test_a_weight_of_zero_silences_even_infinity():
    p, x = np.array([[0.0, 0.25], [1, 0.75]]), np.array([[-np.inf, 4.0], [3, 8]])
    assert_array_equal(weighted_sum(p, x, -2), [3, 7])


def test_one_hot_by_hand():
    assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    assert one_hot([1], 2).dtype == np.float64
    assert one_hot([1], 2, np.float32).dtype == np.float32
    assert_array_equal(one_hot(np.array([0, 0], np.uint8), 1), [[1], [1]])


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_one_hot_rows_are_distributions_on_their_label(labels):
    e = one_hot(labels, 7)
    assert e.shape == (len(labels), 7)
    assert_array_equal(e.sum(axis=1), 1)
    assert_array_equal(e.argmax(axis=1), labels)


def test_one_hot_names_the_first_bad_label(raises):
    with raises("labels", "0 … 2", "3 at index 1"):
        one_hot(np.array([0, 3, -1]), 3)
    with raises("labels", "0 … 2", "-1 at index 0"):
        one_hot(np.array([-1, 0]), 3)


@pytest.mark.parametrize("labels, got", [
    (np.array([0.0, 1.0]), "float64"), (np.array([[0, 1]]), "2-D"), (np.array([True]), "bool"), (1, "0-D")])
def test_one_hot_wants_integers_in_a_row(labels, got, raises):
    with raises("labels", "1-D array of integers", got):
        one_hot(labels, 2)


@pytest.mark.parametrize("classes", [0, -1, 2.0])
def test_one_hot_wants_a_count_of_classes(classes, raises):
    with raises("classes", "an integer >= 1", str(classes)):
        one_hot(np.array([0]), classes)


def test_softmax_and_its_logarithm_at_once(rng):
    z = rng.standard_normal((2, 3, 4))
    for axis in (None, 0, 1, -1):
        p, log_p = softmax_and_log(z, axis)
        assert_array_equal(p, softmax(z, axis))
        assert_array_equal(log_p, log_softmax(z, axis))


@pytest.mark.parametrize("x, turned", [
    (np.ones((5, 2)).T, [(3, 5)]),                # a batch of rows
    (np.ones((2, 5)), []),                        # samples are columns in memory, too
    (np.ones((1, 2)).T, []),                      # one sample: nothing to gain
    (np.ones((4, 5, 2)).mT, [(4, 3, 5)]),         # four runs
    (np.ones((4, 5, 1)).mT, [(4, 3, 5)]),         # of one input
])
def test_a_product_takes_the_way_that_suits_the_memory_of_the_batch(monkeypatch, x, turned):
    W, seen, keep = np.arange(3.0 * x.shape[-2]).reshape(3, -1), [], np.ascontiguousarray
    monkeypatch.setattr(np, "ascontiguousarray", lambda a: seen.append(a.shape) or keep(a))
    z = _product(W, x)
    assert seen == turned and z.flags.c_contiguous
    assert_array_equal(z, W @ x)
