"""A mapping suggested for a foreign file: what its columns and words seem to mean, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.errors import DataError
from carenotebook.core.options import check_option
from carenotebook.core.oserrors import reason_of
from carenotebook.core.plain import to_polars
from carenotebook.ingest.columns import HEADLESS, looks_like_data
from carenotebook.ingest.csvfile import open_csv
from carenotebook.ingest.fields import columns_of
from carenotebook.ingest.fileaccess import naming
from carenotebook.ingest.files import read_file
from carenotebook.ingest.mapping import read_mapping, shipped_mappings
from carenotebook.ingest.suggest_content import Column, look
from carenotebook.ingest.suggest_fields import is_named
from carenotebook.ingest.suggest_redcap import tables_of
from carenotebook.ingest.suggest_tables import Source, Table
from carenotebook.ingest.suggest_yaml import FRAME, written

LARGE = 32_000_000
"""Of a CSV file with more bytes, rows from all over it are looked at."""

PLACES = 32
_TIDY = {
    "table": pl.String,
    "field": pl.String,
    "column": pl.String,
    "confidence": pl.Float64,
    "placed": pl.Boolean,
    "reasons": pl.String,
}


@dataclass(frozen=True, repr=False)
class Suggestion:
    """A suggested mapping: printed, it is YAML to correct and save; it applies to nothing itself.

    Attributes
    ----------
    tables : tuple of Table
        What the source seems to hold.
    unplaced : tuple of str
        Columns that stand for no field.
    yaml : str
        The mapping: open questions and confidences are comments in it.
    """

    tables: tuple[Table, ...]
    unplaced: tuple[str, ...]
    yaml: str

    @property
    def table(self) -> str:
        """The table that the source is most likely to be."""
        return self.tables[0].name

    @property
    def confidence(self) -> float:
        """How sure that is, from 0 to 1."""
        return self.tables[0].confidence

    @property
    def complete(self) -> bool:
        """Whether nothing is left to decide, neither a field nor a word."""
        choices = [c for t in self.tables for c in t.choices]
        lacking = any(t.lacking for t in self.tables)
        return not lacking and all(c.placed and not c.candidates[0].unknown for c in choices)

    def tidy(self) -> pl.DataFrame:
        """One row a field and column that may be it, with its confidence and the reasons."""
        rows = [
            (
                t.name,
                c.field,
                f.column,
                f.confidence,
                c.placed,
                "; ".join([*c.open_because, *f.reasons]),
            )
            for t in self.tables
            for c in t.choices
            for f in c.candidates
        ]
        return pl.DataFrame(rows, schema=_TIDY, orient="row")

    def save(self, path: str | Path) -> Path:
        """Write the YAML to a new file, to be corrected and passed as ``mapping=``.

        Raises
        ------
        DataError
            If the file exists: it may hold your corrections.
        """
        path = Path(path)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(self.yaml)
        except FileExistsError:
            raise DataError(f"{path} exists and is not overwritten; name a new file.") from None
        except OSError as error:
            raise DataError(f"{path} cannot be written ({reason_of(error)}).") from None
        return path

    def __repr__(self) -> str:
        return self.yaml


def suggest_mapping(source: Any, *, table: str | None = None) -> Suggestion:
    r"""Suggest a mapping for a file whose columns are not ours.

    Columns are recognised by their name, their type and their values: dates in the usual layouts,
    words of statuses (FHIR, NHS codes, practice systems), directions, reasons, instruments. What is
    not sure is left open, as a comment: whether a date has the day or the month first, what "no"
    means, who "cancelled". Nothing is applied: correct the YAML, save it, pass it as ``mapping=``.
    English names only; it is no substitute for knowing the source. Of a large CSV file, rows from
    all over it are looked at.

    Parameters
    ----------
    source : path or frame
        A file (.csv, .parquet, .xlsx, or ``"book.xlsx#Sheet"``), or a frame of polars, pandas or
        pyarrow.
    table : str, optional
        The table that it is, where you know.

    Returns
    -------
    Suggestion
        Its `repr` is the YAML. It names columns, and of their values only words of a vocabulary:
        those that are known, and others that the rows of at least 11 clients hold. Confidence is
        1 - the product of (1 - weight) of what speaks for a column, between 0 and 1: an order of
        merit, not a probability.

    Raises
    ------
    DataError
        If the file cannot be read, or has no header.
    OptionError
        If `table` is no table of a cohort.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "PatientId": ["1", "1", "2"],
    ...         "AppointmentDay": ["29/04/2025", "06/05/2025", "07/05/2025"],
    ...         "Status": ["Show", "No show", "Cancelled"],
    ...     }
    ... )
    >>> suggest_mapping(frame)
    # A suggestion, to check line by line: nothing has been applied. The numbers say how
    # sure it is, from 0 to 1.
    # The frame looks like appointments (0.85).
    # Correct it, save it as mapping.yml, and read:
    #   cn.from_frames(frame, mapping="mapping.yml")
    <BLANKLINE>
    appointments:
      client_id: PatientId  # 0.80: name; values repeat
      start: {column: AppointmentDay, format: "%d/%m/%Y"}  # 0.88: name; its values are times
      outcome:  # 0.88: name; its words are statuses of appointments
        column: Status
        values:
          No show: no_show
          Show: attended
          # 1 more that fewer than 11 clients have, not shown here: what do they mean?
    <BLANKLINE>
    """
    if table is not None:
        check_option("table", table, schema.TABLES)
    return _suggestion([_looked_at(source, table)])


def suggest_for(files: Mapping[str, Path]) -> Suggestion:
    """One suggestion for several files, each of which is said to be a table.

    Files whose columns are the schema's are left out: they need no mapping.
    """
    looked = [_looked_at(path, table) for table, path in files.items()]
    return _suggestion([s for s in looked if not _is_ours(s)])


def _looked_at(source: Any, table: str | None) -> Source:
    name, frame, partly = _read(source)
    columns = tuple(look(c) for c in frame.iter_columns())
    _check_header(columns)
    tables = tables_of(columns, Path(name).stem, table)
    return Source(name, columns, tables, frame.height if partly else None)


def _is_ours(source: Source) -> bool:
    needed = schema.required_columns(source.tables[0].name)
    return set(needed) <= {c.name for c in source.columns}


def _read(source: Any) -> tuple[str, pl.DataFrame, bool]:
    """Its name, its rows, and whether they are only some of them."""
    if not isinstance(source, str | Path):
        return FRAME, to_polars("source=", source), False
    path = Path(source)
    if path.suffix.lower() == ".csv":
        with naming("the data", path):
            file = open_csv(path)
            if file.data_size > LARGE:
                return path.name, file.sample(PLACES, LARGE // PLACES)[0], True
    return path.name, read_file(path).frame, False


def _check_header(columns: Sequence[Column]) -> None:
    """Refuse a file whose first row is data: its names would be values of a client.

    So it is where a name stands among the values below it and no other is that of a field, or
    where many names look like data.
    """
    below = [c for c in columns if c.name in c.words]
    named = any(is_named(c) for c in columns if c.name not in c.words)
    like_data = sum(looks_like_data(c.name) for c in columns)
    if (below and not named) or like_data > len(columns) / 3:
        raise DataError(HEADLESS)


def _suggestion(sources: Sequence[Source]) -> Suggestion:
    tables = tuple(t for s in sources for t in s.tables)
    unplaced = tuple(c.name for s in sources for c in s.columns if c.name not in s.used)
    names = {c.name for s in sources for c in s.columns}
    return Suggestion(tables, unplaced, written(sources, _shipped_for(names)))


def _shipped_for(names: set[str]) -> str | None:
    """The shipped mapping whose appointments read columns that are all here."""
    for shipped in shipped_mappings():
        fields = read_mapping(shipped).tables["appointments"]
        if set().union(*(columns_of(f) for f in fields.values())) <= names:
            return shipped.stem
    return None
