"""From a rule with parameters and a grid to what each cell finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.durations import DAY, duration_us
from carenotebook.core.parallel import in_threads
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.language import Expression
from carenotebook.criteria.needs import check_needs
from carenotebook.criteria.sweep_grid import Filler, ordered
from carenotebook.criteria.sweep_incidence import Followed, follow
from carenotebook.criteria.sweep_pass import CellFlags, first_flags

if TYPE_CHECKING:
    from datetime import datetime

    from carenotebook.core.cohort import Cohort
    from carenotebook.core.options import Unknown
    from carenotebook.criteria.rule import Rule
    from carenotebook.criteria.spans import Keys, Mask
    from carenotebook.criteria.sweep_grid import Grid

FIGURES = {
    "flagged": pl.Int64,
    "clients": pl.Int64,
    "incidence": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "median_days": pl.Float64,
    "person_days": pl.Float64,
    "in_time": pl.Int64,
    "after": pl.Int64,
}
TELLING = ("in_time", "after")
"""Clients flagged by the horizon, and after it: what a share at the horizon tells of."""

MOST_FLAGS = 60_000_000
"""Cells times episodes of one pass, so that first flags fit in memory; more take several passes."""


@dataclass(frozen=True)
class Run:
    """What is asked of a cohort: a rule, a grid, and how.

    Attributes
    ----------
    seen : polars.DataFrame
        Every seen episode, in the order in which blocks hold them.
    """

    rule: Rule
    cohort: Cohort
    grid: Grid
    unknown: Unknown
    seen: pl.DataFrame

    def flags(
        self, *, lengths: bool = False, executor: Executor | None = None
    ) -> Iterator[CellFlags]:
        """What each cell finds, in the order of the grid."""
        cells = self.cells()
        step = max(1, MOST_FLAGS // max(1, self.seen.height))
        for begin in range(0, len(cells), step):
            yield from first_flags(
                cells[begin : begin + step],
                duration_us(self.rule.grace),
                self.cohort,
                self.unknown,
                lengths=lengths,
                executor=executor,
            )

    def cells(self) -> list[syntax.Truth]:
        """The expression of each cell.

        Raises
        ------
        RuleError, MissingDataError
            As `carenotebook.replay` for any of them.
        """
        filler = Filler(ordered(self.rule.when.node, self.grid))
        cells = [filler.truth(values) for values in self.grid.cells()]
        check_needs(cells[0], self.cohort)
        for leaf in _attributes(cells):  # what else a cell needs does not vary with its values
            check_needs(leaf, self.cohort)
        return cells

    def filled(self, cell: int) -> Rule:
        """The rule of one cell."""
        values = self.grid.cells()[cell]
        said = ", ".join(f"{n}={v}" for n, v in values.items())
        when = Filler(self.rule.when.node).truth(values)
        return replace(self.rule, name=f"{self.rule.name} ({said})", when=Expression(when))


def seen_episodes(cohort: Cohort) -> pl.DataFrame:
    """Every seen episode, with the number of its client."""
    return (
        cohort.spans()
        .filter(pl.col("seen_from") < pl.col("seen_until"))
        .with_columns(client=pl.col("client_id").rle_id().cast(pl.Int64))
    )


def followed(seen: pl.DataFrame, as_of: datetime) -> Followed:
    """Episodes that are seen until `as_of`, or some of them, as incidence looks at them."""
    length = (seen["seen_until"] - seen["seen_from"]).dt.total_microseconds().to_numpy()
    ended = (seen["ended_at"] <= as_of).fill_null(value=False).to_numpy()
    return follow(length, ended, seen["client"].rle_id().cast(pl.Int64).to_numpy())


def _attributes(cells: Sequence[syntax.Truth]) -> list[syntax.Truth]:
    """Every comparison of an attribute that occurs."""
    return list(
        {
            (repr(node), node): node
            for cell in cells
            for node in syntax.walk(cell)
            if isinstance(node, nodes.Compare | nodes.IsIn)
            and isinstance(node.term, nodes.Attribute)
        }.values()
    )


def figures(
    found: Iterable[CellFlags], who: Followed, client: Keys, until: int | None
) -> pl.DataFrame:
    """One row a cell: the columns of `FIGURES`.

    Parameters
    ----------
    found : iterable of CellFlags
    who : Followed
        The episodes that `found` counts by place.
    client : array of shape (episodes,)
        The number of each one's client, in order.
    until : int, optional
        The horizon in microseconds.
    """
    rows = in_threads(partial(_figures, flags, who, client, until) for flags in found)
    return pl.DataFrame(list(rows), schema=FIGURES, orient="row")


def _figures(
    flags: CellFlags, who: Followed, client: Keys, until: int | None
) -> tuple[object, ...]:
    flagged = len(flags.episode)
    told = who.incidence(flags.episode, flags.waited, until)
    median = float(np.median(flags.waited)) / DAY if flagged else None
    share = (told.estimate, told.conf_low, told.conf_high)
    timely = in_time(flags, until)
    counts = [_clients(client[flags.episode[m]]) for m in (timely, ~timely)]
    return flagged, _clients(client[flags.episode]), *share, median, flags.lasting / DAY, *counts


def in_time(flags: CellFlags, until: int | None) -> Mask:
    """Which flags had come by the horizon."""
    return flags.waited <= until if until is not None else np.ones(len(flags.waited), np.bool_)


def _clients(numbers: Keys) -> int:
    return int((np.diff(numbers, prepend=-1) != 0).sum())
