"""The first pass over a large CSV file: each row judged by itself, and set down by client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.parallel import in_threads
from carenotebook.core.parquet import write_frame
from carenotebook.ingest.csvfile import Block, CsvFile
from carenotebook.ingest.fields import Field, Reading, evaluate_field
from carenotebook.ingest.progress import Progress
from carenotebook.ingest.quarantine import ROW, Judged, RawTable, judge, rejects
from carenotebook.ingest.spill import Spilled, read_part, spill

OPEN, USABLE, KNOWN = "row_is_good", "row_is_usable", "row_is_known"
_FLAGS = [OPEN, USABLE, KNOWN]
_COMPARED = ("appointments", "episodes", "measures")
"""Tables whose rows are compared with each other, the rejected ones too."""

_WORKERS = 4
_PLACES, _PLACE = 64, 1 << 18
_PER_TABLE = 100_000

Hashes = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True)
class ReadBlock:
    """What is kept of a block: where it stands, its rows, its rejects, the hashes of its ids."""

    offset: int
    size: int
    first: int
    height: int
    spilled: Spilled
    rejected: Path | None
    ids: Hashes


@dataclass
class Table:
    """A table that streams: how its rows are read, and what was read of it."""

    name: str
    file: CsvFile
    fields: Mapping[str, Field]
    reading: Reading
    blocks: list[ReadBlock] = field(default_factory=list)

    @property
    def height(self) -> int:
        return sum(b.height for b in self.blocks)

    @property
    def empty(self) -> pl.DataFrame:
        """No row, in the form in which rows are set down."""
        nothing = pl.DataFrame(schema=dict.fromkeys(self.file.columns, pl.String))
        return _set_down(self._judged(RawTable(nothing, typed=False)), 0)

    def read(self, scratch: Path, bounds: pl.Series, progress: Progress, size: int) -> None:
        """Set down every row below `scratch`, by the clients at which parts begin."""
        rows = partial(self._read_block, scratch, bounds)
        blocks = enumerate(self.file.blocks(size))
        with progress.bar(f"reading {self.name}") as bar:
            for read in in_threads((partial(rows, n, b) for n, b in blocks), _WORKERS):
                self.blocks.append(read)
                done = read.offset + read.size - self.file.start
                bar.total = round((read.first + read.height) * self.file.data_size / done)
                bar.update(read.height)

    def part(self, number: int) -> pl.DataFrame:
        """The rows of one part, with their flags."""
        return read_part([b.spilled for b in self.blocks], number, self.empty)

    def repeated_ids(self) -> pl.Series:
        """The numbers of usable rows whose appointment_id another one has, too."""
        hashes = np.sort(np.concatenate([np.empty(0, np.uint64), *(b.ids for b in self.blocks)]))
        twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
        if not twice.size:
            return pl.Series([], dtype=pl.Int64)
        some = [
            read_part([b.spilled], n, self.empty)
            .filter(
                USABLE, pl.col("appointment_id").hash().is_in(pl.lit(pl.Series(twice)).implode())
            )
            .select("appointment_id", ROW)
            for b in self.blocks
            for n in b.spilled.pieces
        ]
        return pl.concat(some).filter(pl.col("appointment_id").is_duplicated())[ROW].sort()

    def rejected(self, late: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Block by block the rejects, with those that only the second pass found."""
        for block in self.blocks:
            found = [] if block.rejected is None else [pl.read_parquet(block.rejected)]
            numbers = late[ROW]
            ends = (block.first, block.first + block.height)
            low, high = (int(numbers.search_sorted(n, side="left")) for n in ends)
            if high > low:
                raw = self.file.again(block.offset, block.size, block.first)
                here = late[low:high].with_columns(pl.col(ROW) - block.first)
                found.append(rejects(self.name, raw, here, block.first))
            if found:
                yield pl.concat(found).sort("row")

    def _judged(self, raw: RawTable) -> Judged:
        return judge(self.name, raw, self.fields, self.reading)

    def _read_block(self, scratch: Path, bounds: pl.Series, number: int, block: Block) -> ReadBlock:
        raw = self.file.parse(block)
        judged = self._judged(raw)
        rows = _set_down(judged, block.first)
        bad = judged.reasons.with_row_index(ROW).filter(~rows[OPEN])
        kept = rows.filter(pl.col(OPEN) | pl.col(USABLE) if self.name in _COMPARED else OPEN)
        at = bounds.search_sorted(kept["client_id"].fill_null(""), side="right")
        path = scratch / self.name / f"{number:06}"
        spilled = spill(kept, at, path)
        rejected = None
        if bad.height:
            rejected = path.with_suffix(".parquet")
            write_frame(rejects(self.name, raw, bad, block.first), rejected)
        ids = _hashes(kept) if self.name == "appointments" else np.empty(0, np.uint64)
        return ReadBlock(
            block.offset, block.size, block.first, block.height, spilled, rejected, ids
        )


def _set_down(judged: Judged, first: int) -> pl.DataFrame:
    number = pl.int_range(first, first + judged.rows.height, dtype=pl.Int64, eager=True)
    flags = [judged.reasons["reason"].is_null(), judged.usable, judged.known]
    return judged.rows.with_columns(
        number.alias(ROW), *(f.alias(n) for f, n in zip(flags, _FLAGS, strict=True))
    )


def _hashes(rows: pl.DataFrame) -> Hashes:
    if "appointment_id" not in rows.columns:
        return np.empty(0, np.uint64)
    ids = rows.filter(USABLE, pl.col("appointment_id").is_not_null())["appointment_id"]
    return ids.hash().to_numpy()


def find_bounds(tables: Sequence[Table], rows: int) -> pl.Series:
    """The clients at which parts of about so many rows begin, told from samples of the files."""
    samples, heights = [pl.Series([], dtype=pl.String)], [0]
    for table in tables:
        some, height = table.file.sample(_PLACES, _PLACE)
        ids = evaluate_field(table.fields["client_id"], some, pl.String(), table.reading).values
        samples.append(ids.drop_nulls().sort())
        heights.append(height)
    parts = max(1, round(max(heights) / rows))
    spread = [
        _evenly(s, _PER_TABLE * h // max(1, *heights))
        for s, h in zip(samples, heights, strict=True)
    ]
    ids = pl.concat(spread).sort()
    return _evenly(ids, parts)[1:].unique().sort() if parts > 1 else ids.clear()


def _evenly(ids: pl.Series, count: int) -> pl.Series:
    """So many of the sorted ids, from the first on, at even distances."""
    return ids.gather(np.arange(count) * ids.len() // max(1, count)) if ids.len() else ids


def judged_of(rows: pl.DataFrame) -> Judged:
    """Rows that were set down, as far as they were judged."""
    marks = pl.when(~pl.col(OPEN)).then(pl.lit(""))
    reasons = rows.select(column=marks, reason=marks)
    return Judged(rows.drop(_FLAGS, ROW), reasons, rows[USABLE], rows[KNOWN])
