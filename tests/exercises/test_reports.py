"""Mistakes that people reported in public programs, or asked about, each at the task that it fits: refused, and named.

Beside each stands the report, a part of the name under which it has to be known here, or of what is seen where no task
lists it.
"""

import importlib

import numpy as np
import pytest

from lecture_code.activations import sigmoid, tanh
from lecture_code.feedback import NotRight, check
from lecture_code.numerics import softmax


def delta_and_a(W, b, x, y, slope=sigmoid.derivative):
    """Return δ and a of each layer, with the half squared loss, as they are in the notebook."""
    z, a = [None], [x]
    for l in range(1, len(W)):
        z.append(W[l] @ a[-1] + b[l])
        a.append(sigmoid(z[l]))
    delta = [None] * len(W)
    delta[-1] = (a[-1] - y) * slope(z[-1])
    for l in range(len(W) - 2, 0, -1):
        delta[l] = W[l + 1].T @ delta[l + 1] * slope(z[l])
    return delta, a


def biases(of):
    """Return the answer that makes each db of δ and of a of the layer below."""
    def answer(W, b, x, y):
        delta, a = delta_and_a(W, b, x, y)
        return [None] + [of(delta[l], a[l - 1]) for l in range(1, len(W))]

    return answer


def slope_at_the_output(W, b, x, y):
    delta, _ = delta_and_a(W, b, x, y, lambda z: sigmoid.derivative(sigmoid(z)))
    return [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


def slope_of_z(W, b, x, y):
    delta, _ = delta_and_a(W, b, x, y, lambda z: z * (1 - z))
    return [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


def without_slopes(W, b, x, y, *, at_the_output, below):
    z, a = [None], [x]
    for l in range(1, len(W)):
        z.append(W[l] @ a[-1] + b[l])
        a.append(sigmoid(z[l]))
    error = (a[-1] - y) * (sigmoid.derivative(z[-1]) if at_the_output else 1)
    db = [None] * len(W)
    for l in range(len(W) - 1, 0, -1):
        db[l] = error.mean(axis=1, keepdims=True)
        if l > 1:
            error = W[l].T @ error * (sigmoid.derivative(z[l - 1]) if below else 1)
    return db


def adam(theta, g, state, eta, beta1, beta2, eps, *, corrected, scale=lambda v, eps: np.sqrt(v) + eps, kept=None):
    m, v, k = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g**2, state[2] + 1
    with np.errstate(all="ignore"):
        m_hat, v_hat = corrected(m, v, np.float64(k), beta1, beta2)
        return theta - eta * m_hat / scale(v_hat, eps), (m_hat, v_hat, k) if kept else (m, v, k)


def right_correction(m, v, k, beta1, beta2):
    return m / (1 - beta1**k), v / (1 - beta2**k)


def with_adam(**parts):
    return lambda *given: adam(*given, **parts)


def rmsprop_with_eps_inside(theta, g, r, eta, rho, eps):
    r = rho * r + (1 - rho) * g**2
    return theta - eta * g / np.sqrt(r + eps), r


def rmsprop_from_the_first_square(theta, g, r, eta, rho, eps):
    r = np.where(r == 0, g**2, rho * r + (1 - rho) * g**2)
    return theta - eta * g / (eps + np.sqrt(r)), r


def adam_with_shares_exchanged(theta, g, state, eta, beta1, beta2, eps):
    m, v, k = beta1 * g + (1 - beta1) * state[0], beta2 * g**2 + (1 - beta2) * state[1], state[2] + 1
    rate = eta * np.sqrt(1 - beta2**k) / (1 - beta1**k)
    return theta - rate * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**k)), (m, v, k)


def adagrad_from_one(theta, g, r, eta, eps):
    r = np.where(r == 0, 1, r) + g**2
    return theta - eta * g / (np.sqrt(r) + eps), r


def nesterov_twice(theta, gradient, v, eta, mu):
    ahead = theta + mu * v
    v = mu * v - eta * gradient(ahead)
    return ahead + v, v


def nesterov_pushed_back(theta, gradient, v, eta, mu):
    g = gradient(theta + mu * v)
    v = mu * v - eta * g
    return theta - eta * g - mu * v, v


def dropout(mask):
    return lambda z, a_bar, r, q: (mask(r, q) * np.tanh(z), mask(r, q) * (1 - np.tanh(z) ** 2) * a_bar)


def norm_backward(u_bar, z, gamma, eps, *, ddof=0, through_s=True, beta_of=lambda u_bar, z: u_bar):
    s = np.sqrt(z.var(axis=1, ddof=ddof, keepdims=True) + eps)
    z_hat, g = (z - z.mean(axis=1, keepdims=True)) / s, gamma * u_bar
    z_bar = g - g.mean(axis=1, keepdims=True)
    z_bar = z_bar - z_hat * (g * z_hat).mean(axis=1, keepdims=True) * through_s
    return z_bar / s, (u_bar * z_hat).sum(axis=1, keepdims=True), beta_of(u_bar, z).sum(axis=1, keepdims=True)


def pieces(y, size):
    return [slice(k, k + size) for k in range(0, len(y), size)]


def mean_of_means(gradient, theta, x, y, size):
    return np.mean([gradient(theta, x[:, p], y[p]) for p in pieces(y, size)], axis=0)


def sum_of_means(gradient, theta, x, y, size):
    return np.sum([gradient(theta, x[:, p], y[p]) for p in pieces(y, size)], axis=0)


def pooled(H, A_bar, s, *, one_window=False):
    back = np.zeros(H.shape)
    for i, j in np.ndindex(A_bar.shape):
        window = np.s_[i * s:i * s + s, j * s:j * s + s]
        back[window] = (H[window] == H[window].max()) * A_bar[i, j]
        if one_window:
            back[window] = 0
            back[window].flat[H[window].argmax()] = A_bar[i, j]
            return back
    return back


@np.errstate(all="ignore")
def nan_for_zeros(p, q):
    return (p * np.log(p / q)).sum(axis=0)


def clipped_divergence(p, q):
    q = np.clip(q, 1e-6, 1 - 1e-6)
    return (p * np.log(np.where(p > 0, p, 1) / q)).sum(axis=0)


def shuffled_samples_only(theta, X, y, eta, M, orders):
    for order in orders:
        for k in range(0, len(y), M):
            x, labels = X[order[k:k + M]].T, y[k:k + M]
            theta = theta - eta * (softmax(theta @ x) - np.eye(len(theta))[:, labels]) @ x.T / len(labels)
    return theta


def divided_by_the_full_size(theta, X, y, eta, M, order):
    for k in range(0, len(order), M):
        B = order[k:k + M]
        theta = theta - eta * ((X[B] @ theta - y[B])[:, None] * X[B]).sum(axis=0) / M
    return theta


def last_batch_never_reached(theta, X, y, eta, M, order):
    k = 0
    while k + M < len(order):
        B = order[k:k + M]
        theta = theta - eta * (X[B] @ theta - y[B]) @ X[B] / M
        k += M
    return theta


def stride_forgotten(X, F, delta, s):
    dF, dX = np.zeros(F.shape), np.zeros(X.shape)
    for i, j in np.ndindex(*delta.shape):
        for c, m, n in np.ndindex(*F.shape):
            dF[c, m, n] += delta[i, j] * X[c, i + m, j + n]
            dX[c, i + m, j + n] += delta[i, j] * F[c, m, n]
    return dF, dX


def last_batch_dropped(theta, X, y, eta, M, order):
    for k in range(0, len(order) // M * M, M):
        B = order[k:k + M]
        theta = theta - eta * (X[B] @ theta - y[B]) @ X[B] / M
    return theta


def patience_never_refilled(costs, patience):
    least, best, waited = np.inf, 0, 0
    for epoch, cost in enumerate(costs, 1):
        if cost < least:
            least, best = cost, epoch
        else:
            waited += 1
        if waited >= patience:
            return best, epoch
    return best, len(costs)


def stops_one_early(costs, patience):
    least, best, waited = np.inf, 0, 0
    for epoch, cost in enumerate(costs, 1):
        waited += 1
        if cost < least:
            least, best, waited = cost, epoch, 0
        if waited >= patience - 1:
            return best, epoch
    return best, len(costs)


def clipped_by(length, c_over=lambda length, c: np.minimum(1, c / np.maximum(length, 1e-300))):
    return lambda g, c: g * c_over(length(g), c)


def kernel_in_another_shape(F, delta):
    F = F[::-1, ::-1].T
    k, m = F.shape
    padded = np.pad(delta, ((k - 1, k - 1), (m - 1, m - 1)))
    return np.array([[(padded[i:i + k, j:j + m] * F).sum() for j in range(padded.shape[1] - m + 1)]
                     for i in range(padded.shape[0] - k + 1)])


@np.errstate(all="ignore")
def overflowing_softplus(z):
    return np.log(1 + np.exp(z)), 1 / (1 + np.exp(-z))


def norm_of(g):
    return np.sqrt((g**2).sum(axis=1, keepdims=True))


REPORTS = [
    ("rickwierenga/MLFundamentals#1", "softmax_regression.softmax_columns",
        "all entries of your matrix together sum to 1, and large scores overflow",
        np.errstate(all="ignore")(lambda z: np.exp(z) / np.sum(np.exp(z)))),
    ("apache/singa#540", "softmax_regression.softmax_columns", "all entries of your matrix together sum to 1",
        lambda z: np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum()),
    ("dpilger26/NumCpp#57", "softmax_regression.softmax_columns", "your softmax runs over the samples",
        lambda z: softmax(z, axis=1)),
    ("deeplearning4j/deeplearning4j#345", "softmax_regression.cross_entropy_gradient",
        "your softmax runs over the samples",
        lambda theta, x, y: (softmax(theta @ x, axis=1) - np.eye(len(theta))[:, y]) @ x.T / len(y)),
    ("markroxor/fromscratchtoml#65", "softmax_regression.cross_entropy_gradient",
        "Every entry of gradient is twice what it should be.",
        lambda theta, x, y: 2 * (softmax(theta @ x) - np.eye(len(theta))[:, y]) @ x.T / len(y)),
    ("rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization#62", "backpropagation.bias_gradients",
        "you add up the rows of the gradient of W",
        biases(lambda d, a: (d @ a.T / d.shape[1]).sum(axis=1, keepdims=True))),
    ("rasbt/stat453-deep-learning-ss21#5", "backpropagation.bias_gradients",
        "all biases of a layer get the same number",
        biases(lambda d, a: np.full((len(d), 1), d.sum() / d.shape[1]))),
    ("jimfleming/differentiation#1", "backpropagation.bias_gradients", "you divide by M and do not add up",
        biases(lambda d, a: d / d.shape[1])),
    ("dwhitena/gophernet#6", "backpropagation.bias_gradients", "σ' was taken at the wrong place, in every layer",
        slope_at_the_output),
    ("kyle8998/Sudo-Productivity#3", "backpropagation.bias_gradients", "your slopes are z(1 − z)", slope_of_z),
    ("iamtrask/Grokking-Deep-Learning#50", "backpropagation.bias_gradients", "no activation was differentiated",
        lambda *given: without_slopes(*given, at_the_output=False, below=False)),
    ("jiexunsee/Neural-Network-with-Python#1", "backpropagation.bias_gradients",
        "the activation of the last layer was not differentiated",
        lambda *given: without_slopes(*given, at_the_output=False, below=True)),
    ("BoltzmannEntropy/interviews.ai#15", "neurons.repaired_jacobian",
        "tanh is repaired, and the sigmoid still has z(1 − z)",
        lambda W, b, x, is_tanh: (tanh.derivative(W @ x + b) if is_tanh else (W @ x + b) * (1 - W @ x - b)) * W),
    ("liashchynskyi/skynet#1", "neurons.repaired_jacobian", "the activation is applied twice",
        lambda W, b, x, is_tanh: (tanh.derivative(tanh(W @ x + b)) if is_tanh
                                  else sigmoid.derivative(sigmoid(W @ x + b))) * W),
    ("borgwang/tinynn#7", "neurons.softplus_and_slope", "large z overflow in the value", overflowing_softplus),
    ("ufal/npfl114#79", "optimizers.adam_step", "theta is right on 3 of the 15 inputs.",
        with_adam(corrected=lambda m, v, k, beta1, beta2: (m / (1 - beta1**k), v / (1 - beta2**2)))),
    ("eriklindernoren/ML-From-Scratch#35", "optimizers.adam_step", "every step is corrected like the first one",
        with_adam(corrected=lambda m, v, k, beta1, beta2: (m / (1 - beta1), v / (1 - beta2)))),
    ("frgfm/holocron#1", "optimizers.adam_step", "you keep the corrected averages in the state",
        with_adam(corrected=right_correction, kept=True)),
    ("deeplearning4j/nd4j#1227", "optimizers.adam_step", "your k is one too small",
        with_adam(corrected=lambda m, v, k, beta1, beta2: right_correction(m, v, k - 1, beta1, beta2))),
    ("karpathy/convnetjs#107", "optimizers.adam_step", "you multiply by the correction",
        with_adam(corrected=lambda m, v, k, beta1, beta2: (m * (1 - beta1**k), v * (1 - beta2**k)))),
    ("oxiglade/mlx-rs#301", "optimizers.adam_step", "the correction of the averages is missing",
        with_adam(corrected=lambda m, v, *_: (m, v))),
    ("FluxML/Flux.jl#448", "optimizers.adam_step", "your stabiliser is inside the root",
        with_adam(corrected=right_correction, scale=lambda v, eps: np.sqrt(v + eps))),
    ("ryankiros/skip-thoughts#82", "optimizers.adam_step", "β and 1 − β are swapped", adam_with_shares_exchanged),
    ("keras-team/keras#1004", "optimizers.adam_step", "you square v where its root is asked for",
        with_adam(corrected=right_correction, scale=lambda v, eps: v**2 + eps)),
    ("zc911/MatrixSlow#28", "optimizers.rmsprop_step", "your average begins with the first square itself",
        rmsprop_from_the_first_square),
    ("keras-team/keras#435", "optimizers.rmsprop_step", "your stabiliser is inside the root", rmsprop_with_eps_inside),
    ("deeplearning4j/deeplearning4j#953", "optimizers.adagrad_step", "your r begins with 1", adagrad_from_one),
    ("oysteijo/simd_neuralnet#17", "optimizers.nesterov_step", "you go on from the look-ahead point", nesterov_twice),
    ("PaddlePaddle/Paddle#12231", "optimizers.nesterov_step", "v is right.", nesterov_pushed_back),
    ("lmjohns3/theanets#123", "generalisation.dropout_step", "you divide by q", dropout(lambda r, q: (r >= q) / q)),
    ("gorgonia/gorgonia#387", "generalisation.dropout_step", "you keep with probability q",
        dropout(lambda r, q: (r < q) / q)),
    ("chainer/chainer#531", "generalisation.dropout_step", "the units that stay are not scaled",
        dropout(lambda r, q: 1.0 * (r >= q))),
    ("pytorch/pytorch#2330", "generalisation.norm_backward", "z_bar and gamma_bar are right.",
        lambda *given: norm_backward(*given, beta_of=lambda u_bar, z: z)),
    ("abhiskk/ladder#2", "generalisation.norm_backward", "the way through the deviation is missing",
        lambda *given: norm_backward(*given, through_s=False)),
    ("keras-team/keras#8982", "generalisation.norm_backward", "your variance divides by M − 1",
        lambda *given: norm_backward(*given, ddof=1)),
    ("modelscope/ms-swift#5326", "generalisation.stop_early", "your counter is never reset", patience_never_refilled),
    ("mlverse/luz#63", "generalisation.stop_early", "you stop one epoch too soon", stops_one_early),
    ("keras-team/keras#20241", "scale.accumulated", "every piece counts alike", mean_of_means),
    ("karpathy/nanoGPT#206", "scale.accumulated", "the means are added without weights", sum_of_means),
    ("allenai/allennlp#4706", "mini_batches.reported_cost", "the last batch is all that is left of the sum",
        lambda costs, N, M: costs[-1] / len(costs)),
    ("pytorch/tutorials#179", "mini_batches.reported_cost", "you add the means and divide by the number of samples",
        lambda costs, N, M: sum(costs) / N),
    ("MichiganCOG/ViP#13", "mini_batches.reported_cost", "you divide by the number of places, not of samples",
        lambda costs, N, M: (costs[:-1].sum() * M + costs[-1] * (N - len(costs[1:]) * M)) / (len(costs) * M)),
    ("SewoongLab/spectre-defense#3", "mini_batches.least_squares_epoch",
        "you divide by M in the last batch, too, which may be shorter", divided_by_the_full_size),
    ("nagadomi/kaggle-cifar10-torch7#6", "mini_batches.least_squares_epoch", "you leave out the last batch",
        last_batch_never_reached),
    ("jadore801120/attention-is-all-you-need-pytorch#14", "mini_batches.least_squares_epoch",
        "you leave out the last batch where it is shorter", last_batch_dropped),
    ("mlcommons/GaNDLF#870", "softmax_regression.repaired_training",
        "the last batch is right, and one of the two bugs is left", shuffled_samples_only),
    ("Theano/Theano#5248", "convolution_networks.pool_gradient", "several entries of a window still get the share",
        pooled),
    ("riccardoandreoni0/CNN-from-scratch#1", "convolution_networks.pool_gradient", "you stop after the first window",
        lambda *given: pooled(*given, one_window=True)),
    ("Kulbear/deep-learning-coursera#34", "convolution.repaired_layer", "the stride has got lost on the way back",
        stride_forgotten),
    ("mlpack/mlpack#3376", "convolution.gradient_by_image", "the filter is transposed, and right apart from that",
        kernel_in_another_shape),
    ("ENCP/CNNdroid#4", "convolution.count_places", "you round up",
        lambda d, k, s, p: int(np.ceil((d + 2 * p - k) / s) + 1)),
    ("mlpack/examples#60", "convolution.count_places", "you forgot to round down",
        lambda d, k, s, p: np.floor(d + 2 * p - k) / s + 1),
    ("TheAlgorithms/Python#13635", "kl_divergence.kl_with_zeros", "your code makes nan of 0·log 0", nan_for_zeros),
    ("uber/causalml#167", "kl_divergence.kl_with_zeros",
        "There are entries of kl that are finite and should be infinite: is a 0 replaced, or something cut off?",
        clipped_divergence),
    ("pytorch/pytorch#57459", "kl_divergence.kl_columns", "the two arguments have changed places",
        lambda p, q: (q * np.log(q / p)).sum(axis=0)),
    ("paiml/entrenar#311", "vanishing_gradients.clipped", "the root is missing in the length",
        clipped_by(lambda g: norm_of(g) ** 2)),
    ("sony/nnabla-ext-cuda#201", "vanishing_gradients.clipped", "short gradients are made longer",
        clipped_by(norm_of, lambda length, c: c / np.maximum(length, 1e-300))),
    ("Happy-Algorithms-League/hal-cgp#210", "vanishing_gradients.clipped", "you clip entry by entry",
        lambda g, c: np.clip(g, -c, c)),
    ("apache/mxnet#4594", "supervised_learning.nll", "you add 1e-08 to the probabilities",
        lambda P, y: -np.log(P[y, np.arange(len(y))] + 1e-8).sum()),
    ("chainer/chainer#584", "supervised_learning.nll", "you cut off probabilities below 1e-08",
        lambda P, y: -np.log(np.maximum(1e-8, P[y, np.arange(len(y))])).sum()),
]


@pytest.mark.parametrize("report, name, said, answer", REPORTS, ids=[row[0] for row in REPORTS])
def test_a_reported_mistake_is_refused_and_named(report, name, said, answer):
    module, task = name.split(".")
    with pytest.raises(NotRight) as found:
        check(getattr(importlib.import_module(f"lecture_tasks.{module}"), task), answer)
    assert said in str(found.value)
