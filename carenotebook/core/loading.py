"""Open a saved cohort."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import DataError
from carenotebook.core.manifest import AGAIN, MANIFEST, read_manifest
from carenotebook.core.parquet import check_files


def load(folder: str | Path) -> Cohort:
    """Open a cohort that `Cohort.save` wrote.

    Every file is compared with the size and checksum that it was written with; the tables are
    read when they are needed.

    Parameters
    ----------
    folder : path
        What `save` was given.

    Raises
    ------
    DataError
        If the folder holds no cohort, one of another version, or one that is damaged: a file is
        missing, cut short or changed, or the manifest was edited. It names the file.

    Examples
    --------
    >>> import carenotebook as cn, tempfile
    >>> cohort, _ = cn.synthetic_cohort(clients=20, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     same = cn.load(cohort.save(folder))
    ...     same.content_hash == cohort.content_hash
    True
    """
    home = Path(folder).resolve()
    manifest = read_manifest(home)
    while True:
        try:
            check_files(*_files(home, manifest))
        except DataError:
            before, manifest = manifest, read_manifest(home)
            if manifest == before:
                raise
        else:
            return open_saved(home, manifest)


def open_saved(home: Path, manifest: dict[str, Any]) -> Cohort:
    """The cohort of a manifest, its files unchecked."""
    data, files = _files(home, manifest)
    rejected = [data / f for f in files if f.startswith("rejected/")]
    try:
        tables: dict[str, Any] = manifest["tables"]
        return Cohort(
            parts=tuple(_part(data, tables, i) for i in range(manifest["partitions"])),
            as_of=_instant(manifest["as_of"]),
            observed_from=manifest["observed_from"] and _instant(manifest["observed_from"]),
            timezone=manifest["timezone"],
            notice=manifest["notice"],
            episode_end=manifest["episode_end"],
            rows_in={n: t["rows_in"] for n, t in tables.items()},
            _rejected=pl.scan_parquet(rejected, glob=False) if rejected else None,
        )
    except (KeyError, TypeError, ValueError):
        raise DataError(_incomplete(home)) from None


def _files(home: Path, manifest: dict[str, Any]) -> tuple[Path, dict[str, tuple[int, int]]]:
    try:
        files = {path: (size, crc) for path, (size, crc) in manifest["files"].items()}
        return home / manifest["data"], files
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DataError(_incomplete(home)) from None


def _incomplete(home: Path) -> str:
    return f"{home / MANIFEST} does not say all that this carenotebook needs. {AGAIN}"


def _part(data: Path, tables: dict[str, Any], number: int) -> dict[str, pl.LazyFrame]:
    return {n: _scanned(data / n / f"part-{number:05}.parquet") for n in tables}


def _scanned(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
