"""Which samples does a step see? Streams of index arrays, drawn from an explicit Generator.

Arguments are checked at the call; a batch is drawn when it is asked for, the permutation of an epoch at once.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lecture_code.validation import require_count


def with_replacement(samples: int, batch_size: int, steps: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield `steps` batches of independent uniform indices: a sample may come twice.

    Book: eq-minibatch-gradient

    Parameters
    ----------
    samples : N, the size of the data set
    batch_size : M ≥ 1; with replacement it may exceed N
    steps : how many batches
    rng : the source of randomness

    Yields
    ------
    integer array (M,), entries 0 … N − 1
    """
    require_count("samples", samples)
    require_count("batch_size", batch_size)
    require_count("steps", steps)
    return (rng.integers(samples, size=batch_size) for _ in range(steps))


def without_replacement(samples: int, batch_size: int, steps: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield `steps` batches of M different indices each, every subset equally likely.

    The batches are independent of one another: two of them may share samples.

    Parameters
    ----------
    samples : N, the size of the data set
    batch_size : M, 1 ≤ M ≤ N
    steps : how many batches
    rng : the source of randomness

    Yields
    ------
    integer array (M,), entries 0 … N − 1, no two equal
    """
    require_count("samples", samples)
    require_count("batch_size", batch_size, at_most=samples)
    require_count("steps", steps)
    return (rng.choice(samples, size=batch_size, replace=False) for _ in range(steps))


def minibatches(
    samples: int, batch_size: int, rng: np.random.Generator, drop_last: bool = False
) -> Iterator[np.ndarray]:
    """Yield the batches of one epoch: a fresh permutation of all N indices, cut into pieces of M.

    When M does not divide N the last batch is shorter; `drop_last` leaves it out.

    Parameters
    ----------
    samples : N, the size of the data set
    batch_size : M, 1 ≤ M ≤ N
    rng : the source of randomness

    Yields
    ------
    integer array (M,), or shorter for the last batch
    """
    require_count("samples", samples)
    require_count("batch_size", batch_size, at_most=samples)
    order = rng.permutation(samples)
    end = samples - samples % batch_size if drop_last else samples
    starts = range(0, end, batch_size)
    return (order[start:start + batch_size] for start in starts)
