"""How far episodes come in a protocol, and how those counts may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carenotebook.privacy import Privacy, Released, nested
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import (
    CLIENT_COUNTS,
    COLUMNS,
    FIGURES,
    ROW_COUNTS,
    proportions,
    release_proportions,
    shares,
)

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

EVERYONE = "every episode"
ENTERED = "entered"
BECAME = ("never", "undecided", "cleared", "episode", "as_of", "complete")
_KEY = ["client_id", "episode"]
_CELL, _GROUP = "_cell", "_group"


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
        for cell in BECAME:
            one = stopped.filter(pl.col(_CELL) == f"{number} {cell}")
            entered = pl.concat(
                [entered, one.with_columns(term=pl.lit(cell)).select(entered.columns)]
            )
        before = episodes.filter(pl.col("reached") == number - 1)["client_id"].n_unique()
        parts.append(
            entered.select(
                pl.lit(number, pl.Int64).alias("number"),
                pl.lit(name).alias("stage"),
                "term",
                *COLUMNS,
                apart=pl.when(pl.col("term") == ENTERED).then(pl.lit(before, pl.Int64)),
            )
        )
    return pl.concat(parts)


def _cell() -> pl.Expr:
    return pl.concat_str(pl.col("reached"), pl.lit(" "), pl.col("became")).alias(_CELL)


def hidden_stages(tidy: pl.DataFrame, privacy: Privacy) -> list[bool]:
    """For everyone and each stage: whether the number who reached it must be hidden.

    Those who reach a stage are among those who reached the one before, so no two that are shown
    may differ by few clients. None and nearly none read the same.
    """
    entered = tidy.filter(pl.col("term") == ENTERED)
    counts = entered["clients_with"].to_list()
    return nested(
        counts,
        privacy,
        apart=entered["apart"].fill_null(0).to_list(),
        also=[c == 0 for c in counts],
    )


def release_flow(replay: ProtocolReplay, privacy: Privacy) -> Released:
    """See `ProtocolReplay.released`.

    Where the number who reached a stage is hidden, those who stopped before it and those who
    stopped in it have one known total together, so their rows guard each other.
    """
    tidy = replay.tidy()
    hidden = hidden_stages(tidy, privacy)
    group = [max(i for i in range(n + 1) if not hidden[i] or i == 0) for n in range(len(hidden))]
    marked = tidy.with_columns(
        pl.col("number").replace_strict(dict(enumerate(group)), return_dtype=pl.Int64).alias(_GROUP)
    )
    entered, stopped = (
        marked.filter((pl.col("term") == ENTERED) == chosen).drop("apart")
        for chosen in (True, False)
    )
    shown = release_proportions(stopped, privacy, known=[[_GROUP], []]).frame
    # Not by `hide`: a chain of nested counts is judged by its differences.
    figures = (*CLIENT_COUNTS, *ROW_COUNTS, *FIGURES)
    chain = release_proportions(entered, Privacy(2, privacy.round_to)).frame.with_columns(
        pl.col(SUPPRESSED) | pl.Series(hidden)
    )
    blank = [c for c in figures if c in chain.columns]
    chain = chain.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in blank)
    whole = pl.concat([chain, shown.select(chain.columns)])
    order = pl.col("term").replace_strict(
        {t: i for i, t in enumerate((ENTERED, *BECAME))}, return_dtype=pl.Int64
    )
    return Released(whole.sort("number", order).drop(_GROUP), privacy)
