"""Estimates side by side: each by its own gate, and the truth beside them."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError
from carenotebook.results.estimate import Basis, Estimate


def estimate(clients=500, **figures):
    row = {"term": ["attended", "lost"], "estimate": [-0.5, 0.4], "conf_low": [-0.6, 0.1]}
    frame = pl.DataFrame({**row, "conf_high": [-0.4, 0.9], **figures})
    return Estimate("By a model", frame, Basis("A difference.", clients, "clients"))


def test_each_row_is_its_results_first_or_named_term_on_one_scale():
    found = cn.effects.side_by_side(
        {"first": estimate(), "named": (estimate(), "lost"), "turned": (estimate(), "lost", -1)},
        truth=-0.3,
    )

    assert found.tidy().drop("method").rows() == [
        ("first", -0.5, -0.6, -0.4, False),
        ("named", 0.4, 0.1, 0.9, False),
        ("turned", -0.4, -0.9, -0.1, True),
    ]
    told = found.summary().splitlines()
    assert told[1] == "- first: -0.5 (95 % CI -0.6 to -0.4; does not hold the truth)"
    assert told[3].endswith("holds the truth)")
    assert "Truth: -0.3." in told


def test_ratios_are_taken_where_asked():
    one = estimate(ratio=[0.6, 1.5], ratio_low=[0.5, 1.1], ratio_high=[0.7, 2.0])

    found = cn.effects.side_by_side({"a": one}, ratio=True, truth=0.65)

    assert found.tidy().drop("method").rows() == [("a", 0.6, 0.5, 0.7, True)]
    with pytest.raises(OptionError, match="'b' has no ratios"):
        cn.effects.side_by_side({"b": estimate()}, ratio=True)


def test_without_a_truth_or_an_interval_nothing_is_said_to_hold_it():
    bare = estimate(conf_low=[None, None], conf_high=[None, None])

    assert cn.effects.side_by_side({"a": estimate()}).tidy()["holds_truth"].to_list() == [None]
    found = cn.effects.side_by_side({"a": bare}, truth=-0.5)
    assert found.tidy()["holds_truth"].to_list() == [None]
    assert "- a: -0.5 (no interval)" in found.summary()


def test_an_estimate_of_few_clients_stays_hidden_beside_others():
    found = cn.effects.side_by_side({"many": estimate(), "few": estimate(clients=9)}, truth=-0.5)

    assert found.released().frame["suppressed"].to_list() == [False, True]
    assert found.released().frame["estimate"].to_list() == [-0.5, None]
    assert "- few: hidden" in found.summary()
    printed = [r for r in _rows(found.plot().to_dict()) if "text" in r]
    assert {"label": "few", "text": "Hidden"} in printed


def test_the_chart_draws_the_truth_and_marks_what_misses_it():
    found = cn.effects.side_by_side({"near": estimate(), "far": (estimate(), "lost")}, truth=-0.5)
    chart = found.plot()

    assert "Orange diamonds: the interval does not hold it" in str(chart.to_dict()["title"])
    assert "does not hold the truth" in chart.alternative
    missed = {r["label"]: r["missed"] for r in _rows(chart.to_dict()) if "missed" in r}
    assert missed == {"near": False, "far": True}


def _rows(chart):
    return [row for rows in chart["datasets"].values() for row in rows]


def test_what_is_asked_for_must_be_there():
    with pytest.raises(OptionError, match="needs estimates"):
        cn.effects.side_by_side({})
    with pytest.raises(OptionError, match="no term 'late'; it has attended, lost"):
        cn.effects.side_by_side({"a": (estimate(), "late")})
