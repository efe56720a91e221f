"""One measured job in a process of its own: prints seconds, peak memory and a check value as JSON.

Usage: python jobs.py {replay,floor} RULE COHORT RUNS
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.cohort import Cohort
from carenotebook.core.parts import CLIENT
from carenotebook.criteria.needs import columns_needed


def rules() -> dict[str, c.Rule]:
    """The example rule of the documentation, and one of eight clauses of every kind."""
    missed = c.missed(within="90d") >= 3
    outreach = c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d")
    silent = c.days_since_heard()
    severe = c.measure("PHQ-9")
    return {
        "example": c.Rule("example", missed & (silent >= 30) & (outreach >= 2)),
        "eight": c.Rule(
            "eight clauses",
            c.all_of(
                missed,
                silent >= 14,
                outreach >= 1,
                c.attendance_rate(within="120d", minimum=4) < 0.7,
                c.consecutive_missed() >= 1,
                c.days_without_booking() >= 7,
                (severe >= 10) | severe.is_unknown(),
                c.unanswered(after="7d") >= 1,
            ),
        ),
    }


def replay(rule: c.Rule, cohort: Cohort) -> int:
    """Full intervals of a rule."""
    return cn.replay(rule, cohort).intervals.height


def floor(rule: c.Rule, cohort: Cohort) -> int:
    """A bare scan and sum of every column that the replay reads."""
    columns = columns_needed(rule.when.node, cohort)
    columns["episodes"] = ("started_at", "ended_at")
    sums = [
        pl.concat(part[table].select(CLIENT, *wanted) for part in cohort.parts).select(_summed())
        for table, wanted in columns.items()
    ]
    return sum(int(s.sum_horizontal()[0]) % 2**31 for s in pl.collect_all(sums))


def _summed() -> list[pl.Expr]:
    texts = pl.selectors.string()
    return [
        texts.str.len_bytes().sum().cast(pl.Int64),
        (~texts).as_expr().to_physical().cast(pl.Int64, strict=False).sum() % 2**31,
    ]


def measure(job: Callable[[c.Rule, Cohort], int], rule: c.Rule, cohort: Cohort, runs: int) -> None:
    """Run the job once to warm up, then `runs` times."""
    seconds, answers = [], {job(rule, cohort)}
    for _ in range(runs):
        begin = time.perf_counter()
        answers.add(job(rule, cohort))
        seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if len(answers) != 1:
        raise SystemExit(f"{job.__name__} of {rule.name!r} gave different answers: {answers}")
    found = {"median": statistics.median(seconds), "peak_mb": peak, "answer": answers.pop()}
    print(json.dumps(found))


def main() -> None:
    """Read the command line."""
    job, rule, folder, runs = sys.argv[1:]
    cohort = cn.load(Path(folder))
    measure({"replay": replay, "floor": floor}[job], rules()[rule], cohort, int(runs))


if __name__ == "__main__":
    main()
