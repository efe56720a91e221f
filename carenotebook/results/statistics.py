"""Intervals for proportions and cumulative incidence, robust to repeated rows of a client."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Z95 = NormalDist().inv_cdf(0.975)


def quantile_95(estimated: npt.NDArray[np.bool_], freedom: Floats) -> Floats:
    """How many standard errors a 95 % interval reaches to either side.

    Parameters
    ----------
    estimated : array of shape (n,)
        Whether the variance was estimated from clients who repeat; then Student's t applies.
    freedom : array of shape (n,)
        Clients less one; with none of it the interval tells nothing, and the quantile is infinite.

    Notes
    -----
    Degrees of freedom as in Korn EL, Graubard BI (1998) Survey Methodology 24:193-201.

    Examples
    --------
    >>> quantile_95(np.array([True, False]), np.array([9.0, 9.0])).round(3).tolist()
    [2.262, 1.96]
    """
    if not estimated.any():
        return np.full(len(estimated), Z95)
    from scipy.special import stdtrit

    wide = np.where(freedom > 0, stdtrit(np.maximum(freedom, 1.0), 0.975), np.inf)
    return np.where(estimated, wide, Z95)


def wilson(
    events: npt.ArrayLike, total: npt.ArrayLike, z: float | Floats = Z95
) -> tuple[Floats, Floats]:
    """Wilson's score interval for a proportion; NaN where there is nothing to divide by.

    Parameters
    ----------
    events, total : array-like of shape (n,)
        Counts; they may be fractional (effective sample sizes).
    z : float or array of shape (n,)
        The quantile; where it is infinite the interval is everything.

    Notes
    -----
    Wilson EB (1927) J Am Stat Assoc 22:209-212.

    Examples
    --------
    >>> low, high = wilson([8], [10])
    >>> f"{low[0]:.4f} {high[0]:.4f}"
    '0.4902 0.9433'
    """
    x, n = (np.asarray(a, dtype=np.float64) for a in (events, total))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    boundless = np.isinf(z) & (n > 0)
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    return np.where(boundless, 0.0, low), np.where(boundless, 1.0, high)


@dataclass(frozen=True)
class ClusterSums:
    """What the variance of a proportion needs of its clients, one entry a group.

    Attributes
    ----------
    events, rows, clients : arrays of shape (groups,)
        Totals. Clients without a row are not counted.
    events_squared, events_rows, rows_squared : arrays of shape (groups,)
        Sums over clients of x * x, x * n and n * n, for x events among n rows of a client.
    """

    events: Floats
    rows: Floats
    clients: Floats
    events_squared: Floats
    events_rows: Floats
    rows_squared: Floats


def design_effect(sums: ClusterSums) -> Floats:
    """By how much the variance of a proportion grows because clients repeat, at least 1.

    Returns
    -------
    array of shape (groups,)
        The linearised cluster variance over the binomial one. Exactly 1 where every client has
        one row; with no variance to compare (all, none, or a single client), the mean number of
        rows a client, as if each client's rows were alike; 1 for an empty group.

    Notes
    -----
    Taylor linearisation of the ratio of two totals with clients as clusters, with the small-sample
    factor m / (m - 1); used for an effective sample size in Wilson's interval as in Dean N,
    Pagano M (2015) J Surv Stat Methodol 3:484-503.

    Examples
    --------
    Two clients of four rows each, one with all events and one with none:

    >>> sums = ClusterSums(*(np.array([v], float) for v in (4, 8, 2, 16, 16, 32)))
    >>> float(design_effect(sums)[0])
    8.0
    """
    n, m = sums.rows, sums.clients
    with np.errstate(divide="ignore", invalid="ignore"):
        p = sums.events / n
        binomial = p * (1 - p) / n
        squares = sums.events_squared - 2 * p * sums.events_rows + p * p * sums.rows_squared
        robust = np.maximum(squares, 0.0) / n**2 * m / (m - 1)
        effect = np.where((m > 1) & (binomial > 0), robust / binomial, n / m)
    repeated = (n > 0) & (sums.rows_squared > n)
    return np.where(repeated, np.maximum(effect, 1.0), 1.0)


@dataclass(frozen=True)
class CumulativeIncidence:
    """Aalen-Johansen estimate of one cause of several, with a standard error by client.

    Attributes
    ----------
    time, estimate, std_error, conf_low, conf_high, at_risk : arrays of shape (times,)
    """

    time: Ints
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    at_risk: Ints


def cumulative_incidence(
    duration: Ints, cause: Ints, cluster: Ints, times: Ints, z: float = Z95
) -> CumulativeIncidence:
    """Share in whom cause 1 has happened by each time, while other causes may happen first.

    Parameters
    ----------
    duration : array of shape (n,)
        Time to the event or to the end of observation.
    cause : array of shape (n,)
        1 the event of interest, 2 any competing one, 0 censored.
    cluster : array of shape (n,)
        Rows with the same number belong to one client.
    times : array of shape (times,)
        When to evaluate, in order.

    Notes
    -----
    Aalen OO, Johansen S (1978) Scand J Stat 5:141-150. Standard error: the infinitesimal
    jackknife, influences summed by cluster (Lin & Wei 1989 for the principle; as R's `survfit`
    does with `cluster`). Interval: on the log(-log) scale.
    """
    order = np.argsort(duration, kind="stable")
    t, c = duration[order], cause[order]
    _, clusters = np.unique(cluster[order], return_inverse=True)
    first = np.flatnonzero(np.diff(t, prepend=t[:1] - 1))
    index = np.repeat(np.arange(len(first)), np.diff(first, append=len(t)))
    at_risk = (len(t) - first).astype(np.float64)
    events = np.bincount(index[c == 1], minlength=len(first)).astype(np.float64)
    ends = np.bincount(index[c > 0], minlength=len(first)).astype(np.float64)
    before = np.concatenate(([1.0], np.cumprod(1 - ends / at_risk)))[:-1]
    curve = np.concatenate(([0.0], np.cumsum(before * events / at_risk)))
    at = np.searchsorted(t[first], times, side="right")
    estimate = curve[at]
    influence = _influence(index, c, at_risk, ends, before, curve)
    errors = _cluster_errors(influence, estimate, np.append(first, len(t))[at], at, clusters)
    low, high = log_log(estimate, errors, z)
    remaining = len(t) - np.searchsorted(t, times, side="left")
    return CumulativeIncidence(np.asarray(times), estimate, errors, low, high, remaining)


class _Influence(NamedTuple):
    """What each row adds to the estimate at a time, per unit of its weight.

    A row that has left adds `fixed + slope * estimate`; one that is still there adds what all do
    that are, `there` by the number of steps passed.
    """

    fixed: Floats
    slope: Floats
    there: Floats


def _influence(  # noqa: PLR0913, PLR0917 - the parts of the estimator
    index: Ints, cause: Ints, at_risk: Floats, ends: Floats, before: Floats, curve: Floats
) -> _Influence:
    """Of every row, `index` being the step at which it leaves."""
    # While at risk: earlier ends raise later survival by the running sum of `lost`, and the row's
    # own presence lowers each jump by its share.
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(at_risk > ends, 1 / (at_risk - ends), 0.0)
    running = np.concatenate(([0.0], np.cumsum(ends * own / at_risk)))
    there = np.concatenate(([0.0], np.cumsum(np.diff(curve) * (running[:-1] - 1 / at_risk))))
    slope = running[index + 1] - np.where(cause > 0, own[index], 0.0)
    jump = np.where(cause == 1, (before / at_risk)[index], 0.0)
    return _Influence(there[index + 1] + jump - slope * curve[index + 1], slope, there)


def _cluster_errors(
    influence: _Influence, estimate: Floats, gone: Ints, steps: Ints, clusters: Ints
) -> Floats:
    """Standard error at each time, by which `gone` rows have left; times are in order."""
    several = (np.bincount(clusters) > 1)[clusters]
    sums = _sums_of_rows(influence, estimate, gone, steps, ~several)
    if several.any():
        left = np.append(0, np.cumsum(several))[gone]
        chosen = _Influence(influence.fixed[several], influence.slope[several], influence.there)
        sums += _sums_of_clusters(chosen, estimate, left, steps, clusters[several])
    return np.sqrt(sums)


def _sums_of_rows(
    influence: _Influence, estimate: Floats, gone: Ints, steps: Ints, alone: npt.NDArray[np.bool_]
) -> Floats:
    """Squared influences of clusters of one row, by which `gone` rows have left.

    Written around the last estimate, at which nothing may be left but differences of equals.
    """
    fixed, slope = (np.where(alone, v, 0.0) for v in (influence.fixed, influence.slope))
    at_last, off = fixed + estimate[-1:] * slope, estimate - estimate[-1:]
    squares = (at_last * at_last, at_last * slope, slope * slope)
    aa, as_, ss = (np.append(0.0, np.cumsum(v))[gone] for v in squares)
    still = alone.sum() - np.append(0, np.cumsum(alone))[gone]
    left = aa + 2 * off * as_ + off**2 * ss
    found: Floats = np.maximum(left, 0.0) + still * influence.there[steps] ** 2
    return found


def _sums_of_clusters(
    influence: _Influence, estimate: Floats, gone: Ints, steps: Ints, clusters: Ints
) -> Floats:
    """Squared influences, each the sum of a cluster's rows.

    Kept by cluster: the sums over its rows that have left, and how many are still there. So a time
    costs one pass over the clusters, and each row is added once.
    """
    _, clusters = np.unique(clusters, return_inverse=True)
    there = np.bincount(clusters).astype(np.float64)
    fixed, slope = np.zeros(len(there)), np.zeros(len(there))
    sums, since = np.zeros(len(estimate)), 0
    for i, until in enumerate(gone):
        left = clusters[since:until]
        np.add.at(fixed, left, influence.fixed[since:until])
        np.add.at(slope, left, influence.slope[since:until])
        np.add.at(there, left, -1.0)
        each = fixed + estimate[i] * slope + influence.there[steps[i]] * there
        # Not the dot product of BLAS, whose threads wait for each other on a busy machine.
        sums[i] = np.square(each).sum()
        since = until
    return sums


def log_log(estimate: Floats, errors: Floats, z: float = Z95) -> tuple[Floats, Floats]:
    """Interval of a cumulative incidence on the log(-log) scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = z * errors / (estimate * np.log(estimate))
        low, high = estimate ** np.exp(-width), estimate ** np.exp(width)
    flat = (estimate <= 0) | (estimate >= 1)
    return np.where(flat, estimate, low), np.where(flat, estimate, high)
