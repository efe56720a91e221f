"""Parquet files that are known again: written whole, with their size and checksum kept apart."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from carenotebook.core.errors import DataError
from carenotebook.core.manifest import AGAIN
from carenotebook.core.oserrors import reason_of

_PIECE = 1 << 22
_checked: set[tuple[Path, int, int, int, int]] = set()
"""Files that were found whole, as they were then: an unchanged one is not read again."""

_LEVEL = 1
"""Of zstd: higher ones take twice the time and save a hundredth of the space."""

Files = Mapping[str, tuple[int, int]]
"""Path below a folder, to size in bytes and CRC-32."""


def write_frame(frame: pl.DataFrame, path: Path) -> tuple[int, int]:
    """Write the frame to disk, through to the disk; returns its size and CRC-32."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression_level=_LEVEL)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = buffer.getbuffer()
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return len(content), zlib.crc32(content)


def check_files(data: Path, files: Files) -> None:
    """Compare every file with its size and checksum.

    Raises
    ------
    DataError
        Naming the first file that is missing or not what was written.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, problem in zip(
            files, pool.map(lambda name: _problem(data / name, files[name]), files), strict=True
        ):
            if problem:
                raise DataError(f"{data / path} {problem}: the saved cohort is damaged. {AGAIN}")


def _problem(path: Path, expected: tuple[int, int]) -> str:
    size, checksum = expected
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size != size:
                return f"has {found.st_size:,} bytes where {size:,} were written"
            known = (path, found.st_ino, found.st_mtime_ns, size, checksum)
            if known not in _checked:
                if _crc(file) != checksum:
                    return "is not what was written"
                _checked.add(known)
            return ""
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({reason_of(error)})"


def _crc(file: io.BufferedReader) -> int:
    checksum = 0
    while piece := file.read(_PIECE):
        checksum = zlib.crc32(piece, checksum)
    return checksum
