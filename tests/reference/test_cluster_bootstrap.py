"""The cluster bootstrap against refitting every draw through statsmodels."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

import carenotebook as cn
from carenotebook.core.errors import OptionError
from carenotebook.effects import multiplicities


def visits(rows=2000, clusters=100, seed=1):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, clusters, rows)
    level = rng.normal(0, 0.8, clusters)[who]
    late, site = rng.integers(0, 2, rows), rng.choice(["North", "South"], rows)
    distance = rng.normal(0, 1, rows)
    chance = 1 / (1 + np.exp(-(-1 + 0.5 * late + 0.3 * distance + level)))
    return pl.DataFrame(
        {
            "who": who,
            "late": late,
            "site": site,
            "distance": distance,
            "missed": rng.random(rows) < chance,
        }
    )


def refitted(frame, covariates, weights):
    """One draw as its definition: rows repeated as often as their cluster was drawn."""
    rows = np.repeat(np.arange(frame.height), weights[frame["who"].to_numpy()].astype(int))
    taken = frame[rows]
    columns = [
        (taken[c] == "South").cast(float) if c == "site" else taken[c].cast(float)
        for c in covariates
    ]
    exog = sm.add_constant(np.column_stack([c.to_numpy() for c in columns]))
    fit = sm.Logit(taken["missed"].cast(float).to_numpy(), exog).fit(disp=0, tol=1e-12)
    return np.asarray(fit.params)


COUNTED, BY_ROW = {}, {"resampled.MOST_CELLS": 0}


@pytest.mark.parametrize("covariates", [["late", "site"], ["late", "distance"]])
@pytest.mark.parametrize("clusters", [100, 8])
@pytest.mark.parametrize("limits", [COUNTED, BY_ROW, BY_ROW | {"rowwise._MOST_SUMS": 0}])
def test_every_draw_is_what_refitting_its_rows_gives(covariates, clusters, limits, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setattr(f"carenotebook.effects.{name}", value)
    frame = visits(clusters=clusters)
    found = cn.effects.cluster_bootstrap(frame, "missed", covariates, "who", draws=6, seed=4)

    weights = next(multiplicities.drawn(np.random.default_rng(4), 6, clusters))
    slow = np.stack([refitted(frame, covariates, w) for w in weights])
    np.testing.assert_allclose(found.draws.to_numpy(), slow, rtol=0, atol=1e-8)
    whole = refitted(frame, covariates, np.ones(clusters))
    np.testing.assert_allclose(found.tidy()["estimate"].to_numpy(), whole, rtol=0, atol=1e-8)


@pytest.mark.parametrize("limits", [COUNTED, BY_ROW])
def test_neither_the_order_of_rows_nor_how_clusters_are_named_matters(limits, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setattr(f"carenotebook.effects.{name}", value)
    monkeypatch.setattr("carenotebook.effects.rowwise._CHUNK", 300)
    frame = visits()
    named = frame.with_columns(pl.format("client {}", pl.col("who") + 100))
    far = frame.with_columns(pl.col("who") * 1_000_003)
    first, *others = (
        cn.effects.cluster_bootstrap(f, "missed", ["late", "distance"], "who", draws=4, seed=4)
        for f in (frame, frame.reverse(), named, far)
    )
    for other in others:
        np.testing.assert_allclose(first.draws.to_numpy(), other.draws.to_numpy(), atol=1e-8)


def test_errors_know_of_clusters():
    # Each client's rows are alike, so that rows alone would look four times as many as they are.
    once = visits(rows=300, clusters=300)
    many = pl.concat([once] * 4)
    alone, repeated = (
        cn.effects.cluster_bootstrap(f, "missed", ["late"], "who", seed=2) for f in (once, many)
    )

    for term in ("Intercept", "late"):
        pair = [f.tidy().filter(term=term)["std_error"].item() for f in (alone, repeated)]
        assert pair[0] == pytest.approx(pair[1])


@pytest.mark.parametrize(
    ("clusters", "tail"),
    # R gives for pnorm(qt(0.025, n - 1) * sqrt(n / (n - 1))):
    [(16, 0.01385557040), (1000, 0.02480430591)],
)
def test_intervals_reach_further_the_fewer_clusters_there_are(clusters, tail):
    frame = visits(rows=20_000, clusters=clusters)
    found = cn.effects.cluster_bootstrap(frame, "missed", ["late"], "who", draws=199)
    # Hyndman & Fan's sixth definition: of 199 draws the fifth is percentile 2.5.
    low, high = np.quantile(found.draws["late"], (tail, 1 - tail), method="weibull")

    row = found.tidy().row(by_predicate=pl.col("term") == "late", named=True)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        ({"missed": pl.lit(2)}, {}, "0 or 1"),
        ({"missed": pl.lit(1)}, {}, "same in every row"),
        ({"who": pl.lit(1)}, {}, "single cluster"),
        ({"late": pl.col("missed").cast(pl.Int64)}, {}, "separates"),
        ({"late": pl.lit(1)}, {}, "leave it out"),
        ({}, {"draws": 1}, "draws"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, options, says):
    with pytest.raises(OptionError, match=says):
        cn.effects.cluster_bootstrap(
            visits().with_columns(**change), "missed", ["late"], "who", **options
        )
