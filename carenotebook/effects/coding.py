"""Columns as small whole numbers, so that rows can be counted without being sorted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
_NARROW = 4
"""A range of whole numbers up to so many times as wide as the column is long needs no sorting."""


def codes(column: pl.Series) -> Ints:
    """Numbers 0, 1, ... for the values of a column without nulls, in their order.

    Examples
    --------
    >>> codes(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return _coded(column)[0]


def pattern_codes(frame: pl.DataFrame, most: int) -> tuple[Ints, pl.DataFrame] | None:
    """The distinct rows of a frame without nulls, and which of them each row is.

    Parameters
    ----------
    frame : polars.DataFrame
    most : int
        With more distinct rows than this there is no answer.

    Returns
    -------
    tuple or None
        Array of shape (rows,), and the distinct rows, in order of their columns.
    """
    code, distinct = np.zeros(frame.height, np.int64), pl.DataFrame({"_": [0]})
    for column in frame:
        if column.head(2 * most).n_unique() > most:
            return None
        place, levels = _coded(column)
        if len(levels) > most:
            return None
        crossed = distinct.join(levels.to_frame(), how="cross", maintain_order="left_right")
        joint = code * len(levels) + place if distinct.height > 1 else place
        code, found = _occurring(joint, crossed.height)
        distinct = crossed[found]
        if distinct.height > most:
            return None
    return code, distinct.drop("_")


def _coded(column: pl.Series) -> tuple[Ints, pl.Series]:
    """The place of each value among the levels, and these, in order."""
    low, high = (column.min(), column.max()) if column.dtype.is_integer() else (None, None)
    if isinstance(low, int) and isinstance(high, int) and high - low < _NARROW * len(column):
        values = column.cast(pl.Int64).to_numpy()
        code, found = _occurring(values - low if low else values, high - low + 1)
        return code, pl.Series(column.name, found + low)
    levels = column.unique().sort()
    if column.dtype == pl.String:
        code = column.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).to_numpy()
    elif column.dtype.is_numeric():
        code = np.searchsorted(levels.to_numpy(), column.to_numpy())
    else:
        code = column.rank("dense").cast(pl.Int64).to_numpy() - 1
    return code, levels


def _occurring(code: Ints, count: int) -> tuple[Ints, Ints]:
    """Codes below `count` numbered anew, without gaps, and those that occur."""
    found = np.flatnonzero(np.bincount(code, minlength=count))
    if len(found) == count:
        return code, found
    place = np.zeros(count, np.int64)
    place[found] = np.arange(len(found))
    return place[code], found
