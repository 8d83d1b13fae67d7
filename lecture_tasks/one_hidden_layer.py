"""The tasks of the chapter on one hidden layer. Samples are columns; W has a row for each unit, V for each output."""

from __future__ import annotations

from inspect import unwrap

import numpy as np

from lecture_code.activations import relu
from lecture_code.feedback import task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: a network read off its graph

CORNERS = ((-1.0, 1.5), (1.0, 1.5), (2.0, 3.5), (4.0, 1.5), (7.0, 3.0))  # of the graph in the notebook


def places(rng: np.random.Generator, n: int) -> tuple[Vector]:
    """Return n inputs on every piece of the graph and beyond both ends of the picture, with one decimal."""
    return ((np.linspace(-4, 10, n) + rng.uniform(-0.2, 0.2, n)).round(1),)


def _hinges(x: Vector, *weights: float, bias: float = 1.5) -> Vector:
    return bias + sum(V * relu(x - t) for V, t in zip(weights, (1, 2, 4)))


@task("Task 1: read a network off its graph", returns="f", points=2, draw=places, shapes=(9, 24))
def pictured(x):
    return 1.5 + 2 * relu(x - 1) - 3 * relu(x - 2) + 1.5 * relu(x - 4)


pictured.mistake("your output weights are the slopes of the pieces",
    "The first hinge is still on behind the second one. What has the second to add?", lambda x: _hinges(x, 2, -1, 0.5))
pictured.mistake("the output bias is missing", "What is the value where all units are off?",
    lambda x: _hinges(x, 2, -3, 1.5, bias=0))
pictured.mistake("your hinges are left of 0", "relu(x − t) begins to rise at t. What does relu(x + t) do?",
    lambda x: 1.5 + 2 * relu(x + 1) - 3 * relu(x + 2) + 1.5 * relu(x + 4))
pictured.mistake("there is no ReLU in your function", "Without it the sum of the units is one straight line.",
    lambda x: 1.5 + 2 * (x - 1) - 3 * (x - 2) + 1.5 * (x - 4))
pictured.mistake("the last kink is missing", "Count the corners of the graph.", lambda x: _hinges(x, 2, -3))
pictured.mistake("the second hinge only levels out the first",
    "Between x = 2 and x = 4 the graph falls. How much slope has to be added to 2?", lambda x: _hinges(x, 2, -2, 0.5))
pictured.mistake("the weight of the last hinge is the slope of the last piece",
    "Which slope do the first two hinges have together at x = 4?", lambda x: _hinges(x, 2, -3, 0.5))
pictured.mistake("your function is constant beyond x = 7", "The picture ends there, and the last piece goes on.",
    lambda x: np.interp(x, *np.transpose(CORNERS)))
pictured.mistake("the changes of slope have the wrong sign",
    "Where the graph bends down, the change of slope is negative.", lambda x: _hinges(x, 2, 3, -1.5))
pictured.mistake("your output weights are heights of the graph",
    "A weight multiplies a hinge of slope 1. Which property of the graph does it set?",
    lambda x: _hinges(x, 1.5, 3.5, 1.5))


# ---------------------------------------------------------------- Task 2: a broken line as a network

def knots(rng: np.random.Generator, n: int) -> tuple[Vector, Vector]:
    """Return n + 1 knots at uneven distances, not from 0, and values of both signs."""
    t = (np.cumsum(rng.uniform(0.3, 1.6, n + 1)).round(1) - 2.3).round(1)
    return t, (rng.choice([-1, 1], n + 1) * rng.uniform(0.5, 3, n + 1)).round(1)


def _slopes(t: Vector, y: Vector) -> Vector:
    return np.diff(y) / np.diff(t)


@task("Task 2a: a network through any points", returns="V, c", points=2, draw=knots, shapes=(2, 3, 7))
def hinge_network(t, y):
    return np.diff(_slopes(t, y), prepend=0), y[0]


hinge_network.mistake("your weights are the slopes, not their changes",
    "All earlier hinges are still on at t_m. Which slope do they have together?", lambda t, y: (_slopes(t, y), y[0]))
hinge_network.mistake("you take the knots for equidistant", "The distances between the knots differ.",
    lambda t, y: (np.diff(np.diff(y) / ((t[-1] - t[0]) / (len(t) - 1)), prepend=0), y[0]))
hinge_network.mistake("the distances between the knots are forgotten",
    "A slope is a difference of values divided by what?", lambda t, y: (np.diff(np.diff(y), prepend=0), y[0]))
hinge_network.mistake("the first weight is 0", "Before the first knot the slope is 0. How much does it change there?",
    lambda t, y: (np.diff(_slopes(t, y), prepend=_slopes(t, y)[0]), y[0]))
hinge_network.mistake("the differences are taken the wrong way round", "New slope minus old slope.",
    result=lambda parts: (np.append(parts[0][:1], -parts[0][1:]), parts[1]))
@hinge_network.mistake("each weight takes away only the weight before it",
    "All earlier hinges are still on at t_m. Which slope do they have together?")
def _(t, y):
    V = _slopes(t, y)
    for m in range(1, len(V)):
        V[m] -= V[m - 1]
    return V, y[0]
hinge_network.mistake("you add the slopes up", "The network adds the hinges up; the weights have to undo that.",
    lambda t, y: (np.cumsum(_slopes(t, y)), y[0]))
hinge_network.mistake("there is a hinge at the last knot",
    "n pieces need n hinges. What would the last one change between the first and the last knot?",
    lambda t, y: (np.diff(_slopes(t, y), prepend=0, append=0), y[0]))
hinge_network.mistake("the output bias is 0", "Where all units are off, at t_0, the output has to be y_0.",
    result=lambda parts: (parts[0], 0.0))
hinge_network.mistake("the output bias is the height of the first piece at x = 0",
    "At t_0 no unit contributes anything. What is left?",
    lambda t, y: (np.diff(_slopes(t, y), prepend=0), y[0] - _slopes(t, y)[0] * t[0]))


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


@task("Task 3: a loss with a kink", returns="dW, db_1, dV, db_2", points=3,
      draw=batch, shapes=((2, 3, 2, 4), (3, 5, 4, 6), (4, 2, 3, 5)))
def absolute_gradients(W, b_1, V, b_2, X, Y, *, of_residual=np.sign, slope=lambda z: 1 - np.tanh(z) ** 2,
                       way_back=np.transpose, over=lambda M, K: (M, M)):
    """∂C_i/∂f is a function of the residual, and the way back is the transpose of V; the sums over the samples are
    divided by `over`: those for the weights, and those for the biases."""
    z, (by_W, by_b) = W @ X + b_1, over(X.shape[1], len(Y))
    df = of_residual(V @ np.tanh(z) + b_2 - Y)
    delta = way_back(V) @ df * slope(z)
    return (delta @ X.T / by_W, delta.sum(axis=1, keepdims=True) / by_b, df @ np.tanh(z).T / by_W,
            df.sum(axis=1, keepdims=True) / by_b)


absolute_gradients.mistake("you differentiate the half squared loss", "The slope of |r| does not know how large r is.",
    of_residual=lambda r: r)
absolute_gradients.mistake("all signs are turned round",
    "If the output is too high, which way does the loss go when it rises?",
    result=lambda parts: tuple(-part for part in parts))
absolute_gradients.mistake("a residual of 0 counts as positive",
    "The task fixes the derivative at 0. Which function of NumPy takes that value?",
    of_residual=lambda r: np.where(r >= 0, 1.0, -1.0))
absolute_gradients.mistake("a residual of 0 counts as negative",
    "The task fixes the derivative at 0. Which function of NumPy takes that value?",
    of_residual=lambda r: np.where(r > 0, 1.0, -1.0))
absolute_gradients.mistake("the factor σ′ is missing", "The signal has to go through the activation on its way back.",
    slope=np.ones_like)


@absolute_gradients.mistake("the factor σ′ is missing in db_1",
    "A bias acts through the activation, as the weights do.")
def _(*given):
    dW, _, dV, db_2 = unwrap(absolute_gradients.reference)(*given)
    return dW, unwrap(absolute_gradients.reference)(*given, slope=np.ones_like)[1], dV, db_2


@absolute_gradients.mistake("the factor σ′ is missing in dW",
    "A weight acts through the activation, as the biases do.")
def _(*given):
    _, db_1, dV, db_2 = unwrap(absolute_gradients.reference)(*given)
    return unwrap(absolute_gradients.reference)(*given, slope=np.ones_like)[0], db_1, dV, db_2


absolute_gradients.mistake("the activation is applied twice in σ′", "1 − h² is σ′(z) already. What is 1 − tanh²(h)?",
    slope=lambda z: 1 - np.tanh(np.tanh(z)) ** 2)
absolute_gradients.mistake("your σ′ is 1 − z²", "tanh′ = 1 − tanh². Which of z and h is the tanh?",
    slope=lambda z: 1 - z**2)
absolute_gradients.mistake("your σ′ is 1 − h", "tanh′ = 1 − tanh². At h = −½, what is the slope?",
    slope=lambda z: 1 - np.tanh(z))
absolute_gradients.mistake("your σ′ is h(1 − h)",
    "That is the slope of a sigmoid. Which function is the activation here?", slope=lambda z: np.tanh(z) * (1 - np.tanh(z)))
absolute_gradients.mistake("your σ′ is that of ReLU",
    "1 or 0 is the slope of max(z, 0). Which function is the activation here?", slope=lambda z: z > 0)
absolute_gradients.mistake("b_1 is missing on the way forward", "Where do the signs come from? Compute f as it stands.",
    b_1=lambda b: 0 * b)
absolute_gradients.mistake("b_2 is missing on the way forward", "Where do the signs come from? Compute f as it stands.",
    b_2=lambda b: 0 * b)
absolute_gradients.mistake("you sum over the batch", "The cost is a mean over the samples.", over=lambda M, K: (1, 1))
absolute_gradients.mistake("the gradients of the biases are sums",
    "The cost is a mean over the samples, for biases too.", over=lambda M, K: (M, 1))
absolute_gradients.mistake("you take the mean over the outputs, too",
    "The loss of a sample is a sum over its outputs; only the samples are averaged.", over=lambda M, K: (M * K, M * K))
absolute_gradients.mistake("the way back does not use V", "By how much does output k change when unit m does?",
    way_back=lambda V: np.ones_like(V.T))


# ---------------------------------------------------------------- Task 4: three bugs in a step

def step_input(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple:
    """Return W, b_1, V, b_2, X, Y, eta, t: units below 0, between 0 and t, and above t all occur."""
    d, n, K, M = shape
    W, b_1, V, b_2 = (rng.normal(size=size).round(1) for size in ((n, d), (n, 1), (K, n), (K, 1)))
    return (2 * W, b_1, V, b_2, rng.normal(size=(d, M)).round(1), rng.normal(size=(K, M)).round(1),
            float(rng.choice([0.2, 0.3])), float(rng.choice([0.7, 1.2])))


def _clipped_slope(z: Matrix, t: float) -> Matrix:
    return (z > 0) & (z < t)


ORDER, SLOPE, MEANS = {"v_first": True}, {"slope": lambda z, t: z > 0}, {"sums": ("b_1", "b_2")}


@task("Task 4: three bugs in one step", returns="W, b_1, V, b_2", points=3,
      draw=step_input, shapes=((2, 3, 2, 4), (3, 5, 2, 6), (4, 6, 3, 7)))
def repaired_step(W, b_1, V, b_2, X, Y, eta, t, *, v_first=False, slope=_clipped_slope, sums=()):
    """The keywords are the bugs; `sums` names the biases without a mean."""
    z, M = W @ X + b_1, X.shape[1]
    h = np.clip(z, 0, t)
    df = V @ h + b_2 - Y
    V_new = V - eta * df @ h.T / M
    delta = (V_new if v_first else V).T @ df * slope(z, t)
    by_1, by_2 = (1 if bias in sums else M for bias in ("b_1", "b_2"))
    return (W - eta * delta @ X.T / M, b_1 - eta * delta.sum(axis=1, keepdims=True) / by_1, V_new,
            b_2 - eta * df.sum(axis=1, keepdims=True) / by_2)


repaired_step.mistake("this is still what the given function does",
    "There are three bugs: one is about order, one about σ′, one about means.", **ORDER, **SLOPE, **MEANS)
repaired_step.mistake("two bugs are left, the order and the slope",
    "The means are right now. Which V does the way back need, and where is the clipped ReLU flat?", **ORDER, **SLOPE)
repaired_step.mistake("two bugs are left, the order and the means",
    "The slope is right now. Which V does the way back need, and what is averaged?", **ORDER, **MEANS)
repaired_step.mistake("two bugs are left, the slope and the means",
    "The order is right now. Where is the clipped ReLU flat, and what is averaged?", **SLOPE, **MEANS)
repaired_step.mistake("one bug is left, the order", "Which V does the signal on its way back have to go through?",
    **ORDER)
repaired_step.mistake("one bug is left, the slope", "What does the clipped ReLU do with a z a little above t?", **SLOPE)
repaired_step.mistake("one bug is left, the means",
    "A bias is a weight of a constant input 1. What would its gradient be?", **MEANS)
repaired_step.mistake("the means are repaired for b_2 only", "There are two biases. How is the step of b_1 averaged?",
    sums=("b_1",))
repaired_step.mistake("the means are repaired for b_1 only", "There are two biases. How is the step of b_2 averaged?",
    sums=("b_2",))
repaired_step.mistake("the slope is left out", "Where does a unit not react to a small change of its z?",
    slope=lambda z, t: 1)
repaired_step.mistake("the slope is 1 below 0", "The activation is flat at both ends.", slope=lambda z, t: z < t)
repaired_step.mistake("you step uphill", "The gradient points to higher costs.", eta=np.negative)


# ---------------------------------------------------------------- Task 5: where the kinks start

def weights_and_kinks(rng: np.random.Generator, n: int) -> tuple[Matrix, Matrix]:
    """Return input weights W of both signs and places for the kinks, both (n, 1)."""
    return (rng.choice([-1, 1], (n, 1)) * rng.uniform(0.4, 2, (n, 1)).round(1),
            rng.uniform(0.1, 0.9, (n, 1)).round(2))


@task("Task 5a: design an experiment", returns="b_1", points=1, draw=weights_and_kinks, shapes=(2, 3, 6))
def biases_for_kinks(W, kinks):
    return -W * kinks


biases_for_kinks.mistake("the weights are not used", "relu(Wx + b) has its kink at −b only if W = 1.",
    lambda W, kinks: -kinks)
biases_for_kinks.mistake("the kinks lie on the other side of 0", "Solve W·x + b = 0 for b.", result=np.negative)
biases_for_kinks.mistake("you divide by the weight", "Solve W·x + b = 0 for b, not for x.", lambda W, kinks: -kinks / W)
biases_for_kinks.mistake("units with negative weights are wrong", "The equation holds for both signs of W.", W=np.abs)
biases_for_kinks.mistake("your biases are the places themselves", "At the kink the pre-activation is 0.",
    lambda W, kinks: kinks)
biases_for_kinks.mistake("you divide by the place", "Solve W·x + b = 0 for b.", lambda W, kinks: -W / kinks)
biases_for_kinks.mistake("your biases are 0", "Then all kinks are at x = 0.", lambda W, kinks: 0 * W)

#: In the order of the notebook.
ALL = (pictured, hinge_network, absolute_gradients, repaired_step, biases_for_kinks)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2b: a network through any points": 4, "Task 4: three bugs in one step": 2,
    "Task 5b: design an experiment": 4}
