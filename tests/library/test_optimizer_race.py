"""The record of the race of Keras's optimizers, which tools/record_optimizer_race.py made: what must hold in it."""

import numpy as np
import pytest

from lecture_code.records import record


@pytest.fixture(scope="module")
def race():
    return record("optimizer_race")


def test_every_method_seed_and_epoch_is_there(race):
    rate, batch, epochs, short = race["options"]
    assert race["names"].tolist() == ["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "Nadam"]
    assert race["validation"].shape == (6, 3, epochs + 1) and race["test"].shape == (6, 3) and (rate, batch) == (1e-3, 32)
    assert all(race[kind].shape == (6, short) for kind in ("reused", "reversed", "fresh"))


def test_all_methods_begin_with_the_same_untrained_network(race):
    assert np.ptp(race["validation"][:, :, 0], axis=0).max() == 0
    assert 0.05 < race["validation"][:, :, 0].min() and race["validation"][:, :, 0].max() < 0.2


def test_equal_runs_gave_equal_numbers(race):
    """The first method of a loop has a fresh model, and ten epochs are the first ten of thirty."""
    assert np.array_equal(race["fresh"], race["validation"][:, 0, 1:11])
    assert np.array_equal(race["reused"][0], race["fresh"][0]) and np.array_equal(race["reversed"][5], race["fresh"][5])
