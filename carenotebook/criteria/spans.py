"""Sets of disjoint half-open spans on one line of keys, and truths made of them.

A truth is kept as two sets: where it is surely true, and where it is possibly true (true or
unknown). Kleene's logic then needs one kernel, `cover`: the spans that at least k sets cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Disjoint, sorted, non-empty spans [starts, stops) that do not touch."""

    starts: Keys
    stops: Keys

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class Truth:
    """Where something is surely, and where it is possibly true; one object where they agree."""

    sure: Spans
    possible: Spans


NOWHERE = Spans(np.zeros(0, np.int64), np.zeros(0, np.int64))


def known(spans: Spans) -> Truth:
    """A truth that is nowhere unknown."""
    return Truth(spans, spans)


def cover(sets: Sequence[Spans], k: int) -> Spans:
    """Spans that at least `k` of the sets cover.

    Each bound becomes one number, a start even and a stop odd, so that one sort brings them into
    order with starts first; a running count then tells how many sets cover what follows.
    """
    if k < 1 or k > len(sets):
        raise ValueError(f"k={k} of {len(sets)} sets")
    filled = [s for s in sets if len(s)]
    if len(filled) < k:
        return NOWHERE
    if len(filled) == 1:
        return filled[0]
    return _deep([s.starts for s in filled], [s.stops for s in filled], k)


def union(starts: Keys, stops: Keys) -> Spans:
    """Union of spans in any order, empty ones among them."""
    return _deep([starts], [stops], 1)


def complement(spans: Spans, domain: Spans) -> Spans:
    """The rest of a domain that holds all the spans."""
    if not len(spans):
        return domain
    starts = np.concatenate((domain.starts, spans.stops))
    stops = np.concatenate((domain.stops, spans.starts))
    starts.sort()
    stops.sort()
    return _nonempty(starts, stops)


def union_in_order(starts: Keys, stops: Keys) -> Spans:
    """Union of spans whose starts and whose stops never decrease."""
    keep = starts < stops
    starts, stops = starts[keep], stops[keep]
    if not len(starts):
        return NOWHERE
    apart = starts[1:] > stops[:-1]
    first = np.concatenate(([True], apart))
    last = np.concatenate((apart, [True]))
    return Spans(starts[first], stops[last])


def _deep(starts: list[Keys], stops: list[Keys], k: int) -> Spans:
    bounds = np.concatenate([2 * s for s in starts] + [2 * s + 1 for s in stops])
    bounds.sort()
    deep = np.cumsum(1 - 2 * (bounds & 1)) >= k
    before = np.concatenate(([False], deep[:-1]))
    return _nonempty(bounds[deep & ~before] >> 1, bounds[before & ~deep] >> 1)


def lasting(spans: Spans, length: int) -> Spans:
    """What remains of each span after its first `length`."""
    return _nonempty(spans.starts + length, spans.stops)


def _nonempty(starts: Keys, stops: Keys) -> Spans:
    keep = starts < stops
    return Spans(starts, stops) if keep.all() else Spans(starts[keep], stops[keep])


def negate(truth: Truth, domain: Spans) -> Truth:
    """Kleene's not."""
    possible = complement(truth.sure, domain)
    if truth.possible is truth.sure:
        return known(possible)
    return Truth(complement(truth.possible, domain), possible)


def at_least(truths: Sequence[Truth], k: int) -> Truth:
    """Kleene's at least k of n; all of n and any of n are the same with k = n and k = 1."""
    sure = cover([t.sure for t in truths], k)
    if all(t.possible is t.sure for t in truths):
        return known(sure)
    return Truth(sure, cover([t.possible for t in truths], k))


def sustained(truth: Truth, length: int) -> Truth:
    """True after `length` without a break."""
    sure = lasting(truth.sure, length)
    if truth.possible is truth.sure:
        return known(sure)
    return Truth(sure, lasting(truth.possible, length))


def unknown(truth: Truth, domain: Spans) -> Spans:
    """Where a truth is unknown."""
    if truth.possible is truth.sure or not len(truth.possible):
        return NOWHERE
    return cover([truth.possible, complement(truth.sure, domain)], 2)
