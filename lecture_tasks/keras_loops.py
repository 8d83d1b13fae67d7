"""The tasks of the chapter on TensorFlow and Keras. They need neither: what they check are numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import unwrap
from typing import Any

import numpy as np

from lecture_code.autodiff import Node, gradients, variable
from lecture_code.feedback import Answer, task
from lecture_code.numerics import one_hot, softmax

Vector = np.ndarray
Matrix = np.ndarray

#: Relative tolerance where double precision is asked for: float32 is off by some 1e-8, another order of sums by 1e-15.
DOUBLE = 1e-10


# ---------------------------------------------------------------- Task 1: a script of TensorFlow 1

def script_inputs(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    """Return W, b, X, Y, eta, decay, steps for N samples of d numbers and K classes, every class among them."""
    N, d, K, steps = shape
    labels = rng.permutation(np.arange(N) % K)
    return (rng.normal(size=(d, K)), rng.normal(size=K), 1.5 * rng.normal(size=(N, d)), one_hot(labels, K),
            round(float(rng.uniform(0.3, 0.9)), 2), round(float(rng.uniform(0.1, 0.4)), 2), steps)


@task("Task 1: a script of TensorFlow 1", returns="W, b", points=3,
      draw=script_inputs, shapes=((3, 2, 3, 3), (5, 4, 3, 4), (7, 3, 4, 6)))
def translated(W, b, X, Y, eta, decay, steps, *, rate=lambda k: 0.5 ** (k // 2),
        probabilities=lambda Z: softmax(Z, axis=1), size=len, penalty=lambda W: W, penalty_of_b=np.zeros_like,
        new_W_for_b=False):
    """`size` of Y divides the sum over a batch."""
    for k in range(steps):
        E = (probabilities(X @ W + b) - Y) / size(Y)
        W_next = W - eta * rate(k) * (X.T @ E + decay * penalty(W))
        if new_W_for_b:
            E = (probabilities(X @ W_next + b) - Y) / size(Y)
        W, b = W_next, b - eta * rate(k) * (E.sum(axis=0) + decay * penalty_of_b(b))
    return W, b


translated.mistake("the losses of a batch are added", "What does `reduce_mean` do with the losses of the samples?",
    size=lambda Y: 1)
translated.mistake("you take the mean over the classes as well",
    "The cross-entropy of a sample is one number. Over how many numbers does `reduce_mean` run?", size=np.size)
translated.mistake("the penalty is missing", "Which two terms does `C` have?", penalty=np.zeros_like)
translated.mistake("your penalty is twice as large", "Look up what `l2_loss` returns; there is a factor in front.",
    penalty=lambda W: 2 * W)
translated.mistake("your penalty is the norm and not its square", "Does `l2_loss` take a root?",
    penalty=lambda W: W / np.sqrt((W**2).sum()))
translated.mistake("the biases are penalised, too", "Of which variable does the script take the penalty?",
    penalty_of_b=lambda b: b)
translated.mistake("your learning rate is constant", "What is `rate`, and who counts `k`?", rate=lambda k: 1)
translated.mistake("your learning rate falls a little in every step", "What does `staircase=True` change?",
    rate=lambda k: 0.5 ** (k / 2))
translated.mistake("your learning rate is halved in every step",
    "After how many steps is it halved? The third argument says it.", rate=lambda k: 0.5**k)
translated.mistake("your steps are counted from 1", "Which value has `global_step` in the first step?",
    rate=lambda k: 0.5 ** ((k + 1) // 2))
translated.mistake("your softmax is taken over the samples", "A row of `Z` belongs to a sample. What should sum to 1?",
    probabilities=lambda Z: softmax(Z, axis=0))
translated.mistake("the gradient of b is taken at the new W",
    "One call of `session.run(step)` takes all gradients at the old values.", new_W_for_b=True)
translated.mistake("one step is missing", "How often does the last line of the script run?",
    steps=lambda steps: steps - 1)
translated.mistake("you treat the scores as probabilities",
    "What do the words `softmax` and `logits` in the name of the loss say?", probabilities=lambda Z: Z)


# ---------------------------------------------------------------- Task 2: a tape loop on the engine

Cost = Callable[[list[Node]], Node]


def tape_inputs(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Cost, list[Matrix], float, int]:
    """Return a cost of two or three weights that act on each other, the weights, a rate and a number of steps."""
    n, steps = size
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(n, 4))

    def cost(weights: list[Node]) -> Node:
        W, b, *more = weights
        said = (W @ x + b).tanh()
        for s in more:
            said = said * s
        return ((said - y) ** 2).sum() / 4

    weights = [rng.normal(size=(n, 3)), rng.normal(size=(n, 1))] + [rng.uniform(0.5, 2, size=(n, 1))] * (n > 2)
    return cost, weights, round(float(rng.uniform(0.1, 0.3)), 2), steps


def _taped(cost: Cost, weights: list[Matrix]) -> tuple[float, list[Matrix]]:
    """Return the cost and its gradients."""
    w = [variable(value) for value in weights]
    C = cost(w)
    return float(C.value), gradients(C, w)


def _descended(weights: list[Matrix], slopes: list[Matrix], eta: float) -> list[Matrix]:
    return [value - eta * g for value, g in zip(weights, slopes)]


@task("Task 2: a tape in five lines", returns="weights, costs", points=2,
      draw=tape_inputs, shapes=((2, 2), (3, 3), (4, 5)), rtol=DOUBLE, double=True)
def tape_loop(cost, weights, eta, steps, *, step=_descended):
    costs = []
    for _ in range(steps):
        C, slopes = _taped(cost, weights)
        costs.append(C)
        weights = step(weights, slopes, eta)
    return weights, np.array(costs)


@tape_loop.mistake("all steps use the gradient of the first", "Where in the loop is the cost computed anew?")
def _(cost, weights, eta, steps):
    C, slopes = _taped(cost, weights)
    return _descended(weights, slopes, steps * eta), np.full(steps, C)


@tape_loop.mistake("every step starts from the first weights",
    "What does the next turn of the loop compute with: the new weights, or variables that were made before the loop?")
def _(cost, weights, eta, steps):
    C, slopes = _taped(cost, weights)
    return _descended(weights, slopes, eta), np.full(steps, C)


tape_loop.mistake("you go uphill", "Which sign has a descent?",
    step=lambda weights, slopes, eta: _descended(weights, slopes, -eta))


@tape_loop.mistake("one weight moves before the gradient of the next is taken",
    "All gradients of a step belong to the same weights.")
def _(cost, weights, eta, steps):
    weights, costs = list(weights), []
    for _ in range(steps):
        costs.append(_taped(cost, weights)[0])
        for i in range(len(weights)):
            weights[i] = weights[i] - eta * _taped(cost, weights)[1][i]
    return weights, np.array(costs)


@tape_loop.mistake("the gradients of all steps add up", "Whose gradient belongs to this step?")
def _(cost, weights, eta, steps):
    costs, total = [], [np.zeros_like(value) for value in weights]
    for _ in range(steps):
        C, slopes = _taped(cost, weights)
        costs.append(C)
        total = [sum_ + g for sum_, g in zip(total, slopes)]
        weights = _descended(weights, total, eta)
    return weights, np.array(costs)


@tape_loop.mistake("your costs are those after the steps",
    "The cost of a step is the one that its gradient belongs to.")
def _(cost, weights, eta, steps):
    new, costs = unwrap(tape_loop.reference)(cost, weights, eta, steps)
    return new, np.append(costs[1:], _taped(cost, new)[0])


@tape_loop.mistake("you return one cost more than there are steps", "The cost of the final weights is not asked for.")
def _(cost, weights, eta, steps):
    new, costs = unwrap(tape_loop.reference)(cost, weights, eta, steps)
    return new, np.append(costs, _taped(cost, new)[0])


tape_loop.mistake("only the first weight moves", "`gradients` returns a list. What happens to its other entries?",
    step=lambda weights, slopes, eta: [weights[0] - eta * slopes[0], *weights[1:]])
tape_loop.mistake("the learning rate is missing", "How long is a step?",
    step=lambda weights, slopes, eta: _descended(weights, slopes, 1.0))
tape_loop.mistake("you return the last cost only", "A list with the cost of every step is asked for.",
    result=lambda parts: (parts[0], parts[1][-1]))
tape_loop.mistake("your costs are kept in float32", "Which type has the array in which you collect them?",
    result=lambda parts: (parts[0], parts[1].astype(np.float32)))
tape_loop.mistake("your weights are rounded to float32",
    "The arrays that come in have sixteen digits. Which line leaves seven of them?",
    step=lambda weights, slopes, eta: [value.astype(np.float32) for value in _descended(weights, slopes, eta)])


# ---------------------------------------------------------------- Task 3: the compare-all loop

#: With this many methods and seeds, the method with the best mean is not the one that wins most seeds.
MISLEADING = (5, 3)


def race_inputs(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Any, ...]:
    """Return new_model, train, score, and how many methods and seeds: a small world where everything can go wrong."""
    while True:
        new_model, train, score, methods, seeds = world = _world(rng, size)
        table = _table(_models(new_model, train, methods, seeds), score)
        if size != MISLEADING or _best_mean(table) != _most_wins(table):
            return world


def _world(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Any, ...]:
    """Return what `race_inputs` does.

    A model is an array that `train` changes in place. `score(model, "test")` answers as often as there are seeds.
    """
    methods, seeds = size
    share, bend = rng.uniform(0.1, 0.6, methods), rng.normal(size=(methods, 3)) * 0.3
    goals = {"validation": rng.normal(size=3)}
    goals["test"] = goals["validation"] + 0.6 * rng.normal(size=3)
    starts, left = rng.normal(size=(seeds, 3)), [seeds]

    def new_model(seed: int) -> Vector:
        return starts[seed].copy()

    def train(model: Vector, method: int) -> None:
        model += share[method] * (goals["validation"] - model) + bend[method] * np.sin(3 * model)

    def score(model: Vector, data: str) -> float:
        if data == "test":
            left[0] -= 1
            if left[0] < 0:
                return float("nan")
        return float(1 / (1 + np.sum((model - goals[data]) ** 2)))

    return new_model, train, score, methods, seeds


New, Train, Score = Callable[[int], Vector], Callable[[Vector, int], None], Callable[[Vector, str], float]


def _models(new_model: New, train: Train, methods: int, seeds: int) -> list[list[Vector]]:
    models = [[new_model(seed) for seed in range(seeds)] for _ in range(methods)]
    for method, row in enumerate(models):
        for model in row:
            train(model, method)
    return models


def _table(models: list[list[Vector]], score: Score, data: str = "validation") -> Matrix:
    return np.array([[score(model, data) for model in row] for row in models])


def _tested(models: Sequence[Vector], score: Score) -> Vector:
    return np.array([score(model, "test") for model in models])


def _best_mean(table: Matrix) -> int:
    return int(table.mean(axis=1).argmax())


def _most_wins(table: Matrix) -> int:
    return int(np.bincount(table.argmax(axis=0), minlength=len(table)).argmax())


@task("Task 3: repair the compare-all loop", returns="winner, validation, test", points=3,
      draw=race_inputs, shapes=((3, 2), (4, 3), MISLEADING, (6, 5)))
def fair_race(new_model, train, score, methods, seeds, *, choose=_best_mean,
        tested=lambda models, winner: models[winner]):
    """`choose` a method by the table of validation scores; the models that are `tested` are those of the winner."""
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(choose(table))
    return winner, table, _tested(tested(models, winner), score)


@fair_race.mistake("one model is trained by all methods in turn", "With which weights does the second method begin?")
def _(new_model, train, score, methods, seeds):
    table, models = np.empty((methods, seeds)), [new_model(seed) for seed in range(seeds)]
    for seed, model in enumerate(models):
        for method in range(methods):
            train(model, method)
            table[method, seed] = score(model, "validation")
    return _best_mean(table), table, _tested(models, score)


@fair_race.mistake("a method goes on with its own model at the next seed",
    "Each of the runs of a method needs a start of its own.")
def _(new_model, train, score, methods, seeds):
    models = []
    for method in range(methods):
        model, kept = new_model(0), []
        for _ in range(seeds):
            train(model, method)
            kept.append(model.copy())
        models.append(kept)
    table = _table(models, score)
    return _best_mean(table), table, _tested(models[_best_mean(table)], score)


fair_race.mistake("all runs have the same seed", "What does `new_model` take?",
    lambda new_model, *others: unwrap(fair_race.reference)(lambda seed: new_model(0), *others))


@fair_race.mistake("the winner is chosen by its test scores", "Which data may a choice look at?")
def _(new_model, train, score, methods, seeds):
    models = _models(new_model, train, methods, seeds)
    table, tests = _table(models, score), _table(models, score, "test")
    winner = _best_mean(np.where(np.isnan(tests), -1, tests))
    return winner, table, tests[winner]


fair_race.mistake("all scores are test scores", "Which data may a choice look at, and how often?",
    lambda new_model, train, score, *others: unwrap(fair_race.reference)(
        new_model, train, lambda model, data: score(model, "test"), *others))


@fair_race.mistake("all methods are tested",
    "The test data are for one method, after the choice. How often may they be asked?")
def _(new_model, train, score, methods, seeds):
    models = _models(new_model, train, methods, seeds)
    table, tests = _table(models, score), _table(models, score, "test")
    return _best_mean(table), table, tests[_best_mean(table)]


fair_race.mistake("the best single run wins", "One lucky start is no method. What do you compare over the seeds?",
    choose=lambda table: table.max(axis=1).argmax())
fair_race.mistake("the worst method wins", "Is a score better when it is larger or smaller?",
    choose=lambda table: table.mean(axis=1).argmin())
fair_race.mistake("you count in how many seeds a method is ahead", "What does the statement compare over the seeds?",
    choose=_most_wins)
fair_race.mistake("the first seed decides", "How do the other seeds enter the choice?",
    choose=lambda table: table[:, 0].argmax())
fair_race.mistake("you test the models of the last method", "Whose models are left in your variables after the loop?",
    tested=lambda models, winner: models[-1])
fair_race.mistake("your test scores are validation scores", "What does the second argument of `score` say?",
    result=lambda parts: (*parts[:2], parts[1][parts[0]]))
fair_race.mistake("your table has a row for each seed", "The methods are the rows.",
    result=lambda parts: (parts[0], parts[1].T, parts[2]))
fair_race.mistake("nothing is trained", "Who calls `train`?",
    lambda new_model, train, *others: unwrap(fair_race.reference)(new_model, lambda model, method: None, *others))


@fair_race.mistake("the winner is trained a second time before its test",
    "Test the models that won, or fresh ones that were trained as they were.")
def _(new_model, train, score, methods, seeds):
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = _best_mean(table)
    for model in models[winner]:
        train(model, winner)
    return winner, table, _tested(models[winner], score)


# ---------------------------------------------------------------- Task 4: how many seeds

def paired_scores(rng: np.random.Generator, seeds: int | str) -> tuple[Vector, Vector]:
    """Return the accuracies of two methods for the same seeds; they rise and fall together.

    Or "by hand": differences 0, 2, 4, for which the number of seeds comes out whole; or "plain": they hardly differ.
    """
    if isinstance(seeds, str):
        scores = rng.integers(80, 90, size=3).astype(float)
        return scores + np.array([0.0, 2.0, 4.0] if seeds == "by hand" else [3.0, 4.0, 3.5]), scores
    common = 95 + rng.normal(size=seeds)
    gap = rng.choice([-1, 1]) * rng.uniform(0.15, 0.4)
    return common + gap + 0.5 * rng.normal(size=seeds), common + 0.5 * rng.normal(size=seeds)


def _needed(
    gaps: Vector, mean: Answer = np.mean, deviation: Answer = lambda gaps: gaps.std(ddof=1),
    number: Answer = lambda ratio: math.ceil((2 * ratio) ** 2),
) -> tuple[float, float, int]:
    """Return the difference, its error, and the number of seeds for a ratio of the deviation to the difference."""
    d, s = mean(gaps), deviation(gaps)
    return d, s / len(gaps) ** 0.5, number(s / d)


@task("Task 4a: a fair test, and its size", returns="d, error, n", points=3, draw=paired_scores,
      shapes=("by hand", "plain", 4, 10))
def seeds_needed(a, b):
    return _needed(a - b)


seeds_needed.mistake("your error is that of two separate samples",
    "Take the differences first, seed by seed: what both methods share drops out.",
    lambda a, b: _needed(a - b, deviation=lambda gaps: (a.var(ddof=1) + b.var(ddof=1)) ** 0.5))
seeds_needed.mistake("you round n down", "With your n, is the difference at least two standard errors?",
    lambda a, b: _needed(a - b, number=lambda ratio: math.floor((2 * ratio) ** 2)))
seeds_needed.mistake("your variance is divided by R",
    "The mean was taken from the same R numbers. By what is the sum of squares divided?",
    lambda a, b: _needed(a - b, deviation=np.std))


@seeds_needed.mistake("your error is the deviation of a single difference",
    "The error of a mean of R numbers is smaller.")
def _(a, b):
    d, error, n = _needed(a - b)
    return d, error * len(a) ** 0.5, n


seeds_needed.mistake("your n comes from the error of the mean",
    "Which quantity does not depend on how many seeds you have already?",
    result=lambda parts: (*parts[:2], math.ceil((2 * parts[1] / parts[0]) ** 2)))
seeds_needed.mistake("your n wants one error instead of two", "How many standard errors should the difference exceed?",
    lambda a, b: _needed(a - b, number=lambda ratio: math.ceil(ratio**2)))
seeds_needed.mistake("you add 1 to n and round down", "Which n do you get where the condition gives a whole number?",
    lambda a, b: _needed(a - b, number=lambda ratio: int((2 * ratio) ** 2) + 1))
seeds_needed.mistake("your n is rounded down", "With n − 1 seeds the inequality does not hold yet.",
    result=lambda parts: (*parts[:2], parts[2] - 1))
seeds_needed.mistake("your difference is b minus a", "Which one is subtracted?", lambda a, b: _needed(b - a))
seeds_needed.mistake("your difference has lost its sign", "Who is better should be visible.",
    result=lambda parts: (abs(parts[0]), *parts[1:]))
seeds_needed.mistake("you average the sizes of the differences", "Differences of both signs cancel, and they should.",
    lambda a, b: _needed(np.abs(a - b)))
seeds_needed.mistake("your error is a variance", "One root is missing.",
    result=lambda parts: (parts[0], parts[1] ** 2, parts[2]))
seeds_needed.mistake("the square is missing in n",
    "The error falls like the root of n. By which factor must n grow to halve it?",
    lambda a, b: _needed(a - b, number=lambda ratio: math.ceil(abs(2 * ratio))))
seeds_needed.mistake("your difference is a median", "The mean is asked for.",
    lambda a, b: _needed(a - b, mean=np.median))


# ---------------------------------------------------------------- Task 5: two places of eps

def stabilisers(rng: np.random.Generator, largest: int) -> tuple[float, float, int]:
    """Return eps, β₂ and a step k ≥ 2."""
    return float(10 ** rng.uniform(-9, -5)), round(float(rng.uniform(0.9, 0.9995)), 4), int(rng.integers(2, largest))


@task("Task 5a: when is Keras's Adam the book's?", returns="eps", points=2,
      draw=stabilisers, shapes=(5, 40, 2000), rtol=DOUBLE, atol=0.0, double=True)
def matching_eps(eps, beta2, k):
    return eps / math.sqrt(1 - beta2**k)


matching_eps.mistake("you multiply where you should divide",
    "v is smaller than its corrected form. Does the same eps weigh more or less beside it?",
    lambda eps, beta2, k: eps * math.sqrt(1 - beta2**k))
matching_eps.mistake("the root is missing", "It is the root of v that stands beside eps.",
    lambda eps, beta2, k: eps / (1 - beta2**k))
matching_eps.mistake("your eps is that of the first step", "The correction depends on k.",
    lambda eps, beta2, k: eps / math.sqrt(1 - beta2))
matching_eps.mistake("you count steps from 0", "In the first step k is 1, and the correction is that of one gradient.",
    k=lambda k: k - 1)
matching_eps.mistake("you are one step ahead", "In the first step k is 1, and the correction is that of one gradient.",
    k=lambda k: k + 1)
matching_eps.mistake("you multiply β₂ by k", "After k steps the share that is left of the start is a power.",
    lambda eps, beta2, k: eps / math.sqrt(abs(1 - beta2 * k)))
matching_eps.mistake("you take the share of the start",
    "What is corrected is what the average has not kept of its start.",
    lambda eps, beta2, k: eps / math.sqrt(beta2**k))
matching_eps.mistake("eps is under the root", "Keras adds eps to a root.",
    lambda eps, beta2, k: math.sqrt(eps / (1 - beta2**k)))
matching_eps.mistake("you return eps as it is",
    "Divide numerator and denominator of Keras's step by the same factor, so that the corrected averages appear.",
    lambda eps, beta2, k: eps)
matching_eps.mistake("you take the power of a difference", "What is raised to the power k: β₂, or 1 − β₂?",
    lambda eps, beta2, k: eps / math.sqrt((1 - beta2) ** k))
matching_eps.mistake("your eps is rounded to float32", "Of which type is what you return? Ten digits are asked for.",
    result=lambda eps: float(np.float32(eps)))
matching_eps.mistake("you compute in float32", "Of which type is a tensor that PyTorch makes of a Python number?",
    lambda eps, beta2, k: np.float32(eps) / np.sqrt(np.float32(1) - np.float32(beta2) ** np.float32(k)))

#: In the order of the notebook.
ALL = (translated, tape_loop, fair_race, seeds_needed, matching_eps)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2: a tape in five lines": 2, "Task 4b: a fair test, and its size": 4,
    "Task 5b: when is Keras's Adam the book's?": 3, "Task 5c: when is Keras's Adam the book's?": 2}
