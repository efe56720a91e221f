"""Which points of a control chart signal: the rules of NHS 'Making Data Count', and run charts'."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from carenotebook.quality.limits import Array, Limits

Mask = npt.NDArray[np.bool_]
RUN = 7
"""Points on one side of the centre, or rising or falling, that make a signal."""

RULES = ("outside", "shift", "trend", "two_of_three")


def nhs_rules(values: Array, limits: Limits) -> dict[str, Mask]:
    """For each rule, the points that take part in its signal.

    outside: beyond a limit. shift: of 7 or more in a row on one side of the centre. trend: of 7 or
    more strictly rising or falling. two_of_three: beyond two thirds of the way to the limit, with
    another such in three consecutive points that are all on that side.
    """
    side = np.sign(values - limits.center)
    return {
        "outside": (values > limits.upper) | (values < limits.lower),
        "shift": _in_runs(side, RUN),
        "trend": _in_trends(values),
        "two_of_three": _two_of_three(values, limits, side),
    }


def unusual_run(values: Array, center: float) -> Mask:
    """Points of a run on one side of the median that is longer than chance makes likely.

    Anhoej & Olesen 2014: longer than round(log2(n)) + 3, of the n points that are not on it.
    """
    side = np.sign(values - center)
    useful = np.flatnonzero(side)
    found = np.zeros(len(values), np.bool_)
    if len(useful):
        longest = round(math.log2(len(useful))) + 3
        found[useful[_in_runs(side[useful], longest + 1)]] = True
    return found


def crossings(values: Array, center: float) -> tuple[int, int]:
    """How often the line crosses its median, and the fewest that chance makes likely (5 %)."""
    from scipy.stats import binom

    side = np.sign(values - center)
    useful = side[side != 0]
    fewest = binom.ppf(0.05, max(len(useful) - 1, 0), 0.5)
    return int((useful[1:] != useful[:-1]).sum()), int(fewest)


def _in_runs(side: Array, least: int) -> Mask:
    """Members of stretches of one non-zero sign that are long enough."""
    edges = np.flatnonzero(np.diff(side, prepend=np.nan, append=np.nan) != 0)
    found = np.zeros(len(side), np.bool_)
    for first, last in pairwise(edges):
        found[first:last] = side[first] != 0 and last - first >= least
    return found


def _in_trends(values: Array) -> Mask:
    steps = _in_runs(np.sign(np.diff(values)), RUN - 1)
    found: Mask = np.append(steps, [False]) | np.append([False], steps)
    return found


def _two_of_three(values: Array, limits: Limits, side: Array) -> Mask:
    far = (values > limits.far) | (values < limits.near)
    found = np.zeros(len(values), np.bool_)
    for i in range(len(values) - 2):
        three = slice(i, i + 3)
        if abs(side[three].sum()) == 3 and far[three].sum() >= 2:
            found[three] |= far[three]
    return found
