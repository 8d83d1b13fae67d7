"""The tasks of the chapter on calculus.

A wrong derivative is a right one with another rule in one place; a wrong gradient checker moves the wrong thing, or
divides by the wrong step. The error curves of the last task are measured, not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Answer, Mistake, Task
from lecture_code.gradient_check import central_difference
from lecture_code.numerics import softmax

Vector = np.ndarray
Matrix = np.ndarray
Function = Callable[[np.ndarray], float]


# ---------------------------------------------------------------- Task 1: log-sum-exp with weights

def _weighted_scores(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Vector]:
    """Return scores (K, M), each column moved up or down by `offset` with a spread of its own, and weights (K,)."""
    K, M, offset = shape
    z = rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)
    if offset:
        z[0] += rng.choice([-1, 1], size=M) * offset
    return z.round(1), rng.uniform(0.2, 5, size=K).round(1)


def _lse_gradient(z: Matrix, w: Vector) -> Matrix:
    return softmax(z + np.log(w)[:, None])


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _lse_not_shifted(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(z)
    return e / e.sum(axis=0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _lse_shifted_alike(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(z - z.max())
    return e / e.sum(axis=0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _lse_shifted_by_mean(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(z - z.mean(axis=0))
    return e / e.sum(axis=0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _lse_maximum_of_rows(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _lse_clipped(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(np.clip(z, -500, 500))
    return e / e.sum(axis=0)


def _lse_divided_by_everything(z: Matrix, w: Vector) -> Matrix:
    e = w[:, None] * np.exp(z - z.max(axis=0))
    return e / e.sum()


def _weights_forgotten(z: Matrix, w: Vector) -> Matrix:
    return softmax(z)


def _weights_only_above(z: Matrix, w: Vector) -> Matrix:
    return w[:, None] * softmax(z)


def _weights_only_below(z: Matrix, w: Vector) -> Matrix:
    return _lse_gradient(z, w) / w[:, None]


@np.errstate(over="ignore")
def _inner_derivative_alone(z: Matrix, w: Vector) -> Matrix:
    return w[:, None] * np.exp(z)


@np.errstate(over="ignore", divide="ignore")
def _outer_derivative_alone(z: Matrix, w: Vector) -> Matrix:
    return np.broadcast_to(1 / (w[:, None] * np.exp(z)).sum(axis=0), z.shape)


def _weights_in_exponent(z: Matrix, w: Vector) -> Matrix:
    return softmax(w[:, None] * z)


def _lse_over_samples(z: Matrix, w: Vector) -> Matrix:
    return softmax(z + np.log(w)[:, None], axis=1)


def _lse_second_derivative(z: Matrix, w: Vector) -> Matrix:
    p = _lse_gradient(z, w)
    return p * (1 - p)


def _lse_logarithms(z: Matrix, w: Vector) -> Matrix:
    with np.errstate(divide="ignore"):
        return np.log(_lse_gradient(z, w))


lse_gradient = Task(
    name="lse_gradient", title="Task 1a, the gradient of log-sum-exp",
    takes="z, w", returns="g",
    reference=_lse_gradient, draw=_weighted_scores, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)),
    mistakes=(
        Mistake("large scores overflow",
                "What is `np.exp(1000)`, and what is one such number divided by another? Which number may you subtract "
                "from all scores of a column without changing the quotient?", _lse_not_shifted),
        Mistake("you subtract the same number from all columns",
                "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum "
                "should be subtracted?", _lse_shifted_alike),
        Mistake("you subtract the mean of the scores",
                "A score can lie a thousand above the mean of its column. After which shift is no exponent positive?",
                _lse_shifted_by_mean),
        Mistake("you subtract the maximum of each row",
                "The shift cancels only if one number is subtracted from everything that is summed. Which axis holds "
                "the entries of a point?", _lse_maximum_of_rows),
        Mistake("you clip the scores",
                "Of the scores 1000 and 2000, which has the larger slope? Clipping makes them equal, a shift does not.",
                _lse_clipped),
        Mistake("you divide by the sum over all columns", "To what should the entries of each column add up?",
                _lse_divided_by_everything),
        Mistake("the weights play no part", "Try equal scores. Which weight has the larger slope?",
                _weights_forgotten),
        Mistake("the weights stand above the fraction bar only",
                "Do the entries of a column sum to 1? What exactly is inside the logarithm?", _weights_only_above),
        Mistake("the weights stand below the fraction bar only",
                "What is the derivative of one summand of the sum with respect to its score?", _weights_only_below),
        Mistake("you forgot the derivative of the logarithm",
                "The chain rule has two factors. Which one belongs to the outer function?", _inner_derivative_alone),
        Mistake("you forgot the derivative of the sum",
                "The chain rule has two factors. How does the sum inside the logarithm change with one score?",
                _outer_derivative_alone),
        Mistake("the weights multiply the scores", "A weight stands before the exponential, not in the exponent.",
                _weights_in_exponent),
        Mistake("you sum over the columns", "Each column is a point of its own. Which axis holds its entries?",
                _lse_over_samples),
        Mistake("you have differentiated twice", "This is the diagonal of the second derivatives.",
                _lse_second_derivative),
        Mistake("you return logarithms", "Can a slope of this function be negative?", _lse_logarithms),
    ),
)


# ---------------------------------------------------------------- Task 2: the Jacobian of a layer

def _layer(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Vector, Vector]:
    n, d = shape
    return rng.normal(size=(n, d)).round(1), rng.normal(size=n).round(1), rng.normal(size=d).round(1)


def _layer_jacobian(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 - np.tanh(W @ x + b) ** 2)[:, None] * W


def _jacobian_transposed(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return _layer_jacobian(W, b, x).T


def _jacobian_of_the_sum(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return W.copy()


def _jacobian_of_a_sigmoid(W: Matrix, b: Vector, x: Vector) -> Matrix:
    a = sigmoid(W @ x + b)
    return (a * (1 - a))[:, None] * W


def _sigmoid_rule_for_tanh(W: Matrix, b: Vector, x: Vector) -> Matrix:
    a = np.tanh(W @ x + b)
    return (a * (1 - a))[:, None] * W


def _slope_at_z(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 - (W @ x + b) ** 2)[:, None] * W


def _square_forgotten(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 - np.tanh(W @ x + b))[:, None] * W


def _value_for_slope(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return np.tanh(W @ x + b)[:, None] * W


def _cosh_not_squared(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 / np.cosh(W @ x + b))[:, None] * W


def _square_added(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 + np.tanh(W @ x + b) ** 2)[:, None] * W


def _bias_subtracted(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return _layer_jacobian(W, -b, x)


def _bias_forgotten(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return _layer_jacobian(W, 0 * b, x)


def _tanh_of_the_product(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return (1 - np.tanh(_layer_jacobian(W, b, x)) ** 2) * W


def _columns_scaled(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return W * (1 - np.tanh(W @ x + b) ** 2)


def _times_x(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return _layer_jacobian(W, b, x) * x


def _outputs_summed(W: Matrix, b: Vector, x: Vector) -> Vector:
    return _layer_jacobian(W, b, x).sum(axis=0)


def _with_respect_to_weights(W: Matrix, b: Vector, x: Vector) -> Matrix:
    return np.outer(1 - np.tanh(W @ x + b) ** 2, x)


layer_jacobian = Task(
    name="layer_jacobian", title="Task 2a, the Jacobian of a tanh layer",
    takes="W, b, x", returns="J",
    reference=_layer_jacobian, draw=_layer, shapes=((2, 2), (3, 2), (2, 4), (4, 4)),
    mistakes=(
        Mistake("your Jacobian is transposed", "One row per output, one column per input.", _jacobian_transposed),
        Mistake("the activation has no part in it",
                "This is the Jacobian of Wx + b. What comes after that?", _jacobian_of_the_sum),
        Mistake("your layer has sigmoid units", "This layer has tanh units. What is the slope of tanh?",
                _jacobian_of_a_sigmoid),
        Mistake("you took the slope of the sigmoid at the output of tanh",
                "The rule a(1 − a) belongs to the sigmoid. Which rule does the quotient rule give for tanh?",
                _sigmoid_rule_for_tanh),
        Mistake("you put z into a rule that wants the output", "Is the slope 1 − a² or 1 − z²?", _slope_at_z),
        Mistake("a square is missing in the slope", "What is the slope of tanh at 0, and what far away on both sides?",
                _square_forgotten),
        Mistake("you took the value of tanh for its slope", "What is the slope of tanh at 0?", _value_for_slope),
        Mistake("the hyperbolic cosine is not squared",
                "The quotient rule has the square of the denominator below the bar.", _cosh_not_squared),
        Mistake("a sign is turned in the slope",
                "Is tanh steeper at 0 or far away? Which sign in the quotient rule decides that?", _square_added),
        Mistake("the bias was left out of z", "The slope is taken at z. What is z?", _bias_forgotten),
        Mistake("the bias is subtracted", "The slope is taken at z. What is z?", _bias_subtracted),
        Mistake("your slopes scale the columns of W",
                "Which unit does a slope belong to, and where do the weights of this unit stand?", _columns_scaled),
        Mistake("there is a factor x too many", "How fast does one z change when one input changes?", _times_x),
        Mistake("you have added up the outputs", "A Jacobian keeps one row for each output.", _outputs_summed),
        Mistake("you differentiate with respect to the weights",
                "The Jacobian is asked for with respect to the inputs x.", _with_respect_to_weights),
    ),
)


# ---------------------------------------------------------------- Task 3a: a gradient by differences

def _wavy(theta: np.ndarray) -> float:
    """A function of an array of any shape, with another slope in each entry."""
    t = np.asarray(theta)
    return float(np.sum(np.sin(t * np.arange(1, t.size + 1).reshape(t.shape) / 2)) + np.prod(np.cos(t / 3)))


def _differences(rng: np.random.Generator, shape: tuple[tuple[int, ...], str, float]) -> tuple[Any, ...]:
    size, dtype, delta = shape
    theta = rng.integers(-3, 4, size=size) if dtype == "int" else rng.normal(size=size).round(1)
    return _wavy, theta, delta


def _forward_differences(f: Function, theta: np.ndarray, delta: float, sign: int = 1) -> np.ndarray:
    theta = np.array(theta, dtype=float)
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        moved = theta.copy()
        moved[i] += sign * delta
        gradient[i] = sign * (f(moved) - f(theta)) / delta
    return gradient


def _backward_differences(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return _forward_differences(f, theta, delta, sign=-1)


def _divided_by_one_step(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return 2 * central_difference(f, theta, delta)


def _not_divided(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return 2 * delta * central_difference(f, theta, delta)


def _whole_numbers_kept(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        above, below = theta.copy(), theta.copy()
        above[i] = theta[i] + delta
        below[i] = theta[i] - delta
        gradient[i] = (f(above) - f(below)) / (2 * delta)
    return gradient


def _step_of_whole_numbers(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[i] = delta
        gradient[i] = (f(theta + step) - f(theta - step)) / (2 * delta)
    return gradient


def _brackets_forgotten(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return delta**2 * central_difference(f, theta, delta)


def _gradient_of_whole_numbers(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return central_difference(f, theta, delta).astype(theta.dtype)


def _all_moved_at_once(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return np.full(theta.shape, (f(theta + delta) - f(theta - delta)) / (2 * delta))


def _never_moved_back(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    theta = np.array(theta, dtype=float)
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        theta[i] += delta
        above = f(theta)
        theta[i] -= 2 * delta
        gradient[i] = (above - f(theta)) / (2 * delta)
    return gradient


def _flat_gradient(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return central_difference(f, theta, delta).ravel()


def _step_of_its_own(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return central_difference(f, theta, 1e-12)


def _relative_step(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    theta = np.array(theta, dtype=float)
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[i] = delta * theta[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            gradient[i] = np.float64(f(theta + step) - f(theta - step)) / (2 * step[i])
    return gradient


def _sign_turned(f: Function, theta: np.ndarray, delta: float) -> np.ndarray:
    return -central_difference(f, theta, delta)


numerical_gradient = Task(
    name="numerical_gradient", title="Task 3a, central differences",
    takes="f, theta, delta", returns="gradient",
    reference=central_difference, draw=_differences,
    shapes=(((2,), "float", 0.1), ((2,), "int", 0.2), ((3, 2), "float", 0.01), ((2, 3), "int", 1e-3)),
    mistakes=(
        Mistake("you step to one side only", "Central differences look at θ + Δ and at θ − Δ.", _forward_differences),
        Mistake("you step backwards only", "Central differences look at θ + Δ and at θ − Δ.", _backward_differences),
        Mistake("you divide by one step", "How far apart are the two points?", _divided_by_one_step),
        Mistake("you do not divide", "A slope is a rise divided by a distance.", _not_divided),
        Mistake("your step is cut off in an array of whole numbers",
                "What happens to 3.1 in an array of dtype int? Turn θ into floating-point numbers first.",
                _whole_numbers_kept),
        Mistake("your step is cut off to 0 where θ holds whole numbers",
                "`np.zeros_like` takes over the dtype as well as the shape.", _step_of_whole_numbers),
        Mistake("you divide by 2 and then multiply by Δ",
                "In which order does Python compute a / 2 * b?", _brackets_forgotten),
        Mistake("your slopes are stored as whole numbers",
                "`np.empty_like` takes over the dtype as well as the shape.", _gradient_of_whole_numbers),
        Mistake("you move all entries at once",
                "A partial derivative holds the other entries still.", _all_moved_at_once),
        Mistake("an entry is not moved back before the next one is moved",
                "Where is θ when the second entry has its turn?", _never_moved_back),
        Mistake("your gradient has lost the shape of θ",
                "A gradient has one entry for each entry of θ, in the same place.", _flat_gradient),
        Mistake("you use a step of your own", "Δ is an argument.", _step_of_its_own),
        Mistake("your step is proportional to θ", "How large is the step where θ is 0? And Δ is asked for as it is.",
                _relative_step),
        Mistake("the sign is turned round", "Is the function larger or smaller to the right of a positive slope?",
                _sign_turned),
    ),
)


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


def _errors(f: Function, gradient: Vector, theta: Vector, steps: tuple[float, ...] = STEPS) -> list[float]:
    found = []
    for delta in steps:
        numerical = central_difference(f, theta, delta)
        found.append(float(np.abs(numerical - gradient).max() / np.abs(gradient).max()))
    return found


def _gradient_is_wrong(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(_errors(f, gradient, theta)) > 1e-3


def _one_small_step_decides(f: Function, gradient: Vector, theta: Vector) -> bool:
    return _errors(f, gradient, theta, (1e-8,))[0] > 1e-3


def _one_medium_step_decides(f: Function, gradient: Vector, theta: Vector) -> bool:
    return _errors(f, gradient, theta, (1e-6,))[0] > 1e-3


def _threshold_too_low(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(_errors(f, gradient, theta)) > 1e-5


def _mean_over_entries(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(float(np.abs(central_difference(f, theta, d) - gradient).mean()) / np.abs(gradient).max()
               for d in STEPS) > 1e-3


def _every_step_must_agree(f: Function, gradient: Vector, theta: Vector) -> bool:
    return max(_errors(f, gradient, theta)) > 1e-3


def _absolute_error(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(_errors(f, gradient, theta)) * np.abs(gradient).max() > 1e-3


def _verdict_turned_round(f: Function, gradient: Vector, theta: Vector) -> bool:
    return not _gradient_is_wrong(f, gradient, theta)


def _sums_compared(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(abs(float((central_difference(f, theta, d) - gradient).sum())) / np.abs(gradient).max()
               for d in STEPS) > 1e-3


def _always_right(f: Function, gradient: Vector, theta: Vector) -> bool:
    return False


def _always_wrong(f: Function, gradient: Vector, theta: Vector) -> bool:
    return True


def _large_steps_only(f: Function, gradient: Vector, theta: Vector) -> bool:
    return min(_errors(f, gradient, theta, (1e-1, 1e-2))) > 3e-3


gradient_is_wrong = Task(
    name="gradient_is_wrong", title="Task 3b, who is to blame",
    takes="f, gradient, theta", returns="wrong",
    reference=_gradient_is_wrong, draw=_suspect,
    shapes=(("slow", 0), ("tame", 2), ("high", 0), ("flat", 0), ("flat", 1), ("fast", 0), ("fast", 1),
            ("tiny", 0), ("tiny", 1), ("wide", 1)),
    mistakes=(
        Mistake("you decide by one small step",
                "On a function that is huge beside its gradient, rounding spoils a small step. What does a wrong "
                "gradient do when the step changes, and what does a bad step do?", _one_small_step_decides),
        Mistake("you decide by one step of medium size, or by the median over several",
                "Rounding spoils this step on a function that is huge beside its gradient, and truncation on one that "
                "wiggles quickly. Most steps may be bad: how many good ones do you need?", _one_medium_step_decides),
        Mistake("your threshold is so low that a right gradient misses it",
                "Right gradients are only promised to agree to four digits, at one step.", _threshold_too_low),
        Mistake("you take the mean over the entries",
                "One wrong entry among twenty drowns in a mean. Look for the worst entry.", _mean_over_entries),
        Mistake("you want every step to agree",
                "A right gradient disagrees with quotients that are bad. How many good ones do you need?",
                _every_step_must_agree),
        Mistake("you measure the error in absolute numbers",
                "An error of 10⁻⁹ is everything if the gradient is 10⁻⁷. Compare it with the gradient.",
                _absolute_error),
        Mistake("your verdict is turned round", "The function returns True if the *gradient* is to blame.",
                _verdict_turned_round),
        Mistake("you compare sums over the entries",
                "Two wrong entries can cancel in a sum. Look for the worst entry.", _sums_compared),
        Mistake("you acquit every gradient", "Is there an input on which your function returns True?", _always_right),
        Mistake("you condemn every gradient", "Is there an input on which your function returns False?", _always_wrong),
        Mistake("you try large steps only",
                "A function that wiggles ten thousand times in each unit needs steps far below 10⁻⁴.",
                _large_steps_only),
    ),
)


# ---------------------------------------------------------------- Task 4: find the bug

def _ridge(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, Matrix, Vector, float]:
    N, P = shape
    return (rng.normal(size=P).round(1) + 0.05, rng.normal(size=(N, P)).round(1), rng.normal(size=N).round(1),
            round(float(rng.uniform(0.2, 0.9)), 2))


def _penalised(residual_part: float, penalty: Callable[[Vector], Vector]) -> Answer:
    """Return the gradient of the data part, times a factor, plus λ times `penalty`."""
    def answer(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
        return residual_part * 2 * X.T @ (X @ w - y) / len(y) + lam * penalty(w)

    return answer


def broken_slopes(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    """Return what the broken program of Task 4 returns: the penalty has no part in it."""
    return _penalised(1, np.zeros_like)(w, X, y, lam)


def _slope_of_norm(w: Vector) -> Vector:
    return w / np.sqrt((w**2).sum())


def _twice(w: Vector) -> Vector:
    return 2 * w


def _four_times(w: Vector) -> Vector:
    return 4 * w


def _same(w: Vector) -> Vector:
    return w


def _signs(w: Vector) -> Vector:
    return np.sign(w)


def _penalty_as_mean(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    return _penalised(1, _twice)(w, X, y, lam / len(w))


def _penalty_without_lambda(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    return _penalised(1, _twice)(w, X, y, 1.0)


def _data_summed(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    return _penalised(len(y), _twice)(w, X, y, lam)


def _penalty_negative(w: Vector, X: Matrix, y: Vector, lam: float) -> Vector:
    return _penalised(1, _twice)(w, X, y, -lam)


repaired_slopes = Task(
    name="repaired_slopes", title="Task 4, the forgotten penalty",
    takes="w, X, y, lam", returns="gradient",
    reference=_penalised(1, _twice), draw=_ridge, shapes=((3, 2), (4, 3), (5, 2)),
    mistakes=(
        Mistake("this is still what the broken function does",
                "Print the imaginary part of each of the two summands of the cost after a step.", broken_slopes),
        Mistake("half of the penalty's slope is missing",
                "What is the derivative of a square? Does your penalty multiply w by itself, with the complex step in "
                "both factors?", _penalised(1, _same)),
        Mistake("the penalty counts twice", "Compare with λ = 0.", _penalised(1, _four_times)),
        Mistake("your penalty is the norm, not its square", "The cost has λ times the *square* of the length.",
                _penalised(1, _slope_of_norm)),
        Mistake("your penalty adds up absolute values", "The cost has λ times the sum of the squares.",
                _penalised(1, _signs)),
        Mistake("your penalty is a mean", "The squares of the weights are summed, not averaged.", _penalty_as_mean),
        Mistake("λ got lost", "Try λ = 0.5 and λ = 0.25.", _penalty_without_lambda),
        Mistake("the penalty has the wrong sign", "Does a penalty make large weights cheaper?", _penalty_negative),
        Mistake("the errors of the samples are summed", "The first part of the cost is a mean.", _data_summed),
        Mistake("the data have no part in it", "Two summands, two slopes.", _penalised(0, _twice)),
    ),
)


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


def _curve(rng: np.random.Generator, shape: int) -> tuple[int]:
    return (shape,)


def _reading(*numbers: int) -> Answer:
    def answer(curve: int) -> int:
        return numbers[curve]

    return answer


which_method = Task(
    name="which_method", title="Task 5a, four curves",
    takes="curve", returns="method",
    reference=_reading(2, 4, 3, 1), draw=_curve, shapes=(0, 1, 2, 3), seeds=1,
    mistakes=(
        Mistake("you took forward for central, and central for forward",
                "Follow both lines from the right: what happens to the errors when the step gets ten times smaller?",
                _reading(1, 4, 3, 2)),
        Mistake("you exchanged the two precisions",
                "Where rounding rules, a coarser number format has the larger errors.", _reading(3, 4, 2, 1)),
        Mistake("you took the single-precision curve for the forward quotient",
                "Both have large errors at small steps. What are their slopes at the right end?",
                _reading(2, 4, 1, 3)),
        Mistake("you took the complex step for the central quotient",
                "They agree at large steps. Which of the two subtracts?", _reading(4, 2, 3, 1)),
        Mistake("you took the complex step for the forward quotient",
                "Which of the four methods does not come back up?", _reading(2, 1, 3, 4)),
        Mistake("you have shifted the names by one",
                "Begin with the curve that is different from all others.", _reading(1, 2, 3, 4)),
        Mistake("you took the complex step for the one in single precision",
                "Which curve lies highest where steps are small, and which lowest?", _reading(2, 3, 4, 1)),
    ),
)


#: In the order of the notebook.
ALL = (lse_gradient, layer_jacobian, numerical_gradient, gradient_is_wrong, repaired_slopes, which_method)
