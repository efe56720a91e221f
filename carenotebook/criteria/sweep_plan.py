"""What a sweep works out in each block: every distinct part of all its cells once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from carenotebook.criteria import leaves, nodes, syntax
from carenotebook.criteria.block import Block
from carenotebook.criteria.engine import evaluate
from carenotebook.criteria.spans import Mask, Spans, Truth, complement, cover
from carenotebook.criteria.sweep_bits import Pieces, Words, at_least, cut
from carenotebook.criteria.values import Reach, Steps, value

FEW_KINDS = 16
"""A clause of no more variants than this helps to tell where any cell may hold."""

_BEHIND = np.iinfo(np.int64).max
Held = tuple[Words, Words]
"""Where something is surely, and where it is possibly true; one object where they agree."""


@dataclass(frozen=True)
class Step:
    """One operation on the results of earlier steps."""

    what: Literal["and", "or", "not", "unknown", "at_least"]
    of: tuple[int, ...]
    k: int = 0


@dataclass(frozen=True)
class Plan:
    """Leaves and steps by number, and the one that gives each cell.

    A leaf is whatever has spans of its own: a comparison, or something sustained.
    """

    parts: tuple[syntax.Truth | Step, ...]
    cells: tuple[int, ...]

    @property
    def leaves(self) -> dict[int, syntax.Truth]:
        """The leaves by number."""
        return {i: p for i, p in enumerate(self.parts) if not isinstance(p, Step)}

    def positions(self) -> list[set[int]]:
        """For each clause that must hold beside others: the kinds of it that the cells have."""
        every = (self._conjuncts(i) for i in self.cells)
        return [set(kinds) for kinds in zip(*every, strict=True)]

    def _conjuncts(self, number: int) -> list[int]:
        part = self.parts[number]
        if isinstance(part, Step) and part.what == "and":
            return [n for i in part.of for n in self._conjuncts(i)]
        return [number]


def plan(cells: Sequence[syntax.Truth]) -> Plan:
    """Number every distinct part of the expressions."""
    planner = _Planner()
    numbers = tuple(planner.number(cell) for cell in cells)
    return Plan(tuple(planner.parts), numbers)


class _Planner:
    def __init__(self) -> None:
        self.parts: list[syntax.Truth | Step] = []
        self._known: dict[syntax.Truth | Step, int] = {}
        self._seen: dict[int, tuple[syntax.Truth, int]] = {}

    def number(self, node: syntax.Truth) -> int:
        """The number of an expression; the same object is looked at once."""
        if id(node) not in self._seen:
            self._seen[id(node)] = (node, self._numbered(node))
        return self._seen[id(node)][1]

    def _numbered(self, node: syntax.Truth) -> int:
        match node:
            case nodes.All() | nodes.Any_():
                what: Literal["and", "or"] = "and" if isinstance(node, nodes.All) else "or"
                first, *others = (self.number(o) for o in node.operands)
                for other in others:
                    first = self._add(Step(what, (first, other)))
                return first
            case nodes.AtLeast(int() as k):
                return self._add(Step("at_least", tuple(map(self.number, node.operands)), k))
            case nodes.Not():
                return self._add(Step("not", (self.number(node.operand),)))
            case nodes.IsUnknown(syntax.Truth() as inner):
                return self._add(Step("unknown", (self.number(inner),)))
        return self._add(node)

    def _add(self, part: syntax.Truth | Step) -> int:
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
        whole = _truths(plan, block)
        region = _region(plan, whole, block.domain)
        live = np.flatnonzero(_live(plan, whole, block) & _touched(region, block))
        domain = Spans(block.domain.starts[live], block.domain.stops[live])
        region = _touching(region, domain)
        spans = {i: _within(truth, region) for i, truth in whole.items()}
        paused = _touching(block.paused_with_grace(grace), domain)
        open_ = complement(paused, domain)
        sets = {id(s): s for t in spans.values() for s in (t.sure, t.possible)}
        self.pieces: Pieces = cut([*sets.values(), open_], domain)
        self.episodes = live
        self._everywhere = self.pieces.bits(domain)
        self._open = self.pieces.bits(open_) if len(paused) else None
        self._spans: dict[int, Truth] = spans
        self._made: dict[int, Held] = {}
        self._left = Counter(plan.cells)
        self._left.update(i for p in plan.parts if isinstance(p, Step) for i in p.of)

    def cell(self, number: int) -> Words:
        """Where a cell's rule is true, pauses left out."""
        sure, _ = self._take(self._plan.cells[number])
        return sure if self._open is None else sure & self._open

    def _take(self, number: int) -> Held:
        """A part's truth; it is forgotten once nothing else needs it."""
        if number not in self._made:
            self._made[number] = self._make(number)
        self._left[number] -= 1
        return self._made[number] if self._left[number] else self._made.pop(number)

    def _make(self, number: int) -> Held:
        part = self._plan.parts[number]
        if not isinstance(part, Step):
            return self._bits(self._spans.pop(number))
        held = [self._take(i) for i in part.of]
        match part.what:
            case "and":
                return _each(lambda rows: rows[0] & rows[1], held)
            case "or":
                return _each(lambda rows: rows[0] | rows[1], held)
            case "at_least":
                return _each(lambda rows: at_least(rows, part.k), held)
            case "not":
                ((sure, possible),) = held
                may = self._everywhere & ~sure
                return (may, may) if sure is possible else (self._everywhere & ~possible, may)
            case "unknown":
                ((sure, possible),) = held
                open_ = possible & ~sure
                return open_, open_

    def _bits(self, truth: Truth) -> Held:
        sure = self.pieces.bits(truth.sure)
        return (sure, sure if truth.possible is truth.sure else self.pieces.bits(truth.possible))


def _truths(plan: Plan, block: Block) -> dict[int, Truth]:
    """Every leaf in the block; a term that several of them compare is worked out once."""
    values: dict[syntax.Term, Reach | Steps] = {}
    found = {}
    for i, leaf in plan.leaves.items():
        if isinstance(leaf, nodes.Compare) and not isinstance(leaf.term, nodes.Attribute):
            if leaf.term not in values:
                values[leaf.term] = value(leaf.term, block)
            found[i] = leaves.compare(leaf, block, values[leaf.term])
        else:
            found[i] = evaluate(leaf, block)
    return found


def _live(plan: Plan, truths: Mapping[int, Truth], block: Block) -> Mask:
    """Episodes in which a cell may hold, told from what every cell asks for beside other things."""
    live = np.ones(len(block.domain), np.bool_)
    for kinds in plan.positions():
        if all(i in truths for i in kinds):
            live &= np.logical_or.reduce([_touched(truths[i].possible, block) for i in kinds])
    return live


def _touched(spans: Spans, block: Block) -> Mask:
    touched = np.zeros(len(block.domain), np.bool_)
    touched[block.episode_of(spans.starts)] = True
    return touched


def _region(plan: Plan, truths: Mapping[int, Truth], domain: Spans) -> Spans:
    """Where any cell may hold, as far as that is quickly told.

    Told from what every cell asks for beside other things, where there are few kinds of it.
    """
    region = domain
    for kinds in plan.positions():
        if len(kinds) <= FEW_KINDS and all(i in truths for i in kinds):
            anywhere = cover([truths[i].possible for i in kinds], 1)
            region = anywhere if region is domain else cover([region, anywhere], 2)
    return region


def _within(truth: Truth, region: Spans) -> Truth:
    """What matters of a truth where cells may hold within a region alone."""
    sure = _touching(truth.sure, region)
    return Truth(sure, sure if truth.possible is truth.sure else _touching(truth.possible, region))


def _touching(spans: Spans, region: Spans) -> Spans:
    """The spans that reach into a region."""
    next_ = np.searchsorted(region.stops, spans.starts, side="right")
    mine = np.append(region.starts, _BEHIND)[next_] < spans.stops
    return Spans(spans.starts[mine], spans.stops[mine])


def _each(join: Callable[[list[Words]], Words], held: Sequence[Held]) -> Held:
    sure = join([s for s, _ in held])
    if all(s is p for s, p in held):
        return sure, sure
    return sure, join([p for _, p in held])
