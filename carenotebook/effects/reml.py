"""Linear models with random effects of clusters, and of cells within them, by REML.

statsmodels' optimisers stop early, or fail, where a variance is 0, which is common with few
clusters; sums by cell make the exact criterion cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.effects.frames import Array

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Remled:
    """A fitted model.

    Attributes
    ----------
    effects : array of shape (terms,)
    covariance : array of shape (terms, terms)
    cluster, cell, residual : float
        Variances.
    """

    effects: Array
    covariance: Array
    cluster: float
    cell: float
    residual: float


@dataclass(frozen=True)
class _Sums:
    """What the criterion needs: rows [terms, outcome] squared and summed by cell."""

    squares: Array
    sums: Array
    sizes: Array
    cluster: Codes
    rows: int

    def at(self, of_cluster: float, of_cell: float) -> tuple[Array, float]:
        """Cross-products weighed by the inverse covariance, and the log of its determinant.

        `of_cluster`, `of_cell`: variances relative to the residual one.
        """
        inner = 1 + of_cell * self.sizes
        crossed = self.squares - (self.sums.T * (of_cell / inner)) @ self.sums
        clusters = int(self.cluster.max()) + 1
        whole = np.zeros((clusters, self.sums.shape[1]))
        np.add.at(whole, self.cluster, self.sums / inner[:, None])
        weight = np.bincount(self.cluster, weights=self.sizes / inner)
        outer = 1 + of_cluster * weight
        crossed = crossed - (whole.T * (of_cluster / outer)) @ whole
        return crossed, float(np.log(inner).sum() + np.log(outer).sum())

    def criterion(self, roots: Array) -> float:
        crossed, spread = self.at(*(roots**2))
        terms = crossed[:-1, :-1]
        explained = crossed[:-1, -1] @ np.linalg.solve(terms, crossed[:-1, -1])
        left = max(crossed[-1, -1] - explained, 1e-300)
        freedom = self.rows - len(terms)
        return float(freedom * np.log(left) + spread + np.linalg.slogdet(terms)[1])


def reml(
    outcome: Array, matrix: Array, cluster: Codes, cell: Codes, *, cells_differ: bool
) -> Remled:
    """Fit by restricted maximum likelihood.

    Parameters
    ----------
    outcome : array of shape (rows,)
    matrix : array of shape (rows, terms)
        Of full rank.
    cluster, cell : integer arrays of shape (rows,)
        0, 1, ...; each cell lies in one cluster.
    cells_differ : bool
        Whether cells within a cluster have a random effect too.

    Notes
    -----
    The criterion of Bates, Maechler, Bolker & Walker 2015 (J Stat Softw 67), with the residual
    variance profiled out, over the roots of the relative variances.
    """
    from scipy.optimize import minimize

    joined = np.column_stack((matrix, outcome))
    sums = np.zeros((int(cell.max()) + 1, joined.shape[1]))
    np.add.at(sums, cell, joined)
    of_cell = np.zeros(len(sums), np.int64)
    of_cell[cell] = cluster
    sizes = np.bincount(cell).astype(float)
    parts = _Sums(joined.T @ joined, sums, sizes, of_cell, len(outcome))

    def value(roots: Array) -> float:
        return parts.criterion(np.append(roots, np.zeros(2 - len(roots))))

    starts = [np.full(1 + cells_differ, s) for s in (0.1, 1.0)]
    options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000}
    bounds = [(0.0, None)] * (1 + cells_differ)
    found = [
        minimize(value, s, method="Nelder-Mead", bounds=bounds, options=options) for s in starts
    ]
    best = min(found, key=lambda f: f.fun).x
    ratios = np.append(best, np.zeros(2 - len(best))) ** 2
    crossed, _ = parts.at(*ratios)
    inverse = np.linalg.inv(crossed[:-1, :-1])
    effects = inverse @ crossed[:-1, -1]
    freedom = len(outcome) - matrix.shape[1]
    residual = float(crossed[-1, -1] - effects @ crossed[:-1, -1]) / freedom
    return Remled(effects, inverse * residual, ratios[0] * residual, ratios[1] * residual, residual)
