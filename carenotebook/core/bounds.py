"""The times that bound what a cohort shows: how `as_of` is told, and how episodes end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError


def default_as_of(tables: Mapping[str, pl.DataFrame]) -> datetime:
    """One microsecond after the latest recorded happening."""
    return after_latest(latest_happening(tables))


def after_latest(latest: datetime | None) -> datetime:
    """The default of `as_of` after what happened last."""
    if latest is None:
        raise OptionError(
            "as_of cannot be told: no row says that anything has happened yet. Pass as_of=."
        )
    return latest + timedelta(microseconds=1)


def latest_happening(tables: Mapping[str, pl.DataFrame]) -> datetime | None:
    """When the latest recorded happening was; None if nothing has happened yet."""
    happened = ("attended", "no_show", "technical_failure", "was_not_brought")
    latest: list[datetime] = []
    for name, frame in tables.items():
        if name == "appointments":
            took_place = frame.filter(pl.col("outcome").is_in(happened))
            columns = [took_place["start"]]
            columns += [frame[c] for c in ("booked_at", "cancelled_at") if c in frame.columns]
        else:
            columns = [frame["at"]] if "at" in frame.columns else []
        latest += [last for c in columns if isinstance(last := c.max(), datetime)]
    return max(latest, default=None)


def check_episode_end(episode_end: str, tables: Collection[str]) -> None:
    """Refuse an `episode_end` that is no duration, or that stands beside an `episodes` table."""
    if "episodes" in tables:
        raise OptionError(
            "episode_end= says how episodes end without an episodes table; this cohort has one. "
            "Leave it out: there, a null ended_at means still open."
        )
    if episode_end != "as_of":
        duration_us(episode_end, "episode_end")
