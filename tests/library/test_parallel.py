"""Gradients in pieces: by hand, against the whole batch, and the times against a count round by round."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, tanh
from lecture_code.dropout import Dropout
from lecture_code.losses import half_squared
from lecture_code.network import Network
from lecture_code.parallel import (
    accumulated_gradient, all_reduce_seconds, best_workers, epoch_seconds, ring_all_reduce, shard_sizes, weighted_mean)

NET = Network((3, 5, 2), (tanh, linear), half_squared)


def problem(M, seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=size).astype(dtype) for size in (NET.size, (3, M), (2, M))]


@pytest.mark.parametrize("M, R, sizes", [(7, 3, (3, 2, 2)), (8, 4, (2, 2, 2, 2)), (5, 1, (5,)), (3, 3, (1, 1, 1)), (11, 4, (3, 3, 3, 2))])
def test_shards_are_as_equal_as_they_can_be(M, R, sizes):
    assert shard_sizes(M, R) == sizes


def test_averages_by_hand():
    assert weighted_mean([np.array([2.0]), np.array([4.0])], (3, 1)) == [2.5]
    assert_allclose(weighted_mean([np.array([1.0, 7]), np.array([2.0, -1]), np.array([4.0, 3])], (5, 3, 2)), [1.9, 3.8])


@pytest.mark.parametrize("sizes", [(9,), (4, 5), (1, 6, 2), (3, 3, 3), (1,) * 9])
def test_pieces_give_the_gradient_of_the_batch(sizes):
    theta, x, y = problem(9)
    whole, before = NET.cost_and_gradient(theta, x, y).gradient, theta.copy()
    assert_allclose(accumulated_gradient(NET, theta, x, y, sizes), whole, rtol=1e-13)
    ends = np.cumsum(sizes)
    parts = [NET.cost_and_gradient(theta, x[:, e - s:e], y[:, e - s:e]).gradient for s, e in zip(sizes, ends)]
    assert_allclose(weighted_mean(parts, sizes), whole, rtol=1e-13)
    assert_array_equal(theta, before)


def test_pieces_keep_the_type_and_take_other_models():
    theta, x, y = problem(6, dtype=np.float32)
    assert accumulated_gradient(NET, theta, x, y, (4, 2)).dtype == np.float32
    with pytest.raises(ValueError):
        accumulated_gradient(Dropout(NET, 0.5), theta, x, y, (4, 2))  # needs a generator


@pytest.mark.parametrize("R, n", [(2, 6), (3, 12), (4, 4), (5, 25), (3, 11), (4, 2), (2, 1)])
def test_a_ring_adds(R, n):
    vectors = [np.random.default_rng(r).normal(size=n) for r in range(R)]
    before = [v.copy() for v in vectors]
    sums, sent = ring_all_reduce(vectors)
    for mine, v, old in zip(sums, vectors, before):
        assert_allclose(mine, sum(before), rtol=1e-13, atol=1e-15)
        assert_array_equal(mine, sums[0])
        assert_array_equal(v, old)
    assert sum(sent) == 2 * (R - 1) * 8 * n
    if n % R == 0:
        assert_array_equal(sent, [2 * (R - 1) * 8 * n // R] * R)


def test_seconds_by_hand():
    assert all_reduce_seconds(6e6, 3, 0.01, 1e8) == pytest.approx(0.12)     # 4 rounds of 0.01 + 2e6/1e8
    assert all_reduce_seconds(6e6, 1, 0.01, 1e8) == 0
    # 10 steps of 0.3 + 0.02·50/3 + 0.12
    assert epoch_seconds(3, 500, 50, 0.3, 0.02, 6e6, 0.01, 1e8) == pytest.approx(10 * (0.3 + 1 / 3 + 0.12))
    assert epoch_seconds(1, 500, 50, 0.3, 0.02, 6e6, 0.01, 1e8) == pytest.approx(10 * 1.3)


@pytest.mark.parametrize("function, right", [
    (all_reduce_seconds, dict(S=6e6, workers=3, alpha=0.01, B=1e8)),
    (epoch_seconds, dict(workers=3, N=500, M=50, t0=0.3, t1=0.02, S=6e6, alpha=0.01, B=1e8)),
    (best_workers, dict(M=50, t1=0.02, S=6e6, alpha=0.01, B=1e8))], ids=lambda part: getattr(part, "__name__", ""))
def test_each_number_must_be_positive(function, right, raises):
    for name in right:
        with raises(name, "a finite number > 0", "-2"):
            function(**right | {name: -2})


def test_sizes_and_vectors_must_fit(raises):
    theta, x, y = problem(5)
    for sizes in ((), (5, 0), (2, 2)):
        with raises("sizes", "numbers > 0 whose sum is 5"):
            accumulated_gradient(NET, theta, x, y, sizes)
    with raises("sizes", "0 numbers, one a gradient"):
        weighted_mean([], [])
    for vectors in ([], [np.ones(3)], [np.ones(3), np.ones(3), np.ones(4)], [np.ones(4), np.ones(3), np.ones(3)]):
        with raises("vectors", "at least two, of one length"):
            ring_all_reduce(vectors)
    assert ring_all_reduce([np.ones(3), np.ones(3)])[1].dtype.kind == "i"


def test_the_best_number_of_workers():
    assert best_workers(50, 0.02, 6e6, 0.01, 1e8) == pytest.approx(np.sqrt(0.88 / 0.02))
    seconds = [epoch_seconds(R, 500, 50, 0.3, 0.02, 6e6, 0.01, 1e8) for R in range(1, 30)]
    assert abs(1 + int(np.argmin(seconds)) - best_workers(50, 0.02, 6e6, 0.01, 1e8)) < 1
    assert best_workers(50, 0.02, 6e7, 0.01, 1e8) == 1                      # 2S/B = 1.2 > 1
    assert best_workers(50, 0.02, 6e6, 5, 1e8) == 1                         # waits too long
