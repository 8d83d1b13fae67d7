"""Reverse-mode differentiation of NumPy expressions.

``x = variable(2.0)`` starts a graph, ``f = (x + y) * z`` records it while it computes, and
``gradients(f, [x, y, z])`` walks it backwards once. A node never changes: its value is read-only, and adjoints
live in a dictionary during the walk and are popped as soon as they have been handed on to the operands.

Book: ch-automatic-differentiation
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lecture_code.numerics import _product, as_floats
from lecture_code.validation import require

Pull = Callable[[np.ndarray], np.ndarray]  # adjoint of the result ↦ this operand's share of its own adjoint


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """A value and how it came about. Nodes combine by + − * / ** @ and indexing, also with plain arrays.

    Attributes
    ----------
    value : array of floating-point numbers, read-only (a constant may be a plain number)
    op : what computed it; "variable" or "constant" for a leaf
    operands : the nodes that it was computed from
    pulls : one function an operand: ∂C/∂value ↦ this operand's share of ∂C/∂operand, before `_summed_to`
    name : what the drawn graph calls it
    varies : whether it depends on a variable; adjoints are computed only where it does
    """

    value: np.ndarray
    op: str = "constant"
    operands: tuple[Node, ...] = ()
    pulls: tuple[Pull, ...] = ()
    name: str = ""
    varies: bool = False

    __array_ufunc__ = None  # so that array + node asks the node

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return np.shape(self.value)

    def __repr__(self) -> str:
        return f"Node({self.name or self.op}, shape {self.shape})"

    def __add__(self, other: Any) -> Node:
        x, y = self, _node(other)
        return _record("+", x.value + y.value, (x, lambda g: g), (y, lambda g: g))

    def __sub__(self, other: Any) -> Node:
        x, y = self, _node(other)
        return _record("−", x.value - y.value, (x, lambda g: g), (y, lambda g: -g))

    def __mul__(self, other: Any) -> Node:
        x, y = self, _node(other)
        return _record("×", x.value * y.value,
                       (x, lambda g: g * y.value), (y, lambda g: g * x.value))

    def __truediv__(self, other: Any) -> Node:
        x, y = self, _node(other)
        f = x.value / y.value
        return _record("/", f, (x, lambda g: g / y.value), (y, lambda g: -g * f / y.value))

    def __matmul__(self, other: Any) -> Node:
        x, y = self, _node(other)
        require(min(len(x.shape), len(y.shape)) >= 2, "@", "two matrices", f"shapes {x.shape} and {y.shape}")
        return _record("@", _product(x.value, y.value),
                       (x, lambda g: g @ y.value.mT), (y, lambda g: x.value.mT @ g))

    def __pow__(self, n: float) -> Node:
        require(isinstance(n, (int, float)), "exponent", "a plain number", n)
        return _record(f"^{n:g}", self.value**n, (self, lambda g: g * n * self.value ** (n - 1)))

    def exp(self) -> Node:
        """Return eˣ, entry by entry."""
        f = np.exp(self.value)
        return _record("exp", f, (self, lambda g: g * f))

    def log(self) -> Node:
        """Return log x, entry by entry."""
        return _record("log", np.log(self.value), (self, lambda g: g / self.value))

    def tanh(self) -> Node:
        """Return tanh x, entry by entry."""
        f = np.tanh(self.value)
        return _record("tanh", f, (self, lambda g: g * (1 - f * f)))

    def relu(self) -> Node:
        """Return max(x, 0), entry by entry, with slope 0 at 0."""
        return _record("relu", np.maximum(self.value, 0), (self, lambda g: g * (self.value.real > 0)))

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Node:
        """Return the sum over all entries, or along `axis`."""
        kept = self.value.sum(axis=axis, keepdims=True)
        return _record("sum", kept if keepdims else kept.squeeze(axis),
                       (self, lambda g: np.broadcast_to(g.reshape(kept.shape), self.shape)))

    def reshape(self, *shape: int) -> Node:
        """Return the entries in another shape."""
        return _record("reshape", self.value.reshape(*shape), (self, lambda g: g.reshape(self.shape)))

    def __getitem__(self, index: Any) -> Node:
        def pull(g: np.ndarray) -> np.ndarray:
            back = np.zeros(self.shape, g.dtype)
            np.add.at(back, index, g)  # an entry that was taken twice gets both shares
            return back

        return _record("[ ]", self.value[index], (self, pull))

    def __neg__(self) -> Node:
        return self * -1

    def __radd__(self, other: Any) -> Node:
        return _node(other) + self

    def __rsub__(self, other: Any) -> Node:
        return _node(other) - self

    def __rmul__(self, other: Any) -> Node:
        return _node(other) * self

    def __rtruediv__(self, other: Any) -> Node:
        return _node(other) / self

    def __rmatmul__(self, other: Any) -> Node:
        return _node(other) @ self


def variable(value: Any, name: str = "") -> Node:
    """Return a leaf to differentiate by, with a copy of `value`: what becomes of the array does not reach the graph.

    Integers become float64. Plain arrays in an expression, which may be whole batches of data, are not copied:
    leave them as they are until the gradients are taken.
    """
    return Node(_read_only(as_floats(np.array(value))), "variable", name=name, varies=True)


def _node(value: Any) -> Node:
    """Return a node as it is, and anything else as a constant; a plain number does not widen float32."""
    if isinstance(value, Node):
        return value
    return Node(value if isinstance(value, (int, float)) else _read_only(as_floats(value).view()))


def _read_only(value: Any) -> np.ndarray:
    value = np.asarray(value)
    value.flags.writeable = False
    return value


def _record(op: str, value: Any, *operands: tuple[Node, Pull]) -> Node:
    """Return the node of a value that was computed from operands; each comes with its pull."""
    nodes, pulls = zip(*operands)
    return Node(_read_only(value), op, nodes, pulls, varies=any([x.varies for x in nodes]))


def _summed_to(shape: tuple[int, ...], g: np.ndarray) -> np.ndarray:
    """Undo broadcasting: an entry that was repeated gets the sum of the adjoints of its copies."""
    if g.shape == shape:
        return g
    in_front = tuple(range(g.ndim - len(shape)))  # axes that broadcasting added
    g = g.sum(axis=in_front)
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 != g.shape[i])
    return g.sum(axis=repeated, keepdims=True)


def topological(output: Node, constants: bool = True) -> list[Node]:
    """Return the nodes that `output` depends on, itself last, each after its operands; without recursion."""
    order, entered, stack = [], set(), [output]
    while stack:
        node = stack.pop()
        if node is None:  # all operands of the node below are placed
            order.append(stack.pop())
        elif node not in entered:
            entered.add(node)
            stack += (node, None)
            stack += [x for x in reversed(node.operands)
                      if x not in entered and (constants or x.varies)]
    return order


def _backward(output: Node, seed: Any = None) -> Iterator[tuple[Node, np.ndarray]]:
    """Yield every node that varies with its adjoint, from the output back to the leaves.

    In this order all results that use a node come before it: its adjoint is complete when it is handed on.
    """
    adjoints = {output: _seed(output, seed)}
    for node in reversed(topological(output, constants=False)):
        adjoint = adjoints.pop(node)
        yield node, adjoint
        for x, pull in zip(node.operands, node.pulls):
            if x.varies:
                share = _summed_to(x.shape, pull(adjoint))
                adjoints[x] = adjoints[x] + share if x in adjoints else share


def _seed(output: Node, seed: Any) -> np.ndarray:
    """Return ∂C/∂output, which is 1 where the output is C itself."""
    require(isinstance(output, Node), "output", "a node", type(output).__name__)
    if seed is None:
        require(np.size(output.value) == 1, "output", "a single number, or a seed", f"shape {output.shape}")
        return np.ones_like(output.value)
    require(np.shape(seed) == output.shape, "seed", f"the shape {output.shape} of the output", np.shape(seed))
    return np.asarray(seed)


def gradients(output: Node, variables: Sequence[Node], seed: Any = None) -> list[np.ndarray]:
    """Return ∂output/∂x for every x: one walk backwards, however many there are.

    Parameters
    ----------
    output : a node with a single number, C
    variables : nodes of the graph, not only leaves; one that C does not depend on has gradient 0
    seed : ∂C/∂output, if C is computed from the output elsewhere; then the output may have any shape

    Returns
    -------
    list of arrays, each with the shape of its variable; read-only, since two of them may be one

    Raises
    ------
    ValueError
        If the output is not a single number and no seed is given, or the seed has another shape.
    """
    wanted = set(variables)
    found = {node: adjoint for node, adjoint in _backward(output, seed) if node in wanted}
    return [_read_only(found[x].view() if x in found else np.zeros_like(x.value)) for x in variables]


def adjoints(output: Node, seed: Any = None) -> dict[Node, np.ndarray]:
    """Return the adjoint ∂C/∂v of every node v that varies, in the order in which the walk completes them."""
    return dict(_backward(output, seed))


class GraphSize(NamedTuple):
    """How large a graph is.

    Attributes
    ----------
    nodes : all of them, constants included
    varying : those that depend on a variable
    edges : operands, counted at every result that uses them
    bytes : of all values
    visits : how many nodes are entered by walking every route from the output to a leaf: on a graph without
        a value that is used twice as many as nodes, else up to exponentially more
    """

    nodes: int
    varying: int
    edges: int
    bytes: int
    visits: int


def graph_size(output: Node) -> GraphSize:
    """Count the nodes, the edges, the memory and the routes of the graph below `output`."""
    order = topological(output)
    routes = dict.fromkeys(order, 0) | {output: 1}
    for node in reversed(order):
        for x in node.operands:
            routes[x] += routes[node]
    return GraphSize(len(order), sum(x.varies for x in order), sum(len(x.operands) for x in order),
                     sum(np.asarray(x.value).nbytes for x in order), sum(routes.values()))
