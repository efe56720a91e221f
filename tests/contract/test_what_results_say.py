"""The shape of `tidy` and what every summary, chart and table of an estimate must say."""

import inspect
import re
from functools import cache

import pytest
from frames_for_tests import cases

import carenotebook as cn

CASES = cases()
CONTRACT = {
    "spc": "frame, value, time, chart, denominator, baseline, phases, improvement",
    "funnel": "frame, unit, observed, expected, overdispersion, limits",
    "survival_curve": "frame, duration, event, by",
    "cumulative_incidence": "frame, duration, event, by",
    "hazard_model": "frame, duration, event, covariates, strata, entry, cluster, ties",
    "repeated_measures": "frame, formula, client, method",
    "interrupted_time_series": "frame, outcome, time, start, exposure, family, harmonics, period,"
    " slope_change, covariance",
    "difference_in_differences": "frame, outcome, unit, time, first_treated, method, control",
    "stepped_wedge": "frame, outcome, cluster, time, first_treated",
    "weighted_effect": "frame, outcome, treatment, adjust, method",
    "dose_response": "frame, outcome, dose, adjust, threshold, knots",
    "e_value": "estimate, conf_low, conf_high, measure, rare, true",
    "decision_curve": "frame, outcome, predictions, thresholds",
}
SAYS = ("Estimand: ", "N: ", "Left out: ", "Missing: ", "Assumes: ", "Caveat: ")


def of_cohorts():
    cohort, _ = cn.synthetic_cohort(clients=400, seed=1)
    asked = {"estimand": "share", "baseline": "first", "horizon": "10w", "window": "2w"}
    return {
        "retention": lambda: cn.retention(cohort),
        "attendance_hazard": lambda: cn.attendance_hazard(cohort),
        **{
            f"attendance_effect {m}": lambda m=m: cn.attendance_effect(cohort, **asked, method=m)
            for m in ("naive", "landmark", "msm", "spline")
        },
        "policy_effect": lambda: cn.policy_effect(cohort, every="1mo"),
        "control_chart": lambda: cn.control_chart(cohort, every="1mo"),
        "funnel_plot": lambda: cn.funnel_plot(cohort, unit="therapist_id"),
    }


COHORTS = of_cohorts()
MADE = {name: lambda c=case: c.call(c.frame) for name, case in CASES.items()} | COHORTS
MADE["e_value"] = lambda: cn.effects.e_value(3.9, conf_low=1.8)


@cache
def made(name):
    return MADE[name]()


def test_every_public_function_is_gone_through():
    public = {*cn.effects.__all__, *cn.quality.__all__} - {"side_by_side"}

    assert public == {n.removesuffix("_gee") for n in CASES} | {"e_value"}


@pytest.mark.parametrize("name", CONTRACT)
def test_arguments_have_the_names_of_the_contract_in_its_order(name):
    function = getattr(cn.quality if name in cn.quality.__all__ else cn.effects, name)
    given = list(inspect.signature(function).parameters)
    wanted = CONTRACT[name].replace("\n", " ").split(", ")

    assert [p for p in given if p in wanted] == [w.strip() for w in wanted]


@pytest.mark.parametrize("name", CASES)
def test_tidy_has_the_columns_of_the_contract(name):
    tidy = made(name).tidy()

    assert tuple(tidy.columns[: len(CASES[name].terms)]) == CASES[name].terms


def test_terms_have_the_names_of_the_contract():
    found = {n: made(n).tidy() for n in ("interrupted_time_series", "difference_in_differences")}

    assert found["interrupted_time_series"]["term"][:3].to_list() == [
        "level_change",
        "slope_change",
        "trend",
    ]
    assert found["difference_in_differences"]["term"].to_list() == ["att"]
    assert made("e_value").tidy()["term"].to_list() == ["estimate", "limit"]
    curve = made("survival_curve")
    assert curve.median().columns == ["site", "estimate", "conf_low", "conf_high"]
    mean = ["site", "estimate", "std_error", "conf_low", "conf_high"]
    assert curve.rmst(10).columns == mean
    assert curve.logrank().columns == ["statistic", "df", "p_value"]


@pytest.mark.parametrize("name", MADE)
def test_a_result_says_what_it_is_of_what_is_left_out_and_what_it_rests_on(name):
    found = made(name)
    said = found.summary()

    lacking = [what for what in SAYS if what not in said]
    assert not lacking, said
    caveat = re.search(r"^Caveat: (.+)$", said, re.MULTILINE)[1]
    assert len(caveat.split()) > 6
    assert said.splitlines()[0].strip(".")
    for line in said.splitlines():
        if line.startswith("Assumes: "):
            assert re.search(r"\(.+\)$", line), line
    chart = found.plot()
    assert chart.alternative
    assert found._repr_html_()


@pytest.mark.parametrize("name", [n for n in MADE if n != "e_value"])
def test_assumptions_that_have_a_diagnostic_show_it(name):
    told = made(name).diagnostics()

    assert told.height > 0
    if "diagnostic" in told.columns:
        assert told.columns == ["assumption", "diagnostic", "holds"]
