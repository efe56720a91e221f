"""What is seen: appointments before `as_of`, and events within what is seen of an episode."""

from __future__ import annotations

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import MISSED, SCHEDULED
from carenotebook.core.parts import CLIENT, Part


def seen_appointments(cohort: Cohort) -> pl.LazyFrame:
    """Appointments that start before `as_of` and not before `observed_from`."""
    return cohort.appointments.filter(is_seen(cohort))


def is_seen(cohort: Cohort) -> pl.Expr:
    """Whether an appointment starts before `as_of` and not before `observed_from`."""
    start = pl.col("start")
    early = start < cohort.as_of
    return early if cohort.observed_from is None else early & (start >= cohort.observed_from)


def seen_rows(cohort: Cohort, *columns: str) -> pl.DataFrame:
    """Columns of the appointments seen of a cohort of one part, by client and time."""
    rows = cohort.parts[0]["appointments"].select("start", *columns).collect()
    start = rows["start"]
    early = cohort.observed_from is not None and (start < cohort.observed_from).any()
    # Where a whole part is seen, to filter would be to copy it.
    return rows.filter(is_seen(cohort)) if early or (start >= cohort.as_of).any() else rows


def calendar_bin(instant: str | pl.Expr, every: str, timezone: str) -> pl.Expr:
    """The first local day of the week, month or quarter in which an instant falls."""
    at = pl.col(instant) if isinstance(instant, str) else instant
    return at.dt.convert_time_zone(timezone).dt.date().dt.truncate(every)


def seen_episodes(cohort: Cohort) -> pl.DataFrame:
    """Spans of which something is seen, with `open`: not ended by `as_of`."""
    return pl.concat(seen_of_part(cohort, part).drop(CLIENT) for part in cohort.parts)


def seen_of_part(cohort: Cohort, part: Part) -> pl.DataFrame:
    """`seen_episodes` of one part, with `CLIENT`."""
    ended = pl.col("ended_at") <= cohort.as_of
    return (
        cohort.part_spans(part)
        .filter(pl.col("seen_from") < pl.col("seen_until"))
        .with_columns(open=~ended.fill_null(value=False))
    )


def ends_are_known(cohort: Cohort) -> bool:
    """Whether the data, or an explicit choice, say when an episode ends."""
    return cohort.has("episodes") or cohort.episode_end is not None


def within_episodes(
    events: pl.LazyFrame, episodes: pl.DataFrame, time: str, *columns: str
) -> pl.DataFrame:
    """Events that an episode sees, with its number, what is seen of it, and further `columns`.

    Parameters
    ----------
    events : polars.LazyFrame
        With client_id and the time.
    episodes : polars.DataFrame
        From `seen_episodes`; a client's do not overlap.
    time : str
    *columns : str
        Columns of the episodes to add; they replace those of the events.
    """
    added = ["episode", "seen_from", "seen_until", *columns]
    spans = episodes.select("client_id", *added).sort("seen_from").lazy()
    found = events.drop(added, strict=False).sort(time)
    return (
        found.join_asof(
            spans,
            left_on=time,
            right_on="seen_from",
            by="client_id",
            coalesce=False,
            check_sortedness=False,
        )
        .filter(pl.col(time) < pl.col("seen_until"))
        .collect()
    )


def latest_outcomes(cohort: Cohort, episodes: pl.DataFrame) -> pl.LazyFrame:
    """The outcome of the latest appointment, with a usable one, that each episode sees.

    Where two start together, misses come first, attended last, then appointment_id decides: the
    order in which criteria read them.

    Returns
    -------
    polars.LazyFrame
        client_id, episode, outcome.
    """
    outcome = pl.col("outcome").cast(pl.String)
    rank = pl.when(outcome.is_in(MISSED)).then(0).when(outcome == "attended").then(2).otherwise(1)
    ties = ["appointment_id"] if cohort.has("appointments", "appointment_id") else []
    resolved = cohort.appointments.filter(outcome.is_in(SCHEDULED)).select(
        "client_id", "start", *ties, outcome=outcome, rank=rank
    )
    return (
        within_episodes(resolved, episodes, "start")
        .lazy()
        .sort("client_id", "episode", "start", "rank", *ties)
        .group_by("client_id", "episode", maintain_order=True)
        .agg(pl.col("outcome").last())
    )
