"""The tasks of the chapter on convolution.

Images, filters and error signals are matrices of whole numbers and halves, none of them square or symmetric, so that
a flip and an exchange of rows and columns show. Most wrong answers slide the right matrix wrongly, or a wrong one rightly.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.feedback import task

Matrix = np.ndarray
Images = np.ndarray     # (N, d_y, d_x)
Pair = tuple[int, int]


# ---------------------------------------------------------------- sliding

def _slide(X: Matrix, F: Matrix) -> Matrix:
    return np.einsum("ijmn,mn->ij", sliding_window_view(X, F.shape), F)


def _turned(F: Matrix) -> Matrix:
    return F[::-1, ::-1]


def _around(X: Matrix, rows: int, columns: int) -> Matrix:
    return np.pad(X, ((rows, rows), (columns, columns)))


def _slide_over_edges(X: Matrix, F: Matrix) -> Matrix:
    return _slide(_around(X, F.shape[0] - 1, F.shape[1] - 1), F)


def _full(D: Matrix, F: Matrix) -> Matrix:
    return _slide_over_edges(D, _turned(F))


def _full_of_integers(D: Matrix, F: Matrix) -> Matrix:
    """Return what an array of integers keeps of `_full`, to which each place adds its share."""
    full = np.zeros(np.add(D.shape, F.shape) - 1)
    for i, j in np.ndindex(*D.shape):
        place = np.s_[i:i + F.shape[0], j:j + F.shape[1]]
        full[place] = np.trunc(full[place] + D[i, j] * F)
    return full


def _middle(full: Matrix, like: Matrix) -> Matrix:
    top, left = np.subtract(full.shape, like.shape) // 2
    return full[top:top + like.shape[0], left:left + like.shape[1]]


def _overwritten(D: Matrix, F: Matrix) -> Matrix:
    full = np.zeros(np.add(D.shape, F.shape) - 1)
    for i, j in np.ndindex(*D.shape):
        full[i:i + F.shape[0], j:j + F.shape[1]] = D[i, j] * F
    return full


def halves(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return an array of whole numbers and halves from −3 to 3: no array of integers can hold what is made of them."""
    return rng.integers(-6, 7, size=shape) / 2


def _two(rng: np.random.Generator, shape: tuple[Pair, Pair]) -> tuple[Matrix, Matrix]:
    return halves(rng, *shape[0]), halves(rng, *shape[1])


# ---------------------------------------------------------------- Task 1: the gradient with respect to the filter

def _batch(rng: np.random.Generator, shape: tuple[int, Pair, Pair]) -> tuple[Images, Images]:
    N, image, places = shape
    return halves(rng, N, *image), halves(rng, N, *places)


def _for_each(X: Images, delta: Images) -> Images:
    """Return the gradient of each image."""
    return np.array([_slide(x, d) for x, d in zip(X, delta)])


@task("Task 1, the gradient with respect to the filter", returns="dF", points=3, draw=_batch,
      shapes=((1, (2, 3), (1, 2)), (1, (3, 4), (2, 2)), (2, (4, 6), (3, 4)), (3, (6, 5), (4, 2))))
def gradient_by_filter(X, delta):
    return _for_each(X, delta).mean(axis=0)


gradient_by_filter.mistake("you flip the error signal",
    "Which of X[i + m] and X[i − m] does the filter entry m meet? Follow one entry of δ through the formula with your "
    "finger.", delta=lambda delta: delta[:, ::-1, ::-1])
gradient_by_filter.mistake("your gradient is turned by half a revolution",
    "The entry (0, 0) of the filter meets the upper left part of the image. Where is its gradient in yours?",
    result=_turned)
gradient_by_filter.mistake("you let δ hang over the edge of the image",
    "That is the full size. A gradient has the shape of what it differentiates by: how many places has δ if all of "
    "it lies on the image?", lambda X, delta: np.mean([_slide_over_edges(x, d) for x, d in zip(X, delta)], axis=0))
gradient_by_filter.mistake("your gradient is transposed",
    "Is the first index of the filter the row or the column of the image that it is added to?", result=np.transpose)
gradient_by_filter.mistake("the last row and the last column are missing",
    "With an image and an error signal of equal size, how many places are there: 0 or 1?",
    result=lambda dF: dF[:-1, :-1])
gradient_by_filter.mistake("you take the mean over the places",
    "The filter is used at every place, and each use contributes. Over what is the mean of the cost?",
    lambda X, delta: _for_each(X, delta).mean(axis=0) / delta[0].size)
gradient_by_filter.mistake("your sign is the wrong one", "This is a gradient, not a step. Who subtracts it?",
    result=np.negative)
gradient_by_filter.mistake("you add the images of the batch",
    "Compare N = 1 with N = 3. What stands in front of the sum in the cost?",
    lambda X, delta: _for_each(X, delta).sum(axis=0))
gradient_by_filter.mistake("you take the mean of the images before you convolve",
    "The error signal of an image belongs to this image. Is the mean of the products the product of the means?",
    lambda X, delta: _slide(X.mean(axis=0), delta.mean(axis=0)))
gradient_by_filter.mistake("you use the first image alone", "Is your `return` inside the loop over the images?",
    lambda X, delta: _slide(X[0], delta[0]))
gradient_by_filter.mistake("you return one gradient for each image",
    "All images share one filter, and it has one gradient.", _for_each)


# ---------------------------------------------------------------- Task 2: the gradient with respect to the image

@task("Task 2, the gradient with respect to the image", returns="dX", points=3, draw=_two,
      shapes=(((1, 2), (1, 2)), ((2, 2), (2, 3)), ((2, 3), (4, 3)), ((3, 2), (5, 4))))
def gradient_by_image(F, delta):
    return _full(delta, F)


gradient_by_image.mistake("you forgot the flip",
    "In the forward pass, Z[i] is fed by X[i + m] through F[m]. Going back, X[a] receives from Z[a − m]: the index "
    "of the filter and that of δ run against each other.", lambda F, delta: _slide_over_edges(delta, F))
gradient_by_image.mistake("you forgot the flip, and you keep to the places where all of the filter lies on δ",
    "A gradient has the shape of what it differentiates by. Is the image larger or smaller than δ?",
    lambda F, delta: _slide(delta, F))
gradient_by_image.mistake("you keep to the places where all of the filter lies on δ",
    "The corner pixel of the image was seen through one entry of the filter alone, and still has a gradient. What is "
    "around δ?", lambda F, delta: _slide(delta, _turned(F)))
gradient_by_image.mistake("you flip the filter up and down only", "Both indices run against those of δ.",
    lambda F, delta: _slide_over_edges(delta, F[::-1]))
gradient_by_image.mistake("you flip the filter left and right only", "Both indices run against those of δ.",
    lambda F, delta: _slide_over_edges(delta, F[:, ::-1]))
gradient_by_image.mistake("you transpose the filter instead of turning it",
    "It is the large matrix of the convolution that is transposed. What does this do to the small one?",
    lambda F, delta: _slide(_around(delta, F.shape[0] - 1, F.shape[1] - 1), F.T))
gradient_by_image.mistake("you turn the filter by a quarter, not by a half", "`np.rot90` has a second argument.",
    lambda F, delta: _full(delta, np.rot90(F)))
gradient_by_image.mistake("you turn the filter, and transpose it as well",
    "Half a turn leaves rows in rows. Which of the two does the chain rule ask for?", F=np.transpose)
gradient_by_image.mistake("all your zeros are above and to the left of δ",
    "The filter hangs over the edge on either side. How far on each?",
    lambda F, delta: _slide(np.pad(delta, [(2 * (k - 1), 0) for k in F.shape]), _turned(F)))
gradient_by_image.mistake("all your zeros are below and to the right of δ",
    "The filter hangs over the edge on either side. How far on each?",
    lambda F, delta: _slide(np.pad(delta, [(0, 2 * (k - 1)) for k in F.shape]), _turned(F)))
gradient_by_image.mistake("you put too many zeros around δ",
    "At least one entry of the filter must lie on δ. How far may a filter of k entries hang over?",
    lambda F, delta: _slide(_around(delta, *F.shape), _turned(F)))
gradient_by_image.mistake("you cut the result to the size of δ",
    "A gradient has the shape of what it differentiates by. Is the image as large as δ?",
    lambda F, delta: _middle(_full(delta, F), delta))
gradient_by_image.mistake("later windows overwrite what earlier ones have left",
    "A pixel lies in several windows, and the chain rule adds up all ways. Is there an `=` where a `+=` should be?",
    lambda F, delta: _overwritten(delta, F))
gradient_by_image.mistake("your gradient is added up in whole numbers", "What does `dtype=int` do to 1.5?",
    lambda F, delta: _full_of_integers(delta, F))
gradient_by_image.mistake("your gradient is transposed", "Which shape has the image?", result=np.transpose)
gradient_by_image.mistake("you flip δ instead of the filter",
    "Turning the other factor turns the result. Which one stays as it is?", delta=_turned)


# ---------------------------------------------------------------- Task 3: stride and padding

def _count(d: int, k: int, s: int, p: int) -> int:
    return (d + 2 * p - k) // s + 1


def _sizes(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
    largest, s, p = shape
    k = int(rng.integers(1, largest // 2))
    return int(rng.integers(k, largest + 1)), k, s, p


@task("Task 3a, the number of places", returns="n", points=2, seeds=6, draw=_sizes,
      shapes=((6, 1, 0), (6, 2, 0), (6, 1, 1), (8, 3, 1), (9, 2, 2), (20, 4, 3)))
def count_places(d, k, s, p):
    return _count(d, k, s, p)


count_places.mistake("you forgot to round down",
    "How often does a step of 2 fit into 5 pixels? There is no half place.", lambda d, k, s, p: (d + 2 * p - k) / s + 1)
count_places.mistake("you forgot the first place",
    "With k = d and no padding, the filter has no step to take. How many places has it?", result=lambda n: n - 1)
count_places.mistake("you add the 1 before you divide",
    "Steps are counted in pixels and divided by s. Is the first place a step?",
    lambda d, k, s, p: (d + 2 * p - k + 1) // s)
count_places.mistake("you pad one side only", "How many zeros are in one row, on both sides of the image together?",
    lambda d, k, s, p: (d + p - k) // s + 1)
count_places.mistake("you round up", "A last step that would carry the filter over the edge is not taken.",
    lambda d, k, s, p: -((k - d - 2 * p) // s) + 1)
count_places.mistake("the stride has no part in your answer", "How far is it from one place to the next?",
    lambda d, k, s, p: d + 2 * p - k + 1)
count_places.mistake("the padding has no part in your answer", "How wide is the image once the zeros are around it?",
    lambda d, k, s, p: (d - k) // s + 1)
count_places.mistake("the size of the filter has no part in your answer",
    "Its first pixel may start only where its last one still fits.", lambda d, k, s, p: (d + 2 * p) // s)
count_places.mistake("you subtract the padding", "Do zeros around the image make it larger or smaller?",
    lambda d, k, s, p: (d - 2 * p - k) // s + 1)


def _convolve(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(_around(X, p, p), F)[::s, ::s]


@task("Task 3b, stride and padding", returns="Z", points=3,
      draw=lambda rng, shape: (*_two(rng, shape[:2]), *shape[2:]),
      shapes=(((2, 3), (1, 2), 1, 0), ((3, 4), (1, 2), 2, 0), ((3, 4), (2, 2), 1, 1), ((7, 8), (2, 3), 2, 1),
              ((8, 9), (3, 2), 3, 2)))
def strided_convolution(X, F, s, p):
    return _convolve(X, F, s, p)


strided_convolution.mistake("you move the filter by one pixel only",
    "How many pixels of the image are between two neighbouring entries of Z?", s=lambda s: 1)
strided_convolution.mistake("the stride acts on the rows only", "The filter moves by s to the right as well.",
    lambda X, F, s, p: _convolve(X, F, 1, p)[::s])


@strided_convolution.mistake("you move the filter by one pixel and stop early",
    "Z has the right size. But which pixel is under the filter's corner at the place (i, j)?")
def _(X, F, s, p):
    Z = _convolve(X, F, 1, p)
    n, m = (_count(d, k, s, p) for d, k in zip(X.shape, F.shape))
    return Z[:n, :m]


strided_convolution.mistake("you thin out the image before you convolve",
    "The stride is a matter of the filter's places. Under the filter, no pixel is left out.",
    lambda X, F, s, p: _slide(_around(X, p, p)[::s, ::s], F))
strided_convolution.mistake("there are no zeros around your image", "Compare p = 0 with p = 1. Where is p used?",
    p=lambda p: 0)
strided_convolution.mistake("your zeros are above and to the left only", "A frame has four sides.",
    lambda X, F, s, p: _slide(np.pad(X, ((p, 0), (p, 0))), F)[::s, ::s])
strided_convolution.mistake("your zeros are below and to the right only", "A frame has four sides.",
    lambda X, F, s, p: _slide(np.pad(X, ((0, p), (0, p))), F)[::s, ::s])
strided_convolution.mistake("you continue the image with its own border",
    "What is the value of a pixel outside the image here?",
    lambda X, F, s, p: _slide(np.pad(X, p, mode="edge"), F)[::s, ::s])
strided_convolution.mistake("you put the zeros around the result",
    "The filter should see the zeros. Which matrix does it slide over?",
    lambda X, F, s, p: _around(_convolve(X, F, s, 0), p, p))
strided_convolution.mistake("you flip the filter",
    "That is the convolution of mathematics. What does this chapter mean by ∗?", F=_turned)
strided_convolution.mistake("the last places are missing",
    "How many steps fit, and how many places does that make, counted with the first?", result=lambda Z: Z[:-1, :-1])
strided_convolution.mistake("your result is transposed",
    "Does the first index of Z move the filter down or to the right?", result=np.transpose)


# ---------------------------------------------------------------- Task 4: two filters in one

@task("Task 4a, two filters in one", returns="H", points=3, draw=_two,
      shapes=(((1, 3), (1, 2)), ((2, 3), (2, 2)), ((3, 4), (2, 3)), ((5, 4), (3, 2))))
def merged_filter(F, G):
    return _full(F, G)


merged_filter.mistake("your filter is added up in whole numbers", "What does `dtype=int` do to 1.5?", _full_of_integers)
merged_filter.mistake("your second filter is the wrong way round",
    "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is m + p the same?",
    _slide_over_edges)
merged_filter.mistake("your first filter is the wrong way round",
    "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is m + p the same?",
    lambda F, G: _slide_over_edges(G, F))
merged_filter.mistake("your filter is turned by half a revolution",
    "The entry (0, 0) of H belongs to the pixel under the upper left corner. Which two entries meet there?",
    result=_turned)
merged_filter.mistake("you slide one filter inside the other, unflipped",
    "Two filters see more of the image than one of them. How many pixels in a row take part in one entry of (X ∗ F) "
    "∗ G?", _slide)
merged_filter.mistake("you slide one filter inside the other",
    "Two filters see more of the image than one of them. How many pixels in a row take part in one entry of (X ∗ F) "
    "∗ G?", lambda F, G: _slide(F, _turned(G)))
merged_filter.mistake("you cut your filter to the size of F",
    "The pixels at its edge take part as well, through one product each.", lambda F, G: _middle(_full(F, G), F))
merged_filter.mistake("you put the products side by side",
    "Products that meet the same pixel belong into one entry. How many entries are left?", np.kron)
merged_filter.mistake("later products overwrite earlier ones",
    "Several pairs of entries meet the same pixel. Is there an `=` where a `+=` should be?", _overwritten)
merged_filter.mistake("your filter is transposed", "Rows add to rows.", result=np.transpose)


# ---------------------------------------------------------------- Task 5: a layer with two bugs

def _layer(rng: np.random.Generator, shape: tuple[int, Pair, Pair, int]) -> tuple[Images, Images, Matrix, int]:
    """Return X, F, δ and s for (channels, image, filter, stride)."""
    C, image, window, s = shape
    delta = halves(rng, *(_count(d, k, s, 0) for d, k in zip(image, window)))
    return halves(rng, C, *image), halves(rng, C, *window), delta, s


def _all_channels(A: np.ndarray) -> np.ndarray:
    return np.broadcast_to(A.sum(axis=0), A.shape)


@task("Task 5, the layer with two bugs", returns="dF, dX", points=3, draw=_layer,
      shapes=((1, (1, 3), (1, 2), 1), (2, (1, 4), (1, 2), 2), (2, (3, 5), (2, 3), 1), (3, (5, 8), (3, 2), 2),
              (2, (8, 7), (3, 4), 2)))
def repaired_layer(X, F, delta, s, *, seen=np.copy, sent=np.copy, adds=True, down=True, right=True):
    """`seen` is what of a window the filter receives, `sent` what of the filter the window receives, added or put;
    `down` and `right` say where the stride counts."""
    dF, dX = np.zeros(F.shape), np.zeros(X.shape)
    for i, j in np.ndindex(*delta.shape):
        top, left = i * (s if down else 1), j * (s if right else 1)
        window = np.s_[:, top:top + F.shape[1], left:left + F.shape[2]]
        dF += delta[i, j] * seen(X[window])
        dX[window] = adds * dX[window] + delta[i, j] * sent(F)
    return dF, dX


repaired_layer.mistake("this is still what the broken program does",
    "Run its tests for one channel and for two, with stride 1 and with stride 2. What does each of the two gradients "
    "depend on?", seen=_all_channels, adds=False)
repaired_layer.mistake("the filter is right, and in the image later windows still overwrite earlier ones",
    "Which places see the second pixel, if a filter of two entries moves by one pixel?", adds=False)
repaired_layer.mistake("the image is right, and each part of the filter still gets the pixels of all channels",
    "In Z, with the pixels of which channel is the part c of the filter multiplied?", seen=_all_channels)
repaired_layer.mistake("each channel of the image gets the sum of all parts of the filter",
    "Through which part of the filter has a pixel of channel c been seen?", sent=_all_channels)
repaired_layer.mistake("the stride has got lost on the way back",
    "The window of the place (i, j) is where it was on the way there.", down=False, right=False)
repaired_layer.mistake("the stride has got lost downwards", "The filter moves by s in both directions.", down=False)
repaired_layer.mistake("the stride has got lost to the right", "The filter moves by s in both directions.", right=False)
repaired_layer.mistake("you flip the filter that each window receives",
    "The flip belongs to the form with a convolution. In the loop over the places, which entry of the filter met the "
    "upper left pixel of the window?", sent=lambda A: A[:, ::-1, ::-1])

#: In the order of the notebook.
ALL = (gradient_by_filter, gradient_by_image, count_places, strided_convolution, merged_filter, repaired_layer)
#: What a person marks, with its points.
WRITTEN = {"Task 3c, the proof with stride": 4, "Task 4b, the proof for two filters": 5}
