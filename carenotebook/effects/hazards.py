"""Cox's proportional hazards model, with strata, late entry and clusters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.effects import schoenfeld
from carenotebook.effects.clusters import Clusters, Codes, clusters_of, names_of
from carenotebook.effects.frames import (
    Array,
    codes,
    complete,
    design,
    listed_names,
    numbers,
    said_missing,
    taken,
)
from carenotebook.results.estimate import Assumption, Basis, Estimate
from carenotebook.results.statistics import Z95
from carenotebook.results.words import p_value

if TYPE_CHECKING:
    from statsmodels.duration.hazard_regression import PHReg

    from carenotebook.core.plain import Frame

Ties = Literal["efron", "breslow"]
_CALLER = "hazard_model()"
_MOST_STEPS = 30
_ROUNDING = 1e-14
_SEPARATED = 15.0
"""A log hazard ratio beyond this, or an error of that size, has run away."""


@dataclass(frozen=True, repr=False, eq=False)
class HazardModel(Estimate):
    """What `hazard_model` returns.

    Attributes
    ----------
    log_likelihood : float
        Partial, at the estimate.
    proportional : polars.DataFrame
        What `proportionality` returns.
    """

    log_likelihood: float
    proportional: pl.DataFrame

    def tidy(self) -> pl.DataFrame:
        """One row a term.

        Returns
        -------
        polars.DataFrame
            term, estimate (log hazard ratio), std_error (robust with clusters), conf_low,
            conf_high, statistic, p_value, hazard_ratio, ratio_low, ratio_high.
        """
        return self.frame

    def proportionality(self) -> pl.DataFrame:
        """Whether hazard ratios stay the same over time.

        Returns
        -------
        polars.DataFrame
            term (each, then "GLOBAL"), statistic, df, p_value; a small p-value speaks against it.
            Null where the events come at too few times to tell.

        Notes
        -----
        Grambsch & Therneau 1994, as the score test of R's survival 3 (time on the Kaplan-Meier
        scale).
        """
        return self.proportional


def hazard_model(  # noqa: PLR0913 - what a Cox model can be told
    frame: Frame,
    duration: str,
    event: str,
    covariates: Sequence[str],
    *,
    strata: str | Sequence[str] | None = None,
    entry: str | None = None,
    cluster: str | Sequence[str] | None = None,
    ties: Ties = "efron",
) -> HazardModel:
    """How covariates go with the rate at which something happens (Cox regression).

    For comparing how fast groups leave, given other covariates. A hazard ratio compares those still
    in care at each moment; it is not a ratio of risks, and without randomisation or full adjustment
    not an effect.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person; or one row a stretch of time of a person, from `entry` to `duration`, for
        covariates that change (attendance so far).
    duration : str
        Column: time of the event or the end of follow-up.
    event : str
        Column of 0/1: whether it ended with the event.
    covariates : sequence of str
        Columns: numbers as they are, categories against the first level.
    strata : str or sequence of str, optional
        Columns: each value, or combination of values, has a baseline hazard of its own.
    entry : str, optional
        Column: from when the row is observed (left truncation); below `duration`.
    cluster : str or sequence of str, optional
        Column: rows that belong together (a client, a therapist), or two that cross; errors become
        robust.
    ties : {"efron", "breslow"}

    Returns
    -------
    HazardModel

    Raises
    ------
    OptionError
        For a column that is not there, no events, an entry at or after the end, a covariate that is
        constant or collinear, or one that separates those with the event from those without.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> stays = pl.DataFrame({"weeks": [2, 5, 6, 8, 12, 3, 9, 10, 14, 4], "left": [1, 1, 0, 1, 0, 1,
    ...                       1, 0, 1, 1], "far": [1, 1, 0, 1, 0, 1, 0, 0, 0, 0]})
    >>> found = cn.effects.hazard_model(stays, "weeks", "left", ["far"])
    >>> found.tidy().columns[:4]
    ['term', 'estimate', 'std_error', 'conf_low']

    Notes
    -----
    Cox 1972; ties after Efron 1977; robust variance: Lin & Wei 1989; in two ways
    as Cameron, Gelbach & Miller 2011. Coefficients by statsmodels.
    """
    check_option("ties", ties, ("efron", "breslow"))
    if not covariates:
        raise OptionError(f"{_CALLER}: give covariates=, the columns to compare.")
    ways, covariates = names_of(cluster, _CALLER), listed_names(covariates)
    apart = listed_names(strata or ())
    frame, wanted = taken(frame, [duration, event, *covariates, *apart, entry, *ways], _CALLER)
    used, left_out = complete(frame, wanted, _CALLER)
    data = _data(used, duration, event, entry, apart)
    matrix, terms = design(used, covariates, _CALLER)
    groups = clusters_of(used, ways, _CALLER)
    fit = _fitted(data, matrix, ties)
    errors = fit.bse
    if groups is not None:
        errors = _robust(schoenfeld.influences(data, matrix, fit.params, ties), groups)
    proportional = schoenfeld.score_test(data, matrix, fit.params, terms, ties)
    return HazardModel(
        heading=f"Hazard of {event.replace('_', ' ')}",
        frame=_tidy(fit.params, errors, terms),
        basis=Basis(
            estimand=f"Log hazard ratio of {event} for one unit more of each term, among those "
            "still followed, the other terms being equal.",
            rows=used.height,
            clusters={} if groups is None else groups.counted,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(
                *_assumptions(proportional),
                *(() if groups is None else (groups.enough,)),
            ),
            caveat="A ratio of rates among those who are still there, not of the shares who leave.",
        ),
        log_likelihood=float(fit.llf),
        proportional=proportional,
    )


def _data(
    frame: pl.DataFrame, duration: str, event: str, entry: str | None, strata: Sequence[str]
) -> schoenfeld.Times:
    stop, status = numbers(frame, duration, _CALLER), numbers(frame, event, _CALLER)
    start = np.full(len(stop), -np.inf) if entry is None else numbers(frame, entry, _CALLER)
    if not np.isin(status, (0, 1)).all():
        raise OptionError(f"{_CALLER}: {event} must be 0 or 1 (of 1 and 2, take whether it is 2).")
    if not status.any():
        raise OptionError(f"{_CALLER}: no row has the event; there is nothing to compare.")
    if (start >= stop).any():
        raise OptionError(
            f"{_CALLER}: {entry} must be below {duration}; in {int((start >= stop).sum())} rows it "
            "is not."
        )
    if entry is None and (stop < 0).any():
        raise OptionError(f"{_CALLER}: {duration} is below 0 in {int((stop < 0).sum())} rows.")
    stratum = np.zeros(len(stop), np.int64)
    for column in strata:
        code = codes(frame, column)
        stratum = codes(pl.DataFrame({"_": stratum * (code.max() + 1) + code}), "_")
    return schoenfeld.Times(start, stop, status == 1, stratum)


def _fitted(data: schoenfeld.Times, matrix: Array, ties: Ties) -> _Fit:
    from statsmodels.duration.hazard_regression import PHReg

    scale = matrix.std(0)
    entry, stop = _in_order(data)
    model = PHReg(
        stop,
        matrix / scale,
        status=data.event.astype(float),
        entry=entry,
        strata=data.stratum if data.stratum.any() else None,
        ties=ties,
    )
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what went wrong shows in the estimates below
        fit = _largest(model, matrix.shape[1])
    steps = np.abs(fit.params)
    if not np.isfinite(steps).all() or not (np.maximum(steps, fit.bse) <= _SEPARATED).all():
        raise OptionError(
            f"{_CALLER}: a covariate separates those with the event from those without, so its "
            "hazard ratio has no finite estimate. Join categories, or leave it out."
        )
    return _Fit(fit.params / scale, fit.bse / scale, fit.llf)


def _largest(model: PHReg, terms: int) -> _Fit:
    """Newton's steps, halved where they lead down: whole ones may overshoot."""
    at = np.zeros(terms)
    value, nowhere = model.loglike(at), np.full(terms, np.nan)
    for _ in range(_MOST_STEPS):
        score, information = model.score(at), -model.hessian(at)
        if not np.isfinite(information).all():
            return _Fit(nowhere, nowhere, np.nan)
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        for _ in range(_MOST_STEPS):
            reached = model.loglike(at + step)
            if reached >= value - abs(value) * _ROUNDING:  # not where it is NaN
                break
            step /= 2
        at, value = at + step, reached
        if score @ step < _ROUNDING or np.abs(at).max() > _SEPARATED:
            break
    covariance = np.linalg.pinv(-model.hessian(at))
    return _Fit(at, np.sqrt(np.diag(covariance)), float(value))


def _robust(influences: Array, groups: Clusters) -> Array:
    """Errors from sums by cluster, without a small-sample factor, as R has them."""

    def by(group: Codes) -> Array:
        summed = np.zeros((int(group.max()) + 1, influences.shape[1]))
        np.add.at(summed, group, influences)
        return np.asarray(summed.T @ summed)

    return np.sqrt(np.diag(groups.covariance(by)))


def _in_order(data: schoenfeld.Times) -> tuple[Array | None, Array]:
    """Entry and end as whole numbers in the same order, an entry just after an end at one time.

    Who enters when somebody else has the event is not yet at risk of it; statsmodels has them at
    risk.
    """
    if np.isinf(data.start).all():
        return None, data.stop
    times = np.unique(np.concatenate((data.start, data.stop)))
    entry, stop = (np.searchsorted(times, v).astype(np.float64) for v in (data.start, data.stop))
    return 2 * entry + 1, 2 * stop


@dataclass(frozen=True)
class _Fit:
    params: Array
    bse: Array
    llf: float


def _tidy(estimate: Array, errors: Array, terms: list[str]) -> pl.DataFrame:
    from scipy.stats import norm

    low, high = estimate - Z95 * errors, estimate + Z95 * errors
    z = estimate / errors
    return pl.DataFrame(
        {
            "term": terms,
            "estimate": estimate,
            "std_error": errors,
            "conf_low": low,
            "conf_high": high,
            "statistic": z,
            "p_value": 2 * norm.sf(np.abs(z)),
            "hazard_ratio": np.exp(estimate),
            "ratio_low": np.exp(low),
            "ratio_high": np.exp(high),
        }
    )


def _assumptions(proportional: pl.DataFrame) -> tuple[Assumption, ...]:
    p = proportional["p_value"][-1]
    same = "Hazard ratios stay the same over time."
    tested = (
        Assumption(same, "all events come at one time, or so few that it cannot be tested")
        if p is None
        else Assumption(
            same, f"Grambsch-Therneau test of all terms together, {p_value(p)}", holds=p >= 0.05
        )
    )
    return (
        tested,
        Assumption("Those whose follow-up ends early are like those who stay, given the terms."),
    )
