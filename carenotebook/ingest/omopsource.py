"""Tables of an OMOP CDM as raw tables, from a folder of files or from a database."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.oserrors import why_unreadable
from carenotebook.ingest.csvfile import read_csv_file
from carenotebook.ingest.databasequery import query_table
from carenotebook.ingest.parsed import as_text
from carenotebook.ingest.quarantine import RawTable

Among = Mapping[str, Collection[str]]
"""Columns and texts: rows in which one of the columns has one of its texts."""

CONCEPT = "concept"
VISITS_TABLE = "visit_occurrence"
_FORMATS = (".csv", ".parquet")
_CATALOGUES = (
    "select table_schema, table_name from information_schema.tables",
    "select null as table_schema, name as table_name from sqlite_master",
)


class CdmSource(Protocol):
    """Where the tables of a CDM are; names of tables and columns are in lower case."""

    def has(self, table: str) -> bool:
        """Whether there is such a table."""

    def read(self, table: str, among: Among | None = None) -> RawTable:
        """The rows of a table, or those that `among` picks."""


def open_source(source: Any, schema: str | None) -> CdmSource:
    """The tables in a folder or behind a connection.

    Raises
    ------
    DataError
        If there is no such folder, a table is there twice, or the database cannot list its tables.
    OptionError
        If `source` is neither, or `schema` is no name.
    """
    if isinstance(source, str | Path):
        if schema is not None:
            raise OptionError("schema= is for a database; a folder has none.")
        return Folder(_files(Path(source)))
    if schema is not None and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", schema):
        raise OptionError("schema= takes the name of a schema, such as 'cdm'.")
    return Database(source, schema, _tables(source, schema))


def is_cdm(folder: Path) -> bool:
    """Whether a folder holds the one table that a CDM cannot do without here."""
    names = [p.name.lower() for p in folder.iterdir()] if folder.is_dir() else []
    return any(f"{VISITS_TABLE}{ending}" in names for ending in _FORMATS)


@dataclass(frozen=True)
class Folder:
    """A folder with one CSV or Parquet file a table."""

    paths: Mapping[str, Path]

    def has(self, table: str) -> bool:
        return table in self.paths

    def read(self, table: str, among: Among | None = None) -> RawTable:
        path = self.paths[table]
        raw = _vocabulary(path) if table == CONCEPT else read_file(path)
        return picked(lowered(raw, table), among)


@dataclass(frozen=True)
class Database:
    """A database that holds the tables, in a schema or where it looks by itself."""

    connection: Any
    schema: str | None
    tables: frozenset[str]

    def has(self, table: str) -> bool:
        return table in self.tables

    def read(self, table: str, among: Among | None = None) -> RawTable:
        name = f"{self.schema}.{table}" if self.schema else table
        where = f" where {_condition(among)}" if among is not None else ""
        query = f"select * from {name}{where}"  # noqa: S608 - both names are checked, values quoted
        return lowered(query_table(self.connection, query, table), table)


def _condition(among: Among) -> str:
    """Numbers of concepts as numbers, all else as text."""
    tests = []
    for column, texts in among.items():
        quoted = [t if column.endswith("concept_id") else f"'{t}'" for t in sorted(texts)]
        if quoted:
            tests.append(f"{column} in ({', '.join(quoted)})")
    return " or ".join(tests) or "1 = 0"


def _tables(connection: Any, schema: str | None) -> frozenset[str]:
    """What a database says that it has; SQLite has a catalogue of its own."""
    try:
        listed = query_table(connection, _CATALOGUES[0], "the list of tables").frame
    except DataError as first:
        try:
            listed = query_table(connection, _CATALOGUES[1], "the list of tables").frame
        except DataError:
            raise first from None
    listed = listed.rename(str.lower).cast(pl.String)
    if schema is not None and listed["table_schema"].null_count() < listed.height:
        last = schema.rpartition(".")[2].lower()
        listed = listed.filter(pl.col("table_schema").str.to_lowercase() == last)
    return frozenset(listed["table_name"].str.to_lowercase())


def _files(folder: Path) -> dict[str, Path]:
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix.lower() in _FORMATS)
    except NotADirectoryError:
        raise DataError(
            f"{folder} is a file; name the folder that holds the tables of the CDM."
        ) from None
    except OSError as error:
        raise DataError(f"{folder}: {why_unreadable(error, 'folder')}") from None
    paths: dict[str, Path] = {}
    for path in found:
        table = path.stem.lower()
        if table in paths:
            raise DataError(
                f"{folder} holds {table} twice ({paths[table].name}, {path.name}): leave one."
            )
        paths[table] = path
    return paths


def read_file(path: Path) -> RawTable:
    """A CSV or Parquet file, told by its name.

    Raises
    ------
    DataError
        If it is missing, empty, damaged, or of another format.
    """
    if path.suffix.lower() not in _FORMATS:
        raise DataError(f"{path} is neither a .csv nor a .parquet file.")
    try:
        if path.suffix.lower() == ".csv":
            return read_csv_file(path)
        return RawTable(pl.read_parquet(path, glob=False))
    except pl.exceptions.PolarsError:
        raise DataError(f"{path} is not a Parquet file, or is damaged.") from None
    except OSError as error:
        raise DataError(f"{path}: {why_unreadable(error)}") from None


def _vocabulary(path: Path) -> RawTable:
    """Codes of LOINC in the table `concept`, which has millions of rows and stray quotes."""
    try:
        if path.suffix.lower() == ".parquet":
            scan = pl.scan_parquet(path, glob=False)
        else:
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                tabs = "\t" in file.readline()
            scan = pl.scan_csv(
                path,
                separator="\t" if tabs else ",",
                quote_char=None if tabs else '"',
                infer_schema=False,
                truncate_ragged_lines=True,
                glob=False,
            )
        names = {n.lower(): n for n in scan.collect_schema().names()}
        wanted = [names[n] for n in ("concept_id", "vocabulary_id", "concept_code") if n in names]
        if len(wanted) == 3:
            scan = scan.filter(pl.col(names["vocabulary_id"]) == "LOINC")
        return RawTable(scan.select(wanted).collect())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__}).") from None


def lowered(raw: RawTable, table: str) -> RawTable:
    """The table with names of columns in lower case, as the CDM spells them."""
    names = [c.lower() for c in raw.frame.columns]
    if len(set(names)) < len(names):
        raise DataError(f"{table} has two columns whose names differ only in case.")
    return replace(raw, frame=raw.frame.rename(dict(zip(raw.frame.columns, names, strict=True))))


def picked(raw: RawTable, among: Among | None) -> RawTable:
    """The rows that `among` picks, and those that could not be read, in their order."""
    if among is None:
        return raw
    known = {c: list(texts) for c, texts in among.items() if c in raw.frame.columns}
    if not known:
        return raw
    chosen = [
        as_text(raw.frame[c]).is_in(texts).fill_null(value=False).alias(c)
        for c, texts in known.items()
    ]
    return kept(raw, pl.DataFrame(chosen).select(pl.any_horizontal(pl.all())).to_series())


def kept(raw: RawTable, rows: pl.Series) -> RawTable:
    """Some rows (true) of a table, and those that could not be read, in their order."""
    keep = rows.fill_null(value=False)
    if raw.broken:
        keep |= pl.Series(keep.name, [i in raw.broken for i in range(keep.len())])
    numbers = keep.arg_true()
    broken = {new: raw.broken[old] for new, old in enumerate(numbers) if old in raw.broken}
    return replace(raw, frame=raw.frame[numbers], broken=broken)


def set_aside(raw: RawTable, rows: pl.Series, reason: str) -> RawTable:
    """The table with some rows (true) to be quarantined for a reason."""
    numbers = rows.fill_null(value=False).arg_true().to_list()
    broken = {
        i: (reason, json.dumps(raw.frame.row(i, named=True), default=str, ensure_ascii=False))
        for i in numbers
        if i not in raw.broken
    }
    return replace(raw, broken={**raw.broken, **broken})
