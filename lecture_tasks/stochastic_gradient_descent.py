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

@task("Task 1: two conditions", returns="sum_diverges, squares_converge", points=2, seeds=1,
      draw=lambda rng, q: (q,), shapes=(0.0, 0.25, 0.5, 0.51, 1.0, 1.01, 2.0))
def conditions(q):
    return q <= 1, q > 1 / 2


conditions.mistake("your harmonic series converges",
    "1 + ½ + ⅓ + ¼ + … : the terms from 1/(n + 1) to 1/(2n) add up to at least ½, for every n.",
    slip={"q <= 1": "q < 1"})
conditions.mistake("your squares of 1/√(k + 1) have a finite sum", "What are these squares? You know their sum.",
    slip={"q > 1": "q >= 1"})
conditions.mistake("both borders fall on the wrong side",
    "Look at the sum of 1/(k + 1) once more. It decides both borders.", slip={"<=": "<", ">": ">="})
conditions.mistake("the two conditions have changed places",
    "First comes whether the rates have an infinite sum, then whether their squares have a finite one.",
    result=lambda both: both[::-1])
conditions.mistake("your second border is at q = 1", "What is the square of 1/(k + 1)^q, as a power of k + 1?",
    slip={"1 / 2": "1"})
conditions.mistake("your second border is at q = 1, and your harmonic series converges",
    "What is the square of 1/(k + 1)^q, as a power of k + 1? And what is the sum of 1/(k + 1)?",
    slip={"<=": "<", "> 1 / 2": ">= 1"})
conditions.mistake("you say whether the sum of the rates is finite",
    "The first condition asks for an infinite sum. A constant rate meets it.", slip={"q <= 1": "q > 1"})
conditions.mistake("you say whether the sum of the squares is infinite",
    "The second condition asks for a finite sum. A constant rate does not meet it.", slip={"q > 1": "q <= 1"})
conditions.mistake("it is enough for you that the squares tend to 0",
    "1/(k + 1) tends to 0 and has an infinite sum. When is the sum of the squares finite?", slip={"1 / 2": "0"})
conditions.mistake("you ask in place of the first sum whether the rates tend to 0",
    "How far can a constant rate lead? The first condition is one on the sum alone.", slip={"q <= 1": "q > 0"})
conditions.mistake("a constant rate has a finite sum for you", "How large is 1 + 1 + 1 + … ?",
    slip={"q <= 1": "0 < q <= 1"})
conditions.mistake("every sum of rates is infinite for you",
    "1 + ¼ + 1/9 + 1/16 + … is less than 2. How far can steps of these lengths lead?", slip={"q <= 1": "True"})
conditions.mistake("every sum of squares is infinite for you",
    "1 + ¼ + 1/9 + 1/16 + … is less than 2. Of which rates are these the squares?", slip={"q > 1 / 2": "False"})


# ---------------------------------------------------------------- rates

def _constants(rng: np.random.Generator) -> tuple[float, float]:
    return round(float(rng.uniform(0.2, 0.9)), 1), round(float(rng.uniform(1.2, 4)), 1)


def _rate_mistakes(walk: Task) -> None:
    """Add what goes wrong with the rate, whatever walk it is used in."""
    walk.mistake("your k is one too large",
        "The first step has k = 0 and the rate c₀/c₁. Where does your counter start?", slip={"c1 + k": "c1 + k + 1"})
    walk.mistake("all your steps have the same rate", "What in your rate changes from step to step?",
        slip={"(c1 + k)": "c1"})
    walk.mistake("c₁ has no part in your rate", "The first rate is c₀/c₁. Which is yours?", slip={"c1 + k": "1 + k"})
    walk.mistake("c₀ has no part in your rate", "The first rate is c₀/c₁. Which is yours?", slip={"c0 /": "1 /"})
    walk.mistake("c₀ and c₁ have changed places", "The first rate is c₀/c₁. Which is yours?",
        slip={"c0 / (c1 + k)": "c1 / (c0 + k)"})
    walk.mistake("c₁ is a factor where it should be a summand",
        "The denominator is c₁ + k. When is your rate half of the first one?", slip={"c1 + k": "c1 * (1 + k)"})
    walk.mistake("a bracket is missing in your rate", "`c0 / c1 + k` grows with k. What is divided by what?",
        slip={"c0 / (c1 + k)": "(c0 / c1 + k)"})
    walk.mistake("there is a root in your rate", "The denominator is c₁ + k itself.",
        slip={"(c1 + k)": "np.sqrt(c1 + k)"})


# ---------------------------------------------------------------- Task 2: the mean of a stream

def _stream(rng: np.random.Generator, K: int) -> tuple[Any, ...]:
    theta = round(float(rng.normal(scale=2)), 1)
    x = rng.normal(scale=3, size=K).round(1)
    return theta if K != 2 else round(theta), x if K != 3 else x.round().astype(int), *_constants(rng)


@task("Task 2a: the mean of a stream", returns="path", points=3, draw=_stream, shapes=(1, 2, 3, 8))
def streaming_path(theta, x, c0, c1):
    path = np.full(len(x) + 1, theta, dtype=float)
    for k in range(len(x)):
        path[k + 1] = path[k] - c0 / (c1 + k) * (path[k] - x[k])
    return path


streaming_path.mistake("you walk uphill", "Does θ come nearer to the sample in a step?", slip={"- c0": "+ c0"})
streaming_path.mistake("there is a factor 2 too many", "What is the derivative of ½(θ − x)² by θ?",
    slip={"* (path": "* 2 * (path"})
streaming_path.mistake("the start is missing in your path",
    "The path of K steps has K + 1 points. Which one comes first?", result=lambda path: path[1:])
streaming_path.mistake("the end is missing in your path",
    "The path of K steps has K + 1 points. Is the point after the last step among yours?",
    result=lambda path: path[:-1])
streaming_path.mistake("you return the last point alone", "All points are asked for, the start too.",
    result=lambda path: path[-1])
streaming_path.mistake("your walk starts at 0",
    "`np.zeros` is a place to write the path, and a point as well. What has to stand first in it before the loop?",
    theta=lambda theta: 0.0)
streaming_path.mistake("every step uses the θ from the start",
    "The second gradient belongs to the θ that the first step has reached.",
    slip={"(path[k] - x[k])": "(theta - x[k])"})
streaming_path.mistake("every step starts anew from the first θ", "From which point does the second step set out?",
    slip={"= path[k] -": "= theta -", "(path[k] - x[k])": "(theta - x[k])"})
streaming_path.mistake("only the sample has a part in your gradient",
    "Then θ would not rest if every sample equalled it. What is the derivative of ½(θ − x)² by θ?",
    slip={"(path[k] - x[k])": "-x[k]"})
streaming_path.mistake("the sample has no part in your gradient",
    "Whatever arrives, your θ does the same. What is the derivative of ½(θ − x)² by θ?",
    slip={"(path[k] - x[k])": "path[k]"})
streaming_path.mistake("you multiply by the loss and not by its slope", "What is the derivative of ½(θ − x)² by θ?",
    slip={"(path[k] - x[k])": "(path[k] - x[k]) ** 2 / 2"})
streaming_path.mistake("you compute means of the samples", "That is right for c₀ = c₁ = 1 only. Take the steps.",
    lambda theta, x, c0, c1: np.append(theta, np.cumsum(x) / np.arange(1, len(x) + 1)))
_rate_mistakes(streaming_path)
streaming_path.mistake("your path can hold whole numbers only",
    "An array that is made from θ, as by `np.full`, has the type of θ. Which type has a start in whole numbers?",
    slip={", dtype=float": ""})


# ---------------------------------------------------------------- Task 3: least squares

def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, steps = shape
    theta, X, y = (rng.normal(size=size).round(1) for size in (d, (N, d), N))
    return theta, X, y, rng.integers(N, size=steps), *_constants(rng)


@task("Task 3: least squares", returns="theta", points=3,
      draw=_regression, shapes=((2, 1, 1), (2, 1, 2), (3, 2, 3), (5, 3, 9)))
def least_squares_walk(theta, X, y, order, c0, c1):
    for k, i in enumerate(order):
        residual = X[i] @ theta - y[i]
        theta = theta - c0 / (c1 + k) * residual * X[i]
    return theta


least_squares_walk.mistake("your rate depends on the number of the sample",
    "The rate belongs to the step, whichever sample was drawn. You have two indices: which one counts steps?",
    slip={"c1 + k": "c1 + i"})
least_squares_walk.mistake("you take the samples as they stand",
    "The drawn indices are an argument. Which sample does step k take?", slip={"(order)": "(range(len(order)))"})
least_squares_walk.mistake("each sample is used once",
    "An index may stand in `order` more than once. How many steps are asked for?",
    order=lambda order: list(dict.fromkeys(order)))
least_squares_walk.mistake("you make a set of the order",
    "What does a set forget of a list, besides the numbers that come twice?", order=np.unique)
least_squares_walk.mistake("you sort the order", "Which sample does the first step take?", order=np.sort)
least_squares_walk.mistake("the target belongs to another sample than the input",
    "Both X and y are to be taken at the drawn index. Is one of them taken at k?", slip={"y[i]": "y[k]"})
least_squares_walk.mistake("you walk uphill",
    "Does the residual of the drawn sample get smaller in a step with a tiny rate?", slip={"- c0": "+ c0"})
least_squares_walk.mistake("the target has no part in your residual",
    "What is the loss of a sample whose prediction is 0?", slip={" - y[i]": ""})
least_squares_walk.mistake("the target has the wrong sign in your residual",
    "What is the residual of a prediction that is right?", slip={"- y[i]": "+ y[i]"})
least_squares_walk.mistake("the brackets round your residual are missing",
    "In `theta @ x * x - y`, what is multiplied by x?", slip={"residual * X[i]": "(X[i] @ theta * X[i] - y[i])"})
least_squares_walk.mistake("your rate falls once an epoch",
    "k counts steps here. What is the rate of the second step?", slip={"c1 + k": "c1 + k // len(y)"})
least_squares_walk.mistake("there is a factor 2 too many", "The loss has a ½ in front of the square.",
    slip={"residual *": "2 * residual *"})
least_squares_walk.mistake("you divide by the number of samples", "The loss of one sample has no mean in it.",
    slip={"residual * X[i]": "residual * X[i] / len(y)"})
least_squares_walk.mistake("every step uses the θ from the start",
    "The second gradient belongs to the θ that the first step has reached.",
    slip={"for k, i": "start = theta\n    for k, i", "@ theta": "@ start"})
least_squares_walk.mistake("you stop after the first step", "Is your `return` inside the loop?",
    order=lambda order: order[:1])
least_squares_walk.mistake("the inner derivative is missing",
    "What is the derivative of θᵀx by θ? The residual has to be multiplied by something.", slip={" * X[i]": ""})
least_squares_walk.mistake("you multiply by the loss and not by the residual", "What is the derivative of ½r² by r?",
    slip={"residual *": "residual**2 / 2 *"})
least_squares_walk.mistake("the residual is missing",
    "Two things are multiplied in the gradient of a sample. How does a step know how wrong the prediction is?",
    slip={"residual * X[i]": "X[i]"})
least_squares_walk.mistake("every step uses all samples",
    "That is gradient descent. How many samples does a step of SGD look at?",
    slip={"residual * X[i]": "(X @ theta - y) @ X / len(y)"})
least_squares_walk.mistake("every step adds up the gradients of all samples",
    "How many samples does a step of SGD look at?", slip={"residual * X[i]": "(X @ theta - y) @ X"})
_rate_mistakes(least_squares_walk)


# ---------------------------------------------------------------- Task 4: the mean square

def _start_and_rates(rng: np.random.Generator, K: int) -> tuple[float, Vector]:
    return round(float(rng.normal(scale=2)), 1), rng.uniform(0.05, 0.95, size=K).round(2)


@task("Task 4a: what a rate leaves behind", returns="v", points=3, draw=_start_and_rates, shapes=(1, 2, 6))
def mean_squares(theta, rates):
    v = [theta**2]
    for eta in rates:
        v.append((1 - eta) ** 2 * v[-1] + eta**2)
    return np.array(v)


mean_squares.mistake("the factor of the old value is not squared",
    "θ is multiplied by 1 − η. By what is θ² multiplied?", slip={"(1 - eta) ** 2": "(1 - eta)"})
mean_squares.mistake("the rate in front of the noise is not squared",
    "The noise in a step is ηξ. What is the expectation of its square?", slip={"+ eta**2": "+ eta"})
mean_squares.mistake("the noise is missing", "This is gradient descent. What does E ξ² = 1 contribute?",
    slip={" + eta**2": ""})
mean_squares.mistake("the noise enters without the rate", "The gradient is multiplied by η, and its noise with it.",
    slip={"+ eta**2": "+ 1"})
mean_squares.mistake("the noise makes the mean square smaller", "Minus ηξ, squared: which sign does it have?",
    slip={"+ eta**2": "- eta**2"})
mean_squares.mistake("the noise always points away from the minimum",
    "You add sizes before squaring. What is the expectation of the product of θ and ξ, if they are independent?",
    slip={"(1 - eta) ** 2 * v[-1] + eta**2": "((1 - eta) * np.sqrt(v[-1]) + eta) ** 2"})
mean_squares.mistake("θ is pushed away from the minimum",
    "The step subtracts the gradient, and that is θ. What is left of θ?", slip={"1 - eta": "1 + eta"})
mean_squares.mistake("you square v, which is a mean of squares already",
    "θ is multiplied by 1 − η. By what is θ² multiplied?", slip={"v[-1]": "v[-1] ** 2"})
mean_squares.mistake("a square has lost a term", "Expand (1 − η)² in full.", slip={"(1 - eta) ** 2": "(1 - 2 * eta)"})
mean_squares.mistake("the square stands in the wrong place", "(1 − η)² and 1 − η² are two numbers.",
    slip={"(1 - eta) ** 2": "(1 - eta**2)"})
mean_squares.mistake("every value follows from the first", "Which mean square does the second step start from?",
    slip={"v[-1]": "v[0]"})
mean_squares.mistake("all your steps have the first rate",
    "Each step has a rate of its own. Which entry of `rates` does the second one take?",
    rates=lambda rates: np.full_like(rates, rates[0]))
mean_squares.mistake("you take the rates from the last to the first", "Which rate has the step away from θ₀?",
    rates=np.flip)
mean_squares.mistake("the start is not squared", "What is E θ₀², if θ₀ is a fixed number?", slip={"theta**2": "theta"})
mean_squares.mistake("you return the variances",
    "They are 0 at the start, which is a fixed number. What is its square?", slip={"theta**2": "0"})
mean_squares.mistake("you return the means",
    "They are where gradient descent without noise would be. Of what is v the expectation?",
    slip={"theta**2": "theta", "(1 - eta) ** 2 * v[-1] + eta**2": "(1 - eta) * v[-1]"})
mean_squares.mistake("the start is missing", "K rates give K + 1 values. Which one comes first?",
    result=lambda v: v[1:])
mean_squares.mistake("the end is missing", "K rates give K + 1 values. Is the one after the last step among yours?",
    result=lambda v: v[:-1])
mean_squares.mistake("you return the last value alone", "All values are asked for, the first one too.",
    result=lambda v: v[-1])
mean_squares.mistake("you return the roots of the mean squares", "Compare your first value with θ₀ and with θ₀².",
    result=np.sqrt)


# ---------------------------------------------------------------- Task 5: the best rates

def _start_and_number(rng: np.random.Generator, K: int) -> tuple[float, int]:
    return float(rng.choice([-1, 1])) * round(float(rng.uniform(0.3, 4)), 1), K


@task("Task 5: design the best rates", returns="rates", points=3, draw=_start_and_number,
      shapes=(1, 2, 5, 12), rtol=1e-5)
def best_rates(theta, K):
    rates, v = [], theta**2
    for _ in range(K):
        eta = v / (v + 1)
        rates.append(eta)
        v = (1 - eta) ** 2 * v + eta**2
    return np.array(rates)


best_rates.mistake("your rates would be the best ones from a start infinitely far away",
    "From a start that is near the minimum already, a step with the rate 1 jumps away from it. Where does θ₀ come in?",
    lambda theta, K: 1 / (1 + np.arange(K)))
best_rates.mistake("your rates are the best ones from the start 1", "Where does θ₀ come in?",
    lambda theta, K: 1 / (2 + np.arange(K)))
best_rates.mistake("each of your rates is the share of θ that should be left",
    "Far from the minimum the noise hardly matters: which rate leads there in one step?",
    slip={"v / (v + 1)": "1 / (v + 1)"})
best_rates.mistake("your rates come one step too early: each is the mean square before its step",
    "The first rate is chosen for v₀ = θ₀², and is smaller than 1. Set the derivative to 0 once more.",
    slip={"append(eta)": "append(v)"})
best_rates.mistake("your start is not squared", "What is v₀, if θ₀ is a fixed number?",
    slip={"theta**2": "abs(theta)"})
best_rates.mistake("your start keeps its sign", "What is v₀, if θ₀ is a fixed number, and a negative one?",
    slip={"theta**2": "theta"})
best_rates.mistake("your v₀ stands upside down", "From far away, should the first rate be near 1 or near 0?",
    slip={"theta**2": "1 / theta**2"})
best_rates.mistake("all your rates are the best one for the first step",
    "After a step θ is nearer to the minimum, and the noise is as large as before. Which v has the next rate to use?",
    slip={"v = (1 - eta) ** 2 * v + eta**2": "pass"})
best_rates.mistake("you forget the noise on the way from one v to the next",
    "The rates are right for the v that you have. Which term is missing in the next v?", slip={" + eta**2": ""})
best_rates.mistake("the noise enters the next v without the square of its rate",
    "The rates are right for the v that you have. What is the expectation of (ηξ)²?", slip={"+ eta**2": "+ eta"})
best_rates.mistake("the factor of the old v is not squared",
    "The rates are right for the v that you have. By what is θ² multiplied in a step?",
    slip={"(1 - eta) ** 2": "(1 - eta)"})
best_rates.mistake("the derivative of η² has lost its factor",
    "Differentiate the next v by η once more, both of its squares.", slip={"v / (v + 1)": "2 * v / (2 * v + 1)"})
best_rates.mistake("the derivative of (1 − η)² has lost its factor",
    "Differentiate the next v by η once more, both of its squares.", slip={"v + 1": "v + 2"})
best_rates.mistake("your rates are small where they should be large",
    "Far from the minimum the noise hardly matters: which rate leads there in one step?",
    slip={"append(eta)": "append(1 / (v + 1))"})
best_rates.mistake("every step of yours is the best one without noise",
    "A rate of 1 leads to −ξ, whatever was known before. What should be kept of it?",
    slip={"append(eta)": "append(1.0)"})
best_rates.mistake("your rates stand in reverse order",
    "When is the noise worth less than the way to go, in the beginning or at the end?", result=np.flip)
best_rates.mistake("your rates begin with the second one",
    "The first rate is for θ₀ itself. When is it appended, and when is v moved on?",
    lambda theta, K: 1 / (2 + 1 / theta**2 + np.arange(K)))

#: In the order of the notebook.
ALL = (conditions, streaming_path, least_squares_walk, mean_squares, best_rates)
#: What a person marks, with its points.
WRITTEN = {"Task 2b: the mean of a stream": 4, "Task 4b: what a rate leaves behind": 5}
