"""Interrupted time series: whether a level or a trend changed when something was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.core.plain import is_number, to_polars
from carenotebook.effects.frames import said_missing
from carenotebook.effects.glm import (
    FAMILIES,
    Covariance,
    Family,
    Model,
    SeriesFit,
    fit_series,
    quantile,
    tidy_terms,
)
from carenotebook.effects.segments import LEAST_POINTS, Plan, Segments, segments
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import from_to, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

_CALLER = "interrupted_time_series()"
_OVERDISPERSED = 1.5
"""Pearson's chi-squared over its degrees of freedom beyond which Poisson errors are too small."""


@dataclass(frozen=True, repr=False, eq=False)
class InterruptedTimeSeries(Estimate):
    """What `interrupted_time_series` returns.

    Attributes
    ----------
    start : Any
        From when the change holds.
    dispersion : float
        Pearson's chi-squared over the residual degrees of freedom.
    points : polars.DataFrame
        One row a point: time, series ("observed" or "control"), count and exposure (1 where none
        was named), observed and fitted rate, expected (the rate fitted without the change), after
        (bool).
    source : polars.DataFrame
        The rows that entered.
    plan : Plan
    model : Model
    """

    start: Any
    dispersion: float
    points: pl.DataFrame
    source: pl.DataFrame
    plan: Plan
    model: Model

    def tidy(self) -> pl.DataFrame:
        """One row a term: the change first, then what was there without it.

        Returns
        -------
        polars.DataFrame
            term (level_change, slope_change, trend, intercept, ...), estimate (logarithm of a rate
            ratio; of a difference with "gaussian"), std_error, conf_low, conf_high, statistic,
            p_value; unless "gaussian", ratio, ratio_low, ratio_high; df (of Student's t; null where
            the normal distribution applies).
        """
        return self.frame

    def detectable(self, power: float = 0.8) -> pl.DataFrame:
        """The smallest change that data of this size and spread would have detected.

        For saying what a null result is worth. Not an estimate of anything that happened.

        Parameters
        ----------
        power : float
            Chance that such a change gives p < 0.05, above 0.5 and below 1.

        Returns
        -------
        polars.DataFrame
            term, power, estimate (on the scale of `tidy`), and, unless "gaussian", ratio_down and
            ratio_up: the fall and the rise of that size.
        """
        if not 0.5 < power < 1:
            raise OptionError("detectable(power=) must lie between 0.5 and 1.")
        changes = self.frame.filter(pl.col("term").is_in(["level_change", "slope_change"]))
        freedom = changes["df"].fill_null(np.inf).to_numpy()
        reach = pl.Series(quantile(freedom) + quantile(freedom, power))
        found = changes.select("term", power=pl.lit(power), estimate=reach * pl.col("std_error"))
        if not self.model.counts:
            return found
        return found.with_columns(
            ratio_down=(-pl.col("estimate")).exp(), ratio_up=pl.col("estimate").exp()
        )

    def placebo_dates(self) -> pl.DataFrame:
        """The same model on the points before the start, at every date that could have been one.

        A method that finds changes where there were none is not to be trusted where there was one.

        Returns
        -------
        polars.DataFrame
            start, estimate, std_error, conf_low, conf_high, p_value of the level change; no row
            where too few points lie before the start.

        Raises
        ------
        OptionError
            With enforcement, which has no meaning before the start.
        """
        if self.plan.enforcement is not None:
            raise OptionError("placebo_dates() needs a plain start, not enforcement=.")
        before = self.source.filter(pl.col(self.plan.time) < self.start)
        times = before[self.plan.time].unique().sort()
        rows = [self._placebo(before, at) for at in times[LEAST_POINTS : 1 - LEAST_POINTS]]
        figures = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
        schema = pl.Schema({"start": times.dtype, **dict.fromkeys(figures, pl.Float64())})
        return pl.DataFrame(
            [[at, *(row[f] for f in figures)] for at, row in rows if row],
            schema=schema,
            orient="row",
        )

    def _placebo(self, before: pl.DataFrame, at: Any) -> tuple[Any, dict[str, Any]]:
        try:
            parts = segments(before, replace(self.plan, start=at))
            fit = _fitted(parts, self.model)
        except OptionError:  # too few points, or no events, on a side: this date cannot be told
            return at, {}
        return at, _tidy(parts, fit, self.model).row(0, named=True)

    def released_points(self, privacy: Privacy | None = None) -> Released:
        """The points as they may be drawn: counts rounded, small ones hidden.

        Returns
        -------
        Released
            time, series, observed, fitted, expected, after, suppressed.
        """
        gate = privacy or Privacy()
        small = self._small(gate)
        frame = self.points.with_columns(small.alias(SUPPRESSED))
        count = gate.rounded("count") if self.model.counts else pl.col("count")
        shown_rate = pl.when(~small).then(count / pl.col("exposure")).alias("observed")
        frame = frame.with_columns(shown_rate)
        shown = ("time", "series", "observed", "fitted", "expected", "after", SUPPRESSED)
        return Released(frame.select(shown), gate)

    def _small(self, gate: Privacy) -> pl.Expr:
        """Points of few events, or of few people where the exposure counts these."""
        small = gate.is_small("count") if self.model.counts else pl.lit(value=False)
        return small | gate.is_small("exposure") if self.plan.exposure == "clients" else small

    def found(self, released: Released) -> list[str]:
        """The change as a ratio where it is one, and what could have been seen."""
        lines = super().found(released)
        if released.hidden or not self.model.counts:
            return lines
        ratios = [
            f"{r['term']} as a rate ratio: {significant(r['ratio'])} "
            f"(95 % CI {from_to(r['ratio_low'], r['ratio_high'])})"
            for r in released.frame.iter_rows(named=True)
            if r["term"] in ("level_change", "slope_change")
        ]
        able = self.detectable().row(0, named=True)
        return [
            *lines,
            *ratios,
            (
                "With 80 % power these data would have shown a level change to a ratio of "
                f"{significant(able['ratio_down'])} or below, or {significant(able['ratio_up'])} "
                "or above; a smaller one could have gone unseen."
            ),
        ]


def interrupted_time_series(  # noqa: PLR0913 - what such a study can be told
    frame: Frame,
    outcome: str,
    time: str,
    start: Any,
    exposure: str | None = None,
    *,
    family: Family = "poisson",
    harmonics: int = 0,
    period: float = 12,
    slope_change: bool = False,
    covariance: Covariance = "model",
    lags: int | None = None,
    phase_in: float = 0,
    control: str | None = None,
    enforcement: str | None = None,
    adjust: Sequence[str] = (),
) -> InterruptedTimeSeries:
    """How the level and the trend of a series changed at a known time.

    For a policy that began for everyone at once, seen over many equal periods before and after.
    Not for finding when something changed, and not for a policy that answered a bad month: the
    fall back to the usual then looks like an effect.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a period; with a control series, one row a period and series.
    outcome : str
        Column: a count of events ("poisson", "quasipoisson") or a value ("gaussian").
    time : str
        Column: numbers, or dates at the start of each period. A trend is per unit of numbers, or
        per year, quarter, month, week or day, whichever the dates are spaced by.
    start : value of `time`
        Points at or after it are under the change. A period that lies across it belongs to
        neither side: leave it out with `phase_in`.
    exposure : str, optional
        Column: what the count is out of (referred clients, sessions, person-time); the model is
        then of the rate. A column called ``clients`` counts people: points of few are not drawn.
    family : {"poisson", "quasipoisson", "gaussian"}
        "quasipoisson" widens the errors to the spread that is there; take it unless counts are
        known to be Poisson.
    harmonics : int
        Pairs of sine and cosine for the seasons.
    period : float
        Length of a year in units of time: 12 for months.
    slope_change : bool
        Whether the trend may change too. The level change is then that at the start (at the
        first point after a phase-in).
    covariance : {"model", "hac"}
        "hac": errors that allow for neighbouring points resembling each other, made right for
        series as short as these are (see Notes).
    lags : int, optional
        For "hac": those of Newey & West (1987) instead, reaching so far back, with the factor
        n / (n - k) and the residual degrees of freedom, as other programs give them. They are too
        small in short series.
    phase_in : float
        Units of time from the start on that are left out.
    control : str, optional
        Column: 1 in the rows of a series that the policy did not touch, 0 in the others. Changes
        are then those beyond the control's, which are the terms `common_...`.
    enforcement : str, optional
        Column: the share from 0 to 1 to which the change is in force; the level change is then
        that under full enforcement.
    adjust : sequence of str
        Further columns that explain the outcome and that the policy does not change.

    Returns
    -------
    InterruptedTimeSeries

    Raises
    ------
    OptionError
        For a column that is not there, a start outside the series, fewer than 3 points on a side,
        more terms than points can tell, terms that follow from each other, negative counts, or no
        events on one side.

    Notes
    -----
    Segmented regression: Wagner 2002, Bernal 2017 (Int J Epidemiol 46:348). Student's t with the
    residual degrees of freedom, but the normal distribution for "poisson" with model errors.

    "hac": Newey & West's variance over windows of 1.3 sqrt(n) points (Lazarus, Lewis, Stock &
    Watson 2018, J Bus Econ Stat 36:541). A trend, a level and seasons take much of the likeness out
    of the residuals, so that in a short series this variance is too small, and it is uncertain
    itself. So it is multiplied by what makes it right on average, and Student's t takes the degrees
    of freedom that it has, each term its own, both as they are if errors were an autoregression of
    order one, fitted by restricted maximum likelihood (Bell & McCaffrey 2002, Surv Methodol 28:169;
    Imbens & Kolesar 2016, Rev Econ Stat 98:701). Of errors of another kind the variance is still
    Newey & West's.

    So 95 % intervals held the truth in 94 to 97 % of made-up series of 48 to 168 points whose
    neighbours were correlated by 0.4, or whose months of a year were more alike; those of fixed
    `lags` (by the usual rule) did in 84 to 89 % (`tests/validation/RESULTS.md`).

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> months = pl.DataFrame({"month": range(16), "missed": [41, 38, 44, 40, 39, 43, 42, 40,
    ...                                                       30, 28, 33, 29, 31, 30, 27, 32]})
    >>> found = cn.effects.interrupted_time_series(months, "missed", "month", start=8)
    >>> found.tidy().select("term", pl.col("ratio").round(2)).row(0)
    ('level_change', 0.72)
    """
    check_option("family", family, FAMILIES)
    check_option("covariance", covariance, get_args(Covariance))
    if not (is_number(harmonics) and is_number(period)) or harmonics < 0 or period <= 0:
        raise OptionError(f"{_CALLER}: harmonics= must be 0 or more, period= above 0.")
    plan = Plan(
        outcome=outcome,
        time=time,
        start=start,
        exposure=exposure,
        harmonics=harmonics,
        period=period,
        slope_change=slope_change,
        phase_in=phase_in,
        control=control,
        enforcement=enforcement,
        adjust=tuple(adjust),
    )
    frame = to_polars(f"{_CALLER}: frame=", frame)
    parts = segments(frame, plan)
    model = Model(family, covariance, lags)
    fit = _fitted(parts, model)
    return InterruptedTimeSeries(
        heading=f"Interrupted time series of {outcome.replace('_', ' ')}",
        frame=_tidy(parts, fit, model),
        basis=_basis(frame, plan, parts, fit, model),
        start=parts.clock.literal(start, "start"),
        dispersion=fit.dispersion,
        points=_points(parts, fit, plan, model),
        source=parts.frame,
        plan=replace(plan, phase_in=0) if phase_in else plan,
        model=model,
    )


def _fitted(parts: Segments, model: Model) -> SeriesFit:
    if model.counts:
        _check_counts(parts)
    if np.ptp(parts.outcome / parts.exposure) == 0:
        raise OptionError(f"{_CALLER}: the outcome is the same in every point.")
    fit = fit_series(parts, model)
    exact = np.allclose(fit.fitted, parts.outcome / parts.exposure, rtol=1e-9, atol=0)
    if exact and model.family != "poisson":
        raise OptionError(
            f"{_CALLER}: the model goes through every point, so that nothing tells how sure its "
            "estimates are. Take a longer or a finer series."
        )
    return fit


def _tidy(parts: Segments, fit: SeriesFit, model: Model) -> pl.DataFrame:
    table = tidy_terms(parts.terms, fit.params, fit.errors, fit.freedom, ratios=model.counts)
    freedom = pl.lit(None if model.normal else fit.freedom, pl.Float64)
    return table.with_columns(freedom.alias("df"))


def _check_counts(parts: Segments) -> None:
    if (parts.outcome < 0).any():
        raise OptionError(
            f"{_CALLER}: counts cannot be below 0; in {int((parts.outcome < 0).sum())} points they "
            "are. For values take family='gaussian'."
        )
    for series in (parts.treated, ~parts.treated):
        for side, name in ((~parts.after, "before"), (parts.after, "after")):
            if series.any() and not parts.outcome[series & side].any():
                raise OptionError(
                    f"{_CALLER}: there are no events {name} the start, so a ratio has no finite "
                    "estimate. Take a commoner outcome or longer periods."
                )


def _points(parts: Segments, fit: SeriesFit, plan: Plan, model: Model) -> pl.DataFrame:
    linear = parts.without @ fit.params
    return pl.DataFrame(
        {
            "time": parts.frame[plan.time],
            "series": np.where(parts.treated, "observed", "control"),
            "count": parts.outcome,
            "exposure": parts.exposure,
            "observed": parts.outcome / parts.exposure,
            "fitted": fit.fitted,
            "expected": np.exp(linear) if model.counts else linear,
            "after": parts.after,
        }
    )


def _basis(frame: pl.DataFrame, plan: Plan, parts: Segments, fit: SeriesFit, model: Model) -> Basis:
    measure = "Logarithm of the rate ratio" if model.counts else "Difference of level"
    beyond = "" if plan.control is None else ", beyond the change of the control series"
    full = "" if plan.enforcement is None else ", under full enforcement"
    lacking = {k: n for k, n in parts.left_out.items() if k.startswith("no ")}
    return Basis(
        estimand=f"{measure} of {plan.outcome.replace('_', ' ')} between what followed the start "
        f"and what the trend before it would have led to{beyond}{full}.",
        rows=len(parts.at),
        unit="points",
        left_out=parts.left_out,
        missing=said_missing(frame.height, frame.height - sum(lacking.values()), lacking),
        assumptions=_assumptions(plan, parts, fit, model),
        caveat="Whatever else changed at the same time is in the estimate too.",
        residual_df=fit.residual_df,
    )


def _assumptions(
    plan: Plan, parts: Segments, fit: SeriesFit, model: Model
) -> tuple[Assumption, ...]:
    gone_on = "Without the change the trend before it would have gone on"
    after = "would have changed as the control series did" if plan.control else "as a line"
    found = [
        Assumption(
            f"{gone_on}, and {after}." if plan.control else f"{gone_on} {after}.",
            "placebo_dates() tries the points before it",
            holds=None,
        ),
        Assumption("Nothing else that matters to the outcome changed at the same time."),
        _independent(parts, fit, model),
    ]
    if model.family == "poisson":
        spread = f"spread {fit.dispersion:.2f} times that of Poisson counts"
        told = model.covariance == "hac" or fit.dispersion <= _OVERDISPERSED
        found.append(Assumption("Counts spread as Poisson's do.", spread, holds=told))
    return tuple(found)


def _independent(parts: Segments, fit: SeriesFit, model: Model) -> Assumption:
    left = fit.residuals[parts.treated]
    spread = float((left**2).sum())
    first = float(left[1:] @ left[:-1] / spread) if spread > 0 else 0.0
    bound = 2 / np.sqrt(len(left))
    said = f"correlation of residuals a {parts.clock.unit} apart: {first:.2f}"
    if model.covariance == "hac":
        if fit.correlation is not None:
            said = f"{said}; of errors, allowing for the terms fitted: {fit.correlation:.2f}"
        return Assumption("Points far apart are independent; neighbours need not be.", said)
    return Assumption(
        "Points are independent, given the model.", said, holds=bool(abs(first) <= bound)
    )
