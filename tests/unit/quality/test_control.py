"""Control charts: limits by hand, the rules on hand-made runs, phases, and what is refused."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError


def chart(values, kind="xmr", of=None, **options):
    columns = {"week": range(len(values)), "value": values}
    if of is not None:
        columns["of"] = of
        options["denominator"] = "of"
    return cn.quality.spc(pl.DataFrame(columns), "value", "week", kind, **options)


def limits(found, point=0):
    return found.tidy().select("center", "lower", "upper").row(point)


def breaking(found, rule):
    return found.tidy().filter(pl.col("rules").str.split(",").list.contains(rule))["time"].to_list()


EVEN = [52.0, 50.0] * 6


def test_xmr_limits_are_2_66_mean_moving_ranges_from_the_mean():
    assert limits(chart(EVEN)) == pytest.approx((51, 51 - 2.66 * 2, 51 + 2.66 * 2))


def test_a_large_moving_range_is_dropped_once():
    # Moving ranges: 11 of 2, one of 48; their mean is 70 / 12, and 48 is above 3.267 times that.
    found = chart([*EVEN, 100.0])

    mean = (51 * 12 + 100) / 13
    assert limits(found) == pytest.approx((mean, mean - 5.32, mean + 5.32))
    assert breaking(found, "outside") == [12]


def test_rates_by_hand():
    misses, of = [10, 14, 8, 12, 9, 13, 11, 10, 12, 11], [100, 120, 80] * 3 + [100]
    center = sum(misses) / sum(of)
    sigma = [(center * (1 - center) / n) ** 0.5 for n in of]

    p = chart(misses, "p", of)
    assert limits(p, 1) == pytest.approx((center, center - 3 * sigma[1], center + 3 * sigma[1]))

    z = [(m / n - center) / s for m, n, s in zip(misses, of, sigma, strict=True)]
    spread = np.mean(np.abs(np.diff(z))) / 1.128
    laney = limits(chart(misses, "pprime", of), 1)
    assert laney[2] == pytest.approx(center + 3 * sigma[1] * spread)

    u = limits(chart(misses, "u", of), 2)
    assert u[2] == pytest.approx(center + 3 * (center / 80) ** 0.5)


def test_counts_and_rare_events_by_hand():
    counts = [3, 5, 4, 6, 2, 4, 5, 3, 4, 4]
    assert limits(chart(counts, "c")) == pytest.approx((4, 0, 4 + 3 * 2))
    assert limits(chart(counts, "g")) == pytest.approx((4, 0, 4 + 3 * 20**0.5))

    near_normal = np.array(counts) ** (1 / 3.6)
    reach = 2.66 * np.abs(np.diff(near_normal)).mean()
    center, lower, upper = limits(chart(counts, "t"))
    assert center == pytest.approx(near_normal.mean() ** 3.6)
    assert upper == pytest.approx((near_normal.mean() + reach) ** 3.6)
    assert lower == pytest.approx((near_normal.mean() - reach) ** 3.6)


def test_a_run_chart_has_a_median_and_no_limits():
    found = chart([1, 9, 2, 8, 3, 7, 4, 6, 5, 5], "run")

    assert limits(found) == (5.0, None, None)


# Centre 51, limits 45.68 and 56.32, two thirds 54.547 and 47.453, from the first twelve.
@pytest.mark.parametrize(
    ("more", "rule", "points"),
    [
        ([51.5] * 7, "shift", range(12, 19)),
        ([50.5] + [51.5] * 6 + [50.5], "shift", []),
        ([51.5] * 3 + [51.0] + [51.5] * 4, "shift", []),
        ([46, 47, 48, 49, 50, 51, 52], "trend", range(12, 19)),
        ([50, 47, 48, 49, 50, 51, 52], "trend", []),
        ([46, 47, 48, 48, 49, 50, 51, 52], "trend", []),
        ([55, 52, 55], "two_of_three", [12, 14]),
        ([55, 50, 55], "two_of_three", []),
        ([55, 52, 52, 55], "two_of_three", []),
        ([52, 47, 47], "two_of_three", []),
        ([50, 47, 47], "two_of_three", [13, 14]),
        ([56.4], "outside", [12]),
        ([56.3], "outside", []),
    ],
)
def test_rules_on_hand_made_runs(more, rule, points):
    found = chart(EVEN + [float(v) for v in more], baseline=12)

    assert breaking(found, rule) == list(points)


def test_a_signal_is_an_improvement_where_better_is():
    assert chart([*EVEN, 70.0], improvement="up").variation == "improvement"
    assert chart([*EVEN, 70.0], improvement="down").variation == "concern"
    falling = chart([*EVEN, 54.0, 53.2, 52.4, 51.6, 50.8, 50.0, 49.2], baseline=12)
    assert falling.tidy()["variation"][12] == "concern"  # it falls, though still above the centre
    assert chart(EVEN).variation == "common_cause"


def test_a_named_phase_has_limits_of_its_own_and_a_baseline_freezes_them():
    days = [date(2026, 1 + i // 28, 1 + i % 28) for i in range(24)]
    frame = pl.DataFrame({"day": days, "n": EVEN + [v + 20 for v in EVEN]})
    found = cn.quality.spc(frame, "n", "day", phases=[(days[12], "Reminders")])
    assert found.phases == ("", "Reminders")
    assert found.tidy()["center"].to_list() == [51.0] * 12 + [71.0] * 12
    assert not found.tidy()["signal"].any()

    frozen = cn.quality.spc(frame, "n", "day", baseline=days[11])
    assert frozen.tidy()["center"].to_list() == [51.0] * 24
    assert frozen.tidy()["signal"].to_list() == [False] * 12 + [True] * 12


def test_a_baseline_may_be_a_year_and_a_later_phase_has_its_own():
    frame = pl.DataFrame({"year": range(1990, 2014), "n": EVEN + [v + 20 for v in EVEN]})
    frozen = cn.quality.spc(frame, "n", "year", baseline=2001)
    named = cn.quality.spc(frame, "n", "year", baseline=2001, phases=[(2002, "Reminders")])

    assert frozen.tidy()["center"].to_list() == [51.0] * 24
    assert named.tidy()["center"].to_list() == [51.0] * 12 + [71.0] * 12


def test_a_run_chart_counts_crossings_of_each_phase():
    frame = pl.DataFrame({"year": range(24), "n": EVEN + [v + 20 for v in EVEN]})
    said = cn.quality.spc(frame, "n", "year", "run", phases=[(12, "Reminders")]).summary()

    assert "Crossings of the median: 11" in said
    assert "Crossings of the median of 'Reminders': 11" in said


def test_months_and_quarters_may_be_text():
    months = [f"2025-{m:02}" for m in range(12, 0, -1)]
    found = cn.quality.spc(pl.DataFrame({"month": months, "n": EVEN}), "n", "month")

    assert found.tidy()["time"].to_list() == sorted(months)


def test_too_few_points_get_no_limits_and_it_says_so():
    found = chart(EVEN[:9])

    assert limits(found) == (None, None, None)
    assert not found.tidy()["signal"].any()
    assert found.variation == "unknown"
    assert "Too few points" in found.summary()
    assert found.plot().alternative


def test_the_order_of_rows_does_not_matter():
    frame = pl.DataFrame({"week": range(13), "value": [*EVEN, 90.0]})
    mixed = frame.sample(fraction=1, shuffle=True, seed=1)

    charts = [cn.quality.spc(f, "value", "week").tidy() for f in (frame, mixed)]
    assert charts[0].equals(charts[1])


def test_a_run_longer_than_chance_and_few_crossings():
    # 24 useful points: a run of more than round(log2 24) + 3 = 8, fewer than 8 crossings.
    values = [1.0] * 12 + [3.0] * 12
    found = chart(values, "run")

    assert found.tidy()["signal"].all()
    assert "Crossings of the median: 1 (fewer than chance makes likely" in found.summary()


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        ({"week": [1, 2], "value": [1, None]}, {}, "1 of 2 points have no value"),
        ({"week": [1, 1], "value": [1, 2]}, {}, "share one week"),
        ({"week": [1, 2], "value": ["a", "b"]}, {}, "numbers"),
        ({"week": [1, 2]}, {}, "no column value"),
        ({"week": [], "value": []}, {}, "numbers|no rows"),
        ({"week": [1, 2], "value": [1, 2]}, {"chart": "p"}, "needs denominator"),
        ({"week": [1, 2], "value": [1, 2]}, {"chart": "z"}, "chart"),
        ({"week": [1, 2], "value": [-1, 2]}, {"chart": "c"}, "below 0"),
        ({"week": [1, 2], "value": [1, 2]}, {"phases": [(9, "x")]}, "outside the series"),
        ({"week": [1, 2], "value": [1, 2]}, {"phases": [("x", "x")]}, "of the kind"),
        ({"week": [1, 2], "value": [1, 2]}, {"baseline": 0}, "1 or more"),
        ({"week": [1, 2], "value": [1, 2]}, {"phases": [2]}, "pairs"),
        ({"week": [1, 2], "value": [1, 2]}, {"phases": [(1, "x"), (2, "x")]}, "each name once"),
        ({"week": [1, 2], "value": [1, 2]}, {"baseline": True}, "number of points"),
        ({"week": [5.0, 6.0], "value": [1, 2]}, {"baseline": 4.5}, "before the first"),
        ({"week": ["Jan", "Feb"], "value": [1, 2]}, {}, "sort by time"),
        ({"week": ["9", "10"], "value": [1, 2]}, {}, "sort by time"),
    ],
)
def test_what_cannot_be_charted_is_refused(frame, options, says):
    with pytest.raises(OptionError, match=says):
        cn.quality.spc(pl.DataFrame(frame), "value", "week", **options)


@pytest.mark.parametrize("of", [[10, 0], [10, 4]])
def test_a_denominator_is_above_0_and_above_its_count(of):
    frame = pl.DataFrame({"week": [1, 2], "value": [5, 5], "of": of})
    with pytest.raises(OptionError, match="above"):
        cn.quality.spc(frame, "value", "week", "p", denominator="of")


def test_points_of_few_clients_are_not_shown():
    frame = pl.DataFrame({"week": range(12), "n": [30.5] * 11 + [77.5], "of": [40] * 12})
    people = frame.with_columns(people=pl.Series([40] * 11 + [9]))
    found = cn.quality.spc(people, "n", "week", people="people")

    assert found.tidy()["value"][-1] == 77.5
    shown = [found.summary(), found._repr_html_(), found.plot().svg()]
    assert not any("77.5" in text for text in shown)
    assert "Last point" not in found.summary()


def test_what_is_advised_can_be_done():
    counts = [4, 40] * 10
    said = {k: chart(counts, k, [50] * 20).summary() for k in ("p", "u")}

    assert "pprime" in said["p"]
    assert "pprime" not in said["u"]
    assert "XmR" in said["u"]


def test_a_run_chart_says_whether_chance_could_make_it():
    said = [chart(v, "run").summary() for v in ([1.0] * 12 + [3.0] * 12, [1.0, 3.0] * 12)]

    assert "Does not hold here (1 crossings" in said[0]
    assert "Does not hold" not in said[1]


@pytest.mark.parametrize(("kind", "of"), [("c", None), ("p", 40), ("u", 40), ("g", None)])
def test_no_events_twice_is_no_signal_where_the_lower_limit_is_cut_to_0(kind, of):
    # Mean 2, so that 0 lies 1.4 standard errors below it: not two thirds of the way to 3.
    counts = [2, 3, 1, 2, 4, 2, 3, 2, 0, 0, 1, 3, 3, 2, 2, 2]
    found = chart(counts, kind, None if of is None else [of] * len(counts))

    assert found.tidy()["lower"].to_list() == [0.0] * len(counts)
    assert breaking(found, "two_of_three") == []


def test_points_in_text_are_drawn_in_their_order():
    quarters = [f"{year}-Q{q}" for year in (2023, 2024, 2025) for q in (1, 2, 3, 4)]
    frame = pl.DataFrame({"quarter": quarters, "n": EVEN})
    drawn = cn.quality.spc(frame, "n", "quarter", phases=[("2024-Q3", "Reminders")]).plot().svg()

    assert "2023-Q1" in drawn
    assert "NaN" not in drawn


def test_years_are_written_as_years():
    frame = pl.DataFrame({"year": range(2001, 2013), "n": EVEN})

    assert "2,00" not in cn.quality.spc(frame, "n", "year").plot().svg()
