"""What was waited for in the stages of a protocol: how often it came, and how long it took."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.durations import DAY
from carenotebook.criteria.protocol_flow import labelled
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import COLUMNS, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.statistics import cumulative_incidence
from carenotebook.results.words import number, said_share

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay

_TELLING = "telling"
_TIMES = ("median_days", "person_days")


@dataclass(frozen=True, repr=False, eq=False)
class Waiting(Result):
    """What `ProtocolReplay.waiting` returns."""

    frame: pl.DataFrame
    hidden: ProtocolReplay

    @property
    def title(self) -> str:
        """What is counted."""
        return "Safeguards that were waited for, and recorded"

    def tidy(self) -> pl.DataFrame:
        """One row a requirement of a stage.

        Returns
        -------
        polars.DataFrame
            number, stage, requirement, the usual proportions (of the times that the stage began,
            those in which it was recorded before the stage ended), median_days (by when it was
            recorded in half of them, the stage's end as a competing event; null: in fewer),
            person_days (spent in the stage without it, pauses included).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The shares as they may be shown; hidden where the number who reached the stage is."""
        gate = privacy or Privacy()
        stages = self.hidden.hidden(gate)
        telling = pl.Series(
            _TELLING, [int(stages[n]) for n in self.frame["number"]], dtype=pl.Int64
        )
        guarded = self.frame.with_columns(telling)
        shown = release_proportions(guarded, gate, guards=[_TELLING]).frame
        whole = (pl.col("median_days").round(), gate.rounded("person_days"))
        kept = shown.with_columns(*whole)
        times = [pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)) for c in _TIMES]
        return Released(labelled(kept.with_columns(times)), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a requirement."""
        gate = privacy or Privacy()
        if self.frame.is_empty():
            return "No stage asks for a recorded safeguard."
        lead = "Of the times that a stage began, in how many its safeguard was recorded in it:"
        rows = self.released(gate).frame.iter_rows(named=True)
        return "\n".join([lead, *(_line(r, gate) for r in rows)])


def waiting(replay: ProtocolReplay) -> Waiting:
    """See `ProtocolReplay.waiting`."""
    types = {"number": pl.Int64, "stage": pl.String, "requirement": pl.String}
    rows = [pl.DataFrame(schema={**types, **_PROPORTIONS, **dict.fromkeys(_TIMES, pl.Float64)})]
    for number_, stage in enumerate(replay.protocol.stages, 1):
        spells = replay.intervals.filter(pl.col("number") == number_)
        for place, requirement in enumerate(stage.requires):
            until = pl.col("recorded").list.get(place, null_on_oob=True)
            waited = spells.select(
                "client_id",
                "left_by",
                recorded=until.is_not_null(),
                lasting=(
                    pl.coalesce(until, "left_at") - pl.col("entered_at")
                ).dt.total_microseconds(),
            )
            head = (number_, stage.name, requirement.say())
            named = (pl.lit(v).alias(n) for n, v in zip(types, head, strict=True))
            share = proportions(waited, "recorded").select(*named, *COLUMNS)
            rows.append(
                share.with_columns(
                    pl.lit(_median(waited), pl.Float64).alias("median_days"),
                    pl.lit(waited["lasting"].sum() / DAY, pl.Float64).alias("person_days"),
                ).cast({"number": pl.Int64})
            )
    return Waiting(pl.concat(rows), replay)


_PROPORTIONS = proportions(
    pl.DataFrame(schema={"client_id": pl.String, "hit": pl.Boolean}), "hit"
).schema


def _median(waited: pl.DataFrame) -> float | None:
    """Days by which half have it recorded, if so many ever do."""
    cause = (
        pl.when("recorded").then(1).when(pl.col("left_by") == "as_of").then(0).otherwise(2)
    ).cast(pl.Int64)
    found = waited.select("lasting", cause=cause, client=pl.col("client_id").rank("dense"))
    lasting, causes, client = (
        found[c].cast(pl.Int64).to_numpy() for c in ("lasting", "cause", "client")
    )
    times = np.unique(lasting[causes == 1])

    def recorded_by(time: np.int64) -> float:
        at = np.array([time])
        return float(cumulative_incidence(lasting, causes, client, at).estimate[0])

    # A curve at every instant would cost the square of their number; it never falls.
    half = bisect_left(times, 0.5, key=recorded_by)
    return float(times[half]) / DAY if half < len(times) else None


def _line(row: dict[str, object], privacy: Privacy) -> str:
    said = f"- {row['stage']}: {row['requirement']}: {said_share(row, privacy, 'times')}"
    if row["suppressed"]:
        return said
    median, days = row["median_days"], row["person_days"]
    half = (
        f"half within {number(median)} days" if isinstance(median, float) else "not in half of them"
    )
    return f"{said}; {half}; {number(float(str(days)))} days waited in all"
