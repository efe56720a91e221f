"""Differences between groups against published and independent figures."""

import polars as pl
import pytest
from cohorts_for_tests import build
from statsmodels.stats.power import NormalIndPower

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.appraise.clustered import share
from carenotebook.appraise.contrasts import contrasted


def of(group, events, rows):
    units = pl.DataFrame(
        {
            "client_id": [f"{group}{i}" for i in range(rows)],
            "value": [i < events for i in range(rows)],
        }
    )
    names = {"split": "s", "group": group, "term": "t", "unit": "share", "kind": "share"}
    return {**share(units, ["client_id"]), **names, "reference": "other", "_per": 1.0}


def test_the_interval_of_a_difference_is_newcombes_tenth():
    """Newcombe RG (1998) Stat Med 17:873-890, table II: 56/70 against 48/80."""
    rows = contrasted(pl.DataFrame([of("one", 56, 70), of("other", 48, 80)]))
    one, other = rows.iter_rows(named=True)
    assert one["difference"] == pytest.approx(0.2)
    assert round(one["difference_low"], 4) == 0.0524
    assert round(one["difference_high"], 4) == 0.3339
    assert other["difference"] is None


def test_the_smallest_gap_is_what_a_power_of_80_percent_sees():
    rows = contrasted(pl.DataFrame([of("one", 30, 100), of("other", 50, 100)]))
    # statsmodels gives the effect in units of the standard deviation of one outcome.
    effect = NormalIndPower().solve_power(nobs1=100, alpha=0.05, power=0.8)
    # It adds the other tail, which the formula leaves out: some 1e-5 of the effect.
    assert rows["smallest_gap"][0] == pytest.approx(effect * (0.4 * 0.6) ** 0.5, rel=1e-4)


def by_therapist(cluster):
    """Six therapists with ten clients each; all of a therapist's come back, or none."""
    ids = [(f"c{i:02}", f"t{i % 6}") for i in range(60)]
    visits = [
        {"client_id": i, "start": day, "outcome": outcome}
        for i, therapist in ids
        for day, outcome in ((1, "no_show"), *([(9, "attended")] if therapist < "t3" else []))
    ]
    episodes = [{"client_id": i, "started_at": 0, "therapist_id": t} for i, t in ids]
    cohort = build(as_of=90, appointments=visits, episodes=episodes)
    found = cn.audit(cn.replay(c.Rule("a miss", c.missed() >= 1), cohort), cluster=cluster)
    (row,) = found.tidy().filter(term="would_have_come_back").iter_rows(named=True)
    return row, found


def test_where_therapists_are_few_the_interval_is_by_therapist_and_says_so():
    row, found = by_therapist("auto")
    assert (row["estimate"], row["interval_by"], row["clusters"]) == (0.5, "therapist", 6)
    # Variance of the mean of 6 therapists, all 0 or 1: (1/4) / 6 * 6/5, over (1/4) / 60.
    assert row["design_effect"] == pytest.approx(12.0)
    assert "by therapist (6 of them)" in found.summary()
    plain, by_client = by_therapist("client")
    assert (plain["interval_by"], plain["design_effect"]) == ("client", 1.0)
    assert plain["conf_high"] - plain["conf_low"] < row["conf_high"] - row["conf_low"]
    assert "Intervals are by client." in by_client.summary()
