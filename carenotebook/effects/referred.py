"""Everyone referred, with what became of them within a fixed time: nobody leaves the count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.core.options import END_REASONS, SCHEDULED
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT
from carenotebook.describe.policies import policy_rows
from carenotebook.describe.seen import calendar_bin
from carenotebook.effects.counted import Ints, counted_within

BEFORE, ACROSS, AFTER = "before", "across", "after"
SIDE = pl.Enum([BEFORE, ACROSS, AFTER])
_ENDS = {r: f"ended_{r.removeprefix('ended_')}" for r in END_REASONS if r != "ongoing"}
_LATEST = {o: f"in_care_latest_{o}" for o in SCHEDULED}
_NO_REASON, _WAITING = "ended_reason_unknown", "waiting"
STATE = pl.Enum(sorted([*_ENDS.values(), *_LATEST.values(), _NO_REASON, _WAITING]))
_CALLER = "policy_effect()"
_UNITS = ("site", "therapist_id")
_PASSED = ("at", "until", "started", "ended", "ended_at", "latest", "why")


@dataclass(frozen=True)
class Referred:
    """Everyone whose follow-up is complete, and what they did.

    Attributes
    ----------
    frame : polars.DataFrame
        One row an episode: `CLIENT`, the columns of the unit, period (first day of the bin of the
        referral), side ("before", "across", "after" the start at the unit), state (where the client
        stood at the end of follow-up). With a unit, bins of when the policy reached it, null for
        never: first (in which it lies), reached (the first in which follow-up can reach it), judged
        (the first that begins at or after it).
    counts : polars.DataFrame
        Appointments within follow-up by outcome, missed, and sessions (all that have a usable
        outcome): of every row of `frame`, in its order; without a unit, by period and side.
    left_out : dict
        Episodes that do not enter, by reason.
    unresolved : int
        Past appointments within follow-up without a usable outcome.
    """

    frame: pl.DataFrame
    counts: pl.DataFrame
    left_out: dict[str, int]
    unresolved: int


def referred(
    cohort: Cohort, starts: pl.DataFrame, unit: str | None, follow_up: int, every: str
) -> Referred:
    """Follow everyone referred for the same time.

    Parameters
    ----------
    cohort : Cohort
    starts : polars.DataFrame
        started, ended, and the unit's column if there is one: when the policy reached it.
    unit : str or None
        Column of the episodes.
    follow_up : int
        In microseconds from referral (from the start of care, where that is not known).
    every : {"1w", "2w", "1mo", "1q"}
        Length of a bin.

    Raises
    ------
    MissingDataError
        If the cohort has no such column.
    """
    parts = list(each_part(partial(_part_referred, starts, unit, follow_up, every), cohort))
    left_out: dict[str, int] = {}
    for part in parts:
        for why, many in part.left_out.items():
            left_out[why] = left_out.get(why, 0) + many
    return Referred(
        frame=pl.concat(part.frame for part in parts),
        counts=pl.concat(part.counts for part in parts),
        left_out=left_out,
        unresolved=sum(part.unresolved for part in parts),
    )


def _part_referred(
    starts: pl.DataFrame, unit: str | None, follow_up: int, every: str, cohort: Cohort
) -> Referred:
    spans = cohort.part_spans(cohort.parts[0])
    if unit is not None and unit not in spans.columns:
        raise MissingDataError(
            f"{_CALLER}: this design compares values of {unit}, and `episodes` has no such column."
        )
    known = "referred_at" in spans.columns
    at = pl.coalesce("referred_at", "started_at") if known else pl.col("started_at")
    until = at + pl.duration(microseconds=follow_up)
    kept = [c for c in ("site", "therapist_id", "end_reason") if c in spans.columns]
    rows = spans.select(CLIENT, "ended_at", *kept, at=at, until=until)
    joined = rows.join(starts, how="cross") if unit is None else rows.join(starts, unit, "left")
    told = joined.with_columns(
        why=_left_out(cohort, unit), period=calendar_bin("at", every, cohort.timezone), side=_side()
    )
    left_out = dict(told["why"].drop_nulls().value_counts().iter_rows())
    seen = told.filter(pl.col("why").is_null())
    cells, row = _cells(seen) if unit is None else (None, None)
    counts, latest, unresolved = counted_within(seen, cohort, row)
    counts = counts if cells is None else cells.hstack(counts)
    bins = _bins_of_start(follow_up, every, cohort.timezone) if unit else {}
    frame = seen.with_columns(latest).with_columns(state=_state("end_reason" in kept), **bins)
    return Referred(frame.drop(_PASSED), counts, left_out, unresolved)


def _cells(seen: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The periods and sides that occur, and which of them each row has."""
    sides = len(SIDE.categories)
    key = seen.select(sides * pl.col("period").to_physical() + pl.col("side").to_physical())
    known, row = np.unique(key.to_series().to_numpy(), return_inverse=True)
    cells = pl.DataFrame({"period": known // sides, "side": SIDE.categories.gather(known % sides)})
    return cells.cast({"period": pl.Date, "side": SIDE}), row


def starts_of(cohort: Cohort, policy: str | None, unit: str | None) -> pl.DataFrame:
    """When a policy reached each unit: started, ended, and the unit's column.

    Raises
    ------
    MissingDataError
        If the cohort has no policies.
    OptionError
        If there is no such policy, or it begins in a way that the design cannot use.
    """
    mine = policy_rows(cohort, policy, "policy_effect", "policy")
    named = [c for c in _UNITS if c in mine.columns and mine[c].null_count() < mine.height]
    if unit is None:
        return _one_start(mine)
    if named and unit not in named:
        raise OptionError(
            f"{_CALLER}: the policy's rows name a {named[0]}; take unit={named[0]!r}."
        )
    if unit not in named or mine[unit].null_count():
        raise OptionError(
            f"{_CALLER}: the policy began for everyone at once, so nobody is left to compare with. "
            "Take design='its', or name the sites it reached in `policies`."
        )
    if mine[unit].is_duplicated().any():
        raise OptionError(f"{_CALLER}: the policy begins more than once at some {unit}.")
    return mine.select(unit, "started", "ended")


def _one_start(mine: pl.DataFrame) -> pl.DataFrame:
    times = mine.select("started", "ended").unique()
    if times.height > 1 or any(c in mine.columns and mine[c].is_not_null().any() for c in _UNITS):
        raise OptionError(
            f"{_CALLER}: the policy reached some sites, or sites at several times. Take "
            "design='did' or 'stepped_wedge'."
        )
    return times


def _left_out(cohort: Cohort, unit: str | None) -> pl.Expr:
    """Why a follow-up does not enter; null where the whole of it was observed."""
    no = pl.lit(value=False)
    known = cohort.observed_from is not None
    reasons = {
        "referred before the data begin": pl.col("at") < cohort.observed_from if known else no,
        "follow-up not complete by the end of the data": pl.col("until") > cohort.as_of,
        f"no {unit}": pl.col(unit).is_null() if unit else no,
        "followed beyond the end of the policy": pl.col("ended") < pl.col("until"),
    }
    told = [pl.when(holds).then(pl.lit(why)) for why, holds in reasons.items()]
    return pl.coalesce(told)


def _side() -> pl.Expr:
    """On which side of the policy's start, at its own unit, each follow-up lies."""
    started = pl.col("started")
    return (
        pl.when(started.is_null() | (pl.col("until") <= started))
        .then(pl.lit(BEFORE, SIDE))
        .when(pl.col("at") >= started)
        .then(pl.lit(AFTER, SIDE))
        .otherwise(pl.lit(ACROSS, SIDE))
    )


def _bins_of_start(follow_up: int, every: str, timezone: str) -> dict[str, pl.Expr]:
    """`first`, `judged` and `reached` of `Referred`."""
    started = pl.col("started")
    first = calendar_bin("started", every, timezone)
    local = started.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    begins = first.cast(pl.Datetime("us")) == local
    reach = started - pl.duration(microseconds=follow_up - 1)
    return {
        "first": first,
        "judged": pl.when(begins).then(first).otherwise(first.dt.offset_by(every)),
        "reached": calendar_bin(reach, every, timezone),
    }


def _state(has_reason: bool) -> pl.Expr:  # noqa: FBT001 - internal
    """Where a client stood when follow-up ended: ended, else the latest outcome, else waiting."""
    reason = _named("end_reason", _ENDS) if has_reason else pl.lit(None, STATE)
    ended = (pl.col("ended_at") < pl.col("until")).fill_null(value=False)
    return (
        pl.when(ended)
        .then(reason.fill_null(pl.lit(_NO_REASON, STATE)))
        .otherwise(_named("latest", _LATEST).fill_null(pl.lit(_WAITING, STATE)))
    )


def _named(column: str, states: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(states, default=None, return_dtype=STATE)
