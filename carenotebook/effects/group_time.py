"""Effects by group and time, after Callaway and Sant'Anna (2021), without covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Mask, Panel

Control = Literal["never", "not_yet"]


@dataclass(frozen=True)
class Cells:
    """One entry a group and time.

    Attributes
    ----------
    group, time, gap : arrays of shape (cells,)
        `gap`: time since the period that the cell is compared with.
    estimate : array of shape (cells,)
    treated, control : arrays of shape (cells,)
        How many units of each.
    influence : array of shape (units, cells)
        Its mean square over units, divided by their number, is the variance.
    member : array of shape (units, cells)
        Whether a unit is of the cell's group.
    """

    group: Array
    time: Array
    gap: Array
    estimate: Array
    treated: Array
    control: Array
    influence: Array
    member: Mask

    @property
    def since(self) -> Array:
        """Time since treatment began; below 0 before it."""
        return self.time - self.group


@dataclass(frozen=True)
class Summed:
    """An average of cells, with the influence of each unit."""

    estimate: float
    influence: Array
    weights: Array


def cells_of(outcome: Array, group: Array, times: Array, control: Control) -> Cells:
    """Every cell that has a treated unit, an earlier period and a control.

    Before treatment a cell compares with the period just before it; from then on with the last
    period before treatment.
    """
    rows = []
    for began in np.unique(group[np.isfinite(group) & (group > times[0])]):
        base = int(np.searchsorted(times, began)) - 1
        for t in range(1, len(times)):
            since = base if t > base else t - 1
            rows.append((began, t, since))
    return compared(outcome, group, times, control, rows)


def compared(
    outcome: Array,
    group: Array,
    times: Array,
    control: Control,
    rows: list[tuple[float, int, int]],
) -> Cells:
    """Cells of (group, period, period to compare with); those without a control are left out."""
    found = []
    size = len(group)
    for began, t, base in rows:
        mine = group == began
        others = np.isinf(group)
        if control == "not_yet":
            others = others | ((group > times[max(t, base)]) & ~mine)
        n, m = int(mine.sum()), int(others.sum())
        if not m:
            continue
        change = outcome[:, t] - outcome[:, base]
        treated, other = change[mine].mean(), change[others].mean()
        influence = np.zeros(size)
        influence[mine] = (change[mine] - treated) * size / n
        influence[others] = -(change[others] - other) * size / m
        gap = times[t] - times[base]
        found.append((began, times[t], gap, treated - other, n, m, influence, mine))
    numbers = np.array([row[:6] for row in found], float).reshape(-1, 6).T
    empty = np.zeros((size, 0))
    return Cells(
        group=numbers[0],
        time=numbers[1],
        gap=numbers[2],
        estimate=numbers[3],
        treated=numbers[4],
        control=numbers[5],
        influence=np.column_stack([row[6] for row in found]) if found else empty,
        member=np.column_stack([row[7] for row in found]) if found else empty > 0,
    )


def averaged(cells: Cells, chosen: Mask) -> Summed:
    """Average of cells by the size of their groups, whose chance share is allowed for."""
    member = cells.member[:, chosen].astype(float)
    share, estimate = member.mean(0), cells.estimate[chosen]
    whole = share.sum()
    weights = share / whole
    drawn = member - share
    of_weights = drawn / whole - np.outer(drawn.sum(1), share) / whole**2
    influence = cells.influence[:, chosen] @ weights + of_weights @ estimate
    return Summed(float(weights @ estimate), influence, weights)


def overall(panel: Panel, outcome: Array, group: Array, control: Control) -> float:
    """The average over every cell under treatment, for any outcome and assignment."""
    cells = cells_of(outcome, group, panel.times, control)
    under = cells.since >= panel.phase_in
    if not under.any():
        return np.nan
    share = cells.treated[under]
    return float(share @ cells.estimate[under] / share.sum())
