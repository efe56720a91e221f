"""Repeated scores: what is said of missing ones, and what is refused."""

import numpy as np
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


@pytest.mark.parametrize("method", ["mixed", "gee"])
def test_intervals_are_students_with_errors_for_few_clients(method):
    table = models(SCORES, method=method).tidy()
    error = table["estimate"] / table["statistic"]
    reach = (table["conf_high"] - table["conf_low"]) / 2

    assert (error > table["std_error"]).all()
    assert (reach > 1.96 * error).all()
    assert (table["df"] < SCORES.height).all()


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
        (SCORES.head(9), {"method": "gee"}, "more clients than terms"),
        (
            SCORES.with_columns(score=pl.col("month") + pl.col("score") / 1e3).filter(
                (pl.col("month") < 3) | (pl.col("who") == 0)
            ),
            {"formula": "score ~ arm", "method": "gee"},
            "less alike",
        ),
        (
            SCORES.with_columns(score=(pl.col("who") % 5 - 2) * (pl.col("who") < 10) * 9.0).filter(
                (pl.col("who") < 10) | (pl.col("month") == pl.col("month").min())
            ),
            {"formula": "score ~ arm", "method": "gee"},
            "more than perfectly alike",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(frame, options, says):
    with pytest.raises(OptionError, match=says):
        models(frame, **options)


def test_the_column_that_orders_occasions_may_also_be_a_covariate():
    measured = SCORES.with_columns(pl.col("month").cast(pl.Float64))

    assert models(measured, visit="month").tidy().equals(models(measured).tidy())


def test_names_that_are_no_python_are_read_as_names():
    """R's data sets are full of them; whatever is missing there is counted too."""
    dotted = SCORES.with_columns(
        pl.when(pl.int_range(pl.len()) == 3)
        .then(None)
        .otherwise(pl.int_range(pl.len()) % 3)
        .alias("bdi.pre")
    )
    plain = cn.effects.repeated_measures(
        dotted.rename({"bdi.pre": "pre"}), "score ~ pre", SCORES.columns[0]
    )
    for formula in ("score ~ bdi.pre", "score ~ `bdi.pre`", 'score ~ Q("bdi.pre")'):
        found = cn.effects.repeated_measures(dotted, formula, SCORES.columns[0])
        assert found.tidy()["term"].to_list() == ["Intercept", "bdi.pre"]
        assert found.tidy()["estimate"].to_list() == plain.tidy()["estimate"].to_list()
        assert found.basis.left_out == {"no bdi.pre": 1}


def test_names_that_could_be_numbers_or_operators_are_not_taken_for_names():
    odd = SCORES.with_columns(pl.lit(3.0).alias("0"), pl.lit(2.0).alias("month - arm"))
    found = models(odd, "score ~ 0 + month + arm")

    assert "month" in found.tidy()["term"].to_list()
    assert "Intercept" not in found.tidy()["term"].to_list()


def test_weights_that_cannot_be_had_and_occasions_that_come_twice_are_refused():
    late = pl.when((pl.col("who") % 3 > 0) | (pl.col("month") < 2)).then("score")
    stops = SCORES.with_columns(score=late, stays=pl.col("who") % 3 > 0)

    found = models(stops, "score ~ month + stays", visit="month", method="gee")
    assert "cannot be told" in found.summary()
    with pytest.raises(OptionError, match="no weights"):
        models(stops, "score ~ month + stays", visit="month", method="gee", weighted=True)
    with pytest.raises(OptionError, match="several rows at one month"):
        models(pl.concat([SCORES, SCORES]), visit="month")


@pytest.mark.parametrize(("pull", "holds"), [(0.05, True), (1.0, False)])
def test_weights_of_few_who_stand_for_many_are_told(pull, holds):
    rng = np.random.default_rng(4)
    first, stay = rng.normal(16, 6, 400), rng.random(400)
    gone = stay < 1 / (1 + np.exp(1 - pull * (first - 16)))
    later = np.where(gone, np.nan, first + rng.normal(0, 4, 400))
    frame = pl.DataFrame(
        {
            "who": np.repeat(np.arange(400), 2),
            "month": np.tile([1, 2], 400),
            "score": np.column_stack((first, later)).ravel(),
        }
    )
    found = models(frame, "score ~ month", visit="month", method="gee", weighted=True)
    enough = next(a for a in found.basis.assumptions if "enough like" in a.text)

    assert enough.holds is holds
