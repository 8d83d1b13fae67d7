"""The tasks of the chapter on accelerators and scale."""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import numpy as np

from lecture_code.feedback import Answer, task

Vector = np.ndarray
Matrix = np.ndarray
Gradient = Callable[[Vector, Matrix, Vector], Vector]


# ---------------------------------------------------------------- Task 1: uneven shards

def shards(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Vector]:
    """Return mean gradients, one a row, of shards of different sizes."""
    R, P = shape
    return rng.normal(size=(R, P)), rng.choice(np.arange(2, 40 if R < 5 else 4000), R, replace=False)


@task("Task 1a: uneven shards", returns="g", draw=shards, shapes=((2, 3), (3, 5), (5, 4)))
def batch_gradient(gradients, sizes):
    return sizes @ gradients / np.sum(sizes)


batch_gradient.mistake("you take the plain average", "Whose samples count too much if one shard has 3 of 4 samples?",
    lambda gradients, sizes: gradients.mean(axis=0))
batch_gradient.mistake("you add the means as they are",
    "Each of them is a mean over a shard. Which sum does it stand for?", lambda gradients, sizes: gradients.sum(axis=0))
batch_gradient.mistake("the last division is missing", "Now you have the sum over all samples.",
    lambda gradients, sizes: sizes @ gradients)
batch_gradient.mistake("you divide by the number of workers", "The sum runs over samples. How many are there?",
    lambda gradients, sizes: sizes @ gradients / len(sizes))
batch_gradient.mistake("your weights are upside down", "A larger shard has to count more.",
    sizes=lambda sizes: 1 / sizes)
batch_gradient.mistake("you divide by the largest shard", "The weights have to add up to 1.",
    lambda gradients, sizes: sizes @ gradients / np.max(sizes))
batch_gradient.mistake("sizes and gradients are in opposite order", "Row r belongs to sizes[r].",
    lambda gradients, sizes: sizes[::-1] @ gradients / np.sum(sizes))


@task("Task 1b: uneven shards", returns="factors",
      draw=lambda rng, R: (rng.choice(np.arange(2, 40), R, replace=False),), shapes=(2, 3, 6))
def loss_factors(sizes):
    return len(sizes) * sizes / np.sum(sizes)


loss_factors.mistake("you forget that the wrapper divides by R",
    "After its average, each of your factors has become smaller.", lambda sizes: sizes / np.sum(sizes))
loss_factors.mistake("your factors are all 1", "Then the wrapper's average is the plain one.",
    lambda sizes: np.ones(len(sizes)))
loss_factors.mistake("your factors are upside down", "A larger shard has to count more.",
    result=lambda factors: 1 / factors)
loss_factors.mistake("you return the sizes", "If all shards are equal, the factors have to be 1.",
    lambda sizes: 1.0 * sizes)
loss_factors.mistake("you divide by the largest shard", "The mean of the factors has to be 1.",
    lambda sizes: sizes / np.max(sizes))
loss_factors.mistake("you divide by R once more", "The wrapper divides by R. Should you, too?",
    lambda sizes: sizes / np.sum(sizes) / len(sizes))


# ---------------------------------------------------------------- Task 2: a parameter server

def server(rng: np.random.Generator, kind: str) -> tuple[int, float, float, float, float]:
    """Return M, t1, S, alpha, B with no, some, many, or more helpful workers than anyone has, or with an optimum just
    below a half; never with more than samples."""
    M = int(rng.integers(20, 400)) * (150 if kind in ("many", "more") else 1)
    t1, B = float(rng.uniform(0.5, 3) * 1e-3), float(rng.uniform(1, 9) * 1e8)
    R = {"none": rng.uniform(0.5, 1.1), "waits": rng.uniform(4, 7), "few": rng.uniform(3.1, 6.9),
         "between": rng.integers(3, 6) - 0.51, "many": rng.uniform(80, 300), "more": rng.uniform(1200, 2500)}[kind]
    alpha = M * t1 * (0.6 if kind == "waits" else float(rng.uniform(0.005, 0.02)))
    return M, t1, M * t1 * B / (2 * R**2), alpha, B


def _step(R: float, M: int, t1: float, S: float, alpha: float, B: float) -> float:
    return t1 * M / R + (2 * (alpha + R * S / B) if R > 1 else 0)


def _optimum(M: int, t1: float, S: float, B: float) -> float:
    return np.sqrt(t1 * M * B / (2 * S))


def _instead(chosen: Callable[[float], float]) -> Answer:
    """Return the function that makes a number of workers of the real optimum, and compares it with one alone."""

    def answer(M: int, t1: float, S: float, alpha: float, B: float) -> float:
        R = max(1, chosen(_optimum(M, t1, S, B)))
        return R if _step(R, M, t1, S, alpha, B) < t1 * M else 1

    return answer


def _fastest(added: Callable[..., float]) -> Answer:
    """Return the function that tries numbers of workers R > 1, to whose step added(R, α, S/B) is added."""

    def answer(M: int, t1: float, S: float, alpha: float, B: float) -> int:
        return min(range(1, 5000), key=lambda R: t1 * M / R + (added(R, alpha, S / B) if R > 1 else 0))

    return answer


@task("Task 2b: a parameter server", returns="R", points=2,
      draw=server, shapes=("few", "none", "waits", "between", "many", "more"))
def server_workers(M, t1, S, alpha, B):
    below = int(_optimum(M, t1, S, B))
    return min({1, max(1, below), below + 1}, key=lambda R: _step(R, M, t1, S, alpha, B))


@server_workers.mistake("one worker alone wins more often than you find",
    "Do you compare with it, and count the latency of both directions?")
def _(M, t1, S, alpha, B):
    below = int(_optimum(M, t1, S, B))
    return min({max(1, below), below + 1}, key=lambda R: t1 * M / R + 2 * R * S / B)


server_workers.mistake("you round the real optimum",
    "The curve is not symmetric. Compare the whole numbers on both sides.", _instead(round))
server_workers.mistake("you always take the whole number below", "Compare it with the one above.", _instead(int))
server_workers.mistake("your number of workers is not whole", "Which of the whole numbers beside it is better?",
    _instead(lambda R: R))
server_workers.mistake("you count as for a ring", "Here all vectors pass through the one link of the server.",
    _fastest(lambda R, alpha, t: 2 * (R - 1) * (alpha + t / R)))
server_workers.mistake("you count one direction only", "The sum has to come back to the workers.",
    _fastest(lambda R, alpha, t: alpha + R * t))
server_workers.mistake("you count a latency for every vector",
    "They follow each other without a pause: one latency in each direction.",
    _fastest(lambda R, alpha, t: 2 * R * (alpha + t)))
server_workers.mistake("your server has a link for each worker", "How long does one link take for R vectors?",
    _fastest(lambda R, alpha, t: 2 * (alpha + t)))


# ---------------------------------------------------------------- Task 3: who waits for ever?

def programs(rng: np.random.Generator, kind: tuple[int, int, str]) -> tuple[list[Vector]]:
    """Return the calls of R workers, in order: alike, or different from some place on.

    1 is all_reduce, 2 barrier, 3 broadcast.
    """
    R, n, fault = kind
    common = [int(call) for call in rng.integers(1, 4, n)]
    calls, who, where = [list(common) for _ in range(R)], int(rng.integers(1, R)), int(rng.integers(1, n - 1))
    if fault == "shorter":
        del calls[who][where:]
    elif fault == "first is shorter":
        del calls[0][where:]
    elif fault == "other":
        calls[who][where] = common[where] % 3 + 1
    elif fault == "last differs":
        calls[-1][where] = common[where] % 3 + 1
    elif fault == "around":                      # one below and one above: on average alike
        calls[0][where], calls[1][where], calls[2][where] = 2, 1, 3
    elif fault == "one more":
        calls[who].insert(where, common[where] % 3 + 1)
    return ([np.array(mine) for mine in calls],)


def _completed(calls: list[Vector]) -> int:
    count = 0
    for together in zip(*calls):
        if len(set(together)) > 1:
            break
        count += 1
    return count


@task("Task 3a: who waits for ever?", returns="count", points=2, draw=programs, shapes=(
    (2, 3, "shorter"), (2, 4, "other"), (3, 5, "last differs"), (4, 6, "first is shorter"), (3, 6, "one more"),
    (3, 4, "around"), (3, 4, "alike")))
def completed(calls):
    return _completed(calls)


completed.mistake("you only look at the lengths", "A barrier and an all_reduce do not complete each other.",
    lambda calls: min(map(len, calls)))
completed.mistake("you go on after the first call that differs", "Who waits there waits for ever.",
    lambda calls: sum(len(set(together)) == 1 for together in zip(*calls)))
completed.mistake("you compare two workers only", "A call is complete when all of them have made it.",
    calls=lambda calls: calls[:2])
completed.mistake("you count the call in which they wait", "That one is never completed.",
    result=lambda count: count + 1)
completed.mistake("you count the longest program", "The others never make the last of its calls.",
    lambda calls: max(map(len, calls)))
completed.mistake("the order plays no part in your count", "A worker that waits makes no further call.",
    lambda calls: sum(min(np.sum(mine == call) for mine in calls) for call in (1, 2, 3)))
completed.mistake("you count a call once for every worker", "All workers together complete one call.",
    lambda calls: _completed(calls) * len(calls))


# ---------------------------------------------------------------- Task 4: repair an accumulation

def least_squares(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    """Return the gradient function of a mean of squares, its arguments, and the size of a piece."""
    d, M, size = shape

    def gradient(theta: Vector, x: Matrix, y: Vector) -> Vector:
        if x.shape[1] > size:
            raise ValueError(f"x: expected at most {size} columns, got {x.shape[1]}: more do not fit into memory")
        return x @ (theta @ x - y) / x.shape[1]

    return gradient, rng.normal(size=d), rng.normal(size=(d, M)), rng.normal(size=M), size


def broken(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    """Accumulate a gradient, with mistakes in it: it stands in the statement."""
    M = x.shape[1]
    pieces = M // size
    for k in range(pieces):
        piece = slice(k * size, (k + 1) * size)
        g = np.zeros_like(theta)
        g += gradient(theta, x[:, piece], y[piece])
    return g / pieces


def _pieces(M: int, size: int) -> list[slice]:
    return [slice(k, min(k + size, M)) for k in range(0, M, size)]


@task("Task 4: repair an accumulation", returns="g", points=2,
      draw=least_squares, shapes=((2, 5, 3), (3, 7, 2), (2, 8, 4), (4, 11, 3)))
def accumulated(gradient, theta, x, y, size, *, weight=lambda m, M, size, pieces: m / M, whole_only=False):
    """The gradient of a piece of m samples counts weight(m, M, size, number of pieces) times."""
    M = len(y)
    pieces = _pieces(M // size * size if whole_only else M, size)
    return sum(weight(len(y[p]), M, size, len(pieces)) * gradient(theta, x[:, p], y[p]) for p in pieces)


accumulated.mistake("nothing has been changed", "Follow g through the loop with three pieces, by hand.", broken)
accumulated.mistake("the samples after the last whole piece are lost",
    "With 7 samples in pieces of 2, who looks at the seventh?", weight=lambda m, M, size, pieces: 1 / pieces,
    whole_only=True)
accumulated.mistake("you drop the last, smaller piece, and divide by all samples",
    "With 7 samples in pieces of 2, who looks at the seventh?", whole_only=True)
accumulated.mistake("every piece counts alike", "The last piece may be smaller. How much should it count?",
    weight=lambda m, M, size, pieces: 1 / pieces)
accumulated.mistake("the means are added without weights", "Each call returns a mean over its piece.",
    weight=lambda m, M, size, pieces: 1)
accumulated.mistake("the last piece counts as much as a whole one", "How many samples are in it?",
    weight=lambda m, M, size, pieces: size / M)


@accumulated.mistake("only the last piece is left", "Where does g become zero?")
def _(gradient, theta, x, y, size):
    pieces = _pieces(len(y), size)
    return gradient(theta, x[:, pieces[-1]], y[pieces[-1]]) / len(pieces)


# ---------------------------------------------------------------- Task 5: count, predict, measure

def machine(rng: np.random.Generator, widths: tuple[int, ...]) -> tuple[Any, ...]:
    """Return widths, M, R, t0, t1, alpha and B, such that all parts of the time matter."""
    S = 4 * sum(n * (m + 1) for m, n in zip(widths[:-1], widths[1:]))
    M, R = int(rng.integers(40, 400)), int(rng.integers(2, 9))
    step, alpha = float(rng.uniform(1, 5) * 1e-3), float(rng.uniform(0.5, 2) * 1e-4)
    return widths, M, R, 0.3 * step, step / M, alpha, S / (step * float(rng.uniform(0.1, 0.4)))


def _ring(R: int, S: float, alpha: float, B: float) -> float:
    return 2 * (R - 1) * (alpha + S / (R * B))


@task("Task 5a: count, predict, measure", returns="speedup", points=2,
      draw=machine, shapes=((3, 4, 2), (20, 30, 10), (9, 5, 8, 6)))
def predicted_speedup(widths, M, R, t0, t1, alpha, B, *, added=_ring, itemsize=4, bias=1, once=1):
    """`added` is what a step with R workers takes besides; t₀ is counted `once`."""
    S = itemsize * sum(n * (m + bias) for m, n in zip(widths[:-1], widths[1:]))
    return (once * t0 + t1 * M) / (once * t0 + t1 * M / R + added(R, S, alpha, B))


predicted_speedup.mistake("you return the slow-down", "A speed-up above 1 means: faster than one worker.",
    result=lambda speedup: 1 / speedup)
predicted_speedup.mistake("the biases are missing in the gradient", "How many parameters has a layer?", bias=0)
predicted_speedup.mistake("your numbers have eight bytes", "float32 has 32 bits.", itemsize=8)
predicted_speedup.mistake("you count numbers, not bytes", "B is a number of bytes a second.", itemsize=1)
predicted_speedup.mistake("t₀ is missing", "What is done once a step does not go away.", once=0)
predicted_speedup.mistake("t₀ is shared among the workers",
    "Each worker calls its functions and updates all parameters.",
    lambda widths, M, R, t0, t1, alpha, B: unwrap(predicted_speedup.reference)(widths, M, R, 0, t1 + t0 / M, alpha, B))
predicted_speedup.mistake("you forget most of the latencies",
    "How many rounds has a ring, and what begins each of them?",
    added=lambda R, S, alpha, B: (2 if R > 2 else 1) * alpha + 2 * (R - 1) * S / (R * B))
predicted_speedup.mistake("whole vectors go around in your ring", "Into how many parts is a vector cut?",
    added=lambda R, S, alpha, B: 2 * (R - 1) * (alpha + S / B))
predicted_speedup.mistake("the workers tell each other nothing", "Where is the ring?", added=lambda R, S, alpha, B: 0)
predicted_speedup.mistake("you count as for a parameter server",
    "There the vectors of all workers pass through one link. How many links does a ring use at a time, and how long is "
    "a part?", added=lambda R, S, alpha, B: 2 * (alpha + R * S / B))
predicted_speedup.mistake("one worker collects all vectors and sends the sum",
    "Then they pass through one link. How many links does a ring use at a time, and how long is a part?",
    added=lambda R, S, alpha, B: 2 * (alpha + (R - 1) * S / B))
predicted_speedup.mistake("your ring has half of its rounds", "First the sums are made, then they travel on.",
    added=lambda R, S, alpha, B: _ring(R, S, alpha, B) / 2)

#: In the order of the notebook.
ALL = (batch_gradient, loss_factors, server_workers, completed, accumulated, predicted_speedup)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2a: a parameter server": 3, "Task 3b: who waits for ever?": 3, "Task 4: repair an accumulation": 2,
    "Task 5b: count, predict, measure": 3, "Task 6a: design a sweep": 1, "Task 6b: design a sweep": 3}
