"""What is measured. Each job runs in a process of its own and prints what it took as JSON.

A job is prepared (data that it needs are made once), set up, warmed up, and only then timed. To
add one, put it into `JOBS`, and what is expected of it into `expected.py`.
Usage: python jobs.py JOB SIZE FOLDER RUNS
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cohort_statistics
import csv_load
import peers
import polars as pl
import sweeps
from cohorts import bare_scan, saved_cohort, service_cohort
from example import RULES

import carenotebook as cn
from carenotebook.core.parts import CLIENT
from carenotebook.criteria.needs import columns_needed

HERE = Path(__file__).parent
FLOOR, PLAINLY = ", scan and fit", ", plainly"
FRESH = """
import carenotebook as cn
from example import RULES
print(cn.replay(RULES["example"], cn.load({home!r})).intervals.height)
"""


@dataclass(frozen=True)
class Job:
    """Something to measure on data of a given size."""

    set_up: Callable[[Path], Callable[[], Any]]
    """From where the data lie to what is timed."""

    told: Callable[[Any, Path], Any] = lambda found, _: found
    """From what was found to what must be the same in every run, as JSON holds it; not timed."""

    data: Callable[[int, Path], Path] = saved_cohort
    """Makes the data of a size in a folder, unless they are there; says where they lie."""

    once: bool = False
    """Takes long: it is run once a process, and not warmed up."""


def replayed(rule: str, home: Path) -> Callable[[], cn.Replay]:
    """Full intervals of a rule from the cohort on disk."""
    return lambda: cn.replay(RULES[rule], cn.load(home))


def first_flags(rule: str, home: Path) -> Callable[[], pl.DataFrame]:
    """The first flag of every episode."""
    return lambda: cn.replay(RULES[rule], cn.load(home)).first


def scanned(rule: str, home: Path) -> Callable[[], int]:
    """A bare scan and sum of every column that the replay reads."""
    cohort = cn.load(home)
    columns = columns_needed(RULES[rule].when.node, cohort)
    columns["episodes"] = ("started_at", "ended_at")
    return bare_scan(cohort, {table: (CLIENT, *wanted) for table, wanted in columns.items()})


def fresh_process(home: Path) -> Callable[[], str]:
    """A new Python process that imports, opens the cohort and replays the example."""
    command = [sys.executable, "-c", FRESH.format(home=str(home.resolve()))]
    return lambda: (
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout
    )


def _rows(found: cn.Replay | pl.DataFrame, _: Path) -> int:
    return len(found if isinstance(found, pl.DataFrame) else found.intervals)


def _same(found: Any, _: Path) -> Any:
    return found


JOBS: dict[str, Job] = {
    **{f"scan, {r}": Job(partial(scanned, r)) for r in RULES},
    **{f"intervals, {r}": Job(partial(replayed, r), _rows) for r in RULES},
    "first flags, example": Job(partial(first_flags, "example"), _rows),
    "fresh process": Job(fresh_process),
    "replay from memory": Job(sweeps.replayed),
    **{f"sweep flags, {s}": Job(partial(sweeps.first_flags, s)) for s in sweeps.SWEEPS},
    **{f"sweep, {s}": Job(partial(sweeps.swept, s)) for s in sweeps.SWEEPS},
    "changed rule": Job(sweeps.changed_rule),
    "replay beside peers": Job(partial(replayed, "example"), peers.clients_at_events),
    **{name: Job(partial(partial, peer), peers.client_list) for name, peer in peers.PEERS.items()},
    **{
        f"{name}{way}": Job(call, cohort_statistics.told if way != FLOOR else _same, service_cohort)
        for name, calls in cohort_statistics.WAYS.items()
        for way, call in zip(("", FLOOR, PLAINLY), calls, strict=True)
    },
    csv_load.COPIED: Job(csv_load.copied, data=csv_load.csv_file, once=True),
    csv_load.LOADED: Job(csv_load.loaded, data=csv_load.csv_file, once=True),
}


def measure(job: Job, home: Path, runs: int) -> dict[str, Any]:
    """Run the job once to warm up, then `runs` times; what takes long only once."""
    call = job.set_up(home)
    if not job.once:
        call()
    seconds = []
    for _ in range(1 if job.once else runs):
        found = None  # what the run before found is not held beside what this one makes
        begin = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak_mb": peak, "told": job.told(found, home)}


def main() -> None:
    """Read the command line."""
    name, size, folder, runs = sys.argv[1:]
    job = JOBS[name]
    home = job.data(int(size), Path(folder))
    print(json.dumps(measure(job, home, int(runs))))


if __name__ == "__main__":
    main()
