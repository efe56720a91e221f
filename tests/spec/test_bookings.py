"""Days without a booking: when an appointment is open, and when it no longer is."""

import pytest


@pytest.mark.parametrize("outcome", "ANLERPTXWBU")
def test_a_booking_is_open_from_when_it_was_made_to_its_start_whatever_became_of_it(holds, outcome):
    holds(f"""
    day           9
    appointments  {outcome}(booked=2)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          1 to 2, 10 to as_of
    rule          c.days_without_booking() <= 0
    true          0 to 0+1us, 2 to 9+1us
    rule          c.days_without_booking() > 0
    true          0+1us to 2, 9+1us to as_of
    """)


def test_a_cancellation_closes_a_booking(holds):
    holds("""
    day           20
    appointments  E(booked=2,cancelled=5)
    as_of         30
    rule          c.days_without_booking() >= 3
    true          8 to as_of
    """)


def test_a_cancellation_after_the_start_does_not_keep_a_booking_open(holds):
    holds("""
    day           5
    appointments  N(booked=2,cancelled=9)
    as_of         30
    rule          c.days_without_booking() >= 3
    true          8 to as_of
    """)


def test_an_open_booking_may_start_after_the_end_of_the_data_or_of_the_episode(holds):
    holds("""
    day           100
    appointments  B(booked=2)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          1 to 2
    """)
    holds("""
    day           40
    appointments  A(booked=2)
    episodes      0 to 20
    as_of         60
    rule          c.days_without_booking() >= 1
    true          1 to 2
    """)


def test_a_booking_made_before_the_episode_is_open_in_it(holds):
    holds("""
    day           9
    appointments  A(booked=-5)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          10 to as_of
    """)


def test_an_empty_span_opens_nothing(holds):
    holds("""
    day           9
    appointments  A(booked=9)
    as_of         30
    rule          c.days_without_booking() >= 5
    true          5 to as_of
    """)
    holds("""
    day           20
    appointments  E(booked=6,cancelled=6)
    as_of         30
    rule          c.days_without_booking() >= 5
    true          5 to as_of
    """)


def test_bookings_that_overlap_or_touch_leave_no_gap(holds):
    holds("""
    day           9             12            20
    appointments  A(booked=0)   A(booked=4)   A(booked=12)
    as_of         30
    rule          c.days_without_booking() > 0
    true          20+1us to as_of
    """)


def test_the_clock_runs_from_the_last_span_that_ended(holds):
    holds("""
    day           5             14
    appointments  A(booked=0)   A(booked=10)
    as_of         30
    rule          c.days_without_booking() >= 3
    true          8 to 10, 17 to as_of
    """)


def test_without_booked_at_a_booking_is_open_from_the_start_of_the_episode(holds):
    holds("""
    day           9
    appointments  A
    as_of         30
    rule          c.days_without_booking() >= 1
    true          10 to as_of
    """)
    holds("""
    day           9   25
    appointments  A   E(cancelled=14)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          15 to as_of
    """)


def test_where_one_booking_has_a_time_another_without_is_open_from_the_start(holds):
    holds("""
    day           9   20
    appointments  A   A(booked=15)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          10 to 15, 21 to as_of
    """)


def test_without_booked_at_the_latest_episode_that_begins_by_its_start_is_meant(holds):
    holds("""
    day           30
    appointments  A
    episodes      0 to 20, 20 to open
    as_of         40
    rule          c.days_without_booking() >= 5
    true          5 to episode, 2: 35 to as_of
    """)
    holds("""
    day           20
    appointments  A
    episodes      0 to 20, 20 to open
    as_of         40
    rule          c.days_without_booking() >= 5
    true          5 to episode, 2: 25 to as_of
    """)
    holds("""
    day           25
    appointments  A
    episodes      0 to 20, 30 to open
    as_of         40
    rule          c.days_without_booking() >= 5
    true          2: 35 to as_of
    """)


def test_a_booking_made_in_one_episode_is_open_in_the_next(holds):
    holds("""
    day           25
    appointments  A(booked=10)
    episodes      0 to 20, 20 to open
    as_of         40
    rule          c.days_without_booking() >= 5
    true          5 to 10, 2: 30 to as_of
    """)


def test_a_booking_that_closed_in_one_episode_does_not_move_the_clock_of_the_next(holds):
    holds("""
    day           15
    appointments  A(booked=10)
    episodes      0 to 20, 20 to open
    as_of         40
    rule          c.days_without_booking() >= 5
    true          5 to 10, 2: 25 to as_of
    """)


def test_a_booking_that_was_never_resolved_closes_at_its_start(holds):
    holds("""
    day           9
    appointments  B(booked=0)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          10 to as_of
    """)


def test_what_is_booked_after_the_data_end_is_not_open(holds):
    holds("""
    day           50
    appointments  B(booked=40)
    as_of         30
    rule          c.days_without_booking() >= 1
    true          1 to as_of
    """)


def test_with_observed_from_an_open_booking_is_open_and_the_clock_starts_there(holds):
    holds("""
    day           5             14
    appointments  A(booked=0)   A(booked=2)
    observed_from 10
    as_of         30
    rule          c.days_without_booking() >= 1
    true          15 to as_of
    """)
    holds("""
    day           5
    appointments  A(booked=0)
    observed_from 10
    as_of         30
    rule          c.days_without_booking() >= 3
    true          13 to as_of
    """)
