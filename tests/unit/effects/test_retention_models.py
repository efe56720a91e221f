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
        ({"left": False}, lambda f: curve(f, by="far").rmst(40), "follow-up"),
        ({"events": 1}, lambda f: curve(f, by="events"), "rename"),
        ({}, lambda f: curve(f).rmst("20"), "a number"),
        ({}, lambda f: curve(f).rmst(float("nan")), "a number"),
        ({"way": pl.col("far") * 1.5}, ends, "whole numbers"),
        ({"term": 1}, lambda f: ends(f, by="term"), "rename"),
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


def test_groups_that_were_never_followed_side_by_side_are_not_held_against_each_other():
    early = pl.DataFrame({"weeks": [1, 2, 3, 3], "left": [1, 1, 1, 1], "group": ["a"] * 4})
    late = pl.DataFrame({"weeks": [9, 9, 9], "left": [0, 0, 0], "group": ["b"] * 3})
    found = curve(pl.concat([early, late]), by="group")

    assert found.logrank()["df"].item() == 1
    assert found.diagnostics()["diagnostic"].item().startswith("nobody's follow-up ends early")


def test_a_group_that_nobody_has_left_keeps_its_place_among_competing_ends():
    frame = stays().with_columns(
        way=pl.when(site="West").then(pl.lit("censored")).otherwise("way"), group="site"
    )
    found = ends(frame, by="group").tidy().filter(group="West")

    assert found.select("term", "estimate", "events", "conf_low", "conf_high").rows() == [
        ("a", 0.0, 0, None, None),
        ("b", 0.0, 0, None, None),
    ]


def test_every_time_of_a_long_curve_is_told():
    weeks = np.arange(1, 2001) / 7
    frame = pl.DataFrame({"weeks": weeks, "way": np.where(np.arange(2000) % 2, "a", "b")})

    assert ends(frame).tidy().filter(term="a")["time"].to_list() == weeks.tolist()


def test_a_covariate_that_reaches_far_does_not_look_like_separation():
    rng = np.random.default_rng(3)
    far = rng.lognormal(0, 1.5, 3000)
    weeks = rng.exponential(np.exp(-0.4 * np.minimum(far, 30)))
    found = cn.effects.hazard_model(
        pl.DataFrame({"weeks": weeks, "left": 1, "far": far}), "weeks", "left", ["far"]
    ).tidy()

    assert 0 < found["estimate"].item() < 1


def test_ends_by_number_keep_their_order_and_nan_is_none():
    number = pl.int_range(pl.len()) % 12
    frame = stays().with_columns(
        way=pl.when(number > 0).then(number.cast(pl.Float64)).otherwise(np.nan)
    )
    found = ends(frame, by="far")

    assert found.causes == tuple(str(i) for i in range(1, 12))
    assert found.tidy()["term"].unique(maintain_order=True).to_list() == list(found.causes)


def test_two_strata_are_their_combinations():
    frame = (
        stays()
        .with_columns(shift=pl.int_range(pl.len()) % 3, row=pl.int_range(pl.len()) % 7)
        .with_columns(both=pl.format("{} {}", "site", "shift"))
    )
    one, two = (
        cn.effects.hazard_model(frame, "weeks", "left", "far", strata=by).tidy()
        for by in ("both", ["site", "shift"])
    )

    assert two["estimate"].item() == pytest.approx(one["estimate"].item(), abs=1e-10)
    assert two["std_error"].item() == pytest.approx(one["std_error"].item(), abs=1e-10)


@pytest.mark.parametrize("said", ["Censored", " censored", "0", "", None])
def test_who_is_followed_to_no_end_may_be_written_in_several_ways(said):
    other = stays().with_columns(way=pl.col("way").replace("censored", said))

    assert ends(other).tidy().equals(ends(stays()).tidy())


def test_a_long_curve_is_drawn_with_few_steps_and_both_ends():
    frame = pl.DataFrame({"weeks": np.arange(1, 9001) / 7, "left": 1, "way": "a"})
    frame = frame.with_columns(left=pl.int_range(pl.len()) % 10 < 9)

    for found in (curve(frame), ends(frame)):
        shown = found.released().frame
        assert shown.height == 400
        assert shown["time"].is_sorted()
        assert shown["time"].max() > 1280
