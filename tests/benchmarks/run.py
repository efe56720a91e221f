"""`make bench`: how long a replay takes, beside a bare scan and sum of the columns that it reads.

Every figure comes from a process of its own, on a generated cohort that `Cohort.save` wrote.
Usage: python run.py [--sizes 1000000 10000000] [--runs 5] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cohorts import saved_cohort
from jobs import rules

import carenotebook as cn
from carenotebook.criteria.replay import find_spans

HERE = Path(__file__).parent
CHECKED = 300
"""Clients on whom the fast engine is compared with the reference first."""

FRESH = """
import carenotebook as cn
from jobs import rules
print(cn.replay(rules()["example"], cn.load({folder!r})).intervals.height)
"""


def job(name: str, rule: str, folder: Path, runs: int) -> dict[str, Any]:
    """Measure one job in a process of its own."""
    command = [sys.executable, HERE / "jobs.py", name, rule, folder, str(runs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fresh(folder: Path, runs: int) -> float:
    """Seconds of a new Python process that imports, opens the cohort and replays the example."""
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        code = FRESH.format(folder=str(folder.resolve()))
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=HERE)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def check(folder: Path) -> None:
    """Stop if the engines disagree on the first clients."""
    cohort = cn.load(folder)
    ids = cohort.appointments.select("client_id").unique().sort("client_id").head(CHECKED).collect()
    some = cohort.filter(clients=ids["client_id"])
    for rule in rules().values():
        fast, slow = find_spans(rule, some), find_spans(rule, some, engine="reference")
        if not all(a.equals(b) for a, b in zip(fast, slow, strict=True)):
            raise SystemExit(f"The engines disagree on {rule.name!r}.")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    chosen = parser.parse_args()
    print(f"medians of {chosen.runs} runs; the engines agree on {CHECKED} clients of each cohort")
    print("appointments  rule     scan s  replay s  ratio  scan MB  replay MB  flags")
    for size in chosen.sizes:
        folder = saved_cohort(size, chosen.folder)
        check(folder)
        for rule in rules():
            scan, ours = (job(n, rule, folder, chosen.runs) for n in ("floor", "replay"))
            print(
                f"{size:>12,}  {rule:<8} {scan['median']:>6.3f}  {ours['median']:>8.3f}  "
                f"{ours['median'] / scan['median']:>5.1f}  {scan['peak_mb']:>7.0f}  "
                f"{ours['peak_mb']:>9.0f}  {ours['answer']:,}"
            )
    smallest = saved_cohort(min(chosen.sizes), chosen.folder)
    print(
        f"a fresh process on {min(chosen.sizes):,} appointments, imports included, nothing "
        f"compiled before: {fresh(smallest, chosen.runs):.2f} s"
    )


if __name__ == "__main__":
    main()
