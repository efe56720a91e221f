"""What workers of a cluster gain, and what travels: the figures behind a calculation on paper.

A local cluster of one and of two processes of one thread each replays the example rule, and sweeps
it, over a cohort that `Cohort.save` wrote in parts of about a million appointments.
Usage: python scaling.py [--size 10000000] [--folder .bench] [--runs 3]
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from cohorts import saved_cohort
from distributed import Client, LocalCluster
from example import RULES

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.cohort import Cohort

ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
BILLION, WORKERS = 1_000_000_000, 100


def swept(cohort: Cohort, executor: Any) -> pl.DataFrame:
    """Sixty cells of misses and silence."""
    draft = c.Rule(
        "misses and silence",
        (c.missed(within="90d") >= c.param("k")) & (c.days_since_heard() >= c.param("silence")),
    )
    grid = {"k": range(1, 7), "silence": [f"{d}d" for d in range(7, 77, 7)]}
    return cn.sweep(draft, cohort, grid, executor=executor).tidy()


def replayed(cohort: Cohort, executor: Any) -> pl.DataFrame:
    """Full intervals of the example."""
    return cn.replay(RULES["example"], cohort, executor=executor).intervals


JOBS: dict[str, Callable[[Cohort, Any], pl.DataFrame]] = {"replay": replayed, "sweep": swept}


def seconds(home: Path, workers: int, runs: int) -> dict[str, tuple[float, pl.DataFrame]]:
    """Median seconds of each job on so many workers, and its answer."""
    found = {}
    options = {"threads_per_worker": 1, "dashboard_address": None, "env": ONE_THREAD}
    with LocalCluster(n_workers=workers, **options) as cluster, Client(cluster) as client:
        cohort, executor = cn.load(home), client.get_executor()
        for name, job in JOBS.items():
            answer = job(cohort, executor)
            took = []
            for _ in range(runs):
                begin = time.perf_counter()
                job(cohort, executor)
                took.append(time.perf_counter() - begin)
            found[name] = (statistics.median(took), answer)
    return found


def bytes_moved(cohort: Cohort, answer: pl.DataFrame) -> tuple[float, float]:
    """Bytes of a task, and of an answer per interval."""
    tasks = [len(pickle.dumps(replace(cohort, parts=(p,), _rejected=None))) for p in cohort.parts]
    return statistics.mean(tasks), len(pickle.dumps(answer)) / max(1, answer.height)


def main() -> None:
    """Print the seconds on one and two workers, and what a billion would take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    home = saved_cohort(chosen.size, chosen.folder)
    cohort = cn.load(home)
    one, two = (seconds(home, n, chosen.runs) for n in (1, 2))
    print(f"{chosen.size:,} appointments in {len(cohort.parts)} parts; workers of one thread")
    for name in JOBS:
        (alone, told), (together, same) = one[name], two[name]
        if not told.equals(same):
            raise SystemExit(f"{name}: one and two workers answer differently.")
        print(
            f"{name:<8} 1 worker {alone:.2f} s, 2 workers {together:.2f} s: {alone / together:.2f}x"
        )
    alone, answer = one["replay"]
    task, interval = bytes_moved(cohort, answer)
    print(f"a task {task / 1000:.1f} kB, an interval of an answer {interval:.0f} bytes")
    per_part = alone / len(cohort.parts)
    parts = BILLION * len(cohort.parts) / chosen.size
    intervals = BILLION * answer.height / chosen.size
    moved = parts * task + intervals * interval
    print(
        f"on paper, {BILLION:,} appointments on {WORKERS} workers: {parts:,.0f} parts of "
        f"{per_part:.2f} s, {parts * per_part / WORKERS:.0f} s beside the merging of "
        f"{intervals:,.0f} intervals; {moved / 1e6:.0f} MB moved"
    )


if __name__ == "__main__":
    main()
