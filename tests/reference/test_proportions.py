"""Proportions against statsmodels: Wilson's interval and the cluster-robust variance."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from carenotebook.results.proportions import proportions, shares
from carenotebook.results.statistics import wilson


@pytest.mark.parametrize(("events", "total"), [(0, 10), (3, 10), (10, 10), (240, 4980), (1, 1)])
def test_wilson_is_that_of_statsmodels(events, total):
    low, high = wilson([events], [total])
    theirs = proportion_confint(events, total, method="wilson")
    # One formula in float64; at 0 and 1 it cancels to rounding error.
    np.testing.assert_allclose((low[0], high[0]), theirs, atol=1e-12)


def _visits(seed, clients=80):
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 12, clients)
    ids = np.repeat(np.arange(clients), rows)
    came = rng.random(len(ids)) < rng.beta(3, 1.5, clients)[ids]
    return ids, came


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_standard_error_is_that_of_a_cluster_robust_fit(seed):
    ids, came = _visits(seed)
    frame = pl.DataFrame({"client_id": [str(i) for i in ids], "came": came})
    row = proportions(frame, "came").row(0, named=True)
    fit = sm.OLS(came.astype(float), np.ones(len(ids))).fit(
        cov_type="cluster", cov_kwds={"groups": ids, "use_correction": True}
    )
    assert row["design_effect"] > 1
    assert row["estimate"] == pytest.approx(fit.params[0], abs=1e-12)
    # statsmodels corrects by m/(m-1) * (N-1)/(N-1): the same factor with one coefficient.
    assert row["std_error"] == pytest.approx(fit.bse[0], abs=1e-12)


def test_shares_have_the_errors_of_the_same_proportions():
    ids, came = _visits(4)
    frame = pl.DataFrame({"client_id": [str(i) for i in ids], "came": came, "group": ids % 3})
    frame = frame.with_columns(state=pl.when("came").then(pl.lit("yes")).otherwise(pl.lit("no")))
    direct = proportions(frame, "came", by=["group"])
    divided = shares(frame, "state", by=["group"]).filter(pl.col("state") == "yes").drop("state")
    assert direct.equals(divided)


def test_one_row_a_client_gives_plain_wilson():
    frame = pl.DataFrame(
        {"client_id": [str(i) for i in range(50)], "came": [True] * 12 + [False] * 38}
    )
    row = proportions(frame, "came").row(0, named=True)
    theirs = proportion_confint(12, 50, method="wilson")
    assert row["design_effect"] == 1
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), theirs, atol=1e-12)


@pytest.mark.parametrize(("clients", "freedom"), [(2, 1.0), (10, 9.0), (80, 79.0)])
def test_repeated_rows_take_the_quantile_of_student(clients, freedom):
    ids, came = _visits(5, clients)
    row = proportions(pl.DataFrame({"client_id": [str(i) for i in ids], "came": came}), "came")
    effect, events, rows = row.select("design_effect", "numerator", "denominator").row(0)
    quantile = student.ppf(0.975, freedom)
    low, high = wilson([events / effect], [rows / effect], quantile)
    # The two quantiles of scipy are inverted by different routines.
    np.testing.assert_allclose(
        (row["conf_low"][0], row["conf_high"][0]), (low[0], high[0]), rtol=1e-9
    )


def test_the_interval_covers_the_truth_with_few_clients():
    """Ten clients, 400 times: a 95 % interval should miss about 20 times.

    With a true rate of 95 %, 400 draws fall below 92 % in 1 of 100 cases.
    """
    truth, covered = 3 / 4.5, 0
    for seed in range(400):
        ids, came = _visits(1000 + seed, clients=10)
        row = proportions(pl.DataFrame({"client_id": [str(i) for i in ids], "came": came}), "came")
        covered += row["conf_low"][0] <= truth <= row["conf_high"][0]
    assert covered >= 0.92 * 400


def test_one_client_alone_tells_nothing_of_others():
    visits = pl.DataFrame({"client_id": ["a", "a", "a"], "came": [True, False, True]})
    row = proportions(visits, "came")
    assert row.select("conf_low", "conf_high").row(0) == (0.0, 1.0)
