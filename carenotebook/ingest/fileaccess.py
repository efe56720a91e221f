"""Source files: named when they cannot be opened, refused when they change while they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carenotebook.core.errors import DataError
from carenotebook.core.oserrors import why_unreadable

State = tuple[int, int, int]
"""A file's identity, size in bytes, and time of its last change."""


def state_of(stat: os.stat_result) -> State:
    """What differs once a file has changed."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def check_unchanged(path: Path, before: State, *others: State) -> None:
    """Raise a DataError if the file is no longer what it was."""
    try:
        now = {state_of(path.stat()), *others}
    except OSError:
        now = set()
    if now != {before}:
        raise changed(path)


def changed(path: Path) -> DataError:
    """The error for a file that changed."""
    return DataError(f"{path} changed while it was read. Read it again when it is complete.")


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Read the file in here: it was the same before and after."""
    before = state_of(path.stat())
    try:
        yield
    finally:
        check_unchanged(path, before)


@contextmanager
def naming(table: str, path: Path) -> Iterator[None]:
    """Say which table's file it is that cannot be opened."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{table}: {path}: {why_unreadable(error)}") from None
