"""Pictures as functions of parameters.

`Page` is a reader's browser in small: it sees only the stored state of the widgets, as the static page
does, passes a moved slider on along the links, and looks which picture is shown.
"""

import base64
import io
from html.parser import HTMLParser
from itertools import product
from urllib.parse import unquote
from xml.etree import ElementTree

import ipywidgets as ipw
import matplotlib as mpl
import numpy as np
import pytest
from ipywidgets.embed import dependency_state
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from lecture_code.plotting import BLUE
from lecture_code.widgets import WALK, WALK_SECONDS, Explorer, explore, picture

GRID = dict(eta=[0.1, 0.5, 1.0], M=[1, 32], net=["small", "large"])


def draw(figure, **values):
    figure.subplots().plot([0, len(values)])


def small(**options):
    """Return an explorer with tiny empty pictures whose alt text is their values."""
    defaults = dict(caption="What is seen", alt=lambda **values: repr(values), figsize=(1, 1))
    grid = {name: options.pop(name) for name in list(options) if name in {*GRID, "strange", "n", "a", "b", "c", "d"}}
    return explore(options.pop("draw", lambda figure, **values: None), grid, **(defaults | options))


def named(kind, explorer):
    return [w for w in explorer.children if isinstance(w, kind)]


def image_of(markup):
    """Return the attributes of the one image in a piece of HTML, as a browser reads them."""
    found, parser = [], HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.handle_data = lambda text: found.append(("text", text))
    parser.feed(markup)
    parser.close()
    ((tag, attributes),) = found
    assert tag == "img"
    return attributes


def alt_of(markup):
    return image_of(markup)["alt"]


def svg_of(markup):
    """Return the parsed drawing inside the image."""
    return ElementTree.fromstring(unquote(image_of(markup)["src"].removeprefix("data:image/svg+xml,")))


class Page:
    """The stored widget state, and what a reader does with it."""

    def __init__(self, explorer):
        self.root = explorer.model_id
        self.models = {key: {"_model_name": entry["model_name"], **entry["state"]}
                       for key, entry in dependency_state([explorer]).items()}

    def of(self, kind):
        return [key for key, state in self.models.items() if state["_model_name"] == kind + "Model"]

    def slider(self, description):
        return next(key for key in self.of("SelectionSlider") if self.models[key]["description"] == description)

    def move(self, key, trait, value):
        """Set a trait and follow the links, which work in both directions."""
        if self.models[key].get(trait, 0) == value:
            return
        self.models[key][trait] = value
        for link in map(self.models.get, self.of("Link")):
            ends = [(model.removeprefix("IPY_MODEL_"), name) for model, name in (link["source"], link["target"])]
            for here, there in (ends, ends[::-1]):
                if here == (key, trait):
                    self.move(*there, value)

    def shown(self):
        """Return the alt texts of the visible pictures."""
        def visible(key):
            state = self.models[key]
            children = [child.removeprefix("IPY_MODEL_") for child in state.get("children", [])]
            if state["_model_name"] == "StackModel":
                children = children[state.get("selected_index", 0):][:1]
            if "<img" in str(state.get("value", "")):
                yield alt_of(state["value"])
            for child in children:
                yield from visible(child)

        return list(visible(self.root))


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("LECTURE_CODE_STATIC", raising=False)


# The static page


@pytest.mark.parametrize("names", [["eta"], ["eta", "M"], ["eta", "M", "net"], ["net", "eta"]])
def test_every_setting_of_the_sliders_shows_its_picture(names, static):
    grid = {name: GRID[name] for name in names}
    page = Page(small(**grid))
    assert page.shown() == [repr({name: values[0] for name, values in grid.items()})]
    for places in product(*(range(len(values)) for values in grid.values())):
        for name, place in zip(names, places):
            page.move(page.slider(name), "index", place)
        assert page.shown() == [repr({name: grid[name][place] for name, place in zip(names, places)})]


def test_there_is_one_picture_for_every_combination(static):
    seen = []
    page = Page(small(draw=lambda figure, **values: seen.append(values), **GRID))
    assert len(seen) == 3 * 2 * 2
    assert sum("<img" in page.models[key].get("value", "") for key in page.of("HTML")) == 12


def test_the_first_picture_can_be_chosen(static):
    page = Page(small(eta=[0.1, 0.5, 1.0], M=[1, 32], start={"eta": 1.0, "M": 32}))
    assert page.shown() == [repr({"eta": 1.0, "M": 32})]
    page.move(page.slider("M"), "index", 0)
    assert page.shown() == [repr({"eta": 1.0, "M": 1})]


def test_play_runs_through_its_parameter(static):
    page = Page(small(eta=[0.1, 0.5, 1.0], M=[1, 32], start={"eta": 0.5}, play="eta"))
    (play,) = page.of("Play")
    assert (page.models[play].get("min", 0), page.models[play]["max"], page.models[play]["value"]) == (0, 2, 1)
    for place, eta in enumerate(GRID["eta"]):
        page.move(play, "value", place)
        assert page.shown() == [repr({"eta": eta, "M": 1})]
        assert page.models[page.slider("eta")].get("index", 0) == place


def test_no_play_button_unless_asked_for(static):
    assert not Page(small(eta=[0.1, 1.0])).of("Play")


def test_sliders_name_their_values(static):
    explorer = small(eta=[0.1, 1e-5, 1.0], M=[1, 32], net=["small"], labels={"eta": "learning rate η"})
    sliders = named(ipw.SelectionSlider, explorer)
    assert [slider.description for slider in sliders] == ["learning rate η", "M", "net"]
    assert [[text for text, _ in slider.options] for slider in sliders] == [["0.1", "1e-05", "1"], ["1", "32"], ["small"]]
    assert all(slider.style.description_width == "initial" for slider in sliders)  # long labels are not cut


def test_the_caption_stands_below_and_is_escaped(static):
    explorer = small(eta=[0.1], caption="Is a < b & c?")
    assert isinstance(explorer, Explorer)
    assert repr(explorer) == "Explorer: Is a < b & c?"
    assert explorer.children[-1].value == '<p class="explorer-caption">Is a &lt; b &amp; c?</p>'


def test_stored_outputs_have_no_control_that_needs_a_kernel(static):
    page = Page(small(**GRID))
    assert not (page.of("Button") + page.of("FloatText") + page.of("IntText") + page.of("Dropdown"))


# Pictures


def test_alt_text_is_a_format_string_or_a_function(static):
    (slider, stack, note) = small(eta=[0.1, 1.0], alt="cost at η = {eta}").children
    assert [alt_of(child.value) for child in stack.children] == ["cost at η = 0.1", "cost at η = 1.0"]
    (slider, stack, note) = small(eta=[0.1, 1.0], alt=lambda eta: f"{10 * eta:g}").children
    assert [alt_of(child.value) for child in stack.children] == ["1", "10"]


@pytest.mark.parametrize("kind", ["svg", "webp", "png"])
def test_alt_text_is_escaped(kind):
    text = 'a "quoted" <b> & \'more\' &lt; #1 %20'
    assert alt_of(picture(draw, (1, 1), text, kind)) == text


@pytest.mark.parametrize("kind", ["webp", "png"])
def test_a_picture_of_pixels(kind):
    attributes = image_of(picture(draw, (2, 1), "", kind))
    data = base64.b64decode(attributes["src"].removeprefix(f"data:image/{kind};base64,"))
    image = Image.open(io.BytesIO(data))
    assert image.format.lower() == kind
    assert image.width == 2 * image.height and image.width >= 200
    assert attributes["width"] == "200" and "max-width:100%" in attributes["style"]
    sharper = image_of(picture(draw, (2, 1), "", kind, density=2))
    data = base64.b64decode(sharper["src"].removeprefix(f"data:image/{kind};base64,"))
    assert Image.open(io.BytesIO(data)).size == (400, 200) and sharper["width"] == "200"


def test_a_picture_of_lines():
    markup = picture(lambda figure: figure.subplots().set_title("C(η) = 12 %"), (2, 1), "")
    svg = svg_of(markup)
    assert svg.get("viewBox").split() == ["0", "0", "144", "72"]  # points: 72 an inch
    assert "C(η) = 12 %" in "".join(svg.itertext())
    assert image_of(markup)["width"] == "200"


def test_a_picture_of_lines_may_say_less_than_and_ampersand():
    markup = picture(lambda figure: figure.subplots().set_title("a < b & c"), (2, 1), "")
    assert "a < b & c" in "".join(svg_of(markup).itertext())


def test_a_picture_has_the_book_style_and_leaves_the_reader_s_alone():
    seen = []
    before = dict(mpl.rcParams)
    picture(lambda figure: seen.append(figure.subplots().plot([0, 1])[0].get_color()), (1, 1), "")
    assert seen == [BLUE]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("kind", ["svg", "webp", "png"])
def test_pictures_come_out_the_same_each_time(kind):
    noisy = lambda figure, seed: figure.subplots().plot(np.random.default_rng(seed).random(50))
    first, again, other = (picture(noisy, (2, 1), "", kind, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_drawing_is_not_shown_twice(static):
    import matplotlib.pyplot as plt
    others = plt.get_fignums()  # of tests that ran before on this worker
    small(draw=draw, eta=[0.1, 1.0])
    assert plt.get_fignums() == others


# Lines that grow


def corner(figure, points=((0, 0), (1, 1), (1, 0.5)), **style):
    """Draw a line on axes whose place is known: 20 to 60 pixels from the left, 20 to 70 from the top, of 100 × 100."""
    figure.set_layout_engine("none")
    ax = figure.add_axes((0.2, 0.3, 0.4, 0.5))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return ax.plot(*np.transpose(points), **style)


def parts(markup):
    """Return the elements of a piece of HTML: name ↦ list of attributes."""
    found, parser = {}, HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.setdefault(tag, []).append(dict(attributes))
    parser.feed(markup)
    return found


def walk_of(draw=corner, **options):
    return parts(picture(draw, (1, 1), "seen", walk="step k", **options))


def points_of(found, number=0):
    """Return the points of a line in pixels, as a browser adds up its steps, which are tenths of a pixel."""
    d = found["path"][2 * number]["d"]
    assert d[0] == "m"  # relative to the point before
    return np.cumsum([[int(value) for value in step.split(",")] for step in d[1:].split()], axis=0) / 10


def test_a_walk_is_whole_where_no_script_runs():
    found = walk_of()
    (tip,), (slider,) = found["circle"], found["input"]
    assert_array_equal(points_of(found), [(20, 70), (60, 20), (60, 45)])
    assert (tip["cx"], tip["cy"]) == ("600", "450")
    assert (slider["type"], slider["min"], slider["max"], slider["value"]) == ("range", "0", "2", "2")
    controls = found["div"][1]
    assert "display:none" in controls["style"]  # no button that does nothing


def test_a_walk_has_alternative_text_and_a_named_slider():
    markup = picture(corner, (1, 1), 'a "b" <c>', walk="step < k")
    outer, inner = parts(markup)["svg"]
    assert (outer["role"], outer["aria-label"]) == ("img", 'a "b" <c>')
    assert "<label" in markup and ">step &lt; k<input" in markup
    assert parts(markup)["button"][0]["type"] == "button"


def test_a_walk_is_cut_off_at_its_axes_and_has_its_line_s_look():
    found = walk_of(lambda figure: corner(figure, color=BLUE, linewidth=1.44))
    assert found["svg"][1]["viewbox"] == "200 200 400 500"
    assert [found["svg"][1][key] for key in ("x", "y", "width", "height")] == ["20.0", "20.0", "40.0", "50.0"]
    assert found["svg"][1]["stroke"] == found["circle"][0]["fill"] == BLUE.lower()
    assert found["path"][0]["stroke-width"] == "20"  # 1.44 points are two pixels


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_picture_behind_a_walk_has_everything_but_the_line(kind):
    def axes_only(figure):
        corner(figure)[0].set_visible(False)

    behind = walk_of(kind=kind)["image"][0]
    assert behind["href"] == image_of(picture(axes_only, (1, 1), "", kind))["src"]
    assert behind["href"] != image_of(picture(corner, (1, 1), "", kind))["src"]
    assert (behind["width"], behind["height"]) == ("100", "100")


@pytest.mark.parametrize("style, every, dots", [
    (dict(), "0", ""),
    (dict(marker="o"), "1", "M200,700h0M600,200h0M600,450h0"),
    (dict(marker="o", markevery=2), "2", "M200,700h0M600,450h0"),
])
def test_the_dots_of_a_walk_are_the_line_s_markers(style, every, dots):
    line, path = walk_of(lambda figure: corner(figure, **style))["path"]
    assert (path["data-every"], path["d"]) == (every, dots)


def test_several_lines_walk_at_one_pace():
    found = walk_of(lambda figure: [*corner(figure), *corner(figure, [(0, 0), (1, 1)] * 10)])
    assert [len(points_of(found, number)) for number in (0, 1)] == [3, 20]
    assert found["input"][0]["max"] == "19"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_diverging_line_ends_where_it_overflows(bad):
    found = walk_of(lambda figure: corner(figure, [(0, 0), (1, 1), (1, bad), (0, 0)]))
    assert_array_equal(points_of(found), [(20, 70), (60, 20)])


@pytest.mark.parametrize("far", [1e5, 1e300])
def test_a_far_point_comes_nearer_and_keeps_its_direction(far):
    """From the middle of the figure, (50, 50), a unit of the axes is 40 pixels wide and 50 high."""
    x, y = points_of(walk_of(lambda figure: corner(figure, [(0, 0), (far, -far)])))[1]
    assert np.hypot(x - 50, y - 50) == pytest.approx(1e5, rel=1e-4)
    assert (y - 50) / (x - 50) == pytest.approx(50 / 40, rel=1e-3)


def test_the_layout_of_a_walk_is_that_of_its_picture():
    """The title moves the axes down: line and axes have to agree about where they are."""
    def titled(figure):
        ax = figure.subplots()
        ax.set(xlim=(0, 1), ylim=(0, 1), title="two\nlines", ylabel="y")
        return ax.plot([0, 1], [0, 1])

    found = walk_of(titled)
    background = ElementTree.fromstring(unquote(found["image"][0]["href"].removeprefix("data:image/svg+xml,")))
    (clip, *_) = background.iter("{http://www.w3.org/2000/svg}rect")
    drawn = [float(clip.get(key)) * 100 / 72 for key in ("x", "y", "width", "height")]
    walked = [float(found["svg"][1][key]) for key in ("x", "y", "width", "height")]
    assert_allclose(walked, drawn, atol=0.2)


def test_the_script_of_a_walk_reaches_the_browser_whole():
    assert walk_of()["image"][0]["onload"] == WALK
    assert "//" not in WALK  # it is one line: a comment would swallow the rest
    assert str(WALK_SECONDS) in WALK and "SECONDS" not in WALK
    assert "prefers-reduced-motion" in WALK


def test_every_picture_of_an_explorer_walks(static):
    page = Page(explore(lambda figure, eta: corner(figure, [(0, 0), (eta, eta)]), {"eta": [0.5, 1.0]}, caption="", alt="η {eta}",
                        walk="step k", figsize=(1, 1)))
    walks = [parts(page.models[key]["value"]) for key in page.of("HTML") if "explorer-walk" in page.models[key]["value"]]
    assert_array_equal([points_of(walk)[-1] for walk in walks], [(40, 45), (60, 20)])
    assert [walk["svg"][0]["aria-label"] for walk in walks] == ["η 0.5", "η 1.0"]


def test_typed_values_walk_too(live):
    explorer = explore(lambda figure, eta: corner(figure, [(0, 0), (eta, eta)]), {"eta": [0.5]}, caption="", alt="", walk="step k", figsize=(1, 1))
    boxes, button, shown = typed(explorer)
    boxes["eta"].value = 1.0
    button.click()
    assert_array_equal(points_of(parts(shown.value)), [(20, 70), (60, 20)])


@pytest.mark.parametrize("drawn, got", [(None, r"\[\]"), ([], r"\[\]"), (["line"], "line")])
def test_a_walk_needs_lines(drawn, got, raises, static):
    with raises("draw", "lines that grow", got):
        small(draw=lambda figure, eta: drawn, walk="step k", eta=[0.1])


def test_a_walk_needs_two_points(raises, static):
    with raises("draw", "two finite points", "1"):
        small(draw=lambda figure, eta: corner(figure, [(0, 0), (np.nan, 0)]), walk="step k", eta=[0.1])


# With a kernel


def typed(explorer):
    """Return the boxes by name, the button, and where its picture goes."""
    row, shown = explorer.children[-1].children
    *boxes, button = row.children
    return {box.description: box for box in boxes}, button, shown


def test_typed_values_are_drawn_when_the_button_is_clicked(live):
    boxes, button, shown = typed(small(eta=[0.1, 1.0], M=[1, 32], start={"M": 32}))
    assert isinstance(boxes["eta"], ipw.FloatText) and isinstance(boxes["M"], ipw.IntText)
    assert (boxes["eta"].value, boxes["M"].value) == (0.1, 32)
    boxes["eta"].value, boxes["M"].value = 0.37, 7
    assert shown.value == ""
    button.click()
    assert alt_of(shown.value) == repr({"eta": 0.37, "M": 7})
    boxes["M"].value = 8
    button.click()
    assert alt_of(shown.value) == repr({"eta": 0.37, "M": 8})


def test_words_are_chosen_from_a_list(live):
    boxes, button, shown = typed(small(eta=[0.1], net=["small", "large"]))
    assert boxes["net"].options == ("small", "large")
    boxes["net"].value = "large"
    button.click()
    assert alt_of(shown.value) == repr({"eta": 0.1, "net": "large"})


def test_a_value_that_cannot_be_drawn_says_why(live):
    def picky(figure, eta):
        if eta < 0:
            raise ValueError("eta: expected a number > 0, got <it>")

    boxes, button, shown = typed(small(draw=picky, eta=[0.1]))
    boxes["eta"].value = -1
    button.click()
    assert shown.value == "<p>eta: expected a number &gt; 0, got &lt;it&gt;</p>"
    boxes["eta"].value = 1
    button.click()
    assert alt_of(shown.value) == repr({"eta": 1.0})


# Arguments


@pytest.mark.parametrize("options, name, expected, got", [
    (dict(), "grid", "one to three parameters", r"\[\]"),
    (dict(a=[1], b=[1], c=[1], d=[1]), "grid", "one to three parameters", r"\['a', 'b', 'c', 'd'\]"),
    (dict(eta=[]), "eta", "at least one value", r"\[\]"),
    (dict(eta=[0.1, 1.0], start={"eta": 0.2}), r"start\['eta'\]", r"one of \[0.1, 1.0\]", "0.2"),
    (dict(eta=[0.1], kind="gif"), "kind", "'svg', 'webp' or 'png'", "'gif'"),
    (dict(eta=[0.1], density=0), "density", "a positive number", "0"),
    (dict(eta=[0.1], play="M"), "play", r"one of \['eta'\]", "M"),
    (dict(eta=[0.1], start={"M": 1}), "start", "eta", "M"),
    (dict(eta=[0.1], labels={"M": "batch size"}), "labels", "eta", "M"),
])
def test_explore_checks_its_arguments(options, name, expected, got, raises, static):
    with raises(name, expected, got):
        small(**options)
