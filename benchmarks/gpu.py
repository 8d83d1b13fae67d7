"""How long does a training step take on this device? The book's networks in PyTorch, float32 and bfloat16.

    python benchmarks/gpu.py                                      on the processor, one thread and two
    python benchmarks/gpu.py --device cuda --write                on a graphics card, into the book's record

A step is forward, backward and the update of SGD, on a batch that lies on the device already. The smallest of many
repetitions counts: what disturbs a measurement makes it longer. One thread of a processor is timed in seconds of the
processor, all else by the clock on the wall. With bfloat16 the weights stay in float32, and
`torch.autocast` rounds what enters a product. The record holds the date, the name of the device and the versions.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch import nn

RECORD = Path(__file__).resolve().parent.parent / "lecture_code" / "data" / "steps_gpu.json"
#: What the table of the chapter shows: a network and its batch.
ROWS = (("2-2-3-2", 1), ("784-100-10", 100), ("784-100-10", 1000), ("784-4×100-10", 100), ("1000-5×500-100", 100),
        ("1000-5×500-100", 1000), ("CNN, 8 maps", 100))
WIDTHS = {"2-2-3-2": (2, 2, 3, 2), "784-100-10": (784, 100, 10), "784-4×100-10": (784, *[100] * 4, 10),
          "1000-5×500-100": (1000, *[500] * 5, 100)}


def network(name: str) -> nn.Module:
    """Return a network of the table: dense with ReLU, or a convolution of 5 × 5 with pooling and a dense head."""
    if name.startswith("CNN"):
        maps = int(name.split()[1])
        return nn.Sequential(nn.Conv2d(1, maps, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(144 * maps, 10))
    widths, layers = WIDTHS[name], []
    for fans in zip(widths, widths[1:]):
        layers += [nn.Linear(*fans), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def step(name: str, M: int, device: str, kind: str) -> Callable[[], None]:
    """Return one training step as a function."""
    torch.manual_seed(0)
    net = network(name).to(device)
    shape = (M, 1, 28, 28) if name.startswith("CNN") else (M, WIDTHS[name][0])
    x = torch.rand(shape, device=device)
    labels = torch.randint(net[-1].out_features, (M,), device=device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

    def run() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=kind == "bfloat16"):
            loss = nn.functional.cross_entropy(net(x).float(), labels)
        loss.backward()
        optimizer.step()

    return run


def smallest(run: Callable[[], None], seconds: float, device: str = "cpu") -> float:
    """Return the least milliseconds of a call, among those that fit into some seconds, after a few to warm up.

    A device works while Python runs on. So there ten calls are timed together, and the clock waits for the device.
    """
    calls = 1 if device == "cpu" else 10
    clock = time.process_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    for _ in range(3 * calls):
        run()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        if device != "cpu":
            torch.cuda.synchronize()
        begin = clock()
        for _ in range(calls):
            run()
        if device != "cpu":
            torch.cuda.synchronize()
        best = min(best, (clock() - begin) / calls)
    return 1e3 * best


def measure(device: str, threads: int, rows: Sequence[tuple[str, int]], seconds: float) -> list[dict[str, Any]]:
    """Return a row for each network, batch and type."""
    torch.set_num_threads(threads)
    return [{"network": name, "M": M, "type": kind, "threads": threads,
             "ms": round(smallest(step(name, M, device, kind), seconds, device), 4)}
            for name, M in rows for kind in ("float32", "bfloat16")]


def about(device: str) -> dict[str, Any]:
    """Return the date, the device and the versions."""
    name = torch.cuda.get_device_name() if device != "cpu" else "processor"
    return {"date": date.today().isoformat(), "device": name, "python": platform.python_version(), "torch": torch.__version__}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--seconds", type=float, default=1.0, help="for each number")
    parser.add_argument("--rows", type=int, default=len(ROWS), help="only the first so many networks")
    parser.add_argument("--write", nargs="?", type=Path, const=RECORD, help="a file; the book's record if none is named")
    options = parser.parse_args(arguments)
    threads = (1, 2) if options.device == "cpu" else (1,)
    rows = [row for n in threads for row in measure(options.device, n, ROWS[:options.rows], options.seconds)]
    for row in rows:
        print(f"{row['network']:16} M = {row['M']:<5} {row['type']:9} threads {row['threads']}  {row['ms']:8.3f} ms")
    if options.write:
        text = json.dumps({**about(options.device), "rows": rows}, ensure_ascii=False, indent=1)
        options.write.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
