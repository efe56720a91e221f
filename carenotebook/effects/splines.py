"""Restricted cubic splines: smooth between their knots, straight beyond the outer ones."""

from __future__ import annotations

import numpy as np

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array

_QUANTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}
_SMALL = 100


def harrell_knots(values: Array, knots: int, caller: str) -> Array:
    """Where Harrell puts knots: at quantiles, in small data the outer ones at the fifth values.

    Parameters
    ----------
    values : array of shape (rows,)
    knots : int
        3 to 7.
    caller : str

    Raises
    ------
    OptionError
        For another number of knots, or doses too few to hold them.

    Notes
    -----
    Harrell FE (2015) Regression Modeling Strategies, 2nd ed., section 2.4.6.
    """
    if knots not in _QUANTILES:
        raise OptionError(f"{caller}: knots= is 3, 4, 5, 6 or 7.")
    distinct = len(np.unique(values))
    if distinct < knots + 2:
        raise OptionError(
            f"{caller}: {distinct} distinct doses are too few for a curve with {knots} knots "
            f"(at least {knots + 2}). Compare them as categories, or use fewer knots."
        )
    placed = np.quantile(values, _QUANTILES[knots])
    if len(values) < _SMALL and len(values) >= 2 * knots + 2:
        ordered = np.sort(values)
        placed[0], placed[-1] = ordered[4], ordered[-5]
    if (np.diff(placed) <= 0).any():
        raise OptionError(
            f"{caller}: the doses are so crowded at single values that {knots} knots fall "
            "together. Use fewer knots, or compare the doses as categories."
        )
    return placed


def spline_basis(values: Array, knots: Array) -> Array:
    """The dose itself and its curved parts.

    Parameters
    ----------
    values : array of shape (rows,)
    knots : array of shape (k,)

    Returns
    -------
    array of shape (rows, k - 1)
        Curved parts are divided by the squared distance of the outer knots (Harrell's norm 2).
    """
    t, last, before = knots, knots[-1], knots[-2]

    def cubed(knot: float) -> Array:
        return np.maximum(values - knot, 0.0) ** 3

    curved = [
        (
            cubed(knot)
            - cubed(before) * (last - knot) / (last - before)
            + cubed(last) * (before - knot) / (last - before)
        )
        / (last - t[0]) ** 2
        for knot in t[:-2]
    ]
    return np.column_stack([values, *curved])
