"""Sweep a rule's parameters over a grid, and see what each cell would have done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.errors import RuleError
from carenotebook.core.options import UNKNOWNS, Unknown, check_option
from carenotebook.criteria.rule import Rule
from carenotebook.criteria.sweep_grid import read_grid
from carenotebook.criteria.sweep_result import Sweep
from carenotebook.criteria.sweep_run import Run, figures, followed, in_time, seen_episodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carenotebook.criteria.spans import Keys
    from carenotebook.criteria.sweep_pass import CellFlags
    from carenotebook.criteria.sweep_result import Members


def sweep(  # noqa: PLR0913 - what a replay takes, and what is told of each cell
    rule: Rule,
    cohort: Cohort,
    grid: Mapping[str, Iterable[Any]],
    *,
    horizon: str | None = None,
    person_days: bool = False,
    first: bool = False,
    unknown: Unknown = "ignore",
    executor: Executor | None = None,
) -> Sweep:
    """Replay a rule for every combination of its parameters' values, in one pass.

    For seeing how much a threshold matters before it is settled. Each cell is what
    `carenotebook.replay` would find with these values. No cell is the best one: to choose by the
    figures, use `Sweep.choose`, which reports on other episodes than it chose by.

    Parameters
    ----------
    rule : Rule
        With ``c.param("name")`` in the place of a threshold, a window, `last`, `k` or a duration.
    cohort : Cohort
    grid : mapping of str to values
        For each parameter its values: numbers or durations, such as ``{"k": range(1, 11)}``.
    horizon : str, optional
        A duration such as "26w": incidence is told at so long after an episode is first seen. By
        default at the end of all that is seen.
    person_days : bool
        Whether to tell for how many days in all each cell is true.
    first : bool
        Whether to keep every first flag, client by client, in `Sweep.first`.
    unknown : {"ignore", "missed", "attended"}
        How to take past appointments of unknown outcome.
    executor : concurrent.futures.Executor, optional
        Where the parts of a saved cohort are worked on; by default in threads.

    Returns
    -------
    Sweep

    Raises
    ------
    OptionError
        If the grid does not fit the rule's parameters, is empty or has more than 10,000 cells.
    RuleError
        If a value is refused where it stands; it names the parameter.
    MissingDataError
        If a term needs a table or a column that the cohort does not have.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> rule = c.Rule("misses", c.missed(within=c.param("window")) >= c.param("k"))
    >>> found = cn.sweep(rule, cohort, {"k": range(1, 4), "window": ["30d", "90d"]})
    >>> found.tidy().select("window", "k", "flagged").shape
    (6, 3)
    """
    if not isinstance(rule, Rule):
        raise RuleError("sweep() needs a Rule with parameters: c.Rule(name, expression).")
    check_cohort(cohort, "sweep()")
    check_option("unknown", unknown, UNKNOWNS)
    until = None if horizon is None else duration_us(horizon, "horizon", zero=False)
    run = Run(rule, cohort, read_grid(rule.when.node, grid), unknown, seen_episodes(cohort))
    kept = _Kept(run.seen.height, first, until)
    found = kept.each(run.flags(lengths=person_days, executor=executor))
    client = run.seen["client"].to_numpy()
    told = figures(found, followed(run.seen, cohort.as_of), client, until)
    frame = pl.concat([run.grid.frame(), told], how="horizontal")
    frame = frame if person_days else frame.drop("person_days")
    timely = None if until is None else kept.in_time()
    return Sweep(run, frame, horizon, kept.members(), timely, kept.frame(run) if first else None)


class _Kept:
    """What is kept of the cells that pass by: whom each flags and, if asked for, when."""

    def __init__(self, episodes: int, first: bool, until: int | None) -> None:  # noqa: FBT001 - passed on
        self._episodes = episodes
        self._first = first
        self._until = until
        self._rows: list[Members] = []
        self._timely: list[Members] = []
        self._flags: list[CellFlags] = []

    def each(self, found: Iterable[CellFlags]) -> Iterator[CellFlags]:
        for flags in found:
            self._rows.append(self._packed(flags.episode))
            if self._until is not None:
                self._timely.append(self._packed(flags.episode[in_time(flags, self._until)]))
            if self._first:
                self._flags.append(flags)
            yield flags

    def members(self) -> Members:
        return np.stack(self._rows)

    def in_time(self) -> Members:
        return np.stack(self._timely)

    def _packed(self, episodes: Keys) -> Members:
        mask = np.zeros(self._episodes, np.bool_)
        mask[episodes] = True
        return np.packbits(mask)

    def frame(self, run: Run) -> pl.DataFrame:
        """Every first flag, cell after cell."""
        places = np.concatenate([f.episode for f in self._flags])
        waited = pl.Series(np.concatenate([f.waited for f in self._flags]), dtype=pl.Duration("us"))
        cells = np.repeat(np.arange(run.grid.size), [len(f.episode) for f in self._flags])
        mine = run.seen[places].select(
            "client_id", "episode", flagged_at=pl.col("seen_from") + waited
        )
        return pl.concat([run.grid.frame()[cells], mine], how="horizontal")
