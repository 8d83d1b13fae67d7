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
from matplotlib.figure import Figure

from lecture_code.plotting import STYLE, image_bytes, svg_text
from lecture_code.validation import require

Draw = Callable[..., None]


class Explorer(ipw.VBox):
    """What `explore` returns: sliders above, the picture below. Its text form is the caption."""

    def __init__(self, children: Sequence[ipw.Widget], caption: str):
        self._caption = caption
        super().__init__(children)

    def __repr__(self) -> str:
        return f"Explorer: {self._caption}"


def picture(draw: Draw, figsize: tuple[float, float], alt: str, kind: str = "svg", **values: Any) -> str:
    """Return one picture as an HTML image: `draw(figure, **values)` on a fresh figure of the book's style."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=figsize)
        draw(figure, **values)
        if kind == "svg":
            source = "data:image/svg+xml," + quote(svg_text(figure), safe=" <>/=:;,.'()-+*?!|[]{}@$~^")
        else:
            data = image_bytes(figure, kind, dpi=130, colours=64)
            source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return (f'<img class="explorer-picture" alt="{html.escape(alt, quote=True)}" width="{figsize[0] * 100:.0f}" '
            f'style="max-width:100%;height:auto" src="{source}">')


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def explore(
    draw: Draw,
    *,
    caption: str,
    alt: str | Callable[..., str],
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
    play: str | None = None,
    figsize: tuple[float, float] = (6.4, 3.4),
    kind: str = "svg",
    **grid: Sequence[Any],
) -> Explorer:
    """Return sliders over `grid` and the picture that `draw` makes for the chosen values.

    Parameters
    ----------
    draw : called as ``draw(figure, **values)``; draws on an empty matplotlib figure, returns nothing
    caption : one sentence: what the picture shows
    alt : text for readers who cannot see it; a format string or function of the values
    labels : parameter ↦ text beside its slider; the parameter's name where missing
    start : parameter ↦ first value shown; the first of the grid where missing
    play : the parameter that an additional play button runs through
    figsize : width and height in inches; an inch is 100 pixels of the page
    kind : "svg" for lines and text, which compress well; "webp" or "png" where thousands of marks are drawn
    **grid : parameter ↦ the values of its slider, one to three parameters

    Raises
    ------
    ValueError
        If the grid is empty or a start value is not on it.
    """
    require(kind in ("svg", "webp", "png"), "kind", "'svg', 'webp' or 'png'", repr(kind))
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
        return picture(draw, figsize, describe(values), kind, **values)

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
