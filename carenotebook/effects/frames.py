"""What every frame-level function checks of its frame before anything is estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.plain import is_number, numbers_of, to_polars
from carenotebook.effects import coding

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

Array = npt.NDArray[np.float64]
MOST_LEVELS = 8
"""Text with more values, and more than one in four rows, is taken for numbers or identifiers."""


def taken(
    frame: Frame, columns: Sequence[str | None], caller: str
) -> tuple[pl.DataFrame, list[str]]:
    """The frame as one of polars, and the names among `columns`, all of which it must have.

    Raises
    ------
    DataError
        If it is no frame of polars, pandas or pyarrow.
    OptionError
        If it is empty, lacks a column, or one that is needed holds lists.
    """
    made = to_polars(f"{caller}: frame=", frame)
    return made, require(made, columns, caller)


def require(frame: pl.DataFrame, columns: Sequence[str | None], caller: str) -> list[str]:
    """The names among `columns`, all of which the frame must have, with rows."""
    wanted = list(dict.fromkeys(c for c in columns if c is not None))
    lacking = [c for c in wanted if c not in frame.columns]
    if lacking:
        raise OptionError(f"{caller}: the frame has no column {', '.join(map(str, lacking))}.")
    if frame.is_empty():
        raise OptionError(f"{caller}: the frame has no rows.")
    nested = [c for c in wanted if frame.schema[c].is_nested() or frame.schema[c] == pl.Object]
    if nested:
        raise OptionError(
            f"{caller}: {', '.join(nested)} must hold one number, date or name a row."
        )
    return wanted


def complete(
    frame: pl.DataFrame, columns: Sequence[str], caller: str | None = None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows in which no column is missing, and how many rows lack what: nothing goes silently.

    A row that lacks several is counted once, under the first of them.

    Raises
    ------
    OptionError
        If a caller is named and no row is left.
    """
    floats = [c for c in dict.fromkeys(columns) if _is_float(frame, c)]
    known = frame.with_columns(pl.col(floats).fill_nan(None))
    whole, missing = known, {}
    for column in columns:
        lacking = whole[column].null_count()
        if lacking:
            missing[f"no {column}"] = lacking
            whole = whole.drop_nulls(column)
    if caller is not None and whole.is_empty():
        raise OptionError(f"{caller}: no row has all of {', '.join(columns)}.")
    return whole, missing


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
    return numbers_of(frame[column], f"{caller}: {column}")


def check_roles(columns: Sequence[str], caller: str) -> None:
    """Refuse a column in two roles: an outcome is not adjusted for itself.

    Raises
    ------
    OptionError
    """
    twice = [c for c, n in Counter(columns).items() if n > 1]
    if twice:
        raise OptionError(f"{caller}: {', '.join(map(str, twice))} is named in two places.")


def listed_names(columns: str | Sequence[str]) -> list[str]:
    """Names of columns, of which a single one may be given as it is."""
    return [columns] if isinstance(columns, str) else list(columns)


def listed_numbers(given: object, name: str, caller: str) -> list[float]:
    """Numbers, of which a single one may be given as it is.

    Raises
    ------
    OptionError
        If something else is among them.
    """
    found: list[object] = list(given) if isinstance(given, Iterable) else [given]
    if isinstance(given, str) or not all(is_number(v) for v in found):
        raise OptionError(f"{caller}: {name}= takes numbers.")
    return [float(v) for v in found if isinstance(v, Real)]


def varying(frame: pl.DataFrame, column: str, caller: str) -> Array:
    """A column of numbers that are not all the same.

    Raises
    ------
    OptionError
    """
    found = numbers(frame, column, caller)
    if np.ptp(found) == 0:
        raise OptionError(f"{caller}: {column} is the same in every row; there is nothing to tell.")
    return found


def design(frame: pl.DataFrame, covariates: Sequence[str], caller: str) -> tuple[Array, list[str]]:
    """Columns for covariates: numbers as they are, categories against the first of them.

    The first in the order of an Enum (and of an ordered categorical of pandas), else of the
    alphabet.

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
                raise OptionError(f"{caller}: {name} is the same in every row; leave it out.")
            columns.append(values)
            names.append(term)
    if not columns:
        return np.empty((frame.height, 0)), names
    matrix = np.column_stack(columns)
    scaled = np.column_stack([(c - c.mean()) / c.std() for c in columns])
    if np.linalg.matrix_rank(scaled) < matrix.shape[1]:
        raise OptionError(
            f"{caller}: {', '.join(covariates)} are collinear: one follows from the others. "
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
    if dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise OptionError(
            f"{caller}: the covariate {name} must hold numbers or names of categories, not {dtype}."
        )
    text = frame[name].cast(pl.String)
    levels = levels_of(frame[name])
    if len(levels) > max(MOST_LEVELS, frame.height // 4):
        raise OptionError(
            f"{caller}: {name} holds text with {len(levels)} different values in {frame.height} "
            "rows. Cast it if it holds numbers; join categories if it names some."
        )
    return [(f"{name}[{v}]", (text == v).cast(pl.Float64).to_numpy()) for v in levels[1:]] or [
        (name, np.zeros(frame.height))
    ]


def levels_of(values: pl.Series) -> list[str]:
    """The categories that occur: in the order of an Enum, else of the alphabet."""
    found = values.drop_nulls().unique()
    if values.dtype == pl.Enum:
        return found.sort().cast(pl.String).to_list()
    return found.cast(pl.String).sort().to_list()


def _is_float(frame: pl.DataFrame, column: Any) -> bool:
    return bool(frame.schema[column].is_float())
