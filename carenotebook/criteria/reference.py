"""The reference engine: plain Python, slow, obviously right; the oracle of the tests.

It evaluates every term by its definition, at every instant at which its value could change. It
shares no code with the fast engine but the syntax tree and the table of episodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import days_us, duration_us
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.core.options import MISSED
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.history import History, Row, Span, histories

Truth = bool | None
Segment = tuple[int, int, Truth]

_OWN_CANCELLATIONS = ("late_cancel", "early_cancel", "rescheduled")


def replay_reference(
    when: syntax.Truth, grace: str, cohort: Cohort, unknown: str
) -> Iterator[tuple[History, list[Span], list[Span]]]:
    """For every episode: its history, the spans on which the rule is true, and unknown."""
    for history in histories(cohort, unknown):
        segments = without_pauses(timeline(when, history), history, duration_us(grace))
        yield history, _spans(segments, truth=True), _spans(segments, truth=None)


def timeline(node: syntax.Truth, history: History) -> list[Segment]:
    """Segments that cover what is seen of an episode, each with one truth."""
    if isinstance(node, nodes.Sustained):
        return _sustained(timeline(node.operand, history), history, duration_us(node.duration))
    inner = {o: timeline(o, history) for o in _inner(node)}
    edges = {a for segments in inner.values() for a, _, _ in segments} | set(_edges(node, history))
    seen = {t for t in edges if history.start < t < history.end}
    ordered = sorted({history.start, history.end} | seen)
    return [(a, b, _truth(node, history, a, inner)) for a, b in pairwise(ordered)]


def truth_at(node: syntax.Truth, history: History, t: int) -> Truth:
    """Truth of an expression at one instant of an episode."""
    return _at(timeline(node, history), t)


def _inner(node: syntax.Truth) -> list[syntax.Truth]:
    if isinstance(node, nodes.All | nodes.Any_ | nodes.AtLeast):
        return list(node.operands)
    if isinstance(node, nodes.Not | nodes.IsUnknown) and isinstance(node.operand, syntax.Truth):
        return [node.operand]
    return []


def _edges(node: syntax.Truth, history: History) -> Iterator[int]:
    """Every instant at which the term of a node could cross its threshold, and more."""
    term = getattr(node, "term", getattr(node, "operand", None))
    if isinstance(node, nodes.Improved | nodes.Deteriorated):
        term = nodes.MeasureChange(node.instrument)
    if not isinstance(term, syntax.Term):
        return
    instants = {history.start, *_instants(history)}
    yield from instants
    for name in ("within", "after"):
        if getattr(term, name, None) is not None:
            yield from (i + duration_us(getattr(term, name)) for i in instants)
    if term.quantity == "days" and isinstance(node, nodes.Compare):
        threshold = days_us(node.value)
        for d in (threshold, threshold + 1):
            yield history.started_at + d
            yield from (history.after(i, d) for i in instants if history.sees(i))


def _instants(history: History) -> Iterator[int]:
    """Every recorded time of the client."""
    for rows in (
        history.appointments,
        history.contacts,
        history.checkins,
        history.actions,
        history.measures,
    ):
        for row in rows:
            for column in ("start", "booked_at", "cancelled_at", "at"):
                if row.get(column) is not None:
                    yield row[column]


def _truth(  # noqa: PLR0911 - one case a node
    node: syntax.Truth, history: History, t: int, inner: dict[syntax.Truth, list[Segment]]
) -> Truth:
    match node:
        case nodes.Compare():
            return _compare(node.term, node.op, node.value, value(node.term, history, t))
        case nodes.IsIn():
            found = value(node.term, history, t)
            return None if found is None else any(found == v for v in node.values)
        case nodes.IsUnknown(syntax.Term() as term):
            return value(term, history, t) is None
        case nodes.Improved() | nodes.Deteriorated():
            return _reliable(node, history, t)
    truths = [_at(inner[o], t) for o in _inner(node)]
    match node:
        case nodes.IsUnknown():
            return truths[0] is None
        case nodes.Not():
            return None if truths[0] is None else not truths[0]
        case nodes.All():
            return _at_least(len(truths), truths)
        case nodes.Any_():
            return _at_least(1, truths)
        case nodes.AtLeast(int() as k):
            return _at_least(k, truths)
    raise TypeError(type(node).__name__)


def _at_least(k: int, truths: Sequence[Truth]) -> Truth:
    true, unknown = truths.count(True), truths.count(None)
    if true >= k:
        return True
    return False if true + unknown < k else None


def _compare(term: syntax.Term, op: str, threshold: Any, found: Any) -> Truth:
    if found is None:
        return None
    if term.quantity == "days":
        threshold = days_us(threshold)
    holds: bool = {
        ">=": lambda: found >= threshold,
        ">": lambda: found > threshold,
        "<=": lambda: found <= threshold,
        "<": lambda: found < threshold,
        "==": lambda: found == threshold,
        "!=": lambda: found != threshold,
    }[op]()
    return holds


def _reliable(node: nodes.Improved | nodes.Deteriorated, history: History, t: int) -> Truth:
    change = value(nodes.MeasureChange(node.instrument), history, t)
    if change is None:
        return None
    instrument = INSTRUMENTS[node.instrument]
    better: float = change if instrument.higher_is_better else -change
    least = instrument.reliable_change or math.inf
    return better >= least if isinstance(node, nodes.Improved) else -better >= least


def value(  # noqa: C901, PLR0911, PLR0912 - one case a term
    term: syntax.Term, history: History, t: int
) -> Any:
    """A term's value at t by its definition; None where unknown; days in microseconds."""
    match term:
        case nodes.Appointments():
            return len(_counted_appointments(term, history, t))
        case nodes.ConsecutiveMissed():
            return _run(history, t)
        case nodes.AttendanceRate():
            return _rate(term, history, t)
        case nodes.DaysSinceAttended():
            attended = [a["start"] for a in _events(history) if a["event"] == "attended"]
            return _since(history, attended, t)
        case nodes.DaysSinceContact():
            return _since(history, [c["at"] for c in history.contacts if _matches(term, c)], t)
        case nodes.DaysSinceHeard():
            return _since(history, _heard(history), t)
        case nodes.DaysWithoutBooking():
            return _without_booking(history, t)
        case nodes.DaysInCare():
            return t - history.started_at
        case nodes.Unanswered():
            return _unanswered(term, history, t)
        case nodes.Contacts():
            return _count(history, history.contacts, term, t)
        case nodes.Actions():
            return _count(history, history.actions, term, t)
        case nodes.Barriers():
            return _count(history, history.checkins, term, t)
        case nodes.Measure() | nodes.Item() | nodes.MeasureChange():
            return _score(term, history, t)
        case nodes.Attribute():
            return history.attributes.get(term.column)
    raise TypeError(type(term).__name__)


def _events(history: History) -> list[Row]:
    """Resolved appointments that are seen, in their order."""
    seen = [a for a in history.appointments if a["event"] is not None and history.sees(a["start"])]
    return sorted(seen, key=_order)


def _order(a: Row) -> tuple[int, int, str]:
    rank = 0 if a["event"] in MISSED else 2 if a["event"] == "attended" else 1
    return a["start"], rank, a.get("appointment_id") or ""


def _within(term: Any, t: int, at: int) -> bool:
    if at > t:
        return False
    return term.within is None or t < at + duration_us(term.within)


def _counted_appointments(term: nodes.Appointments, history: History, t: int) -> list[Row]:
    return [
        a
        for a in _events(history)
        if a["event"] in (term.outcome or ())
        and all(
            getattr(term, f) is None or a[f] in getattr(term, f)
            for f in ("kind", "reason", "modality")
        )
        and _within(term, t, a["start"])
    ]


def _count(history: History, rows: list[Row], term: Any, t: int) -> int:
    return sum(
        history.sees(r["at"]) and _matches(term, r) and _within(term, t, r["at"]) for r in rows
    )


def _matches(term: Any, row: Row) -> bool:
    """Whether a contact, action or check-in passes a term's filters; null never matches."""
    for name in ("direction", "purpose", "kind", "detail"):
        chosen = getattr(term, name, None)
        if chosen is not None and row[name] not in chosen:
            return False
    if isinstance(term, nodes.Barriers) and row["barrier"] not in (term.reason or ()):
        return False
    delivered = getattr(term, "delivered", None)
    return delivered is None or row["delivered"] is delivered


def _run(history: History, t: int) -> int:
    run = 0
    for a in _events(history):
        if a["start"] <= t:
            run = 0 if a["event"] == "attended" else run + (a["event"] in MISSED)
    return run


def _rate(term: nodes.AttendanceRate, history: History, t: int) -> float | None:
    kept_or_missed = ("attended", *MISSED)
    rows = [
        a for a in _events(history) if a["event"] in kept_or_missed and _within(term, t, a["start"])
    ]
    minimum = term.minimum
    if isinstance(term.last, int):
        rows = rows[-term.last :]
        minimum = min(minimum, term.last)
    if len(rows) < minimum:
        return None
    attended: int = sum(a["event"] == "attended" for a in rows)
    return attended / len(rows)


def _since(history: History, instants: Sequence[int | None], t: int) -> int:
    last = max(history.until(t, instants), default=history.start)
    return history.unpaused(last, t)


def _heard(history: History) -> list[int | None]:
    heard: list[int | None] = [c["at"] for c in history.contacts if c["direction"] == "inbound"]
    heard += [c["at"] for c in history.checkins]
    heard += [m["at"] for m in history.measures]
    for a in history.appointments:
        cancelled = a.get("cancelled_at")
        if a["outcome"] == "attended":
            heard.append(a["start"])
        elif a["outcome"] in _OWN_CANCELLATIONS:
            heard.append(a["start"] if cancelled is None else cancelled)
        elif a["outcome"] == "no_show":
            heard.append(cancelled)
    return heard


def _without_booking(history: History, t: int) -> int:
    closed = [history.start]
    for a in history.appointments:
        opened = a.get("booked_at")
        if opened is None:
            opened = max((s for s in history.episode_starts if s <= a["start"]), default=None)
        cancelled = a.get("cancelled_at")
        closes = a["start"] if cancelled is None else min(a["start"], cancelled)
        if opened is None or opened >= closes:
            continue
        if opened <= t < closes:
            return 0
        if history.start <= closes <= t:
            closed.append(closes)
    return history.unpaused(max(closed), t)


def _unanswered(term: nodes.Unanswered, history: History, t: int) -> int:
    last_heard = max(history.until(t, _heard(history)), default=None)
    return sum(
        history.sees(c["at"])
        and c["direction"] == "outbound"
        and c["delivered"] is True
        and (
            c.get("purpose") != "reminder" if term.purpose is None else c["purpose"] in term.purpose
        )
        and (last_heard is None or c["at"] > last_heard)
        and c["at"] + duration_us(term.after) <= t
        for c in history.contacts
    )


def _score(term: Any, history: History, t: int) -> float | None:
    column = "item_9" if isinstance(term, nodes.Item) else "score"
    known = [
        (m["at"], m[column])
        for m in history.measures
        if m["instrument"] == term.instrument and m.get(column) is not None and m["at"] <= t
    ]
    if isinstance(term, nodes.MeasureChange):
        return float(known[-1][1] - known[0][1]) if len(known) > 1 else None
    if not known:
        return None
    at, latest = known[-1]
    if isinstance(term, nodes.Measure) and not _within(term, t, at):
        return None
    return float(latest)


def _at(segments: list[Segment], t: int) -> Truth:
    return next(truth for a, b, truth in segments if a <= t < b)


def _spans(segments: list[Segment], *, truth: Truth, also_unknown: bool = False) -> list[Span]:
    """Maximal spans of one truth."""
    spans: list[Span] = []
    for a, b, found in segments:
        if found is not truth and not (also_unknown and found is None):
            continue
        if spans and spans[-1][1] == a:
            spans[-1] = (spans[-1][0], b)
        else:
            spans.append((a, b))
    return spans


def _sustained(segments: list[Segment], history: History, d: int) -> list[Segment]:
    sure = [(a + d, b) for a, b in _spans(segments, truth=True) if b - a > d]
    possible = [(a + d, b) for a, b in _spans(segments, truth=True, also_unknown=True) if b - a > d]
    edges = sorted({history.start, history.end, *(t for span in sure + possible for t in span)})

    def truth(t: int) -> Truth:
        if any(a <= t < b for a, b in sure):
            return True
        return None if any(a <= t < b for a, b in possible) else False

    return [(a, b, truth(a)) for a, b in pairwise(edges)]


def without_pauses(segments: list[Segment], history: History, grace: int) -> list[Segment]:
    """Neither true nor unknown in a pause or in the time of grace after one."""
    cuts = [(s, e + grace) for s, e in history.pauses]
    edges = {a for a, _, _ in segments} | {history.end}
    edges |= {t for cut in cuts for t in cut if history.start < t < history.end}
    ordered = sorted(edges)
    return [
        (a, b, False if any(s <= a < e for s, e in cuts) else _at(segments, a))
        for a, b in pairwise(ordered)
    ]
