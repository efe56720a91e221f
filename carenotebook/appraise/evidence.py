"""What the data say of each episode around its first flag. Client-level: never shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError
from carenotebook.criteria.aftermath import returns
from carenotebook.criteria.engine import Question, blocks
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.replay import Replay

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

KEY = ("client_id", "episode")
FLAG = "flagged_at"


def reviews_of(replay: object, asked: str) -> Replay:
    """The replay of a rule, or the reviews that a protocol's ends in."""
    if isinstance(replay, ProtocolReplay):
        return replay.reviews
    if not isinstance(replay, Replay):
        raise OptionError(f"{asked} needs a replay: pass cn.replay(rule, cohort).")
    return replay


def waits_of(cohort: Cohort) -> pl.DataFrame:
    """When each wait from referral to the start of an episode began and ended."""
    waited = cohort.spans().filter(pl.col("referred_at") < pl.col("started_at"))
    return waited.select("referred_at", "started_at")


@dataclass(frozen=True)
class Evidence:
    """A replay with what stands around its flags.

    Parameters
    ----------
    replay : Replay
    horizon : str
        How long after a flag is looked at.
    window : str
        How long before a flag is looked at; never further than what is seen of its episode.
    others : polars.DataFrame, optional
        What `waits_of` tells of everybody, where the cohort is one part of theirs.
    """

    replay: Replay
    horizon: str
    window: str
    others: pl.DataFrame | None = None

    @property
    def cohort(self) -> Cohort:
        """The cohort."""
        return self.replay.cohort

    @cached_property
    def waits(self) -> pl.DataFrame:
        """When somebody began to wait, and when that ended; without the clients' names."""
        return waits_of(self.cohort) if self.others is None else self.others

    @cached_property
    def episodes(self) -> pl.DataFrame:
        """Every seen episode, with its first flag."""
        return self.replay.episodes()

    @cached_property
    def flags(self) -> pl.DataFrame:
        """Flagged episodes: `looked_from` (where the window begins), `until` (horizon), `back`."""
        length = timedelta(microseconds=duration_us(self.window, "window", zero=False))
        followed = returns(self.replay, self.horizon).drop(FLAG)
        return (
            self.episodes.filter(pl.col(FLAG).is_not_null())
            .join(followed, on=KEY, how="left", maintain_order="left")
            .with_columns(
                looked_after=pl.col(FLAG) - length,
                followed=pl.col("back").is_not_null(),
            )
        )

    @cached_property
    def appointments(self) -> pl.DataFrame:
        """Appointments with `event`, the outcome as the rule took it after the pause rule."""
        optional = [c for c in ("duration_min",) if self.cohort.has("appointments", c)]
        wanted = {"appointments": ("client_id", "start", "outcome", *optional)}
        question = Question(self.replay.rule.when.node, 0, self.replay.unknown)
        found = [b.tables["appointments"].whole for b, _ in blocks(question, self.cohort, wanted)]
        columns = ["client_id", "start", pl.col("event").cast(pl.String), *optional]
        if not found:
            return self.cohort.appointments.with_columns(event="outcome").select(columns).collect()
        return pl.concat(found).select(columns)

    def before_flag(self, events: pl.LazyFrame, at: str = "at") -> pl.DataFrame:
        """Events of an episode in the window up to and including its first flag."""
        seen = (pl.col(at) > pl.col("looked_after")) & (pl.col(at) >= pl.col("seen_from"))
        return self._near(events, seen & (pl.col(at) <= pl.col(FLAG)))

    def after_flag(self, events: pl.LazyFrame, at: str = "at") -> pl.DataFrame:
        """A client's events later than the flag and within the horizon."""
        return self._near(events, (pl.col(at) > pl.col(FLAG)) & (pl.col(at) <= pl.col("until")))

    def _near(self, events: pl.LazyFrame, chosen: pl.Expr) -> pl.DataFrame:
        bounds = self.flags.select(*KEY, FLAG, "seen_from", "looked_after", "until").lazy()
        return events.join(bounds, on="client_id").filter(chosen).collect()

    @cached_property
    def scores(self) -> pl.DataFrame:
        """PHQ-9 of every seen episode in order: an early one counts as at its start."""
        wanted = ["client_id", "at", "score"]
        item = self.cohort.has("measures", "item_9")
        after = pl.col("ended_at").shift(1).over("client_id", order_by="episode")
        since = self.cohort.spans().select(*KEY, counts_from=after)
        spans = self.episodes.select(*KEY, "seen_from", "seen_until", FLAG).join(
            since, on=KEY, how="left"
        )
        return (
            self.cohort.table("measures", "audit()")
            .filter(pl.col("instrument") == "PHQ-9")
            .select(*wanted, pl.col("item_9") if item else pl.lit(None, pl.Int64).alias("item_9"))
            .join(spans.lazy(), on="client_id")
            .filter(
                (pl.col("at") >= pl.col("counts_from")).fill_null(value=True),
                pl.col("at") < pl.col("seen_until"),
            )
            .sort(*KEY, "at")
            .with_columns(at=pl.max_horizontal("at", "seen_from"))
            .collect()
        )

    @cached_property
    def first_and_last(self) -> pl.DataFrame:
        """First and last PHQ-9 of each episode, when the last was taken, and how many there are."""
        score = pl.col("score")
        ends = {"first": score.first(), "last": score.last(), "last_at": pl.col("at").last()}
        return self.scores.group_by(KEY, maintain_order=True).agg(**ends, scores=pl.len())


def marked(units: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """Units with `value`: whether their episode is among `those`."""
    there = those.select(KEY).unique().with_columns(value=pl.lit(value=True))
    return units.join(there, on=KEY, how="left", maintain_order="left").with_columns(
        pl.col("value").fill_null(value=False)
    )
