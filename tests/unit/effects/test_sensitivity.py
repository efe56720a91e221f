"""What missing, wrongly recorded and early-ending outcomes could do to a comparison."""

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError

SCORES = pl.DataFrame(
    {
        "score": [8.0, 9, 7, None, 12, 14, 13, None, 13, 12],
        "seen": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
    }
)


def test_tipping_points_by_hand():
    found = cn.effects.tipping_point(SCORES, "score", "seen", deltas=[0, 8]).tidy()
    shifted = found.filter(delta_treated=8, delta_untreated=0).row(0, named=True)

    # 8 + 8 / 4 against 12.8; variances 1 / 3 + 64 * (1 / 4) * (3 / 4) / 4 and 0.7 / 5.
    assert found["estimate"].to_list() == pytest.approx(
        [8 - 12.8, 8 - 12.8 - 8 / 6, 10 - 12.8, 10 - 12.8 - 8 / 6]
    )
    assert shifted["std_error"] == pytest.approx((1 / 3 + 3 + 0.7 / 5) ** 0.5)
    assert found["changes"].to_list() == [False, False, True, True]


def test_the_summary_names_the_nearest_pair_that_changes_the_conclusion():
    found = cn.effects.tipping_point(SCORES, "score", "seen", deltas=[0, 8])

    assert "nearest is 8 if treated and 0 if not" in found.diagnostics()["diagnostic"][0]


def test_without_missing_outcomes_there_is_nothing_to_tip():
    with pytest.raises(OptionError, match="nothing to tip"):
        cn.effects.tipping_point(SCORES.drop_nulls(), "score", "seen")


def test_a_risk_cannot_leave_its_range():
    risks = SCORES.with_columns(score=(pl.col("score") > 8).cast(pl.Int64))

    with pytest.raises(OptionError, match="out of 0 to 1"):
        cn.effects.tipping_point(risks, "score", "seen", deltas=[0, 0.9])


def test_misclassification_by_rogan_and_gladen():
    data = pl.DataFrame(
        {"left": [1] * 30 + [0] * 70 + [1] * 50 + [0] * 50, "fee": [0] * 100 + [1] * 100}
    )
    found = cn.effects.misclassified_outcome(data, "left", "fee", [0.8, 1.0], [0.6, 1.0]).tidy()

    # Recorded 0.3 and 0.5: with a specificity of 0.6 nobody could have 0.3 recorded.
    assert found["estimate"].to_list() == [None, pytest.approx(0.25), None, pytest.approx(0.2)]
    error = (0.3 * 0.7 / 100 + 0.25 / 100) ** 0.5
    assert found["std_error"][1] == pytest.approx(error / 0.8)


def test_records_that_tell_nothing_are_refused():
    data = pl.DataFrame({"left": [1, 0, 1, 0], "fee": [0, 0, 1, 1]})

    with pytest.raises(OptionError, match="tells nothing"):
        cn.effects.misclassified_outcome(data, "left", "fee", [0.5], [0.5])


def courses(*, good_enough):
    """Each either changes by 12 in all, however long it takes, or by 1.2 a session."""
    chance = np.random.default_rng(2)
    rows = []
    for who in range(60):
        total, start = 3 + who % 8, chance.normal(18, 3)
        pace = 12 / total if good_enough else 1.2
        pace += chance.normal(0, 0.3)
        rows += [(who, s, start - pace * s + chance.normal()) for s in range(1, total + 1)]
    return pl.DataFrame(rows, schema=["who", "session", "score"], orient="row")


@pytest.mark.parametrize("good_enough", [True, False])
def test_shorter_care_changes_faster_only_where_people_leave_when_well(good_enough):
    found = cn.effects.good_enough_level(
        courses(good_enough=good_enough), "score", "who", "session"
    )
    low = found.tidy().filter(term="session_by_length")["conf_low"].item()

    assert (low > 0) == good_enough
    assert (found.diagnostics()["holds"][0] is False) == good_enough


def test_equal_lengths_cannot_be_compared():
    with pytest.raises(OptionError, match="as many sessions"):
        cn.effects.good_enough_level(
            courses(good_enough=False).filter(pl.col("session") <= 3), "score", "who", "session"
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda f: cn.effects.tipping_point(f, "event", "treated", deltas=["a"]),
        lambda f: cn.effects.misclassified_outcome(f, "event", "treated", sensitivity="0.9"),
    ],
)
def test_what_is_tried_must_be_numbers(call):
    frame = pl.DataFrame({"event": [0, 1, None] * 8, "treated": [0, 1] * 12})
    with pytest.raises(OptionError, match="takes numbers"):
        call(frame)
