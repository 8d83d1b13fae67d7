"""Random parameters: their scales, seeds and types."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import sigmoid, tanh
from lecture_code.initialisation import gaussian_parameters, he, lecun, xavier
from lecture_code.losses import half_squared
from lecture_code.network import Network, unpack

SMALL = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)


def test_gaussian_parameters_have_their_scales():
    net = Network((80, 60, 70), (tanh, tanh), half_squared)
    W, b = unpack(net, gaussian_parameters(net, np.random.default_rng(0), scale=(0.5, 2), bias_scale=3))
    assert [round(float(W[l].std()), 1) for l in (1, 2)] == [0.5, 2.0]
    assert 2.4 < np.concatenate(b[1:]).std() < 3.6
    W, b = unpack(net, gaussian_parameters(net, np.random.default_rng(0)))
    assert [round(float(W[l].std()), 1) for l in (1, 2)] == [1.0, 1.0]
    assert not np.concatenate(b[1:]).any()


def test_gaussian_parameters_follow_the_seed_and_the_dtype():
    draw = lambda seed, **options: gaussian_parameters(SMALL, np.random.default_rng(seed), 0.5, 0.5, **options)
    assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).all()
    assert draw(1).dtype == np.float64 and draw(1, dtype=np.float32).dtype == np.float32
    assert_allclose(draw(1, dtype=np.float32), draw(1), rtol=1e-7)


def test_gaussian_parameters_without_biases():
    net = Network((2, 3), (tanh,), half_squared, bias=False)
    assert gaussian_parameters(net, np.random.default_rng(0)).shape == (6,)


def test_one_scale_a_layer():
    with pytest.raises(ValueError):
        gaussian_parameters(SMALL, np.random.default_rng(0), scale=(1, 2))


@pytest.mark.parametrize("draw, variances", [
    (xavier, (2 / 140, 2 / 130)), (he, (2 / 80, 2 / 60)), (lecun, (1 / 80, 1 / 60))])
def test_the_schemes_have_their_variances(draw, variances):
    net = Network((80, 60, 70), (tanh, tanh), half_squared)
    theta = draw(net, np.random.default_rng(0))
    # the same numbers as with the scales by hand
    assert_array_equal(theta, gaussian_parameters(net, np.random.default_rng(0), np.sqrt(variances)))
    W, b = unpack(net, theta)
    for w, variance in zip(W[1:], variances):
        assert_allclose(w.var(), variance, rtol=0.1)
    assert not np.concatenate(b[1:]).any()
    assert theta.dtype == np.float64 and draw(net, np.random.default_rng(0), np.float32).dtype == np.float32
