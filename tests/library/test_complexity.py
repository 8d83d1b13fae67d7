"""Counts of parameters, operations and bytes, against runs that count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lecture_code.activations import linear, tanh
from lecture_code.convnet import Block, ConvNet
from lecture_code.convolution import conv2d
from lecture_code.complexity import (
    backward_operations, convolution_operations, convolution_parameter_count, forward_operations, parameter_count,
    training_memory)
from lecture_code.losses import half_squared
from lecture_code.network import Network, backward, forward

FIVE = (1000, 500, 500, 500, 500, 500, 100)
widths = st.lists(st.integers(1, 4), min_size=2, max_size=5).map(tuple)


class Counted:
    """A number that counts the additions and multiplications that are made with it."""

    operations = 0

    def __init__(self, value=0.0):
        self.value = value

    def _made(self, value):
        Counted.operations += 1
        return Counted(value)

    def __add__(self, other):
        return self._made(self.value + other.value)

    def __sub__(self, other):
        return self._made(self.value - other.value)

    def __mul__(self, other):
        return self._made(self.value * other.value)

    def square(self):
        """σ(z) = z², an activation of one operation, whose slope 2z is said to be at hand."""
        return self._made(self.value**2)


def counting(run):
    """Return what `run` returns, and how many operations it made."""
    before = Counted.operations
    result = run()
    return result, Counted.operations - before


def times(W, a):
    """Return W a, each sum starting from 0."""
    result = []
    for row in W:
        total = Counted()
        for w, entry in zip(row, a):
            total = total + w * entry
        result.append(total)
    return result


def plain_forward(W, b, x):
    trace = [([], x)]
    for layer, weights in enumerate(W):
        z = times(weights, trace[-1][1])
        if b is not None:
            z = [entry + bias for entry, bias in zip(z, b[layer])]
        trace.append((z, [entry.square() for entry in z]))
    return trace


def plain_backward(W, trace, y):
    slopes = [[Counted(2 * entry.value) for entry in z] for z, _ in trace]
    delta = [slope * (entry - target) for slope, entry, target in zip(slopes[-1], trace[-1][1], y)]
    gradients = []
    for layer in range(len(W) - 1, -1, -1):
        gradients.append(([[d * entry for entry in trace[layer][1]] for d in delta], delta))
        if layer:
            columns = list(zip(*W[layer]))
            delta = [slope * entry for slope, entry in zip(slopes[layer], times(columns, delta))]
    return gradients


def batch_backward(W, traces, targets, bias):
    """Return the sum of the gradients of all samples, as one list of numbers."""
    total = None
    for trace, y in zip(traces, targets):
        flat = [entry for dW, db in plain_backward(W, trace, y) for row in dW + ([db] if bias else []) for entry in row]
        total = flat if total is None else [left + right for left, right in zip(total, flat)]
    return total


def numbers(rng, *shape):
    values = rng.standard_normal(shape)
    return [[Counted(v) for v in row] for row in values] if len(shape) == 2 else [Counted(v) for v in values]


@given(widths, st.integers(1, 3), st.booleans())
def test_operations_against_a_run_that_counts(widths, batch, bias):
    rng = np.random.default_rng(0)
    W = [numbers(rng, n_out, n_in) for n_in, n_out in zip(widths, widths[1:])]
    b = [numbers(rng, n) for n in widths[1:]] if bias else None
    xs, ys = numbers(rng, batch, widths[0]), numbers(rng, batch, widths[-1])
    traces, ahead = counting(lambda: [plain_forward(W, b, x) for x in xs])
    gradient, back = counting(lambda: batch_backward(W, traces, ys, bias))
    assert ahead == forward_operations(widths, batch, bias)
    assert back == backward_operations(widths, batch, bias)
    assert len(gradient) == parameter_count(widths, bias)


def test_the_run_that_counts_computes_what_the_library_does(rng):
    from lecture_code.activations import Activation
    square = Activation("square", np.square, lambda z, a: 2 * z)
    net = Network((2, 3, 2), (square, square), half_squared)
    W = [numbers(rng, 3, 2), numbers(rng, 2, 3)]
    x, y = numbers(rng, 2), numbers(rng, 2)
    b = [[Counted() for _ in range(n)] for n in (3, 2)]
    trace = plain_forward(W, b, x)
    (dV, _), (dW, db) = plain_backward(W, trace, y)
    values = [np.array([[w.value for w in row] for row in M]) for M in (*W, dV, dW)]
    p = np.concatenate([values[0].T.ravel(), values[1].T.ravel(), np.zeros(5)])
    column = [np.array([[v.value] for v in vector]) for vector in (x, y)]
    delta, _ = backward(net, p, forward(net, p, column[0]), column[1])
    np.testing.assert_allclose([d.value for d in db], delta[1][:, 0], rtol=1e-12)
    np.testing.assert_allclose(values[3], delta[1] @ column[0].T, rtol=1e-12)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_the_formulas_for_equal_hidden_layers(H, n, d, K):
    widths = (d, *[n] * H, K)
    assert parameter_count(widths) == (H - 1) * (n**2 + n) + n * (d + 1) + K * (n + 1)
    assert forward_operations(widths) == 2 * (H - 1) * (n**2 + n) + 2 * n * (1 + d + K) + 2 * K
    assert backward_operations(widths) == (H - 1) * (3 * n**2 + n) + n * (d + 3 * K + 1) + 2 * K


def test_by_hand():
    # 2–2–3–2: 2·3 + 3·3 + 2·4 = 23. Forward 2·(4 + 6 + 6) + 2·7 = 46.
    # Backward 2·2 + (2·6 + 3) + (2·6 + 2) + 16 = 49; three samples 3·49 + 2·23
    assert parameter_count((2, 2, 3, 2)) == 23
    assert parameter_count((2, 2, 3, 2), bias=False) == 16
    assert forward_operations((2, 2, 3, 2)) == 46
    assert forward_operations((2, 2, 3, 2), bias=False) == 39
    assert backward_operations((2, 2, 3, 2)) == 49
    assert backward_operations((2, 2, 3, 2), batch=3) == 193
    assert backward_operations((2, 2, 3, 2), batch=3, bias=False) == 179


def test_a_large_batch_costs_four_n_squared():
    per_layer = [backward_operations((500,) * (H + 2), 10_000) / 10_000 for H in (4, 5)]
    assert abs((per_layer[1] - per_layer[0]) / 500**2 - 4) < 0.01


@given(widths, st.booleans())
def test_parameters_are_those_of_the_network(widths, bias):
    net = Network(widths, (tanh,) * (len(widths) - 1), half_squared, bias)
    assert parameter_count(widths, bias) == net.size


def test_the_memory_of_the_example():
    # P = 4·500·501 + 500·1001 + 100·501 = 1 552 600; two δ of 500 × 1000; ten arrays of 500 × 1000
    assert parameter_count(FIVE) == 1_552_600
    assert training_memory(FIVE, 1000, stored=False) == 4 * (1_552_600 + 1_000_000) == 10_210_400
    assert training_memory(FIVE, 1000) == 10_210_400 + 20_000_000
    assert round(8 * training_memory(FIVE, 1000, stored=False) / 1e9, 4) == 0.0817
    assert [round(training_memory(FIVE, 1000, stored=s) / 1e6, 1) for s in (False, True)] == [10.2, 30.2]
    assert training_memory(FIVE, 1000) - training_memory(FIVE, 1000, bias=False) == 4 * 2600
    assert training_memory(FIVE, 1000, itemsize=8) == 2 * training_memory(FIVE, 1000)


@given(widths, st.integers(1, 5), st.sampled_from([np.float32, np.float64]))
def test_memory_against_the_arrays_of_a_run(widths, batch, dtype):
    net = Network(widths, (tanh,) * (len(widths) - 2) + (linear,), half_squared)
    p, x = np.ones(net.size, dtype), np.ones((widths[0], batch), dtype)
    trace = forward(net, p, x)
    delta, _ = backward(net, p, trace, np.ones((widths[-1], batch), dtype))
    pairs = [left.nbytes + right.nbytes for left, right in zip(delta[1:], delta[2:])] or [delta[1].nbytes]
    stored = sum(array.nbytes for arrays in trace for array in arrays[1:-1])
    itemsize = np.dtype(dtype).itemsize
    assert training_memory(widths, batch, itemsize, stored=False) == p.nbytes + max(pairs)
    assert training_memory(widths, batch, itemsize) == p.nbytes + max(pairs) + stored


# Convolutions


@pytest.mark.parametrize("bias", [False, True])
def test_convolutions_against_a_run_that_counts(bias):
    C, Q, size, output = 2, 3, (2, 3), (3, 2)
    X, F, dZ = np.ones((C, 4, 4)), np.ones((Q, C, *size)), np.ones((Q, *output))
    made = dict.fromkeys(("forward", "filter", "input"), 0)
    Z, dF, db, dX = np.zeros_like(dZ), np.zeros_like(F), np.zeros(Q), np.zeros_like(X)
    for q, i, j in np.ndindex(Z.shape):
        for c, u, v in np.ndindex(F.shape[1:]):
            Z[q, i, j] += F[q, c, u, v] * X[c, i + u, j + v]
            dF[q, c, u, v] += dZ[q, i, j] * X[c, i + u, j + v]
            dX[c, i + u, j + v] += dZ[q, i, j] * F[q, c, u, v]
            for key in made:
                made[key] += 2
        if bias:
            Z[q, i, j] += 1
            db[q] += dZ[q, i, j]
            made["forward"] += 1
            made["filter"] += 1
    assert convolution_operations(C, Q, size, output, bias) == tuple(made.values())
    np.testing.assert_array_equal(conv2d(X[None], F, np.full(Q, float(bias)))[0], Z)
    assert convolution_parameter_count(C, Q, size, bias) == F.size + bias * Q
    assert convolution_parameter_count(C, Q, size) == F.size + Q
    assert convolution_operations(C, Q, size, output) == convolution_operations(C, Q, size, output, bias=True)


def test_parameters_of_a_convolution_network():
    net = ConvNet((1, 28, 28), (Block(8, 5, pool=2), Block(16, 3, pool=2)), 10)
    parts = [convolution_parameter_count(1, 8, (5, 5)), convolution_parameter_count(8, 16, (3, 3)),
             parameter_count((16 * 5 * 5, 10))]
    assert parts == [208, 1168, 4010]
    assert net.size == sum(parts)


# Bad input


@pytest.mark.parametrize("count", [parameter_count, forward_operations, backward_operations])
def test_bad_widths_are_named(count, raises):
    with raises("widths", "at least an input and an output", r"\(3,\)"):
        count((3,))
    for wrong in (0, -1, 2.0):
        with raises("widths", "an integer >= 1", str(wrong)):
            count((3, wrong))


def test_bad_numbers_are_named(raises):
    for count in (forward_operations, backward_operations, training_memory):
        with raises("batch", "an integer >= 1", "0"):
            count((2, 3), 0)
    with raises("itemsize", "an integer >= 1", "0.5"):
        training_memory((2, 3), 1, 0.5)
    for name, arguments in (("channels", (0, 1, (1, 1))), ("filters", (1, 0, (1, 1))), ("size", (1, 1, (0, 1))),
                            ("size", (1, 1, (1, 0)))):
        with raises(name, "an integer >= 1", "0"):
            convolution_parameter_count(*arguments)
    for output in ((0, 1), (1, 0)):
        with raises("output", "an integer >= 1", "0"):
            convolution_operations(1, 1, (1, 1), output)
