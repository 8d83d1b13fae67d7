"""Every public function of the numerical modules and its bad arguments: what the error says, word for word.

The sentence is always the same: the name of the argument, what was expected, what came. A function without
a row is listed below with the reason. A new one fails in test_structure until it has its row.
"""

from functools import partial

import numpy as np
import pytest

from lecture_code.activations import clipped_relu, linear, leaky, relu, tanh
from lecture_code.autodiff import adjoints, gradients, variable
from lecture_code import convnet, convolution, fast_convolution
from lecture_code.convnet import Block, ConvNet
from lecture_code.convolution import full_convolution, im2col, output_size, windows
from lecture_code.complexity import (
    backward_operations, convolution_operations, convolution_parameter_count, forward_operations, parameter_count,
    training_memory)
from lecture_code.curvature import classify, critical_point, filter_normalised, hessian, hessian_vector, loss_slice
from lecture_code.datasets import gaussian_blobs, higham, two_moons
from lecture_code.fast_convolution import fast_layout, prepare
from lecture_code.gradient_check import central_difference, check_gradient, complex_step
from lecture_code.distributions import cross_entropy, entropy, kl_divergence, negative_entropy
from lecture_code.initialisation import gaussian_parameters
from lecture_code.lazy import lazy
from lecture_code.listing import show
from lecture_code.losses import half_squared
from lecture_code.network import (
    Network, backward, cost, cost_and_gradient, forward, input_jacobian, output_jacobian, pack, per_sample_gradients, unpack)
from lecture_code.numerics import log_softmax, logsumexp, one_hot, softmax, softmax_and_log
from lecture_code.optimizers import (
    adadelta, adagrad, adam, adamw, clip_gradient, momentum, nadam, nesterov, rmsprop, sgd, weight_decay)
from lecture_code.parallel import (
    accumulated_gradient, all_reduce_seconds, best_workers, epoch_seconds, ring_all_reduce, shard_sizes, weighted_mean)
from lecture_code.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient
from lecture_code.batch_norm import (
    BatchNorm, RunningStatistics, batch_norm, batch_norm_backward, batch_norm_cost_and_gradient, batch_norm_inference,
    batch_norm_inference_backward, fresh_statistics)
from lecture_code.dropout import Dropout, dropout_cost_and_gradient, dropout_forward, dropout_masks
from lecture_code.penalties import Penalised, l2_penalty
from lecture_code.records import record, rows
from lecture_code.residual import Residual, residual_cost_and_gradient, residual_forward
from lecture_code.samplers import minibatches, with_replacement, without_replacement
from lecture_code.schedules import constant, cosine, exponential, inverse, piecewise, power, robbins_monro, warm_up
from lecture_code.lockstep import lockstep_sgd
from lecture_code.runs import run_length
from lecture_code.sketch import sketch
from lecture_code.sweeps import sweep
from lecture_code.training import evaluate, fit
from lecture_code.trials import training_trial
from lecture_code.workers import Plan, run_workers

RNG = np.random.default_rng(0)
NAN = np.array([0.0, np.nan])
NET = Network((2, 3, 2), (tanh, linear), half_squared)  # 17 parameters
P, X, Y = np.zeros(17), np.zeros((2, 4)), np.zeros((2, 4))
TRACE = forward(NET, P, X)
SKIPPING = Residual(Network((2, 2, 2), (tanh, linear), half_squared))  # 12 parameters
NO_MASKS = [None] * 3
Z, GAMMA, BETA, RUNNING = np.zeros((3, 4)), np.ones((3, 1)), np.zeros((3, 1)), fresh_statistics(3)
MEMORY = batch_norm(Z, GAMMA, BETA, RUNNING)
IMAGES, FILTERS = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
CNN = ConvNet((1, 4, 4), (Block(2, 3),), 2)  # 2·9 + 2·8 weights, 2 + 2 biases
CNN_P = np.zeros(38)
READER, PIXELS = ConvNet((1, 28, 28), (Block(2, 5, pool=12),), 2), np.zeros(784)  # 2·25 + 2·8 weights, 2 + 2 biases
MISSING = np.full((2, 3), 0.5), np.full((3, 2), 1 / 3)

POSITIVE, COUNT, FRACTION = "a finite number > 0", "an integer >= 1", "a number in [0, 1)"
LAYER = "one sample a column, (n, M)"


def convolution_rows(conv2d):
    return [
        (partial(conv2d, Z, FILTERS), "X: expected an array of four axes, got shape (3, 4)"),
        (partial(conv2d, IMAGES, Z), "F: expected an array of four axes, got shape (3, 4)"),
        (partial(conv2d, IMAGES, FILTERS[:, :1]), "F: expected filters of 3 channels, as X has, got shape (4, 1, 2, 2)"),
        (partial(conv2d, IMAGES, FILTERS[:0]), "F: expected at least one filter, got shape (0, 3, 2, 2)"),
        (partial(conv2d, IMAGES, FILTERS[:, :0]), "F: expected no empty axis after the first, got shape (4, 0, 2, 2)"),
        (partial(conv2d, IMAGES[:, :0], FILTERS), "X: expected no empty axis after the first, got shape (2, 0, 5, 5)"),
        (partial(conv2d, IMAGES, FILTERS, Z), "b: expected one bias a filter, (4,), got shape (3, 4)"),
        (partial(conv2d, IMAGES, FILTERS, stride=0), "stride: expected an integer >= 1, or a pair of them, got 0"),
        (partial(conv2d, IMAGES, FILTERS, stride=1.5), "stride: expected an integer >= 1, or a pair of them, got 1.5"),
        (partial(conv2d, IMAGES, FILTERS, stride=(1, 2, 1)),
         "stride: expected an integer >= 1, or a pair of them, got (1, 2, 1)"),
        (partial(conv2d, IMAGES, FILTERS, padding=-1), "padding: expected an integer >= 0, or a pair of them, got -1"),
        (partial(conv2d, IMAGES, np.zeros((1, 3, 6, 6))), "k: expected a window that fits into 5 + 2·0 entries, got 6")]


def filter_gradient_rows(module):
    filter_gradient = module.filter_gradient
    return [
        (lambda: filter_gradient(IMAGES, IMAGES, 2), "dZ: expected the shape (2, 3, 4, 4) of the output, got (2, 3, 5, 5)"),
        (lambda: filter_gradient(Z, IMAGES, 2), "X: expected an array of four axes, got shape (3, 4)"),
        (lambda: filter_gradient(IMAGES, Z, 2), "dZ: expected an array of four axes, got shape (3, 4)"),
        (lambda: filter_gradient(IMAGES, IMAGES[:, :0], 2), "dZ: expected no empty axis after the first, got shape (2, 0, 5, 5)"),
        (lambda: filter_gradient(IMAGES, IMAGES, 0), "size: expected an integer >= 1, or a pair of them, got 0")]


def input_gradient_rows(module):
    input_gradient, dZ = module.input_gradient, np.zeros((2, 4, 4, 4))
    return [
        (lambda: input_gradient(IMAGES, FILTERS, (5, 5)), "dZ: expected the shape (2, 4, 4, 4) of the output, got (2, 3, 5, 5)"),
        (lambda: input_gradient(Z, FILTERS, (5, 5)), "dZ: expected an array of four axes, got shape (3, 4)"),
        (lambda: input_gradient(IMAGES, Z, (5, 5)), "F: expected an array of four axes, got shape (3, 4)"),
        (lambda: input_gradient(dZ, FILTERS[:0], (5, 5)), "F: expected at least one filter, got shape (0, 3, 2, 2)"),
        (lambda: input_gradient(dZ, FILTERS[:, :0], (5, 5)), "F: expected no empty axis after the first, got shape (4, 0, 2, 2)"),
        (lambda: input_gradient(dZ, FILTERS, 5), "shape: expected (height, width) of the input, got 5"),
        (lambda: input_gradient(dZ, FILTERS, (5, 4.5)), "shape: expected (height, width) of the input, got (5, 4.5)"),
        (lambda: input_gradient(dZ, FILTERS, (1, 5)), "k: expected a window that fits into 1 + 2·0 entries, got 2")]


BAD = {
    "numerics": {
        "logsumexp": [
            (lambda: logsumexp(np.zeros(0)), "z: expected at least one class on axis -1, got shape (0,)"),
            (lambda: logsumexp(1.0), "z: expected at least one class on axis -2, got shape ()")],
        "softmax": [
            (lambda: softmax(np.zeros((0, 3))), "z: expected at least one class on axis -2, got shape (0, 3)"),
            (lambda: softmax(np.zeros((2, 3)), axis=2), "z: expected at least one class on axis 2, got shape (2, 3)"),
            (lambda: softmax(np.zeros((2, 3)), axis=-3), "z: expected at least one class on axis -3, got shape (2, 3)")],
        "log_softmax": [
            (lambda: log_softmax(np.zeros((2, 0)), axis=1), "z: expected at least one class on axis 1, got shape (2, 0)")],
        "softmax_and_log": [
            (lambda: softmax_and_log(2.0), "z: expected at least one class on axis -2, got shape ()")],
        "one_hot": [
            (lambda: one_hot([0, 3, 1, 4], 3), "labels: expected integers 0 … 2, got 3 at index 1"),
            (lambda: one_hot([0, -1], 3), "labels: expected integers 0 … 2, got -1 at index 1"),
            (lambda: one_hot([0.0], 3), "labels: expected a 1-D array of integers, got 1-D array of float64"),
            (lambda: one_hot(2, 3), "labels: expected a 1-D array of integers, got 0-D array of int64"),
            (lambda: one_hot([0], 0), f"classes: expected {COUNT}, got 0")],
    },
    "datasets": {
        "higham": [(lambda: higham(9), "points: expected 10 or 11, got 9")],
        "two_moons": [(lambda: two_moons(0, RNG), f"samples: expected {COUNT}, got 0")],
        "gaussian_blobs": [
            (lambda: gaussian_blobs(1.5, RNG), f"samples: expected {COUNT}, got 1.5"),
            (lambda: gaussian_blobs(5, RNG, classes=0), f"classes: expected {COUNT}, got 0")],
    },
    "samplers": {  # at the call: nobody has to ask for the first batch
        "with_replacement": [
            (lambda: with_replacement(0, 1, 1, RNG), f"samples: expected {COUNT}, got 0"),
            (lambda: with_replacement(5, 0, 1, RNG), f"batch_size: expected {COUNT}, got 0"),
            (lambda: with_replacement(5, 1, 0, RNG), f"steps: expected {COUNT}, got 0")],
        "without_replacement": [
            (lambda: without_replacement(0, 1, 1, RNG), f"samples: expected {COUNT}, got 0"),
            (lambda: without_replacement(5, 6, 1, RNG), f"batch_size: expected {COUNT} and <= 5, got 6"),
            (lambda: without_replacement(5, 1, -1, RNG), f"steps: expected {COUNT}, got -1")],
        "minibatches": [
            (lambda: minibatches(2.0, 1, RNG), f"samples: expected {COUNT}, got 2.0"),
            (lambda: minibatches(5, 6, RNG), f"batch_size: expected {COUNT} and <= 5, got 6")],
    },
    "schedules": {
        "robbins_monro": [(lambda: robbins_monro(0.1), "schedule: expected a function of the step number, got 0.1")],
        "constant": [(lambda: constant(0), f"eta: expected {POSITIVE}, got 0")],
        "inverse": [
            (lambda: inverse(-1), f"c0: expected {POSITIVE}, got -1"),
            (lambda: inverse(1, 0), f"c1: expected {POSITIVE}, got 0")],
        "power": [
            (lambda: power(0, 1, 1), f"c0: expected {POSITIVE}, got 0"),
            (lambda: power(1, np.inf, 1), f"c1: expected {POSITIVE}, got inf"),
            (lambda: power(1, 1, np.nan), f"exponent: expected {POSITIVE}, got nan")],
        "piecewise": [
            (lambda: piecewise([5], [1]), "values: expected 2 numbers, got 1"),
            (lambda: piecewise([5, 5], [3, 2, 1]), "boundaries: expected increasing step numbers, got [5, 5]"),
            (lambda: piecewise([5], [1, 0]), f"values: expected {POSITIVE}, got [1, 0]")],
        "exponential": [
            (lambda: exponential(0, 0.5), f"eta: expected {POSITIVE}, got 0"),
            (lambda: exponential(1, 1.5), "factor: expected a number between 0 and 1, got 1.5")],
        "cosine": [
            (lambda: cosine(0, 5), f"eta: expected {POSITIVE}, got 0"),
            (lambda: cosine(1, 0), f"steps: expected {COUNT}, got 0"),
            (lambda: cosine(1, 5, 2), "lowest: expected a number from 0 to 1, got 2")],
        "warm_up": [
            (lambda: warm_up(0, constant(1)), f"steps: expected {COUNT}, got 0"),
            (lambda: warm_up(5, 0.1), "schedule: expected a function of the step number, got 0.1")],
    },
    "gradient_check": {
        "central_difference": [
            (lambda: central_difference(np.sum, [1.0], 0), f"delta: expected {POSITIVE}, got 0"),
            (lambda: central_difference(np.sum, NAN), "theta: expected finite numbers, got nan at index (1,)"),
            (lambda: central_difference(np.abs, [1.0, 2]), "f: expected a function that returns a number, got shape (2,)")],
        "complex_step": [
            (lambda: complex_step(np.sum, [1.0], -1), f"delta: expected {POSITIVE}, got -1"),
            (lambda: complex_step(np.sum, NAN), "theta: expected finite numbers, got (nan+0j) at index (1,)"),
            (lambda: complex_step(np.exp, [1.0, 2]), "f: expected a function that returns a number, got shape (2,)")],
        "check_gradient": [
            (lambda: check_gradient(np.sum, [1.0], [1.0, 2]), "gradient: expected the shape (2,) of theta, got (1,)"),
            (lambda: check_gradient(np.sum, [], []), "theta: expected at least one entry, got shape (0,)"),
            (lambda: check_gradient(np.sum, [1.0], [1.0], tolerance=0), f"tolerance: expected {POSITIVE}, got 0")],
    },
    "activations": {
        "clipped_relu": [(lambda: clipped_relu(0), f"t: expected {POSITIVE}, got 0")],
        "leaky": [
            (lambda: leaky(1), f"alpha: expected {FRACTION}, got 1"),
            (lambda: leaky(-0.1), f"alpha: expected {FRACTION}, got -0.1")],
    },
    "losses": {
        "Loss": [
            (lambda: half_squared(np.zeros((3, 4)), np.zeros(4)), "y: expected one target a column, (3, 4), got shape (4,)"),
            (lambda: half_squared(np.zeros((5, 3, 4)), np.zeros(4)), "y: expected one target a column, (3, 4), got shape (4,)"),
            (lambda: half_squared(np.zeros(3), np.zeros(3)), "a: expected one sample a column, (K, M), got shape (3,)"),
            (lambda: half_squared.gradient(np.zeros((3, 1)), np.zeros((1, 3))), "y: expected one target a column, (3, 1), got shape (1, 3)"),
            (lambda: half_squared.value_and_gradient(np.zeros((3, 4)), np.zeros((3, 1))),
             "y: expected one target a column, (3, 4), got shape (3, 1)")],
    },
    "distributions": {
        "negative_entropy": [
            (lambda: negative_entropy([0.5, 0.6]), "p: expected probabilities that sum to 1, got the sum 1.1"),
            (lambda: negative_entropy([-0.5, 1.5]), "p: expected probabilities >= 0, got -0.5"),
            (lambda: negative_entropy([]), "p: expected probabilities that sum to 1, got the sum 0"),
            (lambda: negative_entropy(NAN), "p: expected probabilities >= 0, got nan"),
            (lambda: negative_entropy(["1"]),
             "p: expected an array of probabilities, classes on axis -2 (or a vector), got 1-D array of <U1"),
            (lambda: negative_entropy(1.0),
             "p: expected an array of probabilities, classes on axis -2 (or a vector), got 0-D array of float64")],
        "entropy": [
            (lambda: entropy([1.0], base=1), "base: expected a number > 1: e for nats, 2 for bits, got 1"),
            # the worst column is named, not the first
            (lambda: entropy([[0.4, 0.2, 0.5], [0.5, 0.5, 0.5]]), "p: expected probabilities that sum to 1, got the sum 0.7")],
        "cross_entropy": [
            (lambda: cross_entropy([1.0, 0], [0.5, 0.6]), "q: expected probabilities that sum to 1, got the sum 1.1"),
            (lambda: cross_entropy([2.0, 0], [0.5, 0.5]), "p: expected probabilities that sum to 1, got the sum 2"),
            (lambda: cross_entropy(*MISSING), "q: expected as many classes as p, of shape (2, 3), got shape (3, 2)"),
            (lambda: cross_entropy([1.0, 0], [1.0, 0], base=1), "base: expected a number > 1: e for nats, 2 for bits, got 1")],
        "kl_divergence": [
            (lambda: kl_divergence([1.0], [[1.0]]), "q: expected as many classes as p, of shape (1,), got shape (1, 1)"),
            (lambda: kl_divergence([1.0], [0.5]), "q: expected probabilities that sum to 1, got the sum 0.5"),
            (lambda: kl_divergence([[1.0] * 2], [[1.0] * 4]), "q: expected as many columns as p, of shape (1, 2), or one, got shape (1, 4)"),
            (lambda: kl_divergence([1.0], [1.0], base=0.5), "base: expected a number > 1: e for nats, 2 for bits, got 0.5")],
    },
    "optimizers": {
        "clip_gradient": [(lambda: clip_gradient(P, 0), f"largest: expected {POSITIVE}, got 0")],
        "Optimizer": [
            (lambda: sgd().step(np.zeros(3), np.zeros(1), None, 0.1), "g: expected one entry a parameter, (3,), got shape (1,)"),
            (lambda: adam().step(np.zeros((2, 3)), np.zeros(3), adam().init(np.zeros((2, 3))), 0.1),
             "g: expected one entry a parameter, (2, 3), got shape (3,)")],
        "momentum": [
            (lambda: momentum(1), f"mu: expected {FRACTION}, got 1"),
            (lambda: momentum(rate="up"), "rate: expected 'inside' or 'outside', got 'up'")],
        "nesterov": [
            (lambda: nesterov(-1), f"mu: expected {FRACTION}, got -1"),
            (lambda: nesterov(iterate="phi"), "iterate: expected 'ahead' or 'theta', got 'phi'"),
            (lambda: nesterov(iterate="theta", rate="outside"), "rate: expected 'inside', got 'outside'"),
            (lambda: nesterov(rate="up"), "rate: expected 'inside' or 'outside', got 'up'")],
        "adagrad": [
            (lambda: adagrad(0), f"eps: expected {POSITIVE}, got 0"),
            (lambda: adagrad(stabiliser="unscaled"), "stabiliser: expected 'outside' or 'inside', got 'unscaled'"),
            (lambda: adagrad(initial=-1), "initial: expected a finite number >= 0, got -1")],
        "rmsprop": [
            (lambda: rmsprop(1), f"rho: expected {FRACTION}, got 1"), (lambda: rmsprop(eps=-1), f"eps: expected {POSITIVE}, got -1")],
        "adadelta": [
            (lambda: adadelta(2), f"rho: expected {FRACTION}, got 2"),
            (lambda: adadelta(stabiliser=""), "stabiliser: expected 'outside' or 'inside', got ''")],
        "adam": [
            (lambda: adam(1), f"beta1: expected {FRACTION}, got 1"), (lambda: adam(beta2=1), f"beta2: expected {FRACTION}, got 1"),
            (lambda: adam(stabiliser=""), "stabiliser: expected 'outside' or 'inside' or 'unscaled', got ''")],
        "adamw": [(lambda: adamw(-1), "decay: expected a finite number >= 0, got -1")],
        "nadam": [
            (lambda: nadam(psi=0), f"psi: expected {POSITIVE}, got 0"), (lambda: nadam(1), f"beta1: expected {FRACTION}, got 1"),
            (lambda: nadam(stabiliser="unscaled"), "stabiliser: expected 'outside' or 'inside', got 'unscaled'")],
        "weight_decay": [
            (lambda: weight_decay(sgd(), np.nan), "decay: expected a finite number >= 0, got nan"),
            (lambda: weight_decay(sgd(), 1, [1]), "mask: expected an array of booleans, got an array of int64")],
    },
    "autodiff": {
        "Node": [
            (lambda: variable([1.0]) @ [1.0], "@: expected two matrices, got shapes (1,) and (1,)"),
            (lambda: variable(1.0) ** variable(2.0), "exponent: expected a plain number, got Node(variable, shape ())")],
        "gradients": [
            (lambda: gradients(variable([1.0, 2]), []), "output: expected a single number, or a seed, got shape (2,)"),
            (lambda: gradients(3.0, []), "output: expected a node, got float"),
            (lambda: gradients(variable([1.0, 2]), [], seed=1.0), "seed: expected the shape (2,) of the output, got ()")],
        "adjoints": [(lambda: adjoints(variable([1.0, 2])), "output: expected a single number, or a seed, got shape (2,)")],
    },
    "network": {
        "Network": [
            (lambda: Network((2,), (), half_squared), "widths: expected at least an input and an output width, got (2,)"),
            (lambda: Network((2, 0), (tanh,), half_squared), f"widths: expected {COUNT}, got 0"),
            (lambda: Network((2, 1), (), half_squared), "activations: expected 1, one a layer, got 0")],
        "unpack": [(lambda: unpack(NET, np.zeros(16)), "theta: expected 17 parameters on the last axis, got shape (16,)")],
        "pack": [
            (lambda: pack(NET, [None, np.ones((3, 2))]), "W and b: expected 4 arrays after index 0, got 1"),
            (lambda: pack(NET, [None, np.ones((2, 3)), np.ones((2, 3))], [None, np.ones((3, 1)), np.ones((2, 1))]),
             "W and b: expected shape (3, 2), got (2, 3)")],
        "forward": [
            (lambda: forward(NET, P, np.zeros(2)), "x: expected 2 rows, one sample a column (d, M), got shape (2,)"),
            (lambda: forward(NET, P[1:], X), "theta: expected 17 parameters on the last axis, got shape (16,)")],
        "backward": [(lambda: backward(NET, P, TRACE, Y[0]), "y: expected one target a column, (2, 4), got shape (4,)")],
        "cost": [
            (lambda: cost(NET, P, X, Y[:, :1]), "y: expected one target a column, (2, 4), got shape (2, 1)"),
            (lambda: cost(NET, P, X.T, Y), "x: expected 2 rows, one sample a column (d, M), got shape (4, 2)"),
            (lambda: cost(NET, np.zeros((5, 17)), X, Y[0]), "y: expected one target a column, (2, 4), got shape (4,)"),
            (lambda: cost(NET, np.zeros((5, 17)), np.zeros((5, 2, 0)), np.zeros((5, 2, 0))),
             "x: expected at least one sample, one a column, got none"),
            (lambda: cost(NET, P, X[:, :0], Y[:, :0]), "x: expected at least one sample, one a column, got none")],
        "cost_and_gradient": [
            (lambda: cost_and_gradient(NET, P.astype(int), X, Y), "theta: expected floating-point numbers, got int64"),
            (lambda: cost_and_gradient(NET, P, X, Y.T), "y: expected one target a column, (2, 4), got shape (4, 2)"),
            (lambda: cost_and_gradient(NET, P, X[:, :0], Y[:, :0]), "x: expected at least one sample, one a column, got none"),
            (lambda: cost_and_gradient(NET, P[1:], X, Y), "theta: expected 17 parameters on the last axis, got shape (16,)")],
        "per_sample_gradients": [
            (lambda: per_sample_gradients(NET, P, X, Y[:1]), "y: expected one target a column, (2, 4), got shape (1, 4)")],
        "output_jacobian": [
            (lambda: output_jacobian(NET, P, X[0]), "x: expected 2 rows, one sample a column (d, M), got shape (4,)")],
        "input_jacobian": [
            (lambda: input_jacobian(NET, P, X[:1]), "x: expected 2 rows, one sample a column (d, M), got shape (1, 4)")],
    },
    "initialisation": {
        "gaussian_parameters": [
            (lambda: gaussian_parameters(NET, RNG, (1, 2, 3)), "scale: expected one number, or 2, one a layer, got shape (3,)")],
    },
    "lazy": {
        "lazy": [
            (lambda: lazy("torch nn"), "name: expected a name as in import name, got 'torch nn'"),
            (lambda: lazy(".nn"), "name: expected a name as in import name, got '.nn'"),
            (lambda: lazy(None), "name: expected a name as in import name, got None")],
    },
    "listing": {
        "show": [(lambda: show(len), "functions: expected functions with Python source, got <built-in function len>")],
    },
    "penalties": {
        "l2_penalty": [
            (lambda: l2_penalty(P, -1), "lam: expected a finite number >= 0, got -1"),
            (lambda: l2_penalty(P, 1, np.ones(17)), "mask: expected booleans of shape (17,), got float64 of shape (17,)"),
            (lambda: l2_penalty(np.zeros((2, 3)), 1, np.ones((2, 3), bool)),
             "mask: expected booleans of shape (3,), got bool of shape (2, 3)")],
        "Penalised": [(lambda: Penalised(NET, -1), "lam: expected a finite number >= 0, got -1")],
    },
    "dropout": {
        "dropout_masks": [
            (lambda: dropout_masks(NET, 1, 4, RNG), f"rates: expected {FRACTION}, got 1"),
            (lambda: dropout_masks(NET, (0.1, 0.2), 4, RNG), "rates: expected 1, one a hidden layer, got 2"),
            (lambda: dropout_masks(NET, 0.5, 0, RNG), f"M: expected {COUNT}, got 0")],
        "dropout_forward": [
            (lambda: dropout_forward(NET, P, X, []), "masks: expected 3, one a layer from the input on, got 0"),
            (lambda: dropout_forward(NET, P, X[0], NO_MASKS), "x: expected 2 rows, one sample a column (d, M), got shape (4,)"),
            (lambda: dropout_forward(NET, P, X, [None, np.ones((3, 1)), None]), "masks: expected shape (3, 4), got (3, 1)"),
            (lambda: dropout_forward(NET, np.zeros((5, 17)), X, [None, np.ones((3, 1)), None]),
             "masks: expected shape (3, 4), got (3, 1)")],
        "dropout_cost_and_gradient": [
            (lambda: dropout_cost_and_gradient(NET, P, X, Y[0], NO_MASKS),
             "y: expected one target a column, (2, 4), got shape (4,)"),
            (lambda: dropout_cost_and_gradient(NET, P, X[:, :0], Y[:, :0], NO_MASKS),
             "x: expected at least one sample, one a column, got none")],
        "Dropout": [
            (lambda: Dropout(NET, 1), f"rates: expected {FRACTION}, got 1"),
            (lambda: Dropout(NET, (0.1, 0.2)), "rates: expected 1, one a hidden layer, got 2"),
            (lambda: Dropout(NET, 0.5).cost_and_gradient(P, X, Y), "rng: expected a generator that draws the masks, got None")],
    },
    "residual": {
        "Residual": [(lambda: Residual(Network((2, 3, 2), (tanh, linear), half_squared)),
                      "net: expected a hidden layer as wide as the layer below, got widths (2, 3, 2)")],
        "residual_forward": [
            (lambda: residual_forward(SKIPPING, np.ones(SKIPPING.size), np.ones(2)),
             "x: expected 2 rows, one sample a column (d, M), got shape (2,)")],
        "residual_cost_and_gradient": [
            (lambda: residual_cost_and_gradient(SKIPPING, np.ones(SKIPPING.size), np.ones((3, 4)), np.ones((2, 4))),
             "x: expected 2 rows, one sample a column (d, M), got shape (3, 4)")],
    },
    "batch_norm": {
        "BatchNorm": [
            (lambda: BatchNorm(NET, X), "reference: expected at least 2 samples, one a row, (N, 2), got shape (2, 4)"),
            (lambda: BatchNorm(NET, X.T, eps=0), f"eps: expected {POSITIVE}, got 0"),
            (lambda: BatchNorm(NET, X.T).output(P, X), "theta: expected 23 parameters on the last axis, got shape (17,)")],
        "batch_norm_cost_and_gradient": [
            (lambda: batch_norm_cost_and_gradient(BatchNorm(NET, X.T), np.zeros(23), X[:, :1], Y[:, :1]),
             "z: expected a batch of at least 2 samples, got 1")],
        "fresh_statistics": [(lambda: fresh_statistics(0), f"n: expected {COUNT}, got 0")],
        "batch_norm": [
            (lambda: batch_norm(Z[:, :1], GAMMA, BETA, RUNNING), "z: expected a batch of at least 2 samples, got 1"),
            (lambda: batch_norm(Z[0], GAMMA, BETA, RUNNING), f"z: expected {LAYER}, got shape (4,)"),
            (lambda: batch_norm(Z, GAMMA[:2], BETA, RUNNING), "gamma: expected shape (3, 1), got shape (2, 1)"),
            (lambda: batch_norm(Z, GAMMA, BETA.T, RUNNING), "beta: expected shape (3, 1), got shape (1, 3)"),
            (lambda: batch_norm(Z, GAMMA, BETA, fresh_statistics(1)), "running: expected shape (3, 1), got shape (1, 1)"),
            (lambda: batch_norm(Z, GAMMA, BETA, RunningStatistics(BETA, np.ones(1))),
             "running: expected shape (3, 1), got shape (1,)"),
            (lambda: batch_norm(Z, GAMMA, BETA, RUNNING, momentum=0), "momentum: expected a number in (0, 1], got 0"),
            (lambda: batch_norm(Z, GAMMA, BETA, RUNNING, eps=0), f"eps: expected {POSITIVE}, got 0")],
        "batch_norm_inference": [
            (lambda: batch_norm_inference(Z, GAMMA, BETA[0], RUNNING), "beta: expected shape (3, 1), got shape (1,)"),
            (lambda: batch_norm_inference(Z, GAMMA, BETA, fresh_statistics(2)), "running: expected shape (3, 1), got shape (2, 1)"),
            (lambda: batch_norm_inference(Z, GAMMA, BETA, RUNNING, -1), f"eps: expected {POSITIVE}, got -1")],
        "batch_norm_backward": [
            (lambda: batch_norm_backward(Z[:, 1:], MEMORY, GAMMA), "output_bar: expected shape (3, 4), got shape (3, 3)"),
            (lambda: batch_norm_backward(Z, MEMORY, GAMMA[0]), "gamma: expected shape (3, 1), got shape (1,)")],
        "batch_norm_inference_backward": [
            (lambda: batch_norm_inference_backward(Z[1:], Z, GAMMA, RUNNING), "output_bar: expected shape (3, 4), got shape (2, 4)"),
            (lambda: batch_norm_inference_backward(Z, Z, GAMMA.T, RUNNING), "gamma: expected shape (3, 1), got shape (1, 3)"),
            (lambda: batch_norm_inference_backward(Z, Z, GAMMA, fresh_statistics(1)),
             "running: expected shape (3, 1), got shape (1, 1)"),
            (lambda: batch_norm_inference_backward(Z, Z, GAMMA, RUNNING, 0), f"eps: expected {POSITIVE}, got 0")],
    },
    "convolution": {
        "output_size": [
            (lambda: output_size(3, 5), "k: expected a window that fits into 3 + 2·0 entries, got 5"),
            (lambda: output_size(3, 6, padding=1), "k: expected a window that fits into 3 + 2·1 entries, got 6"),
            (lambda: output_size(5.5, 2), f"d: expected {COUNT}, got 5.5"),
            (lambda: output_size(0, 2, padding=1), f"d: expected {COUNT}, got 0"),
            (lambda: output_size(5, 0), f"k: expected {COUNT}, got 0"),
            (lambda: output_size(5, 2.5), f"k: expected {COUNT}, got 2.5"),
            (lambda: output_size(5, 2, 1.5), f"stride: expected {COUNT}, got 1.5"),
            (lambda: output_size(3, 5, stride=0, padding=1), f"stride: expected {COUNT}, got 0"),
            (lambda: output_size(5, 2, padding=-1), "padding: expected an integer >= 0, got -1"),
            (lambda: output_size(5, 2, padding=0.5), "padding: expected an integer >= 0, got 0.5")],
        **{name: [
            (partial(function, Z, 2), "X: expected an array of four axes, got shape (3, 4)"),
            (partial(function, IMAGES[:, :0], 2), "X: expected no empty axis after the first, got shape (2, 0, 5, 5)"),
            (partial(function, IMAGES, 0), f"size: expected {COUNT}, or a pair of them, got 0"),
            (partial(function, IMAGES, 6), "k: expected a window that fits into 5 + 2·0 entries, got 6"),
            (partial(function, IMAGES, 2, 1.5), f"stride: expected {COUNT}, or a pair of them, got 1.5"),
            (partial(function, IMAGES, 2, padding=-1), "padding: expected an integer >= 0, or a pair of them, got -1"),
        ] for name, function in dict(windows=windows, im2col=im2col).items()},
        **{name: convolution_rows(getattr(convolution, name))
           for name in ("conv2d", "conv2d_loops", "conv2d_windows", "conv2d_im2col")},
        "filter_gradient": filter_gradient_rows(convolution),
        "input_gradient": input_gradient_rows(convolution),
        "full_convolution": [
            (lambda: full_convolution(IMAGES, FILTERS), "F: expected 3 filters, as D has channels, got shape (4, 3, 2, 2)"),
            (lambda: full_convolution(Z, FILTERS), "D: expected an array of four axes, got shape (3, 4)"),
            (lambda: full_convolution(IMAGES, Z), "F: expected an array of four axes, got shape (3, 4)"),
            (lambda: full_convolution(IMAGES[:, :0], FILTERS), "D: expected no empty axis after the first, got shape (2, 0, 5, 5)"),
            (lambda: full_convolution(IMAGES, FILTERS[:0]), "F: expected at least one filter, got shape (0, 3, 2, 2)")],
    },
    "fast_convolution": {
        "prepare": [
            (lambda: prepare(Z, 2), "X: expected an array of four axes, got shape (3, 4)"),
            (lambda: prepare(IMAGES[:, :, :0], 2), "X: expected no empty axis after the first, got shape (2, 3, 0, 5)"),
            (lambda: prepare(IMAGES, 0), "size: expected an integer >= 1, or a pair of them, got 0"),
            (lambda: prepare(IMAGES, 6), "k: expected a window that fits into 5 + 2·0 entries, got 6"),
            (lambda: prepare(IMAGES, 2, padding=-1), "padding: expected an integer >= 0, or a pair of them, got -1")],
        "fast_layout": [(lambda: fast_layout(Z), "X: expected an array of four axes, got shape (3, 4)")],
        "conv2d": convolution_rows(fast_convolution.conv2d),
        "filter_gradient": filter_gradient_rows(fast_convolution),
        "input_gradient": input_gradient_rows(fast_convolution),
    },
    "pooling": {
        **{name: [
            (partial(function, Z, 2), "X: expected an array of four axes, got shape (3, 4)"),
            (partial(function, IMAGES[:, :0], 2), "X: expected no empty axis after the first, got shape (2, 0, 5, 5)"),
            (partial(function, IMAGES, 0), "size: expected an integer >= 1, or a pair of them, got 0"),
            (partial(function, IMAGES, 2, 1.5), f"stride: expected {COUNT}, or a pair of them, got 1.5"),
            (partial(function, IMAGES, 6), "k: expected a window that fits into 5 + 2·0 entries, got 6"),
            (partial(function, IMAGES, 3, padding=2),
             "padding: expected at most half of the window (3, 3), so that no window sees only padding, got 2"),
        ] for name, function in dict(max_pool=max_pool, average_pool=average_pool).items()},
        **{name: [
            (partial(function, IMAGES, IMAGES), "dA: expected the shape (2, 3, 2, 2) of the output, got (2, 3, 5, 5)"),
            (partial(function, IMAGES, Z), "dA: expected an array of four axes, got shape (3, 4)"),
            (partial(function, Z, Z), "X: expected an array of four axes, got shape (3, 4)"),
        ] for name, function in dict(
            max_pool_gradient=max_pool_gradient, average_pool_gradient=average_pool_gradient).items()},
    },
    "sketch": {
        "sketch": [
            (lambda: sketch(CNN, CNN_P, PIXELS), "net: expected images of the shape (1, 28, 28), got (1, 4, 4)"),
            (lambda: sketch(ConvNet((1, 28, 28), (Block(2, 5),), 3, hidden=(4,)), CNN_P, PIXELS),
             "net: expected no hidden dense layers, got (4,)"),
            (lambda: sketch(ConvNet((1, 28, 28), (Block(2, 5), Block(3, 5, activation=tanh)), 3), CNN_P, PIXELS),
             "net: expected ReLU in all blocks, got relu, tanh"),
            (lambda: sketch(READER, CNN_P, PIXELS[:9]), "example: expected one image (784,), got shape (9,)"),
            (lambda: sketch(READER, CNN_P, PIXELS), "theta: expected shape (70,), got (38,)")]},
    "convnet": {
        "ConvNet": [
            (lambda: ConvNet((4, 4), (), 2), "shape: expected (channels, height, width), got (4, 4)"),
            (lambda: ConvNet((1, 4, 0), (), 2), f"shape: expected {COUNT}, got 0"),
            (lambda: ConvNet((1, 4, 4), (), 0), f"classes: expected {COUNT}, got 0"),
            (lambda: ConvNet((1, 4, 4), (), 2, hidden=(0,)), f"hidden: expected {COUNT}, got 0"),
            (lambda: ConvNet((1, 4, 4), (Block(0, 3),), 2), f"filters: expected {COUNT}, got 0"),
            (lambda: ConvNet((1, 4, 4), (Block(1, 3, 1.5),), 2), f"stride: expected {COUNT}, or a pair of them, got 1.5"),
            (lambda: ConvNet((1, 4, 4), (Block(1, 3, pool=0),), 2), f"pool: expected {COUNT}, or a pair of them, got 0"),
            (lambda: ConvNet((1, 4, 4), (Block(1, 5),), 2), "k: expected a window that fits into 4 + 2·0 entries, got 5")],
        "Block": [],  # is checked by ConvNet, where it comes to an image
        "unpack": [
            (lambda: convnet.unpack(CNN, P), "theta: expected shape (38,), got (17,)"),
            (lambda: convnet.unpack(CNN, [0.0] * 38), "theta: expected an array (38,), got list")],
        "forward": [
            (lambda: convnet.forward(CNN, CNN_P, np.zeros((15, 2))),
             "x: expected 16 rows, one image a column (d, M), got shape (15, 2)"),
            (lambda: convnet.forward(CNN, CNN_P, np.zeros(16)), "x: expected 16 rows, one image a column (d, M), got shape (16,)"),
            (lambda: convnet.forward(CNN, CNN_P, np.zeros((3, 16, 2))), "x: expected one batch (d, M), got shape (3, 16, 2)"),
            (lambda: convnet.forward(CNN, P, np.zeros((16, 2))), "theta: expected shape (38,), got (17,)")],
        "cost_and_gradient": [
            (lambda: convnet.cost_and_gradient(CNN, CNN_P.astype(int), np.zeros((16, 2)), np.eye(2)),
             "theta: expected floating-point numbers, got int64"),
            (lambda: convnet.cost_and_gradient(CNN, P, np.zeros((16, 2)), np.eye(2)),
             "theta: expected 38 parameters on the last axis, got shape (17,)"),
            (lambda: convnet.cost_and_gradient(CNN, CNN_P, np.zeros((16, 2)), np.zeros((2, 3))),
             "y: expected one target a column, (2, 2), got shape (2, 3)"),
            (lambda: convnet.cost_and_gradient(CNN, CNN_P, np.zeros((5, 16, 2)), np.zeros((2, 2))),
             "x: expected one batch, or one for each of () runs, got shape (5, 16, 2)"),
            (lambda: convnet.cost_and_gradient(CNN, CNN_P, np.zeros((16, 0)), np.zeros((2, 0))),
             "x: expected at least one image, one a column, got none")],
    },
    "curvature": {
        "hessian": [
            (lambda: hessian(np.sin, Z), "theta: expected a vector (P,), got shape (3, 4)"),
            (lambda: hessian(np.sin, []), "theta: expected a vector (P,), got shape (0,)"),
            (lambda: hessian(np.sin, NAN), "theta: expected finite numbers, got nan at index (1,)"),
            (lambda: hessian(np.sin, [1.0], 0), f"delta: expected {POSITIVE}, got 0"),
            (lambda: hessian(np.sum, [1.0, 2]), "gradient: expected a function that returns shape (2,), got ()")],
        "hessian_vector": [
            (lambda: hessian_vector(np.sin, [1.0], [1.0, 2]), "v: expected the shape (1,) of theta, got (2,)"),
            (lambda: hessian_vector(np.sin, [1.0], [np.inf]), "v: expected finite numbers, got inf at index (0,)")],
        "classify": [
            (lambda: classify(Z), "H: expected a square matrix, got shape (3, 4)"),
            (lambda: classify([[1.0, np.inf], [0, 1]]), "H: expected finite numbers, got inf at index (0, 1)"),
            (lambda: classify([[1.0, 0.5], [0, 1]]),
             "H: expected a symmetric matrix, got entries that differ by 0.5 from their mirror images"),
            (lambda: classify([[1.0]], 0), f"tolerance: expected {POSITIVE}, got 0"),
            (lambda: classify([[1.0]], error=-1), "error: expected a finite number >= 0, got -1")],
        "critical_point": [
            (lambda: critical_point(np.sin, [1.0]),
             "theta: expected a point where the gradient is at most 1e-06 long, got length 0.841")],
        "filter_normalised": [
            (lambda: filter_normalised(Z, partial(unpack, NET), RNG), "theta: expected a vector (P,), got shape (3, 4)")],
        "loss_slice": [
            (lambda: loss_slice(np.sum, [1.0], [1.0, 2], [0.0]), "u: expected the shape (1,) of theta, got (2,)"),
            (lambda: loss_slice(np.sum, [1.0], [1.0], [0.0], v=[1.0]), "v and t: expected both or neither, got one"),
            (lambda: loss_slice(np.sum, [1.0], [1.0], [0.0], [1.0, 2], [0.0]), "v: expected the shape (1,) of theta, got (2,)"),
            (lambda: loss_slice(np.sum, [1.0], [1.0], 0.0), "s: expected a vector (P,), got shape ()"),
            (lambda: loss_slice(np.sum, [1.0], [1.0], [0.0], [1.0], 0.0), "t: expected a vector (P,), got shape ()")],
    },
    "complexity": {
        "parameter_count": [
            (lambda: parameter_count((2,)), "widths: expected at least an input and an output width, got (2,)"),
            (lambda: parameter_count((2, 0)), f"widths: expected {COUNT}, got 0")],
        "forward_operations": [(lambda: forward_operations((2, 1), 0), f"batch: expected {COUNT}, got 0")],
        "backward_operations": [(lambda: backward_operations((2, 1), 1.5), f"batch: expected {COUNT}, got 1.5")],
        "training_memory": [
            (lambda: training_memory((2, 1), 0), f"batch: expected {COUNT}, got 0"),
            (lambda: training_memory((2, 1), 1, 0), f"itemsize: expected {COUNT}, got 0")],
        "convolution_parameter_count": [
            (lambda: convolution_parameter_count(0, 1, (1, 1)), f"channels: expected {COUNT}, got 0"),
            (lambda: convolution_parameter_count(1, 0, (1, 1)), f"filters: expected {COUNT}, got 0"),
            (lambda: convolution_parameter_count(1, 1, (0, 1)), f"size: expected {COUNT}, got 0"),
            (lambda: convolution_parameter_count(1, 1, (1, -1)), f"size: expected {COUNT}, got -1")],
        "convolution_operations": [
            (lambda: convolution_operations(1, 1, (1, 1), (1, 0)), f"output: expected {COUNT}, got 0")],
    },
    "training": {
        "evaluate": [
            (lambda: evaluate(NET, P, X, Y.T), "X: expected one sample a row, (N, 2), got shape (2, 4)"),
            (lambda: evaluate(NET, P, X.T[:0], Y.T[:0]), "X: expected one sample a row, (N, 2), got shape (0, 2)"),
            (lambda: evaluate(NET, P, X.T, [0, 1, 2, 0]), "Y: expected labels 0 … 1, got 2 at index 2"),
            (lambda: evaluate(NET, P, X.T, Y), "Y: expected labels (4,) or targets (4, 2), got shape (2, 4)"),
            (lambda: evaluate(NET, P, X.T + np.nan, Y.T), "X: expected finite numbers, got nan at index (0, 0)"),
            (lambda: evaluate(NET, P, X.T, Y.T, block=0), f"block: expected {COUNT}, got 0")],
        "fit": [
            (lambda: fit(NET, P, X.T, Y.T, **TRAINING | dict(eta=0)), f"eta: expected {POSITIVE}, got 0"),
            (lambda: fit(NET, P, X.T, Y.T, **TRAINING | dict(batch_size=5)), f"batch_size: expected {COUNT} and <= 4, got 5"),
            (lambda: fit(NET, P, X.T, Y.T, **TRAINING | dict(epochs=0)), f"epochs: expected {COUNT}, got 0"),
            (lambda: fit(NET, P[1:], X.T, Y.T, **TRAINING), "theta: expected (17,) or (R, 17), got shape (16,)"),
            (lambda: fit(NET, P.astype(int), X.T, Y.T, **TRAINING), "theta: expected floating-point numbers, got int64"),
            (lambda: fit(NET, P + np.inf, X.T, Y.T, **TRAINING), "theta: expected finite numbers, got inf at index (0,)"),
            (lambda: fit(NET, P, X.T + np.nan, Y.T, **TRAINING), "X: expected finite numbers, got nan at index (0, 0)"),
            (lambda: fit(NET, P, X.T, Y.T + np.nan, **TRAINING), "Y: expected finite numbers, got nan at index (0, 0)"),
            (lambda: fit(NET, P, X.T, [0, 1, -1, 0], **TRAINING), "Y: expected labels 0 … 1, got -1 at index 2")],
    },
    "lockstep": {
        "lockstep_sgd": [
            (lambda: lockstep_sgd(NET, P, X.T, Y.T, eta=1, indices=np.zeros((3, 1), int)),
             "theta: expected (R, 17), got shape (17,)"),
            (lambda: lockstep_sgd(NET, P[None], X.T, Y.T, eta=1, indices=np.zeros((3, 2), int)),
             "indices: expected (steps, 1), got shape (3, 2)"),
            (lambda: lockstep_sgd(NET, P[None], X.T, Y.T, eta=1, indices=np.full((3, 1), 4)),
             "indices: expected integers 0 … 3, got others"),
            (lambda: lockstep_sgd(NET, P[None], X.T, Y.T, eta=1, indices=np.zeros((3, 1), int), every=0),
             f"every: expected {COUNT}, got 0")],
    },
    "sweeps": {
        "sweep": [
            (lambda: sweep(print, {}), "grid: expected a dictionary with at least one parameter, got {}"),
            (lambda: sweep(print, {"a": ()}), "a: expected a sequence of at least one value, got ()"),
            (lambda: sweep(1, {"a": (1,)}), "trial: expected a function, got 1"),
            (lambda: sweep(print, {"a": (1,)}, samples=3), "rng: expected a generator that draws the points, got None"),
            (lambda: sweep(print, {"a": (1,)}, samples=0, rng=RNG), f"samples: expected {COUNT}, got 0"),
            (lambda: sweep(lambda a: {"a": 1}, {"a": (1,)}),
             "trial: expected results with names of their own, got 'a', the name of a parameter")],
    },
    "parallel": {
        "shard_sizes": [(lambda: shard_sizes(0, 2), f"M: expected {COUNT}, got 0"),
                        (lambda: shard_sizes(3, 4), f"workers: expected {COUNT} and <= 3, got 4")],
        "weighted_mean": [(lambda: weighted_mean([Z, Z], (3,)), "sizes: expected 2 numbers, one a gradient, got (3,)"),
                          (lambda: weighted_mean([Z, Z], (3, 0)), f"sizes: expected {COUNT}, got 0")],
        "accumulated_gradient": [(lambda: accumulated_gradient(NET, P, X, Y, (3, 2)), "sizes: expected numbers > 0 whose sum is 4, got (3, 2)"),
                                 (lambda: accumulated_gradient(NET, P, X, Y, (4, 0)), "sizes: expected numbers > 0 whose sum is 4, got (4, 0)")],
        "ring_all_reduce": [(lambda: ring_all_reduce([P]), "vectors: expected at least two, of one length, got [(17,)]"),
                            (lambda: ring_all_reduce([P, P[1:]]), "vectors: expected at least two, of one length, got [(17,), (16,)]")],
        "all_reduce_seconds": [(lambda: all_reduce_seconds(8, 2, 0, 5), f"alpha: expected {POSITIVE}, got 0"),
                               (lambda: all_reduce_seconds(0, 2, 1, 5), f"S: expected {POSITIVE}, got 0")],
        "epoch_seconds": [(lambda: epoch_seconds(2, 9, 3, 0, 1, 1, 1, 1), f"t0: expected {POSITIVE}, got 0"),
                          (lambda: epoch_seconds(2, 9, 3, 1, 1, 1, 1, 0), f"B: expected {POSITIVE}, got 0")],
        "best_workers": [(lambda: best_workers(3, -1, 1, 1, 1), f"t1: expected {POSITIVE}, got -1")],
    },
    "records": {
        "record": [(lambda: record("speed"), "name: expected 'scale' or 'steps_gpu' or 'optimizer_race' or 'torch_optimizer_paths' "
                    "or 'growing_networks', got 'speed'")],
        "rows": [(lambda: rows([{"M": 3}], M=4), "wanted: expected what some row says, got {'M': 4}")],
    },
    "workers": {
        "run_workers": [
            (lambda: run_workers(PLAN, 0), f"workers: expected {COUNT}, got 0"),
            (lambda: run_workers(PLAN, 3), "sizes: expected 3 numbers > 0 whose sum is 4, got (3, 1)"),
            (lambda: run_workers(PLAN, 2, patience=0), f"patience: expected {POSITIVE}, got 0"),
            (lambda: run_workers(PLAN, 2, fault=(2, "killed", 1)),
             "fault: expected (a rank below 2, one of ('killed', 'stopped', 'leaves'), a step), got (2, 'killed', 1)")],
    },
    "trials": {
        "training_trial": [
            (lambda: training_trial(NET, INITIAL, X.T, Y.T, epochs=0), f"epochs: expected {COUNT}, got 0"),
            (lambda: training_trial(NET, INITIAL, X.T, Y.T, epochs=1)(eta=1, batch_size=5),
             f"batch_size: expected {COUNT} and <= 4, got 5"),
            (lambda: training_trial(NET, INITIAL, X.T, Y.T, epochs=1)(eta=0, batch_size=2), f"eta: expected {POSITIVE}, got [0]")],
    },
}
INITIAL = lambda net, rng: P  # noqa: E731
PLAN = Plan(NET, P, X, Y, np.zeros((2, 4), int), 0.1, sizes=(3, 1))
TRAINING = dict(eta=0.1, batch_size=2, epochs=1, rng=RNG)

FREE = {  # nothing that could be wrong by itself
    "numerics": {"as_floats": "any numbers", "weighted_sum": "NumPy's own messages on shapes will do"},
    "checks": {"identity": "raises AssertionError, as a check does", "claim": "likewise"},
    "activations": {"Activation": "a pair of functions; any numbers will do"},
    "optimizers": {"sgd": "has no options"},
    "autodiff": {"variable": "any numbers", "topological": "any node", "graph_size": "any node"},
    "initialisation": {"xavier": "a network and a generator", "he": "likewise", "lecun": "likewise"},
    "convnet": {"he": "a network and a generator"},
    "datasets": {"mnist_images": "has no arguments", "load_mnist": "likewise", "tower_image": "likewise"},
    "workers": {"train_shard": "called by run_workers", "train_with_ddp": "likewise", "torch_copy": "a network and its theta",
                "flat": "layers of PyTorch"},
    "runs": {"run_length": "a value for each mode; test_training has the mode itself", "recorded": "two values",
                 "progress": "any iterable"},
}
ROWS = [(f"{module}.{name}-{i}", call, message) for module, functions in BAD.items()
        for name, rows in functions.items() for i, (call, message) in enumerate(rows)]


@pytest.mark.parametrize("call, message", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_error_says_what_is_wrong(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
