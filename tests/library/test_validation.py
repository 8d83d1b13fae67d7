"""The one sentence for every bad argument."""

import numpy as np
import pytest

from lecture_code.validation import (
    require, require_count, require_finite, require_fraction, require_positive, require_vector)


def test_the_sentence():
    with pytest.raises(ValueError, match=r"^eta: expected a number, got -3$"):
        require(False, "eta", "a number", -3)
    require(True, "eta", "a number", -3)


@pytest.mark.parametrize("value", [1, 0.5, 1e-300, np.float32(2), [1, 2.5], np.array([[1e9]])])
def test_positive_passes(value):
    require_positive("eta", value)


@pytest.mark.parametrize("value", [0, -1, 0.0, -0.0, np.nan, np.inf, [1, 0], [1, np.nan], "1", None, 1j, True])
def test_positive_raises(value, raises):
    with raises("eta", "a finite number > 0"):
        require_positive("eta", value)


@pytest.mark.parametrize("value, at_most", [(1, None), (10**9, None), (3, 3), (np.int64(2), 5)])
def test_count_passes(value, at_most):
    require_count("M", value, at_most)


@pytest.mark.parametrize("value", [0, -1, 1.0, np.float64(2), "1", None, np.array([1]),
    True])
def test_count_raises(value, raises):
    with raises("M", "an integer >= 1"):
        require_count("M", value)


def test_count_has_an_upper_limit(raises):
    with raises("M", "an integer >= 1 and <= 3", "4"):
        require_count("M", 4, at_most=3)


@pytest.mark.parametrize("value", [0, 0.5, 1 - 1e-12, np.float32(0.9)])
def test_fraction_passes(value):
    require_fraction("mu", value)


@pytest.mark.parametrize("value", [1, 1.5, -1e-12, np.nan, "0.5", None])
def test_fraction_raises(value, raises):
    with raises("mu", r"a number in \[0, 1\)"):
        require_fraction("mu", value)


def test_finite_names_the_first_bad_entry(raises):
    require_finite("X", np.zeros((2, 3)))
    X = np.zeros((2, 3))
    X[1, 2], X[1, 1] = np.inf, np.nan
    with raises("X", "finite numbers", r"nan at index \(1, 1\)"):
        require_finite("X", X)
    with raises("X", "finite numbers", r"-inf at index \(\)"):
        require_finite("X", np.array(-np.inf))


def test_finite_looks_again_at_a_sum_that_overflows(raises):
    require_finite("X", np.full(2, 1.7e308))
    with raises("X", "finite numbers", r"inf at index \(0,\)"):
        require_finite("X", np.array([np.inf, -np.inf]))  # whose sum is not a number


@pytest.mark.parametrize("call, message", [
    (lambda: require_positive("eta", [1, 0]), "eta: expected a finite number > 0, got [1, 0]"),
    (lambda: require_count("M", 0), "M: expected an integer >= 1, got 0"),
    (lambda: require_count("M", 4, at_most=3), "M: expected an integer >= 1 and <= 3, got 4"),
    (lambda: require_fraction("mu", 1.5), "mu: expected a number in [0, 1), got 1.5"),
    (lambda: require_finite("X", np.array([0, np.nan])), "X: expected finite numbers, got nan at index (1,)")])
def test_the_sentences_word_for_word(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_a_vector_is_returned_as_float64(raises):
    v = require_vector("v", [1, 2])
    assert v.dtype == np.float64 and v.tolist() == [1, 2]
    for wrong, got in (([], r"shape \(0,\)"), (1.0, r"shape \(\)"), ([[1.0]], r"shape \(1, 1\)")):
        with raises("v", r"a vector \(P,\)", got):
            require_vector("v", wrong)
    with raises("v", "finite numbers", r"inf at index \(1,\)"):
        require_vector("v", [0, np.inf])
