"""The fast engine: numpy over blocks of clients, the same meaning as the reference.

Each block is evaluated from the leaves up; a group that needs all its members looks, for each
further member, only at the episodes in which the ones before may hold. Blocks stream, so memory
stays flat, and run on as many threads as there are cores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.episodes import bounds_of
from carenotebook.core.options import UNRESOLVED
from carenotebook.core.parallel import each_part, in_threads
from carenotebook.core.parts import CLIENT
from carenotebook.criteria import leaves, nodes, spans, syntax
from carenotebook.criteria.block import Block, Episodes
from carenotebook.criteria.needs import columns_needed
from carenotebook.criteria.spans import Spans, Truth
from carenotebook.criteria.tables import Table, column

EPISODES_PER_BLOCK = 20_000
LONGEST_LINE = 2**60
"""Keys are doubled when spans are merged, so a block's line stays well inside 64 bits."""

_FAR = 2**61
Frames = tuple[pl.DataFrame, pl.DataFrame]
"""Intervals and undecided spans."""

_COSTS: dict[type[syntax.Node], int] = {
    nodes.Attribute: 0,
    nodes.Measure: 1,
    nodes.Item: 1,
    nodes.MeasureChange: 1,
    nodes.Appointments: 2,
    nodes.Contacts: 2,
    nodes.Actions: 2,
    nodes.Barriers: 2,
    nodes.Unanswered: 5,
    nodes.ConsecutiveMissed: 6,
    nodes.DaysWithoutBooking: 6,
    nodes.AttendanceRate: 8,
}
_LEAVES = (nodes.Compare, nodes.IsIn, nodes.Improved, nodes.Deteriorated)
MOST_LEAVES = 40
"""Leaves that a block keeps where it is asked again and again."""

_EXCUSABLE = ("no_show", "late_cancel", "early_cancel")
_TIME = pl.Datetime("us", "UTC")
_ENDED_BY = pl.Series("ended_by", ["cleared", "episode", "as_of"])


@dataclass(frozen=True)
class Question:
    """What is asked of every block."""

    when: syntax.Truth
    grace: int
    unknown: str


def replay_blocks(
    when: syntax.Truth,
    grace: str,
    cohort: Cohort,
    unknown: str,
    executor: Executor | None = None,
) -> Frames:
    """Intervals and undecided spans of a rule, with the columns of `INTERVALS`."""
    question = Question(when, duration_us(grace), unknown)
    columns = columns_needed(when, cohort)
    if len(cohort.parts) == 1 and executor is None:
        return answered(question, blocks(question, cohort, columns))
    return joined(each_part(partial(_part_answer, question, columns), cohort, executor))


def answered(question: Question, work: Iterator[tuple[Block, pl.DataFrame]]) -> Frames:
    """Intervals and undecided spans over blocks that hold what the question needs."""
    return joined(in_threads(partial(_answer, question, *one) for one in work))


def _part_answer(
    question: Question, columns: Mapping[str, Sequence[str]], cohort: Cohort
) -> Frames:
    """A stored part is read where it is worked on, so that reading runs side by side too."""
    whole = 2 * EPISODES_PER_BLOCK  # parts run side by side, so that blocks need not
    return joined(_answer(question, *one) for one in blocks(question, cohort, columns, whole))


def joined(answers: Iterable[Frames]) -> Frames:
    """The answers of all blocks or parts as one."""
    nothing = pl.DataFrame(schema=INTERVALS)
    flagged, undecided = zip(*answers, (nothing, nothing), strict=True)
    return pl.concat(flagged), pl.concat(undecided)


def evaluate(node: syntax.Truth, block: Block) -> Truth:
    """Where a truth holds in a block; one that keeps its leaves finds them again."""
    if block.leaves is None or not isinstance(node, _LEAVES):
        return _evaluated(node, block)
    if node not in block.leaves:
        while len(block.leaves) >= MOST_LEAVES:
            del block.leaves[next(iter(block.leaves))]
        block.leaves[node] = _evaluated(node, block)
    found: Truth = block.leaves[node]
    return found


def _evaluated(node: syntax.Truth, block: Block) -> Truth:  # noqa: C901, PLR0911 - one case a node
    match node:
        case nodes.Compare():
            return leaves.compare(node, block)
        case nodes.IsIn():
            return leaves.is_in(node, block)
        case nodes.IsUnknown(syntax.Term() as term):
            return leaves.is_unknown(term, block)
        case nodes.IsUnknown(syntax.Truth() as inner):
            return spans.known(spans.unknown(evaluate(inner, block), block.domain))
        case nodes.Improved() | nodes.Deteriorated():
            return leaves.reliable_change(node, block)
        case nodes.Not():
            return spans.negate(evaluate(node.operand, block), block.domain)
        case nodes.All():
            return _all(node.operands, block)
        case nodes.Any_():
            return spans.at_least([evaluate(o, block) for o in node.operands], 1)
        case nodes.AtLeast(int() as k):
            return spans.at_least([evaluate(o, block) for o in node.operands], k)
        case nodes.Sustained(str() as duration):
            return spans.sustained(evaluate(node.operand, block), duration_us(duration))
    raise TypeError(type(node).__name__)


def _all(operands: Sequence[syntax.Truth], block: Block) -> Truth:
    """The cheap members first, so that the dear ones look at fewer episodes."""
    if block.leaves is not None:
        return spans.at_least([evaluate(o, block) for o in operands], len(operands))
    first, *others = sorted(operands, key=_cost)
    truth = evaluate(first, block)
    for operand in others:
        if not len(truth.possible):
            break
        block = block.narrowed(truth.possible)
        truth = spans.at_least([truth, evaluate(operand, block)], 2)
    return truth


def _cost(node: syntax.Truth) -> int:
    """Roughly how dear a truth is: its terms, those that build steps counting most."""
    return sum(_COSTS.get(type(n), 4) for n in syntax.walk(node) if isinstance(n, syntax.Term))


def blocks(
    question: Question,
    cohort: Cohort,
    columns: Mapping[str, Sequence[str]],
    most: int = EPISODES_PER_BLOCK,
) -> Iterator[tuple[Block, pl.DataFrame]]:
    """The cohort in ranges of clients: each block with these columns, and its episodes."""
    for part in cohort.parts:
        wanted = {name: part[name].select(CLIENT, *names) for name, names in columns.items()}
        if "episodes" in part:
            wanted["episodes"] = bounds_of(part)
        # Tables that are read together share what planning and opening takes.
        tables = dict(zip(wanted, pl.collect_all(wanted.values()), strict=True))
        held = {**part, "episodes": tables.pop("episodes").lazy()} if "episodes" in part else part
        episodes = _episodes(cohort.part_spans(held))
        if "pauses" in part:
            tables["pauses"] = _merged_pauses(part["pauses"])
        yield from _split(episodes, tables, question, cohort, most)


def _split(
    episodes: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    question: Question,
    cohort: Cohort,
    most: int,
) -> Iterator[tuple[Block, pl.DataFrame]]:
    seen = _seen(episodes)
    ranges = list(_client_ranges(seen, most))
    starts = _between(episodes.select(CLIENT, "started_at"), ranges)
    mine = {name: _between(table, ranges) for name, table in tables.items()}
    for i, ((low, high), chosen) in enumerate(zip(ranges, _between(seen, ranges), strict=True)):
        here = {name: pieces[i] for name, pieces in mine.items()}
        if "appointments" in here:
            here["appointments"] = _with_events(here["appointments"], here, question, cohort)
        held = {name: Table(table, low, high) for name, table in here.items()}
        yield Block(low, high, _arrays(chosen), held, starts[i]), chosen


def _seen(episodes: pl.DataFrame) -> pl.DataFrame:
    """Episodes of which something is seen; most often all of them."""
    visible = column(episodes, "seen_from") < column(episodes, "seen_until")
    return episodes if visible.all() else episodes.filter(pl.Series(visible))


def _client_ranges(seen: pl.DataFrame, most: int) -> Iterator[tuple[int, int]]:
    """Ranges [low, high) of client numbers, short enough for one line of keys."""
    client = column(seen, CLIENT)
    stretch = np.cumsum(column(seen, "seen_until") - column(seen, "seen_from") + 1, dtype=float)
    first = 0
    while first < len(client):
        reach = LONGEST_LINE + (stretch[first - 1] if first else 0.0)
        last = min(int(np.searchsorted(stretch, reach)), first + most, len(client))
        last = max(last, first + 1)
        high = int(client[last - 1]) + 1
        yield int(client[first]), high
        first = int(np.searchsorted(client, high))


def _between(frame: pl.DataFrame, ranges: Sequence[tuple[int, int]]) -> list[pl.DataFrame]:
    """The rows of each range of clients."""
    if len(ranges) == 1 and len(frame) and _lies_within(frame[CLIENT], *ranges[0]):
        return [frame]
    numbers = column(frame, CLIENT)
    bounds = np.searchsorted(numbers, np.array(ranges, numbers.dtype).reshape(-1, 2))
    return [frame[int(first) : int(last)] for first, last in bounds]


def _lies_within(clients: pl.Series, low: int, high: int) -> bool:
    """Whether ordered numbers of clients all lie in [low, high)."""
    return bool(low <= clients[0] and clients[-1] < high)


def _episodes(part_spans: pl.DataFrame) -> pl.DataFrame:
    """Episodes with the time from which measures count for them."""
    return part_spans.select(
        CLIENT,
        "client_id",
        "episode",
        "started_at",
        "ended_at",
        "seen_from",
        "seen_until",
        taken_from=pl.when(pl.col("episode") > 1).then(pl.col("ended_at").shift(1)),
    )


def _arrays(seen: pl.DataFrame) -> Episodes:
    since, until = column(seen, "seen_from"), column(seen, "seen_until")
    base = np.concatenate(([0], np.cumsum(until - since + 1)[:-1]))
    taken = np.maximum(column(seen, "taken_from"), -_FAR)
    client = column(seen, CLIENT).astype(np.int64)
    return Episodes(client, since, until, column(seen, "started_at"), taken, base)


def _merged_pauses(pauses: pl.LazyFrame) -> pl.DataFrame:
    """Pauses of a client, overlapping ones as one; a running one ends in the far future."""
    columns = pauses.collect_schema().names()
    end = pl.col("end").to_physical().fill_null(_FAR) if "end" in columns else pl.lit(_FAR)
    reached = pl.col("end").cum_max().shift(1).over(CLIENT)
    return (
        pauses.select(CLIENT, start=pl.col("start").to_physical(), end=end)
        .sort(CLIENT, "start")
        .with_columns(fresh=(pl.col("start") > reached).fill_null(value=True).cum_sum())
        .group_by(CLIENT, "fresh", maintain_order=True)
        .agg(pl.col("start").first(), pl.col("end").max())
        .drop("fresh")
        .collect()
    )


def _with_events(
    appointments: pl.DataFrame, tables: dict[str, pl.DataFrame], question: Question, cohort: Cohort
) -> pl.DataFrame:
    """Appointments with `event`: the outcome that counts after the pause rule."""
    outcome = pl.col("outcome")
    if question.unknown != "ignore":
        taken_as = "no_show" if question.unknown == "missed" else "attended"
        past = outcome.is_in(UNRESOLVED) & (pl.col("start") < pl.lit(cohort.as_of, _TIME))
        appointments = appointments.with_columns(
            pl.when(past)
            .then(pl.lit(taken_as, outcome_type(appointments)))
            .otherwise(outcome)
            .alias("outcome")
        )
    pauses = tables.get("pauses")
    if pauses is None or pauses.is_empty():
        return appointments.hstack([appointments["outcome"].alias("event")])
    excused = _in_pause(appointments, pauses) & outcome.is_in(_EXCUSABLE)
    return appointments.with_columns(
        event=pl.when(excused)
        .then(pl.lit("excused", outcome_type(appointments)))
        .otherwise(outcome)
    )


def outcome_type(appointments: pl.DataFrame) -> pl.DataType:
    """The dtype of the outcomes."""
    return appointments.schema["outcome"]


def _in_pause(appointments: pl.DataFrame, pauses: pl.DataFrame) -> pl.Series:
    """Which appointments start in a pause of their client."""
    latest = appointments.select(CLIENT, at=pl.col("start").to_physical()).join_asof(
        pauses, left_on="at", right_on="start", by=CLIENT, check_sortedness=False
    )
    return latest.select(inside=(pl.col("at") < pl.col("end")).fill_null(value=False))["inside"]


def _answer(question: Question, block: Block, episodes: pl.DataFrame) -> Frames:
    truth = evaluate(question.when, block)
    unknown = spans.unknown(truth, block.domain)
    flagged, undecided = (
        _as_frame(without_pauses(s, question.grace, block), block, episodes)
        for s in (truth.sure, unknown)
    )
    return flagged, undecided


def without_pauses(found: Spans, grace: int, block: Block) -> Spans:
    """Spans less pauses and the time of grace after them."""
    if not len(found):
        return found
    cut = block.paused_with_grace(grace)
    return spans.cover([found, spans.complement(cut, block.domain)], 2) if len(cut) else found


def _as_frame(found: Spans, block: Block, episodes: pl.DataFrame) -> pl.DataFrame:
    """Spans of keys as instants of their episodes."""
    if not len(found):
        return pl.DataFrame(schema=INTERVALS)
    index = block.episode_of(found.starts)
    shift = (block.episodes.seen_from - block.episodes.base)[index]
    until = block.episodes.seen_until[index]
    ended = column(episodes, "ended_at")[index] == until
    how = np.where(found.stops < block.domain.stops[index], 0, np.where(ended, 1, 2))
    return pl.DataFrame(
        [
            *(episodes[c].gather(index) for c in ("client_id", "episode")),
            pl.Series("flagged_at", found.starts + shift).cast(_TIME),
            pl.Series("cleared_at", found.stops + shift).cast(_TIME),
            _ENDED_BY[how],
        ]
    )


INTERVALS: dict[str, pl.DataType | type[pl.DataType]] = {
    "client_id": pl.String,
    "episode": pl.Int64,
    "flagged_at": _TIME,
    "cleared_at": _TIME,
    "ended_by": pl.String,
}
