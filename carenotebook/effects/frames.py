"""What every frame-level function checks of its frame before anything is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects import coding

Array = npt.NDArray[np.float64]


def require(frame: pl.DataFrame, columns: Sequence[str | None], caller: str) -> list[str]:
    """The names among `columns`, all of which the frame must have.

    Raises
    ------
    OptionError
        If the frame is no polars frame, is empty, or lacks a column.
    """
    if not isinstance(frame, pl.DataFrame):
        raise OptionError(f"{caller}: frame= takes a polars DataFrame.")
    wanted = list(dict.fromkeys(c for c in columns if c is not None))
    lacking = [c for c in wanted if c not in frame.columns]
    if lacking:
        raise OptionError(f"{caller}: the frame has no column {', '.join(lacking)}.")
    if frame.is_empty():
        raise OptionError(f"{caller}: the frame has no rows.")
    return wanted


def complete(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows in which no column is missing, and how many rows lack each: nothing goes silently."""
    known = frame.with_columns(pl.col(c).fill_nan(None) for c in columns if _is_float(frame, c))
    counts = {f"no {c}": int(known[c].null_count()) for c in columns}
    missing = {why: n for why, n in counts.items() if n}
    return (known.drop_nulls(list(columns)) if missing else known), missing


def said_missing(rows: int, used: int, left_out: dict[str, int]) -> str:
    """How missing values were handled, as a sentence."""
    if rows == used:
        return "Nothing that the method needs is missing."
    parts = ", ".join(left_out)
    return (
        f"Rows with a missing value are left out ({parts}); right only if they are like the "
        "others, given what was adjusted for."
    )


def numbers(frame: pl.DataFrame, column: str, caller: str) -> Array:
    """A column of numbers or booleans.

    Raises
    ------
    OptionError
        If it holds something else, or what is not finite.
    """
    values = frame[column]
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise OptionError(f"{caller}: {column} must hold numbers.")
    found = values.cast(pl.Float64).to_numpy()
    if not np.isfinite(found).all():
        raise OptionError(f"{caller}: {column} holds values that are not finite.")
    return found


def design(frame: pl.DataFrame, covariates: Sequence[str], caller: str) -> tuple[Array, list[str]]:
    """Columns for covariates: numbers as they are, categories against the first of them.

    Returns
    -------
    tuple
        Array of shape (rows, terms), and the terms' names ("site[North]" for a category).

    Raises
    ------
    OptionError
        If a covariate does not vary, or some repeat what others say (collinear).
    """
    columns: list[Array] = []
    names: list[str] = []
    for name in covariates:
        for term, values in _terms(frame, name, caller):
            if np.ptp(values) == 0:
                raise OptionError(f"{caller}: {term} is the same in every row; leave it out.")
            columns.append(values)
            names.append(term)
    if not columns:
        return np.empty((frame.height, 0)), names
    matrix = np.column_stack(columns)
    scaled = np.column_stack([(c - c.mean()) / c.std() for c in columns])
    if np.linalg.matrix_rank(scaled) < matrix.shape[1]:
        raise OptionError(
            f"{caller}: {', '.join(names)} are collinear: one of them follows from the others. "
            "Leave it out."
        )
    return matrix, names


def codes(frame: pl.DataFrame, column: str) -> npt.NDArray[np.int64]:
    """Numbers 0, 1, ... for the values of a column without nulls, in their order."""
    return coding.codes(frame[column])


def _terms(frame: pl.DataFrame, name: str, caller: str) -> list[tuple[str, Array]]:
    dtype = frame.schema[name]
    if dtype.is_numeric() or dtype == pl.Boolean:
        return [(name, numbers(frame, name, caller))]
    text = frame[name].cast(pl.String)
    levels = text.unique().sort().to_list()
    return [(f"{name}[{v}]", (text == v).cast(pl.Float64).to_numpy()) for v in levels[1:]] or [
        (name, np.zeros(frame.height))
    ]


def _is_float(frame: pl.DataFrame, column: Any) -> bool:
    return bool(frame.schema[column].is_float())
