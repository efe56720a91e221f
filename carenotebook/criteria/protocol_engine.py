"""Protocols over blocks of clients: each stage's spans from its condition's and the stage before.

Where a stage may begin is a set of spans: from when the one before it is complete and its wait has
passed, to when that ends. So a stage needs one look-up a span of its condition, and no walk.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial, reduce
from typing import Literal

import numpy as np
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.parallel import each_part, in_threads
from carenotebook.criteria import nodes, spans
from carenotebook.criteria.block import Block
from carenotebook.criteria.engine import Question, blocks, evaluate, without_pauses
from carenotebook.criteria.events import passing, placed
from carenotebook.criteria.needs import columns_needed
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.spans import Keys, Spans
from carenotebook.criteria.stage import Requirement, Stage

_TIME = pl.Datetime("us", "UTC")
_NEVER = 2**61
Frames = tuple[pl.DataFrame, pl.DataFrame]
Columns = dict[str, tuple[str, ...]]

SPELLS: dict[str, pl.DataType | type[pl.DataType]] = {
    "client_id": pl.String,
    "episode": pl.Int64,
    "number": pl.Int64,
    "entered_at": _TIME,
    "left_at": _TIME,
    "left_by": pl.String,
    "ready_at": _TIME,
    "recorded": pl.List(_TIME),
}
UNDECIDED = {name: SPELLS[name] for name in list(SPELLS)[:6]}
_ORDER = ("client_id", "episode", "entered_at", "number")


@dataclass(frozen=True)
class Spells:
    """A stage in force: from when to when; when each requirement was recorded in it, if at all.

    From `ready` on the next stage may begin; `_NEVER` stands for what did not happen.
    """

    span: Spans
    recorded: list[Keys]
    ready: Keys

    @property
    def way_on(self) -> Spans:
        """Where the next stage may begin."""
        passed = self.ready < self.span.stops
        return Spans(self.ready[passed], self.span.stops[passed])


def walk_blocks(
    protocol: Protocol, cohort: Cohort, unknown: str, executor: Executor | None = None
) -> Frames:
    """Stays in the stages of a protocol, and where one was undecided: `SPELLS`, `UNDECIDED`."""
    columns = _columns(protocol, cohort)
    if len(cohort.parts) == 1 and executor is None:
        work = _blocks(protocol, cohort, unknown, columns)
        return _joined(in_threads(partial(_answer, protocol, *one) for one in work))
    return _joined(each_part(partial(_part, protocol, unknown, columns), cohort, executor))


def _part(protocol: Protocol, unknown: str, columns: Columns, cohort: Cohort) -> Frames:
    return _joined(_answer(protocol, *one) for one in _blocks(protocol, cohort, unknown, columns))


def _blocks(
    protocol: Protocol, cohort: Cohort, unknown: str, columns: Columns
) -> Iterator[tuple[Block, pl.DataFrame]]:
    question = Question(_whole(protocol), duration_us(protocol.grace), unknown)
    return blocks(question, cohort, columns)


def _whole(protocol: Protocol) -> nodes.Any_:
    """All conditions as one expression, for what data they need together."""
    return nodes.Any_(tuple(s.when.node for s in protocol.stages))


def _columns(protocol: Protocol, cohort: Cohort) -> Columns:
    columns = columns_needed(_whole(protocol), cohort)
    asked = [r for stage in protocol.stages for r in stage.requires]
    if asked:
        mine = (*columns.get("actions", ()), "at", *(c for r in asked for c in r.columns))
        columns["actions"] = tuple(dict.fromkeys(mine))
    return columns


def _joined(answers: Iterator[Frames]) -> Frames:
    empty = pl.DataFrame(schema=SPELLS), pl.DataFrame(schema=UNDECIDED)
    spells, undecided = zip(*answers, empty, strict=True)
    return pl.concat(spells).sort(_ORDER), pl.concat(undecided).sort(_ORDER)


def _answer(protocol: Protocol, block: Block, episodes: pl.DataFrame) -> Frames:
    spells, undecided = [], []
    for number, (spell, open_) in enumerate(_walk(protocol, block)):
        stayed = _frame(number, spell.span, block, episodes)
        shift = _shift(spell.span, block)
        spells.append(
            stayed.with_columns(
                _instants(spell.ready, shift, spell.ready < spell.span.stops).alias("ready_at"),
                _lists([_instants(r, shift, r < _NEVER) for r in spell.recorded], len(shift)),
            )
        )
        undecided.append(_frame(number, open_, block, episodes))
    return pl.concat(spells), pl.concat(undecided)


def _walk(protocol: Protocol, block: Block) -> Iterator[tuple[Spells, Spans]]:
    """Stage by stage: where it is in force, and where it would be but for what is unknown."""
    grace, domain = duration_us(protocol.grace), block.domain
    way_on = domain
    earlier: list[Requirement] = []
    for stage in protocol.stages:
        truth = evaluate(stage.when.node, block)
        holds = without_pauses(truth.sure, grace, block)
        unknown = without_pauses(spans.unknown(truth, domain), grace, block)
        entered = _entered(holds, way_on, block, sticky=stage.sticky)
        elsewhere = spans.complement(entered, domain)
        spell = _spells(stage, entered, earlier, block)
        yield spell, spans.cover([unknown, way_on, elsewhere], 3)
        way_on = spell.way_on
        earlier = [*earlier, *stage.requires]


def _entered(holds: Spans, way_on: Spans, block: Block, *, sticky: bool) -> Spans:
    """From the first instant of each span at which the way is open, to the span's end."""
    which = np.searchsorted(way_on.stops, holds.starts, side="right")
    opens = np.append(way_on.starts, _NEVER)[which]
    starts = np.maximum(holds.starts, opens)
    inside = starts < holds.stops
    starts, stops = starts[inside], holds.stops[inside]
    if sticky:
        first, where = np.unique(block.episode_of(starts), return_index=True)
        starts, stops = starts[where], block.domain.stops[first]
    return Spans(starts, stops)


def _spells(stage: Stage, entered: Spans, earlier: Sequence[Requirement], block: Block) -> Spells:
    done, recorded = entered.starts, []
    for requirement in stage.requires:
        first = _first_record(requirement, entered.starts, earlier, block)
        recorded.append(np.where(first < entered.stops, first, _NEVER))
        done = np.maximum(done, recorded[-1])
    ready = np.full(len(done), _NEVER)
    complete = done < _NEVER
    after = block.advance(done[complete], duration_us(stage.wait))
    ready[complete] = np.maximum(done[complete], after)
    return Spells(entered, recorded, ready)


def _first_record(
    requirement: Requirement, since: Keys, earlier: Sequence[Requirement], block: Block
) -> Keys:
    """The first matching record since each key; at it unless an earlier stage asks too."""
    asked = _matching(requirement, block)
    after = _next(placed(block, "actions", [asked]).keys, since, "right")
    asked = reduce(operator.and_, (~_matching(other, block) for other in earlier), asked)
    return np.minimum(after, _next(placed(block, "actions", [asked]).keys, since, "left"))


def _matching(requirement: Requirement, block: Block) -> pl.Series:
    passed = passing(block.tables["actions"], requirement, *requirement.columns)
    return reduce(operator.and_, passed).fill_null(value=False)


def _next(keys: Keys, since: Keys, side: Literal["left", "right"]) -> Keys:
    found: Keys = np.append(keys, _NEVER)[np.searchsorted(keys, since, side=side)]
    return found


def _frame(number: int, span: Spans, block: Block, episodes: pl.DataFrame) -> pl.DataFrame:
    index = block.episode_of(span.starts)
    mine, shift = episodes[index], _shift(span, block)
    every = np.ones(len(shift), np.bool_)
    ended = (mine["ended_at"] == mine["seen_until"]).fill_null(value=False)
    at_end = pl.Series(span.stops == block.domain.stops[index])
    return mine.select("client_id", "episode").with_columns(
        number=pl.lit(number + 1, pl.Int64),
        entered_at=_instants(span.starts, shift, every),
        left_at=_instants(span.stops, shift, every),
        left_by=pl.when(~at_end)
        .then(pl.lit("cleared"))
        .when(ended)
        .then(pl.lit("episode"))
        .otherwise(pl.lit("as_of")),
    )


def _shift(span: Spans, block: Block) -> Keys:
    shift: Keys = (block.episodes.seen_from - block.episodes.base)[block.episode_of(span.starts)]
    return shift


def _instants(keys: Keys, shift: Keys, happened: spans.Mask) -> pl.Series:
    """Keys as instants; null for what did not happen."""
    at = pl.Series(np.where(happened, keys, 0) + shift, dtype=pl.Int64).cast(_TIME)
    return pl.select(pl.when(pl.Series(happened)).then(at)).to_series()


def _lists(columns: Sequence[pl.Series], rows: int) -> pl.Series:
    """One list a row."""
    if not columns:
        return pl.Series("recorded", [[]] * rows, dtype=pl.List(_TIME))
    frame = pl.DataFrame({str(i): c for i, c in enumerate(columns)})
    return frame.select(pl.concat_list(pl.all()).alias("recorded"))["recorded"]
