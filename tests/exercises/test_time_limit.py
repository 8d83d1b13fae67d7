"""Endless functions are stopped, however they handle exceptions; honest ones are let alone and cost little more."""

import sys
import threading
import time

import pytest

from lecture_code import time_limit
from lecture_code.time_limit import TooLong, limited

DRIVERS = [time_limit.by_timer, time_limit.by_tracing]


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.__name__)
def driver(request, monkeypatch):
    monkeypatch.setattr(time_limit, "_driver", lambda: request.param)
    return request.param


def loop(x):
    while True:
        pass


def loop_in_one_line(x):
    while True: pass  # noqa: E701


def loop_that_catches_exceptions(x):
    while True:
        try:
            loop(x)
        except Exception:
            pass


def loop_that_catches_everything(x):
    while True:
        try:
            loop(x)
        except:  # noqa: E722
            pass


def loop_that_always_goes_on(x):
    while True:
        try:
            x = x + 1
        finally:
            continue


def loop_in_a_comprehension(x):
    return [i for i in iter(int, 1)]


def loop_in_a_generator(x):
    return sum(i for i in iter(int, 1))


ENDLESS = [loop, loop_in_one_line, loop_that_catches_exceptions, loop_that_catches_everything,
           loop_that_always_goes_on, loop_in_a_comprehension, loop_in_a_generator]


@pytest.mark.parametrize("function", ENDLESS)
def test_an_endless_function_is_stopped(driver, function):
    with pytest.raises(TooLong):
        limited(function, (1,), 0.2)
    assert sys.gettrace() is None


def test_exceptions_that_are_kept_do_not_help():
    def collects(x):
        errors = []
        while True:
            try:
                x += 1
            except BaseException as error:
                errors.append(error)

    with pytest.raises(TooLong):
        limited(collects, (1,), 0.2)


def test_a_function_that_ends_returns_its_value_and_its_errors(driver):
    assert limited(divmod, (7, 2), 5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        limited(divmod, (7, 0), 5)
    assert sys.gettrace() is None


def test_waiting_and_a_busy_machine_take_no_time():
    """The clock counts what the function computes."""
    assert limited(lambda: time.sleep(0.4) or "awake", (), 0.2) == "awake"


def test_an_import_takes_no_time(driver, tmp_path, monkeypatch):
    (tmp_path / "slow_to_load.py").write_text(
        "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import slow_to_load
        return slow_to_load.__name__

    assert limited(imports, (), 0.2) == "slow_to_load"
    sys.modules.pop("slow_to_load")


def test_another_thread_is_watched_too():
    said = []

    def run():
        try:
            limited(loop, (1,), 0.2)
        except TooLong:
            said.append("stopped")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert said == ["stopped"]


def test_two_limits_may_be_nested():
    def outer():
        with pytest.raises(TooLong):
            limited(loop, (1,), 0.1)
        loop(1)

    with pytest.raises(TooLong):
        limited(outer, (), 0.4)


def test_watching_costs_less_than_the_function():
    """A ratio in one run, the median of five; with the timer it is 1.0."""
    def sums(n):
        total = 0
        for i in range(n):
            total += i * i
        return total

    def seconds(call):
        begin = time.process_time()
        call()
        return time.process_time() - begin

    ratios = sorted(seconds(lambda: limited(sums, (300_000,), 60)) / seconds(lambda: sums(300_000)) for _ in range(5))
    assert ratios[2] < 2
