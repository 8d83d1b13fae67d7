"""The tasks of the chapter on calculus.

A wrong derivative is a right one with another rule in one place; a wrong gradient checker moves the wrong thing, or
divides by the wrong step. The error curves of the last task are measured, not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Answer, task
from lecture_code.gradient_check import central_difference
from lecture_code.numerics import softmax

Vector = np.ndarray
Matrix = np.ndarray
Function = Callable[[np.ndarray], float]


# ---------------------------------------------------------------- Task 1: log-sum-exp with weights

def _weighted_scores(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Vector]:
    """Return scores (K, M), each column moved up or down by `offset` with a spread of its own, and weights (K,).

    With the offset 1 the scores are whole numbers, in an array of integers.
    """
    K, M, offset = shape
    z = rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)
    w = rng.uniform(0.2, 5, size=K).round(1)
    if offset:
        z[0] += rng.choice([-1, 1], size=M) * offset
        w *= 10.0 ** rng.integers(-8, 1, size=K)     # beside small weights a tiny number is no longer tiny
    return z.round().astype(int) if offset == 1 else z.round(1), w


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _shares(z: Matrix, w: Vector, shift: Any, axis: int | None = 0) -> Matrix:
    """Return the weighted exponentials of z − shift, divided by their sum."""
    e = w[:, None] * np.exp(z - shift)
    return e / e.sum(axis=axis)


@task("Task 1a: log-sum-exp with weights", returns="g", points=2,
      draw=_weighted_scores, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000), (4, 3, 1)))
def lse_gradient(z, w):
    return softmax(z + np.log(w)[:, None])


lse_gradient.mistake("large scores overflow",
    "What is `np.exp(1000)`, and what is one such number divided by another? Which number may you subtract from all "
    "scores of a column without changing the quotient?", lambda z, w: _shares(z, w, 0))
lse_gradient.mistake("you subtract the same number from all columns",
    "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum should be "
    "subtracted?", lambda z, w: _shares(z, w, z.max()))
lse_gradient.mistake("you subtract the mean of the scores",
    "A score can lie a thousand above the mean of its column. After which shift is no exponent positive?",
    lambda z, w: _shares(z, w, z.mean(axis=0)))
lse_gradient.mistake("you subtract the maximum of each row",
    "The shift cancels only if one number is subtracted from everything that is summed. Which axis holds the entries "
    "of a point?", lambda z, w: _shares(z, w, z.max(axis=1, keepdims=True)))
lse_gradient.mistake("you clip the scores",
    "Of the scores 1000 and 2000, which has the larger slope? Clipping makes them equal, a shift does not.",
    lambda z, w: _shares(np.clip(z, -500, 500), w, 0))
lse_gradient.mistake("you divide by the sum over all columns", "To what should the entries of each column add up?",
    lambda z, w: _shares(z, w, z.max(axis=0), axis=None))
lse_gradient.mistake("the weights play no part", "Try equal scores. Which weight has the larger slope?",
    lambda z, w: softmax(z))
lse_gradient.mistake("the weights stand above the fraction bar only",
    "Do the entries of a column sum to 1? What exactly is inside the logarithm?", lambda z, w: w[:, None] * softmax(z))
lse_gradient.mistake("the weights stand below the fraction bar only",
    "What is the derivative of one summand of the sum with respect to its score?",
    lambda z, w: softmax(z + np.log(w)[:, None]) / w[:, None])


@lse_gradient.mistake("you forgot the derivative of the logarithm",
    "The chain rule has two factors. Which one belongs to the outer function?")


@np.errstate(over="ignore")
def _(z, w):
    return w[:, None] * np.exp(z)


@lse_gradient.mistake("you forgot the derivative of the sum",
    "The chain rule has two factors. How does the sum inside the logarithm change with one score?")


@np.errstate(over="ignore", divide="ignore")
def _(z, w):
    return np.broadcast_to(1 / (w[:, None] * np.exp(z)).sum(axis=0), z.shape)


lse_gradient.mistake("the weights multiply the scores", "A weight stands before the exponential, not in the exponent.",
    lambda z, w: softmax(w[:, None] * z))
lse_gradient.mistake("you sum over the columns", "Each column is a point of its own. Which axis holds its entries?",
    lambda z, w: softmax(z + np.log(w)[:, None], axis=1))
lse_gradient.mistake("you have differentiated twice", "This is the diagonal of the second derivatives.",
    result=lambda g: g * (1 - g))
lse_gradient.mistake("you return logarithms", "Can a slope of this function be negative?",
    result=np.errstate(divide="ignore")(lambda g: np.log(g)))


# ---------------------------------------------------------------- Task 2: the Jacobian of a layer

def _tanh_slopes(W: Matrix, b: Vector, x: Vector) -> Vector:
    return 1 - np.tanh(W @ x + b) ** 2


@task("Task 2a: the Jacobian of a layer", returns="J", points=2,
      draw=lambda rng, shape: tuple(rng.normal(size=size).round(1) for size in (shape, *shape)),
      shapes=((2, 2), (3, 2), (2, 4), (4, 4)))
def layer_jacobian(W, b, x):
    return _tanh_slopes(W, b, x)[:, None] * W


layer_jacobian.mistake("your Jacobian is transposed", "One row per output, one column per input.", result=np.transpose)
layer_jacobian.mistake("the activation has no part in it", "This is the Jacobian of Wx + b. What comes after that?",
    lambda W, b, x: W.copy())
layer_jacobian.mistake("your layer has sigmoid units", "This layer has tanh units. What is the slope of tanh?",
    lambda W, b, x: sigmoid.derivative(W @ x + b)[:, None] * W)
layer_jacobian.mistake("you took the slope of the sigmoid at the output of tanh",
    "The rule a(1 − a) belongs to the sigmoid. Which rule does the quotient rule give for tanh?",
    lambda W, b, x: (np.tanh(W @ x + b) * (1 - np.tanh(W @ x + b)))[:, None] * W)
layer_jacobian.mistake("you put z into a rule that wants the output", "Is the slope 1 − a² or 1 − z²?",
    lambda W, b, x: (1 - (W @ x + b) ** 2)[:, None] * W)
layer_jacobian.mistake("a square is missing in the slope",
    "What is the slope of tanh at 0, and what far away on both sides?",
    lambda W, b, x: (1 - np.tanh(W @ x + b))[:, None] * W)
layer_jacobian.mistake("you took the value of tanh for its slope", "What is the slope of tanh at 0?",
    lambda W, b, x: np.tanh(W @ x + b)[:, None] * W)
layer_jacobian.mistake("the hyperbolic cosine is not squared",
    "The quotient rule has the square of the denominator below the bar.",
    lambda W, b, x: (1 / np.cosh(W @ x + b))[:, None] * W)
layer_jacobian.mistake("a sign is turned in the slope",
    "Is tanh steeper at 0 or far away? Which sign in the quotient rule decides that?",
    lambda W, b, x: (1 + np.tanh(W @ x + b) ** 2)[:, None] * W)
layer_jacobian.mistake("the bias was left out of z", "The slope is taken at z. What is z?", b=lambda b: 0)
layer_jacobian.mistake("the bias is subtracted", "The slope is taken at z. What is z?", b=np.negative)
layer_jacobian.mistake("your slopes scale the columns of W",
    "Which unit does a slope belong to, and where do the weights of this unit stand?",
    lambda W, b, x: _tanh_slopes(W, b, x) * W)
layer_jacobian.mistake("there is a factor x too many", "How fast does one z change when one input changes?",
    lambda W, b, x: _tanh_slopes(W, b, x)[:, None] * W * x)
layer_jacobian.mistake("you have added up the outputs", "A Jacobian keeps one row for each output.",
    result=lambda J: J.sum(axis=0))
layer_jacobian.mistake("you differentiate with respect to the weights",
    "The Jacobian is asked for with respect to the inputs x.", lambda W, b, x: np.outer(_tanh_slopes(W, b, x), x))


# ---------------------------------------------------------------- Task 3a: a gradient by differences

def _wavy(theta: np.ndarray) -> float:
    """A function of an array of any shape, with another slope in each entry."""
    t = np.asarray(theta)
    return float(np.sum(np.sin(t * np.arange(1, t.size + 1).reshape(t.shape) / 2)) + np.prod(np.cos(t / 3)))


def _differences(rng: np.random.Generator, shape: tuple[tuple[int, ...], str, float]) -> tuple[Any, ...]:
    size, dtype, delta = shape
    theta = rng.integers(-3, 4, size=size) if dtype == "int" else rng.normal(size=size).round(1)
    return _wavy, theta, delta


def _entrywise(slope: Answer) -> Answer:
    """Return the function that fills the gradient with slope(f, theta, delta, i), entry by entry."""

    @np.errstate(divide="ignore", invalid="ignore")
    def answer(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
        gradient = np.empty(theta.shape)
        for i in np.ndindex(theta.shape):
            gradient[i] = slope(f, theta, delta, i)
        return gradient

    return answer


def _moved(theta: np.ndarray, i: tuple[int, ...], step: float) -> np.ndarray:
    """Return θ with one entry moved; in an array of whole numbers, what it becomes is cut off."""
    moved = theta.copy()
    moved[i] = theta[i] + step
    return moved


@task("Task 3a: a gradient checker", returns="gradient", points=3, draw=_differences,
      shapes=(((2,), "float", 0.1), ((2,), "int", 0.2), ((3, 2), "float", 0.01), ((2, 3), "int", 1e-3)))
def numerical_gradient(f, theta, delta):
    return central_difference(f, theta, delta)


numerical_gradient.mistake("you step to one side only", "Central differences look at θ + Δ and at θ − Δ.",
    _entrywise(lambda f, theta, delta, i: (f(_moved(theta * 1.0, i, delta)) - f(theta)) / delta))
numerical_gradient.mistake("you step backwards only", "Central differences look at θ + Δ and at θ − Δ.",
    _entrywise(lambda f, theta, delta, i: (f(theta) - f(_moved(theta * 1.0, i, -delta))) / delta))
numerical_gradient.mistake("you divide by one step", "How far apart are the two points?",
    result=lambda gradient: 2 * gradient)
numerical_gradient.mistake("you do not divide", "A slope is a rise divided by a distance.",
    lambda f, theta, delta: 2 * delta * central_difference(f, theta, delta))
numerical_gradient.mistake("your step is cut off in an array of whole numbers",
    "What happens to 3.1 in an array of dtype int? Turn θ into floating-point numbers first.",
    _entrywise(lambda f, theta, delta, i: (f(_moved(theta, i, delta)) - f(_moved(theta, i, -delta))) / (2 * delta)))


@numerical_gradient.mistake("your step is cut off to 0 where θ holds whole numbers",
    "`np.zeros_like` takes over the dtype as well as the shape.")


@_entrywise
def _(f, theta, delta, i):
    step = _moved(np.zeros_like(theta), i, delta)
    return (f(theta + step) - f(theta - step)) / (2 * delta)


numerical_gradient.mistake("you divide by 2 and then multiply by Δ", "In which order does Python compute a / 2 * b?",
    lambda f, theta, delta: delta**2 * central_difference(f, theta, delta))
numerical_gradient.mistake("your slopes are stored as whole numbers",
    "`np.empty_like` takes over the dtype as well as the shape.",
    lambda f, theta, delta: central_difference(f, theta, delta).astype(theta.dtype))
numerical_gradient.mistake("you move all entries at once", "A partial derivative holds the other entries still.",
    lambda f, theta, delta: np.full(theta.shape, (f(theta + delta) - f(theta - delta)) / (2 * delta)))


@numerical_gradient.mistake("an entry is not moved back before the next one is moved",
    "Where is θ when the second entry has its turn?")
def _(f, theta, delta):
    theta = np.array(theta, dtype=float)
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        theta[i] += delta
        above = f(theta)
        theta[i] -= 2 * delta
        gradient[i] = (above - f(theta)) / (2 * delta)
    return gradient


numerical_gradient.mistake("your gradient has lost the shape of θ",
    "A gradient has one entry for each entry of θ, in the same place.", result=np.ravel)
numerical_gradient.mistake("you use a step of your own", "Δ is an argument.", delta=lambda delta: 1e-12)


@numerical_gradient.mistake("your step is proportional to θ",
    "How large is the step where θ is 0? And Δ is asked for as it is.")


@_entrywise
def _(f, theta, delta, i):
    step = delta * theta[i]
    return (f(_moved(theta * 1.0, i, step)) - f(_moved(theta * 1.0, i, -step))) / (2 * step)


numerical_gradient.mistake("the sign is turned round",
    "Is the function larger or smaller to the right of a positive slope?", result=np.negative)


# ---------------------------------------------------------------- Task 3b: who is to blame?

STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def _suspect(rng: np.random.Generator, shape: tuple[str, int]) -> tuple[Any, ...]:
    """Return a function that refuses complex numbers, a gradient with 0, 1 or 2 wrong entries, and where.

    No step serves both the flat and the fast function: rounding spoils the one below 10⁻³, truncation the other
    above 10⁻⁷. The wide function has so many entries that one wrong one drowns in a mean.
    """
    kind, wrong = shape
    n = 20 if kind == "wide" else 3
    s, shift = rng.uniform(1, 2, size=n), rng.normal(size=n)
    height, size, speed = {
        "slow": (0.0, 1.0, 0.1), "tame": (0.0, 1.0, 1.0), "wide": (0.0, 1.0, 1.0), "fast": (0.0, 1.0, 1e5),
        "high": (1.0, 1e-6, 0.1), "flat": (1.0, 1e-9, 1.0), "tiny": (0.0, 1e-7, 1.0)}[kind]

    def f(theta: np.ndarray) -> float:
        return height + size * float(np.sum(np.sin(s * speed * np.asarray(theta, dtype=float) + shift)))

    theta = rng.uniform(0.2, 0.6, size=n).round(2) / speed
    gradient = size * s * speed * np.cos(s * speed * theta + shift)
    if wrong:
        worst = int(np.argmax(np.abs(gradient)))
        error = 0.01 * gradient[worst]
        gradient[worst] += error
        if wrong == 2:                                           # so that the sum of the entries is right
            gradient[worst - 1] -= error
    return f, gradient, theta


def _largest(difference: Vector) -> float:
    return np.abs(difference).max()


def _errors(f: Function, gradient: Vector, theta: Vector, steps: tuple[float, ...] = STEPS,
            size: Callable[[Vector], float] = _largest) -> list[float]:
    """Return the size of the difference at each step, relative to the largest entry of the gradient."""
    return [float(size(central_difference(f, theta, delta) - gradient) / _largest(gradient)) for delta in steps]


@task("Task 3b: a gradient checker", returns="wrong", points=3, draw=_suspect,
      shapes=(("slow", 0), ("tame", 2), ("high", 0), ("flat", 0), ("flat", 1), ("fast", 0), ("fast", 1), ("tiny", 0),
              ("tiny", 1), ("wide", 1)))
def gradient_is_wrong(f, gradient, theta):
    return min(_errors(f, gradient, theta)) > 1e-3


gradient_is_wrong.mistake("you decide by one small step",
    "On a function that is huge beside its gradient, rounding spoils a small step. What does a wrong gradient do "
    "when the step changes, and what does a bad step do?",
    lambda f, gradient, theta: _errors(f, gradient, theta, (1e-8,))[0] > 1e-3)
gradient_is_wrong.mistake("you decide by one step of medium size, or by the median over several",
    "Rounding spoils this step on a function that is huge beside its gradient, and truncation on one that wiggles "
    "quickly. Most steps may be bad: how many good ones do you need?",
    lambda f, gradient, theta: _errors(f, gradient, theta, (1e-6,))[0] > 1e-3)
gradient_is_wrong.mistake("your threshold is so low that a right gradient misses it",
    "Right gradients are only promised to agree to four digits, at one step.",
    lambda f, gradient, theta: min(_errors(f, gradient, theta)) > 1e-5)
gradient_is_wrong.mistake("you take the mean over the entries",
    "One wrong entry among twenty drowns in a mean. Look for the worst entry.",
    lambda f, gradient, theta: min(_errors(f, gradient, theta, size=lambda d: np.abs(d).mean())) > 1e-3)
gradient_is_wrong.mistake("you want every step to agree",
    "A right gradient disagrees with quotients that are bad. How many good ones do you need?",
    lambda f, gradient, theta: max(_errors(f, gradient, theta)) > 1e-3)
gradient_is_wrong.mistake("you measure the error in absolute numbers",
    "An error of 10⁻⁹ is everything if the gradient is 10⁻⁷. Compare it with the gradient.",
    lambda f, gradient, theta: min(_errors(f, gradient, theta)) * _largest(gradient) > 1e-3)
gradient_is_wrong.mistake("your verdict is turned round",
    "The function returns True if the gradient is to blame, and not the quotients.", result=lambda wrong: not wrong)
gradient_is_wrong.mistake("you compare sums over the entries",
    "Two wrong entries can cancel in a sum. Look for the worst entry.",
    lambda f, gradient, theta: min(_errors(f, gradient, theta, size=lambda d: abs(d.sum()))) > 1e-3)
gradient_is_wrong.mistake("you acquit every gradient", "Is there an input on which your function returns True?",
    lambda f, gradient, theta: False)
gradient_is_wrong.mistake("you condemn every gradient", "Is there an input on which your function returns False?",
    lambda f, gradient, theta: True)
gradient_is_wrong.mistake("you try large steps only",
    "A function that wiggles ten thousand times in each unit needs steps far below 10⁻⁴.",
    lambda f, gradient, theta: min(_errors(f, gradient, theta, (1e-1, 1e-2))) > 3e-3)


# ---------------------------------------------------------------- Task 4: find the bug

def _ridge(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, Matrix, Vector, float]:
    N, P = shape
    return (rng.normal(size=P).round(1) + 0.05, rng.normal(size=(N, P)).round(1), rng.normal(size=N).round(1),
            round(float(rng.uniform(0.2, 0.9)), 2))


def broken_slopes(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    """Return what the broken program of Task 4 returns: the penalty has no part in it."""
    return 2 * X.T @ (X @ w - y) / len(y)


@task("Task 4: find the bug", returns="gradient", points=2, draw=_ridge, shapes=((3, 2), (4, 3), (5, 2)))
def repaired_slopes(w, X, y, lam):
    return broken_slopes(w, X, y, lam) + lam * 2 * w


repaired_slopes.mistake("this is still what the broken function does",
    "Print the imaginary part of each of the two summands of the cost after a step.", broken_slopes)
repaired_slopes.mistake("half of the penalty's slope is missing",
    "What is the derivative of a square? Does your penalty multiply w by itself, with the complex step in both "
    "factors?", lambda w, X, y, lam: broken_slopes(w, X, y, lam) + lam * w)
repaired_slopes.mistake("the penalty counts twice", "Compare with λ = 0.",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) + lam * 4 * w)
repaired_slopes.mistake("your penalty is the norm, not its square", "The cost has λ times the square of the length.",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) + lam * w / np.linalg.norm(w))
repaired_slopes.mistake("your penalty adds up absolute values", "The cost has λ times the sum of the squares.",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) + lam * np.sign(w))
repaired_slopes.mistake("your penalty is a mean", "The squares of the weights are summed, not averaged.",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) + lam * 2 * w / len(w))
repaired_slopes.mistake("λ got lost", "Try λ = 0.5 and λ = 0.25.",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) + 2 * w)
repaired_slopes.mistake("the penalty has the wrong sign", "Does a penalty make large weights cheaper?",
    lambda w, X, y, lam: broken_slopes(w, X, y, lam) - lam * 2 * w)
repaired_slopes.mistake("the errors of the samples are summed", "The first part of the cost is a mean.",
    lambda w, X, y, lam: len(y) * broken_slopes(w, X, y, lam) + lam * 2 * w)
repaired_slopes.mistake("the data have no part in it", "Two summands, two slopes.", lambda w, X, y, lam: lam * 2 * w)


# ---------------------------------------------------------------- Task 5: read a picture

def error_curves() -> tuple[Vector, Matrix]:
    """Return steps Δ, and the errors of the four unnamed curves A to D of Task 5, one a row: f = log at 1.7."""
    steps = 10.0 ** np.linspace(-15, -0.5, 59)
    x = np.float64(1.7)
    x32, steps32 = np.float32(x), steps.astype(np.float32)
    with np.errstate(divide="ignore"):
        curves = np.array([
            (np.log(x + steps) - np.log(x - steps)) / (2 * steps),
            np.log(x + 1j * steps).imag / steps,
            (np.log(x32 + steps32) - np.log(x32 - steps32)) / (2 * steps32),
            (np.log(x + steps) - np.log(x)) / steps,
        ])
    return steps, np.maximum(np.abs(curves * x - 1), 3e-17)


@task("Task 5a: four curves, and two that make no error", returns="method", points=2, seeds=1,
      draw=lambda rng, curve: (curve,), shapes=(0, 1, 2, 3))
def which_method(curve):
    return (2, 4, 3, 1)[curve]


which_method.mistake("you took forward for central, and central for forward",
    "Follow both lines from the right: what happens to the errors when the step gets ten times smaller?",
    lambda curve: (1, 4, 3, 2)[curve])
which_method.mistake("you exchanged the two precisions",
    "Where rounding rules, a coarser number format has the larger errors.", lambda curve: (3, 4, 2, 1)[curve])
which_method.mistake("you took the single-precision curve for the forward quotient",
    "Both have large errors at small steps. What are their slopes at the right end?", lambda curve: (2, 4, 1, 3)[curve])
which_method.mistake("you took the complex step for the central quotient",
    "They agree at large steps. Which of the two subtracts?", lambda curve: (4, 2, 3, 1)[curve])
which_method.mistake("you took the complex step for the forward quotient",
    "Which of the four methods does not come back up?", lambda curve: (2, 1, 3, 4)[curve])
which_method.mistake("you have shifted the names by one", "Begin with the curve that is different from all others.",
    lambda curve: (1, 2, 3, 4)[curve])
which_method.mistake("you took the complex step for the one in single precision",
    "Which curve lies highest where steps are small, and which lowest?", lambda curve: (2, 3, 4, 1)[curve])


#: In the order of the notebook.
ALL = (lse_gradient, layer_jacobian, numerical_gradient, gradient_is_wrong, repaired_slopes, which_method)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1b: log-sum-exp with weights": 3, "Task 2b: the Jacobian of a layer": 1, "Task 3b: a gradient checker": 2,
    "Task 4: find the bug": 1, "Task 5b: four curves, and two that make no error": 3}
