"""What only the first page of the book has: the race, and numbers that the build counts.

``{race}`` is a race of three optimizers down one bowl, at a learning rate that the reader chooses. The page holds a
still picture of it, drawn here with lecture_code.optimizers, under the content of the directive, and its controls;
race.js computes the paths anew for any rate. The constants are those of `RACE`, and stand nowhere
else: race.js reads them in the page, and tests/site/test_front_page.py compares its paths with the library's.

``{counted}`formulas``` is the number of displayed formulas, ``executed`` of those that are run as they are typeset;
``tasks`` and ``mistakes`` count the exercises that are checked by code, and the wrong answers that they recognise.

A link to the printed book is there when `make pdf` has put that into the site.

A page that shows the plan of the book (contents.py) is the first page: it gets front.css, and names itself once.
"""

from __future__ import annotations

import html
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import contents  # noqa: E402
import formula_checks  # noqa: E402

from lecture_code import optimizers  # noqa: E402
from tools import attempts  # noqa: E402
from tools.paper import LINK, PLACE_OF_LINK  # noqa: E402

#: C(θ) = ½ (λ₁ θ₁² + λ₂ θ₂²): β = λ₂ = 2, so that gradient descent is stable below η = 2/β = 1, as on the parabola x².
RACE: dict[str, Any] = {
    "curvatures": [0.1, 2.0], "start": [-9.5, 3.0], "steps": 60, "eta": 0.95, "mu": 0.9, "betas": [0.9, 0.999], "eps": 1e-8,
    "slider": [0.01, 4.0],               # the rates at its ends
    "view": [460, 178, 252, 24],         # width and height, the place of θ₁ = 0, pixels a unit
}
RUNNERS = {"sgd": "Gradient descent", "momentum": "Momentum", "adam": "Adam"}


def rules() -> dict[str, optimizers.Optimizer]:
    """Return the optimizers of the race."""
    return {"sgd": optimizers.sgd(), "momentum": optimizers.momentum(RACE["mu"]),
            "adam": optimizers.adam(*RACE["betas"], RACE["eps"])}


def path(rule: optimizers.Optimizer, eta: float) -> np.ndarray:
    """Return the points of a run, (steps + 1, 2)."""
    theta = np.array(RACE["start"])
    state, points = rule.init(theta), [theta]
    for _ in range(RACE["steps"]):
        theta, state = rule.step(theta, RACE["curvatures"] * theta, state, eta)
        points.append(theta)
    return np.array(points)


def bounds() -> dict[str, float]:
    """Return below which rate a runner is stable on this bowl: eq-stable-rate and eq-momentum-stable of the book."""
    beta = max(RACE["curvatures"])
    return {"sgd": 2 / beta, "momentum": 2 * (1 + RACE["mu"]) / beta}


# ---- the race as HTML -------------------------------------------------------------------------------

class race(nodes.General, nodes.Element):
    """Its children stand above the picture."""


class Race(SphinxDirective):
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        place = race()
        self.state.nested_parse(self.content, self.content_offset, place)
        return [place]


def picture() -> str:
    """Return the bowl and the paths at the first rate, as SVG."""
    width, height, middle, unit = RACE["view"]
    levels = [f'<ellipse cx="{middle}" cy="{height / 2:g}" rx="{unit * r / math.sqrt(RACE["curvatures"][0]):.1f}" '
              f'ry="{unit * r / math.sqrt(RACE["curvatures"][1]):.1f}"/>' for r in (0.35, 1.05, 2, 3.2, 4.6, 6.2)]
    lines = []
    for name, rule in rules().items():
        places = path(rule, RACE["eta"]) * [unit, -unit] + [middle, height / 2]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        lines.append(f'<g class="race-{name}"><polyline points="{points}"/><circle cx="{places[-1, 0]:.1f}" '
                     f'cy="{places[-1, 1]:.1f}" r="5"/></g>')
    return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="Level lines of '
            'an elongated bowl, and the paths of three optimizers from its left rim to the minimum">'
            f'<g class="race-bowl">{"".join(levels)}<path d="M{middle - 4} {height / 2:g}h8m-4-4v8"/></g>{"".join(lines)}</svg>')


def controls() -> str:
    """Return the button, the slider over rates on a logarithmic scale, and its ticks."""
    low, high = map(math.log10, RACE["slider"])
    marks = [(eta, "") for eta in (RACE["slider"][0], 0.1)]
    marks += [(eta, f' class="race-{name}"') for name, eta in bounds().items()] + [(RACE["slider"][1], "")]
    ticks = "".join(f'<span{style} style="--at: {(math.log10(eta) - low) / (high - low):.4f}">{eta:g}</span>' for eta, style in marks)
    return (f'<div class="race-controls"><button type="button" class="race-play">Play</button>'
            f'<label>learning rate η = <input type="number" min="0" step="any" value="{RACE["eta"]:g}"></label>'
            f'<div class="race-slider"><input type="range" min="{low:.3f}" max="{high:.3f}" step="any" '
            f'value="{math.log10(RACE["eta"]):.4f}" aria-label="learning rate η, logarithmic">'
            f'<div class="race-ticks" aria-hidden="true">{ticks}</div></div></div>')


def table() -> str:
    """Return who runs, up to which rate it is stable, and where the script writes the cost."""
    about = {name: f"stable for η < {bound:g}" for name, bound in bounds().items()}
    rows = [f'<li class="race-{name}"><b>{title}</b> <span>{about.get(name, "steps stay near η")}</span> '
            '<span class="race-cost"></span></li>' for name, title in RUNNERS.items()]
    return f'<ul class="race-runners">{"".join(rows)}</ul>'


def visit_race(writer, node: race) -> None:
    writer.body.append(f'<div class="race" data-race="{html.escape(json.dumps(RACE))}">')


def depart_race(writer, node: race) -> None:
    writer.body.append(f'{picture()}{controls()}{table()}<p class="race-says" role="status"></p></div>\n')


# ---- numbers that are counted -----------------------------------------------------------------------

class counted(nodes.Inline, nodes.TextElement):
    """The place of a number; attribute `what`."""


class Counted(SphinxRole):
    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [counted(what=self.text)], []


def count(app: Sphinx, what: str) -> int:
    if what in ("formulas", "executed"):
        return sum(len(getattr(page, what)) for page in formula_checks.pages_of(app.env).values())
    tasks = [task for module in attempts.modules() for task in module.ALL]
    return {"tasks": len(tasks), "mistakes": sum(len(task.mistakes) for task in tasks)}[what]


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(counted)):
        place.replace_self(nodes.Text(str(count(app, place["what"]))))


# ---- the head of the page ---------------------------------------------------------------------------

def on_page(app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Say what a page is about to those who show links to it, and which sign the book has."""
    root = "../" * docname.count("/")
    context["metatags"] = context.get("metatags", "") + f'\n<link rel="icon" type="image/png" sizes="32x32" href="{root}_static/favicon.png">'
    about = contents.sentence_about(app.env, docname)
    if about:
        text, title = (html.escape(each) for each in (about, app.env.titles[docname].astext()))
        context["metatags"] += (f'\n<meta name="description" content="{text}">\n<meta property="og:type" content="article">'
                                f'\n<meta property="og:title" content="{title}">\n<meta property="og:description" content="{text}">')
    if docname in contents.lists_of(app.env):
        if Path(app.outdir, "book.pdf").is_file():
            context["body"] = context["body"].replace(PLACE_OF_LINK, LINK)
        context["docstitle"] = ""            # its title is that of the book: once is enough
        app.add_css_file("front.css")
        app.add_js_file("race.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.setup_extension("contents")
    nothing = (lambda *_: None, lambda *_: None)
    app.add_node(race, html=(visit_race, depart_race), latex=nothing, text=nothing)
    app.add_node(counted)
    app.add_directive("race", Race)
    app.add_role("counted", Counted())
    app.connect("doctree-resolved", on_doctree_resolved)
    app.connect("html-page-context", on_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
