"""How often each cluster comes up when as many as there are are drawn with replacement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, factorial, sqrt

import numpy as np
import numpy.typing as npt

from carenotebook.effects.frames import Array

Counts = npt.NDArray[np.float32] | npt.NDArray[np.float64]
_AT_ONCE = 20
"""Draws whose counts lie in the processor's cache together."""

_BELOW = 3.0
"""By how many standard deviations the sum of Poisson numbers is to lie below the clusters."""

_MOST = 20
"""A Poisson number of mean 1 is larger once in 5e19."""

_WORDS = 2**16


def drawn(
    rng: np.random.Generator, draws: int, clusters: int, dtype: npt.DTypeLike = np.float64
) -> Iterator[Counts]:
    """Multiplicities of clusters, up to 20 draws at a time: shape (draws, clusters).

    They have the law of counting as many draws with replacement as there are clusters, from fewer
    random numbers. Independent Poisson numbers that sum to n are distributed as n such draws,
    whatever n is. So each cluster gets a Poisson number of a mean below 1, anew if their sum
    exceeds the clusters, and the draws that are missing from it are made one by one.

    In `dtype` whole numbers up to `clusters` must be exact.
    """
    law = _pairs(max(0.0, 1 - _BELOW / sqrt(clusters)), dtype)
    for begin in range(0, draws, _AT_ONCE):
        found = np.empty((min(_AT_ONCE, draws - begin), clusters + clusters % 2), dtype)
        for row in found:
            _draw(rng, law, row, clusters)
        yield found[:, :clusters]


@dataclass(frozen=True)
class _Pairs:
    """Two independent Poisson numbers from a word of 16 bits, exact to double precision.

    By a table (Marsaglia 1963, Commun ACM 6:37): a pair has as many words as its chance has whole
    65536ths. What its chance has beyond these it gets from the few words that stand for no pair.

    Attributes
    ----------
    table : array of shape (words that stand for a pair, 2)
    pairs : array of shape (441, 2)
    rest : array of shape (441,)
        Distribution function over pairs, given a word beyond the table.
    """

    table: Counts
    pairs: Counts
    rest: Array


def _pairs(mean: float, dtype: npt.DTypeLike) -> _Pairs:
    chances = exp(-mean) * np.array([mean**k / factorial(k) for k in range(_MOST + 1)])
    wanted = _WORDS * np.outer(chances, chances).ravel()
    whole = np.floor(wanted).astype(np.int64)
    pairs = np.indices((_MOST + 1, _MOST + 1)).reshape(2, -1).T.astype(dtype)
    table = np.repeat(pairs, whole, axis=0)
    rest = np.cumsum(wanted - whole)
    return _Pairs(table, pairs, rest / max(rest[-1], np.finfo(float).tiny))


def _draw(rng: np.random.Generator, law: _Pairs, row: Counts, clusters: int) -> None:
    """Fill the beginning of an array with the multiplicities of one draw."""
    lacking = -1
    while lacking < 0:
        _poisson(rng, law, row.reshape(-1, 2))
        lacking = clusters - int(row[:clusters].sum())
    np.add.at(row, rng.integers(0, clusters, lacking), row.dtype.type(1))


def _poisson(rng: np.random.Generator, law: _Pairs, found: Counts) -> None:
    """Fill an array of shape (pairs, 2) with independent Poisson numbers."""
    words = rng.integers(0, 2**64, -(-len(found) // 4), np.uint64).view(np.uint16)[: len(found)]
    np.take(law.table, words, axis=0, out=found, mode="clip")
    beyond = np.flatnonzero(words >= len(law.table))
    found[beyond] = law.pairs[np.searchsorted(law.rest, rng.random(len(beyond)), side="right")]
