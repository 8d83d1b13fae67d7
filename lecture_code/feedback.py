"""Checks of exercises that say which mistake it is, not only that there is one.

A `Task` holds a right answer, random inputs, and the wrong answers that people give. One is written as::

    @task("Task 1: the mean", returns="m", points=2, draw=sample, shapes=(1, 2, 5))
    def mean(x):
        return x.sum() / len(x)

    @mean.mistake("you divide by N − 1", "That is right for a variance. How many numbers do you add?")
    def _(x):
        return x.sum() / (len(x) - 1)

    mean.mistake("you return the sum", "For which N is it the mean?", np.sum)
    mean.mistake("your sign is wrong", "Can all numbers be positive and their mean not?", result=np.negative)
    mean.mistake("you leave out the first number", "How many numbers do you add?", x=lambda x: x[1:])
    mean.mistake("you multiply by N", "Can the mean be larger than all numbers?", slip={"/": "*"})

`verdict` runs a student's function on every input and returns what it found, as data; `check` prints one line
or raises `NotRight`; `progress` lists all tasks. A wrong answer that is on no list is compared with the right
one by `diagnosis`; an endless loop is stopped by `time_limit`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import linecache
import os
import re
import sys
import textwrap
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lecture_code.diagnosis import Seen, as_numbers, global_names, observations
from lecture_code.time_limit import TooLong, limited

Answer = Callable[..., Any]
Called = tuple[Any, BaseException | None, tuple[Any, ...]]
Call = Callable[[Answer, tuple[Any, ...], float], Called]
WIDTH = 88                                      # of a message, in characters
SINGLE = 1e-5                                   # how far an entry in float32 may be off, relative to the largest one
PRINTED = 5                                     # lines of what a student's function prints
SALT: tuple[int, ...] = ()                      # numbers beside the seeds of all inputs: who grades may choose others


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is recognised.

    Attributes
    ----------
    name : which mistake it is, to be read after "It looks as if"
    look : where to look or what to try, without the answer
    answer : the function that somebody writes who makes this mistake
    """

    name: str
    look: str
    answer: Answer


@dataclass(frozen=True)
class Task:
    """One exercise that is checked by code; `task` makes one of a right answer.

    Attributes
    ----------
    name : of the student's function, and of this task in its module
    title : its heading in the exercises, with the letter of its part: "Task 1a: how fast may you go?"
    takes : names of the arguments, as in "W, b, x, y"
    returns : names of what the function returns, as in "dW, db"
    reference : a right answer
    draw : (rng, shape) ↦ random arguments of the function
    shapes : what `draw` is called with, smallest first, so that the first counterexample is a small one
    mistakes : the wrong answers to recognise, most specific first; `mistake` adds one
    seeds : how many inputs to draw for each shape
    points : what a right answer earns
    rtol : how far an entry may be off, relative to the largest entry of its array; in float32 it may be off by 1e-5
    atol : how far it may be off besides, whatever its size: rounding in numbers that cancel. It is 0 where a result may
        be smaller than that, and more where the numbers on the way are large
    double : whether float64 is asked for, so that float32 gets no other measure
    view : (value, drawn, used) ↦ what of the value is compared, where it is no number or array: the outputs of a model
        that was returned. `drawn` are the arguments as they were drawn, `used` those of the call, which it may have changed
        or put into its value. It may raise `NotRight` with a sentence if the value is of the wrong kind
    """

    name: str
    title: str
    takes: str
    returns: str
    reference: Answer = field(repr=False)       # a reader who prints a task shall find no answer in it
    draw: Callable[[np.random.Generator, Any], tuple[Any, ...]] = field(repr=False)
    shapes: tuple[Any, ...] = field(repr=False)
    mistakes: list[Mistake] = field(default_factory=list, repr=False)
    seeds: int = field(default=3, repr=False)
    points: int = field(default=1, repr=False)
    rtol: float = 1e-7
    atol: float = 1e-12
    double: bool = False
    view: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reference", _kept_apart(self.reference))

    def mistake(self, name: str, look: str, answer: Answer | None = None, *, slip: Mapping[str, str] | None = None,
                result: Answer | Mapping[str, Answer] | None = None, **changes: Any) -> Answer:
        """Add a wrong answer to those that are recognised.

        Parameters
        ----------
        name, look : as in `Mistake`
        answer : what somebody writes who makes the mistake; without it, the function that is decorated
        slip : in place of an answer, what stands in the text of the reference, once, and what somebody writes instead,
            such as ``{"a - y": "y - a"}``
        result : in place of an answer, what the mistake makes of the right result, such as ``np.negative``, or of some
            of its parts, such as ``{"db": np.negative}``
        changes : in place of an answer, how the reference is called instead: by the name of an argument, what the mistake
            makes of it, such as ``eta=np.negative``; by that of a keyword of the reference, what stands there instead, or
            a slip in the text of the function that stands there
        """
        if answer is None and slip is None and result is None and not changes:
            return functools.partial(self.mistake, name, look)
        answer = answer or (_rewritten(self.reference.__wrapped__, slip) if slip else self._with(result, changes))
        self.mistakes.append(Mistake(name, look, answer))
        return answer

    def _with(self, result: Answer | Mapping[str, Answer] | None, changes: Mapping[str, Any]) -> Answer:
        """Return the reference with other arguments, another part in it, or another result."""
        takes, returns, reference = self.takes.split(", "), self.returns.split(", "), self.reference.__wrapped__
        parts = inspect.signature(reference).parameters
        inside = {name: _rewritten(parts[name].default, part) if isinstance(part, Mapping) else part
                  for name, part in changes.items() if name not in takes}

        def answer(*arguments: Any) -> Any:
            given = [changes.get(name, _as_it_is)(value) for name, value in zip(takes, arguments)]
            right = reference(*given, **inside)
            if isinstance(result, Mapping):
                return tuple(result.get(name, _as_it_is)(part) for name, part in zip(returns, right))
            return result(right) if result else right

        return answer

    @property
    def opening(self) -> str:
        """Return the title as a sentence, with which every message begins."""
        return self.title if self.title.endswith("?") else f"{self.title}."

    @property
    def cases(self) -> int:
        """How many inputs the task is checked on."""
        return self.seeds * len(self.shapes)

    def example(self, case: int) -> tuple[Any, ...]:
        """Return the arguments number `case`, the same and newly made at every call."""
        shape, seed = self.shapes[case // self.seeds], case % self.seeds
        return self.draw(np.random.default_rng([seed, case, *SALT]), shape)


def _as_it_is(value: Any) -> Any:
    return value


@functools.cache
def _text(function: Answer) -> str:
    """Return the source of a function, without its decorators."""
    return re.sub(r"\A.*?^(?=def )", "", textwrap.dedent(inspect.getsource(function)), flags=re.DOTALL | re.MULTILINE)


def _rewritten(reference: Answer, slip: Mapping[str, str]) -> Answer:
    """Return the reference with other words in some places of its text."""
    text = _text(reference)
    for right, wrong in slip.items():
        if text.count(right) != 1:
            raise ValueError(f"{right!r} should stand once in the text of {reference.__name__}, not {text.count(right)} times")
        text = text.replace(right, wrong)
    made: dict[str, Answer] = {}
    exec(text, reference.__globals__, made)
    return made[reference.__name__]


def task(title: str, *, returns: str, **settings: Any) -> Callable[[Answer], Task]:
    """Make a task of the right answer that follows, with its name and its arguments.

    Parameters
    ----------
    title, returns, settings : the attributes of `Task`
    """

    def of(reference: Answer) -> Task:
        arguments = inspect.signature(reference).parameters.values()
        takes = ", ".join(each.name for each in arguments if each.kind == each.POSITIONAL_OR_KEYWORD)
        return Task(reference.__name__, title, takes, returns, reference=reference, **settings)

    return of


Kind = Literal["right", "to do", "known mistake", "error", "endless", "input changed", "different"]


@dataclass(frozen=True)
class Verdict:
    """What a check found: the kind, the message to the student, the mistake where one was recognised, and what the
    student's function printed on the first input."""

    kind: Kind
    message: str
    mistake: Mistake | None = None
    printed: str = ""


class NotRight(Exception):
    """Raised by `check`. A notebook shows its message alone; a cell that raises it counts as failed."""

    def _render_traceback_(self) -> list[str]:  # the name that IPython looks for
        return [part for line in str(self).splitlines() for part in _wrapped(line)]


class _Fetched(Exception):
    """A student's function has called the reference."""


_judging = False                                # does a student's function run at this moment?


def _kept_apart(reference: Answer) -> Answer:
    """Return the same function, which refuses to be called by an answer that is being checked."""

    @functools.wraps(reference)
    def guarded(*arguments: Any, **parts: Any) -> Any:
        if _judging:
            raise _Fetched
        return reference(*arguments, **parts)

    return guarded


def check(task: Task, answer: Answer, seconds: float = 5.0) -> None:
    """Print that the answer is right, or say what is wrong.

    Parameters
    ----------
    task : what was to be done
    answer : the student's function
    seconds : time limit of one call

    Raises
    ------
    NotRight
        With the message to the student.
    """
    found = verdict(task, answer, seconds)
    if found.printed:
        lines = found.printed.splitlines()
        print("On the first input your function prints:", *lines[:PRINTED], sep="\n  ")
        print(*["  …"] * (len(lines) > PRINTED), "", sep="\n", end="")
    if found.kind != "right":
        raise NotRight(found.message)
    print(found.message)


def progress(tasks: types.ModuleType, namespace: Mapping[str, Any], seconds: float = 5.0) -> None:
    """Print which tasks are done, and what is left; pass ``globals()`` as the namespace.

    The functions are run anew, so the list is right whatever was edited or restarted in between.

    Parameters
    ----------
    tasks : a module of `lecture_tasks`: ``ALL`` has its tasks, ``WRITTEN`` the points of those that a person marks
    namespace : where the student's functions are
    seconds : time limit of one call
    """
    signs = {"right": ("✓", ""), "to do": ("·", ", not yet done")}
    left = []
    for task in tasks.ALL:
        kind = verdict(task, namespace[task.name], seconds).kind if task.name in namespace else "to do"
        sign, state = signs.get(kind, ("✗", ", not right yet"))
        print(f"{sign} {task.title} ({_points(task.points)}{state})")
        left += [task] * (kind != "right")
    for title, points in tasks.WRITTEN.items():
        print(f"  {title} ({_points(points)}, read by a person)")
    every, missing = (sum(task.points for task in some) for some in (tasks.ALL, left))
    print(f"{len(tasks.ALL) - len(left)} of {len(tasks.ALL)} checked tasks are done: {every - missing} of "
          f"{_points(every)}. A person gives up to {sum(tasks.WRITTEN.values())} more for what is written.")
    if left:
        print("Left:", ", ".join(task.title.split(":")[0] for task in left))


def _points(number: int) -> str:
    return f"{number} point{'s' * (number != 1)}"


def verdict(task: Task, answer: Answer, seconds: float = 5.0, call: Call | None = None) -> Verdict:
    """Run a student's function on all inputs of the task and say what was found.

    Parameters
    ----------
    task, answer, seconds : as of `check`
    call : (answer, arguments, seconds) ↦ (value, None, the arguments afterwards), or (None, what was raised, arguments);
        by default the answer is called here. Who grades calls it in another process
    """
    call = call or _call
    if not callable(answer):
        return Verdict("different", f"{task.opening} {task.name} should be a function, yours is {_kind(answer)}.")
    suspects = list(task.mistakes)              # those that agree with the answer on every input so far
    trouble: tuple[Kind, str, int] | None = None  # the first thing that was wrong, and on which input
    touched = ""                                # says of an argument that was changed, on any input
    seen: list[Seen] | None = []                # results to be compared, None once there is something else
    seen_wrong_value = False                    # an error alone does not identify a mistake
    printed, heard = io.StringIO(), ""
    for case in range(task.cases):
        expected = _expected(task, case, task.reference)  # first: what it loads does not count as the student's time
        arguments = task.example(case)
        with contextlib.redirect_stdout(printed if case == 0 else io.StringIO()), _listening() as warned:
            value, error, arguments = call(answer, arguments, seconds)
        heard = heard or _warning(warned, answer)
        value, unlike = _viewed(task, case, value, arguments) if error is None else (None, "")
        if isinstance(error, NotImplementedError):
            return Verdict("to do", f"{task.opening} Not yet done.")
        if isinstance(error, _Fetched) or getattr(answer, "__wrapped__", answer) is task.reference.__wrapped__:
            return Verdict("different", f"{task.opening} This calls the answer that yours is compared with. "
                           "Write your own.")
        if isinstance(error, TooLong) and trouble is not None:
            break                               # what was wrong before it became slow says more
        if isinstance(error, TooLong):
            return Verdict("endless", f"{task.opening} Your function was stopped after {seconds:g} s"
                           f"{_line(error, answer)}\nDoes a loop never end? Or does it take very many turns?\n"
                           f"{_input(task, case)}",
                           printed=printed.getvalue())
        difference = "" if error else unlike or _difference(task, expected, value)
        changed = _changed(task, case, arguments)
        touched, seen_wrong_value = touched or changed, seen_wrong_value or bool(difference)
        suspects = [mistake for mistake in suspects if _agrees(task, case, mistake, value, error)]
        if seen is not None and (parts := _parts(task, expected, value)) and not (error or unlike):
            seen.append(Seen(task.example(case), *parts))
        else:
            seen = None
        if trouble is None and (error or changed or difference):
            if error:
                kind, text = "error", f"Your code raised {type(error).__name__}: {error}{_line(error, answer)}"
                text += _advice(error)
            elif changed:
                kind, text = "input changed", f"{changed}\n{difference}".rstrip()
            else:
                kind, text = "different", difference
            trouble = kind, text, case
    if trouble is None:
        message = f"✓ {task.opening} Right on {task.cases} random inputs."
        if heard:
            message += f"\n{heard}\nThe result is right all the same. Can you do without what is warned of?"
        return Verdict("right", message, printed=printed.getvalue())
    kind, text, case = trouble
    if suspects and seen_wrong_value:
        known = suspects[0]
        text = f"It looks as if {known.name}. {known.look}"
        return Verdict("known mistake", f"{task.opening} Not right yet.\n{text}\n{touched}".rstrip(), known,
                       printed.getvalue())
    if kind == "different":
        told = observations(task.takes.split(", "), task.returns.split(", "), seen) if seen else []
        told += [f"Your function reads {name}, which is none of its arguments but a variable of the notebook."
                 for name in global_names(answer)]
        text = "\n".join([text, *told, *([heard] if heard else [])])
    return Verdict(kind, f"{task.opening} Not right yet.\n{text}\n{_input(task, case)}", None, printed.getvalue())


def _call(answer: Answer, arguments: tuple[Any, ...], seconds: float) -> Called:
    """Return (value, None, arguments), or (None, what was raised, arguments)."""
    global _judging
    _judging = True
    try:
        return limited(answer, arguments, seconds), None, arguments
    except (Exception, SystemExit, TooLong) as error:
        return None, error, arguments
    finally:
        _judging = False


def _parts(task: Task, expected: Any, got: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Return the parts of both results, None where they cannot be laid side by side."""
    names = task.returns.split(", ")
    if len(names) == 1:
        return (_plain(expected),), (_plain(got),)
    if isinstance(got, np.ndarray) and got.shape == (len(names),):
        got = list(got)
    if not isinstance(got, (list, tuple)) or len(got) != len(names):
        return None
    return tuple(map(_plain, expected)), tuple(map(_plain, got))


def _viewed(task: Task, case: int, value: Any, used: tuple[Any, ...]) -> tuple[Any, str]:
    """Return (what of the value is compared, ""), or (None, what is wrong with its kind)."""
    if task.view is None or value is None:
        return value, ""
    try:
        return task.view(value, task.example(case), used), ""
    except NotRight as unlike:
        return None, str(unlike)
    except Exception as error:                  # a model that cannot be called
        return None, f"What your function returned could not be tried: {type(error).__name__}: {error}"


def _expected(task: Task, case: int, answer: Answer) -> Any:
    """Return what a known answer comes to, right or wrong."""
    arguments = task.example(case)
    value, unlike = _viewed(task, case, answer(*arguments), arguments)
    if unlike:
        raise NotRight(unlike)
    return value


def _agrees(task: Task, case: int, mistake: Mistake, value: Any, error: BaseException | None) -> bool:
    """Does somebody who makes this mistake get the same value, or the same kind of error, on this input?"""
    try:
        with np.errstate(all="ignore"):
            wrong = _expected(task, case, mistake.answer)
    except Exception as mistaken_error:
        return type(mistaken_error) is type(error)
    return error is None and not _difference(task, wrong, value)


def _difference(task: Task, expected: Any, got: Any) -> str:
    """Say where `got` first differs from what is expected; empty if nowhere."""
    if got is None:
        return "Your function returned None: does every way through it reach a `return`?"
    names = task.returns.split(", ")
    if len(names) == 1:
        return _first_difference(task.returns, expected, got, task)
    if isinstance(got, np.ndarray) and got.shape == (len(names),):
        got = list(got)                         # an array of as many numbers is as good as a tuple of them
    if not isinstance(got, (list, tuple)) or len(got) != len(names):
        return f"Your function should return ({task.returns}); what it returned is {_kind(got)}."
    found = (_first_difference(*part, task) for part in zip(names, expected, got))
    return next((text for text in found if text), "")


def _first_difference(name: str, expected: Any, got: Any, task: Task | None) -> str:
    """Say where a part is not as expected, by the measure of the task; without a task each entry must be equal."""
    expected, got = _plain(expected), _plain(got)
    if isinstance(expected, (list, tuple)):
        if isinstance(got, np.ndarray) and got.ndim and got.dtype.kind in "biufcO":
            got = list(got)
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            return f"{name} should be {_kind(expected)}, yours is {_kind(got)}."
        parts = (_first_difference(f"{name}[{i}]", *pair, task) for i, pair in enumerate(zip(expected, got)))
        return next((text for text in parts if text), "")
    if expected is None or callable(expected):  # an unused place such as W[0], or a function
        return ""
    expected, returned, got = np.asarray(expected), got, as_numbers(got)
    if got is None:
        return f"{name} should be {_kind(expected)}, yours is {_kind(returned)}."
    if got.shape != expected.shape:
        wanted = f"have the shape {expected.shape}, yours has" if expected.ndim else "be a number, yours has the shape"
        return f"{name} should {wanted} {got.shape}."
    finite = expected[np.isfinite(expected)]    # a known mistake may overflow
    tolerance = _tolerance(task, got) * np.abs(finite).max(initial=0) + (task.atol if task else 0)
    wrong = ~np.isclose(got, expected, rtol=0, atol=tolerance, equal_nan=True)
    if not wrong.any():
        return ""
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"[{', '.join(map(str, first))}]" if first else ""
    one, other = expected[first], got[first]
    if expected.dtype == got.dtype == bool:
        return f"{name}{place} should be {one}, yours is {other}."
    one, other = one + 0, other + 0             # nobody expects −0
    digits = next((n for n in (6, 9, 12) if f"{one:.{n}g}" != f"{other:.{n}g}"), 17)
    return f"{name}{place} should be {one:.{digits}g}, yours is {other:.{digits}g}."


def _tolerance(task: Task | None, got: np.ndarray) -> float:
    """Return how far an entry may be off, relative to the largest one."""
    if task is None:
        return 0.0
    single = got.dtype.kind in "fc" and np.finfo(got.dtype).eps > 1e-10
    return max(task.rtol, SINGLE) if single and not task.double else task.rtol


def _plain(value: Any) -> Any:
    """Return the array in a tensor of PyTorch, whether or not it belongs to a graph; anything else as it is."""
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        return value.detach().numpy()
    return value


def _changed(task: Task, case: int, arguments: tuple[Any, ...]) -> str:
    """Say which argument a call has changed."""
    for name, before, after in zip(task.takes.split(", "), task.example(case), arguments):
        if _first_difference(name, before, after, None):
            return (f"Your function changes its argument {name}, which belongs to the caller. "
                    f"Look for assignments such as `{name}[…] = …` or `{name} += …`, and work on a copy.")
    return ""


def _wrapped(line: str) -> list[str]:
    """Break a sentence between words, since not every front end does; leave lines of code and values whole."""
    if line.startswith((" ", "in line ")):
        return [line]
    return textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)


def _kind(value: Any) -> str:
    """Describe a value by its type and size."""
    value = _plain(value)
    if value is None:
        return "None"
    if isinstance(value, np.ndarray) and not value.ndim:
        return "True or False" if value.dtype == bool else "a number"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"of type {type(value).__name__}"


@contextlib.contextmanager
def _listening() -> Iterator[list[warnings.WarningMessage]]:
    """Collect what is warned of, each line of code once, whatever was warned of before."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        yield warned


def _warning(warned: list[warnings.WarningMessage], answer: Answer) -> str:
    """Say of what a line of the student has made NumPy or Python warn first; empty if of nothing."""
    lines = ((str(each.message), _of_student(answer, each.filename, each.lineno)) for each in warned)
    return next((f"On the way there is a warning: {message}{line}" for message, line in lines if line), "")


def _line(error: BaseException, answer: Answer) -> str:
    """Say in which line of the student an error arose: the last one."""
    if isinstance(where := getattr(error, "where", None), str):     # raised, and looked at, in another process
        return where
    if getattr(answer, "__code__", None) is None:                   # a class, a partial function
        return ""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    found = next(filter(None, (_of_student(answer, frame.filename, frame.lineno) for frame in frames)), "")
    if not found and isinstance(error, TypeError):                  # the arguments did not fit
        return f"\n{answer.__name__} could not be called; is its `def` line as it was?"
    return found


def _advice(error: BaseException) -> str:
    """Say what helps where the words of an error lead the wrong way; empty if they do not."""
    if re.search("truth value of an array|Boolean value of Tensor", str(error)):
        return ("\n`if`, `and`, `max` and the like want one True or False, and an array has one for each entry. "
                "Where each entry has its own answer, use np.where, np.maximum, or a loop.")
    return ""


def _of_student(answer: Answer, filename: str, number: int | None) -> str:
    """Quote a line of code; empty if it is not the student's, which lies in the folder of the function.

    The cells of a notebook count as files of one folder.
    """
    code = getattr(answer, "__code__", None)
    if code is None or filename == __file__ or os.path.dirname(filename) != os.path.dirname(code.co_filename):
        return ""
    text = linecache.getline(filename, number or 0).strip()
    return f"\nin line {number} of the cell:  {text}" if text else ""


def _input(task: Task, case: int) -> str:
    """Say on which input, and show it if it is small."""
    arguments = task.example(case)
    call = f"The input that shows it: {task.takes} = tasks.{task.name}.example({case})"
    shown = [entry for pair in zip(task.takes.split(", "), arguments) for entry in _entries(*pair)]
    size = sum(np.size(value) for _, value in shown if not callable(value))
    if size > 16 or all(callable(value) for _, value in shown):     # too long, or nothing that could be shown
        return call
    values = [f"{name} = {_number(value)}" for name, value in shown]
    if max(map(len, values)) > WIDTH:           # numbers of sixteen digits, which nobody reads
        values = [f"{name} = {_rounded(name, value)}" for name, value in shown]
        return "\n  ".join([f"{call}, which is, to five digits,", *values])
    line = "  " + ", ".join(values)
    return f"{call}, which is\n" + (line if len(line) <= WIDTH else "\n".join(f"  {value}" for value in values))


def _entries(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the arrays, numbers and functions in an argument, each with its name; unused places are left out."""
    value = _plain(value)
    if isinstance(value, (list, tuple)) and not _of_plain_numbers(value):
        return [entry for i, part in enumerate(value) for entry in _entries(f"{name}[{i}]", part)]
    return [] if value is None else [(name, value)]


def _of_plain_numbers(value: Any) -> bool:
    """Is it a number, or are they lists of numbers, which are shown as one would write them?"""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_of_plain_numbers, value))
    return isinstance(value, (int, float)) and not isinstance(value, np.generic)


def _number(value: Any) -> str:
    if callable(value):
        return f"the function {value.__name__.strip('_')}" if hasattr(value, "__name__") else f"a {type(value).__name__}"
    return str(value if _of_plain_numbers(value) else np.asarray(value).tolist())


def _rounded(name: str, value: Any) -> str:
    """Return a value to five digits, a matrix row by row."""
    if callable(value):
        return _number(value)
    return np.array2string(np.asarray(value), separator=", ", prefix=f"  {name} = ", max_line_width=WIDTH,
                           formatter={"float_kind": "{:.5g}".format})


def _unfinished(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> None:
    """Say in one line that a cell has called a function without a body; show other errors as always."""
    last = traceback.extract_tb(trace)[-1]
    if error.args or last.name == "<module>":
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    else:
        shell._showtraceback(kind, error, [f"{last.name} is not yet done."])


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    _shell.set_custom_exc((NotImplementedError,), _unfinished)
