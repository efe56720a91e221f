"""Comparisons of terms with thresholds, as spans of a block.

Counts in a window and days since something only ever grow between events, so "at least so much" has
a closed form; the other terms are steps.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.durations import days_us, duration_us
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.core.options import MISSED, UNRESOLVED
from carenotebook.core.parts import CLIENT
from carenotebook.criteria import nodes
from carenotebook.criteria.block import Block, Placed, column
from carenotebook.criteria.spans import (
    NOWHERE,
    Keys,
    Mask,
    Spans,
    Truth,
    complement,
    cover,
    known,
    union,
    union_in_order,
)
from carenotebook.criteria.spans import unknown as unknown_spans

Values = npt.NDArray[np.float64]
Reach = Callable[[int], Spans]
"""Where a value is at least so much."""


@dataclass(frozen=True)
class Steps:
    """A value that is constant on each of these spans, and unknown elsewhere."""

    starts: Keys
    stops: Keys
    values: Values

    def where(self, holds: Callable[[Values], Mask], domain: Spans) -> Truth:
        """Where a condition on the value is surely and possibly true."""
        mask = holds(self.values)
        sure = union_in_order(self.starts[mask], self.stops[mask])
        refuted = union_in_order(self.starts[~mask], self.stops[~mask])
        return Truth(sure, complement(refuted, domain))


def compare(node: nodes.Compare, block: Block) -> Truth:
    """A term against one threshold."""
    term, op = node.term, node.op
    if isinstance(term, nodes.Attribute):
        return _attribute(term, block, lambda v: _compared(op, v, node.value))
    if isinstance(found := value(term, block), Steps):
        return found.where(lambda v: _compared(op, v, node.value), block.domain)
    threshold = days_us(node.value) if term.quantity == "days" else node.value
    return known(_reached(found, op, threshold, block.domain))


def is_in(node: nodes.IsIn, block: Block) -> Truth:
    """A term against several values."""
    if isinstance(node.term, nodes.Attribute):
        return _attribute(
            node.term, block, lambda v: pl.any_horizontal([v == x for x in node.values])
        )
    if isinstance(found := value(node.term, block), Steps):
        return found.where(lambda v: np.isin(v, np.array(node.values, float)), block.domain)
    each = [_reached(found, "==", v, block.domain) for v in dict.fromkeys(node.values)]
    return known(cover(each, 1))


def is_unknown(term: nodes.Term, block: Block) -> Truth:
    """Where a term has no value."""
    if isinstance(term, nodes.Attribute):
        truth = _attribute(term, block, lambda v: v.is_not_null())
        return known(unknown_spans(truth, block.domain))
    if isinstance(found := value(term, block), Steps):
        return known(complement(union_in_order(found.starts, found.stops), block.domain))
    return known(NOWHERE)


def reliable_change(node: nodes.Improved | nodes.Deteriorated, block: Block) -> Truth:
    """Reliable change since the first score."""
    instrument = INSTRUMENTS[node.instrument]
    least = instrument.reliable_change or math.inf
    upwards = instrument.higher_is_better == isinstance(node, nodes.Improved)
    change = _measure_change(nodes.MeasureChange(node.instrument), block)
    return change.where(lambda v: v >= least if upwards else v <= -least, block.domain)


def _compared(op: str, values: Any, threshold: Any) -> Any:
    """Compare an array or a column with a threshold."""
    operation = {
        ">=": operator.ge,
        ">": operator.gt,
        "<=": operator.le,
        "<": operator.lt,
        "==": operator.eq,
        "!=": operator.ne,
    }[op]
    return operation(values, threshold)


def _reached(reach: Reach, op: str, threshold: Any, domain: Spans) -> Spans:
    """A comparison of a whole-numbered value, from where it is at least so much."""
    at, above = math.ceil(threshold), math.floor(threshold) + 1
    match op:
        case ">=":
            return reach(at)
        case ">":
            return reach(above)
        case "<":
            return complement(reach(at), domain)
        case "<=":
            return complement(reach(above), domain)
    equal = cover([reach(at), complement(reach(above), domain)], 2) if at < above else NOWHERE
    return equal if op == "==" else complement(equal, domain)


@singledispatch
def value(term: nodes.Term, block: Block) -> Reach | Steps:
    """A term's value over time."""
    raise TypeError(f"{type(term).__name__} in {type(block).__name__}")


@value.register
def _appointments(term: nodes.Appointments, block: Block) -> Reach:
    outcomes = [o for o in term.outcome or () if o not in UNRESOLVED]
    chosen = _one_of("event", outcomes) & _filters(term, "kind", "reason", "modality")
    return _count(_placed(block, "appointments", chosen, "start"), term.within, block)


@value.register
def _contacts(term: nodes.Contacts, block: Block) -> Reach:
    return _count(_placed(block, "contacts", _contact(term)), term.within, block)


@value.register
def _actions(term: nodes.Actions, block: Block) -> Reach:
    chosen = _filters(term, "kind", "detail")
    return _count(_placed(block, "actions", chosen), term.within, block)


@value.register
def _barriers(term: nodes.Barriers, block: Block) -> Reach:
    chosen = _one_of("barrier", term.reason or ())
    return _count(_placed(block, "checkins", chosen), term.within, block)


def _count(events: Placed, within: nodes.Window, block: Block) -> Reach:
    """Count of events in a window: k or more from the k-th on until the first of them leaves."""
    ends = block.domain.stops[events.episode]
    length = duration_us(within) if isinstance(within, str) else None

    def at_least(k: int) -> Spans:
        if k <= 0:
            return block.domain
        n = len(events.keys) - k + 1
        if n <= 0:
            return NOWHERE
        same = events.episode[:n] == events.episode[k - 1 :]
        oldest, newest = events.keys[:n][same], events.keys[k - 1 :][same]
        stop = ends[:n][same]
        return union_in_order(newest, stop if length is None else np.minimum(oldest + length, stop))

    return at_least


@value.register
def _days_since_attended(_: nodes.DaysSinceAttended, block: Block) -> Reach:
    attended = _placed(block, "appointments", pl.col("event") == "attended", "start")
    return _quiet(attended.keys, block)


@value.register
def _days_since_contact(term: nodes.DaysSinceContact, block: Block) -> Reach:
    return _quiet(_placed(block, "contacts", _contact(term)).keys, block)


@value.register
def _days_since_heard(_: nodes.DaysSinceHeard, block: Block) -> Reach:
    return _quiet(block.once(_heard), block)


@value.register
def _days_in_care(_: nodes.DaysInCare, block: Block) -> Reach:
    before = block.episodes.seen_from - block.episodes.started_at

    def at_least(length: int) -> Spans:
        starts = block.domain.starts + np.maximum(length - before, 0)
        keep = starts < block.domain.stops
        return Spans(starts[keep], block.domain.stops[keep])

    return at_least


def _quiet(keys: Keys, block: Block) -> Reach:
    """Unpaused time since the last of the keys (in order), or since the episode began."""
    domain = block.domain
    marks, episode = _with_starts(keys, domain)
    following = np.append(marks[1:], domain.stops[-1:])
    stops = np.minimum(following, domain.stops[episode])

    def at_least(length: int) -> Spans:
        if length <= 0:
            return domain
        starts = block.advance(marks, length)
        keep = starts < stops
        return Spans(starts[keep], stops[keep])

    return at_least


@value.register
def _days_without_booking(_: nodes.DaysWithoutBooking, block: Block) -> Reach:
    opened, closed = _bookings(block)
    domain = block.domain
    ends = domain.stops[block.episode_of(opened)]

    def at_least(length: int) -> Spans:
        if length <= 0:
            return domain
        # A booking that closes with what is seen never starts the clock.
        until = np.where(closed < ends, np.minimum(block.advance(closed, length), ends), ends)
        since_start = np.minimum(block.advance(domain.starts, length), domain.stops)
        recent = union(
            np.concatenate((opened, domain.starts)), np.concatenate((until, since_start))
        )
        return complement(recent, domain)

    return at_least


def _bookings(block: Block) -> tuple[Keys, Keys]:
    """Spans in which an appointment is open."""
    start = pl.col("start")
    frame = block.tables["appointments"]
    closes = pl.min_horizontal(start, "cancelled_at") if "cancelled_at" in frame.columns else start
    fallback = (
        frame.select(CLIENT, "start")
        .join_asof(
            block.episode_starts,
            left_on="start",
            right_on="started_at",
            by=CLIENT,
            coalesce=False,
            check_sortedness=False,
        )
        .get_column("started_at")
    )
    opens = pl.coalesce("booked_at", fallback) if "booked_at" in frame.columns else fallback
    spans = frame.select(CLIENT, opens=opens, closes=closes).filter(
        pl.col("opens") < pl.col("closes")
    )
    return block.place_spans(*(column(spans, c) for c in (CLIENT, "opens", "closes")))


@value.register
def _consecutive_missed(_: nodes.ConsecutiveMissed, block: Block) -> Steps:
    events, is_attended = block.once(_kept_or_missed)
    missed = np.cumsum(~is_attended)
    new = np.diff(events.episode, prepend=-1) != 0
    settled = np.where(is_attended, missed, np.where(new, missed - 1, 0))
    run = missed - np.maximum.accumulate(settled) if len(missed) else missed
    marks, episode = _with_starts(events.keys, block.domain)
    at = np.searchsorted(events.keys, marks, side="right")
    begun = np.concatenate(([-1], events.episode))[at] == episode
    values = np.where(begun, np.concatenate(([0], run))[at], 0)
    return Steps(marks, _until_next(marks, episode, block.domain), values.astype(float))


@value.register
def _attendance_rate(term: nodes.AttendanceRate, block: Block) -> Steps:
    events, is_attended = block.once(_kept_or_missed)
    length = duration_us(term.within) if isinstance(term.within, str) else None
    marks, episode = _marks(events, length, block)
    newest = np.searchsorted(events.keys, marks, side="right")
    oldest = np.searchsorted(events.keys, block.domain.starts, side="left")[episode]
    if length is not None:
        left = np.searchsorted(events.keys, marks - length, side="right")
        oldest = np.maximum(oldest, left)
    minimum = term.minimum
    if isinstance(term.last, int):
        oldest = np.maximum(oldest, newest - term.last)
        minimum = min(minimum, term.last)
    attended = np.concatenate(([0], np.cumsum(is_attended)))
    total = newest - oldest
    told = total >= minimum
    stops = _until_next(marks, episode, block.domain)
    rates = (attended[newest] - attended[oldest])[told] / total[told]
    return Steps(marks[told], stops[told], rates)


@value.register
def _unanswered(term: nodes.Unanswered, block: Block) -> Steps:
    domain = block.domain
    sent = _placed(block, "contacts", _awaiting_answer(term, block))
    due = np.minimum(sent.keys + duration_us(term.after), domain.stops[sent.episode])
    heard = block.once(_heard)
    marks = np.concatenate((domain.starts, due[due < domain.stops[sent.episode]], heard))
    marks.sort()
    episode = block.episode_of_ordered(marks)
    heard_by = np.searchsorted(heard, marks, side="right")
    last_heard = np.concatenate(([-1], heard))[heard_by]
    answered = np.searchsorted(sent.keys, last_heard, side="right")
    earlier = np.searchsorted(sent.keys, domain.starts, side="left")[episode]
    open_ = np.searchsorted(due, marks, side="right") - np.maximum(answered, earlier)
    values = np.maximum(open_, 0).astype(float)
    return Steps(marks, _until_next(marks, episode, domain), values)


@value.register
def _measure(term: nodes.Measure, block: Block) -> Steps:
    taken, scores = _scores(block, term.instrument, "score")
    stops = _until_next(taken.keys, taken.episode, block.domain)
    if isinstance(term.within, str):
        stops = np.minimum(stops, taken.keys + duration_us(term.within))
    return Steps(taken.keys, stops, scores)


@value.register
def _item(term: nodes.Item, block: Block) -> Steps:
    taken, scores = _scores(block, term.instrument, f"item_{term.number}")
    return Steps(taken.keys, _until_next(taken.keys, taken.episode, block.domain), scores)


@value.register
def _measure_change(term: nodes.MeasureChange, block: Block) -> Steps:
    taken, scores = _scores(block, term.instrument, "score")
    first = np.searchsorted(taken.episode, taken.episode, side="left")
    later = np.arange(len(first)) > first
    stops = _until_next(taken.keys, taken.episode, block.domain)
    return Steps(taken.keys[later], stops[later], (scores - scores[first])[later])


def _attribute(term: nodes.Attribute, block: Block, holds: Callable[[pl.Expr], pl.Expr]) -> Truth:
    found = pl.DataFrame({CLIENT: block.episodes.client}).join(
        block.tables["clients"].with_columns(pl.col(CLIENT).cast(pl.Int64)),
        on=CLIENT,
        how="left",
        maintain_order="left",
    )
    if found[term.column].dtype.is_float():
        found = found.with_columns(pl.col(term.column).fill_nan(None))
    known_value = pl.col(term.column)
    answer = found.select(pl.when(known_value.is_not_null()).then(holds(known_value)))
    truth = answer.to_series()
    sure = truth.fill_null(value=False).to_numpy()
    possible = truth.fill_null(value=True).to_numpy()
    domain = block.domain
    return Truth(
        Spans(domain.starts[sure], domain.stops[sure]),
        Spans(domain.starts[possible], domain.stops[possible]),
    )


def _placed(block: Block, table: str, chosen: pl.Expr, time: str = "at") -> Placed:
    rows = block.tables[table].filter(chosen).select(CLIENT, time)
    return block.place(column(rows, CLIENT), column(rows, time))


def _scores(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    mine = (pl.col("instrument") == instrument) & pl.col(name).is_not_null()
    rows = block.tables["measures"].filter(mine).select(CLIENT, "at", name)
    taken = block.place(column(rows, CLIENT), column(rows, "at"), early=True)
    return taken, rows[name].cast(pl.Float64).to_numpy()[taken.row]


def _kept_or_missed(block: Block) -> tuple[Placed, Mask]:
    """Attended and missed appointments; at one instant misses come first."""
    chosen = _one_of("event", ("attended", *MISSED))
    rows = (
        block.tables["appointments"]
        .filter(chosen)
        .select(CLIENT, "start", attended=pl.col("event") == "attended")
    )
    placed = block.place(column(rows, CLIENT), column(rows, "start"))
    attended = rows["attended"].to_numpy()[placed.row]
    if (placed.keys[1:] == placed.keys[:-1]).any():
        order = np.lexsort((attended, placed.keys))
        attended = attended[order]
    return placed, attended


def _heard(block: Block) -> Keys:
    """When clients were heard from, in order."""
    heard = [_placed(block, "contacts", pl.col("direction") == "inbound").keys]
    heard.append(_heard_by_appointment(block))
    if "checkins" in block.tables:
        heard.append(_placed(block, "checkins", pl.lit(value=True)).keys)
    if "measures" in block.tables:
        rows = block.tables["measures"]
        heard.append(block.place(column(rows, CLIENT), column(rows, "at"), early=True).keys)
    keys = np.concatenate(heard)
    keys.sort()
    return keys


def _heard_by_appointment(block: Block) -> Keys:
    rows, outcome = block.tables["appointments"], pl.col("outcome")
    cancelled = pl.col("cancelled_at") if "cancelled_at" in rows.columns else pl.lit(None)
    told = rows.select(
        CLIENT,
        at=pl.when(outcome == "attended")
        .then(pl.col("start"))
        .when(_one_of("outcome", ("late_cancel", "early_cancel", "rescheduled")))
        .then(pl.coalesce(cancelled, "start"))
        .when(outcome == "no_show")
        .then(cancelled),
    ).drop_nulls()
    return block.place(column(told, CLIENT), column(told, "at")).keys


def _contact(term: nodes.Contacts | nodes.DaysSinceContact) -> pl.Expr:
    chosen = _filters(term, "direction", "purpose")
    return chosen if term.delivered is None else chosen & (pl.col("delivered") == term.delivered)


def _awaiting_answer(term: nodes.Unanswered, block: Block) -> pl.Expr:
    sent = (pl.col("direction") == "outbound") & pl.col("delivered")
    if term.purpose is not None:
        return sent & _one_of("purpose", term.purpose)
    if "purpose" not in block.tables["contacts"].columns:
        return sent
    return sent & pl.col("purpose").ne_missing("reminder")


def _filters(term: nodes.Term, *names: str) -> pl.Expr:
    chosen = [_one_of(n, v) for n in names if (v := getattr(term, n)) is not None]
    return pl.all_horizontal(chosen) if chosen else pl.lit(value=True)


def _one_of(name: str, values: Sequence[str]) -> pl.Expr:
    return pl.col(name).is_in(list(values))


def _with_starts(keys: Keys, domain: Spans) -> tuple[Keys, Keys]:
    """Keys in order with the start of every episode before its first, and their episodes."""
    at = np.searchsorted(keys, domain.starts, side="left")
    marks = np.insert(keys, at, domain.starts)
    counts = np.diff(np.append(at, len(keys))) + 1
    return marks, np.repeat(np.arange(len(domain)), counts)


def _marks(events: Placed, length: int | None, block: Block) -> tuple[Keys, Keys]:
    """Every key at which what a window holds could change."""
    if length is None:
        return _with_starts(events.keys, block.domain)
    leaving = events.keys + length
    leaving = leaving[leaving < block.domain.stops[events.episode]]
    marks = np.concatenate((block.domain.starts, events.keys, leaving))
    marks.sort()
    return marks, block.episode_of_ordered(marks)


def _until_next(marks: Keys, episode: Keys, domain: Spans) -> Keys:
    """Where each step ends: at the next mark, or with its episode."""
    following = np.append(marks[1:], domain.stops[-1:])[: len(marks)]
    return np.minimum(following, domain.stops[episode])
