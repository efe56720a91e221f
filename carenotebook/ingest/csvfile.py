"""One CSV file as text, row by row as the file numbers them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.ingest.quarantine import RawTable


@dataclass(frozen=True)
class _Shape:
    """What a pass over the file found: its header, its rows, and those of another width."""

    header: list[str]
    height: int
    separator: str
    broken: dict[int, tuple[str, str]]


def read_csv_file(path: Path) -> RawTable:
    """The rows of a CSV file, all as text; rows of another width than the header are broken.

    The separator is a comma, or a semicolon or tab where the header has no comma.

    Raises
    ------
    DataError
        If the file is empty, is not UTF-8 text, or has a quote that is never closed.
    """
    shape = _shape(path)
    try:
        frame = pl.read_csv(
            path,
            has_header=False,
            infer_schema=False,
            schema=dict.fromkeys((str(i) for i in range(len(shape.header))), pl.String),
            separator=shape.separator,
            truncate_ragged_lines=True,
            glob=False,
        ).slice(1)
    except pl.exceptions.PolarsError:
        raise DataError(f"{path} cannot be read as CSV: its quotes do not match.") from None
    if frame.height != shape.height:
        raise DataError(
            f"{path} cannot be read as CSV: its lines cannot be told apart. Save it again as "
            "CSV with ordinary line ends and matched quotes."
        )
    frame.columns = _unique_names(shape.header, path)
    return RawTable(frame, typed=False, broken=shape.broken)


def _shape(path: Path) -> _Shape:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = _separator(file.readline())
            file.seek(0)
            rows = csv.reader(file, delimiter=separator, strict=True)
            header = [name.strip() for name in next(rows, [])]
            if not any(header):
                raise DataError(f"{path} is empty: it needs a header row.")
            height, broken = 0, {}
            for i, row in enumerate(rows):
                height = i + 1
                if row and len(row) != len(header):
                    broken[i] = (_width_reason(row, header), separator.join(row))
    except UnicodeDecodeError:
        raise DataError(
            f"{path} is not UTF-8 text. Save it as 'CSV UTF-8' and read it again."
        ) from None
    except csv.Error:
        raise DataError(
            f"{path} cannot be read as CSV near line {rows.line_num}: "
            "a quote there is never closed, or stands inside a field."
        ) from None
    return _Shape(header, height, separator, broken)


def _separator(line: str) -> str:
    return next((s for s in (",", ";", "\t") if s in line), ",")


def _width_reason(row: list[str], header: list[str]) -> str:
    return f"row has {len(row)} fields, the header has {len(header)}"


def _unique_names(header: list[str], path: Path) -> list[str]:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise DataError(f"{path} has {len(twice)} column name(s) more than once: rename them.")
    return [name or f"unnamed {i}" for i, name in enumerate(header, start=1)]
