"""Difference in differences: what a policy did where it was adopted, at one time or at several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import to_polars
from carenotebook.effects import group_time, parallel_trends
from carenotebook.effects.adoption import (
    FIGURES,
    Adoption,
    by_group_time,
    by_imputation,
    by_two_ways,
    figures,
    sides,
)
from carenotebook.effects.frames import Array, said_missing
from carenotebook.effects.group_time import Control
from carenotebook.effects.imputation import impute
from carenotebook.effects.panel import NEVER, Panel, panel_of
from carenotebook.effects.randomised import Points, Randomised, randomised
from carenotebook.effects.within import two_ways
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import p_value, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

Method = Literal["group_time", "twfe", "imputation"]
Inference = Literal["auto", "clustered", "randomisation"]
METHODS: tuple[Method, ...] = get_args(Method)
_CALLER = "difference_in_differences()"
_FEW_CLUSTERS = 10
"""Treated, or other, clusters below which errors by cluster are too small (MacKinnon & Webb)."""
_FEW_TOGETHER = 5
"""Units that start together below which errors by imputation are too small."""
_NEGATIVE = 0.01


@dataclass(frozen=True)
class Asked:
    """What a user asks for, apart from the data."""

    method: Method
    control: Control
    inference: Inference
    draws: int
    seed: int


@dataclass(frozen=True, repr=False, eq=False)
class DifferenceInDifferences(Estimate):
    """What `difference_in_differences` returns.

    Attributes
    ----------
    method : {"group_time", "twfe", "imputation"}
    group_time : polars.DataFrame
        group (when treatment began), time, since (time since then), and, unless "twfe", estimate,
        std_error, conf_low, conf_high, p_value; with "twfe" the weight of each cell in `att`.
        "group_time" has the cells before treatment too, each compared with the period before it.
    event_study : polars.DataFrame
        since, estimate, std_error, conf_low, conf_high, p_value. Before treatment: with
        "group_time" against the period before; with "twfe" against the last one; with
        "imputation" the last 3 periods against the earlier ones.
    assignments : int or None
        How many assignments a randomisation p-value rests on; None for errors by cluster.
    """

    method: Method
    group_time: pl.DataFrame
    event_study: pl.DataFrame
    assignments: int | None
    pre_trend: pl.DataFrame
    panel: Panel
    control: Control

    def tidy(self) -> pl.DataFrame:
        """One row, the average effect on treated units in treated periods.

        Returns
        -------
        polars.DataFrame
            term ("att"), estimate, std_error (by cluster), conf_low, conf_high, p_value; null
            where they cannot be told (one treated unit).
        """
        return self.frame

    def pre_trends(self) -> pl.DataFrame:
        """Whether treated units already moved apart before treatment, and what would have shown.

        A large p-value is no proof: see how large a drift the test could have seen, and what that
        drift alone would have made of the effect.

        Returns
        -------
        polars.DataFrame
            statistic (F), df, df_residual, p_value, power, drift (a unit of time), drift_in_att. No
            row where there are too few periods before treatment, or too few clusters.

        Notes
        -----
        Changes by time since treatment, jointly (at most one for 5 clusters, the latest). Drift:
        Roth 2022.
        """
        return self.pre_trend

    def placebo_dates(self) -> pl.DataFrame:
        """The effect on the last period before treatment, had it begun earlier.

        Returns
        -------
        polars.DataFrame
            periods_earlier, estimate, std_error, conf_low, conf_high, p_value.
        """
        rows = []
        for shift, cells in parallel_trends.earlier(self.panel, self.control):
            found = group_time.averaged(cells, np.ones(len(cells.estimate), bool))
            alone = cells.member.any(1).sum() < 2
            shares = found.influence / len(self.panel.group) * (np.nan if alone else 1.0)
            told = figures(found.estimate, shares, self.panel)
            rows.append((shift, *(told[f] for f in FIGURES)))
        schema = pl.Schema({"periods_earlier": pl.Int64(), **dict.fromkeys(FIGURES, pl.Float64())})
        return pl.DataFrame(rows, schema=schema, orient="row")

    def placebo_units(self) -> pl.DataFrame:
        """Each control unit in turn taken for the treated one, and the true estimate among them.

        For one or very few treated units, where no p-value can be had: an effect that several
        untreated units show as well is none. Units are not named.

        Returns
        -------
        polars.DataFrame
            estimate, actual (bool), largest first.
        """
        began = float(self.panel.group[self.panel.ever].min())
        others = np.flatnonzero(~self.panel.ever)
        outcome, rows = self.panel.outcome, [(float(self.frame["estimate"][0]), True)]
        for unit in others:
            group = np.full(len(others), NEVER)
            group[np.flatnonzero(others == unit)] = began
            small = replace(self.panel, outcome=outcome[others], group=group)
            points = points_of(self.method, small, self.control)
            rows.append((float(points(small.outcome, group[None])[0]), False))
        frame = pl.DataFrame(rows, schema=["estimate", "actual"], orient="row")
        return frame.sort(pl.col("estimate").abs(), descending=True)

    def released_events(self, privacy: Privacy | None = None) -> Released:
        """The event study as it may be drawn; units are services, not people."""
        gate = privacy or Privacy()
        hidden = pl.lit(self.basis.tells_too_much(gate)).alias(SUPPRESSED)
        frame = self.event_study.with_columns(hidden)
        shown = [pl.when(~pl.col(SUPPRESSED)).then(pl.col(c)).alias(c) for c in FIGURES]
        return Released(frame.with_columns(shown), gate)


def difference_in_differences(  # noqa: PLR0913 - what such a study can be told
    frame: Frame,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    *,
    method: Method = "group_time",
    control: Control = "never",
    cluster: str | None = None,
    phase_in: float = 0,
    inference: Inference = "auto",
    draws: int = 999,
    seed: int = 1,
) -> DifferenceInDifferences:
    """What treatment did to treated units, from how they and others changed.

    For a policy that some sites adopted, at one time or at several, and others did not or not yet.
    Not where sites adopted it because of how they were doing.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a unit and period.
    outcome : str
        Column of numbers, one scale for all units.
    unit : str
        Column: site, team, therapist.
    time : str
        Column: numbers, or dates at the start of each period.
    first_treated : str
        Column: the first period under treatment; null, or 0 in a column of numbers: never.
    method : {"group_time", "twfe", "imputation"}
        "group_time": Callaway & Sant'Anna 2021, each group against the controls since its last
        period before treatment, averaged by the size of groups ("simple"). "imputation": Borusyak,
        Jaravel & Spiess 2024, more precise where errors are independent over time, and more
        exposed where the trends ran parallel only lately; where few units start together its
        `std_error` is too small (see the notes). "twfe": two-way fixed effects, which
        **fails where treatment begins at several times and effects differ or grow**: units already
        treated serve as controls and some effects count negatively. It is here to be compared.
    control : {"never", "not_yet"}
        Of "group_time": units never treated, or also those not treated yet.
    cluster : str, optional
        Column that joins units whose errors go together; by default each unit.
    phase_in : float
        Units of time from the first treatment on that the effect leaves out.
    inference : {"auto", "clustered", "randomisation"}
        "clustered": errors by cluster, Student's t with Welch's degrees of freedom.
        "randomisation": p-value and interval from giving treatment to other units; right where
        it could as well have been theirs and the effect is the same for all. "auto": this, where
        fewer than 10 treated or 10 other clusters make errors by cluster too small. With one
        treated cluster there is neither an interval nor a p-value: see `placebo_units`.
    draws, seed : int
        Assignments that are drawn, where there are more.

    Returns
    -------
    DifferenceInDifferences

    Raises
    ------
    OptionError
        For a column that is not there, several rows of a unit at one time, a first treatment that
        changes, no treated unit, one group, no control, or no period before treatment.

    Notes
    -----
    Errors of "group_time" come from the influence function as in the R package did (analytic),
    those of "imputation" from the authors' conservative formula, with effects averaged by group and
    period; a group of one unit adds nothing to either, so they are too small where groups are tiny.
    The interval and the p-value of "imputation" therefore allow for what each unit has in the mean
    from which it departs, and set a unit that is alone in its group against others as long after
    their start: without that, 95 % intervals of 29 units in 11 groups held the truth in 89 %. They
    still fall a little short: of 11 units in 6 groups they held it in 93 % of 1,000 studies
    (`tests/validation/RESULTS.md`).

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> sites = pl.DataFrame({"site": [s for s in "abcd" for _ in range(4)],
    ...                       "year": [1, 2, 3, 4] * 4, "first": [3] * 8 + [0] * 8,
    ...                       "missed": [20, 21, 17, 18, 30, 31, 26, 28,
    ...                                  25, 26, 27, 28, 15, 16, 16, 17]})
    >>> found = cn.effects.difference_in_differences(sites, "missed", "site", "year", "first")
    >>> found.tidy()["term"].to_list(), found.tidy()["estimate"].round(2).to_list()
    (['att'], [-4.75])
    """
    check_option("method", method, METHODS)
    check_option("control", control, get_args(Control))
    check_option("inference", inference, get_args(Inference))
    frame = to_polars(f"{_CALLER}: frame=", frame)
    panel = panel_of(frame, (outcome, unit, time, first_treated), cluster, _CALLER)
    panel = replace(panel, phase_in=phase_in)
    found = _adopted(panel, method, control)
    if not np.isfinite(found.estimate):
        raise OptionError(
            f"{_CALLER}: no treated period has a control to compare with"
            + _hint(panel, method, control)
        )
    told, chance = _inferred(found, Asked(method, control, inference, draws, seed))
    pre = _pre_trend(panel, control)
    told_of = (_parallel(pre), *_of_method(found, method, chance), _of_errors(found, chance))
    return DifferenceInDifferences(
        heading=f"Difference in differences of {outcome.replace('_', ' ')}",
        frame=pl.DataFrame({"term": ["att"], **{k: [told[k]] for k in FIGURES}}).cast(
            dict.fromkeys(FIGURES, pl.Float64)
        ),
        basis=_basis(frame, outcome, found, told_of),
        method=method,
        group_time=found.group_time,
        event_study=found.event_study,
        assignments=None if chance is None else chance.assignments,
        pre_trend=pre,
        panel=found.panel,
        control=control,
    )


def points_of(method: Method, panel: Panel, control: Control) -> Points:
    """The estimates of a method as a function of outcomes and assignments."""

    def grouped(outcome: Array, groups: Array) -> Array:
        return group_time.overall(panel, outcome, groups, control)

    def imputed(outcome: Array, group: Array) -> float:
        other = replace(panel, outcome=outcome, group=group)
        found = impute(other)
        judged = found.usable & other.judged
        return float(found.effect[judged].mean()) if judged.any() else np.nan

    def regressed(outcome: Array, group: Array) -> float:
        begun = panel.times[None, :] - group[:, None]
        outcome = np.where((begun >= 0) & (begun < panel.phase_in), np.nan, outcome)
        ways = two_ways(~np.isnan(outcome))
        left = ways.residual((panel.times[None, :] >= group[:, None]).astype(float))
        whole = float((left**2).sum())
        return float((left * np.nan_to_num(outcome)).sum()) / whole if whole > 0 else np.nan

    if method == "group_time":
        return grouped
    one = imputed if method == "imputation" else regressed
    return lambda outcome, groups: np.array([one(outcome, group) for group in groups])


def _adopted(panel: Panel, method: Method, control: Control) -> Adoption:
    if method == "group_time":
        return by_group_time(panel, control)
    return by_imputation(panel) if method == "imputation" else by_two_ways(panel)


def _hint(panel: Panel, method: Method, control: Control) -> str:
    if method == "group_time" and control == "never" and panel.ever.all():
        return ": every unit is treated at some time. Take control='not_yet'."
    return ". Units must be seen in every period for 'group_time', and before treatment for both."


def _inferred(found: Adoption, asked: Asked) -> tuple[dict[str, Any], Randomised | None]:
    told = figures(found.estimate, found.shares, found.panel, found.for_interval)
    treated, other = (int(m.sum()) for m in sides(found.panel))
    few = treated < _FEW_CLUSTERS or 0 < other < _FEW_CLUSTERS
    if treated < 2 or asked.inference == "clustered" or (asked.inference == "auto" and not few):
        return told, None
    points = points_of(asked.method, found.panel, asked.control)
    chance = randomised(found.panel, points, asked.draws, asked.seed)
    ends = {"conf_low": chance.conf_low, "conf_high": chance.conf_high}
    return told | ends | {"p_value": chance.p_value}, chance


def _pre_trend(panel: Panel, control: Control) -> pl.DataFrame:
    panel = panel.only(panel.seen.all(1) & (panel.group > panel.times[0]), "")
    usable = panel.ever.any() and len(np.unique(panel.group)) > 1
    if not usable or sides(panel)[0].sum() < 2:
        return parallel_trends.NOT_TESTED
    return parallel_trends.joint_test(panel, control)


def _basis(
    frame: pl.DataFrame, outcome: str, found: Adoption, told: tuple[Assumption, ...]
) -> Basis:
    panel = found.panel
    (treated, other), name = panel.clusters, outcome.replace("_", " ")
    lacking = {k: n for k, n in panel.left_out.items() if k.startswith("no ")}
    unseen = {"treated, without a control to compare with": found.cells_left_out}
    return Basis(
        estimand=f"Average difference that treatment made to {name}, over treated units and the "
        "periods from their treatment on.",
        rows=int(panel.seen.sum()) - found.cells_left_out,
        unit="rows of a unit and period",
        clusters={"treated clusters": treated, "other clusters": other},
        left_out=panel.left_out | {k: n for k, n in unseen.items() if n},
        missing=said_missing(frame.height, frame.height - sum(lacking.values()), lacking),
        assumptions=(
            *told,
            Assumption("Nobody acted on the treatment before it began."),
            Assumption("Treatment of one unit did not touch the others."),
        ),
        caveat="It compares changes: whatever else happened to the treated units alone at the same "
        "time is in the estimate too.",
    )


def _parallel(pre: pl.DataFrame) -> Assumption:
    text = "Without treatment, treated and other units would have changed alike."
    if pre.is_empty():
        return Assumption(text, "too few periods before treatment, or units, to test it")
    row = pre.row(0, named=True)
    said = (
        f"pre-trend test {p_value(row['p_value'])}; it would have seen a steady drift of "
        f"{significant(row['drift'])} a unit of time with 80 % power, which alone makes an effect "
        f"of {significant(row['drift_in_att'])}"
    )
    return Assumption(text, said, holds=False if row["p_value"] < 0.05 else None)


def _of_method(found: Adoption, method: Method, chance: Randomised | None) -> list[Assumption]:
    if method == "imputation" and chance is None:
        return [_large_starts(found)]
    if method != "twfe":
        return []
    share = f"{100 * found.negative:.0f} % of the weights on treated cells are below 0"
    return [
        Assumption(
            "The effect is the same for every unit and does not change with time since treatment.",
            share,
            holds=found.negative < _NEGATIVE,
        )
    ]


def _large_starts(found: Adoption) -> Assumption:
    """Errors take each effect from the mean of those that start together: alone, from itself."""
    panel = found.panel
    counts = np.unique(panel.group[panel.ever], return_counts=True)[1]
    few = int(counts[counts < _FEW_TOGETHER].sum())
    return Assumption(
        "Enough units start together for std_error by imputation, which is else too small; the "
        "interval allows for most of it.",
        f"{few} of {int(counts.sum())} treated units start with fewer than {_FEW_TOGETHER - 1} "
        "others",
        holds=few == 0,
    )


def _of_errors(found: Adoption, chance: Randomised | None) -> Assumption:
    treated, other = (int(m.sum()) for m in sides(found.panel))
    if treated < 2:
        return Assumption(
            "One cluster is treated, so chance cannot be told: no interval and no p-value.",
            "placebo_units() shows what untreated ones look like",
        )
    if chance is not None:
        return Assumption(
            "Treatment could as well have gone to the others, and its effect is the same for all.",
            f"p-value and interval from {chance.assignments} assignments, for want of clusters",
        )
    few = treated < _FEW_CLUSTERS or 0 < other < _FEW_CLUSTERS
    return Assumption(
        "There are enough clusters for errors by cluster.",
        f"{treated} treated, {other} other",
        holds=not few,
    )
