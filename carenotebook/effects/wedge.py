"""Stepped wedge: a policy that reaches every cluster in turn, by time since it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.effects.clock import clock_of
from carenotebook.effects.frames import (
    Array,
    codes,
    complete,
    said_missing,
    taken,
    varying,
)
from carenotebook.effects.glm import tidy_terms
from carenotebook.effects.panel import began_of, changes_within
from carenotebook.effects.reml import reml
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import p_value, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

RandomEffects = Literal["cluster", "cluster_period"]
_CALLER = "stepped_wedge()"
_LEAST_CLUSTERS = 4
_FEW_CLUSTERS = 12
"""Below which errors of mixed models are doubtful, whatever their degrees of freedom."""


@dataclass(frozen=True, repr=False, eq=False)
class SteppedWedge(Estimate):
    """What `stepped_wedge` returns.

    Attributes
    ----------
    immediate : polars.DataFrame
        What a model with one effect at once and for good would have said: term
        ("immediate_effect"), estimate and the other columns of `tidy`.
    same_effect_p : float or None
        Of the test that the effect is the same at every time since treatment; None with one time.
    variances : dict
        Of clusters, of periods within them where asked for, and of what is left.
    """

    immediate: pl.DataFrame
    same_effect_p: float | None
    variances: dict[str, float]

    def tidy(self) -> pl.DataFrame:
        """The average over times since treatment, then each of these times.

        Returns
        -------
        polars.DataFrame
            term ("average_effect", "exposure_1" for the first period under treatment, ...),
            estimate, std_error, conf_low, conf_high, statistic, p_value.
        """
        return self.frame


def stepped_wedge(  # noqa: PLR0913 - what such a study can be told
    frame: Frame,
    outcome: str,
    cluster: str,
    time: str,
    first_treated: str,
    *,
    random: RandomEffects = "cluster",
) -> SteppedWedge:
    """What a policy did that reached clusters one after another, by how long they had it.

    For a roll-out in a random order, or in one that has nothing to do with the outcome. An effect
    that grows or fades with time is estimated as such: **a model with one immediate effect can
    then even have the wrong sign** (Kenny 2022); its estimate is given beside, for comparison.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person, a session, or a cluster and period.
    outcome : str
        Column of numbers.
    cluster : str
        Column: site, team.
    time : str
        Column: numbers, or dates at the start of each period; each value is a period.
    first_treated : str
        Column: the first period under the policy; null, or 0 in a column of numbers: never.
    random : {"cluster", "cluster_period"}
        "cluster_period": clusters also differ from each other from period to period; needs several
        rows a cluster and period.

    Returns
    -------
    SteppedWedge

    Raises
    ------
    OptionError
        For a column that is not there, fewer than 4 clusters or 3 periods, one time of treatment
        for all, a first treatment that changes within a cluster, or effects that the design cannot
        tell from the periods.

    Notes
    -----
    Fixed effects of period and of time since treatment, random cluster effects, REML, as
    lme4 fits it. Kenny, Voldal, Xia &
    Heagerty 2022 (Stat Med 41:4311); Hughes & Granston 2015. Student's t with clusters less 2
    degrees of freedom: with 8 clusters rather too wide (95 % intervals held the truth in 99 % of
    made-up roll-outs; `tests/validation/RESULTS.md`). Where clusters differ from period to period
    and random="cluster" does not know, they held it in 80 %.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> sites = pl.DataFrame({"site": [s for s in "abcdef" for _ in range(4)],
    ...                       "month": [1, 2, 3, 4] * 6,
    ...                       "first": [f for f in (2, 2, 3, 3, 4, 4) for _ in range(4)],
    ...                       "missed": [30, 26, 24, 23, 35, 30, 30, 27, 28, 29, 24, 22,
    ...                                  33, 32, 29, 27, 31, 30, 31, 27, 29, 30, 29, 25]})
    >>> found = cn.effects.stepped_wedge(sites, "missed", "site", "month", "first")
    >>> found.tidy()["term"].to_list()
    ['average_effect', 'exposure_1', 'exposure_2', 'exposure_3']
    """
    check_option("random", random, get_args(RandomEffects))
    frame, _ = taken(frame, [outcome, cluster, time, first_treated], _CALLER)
    rows, left_out = complete(frame, [outcome, cluster, time], _CALLER)
    design = _design(rows, (outcome, cluster, time, first_treated))
    left_out |= design.left_out
    fit = _fitted(design, random, np.column_stack((design.periods, design.exposed)))
    at_once = _fitted(design, random, np.column_stack((design.periods, design.exposed.sum(1))))
    steps = design.exposed.shape[1]
    picked = np.vstack((np.full(steps, 1 / steps), np.eye(steps)))
    names = ["average_effect", *(f"exposure_{k}" for k in range(1, steps + 1))]
    same = fit.same(design)
    return SteppedWedge(
        heading=f"Stepped wedge: {outcome.replace('_', ' ')}",
        frame=fit.tidy(picked, names, design),
        basis=_basis(frame, outcome, design, left_out, (at_once, same)),
        immediate=at_once.tidy(np.eye(1), ["immediate_effect"], design),
        same_effect_p=same,
        variances=fit.variances,
    )


@dataclass(frozen=True)
class _Design:
    outcome: Array
    cluster: Any
    period: Any
    periods: Array
    exposed: Array
    left_out: dict[str, int]

    @property
    def freedom(self) -> float:
        return float(self.cluster.max()) - 1


@dataclass(frozen=True)
class _Fit:
    effects: Array
    covariance: Array
    variances: dict[str, float]

    def tidy(self, picked: Array, names: list[str], design: _Design) -> pl.DataFrame:
        errors = np.sqrt(np.einsum("ij,jk,ik->i", picked, self.covariance, picked))
        return tidy_terms(names, picked @ self.effects, errors, design.freedom)

    def same(self, design: _Design) -> float | None:
        """p-value of the F-test that all effects are one."""
        from scipy.stats import f

        size = len(self.effects) - 1
        if not size:
            return None
        contrast = np.diff(np.eye(size + 1), axis=0)
        apart = contrast @ self.effects
        spread = contrast @ self.covariance @ contrast.T
        return float(f.sf(apart @ np.linalg.solve(spread, apart) / size, size, design.freedom))


def _design(rows: pl.DataFrame, names: tuple[str, str, str, str]) -> _Design:
    outcome, cluster, time, first = names
    clock = clock_of(rows, time, _CALLER)
    rows = rows.with_columns(_group=pl.Series(began_of(rows, first, clock), dtype=pl.Float64))
    if changes_within(rows, cluster, "_group"):
        raise OptionError(f"{_CALLER}: {first} must be the same in all rows of a {cluster}.")
    at = clock.read(rows[time])
    known = rows["_group"].to_numpy() >= at.min()
    left_out = {"of clusters treated before the first period": int((~known).sum())}
    rows, at = rows.filter(pl.Series(known)), at[known]
    if rows.is_empty() or rows[cluster].n_unique() < _LEAST_CLUSTERS or len(np.unique(at)) < 3:
        raise OptionError(
            f"{_CALLER}: at least {_LEAST_CLUSTERS} clusters and 3 periods are needed."
        )
    times = np.unique(at)
    group = rows["_group"].to_numpy()
    if len(np.unique(np.minimum(group, times[-1] + 1))) < 2 or not (group <= times[-1]).any():
        raise OptionError(
            f"{_CALLER}: clusters must come under the policy at two times at least (never counts); "
            "with one time its effect cannot be told from that of the period."
        )
    period = np.searchsorted(times, at)
    exposure = np.maximum(period - np.searchsorted(times, group) + 1, 0)
    periods = (period[:, None] == np.arange(len(times))).astype(float)
    exposed = (exposure[:, None] == np.arange(1, exposure.max() + 1)).astype(float)
    _check_rank(np.column_stack((periods, exposed)))
    values = varying(rows, outcome, _CALLER)
    return _Design(values, codes(rows, cluster), period, periods, exposed, left_out)


def _check_rank(matrix: Array) -> None:
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise OptionError(
            f"{_CALLER}: effects by time since treatment cannot be told from the periods. Add "
            "clusters that are treated later or never, or leave out the last periods."
        )


def _fitted(design: _Design, random: RandomEffects, matrix: Array) -> _Fit:
    periods = design.periods.shape[1]
    _, cell = np.unique(design.cluster * periods + design.period, return_inverse=True)
    differ = random == "cluster_period"
    if differ and np.bincount(cell).max() < 2:
        raise OptionError(
            f"{_CALLER}: random='cluster_period' needs several rows a cluster and period."
        )
    fit = reml(design.outcome, matrix, design.cluster, cell, cells_differ=differ)
    steps = matrix.shape[1] - periods
    variances = {"cluster": fit.cluster, "residual": fit.residual}
    if differ:
        variances["cluster_period"] = fit.cell
    return _Fit(fit.effects[-steps:], fit.covariance[-steps:, -steps:], variances)


def _basis(
    frame: pl.DataFrame,
    outcome: str,
    design: _Design,
    left_out: dict[str, int],
    compared: tuple[_Fit, float | None],
) -> Basis:
    clusters = int(design.cluster.max()) + 1
    lacking = {k: n for k, n in left_out.items() if k.startswith("no ")}
    return Basis(
        estimand=f"Average difference that the policy made to {outcome.replace('_', ' ')}, each "
        "time since it began counting alike, and the difference at each of these times.",
        rows=len(design.outcome),
        clusters={"clusters": clusters},
        left_out=left_out,
        missing=said_missing(frame.height, frame.height - sum(lacking.values()), lacking),
        assumptions=(
            Assumption("The order in which clusters were reached has nothing to do with outcomes."),
            Assumption("The effect depends on time since the policy began, not on the calendar."),
            _compared(*compared),
            Assumption(
                "There are enough clusters for the errors of a mixed model.",
                f"{clusters} clusters",
                holds=clusters >= _FEW_CLUSTERS,
            ),
        ),
        caveat="It compares clusters that already had the policy with those that did not yet; "
        "whatever else came to them in the same order is in the estimate too.",
        residual_df=len(design.outcome) - design.periods.shape[1] - design.exposed.shape[1],
    )


def _compared(at_once: _Fit, same: float | None) -> Assumption:
    """What the model that is not to be trusted would have said."""
    one = float(at_once.effects[0])
    text = "The effect may change with time since the policy began: none is assumed constant."
    if same is None:
        return Assumption(text, "there is one such time")
    return Assumption(
        text,
        f"one effect for all times: {p_value(same)}; a model with one immediate effect would have "
        f"said {significant(one)}",
    )
