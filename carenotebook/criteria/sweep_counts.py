"""First flags of cells that differ in a count, whatever else they ask for.

A count is k or more from the k-th event on until the first of the k leaves the window. So a cell
flags where the rest of it first holds from the k-th event on, if the first of the k has not left by
then. When that is depends on the rest alone; how long it is after the first of the k, on the rest
and k alone. What is left to each window is a comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from carenotebook.core.durations import duration_us
from carenotebook.criteria import events, nodes, syntax
from carenotebook.criteria.block import Block
from carenotebook.criteria.engine import without_pauses
from carenotebook.criteria.spans import Keys, Spans, cover
from carenotebook.criteria.sweep_plan import Values, truth
from carenotebook.criteria.values import followed

CELLS_PER_REST = 4
"""With fewer cells to each rest, what they share of it is too little."""

_EVER = 2**61
"""A window longer than a block's line."""

First = tuple[Keys, Keys]
"""The episodes in which a cell flags, in order, and the keys at which it first does."""


class Cell(NamedTuple):
    """At least `k` events within so many microseconds, and a rest by its number."""

    rest: int
    k: int
    within: int


@dataclass(frozen=True)
class Counts:
    """Cells that count the same events, and the rest of each: truths that must all hold.

    Attributes
    ----------
    events : Counted
        A term that counts the events, whatever its window.
    rests : tuple of tuples of Truth
    cells : tuple of Cell
    """

    events: events.Counted
    rests: tuple[tuple[syntax.Truth, ...], ...]
    cells: tuple[Cell, ...]

    @cached_property
    def size(self) -> int:
        """How many truths a block works out."""
        return 1 + len({node for rest in self.rests for node in rest})

    def found(self, block: Block, grace: int) -> list[First]:
        """What each cell finds in a block, pauses and so many microseconds after them left out."""
        seen, domain = events.counted(self.events, block), block.domain
        longest = max(cell.within for cell in self.cells)
        oldest: dict[int, Keys] = {}
        answers: dict[int, First] = {}
        order = sorted(range(len(self.cells)), key=lambda i: self.cells[i])
        held = _held(self.rests, block)
        for _, of_rest in groupby(order, key=lambda i: self.cells[i].rest):
            then = _from(seen.keys, without_pauses(next(held), grace, block))
            then[then >= domain.stops[seen.episode]] = 2 * _EVER
            for k, of_k in groupby(of_rest, key=lambda i: self.cells[i].k):
                if k not in oldest:
                    oldest[k] = np.flatnonzero(followed(seen, k - 1, longest))
                at = then.take(oldest[k] + (k - 1))
                near = _Near(at - seen.keys.take(oldest[k]), at, seen.episode.take(oldest[k]))
                for i in reversed(list(of_k)):  # the longest window first
                    near = near.within(self.cells[i].within)
                    answers[i] = near.first()
        return [answers[i] for i in range(len(self.cells))]


class _Near(NamedTuple):
    """When the rest first holds from the k-th event on, how long after the first, and in whom."""

    distance: Keys
    at: Keys
    episode: Keys

    def within(self, length: int) -> _Near:
        """Only where the first event is still in the window."""
        kept = np.flatnonzero(self.distance < length)
        return self if len(kept) == len(self.at) else _Near(*(a.take(kept) for a in self))

    def first(self) -> First:
        """The first of each episode."""
        new = np.append(0, np.flatnonzero(self.episode[1:] != self.episode[:-1]) + 1)
        new = new[: len(self.at)]  # where there is nothing, there is no first
        return self.episode.take(new), self.at.take(new)


def counts(cells: Sequence[syntax.Truth]) -> Counts | None:
    """Cells as counts with few different rests; None if none of their members is such a count.

    The cells come from one rule, so that each has its members in the same places.
    """
    members = [c.operands if isinstance(c, nodes.All) else (c,) for c in cells]
    first, last = members[0], members[-1]
    varying = [i for i, (a, b) in enumerate(zip(first, last, strict=True)) if a is not b]
    found = [told for i in varying or (0,) if (told := _counts(members, i))]
    return min(found, key=lambda told: len(told.rests), default=None)


def _counts(members: Sequence[Sequence[syntax.Truth]], place: int) -> Counts | None:
    """Cells as counts, the member in one place being what counts."""
    rests: dict[tuple[syntax.Truth, ...], int] = {}
    counted: dict[events.Counted, None] = {}
    cells = []
    for mine in members:
        asked = _asked(mine[place])
        if asked is None:
            return None
        term, k = asked
        counted[replace(term, within=None)] = None
        within = duration_us(term.within) if isinstance(term.within, str) else _EVER
        number = rests.setdefault((*mine[:place], *mine[place + 1 :]), len(rests))
        cells.append(Cell(number, k, within))
    if len(counted) > 1 or CELLS_PER_REST * len(rests) > len(cells):
        return None
    return Counts(next(iter(counted)), tuple(rests), tuple(cells))


def _asked(node: syntax.Truth) -> tuple[events.Counted, int] | None:
    """The count and what it must reach, if the truth is that, and needs an event."""
    if not isinstance(node, nodes.Compare) or not isinstance(node.term, events.Counted):
        return None
    if node.op not in {">=", ">"} or not isinstance(node.value, int | float):
        return None
    k = math.ceil(node.value) if node.op == ">=" else math.floor(node.value) + 1
    return (node.term, k) if k > 0 else None


def _held(rests: Sequence[Sequence[syntax.Truth]], block: Block) -> Iterator[Spans]:
    """Where each rest is surely true; every different member is worked out once."""
    values: Values = {}
    sure: dict[syntax.Truth, Spans] = {}
    for rest in rests:
        for node in rest:
            if node not in sure:
                sure[node] = truth(node, block, values).sure
        yield cover([sure[node] for node in rest], len(rest)) if rest else block.domain


def _from(keys: Keys, spans: Spans) -> Keys:
    """The first key in one of the spans from each key on."""
    starts = np.append(spans.starts, 2 * _EVER)
    there: Keys = np.maximum(keys, starts[np.searchsorted(spans.stops, keys, side="right")])
    return there
