"""What Cox's partial likelihood says at each event.

The test of proportional hazards (Grambsch & Therneau 1994) and errors that know of clusters (Lin &
Wei 1989), both with Efron's ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.effects.frames import Array

Ints = npt.NDArray[np.int64]
_TELLS_NOTHING = 1e-10
"""Share of the information beyond which what times tell apart is rounding."""


@dataclass(frozen=True)
class Times:
    """When rows are observed: arrays of shape (rows,); `start` is minus infinity without entry."""

    start: Array
    stop: Array
    event: npt.NDArray[np.bool_]
    stratum: Ints


@dataclass(frozen=True)
class Moments:
    """Sums of w, w x and w x x' over some rows at each time of an event."""

    weight: Array
    first: Array
    second: Array


@dataclass(frozen=True)
class AtEvents:
    """One stratum at its m event times, of rows with p terms.

    Attributes
    ----------
    rows : array of shape (n,)
        Which rows of the data these are.
    time, deaths : arrays of shape (m,)
    low, high, own : arrays of shape (n,)
        A row is at risk at the times low <= j < high; where it has the event, that is at `own`.
    risk, gone : Moments
        Of those at risk, and of those with the event.
    """

    rows: Ints
    time: Array
    deaths: Ints
    low: Ints
    high: Ints
    own: Ints
    risk: Moments
    gone: Moments

    def shares(self, j: int, ties: str) -> Iterator[tuple[float, float, Array, Array]]:
        """For each event at time j: share of the dead taken out, weight, mean x, mean x x'."""
        count = int(self.deaths[j])
        for k in range(count):
            share = k / count if ties == "efron" else 0.0
            weight = self.risk.weight[j] - share * self.gone.weight[j]
            first = (self.risk.first[j] - share * self.gone.first[j]) / weight
            yield share, weight, first, (self.risk.second[j] - share * self.gone.second[j]) / weight


def score_test(
    data: Times, matrix: Array, coefficients: Array, terms: list[str], ties: str
) -> pl.DataFrame:
    """Whether each coefficient drifts with time, on the Kaplan-Meier scale.

    Returns
    -------
    polars.DataFrame
        term (each, then "GLOBAL"), statistic, df, p_value.
    """
    from scipy.stats import chi2

    p = matrix.shape[1]
    scale = _kaplan_meier_scale(data)
    score, plain, once, twice = np.zeros(p), *(np.zeros((p, p)) for _ in range(3))
    for part in _strata(data, matrix, coefficients):
        sums = _sums_of_dead(part, matrix, data)
        for j, time in enumerate(part.time):
            steps = list(part.shares(j, ties))
            information = sum((s[3] - np.outer(s[2], s[2]) for s in steps), np.zeros((p, p)))
            g = scale[float(time)]
            score += g * (sums[j] - sum((s[2] for s in steps), np.zeros(p)))
            plain, once = plain + information, once + g * information
            twice = twice + g**2 * information
    remaining = twice - once @ np.linalg.solve(plain, once)
    size = np.sqrt(np.diag(plain))
    told = np.linalg.matrix_rank(remaining / np.outer(size, size), tol=_TELLS_NOTHING) == p
    statistic: list[float | None] = [None] * (p + 1)
    if told:
        each = [_one(j, score, plain, once, twice) for j in range(p)]
        statistic = [*each, float(score @ np.linalg.solve(remaining, score))]
    df = [1] * p + [p]
    found = pl.DataFrame(
        {"term": [*terms, "GLOBAL"], "statistic": statistic, "df": df},
        schema_overrides={"statistic": pl.Float64},
    )
    p_values = chi2.sf(found["statistic"].to_numpy(), df)
    return found.with_columns(p_value=pl.Series(p_values, nan_to_null=True))


def influences(data: Times, matrix: Array, coefficients: Array, ties: str) -> Array:
    """What each row adds to the coefficients, of shape (rows, terms)."""
    p = matrix.shape[1]
    influence, information = np.zeros_like(matrix), np.zeros((p, p))
    weights = _weights(matrix, coefficients)
    for part in _strata(data, matrix, coefficients):
        x, w = matrix[part.rows], weights[part.rows, None]
        hazard, mean_hazard = np.zeros(len(part.time)), np.zeros((len(part.time), p))
        own_mean, held, held_mean = (np.zeros_like(mean_hazard) for _ in range(3))
        for j in range(len(part.time)):
            for share, weight, first, second in part.shares(j, ties):
                information += second - np.outer(first, first)
                hazard[j] += 1 / weight
                mean_hazard[j] += first / weight
                own_mean[j] += first / part.deaths[j]
                held[j] += share / weight
                held_mean[j] += share * first / weight
        h, m = _between(hazard[:, None], part), _between(mean_hazard, part)
        residual = -w * (x * h - m)
        dead = part.own >= 0
        at = part.own[dead]
        spared = w[dead] * (x[dead] * held[at] - held_mean[at])
        residual[dead] += x[dead] - own_mean[at] + spared
        influence[part.rows] = residual
    return np.asarray(influence @ np.linalg.inv(information))


def _weights(matrix: Array, coefficients: Array) -> Array:
    weights: Array = np.exp((matrix - matrix.mean(0)) @ coefficients)
    return weights


def _strata(data: Times, matrix: Array, coefficients: Array) -> Iterator[AtEvents]:
    weights = _weights(matrix, coefficients)
    for stratum in np.unique(data.stratum):
        rows = np.flatnonzero(data.stratum == stratum)
        start, stop, event = data.start[rows], data.stop[rows], data.event[rows]
        time, deaths = np.unique(stop[event], return_counts=True)
        low, high = (np.searchsorted(time, v, side="right") for v in (start, stop))
        own = np.where(event, high - 1, -1)
        x, w = matrix[rows], weights[rows]
        risk = Moments(*(_at_risk(v, low, high, len(time)) for v in _products(x, w)))
        gone = Moments(*(_at_own(v, own, len(time)) for v in _products(x, w)))
        yield AtEvents(rows, time, deaths, low, high, own, risk, gone)


def _products(x: Array, w: Array) -> tuple[Array, Array, Array]:
    first = x * w[:, None]
    return w, first, first[:, :, None] * x[:, None, :]


def _at_risk(values: Array, low: Ints, high: Ints, times: int) -> Array:
    """Sums over the rows at risk at each time: what enters less what has left."""
    change = np.zeros((times + 1, *values.shape[1:]))
    np.add.at(change, low, values)
    np.subtract.at(change, high, values)
    total: Array = change.cumsum(0)[:times]
    return total


def _at_own(values: Array, own: Ints, times: int) -> Array:
    total = np.zeros((times, *values.shape[1:]))
    np.add.at(total, own[own >= 0], values[own >= 0])
    return total


def _sums_of_dead(part: AtEvents, matrix: Array, data: Times) -> Array:
    total = np.zeros((len(part.time), matrix.shape[1]))
    dead = data.event[part.rows]
    np.add.at(total, part.own[dead], matrix[part.rows][dead])
    return total


def _between(per_time: Array, part: AtEvents) -> Array:
    """The sum of something per time over the times at which each row is at risk."""
    running = np.concatenate((np.zeros((1, per_time.shape[1])), per_time.cumsum(0)))
    found: Array = running[part.high] - running[part.low]
    return found


def _one(j: int, score: Array, plain: Array, once: Array, twice: Array) -> float:
    """The test of one term: its drift, given all coefficients."""
    row = once[j]
    return float(score[j] ** 2 / (twice[j, j] - row @ np.linalg.solve(plain, row)))


def _kaplan_meier_scale(data: Times) -> dict[float, float]:
    """1 - S(t-), over all strata together, for each time of an event."""
    times, events = np.unique(data.stop[data.event], return_counts=True)
    at_risk = _still(data.stop, times) - _still(data.start, times)
    survival = np.cumprod(1 - events / at_risk)
    before = np.concatenate(([1.0], survival[:-1]))
    return dict(zip(times.tolist(), (1 - before).tolist(), strict=True))


def _still(ends: Array, times: Array) -> Array:
    return (len(ends) - np.searchsorted(np.sort(ends), times, side="left")).astype(np.float64)
