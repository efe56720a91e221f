"""Generalised linear models of a series, with errors that allow for autocorrelation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from carenotebook.effects.frames import Array, codes
from carenotebook.results.statistics import Z95

Family = Literal["poisson", "quasipoisson", "gaussian"]
Covariance = Literal["model", "hac"]
FAMILIES: tuple[Family, ...] = ("poisson", "quasipoisson", "gaussian")


@dataclass(frozen=True)
class Model:
    """What a series is taken to be, and how its errors are found.

    Attributes
    ----------
    family : {"poisson", "quasipoisson", "gaussian"}
    covariance : {"model", "hac"}
    lags : int or None
        How far back robust errors reach; None for `default_lags`.
    """

    family: Family
    covariance: Covariance
    lags: int | None = None

    @property
    def counts(self) -> bool:
        """Whether the outcome is a count, so that estimates are logarithms of ratios."""
        return self.family != "gaussian"

    @property
    def normal(self) -> bool:
        """Whether the normal distribution applies rather than Student's t."""
        return self.family == "poisson" and self.covariance == "model"


@dataclass(frozen=True)
class SeriesFit:
    """A fitted series.

    Attributes
    ----------
    params : array of shape (terms,)
    covariance : array of shape (terms, terms)
    freedom : float
        Of Student's t; infinite where the normal distribution applies.
    residual_df : int
    dispersion : float
        Pearson's chi-squared over the residual degrees of freedom.
    fitted, residuals : arrays of shape (points,)
        Means (rates where there is an exposure); Pearson residuals.
    """

    params: Array
    covariance: Array
    freedom: float
    residual_df: int
    dispersion: float
    fitted: Array
    residuals: Array

    @property
    def errors(self) -> Array:
        return np.sqrt(np.diag(self.covariance))


def fit_series(
    outcome: Array, exposure: Array, matrix: Array, at: Array, model: Model
) -> SeriesFit:
    """Fit a log-linear model of counts, or a linear one of values, by exposure.

    Notes
    -----
    The robust errors are Newey & West's (1987) with Bartlett weights and the factor n / (n - k);
    scores of points that share a time (of a control series) are added up first (Driscoll & Kraay
    1998).
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    counts = model.counts
    kind = sm.families.Poisson() if counts else sm.families.Gaussian()
    target = outcome if counts else outcome / exposure
    more = {"offset": np.log(exposure)} if counts else {"var_weights": exposure}
    scale = np.abs(matrix).max(0)
    with warnings.catch_warnings():
        # It means a fit without residuals, which is for the caller to judge.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = sm.GLM(target, matrix / scale, family=kind, **more).fit(tol=1e-12)
    mean, residual_df = np.asarray(fit.mu), int(fit.df_resid)
    weight = mean if counts else exposure
    scores = matrix * ((target - mean) * (1.0 if counts else exposure))[:, None]
    residuals = (target - mean) * (1 / np.sqrt(mean) if counts else np.sqrt(exposure))
    dispersion = float((residuals**2).sum() / residual_df)
    scaled = matrix / scale
    bread = np.linalg.inv(scaled.T @ (scaled * weight[:, None])) / np.outer(scale, scale)
    if model.covariance == "hac":
        lags = default_lags(len(np.unique(at))) if model.lags is None else model.lags
        meat = _long_run(scores, at, lags) * len(target) / residual_df
        found = bread @ meat @ bread
    else:
        found = bread * (1.0 if model.family == "poisson" else dispersion)
    return SeriesFit(
        params=np.asarray(fit.params) / scale,
        covariance=found,
        freedom=np.inf if model.normal else float(residual_df),
        residual_df=residual_df,
        dispersion=dispersion,
        fitted=mean / exposure if counts else mean,
        residuals=residuals,
    )


def default_lags(points: int) -> int:
    """Newey & West's (1994) rule of thumb for how far back errors are correlated."""
    return int(4 * (points / 100) ** (2 / 9))


def quantile(freedom: float, share: float = 0.975) -> float:
    """Of Student's t, or of the normal distribution where the degrees are infinite."""
    if np.isinf(freedom) and share == 0.975:
        return Z95
    from scipy.stats import t

    return float(t.ppf(share, freedom))


def tidy_terms(
    terms: list[str],
    estimate: Array,
    errors: Array,
    freedom: float,
    *,
    ratios: bool = False,
) -> pl.DataFrame:
    """Estimates with 95 % intervals and two-sided p-values; ratios where these are logarithms."""
    from scipy.stats import t

    reach = quantile(freedom) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / errors
    columns = {
        "term": terms,
        "estimate": estimate,
        "std_error": errors,
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "statistic": statistic,
        "p_value": 2 * t.sf(np.abs(statistic), freedom),
    }
    if ratios:
        columns |= {
            "ratio": np.exp(estimate),
            "ratio_low": np.exp(estimate - reach),
            "ratio_high": np.exp(estimate + reach),
        }
    return pl.DataFrame(columns)


def _long_run(scores: Array, at: Array, lags: int) -> Array:
    place = codes(pl.DataFrame({"at": at}), "at")
    summed = np.zeros((place.max() + 1, scores.shape[1]))
    np.add.at(summed, place, scores)
    found: Array = summed.T @ summed
    for lag in range(1, min(lags, len(summed) - 1) + 1):
        crossed = summed[lag:].T @ summed[:-lag]
        found = found + (1 - lag / (lags + 1)) * (crossed + crossed.T)
    return found
