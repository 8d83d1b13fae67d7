"""On a phone the panels of a static picture stand below each other, so that their letters can be read.

A stored picture is a bitmap with letters of ten points. The build looks where one with several panels may be cut, and
says so by the classes of its image, "cut-452" for a cut 452 pixels from the left; scrollable.js cuts it on a narrow
screen. A picture with one panel, and a grid of many small ones, whose rows belong together, stay whole.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import explorers
import numpy as np
from docutils import nodes
from sphinx.application import Sphinx

LEGIBLE = 10     # pixels: the least size of letters
SCREEN = 390     # a picture is as wide as the screen
WIDEST = int(SCREEN * 10 * explorers.POINT / LEGIBLE)      # pixels of a picture that has letters of this size there
GAP = 6          # pixels between two panels: more than between two words of a title
BESIDE = 16      # as far as the last number below an axis reaches beyond it
COLUMNS = 4      # of panels in a row; more are a grid
HIGHEST = 0.6    # as high, for its width, is a picture with one row of panels


def axes_of(source: str, width: int) -> list[tuple[float, float]]:
    """Return where the axes in a bitmap begin and end, in pixels from the left: those above each other are one panel."""
    dark = np.asarray(explorers._pixels(source).convert("L")) < 110
    scale, found = width / dark.shape[1], []
    for row in dark:
        ends = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]]))).reshape(-1, 2)
        found += [(start * scale, stop * scale) for start, stop in ends if stop - start >= len(row) / 10]
    return explorers.merged(sorted(found))


def gaps(source: str, width: int) -> dict[int, int]:
    """Return the middle of each gap between two panels, with its width; of each wide gap where no axes are drawn."""
    taken = explorers.drawn_columns(source, width)
    empty = [(int(start), int(stop)) for start, stop in explorers.empty_columns(taken) if stop - start >= GAP]
    axes = axes_of(source, width)
    if len(axes) > COLUMNS:
        return {}
    if axes:
        empty = [gap for (_, end), (begin, _) in zip(axes, axes[1:])
                 for gap in [gap for gap in empty if end - 2 <= gap[0] <= end + BESIDE and gap[1] <= begin + 2][:1]]
    else:
        empty = [(start, stop) for start, stop in empty if stop - start >= 2 * GAP]
    middles = {(start + stop) // 2: stop - start for start, stop in empty}
    return {middle: gap for middle, gap in middles.items() if width / 5 <= middle <= width * 4 / 5}


def cuts(source: str, width: int, height: int) -> Sequence[int]:
    """Return where to cut a bitmap into as few parts as can be read, in its widest gaps; nowhere, if it cannot be."""
    if width <= WIDEST or height > HIGHEST * width or len(found := gaps(source, width)) >= COLUMNS:
        return ()

    def widest(places: Sequence[int]) -> int:
        return max(stop - start for start, stop in zip((0, *places), (*places, width)))

    for count in range(1, len(found) + 1):
        if good := [places for places in combinations(found, count) if widest(places) <= WIDEST]:
            return max(good, key=lambda places: (min(found[place] for place in places), -widest(places)))
    return ()


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    for image in doctree.findall(nodes.image):
        if image["uri"].endswith(".png") and image.get("width", "").isdigit() and image.get("height", "").isdigit():
            data = Path(app.srcdir, image["uri"]).read_bytes()
            source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
            image["classes"] += [f"cut-{place}" for place in cuts(source, int(image["width"]), int(image["height"]))]


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.connect("doctree-read", on_doctree_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
