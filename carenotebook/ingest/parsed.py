"""Values of a column as the schema's types, each with the reason why it could not be had.

Nothing is guessed and nothing raises for a value: a value that cannot be read is null with a
reason, and `quarantine` sets its row aside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from carenotebook.core.errors import DataError

BLANK = "is blank"
NOT_A_NUMBER = "is not a number"
NOT_WHOLE = "is not a whole number"
NOT_A_TRUTH = "is not true or false"
_LONGEST_CATEGORY = 40
_EXACT = 2.0**53
_TRUE = ["true", "yes", "1", "y"]
_FALSE = ["false", "no", "0", "n"]
_X = pl.col("x")


@dataclass(frozen=True)
class Parsed:
    """Values of one column, and for each a reason (text) if it could not be read, else null."""

    values: pl.Series
    reasons: pl.Series


def as_text(column: pl.Series, blanks: Collection[str] = ()) -> pl.Series:
    """The column as text without surrounding space; empty, NaN or in `blanks` is null.

    Raises
    ------
    DataError
        If the column holds lists, structures or objects.
    """
    dtype = column.dtype
    if dtype.is_nested() or dtype in (pl.Object, pl.Binary):
        raise DataError(f"The column {column.name!r} holds {dtype}: one plain value a row is read.")
    text = _X.dt.to_string() if dtype == pl.Duration else _X.cast(pl.String)
    if dtype.is_float() or dtype.is_decimal():
        text = _number_text(_X.cast(pl.Float64).fill_nan(None))
    text = text.str.strip_chars()
    kept = pl.when(~text.is_in(["", *blanks])).then(text)
    return column.alias("x").to_frame().select(kept).to_series()


def _number_text(number: pl.Expr) -> pl.Expr:
    """Numbers as text; whole ones without a decimal point, so that an id 7.0 is "7"."""
    whole = number.is_finite() & (number == number.floor()) & (number.abs() < _EXACT)
    return (
        pl.when(whole)
        .then(pl.when(whole).then(number).cast(pl.Int64).cast(pl.String))
        .otherwise(number.cast(pl.String))
    )


def evaluate(column: pl.Series, values: pl.Expr, reasons: pl.Expr) -> Parsed:
    """Two expressions on the column ``x``, as one `Parsed`."""
    frame = column.alias("x").to_frame().select(values=values, reasons=reasons.cast(pl.String))
    return Parsed(frame["values"], frame["reasons"])


def parse_text(text: pl.Series, dtype: pl.DataType) -> Parsed:
    """Read `as_text` as one of the schema's types other than a time."""
    if isinstance(dtype, pl.Enum):
        return _category(text, dtype)
    if dtype == pl.Boolean:
        return _truth(text)
    if dtype.is_numeric():
        return _number(text, dtype)
    return evaluate(text, _X, pl.lit(None))


def name_category(text: pl.Expr, says: str) -> pl.Expr:
    """A reason that names a short category: `says` follows it."""
    named = pl.format(f"'{{}}' {says}", text)
    short = text.str.len_chars() <= _LONGEST_CATEGORY
    return pl.when(short).then(named).otherwise(pl.lit(f"a long text {says}"))


def _category(text: pl.Series, dtype: pl.Enum) -> Parsed:
    known = _X.is_in(dtype.categories.to_list())
    reason = name_category(_X, "is not in the vocabulary")
    return evaluate(
        text,
        pl.when(known).then(_X).cast(dtype),
        pl.when(~known).then(reason),
    )


def _truth(text: pl.Series) -> Parsed:
    lower = _X.str.to_lowercase()
    value = pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False)  # noqa: FBT003
    return evaluate(text, value, _failed(value, NOT_A_TRUTH))


def _number(text: pl.Series, dtype: pl.DataType) -> Parsed:
    number = _X.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    if dtype.is_float():
        return evaluate(text, number, _failed(number, NOT_A_NUMBER))
    whole = pl.when(number == number.floor(), number.abs() < _EXACT).then(number)
    reason = pl.coalesce(_failed(number, NOT_A_NUMBER), _failed(whole, NOT_WHOLE))
    return evaluate(text, whole.cast(dtype, strict=False), reason)


def _failed(value: pl.Expr, reason: str) -> pl.Expr:
    """The reason where there is text that did not give a value."""
    return pl.when(_X.is_not_null() & value.is_null()).then(pl.lit(reason))
