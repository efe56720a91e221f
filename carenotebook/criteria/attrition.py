"""Which clause of a rule does the work: how many clients each leaves, in order and alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.criteria import language, words
from carenotebook.criteria.engine import replay_blocks
from carenotebook.criteria.flags import states
from carenotebook.criteria.sweep_run import seen_episodes
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED, nested
from carenotebook.results.result import Result
from carenotebook.results.words import about, number

if TYPE_CHECKING:
    from carenotebook.criteria.flags import States
    from carenotebook.criteria.language import Expression
    from carenotebook.criteria.replay import Replay

Members = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

EVERYONE = "All clients"
_KEY = ["client_id", "episode"]
_HIDDEN = "hidden (too few, or too telling, to show)"


@dataclass(frozen=True, repr=False, eq=False)
class Attrition(Result):
    """What `Replay.attrition` returns.

    Attributes
    ----------
    frame : polars.DataFrame
        What `tidy` gives.
    states : States
    together, alone : arrays of shape (clauses, bytes)
        One bit a seen episode: whether a clause held in it, with those before it and by itself.
    """

    frame: pl.DataFrame
    states: States
    together: Members
    alone: Members

    @property
    def title(self) -> str:
        """What is counted."""
        return "What each clause leaves"

    def tidy(self) -> pl.DataFrame:
        """One row a clause, in the order of the rule, after a row for everyone.

        Returns
        -------
        polars.DataFrame
            clause, clients and episodes (for whom it held at the same time as every clause before
            it), removed (clients lost to it), clients_alone and episodes_alone (for whom it held by
            itself).
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """Counts as they may be shown; a clause whose effect is small is hidden."""
        gate = privacy or Privacy()
        in_order = _hidden_in_order(self.frame, gate, telling=self.states.hides_flagged(gate))
        alone = [
            any(nested([everyone, a, c], gate)[1:]) or (hides and a - c < gate.min_cell)
            for (everyone, a, c), hides in zip(
                self.frame.select(
                    pl.col("clients").first().alias("all"), "clients_alone", "clients"
                ).iter_rows(),
                in_order,
                strict=True,
            )
        ]
        hidden = pl.Series(in_order), pl.Series(alone)
        rounded = self.frame.with_columns(
            gate.rounded(c) for c in self.frame.columns if c != "clause"
        )
        shown = rounded.with_columns(
            *(pl.when(~hidden[0]).then(pl.col(c)).alias(c) for c in ("clients", "episodes")),
            *(
                pl.when(~hidden[1]).then(pl.col(c)).alias(c)
                for c in ("clients_alone", "episodes_alone")
            ),
            (hidden[0] | hidden[1]).alias(SUPPRESSED),
        )
        removed = pl.col("clients").shift(1, fill_value=pl.col("clients").first())
        removed -= pl.col("clients")
        return Released(shown.with_columns(removed=removed), gate)

    def shown(self, privacy: Privacy) -> Members:
        """Of the counts that are shown, whom each counts: what a reader of `released` may know."""
        frame = self.released(privacy).frame[1:]
        kept = (
            sets[frame[column].is_not_null().to_numpy()]
            for sets, column in ((self.together, "clients"), (self.alone, "clients_alone"))
        )
        return np.concatenate(list(kept))

    def summary(self, privacy: Privacy | None = None) -> str:
        """One line a clause."""
        gate = privacy or Privacy()
        lines = ["Clients for whom the clauses held at the same time, added one by one:"]
        for row in self.released(gate).frame.iter_rows(named=True):
            left = _HIDDEN if row["clients"] is None else about(row["clients"], gate)
            alone = row["clients_alone"]
            told = alone is not None and row["clause"] != EVERYONE
            by_itself = f" (by itself: {number(alone)})" if told else ""
            lines.append(f"- {row['clause']}: {left}{by_itself}")
        return "\n".join(lines)


def attrition(replay: Replay) -> Attrition:
    """See `Replay.attrition`."""
    clauses = replay.rule.clauses
    seen = seen_episodes(replay.cohort)
    by_itself = [_held(replay, clause, seen) for clause in clauses]
    further = (language.all_of(*clauses[:i]) for i in range(2, len(clauses) + 1))
    in_order = [by_itself[0], *(_held(replay, clause, seen) for clause in further)]
    everyone = np.ones(seen.height, np.bool_)
    rows: list[dict[str, object]] = []
    before = _counted(everyone, seen)["clients"]
    said = [EVERYONE, *(words.say(clause.node) for clause in clauses)]
    for what, together, alone in zip(
        said, [everyone, *in_order], [everyone, *by_itself], strict=True
    ):
        counts = _counted(together, seen)
        separate = {f"{name}_alone": n for name, n in _counted(alone, seen).items()}
        removed = before - counts["clients"]
        rows.append({"clause": what, **counts, "removed": removed, **separate})
        before = counts["clients"]
    columns = ("clients", "episodes", "removed", "clients_alone", "episodes_alone")
    types = {"clause": pl.String, **dict.fromkeys(columns, pl.Int64)}
    frame = pl.DataFrame(rows, schema=types)
    return Attrition(frame, states(replay), _packed(in_order), _packed(by_itself))


def _hidden_in_order(frame: pl.DataFrame, privacy: Privacy, *, telling: bool) -> list[bool]:
    """Which counts to hide: no two that are shown, here or elsewhere, differ by few.

    Everyone's and the whole rule's numbers are shown elsewhere too, so they come first; then the
    clauses from the last one back.
    """
    hidden = [False] * frame.height
    hidden[-1] = telling
    for column in ("clients", "episodes"):
        everyone, *counts = frame[column].to_list()
        few = [h or privacy.few(everyone - c) for h, c in zip(hidden[1:], counts, strict=True)]
        first, *back = nested([everyone, *counts[::-1]], privacy, also=[hidden[0], *few[::-1]])
        hidden = [first, *back[::-1]]
    return hidden


def _held(replay: Replay, clause: Expression, seen: pl.DataFrame) -> Mask:
    """Of each seen episode, whether a clause held in it at some time."""
    rule = replace(replay.rule, when=clause)
    found, _ = replay_blocks(rule.when.node, rule.grace, replay.cohort, replay.unknown)
    episodes = found.select(*_KEY).unique().with_columns(held=pl.lit(value=True))
    joined = seen.select(_KEY).join(episodes, on=_KEY, how="left", maintain_order="left")
    held: Mask = joined["held"].fill_null(value=False).to_numpy()
    return held


def _counted(held: Mask, seen: pl.DataFrame) -> dict[str, int]:
    episodes = seen.filter(pl.Series(held))
    return {"clients": episodes["client_id"].n_unique(), "episodes": episodes.height}


def _packed(sets: list[Mask]) -> Members:
    return np.stack([np.packbits(held) for held in sets])
