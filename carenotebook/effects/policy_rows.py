"""Everyone referred, laid out as each design needs it."""

from __future__ import annotations

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import SCHEDULED
from carenotebook.effects.referred import AFTER, BEFORE

MEASURES = [*SCHEDULED, "missed", "sessions"]
_CALLER = "policy_effect()"


def series_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, object]:
    """Clients on a side, points (counts and clients by period), and the first period after."""
    after = frame.filter(side=AFTER)
    if after.is_empty() or frame.filter(side=BEFORE).is_empty():
        raise OptionError(
            f"{_CALLER}: nobody was followed wholly {'after' if after.is_empty() else 'before'} "
            "the policy began. Take a shorter follow_up=, or data over a longer time."
        )
    start = after["period"].min()
    kept = frame.filter(
        (pl.col("side") == AFTER) | ((pl.col("side") == BEFORE) & (pl.col("period") < start))
    )
    counts = [pl.col(m).sum() for m in MEASURES]
    points = kept.group_by("period").agg(*counts, clients=pl.len().cast(pl.Int64)).sort("period")
    return kept, points, start


def client_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Clients on a side of the start at their own unit."""
    side, first = pl.col("side"), pl.col("first")
    before = (side == BEFORE) & (first.is_null() | (pl.col("period") < first))
    return frame.filter((side == AFTER) | before)


def unit_rows(frame: pl.DataFrame, unit: str, every: str) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Clients, means by unit and period, and the periods in which follow-up lies across the start.

    A unit counts as treated from the first period in which somebody's follow-up reaches the policy.
    """
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
