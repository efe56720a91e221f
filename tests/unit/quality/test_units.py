"""Funnels: limits by hand, over-dispersion, and no league table."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

import carenotebook as cn
from carenotebook.core.errors import OptionError


def units(observed, expected):
    names = [f"site {i}" for i in range(len(observed))]
    return pl.DataFrame({"site": names, "seen": observed, "due": expected})


def funnel(frame, **options):
    return cn.quality.funnel(frame, "site", "seen", "due", **options)


def spread_out(units_, sd, seed=1):
    rng = np.random.default_rng(seed)
    due = rng.uniform(40, 400, units_)
    return units(rng.poisson(due * np.exp(rng.normal(0, sd, units_))), due)


def test_limits_without_overdispersion_are_chance_on_the_square_root_scale():
    found = funnel(spread_out(30, 0.3), overdispersion=False)

    row = found.tidy().row(0, named=True)
    reach = norm.ppf(0.999) / (2 * row["expected"] ** 0.5)
    assert row["upper"] == pytest.approx((1 + reach) ** 2)
    assert row["lower"] == pytest.approx((1 - reach) ** 2)
    assert found.tidy()["outlier"].to_list() == [
        not lower <= ratio <= upper
        for ratio, lower, upper in found.tidy().select("ratio", "lower", "upper").rows()
    ]


@pytest.mark.parametrize("extremes", ["winsorise", "trim"])
def test_the_variance_between_units_by_hand(extremes):
    frame = spread_out(20, 0.3)
    found = funnel(frame, extremes=extremes)

    seen, due = frame["seen"].to_numpy(), frame["due"].to_numpy()
    z = 2 * (np.sqrt(seen) - np.sqrt(due))
    order = np.argsort(z)
    inner, weights = z[order[2:-2]], 4 * due[order[2:-2]]
    if extremes == "winsorise":
        z[order[:2]], z[order[-2:]] = inner[0], inner[-1]
        inner, weights = z, 4 * due
    assert found.dispersion == pytest.approx((inner**2).mean())
    between = ((inner**2).sum() - (len(inner) - 1)) / (
        weights.sum() - (weights**2).sum() / weights.sum()
    )
    assert found.between == pytest.approx(between)


def test_usual_spread_leaves_few_outside_where_chance_alone_leaves_many():
    frame = spread_out(200, 0.3)

    assert funnel(frame, overdispersion=False).tidy()["outlier"].sum() > 50
    assert funnel(frame).tidy()["outlier"].sum() <= 4


def test_chance_alone_needs_no_allowance():
    found = funnel(spread_out(200, 0.0))

    assert found.between < 0.001
    assert found.tidy()["outlier"].sum() <= 2


def test_a_unit_that_differs_stands_out():
    frame = units([50, 53, 48, 55, 49, 51, 47, 52, 50, 54, 46, 110], [50.0] * 12)

    assert funnel(frame).tidy().filter("outlier")["site"].to_list() == ["site 11"]


def test_too_few_units_get_no_limits_and_it_says_so():
    found = funnel(units([50, 60, 40], [50.0] * 3))

    assert found.tidy()["upper"].null_count() == 3
    assert found.tidy()["outlier"].null_count() == 3
    assert "too few for limits" in found.summary()
    assert found.plot().alternative


def test_what_is_shown_names_and_ranks_no_unit():
    found = funnel(units([50, 53, 48, 55, 49, 51, 47, 52, 50, 54, 9, 110], [50.0] * 11 + [60.0]))

    for text in (found.summary(), found._repr_html_(), found.plot().svg(), repr(found)):
        assert "site 1" not in text
    shown = found.released().frame
    assert shown["expected"].drop_nulls().is_sorted()
    assert found.released().hidden == 1  # nine events


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        (units([1, 2], [1.0, 0.0]), {}, "above 0"),
        (units([1, -2], [1.0, 1.0]), {}, "0 or more"),
        (units([1, None], [1.0, 1.0]), {}, "missing"),
        (units([1, 2], [1.0, 1.0]).with_columns(site=pl.lit("a")), {}, "several rows"),
        (units([1, 2], [1.0, 1.0]).drop("due"), {}, "no column due"),
        (units([1, 2], [1.0, 1.0]), {"limits": 95}, "between 0 and 1"),
        (units([1, 2], [1.0, 1.0]), {"limits": "95"}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused(frame, options, says):
    with pytest.raises(OptionError, match=says):
        funnel(frame, **options)
