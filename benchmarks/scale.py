"""What the chapter on scale shows in seconds: products, steps, additions over processes, steps of two workers.

    python benchmarks/scale.py                     prints
    python benchmarks/scale.py --write             into the book's record, lecture_code/data/scale.json
    python benchmarks/scale.py --write --merge     the better of the record and of this run, number by number

Two processes, or two threads, need two idle cores. Where others use the machine, run it several times and merge: what
disturbs a measurement makes it longer, so the smallest time is the best estimate of an undisturbed one.
"""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # of every process; two threads are asked for where they are wanted

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from lecture_code.activations import linear, relu
from lecture_code.initialisation import he
from lecture_code.losses import softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient
from lecture_code.workers import Plan, Report, run_workers, train_shard, train_with_ddp

RECORD = Path(__file__).resolve().parent.parent / "lecture_code" / "data" / "scale.json"
WIDTHS = {"784-100-10": (784, 100, 10), "784-300-10": (784, 300, 10), "1000-5×500-100": (1000, *[500] * 5, 100)}
SIZES = (1, 250, 79_510, 250_000, 1_552_600, 5_000_000)  # of the vectors that are added, in numbers of four bytes


def dense(widths: Sequence[int]) -> Network:
    return Network(tuple(widths), (relu,) * (len(widths) - 2) + (linear,), softmax_cross_entropy)


def plan(name: str, M: int, steps: int) -> Plan:
    """Return steps on random numbers: only their time counts."""
    net, rng = dense(WIDTHS[name]), np.random.default_rng(0)
    x = rng.random((net.widths[0], max(M, 1000)), np.float32)
    y = np.eye(net.widths[-1], dtype=np.float32)[:, rng.integers(net.widths[-1], size=x.shape[1])]
    return Plan(net, he(net, rng, np.float32), x, y, rng.integers(x.shape[1], size=(steps, M)), 0.01)


def products(seconds: float) -> list[dict[str, Any]]:
    """Return operations in a nanosecond of n × n times n × n, in PyTorch."""
    import torch

    rows = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for kind in ("float32", "bfloat16"):
            for n in (16, 32, 64, 128, 256, 512, 1024, 2048):
                A, B = torch.rand(2, n, n).to(getattr(torch, kind))
                repeats = max(1, 200_000 // n**2)
                best = least(lambda: [A @ B for _ in range(repeats)], seconds, threads) / repeats
                rows.append({"n": n, "type": kind, "threads": threads, "speed": round(2 * n**3 / best / 1e6, 2)})
    return rows


def own_steps(seconds: float) -> list[dict[str, Any]]:
    """Return milliseconds of a step of the library, float32, with one and with two threads."""
    from threadpoolctl import threadpool_limits

    rows = []
    for name, widths, M in (("2-2-3-2", (2, 2, 3, 2), 1), ("784-100-10", WIDTHS["784-100-10"], 100),
                            ("784-100-10", WIDTHS["784-100-10"], 1000), ("784-4×100-10", (784, *[100] * 4, 10), 100),
                            ("1000-5×500-100", WIDTHS["1000-5×500-100"], 100), ("1000-5×500-100", WIDTHS["1000-5×500-100"], 1000)):
        net, rng = dense(widths), np.random.default_rng(0)
        theta, x = he(net, rng, np.float32), rng.random((widths[0], M), np.float32)
        y = np.eye(widths[-1], dtype=np.float32)[:, rng.integers(widths[-1], size=M)]
        for threads in (1, 2):
            with threadpool_limits(threads):
                ms = least(lambda: theta - np.float32(0.01) * cost_and_gradient(net, theta, x, y).gradient, seconds, threads)
            rows.append({"network": name, "M": M, "type": "float32", "threads": threads, "library": "ours", "ms": round(ms, 4)})
    return rows


def torch_steps(seconds: float) -> list[dict[str, Any]]:
    """Return milliseconds of a step of PyTorch: see gpu.py."""
    import gpu

    return [{**row, "library": "torch"} for n in (1, 2) for row in gpu.measure("cpu", n, gpu.ROWS, seconds)]


def least(run: Callable[[], object], seconds: float, threads: int) -> float:
    """Return the least milliseconds of a call: of the processor for one thread, else on the wall."""
    clock = time.process_time if threads == 1 else time.perf_counter
    for _ in range(3):
        run()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = clock()
        run()
        best = min(best, clock() - begin)
    return 1e3 * best


def window(seconds: Sequence[float], length: int = 5) -> float:
    """Return milliseconds a step, over the shortest window of some steps in a row: a single step may borrow time."""
    return 1e3 * min(np.convolve(seconds, np.ones(length) / length, "valid"))


def add_only(rank: int, workers: int, plan: Plan, report: Report, fault: Callable[[int], None]) -> None:
    """Add vectors of several sizes over all workers, and do nothing else: a loop for `run_workers`."""
    import torch
    import torch.distributed as dist

    report.theta = {}
    for size in SIZES:
        vector, times = torch.ones(size), []
        for _ in range(400 if size < 1_000_000 else 80):
            begin = time.perf_counter()
            dist.all_reduce(vector)
            times.append(time.perf_counter() - begin)
        report.theta[size] = window(times)


def additions() -> list[dict[str, Any]]:
    found = run_workers(plan("784-100-10", 100, 2), 2, loop=add_only, patience=20)
    return [{"bytes": 4 * size, "R": 2, "ms": round(max(report.theta[size] for report in found), 4)} for size in SIZES]


def worker_steps(count: int, only: Sequence[str] = tuple(WIDTHS)) -> list[dict[str, Any]]:
    """Return milliseconds of a step of one worker and of two, one thread each: our loop, and PyTorch's wrapper.

    One worker is timed in seconds of the processor. Two wait for each other, so they need the clock on the wall.
    """
    import gpu
    import torch

    torch.set_num_threads(1)
    rows = []
    for name in only:
        gpu.WIDTHS.setdefault(name, WIDTHS[name])
        for M in (50, 100, 200, 500, 1000):
            one = plan(name, M, 1)
            x, y, eta, theta = one.x[:, :M].copy(), one.y[:, :M].copy(), np.float32(one.eta), one.theta
            alone = {"ours": lambda: theta - eta * one.model.cost_and_gradient(theta, x, y).gradient, "torch": gpu.step(name, M, "cpu", "float32")}
            for library, run in alone.items():
                rows.append({"network": name, "M": M, "R": 1, "library": library, "ms": round(least(run, 0.4, 1), 4)})
            for library, loop in (("ours", train_shard), ("torch", train_with_ddp)):
                if M in (100, 200, 1000):
                    steps = int(count / rows[-2]["ms"])
                    found = run_workers(plan(name, M, max(20, steps)), 2, loop=loop, patience=20)
                    rows.append({"network": name, "M": M, "R": 2, "library": library, "ms": round(float(max(window(r.seconds, 3) for r in found)), 4)})
    return rows


def better(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each row the shorter time, or the higher speed; a row may say that it is from an earlier run."""
    def key(row: dict[str, Any]) -> tuple:
        return tuple((name, row[name]) for name in sorted(row) if name not in ("ms", "speed", "earlier"))

    merged = {key(row): row for row in new}
    for row in old:
        other = merged.setdefault(key(row), row)
        if row.get("ms", 0) < other.get("ms", 0) or row.get("speed", 0) > other.get("speed", 0):
            merged[key(row)] = row
    return list(merged.values())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="for each number")
    parser.add_argument("--write", nargs="?", type=Path, const=RECORD)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--only", nargs="*", default=["products", "steps", "additions", "workers"])
    parser.add_argument("--networks", nargs="*", default=list(WIDTHS), help="whose workers are timed")
    options = parser.parse_args(arguments)
    found: dict[str, list[dict[str, Any]]] = {}
    if "products" in options.only:
        found["products"] = products(options.seconds / 2)
    if "steps" in options.only:
        found["steps"] = torch_steps(options.seconds) + own_steps(options.seconds)
    if "additions" in options.only:
        found["additions"] = additions()
    if "workers" in options.only:
        found["workers"] = worker_steps(1000, options.networks)
    if options.merge and options.write and options.write.exists():
        old = json.loads(options.write.read_text(encoding="utf-8"))
        found = {name: better(old.get(name, []), found.get(name, [])) for name in ("products", "steps", "additions", "workers", "busy", "sweep")}
    import torch

    head = {"date": date.today().isoformat(), "machine": "two shared cores of an AMD EPYC processor with AVX-512",
            "python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    rows = ",\n".join(f' "{name}": [\n  ' + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in values) + "\n ]"
                      for name, values in found.items())
    text = json.dumps(head, indent=1)[:-2] + ",\n" + rows + "\n}\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
