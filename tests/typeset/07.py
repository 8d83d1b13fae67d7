"""Mini-batches: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from itertools import combinations, permutations, product

import numpy as np

from lecture_code import samplers
from lecture_code.activations import linear, tanh
from lecture_code.losses import half_squared
from lecture_code.network import Network, cost, cost_and_gradient, per_sample_gradients
from typeset import Chapter, case

chapter = Chapter()
rng = np.random.default_rng(7)
N = 5
net = Network((3, 4, 2), (tanh, linear), half_squared)
X, Y = rng.standard_normal((3, N)), rng.standard_normal((2, N))
theta = rng.standard_normal((net.size, 1))


def column(v):
    return np.reshape(v, (-1, 1))


def mean_cost(indices):
    """θ ↦ the cost of the samples with these numbers, which count from 1."""
    chosen = [i - 1 for i in indices]
    return lambda theta: cost(net, theta[:, 0], X[:, chosen], Y[:, chosen])


def batch_gradient(indices):
    """θ ↦ g_B(θ), by backpropagation of the batch."""
    chosen = [i - 1 for i in indices]
    return lambda theta: column(cost_and_gradient(net, theta[:, 0], X[:, chosen], Y[:, chosen])[1])


def spread(theta):
    """The sum of the variances of all components of the gradient."""
    return per_sample_gradients(net, theta[:, 0], X, Y).var(axis=0).sum()


samples = range(1, N + 1)
C = {"": mean_cost(samples), **{i: mean_cost([i]) for i in samples}}
base = {"C": C, r"\theta": theta, "N": N, r"\eta": 0.3}

# ---- batches, and their means --------------------------------------------------------------------------------------
B = (2, 5, 2)
chapter.bind("eq-minibatch-gradient", {**base, "B": B, "M": 3, "g_B": batch_gradient(B)})
pairs = [*product(samples, repeat=2)]
chapter.bind("eq-minibatch-unbiased", {**base, "g_B": batch_gradient(B)},
             outcomes=[(1 / len(pairs), {"g_B": batch_gradient(pair)}) for pair in pairs])
chapter.bind("eq-single-sample-variance", {**base, "V": spread})

# ---- the variance of a batch ---------------------------------------------------------------------------------------
full = column(cost_and_gradient(net, theta[:, 0], X, Y)[1])
V = spread(theta)
each = {i: batch_gradient([i])(theta) for i in samples}


def drawn(tuples):
    return [(1 / len(tuples), {"g_B": np.mean([each[i] for i in indices], axis=0)}) for indices in tuples]


variance = {r"\nabla C": full, "V": V, "N": N, "M": 3}
chapter.bind("eq-minibatch-variance", variance, outcomes=drawn([*product(samples, repeat=3)]))
two = [*permutations(samples, 2)]
chapter.bind("eq-pair-covariance", variance, outcomes=[(1 / len(two), {"d_I": each[i] - full, "d_J": each[j] - full}) for i, j in two])
chapter.bind("eq-minibatch-variance-without", variance, outcomes=drawn([*combinations(samples, 3)]))
chapter.bind("eq-sum-or-mean", {**base, "B": B, "M": 3})

# ---- epochs ---------------------------------------------------------------------------------------------------------
sizes = [len(batch) for batch in samplers.minibatches(10, 4, rng)]  # 4, 4, 2
chapter.bind("eq-steps-per-epoch", {"U": len(sizes), "N": 10, "M": 4})
costs = rng.exponential(size=10)
means = [batch.mean() for batch in np.split(costs, np.cumsum(sizes)[:-1])]
epoch = {"C": {"": costs.mean(), **dict(enumerate(means, 1))}, "M": dict(enumerate(sizes, 1)), "N": 10, "U": len(sizes)}
chapter.bind("eq-epoch-cost", epoch)
chapter.bind("eq-short-batch-error", {**epoch, "r": sizes[-1], "C_last": costs[8:].mean(), "C_full": costs[:8].mean()})

# ---- larger steps: samples C_i = ½ (θ − y_i)ᵀ D (θ − y_i); the bound is attained where D is a multiple of I -------------
beta, y, at = 1.7, rng.standard_normal((2, N)), rng.standard_normal((2, 1))
centre = y.mean(axis=1, keepdims=True)


def descent(D):
    """The symbols for D = diag(D), and the gradients of all batches of three samples, equally likely."""
    D = column(D)
    gradients = [D * (at - y[:, list(indices)].mean(axis=1, keepdims=True)) for indices in product(range(N), repeat=3)]
    return case({"C": lambda theta: (D * (theta - y)**2).sum(axis=0).mean() / 2, r"\theta": at, r"\beta": beta, "M": 3, r"\eta": 0.4,
                 "V": lambda theta: (D * (theta[:, :1] - y)).var(axis=1).sum()},
                outcomes=[(1 / N**3, {"g_B": g}) for g in gradients])


round_bowl = descent([beta, beta])


def best(M):
    """The rate with the lowest mean cost after one step, which is a parabola in the rate."""
    C, batches = round_bowl.values["C"], product(range(N), repeat=int(M))
    steps = [beta * (at - y[:, list(indices)].mean(axis=1, keepdims=True)) for indices in batches]
    a2, a1, _ = np.polyfit([0, 0.5, 1], [np.mean([C(at - rate * g) for g in steps]) for rate in (0, 0.5, 1)], 2)
    return -a1 / (2 * a2)


chapter.bind("eq-minibatch-descent", round_bowl, descent([beta, 0.6]))
chapter.bind("eq-best-rate", {**round_bowl.values, r"\eta^*": best,
                              "M_0": beta**2 * y.var(axis=1).sum() / (beta * np.linalg.norm(at - centre))**2})


@chapter.second_check("eq-linear-scaling", reason="O(η²) is a limit, and the union of batches is an index")
def linear_scaling():
    parts = [(1, 4), (2, 2), (5, 3)]  # three batches of two; their union counts sample 2 twice

    def difference(rate):
        moved = theta
        for part in parts:
            moved = moved - rate * batch_gradient(part)(moved)
        return np.linalg.norm(moved - (theta - 3 * rate * batch_gradient(sum(parts, ()))(theta)))
    assert 3.9 < difference(1e-3) / difference(5e-4) < 4.1


# Mean and covariance of θ_k − θ* step by step; that of a batch mean by listing all batches.
rate, M = 0.8, 3
noise = np.mean([((y[:, list(indices)].mean(axis=1, keepdims=True) - centre)**2).sum() for indices in product(range(N), repeat=M)])
mean, squares = np.array([[2.0], [-1.0]]), 0.0
for k in range(20):
    mean, squares = mean - rate * mean, (1 - rate)**2 * squares + rate**2 * noise
ends = [(0.5, {r"\theta": {20: centre + mean + sign * np.sqrt(squares) * np.array([[0.6], [0.8]])}}) for sign in (1, -1)]
chapter.bind("eq-noise-floor", {r"\theta^*": centre, r"\eta": rate, "M": M, "V": y.var(axis=1).sum(), "k": 20}, outcomes=ends, approx=1e-6)


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("119 = 120 - 1", "1875 = 60000 / 32", "93 750 = 50 * 60000 / 32", "313 = 10000 // 32 + 1", "312 = 10000 // 32",
                   "0.5 = 8 / (8 + 8)", "2.5 = 0.5 / 0.2", "20 480 = 2 * 10240", "409 600 = 400 * 1024", "256 = 4 ** 4",
                   "4800 = 40 * 120", "0.2 = 2 / (2 + 8)", "10 000 = 60000 - 50000")
chapter.given("batch size of Goyal and others", "8192")
chapter.given("an example", "400")
chapter.given("an exercise", "10 000")
