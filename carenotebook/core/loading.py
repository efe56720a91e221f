"""Open a saved cohort."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.answered import answered_later, with_checkins
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import CareNotebookWarning, DataError, OptionError
from carenotebook.core.journal import read_journal
from carenotebook.core.manifest import AGAIN, MANIFEST, read_manifest
from carenotebook.core.parquet import check_files
from carenotebook.core.when import When, instant


def load(folder: str | Path, *, as_of: When | None = None) -> Cohort:
    """Open a cohort that `Cohort.save` wrote.

    Every file is compared with the size and checksum that it was written with; the tables are
    read when they are needed. Check-ins that were answered since (`carenotebook.widgets.CheckIn`)
    join the table `checkins`, so that rules see them; a line of theirs that cannot be used stands
    in `Cohort.rejected`.

    Parameters
    ----------
    folder : path
        What `save` was given.
    as_of : datetime, date or ISO 8601 text, optional
        Nothing at or after this is seen; by default as the cohort was saved. A later time shows
        check-ins answered since then. But it also makes a client look silent about whom nothing
        newer was read: where rules ask about silence, read the other tables again instead and
        save them into the same folder.

    Raises
    ------
    DataError
        If the folder holds no cohort, one of another version, or one that is damaged: a file is
        missing, cut short or changed, or the manifest was edited. It names the file.
    OptionError
        If `as_of` is no time, or not after `observed_from`.

    Warns
    -----
    CareNotebookWarning
        If check-ins were answered at or after the cohort's `as_of`: no rule sees those.

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
            return _as_of(open_saved(home, manifest), as_of)


def known_clients(folder: str | Path, ids: Collection[str]) -> set[str]:
    """Those of the ids that a saved cohort has in some table.

    Raises
    ------
    DataError
        If the folder holds no saved cohort.
    """
    home = Path(folder).resolve()
    parts = _saved(home, read_manifest(home)).parts
    tables = [f for part in parts for name, f in part.items() if name != "policies"]
    wanted = pl.col("client_id").is_in(list(ids))
    found = pl.concat(f.filter(wanted).select("client_id") for f in tables).unique().collect()
    return set(found["client_id"])


def open_saved(home: Path, manifest: dict[str, Any]) -> Cohort:
    """The cohort of a manifest, its files unchecked, with the check-ins beside it."""
    return with_checkins(_saved(home, manifest), read_journal(home))


def _as_of(cohort: Cohort, given: When | None) -> Cohort:
    if given is not None:
        cohort = replace(cohort, as_of=instant(given, cohort.timezone, "as_of"))
        if cohort.observed_from is not None and cohort.observed_from >= cohort.as_of:
            raise OptionError("as_of is not after observed_from: nothing would be seen.")
    elif answered_later(cohort):
        warnings.warn(
            "Check-ins were answered at or after the cohort's as_of: no rule sees those. Read the "
            "other tables again and save them into the same folder, or pass as_of=.",
            CareNotebookWarning,
            stacklevel=3,
        )
    return cohort


def _saved(home: Path, manifest: dict[str, Any]) -> Cohort:
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
