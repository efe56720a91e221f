"""The reference for protocols: one episode after another, instant after instant, in plain Python.

Slow and obviously right; the oracle of the tests. It shares no code with the fast path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.criteria.history import History, Row, histories
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.reference import Segment, Truth, timeline, without_pauses
from carenotebook.criteria.stage import Requirement


@dataclass(frozen=True)
class Spell:
    """One stay in a stage, from when to when, and when each requirement was recorded in it."""

    stage: int
    entered: int
    left: int
    ready: int | None
    recorded: list[int | None]


@dataclass
class Walk:
    """How far one episode has come: when each stage in force was entered, and what was found."""

    protocol: Protocol
    history: History
    entered: dict[int, int] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    undecided: list[tuple[int, int, int]] = field(default_factory=list)

    def recorded(self, number: int, t: int) -> list[int | None]:
        """When each requirement of a stage in force was first recorded since it was entered."""
        since = self.entered[number]
        found: list[int | None] = []
        for requirement in self.protocol.stages[number].requires:
            instants = [
                a["at"]
                for a in self.history.actions
                if self.history.sees(a["at"])
                and since <= a["at"] <= t
                and matches(requirement, a)
                and not (a["at"] == since and self._counted_earlier(number, a))
            ]
            found.append(min(instants, default=None))
        return found

    def _counted_earlier(self, number: int, action: Row) -> bool:
        earlier = self.protocol.stages[:number]
        return any(matches(r, action) for stage in earlier for r in stage.requires)

    def ready(self, number: int, t: int) -> int | None:
        """From when on the next stage may be entered, if what is recorded by t is all."""
        if number not in self.entered:
            return None
        recorded = self.recorded(number, t)
        if None in recorded:
            return None
        done = max([self.entered[number], *(r for r in recorded if r is not None)])
        return self.history.after(done, duration_us(self.protocol.stages[number].wait))

    def open(self, number: int, t: int) -> bool:
        """Whether nothing but its own condition keeps a stage from being entered."""
        ready = t if number == 0 else self.ready(number - 1, t)
        return number not in self.entered and ready is not None and ready <= t

    def leave(self, number: int, t: int) -> None:
        ready, recorded = self.ready(number, t - 1), self.recorded(number, t - 1)
        ready = ready if ready is not None and ready < t else None
        self.spells.append(Spell(number, self.entered.pop(number), t, ready, recorded))


def walks(protocol: Protocol, cohort: Cohort, unknown: str) -> Iterator[Walk]:
    """Every seen episode, walked through to its end."""
    grace = duration_us(protocol.grace)
    for history in histories(cohort, unknown):
        truths = [
            without_pauses(timeline(stage.when.node, history), history, grace)
            for stage in protocol.stages
        ]
        yield _walked(Walk(protocol, history), truths)


def matches(requirement: Requirement, action: Row) -> bool:
    """Whether an action is one that a requirement asks for; null never is."""
    chosen = {name: getattr(requirement, name) for name in ("kind", "detail", "response")}
    return all(c is None or action.get(name) in c for name, c in chosen.items())


def _walked(walk: Walk, truths: list[list[Segment]]) -> Walk:
    history = walk.history
    instants = {a for segments in truths for a, _, _ in segments}
    acted = {a["at"] for a in history.actions if history.sees(a["at"])}
    waits = {duration_us(stage.wait) for stage in walk.protocol.stages}
    instants |= acted | {history.after(a, wait) for a in acted for wait in waits}
    t = min(instants)
    while t < history.end:
        _step(walk, [_at(segments, t) for segments in truths], t)
        instants |= {history.after(t, wait) for wait in waits if t in walk.entered.values()}
        later = min((i for i in instants if i > t), default=history.end)
        later = min(later, history.end)
        for number, segments in enumerate(truths):
            if _at(segments, t) is None and walk.open(number, t):
                walk.undecided.append((number, t, later))
        t = later
    for number in list(walk.entered):
        walk.leave(number, history.end)
    return walk


def _step(walk: Walk, truths: list[Truth], t: int) -> None:
    """What happens at one instant: stages end, then begin, in their order."""
    stages = walk.protocol.stages
    for number, truth in enumerate(truths):
        if number in walk.entered and truth is not True and not stages[number].sticky:
            walk.leave(number, t)
    for number, truth in enumerate(truths):
        if truth is True and walk.open(number, t):
            walk.entered[number] = t


def _at(segments: list[Segment], t: int) -> Truth:
    return next(truth for a, b, truth in segments if a <= t < b)
