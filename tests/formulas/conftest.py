"""Tiny chapters for the tests of the formula checks."""

import json

import pytest

IMPORTS = """\
import numpy as np
import sympy as sp
from lecture_code import losses
from lecture_code.activations import sigmoid
from lecture_code.checks import claim, identity
from lecture_code.datasets import higham
from lecture_code.numerics import log_softmax, softmax
rng = np.random.default_rng(0)
z = rng.standard_normal(5)"""


@pytest.fixture
def write_chapter(tmp_path):
    """Return a function that writes a chapter of Markdown and code cells: strings, the code after ``>>>``."""

    def write(*cells, name="01-toy", tags=(), imports=IMPORTS, outputs=()):
        (tmp_path / "book").mkdir(exist_ok=True)
        made = []
        for number, text in enumerate(["# Toy", ">>>" + imports, *cells]):
            cell = {"cell_type": "markdown", "id": f"cell-{number}", "metadata": {}, "source": text}
            if text.startswith(">>>"):
                cell |= {"cell_type": "code", "source": text[3:].strip("\n"), "execution_count": None,
                         "metadata": {"tags": list(tags)}, "outputs": list(outputs)}
            made.append(cell)
        notebook = {"cells": made, "nbformat": 4, "nbformat_minor": 5,
                    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}
        path = tmp_path / "book" / f"{name}.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return write
