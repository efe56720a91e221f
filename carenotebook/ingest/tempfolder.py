"""A folder for a cohort that is too large for memory: it lives as long as the process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "carenotebook-"
_LOCK = "in-use"
_held: list[int] = []


def folder_of_this_process() -> Path:
    """A new folder, readable by this user alone, that is removed when Python ends.

    What processes that were killed left behind is removed first: nobody holds its lock.
    """
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        _remove_unused(left)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _hold(made / _LOCK)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made / "cohort"


def _hold(lock: Path) -> None:
    import fcntl

    _held.append(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600))
    fcntl.flock(_held[-1], fcntl.LOCK_EX)


def _remove_unused(left: Path) -> None:
    import fcntl

    try:
        lock = os.open(left / _LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    except OSError:
        return
    finally:
        os.close(lock)
