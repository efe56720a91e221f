"""A cohort on disk: Parquet files by ranges of clients, found through one manifest.

The files of one save stand in a folder of their own; the manifest that names it is put in place
by one atomic rename. So a reader sees the old cohort or the new one, never a mixture, wherever a
save is cut off. Writers take turns. The files of the save before stay until the next one, because
cohorts that were loaded from them still read them; what no manifest names is cleared by the next.
Answers to check-ins stand beside them in a journal that no save touches (`journal`).
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.journal import JOURNAL, JOURNAL_LOCK
from carenotebook.core.lock import LOCK, exclusively
from carenotebook.core.manifest import FORMAT, MANIFEST, read_manifest, sync_folder, write_manifest
from carenotebook.core.oserrors import reason_of
from carenotebook.core.parquet import write_frame
from carenotebook.core.parts import CLIENT, one_part

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

_ROWS_PER_PART = 1_000_000
_BESIDE = (MANIFEST, LOCK, JOURNAL, JOURNAL_LOCK)
_OURS = re.compile(
    rf"data-[0-9a-f]{{12}}|{re.escape(MANIFEST)}\.[0-9a-f]{{8}}|{'|'.join(map(re.escape, _BESIDE))}"
)


class Saving:
    """The files of one save, until `place` makes them the folder's cohort."""

    def __init__(self, home: Path, previous: str | None) -> None:
        self.home = home
        self.name = f"data-{uuid.uuid4().hex[:12]}"
        self.counts: dict[str, int] = {}
        self._previous = previous
        self._partitions = 0
        self._files: dict[str, tuple[int, int]] = {}

    def write(self, path: str, frame: pl.DataFrame) -> None:
        """Write a frame below the folder of this save."""
        self._files[path] = write_frame(frame, self.folder / path)

    @property
    def folder(self) -> Path:
        """Where this save writes; whatever else stands there is removed in the end."""
        return self.home / self.name

    def write_part(self, part: dict[str, pl.DataFrame]) -> None:
        """Write the tables of the next range of clients."""
        for name, frame in part.items():
            self.write(f"{name}/part-{self._partitions:05}.parquet", frame)
            counted = 0 if name == "policies" and self._partitions else frame.height
            self.counts[name] = self.counts.get(name, 0) + counted
        self._partitions += 1

    def place(self, cohort: dict[str, Any]) -> None:
        """Make what was written the folder's cohort."""
        for folder in {(self.folder / f).parent for f in self._files}:
            sync_folder(folder)
        stored = {"data": self.name, "previous": self._previous, "partitions": self._partitions}
        write_manifest(self.home, cohort | stored | {"files": self._files})


@contextmanager
def saving(home: Path) -> Iterator[Saving]:
    """A save into the folder: all of it, or nothing that is left behind.

    Raises
    ------
    DataError
        If the folder holds something else, or cannot be written.
    """
    new = not home.exists()
    try:
        _cohort_before(home)
        with exclusively(home):
            before = _cohort_before(home)
            _clear(home, {before.get("data"), before.get("previous")})
            save = Saving(home, before.get("data"))
            try:
                yield save
            finally:
                # What is in place decides what is kept, wherever the save was cut off.
                after = _cohort_before(home)
                _clear(home, {after.get("data"), after.get("previous")})
    except OSError as error:
        reason = reason_of(error)
        raise DataError(f"{home}: the cohort cannot be saved there ({reason}).") from None
    finally:
        if new and home.is_dir() and not any(home.iterdir()):
            home.rmdir()


def save_cohort(cohort: Cohort, folder: str | Path, partitions: int | None = None) -> Path:
    """See `Cohort.save`."""
    if partitions is not None and partitions < 1:
        raise OptionError(f"partitions={partitions}: use 1 or more.")
    home = Path(folder)
    with saving(home) as save:
        for part in _repartitioned(cohort, partitions):
            save.write_part(part)
        rejected = cohort.rejected
        if rejected.height:
            save.write("rejected/part-00000.parquet", rejected)
        save.place(saved_facts(cohort, save.counts, cohort.content_hash, rejected.height))
    return home


def _repartitioned(cohort: Cohort, partitions: int | None) -> Iterator[dict[str, pl.DataFrame]]:
    """The cohort's parts, each cut so that clients stay whole."""
    for part in cohort.parts if partitions is None else [one_part(cohort.parts)]:
        frames = {n: f.collect() for n, f in part.items()}
        cuts = partitions or _cuts(frames["appointments"].height)
        bounds = _client_bounds(frames, cuts)
        for low, high in pairwise(bounds):
            yield {n: _between(f, low, high) for n, f in frames.items()}


def _cuts(rows: int) -> int:
    """Parts of about a million appointments; two as soon as it pays to work side by side."""
    wanted = rows / _ROWS_PER_PART
    return max(1, round(wanted), min(2, round(2 * wanted)))


def _client_bounds(frames: dict[str, pl.DataFrame], cuts: int) -> list[int]:
    numbers = pl.concat(f[CLIENT] for f in frames.values() if CLIENT in f.columns)
    if numbers.is_empty():
        return [0, 1]
    low, high = int(numbers.min()), int(numbers.max()) + 1  # type: ignore[arg-type]
    ranked = frames["appointments"][CLIENT]
    inner = [int(ranked[ranked.len() * i // cuts]) for i in range(1, cuts) if ranked.len()]
    return [low, *inner, *[high] * (cuts - len(inner))]


def _between(frame: pl.DataFrame, low: int, high: int) -> pl.DataFrame:
    if CLIENT not in frame.columns:
        return frame
    first, last = (frame[CLIENT].search_sorted(b, side="left") for b in (low, high))
    return frame[int(first) : int(last)]


def saved_facts(
    cohort: Cohort, rows: dict[str, int], content_hash: str, rejected: int
) -> dict[str, Any]:
    """What a manifest says of a cohort, besides its files."""
    return {
        "format": FORMAT,
        "schema_version": schema.SCHEMA_VERSION,
        "as_of": cohort.as_of.isoformat(),
        "observed_from": cohort.observed_from and cohort.observed_from.isoformat(),
        "timezone": cohort.timezone,
        "notice": cohort.notice,
        "episode_end": cohort.episode_end,
        "rejected": rejected,
        "tables": {n: {"rows": r, "rows_in": cohort.rows_in.get(n, r)} for n, r in rows.items()},
        "content_hash": content_hash,
    }


def _cohort_before(home: Path) -> dict[str, Any]:
    """The manifest of the cohort that stands there, or nothing."""
    if (home / MANIFEST).exists():
        return read_manifest(home)
    if home.exists() and not home.is_dir():
        raise DataError(f"{home} is a file. Save into a folder.")
    if home.is_dir() and any(not _OURS.fullmatch(p.name) for p in home.iterdir()):
        raise DataError(f"{home} holds other files. Save into a new or an empty folder.")
    return {}


def _clear(home: Path, kept: set[str | None]) -> None:
    """Remove what saves that were cut off left behind."""
    for path in home.iterdir() if home.is_dir() else ():
        if path.name in {*kept, *_BESIDE} or not _OURS.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
