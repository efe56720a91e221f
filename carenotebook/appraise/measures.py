"""What an audit looks at, in the order in which it matters, and what each figure needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from carenotebook.appraise import flagged, unflagged
from carenotebook.appraise.flagged import PHQ
from carenotebook.core.cohort import Cohort
from carenotebook.core.options import MISSED

Kind = Literal["share", "mean", "median", "incidence"]
Need = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Measure:
    """One figure of an audit.

    Attributes
    ----------
    term, section : str
    rows : callable
        From the evidence: one row a unit, with the key of its episode and `value` (null where it
        cannot be told).
    of : str
        What the rows are.
    needs : tuple
        Tables, with columns, that the cohort must have.
    kind : str
        How `value` is summed up.
    unit : str
    per : float or None
        The estimate is for so many units; None: for all units of a week.
    """

    term: str
    section: str
    rows: flagged.Rows
    of: str = "flagged_episodes"
    needs: tuple[Need, ...] = ()
    kind: Kind = "share"
    unit: str = "share"
    per: float | None = 1.0

    def lacking(self, cohort: Cohort) -> str:
        """What the cohort would have to have, in words; empty where it has it."""
        return lacking(self.needs, cohort)


def lacking(needs: Sequence[Need], cohort: Cohort) -> str:
    """What the cohort would have to have, in words; empty where it has it."""
    parts = []
    for table, columns in needs:
        absent = [c for c in columns if not cohort.has(table, c)]
        if not cohort.has(table):
            parts.append(f"{table} ({', '.join(columns)})" if columns else table)
        elif absent:
            parts.append(f"{', '.join(absent)} in {table}")
        elif table == "measures" and not _has_phq(cohort, columns):
            parts.append(f"{', '.join(columns)} of the {PHQ.name} in {table}")
    return f"needs {' and '.join(parts)}" if parts else ""


def _has_phq(cohort: Cohort, columns: tuple[str, ...]) -> bool:
    """Whether anybody has a known value: where nobody has, nothing is known, not nothing there."""
    known = cohort.table("measures").filter(
        pl.col("instrument") == PHQ.name, *(pl.col(c).is_not_null() for c in columns)
    )
    return known.head(1).collect().height > 0


_ACTIONS: Need = ("actions", ("kind",))
_OUTREACH: Need = ("contacts", ("purpose", "delivered"))
_SCORES: Need = ("measures", ("score",))
_LENGTH: Need = ("appointments", ("duration_min",))
_ENDS: Need = ("episodes", ("end_reason",))

_SAFEGUARDS = "safeguards missing at the flag"
_STATE = "state at the flag and later"
_WORK = "work"
_HARM = "harm of not acting"
PER_THOUSAND = "per 1,000 referred"
A_WEEK = "a week"
FOLLOWED = "flags_followed"
EPISODES = "episodes"

FLAG_RATE = "flagged_in_time"
RATIO = "flag_rate_ratio"
LAST = "flag rates"
AFTER_ACTION = "after_earlier_action"
CAME_BACK = "would_have_come_back"

MEASURES: tuple[Measure, ...] = (
    Measure(CAME_BACK, "wrongly put up for review", flagged.came_back, FOLLOWED),
    Measure("no_delivered_outreach", _SAFEGUARDS, flagged.without_outreach, needs=(_OUTREACH,)),
    *(
        Measure(term, _SAFEGUARDS, flagged.without(kind), needs=(_ACTIONS,))
        for term, kind in (
            ("no_attendance_conversation", "attendance_conversation"),
            ("no_alternative_offered", "alternative_offered"),
            ("no_risk_review", "risk_review"),
        )
    ),
    Measure(
        "provider_or_technology",
        "misses that were not the client's",
        flagged.disturbances,
        "disturbances_before_the_flag",
    ),
    Measure("days_to_flag", "time to flag", flagged.days_to_flag, kind="median", unit="days"),
    Measure("notice_or_ending_after", "enforcement", flagged.enforced, FOLLOWED, (_ACTIONS,)),
    Measure("severe_at_flag", _STATE, flagged.severe, "flags_with_a_score", (_SCORES,)),
    Measure("item_9_look_now", _STATE, flagged.look_now, needs=(("measures", ("item_9",)),)),
    Measure("well_later", _STATE, flagged.well_later, "flags_with_a_later_score", (_SCORES,)),
    Measure("reviews_a_week", _WORK, unflagged.reviews, EPISODES, (), "mean", A_WEEK, None),
    Measure(
        "hours_missed_after", _WORK, flagged.hours(*MISSED), FOLLOWED, (_LENGTH,), "mean", "hours"
    ),
    Measure(
        "hours_used_after", _WORK, flagged.hours("attended"), FOLLOWED, (_LENGTH,), "mean", "hours"
    ),
    Measure(
        "worse_unflagged", _HARM, unflagged.worse, EPISODES, (_SCORES,), "share", PER_THOUSAND, 1000
    ),
    Measure(
        "left_unreached",
        _HARM,
        unflagged.left_unreached,
        EPISODES,
        (_ENDS, _OUTREACH),
        "share",
        PER_THOUSAND,
        1000,
    ),
    Measure(
        "missed_while_others_wait",
        _HARM,
        unflagged.missed_while_others_wait,
        EPISODES,
        (("episodes", ("referred_at",)),),
        "mean",
        PER_THOUSAND,
        1000,
    ),
    Measure(
        AFTER_ACTION, "history under earlier rules", flagged.after_earlier_action, needs=(_ACTIONS,)
    ),
    Measure(
        "under_a_recorded_policy",
        "history under earlier rules",
        flagged.under_policy,
        needs=(("policies", ()),),
    ),
    Measure(FLAG_RATE, LAST, lambda e: e.episodes, EPISODES, kind="incidence"),
)
