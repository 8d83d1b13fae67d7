"""Many independent single-sample runs side by side.

Book: ch-backpropagation
"""

from __future__ import annotations

import numpy as np

from lecture_code.network import Network, cost_and_gradient
from lecture_code.runs import progress
from lecture_code.training import _data, _rates
from lecture_code.validation import require, require_count


def lockstep_sgd(
    net: Network,
    theta: np.ndarray,
    X: np.ndarray,
    Y: np.ndarray,
    *,
    eta: float | np.ndarray,
    indices: np.ndarray,
    every: int = 100,
    label: str = "steps",
) -> np.ndarray:
    """Run R independent single-sample SGD runs side by side and return their parameters along the way.

    Each run has its own parameters and sees its own samples, so the result equals R separate runs; they
    share only the Python overhead of a step. Compute costs afterwards, from the stored parameters.

    Book: eq-sgd-step

    Parameters
    ----------
    net : the network
    theta : (R, P) initial parameters, left as they are
    X, Y : (N, d) and (N, K), one sample a row
    eta : one learning rate, or one for each run (R,)
    indices : integer array (steps, R): which sample run r sees at step k
    every : store the parameters before step 0, `every`, 2·`every`, … and after the last step

    Returns
    -------
    array (stored, R, P); a run that diverges stays at its last stored finite parameters
    """
    theta, indices = np.asarray(theta), np.asarray(indices)
    X, Y = _data(net, (X, Y), theta.dtype, ("X", "Y"))
    require(theta.ndim == 2, "theta", f"(R, {net.size})", f"shape {theta.shape}")
    R = len(theta)
    require(indices.ndim == 2 and indices.shape[1] == R, "indices", f"(steps, {R})", f"shape {indices.shape}")
    require(indices.dtype.kind in "iu" and bool(np.all((indices >= 0) & (indices < len(X)))), "indices",
            f"integers 0 … {len(X) - 1}", "others")
    require_count("every", every)
    require(not callable(eta), "eta", "one number, or one for each of R runs", "a function")
    rate = _rates(eta, theta)(0)
    x, y = X[:, :, None], Y[:, :, None]  # a sample is a column
    path, rate = [theta], np.broadcast_to(rate, (R, 1))
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
        for k in progress(range(len(indices)), label):
            batch = indices[k]
            theta = theta - rate * cost_and_gradient(net, theta, x[batch], y[batch]).gradient
            if (k + 1) % every == 0 or k + 1 == len(indices):
                alive = np.isfinite(theta).all(axis=-1, keepdims=True)
                theta, rate = np.where(alive, theta, path[-1]), np.where(alive, rate, 0)
                path.append(theta)
    return np.stack(path)
