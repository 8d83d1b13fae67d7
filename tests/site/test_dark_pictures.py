"""A picture has the ground of the page, in the dark theme, too, and what is drawn in it is seen and keeps its hue."""

import colorsys
import io

import numpy as np
import pytest
from PIL import Image

from browser import visit
from lecture_code import plotting

PAGE = "book/08-optimizers.html"
#: What lines are drawn in. Yellow is left out: it fills areas, with an edge.
LINES = [colour for colour in plotting.CLASS_COLOURS if colour != plotting.YELLOW]


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


def brightness(colour) -> float:
    """The relative luminance of WCAG, of a colour (3,) from 0 to 255."""
    parts = np.asarray(colour) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def hue(colour) -> float:
    return 360 * colorsys.rgb_to_hsv(*np.asarray(colour) / 255)[0]


@pytest.mark.parametrize("dark, least", [(False, 3), (True, 3.5)], ids=["light", "dark"])
def test_every_colour_of_lines_is_seen_on_the_ground_of_the_page_and_keeps_its_name(browser, site, dark, least):
    strips = "".join(f"<rect x='{10 * i}' width='10' height='20' fill='{colour}'/>" for i, colour in enumerate(LINES))
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {10 * len(LINES) + 10} 20'>{strips}</svg>".replace("#", "%23")
    with visit(browser, (site / PAGE).as_uri(), dark=dark) as visited:
        picture = visited.page.locator("div.cell_output img").locator("visible=true").first
        picture.evaluate("(picture, source) => { picture.src = source; }", f"data:image/svg+xml,{drawn}")
        seen = pixels(picture)
        filters = visited.page.locator(".explorer-picture, div.cell_output img").evaluate_all(
            "pictures => [...new Set(pictures.map((picture) => getComputedStyle(picture).filter))]")
    row = seen[len(seen) // 2]
    *lines, ground = (row[int((i + 0.5) * len(row) / (len(LINES) + 1))] for i in range(len(LINES) + 1))
    contrasts = {colour: max(ratio := (brightness(line) + 0.05) / (brightness(ground) + 0.05), 1 / ratio) for colour, line in zip(LINES, lines)}
    assert min(contrasts.values()) >= least, contrasts
    assert 25 <= hue(lines[LINES.index(plotting.ORANGE)]) <= 45 and 190 <= hue(lines[LINES.index(plotting.SKY)]) <= 215
    assert len(filters) == 1, "a widget has other colours than a picture"
    assert dark or list(ground) == [255, 255, 255]
