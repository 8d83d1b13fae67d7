"""The process in which a student's code runs. It holds no task, no reference answer and no result.

    python runner.py FD GIVEN < job.json

It is started by tools/grading/judge.py, in a folder of its own, to which it copies what is in the folder GIVEN, and
answers over the socket FD: it runs a cell, or calls a function of the student with arguments that it is given, and
sends back what came out as plain values (wire.py). What the notebook takes from `lecture_tasks` is asked for over
there. The kernel refuses it other processes and the network. What the audit hook refuses, files above all, it refuses
as far as Python goes: enough against accidents; against attacks there is bubblewrap.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import ctypes
import gc
import importlib
import io
import json
import marshal
import os
import resource
import shutil
import signal
import socket
import struct
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # python -I leaves it out
import wire  # noqa: E402

sys.path.pop(0)

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Audit events that change the file system, and which of their arguments are paths.
CHANGES = {"os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.rename": (0, 1), "os.link": (0, 1),
           "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
           "os.setxattr": (0,), "sqlite3.connect": (0,)}
PROGRAMS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "subprocess.Popen",
            "pty.spawn", "ctypes.dlopen")
NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
           "socket.gethostbyname")


class Refused(PermissionError):
    """Raised in the student's code where it does what a submission may not."""


class TooLong(BaseException):
    """Raised in a cell that has run for too long; not an Exception, so that few loops catch it."""


class Head(io.StringIO):
    """Keep the beginning of what is printed, even if it is closed."""

    def write(self, text: str) -> int:
        super().write(text[:max(0, wire.LONG - self.tell())])
        return len(text)

    def close(self) -> None:
        pass


def watch(home: str, secret: tuple[str, ...], refused: list[str]) -> None:
    """From here on, refuse writing outside `home`, reading what is `secret`, other programs and the network."""
    fsdecode, readlink, isabs, join, realpath = os.fsdecode, os.readlink, os.path.isabs, os.path.join, os.path.realpath

    def outside(path: Any, folder: Any = -1) -> bool:
        if isinstance(path, int) or path is None:
            return False
        path = fsdecode(path)
        if isinstance(folder, int) and folder >= 0 and not isabs(path):
            path = join(readlink(f"/proc/self/fd/{folder}"), path)
        # A link is changed where it lies, a file where the link leads: both places have to be inside.
        real = realpath(path)
        return real != "/dev/null" and not (real + os.sep).startswith(home)

    def hidden(path: Any) -> bool:
        real = realpath(fsdecode(path)) + os.sep
        return any(real.startswith(folder) for folder in secret) and not real.startswith(home)

    def refuse(what: str) -> None:
        if what not in refused and len(refused) < 20:
            refused.append(what)
        raise Refused(f"not allowed while grading: {what}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITES or set(mode or "") & set("wax+"):
                if outside(path):
                    refuse(f"writing to {fsdecode(path)}")
            elif not isinstance(path, int) and hidden(path):
                refuse(f"reading {fsdecode(path)}")
        elif event in ("os.listdir", "os.scandir"):
            if arguments[0] is not None and not isinstance(arguments[0], int) and hidden(arguments[0]):
                refuse(f"reading {fsdecode(arguments[0])}")
        elif event in CHANGES:
            folder = arguments[-1] if event in ("os.remove", "os.rmdir", "os.mkdir") else -1
            for place in CHANGES[event]:
                if outside(arguments[place], folder):
                    refuse(f"{event.removeprefix('os.')} of {fsdecode(arguments[place])}")
        elif event in PROGRAMS:
            refuse("starting another program" if event != "ctypes.dlopen" else "loading machine code")
        elif event in NETWORK:
            refuse("use of the network")
        elif event in ("os.kill", "os.killpg"):
            refuse("ending a process")

    sys.addaudithook(hook)


#: For the machines of which we know it: their number in the kernel, its call `clone`, and the calls that are refused:
#: fork, vfork, execve, execveat, kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, ptrace,
#: process_vm_readv, process_vm_writev, unshare, setns, socket, io_uring_setup.
CALLS = {"x86_64": (0xC000003E, 56, (57, 58, 59, 322, 62, 200, 234, 129, 297, 424, 101, 310, 311, 272, 308, 41, 425)),
         "aarch64": (0xC00000B7, 220, (221, 281, 129, 130, 131, 138, 240, 424, 117, 270, 271, 97, 268, 198, 425))}


def no_other_processes() -> None:
    """From here on, the kernel refuses other processes, signals to them and the network. Threads may begin."""
    if os.uname().machine not in CALLS:
        return
    machine, clone, calls = CALLS[os.uname().machine]
    load, equal, from_on, has, end = 0x20, 0x15, 0x35, 0x45, 0x06   # of its program: (step, if so, if not, value)
    refuse, unknown, allow = (end, 0, 0, 0x50001), (end, 0, 0, 0x50026), (end, 0, 0, 0x7FFF0000)
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine), refuse, (load, 0, 0, 0), (from_on, 0, 1, 1 << 30), refuse]
    for call in calls:
        steps += [(equal, 0, 1, call), refuse]
    steps += [(equal, 0, 1, 435), unknown]      # clone3; a program then takes clone
    steps += [(equal, 0, 3, clone), (load, 0, 0, 16), (has, 1, 0, 0x10000), refuse, allow]      # CLONE_THREAD
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    prctl = ctypes.CDLL(None).prctl
    prctl(38, 1, 0, 0, 0)                       # PR_SET_NO_NEW_PRIVS
    prctl(22, 2, struct.pack("HP", len(steps), ctypes.addressof(code)))     # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def address_space() -> int:
    """Return the bytes of addresses that this process has, which is what its limit counts."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


# ---------------------------------------------------------------- what stands for lecture_tasks

class Asked:
    """Has the attributes of a module of tasks: each is asked of the judge when it is used."""

    def __init__(self, student: Student, name: str) -> None:
        self.__dict__.update(_student=student, __name__=name, __path__=[], __all__=[])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        answer = self._student.ask({"ask": "name", "name": name})
        if "task" in answer:
            return StandIn(self._student, answer["task"])
        if "tasks" in answer:
            return [StandIn(self._student, each) for each in answer["tasks"]]
        if "missing" in answer:
            raise AttributeError(f"{self.__name__} has no {name} while this is graded")
        return self._student.value(answer["value"])


class StandIn:
    """What is left of a task: its names and its inputs."""

    def __init__(self, student: Student, about: dict[str, Any]) -> None:
        self.__dict__.update(about, _student=student)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a task has no {name} while it is graded")

    def __repr__(self) -> str:
        return f"Task({self.name!r})"

    def example(self, case: int) -> tuple[Any, ...]:
        answer = self._student.ask({"ask": "example", "name": self.name, "case": int(case)})
        if "value" not in answer:
            raise IndexError(f"{self.name} has no input number {case}")
        return self._student.value(answer["value"])


# ---------------------------------------------------------------- the student's functions

class Student:
    """Answers the judge's questions about what the notebook has defined."""

    def __init__(self, line: wire.Line, job: dict[str, Any], refused: list[str]) -> None:
        import IPython.core.interactiveshell as interactive
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self.shell = interactive.InteractiveShell.instance(config=config)
        self.line, self.job, self.refused = line, job, refused
        self.functions: list[Any] = []          # those that the judge has a number of
        self.answer: Any = None                 # the one that is being checked

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        return self.line.ask(message)

    def keep(self, function: Any) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def value(self, sent: Any) -> Any:
        return wire.Unpacker(self.function, self.functions, code=by_code)(sent)

    def function(self, number: int, name: str) -> Callable[..., Any]:
        """Return a function that is computed over there. Arrays that it changes are changed here."""

        def asked(*arguments: Any, **named: Any) -> Any:
            pack = wire.Packer(self.keep)
            answer = self.ask({"ask": "call", "function": number, "arguments": pack(arguments), "named": pack(named)})
            if error := answer.get("error"):
                raise getattr(builtins, error["base"])(error["text"])
            print(answer["printed"], end="")
            for mine, theirs in zip(arguments, self.value(answer["used"])):
                if isinstance(mine, np.ndarray) and mine.shape == theirs.shape and mine.flags.writeable:
                    mine[...] = theirs
                elif isinstance(mine, np.random.Generator):
                    mine.bit_generator.state = theirs.bit_generator.state
            return self.value(answer["value"])

        asked.__name__ = asked.__qualname__ = name
        asked.over_there = number
        return asked

    # What the judge asks for: {"do": the name of a method, …}

    def serve(self, message: dict[str, Any]) -> dict[str, Any]:
        return {**getattr(self, message["do"])(message), "cpu": time.process_time()}

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Run a cell."""
        head, error = Head(), None
        out, err, sys.stdout, sys.stderr = sys.stdout, sys.stderr, head, head
        set_alarms(message["seconds"])
        try:
            result = self.shell.run_cell(message["source"], store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as late:           # the alarm rang between two steps of the shell
            error = late
        finally:
            for _ in range(3):
                try:
                    set_alarms(0)
                    sys.stdout, sys.stderr = out, err
                    break
                except TooLong as late:
                    error = error or late
        answer = {"error": said(error) if error else None, "output": head.getvalue(), "refused": self.refused[:]}
        self.forget()
        result = error = None
        return answer

    def find(self, message: dict[str, Any]) -> dict[str, Any]:
        """Find the function that is to be checked."""
        try:
            self.answer = eval(message["expression"], self.shell.user_ns)
        except BaseException as error:
            return {"error": said(error)}
        return {"callable": callable(self.answer), "kind": wire.Packer()(self.answer),
                "reads": [name for name in feedback.global_names(self.answer) if isinstance(name, str)][:5]}

    def call(self, message: dict[str, Any]) -> dict[str, Any]:
        """Call it, or a function that it has returned."""
        answer = self.answer if message["function"] is None else self.functions[message["function"]]
        arguments, head = self.value(message["arguments"]), Head()
        try:
            with contextlib.redirect_stdout(head), contextlib.redirect_stderr(head):
                value = limited(answer, arguments, message["seconds"])
                used = wire.Packer(lambda function: -1)
                sent = {"used": used(arguments), "value": wire.Packer(self.keep, used.arrays)(value)}
        except wire.Broken as error:
            sent = {"error": said(TypeError(f"what the function returned is {error}"))}
        except BaseException as error:
            sent = {"error": {**said(error), "endless": isinstance(error, Endless), "where": where(error, answer)}}
        value = arguments = None
        sent |= {"printed": head.getvalue(), "refused": self.refused[:]}
        if "error" in sent:
            self.forget()
        return sent

    def forget(self) -> None:
        """Let go of what a traceback keeps."""
        self.refused.clear()
        self.shell.user_ns.pop("_", None)
        sys.last_value = sys.last_traceback = sys.last_exc = None
        gc.collect(0)


def set_alarms(seconds: float) -> None:
    """Ring after so many seconds of the processor; by the clock, on a busy machine, after three times as many."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1)
    signal.setitimer(signal.ITIMER_REAL, 3 * seconds, 1)


def said(error: BaseException) -> dict[str, Any]:
    """Describe an exception, whatever its class does when it is asked for its text."""
    try:
        text = str(error)[:2000]
    except BaseException:
        text = "(an exception that cannot be shown)"
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    return {"type": type(error).__name__, "base": kinds[0], "text": text, "empty": not error.args}


def where(error: BaseException, answer: Any) -> str:
    try:
        return str(feedback._line(error, answer))[:500]
    except BaseException:
        return ""


def by_code(sent: dict[str, Any]) -> Callable[..., Any]:
    """Return a function whose code the judge has sent: it works on objects that do not travel, or is called often."""
    cells = tuple(types.CellType(wire.Unpacker()(value)) for value in sent["cells"])
    code = marshal.loads(base64.b64decode(sent["code"]))
    return types.FunctionType(code, {"__builtins__": __builtins__, "np": np}, sent["name"], None, cells)


def main() -> None:
    global np, feedback, limited, Endless
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)   # not that of its judge, but its own, below
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with its judge
    shutil.copytree(sys.argv[2], ".", dirs_exist_ok=True)
    import numpy as np

    from lecture_code import feedback
    from lecture_code.time_limit import TooLong as Endless
    from lecture_code.time_limit import limited

    refused: list[str] = []
    line = wire.Line(socket.socket(fileno=int(sys.argv[1])), lambda message: student.serve(message))
    student = Student(line, job, refused)
    feedback.check = feedback.progress = feedback.verdict = lambda *arguments, **named: None
    for name in ("lecture_tasks", *(f"lecture_tasks.{module}" for module in job["modules"])):
        sys.modules[name] = Asked(student, name)
    for module in job["modules"]:
        sys.modules["lecture_tasks"].__dict__[module] = sys.modules[f"lecture_tasks.{module}"]

    def too_long(number: int, frame: Any) -> None:
        if not line.busy:                       # it rings again in a second
            raise TooLong(f"stopped after {job['cell_seconds']:g} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGVTALRM, too_long)
    home = os.path.realpath(os.getcwd()) + os.sep
    sys.path.append(os.getcwd())                # a module that was handed in, too
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
    no_other_processes()
    watch(home, tuple(job["secret"]), refused)
    while True:
        question = line.receive()
        if "do" in question:                    # and no answer that nobody waits for any more
            line.answer(question)


if __name__ == "__main__":
    main()
