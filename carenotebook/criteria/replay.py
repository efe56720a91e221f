"""Replay a rule over a cohort: on which spans of time it would have been true, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import UNKNOWNS, Unknown, check_option
from carenotebook.criteria.engine import INTERVALS, replay_blocks
from carenotebook.criteria.needs import check_needs
from carenotebook.criteria.reference import replay_reference
from carenotebook.criteria.rule import Rule

Engine = Literal["auto", "reference"]


def replay(
    rule: Rule, cohort: Cohort, *, unknown: Unknown = "ignore", engine: Engine = "auto"
) -> Replay:
    """Find exactly when a rule would have been true, over continuous time."""
    check_option("unknown", unknown, UNKNOWNS)
    check_option("engine", engine, ("auto", "reference"))
    check_needs(rule.when.node, cohort)
    run = replay_blocks if engine == "auto" else _reference
    intervals, undecided = run(rule.when.node, rule.grace, cohort, unknown)
    return Replay(rule, cohort, unknown, intervals, undecided)


@dataclass(frozen=True, repr=False)
class Replay:
    rule: Rule
    cohort: Cohort
    unknown: Unknown
    intervals: pl.DataFrame
    undecided: pl.DataFrame


def _reference(when, grace, cohort, unknown):
    flagged, undecided = [], []
    for history, true, open_ in replay_reference(when, grace, cohort, unknown):
        for spans, rows in ((true, flagged), (open_, undecided)):
            for a, b in spans:
                by = "cleared" if b < history.end else "episode" if history.ended else "as_of"
                rows.append((history.client_id, history.episode, a, b, by))
    def frame(rows):
        types = dict(INTERVALS, flagged_at=pl.Int64, cleared_at=pl.Int64)
        return pl.DataFrame(rows, schema=types, orient="row").cast(INTERVALS)
    return frame(flagged), frame(undecided)
