"""The tasks of the chapter on convolution.

Images, filters and error signals are matrices of whole numbers, none of them square or symmetric, so that a flip
and an exchange of rows and columns show. Most wrong answers slide the right matrix wrongly, or a wrong one rightly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.feedback import Answer, Mistake, Task

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


def _middle(full: Matrix, like: Matrix) -> Matrix:
    top, left = (full.shape[0] - like.shape[0]) // 2, (full.shape[1] - like.shape[1]) // 2
    return full[top:top + like.shape[0], left:left + like.shape[1]]


def _overwritten(D: Matrix, F: Matrix) -> Matrix:
    full = np.zeros((D.shape[0] + F.shape[0] - 1, D.shape[1] + F.shape[1] - 1))
    for i, j in np.ndindex(*D.shape):
        full[i:i + F.shape[0], j:j + F.shape[1]] = D[i, j] * F
    return full


# ---------------------------------------------------------------- inputs

def whole(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return an array of the whole numbers from −3 to 3."""
    return rng.integers(-3, 4, size=shape).astype(float)


def _batch(rng: np.random.Generator, shape: tuple[int, Pair, Pair]) -> tuple[Images, Images]:
    N, image, places = shape
    return whole(rng, N, *image), whole(rng, N, *places)


def _two(rng: np.random.Generator, shape: tuple[Pair, Pair]) -> tuple[Matrix, Matrix]:
    return whole(rng, *shape[0]), whole(rng, *shape[1])


def _sizes(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
    largest, s, p = shape
    k = int(rng.integers(1, largest // 2))
    return int(rng.integers(k, largest + 1)), k, s, p


def _strided(rng: np.random.Generator, shape: tuple[Pair, Pair, int, int]) -> tuple[Matrix, Matrix, int, int]:
    return *_two(rng, shape[:2]), *shape[2:]


# ---------------------------------------------------------------- Task 1: the gradient with respect to the filter

def _mean(one: Callable[[Matrix, Matrix], Matrix]) -> Answer:
    def answer(X: Images, delta: Images) -> Matrix:
        return np.mean([one(x, d) for x, d in zip(X, delta)], axis=0)

    return answer


def _slide_turned(X: Matrix, F: Matrix) -> Matrix:
    return _slide(X, _turned(F))


def _result_turned(X: Matrix, F: Matrix) -> Matrix:
    return _turned(_slide(X, F))


def _result_transposed(X: Matrix, F: Matrix) -> Matrix:
    return _slide(X, F).T


def _too_short(X: Matrix, F: Matrix) -> Matrix:
    return _slide(X, F)[:-1, :-1]


def _mean_of_places(X: Matrix, F: Matrix) -> Matrix:
    return _slide(X, F) / F.size


def _downhill(X: Matrix, F: Matrix) -> Matrix:
    return -_slide(X, F)


def _sum_of_images(X: Images, delta: Images) -> Matrix:
    return len(X) * _mean(_slide)(X, delta)


def _means_first(X: Images, delta: Images) -> Matrix:
    return _slide(X.mean(axis=0), delta.mean(axis=0))


def _first_image(X: Images, delta: Images) -> Matrix:
    return _slide(X[0], delta[0])


def _not_summed_over_images(X: Images, delta: Images) -> Images:
    return np.array([_slide(x, d) for x, d in zip(X, delta)])


gradient_by_filter = Task(
    name="gradient_by_filter", title="Task 1, the gradient with respect to the filter",
    takes="X, delta", returns="dF",
    reference=_mean(_slide), draw=_batch,
    shapes=((1, (2, 3), (1, 2)), (1, (3, 4), (2, 2)), (2, (4, 6), (3, 4)), (3, (6, 5), (4, 2))),
    mistakes=(
        Mistake("you flip the error signal",
                "Which of X[i + m] and X[i − m] does the filter entry m meet? Follow one entry of δ through the "
                "formula with your finger.", _mean(_slide_turned)),
        Mistake("your gradient is turned by half a revolution",
                "The entry (0, 0) of the filter meets the upper left part of the image. Where is its gradient in "
                "yours?", _mean(_result_turned)),
        Mistake("you let δ hang over the edge of the image",
                "That is the full size. A gradient has the shape of what it differentiates by: how many places has "
                "δ if all of it lies on the image?", _mean(_slide_over_edges)),
        Mistake("your gradient is transposed",
                "Is the first index of the filter the row or the column of the image that it is added to?",
                _mean(_result_transposed)),
        Mistake("the last row and the last column are missing",
                "With an image and an error signal of equal size, how many places are there: 0 or 1?",
                _mean(_too_short)),
        Mistake("you take the mean over the places",
                "The filter is used at every place, and each use contributes. Over what is the mean of the cost?",
                _mean(_mean_of_places)),
        Mistake("your sign is the wrong one",
                "This is a gradient, not a step. Who subtracts it?", _mean(_downhill)),
        Mistake("you add the images of the batch",
                "Compare N = 1 with N = 3. What stands in front of the sum in the cost?", _sum_of_images),
        Mistake("you take the mean of the images before you convolve",
                "The error signal of an image belongs to this image. Is the mean of the products the product of the "
                "means?", _means_first),
        Mistake("you use the first image alone", "Is your `return` inside the loop over the images?", _first_image),
        Mistake("you return one gradient for each image",
                "All images share one filter, and it has one gradient.", _not_summed_over_images),
    ),
)


# ---------------------------------------------------------------- Task 2: the gradient with respect to the image

def _by_image(F: Matrix, delta: Matrix) -> Matrix:
    return _full(delta, F)


def _by_image_not_turned(F: Matrix, delta: Matrix) -> Matrix:
    return _slide_over_edges(delta, F)


def _by_image_valid(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(delta, F)


def _by_image_turned_and_valid(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(delta, _turned(F))


def _by_image_turned_up_and_down(F: Matrix, delta: Matrix) -> Matrix:
    return _slide_over_edges(delta, F[::-1])


def _by_image_turned_left_and_right(F: Matrix, delta: Matrix) -> Matrix:
    return _slide_over_edges(delta, F[:, ::-1])


def _by_image_filter_transposed(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(_around(delta, F.shape[0] - 1, F.shape[1] - 1), F.T)


def _by_image_one_sided(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(np.pad(delta, [(2 * (k - 1), 0) for k in F.shape]), _turned(F))


def _by_image_one_sided_below(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(np.pad(delta, [(0, 2 * (k - 1)) for k in F.shape]), _turned(F))


def _by_image_wide(F: Matrix, delta: Matrix) -> Matrix:
    return _slide(_around(delta, *F.shape), _turned(F))


def _by_image_same(F: Matrix, delta: Matrix) -> Matrix:
    return _middle(_full(delta, F), delta)


def _by_image_overwritten(F: Matrix, delta: Matrix) -> Matrix:
    return _overwritten(delta, F)


def _by_image_transposed(F: Matrix, delta: Matrix) -> Matrix:
    return _full(delta, F).T


def _by_image_signal_turned(F: Matrix, delta: Matrix) -> Matrix:
    return _full(_turned(delta), F)


gradient_by_image = Task(
    name="gradient_by_image", title="Task 2, the gradient with respect to the image",
    takes="F, delta", returns="dX",
    reference=_by_image, draw=_two,
    shapes=(((1, 2), (1, 2)), ((2, 2), (2, 3)), ((2, 3), (4, 3)), ((3, 2), (5, 4))),
    mistakes=(
        Mistake("you forgot the flip",
                "In the forward pass, Z[i] is fed by X[i + m] through F[m]. Going back, X[a] receives from Z[a − m]: "
                "the index of the filter and that of δ run against each other.", _by_image_not_turned),
        Mistake("you forgot the flip, and you keep to the places where all of the filter lies on δ",
                "A gradient has the shape of what it differentiates by. Is the image larger or smaller than δ?",
                _by_image_valid),
        Mistake("you keep to the places where all of the filter lies on δ",
                "The corner pixel of the image was seen through one entry of the filter alone, and still has a "
                "gradient. What is around δ?", _by_image_turned_and_valid),
        Mistake("you flip the filter up and down only",
                "Both indices run against those of δ.", _by_image_turned_up_and_down),
        Mistake("you flip the filter left and right only",
                "Both indices run against those of δ.", _by_image_turned_left_and_right),
        Mistake("you transpose the filter instead of turning it",
                "It is the large matrix of the convolution that is transposed. What does this do to the small one?",
                _by_image_filter_transposed),
        Mistake("all your zeros are above and to the left of δ",
                "The filter hangs over the edge on either side. How far on each?", _by_image_one_sided),
        Mistake("all your zeros are below and to the right of δ",
                "The filter hangs over the edge on either side. How far on each?", _by_image_one_sided_below),
        Mistake("you put too many zeros around δ",
                "At least one entry of the filter must lie on δ. How far may a filter of k entries hang over?",
                _by_image_wide),
        Mistake("you cut the result to the size of δ",
                "A gradient has the shape of what it differentiates by. Is the image as large as δ?", _by_image_same),
        Mistake("later windows overwrite what earlier ones have left",
                "A pixel lies in several windows, and the chain rule adds up all ways. Is there an `=` where a `+=` "
                "should be?", _by_image_overwritten),
        Mistake("your gradient is transposed", "Which shape has the image?", _by_image_transposed),
        Mistake("you flip δ instead of the filter",
                "Turning the other factor turns the result. Which one stays as it is?", _by_image_signal_turned),
    ),
)


# ---------------------------------------------------------------- Task 3a: how many places

def _count(d: int, k: int, s: int, p: int) -> int:
    return (d + 2 * p - k) // s + 1


def _count_without_floor(d: int, k: int, s: int, p: int) -> float:
    return (d + 2 * p - k) / s + 1


def _count_without_one(d: int, k: int, s: int, p: int) -> int:
    return (d + 2 * p - k) // s


def _count_one_too_early(d: int, k: int, s: int, p: int) -> int:
    return (d + 2 * p - k + 1) // s


def _count_one_side(d: int, k: int, s: int, p: int) -> int:
    return (d + p - k) // s + 1


def _count_rounded_up(d: int, k: int, s: int, p: int) -> int:
    return -((k - d - 2 * p) // s) + 1


def _count_without_stride(d: int, k: int, s: int, p: int) -> int:
    return d + 2 * p - k + 1


def _count_without_padding(d: int, k: int, s: int, p: int) -> int:
    return (d - k) // s + 1


def _count_blocks(d: int, k: int, s: int, p: int) -> int:
    return (d + 2 * p) // s


def _count_padding_subtracted(d: int, k: int, s: int, p: int) -> int:
    return (d - 2 * p - k) // s + 1


count_places = Task(
    name="count_places", title="Task 3a, the number of places",
    takes="d, k, s, p", returns="n",
    reference=_count, draw=_sizes,
    shapes=((6, 1, 0), (6, 2, 0), (6, 1, 1), (8, 3, 1), (9, 2, 2), (20, 4, 3)), seeds=6,
    mistakes=(
        Mistake("you forgot to round down",
                "How often does a step of 2 fit into 5 pixels? There is no half place.", _count_without_floor),
        Mistake("you forgot the first place",
                "With k = d and no padding, the filter has no step to take. How many places has it?",
                _count_without_one),
        Mistake("you add the 1 before you divide",
                "Steps are counted in pixels and divided by s. Is the first place a step?", _count_one_too_early),
        Mistake("you pad one side only", "How many zeros are in one row, on both sides of the image together?",
                _count_one_side),
        Mistake("you round up",
                "A last step that would carry the filter over the edge is not taken.", _count_rounded_up),
        Mistake("the stride has no part in your answer", "How far is it from one place to the next?",
                _count_without_stride),
        Mistake("the padding has no part in your answer", "How wide is the image once the zeros are around it?",
                _count_without_padding),
        Mistake("the size of the filter has no part in your answer",
                "Its first pixel may start only where its last one still fits.", _count_blocks),
        Mistake("you subtract the padding", "Do zeros around the image make it larger or smaller?",
                _count_padding_subtracted),
    ),
)


# ---------------------------------------------------------------- Task 3b: with stride and padding

def _convolve(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(_around(X, p, p), F)[::s, ::s]


def _stride_forgotten(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, F, 1, p)


def _stride_of_rows(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, F, 1, p)[::s]


def _stride_by_cutting(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    Z = _convolve(X, F, 1, p)
    n, m = (_count(d, k, s, p) for d, k in zip(X.shape, F.shape))
    return Z[:n, :m]


def _image_thinned(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(_around(X, p, p)[::s, ::s], F)


def _padding_forgotten(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, F, s, 0)


def _padding_before(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(np.pad(X, ((p, 0), (p, 0))), F)[::s, ::s]


def _padding_after(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(np.pad(X, ((0, p), (0, p))), F)[::s, ::s]


def _padding_with_edge(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _slide(np.pad(X, p, mode="edge"), F)[::s, ::s]


def _padding_of_result(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _around(_convolve(X, F, s, 0), p, p)


def _filter_turned(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, _turned(F), s, p)


def _last_place_forgotten(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, F, s, p)[:-1, :-1]


def _convolve_transposed(X: Matrix, F: Matrix, s: int, p: int) -> Matrix:
    return _convolve(X, F, s, p).T


strided_convolution = Task(
    name="strided_convolution", title="Task 3b, stride and padding",
    takes="X, F, s, p", returns="Z",
    reference=_convolve, draw=_strided,
    shapes=(((2, 3), (1, 2), 1, 0), ((3, 4), (1, 2), 2, 0), ((3, 4), (2, 2), 1, 1), ((7, 8), (2, 3), 2, 1),
            ((8, 9), (3, 2), 3, 2)),
    mistakes=(
        Mistake("you move the filter by one pixel only",
                "How many pixels of the image are between two neighbouring entries of Z?", _stride_forgotten),
        Mistake("the stride acts on the rows only", "The filter moves by s to the right as well.", _stride_of_rows),
        Mistake("you move the filter by one pixel and stop early",
                "Z has the right size. But which pixel is under the filter's corner at the place (i, j)?",
                _stride_by_cutting),
        Mistake("you thin out the image before you convolve",
                "The stride is a matter of the filter's places. Under the filter, no pixel is left out.",
                _image_thinned),
        Mistake("there are no zeros around your image", "Compare p = 0 with p = 1. Where is p used?",
                _padding_forgotten),
        Mistake("your zeros are above and to the left only", "A frame has four sides.", _padding_before),
        Mistake("your zeros are below and to the right only", "A frame has four sides.", _padding_after),
        Mistake("you continue the image with its own border",
                "What is the value of a pixel outside the image here?", _padding_with_edge),
        Mistake("you put the zeros around the result",
                "The filter should see the zeros. Which matrix does it slide over?", _padding_of_result),
        Mistake("you flip the filter",
                "That is the convolution of mathematics. What does this chapter mean by ∗?", _filter_turned),
        Mistake("the last places are missing",
                "How many steps fit, and how many places does that make, counted with the first?",
                _last_place_forgotten),
        Mistake("your result is transposed", "Does the first index of Z move the filter down or to the right?",
                _convolve_transposed),
    ),
)


# ---------------------------------------------------------------- Task 4: two filters in one

def _merged_not_turned(F: Matrix, G: Matrix) -> Matrix:
    return _slide_over_edges(F, G)


def _merged_turned(F: Matrix, G: Matrix) -> Matrix:
    return _turned(_full(F, G))


def _merged_other_way(F: Matrix, G: Matrix) -> Matrix:
    return _slide_over_edges(G, F)


def _merged_valid(F: Matrix, G: Matrix) -> Matrix:
    return _slide(F, G)


def _merged_valid_turned(F: Matrix, G: Matrix) -> Matrix:
    return _slide(F, _turned(G))


def _merged_same(F: Matrix, G: Matrix) -> Matrix:
    return _middle(_full(F, G), F)


def _merged_by_blocks(F: Matrix, G: Matrix) -> Matrix:
    return np.kron(F, G)


def _merged_overwritten(F: Matrix, G: Matrix) -> Matrix:
    return _overwritten(F, G)


def _merged_transposed(F: Matrix, G: Matrix) -> Matrix:
    return _full(F, G).T


merged_filter = Task(
    name="merged_filter", title="Task 4a, two filters in one",
    takes="F, G", returns="H",
    reference=_full, draw=_two,
    shapes=(((1, 3), (1, 2)), ((2, 3), (2, 2)), ((3, 4), (2, 3)), ((5, 4), (3, 2))),
    mistakes=(
        Mistake("your second filter is the wrong way round",
                "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is "
                "m + p the same?", _merged_not_turned),
        Mistake("your first filter is the wrong way round",
                "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is "
                "m + p the same?", _merged_other_way),
        Mistake("your filter is turned by half a revolution",
                "The entry (0, 0) of H belongs to the pixel under the upper left corner. Which two entries meet "
                "there?", _merged_turned),
        Mistake("you slide one filter inside the other, unflipped",
                "Two filters see more of the image than one of them. How many pixels in a row take part in one "
                "entry of (X ∗ F) ∗ G?", _merged_valid),
        Mistake("you slide one filter inside the other",
                "Two filters see more of the image than one of them. How many pixels in a row take part in one "
                "entry of (X ∗ F) ∗ G?", _merged_valid_turned),
        Mistake("you cut your filter to the size of F",
                "The pixels at its edge take part as well, through one product each.", _merged_same),
        Mistake("you put the products side by side",
                "Products that meet the same pixel belong into one entry. How many entries are left?",
                _merged_by_blocks),
        Mistake("later products overwrite earlier ones",
                "Several pairs of entries meet the same pixel. Is there an `=` where a `+=` should be?",
                _merged_overwritten),
        Mistake("your filter is transposed", "Rows add to rows.", _merged_transposed),
    ),
)

# ---------------------------------------------------------------- Task 5: a layer with two bugs

def _layer(rng: np.random.Generator, shape: tuple[int, Pair, Pair, int]) -> tuple[Images, Images, Matrix, int]:
    """Return X, F, δ and s for (channels, image, filter, stride)."""
    C, image, window, s = shape
    delta = whole(rng, *(_count(d, k, s, 0) for d, k in zip(image, window)))
    return whole(rng, C, *image), whole(rng, C, *window), delta, s


def _as_it_is(A: np.ndarray) -> np.ndarray:
    return A


def _all_channels(A: np.ndarray) -> np.ndarray:
    return np.broadcast_to(A.sum(axis=0), A.shape)


def _flipped(A: np.ndarray) -> np.ndarray:
    return A[:, ::-1, ::-1]


def _going_back(
    seen: Callable[[np.ndarray], np.ndarray] = _as_it_is, sent: Callable[[np.ndarray], np.ndarray] = _as_it_is,
    adds: bool = True, down: bool = True, right: bool = True,
) -> Answer:
    """Return a backward pass: what of a window the filter receives, what the window receives, added or put, and
    whether the stride counts downwards and to the right."""

    def answer(X: Images, F: Images, delta: Matrix, s: int) -> tuple[Images, Images]:
        dF, dX = np.zeros(F.shape), np.zeros(X.shape)
        for i, j in np.ndindex(*delta.shape):
            top, left = i * (s if down else 1), j * (s if right else 1)
            window = np.s_[:, top:top + F.shape[1], left:left + F.shape[2]]
            dF += delta[i, j] * seen(X[window])
            dX[window] = adds * dX[window] + delta[i, j] * sent(F)
        return dF, dX

    return answer


repaired_layer = Task(
    name="repaired_layer", title="Task 5, the layer with two bugs",
    takes="X, F, delta, s", returns="dF, dX",
    reference=_going_back(), draw=_layer,
    shapes=((1, (1, 3), (1, 2), 1), (2, (1, 4), (1, 2), 2), (2, (3, 5), (2, 3), 1), (3, (5, 8), (3, 2), 2),
            (2, (8, 7), (3, 4), 2)),
    mistakes=(
        Mistake("this is still what the broken program does",
                "Run its tests for one channel and for two, with stride 1 and with stride 2. What does each of the two "
                "gradients depend on?", _going_back(_all_channels, adds=False)),
        Mistake("the filter is right, and in the image later windows still overwrite earlier ones",
                "Which places see the second pixel, if a filter of two entries moves by one pixel?",
                _going_back(adds=False)),
        Mistake("the image is right, and each part of the filter still gets the pixels of all channels",
                "In Z, with the pixels of which channel is the part c of the filter multiplied?",
                _going_back(_all_channels)),
        Mistake("each channel of the image gets the sum of all parts of the filter",
                "Through which part of the filter has a pixel of channel c been seen?", _going_back(sent=_all_channels)),
        Mistake("the stride has got lost on the way back",
                "The window of the place (i, j) is where it was on the way there.",
                _going_back(down=False, right=False)),
        Mistake("the stride has got lost downwards", "The filter moves by s in both directions.",
                _going_back(down=False)),
        Mistake("the stride has got lost to the right", "The filter moves by s in both directions.",
                _going_back(right=False)),
        Mistake("you flip the filter that each window receives",
                "The flip belongs to the form with a convolution. In the loop over the places, which entry of the "
                "filter met the upper left pixel of the window?", _going_back(sent=_flipped)),
    ),
)

#: In the order of the notebook.
ALL = (gradient_by_filter, gradient_by_image, count_places, strided_convolution, merged_filter, repaired_layer)
