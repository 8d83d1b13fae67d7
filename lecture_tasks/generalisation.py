"""The tasks of the chapter on generalisation."""

from __future__ import annotations

from inspect import unwrap

import numpy as np

from lecture_code.feedback import Answer, task
from lecture_tasks.deep_networks import paired_mistakes

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: batch normalisation, backward

def normalised_layer(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, float]:
    """Return ∂C/∂u and z of a layer, both (n, M), a scale γ (n, 1), and an eps that is not negligible."""
    n, M = shape
    z = rng.normal(size=(n, M)) * rng.uniform(0.5, 3, size=(n, 1)) + rng.normal(size=(n, 1))
    u_bar, gamma = rng.normal(size=(n, M)), rng.uniform(0.5, 2, (n, 1)) * rng.choice([-1, 1], (n, 1))
    return u_bar, z, gamma, round(rng.uniform(0.1, 0.5), 2)


def _mean(a: Matrix) -> Matrix:
    return a.mean(axis=1, keepdims=True)


def _sum(a: Matrix) -> Matrix:
    return a.sum(axis=1, keepdims=True)


def _deviation(z: Matrix, eps: float) -> Matrix:
    return np.sqrt(z.var(axis=1, keepdims=True) + eps)


def _z_bar(g: Matrix, z_hat: Matrix, s: Matrix) -> Matrix:
    return (g - _mean(g) - z_hat * _mean(g * z_hat)) / s


@task("Task 1a: batch normalisation, backward", returns="z_bar, gamma_bar, beta_bar", points=4, draw=normalised_layer,
      shapes=((2, 3), (3, 5), (4, 2)))
def norm_backward(u_bar, z, gamma, eps, *, z_bar=_z_bar, deviation=_deviation):
    """`z_bar` is made of the derivative g by ẑ, of ẑ, and of s, which is the `deviation`."""
    s = deviation(z, eps)
    z_hat = (z - _mean(z)) / s
    return z_bar(gamma * u_bar, z_hat, s), _sum(u_bar * z_hat), _sum(u_bar)


norm_backward.mistake("the mean and the deviation are constants in your derivation",
    "Both move when z moves. Which two terms does that add?", z_bar=lambda g, z_hat, s: g / s)
norm_backward.mistake("the way through the mean is missing", "Each z_i moves c by 1/M of its own move.",
    z_bar=lambda g, z_hat, s: (g - z_hat * _mean(g * z_hat)) / s)
norm_backward.mistake("the way through the deviation is missing", "Each z_i also moves s. By how much?",
    z_bar=lambda g, z_hat, s: (g - _mean(g)) / s)
norm_backward.mistake("you take away sums in place of means", "What is ∂c/∂z_i?",
    z_bar=lambda g, z_hat, s: (g - _sum(g) - z_hat * _sum(g * z_hat)) / s)
norm_backward.mistake("the part along ẑ is added", "A larger s makes every ẑ smaller.",
    z_bar=lambda g, z_hat, s: (g - _mean(g) + z_hat * _mean(g * z_hat)) / s)
norm_backward.mistake("you multiply by the deviation", "ẑ is z divided by s.",
    z_bar=lambda g, z_hat, s: (g - _mean(g) - z_hat * _mean(g * z_hat)) * s)
norm_backward.mistake("the division by s is missing in z_bar", "ẑ is z divided by s.",
    z_bar=lambda g, z_hat, s: g - _mean(g) - z_hat * _mean(g * z_hat))
norm_backward.mistake("the part along ẑ is taken away twice", "s is the root of v. Where does its ½ meet the 2 of v?",
    z_bar=lambda g, z_hat, s: (g - _mean(g) - 2 * z_hat * _mean(g * z_hat)) / s)
norm_backward.mistake("γ is missing in z_bar", "Between ẑ and u stands a factor.",
    gamma=lambda gamma: np.ones_like(gamma))


@norm_backward.mistake("you take statistics over the units", "A batch holds its samples along the last axis.")
def _(u_bar, z, gamma, eps):
    c = z.mean(axis=0, keepdims=True)
    s = np.sqrt(((z - c) ** 2).mean(axis=0, keepdims=True) + eps)
    z_hat, g = (z - c) / s, gamma * u_bar
    z_bar = (g - g.mean(axis=0) - z_hat * (g * z_hat).mean(axis=0)) / s
    return z_bar, _sum(u_bar * z_hat), _sum(u_bar)


norm_backward.mistake("your variance divides by M − 1", "The chapter's variance is the mean of the squares.",
    deviation=lambda z, eps: np.sqrt(z.var(axis=1, ddof=1, keepdims=True) + eps))
norm_backward.mistake("eps is missing", "s is the root of v + eps.", deviation=lambda z, eps: _deviation(z, 0.0))
norm_backward.mistake("the root is missing in s", "s is the root of v + eps.",
    deviation=lambda z, eps: _deviation(z, eps) ** 2)
norm_backward.mistake("eps stands outside the root", "s is the root of v + eps.",
    deviation=lambda z, eps: _deviation(z, 0.0) + eps)


@norm_backward.mistake("the gradients of γ and β are means",
    "How many samples does one γ serve, and what happens to their contributions?")
def _(u_bar, z, gamma, eps):
    z_bar, gamma_bar, beta_bar = unwrap(norm_backward.reference)(u_bar, z, gamma, eps)
    return z_bar, gamma_bar / z.shape[1], beta_bar / z.shape[1]


norm_backward.mistake("the gradient of γ uses z", "γ multiplies ẑ.",
    lambda u_bar, z, gamma, eps: (
        unwrap(norm_backward.reference)(u_bar, z, gamma, eps)[0], _sum(u_bar * z), _sum(u_bar)))


# ---------------------------------------------------------------- Task 2: dropout, forward and backward

def dropout_layer(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, float]:
    """Return z and ∂C/∂a of a tanh layer (n, M), uniform numbers (n, M) on both sides of q, and q."""
    n, M = shape
    q = round(float(rng.choice([0.2, 0.3, 0.6, 0.7])), 1)
    drops = (rng.permutation(n * M) < max(1, round(q * n * M))).reshape(n, M)  # some are dropped and some stay
    uniform = np.where(drops, q * rng.random((n, M)), q + (1 - q) * rng.random((n, M)))
    uniform.flat[rng.choice(np.flatnonzero(~drops))] = q              # which stays: dropped is what lies below q
    return rng.normal(size=(n, M)), rng.normal(size=(n, M)), uniform, q


def _mask(r: Matrix, q: float) -> Matrix:
    return (r >= q) / (1 - q)


@task("Task 2a: a layer with dropout", returns="a, delta", points=3, draw=dropout_layer,
      shapes=((2, 3), (3, 4), (5, 6)))
def dropout_step(z, a_bar, r, q, *, mask=_mask, back=None, slope_at=lambda a, masked: a):
    """Where `back` is given, it is the mask on the way back; the slope is 1 − a² of what `slope_at` chooses."""
    a, masked = np.tanh(z), mask(r, q) * np.tanh(z)
    return masked, (back or mask)(r, q) * (1 - slope_at(a, masked) ** 2) * a_bar


dropout_step.mistake("you drop the units that should stay", "Where r is below q, the unit is dropped.",
    mask=lambda r, q: (r < q) / (1 - q))
dropout_step.mistake("you drop a unit whose r is equal to q", "A unit is dropped where r is below q. Is r = q below it?",
    mask=lambda r, q: (r > q) / (1 - q))
dropout_step.mistake("you keep with probability q",
    "q is the share that is dropped. Which share stays, and by what is it divided?", mask=lambda r, q: (r < q) / q)
dropout_step.mistake("you divide by q", "What makes the mean of a mask 1?", mask=lambda r, q: (r >= q) / q)
dropout_step.mistake("you multiply by the share that stays", "What makes the mean of a mask 1?",
    mask=lambda r, q: (r >= q) * (1 - q))
dropout_step.mistake("the units that stay are not scaled", "What is the mean of your mask?",
    mask=lambda r, q: 1.0 * (r >= q))
dropout_step.mistake("all samples share one mask", "Each column of r is for a sample of its own.",
    mask=lambda r, q: (r[:, :1] >= q) / (1 - q))
dropout_step.mistake("all units of a sample share one mask", "Each row of r is for a unit of its own.",
    mask=lambda r, q: (r[:1] >= q) / (1 - q))
dropout_step.mistake("the mask is missing on the way back", "What does the cost feel of a unit that was dropped?",
    back=lambda r, q: 1)
dropout_step.mistake("another mask is used on the way back", "It has to be the one of the way forward.",
    back=lambda r, q: (r < q) / (1 - q))
dropout_step.mistake("the way back forgets the factor",
    "Forward, a survivor was multiplied. What does the chain rule do with a factor?", back=lambda r, q: r >= q)
dropout_step.mistake("σ′ is missing", "a = m·tanh(z). Differentiate with respect to z.", slope_at=lambda a, masked: 0 * a)
dropout_step.mistake("σ′ is computed from masked activations",
    "1 − a² is the slope of tanh only as long as a is its value.", slope_at=lambda a, masked: masked)
dropout_step.mistake("σ′ is computed from masked activations, and the mask is missing on the way back",
    "1 − a² is the slope of tanh only as long as a is its value.", back=lambda r, q: 1,
    slope_at=lambda a, masked: masked)


@dropout_step.mistake("the mask stands inside of tanh", "Masked are the activations, after σ.")
def _(z, a_bar, r, q):
    m = _mask(r, q)
    return np.tanh(m * z), m * (1 - np.tanh(m * z) ** 2) * a_bar


dropout_step.mistake("nothing is dropped", "This layer is in training.", mask=lambda r, q: 1)


# ---------------------------------------------------------------- Task 3: early stopping

def validation_costs(rng: np.random.Generator, epochs: int) -> tuple[list[float], int]:
    """Return validation costs that fall, wobble and rise, with ties, and a patience."""
    k = np.arange(epochs)
    curve = 1.2 * np.exp(-k / 3) + 0.02 * k + 0.12 * rng.normal(size=epochs)
    costs = [round(float(c), 1 if rng.random() < 0.5 else 2) for c in 1 + curve]
    for i in rng.choice(np.arange(1, epochs), epochs // 4, replace=False):
        costs[i] = costs[i - 1]                                     # ties
    if rng.random() < 0.5:                                          # a cost can have any size
        costs = [round(1000 * cost) if epochs > 8 else cost / 1000 for cost in costs]
    return costs, int(rng.integers(1, 4))


def _walk(costs: list[float], patience: int, better: Answer = lambda cost, least: cost < least,
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


@task("Task 3a: stop early", returns="best, last", points=3, seeds=6, draw=validation_costs, shapes=(8, 15, 40))
def stop_early(costs, patience):
    return _walk(costs, patience)


stop_early.mistake("you return the last epoch twice", "Whose parameters should be returned?",
    result=lambda both: (both[1], both[1]))
stop_early.mistake("a tie counts as an improvement", "The cost has to fall below its least. Does a tie do that?",
    lambda costs, patience: _walk(costs, patience, better=lambda cost, least: cost <= least))
stop_early.mistake("you stop one epoch too late",
    "Count by hand: with patience 1, the first epoch without improvement is the last.",
    lambda costs, patience: _walk(costs, patience, late=1))
stop_early.mistake("you stop one epoch too soon",
    "Count by hand: with patience 2, how many epochs without improvement are there?",
    lambda costs, patience: _walk(costs, patience, late=-1))
stop_early.mistake("your counter is never reset", "Patience is for epochs in a row since the best one.",
    lambda costs, patience: _walk(costs, patience, reset=False))
stop_early.mistake("you look into the future", "The least cost of the whole list may come after training has stopped.",
    lambda costs, patience: (np.argmin(costs) + 1, min(np.argmin(costs) + 1 + patience, len(costs))))
stop_early.mistake("you return the best epoch of the whole list",
    "Only the epochs that were run have parameters to keep.",
    lambda costs, patience: (np.argmin(costs) + 1, _walk(costs, patience)[1]))
stop_early.mistake("your search begins with a least cost of 100", "Which number is above every cost?",
    lambda costs, patience: _walk(costs, patience, start=100.0))
stop_early.mistake("your last epoch is the end of the list", "In which epoch has the patience run out?",
    lambda costs, patience: (_walk(costs, patience)[0], len(costs)))
stop_early.mistake("you return the least cost, not its epoch", "Two numbers of epochs are asked for.",
    lambda costs, patience: (min(costs[:_walk(costs, patience)[1]]), _walk(costs, patience)[1]))
stop_early.mistake("you count epochs from 0", "The first entry of costs belongs to epoch 1.",
    result=lambda both: (both[0] - 1, both[1] - 1))


@stop_early.mistake("you compare with the epoch before", "An improvement is a cost below the least one so far.")
def _(costs, patience):
    least, best, waited = np.inf, 0, 0
    for epoch, cost in enumerate(costs, 1):
        waited = 0 if epoch == 1 or cost < costs[epoch - 2] else waited + 1
        if cost < least:
            least, best = cost, epoch
        if waited >= patience:
            return best, epoch
    return best, len(costs)


stop_early.mistake("the two numbers are in the wrong order", "First the best epoch, then the last one.",
    result=lambda both: both[::-1])
stop_early.mistake("you look for the largest cost", "Costs are to be small.",
    costs=lambda costs: [-cost for cost in costs])


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


@task("Task 4a: honest and dishonest", returns="keep, accuracy", points=4, seeds=4, draw=labelled_features,
      shapes=((20, 9), (30, 40), (60, 90)))
def honest_score(X, y, train, k, *, select_on="train", fit_on="train", score_on="rest", select=_selected):
    """The keywords name the rows that select, fit and score."""
    rows = {"train": train, "rest": ~train, "all": np.ones(len(y), bool)}
    keep = np.sort(select(X[rows[select_on]], y[rows[select_on]], k))
    fitted, scored = rows[fit_on], rows[score_on]
    right = _nearest_mean(X[fitted][:, keep], y[fitted], X[scored][:, keep]) == y[scored]
    return keep, float(right.mean())


honest_score.mistake("the features are selected on all rows", "Selecting is fitting. Which rows may it see?",
    select_on="all")
honest_score.mistake("the features are selected on the rows that score", "Selecting is fitting. Which rows may it see?",
    select_on="rest")
honest_score.mistake("the means of the classes are those of all rows", "Which rows may the classifier see?",
    fit_on="all")
honest_score.mistake("you score on the training rows", "Which rows have had no part in anything?", score_on="train")
honest_score.mistake("you score on all rows", "Which rows have had no part in anything?", score_on="all")
honest_score.mistake("everything is done on all rows", "The argument train says which rows may be used for fitting.",
    select_on="all", fit_on="all", score_on="all")
honest_score.mistake("negative correlations are left out",
    "A feature that falls with y says as much as one that rises.",
    select=lambda X, y, k: np.argsort(-_correlations(X, y))[:k])
honest_score.mistake("you keep the features that say least", "Which end of the order holds the largest?",
    select=lambda X, y, k: np.argsort(np.abs(_correlations(X, y)))[:k])
honest_score.mistake("you compare covariances, or how far apart the means of the classes are",
    "A correlation does not change when a feature is multiplied by ten.",
    select=lambda X, y, k: np.argsort(-np.abs((y - y.mean()) @ (X - X.mean(axis=0))))[:k])
honest_score.mistake("the means are not subtracted before the correlation", "A feature that is always 5 says nothing.",
    select=lambda X, y, k: np.argsort(-np.abs(y @ X) / np.linalg.norm(X, axis=0))[:k])
honest_score.mistake("you keep the first k features", "Order them by the size of their correlation with y.",
    select=lambda X, y, k: np.arange(k))


# ---------------------------------------------------------------- Task 5: paired seeds

def paired_scores(rng: np.random.Generator, seeds: int) -> tuple[Vector, Vector]:
    """Return the scores of two methods on the same seeds: much of their spread is common."""
    common = 90 + rng.normal(size=seeds)
    a, b = common + 0.3 * rng.normal(size=seeds) + rng.uniform(-1, 1), common + 0.2 * rng.normal(size=seeds)
    return a.round(2), b.round(2)


@task("Task 5a: a comparison that is worth its seeds", returns="difference, error", points=2, rtol=1e-5,
      draw=paired_scores, shapes=(3, 5, 12))
def paired(a, b):
    return np.mean(a - b), np.std(a - b, ddof=1) / len(a) ** 0.5


paired_mistakes(paired, sign=1)

#: In the order of the notebook.
ALL = (norm_backward, dropout_step, stop_early, honest_score, paired)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1b: batch normalisation, backward": 4, "Task 2b: a layer with dropout": 2, "Task 3b: stop early": 3,
    "Task 4b: honest and dishonest": 4, "Task 5b: a comparison that is worth its seeds": 5}
