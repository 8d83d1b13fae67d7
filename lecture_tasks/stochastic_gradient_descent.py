"""The tasks of the chapter on stochastic gradient descent.

A wrong walk is the right one with one part exchanged: the rate, the index, the gradient, or what is kept of the path.
Rates are η_k = c₀/(c₁ + k) with k = 0 for the first step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.feedback import Answer, Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray
Rate = Callable[[int, int, float, float], float]    # (k, i, c₀, c₁) ↦ the rate of step k, which takes sample i


# ---------------------------------------------------------------- inputs

def _exponent(rng: np.random.Generator, shape: float) -> tuple[float]:
    return (shape,)


def _constants(rng: np.random.Generator) -> tuple[float, float]:
    return round(float(rng.uniform(0.2, 0.9)), 1), round(float(rng.uniform(1.2, 4)), 1)


def _stream(rng: np.random.Generator, shape: int) -> tuple[Any, ...]:
    return round(float(rng.normal()), 1), rng.normal(scale=3, size=shape).round(1), *_constants(rng)


def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, steps = shape
    theta, X, y = (rng.normal(size=size).round(1) for size in (d, (N, d), N))
    return theta, X, y, rng.integers(N, size=steps), *_constants(rng)


def _start_and_rates(rng: np.random.Generator, shape: int) -> tuple[float, Vector]:
    return round(float(rng.normal(scale=2)), 1), rng.uniform(0.05, 0.95, size=shape).round(2)


# ---------------------------------------------------------------- Task 1: two conditions

Conditions = tuple[bool, bool]


def _conditions(q: float) -> Conditions:
    return q <= 1, q > 1 / 2


def _harmonic_series_converges(q: float) -> Conditions:
    return q < 1, q > 1 / 2


def _squares_of_roots_converge(q: float) -> Conditions:
    return q <= 1, q >= 1 / 2


def _both_borders_wrong(q: float) -> Conditions:
    return q < 1, q >= 1 / 2


def _conditions_swapped(q: float) -> Conditions:
    return q > 1 / 2, q <= 1


def _rates_not_squared(q: float) -> Conditions:
    return q <= 1, q > 1


def _sum_converges(q: float) -> Conditions:
    return q > 1, q > 1 / 2


def _squares_diverge(q: float) -> Conditions:
    return q <= 1, q <= 1 / 2


def _terms_tend_to_zero(q: float) -> Conditions:
    return q <= 1, q > 0


def _always_diverges(q: float) -> Conditions:
    return True, q > 1 / 2


conditions = Task(
    name="conditions", title="Task 1, two conditions",
    takes="q", returns="sum_diverges, squares_converge",
    reference=_conditions, draw=_exponent, shapes=(0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 2.0), seeds=1,
    mistakes=(
        Mistake("your harmonic series converges",
                "1 + ½ + ⅓ + ¼ + … : the terms from 1/(n + 1) to 1/(2n) add up to at least ½, for every n.",
                _harmonic_series_converges),
        Mistake("your squares of 1/√(k + 1) have a finite sum",
                "What are these squares? You know their sum.", _squares_of_roots_converge),
        Mistake("both borders fall on the wrong side",
                "Look at the sum of 1/(k + 1) once more. It decides both borders.", _both_borders_wrong),
        Mistake("the two conditions have changed places",
                "First comes whether the rates have an infinite sum, then whether their squares have a finite one.",
                _conditions_swapped),
        Mistake("you forgot to square the rates",
                "What is the square of 1/(k + 1)^q, as a power of k + 1?", _rates_not_squared),
        Mistake("you say whether the sum of the rates is finite",
                "The first condition asks for an infinite sum. A constant rate meets it.", _sum_converges),
        Mistake("you say whether the sum of the squares is infinite",
                "The second condition asks for a finite sum. A constant rate does not meet it.", _squares_diverge),
        Mistake("it is enough for you that the squares tend to 0",
                "1/(k + 1) tends to 0 and has an infinite sum. When is the sum of the squares finite?",
                _terms_tend_to_zero),
        Mistake("every sum of rates is infinite for you",
                "1 + ¼ + 1/9 + 1/16 + … is less than 2. How far can steps of these lengths lead?", _always_diverges),
    ),
)


# ---------------------------------------------------------------- rates

def _rate(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / (c1 + k)


def _rate_late(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / (c1 + k + 1)


def _rate_outside(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / c1


def _rate_without_bracket(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / c1 + k


def _rate_of_sample(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / (c1 + i)


def _rate_of_root(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / np.sqrt(c1 + k)


def _rate_without_c1(k: int, i: int, c0: float, c1: float) -> float:
    return c0 / (1 + k)


def _rate_mistakes(finish: Callable[[Rate], Answer]) -> tuple[Mistake, ...]:
    """Return what goes wrong with the rate, whatever walk it is used in."""
    return (
        Mistake("your k is one too large",
                "The first step has k = 0 and the rate c₀/c₁. Where does your counter start?", finish(_rate_late)),
        Mistake("your rate is computed once",
                "Does your line for the rate stand inside the loop? It has to change with k.", finish(_rate_outside)),
        Mistake("c₁ has no part in your rate", "The first rate is c₀/c₁. Which is yours?", finish(_rate_without_c1)),
        Mistake("a bracket is missing in your rate",
                "`c0 / c1 + k` grows with k. What is divided by what?", finish(_rate_without_bracket)),
        Mistake("there is a root in your rate", "The denominator is c₁ + k itself.", finish(_rate_of_root)),
    )


# ---------------------------------------------------------------- Task 2: the mean of a stream

def _path(rate: Rate, force: float = -1.0) -> Answer:
    def answer(theta: float, x: Vector, c0: float, c1: float) -> Vector:
        path = [theta]
        for k in range(len(x)):
            path.append(path[-1] + force * rate(k, k, c0, c1) * (path[-1] - x[k]))
        return np.array(path)

    return answer


def _path_uphill(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    return _path(_rate, 1.0)(theta, x, c0, c1)


def _path_with_two(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    return _path(_rate, -2.0)(theta, x, c0, c1)


def _path_without_start(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    return _path(_rate)(theta, x, c0, c1)[1:]


def _path_without_end(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    return _path(_rate)(theta, x, c0, c1)[:-1]


def _last_alone(theta: float, x: Vector, c0: float, c1: float) -> float:
    return _path(_rate)(theta, x, c0, c1)[-1]


def _path_from_start(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    rates = c0 / (c1 + np.arange(len(x)))
    return theta - np.concatenate([[0.0], np.cumsum(rates * (theta - x))])


def _path_by_sample(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    path = [theta]
    for k in range(len(x)):
        path.append(path[-1] + c0 / (c1 + k) * x[k])
    return np.array(path)


def _path_of_means(theta: float, x: Vector, c0: float, c1: float) -> Vector:
    return np.concatenate([[theta], np.cumsum(x) / np.arange(1, len(x) + 1)])


streaming_path = Task(
    name="streaming_path", title="Task 2a, the stream",
    takes="theta, x, c0, c1", returns="path",
    reference=_path(_rate), draw=_stream, shapes=(1, 2, 3, 8),
    mistakes=(
        Mistake("you walk uphill", "Does θ come nearer to the sample in a step?", _path_uphill),
        Mistake("there is a factor 2 too many", "What is the derivative of ½(θ − x)² by θ?", _path_with_two),
        Mistake("the start is missing in your path",
                "The path of K steps has K + 1 points. Which one comes first?", _path_without_start),
        Mistake("the end is missing in your path",
                "The path of K steps has K + 1 points. Is the point after the last step among yours?",
                _path_without_end),
        Mistake("you return the last point alone", "All points are asked for, the start too.", _last_alone),
        Mistake("every step uses the θ from the start",
                "The second gradient belongs to the θ that the first step has reached.", _path_from_start),
        Mistake("only the sample has a part in your gradient",
                "Then θ would not rest if every sample equalled it. What is the derivative of ½(θ − x)² by θ?",
                _path_by_sample),
        Mistake("you compute means of the samples",
                "That is right for c₀ = c₁ = 1 only. Take the steps.", _path_of_means),
        *_rate_mistakes(_path),
    ),
)


# ---------------------------------------------------------------- Task 3: least squares

def _walk(rate: Rate, force: float = -1.0) -> Answer:
    def answer(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
        for k, i in enumerate(order):
            theta = theta + force * rate(k, int(i), c0, c1) * (X[i] @ theta - y[i]) * X[i]
        return theta

    return answer


def _walk_uphill(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    return _walk(_rate, 1.0)(theta, X, y, order, c0, c1)


def _walk_with_two(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    return _walk(_rate, -2.0)(theta, X, y, order, c0, c1)


def _walk_divided(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    return _walk(_rate, -1 / len(y))(theta, X, y, order, c0, c1)


def _walk_as_they_stand(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    return _walk(_rate)(theta, X, y, np.arange(len(order)), c0, c1)   # may run out of samples


def _walk_with_wrong_target(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    for k, i in enumerate(order):
        theta = theta - c0 / (c1 + k) * (X[i] @ theta - y[k]) * X[i]
    return theta


def _walk_from_start(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    rates = c0 / (c1 + np.arange(len(order)))
    return theta - rates * (X[order] @ theta - y[order]) @ X[order]


def _walk_first_step(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    return _walk(_rate)(theta, X, y, order[:1], c0, c1)


def _walk_by_residuals(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    for k, i in enumerate(order):
        theta = theta - c0 / (c1 + k) * (X[i] @ theta - y[i])
    return theta


def _walk_with_full_gradient(theta: Vector, X: Matrix, y: Vector, order: Vector, c0: float, c1: float) -> Vector:
    for k in range(len(order)):
        theta = theta - c0 / (c1 + k) * (X @ theta - y) @ X / len(y)
    return theta


least_squares_walk = Task(
    name="least_squares_walk", title="Task 3, least squares",
    takes="theta, X, y, order, c0, c1", returns="theta",
    reference=_walk(_rate), draw=_regression, shapes=((2, 1, 1), (2, 1, 2), (3, 2, 3), (5, 3, 9)),
    mistakes=(
        Mistake("your rate depends on the number of the sample",
                "The rate belongs to the step, whichever sample was drawn. You have two indices: which one counts "
                "steps?", _walk(_rate_of_sample)),
        Mistake("you take the samples as they stand",
                "The drawn indices are an argument. Which sample does step k take?", _walk_as_they_stand),
        Mistake("the target belongs to another sample than the input",
                "Both X and y are to be taken at the drawn index. Is one of them taken at k?",
                _walk_with_wrong_target),
        Mistake("you walk uphill",
                "Does the residual of the drawn sample get smaller in a step with a tiny rate?", _walk_uphill),
        Mistake("there is a factor 2 too many", "The loss has a ½ in front of the square.", _walk_with_two),
        Mistake("you divide by the number of samples", "The loss of one sample has no mean in it.", _walk_divided),
        Mistake("every step uses the θ from the start",
                "The second gradient belongs to the θ that the first step has reached.", _walk_from_start),
        Mistake("you stop after the first step", "Is your `return` inside the loop?", _walk_first_step),
        Mistake("the inner derivative is missing",
                "What is the derivative of θᵀx by θ? The residual has to be multiplied by something.",
                _walk_by_residuals),
        Mistake("every step uses all samples",
                "That is gradient descent. How many samples does a step of SGD look at?", _walk_with_full_gradient),
        *_rate_mistakes(_walk),
    ),
)


# ---------------------------------------------------------------- Task 4: the mean square

def _recursion(step: Callable[[float, float], float]) -> Answer:
    """Return the answer that starts with θ² and takes v to step(v, η)."""
    def answer(theta: float, rates: Vector) -> Vector:
        v = [theta**2]
        for eta in rates:
            v.append(step(v[-1], eta))
        return np.array(v)

    return answer


def _right_step(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v + eta**2


def _factor_not_squared(v: float, eta: float) -> float:
    return (1 - eta) * v + eta**2


def _noise_not_squared(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v + eta


def _noise_forgotten(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v


def _noise_without_rate(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v + 1


def _noise_subtracted(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v - eta**2


def _noise_along(v: float, eta: float) -> float:
    return ((1 - eta) * np.sqrt(v) + eta) ** 2


def _away(v: float, eta: float) -> float:
    return (1 + eta) ** 2 * v + eta**2


def _first_order(v: float, eta: float) -> float:
    return (1 - 2 * eta) * v + eta**2


def _square_inside(v: float, eta: float) -> float:
    return (1 - eta**2) * v + eta**2


def _start_not_squared(theta: float, rates: Vector) -> Vector:
    v = [theta]
    for eta in rates:
        v.append(_right_step(v[-1], eta))
    return np.array(v)


def _squares_without_start(theta: float, rates: Vector) -> Vector:
    return _recursion(_right_step)(theta, rates)[1:]


def _last_square_alone(theta: float, rates: Vector) -> float:
    return _recursion(_right_step)(theta, rates)[-1]


def _roots_of_squares(theta: float, rates: Vector) -> Vector:
    return np.sqrt(_recursion(_right_step)(theta, rates))


mean_squares = Task(
    name="mean_squares", title="Task 4a, the mean square",
    takes="theta, rates", returns="v",
    reference=_recursion(_right_step), draw=_start_and_rates, shapes=(1, 2, 6),
    mistakes=(
        Mistake("the factor of the old value is not squared",
                "θ is multiplied by 1 − η. By what is θ² multiplied?", _recursion(_factor_not_squared)),
        Mistake("the rate in front of the noise is not squared",
                "The noise in a step is ηξ. What is the expectation of its square?", _recursion(_noise_not_squared)),
        Mistake("the noise is missing", "This is gradient descent. What does E ξ² = 1 contribute?",
                _recursion(_noise_forgotten)),
        Mistake("the noise enters without the rate",
                "The gradient is multiplied by η, and its noise with it.", _recursion(_noise_without_rate)),
        Mistake("the noise makes the mean square smaller",
                "Minus ηξ, squared: which sign does it have?", _recursion(_noise_subtracted)),
        Mistake("the noise always points away from the minimum",
                "You add sizes before squaring. What is the expectation of the product of θ and ξ, if they are "
                "independent?", _recursion(_noise_along)),
        Mistake("θ is pushed away from the minimum",
                "The step subtracts the gradient, and that is θ. What is left of θ?", _recursion(_away)),
        Mistake("a square has lost a term", "Expand (1 − η)² in full.", _recursion(_first_order)),
        Mistake("the square stands in the wrong place", "(1 − η)² and 1 − η² are two numbers.",
                _recursion(_square_inside)),
        Mistake("the start is not squared", "What is E θ₀², if θ₀ is a fixed number?", _start_not_squared),
        Mistake("the start is missing", "K rates give K + 1 values. Which one comes first?", _squares_without_start),
        Mistake("you return the last value alone", "All values are asked for, the first one too.",
                _last_square_alone),
        Mistake("you return the roots of the mean squares", "Compare your first value with θ₀ and with θ₀².",
                _roots_of_squares),
    ),
)

# ---------------------------------------------------------------- Task 5: the best rates

def _start_and_number(rng: np.random.Generator, K: int) -> tuple[float, int]:
    return float(rng.choice([-1, 1])) * round(float(rng.uniform(0.3, 4)), 1), K


def _fall(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v + eta**2


def _fall_without_noise(v: float, eta: float) -> float:
    return (1 - eta) ** 2 * v


def _no_fall(v: float, eta: float) -> float:
    return v


def _best(v: float) -> float:
    return v / (v + 1)


def _best_turned_round(v: float) -> float:
    return 1 / (v + 1)


def _line_search(v: float) -> float:
    return 1.0


def _greedy(best: Callable[[float], float] = _best, fall: Callable[[float, float], float] = _fall, power: int = 2) -> Answer:
    """Return the rates that a rule chooses: the best one for the mean square v, and what v becomes."""

    def answer(theta: float, K: int) -> Vector:
        rates, v = [], abs(theta) ** power
        for _ in range(K):
            rates.append(best(v))
            v = fall(v, _best(v))
        return np.array(rates)

    return answer


def _start_forgotten(theta: float, K: int) -> Vector:
    return 1 / (1 + np.arange(K))


def _one_step_early(theta: float, K: int) -> Vector:
    return 1 / (1 / theta**2 + np.arange(K))


def _best_backwards(theta: float, K: int) -> Vector:
    return _greedy()(theta, K)[::-1]


best_rates = Task(
    name="best_rates", title="Task 5, the best rates",
    takes="theta, K", returns="rates",
    reference=_greedy(), draw=_start_and_number, shapes=(1, 2, 5, 12), rtol=1e-5,
    mistakes=(
        Mistake("your rates would be the best ones from a start infinitely far away",
                "From a start that is near the minimum already, a step with the rate 1 jumps away from it. Where does θ₀ "
                "come in?", _start_forgotten),
        Mistake("your rates come one step too early: each is the mean square before its step",
                "The first rate is chosen for v₀ = θ₀², and is smaller than 1. Set the derivative to 0 once more.",
                _one_step_early),
        Mistake("your start is not squared", "What is v₀, if θ₀ is a fixed number?", _greedy(power=1)),
        Mistake("all your rates are the best one for the first step",
                "After a step θ is nearer to the minimum, and the noise is as large as before. Which v has the next "
                "rate to use?", _greedy(fall=_no_fall)),
        Mistake("you forget the noise on the way from one v to the next",
                "The rates are right for the v that you have. Which term is missing in the next v?",
                _greedy(fall=_fall_without_noise)),
        Mistake("your rates are small where they should be large",
                "Far from the minimum the noise hardly matters: which rate leads there in one step?",
                _greedy(_best_turned_round)),
        Mistake("every step of yours is the best one without noise",
                "A rate of 1 leads to −ξ, whatever was known before. What should be kept of it?",
                _greedy(_line_search)),
        Mistake("your rates stand in reverse order",
                "When is the noise worth less than the way to go, in the beginning or at the end?", _best_backwards),
    ),
)

#: In the order of the notebook.
ALL = (conditions, streaming_path, least_squares_walk, mean_squares, best_rates)
