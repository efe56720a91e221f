"""A large CSV file becomes a cohort, beside polars copying it to Parquet.

The file has six columns and its rows in no order. Each row is judged, compared with the others,
sorted and written; polars only copies text. `run.py` measures it with the other jobs; alone:
python csv_load.py [--rows 20000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import carenotebook as cn

COPIED, LOADED = "CSV copied by polars", "CSV into a cohort"
APPOINTMENTS_PER_CLIENT = 25
_OUTCOMES = np.array(["attended", "no_show", "late_cancel", "early_cancel", "provider_cancel"])
_SHARES = (0.76, 0.10, 0.05, 0.06, 0.03)
_AT_ONCE = 1_000_000
_FIRST, _FIVE_MINUTES, _HOUR = 1_420_070_400, 300, 3600
_NINE_YEARS = 9 * 365 * 24 * 12


def csv_file(rows: int, folder: Path) -> Path:
    """A file of appointments; made if it is not there yet."""
    path = folder / f"appointments-{rows}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        rng = np.random.default_rng(1)
        with unfinished.open("wb") as file:
            for first in range(0, rows, _AT_ONCE):
                some = _appointments(rng, first, min(_AT_ONCE, rows - first), rows)
                some.write_csv(file, include_header=first == 0)
        unfinished.replace(path)
    return path


def _appointments(rng: np.random.Generator, first: int, rows: int, of: int) -> pl.DataFrame:
    start = _FIRST + rng.integers(0, _NINE_YEARS, rows) * _FIVE_MINUTES
    outcome = rng.choice(len(_OUTCOMES), rows, p=_SHARES)
    by_client = pl.Series((outcome == 2) | (outcome == 3))
    client = rng.integers(0, max(1, of // APPOINTMENTS_PER_CLIENT), rows)
    cancelled = start - rng.integers(1, 200, rows) * _HOUR
    return pl.DataFrame({"client": client, "n": np.arange(first, first + rows)}).select(
        appointment_id=pl.format("a{}", pl.col("n").cast(pl.String).str.zfill(9)),
        client_id=pl.col("client").cast(pl.String).str.zfill(7),
        start=_written(start),
        outcome=pl.Series(_OUTCOMES[outcome]),
        booked_at=_written(start - rng.integers(1, 20_000, rows) * 60),
        cancelled_at=pl.when(by_client).then(_written(cancelled)),
    )


def _written(seconds: np.ndarray) -> pl.Series:
    times = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))
    return times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def copied(path: Path) -> Callable[[], int]:
    """The file as Parquet, unread."""
    target = path.with_suffix(".parquet")

    def copy() -> int:
        pl.scan_csv(path).sink_parquet(target)
        return int(pl.scan_parquet(target).select(pl.len()).collect().item())

    return copy


def loaded(path: Path) -> Callable[[], int]:
    """The file as a saved cohort."""
    target = path.with_suffix(".cohort")
    shutil.rmtree(target, ignore_errors=True)

    def load() -> int:
        return cn.read_csv(path, into=target).rows_in["appointments"]

    return load


def main() -> None:
    """Print both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    chosen = parser.parse_args()
    megabytes = csv_file(chosen.rows, chosen.folder).stat().st_size / 1e6
    print(f"{chosen.rows:,} rows, {megabytes:,.0f} MB, {os.cpu_count()} cores")
    took = {}
    for name in (COPIED, LOADED):
        job = [sys.executable, str(Path(__file__).with_name("jobs.py")), name]
        command = [*job, str(chosen.rows), str(chosen.folder), "1"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout)
        (took[name],) = found["seconds"]
        rate = chosen.rows / took[name]
        print(f"{name:<22} {took[name]:>7.1f} s {rate:>12,.0f} rows/s {found['peak_mb']:>6.0f} MB")
    print(f"ratio {took[LOADED] / took[COPIED]:.2f}")


if __name__ == "__main__":
    main()
