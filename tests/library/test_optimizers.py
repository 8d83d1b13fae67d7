"""Update rules as pairs of functions."""

import copy
import inspect

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.optimizers import (
    adadelta, adagrad, adam, adamw, clip_gradient, momentum, nadam, nesterov, rmsprop, sgd, weight_decay)
from lecture_code.penalties import l2_penalty

START = np.array([1.0, -2.0, 3.0])
ALL = (
    sgd(), momentum(), momentum(rate="outside"), nesterov(), nesterov(rate="outside"), nesterov(iterate="theta"),
    adagrad(), adagrad(stabiliser="inside", initial=0.1), rmsprop(), rmsprop(stabiliser="inside"), adadelta(),
    adam(), adam(stabiliser="inside"), adam(eps=1e-7, stabiliser="unscaled"), nadam(),
    nadam(psi=1), adamw(), weight_decay(sgd(), 0.01, np.array([True, False, True])),
    adadelta(stabiliser="outside"))


def gradient(theta):
    """Return the gradient of a smooth function that is no quadratic."""
    return theta + np.sin(3 * theta)


def leaves(tree):
    """Return the arrays and numbers of nested tuples."""
    if isinstance(tree, tuple):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [] if tree is None else [tree]


def run(optimizer, theta, gradient, eta, steps):
    state = optimizer.init(theta)
    for _ in range(steps):
        theta, state = optimizer.step(theta, gradient(theta), state, eta)
    return theta


def test_sgd_step_by_hand():
    # (1, 2) − 0.5 · (4, −2) = (−1, 3)
    theta, _ = sgd().step(np.array([1.0, 2.0]), np.array([4.0, -2.0]), sgd().init(np.zeros(2)), 0.5)
    assert_array_equal(theta, [-1, 3])


def test_sgd_on_x_squared_shrinks_by_one_minus_two_eta():
    # ten steps from 10: 10 · 0.6¹⁰ = 0.0604661760, 10 · 0.9¹⁰ = 3.4867844010, 10 · (−1.2)¹⁰ = 61.9173642240
    for eta, end in ((0.2, 0.0604661760), (0.05, 3.4867844010), (1.1, 61.9173642240)):
        assert_allclose(run(sgd(), np.array([10.0]), lambda x: 2 * x, eta, 10), end, rtol=1e-12)


def test_sgd_in_lock_step_has_one_rate_a_run():
    theta, _ = sgd().step(np.ones((2, 3)), np.ones((2, 3)), None, np.array([[0.5], [2.0]]))
    assert_array_equal(theta, [[0.5] * 3, [-1] * 3])


def test_sgd_changes_nothing_in_place():
    theta, g = np.array([1.0]), np.array([2.0])
    new, _ = sgd().step(theta, g, None, 0.1)
    assert theta == 1 and g == 2 and not np.shares_memory(new, theta)


def test_sgd_keeps_float32():
    ones = np.ones(2, np.float32)
    assert sgd().step(ones, ones, None, np.float32(0.1))[0].dtype == np.float32


def test_an_optimizer_shows_its_name():
    assert repr(sgd()) == "sgd"


# Momentum


def test_momentum_by_hand():
    # μ = ½, η = 1: g = 2 gives v = −2, θ = −2; g = 4 gives v = −1 − 4 = −5, θ = −7
    optimizer, theta = momentum(0.5), np.zeros(1)
    theta, v = optimizer.step(theta, np.array([2.0]), optimizer.init(theta), 1)
    assert theta == v == -2
    theta, v = optimizer.step(theta, np.array([4.0]), v, 1)
    assert theta == -7 and v == -5


def test_the_place_of_the_rate_matters_when_it_changes():
    # inside: v = −1, θ = −1; v = −½ − ½·1 = −1, θ = −2. Outside: v = −1, θ = −1; v = −½ − 1, θ = −1 − ½·1.5 = −1.75
    ends = {}
    for rate in ("inside", "outside"):
        optimizer, theta = momentum(0.5, rate=rate), np.zeros(1)
        state = optimizer.init(theta)
        for eta in (1, 0.5):
            theta, state = optimizer.step(theta, np.ones(1), state, eta)
        ends[rate] = theta.item()
    assert ends == {"inside": -2, "outside": -1.75}


def test_nesterov_by_hand():
    # C = θ²/2, μ = ½, η = ½, θ₀ = 4: at θ = 4, v = −2, θ = 2, φ = 2 − 1 = 1; at φ = 1: v = −1 − ½, θ = ½, φ = ½ − ¾ = −¼
    ahead = [run(nesterov(0.5), np.array([4.0]), lambda phi: phi, 0.5, steps).item() for steps in (1, 2)]
    assert ahead == [1, -1 / 4]
    optimizer, theta, thetas = nesterov(0.5, iterate="theta"), np.array([4.0]), []
    v = optimizer.init(theta)
    for _ in range(2):
        theta, v = optimizer.step(theta, optimizer.point(theta, v), v, 0.5)
        thetas.append(theta.item())
    assert thetas == [2, 1 / 2]
    assert optimizer.point(theta, v) == -1 / 4


@pytest.mark.parametrize("make", [momentum, nesterov])
def test_the_place_of_a_constant_rate_does_not_matter(make):
    ends = [run(make(0.9, rate=rate), START, gradient, 0.05, 30) for rate in ("inside", "outside")]
    assert_allclose(*ends, rtol=1e-12)


def test_the_place_of_the_rate_matters_in_nesterov_too():
    # inside: v = −1, φ = −1.5; v = −½ − ½, φ = −1.5 − ½ − ½. Outside: v = −1, φ = −1.5; v = −1.5, φ = −1.5 + ½ (−¾ − 1)
    ends = {}
    for rate in ("inside", "outside"):
        optimizer, phi = nesterov(0.5, rate=rate), np.zeros(1)
        state = optimizer.init(phi)
        for eta in (1, 0.5):
            phi, state = optimizer.step(phi, np.ones(1), state, eta)
        ends[rate] = phi.item()
    assert ends == {"inside": -2.5, "outside": -2.375}


@pytest.mark.parametrize("make", [momentum, nesterov])
def test_without_momentum_it_is_sgd(make):
    assert_allclose(run(make(0), START, gradient, 0.1, 20), run(sgd(), START, gradient, 0.1, 20), rtol=1e-14)


# Adaptive rates


def test_the_first_step_shows_where_the_stabiliser_stands():
    # g = 1e-6, eps = 1e-7, η = 1e-3: g/(|g| + eps) = 1/1.1; g/√(g² + eps) = 1e-6/√(1.00001e-7); and Adam, unscaled:
    # √0.001/0.1 · 0.1 g/(√0.001 |g| + eps) = 3.1623e-8/(3.1623e-8 + 1e-7)
    first = lambda optimizer: run(optimizer, np.zeros(1), lambda theta: np.array([-1e-6]), 1e-3, 1).item()
    for make in (adagrad, lambda eps, where: rmsprop(0, eps, where), lambda eps, where: adam(eps=eps, stabiliser=where)):
        assert_allclose(first(make(1e-7, "outside")), 1e-3 / 1.1, rtol=1e-12)
        assert_allclose(first(make(1e-7, "inside")), 1e-9 / np.sqrt(1e-12 + 1e-7), rtol=1e-12)
    unscaled = first(adam(eps=1e-7, stabiliser="unscaled"))
    assert_allclose(unscaled, 1e-3 * 0.001**0.5 * 1e-6 / (0.001**0.5 * 1e-6 + 1e-7), rtol=1e-12)
    assert [f"{first(o):.1e}" for o in (adam(eps=1e-7), adam(eps=1e-7, stabiliser="inside"))] == ["9.1e-04", "3.2e-06"]
    assert f"{unscaled:.1e}" == "2.4e-04"


def test_adagrad_by_hand():
    # g = 3, then 4, η = 10: θ = −10·3/(3 + 2) = −6; r = 9 + 16, θ = −6 − 10·4/(5 + 2) = −6 − 40/7
    optimizer, theta = adagrad(2.0), np.zeros(1)
    theta, r = optimizer.step(theta, np.array([3.0]), optimizer.init(theta), 10)
    assert_allclose([theta, r], [[-6], [9]])
    theta, r = optimizer.step(theta, np.array([4.0]), r, 10)
    assert_allclose([theta, r], [[-6 - 40 / 7], [25]])
    assert adagrad(initial=0.1).init(theta) == 0.1


def test_rmsprop_by_hand():
    # ρ = ¾, g = 4: r = ¼·16 = 4, θ = −1·4/(2 + 2) = −1; g = 0: r = 3, θ stays
    optimizer, theta = rmsprop(0.75, 2.0), np.zeros(1)
    theta, r = optimizer.step(theta, np.array([4.0]), optimizer.init(theta), 1)
    assert theta == -1 and r == 4
    theta, r = optimizer.step(theta, np.zeros(1), r, 1)
    assert theta == -1 and r == 3


def test_adadelta_by_hand():
    # ρ = ¾, eps = 5, g = 4: r = 4, u = √5/√9 · 4, s = u²/4 = 20/9
    optimizer, theta = adadelta(0.75, 5), np.zeros(1)
    theta, state = optimizer.step(theta, np.array([4.0]), optimizer.init(theta), 1)
    assert_allclose([theta, state.r, state.s], [[-4 * 5**0.5 / 3], [4], [20 / 9]])
    # g = 2: r = 3 + 1 = 4, u = √(65/9)/3 · 2
    theta, state = optimizer.step(np.zeros(1), np.array([2.0]), state, 0.5)
    assert_allclose(theta, -np.sqrt(65 / 9) / 3, rtol=1e-14)
    # outside: u = (5 + 0)/(5 + 2) · 4
    assert_allclose(run(adadelta(0.75, 5, "outside"), np.zeros(1), lambda t: np.array([4.0]), 1, 1), -20 / 7)


def test_adam_by_hand():
    # β₁ = ½, β₂ = ¾, eps = 1, η = 1. g = 2: m = 1, v = 1, m̂ = 2, v̂ = 4, θ = −2/(1 + 2) = −2/3
    # g = 6: m = 3.5, v = ¾ + 9 = 9.75, m̂ = 3.5/(3/4) = 14/3, v̂ = 9.75/(7/16) = 156/7
    optimizer, theta = adam(0.5, 0.75, 1), np.zeros(1)
    theta, state = optimizer.step(theta, np.array([2.0]), optimizer.init(theta), 1)
    assert_allclose(theta, -2 / 3) and state.k == 1
    theta, state = optimizer.step(theta, np.array([6.0]), state, 1)
    assert_allclose([state.m, state.v], [[3.5], [9.75]])
    assert_allclose(theta, -2 / 3 - 14 / 3 / (1 + np.sqrt(156 / 7)), rtol=1e-14)


def test_the_momenta_of_nadam_grow():
    # β₁ = ½, ψ = 1: μ₁ = ½ (1 − 0.48) = 0.26, μ₂ = ½ (1 − 0.4608) = 0.2696; g = 2, m = 1, √v̂ = 2, eps = 1:
    # m̂ = 0.2696 · 1/(1 − 0.26 · 0.2696) + 0.74 · 2/0.74
    optimizer = nadam(0.5, 0.75, 1, psi=1)
    theta, _ = optimizer.step(np.zeros(1), np.array([2.0]), optimizer.init(np.zeros(1)), 1)
    assert_allclose(theta, -(0.2696 / (1 - 0.26 * 0.2696) + 2) / 3, rtol=1e-14)
    inside = nadam(0.5, 0.75, 5, "inside", psi=1e6)  # √(4 + 5) = 3: the same denominator as 1 + 2
    assert_allclose(inside.step(np.zeros(1), np.array([2.0]), inside.init(np.zeros(1)), 1)[0], -(2 / 3 + 2) / 3, rtol=1e-14)


def test_nadam_by_hand():
    # ψ large makes the momenta β₁ = ½ at once: m̂ = ½ m/(1 − ¼) + ½ g/(1 − ½). g = 2: m = 1, m̂ = 2/3 + 2; v̂ = 4
    optimizer, theta = nadam(0.5, 0.75, 1, psi=1e6), np.zeros(1)
    theta, state = optimizer.step(theta, np.array([2.0]), optimizer.init(theta), 1)
    assert_allclose(theta, -(2 / 3 + 2) / 3, rtol=1e-14)
    # g = 6: m = 3.5, product ¼: m̂ = ½ · 3.5/(1 − 1/8) + ½ · 6/(1 − ¼) = 2 + 4; v̂ = 156/7
    assert_allclose(optimizer.step(np.zeros(1), np.array([6.0]), state, 1)[0], -6 / (1 + np.sqrt(156 / 7)), rtol=1e-14)
    # the schedule: ψ = 1 starts at ½ (1 − ½ · 0.96) = 0.26
    _, state = nadam(0.5, psi=1).step(theta, theta, optimizer.init(theta), 1)
    assert_allclose(state.product, 0.26, rtol=1e-14)


# Weight decay, and the gradient of a penalty


def test_weight_decay_by_hand():
    # θ = (10, 10), g = 1, η = ½. Decay 0.2: θ = 10 − 1 − 0.5
    theta, g, mask = np.full(2, 10.0), np.ones(2), np.array([True, False])
    step = lambda optimizer: optimizer.step(theta, g, optimizer.init(theta), 0.5)[0]
    assert_allclose(step(weight_decay(sgd(), 0.2)), [8.5, 8.5])
    assert_allclose(step(weight_decay(sgd(), 0.2, mask)), [8.5, 9.5])


@given(st.floats(0, 1), st.floats(0.001, 0.3))
def test_for_sgd_they_are_one(lam, eta):
    penalised = run(sgd(), START, lambda theta: gradient(theta) + l2_penalty(theta, lam).gradient, eta, 5)
    decayed = run(weight_decay(sgd(), 2 * lam), START, gradient, eta, 5)
    assert_allclose(penalised, decayed, rtol=1e-10, atol=1e-12)


def test_for_adam_they_differ():
    # the first step of Adam is η g/|g| whatever is added to g > 0; decay comes on top
    step = lambda optimizer: run(optimizer, np.full(1, 10.0), lambda theta: np.ones(1), 0.5, 1)
    penalised = run(adam(), np.full(1, 10.0), lambda theta: 1 + l2_penalty(theta, 0.1).gradient, 0.5, 1)
    assert_allclose(penalised, step(adam()), rtol=1e-7)
    assert_allclose(step(weight_decay(adam(), 0.2)), step(adam()) - 1, rtol=1e-12)
    assert_array_equal(step(adamw(0.2)), step(weight_decay(adam(), 0.2)))
    assert_array_equal(step(adamw(0.2, mask=np.array([False]))), step(adam()))
    assert_array_equal(step(adamw(0.2, eps=1, stabiliser="inside")), step(weight_decay(adam(eps=1, stabiliser="inside"), 0.2)))


# What all of them share


@pytest.mark.parametrize("optimizer", ALL, ids=repr)
def test_lock_step_is_bit_equal_to_separate_runs(optimizer):
    thetas, etas = np.stack([START, -START, 2 * START]), np.array([[0.1], [0.01], [0.3]])
    together = run(optimizer, thetas, gradient, etas, 12)
    for theta, eta, end in zip(thetas, etas, together):
        assert_array_equal(run(optimizer, theta, gradient, eta.item(), 12), end)


@pytest.mark.parametrize("optimizer", ALL, ids=repr)
def test_nothing_changes_in_place(optimizer):
    theta, g = START.copy(), np.ones(3)
    theta.flags.writeable = g.flags.writeable = False
    first = optimizer.step(theta, g, optimizer.init(theta), 0.1)
    kept = [np.copy(part) for part in leaves(first)]
    optimizer.step(first[0], g, first[1], 0.1)
    for part, copy in zip(leaves(first), kept):
        assert_array_equal(part, copy)
    assert not np.shares_memory(first[0], theta)


@pytest.mark.parametrize("optimizer", ALL, ids=repr)
def test_float32_stays_float32(optimizer):
    theta, g = np.ones(3, np.float32), np.ones(3, np.float32)
    state = optimizer.init(theta)
    for _ in range(2):
        theta, state = optimizer.step(theta, g, state, np.float32(0.1))
    assert {np.asarray(part).dtype for part in leaves((theta, state)) if np.ndim(part)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("optimizer", ALL[:-1], ids=repr)
def test_every_optimizer_finds_the_bottom_of_a_bowl(optimizer):
    # ½(θ₁² + 4 θ₂² + 9 θ₃²). AdaGrad lowers its rate itself; Adadelta is meant to have rate 1 (with eps outside
    # the roots it starts too slowly for this test)
    steps = 4000 if "adadelta" in repr(optimizer) else 1500
    bowl = np.array([1.0, 4, 9])
    theta, state = START, optimizer.init(START)
    for k in range(steps):
        eta = 1.0 if repr(optimizer) in ("adagrad", "adadelta") else 0.1 / (1 + k / 100)
        theta, state = optimizer.step(theta, bowl * optimizer.point(theta, state), state, eta)
    assert np.abs(theta).max() < 0.05 * np.abs(START).max()


@pytest.mark.parametrize("optimizer", ALL, ids=repr)
def test_zero_gradients_move_nothing(optimizer):
    if "w" not in repr(optimizer):
        assert_array_equal(run(optimizer, START, np.zeros_like, 0.1, 3), START)


def test_names():
    assert [repr(o) for o in (momentum(), nesterov(), adagrad(), rmsprop(), adadelta(), adam(), nadam(), adamw())] == [
        "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "nadam", "adamw"]
    assert repr(nesterov(iterate="theta")) == "nesterov"
    assert repr(weight_decay(sgd(), 0.1)) == "sgd + weight decay"


def test_defaults():
    defaults = lambda make: {name: p.default for name, p in inspect.signature(make).parameters.items()}
    average = dict(beta1=0.9, beta2=0.999, eps=1e-8, stabiliser="outside")
    assert defaults(momentum) == dict(mu=0.9, rate="inside")
    assert defaults(nesterov) == dict(mu=0.9, iterate="ahead", rate="inside")
    assert defaults(adagrad) == dict(eps=1e-7, stabiliser="outside", initial=0)
    assert defaults(rmsprop) == dict(rho=0.9, eps=1e-6, stabiliser="outside")
    assert defaults(adadelta) == dict(rho=0.9, eps=1e-6, stabiliser="inside")
    assert defaults(adam) == average and defaults(nadam) == average | dict(psi=0.004)
    assert defaults(adamw) == dict(decay=0.01) | average | dict(mask=None)


@pytest.mark.parametrize("make, options", [
    (adagrad, dict(eps=1e-7)), (rmsprop, dict(rho=0.9, eps=1e-6)), (adadelta, dict(rho=0.9, eps=1e-6)),
    (adam, dict(beta1=0.9, beta2=0.999, eps=1e-8)), (nadam, dict(eps=1e-8, psi=0.004)), (adamw, dict(decay=0.01))],
    ids=lambda part: getattr(part, "__name__", ""))
def test_defaults_in_numbers(make, options):
    """A signature says what the default is; the steps say that it is used."""
    plain, told = make(), make(**options)
    a = b = START
    state, other = plain.init(a), told.init(b)
    for k in range(3):
        a, state = plain.step(a, 1e-3 * (a + k), state, 0.1)
        b, other = told.step(b, 1e-3 * (b + k), other, 0.1)
    assert_array_equal(a, b)


def test_adam_unscaled_by_hand():
    # g = 2: m = 0.2, v = 0.004, √0.001/0.1 · 0.2/(√0.004 + 0.01); then g = 1: m = 0.28, v = 0.004996
    theta, state = np.array([1.0]), adam(eps=0.01, stabiliser="unscaled").init(np.array([1.0]))
    theta, state = adam(eps=0.01, stabiliser="unscaled").step(theta, np.array([2.0]), state, 0.5)
    first = 0.5 * np.sqrt(0.001) / 0.1 * 0.2 / (np.sqrt(0.004) + 0.01)
    assert_allclose(theta, [1 - first], rtol=1e-14)
    assert_allclose([state.m[0], state.v[0], state.k], [0.2, 0.004, 1], rtol=1e-12)
    theta, state = adam(eps=0.01, stabiliser="unscaled").step(theta, np.array([1.0]), state, 0.5)
    second = 0.5 * np.sqrt(1 - 0.999**2) / (1 - 0.9**2) * 0.28 / (np.sqrt(0.004996) + 0.01)
    assert_allclose(theta, [1 - first - second], rtol=1e-14)
    assert_allclose([state.m[0], state.v[0], state.k], [0.28, 0.004996, 2], rtol=1e-12)


@pytest.mark.parametrize("optimizer", ALL, ids=repr)
def test_an_optimizer_goes_to_other_processes(optimizer):
    state = optimizer.init(START)
    here = optimizer.step(START, np.ones(3), state, 0.1)
    for there in joblib.Parallel(n_jobs=2)([joblib.delayed(optimizer.step)(START, np.ones(3), state, 0.1)]):
        for one, other in zip(leaves(here), leaves(there)):
            assert_array_equal(one, other)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_steps_alike(again):
    mask = np.array([True, False, True])
    optimizer = weight_decay(adam(), 0.1, mask)
    assert_array_equal(run(again(optimizer), START, gradient, 0.1, 3), run(optimizer, START, gradient, 0.1, 3))


@pytest.mark.parametrize("make, name, expected, got", [
    (lambda: momentum(1), "mu", r"\[0, 1\)", "1"), (lambda: nesterov(-0.1), "mu", r"\[0, 1\)", "-0.1"),
    (lambda: momentum(rate="out"), "rate", "'inside' or 'outside'", "'out'"),
    (lambda: nesterov(iterate="phi"), "iterate", "'ahead' or 'theta'", "'phi'"),
    (lambda: nesterov(iterate="theta", rate="outside"), "rate", "'inside'", "'outside'"),
    (lambda: nesterov(rate="x"), "rate", "'inside' or 'outside'", "'x'"),
    (lambda: adagrad(0), "eps", "> 0", "0"), (lambda: adagrad(initial=-1), "initial", ">= 0", "-1"),
    (lambda: adagrad(initial=np.inf), "initial", "finite", "inf"),
    (lambda: adagrad(stabiliser="unscaled"), "stabiliser", "'outside' or 'inside'", "'unscaled'"),
    (lambda: rmsprop(1.0), "rho", r"\[0, 1\)", "1.0"), (lambda: rmsprop(eps=-1), "eps", "> 0", "-1"),
    (lambda: rmsprop(stabiliser="x"), "stabiliser", "'outside'", "'x'"),
    (lambda: adadelta(1.0), "rho", r"\[0, 1\)", "1.0"), (lambda: adadelta(eps=0), "eps", "> 0", "0"),
    (lambda: adam(1.0), "beta1", r"\[0, 1\)", "1.0"), (lambda: adam(beta2=1.0), "beta2", r"\[0, 1\)", "1.0"),
    (lambda: adam(eps=0), "eps", "> 0", "0"), (lambda: adam(stabiliser="x"), "stabiliser", "or 'unscaled'", "'x'"),
    (lambda: nadam(1.0), "beta1", r"\[0, 1\)", "1.0"), (lambda: nadam(psi=0), "psi", "> 0", "0"),
    (lambda: nadam(stabiliser="unscaled"), "stabiliser", "'outside' or 'inside'", "'unscaled'"),
    (lambda: adamw(-1), "decay", ">= 0", "-1"), (lambda: weight_decay(sgd(), -1), "decay", ">= 0", "-1"),
    (lambda: weight_decay(sgd(), np.inf), "decay", "finite", "inf"),
    (lambda: weight_decay(sgd(), 1, np.ones(3)), "mask", "booleans", "float64"),
    (lambda: weight_decay(sgd(), 1, [1, 0]), "mask", "booleans", "int64"),
])
def test_optimizers_check_their_arguments(make, name, expected, got, raises):
    with raises(name, expected, got):
        make()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [momentum, nesterov, adagrad, rmsprop, adadelta, adam, nadam])
def test_a_state_has_the_shape_and_the_type_of_theta(make, dtype):
    theta = np.ones((2, 3), dtype)
    state = make().init(theta)
    for part in state if isinstance(state, tuple) else (state,):
        if not isinstance(part, (int, float)):
            assert part.shape == (2, 3) and part.dtype == dtype and not part.any()


# Clipping


def test_clipping_by_hand():
    # ‖(3, 4)‖ = 5: to norm 1 it is (0.6, 0.8); within norm 10 nothing changes
    g = np.array([3.0, 4.0])
    assert_allclose(clip_gradient(g, 1), [0.6, 0.8], rtol=1e-15)
    assert_array_equal(clip_gradient(g, 10), g)
    assert_array_equal(clip_gradient(g, 5), g)
    assert_allclose(clip_gradient(np.stack([g, g / 10]), 1), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-15)
    assert_array_equal(clip_gradient(np.zeros(2), 1), [0, 0])


def test_clipping_in_float32_does_not_overflow():
    g = np.array([3e30, 4e30], np.float32)
    clipped = clip_gradient(g, 1)
    assert clipped.dtype == np.float32
    assert_allclose(clipped, [0.6, 0.8], rtol=1e-6)
