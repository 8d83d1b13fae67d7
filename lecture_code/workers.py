"""Processes that train one model together: each has a shard of every batch, and `torch.distributed` adds the gradients.

`run_workers` starts them on this machine, waits, and ends what has not ended. What one of them does is `train_shard`,
and `train_with_ddp` is the same with PyTorch's own wrapper. They stand in a file, since a process that starts afresh
can import a function from a file and not from a notebook.

Book: ch-scale
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import numpy as np

from lecture_code.model import Model
from lecture_code.parallel import shard_sizes
from lecture_code.validation import require, require_count, require_positive

FAULTS = ("killed", "stopped", "leaves")
START = 60  # seconds within which all workers have to be there


@dataclass(frozen=True)
class Plan:
    """What all workers do together: gradient steps on batches, each of which is cut into one shard a worker.

    Attributes
    ----------
    model : what is trained
    theta : (P,), where it starts; gradients have its dtype
    x, y : (d, N) and (K, N), one sample a column
    batches : (steps, M), the samples of each step
    eta : the learning rate
    sizes : M_1, …, M_R; equal ones, as far as that goes, if None
    weighted : multiply a gradient by M_r / M before they are added; if False by 1 / R, which is right for equal shards
    """

    model: Model
    theta: np.ndarray
    x: np.ndarray
    y: np.ndarray
    batches: np.ndarray
    eta: float
    sizes: tuple[int, ...] | None = None
    weighted: bool = True

    def shards(self, workers: int) -> list[slice]:
        """Return which part of a batch each worker has."""
        sizes = shard_sizes(self.batches.shape[1], workers) if self.sizes is None else self.sizes
        ends = np.cumsum(sizes)
        return [slice(int(end - size), int(end)) for end, size in zip(ends, sizes)]


@dataclass
class Report:
    """What became of one worker.

    Attributes
    ----------
    rank : its number
    outcome : "finished", "left", "signal 9", or the type of the error that ended it
    steps : how many steps it completed
    waited : seconds in the step that failed; 0 if none did
    theta : (P,), its parameters in the end; None if it could not tell them
    first : (P,), the gradient of the first step after the addition
    bytes_sent : what it wrote in an average step of the addition; None where the system does not count that
    seconds : (steps,), what each step took
    begin : when its last step began, by its own clock
    """

    rank: int
    outcome: str = "unknown"
    steps: int = 0
    waited: float = 0.0
    theta: np.ndarray | None = None
    first: np.ndarray | None = None
    bytes_sent: float | None = None
    seconds: list[float] = field(default_factory=list)
    begin: float = 0.0


# ---------------------------------------------------------------- what a worker does


def train_shard(rank: int, workers: int, plan: Plan, report: Report, fault: Callable[[int], None]) -> None:
    """Take the steps of a plan: the gradient of a shard, one addition over all workers, the update."""
    import torch
    import torch.distributed as dist

    theta, shard = plan.theta.copy(), plan.shards(workers)[rank]
    M = plan.batches.shape[1]
    share = (shard.stop - shard.start) / M if plan.weighted else 1 / workers
    for k, batch in enumerate(plan.batches):
        fault(k)
        report.begin = time.perf_counter()
        x, y = plan.x[:, batch[shard]], plan.y[:, batch[shard]]
        _, g = plan.model.cost_and_gradient(theta, x, y)
        g *= share                               # M_r / M
        dist.all_reduce(torch.from_numpy(g))     # now the sum of all workers
        theta -= plan.eta * g
        _note(report, k, theta, g)


def train_with_ddp(rank: int, workers: int, plan: Plan, report: Report, fault: Callable[[int], None]) -> None:
    """Take the same steps with PyTorch's layers and its wrapper DistributedDataParallel, which averages by itself."""
    import torch
    from torch import nn

    net = torch_copy(plan.model, plan.theta)
    wrapped = nn.parallel.DistributedDataParallel(net)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=plan.eta)
    x, y, shard = torch.from_numpy(plan.x.T.copy()), torch.from_numpy(plan.y.argmax(axis=0)), plan.shards(workers)[rank]
    for k, batch in enumerate(plan.batches):
        fault(k)
        report.begin = time.perf_counter()
        mine = batch[shard]
        optimizer.zero_grad()
        nn.functional.cross_entropy(wrapped(x[mine]), y[mine]).backward()
        optimizer.step()
        _note(report, k, flat(net), flat(net, gradient=True))


def torch_copy(model: Any, theta: np.ndarray) -> Any:
    """Return a dense network of the library, tanh or ReLU with softmax on top, as layers of PyTorch."""
    import torch
    from torch import nn

    from lecture_code.network import unpack

    (_, *W), (_, *b) = unpack(model, theta)
    layers = []
    for sigma, weight, bias in zip(model.activations, W, b):
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.from_numpy(theta[:1]).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.copy()))
            linear.bias.copy_(torch.from_numpy(bias[:, 0].copy()))
        layers += [linear, {"tanh": nn.Tanh, "relu": nn.ReLU, "linear": nn.Identity}[sigma.name]()]
    return nn.Sequential(*layers)


def flat(net: Any, gradient: bool = False) -> np.ndarray:
    """Return the parameters of dense PyTorch layers, or their gradients, in the order of the library's theta."""
    tensors = [p.grad if gradient else p.detach() for p in net.parameters()]
    parts = [t.numpy().T.ravel() if t.ndim == 2 else t.numpy() for t in tensors[0::2] + tensors[1::2]]
    return np.concatenate([np.ascontiguousarray(part) for part in parts])


def _note(report: Report, k: int, theta: np.ndarray, g: np.ndarray) -> None:
    report.seconds.append(time.perf_counter() - report.begin)
    report.steps, report.theta = k + 1, theta
    if k == 0:
        report.first = g.copy()


def _work(loop: Callable[..., None], rank: int, workers: int, plan: Plan, meeting: str, patience: float,
          fault: tuple[str, int] | None, pipe: Any) -> None:
    """Join the group, run the loop, and report, whatever happens."""
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    report = Report(rank)

    def strike(k: int) -> None:
        if fault is not None and k == fault[1]:
            if fault[0] == "leaves":
                raise StopIteration
            os.kill(os.getpid(), signal.SIGKILL if fault[0] == "killed" else signal.SIGSTOP)

    store = dist.FileStore(meeting, workers)
    store.set_timeout(timedelta(seconds=START))
    store.set(f"ready {rank}", "")
    store.wait([f"ready {other}" for other in range(workers)])  # until all have loaded PyTorch
    dist.init_process_group("gloo", store=store, rank=rank, world_size=workers, timeout=timedelta(seconds=patience))
    dist.barrier()
    before = _bytes_written()
    try:
        loop(rank, workers, plan, report, strike)
        report.outcome = "finished"
    except StopIteration:
        report.outcome = "left"
    except Exception as error:
        report.outcome, report.waited = type(error).__name__, time.perf_counter() - report.begin
    after = _bytes_written()
    if before is not None and report.steps:
        report.bytes_sent = (after - before) / report.steps
    pipe.send(report)
    pipe.close()
    if report.outcome == "finished":
        dist.destroy_process_group()
    else:
        os._exit(1)  # a broken group cannot be taken down in order: its threads still wait for the lost worker


def _bytes_written() -> int | None:
    """Return how many bytes this process has written so far, to files and to sockets, where the system says so."""
    try:
        return int(Path("/proc/self/io").read_text().split("wchar:")[1].split()[0])
    except (OSError, IndexError):
        return None


# ---------------------------------------------------------------- those who start and end them


def run_workers(
    plan: Plan, workers: int, *, loop: Callable[..., None] = train_shard, patience: float = 5.0, limit: float = 120.0,
    fault: tuple[int, str, int] | None = None,
) -> list[Report]:
    """Start the workers of a plan, wait for them, end what is left, and return one report each.

    Parameters
    ----------
    plan : what they do
    workers : R
    loop : `train_shard`, or `train_with_ddp`
    patience : seconds after which a worker that waits for another one gives up
    limit : seconds after which everything is ended
    fault : (rank, "killed" or "stopped" or "leaves", step): what befalls one of them, to see what the others do

    Raises
    ------
    ValueError
        If the shards do not fit the workers or the batch.
    RuntimeError
        If a worker fails though no fault was asked for.
    """
    require_count("workers", workers)
    require_positive("patience", patience)
    require_positive("limit", limit)
    sizes, M = plan.sizes, plan.batches.shape[1]
    require(sizes is None or len(sizes) == workers and sum(sizes) == M and min(sizes) > 0, "sizes",
            f"{workers} numbers > 0 whose sum is {M}", sizes)
    require(fault is None or fault[0] in range(workers) and fault[1] in FAULTS, "fault",
            f"(a rank below {workers}, one of {FAULTS}, a step)", fault)
    with tempfile.TemporaryDirectory() as folder:
        return _supervised(plan, workers, loop, patience, limit, fault, os.path.join(folder, "meeting"))


def _supervised(plan: Plan, workers: int, loop: Callable[..., None], patience: float, limit: float,
                fault: tuple[int, str, int] | None, meeting: str) -> list[Report]:
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # the loopback interface: nothing leaves the machine
    context, processes, pipes = multiprocessing.get_context("spawn"), [], []
    for rank in range(workers):
        ours, theirs = context.Pipe(duplex=False)
        mine = fault[1:] if fault is not None and fault[0] == rank else None
        process = context.Process(target=_work, args=(loop, rank, workers, plan, meeting, patience, mine, theirs), daemon=True)
        process.start()
        theirs.close()
        processes.append(process)
        pipes.append(ours)
    reports, silent = {}, set(range(workers))
    try:
        silent = _collect(pipes, reports, time.monotonic() + limit, patience)
    finally:
        for rank, process in enumerate(processes):
            process.join(0.2 if rank in silent else 5)  # who has reported, or has died, is on the way out
            stuck = process.is_alive()
            if stuck:
                process.kill()                    # a stopped process hears nothing but this
                process.join()
            process.ended = "stopped answering" if stuck else f"signal {-process.exitcode}" if process.exitcode < 0 else "error"
    found = [reports.get(rank) or Report(rank, process.ended) for rank, process in enumerate(processes)]
    failed = [report for report in found if report.outcome != "finished"]
    if failed and fault is None:
        raise RuntimeError(f"rank {failed[0].rank} of {workers}: {failed[0].outcome}")
    return found


def _collect(pipes: Sequence[Any], reports: dict[int, Report], end: float, patience: float) -> set[int]:
    """Receive reports until all have come, or a pipe has closed or somebody failed and the others had time to notice.

    Return who has neither reported nor closed the pipe.
    """
    waiting = dict(zip(pipes, range(len(pipes))))
    while waiting and (left := end - time.monotonic()) > 0:
        for pipe in wait(list(waiting), left):
            rank = waiting.pop(pipe)
            try:
                reports[rank] = pipe.recv()
                fine = reports[rank].outcome == "finished"
            except EOFError:
                fine = False
            if not fine:
                end = min(end, time.monotonic() + patience + 2)
    return set(waiting.values())
