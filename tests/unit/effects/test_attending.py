"""Attendance and outcome on a cohort whose truth is known, and what the function asks for."""

import re

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.synthetic.truth import Attendance, Endings, Symptoms, Truth

EFFECT = -0.9
ASKED = {"estimand": "per_session", "baseline": "first", "horizon": "10w", "window": "2w"}


@pytest.fixture(scope="module")
def cohort():
    """The severer somebody is, the likelier a session is missed; every session helps alike."""
    truth = Truth(
        symptoms=Symptoms(
            phq_per_session=EFFECT,
            phq_per_week=0.3,
            phq_sd=4.0,
            wander_sd=1.5,
            response_sd=0.0,
            reliability=1.0,
            phq_recorded=1.0,
        ),
        attendance=Attendance(
            no_show=0.2,
            severity_ratios=(0.1, 0.4, 1.0, 2.0, 3.0),
            site_ratios=(1.0, 1.0),
            reliability=((1.0, 1.0),),
        ),
        endings=Endings(good_enough_ends=0.0),
        groups=(),
    )
    return cn.synthetic_cohort(clients=1500, seed=1, truth=truth)[0]


@pytest.fixture(scope="module")
def found(cohort):
    return {
        m: cn.attendance_effect(cohort, **ASKED, method=m)
        for m in ("naive", "landmark", "msm", "spline")
    }


def row(result, term):
    return result.tidy().row(by_predicate=pl.col("term") == term, named=True)


def test_the_naive_answer_is_wrong_and_the_structural_model_holds_the_truth(found):
    naive, msm = (row(found[m], "attended") for m in ("naive", "msm"))

    assert naive["conf_high"] < EFFECT - 0.2
    assert msm["conf_low"] < EFFECT < msm["conf_high"]
    assert abs(msm["estimate"] - EFFECT) < abs(naive["estimate"] - EFFECT) / 2


def test_weights_balance_sessions_and_say_what_they_cost(found):
    msm = found["msm"]

    assert msm.balance["before"].abs().max() > 0.3
    assert msm.balance["balanced"].all()
    assert "truncated at percentiles 0.1 and 99.9" in msm.summary()


def test_a_negative_control_shows_the_confounding(found):
    control = found["naive"].tidy().filter(pl.col("term").str.starts_with("future"))

    assert control["p_value"].item() < 0.001
    told = found["naive"].diagnostics()
    assert told["holds"][0] is False
    assert "negative control" in told["diagnostic"][0]


def test_kinds_of_loss_enter_apart_and_the_providers_is_a_comparison(found):
    parts = dict(found["naive"].tidy().select("term", "part").iter_rows())

    assert parts["no_show"] == parts["late_cancel"] == parts["early_cancel"] == "kind"
    assert parts["provider_cancel"] == "control"
    assert row(found["naive"], "provider_cancel")["conf_low"] < -EFFECT
    assert row(found["naive"], "provider_cancel")["conf_high"] > -EFFECT


def test_kinds_of_loss_have_weights_of_their_own_in_the_structural_model(found):
    """A session lost costs what attending one would have gained, in whichever way it was lost."""
    for kind in ("no_show", "late_cancel", "early_cancel"):
        msm, naive = row(found["msm"], kind), row(found["naive"], kind)
        assert abs(msm["estimate"] + EFFECT) < abs(naive["estimate"] + EFFECT)
        assert abs(msm["estimate"] + EFFECT) < 3 * msm["std_error"]
    assert "weights of their own" in found["msm"].summary()


def test_clients_and_therapists_may_both_be_clusters(cohort, found):
    """Most clients have one therapist here, so that both together are nearly therapists alone."""
    asked = {**ASKED, "method": "naive"}
    both = cn.attendance_effect(cohort, **asked, cluster=["client_id", "therapist_id"])
    alone = cn.attendance_effect(cohort, **asked, cluster="therapist_id")

    errors = [row(r, "attended")["std_error"] for r in (both, alone)]
    assert errors[0] == pytest.approx(errors[1], rel=0.05)
    assert row(both, "attended")["estimate"] == row(found["naive"], "attended")["estimate"]
    assert list(both.basis.clusters) == ["clients", "therapists"]
    told = next(line for line in both.summary().splitlines() if "enough clusters" in line)
    assert re.search(r"\(20 clients or more and \d+ therapists\)$", told)


def test_only_what_can_identify_an_effect_speaks_of_one(found):
    for method in ("naive", "landmark", "spline"):
        told = found[method].summary().lower().replace("it is no effect", "")
        assert "effect" not in told
    assert "Effect of attending" in found["msm"].title
    assert found["naive"].title.startswith("Naive comparison")
    assert "Naive comparison" in found["naive"].plot().alternative
    assert "still in care" in found["landmark"].title
    assert "still in care" in found["landmark"].summary()


def test_rows_in_are_rows_used_and_rows_left_out(cohort, found):
    seen = cohort.spans().filter(pl.col("seen_from") < pl.col("seen_until")).height

    for result in found.values():
        assert result.basis.rows + sum(result.basis.left_out.values()) == seen


def test_a_threshold_without_a_break_is_not_claimed(cohort):
    asked = {**ASKED, "estimand": "share"}
    seductive = cn.attendance_effect(cohort, **asked, method="naive", threshold=0.8)
    honest = cn.attendance_effect(cohort, **asked, method="spline", threshold=0.8)

    assert row(seductive, "above_threshold")["conf_high"] < 0
    assert row(honest, "jump_or_kink")["p_value"] > 0.05
    assert "do not locate" in honest.summary()
    assert "Dashed: the threshold asked about, 0.8" in str(honest.plot().to_dict()["title"])


@pytest.mark.parametrize(
    ("asked", "term", "words"),
    [
        ({"estimand": "share", "threshold": 0.8}, "kink_10_points", "slope, ten points more: "),
        ({"estimand": "per_session", "threshold": 5}, "kink", "slope, a session: "),
    ],
)
def test_a_kink_is_told_for_as_much_attendance_as_the_estimate(cohort, asked, term, words):
    found = cn.attendance_effect(cohort, **{**ASKED, **asked}, method="spline")

    told = row(found, term)
    assert (told["conf_low"] + told["conf_high"]) / 2 == pytest.approx(told["estimate"])
    assert row(found.curve, term)["estimate"] == told["estimate"]
    assert words in found.summary()


@pytest.mark.parametrize("left", ["estimand", "baseline", "horizon"])
def test_what_gives_the_figure_a_meaning_must_be_said(cohort, left):
    asked = {k: v for k, v in ASKED.items() if k != left}

    with pytest.raises(OptionError, match=f"needs {left}: without it"):
        cn.attendance_effect(cohort, **asked)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"estimand": "anything"}, "estimand"),
        ({"baseline": "soon"}, "baseline"),
        ({"horizon": "6 months"}, "horizon"),
        ({"window": "12w"}, "window"),
        ({"horizon": "300w"}, "followed for the whole horizon"),
        ({"outcome": "XYZ-1"}, "no score of outcome"),
        ({"method": "landmark", "landmark": "9w"}, "landmark"),
        ({"threshold": 90}, "fewer than 10 episodes"),
        ({"method": "best"}, "method"),
        ({"cluster": "site"}, "cluster"),
        ({"cluster": ["client_id", "client_id"]}, "two that differ"),
    ],
)
def test_bad_requests_are_explained(cohort, change, told):
    with pytest.raises(OptionError, match=told):
        cn.attendance_effect(cohort, **{**ASKED, **change})


def test_a_missing_column_is_named(cohort):
    with pytest.raises(MissingDataError, match="shoe_size"):
        cn.attendance_effect(cohort, **ASKED, adjust=["shoe_size"])
