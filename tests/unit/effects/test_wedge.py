"""Stepped wedges with a known truth, and what they refuse."""

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError


def rollout(clusters=16, periods=6, effects=(1.0, 2.0, 3.0, 4.0, 5.0), rows=4, seed=1):
    """One cluster after another, in turn; `effects` by time since it was reached."""
    rng = np.random.default_rng(seed)
    made = []
    for c in range(clusters):
        first, level = 2 + c % (periods - 1), rng.normal(20, 2)
        for t in range(1, periods + 1):
            dose = effects[t - first] if t >= first else 0.0
            values = level + 0.7 * t + dose + rng.normal(0, 1, rows)
            made += [(c, t, first, float(v)) for v in values]
    return pl.DataFrame(made, schema=["site", "month", "first", "missed"], orient="row")


def study(frame, **options):
    return cn.effects.stepped_wedge(frame, "missed", "site", "month", "first", **options)


def test_growing_effects_are_found_where_the_immediate_model_is_misled():
    found = study(rollout())
    tidy = {r["term"]: r for r in found.tidy().iter_rows(named=True)}

    assert tidy["average_effect"]["conf_low"] < 3.0 < tidy["average_effect"]["conf_high"]
    for k in range(1, 6):
        assert tidy[f"exposure_{k}"]["conf_low"] < k < tidy[f"exposure_{k}"]["conf_high"]
    assert found.immediate["conf_high"].item() < 3.0
    assert found.same_effect_p < 0.001
    assert "a model with one immediate effect would have said" in found.summary()


def test_a_constant_effect_is_told_as_constant():
    found = study(rollout(effects=(2.0,) * 5))

    assert found.same_effect_p > 0.05
    assert found.immediate["estimate"].item() == pytest.approx(2.0, abs=0.5)


def test_clusters_that_do_not_differ_have_no_variance_and_no_error():
    frame = rollout().with_columns(
        missed=pl.Series(np.random.default_rng(2).normal(size=16 * 6 * 4))
    )

    assert study(frame).variances["cluster"] == pytest.approx(0, abs=0.05)


def test_missing_scores_are_left_out_and_counted():
    frame = rollout().with_columns(
        missed=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise("missed")
    )

    assert study(frame).basis.left_out["no missed"] == 3


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        ({"first": pl.lit(3)}, {}, "at two times at least"),
        ({"first": pl.lit(0)}, {}, "at two times at least"),
        ({"first": pl.col("month")}, {}, "must be the same in all rows"),
        ({"site": pl.col("site") % 2, "first": 3 + pl.col("site") % 2}, {}, "at least 4 clusters"),
        ({"missed": pl.lit(1.0)}, {}, "is the same in every row"),
        ({}, {"random": "everything"}, "is not one of"),
    ],
)
def test_refuses_with_a_reason(change, options, says):
    with pytest.raises(OptionError, match=says):
        study(rollout().with_columns(**change), **options)


def test_cells_of_one_row_cannot_have_an_effect_of_their_own():
    with pytest.raises(OptionError, match="several rows a cluster and period"):
        study(rollout(rows=1), random="cluster_period")
