"""The audit against what was put into made-up clients, and against the language of criteria."""

from dataclasses import replace

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.synthetic.populations import Attribute, GroupEffect

RULE = c.Rule("two misses", c.missed(within="90d") >= 2)
HALVES = (Attribute("half", ("left", "right"), (0.5, 0.5)),)


def truth(*effects):
    return replace(cn.Truth(), attributes=HALVES, groups=effects)


def audited(effects, seed, rule=RULE):
    cohort, _ = cn.synthetic_cohort(clients=1500, seed=seed, truth=truth(*effects))
    return cn.audit(cn.replay(rule, cohort), "half").tidy().filter(split="half")


def gap(rows, term):
    (row,) = rows.filter(pl.col("term") == term, pl.col("group") != pl.col("reference")).iter_rows(
        named=True
    )
    side = 1 if row["group"] == "right" else -1
    return sorted(side * row[n] for n in ("difference_low", "difference_high"))


def test_fewer_safeguards_for_a_group_are_seen():
    # Safeguards are called for by two misses in a row and follow within five days.
    rule = c.Rule("a week after", (c.consecutive_missed() >= 2).for_at_least("7d"))
    rows = audited([GroupEffect("half", "right", safeguards=0.4)], 1, rule)
    assert gap(rows, "no_attendance_conversation")[0] > 0


def test_more_misses_of_a_group_are_seen_in_flag_rates():
    rows = audited([GroupEffect("half", "right", misses=2.0)], seed=1)
    assert gap(rows, "flagged_in_time")[0] > 0


def test_where_groups_are_alike_few_intervals_leave_out_no_difference():
    found = pl.concat([audited([], seed) for seed in range(4)]).drop_nulls("difference_low")
    apart = (pl.col("difference_low") > 0) | (pl.col("difference_high") < 0)
    # 5 % of some 72 are 4; terms hang together, so the bound is three times that.
    assert found.height > 60
    assert found.filter(apart).height <= 12


@pytest.mark.parametrize(
    ("term", "missing"),
    [
        (
            "no_delivered_outreach",
            c.contacts(direction="outbound", purpose="outreach", delivered=True, within="90d") == 0,
        ),
        ("no_alternative_offered", c.actions("alternative_offered", within="90d") == 0),
        ("no_risk_review", c.actions("risk_review", within="90d") == 0),
        ("severe_at_flag", c.measure("PHQ-9") >= 20),
        ("item_9_look_now", c.item("PHQ-9", 9) > 0),
        ("after_earlier_action", c.actions(["notice", "ending"]) >= 1),
    ],
)
def test_what_stood_at_the_flag_is_what_the_language_of_criteria_says(term, missing):
    cohort, _ = cn.synthetic_cohort(clients=600, seed=5)
    replay = cn.replay(RULE, cohort)
    spans = cn.replay(c.Rule("missing", missing, grace="0d"), cohort).intervals
    at_flag = (
        replay.first.join(
            spans.select("client_id", "episode", since="flagged_at", until="cleared_at"),
            on=["client_id", "episode"],
        )
        .filter(pl.col("flagged_at").is_between("since", "until", closed="left"))
        .height
    )
    rows = cn.audit(replay).tidy()
    assert rows.filter(term=term)["numerator"].item() == at_flag
