"""How one field of a table is made from the columns of a source: the forms that a mapping takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from carenotebook.ingest.parsed import Parsed, as_text, evaluate, name_category, parse_text
from carenotebook.ingest.times import ISO_8601, TimeForm, from_temporal, parse_times

NO_CASE = "matches no case of the mapping"
NOT_IN_VALUES = "is not among the mapping's values"
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


Field = Source | Constant | Cases | FirstOf | BySource


@dataclass(frozen=True)
class Reading:
    """How every column of a source is read: texts that mean blank, and the time zone."""

    timezone: str = "UTC"
    blanks: Collection[str] = field(default_factory=tuple)


def columns_of(made: Field) -> set[str]:
    """The columns of the source that a field reads."""
    if isinstance(made, Source):
        return {made.column}
    if isinstance(made, Cases):
        return {c for case in made.cases for c in case.when}
    if isinstance(made, FirstOf):
        return set().union(*(columns_of(f) for f in made.fields))
    if isinstance(made, BySource):
        return {made.column}.union(*(columns_of(f) for f in made.fields.values()))
    return set()


def reject_reasons(made: Field) -> set[str]:
    """The reasons for which the mapping itself sets rows aside."""
    if isinstance(made, Cases):
        return {case.reject for case in made.cases if case.reject is not None}
    if isinstance(made, FirstOf):
        return set().union(*(reject_reasons(f) for f in made.fields))
    if isinstance(made, BySource):
        return set().union(*(reject_reasons(f) for f in made.fields.values()))
    return set()


def evaluate_field(
    made: Field, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading
) -> Parsed:
    """A field's values and reasons, one a row of the frame."""
    if isinstance(made, Source):
        return _from_source(made, frame, dtype, reading)
    if isinstance(made, Cases):
        return _from_cases(made, frame, dtype, reading)
    if isinstance(made, FirstOf):
        found = [evaluate_field(f, frame, dtype, reading) for f in made.fields]
        return reduce(_first, found)
    if isinstance(made, BySource):
        return _by_source(made, frame, dtype, reading)
    text = pl.Series([made.value], dtype=pl.String).new_from_index(0, frame.height)
    return _parse(text, dtype, reading)


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
    texts = pl.DataFrame([as_text(frame[c], reading.blanks).alias(c) for c in used])
    number = pl.coalesce(
        *(pl.when(_holds(case)).then(pl.lit(i)) for i, case in enumerate(made.cases)),
        pl.lit(len(made.cases)),
    )
    which = texts.select(x=number).to_series() if used else pl.repeat(0, frame.height, eager=True)
    chosen = evaluate(
        which,
        _chosen(lambda case: case.value, made, None),
        _chosen(lambda case: case.reject, made, NO_CASE),
    )
    return _after(chosen.reasons, _parse(chosen.values, dtype, reading))


def _holds(case: Case) -> pl.Expr:
    conditions = [
        pl.col(c).is_in([t for t in texts if t is not None]).fill_null(None in texts)
        for c, texts in case.when.items()
    ]
    return pl.all_horizontal(conditions) if conditions else pl.lit(value=True)


def _by_source(made: BySource, frame: pl.DataFrame, dtype: pl.DataType, reading: Reading) -> Parsed:
    sources = as_text(frame[made.column])
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
