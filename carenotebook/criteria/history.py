"""One episode as it is seen, with all that is recorded of its client, in plain Python.

What the reference engine reads. It shares no code with the fast engine but the table of episodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us

Row = dict[str, Any]
Span = tuple[int, int]

_EXCUSABLE = ("no_show", "late_cancel", "early_cancel")


@dataclass(frozen=True)
class History:
    """One episode as it is seen, with all that is recorded of its client. Times in microseconds."""

    client_id: str
    episode: int
    started_at: int
    start: int
    end: int
    ended: bool
    appointments: list[Row]
    contacts: list[Row]
    checkins: list[Row]
    actions: list[Row]
    measures: list[Row]
    pauses: list[Span]
    attributes: Row
    episode_starts: list[int]

    def sees(self, at: int | None) -> bool:
        return at is not None and self.start <= at < self.end

    def until(self, t: int, instants: Sequence[int | None]) -> list[int]:
        """Seen instants no later than t."""
        return [i for i in instants if i is not None and self.sees(i) and i <= t]

    def unpaused(self, since: int, t: int) -> int:
        """Time from `since` to t that was not paused."""
        paused = sum(max(0, min(t, e) - max(since, s)) for s, e in self.pauses)
        return t - since - paused

    def after(self, since: int, length: int) -> int:
        """The first instant at which `length` of unpaused time has passed."""
        t, left = since, length
        for s, e in self.pauses:
            if e <= t:
                continue
            if left <= max(0, s - t):
                break
            left -= max(0, s - t)
            t = max(t, e)
        return t + left


def histories(cohort: Cohort, unknown: str) -> Iterator[History]:
    """Every seen episode with the records of its client."""
    tables = {n: _rows(cohort, n) for n in cohort.tables if n not in ("policies", "episodes")}
    by_client: dict[str, list[Row]] = {}
    for row in (_in_microseconds(r) for r in cohort.spans().to_dicts()):
        by_client.setdefault(row["client_id"], []).append(row)
    as_of = microseconds(cohort.as_of)
    for client_id, episodes in by_client.items():
        mine = {n: t.get(client_id, []) for n, t in tables.items()}
        pauses = _merged(mine.get("pauses", []), as_of)
        appointments = [_resolved(a, pauses, unknown, as_of) for a in mine["appointments"]]
        previous_end = None
        for e in episodes:
            if e["seen_from"] < e["seen_until"]:
                measures = _taken(mine.get("measures", []), e, previous_end)
                yield History(
                    client_id=client_id,
                    episode=e["episode"],
                    started_at=e["started_at"],
                    start=e["seen_from"],
                    end=e["seen_until"],
                    ended=e["ended_at"] is not None and e["ended_at"] <= as_of,
                    appointments=appointments,
                    contacts=mine.get("contacts", []),
                    checkins=mine.get("checkins", []),
                    actions=mine.get("actions", []),
                    measures=measures,
                    pauses=pauses,
                    attributes=(mine.get("clients") or [{}])[0],
                    episode_starts=[x["started_at"] for x in episodes],
                )
            previous_end = e["ended_at"]


def _taken(measures: list[Row], episode: Row, previous_end: int | None) -> list[Row]:
    """Measures of an episode; an earlier one counts as taken where the episode is first seen."""
    mine = []
    for m in sorted(measures, key=lambda m: m["at"]):
        early = m["at"] < episode["seen_from"] and (previous_end is None or m["at"] >= previous_end)
        if early or episode["seen_from"] <= m["at"] < episode["seen_until"]:
            mine.append({**m, "at": max(m["at"], episode["seen_from"])})
    return mine


def _resolved(a: Row, pauses: list[Span], unknown: str, as_of: int) -> Row:
    """An appointment with the outcome that counts (`event`, None: no event)."""
    outcome = a["outcome"]
    if outcome in ("unknown", "booked") and a["start"] < as_of and unknown != "ignore":
        outcome = "no_show" if unknown == "missed" else "attended"
    event = None if outcome in ("unknown", "booked") else outcome
    if event in _EXCUSABLE and any(s <= a["start"] < e for s, e in pauses):
        event = "excused"
    return {**a, "outcome": outcome, "event": event}


def _merged(pauses: list[Row], as_of: int) -> list[Span]:
    spans: list[Span] = []
    for p in sorted(pauses, key=lambda p: p["start"]):
        end = (
            p["end"] if p.get("end") is not None else max(as_of, p["start"]) + duration_us("5200w")
        )
        if spans and p["start"] <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((p["start"], end))
    return spans


def _rows(cohort: Cohort, table: str) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in cohort.table(table).collect().to_dicts():
        rows.setdefault(row["client_id"], []).append(_in_microseconds(row))
    return rows


def _in_microseconds(row: Row) -> Row:
    return {k: microseconds(v) if isinstance(v, datetime) else v for k, v in row.items()}


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    since = at - datetime.fromtimestamp(0, at.tzinfo)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
