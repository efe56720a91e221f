"""What each method makes of a panel: the effect, by group and time, and by time since treatment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from carenotebook.effects import group_time
from carenotebook.effects.frames import Array
from carenotebook.effects.group_time import Control
from carenotebook.effects.imputation import Average, Imputation, impute
from carenotebook.effects.panel import Mask, Panel
from carenotebook.effects.within import two_ways

FIGURES = ("estimate", "std_error", "conf_low", "conf_high", "p_value")


@dataclass(frozen=True)
class Adoption:
    """An estimate with the share of each unit in its error.

    Attributes
    ----------
    panel : Panel
        Of the units that entered.
    estimate : float
    shares : array of shape (units,)
        Summed by cluster, squared and summed, they are the variance.
    for_interval : array of shape (units,), optional
        The same for the interval and the p-value, where they allow for few units.
    group_time, event_study : polars.DataFrame
    negative : float
        Share of the weight of treated cells that is below 0 (two-way fixed effects).
    cells_left_out : int
        Treated cells that nothing can be compared with.
    """

    panel: Panel
    estimate: float
    shares: Array
    group_time: pl.DataFrame
    event_study: pl.DataFrame
    negative: float = 0.0
    cells_left_out: int = 0
    for_interval: Array | None = None


def by_group_time(panel: Panel, control: Control) -> Adoption:
    """Callaway and Sant'Anna's cells and their averages."""
    panel = _balanced(_with_before(panel))
    cells = group_time.cells_of(panel.outcome, panel.group, panel.times, control)
    size = len(panel.group)
    under = cells.since >= panel.phase_in
    if not under.any():
        whole = group_time.Summed(np.nan, np.full(size, np.nan), np.zeros(0))
    else:
        whole = group_time.averaged(cells, under)
    steps = np.unique(cells.since)
    by_step = [group_time.averaged(cells, cells.since == e) for e in steps]
    parts = _Rows(panel)
    for i in range(len(cells.estimate)):
        parts.add(cells.estimate[i], cells.influence[:, i] / size, cells.member[:, i])
    events = _Rows(panel)
    for e, step in zip(steps, by_step, strict=True):
        events.add(
            step.estimate, step.influence / size, np.any(cells.member[:, cells.since == e], axis=1)
        )
    possible = panel.seen & panel.judged
    told = sum(int(n) for n in cells.treated[under])
    return Adoption(
        panel=panel,
        estimate=whole.estimate,
        shares=whole.influence / size,
        group_time=parts.frame({"group": cells.group, "time": cells.time, "since": cells.since}),
        event_study=events.frame({"since": steps}),
        cells_left_out=int(possible.sum()) - told,
    )


def by_imputation(panel: Panel) -> Adoption:
    """Borusyak, Jaravel and Spiess's averages of effects on treated cells."""
    panel = _with_before(panel)
    found = impute(panel)
    grid = _Grid(panel)
    judged = found.usable & panel.judged
    unknown = np.full(len(panel.group), np.nan)
    whole = found.average(judged) if judged.any() else Average(np.nan, unknown, unknown)
    parts, keys = _Rows(panel), []
    for began in np.unique(panel.group[panel.ever]):
        for t in panel.times[panel.times >= began]:
            cell = found.usable & (grid.group == began) & (grid.time == t)
            if cell.any():
                mean = found.average(cell)
                parts.add(mean.estimate, mean.shares, cell.any(1), mean.for_interval)
                keys.append((began, t, t - began))
    leads, events = _leads(panel, found)
    steps = np.unique(grid.since[found.usable])
    for e in steps:
        cell = found.usable & (grid.since == e)
        mean = found.average(cell)
        events.add(mean.estimate, mean.shares, cell.any(1), mean.for_interval)
    columns = np.array(keys, float).reshape(-1, 3).T
    return Adoption(
        panel=panel,
        estimate=whole.estimate,
        shares=whole.shares,
        for_interval=whole.for_interval,
        group_time=parts.frame(dict(zip(("group", "time", "since"), columns, strict=True))),
        event_study=events.frame({"since": np.concatenate((leads, steps))}),
        cells_left_out=int((panel.seen & panel.judged & ~found.usable).sum()),
    )


def by_two_ways(panel: Panel) -> Adoption:
    """Two-way fixed effects with one effect for all."""
    panel = _without_phase_in(panel)
    ways = two_ways(panel.seen)
    treated = panel.treated.astype(float)
    left = ways.residual(treated)
    estimate, shares = _regressed(panel, ways.residual(panel.outcome), left[None])
    weight = np.where(panel.treated & panel.seen, left, 0.0)
    total = weight.sum()
    grid = _Grid(panel)
    events = _Rows(panel)
    steps = _steps(panel, grid)
    dummies = np.array([ways.residual((grid.since == e).astype(float)) for e in steps])
    effects, event_shares = _regressed(panel, ways.residual(panel.outcome), dummies)
    for e, value, share in zip(steps, effects, event_shares.T, strict=True):
        events.add(value, share, (panel.seen & (grid.since == e)).any(1))
    keys = [
        (g, t, t - g, float(weight[(grid.group == g) & (grid.time == t)].sum() / total))
        for g in np.unique(panel.group[panel.ever])
        for t in panel.times[panel.times >= g]
    ]
    columns = np.array(keys).T
    return Adoption(
        panel=panel,
        estimate=float(estimate[0]),
        shares=shares[:, 0],
        group_time=_placed(
            panel, dict(zip(("group", "time", "since"), columns[:3], strict=True))
        ).with_columns(weight=pl.Series(columns[3])),
        event_study=events.frame({"since": steps}),
        negative=float(np.abs(weight[weight < 0]).sum() / np.abs(weight).sum()),
    )


@dataclass(frozen=True)
class _Grid:
    """Group, time and time since treatment of every cell."""

    panel: Panel

    @property
    def group(self) -> Array:
        return np.broadcast_to(self.panel.group[:, None], self.panel.outcome.shape)

    @property
    def time(self) -> Array:
        return np.broadcast_to(self.panel.times[None, :], self.panel.outcome.shape)

    @property
    def since(self) -> Array:
        return self.time - self.group


@dataclass(frozen=True)
class _Rows:
    """Estimates that are collected, each with the units' shares in its error."""

    panel: Panel
    estimates: list[float] = field(default_factory=list)
    shares: list[Array] = field(default_factory=list)
    for_interval: list[Array | None] = field(default_factory=list)

    def add(
        self, estimate: float, shares: Array, units: Mask, for_interval: Array | None = None
    ) -> None:
        """`units`: the treated ones that the estimate rests on; one tells no variance."""
        if len(np.unique(self.panel.cluster[units])) < 2:
            shares, for_interval = np.full(len(shares), np.nan), None
        self.estimates.append(float(estimate))
        self.shares.append(shares)
        self.for_interval.append(for_interval)

    def frame(self, keys: dict[str, Array]) -> pl.DataFrame:
        each = zip(self.estimates, self.shares, self.for_interval, strict=True)
        told = [figures(e, s, self.panel, i) for e, s, i in each]
        columns = {k: [row[k] for row in told] for k in FIGURES}
        placed = _placed(self.panel, keys)
        schema = dict.fromkeys(FIGURES, pl.Float64)
        return placed.hstack(pl.DataFrame(columns, schema=schema, nan_to_null=True))


def figures(
    estimate: float, shares: Array, panel: Panel, for_interval: Array | None = None
) -> dict[str, float | None]:
    """Estimate, error, interval and p-value by cluster.

    Student's t has Welch's degrees of freedom, from the parts that treated and other clusters have
    in the variance. One cluster on a side tells no variance: all but the estimate is null. Interval
    and p-value have shares of their own where they allow for few units.
    """
    from scipy.stats import t

    count = np.array([m.sum() for m in sides(panel)])
    published = float(np.sqrt(_squares(shares, panel).sum()))
    squares = _squares(shares if for_interval is None else for_interval, panel)
    error = float(np.sqrt(squares.sum()))
    nothing = {**dict.fromkeys(FIGURES), "estimate": estimate}
    if count[0] < 2 or not error > 0:
        return nothing
    freedom = squares.sum() ** 2 / (squares**2 / np.maximum(count - 1, 1)).sum()
    reach = float(t.ppf(0.975, freedom)) * error
    return {
        "estimate": estimate,
        "std_error": published,
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "p_value": float(2 * t.sf(abs(estimate) / error, freedom)),
    }


def _squares(shares: Array, panel: Panel) -> Array:
    """The variance of each side: clusters that hold a treated unit, and the others."""
    summed = np.bincount(panel.cluster, weights=shares)
    return np.array([(summed[m] ** 2).sum() for m in sides(panel)])


def sides(panel: Panel) -> tuple[Mask, Mask]:
    """Clusters that hold a treated unit, and the others."""
    treated = np.bincount(panel.cluster, weights=panel.ever.astype(float)) > 0
    return treated, ~treated


def _placed(panel: Panel, keys: dict[str, Array]) -> pl.DataFrame:
    """Times as the frame held them; "since" stays a number."""
    frame = pl.DataFrame(keys)
    if panel.clock.origin is None:
        whole = panel.labels.dtype.is_integer()
        times = [pl.col(c).cast(pl.Int64) for c in ("group", "time") if c in keys and whole]
        return frame.with_columns(times)
    known = pl.DataFrame({"at": panel.times, "label": panel.labels})
    place = dict(zip(known["at"].to_list(), known["label"].to_list(), strict=True))
    return frame.with_columns(
        pl.col(c).replace_strict(place, default=None, return_dtype=panel.labels.dtype)
        for c in ("group", "time")
        if c in frame.columns
    )


def _without_phase_in(panel: Panel) -> Panel:
    phasing = panel.treated & ~panel.judged
    return replace(panel, outcome=np.where(phasing, np.nan, panel.outcome))


def _with_before(panel: Panel) -> Panel:
    return panel.only(panel.group > panel.times[0], "of units treated from the first period on")


def _balanced(panel: Panel) -> Panel:
    return panel.only(np.all(panel.seen, axis=1), "of units not seen in every period")


def _steps(panel: Panel, grid: _Grid) -> Array:
    """Times since treatment that can be told from the period before it."""
    since = np.unique(grid.since[panel.seen & np.isfinite(grid.since)])
    before = since[since < 0]
    kept = np.setdiff1d(since, before[-1:])
    never = np.isinf(panel.group).any()
    return kept if never else kept[1:]


def _leads(panel: Panel, found: Imputation) -> tuple[Array, _Rows]:
    """How far treated units were from the others in the last periods before treatment."""
    grid, rows = _Grid(panel), _Rows(panel)
    before = (found.ways.mask > 0) & np.isfinite(grid.since)
    known = np.unique(grid.since[before])
    reach = min(3, len(known) - 1)
    if reach < 1:
        return known[:0], rows
    steps = known[-reach:]
    dummies = np.array([found.ways.residual((grid.since == e).astype(float)) for e in steps])
    effects, shares = _regressed(panel, found.ways.residual(panel.outcome), dummies)
    for e, value, share in zip(steps, effects, shares.T, strict=True):
        rows.add(value, share, (before & (grid.since == e)).any(1))
    return steps, rows


def _regressed(panel: Panel, outcome: Array, columns: Array) -> tuple[Array, Array]:
    """Least squares without intercept; errors by cluster as fixest's, units nested in them."""
    flat = columns.reshape(len(columns), -1).T
    inverse = np.linalg.pinv(flat.T @ flat, rcond=1e-10, hermitian=True)
    params = inverse @ (flat.T @ outcome.ravel())
    left = outcome - np.tensordot(params, columns, 1)
    scores = (columns * left).sum(2).T
    cells, clusters = int(panel.seen.sum()), int(panel.cluster.max()) + 1
    spent = len(columns) + len(panel.times)
    small = clusters / (clusters - 1) * (cells - 1) / max(cells - spent, 1)
    return params, scores @ inverse * np.sqrt(small)
