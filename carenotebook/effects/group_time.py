"""Effects by group and time, after Callaway and Sant'Anna (2021), without covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from carenotebook.effects.frames import Array
from carenotebook.effects.panel import Mask, Panel

Control = Literal["never", "not_yet"]
_AT_ONCE = 2_000_000
"""Cells of all assignments that are held in memory together."""


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


def overall(panel: Panel, outcome: Array, groups: Array, control: Control) -> Array:
    """The average over every cell under treatment, for any outcome and many assignments.

    Parameters
    ----------
    panel : Panel
        Whose units are all seen in every period.
    outcome : array of shape (units, periods)
    groups : array of shape (assignments, units)
        When each unit's treatment begins.
    control : {"never", "not_yet"}

    Returns
    -------
    array of shape (assignments,)
        NaN where no treated period has a control.
    """
    many = max(1, _AT_ONCE // max(outcome.size, 1))
    some = (groups[i : i + many] for i in range(0, len(groups), many))
    return np.concatenate([_overall(panel, outcome, each, control) for each in some])


def _overall(panel: Panel, outcome: Array, groups: Array, control: Control) -> Array:
    times = panel.times
    # By assignment, period and unit.
    others = np.repeat(np.isinf(groups)[:, None, :], len(times), axis=1)
    if control == "not_yet":
        others |= groups[:, None, :] > times[None, :, None]
    waiting = others.astype(float)
    controls, now = waiting.sum(2), (waiting * outcome.T).sum(2)
    whole, weight = np.zeros(len(groups)), np.zeros(len(groups))
    for began in np.unique(groups[np.isfinite(groups) & (groups > times[0])]):
        base = int(np.searchsorted(times, began)) - 1
        under = (times - began >= panel.phase_in) & (np.arange(len(times)) > base)
        mine = (groups == began).astype(float)
        treated = mine.sum(1)[:, None] * (under & (controls > 0))
        size = np.maximum(mine.sum(1), 1.0)[:, None]
        change = mine @ (outcome - outcome[:, [base]]) / size
        change -= (now - waiting @ outcome[:, base]) / np.maximum(controls, 1.0)
        whole += (treated * change).sum(1)
        weight += treated.sum(1)
    with np.errstate(invalid="ignore"):
        average: Array = np.where(weight > 0, whole / weight, np.nan)
    return average
