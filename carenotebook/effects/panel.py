"""A panel of units over time, some of which are treated from some time on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.clock import Clock, clock_of
from carenotebook.effects.frames import Array, codes, complete, numbers, require, varying

Mask = npt.NDArray[np.bool_]
NEVER = np.inf


@dataclass(frozen=True)
class Panel:
    """Units by periods.

    Attributes
    ----------
    outcome : array of shape (units, periods)
        NaN where nothing was observed.
    times : array of shape (periods,)
        In order.
    group : array of shape (units,)
        When treatment began; infinite for those never treated within the periods.
    cluster : integer array of shape (units,)
        0, 1, ...
    labels : polars.Series
        The value of the time column for each period.
    clock : Clock
    left_out : dict
        Rows that do not enter, by reason.
    phase_in : float
        Time from the start of treatment on that is not judged.
    """

    outcome: Array
    times: Array
    group: Array
    cluster: npt.NDArray[np.int64]
    labels: pl.Series
    clock: Clock
    left_out: dict[str, int]
    phase_in: float = 0.0

    @property
    def seen(self) -> Mask:
        """Where something was observed."""
        return np.asarray(~np.isnan(self.outcome))

    @property
    def treated(self) -> Mask:
        """Where a unit is under treatment, of shape (units, periods)."""
        return np.asarray(self.times[None, :] >= self.group[:, None])

    @property
    def judged(self) -> Mask:
        """Where a unit is under treatment and past the phase-in."""
        return np.asarray(self.times[None, :] >= self.group[:, None] + self.phase_in)

    @property
    def ever(self) -> Mask:
        """Units that are treated at some time."""
        return np.isfinite(self.group)

    @property
    def clusters(self) -> tuple[int, int]:
        """How many clusters hold a treated unit, and how many none."""
        with_treated = len(np.unique(self.cluster[self.ever]))
        return with_treated, int(self.cluster.max()) + 1 - with_treated

    def only(self, kept: Mask, why: str) -> Panel:
        """The panel of some units, counting the rows of the others."""
        if kept.all():
            return self
        _, cluster = np.unique(self.cluster[kept], return_inverse=True)
        return replace(
            self,
            outcome=self.outcome[kept],
            group=self.group[kept],
            cluster=cluster,
            left_out=self.left_out | {why: int(self.seen[~kept].sum())},
        )


def panel_of(
    frame: pl.DataFrame, names: tuple[str, str, str, str], cluster: str | None, caller: str
) -> Panel:
    """A checked panel.

    Parameters
    ----------
    frame : polars.DataFrame
        One row a unit and period.
    names : tuple of str
        Columns: outcome, unit, time, first_treated (null, or 0 where it holds numbers: never).
    cluster : str, optional
        Column that joins units; by default each is a cluster of its own.
    caller : str

    Raises
    ------
    OptionError
        For a column that is not there, a unit twice in a period, a first treatment or a cluster
        that changes within a unit, no treated unit, or nobody seen before a treatment.
    """
    outcome, unit, time, first = names
    require(frame, [*names, cluster], caller)
    keys = [c for c in (outcome, unit, time, cluster) if c is not None]
    rows, left_out = complete(frame, keys, caller)
    if rows.select(unit, time).is_duplicated().any():
        raise OptionError(
            f"{caller}: some {unit} has several rows at one {time}. Add them up or average them "
            "first; errors are clustered by unit anyway."
        )
    clock = clock_of(rows, time, caller)
    rows = rows.with_columns(_group=pl.Series(began_of(rows, first, clock), dtype=pl.Float64))
    for column in ("_group", cluster):
        if column is not None and changes_within(rows, unit, column):
            name = first if column == "_group" else column
            raise OptionError(f"{caller}: {name} must be the same in all rows of a {unit}.")
    return _arranged(rows, names, cluster, clock, left_out)


def began_of(rows: pl.DataFrame, first: str, clock: Clock) -> Array:
    """When treatment began, infinite for never."""
    known = rows[first].fill_nan(None) if rows.schema[first].is_float() else rows[first]
    if clock.origin is None:
        if known.null_count() == len(known):
            return np.full(len(known), NEVER)
        if not known.dtype.is_numeric():
            raise OptionError(
                f"{clock.caller}: {first} must hold numbers, as the time column does; null or 0 is "
                "never."
            )
        found = numbers(rows.with_columns(known.fill_null(0).alias(first)), first, clock.caller)
        return np.where(found == 0, NEVER, found)
    if known.dtype not in (pl.Date, pl.Datetime, pl.Null):
        raise OptionError(
            f"{clock.caller}: {first} must hold the kind of value that the time column holds; "
            "null is never."
        )
    found = clock.read(known.fill_null(clock.origin.date()))
    return np.where(known.is_null().to_numpy(), NEVER, found)


def changes_within(rows: pl.DataFrame, unit: str, column: str) -> bool:
    """Whether a column takes several values within a unit."""
    return bool((rows.group_by(unit).agg(pl.col(column).n_unique())[column] > 1).any())


def _arranged(
    rows: pl.DataFrame,
    names: tuple[str, str, str, str],
    cluster: str | None,
    clock: Clock,
    left_out: dict[str, int],
) -> Panel:
    outcome, unit, time, _ = names
    values = varying(rows, outcome, clock.caller)
    row, column = codes(rows, unit), codes(rows, time)
    matrix = np.full((row.max() + 1, column.max() + 1), np.nan)
    matrix[row, column] = values
    labels = rows[time].unique().sort()
    times = clock.read(labels)
    group = np.full(len(matrix), NEVER)
    group[row] = rows["_group"].to_numpy()
    group[group > times[-1]] = NEVER
    clusters = np.arange(len(matrix))
    if cluster is not None:
        clusters[row] = codes(rows, cluster)
    _check(group, times, clock.caller)
    return Panel(matrix, times, group, clusters, labels, clock, left_out)


def _check(group: Array, times: Array, caller: str) -> None:
    if len(times) < 2:
        raise OptionError(f"{caller}: there is one period; at least 2 are needed.")
    if not np.isfinite(group).any():
        raise OptionError(
            f"{caller}: no unit is treated within the periods, so there is nothing to compare."
        )
    if (group <= times[0]).all():
        raise OptionError(
            f"{caller}: every unit is treated from the first period on; there is no before."
        )
    if len(np.unique(group)) == 1:
        raise OptionError(
            f"{caller}: all units are treated from the same time on, so there is one group and no "
            "control. Take an interrupted time series instead."
        )
