"""What may be shown of how far episodes come in a protocol: nested counts, and what became of them.

The review's own number, and how many were undecided about it, are shown elsewhere too (as for a
rule, by `carenotebook.criteria.flags.States`), so they come first, and all else is judged beside
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.criteria.flags import TELLING
from carenotebook.criteria.flags import UNDECIDED as STATE_UNDECIDED
from carenotebook.criteria.protocol_flow import BECAME, ENTERED, EVERYONE, labelled
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import CLIENT_COUNTS, FIGURES, ROW_COUNTS, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import about

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

_GROUP = "_group"
_SAID = {
    "undecided": "the next could not be decided at some time",
    "cleared": "its condition no longer held",
    "care ended": "care ended while in it",
    "still in it": "in it at the end of the data",
    "all recorded": "all that it asks for was recorded",
}


@dataclass(frozen=True, repr=False, eq=False)
class StageFlow(Result):
    """What `ProtocolReplay.flow` returns."""

    replay: ProtocolReplay

    @property
    def title(self) -> str:
        """What is counted."""
        return "Episodes that reached each stage, and what became of the others"

    def tidy(self) -> pl.DataFrame:
        """See `ProtocolReplay.tidy`."""
        return self.replay.tidy()

    def released(self, privacy: Privacy | None = None) -> Released:
        """See `ProtocolReplay.released`."""
        return self.replay.released(privacy)

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a stage, on those that went no further."""
        gate = privacy or Privacy()
        rows = self.released(gate).frame.filter(pl.col("term") != ENTERED)
        lines = ["What became of episodes that went no further:"]
        for name, stage in rows.group_by("stage", maintain_order=True):
            parts = (
                f"{_SAID.get(r['term'], r['term'])}: "
                + ("hidden" if r[SUPPRESSED] else about(r["numerator"], gate))
                for r in stage.iter_rows(named=True)
            )
            label = "Before the first stage" if name[0] == EVERYONE else f"In {name[0]}"
            lines.append(f"- {label}: {'; '.join(parts)}")
        return "\n".join(lines)


def hidden_stages(replay: ProtocolReplay, privacy: Privacy) -> list[bool]:
    """For everyone and each stage: whether the number who reached it must be hidden.

    Those who reach a stage are among those who reached the one before, so no two that are shown
    may differ by few clients: from the review backwards, and each beside everyone. Where the
    undecided about the review are told, those besides them count. None and nearly none read the
    same.
    """
    stages = len(replay.protocol.stages)
    entered = replay.tidy().filter(pl.col("term") == ENTERED)
    episodes = replay.episodes().select("client_id", "reached", "became")
    if _told_undecided(replay, privacy):
        told = (pl.col("reached") == stages - 1) & (pl.col("became") == "undecided")
        episodes = episodes.filter(~told)
    hidden, above = [False] * (stages + 1), stages + 1
    for number in range(stages, 0, -1):
        row = entered.row(number, named=True)
        between = episodes.filter(pl.col("reached").is_between(number, above - 1))
        apart = between["client_id"].n_unique()
        few = any(map(privacy.few, (row["clients_with"], row["clients_without"], apart)))
        hidden[number] = few or not row["clients_with"]
        if number == stages:
            hidden[number] |= replay.reviews.states().hides_flagged(privacy)
        above = above if hidden[number] else number
    hidden[0] = entered["clients_with"][0] < privacy.min_cell
    return hidden


def release_flow(replay: ProtocolReplay, privacy: Privacy) -> Released:
    """See `ProtocolReplay.released`.

    Where the number who reached a stage is hidden, those who stopped before it and those who
    stopped in it have one known total together, so their rows guard each other.
    """
    hidden = hidden_stages(replay, privacy)
    group = [max(i for i in range(n + 1) if i == 0 or not hidden[i]) for n in range(len(hidden))]
    marked = replay.tidy().with_columns(
        pl.col("number").replace_strict(dict(enumerate(group)), return_dtype=pl.Int64).alias(_GROUP)
    )
    is_entered = pl.col("term") == ENTERED
    parts = [_chain(marked.filter(is_entered), hidden, privacy)]
    parts += _stopped(replay, marked.filter(~is_entered), privacy)
    columns = [c for c in parts[0].columns if c != _GROUP]
    whole = pl.concat(p.select(columns) for p in parts)
    ranks = {t: i for i, t in enumerate((ENTERED, *BECAME.values()))}
    order = pl.col("term").replace_strict(ranks, return_dtype=pl.Int64)
    return Released(labelled(whole.sort("number", order)), privacy)


def _chain(entered: pl.DataFrame, hidden: list[bool], privacy: Privacy) -> pl.DataFrame:
    """Nested counts are judged by their differences, not as cells of a table."""
    lenient = Privacy(2, privacy.round_to)
    shown = release_proportions(entered, lenient).frame
    shown = shown.with_columns(pl.col(SUPPRESSED) | pl.Series(hidden))
    figures = [c for c in (*CLIENT_COUNTS, *ROW_COUNTS, *FIGURES) if c in shown.columns]
    return shown.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in figures)


def _stopped(replay: ProtocolReplay, stopped: pl.DataFrame, privacy: Privacy) -> list[pl.DataFrame]:
    """What became of those who went no further; the undecided about the review as it is told."""
    told = _told_undecided(replay, privacy)
    theirs = (pl.col("number") == len(replay.protocol.stages) - 1) & (
        pl.col("term") == BECAME["undecided"]
    )
    guarded = stopped.with_columns(
        pl.when(theirs).then(pl.lit(int(not told), pl.Int64)).otherwise(0).alias(TELLING)
    )
    sets = [guarded.filter(~theirs), guarded.filter(theirs)] if told else [guarded]
    return [
        release_proportions(s, privacy, guards=[TELLING], known=[[_GROUP], []]).frame for s in sets
    ]


def _told_undecided(replay: ProtocolReplay, privacy: Privacy) -> bool:
    shown = replay.reviews.states().released(privacy).frame
    mine = shown.filter(pl.col("state") == STATE_UNDECIDED)
    return not mine.is_empty() and not mine[SUPPRESSED].any()
