"""How an outcome goes with a dose: a smooth curve, and whether it breaks at a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.plain import is_number
from carenotebook.effects.breaks import Break, bent, check_threshold, find_break
from carenotebook.effects.clusters import Clusters, clusters_of, names_of
from carenotebook.effects.frames import (
    Array,
    check_roles,
    complete,
    design,
    listed_names,
    numbers,
    said_missing,
    taken,
    varying,
)
from carenotebook.effects.linear import Linear, fit_linear
from carenotebook.effects.splines import harrell_knots, spline_basis
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.words import p_value, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

CALLER = "dose_response()"
POINTS = 61
KINK, TENS = "kink", "kink_10_points"
WORDS = {
    "upper_quartile": "curve: upper against lower quartile",
    "non_linearity": "curve: not straight",
    "jump": "jump at the threshold, beyond the curve",
    KINK: "kink at the threshold: change of slope, for one more of the dose",
    TENS: "kink at the threshold: change of slope, ten points more",
    "jump_or_kink": "jump or kink at the threshold",
    "best_break": "where a break fits best",
}
_SHOWN = (0.05, 0.95)
_UNLOCATED = 0.5


@dataclass(frozen=True, repr=False, eq=False)
class DoseResponse(Estimate):
    """What `dose_response` returns.

    Attributes
    ----------
    dose : str
    curve : polars.DataFrame
        dose, estimate (mean outcome, covariates at their means), std_error, conf_low, conf_high
        (pointwise), between the 5th and 95th percentile of the doses.
    knots : tuple of float
    threshold : float or None
    profile : polars.DataFrame or None
        dose, likelihood_ratio: how much worse a break fits there than at the best place.
    """

    dose: str
    curve: pl.DataFrame
    knots: tuple[float, ...]
    threshold: float | None
    profile: pl.DataFrame | None

    def found(self, released: Released) -> list[str]:
        """The released estimates, a line each."""
        told = released.frame.with_columns(term=pl.col("term").replace(WORDS))
        return super().found(Released(told, released.privacy))

    def released_curve(self, privacy: Privacy | None = None) -> Released:
        """The curve as it may be shown."""
        gate = privacy or Privacy()
        hidden = self.basis.tells_too_much(gate)
        frame = self.curve.with_columns(pl.lit(hidden).alias(SUPPRESSED), unit=pl.lit("value"))
        if hidden:
            figures = ("estimate", "std_error", "conf_low", "conf_high")
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(c) for c in figures)
        return Released(frame, gate)


@dataclass(frozen=True)
class _Data:
    y: Array
    dose: Array
    others: Array
    knots: Array
    clusters: Clusters | None
    weights: Array | None

    @property
    def coarsest(self) -> npt.NDArray[np.int64] | None:
        """Whose residuals change sign together when drawn."""
        return None if self.clusters is None else self.clusters.coarsest

    @property
    def smooth(self) -> Array:
        """Intercept, the curve, and the covariates about their means."""
        return self.rows(self.dose, self.others)

    def rows(self, dose: Array, others: Array | None = None) -> Array:
        weights = np.ones(len(self.y)) if self.weights is None else self.weights
        centre = weights @ self.others / weights.sum()
        beside = np.zeros((len(dose), len(centre))) if others is None else others - centre
        return np.column_stack([np.ones(len(dose)), spline_basis(dose, self.knots), beside])


def dose_response(  # noqa: PLR0913, PLR0917 - a curve, its covariates, and how a break is sought
    frame: Frame,
    outcome: str,
    dose: str,
    adjust: str | Sequence[str] = (),
    threshold: float | None = None,
    knots: int = 4,
    *,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    draws: int = 399,
    seed: int = 1,
) -> DoseResponse:
    """How the mean outcome goes with a dose, and whether it jumps or bends at a threshold.

    For asking whether a belief such as "80 % of sessions" shows in data at all. The curve is what
    goes with the dose, adjusted for what is named; it is not what giving more would do, unless
    nothing else decided on the dose.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person or episode.
    outcome, dose : str
        Columns of numbers. An outcome of 0 and 1 is modelled as a risk, linearly.
    adjust : str or sequence of str
        Columns known before the dose.
    threshold : float, optional
        A dose at which a break is believed in. With it, a jump and a kink beyond the smooth curve
        are tested there, and the best-supported place of a break is sought over all doses.
    knots : int
        3 to 7.
    cluster : str or sequence of str, optional
        Column of rows that go together, or two that cross (clients and therapists); `client_id`
        also tells the privacy gate how many clients there are.
    weights : str, optional
        Column of weights above 0.
    draws, seed : int
        Of the bootstrap that says whether there is a break anywhere.

    Returns
    -------
    DoseResponse
        tidy() has the terms upper_quartile (against the lower), non_linearity, and with a
        threshold jump, kink (the change of slope, for one more of the dose), jump_or_kink and
        best_break (its estimate is a dose).

    Raises
    ------
    OptionError
        For too few distinct doses, a covariate that is constant or collinear, or a threshold with
        hardly a row on one side.

    Examples
    --------
    >>> import carenotebook as cn, numpy as np, polars as pl
    >>> share = np.linspace(0, 1, 300)
    >>> noise = np.random.default_rng(1).normal(size=300)
    >>> data = pl.DataFrame({"share": share, "score": 14 - 4 * share - 3 * (share >= 0.8) + noise})
    >>> found = cn.effects.dose_response(data, "score", "share", threshold=0.8)
    >>> found.tidy().filter(term="best_break")["estimate"].round(1).item()
    0.8

    Notes
    -----
    Restricted cubic splines at Harrell's knots; errors robust (HC1), or by cluster; F tests. The
    place of a break by profile likelihood with Hansen's (2000, Econometrica 68:575) critical
    value, which assumes equal spread; whether there is one by the largest gain over all places in
    a wild bootstrap of the smooth model (seeded). Where there is none, the interval of its place
    covers most doses, and the place means nothing. Clusters in two ways: Cameron, Gelbach & Miller
    2011, the bootstrap by the way with fewer of them.
    """
    groups, adjust = names_of(cluster, CALLER), listed_names(adjust)
    check_roles((outcome, dose, *adjust), CALLER)
    if threshold is not None and not is_number(threshold):
        raise OptionError(f"{CALLER}: threshold= is a dose, a number.")
    frame, columns = taken(frame, [outcome, dose, *adjust, *groups, weights], CALLER)
    used, left_out = complete(frame, columns, CALLER)
    if used.height <= knots + len(adjust) + 2:
        raise OptionError(f"{CALLER}: {used.height} complete rows are too few for this model.")
    data = _data(used, (outcome, dose, weights), adjust, groups, knots)
    fit = fit_linear(data.y, data.smooth, data.clusters, data.weights)
    rows, broken = [*_smooth_terms(data, fit)], None
    if threshold is not None:
        check_threshold(data.dose, threshold, CALLER)
        broken = find_break(
            data.y, data.dose, data.smooth, data.weights, data.coarsest, draws, seed
        )
        rows += _break_terms(data, threshold, broken)
    return DoseResponse(
        heading=f"{outcome} along {dose}".replace("_", " ").capitalize(),
        frame=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        basis=Basis(
            estimand=f"Mean {outcome} at each {dose}, {_given(adjust)}: what goes with the dose.",
            rows=used.height,
            clusters={} if data.clusters is None else data.clusters.counted,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=_assumptions(data.clusters, threshold, broken),
            caveat=f"People who differ in {dose} differ otherwise too; the curve alone does not "
            "say what more of it would do.",
            residual_df=fit.residual_df,
        ),
        dose=dose,
        curve=_curve(data, fit),
        knots=tuple(float(k) for k in data.knots),
        threshold=threshold,
        profile=None
        if broken is None
        else pl.DataFrame(broken.profile, schema=["dose", "likelihood_ratio"]),
    )


_SCHEMA = {
    "term": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
}


def _data(
    used: pl.DataFrame,
    named: tuple[str, str, str | None],
    adjust: Sequence[str],
    groups: Sequence[str],
    knots: int,
) -> _Data:
    outcome, dose, weights = named
    doses = numbers(used, dose, CALLER)
    placed = harrell_knots(doses, knots, CALLER)
    others, _ = design(used, adjust, CALLER)
    data = _Data(
        y=varying(used, outcome, CALLER),
        dose=doses,
        others=others,
        knots=placed,
        clusters=clusters_of(used, groups, CALLER),
        weights=None if weights is None else _positive(numbers(used, weights, CALLER), weights),
    )
    design(used, [dose, *adjust], CALLER)
    return data


def _positive(values: Array, column: str) -> Array:
    if values.min() <= 0:
        raise OptionError(f"{CALLER}: {column} must hold weights above 0.")
    return values


def _smooth_terms(data: _Data, fit: Linear) -> list[tuple[object, ...]]:
    low, high = np.quantile(data.dose, [0.25, 0.75])
    first: list[tuple[object, ...]] = []
    if high > low:
        across = data.rows(np.array([high])) - data.rows(np.array([low]))
        found = {k: float(v[0]) for k, v in fit.at(across).items()}
        first = [tidy_row("upper_quartile", found, fit.freedom)]
    statistic, p = fit.wald(list(range(2, len(data.knots))))
    return [*first, ("non_linearity", None, None, None, None, statistic, p)]


def tidy_row(term: str, found: dict[str, float], freedom: float) -> tuple[object, ...]:
    """term, estimate, std_error, conf_low, conf_high, statistic, p_value of one contrast."""
    from scipy.stats import t

    statistic = found["estimate"] / found["std_error"]
    figures = [found[k] for k in ("estimate", "std_error", "conf_low", "conf_high")]
    return (term, *figures, statistic, float(2 * t.sf(abs(statistic), freedom)))


def _break_terms(data: _Data, threshold: float, broken: Break) -> list[tuple[object, ...]]:
    whole = np.column_stack([data.smooth, bent(data.dose, threshold)])
    fit = fit_linear(data.y, whole, data.clusters, data.weights)
    last = whole.shape[1]
    rows = []
    for term, place in (("jump", last - 2), (KINK, last - 1)):
        unit = np.eye(last)[[place]]
        found = {k: float(v[0]) for k, v in fit.at(unit).items()}
        rows.append(tidy_row(term, found, fit.freedom))
    statistic, p = fit.wald([last - 2, last - 1])
    rows.append(("jump_or_kink", None, None, None, None, statistic, p))
    rows.append(("best_break", broken.at, None, broken.low, broken.high, None, broken.p_value))
    return rows


def _curve(data: _Data, fit: Linear) -> pl.DataFrame:
    low, high = np.quantile(data.dose, _SHOWN)
    doses = np.linspace(low, high, POINTS)
    return pl.DataFrame({"dose": doses, **fit.at(data.rows(doses))})


def _given(adjust: Sequence[str]) -> str:
    return f"given {', '.join(adjust)}" if adjust else "not adjusted for anything"


def _assumptions(
    clusters: Clusters | None, threshold: float | None, broken: Break | None
) -> tuple[Assumption, ...]:
    smooth = Assumption("The curve is smooth between its knots; covariates add to it linearly.")
    many = () if clusters is None else (clusters.enough,)
    if threshold is None or broken is None:
        return (smooth, *many)
    unlocated = broken.covered > _UNLOCATED or broken.p_value > 0.05
    where = f"{significant(broken.low)} to {significant(broken.high)}"
    seen = (
        f"its interval, {where}, holds {broken.covered:.0%} of the places tried, and a break "
        f"anywhere has {p_value(broken.p_value)}"
    )
    told = "these data do not locate one: " if unlocated else ""
    located = Assumption(
        "There is one break, so that its best-supported place means something.",
        told + seen,
        holds=not unlocated,
    )
    return (smooth, *many, located)
