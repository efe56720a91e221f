"""Agreed pauses: what they excuse, which clocks they stop, and the days after them."""

import pytest


@pytest.mark.parametrize("outcome", "NLE")
def test_a_miss_or_cancellation_that_starts_in_a_pause_is_excused(holds, outcome):
    holds(f"""
    day           10         15         20-1us
    appointments  {outcome}  {outcome}  {outcome}
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          (c.missed() >= 1) | (c.early_cancels() >= 1)
    rule          c.appointments(outcome="excused") >= 3
    true          20 to as_of
    rule          c.scheduled() >= 3
    true          20 to as_of
    rule          c.consecutive_missed() >= 1
    rule          c.attendance_rate(minimum=1) >= 0
    undecided     0 to 10, 20 to as_of
    """)


def test_a_pause_is_half_open(holds):
    holds("""
    day           10-1us 20
    appointments  N      N
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.missed() >= 1
    true          10-1us to 10, 20 to as_of
    rule          c.missed() >= 2
    true          20 to as_of
    """)


def test_other_outcomes_in_a_pause_stay_what_they_are(holds):
    holds("""
    day           11 12 13 14 15 16
    appointments  A  R  P  T  W  X
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          (c.attended() == 1) & (c.provider_cancels() == 1) & (c.technical_failures() == 1)
    true          20 to as_of
    rule          c.appointments(outcome=["rescheduled", "was_not_brought"]) == 2
    true          20 to as_of
    rule          c.appointments(outcome="excused") == 1
    true          20 to as_of
    """)


def test_an_excused_miss_neither_lengthens_nor_ends_a_run(holds):
    holds("""
    day           5 12 30
    appointments  N N  N
    pauses        10 to 20
    as_of         60
    rule          c.consecutive_missed() >= 2
    true          30 to as_of
    """)


def test_at_one_instant_an_excused_miss_is_no_miss(holds):
    holds("""
    day           5 12
    appointments  N AN
    pauses        10 to 20
    as_of         60
    rule          c.consecutive_missed() >= 1
    true          5 to 10
    rule          c.attendance_rate(minimum=1, last=1) >= 1
    true          27 to as_of
    undecided     0 to 5
    """)


def test_a_cancellation_in_a_pause_is_still_heard(holds):
    holds("""
    day           12
    appointments  E
    contacts      .
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_heard() >= 10
    true          30 to as_of
    """)
    holds("""
    day           12
    appointments  L(cancelled=11.5)
    contacts      .
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_heard() >= 10
    true          30 to as_of
    """)
    holds("""
    day           12
    appointments  N(cancelled=12.5)
    contacts      .
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_heard() >= 10
    true          30 to as_of
    """)
    holds("""
    day           12
    appointments  N
    contacts      .
    pauses        11 to 20
    grace         0d
    as_of         60
    rule          c.days_since_heard() >= 10
    true          10 to 11, 20 to as_of
    """)


def test_day_terms_stand_still_in_a_pause(holds):
    holds("""
    day           5
    appointments  A(booked=5)
    contacts      .
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_attended() >= 10
    true          25 to as_of
    rule          c.days_since_attended() > 10
    true          25+1us to as_of
    rule          c.days_since_attended() < 10
    true          0 to 10, 20 to 25
    rule          c.days_since_heard() >= 10
    true          25 to as_of
    rule          c.days_since_contact() >= 15
    true          25 to as_of
    rule          c.days_without_booking() >= 15
    true          25 to as_of
    rule          c.days_in_care() >= 15
    true          20 to as_of
    """)


def test_a_threshold_that_is_reached_as_a_pause_starts(holds):
    holds("""
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_attended() >= 10
    true          20 to as_of
    rule          c.days_since_attended() > 10
    true          20+1us to as_of
    rule          c.days_since_attended() < 10
    true          0 to 10
    rule          c.days_since_attended() <= 10
    true          0 to 10, 20 to 20+1us
    """)


def test_an_event_in_a_pause_starts_the_clock_at_its_end(holds):
    holds("""
    day           5 12
    appointments  A A
    pauses        10 to 20
    grace         0d
    as_of         60
    rule          c.days_since_attended() >= 10
    true          30 to as_of
    """)


def test_an_episode_that_begins_in_a_pause_starts_its_clocks_at_the_end_of_it(holds):
    holds("""
    pauses        -5 to 4
    grace         0d
    as_of         60
    rule          c.days_since_attended() >= 10
    true          14 to as_of
    """)


def test_count_windows_stay_calendar_time(holds):
    holds("""
    day           5
    appointments  N
    pauses        6 to 8
    as_of         60
    rule          c.missed(within="14d") >= 1
    true          5 to 6, 15 to 19
    """)


def test_a_rule_is_never_true_in_a_pause_or_in_the_days_after_it(holds):
    holds("""
    day           5
    appointments  N
    pauses        10 to 20
    as_of         60
    rule          c.missed() >= 1
    true          5 to 10, 27 to as_of
    rule          c.missed() >= 1
    grace         0d
    true          5 to 10, 20 to as_of
    rule          c.missed() >= 1
    grace         2w
    true          5 to 10, 34 to as_of
    rule          ~(c.missed() >= 2)
    true          0 to 10, 27 to as_of
    """)


def test_what_is_cut_is_neither_flagged_nor_undecided(holds):
    holds("""
    day           5
    PHQ-9         .
    pauses        10 to 20
    as_of         60
    rule          c.measure("PHQ-9") >= 10
    undecided     0 to 10, 27 to as_of
    rule          c.measure("PHQ-9").is_unknown()
    true          0 to 10, 27 to as_of
    """)


def test_a_span_that_ends_where_the_days_after_a_pause_run_to_the_end_has_cleared(holds):
    holds("""
    day           5
    appointments  N
    pauses        10 to 15
    episodes      0 to 18
    as_of         60
    rule          c.missed() >= 1
    true          5 to 10
    """)


def test_a_pause_without_an_end_is_still_running(holds):
    holds("""
    day           5 50
    appointments  N N
    pauses        10 to open
    as_of         60
    rule          c.missed() >= 1
    true          5 to 10
    rule          c.days_since_attended() < 30
    true          0 to 10
    """)


def test_overlapping_pauses_merge(holds):
    holds("""
    day           5
    appointments  A
    pauses        10 to 20, 15 to 25
    as_of         60
    rule          c.attended() >= 1
    true          5 to 10, 32 to as_of
    rule          c.days_since_attended() >= 20
    true          40 to as_of
    """)
    holds("""
    day           5
    appointments  A
    pauses        10 to 25, 12 to 14
    as_of         60
    rule          c.attended() >= 1
    true          5 to 10, 32 to as_of
    rule          c.days_since_attended() >= 20
    true          40 to as_of
    """)
    holds("""
    day           5
    appointments  A
    pauses        10 to 20, 20 to 25
    as_of         60
    rule          c.days_since_attended() >= 20
    true          40 to as_of
    """)
    holds("""
    day           5
    appointments  A
    pauses        10 to open, 12 to 14
    as_of         60
    rule          c.attended() >= 1
    true          5 to 10
    """)


def test_pauses_apart_each_have_their_days_after(holds):
    holds("""
    day           5
    appointments  A
    pauses        10 to 12, 21 to 23
    as_of         60
    rule          c.attended() >= 1
    true          5 to 10, 19 to 21, 30 to as_of
    rule          c.days_since_attended() >= 20
    true          30 to as_of
    """)


def test_a_pause_counts_whichever_episode_it_began_in(holds):
    holds("""
    day           22
    appointments  N
    pauses        15 to 25
    episodes      0 to 20, 20 to open
    as_of         60
    rule          c.days_in_care() >= 0
    true          0 to 15, 2: 32 to as_of
    rule          c.missed() >= 1
    rule          c.days_since_attended() >= 10
    true          10 to 15, 2: 35 to as_of
    """)
    holds("""
    pauses        -10 to -3
    as_of         60
    rule          c.days_in_care() >= 0
    true          4 to as_of
    """)
    holds("""
    pauses        2 to 8
    observed_from 10
    as_of         60
    rule          c.days_in_care() >= 0
    true          15 to as_of
    """)


def test_a_pause_that_lies_ahead_changes_nothing(holds):
    holds("""
    pauses        70 to 80
    as_of         60
    rule          c.days_since_attended() >= 10
    true          10 to as_of
    """)


def test_a_pause_that_runs_past_the_end_of_the_data_cuts_to_it(holds):
    holds("""
    pauses        50 to 80
    as_of         60
    rule          c.days_since_attended() >= 10
    true          10 to 50
    """)


def test_an_empty_table_of_pauses_and_none_mean_the_same(holds):
    for line in ("pauses none", ""):
        holds(f"""
        day           5
        appointments  N
        {line}
        as_of         60
        rule          c.missed() >= 1
        true          5 to as_of
        """)
