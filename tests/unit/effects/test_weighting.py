"""Weighted differences: what they recover, and what they refuse."""

import numpy as np
import polars as pl
import pytest
from statsmodels.api import Logit, add_constant

import carenotebook as cn
from carenotebook.core.errors import OptionError


def confounded(rows=1500, slope=1.0, seed=1):
    """The severer are treated more often; treatment lowers the score by 2."""
    chance = np.random.default_rng(seed)
    severe = chance.normal(size=rows)
    treated = chance.uniform(size=rows) < 1 / (1 + np.exp(-slope * severe))
    score = 10 + 3 * severe - 2 * treated + chance.normal(size=rows)
    site = chance.choice(["North", "South"], rows)
    return pl.DataFrame({"score": score, "treated": treated, "severe": severe, "site": site})


@pytest.mark.parametrize("method", ["iptw", "overlap"])
def test_weights_recover_what_a_plain_comparison_misses(method):
    frame = confounded()
    found = cn.effects.weighted_effect(frame, "score", "treated", ["severe", "site"], method)
    row = found.tidy().row(0, named=True)
    means = frame.group_by("treated").agg(pl.col("score").mean()).sort("treated")["score"]

    assert means[1] - means[0] > 0
    assert row["conf_low"] < -2 < row["conf_high"]
    assert found.balance["before"].abs().max() > 0.5
    assert found.balance["balanced"].all()


def test_weights_are_cut_where_asked_for_alone():
    frame = confounded()
    whole, cut = (
        cn.effects.weighted_effect(frame, "score", "treated", ["severe"], **more)
        for more in ({}, {"truncate": 0.05})
    )
    chance = Logit(frame["treated"], add_constant(frame["severe"].to_numpy())).fit(disp=0).predict()
    treated = frame["treated"].to_numpy() == 1
    means = [
        np.average(frame["score"].to_numpy()[g], weights=1 / p[g])
        for g, p in ((treated, chance), (~treated, 1 - chance))
    ]

    assert whole.tidy()["estimate"].item() == pytest.approx(means[0] - means[1], abs=1e-8)
    assert "truncat" not in whole.summary()
    assert "before that" not in whole.summary()
    assert "truncated at the 5.0% ends" in cut.summary()


def test_rows_with_a_missing_value_are_counted():
    frame = confounded(300).with_columns(
        severe=pl.when(pl.int_range(pl.len()) < 20).then(None).otherwise("severe")
    )
    found = cn.effects.weighted_effect(frame, "score", "treated", ["severe"])

    assert found.basis.left_out == {"no severe": 20}
    assert found.basis.rows == 280


@pytest.mark.parametrize(
    ("change", "adjust", "told"),
    [
        ({"treated": pl.lit(1)}, ["severe"], "one group only"),
        ({"treated": pl.lit("yes")}, ["severe"], "must hold numbers"),
        ({"treated": (pl.int_range(pl.len()) < 5).cast(int)}, ["severe"], "fewer than 10"),
        ({"treated": pl.col("severe") > 0}, ["severe"], "severe separates the groups"),
        ({"treated": pl.col("site") == "North"}, ["site"], r"site\[South\] separates"),
        ({"same": pl.lit(3)}, ["same"], "same in every row"),
        ({"twice": pl.col("severe") * 2}, ["severe", "twice"], "collinear"),
        ({}, [], "adjust="),
    ],
)
def test_what_cannot_be_weighed_is_refused(change, adjust, told):
    with pytest.raises(OptionError, match=told):
        cn.effects.weighted_effect(
            confounded(300).with_columns(**change), "score", "treated", adjust
        )


def test_an_outcome_is_not_adjusted_for_itself():
    with pytest.raises(OptionError, match="score is named in two places"):
        cn.effects.weighted_effect(confounded(300), "score", "treated", ["severe", "score"])


def test_exploding_weights_are_refused_and_overlap_weights_are_not():
    frame = confounded(3000, slope=6.0)

    with pytest.raises(OptionError, match="weights explode"):
        cn.effects.weighted_effect(frame, "score", "treated", ["severe"])
    found = cn.effects.weighted_effect(frame, "score", "treated", ["severe"], "overlap")
    assert found.tidy()["conf_low"].item() < -2 < found.tidy()["conf_high"].item()


def test_few_rows_are_hidden_where_shown():
    found = cn.effects.weighted_effect(confounded(40), "score", "treated", ["severe"])

    assert found.tidy()["estimate"].item() is not None
    shown = found.released(cn.Privacy(min_cell=50))
    assert shown.frame["estimate"].item() is None


def test_overlap_weights_serve_where_hardly_any_control_is_like_the_treated():
    chance = np.random.default_rng(4)
    severe = np.concatenate([chance.normal(4, 1, 60), chance.normal(0, 1.2, 3000)])
    treated = np.arange(3060) < 60
    score = 10 + severe - 2 * treated + chance.normal(size=3060)
    frame = pl.DataFrame({"score": score, "treated": treated, "severe": severe})
    found = cn.effects.weighted_effect(frame, "score", "treated", ["severe"], "overlap")

    assert (found.overlap["effective"] / found.overlap["rows"]).min() < 0.1
    assert found.tidy()["conf_low"].item() < -2 < found.tidy()["conf_high"].item()
