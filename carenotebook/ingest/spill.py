"""Rows on disk between two passes: written as they are read, read back by ranges of clients."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Spilled:
    """One written file: for each range of clients in it, where its rows stand."""

    path: Path
    pieces: dict[int, tuple[int, int]] = field(default_factory=dict)


def spill(rows: pl.DataFrame, part: pl.Series, path: Path) -> Spilled:
    """Write rows, those of each part together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = Spilled(path)
    with path.open("wb") as file:
        for (number,), piece in (
            rows.with_columns(part.alias("_part"))
            .partition_by("_part", include_key=False, as_dict=True)
            .items()
        ):
            buffer = io.BytesIO()
            piece.write_ipc(buffer, compression="uncompressed")
            content = buffer.getbuffer()
            written.pieces[int(number)] = (file.tell(), len(content))
            file.write(content)
    return written


def read_part(spilled: Sequence[Spilled], part: int, empty: pl.DataFrame) -> pl.DataFrame:
    """The rows of one part from all files."""
    found = [empty]
    for one in spilled:
        if part in one.pieces:
            offset, length = one.pieces[part]
            with one.path.open("rb") as file:
                file.seek(offset)
                found.append(pl.read_ipc(io.BytesIO(file.read(length))))
    return pl.concat(found, rechunk=True)
