"""What the replay of a protocol returns: how far episodes came, and what was lacking."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import OptionError
from carenotebook.core.options import Unknown
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.protocol_flow import flow, progress
from carenotebook.criteria.protocol_gate import StageFlow, hidden_stages, release_flow
from carenotebook.criteria.protocol_run import walk
from carenotebook.criteria.replay import Replay
from carenotebook.criteria.rule import Rule
from carenotebook.privacy import Privacy, Released
from carenotebook.results.result import Result

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_curves import StageCurves
    from carenotebook.criteria.protocol_waiting import Waiting

_KEY = ["client_id", "episode"]


@dataclass(frozen=True, repr=False, eq=False)
class ProtocolReplay(Result):
    """What `replay` returns for a protocol. Its repr, table and chart are aggregates.

    Attributes
    ----------
    protocol : Protocol
    cohort : Cohort
    unknown : str
        How past appointments of unknown outcome were taken.
    intervals : polars.DataFrame
        Client-level: the spans [entered_at, left_at) in which a stage was in force, with client_id,
        episode, number and stage, left_by ("cleared", "episode", "as_of"), ready_at (from when on
        the next stage might begin; null: not in this span) and recorded (when each requirement
        was, in their order; null: not in this span).
    undecided : polars.DataFrame
        The same, to left_by, for spans on which nothing but what is unknown kept a stage from
        beginning.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> talk = c.Stage("concern", c.missed() >= 2, requires=["attendance_conversation"], wait="7d")
    >>> review = c.Stage("review", c.missed(within="60d") >= 2)
    >>> found = cn.replay(c.Protocol("talk first", [talk, review]), cohort)
    >>> found.tidy().filter(term="entered").select("stage", "numerator").rows()
    [('every episode', 112), ('concern', 59), ('review', 17)]
    """

    protocol: Protocol
    cohort: Cohort
    unknown: Unknown
    intervals: pl.DataFrame
    undecided: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the protocol."""
        return f"Stages reached in {self.protocol.name!r}"

    @property
    def first(self) -> pl.DataFrame:
        """Client-level: when each episode's first review was due (client_id, episode, flagged_at).

        The review is the last stage; earlier ones are in `intervals`.
        """
        return self.reviews.first

    @cached_property
    def reviews(self) -> Reviews:
        """The last stage alone, as the replay of a rule: by month, by group, who came back."""
        return reviews(self)

    def episodes(self) -> pl.DataFrame:
        """Client-level: every seen episode and how far it came.

        Returns
        -------
        polars.DataFrame
            The columns of `Cohort.spans`; reached (the number of the furthest stage, 0: none);
            became ("complete": all that the last stage requires was recorded; "undecided": the next
            stage was, at some time; else how the furthest stage last ended: "cleared", "episode",
            "as_of"; "never": no stage began).
        """
        return progress(self)

    def tidy(self) -> pl.DataFrame:
        """How many episodes reached each stage, and what became of those that went no further.

        Returns
        -------
        polars.DataFrame
            number, stage, term ("entered", then what `became` as in `episodes`), and the usual
            proportions, of all seen episodes. A stage's rows but "entered" are those that went no
            further: with the next stage's "entered" they sum to its "entered". Number 0 is
            everyone.
        """
        return self._flow

    @cached_property
    def _flow(self) -> pl.DataFrame:
        return flow(self)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The counts as they may be shown: no two that differ by few clients."""
        return release_flow(self, privacy or Privacy())

    def hidden(self, privacy: Privacy) -> list[bool]:
        """For everyone and each stage: whether the number who reached it is hidden everywhere."""
        return hidden_stages(self, privacy)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Who reached which stage and when, what was waited for, what was undecided, the caveat."""
        from carenotebook.criteria.protocol_summary import summarise

        return summarise(self, privacy or Privacy())

    def flow(self) -> StageFlow:
        """How far episodes came, alone: the table and chart of the whole, in fewer words."""
        return StageFlow(self)

    def curves(self) -> StageCurves:
        """When each stage first began: cumulative incidence, other ends of care competing."""
        from carenotebook.criteria.protocol_curves import curves

        return curves(self)

    def why(self, client_id: str, at: datetime | str) -> pl.DataFrame:
        """Client-level: where one client's episode stands at one instant, and what it waits for.

        Parameters
        ----------
        client_id : str
        at : datetime or str
            The instant; text is ISO 8601, naive is UTC.

        Returns
        -------
        polars.DataFrame
            number, stage, since (null: not in force), waiting_for (in words).

        Raises
        ------
        OptionError
            If no episode of that client is seen at that instant.
        """
        from carenotebook.criteria.protocol_why import why

        return why(self, client_id, at)

    def waiting(self) -> Waiting:
        """What was waited for in each stage, how often it came, and for how long."""
        from carenotebook.criteria.protocol_waiting import waiting

        return waiting(self)


@dataclass(frozen=True, repr=False, eq=False)
class Reviews(Replay):
    """The last stage of a replayed protocol, in the shape of a rule's replay."""

    @property
    def title(self) -> str:
        """Names the protocol."""
        return f"Put up for review by the protocol {self.rule.name!r}"

    def attrition(self) -> NoReturn:
        """Refused: the stages before it, not clauses, lead to the review."""
        raise OptionError("attrition(): a protocol has stages, not clauses; see its tidy().")

    def unknowns(self) -> NoReturn:
        """Refused, as it would replay the last stage without those before it."""
        raise OptionError(
            "unknowns(): replay the protocol with unknown='missed' and 'attended', and compare."
        )

    def why(self, *_: object) -> NoReturn:
        """Refused, as the last stage's clauses alone do not tell why."""
        raise OptionError("why(): look at the protocol's intervals of that client.")


def reviews(replay: ProtocolReplay) -> Reviews:
    """See `ProtocolReplay.reviews`."""
    protocol = replay.protocol
    number = len(protocol.stages)
    columns = {"entered_at": "flagged_at", "left_at": "cleared_at", "left_by": "ended_by"}
    last = (
        f.filter(pl.col("number") == number).rename(columns).select(*_KEY, *columns.values())
        for f in (replay.intervals, replay.undecided)
    )
    rule = Rule(
        protocol.name,
        protocol.stages[-1].when,
        protocol.source,
        protocol.grace,
        protocol.kind,
        protocol.safeguards,
    )
    return Reviews(rule, replay.cohort, replay.unknown, *last)


def replay_protocol(
    protocol: Protocol,
    cohort: Cohort,
    unknown: Unknown,
    engine: str = "auto",
    executor: Executor | None = None,
) -> ProtocolReplay:
    """See `carenotebook.replay`."""
    found = (_named(f, protocol) for f in walk(protocol, cohort, unknown, engine, executor))
    return ProtocolReplay(protocol, cohort, unknown, *found)


def _named(frame: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """With the name of each stage beside its number."""
    names = dict(enumerate((s.name for s in protocol.stages), 1))
    stage = pl.col("number").replace_strict(names, return_dtype=pl.String).alias("stage")
    place = frame.columns.index("number") + 1
    return frame.select(*frame.columns[:place], stage, *frame.columns[place:])
