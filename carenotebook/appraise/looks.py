"""Who is on a rule's list when the staff look, and who then stays away. Client-level."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.criteria.replay import Replay
from carenotebook.describe.seen import seen_episodes

LOOK = "look"


def looks(cohort: Cohort, every: str, horizon: str) -> pl.DataFrame:
    """One row a look at an episode in care, every so often since it is first seen.

    Returns
    -------
    polars.DataFrame
        client_id, episode, look (when), away: whether the client attends no session later than the
        look and within the horizon, and care does not end within it by agreement (completed,
        transferred) or death; null where what is seen ends before that.
    """
    step, length = (
        timedelta(microseconds=duration_us(text, name, zero=False))
        for text, name in ((every, "every"), (horizon, "horizon"))
    )
    taken = pl.datetime_ranges(
        pl.col("seen_from") + step, pl.col("seen_until"), interval=step, closed="left"
    )
    looked = (
        seen_episodes(cohort)
        .filter(pl.col("seen_from") + step < pl.col("seen_until"))
        .select("client_id", "episode", taken.alias(LOOK), settled=_settled(cohort))
        .explode(LOOK)
        .sort(LOOK)
    )
    attended = cohort.appointments.filter(
        pl.col("outcome") == "attended", pl.col("start") < cohort.as_of
    ).select("client_id", back="start")
    told = looked.join_asof(
        attended.collect().sort("back"),
        left_on=LOOK,
        right_on="back",
        by="client_id",
        strategy="forward",
        allow_exact_matches=False,
        coalesce=False,
        check_sortedness=False,
    )
    until = pl.col(LOOK) + length
    away = (pl.col("back") > until).fill_null(value=True)
    away &= ~(pl.col("settled") <= until).fill_null(value=False)
    followed = until <= cohort.as_of
    return told.select("client_id", "episode", LOOK, away=pl.when(followed).then(away))


def _settled(cohort: Cohort) -> pl.Expr:
    """When care ended in a way that nobody needs to bring back; null if it did not, or unknown."""
    if not cohort.has("episodes", "end_reason"):
        return pl.lit(None, pl.Datetime("us", "UTC"))
    return pl.when(pl.col("end_reason").is_in(["completed", "transferred", "died"])).then(
        "ended_at"
    )


def listed(looked: pl.DataFrame, replay: Replay) -> pl.Series:
    """Whether the rule holds at each look."""
    spans = replay.intervals.select("client_id", "episode", "flagged_at", "cleared_at")
    found = (
        looked.with_row_index("_row")
        .sort(LOOK)
        .join_asof(
            spans.sort("flagged_at"),
            left_on=LOOK,
            right_on="flagged_at",
            by=["client_id", "episode"],
            coalesce=False,
            check_sortedness=False,
        )
    )
    holds = (pl.col(LOOK) < pl.col("cleared_at")).fill_null(value=False)
    return found.sort("_row").select(holds)[LOOK]
