"""The look of the book's figures, and the three pictures that several chapters draw."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image

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


def _inline_png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    width, height = figure.get_size_inches() * 100
    return image_bytes(figure, "png", dpi=160), {"width": round(width), "height": round(height)}


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
) -> None:
    """Draw level lines of f(x₁, x₂) and a descent path (steps, 2) over them; its start is a ring."""
    u, v = np.linspace(*x1, 80), np.linspace(*x2, 80)
    ax.contour(u, v, f(*np.meshgrid(u, v)), levels=levels, colors="0.75", linewidths=0.8)
    ax.plot(*path.T, "-o", color=colour, markersize=3, linewidth=1.2, zorder=3)
    ax.plot(*path[0], "o", color=colour, markerfacecolor="white", markersize=8, zorder=4)
    ax.set(xlim=x1, ylim=x2)
    ax.grid(False)


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
