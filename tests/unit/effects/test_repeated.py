"""Repeated scores: what is said of missing ones, and what is refused."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import OptionError

SCORES = pl.DataFrame(
    {
        "who": [i // 3 for i in range(60)],
        "month": [1, 2, 3] * 20,
        "arm": ["a", "a", "a", "b", "b", "b"] * 10,
        "score": [float(15 + (7 * i) % 11 - i % 3) for i in range(60)],
    }
)


def models(frame, formula="score ~ month + arm", **options):
    return cn.effects.repeated_measures(frame, formula, "who", **options)


def test_the_summary_says_who_is_missing_and_what_is_assumed():
    some = SCORES.with_columns(score=pl.when(pl.int_range(60) < 45).then("score"))
    found = models(some, visit="month")

    text = found.summary()
    assert "N: about 45 rows from about 15 clients. Left out: about 15 (no score)." in text
    assert "missing at random" in text
    assert "goes with stopping" in text or "nobody who was due" in text


def test_gee_has_a_correlation_and_mixed_two_variances():
    assert set(models(SCORES).variance) == {"between", "within"}
    assert set(models(SCORES, method="gee").variance) == {"correlation"}


def test_patterns_need_to_know_the_occasions():
    with pytest.raises(OptionError, match="visit="):
        models(SCORES).patterns()


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        (SCORES, {"formula": "score ~ moon"}, "no column moon"),
        (SCORES, {"formula": "score month"}, "cannot be read"),
        (SCORES, {"method": "anova"}, "method"),
        (SCORES, {"weighted": True}, "visit="),
        (SCORES.filter(pl.col("who") == 0), {}, "two clients"),
        (SCORES.with_columns(arm=pl.col("month")), {}, "no unique answer"),
        (SCORES.clear(), {}, "no rows"),
    ],
)
def test_what_cannot_be_fitted_is_refused(frame, options, says):
    with pytest.raises(OptionError, match=says):
        models(frame, **options)


def test_the_column_that_orders_occasions_may_also_be_a_covariate():
    measured = SCORES.with_columns(pl.col("month").cast(pl.Float64))

    assert models(measured, visit="month").tidy().equals(models(measured).tidy())
