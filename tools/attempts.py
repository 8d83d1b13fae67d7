"""Try answers of every kind at every exercise, and count what becomes of them.

    python -m tools.attempts            all tasks
    python -m tools.attempts neurons    one module

Each right answer is the reference in another form: lists, other types, arguments that may not be written to. Each
wrong one is the reference with one fault that somebody makes somewhere. tests/exercises/test_attempts.py asks that no
right one is refused and no wrong one accepted; the command prints how many of the wrong ones got a cause.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import lecture_tasks
from lecture_code.feedback import Task, verdict
from tools.notebooks import of_tasks, why_not

Change = Callable[[np.ndarray], Any]


def modules() -> list[Any]:
    return [importlib.import_module(f"lecture_tasks.{module.name}")
            for module in pkgutil.iter_modules(lecture_tasks.__path__)]


def of_arrays(change: Change, value: Any) -> Any:
    """Apply a change to every array of numbers in a result, and leave anything else."""
    if isinstance(value, (list, tuple)):
        return type(value)(of_arrays(change, part) for part in value)
    if value is None or callable(value) or isinstance(value, str) or np.asarray(value).dtype.kind not in "biufc":
        return value
    return change(np.asarray(value))


def _floats(change: Change) -> Change:
    """Leave arrays without a fraction, and truth values, as they are."""
    return lambda e: change(e) if e.dtype.kind in "fc" else e


def _last_entry(e: np.ndarray) -> np.ndarray:
    changed = e.astype(float) if e.dtype.kind in "biu" else e.copy()
    if e.size:
        changed.flat[-1] += 1e-3 * max(1e-3, np.abs(np.where(np.isfinite(e), e, 0)).max())
    return changed


def _one_nan(e: np.ndarray) -> np.ndarray:
    changed = e.astype(float) if e.dtype.kind in "biu" else e.copy()
    if e.size:
        changed.flat[0] = np.nan
    return changed


RIGHT: dict[str, Change] = {
    "lists": lambda e: e.tolist(),
    "tuples": lambda e: tuple(e.tolist()) if e.ndim == 1 else e.tolist(),
    "Fortran order": lambda e: e.copy(order="F"),
    "a view": lambda e: np.stack([e, e])[1],
    "an array of objects": lambda e: e.astype(object) if e.ndim else e,
    "numbers of NumPy": lambda e: e[()],
    "float32": _floats(lambda e: e.astype(np.complex64 if e.dtype.kind == "c" else np.float32)),
    "the last bits": _floats(lambda e: e * (1 + 4e-16)),
}
WRONG: dict[str, Change] = {
    "the opposite sign": lambda e: ~e if e.dtype.kind == "b" else -1 * e,
    "twice": lambda e: ~e if e.dtype.kind == "b" else 2 * e,
    "half": lambda e: ~e if e.dtype.kind == "b" else e / 2,
    "whole numbers": _floats(lambda e: np.trunc(np.where(np.isfinite(e), e, 0)).astype(int) if e.dtype.kind == "f" else e),
    "three digits": _floats(lambda e: e.round(3)),
    "never negative": _floats(lambda e: np.maximum(e, 0) if e.dtype.kind == "f" else e),
    "transposed": lambda e: e.swapaxes(-1, -2) if e.ndim >= 2 else e,
    "backwards": lambda e: e[::-1] if e.ndim else e,
    "one entry short": lambda e: e[:-1] if e.ndim else e,
    "an axis summed away": lambda e: e.sum(-1) if e.ndim else e,
    "an axis too many": lambda e: e[None],
    "one entry": _last_entry,
    "not a number": _one_nan,
    "zero": np.zeros_like,
}


def answers(task: Task) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the right and the wrong functions that are tried at a task, each with its name."""
    reference = inspect.unwrap(task.reference)

    def changed(change: Change) -> Any:
        return lambda *arguments: of_arrays(change, reference(*arguments))

    def read_only(*arguments: Any) -> Any:
        for argument in arguments:
            for array in (argument if isinstance(argument, (list, tuple)) else [argument]):
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        return reference(*arguments)

    first: list[Any] = []

    def always_the_same(*arguments: Any) -> Any:
        first.append(reference(*arguments))
        return copy.deepcopy(first[0])

    calls = Counter()

    def right_at_first(*arguments: Any) -> Any:
        calls["all"] += 1
        value = reference(*arguments)
        return value if calls["all"] <= task.seeds else of_arrays(WRONG["twice"], value)

    def changes_its_argument(*arguments: Any) -> Any:
        value = copy.deepcopy(reference(*arguments))
        for argument in arguments:
            for array in (argument if isinstance(argument, (list, tuple)) else [argument]):
                if isinstance(array, np.ndarray) and array.size and array.dtype.kind in "iufc":
                    array.flat[0] += 1
                    return value
        return value

    right = {name: changed(change) for name, change in RIGHT.items() if not (name == "float32" and task.double)}
    right["arguments that may not be written to"] = read_only
    wrong = {name: changed(change) for name, change in WRONG.items()}
    off = 1 + max(1e-4, 3 * task.rtol)
    wrong["a little too large"] = changed(_floats(lambda e: e * off))
    wrong["the first result for ever"] = always_the_same
    wrong["right at the smallest size only"] = right_at_first
    wrong["an argument changed in place"] = changes_its_argument
    wrong["nothing returned"] = lambda *arguments: None
    if ", " in task.returns:
        wrong["parts in another order"] = lambda *arguments: tuple(reversed(reference(*arguments)))
    return right, wrong


def differs(task: Task, answer: Any) -> bool:
    """Is an answer wrong on some input, by more than a hundred-thousandth of the largest entry?"""
    reference = inspect.unwrap(task.reference)
    for case in range(task.cases):
        arguments = task.example(case)
        with np.errstate(all="ignore"):
            try:
                got = answer(*arguments)
            except Exception:
                return True
        if not _alike(got, reference(*task.example(case))):
            return True
        if not _alike(list(arguments), list(task.example(case))):
            return True
    return False


def _alike(a: Any, b: Any) -> bool:
    if isinstance(b, (list, tuple)):
        return isinstance(a, (list, tuple)) and len(a) == len(b) and all(map(_alike, a, b))
    if b is None or callable(b) or isinstance(b, str):
        return (a is None) == (b is None)
    if isinstance(a, str) or a is None or callable(a):
        return False
    try:
        a, b = np.asarray(a), np.asarray(b)
        largest = np.abs(b[np.isfinite(b)]).max(initial=0)
        return a.shape == b.shape and bool(np.isclose(a, b, rtol=0, atol=1e-5 * largest, equal_nan=True).all())
    except (TypeError, ValueError):             # a model, a tensor of a graph: no numbers
        return True


def main() -> int:
    counts, causes = Counter(), Counter()
    for module in modules():
        name = module.__name__.split(".")[-1]
        if (sys.argv[1:] and name not in sys.argv[1:]) or why_not(of_tasks(name)):
            continue
        for task in module.ALL:
            right, wrong = answers(task)
            for what, answer in right.items():
                kind = verdict(task, answer).kind
                counts["right"] += 1
                if kind != "right":
                    counts["right, refused"] += 1
                    print(f"refused  {name}.{task.name}: {what}\n  {verdict(task, answer).message}")
            for what, answer in wrong.items():
                probe = "twice" if what == "right at the smallest size only" else what      # it counts its calls
                if not differs(task, wrong[probe]):
                    continue
                found = verdict(task, answers(task)[1][what])
                counts["wrong"] += 1
                lines = found.message.splitlines()
                named = found.kind in ("known mistake", "input changed") or "returned None" in found.message or any(
                    not line.startswith(("The input that shows it", "  ")) and line not in lines[:2] for line in lines)
                causes[what, "named" if named else "not named"] += 1
                if found.kind == "right":
                    counts["wrong, accepted"] += 1
                    print(f"accepted {name}.{task.name}: {what}")
    print(dict(counts))
    for what in sorted({what for what, _ in causes}):
        print(f"{what:36}{causes[what, 'named']:5}{causes[what, 'not named']:5}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
