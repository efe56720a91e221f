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
_ROW = "row_of_the_source"
_RULES = {
    "min": "is below the lowest possible value",
    "max": "is above the highest possible value",
    "min_length": BLANK,
    "nullability": BLANK,
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

    def __init__(self, height: int) -> None:
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)
        self.frame = pl.DataFrame({"column": nothing, "reason": nothing})

    def note(self, column: str | None, reasons: pl.Series | pl.Expr) -> None:
        """Keep the reasons (null: none) of rows that have none yet."""
        found = pl.lit(reasons) if isinstance(reasons, pl.Series) else reasons
        fresh = pl.col("reason").is_null() & pl.col("found").is_not_null()
        self.frame = self.frame.with_columns(found=found.cast(pl.String)).select(
            column=pl.when(fresh).then(pl.lit(column, pl.String)).otherwise("column"),
            reason=pl.when(fresh).then("found").otherwise("reason"),
        )

    @property
    def none(self) -> pl.Series:
        return self.frame["reason"].is_null()


def accept(
    table: str, raw: RawTable, fields: Mapping[str, Field], reading: Reading
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accepted rows as the schema's types, and the rejects in the form of `Cohort.rejected`."""
    reasons = _Reasons(raw.frame.height)
    _note_unreadable(raw, reasons, reading)
    parsed = _parsed_fields(table, raw, fields, reading)
    for name, read in parsed.items():
        reasons.note(name, read.reasons)
        if name in schema.required_columns(table):
            reasons.note(name, _where(read.values.is_null(), BLANK))
    rows = pl.DataFrame({name: read.values for name, read in parsed.items()})
    set_aside = set().union(*(reject_reasons(f) for f in fields.values()))
    aside = reasons.frame["reason"].is_in([BLANK_ROW, *set_aside]).fill_null(value=False)
    _note_rules(table, rows, reasons)
    _note_repeats(table, rows, ~aside, reasons)
    if table == "episodes":
        known = ~aside
        if "ended_at" in parsed:
            known &= parsed["ended_at"].reasons.is_null()
        _note_overlaps(rows, known, reasons)
    return rows.filter(reasons.none), _rejects(table, raw, reasons)


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
    plain = [c for c in raw.frame.iter_columns() if not c.dtype.is_nested()]
    plain = [c for c in plain if c.dtype not in (pl.Object, pl.Binary)]
    if len(plain) == raw.frame.width and plain:
        texts = pl.DataFrame([as_text(c, reading.blanks).alias(c.name) for c in plain])
        blank = texts.select(pl.all_horizontal(pl.all().is_null())).to_series()
        reasons.note(None, _where(blank, BLANK_ROW))


@cache
def _numbered(table: str) -> type[dy.Schema]:
    """The table's schema with the number of the row."""
    return type(table, (schema.TABLES[table],), {_ROW: dy.Int64()})


def _note_rules(table: str, rows: pl.DataFrame, reasons: _Reasons) -> None:
    """The schema's rules, on rows that can be read."""
    lacking = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in schema.dtypes(table).items()
        if name not in rows.columns
    ]
    number = pl.int_range(pl.len(), dtype=pl.Int64).alias(_ROW)
    readable = rows.with_columns(*lacking, number).filter(reasons.none)
    _, failed = _numbered(table).filter(readable)
    details = failed.details()
    for rule in [c for c in details.columns if c not in readable.columns]:
        numbers = details.filter(pl.col(rule) == "invalid")[_ROW]
        if numbers.len():
            column, reason = _explained(table, rule)
            rejected = pl.int_range(rows.height, eager=True).is_in(numbers.implode())
            reasons.note(column, _where(rejected, reason))


def _explained(table: str, rule: str) -> tuple[str | None, str]:
    column, _, check = rule.partition("|")
    if check:
        return column, _RULES.get(check, f"breaks the rule '{check}'")
    return _RULE_COLUMN.get((table, rule)), rule.replace("_", " ")


def _note_repeats(table: str, rows: pl.DataFrame, usable: pl.Series, reasons: _Reasons) -> None:
    key = schema.UNIQUE.get(table, ())
    if not key or not set(key) <= set(rows.columns):
        return
    counted = pl.all_horizontal(pl.col(key).is_not_null()) & pl.col("usable")
    repeated = rows.with_columns(usable=usable).select(
        counted & (counted.sum().over([*key, "usable"]) > 1)
    )
    reasons.note(", ".join(key), _where(repeated.to_series(), REPEATED))


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


def _rejects(table: str, raw: RawTable, reasons: _Reasons) -> pl.DataFrame:
    rows = (~reasons.none).arg_true()
    found = reasons.frame[rows]
    texts = [json.dumps(r, default=str, ensure_ascii=False) for r in raw.frame[rows].to_dicts()]
    texts = [
        raw.broken[i][1] if i in raw.broken else t
        for i, t in zip(rows.to_list(), texts, strict=True)
    ]
    return pl.DataFrame(
        {
            "table": pl.repeat(table, found.height, eager=True),
            "row": rows.cast(pl.Int64) + 1,
            "column": found["column"],
            "reason": found["reason"],
            "raw": texts,
        },
        schema=REJECTED_SCHEMA,
    )
