"""What a replay counts, worked out by hand for six clients and seven episodes."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import CareNotebookWarning, MissingDataError, OptionError


def on(day):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)


@pytest.fixture(params=["auto", "reference"])
def replay(request, seven_episodes, rule):
    return cn.replay(rule, seven_episodes, engine=request.param)


def test_intervals_are_half_open_spans_with_what_ended_them(replay):
    assert replay.intervals.sort("client_id", "episode", "flagged_at").rows() == [
        ("a", 1, on(30), on(100), "as_of"),
        ("b", 1, on(20), on(40), "cleared"),
        ("b", 1, on(60), on(100), "as_of"),
        ("d", 1, on(20), on(50), "episode"),
        ("d", 2, on(90), on(100), "as_of"),
    ]
    assert replay.intervals.columns == [
        "client_id",
        "episode",
        "flagged_at",
        "cleared_at",
        "ended_by",
    ]
    assert replay.undecided.is_empty()
    assert replay.undecided.schema == replay.intervals.schema


def test_first_is_the_first_flag_of_each_episode(replay):
    assert replay.first.rows() == [
        ("a", 1, on(30)),
        ("b", 1, on(20)),
        ("d", 1, on(20)),
        ("d", 2, on(90)),
    ]


def test_tidy_is_cumulative_incidence_with_competing_ends(replay):
    # Seven episodes last 30*, 20*, 100, 20*, 30*, 14 and 100 days (* flagged; 14 ended; 100 open).
    # Day 14: one of 7 ends, 6/7 stay. Day 20: 2 of 6 are flagged, 6/7 x 2/6 = 2/7, 4/7 stay.
    # Day 30: 2 of 4 are flagged, 4/7 x 2/4 = 2/7 more.
    tidy = replay.tidy()
    assert tidy["term"].unique().to_list() == ["flagged"]
    by_day = {row["day"]: row for row in tidy.iter_rows(named=True)}
    assert [by_day[d]["estimate"] for d in (0, 14, 21, 28)] == pytest.approx([0, 0, 2 / 7, 2 / 7])
    assert [by_day[d]["estimate"] for d in (35, 98)] == pytest.approx([4 / 7, 4 / 7])
    assert [by_day[d]["at_risk"] for d in (0, 14, 21, 28, 35, 98)] == [7, 7, 4, 4, 2, 2]
    assert [by_day[d]["flagged"] for d in (14, 21, 35)] == [0, 2, 4]
    assert [by_day[d]["clients"] for d in (14, 21, 35)] == [0, 2, 3]
    inside = tidy.filter(pl.col("estimate") > 0)
    assert (
        inside.select(
            (pl.col("conf_low") < pl.col("estimate")) & (pl.col("estimate") < pl.col("conf_high"))
        )
        .to_series()
        .all()
    )


def test_attrition_counts_clients_in_order_and_alone(replay):
    tidy = replay.attrition().tidy()
    assert tidy.select("clients", "episodes", "removed").rows() == [
        (6, 7, 0),
        (4, 5, 2),
        (3, 4, 1),
    ]
    assert tidy.select("clients_alone", "episodes_alone").rows()[1:] == [(4, 5), (5, 6)]
    assert tidy["clause"].to_list()[1] == "missed appointments since the episode began: 1 or more"


def test_clauses_that_hold_at_different_times_do_not_hold_together(cohort_of):
    cohort = cohort_of(
        appointments=[
            {"client_id": "a", "start": 5, "outcome": "no_show"},
            {"client_id": "a", "start": 25, "outcome": "attended"},
        ],
        episodes=[{"client_id": "a", "started_at": 0}],
    )
    rule = c.Rule("x", (c.missed(within="7d") >= 1) & (c.attended() >= 1))
    tidy = cn.replay(rule, cohort).attrition().tidy()
    assert tidy["clients"].to_list() == [1, 1, 0]
    assert tidy["clients_alone"].to_list()[1:] == [1, 1]


def test_by_month_counts_first_flags_and_keeps_every_month_that_is_seen(replay):
    assert replay.by_month().tidy().rows() == [
        (date(2024, 1, 1), 3, 3),
        (date(2024, 2, 1), 0, 0),
        (date(2024, 3, 1), 1, 1),
        (date(2024, 4, 1), 0, 0),
    ]


def test_by_group_counts_episodes_of_each_group_and_of_those_without(replay):
    tidy = replay.by_group("language").tidy()
    assert tidy.select("language", "numerator", "denominator", "clients").rows() == [
        ("English", 2, 3, 2),
        ("Welsh", 2, 3, 3),
        ("missing", 0, 1, 1),
    ]
    assert tidy["estimate"].to_list() == pytest.approx([2 / 3, 2 / 3, 0])


def test_by_group_needs_a_column_that_is_there(replay):
    with pytest.raises(OptionError, match="needs a column"):
        replay.by_group([])
    with pytest.raises(MissingDataError, match="country"):
        replay.by_group("country")


def test_states_sum_to_every_seen_episode(replay):
    tidy = replay.states().tidy()
    assert tidy.select("state", "numerator", "denominator").rows() == [
        ("never", 3, 7),
        ("put up for review", 4, 7),
    ]


def test_states_tell_undecided_from_never(seven_episodes):
    rule = c.Rule("severe", (c.measure("PHQ-9") >= 10) & (c.missed() >= 1))
    replay = cn.replay(rule, seven_episodes)
    tidy = replay.states().tidy().select("state", "numerator", "clients_with")
    assert sorted(tidy.rows()) == [
        ("never", 2, 2),
        ("put up for review", 1, 1),
        ("undecided at some time", 4, 3),
    ]
    assert replay.undecided.sort("client_id", "episode").rows()[1:] == [
        ("d", 1, on(5), on(50), "episode"),
        ("d", 2, on(65), on(100), "as_of"),
        ("e", 1, on(3), on(14), "episode"),
    ]


def test_came_back_follows_each_flag_for_the_same_time(replay):
    # Flags on day 30 (never came), 20 (came on day 40) and 20 (came on day 70, in a new episode);
    # the flag on day 90 could not be followed for eight weeks.
    back = replay.came_back("8w")
    row = back.tidy().row(0, named=True)
    assert (row["numerator"], row["denominator"], back.not_followed) == (2, 3, 1)
    shorter = replay.came_back("19d").tidy().row(0, named=True)
    assert (shorter["numerator"], shorter["denominator"]) == (0, 3)
    exact = replay.came_back("20d").tidy().row(0, named=True)
    assert (exact["numerator"], exact["denominator"]) == (1, 3)
    all_followed = replay.came_back("10d")
    assert (all_followed.tidy()["denominator"][0], all_followed.not_followed) == (4, 0)


def test_unknowns_compare_the_three_readings(replay):
    tidy = replay.unknowns().tidy()
    assert tidy.select("numerator", "denominator", "differing").rows() == [
        (4, 7, 0),
        (5, 7, 1),
        (4, 7, 0),
    ]
    assert tidy["term"].to_list() == ["ignored", "taken as missed", "taken as attended"]


@pytest.mark.parametrize("reading", ["missed", "attended"])
def test_unknowns_are_the_same_from_every_reading(seven_episodes, rule, reading):
    one = cn.replay(rule, seven_episodes, unknown=reading).unknowns().tidy()
    assert one.equals(cn.replay(rule, seven_episodes).unknowns().tidy())


def test_the_summary_says_what_was_seen_and_that_a_flag_is_a_review(replay):
    said = replay.summary()
    assert "missed and silent" in said
    assert "2024-04-10" in said
    assert "unknown outcome" in said
    assert "ignored" in said
    assert "clinician's review and nothing else" in said


def ending(cohort_of, gaps):
    """Clients who attended on day 10 and ended so many days later; None is still in care."""
    ids = [f"c{i}" for i in range(len(gaps))]
    return cohort_of(
        appointments=[{"client_id": i, "start": 10, "outcome": "attended"} for i in ids],
        episodes=[
            {"client_id": i, "started_at": 0, "ended_at": None if gap is None else 10 + gap}
            for i, gap in zip(ids, gaps, strict=True)
        ],
    )


@pytest.mark.parametrize("gaps", [[1, 0.5, 30], [1, 1], [0.25, 0, 1, None]])
def test_a_replay_warns_when_most_episodes_end_with_the_last_session(cohort_of, rule, gaps):
    with pytest.warns(CareNotebookWarning, match="hide the very silence"):
        found = cn.replay(rule, ending(cohort_of, gaps))
    assert "hide the very silence" in found.summary()


@pytest.mark.parametrize("gaps", [[1, 30], [1.01, 2, 3], [None, None, 0.5], [1, 1, None, None]])
def test_it_does_not_warn_when_most_end_later_or_are_open(cohort_of, rule, gaps):
    found = cn.replay(rule, ending(cohort_of, gaps))
    assert "hide the very silence" not in found.summary()
