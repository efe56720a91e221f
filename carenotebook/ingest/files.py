"""A Cohort from files: CSV, Parquet and Excel, one file (or sheet) a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.core.when import When
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.csvfile import read_csv_file
from carenotebook.ingest.fileaccess import naming, unchanged
from carenotebook.ingest.progress import Progress
from carenotebook.ingest.quarantine import RawTable
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.tempfolder import folder_of_this_process

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.ingest.mapping import MappingLike

File = str | Path

LARGE = 200_000_000
"""Bytes of CSV from which on a cohort is made on disk."""


def read_csv(  # noqa: PLR0913 - one parameter a table, and what every reader takes
    appointments: File,
    *,
    contacts: File | None = None,
    episodes: File | None = None,
    clients: File | None = None,
    measures: File | None = None,
    checkins: File | None = None,
    actions: File | None = None,
    pauses: File | None = None,
    policies: File | None = None,
    mapping: MappingLike | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
    into: File | None = None,
    progress: bool | None = None,
) -> Cohort:
    r"""A cohort from CSV files, one a table.

    Everything is read as text and turned into the schema's types here, so that nothing is guessed:
    an id 007 stays 007, a day 31 February is quarantined. Commas separate, or semicolons or tabs
    where the header has no comma; the encoding is UTF-8.

    Files of 200 MB or more together do not go through memory whole: they are read block by block,
    sorted on disk and kept as Parquet, so that 20 million rows need less than 2 GB (`clients` and
    `policies` are read into memory all the same). The cohort is the same. Without `into` it stands
    in a temporary folder (``TMPDIR`` says where) until Python ends. While they are read, about as
    much space is needed there, or in `into`, as the files take.

    Parameters
    ----------
    appointments : path
        One row an appointment: client_id, start, outcome and optional columns.
    contacts, episodes, clients, measures, checkins, actions, pauses, policies : path, optional
        Further tables. None is a table that you do not have; a file with nothing below its header
        says that nothing happened.
    mapping : dict, path of a YAML file or name of a shipped mapping, optional
        How the columns of the files make the schema's (`carenotebook.ingest.mapping.read_mapping`
        lists the forms). Without it the columns have the schema's names.
    timezone : str
        IANA name for times without an offset. A local time that happened twice or never is
        quarantined.
    notice : str
        Where `cancelled_at` is known, a cancellation with less notice is late, with this much or
        more early, at or after `start` a no-show.
    as_of, observed_from : datetime, date or ISO 8601 text, optional
        What is seen. `as_of` defaults to a microsecond after the latest recorded happening.
    episode_end : str, optional
        Without `episodes`, how the one episode of a client ends: ``"as_of"``, or a duration after
        the last attended session such as ``"120d"``.
    into : path of a folder, optional
        Save the cohort there while it is read, as `Cohort.save` does, for `load`. Interrupted, it
        leaves what stood there before.
    progress : bool, optional
        Show rows, rows a second and the time left, on the standard error. By default for large
        files on a terminal.

    Returns
    -------
    Cohort
        Rows that cannot be used stand in `Cohort.rejected`, with their number in the file (1 is
        the first below the header) and the reason.

    Raises
    ------
    DataError
        If a file is missing, empty, not UTF-8 CSV, or changes while it is read; if `into` cannot
        be written.
    MappingError
        If a column that is needed is not there, or the mapping is malformed.
    OptionError
        If an option has a value that it cannot take.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> text = "Patient,Day,No-show\n7,2026-01-05T10:00:00Z,No\n7,2026-01-12T10:00:00Z,Maybe\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "appointments.csv"
    ...     _ = path.write_text(text)
    ...     cohort = read_csv(
    ...         path,
    ...         mapping={
    ...             "appointments": {
    ...                 "client_id": "Patient",
    ...                 "start": "Day",
    ...                 "outcome": {
    ...                     "column": "No-show",
    ...                     "values": {"Yes": "no_show", "No": "attended"},
    ...                 },
    ...             }
    ...         },
    ...     )
    >>> cohort.rejected.select("row", "column", "reason").rows()
    [(2, 'outcome', "'Maybe' is not among the mapping's values")]
    """
    paths = {
        "appointments": appointments,
        "episodes": episodes,
        "clients": clients,
        "contacts": contacts,
        "measures": measures,
        "checkins": checkins,
        "actions": actions,
        "pauses": pauses,
        "policies": policies,
    }
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    files = _checked_paths(paths)
    if into is None and sum(p.stat().st_size for p in files.values() if p.is_file()) < LARGE:
        return assemble(_tables(paths, read_csv_file), mapping, settings)
    from carenotebook.ingest.stream import stream_csv

    home = folder_of_this_process() if into is None else Path(into)
    return stream_csv(files, mapping, settings, home, progress=Progress(progress))


def read_parquet(  # noqa: PLR0913 - one parameter a table, and what every reader takes
    appointments: File,
    *,
    contacts: File | None = None,
    episodes: File | None = None,
    clients: File | None = None,
    measures: File | None = None,
    checkins: File | None = None,
    actions: File | None = None,
    pauses: File | None = None,
    policies: File | None = None,
    mapping: MappingLike | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    """A cohort from foreign Parquet files, one a table; `load` opens what `Cohort.save` wrote.

    Columns keep their types: a time with a zone is an instant, one without is in `timezone`.
    The parameters, what is returned and what is raised are those of `read_csv`.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> from datetime import datetime, UTC
    >>> frame = pl.DataFrame(
    ...     {
    ...         "client_id": ["c1"],
    ...         "start": [datetime(2026, 1, 5, 10, tzinfo=UTC)],
    ...         "outcome": ["attended"],
    ...     }
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame.write_parquet(f"{folder}/a.parquet")
    ...     read_parquet(f"{folder}/a.parquet")
    Cohort(appointments; as of 2026-01-05)
    """
    paths = {
        "appointments": appointments,
        "episodes": episodes,
        "clients": clients,
        "contacts": contacts,
        "measures": measures,
        "checkins": checkins,
        "actions": actions,
        "pauses": pauses,
        "policies": policies,
    }
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    return assemble(_tables(paths, _parquet_file), mapping, settings)


def read_excel(  # noqa: PLR0913 - one parameter a table, and what every reader takes
    appointments: File,
    *,
    contacts: File | None = None,
    episodes: File | None = None,
    clients: File | None = None,
    measures: File | None = None,
    checkins: File | None = None,
    actions: File | None = None,
    pauses: File | None = None,
    policies: File | None = None,
    mapping: MappingLike | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    """A cohort from Excel workbooks: ``"book.xlsx"`` is its first sheet, or ``"book.xlsx#Sheet"``.

    Cells that Excel keeps as dates are read as local times in `timezone`. An id that Excel turned
    into a number has lost its leading zeros before it gets here: prefer CSV from the source.
    The parameters, what is returned and what is raised are those of `read_csv`.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cn.read_excel("book.xlsx#Visits")
    Traceback (most recent call last):
    carenotebook.core.errors.DataError: appointments: book.xlsx#Visits: there is no such file.
    """
    paths = {
        "appointments": appointments,
        "episodes": episodes,
        "clients": clients,
        "contacts": contacts,
        "measures": measures,
        "checkins": checkins,
        "actions": actions,
        "pauses": pauses,
        "policies": policies,
    }
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    return assemble(_tables(paths, _excel_sheet), mapping, settings)


def read_file(path: Path) -> RawTable:
    """One file or sheet as its reader gives it, the reader told by the file's name.

    Raises
    ------
    DataError
        If its name ends otherwise than in .csv, .parquet or .xlsx, or it cannot be read.
    """
    book, _ = _book_and_sheet(path)
    suffix = Path(book).suffix.lower()
    if suffix not in READERS:
        raise DataError(f"{path}: not one of {', '.join(READERS)}.")
    with naming("the data", path):
        return READERS[suffix](path)


def _tables(
    paths: Mapping[str, File | None],
    read: Callable[[Path], RawTable],
) -> dict[str, RawTable]:
    found = {}
    for table, path in _checked_paths(paths).items():
        with naming(table, path):
            found[table] = read(path)
    return found


def _checked_paths(paths: Mapping[str, File | None]) -> dict[str, Path]:
    if paths["appointments"] is None:
        raise DataError("appointments= is the one table that a cohort cannot do without.")
    for table, path in paths.items():
        if path is not None and not isinstance(path, str | Path):
            raise DataError(f"{table}= takes a path, not {type(path).__name__}; see from_frames.")
    return {t: Path(p) for t, p in paths.items() if p is not None}


def _checked(path: Path) -> Path:
    """The path, if there is a file with something in it."""
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    if path.is_dir():
        raise IsADirectoryError
    return path


def _parquet_file(path: Path) -> RawTable:
    try:
        with unchanged(_checked(path)):
            return RawTable(pl.read_parquet(path, glob=False))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise DataError(f"{path} is not a Parquet file, or is damaged.") from None


def _excel_sheet(path: Path) -> RawTable:
    book, sheet = _book_and_sheet(path)
    with unchanged(_checked(Path(book))):
        frame = _sheet(book, sheet)
    if not frame.columns:
        raise DataError(f"{path} is empty: it needs a header row.")
    return RawTable(_without_empty_end(frame), typed=False)


def _sheet(book: str, sheet: str) -> pl.DataFrame:
    import fastexcel

    try:
        names = fastexcel.read_excel(book).sheet_names
        if sheet and sheet not in names:
            raise DataError(f"{book} has no sheet {sheet!r}. It has: {', '.join(names)}.")
        return pl.read_excel(
            book,
            sheet_name=sheet or names[0],
            engine="calamine",
            infer_schema_length=0,
            drop_empty_rows=False,
            raise_if_empty=False,
        )
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise DataError(f"{book} is not an Excel workbook, or is damaged.") from None


def _book_and_sheet(path: Path) -> tuple[str, str]:
    if path.is_file() or "#" not in str(path):
        return str(path), ""
    book, _, sheet = str(path).rpartition("#")
    return book, sheet


def _without_empty_end(frame: pl.DataFrame) -> pl.DataFrame:
    """Formatted cells below the data are no rows."""
    written = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
    return frame.head(0 if written.is_empty() else int(written[-1]) + 1)


READERS: dict[str, Callable[[Path], RawTable]] = {
    ".csv": read_csv_file,
    ".parquet": _parquet_file,
    ".xlsx": _excel_sheet,
}
"""What reads a file, by how its name ends."""
