"""Time along a series or a panel as numbers, whatever its column holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array, numbers

_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_DAYS = {"week": 7.0, "day": 1.0}


@dataclass(frozen=True)
class Clock:
    """How the values of a time column become numbers.

    Attributes
    ----------
    dtype : polars.DataType
        What the column holds.
    unit : str
        "step" for a column of numbers; else the coarsest of year, quarter, month (where every
        value is the first of its month), week and day that divides every distance.
    origin : Any
        The first value of a column of dates, which is 0; None for numbers, which stay.
    caller : str
    """

    dtype: pl.DataType
    unit: str
    origin: Any
    caller: str

    def read(self, values: pl.Series) -> Array:
        """Values of the column as numbers."""
        if self.origin is None:
            return values.cast(pl.Float64).to_numpy()
        frame = pl.DataFrame({"t": values.cast(pl.Datetime("us"))})
        if self.unit in _DAYS:
            span = (pl.col("t") - self.origin).dt.total_microseconds() / 86_400_000_000
            return frame.select(span / _DAYS[self.unit]).to_series().to_numpy()
        first = self.origin.year * 12 + self.origin.month
        into = (pl.col("t").dt.day() - 1) / pl.col("t").dt.days_in_month()
        month = pl.col("t").dt.year() * 12 + pl.col("t").dt.month() - first
        return frame.select((month + into) / _MONTHS[self.unit]).to_series().to_numpy()

    def literal(self, value: Any, name: str) -> Any:
        """A value, or a date as text ("2024-03-01"), as the column holds it.

        Raises
        ------
        OptionError
            If it is of another kind.
        """
        given = pl.Series([_instant(value)], strict=False)
        fits = given[0] is not None and given.dtype.is_numeric() == self.dtype.is_numeric()
        fits &= given.dtype.is_numeric() or given.dtype.is_temporal()
        dtype = self.dtype if self.origin is not None else pl.Float64
        found = given.cast(dtype, strict=False)[0] if fits else None
        if found is None:
            raise OptionError(
                f"{self.caller}: {name}= must be of the kind that the time column holds "
                f"({self.dtype})."
            )
        return found

    def at(self, value: Any, name: str) -> float:
        """One value of the kind that the column holds, as a number."""
        dtype = self.dtype if self.origin is not None else pl.Float64
        return float(self.read(pl.Series([self.literal(value, name)], dtype=dtype))[0])


def _instant(value: Any) -> Any:
    """A date or an instant written as ISO 8601 has it; anything else as it is."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def clock_of(frame: pl.DataFrame, column: str, caller: str) -> Clock:
    """The clock of a time column: numbers as they are, dates by their spacing.

    Raises
    ------
    OptionError
        If the column holds neither numbers nor dates.
    """
    dtype = frame.schema[column]
    if dtype.is_numeric():
        numbers(frame, column, caller)
        return Clock(dtype, "step", None, caller)
    if dtype not in (pl.Date, pl.Datetime):
        raise OptionError(
            f"{caller}: {column} must hold numbers, dates or instants. Text is read "
            "by `str.to_date()` of polars, or `pandas.to_datetime`."
        )
    times = frame[column].unique().sort().cast(pl.Datetime("us"))
    origin = times[0]
    whole = bool((times.dt.truncate("1mo") == times).all())
    for unit in [*(_MONTHS if whole else ()), "week"]:
        steps = Clock(dtype, unit, origin, caller).read(times)
        if len(steps) > 1 and np.allclose(steps, np.round(steps)):
            return Clock(dtype, unit, origin, caller)
    return Clock(dtype, "day", origin, caller)
