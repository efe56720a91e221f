"""Linear models whose intercept, or more, varies between clients.

statsmodels' optimiser stops early where a variance is near 0, and its errors of the fixed effects
are of another kind than those of lme4 and nlme; sums by client make the exact criterion cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.effects.frames import Array

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Random:
    """A fitted model.

    Attributes
    ----------
    effects : array of shape (terms,)
    covariance : array of shape (terms, terms)
        Given the variances, as lme4 has it.
    factor : array of shape (varied, varied)
        Lower triangular; times its transpose it is the covariance between clients relative to
        `residual`.
    residual : float
        Variance within clients.
    log_likelihood : float
        Restricted, where that was maximised.
    """

    effects: Array
    covariance: Array
    factor: Array
    residual: float
    log_likelihood: float

    @property
    def between(self) -> Array:
        """Covariance between clients, of shape (varied, varied)."""
        return np.asarray(self.residual * self.factor @ self.factor.T)


@dataclass(frozen=True)
class Sums:
    """Cross-products of [terms, outcome] with themselves, and with what varies, by client."""

    joined: Array
    crossed: Array
    varied: Array
    rows: int
    restricted: bool

    def at(self, factor: Array) -> tuple[Array, float]:
        """Cross-products weighed by the inverse covariance, and the log of its determinant."""
        moved = factor.T @ self.crossed
        inner = np.eye(len(factor)) + factor.T @ self.varied @ factor
        weighed, spread = self.joined.copy(), 0.0
        for k in range(len(factor)):  # elimination, for all clients at once
            pivot, row = inner[:, k, k], moved[:, k]
            spread += float(np.log(pivot).sum())
            weighed -= row.T @ (row / pivot[:, None])
            for i in range(k + 1, len(factor)):
                share = (inner[:, i, k] / pivot)[:, None]
                inner[:, i] -= share * inner[:, k]
                moved[:, i] -= share * row
        return weighed, spread

    def left(self, factor: Array) -> float:
        """The weighed sum of squared residuals."""
        return _left(self.at(factor)[0])

    def freedom(self) -> int:
        return self.rows - (len(self.joined) - 1 if self.restricted else 0)

    def deviance(self, factor: Array) -> float:
        """Minus twice the log-likelihood, the residual variance profiled out."""
        weighed, spread = self.at(factor)
        left, freedom = _left(weighed), self.freedom()
        more = float(np.linalg.slogdet(weighed[:-1, :-1])[1]) if self.restricted else 0.0
        return float(freedom * (1 + np.log(2 * np.pi * left / freedom)) + spread + more)


def _left(weighed: Array) -> float:
    explained = weighed[:-1, -1] @ np.linalg.solve(weighed[:-1, :-1], weighed[:-1, -1])
    return max(float(weighed[-1, -1] - explained), 1e-300)


def fit_random(
    outcome: Array, matrix: Array, varied: Array, groups: Codes, *, restricted: bool = False
) -> Random:
    """Fit by maximum, or restricted maximum, likelihood.

    Parameters
    ----------
    outcome : array of shape (rows,)
    matrix : array of shape (rows, terms)
        Of full rank.
    varied : array of shape (rows, varied)
        Columns whose coefficients vary between clients: ones for the intercept.
    groups : integer array of shape (rows,)
        0, 1, ...

    Notes
    -----
    The criterion of Bates, Maechler, Bolker & Walker 2015 (J Stat Softw 67).
    """
    scale, size = np.abs(matrix).max(0), np.abs(varied).max(0)
    sums = summed(outcome, matrix / scale, varied / size, groups, restricted=restricted)
    factor = best(sums, varied.shape[1])
    weighed, _ = sums.at(factor)
    inverse = np.linalg.inv(weighed[:-1, :-1])
    effects = inverse @ weighed[:-1, -1]
    residual = float(weighed[-1, -1] - effects @ weighed[:-1, -1]) / sums.freedom()
    own = -sums.deviance(factor) / 2
    return Random(
        effects=effects / scale,
        covariance=inverse * residual / np.outer(scale, scale),
        factor=factor / size[:, None],
        residual=residual,
        log_likelihood=own - (float(np.log(scale).sum()) if restricted else 0.0),
    )


def summed(
    outcome: Array, matrix: Array, varied: Array, groups: Codes, *, restricted: bool
) -> Sums:
    """Sums by client, of columns that are no larger than 1."""
    joined = np.column_stack((matrix, outcome))
    many = int(groups.max()) + 1
    crossed = np.zeros((many, varied.shape[1], joined.shape[1]))
    own = np.zeros((many, varied.shape[1], varied.shape[1]))
    np.add.at(crossed, groups, varied[:, :, None] * joined[:, None, :])
    np.add.at(own, groups, varied[:, :, None] * varied[:, None, :])
    return Sums(joined.T @ joined, crossed, own, len(outcome), restricted)


def best(sums: Sums, size: int) -> Array:
    """The factor that maximises the likelihood: from several starts, then from the best again."""
    from scipy.optimize import minimize

    lower = np.tril_indices(size)
    bounds = [(0.0, None) if i == j else (None, None) for i, j in zip(*lower, strict=True)]

    def factor(values: Array) -> Array:
        found = np.zeros((size, size))
        found[lower] = values
        return found

    # Below what rounding moves it by, the search would not end.
    noise = max(1e-11, 1e-14 * abs(sums.deviance(np.eye(size))))

    def tried(start: Array) -> tuple[float, Array]:
        found = minimize(
            lambda v: sums.deviance(factor(v)),
            start,
            method="Nelder-Mead",
            bounds=bounds,
            options={"xatol": 1e-9, "fatol": noise, "maxiter": 4000},
        )
        return float(found.fun), np.asarray(found.x)

    starts = [np.eye(size)[lower] * s for s in (0.1, 1.0)]
    best = min((tried(s) for s in starts), key=lambda found: found[0])
    return factor(tried(best[1])[1] if size > 1 else best[1])
