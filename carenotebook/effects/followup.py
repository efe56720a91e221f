"""Episodes as a follow-up study: a baseline score, the sessions due, a score at a fixed horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.core.options import SCHEDULED
from carenotebook.describe.seen import seen_appointments, seen_episodes, within_episodes

KEY = ["client_id", "episode"]
CHOSEN = ("attended", "no_show", "late_cancel", "early_cancel")
"""What becomes of a session by the client's doing."""

LOSSES = ("no_show", "late_cancel", "early_cancel", "provider_cancel")
OTHER = "other_loss"
_MOVED = "rescheduled"


@dataclass(frozen=True)
class FollowUp:
    """Who is followed from when to when.

    Attributes
    ----------
    episodes : polars.DataFrame
        One row an episode with a baseline score and a horizon that the data reach: client_id,
        episode, started (of the baseline score), until (the horizon), seen_until, baseline, score
        (null: none near the horizon), scored_at, counted_to, and the columns asked for.
    sessions : polars.DataFrame
        One row a session due after `started` and before `counted_to`: client_id, episode, at,
        became (its outcome, or `OTHER`), attended, last_score (before it), number (1, 2, ...).
    scores : polars.DataFrame
        client_id, episode, at, score.
    left_out : dict of str to int
        Episodes, by reason.
    """

    episodes: pl.DataFrame
    sessions: pl.DataFrame
    scores: pl.DataFrame
    left_out: dict[str, int]


@dataclass(frozen=True)
class Plan:
    """What is measured when; times in microseconds.

    Attributes
    ----------
    instrument : str
    baseline : int or None
        How soon after the start the first score must be taken; None for any time.
    horizon, window : int
        The outcome is the score nearest to the horizon, at most `window` from it.
    """

    instrument: str
    baseline: int | None
    horizon: int
    window: int


def follow(cohort: Cohort, plan: Plan, columns: Sequence[str], caller: str) -> FollowUp:
    """Prepare the study.

    Raises
    ------
    MissingDataError
        If the cohort lacks `measures`, or a column.
    OptionError
        If nobody has a baseline score of the instrument.
    """
    cohort.require("measures", "score", needed_by=caller)
    seen = seen_episodes(cohort)
    scores = _scores(cohort, seen, plan.instrument, caller)
    first = scores.group_by(KEY, maintain_order=True).agg(
        started=pl.col("at").first(), baseline=pl.col("score").first()
    )
    known = with_columns(cohort, seen, columns, caller).join(first, on=KEY, how="left")
    late = pl.lit(value=False)
    if plan.baseline is not None:
        soon = pl.duration(microseconds=plan.baseline)
        late = pl.col("started") > pl.col("seen_from") + soon
    until = pl.col("started") + pl.duration(microseconds=plan.horizon)
    told = known.with_columns(until=until).with_columns(
        why=pl.when(pl.col("started").is_null() | late)
        .then(pl.lit("no baseline score"))
        .when(pl.col("until") > cohort.as_of)
        .then(pl.lit("the data end before the horizon"))
    )
    left = told.drop_nulls("why").group_by("why", maintain_order=True).len()
    episodes = told.filter(pl.col("why").is_null()).drop("why")
    if episodes.is_empty():
        raise OptionError(
            f"{caller}: no episode has a baseline score and is followed for the whole horizon."
        )
    episodes = _with_outcome(episodes, scores, plan)
    sessions = _sessions(cohort, seen, episodes, scores)
    return FollowUp(episodes, sessions, scores, dict(left.iter_rows()))


def counted(sessions: pl.DataFrame, until: pl.Expr | None = None) -> pl.DataFrame:
    """What became of the sessions of each episode, up to an instant.

    Returns
    -------
    polars.DataFrame
        client_id, episode, due, attended, share (attended of due), `LOSSES` and `OTHER`.
    """
    some = sessions if until is None else sessions.filter(pl.col("at") < until)
    counts = [(pl.col("became") == n).sum().cast(pl.Int64).alias(n) for n in (*LOSSES, OTHER)]
    return (
        some.group_by(KEY, maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("due"), pl.col("attended").sum().cast(pl.Int64), *counts)
        .with_columns(share=pl.col("attended") / pl.col("due"))
    )


def _scores(cohort: Cohort, seen: pl.DataFrame, instrument: str, caller: str) -> pl.DataFrame:
    measures = cohort.table("measures", caller).filter(pl.col("instrument") == instrument)
    found = within_episodes(measures.drop_nulls("score"), seen, "at")
    if found.is_empty():
        raise OptionError(
            f"{caller}: no score of outcome={instrument!r} lies within an episode. Name an "
            "instrument as it stands in measures."
        )
    return found.select(*KEY, "at", "score").sort(*KEY, "at")


def with_columns(
    cohort: Cohort, seen: pl.DataFrame, columns: Sequence[str], caller: str
) -> pl.DataFrame:
    """Episodes with columns of theirs, or of their clients.

    Raises
    ------
    MissingDataError
        If neither has a column.
    """
    mine = [c for c in columns if c in seen.columns]
    others = [c for c in columns if c not in mine]
    frame = seen.select(*KEY, "seen_from", "seen_until", "open", *mine)
    if not others:
        return frame
    cohort.require("clients", *others, needed_by=caller)
    clients = cohort.clients
    if clients is None:
        raise MissingDataError(f"{caller} needs the table clients.")
    return frame.join(clients.select("client_id", *others).collect(), on="client_id", how="left")


def _with_outcome(episodes: pl.DataFrame, scores: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The score nearest to the horizon, and up to when sessions count."""
    off = (pl.col("at") - pl.col("until")).dt.total_microseconds().abs()
    nearest = (
        scores.join(episodes.select(*KEY, "started", "until"), on=KEY)
        .with_columns(off=off)
        .filter(pl.col("off") <= plan.window, pl.col("at") > pl.col("started"))
        .sort(*KEY, "off", "at")
        .group_by(KEY, maintain_order=True)
        .agg(pl.col("score").first(), scored_at=pl.col("at").first())
    )
    return episodes.join(nearest, on=KEY, how="left").with_columns(
        counted_to=pl.coalesce("scored_at", "until")
    )


def _sessions(
    cohort: Cohort, seen: pl.DataFrame, episodes: pl.DataFrame, scores: pl.DataFrame
) -> pl.DataFrame:
    """Sessions due; one that was moved is due when it was moved to."""
    outcome = pl.col("outcome").cast(pl.String)
    resolved = seen_appointments(cohort).filter(outcome.is_in(SCHEDULED), outcome != _MOVED)
    known = ("attended", *LOSSES)
    events = within_episodes(resolved.select("client_id", at="start", outcome=outcome), seen, "at")
    named = pl.when(pl.col("outcome").is_in(known)).then("outcome").otherwise(pl.lit(OTHER))
    return (
        events.join(episodes.select(*KEY, "started", "counted_to"), on=KEY)
        .filter(pl.col("at") > pl.col("started"), pl.col("at") < pl.col("counted_to"))
        .sort("at")
        .join_asof(
            scores.sort("at").rename({"score": "last_score"}),
            on="at",
            by=KEY,
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort(*KEY, "at")
        .select(
            *KEY,
            "at",
            "last_score",
            became=named,
            attended=pl.col("outcome") == "attended",
            number=pl.int_range(1, pl.len() + 1).over(KEY),
        )
    )
