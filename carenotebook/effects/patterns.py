"""Logistic fits of many weightings of one data set: arrays in, coefficients out."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

Ints = npt.NDArray[np.int64]
_STEPS, _CLOSE = 50, 1e-10
_RUN_AWAY = 30.0
_CORRECTED = 1e-7
"""A draw's coefficients are corrected until a step is below this, far below their own error."""


@dataclass(frozen=True)
class Patterns:
    """Distinct rows of the design, and how many rows and events of each a cluster has.

    Attributes
    ----------
    matrix : array of shape (patterns, terms)
    rows, events : arrays of shape (clusters, patterns)
    """

    matrix: Array
    rows: Array
    events: Array

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.rows)

    def fitted(self, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Coefficients of all rows, and of each draw: shapes (terms,) and (draws, terms)."""
        whole = np.ones((1, self.clusters))
        start = newton(self.matrix, whole @ self.rows, whole @ self.events)
        weights = drawn(rng, draws, self.clusters)
        found = newton(self.matrix, weights @ self.rows, weights @ self.events, start)
        return start[0], found


@dataclass(frozen=True)
class Rows:
    """Rows sorted by cluster.

    Attributes
    ----------
    matrix : array of shape (rows, terms)
    events : array of shape (rows,)
    sizes : array of shape (clusters,)
        How many rows each cluster has.
    """

    matrix: Array
    events: Array
    sizes: Ints

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.sizes)

    def fitted(self, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Coefficients of all rows, and of each draw: shapes (terms,) and (draws, terms)."""
        whole = np.ones((1, len(self.events)))
        start = newton(self.matrix, whole, self.events[None, :])[0]
        chance = _chance(self.matrix @ start)
        score = self._sums(self.matrix * (self.events - chance)[:, None])
        spread = self.matrix * (chance * (1 - chance))[:, None]
        pairs = self._sums((spread[:, :, None] * self.matrix[:, None, :]).reshape(len(chance), -1))
        weights = drawn(rng, draws, self.clusters)
        terms = len(start)
        information = (weights @ pairs).reshape(draws, terms, terms)
        first = start + _solved(information, weights @ score)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = list(pool.map(self._corrected, weights, information, first))
        return start, np.stack(found)

    def _sums(self, values: Array) -> Array:
        starts = np.concatenate(([0], self.sizes.cumsum()[:-1]))
        sums: Array = np.add.reduceat(values, starts, axis=0)
        return sums

    def _corrected(self, weights: Array, information: Array, beta: Array) -> Array:
        """Steps by the gradient at `beta` and the information of the start, until they are tiny."""
        each = np.repeat(weights, self.sizes)
        inverse = np.linalg.inv(information)
        for _ in range(_STEPS):
            residual = each * (self.events - _chance(self.matrix @ beta))
            step = inverse @ (residual @ self.matrix)
            beta = beta + step
            if np.abs(step).max() < _CORRECTED:
                return beta
        raise _no_answer()


def counted(matrix: Array, pattern: Ints, cluster: Ints, events: Array) -> Patterns:
    """Count rows and events by cluster and pattern."""
    patterns, clusters = len(matrix), int(cluster.max()) + 1
    cell, cells = cluster * patterns + pattern, clusters * patterns
    rows = np.bincount(cell, minlength=cells).astype(np.float64).reshape(clusters, patterns)
    happened: Array = np.bincount(cell, weights=events, minlength=cells).astype(np.float64)
    return Patterns(matrix, rows, happened.reshape(clusters, patterns))


def sorted_rows(matrix: Array, cluster: Ints, events: Array) -> Rows:
    """Rows in the order of their clusters."""
    order = np.argsort(cluster, kind="stable")
    return Rows(matrix[order], events[order], np.bincount(cluster))


def drawn(rng: np.random.Generator, draws: int, clusters: int) -> Array:
    """How often each cluster is drawn with replacement: shape (draws, clusters)."""
    chosen = rng.integers(0, clusters, (draws, clusters), dtype=np.int64)
    chosen += np.arange(draws)[:, None] * clusters
    counts = np.bincount(chosen.ravel(), minlength=draws * clusters)
    found: Array = counts.reshape(draws, clusters).astype(np.float64)
    return found


def newton(matrix: Array, rows: Array, events: Array, start: Array | None = None) -> Array:
    """Coefficients of each weighting, side by side.

    Parameters
    ----------
    matrix : array of shape (n, terms)
    rows, events : arrays of shape (weightings, n)
    start : array of shape (1, terms), optional

    Returns
    -------
    array of shape (weightings, terms)
    """
    terms = matrix.shape[1]
    beta = np.zeros((len(rows), terms)) if start is None else np.repeat(start, len(rows), axis=0)
    for _ in range(_STEPS):
        chance = _chance(beta @ matrix.T)
        spread = rows * chance * (1 - chance)
        information = np.stack([(matrix * w[:, None]).T @ matrix for w in spread])
        step = _solved(information, (events - rows * chance) @ matrix)
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(beta).max() > _RUN_AWAY:
            break
        if np.abs(step).max() < _CLOSE:
            return beta
    raise _no_answer()


def _chance(linear: Array) -> Array:
    found: Array = 1 / (1 + np.exp(-linear))
    return found


def _solved(information: Array, score: Array) -> Array:
    try:
        found = np.linalg.solve(information, score[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise _no_answer() from None
    return np.asarray(found, np.float64)


def _no_answer() -> OptionError:
    return OptionError(
        "The logistic model has no finite answer, or not in every draw: a covariate separates the "
        "outcomes. Join categories, or leave it out."
    )
