"""Everyone referred, with what became of them within a fixed time: nobody leaves the count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT
from carenotebook.describe.seen import calendar_bin
from carenotebook.effects.counted import counted_within

BEFORE, ACROSS, AFTER = "before", "across", "after"
_CALLER = "policy_effect()"
_UNITS = ("site", "therapist_id")
_PASSED = ("at", "until", "started", "ended", "ended_at", "latest")


@dataclass(frozen=True)
class Referred:
    """One row an episode whose follow-up is complete.

    Attributes
    ----------
    frame : polars.DataFrame
        `CLIENT`, the columns of the unit, period (first day of the bin of the referral), side
        ("before", "across", "after" the start at the unit), state (where the client stood at the
        end of follow-up), a count for every outcome, missed, and sessions (all that have a usable
        outcome). Bins of when the policy reached the unit, null for never:
        first (in which it lies), reached (the first in which follow-up can reach it), judged (the
        first that begins at or after it).
    left_out : dict
        Episodes that do not enter, by reason.
    unresolved : int
        Past appointments within follow-up without a usable outcome.
    """

    frame: pl.DataFrame
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
    frame = pl.concat(part.frame for part in parts)
    return Referred(frame, left_out, sum(part.unresolved for part in parts))


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
    seen, left_out = _followed(rows, cohort, unit)
    seen = _placed(seen, starts, unit)
    ended = pl.col("ended") < pl.col("until")
    over = seen.select(ended.fill_null(value=False).sum()).item()
    left_out["followed beyond the end of the policy"] = int(over)
    seen = seen.filter(~ended.fill_null(value=False))
    counts, unresolved = counted_within(seen, cohort)
    frame = seen.hstack(counts).with_columns(period=calendar_bin("at", every, cohort.timezone))
    frame = _periods_of_start(frame, follow_up, every, cohort.timezone)
    frame = frame.with_columns(state=_state("end_reason" in kept))
    return Referred(frame.drop(_PASSED), left_out, unresolved)


def starts_of(cohort: Cohort, policy: str | None, unit: str | None) -> pl.DataFrame:
    """When a policy reached each unit: started, ended, and the unit's column.

    Raises
    ------
    MissingDataError
        If the cohort has no policies.
    OptionError
        If there is no such policy, or it begins in a way that the design cannot use.
    """
    cohort.require("policies", needed_by=_CALLER)
    rows = cohort.table("policies").collect()
    if "end" not in rows.columns:
        rows = rows.with_columns(end=pl.lit(None, pl.Datetime("us", "UTC")))
    names = rows["policy"].unique().sort().to_list()
    if policy is None and len(names) == 1:
        policy = names[0]
    if policy not in names:
        raise OptionError(f"{_CALLER}: policy= is one of: {', '.join(names) or 'none'}.")
    mine = rows.filter(pl.col("policy") == policy).rename({"start": "started", "end": "ended"})
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


def _followed(
    rows: pl.DataFrame, cohort: Cohort, unit: str | None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Those whose whole follow-up was observed, and how many others there are."""
    early = pl.lit(value=False)
    if cohort.observed_from is not None:
        early = pl.col("at") < cohort.observed_from
    late = pl.col("until") > cohort.as_of
    nowhere = pl.col(unit).is_null() if unit else pl.lit(value=False)
    reason = (
        pl.when(early)
        .then(pl.lit("referred before the data begin"))
        .when(late)
        .then(pl.lit("follow-up not complete by the end of the data"))
        .when(nowhere)
        .then(pl.lit(f"no {unit}"))
    )
    told = rows.with_columns(why=reason)
    counts = told.drop_nulls("why").group_by("why").len().sort("why")
    left_out = {str(r["why"]): int(r["len"]) for r in counts.iter_rows(named=True)}
    return told.filter(pl.col("why").is_null()).drop("why"), left_out


def _placed(seen: pl.DataFrame, starts: pl.DataFrame, unit: str | None) -> pl.DataFrame:
    """On which side of the policy's start, at its own unit, each follow-up lies."""
    joined = seen.join(starts, how="cross") if unit is None else seen.join(starts, unit, "left")
    side = (
        pl.when(pl.col("started").is_null() | (pl.col("until") <= pl.col("started")))
        .then(pl.lit(BEFORE))
        .when(pl.col("at") >= pl.col("started"))
        .then(pl.lit(AFTER))
        .otherwise(pl.lit(ACROSS))
    )
    return joined.with_columns(side=side)


def _periods_of_start(
    frame: pl.DataFrame, follow_up: int, every: str, timezone: str
) -> pl.DataFrame:
    first = calendar_bin("started", every, timezone)
    local = pl.col("started").dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    begins = first.cast(pl.Datetime("us")) == local
    reach = pl.col("started") - pl.duration(microseconds=follow_up - 1)
    return frame.with_columns(
        first=first,
        judged=pl.when(begins).then(first).otherwise(first.dt.offset_by(every)),
        reached=reach,
    ).with_columns(reached=calendar_bin("reached", every, timezone))


def _state(has_reason: bool) -> pl.Expr:  # noqa: FBT001 - internal
    """Where a client stood when follow-up ended: ended, else the latest outcome, else waiting."""
    reason = pl.col("end_reason").cast(pl.String) if has_reason else pl.lit(None, pl.String)
    told = reason.is_not_null() & (reason != "ongoing")
    ended = (pl.col("ended_at") < pl.col("until")).fill_null(value=False)
    return (
        pl.when(ended & told)
        .then("ended_" + reason.str.strip_prefix("ended_"))
        .when(ended)
        .then(pl.lit("ended_reason_unknown"))
        .otherwise(pl.concat_str(pl.lit("in_care_latest_"), "latest"))
        .fill_null("waiting")
    )
