"""Values travel as they are, and nothing that is none gets through."""

import importlib.util
import json
import socket
import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from lecture_tasks import pytorch
from tools.grading.wire import Broken, Foreign, Line, Packer, Unknown, Unpacker, clean

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch: make frameworks")


def travelled(value, **named):
    return Unpacker(**named)(json.loads(json.dumps(Packer()(value))))


@pytest.mark.parametrize("value", [
    None, True, 3, 2.5, float("inf"), 1 + 2j, "text", [1, (2, [3])], {"a": [1.5]}, np.float32(0.1), np.arange(6).reshape(2, 3),
    np.zeros((0, 2)), np.array(3.0), np.array([True, False]), np.array([1 + 1j], np.complex64), np.array(["a", "b"], object)])
def test_plain_values_arrive_as_they_are(value):
    got = travelled(value)
    assert type(got) is type(value) and (np.array_equal(got, value) if isinstance(value, np.ndarray) else got == value) and getattr(got, "dtype", 0) == getattr(value, "dtype", 0)


def test_what_is_not_plain_arrives_as_numbers_or_as_a_name():
    assert travelled([Fraction(1, 4), range(2)]) == [0.25, [0, 1]]
    strange = travelled(type("Strange", (), {})())
    assert isinstance(strange, Unknown) and type(strange).__name__ == "Strange"
    rng = np.random.default_rng(3)
    assert travelled(rng).normal() == rng.normal()


@pytest.mark.parametrize("sent", [
    "a", [1], {}, {"a": 3}, {"a": ["<f8", [2], "AAAA"]}, {"a": ["O", [1], "AAAAAAAAAAA="]}, {"a": ["<f8", [-1], ""]}, {"l": 3},
    {"l": [{"l": [{}]}]}, {"o": [[10**9], []]}, {"g": {"bit_generator": "MT19937"}}, {"m": "__init__", "train": True}, {"r": 10**9},
    {"u": [1], "fields": ["__class__ = 1"]}, {"t": {}, "lent": [3]}, {"x": "A", "model": True}])
def test_what_no_sender_makes_is_refused(sent):
    with pytest.raises(Broken):
        Unpacker()(sent)


def test_a_value_without_end_is_not_sent():
    endless = []
    endless.append(endless)
    for value in (endless, list(range(10**6)), np.zeros(10**7)):
        with pytest.raises(Broken):
            Packer()(value)


def test_a_text_can_be_written_anywhere():
    assert clean("a\ud800b\0\x1b[31m\n").encode() and "\x1b" not in clean("\x1b[31m") and len(clean("x" * 10**6)) == 2000


def test_an_answer_that_nobody_waited_for_is_dropped_and_questions_may_cross():
    left, right = (Line(each, lambda question: {"twice": 2 * question["value"]}) for each in socket.socketpair())
    threading.Thread(target=lambda: [right.answer(right.receive()) for _ in range(2)], daemon=True).start()
    left.asked += 1
    left.send({"do": "x", "value": 1, "number": left.asked})    # and then something has come between
    assert left.ask({"do": "x", "value": 4}, None)["twice"] == 8
    right.send({"ask": "y", "value": 5, "number": 1})           # an answer to this one goes out while it waits
    with pytest.raises(TimeoutError):
        left.ask({"do": "x", "value": 4}, time.monotonic() + 0.2)
    assert [right.receive().get("twice") for _ in range(2)] == [None, 10]


@needs_torch
@pytest.mark.parametrize("task", [pytorch.same_network, pytorch.deeper], ids=lambda task: task.name)
def test_models_are_judged_from_what_arrives_as_they_are_at_home(task):
    """Among the mistakes are weights in float32, and memory shared with an argument."""
    for answer in (task.reference, *(mistake.answer for mistake in task.mistakes)):
        arguments = task.example(0)
        value = answer(*arguments)
        used = Packer()
        sent = used(arguments)
        sent_value = Packer(shared=used.arrays)(value)
        unpack = Unpacker()
        here = unpack(json.loads(json.dumps(sent)))
        arrived = Unpacker(shared=unpack.arrays)(json.loads(json.dumps(sent_value)))
        try:
            expected = task.view(value, task.example(0), arguments)
        except Exception as unlike:
            with pytest.raises(type(unlike)):
                task.view(arrived, task.example(0), here)
            continue
        got = task.view(arrived, task.example(0), here)
        assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(expected, got))


@needs_torch
def test_a_model_of_a_class_of_ones_own_is_named():
    import torch

    class Net(torch.nn.Module):
        pass

    with pytest.raises(Foreign, match="Net"):
        travelled(torch.nn.Sequential(Net()))
