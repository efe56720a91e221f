"""Whether the totals of a table, taken together, tell a cell that is hidden in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

_TOLD = 1e-6
"""A told cell is off by rounding error alone, any other by a random number of order 1."""


def told_by_totals(hidden: pl.Series, lines: Sequence[pl.Series]) -> pl.Series:
    """Which hidden cells follow from the shown ones and the totals.

    Parameters
    ----------
    hidden : polars.Series of bool
        One entry a cell.
    lines : sequence of polars.Series of int
        For each way of adding up, the number of the sum that a cell is part of; null: none.

    Returns
    -------
    polars.Series of bool
        True for the hidden cells that have the same value in every solution.

    Notes
    -----
    Other solutions differ by vectors whose sums are all zero. A random vector's part of that kind
    is zero in a cell (but for rounding) only where all of them are.

    Examples
    --------
    >>> one, two = pl.Series([0, 0, 1, 1]), pl.Series([0, 1, 0, 1])
    >>> told_by_totals(pl.Series([True, True, False, True]), [one, two]).to_list()
    [True, True, False, True]
    >>> told_by_totals(pl.Series([True] * 4), [one, two]).to_list()
    [False, False, False, False]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import lsqr

    cells = hidden.arg_true()
    told = np.zeros(len(hidden), np.bool_)
    which, column = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for line in lines:
        mine = line.gather(cells).rank("dense").cast(pl.Int64)
        which.append(mine.drop_nulls().to_numpy() + max(w.max(initial=0) for w in which))
        column.append(np.flatnonzero(mine.is_not_null().to_numpy()))
    sums, parts = np.concatenate(which), np.concatenate(column)
    if len(sums):
        shape = (int(sums.max()) + 1, len(cells))
        added = csr_array((np.ones(len(sums)), (sums, parts)), shape=shape)
        guess = np.random.default_rng(0).normal(size=len(cells))
        held = lsqr(added, added @ guess, atol=1e-12, btol=1e-12, iter_lim=20 * len(cells))[0]
        told[cells.to_numpy()] = np.abs(guess - held) < _TOLD
    return pl.Series(told)
