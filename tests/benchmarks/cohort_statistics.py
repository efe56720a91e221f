"""Control chart, funnel, retention and interrupted time series, straight from a stored cohort.

Each stands beside a floor, a bare scan of what it reads and the fit on its ready aggregate, and
beside the plain way: polars over all rows, told what to count but not how rows are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from cohorts import bare_scan

import carenotebook as cn
from carenotebook.core.durations import DAY
from carenotebook.core.options import SCHEDULED
from carenotebook.core.parts import CLIENT
from carenotebook.effects.policy_rows import series_of
from carenotebook.effects.referred import referred, starts_of
from carenotebook.results.result import Result

COUNTED, MISSED = ["attended", "no_show", "late_cancel"], ["no_show", "late_cancel"]
EPISODES = (CLIENT, "client_id", "started_at", "ended_at", "end_reason")
WEEKS_12 = 84 * DAY
Call = Callable[[], Any]


def told(found: Result, _: Path) -> list[list[str]]:
    """The figures, to nine digits."""
    numbers = found.tidy().select(pl.selectors.numeric())
    return [[f"{v:.9g}" for v in row if v is not None] for row in numbers.iter_rows()]


def chart(home: Path) -> Call:
    """Missed appointments by week."""
    return lambda: cn.control_chart(cn.load(home))


def chart_floor(home: Path) -> Call:
    cohort = cn.load(home)
    scan = bare_scan(cohort, {"appointments": (CLIENT, "start", "outcome")})
    ready = cn.control_chart(cohort)
    return lambda: (scan(), _charted(ready.counts))[0]


def chart_plainly(home: Path) -> Call:
    return lambda: _charted(_shares(cn.load(home), _week().alias("time")))


def funnel(home: Path) -> Call:
    """Missed appointments by therapist."""
    return lambda: cn.funnel_plot(cn.load(home), "therapist_id")


def funnel_floor(home: Path) -> Call:
    cohort = cn.load(home)
    columns = (CLIENT, "start", "outcome", "therapist_id")
    scan = bare_scan(cohort, {"appointments": columns})
    ready = cn.funnel_plot(cohort, "therapist_id")
    return lambda: (scan(), _compared(ready.counts))[0]


def funnel_plainly(home: Path) -> Call:
    return lambda: _compared(_shares(cn.load(home), pl.col("therapist_id")))


def retention(home: Path) -> Call:
    """How long clients stay until they complete, where other ends may come first."""
    return lambda: cn.retention(cn.load(home), "completed")


def retention_floor(home: Path) -> Call:
    cohort = cn.load(home)
    scan = bare_scan(cohort, {"episodes": EPISODES})
    # One episode a client here, so that a number stands for the client.
    stays = _stays(cohort).drop("client_id").with_row_index("client_id")
    return lambda: (scan(), _curve(stays))[0]


def retention_plainly(home: Path) -> Call:
    return lambda: _curve(_stays(cn.load(home)))


def series(home: Path) -> Call:
    """What the policy did to every outcome of those referred."""
    return lambda: cn.policy_effect(cn.load(home))


def series_floor(home: Path) -> Call:
    cohort = cn.load(home)
    columns = {"appointments": (CLIENT, "start", "outcome"), "episodes": EPISODES}
    people = referred(cohort, starts_of(cohort, None, None), None, WEEKS_12, "1mo")
    found = series_of(people)
    outcomes = cn.policy_effect(cohort).outcomes["outcome"].to_list()
    scan = bare_scan(cohort, columns)
    return lambda: (scan(), [_fitted(found.points, o, found.start) for o in outcomes])[0]


def series_plainly(home: Path) -> Call:
    """The same outcomes, but not where everyone stood at the end."""

    def fitted() -> Any:
        points, start = _by_month(cn.load(home))
        outcomes = [c for c in points.columns if c not in ("period", "clients") and points[c].sum()]
        return {o: _fitted(points, o, start) for o in outcomes}["missed"]

    return fitted


def _shares(cohort: cn.Cohort, cell: pl.Expr) -> pl.DataFrame:
    counted = pl.col("outcome").is_in(COUNTED)
    missed = pl.col("outcome").is_in(MISSED)
    return (
        cohort.appointments.filter(counted)
        .group_by(cell)
        .agg(
            numerator=missed.sum().cast(pl.Int64),
            denominator=pl.len().cast(pl.Int64),
            clients=pl.col("client_id").n_unique(),
            clients_with=pl.col("client_id").filter(missed).n_unique(),
            clients_without=pl.col("client_id").filter(~missed).n_unique(),
        )
        .sort(pl.first())
        .collect()
    )


def _week() -> pl.Expr:
    return pl.col("start").dt.date().dt.truncate("1w")


def _charted(counts: pl.DataFrame) -> Any:
    return cn.quality.spc(counts, "numerator", "time", "pprime", denominator="denominator")


def _compared(counts: pl.DataFrame) -> Any:
    rate = pl.col("numerator").sum() / pl.col("denominator").sum()
    units = counts.with_columns(expected=pl.col("denominator") * rate)
    return cn.quality.funnel(units, "therapist_id", "numerator", "expected")


def _stays(cohort: cn.Cohort) -> pl.DataFrame:
    until = pl.min_horizontal("ended_at", pl.lit(cohort.as_of))
    reason = pl.col("end_reason").cast(pl.String)
    way = pl.when(reason == "completed").then(reason).otherwise(pl.lit("other end of care"))
    return (
        cohort.table("episodes")
        .select(
            "client_id",
            days=(until - pl.col("started_at")).dt.total_microseconds() / DAY,
            way=pl.when(pl.col("ended_at") <= cohort.as_of).then(way),
        )
        .collect()
    )


def _curve(stays: pl.DataFrame) -> Any:
    return cn.effects.cumulative_incidence(stays, "days", "way", cluster="client_id")


def _by_month(cohort: cn.Cohort) -> tuple[pl.DataFrame, Any]:
    """Appointments by outcome within 12 weeks of those who began in a month."""
    start = cohort.table("policies").collect()["start"][0]
    at, until = pl.col("started_at"), pl.col("started_at") + pl.duration(microseconds=WEEKS_12)
    side = pl.when(until <= start).then(pl.lit("before")).when(at >= start).then(pl.lit("after"))
    people = cohort.table("episodes").filter(until <= cohort.as_of).with_columns(side=side)
    within = pl.col("start").is_between(at, until, closed="left")
    outcomes = {"missed": MISSED, "sessions": SCHEDULED, **{o: [o] for o in SCHEDULED}}
    counts = (
        people.join(cohort.appointments, on="client_id")
        .filter(within)
        .group_by("client_id")
        .agg(pl.col("outcome").is_in(v).sum().cast(pl.Int64).alias(n) for n, v in outcomes.items())
    )
    month = at.dt.date().dt.truncate("1mo").alias("period")
    rows = people.join(counts, on="client_id", how="left").with_columns(month).collect()
    after = rows.filter(side="after")["period"].min()
    early = (pl.col("side") == "before") & (pl.col("period") < after)
    kept = rows.filter((pl.col("side") == "after") | early)
    sums = (pl.col(n).fill_null(0).sum() for n in outcomes)
    points = kept.group_by("period").agg(*sums, clients=pl.len().cast(pl.Int64))
    return points.sort("period"), after


def _fitted(points: pl.DataFrame, outcome: str, start: Any) -> Any:
    return cn.effects.interrupted_time_series(
        points, outcome, "period", start, "clients", family="quasipoisson"
    )


WAYS = {
    "control chart": (chart, chart_floor, chart_plainly),
    "funnel": (funnel, funnel_floor, funnel_plainly),
    "retention": (retention, retention_floor, retention_plainly),
    "interrupted series": (series, series_floor, series_plainly),
}
"""Ours, the floor and the plain way, by what is answered."""
