"""The one place where a row is accepted or rejected: rows in = accepted + rejected, always.

A row is rejected once, for the first reason found: a field that cannot be read, a rule of the
schema, a repeated key, an overlap of episodes. Of a repeated key and of an overlap every row is
rejected, because nothing says which of them is right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import dataframely as dy
import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import REJECTED_SCHEMA
from carenotebook.ingest.fields import Field, Reading, Source, evaluate_field, reject_reasons
from carenotebook.ingest.parsed import BLANK, Parsed, as_text

BLANK_ROW = "row is blank"
REPEATED = "is repeated"
OVERLAPS = "overlaps another episode of the client"
ROW = "row_of_the_source"
"""Internal column: the number of a row in its source, from 0."""
_RULES = {
    "min": "is below the lowest possible value",
    "max": "is above the highest possible value",
    "min_length": BLANK,
    "nullability": BLANK,
    "score_outside_the_instruments_range": "is outside the instrument's range",
}
_RULE_COLUMN = {
    ("episodes", "ends_before_it_starts"): "ended_at",
    ("policies", "ends_before_it_starts"): "end",
    ("pauses", "ends_at_or_before_its_start"): "end",
    ("measures", "score_outside_the_instruments_range"): "score",
}


@dataclass(frozen=True)
class RawTable:
    """A table as its source gave it.

    Attributes
    ----------
    frame : polars.DataFrame
        Every data row of the source, in its order.
    typed : bool
        Whether the columns have types of their own; False where all is text.
    broken : Mapping[int, tuple[str, str]]
        Rows (0 is the first) that are no rows of this table: the reason and the raw text.
    """

    frame: pl.DataFrame
    typed: bool = True
    broken: Mapping[int, tuple[str, str]] = field(default_factory=dict)


class _Reasons:
    """The first reason found for each row, and its column."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @classmethod
    def none_of(cls, height: int) -> _Reasons:
        """No reason against any of so many rows."""
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)
        return cls(pl.DataFrame({"column": nothing, "reason": nothing}))

    def note(self, column: str | None, reasons: pl.Series | pl.Expr) -> None:
        """Keep the reasons (null: none) of rows that have none yet."""
        if isinstance(reasons, pl.Series) and reasons.null_count() == reasons.len():
            return
        found = pl.lit(reasons) if isinstance(reasons, pl.Series) else reasons
        fresh = pl.col("reason").is_null() & pl.col("found").is_not_null()
        self.frame = self.frame.with_columns(found=found.cast(pl.String)).select(
            column=pl.when(fresh).then(pl.lit(column, pl.String)).otherwise("column"),
            reason=pl.when(fresh).then("found").otherwise("reason"),
        )

    @property
    def none(self) -> pl.Series:
        return self.frame["reason"].is_null()


@dataclass(frozen=True)
class Judged:
    """Rows of a source, judged one by one.

    Attributes
    ----------
    rows : polars.DataFrame
        Every row as the schema's types, null where it could not be read.
    reasons : polars.DataFrame
        For each row `column` and `reason`, null where it is good so far.
    usable : polars.Series
        Rows that count when rows are compared with each other: not blank, and not set aside by
        the mapping.
    known : polars.Series
        The usable ones among them whose end, if any, could be read.
    """

    rows: pl.DataFrame
    reasons: pl.DataFrame
    usable: pl.Series
    known: pl.Series


def judge(table: str, raw: RawTable, fields: Mapping[str, Field], reading: Reading) -> Judged:
    """Judge each row by itself."""
    reasons = _Reasons.none_of(raw.frame.height)
    _note_unreadable(raw, reasons, reading)
    parsed = _parsed_fields(table, raw, fields, reading)
    for name, read in parsed.items():
        reasons.note(name, read.reasons)
        if name in schema.required_columns(table) and read.values.null_count():
            reasons.note(name, _where(read.values.is_null(), BLANK))
    rows = pl.DataFrame({name: read.values for name, read in parsed.items()})
    set_aside = set().union(*(reject_reasons(f) for f in fields.values()))
    usable = ~reasons.frame["reason"].is_in([BLANK_ROW, *set_aside]).fill_null(value=False)
    known = usable
    if table == "episodes" and "ended_at" in parsed:
        known = usable & parsed["ended_at"].reasons.is_null()
    _note_rules(table, rows, reasons)
    return Judged(rows, reasons.frame, usable, known)


def judge_together(table: str, judged: Judged, repeated: pl.Series | None = None) -> pl.DataFrame:
    """The reasons once rows of one client are compared with each other.

    Parameters
    ----------
    table : str
    judged : Judged
        All rows of the clients in it.
    repeated : polars.Series, optional
        Which rows repeat the key, where that takes more than the rows at hand to know.
    """
    reasons = _Reasons(judged.reasons)
    key = schema.UNIQUE.get(table, ())
    if key and set(key) <= set(judged.rows.columns):
        found = _repeats(key, judged) if repeated is None else repeated
        reasons.note(", ".join(key), _where(found, REPEATED))
    if table == "episodes":
        _note_overlaps(judged.rows, judged.known, reasons)
    return reasons.frame


def accept(
    table: str, raw: RawTable, fields: Mapping[str, Field], reading: Reading
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accepted rows as the schema's types, and the rejects in the form of `Cohort.rejected`."""
    judged = judge(table, raw, fields, reading)
    reasons = judge_together(table, judged)
    numbered = reasons.with_row_index(ROW).filter(pl.col("reason").is_not_null())
    return judged.rows.filter(reasons["reason"].is_null()), rejects(table, raw, numbered)


def _parsed_fields(
    table: str, raw: RawTable, fields: Mapping[str, Field], reading: Reading
) -> dict[str, Parsed]:
    dtypes = schema.dtypes(table)
    parsed = {}
    for name, made in fields.items():
        if name in dtypes:
            parsed[name] = evaluate_field(made, raw.frame, dtypes[name], reading)
        elif raw.typed and isinstance(made, Source) and made.values is None:
            parsed[name] = _as_it_is(raw.frame[made.column], reading)
        else:
            parsed[name] = evaluate_field(made, raw.frame, pl.String(), reading)
    return parsed


def _as_it_is(column: pl.Series, reading: Reading) -> Parsed:
    """An attribute of clients with the type that its source gave it."""
    if column.dtype in (pl.String, pl.Enum, pl.Categorical, pl.Object, pl.Binary):
        column = as_text(column, reading.blanks)
    return Parsed(column, pl.Series([None], dtype=pl.String).new_from_index(0, column.len()))


def _where(rows: pl.Series, reason: str) -> pl.Series:
    return rows.to_frame("x").select(pl.when("x").then(pl.lit(reason))).to_series()


def _note_unreadable(raw: RawTable, reasons: _Reasons, reading: Reading) -> None:
    height = raw.frame.height
    if raw.broken:
        lines = pl.DataFrame(
            {"i": list(raw.broken), "why": [why for why, _ in raw.broken.values()]},
            schema={"i": pl.Int64, "why": pl.String},
        )
        every = pl.DataFrame({"i": pl.int_range(height, eager=True)})
        reasons.note(None, every.join(lines, on="i", how="left", maintain_order="left")["why"])
    blank = _blank_rows(raw.frame, reading)
    if blank.len():
        rejected = pl.int_range(height, eager=True).is_in(blank.implode())
        reasons.note(None, _where(rejected, BLANK_ROW))


def _blank_rows(frame: pl.DataFrame, reading: Reading) -> pl.Series:
    """The numbers of rows without a text; none where a column could hold anything."""
    odd = (pl.Object, pl.Binary)
    if not frame.width or any(t.is_nested() or t in odd for t in frame.dtypes):
        return pl.Series([], dtype=pl.Int64)
    blank = pl.int_range(frame.height, eager=True)
    for name in frame.columns:
        left = frame[name].gather(blank) if blank.len() < frame.height else frame[name]
        blank = blank.filter(as_text(left, reading.blanks).is_null())
        if blank.is_empty():
            break
    return blank


@cache
def _numbered(table: str) -> type[dy.Schema]:
    """The table's schema with the number of the row."""
    return type(table, (schema.TABLES[table],), {ROW: dy.Int64()})


def _note_rules(table: str, rows: pl.DataFrame, reasons: _Reasons) -> None:
    """The schema's rules, on rows that can be read."""
    lacking = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in schema.dtypes(table).items()
        if name not in rows.columns
    ]
    number = pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW)
    readable = rows.with_columns(*lacking, number).filter(reasons.none)
    _, failed = _numbered(table).filter(readable)
    details = failed.details()
    for rule in [c for c in details.columns if c not in readable.columns]:
        numbers = details.filter(pl.col(rule) == "invalid")[ROW]
        if numbers.len():
            column, reason = _explained(table, rule)
            rejected = pl.int_range(rows.height, eager=True).is_in(numbers.implode())
            reasons.note(column, _where(rejected, reason))


def _explained(table: str, rule: str) -> tuple[str | None, str]:
    column, _, check = rule.partition("|")
    if check:
        return column, _RULES.get(check, f"breaks the rule '{check}'")
    return _RULE_COLUMN.get((table, rule)), _RULES.get(rule, rule.replace("_", " "))


def _repeats(key: tuple[str, ...], judged: Judged) -> pl.Series:
    counted = pl.all_horizontal(pl.col(key).is_not_null()) & pl.col("usable")
    numbered = judged.rows.select(*key, usable=judged.usable, i=pl.int_range(pl.len()))
    twice = numbered.filter(counted).filter(pl.struct(key).is_duplicated())["i"]
    if twice.is_empty():
        return pl.repeat(False, numbered.height, eager=True)  # noqa: FBT003 - a value
    return numbered["i"].is_in(twice.implode())


def _note_overlaps(rows: pl.DataFrame, known: pl.Series, reasons: _Reasons) -> None:
    """Two episodes overlap when each starts before the other ends; an open one never ends."""
    ended = pl.col("ended_at") if "ended_at" in rows.columns else pl.lit(None, pl.Datetime("us"))
    never = pl.lit(2**62, pl.Int64)
    spans = rows.select(
        client="client_id",
        start=pl.col("started_at").to_physical(),
        end=ended.to_physical().fill_null(never),
        i=pl.int_range(pl.len()),
        known=known,
    ).filter("known", pl.col("client").is_not_null(), pl.col("start") <= pl.col("end"))
    by_time = spans.sort("client", "start", "end", "i")
    before = pl.col("end").cum_max().shift(1).over("client") > pl.col("start")
    after = pl.col("start").shift(-1).over("client") < pl.col("end")
    both = by_time.filter(before.fill_null(value=False) | after.fill_null(value=False))
    overlapping = pl.int_range(rows.height, eager=True).is_in(both["i"].implode())
    reasons.note("started_at", _where(overlapping, OVERLAPS))


def rejects(table: str, raw: RawTable, reasons: pl.DataFrame, first: int = 0) -> pl.DataFrame:
    """Rejected rows in the form of `Cohort.rejected`.

    Parameters
    ----------
    table : str
    raw : RawTable
        Where the rows stand.
    reasons : polars.DataFrame
        Their `ROW` in `raw` (from 0), `column` and `reason`.
    first : int
        The number of the raw table's first row in its source, from 0.
    """
    rows = reasons[ROW]
    texts = [
        json.dumps(r, default=str, ensure_ascii=False)
        for r in raw.frame[rows].iter_rows(named=True)
    ]
    texts = [
        raw.broken[i][1] if i in raw.broken else t
        for i, t in zip(rows.to_list(), texts, strict=True)
    ]
    return pl.DataFrame(
        {
            "table": pl.repeat(table, reasons.height, eager=True),
            "row": rows.cast(pl.Int64) + first + 1,
            "column": reasons["column"],
            "reason": reasons["reason"],
            "raw": texts,
        },
        schema=REJECTED_SCHEMA,
    )
