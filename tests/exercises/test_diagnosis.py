"""What is said of a wrong answer that is on no list: true on every input, and the same for every exercise."""

import math

import numpy as np
import pytest

from lecture_code.diagnosis import Seen, as_numbers, global_names, observations
from tools.grading import judge

SIZES = ((2, 3), (4, 3), (3, 5))
RNG = np.random.default_rng(0)
MATRICES = [RNG.normal(size=size) for size in SIZES]


def said(change, of=MATRICES, returns="c", takes="x, n", arguments=None):
    """What is observed if `change` is made to each right result."""
    arguments = arguments or [(matrix, 7 + i) for i, matrix in enumerate(of)]
    seen = [Seen(given, (right,), (change(right),)) for given, right in zip(arguments, of)]
    return observations(takes.split(", "), returns.split(", "), seen)


@pytest.mark.parametrize("change, sentence", [
    (lambda e: -e, "Every entry of c has the opposite sign."),
    (lambda e: 2 * e, "Every entry of c is twice what it should be."),
    (lambda e: e / 2, "Every entry of c is half of what it should be."),
    (lambda e: 3.7 * e, "Every entry of c is 3.7 times what it should be."),
    (lambda e: e * len(e), "Every entry of c is what it should be, times the number of rows of x."),
    (lambda e: e / len(e), "Every entry of c is what it should be, divided by the number of rows of x."),
    (lambda e: -e / e.shape[1], "Every entry of c is minus what it should be, divided by the number of columns of x."),
    (lambda e: e.T, "c is transposed."),
    (lambda e: e[::-1], "The entries of c stand in reverse order along an axis."),
    (lambda e: e[::-1, ::-1], "c is turned by half a turn: both axes run backwards."),
    (lambda e: np.roll(e, 1, axis=1), "The entries of c have moved by one place."),
    (lambda e: e[:-1], "c ends one entry too early."),
    (lambda e: e[1:], "c begins one entry too late."),
    (lambda e: np.append(e[1:], e[:1] + 9, axis=0),
        "c is right, but moved by one entry: the first one is missing, and your last one is too many."),
    (lambda e: np.append(e[-1:] + 9, e[:-1], axis=0),
        "c is right, but moved by one entry: your first one is too many, and the last one is missing."),
    (lambda e: e.ravel(), "The numbers of c are right, but not the shape."),
    (lambda e: e[:, :, None], "The numbers of c are right, but not the shape."),
    (lambda e: e.sum(axis=0), "An axis of c is gone or has collapsed: what you return is the sum over it."),
    (lambda e: e.mean(axis=1, keepdims=True), "An axis of c is gone or has collapsed: what you return is the mean over it."),
    (lambda e: e.astype(int), "The entries of c are cut or rounded to whole numbers: is there an array of integers on the way?"),
    (lambda e: np.maximum(e, 0), "Where c should be negative it is 0."),
    (np.abs, "The sizes of the entries of c are right, and all signs are positive."),
    (np.square, "Every entry of c is the square of what it should be."),
    (lambda e: np.sqrt(np.abs(e)), "Every entry of c is the square root of what it should be, up to signs."),
    (lambda e: 1 / e, "Every entry of c is 1 over what it should be."),
    (lambda e: np.where(e > 0, e, np.inf), "There are entries of c that are infinite or not a number and should not be."),
    (lambda e: np.sort(e, None).reshape(e.shape), "The entries of c are right, but stand in another order."),
    (lambda e: 1 - e, "Every entry of c is 1 minus what it should be."),
    (lambda e: 1.0001 * e, "Every entry of c is 1.0001 times what it should be."),
    (lambda e: e if e.size == 6 else np.trunc(e), "Where c is wrong, it is cut or rounded to whole numbers."),
    (np.exp, "Every entry of c is the exponential of what it should be."),
    (np.zeros_like, "c is zero everywhere."),
    (lambda e: e + 0.25, "Every entry of c is too large by 0.25."),
    (lambda e: e - 0.25, "Every entry of c is too small by 0.25."),
    (lambda e: np.where(np.arange(len(e))[:, None] == 0, e, 3 * e + 1), "Where c is wrong, its first row is right."),
    (lambda e: np.where(np.arange(e.shape[1]) == e.shape[1] - 1, e, 3 * e + 1), "Where c is wrong, its last column is right."),
    (lambda e: e if e.size == 6 else e + e**2, "c is right on 1 of the 3 inputs."),
])
def test_what_is_seen_is_said(change, sentence):
    assert sentence in said(change)


def test_a_logarithm_and_an_opposite():
    assert said(np.log, [np.abs(m) for m in MATRICES]) == ["Every entry of c is the logarithm of what it should be."]
    assert said(np.logical_not, [m > 0 for m in MATRICES]) == [
        "c says True where it should say False, and the other way round."]


def test_numbers_among_the_arguments_are_named():
    given = [(matrix, 7 + i) for i, matrix in enumerate(MATRICES)]
    seen = [Seen((m, n), (m,), (n * m,)) for m, n in given]
    assert observations(["x", "n"], ["c"], seen) == ["Every entry of c is what it should be, times n."]


def test_where_two_causes_fit_both_are_said():
    square = [RNG.normal(size=(n, n)) for n in (2, 3, 4)]
    assert said(lambda e: e * len(e), square)[0].endswith(
        "times the number of rows of x or the number of columns of x.")
    symmetric = [m + m.T for m in square]
    turned = said(lambda e: e[::-1, ::-1], symmetric)
    assert len(turned) == 1 and "half a turn" in turned[0]


def test_parts_in_another_order_are_recognised_and_right_parts_named():
    a, b = MATRICES, [m[0] for m in MATRICES]
    swapped = [Seen((), (m, v), (v, m)) for m, v in zip(a, b)]
    assert observations([], ["c", "m"], swapped) == ["The order is another: you return (m, c)."]
    half = [Seen((), (m, v), (m, 2 * v)) for m, v in zip(a, b)]
    assert observations([], ["c", "m"], half) == ["Every entry of m is twice what it should be.", "c is right."]
    five = [Seen((), (m, v, v, 2 * m, 3 * m), (m, v, v, 3 * m, 2 * m)) for m, v in zip(a, b)]
    assert observations([], list("abcde"), five) == ["The order is another: you return (a, b, c, e, d)."]
    one = [Seen((), (m, v), (3 * m + m**3, np.full(v.shape, np.nan))) for m, v in zip(a, b)]
    assert observations([], ["c", "m"], one) == ["There are entries of m that are infinite or not a number and should not be."]
    short = [Seen((), (m, v), (m[:-1], v[:-1])) for m, v in zip(a, b)]
    assert observations([], ["c", "m"], short) == ["Each of c and m ends one entry too early."]
    both = [Seen((), (m, v), (-m, -v)) for m, v in zip(a, b)]
    assert observations([], ["c", "m"], both) == ["Every entry of c and m has the opposite sign."]


def test_lists_of_arrays_are_looked_at_array_by_array():
    layers = [[None, m, m.T @ m] for m in MATRICES]
    seen = [Seen((), (right,), ([None, 2 * right[1] + 1, right[2]],)) for right in layers]
    assert observations([], ["dW"], seen) == ["Only the last entry of dW is right."]
    seen = [Seen((), (right,), ([None, *[m.T for m in right[1:]]],)) for right in layers]
    assert observations([], ["dW"], seen) == ["dW is transposed."]


@pytest.mark.parametrize("change", [
    lambda e: e, lambda e: e + e**3, lambda e: RNG.permutation(e.ravel() * 1.3).reshape(e.shape)])
def test_nothing_is_said_where_nothing_is_seen(change):
    assert said(change) == []


def test_a_change_that_leaves_the_right_result_as_it_is_is_no_cause():
    """Positive numbers that are a little too large are no absolute values, and were not cut off at 0."""
    assert said(lambda e: e * (1 - 2e-7 * e), [np.abs(m) + 1 for m in MATRICES]) == []


def test_what_says_the_same_is_said_once():
    columns = [m[:, :1] for m in MATRICES]
    assert said(np.ravel, columns) == ["The numbers of c are right, but not the shape."]
    assert said(np.flipud, columns) == ["The entries of c stand in reverse order along an axis."]
    assert said(np.zeros_like, [np.full((2, 2), 5.0)] * 3) == ["c is zero everywhere."]


def test_two_numbers_do_not_make_a_factor():
    """One entry on one input is any factor, and any offset, of the right one."""
    assert said(lambda e: 2.0, [np.array(3.0)]) == []


def test_what_is_a_number():
    from fractions import Fraction
    assert as_numbers([Fraction(1, 2), Fraction(1, 4)]).tolist() == [0.5, 0.25]
    assert as_numbers(np.array([1, 2.5], dtype=object)).dtype == float
    for other in ("word", None, [[1], [1, 2]], object(), ["a", "b"]):
        assert as_numbers(other) is None


@pytest.mark.parametrize("change, sentence", [
    (lambda e: 2 * e, "c is twice what it should be."),
    (lambda e: e - 1, "c is too small by 1."),
    (lambda e: np.inf, "c is infinite or not a number and should not be."),
    (lambda e: 0.0, "c is 0 on every input."),
    (lambda e: 127, "c is 127 on every input."),
    (lambda e: True, "c is True on every input."),
    (np.square, "c is the square of what it should be."),
    (np.trunc, "c is cut or rounded to a whole number."),
    (np.abs, "c has the right size, and is always positive."),
])
def test_one_number_has_no_entries(change, sentence):
    assert said(change, [np.array(value) for value in (1.7, -2.3, 3.9)]) == [sentence]


def test_what_should_be_the_same_on_every_input_is_not_blamed_for_it():
    assert said(lambda e: 2 * e, [np.array(3.0)] * 3) == ["c is twice what it should be."]


def test_two_numbers_that_go_wrong_alike_have_no_entries():
    seen = [Seen((), (a, b), (2 * a, 2 * b)) for a, b in ((1.5, 2.5), (0.5, 4.0))]
    assert observations([], ["a", "b"], seen) == ["Each of a and b is twice what it should be."]


eta, STEPS, table, step, pi = 0.1, 5, np.ones(3), 299, math.pi


def test_variables_of_the_notebook_are_named_and_constants_and_functions_are_not():
    assert global_names(lambda x: eta * x + table + STEPS + len(MATRICES)) == ["eta", "table"]
    assert global_names(lambda x, eta: eta * np.exp(x) + said(x)) == []
    assert global_names(divmod) == []
    assert global_names(lambda opt: opt.step() * np.e * pi) == []      # an attribute, and constants
    assert global_names(lambda x: [step * each for each in x]) == ["step"]
    assert global_names(judge.Answer("f", ["eta"])) == ["eta"]         # it stands for a function of another process
