"""Net benefit by hand, after Vickers & Elkin 2006."""

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError

PEOPLE = pl.DataFrame(
    {
        "event": [1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        "good": [0.9, 0.6, 0.4, 0.4, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1],
        "flat": [0.3] * 10,
    }
)


def test_net_benefit_by_hand():
    found = cn.effects.decision_curve(PEOPLE, "event", ["good", "flat"], [0.25, 0.5]).tidy()

    assert found.select("model", "threshold").rows() == [
        (m, t) for m in ("good", "flat", "all", "none") for t in (0.25, 0.5)
    ]
    # good at 0.25: 3 true and 1 false of 10, odds 1/3; at 0.5: 2 true and none false.
    # all at 0.25: 3 true, 7 false; at 0.5: odds 1.
    by_hand = [0.3 - 0.1 / 3, 0.2, 0.3 - 0.7 / 3, 0, 0.3 - 0.7 / 3, 0.3 - 0.7, 0, 0]
    assert found["net_benefit"].to_list() == pytest.approx(by_hand)


def test_a_prediction_at_the_threshold_is_acted_on():
    found = cn.effects.decision_curve(PEOPLE, "event", "good", [0.4]).tidy()

    assert found.row(0, named=True)["true_positives"] == 3
    assert found.row(0, named=True)["false_positives"] == 1


@pytest.mark.parametrize(
    ("change", "predictions", "thresholds", "told"),
    [
        ({"event": pl.lit(0)}, "good", [0.2], "one group only"),
        ({"event": pl.col("event") * 2}, "good", [0.2], "0 and 1"),
        ({"good": pl.col("good") * 2}, "good", [0.2], "probabilities"),
        ({}, "good", [-0.1], "from 0"),
        ({}, "good", [1.0], "from 0"),
        ({}, "good", ["0.2"], "takes numbers"),
        ({}, "good", "0.2", "takes numbers"),
        ({}, "good", [], "from 0"),
        ({"all": pl.lit(0.5)}, "all", [0.2], "called all or none"),
        ({}, "other", [0.2], "no column other"),
    ],
)
def test_what_is_no_prediction_is_refused(change, predictions, thresholds, told):
    with pytest.raises(OptionError, match=told):
        cn.effects.decision_curve(PEOPLE.with_columns(**change), "event", predictions, thresholds)


def test_at_a_threshold_of_0_everybody_is_acted_on():
    found = cn.effects.decision_curve(PEOPLE, "event", "good", [0, 0.2]).tidy()
    share = PEOPLE["event"].mean()

    assert found.filter(model="all", threshold=0)["net_benefit"].item() == pytest.approx(share)
    assert found.filter(model="good", threshold=0)["net_benefit"].item() == pytest.approx(share)


def test_small_cells_are_hidden_and_counts_never_shown():
    chance = np.random.default_rng(1)
    risk = chance.uniform(size=400)
    event = (chance.uniform(size=400) < risk).astype(int)
    frame = pl.DataFrame({"event": event, "risk": risk})
    found = cn.effects.decision_curve(frame, "event", "risk", [0.01, 0.5])
    shown = found.released().frame

    assert shown.filter(model="risk")["suppressed"].to_list() == [True, False]
    assert shown.filter(model="risk")["net_benefit"].null_count() == 1
    assert "true_positives" not in shown.columns
    assert "risk" in found.plot().alternative
