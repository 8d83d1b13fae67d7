"""Widgets as the book's own design: each stored `explore` widget becomes a figure of plain HTML.

Its first picture is in the page, so it is there at once, without scripts and on paper, too. The others stand beside it
as text, which widgets.js reads when a reader moves a control. Numbers have a slider with ticks, words have buttons.

On a narrow screen the parts of a picture stack: a picture may be cut where nothing is drawn in any picture of its
widget. A part is never narrower than its smallest writing can be read, and scrolls where a screen is narrower.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
from docutils import nodes
from matplotlib.font_manager import findfont, get_font
from myst_nb.sphinx_ import NbMetadataCollector
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lecture_code.widgets import WALK  # noqa: E402

VIEW = '<script type="application/vnd.jupyter.widget-view+json">'
SVG = "{http://www.w3.org/2000/svg}"
LEGIBLE = 11     # pixels: the least size of writing
PHONE = 358      # pixels of text on a screen of 390
SILENCE = 4      # pixels between two labels of a slider
POINT = 100 / 72  # pixels of a picture: its inch has 100

AXES = re.compile(r'<path d="M ([\d.]+) [\d.]+ L ([\d.]+) [\d.]+ L [\d. ]+ L [\d. ]+ z " style="fill: #ffffff"/>')

Model = Mapping[str, Any]


# ---- what the notebook has stored -------------------------------------------------------------------

@dataclass(frozen=True)
class Control:
    label: str
    values: Sequence[str]
    chosen: int
    plays: bool


@dataclass(frozen=True)
class Picture:
    """One picture: its source, what it shows, and as SVG the lines that grow over it."""

    source: str
    alt: str
    lines: str = ""


@dataclass(frozen=True)
class Explorer:
    controls: Sequence[Control]
    pictures: Sequence[Picture]  # the last control's values change first
    width: int
    height: int
    caption: str
    walk: str | None             # the label of the slider over steps

    @property
    def chosen(self) -> int:
        place = 0
        for control in self.controls:
            place = place * len(control.values) + control.chosen
        return place


def explorer(models: Mapping[str, Model], root: str) -> Explorer:
    """Read a widget that `lecture_code.widgets.explore` made from the state of a notebook."""
    def named(reference: str) -> Model:
        model = models[reference.removeprefix("IPY_MODEL_")]
        return {"kind": model["model_name"].removesuffix("Model"), **model["state"]}

    def within(part: Model) -> Iterator[str]:
        if part["kind"] == "HTML":
            yield part["value"]
        for child in part.get("children", ()):
            yield from within(named(child))

    references = models[root]["state"]["children"]
    parts = [(reference, named(reference)) for reference in references]
    sliders = {reference: part for reference, part in parts if part["kind"] == "SelectionSlider"}
    links = [named(f"IPY_MODEL_{key}") for key, model in models.items() if model["model_name"] == "LinkModel"]
    players = {reference for reference, part in parts if part["kind"] == "Play"}
    played = {link["target"][0] for link in links if link["source"][0] in players}
    *_, (_, stack), (_, note) = parts
    if len(parts) != len(sliders) + len(players) + 2 or not sliders or note["kind"] != "HTML":
        raise ExtensionError("a widget in a page has to be one of lecture_code.widgets.explore")
    controls = [Control(slider["description"], slider["_options_labels"], slider.get("index", 0), reference in played)
                for reference, slider in sliders.items()]
    written = list(within(stack))
    assert len(written) == np.prod([len(control.values) for control in controls])
    size, walk = _drawn_size(written[0]), re.search(r'<label style="[^"]*">(.*?)<input', written[0])
    return Explorer(controls, [_picture(each) for each in written], *size,
                    re.sub(r"</?p\b[^>]*>", "", note["value"]), html.unescape(walk[1]) if walk else None)


def _drawn_size(markup: str) -> tuple[int, int]:
    """Width and height in pixels: as written, or as the picture itself has them."""
    if box := re.search(r'class="explorer-picture"[^>]* viewBox="0 0 (\d+) (\d+)"', markup):
        return int(box[1]), int(box[2])
    width = int(re.search(r'width="(\d+)"', markup)[1])
    source = _picture(markup).source
    if source.startswith("data:image/svg"):
        across, down = map(float, re.search(r'viewBox="0 0 (\S+) ([^"]+)"', unquote(source)).groups())
    else:
        across, down = _pixels(source).size
    return width, round(width * down / across)


def _picture(markup: str) -> Picture:
    alt = re.search(r'(?:alt|aria-label)="([^"]*)"', markup)[1]
    source = re.search(r'(?:src|href)="([^"]*)"', markup)[1]
    lines = re.search(r'<image href="[^"]*" [^>]*? onload="[^"]*"/>(.*)</svg><div', markup)
    return Picture(source, html.unescape(alt), lines[1] if lines else "")


def _pixels(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


# ---- where a picture may be cut, and how small it may be --------------------------------------------

@cache
def _width(text: str, size: float) -> float:
    font = get_font(findfont("DejaVu Sans"))
    font.set_size(size, 72)
    font.set_text(text)
    return font.get_width_height()[0] / 64


def _sizes(text: ElementTree.Element) -> list[float]:
    return [float(size) for part in text.iter() for size in re.findall(r"font(?:-size)?: ?(?:\w+ )?([\d.]+)px", part.get("style", ""))]


def _span_of_text(text: ElementTree.Element, turned: bool) -> tuple[float, float]:
    """Return where words begin and end. A formula is placed by its group, and its parts within."""
    size = max(_sizes(text), default=10)
    turned = turned or "rotate(-90" in text.get("transform", "") or "rotate(90" in text.get("transform", "")
    if turned:
        return float(text.get("x", 0)) - 0.8 * size, float(text.get("x", 0)) + size / 3
    if parts := [float(x) for part in text for x in (part.get("x") or "").split()]:
        return min(parts), max(parts) + 0.65 * size
    x, wide = float(text.get("x", 0)), _width("".join(text.itertext()), size)
    anchor = re.search(r"text-anchor: (\w+)", text.get("style", ""))
    x -= {"middle": wide / 2, "end": wide}.get(anchor[1] if anchor else "start", 0)
    return x, x + wide


def _ends(element: ElementTree.Element, turned: bool) -> tuple[float, float] | None:
    """Return the left and the right end of what an element draws by itself."""
    x = float(element.get("x", "0").split()[0])
    match element.tag.removeprefix(SVG):
        case "path":
            xs = [float(number) for number in re.findall(r"[-\d.]+", element.get("d", ""))[::2]]
            return (min(xs), max(xs)) if xs else None
        case "use":
            return x - 3, x + 3          # a marker
        case "image" | "rect":
            return x, x + float(element.get("width"))
        case "text":
            return _span_of_text(element, turned)
    return None


def drawn_columns(source: str, width: int) -> np.ndarray:
    """Return for each pixel across the picture whether anything is drawn in it."""
    taken = np.zeros(width, bool)
    if not source.startswith("data:image/svg"):
        dark = (np.asarray(_pixels(source).convert("L")) < 250).any(axis=0)
        np.logical_or.at(taken, np.arange(len(dark)) * width // len(dark), dark)
        return taken
    root = ElementTree.fromstring(unquote(source.partition(",")[2]))
    clips = {clip.get("id"): _ends(clip[0], False) for clip in root.iter(f"{SVG}clipPath")}

    def mark(element: ElementTree.Element, low: float, high: float, shift: float = 0, turned: bool = False) -> None:
        if element.tag in (f"{SVG}defs", f"{SVG}clipPath"):
            return
        if clip := clips.get(element.get("clip-path", "")[5:-1]):     # url(#…)
            low, high = max(low, clip[0]), min(high, clip[1])
        if moved := re.search(r"translate\(([-\d.]+)", element.get("transform", "")):
            shift, turned = shift + float(moved[1]), "rotate(-90" in element.get("transform")
        if ends := _ends(element, turned):
            start, stop = max(ends[0] + shift, low), min(ends[1] + shift, high)
            if start <= stop:
                taken[int(max(start, 0) * POINT): int(stop * POINT) + 2] = True
        for child in element:
            mark(child, low, high, shift, turned)

    for part in root.findall(f"{SVG}g/*")[1:]:       # the first is the ground of the whole figure
        mark(part, 0, width / POINT)
    return taken


def panels(source: str) -> list[tuple[float, float]]:
    """Return where the axes of a picture begin and end, in pixels from the left; overlapping ones are one panel."""
    return merged(sorted((float(box[1]) * POINT, float(box[2]) * POINT) for box in list(AXES.finditer(unquote(source)))[1:]))


def merged(boxes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return panels, from boxes in the order of their left ends."""
    found: list[tuple[float, float]] = []
    for left, right in boxes:
        if found and left < found[-1][1]:
            left, right = found[-1][0], max(right, found.pop()[1])
        found.append((left, right))
    return found


def empty_columns(taken: np.ndarray) -> np.ndarray:
    """Return where nothing is drawn, as rows (start, stop)."""
    return np.flatnonzero(np.diff(np.concatenate([[True], taken, [True]]).astype(int))).reshape(-1, 2)


def smallest_writing(source: str) -> float:
    """Return the size in pixels of the smallest words; of a number with an index, that of the number."""
    sizes = []
    if source.startswith("data:image/svg"):
        root = ElementTree.fromstring(unquote(source.partition(",")[2]))
        sizes = [max(found) for text in root.iter(f"{SVG}text") if (found := _sizes(text))]
    return min(sizes, default=10) * POINT


def cuts(pictures: Sequence[str], width: int) -> tuple[list[int], float]:
    """Return where to cut the pictures of a widget, with their ends, and how small they may become.

    A cut is where nothing is drawn in any picture: right behind a panel, so that the words beside an axis stay with it,
    or else in a wide gap. A picture is cut until its parts can be read on a phone, and never into a small piece.
    """
    least = min(1, LEGIBLE / min(map(smallest_writing, pictures)))
    taken = np.logical_or.reduce([drawn_columns(picture, width) for picture in pictures])
    ends = empty_columns(taken)
    drawn = pictures[0].startswith("data:image/svg")       # in a bitmap the panels are not known
    columns = panels(pictures[0])
    between = [(left[1], right[0]) for left, right in zip(columns, columns[1:])]
    chances = []
    for low, high in between:
        chances += [(width, (start + stop) // 2) for start, stop in ends if low <= stop and start <= high][:1]
    chances += [(stop - start, (start + stop) // 2) for start, stop in ends if stop - start >= (16 if drawn else 8)]
    places = [0, width]
    for _, place in sorted(chances, key=lambda chance: -chance[0]):
        left, right = max(p for p in places if p <= place), min(p for p in places if p > place)
        if (right - left) * least > PHONE and min(place - left, right - place) >= width / 5:
            places = sorted([*places, int(place)])
    return places, least


# ---- what the page shows ----------------------------------------------------------------------------

def without_blanks(source: str) -> str:
    """Return a drawing without the blanks that its paths and styles do not need."""
    return re.sub(r"(?<= style=%22).*?(?=%22)|(?<= d=%22)[^%]*",
                  lambda value: re.sub(r"(?<=[:;MLCQz]) | (?=[MLCQz]|$)", "", value[0]), source)


def figure(explorer: Explorer, name: str) -> str:
    """Return the HTML of a widget; `name` is its own on its page."""
    sources = [picture.source for picture in explorer.pictures]
    places, least = cuts(sources, explorer.width)
    first = explorer.pictures[explorer.chosen]
    controls = "".join(_control(control, f"{name}-{i}", explorer.width) for i, control in enumerate(explorer.controls))
    if explorer.walk:
        controls += _walk(explorer.walk, name)
    parts, widest = [], max(stop - start for start, stop in zip(places, places[1:]))
    for start, stop in zip(places, places[1:]):
        inside, role = f'<use href="#{name}"/>', 'aria-hidden="true"'
        if not parts:
            inside = (f'<g id="{name}"><image width="{explorer.width}" height="{explorer.height}" href="{without_blanks(first.source)}"/>'
                      f'<g class="explorer-lines">{first.lines}</g></g>')
            role = f'role="img" aria-label="{html.escape(first.alt)}"'
        parts.append(f'<svg class="explorer-picture" {role} viewBox="{start} 0 {stop - start} {explorer.height}" '
                     f'style="--wide:{stop - start};--most:{(stop - start) / widest:.2%};--least:{(stop - start) * least:.1f}px">{inside}</svg>')
    kept = json.dumps([[without_blanks(picture.source), picture.alt, picture.lines] for picture in explorer.pictures], ensure_ascii=False)
    kept = kept.replace("</", r"<\/").replace("<!--", r"\u003c!--")     # nothing in it may end the script
    return (f'<figure class="explorer{" explorer-walk" if explorer.walk else ""}" style="--whole:{explorer.width}px">'
            f'<div class="explorer-controls">{controls}</div><div class="explorer-stage">{"".join(parts)}</div>'
            f'<figcaption class="explorer-caption">{explorer.caption}</figcaption>'
            f'<script type="application/json">{kept}</script></figure>')


PLAY = '<button type="button" class="explorer-play">Play</button>'


def _control(control: Control, name: str, width: int) -> str:
    """Numbers have a slider as wide as the picture, whose ticks name its values; words are buttons that stand side by side."""
    label, play = html.escape(control.label), PLAY if control.plays else ""
    values = [html.escape(value) for value in control.values]
    if _are_numbers(control.values):
        last, chosen = len(values) - 1, control.chosen
        ticks = "".join(f'<span style="--at:{i / max(last, 1):.4f}"{_seen(i, control.values, width)}>{value}</span>'
                        for i, value in enumerate(values))
        return (f'<div class="explorer-control explorer-slider" data-count="{last + 1}">{play}<label for="{name}">{label}</label>'
                f'<output for="{name}">{values[chosen]}</output><input type="range" id="{name}" min="0" max="{last}" '
                f'value="{chosen}" aria-valuetext="{values[chosen]}"><div class="explorer-ticks" aria-hidden="true">{ticks}</div></div>')
    buttons = "".join(f'<label><input type="radio" name="{name}" value="{i}"{" checked" * (i == control.chosen)}>'
                      f'<span>{value}</span></label>' for i, value in enumerate(values))
    return (f'<div class="explorer-control" data-count="{len(values)}" role="radiogroup" aria-labelledby="{name}">{play}'
            f'<span id="{name}">{label}</span><div class="explorer-choices">{buttons}</div></div>')


def _are_numbers(values: Sequence[str]) -> bool:
    """A slider is for an amount: two or three of them are seen together as buttons."""
    return len(values) > 3 and all(re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", value) for value in values)


def _seen(place: int, values: Sequence[str], width: int) -> str:
    """Say where a tick has its number: the first, the last, and as many evenly between as fit on a wide or a narrow page.

    On a wide page the slider is as wide as its picture.
    """
    last, room = len(values) - 1, 8 * max(map(len, values)) + SILENCE

    def least(across: int) -> int:
        return next(step for step in count(1) if step * across / last > room)

    def fits(across: int, every: int) -> bool:
        return place == last or place % every == 0 and (last - place) * across / last > room

    narrow, wide = PHONE - 30, min(width, 630) - 30
    rare = least(narrow)
    often = next(step for step in count(least(wide)) if rare % step == 0)      # all that a narrow page has are among them
    return "" if fits(narrow, rare) else ' class="explorer-wide"' if fits(wide, often) else ' class="explorer-mute"'


def _walk(label: str, name: str) -> str:
    """Return the slider over the steps of lines that grow; the script of the walk knows how many there are."""
    return (f'<div class="explorer-control explorer-slider explorer-steps">{PLAY}<label for="{name}-step">{html.escape(label)}</label>'
            f'<b></b><input type="range" id="{name}-step" min="0" value="0"><div class="explorer-ticks" aria-hidden="true">'
            '<span style="--at:0">0</span><span class="explorer-last" style="--at:1"></span></div></div>')


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Put figures in the place of widgets; the state that they were made from is not sent to readers."""
    scripts = NbMetadataCollector.get_js_files(app.env, app.env.docname)
    _, stored = scripts.pop("ipywidgets_state", (None, None))
    if stored is None:
        return
    models = json.loads(stored["body"].replace(r"<\/script>", "</script>"))["state"]
    walks, names = False, count(1)
    for view in list(doctree.findall(lambda node: isinstance(node, nodes.raw) and node.astext().startswith(VIEW))):
        root = json.loads(view.astext().removeprefix(VIEW).removesuffix("</script>"))["model_id"]
        shown = explorer(models, root)
        walks = walks or bool(shown.walk)
        view.replace_self(nodes.raw("", figure(shown, f"explorer-{next(names)}"), format="html"))
    if walks:
        scripts["explorer_walk"] = (None, {"body": f"function explorerWalk() {{ {WALK} }}"})


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("doctree-read", on_doctree_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
