"""The figures that the builder shows of a rule: rounded, suppressed, and apart from what was shown.

Each count passes a `Ledger`, so that clauses switched on and off never tell the few clients
between two figures; percentages, lengths and words are derived from what it lets through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.criteria import nodes, syntax, words
from carenotebook.criteria.flags import FLAGGED, by_group, by_month, states
from carenotebook.criteria.language import Expression
from carenotebook.criteria.prepared import Prepared
from carenotebook.criteria.replay import Replay
from carenotebook.criteria.rule import Rule
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.ledger import Ledger, Members
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.statistics import wilson
from carenotebook.results.words import number, percent

EVERYONE = "All clients"
_KEPT = 64
_FEW = 1
"""Stands for every number of clients that is too small to show, 0 included."""
_HIGH_SHARE, _UNDECIDED_SHARE = 0.3, 0.1


@dataclass(frozen=True)
class Count:
    """A rounded count of clients; None where it is hidden."""

    shown: int | None


@dataclass(frozen=True)
class Step:
    """What is left after a clause, and by the clause alone."""

    label: str
    left: Count
    alone: Count | None


class Figures:
    """Figures of any rule on one cohort, through one gate.

    The first set that its ledger knows is everyone, so that a rule never tells of the few clients
    whom it leaves out.

    Parameters
    ----------
    cohort : Cohort
    privacy : Privacy
    """

    def __init__(self, cohort: Cohort, privacy: Privacy) -> None:
        self.cohort = cohort
        self.privacy = privacy
        self._ledger = Ledger(privacy)
        self._prepared = Prepared(cohort)
        self._replays: dict[str, Replay] = {}
        spans = cohort.spans().filter(pl.col("seen_from") < pl.col("seen_until"))
        self._clients = spans.select(pl.col("client_id").unique().sort()).with_row_index("place")
        self.everyone = self._settled("clients", np.ones(self._clients.height, dtype=np.bool_))

    def flagged(self, rule: Rule) -> Count:
        """Clients put up for review at some time."""
        return self._settled("clients", self._members(self.replay(rule).intervals))

    def undecided(self, rule: Rule) -> Count:
        """Clients never put up for review who could not be decided at some time."""
        replay = self.replay(rule)
        never = self._members(replay.undecided) & ~self._members(replay.intervals)
        return self._settled("undecided", never)

    def share(self, count: int) -> tuple[float, float, float]:
        """Share of everyone with its 95 % interval (Wilson), from rounded counts."""
        whole = self.everyone.shown or 0
        low, high = wilson(np.array([float(count)]), np.array([float(whole)]))
        return count / whole if whole else 0.0, float(low[0]), float(high[0])

    def replay(self, rule: Rule) -> Replay:
        """The replay of a rule, kept for a while."""
        key = rule.hash
        if key not in self._replays:
            self._keep(key, self._prepared.replay(rule))
        return self._replays[key]

    def steps(self, rule: Rule) -> Iterator[Step]:
        """Everyone, then what each clause leaves (or adds), in order."""
        node = rule.when.node
        many = isinstance(node, nodes.All | nodes.Any_)
        clauses = node.operands if isinstance(node, nodes.All | nodes.Any_) else (node,)
        yield Step(EVERYONE, self.everyone, None)
        for i, clause in enumerate(clauses, 1):
            first = type(node)(clauses[:i]) if many and i > 1 else clause  # type: ignore[call-arg]
            left = self._held(rule, first if i < len(clauses) else node)
            alone = self._held(rule, clause) if many else None
            yield Step(_named(words.say(clause), i, node), left, alone)

    def months(self, rule: Rule) -> Released:
        """First flags by month."""
        replay = self.replay(rule)
        found = by_month(replay)
        first = replay.first.with_columns(
            month=pl.col("flagged_at")
            .dt.convert_time_zone(self.cohort.timezone)
            .dt.truncate("1mo")
            .dt.date()
        )
        rows = [
            self._row("month", row, first.filter(pl.col("month") == row["month"]))
            for row in found.frame.iter_rows(named=True)
        ]
        return replace(found, frame=_like(found.frame, rows)).released(self.privacy)

    def groups(self, rule: Rule, column: str) -> Released:
        """Share of episodes flagged, by group; the largest group first."""
        replay = self.replay(rule)
        found = by_group(replay, column)
        flagged = replay.episodes().filter(pl.col("flagged_at").is_not_null())
        if column not in flagged.columns and self.cohort.clients is not None:
            of_clients = self.cohort.clients.select("client_id", column).collect()
            flagged = flagged.join(of_clients, on="client_id", how="left")
        rows = [
            self._row(f"by {column}", row, flagged.filter(pl.col(column).eq_missing(row[column])))
            for row in found.frame.iter_rows(named=True)
        ]
        return replace(found, frame=_like(found.frame, rows)).released(self.privacy)

    def overall(self, rule: Rule) -> dict[str, Any] | None:
        """The share of all episodes put up for review, as `groups` has it for each group."""
        found = states(self.replay(rule))
        flagged = self.replay(rule).intervals
        rows = [
            self._row("state", row, flagged) if row["state"] == FLAGGED else row
            for row in found.frame.iter_rows(named=True)
        ]
        released = replace(found, frame=_like(found.frame, rows)).released(self.privacy).frame
        shown = released.filter((pl.col("state") == FLAGGED) & ~pl.col(SUPPRESSED))
        return shown.row(0, named=True) if shown.height else None

    def _row(self, what: str, row: dict[str, Any], flagged: pl.DataFrame) -> dict[str, Any]:
        """The row, or the one shown before from which it differs too little.

        None and nearly none are the same row, and so are all and nearly all: what is hidden
        beside them must not tell one from the other.
        """
        cell = f"{what}: {next(iter(row.values()))}"
        kept: dict[str, Any] | None = self._ledger.settle(cell, self._members(flagged), lambda: row)
        counts = ("clients_with",) if "clients_with" in row else ("clients", "episodes")
        shown = row | dict.fromkeys(counts, _FEW) if kept is None else kept
        if shown.get("clients_without", self.privacy.min_cell) < self.privacy.min_cell:
            return shown | {"clients_without": _FEW}
        return shown

    def _held(self, rule: Rule, when: syntax.Truth) -> Count:
        part = Rule(rule.name, Expression(when), grace=rule.grace)
        return self._settled("clients", self._members(self.replay(part).intervals))

    def _members(self, frame: pl.DataFrame) -> Members:
        found = np.zeros(self._clients.height, dtype=np.bool_)
        ids = frame.select(pl.col("client_id").unique())
        found[self._clients.join(ids, on="client_id", how="semi")["place"].to_numpy()] = True
        return found

    def _settled(self, what: str, members: Members) -> Count:
        count = self._ledger.settle(what, members, lambda: int(np.count_nonzero(members)))
        return Count(None if count is None else self.privacy.round(count))

    def _keep(self, key: str, replay: Replay) -> None:
        self._replays[key] = replay
        while len(self._replays) > _KEPT:
            del self._replays[next(iter(self._replays))]


def sentence(figures: Figures, rule: Rule) -> tuple[str, str, str]:
    """How many would be put up for review; what could not be decided; what to be careful about."""
    flagged, everyone = figures.flagged(rule).shown, figures.everyone.shown
    least = figures.privacy.min_cell
    if everyone is None:
        return f"Fewer than {least} clients: nothing can be shown.", "", ""
    undecided, caution = _undecided(figures, rule)
    if flagged is None:
        return (
            f"None, or fewer than {least}, of {number(everyone)} clients match.",
            undecided,
            ("Loosen a clause, or widen the date range."),
        )
    share, low, high = figures.share(flagged)
    said = (
        f"About {number(flagged)} of {number(everyone)} clients ({percent(share)}, 95 % CI "
        f"{percent(low, sign=False)}\N{EN DASH}{percent(high, sign=False)}) would be put up for "
        "clinician review."
    )
    if share >= _HIGH_SHARE:
        caution = f"This flags {percent(share)} of clients. Is that a workload the team can review?"
    return said, undecided, caution


def _undecided(figures: Figures, rule: Rule) -> tuple[str, str]:
    if figures.replay(rule).undecided.is_empty():
        return "", ""
    undecided = figures.undecided(rule).shown
    if undecided is None:
        few = f"None, or fewer than {figures.privacy.min_cell}"
        return f"{few}, could not be decided for lack of data.", ""
    share = figures.share(undecided)[0]
    careful = (
        f"This rule could not decide for {percent(share)} of clients. Read the rate with care."
    )
    return (
        f"About {number(undecided)} could not be decided for lack of data.",
        careful if share >= _UNDECIDED_SHARE else "",
    )


def _named(said: str, place: int, node: syntax.Truth) -> str:
    if place == 1:
        return said
    return f"{'and' if isinstance(node, nodes.All) else 'or'} {said}"


def _like(frame: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=frame.schema)
