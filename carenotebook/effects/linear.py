"""Linear models with errors that allow for unequal spread and for rows that go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.effects.clusters import Clusters, Codes
from carenotebook.effects.frames import Array
from carenotebook.effects.glm import quantile


@dataclass(frozen=True)
class Linear:
    """A fitted linear model.

    Attributes
    ----------
    params : array of shape (terms,)
    covariance : array of shape (terms, terms)
    freedom : float
        Of Student's t: clusters less one, or residual.
    residuals, fitted : arrays of shape (rows,)
    residual_df : int
    """

    params: Array
    covariance: Array
    freedom: float
    residuals: Array
    fitted: Array
    residual_df: int

    def wald(self, places: list[int]) -> tuple[float, float]:
        """F and its p-value that these coefficients are all 0."""
        from scipy.stats import f

        some = self.params[places]
        statistic = float(some @ np.linalg.solve(self.covariance[np.ix_(places, places)], some))
        statistic /= len(places)
        return statistic, float(f.sf(statistic, len(places), self.freedom))

    def at(self, rows: Array) -> dict[str, Array]:
        """What the model says of rows of a design: estimate, std_error, conf_low, conf_high."""
        estimate = rows @ self.params
        spread = np.einsum("ij,jk,ik->i", rows, self.covariance, rows)
        error = np.sqrt(np.maximum(spread, 0.0))
        reach = quantile(self.freedom) * error
        return {
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
        }


def fit_linear(
    y: Array,
    matrix: Array,
    clusters: Clusters | None = None,
    weights: Array | None = None,
) -> Linear:
    """Least squares by statsmodels with robust errors (HC1), or robust by cluster (CR1).

    Parameters
    ----------
    y : array of shape (rows,)
    matrix : array of shape (rows, terms)
        With its intercept.
    clusters : Clusters, optional
        In one way, or in two.
    weights : array of shape (rows,), optional
    """
    import statsmodels.api as sm

    scale = np.maximum(np.abs(matrix).max(0), 1e-300)
    model = sm.WLS(y, matrix / scale, weights=1.0 if weights is None else weights)

    def by(groups: Codes) -> Array:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
        return np.asarray(fit.cov_params())

    fit = model.fit(cov_type="HC1")
    covariance = np.asarray(fit.cov_params()) if clusters is None else clusters.covariance(by)
    return Linear(
        params=np.asarray(fit.params) / scale,
        covariance=covariance / np.outer(scale, scale),
        freedom=float(fit.df_resid) if clusters is None else clusters.freedom,
        residuals=np.asarray(fit.resid),
        fitted=np.asarray(fit.fittedvalues),
        residual_df=int(fit.df_resid),
    )
