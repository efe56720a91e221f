"""Times as instants in UTC: ISO 8601, a stated format, or so many days after an origin.

A local time that the clock showed twice (ambiguous) or never (non-existent) has no one instant and
is refused, as is anything outside the years 1900 to 2199: such dates are placeholders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from carenotebook.core.durations import MICROSECONDS
from carenotebook.ingest.parsed import NOT_A_NUMBER, Parsed, evaluate

NOT_A_TIME = "is not a date or time"
NO_SUCH_DATE = "is a date that does not exist"
NOT_IN_FORMAT = "does not have the mapping's time format"
AMBIGUOUS = "is a local time that happened twice (the clocks went back)"
NON_EXISTENT = "is a local time that did not exist (the clocks went forward)"
OUT_OF_YEARS = "is outside the years 1900 to 2199"

_ISO = (
    r"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?<clock>(?:[01][0-9]|2[0-3]):[0-5][0-9])(?<seconds>:[0-5][0-9])?"
    r"(?:[.,](?<fraction>[0-9]{1,9}))?\s?(?<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?)?$"
)
_ONE_FORM = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:([T ])[0-9]{2}:[0-9]{2}(:[0-9]{2})?([.][0-9]{1,6})?(Z|[+]00:?00)?)?"
)
_INSTANT = pl.Datetime("us", "UTC")
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_US = 300 * 366 * MICROSECONDS["d"]
_X = pl.col("x")


@dataclass(frozen=True)
class TimeForm:
    """How a source writes times: in a `format`, or as so many `unit` after `origin`; else ISO."""

    format: str | None = None
    unit: str | None = None
    origin: str | None = None


ISO_8601 = TimeForm()


def parse_times(text: pl.Series, timezone: str, form: TimeForm = ISO_8601) -> Parsed:
    """Read `as_text` as instants; a time without an offset is in `timezone`."""
    if form.unit is not None:
        return _relative(text, timezone, form)
    if form.format is not None:
        return _formatted(text, timezone, form.format)
    return _iso(text, timezone)


def from_temporal(column: pl.Series, timezone: str) -> Parsed:
    """Instants of a column that holds dates or times already."""
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return _bounded(column, _X.cast(pl.Datetime("us", dtype.time_zone)), pl.lit(None))
    if isinstance(dtype, pl.Datetime) or dtype == pl.Date:
        return _localised(column, _X.cast(pl.Datetime("us")), pl.lit(None), timezone)
    return evaluate(column, pl.lit(None, _INSTANT), _unless(pl.lit(None), NOT_A_TIME))


def _iso(text: pl.Series, timezone: str) -> Parsed:
    like = _one_form(text)
    if like is None:
        return _iso_of_any_form(text, timezone)
    written, utc = like
    read = text.str.to_datetime(written, strict=False, time_unit="us", cache=False)
    reason = pl.Series([None], dtype=pl.String).new_from_index(0, text.len())
    if read.null_count() > text.null_count():
        frame = pl.DataFrame({"x": text, "read": read})
        reason = frame.select(_unless(pl.col("read"), NO_SUCH_DATE)).to_series()
    return _localised(read, _X, reason, "UTC" if utc else timezone)


def _one_form(text: pl.Series) -> tuple[str, bool] | None:
    """The format in which every text is written, and whether it is in UTC; None if several are."""
    first = text.drop_nulls().head(1)
    found = re.fullmatch(_ONE_FORM, first[0]) if first.len() else None
    if found is None:
        return None
    between, seconds, fraction, offset = (g or "" for g in found.groups())
    clock = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]" if between else ""
    form = (
        rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{between}{clock}{':[0-5][0-9]' if seconds else ''}"
        rf"{f'[.][0-9]{{{len(fraction) - 1}}}' if fraction else ''}{re.escape(offset)}$"
    )
    if not text.str.contains(form).all():
        return None
    written = f"%Y-%m-%d{between}{'%H:%M' if between else ''}{':%S' if seconds else ''}"
    return f"{written}{'%.f' if fraction else ''}{offset}", bool(offset)


def _iso_of_any_form(text: pl.Series, timezone: str) -> Parsed:
    groups = text.alias("x").to_frame().with_columns(_X.str.extract_groups(_ISO).alias("groups"))
    written = pl.concat_str(
        "date",
        pl.lit("T"),
        pl.col("clock").fill_null("00:00"),
        pl.col("seconds").fill_null(":00"),
        pl.lit("."),
        pl.col("fraction").fill_null("0"),
    )
    local = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    unread = pl.when(pl.col("date").is_null()).then(pl.lit(NOT_A_TIME))
    table = groups.unnest("groups").select(
        x=local,
        reason=pl.coalesce(pl.when(_X.is_not_null()).then(unread), _unless(local, NO_SUCH_DATE)),
        offset="offset",
    )
    if table["offset"].null_count() == table.height:
        return _localised(table["x"], _X, table["reason"], timezone)
    return _with_offsets(table, timezone)


def _with_offsets(table: pl.DataFrame, timezone: str) -> Parsed:
    """Instants of local times (x), some with an offset, the others in `timezone`."""
    offset = pl.col("offset").str.to_uppercase().str.replace("Z", "+00:00").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    signed = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    shifted = (_X - pl.duration(minutes=signed)).dt.replace_time_zone("UTC")
    naive = table.select(pl.when(pl.col("offset").is_null()).then(_X)).to_series()
    known = _localised(naive, _X, table["reason"], timezone)
    instants = table.select(shifted.fill_null(known.values).alias("x")).to_series()
    return _bounded(instants, _X, known.reasons)


def _formatted(text: pl.Series, timezone: str, form: str) -> Parsed:
    read = _X.str.to_datetime(form, strict=False, time_unit="us")
    table = text.alias("x").to_frame().select(x=read, reason=_unless(read, NOT_IN_FORMAT))
    aware = table.schema["x"] != pl.Datetime("us")
    if aware:
        return _bounded(table["x"], _X, table["reason"])
    return _localised(table["x"], _X, table["reason"], timezone)


def _relative(text: pl.Series, timezone: str, form: TimeForm) -> Parsed:
    """So many minutes, hours, days or weeks after an origin, rounded to a microsecond."""
    number = _X.cast(pl.Float64, strict=False)
    length = number * MICROSECONDS[form.unit or "d"]
    usable = number.is_finite().fill_null(value=False)
    near = usable & (length.abs() < _LONGEST_US)
    start = _iso(pl.Series([form.origin]), timezone).values
    after = pl.when(near).then(length).round().cast(pl.Int64)
    instant = pl.lit(start).first() + pl.duration(microseconds=after)
    reason = (
        pl.when(_X.is_not_null() & ~usable)
        .then(pl.lit(NOT_A_NUMBER))
        .when(_X.is_not_null() & ~near)
        .then(pl.lit(OUT_OF_YEARS))
    )
    table = text.alias("x").to_frame().select(x=instant, reason=reason)
    return _bounded(table["x"], _X, table["reason"])


def _localised(
    column: pl.Series, local: pl.Expr, reason: pl.Series | pl.Expr, timezone: str
) -> Parsed:
    """Local times as instants; those without exactly one instant get a reason."""
    table = column.alias("x").to_frame().select(local)
    instants = table.select(_localise(pl.first(), timezone, "null")).to_series()
    if instants.null_count() > table.to_series().null_count():
        earliest = _localise(pl.first(), timezone, "earliest")
        unclear = (
            pl.when(earliest.is_null()).then(pl.lit(NON_EXISTENT)).otherwise(pl.lit(AMBIGUOUS))
        )
        lost = pl.first().is_not_null() & pl.lit(instants).is_null()
        clock = table.select(pl.when(lost).then(unclear)).to_series()
        reason = table.select(pl.coalesce(_expr(reason), _expr(clock))).to_series()
    return _bounded(instants, _X, reason)


def _localise(local: pl.Expr, timezone: str, ambiguous: Literal["null", "earliest"]) -> pl.Expr:
    return local.dt.replace_time_zone(timezone, ambiguous=ambiguous, non_existent="null")


def _bounded(column: pl.Series, instant: pl.Expr, reason: pl.Series | pl.Expr) -> Parsed:
    utc = column.alias("x").to_frame().select(instant.dt.convert_time_zone("UTC")).to_series()
    inside = (utc >= _FIRST) & (utc < _LAST)
    if isinstance(reason, pl.Series) and inside.all():
        return Parsed(utc.alias("values"), reason)
    value = pl.when(_X.is_between(_FIRST, _LAST, closed="left")).then(_X)
    outside = pl.when(_X.is_not_null() & value.is_null()).then(pl.lit(OUT_OF_YEARS))
    return evaluate(utc, value, pl.coalesce(_expr(reason), outside))


def _unless(value: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(_X.is_not_null() & value.is_null()).then(pl.lit(reason))


def _expr(reason: pl.Series | pl.Expr) -> pl.Expr:
    found = pl.lit(reason) if isinstance(reason, pl.Series) else reason
    return found.cast(pl.String)
