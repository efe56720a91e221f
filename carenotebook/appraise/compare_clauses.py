"""Which clause of a rule stood against a flag at one instant."""

from __future__ import annotations

from functools import reduce

import polars as pl

from carenotebook.criteria import words
from carenotebook.criteria.engine import replay_blocks
from carenotebook.criteria.replay import Replay

SEVERAL = "several clauses together"
BREAK = "the time after a break in care"
_KEY = ["client_id", "episode"]


def not_true(found: Replay, episodes: pl.DataFrame, at: str) -> pl.DataFrame:
    """Episodes with `clause`: what of a rule was not true at an instant at which it did not flag.

    Parameters
    ----------
    found : Replay
        Of the rule that did not flag.
    episodes : polars.DataFrame
        client_id, episode, clause (to be filled in) and the instant.
    at : str
        The column of the instant: when the other rule flagged.

    Returns
    -------
    polars.DataFrame
        `clause` is the one clause that was false or unknown, `SEVERAL` where there were more, and
        `BREAK` where there was none, so that only the time after a pause stood against the flag.
    """
    if episodes.is_empty():
        return episodes
    said = [words.say(c.node) for c in found.rule.clauses]
    marked = reduce(
        lambda frame, i: _held(frame, found, i, at),
        range(len(said)),
        episodes.sort(*_KEY),
    )
    held = [pl.col(f"_{i}") for i in range(len(said))]
    failing = pl.sum_horizontal(~h for h in held)
    alone = pl.coalesce(pl.when(~h).then(pl.lit(text)) for h, text in zip(held, said, strict=True))
    clause = (
        pl.when(failing == 0)
        .then(pl.lit(BREAK))
        .when(failing == 1)
        .then(alone)
        .otherwise(pl.lit(SEVERAL))
    )
    return marked.with_columns(clause=clause).select(episodes.columns)


def _held(episodes: pl.DataFrame, found: Replay, clause: int, at: str) -> pl.DataFrame:
    """Whether a clause held, in a column of its own; pauses alone are cut out of it."""
    node = found.rule.clauses[clause].node
    spans, _ = replay_blocks(node, "0d", found.cohort, found.unknown)
    latest = episodes.sort(at).join_asof(
        spans.select(*_KEY, "flagged_at", _until="cleared_at").sort("flagged_at"),
        left_on=at,
        right_on="flagged_at",
        by=_KEY,
        check_sortedness=False,
        coalesce=False,
    )
    inside = (pl.col(at) < pl.col("_until")).fill_null(value=False)
    return latest.with_columns(inside.alias(f"_{clause}")).drop("_until", "flagged_at")
