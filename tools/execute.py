"""Run notebooks from a clean kernel and store their outputs in one reproducible form.

    python -m tools.execute                          # all of book/ and solutions/
    python -m tools.execute book/07-mini-batches.ipynb
    python -m tools.execute --check --jobs 2         # run, write nothing, name what differs

With the versions of requirements.lock and the same kind of processor, two runs write the same
bytes: everything random or personal (ids, timings, versions) is renamed or left out, and outputs
that could differ from run to run (warnings, memory addresses) are refused.
A notebook that fails is left as it was, and the exit status is 1. A notebook that needs packages which are
not installed (see tools/notebooks.py) is skipped, with a word about it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools import notebooks

ROOT = notebooks.ROOT
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
REFERENCE = re.compile(r"IPY_MODEL_([0-9a-f]+)")

#: What a stored run is: static widgets, full length, and sums in one fixed order.
ENVIRONMENT = {
    "LECTURE_CODE_STATIC": "1",
    "LECTURE_CODE_RUN": "full",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "KERAS_BACKEND": "torch",
}


class Unfit(Exception):
    """The notebook ran, but an output must not be stored."""


# ---------------------------------------------------------------- running

def all_notebooks() -> list[Path]:
    return [*notebooks.chapters(), *notebooks.solutions()]


def run(path: Path, timeout: int) -> str:
    """Execute the notebook in its own folder and return the text to store."""
    os.environ.update(ENVIRONMENT)
    os.environ.pop("MPLBACKEND", None)          # the kernel draws inline
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # no word about the loopback connection
        record_timing=False,
        store_widget_state=True,
    ).execute()
    return to_text(notebook)


def to_text(notebook: nbformat.NotebookNode) -> str:
    """Normalise an executed notebook in place and return its JSON."""
    normalise_metadata(notebook)
    normalise_cells(notebook)
    normalise_widgets(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


# ---------------------------------------------------------------- normalising

def normalise_metadata(notebook: nbformat.NotebookNode) -> None:
    """Keep what says how to run and show the notebook; versions of Python are not part of it."""
    old = notebook.metadata
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        **{key: old[key] for key in ("book", "mystnb", "widgets") if key in old},
    })
    notebook.nbformat, notebook.nbformat_minor = 4, 5


def normalise_cells(notebook: nbformat.NotebookNode) -> None:
    """Ids from content, counts in order, streams in one piece; refuse unstable outputs."""
    seen: dict[str, int] = {}
    count = 0
    for cell in notebook.cells:
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        if cell.execution_count is not None:    # the cell was run
            count += 1
            cell.execution_count = count
        cell.outputs = join_streams(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = cell.execution_count
            refuse_unstable(cell, output)


def join_streams(outputs: list) -> list:
    """The kernel cuts a stream where it happens to flush; join neighbouring pieces."""
    joined: list = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def refuse_unstable(cell: nbformat.NotebookNode, output: nbformat.NotebookNode) -> None:
    where = f"in the cell that begins {cell.source.strip().splitlines()[0]!r}"
    if output.get("name") == "stderr":
        raise Unfit(f"output to stderr {where}:\n{output.text}")
    text = output.get("text", "") or "".join(output.get("data", {}).get("text/plain", ""))
    if address := re.search(r"<[^>]* at 0x[0-9a-fA-F]{6,}>", text):
        raise Unfit(f"memory address {where}: {address[0]}")


def normalise_widgets(notebook: nbformat.NotebookNode) -> None:
    """Keep the widget models that the outputs use; name them 1, 2, … by order of appearance."""
    state = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    order: dict[str, None] = {}                 # an ordered set of model ids

    def visit(model: str) -> None:
        if model in state and model not in order:
            order[model] = None
            for reference in references(state[model]):
                visit(reference)

    for view in views(notebook):
        visit(view["model_id"])
    # A link names its two ends, but nothing names a link: it lives while one end does.
    links = [m for m in state if state[m]["model_name"] in ("LinkModel", "DirectionalLinkModel")]
    while new := [m for m in links if m not in order and any(r in order for r in references(state[m]))]:
        visit(new[0])

    if not order:
        notebook.metadata.pop("widgets", None)
        return
    new_id = {model: f"{number:032x}" for number, model in enumerate(order, start=1)}
    renamed = REFERENCE.sub(lambda match: f"IPY_MODEL_{new_id.get(match[1], match[1])}",
                            json.dumps({new_id[model]: state[model] for model in order}))
    notebook.metadata["widgets"] = nbformat.from_dict(
        {STATE: {"state": json.loads(renamed), "version_major": 2, "version_minor": 0}})
    for view in views(notebook):
        view["model_id"] = new_id[view["model_id"]]


def views(notebook: nbformat.NotebookNode) -> Iterator[dict]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                yield output.data[VIEW]


def references(model: dict) -> list[str]:
    """The ids of the models that this model mentions, in a fixed order."""
    return REFERENCE.findall(json.dumps(model["state"], sort_keys=True))


# ---------------------------------------------------------------- command line

def process(path: Path, check: bool, timeout: int) -> tuple[bool, str]:
    """Run one notebook; return whether all is well, and a line to print."""
    if absent := notebooks.lacking(path):
        return True, f"skipped  {shown(path)} (it needs {' and '.join(absent)}: make frameworks)"
    start = time.perf_counter()
    try:
        text = run(path, timeout)
    except (CellExecutionError, CellTimeoutError, DeadKernelError, Unfit) as error:
        return False, f"FAILED   {shown(path)}\n{error}"
    seconds = f"{time.perf_counter() - start:.0f} s"
    if path.read_text(encoding="utf-8") == text:
        return True, f"same     {shown(path)} ({seconds})"
    if check:
        return False, f"DIFFERS  {shown(path)} ({seconds})"
    # Written beside the old one first, so that no interruption leaves half a file.
    draft = path.with_suffix(".ipynb.new")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)
    return True, f"stored   {shown(path)} ({seconds})"


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of book/ and solutions/")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if an output would change")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at a time (default 1)")
    parser.add_argument("--timeout", type=int, default=1200, help="seconds for one cell (default 1200)")
    options = parser.parse_args(argv)
    paths = [path.resolve() for path in options.notebooks] or all_notebooks()
    ok = True
    with ProcessPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(process, path, options.check, options.timeout) for path in paths]
        for done in runs:
            fine, line = done.result()
            print(line, flush=True)
            ok &= fine
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
