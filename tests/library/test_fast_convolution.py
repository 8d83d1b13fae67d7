"""The fast convolution does what the one to read does; and what is only faster changes nothing."""

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from lecture_code import convolution, fast_convolution
from lecture_code.convolution import conv2d_windows
from lecture_code.fast_convolution import (
    _cut, _pieces, conv2d, fast_layout, filter_gradient, input_gradient, prepare)

from .images import LAYOUTS, close, geometries, normal

WIDTHS = st.sampled_from([1, 16])  # from which on rows stay whole: all images of these tests, or nearly none
ORDERS = st.sampled_from(sorted(LAYOUTS))
TYPES = st.sampled_from([np.float32, np.float64, np.complex128, np.uint8])
DIGITS = {np.dtype(np.float32): 1e-5}


@contextmanager
def limits(**values):
    """Change limits of the module that say only what is faster, and may change no result."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(fast_convolution, name, value)
        yield


# The same as the core


@given(geometries(4), st.booleans(), WIDTHS, st.tuples(ORDERS, ORDERS, ORDERS), st.tuples(TYPES, TYPES, TYPES))
def test_it_is_the_core_over_shapes_strides_paddings_orders_and_types(geometry, bias, wide, orders, types):
    x, f, stride, padding = geometry
    X, F = (LAYOUTS[order]((3 * np.abs(normal(*shape))).astype(dtype))
            for order, shape, dtype in zip(orders, (x, f), types))
    b = normal(f[0]).astype(types[2]) if bias and types[2] is not np.uint8 else None
    expected = convolution.conv2d(X, F, b, stride, padding)
    dZ = LAYOUTS[orders[2]](np.asarray(normal(*expected.shape, seed=1), types[2]))
    pairs = [(expected, lambda: conv2d(X, F, b, stride, padding))]
    for own, core in zip((0, 1), convolution.filter_gradient(X, dZ, f[2:], stride, padding)):
        pairs.append((core, lambda own=own: filter_gradient(X, dZ, f[2:], stride, padding)[own]))
    pairs.append((convolution.input_gradient(dZ, F, x[2:], stride, padding),
                  lambda: input_gradient(dZ, F, x[2:], stride, padding)))
    for i, (core, own) in enumerate(pairs):
        with limits(WIDE=wide):
            result = own()
        assert result.dtype == core.dtype or i == 2  # db: summed within the product, in the type of the product
        close(result, core, max(DIGITS.get(a.dtype, 1e-13) for a in (X, F, dZ)))


def test_it_is_the_core_where_rows_are_long_and_samples_many():
    for x, f, stride, padding in (((70, 2, 9, 33), (3, 2, 3, 5), 1, 0), ((33, 3, 8, 40), (2, 3, 2, 3), (2, 1), (0, 1)),
                                  ((65, 1, 28, 28), (8, 1, 5, 5), 1, 2)):
        for layout in (np.asarray, fast_layout):
            X, F, b = layout(normal(*x)), normal(*f), normal(f[0])
            Z = convolution.conv2d(X, F, b, stride, padding)
            close(conv2d(X, F, b, stride, padding), Z)
            for own, core in zip(filter_gradient(X, Z, f[2:], stride, padding),
                                 convolution.filter_gradient(X, Z, f[2:], stride, padding)):
                close(own, core)
            close(input_gradient(layout(Z), F, x[2:], stride, padding),
                  convolution.input_gradient(Z, F, x[2:], stride, padding))


@pytest.mark.parametrize("wide", [1, 16])
@pytest.mark.parametrize("of_dZ", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_strides_in_memory(layout, of_dZ, wide, monkeypatch):
    monkeypatch.setattr(fast_convolution, "WIDE", wide)
    X, F, b = normal(4, 3, 6, 5), normal(2, 3, 3, 2), normal(2)
    dZ = normal(4, 2, 4, 4)
    turned = LAYOUTS[layout]
    close(conv2d(turned(X), turned(F), b), conv2d_windows(X, F, b))
    for left, right in zip(filter_gradient(turned(X), LAYOUTS[of_dZ](dZ), (3, 2)),
                           convolution.filter_gradient(X, dZ, (3, 2))):
        close(left, right)
    close(input_gradient(turned(dZ), turned(F), (6, 5)), convolution.input_gradient(dZ, F, (6, 5)))


# What is only faster


@given(geometries(4), st.integers(1, 4000), st.integers(1, 400), WIDTHS)
def test_the_size_of_blocks_and_pieces_changes_nothing(geometry, block, piece, wide):
    x, f, stride, padding = geometry
    X, F = normal(*x), normal(*f)
    Z = conv2d(X, F, None, stride, padding)
    dF, db = filter_gradient(X, Z, f[2:], stride, padding)
    dX = input_gradient(Z, F, x[2:], stride, padding)
    with limits(BLOCK=block, NEAR=piece, SMALL=piece, WIDE=wide):
        close(conv2d(X, F, None, stride, padding), Z)
        again = filter_gradient(X, Z, f[2:], stride, padding)
        close(input_gradient(Z, F, x[2:], stride, padding), dX)
    close(again[0], dF)
    close(again[1], db)


@given(geometries(4), st.integers(1, 4000), WIDTHS)
def test_prepared_images_serve_again_and_again(geometry, block, wide):
    x, f, stride, padding = geometry
    X, F, b = normal(*x), normal(*f), normal(f[0])
    Z = conv2d(X, F, b, stride, padding)
    dF, db = filter_gradient(X, Z, f[2:], stride, padding)
    with limits(BLOCK=block, WIDE=wide):  # of several blocks, too, none may take the place of another
        seen = prepare(X, f[2:], stride, padding)
    for _ in range(2):
        close(seen.conv2d(F, b), Z)
        close(seen.conv2d(F), conv2d(X, F, None, stride, padding))
        for own, function in zip(seen.filter_gradient(Z), (dF, db)):
            close(own, function)


@pytest.mark.parametrize("width", [4, 20])
def test_prepared_images_do_not_follow_a_later_change(width):
    X, F = normal(2, 1, 4, width), normal(3, 1, 2, 2)
    Z, seen = conv2d(X, F), prepare(X, 2)
    X[...] = 0
    close(seen.conv2d(F), Z)


def test_an_output_row_is_cut_into_as_few_equal_pieces_as_the_limit_allows():
    """Twelve columns, 100 in all: at most 100, 99, 30 or 1 a piece, which nothing but a single column fulfils."""
    assert [_pieces(12, 100, limit) for limit in (100, 99, 30, 1)] == [1, 2, 4, 12]
    assert _pieces(7, 100, 30) == 7  # 4 does not divide it
    rows = np.arange(24).reshape(2, 2, 6)
    pieces = _cut(rows, 3)
    assert pieces.shape == (2, 3, 2, 2) and np.shares_memory(pieces, rows)
    assert_array_equal(pieces[1, 2], rows[1, :, 4:])
    assert_array_equal(_cut(rows[0], 3), pieces[0])


def test_more_samples_than_are_turned_at_a_time():
    X, F = normal(71, 2, 5, 6), normal(3, 2, 2, 3)
    close(conv2d(X, F), conv2d_windows(X, F))
    close(conv2d(X, F)[17:18], conv2d(X[17:18], F))


def test_the_fast_layout_is_the_same_images_and_taken_as_it_is():
    X = normal(40, 3, 6, 5)
    fast = fast_layout(X)
    assert_array_equal(fast, X)
    assert not np.shares_memory(fast, X)
    assert np.shares_memory(fast_layout(fast), fast)
    assert conv2d(fast, normal(2, 3, 2, 2)).transpose(2, 1, 3, 0).flags.c_contiguous


def test_wide_images_keep_their_rows_whole():
    F = normal(2, 3, 2, 5)
    for width, whole in ((19, False), (20, True), (33, True)):  # 15, 16 and 29 numbers in a row of Z
        for padding in (0, (1, 0)):
            Z = conv2d(normal(4, 3, 6, width), F, padding=padding)
            assert Z.transpose(2, 1, 0, 3).flags.c_contiguous == whole
            assert Z.transpose(2, 1, 3, 0).flags.c_contiguous != whole
    fast = fast_layout(normal(4, 3, 6, 33))
    assert conv2d(fast, F).transpose(2, 1, 3, 0).flags.c_contiguous


def test_wide_images_are_read_where_they_are(monkeypatch):
    X, F = normal(3, 2, 4, 20), normal(2, 2, 2, 5)
    Z = conv2d(X, F)
    monkeypatch.delattr(fast_convolution, "_ordered")  # which copies what is in another order
    close(conv2d(X, F), Z)


def test_results_begin_on_a_cache_line(rng):
    for width in range(3, 23):  # many sizes, so that none is aligned by luck
        Z = conv2d(rng.standard_normal((3, 1, 3, width)), np.ones((1, 1, 2, 2)))
        assert Z.ctypes.data % 64 == 0


# Bad input


def test_bad_input_of_prepared_images_is_named(raises):
    X, F = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 2, 2))
    with raises("X", "four axes", r"\(3, 5, 5\)"):
        fast_layout(X[0])
    with raises("X", "no empty axis", r"\(2, 0, 5, 5\)"):
        prepare(X[:, :0], 2)
    seen = prepare(X, 2)
    with raises("F", r"filters of the size \(2, 2\) that X was prepared for", r"\(4, 3, 2, 3\)"):
        seen.conv2d(np.zeros((4, 3, 2, 3)))
    with raises("F", "at least one filter", r"\(0, 3, 2, 2\)"):
        seen.conv2d(F[:0])
    with raises("F", "3 channels", r"\(4, 2, 2, 2\)"):
        seen.conv2d(np.zeros((4, 2, 2, 2)))
    with raises("b", "one bias a filter", r"\(3,\)"):
        seen.conv2d(F, np.zeros(3))
    with raises("dZ", r"\(2, 4, 4, 4\)", r"\(2, 4, 5, 5\)"):
        seen.filter_gradient(np.zeros((2, 4, 5, 5)))
    with raises("dZ", "no empty axis", r"\(2, 0, 4, 4\)"):
        seen.filter_gradient(np.zeros((2, 0, 4, 4)))
