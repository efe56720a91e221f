"""Check-ins as they are counted, by what was named, and the appointments after them."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.journal import NOT_SAID
from carenotebook.core.options import MISSED, REASONS
from carenotebook.describe.seen import seen_appointments

NONE_NAMED = "none_named"
"""A check-in that was answered and names no obstacle."""

NO_OBSTACLE = "no_obstacle"
"""A check-in that names none, or whose client would rather not say."""

TERMS = (*(r for r in REASONS if r != NOT_SAID), NONE_NAMED, NOT_SAID)
_OBSTACLES = TERMS[:-2]


def seen_check_ins(cohort: Cohort) -> pl.DataFrame:
    """Check-ins that are seen: client_id, at, and `named`, the list of what was named in each.

    Rows of one client and instant are one check-in.
    """
    found = cohort.table("checkins", "obstacles()").filter(pl.col("at") < cohort.as_of)
    if cohort.observed_from is not None:
        found = found.filter(pl.col("at") >= cohort.observed_from)
    named = pl.col("barrier").cast(pl.String).fill_null(NONE_NAMED)
    return (
        found.group_by("client_id", "at")
        .agg(named.unique().alias("named"))
        .sort("client_id", "at")
        .collect()
    )


def named_rows(check_ins: pl.DataFrame) -> pl.DataFrame:
    """One row a check-in and term that occurs: whether it was named there.

    Where an obstacle is named, nothing else is: that none was, or was not said, is left out.
    """
    every = pl.DataFrame({"term": TERMS})
    long = check_ins.join(every, how="cross")
    others = pl.col("named").list.set_intersection(list(_OBSTACLES)).list.len() > 0
    named = pl.col("term").is_in(pl.col("named")) & ~(
        others & pl.col("term").is_in([NONE_NAMED, NOT_SAID])
    )
    occurs = long.with_columns(value=named).drop("named")
    kept = occurs.group_by("term").agg(pl.col("value").any()).filter("value")["term"]
    return occurs.filter(pl.col("term").is_in(kept.implode()))


def appointments_after(cohort: Cohort, check_ins: pl.DataFrame, within: str) -> pl.DataFrame:
    """Appointments kept or missed soon after a check-in, by what the latest one before it names.

    Returns
    -------
    polars.DataFrame
        client_id, at (of the check-in), term, value (missed): one row an appointment and obstacle.
    """
    outcome = pl.col("outcome").cast(pl.String)
    wanted = (
        seen_appointments(cohort)
        .filter(outcome.is_in(["attended", *MISSED]))
        .select("client_id", "start", value=outcome.is_in(MISSED))
        .sort("start")
        .collect()
    )
    joined = wanted.join_asof(
        check_ins.sort("at"),
        left_on="start",
        right_on="at",
        by="client_id",
        strategy="backward",
        allow_exact_matches=False,
        tolerance=timedelta(microseconds=duration_us(within, "within", zero=False)),
        coalesce=False,
        check_sortedness=False,
    )
    obstacles = pl.col("named").list.set_intersection(list(_OBSTACLES))
    nothing = pl.lit([NO_OBSTACLE], pl.List(pl.String))
    told = pl.when(obstacles.list.len() > 0).then(obstacles).otherwise(nothing)
    after = joined.filter(pl.col("at").is_not_null()).with_columns(term=told)
    return after.select("client_id", "at", "term", "value").explode("term")
