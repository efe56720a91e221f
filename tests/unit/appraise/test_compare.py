"""Rules side by side, against a table worked out by hand, and what is never shown."""

import re

import numpy as np
import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook import Privacy
from carenotebook import criteria as c
from carenotebook.appraise.compare_clauses import BREAK, SEVERAL
from carenotebook.core.errors import MissingDataError, OptionError, RuleError

VISITS = {
    "a": ["N10", "N20", "N30"],  # two on day 20, three on day 30
    "b": ["N10", "N20"],  # two on day 20, never three
    "c": ["A10"],  # never
    "d": ["N40", "N41", "N42", "A43"],  # two on day 41, three on day 42, attended a day later
}
OUTCOMES = {"A": "attended", "N": "no_show"}
TWO = c.Rule("two", c.missed() >= 2)
THREE = c.Rule("three", c.missed() >= 3)
MISSES = "missed appointments since the episode began: {} or more"


def cohort(**more):
    rows = [
        {"client_id": i, "start": int(v[1:]), "outcome": OUTCOMES[v[0]]}
        for i, found in VISITS.items()
        for v in found
    ]
    episodes = [{"client_id": i, "started_at": 0, "ended_at": None} for i in VISITS]
    return build(appointments=rows, episodes=episodes, **more)


def changes(found, rule):
    rows = found.tidy().filter(pl.col("clause").is_null() & (pl.col("rule") == rule))
    return dict(rows.select("change", "episodes").iter_rows())


def clauses(found, rule):
    rows = found.tidy().filter(pl.col("clause").is_not_null() & (pl.col("rule") == rule))
    return {(r["change"], r["clause"]): r["episodes"] for r in rows.iter_rows(named=True)}


def test_a_stricter_rule_loses_and_comes_later():
    found = cn.compare_rules([TWO, THREE], cohort())
    assert changes(found, "three") == {
        "gained": 0,
        "lost": 1,
        "earlier": 0,
        "later": 2,
        "at the same time": 0,
        "flagged by neither": 1,
    }
    three = MISSES.format(3)
    assert clauses(found, "three") == {("lost", three): 1, ("later", three): 2}
    later = found.tidy().filter(pl.col("clause").is_null() & (pl.col("change") == "later"))
    assert later["median_days"].to_list() == [5.5]  # 10 days for a, 1 for d


def test_a_looser_rule_gains_and_comes_earlier():
    found = cn.compare_rules([THREE, TWO], cohort())
    three = MISSES.format(3)
    assert clauses(found, "two") == {("gained", three): 1, ("earlier", three): 2}


def test_the_changes_of_a_rule_sum_to_every_episode():
    found = cn.compare_rules([TWO, THREE, c.Rule("none", c.missed() >= 9)], cohort())
    whole = found.tidy().filter(pl.col("clause").is_null())
    assert whole.group_by("rule").agg(pl.col("episodes").sum())["episodes"].to_list() == [4, 4]


def test_a_difference_is_told_by_the_one_clause_that_stood_against_it():
    silent = c.days_since_attended() >= 30
    both = c.Rule("both", (c.missed() >= 3) & silent)
    found = cn.compare_rules([TWO, both], cohort())
    # b never has three; a is silent 30 days on day 30 at once. On day 20 both clauses failed.
    assert clauses(found, "both") == {
        ("lost", SEVERAL): 1,
        ("later", MISSES.format(3)): 1,
        ("later", SEVERAL): 1,
    }


def test_the_time_after_a_break_is_told_apart():
    pauses = [{"client_id": "b", "start": 0, "end": 15, "reason": "client_break"}]
    soon, late = (c.Rule(n, c.missed() >= 1, grace=g) for n, g in (("soon", "0d"), ("late", "7d")))
    found = cn.compare_rules([soon, late], cohort(pauses=pauses))
    assert clauses(found, "late") == {("later", BREAK): 1}


def test_each_rule_alone_is_its_replay():
    found = cn.compare_rules([TWO, THREE], cohort())
    for row in found.rules().tidy().iter_rows(named=True):
        alone = found.replays[row["rule"]]
        assert row["flagged"] == alone.first.height
        assert row["incidence"] == pytest.approx(alone.tidy()["estimate"][-1])


def test_rules_that_lack_data_are_listed_with_what_they_need():
    silence = c.Rule("silence", c.days_since_heard() >= 30)
    found = cn.compare_rules([silence, TWO, THREE], cohort())
    assert found.first == "two"
    assert list(found.missing) == ["silence"]
    assert "contacts" in found.missing["silence"]
    for text in (found.summary(), found.rules().summary()):
        assert re.search(r"silence.*contacts", text)
    with pytest.raises(MissingDataError, match=r"No rule can be replayed.*contacts"):
        cn.compare_rules([silence, c.Rule("contacts", c.contacts() >= 1)], cohort())


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ([TWO], OptionError, "two rules or more"),
        ([TWO, TWO], OptionError, "two rules are called 'two'"),
        ([TWO, c.missed() >= 3], RuleError, "needs Rules"),
        ([TWO, c.Rule("open", c.missed() >= c.param("k"))], RuleError, "open parameters"),
    ],
)
def test_what_cannot_be_compared_is_refused(rules, error, message):
    with pytest.raises(error, match=message):
        cn.compare_rules(rules, cohort())


def test_a_mapping_names_its_rules():
    found = cn.compare_rules({"old": TWO, "new": TWO}, cohort())
    assert changes(found, "new")["at the same time"] == 3


@pytest.fixture(scope="module")
def library():
    made_up, _ = cn.synthetic_cohort(clients=500, seed=3)
    return cn.compare_rules(c.library(), made_up)


def test_all_published_rules_stand_side_by_side(library):
    assert [*library.replays, *library.missing] == list(c.library())
    assert library.rules().tidy()["rule"].to_list() == list(library.replays)


@pytest.mark.parametrize("view", ["changes", "rules"])
def test_no_small_number_and_no_client_is_shown(library, view):
    result = library if view == "changes" else library.rules()
    gate = Privacy()
    frame = result.released(gate).frame
    shown = frame["clients"].drop_nulls()
    assert not shown.is_between(1, gate.min_cell - 1).any()
    hidden = frame.filter("suppressed")
    assert hidden.height
    assert hidden["clients"].null_count() == hidden.height
    ids = library.seen["client_id"].to_list()
    for text in (result.summary(), repr(result), result._repr_html_(), result.plot().alternative):
        assert text
        assert not any(i in text for i in ids)


def test_no_hidden_change_follows_from_the_numbers_flagged(library):
    """What each rule flags is known, so each sum that makes it must have two hidden parts."""
    frame = library.released().frame.filter(pl.col("clause") == "all")
    for name in list(library.replays)[1:]:
        row = dict(frame.filter(rule=name).select("change", "suppressed").iter_rows())
        by_first = [row[k] for k in ("lost", "earlier", "later", "at the same time")]
        by_other = [row[k] for k in ("gained", "earlier", "later", "at the same time")]
        for parts in (by_first, by_other):
            assert np.sum(parts) != 1
