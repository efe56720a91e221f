"""`make bench`: what the jobs of `jobs.py` take, beside what `expected.py` expects of them.

Every figure comes from processes of its own, on generated data that are kept in a folder. Jobs that
are set beside each other take turns, so that a busy machine slows both. It stops if an answer
differs from another run's, from the reference engine's, or from a peer's.
Usage: python run.py [--sizes 1000000 10000000 50000000] [--jobs TEXT] [--runs 3] [--turns 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cohorts import saved_cohort
from example import RULES
from expected import EXPECTED, Expected

import carenotebook as cn
from carenotebook.criteria.replay import find_spans

HERE = Path(__file__).parent
CHECKED = 300
"""Clients on whom the fast engine is compared with the reference first."""


@dataclass(frozen=True)
class Took:
    """Median seconds and peak memory of a job, and its answer."""

    seconds: float
    peak_mb: float
    told: Any


@dataclass(frozen=True)
class Bench:
    """Measures jobs, each size of each once."""

    folder: Path
    runs: int
    turns: int
    took: dict[tuple[str, int], Took]

    def measure(self, jobs: list[str], size: int) -> None:
        """Let jobs take turns, unless they are measured already."""
        new = [j for j in jobs if (j, size) not in self.took]
        turns = [[self._process(j, size) for j in new] for _ in range(self.turns)]
        for job, *found in zip(new, *turns, strict=True):
            if any(f["told"] != found[0]["told"] for f in found):
                raise SystemExit(f"{job!r} gave different answers.")
            seconds = statistics.median([s for f in found for s in f["seconds"]])
            peak = max(f["peak_mb"] for f in found)
            self.took[job, size] = Took(seconds, peak, found[0]["told"])
            print(f"{size:>12,}  {job:<24} {seconds:>8.3f} s  {peak:>6.0f} MB", flush=True)

    def _process(self, job: str, size: int) -> dict[str, Any]:
        asked = [job, str(size), str(self.folder), str(self.runs)]
        command = [sys.executable, str(HERE / "jobs.py"), *asked]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def value(self, expected: Expected, size: int) -> float:
        """What was measured of that which is expected."""
        one = self.took[expected.job, size]
        if expected.measured == "seconds":
            return one.seconds
        if expected.measured == "memory":
            return one.peak_mb
        if expected.measured == "growth":
            smallest = min(s for j, s in self.took if j == expected.job)
            return one.seconds / size / (self.took[expected.job, smallest].seconds / smallest)
        other = self.took[str(expected.beside), size]
        if expected.measured == "ratio":
            return one.seconds / other.seconds
        if one.told != other.told:
            raise SystemExit(f"{expected.job!r} and {expected.beside!r} answer differently.")
        return other.seconds / one.seconds


def verdict(expected: Expected, value: float) -> str:
    """Whether a value is as good as it must be, and as is aimed at."""
    if not expected.holds(value, expected.must):
        return "FALLS SHORT"
    return "as aimed at" if expected.holds(value, expected.aim) else "holds"


@cache
def check(folder: Path) -> None:
    """Stop if the engines disagree on the first clients."""
    cohort = cn.load(folder)
    ids = cohort.appointments.select("client_id").head(100 * CHECKED).unique().sort("client_id")
    some = cohort.filter(clients=ids.head(CHECKED).collect()["client_id"])
    for rule in RULES.values():
        fast, slow = find_spans(rule, some), find_spans(rule, some, engine="reference")
        if not all(a.equals(b) for a, b in zip(fast, slow, strict=True)):
            raise SystemExit(f"The engines disagree on {rule.name!r}.")


def main() -> None:
    """Print what the jobs took, then what of them was expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", help="only these")
    parser.add_argument("--jobs", default="", help="only jobs whose name contains this")
    parser.add_argument("--runs", type=int, default=3, help="runs of a job in one process")
    parser.add_argument("--turns", type=int, default=3, help="processes of each job")
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    chosen = parser.parse_args()
    bench = Bench(chosen.folder, chosen.runs, chosen.turns, {})
    wanted = [
        (e, s)
        for e in EXPECTED
        for s in e.sizes
        if chosen.jobs in e.job and (not chosen.sizes or s in chosen.sizes)
    ]
    print(f"medians of {chosen.runs * chosen.turns} runs")
    for expected, size in sorted(wanted, key=lambda w: w[1]):
        check(saved_cohort(size, chosen.folder))
        bench.measure([j for j in (expected.job, expected.beside) if j], size)
    for expected, size in wanted:
        value = bench.value(expected, size)
        beside = f" beside {expected.beside}" if expected.beside else ""
        print(
            f"{size:>12,}  {expected.job}{beside}, {expected.measured}: {value:.2f} "
            f"(must {expected.must:g}, aim {expected.aim:g}): {verdict(expected, value)}"
        )


if __name__ == "__main__":
    main()
