"""nbval, as `make test` calls it, notices one changed digit in a stored output."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.execute import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stored(tmp_path) -> Path:
    path = tmp_path / "sum.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("print(f'{1 / 7:.4f}')"), new_code_cell("2 + 2")]), path)
    path.write_text(run(path, timeout=60))
    return path


def nbval(path: Path) -> subprocess.CompletedProcess:
    options = ["--nbval", f"--rootdir={path.parent}", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    return subprocess.run([sys.executable, "-m", "pytest", *options, str(path)],
                          cwd=ROOT, capture_output=True, text=True)


def test_the_stored_outputs_pass(stored):
    done = nbval(stored)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("old, new", [("0.1429", "0.1428"), ('"4"', '"5"')])
def test_an_altered_output_fails(stored, old, new):
    text = stored.read_text()
    assert text.count(old) == 1
    stored.write_text(text.replace(old, new))
    done = nbval(stored)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout
