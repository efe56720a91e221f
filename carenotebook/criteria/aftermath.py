"""What happened after the first flag: who attended again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core.durations import duration_us, say_duration
from carenotebook.criteria.flags import TELLING, guarded, states
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import COLUMNS, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, said_share

if TYPE_CHECKING:
    from carenotebook.criteria.flags import States
    from carenotebook.criteria.replay import Replay


@dataclass(frozen=True, repr=False, eq=False)
class CameBack(Result):
    """What `Replay.came_back` returns."""

    frame: pl.DataFrame
    within: str
    not_followed: int
    not_followed_clients: int
    states: States

    @property
    def title(self) -> str:
        """Names the horizon."""
        return f"Attended again within {say_duration(self.within)} of the first flag"

    def tidy(self) -> pl.DataFrame:
        """One row: term "came back", and the usual proportion over flagged episodes."""
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The share as it may be shown: not where it would tell how few could not be followed."""
        gate = privacy or Privacy()
        told = guarded(self.frame, telling=self.states.hides_flagged(gate))
        left = pl.lit(self.not_followed_clients, pl.Int64).alias("not_followed")
        return release_proportions(told.with_columns(left), gate, guards=[TELLING, "not_followed"])

    def summary(self, privacy: Privacy | None = None) -> str:
        """The share, who is left out, and what it does not prove."""
        gate = privacy or Privacy()
        row = self.released(gate).frame.row(0, named=True)
        small = gate.few(self.not_followed_clients)
        left_out = few(gate) if small else about(gate.round(self.not_followed), gate)
        return (
            f"Attended again within {say_duration(self.within)} of the first flag: "
            f"{said_share(row, gate, 'flagged episodes')}.\n"
            f"Left out, because they could not be followed for so long: {left_out}.\n"
            "Coming back does not prove the flag wrong, and staying away does not prove it right; "
            "an ending at the flag would have met these people before they came back."
        )


def came_back(replay: Replay, within: str) -> CameBack:
    """See `Replay.came_back`."""
    flags = returns(replay, within)
    told, left = flags.drop_nulls("back"), flags.filter(pl.col("back").is_null())
    row = proportions(told, "back").with_columns(term=pl.lit("came back"))
    clients = left["client_id"].n_unique()
    return CameBack(row.select("term", *COLUMNS), within, left.height, clients, states(replay))


def returns(replay: Replay, within: str) -> pl.DataFrame:
    """Client-level: first flags with `back`, whether the client attended again in time.

    Returns
    -------
    polars.DataFrame
        client_id, episode, flagged_at, until (flagged_at and so long after), back (null where what
        is seen ends before that).
    """
    length = timedelta(microseconds=duration_us(within, "within", zero=False))
    first = replay.first.with_columns(until=pl.col("flagged_at") + length)
    attended = (
        replay.cohort.appointments.filter(pl.col("outcome") == "attended")
        .select("client_id", "start")
        .join(first.lazy(), on="client_id")
        .filter(pl.col("start") > pl.col("flagged_at"), pl.col("start") <= pl.col("until"))
        .select("client_id", "episode")
        .unique()
        .with_columns(back=pl.lit(value=True))
        .collect()
    )
    told = first.join(attended, on=["client_id", "episode"], how="left", maintain_order="left")
    followed = pl.col("until") <= replay.cohort.as_of
    return told.with_columns(back=pl.when(followed).then(pl.col("back").fill_null(value=False)))
