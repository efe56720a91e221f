"""One CSV file as text, block by block, row by row as the file numbers them.

A block is whole rows. Where its quotes are in order (each opens at the start of a field and closes
at its end), its rows and fields are told apart by arithmetic and read by polars; any other block
is read by the standard library's `csv`, which decides what is CSV.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.core.oserrors import why_unreadable
from carenotebook.ingest import csvlines
from carenotebook.ingest.csvlines import Lines, NotInOrder
from carenotebook.ingest.fileaccess import State, changed, check_unchanged, state_of
from carenotebook.ingest.quarantine import RawTable

BLOCK = 32_000_000
"""Bytes that are read at a time."""

_BY_HAND = 4_000_000
"""Bytes of the same that `csv` reads, whose fields take much memory."""

_BOM = b"\xef\xbb\xbf"
_NOT_UTF8 = "is not UTF-8 text. Save it as 'CSV UTF-8' and read it again."
NUL = "row holds NUL characters: the file is damaged there"


@dataclass(frozen=True)
class Block:
    """Whole rows of the file: `first` is the number of the first one, from 0."""

    offset: int
    first: int
    lines: Lines

    @property
    def size(self) -> int:
        return len(self.lines.content)

    @property
    def height(self) -> int:
        return self.lines.height


@dataclass(frozen=True)
class CsvFile:
    """A CSV file whose header has been read.

    Attributes
    ----------
    path : pathlib.Path
    columns : list of str
        The header; a column without a name is called ``unnamed`` and its number.
    separator : bytes
        A comma, or a semicolon or tab where the header has no comma.
    start : int
        Where the rows begin, in bytes.
    size : int
        Bytes of the file.
    """

    path: Path
    columns: list[str]
    separator: bytes
    start: int
    size: int
    state: State

    @property
    def data_size(self) -> int:
        """Bytes below the header."""
        return self.size - self.start

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The file's rows, about so many bytes at a time.

        Raises
        ------
        DataError
            If the file is not UTF-8, has a quote that is never closed, or changes meanwhile.
        """
        with self._reading() as file:
            self._check_same(file)
            file.seek(self.start)
            offset, first = self.start, 0
            while lines := self._next(file, offset, first, size):
                block = Block(offset, first, lines)
                yield block
                offset, first = offset + block.size, first + block.height
            self._check_same(file)

    def again(self, offset: int, size: int, first: int) -> RawTable:
        """The rows of a block that was read before."""
        with self._reading() as file:
            file.seek(offset)
            lines = self._next(file, offset, first, size)
            self._check_same(file)
        if lines is None or len(lines.content) != size:
            raise changed(self.path)
        return self.parse(Block(offset, first, lines))

    def parse(self, block: Block) -> RawTable:
        """The rows of a block as text; those that are no rows of this table are broken."""
        lines = block.lines
        frame = self._by_polars(lines) if lines.rows is None else None
        if frame is None:
            lines = lines if lines.rows is not None else self._by_hand(lines.content, block.first)
            frame = lines.frame(self.columns)
        broken = {
            i: (f"row has {fields} fields, the header has {len(self.columns)}", text)
            for i, fields, text in lines.of_other_width(self.separator, len(self.columns))
        }
        broken |= {i: (NUL, text) for i, text in lines.with_nul()}
        return RawTable(frame, typed=False, broken=broken)

    def sample(self, places: int, size: int) -> tuple[pl.DataFrame, int]:
        """Some rows from all over the file, and about how many it has; damage is left out."""
        found = [pl.DataFrame(schema=self._schema())]
        used = 0
        with self._reading() as file:
            for offset in np.linspace(self.start, self.size, places, endpoint=False, dtype=int):
                file.seek(offset)
                if offset > self.start:
                    file.readline(size)
                content = file.read(size)
                whole = content[: content.rfind(b"\n") + 1]
                try:
                    frame = self._by_polars(Lines(whole, whole.count(b"\n"))) if whole else None
                except DataError:
                    continue
                if frame is not None:
                    found.append(frame)
                    used += len(whole)
        rows = pl.concat(found)
        return rows, round(rows.height * self.data_size / max(used, 1))

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        """The file, open; what the disk says against it is said of it."""
        try:
            with self.path.open("rb") as file:
                yield file
        except FileNotFoundError:
            raise changed(self.path) from None
        except OSError as error:
            raise DataError(f"{self.path}: {why_unreadable(error)}") from None

    def _next(self, file: BinaryIO, offset: int, first: int, size: int) -> Lines | None:
        """The lines that follow, and no more than are needed; None at the end."""
        held = b""
        while piece := file.read(max(size, len(held))):
            held += piece
            try:
                ended = offset + len(held) >= self.size
                lines = csvlines.whole_lines(held, self.separator, ended=ended)
            except NotInOrder:
                break
            if lines is not None:
                file.seek(offset + len(lines.content))
                return lines
            if len(held) > csvlines.LONGEST:
                break
        else:
            if offset + len(held) < self.size:
                raise changed(self.path)
            return None
        file.seek(offset)
        lines = self._hand(file, min(size, _BY_HAND), first)
        file.seek(offset + len(lines.content))
        return lines

    def _by_hand(self, content: bytes, first: int) -> Lines:
        import io

        return self._hand(io.BytesIO(content), len(content), first)

    def _hand(self, file: BinaryIO, size: int, first: int) -> Lines:
        try:
            return csvlines.read_by_hand(file, self.separator.decode(), size)
        except UnicodeDecodeError:
            raise DataError(f"{self.path} {_NOT_UTF8}") from None
        except csvlines.LinesUnclearError:
            raise DataError(_unclear(self.path)) from None
        except csvlines.QuoteError as error:
            raise DataError(
                f"{self.path} cannot be read as CSV near data row {first + error.rows + 1}: a "
                "quote there is never closed, or stands inside a field."
            ) from None

    def _by_polars(self, lines: Lines) -> pl.DataFrame | None:
        """The rows as polars tells them apart; None where it does not see as many."""
        content = lines.content
        if not content.isascii():
            try:
                content.decode()
            except UnicodeDecodeError:
                raise DataError(f"{self.path} {_NOT_UTF8}") from None
        if lines.has_lone_return():
            raise DataError(_unclear(self.path))
        try:
            frame = pl.read_csv(
                content,
                has_header=False,
                infer_schema=False,
                schema=self._schema(),
                separator=self.separator.decode(),
                truncate_ragged_lines=True,
            )
        except pl.exceptions.PolarsError:
            return None
        if frame.height != lines.height:
            return None
        if b'"' in content:
            frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
        return frame

    def _schema(self) -> dict[str, type[pl.String]]:
        return dict.fromkeys(self.columns, pl.String)

    def _check_same(self, file: BinaryIO) -> None:
        check_unchanged(self.path, self.state, state_of(os.fstat(file.fileno())))


def open_csv(path: Path) -> CsvFile:
    """The header of a CSV file.

    Raises
    ------
    DataError
        If the file is empty, is not UTF-8 text, or names a column twice.
    """
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        bom = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
        file.seek(bom)
        separator = _separator(file.readline(csvlines.LONGEST))
        file.seek(bom)
        try:
            lines = csvlines.read_by_hand(file, separator.decode(), 1)
        except (csvlines.LinesUnclearError, csvlines.QuoteError):
            raise DataError(_unclear(path)) from None
        except UnicodeDecodeError:
            raise DataError(f"{path} {_NOT_UTF8}") from None
    header = [name.strip() for name in (lines.rows or [[]])[0]]
    if b"\0" in lines.content:
        raise DataError(f"{path} {_NOT_UTF8}")
    if not any(header):
        raise DataError(f"{path} is empty: it needs a header row.")
    start = bom + len(lines.content)
    return CsvFile(
        path, _unique_names(header, path), separator, start, state.st_size, state_of(state)
    )


def read_csv_file(path: Path) -> RawTable:
    """The rows of a CSV file, all as text; rows of another width than the header are broken.

    Raises
    ------
    DataError
        If the file is empty, is not UTF-8 text, has a quote that is never closed, or changes
        while it is read.
    """
    file = open_csv(path)
    frames = [pl.DataFrame(schema=dict.fromkeys(file.columns, pl.String))]
    broken: dict[int, tuple[str, str]] = {}
    for block in file.blocks():
        raw = file.parse(block)
        frames.append(raw.frame)
        broken |= {block.first + i: why for i, why in raw.broken.items()}
    return RawTable(pl.concat(frames, rechunk=True), typed=False, broken=broken)


def _unclear(path: Path) -> str:
    return (
        f"{path} cannot be read as CSV: its lines cannot be told apart. Save it again as "
        "CSV with ordinary line ends and matched quotes."
    )


def _separator(line: bytes) -> bytes:
    return next((s for s in (b",", b";", b"\t") if s in line), b",")


def _unique_names(header: list[str], path: Path) -> list[str]:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise DataError(f"{path} has {len(twice)} column name(s) more than once: rename them.")
    return [name or f"unnamed {i}" for i, name in enumerate(header, start=1)]
