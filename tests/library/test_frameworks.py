"""The same numbers as PyTorch and Keras, once the conventions are matched. Skipped where they are not installed."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from lecture_code import batch_norm as layer, distributions, losses
from lecture_code.activations import clipped_relu, linear, leaky, relu, sigmoid, softplus, tanh
from lecture_code.network import Network, cost_and_gradient, forward, pack, unpack
from lecture_code.optimizers import (
    adadelta, adagrad, adam, adamw, momentum, nadam, nesterov, rmsprop, sgd, weight_decay)
from lecture_code.optimizers import clip_gradient

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("default")  # the frameworks' own warnings are not ours

STEPS, SIZE = 100, 7
RANDOM = np.random.default_rng(0)
HESSIAN = (lambda A: A @ A.T / SIZE)(RANDOM.standard_normal((SIZE, SIZE)))
START, CENTRE = RANDOM.standard_normal((2, SIZE))
NOISE = RANDOM.standard_normal((STEPS, SIZE)) * np.logspace(-4, 0, SIZE)  # gradients of many sizes


def named(value):
    """Return a name for the test, the same in every process: addresses differ, and workers compare names."""
    return getattr(value, "name", None) or getattr(value, "__name__", None)


def gradient(theta, k):
    return HESSIAN @ theta - CENTRE + NOISE[k]


def ours(optimizer, rate):
    theta, path = START, []
    state = optimizer.init(theta)
    for k in range(STEPS):
        theta, state = optimizer.step(theta, gradient(optimizer.point(theta, state), k), state, rate(k))
        path.append(optimizer.point(theta, state))
    return np.array(path)


def pytorch(make, rate):
    theta, path = torch.tensor(START, requires_grad=True), []
    peer = make([theta])
    for k in range(STEPS):
        peer.param_groups[0]["lr"] = rate(k)
        theta.grad = torch.tensor(gradient(theta.detach().numpy(), k))
        peer.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


def agree(left, right, rtol=1e-13):
    assert np.abs(left - right).max() <= rtol * np.abs(right).max()


@pytest.fixture(autouse=True)
def double():
    """Let PyTorch compute in float64 (its NAdam keeps one number of its state in the default type)."""
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(kept)


O = torch.optim
FALLING = lambda k: 0.05 / (1 + k)  # a rate that changes tells "inside" from "outside"


@pytest.mark.parametrize("optimizer, make, rate", [
    (sgd(), lambda p: O.SGD(p), FALLING),
    (momentum(0.9), lambda p: O.SGD(p, momentum=0.9), lambda k: 0.05),
    (momentum(0.9, rate="outside"), lambda p: O.SGD(p, momentum=0.9), FALLING),
    (nesterov(0.9), lambda p: O.SGD(p, momentum=0.9, nesterov=True), lambda k: 0.05),
    (nesterov(0.9, rate="outside"), lambda p: O.SGD(p, momentum=0.9, nesterov=True), FALLING),
    (nesterov(0.9, iterate="theta"), lambda p: O.SGD(p, momentum=0.9, nesterov=True), lambda k: 0.05),
    (adagrad(1e-10), lambda p: O.Adagrad(p), FALLING),
    (adagrad(1e-10, initial=0.3), lambda p: O.Adagrad(p, initial_accumulator_value=0.3), FALLING),
    (rmsprop(0.99, 1e-8), lambda p: O.RMSprop(p), FALLING),
    (adadelta(0.9, 1e-6), lambda p: O.Adadelta(p), lambda k: 1.0),
    (adam(), lambda p: O.Adam(p), FALLING),
    (nadam(), lambda p: O.NAdam(p), FALLING),
    (weight_decay(nadam(), 0.1), lambda p: O.NAdam(p, weight_decay=0.1, decoupled_weight_decay=True), FALLING),
    (adamw(), lambda p: O.AdamW(p), FALLING),
    (adamw(0.3, 0.8, 0.9, 1e-3), lambda p: O.AdamW(p, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3), FALLING),
])
def test_optimizers_agree_with_pytorch(optimizer, make, rate):
    agree(ours(optimizer, rate), pytorch(make, rate))


@pytest.fixture(scope="module")
def keras():
    """Return Keras, on PyTorch and with float64 as its default type."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    module = pytest.importorskip("keras")
    kept = module.config.floatx()
    module.config.set_floatx("float64")
    yield module
    module.config.set_floatx(kept)


@pytest.mark.parametrize("optimizer, name, options", [
    (sgd(), "SGD", {}), (momentum(0.9), "SGD", dict(momentum=0.9)),
    (nesterov(0.9), "SGD", dict(momentum=0.9, nesterov=True)), (adagrad(1e-7, "inside", 0.1), "Adagrad", {}),
    (rmsprop(0.9, 1e-7, "inside"), "RMSprop", {}), (adadelta(0.95, 1e-7), "Adadelta", {}),
    (adam(eps=1e-7, stabiliser="unscaled"), "Adam", {}), (nadam(eps=1e-7, psi=1), "Nadam", {}),
    (adamw(0.004, eps=1e-7, stabiliser="unscaled"), "AdamW", {})])
def test_optimizers_agree_with_keras(optimizer, name, options, keras):
    theta, path = keras.Variable(START, dtype="float64"), []
    peer = getattr(keras.optimizers, name)(0.02, **options)
    peer.build([theta])
    for k in range(STEPS):
        g = gradient(keras.ops.convert_to_numpy(theta).copy(), k)
        peer.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [theta])
        path.append(keras.ops.convert_to_numpy(theta).copy())
    agree(ours(optimizer, lambda k: 0.02), np.array(path), rtol=1e-12)


F = torch.nn.functional


@pytest.mark.parametrize("loss, peer", [
    (losses.half_squared, lambda a, y: F.mse_loss(a, y, reduction="none").sum(0) / 2),
    (losses.squared, lambda a, y: F.mse_loss(a, y, reduction="none").sum(0)),
    (losses.absolute, lambda a, y: F.l1_loss(a, y, reduction="none").sum(0)),
    (losses.binary_cross_entropy, lambda a, y: F.binary_cross_entropy_with_logits(a, y, reduction="none").sum(0)),
    (losses.softmax_cross_entropy, lambda a, y: F.cross_entropy(a.T, y.T, reduction="none")),
], ids=named)
@pytest.mark.parametrize("targets", ["one-hot", "soft"])
@pytest.mark.parametrize("scale", [1, 30, 1e4])
def test_losses_agree_with_pytorch(loss, peer, targets, scale, rng):
    a, y = scale * rng.standard_normal((5, 40)), np.eye(5)[:, rng.integers(5, size=40)]
    if targets == "soft":
        y = rng.dirichlet(np.ones(5), 40).T
    tensor = torch.tensor(a, requires_grad=True)
    value = peer(tensor, torch.tensor(y))
    value.sum().backward()
    agree(loss(a, y), value.detach().numpy())
    agree(loss.gradient(a, y), tensor.grad.numpy())


def test_divergences_agree_with_pytorch(rng):
    p, q = (np.exp(z) / np.exp(z).sum(0) for z in rng.standard_normal((2, 5, 40)))
    expected = F.kl_div(torch.tensor(np.log(q)), torch.tensor(p), reduction="none").sum(0).numpy()
    agree(distributions.kl_divergence(p, q), expected)
    agree(distributions.entropy(p), torch.distributions.Categorical(torch.tensor(p.T)).entropy().numpy())


@pytest.mark.parametrize("activation, peer", [
    (sigmoid, torch.sigmoid), (tanh, torch.tanh), (relu, F.relu), (softplus, lambda z: F.softplus(z, threshold=800)),
    (leaky(0.25), lambda z: F.leaky_relu(z, 0.25)), (clipped_relu(2), lambda z: F.hardtanh(z, 0, 2))], ids=named)
def test_activations_agree_with_pytorch_kinks_included(activation, peer):
    z = np.linspace(-5, 5, 41)  # 0 and 2 among them
    tensor = torch.tensor(z, requires_grad=True)
    a = peer(tensor)
    a.sum().backward()
    agree(activation(z), a.detach().numpy())
    agree(activation.derivative(z), tensor.grad.numpy())


@given(st.integers(1, 8), st.integers(2, 20), st.sampled_from([0.01, 0.1, 1.0]), st.sampled_from([1e-5, 1e-3]), st.integers(0, 99))
def test_batch_norm_agrees_with_pytorch(n, M, momentum, eps, seed):
    rng = np.random.default_rng(seed)
    peer = torch.nn.BatchNorm1d(n, momentum=momentum, eps=eps, dtype=torch.float64)
    gamma, beta = rng.standard_normal((2, n, 1))
    peer.weight.data, peer.bias.data = torch.tensor(gamma[:, 0]), torch.tensor(beta[:, 0])
    running = layer.fresh_statistics(n)
    for _ in range(3):
        z, weight = 3 * rng.standard_normal((2, n, M)) + 1
        tensor = torch.tensor(z.T.copy(), requires_grad=True)
        peer.zero_grad()
        out = peer(tensor)
        (out * torch.tensor(weight.T)).sum().backward()
        result = layer.batch_norm(z, gamma, beta, running, momentum, eps)
        bars = layer.batch_norm_backward(weight, result, gamma)
        running = result.running
        agree(result.output, out.detach().numpy().T)
        parts = np.abs(gamma * weight * result.inverse_deviation).max()  # of which z_bar is the small difference
        assert np.abs(bars.z_bar - tensor.grad.numpy().T).max() <= 1e-12 * parts
        agree(bars.gamma_bar[:, 0], peer.weight.grad.numpy(), 1e-12)
        agree(bars.beta_bar[:, 0], peer.bias.grad.numpy(), 1e-12)
    agree(running.mean[:, 0], peer.running_mean.numpy())
    agree(running.variance[:, 0], peer.running_var.numpy())
    peer.eval()
    tensor = torch.tensor(z.T.copy(), requires_grad=True)
    peer.zero_grad()
    out = peer(tensor)
    (out * torch.tensor(weight.T)).sum().backward()
    agree(layer.batch_norm_inference(z, gamma, beta, running, eps), out.detach().numpy().T)
    bars = layer.batch_norm_inference_backward(weight, z, gamma, running, eps)
    agree(bars.z_bar, tensor.grad.numpy().T)
    agree(bars.gamma_bar[:, 0], peer.weight.grad.numpy(), 1e-12)
    agree(bars.beta_bar[:, 0], peer.bias.grad.numpy(), 1e-12)


def test_batch_norm_agrees_with_keras(keras, rng):
    z, (gamma, beta) = 3 * rng.standard_normal((4, 9)) + 1, rng.standard_normal((2, 4, 1))
    peer = keras.layers.BatchNormalization(dtype="float64")
    peer.build((None, 4))
    peer.gamma.assign(gamma[:, 0])
    peer.beta.assign(beta[:, 0])
    columns = keras.ops.convert_to_tensor(z.T, dtype="float64")
    result = layer.batch_norm(z, gamma, beta, layer.fresh_statistics(4), 0.01, 1e-3, unbiased=False)
    # Keras rounds its input to float32 here
    agree(result.output, keras.ops.convert_to_numpy(peer(columns, training=True)).T, rtol=1e-6)
    agree(result.running.mean[:, 0], keras.ops.convert_to_numpy(peer.moving_mean), rtol=1e-6)
    agree(result.running.variance[:, 0], keras.ops.convert_to_numpy(peer.moving_variance), rtol=1e-6)


def test_clipping_agrees_with_pytorch():
    tensor = torch.tensor(START, requires_grad=True)
    tensor.grad = torch.tensor(START)
    torch.nn.utils.clip_grad_norm_([tensor], 0.5)
    assert_allclose(clip_gradient(START, 0.5), tensor.grad.numpy(), rtol=1e-5)  # PyTorch divides by the norm + 1e-6


@pytest.mark.parametrize("activation, peer", [(tanh, torch.tanh), (relu, F.relu), (sigmoid, torch.sigmoid)], ids=named)
def test_a_network_agrees_with_pytorch(activation, peer, rng):
    net = Network((5, 8, 6, 3), (activation, activation, linear), losses.softmax_cross_entropy)
    p, x, labels = rng.standard_normal(net.size), rng.standard_normal((5, 20)), rng.integers(3, size=20)
    W, b = unpack(net, p)
    tensors = [[torch.tensor(np.array(v), requires_grad=True) for v in part[1:]] for part in (W, b)]
    a = torch.tensor(x)
    for l, (weight, bias) in enumerate(zip(*tensors), 1):
        a = weight @ a + bias
        a = peer(a) if l < 3 else a
    value = F.cross_entropy(a.T, torch.tensor(labels))
    value.backward()
    result = cost_and_gradient(net, p, x, np.eye(3)[:, labels])
    agree(forward(net, p, x).a[-1], a.detach().numpy())
    agree(result.cost, value.item())
    agree(result.gradient, pack(net, *([None, *(v.grad.numpy() for v in part)] for part in tensors)))
