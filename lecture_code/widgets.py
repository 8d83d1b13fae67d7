"""Pictures as functions of parameters, alive with and without a kernel.

`explore` draws the picture once for every combination of the given values and links sliders to the
pictures inside the reader's browser, so that the same cell moves in the static page, in JupyterLab and
in the browser's own Jupyter. Where a kernel listens, a reader can also type values outside the grid.
"""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any
from urllib.parse import quote

import ipywidgets as ipw
import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lecture_code.plotting import STYLE, image_bytes, svg_text
from lecture_code.validation import require

Draw = Callable[..., Sequence[Line2D] | None]

WALK_SECONDS = 6  # how long a walk takes from its first point to its last


class Explorer(ipw.VBox):
    """What `explore` returns: sliders above, the picture below. Its text form is the caption."""

    def __init__(self, children: Sequence[ipw.Widget], caption: str):
        self._caption = caption
        super().__init__(children)

    def __repr__(self) -> str:
        return f"Explorer: {self._caption}"


def picture(
    draw: Draw, figsize: tuple[float, float], alt: str, kind: str = "svg", walk: str | None = None,
    density: float = 1.3, **values: Any,
) -> str:
    """Return one picture as HTML: `draw(figure, **values)` on a fresh figure of the book's style.

    It is an image; or, where `walk` names a slider, an image and over it the lines that `draw` returned, which grow.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=figsize)
        drawn = draw(figure, **values)
        lines = _taken_out(figure, drawn) if walk is not None else []
        if kind == "svg":
            source = "data:image/svg+xml," + quote(svg_text(figure), safe=" <>/=:;,.'()-+*?!|[]{}@$~^")
        else:
            data = image_bytes(figure, kind, dpi=round(100 * density), colours=64)
            source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    width, height = (f"{inches * 100:.0f}" for inches in figsize)
    size = f'width="{width}" style="max-width:100%;height:auto"'
    if walk is None:
        return f'<img class="explorer-picture" alt="{html.escape(alt)}" {size} src="{source}">'
    return (
        f'<div class="explorer-walk"><svg class="explorer-picture" role="img" aria-label="{html.escape(alt)}" {size} '
        f'viewBox="0 0 {width} {height}"><image href="{source}" width="{width}" height="{height}" '
        f'onload="{html.escape(WALK, quote=False)}"/>{"".join(map(_walking, lines))}</svg>{_steps(walk, lines)}</div>')


# ---------------------------------------------------------------- lines that grow

# Runs in the reader's browser when a picture has arrived, and needs nothing but that picture. Where it does not
# run, or the reader wants no motion, the lines are whole. The step, and whether it plays, outlives a change of the
# picture: both are kept by the widget around it.
WALK = " ".join("""
const box = this.closest('.explorer-walk'), home = box.closest('.widget-vbox') ?? box,
    controls = box.querySelector('.explorer-steps'),
    [button, slider, shown] = ['button', 'input', 'b'].map((part) => controls.querySelector(part)),
    walks = [...box.querySelectorAll('.explorer-line')].map((line) => {
        const steps = line.getAttribute('d').slice(1).split(' '), places = [];
        let x = 0, y = 0;
        for (const step of steps) { const [dx, dy] = step.split(','); places.push([x += +dx, y += +dy]); }
        return { line, steps, places, dots: line.nextElementSibling, tip: line.parentNode.lastElementChild };
    }),
    last = Math.max(...walks.map(({ places }) => places.length)) - 1;
let frame = 0;
const show = (k) => {
    for (const { line, steps, places, dots, tip } of walks) {
        const seen = places.slice(0, k + 1), [x, y] = seen.at(-1);
        line.setAttribute('d', 'm' + steps.slice(0, k + 1).join(' '));
        dots.setAttribute('d', seen.filter((_, i) => i % dots.dataset.every === 0).map((p) => `M${p}h0`).join(''));
        tip.setAttribute('cx', x);
        tip.setAttribute('cy', y);
    }
    slider.value = shown.textContent = k;
};
const go = (k) => { show(k); home.dataset.step = k < last ? k : 'last'; };
const stop = () => { cancelAnimationFrame(frame); frame = 0; button.textContent = 'Play'; delete home.dataset.plays; };
const play = (first) => {
    const start = performance.now() - first * SECONDS * 1000 / last;
    const next = () => {
        if (!walks[0].line.isConnected) return;
        const k = Math.min(last, Math.floor((performance.now() - start) / (SECONDS * 1000) * last));
        go(k);
        if (k < last) frame = requestAnimationFrame(next); else stop();
    };
    button.textContent = 'Pause';
    home.dataset.plays = 'yes';
    next();
};
button.onclick = () => { if (frame) stop(); else play(+slider.value < last ? +slider.value : 0); };
slider.oninput = () => { stop(); go(+slider.value); };
slider.max = last;
controls.querySelectorAll('.explorer-last').forEach((end) => { end.textContent = last; });
if (controls.style.display) controls.style.display = 'flex';
const kept = home.dataset.step;
show(kept >= 0 ? Math.min(last, kept) : last);
if (home.dataset.plays) play(+slider.value);
else if (!kept && !matchMedia('(prefers-reduced-motion: reduce)').matches)
    new IntersectionObserver(([seen], observer) => {
        if (seen.isIntersecting) { observer.disconnect(); if (walks[0].line.isConnected) play(0); }
    }).observe(box);
""".replace("SECONDS", str(WALK_SECONDS)).split())


def _taken_out(figure: Figure, lines: Any) -> list[tuple[Line2D, np.ndarray]]:
    """Hide lines of a figure; return each with its points (n, 2) in pixels of the page, from the top left corner."""
    lines = list(lines or [])
    require(lines and all(isinstance(line, Line2D) for line in lines), "draw", "to return the lines that grow", lines)
    for line in lines:
        line.set_visible(False)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the layout is found, and stays
    middle, found = figure.bbox.size / 2, []
    for line in lines:
        with np.errstate(all="ignore"):
            points = line.get_transform().transform(np.asarray(line.get_xydata(), float)) - middle
        finite = np.isfinite(points).all(axis=1)
        points = points[: len(points) if finite.all() else finite.argmin()]  # a diverging line ends where it overflows
        require(len(points) > 1, "draw", "lines of at least two finite points", len(points))
        reach = np.hypot(*points.T)[:, None] / 1e5  # farther points come nearer: a browser computes in single precision
        found.append((line, points / np.maximum(reach, 1) * [1, -1] + middle))
    return found


def _walking(walk: tuple[Line2D, np.ndarray]) -> str:
    """Return a line as SVG: whole, with its dots and the moving point, cut off at the edge of its axes.

    The unit inside is a tenth of a pixel, and the line is written in steps from point to point, which is short.
    """
    line, points = walk
    x0, y0, x1, y1 = line.axes.bbox.extents
    x, y, width, height = (round(10 * v) for v in (x0, line.figure.bbox.height - y1, x1 - x0, y1 - y0))
    places = np.rint(10 * points).astype(int)
    steps = " ".join(f"{dx},{dy}" for dx, dy in np.diff(places, axis=0, prepend=0))
    every = 0 if line.get_marker() in (None, "None", "") else line.get_markevery() or 1
    dots = "".join(f"M{px},{py}h0" for px, py in places[::every]) if every else ""
    colour, thick = to_hex(line.get_color()), 1000 / 72  # line widths are in points
    # The style keeps the size against a page that sets the height of every svg.
    return (
        f'<svg x="{x / 10}" y="{y / 10}" width="{width / 10}" height="{height / 10}" '
        f'viewBox="{x} {y} {width} {height}" style="height:{height / 10}px!important;max-width:none" fill="none" '
        f'stroke="{colour}"><path class="explorer-line" d="m{steps}" '
        f'stroke-width="{line.get_linewidth() * thick:.0f}" stroke-linejoin="round"/><path data-every="{every}" '
        f'd="{dots}" stroke-width="{line.get_markersize() * thick:.0f}" stroke-linecap="round"/>'
        f'<circle cx="{places[-1, 0]}" cy="{places[-1, 1]}" r="50" fill="{colour}" stroke="#fff" stroke-width="15"/>'
        '</svg>')


def _steps(label: str, lines: Sequence[tuple[Line2D, np.ndarray]]) -> str:
    """Return the controls of a walk, which stay hidden where no script runs."""
    last = max(len(points) for _, points in lines) - 1
    return (
        '<div class="explorer-steps" style="display:none;align-items:center;gap:0.8em;flex-wrap:wrap"><button type="button" '
        'style="min-width:5em;min-height:2em">Play</button><label style="display:flex;align-items:center;gap:0.8em;'
        f'flex:1;max-width:420px">{html.escape(label)}<input type="range" min="0" max="{last}" value="{last}" '
        f'style="flex:1;min-width:0;height:2em"></label><b style="min-width:2.5em">{last}</b></div>')


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def explore(
    draw: Draw,
    grid: Mapping[str, Sequence[Any]],
    *,
    caption: str,
    alt: str | Callable[..., str],
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
    play: str | None = None,
    walk: str | None = None,
    figsize: tuple[float, float] = (6.4, 3.4),
    kind: str = "svg",
    density: float = 1.3,
) -> Explorer:
    """Return sliders over `grid` and the picture that `draw` makes for the chosen values.

    Parameters
    ----------
    draw : called as ``draw(figure, **values)``; draws on an empty matplotlib figure; what it returns counts for `walk`
    grid : parameter ↦ the values of its slider, one to three parameters
    caption : one sentence: what the picture shows
    alt : text for readers who cannot see it; a format string or function of the values
    labels : parameter ↦ text beside its slider; the parameter's name where missing
    start : parameter ↦ first value shown; the first of the grid where missing
    play : the parameter that an additional play button runs through
    walk : the label of an additional slider over the points of the lines that `draw` returns. These lines grow point
        by point, in six seconds, when they first come into sight and when the reader plays it, each with a moving
        dot at its end; a line with fewer points waits. For a reader who prefers no motion they are whole at first
    figsize : width and height in inches; an inch is 100 pixels of the page
    kind : "svg" for lines and text, which compress well; "webp" or "png" where thousands of marks are drawn
    density : pixels of such a bitmap for one pixel of the page; 2 is sharp on a phone, and weighs half as much again

    Raises
    ------
    ValueError
        If the grid is empty or a start value is not on it, or `draw` returns no lines to walk along.
    """
    require(kind in ("svg", "webp", "png"), "kind", "'svg', 'webp' or 'png'", repr(kind))
    require(density > 0, "density", "a positive number", density)
    require(isinstance(grid, Mapping), "grid", "a dictionary, parameter ↦ values", grid)
    require(1 <= len(grid) <= 3, "grid", "one to three parameters", list(grid))
    start, labels = dict(start or {}), dict(labels or {})
    for name, given in (("start", start), ("labels", labels)):
        require(given.keys() <= grid.keys(), name, f"some of {list(grid)}", list(given))
    for name, values in grid.items():
        require(len(values) > 0, name, "at least one value", values)
        require(start.setdefault(name, values[0]) in values, f"start[{name!r}]", f"one of {list(values)}", start[name])

    def describe(values: Mapping[str, Any]) -> str:
        return alt(**values) if callable(alt) else alt.format(**values)

    def image(values: Mapping[str, Any]) -> str:
        return picture(draw, figsize, describe(values), kind, walk, density, **values)

    sliders = {
        name: ipw.SelectionSlider(
            options=[(_number(v), i) for i, v in enumerate(values)],
            index=list(values).index(start[name]),
            description=labels.get(name, name),
            style={"description_width": "initial"},
            layout={"width": "100%", "max_width": "420px"},
        )
        for name, values in grid.items()
    }

    def stack(chosen: dict[str, Any]) -> ipw.Widget:
        """Nest one Stack a parameter; the innermost children are the pictures."""
        if len(chosen) == len(grid):
            return ipw.HTML(image(chosen))
        name = list(grid)[len(chosen)]
        children = [stack({**chosen, name: value}) for value in grid[name]]
        layer = ipw.Stack(children, selected_index=sliders[name].index)
        ipw.jslink((sliders[name], "index"), (layer, "selected_index"))
        return layer

    controls: list[ipw.Widget] = list(sliders.values())
    if play is not None:
        require(play in grid, "play", f"one of {list(grid)}", play)
        button = ipw.Play(min=0, max=len(grid[play]) - 1, value=sliders[play].index, interval=700)
        ipw.jslink((button, "value"), (sliders[play], "index"))
        controls.insert(0, button)
    pictures = stack({})
    note = ipw.HTML(f'<p class="explorer-caption">{html.escape(caption)}</p>')
    live = [] if os.environ.get("LECTURE_CODE_STATIC") else [_typed_values(grid, start, labels, image)]
    return Explorer([*controls, pictures, note, *live], caption)


def _typed_values(
    grid: Mapping[str, Sequence[Any]], start: Mapping[str, Any], labels: Mapping[str, str],
    image: Callable[[Mapping[str, Any]], str],
) -> ipw.Widget:
    """Return boxes for numbers outside the grid and the picture for them: needs a kernel."""
    boxes = {name: _box(labels.get(name, name), values, start[name]) for name, values in grid.items()}
    button, shown = ipw.Button(description="Draw these values"), ipw.HTML()

    def redraw(_: ipw.Button) -> None:
        try:
            shown.value = image({name: box.value for name, box in boxes.items()})
        except Exception as error:  # a reader's value may be out of range: say so where they look
            shown.value = f"<p>{html.escape(str(error))}</p>"

    button.on_click(redraw)
    return ipw.VBox([ipw.HBox([*boxes.values(), button], layout={"flex_flow": "row wrap"}), shown])


def _box(label: str, values: Sequence[Any], first: Any) -> ipw.Widget:
    """Return a box to type a number into, or a list to choose from where the values are no numbers."""
    layout, style = {"width": "220px"}, {"description_width": "initial"}
    if isinstance(first, Real):
        kind = ipw.IntText if isinstance(first, Integral) else ipw.FloatText
        return kind(value=first, description=label, style=style, layout=layout)
    return ipw.Dropdown(options=list(values), value=first, description=label, style=style, layout=layout)
