"""A table of a range of clients, cut to fewer of them, column by column, as they are asked for."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

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

    _columns: dict[str, pl.Series] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.whole.columns

    def series(self, name: str) -> pl.Series:
        """A column."""
        if self.cut_from is None:
            return self.whole[name]
        if name not in self._columns:
            wider, kept = self._cut
            self._columns[name] = wider.series(name).filter(kept)
        return self._columns[name]

    def rows(self, chosen: Sequence[pl.Series], *columns: str) -> list[Keys]:
        """Columns of the rows for which all of these hold (null does not), as `column` has them."""
        mine = [self.series(name) for name in columns]
        if chosen:
            kept = reduce(operator.and_, chosen)
            mine = [series.filter(kept) for series in mine]
        return [_array(series) for series in mine]

    def one_of(self, name: str, values: Sequence[object]) -> pl.Series:
        """Whether the column holds one of the values; null where it is null."""
        series = self.series(name)
        if isinstance(series.dtype, pl.Enum):
            known = series.dtype.categories.to_list()
            values = [v for v in values if v in known]
        # A comparison of a series is not planned, as an expression is, which would cost more.
        held = [series == value for value in values]
        return (
            reduce(operator.or_, held)
            if held
            else pl.Series([False]).new_from_index(0, len(series))
        )

    def narrowed(self, clients: Mask) -> Table:
        """The rows of some of the clients, cut out once they are asked for."""
        return Table(self.whole, self.low, self.high, (self, clients))

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
        """The smallest table of all these clients some of whose columns are at hand."""
        if self.cut_from is None or self._columns:
            return self
        return self.cut_from[0].nearest

    @cached_property
    def _cut(self) -> tuple[Table, pl.Series]:
        """The table to cut from, and which of its rows to keep."""
        assert self.cut_from is not None
        wider = self.cut_from[0].nearest
        return wider, pl.Series(np.repeat(self.cut_from[1], wider.rows_by_client))


def column(frame: pl.DataFrame, name: str) -> Keys:
    """A column as an array; times in microseconds, or `NULL`."""
    return _array(frame[name])


def _array(series: pl.Series) -> Keys:
    values = series.to_numpy()
    return values.view(np.int64) if values.dtype.kind == "M" else values
