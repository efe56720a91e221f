"""How far a group is from the group of reference, and how small a gap could have been seen."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import polars as pl

from carenotebook.appraise.estimates import PER
from carenotebook.appraise.measures import A_WEEK, FLAG_RATE, RATIO
from carenotebook.results.statistics import Z95

POWER = 0.8
GAPS = ("difference", "difference_low", "difference_high", "smallest_gap")
_MULTIPLE = Z95 + NormalDist().inv_cdf(POWER)
_OTHER = "_reference"
_OF_OTHER = (
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "numerator",
    "denominator",
    "design_effect",
)


def contrasted(frame: pl.DataFrame) -> pl.DataFrame:
    """With `GAPS`, against the group of reference of the same split, and rows of flag-rate ratios.

    Parameters
    ----------
    frame : polars.DataFrame
        The counts and figures of `carenotebook.appraise.estimates`, with split, group, term, kind
        and reference.

    Notes
    -----
    The interval of a difference is had from those of the two (MOVER: Zou GY, Donner A (2008) Stat
    Med 27:1693-1702; for shares it is Newcombe's tenth method, Stat Med 1998;17:873-890), that of a
    ratio from the same on the log scale.

    The smallest gap is the difference that data of this size would have shown with a power of 80 %
    at a two-sided level of 5 %: (1.960 + 0.842) times its standard error were there no difference
    (minimum detectable effect; Bloom HS (1995) Eval Rev 19:547-556).
    """
    is_reference = pl.col("group") == pl.col("reference")
    others = frame.filter(is_reference).select(
        "split", "term", *(pl.col(c).alias(c + _OTHER) for c in _OF_OTHER)
    )
    told = frame.join(others, on=["split", "term"], how="left", maintain_order="left")
    low, high = _interval(lambda column: column)
    error = pl.when(pl.col("kind") == "share").then(_pooled_error()).otherwise(_error())
    gaps = {
        "difference": pl.col("estimate") - pl.col("estimate" + _OTHER),
        "difference_low": low,
        "difference_high": high,
        "smallest_gap": pl.when(error > 0).then(_MULTIPLE * error),
    }
    # Reviews a week grow with a group's size, so their difference says nothing of the group.
    compared = ~is_reference & (pl.col("unit") != A_WEEK)
    apart = told.with_columns(pl.when(compared).then(gap).alias(n) for n, gap in gaps.items())
    rates = apart.filter(pl.col("term") == FLAG_RATE, ~is_reference)
    return pl.concat([apart, _ratios(rates)]).drop(c + _OTHER for c in _OF_OTHER)


def _ratios(rates: pl.DataFrame) -> pl.DataFrame:
    low, high = _interval(pl.Expr.log)
    ratio = {
        "estimate": pl.col("estimate") / pl.col("estimate" + _OTHER),
        "conf_low": low.exp(),
        "conf_high": high.exp(),
    }
    usable = (pl.col("estimate") > 0) & (pl.col("estimate" + _OTHER) > 0)
    return rates.with_columns(
        pl.lit(RATIO).alias("term"),
        pl.lit("ratio").alias("unit"),
        *(pl.when(usable).then(value).alias(name) for name, value in ratio.items()),
        *(pl.lit(None, pl.Float64).alias(c) for c in ("std_error", *GAPS)),
    )


def _interval(scale: Callable[[pl.Expr], pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    """Bounds of the difference of two figures on a scale, from their own bounds."""
    (e1, l1, u1), (e2, l2, u2) = (
        [scale(pl.col(c + of)) for c in ("estimate", "conf_low", "conf_high")]
        for of in ("", _OTHER)
    )
    down = ((e1 - l1) ** 2 + (u2 - e2) ** 2).sqrt()
    up = ((u1 - e1) ** 2 + (e2 - l2) ** 2).sqrt()
    return e1 - e2 - down, e1 - e2 + up


def _pooled_error() -> pl.Expr:
    """Standard error of a difference of two shares that are the same."""
    x, n, effect = ("numerator", "denominator", "design_effect")
    p = (pl.col(x) + pl.col(x + _OTHER)) / (pl.col(n) + pl.col(n + _OTHER))
    spread = pl.col(effect) / pl.col(n) + pl.col(effect + _OTHER) / pl.col(n + _OTHER)
    return pl.col(PER) * (p * (1 - p) * spread).sqrt()


def _error() -> pl.Expr:
    return (pl.col("std_error") ** 2 + pl.col("std_error" + _OTHER) ** 2).sqrt()
