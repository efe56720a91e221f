"""The clause menu: by question, with what a term needs where the cohort lacks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import CareNotebookError, MissingDataError
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.criteria import language as c
from carenotebook.criteria.language import Expression
from carenotebook.criteria.needs import check_needs
from carenotebook.privacy import Privacy
from carenotebook.widgets._builder_messages import Choice
from carenotebook.widgets._messages import Option

_MOST_VALUES = 20


@dataclass(frozen=True)
class Entry:
    """A clause to start from."""

    value: str
    section: str
    label: str
    make: Expression


def entries(cohort: Cohort, privacy: Privacy) -> tuple[Entry, ...]:
    """Every clause that can be added, grouped by the question it answers."""
    return tuple(
        Entry(f"{section}/{label}".lower().replace(" ", "-"), section, label, make)
        for section, label, make in (
            *_attendance(),
            *_silence(),
            *_outcome(cohort),
            *_safeguards(),
            *_client(cohort, privacy),
        )
    )


def choices(menu: tuple[Entry, ...], cohort: Cohort) -> tuple[Choice, ...]:
    """The menu as the browser shows it."""
    return tuple(Choice(e.value, e.section, e.label, _lacking(e, cohort)) for e in menu)


def _lacking(entry: Entry, cohort: Cohort) -> str:
    try:
        check_needs(entry.make.node, cohort)
    except MissingDataError as error:
        return str(error)
    except CareNotebookError:
        return ""
    return ""


Made = Iterator[tuple[str, str, Expression]]


def _attendance() -> Made:
    section = "Attendance"
    yield section, "Missed appointments", c.missed(within="90d") >= 3
    yield section, "Missed in a row", c.consecutive_missed() >= 3
    yield section, "No-shows", c.no_shows(within="90d") >= 2
    yield section, "Late cancellations", c.late_cancels(within="90d") >= 2
    yield section, "Early cancellations", c.early_cancels(within="90d") >= 3
    yield section, "Attended appointments", c.attended(within="90d") < 1
    yield section, "Attendance rate", c.attendance_rate(last=6) < 0.5
    yield section, "Since the last session", c.days_since_attended() >= 30
    yield section, "Without a booking", c.days_without_booking() >= 30


def _silence() -> Made:
    yield "Silence", "Not heard from", c.days_since_heard() >= 30
    yield "Silence", "No inbound contact", c.days_since_contact() >= 30
    yield "Silence", "Messages unanswered", c.unanswered(after="7d") >= 2
    reached = c.contacts(direction="outbound", purpose="outreach", within="60d", delivered=True)
    yield "Outreach", "Reached out", reached >= 2
    told = c.contacts(direction="outbound", purpose="notice", within="60d", delivered=True)
    yield "Outreach", "Notice given", told >= 1


def _outcome(cohort: Cohort) -> Made:
    for name in _instruments(cohort):
        known = INSTRUMENTS.get(name)
        level = known.case_at if known and known.case_at is not None else 10
        yield "Outcome", f"{name} score", c.measure(name) >= level
        if known and known.reliable_change is not None:
            yield "Outcome", f"{name} improved", c.improved(name)
            yield "Outcome", f"{name} got worse", c.deteriorated(name)


def _instruments(cohort: Cohort) -> list[str]:
    """Instruments with a published number, whether measured here or not, as the menu's examples."""
    if not cohort.has("measures"):
        return ["PHQ-9"]
    there = cohort.table("measures").select(pl.col("instrument").unique()).collect()
    return [n for n in INSTRUMENTS if n in there["instrument"].to_list()] or ["PHQ-9"]


def _safeguards() -> Made:
    section = "Obstacles"
    for label, reason in (("Cost named", "cost"), ("Technology named", "technology")):
        yield section, label, c.barriers(reason, within="90d") >= 1
    for label, kind in (
        ("Attendance conversation", "attendance_conversation"),
        ("Alternative offered", "alternative_offered"),
        ("Risk reviewed", "risk_review"),
        ("Supervision", "supervision"),
        ("Referral", "referral"),
    ):
        yield "Safeguards", label, c.actions(kind) >= 1


def _client(cohort: Cohort, privacy: Privacy) -> Made:
    yield "Client", "Time in care", c.days_in_care() >= 90
    for column in columns_of_clients(cohort):
        values = _values(cohort, column, privacy)
        if values:
            yield "Client", column.replace("_", " ").capitalize(), c.attribute(column) == values[0]


def columns_of_clients(cohort: Cohort) -> list[str]:
    """Columns of `clients` with text or true and false."""
    if cohort.clients is None:
        return []
    types = cohort.clients.collect_schema()
    kept = (pl.String, pl.Boolean, pl.Enum, pl.Categorical)
    return [n for n, t in types.items() if n != "client_id" and isinstance(t, kept)]


def _values(cohort: Cohort, column: str, privacy: Privacy) -> list[str | bool]:
    """Values that enough clients share, the most common first."""
    if cohort.clients is None:
        return []
    counted = cohort.clients.select(pl.col(column).drop_nulls().value_counts(sort=True)).collect()
    common = counted[column].struct.unnest().filter(pl.col("count") >= privacy.min_cell)
    values: list[str | bool] = common[column].to_list()
    return values if len(values) <= _MOST_VALUES else []


def groupings(cohort: Cohort) -> tuple[Option, ...]:
    """What the clients can be grouped by."""
    named = columns_of_clients(cohort)
    if cohort.has("episodes"):
        named += [c for c in ("site",) if cohort.has("episodes", c) and c not in named]
    return tuple(Option(n, n.replace("_", " ").capitalize()) for n in named)
