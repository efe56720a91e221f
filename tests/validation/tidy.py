"""From what a method returns to an `Answer`."""

from __future__ import annotations

from typing import Any

import polars as pl
from validation.engine import Answer


def answer(frame: pl.DataFrame, term: str | None = None, truth: float | None = None) -> Answer:
    """The row of a term, or the only row, of a tidy frame."""
    if term is not None:
        frame = frame.filter(pl.col("term") == term)
    row: dict[str, Any] = frame.row(0, named=True)
    return Answer(row["estimate"], row["conf_low"], row["conf_high"], truth, row.get("p_value"))
