"""How few clients are too few to be counted in what is shown, and how counts are rounded."""

from __future__ import annotations

import polars as pl

MIN_CELL = 11
"""Cells of 1 to one less than this are hidden (CMS cell size policy, published by ResDAC)."""

ROUND_TO = 5
"""What counts are rounded to, as in NHS Talking Therapies publications."""


def is_small(count: pl.Expr, min_cell: int = MIN_CELL) -> pl.Expr:
    """Whether a count is of too few to be shown."""
    return count.is_between(1, min_cell - 1)


def rounded(count: pl.Expr, min_cell: int = MIN_CELL, round_to: int = ROUND_TO) -> pl.Expr:
    """A count, rounded; what may be shown is not rounded to what may not.

    Examples
    --------
    >>> pl.select(rounded(pl.lit(243)), small=rounded(pl.lit(11))).row(0)
    (245, 15)
    """
    least = -(-min_cell // round_to) * round_to
    nearest = (count + round_to // 2) // round_to * round_to
    shown = pl.when(count >= min_cell).then(pl.max_horizontal(nearest, pl.lit(least)))
    return shown.otherwise(nearest).cast(pl.Int64)
