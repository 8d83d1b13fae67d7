"""The field to draw in: the network in the page is the network that was trained, and other networks are refused."""

import base64
import json
import re
from html import unescape

import numpy as np
import pytest

from lecture_code.activations import tanh
from lecture_code.convnet import Block, ConvNet, he, unpack
from lecture_code.sketch import sketch

NET = ConvNet((1, 28, 28), (Block(2, (5, 3), stride=(2, 1), pool=2), Block(3, 3, padding=(1, 0))), 4)


def field(markup, name):
    return unescape(re.search(f'data-{name}="([^"]*)"', markup)[1])


def test_the_page_holds_the_parameters_block_by_block(rng):
    theta, example = he(NET, rng, np.float32), np.linspace(0, 1, 784)
    markup = sketch(NET, theta, example)._repr_html_()
    numbers = np.frombuffer(base64.b64decode(field(markup, "theta")), "<f4")
    W, b = unpack(NET, theta)
    np.testing.assert_array_equal(numbers, np.concatenate([part.ravel() for l in (1, 2, 3) for part in (W[l], b[l])]))
    assert json.loads(field(markup, "net")) == {
        "blocks": [{"Q": 2, "size": [5, 3], "stride": [2, 1], "padding": [0, 0], "pool": [2, 2]},
                   {"Q": 3, "size": [3, 3], "stride": [1, 1], "padding": [1, 0], "pool": [1, 1]}], "classes": 4}
    pixels = np.frombuffer(base64.b64decode(field(markup, "example")), np.uint8)
    np.testing.assert_array_equal(pixels, np.round(255 * example))


def test_the_same_network_gives_the_same_page_which_loads_nothing(rng):
    theta = he(NET, rng)
    one, other = (sketch(NET, theta, np.zeros(784)) for _ in range(2))
    assert one.markup == other.markup == sketch(NET, theta.astype(np.float32), np.zeros(784)).markup
    assert repr(one) == "A field to draw a digit in; it needs a browser."
    assert re.search(r'data-net="[^"]*" data-', one.markup) or re.search(r'data-theta="[^"]*" data-', one.markup)
    assert '</div><div class="sketch-bar"><b>1</b>' in one.markup
    assert "http" not in one.markup and "src=" not in one.markup and one.markup.count("sketch-bar\"><b>") == 4


@pytest.mark.parametrize("net", [
    ConvNet((1, 27, 28), (Block(2, 5),), 3), ConvNet((3, 28, 28), (Block(2, 5),), 3),
    ConvNet((1, 28, 28), (Block(2, 5, activation=tanh),), 3), ConvNet((1, 28, 28), (Block(2, 5),), 3, hidden=(4,)),
])
def test_a_network_that_the_script_cannot_compute_is_refused(net):
    with pytest.raises(ValueError, match="net"):
        sketch(net, np.zeros(net.size, np.float32), np.zeros(784))
