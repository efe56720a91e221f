"""First and last score of each instrument per episode."""

from __future__ import annotations

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.describe.seen import seen_episodes


def paired_scores(cohort: Cohort) -> pl.DataFrame:
    """One row an episode seen and instrument measured in it.

    A measure counts from the previous episode's end on: one that was taken before what is seen of
    an episode counts as taken at its start, in order of time.

    Parameters
    ----------
    cohort : Cohort
        Needs `measures`.

    Returns
    -------
    polars.DataFrame
        client_id, episode, instrument, scores (how many), first, last.
    """
    episodes = seen_episodes(cohort).sort("client_id", "episode")
    spans = cohort.spans().sort("client_id", "episode")
    after = spans.select(
        "client_id",
        "episode",
        counts_from=pl.col("ended_at").shift(1).over("client_id"),
    )
    known = episodes.join(after, on=["client_id", "episode"], how="left").select(
        "client_id", "episode", "counts_from", "seen_until"
    )
    measures = cohort.table("measures", "outcomes()").select(
        "client_id", "at", "instrument", "score"
    )
    return (
        measures.join(known.lazy(), on="client_id")
        .filter(
            (pl.col("at") >= pl.col("counts_from")).fill_null(value=True),
            pl.col("at") < pl.col("seen_until"),
        )
        .sort("client_id", "episode", "instrument", "at")
        .group_by("client_id", "episode", "instrument", maintain_order=True)
        .agg(
            scores=pl.len().cast(pl.Int64),
            first=pl.col("score").first(),
            last=pl.col("score").last(),
        )
        .collect()
    )
