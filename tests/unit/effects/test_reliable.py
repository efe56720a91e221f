"""Reliable change: whom it counts as changed, and what it says."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError

PAIRS = pl.DataFrame(
    {
        "who": [f"XQ-{i // 2:03}" for i in range(120)],
        "before": [30.0, 28.0, 26.0] * 40,
        "after": [12.0, 27.0, 38.0] * 40,
    }
)


def study(frame=PAIRS, **options):
    given = {"sd": 7.5, "reliability": 0.8, **options}
    return cn.effects.reliable_change(frame, "before", "after", **given)


def test_a_change_counts_in_the_instruments_direction():
    worse, better = study(), study(higher_is_better=True)

    assert worse.scores["state"][:3].to_list() == ["improved", "no_reliable_change", "deteriorated"]
    assert better.scores["state"][:3].to_list() == [
        "deteriorated",
        "no_reliable_change",
        "improved",
    ]
    assert worse.tidy()["term"].to_list() == ["improved", "no_reliable_change", "deteriorated"]
    assert worse.tidy()["estimate"].sum() == pytest.approx(1)


def test_recovery_needs_a_reliable_change_across_the_threshold():
    found = study(PAIRS.with_columns(after=pl.Series([12.0, 27.0, 13.0] * 40)), case_at=14)
    near = study(pl.DataFrame({"before": [15.0, 30.0], "after": [13.0, 13.0]}), case_at=14)

    assert found.scores["recovered"][:3].to_list() == [True, False, True]
    assert near.scores["recovered"].to_list() == [False, True]


def test_shares_are_hidden_where_few_stand_behind_them_and_rows_counted():
    frame = PAIRS.with_columns(
        after=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise("after")
    )
    found = study(frame, client="who")

    assert found.basis.left_out == {"no after": 5}
    assert found.basis.rows == 115
    assert "Left out: fewer than 11 (no after)" in found.summary()
    few = study(PAIRS.head(24))
    assert "hidden" in few.summary()
    assert few.released().frame["estimate"].null_count() == 3


@pytest.mark.parametrize("given", [{"sd": 0}, {"reliability": 1.0}])
def test_what_cannot_be_a_spread_or_a_reliability_is_refused(given):
    with pytest.raises(OptionError, match="sd= is above 0"):
        study(**given)


@pytest.mark.parametrize("given", [{"sd": "7"}, {"case_at": "14"}, {"sd": float("nan")}])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(OptionError, match="are numbers"):
        study(**given)
