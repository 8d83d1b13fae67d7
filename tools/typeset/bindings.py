r"""What a chapter writes in ``tests/typeset/NN.py``, and the check of a formula against it.

    chapter = Chapter()
    chapter.bind("eq-kl", {"p": p, "q": q, r"\operatorname{KL}": kl_divergence, "K": 4})

    @chapter.second_check("eq-kl-conventions", reason="0·log 0 is a convention, and has no value by itself")
    def conventions(): assert kl_divergence(…) == …
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np

from .arrays import FUNCTIONS, Value
from .evaluator import Evaluator
from .guards import hidden_errors
from .parser import parse
from .statements import Found, free, test
from .tokens import LatexError, name_of
from .tree import Node


@dataclass(frozen=True)
class Options:
    """How a formula is tested.

    Attributes
    ----------
    rtol
        Relative error of equalities.
    approx
        Relative error of ≈, limits and arrows, where no decimal number in the formula states it.
    gap
        How near an inequality comes to equality in the best case: at most so far by relative difference, or a
        pair (at least, at most); a list of these has one entry for each inequality, in reading order.
    first
        The index of the first entry of an array.
    zero_outside
        Names of arrays that are 0 outside.
    alike
        Names that may be 0 or 1, a number in the formula, square, or equal to another value.
    by
        The variable of a ∇ that names none.
    outcomes
        Of an expectation: pairs (chance, {symbol: value}).
    real
        Derive by real differences of fourth order instead of complex steps (relative error about 1e-9).
    one_way
        "If", "whenever", ⟹: the statement may hold where the condition does not.
    """

    rtol: float = 1e-9
    approx: float = 1e-2
    gap: float | tuple[float, float] | list = 1e-3
    first: int = 0
    zero_outside: str | tuple[str, ...] = ()
    alike: str | tuple[str, ...] = ()
    by: str = ""
    outcomes: list | tuple = ()
    real: bool = False
    one_way: bool = False
    varied: frozenset = frozenset()  # set by check: names that differ between cases
    conditions: dict = field(default_factory=dict)  # set by check: {place of a condition: {True, False}}


@dataclass(frozen=True)
class Case:
    values: dict[str, Value]
    options: dict[str, object]


def case(values: dict[str, Value], **options) -> Case:
    """Return values of the symbols with options (see `Options`) for this case alone."""
    return Case(values, options)


def names_of(each: Case, settings: Options) -> tuple[set[str], set[str]]:
    """Return what the parser has to know: the names that are bound, and those that stand for functions."""
    values = {**each.values, **(settings.outcomes[0][1] if settings.outcomes else {})}
    return {*values}, {name for name, value in {**FUNCTIONS, **values}.items()
                       if callable(value) or isinstance(value, dict) and any(map(callable, value.values()))}


def parsed(latex: str, each: dict | Case, **options) -> list[Node]:
    """Return the statements of a formula as one of its cases has them parsed."""
    each = _spelled(each if isinstance(each, Case) else Case(each, {}))
    return parse(latex, *names_of(each, _settings({**options, **each.options})))


def check(latex: str, cases: list[dict | Case], **options) -> str:
    """Return what is wrong with a formula under its bindings, or "".

    Parameters
    ----------
    latex
        The displayed formula.
    cases
        What the symbols stand for; the formula must hold in each case.
    options
        See `Options`.
    """
    full = [_spelled(each if isinstance(each, Case) else Case(each, {})) for each in cases]
    if not full:
        return "nothing was tested: no case"
    first = full[0].values
    varied = frozenset(name for name, value in first.items() if len({repr(each.values.get(name)) for each in full}) > 1)
    gaps: dict[int, float] = {}
    conditions: dict[int, set] = {}
    tested = 0
    for number, each in enumerate(full, 1):
        which = f" (case {number} of {len(full)})" if len(full) > 1 else ""
        settings = _settings({**options, **each.options}, varied, conditions)
        try:
            statements = parse(latex, *names_of(each, settings))
            seen: dict[tuple, Value] = {}
            running = {name: each.values[name] for name in sorted(free(statements))
                       if isinstance(each.values.get(name), range)}
            for values in product(*running.values()):
                evaluator = Evaluator({**each.values}, settings, seen)
                evaluator.env.update(zip(running, values))
                for found in _all_of(evaluator, statements):
                    tested += 1
                    if not found.holds:
                        at = "".join(f", {name} = {value}" for name, value in zip(running, values))
                        raise LatexError(found.what + at + which, found.at)
                    if found.gap is not None:
                        gaps[found.at] = min(found.gap, gaps.get(found.at, np.inf))
            if hidden := hidden_errors(seen, statements, {*settings.alike, *running}):
                return hidden + which
        except LatexError as error:
            return error.shown(latex)
    if not tested:
        return "nothing was tested: the formula states no relation"
    for at, states in conditions.items():
        if True not in states or False not in states and not options.get("one_way"):
            missing = LatexError(f"this condition is never {'true' if True not in states else 'false'}: add a case", at)
            return missing.shown(latex)
    return _gaps(latex, gaps, options.get("gap", Options.gap))


def _all_of(evaluator: Evaluator, statements: list[Node]) -> Iterator[Found]:
    """Test all statements; infinities are values, and not worth a warning."""
    for statement in statements:
        with np.errstate(all="ignore"):
            yield from test(evaluator, statement)


def _spelled(each: Case) -> Case:
    return Case({name_of(name): value for name, value in each.values.items()}, each.options)


def _settings(options: dict, varied: frozenset = frozenset(), conditions: dict | None = None) -> Options:
    """Return the options, with all names in one spelling."""
    found = replace(Options(), **options, varied=varied, conditions={} if conditions is None else conditions)
    return replace(found, by=name_of(found.by), alike=_names(found.alike), zero_outside=_names(found.zero_outside),
                   outcomes=[(chance, {name_of(name): value for name, value in values.items()})
                             for chance, values in found.outcomes])


def _names(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(name_of, (names,) if isinstance(names, str) else names))


def _gaps(latex: str, gaps: dict[int, float], allowed: float | tuple | list) -> str:
    """Return which inequality is not as nearly attained as the binding says, or ""."""
    wanted = allowed if isinstance(allowed, list) else [allowed] * len(gaps)
    if len(wanted) != len(gaps):
        return f"the option gap has {len(wanted)} entries for {len(gaps)} inequalities"
    for (at, gap), limit in zip(sorted(gaps.items()), wanted):
        low, high = limit if isinstance(limit, tuple) else (-np.inf, limit)
        if not low <= gap <= high:
            return LatexError(f"this inequality comes within {gap:.4g} of equality; the binding says {limit}", at).shown(latex)
    return ""


# ---- chapters -------------------------------------------------------------------------------------------------

@dataclass
class Chapter:
    """The bindings of a chapter's formulas, and the second checks of those that cannot be evaluated."""

    cases: dict[str, tuple[list, dict]] = field(default_factory=dict)
    reasons: dict[str, tuple[str, Callable[[], None]]] = field(default_factory=dict)
    sums: list[str] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    givens: dict[str, str] = field(default_factory=dict)

    def bind(self, label: str, *cases: dict | Case, **options) -> None:
        """Say what the symbols of a formula stand for, in one case or several; options as in `Options`."""
        self._new(label)
        self.cases[label] = [*cases], options

    def second_check(self, label: str, *, reason: str) -> Callable:
        """Decorate a function that asserts what a formula says which cannot be evaluated as typeset."""
        self._new(label)

        def register(function: Callable[[], None]) -> Callable[[], None]:
            self.reasons[label] = reason, function
            return function
        return register

    def arithmetic(self, *sums: str) -> None:
        """Say where numbers in the chapter's text come from: "3750 = 60000 * 2 / 32"."""
        self.sums += sums

    def computed(self, number: str, value: float) -> None:
        """Say the value that a number in the chapter's text rounds."""
        self.values[number] = float(value)

    def given(self, reason: str, *numbers: str) -> None:
        """Say why numbers in the chapter's text come from nowhere: "an example", "an exercise", "a quotation"."""
        self.givens.update(dict.fromkeys(numbers, reason))

    def _new(self, label: str) -> None:
        if label in self.cases or label in self.reasons:
            raise ValueError(f"{label} is bound twice")

    def fault(self, label: str, latex: str) -> str:
        """Return what is wrong with a formula of this chapter, or ""."""
        if label in self.reasons:
            try:
                self.reasons[label][1]()
            except Exception as error:  # the check of a chapter may fail in any way, and the table goes on
                return f"its second check fails: {type(error).__name__}: {error}"
            return ""
        if label not in self.cases:
            return "it has no binding"
        cases, options = self.cases[label]
        return check(latex, cases, **options)


def labels_of(path: Path) -> tuple[set[str], set[str]]:
    """Return the labels that a file binds, and those with a second check, without running the file."""
    bound: set[str] = set()
    second: set[str] = set()
    if path.exists():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args \
                    and isinstance(node.args[0], ast.Constant):
                {"bind": bound, "second_check": second}.get(node.func.attr, set()).add(node.args[0].value)
    return bound, second


def load(path: Path) -> ModuleType:
    """Run the file of a chapter's bindings; its `chapter` is a `Chapter`. It says ``from typeset import …``."""
    sys.modules["typeset"] = sys.modules[__package__]
    spec = importlib.util.spec_from_file_location(f"bindings_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
