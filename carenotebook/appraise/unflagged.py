"""Whom not acting harms, and the work of acting: rows with `value`, one a seen episode.

Client-level. What is not known counts as no harm, so each figure is the least it can be.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from carenotebook.appraise.evidence import FLAG, KEY, Evidence, marked
from carenotebook.appraise.flagged import PHQ, delivered
from carenotebook.core.durations import duration_us
from carenotebook.core.options import MISSED


def reviews(evidence: Evidence) -> pl.DataFrame:
    """How often the rule became true: each time is a review."""
    counted = evidence.replay.intervals.group_by(KEY).agg(value=pl.len().cast(pl.Float64))
    return _with_counts(evidence, counted)


def worse(evidence: Evidence) -> pl.DataFrame:
    """Never flagged, and the last PHQ-9 reliably above the first."""
    rose = pl.col("last") - pl.col("first") >= PHQ.reliable_change
    ends = evidence.first_and_last
    found = evidence.episodes.join(ends, on=KEY, how="left", maintain_order="left")
    return found.with_columns(value=pl.col(FLAG).is_null() & rose.fill_null(value=False))


def left_unreached(evidence: Evidence) -> pl.DataFrame:
    """Never flagged, dropped out, and no outreach was delivered in the window before that."""
    ended = pl.col("ended_at") <= evidence.cohort.as_of
    dropped = (pl.col("end_reason") == "dropped_out") & ended
    gone = evidence.episodes.filter(pl.col(FLAG).is_null(), dropped.fill_null(value=False))
    length = timedelta(microseconds=duration_us(evidence.window, "window", zero=False))
    near = (pl.col("at") > pl.col("ended_at") - length) & pl.col("at").is_between(
        "seen_from", "ended_at"
    )
    outreach = delivered(evidence.cohort, "outreach").join(
        gone.select(*KEY, "seen_from", "ended_at").lazy(), on="client_id"
    )
    reached = outreach.filter(near).collect()
    return marked(evidence.episodes, gone.join(reached, on=KEY, how="anti"))


def missed_while_others_wait(evidence: Evidence) -> pl.DataFrame:
    """Missed appointments of never flagged episodes while somebody referred waited to begin."""
    waits = evidence.waits
    never = evidence.episodes.filter(pl.col(FLAG).is_null())
    missed = (
        evidence.appointments.filter(pl.col("event").is_in(MISSED))
        .join(never.select(*KEY, "seen_from", "seen_until"), on="client_id")
        .filter(pl.col("start").is_between("seen_from", "seen_until", closed="left"))
        .with_columns(pl.col("start"))
    )
    begun = waits["referred_at"].sort().search_sorted(missed["start"], side="right")
    over = waits["started_at"].sort().search_sorted(missed["start"], side="right")
    counted = missed.filter(begun > over).group_by(KEY).agg(value=pl.len().cast(pl.Float64))
    return _with_counts(evidence, counted)


def _with_counts(evidence: Evidence, counted: pl.DataFrame) -> pl.DataFrame:
    found = evidence.episodes.join(counted, on=KEY, how="left", maintain_order="left")
    return found.with_columns(pl.col("value").fill_null(0.0))
