"""Replay a rule over a cohort: exactly when it would have been true, and for whom."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.errors import CareNotebookWarning, OptionError, RuleError
from carenotebook.core.options import UNKNOWNS, UNRESOLVED, Unknown, check_option
from carenotebook.criteria import syntax
from carenotebook.criteria.engine import INTERVALS, replay_blocks
from carenotebook.criteria.needs import check_needs
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.reference import replay_reference
from carenotebook.criteria.rule import Rule
from carenotebook.privacy import Privacy, Released
from carenotebook.results.result import Result

if TYPE_CHECKING:
    from carenotebook.criteria.aftermath import CameBack
    from carenotebook.criteria.attrition import Attrition
    from carenotebook.criteria.flags import FlagsByGroup, FlagsByMonth, States
    from carenotebook.criteria.protocol_replay import ProtocolReplay
    from carenotebook.criteria.unresolved import UnknownOutcomes

Engine = Literal["auto", "reference"]
Frames = tuple[pl.DataFrame, pl.DataFrame]

HIDDEN_SILENCE = (
    "Most episodes end within a day of the last attended session. If the end was entered "
    "afterwards, the data hide the very silence that a rule looks for: flags are too few."
)


@dataclass(frozen=True, repr=False, eq=False)
class Replay(Result):
    """What `replay` returns. Its repr, table and chart are aggregates.

    Attributes
    ----------
    rule : Rule
    cohort : Cohort
    unknown : str
        How past appointments of unknown outcome were taken.
    intervals : polars.DataFrame
        Client-level: the maximal spans [flagged_at, cleared_at) on which the rule is true, with
        client_id, episode and ended_by ("cleared", "episode", "as_of").
    undecided : polars.DataFrame
        The same for spans on which the rule is unknown for lack of data.
    """

    rule: Rule
    cohort: Cohort
    unknown: Unknown
    intervals: pl.DataFrame
    undecided: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the rule."""
        return f"Put up for review by {self.rule.name!r}"

    @property
    def first(self) -> pl.DataFrame:
        """Client-level: the first flag of each episode (client_id, episode, flagged_at)."""
        return (
            self.intervals.sort("client_id", "episode", "flagged_at")
            .unique(["client_id", "episode"], keep="first", maintain_order=True)
            .select("client_id", "episode", "flagged_at")
        )

    def episodes(self) -> pl.DataFrame:
        """Client-level: every seen episode with its first flag.

        Returns
        -------
        polars.DataFrame
            The columns of `Cohort.spans`, flagged_at (null: never) and undecided (at some time).
        """
        return self._episodes

    @cached_property
    def _episodes(self) -> pl.DataFrame:
        key = ["client_id", "episode"]
        undecided = self.undecided.select(key).unique().with_columns(undecided=pl.lit(value=True))
        return (
            self.cohort.spans()
            .filter(pl.col("seen_from") < pl.col("seen_until"))
            .join(self.first, on=key, how="left", maintain_order="left")
            .join(undecided, on=key, how="left", maintain_order="left")
            .with_columns(pl.col("undecided").fill_null(value=False))
        )

    def tidy(self) -> pl.DataFrame:
        """Cumulative incidence of the first flag of an episode, week by week, exact.

        Returns
        -------
        polars.DataFrame
            term, day (since the episode is first seen), estimate, std_error, conf_low, conf_high,
            at_risk and clients_at_risk (episodes, and their clients), flagged and clients (episodes
            and clients flagged by then).

        Notes
        -----
        Aalen-Johansen with other ends of care as competing events, censored at `as_of`; standard
        errors by client.
        """
        from carenotebook.criteria.incidence import incidence

        return incidence(self.episodes(), self.cohort.as_of)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The curve as it may be shown: no step of it tells of a small number of clients."""
        from carenotebook.criteria.incidence import release_incidence

        gate = privacy or Privacy()
        telling = self.states().hides_flagged(gate)
        return release_incidence(self.tidy(), gate, telling=telling)

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many were put up for review, when, what could not be decided, and the caveat."""
        from carenotebook.criteria.incidence import summarise

        return summarise(self, privacy or Privacy())

    def attrition(self) -> Attrition:
        """How many clients each clause of the rule leaves, in order and alone."""
        from carenotebook.criteria.attrition import attrition

        return attrition(self)

    def states(self) -> States:
        """Episodes that were flagged, undecided at some time, or neither."""
        return self._states

    @cached_property
    def _states(self) -> States:
        from carenotebook.criteria.flags import states

        return states(self)

    def by_month(self) -> FlagsByMonth:
        """First flags by calendar month."""
        from carenotebook.criteria.flags import by_month

        return by_month(self)

    def by_group(self, columns: str | Sequence[str]) -> FlagsByGroup:
        """Share of episodes flagged, by columns of `clients` or the episode's therapist or site."""
        from carenotebook.criteria.flags import by_group

        return by_group(self, columns)

    def came_back(self, within: str = "8w") -> CameBack:
        """Share of those flagged who attended again within a fixed time of the first flag."""
        from carenotebook.criteria.aftermath import came_back

        return came_back(self, within)

    def unknowns(self) -> UnknownOutcomes:
        """How much appointments of unknown outcome could change."""
        from carenotebook.criteria.unresolved import unknown_outcomes

        return unknown_outcomes(self)

    def why(self, client_id: str, at: datetime | str) -> pl.DataFrame:
        """Client-level: each clause of the rule at one instant of one client's episode.

        Parameters
        ----------
        client_id : str
        at : datetime or str
            The instant; text is ISO 8601, naive is UTC.

        Returns
        -------
        polars.DataFrame
            clause, truth ("true", "false", "unknown"), value (as text, where it has one).

        Raises
        ------
        OptionError
            If no episode of that client is seen at that instant.
        """
        from carenotebook.criteria.why import why

        return why(self, client_id, at)


@overload
def replay(
    rule: Rule,
    cohort: Cohort,
    *,
    unknown: Unknown = "ignore",
    engine: Engine = "auto",
    executor: Executor | None = None,
) -> Replay: ...


@overload
def replay(
    rule: Protocol,
    cohort: Cohort,
    *,
    unknown: Unknown = "ignore",
    engine: Engine = "auto",
    executor: Executor | None = None,
) -> ProtocolReplay: ...


def replay(
    rule: Rule | Protocol,
    cohort: Cohort,
    *,
    unknown: Unknown = "ignore",
    engine: Engine = "auto",
    executor: Executor | None = None,
) -> Replay | ProtocolReplay:
    """Find exactly when a rule would have been true, or a protocol's stages in force.

    For prototyping a criterion on past data. It says whom a rule would have put up for a
    clinician's review and when; not what the review would have led to.

    Parameters
    ----------
    rule : Rule or Protocol
    cohort : Cohort
    unknown : {"ignore", "missed", "attended"}
        How to take past appointments of unknown outcome, or never resolved.
    engine : {"auto", "reference"}
        "reference" follows the definitions in plain Python, slowly; both give the same answer.
    executor : concurrent.futures.Executor, optional
        Where the parts of a saved cohort are worked on, by default in threads of this process. Past
        one machine: Dask's ``Client.get_executor()``, over what `Cohort.save` wrote with
        ``partitions=``; each worker reads its own parts and returns intervals.

    Returns
    -------
    Replay or ProtocolReplay
        The latter for a protocol.

    Raises
    ------
    DataError
        If a part of a saved cohort cannot be read; it names the part.
    MissingDataError
        If a term needs a table or a column that the cohort does not have.
    RuleError
        If it is no rule, or one with open parameters.

    Warns
    -----
    CareNotebookWarning
        If most episodes end within a day of the last attended session.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> found = cn.replay(c.Rule("silence", c.days_since_heard() >= 30), cohort)
    >>> found.intervals.columns
    ['client_id', 'episode', 'flagged_at', 'cleared_at', 'ended_by']
    """
    check_criterion(rule, "replay()")
    check_cohort(cohort, "replay()")
    check_option("unknown", unknown, UNKNOWNS)
    check_option("engine", engine, ("auto", "reference"))
    if executor is not None and engine == "reference":
        raise OptionError("replay(): the reference engine takes no executor.")
    found: Replay | ProtocolReplay
    if isinstance(rule, Protocol):
        from carenotebook.criteria.protocol_replay import replay_protocol

        found = replay_protocol(rule, cohort, unknown, engine, executor)
    else:
        found = Replay(rule, cohort, unknown, *find_spans(rule, cohort, unknown, engine, executor))
    if cohort.hides_silence:
        warnings.warn(HIDDEN_SILENCE, CareNotebookWarning, stacklevel=2)
    return found


def check_criterion(criterion: object, needed_by: str) -> None:
    """Refuse what is neither a rule nor a protocol.

    Raises
    ------
    RuleError
    """
    if not isinstance(criterion, Rule | Protocol):
        raise RuleError(
            f"{needed_by} needs a Rule or a Protocol: make one with c.Rule(...) or "
            "c.Protocol(...), or take c.library()[name]."
        )


def find_spans(
    rule: Rule,
    cohort: Cohort,
    unknown: Unknown = "ignore",
    engine: Engine = "auto",
    executor: Executor | None = None,
) -> Frames:
    """Intervals and undecided spans of a rule."""
    check_needs(rule.when.node, cohort)
    if engine == "reference":
        return _by_reference(rule.when.node, rule.grace, cohort, unknown)
    return replay_blocks(rule.when.node, rule.grace, cohort, unknown, executor)


def unresolved_appointments(cohort: Cohort) -> pl.LazyFrame:
    """Past appointments of unknown outcome, or never resolved, that are seen."""
    past = pl.col("outcome").is_in(UNRESOLVED) & (pl.col("start") < cohort.as_of)
    if cohort.observed_from is not None:
        past &= pl.col("start") >= cohort.observed_from
    return cohort.appointments.filter(past)


def _by_reference(when: syntax.Truth, grace: str, cohort: Cohort, unknown: str) -> Frames:
    flagged: list[tuple[object, ...]] = []
    undecided: list[tuple[object, ...]] = []
    for history, true, open_ in replay_reference(when, grace, cohort, unknown):
        at_end = "episode" if history.ended else "as_of"
        for spans, rows in ((true, flagged), (open_, undecided)):
            rows += [
                (history.client_id, history.episode, a, b, "cleared" if b < history.end else at_end)
                for a, b in spans
            ]
    return _frame(flagged), _frame(undecided)


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    numbers = {**INTERVALS, "flagged_at": pl.Int64, "cleared_at": pl.Int64}
    return pl.DataFrame(rows, schema=numbers, orient="row").cast(INTERVALS)  # type: ignore[arg-type]
