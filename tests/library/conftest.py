"""Rules for every test of the library: a warning is a failure, and random examples come out the same each time."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import settings

matplotlib.use("Agg")
settings.register_profile("library", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("library")

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)


@pytest.fixture
def rng():
    return np.random.default_rng(20260901)


@pytest.fixture
def raises():
    """Return a context in which a ValueError must name the argument, what was expected, and what came."""

    def context(name, expected="", got=""):
        return pytest.raises(ValueError, match=rf"(?s)^{name}: expected .*{expected}.*, got .*{got}")

    return context
