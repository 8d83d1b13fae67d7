"""The measurements on record say when and where, and have what the chapter shows."""

import numpy as np
import pytest

from lecture_code.records import FILES, FOLDER, record, rows


def test_the_record_says_when_and_where():
    found = record("scale")
    assert found["date"] >= "2026" and "cores" in found["machine"] and found["torch"] and found["numpy"]


@pytest.mark.parametrize("table, count", [("products", 16), ("steps", 20), ("additions", 6), ("workers", 8)])
def test_the_record_is_complete_and_positive(table, count):
    found = record("scale")[table]
    assert len(found) >= count and all(row.get("ms", row.get("speed")) > 0 for row in found)
    assert len({str({k: v for k, v in row.items() if k not in ("ms", "speed")}) for row in found}) == len(found)


def test_a_card_that_nobody_measured_has_no_record():
    found = record("steps_gpu")
    assert found is None or {"date", "device", "rows"} <= found.keys()


def test_rows_are_chosen():
    table = [{"M": 3, "R": 1, "ms": 5}, {"M": 3, "R": 2, "ms": 4}, {"M": 7, "R": 1, "ms": 9}]
    assert rows(table, M=3) == table[:2] and rows(table, M=3, R=2) == [table[1]] and rows(table) == table


@pytest.mark.parametrize("name, part, shape", [("optimizer_race", "validation", (6, 3, 31)),
                                               ("torch_optimizer_paths", "torch_version", ()),
                                               ("growing_networks", "never/0/validation", None)])
def test_a_record_of_arrays_has_them_all_by_name(name, part, shape):
    found = record(name)
    with np.load(FOLDER / FILES[name]) as stored:
        assert sorted(found) == sorted(stored.files)
        assert all(np.array_equal(found[key], stored[key]) for key in stored.files)
    assert isinstance(found[part], np.ndarray) and (shape is None or found[part].shape == shape)
    found[part] = 0                               # a reader's copy: the next one is whole again
    assert record(name)[part] is not found[part] and isinstance(record(name)[part], np.ndarray)


def test_what_lies_among_the_data_and_is_measured_can_be_asked_for():
    data_sets = {"mnist.npz", "tower.npz"}
    assert {file.name for file in FOLDER.iterdir()} - data_sets == set(FILES.values()) - {"steps_gpu.json"} | (
        {"steps_gpu.json"} if (FOLDER / "steps_gpu.json").exists() else set())
