"""Two processes on this machine: they do what one does, notice when one is lost, and always end."""

import json
import multiprocessing
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

torch = pytest.importorskip("torch")

from lecture_code.activations import linear, tanh  # noqa: E402
from lecture_code.losses import softmax_cross_entropy  # noqa: E402
from lecture_code.network import Network  # noqa: E402
from lecture_code.workers import Plan, flat, run_workers, torch_copy, train_with_ddp  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NET = Network((4, 6, 3), (tanh, linear), softmax_cross_entropy)
RNG = np.random.default_rng(0)
PLAN = Plan(NET, RNG.normal(size=NET.size), RNG.normal(size=(4, 30)), np.eye(3)[:, RNG.integers(3, size=30)],
            RNG.integers(30, size=(8, 10)), 0.3)


def alone(plan):
    theta, first = plan.theta.copy(), None
    for batch in plan.batches:
        g = NET.cost_and_gradient(theta, plan.x[:, batch], plan.y[:, batch]).gradient
        first = g if first is None else first
        theta = theta - plan.eta * g
    return first, theta


@pytest.fixture(autouse=True)
def no_process_is_left():
    """Those of other tests, which joblib keeps for later use, are not counted."""
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


def test_two_processes_do_what_one_does():
    first, theta = alone(PLAN)
    for plan in (PLAN, replace(PLAN, sizes=(7, 3))):
        found = run_workers(plan, 2, patience=60)
        assert [(r.rank, r.outcome, r.steps, len(r.seconds)) for r in found] == [(0, "finished", 8, 8), (1, "finished", 8, 8)]
        assert_allclose(found[0].first, first, rtol=1e-12, atol=1e-15)
        assert_allclose(found[0].theta, theta, rtol=1e-12)
        assert_array_equal(found[0].theta, found[1].theta)
        sent = [r.bytes_sent for r in found if r.bytes_sent is not None]
        assert all(8 * NET.size <= b < 8 * NET.size + 2000 for b in sent)


def test_the_plain_average_of_uneven_shards_is_wrong():
    first, _ = alone(PLAN)
    found = run_workers(replace(PLAN, sizes=(7, 3), weighted=False), 2, patience=60)
    assert np.abs(found[0].first - first).max() > 0.01 * np.abs(first).max()


def test_the_wrapper_of_pytorch_agrees():
    first, theta = alone(PLAN)
    found = run_workers(PLAN, 2, loop=train_with_ddp, patience=60)
    assert_allclose(found[1].first, first, rtol=1e-10, atol=1e-14)
    assert_allclose(found[1].theta, theta, rtol=1e-10)


@pytest.mark.parametrize("kind, rank, outcome, patience, least, most",
                         [("killed", 1, "signal 9", 60, 0, 30), ("killed", 0, "signal 9", 60, 0, 30),
                          ("stopped", 1, "stopped answering", 6, 5, 60), ("leaves", 1, "left", 60, 0, 30)])
def test_a_lost_worker_is_noticed_and_all_end(kind, rank, outcome, patience, least, most):
    """Whose connection closes is noticed at once, whose does not after the patience. A busy machine may be slow in all."""
    begin = time.monotonic()
    found = run_workers(PLAN, 2, fault=(rank, kind, 3), patience=patience, limit=180)
    assert time.monotonic() - begin < 150            # nobody had to be ended by the limit
    other = found[1 - rank]
    assert found[rank].outcome == outcome and other.outcome.endswith("Error") and other.steps == 3
    assert least <= other.waited < most
    _, theta = alone(replace(PLAN, batches=PLAN.batches[:3]))
    assert_allclose(other.theta, theta, rtol=1e-12)          # what is left can go on


def test_an_error_in_a_worker_is_an_error():
    with pytest.raises(RuntimeError, match=r"rank \d of 2: "):
        run_workers(replace(PLAN, x=PLAN.x[:3]), 2, patience=60)


def test_a_copy_in_pytorch_has_the_same_parameters_and_says_the_same():
    net = torch_copy(NET, PLAN.theta)
    assert_array_equal(flat(net), PLAN.theta)
    assert_allclose(net(torch.from_numpy(PLAN.x.T)).detach().numpy().T, NET.output(PLAN.theta, PLAN.x), rtol=1e-12)


def test_the_script_for_a_graphics_card_runs_on_the_processor(tmp_path):
    target = tmp_path / "steps.json"
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--rows", "2", "--seconds", "0.01", "--write", str(target)],
                   check=True, capture_output=True, timeout=300)
    found = json.loads(target.read_text(encoding="utf-8"))
    assert {"date", "device", "python", "torch"} <= found.keys()
    assert [(row["network"], row["type"], row["threads"]) for row in found["rows"]][:2] == [("2-2-3-2", "float32", 1), ("2-2-3-2", "bfloat16", 1)]
    assert len(found["rows"]) == 8 and all(row["ms"] > 0 for row in found["rows"])
