"""Columns as small whole numbers, so that rows can be counted without being sorted."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Levels = TypeVar("Levels", pl.Series, pl.DataFrame)
_NARROW = 4
"""A range of whole numbers up to so many times as wide as the column is long needs no sorting."""


def codes(column: pl.Series) -> Ints:
    """Numbers 0, 1, ... for the values of a column without nulls, in their order.

    Examples
    --------
    >>> codes(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return _at_most(0, *_placed(column))[0]


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
        place, levels = _at_most(most, *_placed(column))
        if len(levels) > most:
            return None
        joint = code * len(levels) + place if distinct.width > 1 else place
        crossed = distinct.join(levels.to_frame(), how="cross", maintain_order="left_right")
        code, distinct = _at_most(most, joint, crossed)
        if len(distinct) > most:
            return None
    code, distinct = _at_most(0, code, distinct)
    return code, distinct.drop("_")


def _placed(column: pl.Series) -> tuple[Ints, pl.Series]:
    """The place of each value among levels in order, of which some may not occur."""
    low, high = (column.min(), column.max()) if column.dtype.is_integer() else (None, None)
    if isinstance(low, int) and isinstance(high, int) and high - low < _NARROW * len(column):
        values = column.cast(pl.Int64).to_numpy()
        levels = pl.Series(column.name, np.arange(low, high + 1))
        return values - low if low else values, levels
    levels = column.unique().sort()
    if column.dtype == pl.String:
        code = column.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).to_numpy()
    elif column.dtype.is_numeric():
        code = np.searchsorted(levels.to_numpy(), column.to_numpy())
    else:
        code = column.rank("dense").cast(pl.Int64).to_numpy() - 1
    return code, levels


def _at_most(most: int, code: Ints, levels: Levels) -> tuple[Ints, Levels]:
    """Where there are more levels than `most`: those that occur, and codes among them."""
    if len(levels) <= most:
        return code, levels
    found = np.flatnonzero(np.bincount(code, minlength=len(levels)))
    if len(found) == len(levels):
        return code, levels
    place = np.zeros(len(levels), np.int64)
    place[found] = np.arange(len(found))
    return place[code], levels[found]
