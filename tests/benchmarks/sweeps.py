"""Jobs of a sweep of 1,000 cells, and of a rule that is changed by hand, on data in memory.

Before a sweep is timed, some of its cells are compared with replaying them alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from example import RULES

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.criteria.sweep_grid import read_grid
from carenotebook.criteria.sweep_run import Run, seen_episodes

CHECKED = (0, 333, 667, 999)
"""Cells that are replayed alone."""

_SILENT = [f"{d}d" for d in range(7, 57, 5)]
_WINDOWS = [f"{d}d" for d in range(30, 130, 10)]
_missed = c.missed(within=c.param("window"))
_silent = c.days_since_heard() >= c.param("silent")
SWEEPS = {
    "thresholds": (
        c.Rule(
            "thresholds",
            (_missed >= c.param("k"))
            & _silent
            & (
                c.contacts(direction="outbound", purpose="outreach", delivered=True, within="60d")
                >= 2
            ),
        ),
        {"k": range(1, 11), "window": _WINDOWS, "silent": _SILENT},
    ),
    "any rule": (
        c.Rule(
            "any rule",
            c.at_least(2, _missed >= 2, c.attendance_rate(within="120d") < c.param("rate"), _silent)
            & ~(c.measure("PHQ-9") >= 20),
        ),
        {"window": _WINDOWS, "rate": [r / 20 for r in range(8, 18)], "silent": _SILENT},
    ),
}


def in_memory(home: Path) -> cn.Cohort:
    """The cohort with every table in memory."""
    cohort = cn.load(home)
    parts = ({name: frame.collect().lazy() for name, frame in p.items()} for p in cohort.parts)
    return replace(cohort, parts=tuple(parts))


def replayed(home: Path) -> Callable[[], int]:
    """Intervals of the example rule."""
    cohort = in_memory(home)
    return lambda: cn.replay(RULES["example"], cohort).intervals.height


def first_flags(name: str, home: Path) -> Callable[[], int]:
    """First flags of every cell."""
    cohort = in_memory(home)
    rule, grid = SWEEPS[name]
    run = Run(rule, cohort, read_grid(rule.when.node, grid), "ignore", seen_episodes(cohort))
    found = [len(flags.episode) for flags in run.flags()]
    for cell in CHECKED:
        if found[cell] != cn.replay(run.filled(cell), cohort).first.height:
            raise SystemExit(f"Cell {cell} of the sweep {name!r} is not what its replay finds.")
    return lambda: sum(len(flags.episode) for flags in run.flags())


def swept(name: str, home: Path) -> Callable[[], int]:
    """The whole sweep, incidence and intervals of every cell included."""
    cohort = in_memory(home)
    rule, grid = SWEEPS[name]
    return lambda: int(cn.sweep(rule, cohort, grid).tidy()["flagged"].sum())


def changed_rule(home: Path) -> Callable[[], int]:
    """The summary of a rule after a threshold was moved to where it never stood before."""
    prepared = c.Prepared(cn.load(home))
    prepared.replay(RULES["example"]).summary()
    silent = itertools.count(31)

    def move() -> int:
        missed, _, outreach = RULES["example"].clauses
        when = missed & (c.days_since_heard() >= next(silent)) & outreach
        return int("\n" in prepared.replay(c.Rule("changed", when)).summary())

    return move
