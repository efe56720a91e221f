"""How attendance so far goes with the rate at which clients leave: a cohort in stretches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import DAY
from carenotebook.core.errors import OptionError
from carenotebook.core.options import END_REASONS, MISSED, check_option
from carenotebook.describe.seen import seen_appointments, seen_episodes, within_episodes
from carenotebook.effects.clusters import names_of
from carenotebook.effects.followup import KEY, with_columns
from carenotebook.effects.hazards import HazardModel, hazard_model
from carenotebook.results.estimate import Assumption

Cluster = Literal["client_id", "therapist_id"]
CALLER = "attendance_hazard()"
SHARE, LAST = "share_10_points", "missed_last"


def attendance_hazard(
    cohort: Cohort,
    event: str = "dropped_out",
    *,
    adjust: Sequence[str] = (),
    cluster: Cluster | Sequence[Cluster] = "client_id",
) -> HazardModel:
    """How attendance so far goes with the rate at which care ends (Cox regression).

    For asking whether those who have missed more leave sooner, each moment compared with others who
    have been in care for as long. It describes: how somebody is decides on attending and leaving.

    Parameters
    ----------
    cohort : Cohort
        Needs `episodes` with end_reason.
    event : str
        The end of interest: "dropped_out", "completed", "ended_by_service", "transferred" or
        "died". Other ends count as ends of follow-up, so that rates are of this end alone.
    adjust : sequence of str
        Columns of `clients` or `episodes` known at the start.
    cluster : {"client_id", "therapist_id"}, or both in a list
        Whose rows go together.

    Returns
    -------
    HazardModel
        Terms: share_10_points (ten points more of the sessions so far attended, of those attended
        or missed), missed_last (the last one was missed), and those of `adjust`.

    Raises
    ------
    MissingDataError
        If the cohort does not say how episodes end, or lacks a column.
    OptionError
        For an unknown end, no such end, or a covariate that is constant or collinear.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> cn.attendance_hazard(cohort).tidy()["term"].to_list()
    ['share_10_points', 'missed_last']

    Notes
    -----
    Andersen & Gill 1982: a stretch from each session to the next, with what was known at its start;
    days since the episode is first seen, entered late. Time before the first session that was
    attended or missed has no attendance yet, and is left out.

    Where what decides on dropping out is recorded, intervals held the truth in 94 and 96 of 100
    made-up services. Where a state that nobody records decides on missing and on dropping out, 37
    of 100 in which the share attended changes nothing seemed to show that it does
    (`tests/validation/RESULTS.md`).
    """
    check_cohort(cohort, "attendance_hazard()")
    ends = [e for e in END_REASONS if e != "ongoing"]
    check_option("event", event, ends)
    cohort.require("episodes", "ended_at", "end_reason", needed_by=CALLER)
    ways = names_of(cluster, CALLER)
    for way in ways:
        check_option("cluster", way, get_args(Cluster))
    extra = [*adjust, *(w for w in ways if w not in KEY)]
    rows, without = _stretches(cohort, event, list(dict.fromkeys(extra)))
    if rows.is_empty():
        raise OptionError(f"{CALLER}: no episode has a session that was attended or missed.")
    found = hazard_model(
        rows, "until", "left", [SHARE, LAST, *adjust], entry="since", cluster=ways or None
    )
    basis = found.basis
    clusters = {"clients": rows["client_id"].n_unique(), **basis.clusters}
    told = {"episodes without a session": without} if without else {}
    return replace(
        found,
        heading=f"Rate of care ending by {event.replace('_', ' ')}, by attendance so far",
        basis=replace(
            basis,
            estimand=f"Log ratio of the rates at which care ends by {event.replace('_', ' ')} for "
            "ten points more of the sessions so far attended, and where the last one was missed, "
            "among those still in care.",
            clusters=clusters,
            left_out={**basis.left_out, **told},
            assumptions=(
                *basis.assumptions,
                Assumption("Nothing else decides both on attending and on leaving."),
            ),
            caveat="Those who are unwell, or well enough, may both miss and leave; a ratio here "
            "does not say that missing makes them leave.",
        ),
    )


def _stretches(cohort: Cohort, event: str, columns: list[str]) -> tuple[pl.DataFrame, int]:
    """One row a stretch between sessions, and how many episodes have none."""
    episodes = seen_episodes(cohort)
    sessions = _sessions(cohort, episodes)
    known = with_columns(cohort, episodes, columns, CALLER).join(
        episodes.select(*KEY, way=pl.col("end_reason").cast(pl.String)), on=KEY
    )
    came = pl.col("came").cum_sum().over(KEY, order_by="at")
    due = pl.col("due").cum_sum().over(KEY, order_by="at")
    later = pl.col("at").shift(-1).over(KEY, order_by="at")
    rows = (
        sessions.join(known, on=KEY)
        .with_columns(ends=pl.coalesce(later, "seen_until"), last=later.is_null())
        .with_columns(
            since=_days("at"),
            until=_days("ends"),
            left=pl.col("last") & ~pl.col("open") & (pl.col("way") == event).fill_null(value=False),
            **{SHARE: 10 * came / due, LAST: pl.col("came") == 0},
        )
        .filter(pl.col("until") > pl.col("since"))
    )
    seen = rows.select(KEY).unique().height
    return rows.sort(*KEY, "since"), episodes.height - seen


def _sessions(cohort: Cohort, episodes: pl.DataFrame) -> pl.DataFrame:
    """Sessions attended or missed; those at one instant as one row."""
    outcome = pl.col("outcome").cast(pl.String)
    events = seen_appointments(cohort).filter(outcome.is_in(["attended", *MISSED]))
    inside = within_episodes(
        events.select("client_id", at="start", came=outcome == "attended"), episodes, "at"
    )
    return inside.group_by(*KEY, "at").agg(pl.col("came").sum().cast(pl.Int64), due=pl.len())


def _days(column: str) -> pl.Expr:
    return (pl.col(column) - pl.col("seen_from")).dt.total_microseconds() / DAY
