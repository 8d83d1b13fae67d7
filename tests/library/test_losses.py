"""Per-sample losses and their gradients at the network's output."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, mean_squared_error

from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.losses import absolute, half_squared, binary_cross_entropy, softmax_cross_entropy, squared
from lecture_code.numerics import one_hot, softmax

ALL = (half_squared, softmax_cross_entropy, squared, absolute, binary_cross_entropy)
columns = arrays(np.float64, (4, 3), elements=st.floats(-50, 50))


def test_half_squared_by_hand():
    # sample 0: ½ ((1 − 0)² + (2 − 4)²) = 5/2; sample 1: ½ (3² + 0²) = 9/2
    a, y = np.array([[1.0, 3], [2, 1]]), np.array([[0.0, 0], [4, 1]])
    assert_array_equal(half_squared(a, y), [5 / 2, 9 / 2])
    assert_array_equal(half_squared.gradient(a, y), [[1, 3], [-2, 0]])
    assert_array_equal(half_squared.prediction(a), a)


def test_softmax_cross_entropy_by_hand():
    # logits (0, log 3) are probabilities (1/4, 3/4); the loss is −log of the true class's
    a, y = np.array([[0, 0], [np.log(3), np.log(3)]]), np.array([[1.0, 0], [0, 1]])
    assert_allclose(softmax_cross_entropy(a, y), [np.log(4), np.log(4 / 3)], rtol=1e-15)
    assert_allclose(softmax_cross_entropy.gradient(a, y), [[-3 / 4, 1 / 4], [3 / 4, -1 / 4]], rtol=1e-15)
    assert_allclose(softmax_cross_entropy.prediction(a), [[1 / 4] * 2, [3 / 4] * 2], rtol=1e-15)


@pytest.mark.parametrize("loss", ALL)
def test_gradient_agrees_with_complex_step_and_differences(loss, rng):
    a = rng.standard_normal((4, 3))
    for y in (one_hot([0, 3, 1], 4).T, rng.random((4, 3))):  # one-hot, and any targets whatever
        exact = loss.gradient(a, y)
        assert_allclose(exact, complex_step(lambda a: loss(a, y).sum(), a), rtol=1e-12, atol=1e-14)
        assert_allclose(exact, central_difference(lambda a: loss(a, y).sum(), a), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", ALL)
def test_runs_in_front_of_the_classes_broadcast(loss, rng):
    a, y = rng.standard_normal((5, 4, 3)), one_hot([0, 3, 1], 4).T
    assert loss(a, y).shape == (5, 3)
    assert loss.gradient(a, y).shape == loss.prediction(a).shape == (5, 4, 3)
    assert_array_equal(loss(a, y)[2], loss(a[2], y))
    assert_array_equal(loss.gradient(a, y)[2], loss.gradient(a[2], y))


@given(columns, columns)
def test_cross_entropy_with_soft_targets_agrees_with_scipy(a, t):
    y = softmax(t)
    # Σ y log(y/p) + entropy(y) = −Σ y log p
    expected = scipy.special.entr(y).sum(axis=0) - (y * (scipy.special.log_softmax(a, 0) - np.log(y))).sum(axis=0)
    assert_allclose(softmax_cross_entropy(a, y), expected, rtol=1e-9, atol=1e-9)
    assert (softmax_cross_entropy(a, y) >= scipy.special.entr(y).sum(axis=0) - 1e-9).all()  # Gibbs


@given(columns, columns)
def test_losses_are_never_negative_and_least_at_the_target(a, t):
    assert (half_squared(a, t) >= 0).all() and (half_squared(t, t) == 0).all()
    y = softmax(t)
    assert (softmax_cross_entropy(a, y) - softmax_cross_entropy(t, y) >= -1e-9).all()


def test_means_agree_with_scikit_learn(rng):
    a, labels = rng.standard_normal((4, 30)), rng.integers(4, size=30)
    y = one_hot(labels, 4).T
    assert_allclose(softmax_cross_entropy(a, y).mean(), log_loss(labels, softmax(a).T, labels=range(4)), rtol=1e-12)
    assert_allclose(half_squared(a, y).mean(), 4 * mean_squared_error(y.T, a.T) / 2, rtol=1e-12)


def test_the_cross_entropy_gradient_sums_to_zero_over_classes(rng):
    g = softmax_cross_entropy.gradient(rng.standard_normal((5, 7)), rng.random((5, 7)))
    assert_allclose(g.sum(axis=0), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits(dtype):
    a = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    y = np.array([[1, 1], [0, 0]], dtype)  # right, then wrong
    assert_array_equal(softmax_cross_entropy(a, y), [0, 2e4])
    assert_array_equal(softmax_cross_entropy.gradient(a, y), [[0, -1], [0, 1]])


@pytest.mark.parametrize("loss", ALL)
def test_dtype_is_kept(loss):
    a, y = np.ones((3, 2), np.float32), np.eye(3, 2, dtype=np.float32)
    assert loss(a, y).dtype == loss.gradient(a, y).dtype == loss.prediction(a).dtype == np.float32


def test_one_class_costs_nothing():
    a, y = np.array([[3.0, -4.0]]), np.ones((1, 2))
    assert_array_equal(softmax_cross_entropy(a, y), [0, 0])
    assert_array_equal(softmax_cross_entropy.gradient(a, y), [[0, 0]])


@pytest.mark.parametrize("loss", ALL)
def test_arguments_are_left_alone(loss, rng):
    a, y = rng.standard_normal((3, 2)), rng.random((3, 2))
    kept = a.copy(), y.copy()
    loss(a, y), loss.gradient(a, y), loss.prediction(a)
    assert_array_equal(a, kept[0])
    assert_array_equal(y, kept[1])


def test_a_loss_shows_its_name():
    assert [repr(loss) for loss in ALL] == ["half_squared", "softmax_cross_entropy", "squared", "absolute", "binary_cross_entropy"]


def test_squared_and_absolute_by_hand():
    # residuals (1, −2) and (3, 0): squares 1 + 4 and 9 + 0, absolute values 1 + 2 and 3 + 0
    a, y = np.array([[1.0, 3], [2, 1]]), np.array([[0.0, 0], [4, 1]])
    assert_array_equal(squared(a, y), [5, 9])
    assert_array_equal(squared.gradient(a, y), [[2, 6], [-4, 0]])
    assert_array_equal(absolute(a, y), [3, 3])
    assert_array_equal(absolute.gradient(a, y), [[1, 1], [-1, 0]])  # 0 at the kink
    assert_array_equal(squared.prediction(a), a)
    assert_array_equal(absolute.prediction(a), a)


def test_binary_cross_entropy_by_hand():
    # logit log 3 is the probability 3/4: −log(3/4) for y = 1, −log(1/4) for y = 0, their mean for y = 1/2
    a, y = np.full((1, 3), np.log(3)), np.array([[1, 0, 1 / 2]])
    assert_allclose(binary_cross_entropy(a, y), [np.log(4 / 3), np.log(4), np.log(16 / 3) / 2], rtol=1e-15)
    assert_allclose(binary_cross_entropy.gradient(a, y), [[-1 / 4, 3 / 4, 1 / 4]], rtol=1e-15)
    assert_allclose(binary_cross_entropy.prediction(a), [[3 / 4] * 3], rtol=1e-15)
    assert_allclose(binary_cross_entropy(np.zeros((2, 1)), np.array([[1], [0]])), [2 * np.log(2)], rtol=1e-15)  # outputs are summed


@given(columns, arrays(np.float64, (4, 3), elements=st.sampled_from([0.0, 0.25, 1.0])))
def test_binary_cross_entropy_is_a_softmax_of_two(a, y):
    pair = softmax_cross_entropy(np.stack([a, np.zeros_like(a)]).reshape(2, -1), np.stack([y, 1 - y]).reshape(2, -1))
    assert_allclose(binary_cross_entropy(a, y), pair.reshape(4, 3).sum(axis=0), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_far_out(dtype):
    a, y = np.array([[1e4, -1e4, 1e4, -1e4]], dtype), np.array([[1, 1, 0, 0]], dtype)
    assert_array_equal(binary_cross_entropy(a, y), [0, 1e4, 1e4, 0])
    assert_allclose(binary_cross_entropy.gradient(a, y), [[0, -1, 1, 0]], atol=1e-37)
    # a small loss keeps its digits: log(1 + e⁻³⁰) = e⁻³⁰ − …
    assert_allclose(binary_cross_entropy(np.array([[30]], dtype), np.ones((1, 1), dtype)), [np.exp(-30.0)], rtol=1e-5)


@pytest.mark.parametrize("loss", ALL)
def test_runs_in_front_do_not_mix(loss, rng):
    a, y = rng.standard_normal((2, 3, 4)), rng.dirichlet(np.ones(3), (2, 4)).mT
    y[1] *= 2  # the gradient of the cross-entropy knows the sum of the targets
    for r in range(2):
        assert_allclose(loss(a, y)[r], loss(a[r], y[r]), rtol=1e-14)
        assert_allclose(loss.gradient(a, y)[r], loss.gradient(a[r], y[r]), rtol=1e-14)
        for got, expected in zip(loss.value_and_gradient(a, y), (loss(a, y), loss.gradient(a, y))):
            assert_allclose(got, expected, rtol=1e-14)


# 0 · (−∞), whole numbers, kinks

BOTH = (softmax_cross_entropy, binary_cross_entropy)


def test_a_class_that_is_masked_out_costs_nothing():
    # a logit −∞, or one so far behind that the difference overflows: its log-probability is −∞, its target 0
    for a in (np.float32([[3e38], [-3e38]]), np.array([[0], [-np.inf]]), np.float32([[0], [-np.inf]])):
        y = np.array([[1], [0]], a.dtype)
        assert_array_equal(softmax_cross_entropy(a, y), [0])
        assert_array_equal(softmax_cross_entropy.gradient(a, y), [[0], [0]])
        assert softmax_cross_entropy.value_and_gradient(a, y)[0] == 0
        assert softmax_cross_entropy(a, y[::-1]) == np.inf


def test_a_masked_class_leaves_the_others_as_they_are(rng):
    a, y = rng.standard_normal((3, 4)), rng.dirichlet(np.ones(3), 4).T
    masked = np.vstack([a, np.full((1, 4), -np.inf)]), np.vstack([y, np.zeros((1, 4))])
    assert_allclose(softmax_cross_entropy(*masked), softmax_cross_entropy(a, y), rtol=1e-15)
    assert_allclose(softmax_cross_entropy.gradient(*masked)[:3], softmax_cross_entropy.gradient(a, y), atol=1e-15)


def test_a_certain_logit_costs_nothing():
    a, y = np.array([[np.inf, -np.inf]]), np.array([[1.0, 0.0]])
    assert_array_equal(binary_cross_entropy(a, y), [0, 0])
    assert_array_equal(binary_cross_entropy(a, 1 - y), [np.inf, np.inf])
    assert_allclose(binary_cross_entropy.gradient(a, y), [[0, 0]], atol=1e-300)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, bool])
@pytest.mark.parametrize("loss", ALL)
def test_whole_numbers_do_not_wrap_around(loss, kind):
    a, y = np.array([[0, 100, 1], [1, 0, 0]]).astype(kind), np.array([[1, 0, 0], [0, 1, 1]]).astype(kind)
    floats = a.astype(float), y.astype(float)
    assert_array_equal(loss(a, y), loss(*floats))
    assert_array_equal(loss.gradient(a, y), loss.gradient(*floats))
    assert_array_equal(loss.prediction(a), loss.prediction(floats[0]))
    for got, expected in zip(loss.value_and_gradient(a, y), loss.value_and_gradient(*floats)):
        assert got.dtype == np.float64
        assert_array_equal(got, expected)


def test_bytes_by_hand():
    # 0 − 1 is 255 in uint8, and 200² is 64 in int8
    assert half_squared.gradient(np.uint8([[0]]), np.uint8([[1]])) == -1
    assert squared(np.int8([[100]]), np.int8([[-100]])) == 40_000
    assert half_squared.value_and_gradient(np.uint8([[0]]), np.uint8([[1]])) == (0.5, -1)


@pytest.mark.parametrize("loss", ALL)
def test_whole_targets_do_not_widen_float32(loss):
    a, y = np.ones((2, 3), np.float32), np.array([[0, 1, 0], [1, 0, 1]])
    assert loss(a, y).dtype == loss.gradient(a, y).dtype == np.float32
    assert complex_step(lambda a: loss(a, y).sum(), a).shape == a.shape


@pytest.mark.parametrize("loss", ALL)
def test_the_complex_step_knows_the_gradient_at_kinks(loss):
    # residuals 0 for the absolute loss, logits 0 for the softplus inside the binary cross-entropy, ties for the maximum
    a, y = np.array([[0.0, 0, 1], [0, 1, 1]]), np.array([[0.0, 1, 1], [1, 0, 0]])
    assert_allclose(loss.gradient(a, y), complex_step(lambda a: loss(a, y).sum(), a), atol=1e-15)


def test_targets_may_be_complex():
    # ∂/∂y ½ (a − y)² = y − a = 2 − 5
    change = half_squared(np.array([[5.0]]), np.array([[2.0 + 1e-30j]])).imag / 1e-30
    assert_allclose(change, [-3], rtol=1e-15)


def test_lists_are_accepted():
    assert half_squared([[1, 2]], [[0, 4]]).tolist() == [0.5, 2]
