"""A chain of layers grows between two steps, when it stands still, and all of it learns."""

import numpy as np
import pytest

from lecture_code.growing import GrowthHistory, bare_linear, grown, share_right, train_growing

torch = pytest.importorskip("torch", reason="needs torch: make frameworks")
nn = torch.nn
normal = np.random.default_rng(0).normal


def chain(*widths):
    parts = [part for n_in, n_out in zip(widths, widths[1:]) for part in (bare_linear(normal(size=(n_out, n_in))), nn.Tanh())]
    return nn.Sequential(*parts[:-1])


@pytest.fixture
def blobs():
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=120)
    X = rng.normal(size=(120, 4)) + 2 * np.eye(3, 4)[y]
    return torch.tensor(X), torch.tensor(y)


def test_a_layer_by_hand():
    layer = bare_linear([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert layer(torch.tensor([10.0, 1.0])).tolist() == [12, 34, 56]
    assert layer.bias is None and layer.weight.requires_grad


def test_a_layer_keeps_a_copy_of_its_weights_and_their_type():
    weights = np.eye(2)
    layer = bare_linear(weights)
    weights[0, 0] = 7
    assert layer.weight.dtype == torch.float64 and layer.weight[0, 0] == 1


def test_the_new_layer_stands_before_the_head_and_the_old_ones_stay():
    model = chain(4, 5, 3)
    new = normal(size=(5, 5))
    longer = grown(model, new)
    assert [type(part).__name__ for part in longer] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert longer[0] is model[0] and longer[-1] is model[-1] and len(model) == 3
    x = normal(size=(6, 4))
    W, V = (part.weight.detach().numpy() for part in (model[0], model[2]))
    assert np.allclose(longer(torch.tensor(x)).detach(), np.tanh(np.tanh(x @ W.T) @ new.T) @ V.T)


def test_the_share_by_hand():
    model = bare_linear(np.eye(2))
    assert share_right(model, torch.tensor([[1.0, 0], [1, 2], [3, 1], [0, 1]]).double(), torch.tensor([0, 0, 0, 1])) == 0.75


def run(blobs, epochs=9, **options):
    rng = np.random.default_rng(1)
    # least = 2 is never reached: it stands still from the first moment on
    options = {"settled": 2, "least": 2.0, "batch_size": 50} | options
    return train_growing(chain(4, 5, 3), lambda shape: rng.normal(size=shape), *blobs, blobs, epochs=epochs,
                         rng=np.random.default_rng(2), **options)


def test_it_grows_after_the_epochs_that_the_rule_names(blobs):
    assert run(blobs)[1].grown_after == [3, 4]
    assert run(blobs, between=4)[1].grown_after == [3, 7]
    assert run(blobs, settled=5)[1].grown_after == [6, 7]
    assert run(blobs, most=5)[1].grown_after == [3, 4, 5, 6]
    assert run(blobs, most=1)[1].grown_after == []
    assert run(blobs, least=-2.0)[1].grown_after == []


def test_the_rule_looks_at_the_running_accuracy(blobs):
    history = run(blobs, epochs=30, least=0.01, most=2, settled=1)[1]
    gains = np.diff(history.running)
    assert history.grown_after == [2 + int(np.argmax(gains < 0.01))]


def test_the_history_is_whole_and_the_new_layer_learns(blobs):
    drawn, seen = [], []

    def start(shape):
        drawn.append(normal(size=shape))
        return drawn[-1]

    model, history = train_growing(chain(4, 5, 3), start, *blobs, blobs, epochs=6, rng=np.random.default_rng(2), settled=2,
                                   least=2.0, batch_size=50, report=lambda epoch, found: seen.append((epoch, len(found.running))))
    assert isinstance(history, GrowthHistory) and seen == [(epoch, epoch) for epoch in range(1, 7)]
    assert len(history.running) == len(history.validation) == 6 and len(history.validation_grown) == 2
    assert history.validation[-1] == share_right(model, *blobs)
    assert [weights.shape for weights in drawn] == [(5, 5), (5, 5)]
    assert len(model) == 7 and not np.allclose(model[2].weight.detach(), drawn[0])


def test_the_rate_is_divided_by_the_hidden_layers(blobs):
    """One step with all samples: θ − (η/hidden) ∂C/∂θ."""
    for widths, hidden in (((4, 5, 3), 1), ((4, 5, 5, 3), 2)):
        model = chain(*widths)
        before = model[0].weight.detach().clone()
        torch.nn.functional.cross_entropy(model(blobs[0]), blobs[1]).backward()
        expected = before - 0.6 / hidden * model[0].weight.grad
        train_growing(model, None, *blobs, blobs, epochs=1, rng=np.random.default_rng(0), eta=0.6, batch_size=120)
        assert torch.allclose(model[0].weight, expected, rtol=1e-12)


@pytest.mark.parametrize("call, message", [
    (lambda: bare_linear(np.zeros(3)), r"weights: expected an array \(n_out, n_in\), got shape \(3,\)"),
    (lambda: train_growing(None, None, [], [], None, epochs=0, rng=None), "epochs: expected an integer >= 1, got 0"),
    (lambda: train_growing(None, None, [], [], None, epochs=1, rng=None, settled=0), "settled: expected an integer >= 1, got 0"),
    (lambda: train_growing(None, None, [], [], None, epochs=1, rng=None, eta=0), "eta: expected a finite number > 0, got 0"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
