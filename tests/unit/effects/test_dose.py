"""Dose-response: curves and breaks that are there, or are not."""

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError
from carenotebook.effects.attendingwords import by_tens


def doses(rows=600, jump=0.0, kink=0.0, seed=1):
    """A score that falls smoothly with the share, and breaks at 0.6 if asked."""
    chance = np.random.default_rng(seed)
    share = chance.uniform(0, 1, rows).round(3)
    severe = chance.normal(size=rows)
    broken = jump * (share >= 0.6) + kink * np.maximum(share - 0.6, 0)
    score = 14 - 4 * share + broken + severe + chance.normal(size=rows)
    return pl.DataFrame({"score": score, "share": share, "severe": severe})


def term(found, name):
    return found.tidy().row(by_predicate=pl.col("term") == name, named=True)


def test_a_jump_is_found_where_it_is():
    found = cn.effects.dose_response(doses(jump=-3), "score", "share", ["severe"], threshold=0.6)
    best = term(found, "best_break")

    assert term(found, "jump")["conf_low"] < -3 < term(found, "jump")["conf_high"]
    assert term(found, "jump_or_kink")["p_value"] < 0.001
    assert best["p_value"] < 0.01
    assert best["conf_low"] <= 0.6 <= best["conf_high"]
    assert best["conf_high"] - best["conf_low"] < 0.05
    assert found.diagnostics()["holds"].to_list() == [None, True]


def test_without_a_break_none_is_claimed_and_its_place_is_open():
    found = cn.effects.dose_response(doses(), "score", "share", ["severe"], threshold=0.8)
    best = term(found, "best_break")

    assert term(found, "jump_or_kink")["p_value"] > 0.05
    assert best["p_value"] > 0.05
    assert best["conf_high"] - best["conf_low"] > 0.4
    assert "do not locate" in found.summary()
    assert "effect" not in found.summary().lower()


def test_a_kink_for_ten_points_is_that_of_a_share_counted_in_tens():
    frame = doses(kink=-5).with_columns(tens=10 * pl.col("share"))
    whole = cn.effects.dose_response(frame, "score", "share", threshold=0.6)
    counted = cn.effects.dose_response(frame, "score", "tens", threshold=6)

    told = by_tens(whole.tidy()).filter(term="kink_10_points").row(0)[1:]
    assert told == pytest.approx(counted.tidy().filter(term="kink").row(0)[1:])
    assert "change of slope, for one more of the dose: " in whole.summary()


def test_a_straight_line_is_not_called_curved_and_a_bow_is():
    straight = cn.effects.dose_response(doses(), "score", "share", ["severe"])
    bow = doses().with_columns(score=pl.col("score") + 20 * (pl.col("share") - 0.5) ** 2)
    bent = cn.effects.dose_response(bow, "score", "share", ["severe"])

    assert term(straight, "non_linearity")["p_value"] > 0.05
    assert term(bent, "non_linearity")["p_value"] < 0.001


def test_the_same_seed_draws_the_same():
    twice = [cn.effects.dose_response(doses(), "score", "share", threshold=0.8) for _ in range(2)]

    assert twice[0].tidy().equals(twice[1].tidy())


@pytest.mark.parametrize(
    ("change", "options", "told"),
    [
        ({"share": pl.int_range(pl.len()) % 4}, {}, "4 distinct doses are too few"),
        ({"share": pl.lit(1.0)}, {}, "1 distinct doses are too few"),
        ({"share": pl.when(pl.col("share") < 0.9).then(0.0).otherwise("share")}, {}, "crowded"),
        ({}, {"knots": 9}, "knots="),
        ({}, {"threshold": 1.2}, "one side"),
        ({}, {"threshold": "0.8"}, "a number"),
        ({}, {"adjust": "score"}, "two places"),
        ({"again": pl.col("share") * 2}, {"adjust": ["again"]}, "collinear"),
        ({"score": pl.lit(3.0)}, {}, "same in every row"),
        ({"site": pl.lit("North")}, {"cluster": "site"}, "single value"),
    ],
)
def test_what_cannot_carry_a_curve_is_refused(change, options, told):
    with pytest.raises(OptionError, match=told):
        cn.effects.dose_response(doses().with_columns(**change), "score", "share", **options)


def test_its_chart_says_what_it_shows():
    chart = cn.effects.dose_response(
        doses(jump=-3), "score", "share", ["severe"], threshold=0.6
    ).plot()

    assert "where a break fits best: 0.598" in chart.alternative
    assert chart.svg().startswith("<svg")


def test_many_rows_of_few_clients_are_hidden():
    few = doses(37).with_columns(client_id=pl.int_range(pl.len()) % 9)
    found = cn.effects.dose_response(
        few, "score", "share", threshold=0.5, knots=3, cluster="client_id"
    )

    assert found.released().frame["estimate"].null_count() == found.tidy().height
    assert found.released_curve().frame["estimate"].null_count() == found.curve.height
    assert "Hidden" in found.summary()
    assert "anywhere has p" not in found.summary()
    assert "Diamond" not in str(found.plot().to_dict()["title"])
