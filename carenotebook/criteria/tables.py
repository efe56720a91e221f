"""A table of a range of clients, cut to fewer of them once its rows are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from carenotebook.core.parts import CLIENT
from carenotebook.criteria.spans import Keys, Mask

NULL = np.iinfo(np.int64).min
"""Stands for a null among times, as numpy has it."""


@dataclass(frozen=True)
class Table:
    """Rows in the order of the `CLIENT` column, all of clients with numbers in [low, high)."""

    whole: pl.DataFrame
    low: int
    high: int
    cut_from: tuple[Table, Mask] | None = None
    """A table of more clients, and which of them count: a mask over the numbers."""

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The rows."""
        if self.cut_from is None:
            return self.whole
        wider, clients = self.cut_from[0].nearest, self.cut_from[1]
        return _filtered(wider.frame, pl.Series(np.repeat(clients, wider.rows_by_client)))

    @cached_property
    def rows_by_client(self) -> Keys:
        """Rows of each number from low to high."""
        if self.cut_from is not None:
            return np.where(self.cut_from[1], self.cut_from[0].nearest.rows_by_client, 0)
        numbers = column(self.whole, CLIENT)
        bounds = np.arange(self.low, self.high + 1, dtype=numbers.dtype)
        return np.diff(np.searchsorted(numbers, bounds))

    @property
    def nearest(self) -> Table:
        """The smallest table of all these clients whose rows are at hand."""
        if self.cut_from is None or "frame" in vars(self):
            return self
        return self.cut_from[0].nearest

    def narrowed(self, clients: Mask) -> Table:
        """The rows of some of the clients, cut out once they are asked for."""
        return replace(self, cut_from=(self, clients))

    def rows(self, chosen: pl.Expr | None, *columns: str) -> pl.DataFrame:
        """Columns of the chosen rows (null is not chosen), in order."""
        kept = self.frame[list(columns)]
        if chosen is None or kept.is_empty():
            return kept
        return _filtered(kept, self.frame.select(chosen).to_series())

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.whole.columns


def _filtered(frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
    """What `frame.filter` gives, without the time that planning it takes."""
    mask = mask if len(mask) == frame.height else mask.new_from_index(0, frame.height)
    return pl.DataFrame([series.filter(mask) for series in frame.iter_columns()])


def column(frame: pl.DataFrame, name: str) -> Keys:
    """A column as an array; times in microseconds, or `NULL`."""
    values = frame[name].to_numpy()
    return values.view(np.int64) if values.dtype.kind == "M" else values
