"""The tasks of the chapter on TensorFlow and Keras. They need neither: what they check are numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lecture_code.autodiff import Node, gradients, variable
from lecture_code.feedback import Mistake, Task
from lecture_code.numerics import one_hot, softmax

Vector = np.ndarray
Matrix = np.ndarray


#: Relative tolerance of the tasks that ask for double precision: float32 is off by some 1e-8, another order of sums by 1e-15.
DOUBLE = 1e-10

# ---------------------------------------------------------------- Task 1: a script of TensorFlow 1

def script_inputs(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    """Return W, b, X, Y, eta, decay, steps for N samples of d numbers and K classes, every class among them."""
    N, d, K, steps = shape
    labels = rng.permutation(np.arange(N) % K)
    return (rng.normal(size=(d, K)), rng.normal(size=K), 1.5 * rng.normal(size=(N, d)), one_hot(labels, K),
            round(float(rng.uniform(0.3, 0.9)), 2), round(float(rng.uniform(0.1, 0.4)), 2), steps)


Settings = tuple[Matrix, Vector]


def _descend(
    W: Matrix, b: Vector, X: Matrix, Y: Matrix, eta: float, decay: float, steps: int,
    rate: Callable[[int], float] = lambda k: 0.5 ** (k // 2), N: float | None = None, axis: int = 1, bias_decay: float = 0,
    new_W_for_b: bool = False,
) -> Settings:
    N = len(X) if N is None else N
    for k in range(steps):
        E = (softmax(X @ W + b, axis=axis) - Y) / N
        W_next = W - eta * rate(k) * (X.T @ E + decay * W)
        if new_W_for_b:
            E = (softmax(X @ W_next + b, axis=axis) - Y) / N
        W, b = W_next, b - eta * rate(k) * (E.sum(axis=0) + bias_decay * b)
    return W, b


def _translated(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps)


def _sum_over_batch(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, N=1)


def _mean_over_classes_too(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, N=Y.size)


def _no_penalty(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, 0, steps)


def _whole_square(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, 2 * decay, steps)


def _norm_not_squared(W, b, X, Y, eta, decay, steps):
    for k in range(steps):
        E = (softmax(X @ W + b, axis=1) - Y) / len(X)
        rate = eta * 0.5 ** (k // 2)
        W, b = W - rate * (X.T @ E + decay * W / np.sqrt((W**2).sum())), b - rate * E.sum(axis=0)
    return W, b


def _bias_penalised(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, bias_decay=decay)


def _constant_rate(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, rate=lambda k: 1.0)


def _no_staircase(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, rate=lambda k: 0.5 ** (k / 2))


def _halved_in_every_step(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, rate=lambda k: 0.5**k)


def _counted_from_one(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, rate=lambda k: 0.5 ** ((k + 1) // 2))


def _softmax_over_samples(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, axis=0)


def _one_after_the_other(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps, new_W_for_b=True)


def _one_step_less(W, b, X, Y, eta, decay, steps):
    return _descend(W, b, X, Y, eta, decay, steps - 1)


def _scores_as_probabilities(W, b, X, Y, eta, decay, steps):
    for k in range(steps):
        E = (X @ W + b - Y) / len(X)
        rate = eta * 0.5 ** (k // 2)
        W, b = W - rate * (X.T @ E + decay * W), b - rate * E.sum(axis=0)
    return W, b


translated = Task(
    name="translated", title="Task 1, the translated script",
    takes="W, b, X, Y, eta, decay, steps", returns="W, b",
    reference=_translated, draw=script_inputs, shapes=((3, 2, 3, 3), (5, 4, 3, 4), (7, 3, 4, 6)),
    mistakes=(
        Mistake("the losses of a batch are added", "What does `reduce_mean` do with the losses of the samples?",
                _sum_over_batch),
        Mistake("you take the mean over the classes as well",
                "The cross-entropy of a sample is one number. Over how many numbers does `reduce_mean` run?",
                _mean_over_classes_too),
        Mistake("the penalty is missing", "Which two terms does `C` have?", _no_penalty),
        Mistake("your penalty is twice as large", "Look up what `l2_loss` returns; there is a factor in front.",
                _whole_square),
        Mistake("your penalty is the norm and not its square", "Does `l2_loss` take a root?", _norm_not_squared),
        Mistake("the biases are penalised, too", "Of which variable does the script take the penalty?",
                _bias_penalised),
        Mistake("your learning rate is constant", "What is `rate`, and who counts `k`?", _constant_rate),
        Mistake("your learning rate falls a little in every step", "What does `staircase=True` change?", _no_staircase),
        Mistake("your learning rate is halved in every step", "After how many steps is it halved? The third argument "
                "says it.", _halved_in_every_step),
        Mistake("your steps are counted from 1", "Which value has `global_step` in the first step?", _counted_from_one),
        Mistake("your softmax is taken over the samples", "A row of `Z` belongs to a sample. What should sum to 1?",
                _softmax_over_samples),
        Mistake("the gradient of b is taken at the new W", "One call of `session.run(step)` takes all gradients "
                "at the old values.", _one_after_the_other),
        Mistake("one step is missing", "How often does the last line of the script run?", _one_step_less),
        Mistake("you treat the scores as probabilities", "What do the words `softmax` and `logits` in the name of the "
                "loss say?", _scores_as_probabilities),
    ),
)


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


Walk = tuple[list[Matrix], Vector]


def _number(C: Node) -> float:
    return float(C.value)


def _tape_loop(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    costs = []
    for _ in range(steps):
        w = [variable(value) for value in weights]
        C = cost(w)
        costs.append(_number(C))
        weights = [value - eta * g for value, g in zip(weights, gradients(C, w))]
    return weights, np.array(costs)


def _frozen(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    w = [variable(value) for value in weights]
    C = cost(w)
    slopes = gradients(C, w)
    return [value - steps * eta * g for value, g in zip(weights, slopes)], np.full(steps, _number(C))


def _old_variables(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    w, costs = [variable(value) for value in weights], []
    for _ in range(steps):
        C = cost(w)
        costs.append(_number(C))
        weights = [node.value - eta * g for node, g in zip(w, gradients(C, w))]
    return weights, np.array(costs)


def _uphill(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    return _tape_loop(cost, weights, -eta, steps)


def _in_turn(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    weights, costs = list(weights), []
    for _ in range(steps):
        for i in range(len(weights)):
            w = [variable(value) for value in weights]
            C = cost(w)
            if i == 0:
                costs.append(_number(C))
            weights[i] = weights[i] - eta * gradients(C, w)[i]
    return weights, np.array(costs)


def _adding_up(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    costs, total = [], [np.zeros_like(value) for value in weights]
    for _ in range(steps):
        w = [variable(value) for value in weights]
        C = cost(w)
        costs.append(_number(C))
        total = [sum_ + g for sum_, g in zip(total, gradients(C, w))]
        weights = [value - eta * g for value, g in zip(weights, total)]
    return weights, np.array(costs)


def _cost_afterwards(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    new, costs = _tape_loop(cost, weights, eta, steps)
    return new, np.append(costs[1:], _number(cost([variable(value) for value in new])))


def _one_cost_more(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    new, costs = _tape_loop(cost, weights, eta, steps)
    return new, np.append(costs, _number(cost([variable(value) for value in new])))


def _first_weight_only(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    costs = []
    for _ in range(steps):
        w = [variable(value) for value in weights]
        C = cost(w)
        costs.append(_number(C))
        weights = [weights[0] - eta * gradients(C, w)[0], *weights[1:]]
    return weights, np.array(costs)


def _without_rate(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    return _tape_loop(cost, weights, 1.0, steps)


def _last_cost(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> tuple[list[Matrix], float]:
    new, costs = _tape_loop(cost, weights, eta, steps)
    return new, costs[-1]


def _costs_in_float32(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    new, costs = _tape_loop(cost, weights, eta, steps)
    return new, costs.astype(np.float32)


def _weights_in_float32(cost: Cost, weights: list[Matrix], eta: float, steps: int) -> Walk:
    costs = []
    for _ in range(steps):
        weights, (C,) = _tape_loop(cost, weights, eta, 1)
        weights = [value.astype(np.float32) for value in weights]
        costs.append(C)
    return weights, np.array(costs)


tape_loop = Task(
    name="tape_loop", title="Task 2, a tape loop",
    takes="cost, weights, eta, steps", returns="weights, costs",
    reference=_tape_loop, draw=tape_inputs, shapes=((2, 2), (3, 3), (4, 5)), rtol=DOUBLE, double=True,
    mistakes=(
        Mistake("all steps use the gradient of the first", "Where in the loop is the cost computed anew?", _frozen),
        Mistake("every step starts from the first weights", "What does the next turn of the loop compute with: the "
                "new weights, or variables that were made before the loop?", _old_variables),
        Mistake("you go uphill", "Which sign has a descent?", _uphill),
        Mistake("one weight moves before the gradient of the next is taken", "All gradients of a step belong to the "
                "same weights.", _in_turn),
        Mistake("the gradients of all steps add up", "Whose gradient belongs to this step?", _adding_up),
        Mistake("your costs are those after the steps", "The cost of a step is the one that its gradient belongs to.",
                _cost_afterwards),
        Mistake("you return one cost more than there are steps", "The cost of the final weights is not asked for.",
                _one_cost_more),
        Mistake("only the first weight moves", "`gradients` returns a list. What happens to its other entries?",
                _first_weight_only),
        Mistake("the learning rate is missing", "How long is a step?", _without_rate),
        Mistake("you return the last cost only", "A list with the cost of every step is asked for.", _last_cost),
        Mistake("your costs are kept in float32", "Which type has the array in which you collect them?", _costs_in_float32),
        Mistake("your weights are rounded to float32", "The arrays that come in have sixteen digits. Which line leaves "
                "seven of them?", _weights_in_float32),
    ),
)


# ---------------------------------------------------------------- Task 3: the compare-all loop

#: With this many methods and seeds, the method with the best mean is not the one that wins most seeds.
MISLEADING = (5, 3)


def race_inputs(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Any, ...]:
    """Return new_model, train, score, and how many methods and seeds: a small world in which everything can go wrong."""
    while True:
        new_model, train, score, methods, seeds = world = _world(rng, size)
        table = _table(_models(new_model, train, methods, seeds), score)
        if size != MISLEADING or table.mean(axis=1).argmax() != _most_wins(table):
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


Race = tuple[int, Matrix, Vector]
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


def _fair_race(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(table.mean(axis=1).argmax())
    return winner, table, _tested(models[winner], score)


def _one_model_for_all(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    table, models = np.empty((methods, seeds)), [new_model(seed) for seed in range(seeds)]
    for seed, model in enumerate(models):
        for method in range(methods):
            train(model, method)
            table[method, seed] = score(model, "validation")
    return int(table.mean(axis=1).argmax()), table, _tested(models, score)


def _one_model_a_method(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    table, tests = np.empty((methods, seeds)), []
    for method in range(methods):
        model, kept = new_model(0), []
        for seed in range(seeds):
            train(model, method)
            table[method, seed] = score(model, "validation")
            kept.append(model.copy())
        tests.append(kept)
    winner = int(table.mean(axis=1).argmax())
    return winner, table, _tested(tests[winner], score)


def _always_seed_zero(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    return _fair_race(lambda seed: new_model(0), train, score, methods, seeds)


def _chosen_by_test(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table, tests = _table(models, score), _table(models, score, "test")
    winner = int(np.nanargmax(np.where(np.isnan(tests.mean(axis=1)), -1, tests.mean(axis=1))))
    return winner, table, tests[winner]


def _all_tested(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table, tests = _table(models, score), _table(models, score, "test")
    winner = int(table.mean(axis=1).argmax())
    return winner, table, tests[winner]


def _best_single_run(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(table.max(axis=1).argmax())
    return winner, table, _tested(models[winner], score)


def _worst(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(table.mean(axis=1).argmin())
    return winner, table, _tested(models[winner], score)


def _most_wins(table: Matrix) -> int:
    return int(np.bincount(table.argmax(axis=0), minlength=len(table)).argmax())


def _wins_counted(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    return _most_wins(table), table, _tested(models[_most_wins(table)], score)


def _first_seed_decides(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(table[:, 0].argmax())
    return winner, table, _tested(models[winner], score)


def _last_models_tested(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    return int(table.mean(axis=1).argmax()), table, _tested(models[-1], score)


def _validation_again(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    table = _table(_models(new_model, train, methods, seeds), score)
    winner = int(table.mean(axis=1).argmax())
    return winner, table, table[winner]


def _rows_are_seeds(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    winner, table, tests = _fair_race(new_model, train, score, methods, seeds)
    return winner, table.T, tests


def _untrained(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    return _fair_race(new_model, lambda model, method: None, score, methods, seeds)


def _trained_twice(new_model: New, train: Train, score: Score, methods: int, seeds: int) -> Race:
    models = _models(new_model, train, methods, seeds)
    table = _table(models, score)
    winner = int(table.mean(axis=1).argmax())
    for model in models[winner]:
        train(model, winner)
    return winner, table, _tested(models[winner], score)


fair_race = Task(
    name="fair_race", title="Task 3, the repaired loop",
    takes="new_model, train, score, methods, seeds", returns="winner, validation, test",
    reference=_fair_race, draw=race_inputs, shapes=((3, 2), (4, 3), MISLEADING, (6, 5)),
    mistakes=(
        Mistake("one model is trained by all methods in turn", "With which weights does the second method begin?",
                _one_model_for_all),
        Mistake("a method goes on with its own model at the next seed",
                "Each of the runs of a method needs a start of its own.", _one_model_a_method),
        Mistake("all runs have the same seed", "What does `new_model` take?", _always_seed_zero),
        Mistake("the winner is chosen by its test scores", "Which data may a choice look at?", _chosen_by_test),
        Mistake("all methods are tested", "The test data are for one method, after the choice. How often may they "
                "be asked?", _all_tested),
        Mistake("the best single run wins", "One lucky start is no method. What do you compare over the seeds?",
                _best_single_run),
        Mistake("the worst method wins", "Is a score better when it is larger or smaller?", _worst),
        Mistake("you count in how many seeds a method is ahead", "What does the statement compare over the seeds?", _wins_counted),
        Mistake("the first seed decides", "How do the other seeds enter the choice?", _first_seed_decides),
        Mistake("you test the models of the last method", "Whose models are left in your variables after the loop?",
                _last_models_tested),
        Mistake("your test scores are validation scores", "What does the second argument of `score` say?",
                _validation_again),
        Mistake("your table has a row for each seed", "The methods are the rows.", _rows_are_seeds),
        Mistake("nothing is trained", "Who calls `train`?", _untrained),
        Mistake("the winner is trained a second time before its test", "Test the models that won, or fresh ones that "
                "were trained as they were.", _trained_twice),
    ),
)


# ---------------------------------------------------------------- Task 4: how many seeds

def paired_scores(rng: np.random.Generator, seeds: int | str) -> tuple[Vector, Vector]:
    """Return the accuracies of two methods for the same seeds; they rise and fall together.

    Or "by hand": differences 0, 2, 4, for which the number of seeds comes out whole.
    """
    if seeds == "by hand":
        scores = rng.integers(80, 90, size=3).astype(float)
        return scores + np.array([0.0, 2.0, 4.0]), scores
    common = 95 + rng.normal(size=seeds)
    gap = rng.choice([-1, 1]) * rng.uniform(0.15, 0.4)
    return common + gap + 0.5 * rng.normal(size=seeds), common + 0.5 * rng.normal(size=seeds)


Verdict = tuple[float, float, int]


def _needed(d: float, deviation: float, factor: float = 2) -> int:
    return math.ceil((factor * deviation / d) ** 2)


def _seeds_needed(a: Vector, b: Vector) -> Verdict:
    gaps = np.asarray(a) - np.asarray(b)
    d, deviation = gaps.mean(), gaps.std(ddof=1)
    return d, deviation / len(gaps) ** 0.5, _needed(d, deviation)


def _one_and_rounded_down(a: Vector, b: Vector) -> Verdict:
    d, error, _ = _seeds_needed(a, b)
    return d, error, int((2 * error * len(a) ** 0.5 / d) ** 2) + 1


def _not_paired(a: Vector, b: Vector) -> Verdict:
    d, deviation = np.mean(a) - np.mean(b), (np.var(a, ddof=1) + np.var(b, ddof=1)) ** 0.5
    return d, deviation / len(a) ** 0.5, _needed(d, deviation)


def _divided_by_n(a: Vector, b: Vector) -> Verdict:
    gaps = a - b
    return gaps.mean(), gaps.std() / len(gaps) ** 0.5, _needed(gaps.mean(), gaps.std())


def _deviation_for_error(a: Vector, b: Vector) -> Verdict:
    d, error, n = _seeds_needed(a, b)
    return d, error * len(a) ** 0.5, n


def _error_for_deviation(a: Vector, b: Vector) -> Verdict:
    d, error, _ = _seeds_needed(a, b)
    return d, error, _needed(d, error)


def _one_error(a: Vector, b: Vector) -> Verdict:
    d, error, _ = _seeds_needed(a, b)
    return d, error, _needed(d, error * len(a) ** 0.5, factor=1)


def _rounded_down(a: Vector, b: Vector) -> Verdict:
    d, error, n = _seeds_needed(a, b)
    return d, error, n - 1


def _the_other_way(a: Vector, b: Vector) -> Verdict:
    d, error, n = _seeds_needed(a, b)
    return -d, error, n


def _without_sign(a: Vector, b: Vector) -> Verdict:
    d, error, n = _seeds_needed(a, b)
    return abs(d), error, n


def _mean_of_sizes(a: Vector, b: Vector) -> Verdict:
    gaps = np.abs(a - b)
    d, deviation = gaps.mean(), gaps.std(ddof=1)
    return d, deviation / len(gaps) ** 0.5, _needed(d, deviation)


def _variance_for_error(a: Vector, b: Vector) -> Verdict:
    d, error, n = _seeds_needed(a, b)
    return d, error**2, n


def _no_square(a: Vector, b: Vector) -> Verdict:
    d, error, _ = _seeds_needed(a, b)
    return d, error, math.ceil(abs(2 * error * len(a) ** 0.5 / d))


def _median(a: Vector, b: Vector) -> Verdict:
    gaps = a - b
    d, deviation = np.median(gaps), gaps.std(ddof=1)
    return d, deviation / len(gaps) ** 0.5, _needed(d, deviation)


seeds_needed = Task(
    name="seeds_needed", title="Task 4a, how many seeds",
    takes="a, b", returns="d, error, n",
    reference=_seeds_needed, draw=paired_scores, shapes=("by hand", 3, 4, 10),
    mistakes=(
        Mistake("your error is that of two separate samples", "Take the differences first, seed by seed: what both "
                "methods share drops out.", _not_paired),
        Mistake("your variance is divided by R", "The mean was taken from the same R numbers. By what is the sum of "
                "squares divided?", _divided_by_n),
        Mistake("your error is the deviation of a single difference", "The error of a *mean* of R numbers is smaller.",
                _deviation_for_error),
        Mistake("your n comes from the error of the mean", "Which quantity does not depend on how many seeds you have "
                "already?", _error_for_deviation),
        Mistake("your n wants one error instead of two", "How many standard errors should the difference exceed?",
                _one_error),
        Mistake("you add 1 to n and round down", "Which n do you get where the condition gives a whole number?",
                _one_and_rounded_down),
        Mistake("your n is rounded down", "With n − 1 seeds the inequality does not hold yet.", _rounded_down),
        Mistake("your difference is b minus a", "Which one is subtracted?", _the_other_way),
        Mistake("your difference has lost its sign", "Who is better should be visible.", _without_sign),
        Mistake("you average the sizes of the differences", "Differences of both signs cancel, and they should.",
                _mean_of_sizes),
        Mistake("your error is a variance", "One root is missing.", _variance_for_error),
        Mistake("the square is missing in n", "The error falls like the root of n. By which factor must n grow to "
                "halve it?", _no_square),
        Mistake("your difference is a median", "The mean is asked for.", _median),
    ),
)


# ---------------------------------------------------------------- Task 5: two places of eps

def stabilisers(rng: np.random.Generator, largest: int) -> tuple[float, float, int]:
    """Return eps, β₂ and a step k ≥ 2."""
    return float(10 ** rng.uniform(-9, -5)), round(float(rng.uniform(0.9, 0.9995)), 4), int(rng.integers(2, largest))


def _matching_eps(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(1 - beta2**k)


def _multiplied(eps: float, beta2: float, k: int) -> float:
    return eps * math.sqrt(1 - beta2**k)


def _no_root(eps: float, beta2: float, k: int) -> float:
    return eps / (1 - beta2**k)


def _first_step(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(1 - beta2)


def _one_step_back(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(1 - beta2 ** (k - 1))


def _one_step_on(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(1 - beta2 ** (k + 1))


def _times_k(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(abs(1 - beta2 * k))


def _power_only(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt(beta2**k)


def _root_of_all(eps: float, beta2: float, k: int) -> float:
    return math.sqrt(eps / (1 - beta2**k))


def _as_it_is(eps: float, beta2: float, k: int) -> float:
    return eps


def _power_of_the_difference(eps: float, beta2: float, k: int) -> float:
    return eps / math.sqrt((1 - beta2) ** k)


def _rounded_to_float32(eps: float, beta2: float, k: int) -> float:
    return float(np.float32(_matching_eps(eps, beta2, k)))


def _in_float32(eps: float, beta2: float, k: int) -> np.floating:
    return np.float32(eps) / np.sqrt(np.float32(1) - np.float32(beta2) ** np.float32(k))


matching_eps = Task(
    name="matching_eps", title="Task 5a, the matching stabiliser",
    takes="eps, beta2, k", returns="eps",
    reference=_matching_eps, draw=stabilisers, shapes=(5, 40, 2000), rtol=DOUBLE, atol=0.0, double=True,
    mistakes=(
        Mistake("you multiply where you should divide", "v is smaller than its corrected form. Does the same eps weigh "
                "more or less beside it?", _multiplied),
        Mistake("the root is missing", "It is the root of v that stands beside eps.", _no_root),
        Mistake("your eps is that of the first step", "The correction depends on k.", _first_step),
        Mistake("you count steps from 0", "In the first step k is 1, and the correction is that of one gradient.",
                _one_step_back),
        Mistake("you are one step ahead", "In the first step k is 1, and the correction is that of one gradient.",
                _one_step_on),
        Mistake("you multiply β₂ by k", "After k steps the share that is left of the start is a power.", _times_k),
        Mistake("you take the share of the start", "What is corrected is what the average has *not* kept of its "
                "start.", _power_only),
        Mistake("eps is under the root", "Keras adds eps to a root.", _root_of_all),
        Mistake("you return eps as it is", "Divide numerator and denominator of Keras's step by the same factor, so that "
                "the corrected averages appear.", _as_it_is),
        Mistake("you take the power of a difference", "What is raised to the power k: β₂, or 1 − β₂?",
                _power_of_the_difference),
        Mistake("your eps is rounded to float32", "Of which type is what you return? Ten digits are asked for.",
                _rounded_to_float32),
        Mistake("you compute in float32", "Of which type is a tensor that PyTorch makes of a Python number?", _in_float32),
    ),
)

ALL = (translated, tape_loop, fair_race, seeds_needed, matching_eps)
