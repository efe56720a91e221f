"""Aalen-Johansen: the estimate against statsmodels, its error against brute force."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from carenotebook.results.statistics import cumulative_incidence


def _data(seed: int, n: int = 240, clusters: int = 240, longest: int = 60):
    rng = np.random.default_rng(seed)
    frailty = rng.gamma(2.0, 0.5, clusters)
    cluster = rng.integers(0, clusters, n) if clusters < n else np.arange(n)
    event = rng.exponential(30 / frailty[cluster])
    other, censored = rng.exponential(50, n), rng.uniform(5, longest, n)
    times = np.column_stack([censored, event, other])
    duration = np.ceil(times.min(axis=1)).astype(np.int64)
    return duration, times.argmin(axis=1).astype(np.int64), cluster.astype(np.int64)


def _weighted(duration, cause, weight, at):
    """The estimator written as its definition, with a weight a row."""
    survival = total = 0.0
    survival = 1.0
    for t in np.unique(duration[duration <= at]):
        risk = weight[duration >= t].sum()
        here = duration == t
        total += survival * weight[here & (cause == 1)].sum() / risk
        survival *= 1 - weight[here & (cause > 0)].sum() / risk
    return total


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimate_agrees_with_statsmodels(seed):
    duration, cause, cluster = _data(seed)
    theirs = CumIncidenceRight(duration, cause)
    ours = cumulative_incidence(duration, cause, cluster, theirs.times.astype(np.int64))
    # The same sums in another order: float64 rounding only.
    np.testing.assert_allclose(ours.estimate, theirs.cinc[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("seed", "clusters"), [(1, 240), (2, 60), (3, 25)])
def test_error_is_the_sum_of_squared_numeric_derivatives(seed, clusters):
    duration, cause, cluster = _data(seed, clusters=clusters)
    at = np.array([5, 20, 40, 60])
    ours = cumulative_incidence(duration, cause, cluster, at)
    step = 1e-5
    for t, error in zip(at, ours.std_error, strict=True):
        derivative = []
        for c in np.unique(cluster):
            up, down = (np.where(cluster == c, 1 + s, 1.0) for s in (step, -step))
            change = _weighted(duration, cause, up, t) - _weighted(duration, cause, down, t)
            derivative.append(change / (2 * step))
        brute = np.sqrt((np.array(derivative) ** 2).sum())
        # A central difference with step h errs by h squared and by rounding over h: about 1e-10.
        assert error == pytest.approx(brute, abs=1e-8)


@pytest.mark.parametrize("seed", [4, 5])
def test_error_is_near_the_jackknife_that_leaves_out_one_client(seed):
    clusters = 100
    duration, cause, cluster = _data(seed, n=400, clusters=clusters)
    ours = cumulative_incidence(duration, cause, cluster, np.array([30]))
    left_out = np.array(
        [_weighted(duration, cause, (cluster != c).astype(float), 30) for c in np.unique(cluster)]
    )
    m = len(left_out)
    jackknife = np.sqrt((m - 1) / m * ((left_out - left_out.mean()) ** 2).sum())
    # The two differ by terms of order 1/m relative (the infinitesimal one is the first-order
    # term of the other): 3/m leaves room for unequal clusters.
    assert ours.std_error[0] == pytest.approx(jackknife, rel=3 / m)


def test_error_where_everyone_left_has_the_event_at_the_last_time():
    duration, cause = np.array([1, 2, 3, 3]), np.array([0, 2, 1, 1])
    ours = cumulative_incidence(duration, cause, np.arange(4), np.array([3]))
    step, derivative = 1e-5, []
    for row in range(4):
        up, down = np.ones(4), np.ones(4)
        up[row], down[row] = 1 + step, 1 - step
        change = _weighted(duration, cause, up, 3) - _weighted(duration, cause, down, 3)
        derivative.append(change / (2 * step))
    assert ours.std_error[0] == pytest.approx(np.sqrt((np.array(derivative) ** 2).sum()), abs=1e-8)


def test_without_censoring_or_competition_it_is_the_binomial():
    duration = np.repeat(np.arange(1, 11), 5)
    ours = cumulative_incidence(
        duration, np.ones(50, np.int64), np.arange(50), np.array([0, 4, 10])
    )
    np.testing.assert_allclose(ours.estimate, [0, 0.4, 1.0], atol=1e-12)
    np.testing.assert_allclose(ours.std_error[1], np.sqrt(0.4 * 0.6 / 50), atol=1e-12)
    assert ours.at_risk.tolist() == [50, 35, 5]
