"""Runs the cells of pages inside the worker: one namespace a page, and what a cell puts out as messages to the page.

An output is a dictionary: its `kind` is text, picture, markup, code, widget, or error. worker.js sends it to the page.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.machinery
import json
import linecache
import logging
import symtable
import sys
import traceback
import types
from pathlib import Path
from typing import Any

import js
from pyodide.code import CodeRunner
from pyodide.ffi import can_run_sync, run_sync, to_js

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)    # fonts that are left out of the runtime

import matplotlib as mpl  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import tqdm  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

tqdm.tqdm.monitor_interval = 0                  # the thread that would watch it cannot start here

PAGES = 4                                       # whose names are kept: pages that the reader comes back to
HEAVY = 400_000                                 # characters: a larger picture of lines is sent as pixels
LATER = ("scipy", "sympy", "pygments")          # packages that are fetched when something imports them


def put(kind: str, **content: Any) -> None:
    js.put(to_js({"kind": kind, **content}, dict_converter=js.Object.fromEntries))


# ---- pages

class Page:
    """What the cells of one load of a page share."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "display": display}
        self.explorers: dict[str, Explorer] = {}
        self.ran = 0


pages: dict[str, Page] = {}
page: Page


def use(tab: str) -> None:
    """Work for this page from now on; a new one finds Python as if it had just started, with its modules loaded."""
    global page
    if tab not in pages:
        while len(pages) >= PAGES:
            del pages[next(iter(pages))]
        pages[tab] = Page()
        plt.close("all")
        mpl.rcdefaults()
        plt.switch_backend("agg")
    page = pages[tab]


def forget(tab: str) -> None:
    pages.pop(tab, None)


# ---- packages

class Later:
    """Fetches SciPy when a function of the library imports it; Python waits, where the browser can do that."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name in LATER and can_run_sync():
            run_sync(js.fetchPackage(name))
            importlib.invalidate_caches()
            return importlib.machinery.PathFinder.find_spec(name)
        return None


sys.meta_path.append(Later)                     # the last one: it is asked for what nobody else has found


def packages(source: str) -> Any:
    """Return which packages a cell needs; where Python cannot wait for one later, those of the modules it imports, too."""
    found: dict[str, None] = {}
    seen = set()

    def look(text: str, deep: bool) -> None:
        try:
            tree = ast.parse(text)
        except SyntaxError:                     # the run will say so
            return
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                top = name.partition(".")[0]
                if top in LATER and top not in sys.modules:
                    found[top] = None
                elif deep and top in ("lecture_code", "lecture_tasks") and name not in seen:
                    seen.add(name)
                    look(_source(name), deep)

    look(source, deep=not can_run_sync())
    return to_js(list(found))


def keep_data(name: str, data: Any) -> None:
    """Put a data file of the library where it looks first: in a page from disk it can fetch none."""
    Path(lecture_code.__file__).with_name("data").joinpath(name).write_bytes(data.to_bytes())


def _source(module: str) -> str:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:                 # a name in a module
        return ""
    if spec is None or not (spec.origin or "").endswith(".py"):
        return ""
    with open(spec.origin, encoding="utf-8") as file:
        return file.read()


# ---- what a cell shows

def display(*objects: Any) -> None:
    for thing in objects:
        _show(thing)


def _show(thing: Any) -> None:
    """Show an object as a notebook would: by the richest form that it has."""
    if isinstance(thing, Shown):
        return
    if isinstance(thing, Figure):
        _picture(thing)
        plt.close(thing)
    elif hasattr(thing, "_repr_html_") and (markup := thing._repr_html_()):
        put("markup", markup=markup)
    elif hasattr(thing, "_repr_markdown_"):
        _markdown(thing._repr_markdown_())
    else:
        put("text", stream="stdout", text=f"{thing!r}\n")


def _markdown(text: str) -> None:
    """Show a listing highlighted; other Markdown as it stands."""
    first, _, rest = text.partition("\n")
    if first != "```python" or not rest.endswith("```"):
        put("text", stream="stdout", text=f"{text}\n")
        return
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    put("code", markup=highlight(rest[:-3], PythonLexer(), HtmlFormatter()))


def _figures(*_: Any, **__: Any) -> None:
    """Show the open figures, as a notebook does at the end of a cell and at `plt.show()`."""
    for number in plt.get_fignums():
        _picture(plt.figure(number))
    plt.close("all")


def _picture(figure: Figure) -> None:
    from lecture_code.plotting import image_bytes, svg_text

    width, height = (round(100 * inches) for inches in figure.get_size_inches())
    drawn = svg_text(figure)
    if len(drawn) <= HEAVY:
        put("picture", type="image/svg+xml", data=drawn, width=width, height=height)
    else:
        put("picture", type="image/png", data=image_bytes(figure, "png", dpi=160), width=width, height=height)


plt.show = _figures


# ---- widgets: the same call as in a notebook, and each picture when it is asked for

class Shown:
    """What `explore` returns here: the page has it already."""

    def __init__(self, caption: str) -> None:
        self.caption = caption

    def __repr__(self) -> str:
        return f"Explorer: {self.caption}"


class Explorer:
    """A widget of the page: draws a picture for any values, quickly while a slider moves."""

    def __init__(self, draw: Any, grid: Any, alt: Any, figsize: tuple[float, float], kind: str, walk: str | None,
                 density: float) -> None:
        self.draw, self.grid, self.alt = draw, grid, alt
        self.figsize, self.kind, self.walk, self.density = figsize, kind, walk, density
        self.places: list[Any] = []             # where the axes were in the last whole picture

    def picture(self, values: dict[str, Any], moving: bool = False) -> str:
        """Return a picture as `lecture_code.widgets.picture` does; in motion without a new layout and a description."""
        figures = []

        def draw(figure: Figure, **values: Any) -> Any:
            figures.append(figure)
            drawn = self.draw(figure, **values)
            if moving and len(figure.axes) == len(self.places):
                figure.set_layout_engine("none")
                for axes, place in zip(figure.axes, self.places):
                    axes.set_position(place)
            return drawn

        text = "" if moving else self.alt(**values) if callable(self.alt) else self.alt.format(**values)
        drawn = lecture_code.widgets.picture(draw, self.figsize, text, self.kind, self.walk, self.density, **values)
        self.places = [axes.get_position() for axes in figures[0].axes]
        return drawn


def explore(
    draw: Any, grid: Any, *, caption: str, alt: Any, labels: Any = None, start: Any = None, play: str | None = None,
    walk: str | None = None, figsize: tuple[float, float] = (6.4, 3.4), kind: str = "svg", density: float = 1.3,
) -> Shown:
    """Stand for `lecture_code.widgets.explore`: the page shows the widget, and asks `draw` for its pictures."""
    first = {name: (start or {}).get(name, values[0]) for name, values in grid.items()}
    explorer = Explorer(draw, {name: list(values) for name, values in grid.items()}, alt, figsize, kind, walk, density)
    key = f"explorer-{len(page.explorers)}"
    page.explorers[key] = explorer
    put("widget", explorer=key, caption=caption, play=play, walk=walk, width=round(100 * figsize[0]), height=round(100 * figsize[1]),
        picture=explorer.picture(first),
        controls=[{"name": name, "label": (labels or {}).get(name, name), "chosen": list(values).index(first[name]),
                   "whole": all(isinstance(value, int) for value in values), "values": [_plain(value) for value in values], "texts": [_number(value) for value in values]}
                  for name, values in grid.items()])
    return Shown(caption)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Return a number between two of which a slider may stop, else None."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def draw(key: str, values: Any, moving: bool) -> Any:
    """Return the picture of a widget, or why there is none; a value is {"at": place on the grid} or {"value": number}."""
    explorer = page.explorers[key]
    chosen = {name: explorer.grid[name][int(value["at"])] if "at" in value else value["value"]
              for name, value in values.to_py().items()}
    try:
        found = {"picture": explorer.picture(chosen, moving)}
    except KeyError:                            # its results were computed before, for the ticks
        found = {"error": "There are results for the values at the ticks only."}
    except Exception as error:                  # a value between two ticks may be none that the function can draw
        found = {"error": str(error)}
    return to_js(found, dict_converter=js.Object.fromEntries)


# The library's widgets are those of Jupyter. Nothing of them is used here, only their names, at the top of the module.
front_end = types.ModuleType("ipywidgets")
front_end.__getattr__ = lambda name: type(name, (), {})  # type: ignore[method-assign]
sys.modules["ipywidgets"] = front_end
import lecture_code.widgets  # noqa: E402

lecture_code.widgets.explore = explore


# ---- running

async def run(source: str, name: str) -> bool:
    """Run a cell and show what it puts out; return whether it ended well."""
    linecache.cache[name] = len(source), None, source.splitlines(True), name
    builtins.display = display  # type: ignore[attr-defined]
    try:
        value = await CodeRunner(source, filename=name).compile().run_async(page.names)
        _figures()
        if value is not None:
            _show(value)
        return True
    except BaseException as error:
        plt.close("all")
        _flush()
        put("error", name=type(error).__name__, text=short(error, name), message=str(error))
        return False
    finally:
        _flush()


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def short(error: BaseException, cell: str) -> str:
    """Return a traceback without what no reader has written: the lines of cells, and the place where it happened."""
    if hasattr(error, "_render_traceback_"):
        return "\n".join(error._render_traceback_())
    if isinstance(error, KeyboardInterrupt):
        return "Stopped."
    if isinstance(error, SyntaxError):          # the line and the place in it come last, as for all others
        *place, what = "".join(traceback.format_exception_only(error)).rstrip().splitlines()
        file = "" if error.filename == cell else f"{error.filename}, "
        return "\n".join([what, *([f"{file}line {error.lineno}:", *place[1:]] if place else [])])
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, NotImplementedError) and not error.args and frames[-1].name != "<module>":
        return f"{frames[-1].name} is not yet done."
    mine = [frame for frame in frames if frame.filename.startswith("cell ")]
    if frames[-1] not in mine and frames[-1].line:      # what is byte code only has no lines to show
        mine.append(frames[-1])
    lines = [line.rstrip() for line in traceback.format_exception_only(error)]
    for frame in mine:
        place = f"line {frame.lineno}"
        if frame.filename != cell:
            file = "a cell above" if frame.filename.startswith("cell ") else frame.filename.rpartition("site-packages/")[2]
            place = f"{file}, {place}"
        inside = "" if frame.name == "<module>" else f", in {frame.name}"
        lines += [f"{place}{inside}:", f"    {frame.line}"]
    return "\n".join(lines)


async def call(function: str, values: str) -> str:
    """Call "module:name", or a name of the page, with plain values; return its value as JSON."""
    module, _, name = function.rpartition(":")
    found = getattr(importlib.import_module(module), name) if module else page.names[name]
    value = found(*json.loads(values))
    return json.dumps(await value if hasattr(value, "__await__") else value, default=_as_plain)


def _as_plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else repr(value)


# ---- exercises: a task shall not wait for what it does not use

def needed(sources: list[str], at: int) -> list[int]:
    """Return which of the cells above the cell `at` it needs: those that make what it names, and what these need in turn."""
    made, named = zip(*map(_names, sources))
    functions = set().union(*({name for name in names if f"def {name}(" in source} for source, names in zip(sources, made)))
    found: set[int] = set()
    waiting = [at]
    while waiting:
        cell = waiting.pop()
        wanted = named[cell] | (functions if "globals" in named[cell] else set())
        new = {above for above in range(at) if above not in found and made[above] & wanted}
        found |= new
        waiting += new
    return sorted(found)


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell makes, and those that it takes from elsewhere; none of a cell that cannot be read."""
    try:
        whole = symtable.symtable(source, "cell", "exec")
    except SyntaxError:                         # the run will say so
        return set(), set()
    made = {symbol.get_name() for symbol in whole.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    taken, tables = {symbol.get_name() for symbol in whole.get_symbols() if symbol.is_referenced()}, whole.get_children()
    for table in tables:                        # grows
        taken |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return made, taken - made
