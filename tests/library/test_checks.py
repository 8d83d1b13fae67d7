"""`identity` and `claim` accept what is true, and reject what is wrong or could not fail."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lecture_code.checks import _spoiled, claim, identity

RNG = np.random.default_rng(7)
RIGHT = {
    "number": 0.25,
    "vector": RNG.standard_normal(5),
    "column": RNG.standard_normal((4, 1)),
    "square": RNG.standard_normal((3, 3)),
    "oblong": RNG.standard_normal((2, 3)),
    "stack": RNG.standard_normal((2, 3, 3)),
    "complex": RNG.standard_normal(3) + 1j * RNG.standard_normal(3),
    "integers": np.array([[1, 2], [3, 4]]),
    "small": 1e-9 * RNG.standard_normal(4),
}


def changed(a):
    """Return a copy with one entry wrong by a thousandth of the largest."""
    a = np.array(a, dtype=np.result_type(a, float))
    a.flat[-1] += 1e-3 * np.abs(a).max()
    return a


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_identity_accepts_equal_sides_in_both_orders(right):
    other = np.asarray(right) * (1 + 1e-14)
    identity(other, right)
    identity(right, other)


MISTAKES = {
    "scaled": lambda a: np.asarray(a) * (1 + 1e-3),
    "scaled the other way": lambda a: np.asarray(a) * (1 - 1e-3),
    "negated": lambda a: -np.asarray(a),
    "one entry": changed,
    "zeros": lambda a: np.zeros_like(np.asarray(a, dtype=np.result_type(a, float))),
    "NaN": lambda a: np.asarray(a) * np.nan,
    "infinite": lambda a: np.asarray(a) * np.inf,
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_identity_rejects_a_wrong_side(right, mistake):
    with np.errstate(all="ignore"):
        wrong = mistake(right)
        with pytest.raises(AssertionError):
            identity(right, wrong)
        with pytest.raises(AssertionError):
            identity(wrong, right)


@pytest.mark.parametrize("name", ["column", "square", "oblong", "stack"])
def test_identity_rejects_the_transpose(name):
    with pytest.raises(AssertionError, match="differ"):
        identity(RIGHT[name], RIGHT[name].mT)


def test_identity_rejects_shapes_that_would_broadcast():
    with pytest.raises(AssertionError, match="shapes"):
        identity(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize(("right", "rtol", "mistake"), [
    (0.0, 1e-10, "would pass"),
    (np.zeros(3), 1e-10, "would pass"),
    (np.ones(3), 2e-3, "scaled"),
    (np.ones(3), 0.5, "would pass"),
    (np.eye(3), 1e-10, "transposed"),
    (np.ones((2, 2)), 1e-10, "transposed"),
])
def test_identity_rejects_a_check_that_could_not_fail(right, rtol, mistake):
    with pytest.raises(AssertionError, match="cannot fail.*" + mistake):
        identity(right, np.copy(right), rtol=rtol)


def test_identity_of_a_symmetric_matrix_says_so():
    identity(np.eye(3), np.eye(3), symmetric=True)


def test_identity_names_the_place_and_both_values():
    with pytest.raises(AssertionError, match=r"\(1, 0\).*3\.0.*5\.0"):
        identity(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [5.0, 4.0]]))


def test_identity_leaves_its_arguments_alone():
    right = np.ones(3)
    right.flags.writeable = False
    identity(np.ones(3), right)


def test_claim_accepts_true_and_rejects_each_variant_and_each_changed_number():
    tried = []

    def near(value, bound):
        tried.append((value, bound))
        return 0.6 * bound < value < bound

    claim(near, (3, 4), false={"equal": (4, 4), "above": (5, 4)})
    assert tried == [(3, 4), (4, 4), (5, 4), (6, 4), (1.5, 4), (3, 8), (3, 2)]


def test_claim_passes_a_single_argument_as_it_is():
    claim(lambda values: values[0] > 0, [1, -1], false={"order": [-1, 1]})  # whole numbers in an array: indices


@pytest.mark.parametrize(("holds", "message"), [
    (lambda bound: 3 <= bound, "number 1 times 2"), (lambda bound: bound <= 4, "number 1 divided by 2")])
def test_claim_rejects_a_bound_that_is_not_nearly_reached(holds, message):
    with pytest.raises(AssertionError, match=message):
        claim(holds, 4, false={"far away": -1000 if "times" in message else 1000})


@pytest.mark.parametrize(("sharp", "passes"), [(1.5, True), (1.05, False)])
def test_claim_is_as_sharp_as_it_says(sharp, passes):
    def near(bound):
        return 0.9 * bound < 3.8 <= bound

    if passes:
        return claim(near, 4.0, false={"half": 2.0}, sharp=sharp)
    with pytest.raises(AssertionError, match="number 1 times 1.05"):
        claim(near, 4.0, false={"half": 2.0}, sharp=sharp)


@pytest.mark.parametrize("true", [np.array([4.0, 8.0]), [4.0, 8.0], 4, 4.0, np.float32(4), 2 + 2j])
def test_claim_changes_numbers_and_arrays(true):
    with pytest.raises(AssertionError, match="number 1 times 2"):
        claim(lambda value: np.all(np.abs(value) > 1), true, false={"small": 0.0})


@pytest.mark.parametrize("true", [0, np.zeros(2), True, "a name", np.sin, np.array([1, 2]), (0, np.cos)])
def test_claim_leaves_alone_what_is_no_number(true):
    claim(lambda *arguments: arguments[0] is not None, true, false={"nothing": None})


@pytest.mark.parametrize("sharp", [1, 0.5, -2, np.nan])
def test_claim_wants_a_factor_above_1(sharp):
    with pytest.raises(AssertionError, match="sharp must be > 1"):
        claim(lambda value: value == 4, 4, false={"half": 2}, sharp=sharp)


@pytest.mark.parametrize("false", [{}, None])
def test_claim_needs_a_false_variant(false):
    with pytest.raises(AssertionError, match="at least one false variant"):
        claim(lambda value: True, 1, false=false)


def test_claim_rejects_what_does_not_hold():
    with pytest.raises(AssertionError, match="does not hold"):
        claim(lambda value: value > 0, -1, false={"other": -2})


def test_claim_names_the_variant_that_passes():
    with pytest.raises(AssertionError, match="'twice' would pass"):
        claim(lambda value: value > 0, 1, false={"negated": -1, "twice": 2})


def test_claim_takes_the_truth_of_numpy():
    claim(lambda value: np.all(value == 1), np.ones(2), false={"one entry": np.array([1, -1])})


def test_the_wrong_sides_that_are_put_in():
    right = np.array([[1.0, -2], [3, 4]])
    wrong = _spoiled(right, symmetric=False)
    assert list(wrong) == ["scaled by 1 + 1e-3", "negated", "changed in one entry", "replaced by zeros", "transposed"]
    expected = [[[1.001, -2.002], [3.003, 4.004]], -right, [[1.004, -2], [3, 4]], 0 * right, [[1, 3], [-2, 4]]]
    for got, side in zip(wrong.values(), expected):
        assert_allclose(got, side, rtol=1e-14)
    assert list(_spoiled(right, symmetric=True)) == list(wrong)[:4]
    assert list(_spoiled(right[0], symmetric=False)) == list(wrong)[:4]


@pytest.mark.parametrize("shape", [(1, 1), (5, 1, 1)])
def test_a_single_entry_is_its_own_transpose(shape):
    identity(np.full(shape, 3.0), np.full(shape, 3.0))


@pytest.mark.parametrize("call, message", [
    (lambda: identity(1, 2), "the sides differ: 1.0 and 2.0"),
    (lambda: identity([1.0, -5, 3], [1.0, -5.1, 9]), "the sides differ at (2,): 3.0 and 9.0"),
    (lambda: identity([8.0, 1], [8.1, 2]), "the sides differ at (1,): 1.0 and 2.0"),  # not where the sum is largest
    (lambda: identity([1.0], 1.0), "the sides have different shapes: (1,) and ()"),
    (lambda: identity([], []), "this check cannot fail: there is nothing to compare"),
    (lambda: identity([[1.0, 2], [3, 4]], [[1.0, 2], [3, 4]], symmetric=True),
     "symmetric=True was said of a matrix that is not symmetric"),
    (lambda: identity(0, 0), "this check cannot fail: the right side scaled by 1 + 1e-3 would pass too"),
    (lambda: identity(np.eye(2), np.eye(2)), "this check cannot fail: the right side transposed would pass too"),
    (lambda: claim(bool, True, {}), "this check cannot fail: name at least one false variant"),
    (lambda: claim(bool, False, {"no": False}), "the claim does not hold"),
    (lambda: claim(bool, True, {"no": False, "yes": True}), "this check cannot fail: the false variant 'yes' would pass too"),
    (lambda: claim(bool, True, {"no": False}, sharp=1), "this check cannot fail: sharp must be > 1, not 1"),
    (lambda: claim(lambda a, b: b > 2, (0, 4), {"no": (0, 1)}), "this check is not sharp: number 2 times 2 would pass too")])
def test_the_sentences_word_for_word(call, message):
    with pytest.raises(AssertionError) as error:
        call()
    assert str(error.value) == message
