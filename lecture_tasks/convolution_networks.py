"""The tasks of the chapter on convolution networks.

Sizes are rectangular, strides exceed 1, borders stay unread, and ties occur, so that what is right only for square
images, for stride 1 or for maps without ties is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap

import numpy as np

from lecture_code.feedback import Answer, task

Array = np.ndarray
Pair = tuple[int, int]
Blocks = list[tuple[int, int, int, int, int]]   # Q, k, s, pad, pool


def _places(d: int, k: int, s: int, pad: int) -> int:
    return (d + 2 * pad - k) // s + 1


# ---------------------------------------------------------------- Task 1: the gradient by the image, in full

def error_signal(rng: np.random.Generator,
                 shape: tuple[int, int, Pair, Pair, int, int]) -> tuple[Array, Array, Pair, int, int]:
    """Return δ (Q, h, w), filters (Q, C, k_y, k_x), the size of the image, stride and padding."""
    Q, C, (ky, kx), (H, W), s, pad = shape
    delta = rng.integers(-6, 7, size=(Q, _places(H, ky, s, pad), _places(W, kx, s, pad))) / 2
    return delta, rng.integers(-6, 7, size=(Q, C, ky, kx)) / 2, (H, W), s, pad


def _stamped(delta: Array, F: Array, size: Pair, steps: Pair, pad: int, put: Callable = np.add) -> Array:
    """Return (C, H + 2 pad, W + 2 pad): the stamps of all filters at all places."""
    (H, W), (ky, kx) = size, F.shape[2:]
    frame = np.zeros((F.shape[1], H + 2 * pad, W + 2 * pad))
    for p, i, j in np.ndindex(delta.shape):
        where = np.s_[:, steps[0] * i:steps[0] * i + ky, steps[1] * j:steps[1] * j + kx]
        frame[where] = put(frame[where], delta[p, i, j] * F[p])
    return frame


def _cut(frame: Array, size: Pair, pad: int) -> Array:
    return frame[:, pad:pad + size[0], pad:pad + size[1]]


def _by_channels(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _cut(_stamped(delta, F, size, (s, s), pad), size, pad)


@task("Task 1: what a block hands down", returns="dX", points=4, draw=error_signal,
      shapes=((1, 1, (1, 2), (2, 3), 1, 0), (2, 2, (2, 2), (4, 5), 1, 0), (2, 3, (2, 2), (5, 6), 2, 0),
              (3, 2, (3, 2), (5, 4), 1, 1), (3, 4, (3, 4), (8, 10), 2, 2), (4, 2, (2, 3), (9, 7), 3, 1)))
def gradient_by_channels(delta, F, size, s, pad):
    return _by_channels(delta, F, size, s, pad)


gradient_by_channels.mistake("your gradient is added up in whole numbers", "What does `dtype=int` do to 1.5?",
    lambda delta, F, size, s, pad: _cut(_stamped(delta, F, size, (s, s), pad,
                                                 lambda old, new: np.trunc(old + new)), size, pad))
gradient_by_channels.mistake("you flip the filters",
    "A place stamps its filter on the patch that it read, the same way round as it lay there.",
    F=lambda F: F[:, :, ::-1, ::-1])
gradient_by_channels.mistake("the frame of zeros is still there",
    "A gradient has the shape of what it differentiates by. Is the frame a part of the image?",
    lambda delta, F, size, s, pad: _stamped(delta, F, size, (s, s), pad))
gradient_by_channels.mistake("you cut the frame off below and at the right only",
    "A frame has four sides. Which row of the framed image is row 0 of the image?",
    lambda delta, F, size, s, pad: _stamped(delta, F, size, (s, s), pad)[:, :size[0], :size[1]])
gradient_by_channels.mistake("you cut the frame off above and at the left only",
    "A frame has four sides. Which row of the framed image is row 0 of the image?",
    lambda delta, F, size, s, pad: _stamped(delta, F, size, (s, s), pad)[:, 2 * pad:, 2 * pad:])
gradient_by_channels.mistake("your stamps lie one pixel apart",
    "Where did the filter lie at the place (i, j), if its step is s?",
    lambda delta, F, size, s, pad: _cut(_stamped(delta, F, size, (1, 1), pad), size, pad))
gradient_by_channels.mistake("the stride acts on the rows only", "The filter moves by s to the right as well.",
    lambda delta, F, size, s, pad: _cut(_stamped(delta, F, size, (s, 1), pad), size, pad))
gradient_by_channels.mistake("later stamps overwrite earlier ones",
    "A pixel is read at several places and by several filters. Is there an `=` where a `+=` should be?",
    lambda delta, F, size, s, pad: _cut(_stamped(delta, F, size, (s, s), pad, lambda old, new: new), size, pad))
gradient_by_channels.mistake("you use the first filter alone", "Who reads channel c? Is your `return` inside a loop?",
    lambda delta, F, size, s, pad: _by_channels(delta[:1], F[:1], size, s, pad))
gradient_by_channels.mistake("you take the mean over the filters",
    "Each filter that reads a pixel passes on all of its share. Where does the chain rule divide?",
    lambda delta, F, size, s, pad: _by_channels(delta, F, size, s, pad) / len(F))


@gradient_by_channels.mistake("you exchange filters and channels",
    "F has the shape (Q, C, k_y, k_x), and δ has an entry for each filter. Which index do they share?")
def _(delta, F, size, s, pad):
    if F.shape[0] != F.shape[1]:
        raise IndexError("one channel too many")
    return _by_channels(delta, F.swapaxes(0, 1), size, s, pad)


gradient_by_channels.mistake("your result has lost its channels", "Every channel has a gradient of its own.",
    result=lambda dX: dX.sum(axis=0))
gradient_by_channels.mistake("all your channels are equal",
    "Channel c was read by the slices with this c, and by no others.",
    result=lambda dX: np.broadcast_to(dX.sum(axis=0), dX.shape))


@gradient_by_channels.mistake("your result ends where the last filter ended",
    "Pixels that no place reads have a gradient, too. Which one?")
def _(delta, F, size, s, pad):
    rows, columns = (s * (n - 1) + k for n, k in zip(delta.shape[1:], F.shape[2:]))
    return _by_channels(delta, F, size, s, pad)[:, :rows - 2 * pad, :columns - 2 * pad]


@gradient_by_channels.mistake("you transpose the slices",
    "The table of filters is transposed. Are the little filters in it, too?")
def _(delta, F, size, s, pad):
    if F.shape[2] != F.shape[3]:
        raise ValueError("shapes do not fit")
    return _by_channels(delta, F.mT, size, s, pad)


# ---------------------------------------------------------------- Task 2: the bug in the gradient of max pooling

def whole_maps(rng: np.random.Generator, shape: tuple[Pair, int]) -> tuple[Array, Array, int]:
    """Return a map of whole numbers with ties, the error signals of its windows, and the size of a window."""
    (height, width), s = shape
    H = rng.integers(-3, 3, size=(height, width))
    return H, rng.normal(size=(height // s, width // s)).round(2), s


def _first(window: Array) -> Array:
    return np.arange(window.size).reshape(window.shape) == window.argmax()


def _all_largest(window: Array) -> Array:
    return window == window.max()


@task("Task 2: find the bug", returns="H_bar", points=3, draw=whole_maps,
      shapes=(((2, 2), 2), ((2, 4), 2), ((5, 4), 2), ((7, 10), 3), ((8, 9), 4)))
def pool_gradient(H, A_bar, s, *, share=_first, dtype=float):
    """Each entry of a window gets a share of the error signal."""
    dH = np.zeros(H.shape, dtype)
    for i, j in np.ndindex(A_bar.shape):
        window = np.s_[s * i:s * i + s, s * j:s * j + s]
        dH[window] = A_bar[i, j] * share(H[window])
    return dH


pool_gradient.mistake("nothing has changed",
    "Run it on [[1, 3], [3, 2]] with the error signal 0.5, and look at all four numbers.", share=_all_largest,
    dtype=int)
pool_gradient.mistake("several entries of a window still get the share",
    "Where the largest number occurs twice, one of the two has to win.", share=_all_largest)
pool_gradient.mistake("your shares are cut to whole numbers",
    "Which dtype has the array that you write into, and where does it come from?", dtype=int)
pool_gradient.mistake("equal entries divide the share",
    "That is a possible choice, but it is not the one asked for: the first wins.",
    share=lambda window: _all_largest(window) / _all_largest(window).sum())
pool_gradient.mistake("the last of several equal entries wins", "In reading order, which one comes first?",
    share=lambda window: _first(window[::-1, ::-1])[::-1, ::-1])
pool_gradient.mistake("you look for the first by columns", "Reading order goes along the rows.",
    share=lambda window: _first(window.T).T)
pool_gradient.mistake("you take the largest entry without its sign", "Is −5 larger than 3?",
    share=lambda window: _first(np.abs(window)))
pool_gradient.mistake("row and column of the winner are exchanged",
    "In which order does `np.unravel_index` return them?", share=lambda window: _first(window).T)
pool_gradient.mistake("you put a 1 where the winner is", "How much does the cost change when the winner does?",
    A_bar=np.ones_like)


@pool_gradient.mistake("every winner lands in the first window",
    "`np.unravel_index` counts inside the window. Where does the window (i, j) begin?")
def _(H, A_bar, s):
    H_bar = np.zeros(H.shape)
    for i, j in np.ndindex(A_bar.shape):
        row, column = np.argwhere(_first(H[s * i:s * i + s, s * j:s * j + s]))[0]
        H_bar[i + row, j + column] = A_bar[i, j]
    return H_bar


pool_gradient.mistake("you stop after the first window", "Is your `return` inside the loop?",
    A_bar=lambda A_bar: A_bar * (np.arange(A_bar.size).reshape(A_bar.shape) == 0))
pool_gradient.mistake("the smallest entry wins", "Which entry decides about a maximum?",
    share=lambda window: _first(-window))
pool_gradient.mistake("all entries get an equal share", "That is the gradient of another kind of pooling.",
    share=lambda window: np.full(window.shape, 1 / window.size))
pool_gradient.mistake("windows without a positive entry get nothing", "Where does your search for the largest start?",
    share=lambda window: _first(window) * (window.max() > 0))
pool_gradient.mistake("you multiply by the entry itself",
    "By how much does max(a, b) rise if the larger of them rises?", share=lambda window: _first(window) * window)
pool_gradient.mistake("the border is missing", "Entries that fill no window have a gradient as well. Which one?",
    lambda H, A_bar, s: unwrap(pool_gradient.reference)(H, A_bar, s)[:s * A_bar.shape[0], :s * A_bar.shape[1]])


# ---------------------------------------------------------------- Task 3: counting

def _drawn_blocks(rng: np.random.Generator, number: int) -> Blocks:
    return [(int(rng.integers(2, 9)), int(rng.integers(2, 6)), int(rng.integers(1, 3)), int(rng.integers(0, 3)),
             int(rng.integers(1, 3))) for _ in range(number)]


def described(rng: np.random.Generator, number: int) -> tuple[tuple[int, int, int], Blocks, int]:
    """Return the shape (C, H, W) of an image, blocks, and the number of classes."""
    blocks = _drawn_blocks(rng, number)
    least = 14 * 3 ** (number - 1)
    image = int(rng.integers(2, 5)), least + int(rng.integers(3, 9)), least + int(rng.integers(10, 16))
    return image, blocks, int(rng.integers(3, 9))


@task("Task 3a: count", returns="P", points=2, draw=described, shapes=(1, 2, 3), seeds=8)
def count_parameters(shape, blocks, K, *, places=_places, bias=1, head_bias=1, pooled=True,
        windows=lambda d, pool: d // pool, channels=lambda C, first: C, area=lambda k: k * k):
    """The keywords say what is counted."""
    C, H, W = shape
    P, first = 0, C
    for Q, k, s, pad, pool in blocks:
        P += Q * (channels(C, first) * area(k) + bias)
        H, W, C = places(H, k, s, pad), places(W, k, s, pad), Q
        last = H * W
        H, W = windows(H, pool), windows(W, pool)
    return P + K * (C * (H * W if pooled else last) + head_bias)


count_parameters.mistake("pooling has no part in your answer", "Which maps does the next layer read?",
    windows=lambda d, pool: d)
count_parameters.mistake("there are no biases", "Each filter has one, and so has each class.", bias=0, head_bias=0)
count_parameters.mistake("the filters have no bias", "A score has a bias. What about a filter?", bias=0)
count_parameters.mistake("the classes have no bias", "A filter has a bias. What about a score?", head_bias=0)


@count_parameters.mistake("a filter has a bias for each channel",
    "The channels are added. How often is the bias added?")
def _(shape, blocks, K):
    C, P = shape[0], unwrap(count_parameters.reference)(shape, blocks, K)
    for Q, *_ in blocks:
        P, C = P + Q * (C - 1), Q
    return P


count_parameters.mistake("each filter has a single slice", "How many channels does a filter of the second block read?",
    channels=lambda C, first: 1)
count_parameters.mistake("all filters read the channels of the image",
    "The second block does not see the image. How many maps has the first block made?", channels=lambda C, first: first)
count_parameters.mistake("the last pooling is missing before the classes",
    "How large are the maps that the linear layer reads?", pooled=False)
count_parameters.mistake("you round up", "A last step that would carry the filter over the edge is not taken.",
    places=lambda d, k, s, pad: -((k - d - 2 * pad) // s) + 1)
count_parameters.mistake("the stride has no part in your sizes", "How far is it from one place to the next?",
    places=lambda d, k, s, pad: d + 2 * pad - k + 1)
count_parameters.mistake("your windows are rounded up", "Is a window kept that the map does not fill?",
    windows=lambda d, pool: -(-d // pool))
count_parameters.mistake("the padding has no part in your sizes", "How many rows has the image with its frame?",
    places=lambda d, k, s, pad: (d - k) // s + 1)
count_parameters.mistake("you pad one side only", "How many zeros are in one row, on both sides together?",
    places=lambda d, k, s, pad: (d + pad - k) // s + 1)
count_parameters.mistake("your maps lack a row and a column", "Is the first place a step?",
    places=lambda d, k, s, pad: (d + 2 * pad - k) // s)
count_parameters.mistake("your maps are square", "The image is not. Follow its height and its width.",
    shape=lambda shape: (shape[0], shape[1], shape[1]))
count_parameters.mistake("your filters have k entries", "A filter has k rows and k columns.", area=lambda k: k)
count_parameters.mistake("the linear layer is missing", "How do the maps become K scores?", K=lambda K: 0)


def _field(blocks: Blocks, less: int = 1, add_padding: bool = False, layers: Answer | None = None) -> tuple[int, int]:
    r = S = 1
    for Q, k, s, pad, pool in blocks:
        for size, step in layers(k, s, pool) if layers else ((k, s), (pool, pool)):
            r += (size - less) * S
            S *= step
        r += 2 * pad * add_padding
    return r, S


@task("Task 3b: count", returns="r", points=2,
      draw=lambda rng, number: (_drawn_blocks(rng, number),), shapes=(1, 2, 3), seeds=8)
def receptive_field(blocks):
    return _field(blocks)[0]


receptive_field.mistake("two neighbouring units always see squares one pixel apart",
    "After a stride of 2, by how many pixels does a step of one unit move?",
    lambda blocks: 1 + sum(k - 1 + pool - 1 for _, k, _, _, pool in blocks))
receptive_field.mistake("pooling has no part in your answer", "A window is something that slides, as a filter does.",
    lambda blocks: _field(blocks, layers=lambda k, s, pool: ((k, s),))[0])
receptive_field.mistake("you go through the blocks in the wrong direction",
    "Begin with one unit at the top. Which layer does it read first?", blocks=lambda blocks: blocks[::-1])
receptive_field.mistake("pooling widens the square, and takes no steps", "How far apart are two windows?",
    lambda blocks: _field(blocks, layers=lambda k, s, pool: ((k, s), (pool, 1)))[0])
receptive_field.mistake("pooling takes steps, and does not widen the square", "How many units does a window read?",
    lambda blocks: _field(blocks, layers=lambda k, s, pool: ((k, s * pool),))[0])
receptive_field.mistake("the strides of the filters have no part in your answer",
    "By how many pixels does a step move?",
    lambda blocks: _field(blocks, layers=lambda k, s, pool: ((k, 1), (pool, pool)))[0])


@receptive_field.mistake("a layer's own stride spreads its window",
    "The entries of a window are neighbours in the layer below. Which strides lie below?")
def _(blocks):
    r = S = 1
    for _, k, s, _, pool in blocks:
        for size, step in ((k, s), (pool, pool)):
            S *= step
            r += (size - 1) * S
    return r


receptive_field.mistake("each window adds its whole size", "A window of one entry sees no more than this entry.",
    lambda blocks: _field(blocks, less=0)[0])
receptive_field.mistake("padding widens the square",
    "Zeros around the image let a filter stand elsewhere. Do they make it see more?",
    lambda blocks: _field(blocks, add_padding=True)[0])
receptive_field.mistake("you return the distance of two neighbours", "The side of the square is asked for.",
    lambda blocks: _field(blocks)[1])
receptive_field.mistake("you return one too few", "How many pixels does a pixel see?", result=lambda r: r - 1)
receptive_field.mistake("you count the pixels of the square", "The side of the square is asked for.", result=np.square)


# ---------------------------------------------------------------- Task 4: a budget

def a_budget(rng: np.random.Generator, shape: Pair) -> tuple[int, int, int, int]:
    """Return a budget that some Q meets exactly, or misses by one, the side of the image, k, and K."""
    low, high = shape
    Q, k, K = int(rng.integers(low, high)), int(rng.integers(2, 6)), int(rng.integers(3, 11))
    d = int(rng.integers(22, 40))
    budget, spare = _needs(Q, d, k, K), int(rng.integers(-1, 2))
    if low == 12:                                   # nearer to Q than to Q − 1, and no biases to save
        spare = -(budget - _needs(Q - 1, d, k, K)) // 3
    return budget + spare, d, k, K


def _needs(Q: int, d: int, k: int, K: int, second: int = 2, bias: bool = True, head: bool = True,
           reads: int | None = None, ends: Callable[[int, int], int] | None = None) -> int:
    side = ends(d, k) if ends else _places(_places(d, k, 2, 0), k, 2, 0)
    P = Q * (k * k + bias) + second * Q * ((reads or Q) * k * k + bias)
    return P + head * K * (second * Q * side**2 + bias)


@task("Task 4a: a budget", returns="Q", points=2, seeds=6, draw=a_budget,
      shapes=((3, 6), (6, 12), (12, 30), (101, 130)))
def widest(budget, d, k, K, **counted):
    Q = 0
    while _needs(Q + 1, d, k, K, **counted) <= budget:
        Q += 1
    return Q


widest.mistake("you leave the budget unused when it fits exactly", "At most: is the limit itself allowed?",
    budget=lambda budget: budget - 1)
widest.mistake("your network is the first that is too large", "When does your loop stop, and with which Q?",
    result=lambda Q: Q + 1)
widest.mistake("you forget the biases", "Each filter has one, and so has each class.", bias=False)
widest.mistake("you forget the linear layer", "The scores have weights, too.", head=False)
widest.mistake("your second block has Q filters", "How many filters does the second block have?", second=1)
widest.mistake("the filters of your second block have one slice", "How many maps do they read?", reads=1)
widest.mistake("your maps shrink without strides", "What does a stride of 2 do to the number of places?",
    ends=lambda d, k: d - 2 * (k - 1))
widest.mistake("you take the maps of the first block for the linear layer", "Two blocks shrink the image.",
    ends=lambda d, k: _places(d, k, 2, 0))


@widest.mistake("you round to the nearest Q", "Does the network fit if you round up?")
def _(budget, d, k, K):
    Q = unwrap(widest.reference)(budget, d, k, K)
    return Q if budget - _needs(Q, d, k, K) < _needs(Q + 1, d, k, K) - budget else Q + 1


@widest.mistake("your Q is no whole number", "There is no half filter. In which direction do you round?")
def _(budget, d, k, K):
    side = _places(_places(d, k, 2, 0), k, 2, 0)
    a, b, c = 2 * k * k, k * k + 3 + 2 * K * side**2, K - budget
    return (-b + (b * b - 4 * a * c) ** 0.5) / (2 * a)


# ---------------------------------------------------------------- Task 5: average pooling as a convolution

def channels_and_window(rng: np.random.Generator, largest: int) -> tuple[int, int]:
    """Return a number of channels and a size of a window, different ones."""
    C, s = rng.choice(np.arange(2, largest), 2, replace=False)
    return int(C), int(s)


@task("Task 5a: average pooling is a convolution", returns="F", points=2, draw=channels_and_window, shapes=(4, 5, 8))
def average_filters(C, s):
    return np.eye(C)[:, :, None, None] * np.full((s, s), 1 / s**2)


average_filters.mistake("your maps mix the channels", "Pooling works channel by channel. Which slices have to be 0?",
    lambda C, s: np.full((C, C, s, s), 1 / s**2))
average_filters.mistake("your maps are means over all channels",
    "Pooling works channel by channel. Which slices have to be 0?", lambda C, s: np.full((C, C, s, s), 1 / (C * s**2)))
average_filters.mistake("your filters add", "A mean divides by the number of entries.",
    lambda C, s: np.eye(C)[:, :, None, None] * np.ones((s, s)))
average_filters.mistake("you divide by s", "How many entries has a window?",
    lambda C, s: np.eye(C)[:, :, None, None] * np.full((s, s), 1 / s))
average_filters.mistake("you have a single filter", "How many maps does pooling return for C channels?",
    lambda C, s: np.full((1, C, s, s), 1 / s**2))
average_filters.mistake("your filters have a single slice", "A filter has a slice for each channel that it reads.",
    lambda C, s: np.full((C, 1, s, s), 1 / s**2))
average_filters.mistake("one axis is missing", "Filters are an array (Q, C, k_y, k_x).",
    lambda C, s: np.full((C, s, s), 1 / s**2))


@average_filters.mistake("you keep one entry of each window", "That is a stride without a mean.")
def _(C, s):
    F = np.zeros((C, C, s, s))
    F[range(C), range(C), 0, 0] = 1
    return F


average_filters.mistake("your axes are in another order", "Filters are an array (Q, C, k_y, k_x).",
    result=lambda F: F.transpose(2, 3, 0, 1))

#: In the order of the notebook.
ALL = (gradient_by_channels, pool_gradient, count_parameters, receptive_field, widest, average_filters)
#: What a person marks, with its points.
WRITTEN = {"Task 3c: count": 2, "Task 4b: a budget": 3, "Task 5b: average pooling is a convolution": 4}
