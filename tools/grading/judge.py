"""Judge one submission: run its cells elsewhere, call its functions with inputs drawn here, and compare.

The code of the student runs in the process of runner.py. Here are the tasks and their references, and no line of
the student's is ever run: what comes back are values, looked at by `lecture_code.feedback.verdict`.
"""

from __future__ import annotations

import ast
import base64
import builtins
import contextlib
import hashlib
import importlib
import io
import json
import marshal
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lecture_code import feedback
from lecture_code.time_limit import TooLong
from tools.grading import isolation, wire
from tools.grading.opened import Answers, Cell, ExerciseSet, beside, defined, untouched
from tools.grading.wire import Broken, clean

#: Tasks whose argument is a function of objects that do not travel, nodes of a graph: the student gets its code.
BY_CODE = ("tape_loop",)
#: What a submission has in it that has no business in an answer; a remark, no more.
STRANGE = (".reference", "_getframe", "gc.get_objects", "inspect.stack", "lecture_tasks.", "/proc/", "__closure__",
           "__subclasses__", "__wrapped__", "ctypes", "dir_fd")


@dataclass(frozen=True)
class Limits:
    seconds: float = 60                         # for a whole submission
    cell_seconds: float = 15
    memory: int = 2048                          # MiB
    way: str = ""                               # of isolation.WAYS
    seed: str = ""                              # of the inputs that no student has seen


@dataclass
class Result:
    """What one graded cell came to."""

    kind: str                                   # of a `Verdict`, or "by hand", "empty", "missing", "not reached", …
    points: float | None                        # None: somebody has to read it
    out_of: float
    mistake: str = ""
    message: str = ""
    title: str = ""


class Gone(Exception):
    """The process of the student's code has ended, or had to be ended; says why."""


# ---------------------------------------------------------------- the process of the student's code

class Runner:
    """The other side of runner.py."""

    def __init__(self, folder: Path, limits: Limits, tasks: Tasks, needs: tuple[str, ...], secret: list[Path]) -> None:
        self.limits, self.tasks, self.gone = limits, tasks, ""
        self.began = time.monotonic()
        self.until = until(self.began, self.began, 0.0, limits.seconds)
        self.functions: list[Callable[..., Any]] = []   # of ours, which the student's code may call
        self.notes: list[str] = []
        self.foreign = ""                       # the class of a model that could not be rebuilt here
        work, given = folder / "work", folder / "given"         # the second one is copied to the first over there
        work.mkdir()
        for name in ("home/matplotlib", "tmp"):
            (given / name).mkdir(parents=True)
        for fonts in font_lists():
            shutil.copy(fonts, given / "home" / "matplotlib")
        ours, theirs = socket.socketpair()
        modules = sorted({module.__name__.rpartition(".")[2] for module in tasks.modules.values()})
        job = {"cell_seconds": limits.cell_seconds, "memory_bytes": limits.memory << 20, "file_bytes": 100 << 20,
               "needs": needs, "modules": modules,
               "secret": [f"{path}{os.sep}" for path in secret]}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        environment = {
            "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8",
            "HOME": str(work / "home"), "TMPDIR": str(work / "tmp"),
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
            "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(work / "home" / "matplotlib"),
            "LECTURE_CODE_RUN": "short", "LECTURE_CODE_STATIC": "1", "KERAS_BACKEND": "torch",
        }
        with open(folder / "job.json", "rb") as stdin, open(folder / "stderr", "w+b") as self.stderr:
            self.process = subprocess.Popen(
                [*isolation.shut_in(limits.way, work, given, secret), sys.executable, "-IB",
                 str(isolation.HERE / "runner.py"), str(theirs.fileno()), str(given)],
                cwd=work, env=environment, pass_fds=(theirs.fileno(),), stdin=stdin, stdout=subprocess.DEVNULL,
                stderr=self.stderr, start_new_session=True)
            self.stderr = open(folder / "stderr", "rb")
        theirs.close()
        self.line = wire.Line(ours, self.serve)

    def ask(self, message: dict[str, Any], seconds: float = 60.0) -> dict[str, Any]:
        """Ask, and wait at most so long for the answer."""
        if self.gone:
            raise Gone(self.gone)
        end = min(self.until, time.monotonic() + seconds)
        try:
            answer = self.line.ask(message, end)
        except TimeoutError:
            late = end == self.until
            self.end(f"stopped after {self.limits.seconds:g} s: what follows was not reached (--seconds gives more time)"
                     if late else f"did not let itself be stopped within {seconds:g} s")
        except Broken as error:
            self.end(f"its process was ended, since it sent {error}")
        except (EOFError, OSError):
            status = self.process.wait(5)
            last = self.stderr.read(100_000)[-300:].decode(errors="replace").strip().splitlines()[-1:]
            self.end(f"its process ended early (status {status}): {clean(' '.join(last)) or 'no message'}")
        else:
            self.until = until(self.began, time.monotonic(), answer.get("cpu"), self.limits.seconds)
            refused = answer.get("refused")
            self.notes += [f"refused: {clean(what, 200)}" for what in refused[:20]] if isinstance(refused, list) else []
            if isinstance(error := answer.get("error"), dict) and error.get("type") == "MemoryError":
                self.notes.append("reached the memory limit")
            return answer
        raise Gone(self.gone)

    def end(self, why: str = "") -> None:
        self.gone = self.gone or why
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    # What the student's code may ask for while we wait

    def keep(self, function: Callable[..., Any]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def value(self, sent: Any) -> Any:
        return wire.Unpacker(self.function, self.functions)(sent)

    def pack(self, value: Any, by_code: bool = False) -> Any:
        return wire.Packer(self.keep, code=code_of if by_code else lambda function: None)(value)

    def function(self, number: int, name: str) -> Callable[..., Any]:
        """Return what stands for a function of the student's: it is called over there."""

        def theirs(*arguments: Any) -> Any:
            value, error, _ = self.call(number, arguments, self.limits.cell_seconds)
            if error is not None:
                raise error if isinstance(error, Exception) else RuntimeError("stopped")
            return value

        theirs.__name__, theirs.over_there = name, number   # type: ignore[attr-defined]
        return theirs

    def serve(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"name": self._name, "example": self._example, "call": self._call}[question["ask"]](question)
        except Gone:
            raise
        except Exception as error:
            base = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
            return {"error": {"type": type(error).__name__, "base": base, "text": clean(error)}}

    def _name(self, question: dict[str, Any]) -> dict[str, Any]:
        name = question["name"]
        if name in self.tasks.by_name:
            return {"task": about(self.tasks.by_name[name])}
        if name == "ALL":
            return {"tasks": [about(task) for task in self.tasks.by_name.values()]}
        if name in self.tasks.served:
            return {"value": self.pack(self.tasks.served[name])}
        return {"missing": True}

    def _example(self, question: dict[str, Any]) -> dict[str, Any]:
        salt, feedback.SALT = feedback.SALT, () # the inputs that students see
        try:
            return {"value": self.pack(self.tasks.by_name[question["name"]].example(int(question["case"])))}
        finally:
            feedback.SALT = salt

    def _call(self, question: dict[str, Any]) -> dict[str, Any]:
        arguments, named = self.value(question["arguments"]), self.value(question["named"])
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()) as printed:
            value = self.functions[question["function"]](*arguments, **named)
        return {"value": self.pack(value, by_code=True), "used": self.pack(arguments),
                "printed": printed.getvalue()[:wire.LONG]}

    # Calling the student's functions

    def call(
            self, number: int | None, arguments: tuple[Any, ...], seconds: float, by_code: bool = False) -> feedback.Called:
        """Call the function that is checked, or another one of the student's; as `feedback.verdict` wants it."""
        message = {"do": "call", "function": number, "arguments": self.pack(arguments, by_code), "seconds": seconds}
        try:
            answer = self.ask(message, self.limits.cell_seconds + 8 * seconds)
        except Gone:
            if "stopped" not in self.gone:
                raise
            return None, stopped(""), arguments
        if isinstance(printed := answer.get("printed"), str) and printed:
            print(clean(printed, wire.LONG), end="")
        if isinstance(answer.get("error"), dict):
            return None, as_error(answer["error"]), arguments
        try:
            unpack = wire.Unpacker(self.function, self.functions)
            used = unpack(answer.get("used"))
            value = wire.Unpacker(self.function, self.functions, unpack.arrays)(answer.get("value"))
            return value, None, used if isinstance(used, tuple) and len(used) == len(arguments) else arguments
        except wire.Foreign as kind:
            self.foreign = str(kind)
            why = f"the class {kind} is not known here"
        except Broken as error:
            why = f"what the function returned is {error}"
        return None, as_error({"type": "TypeError", "base": "TypeError", "text": why}), arguments


def until(began: float, now: float, used: Any, seconds: float) -> float:
    """Return when so many seconds of the processor will be over; by the clock it is at most three times as many."""
    idle = now - began - used if isinstance(used, float) and 0 <= used <= now - began else 0.0
    return began + min(seconds + idle, 3 * seconds)


def about(task: feedback.Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in ("name", "title", "takes", "returns", "cases")}


def stopped(where: str) -> TooLong:
    error = TooLong(lambda: None)
    error.where = where                         # type: ignore[attr-defined]
    return error


def as_error(sent: dict[str, Any]) -> BaseException:
    """Return an exception as the student's code raised it: of the same name, and of the same built-in class."""
    where = clean(sent.get("where") or "", 500)
    if sent.get("endless") is True:
        return stopped(where)
    name, base = clean(sent.get("type"), 60), getattr(builtins, clean(sent.get("base"), 60), None)
    base = base if isinstance(base, type) and issubclass(base, Exception) else Exception
    kind = base if name == base.__name__ else np.linalg.LinAlgError if name == "LinAlgError" else type(
        name, (base if base.__init__ is not UnicodeError.__init__ else Exception,), {})
    try:
        made = kind(*([] if sent.get("empty") is True else [clean(sent.get("text"))]))
    except TypeError:                           # a UnicodeDecodeError wants five arguments
        made = type(name, (Exception,), {})(clean(sent.get("text")))
    made.where = where                          # type: ignore[attr-defined]
    return made


class Answer:
    """Stands for the student's function, so that `verdict` may ask what it reads besides its arguments."""

    def __init__(self, name: str, reads: list[str]) -> None:
        self.__name__ = name
        self.reads = reads

    def __call__(self) -> None:
        raise AssertionError("a student's function is called in another process")


@cache
def font_lists() -> list[Path]:
    """Return the files in which matplotlib keeps what it found; without them it starts a program to look."""
    import matplotlib.font_manager

    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


# ---------------------------------------------------------------- what a set asks for

@dataclass
class Tasks:
    """The tasks that a notebook takes from `lecture_tasks`, and what else it takes from there."""

    modules: dict[str, Any] = field(default_factory=dict)   # as the notebook calls them
    by_name: dict[str, feedback.Task] = field(default_factory=dict)
    served: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, handed_out: ExerciseSet) -> Tasks:
        made, names = cls(), set()
        for tree in (parsed(cell.source) for cell in handed_out.cells if cell.kind == "code"):
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module == "lecture_tasks":
                    for each in node.names:
                        made.modules[each.asname or each.name] = importlib.import_module(f"lecture_tasks.{each.name}")
                elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    names.add((node.value.id, node.attr))
        for module in made.modules.values():
            made.by_name |= {task.name: task for task in module.ALL}
        made.served = {name: getattr(made.modules[alias], name) for alias, name in names
                       if alias in made.modules and name not in made.by_name and name != "ALL"}
        return made


def parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def split(cell: Cell, tasks: Tasks) -> tuple[list[tuple[feedback.Task, str]], str]:
    """Return the calls check(tasks.name, function) of a check as (task, source of the function), and the other lines."""
    calls, rest = [], []
    for node in parsed(cell.source).body:
        match node:
            case ast.Expr(ast.Call(ast.Name("check"), [ast.Attribute(ast.Name(alias), name), function])) \
                    if alias in tasks.modules and name in tasks.by_name:
                calls.append((tasks.by_name[name], ast.unparse(function)))
            case _:
                rest.append(ast.get_source_segment(cell.source, node) or "")
    return calls, "\n".join(rest) if calls else cell.source


# ---------------------------------------------------------------- judging

def overlooked(handed_out: ExerciseSet) -> list[str]:
    """Return the checks with a call of `check` that `split` does not know: nobody would judge what it is about."""
    tasks = Tasks.of(handed_out)
    return [cell.name for cell in handed_out.cells if cell.check
            for node in ast.walk(parsed(split(cell, tasks)[1]))
            if "check" in (getattr(node, "id", ""), getattr(node, "attr", ""))]


def skipped(cell: Cell) -> bool:
    """Whether a locked cell without points is left out: the list of tasks, and long training runs."""
    return cell.locked and not cell.graded and (
        cell.source.lstrip().startswith("progress(") or "nbval-ignore-output" in cell.tags)


def judge(answers: Answers, handed_out: ExerciseSet, student: str, limits: Limits, folder: Path,
          secret: list[Path], done: dict[str, Result]) -> None:
    """Run the notebook and fill in its results, the outputs of its cells, and the notes."""
    tasks = Tasks.of(handed_out)
    salt = tuple(hashlib.sha256(f"{limits.seed} {student}".encode()).digest()[:8])  # the same at every run
    for cell in answers.cells:                  # before anything is run, in case it ends badly
        if cell.graded and cell.by_hand:
            done[cell.name] = by_hand(cell, handed_out, answers)
        elif cell.check:
            done[cell.name] = Result("not reached", 0.0, cell.points)
    strange = [what for what in STRANGE if any(what in cell.source for cell in answers.cells if not cell.locked)]
    if strange:
        answers.notes.append(f"to be looked at, has {', '.join(strange)} in its code")
    runner = Runner(folder, limits, tasks, handed_out.needs, secret)
    broken: dict[str, str] = {}                 # functions that are not there, and why
    last_broken = ""
    try:
        for cell in answers.cells:
            if cell.kind != "code" or skipped(cell):
                continue
            if cell.check:
                done[cell.name] = checked(cell, runner, tasks, broken, last_broken, salt)
                continue
            error = run(cell, cell.source, runner)
            if cell.locked:
                continue
            last_broken = ""
            if error:
                last_broken = f"Your code raised {error.get('type')}: {line_of(clean(error.get('text'), 500))}"
                broken |= dict.fromkeys(defined(cell.source), last_broken)
    except Gone as why:
        answers.notes.insert(0, str(why))
    except Exception as error:                  # it sent something that nobody has thought of
        what = f"{type(error).__name__}: {clean(error, 120)}"
        answers.notes.insert(0, f"its process was ended, since it sent what is no answer: {what}")
    finally:
        runner.end()
        notes = list(dict.fromkeys([*answers.notes, *runner.notes]))
        answers.notes[:] = notes[:12] + [f"and {len(notes) - 12} remarks more"] * (len(notes) > 12)


def line_of(text: str) -> str:
    """Say where in a cell a syntax error is, without the name of a file."""
    head, found, tail = text.rpartition(" (<")
    return f"{head}, {tail.rpartition(', ')[2].rstrip(')')} of the cell" if found else text


def by_hand(cell: Cell, handed_out: ExerciseSet, answers: Answers) -> Result:
    if untouched(cell, handed_out, answers.cells):
        return Result("empty", 0.0, cell.points)
    if beside(cell, answers.cells):
        answers.notes.append(f"{cell.name}: there is text in a cell of their own")
    return Result("by hand", None, cell.points)


def run(cell: Cell, source: str, runner: Runner) -> dict[str, Any] | None:
    """Run a cell, keep its output, and return its error."""
    seconds = runner.limits.cell_seconds
    answer = runner.ask({"do": "run", "source": source, "seconds": seconds}, 4 * seconds + 10)
    error = answer["error"] if isinstance(answer.get("error"), dict) else None
    show(cell, answer.get("output"), error and clean(error.get("type"), 60), error and error.get("text"))
    if error and error.get("type") == "TooLong":
        runner.notes.append(f"a cell was {clean(error.get('text'), 60)}: {source.strip().splitlines()[0][:60]}")
    return error


def show(cell: Cell, output: Any, kind: str | None = None, message: Any = None) -> None:
    """Put what a cell printed and raised into the notebook that is kept."""
    if output and isinstance(output, str):
        cell.outputs.append({"output_type": "stream", "name": "stdout", "text": clean(output, wire.LONG)})
    if kind:
        said = clean(message)
        cell.outputs.append({"output_type": "error", "ename": kind, "evalue": said, "traceback": [said]})


def checked(
        cell: Cell, runner: Runner, tasks: Tasks, broken: dict[str, str], last_broken: str, salt: tuple[int, ...]) -> Result:
    """Judge what a check is about: here for each call of `check`; its other lines run where the student's code does.

    A function is called with the inputs that students see, so that they can follow what the page says, and where all is
    right, with others. One that has learned the first ones by heart is shown to be read.
    """
    calls, rest = split(cell, tasks)
    runner.foreign = ""
    title = calls[0][0].title if calls else ""
    for task, expression in calls:
        found = runner.ask({"do": "find", "expression": expression})
        if isinstance(error := found.get("error"), dict):
            why = broken.get(expression) or last_broken or clean(error.get("text"), 300)
            kind = "error" if why.startswith("Your code") else "missing"
            show(cell, "", clean(error.get("type"), 60), why)
            return Result(kind, 0.0, cell.points, message=why, title=title)
        verdict = judged(task, found, runner)
        if verdict.kind != "right" and runner.foreign:
            why = f"returns a model of the class {runner.foreign}, which cannot be judged outside its process: to be read"
            return Result("by hand", None, cell.points, message=why, title=title)
        if verdict.kind != "right":
            mistake = verdict.mistake.name if verdict.mistake else ""
            show(cell, verdict.printed, "NotRight", verdict.message)
            return Result(verdict.kind, 0.0, cell.points, mistake, clean(verdict.message), title)
        other = judged(replace(task, seeds=1), found, runner, salt)     # one input of every shape is enough for this
        if other.kind != "right" and not runner.foreign:
            show(cell, "", "NotRight", other.message)
            why = "right on the inputs that students see, and not on others"
            runner.notes.append(f"{cell.name}: {why}")
            said = other.message.partition("\nThe input that shows it")[0]     # which students do not have
            return Result("by hand", None, cell.points, message=f"{why}: to be read\n{clean(said)}", title=title)
        show(cell, verdict.message + "\n")
    if rest.strip():
        error = run(cell, rest, runner)
        if error:
            kind = "missing" if error.get("type") == "NameError" else "error"
            why = clean(f"{error.get('type')}: {error.get('text')}", 500)
            return Result(kind, 0.0, cell.points, message=why, title=title)
    return Result("right", cell.points, cell.points, title=title)


def judged(task: feedback.Task, found: dict[str, Any], runner: Runner, salt: tuple[int, ...] = ()) -> feedback.Verdict:
    """Compare what the student's function returns with the reference, on every input; `salt` makes other ones."""
    if found.get("callable") is not True:
        return feedback.verdict(task, wire.Unpacker()(found.get("kind")))
    reads = found.get("reads")
    names = [name for name in reads if isinstance(name, str) and name.isidentifier()] if isinstance(reads, list) else []

    def call(answer: Any, arguments: tuple[Any, ...], seconds: float) -> feedback.Called:
        return runner.call(None, arguments, seconds, task.name in BY_CODE)

    feedback.SALT = salt
    try:
        return feedback.verdict(task, Answer(task.name, names), min(5.0, runner.limits.cell_seconds / 5), call)
    finally:
        feedback.SALT = ()


def code_of(function: Any) -> dict[str, Any] | None:
    """Return the code of one of our functions and the values that it holds; None if it uses others of ours."""
    if not isinstance(function, types.FunctionType):
        return None
    if set(function.__code__.co_names) & set(function.__globals__) - {"np"}:
        return None
    pack = wire.Packer()
    return {"code": base64.b64encode(marshal.dumps(function.__code__)).decode(), "name": function.__name__,
            "cells": [pack(cell.cell_contents) for cell in function.__closure__ or ()]}
