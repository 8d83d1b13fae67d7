"""Convolution networks: shapes, gradients against the complex step, PyTorch, and many runs at once."""


import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate2d

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.convnet import Block, ConvNet, cost_and_gradient, forward, he, unpack
from lecture_code.gradient_check import complex_step
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.optimizers import momentum
from lecture_code.training import evaluate, fit

from .images import close

NET = ConvNet((2, 9, 8), (Block(3, (3, 2), padding=1, activation=tanh, pool=2), Block(4, 2, activation=sigmoid)), 3)
DEEP = ConvNet(
    (1, 6, 5), (Block(2, 2, activation=tanh), Block(3, 2, pool=(2, 1))), 2, hidden=(5, 4), activation=sigmoid)


def test_shapes_and_numbers_of_the_network():
    # 9 × 8 padded to 11 × 10, windows 3 × 2: 9 × 9, pooled to 4 × 4, windows 2 × 2: 3 × 3
    assert NET.maps == [(2, 9, 8), (3, 4, 4), (4, 3, 3)]
    assert NET.widths == (144, 48, 36, 3) and NET.depth == 3
    # weights 3·2·3·2 = 36, 4·3·2·2 = 48, 3·36 = 108; biases 3 + 4 + 3
    assert NET.size == 36 + 48 + 108 + 10
    assert_array_equal(NET.weight_mask, [True] * 192 + [False] * 10)
    theta = np.arange(float(NET.size))
    W, b = unpack(NET, theta)
    assert W[0] is None and b[0] is None
    assert [w.shape for w in W[1:]] == [(3, 2, 3, 2), (4, 3, 2, 2), (3, 36)]
    assert [v.shape for v in b[1:]] == [(3,), (4,), (3, 1)]
    assert_array_equal(np.concatenate([array.ravel() for array in W[1:] + b[1:]]), theta)
    W[2][0, 0, 0, 0] = -1
    assert theta[36] == -1  # views


def test_shapes_and_numbers_with_hidden_dense_layers():
    # 6 × 5, windows 2 × 2: 5 × 4, then 4 × 3, pooled to 2 × 3: 18 numbers into 5, 4 and 2 units
    assert DEEP.maps == [(1, 6, 5), (2, 5, 4), (3, 2, 3)]
    assert DEEP.widths == (30, 40, 18, 5, 4, 2) and DEEP.depth == 5
    W, b = unpack(DEEP, np.zeros(DEEP.size))
    assert [w.shape for w in W[1:]] == [(2, 1, 2, 2), (3, 2, 2, 2), (5, 18), (4, 5), (2, 4)]
    assert [v.shape for v in b[1:]] == [(2,), (3,), (5, 1), (4, 1), (2, 1)]
    assert DEEP.size == 8 + 24 + 90 + 20 + 8 + 16 and DEEP.weight_mask.sum() == 150


def test_the_networks_parameters_have_the_scale_of_their_inputs(rng):
    net = ConvNet((1, 28, 28), (Block(50, 7),), 10, hidden=(400,))
    theta = he(net, rng, np.float32)
    W, b = unpack(net, theta)
    assert theta.dtype == np.float32
    assert_allclose([w.std() for w in W[1:]], np.sqrt(2 / np.array([49, 50 * 22 * 22, 400])), rtol=0.05)
    assert not any(v.any() for v in b[1:])


def test_the_single_layer_network_of_the_chapter(rng):
    # Z = X ∗ F, A = σ(Z), U_k = W_k · A + b_k, with the sums written out
    net = ConvNet((1, 5, 4), (Block(1, (2, 3), activation=tanh),), 3)
    theta, image = rng.standard_normal(net.size), rng.standard_normal((5, 4))
    (_, F, W), (_, c, b) = unpack(net, theta)
    Z = correlate2d(image, F[0, 0], "valid") + c
    U = [(W[k].reshape(4, 2) * np.tanh(Z)).sum() + b[k, 0] for k in range(3)]
    z, h, a = forward(net, theta, image.reshape(-1, 1))
    assert z[0] is None and h[0] is None and a[0].shape == (1, 1, 5, 4)
    assert_allclose(z[1][0, 0], Z, rtol=1e-13)
    assert_allclose(h[1][0, 0], np.tanh(Z), rtol=1e-13)
    assert_allclose(a[2][:, 0], U, rtol=1e-13)


def test_hidden_dense_layers_with_the_sums_written_out(rng):
    theta, x = rng.standard_normal(DEEP.size), rng.standard_normal((30, 4))
    (_, _, _, V, W, U), (_, _, _, b, c, d) = unpack(DEEP, theta)
    z, h, a = forward(DEEP, theta, x)
    a2 = a[2].reshape(4, 18).T
    a3 = 1 / (1 + np.exp(-(V @ a2 + b)))
    a4 = 1 / (1 + np.exp(-(W @ a3 + c)))
    assert_array_equal(a[2], h[2].reshape(4, 3, 2, 2, 3).max(axis=3))
    for got, expected in ((a[3], a3), (a[4], a4), (a[5], U @ a4 + d), (z[5], U @ a4 + d)):
        assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("loss", [softmax_cross_entropy, half_squared])
@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)])
@pytest.mark.parametrize("blocks", [
    (), (Block(2, 3),), (Block(2, 3, activation=tanh, pool=2), Block(3, (2, 1), activation=linear)),
    (Block(2, 3, 2, 1, sigmoid), Block(2, 2, activation=relu, pool=2)), (Block(1, 2),) * 3])
def test_the_networks_gradient(loss, blocks, hidden, rng):
    net = ConvNet((2, 7, 8), blocks, 3, loss, hidden, tanh)
    theta, x = rng.standard_normal(net.size) / 2, rng.standard_normal((112, 4))
    y = np.eye(3)[:, [0, 2, 1, 1]]
    cost, gradient = cost_and_gradient(net, theta, x, y)

    def value(theta):
        return loss(net.output(theta, x), y).mean()

    assert_allclose(cost, value(theta), rtol=1e-14)
    close(gradient, complex_step(value, theta), 1e-12)


def test_the_networks_blocks_take_all_their_numbers(rng):
    # padding, stride and a pooling window of three in a block that is not the first
    net = ConvNet((1, 9, 8), (Block(2, 2), Block(3, 3, (1, 2), (2, 1), tanh, pool=3)), 2)
    assert net.maps == [(1, 9, 8), (2, 8, 7), (3, 3, 1)]
    theta, x, y = rng.standard_normal(net.size) / 2, rng.standard_normal((72, 3)), np.eye(2)[:, [0, 1, 1]]

    def value(theta):
        return softmax_cross_entropy(forward(net, theta, x).a[-1], y).mean()

    close(cost_and_gradient(net, theta, x, y)[1], complex_step(value, theta), 1e-12)


def test_a_batch_costs_the_mean_of_its_samples(rng):
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((144, 5)), np.eye(3)[:, [0, 1, 2, 0, 1]]
    each = [cost_and_gradient(NET, theta, x[:, [i]], y[:, [i]]) for i in range(5)]
    cost, gradient = cost_and_gradient(NET, theta, x, y)
    assert_allclose(cost, np.mean([c for c, _ in each]), rtol=1e-13)
    close(gradient, np.mean([g for _, g in each], axis=0))


def test_the_network_agrees_with_pytorch(rng):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    net = ConvNet(NET.shape, NET.blocks, 3, hidden=(5,), activation=relu)
    theta, x = rng.standard_normal(net.size), rng.standard_normal((144, 6))
    labels = np.array([0, 1, 2, 2, 1, 0])
    W, b = ([torch.tensor(a, requires_grad=True) for a in arrays[1:]] for arrays in unpack(net, theta))
    a = torch.tensor(x.T.reshape(6, 2, 9, 8).copy())
    a = functional.max_pool2d(torch.tanh(functional.conv2d(a, W[0], b[0], padding=1)), 2)
    a = torch.sigmoid(functional.conv2d(a, W[1], b[1]))
    output = torch.relu(a.flatten(1) @ W[2].T + b[2].T) @ W[3].T + b[3].T
    loss = functional.cross_entropy(output, torch.tensor(labels))
    loss.backward()
    cost, gradient = cost_and_gradient(net, theta, x, np.eye(3)[:, labels])
    assert_allclose(net.output(theta, x), output.detach().numpy().T, rtol=1e-12)
    assert_allclose(cost, loss.item(), rtol=1e-13)
    close(gradient, np.concatenate([t.grad.numpy().ravel() for t in W + b]), 1e-12)


def test_the_network_in_float32_learns(rng):
    # bright upper half against bright lower half
    net = ConvNet((1, 6, 6), (Block(2, 3, pool=2),), 2)
    labels = np.arange(40) % 2
    X = rng.uniform(0, 0.5, (40, 6, 6))
    X[labels == 0, :3] += 0.5
    X[labels == 1, 3:] += 0.5
    x, y = X.reshape(40, 36).astype(np.float32).T, np.eye(2, dtype=np.float32)[:, labels]
    theta = he(net, rng, np.float32)
    first, _ = cost_and_gradient(net, theta, x, y)
    for _ in range(60):
        cost, gradient = cost_and_gradient(net, theta, x, y)
        theta = theta - np.float32(0.3) * gradient
    assert gradient.dtype == theta.dtype == np.float32
    assert cost < first / 5
    assert (net.output(theta, x).argmax(axis=0) == labels).all()


# The protocol: any network, one run or many


@pytest.mark.parametrize("net", [NET, DEEP])
def test_the_networks_methods_are_its_functions(net, rng):
    d, K = net.widths[0], net.widths[-1]
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((d, 2)), np.eye(K)[:, [0, 1]]
    assert_array_equal(net.output(theta, x), forward(net, theta, x).a[-1])
    for own in (net.cost_and_gradient(theta, x, y), net.cost_and_gradient(theta, x, y, np.random.default_rng(0))):
        assert_array_equal(own.gradient, cost_and_gradient(net, theta, x, y).gradient)
        assert own.cost == cost_and_gradient(net, theta, x, y).cost and np.ndim(own.cost) == 0


@pytest.mark.parametrize("M", [0, 1, 99, 100, 101, 250])
def test_the_output_of_a_hundred_images_at_a_time_is_that_of_all_at_once(rng, M):
    theta, x = rng.standard_normal(NET.size), rng.standard_normal((144, M))
    close(NET.output(theta, x), forward(NET, theta, x).a[-1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "lead, own", [((3,), ()), ((3,), (3,)), ((2, 3), (2, 1)), ((2, 3), ()), ((1,), (1,)), ((0,), ())])
def test_many_runs_are_separate_runs_to_the_last_bit(lead, own, dtype, rng):
    theta = rng.standard_normal((*lead, DEEP.size)).astype(dtype)
    x = rng.standard_normal((*own, 30, 4)).astype(dtype)
    y = np.eye(2, dtype=dtype)[:, rng.integers(2, size=(*own, 4))]
    y = np.moveaxis(y, 0, -2)
    cost, gradient = DEEP.cost_and_gradient(theta, x, y)
    output = DEEP.output(theta, x)
    assert cost.shape == lead and gradient.shape == theta.shape and output.shape == (*lead, 2, 4)
    xs, ys = (np.broadcast_to(v, (*lead, *v.shape[-2:])) for v in (x, y))
    for run in np.ndindex(lead):
        alone = cost_and_gradient(DEEP, theta[run], xs[run], ys[run])
        assert_array_equal(cost[run], alone.cost)
        assert_array_equal(gradient[run], alone.gradient)
        assert_array_equal(output[run], DEEP.output(theta[run], xs[run]))
    if lead != (0,):
        assert cost.dtype == gradient.dtype == output.dtype == dtype


def test_fit_trains_runs_side_by_side_as_it_trains_them_alone(rng):
    X, y = rng.standard_normal((20, 30)), rng.integers(2, size=20)
    starts, rates = np.stack([he(DEEP, rng) for _ in range(3)]), np.array([0.1, 0.5, 1e9])
    common = dict(batch_size=6, epochs=2, optimizer=momentum(0.9), test=(X, y), score_train=True)
    together, history = fit(DEEP, starts, X, y, eta=rates, rng=np.random.default_rng(4), **common)
    for r in range(3):
        alone, own = fit(DEEP, starts[r], X, y, eta=rates[r], rng=np.random.default_rng(4), **common)
        assert_array_equal(together[r], alone)
        if r < 2:
            assert_array_equal([c[r] for c in history.step_cost], own.step_cost)
            assert_array_equal([c[r] for c in history.test_cost], own.test_cost)
            assert_array_equal([c[r] for c in history.train_accuracy], own.train_accuracy)
    assert evaluate(DEEP, together, X, y, block=7)[0].shape == (3,)


# Bad input


def test_integer_parameters_are_an_error_as_in_a_dense_network(raises):
    net, x = ConvNet((1, 3, 3), (Block(1, 2),), 2), np.arange(18.0).reshape(9, 2)
    with raises("theta", "floating-point numbers", "int64"):
        cost_and_gradient(net, np.ones(15, int), x, np.eye(2))
    assert net.output(np.ones(15, int), x).dtype == np.float64  # no result is cut to whole numbers
    assert_array_equal(net.output(np.ones(15, int), x), net.output(np.ones(15), x))


def test_bad_networks_are_named(raises):
    with raises("shape", r"\(channels, height, width\)", r"\(28, 28\)"):
        ConvNet((28, 28), (), 10)
    with raises("shape", "an integer >= 1", "28.5"):
        ConvNet((1, 28, 28.5), (), 10)
    with raises("filters", "an integer >= 1", "0"):
        ConvNet((1, 28, 28), (Block(0, 3),), 10)
    with raises("pool", "an integer >= 1", "0"):
        ConvNet((1, 28, 28), (Block(1, 3, pool=0),), 10)
    with raises("hidden", "an integer >= 1", "0"):
        ConvNet((1, 28, 28), (), 10, hidden=(3, 0))
    with raises("classes", "an integer >= 1"):
        ConvNet((1, 28, 28), (), 0)
    with raises("k", "fits into 2", "3"):
        ConvNet((1, 4, 4), (Block(1, 3), Block(1, 3)), 10)


def test_bad_calls_are_named(raises):
    theta, x, y = np.zeros(202), np.zeros((144, 2)), np.eye(3)[:, :2]
    for call in (lambda theta: NET.output(theta, x), lambda theta: cost_and_gradient(NET, theta, x, y)):
        with raises("theta", "202 parameters on the last axis", r"\(201,\)"):
            call(theta[1:])
        with raises("theta", "202 parameters on the last axis", r"\(3, 201\)"):
            call(np.zeros((3, 201)))
    with raises("theta", r"\(202,\)", r"\(3, 202\)"):
        unpack(NET, np.zeros((3, 202)))
    with raises("theta", r"an array \(202,\)", "list"):
        unpack(NET, [0.0] * 202)
    for call in (lambda x: forward(NET, theta, x), lambda x: NET.output(theta, x)):
        for wrong in ((143, 1), (144,)):
            with raises("x", "144 rows", str(wrong).replace("(", r"\(").replace(")", r"\)")):
                call(np.zeros(wrong))
    with raises("x", r"one batch \(d, M\)", r"\(3, 144, 2\)"):
        forward(NET, theta, np.zeros((3, 144, 2)))
    with raises("y", r"\(3, 2\)", r"\(3, 1\)"):
        cost_and_gradient(NET, theta, x, np.zeros((3, 1)))
    with raises("x", r"one for each of \(3,\) runs", r"\(2, 144, 2\)"):
        NET.output(np.zeros((3, 202)), np.zeros((2, 144, 2)))
    with raises("x", r"one for each of \(\) runs", r"\(2, 144, 2\)"):
        NET.output(theta, np.zeros((2, 144, 2)))
    with raises("y", r"one for each of \(3,\) runs", r"\(2, 3, 2\)"):
        cost_and_gradient(NET, np.zeros((3, 202)), x, np.zeros((2, 3, 2)))
    with raises("x", "at least one image", "none"):
        cost_and_gradient(NET, theta, x[:, :0], y[:, :0])


def test_lists_are_taken_as_arrays(rng):
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((144, 2)), np.eye(3)[:, :2]
    assert_array_equal(NET.output(theta.tolist(), x.tolist()), NET.output(theta, x))
    assert_array_equal(cost_and_gradient(NET, theta.tolist(), x.tolist(), y.tolist()).gradient,
                       cost_and_gradient(NET, theta, x, y).gradient)
