"""A mapping suggested for a foreign file: what its columns and words seem to mean, and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.errors import DataError
from carenotebook.core.options import check_option
from carenotebook.ingest.columns import HEADLESS, looks_like_data
from carenotebook.ingest.files import read_file
from carenotebook.ingest.frames import to_polars
from carenotebook.ingest.suggest_content import Column, look
from carenotebook.ingest.suggest_fields import Fit
from carenotebook.ingest.suggest_tables import Table, choose_table
from carenotebook.ingest.suggest_yaml import comment, scalar, table_lines

FRAME = "The frame"
_READERS = {".csv": "csv", ".parquet": "parquet", ".xlsx": "excel"}
LEAST_CLIENTS = 11
"""A word that is not known is shown if the rows of so many clients hold it."""

_TIDY = {
    "table": pl.String,
    "field": pl.String,
    "column": pl.String,
    "confidence": pl.Float64,
    "placed": pl.Boolean,
    "reasons": pl.String,
}


@dataclass(frozen=True)
class _Source:
    """A file that was looked at: its name, its columns, and the tables that it seems to hold."""

    name: str
    columns: tuple[Column, ...]
    tables: tuple[Table, ...]

    @property
    def used(self) -> set[str]:
        return set().union(*(t.columns for t in self.tables))


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
            raise DataError(f"{path} cannot be written ({type(error).__name__}).") from None
        return path

    def __repr__(self) -> str:
        return self.yaml


def suggest_mapping(source: Any, *, table: str | None = None) -> Suggestion:
    r"""Suggest a mapping for a file whose columns are not ours.

    Columns are recognised by their name, their type and their values: dates in the usual layouts,
    words of statuses (FHIR, NHS codes, practice systems), directions, reasons, instruments. What is
    not sure is left open, as a comment: whether a date has the day or the month first, what "no"
    means, who "cancelled". Nothing is applied: correct the YAML, save it, pass it as ``mapping=``.
    English names only; it is no substitute for knowing the source.

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
    # A suggestion, to check line by line: nothing has been applied. The number at the end
    # of a line says how sure it is, from 0 to 1.
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


def _looked_at(source: Any, table: str | None) -> _Source:
    name, frame = _read(source)
    columns = tuple(look(c) for c in frame.iter_columns())
    _check_header(columns)
    return _Source(name, columns, (choose_table(columns, stem=Path(name).stem, only=table),))


def _is_ours(source: _Source) -> bool:
    needed = schema.required_columns(source.tables[0].name)
    return set(needed) <= {c.name for c in source.columns}


def _read(source: Any) -> tuple[str, pl.DataFrame]:
    if isinstance(source, str | Path):
        return Path(source).name, read_file(Path(source)).frame
    return FRAME, to_polars("source", source)


def _check_header(columns: Sequence[Column]) -> None:
    """Refuse a file whose first row is data: its names would be values of a client."""
    names = [c.name for c in columns]
    below = [c for c in columns if c.name in c.words]
    if below or sum(looks_like_data(n) for n in names) > len(names) / 3:
        raise DataError(HEADLESS)


def _suggestion(sources: Sequence[_Source]) -> Suggestion:
    used = [c for s in sources for c in s.columns if c.name in s.used]
    parts = [*_head(sources), *_blanks(used)]
    for source in sources:
        for table in source.tables:
            parts += ["", *table_lines(table, _unknown(table, source.columns))]
        parts += _rest(source)
    tables = tuple(t for s in sources for t in s.tables)
    unplaced = tuple(c.name for s in sources for c in s.columns if c.name not in s.used)
    return Suggestion(tables, unplaced, "\n".join(parts) + "\n")


def _head(sources: Sequence[_Source]) -> Iterator[str]:
    yield "# A suggestion, to check line by line: nothing has been applied. The number at the end"
    yield "# of a line says how sure it is, from 0 to 1."
    for source in sources:
        held = " and ".join(f"{t.name} ({t.confidence:.2f})" for t in source.tables)
        yield f"# {source.name} looks like {held}."
    yield "# Correct it, save it as mapping.yml, and read:"
    yield f"#   {_call(sources)}"


def _call(sources: Sequence[_Source]) -> str:
    files = {t.name: _argument(s.name) for s in sources for t in s.tables}
    first = files.pop("appointments", "...")
    suffix = Path(sources[0].name.split("#")[0]).suffix.lower()
    reader = "from_frames" if sources[0].name == FRAME else f"read_{_READERS.get(suffix, 'csv')}"
    further = [f"{name}={given}" for name, given in files.items()]
    return f'cn.{reader}({", ".join([first, *further])}, mapping="mapping.yml")'


def _argument(name: str) -> str:
    return "frame" if name == FRAME else f'"{name}"'


def _blanks(columns: Sequence[Column]) -> list[str]:
    found = dict.fromkeys(b for c in columns for b in c.blanks)
    return ["", f"blank: [{', '.join(scalar(b) for b in found)}]"] if found else []


def _unknown(table: Table, columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """What may be said of words that are not known, by column."""
    of = {c.name: c for c in columns}
    ids = [f.column for c in table.choices if c.field == "client_id" for f in c.candidates]
    who = of[ids[0]].texts if ids else None
    return {
        f.column: tuple(_lines(of[f.column], f, who, needed=c.field == "outcome"))
        for c in table.choices
        for f in c.candidates
        if f.column in of
    }


def _lines(column: Column, fit: Fit, who: pl.Series | None, *, needed: bool) -> Iterator[str]:
    """A line to fill in for each word that enough clients hold; of the others their number."""
    clients = dict.fromkeys(fit.unknown, 0)
    if who is not None:
        held = pl.DataFrame({"word": column.texts, "who": who}).drop_nulls()
        clients |= dict(held.group_by("word").agg(pl.col("who").n_unique()).iter_rows())
    shown = [w for w in fit.unknown if clients[w] >= LEAST_CLIENTS and not looks_like_data(w)]
    for word in shown:
        yield f"      # {scalar(word)}: what does it mean?"
    hidden = len(fit.unknown) - len(shown)
    if hidden:
        yield (
            f"      # {hidden} more that fewer than {LEAST_CLIENTS} clients have, not shown here: "
            "what do they mean?"
        )
    if needed and column.texts.null_count():
        yield "      # null: some rows are blank here: what does that mean?"


def _rest(source: _Source) -> Iterator[str]:
    """The columns that were not placed."""
    left = [c for c in source.columns if c.name not in source.used]
    kept = any(t.name in schema.OPEN_TABLES for t in source.tables)
    says = "Kept as attributes, under their own names" if kept else "Not placed"
    for why, columns in (
        (says, [c for c in left if c.content != "blank"]),
        ("Blank throughout", [c for c in left if c.content == "blank"]),
    ):
        if columns:
            yield ""
            yield from comment(f"{why}: {', '.join(_named(c.name) for c in columns)}.")


def _named(column: str) -> str:
    return "(a name that looks like data)" if looks_like_data(column) else scalar(column)
