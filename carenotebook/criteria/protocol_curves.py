"""When each stage of a protocol first began: one curve of cumulative incidence a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.criteria.incidence import incidence, release_incidence
from carenotebook.criteria.protocol_flow import labelled
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, interval, number, percent

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

_KEY = ["client_id", "episode"]
_ENTERED = {"flagged": "entered"}


@dataclass(frozen=True, repr=False, eq=False)
class StageCurves(Result):
    """What `ProtocolReplay.curves` returns. Its frame is as `incidence` makes it."""

    frame: pl.DataFrame
    replay: ProtocolReplay

    @property
    def title(self) -> str:
        """What is drawn."""
        return f"When the stages of {self.replay.protocol.name!r} first began"

    def tidy(self) -> pl.DataFrame:
        """Stage by stage and week by week, exact.

        Returns
        -------
        polars.DataFrame
            number, stage, and the columns of `Replay.tidy`, with entered for flagged.

        Notes
        -----
        Aalen-Johansen with other ends of care as competing events, censored at `as_of`; standard
        errors by client.
        """
        return self.frame.rename(_ENTERED)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The curves as they may be shown.

        A point is hidden, too, where few of the clients who had reached its stage by then had not
        reached a later one, as the two curves would tell of them.
        """
        gate = privacy or Privacy()
        hidden = self.replay.hidden(gate)
        shown: list[pl.DataFrame] = []
        wider: list[list[int]] = []
        for stage in self.frame.partition_by("number", maintain_order=True):
            telling = hidden[stage["number"][0]]
            one = release_incidence(stage.drop("number", "stage"), gate, telling=telling).frame
            counts = stage["clients"].to_list()
            shown.append(one.select(stage["number"], stage["stage"], pl.all()).drop("term"))
            shown = [
                _also_hidden(s, _few_apart(w, counts, gate))
                for s, w in zip(shown, [*wider, counts], strict=True)
            ]
            wider.append(counts)
        return Released(labelled(pl.concat(shown)).rename(_ENTERED), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a stage: how many reached it, and by when."""
        gate = privacy or Privacy()
        frame = self.released(gate).frame
        lines = [_said(stage, gate) for stage in frame.partition_by("stage", maintain_order=True)]
        lead = (
            "Share of episodes that reached each stage (cumulative incidence since an episode is "
            "first seen, other ends of care as competing events):"
        )
        return "\n".join([lead, *lines])


def curves(replay: ProtocolReplay) -> StageCurves:
    """See `ProtocolReplay.curves`."""
    seen = replay.episodes()
    first = replay.intervals.group_by(*_KEY, "number").agg(flagged_at=pl.col("entered_at").min())
    parts = []
    for number_, stage in enumerate(replay.protocol.stages, 1):
        mine = first.filter(pl.col("number") == number_)
        episodes = seen.join(mine, on=_KEY, how="left", maintain_order="left")
        curve = incidence(episodes, replay.cohort.as_of)
        head = (pl.lit(number_, pl.Int64).alias("number"), pl.lit(stage.name).alias("stage"))
        parts.append(curve.select(*head, pl.all()).with_columns(term=pl.lit("entered")))
    return StageCurves(pl.concat(parts), replay)


def _few_apart(wider: list[int], counts: list[int], privacy: Privacy) -> list[bool]:
    """Where a count differs by few from a nested one; a curve stays where it ends."""
    level = [*counts, *counts[-1:] * max(0, len(wider) - len(counts))]
    return [privacy.few(w - c) for w, c in zip(wider, level, strict=False)]


def _also_hidden(frame: pl.DataFrame, few: list[bool]) -> pl.DataFrame:
    figures = [c for c in frame.columns if c not in ("number", "stage", "day", SUPPRESSED)]
    hidden = pl.col(SUPPRESSED) | pl.Series(few)
    blank = [pl.when(~hidden).then(pl.col(c)).alias(c) for c in figures]
    return frame.with_columns(*blank, hidden.alias(SUPPRESSED))


def _said(stage: pl.DataFrame, privacy: Privacy) -> str:
    name = f"- {stage['stage'][0]}"
    shown = stage.drop_nulls("estimate")
    if shown.is_empty():
        return f"{name}: hidden (none, nearly all, or too few to show)"
    last = shown.row(-1, named=True)
    return (
        f"{name}: {percent(last['estimate'])} ({interval(last)}) by day {number(last['day'])}, "
        f"{about(last['clients'], privacy)} clients"
    )
