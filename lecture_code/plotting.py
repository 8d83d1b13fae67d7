"""The look of the book's figures, and the pictures that chapters have in common."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from lecture_code.autodiff import Node, adjoints, topological

# Okabe and Ito's colours: told apart by every kind of colour vision. One colour, one meaning, a chapter.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
CLASS_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK, "#999999", "#8B4513")
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")

STYLE = {
    "figure.figsize": (6.4, 3.6),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "axes.prop_cycle": mpl.cycler(color=(BLUE, ORANGE, GREEN, RED, PURPLE, SKY)),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "image.cmap": "viridis",
    "svg.hashsalt": "lecture_code",
    "svg.fonttype": "none",
}


def use_book_style() -> None:
    """Set the book's matplotlib style, and small sharp pictures for the notebook."""
    mpl.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        formatter = get_ipython().display_formatter.formatters["image/png"]
    except (ImportError, AttributeError):  # outside a notebook there is nothing to set
        return
    import matplotlib_inline.backend_inline  # noqa: F401  sets its own formatter when first loaded, so load it before

    formatter.for_type(Figure, _inline_png)


def image_bytes(figure: Figure, kind: str, dpi: int, colours: int = 256) -> bytes:
    """Return the figure as "png" or "webp" with a palette: a quarter of the size, and no version stamp inside."""
    drawn, compact = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi)
    options = {"lossless": True, "method": 6} if kind == "webp" else {"optimize": True}
    Image.open(drawn).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(compact, kind, **options)
    return compact.getvalue()


def svg_text(figure: Figure) -> str:
    """Return the figure as SVG: text stays text, coordinates have a tenth of a point, and what no reader sees is cut."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg"):]

    def rounded(attribute: re.Match[str]) -> str:
        return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), attribute[0])

    svg = re.sub(r'\s(d|x|y|points)="[^"]*"', rounded, svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    svg = re.sub(r"'DejaVu Sans', .*?, sans-serif", "'DejaVu Sans', sans-serif", svg)
    return re.sub(r"\s+", " ", svg).replace("> <", "><")


def _inline_png(figure: Figure) -> tuple[str, dict[str, int]]:
    width, height = figure.get_size_inches() * 100
    png = base64.b64encode(image_bytes(figure, "png", dpi=160)).decode()  # as text: not every kernel encodes bytes
    return png, {"width": round(width), "height": round(height)}


def scatter_classes(ax: Axes, X: np.ndarray, Y: np.ndarray, names: Sequence[str] | None = None, size: float = 22) -> None:
    """Draw points (N, 2) in the colour and with the marker of their class; Y holds one-hot rows (N, K)."""
    for k in range(Y.shape[1]):
        chosen = Y.argmax(axis=1) == k
        ax.scatter(*X[chosen].T, s=size, color=CLASS_COLOURS[k], marker=CLASS_MARKERS[k],
                   edgecolor="white", linewidth=0.6, zorder=3, label=names[k] if names else None)


def classification_map(
    ax: Axes, score: Callable[[np.ndarray], np.ndarray], x1: tuple[float, float], x2: tuple[float, float],
    points: int = 120,
) -> None:
    """Shade the plane by the class with the largest score, and draw the border between two classes.

    Parameters
    ----------
    ax : where to draw
    score : function of columns (2, M) that returns (K, M)
    x1, x2 : the limits of the two axes
    points : grid points along each axis
    """
    u, v = np.linspace(*x1, points), np.linspace(*x2, points)
    grid = np.stack(np.meshgrid(u, v)).reshape(2, -1)
    scores = score(grid)
    classes = len(scores)
    tints = [np.array(to_rgb(CLASS_COLOURS[k])) * 0.22 + 0.78 for k in range(classes)]
    winner = scores.argmax(axis=0).reshape(points, points)
    half = np.array([x1[1] - x1[0], x2[1] - x2[0]]) / (points - 1) / 2  # a score stands for the pixel around it
    extent = (x1[0] - half[0], x1[1] + half[0], x2[0] - half[1], x2[1] + half[1])
    ax.imshow(np.array(tints)[winner], extent=extent, origin="lower", aspect="auto", interpolation="none")
    if classes == 2:
        margin = (scores[0] - scores[1]).reshape(points, points)
        if margin.min() < 0 < margin.max():
            ax.contour(u, v, margin, levels=[0], colors="0.25", linewidths=1)
    ax.set(xlim=x1, ylim=x2)
    ax.grid(False)


def contour_with_path(
    ax: Axes, f: Callable[[np.ndarray, np.ndarray], np.ndarray], path: np.ndarray,
    x1: tuple[float, float], x2: tuple[float, float], levels: int | Sequence[float] = 20, colour: str = RED,
    points: int = 80,
) -> Line2D:
    """Draw level lines of f(x₁, x₂) and a descent path (steps, 2) over them; its start is a ring.

    The level lines are found on a grid of points × points values. Returns the line of the path, which
    `lecture_code.widgets.explore` can let grow.
    """
    u, v = np.linspace(*x1, points), np.linspace(*x2, points)
    ax.contour(u, v, f(*np.meshgrid(u, v)), levels=levels, colors="0.75", linewidths=0.8)
    (line,) = ax.plot(*path.T, "-o", color=colour, markersize=3, linewidth=1.2, zorder=3)
    ax.plot(*path[0], "o", color=colour, markerfacecolor="white", markersize=8, zorder=4)
    ax.set(xlim=x1, ylim=x2)
    ax.grid(False)
    return line


def image_grid(axes: np.ndarray, images: np.ndarray, titles: Sequence[str] | None = None, signed: bool = False) -> None:
    """Show images (n, h, w) on n axes without ticks: ink on white, or signed weights, blue − and red +."""
    signed_map = LinearSegmentedColormap.from_list("signed", [BLUE, "white", RED])
    limit = np.abs(images).max()
    for i, (ax, image) in enumerate(zip(np.ravel(axes), images)):
        if signed:
            ax.imshow(image, cmap=signed_map, vmin=-limit, vmax=limit)
        else:
            ax.imshow(image, cmap="Greys")
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        ax.spines[:].set_visible(signed)
        if titles:
            ax.set_title(titles[i], fontsize="small", loc="center")


def network_diagram(
    ax: Axes, widths: Sequence[int], rows: Iterable[tuple[str, str, Mapping[int, Sequence[str]]]] = (),
    new: tuple[str, int] | None = None, edges: tuple[int, Sequence[Sequence[str]], float] | None = None,
    colour: str = GREEN,
) -> None:
    """Draw a small dense network from left to right: a box with numbers for each unit, lines between the layers.

    Parameters
    ----------
    ax : where to draw; layer ℓ stands at x = ℓ
    widths : the number of units of each layer, the input first
    rows : the lines of text in the boxes, at most four, from the top: name, colour, and layer ↦ a text for each unit;
        a layer that is not mentioned has no such line
    new : name and layer of what was found last: it is bold, and its layer is framed in `colour`
    edges : a layer ℓ, labels (n_ℓ, n_ℓ₋₁), and where the labels stand on their lines, 0 at the left and 1 at the right:
        the lines that lead to layer ℓ are then drawn in `colour`
    colour : of what is new or in use
    """
    rows = list(rows)
    heights = [(1.44 if n == 2 else 1.1) * ((n - 1) / 2 - np.arange(n)) for n in widths]
    ports = [np.linspace(0.29, -0.29, n) if n > 2 else np.linspace(0.2, -0.2, n) * (n > 1) for n in widths]
    tallest = max(height[0] for height in heights)
    ax.set(xlim=(-0.33, len(widths) - 0.67), ylim=(-tallest - 0.98, tallest + 0.56))
    ax.axis("off")
    for l, units in enumerate(heights):
        labels, place = edges[1:] if edges and edges[0] == l else (None, 0.5)
        for (j, v), (m, u) in product(enumerate(units), enumerate(heights[l - 1] if l else ())):
            ends = np.array([[l - 0.71, u + ports[l][j]], [l - 0.29, v + ports[l - 1][m]]])
            ax.plot(*ends.T, color=colour if labels else "0.8", lw=2 if labels else 1, zorder=1)
            if labels:
                ax.text(*ends[0] + (ends[1] - ends[0]) * place, labels[j][m], fontsize=11, ha="center", va="center",
                        color=colour, zorder=4, bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none"})
        framed = new is not None and new[1] == l
        for j, v in enumerate(units):
            ax.add_patch(FancyBboxPatch((l - 0.27, v - 0.46), 0.54, 0.92, boxstyle="round,pad=0.02", fc="white",
                                        ec=colour if framed else "0.5", lw=2.4 if framed else 1, zorder=2))
            for row, (name, ink, texts) in enumerate(rows):
                if l in texts:
                    style = {"y": v + 0.335 - 0.225 * row, "fontsize": 11, "va": "center", "color": ink, "zorder": 3,
                             "weight": "bold" if (name, l) == new else "normal"}
                    ax.text(l - 0.262, s=name, **style)
                    ax.text(l + 0.267, s=texts[l][j], ha="right", **style)
        ax.text(l, units[-1] - 0.51, f"layer {l}" if l else "input", fontsize=11, ha="center", va="top", color="0.35")


def draw_graph(output: Node, ax: Axes | None = None, values: int | None = None, known: int | None = None) -> Axes:
    """Draw the graph from left to right: in each node what it is, above it its value, below it its adjoint.

    Parameters
    ----------
    output : a node with a single number
    ax : where to draw; a new figure if None
    values : show the values of the first so many nodes in topological order; None for all
    known : show the first so many adjoints, in the order in which the walk completes them; None for all
    """
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1]
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
            ax.annotate(_brief(node.value), (x, y), (0, 14), textcoords="offset points", ha="center", color=BLUE)
        if node in order_found:
            ax.annotate(_brief(found[node]), (x, y), (0, -22), textcoords="offset points", ha="center", color=RED)
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
