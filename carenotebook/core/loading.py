"""Open a saved cohort."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import DataError
from carenotebook.core.store import MANIFEST, read_manifest


def load(folder: str | Path) -> Cohort:
    """Open a cohort that `Cohort.save` wrote; nothing is read until it is needed.

    Parameters
    ----------
    folder : path
        What `save` was given.

    Raises
    ------
    DataError
        If the folder holds no cohort, one of another version, or one that lacks files.

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
    try:
        tables: dict[str, Any] = manifest["tables"]
        data = home / manifest["data"]
        return Cohort(
            parts=tuple(_part(data, tables, i) for i in range(manifest["partitions"])),
            as_of=_instant(manifest["as_of"]),
            observed_from=manifest["observed_from"] and _instant(manifest["observed_from"]),
            timezone=manifest["timezone"],
            notice=manifest["notice"],
            episode_end=manifest["episode_end"],
            rows_in={n: t["rows_in"] for n, t in tables.items()},
            _rejected=_checked(data / "rejected.parquet") if manifest["rejected"] else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{home / MANIFEST} is damaged ({error!r}). Save the cohort again."
        ) from None


def _part(data: Path, tables: dict[str, Any], number: int) -> dict[str, pl.LazyFrame]:
    return {n: _checked(data / n / f"part-{number:05}.parquet") for n in tables}


def _checked(path: Path) -> pl.LazyFrame:
    if not path.is_file():
        raise DataError(f"{path} is missing: the saved cohort is damaged.")
    return pl.scan_parquet(path)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
