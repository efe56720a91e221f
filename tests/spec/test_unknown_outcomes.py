"""Past appointments of unknown outcome, or never resolved: ignored, or taken one way or the other."""

import pytest


@pytest.mark.parametrize("outcome", "UB")
def test_the_three_readings(holds, outcome):
    holds(f"""
    day           5 10         15
    appointments  N {outcome}  N
    contacts      . .          .
    as_of         60
    rule          c.missed() >= 2
    true          15 to as_of
    rule          c.missed() >= 2
    unknown       missed
    true          10 to as_of
    rule          c.missed() >= 3
    unknown       attended
    rule          c.consecutive_missed() >= 2
    true          15 to as_of
    rule          c.consecutive_missed() >= 3
    unknown       missed
    true          15 to as_of
    rule          c.consecutive_missed() >= 2
    unknown       attended
    rule          c.attended() >= 1
    unknown       attended
    true          10 to as_of
    rule          c.attended() >= 1
    unknown       missed
    rule          c.attendance_rate(last=3) >= 0
    undecided     0 to as_of
    rule          c.attendance_rate(last=3) <= 0
    unknown       missed
    true          15 to as_of
    undecided     0 to 15
    rule          c.attendance_rate(last=3) > 0.3
    unknown       attended
    true          15 to as_of
    undecided     0 to 15
    """)


@pytest.mark.parametrize("outcome", "UB")
def test_silence_ends_only_if_it_is_taken_as_attended(holds, outcome):
    holds(f"""
    day           5
    appointments  {outcome}
    contacts      .
    as_of         60
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    rule          c.days_since_heard() >= 10
    unknown       missed
    true          10 to as_of
    rule          c.days_since_heard() >= 10
    unknown       attended
    true          15 to as_of
    rule          c.days_since_attended() >= 10
    unknown       attended
    true          15 to as_of
    """)


def test_an_unknown_outcome_is_no_event_and_is_not_scheduled(holds):
    holds("""
    day           5 10
    appointments  U B
    as_of         60
    rule          c.scheduled() >= 1
    rule          c.scheduled() >= 2
    unknown       missed
    true          10 to as_of
    rule          c.scheduled() >= 2
    unknown       attended
    true          10 to as_of
    """)


@pytest.mark.parametrize("unknown", ["missed", "attended"])
def test_an_appointment_that_lies_ahead_is_not_taken_as_anything(holds, unknown):
    holds(f"""
    day           60 70
    appointments  B  B
    as_of         60
    unknown       {unknown}
    rule          c.scheduled() >= 1
    rule          c.missed() >= 1
    """)


def test_what_is_taken_as_missed_is_excused_in_a_pause(holds):
    holds("""
    day           12
    appointments  U
    pauses        10 to 20
    grace         0d
    as_of         60
    unknown       missed
    rule          c.missed() >= 1
    rule          c.appointments(outcome="excused") >= 1
    true          20 to as_of
    """)


def test_what_is_taken_as_attended_comes_last_at_one_instant(holds):
    holds("""
    day           5 10
    appointments  N NU
    as_of         60
    unknown       attended
    rule          c.consecutive_missed() >= 1
    true          5 to 10
    """)


def test_bookings_are_open_whatever_is_assumed(holds):
    for reading in ("ignore", "missed", "attended"):
        holds(f"""
        day           9
        appointments  U(booked=2)
        as_of         30
        unknown       {reading}
        rule          c.days_without_booking() >= 3
        true          12 to as_of
        """)


@pytest.mark.parametrize("unknown", ["ignore", "missed", "attended"])
def test_known_outcomes_do_not_depend_on_it(holds, unknown):
    holds(f"""
    day           5 10 15
    appointments  N A  L
    as_of         60
    unknown       {unknown}
    rule          c.missed() >= 2
    true          15 to as_of
    rule          c.days_since_attended() >= 10
    true          20 to as_of
    """)
