"""One writer at a time in a folder: the kernel lets go of the lock of a process that dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def exclusively(home: Path, name: str = LOCK) -> Iterator[None]:
    """Hold the folder, made if needed; another writer that takes this lock waits until it ends."""
    lock = home / name
    held = _held(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(held)


def _held(lock: Path) -> int:
    """A descriptor that holds the lock; a file that another writer took away locks nothing."""
    import fcntl

    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            if lock.exists() and os.path.samestat(os.fstat(held), lock.stat()):
                return held
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(held)
            raise
        os.close(held)
