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

    At a key x so many sets lie as starts are <= x, less the stops <= x. With starts and stops each
    in order, they are k or more just where starts[i + k - 1] <= x < stops[i] for some i.
    """
    if k < 1 or k > len(sets):
        raise ValueError(f"k={k} of {len(sets)} sets")
    filled = [s for s in sets if len(s)]
    if len(filled) < k:
        return NOWHERE
    if len(filled) == 1:
        return filled[0]
    starts, stops = _in_order([s.starts for s in filled]), _in_order([s.stops for s in filled])
    return union_in_order(starts[k - 1 :], stops[: len(stops) - k + 1])


def union(starts: Keys, stops: Keys) -> Spans:
    """Union of spans in any order, empty ones among them."""
    filled = starts < stops
    return union_in_order(np.sort(starts[filled]), np.sort(stops[filled]))


def _in_order(runs: Sequence[Keys]) -> Keys:
    """Keys of several runs that are each in order; a stable sort merges them."""
    keys = np.concatenate(runs)
    keys.sort(kind="stable")
    return keys


def complement(spans: Spans, domain: Spans) -> Spans:
    """The rest of a domain that holds all the spans."""
    if not len(spans):
        return domain
    starts = _in_order([domain.starts, spans.stops])
    return nonempty(starts, _in_order([domain.stops, spans.starts]))


def union_in_order(starts: Keys, stops: Keys) -> Spans:
    """Union of spans whose starts and whose stops never decrease."""
    filled = nonempty(starts, stops)
    if not len(filled):
        return NOWHERE
    parted = np.flatnonzero(filled.starts[1:] > filled.stops[:-1])
    if len(parted) == len(filled) - 1:
        return filled
    first, last = np.append(0, parted + 1), np.append(parted, len(filled) - 1)
    return Spans(filled.starts.take(first), filled.stops.take(last))


def lasting(spans: Spans, length: int) -> Spans:
    """What remains of each span after its first `length`."""
    return nonempty(spans.starts + length, spans.stops)


def nonempty(starts: Keys, stops: Keys) -> Spans:
    """Spans without the empty ones."""
    keep = np.flatnonzero(starts < stops)
    if len(keep) == len(starts):
        return Spans(starts, stops)
    return Spans(starts.take(keep), stops.take(keep))


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
