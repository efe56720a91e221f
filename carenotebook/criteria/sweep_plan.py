"""What a sweep works out in each block: every distinct part of all its cells once.

A cell flags where its rule is surely true. What is surely or possibly true follows from what is
surely or possibly true of its parts, so that Kleene's logic becomes and, or and not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from carenotebook.criteria import leaves, nodes, syntax
from carenotebook.criteria.block import Block
from carenotebook.criteria.engine import evaluate
from carenotebook.criteria.spans import Spans, Truth, complement, cover
from carenotebook.criteria.sweep_bits import Pieces, Words, cut
from carenotebook.criteria.values import Reach, Steps, value

FEW_KINDS = 16
"""A clause of no more variants than this helps to tell where any cell may hold."""

Values = dict[syntax.Term, Reach | Steps]

_BEHIND = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Leaf:
    """What has spans of its own, surely or possibly: a comparison, or something sustained."""

    node: syntax.Truth
    possibly: bool


@dataclass(frozen=True)
class Step:
    """One operation on the results of earlier parts."""

    what: Literal["and", "or", "not"]
    of: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """Leaves and steps by number, and the one that gives each cell."""

    parts: tuple[Leaf | Step, ...]
    cells: tuple[int, ...]

    @property
    def leaves(self) -> dict[int, Leaf]:
        """The leaves by number."""
        return {i: p for i, p in enumerate(self.parts) if isinstance(p, Leaf)}

    @property
    def size(self) -> int:
        """How many truths a block works out."""
        return len(self.leaves)

    def positions(self) -> list[set[int]]:
        """Sets of parts such that each cell asks for one part of each set, beside other things."""
        every = (self._conjuncts(i) for i in self.cells)
        return [set(kinds) for kinds in zip(*every, strict=False)]

    def _conjuncts(self, number: int) -> list[int]:
        part = self.parts[number]
        if isinstance(part, Step) and part.what == "and":
            return [n for i in part.of for n in self._conjuncts(i)]
        return [number]


def plan(cells: Sequence[syntax.Truth]) -> Plan:
    """Number every distinct part of the expressions."""
    planner = _Planner()
    numbers = tuple(planner.number(cell, possibly=False) for cell in cells)
    return Plan(tuple(planner.parts), numbers)


class _Planner:
    def __init__(self) -> None:
        self.parts: list[Leaf | Step] = []
        self._known: dict[Leaf | Step, int] = {}
        self._seen: dict[tuple[int, bool], tuple[syntax.Truth, int]] = {}

    def number(self, node: syntax.Truth, *, possibly: bool) -> int:
        """The number of an expression; the same object is looked at once."""
        key = (id(node), possibly)
        if key not in self._seen:
            self._seen[key] = (node, self._numbered(node, possibly=possibly))
        return self._seen[key][1]

    def _numbered(self, node: syntax.Truth, *, possibly: bool) -> int:
        match node:
            case nodes.All() | nodes.Any_():
                join = self._and if isinstance(node, nodes.All) else self._or
                return reduce(join, self._operands(node.operands, possibly))
            case nodes.AtLeast(int() as k):
                return self._at_least(k, self._operands(node.operands, possibly))
            case nodes.Not():
                return self._not(self.number(node.operand, possibly=not possibly))
            case nodes.IsUnknown(syntax.Truth() as inner):
                sure, possible = (self.number(inner, possibly=p) for p in (False, True))
                return self._and(possible, self._not(sure))
        return self._add(Leaf(node, possibly))

    def _operands(self, operands: Sequence[syntax.Truth], possibly: bool) -> list[int]:  # noqa: FBT001
        return [self.number(o, possibly=possibly) for o in operands]

    def _at_least(self, k: int, operands: Sequence[int]) -> int:
        """At least k of some parts, from at least 1, ..., k of those before each."""
        reached: list[int] = []
        for part in operands:
            more = [part, *(self._and(r, part) for r in reached)]
            kept = [self._or(r, m) for r, m in zip(reached, more, strict=False)]
            reached = [*kept, *more[len(reached) :]][:k]
        return reached[-1]

    def _and(self, a: int, b: int) -> int:
        return self._add(Step("and", (a, b)))

    def _or(self, a: int, b: int) -> int:
        return self._add(Step("or", (a, b)))

    def _not(self, a: int) -> int:
        return self._add(Step("not", (a,)))

    def _add(self, part: Leaf | Step) -> int:
        if part not in self._known:
            self._known[part] = len(self.parts)
            self.parts.append(part)
        return self._known[part]


class Worked:
    """A plan in one block: asks for cells in any order, keeps what later ones need.

    Parameters
    ----------
    plan : Plan
    block : Block
    grace : int
        Microseconds after a pause in which no cell holds.

    Attributes
    ----------
    episodes : array
        Those of the block in which any cell may hold; the others are left out.
    pieces : Pieces
        The stretches of these, cut.
    """

    def __init__(self, plan: Plan, block: Block, grace: int) -> None:
        self._plan = plan
        whole = _spans(plan, block)
        region = _region(plan, whole, block.domain)
        live = np.zeros(len(block.domain), np.bool_)
        live[block.episode_of(region.starts)] = True
        self.episodes = np.flatnonzero(live)
        domain = Spans(block.domain.starts[self.episodes], block.domain.stops[self.episodes])
        self._spans = {i: _touching(spans, region) for i, spans in whole.items()}
        paused = _touching(block.paused_with_grace(grace), domain)
        open_ = complement(paused, domain)
        self.pieces: Pieces = cut([*self._spans.values(), open_], domain)
        self._everywhere = self.pieces.bits(domain)
        self._open = self.pieces.bits(open_) if len(paused) else None
        self._made: dict[int, Words] = {}
        self._left = Counter(plan.cells)
        self._left.update(i for p in plan.parts if isinstance(p, Step) for i in p.of)

    def cell(self, number: int) -> Words:
        """Where a cell's rule is true, pauses left out."""
        found = self._take(self._plan.cells[number])
        return found if self._open is None else found & self._open

    def _take(self, number: int) -> Words:
        """Where a part holds; it is forgotten once nothing else needs it."""
        if number not in self._made:
            self._made[number] = self._make(number)
        self._left[number] -= 1
        return self._made[number] if self._left[number] else self._made.pop(number)

    def _make(self, number: int) -> Words:
        part = self._plan.parts[number]
        if isinstance(part, Leaf):
            return self.pieces.bits(self._spans.pop(number))
        first, *others = (self._take(i) for i in part.of)
        if part.what == "not":
            return self._everywhere & ~first
        return first & others[0] if part.what == "and" else first | others[0]


def _spans(plan: Plan, block: Block) -> dict[int, Spans]:
    """Every leaf in the block; a term that several of them compare is worked out once."""
    values: Values = {}
    truths: dict[syntax.Truth, Truth] = {}
    for leaf in plan.leaves.values():
        if leaf.node not in truths:
            truths[leaf.node] = truth(leaf.node, block, values)
    return {
        i: truths[leaf.node].possible if leaf.possibly else truths[leaf.node].sure
        for i, leaf in plan.leaves.items()
    }


def truth(node: syntax.Truth, block: Block, values: Values) -> Truth:
    """Where a truth holds; a term that others compare too is worked out once, into `values`."""
    if not isinstance(node, nodes.Compare) or isinstance(node.term, nodes.Attribute):
        return evaluate(node, block)
    if node.term not in values:
        values[node.term] = value(node.term, block)
    return leaves.compare(node, block, values[node.term])


def _region(plan: Plan, spans: Mapping[int, Spans], domain: Spans) -> Spans:
    """Where any cell may hold, as far as that is quickly told.

    Told from what every cell asks for beside other things, where there are few kinds of it.
    """
    region = domain
    for kinds in plan.positions():
        if len(kinds) <= FEW_KINDS and all(i in spans for i in kinds):
            anywhere = cover([spans[i] for i in kinds], 1)
            region = anywhere if region is domain else cover([region, anywhere], 2)
    return region


def _touching(spans: Spans, region: Spans) -> Spans:
    """The spans that reach into a region; what of them lies outside it matters to no cell."""
    next_ = np.searchsorted(region.stops, spans.starts, side="right")
    mine = np.append(region.starts, _BEHIND)[next_] < spans.stops
    return Spans(spans.starts[mine], spans.stops[mine])
