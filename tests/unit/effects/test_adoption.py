"""Difference in differences on panels with a known truth, and what it refuses."""

from datetime import date
from itertools import permutations

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError

PERIODS = 8


def panel(  # noqa: PLR0917 - a truth
    first, effect=2.0, growth=0.0, noise=0.3, seed=1, drift=0.0
):
    """Units that differ by level and share their periods, with an effect from `first` on."""
    rng = np.random.default_rng(seed)
    rows = []
    for unit, began in enumerate(first):
        level = rng.normal(10, 3)
        for t in range(1, PERIODS + 1):
            under = bool(began) and t >= began
            dose = effect + growth * (t - began) if under else 0.0
            away = drift * t if began else 0.0
            rows.append((unit, t, began, level + 0.5 * t + dose + away + rng.normal(0, noise)))
    return pl.DataFrame(rows, schema=["site", "month", "first", "missed"], orient="row")


def study(frame, **options):
    return cn.effects.difference_in_differences(
        frame, "missed", "site", "month", "first", **options
    )


STAGGERED = [3] * 12 + [5] * 12 + [0] * 12


@pytest.mark.parametrize("method", ["group_time", "imputation"])
def test_growing_effects_of_a_staggered_policy_are_found(method):
    frame = panel(STAGGERED, effect=1.0, growth=1.0)
    row = study(frame, method=method).tidy().row(0, named=True)
    late = [t - g for g in (3, 5) for t in range(g, PERIODS + 1)]
    weights = [12] * len(late)
    truth = float(np.average([1 + e for e in late], weights=weights))

    assert row["conf_low"] < truth < row["conf_high"]
    events = study(frame, method=method).event_study
    assert events.filter(since=2.0)["estimate"].item() == pytest.approx(3.0, abs=0.4)


def test_two_way_fixed_effects_miss_them_and_say_so():
    found = study(panel([2] * 18 + [6] * 18, effect=0.0, growth=2.0), method="twfe")
    truth = np.average([2.0 * e for g in (2, 6) for e in range(PERIODS + 1 - g)])
    same = found.diagnostics().filter(pl.col("assumption").str.contains("same for every unit"))

    assert found.tidy()["conf_high"].item() < truth
    assert same["holds"].item() is False


def test_never_treated_is_null_as_well_as_0_and_dates_do_as_numbers():
    frame = panel(STAGGERED)
    dates = frame.with_columns(
        month=pl.date("month" and 2020, "month", 1),
        first=pl.when(pl.col("first") > 0).then(pl.date(2020, pl.col("first").clip(1), 1)),
    )
    expected = study(frame).tidy()["estimate"].item()
    nan = frame.with_columns(first=pl.col("first").cast(pl.Float64).replace(0.0, float("nan")))

    assert study(nan).tidy()["estimate"].item() == expected
    assert study(dates).tidy()["estimate"].item() == pytest.approx(expected)
    assert study(dates).group_time["group"].unique().sort().to_list() == [
        date(2020, 3, 1),
        date(2020, 5, 1),
    ]


@pytest.mark.parametrize(("together", "held"), [(12, True), (3, False)])
def test_imputation_says_whether_enough_units_start_together(together, held):
    starts = [5 + i // together for i in range(12)] + [0] * 12
    told = study(panel(starts), method="imputation", inference="clustered").diagnostics()

    assert told.filter(pl.col("assumption").str.contains("together"))["holds"].item() is held


def test_one_treated_unit_gets_no_p_value_but_placebo_units():
    found = study(panel([4] + [0] * 20, effect=3.0))
    row = found.tidy().row(0, named=True)
    units = found.placebo_units()

    assert row["estimate"] == pytest.approx(3.0, abs=1.0)
    assert [row[c] for c in ("std_error", "conf_low", "conf_high", "p_value")] == [None] * 4
    assert units.height == 21
    assert units["actual"][0]
    assert "no p-value" in found.summary()


@pytest.mark.parametrize("control", ["never", "not_yet"])
@pytest.mark.parametrize("phase_in", [0, 2])
def test_every_assignment_gives_what_a_study_of_it_would(control, phase_in):
    frame = panel([4, 4, 6, 0, 0])
    began = frame.filter(month=1)["first"].to_numpy()
    ways = sorted(set(permutations(began.tolist())))
    found = study(frame, control=control, phase_in=phase_in, inference="randomisation")

    alone = []
    for way in ways:
        moved = frame.with_columns(first=pl.Series(np.repeat(way, PERIODS)))
        one = study(moved, control=control, phase_in=phase_in, inference="clustered")
        alone.append(abs(one.tidy()["estimate"][0]))
    as_far = np.array(alone) >= abs(found.tidy()["estimate"][0]) * (1 - 1e-9)

    assert found.assignments == len(ways)
    assert found.tidy()["p_value"][0] == pytest.approx(as_far.mean())


def test_few_treated_units_are_judged_by_randomisation():
    found = study(panel([4] * 3 + [0] * 9, effect=2.0, seed=2))
    row = found.tidy().row(0, named=True)

    assert found.assignments == 220  # all ways to choose 3 of 12
    assert row["p_value"] == pytest.approx(1 / 220)
    assert row["conf_low"] < 2.0 < row["conf_high"]
    assert row["conf_low"] > 0


def test_intervals_by_imputation_allow_for_small_groups():
    def reach_by_error(first):
        row = study(panel(first, noise=1.0), method="imputation", inference="clustered").tidy()
        reach = row["conf_high"].item() - row["estimate"].item()
        return reach / row["std_error"].item()

    alone = reach_by_error([3, 4, 5, 6, 7, 8] * 2 + [0] * 12)
    many = reach_by_error([3] * 60 + [5] * 60 + [0] * 60)
    assert many < 2  # Student's t, and the root of 60 of 59
    assert alone > 1.1 * many


def test_an_effect_on_one_unit_has_no_interval():
    single = study(panel([3, 4, 5, 6, 7, 8] * 2 + [8] + [0] * 12), method="imputation")
    one = study(panel([3] + [5] * 12 + [0] * 12), method="imputation").group_time
    assert one.filter(group=3).select("std_error", "conf_low", "p_value").null_count().row(0) == (
        (6, 6, 6)
    )
    assert single.tidy()["conf_low"].null_count() == 0


def test_no_interval_where_no_assignment_could_stand_out():
    row = study(panel([4] * 2 + [0] * 3)).tidy().row(0, named=True)

    assert row["p_value"] >= 1 / 10
    assert row["conf_low"] is None


def test_a_drift_before_treatment_is_found_or_its_power_told():
    drifting = study(panel(STAGGERED, drift=0.8)).pre_trends().row(0, named=True)
    parallel = study(panel(STAGGERED)).pre_trends().row(0, named=True)

    assert drifting["p_value"] < 0.05
    assert parallel["drift"] > 0
    assert parallel["drift_in_att"] > parallel["drift"]


def test_placebo_dates_are_near_0_and_end_before_treatment():
    tried = study(panel(STAGGERED)).placebo_dates()

    assert tried["periods_earlier"].to_list() == [1, 2, 3]
    assert (tried["conf_low"] < 0.3).all()
    assert tried["estimate"].abs().max() < 0.5


def test_units_with_holes_are_counted_not_lost():
    frame = panel(STAGGERED).with_columns(
        missed=pl.when((pl.col("site") == 0) & (pl.col("month") == 2))
        .then(None)
        .otherwise("missed")
    )
    grouped, imputed = study(frame), study(frame, method="imputation")

    periods = frame["month"].n_unique()
    assert grouped.basis.left_out == {
        "no missed": 1,
        "of units not seen in every period": periods - 1,
    }
    assert imputed.basis.left_out == {"no missed": 1}


def test_errors_may_be_clustered_by_region():
    frame = panel(STAGGERED).with_columns(region=pl.col("site") // 2)
    wide = study(frame, cluster="region")

    assert wide.basis.clusters == {"treated clusters": 12, "other clusters": 6}
    assert wide.tidy()["std_error"].item() > 0


@pytest.mark.parametrize(
    ("first", "change", "options", "says"),
    [
        ([0] * 6, {}, {}, "no unit is treated"),
        ([4] * 6, {}, {}, "one group and no control"),
        ([1] * 6, {}, {}, "there is no before"),
        ([3, 3, 5, 5], {}, {}, "Take control='not_yet'"),
        ([3, 3, 0, 0], {"first": pl.col("month")}, {}, "must be the same in all rows"),
        ([3, 3, 0, 0], {"missed": pl.lit("x")}, {}, "must hold numbers"),
        ([3, 3, 0, 0], {"month": pl.lit(1)}, {}, "several rows at one month"),
        ([3, 3, 0, 0], {}, {"method": "magic"}, "is not one of"),
    ],
)
def test_refuses_with_a_reason(first, change, options, says):
    with pytest.raises(OptionError, match=says):
        study(panel(first).with_columns(**change), **options)
