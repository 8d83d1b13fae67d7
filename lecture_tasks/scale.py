"""The tasks of the chapter on accelerators and scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray
Gradient = Callable[[Vector, Matrix, Vector], Vector]


# ---------------------------------------------------------------- Task 1: uneven shards

def shards(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Vector]:
    """Return mean gradients, one a row, of shards of different sizes."""
    R, P = shape
    return rng.normal(size=(R, P)), rng.choice(np.arange(2, 40), R, replace=False)


def _weighted(gradients: Matrix, sizes: Vector) -> Vector:
    return sizes @ gradients / np.sum(sizes)


def _plain(gradients: Matrix, sizes: Vector) -> Vector:
    return gradients.mean(axis=0)


def _added(gradients: Matrix, sizes: Vector) -> Vector:
    return gradients.sum(axis=0)


def _not_divided(gradients: Matrix, sizes: Vector) -> Vector:
    return sizes @ gradients


def _divided_by_workers(gradients: Matrix, sizes: Vector) -> Vector:
    return sizes @ gradients / len(sizes)


def _inverse_weights(gradients: Matrix, sizes: Vector) -> Vector:
    return (1 / sizes) @ gradients / np.sum(1 / sizes)


def _over_the_largest(gradients: Matrix, sizes: Vector) -> Vector:
    return sizes @ gradients / np.max(sizes)


def _in_reverse(gradients: Matrix, sizes: Vector) -> Vector:
    return sizes[::-1] @ gradients / np.sum(sizes)


batch_gradient = Task(
    name="batch_gradient", title="Task 1a, the gradient of the batch",
    takes="gradients, sizes", returns="g",
    reference=_weighted, draw=shards, shapes=((2, 3), (3, 5), (5, 4)),
    mistakes=(
        Mistake("you take the plain average", "Whose samples count too much if one shard has 3 of 4 samples?", _plain),
        Mistake("you add the means as they are", "Each of them is a mean over a shard. Which sum does it stand for?", _added),
        Mistake("the last division is missing", "Now you have the sum over all samples.", _not_divided),
        Mistake("you divide by the number of workers", "The sum runs over samples. How many are there?", _divided_by_workers),
        Mistake("your weights are upside down", "A larger shard has to count more.", _inverse_weights),
        Mistake("you divide by the largest shard", "The weights have to add up to 1.", _over_the_largest),
        Mistake("sizes and gradients are in opposite order", "Row r belongs to sizes[r].", _in_reverse),
    ),
)


def only_sizes(rng: np.random.Generator, R: int) -> tuple[Vector]:
    """Return sizes of shards."""
    return (rng.choice(np.arange(2, 40), R, replace=False),)


def _factors(sizes: Vector) -> Vector:
    return len(sizes) * sizes / np.sum(sizes)


def _shares(sizes: Vector) -> Vector:
    return sizes / np.sum(sizes)


def _all_alike(sizes: Vector) -> Vector:
    return np.ones(len(sizes))


def _upside_down(sizes: Vector) -> Vector:
    return np.sum(sizes) / (len(sizes) * sizes)


def _just_sizes(sizes: Vector) -> Vector:
    return 1.0 * sizes


def _shares_of_the_largest(sizes: Vector) -> Vector:
    return sizes / np.max(sizes)


def _shares_over_workers(sizes: Vector) -> Vector:
    return sizes / np.sum(sizes) / len(sizes)


loss_factors = Task(
    name="loss_factors", title="Task 1b, factors for a wrapper",
    takes="sizes", returns="factors",
    reference=_factors, draw=only_sizes, shapes=(2, 3, 6),
    mistakes=(
        Mistake("you forget that the wrapper divides by R", "After its average, each of your factors has become smaller.", _shares),
        Mistake("your factors are all 1", "Then the wrapper's average is the plain one.", _all_alike),
        Mistake("your factors are upside down", "A larger shard has to count more.", _upside_down),
        Mistake("you return the sizes", "If all shards are equal, the factors have to be 1.", _just_sizes),
        Mistake("you divide by the largest shard", "The mean of the factors has to be 1.", _shares_of_the_largest),
        Mistake("you divide by R once more", "The wrapper divides by R. Should you, too?", _shares_over_workers),
    ),
)


# ---------------------------------------------------------------- Task 2: a parameter server

def server(rng: np.random.Generator, kind: str) -> tuple[int, float, float, float, float]:
    """Return M, t1, S, alpha, B with no, some, or many helpful workers, or with an optimum just below a half."""
    M, t1, B = int(rng.integers(20, 400)), float(rng.uniform(0.5, 3) * 1e-3), float(rng.uniform(1, 9) * 1e8)
    R = {"none": rng.uniform(0.5, 1.1), "waits": rng.uniform(4, 7), "few": rng.uniform(3.1, 6.9), "between": rng.integers(3, 6) - 0.51,
         "many": rng.uniform(80, 300)}[kind]
    alpha = M * t1 * (0.6 if kind == "waits" else float(rng.uniform(0.005, 0.02)))
    return M, t1, M * t1 * B / (2 * R**2), alpha, B


def _step(R: float, M: int, t1: float, S: float, alpha: float, B: float) -> float:
    return t1 * M / R + (2 * (alpha + R * S / B) if R > 1 else 0)


def _best(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    middle = int(np.sqrt(t1 * M * B / (2 * S)))
    return min({1, max(1, middle), middle + 1}, key=lambda R: _step(R, M, t1, S, alpha, B))


def _never_alone(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    middle = int(np.sqrt(t1 * M * B / (2 * S)))
    return min({max(1, middle), middle + 1}, key=lambda R: t1 * M / R + 2 * R * S / B)


def _rounded(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    R = max(1, round(np.sqrt(t1 * M * B / (2 * S))))
    return R if _step(R, M, t1, S, alpha, B) < t1 * M else 1


def _below(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    R = max(1, int(np.sqrt(t1 * M * B / (2 * S))))
    return R if _step(R, M, t1, S, alpha, B) < t1 * M else 1


def _real(M: int, t1: float, S: float, alpha: float, B: float) -> float:
    R = np.sqrt(t1 * M * B / (2 * S))
    return R if _step(R, M, t1, S, alpha, B) < t1 * M and R > 1 else 1


def _of_a_ring(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    def seconds(R: int) -> float:
        return t1 * M / R + 2 * (R - 1) * (alpha + S / (R * B))
    return min(range(1, 400), key=seconds)


def _one_way(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    return min(range(1, 400), key=lambda R: t1 * M / R + (alpha + R * S / B if R > 1 else 0))


def _latency_each(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    return min(range(1, 400), key=lambda R: t1 * M / R + (2 * R * (alpha + S / B) if R > 1 else 0))


def _all_links_at_once(M: int, t1: float, S: float, alpha: float, B: float) -> int:
    return min(range(1, 400), key=lambda R: t1 * M / R + (2 * (alpha + S / B) if R > 1 else 0))


server_workers = Task(
    name="server_workers", title="Task 2, workers around a server",
    takes="M, t1, S, alpha, B", returns="R",
    reference=_best, draw=server, shapes=("few", "none", "waits", "between", "many"),
    mistakes=(
        Mistake("one worker alone wins more often than you find", "Do you compare with it, and count the latency of both directions?",
                _never_alone),
        Mistake("you round the real optimum", "The curve is not symmetric. Compare the whole numbers on both sides.", _rounded),
        Mistake("you always take the whole number below", "Compare it with the one above.", _below),
        Mistake("your number of workers is not whole", "Which of the whole numbers beside it is better?", _real),
        Mistake("you count as for a ring", "Here all vectors pass through the one link of the server.", _of_a_ring),
        Mistake("you count one direction only", "The sum has to come back to the workers.", _one_way),
        Mistake("you count a latency for every vector", "They follow each other without a pause: one latency in each direction.",
                _latency_each),
        Mistake("your server has a link for each worker", "How long does one link take for R vectors?", _all_links_at_once),
    ),
)


# ---------------------------------------------------------------- Task 3: who waits for ever?

ALL_REDUCE, BARRIER, BROADCAST = 1, 2, 3


def programs(rng: np.random.Generator, kind: tuple[int, int, str]) -> tuple[list[Vector]]:
    """Return the collective calls of R workers, in order: alike, or different from some place on."""
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


def _shortest(calls: list[Vector]) -> int:
    return min(len(mine) for mine in calls)


def _wherever_alike(calls: list[Vector]) -> int:
    return sum(len(set(together)) == 1 for together in zip(*calls))


def _first_two(calls: list[Vector]) -> int:
    return _completed(calls[:2])


def _one_too_many(calls: list[Vector]) -> int:
    return _completed(calls) + 1


def _longest(calls: list[Vector]) -> int:
    return max(len(mine) for mine in calls)


def _in_any_order(calls: list[Vector]) -> int:
    return sum(min(np.sum(mine == call) for mine in calls) for call in (ALL_REDUCE, BARRIER, BROADCAST))


def _of_all_workers(calls: list[Vector]) -> int:
    return _completed(calls) * len(calls)


completed = Task(
    name="completed", title="Task 3a, calls that are completed",
    takes="calls", returns="count",
    reference=_completed, draw=programs,
    shapes=((2, 3, "shorter"), (2, 4, "other"), (3, 5, "last differs"), (4, 6, "first is shorter"), (3, 6, "one more"), (3, 4, "around"),
            (3, 4, "alike")),
    mistakes=(
        Mistake("you only look at the lengths", "A barrier and an all_reduce do not complete each other.", _shortest),
        Mistake("you go on after the first call that differs", "Who waits there waits for ever.", _wherever_alike),
        Mistake("you compare two workers only", "A call is complete when *all* have made it.", _first_two),
        Mistake("you count the call in which they wait", "That one is never completed.", _one_too_many),
        Mistake("you count the longest program", "The others never make the last of its calls.", _longest),
        Mistake("the order plays no part in your count", "A worker that waits makes no further call.", _in_any_order),
        Mistake("you count a call once for every worker", "All workers together complete one call.", _of_all_workers),
    ),
)


# ---------------------------------------------------------------- Task 4: repair an accumulation

def least_squares(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Gradient, Vector, Matrix, Vector, int]:
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


def _parts(M: int, size: int, whole_only: bool = False) -> list[slice]:
    return [slice(k, min(k + size, M)) for k in range(0, M - size + 1 if whole_only else M, size)]


def _accumulated(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    M = x.shape[1]
    return sum(gradient(theta, x[:, p], y[p]) * ((p.stop - p.start) / M) for p in _parts(M, size))


def _rest_dropped(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    parts = _parts(x.shape[1], size, whole_only=True)
    return sum(gradient(theta, x[:, p], y[p]) for p in parts) / len(parts)


def _mean_of_pieces(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    parts = _parts(x.shape[1], size)
    return sum(gradient(theta, x[:, p], y[p]) for p in parts) / len(parts)


def _sum_of_pieces(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    return sum(gradient(theta, x[:, p], y[p]) for p in _parts(x.shape[1], size))


def _last_piece_full_weight(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    return sum(gradient(theta, x[:, p], y[p]) for p in _parts(x.shape[1], size)) * size / x.shape[1]


def _last_piece_alone(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    parts = _parts(x.shape[1], size)
    return gradient(theta, x[:, parts[-1]], y[parts[-1]]) / len(parts)


def _rest_dropped_over_M(gradient: Gradient, theta: Vector, x: Matrix, y: Vector, size: int) -> Vector:
    M = x.shape[1]
    return sum(gradient(theta, x[:, p], y[p]) * (size / M) for p in _parts(M, size, whole_only=True))


accumulated = Task(
    name="accumulated", title="Task 4, an accumulation repaired",
    takes="gradient, theta, x, y, size", returns="g",
    reference=_accumulated, draw=least_squares, shapes=((2, 5, 3), (3, 7, 2), (2, 8, 4), (4, 11, 3)),
    mistakes=(
        Mistake("nothing has been changed", "Follow g through the loop with three pieces, by hand.", broken),
        Mistake("the samples after the last whole piece are lost", "With 7 samples in pieces of 2, who looks at the seventh?",
                _rest_dropped),
        Mistake("you drop the last, smaller piece, and divide by all samples", "With 7 samples in pieces of 2, who looks at the seventh?",
                _rest_dropped_over_M),
        Mistake("every piece counts alike", "The last piece may be smaller. How much should it count?", _mean_of_pieces),
        Mistake("the means are added without weights", "Each call returns a mean over its piece.", _sum_of_pieces),
        Mistake("the last piece counts as much as a whole one", "How many samples are in it?", _last_piece_full_weight),
        Mistake("only the last piece is left", "Where does g become zero?", _last_piece_alone),
    ),
)


# ---------------------------------------------------------------- Task 5: count, predict, measure

def machine(rng: np.random.Generator, widths: tuple[int, ...]) -> tuple[tuple[int, ...], int, int, float, float, float, float]:
    """Return widths, M, R, t0, t1, alpha and B, such that all parts of the time matter."""
    S = 4 * sum(n * (m + 1) for m, n in zip(widths[:-1], widths[1:]))
    M, R = int(rng.integers(40, 400)), int(rng.integers(2, 9))
    step, alpha = float(rng.uniform(1, 5) * 1e-3), float(rng.uniform(0.5, 2) * 1e-4)
    return widths, M, R, 0.3 * step, step / M, alpha, S / (step * float(rng.uniform(0.1, 0.4)))


def _gain(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float, *, bias: bool = True,
          itemsize: int = 4, once: float = 1.0, latencies: float = 2.0, parts: bool = True, ring: float = 1.0) -> float:
    S = itemsize * sum(n * (m + bias) for m, n in zip(widths[:-1], widths[1:]))
    added = latencies * (R - 1) * alpha + 2 * (R - 1) * S / ((R if parts else 1) * B)
    return (once * t0 + t1 * M) / (once * t0 + t1 * M / R + ring * added)


def _without_biases(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, bias=False)


def _eight_bytes(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, itemsize=8)


def _numbers_for_bytes(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, itemsize=1)


def _without_t0(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, once=0.0)


def _one_latency(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, latencies=2.0 / (R - 1) if R > 2 else 1.0)


def _whole_vectors(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, parts=False)


def _without_ring(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, ring=0.0)


def _slowdown(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return 1 / _gain(widths, M, R, t0, t1, alpha, B)


def _half_a_ring(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    return _gain(widths, M, R, t0, t1, alpha, B, ring=0.5)


def _shared_t0(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    S = 4 * sum(n * (m + 1) for m, n in zip(widths[:-1], widths[1:]))
    return (t0 + t1 * M) / ((t0 + t1 * M) / R + 2 * (R - 1) * (alpha + S / (R * B)))


def _around_a_server(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    S = 4 * sum(n * (m + 1) for m, n in zip(widths[:-1], widths[1:]))
    return (t0 + t1 * M) / (t0 + t1 * M / R + 2 * (alpha + R * S / B))


def _around_a_worker(widths: tuple[int, ...], M: int, R: int, t0: float, t1: float, alpha: float, B: float) -> float:
    S = 4 * sum(n * (m + 1) for m, n in zip(widths[:-1], widths[1:]))
    return (t0 + t1 * M) / (t0 + t1 * M / R + 2 * (alpha + (R - 1) * S / B))


predicted_speedup = Task(
    name="predicted_speedup", title="Task 5a, a predicted speed-up",
    takes="widths, M, R, t0, t1, alpha, B", returns="speedup",
    reference=_gain, draw=machine, shapes=((3, 4, 2), (20, 30, 10), (9, 5, 8, 6)),
    mistakes=(
        Mistake("you return the slow-down", "A speed-up above 1 means: faster than one worker.", _slowdown),
        Mistake("the biases are missing in the gradient", "How many parameters has a layer?", _without_biases),
        Mistake("your numbers have eight bytes", "float32 has 32 bits.", _eight_bytes),
        Mistake("you count numbers, not bytes", "B is a number of bytes a second.", _numbers_for_bytes),
        Mistake("t₀ is missing", "What is done once a step does not go away.", _without_t0),
        Mistake("t₀ is shared among the workers", "Each worker calls its functions and updates all parameters.", _shared_t0),
        Mistake("you forget most of the latencies", "How many rounds has a ring, and what begins each of them?", _one_latency),
        Mistake("whole vectors go around in your ring", "Into how many parts is a vector cut?", _whole_vectors),
        Mistake("the workers tell each other nothing", "Where is the ring?", _without_ring),
        Mistake("you count as for a parameter server", "There the vectors of all workers pass through one link. How many links "
                "does a ring use at a time, and how long is a part?", _around_a_server),
        Mistake("one worker collects all vectors and sends the sum", "Then they pass through one link. How many links does a "
                "ring use at a time, and how long is a part?", _around_a_worker),
        Mistake("your ring has half of its rounds", "First the sums are made, then they travel on.", _half_a_ring),
    ),
)

#: In the order of the notebook.
ALL = (batch_gradient, loss_factors, server_workers, completed, accumulated, predicted_speedup)
