"""Streams of batches."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from lecture_code.samplers import minibatches, with_replacement, without_replacement


@st.composite
def sizes(draw):
    samples = draw(st.integers(1, 40))
    return samples, draw(st.integers(1, samples)), draw(st.integers(0, 2**32))


@given(sizes())
def test_an_epoch_shows_every_sample_once(sizes):
    N, M, seed = sizes
    batches = list(minibatches(N, M, np.random.default_rng(seed)))
    assert_array_equal(np.sort(np.concatenate(batches)), np.arange(N))
    assert len(batches) == -(-N // M)
    assert all(len(batch) == M for batch in batches[:-1])
    assert len(batches[-1]) == (N % M or M)


@given(sizes())
def test_drop_last_leaves_only_whole_batches(sizes):
    N, M, seed = sizes
    batches = list(minibatches(N, M, np.random.default_rng(seed), drop_last=True))
    whole = list(minibatches(N, M, np.random.default_rng(seed)))[:N // M]
    assert len(batches) == N // M
    assert_array_equal(batches, whole)


def test_seven_samples_in_batches_of_three():
    assert [len(batch) for batch in minibatches(7, 3, np.random.default_rng(0))] == [3, 3, 1]
    assert [len(batch) for batch in minibatches(7, 3, np.random.default_rng(0), drop_last=True)] == [3, 3]


def test_every_epoch_has_a_fresh_order(rng):
    orders = [np.concatenate(list(minibatches(50, 10, rng))) for _ in range(4)]
    assert all((first != second).any() for first, second in pairwise(orders))


def test_every_sample_comes_first_equally_often(rng):
    first = np.bincount([next(minibatches(4, 1, rng))[0] for _ in range(4000)], minlength=4)
    assert np.abs(first - 1000).max() < 5 * np.sqrt(4000 * 1 / 4 * 3 / 4)  # five standard deviations


def test_with_replacement_draws_uniformly_and_repeats(rng):
    batches = list(with_replacement(5, 8, 1000, rng))
    assert len(batches) == 1000
    assert all(batch.shape == (8,) and batch.dtype.kind == "i" for batch in batches)
    assert all(len(set(batch)) < 8 for batch in batches)  # eight draws of five: some come twice
    counts = np.bincount(np.concatenate(batches), minlength=5)
    assert len(counts) == 5
    assert np.abs(counts - 1600).max() < 5 * np.sqrt(8000 * 1 / 5 * 4 / 5)


def test_draws_are_independent_of_the_one_before(rng):
    pairs = np.array(list(with_replacement(2, 2, 4000, rng)))
    assert abs((pairs[:, 0] == pairs[:, 1]).mean() - 1 / 2) < 5 / np.sqrt(4 * 4000)


@pytest.mark.parametrize("stream", [lambda rng: minibatches(9, 4, rng), lambda rng: with_replacement(9, 4, 5, rng)])
def test_the_seed_decides(stream):
    batches = lambda seed: np.concatenate(list(stream(np.random.default_rng(seed))))
    assert_array_equal(batches(1), batches(1))
    assert (batches(1) != batches(2)).any()


@pytest.mark.parametrize("samples, batch_size, name, expected, got", [
    (0, 1, "samples", ">= 1", "0"), (2.5, 1, "samples", "an integer", "2.5"),
    (5, 0, "batch_size", ">= 1 and <= 5", "0"), (5, 6, "batch_size", "<= 5", "6"), (5, 2.0, "batch_size", "an integer", "2.0")])
def test_epoch_checks_its_arguments(samples, batch_size, name, expected, got, raises, rng):
    with raises(name, expected, got):
        next(minibatches(samples, batch_size, rng))


@pytest.mark.parametrize("arguments, name", [((0, 1, 1), "samples"), ((5, 0, 1), "batch_size"), ((5, 1, 0), "steps")])
def test_with_replacement_checks_its_arguments(arguments, name, raises, rng):
    with raises(name, "an integer >= 1", "0"):
        next(with_replacement(*arguments, rng))


def test_with_replacement_a_batch_may_exceed_the_data(rng):
    assert next(with_replacement(2, 10, 1, rng)).shape == (10,)


@given(sizes())
def test_without_replacement_no_sample_comes_twice_in_a_batch(sizes):
    N, M, seed = sizes
    batches = list(without_replacement(N, M, 7, np.random.default_rng(seed)))
    assert len(batches) == 7
    for batch in batches:
        assert batch.shape == (M,) and len(set(batch)) == M and 0 <= batch.min() and batch.max() < N


def test_without_replacement_every_subset_is_equally_likely(rng):
    # of four samples there are six pairs
    pairs = np.sort(list(without_replacement(4, 2, 6000, rng)), axis=1)
    counts = np.bincount(4 * pairs[:, 0] + pairs[:, 1])
    assert (counts > 0).sum() == 6
    assert np.abs(counts[counts > 0] - 1000).max() < 5 * np.sqrt(6000 * 1 / 6 * 5 / 6)


@pytest.mark.parametrize("arguments, name", [((0, 1, 1), "samples"), ((5, 0, 1), "batch_size"), ((5, 1, 0), "steps")])
def test_without_replacement_checks_its_arguments(arguments, name, raises, rng):
    with raises(name, "an integer >= 1", "0"):
        next(without_replacement(*arguments, rng))


def test_without_replacement_a_batch_must_not_exceed_the_data(raises, rng):
    with raises("batch_size", "<= 5", "6"):
        next(without_replacement(5, 6, 1, rng))
