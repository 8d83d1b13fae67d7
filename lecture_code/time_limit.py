"""Call a function, and stop it when it has used up its time.

What counts is the processor time of the function: a busy machine takes nothing from it, and neither does an
import. A timer of the operating system makes Python look at the clock, which costs nothing; in the browser the place
where Pyodide expects interrupts does. Where there is neither, on Windows and beside the main thread, `sys.settrace`
does, which makes a loop of Python many times slower. All act between two instructions of Python: one long call of
compiled code is not interrupted.
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
BROWSER = sys.platform == "emscripten"          # a page has one thread, no signals, and no clock of the processor's
clock = perf_counter if BROWSER else process_time
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
    used, last, running = 0.0, clock(), True

    def look(frame: FrameType) -> None:  # pragma: no cover, may be called by a tracer, which is not traced
        nonlocal used, last
        now = clock()
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
    if BROWSER:
        return by_interrupt
    in_main = threading.current_thread() is threading.main_thread()     # where alone a signal is heard
    return by_timer if hasattr(signal, "setitimer") and in_main else by_tracing


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
def by_interrupt(look: Look) -> Iterator[None]:  # pragma: no cover, is tested in the browser
    """Look when Pyodide asks whether it is to be interrupted, as it does every few thousand instructions.

    What it asks is the first entry of a buffer; ours is a property that says *yes* once a tick. Whoever waits for a
    reader's *Stop* has a buffer, too, which is asked before ours and comes back afterwards.
    """
    import pyodide_js
    from pyodide.code import run_js

    # There is a function that sets it, and none that tells; before it is set the first time, it is not there.
    outer = getattr(pyodide_js._module, "Py_EmscriptenSignalBuffer", None)
    buffer = run_js("""(tick, outer) => {
        let due = performance.now() + tick;
        return {
            stopped: false,
            get 0() {
                if (outer?.[0]) {
                    this.stopped = true;
                    return 2;                   // SIGINT
                }
                if (performance.now() < due) return 0;
                due = performance.now() + tick;
                return 2;
            },
            set 0(answered) { if (outer) outer[0] = answered; },
        };
    }""")(1000 * TICK, outer)

    def interrupted(number: int, frame: FrameType) -> None:
        if buffer.stopped:
            previous(number, frame)
        else:
            look(frame)

    previous: Any = signal.signal(signal.SIGINT, interrupted)
    pyodide_js.setInterruptBuffer(buffer)
    try:
        yield
    finally:
        pyodide_js.setInterruptBuffer(outer)
        signal.signal(signal.SIGINT, previous)


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
