"""`read_directory`: services to refer to, from a CSV file; rows in = accepted + rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.cohort import REJECTED_SCHEMA
from carenotebook.core.durations import duration_us
from carenotebook.core.errors import DataError, MappingError
from carenotebook.core.rejects import Rejects
from carenotebook.ingest.columns import say_columns
from carenotebook.ingest.csvfile import read_csv_file
from carenotebook.ingest.fileaccess import naming
from carenotebook.ingest.parsed import BLANK
from carenotebook.ingest.quarantine import BLANK_ROW, REPEATED, ROW, RawTable, rejects
from carenotebook.outreach.referral_schema import COLUMNS, REACHED_BY, REQUIRED

NOT_REACHED = f"has no {', '.join(REACHED_BY[:-1])} or {REACHED_BY[-1]}"
_TABLE = "services"


@dataclass(frozen=True, eq=False)
class Directory:
    """Services that people can be told of.

    Attributes
    ----------
    services : polars.DataFrame
        One row a service, in the order of the file; null is not known.
    rejected : polars.DataFrame
        table, row (1 is the first below the header), column, reason, raw.
    ignored : tuple of str
        Columns of the file that a directory does not have.
    """

    services: pl.DataFrame
    rejected: pl.DataFrame = field(repr=False)
    ignored: tuple[str, ...] = ()

    def stale(self, on: date, after: str = "180d") -> pl.DataFrame:
        """Name and day of services last checked longer ago than that, in the future, or never.

        Parameters
        ----------
        on : date
        after : str
            A duration such as ``"180d"``.
        """
        old = is_stale(on, after)
        return self.services.filter(old).select("name", "last_checked")

    def __repr__(self) -> str:
        aside = self.rejected.height
        told = f"; {_counted(aside, 'row')} set aside, see .rejected" if aside else ""
        return f"{self.title}{told}"

    @property
    def title(self) -> str:
        """Says how many services there are."""
        crisis = int(self.services["crisis"].sum())
        return f"Directory of {_counted(self.services.height, 'service')}, {crisis} for a crisis"


def _counted(many: int, what: str) -> str:
    return f"{many} {what}" if many == 1 else f"{many} {what}s"


def is_stale(on: date, after: str) -> pl.Expr:
    """Whether a service was last checked too long ago, or in the future, or never."""
    limit = on - timedelta(microseconds=duration_us(after, "stale_after"))
    checked = pl.col("last_checked")
    return checked.is_null() | (checked < pl.lit(limit)) | (checked > pl.lit(on))


def read_directory(path: str | Path, columns: Mapping[str, str] | None = None) -> Directory:
    r"""Read a directory of services from a CSV file.

    For a list that a service keeps of where else help is to be had. A row that cannot be used is
    set aside with its reason; nothing is guessed.

    Parameters
    ----------
    path : path
        With a header row: name, languages, one or more of phone, email and website, and any of
        crisis (yes, no), expertise, modality (video, phone, chat, in_person), cost (the most that
        a session costs; 0: free), currency, areas, licence_areas (where clients seen online may
        sit), availability (open, waiting_list, closed), waiting_days, hours, about (a line for
        the client), last_checked (2026-03-02). Several entries in a cell have semicolons between
        them. A blank is not known.
    columns : mapping of str to str, optional
        Ours to the file's, where they differ: ``{"name": "Service", "languages": "Spoken"}``.

    Returns
    -------
    Directory
        With `services`, and `rejected` as a cohort has it: rows in = accepted + rejected.

    Raises
    ------
    DataError
        If the file cannot be read, or lacks a column that is needed.
    MappingError
        If `columns` names a column that a directory or the file does not have.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "services.csv")
    ...     _ = path.write_text("name,languages,phone\nTalk,English,01632 960 170\n,English,1\n")
    ...     outreach.read_directory(path)
    Directory of 1 service, 0 for a crisis; 1 row set aside, see .rejected
    """
    source = Path(path)
    with naming(_TABLE, source):
        raw = read_csv_file(source)
    named = _named(raw.frame.columns, columns or {}, source)
    return _accepted(raw, named)


@cache
def example_directory() -> Directory:
    """A made-up directory to try matching with; no such service exists.

    Returns
    -------
    Directory

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.example_directory()
    Directory of 14 services, 2 for a crisis
    """
    file = resources.files("carenotebook.outreach") / "content" / "services" / "example.csv"
    with resources.as_file(file) as path:
        return read_directory(path)


def _named(found: list[str], columns: Mapping[str, str], path: Path) -> dict[str, str]:
    """Our columns to the file's."""
    for ours, theirs in columns.items():
        if ours not in COLUMNS:
            close = get_close_matches(str(ours), COLUMNS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(COLUMNS)}."
            raise MappingError(f"columns: a directory has no {str(ours)[:60]!r}. {hint}")
        if theirs not in found:
            raise MappingError(f"columns[{ours!r}]: the file has no such column.")
    named = {c: columns.get(c, c) for c in COLUMNS if columns.get(c, c) in found}
    lacking = [c for c in REQUIRED if c not in named]
    if lacking or not set(REACHED_BY) & set(named):
        needed = ", ".join(lacking) or f"one of {', '.join(REACHED_BY)}"
        raise DataError(
            f"{path}: a directory needs {needed}. {say_columns(found)} Where a column has another "
            "name, say so with columns={'name': ...}."
        )
    return named


def _accepted(raw: RawTable, named: Mapping[str, str]) -> Directory:
    read = {c: COLUMNS[c].read(raw.frame[theirs]) for c, theirs in named.items()}
    height = raw.frame.height
    rows = pl.DataFrame(
        [
            (read[c].values if c in read else pl.repeat(None, height, eager=True))
            .cast(column.dtype)
            .alias(c)
            for c, column in COLUMNS.items()
        ]
    )
    reasons = _reasons(raw, rows, {c: r.reasons for c, r in read.items()})
    good = reasons["reason"].is_null()
    services = rows.filter(good).with_columns(pl.col("crisis").fill_null(value=False))
    numbered = reasons.with_row_index(ROW).filter(pl.col("reason").is_not_null())
    rejected = (
        rejects(_TABLE, raw, numbered) if numbered.height else pl.DataFrame(schema=REJECTED_SCHEMA)
    )
    ignored = tuple(c for c in raw.frame.columns if c not in named.values())
    return Directory(services, Rejects(rejected), ignored)


def _reasons(raw: RawTable, rows: pl.DataFrame, read: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The first reason against each row, and its column; null where there is none."""
    found: list[tuple[str | None, pl.Series]] = [(None, _whole(raw))]
    found += read.items()
    found += [(c, _where(rows[c].is_null(), BLANK)) for c in REQUIRED]
    out_of_reach = rows.select(pl.all_horizontal(pl.col(REACHED_BY).is_null())).to_series()
    found.append((None, _where(out_of_reach, NOT_REACHED)))
    bare = rows.select(pl.col("name").str.to_lowercase()).to_series()
    found.append(("name", _where(bare.is_duplicated() & bare.is_not_null(), REPEATED)))
    columns = pl.lit(None, pl.String)
    for i, (name, _) in reversed([*enumerate(found)]):
        columns = (
            pl.when(pl.col(str(i)).is_not_null()).then(pl.lit(name, pl.String)).otherwise(columns)
        )
    frame = pl.DataFrame([s.cast(pl.String).alias(str(i)) for i, (_, s) in enumerate(found)])
    return frame.select(column=columns, reason=pl.coalesce(pl.all()))


def _whole(raw: RawTable) -> pl.Series:
    """Why a row is no row of a directory at all."""
    texts: list[Any] = [
        raw.broken[i][0] if i in raw.broken else None for i in range(len(raw.frame))
    ]
    broken = pl.Series(texts, dtype=pl.String)
    empty = raw.frame.select(
        pl.all_horizontal(pl.all().fill_null("").str.strip_chars() == "")
    ).to_series()
    return (
        pl.DataFrame({"b": broken, "e": _where(empty, BLANK_ROW)})
        .select(pl.coalesce("b", "e"))
        .to_series()
    )


def _where(rows: pl.Series, reason: str) -> pl.Series:
    return rows.alias("x").to_frame().select(pl.when("x").then(pl.lit(reason))).to_series()
