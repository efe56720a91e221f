"""The value of every term over time, in a block.

Counts in a window and days since something only ever grow between events, so "at least so much" has
a closed form (`Reach`); the other terms are steps (`Steps`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.options import UNRESOLVED
from carenotebook.criteria import events, nodes, syntax
from carenotebook.criteria.block import Block, Placed
from carenotebook.criteria.events import Values
from carenotebook.criteria.spans import (
    NOWHERE,
    Keys,
    Mask,
    Spans,
    Truth,
    complement,
    known,
    union,
    union_in_order,
)

_Counted = nodes.Appointments | nodes.Contacts | nodes.Actions | nodes.Barriers
Reach = Callable[[int], Spans]
"""Where a value is at least so much."""


@dataclass(frozen=True)
class Steps:
    """A value that is constant on each of these spans, and unknown elsewhere."""

    starts: Keys
    stops: Keys
    values: Values
    everywhere: bool = False
    """Whether the spans cover all that is seen, so that the value is nowhere unknown."""

    def where(self, holds: Callable[[Values], Mask], domain: Spans) -> Truth:
        """Where a condition on the value is surely and possibly true."""
        mask = holds(self.values)
        sure = union_in_order(self.starts[mask], self.stops[mask])
        if self.everywhere:
            return known(sure)
        refuted = union_in_order(self.starts[~mask], self.stops[~mask])
        return Truth(sure, complement(refuted, domain))


@singledispatch
def value(term: syntax.Term, block: Block) -> Reach | Steps:
    """A term's value over time."""
    raise TypeError(f"{type(term).__name__} in {type(block).__name__}")


@value.register
def _appointments(term: nodes.Appointments, block: Block) -> Reach:
    outcomes = [o for o in term.outcome or () if o not in UNRESOLVED]
    chosen = events.one_of("event", outcomes) & events.filters(term, "kind", "reason", "modality")
    return _count(term, block, "appointments", chosen, "start")


@value.register
def _contacts(term: nodes.Contacts, block: Block) -> Reach:
    return _count(term, block, "contacts", events.contact_filter(term))


@value.register
def _actions(term: nodes.Actions, block: Block) -> Reach:
    chosen = events.filters(term, "kind", "detail")
    return _count(term, block, "actions", chosen)


@value.register
def _barriers(term: nodes.Barriers, block: Block) -> Reach:
    chosen = events.one_of("barrier", term.reason or ())
    return _count(term, block, "checkins", chosen)


def _count(term: _Counted, block: Block, table: str, chosen: pl.Expr, time: str = "at") -> Reach:
    """Count of events in a window: k or more from the k-th on until the first of them leaves.

    The events are placed once, whatever the window.
    """
    key, within = replace(term, within=None), term.within
    seen = block.kept(key, lambda: events.placed(block, table, chosen, time))
    ends = block.domain.stops[seen.episode]
    length = duration_us(within) if isinstance(within, str) else None

    def at_least(k: int) -> Spans:
        if k <= 0:
            return block.domain
        n = len(seen.keys) - k + 1
        if n <= 0:
            return NOWHERE
        same = seen.episode[:n] == seen.episode[k - 1 :]
        oldest, newest = seen.keys[:n][same], seen.keys[k - 1 :][same]
        stop = ends[:n][same]
        return union_in_order(newest, stop if length is None else np.minimum(oldest + length, stop))

    return at_least


@value.register
def _days_since_attended(_: nodes.DaysSinceAttended, block: Block) -> Reach:
    attended = events.placed(block, "appointments", pl.col("event") == "attended", "start")
    return _quiet(attended.keys, block)


@value.register
def _days_since_contact(term: nodes.DaysSinceContact, block: Block) -> Reach:
    return _quiet(events.placed(block, "contacts", events.contact_filter(term)).keys, block)


@value.register
def _days_since_heard(_: nodes.DaysSinceHeard, block: Block) -> Reach:
    return _quiet(block.once(events.heard), block)


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
    opened, closed = events.bookings(block)
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


@value.register
def _consecutive_missed(_: nodes.ConsecutiveMissed, block: Block) -> Steps:
    seen, is_attended = block.once(events.kept_or_missed)
    missed = np.cumsum(~is_attended)
    new = np.diff(seen.episode, prepend=-1) != 0
    settled = np.where(is_attended, missed, np.where(new, missed - 1, 0))
    run = missed - np.maximum.accumulate(settled) if len(missed) else missed
    marks, episode = _with_starts(seen.keys, block.domain)
    at = np.searchsorted(seen.keys, marks, side="right")
    begun = np.concatenate(([-1], seen.episode))[at] == episode
    values = np.where(begun, np.concatenate(([0], run))[at], 0)
    stops = _until_next(marks, episode, block.domain)
    return Steps(marks, stops, values.astype(float), everywhere=True)


@value.register
def _attendance_rate(term: nodes.AttendanceRate, block: Block) -> Steps:
    seen, is_attended = block.once(events.kept_or_missed)
    length = duration_us(term.within) if isinstance(term.within, str) else None
    marks, episode = _marks(seen, length, block)
    newest = np.searchsorted(seen.keys, marks, side="right")
    oldest = np.searchsorted(seen.keys, block.domain.starts, side="left")[episode]
    if length is not None:
        left = np.searchsorted(seen.keys, marks - length, side="right")
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
    sent = events.placed(block, "contacts", events.awaiting_answer(term, block))
    due = np.minimum(sent.keys + duration_us(term.after), domain.stops[sent.episode])
    heard = block.once(events.heard)
    marks = np.concatenate((domain.starts, due[due < domain.stops[sent.episode]], heard))
    marks.sort()
    episode = block.episode_of_ordered(marks)
    heard_by = np.searchsorted(heard, marks, side="right")
    last_heard = np.concatenate(([-1], heard))[heard_by]
    answered = np.searchsorted(sent.keys, last_heard, side="right")
    earlier = np.searchsorted(sent.keys, domain.starts, side="left")[episode]
    open_ = np.searchsorted(due, marks, side="right") - np.maximum(answered, earlier)
    values = np.maximum(open_, 0).astype(float)
    return Steps(marks, _until_next(marks, episode, domain), values, everywhere=True)


@value.register
def _measure(term: nodes.Measure, block: Block) -> Steps:
    taken, scores = events.scores_taken(block, term.instrument, "score")
    stops = _until_next(taken.keys, taken.episode, block.domain)
    if isinstance(term.within, str):
        stops = np.minimum(stops, taken.keys + duration_us(term.within))
    return Steps(taken.keys, stops, scores)


@value.register
def _item(term: nodes.Item, block: Block) -> Steps:
    taken, scores = events.scores_taken(block, term.instrument, f"item_{term.number}")
    return Steps(taken.keys, _until_next(taken.keys, taken.episode, block.domain), scores)


@value.register
def measure_change(term: nodes.MeasureChange, block: Block) -> Steps:
    """Latest score minus the first, from the second score on."""
    taken, scores = events.scores_taken(block, term.instrument, "score")
    first = np.searchsorted(taken.episode, taken.episode, side="left")
    later = np.arange(len(first)) > first
    stops = _until_next(taken.keys, taken.episode, block.domain)
    return Steps(taken.keys[later], stops[later], (scores - scores[first])[later])


def _with_starts(keys: Keys, domain: Spans) -> tuple[Keys, Keys]:
    """Keys in order with the start of every episode before its first, and their episodes."""
    at = np.searchsorted(keys, domain.starts, side="left")
    marks = np.insert(keys, at, domain.starts)
    counts = np.diff(np.append(at, len(keys))) + 1
    return marks, np.repeat(np.arange(len(domain)), counts)


def _marks(seen: Placed, length: int | None, block: Block) -> tuple[Keys, Keys]:
    """Every key at which what a window holds could change."""
    if length is None:
        return _with_starts(seen.keys, block.domain)
    leaving = seen.keys + length
    leaving = leaving[leaving < block.domain.stops[seen.episode]]
    marks = np.concatenate((block.domain.starts, seen.keys, leaving))
    marks.sort()
    return marks, block.episode_of_ordered(marks)


def _until_next(marks: Keys, episode: Keys, domain: Spans) -> Keys:
    """Where each step ends: at the next mark, or with its episode."""
    following = np.append(marks[1:], domain.stops[-1:])[: len(marks)]
    return np.minimum(following, domain.stops[episode])
