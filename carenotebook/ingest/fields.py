"""How one field of a table is made from the columns of a source: the forms that a mapping takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from carenotebook.ingest.parsed import Parsed, as_text, evaluate, name_category, parse_text
from carenotebook.ingest.times import ISO_8601, TimeForm, from_temporal, parse_times

NO_CASE = "matches no case of the mapping"
NOT_IN_VALUES = "is not among the mapping's values"
OTHER_ROW = "row is left to another table by the mapping"
_X = pl.col("x")


@dataclass(frozen=True)
class Source:
    """A column, its texts replaced through `values` if given, its times in the form given."""

    column: str
    values: Mapping[str | None, str | None] | None = None
    form: TimeForm = ISO_8601


@dataclass(frozen=True)
class Constant:
    """The same text in every row."""

    value: str | None


@dataclass(frozen=True)
class Case:
    """What holds where every column in `when` has one of its texts (None: blank)."""

    when: Mapping[str, tuple[str | None, ...]]
    value: str | None = None
    reject: str | None = None


@dataclass(frozen=True)
class Cases:
    """The first case that matches decides; a row that none matches is quarantined."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class FirstOf:
    """The first field that is not blank."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class BySource:
    """What each source of a table made of several says in its own way.

    `column` names the source of a row; a row of a source that is not in `fields` is blank.
    """

    column: str
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Joined:
    """A date in one column and a time of day in another, with a space between them."""

    columns: tuple[str, ...]
    form: TimeForm = ISO_8601


@dataclass(frozen=True)
class Sum:
    """The sum of several columns; blank where one of them is."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class OfRows:
    """A field of the rows that a mapping takes for this table; it sets the others aside.

    A row is taken where every column in `when` has one of its texts (None: blank), unless every
    column in `unless` has one of its.
    """

    field: Field
    when: Mapping[str, tuple[str | None, ...]]
    unless: Mapping[str, tuple[str | None, ...]]


Field = Source | Constant | Cases | FirstOf | BySource | Joined | Sum | OfRows


@dataclass(frozen=True)
class Reading:
    """How every column of a source is read: texts that mean blank, and the time zone."""

    timezone: str = "UTC"
    blanks: Collection[str] = field(default_factory=tuple)


def columns_of(made: Field) -> set[str]:
    """The columns of the source that a field reads."""
    return _own_columns(made).union(*(columns_of(f) for f in _parts(made)))


def reject_reasons(made: Field) -> set[str]:
    """The reasons for which the mapping itself sets rows aside."""
    own = {OTHER_ROW} if isinstance(made, OfRows) else set()
    if isinstance(made, Cases):
        own = {case.reject for case in made.cases if case.reject is not None}
    return own.union(*(reject_reasons(f) for f in _parts(made)))


def _own_columns(made: Field) -> set[str]:
    if isinstance(made, Source | BySource):
        return {made.column}
    if isinstance(made, Cases):
        return {c for case in made.cases for c in case.when}
    if isinstance(made, Joined | Sum):
        return set(made.columns)
    return {*made.when, *made.unless} if isinstance(made, OfRows) else set()


def _parts(made: Field) -> tuple[Field, ...]:
    """The fields that a field is made of."""
    if isinstance(made, BySource):
        return tuple(made.fields.values())
    if isinstance(made, OfRows):
        return (made.field,)
    return made.fields if isinstance(made, FirstOf) else ()


def evaluate_field(
    made: Field, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading
) -> Parsed:
    """A field's values and reasons, one a row of the frame."""
    return _EVALUATE[type(made)](made, frame, dtype, reading)


def _constant(made: Constant, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    text = pl.Series([made.value], dtype=pl.String).new_from_index(0, frame.height)
    return _parse(text, dtype, reading)


def _first_of(made: FirstOf, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    return reduce(_first, [evaluate_field(f, frame, dtype, reading) for f in made.fields])


def _from_source(made: Source, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    column = frame[made.column]
    is_time = isinstance(dtype, pl.Datetime)
    if is_time and column.dtype.is_temporal() and made.values is None:
        return from_temporal(column, reading.timezone)
    text = as_text(column, reading.blanks)
    if made.values is None:
        return _parse(text, dtype, reading, made.form)
    replaced = _replaced(text, made.values, named=isinstance(dtype, pl.Enum))
    return _after(replaced.reasons, _parse(replaced.values, dtype, reading, made.form))


def _replaced(text: pl.Series, values: Mapping[str | None, str | None], *, named: bool) -> Parsed:
    """The texts that `values` gives; one that it misses gets a reason."""
    keys = [k for k in values if k is not None]
    made = _X.replace_strict(keys, [values[k] for k in keys], default=None, return_dtype=pl.String)
    if None in values:
        made = pl.when(_X.is_null()).then(pl.lit(values[None], pl.String)).otherwise(made)
    reason = name_category(_X, NOT_IN_VALUES) if named else pl.lit(NOT_IN_VALUES)
    return evaluate(text, made, pl.when(_X.is_not_null() & ~_X.is_in(keys)).then(reason))


def _from_cases(made: Cases, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    used = sorted(columns_of(made))
    texts = _texts(used, frame, reading)
    number = pl.coalesce(
        *(pl.when(_holds(case.when)).then(pl.lit(i)) for i, case in enumerate(made.cases)),
        pl.lit(len(made.cases)),
    )
    which = texts.select(x=number).to_series() if used else pl.repeat(0, frame.height, eager=True)
    chosen = evaluate(
        which,
        _chosen(lambda case: case.value, made, None),
        _chosen(lambda case: case.reject, made, NO_CASE),
    )
    return _after(chosen.reasons, _parse(chosen.values, dtype, reading))


def _texts(columns: Sequence[str], frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    return pl.DataFrame([as_text(frame[c], reading.blanks).alias(c) for c in columns])


def _joined(made: Joined, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    texts = _texts(made.columns, frame, reading)
    both = pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)
    written = texts.select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(both))
    return _parse(written.to_series(), dtype, reading, made.form)


def _sum(made: Sum, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    parts = [
        parse_text(t, pl.Float64()) for t in _texts(made.columns, frame, reading).iter_columns()
    ]
    values = pl.DataFrame([p.values.alias(str(i)) for i, p in enumerate(parts)])
    reasons = pl.DataFrame([p.reasons.alias(str(i)) for i, p in enumerate(parts)])
    total = as_text(values.select(pl.sum_horizontal(pl.all(), ignore_nulls=False)).to_series())
    return _after(reasons.select(pl.coalesce(pl.all())).to_series(), parse_text(total, dtype))


def _of_rows(made: OfRows, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    texts = _texts(sorted({*made.when, *made.unless}), frame, reading)
    taken = _holds(made.when)
    if made.unless:
        taken &= ~_holds(made.unless)
    other = texts.select(pl.when(~taken).then(pl.lit(OTHER_ROW))).to_series()
    return _after(other, evaluate_field(made.field, frame, dtype, reading))


def _holds(when: Mapping[str, tuple[str | None, ...]]) -> pl.Expr:
    conditions = [
        pl.col(c).is_in([t for t in texts if t is not None]).fill_null(None in texts)
        for c, texts in when.items()
    ]
    return pl.all_horizontal(conditions) if conditions else pl.lit(value=True)


def _by_source(made: BySource, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    sources = as_text(frame[made.column])
    for name, only in made.fields.items():
        if (sources == name).all(ignore_nulls=False):
            return evaluate_field(only, frame, dtype, reading)
    every = pl.DataFrame({"i": pl.int_range(frame.height, dtype=pl.UInt32, eager=True)})
    parts = [pl.DataFrame(schema={"i": pl.UInt32, "v": dtype, "r": pl.String})]
    for name, one in made.fields.items():
        rows = (sources == name).arg_true()
        read = evaluate_field(one, frame[rows], dtype, reading)
        parts.append(pl.DataFrame({"i": rows, "v": read.values.cast(dtype), "r": read.reasons}))
    found = every.join(pl.concat(parts), on="i", how="left", maintain_order="left")
    return Parsed(found["v"], found["r"])


def _chosen(of: Callable[[Case], str | None], made: Cases, otherwise: str | None) -> pl.Expr:
    numbers = list(range(len(made.cases) + 1))
    texts = [*(of(case) for case in made.cases), otherwise]
    return _X.replace_strict(numbers, texts, return_dtype=pl.String)


def _parse(
    text: pl.Series, dtype: pl.DataType, reading: Reading, form: TimeForm = ISO_8601
) -> Parsed:
    if isinstance(dtype, pl.Datetime):
        return parse_times(text, reading.timezone, form)
    return parse_text(text, dtype)


def _after(earlier: pl.Series, later: Parsed) -> Parsed:
    frame = pl.DataFrame({"earlier": earlier, "later": later.reasons})
    return Parsed(later.values, frame.select(pl.coalesce("earlier", "later")).to_series())


def _first(one: Parsed, other: Parsed) -> Parsed:
    """The one where it has a value or a reason, else the other."""
    frame = pl.DataFrame(
        {"v": one.values, "r": one.reasons, "v2": other.values, "r2": other.reasons}
    )
    said = pl.col("v").is_not_null() | pl.col("r").is_not_null()
    made = frame.select(
        values=pl.when(said).then("v").otherwise("v2"),
        reasons=pl.when(said).then("r").otherwise("r2"),
    )
    return Parsed(made["values"], made["reasons"])


_EVALUATE: dict[type, Callable[..., Parsed]] = {
    Source: _from_source,
    Constant: _constant,
    Cases: _from_cases,
    FirstOf: _first_of,
    BySource: _by_source,
    Joined: _joined,
    Sum: _sum,
    OfRows: _of_rows,
}
