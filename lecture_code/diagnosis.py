"""What a wrong result looks like beside the right one: twice as large, transposed, one entry short.

`observations` compares the results of two functions on the same inputs, and says what holds on all of them. It
looks at numbers alone and knows nothing of the exercise, so it says what is seen and not why.
"""

from __future__ import annotations

import dis
import math
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

Array = np.ndarray
MOVED = (("{one} is right, but moved by one entry: the first one is missing, and your last one is too many.",
          slice(None, -1), slice(1, None)),
         ("{one} is right, but moved by one entry: your first one is too many, and the last one is missing.",
          slice(1, None), slice(None, -1)))
MOST = 3                                        # sentences of one diagnosis


@dataclass(frozen=True)
class Seen:
    """One input and what came out: the arguments, the right values of the parts, and the student's."""

    arguments: tuple[Any, ...]
    expected: tuple[Any, ...]
    got: tuple[Any, ...]


@dataclass(frozen=True)
class Leaf:
    """One array of a part, such as dW[2] of dW, on one input."""

    case: int
    place: tuple[int, ...]
    expected: Array
    got: Array

    @property
    def right(self) -> bool:
        return same(self.got, self.expected)


def observations(takes: Sequence[str], returns: Sequence[str], seen: Sequence[Seen]) -> list[str]:
    """Return up to three sentences about a result that is not right, each true on every input.

    Parameters
    ----------
    takes, returns : names of the arguments, and of the parts of the result
    seen : what came out on each input
    """
    with np.errstate(all="ignore"):             # a wrong result may be infinite
        return _observations(takes, returns, seen)


def _observations(takes: Sequence[str], returns: Sequence[str], seen: Sequence[Seen]) -> list[str]:
    found = [*_swapped(returns, seen)]
    parts = {name: list(_leaves(seen, i)) for i, name in enumerate(returns)}
    wrong = {name: leaves for name, leaves in parts.items() if not all(leaf.right for leaf in leaves)}
    if found or not wrong:
        return found
    whole = [leaf for leaves in wrong.values() for leaf in leaves]
    for names, leaves in [(list(wrong), whole)] if len(wrong) > 1 else []:
        if said := list(_of_leaves(takes, _listed(names), "are", leaves, seen)):
            return said[:MOST]                  # the same is true of all parts
    for name, leaves in wrong.items():
        found += _of_leaves(takes, name, "is", leaves, seen)
    right = [name for name in parts if name not in wrong]
    if right:
        found.append(f"{_listed(right)} {'is' if len(right) == 1 else 'are'} right.")
    return found[:MOST]


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def global_names(function: Any) -> list[str]:
    """Return the variables of the notebook, no functions or modules, that a function reads though no argument has them.

    What stands for a function of another process has no code, and says in its `reads` what that function reads.
    """
    code, world = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if not isinstance(code, types.CodeType):
        return list(getattr(function, "reads", ()))
    kinds = (np.ndarray, np.generic, int, float, complex, list, tuple)
    return [name for name in dict.fromkeys(_read_by(code)) if isinstance(world.get(name), kinds)
            and not isinstance(world[name], bool) and not name.isupper()
            and not any(world[name] is vars(module).get(name) for module in (math, np))]     # pi, inf


def _read_by(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that a function and those within it read; an attribute, as in `opt.step`, is none."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _read_by(part)


def same(got: Array, expected: Array, digits: float = 1e-7) -> bool:
    """Are two arrays equal, up to rounding relative to the largest entry?"""
    if got.shape != expected.shape:
        return False
    finite = np.abs(expected[np.isfinite(expected)])
    return bool(np.isclose(got, expected, rtol=0, atol=digits * finite.max(initial=0), equal_nan=True).all())


def _leaves(seen: Sequence[Seen], part: int) -> Iterator[Leaf]:
    for case, one in enumerate(seen):
        yield from _walk(case, (), one.expected[part], one.got[part])


def _walk(case: int, place: tuple[int, ...], expected: Any, got: Any) -> Iterator[Leaf]:
    if isinstance(expected, (list, tuple)):
        for i, pair in enumerate(zip(expected, got) if isinstance(got, (list, tuple)) else []):
            yield from _walk(case, (*place, i), *pair)
    elif expected is not None and not callable(expected):
        expected, got = np.asarray(expected), as_numbers(got)
        if got is not None and expected.dtype.kind in "biufc":
            yield Leaf(case, place, expected, got)


def as_numbers(value: Any) -> Array | None:
    """Return a value as an array of numbers, None if it is none; lists of fractions and object arrays are such."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and array.size and all(hasattr(entry, "__float__") for entry in array.flat):
            array = array.astype(float)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _swapped(returns: Sequence[str], seen: Sequence[Seen]) -> Iterator[str]:
    """Are the parts right, and in another order?"""
    for order in permutations(range(len(returns))) if 2 <= len(returns) <= 5 else []:
        if list(order) == sorted(order):
            continue
        turned = [Seen(one.arguments, tuple(one.expected[i] for i in order), one.got) for one in seen]
        leaves = [leaf for i in range(len(returns)) for leaf in _leaves(turned, i)]
        straight = [leaf for i in range(len(returns)) for leaf in _leaves(seen, i)]
        if len(leaves) >= len(seen) * len(returns) and all(leaf.right for leaf in leaves) \
                and not all(leaf.right for leaf in straight):
            yield f"The order is another: you return ({', '.join(returns[i] for i in order)})."
            return


def _of_leaves(takes: Sequence[str], name: str, verb: str, leaves: list[Leaf], seen: Sequence[Seen]) -> list[str]:
    """Return what is true of all arrays of one part."""
    if not leaves:
        return []
    found: list[str] = []
    some = [leaf for leaf in leaves if not leaf.right]
    numbers = not any(leaf.expected.ndim or leaf.place for leaf in leaves)
    alone = verb == "is"                        # of several parts, one that is infinite says nothing of the others
    one = name if alone else f"Each of {name}"
    each = one if numbers else f"Every entry of {name}"
    there, entries = (each, "is") if numbers else (f"There are entries of {name} that", "are")
    if alone and any(np.isfinite(leaf.expected).all() and not np.isfinite(leaf.got).all() for leaf in some):
        return [f"{there} {entries} infinite or not a number and should not be."]
    if alone and any(leaf.got.shape == leaf.expected.shape and (np.isinf(leaf.expected) & np.isfinite(leaf.got)).any()
                     for leaf in some):
        return [f"{there} {entries} finite and should be infinite: is a 0 replaced, or something cut off?"]
    if numbers and _one_number([leaf.got for leaf in leaves]) and not _one_number([leaf.expected for leaf in leaves]):
        value = leaves[0].got.item()
        return [f"{name} {verb} {value if isinstance(value, bool) else f'{value:.6g}'} on every input."]
    if ratio := _ratio(takes, leaves, seen):
        return [f"{each} {ratio}."]
    fitting = [change for change in CHANGES.values() if all(_fits(change, leaf) for leaf in leaves)]
    found += [(OF_NUMBERS.get(change, sentence) if numbers else sentence).format(
                  name=name, verb=verb, each=each, one=one)
              for sentence, change in CHANGES.items()
              if change in fitting and not IMPLIED_BY.get(change, set()) & set(fitting)]
    for sentence, yours, right in MOVED:
        if all(leaf.got.shape == leaf.expected.shape and leaf.got.ndim and same(leaf.got[yours], leaf.expected[right])
               for leaf in leaves) and not found and any(len(leaf.got) > 2 for leaf in leaves):
            found.append(sentence.format(one=one))
    if not found and (offset := _offset(leaves)):
        found.append(f"{each} is too {offset}.")
    if not found and all(_mixed(leaf) for leaf in some):
        found.append(f"The entries of {name} are right, but stand in another order.")
    if not found:
        found += _partly(name, verb, leaves, seen)
    return found


def _one_number(arrays: list[Array]) -> bool:
    """Are they numbers, and all the same?"""
    return all(not array.ndim and array == arrays[0] for array in arrays)


def _fits(change: Callable[[Array], Iterator[Array]], leaf: Leaf) -> bool:
    """Does one of the changed right arrays equal the student's? What changes nothing explains no fault."""
    with np.errstate(all="ignore"):
        changed = [np.asarray(array) for array in change(leaf.expected)]
        return any(same(leaf.got, array, 1e-6) and (leaf.right or not same(array, leaf.expected, 1e-6))
                   for array in changed)


def _mixed(leaf: Leaf) -> bool:
    """Are the student's entries the right ones, in some order?"""
    return leaf.got.shape == leaf.expected.shape and same(np.sort(leaf.got, None), np.sort(leaf.expected, None))


def _ratio(takes: Sequence[str], leaves: list[Leaf], seen: Sequence[Seen]) -> str:
    """Say by which factor every entry is off, where it is one factor on each input; empty if it is none."""
    factors: dict[int, float] = {}
    entries = 0
    for leaf in leaves:
        if leaf.got.shape != leaf.expected.shape:
            return ""
        largest = np.abs(leaf.expected).max(initial=0)
        if largest == 0 or leaf.expected.dtype.kind == "b":
            if not leaf.right:
                return ""
            continue
        top = np.unravel_index(np.abs(leaf.expected).argmax(), leaf.expected.shape)
        factor = factors.setdefault(leaf.case, leaf.got[top] / leaf.expected[top])
        if not np.isfinite(factor) or not same(leaf.got, factor * leaf.expected, 1e-6):
            return ""
        entries += leaf.expected.size
    values = np.array(list(factors.values()))
    if entries < 2 or len(values) < 2 or not np.abs(values).all() or np.isclose(values, 1).all():
        return ""
    if np.allclose(values, values[0], rtol=1e-6):
        known = {-1: "has the opposite sign", 2: "is twice what it should be", 0.5: "is half of what it should be"}
        plain = next((text for value, text in known.items() if np.isclose(values[0], value)), "")
        digits = max(4, 2 - int(np.floor(np.log10(abs(values[0] - 1)))))      # 1.0001 is not 1
        return plain or f"is {values[0]:.{digits}g} times what it should be"
    for sign, minus in ((1, ""), (-1, "minus ")):
        for power, text in ((1, "times"), (-1, "divided by")):
            fitting = [what for what, sizes in _sizes(takes, seen).items() if set(sizes) >= set(factors)
                       and np.allclose(values, [sign * float(sizes[case]) ** power for case in factors], rtol=1e-6)]
            if fitting:
                return f"is {minus}what it should be, {text} {' or '.join(fitting[:2])}"
    return ""


def _sizes(takes: Sequence[str], seen: Sequence[Seen]) -> dict[str, dict[int, float]]:
    """Return the numbers by which one may multiply: those among the arguments, and their sizes, on each input."""
    found: dict[str, dict[int, float]] = {}
    for case, one in enumerate(seen):
        for name, value in zip(takes, one.arguments):
            if isinstance(value, (int, float, np.number)) and value:
                found.setdefault(name, {})[case] = float(value)
            elif isinstance(value, (list, tuple)):
                found.setdefault(f"the length of {name}", {})[case] = len(value)
            elif isinstance(value, np.ndarray):
                words = {1: ["the length"], 2: ["the number of rows", "the number of columns"]}
                for axis, size in enumerate(value.shape):
                    what = words.get(value.ndim, [f"the size of axis {k}" for k in range(value.ndim)])[axis]
                    found.setdefault(f"{what} of {name}", {})[case] = size
                found.setdefault(f"the number of entries of {name}", {})[case] = value.size
    return {what: sizes for what, sizes in found.items() if all(sizes.values())}


def _offset(leaves: list[Leaf]) -> str:
    """Say by how much every entry is too large or too small, the same on each input."""
    if any(leaf.got.shape != leaf.expected.shape or leaf.expected.dtype.kind == "b" for leaf in leaves):
        return ""
    gaps = np.concatenate([(leaf.got - leaf.expected).ravel() for leaf in leaves])
    if gaps.size < 2 or np.iscomplexobj(gaps) or not np.isfinite(gaps).all() or np.abs(gaps).max() < 1e-6:
        return ""
    if np.abs(gaps - gaps[0]).max() > 1e-6 * abs(gaps[0]):
        return ""
    return f"{'large' if gaps[0] > 0 else 'small'} by {abs(gaps[0]):.4g}"


def _partly(name: str, verb: str, leaves: list[Leaf], seen: Sequence[Seen]) -> Iterator[str]:
    """Say where the part is right, if that has a pattern."""
    wrong = [leaf for leaf in leaves if not leaf.right]
    places = {leaf.place for leaf in leaves}
    if any(places - {()}):
        ends = {case: max(leaf.place for leaf in leaves if leaf.case == case) for case in {leaf.case for leaf in leaves}}
        at_end = [leaf.place == ends[leaf.case] for leaf in leaves]
        if all(leaf.right == last for leaf, last in zip(leaves, at_end)):
            yield f"Only the last entry of {name} is right."
            return
    if all(_fits(_whole, leaf) for leaf in wrong):
        yield f"Where {name} {verb} wrong, {'it is' if verb == 'is' else 'they are'} cut or rounded to whole numbers."
        return
    for axis in range(2):
        for index, which in ((0, "first"), (-1, "last")):
            if all(leaf.got.shape == leaf.expected.shape and leaf.got.ndim > axis and leaf.got.shape[axis] > 0
                   and same(leaf.got.take([index], axis), leaf.expected.take([index], axis)) for leaf in wrong):
                if all(leaf.got.shape[axis] > 1 for leaf in wrong):
                    line = ("entry" if max(leaf.got.ndim for leaf in wrong) == 1 else ("row", "column")[axis])
                    yield f"Where {name} {verb} wrong, {'its' if verb == 'is' else 'their'} {which} {line} is right."
                    return
    good = {leaf.case for leaf in leaves} - {leaf.case for leaf in wrong}
    if good and len(seen) > len(good):
        start = good == set(range(len(good)))
        which = f"the first {len(good)}, which are the smallest," if start and len(good) > 1 else f"{len(good)}"
        yield f"{name} {verb} right on {which} of the {len(seen)} inputs."


# ---------------------------------------------------------------- how right arrays turn into wrong ones

def _transposed(e: Array) -> Iterator[Array]:
    if e.ndim >= 2:
        yield e.swapaxes(-1, -2)


def _reversed(e: Array) -> Iterator[Array]:
    for axis in range(e.ndim):
        yield np.flip(e, axis)


def _turned(e: Array) -> Iterator[Array]:
    if e.ndim >= 2:
        yield np.flip(e, (-1, -2))


def _shifted(e: Array) -> Iterator[Array]:
    for axis in range(e.ndim):
        yield np.roll(e, 1, axis)
        yield np.roll(e, -1, axis)


def _one_short(e: Array) -> Iterator[Array]:
    if e.ndim:
        yield e[:-1]


def _late(e: Array) -> Iterator[Array]:
    if e.ndim:
        yield e[1:]


def _summed(e: Array) -> Iterator[Array]:
    for axis in range(e.ndim):
        yield e.sum(axis)
        yield e.sum(axis, keepdims=True)
    yield e.sum()


def _averaged(e: Array) -> Iterator[Array]:
    for axis in range(e.ndim):
        yield e.mean(axis)
        yield e.mean(axis, keepdims=True)
    yield e.mean()


def _reshaped(e: Array) -> Iterator[Array]:
    yield e.squeeze()
    yield e.ravel()
    for axis in range(e.ndim + 1):
        yield np.expand_dims(e, axis)


def _whole(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield np.trunc(e)
        yield np.rint(e)
        yield np.floor(e)


def _positive(e: Array) -> Iterator[Array]:
    if e.dtype.kind in "if":
        yield np.maximum(e, 0)


def _absolute(e: Array) -> Iterator[Array]:
    if e.dtype.kind in "if":
        yield np.abs(e)


def _square(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield e**2


def _root(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield np.sqrt(np.abs(e))


def _reciprocal(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield 1 / e


def _complement(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield 1 - e


def _logarithm(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield np.log(e)


def _exponential(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "f":
        yield np.exp(e)


def _opposite(e: Array) -> Iterator[Array]:
    if e.dtype.kind == "b":
        yield ~e


def _zero(e: Array) -> Iterator[Array]:
    if e.dtype != bool:
        yield np.zeros_like(e)


CHANGES: dict[str, Callable[[Array], Iterator[Array]]] = {
    "{name} {verb} transposed.": _transposed,
    "The entries of {name} stand in reverse order along an axis.": _reversed,
    "{name} {verb} turned by half a turn: both axes run backwards.": _turned,
    "The entries of {name} have moved by one place.": _shifted,
    "{one} ends one entry too early.": _one_short,
    "{one} begins one entry too late.": _late,
    "The numbers of {name} are right, but not the shape.": _reshaped,
    "An axis of {name} is gone or has collapsed: what you return is the sum over it.": _summed,
    "An axis of {name} is gone or has collapsed: what you return is the mean over it.": _averaged,
    "The entries of {name} are cut or rounded to whole numbers: is there an array of integers on the way?": _whole,
    "Where {name} should be negative it is 0.": _positive,
    "The sizes of the entries of {name} are right, and all signs are positive.": _absolute,
    "{each} is the square of what it should be.": _square,
    "{each} is the square root of what it should be, up to signs.": _root,
    "{each} is 1 over what it should be.": _reciprocal,
    "{each} is 1 minus what it should be.": _complement,
    "{each} is the logarithm of what it should be.": _logarithm,
    "{each} is the exponential of what it should be.": _exponential,
    "{one} says True where it should say False, and the other way round.": _opposite,
    "{name} {verb} zero everywhere.": _zero,
}
#: What is said in their place where there is one number on each input, or are two that go wrong alike.
OF_NUMBERS: dict[Callable[[Array], Iterator[Array]], str] = {
    _whole: "{each} is cut or rounded to a whole number.",
    _absolute: "{each} has the right size, and is always positive."}
#: What another change says already where both fit: along an axis of one entry, a sum is no more than a lost axis.
IMPLIED_BY: dict[Callable[[Array], Iterator[Array]], set[Callable[[Array], Iterator[Array]]]] = {
    _turned: {_reversed}, _summed: {_reshaped}, _averaged: {_reshaped, _summed}}
