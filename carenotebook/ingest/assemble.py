"""From raw tables to a Cohort: the one way that every reader takes.

A reader of a further source (a FHIR bundle, an OMOP folder, a database) turns it into `RawTable`s
and calls `assemble`; mapping, quarantine, statuses and the settings are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from datetime import datetime

import polars as pl

from carenotebook.core import schema
from carenotebook.core.bounds import after_latest, latest_happening
from carenotebook.core.cohort import REJECTED_SCHEMA, Cohort, build_cohort
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.parts import CLIENT
from carenotebook.core.rejects import unquoted
from carenotebook.ingest.fields import Reading
from carenotebook.ingest.mapping import Mapping, MappingLike, read_mapping
from carenotebook.ingest.quarantine import RawTable, accept
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.statuses import rederive
from carenotebook.ingest.times import NOT_A_TIME

_EXACT = 2.0**53
_FORMAT_ADVICE = "; a mapping can say how times are written: {column: ..., format: ...}"


def assemble(
    raw: AnyMapping[str, RawTable], mapping: MappingLike | Mapping | None, settings: Settings
) -> Cohort:
    """A cohort of raw tables.

    Parameters
    ----------
    raw : mapping of table name to RawTable
        Tables that were not supplied are absent.
    mapping : dict, path of a YAML file or None
        See `carenotebook.ingest.mapping.read_mapping`.
    settings : Settings
        What the reader was told.

    Raises
    ------
    DataError, MappingError, OptionError
        For what is wrong with a table, the mapping or a setting; rows never raise.
    """
    rules = read_mapping(mapping)
    reading = Reading(settings.timezone, rules.blanks)
    tables, rejects = {}, [pl.DataFrame(schema=REJECTED_SCHEMA)]
    for name in [t for t in schema.TABLES if t in raw]:
        fields = rules.fields(name, usable_columns(name, raw[name].frame.columns))
        accepted, rejected = accept(name, raw[name], fields, reading)
        if name in schema.OPEN_TABLES:
            accepted = attributes(accepted, typed=raw[name].typed)
        tables[name] = accepted
        rejects.append(rejected)
    tables["appointments"] = rederive(tables["appointments"], settings.notice)
    rejected = pl.concat(rejects)
    as_of = seen_until(settings, latest_happening(tables), rejected)
    return build_cohort(
        tables,
        as_of=as_of,
        observed_from=settings.instant("observed_from"),
        timezone=settings.timezone,
        notice=settings.notice,
        episode_end=settings.episode_end,
        rejected=rejected,
        rows_in={name: raw[name].frame.height for name in tables},
    )


def seen_until(
    settings: Settings, latest: datetime | None, rejected: pl.DataFrame | pl.LazyFrame
) -> datetime:
    """`as_of` as given, or its default; where rejected rows are why there is none, it says so."""
    as_of = settings.instant("as_of")
    if as_of is None:
        as_of = _after_latest(latest, rejected)
    observed_from = settings.instant("observed_from")
    if observed_from is not None and observed_from >= as_of:
        raise OptionError("observed_from is not before as_of: nothing would be seen.")
    return as_of


def _after_latest(latest: datetime | None, rejected: pl.DataFrame | pl.LazyFrame) -> datetime:
    try:
        return after_latest(latest)
    except OptionError:
        told = rejected.lazy().with_columns(unquoted(pl.col("reason")))
        counts = told.group_by("table", "column", "reason").len().sort(pl.all()).collect()
        if counts.is_empty():
            raise
        most = counts.sort("len", descending=True, maintain_order=True).row(0, named=True)
        column = f"{most['column']}: " if most["column"] else ""
        advice = _FORMAT_ADVICE if most["reason"] == NOT_A_TIME else ""
        total = rejected.lazy().select(pl.len()).collect().item()
        raise DataError(
            f"as_of cannot be told: {_rows(total)} {'was' if total == 1 else 'were'} rejected and "
            f"none that is left says that anything happened. Most often: {column}{most['reason']} "
            f"(table {most['table']!r}, {_rows(most['len'])}). Pass as_of= to look at "
            f"cohort.rejected{advice}."
        ) from None


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def usable_columns(table: str, columns: list[str]) -> list[str]:
    """The columns of a source, unless one has the cohort's own name."""
    if CLIENT in columns:
        raise DataError(f"{table}: the name {CLIENT!r} is kept for the cohort; rename the column.")
    return columns


def attributes(clients: pl.DataFrame, *, typed: bool) -> pl.DataFrame:
    """Attributes that are numbers as Int64 where all are whole, else as Float64.

    So a column is the same from a CSV file, where all is text, as from pandas, where whole numbers
    with a gap are floats. Text with leading zeros stays text: it is a code.
    """
    numbers = [_numbered(c, typed=typed) for c in clients.iter_columns() if c.name != "client_id"]
    return clients.with_columns(numbers)


def _numbered(column: pl.Series, *, typed: bool) -> pl.Series:
    if not typed and _all_numbers(column.drop_nulls()):
        column = column.cast(pl.Float64)
    if not column.dtype.is_numeric():
        return column
    if column.dtype.is_integer():
        whole = column.cast(pl.Int64, strict=False)
        return whole if whole.null_count() == column.null_count() else column
    column = column.cast(pl.Float64)
    exact = column.is_finite() & (column == column.floor()) & (column.abs() < _EXACT)
    return column.cast(pl.Int64) if exact.all() else column


def _all_numbers(written: pl.Series) -> bool:
    if written.is_empty() or written.str.contains(r"^[-+]?0[0-9]").any():
        return False
    return written.str.contains(
        r"^[-+]?([0-9]{1,15}\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?$"
    ).all()
