"""Call a function, and stop it when it has used up its time.

What counts is the processor time of the function: a busy machine takes nothing from it, and neither does an
import. Three drivers look at the clock, the first that there is: a timer of the operating system, which costs
nothing; `sys.monitoring` of Python 3.12, between two turns of a loop, which serves the browser and Windows; and
`sys.settrace`. All of them act between two instructions of Python: one long call of compiled code is not interrupted.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from types import FrameType
from typing import Any

TICK = 0.05                                     # seconds between two looks at the clock
Look = Callable[[FrameType], None]


class TooLong(BaseException):
    """Not an Exception, so that ``except Exception`` in a student's loop does not catch it.

    A bare ``except:`` does. So an exception that is caught and dropped calls `dropped`, which sets a trap for the
    next instruction.
    """

    def __init__(self, dropped: Callable[[], None]) -> None:
        super().__init__()
        self.dropped = dropped

    def __del__(self) -> None:  # pragma: no cover, is called under a tracer
        self.dropped()


def limited(function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
    """Return ``function(*arguments)``.

    Parameters
    ----------
    function, arguments : what is called
    seconds : processor time that it may use

    Raises
    ------
    TooLong
        If the time is used up, however the function handles exceptions; else what the function raises.
    """
    used, last, running = 0.0, process_time(), True

    def look(frame: FrameType) -> None:  # pragma: no cover, may be called by a tracer, which is not traced
        nonlocal used, last
        now = process_time()
        if not _imports(frame):
            used += now - last
        last = now
        if running and used > seconds:
            raise TooLong(trap)

    def trap() -> None:  # pragma: no cover
        if running:
            sys._getframe(2).f_trace = spring   # the frame that dropped the exception
            sys.settrace(spring)

    def spring(frame: FrameType, event: str, argument: Any) -> Any:  # pragma: no cover
        frame.f_trace_opcodes = True
        look(frame)
        return spring

    previous = sys.gettrace()
    try:
        with _driver()(look):
            return function(*arguments)
    finally:
        running = False
        sys.settrace(previous)


def _imports(frame: FrameType | None) -> bool:
    """Is a module being loaded?"""
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False


def _driver() -> Any:
    """Return the cheapest way to look at the clock that works here."""
    in_main = threading.current_thread() is threading.main_thread()     # where alone a signal is heard
    if hasattr(signal, "setitimer") and in_main and sys.platform != "emscripten":
        return by_timer
    return by_monitoring if hasattr(sys, "monitoring") else by_tracing


@contextmanager
def by_timer(look: Look) -> Iterator[None]:
    """Look when the operating system says that a tick of processor time has passed."""
    previous = signal.signal(signal.SIGPROF, lambda number, frame: look(frame))
    before = signal.setitimer(signal.ITIMER_PROF, TICK, TICK)   # of a limit around this one, if there is one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, *before)
        signal.signal(signal.SIGPROF, previous)


@contextmanager
def by_monitoring(look: Look) -> Iterator[None]:  # pragma: no cover, needs Python 3.12
    """Look when a loop turns or a function begins, if a tick has passed."""
    monitoring, due = sys.monitoring, perf_counter() + TICK

    def event(*place: Any) -> None:
        nonlocal due
        if perf_counter() > due:
            due = perf_counter() + TICK
            look(sys._getframe(1))

    tool = next(number for number in (4, 3) if monitoring.get_tool(number) is None)
    monitoring.use_tool_id(tool, "time limit")
    events = monitoring.events.JUMP | monitoring.events.PY_START
    for kind in (monitoring.events.JUMP, monitoring.events.PY_START):
        monitoring.register_callback(tool, kind, event)
    monitoring.set_events(tool, events)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


@contextmanager
def by_tracing(look: Look) -> Iterator[None]:
    """Look before each instruction, if a tick has passed."""
    due = perf_counter() + TICK

    def event(frame: FrameType, kind: str, argument: Any) -> Any:  # pragma: no cover, a tracer is not traced
        nonlocal due
        frame.f_trace_opcodes = True            # `while True: pass` in one line never reaches a new line
        if perf_counter() > due:
            due = perf_counter() + TICK
            look(frame)
        return event

    sys.settrace(event)
    try:
        yield
    finally:
        sys.settrace(None)
