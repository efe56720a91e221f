"""What a directory of services holds, and how each of its texts is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from carenotebook.core.options import MODALITIES
from carenotebook.ingest.parsed import Parsed, as_text, evaluate, name_category, parse_text

Availability = Literal["open", "waiting_list", "closed"]
AVAILABILITIES: tuple[str, ...] = get_args(Availability)

MOST_COST, MOST_DAYS = 100_000.0, 3_650
LONGEST = 400
REQUIRED = ("name", "languages")
REACHED_BY = ("phone", "email", "website")
"""A service that has none of these cannot be turned to."""

NOT_A_DAY = "is not a day, written 2026-03-02"
TOO_LONG = f"has more than {LONGEST} characters"
NOT_READABLE = "holds a character that is not to be read"
NEGATIVE = "is below the lowest possible value"
TOO_HIGH = "is above the highest possible value"
_X = pl.col("x")
_CONTROL = r"[\p{Cc}\p{Cf}\p{Co}\p{Cn}]"


@dataclass(frozen=True)
class Column:
    """A column of the directory.

    Attributes
    ----------
    dtype : polars.DataType
    read : callable
        Reads it from text.
    """

    dtype: pl.DataType
    read: Callable[[pl.Series], Parsed]


def _texts(column: pl.Series) -> pl.Series:
    return as_text(column.str.replace_all(r"\s+", " "))


def _text(column: pl.Series) -> Parsed:
    text = _texts(column)
    bad = pl.when(_X.str.contains(_CONTROL)).then(pl.lit(NOT_READABLE))
    long = pl.when(_X.str.len_chars() > LONGEST).then(pl.lit(TOO_LONG))
    return evaluate(text, _X, pl.coalesce(bad, long))


def _list(column: pl.Series) -> Parsed:
    read = _text(column)
    entries = _X.str.split(";").list.eval(pl.element().str.strip_chars())
    kept = entries.list.eval(pl.element().filter(pl.element() != "")).list.unique(
        maintain_order=True
    )
    values = evaluate(read.values, pl.when(kept.list.len() > 0).then(kept), pl.lit(None)).values
    return Parsed(values, read.reasons)


def _modalities(column: pl.Series) -> Parsed:
    read = _list(column)
    unknown = _X.list.eval(pl.element().filter(~pl.element().is_in(MODALITIES))).list.first()
    reason = name_category(unknown, "is not in the vocabulary")
    found = evaluate(read.values, _X, pl.when(unknown.is_not_null()).then(reason))
    return _after(read.reasons, found)


def _availability(column: pl.Series) -> Parsed:
    return parse_text(_texts(column), pl.Enum(AVAILABILITIES))


def _truth(column: pl.Series) -> Parsed:
    return parse_text(_texts(column), pl.Boolean())


def _number(dtype: pl.DataType, most: float) -> Callable[[pl.Series], Parsed]:
    def read(column: pl.Series) -> Parsed:
        found = parse_text(_texts(column), dtype)
        high = pl.when(pl.col("x") > most).then(pl.lit(TOO_HIGH))
        reason = pl.coalesce(pl.when(pl.col("x") < 0).then(pl.lit(NEGATIVE)), high)
        return _after(found.reasons, evaluate(found.values, _X, reason))

    return read


def _day(column: pl.Series) -> Parsed:
    written = _X.str.contains(r"^\d{4}-\d{2}-\d{2}$")
    day = pl.when(written).then(_X).str.to_date("%Y-%m-%d", strict=False)
    return evaluate(
        _texts(column), day, pl.when(_X.is_not_null() & day.is_null()).then(pl.lit(NOT_A_DAY))
    )


def _after(earlier: pl.Series, later: Parsed) -> Parsed:
    frame = pl.DataFrame({"earlier": earlier, "later": later.reasons})
    return Parsed(later.values, frame.select(pl.coalesce("earlier", "later")).to_series())


_TEXT = Column(pl.String(), _text)
_LIST = Column(pl.List(pl.String), _list)

COLUMNS: Mapping[str, Column] = {
    "name": _TEXT,
    "crisis": Column(pl.Boolean(), _truth),
    "expertise": _LIST,
    "languages": _LIST,
    "modality": Column(pl.List(pl.String), _modalities),
    "cost": Column(pl.Float64(), _number(pl.Float64(), MOST_COST)),
    "currency": _TEXT,
    "areas": _LIST,
    "licence_areas": _LIST,
    "availability": Column(pl.Enum(AVAILABILITIES), _availability),
    "waiting_days": Column(pl.Int64(), _number(pl.Int64(), MOST_DAYS)),
    "phone": _TEXT,
    "email": _TEXT,
    "website": _TEXT,
    "hours": _TEXT,
    "about": _TEXT,
    "last_checked": Column(pl.Date(), _day),
}
"""The columns in their order. Lists are written with semicolons; blank means: not known."""
