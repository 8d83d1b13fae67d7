r"""Test the statements of a formula: relations, quantifiers and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .arrays import FUNCTIONS, mismatch
from .evaluator import FAULTS, Evaluator
from .expressions import INEQUALITIES
from .tokens import LatexError
from .tree import Big, Binary, Chain, Conditional, Count, Equality, ForAll, Node, Number, Runs, Sentence, Symbol, walk

ZERO = Number("0")
REALS = Symbol(r"\mathbb R")


class Found(NamedTuple):
    """What the test of one relation found."""

    holds: bool
    at: int
    what: str  # a fault where it does not hold
    gap: float | None = None  # of an inequality: the difference of the sides, by the greater one


def test(v: Evaluator, statement: Node) -> Iterator[Found]:
    """Yield for each relation of a statement whether it holds; whatever goes wrong is a LatexError."""
    try:
        yield from _test(v, statement)
    except LatexError:
        raise
    except FAULTS as error:
        raise LatexError(f"{type(error).__name__}: {error}", statement.at) from error


def _test(v: Evaluator, statement: Node) -> Iterator[Found]:
    if isinstance(statement, Chain):
        yield from compare(v, statement)
    elif isinstance(statement, Sentence):
        yield Found(v(statement), statement.at, "the words are not true")
    elif isinstance(statement, Runs):
        domain, ends = v.ranges.get(statement.name), {v.number(statement.first), v.number(statement.last)}
        yield Found(domain is not None and ends == {domain[0], domain[-1]}, statement.at,
                    f"{statement.name} is bound to {domain}")
    elif isinstance(statement, ForAll):
        yield from quantified(v, statement)
    elif isinstance(statement, Conditional):
        yield from conditional(v, statement)
    elif isinstance(statement, Equality):
        *found, last = test(v, statement.statement)
        equal = last.gap is not None and abs(last.gap) <= 1e-12
        yield from [*found, last]
        yield Found(bool(v(statement.condition)) == equal, statement.at, "equality is not where the formula says")


def quantified(v: Evaluator, statement: ForAll) -> Iterator[Found]:
    """Test that "for all" lists the running indices of its statement, or symbols that differ between the cases."""
    names = [symbol.name for condition in statement.conditions if isinstance(condition, Chain)
             for symbol in walk(condition.parts[0]) if isinstance(symbol, Symbol) and symbol.name not in FUNCTIONS]
    running = {name for name in free(statement.statement) if name in v.ranges}
    constant = {*names} - {*v.ranges} - v.options.varied
    yield Found(len({*names}) == len(names) and not constant and running == {*names} & {*v.ranges}, statement.at,
                f"{', '.join(sorted(constant))} is the same in all cases" if constant else
                f"'for all' names {', '.join(names)}, and {', '.join(sorted(running)) or 'nothing'} runs")
    for condition in statement.conditions:
        if isinstance(condition, Sentence) or isinstance(condition, Chain) and condition.relations:
            yield from test(v, condition)


def conditional(v: Evaluator, statement: Conditional) -> Iterator[Found]:
    """Test the statement where the conditions hold; elsewhere it must be false, unless `one_way` is set."""
    holds = all(found.holds for condition in statement.conditions for found in test(v, condition))
    v.options.conditions.setdefault(statement.at, set()).add(holds)
    if holds:
        yield from test(v, statement.statement)
    elif not v.options.one_way:
        try:
            still = all(found.holds for found in test(v, statement.statement))
        except LatexError:
            still = False  # the statement has no value there
        yield Found(not still, statement.at, "the statement holds where its condition does not")


def compare(v: Evaluator, chain: Chain) -> Iterator[Found]:
    """Test a = b ≤ c, relation by relation."""
    a = v(chain.parts[0])
    for relation, at, left, right in zip(chain.relations, chain.places, chain.parts, chain.parts[1:]):
        if left == right:
            raise LatexError("both sides are the same", at)
        if (space := _space(v, right)) is not None:
            yield Found([*np.shape(a)] == space, at, f"the shape is {np.shape(a)}")
            continue
        b = v(right)
        if relation == r"\in" and isinstance(b, (set, frozenset, list, range)):
            yield Found(float(a) in b, at, f"{a} is not in {b}")
            continue
        if relation == r"\leftarrow":
            if not isinstance(left, Symbol) or left.name + r"\leftarrow" not in v.env:
                raise LatexError("the new value is not bound", at)
            a, v.env[left.name] = v.env[left.name + r"\leftarrow"], b
        if right == ZERO and relation in ("=", r"\longrightarrow", r"\ne"):
            b = np.zeros(np.shape(a))
        try:
            yield _related(v, relation, a, b, left, right, at)
        except FAULTS as error:
            raise error if isinstance(error, LatexError) else LatexError(str(error), at) from error
        a = b


def _related(v: Evaluator, relation: str, a, b, left: Node, right: Node, at: int) -> Found:
    if np.shape(a) != np.shape(b) or relation in INEQUALITIES and np.ndim(a):
        raise mismatch(a, relation, b)
    size = max(np.abs(a).max(), np.abs(b).max())
    if relation in INEQUALITIES:
        with_zero = ZERO in (left, right)
        gap = float(np.real(b - a if relation in ("<", r"\le") else a - b)) / (1 if with_zero else float(size) or 1)
        rtol = v.options.rtol
        holds = gap > rtol * (size if with_zero else 1) if relation in "<>" else gap >= -rtol
        return Found(bool(holds), at, f"{_short(a)} {relation} {_short(b)} is false",
                     None if with_zero and relation in "<>" else gap)
    if relation == r"\ne" or not np.isfinite(size):
        return Found(bool((a == b).all()) == (relation != r"\ne"), at, "")
    if relation not in ("=", r"\approx", r"\longrightarrow", r"\in", r"\leftarrow"):
        raise LatexError(f"{relation} cannot be tested here", at)
    loose = relation in (r"\approx", r"\longrightarrow") or \
        any(isinstance(part, Big) and part.operator == r"\lim" for part in walk(left))
    error = np.abs(a - b).max()
    return Found(bool(error <= _tolerance(v, float(size), left, right, loose)), at,
                 f"{_short(a)} {relation} {_short(b)} is false: they differ by {error:.2g}")


def _tolerance(v: Evaluator, size: float, left: Node, right: Node, loose: bool) -> float:
    """Return how far the sides of an equality may be apart; a decimal number says so itself."""
    for side in (left, right):
        if isinstance(side, Number) and "." in side.text and (loose or side.text.endswith("…")):
            return unit_of(side) / (1 if side.text.endswith("…") else 2)
    for side in (left, right):
        if loose and isinstance(side, Binary) and side.operator == "" and isinstance(side.left, Number) and "." in side.left.text:
            return unit_of(side.left) / 2 * size / float(side.left.text)  # 0.358 θ
    return v.options.approx * max(size, 0.1) if loose else v.options.rtol * size + 1e-12


def unit_of(number: Number) -> float:
    """Return the place value of a number's last decimal."""
    return 10.0**-len(number.text.rstrip("…").partition(".")[2])


def _space(v: Evaluator, node: Node) -> list[int] | None:
    r"""Return the shape that \mathbb R^{m \times n} means, or None for something else."""
    if node == REALS:
        return []
    if not (isinstance(node, Binary) and node.operator == "^" and node.left == REALS):
        return None
    dimensions, todo = [], [node.right]
    while todo:
        part = todo.pop()
        if isinstance(part, Binary) and part.operator == r"\times":
            todo += [part.right, part.left]
        else:
            dimensions.append(v.number(part))
    return [*dimensions, 1][:2] if len(dimensions) < 3 else dimensions


def free(node: object) -> set[str]:
    """Return the names in a node that no sum or maximum of it binds."""
    if isinstance(node, (Big, Count)):
        inner = free([getattr(node, "body", None), getattr(node, "conditions", None)])
        bound = {*node.names} if isinstance(node, Big) else {node.name}
        limits = free([node.high, node.low]) if isinstance(node, Big) else set()
        return inner - bound | limits - bound
    if isinstance(node, Symbol):
        return {node.name} | free(node.indices)
    if isinstance(node, Node):
        return set().union(*(free(value) for value in vars(node).values()))
    return set().union(*map(free, node)) if isinstance(node, (tuple, list)) else set()


def _short(value) -> str:
    if np.ndim(value) == 0:
        return f"{np.real(value):.9g}"
    return np.array2string(np.real(value), precision=4, threshold=6, edgeitems=2).replace("\n", " ")
