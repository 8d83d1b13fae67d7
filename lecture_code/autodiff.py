"""Reverse-mode differentiation of NumPy expressions, in about a hundred lines.

``x = variable(2.0)`` starts a graph, ``f = (x + y) * z`` records it while it computes, and
``gradients(f, [x, y, z])`` walks it backwards once. A node never changes: adjoints live in a dictionary
during the walk and are popped as soon as they have been handed on to the operands.

Book: ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_code.numerics import _product
from lecture_code.validation import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pull = Callable[[np.ndarray], np.ndarray]  # adjoint of the result ↦ this operand's share of its own adjoint


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """A value and how it came about. Nodes combine by + − * / ** @ and indexing, also with plain arrays.

    Attributes
    ----------
    value : array of floating-point numbers (a constant may be a plain number)
    op : what computed it; "variable" or "constant" for a leaf
    operands : the nodes that it was computed from
    pulls : one function an operand: ∂C/∂value ↦ this operand's share of ∂C/∂operand
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
        y = _node(other)
        return _entrywise("+", self.value + y.value, self, y, lambda g: g, lambda g: g)

    def __sub__(self, other: Any) -> Node:
        y = _node(other)
        return _entrywise("−", self.value - y.value, self, y, lambda g: g, lambda g: -g)

    def __mul__(self, other: Any) -> Node:
        y = _node(other)
        return _entrywise("×", self.value * y.value, self, y, lambda g: g * y.value, lambda g: g * self.value)

    def __truediv__(self, other: Any) -> Node:
        y = _node(other)
        quotient = self.value / y.value
        return _entrywise("/", quotient, self, y, lambda g: g / y.value, lambda g: -g * quotient / y.value)

    def __matmul__(self, other: Any) -> Node:
        x, y = self, _node(other)
        require(min(len(x.shape), len(y.shape)) >= 2, "@", "two matrices", f"shapes {x.shape} and {y.shape}")
        return _record("@", _product(x.value, y.value), (x, y), (
            lambda g: _summed_to(x.shape, g @ y.value.mT), lambda g: _summed_to(y.shape, x.value.mT @ g)))

    def __pow__(self, n: float) -> Node:
        require(isinstance(n, (int, float)), "exponent", "a plain number", n)
        return _record(f"^{n:g}", self.value**n, (self,), (lambda g: g * n * self.value ** (n - 1),))

    def __getitem__(self, index: Any) -> Node:
        def pull(g: np.ndarray) -> np.ndarray:
            back = np.zeros(self.shape, g.dtype)
            np.add.at(back, index, g)  # an entry that was taken twice gets both shares
            return back

        return _record("[ ]", self.value[index], (self,), (pull,))

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Node:
        """Return the sum over all entries, or along `axis`."""
        value = self.value.sum(axis=axis, keepdims=True)
        kept = value.shape
        return _record("sum", value if keepdims else value.squeeze(axis), (self,), (
            lambda g: np.full(self.shape, g.reshape(kept)),))

    def reshape(self, *shape: int) -> Node:
        """Return the entries in another shape."""
        return _record("reshape", self.value.reshape(*shape), (self,), (lambda g: g.reshape(self.shape),))

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
    """Return a leaf of the graph by which one can differentiate; integers become float64."""
    return Node(_floating(value), "variable", name=name, varies=True)


def _floating(value: Any) -> np.ndarray:
    value = np.asarray(value)
    return value if value.dtype.kind in "fc" else value.astype(np.float64)


def _node(value: Any) -> Node:
    """Return a node as it is, and anything else as a constant; a plain number does not widen float32."""
    return value if isinstance(value, Node) else Node(value if isinstance(value, (int, float)) else _floating(value))


def _record(op: str, value: Any, operands: tuple[Node, ...], pulls: tuple[Pull, ...]) -> Node:
    return Node(np.asarray(value), op, operands, pulls, "", True in [x.varies for x in operands])


def _entrywise(op: str, value: Any, x: Node, y: Node, left: Pull, right: Pull) -> Node:
    return _record(op, value, (x, y), (
        lambda g: _summed_to(x.shape, left(g)), lambda g: _summed_to(y.shape, right(g))))


def _summed_to(shape: tuple[int, ...], g: np.ndarray) -> np.ndarray:
    """Undo broadcasting: an entry that was repeated gets the sum of the adjoints of its copies."""
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 != g.shape[i]), keepdims=True)


def exp(x: Any) -> Node:
    """Return eˣ, entry by entry."""
    x = _node(x)
    value = np.exp(x.value)
    return _record("exp", value, (x,), (lambda g: g * value,))


def log(x: Any) -> Node:
    """Return log x, entry by entry."""
    x = _node(x)
    return _record("log", np.log(x.value), (x,), (lambda g: g / x.value,))


def tanh(x: Any) -> Node:
    """Return tanh x, entry by entry."""
    x = _node(x)
    value = np.tanh(x.value)
    return _record("tanh", value, (x,), (lambda g: g * (1 - value * value),))


def relu(x: Any) -> Node:
    """Return max(x, 0), entry by entry, with slope 0 at 0."""
    x = _node(x)
    return _record("relu", np.maximum(x.value, 0), (x,), (lambda g: g * (x.value.real > 0),))


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
            stack += [x for x in reversed(node.operands) if x not in entered and (constants or x.varies)]
    return order


def _backward(output: Node, seed: Any, done: Callable[[Node, np.ndarray], None]) -> None:
    """Hand every adjoint to `done` once it is complete, from the output back to the leaves."""
    require(isinstance(output, Node), "output", "a node", type(output).__name__)
    if seed is None:
        require(output.value.size == 1, "output", "a single number, or a seed", f"shape {output.shape}")
    seed = np.ones_like(output.value) if seed is None else np.asarray(seed)
    require(seed.shape == output.shape, "seed", f"the shape {output.shape} of the output", seed.shape)
    adjoints = {output: seed}
    for node in reversed(topological(output, constants=False)):
        adjoint = adjoints.pop(node)
        done(node, adjoint)
        for operand, pull in zip(node.operands, node.pulls):
            if operand.varies:
                share = pull(adjoint)
                adjoints[operand] = adjoints[operand] + share if operand in adjoints else share


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
    wanted, found = set(variables), {}

    def keep(node: Node, adjoint: np.ndarray) -> None:
        if node in wanted:
            found[node] = adjoint

    _backward(output, seed, keep)
    return [_read_only(found[x]) if x in found else np.zeros_like(x.value) for x in variables]


def _read_only(g: np.ndarray) -> np.ndarray:
    g = np.asarray(g).view()  # two nodes may share one adjoint: it must not be changed through either
    g.flags.writeable = False
    return g


def adjoints(output: Node, seed: Any = None) -> dict[Node, np.ndarray]:
    """Return the adjoint ∂C/∂v of every node v that varies, in the order in which the walk completes them."""
    record: dict[Node, np.ndarray] = {}
    _backward(output, seed, record.__setitem__)
    return record


def draw_graph(output: Node, ax: Axes | None = None, values: int | None = None, known: int | None = None) -> Axes:
    """Draw the graph from left to right: in each node what it is, above it its value, below it its adjoint.

    Parameters
    ----------
    output : a node with a single number
    ax : where to draw; a new figure if None
    values : show the values of the first so many nodes in topological order; None for all
    known : show the first so many adjoints, in the order in which the walk completes them; None for all
    """
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1] if ax is None else ax
    order, found = topological(output), adjoints(output)
    order_found = list(found)[:known]
    place = _places(order)
    for node in order:
        for operand in node.operands:
            ax.annotate("", place[node], place[operand], zorder=1,
                        arrowprops={"arrowstyle": "->", "color": "0.6", "shrinkA": 14, "shrinkB": 14})
    for i, node in enumerate(order):
        x, y = place[node]
        label = node.name or {"variable": "v", "constant": "c"}.get(node.op, node.op)
        ax.text(x, y, label, ha="center", va="center", zorder=3,
                bbox={"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "0.3" if node.varies else "0.75"})
        if values is None or i < values:
            ax.annotate(_brief(node.value), (x, y), (0, 14), textcoords="offset points", ha="center", color="#0072B2")
        if node in order_found:
            ax.annotate(_brief(found[node]), (x, y), (0, -22), textcoords="offset points", ha="center", color="#D55E00")
    ax.margins(0.12, 0.25)
    ax.plot(*np.array(list(place.values())).T, linestyle="none")  # annotations do not widen the axes
    ax.set_axis_off()
    return ax


def _places(order: list[Node]) -> dict[Node, tuple[float, float]]:
    """Return (x, y) for each node: x is the longest way from a leaf, moved right for leaves used late."""
    depth: dict[Node, int] = {}
    for node in order:
        depth[node] = max((depth[operand] + 1 for operand in node.operands), default=0)
    for node in reversed(order):
        for operand in node.operands:
            if not operand.operands:
                users = [depth[user] for user in order if operand in user.operands]
                depth[operand] = min(users) - 1
    columns: dict[int, list[Node]] = {}
    for node in order:
        columns.setdefault(depth[node], []).append(node)
    return {node: (x, (len(column) - 1) / 2 - row + 0.15 * (x % 2)) for x, column in columns.items()
            for row, node in enumerate(column)}


def _brief(value: Any) -> str:
    value = np.asarray(value)
    return f"{value.item():.4g}" if value.size == 1 else "×".join(map(str, value.shape))
