"""What each flag met: rows with `value`, one a flagged episode (or a disturbance before it).

Client-level. `value` is null where the data cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from carenotebook.appraise.evidence import FLAG, KEY, Evidence, marked
from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import DAY
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.core.options import MISSED

Rows = Callable[[Evidence], pl.DataFrame]

PHQ = INSTRUMENTS["PHQ-9"]
SEVERE = 20
"""PHQ-9 from which depression is called severe (Kroenke 2001): severity, not risk."""

NOT_THE_CLIENTS = ("provider_cancel", "technical_failure")
_HARD = ("notice", "ending")


def came_back(evidence: Evidence) -> pl.DataFrame:
    """Whether the client attended again within the horizon."""
    return evidence.flags.with_columns(value="back")


def without_outreach(evidence: Evidence) -> pl.DataFrame:
    """Whether no delivered outreach stands in the window."""
    reached = evidence.before_flag(delivered(evidence.cohort, "outreach"))
    return marked(evidence.flags, reached).with_columns(~pl.col("value"))


def without(kind: str) -> Rows:
    """Whether no such action stands in the window; a delivered message of that purpose is one."""

    def rows(evidence: Evidence) -> pl.DataFrame:
        cohort = evidence.cohort
        done = [evidence.before_flag(actions(cohort, kind))]
        if kind == "attendance_conversation" and _tells_purposes(cohort):
            done.append(evidence.before_flag(delivered(cohort, kind)))
        known = pl.concat([d.select(KEY) for d in done])
        return marked(evidence.flags, known).with_columns(~pl.col("value"))

    return rows


def disturbances(evidence: Evidence) -> pl.DataFrame:
    """Of missed, provider-cancelled and failed appointments in the window: not the client's."""
    wanted = pl.col("event").is_in([*MISSED, *NOT_THE_CLIENTS])
    disturbed = evidence.before_flag(evidence.appointments.lazy().filter(wanted), "start")
    return disturbed.with_columns(value=pl.col("event").is_in(NOT_THE_CLIENTS))


def days_to_flag(evidence: Evidence) -> pl.DataFrame:
    """Days from when the episode is first seen."""
    waited = (pl.col(FLAG) - pl.col("seen_from")).dt.total_microseconds() / DAY
    return evidence.flags.with_columns(value=waited)


def enforced(evidence: Evidence) -> pl.DataFrame:
    """Whether a notice or an ending is recorded within the horizon."""
    found = marked(evidence.flags, evidence.after_flag(actions(evidence.cohort, *_HARD)))
    return found.with_columns(value=pl.when("followed").then("value"))


def after_earlier_action(evidence: Evidence) -> pl.DataFrame:
    """Whether a notice or an ending was recorded in the episode before the flag."""
    known = evidence.flags.select(*KEY, FLAG, "seen_from").lazy()
    earlier = pl.col("at").is_between("seen_from", FLAG)
    hard = actions(evidence.cohort, *_HARD).join(known, on="client_id").filter(earlier)
    return marked(evidence.flags, hard.collect())


def under_policy(evidence: Evidence) -> pl.DataFrame:
    """Whether a recorded policy, reminders aside, was in force where and when the flag fell."""
    flags = evidence.flags
    return flags.with_columns(value=in_force(flags, evidence.cohort, FLAG))


def in_force(rows: pl.DataFrame, cohort: Cohort, at: str) -> pl.Expr:
    """Whether a recorded policy, reminders aside, was in force where and when each row fell."""
    policies = cohort.table("policies").filter(pl.col("kind") != "reminder").collect()
    found = pl.repeat(value=False, n=pl.len(), dtype=pl.Boolean)
    for policy in policies.iter_rows(named=True):
        here = pl.col(at) >= policy["start"]
        if policy.get("end") is not None:
            here &= pl.col(at) < policy["end"]
        for place in ("site", "therapist_id"):
            if policy.get(place) is not None:
                known = place in rows.columns
                here &= pl.col(place).eq_missing(policy[place]) if known else pl.lit(value=False)
        found |= here
    return found


def severe(evidence: Evidence) -> pl.DataFrame:
    """Whether the latest PHQ-9 was severe; null without one."""
    return _latest(evidence, "score").with_columns(value=pl.col("score") >= SEVERE)


def look_now(evidence: Evidence) -> pl.DataFrame:
    """Whether the latest item 9 was above 0. Otherwise it is unknown, never safe."""
    above = (pl.col("item_9") > 0).fill_null(value=False)
    return _latest(evidence, "item_9").with_columns(value=above)


def well_later(evidence: Evidence) -> pl.DataFrame:
    """Whether a score after the flag was reliably below the first, or showed recovery."""
    fell = pl.col("first") - pl.col("last") >= PHQ.reliable_change
    recovered = (pl.col("first") >= PHQ.case_at) & (pl.col("last") < PHQ.case_at)
    told = (pl.col("scores") > 1) & (pl.col("last_at") > pl.col(FLAG))
    found = evidence.flags.join(evidence.first_and_last, on=KEY, how="left", maintain_order="left")
    return found.with_columns(value=pl.when(told).then(fell | recovered))


def hours(*events: str) -> Rows:
    """Hours of such appointments within the horizon; null where one has no known length."""

    def rows(evidence: Evidence) -> pl.DataFrame:
        mine = evidence.appointments.lazy().filter(pl.col("event").is_in(events))
        booked = (
            evidence.after_flag(mine, "start")
            .group_by(KEY)
            .agg(pl.col("duration_min").sum().alias("minutes"), pl.col("duration_min").null_count())
        )
        found = evidence.flags.join(booked, on=KEY, how="left", maintain_order="left")
        told = pl.col("followed") & (pl.col("duration_min").fill_null(0) == 0)
        return found.with_columns(value=pl.when(told).then(pl.col("minutes").fill_null(0.0) / 60))

    return rows


def actions(cohort: Cohort, *kinds: str) -> pl.LazyFrame:
    """When such actions were recorded."""
    chosen = pl.col("kind").is_in(kinds)
    return cohort.table("actions").filter(chosen).select("client_id", "at")


def delivered(cohort: Cohort, purpose: str) -> pl.LazyFrame:
    """When such messages reached a client."""
    chosen = (pl.col("purpose") == purpose) & (pl.col("direction") == "outbound")
    return cohort.table("contacts").filter(chosen, pl.col("delivered")).select("client_id", "at")


def _tells_purposes(cohort: Cohort) -> bool:
    return cohort.has("contacts", "purpose") and cohort.has("contacts", "delivered")


def _latest(evidence: Evidence, column: str) -> pl.DataFrame:
    """Flags with the latest known value of a column of the PHQ-9."""
    known = evidence.scores.filter(pl.col("at") <= pl.col(FLAG), pl.col(column).is_not_null())
    latest = known.group_by(KEY, maintain_order=True).agg(pl.col(column).last())
    return evidence.flags.join(latest, on=KEY, how="left", maintain_order="left")
