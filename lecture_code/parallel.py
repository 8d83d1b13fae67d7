"""Gradients in pieces: shards of a batch, their weighted mean, a ring that adds them, and what that takes in seconds.

A worker is a process, a core, an accelerator or a machine. Nothing here starts one: see `workers`.

Book: ch-scale
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lecture_code.model import Model
from lecture_code.validation import require, require_count, require_positive


def shard_sizes(M: int, workers: int) -> tuple[int, ...]:
    """Return M_1, …, M_R with sum M: equal, or some of them larger by one.

    Raises
    ------
    ValueError
        If there are more workers than samples.
    """
    require_count("M", M)
    require_count("workers", workers, M)
    return tuple(M // workers + (r < M % workers) for r in range(workers))


def weighted_mean(gradients: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """Return Σ_r (M_r / M) g_r: the gradient of the batch from those of its shards.

    Book: eq-shard-mean

    Parameters
    ----------
    gradients : R arrays of one shape, each the mean over a shard
    sizes : M_1, …, M_R
    """
    require(len(gradients) == len(sizes) > 0, "sizes", f"{len(gradients)} numbers, one a gradient", sizes)
    for size in sizes:
        require_count("sizes", size)
    M = sum(sizes)
    return sum(size / M * g for size, g in zip(sizes, gradients))


def accumulated_gradient(
    model: Model, theta: np.ndarray, x: np.ndarray, y: np.ndarray, sizes: Sequence[int]
) -> np.ndarray:
    """Return the gradient of a batch, piece by piece: only one piece is in memory at a time.

    Book: eq-shard-mean

    Parameters
    ----------
    model, theta, x, y : as for `cost_and_gradient`; theta is (P,)
    sizes : how many columns each piece has, in order
    """
    M = x.shape[-1]
    require(len(sizes) > 0 and min(sizes) > 0 and sum(sizes) == M, "sizes", f"numbers > 0 whose sum is {M}", sizes)
    g, first = np.zeros_like(theta), 0
    for size in sizes:
        piece = slice(first, first + size)
        _, g_piece = model.cost_and_gradient(theta, x[:, piece], y[:, piece])
        g_piece *= size / M     # in place: a product would need memory again
        g += g_piece
        del g_piece             # or it would stay while the next one is made
        first += size
    return g


def ring_all_reduce(vectors: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Add R vectors in a ring, as R workers do that only talk to the next one.

    Each vector is cut into R parts. In R − 1 rounds each worker sends one part on and adds the one that arrives; then
    each holds one finished part, and in R − 1 rounds these travel once around.

    Book: eq-ring-bytes

    Returns
    -------
    sums : R vectors, all equal to the sum
    sent : (R,), how many bytes each worker has sent
    """
    R = len(vectors)
    require(R > 1 and all(v.ndim == 1 and v.shape == vectors[0].shape for v in vectors), "vectors",
            "at least two, of one length", [np.shape(v) for v in vectors])
    parts = [np.array_split(v.copy(), R) for v in vectors]
    sent = np.zeros(R, int)
    for k in range(2 * (R - 1)):
        moving = [parts[r][(r - k) % R].copy() for r in range(R)]
        for r, part in enumerate(moving):        # part r − k leaves worker r
            place = parts[(r + 1) % R][(r - k) % R]  # for the next worker
            place[...] = place + part if k < R - 1 else part
            sent[r] += part.nbytes
    return [np.concatenate(p) for p in parts], sent


def all_reduce_seconds(S: float, workers: float, alpha: float, B: float) -> float:
    """Return 2(R − 1)(α + S / (R B)), the time of a ring for S bytes a worker.

    Book: eq-ring-seconds

    Parameters
    ----------
    S : bytes of a gradient
    workers : R
    alpha : seconds before the first byte of a message arrives
    B : bytes a second on each link
    """
    for name, value in (("S", S), ("workers", workers), ("alpha", alpha), ("B", B)):
        require_positive(name, value)
    return 2 * (workers - 1) * (alpha + S / (workers * B))


def epoch_seconds(
    workers: float, N: int, M: int, t0: float, t1: float, S: float, alpha: float, B: float
) -> float:
    """Return (N / M)(t₀ + t₁ M / R + the time of a ring), the seconds of an epoch with R workers.

    Book: eq-epoch-seconds

    Parameters
    ----------
    workers, S, alpha, B : as for `all_reduce_seconds`
    N, M : samples, and samples a step over all workers
    t0, t1 : seconds of a step on one worker: t0 + t1 times its samples
    """
    for name, value in (("N", N), ("M", M), ("t0", t0), ("t1", t1)):
        require_positive(name, value)
    return N / M * (t0 + t1 * M / workers + all_reduce_seconds(S, workers, alpha, B))


def best_workers(M: int, t1: float, S: float, alpha: float, B: float) -> float:
    """Return R* = √((t₁M − 2S/B) / 2α), where an epoch is shortest; 1 if no number of workers beats one.

    Book: eq-best-workers
    """
    for name, value in (("M", M), ("t1", t1), ("S", S), ("alpha", alpha), ("B", B)):
        require_positive(name, value)
    return max(1.0, np.sqrt(max(t1 * M - 2 * S / B, 0) / (2 * alpha)))
