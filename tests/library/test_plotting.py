"""The book's style and its common pictures: what is drawn, read back from the axes."""

import base64
import io
from types import SimpleNamespace
from xml.etree import ElementTree

import IPython
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from lecture_code.autodiff import variable
from lecture_code.plotting import (
    BLUE, CLASS_COLOURS, CLASS_MARKERS, GREEN, ORANGE, RED, STYLE, classification_map, contour_with_path, draw_graph,
    image_bytes, image_grid, network_diagram, scatter_classes, svg_text, use_book_style)


@pytest.fixture
def ax():
    return Figure(figsize=(2, 2)).subplots()


@pytest.fixture(autouse=True)
def own_style():
    with mpl.rc_context():
        yield


def line_figure(**options):
    figure = Figure(figsize=(2, 1), **options)
    figure.subplots().plot(np.linspace(0, 1, 40) ** 2)
    return figure


def test_the_book_style_is_set():
    use_book_style()
    assert mpl.rcParams["figure.figsize"] == [6.4, 3.6]
    assert mpl.rcParams["axes.prop_cycle"].by_key()["color"][:2] == [BLUE, ORANGE]
    assert not mpl.rcParams["axes.spines.top"]


def test_inline_pictures_in_a_notebook_are_compact(monkeypatch):
    formatter = IPython.core.formatters.PNGFormatter()
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"image/png": formatter}))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    use_book_style()
    data, metadata = formatter(line_figure())
    assert metadata == {"width": 200, "height": 100}
    assert Image.open(io.BytesIO(base64.b64decode(data))).width >= 300  # sharper than it is wide on the page


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_image_bytes(kind):
    data = image_bytes(line_figure(), kind, dpi=50)
    image = Image.open(io.BytesIO(data))
    assert image.format == kind.upper() and image.size == (100, 50)
    assert len(image.convert("RGB").getcolors(maxcolors=256)) > 2
    assert image_bytes(line_figure(), kind, dpi=50) == data  # the same figure gives the same bytes
    assert b"Matplotlib" not in data and b"matplotlib" not in data


def test_a_drawing_keeps_its_text_and_loses_what_nobody_sees():
    with mpl.rc_context(STYLE):
        figures = [line_figure() for _ in range(3)]
        for figure in figures:
            figure.axes[0].set_title("cost η")
        plain = io.StringIO()
        figures[0].savefig(plain, format="svg")
        svg = svg_text(figures[1])
        assert svg_text(figures[2]) == svg  # the same figure gives the same text
    root = ElementTree.fromstring(svg)
    assert "cost η" in "".join(root.itertext())
    assert "metadata" not in svg and "Matplotlib" not in svg
    assert len(svg) < 0.8 * len(plain.getvalue())
    paths = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    assert max(len(number.partition(".")[2]) for d in paths for number in d.split()) == 1


def test_image_bytes_are_fewer_than_savefig_s():
    drawn = io.BytesIO()
    line_figure().savefig(drawn, format="png", dpi=200)
    assert len(image_bytes(line_figure(), "png", dpi=200)) < len(drawn.getvalue()) / 2


def test_colours_and_markers_are_all_different():
    assert len(set(CLASS_COLOURS)) == len(CLASS_COLOURS) == len(set(CLASS_MARKERS)) == len(CLASS_MARKERS)
    assert STYLE["axes.prop_cycle"].by_key()["color"][0] == CLASS_COLOURS[0]


def test_scatter_gives_each_class_its_points_and_colour(ax):
    X = np.array([[0.0, 1], [2, 3], [4, 5]])
    scatter_classes(ax, X, np.eye(2)[[1, 0, 1]], names=["A", "B"])
    first, second = ax.collections
    assert_array_equal(first.get_offsets(), X[[1]])
    assert_array_equal(second.get_offsets(), X[[0, 2]])
    assert [to_hex(c.get_facecolor()[0]) for c in (first, second)] == [BLUE.lower(), ORANGE.lower()]
    assert [c.get_label() for c in (first, second)] == ["A", "B"]
    assert first.get_paths()[0].vertices.shape != second.get_paths()[0].vertices.shape  # markers differ too


def test_scatter_without_names_adds_no_legend_entry(ax):
    scatter_classes(ax, np.zeros((2, 2)), np.eye(2))
    assert ax.get_legend_handles_labels() == ([], [])


def test_scatter_ten_classes(ax):
    scatter_classes(ax, np.zeros((10, 2)), np.eye(10))
    assert len(ax.collections) == 10


def shades(ax):
    """Return the colours of the map, the lowest row first."""
    (image,) = ax.images
    assert image.origin == "lower"
    return np.asarray(image.get_array())


def tint(k):
    return 0.22 * np.array(to_rgb(CLASS_COLOURS[k])) + 0.78


@pytest.mark.parametrize("points", [5, 120])
def test_the_map_shades_the_winner(ax, points):
    classification_map(ax, lambda x: np.stack([x[0], -x[0]]), (-1, 2), (0, 1), points)  # class 0 wins where x₁ > 0
    colours = shades(ax)
    assert colours.shape == (points, points, 3)
    assert_allclose(colours[:, 0], np.tile(tint(1), (points, 1)))   # the left edge
    assert_allclose(colours[:, -1], np.tile(tint(0), (points, 1)))  # the right edge
    assert ax.get_xlim() == (-1, 2) and ax.get_ylim() == (0, 1)
    border = ax.collections[0].get_paths()[0].vertices
    assert_allclose(border[:, 0], 0, atol=1e-12)


def test_the_map_has_its_vertical_axis_the_right_way(ax):
    classification_map(ax, lambda x: np.stack([x[1], -x[1]]), (0, 1), (-1, 1), 4)
    assert_allclose(shades(ax)[-1, 0], tint(0))  # high x₂: class 0


def test_a_pixel_of_the_map_is_centred_where_its_score_was_taken(ax):
    classification_map(ax, lambda x: x, (0, 4), (0, 1), 5)  # scores at x₁ = 0, 1, 2, 3, 4: pixels one wide
    assert_allclose(ax.images[0].get_extent(), (-0.5, 4.5, -0.125, 1.125))


def test_no_border_where_there_is_none(ax):
    classification_map(ax, lambda x: np.stack([1 + 0 * x[0], 0 * x[0]]), (0, 1), (0, 1), 4)
    assert len(ax.collections) == 0


def test_the_map_of_three_classes(ax):
    classification_map(ax, lambda x: np.stack([x[0], -x[0], 0.5 + 0 * x[0]]), (-1, 1), (0, 1), 9)
    assert len(np.unique(shades(ax).reshape(-1, 3), axis=0)) == 3
    assert len(ax.collections) == 0


def test_a_path_over_level_lines(ax):
    path = np.array([[1.0, 2], [0.5, 1], [0, 0]])
    returned = contour_with_path(ax, lambda a, b: a**2 + b**2, path, (-1, 1), (-2, 2), levels=[1.0])
    line, ring = ax.lines
    assert returned is line
    assert_array_equal(line.get_xydata(), path)
    assert_array_equal(ring.get_xydata(), path[:1])
    assert line.get_color() == RED and ring.get_markerfacecolor() == "white"
    level = ax.collections[0].get_paths()[0].vertices
    assert_allclose(np.hypot(*level.T), 1, atol=1e-3)
    assert ax.get_xlim() == (-1, 1) and ax.get_ylim() == (-2, 2)


def test_level_lines_on_a_coarser_grid(ax):
    seen = []
    contour_with_path(ax, lambda a, b: seen.append(a.shape) or a + b, np.zeros((2, 2)), (0, 1), (0, 1), points=7)
    assert seen == [(7, 7)]


def test_an_image_a_panel(rng):
    axes = Figure().subplots(2, 2)
    images = rng.random((3, 4, 5))
    image_grid(axes, images, titles=["a", "b", "c"])
    for ax, image, title in zip(axes.flat, images, "abc"):
        assert_array_equal(ax.images[0].get_array(), image)
        assert ax.get_title() == title
        assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0
    assert not axes.flat[3].images


def test_signed_images_share_one_scale_with_white_at_zero():
    axes = Figure().subplots(1, 2)
    image_grid(axes, np.array([[[-4.0, 0]], [[1, 2]]]), signed=True)
    for ax in axes:
        assert ax.images[0].get_clim() == (-4, 4)
    shown = axes[0].images[0]
    colour = lambda value: to_hex(shown.cmap(shown.norm(value)))
    assert colour(-4) == BLUE.lower() and colour(4) == RED.lower()
    assert min(to_rgb(colour(0))) > 0.99


def texts(ax):
    """Return the texts of a drawing by what they say."""
    return {text.get_text(): text for text in ax.texts}


def middle(box):
    return box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2


def test_a_network_has_a_box_for_each_unit_and_a_line_for_each_weight(ax):
    network_diagram(ax, (1, 2, 3))
    places = [middle(box) for box in ax.patches]
    assert_allclose(places, [(0, 0), (1, 0.72), (1, -0.72), (2, 1.1), (2, 0), (2, -1.1)], atol=1e-12)
    assert len(ax.lines) == 1 * 2 + 2 * 3
    assert list(texts(ax)) == ["input", "layer 1", "layer 2"]
    assert [texts(ax)[name].get_position()[0] for name in texts(ax)] == [0, 1, 2]


@pytest.mark.parametrize("widths", [(1, 1), (2, 2, 3, 2), (5, 3)])
def test_all_of_a_network_is_in_sight_and_nothing_overlaps(ax, widths):
    network_diagram(ax, widths)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for box in ax.patches:
        assert left < box.get_x() and box.get_x() + box.get_width() < right
        assert low < box.get_y() and box.get_y() + box.get_height() < high
    for one, other in zip(ax.patches, ax.patches[1:]):
        assert abs(middle(one)[1] - middle(other)[1]) > one.get_height() or middle(one)[0] != middle(other)[0]


def test_a_network_shows_what_is_known_and_marks_what_is_new(ax):
    rows = [("z", BLUE, {1: ["0.1", "0.2"]}), ("a", RED, {0: ["7"], 1: ["0.3", "0.4"]})]
    network_diagram(ax, (1, 2), rows, new=("a", 1), colour=ORANGE)
    found = texts(ax)
    assert {"7", "0.1", "0.2", "0.3", "0.4"} < found.keys()
    boxes = dict(zip(("input", "upper", "lower"), ax.patches))
    for text, box in (("7", "input"), ("0.1", "upper"), ("0.3", "upper"), ("0.2", "lower"), ("0.4", "lower")):
        x, y = found[text].get_position()
        assert boxes[box].get_x() < x < boxes[box].get_x() + boxes[box].get_width()
        assert boxes[box].get_y() < y < boxes[box].get_y() + boxes[box].get_height()
    assert found["0.1"].get_position()[1] > found["0.3"].get_position()[1]  # rows from the top
    assert [found[text].get_color() for text in ("0.1", "7", "0.4")] == [BLUE, RED, RED]
    assert {text for text in found if found[text].get_weight() == "bold"} == {"a", "0.3", "0.4"}
    assert [to_hex(box.get_edgecolor()) == ORANGE.lower() for box in ax.patches] == [False, True, True]


def test_the_weights_of_a_network_stand_on_their_lines(ax):
    labels = [["w11", "w12"], ["w21", "w22"], ["w31", "w32"]]
    network_diagram(ax, (2, 3, 1), edges=(1, labels, 0.25), colour=GREEN)
    assert [line.get_color() for line in ax.lines] == [GREEN] * 6 + ["0.8"] * 3
    units = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]
    heights = {unit: middle(box)[1] for unit, box in zip(units, ax.patches)}
    for j, row in enumerate(labels):
        for m, label in enumerate(row):
            (x0, x1), (y0, y1) = ax.lines[2 * j + m].get_data()
            assert abs(y0 - heights[0, m]) < 0.46 and abs(y1 - heights[1, j]) < 0.46  # from sender m to receiver j
            assert_allclose(texts(ax)[label].get_position(), (x0 + 0.25 * (x1 - x0), y0 + 0.25 * (y1 - y0)))


def test_figures_draw_without_a_warning(rng):
    use_book_style()
    figure = Figure()
    axes = figure.subplots(2, 2)
    scatter_classes(axes[0, 0], rng.random((6, 2)), np.eye(3)[[0, 1, 2] * 2])
    classification_map(axes[0, 1], lambda x: np.stack([x[0], x[1]]), (0, 1), (0, 1), 20)
    contour_with_path(axes[1, 0], lambda a, b: a * b, rng.random((4, 2)), (0, 1), (0, 1))
    image_grid([axes[1, 1]], np.zeros((1, 4, 4)), signed=True)
    assert len(image_bytes(figure, "png", dpi=40)) > 1000


# Graphs of expressions


def labels_of(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_the_graph_is_drawn_with_values_and_adjoints():
    x, y, z = variable(2, "x"), variable(3, "y"), variable(-2, "z")
    ax = draw_graph((x + y) * z)
    shown = labels_of(ax)
    assert sorted(shown) == sorted(["x", "y", "z", "+", "×", "2", "3", "-2", "5", "-10", "-2", "-2", "-2", "5", "1"])
    assert len([text for text in ax.texts if not text.get_text()]) == 4  # one arrow for each operand
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_the_drawing_can_stop_on_the_way():
    x, y, z = variable(2, "x"), variable(3, "y"), variable(-2, "z")
    figure, axes = plt.subplots(1, 2)
    assert draw_graph((x + y) * z, axes[0], values=2, known=0) is axes[0]
    assert sorted(labels_of(axes[0])) == sorted(["x", "y", "z", "+", "×", "2", "3"])
    draw_graph((x + y) * z, axes[1], known=2)
    # the walk completes f and then u or z
    assert len(labels_of(axes[1])) == 5 + 5 + 2 and "1" in labels_of(axes[1])
    plt.close(figure)


def test_operands_stand_left_of_their_results():
    x = variable(np.ones((2, 3)), "x")
    late = variable(1.0)
    f = ((x * 2).tanh() * x).sum() * late
    ax = draw_graph(f)
    where = {text.get_text(): text.get_position()[0] for text in ax.texts if text.get_bbox_patch()}
    assert where["x"] < where["tanh"] < where["sum"]
    assert where["sum"] == max(v for k, v in where.items() if k in ("sum", "tanh", "c"))
    assert "2×3" in labels_of(ax) and "c" in where
    boxes = [text for text in ax.texts if text.get_bbox_patch()]
    assert len({text.get_position() for text in boxes}) == len(boxes) == 8
    plt.close(ax.figure)


def test_the_drawing_of_one_sum_in_detail():
    x, f = variable(2, "x"), variable(2, "x") + 3
    x, c = f.operands
    ax = draw_graph(f)
    arrows = [text for text in ax.texts if not text.get_text()]
    boxes = {text.get_text(): text for text in ax.texts if text.get_bbox_patch()}
    # leaves in column 0, one above the other; the sum in column 1, a little higher, so that long arrows miss boxes
    place = {"x": (0, 0.5), "c": (0, -0.5), "+": (1, 0.15)}
    assert {label: text.get_position() for label, text in boxes.items()} == place
    assert [(arrow.xy, arrow.get_position()) for arrow in arrows] == [(place["+"], place["x"]), (place["+"], place["c"])]
    for arrow in arrows:
        assert arrow.get_zorder() == 1  # behind the boxes
        assert arrow.arrow_patch.shrinkA == arrow.arrow_patch.shrinkB == 14
        assert arrow.arrow_patch.get_arrowstyle().__class__.__name__ == "CurveB"
        assert arrow.arrow_patch.get_edgecolor()[:3] == (0.6, 0.6, 0.6)
    for label, text in boxes.items():
        assert (text.get_ha(), text.get_va(), text.get_zorder()) == ("center", "center", 3)
        box = text.get_bbox_patch()
        assert box.get_facecolor() == (1, 1, 1, 1)
        # a constant, which has no adjoint, has a paler frame
        assert box.get_edgecolor()[0] == (0.75 if label == "c" else 0.3)
    numbers = {(text.get_text(), text.get_color()): text for text in ax.texts if text not in (*arrows, *boxes.values())}
    assert len(numbers) == 4
    blue, red = "#0072B2", "#D55E00"
    for key, node, offset in ((("2", blue), "x", 14), (("3", blue), "c", 14), (("5", blue), "+", 14)):
        text = numbers[key]
        assert (text.xy, text.get_position(), text.get_ha()) == (place[node], (0, offset), "center")
        assert text.anncoords == "offset points"
    below = [text for text in ax.texts if text.get_color() == red]
    assert [(text.xy, text.get_text(), text.get_position()) for text in below] == [
        (place["x"], "1", (0, -22)), (place["+"], "1", (0, -22))]
    assert {(text.get_ha(), text.anncoords) for text in below} == {("center", "offset points")}
    assert (ax.margins(), ax.axison) == ((0.12, 0.25), False)
    (points,) = ax.lines
    assert points.get_linestyle() == "None"
    assert sorted(zip(*points.get_data())) == sorted(place.values())
    plt.close(ax.figure)


def test_leaves_stand_near_where_they_are_used():
    # f = (x y).tanh() + late: three columns of operations, and the leaf `late` beside the last but one
    x, y, late = variable(1.0, "x"), variable(1.0), variable(1.0, "late")
    ax = draw_graph((x * y).tanh() + late)
    where = {text.get_text(): text.get_position() for text in ax.texts if text.get_bbox_patch()}
    assert {label: position[0] for label, position in where.items()} == {
        "x": 0, "v": 0, "×": 1, "tanh": 2, "late": 2, "+": 3}
    assert where["×"][1] == where["+"][1] == 0.15 and where["tanh"][1] - where["late"][1] == 1
    plt.close(ax.figure)
