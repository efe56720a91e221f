"""What an interrupted time series refuses, leaves out, and says of itself."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy

MONTHS = pl.date_range(date(2020, 1, 1), date(2023, 12, 1), "1mo", eager=True)


def made(ratio=0.7, points=48, seed=1, trend=0.005):
    at = np.arange(points)
    mean = 60 * np.exp(trend * at) * np.where(at >= points // 2, ratio, 1.0)
    counts = np.random.default_rng(seed).poisson(mean)
    return pl.DataFrame({"month": MONTHS[:points], "missed": counts, "n": np.full(points, 200)})


def study(frame, start=date(2022, 1, 1), **options):
    return cn.effects.interrupted_time_series(frame, "missed", "month", start, **options)


def test_finds_the_change_that_was_put_in_and_the_trend_per_month():
    found = study(made(), exposure="n")
    rows = {r["term"]: r for r in found.tidy().iter_rows(named=True)}

    assert rows["level_change"]["ratio_low"] < 0.7 < rows["level_change"]["ratio_high"]
    assert rows["trend"]["conf_low"] < 0.005 < rows["trend"]["conf_high"]
    before_and_after = found.points.filter(pl.col("time") == date(2022, 1, 1)).row(0, named=True)
    assert before_and_after["fitted"] / before_and_after["expected"] == pytest.approx(
        rows["level_change"]["ratio"]
    )


def test_the_series_recovers_any_start_within_a_month_of_dates_as_of_numbers():
    dates = study(made()).tidy()
    numbers = made().with_columns(month=pl.Series(range(48)))

    text = study(made(), "2022-01-01").tidy()
    assert text["estimate"].to_list() == dates["estimate"].to_list()
    found = study(numbers, 24).tidy()
    assert found["estimate"].to_list() == pytest.approx(dates["estimate"].to_list())


def test_the_control_series_takes_away_what_changed_for_both():
    same = pl.concat(
        made(0.7, seed=s).with_columns(other=pl.lit(s == 2).cast(pl.Int64)) for s in (1, 2)
    )
    row = study(same, control="other").tidy().row(0, named=True)

    assert row["term"] == "level_change"
    assert row["ratio_low"] < 1 < row["ratio_high"]


def test_enforcement_and_phase_in_say_what_a_full_change_would_be():
    at = np.arange(48)
    share = np.where(at >= 24, 0.5, 0.0)
    mean = 400 * np.exp(share * np.log(0.6))
    frame = made().with_columns(
        missed=np.random.default_rng(3).poisson(mean), share=pl.Series(share)
    )
    half = study(frame, enforcement="share").tidy().row(0, named=True)
    phased = study(frame, phase_in=3)

    assert half["ratio_low"] < 0.6 < half["ratio_high"]
    assert phased.basis.left_out == {"within the phase-in": 3}
    assert phased.basis.rows == 45


def test_detectable_change_is_the_one_that_would_be_found_with_that_power():
    found = study(made(1.0))
    least = found.detectable(0.8).row(0, named=True)
    error = found.tidy()["std_error"][0]

    assert least["estimate"] == pytest.approx((1.959964 + 0.841621) * error, rel=1e-5)
    assert least["ratio_down"] == pytest.approx(1 / least["ratio_up"])


def test_placebo_dates_lie_before_the_start_and_seldom_find_a_change():
    tried = study(made()).placebo_dates()

    assert tried["start"].max() < date(2022, 1, 1)
    assert (tried["p_value"] < 0.05).mean() < 0.3


def test_over_dispersion_and_autocorrelation_are_told():
    rng = np.random.default_rng(5)
    wild = made().with_columns(missed=rng.negative_binomial(2, 2 / 62, 48))
    poisson = study(wild).diagnostics()
    walk = made().with_columns(missed=pl.Series(np.cumsum(rng.normal(size=48)) + 50))
    correlated = study(walk, family="gaussian").diagnostics()

    assert poisson.filter(pl.col("assumption").str.contains("Poisson"))["holds"].item() is False
    assert correlated.filter(pl.col("assumption").str.contains("independent"))["holds"].item() is (
        False
    )


def test_counts_of_few_events_are_neither_drawn_nor_told():
    rare = made().with_columns(missed=pl.Series([4, 25] * 24))
    released = study(rare).released_points(Privacy()).frame

    assert released.filter("suppressed").height == 24
    assert released.filter("suppressed")["observed"].null_count() == 24
    legend = " ".join(study(rare).plot().to_dict()["title"]["subtitle"])
    assert "Hidden, for few events or people: 24 points." in legend


@pytest.mark.parametrize("family", ["quasipoisson", "gaussian"])
def test_points_of_few_clients_are_not_drawn_whatever_they_count(family):
    sizes = pl.Series([3] + [40] * 47)
    people = made().with_columns(missed=sizes * 15 + pl.Series([0, 20] * 24), clients=sizes)
    released = study(people, exposure="clients", family=family).released_points(Privacy()).frame

    assert released["suppressed"].to_list() == [True] + [False] * 47
    assert released["observed"].to_list() == [None, *[15.5, 15.0] * 23, 15.5]


def test_rows_with_a_missing_value_are_left_out_and_counted():
    holes = made().with_columns(missed=pl.Series([None, None, *range(40, 86)]))
    found = study(holes)

    assert found.basis.left_out == {"no missed": 2}
    assert "no missed" in found.summary()


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        ({}, {"start": date(2030, 1, 1)}, "must lie after the first point"),
        ({}, {"start": date(2020, 1, 1)}, "must lie after the first point"),
        ({}, {"start": date(2020, 3, 1)}, "2 points lie before the start and 46 after"),
        ({}, {"start": "soon"}, "of the kind that the time column holds"),
        ({}, {"start": 7}, "of the kind that the time column holds"),
        ({"missed": pl.lit(0)}, {}, "no events before the start"),
        ({"missed": pl.lit(-1)}, {}, "cannot be below 0"),
        ({"missed": pl.lit("x")}, {}, "must hold numbers"),
        ({"month": pl.lit(date(2020, 1, 1))}, {}, "must lie after"),
        ({"n": pl.lit(0)}, {"exposure": "n"}, "must be above 0"),
        ({"n": pl.int_range(48)}, {"adjust": ["n"]}, "collinear"),
        ({}, {"adjust": ["n"]}, "same in every row"),
        ({}, {"harmonics": 30}, "cannot tell"),
        ({}, {"harmonics": "2"}, "harmonics= must"),
        ({"n": pl.lit(1.5)}, {"enforcement": "n"}, "share from 0 to 1"),
        ({}, {"control": "n"}, "must be 1 in the rows of the control"),
        ({}, {"family": "binomial"}, "is not one of"),
        ({}, {"phase_in": 100}, "leave points after it"),
    ],
)
def test_refuses_with_a_reason(change, options, says):
    with pytest.raises(OptionError, match=says):
        study(made().with_columns(**change), **{"start": date(2022, 1, 1), **options})


def test_two_points_at_one_time_are_refused():
    with pytest.raises(OptionError, match="several points share one time"):
        study(pl.concat([made(), made()]))


def test_a_line_through_every_point_is_told_from_certainty():
    straight = made().with_columns(missed=pl.Series(2 * np.arange(48) + 1))
    with pytest.raises(OptionError, match="goes through every point"):
        study(straight, family="gaussian")

    stepped = made().with_columns(missed=pl.Series(np.where(np.arange(48) < 24, 40, 20)))
    with pytest.raises(OptionError, match="goes through every point"):
        study(stepped, family="quasipoisson")
    assert study(stepped, family="poisson").tidy()["std_error"][0] > 0.01


def test_errors_for_a_short_series_widen_with_what_neighbours_share():
    rng = np.random.default_rng(5)
    shared = np.repeat(rng.normal(0, 0.2, 16), 3)
    frame = made().with_columns(pl.col("missed") * np.exp(shared))
    plain, short, fixed = (
        study(frame, family="quasipoisson", **options)
        for options in ({}, {"covariance": "hac"}, {"covariance": "hac", "lags": 3})
    )
    width = [
        (r["conf_high"] - r["conf_low"]) / 2
        for r in (f.tidy().row(0, named=True) for f in (plain, fixed, short))
    ]

    assert width == sorted(width)
    assert short.tidy()["df"].max() < fixed.tidy()["df"].min() == plain.basis.residual_df
    assert "of errors, allowing for the terms fitted" in short.summary()


def test_errors_for_a_short_series_are_not_for_a_very_long_one():
    points = 4001
    counts = np.random.default_rng(2).poisson(50, points)
    frame = pl.DataFrame({"month": np.arange(points), "missed": counts})

    with pytest.raises(OptionError, match="lags="):
        study(frame, 2000, covariance="hac")
    assert study(frame, 2000, covariance="hac", lags=9).tidy().height == 3
