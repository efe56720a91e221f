"""Logistic fits of many weightings of rows that share few patterns: arrays in, coefficients out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array
from carenotebook.effects.multiplicities import Counts, drawn

Ints = npt.NDArray[np.int64]
STEPS, CLOSE = 50, 1e-10
RUN_AWAY = 30.0
_CHUNK = 1 << 15
"""Rows whose codes lie in the processor's cache together."""

_WHOLE_IN_FLOAT32 = 2**24


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
            [times @ self.counts for times in drawn(rng, draws, self.clusters, self.counts.dtype)]
        )
        return start[0], self._fit(totals.astype(np.float64), start)

    def _fit(self, totals: Array, start: Array | None = None) -> Array:
        without, events = np.split(totals, 2, axis=1)
        return newton(self.matrix, without + events, events, start)


def counted(matrix: Array, pattern: Ints, cluster: Ints, events: npt.NDArray[np.bool_]) -> Patterns:
    """Count rows by cluster, event and pattern."""
    patterns, clusters = len(matrix), int(cluster.max()) + 1
    counts = np.zeros((clusters, 2 * patterns), _exact(len(events)))
    for begin in range(0, len(events), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        cell = (2 * cluster[rows] + events[rows]) * patterns + pattern[rows]
        np.add.at(counts.reshape(-1), cell, counts.dtype.type(1))
    return Patterns(matrix, counts.astype(_exact(clusters * int(counts.max())), copy=False))


def _exact(most: int) -> Any:
    """A type in which whole numbers up to `most`, and sums up to it, are exact."""
    return np.float32 if most < _WHOLE_IN_FLOAT32 else np.float64


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
