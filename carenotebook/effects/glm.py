"""Generalised linear models of a series, with errors that allow for autocorrelation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from carenotebook.effects import hac
from carenotebook.effects.frames import Array, codes
from carenotebook.effects.segments import Segments
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
        How far back the robust errors of Newey & West reach; None for those of `hac.calibrated`.
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
    freedom : float or array of shape (terms,)
        Of Student's t; infinite where the normal distribution applies.
    residual_df : int
    dispersion : float
        Pearson's chi-squared over the residual degrees of freedom.
    fitted, residuals : arrays of shape (points,)
        Means (rates where there is an exposure); Pearson residuals.
    correlation : float or None
        Between neighbouring errors, where the errors rest on it.
    """

    params: Array
    covariance: Array
    freedom: float | Array
    residual_df: int
    dispersion: float
    fitted: Array
    residuals: Array
    correlation: float | None = None

    @property
    def errors(self) -> Array:
        return np.sqrt(np.diag(self.covariance))


def fit_series(parts: Segments, model: Model) -> SeriesFit:
    """Fit a log-linear model of counts, or a linear one of values, by exposure."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    counts, exposure = model.counts, parts.exposure
    kind = sm.families.Poisson() if counts else sm.families.Gaussian()
    target = parts.outcome if counts else parts.outcome / exposure
    more = {"offset": np.log(exposure)} if counts else {"var_weights": exposure}
    scale = np.abs(parts.matrix).max(0)
    scaled = parts.matrix / scale
    with warnings.catch_warnings():
        # It means a fit without residuals, which is for the caller to judge.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = sm.GLM(target, scaled, family=kind, **more).fit(tol=1e-12)
    mean, residual_df = np.asarray(fit.mu), int(fit.df_resid)
    root = np.sqrt(mean if counts else exposure)
    residuals = (target - mean) / root if counts else (target - mean) * root
    dispersion = float((residuals**2).sum() / residual_df)
    place = codes(pl.DataFrame({"at": parts.at}), "at")
    series = hac.Series(scaled * root[:, None], residuals, place, ~parts.treated)
    covariance, freedom, correlation = _errors(series, model, dispersion)
    return SeriesFit(
        params=np.asarray(fit.params) / scale,
        covariance=covariance / np.outer(scale, scale),
        freedom=freedom,
        residual_df=residual_df,
        dispersion=dispersion,
        fitted=mean / exposure if counts else mean,
        residuals=residuals,
        correlation=correlation,
    )


def _errors(
    series: hac.Series, model: Model, dispersion: float
) -> tuple[Array, float | Array, float | None]:
    """Covariance, degrees of freedom, and the correlation that they rest on."""
    points, terms = series.design.shape
    left = float(points - terms)
    if model.covariance == "model":
        spread = 1.0 if model.family == "poisson" else dispersion
        bread = np.asarray(np.linalg.inv(series.design.T @ series.design), np.float64)
        return bread * spread, np.inf if model.normal else left, None
    if model.lags is not None:
        robust: Array = hac.newey_west(series, model.lags) * (points / left)
        return robust, left, None
    return hac.calibrated(series, hac.default_lags(series.times))


def quantile(freedom: float | Array, share: float = 0.975) -> Array:
    """Of Student's t, or of the normal distribution where the degrees are infinite."""
    from scipy.stats import t

    normal = Z95 if share == 0.975 else t.ppf(share, np.inf)
    return np.where(np.isinf(freedom), normal, t.ppf(share, freedom))


def tidy_terms(
    terms: list[str],
    estimate: Array,
    errors: Array,
    freedom: float | Array,
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
