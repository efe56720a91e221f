"""Where the rows and fields of CSV text begin and end."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
import polars as pl

LONGEST = 64_000_000
"""Bytes of the longest row that is read."""

_LF, _CR, _QUOTE = 10, 13, 34
_PIECE = 1 << 20

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


class NotInOrder(Exception):  # noqa: N818 - no error: the standard library decides
    """A quote stands where polars and `csv` could tell the fields apart differently."""


class LinesUnclearError(Exception):
    """A row is longer than `LONGEST`, or a line ends in a lone carriage return."""


class QuoteError(Exception):
    """A quote is never closed, or stands inside a field; `rows` were read before it."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows


@dataclass(frozen=True)
class Lines:
    """Whole rows: their bytes, how many there are, and their fields if `csv` told them apart."""

    content: bytes
    height: int
    rows: list[list[str]] | None = None
    texts: list[str] | None = None

    def frame(self, columns: list[str]) -> pl.DataFrame:
        """The fields that `csv` found: what is empty or lacking is null."""
        padding = [""] * len(columns)
        cells = zip(*((*r, *padding)[: len(columns)] for r in self.rows or ()), strict=True)
        made = [[c or None for c in column] for column in cells] or [[] for _ in columns]
        return pl.DataFrame(
            dict(zip(columns, made, strict=True)), schema=dict.fromkeys(columns, pl.String)
        )

    def of_other_width(self, separator: bytes, width: int) -> Iterator[tuple[int, int, str]]:
        """Rows that have another number of fields: their number, their fields, their text."""
        if self.rows is not None and self.texts is not None:
            for i, row in enumerate(self.rows):
                if row and len(row) != width:
                    yield i, len(row), self.texts[i]
            return
        fields = self._fields(separator, width)
        if fields is None:
            return
        for i in np.flatnonzero(fields != width).tolist():
            if text := self._text(i):
                yield i, int(fields[i]), text

    def with_nul(self) -> Iterator[tuple[int, str]]:
        """Rows that hold a NUL, and their text."""
        if b"\0" not in self.content:
            return
        if self.texts is not None:
            yield from ((i, t) for i, t in enumerate(self.texts) if "\0" in t)
            return
        where = np.flatnonzero(self._bytes == 0)
        for i in np.unique(np.searchsorted(self._ends, where)):
            yield int(i), self._text(int(i))

    def has_lone_return(self) -> bool:
        """Whether a carriage return outside quotes is followed by anything but a line feed."""
        if b"\r" not in self.content:
            return False
        returns = np.flatnonzero(self._mark(_CR))
        return bool((self._bytes[np.minimum(returns + 1, self._bytes.size - 1)] != _LF).any())

    def _fields(self, separator: bytes, width: int) -> Numbers | None:
        """Fields of each row; None where all have `width`."""
        if self._inside is None and self._regular(separator[0], width):
            return None
        between = self._mark(separator[0])
        ends = self._bytes[np.flatnonzero(between | self._mark(_LF))] == _LF
        return np.diff(np.flatnonzero(ends), prepend=-1)

    def _regular(self, separator: int, width: int) -> bool:
        """Whether every row has `width` fields, told piece by piece within the fast memory."""
        before = 0
        for start in range(0, self._bytes.size, _PIECE):
            piece = self._bytes[start : start + _PIECE]
            ends = piece[np.flatnonzero((piece == separator) | (piece == _LF))] == _LF
            expected = ends[(width - 1 - before) % width :: width]
            if not expected.all() or np.count_nonzero(ends) != expected.size:
                return False
            before = (before + ends.size) % width
        return before == 0

    def _mark(self, byte: int) -> Bools:
        """Where the byte stands outside quotes."""
        found: Bools = self._bytes == byte
        return found if self._inside is None else found & ~self._inside

    def _text(self, i: int) -> str:
        first = int(self._ends[i - 1]) + 1 if i else 0
        return self.content[first : int(self._ends[i])].decode(errors="replace").rstrip("\r")

    @cached_property
    def _ends(self) -> Numbers:
        return np.flatnonzero(self._mark(_LF))

    @cached_property
    def _bytes(self) -> Bytes:
        return np.frombuffer(self.content, np.uint8)

    @cached_property
    def _inside(self) -> Bools | None:
        return _inside_quotes(self._bytes) if b'"' in self.content else None


def whole_lines(held: bytes, separator: bytes, *, ended: bool) -> Lines | None:
    """The whole rows at the start of the bytes; None if not one ends there.

    Raises
    ------
    NotInOrder
        If a quote does not open or close a field.
    """
    if ended and not held.endswith(b"\n"):
        held += b"\n"
    if b'"' not in held:
        end = held.rfind(b"\n") + 1
        return Lines(held[:end], held.count(b"\n")) if end else None
    marks = np.frombuffer(held, np.uint8)
    inside = _inside_quotes(marks)
    ends = np.flatnonzero((marks == _LF) & ~inside)
    if not ends.size:
        if ended:
            raise NotInOrder
        return None
    end = int(ends[-1]) + 1
    if ended and end < len(held):
        raise NotInOrder
    _check_quotes(held[:end], marks[:end], separator)
    return Lines(held[:end], ends.size)


def _inside_quotes(marks: Bytes) -> Bools:
    return np.bitwise_and(np.cumsum(marks == _QUOTE, dtype=np.uint8), 1).astype(bool)


def _check_quotes(content: bytes, marks: Bytes, separator: bytes) -> None:
    """Each quote opens at the start of a field or closes at its end; two inside are one."""
    quotes = np.flatnonzero(marks == _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    before = marks[opening - 1]  # of the first byte: the last one, which ends a row
    after = marks[closing + 1]
    edges = [separator[0], _LF, _QUOTE]
    if not (np.isin(before, edges).all() and np.isin(after, [*edges, _CR]).all()):
        raise NotInOrder
    if b"\r" in content and not _returns_before_line_feeds(marks, closing):
        raise NotInOrder


def _returns_before_line_feeds(marks: Bytes, closing: Numbers) -> bool:
    returns = closing[marks[closing + 1] == _CR] + 2
    return bool((marks[np.minimum(returns, marks.size - 1)] == _LF).all())


def read_by_hand(file: BinaryIO, separator: str, size: int) -> Lines:
    """Rows as the standard library tells them apart, until `size` bytes are used up.

    Raises
    ------
    LinesUnclearError, QuoteError, UnicodeDecodeError
        If the text is not CSV.
    """
    used: list[bytes] = []
    rows: list[list[str]] = []
    texts: list[str] = []
    with _long_fields():
        reader = csv.reader(_decoded(file, used), delimiter=separator, strict=True)
        spent = done = 0
        try:
            for row in reader:
                rows.append(row)
                text = b"".join(used[done:])
                texts.append(text.decode().rstrip("\r\n"))
                spent, done = spent + len(text), len(used)
                if spent >= size:
                    break
        except csv.Error as error:
            if "new-line" in str(error):
                raise LinesUnclearError from None
            raise QuoteError(len(rows)) from None
    return Lines(b"".join(used), len(rows), rows, texts)


def _decoded(file: BinaryIO, used: list[bytes]) -> Iterator[str]:
    while line := file.readline(LONGEST):
        if len(line) == LONGEST:
            raise LinesUnclearError
        used.append(line)
        yield line.decode()


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)
