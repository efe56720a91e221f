"""From arrays of codes and minutes to polars columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from carenotebook.synthetic.draws import Floats, Ints

_TIME = pl.Datetime("us", "UTC")
_US = 60_000_000


def times(minutes: Ints, known: Any = None) -> pl.Series:
    """UTC times of whole minutes; null where not `known`."""
    column = pl.Series(minutes * _US).cast(_TIME)
    return column if known is None else _where(column, known)


def labels(codes: Ints, names: Sequence[str], dtype: Any = pl.String) -> pl.Series:
    """The name of each code; null for a code below 0."""
    lookup = pl.Series(list(names), dtype=dtype)
    return lookup.gather(_where(pl.Series(codes), codes >= 0))


def idents(numbers: Ints, prefix: str, width: int, known: Any = None) -> pl.Series:
    """Ids such as ``client-00042``, padded so that they sort as their numbers do."""
    digits = pl.Series(numbers).cast(pl.String).str.zfill(width)
    column = pl.Series([prefix + "-"], dtype=pl.String).gather(np.zeros(numbers.size, np.int64))
    column = column + digits
    return column if known is None else _where(column, known)


def numbers(values: Floats, known: Any = None) -> pl.Series:
    """Floats; null where not `known`."""
    column = pl.Series(values.astype(np.float64))
    return column if known is None else _where(column, known)


def _where(column: pl.Series, known: Any) -> pl.Series:
    return column.to_frame("c").select(pl.when(pl.Series(known)).then("c")).to_series()
