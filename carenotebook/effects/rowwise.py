"""Logistic fits of many weightings of rows that are nearly all different.

Every draw is fitted by Newton's method over its own rows, all draws side by side, so that a block
of rows is read once for all of them. What makes that quick is where it starts: sums that each
cluster keeps say what a draw's score is near the fit of all rows, to the second order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from itertools import combinations_with_replacement

import numpy as np

from carenotebook.core.parallel import in_threads
from carenotebook.effects.frames import Array
from carenotebook.effects.multiplicities import drawn
from carenotebook.effects.patterns import (
    STEPS,
    Ints,
    chances,
    check_answer,
    no_answer,
    solved,
)

_CHUNK = 1 << 16
"""Rows that a thread takes at a time."""

_ONE_THREAD = 1 << 18
"""Multiplications that BLAS does in the thread that asks: its own threads would disturb ours."""

_MOST_WEIGHTS = 20_000_000
"""Cells of cluster by draw that are held at a time."""

_MOST_SUMS = 8_000_000
"""Sums over clusters beyond which the second order costs more than it saves."""

_SOLVED = 1e-9
"""A fit is done when its next step would be so small: steps shrink at least as fast as they did."""


@dataclass(frozen=True)
class Rows:
    """Rows sorted by cluster.

    Attributes
    ----------
    matrix : array of shape (rows, terms)
    events : array of shape (rows,)
    cluster : array of shape (rows,)
        0, 1, ..., increasing.
    """

    matrix: Array
    events: Array
    cluster: Ints

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return int(self.cluster[-1]) + 1

    def fitted(self, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Coefficients of all rows, and of each draw: shapes (terms,) and (draws, terms)."""
        start = self._whole()
        most = max(1, _MOST_WEIGHTS // self.clusters)
        found = [
            self._redrawn(self._weights(rng, min(most, draws - done)), start)
            for done in range(0, draws, most)
        ]
        return start, np.concatenate(found)

    def _weights(self, rng: np.random.Generator, draws: int) -> Array:
        """Multiplicities with the draws side by side: shape (clusters, draws)."""
        found, begin = np.empty((self.clusters, draws)), 0
        for block in drawn(rng, draws, self.clusters):
            found[:, begin : begin + len(block)] = block.T
            begin += len(block)
        return found

    def _whole(self) -> Array:
        beta, once = np.zeros((1, self.matrix.shape[1])), np.ones((self.clusters, 1))
        before = 0.0
        for _ in range(STEPS):
            step = solved(*self._derivatives(once, beta))
            beta = beta + step
            check_answer(beta)
            size = np.abs(step).max()
            if size * size <= _SOLVED * before:
                return np.asarray(beta[0])
            before = size
        raise no_answer()

    def _redrawn(self, weights: Array, start: Array) -> Array:
        """Coefficients of draws; `weights` has the shape (clusters, draws)."""
        first, information = self._started(weights, start)
        beta, before = start + first, np.abs(first).max(1)
        step = solved(information, self._score(weights, beta))
        left = np.arange(len(beta))
        for _ in range(STEPS):
            beta[left] += step
            check_answer(beta)
            size = np.abs(step).max(1)
            open_ = size * size > _SOLVED * before[: len(size)]
            if not open_.any():
                return beta
            left, before = left[open_], size[open_]
            step = solved(*self._derivatives(weights[:, left], beta[left]))
        raise no_answer()

    def _started(self, weights: Array, start: Array) -> tuple[Array, Array]:
        """Steps from the fit of all rows, and the information where they lead."""
        terms, draws = len(start), weights.shape[1]
        places = [_places(terms, power) for power in (1, 2, 3)]
        ends = np.cumsum([place.max() + 1 for place in places])
        powers = 3 if ends[-1] * self.clusters <= _MOST_SUMS else 2
        found = list(in_threads(partial(self._moments, start, powers, r) for r in self._chunks()))
        codes, sums = (np.concatenate(part) for part in zip(*found, strict=True))
        parts = np.split(weights[codes].T @ sums, ends[: powers - 1], axis=1)
        score, information, *third = (
            part[:, place] for part, place in zip(parts, places[:powers], strict=True)
        )
        step = solved(information, score)
        if not third:
            return step, information
        for _ in range(3):
            bend = (third[0] @ step[:, None, :, None]).reshape(draws, terms, terms)
            step = solved(information + bend / 2, score)
        return step, information + bend

    def _moments(self, start: Array, powers: int, rows: slice) -> tuple[Ints, Array]:
        """Derivatives of the likelihood at `start`, summed by cluster, and whose they are."""
        x, chance = self.matrix[rows].T.copy(), chances(self.matrix[rows] @ start)
        spread = chance * (1 - chance)
        factors = (self.events[rows] - chance, spread, spread * (1 - 2 * chance))
        codes = self.cluster[rows]
        begins = np.flatnonzero(np.diff(codes, prepend=-1))
        parts = [
            np.add.reduceat(reduce(np.multiply, (x[i] for i in monomial), factor), begins)
            for power, factor in zip(range(1, powers + 1), factors, strict=False)
            for monomial in _monomials(len(x), power)
        ]
        return codes[begins], np.column_stack(parts)

    def _score(self, weights: Array, beta: Array) -> Array:
        return self._over_rows(partial(self._residuals, weights, beta), beta.size)

    def _residuals(self, weights: Array, beta: Array, rows: slice) -> Array:
        x = self.matrix[rows]
        residual = chances(x @ beta.T)
        np.subtract(self.events[rows, None], residual, out=residual)
        residual *= weights[self.cluster[rows]]
        found: Array = residual.T @ x
        return found

    def _derivatives(self, weights: Array, beta: Array) -> tuple[Array, Array]:
        """Information and score of each draw."""
        terms = beta.shape[1]
        sums = self._over_rows(partial(self._both, weights, beta), beta.size * terms)
        return sums[:, terms:].reshape(-1, terms, terms), sums[:, :terms]

    def _both(self, weights: Array, beta: Array, rows: slice) -> Array:
        x, each = self.matrix[rows], weights[self.cluster[rows]]
        chance = chances(x @ beta.T)
        pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        residual = each * (self.events[rows, None] - chance)
        return np.hstack([residual.T @ x, (each * chance * (1 - chance)).T @ pairs])

    def _over_rows(self, sums: Callable[[slice], Array], each: int) -> Array:
        """What `sums` gives for blocks of rows, by `each` multiplications, added up in order."""
        size = max(32, _ONE_THREAD // each)

        def chunk(rows: slice) -> Array:
            return reduce(np.add, map(sums, _cut(rows.start, rows.stop, size)))

        return reduce(np.add, in_threads(partial(chunk, rows) for rows in self._chunks()))

    def _chunks(self) -> Iterator[slice]:
        return _cut(0, len(self.events), _CHUNK)


def sorted_rows(matrix: Array, cluster: Ints, events: Array) -> Rows:
    """Rows in the order of their clusters."""
    if (cluster[1:] >= cluster[:-1]).all():
        return Rows(matrix, events, cluster)
    order = _order(cluster)
    return Rows(matrix[order], events[order], cluster[order])


def _order(codes: Ints) -> Ints:
    """What sorts codes below 2^32: by 16 bits at a time, which numpy does without comparing."""
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    high = codes >> 16
    return order[np.argsort(high[order].astype(np.uint16), kind="stable")] if high.any() else order


def _cut(begin: int, end: int, size: int) -> Iterator[slice]:
    return (slice(b, min(b + size, end)) for b in range(begin, end, size))


def _monomials(terms: int, power: int) -> list[tuple[int, ...]]:
    return list(combinations_with_replacement(range(terms), power))


def _places(terms: int, power: int) -> Ints:
    """Where each product of terms, in any order, stands among the monomials."""
    place = {m: i for i, m in enumerate(_monomials(terms, power))}
    shape = (terms,) * power
    found = [place[tuple(sorted(index))] for index in np.ndindex(shape)]
    return np.array(found).reshape(shape)
