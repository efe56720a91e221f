"""The value of every term over time, in a block.

Where a count, a run or the days since something are at least so much has a closed form (`Reach`);
the other terms are steps (`Steps`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from carenotebook.core.durations import duration_us
from carenotebook.core.options import MISSED
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
    cover,
    known,
    nonempty,
    union,
    union_in_order,
)

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


@value.register(nodes.Appointments)
@value.register(nodes.Contacts)
@value.register(nodes.Actions)
@value.register(nodes.Barriers)
def _count(term: events.Counted, block: Block) -> Reach:
    """Count of events in a window: k or more from the k-th on until the first of them leaves."""
    seen, within = events.counted(term, block), term.within
    episode, keys, ends = seen.episode, seen.keys, block.domain.stops
    length = duration_us(within) if isinstance(within, str) else None

    def at_least(k: int) -> Spans:
        if k <= 0:
            return block.domain
        first = np.flatnonzero(followed(seen, k - 1, length))
        oldest, newest = keys.take(first), keys.take(first + (k - 1))
        stop = ends.take(episode.take(first))
        return union_in_order(newest, stop if length is None else np.minimum(oldest + length, stop))

    return at_least


def followed(seen: Placed, steps: int, length: int | None) -> Mask:
    """Which events are followed, so many events later, by one of their episode and window."""
    keys, episode = seen.keys, seen.episode
    n = max(len(keys) - steps, 0)
    same: Mask = episode[:n] == episode[steps:]
    return same if length is None else same & (keys[steps:] - keys[:n] < length)


@value.register
def _days_since_attended(_: nodes.DaysSinceAttended, block: Block) -> Reach:
    attended = events.appointments(block, ["attended"])
    return _quiet([attended.keys], block)


@value.register
def _days_since_contact(term: nodes.DaysSinceContact, block: Block) -> Reach:
    return _quiet([events.contacts(term, block).keys], block)


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


def _quiet(sources: Sequence[Keys], block: Block) -> Reach:
    """Unpaused time since the last of the keys (each source in order), or the episode's start.

    Time after a key that reaches into the next episode lies within the time after its start, so
    that all episodes can be taken together. What has been silent for long was so for less before.
    """
    domain = block.domain
    known: dict[int, Spans] = {}

    def at_least(length: int) -> Spans:
        if length <= 0:
            return domain
        shorter = max((d for d in known if d <= length), default=0)
        if not shorter:
            known[length] = _silences(sources, length, block)
        elif shorter < length:
            spans = known[shorter]
            known[length] = nonempty(block.advance(spans.starts, length - shorter), spans.stops)
        return known[length]

    return at_least


def _silences(sources: Sequence[Keys], length: int, block: Block) -> Spans:
    """At least `length` of unpaused time since every key, and within one episode."""
    domain = block.domain
    recent = cover([_recent(k, length, block) for k in (*sources, domain.starts)], 1)
    episode = block.episode_of_ordered(recent.stops)
    following = np.append(recent.starts[1:], domain.stops[-1:])
    return nonempty(recent.stops, np.minimum(following, domain.stops.take(episode)))


def _recent(keys: Keys, length: int, block: Block) -> Spans:
    """Less than `length` of unpaused time since one of the keys."""
    if not len(keys):
        return NOWHERE
    parted = np.flatnonzero(keys[1:] - keys[:-1] > length)
    first, last = np.append(0, parted + 1), np.append(parted, len(keys) - 1)
    return union_in_order(keys.take(first), block.advance(keys.take(last), length))


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
def _consecutive_missed(_: nodes.ConsecutiveMissed, block: Block) -> Reach:
    missed = events.appointments(block, MISSED)
    attended = events.appointments(block, ["attended"])
    return _unbroken(missed, missed.keys, [attended.keys], block)


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
def _unanswered(term: nodes.Unanswered, block: Block) -> Reach:
    sent = events.awaiting_answer(term, block)
    due = sent.keys + duration_us(term.after)
    return _unbroken(sent, due, block.once(events.heard), block)


def _unbroken(seen: Placed, counted: Keys, breaks: Sequence[Keys], block: Block) -> Reach:
    """How many events there were since the last break; none that lies at or before a break.

    k or more, where the k-th of them has come to count and no break has come since the first.
    """
    broken = block.domain.stops.take(seen.episode)
    for keys in breaks:
        following = np.append(keys, np.iinfo(np.int64).max)
        broken = np.minimum(broken, following.take(np.searchsorted(keys, seen.keys, side="left")))

    def at_least(k: int) -> Spans:
        if k <= 0:
            return block.domain
        first = np.flatnonzero(followed(seen, k - 1, None))
        return union_in_order(counted.take(first + (k - 1)), broken.take(first))

    return at_least


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
