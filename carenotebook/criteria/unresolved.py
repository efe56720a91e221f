"""How much appointments of unknown outcome could change what a rule finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.options import UNKNOWNS
from carenotebook.criteria.engine import replay_blocks
from carenotebook.criteria.flags import TELLING, guarded, states
from carenotebook.criteria.sweep_run import seen_episodes
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import COLUMNS, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import said_share

if TYPE_CHECKING:
    from carenotebook.criteria.flags import States
    from carenotebook.criteria.replay import Replay

_TERMS = {"ignore": "ignored", "missed": "taken as missed", "attended": "taken as attended"}


@dataclass(frozen=True, repr=False, eq=False)
class UnknownOutcomes(Result):
    """What `Replay.unknowns` returns.

    Attributes
    ----------
    frame : polars.DataFrame
        What `tidy` gives.
    missed_or_attended : int
        Clients flagged under one of these two readings, and not under both.
    states : States
    members : array of shape (readings, bytes)
        One bit a seen episode: whether it is flagged.
    """

    frame: pl.DataFrame
    missed_or_attended: int
    states: States
    members: npt.NDArray[np.uint8]

    @property
    def title(self) -> str:
        """What is compared."""
        return "Episodes put up for review, by how unknown outcomes are taken"

    def tidy(self) -> pl.DataFrame:
        """Three rows: term, the usual proportion over seen episodes, and `differing`.

        `differing` counts the clients flagged under this reading or when unknowns are ignored, but
        not under both.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """A reading that moves only few clients is hidden, or the difference would tell of them.

        So is one that leaves only few clients without a flag.
        """
        gate = privacy or Privacy()
        _, missed, _ = self.frame["differing"]
        between = 0 if gate.few(missed) else self.missed_or_attended
        told = guarded(self.frame, telling=self.states.hides_flagged(gate)).with_columns(
            pl.Series("between", [0, 0, between]),
            never=pl.col("clients") - pl.col("clients_with"),
        )
        return release_proportions(told, gate, guards=["differing", "between", "never", TELLING])

    def shown(self, privacy: Privacy) -> npt.NDArray[np.uint8]:
        """Of the readings that are shown, whom each flags."""
        hidden = self.released(privacy).frame[SUPPRESSED].to_numpy()
        kept: npt.NDArray[np.uint8] = self.members[~hidden]
        return kept

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a reading."""
        gate = privacy or Privacy()
        shown = self.released(gate)
        lines = [
            f"- {r['term']}: {said_share(r, gate, 'episodes')}"
            for r in shown.frame.iter_rows(named=True)
        ]
        lead = (
            "Past appointments of unknown outcome, or never resolved, and what they could change:"
        )
        close = ["A hidden row counts too few, or differs from another by too few to show."]
        return "\n".join([lead, *lines, *(close if shown.hidden else [])])


def unknown_outcomes(replay: Replay) -> UnknownOutcomes:
    """See `Replay.unknowns`."""
    episodes = seen_episodes(replay.cohort).select("client_id", "episode")
    hits = {reading: _flagged(replay, reading) for reading in UNKNOWNS}
    rows, members = [], []
    for reading in UNKNOWNS:
        marked = episodes.join(
            hits[reading].with_columns(hit=pl.lit(value=True)),
            on=["client_id", "episode"],
            how="left",
            maintain_order="left",
        ).with_columns(pl.col("hit").fill_null(value=False))
        members.append(np.packbits(marked["hit"].to_numpy()))
        moved = _apart(hits[reading], hits["ignore"])
        row = proportions(marked, "hit").with_columns(
            term=pl.lit(_TERMS[reading]), differing=pl.lit(moved, pl.Int64)
        )
        rows.append(row.select("term", *COLUMNS, "differing"))
    between = _apart(hits["missed"], hits["attended"])
    return UnknownOutcomes(pl.concat(rows), between, states(replay), np.stack(members))


def _flagged(replay: Replay, unknown: str) -> pl.DataFrame:
    if unknown == replay.unknown:
        return replay.first.drop("flagged_at")
    rule = replay.rule
    found, _ = replay_blocks(rule.when.node, rule.grace, replay.cohort, unknown)
    return found.select("client_id", "episode").unique()


def _apart(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """Clients in one and not in the other."""
    key = ["client_id", "episode"]
    moved = pl.concat([one.join(other, on=key, how="anti"), other.join(one, on=key, how="anti")])
    return moved["client_id"].n_unique()
