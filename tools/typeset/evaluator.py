r"""Compute the value of a tree from the values of its symbols.

A symbol is bound to a number, an array, a function, a set; to a dict ``{index: value}`` of samples, steps or
layers, whose entry "" is the symbol without index; to a `range`, for an index that runs (the formula holds
for each of its values, and a sum without limits adds over them); to `Interval(low, high)`, for the variable
of a minimum; to `Given`, for what follows from other symbols and so has derivatives by them; or to text,
another name of the same thing. Derivatives are computed, never bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import NamedTuple

import numpy as np

from .arrays import FUNCTIONS, STEP, Value, combine, derivative, extremum, plain
from .tokens import LatexError, name_of
from .tree import (At, Big, Binary, Call, Cases, Chain, Conditioned, Count, Derivative, Expectation, Index, Matrix, Node, Number,
                   Sentence, Several, Symbol)

FAULTS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)


class Interval(NamedTuple):
    """Where the variable of a minimum may be."""

    low: float
    high: float


class Given:
    """A value that follows from others: ``Given(lambda v, l: v["W", l] @ v["a", l - 1])``."""

    def __init__(self, rule: Callable, indices: int | None = None) -> None:
        self.rule, self.indices = rule, rule.__code__.co_argcount - 1 if indices is None else indices


class Evaluator:
    """The values of trees where symbols stand for `values`; a method for each kind of node.

    Parameters
    ----------
    values
        What the symbols are bound to.
    options
        See `bindings.Options`.
    seen
        Filled with the values that were used: {(name, layer or sample): value}, for `guards`.
    """

    def __init__(self, values: dict[str, Value], options, seen: dict | None = None) -> None:
        self.env: dict[str, Value] = {**FUNCTIONS, **values}
        self.options = options
        self.ranges = {name: value for name, value in values.items() if isinstance(value, range)}
        self.seen, self.recording = {} if seen is None else seen, True

    def __call__(self, node: Node) -> Value:
        try:
            return plain(getattr(self, "value_of_" + type(node).__name__)(node))
        except LatexError:
            raise
        except FAULTS as error:
            raise LatexError(f"{type(error).__name__}: {error}", node.at) from error

    @contextmanager
    def where(self, changed: dict[str, Value]) -> Iterator[None]:
        """Bind some symbols differently for a while."""
        outer, recording = self.env, self.recording
        self.env, self.recording = {**self.env, **changed}, False
        try:
            yield
        finally:
            self.env, self.recording = outer, recording

    def under(self, changed: dict[str, Value], node: Node) -> Value:
        with self.where(changed):
            return self(node)

    # -- symbols and indices

    def __getitem__(self, key: str | tuple) -> Value:
        """What the rule of a `Given` asks for: v["z"], v["W", 2]."""
        name, *indices = key if isinstance(key, tuple) else (key,)
        return self.find(name_of(name), indices)

    def find(self, name: str, indices: list) -> Value:
        """Return what a name with these indices (numbers, or tuples of numbers) stands for."""
        if name not in self.env and name.endswith("'"):
            f = self.find(name[:-1], indices)
            return lambda x: np.imag(f(x + 1j * STEP)) / STEP  # entry by entry
        if name not in self.env:
            raise LookupError(f"nothing is bound to {name}")
        value = self.env[name]
        if isinstance(value, str):
            return self.find(value, indices)
        used: list = []
        if isinstance(value, Given):
            used, indices = indices[:value.indices], indices[value.indices:]
            value = value.rule(self, *used)
        while isinstance(value, dict) and indices:
            used, indices = [*used, indices[0]], indices[1:]
            if used[-1] not in value:
                raise LookupError(f"{name} has no entry {used[-1]}")
            value = value[used[-1]]
        if isinstance(value, dict):
            if "" not in value:
                raise LookupError(f"{name} stands without an index")
            value = value[""]
        if self.recording:
            self.seen.setdefault((name, *used), value)
        for index in indices:
            value = self.pick(value, index, zero=name in self.options.zero_outside)
        return value

    def number(self, index: Node) -> int | tuple:
        """Return the value of an index; of several, a tuple."""
        if isinstance(index, Several):
            return tuple(self.flat(part) for part in index.items)
        number = float(np.real(self(index)))
        if number != round(number):
            raise LatexError(f"the index is {number:g}", index.at)
        return round(number)

    def flat(self, index: Node) -> int:
        """A pair (i, j) counts row by row, as many in a row as j runs over."""
        if not isinstance(index, Several):
            return self.number(index)
        row, column = index.items
        return self.number(row) * len(self.ranges[column.name]) + self.number(column)

    def pick(self, value: Value, index: int | tuple, zero: bool = False) -> Value:
        """value_index, where an index outside of the array is an error, or 0."""
        if callable(value):
            return lambda *arguments: self.pick(value(*arguments), index)
        value = np.asarray(value)
        place = self.place(index)
        if len(place) > value.ndim or min(place) < 0 or any(k >= n for k, n in zip(place, value.shape)):
            if zero:
                return 0.0
            raise LookupError(f"the index {index} is outside of an array {value.shape}")
        return value[(*place, 0)] if value.ndim == 2 and value.shape[1] == 1 == len(place) else value[place]

    def place(self, index: int | tuple) -> tuple[int, ...]:
        return tuple(k - self.options.first for k in (index if isinstance(index, tuple) else (index,)))

    # -- expressions

    def value_of_Number(self, node: Number) -> Value:
        return float(node.text.rstrip("…"))

    def value_of_Symbol(self, node: Symbol) -> Value:
        if node.name == "e" and not node.indices:
            return np.e
        if node.name == r"\pi" and r"\pi" not in self.env:
            return np.pi
        return self.find(node.name, [self.number(index) for index in node.indices])

    def value_of_Call(self, node: Call) -> Value:
        function = self.find(node.function.name, [self.number(index) for index in node.function.indices])
        return function(*map(self, node.arguments))

    def value_of_Index(self, node: Index) -> Value:
        return self.pick(self(node.body), self.number(node.index))

    def value_of_Binary(self, node: Binary) -> Value:
        a, b = self(node.left), self(node.right)
        own = node.operator and np.ndim(a) and node.operator in self.env
        return self.env[node.operator](a, b) if own else combine(node.operator, a, b)

    def value_of_Several(self, node: Several) -> Value:
        return np.concatenate([np.reshape(self(item), (-1, 1)) for item in node.items])

    def value_of_Matrix(self, node: Matrix) -> Value:
        return np.stack([np.stack([self(entry) for entry in row]) for row in node.rows])

    def value_of_Cases(self, node: Cases) -> Value:
        found = [value for value, conditions in node.rows if conditions and all(map(self, conditions))]
        found = found or [value for value, conditions in node.rows if not conditions]
        if len(found) != 1:
            raise LatexError(f"{len(found)} cases apply", node.at)
        return self(found[0])

    def value_of_At(self, node: At) -> Value:
        return self.under({node.variable.name: self(node.value)}, node.body)

    def value_of_Chain(self, node: Chain) -> Value:
        from .statements import compare  # a relation inside of a value: in cases, sums and probabilities
        return all(found.holds for found in compare(self, node)) if node.relations else self(node.parts[0])

    def value_of_Sentence(self, node: Sentence) -> Value:
        return bool(self.env[node.words](*map(self, node.parts)))

    def value_of_Count(self, node: Count) -> Value:
        counted = ({node.name: value} for value in self.ranges[node.name])
        return sum(all(self.under(each, condition) for condition in node.conditions) for each in counted)

    def value_of_Conditioned(self, node: Conditioned) -> Value:
        self(node.condition)  # it changes nothing, as the outcomes are those given this; but it has a value
        return self(node.body)

    def value_of_Expectation(self, node: Expectation) -> Value:
        outcomes = self.options.outcomes
        if abs(sum(chance for chance, _ in outcomes) - 1) > 1e-9:
            raise LatexError("the chances of the outcomes do not add up to 1", node.at)
        mean = sum(chance * self.under(outcome, node.body) for chance, outcome in outcomes)
        if node.operator == "E":
            return mean
        return sum(chance * self.under(outcome, node.body)**2 for chance, outcome in outcomes) - mean**2

    def value_of_Big(self, node: Big) -> Value:
        if node.operator == r"\lim":
            return self.limit(node)
        if isinstance(self.env.get(node.names[0]), Interval):
            return self.optimum(node)
        values = [self.under(each, node.body) for each in self.indices(node)]
        if node.operator in (r"\sum", r"\prod"):
            return sum(values) if node.operator == r"\sum" else np.prod(values)
        return {r"\max": max, r"\min": min}[node.operator](values, key=np.real)

    def indices(self, node: Big) -> list[dict[str, Value]]:
        """Return what the indices of a sum stand for, term by term."""
        if node.relation in ("", ":"):
            domains = [self.ranges[name] for name in node.names]
        elif node.relation == r"\in":
            domains = [self(node.low)]
        else:
            if node.relation not in ("=", r"\ge") or (node.high is None) != (node.relation == r"\ge"):
                raise LatexError("these limits are not understood", node.at)
            last = self.number(node.high or Symbol(r"\infty"))
            domains = [range(self.number(node.low), last + 1)]
        found = [dict(zip(node.names, values)) for values in product(*domains)]
        return [each for each in found if node.relation != ":" or self.under(each, node.low)]

    def limit(self, node: Big) -> Value:
        """The value near the limit: the binding says where, the option `approx` how near."""
        value, low = float(self.env[node.names[0]]), node.low
        at_infinity = low == Symbol(r"\infty")
        distance = 1 / value if at_infinity else value - float(self(low))
        if not 0 < (distance if at_infinity or node.relation == r"\downarrow" else abs(distance)) <= 0.1:
            raise LatexError(f"{node.names[0]} = {value:g} is not near its limit", node.at)
        return self(node.body)

    def optimum(self, node: Big) -> Value:
        """The least or greatest value over an interval, or where it is."""
        name, interval = node.names[0], self.env[node.names[0]]
        if node.relation and (node.relation != ">" or self(node.low) != interval.low):
            raise LatexError(f"the interval {tuple(interval)} is bound to {name}", node.low.at)
        best = extremum(lambda x: self.under({name: x}, node.body), *interval,
                        greatest=node.operator == r"\max", real=self.options.real)
        return best if node.operator == r"\argmin" else self.under({name: best}, node.body)

    def value_of_Derivative(self, node: Derivative) -> Value:
        """The derivative by a symbol, or by its entry where it has an index; all that is `Given` follows."""
        how = {"second": node.order == "2", "real": self.options.real}
        if node.variable is None and isinstance(node.body, Call):
            arguments = [self(argument) for argument in node.body.arguments]
            point = arguments[0] if len(arguments) == 1 else np.reshape(arguments, (-1, 1))
            return derivative(self.find(node.body.function.name, [self.number(i) for i in node.body.function.indices]),
                              point, **how)
        name, indices = (node.variable.name, [self.number(index) for index in node.variable.indices]) \
            if node.variable else (self.options.by, [])
        while isinstance(bound := self.env[name], str):
            name = bound
        count = bound.indices if isinstance(bound, Given) else int(isinstance(bound, dict) and bool(indices))
        keys, place = indices[:count], sum((self.place(index) for index in indices[count:]), ())
        old = np.asarray(self.find(name, keys))

        def function(new: np.ndarray) -> Value:
            if isinstance(bound, dict):
                changed: Value = {**bound, keys[0] if keys else "": new}
            elif isinstance(bound, Given):
                changed = Given(lambda v, *k: new if list(k) == keys else bound.rule(v, *k), count)
            else:
                changed = new
            value = self.under({name: changed}, node.body)
            return value(new) if callable(value) else value

        return derivative(function, old, place=place, **how)
