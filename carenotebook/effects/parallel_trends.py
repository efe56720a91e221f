"""Whether treated units ran parallel to the others before treatment, and what a test could see."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.effects import group_time
from carenotebook.effects.frames import Array
from carenotebook.effects.group_time import Control
from carenotebook.effects.panel import Panel

_POWER = 0.8
_COLUMNS = ("statistic", "df", "df_residual", "p_value", "power", "drift", "drift_in_att")
NOT_TESTED = pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.Float64))


def joint_test(panel: Panel, control: Control) -> pl.DataFrame:
    """Joint test of the changes before treatment, and the drift that it would have seen.

    Returns
    -------
    polars.DataFrame
        One row: statistic, df, df_residual, p_value; power, drift (the steady drift per unit of
        time that the test finds with that power), drift_in_att (what such a drift alone would add
        to the effect). No row where no period before treatment can be tested.

    Notes
    -----
    Changes are averaged by time since treatment. Hotelling's T-squared over clusters; the drift
    follows Roth (2022, AER: Insights 4:305).
    """
    from scipy.stats import f

    cells = group_time.cells_of(panel.outcome, panel.group, panel.times, control)
    clusters = int(panel.cluster.max()) + 1
    steps = _common(cells)[: max(1, clusters // 5)]
    if not len(steps) or clusters <= len(steps) + 1:
        return NOT_TESTED
    found = [group_time.averaged(cells, cells.since == e) for e in steps]
    estimate = np.array([s.estimate for s in found])
    shares = np.column_stack([_by_cluster(s.influence, panel) for s in found]) / len(panel.group)
    covariance = shares.T @ shares
    gaps = np.array(
        [float(s.weights @ cells.gap[cells.since == e]) for s, e in zip(found, steps, strict=True)]
    )
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(steps):
        return NOT_TESTED
    inverse = np.linalg.inv(covariance)
    size = len(steps)
    left = clusters - size
    shrink = left / (size * (clusters - 1))
    statistic = float(estimate @ inverse @ estimate) * shrink
    drift = np.sqrt(_noncentrality(size, left) / float(gaps @ inverse @ gaps))
    under = cells.since >= panel.phase_in
    if not under.any():
        return NOT_TESTED
    carried = float(group_time.averaged(cells, under).weights @ cells.gap[under])
    row = (
        statistic,
        size,
        left,
        float(f.sf(statistic, size, left)),
        _POWER,
        drift,
        drift * carried,
    )
    return pl.DataFrame([row], schema=NOT_TESTED.schema, orient="row")


def _common(cells: group_time.Cells) -> Array:
    """Times before treatment, the latest first, that most treated units were seen at."""
    steps = np.unique(cells.since[cells.since < 0])[::-1]
    units = np.array([cells.treated[cells.since == e].sum() for e in steps], float)
    found: Array = steps[(units > 1) & (2 * units > units.max(initial=0.0))]
    return found


def earlier(panel: Panel, control: Control) -> list[tuple[int, group_time.Cells]]:
    """Cells that compare the last period before treatment with ones further before."""
    found = []
    for shift in range(1, len(panel.times) - 1):
        rows = []
        for began in np.unique(panel.group[panel.ever]):
            last = int(np.searchsorted(panel.times, began)) - 1
            if last - shift >= 0:
                rows.append((float(began), last, last - shift))
        cells = group_time.compared(panel.outcome, panel.group, panel.times, control, rows)
        if len(cells.estimate):
            found.append((shift, cells))
    return found


def _by_cluster(influence: Array, panel: Panel) -> Array:
    return np.asarray(np.bincount(panel.cluster, weights=influence), float)


def _noncentrality(size: int, left: int) -> float:
    """Of F, at which a test at 5 % has the power."""
    from scipy.optimize import brentq
    from scipy.stats import f, ncf

    critical = float(f.ppf(0.95, size, left))
    return float(brentq(lambda x: ncf.sf(critical, size, left, x) - _POWER, 1e-6, 1e4))
