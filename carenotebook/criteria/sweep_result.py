"""What a sweep returns: a row a cell, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.durations import say_duration
from carenotebook.criteria.sweep_run import TELLING
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result
from carenotebook.results.words import about, interval, number, percent

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from carenotebook.criteria.sweep_choice import Chosen
    from carenotebook.criteria.sweep_run import Run

Members = npt.NDArray[np.uint8]


class Shown(Protocol):
    """A result that can say whom the counts of its that are shown count."""

    def shown(self, privacy: Privacy) -> Members:
        """One row a count, one bit a seen episode."""


@dataclass(frozen=True, repr=False, eq=False)
class Sweep(Result):
    """What `carenotebook.sweep` returns. Its repr, table and chart are aggregates.

    Attributes
    ----------
    run : Run
        The rule, the cohort and the grid.
    frame : polars.DataFrame
        `tidy` with `clients`: how many clients each cell flags.
    horizon : str or None
        When incidence is told.
    members : array of shape (cells, bytes)
        One bit a seen episode: whether the cell flags it. Tells cells apart that differ by few.
    in_time : array like `members`, or None
        The same for flags by the horizon; None without one.
    first : polars.DataFrame or None
        Client-level, if it was asked for: the parameters, client_id, episode, flagged_at.
    beside : tuple of Shown
        What the same readers see: no cell is shown that differs by few from a set of theirs.
    """

    run: Run
    frame: pl.DataFrame
    horizon: str | None
    members: Members
    in_time: Members | None = None
    first: pl.DataFrame | None = None
    beside: tuple[Shown, ...] = ()

    @property
    def title(self) -> str:
        """Names the rule."""
        return f"Put up for review by {self.run.rule.name!r}, by its parameters"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Their names, in the order of the grid."""
        return tuple(self.run.grid.axes)

    def tidy(self) -> pl.DataFrame:
        """One row a cell, exact.

        Returns
        -------
        polars.DataFrame
            A column for each parameter; flagged (episodes); incidence of the first flag with other
            ends of care as competing events, at the horizon, with conf_low and conf_high by client;
            median_days from when a flagged episode is first seen to its first flag; and, if asked
            for, person_days for which the rule is true.
        """
        return self.frame.drop("clients", *TELLING)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The cells as they may be shown: the whole grid is one table.

        Cells are nested or nearly so: where two of them differ by few clients, one is hidden. None
        and nearly none read the same.
        """
        from carenotebook.criteria.sweep_release import known_from, release_cells

        client = self.run.seen["client"].to_numpy()
        gate = privacy or Privacy()
        seen = (self.members,) if self.in_time is None else (self.members, self.in_time)
        known = known_from(self.beside, gate)
        return release_cells(self.frame, self.parameters, seen, client, gate, known)

    def shown(self, privacy: Privacy) -> Members:
        """Of the cells that are shown, whom each flags: what a reader of `released` may know."""
        hidden = self.released(privacy).frame[SUPPRESSED].to_numpy()
        cells: Members = self.members[~hidden]
        return cells

    def choose(
        self,
        split: datetime | str,
        *,
        incidence: float | None = None,
        by: pl.Expr | None = None,
        executor: Executor | None = None,
    ) -> Chosen:
        """Choose a cell by the episodes that began before `split`; report on the later ones.

        A cell that was chosen because its figures are good looks better there than it is.

        Parameters
        ----------
        split : datetime or str
            ISO 8601; naive is UTC. Episodes seen from an earlier instant choose, by what of them
            is seen until then: nothing that came later has a say in the choice.
        incidence : float, optional
            Choose the cell whose incidence comes nearest, such as what a team can review.
        by : polars.Expr, optional
            Instead: choose the cell in which this expression of the columns of `tidy` is smallest.
        executor : concurrent.futures.Executor, optional
            As for `carenotebook.sweep`.

        Raises
        ------
        OptionError
            Unless exactly one of `incidence` and `by` is given, or if a part has no episodes.
        """
        from carenotebook.criteria.sweep_choice import choose

        return choose(self, split, incidence, by, executor)

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many cells, from how few to how many are put up for review, and the caveat."""
        gate = privacy or Privacy()
        shown = self.released(gate)
        cells = shown.frame.filter(~pl.col(SUPPRESSED)).sort("estimate", maintain_order=True)
        axes = "; ".join(
            f"{n} from {v[0]} to {v[-1]} ({len(v)} values)" if len(v) > 1 else f"{n} = {v[0]}"
            for n, v in self.run.grid.axes.items()
        )
        lines = [
            f"Rule: {self.run.rule.name}, in {number(self.frame.height)} cells: {axes}.",
            f"Put up for review at least once {self.when}; other ends of care compete:",
            *_extremes(cells, self.parameters, gate),
        ]
        if shown.hidden:
            lines.append(
                f"Hidden cells: {number(shown.hidden)}. They count none or too few, or differ from "
                "a shown one by too few."
            )
        lines.append(
            "Caveat: no cell is the best one. One that is chosen by these figures must be judged "
            "on other data: see Sweep.choose. A flag ends in a clinician's review."
        )
        return "\n".join(lines)

    @property
    def when(self) -> str:
        """The horizon in words."""
        if self.horizon is None:
            return "by the end of all that is seen"
        return f"within {say_duration(self.horizon)} of an episode's start"


def _extremes(cells: pl.DataFrame, names: tuple[str, ...], privacy: Privacy) -> list[str]:
    if cells.is_empty():
        return ["- hidden in every cell (none, nearly all, or too few to show)."]
    ends = [cells.row(0, named=True), cells.row(-1, named=True)]
    words = ("fewest", "most") if cells.height > 1 else ("only cell shown",)
    return [
        f"- {word}: {said_cell(row, names)}: {percent(row['estimate'])} ({interval(row)}; "
        f"{about(row['clients'], privacy)} clients; median {number(row['median_days'])} days to "
        "the first flag)"
        for word, row in zip(words, ends, strict=False)
    ]


def said_cell(row: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The values of a cell, such as "k = 3, window = 90d"."""
    return ", ".join(f"{n} = {row[n]}" for n in names)
