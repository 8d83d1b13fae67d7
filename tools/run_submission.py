"""Run the cells of one submission, watched. Started by tools/grade.py, in a process and a folder of its own.

    python tools/run_submission.py cells.json FD

`cells.json` lists the cells and the limits; one line of JSON for every cell goes to the file descriptor
FD as soon as the cell has ended, so that what was done before a crash is known. What this process refuses
it refuses by an audit hook of Python: enough against accidents, not against an attacker.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Audit events that change the file system, and which of their arguments are paths.
CHANGES = {"os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.rename": (0, 1), "os.link": (0, 1),
           "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
           "os.setxattr": (0,), "sqlite3.connect": (0,)}
PROGRAMS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "subprocess.Popen",
            "pty.spawn", "ctypes.dlopen")
NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
           "socket.gethostbyname")
#: Names from these modules are put back before every check.
CHECKS = ("lecture_code.feedback", "lecture_tasks")


class Refused(PermissionError):
    """Raised in the student's code where it does what a submission may not."""


class TooLong(BaseException):
    """Raised in a cell that has run for too long; not an Exception, so that few loops catch it."""


class Head(io.TextIOBase):
    """Keep the beginning of what is printed."""

    def __init__(self, most: int = 20_000) -> None:
        self.parts: list[str] = []
        self.left = most

    def write(self, text: str) -> int:
        if self.left > 0:
            self.parts.append(text[:self.left])
            self.left -= len(text)
        return len(text)


def watch(home: str, refused: list[str]) -> None:
    """From here on, refuse writing outside `home`, other programs and the network; note each attempt."""

    def outside(path: Any, folder: Any = -1) -> bool:
        if isinstance(path, int) or path is None:
            return False
        path = os.fsdecode(path)
        if isinstance(folder, int) and folder >= 0 and not os.path.isabs(path):
            path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)
        # A link is changed where it lies, a file where the link leads: both places have to be inside.
        real = os.path.realpath(path)
        return real != "/dev/null" and not (real + os.sep).startswith(home)

    def refuse(what: str) -> None:
        if what not in refused and len(refused) < 20:
            refused.append(what)
        raise Refused(f"not allowed while grading: {what}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITES or set(mode or "") & set("wax+"):
                if outside(path):
                    refuse(f"writing to {os.fsdecode(path)}")
        elif event in CHANGES:
            folder = arguments[-1] if event in ("os.remove", "os.rmdir", "os.mkdir") else -1
            for place in CHANGES[event]:
                if outside(arguments[place], folder):
                    refuse(f"{event.removeprefix('os.')} of {os.fsdecode(arguments[place])}")
        elif event in PROGRAMS:
            refuse(f"starting another program ({event})" if event != "ctypes.dlopen" else "loading machine code")
        elif event in NETWORK:
            refuse(f"use of the network ({event})")
        elif event in ("os.kill", "os.killpg"):
            refuse("ending a process")

    sys.addaudithook(hook)


def address_space() -> int:
    """Return the bytes of addresses that this process has, which is what its limit counts."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    report = os.fdopen(int(sys.argv[2]), "w", encoding="utf-8")

    def tell(**what: Any) -> None:
        report.write(json.dumps(what) + "\n")
        report.flush()

    import IPython.core.interactiveshell as interactive
    import numpy as np
    from traitlets.config import Config

    from lecture_code import feedback

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = interactive.InteractiveShell.instance(config=config)
    verdicts: list[dict[str, Any]] = []
    raised: list[str] = []                      # what the student's functions raised inside a check
    refused: list[str] = []
    judge, call = feedback.verdict, feedback._call

    def recorded_verdict(task: Any, answer: Any, seconds: float = 5.0) -> Any:
        # The seconds of a check are the processor's, those of a cell the wall's: on a busy machine these are longer.
        found = judge(task, answer, min(seconds, job["cell_seconds"] / 5))
        verdicts.append({"task": task.name, "title": task.title, "kind": found.kind, "message": found.message,
                         "mistake": found.mistake.name if found.mistake else None})
        return found

    def recorded_call(*arguments: Any) -> Any:
        value, error = call(*arguments)
        if error is not None:
            raised.append(type(error).__name__)
        return value, error

    feedback.verdict, feedback._call = recorded_verdict, recorded_call
    if job["seed"] is not None:                 # other inputs than those that the student has seen
        def example(task: Any, case: int) -> Any:
            rng = np.random.default_rng([case % task.seeds, case, job["seed"]])
            return task.draw(rng, task.shapes[case // task.seeds])

        feedback.Task.example = example

    def too_long(number: int, frame: Any) -> None:
        raise TooLong(f"stopped after {job['cell_seconds']:g} s")

    signal.signal(signal.SIGALRM, too_long)
    home = os.path.realpath(os.getcwd()) + os.sep
    np.ones((300, 300)) @ np.ones((300, 300))   # the memory that BLAS takes once, before there is a limit
    frameworks = 0
    if job["needs"]:                            # they load machine code: before the watch, and beyond the limit
        before = address_space()
        for name in job["needs"]:
            importlib.import_module(name)
        frameworks = address_space() - before
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"] + frameworks,) * 2)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    watch(home, refused)
    tools: dict[str, Any] = {}                  # what the locked cells took from CHECKS

    for number, cell in enumerate(job["cells"]):
        tell(begin=number)
        if cell["kind"] == "check":             # a student may have used one of these names
            shell.user_ns.update(tools)
        del verdicts[:], raised[:], refused[:]
        head = Head()
        out, err, sys.stdout, sys.stderr = sys.stdout, sys.stderr, head, head
        signal.setitimer(signal.ITIMER_REAL, job["cell_seconds"], 1)
        error: BaseException | None = None
        try:
            result = shell.run_cell(cell["source"], store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as late:           # the alarm rang between two steps of the shell
            error = late
        finally:
            for _ in range(3):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    sys.stdout, sys.stderr = out, err
                    break
                except TooLong as late:
                    error = error or late
        if cell["kind"] == "locked":
            tools.update({name: value for name, value in shell.user_ns.items() if not name.startswith("_") and (
                getattr(value, "__module__", None) or getattr(value, "__name__", None) or "").startswith(CHECKS)})
        memory = isinstance(error, MemoryError) or "MemoryError" in raised
        tell(cell=number, error=type(error).__name__ if error else None, message=str(error)[:2000] if error else "",
             verdicts=verdicts, memory=memory, refused=refused, output="".join(head.parts))
        shell.user_ns.pop("_", None)
        error = result = None                   # a traceback would keep the memory of a failed cell
        sys.last_value = sys.last_traceback = sys.last_exc = None
        if memory:
            gc.collect()
    tell(end=True)


if __name__ == "__main__":
    main()
