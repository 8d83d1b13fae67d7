"""The tasks of the chapter on convolution.

Images, filters and error signals are matrices of whole numbers and halves, none of them square or symmetric, so that
a flip and an exchange of rows and columns show. A gradient slides one matrix over another; most mistakes are slips in
what slides, or in what it slides over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture_code.feedback import task

Matrix = np.ndarray
Images = np.ndarray     # (N, d_y, d_x)
Pair = tuple[int, int]


# ---------------------------------------------------------------- sliding

def _slide(X: Matrix, F: Matrix) -> Matrix:
    return np.einsum("ijmn,mn->ij", sliding_window_view(X, F.shape), F)


def _around(X: Matrix, rows: int, columns: int, **padding: Any) -> Matrix:
    return np.pad(X, ((rows, rows), (columns, columns)), **padding)


def _slide_over_edges(X: Matrix, F: Matrix) -> Matrix:
    return _slide(_around(X, F.shape[0] - 1, F.shape[1] - 1), F)


def _turned(F: Matrix) -> Matrix:
    return F[::-1, ::-1]


def _middle(full: Matrix, like: Matrix) -> Matrix:
    top, left = np.subtract(full.shape, like.shape) // 2
    return full[top:top + like.shape[0], left:left + like.shape[1]]


def _in_turn(D: Matrix, F: Matrix, keeps: bool, dtype: type = float) -> Matrix:
    """Let each entry of D add its multiple of F at its place, or put it there; an array of integers cuts it."""
    full = np.zeros(np.add(D.shape, F.shape) - 1, dtype)
    for i, j in np.ndindex(*D.shape):
        place = np.s_[i:i + F.shape[0], j:j + F.shape[1]]
        full[place] = keeps * full[place] + D[i, j] * F
    return full


def halves(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return an array of whole numbers and halves from −3 to 3: no array of integers can hold what is made of them."""
    return rng.integers(-6, 7, size=shape) / 2


def _whole(A: np.ndarray, most: int = 15) -> np.ndarray:
    """Return a large array with whole numbers, as an image has them: what is made of it may have halves."""
    return (2 * A).astype(int) if A.size > most else A


def _two(rng: np.random.Generator, shape: tuple[Pair, Pair]) -> tuple[Matrix, Matrix]:
    return _whole(halves(rng, *shape[0])), _whole(halves(rng, *shape[1]))


# ---------------------------------------------------------------- Task 1: the gradient with respect to the filter

def _batch(rng: np.random.Generator, shape: tuple[int, Pair, Pair]) -> tuple[Images, Images]:
    N, image, places = shape
    return _whole(halves(rng, N, *image), 50), halves(rng, N, *places)


@task("Task 1: the gradient with respect to the filter", returns="dF", points=3, draw=_batch,
      shapes=((1, (2, 3), (1, 2)), (1, (3, 4), (2, 2)), (2, (4, 6), (3, 4)), (3, (6, 5), (4, 2))))
def gradient_by_filter(X, delta):
    return np.mean([_slide(x, d) for x, d in zip(X, delta)], axis=0)


gradient_by_filter.mistake("you flip the error signal",
    "Which of X[i + m] and X[i − m] does the filter entry m meet? Follow one entry of δ through the formula with your "
    "finger.", slip={"(x, d)": "(x, d[::-1, ::-1])"})
gradient_by_filter.mistake("your gradient is turned by half a revolution",
    "The entry (0, 0) of the filter meets the upper left part of the image. Where is its gradient in yours?",
    result=_turned)
gradient_by_filter.mistake("you let δ hang over the edge of the image",
    "That is the full size. A gradient has the shape of what it differentiates by: how many places has δ if all of "
    "it lies on the image?", slip={"_slide(": "_slide_over_edges("})
gradient_by_filter.mistake("your gradient is transposed",
    "Is the first index of the filter the row or the column of the image that it is added to?", result=np.transpose)
gradient_by_filter.mistake("the last row and the last column are missing",
    "With an image and an error signal of equal size, how many places are there: 0 or 1?",
    result=lambda dF: dF[:-1, :-1])
gradient_by_filter.mistake("you take the mean over the places",
    "The filter is used at every place, and each use contributes. Over what is the mean of the cost?",
    slip={"(x, d)": "(x, d) / d.size"})
gradient_by_filter.mistake("your sign is the wrong one", "This is a gradient, not a step. Who subtracts it?",
    result=np.negative)
gradient_by_filter.mistake("you add the images of the batch",
    "Compare N = 1 with N = 3. What stands in front of the sum in the cost?", slip={"np.mean": "np.sum"})
gradient_by_filter.mistake("your images and error signals do not stay in pairs",
    "Each image has an error signal of its own. Is the mean of the products the product of the means?",
    slip={"zip(X, delta)": "[(X.mean(axis=0), delta.mean(axis=0))]"})
gradient_by_filter.mistake("you use the first image alone", "Is your `return` inside the loop over the images?",
    slip={"zip(X, delta)": "[(X[0], delta[0])]"})
gradient_by_filter.mistake("you return one gradient for each image",
    "All images share one filter, and it has one gradient.", slip={"np.mean(": "(", ", axis=0": ""})
gradient_by_filter.mistake("you use the last image alone",
    "Is there an `=` where a `+=` should be, in your loop over the images?",
    slip={"zip(X, delta)": "[(X[-1], delta[-1])]"})
gradient_by_filter.mistake("you use the last image alone, and divide it by N",
    "Is there an `=` where a `+=` should be, in your loop over the images?",
    slip={"zip(X, delta)": "[(X[-1] / len(X), delta[-1])]"})
gradient_by_filter.mistake("your gradient is as large as the image",
    "Which shape had the filter, if an image of 6 pixels in a row gave 4 places?",
    slip={"_slide(x, d)": "_middle(_slide_over_edges(x, d), x)"})
gradient_by_filter.mistake("you flip the image",
    "Which of X[i + m] and X[i − m] does the filter entry m meet? Follow one entry of δ through the formula.",
    slip={"(x, d)": "(x[::-1, ::-1], d)"})
gradient_by_filter.mistake("you flip the error signal up and down",
    "Does the row of the pixel grow or fall with the row of δ?", slip={"(x, d)": "(x, d[::-1])"})
gradient_by_filter.mistake("you flip the error signal left and right",
    "Does the column of the pixel grow or fall with the column of δ?", slip={"(x, d)": "(x, d[:, ::-1])"})
gradient_by_filter.mistake("the values of the error signal have no part in your gradient",
    "Put in a δ that is 0 everywhere. Which gradient do you expect?", slip={"(x, d)": "(x, np.ones_like(d))"})


# ---------------------------------------------------------------- Task 2: the gradient with respect to the image

@task("Task 2: the gradient with respect to the image", returns="dX", points=3, draw=_two,
      shapes=(((1, 2), (1, 2)), ((2, 2), (2, 3)), ((2, 3), (4, 3)), ((3, 2), (5, 4))))
def gradient_by_image(F, delta):
    rows, columns = F.shape
    return _slide(_around(delta, rows - 1, columns - 1), F[::-1, ::-1])


gradient_by_image.mistake("you forgot the flip, or flipped the filter where no flip is needed",
    "In the forward pass, Z[i] is fed by X[i + m] through F[m]. Going back, X[a] receives from Z[a − m]: the index "
    "of the filter and that of δ run against each other.", slip={"[::-1, ::-1]": ""})
gradient_by_image.mistake("you forgot the flip, and you keep to the places where all of the filter lies on δ",
    "A gradient has the shape of what it differentiates by. Is the image larger or smaller than δ?",
    slip={"rows - 1, columns - 1": "0, 0", "[::-1, ::-1]": ""})
gradient_by_image.mistake("you keep to the places where all of the filter lies on δ",
    "The corner pixel of the image was seen through one entry of the filter alone, and still has a gradient. What is "
    "around δ?", slip={"rows - 1, columns - 1": "0, 0"})
gradient_by_image.mistake("the columns of the filter are the wrong way round, and its rows are right",
    "Column a of the image receives from column a − n of δ. Through which column of the filter?",
    slip={"[::-1, ::-1]": "[::-1]"})
gradient_by_image.mistake("the rows of the filter are the wrong way round, and its columns are right",
    "Row a of the image receives from row a − m of δ. Through which row of the filter?",
    slip={"[::-1, ::-1]": "[:, ::-1]"})
gradient_by_image.mistake("you transpose the filter instead of turning it",
    "It is the large matrix of the convolution that is transposed. What does this do to the small one?",
    slip={"F[::-1, ::-1]": "F.T"})
gradient_by_image.mistake("the filter lies a quarter of a turn from where it should",
    "Where does the entry (0, 0) of F lie in yours? Which pixel of a window did it meet?", F=np.rot90)
gradient_by_image.mistake("the filter is transposed, and right apart from that",
    "Rows of the filter belong to rows of the image. Do they in yours?", F=np.transpose)
gradient_by_image.mistake("all your zeros are above and to the left of δ",
    "The filter hangs over the edge on either side. How far on each?",
    slip={"_around(delta, rows - 1, columns - 1)": "np.pad(delta, ((2 * rows - 2, 0), (2 * columns - 2, 0)))"})
gradient_by_image.mistake("all your zeros are below and to the right of δ",
    "The filter hangs over the edge on either side. How far on each?",
    slip={"_around(delta, rows - 1, columns - 1)": "np.pad(delta, ((0, 2 * rows - 2), (0, 2 * columns - 2)))"})
gradient_by_image.mistake("you put too many zeros around δ",
    "At least one entry of the filter must lie on δ. How far may a filter of k entries hang over?",
    slip={"rows - 1, columns - 1": "rows, columns"})
gradient_by_image.mistake("you cut the result to the size of δ",
    "A gradient has the shape of what it differentiates by. Is the image as large as δ?",
    slip={"return ": "return _middle(", "::-1])": "::-1]), delta)"})
gradient_by_image.mistake("later windows overwrite what earlier ones have left",
    "A pixel lies in several windows, and the chain rule adds up all ways. Is there an `=` where a `+=` should be?",
    lambda F, delta: _in_turn(delta, F, keeps=False))
gradient_by_image.mistake("your gradient is added up in whole numbers", "What does `dtype=int` do to 1.5?",
    lambda F, delta: _in_turn(delta, F, keeps=True, dtype=int))
gradient_by_image.mistake("your gradient is transposed", "Which shape has the image?", result=np.transpose)
gradient_by_image.mistake("you flip δ", "Turning the other factor turns the result. Which one stays as it is?",
    delta=_turned)
gradient_by_image.mistake("your gradient is turned by half a revolution, as if δ were flipped in place of the filter",
    "Through which entry of the filter has the first place seen the first pixel?", result=_turned)
gradient_by_image.mistake("the filter lies a quarter of a turn from where it should, and your zeros suit it as it was",
    "Where does the entry (0, 0) of F lie in yours? Which pixel of a window did it meet?",
    slip={"F[::-1, ::-1]": "np.rot90(F)"})
gradient_by_image.mistake("rows and columns of your zeros have changed places",
    "A filter with two rows hangs over the upper edge by one. By how much to the left, with three columns?",
    slip={"rows - 1, columns - 1": "columns - 1, rows - 1"})
gradient_by_image.mistake("your zeros are above and below δ only", "A frame has four sides.",
    slip={"rows - 1, columns - 1": "rows - 1, 0"})
gradient_by_image.mistake("your zeros are to the left and to the right of δ only", "A frame has four sides.",
    slip={"rows - 1, columns - 1": "0, columns - 1"})
gradient_by_image.mistake("you continue δ with its own border",
    "Which error has a place that the filter never visited?", slip={"columns - 1)": "columns - 1, mode='edge')"})
gradient_by_image.mistake("you forgot the flip, and you cut the result to the size of δ",
    "Is the image as large as δ? And which entry of the filter has seen the corner pixel?",
    slip={"return ": "return _middle(", "[::-1, ::-1])": "), delta)"})
gradient_by_image.mistake("the filter has no part in your gradient",
    "Through which entry of the filter was a pixel seen?", F=np.ones_like)


# ---------------------------------------------------------------- Task 3: stride and padding

def _sizes(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
    largest, s, p = shape
    k = int(rng.integers(1, largest // 2))
    return int(rng.integers(k, largest + 1)), k, s, p


@task("Task 3a: stride and padding", returns="n", points=2, seeds=6, draw=_sizes,
      shapes=((6, 1, 0), (6, 2, 0), (6, 1, 1), (8, 3, 1), (9, 2, 2), (20, 4, 3)))
def count_places(d, k, s, p):
    return (d + 2 * p - k) // s + 1


count_places.mistake("you forgot to round down",
    "How often does a step of 2 fit into 5 pixels? There is no half place.", slip={"//": "/"})
count_places.mistake("you forgot the first place",
    "With k = d and no padding, the filter has no step to take. How many places has it?", slip={" + 1": ""})
count_places.mistake("you add the 1 before you divide",
    "Steps are counted in pixels and divided by s. Is the first place a step?", slip={"- k) // s + 1": "- k + 1) // s"})
count_places.mistake("you pad one side only", "How many zeros are in one row, on both sides of the image together?",
    slip={"2 * p": "p"})
count_places.mistake("you round up", "A last step that would carry the filter over the edge is not taken.",
    slip={"(d + 2 * p - k) // s": "-((k - d - 2 * p) // s)"})
count_places.mistake("the stride has no part in your answer", "How far is it from one place to the next?",
    slip={" // s": ""})
count_places.mistake("the padding has no part in your answer", "How wide is the image once the zeros are around it?",
    slip={" + 2 * p": ""})
count_places.mistake("the size of the filter has no part in your answer",
    "Its first pixel may start only where its last one still fits.", slip={"- k) // s + 1": ") // s"})
count_places.mistake("you subtract the padding", "Do zeros around the image make it larger or smaller?",
    slip={"+ 2 * p": "- 2 * p"})
count_places.mistake("you count the places of the padding that is called 'same'",
    "There p follows from the other numbers. Which p is given here?", slip={"(d + 2 * p - k) // s + 1": "-(-d // s)"})
count_places.mistake("a bracket is missing", "Which of your terms is divided by s? All steps should be.",
    slip={"(d + 2 * p - k)": "d + 2 * p - k"})
count_places.mistake("you divide the image by the stride, and subtract the filter afterwards",
    "What does the stride divide, pixels of the image or pixels by which the filter moves?",
    slip={"- k) // s": ") // s - k"})
count_places.mistake("you count each zero of the padding as a place", "Are the zeros also passed in steps of s?",
    slip={"d + 2 * p - k) // s": "d - k) // s + 2 * p"})
count_places.mistake("the first pixel of the filter may stand anywhere for you",
    "Its last pixel has to lie on the image, too.", slip={" - k) // s": " - 1) // s"})
count_places.mistake("your filter never touches the last pixel",
    "The filter ends at the pixel is + k − 1. Is the pixel d − 1 inside or outside?", slip={" - k) //": " - k - 1) //"})
count_places.mistake("you place filters side by side",
    "How far is it from one place to the next? Filters may overlap.",
    slip={"(d + 2 * p - k) // s + 1": "(d + 2 * p) // k"})
count_places.mistake("you round to the nearest whole number", "Is a step and a half two steps?",
    slip={"(d + 2 * p - k) // s": "round((d + 2 * p - k) / s)"})


@task("Task 3b: stride and padding", returns="Z", points=3,
      draw=lambda rng, shape: (*_two(rng, shape[:2]), *shape[2:]),
      shapes=(((2, 3), (1, 2), 1, 0), ((3, 4), (1, 2), 2, 0), ((3, 4), (2, 2), 1, 1), ((7, 8), (2, 3), 2, 1),
              ((8, 9), (3, 2), 3, 2)))
def strided_convolution(X, F, s, p):
    return _slide(_around(X, p, p), F)[::s, ::s]


strided_convolution.mistake("you move the filter by one pixel only",
    "How many pixels of the image are between two neighbouring entries of Z?", slip={"[::s, ::s]": ""})
strided_convolution.mistake("the stride acts on the rows only", "The filter moves by s to the right as well.",
    slip={"[::s, ::s]": "[::s]"})
strided_convolution.mistake("you move the filter by one pixel and stop early",
    "Z has the right size. But which pixel is under the filter's corner at the place (i, j)?",
    slip={"[::s, ::s]": "[:(len(X) + 2 * p - len(F)) // s + 1, :(len(X.T) + 2 * p - len(F.T)) // s + 1]"})
strided_convolution.mistake("you thin out the image before you convolve",
    "The stride is a matter of the filter's places. Under the filter, no pixel is left out.",
    slip={"_around(X, p, p), F)[::s, ::s]": "_around(X, p, p)[::s, ::s], F)"})
strided_convolution.mistake("there are no zeros around your image", "Compare p = 0 with p = 1. Where is p used?",
    slip={"X, p, p": "X, 0, 0"})
strided_convolution.mistake("your zeros are above and to the left only", "A frame has four sides.",
    slip={"_around(X, p, p)": "np.pad(X, (p, 0))"})
strided_convolution.mistake("your zeros are below and to the right only", "A frame has four sides.",
    slip={"_around(X, p, p)": "np.pad(X, (0, p))"})
strided_convolution.mistake("you continue the image with its own border",
    "What is the value of a pixel outside the image here?", slip={"X, p, p": "X, p, p, mode='edge'"})
strided_convolution.mistake("you put the zeros around the result",
    "The filter should see the zeros. Which matrix does it slide over?",
    slip={"_slide(_around(X, p, p), F)[::s, ::s]": "_around(_slide(X, F)[::s, ::s], p, p)"})
strided_convolution.mistake("you flip the filter",
    "That is the convolution of mathematics. What does this chapter mean by ∗?", slip={", F)": ", F[::-1, ::-1])"})
strided_convolution.mistake("the last places are missing",
    "How many steps fit, and how many places does that make, counted with the first?", result=lambda Z: Z[:-1, :-1])
strided_convolution.mistake("your result is transposed",
    "Does the first index of Z move the filter down or to the right?", result=np.transpose)
strided_convolution.mistake("the stride acts on the columns only", "The filter moves by s downwards as well.",
    slip={"[::s, ::s]": "[:, ::s]"})
strided_convolution.mistake("your zeros are above and below only", "A frame has four sides.",
    slip={"X, p, p": "X, p, 0"})
strided_convolution.mistake("your zeros are to the left and to the right only", "A frame has four sides.",
    slip={"X, p, p": "X, 0, p"})
strided_convolution.mistake("your frame is twice as thick as asked for",
    "How many zeros are there on each side, for p = 1?", slip={"X, p, p": "X, 2 * p, 2 * p"})
strided_convolution.mistake("your frame consists of ones", "What is the value of a pixel outside the image here?",
    slip={"X, p, p": "X, p, p, constant_values=1"})
strided_convolution.mistake("the image is mirrored outside its border",
    "What is the value of a pixel outside the image here?", slip={"X, p, p": "X, p, p, mode='symmetric'"})
strided_convolution.mistake("your filter moves by its own size",
    "That is how windows of pooling move. How many pixels are between two places here?",
    slip={"[::s, ::s]": "[::F.shape[0], ::F.shape[1]]"})
strided_convolution.mistake("your first place is one step too late",
    "Which pixel is in the corner of the filter at the place (0, 0)?", slip={"[::s, ::s]": "[s::s, s::s]"})
strided_convolution.mistake("your first place is at the pixel s − 1",
    "Which pixel is in the corner of the filter at the place (0, 0)?", slip={"[::s, ::s]": "[s - 1::s, s - 1::s]"})
strided_convolution.mistake("your last places hang over the edge",
    "All of the filter must lie on the framed image. Is a last step taken that does not fit?",
    slip={"_around(X, p, p)": "np.pad(X, (p, p + s - 1))"})
strided_convolution.mistake("you flip the filter up and down", "In the formula m is added to the row. Is it in yours?",
    slip={", F)": ", F[::-1])"})


# ---------------------------------------------------------------- Task 4: two filters in one

@task("Task 4a: two filters in one", returns="H", points=3, draw=_two,
      shapes=(((1, 3), (1, 2)), ((2, 3), (2, 2)), ((3, 4), (2, 3)), ((5, 4), (3, 2))))
def merged_filter(F, G):
    rows, columns = G.shape
    return _slide(_around(F, rows - 1, columns - 1), G[::-1, ::-1])


merged_filter.mistake("your filter is added up in whole numbers", "What does `dtype=int` do to 1.5?",
    lambda F, G: _in_turn(F, G, keeps=True, dtype=int))
merged_filter.mistake("your second filter is the wrong way round",
    "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is m + p the same?",
    slip={"G[::-1, ::-1]": "G"})
merged_filter.mistake("your first filter is the wrong way round",
    "In (X ∗ F) ∗ G both indices are added to the place: X is taken at i + m + p. For which pairs is m + p the same?",
    F=_turned)
merged_filter.mistake("your filter is turned by half a revolution",
    "The entry (0, 0) of H belongs to the pixel under the upper left corner. Which two entries meet there?",
    result=_turned)
merged_filter.mistake("you slide one filter inside the other, unflipped",
    "Two filters see more of the image than one of them. How many pixels in a row take part in one entry of (X ∗ F) "
    "∗ G?", slip={"rows - 1, columns - 1": "0, 0", "[::-1, ::-1]": ""})
merged_filter.mistake("you slide one filter inside the other",
    "Two filters see more of the image than one of them. How many pixels in a row take part in one entry of (X ∗ F) "
    "∗ G?", slip={"rows - 1, columns - 1": "0, 0"})
merged_filter.mistake("you cut your filter to the size of F",
    "The pixels at its edge take part as well, through one product each.",
    slip={"return ": "return _middle(", "::-1])": "::-1]), F)"})
merged_filter.mistake("you put the products side by side",
    "Products that meet the same pixel belong into one entry. How many entries are left?", np.kron)
merged_filter.mistake("later products overwrite earlier ones",
    "Several pairs of entries meet the same pixel. Is there an `=` where a `+=` should be?",
    lambda F, G: _in_turn(F, G, keeps=False))
merged_filter.mistake("your filter is transposed", "Rows add to rows.", result=np.transpose)
merged_filter.mistake("the rows of your second filter are the wrong way round",
    "In which row of H do row m of F and row p of G meet?", slip={"G[::-1, ::-1]": "G[:, ::-1]"})
merged_filter.mistake("the columns of your second filter are the wrong way round",
    "In which column of H do column n of F and column q of G meet?", slip={"G[::-1, ::-1]": "G[::-1]"})
merged_filter.mistake("your second filter is transposed", "Which of the two has three rows, F or G? And in yours?",
    G=np.transpose)
merged_filter.mistake("your filter has a row and a column too many",
    "Two entries and two entries see three pixels. How many do 2 and 3 see?",
    slip={"return ": "return np.pad(", "::-1])": "::-1]), (0, 1))"})


# ---------------------------------------------------------------- Task 5: a layer with two bugs

def _layer(rng: np.random.Generator, shape: tuple[int, Pair, Pair, int]) -> tuple[Images, Images, Matrix, int]:
    """Return X, F, δ and s for (channels, image, filter, stride)."""
    C, image, window, s = shape
    delta = halves(rng, *((d - k) // s + 1 for d, k in zip(image, window)))
    return _whole(halves(rng, C, *image), 115), _whole(halves(rng, C, *window), 20), delta, s


@task("Task 5: find the bugs", returns="dF, dX", points=3, draw=_layer,
      shapes=((1, (1, 3), (1, 2), 1), (2, (1, 4), (1, 2), 2), (2, (3, 5), (2, 3), 1), (3, (5, 8), (3, 2), 2),
              (2, (8, 7), (3, 4), 2)))
def repaired_layer(X, F, delta, s):
    dF, dX = np.zeros(F.shape), np.zeros(X.shape)
    for i, j in np.ndindex(*delta.shape):
        window = np.s_[:, i * s:i * s + F.shape[1], j * s:j * s + F.shape[2]]
        dF += delta[i, j] * X[window]
        dX[window] += delta[i, j] * F
    return dF, dX


_ALL_CHANNELS = {"* X[window]": "* X[window].sum(axis=0)"}
repaired_layer.mistake("this is still what the broken program does",
    "Run its tests for one channel and for two, with stride 1 and with stride 2. What does each of the two gradients "
    "depend on?", slip={"dX[window] +=": "dX[window] =", **_ALL_CHANNELS})
repaired_layer.mistake("dF is right, and one of the two bugs is left",
    "Which places see the second pixel, if a filter of two entries moves by one pixel?",
    slip={"dX[window] +=": "dX[window] ="})
repaired_layer.mistake("dX is right, and one of the two bugs is left",
    "In Z, with the pixels of which channel is the part c of the filter multiplied?", slip=_ALL_CHANNELS)
repaired_layer.mistake("each channel of the image gets the sum of all parts of the filter",
    "Through which part of the filter has a pixel of channel c been seen?", slip={"] * F": "] * F.sum(axis=0)"})
repaired_layer.mistake("the stride has got lost on the way back",
    "The window of the place (i, j) is where it was on the way there.",
    slip={"i * s:i * s": "i:i", "j * s:j * s": "j:j"})
repaired_layer.mistake("the stride has got lost downwards", "The filter moves by s in both directions.",
    slip={"i * s:i * s": "i:i"})
repaired_layer.mistake("the stride has got lost to the right", "The filter moves by s in both directions.",
    slip={"j * s:j * s": "j:j"})
repaired_layer.mistake("you flip the filter that each window receives",
    "The flip belongs to the form with a convolution. In the loop over the places, which entry of the filter met the "
    "upper left pixel of the window?", slip={"] * F": "] * F[:, ::-1, ::-1]"})
repaired_layer.mistake("the image is right, and in the filter each place overwrites the one before",
    "The filter was used at every place. Is there an `=` where a `+=` should be?", slip={"dF +=": "dF ="})
repaired_layer.mistake("the filter is right, and in the image the stride has got lost",
    "Which pixels has the place (i, j) seen? They are those that receive its error.",
    slip={"dX[window]": "dX[:, i:i + F.shape[1], j:j + F.shape[2]]"})
repaired_layer.mistake("the image is right, and in the filter the stride has got lost",
    "Which pixels has the place (i, j) seen? They are those that the filter was multiplied by.",
    slip={"* X[window]": "* X[:, i:i + F.shape[1], j:j + F.shape[2]]"})
repaired_layer.mistake("only the first channel of the image receives anything", "How many channels has the window?",
    slip={"dX[window] += delta[i, j] * F": "dX[window][0] += delta[i, j] * F[0]"})
repaired_layer.mistake("all channels of the image receive the first part of the filter",
    "Through which part of the filter has a pixel of channel c been seen?", slip={"] * F": "] * F[0]"})
repaired_layer.mistake("you flip the window that the filter receives",
    "In the loop over the places, which pixel of the window met the upper left entry of the filter?",
    slip={"* X[window]": "* X[window][:, ::-1, ::-1]"})
repaired_layer.mistake("each part of the filter gets the mean of all channels",
    "In Z, with the pixels of which channel is the part c of the filter multiplied?",
    slip={"* X[window]": "* X[window].mean(axis=0)"})

#: In the order of the notebook.
ALL = (gradient_by_filter, gradient_by_image, count_places, strided_convolution, merged_filter, repaired_layer)
#: What a person marks, with its points.
WRITTEN = {"Task 3c: stride and padding": 4, "Task 4b: two filters in one": 5}
