"""How far episodes come in a protocol, and what becomes of those that go no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carenotebook.results.proportions import COLUMNS, proportions, shares

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

EVERYONE = "every episode"
ENTERED = "entered"
BECAME = {
    "never": "no stage began",
    "undecided": "undecided",
    "cleared": "cleared",
    "episode": "care ended",
    "as_of": "still in it",
    "complete": "all recorded",
}
"""What becomes of an episode in its furthest stage, and the term of its row."""

_KEY = ["client_id", "episode"]
_CELL = "_cell"


def progress(replay: ProtocolReplay) -> pl.DataFrame:
    """See `ProtocolReplay.episodes`."""
    spells, last = replay.intervals, len(replay.protocol.stages)
    furthest = (
        spells.sort(*_KEY, "number", "entered_at")
        .group_by(_KEY, maintain_order=True)
        .agg(
            reached=pl.col("number").last(),
            left_by=pl.col("left_by").last(),
            done=((pl.col("number") == last) & _all_recorded(replay)).any(),
        )
    )
    open_ = replay.undecided.select(*_KEY, reached=pl.col("number") - 1).unique()
    became = (
        pl.when(pl.col("done").fill_null(value=False))
        .then(pl.lit("complete"))
        .when(pl.col("undecided").is_not_null())
        .then(pl.lit("undecided"))
        .otherwise(pl.coalesce("left_by", pl.lit("never")))
    )
    return (
        replay.cohort.spans()
        .filter(pl.col("seen_from") < pl.col("seen_until"))
        .join(furthest, on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.col("reached").fill_null(0))
        .join(
            open_.with_columns(undecided=pl.lit(value=True)),
            on=[*_KEY, "reached"],
            how="left",
            maintain_order="left",
        )
        .with_columns(became=became)
        .drop("left_by", "done", "undecided")
    )


def _all_recorded(replay: ProtocolReplay) -> pl.Expr:
    """Whether all that the last stage asks for was recorded; never if it asks for nothing."""
    if not replay.protocol.stages[-1].requires:
        return pl.lit(value=False)
    return pl.col("recorded").list.drop_nulls().list.len() == len(
        replay.protocol.stages[-1].requires
    )


def flow(replay: ProtocolReplay) -> pl.DataFrame:
    """See `ProtocolReplay.tidy`."""
    episodes = progress(replay)
    names = [EVERYONE, *(s.name for s in replay.protocol.stages)]
    parts = []
    stopped = shares(episodes.with_columns(_cell()), _CELL)
    for number, name in enumerate(names):
        came = episodes.with_columns(hit=pl.col("reached") >= number)
        entered = proportions(came, "hit").with_columns(term=pl.lit(ENTERED))
        for cell, term in BECAME.items():
            one = stopped.filter(pl.col(_CELL) == f"{number} {cell}")
            entered = pl.concat(
                [entered, one.with_columns(term=pl.lit(term)).select(entered.columns)]
            )
        parts.append(
            entered.select(
                pl.lit(number, pl.Int64).alias("number"),
                pl.lit(name).alias("stage"),
                "term",
                *COLUMNS,
            )
        )
    return pl.concat(parts)


def _cell() -> pl.Expr:
    return pl.concat_str(pl.col("reached"), pl.lit(" "), pl.col("became")).alias(_CELL)


def labelled(frame: pl.DataFrame) -> pl.DataFrame:
    """Stages as "1. concern", for what is shown, in place of a number and a name."""
    label = pl.concat_str(pl.col("number"), pl.lit(". "), pl.col("stage"))
    stage = pl.when(pl.col("number") > 0).then(label).otherwise(pl.col("stage")).alias("stage")
    return frame.with_columns(stage).drop("number")
