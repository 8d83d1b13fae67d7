"""The tasks of the chapter on one hidden layer. Samples are columns; W has a row for each unit, V for each output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.activations import clipped_relu, relu
from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray
Gradients = tuple[Matrix, Matrix, Matrix, Matrix]


# ---------------------------------------------------------------- Task 1: a network read off its graph

KINKS = (1.0, 2.0, 4.0)
CORNERS = ((-1.0, 1.5), (1.0, 1.5), (2.0, 3.5), (4.0, 1.5), (7.0, 3.0))  # of the graph in the notebook


def places(rng: np.random.Generator, n: int) -> tuple[Vector]:
    """Return n inputs on every piece of the graph and beyond both ends of the picture, with one decimal."""
    return ((np.linspace(-4, 10, n) + rng.uniform(-0.2, 0.2, n)).round(1),)


def _sum(x: Vector, weights: tuple[float, ...], bias: float, kinks: tuple[float, ...] = KINKS) -> Vector:
    return bias + sum(V * relu(x - t) for V, t in zip(weights, kinks))


def _pictured(x: Vector) -> Vector:
    return _sum(x, (2.0, -3.0, 1.5), 1.5)


def _slopes_as_weights(x: Vector) -> Vector:
    return _sum(x, (2.0, -1.0, 0.5), 1.5)


def _no_height(x: Vector) -> Vector:
    return _sum(x, (2.0, -3.0, 1.5), 0.0)


def _hinges_left(x: Vector) -> Vector:
    return _sum(x, (2.0, -3.0, 1.5), 1.5, (-1.0, -2.0, -4.0))


def _without_relu(x: Vector) -> Vector:
    return 1.5 + 2.0 * (x - 1) - 3.0 * (x - 2) + 1.5 * (x - 4)


def _two_hinges(x: Vector) -> Vector:
    return _sum(x, (2.0, -3.0), 1.5)


def _levelled_only(x: Vector) -> Vector:
    return _sum(x, (2.0, -2.0, 0.5), 1.5)


def _last_slope(x: Vector) -> Vector:
    return _sum(x, (2.0, -3.0, 0.5), 1.5)


def _ends_with_the_picture(x: Vector) -> Vector:
    return np.interp(x, *np.transpose(CORNERS))


def _changes_negated(x: Vector) -> Vector:
    return _sum(x, (2.0, 3.0, -1.5), 1.5)


def _heights_as_weights(x: Vector) -> Vector:
    return _sum(x, (1.5, 3.5, 1.5), 1.5)


pictured = Task(
    name="pictured", title="Task 1, the network in the picture",
    takes="x", returns="f",
    reference=_pictured, draw=places, shapes=(9, 24),
    mistakes=(
        Mistake("your output weights are the slopes of the pieces",
                "The first hinge is still on behind the second one. What has the second to add?", _slopes_as_weights),
        Mistake("the output bias is missing", "What is the value where all units are off?", _no_height),
        Mistake("your hinges are left of 0", "relu(x − t) begins to rise at t. What does relu(x + t) do?",
                _hinges_left),
        Mistake("there is no ReLU in your function", "Without it the sum of the units is one straight line.",
                _without_relu),
        Mistake("the last kink is missing", "Count the corners of the graph.", _two_hinges),
        Mistake("the second hinge only levels out the first",
                "Between x = 2 and x = 4 the graph falls. How much slope has to be added to 2?", _levelled_only),
        Mistake("the weight of the last hinge is the slope of the last piece",
                "Which slope do the first two hinges have together at x = 4?", _last_slope),
        Mistake("your function is constant beyond x = 7", "The picture ends there, and the last piece goes on.",
                _ends_with_the_picture),
        Mistake("the changes of slope have the wrong sign",
                "Where the graph bends down, the change of slope is negative.", _changes_negated),
        Mistake("your output weights are heights of the graph",
                "A weight multiplies a hinge of slope 1. Which property of the graph does it set?",
                _heights_as_weights),
    ),
)


# ---------------------------------------------------------------- Task 2: a broken line as a network

def knots(rng: np.random.Generator, n: int) -> tuple[Vector, Vector]:
    """Return n + 1 knots at uneven distances, not from 0, and values of both signs."""
    t = np.cumsum(rng.uniform(0.3, 1.6, n + 1)).round(1) - 2.3
    return t, (rng.choice([-1, 1], n + 1) * rng.uniform(0.5, 3, n + 1)).round(1)


def _slopes(t: Vector, y: Vector) -> Vector:
    return np.diff(y) / np.diff(t)


def _hinge_network(t: Vector, y: Vector) -> tuple[Vector, float]:
    return np.diff(_slopes(t, y), prepend=0), y[0]


def _slopes_alone(t: Vector, y: Vector) -> tuple[Vector, float]:
    return _slopes(t, y), y[0]


def _even_spacing(t: Vector, y: Vector) -> tuple[Vector, float]:
    return np.diff(np.diff(y) / ((t[-1] - t[0]) / (len(t) - 1)), prepend=0), y[0]


def _no_spacing(t: Vector, y: Vector) -> tuple[Vector, float]:
    return np.diff(np.diff(y), prepend=0), y[0]


def _first_lost(t: Vector, y: Vector) -> tuple[Vector, float]:
    s = _slopes(t, y)
    return np.diff(s, prepend=s[0]), y[0]


def _difference_negated(t: Vector, y: Vector) -> tuple[Vector, float]:
    V, c = _hinge_network(t, y)
    return np.concatenate([V[:1], -V[1:]]), c


def _cumulated(t: Vector, y: Vector) -> tuple[Vector, float]:
    return np.cumsum(_slopes(t, y)), y[0]


def _one_too_many(t: Vector, y: Vector) -> tuple[Vector, float]:
    return np.diff(_slopes(t, y), prepend=0, append=0), y[0]


def _no_bias(t: Vector, y: Vector) -> tuple[Vector, float]:
    return _hinge_network(t, y)[0], 0.0


def _bias_at_zero(t: Vector, y: Vector) -> tuple[Vector, float]:
    V, c = _hinge_network(t, y)
    return V, c - V[0] * t[0]


hinge_network = Task(
    name="hinge_network", title="Task 2a, a network through given points",
    takes="t, y", returns="V, c",
    reference=_hinge_network, draw=knots, shapes=(2, 3, 7),
    mistakes=(
        Mistake("your weights are the slopes, not their changes",
                "All earlier hinges are still on at t_m. Which slope do they have together?", _slopes_alone),
        Mistake("you take the knots for equidistant", "The distances between the knots differ.", _even_spacing),
        Mistake("the distances between the knots are forgotten",
                "A slope is a difference of values divided by what?", _no_spacing),
        Mistake("the first weight is 0", "Before the first knot the slope is 0. How much does it change there?",
                _first_lost),
        Mistake("the differences are taken the wrong way round", "New slope minus old slope.", _difference_negated),
        Mistake("you add the slopes up", "The network adds the hinges up; the weights have to undo that.", _cumulated),
        Mistake("there is a hinge at the last knot", "n pieces need n hinges. What would the last one change between "
                "the first and the last knot?", _one_too_many),
        Mistake("the output bias is 0", "Where all units are off, at t_0, the output has to be y_0.", _no_bias),
        Mistake("the output bias is the height of the first piece at x = 0",
                "At t_0 no unit contributes anything. What is left?", _bias_at_zero),
    ),
)


# ---------------------------------------------------------------- Task 3: the ℓ¹ loss of a mini-batch

def batch(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Matrix, ...]:
    """Return W, b_1, V, b_2, X, Y for d inputs, n units, K outputs, M samples; some residuals are exactly 0."""
    d, n, K, M = shape
    W, b_1, V, b_2 = (rng.normal(size=size).round(1) for size in ((n, d), (n, 1), (K, n), (K, 1)))
    X, Y = rng.normal(size=(d, M)).round(1), rng.normal(size=(K, M)).round(2)
    if K > 2:
        V[0] = 0
        Y[0, 0] = b_2[0, 0]
    return W, b_1, V, b_2, X, Y


def _backward(df: Matrix, W: Matrix, b_1: Matrix, V: Matrix, X: Matrix, slope: Callable = lambda z: 1 - np.tanh(z)**2,
              weights: float | None = None, biases: float | None = None) -> Gradients:
    """Return the gradients from ∂C_i/∂f; `weights` and `biases` say by what the sums over the batch are divided."""
    z, M = W @ X + b_1, X.shape[1]
    delta = V.T @ df * slope(z)
    p, q = weights or M, biases or M
    return (delta @ X.T / p, delta.sum(axis=1, keepdims=True) / q, df @ np.tanh(z).T / p,
            df.sum(axis=1, keepdims=True) / q)


def _residual(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Matrix:
    return V @ np.tanh(W @ X + b_1) + b_2 - Y


def _absolute(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X)


def _squared_instead(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(_residual(W, b_1, V, b_2, X, Y), W, b_1, V, X)


def _sign_flipped(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(-np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X)


def _sign_of_zero(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.where(_residual(W, b_1, V, b_2, X, Y) >= 0, 1.0, -1.0), W, b_1, V, X)


def _minus_at_zero(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.where(_residual(W, b_1, V, b_2, X, Y) > 0, 1.0, -1.0), W, b_1, V, X)


def _no_slope(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X, slope=np.ones_like)


def _no_slope_in_biases(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    dW, _, dV, db_2 = _absolute(W, b_1, V, b_2, X, Y)
    return dW, _no_slope(W, b_1, V, b_2, X, Y)[1], dV, db_2


def _no_slope_in_weights(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    _, db_1, dV, db_2 = _absolute(W, b_1, V, b_2, X, Y)
    return _no_slope(W, b_1, V, b_2, X, Y)[0], db_1, dV, db_2


def _slope_at_h(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X,
                     slope=lambda z: 1 - np.tanh(np.tanh(z)) ** 2)


def _slope_of_z(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X, slope=lambda z: 1 - z**2)


def _summed(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X, weights=1, biases=1)


def _biases_summed(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X, biases=1)


def _mean_of_outputs(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, V, X, weights=Y.size, biases=Y.size)


def _h_bar_without_v(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix) -> Gradients:
    return _backward(np.sign(_residual(W, b_1, V, b_2, X, Y)), W, b_1, np.ones_like(V), X)


absolute_gradients = Task(
    name="absolute_gradients", title="Task 3, the ℓ¹ loss",
    takes="W, b_1, V, b_2, X, Y", returns="dW, db_1, dV, db_2",
    reference=_absolute, draw=batch, shapes=((2, 3, 2, 4), (3, 5, 4, 6), (4, 2, 3, 5)),
    mistakes=(
        Mistake("you differentiate the half squared loss", "The slope of |r| does not know how large r is.",
                _squared_instead),
        Mistake("all signs are turned round", "If the output is too high, which way does the loss go when it rises?",
                _sign_flipped),
        Mistake("a residual of 0 counts as positive",
                "The task fixes the derivative at 0. Which function of NumPy takes that value?", _sign_of_zero),
        Mistake("a residual of 0 counts as negative",
                "The task fixes the derivative at 0. Which function of NumPy takes that value?", _minus_at_zero),
        Mistake("the factor σ′ is missing", "The signal has to go through the activation on its way back.",
                _no_slope),
        Mistake("the factor σ′ is missing in db_1", "A bias acts through the activation, as the weights do.",
                _no_slope_in_biases),
        Mistake("the factor σ′ is missing in dW", "A weight acts through the activation, as the biases do.",
                _no_slope_in_weights),
        Mistake("the activation is applied twice in σ′", "1 − h² is σ′(z) already. What is 1 − tanh²(h)?", _slope_at_h),
        Mistake("your σ′ is 1 − z²", "tanh′ = 1 − tanh². Which of z and h is the tanh?", _slope_of_z),
        Mistake("you sum over the batch", "The cost is a mean over the samples.", _summed),
        Mistake("the gradients of the biases are sums", "The cost is a mean over the samples, for biases too.",
                _biases_summed),
        Mistake("you take the mean over the outputs, too",
                "The loss of a sample is a sum over its outputs; only the samples are averaged.", _mean_of_outputs),
        Mistake("the way back does not use V", "By how much does output k change when unit m does?", _h_bar_without_v),
    ),
)


# ---------------------------------------------------------------- Task 4: three bugs in a step

BIASES = ("b_1", "b_2")


def step_input(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple:
    """Return W, b_1, V, b_2, X, Y, eta, t: units below 0, between 0 and t, and above t all occur."""
    d, n, K, M = shape
    W, b_1, V, b_2 = (rng.normal(size=size).round(1) for size in ((n, d), (n, 1), (K, n), (K, 1)))
    return (2 * W, b_1, V, b_2, rng.normal(size=(d, M)).round(1), rng.normal(size=(K, M)).round(1),
            float(rng.choice([0.2, 0.3])), float(rng.choice([0.7, 1.2])))


def _step(W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix, eta: float, t: float, *,
          v_first: bool = False, open_top: bool = False, no_slope: bool = False, sums: tuple[str, ...] = (),
          up: bool = False) -> Gradients:
    """Return the parameters after one step, with the chosen bugs; `sums` names the biases without a mean."""
    z, M = W @ X + b_1, X.shape[1]
    h = np.clip(z, 0, t)
    df = V @ h + b_2 - Y
    by_1, by_2 = (1 if bias in sums else M for bias in BIASES)
    eta = -eta if up else eta
    V_new = V - eta * df @ h.T / M
    slope = np.ones_like(z) if no_slope else z > 0 if open_top else (z > 0) & (z < t)
    delta = (V_new if v_first else V).T @ df * slope
    return (W - eta * delta @ X.T / M, b_1 - eta * delta.sum(axis=1, keepdims=True) / by_1, V_new,
            b_2 - eta * df.sum(axis=1, keepdims=True) / by_2)


def _right_step(
    W: Matrix, b_1: Matrix, V: Matrix, b_2: Matrix, X: Matrix, Y: Matrix, eta: float, t: float
) -> Gradients:
    sigma, M = clipped_relu(t), X.shape[1]
    z = W @ X + b_1
    df = (V @ sigma(z) + b_2 - Y) / M
    delta = V.T @ df * sigma.derivative(z)
    return (W - eta * delta @ X.T, b_1 - eta * delta.sum(axis=1, keepdims=True), V - eta * df @ sigma(z).T,
            b_2 - eta * df.sum(axis=1, keepdims=True))


def broken_step(*given: Any) -> Gradients:
    """Do what the function in the notebook does."""
    return _step(*given, v_first=True, open_top=True, sums=BIASES)


def _v_and_top(*given: Any) -> Gradients:
    return _step(*given, v_first=True, open_top=True)


def _v_and_sums(*given: Any) -> Gradients:
    return _step(*given, v_first=True, sums=BIASES)


def _top_and_sums(*given: Any) -> Gradients:
    return _step(*given, open_top=True, sums=BIASES)


def _v_alone(*given: Any) -> Gradients:
    return _step(*given, v_first=True)


def _top_alone(*given: Any) -> Gradients:
    return _step(*given, open_top=True)


def _sums_alone(*given: Any) -> Gradients:
    return _step(*given, sums=BIASES)


def _sum_for_b_1(*given: Any) -> Gradients:
    return _step(*given, sums=("b_1",))


def _sum_for_b_2(*given: Any) -> Gradients:
    return _step(*given, sums=("b_2",))


def _slope_left_out(*given: Any) -> Gradients:
    return _step(*given, no_slope=True)


def _uphill(*given: Any) -> Gradients:
    return _step(*given, up=True)


repaired_step = Task(
    name="repaired_step", title="Task 4, three bugs",
    takes="W, b_1, V, b_2, X, Y, eta, t", returns="W, b_1, V, b_2",
    reference=_right_step, draw=step_input, shapes=((2, 3, 2, 4), (3, 5, 2, 6), (4, 6, 3, 7)),
    mistakes=(
        Mistake("this is still what the given function does",
                "There are three bugs: one is about order, one about σ′, one about means.", broken_step),
        Mistake("two bugs are left, the order and the slope",
                "The means are right now. Which V does the way back need, and where is the clipped ReLU flat?",
                _v_and_top),
        Mistake("two bugs are left, the order and the means",
                "The slope is right now. Which V does the way back need, and what is averaged?", _v_and_sums),
        Mistake("two bugs are left, the slope and the means",
                "The order is right now. Where is the clipped ReLU flat, and what is averaged?", _top_and_sums),
        Mistake("one bug is left, the order", "Which V does the signal on its way back have to go through?", _v_alone),
        Mistake("one bug is left, the slope", "What does the clipped ReLU do with a z a little above t?", _top_alone),
        Mistake("one bug is left, the means", "A bias is a weight of a constant input 1. What would its gradient be?",
                _sums_alone),
        Mistake("the means are repaired for b_2 only", "There are two biases. How is the step of b_1 averaged?",
                _sum_for_b_1),
        Mistake("the means are repaired for b_1 only", "There are two biases. How is the step of b_2 averaged?",
                _sum_for_b_2),
        Mistake("the slope is left out", "Where does a unit not react to a small change of its z?", _slope_left_out),
        Mistake("you step uphill", "The gradient points to higher costs.", _uphill),
    ),
)


# ---------------------------------------------------------------- Task 5: where the kinks start

def weights_and_kinks(rng: np.random.Generator, n: int) -> tuple[Matrix, Matrix]:
    """Return input weights W of both signs and places for the kinks, both (n, 1)."""
    return (rng.choice([-1, 1], (n, 1)) * rng.uniform(0.4, 2, (n, 1)).round(1),
            rng.uniform(0.1, 0.9, (n, 1)).round(2))


def _biases(W: Matrix, kinks: Matrix) -> Matrix:
    return -W * kinks


def _kinks_negated(W: Matrix, kinks: Matrix) -> Matrix:
    return -kinks


def _wrong_side(W: Matrix, kinks: Matrix) -> Matrix:
    return W * kinks


def _divided(W: Matrix, kinks: Matrix) -> Matrix:
    return -kinks / W


def _only_positive(W: Matrix, kinks: Matrix) -> Matrix:
    return -np.abs(W) * kinks


def _kinks_as_biases(W: Matrix, kinks: Matrix) -> Matrix:
    return kinks.copy()


def _upside_down(W: Matrix, kinks: Matrix) -> Matrix:
    return -W / kinks


def _zeros(W: Matrix, kinks: Matrix) -> Matrix:
    return np.zeros_like(W)


biases_for_kinks = Task(
    name="biases_for_kinks", title="Task 5, where the kinks start",
    takes="W, kinks", returns="b_1",
    reference=_biases, draw=weights_and_kinks, shapes=(2, 3, 6),
    mistakes=(
        Mistake("the weights are not used", "relu(Wx + b) has its kink at −b only if W = 1.", _kinks_negated),
        Mistake("the kinks lie on the other side of 0", "Solve W·x + b = 0 for b.", _wrong_side),
        Mistake("you divide by the weight", "Solve W·x + b = 0 for b, not for x.", _divided),
        Mistake("units with negative weights are wrong", "The equation holds for both signs of W.", _only_positive),
        Mistake("your biases are the places themselves", "At the kink the pre-activation is 0.", _kinks_as_biases),
        Mistake("you divide by the place", "Solve W·x + b = 0 for b.", _upside_down),
        Mistake("your biases are 0", "Then all kinks are at x = 0.", _zeros),
    ),
)


#: In the order of the notebook.
ALL = (pictured, hinge_network, absolute_gradients, repaired_step, biases_for_kinks)
