"""First flags counted: by month, by group, and beside what could not be decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.describe.groups import EPISODE_COLUMNS, as_names, attributes_of, with_groups
from carenotebook.describe.seen import calendar_bin
from carenotebook.privacy import Privacy, Released, release
from carenotebook.results.proportions import (
    COLUMNS,
    hidden_together,
    proportions,
    release_proportions,
    shares,
)
from carenotebook.results.result import Result
from carenotebook.results.words import about, few, said_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carenotebook.criteria.replay import Replay


FLAGGED, UNDECIDED = "put up for review", "undecided at some time"
TELLING = "telling"
"""A guard: a small number of clients by which figures of one replay differ, or 1 for hiding."""


@dataclass(frozen=True, repr=False, eq=False)
class FlagsByMonth(Result):
    """What `Replay.by_month` returns."""

    frame: pl.DataFrame
    timezone: str
    states: States

    @property
    def title(self) -> str:
        """What is counted."""
        return "First put up for review, by month"

    def tidy(self) -> pl.DataFrame:
        """One row a calendar month seen: month (its first day), episodes, clients."""
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """Months with few clients are hidden, and more where the total would tell.

        All are where the number put up for review is hidden elsewhere, or is nothing: none and
        nearly none read the same.
        """
        gate = privacy or Privacy()
        nobody = not self.frame["clients"].sum()
        telling = nobody or self.states.hides_flagged(gate)
        shown = release(
            guarded(self.frame, telling=telling),
            gate,
            clients=("clients", TELLING),
            counts=["episodes"],
            overlapping=[[]],
        )
        return Released(shown.frame.drop(TELLING), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """The busiest month."""
        gate = privacy or Privacy()
        shown = self.released(gate).frame.drop_nulls("clients").sort("clients")
        if shown.is_empty() or not shown["clients"][-1]:
            return f"First flags by month: none, or {few(gate)}, in every month."
        most = shown.row(-1, named=True)
        return (
            f"First flags by calendar month ({self.timezone}). Most in {most['month']:%B %Y}: "
            f"{about(most['clients'], gate)} clients."
        )


@dataclass(frozen=True, repr=False, eq=False)
class FlagsByGroup(Result):
    """What `Replay.by_group` returns."""

    frame: pl.DataFrame
    by: tuple[str, ...]
    disjoint: tuple[str, ...]

    @property
    def title(self) -> str:
        """Names the split."""
        return f"Episodes put up for review, by {', '.join(c.replace('_', ' ') for c in self.by)}"

    def tidy(self) -> pl.DataFrame:
        """One row a group, largest first: the columns of `by`, term, and the usual proportions."""
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """Small groups are hidden, and more where a total would tell."""
        return release_proportions(
            self.frame,
            privacy or Privacy(),
            by=self.by,
            disjoint=self.disjoint,
            groups=self.by,
        )

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a group, and the caveat."""
        gate = privacy or Privacy()
        rows = self.released(gate).frame.iter_rows(named=True)
        lines = [
            f"{', '.join(str(r[c]) for c in self.by)}: {said_share(r, gate, 'episodes')}"
            for r in rows
        ]
        caveat = (
            "These are bare shares: groups followed for longer have had more time to be flagged, "
            "and only the curve accounts for that. Differences describe; they do not explain, and "
            "nobody is ranked. Clients without a value form the group missing."
        )
        return "\n".join(["Episodes flagged at least once.", *lines, caveat])


@dataclass(frozen=True, repr=False, eq=False)
class States(Result):
    """What `Replay.states` returns."""

    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """What is counted."""
        return "Episodes by what the rule could decide"

    def tidy(self) -> pl.DataFrame:
        """One row a state; the episodes of all states sum to every seen episode.

        State: "put up for review", "undecided at some time" (and never flagged), "never".
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """Small states are hidden, and more where the total would tell."""
        return release_proportions(
            hidden_together(self.frame, "state", FLAGGED, TELLING),
            privacy or Privacy(),
            by=["state"],
            category="state",
            guards=[TELLING],
        )

    def hides_flagged(self, privacy: Privacy) -> bool:
        """Whether the number put up for review is hidden; then it is in every view of a replay."""
        flagged = self.released(privacy).frame.filter(pl.col("state") == FLAGGED)
        return bool(flagged["suppressed"].any())

    def sentence(self, privacy: Privacy) -> str:
        """What could not be decided, in one sentence."""
        for row in self.released(privacy).frame.iter_rows(named=True):
            if row["state"] == UNDECIDED:
                return (
                    "Never flagged, but not decidable at some time for lack of data: "
                    f"{said_share(row, privacy, 'episodes')}."
                )
        return "Every episode could be decided at all times."

    def summary(self, privacy: Privacy | None = None) -> str:
        """What could not be decided, and what that means."""
        return (
            f"{self.sentence(privacy or Privacy())}\nNothing unknown counts against a client: only "
            "what is true puts an episode up for review."
        )


def by_month(replay: Replay) -> FlagsByMonth:
    """See `Replay.by_month`."""
    zone = replay.cohort.timezone
    first = replay.first.with_columns(month=calendar_bin("flagged_at", "1mo", zone))
    counted = first.group_by("month").agg(
        episodes=pl.len().cast(pl.Int64), clients=pl.col("client_id").n_unique().cast(pl.Int64)
    )
    seen = replay.episodes().select(
        calendar_bin("seen_from", "1mo", zone).min().alias("from"),
        calendar_bin("seen_until", "1mo", zone).max().alias("until"),
    )
    # Every month that is seen: where the months begin and end must not tell of the flags.
    months = seen.drop_nulls().select(month=pl.date_ranges("from", "until", "1mo")).explode("month")
    every = months.join(counted, on="month", how="left", maintain_order="left")
    filled = every.with_columns(pl.col("episodes", "clients").fill_null(0))
    return FlagsByMonth(filled, zone, states(replay))


def guarded(frame: pl.DataFrame, *, telling: bool) -> pl.DataFrame:
    """With a column `TELLING` that hides every row where the number flagged must not show."""
    return frame.with_columns(pl.lit(int(telling), pl.Int64).alias(TELLING))


def by_group(replay: Replay, columns: str | Sequence[str]) -> FlagsByGroup:
    """See `Replay.by_group`."""
    by = as_names(columns)
    if not by:
        raise OptionError("by_group() needs a column to compare groups by.")
    asked = f"by_group({', '.join(map(repr, by))})"
    episodes = replay.episodes().with_columns(hit=pl.col("flagged_at").is_not_null())
    grouped = with_groups(episodes.lazy(), replay.cohort, by, EPISODE_COLUMNS, asked)
    table = proportions(grouped, "hit", by=by).with_columns(term=pl.lit(FLAGGED))
    ordered = table.select(*by, "term", *COLUMNS).sort(
        pl.col("denominator"), *by, descending=[True, *[False] * len(by)]
    )
    disjoint = attributes_of(replay.cohort, by, EPISODE_COLUMNS, "episodes")
    return FlagsByGroup(ordered, by, tuple(disjoint))


def states(replay: Replay) -> States:
    """See `Replay.states`."""
    state = (
        pl.when(pl.col("flagged_at").is_not_null())
        .then(pl.lit(FLAGGED))
        .when("undecided")
        .then(pl.lit(UNDECIDED))
        .otherwise(pl.lit("never"))
    )
    # Numbers of clients, whose episodes stand together, are counted faster than their names.
    episodes = replay.episodes().select(client=pl.col("client_id").rle_id(), state=state)
    return States(shares(episodes, "state", client="client"))
