"""Centre lines and limits of control charts: arrays in, arrays out.

`Points` are those from which limits are computed; a function returns the limits of any other points
of the same phase, so that limits can be frozen at a baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Chart = Literal["xmr", "p", "pprime", "c", "u", "g", "t", "run"]
CHARTS: tuple[Chart, ...] = ("xmr", "p", "pprime", "c", "u", "g", "t", "run")
SHARES = ("p", "pprime")
WITH_DENOMINATOR = (*SHARES, "u")

XMR_FACTOR, MOVING_RANGE_LIMIT = 2.66, 3.267
_D2 = 1.128
"""Mean range of two standard normal values."""

_NEAR = 2 / 3
_WEIBULL = 3.6
"""Times between events to the power 1/3.6 are close to normal (Nelson 1994)."""


@dataclass(frozen=True)
class Limits:
    """Arrays of shape (points,); NaN where a chart has no limit.

    Attributes
    ----------
    center, lower, upper : arrays
    near, far : arrays
        Two thirds of the way to the lower and the upper limit, before these are cut to what a count
        or a share can be: cut ones lie nearer, and every 0 would be beyond two thirds of the way.
    """

    center: Array
    lower: Array
    upper: Array
    near: Array
    far: Array


Denominators = Array
Limiter = Callable[[Array, Denominators, Denominators], Limits]
"""(values of the baseline, its denominators, denominators of all points) -> limits."""


def limits_of(chart: Chart) -> Limiter:
    """The limits of a kind of chart."""
    return {
        "xmr": _xmr,
        "p": _p,
        "pprime": _laney,
        "c": _c,
        "u": _u,
        "g": _g,
        "t": _t,
        "run": _run,
    }[chart]


def screened_mean_range(values: Array) -> float:
    """The mean moving range after dropping, once, ranges above 3.267 times their mean.

    Examples
    --------
    >>> round(screened_mean_range(np.array([1.0, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 90])), 3)
    1.0
    """
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges <= MOVING_RANGE_LIMIT * ranges.mean()]
    return float(kept.mean())


def _xmr(values: Array, _: Array, all_: Array) -> Limits:
    return _level(values.mean(), XMR_FACTOR * screened_mean_range(values), len(all_))


def _p(values: Array, of: Array, all_of: Array) -> Limits:
    center = (values * of).sum() / of.sum()
    return _within(center, 3 * _binomial(center, all_of), 0, 1)


def _laney(values: Array, of: Array, all_of: Array) -> Limits:
    center = (values * of).sum() / of.sum()
    if not 0 < center < 1:
        return _p(values, of, all_of)
    z = (values - center) / _binomial(center, of)
    spread = np.abs(np.diff(z)).mean() / _D2
    return _within(center, 3 * spread * _binomial(center, all_of), 0, 1)


def _binomial(center: float, of: Array) -> Array:
    return np.sqrt(center * (1 - center) / of)


def _c(values: Array, _: Array, all_: Array) -> Limits:
    center = values.mean()
    return _within(center, np.full(len(all_), 3 * np.sqrt(center)), 0, np.inf)


def _u(values: Array, of: Array, all_of: Array) -> Limits:
    center = (values * of).sum() / of.sum()
    return _within(center, 3 * np.sqrt(center / all_of), 0, np.inf)


def _g(values: Array, _: Array, all_: Array) -> Limits:
    center = values.mean()
    return _within(center, np.full(len(all_), 3 * np.sqrt(center * (center + 1))), 0, np.inf)


def _t(values: Array, _: Array, all_: Array) -> Limits:
    near_normal = values ** (1 / _WEIBULL)
    middle, reach = near_normal.mean(), XMR_FACTOR * np.abs(np.diff(near_normal)).mean()
    ends = (0, -1, 1, -_NEAR, _NEAR)
    return Limits(*(np.full(len(all_), max(middle + e * reach, 0) ** _WEIBULL) for e in ends))


def _run(values: Array, _: Array, all_: Array) -> Limits:
    nowhere = np.full(len(all_), np.nan)
    return Limits(np.full(len(all_), np.median(values)), *[nowhere] * 4)


def _level(center: float, reach: float, points: int) -> Limits:
    return _within(center, np.full(points, reach), -np.inf, np.inf)


def _within(center: float, reach: Array, least: float, most: float) -> Limits:
    middle = np.full(len(reach), center)
    lower, upper = np.maximum(middle - reach, least), np.minimum(middle + reach, most)
    return Limits(middle, lower, upper, middle - _NEAR * reach, middle + _NEAR * reach)
