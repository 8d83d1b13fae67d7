r"""What a formula is made of. Every node knows its place in the LaTeX; two nodes are equal wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Node:
    at: int = field(default=0, compare=False, kw_only=True)


# ---- expressions ------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Number(Node):
    text: str  # "0.130812…" where the digits go on


@dataclass(frozen=True)
class Symbol(Node):
    name: str
    indices: tuple[Node, ...] = ()  # layers and sample numbers first


@dataclass(frozen=True)
class Call(Node):
    function: Symbol
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Binary(Node):
    operator: str  # "" is juxtaposition
    left: Node
    right: Node


@dataclass(frozen=True)
class Index(Node):
    body: Node
    index: Node


@dataclass(frozen=True)
class Several(Node):
    items: tuple[Node, ...]  # (a, b): a column of all its parts, or several indices


@dataclass(frozen=True)
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Cases(Node):
    rows: tuple[tuple[Node, tuple[Node, ...]], ...]  # (value, conditions); no conditions: otherwise


@dataclass(frozen=True)
class Big(Node):
    r"""\sum, \prod, \max, \min, \argmin, \lim with what stands under and over it."""

    operator: str
    names: tuple[str, ...]
    relation: str  # between the name and `low`: "=", "\in", ":", …; "" where nothing but names stands below
    low: Node | None
    high: Node | None
    body: Node


@dataclass(frozen=True)
class Derivative(Node):
    order: str  # "" or "2"
    variable: Symbol | None  # None: of the argument of the function
    body: Node


@dataclass(frozen=True)
class At(Node):
    body: Node
    variable: Symbol
    value: Node


@dataclass(frozen=True)
class Expectation(Node):
    operator: str  # "E" (of numbers, arrays or, as a probability, of truth values) or "Var"
    body: Node


@dataclass(frozen=True)
class Conditioned(Node):
    body: Node
    condition: Node


@dataclass(frozen=True)
class Count(Node):
    name: str  # of the index that is counted
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Sentence(Node):
    words: str  # "_ separates the two targets"
    parts: tuple[Node, ...]


# ---- statements ---------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Chain(Node):
    """a = b ≤ c."""

    parts: tuple[Node, ...]
    relations: tuple[str, ...]
    places: tuple[int, ...] = field(default=(), compare=False)  # of the relations


@dataclass(frozen=True)
class Runs(Node):
    """k = 0, …, K − 1."""

    name: str
    first: Node
    last: Node


@dataclass(frozen=True)
class ForAll(Node):
    statement: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Conditional(Node):
    """The statement holds where all conditions hold, and (if `exact`) nowhere else."""

    statement: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Equality(Node):
    """The last inequality of the statement is an equality if and only if the condition holds."""

    statement: Node
    condition: Node


def walk(node: object) -> Iterator[Node]:
    """Yield a node and all nodes in it."""
    if isinstance(node, Node):
        yield node
        for part in fields(node):
            yield from walk(getattr(node, part.name))
    elif isinstance(node, (tuple, list)):
        for part in node:
            yield from walk(part)


def names_in(node: object) -> set[str]:
    """Return the names of all symbols in a node."""
    return {part.name for part in walk(node) if isinstance(part, Symbol)}
