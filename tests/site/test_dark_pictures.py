"""In the dark theme a picture has the ground of the page, and what is drawn in it keeps its hue."""

import io

import numpy as np
import pytest
from PIL import Image

from browser import visit

PAGE = "book/08-optimizers.html"


def pixels(picture) -> np.ndarray:
    """What a reader sees of a picture, (height, width, 3)."""
    picture.scroll_into_view_if_needed()
    picture.page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB")).astype(int)


@pytest.mark.parametrize("selector", [".explorer-picture", "div.cell_output img"])
def test_a_picture_is_dark_with_bright_lines_of_the_same_hue(browser, site, selector):
    seen = {}
    for dark in (False, True):
        with visit(browser, (site / PAGE).as_uri(), dark=dark) as visited:
            visited.page.emulate_media(reduced_motion="reduce")      # lines stand as soon as they are in sight
            seen[dark] = pixels(visited.page.locator(selector).locator("visible=true").first)
            ground = visited.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert seen[False][2, 2].min() > 250 and seen[False].min() < 60
    assert seen[True][2, 2].max() < 40 and seen[True].max() > 180
    assert list(seen[True][2, 2]) == [int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(",")]

    def blue(picture):                                               # the share of pixels that are clearly blue
        return (picture[..., 2] - picture[..., 0] > 60).mean()

    assert blue(seen[False]) > 1e-4 and blue(seen[True]) > 0.3 * blue(seen[False])
