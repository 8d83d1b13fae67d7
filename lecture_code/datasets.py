"""The data of the book. Every array is read-only and has one sample a row.

Book: ch-softmax-regression, ch-backpropagation
"""

from __future__ import annotations

import io
import sys
from functools import cache
from importlib.resources import files
from typing import BinaryIO, NamedTuple

import numpy as np

from lecture_code.validation import require, require_count


class Split(NamedTuple):
    """A data set cut in two: X (N, d) with labels y (N,), for training and for the final test."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


class Points(NamedTuple):
    """Points in the plane: X (N, 2) and targets Y (N, K), one-hot rows."""

    X: np.ndarray
    Y: np.ndarray


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _open_data(name: str) -> BinaryIO:
    """Open a data file of the package. In the browser the large ones stay with the site until asked for."""
    file = files("lecture_code").joinpath("data", name)
    if sys.platform == "emscripten" and not file.is_file():  # pragma: no cover, only in a browser: tests/live
        return _from_site(name)
    return file.open("rb")


def _from_site(name: str) -> BinaryIO:  # pragma: no cover, only in a browser: tests/live
    """Fetch a data file from the site that this browser's Python came from."""
    from js import XMLHttpRequest
    from pyodide.code import run_js

    live = str(run_js("self.location.href")).rpartition("/live/")[0] + "/live"
    request = XMLHttpRequest.new()
    request.open("GET", f"{live}/data/{name}", False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        raise OSError(f"{live}/data/{name}: the site answered {request.status}; build it with `make live`")
    return io.BytesIO(request.response.to_bytes())


@cache
def mnist_images() -> Split:
    """Return MNIST as it was published: uint8 images (60000, 28, 28) and (10000, 28, 28), labels 0 … 9.

    The file ships with the package; nothing is downloaded. (In the browser the first call fetches
    it from the site, 11 MB.) Y. LeCun, C. Cortes, C. Burges, licence CC BY-SA 3.0.
    """
    with _open_data("mnist.npz") as file, np.load(file) as archive:
        return Split(*(_read_only(archive[name]) for name in ("x_train", "y_train", "x_test", "y_test")))


@cache
def load_mnist() -> Split:
    """Return MNIST for training: pixels scaled to [0, 1] as float32 rows (N, 784), integer labels (N,).

    Multiplying by 1/255 in float32 keeps the peak memory at one copy of the result.
    """
    images = mnist_images()

    def pixels(x: np.ndarray) -> np.ndarray:
        return _read_only(np.multiply(x.reshape(len(x), -1), np.float32(1 / 255), dtype=np.float32))

    def labels(y: np.ndarray) -> np.ndarray:
        return _read_only(y.astype(np.int64))

    return Split(pixels(images.X_train), labels(images.y_train), pixels(images.X_test), labels(images.y_test))


@cache
def tower_image() -> np.ndarray:
    """Return a photograph of a tower as grey values 0 … 255: uint8 (128, 128).

    By danielbuechele, licence CC BY 2.0, as shipped with scikit-learn; cut, turned grey and reduced.
    """
    with _open_data("tower.npz") as file, np.load(file) as archive:
        return _read_only(archive["image"])


def higham(points: int = 10) -> Points:
    """Return the ten points of Higham & Higham (2019), or eleven, with (0.3, 0.7) added in category B.

    Category A has target (1, 0), category B has (0, 1). All coordinates lie in [0, 1].
    """
    require(points in (10, 11), "points", "10 or 11", points)
    x1 = [0.1, 0.3, 0.1, 0.6, 0.4, 0.6, 0.5, 0.9, 0.4, 0.7, 0.3]
    x2 = [0.1, 0.4, 0.5, 0.9, 0.2, 0.3, 0.6, 0.2, 0.4, 0.6, 0.7]
    category = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    X = np.column_stack([x1, x2])[:points]
    return Points(_read_only(X), _read_only(np.eye(2)[category[:points]]))


def two_moons(samples: int, rng: np.random.Generator, noise: float = 0.15) -> Points:
    """Return two interlocking half circles in the plane, half of the samples each, with Gaussian noise."""
    require_count("samples", samples)
    label = np.arange(samples) % 2
    angle = rng.uniform(0, np.pi, samples)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    X = np.where(label[:, None] == 0, upper, lower) + noise * rng.standard_normal((samples, 2))
    return Points(_read_only(X), _read_only(np.eye(2)[label]))


def gaussian_blobs(samples: int, rng: np.random.Generator, classes: int = 3, spread: float = 0.5) -> Points:
    """Return `classes` round Gaussian clouds, their centres evenly spaced on the circle of radius 1.5."""
    require_count("samples", samples)
    require_count("classes", classes)
    label = np.arange(samples) % classes
    angle = 2 * np.pi * label / classes
    centre = 1.5 * np.column_stack([np.cos(angle), np.sin(angle)])
    X = centre + spread * rng.standard_normal((samples, 2))
    return Points(_read_only(X), _read_only(np.eye(classes)[label]))
