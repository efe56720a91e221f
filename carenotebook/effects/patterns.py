"""Logistic fits of many weightings of rows that share few patterns: arrays in, coefficients out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float32] | npt.NDArray[np.float64]
STEPS, CLOSE = 50, 1e-10
RUN_AWAY = 30.0
_AT_ONCE = 10
"""Draws whose counts lie in the processor's cache together."""

_WHOLE_IN_FLOAT32 = 2**24
"""Whole numbers up to this, and their sums, are exact in single precision."""


@dataclass(frozen=True)
class Patterns:
    """Distinct rows of the design, and how often a cluster has each.

    Attributes
    ----------
    matrix : array of shape (patterns, terms)
    counts : array of shape (clusters, 2 * patterns)
        Rows without the event, then rows with it; whole numbers.
    """

    matrix: Array
    counts: Counts

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.counts)

    def fitted(self, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Coefficients of all rows, and of each draw: shapes (terms,) and (draws, terms)."""
        start = self._fit(self.counts.sum(0, dtype=np.float64)[None, :])
        totals = np.concatenate(
            [
                drawn(rng, min(_AT_ONCE, draws - done), self.clusters, self.counts.dtype)
                @ self.counts
                for done in range(0, draws, _AT_ONCE)
            ]
        )
        return start[0], self._fit(totals.astype(np.float64), start)

    def _fit(self, totals: Array, start: Array | None = None) -> Array:
        without, events = np.split(totals, 2, axis=1)
        return newton(self.matrix, without + events, events, start)


def counted(matrix: Array, pattern: Ints, cluster: Ints, events: Array) -> Patterns:
    """Count rows by cluster, event and pattern."""
    patterns, clusters = len(matrix), int(cluster.max()) + 1
    cell = (2 * cluster + events.astype(np.int64)) * patterns + pattern
    counts = np.bincount(cell, minlength=clusters * 2 * patterns).reshape(clusters, -1)
    if len(counts) * int(counts.max()) < _WHOLE_IN_FLOAT32:
        return Patterns(matrix, counts.astype(np.float32))
    return Patterns(matrix, counts.astype(np.float64))


def drawn(
    rng: np.random.Generator, draws: int, clusters: int, dtype: npt.DTypeLike = np.float64
) -> Counts:
    """How often each cluster is drawn with replacement: shape (draws, clusters)."""
    found = np.zeros((draws, clusters), dtype)
    once = found.dtype.type(1)
    for row in found:
        np.add.at(row, rng.integers(0, clusters, clusters, np.int32), once)
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
    pairs = (matrix[:, :, None] * matrix[:, None, :]).reshape(len(matrix), -1)
    for _ in range(STEPS):
        chance = chances(beta @ matrix.T)
        information = ((rows * chance * (1 - chance)) @ pairs).reshape(-1, terms, terms)
        step = solved(information, (events - rows * chance) @ matrix)
        beta = beta + step
        check_answer(beta)
        if np.abs(step).max() < CLOSE:
            return beta
    raise no_answer()


def chances(linear: Array) -> Array:
    """Inverse logits; the array given is used up."""
    with np.errstate(over="ignore"):
        np.negative(linear, out=linear)
        np.exp(linear, out=linear)
        linear += 1
        return np.reciprocal(linear, out=linear)


def solved(information: Array, score: Array) -> Array:
    """A step for each score: arrays of shapes (n, terms, terms) and (n, terms)."""
    try:
        found = np.linalg.solve(information, score[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise no_answer() from None
    return np.asarray(found, np.float64)


def check_answer(beta: Array) -> None:
    """Refuse coefficients that run away.

    Raises
    ------
    OptionError
    """
    if not (np.abs(beta).max() <= RUN_AWAY):
        raise no_answer()


def no_answer() -> OptionError:
    """What to raise where the likelihood has no maximum."""
    return OptionError(
        "cluster_bootstrap(): the logistic model has no finite answer, or not in every draw: a "
        "covariate separates the outcomes. Join categories, or leave it out."
    )
