"""The tasks of the chapter on generalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: batch normalisation, backward

def normalised_layer(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, float]:
    """Return ∂C/∂u and z of a layer, both (n, M), a scale γ (n, 1), and an eps that is not negligible."""
    n, M = shape
    z = rng.normal(size=(n, M)) * rng.uniform(0.5, 3, size=(n, 1)) + rng.normal(size=(n, 1))
    return rng.normal(size=(n, M)), z, rng.uniform(0.5, 2, (n, 1)) * rng.choice([-1, 1], (n, 1)), round(rng.uniform(0.1, 0.5), 2)


def _statistics(z: Matrix, eps: float, M: int | None = None) -> tuple[Matrix, Matrix]:
    c = z.mean(axis=1, keepdims=True)
    s = np.sqrt(((z - c) ** 2).sum(axis=1, keepdims=True) / (M or z.shape[1]) + eps)
    return (z - c) / s, s


def _mean(a: Matrix) -> Matrix:
    return a.mean(axis=1, keepdims=True)


def _sum(a: Matrix) -> Matrix:
    return a.sum(axis=1, keepdims=True)


def _backward(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    z_hat, s = _statistics(z, eps)
    g = gamma * u_bar
    return (g - _mean(g) - z_hat * _mean(g * z_hat)) / s, _sum(u_bar * z_hat), _sum(u_bar)


def _backward_with(z_bar: Callable[..., Matrix]) -> Callable[..., tuple[Matrix, Matrix, Matrix]]:
    def answer(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
        z_hat, s = _statistics(z, eps)
        return z_bar(gamma * u_bar, z_hat, s), _sum(u_bar * z_hat), _sum(u_bar)
    return answer


def _gamma_dropped(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    return _backward(u_bar, z, np.ones_like(gamma), eps)


def _by_samples(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    c = z.mean(axis=0, keepdims=True)
    s = np.sqrt(((z - c) ** 2).mean(axis=0, keepdims=True) + eps)
    z_hat, g = (z - c) / s, gamma * u_bar
    z_bar = (g - g.mean(axis=0) - z_hat * (g * z_hat).mean(axis=0)) / s
    return z_bar, _sum(u_bar * z_hat), _sum(u_bar)


def _unbiased(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    z_hat, s = _statistics(z, eps, z.shape[1] - 1)
    g = gamma * u_bar
    return (g - _mean(g) - z_hat * _mean(g * z_hat)) / s, _sum(u_bar * z_hat), _sum(u_bar)


def _eps_forgotten(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    return _backward(u_bar, z, gamma, 0.0)


def _eps_outside(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    _, s = _statistics(z, 0.0)
    s, g = s + eps, gamma * u_bar
    z_hat = (z - _mean(z)) / s
    return (g - _mean(g) - z_hat * _mean(g * z_hat)) / s, _sum(u_bar * z_hat), _sum(u_bar)


def _means_of_parameters(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    z_bar, gamma_bar, beta_bar = _backward(u_bar, z, gamma, eps)
    return z_bar, gamma_bar / z.shape[1], beta_bar / z.shape[1]


def _with_z(u_bar: Matrix, z: Matrix, gamma: Matrix, eps: float) -> tuple[Matrix, Matrix, Matrix]:
    z_bar, _, beta_bar = _backward(u_bar, z, gamma, eps)
    return z_bar, _sum(u_bar * z), beta_bar


norm_backward = Task(
    name="norm_backward", title="Task 1a, batch normalisation backward",
    takes="u_bar, z, gamma, eps", returns="z_bar, gamma_bar, beta_bar",
    reference=_backward, draw=normalised_layer, shapes=((2, 3), (3, 5), (4, 2)),
    mistakes=(
        Mistake("the mean and the deviation are constants in your derivation",
                "Both move when z moves. Which two terms does that add?", _backward_with(lambda g, z_hat, s: g / s)),
        Mistake("the way through the mean is missing", "Each z_i moves c by 1/M of its own move.",
                _backward_with(lambda g, z_hat, s: (g - z_hat * _mean(g * z_hat)) / s)),
        Mistake("the way through the deviation is missing", "Each z_i also moves s. By how much?",
                _backward_with(lambda g, z_hat, s: (g - _mean(g)) / s)),
        Mistake("you take away sums in place of means", "What is ∂c/∂z_i?",
                _backward_with(lambda g, z_hat, s: (g - _sum(g) - z_hat * _sum(g * z_hat)) / s)),
        Mistake("the part along ẑ is added", "A larger s makes every ẑ smaller.",
                _backward_with(lambda g, z_hat, s: (g - _mean(g) + z_hat * _mean(g * z_hat)) / s)),
        Mistake("you multiply by the deviation", "ẑ is z divided by s.",
                _backward_with(lambda g, z_hat, s: (g - _mean(g) - z_hat * _mean(g * z_hat)) * s)),
        Mistake("γ is missing in z_bar", "Between ẑ and u stands a factor.", _gamma_dropped),
        Mistake("you take statistics over the units", "A batch holds its samples along the last axis.", _by_samples),
        Mistake("your variance divides by M − 1", "The chapter's variance is the mean of the squares.", _unbiased),
        Mistake("eps is missing", "s is the root of v + eps.", _eps_forgotten),
        Mistake("eps stands outside the root", "s is the root of v + eps.", _eps_outside),
        Mistake("the gradients of γ and β are means", "How many samples does one γ serve, and what happens to their "
                "contributions?", _means_of_parameters),
        Mistake("the gradient of γ uses z", "γ multiplies ẑ.", _with_z),
    ),
)


# ---------------------------------------------------------------- Task 2: dropout, forward and backward

def dropout_layer(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, float]:
    """Return z and ∂C/∂a of a tanh layer (n, M), uniform numbers (n, M) on both sides of q, and q."""
    n, M = shape
    q = round(float(rng.choice([0.2, 0.3, 0.6, 0.7])), 1)
    drops = (rng.permutation(n * M) < max(1, round(q * n * M))).reshape(n, M)  # some are dropped and some stay
    uniform = np.where(drops, q * rng.random((n, M)), q + (1 - q) * rng.random((n, M)))
    uniform.flat[rng.choice(np.flatnonzero(~drops))] = q              # which stays: dropped is what lies below q
    return rng.normal(size=(n, M)), rng.normal(size=(n, M)), uniform, q


def _layer(mask: Callable[[Matrix, float], Matrix]) -> Callable[..., tuple[Matrix, Matrix]]:
    def answer(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
        m = mask(r, q)
        return m * np.tanh(z), m * (1 - np.tanh(z) ** 2) * a_bar
    return answer


def _mask(r: Matrix, q: float) -> Matrix:
    return (r >= q) / (1 - q)


_dropout = _layer(_mask)


def _no_mask_backward(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    return _mask(r, q) * np.tanh(z), (1 - np.tanh(z) ** 2) * a_bar


def _other_mask_backward(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    return _mask(r, q) * np.tanh(z), (r < q) / (1 - q) * (1 - np.tanh(z) ** 2) * a_bar


def _unscaled_backward(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    return _mask(r, q) * np.tanh(z), (r >= q) * (1 - np.tanh(z) ** 2) * a_bar


def _slope_of_masked(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    a = _mask(r, q) * np.tanh(z)
    return a, _mask(r, q) * (1 - a**2) * a_bar


def _slope_of_masked_without_mask(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    a = _mask(r, q) * np.tanh(z)
    return a, (1 - a**2) * a_bar


def _mask_inside(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    m = _mask(r, q)
    return np.tanh(m * z), m * (1 - np.tanh(m * z) ** 2) * a_bar


def _no_dropout(z: Matrix, a_bar: Matrix, r: Matrix, q: float) -> tuple[Matrix, Matrix]:
    return np.tanh(z), (1 - np.tanh(z) ** 2) * a_bar


dropout_step = Task(
    name="dropout_step", title="Task 2a, a layer with dropout",
    takes="z, a_bar, r, q", returns="a, delta",
    reference=_dropout, draw=dropout_layer, shapes=((2, 3), (3, 4), (5, 6)),
    mistakes=(
        Mistake("you drop the units that should stay", "Where r is below q, the unit is dropped.",
                _layer(lambda r, q: (r < q) / (1 - q))),
        Mistake("you drop a unit whose r is equal to q", "A unit is dropped where r *is below* q.",
                _layer(lambda r, q: (r > q) / (1 - q))),
        Mistake("you keep with probability q", "q is the share that is dropped. Which share stays, and by what is it divided?",
                _layer(lambda r, q: (r < q) / q)),
        Mistake("you divide by q", "What makes the mean of a mask 1?", _layer(lambda r, q: (r >= q) / q)),
        Mistake("the units that stay are not scaled", "What is the mean of your mask?", _layer(lambda r, q: 1.0 * (r >= q))),
        Mistake("all samples share one mask", "Each column of r is for a sample of its own.",
                _layer(lambda r, q: (r[:, :1] >= q) / (1 - q))),
        Mistake("all units of a sample share one mask", "Each row of r is for a unit of its own.",
                _layer(lambda r, q: (r[:1] >= q) / (1 - q))),
        Mistake("the mask is missing on the way back", "What does the cost feel of a unit that was dropped?",
                _no_mask_backward),
        Mistake("another mask is used on the way back", "It has to be the one of the way forward.", _other_mask_backward),
        Mistake("the way back forgets the factor", "Forward, a survivor was multiplied. What does the chain rule do with a "
                "factor?", _unscaled_backward),
        Mistake("σ′ is computed from masked activations", "1 − a² is the slope of tanh only as long as a is its value.",
                _slope_of_masked),
        Mistake("σ′ is computed from masked activations, and the mask is missing on the way back",
                "1 − a² is the slope of tanh only as long as a is its value.", _slope_of_masked_without_mask),
        Mistake("the mask stands inside of tanh", "Masked are the activations, after σ.", _mask_inside),
        Mistake("nothing is dropped", "This layer is in training.", _no_dropout),
    ),
)


# ---------------------------------------------------------------- Task 3: early stopping

def validation_costs(rng: np.random.Generator, epochs: int) -> tuple[list[float], int]:
    """Return validation costs that fall, wobble and rise, with ties, and a patience."""
    k = np.arange(epochs)
    curve = 1.2 * np.exp(-k / 3) + 0.02 * k + 0.12 * rng.normal(size=epochs)
    costs = [round(float(c), 1 if rng.random() < 0.5 else 2) for c in 1 + curve]
    for i in rng.choice(np.arange(1, epochs), epochs // 4, replace=False):
        costs[i] = costs[i - 1]                                     # ties
    if rng.random() < 0.5:                                          # a cost can have any size
        costs = [round(1000 * cost) for cost in costs]
    return costs, int(rng.integers(1, 4))


def _walk(costs: list[float], patience: int, better: Callable = lambda cost, least: cost < least,
          reset: bool = True, late: int = 0, start: float = np.inf) -> tuple[int, int]:
    least, best, waited = start, 0, 0
    for epoch, cost in enumerate(costs, 1):
        if better(cost, least):
            least, best, waited = cost, epoch, 0 if reset else waited
        else:
            waited += 1
        if waited >= patience + late:
            return best, epoch
    return best, len(costs)


def _stopping(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience)


def _last_theta(costs: list[float], patience: int) -> tuple[int, int]:
    return (_walk(costs, patience)[1],) * 2


def _ties_count(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience, better=lambda cost, least: cost <= least)


def _one_later(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience, late=1)


def _one_sooner(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience, late=-1)


def _never_reset(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience, reset=False)


def _hindsight(costs: list[float], patience: int) -> tuple[int, int]:
    best = int(np.argmin(costs)) + 1
    return best, min(best + patience, len(costs))


def _least_of_all(costs: list[float], patience: int) -> tuple[int, int]:
    return int(np.argmin(costs)) + 1, _walk(costs, patience)[1]


def _from_hundred(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience, start=100.0)


def _from_zero(costs: list[float], patience: int) -> tuple[int, int]:
    best, stop = _walk(costs, patience)
    return best - 1, stop - 1


def _compared_with_previous(costs: list[float], patience: int) -> tuple[int, int]:
    least, best, waited = np.inf, 0, 0
    for epoch, cost in enumerate(costs, 1):
        waited = 0 if epoch == 1 or cost < costs[epoch - 2] else waited + 1
        if cost < least:
            least, best = cost, epoch
        if waited >= patience:
            return best, epoch
    return best, len(costs)


def _swapped(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk(costs, patience)[::-1]


def _highest(costs: list[float], patience: int) -> tuple[int, int]:
    return _walk([-cost for cost in costs], patience)


stop_early = Task(
    name="stop_early", title="Task 3a, early stopping",
    takes="costs, patience", returns="best, last",
    reference=_stopping, draw=validation_costs, shapes=(8, 15, 40), seeds=6,
    mistakes=(
        Mistake("you return the last epoch twice", "Whose parameters should be returned?", _last_theta),
        Mistake("a tie counts as an improvement", "The cost has to fall *below* its least.", _ties_count),
        Mistake("you stop one epoch too late", "Count by hand: with patience 1, the first epoch without improvement is the "
                "last.", _one_later),
        Mistake("you stop one epoch too soon", "Count by hand: with patience 2, how many epochs without improvement are "
                "there?", _one_sooner),
        Mistake("your counter is never reset", "Patience is for epochs in a row since the best one.", _never_reset),
        Mistake("you look into the future", "The least cost of the whole list may come after training has stopped.",
                _hindsight),
        Mistake("you return the best epoch of the whole list", "Only the epochs that were run have parameters to keep.",
                _least_of_all),
        Mistake("your search begins with a least cost of 100", "Which number is above every cost?", _from_hundred),
        Mistake("you count epochs from 0", "The first entry of costs belongs to epoch 1.", _from_zero),
        Mistake("you compare with the epoch before", "An improvement is a cost below the *least* so far.",
                _compared_with_previous),
        Mistake("the two numbers are in the wrong order", "First the best epoch, then the last one.", _swapped),
        Mistake("you look for the largest cost", "Costs are to be small.", _highest),
    ),
)


# ---------------------------------------------------------------- Task 4: an honest selection

def labelled_features(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Vector, Vector, int]:
    """Return features (N, d), labels 0 and 1, which rows are training rows, and how many features to keep."""
    N, d = shape
    y = rng.permutation(np.arange(N) % 2)
    X = rng.normal(size=(N, d)) * rng.uniform(0.5, 2, d) + rng.normal(size=d)
    X += np.outer(y, rng.normal(size=d) * 0.6)
    train = np.zeros(N, bool)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        train[rng.choice(rows, len(rows) // 2 + rng.integers(-1, 2), replace=False)] = True
    return X, y, train, int(rng.integers(2, d // 3 + 1))


def _correlations(X: Matrix, y: Vector) -> Vector:
    centred, target = X - X.mean(axis=0), y - y.mean()
    return target @ centred / np.sqrt((target @ target) * (centred**2).sum(axis=0))


def _selected(X: Matrix, y: Vector, k: int) -> Vector:
    return np.argsort(-np.abs(_correlations(X, y)))[:k]


def _nearest_mean(X: Matrix, y: Vector, X_new: Matrix) -> Vector:
    distance = [((X_new - X[y == label].mean(axis=0)) ** 2).sum(axis=1) for label in (0, 1)]
    return (distance[1] < distance[0]).astype(int)


def _selection(select_on: str = "train", fit_on: str = "train", score_on: str = "rest",
               select: Callable = _selected) -> Callable[..., tuple[Vector, float]]:
    def answer(X: Matrix, y: Vector, train: Vector, k: int) -> tuple[Vector, float]:
        rows = {"train": train, "rest": ~train, "all": np.ones(len(y), bool)}
        keep = np.sort(select(X[rows[select_on]], y[rows[select_on]], k))
        fitted, scored = rows[fit_on], rows[score_on]
        right = _nearest_mean(X[fitted][:, keep], y[fitted], X[scored][:, keep]) == y[scored]
        return keep, float(right.mean())
    return answer


def _signed(X: Matrix, y: Vector, k: int) -> Vector:
    return np.argsort(-_correlations(X, y))[:k]


def _smallest(X: Matrix, y: Vector, k: int) -> Vector:
    return np.argsort(np.abs(_correlations(X, y)))[:k]


def _covariances(X: Matrix, y: Vector, k: int) -> Vector:
    return np.argsort(-np.abs((y - y.mean()) @ (X - X.mean(axis=0))))[:k]


def _first(X: Matrix, y: Vector, k: int) -> Vector:
    return np.arange(k)


honest_score = Task(
    name="honest_score", title="Task 4a, an honest score",
    takes="X, y, train, k", returns="keep, accuracy",
    reference=_selection(), draw=labelled_features, shapes=((20, 9), (30, 40), (60, 90)), seeds=4,
    mistakes=(
        Mistake("the features are selected on all rows", "Selecting is fitting. Which rows may it see?",
                _selection(select_on="all")),
        Mistake("the features are selected on the rows that score", "Selecting is fitting. Which rows may it see?",
                _selection(select_on="rest")),
        Mistake("the means of the classes are those of all rows", "Which rows may the classifier see?",
                _selection(fit_on="all")),
        Mistake("you score on the training rows", "Which rows have had no part in anything?",
                _selection(score_on="train")),
        Mistake("you score on all rows", "Which rows have had no part in anything?", _selection(score_on="all")),
        Mistake("everything is done on all rows", "The argument train says which rows may be used for fitting.",
                _selection("all", "all", "all")),
        Mistake("negative correlations are left out", "A feature that falls with y says as much as one that rises.",
                _selection(select=_signed)),
        Mistake("you keep the features that say least", "Which end of the order holds the largest?",
                _selection(select=_smallest)),
        Mistake("you compare covariances", "A correlation does not change when a feature is multiplied by ten.",
                _selection(select=_covariances)),
        Mistake("you keep the first k features", "Order them by the size of their correlation with y.",
                _selection(select=_first)),
    ),
)


# ---------------------------------------------------------------- Task 5: paired seeds

def paired_scores(rng: np.random.Generator, seeds: int) -> tuple[Vector, Vector]:
    """Return the scores of two methods on the same seeds: much of their spread is common."""
    common = 90 + rng.normal(size=seeds)
    return common + 0.3 * rng.normal(size=seeds) + rng.uniform(-1, 1), common + 0.2 * rng.normal(size=seeds)


def _paired(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a - b), np.std(a - b, ddof=1) / len(a) ** 0.5


def _unpaired(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a) - np.mean(b), np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a))


def _unpaired_biased(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a) - np.mean(b), np.sqrt((np.var(a) + np.var(b)) / len(a))


def _biased(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a - b), np.std(a - b) / len(a) ** 0.5


def _deviation(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a - b), np.std(a - b, ddof=1)


def _deviation_biased(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a - b), np.std(a - b)


def _by_number(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(a - b), np.std(a - b, ddof=1) / len(a)


def _other_sign(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(b - a), np.std(a - b, ddof=1) / len(a) ** 0.5


def _of_the_best(a: Vector, b: Vector) -> tuple[float, float]:
    return np.max(a) - np.max(b), np.std(a - b, ddof=1) / len(a) ** 0.5


def _absolute(a: Vector, b: Vector) -> tuple[float, float]:
    return np.mean(np.abs(a - b)), np.std(a - b, ddof=1) / len(a) ** 0.5


def _medians(a: Vector, b: Vector) -> tuple[float, float]:
    return np.median(a - b), np.std(a - b, ddof=1) / len(a) ** 0.5


paired = Task(
    name="paired", title="Task 5a, a paired comparison",
    takes="a, b", returns="difference, error",
    reference=_paired, draw=paired_scores, shapes=(3, 5, 12), rtol=1e-5,  # for scores in float32
    mistakes=(
        Mistake("the pairs are torn apart", "Seed by seed, what is common to both scores cancels. Take differences first.",
                _unpaired),
        Mistake("the pairs are torn apart, and the variance divides by n",
                "Seed by seed, what is common to both scores cancels. Take differences first.", _unpaired_biased),
        Mistake("your deviation divides by n", "The mean is estimated from the same numbers: divide by n − 1.", _biased),
        Mistake("you return the deviation of one difference", "How does the error of a mean shrink with the number of seeds?",
                _deviation),
        Mistake("you return the deviation of one difference, dividing by n",
                "How does the error of a mean shrink with the number of seeds?", _deviation_biased),
        Mistake("you divide by n and not by its root", "How does the error of a mean shrink with the number of seeds?",
                _by_number),
        Mistake("the difference has the wrong sign", "It is a minus b.", _other_sign),
        Mistake("you compare the best seeds", "The best of several is a matter of luck. Which summary uses all?", _of_the_best),
        Mistake("signs are dropped before the mean", "A method that wins and loses equally has the difference 0.", _absolute),
        Mistake("you take a median", "The mean of the differences is asked for.", _medians),
    ),
)

#: In the order of the notebook.
ALL = (norm_backward, dropout_step, stop_early, honest_score, paired)
