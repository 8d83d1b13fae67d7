"""The tasks of the chapter on stochastic gradient descent.

A wrong walk is the right one with one part exchanged: the rate, the index, the gradient, or what is kept of the path.
Rates are η_k = c₀/(c₁ + k) with k = 0 for the first step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lecture_code.feedback import Task, task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: two conditions

@task("Task 1, two conditions", returns="sum_diverges, squares_converge", points=2, seeds=1,
      draw=lambda rng, q: (q,), shapes=(0.0, 0.25, 0.5, 0.51, 1.0, 1.01, 2.0))
def conditions(q):
    return q <= 1, q > 1 / 2


conditions.mistake("your harmonic series converges",
    "1 + ½ + ⅓ + ¼ + … : the terms from 1/(n + 1) to 1/(2n) add up to at least ½, for every n.",
    lambda q: (q < 1, q > 1 / 2))
conditions.mistake("your squares of 1/√(k + 1) have a finite sum", "What are these squares? You know their sum.",
    lambda q: (q <= 1, q >= 1 / 2))
conditions.mistake("both borders fall on the wrong side",
    "Look at the sum of 1/(k + 1) once more. It decides both borders.", lambda q: (q < 1, q >= 1 / 2))
conditions.mistake("the two conditions have changed places",
    "First comes whether the rates have an infinite sum, then whether their squares have a finite one.",
    lambda q: (q > 1 / 2, q <= 1))
conditions.mistake("you forgot to square the rates", "What is the square of 1/(k + 1)^q, as a power of k + 1?",
    lambda q: (q <= 1, q > 1))
conditions.mistake("you say whether the sum of the rates is finite",
    "The first condition asks for an infinite sum. A constant rate meets it.", lambda q: (q > 1, q > 1 / 2))
conditions.mistake("you say whether the sum of the squares is infinite",
    "The second condition asks for a finite sum. A constant rate does not meet it.", lambda q: (q <= 1, q <= 1 / 2))
conditions.mistake("it is enough for you that the squares tend to 0",
    "1/(k + 1) tends to 0 and has an infinite sum. When is the sum of the squares finite?", lambda q: (q <= 1, q > 0))
conditions.mistake("every sum of rates is infinite for you",
    "1 + ¼ + 1/9 + 1/16 + … is less than 2. How far can steps of these lengths lead?", lambda q: (True, q > 1 / 2))


# ---------------------------------------------------------------- rates

def _constants(rng: np.random.Generator) -> tuple[float, float]:
    return round(float(rng.uniform(0.2, 0.9)), 1), round(float(rng.uniform(1.2, 4)), 1)


def _rate(k: int, i: int, c0: float, c1: float) -> float:
    """Return the rate of step k, which takes sample i."""
    return c0 / (c1 + k)


def _rate_mistakes(task: Task) -> None:
    """Add what goes wrong with the rate, whatever walk it is used in."""
    task.mistake("your k is one too large",
        "The first step has k = 0 and the rate c₀/c₁. Where does your counter start?",
        rate=lambda k, i, c0, c1: c0 / (c1 + k + 1))
    task.mistake("your rate is computed once",
        "Does your line for the rate stand inside the loop? It has to change with k.",
        rate=lambda k, i, c0, c1: c0 / c1)
    task.mistake("c₁ has no part in your rate", "The first rate is c₀/c₁. Which is yours?",
        rate=lambda k, i, c0, c1: c0 / (1 + k))
    task.mistake("a bracket is missing in your rate", "`c0 / c1 + k` grows with k. What is divided by what?",
        rate=lambda k, i, c0, c1: c0 / c1 + k)
    task.mistake("there is a root in your rate", "The denominator is c₁ + k itself.",
        rate=lambda k, i, c0, c1: c0 / np.sqrt(c1 + k))


# ---------------------------------------------------------------- Task 2: the mean of a stream

def _stream(rng: np.random.Generator, K: int) -> tuple[Any, ...]:
    theta = round(float(rng.normal(scale=2)), 1)
    return theta if K != 2 else round(theta), rng.normal(scale=3, size=K).round(1), *_constants(rng)


@task("Task 2a, the stream", returns="path", points=3, draw=_stream, shapes=(1, 2, 3, 8))
def streaming_path(theta, x, c0, c1, *, rate=_rate, slope=lambda theta, x: theta - x):
    path = [theta]
    for k in range(len(x)):
        path.append(path[-1] - rate(k, k, c0, c1) * slope(path[-1], x[k]))
    return np.array(path)


streaming_path.mistake("you walk uphill", "Does θ come nearer to the sample in a step?",
    slope=lambda theta, x: x - theta)
streaming_path.mistake("there is a factor 2 too many", "What is the derivative of ½(θ − x)² by θ?",
    slope=lambda theta, x: 2 * (theta - x))
streaming_path.mistake("the start is missing in your path",
    "The path of K steps has K + 1 points. Which one comes first?", result=lambda path: path[1:])
streaming_path.mistake("the end is missing in your path",
    "The path of K steps has K + 1 points. Is the point after the last step among yours?",
    result=lambda path: path[:-1])
streaming_path.mistake("you return the last point alone", "All points are asked for, the start too.",
    result=lambda path: path[-1])
streaming_path.mistake("every step uses the θ from the start",
    "The second gradient belongs to the θ that the first step has reached.",
    lambda theta, x, c0, c1: np.append(theta, theta - np.cumsum(c0 / (c1 + np.arange(len(x))) * (theta - x))))
streaming_path.mistake("only the sample has a part in your gradient",
    "Then θ would not rest if every sample equalled it. What is the derivative of ½(θ − x)² by θ?",
    slope=lambda theta, x: -x)
streaming_path.mistake("you compute means of the samples", "That is right for c₀ = c₁ = 1 only. Take the steps.",
    lambda theta, x, c0, c1: np.append(theta, np.cumsum(x) / np.arange(1, len(x) + 1)))
_rate_mistakes(streaming_path)


@streaming_path.mistake("your path can hold whole numbers only",
    "An array that is made from θ, as by `np.full`, has the type of θ. Which type has a start in whole numbers?")
def _(theta, x, c0, c1):
    path = np.full(len(x) + 1, theta)
    for k in range(len(x)):
        path[k + 1] = path[k] - _rate(k, k, c0, c1) * (path[k] - x[k])
    return path


# ---------------------------------------------------------------- Task 3: least squares

def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, steps = shape
    theta, X, y = (rng.normal(size=size).round(1) for size in (d, (N, d), N))
    return theta, X, y, rng.integers(N, size=steps), *_constants(rng)


def _gradient(theta: Vector, X: Matrix, y: Vector, k: int, i: int) -> Vector:
    return (X[i] @ theta - y[i]) * X[i]


@task("Task 3, least squares", returns="theta", points=3,
      draw=_regression, shapes=((2, 1, 1), (2, 1, 2), (3, 2, 3), (5, 3, 9)))
def least_squares_walk(theta, X, y, order, c0, c1, *, rate=_rate, gradient=_gradient):
    """Step k takes sample i."""
    for k, i in enumerate(order):
        theta = theta - rate(k, i, c0, c1) * gradient(theta, X, y, k, i)
    return theta


least_squares_walk.mistake("your rate depends on the number of the sample",
    "The rate belongs to the step, whichever sample was drawn. You have two indices: which one counts steps?",
    rate=lambda k, i, c0, c1: c0 / (c1 + i))
least_squares_walk.mistake("you take the samples as they stand",
    "The drawn indices are an argument. Which sample does step k take?",
    gradient=lambda theta, X, y, k, i: (X[k] @ theta - y[k]) * X[k])
least_squares_walk.mistake("the target belongs to another sample than the input",
    "Both X and y are to be taken at the drawn index. Is one of them taken at k?",
    gradient=lambda theta, X, y, k, i: (X[i] @ theta - y[k]) * X[i])
least_squares_walk.mistake("you walk uphill",
    "Does the residual of the drawn sample get smaller in a step with a tiny rate?",
    gradient=lambda *at: -_gradient(*at))
least_squares_walk.mistake("there is a factor 2 too many", "The loss has a ½ in front of the square.",
    gradient=lambda *at: 2 * _gradient(*at))
least_squares_walk.mistake("you divide by the number of samples", "The loss of one sample has no mean in it.",
    gradient=lambda theta, X, y, k, i: _gradient(theta, X, y, k, i) / len(y))
least_squares_walk.mistake("every step uses the θ from the start",
    "The second gradient belongs to the θ that the first step has reached.",
    lambda theta, X, y, order, c0, c1:
        theta - c0 / (c1 + np.arange(len(order))) * (X[order] @ theta - y[order]) @ X[order])
least_squares_walk.mistake("you stop after the first step", "Is your `return` inside the loop?",
    order=lambda order: order[:1])
least_squares_walk.mistake("the inner derivative is missing",
    "What is the derivative of θᵀx by θ? The residual has to be multiplied by something.",
    gradient=lambda theta, X, y, k, i: X[i] @ theta - y[i])
least_squares_walk.mistake("every step uses all samples",
    "That is gradient descent. How many samples does a step of SGD look at?",
    gradient=lambda theta, X, y, k, i: (X @ theta - y) @ X / len(y))
_rate_mistakes(least_squares_walk)


# ---------------------------------------------------------------- Task 4: the mean square

def _start_and_rates(rng: np.random.Generator, K: int) -> tuple[float, Vector]:
    return round(float(rng.normal(scale=2)), 1), rng.uniform(0.05, 0.95, size=K).round(2)


def _after(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v + eta**2


@task("Task 4a, the mean square", returns="v", points=3, draw=_start_and_rates, shapes=(1, 2, 6))
def mean_squares(theta, rates, *, after=_after, power=2):
    v = [theta**power]
    for eta in rates:
        v.append(after(v[-1], eta))
    return np.array(v)


mean_squares.mistake("the factor of the old value is not squared",
    "θ is multiplied by 1 − η. By what is θ² multiplied?", after=lambda v, eta: (1 - eta) * v + eta**2)
mean_squares.mistake("the rate in front of the noise is not squared",
    "The noise in a step is ηξ. What is the expectation of its square?", after=lambda v, eta: (1 - eta) ** 2 * v + eta)
mean_squares.mistake("the noise is missing", "This is gradient descent. What does E ξ² = 1 contribute?",
    after=lambda v, eta: (1 - eta) ** 2 * v)
mean_squares.mistake("the noise enters without the rate", "The gradient is multiplied by η, and its noise with it.",
    after=lambda v, eta: (1 - eta) ** 2 * v + 1)
mean_squares.mistake("the noise makes the mean square smaller", "Minus ηξ, squared: which sign does it have?",
    after=lambda v, eta: (1 - eta) ** 2 * v - eta**2)
mean_squares.mistake("the noise always points away from the minimum",
    "You add sizes before squaring. What is the expectation of the product of θ and ξ, if they are independent?",
    after=lambda v, eta: ((1 - eta) * np.sqrt(v) + eta) ** 2)
mean_squares.mistake("θ is pushed away from the minimum",
    "The step subtracts the gradient, and that is θ. What is left of θ?",
    after=lambda v, eta: (1 + eta) ** 2 * v + eta**2)
mean_squares.mistake("a square has lost a term", "Expand (1 − η)² in full.",
    after=lambda v, eta: (1 - 2 * eta) * v + eta**2)
mean_squares.mistake("the square stands in the wrong place", "(1 − η)² and 1 − η² are two numbers.",
    after=lambda v, eta: (1 - eta**2) * v + eta**2)
mean_squares.mistake("the start is not squared", "What is E θ₀², if θ₀ is a fixed number?", power=1)
mean_squares.mistake("the start is missing", "K rates give K + 1 values. Which one comes first?",
    result=lambda v: v[1:])
mean_squares.mistake("you return the last value alone", "All values are asked for, the first one too.",
    result=lambda v: v[-1])
mean_squares.mistake("you return the roots of the mean squares", "Compare your first value with θ₀ and with θ₀².",
    result=np.sqrt)


# ---------------------------------------------------------------- Task 5: the best rates

def _start_and_number(rng: np.random.Generator, K: int) -> tuple[float, int]:
    return float(rng.choice([-1, 1])) * round(float(rng.uniform(0.3, 4)), 1), K


def _best(v: float) -> float:
    return v / (v + 1)


@task("Task 5, the best rates", returns="rates", points=3, draw=_start_and_number, shapes=(1, 2, 5, 12), rtol=1e-5)
def best_rates(theta, K, *, best=_best, after=_after, power=2):
    """`best` is the best rate for the mean square v, and `after` what v becomes."""
    rates, v = [], abs(theta) ** power
    for _ in range(K):
        rates.append(best(v))
        v = after(v, _best(v))
    return np.array(rates)


best_rates.mistake("your rates would be the best ones from a start infinitely far away",
    "From a start that is near the minimum already, a step with the rate 1 jumps away from it. Where does θ₀ come in?",
    lambda theta, K: 1 / (1 + np.arange(K)))
best_rates.mistake("your rates come one step too early: each is the mean square before its step",
    "The first rate is chosen for v₀ = θ₀², and is smaller than 1. Set the derivative to 0 once more.",
    lambda theta, K: 1 / (1 / theta**2 + np.arange(K)))
best_rates.mistake("your start is not squared", "What is v₀, if θ₀ is a fixed number?", power=1)
best_rates.mistake("all your rates are the best one for the first step",
    "After a step θ is nearer to the minimum, and the noise is as large as before. Which v has the next rate to use?",
    after=lambda v, eta: v)
best_rates.mistake("you forget the noise on the way from one v to the next",
    "The rates are right for the v that you have. Which term is missing in the next v?",
    after=lambda v, eta: (1 - eta) ** 2 * v)
best_rates.mistake("your rates are small where they should be large",
    "Far from the minimum the noise hardly matters: which rate leads there in one step?", best=lambda v: 1 / (v + 1))
best_rates.mistake("every step of yours is the best one without noise",
    "A rate of 1 leads to −ξ, whatever was known before. What should be kept of it?", best=lambda v: 1.0)
best_rates.mistake("your rates stand in reverse order",
    "When is the noise worth less than the way to go, in the beginning or at the end?", result=np.flip)

#: In the order of the notebook.
ALL = (conditions, streaming_path, least_squares_walk, mean_squares, best_rates)
#: What a person marks, with its points.
WRITTEN = {"Task 2b, the mean with copies of the start": 4, "Task 4b, the noise of a constant rate": 5}
