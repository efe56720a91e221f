"""What a practice review looks at, and which rows each figure stands on. Client-level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import polars as pl

from carenotebook.appraise.flagged import in_force
from carenotebook.appraise.measures import Need, lacking
from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import DAY, duration_us
from carenotebook.core.options import MISSED, SCHEDULED
from carenotebook.describe.seen import seen_appointments

FOLLOW_UP = ("attendance_conversation", "alternative_offered", "risk_review")
_HARD = ("notice", "ending")
_CASELOAD = "28d"
"""Who had an appointment in so long before the end of the data is on a caseload."""


@dataclass(frozen=True)
class Conduct:
    """A cohort and how long is looked at after each event.

    Parameters
    ----------
    cohort : Cohort
    reply, follow_up, new_time, enforced, late : str
        Durations: for an answer to a message, a contact after a miss, a new time, a notice or an
        ending after a miss, and how late a session may begin.
    """

    cohort: Cohort
    reply: str
    follow_up: str
    new_time: str
    enforced: str
    late: str

    def followed(self, rows: pl.DataFrame, at: str, length: str) -> pl.DataFrame:
        """With `until`: so long after each; null where less is seen."""
        until = pl.col(at) + timedelta(microseconds=duration_us(length, "length", zero=False))
        return rows.with_columns(until=pl.when(until <= self.cohort.as_of).then(until))

    def appointments(self) -> pl.DataFrame:
        """Appointments with a usable outcome, numbered, whoever cancelled them."""
        wanted = [
            c
            for c in ("appointment_id", "cancelled_at", "began_at", "therapist_id", "site")
            if self.cohort.has("appointments", c)
        ]
        outcome = pl.col("outcome").cast(pl.String)
        return (
            seen_appointments(self.cohort)
            .filter(outcome.is_in(SCHEDULED))
            .select("client_id", "start", *wanted, outcome=outcome)
            .sort("client_id", "start", "outcome")
            .collect()
            .with_row_index("row")
        )

    def misses(self) -> pl.DataFrame:
        """What the client missed. A miss in a recorded pause counts as recorded."""
        return self.appointments().filter(pl.col("outcome").is_in(MISSED))

    def cancelled(self) -> pl.DataFrame:
        """What the service cancelled, with `at`: when that was known."""
        found = self.appointments().filter(pl.col("outcome") == "provider_cancel")
        known = pl.min_horizontal("cancelled_at", "start")
        if "cancelled_at" not in found.columns:
            known = pl.col("start")
        return found.with_columns(at=known)

    def sent(self) -> pl.LazyFrame:
        """When the service wrote or rang, reminders aside."""
        contacts = self.cohort.table("contacts").filter(
            pl.col("direction") == "outbound", pl.col("at") < self.cohort.as_of
        )
        if self.cohort.has("contacts", "purpose"):
            contacts = contacts.filter(pl.col("purpose").ne_missing("reminder"))
        return contacts.select("client_id", happened="at")

    def done(self, *kinds: str, detail: str | None = None) -> pl.LazyFrame:
        """When such actions were recorded."""
        chosen = pl.col("kind").is_in(kinds)
        if detail is not None and self.cohort.has("actions", "detail"):
            chosen &= pl.col("detail") == detail
        return self.cohort.table("actions").filter(chosen).select("client_id", happened="at")


def followed_by(rows: pl.DataFrame, events: pl.LazyFrame, at: str) -> pl.DataFrame:
    """Rows with `value`: whether such an event came later and by `until`; null if not followed."""
    near = (pl.col("happened") > pl.col(at)) & (pl.col("happened") <= pl.col("until"))
    hit = rows.lazy().join(events, on="client_id").filter(near).select("row").unique()
    found = rows.lazy().join(hit.with_columns(hit=True), on="row", how="left").collect()
    value = pl.col("hit").fill_null(value=False)
    return found.with_columns(value=pl.when(pl.col("until").is_not_null()).then(value))


def _by_the_service(conduct: Conduct) -> pl.DataFrame:
    return conduct.appointments().with_columns(value=pl.col("outcome") == "provider_cancel")


def _by_technology(conduct: Conduct) -> pl.DataFrame:
    return conduct.appointments().with_columns(value=pl.col("outcome") == "technical_failure")


def _started_late(conduct: Conduct) -> pl.DataFrame:
    """Whether a session that took place began later than is let pass; null where not recorded."""
    passed = timedelta(microseconds=duration_us(conduct.late, "late"))
    sessions = conduct.appointments().filter(pl.col("outcome") == "attended")
    return sessions.with_columns(value=pl.col("began_at") - pl.col("start") > passed)


def _in_time(conduct: Conduct) -> pl.DataFrame:
    """Whether the service's cancellation came with the notice that is asked of clients."""
    least = timedelta(microseconds=duration_us(conduct.cohort.notice, "notice"))
    ahead = pl.col("start") - pl.col("cancelled_at")
    return conduct.cancelled().with_columns(value=ahead >= least)


def _hours_ahead(conduct: Conduct) -> pl.DataFrame:
    ahead = (pl.col("start") - pl.col("cancelled_at")).dt.total_microseconds() * 24 / DAY
    return conduct.cancelled().with_columns(value=ahead.clip(lower_bound=0))


def _moved(conduct: Conduct) -> pl.DataFrame:
    """Whether another appointment replaces the one that the service cancelled."""
    replaced = conduct.cohort.appointments.select("replaces").drop_nulls().collect()["replaces"]
    return conduct.cancelled().with_columns(
        value=pl.col("appointment_id").is_in(replaced.implode())
    )


def _new_times(conduct: Conduct) -> pl.LazyFrame:
    booked = conduct.cohort.appointments.select("client_id", happened="booked_at").drop_nulls()
    if not conduct.cohort.has("actions", "detail"):
        return booked
    return pl.concat([booked, conduct.done("alternative_offered", detail="time")])


def _new_time_after_cancel(conduct: Conduct) -> pl.DataFrame:
    rows = conduct.followed(conduct.cancelled(), "at", conduct.new_time)
    # A new time agreed in the same call is booked at the very instant of the cancellation.
    before = rows.with_columns(since=pl.col("at") - timedelta(microseconds=1))
    return followed_by(before, _new_times(conduct), "since")


def _new_time_after_miss(conduct: Conduct) -> pl.DataFrame:
    rows = conduct.followed(conduct.misses(), "start", conduct.new_time)
    return followed_by(rows, _new_times(conduct), "start")


def _followed_up(conduct: Conduct) -> pl.DataFrame:
    cohort = conduct.cohort
    rows = conduct.followed(conduct.misses(), "start", conduct.follow_up)
    events = [conduct.sent()] if cohort.has("contacts") else []
    events += [conduct.done(*FOLLOW_UP)] if cohort.has("actions") else []
    return followed_by(rows, pl.concat(events), "start")


def _messages(conduct: Conduct) -> pl.DataFrame:
    """What clients wrote or said to the service."""
    cohort = conduct.cohort
    seen = pl.col("at") < cohort.as_of
    if cohort.observed_from is not None:
        seen &= pl.col("at") >= cohort.observed_from
    inbound = cohort.table("contacts").filter(pl.col("direction") == "inbound", seen)
    return inbound.select("client_id", "at").sort("client_id", "at").collect().with_row_index("row")


def _answered(conduct: Conduct) -> pl.DataFrame:
    rows = conduct.followed(_messages(conduct), "at", conduct.reply)
    return followed_by(rows, conduct.sent(), "at")


def _hours_to_answer(conduct: Conduct) -> pl.DataFrame:
    """Hours to the next message of the service, of those answered in time."""
    rows = _answered(conduct).filter("value").drop("value", "hit")
    later = rows.lazy().join(conduct.sent(), on="client_id")
    later = later.filter(pl.col("happened") > pl.col("at"))
    first = later.group_by("row").agg(pl.col("happened").min())
    waited = (pl.col("happened") - pl.col("at")).dt.total_microseconds() * 24 / DAY
    return rows.lazy().join(first, on="row").with_columns(value=waited).sort("row").collect()


def _enforced(conduct: Conduct) -> pl.DataFrame:
    """Whether a notice or an ending followed a miss under a recorded policy; else it was waived."""
    misses = conduct.misses()
    under = misses.filter(misses.select(in_force(misses, conduct.cohort, "start")).to_series())
    rows = conduct.followed(under, "start", conduct.enforced)
    return followed_by(rows, conduct.done(*_HARD), "start")


def _alike(conduct: Conduct) -> pl.DataFrame:
    """Clients with several misses under a policy: whether each was met in the same way."""
    told = _enforced(conduct).drop_nulls("value")
    several = told.group_by("client_id").agg(pl.len(), pl.col("value").n_unique().alias("ways"))
    rows = several.filter(pl.col("len") > 1).sort("client_id")
    return rows.with_columns(value=pl.col("ways") == 1)


def _caseloads(conduct: Conduct) -> pl.DataFrame:
    """One row a therapist: how many clients had an appointment of late."""
    since = conduct.cohort.as_of - timedelta(microseconds=duration_us(_CASELOAD))
    late = seen_appointments(conduct.cohort).filter(pl.col("start") >= since)
    each = late.drop_nulls("therapist_id").group_by("therapist_id")
    return each.agg(value=pl.col("client_id").n_unique()).sort("therapist_id").collect()


@dataclass(frozen=True)
class Measure:
    """One figure of a practice review.

    Attributes
    ----------
    term, title, of : str
        Its name, what it says, and what its rows are.
    rows : callable
        One row a unit with client_id and `value`; null where it cannot be told.
    needs : tuple
        Tables, with columns, that the cohort must have.
    kind, unit : str
    """

    term: str
    title: str
    of: str
    rows: Callable[[Conduct], pl.DataFrame]
    needs: tuple[Need, ...] = ()
    kind: Literal["share", "median"] = "share"
    unit: str = "share"

    def lacking(self, cohort: Cohort) -> str:
        """What the cohort would have to have, in words; empty where it has it."""
        return lacking(self.needs, cohort)


CASELOAD = "caseload"
_CANCELLED: Need = ("appointments", ("cancelled_at",))
_BOOKED: Need = ("appointments", ("booked_at",))
_POLICY: tuple[Need, ...] = (("policies", ()), ("actions", ("kind",)))
_OWN = "appointments_cancelled_by_the_service"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "cancelled_by_the_service",
        "Cancelled by the service",
        "appointments",
        _by_the_service,
    ),
    Measure("lost_to_technology", "Lost to technology", "appointments", _by_technology),
    Measure(
        "cancelled_in_time",
        "Cancelled with the notice asked of clients",
        _OWN,
        _in_time,
        (_CANCELLED,),
    ),
    Measure(
        "hours_of_notice",
        "Notice given, median",
        _OWN,
        _hours_ahead,
        (_CANCELLED,),
        "median",
        "hours",
    ),
    Measure(
        "moved_to_a_new_time",
        "Cancelled by the service and moved",
        _OWN,
        _moved,
        (("appointments", ("appointment_id", "replaces")),),
    ),
    Measure(
        "new_time_after_cancelling",
        "New time after the service cancelled",
        _OWN,
        _new_time_after_cancel,
        (_BOOKED,),
    ),
    Measure(
        "started_late",
        "Started late",
        "sessions",
        _started_late,
        (("appointments", ("began_at",)),),
    ),
    Measure(
        "followed_up_after_a_miss",
        "Followed up after a miss",
        "misses",
        _followed_up,
        (("contacts", ()),),
    ),
    Measure(
        "new_time_after_a_miss",
        "New time after a miss",
        "misses",
        _new_time_after_miss,
        (_BOOKED,),
    ),
    Measure(
        "message_answered",
        "Clients' messages answered",
        "messages_from_clients",
        _answered,
        (("contacts", ()),),
    ),
    Measure(
        "hours_to_answer",
        "Time to an answer, median",
        "messages_answered",
        _hours_to_answer,
        (("contacts", ()),),
        "median",
        "hours",
    ),
    Measure(
        "policy_enforced",
        "Policy enforced after a miss",
        "misses_under_a_policy",
        _enforced,
        _POLICY,
    ),
    Measure(
        "treated_alike",
        "Treated alike each time",
        "clients_with_several_such_misses",
        _alike,
        _POLICY,
    ),
    Measure(
        CASELOAD,
        "Caseload, median",
        "therapists",
        _caseloads,
        (("appointments", ("therapist_id",)),),
        "median",
        "clients",
    ),
)
TITLES = {m.term: m.title for m in MEASURES}
