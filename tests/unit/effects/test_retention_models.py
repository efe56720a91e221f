"""Survival curves, competing ends and hazard models: what is shown, and what is refused."""

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError


def stays(people=300, seed=1):
    rng = np.random.default_rng(seed)
    far = rng.integers(0, 2, people)
    weeks = np.ceil(rng.exponential(np.where(far, 8, 14)))
    end = np.minimum(weeks, 26)
    return pl.DataFrame(
        {
            "weeks": end,
            "left": weeks <= 26,
            "far": far,
            "way": np.where(weeks > 26, "censored", np.where(rng.random(people) < 0.4, "a", "b")),
            "site": rng.choice(["North", "South", "West"], people),
        }
    )


def curve(frame, **options):
    return cn.effects.survival_curve(frame, "weeks", "left", **options)


def ends(frame, **options):
    return cn.effects.cumulative_incidence(frame, "weeks", "way", **options)


def test_ends_that_exclude_each_other_add_up_to_everyone():
    frame = stays()
    ways = ends(frame).tidy()
    still = curve(frame).tidy()

    total = ways.group_by("time").agg(pl.col("estimate").sum()).join(still, on="time")
    assert total.height == still.height
    everyone = (total["estimate"] + total["estimate_right"]).to_list()
    assert everyone == pytest.approx([1.0] * still.height)


def test_null_is_a_group_of_its_own():
    frame = stays().with_columns(site=pl.col("site").replace("West", None))

    assert curve(frame, by="site").tidy()["site"].unique().sort().to_list() == [
        None,
        "North",
        "South",
    ]


def test_rows_that_lack_a_value_are_left_out_and_counted():
    frame = stays().with_columns(weeks=pl.when(pl.int_range(pl.len()) >= 40).then(pl.col("weeks")))
    found = cn.effects.hazard_model(frame, "weeks", "left", ["far"])

    assert found.basis.rows == 260
    assert found.basis.left_out == {"no weeks": 40}
    assert "Left out: about 40 (no weeks)" in found.summary()


def test_a_category_is_held_against_its_first_level():
    found = cn.effects.hazard_model(stays(), "weeks", "left", ["site", "far"])

    assert found.tidy()["term"].to_list() == ["site[South]", "site[West]", "far"]


def test_a_curve_of_few_people_is_hidden_everywhere():
    frame = stays(9)
    for found in (curve(frame), ends(frame)):
        assert found.released().frame["estimate"].drop_nulls().is_empty()
        assert "hidden" in found.summary()
        assert found.plot().svg()


def test_no_shown_step_tells_of_few():
    shown = curve(stays()).released().frame

    exact = curve(stays()).tidy()
    events = [exact.filter(pl.col("time") <= t)["events"].sum() for t in shown["time"]]
    assert all(step >= 11 for step in np.diff([0, *events]))
    assert exact.filter(pl.col("time") == shown["time"][-1])["at_risk"].item() >= 11


@pytest.mark.parametrize(
    ("change", "call", "says"),
    [
        ({"weeks": -1.0}, curve, "below 0"),
        ({"left": 2}, curve, "0 or 1"),
        (
            {"way": "censored"},
            lambda f: cn.effects.cumulative_incidence(f, "weeks", "way"),
            "no row",
        ),
        ({}, lambda f: curve(f).logrank(), "two or more"),
        ({}, lambda f: curve(f).rmst(40), "follow-up"),
        ({"left": False}, lambda f: curve(f, by="far").logrank(), "nothing has happened"),
        ({"far": 1}, lambda f: cn.effects.hazard_model(f, "weeks", "left", ["far"]), "same"),
        ({"left": 0}, lambda f: cn.effects.hazard_model(f, "weeks", "left", ["far"]), "no row"),
        ({}, lambda f: cn.effects.hazard_model(f, "weeks", "left", []), "covariates"),
        ({}, lambda f: cn.effects.hazard_model(f, "weeks", "left", ["age"]), "no column age"),
        (
            {"twice": pl.col("far") * 2},
            lambda f: cn.effects.hazard_model(f, "weeks", "left", ["far", "twice"]),
            "collinear",
        ),
        (
            {"weeks": 5.0, "far": pl.col("left").cast(pl.Int64)},
            lambda f: cn.effects.hazard_model(f, "weeks", "left", ["far"]),
            "separates",
        ),
        (
            {"from": 30.0},
            lambda f: cn.effects.hazard_model(f, "weeks", "left", ["far"], entry="from"),
            "below weeks",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, call, says):
    values = {k: v if isinstance(v, pl.Expr) else pl.lit(v) for k, v in change.items()}
    with pytest.raises(OptionError, match=says):
        call(stays().with_columns(**values))
