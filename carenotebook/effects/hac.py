"""Errors that allow for autocorrelation, and what a short series does to them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

Codes = npt.NDArray[np.int64]

LONGEST = 4000
"""Points for which pairs of points are held in memory."""
_STEEPEST = 2.5
"""Correlations up to tanh(2.5) = 0.987 are looked at."""


@dataclass(frozen=True)
class Series:
    """A fitted model as its errors see it.

    Attributes
    ----------
    design : array of shape (points, terms)
        Times the square root of the points' weights.
    residuals : array of shape (points,)
        Divided by their standard deviation, up to a constant.
    place : integer array of shape (points,)
        0, 1, ... in order of time.
    second : boolean array of shape (points,)
        Of the control series.
    """

    design: Array
    residuals: Array
    place: Codes
    second: npt.NDArray[np.bool_]

    @property
    def influence(self) -> Array:
        """What a residual adds to each estimate, of shape (points, terms)."""
        return np.asarray(self.design @ np.linalg.inv(self.design.T @ self.design))

    @property
    def times(self) -> int:
        return int(self.place.max()) + 1

    def summed(self, values: Array) -> Array:
        """Values of points that share a time added up (Driscoll & Kraay 1998)."""
        found = np.zeros((self.times, *values.shape[1:]))
        np.add.at(found, self.place, values)
        return found


def newey_west(series: Series, lags: int) -> Array:
    """Covariance of the estimates after Newey & West (1987), without a factor for small samples."""
    scores = series.summed(series.influence * series.residuals[:, None])
    found: Array = scores.T @ scores
    for lag in range(1, min(lags, len(scores) - 1) + 1):
        crossed = scores[lag:].T @ scores[:-lag]
        found = found + (1 - lag / (lags + 1)) * (crossed + crossed.T)
    return found


def default_lags(times: int) -> int:
    """The reach that Lazarus, Lewis, Stock & Watson (2018) recommend: windows of 1.3 sqrt(n)."""
    return ceil(1.3 * sqrt(times)) - 1


def calibrated(series: Series, lags: int) -> tuple[Array, Array, float]:
    """Covariance whose errors are right on average in a series so short, and how sure they are.

    Parameters
    ----------
    lags : int

    Returns
    -------
    covariance : array of shape (terms, terms)
    freedom : array of shape (terms,)
        Of Student's t.
    correlation : float
        Between neighbours, of the working model.

    Raises
    ------
    OptionError
        For a series too long for it.

    Notes
    -----
    Each variance is a quadratic form of the residuals. Under a working model of the errors its mean
    and variance are known: it is divided by the first over its target, and Student's t has the
    degrees of freedom of Satterthwaite (Bell & McCaffrey 2002; with a correlation in the working
    model, Imbens & Kolesar 2016, Pustejovsky & Tipton 2018). The working model is an
    autoregression of order one by restricted maximum likelihood; a control series' errors are as
    alike to the other's at the same time as their residuals are.
    """
    if len(series.place) > LONGEST:
        raise OptionError(
            f"interrupted_time_series(): errors for a short series are found for {LONGEST} points "
            'at most. Name lags= for those of Newey & West, or take covariance="model".'
        )
    correlation = neighbours(series)
    errors = _working(series, correlation)
    left = _after_fit(series.design, errors)
    window, influence = lags + 1, series.influence
    target = np.einsum("ij,ik,kj->j", influence, errors, influence)
    mean, freedom = np.empty(len(target)), np.empty(len(target))
    for j, own in enumerate(influence.T):
        form = _windows(_by_time(series, left * np.outer(own, own)), window)
        mean[j] = np.trace(form) / window
        freedom[j] = np.trace(form) ** 2 / (form**2).sum()
    factor = np.sqrt(target / mean)
    return newey_west(series, lags) * np.outer(factor, factor), freedom, correlation


def neighbours(series: Series) -> float:
    """Correlation between neighbouring errors, by restricted maximum likelihood.

    As `nlme::gls(..., correlation = corAR1(), method = "REML")` has it: unlike that of residuals it
    is not drawn towards 0, or below, by the terms that were fitted.
    """
    from scipy.optimize import minimize_scalar

    order = np.lexsort((series.place, series.second))
    place, second = series.place[order], series.second[order]
    apart = np.where(second[1:] == second[:-1], np.diff(place), np.inf)
    joined = np.column_stack((series.design, series.residuals))[order]
    rows, terms = series.design.shape

    def deviance(z: float) -> float:
        carried = np.tanh(z) ** apart
        new = np.sqrt(1 - carried**2)
        fresh = np.vstack(
            (joined[:1], (joined[1:] - carried[:, None] * joined[:-1]) / new[:, None])
        )
        crossed = fresh.T @ fresh
        inner = crossed[:-1, :-1]
        spread = crossed[-1, -1] - crossed[-1, :-1] @ np.linalg.solve(inner, crossed[:-1, -1])
        return float(
            (rows - terms) * np.log(spread) + 2 * np.log(new).sum() + np.linalg.slogdet(inner)[1]
        )

    found = minimize_scalar(
        deviance, bounds=(-_STEEPEST, _STEEPEST), method="bounded", options={"xatol": 1e-8}
    )
    return float(np.tanh(found.x))


def _working(series: Series, correlation: float) -> Array:
    """Correlation of errors, of shape (points, points)."""
    apart = np.abs(np.subtract.outer(series.place, series.place))
    found: Array = float(correlation) ** apart
    if series.second.any():
        found = np.where(
            np.equal.outer(series.second, series.second), found, found * _shared(series)
        )
    return found


def _shared(series: Series) -> float:
    """Correlation of the two series' residuals at the times that both have."""
    sides = np.zeros((series.times, 2))
    sides[series.place, series.second.astype(int)] = series.residuals
    both = sides[(sides != 0).all(1)]
    size = np.sqrt((both**2).sum(0).prod())
    return float(both[:, 0] @ both[:, 1] / size) if size > 0 else 0.0


def _after_fit(design: Array, errors: Array) -> Array:
    """Covariance of residuals where that of errors is so."""
    basis = np.linalg.qr(design)[0]
    moved = basis.T @ errors
    crossed = basis @ moved
    return np.asarray(errors - crossed - crossed.T + basis @ (moved @ basis) @ basis.T)


def _by_time(series: Series, pairs: Array) -> Array:
    return pairs if series.times == len(pairs) else series.summed(series.summed(pairs).T)


def _windows(pairs: Array, window: int) -> Array:
    """Sums over all pairs of windows of neighbouring times, those that reach outside included."""
    for _ in range(2):
        total = np.pad(pairs.cumsum(0), ((window, window - 1), (0, 0)), mode="edge")
        total[:window] = 0
        pairs = (total[window:] - total[:-window]).T
    return pairs
