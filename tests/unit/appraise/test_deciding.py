"""A rule as a trigger: net values by hand, by definition, and what it is called."""

import re

import numpy as np
import polars as pl
import pytest
from cohorts_for_tests import build
from hypothesis import given
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.appraise.net_values import COUNTS, table
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.results.net_benefit import net_benefit, net_effect

RULE = c.Rule("missed once", c.missed() >= 1)


def cohort(**options):
    visits = {
        "a": ["N12", "A35"],
        "b": [f"A{day}" for day in range(5, 100, 10)],
        "c": ["N11"],
        "d": ["N11"],
    }
    ends = {"c": (50, "dropped_out"), "d": (35, "completed")}
    outcomes = {"A": "attended", "N": "no_show"}
    tables = {
        "appointments": [
            {"client_id": i, "start": int(v[1:]), "outcome": outcomes[v[0]]}
            for i, found in visits.items()
            for v in found
        ],
        "episodes": [
            {
                "client_id": i,
                "started_at": 0,
                "ended_at": ends.get(i, (None, None))[0],
                "end_reason": ends.get(i, (None, None))[1],
            }
            for i in visits
        ],
    }
    return build(as_of=100, **{**tables, **options})


# Looks every 10 days, 20 days ahead, so up to day 80 (o: on the list, away: stays away):
#   a: 10 away | 20 o | 30 o | 40 to 80 o away     b: 10 to 80, neither
#   c: 10 away | 20, 30, 40 o away, then left       d: 10 away | 20 o, 30 o, then completed
LOOKS, AWAY, FOUND, NEEDLESS = 23, 11, 8, 4


@pytest.fixture(scope="module")
def decided():
    replay = cn.replay(RULE, cohort())
    return cn.appraise.decision(replay, horizon="20d", every="10d", thresholds=[5], draws=50)


def row_of(result, model="missed once"):
    (row,) = result.tidy().filter(model=model).iter_rows(named=True)
    return row


def test_looks_are_counted_as_by_hand(decided):
    row = row_of(decided)
    assert [row[n] for n in COUNTS] == [FOUND, NEEDLESS, AWAY, LOOKS]


def test_triage_is_vickers_and_elkins_net_benefit_over_the_share_who_stay_away(decided):
    row = row_of(decided)
    assert row["net_triage"] == pytest.approx(FOUND / LOOKS - NEEDLESS / LOOKS * 0.2 / 0.8)
    assert row["estimate"] == pytest.approx(7 / AWAY)
    everyone, nobody = row_of(decided, "everyone"), row_of(decided, "nobody")
    assert everyone["net_triage"] == pytest.approx((AWAY - (LOOKS - AWAY) / 4) / LOOKS)
    assert nobody["net_triage"] == nobody["estimate"] == 0


def test_with_a_benefit_it_is_what_the_action_brings_less_what_it_costs():
    found = cn.appraise.decision(
        cn.replay(RULE, cohort()),
        "outreach",
        horizon="20d",
        every="10d",
        thresholds=[1.5, 5],
        benefit=0.5,
        source="made up",
        draws=50,
    ).tidy()
    dear, row = found.filter(model="missed once").sort("threshold").iter_rows(named=True)
    assert row["net_benefit"] == pytest.approx((0.5 * FOUND - (FOUND + NEEDLESS) / 5) / LOOKS)
    assert row["estimate"] == pytest.approx(1.6 / 3.3)
    assert dear["estimate"] is None, "at 1.5 even perfect foresight is not worth it"


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 500), st.floats(0.01, 0.99))
def test_an_action_that_always_helps_is_worth_what_the_two_definitions_share(tp, fp, rest, p):
    n = tp + fp + rest
    plain, with_effect = net_benefit(tp, fp, n, p), net_effect(tp, tp + fp, n, p, 1.0)
    assert with_effect == pytest.approx((1 - p) * plain, abs=1e-12)


def test_the_interval_knows_that_looks_of_one_client_are_alike():
    sums = pl.DataFrame(
        {
            "client_id": [str(i) for i in range(40)],
            "model": ["rule"] * 40,
            "true_positives": [float(i % 3 == 0) for i in range(40)],
            "false_positives": [float(i % 3 == 1) for i in range(40)],
            "events": [float(i % 3 == 0 or i % 7 == 2) for i in range(40)],
            "looks": [1.0] * 40,
        }
    )
    tripled = sums.with_columns(pl.col(COUNTS) * 3)
    once, thrice = (table(s, ["rule"], [5], None, 200, 1) for s in (sums, tripled))
    figures = ["net", "estimate", "conf_low", "conf_high"]
    assert np.allclose(once.select(figures).to_numpy(), thrice.select(figures).to_numpy())
    low, estimate, high = once.select("conf_low", "estimate", "conf_high").row(0)
    assert low < estimate < high


def test_it_is_seeded():
    replay = cn.replay(RULE, cohort())
    one, again, other = (
        cn.appraise.decision(replay, horizon="20d", every="10d", draws=50, seed=s).tidy()
        for s in (1, 1, 2)
    )
    assert one.equals(again)
    assert not one.equals(other)


def told(result):
    html = re.sub(r"<style>.*?</style>|<[^>]+>", " ", result._repr_html_(), flags=re.DOTALL)
    chart = result.plot()
    return " ".join([result.title, repr(result), html, chart.alternative, chart.svg()])


def test_without_an_estimated_benefit_nothing_shown_is_called_one():
    made_up, _ = cn.synthetic_cohort(clients=400, seed=2)
    replay = cn.replay(c.Rule("silent", c.days_since_heard() >= 21), made_up)
    triage = cn.appraise.decision(replay, "outreach", draws=20)
    assert "benefit" not in told(triage).lower()
    assert "triage" in told(triage).lower()
    helped = cn.appraise.decision(
        replay, "outreach", benefit=(0.2, 0.1, 0.3), source="a trial", draws=20
    )
    assert "benefit" in told(helped).lower()
    assert "triage" not in told(helped).lower()
    assert "a trial" in helped.summary()


@pytest.mark.parametrize("action", ["ending", "discharge", "notice"])
def test_an_ending_is_refused_with_the_reason(action):
    with pytest.raises(OptionError, match="An ending helps none of those"):
        cn.appraise.decision(cn.replay(RULE, cohort()), action)


def test_what_cannot_be_decided_is_refused():
    replay = cn.replay(RULE, cohort())
    with pytest.raises(OptionError, match="thresholds are above 1"):
        cn.appraise.decision(replay, thresholds=[1])
    with pytest.raises(OptionError, match="source="):
        cn.appraise.decision(replay, benefit=0.2)
    with pytest.raises(OptionError, match="share above 0"):
        cn.appraise.decision(replay, benefit=(0.2, 0.3, 0.1), source="a trial")
    with pytest.raises(OptionError, match="same cohort"):
        cn.appraise.decision([replay, cn.replay(c.Rule("b", c.missed() >= 2), cohort())])
    with pytest.raises(OptionError, match="names of their own"):
        cn.appraise.decision([replay, replay])
    endless = build(as_of=100, appointments=[{"client_id": "a", "start": 1, "outcome": "no_show"}])
    with pytest.raises(MissingDataError, match="who is in care"):
        cn.appraise.decision(cn.replay(RULE, endless))


def test_where_no_look_could_be_followed_it_says_so():
    replay = cn.replay(RULE, cohort())
    found = cn.appraise.decision(replay, horizon="99d", draws=5)
    assert found.tidy()["looks"].sum() == 0
    assert "No look could be followed" in found.summary()
    assert found.plot().svg()
