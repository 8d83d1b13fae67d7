"""The tasks of the chapter on convolution networks.

Sizes are rectangular, strides exceed 1, borders stay unread, and ties occur, so that what is right only for square
images, for stride 1 or for maps without ties is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.feedback import Mistake, Task

Array = np.ndarray
Pair = tuple[int, int]
Blocks = list[tuple[int, int, int, int, int]]   # Q, k, s, pad, pool


def _places(d: int, k: int, s: int, pad: int) -> int:
    return (d + 2 * pad - k) // s + 1


# ---------------------------------------------------------------- Task 1: the gradient by the image, in full

def error_signal(
    rng: np.random.Generator, shape: tuple[int, int, Pair, Pair, int, int]
) -> tuple[Array, Array, Pair, int, int]:
    """Return δ (Q, h, w), filters (Q, C, k_y, k_x), the size of the image, stride and padding."""
    Q, C, (ky, kx), (H, W), s, pad = shape
    delta = rng.integers(-3, 4, size=(Q, _places(H, ky, s, pad), _places(W, kx, s, pad))).astype(float)
    return delta, rng.integers(-3, 4, size=(Q, C, ky, kx)).astype(float), (H, W), s, pad


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


def _flipped(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _by_channels(delta, F[:, :, ::-1, ::-1], size, s, pad)


def _frame_kept(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _stamped(delta, F, size, (s, s), pad)


def _frame_cut_below(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _stamped(delta, F, size, (s, s), pad)[:, :size[0], :size[1]]


def _padding_ignored(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    frame = _stamped(delta, F, size, (s, s), pad)
    cut = np.zeros((F.shape[1], *size))
    cut[...] = frame[:, 2 * pad:, 2 * pad:]
    return cut


def _stride_one(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _cut(_stamped(delta, F, size, (1, 1), pad), size, pad)


def _stride_of_rows(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _cut(_stamped(delta, F, size, (s, 1), pad), size, pad)


def _overwritten(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _cut(_stamped(delta, F, size, (s, s), pad, lambda old, new: new), size, pad)


def _first_filter(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _by_channels(delta[:1], F[:1], size, s, pad)


def _mean_of_filters(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _by_channels(delta, F, size, s, pad) / len(F)


def _axes_exchanged(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    if F.shape[0] != F.shape[1]:
        raise IndexError("one channel too many")
    return _by_channels(delta, F.swapaxes(0, 1), size, s, pad)


def _channels_added(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    return _by_channels(delta, F, size, s, pad).sum(axis=0)


def _same_for_all_channels(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    total = _by_channels(delta, F, size, s, pad).sum(axis=0)
    return np.broadcast_to(total, (F.shape[1], *total.shape))


def _only_what_was_read(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    rows, columns = (s * (n - 1) + k for n, k in zip(delta.shape[1:], F.shape[2:]))
    return _by_channels(delta, F, size, s, pad)[:, :rows - 2 * pad, :columns - 2 * pad]


def _filter_transposed(delta: Array, F: Array, size: Pair, s: int, pad: int) -> Array:
    if F.shape[2] != F.shape[3]:
        raise ValueError("shapes do not fit")
    return _by_channels(delta, F.mT, size, s, pad)


gradient_by_channels = Task(
    name="gradient_by_channels", title="Task 1, the gradient by the image",
    takes="delta, F, size, s, pad", returns="dX",
    reference=_by_channels, draw=error_signal,
    shapes=((1, 1, (1, 2), (2, 3), 1, 0), (2, 2, (2, 2), (4, 5), 1, 0), (2, 3, (2, 2), (5, 6), 2, 0),
            (3, 2, (3, 2), (5, 4), 1, 1), (3, 4, (3, 4), (8, 10), 2, 2), (4, 2, (2, 3), (9, 7), 3, 1)),
    mistakes=(
        Mistake("you flip the filters",
                "A place stamps its filter on the patch that it read, the same way round as it lay there.", _flipped),
        Mistake("the frame of zeros is still there",
                "A gradient has the shape of what it differentiates by. Is the frame a part of the image?",
                _frame_kept),
        Mistake("you cut the frame off below and at the right only",
                "A frame has four sides. Which row of the framed image is row 0 of the image?", _frame_cut_below),
        Mistake("you cut the frame off above and at the left only",
                "A frame has four sides. Which row of the framed image is row 0 of the image?", _padding_ignored),
        Mistake("your stamps lie one pixel apart",
                "Where did the filter lie at the place (i, j), if its step is s?", _stride_one),
        Mistake("the stride acts on the rows only", "The filter moves by s to the right as well.", _stride_of_rows),
        Mistake("later stamps overwrite earlier ones",
                "A pixel is read at several places and by several filters. Is there an `=` where a `+=` should be?",
                _overwritten),
        Mistake("you use the first filter alone", "Who reads channel c? Is your `return` inside a loop?",
                _first_filter),
        Mistake("you take the mean over the filters",
                "Each filter that reads a pixel passes on all of its share. Where does the chain rule divide?",
                _mean_of_filters),
        Mistake("you exchange filters and channels",
                "F has the shape (Q, C, k_y, k_x), and δ has an entry for each filter. Which index do they share?",
                _axes_exchanged),
        Mistake("your result has lost its channels", "Every channel has a gradient of its own.", _channels_added),
        Mistake("all your channels are equal",
                "Channel c was read by the slices with this c, and by no others.", _same_for_all_channels),
        Mistake("your result ends where the last filter ended",
                "Pixels that no place reads have a gradient, too. Which one?", _only_what_was_read),
        Mistake("you transpose the slices",
                "The table of filters is transposed. Are the little filters in it, too?", _filter_transposed),
    ),
)


# ---------------------------------------------------------------- Task 2: the bug in the gradient of max pooling

def whole_maps(rng: np.random.Generator, shape: tuple[Pair, int]) -> tuple[Array, Array, int]:
    """Return a map of whole numbers with ties, the error signals of its windows, and the size of a window."""
    (height, width), s = shape
    H = rng.integers(-3, 3, size=(height, width))
    return H, rng.normal(size=(height // s, width // s)).round(2), s


def _pooled_back(H: Array, A_bar: Array, s: int, share: Callable[[Array], Array], dtype: type = float) -> Array:
    dH = np.zeros(H.shape, dtype)
    for i, j in np.ndindex(A_bar.shape):
        window = np.s_[s * i:s * i + s, s * j:s * j + s]
        dH[window] = A_bar[i, j] * share(H[window])
    return dH


def _first(window: Array) -> Array:
    return np.arange(window.size).reshape(window.shape) == window.argmax()


def _all_largest(window: Array) -> Array:
    return window == window.max()


def _divided(window: Array) -> Array:
    return _all_largest(window) / _all_largest(window).sum()


def _last(window: Array) -> Array:
    return _first(window[::-1, ::-1])[::-1, ::-1]


def _first_of_columns(window: Array) -> Array:
    return _first(window.T).T


def _largest_size(window: Array) -> Array:
    return _first(np.abs(window))


def _smallest(window: Array) -> Array:
    return _first(-window)


def _average(window: Array) -> Array:
    return np.full(window.shape, 1 / window.size)


def _times_value(window: Array) -> Array:
    return _first(window) * window


def _first_if_positive(window: Array) -> Array:
    return _first(window) * (window.max() > 0)


def _right_pool_gradient(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _first)


def _as_given(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _all_largest, int)


def _ties_left(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _all_largest)


def _whole_numbers_left(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _first, int)


def _ties_share(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _divided)


def _last_wins(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _last)


def _column_wins(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _first_of_columns)


def _by_size(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _largest_size)


def _smallest_wins(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _smallest)


def _mean_gradient(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _average)


def _with_value(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _times_value)


def _positive_windows(H: Array, A_bar: Array, s: int) -> Array:
    return _pooled_back(H, A_bar, s, _first_if_positive)


def _border_cut(H: Array, A_bar: Array, s: int) -> Array:
    return _right_pool_gradient(H, A_bar, s)[:s * A_bar.shape[0], :s * A_bar.shape[1]]


pool_gradient = Task(
    name="pool_gradient", title="Task 2, the bug in the pooling gradient",
    takes="H, A_bar, s", returns="H_bar",
    reference=_right_pool_gradient, draw=whole_maps,
    shapes=(((2, 2), 2), ((2, 4), 2), ((5, 4), 2), ((7, 10), 3), ((8, 9), 4)),
    mistakes=(
        Mistake("nothing has changed", "Run it on [[1, 3], [3, 2]] with the error signal 0.5, and look at all four "
                "numbers.", _as_given),
        Mistake("several entries of a window still get the share",
                "Where the largest number occurs twice, one of the two has to win.", _ties_left),
        Mistake("your shares are cut to whole numbers",
                "Which dtype has the array that you write into, and where does it come from?", _whole_numbers_left),
        Mistake("equal entries divide the share",
                "That is a possible choice, but it is not the one asked for: the first wins.", _ties_share),
        Mistake("the last of several equal entries wins", "In reading order, which one comes first?", _last_wins),
        Mistake("you look for the first by columns", "Reading order goes along the rows.", _column_wins),
        Mistake("you take the largest entry without its sign", "Is −5 larger than 3?", _by_size),
        Mistake("the smallest entry wins", "Which entry decides about a maximum?", _smallest_wins),
        Mistake("all entries get an equal share", "That is the gradient of another kind of pooling.", _mean_gradient),
        Mistake("windows without a positive entry get nothing", "Where does your search for the largest start?",
                _positive_windows),
        Mistake("you multiply by the entry itself", "By how much does max(a, b) rise if the larger of them rises?",
                _with_value),
        Mistake("the border is missing",
                "Entries that fill no window have a gradient as well. Which one?", _border_cut),
    ),
)


# ---------------------------------------------------------------- Task 3: counting

def _drawn_blocks(rng: np.random.Generator, number: int) -> Blocks:
    return [(int(rng.integers(2, 9)), int(rng.integers(2, 6)), int(rng.integers(1, 3)), int(rng.integers(0, 3)),
             int(rng.integers(1, 3))) for _ in range(number)]


def described(rng: np.random.Generator, number: int) -> tuple[tuple[int, int, int], Blocks, int]:
    """Return the shape (C, H, W) of an image, blocks, and the number of classes."""
    blocks = _drawn_blocks(rng, number)
    least = 14 * 3 ** (number - 1)
    return (int(rng.integers(2, 5)), least + int(rng.integers(3, 9)), least + int(rng.integers(10, 16))), blocks, \
        int(rng.integers(3, 9))


def _count(
    shape: tuple[int, int, int], blocks: Blocks, K: int, places: Callable = _places, bias: int = 1, head_bias: int = 1,
    pooled: bool = True, windows: Callable = lambda d, pool: d // pool, channels: Callable = lambda C, first: C,
    area: Callable = lambda k: k * k,
) -> int:
    C, H, W = shape
    P, first = 0, C
    for Q, k, s, pad, pool in blocks:
        P += Q * (channels(C, first) * area(k) + bias)
        H, W, C = places(H, k, s, pad), places(W, k, s, pad), Q
        last = H * W
        H, W = windows(H, pool), windows(W, pool)
    return P + K * (C * (H * W if pooled else last) + head_bias)


def _count_right(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K)


def _count_no_biases(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, bias=0, head_bias=0)


def _count_no_filter_bias(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, bias=0)


def _count_head_without_bias(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, head_bias=0)


def _count_bias_each_channel(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    C, P = shape[0], _count(shape, blocks, K)
    for Q, *_ in blocks:
        P, C = P + Q * (C - 1), Q
    return P


def _count_one_channel(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, channels=lambda C, first: 1)


def _count_image_channels(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, channels=lambda C, first: first)


def _count_before_pooling(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, pooled=False)


def _count_rounded_up(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, lambda d, k, s, pad: -((k - d - 2 * pad) // s) + 1)


def _count_without_stride(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, lambda d, k, s, pad: d + 2 * pad - k + 1)


def _count_one_side(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, lambda d, k, s, pad: (d + pad - k) // s + 1)


def _count_no_padding(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, lambda d, k, s, pad: (d - k) // s + 1)


def _count_windows_rounded_up(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, windows=lambda d, pool: -(-d // pool))


def _count_without_one(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, lambda d, k, s, pad: (d + 2 * pad - k) // s)


def _count_square(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count((shape[0], shape[1], shape[1]), blocks, K)


def _count_flat_filters(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, K, area=lambda k: k)


def _count_no_head(shape: tuple[int, int, int], blocks: Blocks, K: int) -> int:
    return _count(shape, blocks, 0)


count_parameters = Task(
    name="count_parameters", title="Task 3a, parameters",
    takes="shape, blocks, K", returns="P",
    reference=_count_right, draw=described, shapes=(1, 2, 3), seeds=8,
    mistakes=(
        Mistake("there are no biases", "Each filter has one, and so has each class.", _count_no_biases),
        Mistake("the filters have no bias", "A score has a bias. What about a filter?", _count_no_filter_bias),
        Mistake("the classes have no bias", "A filter has a bias. What about a score?", _count_head_without_bias),
        Mistake("a filter has a bias for each channel", "The channels are added. How often is the bias added?",
                _count_bias_each_channel),
        Mistake("each filter has a single slice", "How many channels does a filter of the second block read?",
                _count_one_channel),
        Mistake("all filters read the channels of the image",
                "The second block does not see the image. How many maps has the first block made?",
                _count_image_channels),
        Mistake("the last pooling is missing before the classes",
                "How large are the maps that the linear layer reads?", _count_before_pooling),
        Mistake("you round up", "A last step that would carry the filter over the edge is not taken.",
                _count_rounded_up),
        Mistake("the stride has no part in your sizes", "How far is it from one place to the next?",
                _count_without_stride),
        Mistake("your windows are rounded up", "Is a window kept that the map does not fill?",
                _count_windows_rounded_up),
        Mistake("the padding has no part in your sizes", "How many rows has the image with its frame?",
                _count_no_padding),
        Mistake("you pad one side only", "How many zeros are in one row, on both sides together?", _count_one_side),
        Mistake("your maps lack a row and a column", "Is the first place a step?", _count_without_one),
        Mistake("your maps are square", "The image is not. Follow its height and its width.", _count_square),
        Mistake("your filters have k entries", "A filter has k rows and k columns.", _count_flat_filters),
        Mistake("the linear layer is missing", "How do the maps become K scores?", _count_no_head),
    ),
)


def only_blocks(rng: np.random.Generator, number: int) -> tuple[Blocks]:
    """Return blocks."""
    return (_drawn_blocks(rng, number),)


def _field(blocks: Blocks, less: int = 1, add_padding: bool = False, layers: Callable | None = None) -> tuple[int, int]:
    r = S = 1
    for Q, k, s, pad, pool in blocks:
        for size, step in layers(k, s, pool) if layers else ((k, s), (pool, pool)):
            r += (size - less) * S
            S *= step
        r += 2 * pad * add_padding
    return r, S


def _field_right(blocks: Blocks) -> int:
    return _field(blocks)[0]


def _field_no_jump(blocks: Blocks) -> int:
    return 1 + sum(k - 1 + pool - 1 for _, k, _, _, pool in blocks)


def _field_no_pooling(blocks: Blocks) -> int:
    return _field(blocks, layers=lambda k, s, pool: ((k, s),))[0]


def _field_pooling_widens_only(blocks: Blocks) -> int:
    return _field(blocks, layers=lambda k, s, pool: ((k, s), (pool, 1)))[0]


def _field_pooling_steps_only(blocks: Blocks) -> int:
    return _field(blocks, layers=lambda k, s, pool: ((k, s * pool),))[0]


def _field_no_stride(blocks: Blocks) -> int:
    return _field(blocks, layers=lambda k, s, pool: ((k, 1), (pool, pool)))[0]


def _field_step_first(blocks: Blocks) -> int:
    r = S = 1
    for _, k, s, _, pool in blocks:
        for size, step in ((k, s), (pool, pool)):
            S *= step
            r += (size - 1) * S
    return r


def _field_k(blocks: Blocks) -> int:
    return _field(blocks, less=0)[0]


def _field_padding(blocks: Blocks) -> int:
    return _field(blocks, add_padding=True)[0]


def _field_product(blocks: Blocks) -> int:
    return _field(blocks)[1]


def _field_from_zero(blocks: Blocks) -> int:
    return _field(blocks)[0] - 1


def _field_area(blocks: Blocks) -> int:
    return _field(blocks)[0] ** 2


receptive_field = Task(
    name="receptive_field", title="Task 3b, the receptive field",
    takes="blocks", returns="r",
    reference=_field_right, draw=only_blocks, shapes=(1, 2, 3), seeds=8,
    mistakes=(
        Mistake("two neighbouring units always see squares one pixel apart",
                "After a stride of 2, by how many pixels does a step of one unit move?", _field_no_jump),
        Mistake("pooling has no part in your answer", "A window is something that slides, as a filter does.",
                _field_no_pooling),
        Mistake("pooling widens the square, and takes no steps", "How far apart are two windows?",
                _field_pooling_widens_only),
        Mistake("pooling takes steps, and does not widen the square", "How many units does a window read?",
                _field_pooling_steps_only),
        Mistake("the strides of the filters have no part in your answer", "By how many pixels does a step move?",
                _field_no_stride),
        Mistake("a layer's own stride spreads its window",
                "The entries of a window are neighbours in the layer below. Which strides lie below?",
                _field_step_first),
        Mistake("each window adds its whole size", "A window of one entry sees no more than this entry.", _field_k),
        Mistake("padding widens the square", "Zeros around the image let a filter stand elsewhere. Do they make it "
                "see more?", _field_padding),
        Mistake("you return the distance of two neighbours", "The side of the square is asked for.", _field_product),
        Mistake("you return one too few", "How many pixels does a pixel see?", _field_from_zero),
        Mistake("you count the pixels of the square", "The side of the square is asked for.", _field_area),
    ),
)


# ---------------------------------------------------------------- Task 4: a budget

def a_budget(rng: np.random.Generator, shape: Pair) -> tuple[int, int, int, int]:
    """Return a budget that some Q meets exactly, or misses by one, the side of the image, k, and K."""
    low, high = shape
    Q, k, K = int(rng.integers(low, high)), int(rng.integers(2, 6)), int(rng.integers(3, 11))
    d = int(rng.integers(22, 40))
    return _needs(Q, d, k, K) + int(rng.integers(-1, 2)), d, k, K


def _needs(Q: int, d: int, k: int, K: int, second: int = 2, bias: bool = True, head: bool = True,
           reads: int | None = None, ends: Callable[[int, int], int] | None = None) -> int:
    side = ends(d, k) if ends else _places(_places(d, k, 2, 0), k, 2, 0)
    P = Q * (k * k + bias) + second * Q * ((reads or Q) * k * k + bias)
    return P + head * K * (second * Q * side**2 + bias)


def _largest(budget: int, needs: Callable[[int], int]) -> int:
    Q = 0
    while needs(Q + 1) <= budget:
        Q += 1
    return Q


def _widest(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K))


def _widest_below(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget - 1, lambda Q: _needs(Q, d, k, K))


def _widest_over(budget: int, d: int, k: int, K: int) -> int:
    return _widest(budget, d, k, K) + 1


def _widest_without_biases(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, bias=False))


def _widest_without_head(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, head=False))


def _widest_equal_blocks(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, second=1))


def _widest_one_channel(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, reads=1))


def _widest_no_stride(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, ends=lambda d, k: d - 2 * (k - 1)))


def _widest_one_stride(budget: int, d: int, k: int, K: int) -> int:
    return _largest(budget, lambda Q: _needs(Q, d, k, K, ends=lambda d, k: _places(d, k, 2, 0)))


def _widest_rounded(budget: int, d: int, k: int, K: int) -> float:
    side = _places(_places(d, k, 2, 0), k, 2, 0)
    a, b, c = 2 * k * k, k * k + 3 + 2 * K * side**2, K - budget
    return (-b + (b * b - 4 * a * c) ** 0.5) / (2 * a)


widest = Task(
    name="widest", title="Task 4a, the widest network in a budget",
    takes="budget, d, k, K", returns="Q",
    reference=_widest, draw=a_budget, shapes=((3, 6), (6, 12), (12, 30), (101, 130)), seeds=6,
    mistakes=(
        Mistake("you leave the budget unused when it fits exactly", "At most: is the limit itself allowed?",
                _widest_below),
        Mistake("your network is the first that is too large", "When does your loop stop, and with which Q?",
                _widest_over),
        Mistake("you forget the biases", "Each filter has one, and so has each class.", _widest_without_biases),
        Mistake("you forget the linear layer", "The scores have weights, too.", _widest_without_head),
        Mistake("your second block has Q filters", "How many filters does the second block have?",
                _widest_equal_blocks),
        Mistake("the filters of your second block have one slice", "How many maps do they read?",
                _widest_one_channel),
        Mistake("your maps shrink without strides", "What does a stride of 2 do to the number of places?",
                _widest_no_stride),
        Mistake("you take the maps of the first block for the linear layer", "Two blocks shrink the image.",
                _widest_one_stride),
        Mistake("your Q is no whole number", "There is no half filter. In which direction do you round?",
                _widest_rounded),
    ),
)


# ---------------------------------------------------------------- Task 5: average pooling as a convolution

def channels_and_window(rng: np.random.Generator, largest: int) -> tuple[int, int]:
    """Return a number of channels and a size of a window, different ones."""
    C, s = rng.choice(np.arange(2, largest), 2, replace=False)
    return int(C), int(s)


def _average_filters(C: int, s: int) -> Array:
    return np.eye(C)[:, :, None, None] * np.full((s, s), 1 / s**2)


def _every_pair(C: int, s: int) -> Array:
    return np.full((C, C, s, s), 1 / s**2)


def _every_pair_divided(C: int, s: int) -> Array:
    return np.full((C, C, s, s), 1 / (C * s**2))


def _sums(C: int, s: int) -> Array:
    return _average_filters(C, s) * s**2


def _root_missing(C: int, s: int) -> Array:
    return _average_filters(C, s) * s


def _one_filter(C: int, s: int) -> Array:
    return np.full((1, C, s, s), 1 / s**2)


def _one_slice(C: int, s: int) -> Array:
    return np.full((C, 1, s, s), 1 / s**2)


def _three_axes(C: int, s: int) -> Array:
    return np.full((C, s, s), 1 / s**2)


def _one_entry(C: int, s: int) -> Array:
    F = np.zeros((C, C, s, s))
    F[range(C), range(C), 0, 0] = 1
    return F


def _axes_last(C: int, s: int) -> Array:
    return _average_filters(C, s).transpose(2, 3, 0, 1)


average_filters = Task(
    name="average_filters", title="Task 5a, average pooling as a convolution",
    takes="C, s", returns="F",
    reference=_average_filters, draw=channels_and_window, shapes=(4, 5, 8),
    mistakes=(
        Mistake("your maps mix the channels", "Pooling works channel by channel. Which slices have to be 0?",
                _every_pair),
        Mistake("your maps are means over all channels", "Pooling works channel by channel. Which slices have to be "
                "0?", _every_pair_divided),
        Mistake("your filters add", "A mean divides by the number of entries.", _sums),
        Mistake("you divide by s", "How many entries has a window?", _root_missing),
        Mistake("you have a single filter", "How many maps does pooling return for C channels?", _one_filter),
        Mistake("your filters have a single slice", "A filter has a slice for each channel that it reads.",
                _one_slice),
        Mistake("one axis is missing", "Filters are an array (Q, C, k_y, k_x).", _three_axes),
        Mistake("you keep one entry of each window", "That is a stride without a mean.", _one_entry),
        Mistake("your axes are in another order", "Filters are an array (Q, C, k_y, k_x).", _axes_last),
    ),
)

#: In the order of the notebook.
ALL = (gradient_by_channels, pool_gradient, count_parameters, receptive_field, widest, average_filters)
