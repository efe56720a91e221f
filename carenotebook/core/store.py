"""A cohort on disk: Parquet files by ranges of clients, found through one manifest.

The files of one `save` stand in a folder of their own; the manifest that names it is put in place
by one atomic rename. So a reader sees the old cohort or the new one, never a mixture. The files of
the save before stay until the next one, because cohorts that were loaded from them still read them.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.parts import CLIENT, one_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carenotebook.core.cohort import Cohort

FORMAT = "carenotebook cohort"
MANIFEST = "manifest.json"
_ROWS_PER_PART = 1_000_000


def save_cohort(cohort: Cohort, folder: str | Path, partitions: int | None = None) -> Path:
    """See `Cohort.save`."""
    if partitions is not None and partitions < 1:
        raise OptionError(f"partitions={partitions}: use 1 or more.")
    home = Path(folder)
    before = _manifest_before(home)
    name = f"data-{uuid.uuid4().hex[:12]}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        counts, number = _write_tables(cohort, home / name, partitions)
        cohort.rejected.write_parquet(home / name / "rejected.parquet")
        manifest = _manifest(cohort, name, counts, number) | {"previous": before.get("data")}
        _replace_file(home / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    except OSError as error:
        shutil.rmtree(home / name, ignore_errors=True)
        reason = error.strerror or type(error).__name__
        raise DataError(f"{home}: the cohort cannot be saved there ({reason}).") from None
    except BaseException:
        shutil.rmtree(home / name, ignore_errors=True)
        raise
    if before.get("previous"):
        shutil.rmtree(home / str(before["previous"]), ignore_errors=True)
    return home


def _write_tables(cohort: Cohort, data: Path, partitions: int | None) -> tuple[dict[str, int], int]:
    counts = dict.fromkeys(cohort.tables, 0)
    number = 0
    for part in _repartitioned(cohort, partitions):
        for name, frame in part.items():
            target = data / name / f"part-{number:05}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(target)
            counts[name] += frame.height if name != "policies" or number == 0 else 0
        number += 1
    return counts, number


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


def _manifest(cohort: Cohort, data: str, counts: dict[str, int], number: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema_version": schema.SCHEMA_VERSION,
        "data": data,
        "partitions": number,
        "as_of": cohort.as_of.isoformat(),
        "observed_from": cohort.observed_from and cohort.observed_from.isoformat(),
        "timezone": cohort.timezone,
        "notice": cohort.notice,
        "episode_end": cohort.episode_end,
        "rejected": cohort.rejected.height,
        "tables": {n: {"rows": r, "rows_in": cohort.rows_in.get(n, r)} for n, r in counts.items()},
        "content_hash": cohort.content_hash,
    }


def read_manifest(home: Path) -> dict[str, Any]:
    """The manifest of a saved cohort: row counts, schema version, as_of, content hash."""
    path = home / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{home} holds no saved cohort: it has no {MANIFEST}.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__}).") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"{path} is not the manifest of a cohort.")
    if manifest.get("schema_version") != schema.SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema version {manifest.get('schema_version')}; this carenotebook reads "
            f"{schema.SCHEMA_VERSION}. Save the cohort again with this version."
        )
    return manifest


def _manifest_before(home: Path) -> dict[str, Any]:
    """The manifest of the cohort that stands there, or nothing."""
    if (home / MANIFEST).exists():
        return read_manifest(home)
    if home.is_dir() and any(not p.name.startswith("data-") for p in home.iterdir()):
        raise DataError(f"{home} holds other files. Save into a new or an empty folder.")
    return {}


def _replace_file(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
