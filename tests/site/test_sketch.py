"""The field to draw a digit in: the script computes what the library computes, and reads what a mouse draws."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from browser import visit
from built_site import SITE, pages
from lecture_code.convnet import Block, ConvNet, forward, unpack
from lecture_code.numerics import softmax

PAGES = [page for page in pages() if 'class="sketch"' in (SITE / page).read_text(encoding="utf-8")]

STROKES = {  # in hundredths of the field
    1: [[(50, 15), (50, 85)]],
    7: [[(24, 24), (75, 24), (44, 87)]],
    0: [[(50 + 28 * np.cos(t), 50 + 28 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 25)]],
}


def test_a_chapter_has_a_field(site):
    assert PAGES


def says(field) -> np.ndarray:
    return np.array(json.loads(field.evaluate("(field) => field.dataset.says")))


def network_of(field) -> tuple[ConvNet, np.ndarray]:
    """Return the network and the parameters that stand in the page."""
    net = json.loads(field.evaluate("(field) => field.dataset.net"))
    blocks = tuple(Block(each["Q"], *(tuple(each[name]) for name in ("size", "stride", "padding")), pool=tuple(each["pool"]))
                   for each in net["blocks"])
    net = ConvNet((1, 28, 28), blocks, net["classes"])
    numbers = np.frombuffer(base64.b64decode(field.evaluate("(field) => field.dataset.theta")), "<f4").astype(float)
    theta = np.empty(net.size)
    W, b = unpack(net, theta)
    for part in [part for pair in zip(W[1:], b[1:]) for part in pair]:
        part[...] = numbers[:part.size].reshape(part.shape)
        numbers = numbers[part.size:]
    assert not numbers.size
    return net, theta


@pytest.mark.parametrize("sketch_page", PAGES)
def test_the_script_computes_what_the_library_computes(browser, address, sketch_page):
    with visit(browser, f"{address}/{sketch_page}", unfolded=True) as visited:
        field = visited.page.locator(".sketch")
        assert not says(field).any()                                             # nothing is drawn yet
        field.get_by_text("Show the five").click()
        net, theta = network_of(field)
        image = np.frombuffer(base64.b64decode(field.evaluate("(field) => field.dataset.example")), np.uint8) / 255
        for t in (0, 3, -5):
            field.locator("input[type=range]").fill(str(t))
            moved = np.zeros((28, 28))
            moved[:, max(t, 0):28 + min(t, 0)] = image.reshape(28, 28)[:, max(-t, 0):28 - max(t, 0)]
            expected = softmax(forward(net, theta, moved.reshape(-1, 1)).a[-1])[:, 0]
            assert np.abs(says(field) - expected).max() < 1e-6
            assert field.locator("p").inner_text() == f"The network says {expected.argmax()}."
        field.get_by_text("Clear").click()
        assert not says(field).any()
        assert not visited.refused and not visited.errors


@pytest.mark.parametrize("sketch_page", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_plain_digits_are_read(browser, address, sketch_page, width):
    with visit(browser, f"{address}/{sketch_page}", width=width, unfolded=True) as visited:
        field, mouse = visited.page.locator(".sketch"), visited.page.mouse
        pen = field.locator(".sketch-pen")
        pen.scroll_into_view_if_needed()
        box = pen.bounding_box()
        for digit, strokes in STROKES.items():
            field.get_by_text("Clear").click()
            for stroke in strokes:
                places = [(box["x"] + x / 100 * box["width"], box["y"] + y / 100 * box["height"]) for x, y in stroke]
                mouse.move(*places[0])
                mouse.down()
                for place in places[1:]:
                    mouse.move(*place, steps=4)
                mouse.up()
            assert says(field).argmax() == digit
