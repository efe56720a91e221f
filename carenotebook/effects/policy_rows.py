"""Everyone referred, laid out as each design needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import SCHEDULED
from carenotebook.effects.referred import AFTER, BEFORE, Referred

MEASURES = [*SCHEDULED, "missed", "sessions"]
_CALLER = "policy_effect()"


@dataclass(frozen=True)
class Series:
    """Clients of two sides, one after the other in time.

    Attributes
    ----------
    clients, counts : polars.DataFrame
        As of `Referred`, of the two sides.
    points : polars.DataFrame
        Counts and clients by period.
    start : datetime.date
        The first period after.
    """

    clients: pl.DataFrame
    counts: pl.DataFrame
    points: pl.DataFrame
    start: date


def series_of(people: Referred) -> Series:
    """The series before and after.

    Raises
    ------
    OptionError
        If a side is empty.
    """
    side, period = pl.col("side"), pl.col("period")
    start, before = (people.counts.filter(side == s)["period"].min() for s in (AFTER, BEFORE))
    if not isinstance(start, date) or before is None:
        raise OptionError(
            f"{_CALLER}: nobody was followed wholly {'after' if start is None else 'before'} "
            "the policy began. Take a shorter follow_up=, or data over a longer time."
        )
    kept = (side == AFTER) | ((side == BEFORE) & (period < start))
    clients, counts = people.frame.filter(kept), people.counts.filter(kept)
    many = clients.group_by("period").agg(clients=pl.len().cast(pl.Int64))
    points = counts.group_by("period").agg(pl.col(MEASURES).sum()).join(many, "period")
    return Series(clients, counts, points.sort("period"), start)


def client_rows(people: Referred) -> pl.DataFrame:
    """Clients on a side of the start at their own unit."""
    side, first = pl.col("side"), pl.col("first")
    before = (side == BEFORE) & (first.is_null() | (pl.col("period") < first))
    return people.frame.hstack(people.counts).filter((side == AFTER) | before)


def unit_rows(people: Referred, unit: str, every: str) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Clients, means by unit and period, and the periods in which follow-up lies across the start.

    A unit counts as treated from the first period in which somebody's follow-up reaches the policy.
    """
    frame = people.frame.hstack(people.counts)
    kept = _seen_everywhere(frame.with_columns(first="reached"), unit)
    means = kept.group_by(unit, "period").agg(
        *(pl.col(m).mean() for m in MEASURES), pl.col("first").first()
    )
    starts = kept.select("first", "judged").unique().drop_nulls()
    spans = [
        len(pl.date_range(a, b, every, eager=True)) - 1
        for a, b in zip(starts["first"], starts["judged"], strict=True)
    ]
    return kept, means.sort(unit, "period"), max(spans, default=0)


def _seen_everywhere(frame: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Without the periods at the ends in which some unit has no client."""
    units = frame[unit].n_unique()
    full = frame.group_by("period").agg(n=pl.col(unit).n_unique()).filter(pl.col("n") == units)
    if full.height < 2:
        raise OptionError(
            f"{_CALLER}: hardly any period has a client referred at every {unit}. Take longer "
            "periods (every=), or larger units."
        )
    low, high = full["period"].min(), full["period"].max()
    return frame.filter(pl.col("period").is_between(low, high))
