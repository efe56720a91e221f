"""Counts of appointments: which are counted, for how long, and under what filter."""


def test_a_count_includes_an_event_from_its_time_until_the_window_has_passed(holds):
    holds("""
    day           10
    appointments  N
    as_of         60
    rule          c.missed(within="14d") >= 1
    true          10 to 24
    rule          c.missed(within="2w") >= 1
    true          10 to 24
    rule          c.missed(within="24h") >= 1
    true          10 to 11
    rule          c.missed(within="90m") >= 1
    true          10 to 10+90m
    rule          c.missed(within="14d") < 1
    true          0 to 10, 24 to as_of
    """)


def test_windows_are_half_open_to_the_microsecond(holds):
    holds("""
    day           10+1us
    appointments  N
    as_of         60
    rule          c.missed(within="14d") >= 1
    true          10+1us to 24+1us
    """)
    holds("""
    day           10  20
    appointments  N   N
    as_of         60
    rule          c.missed(within="10d") >= 2
    rule          c.missed(within="10d") == 1
    true          10 to 30
    """)
    holds("""
    day           10  20-1us
    appointments  N   N
    as_of         60
    rule          c.missed(within="10d") >= 2
    true          20-1us to 20
    """)


def test_an_event_that_enters_as_another_leaves_keeps_the_count(holds):
    holds("""
    day           10  15  20
    appointments  N   N   N
    as_of         60
    rule          c.missed(within="10d") >= 2
    true          15 to 25
    rule          c.missed(within="10d") >= 3
    """)


def test_without_a_window_a_count_runs_since_the_episode_began(holds):
    holds("""
    day           10  17
    appointments  N   N
    as_of         60
    rule          c.missed() >= 2
    true          17 to as_of
    """)


def test_every_comparison_of_a_count(holds):
    holds("""
    day           5  10
    appointments  N  N
    as_of         20
    rule          c.missed() >= 1
    true          5 to as_of
    rule          c.missed() > 1
    true          10 to as_of
    rule          c.missed() <= 1
    true          0 to 10
    rule          c.missed() < 1
    true          0 to 5
    rule          c.missed() == 1
    true          5 to 10
    rule          c.missed() != 1
    true          0 to 5, 10 to as_of
    rule          c.missed().is_in([0, 2])
    true          0 to 5, 10 to as_of
    rule          c.missed().is_in([1, 2, 7])
    true          5 to as_of
    rule          c.missed() >= 1.5
    true          10 to as_of
    rule          c.missed() == 1.5
    rule          c.missed() >= 0
    true          0 to as_of
    rule          c.missed().is_unknown()
    """)


def test_missed_is_no_show_and_late_cancel_and_nothing_else(holds):
    holds("""
    day           1 2 3 4 5 6 7 8 9 10 11
    appointments  N L E R P T X W B U  A
    as_of         20
    rule          c.missed() >= 2
    true          2 to as_of
    rule          c.missed() >= 3
    """)


def test_each_outcome_has_its_count(holds):
    holds("""
    day           1 2 3 4 5 6 7 8 9 10 11
    appointments  N L E R P T X W B U  A
    as_of         20
    rule          c.no_shows() == 1
    true          1 to as_of
    rule          c.late_cancels() == 1
    true          2 to as_of
    rule          c.early_cancels() == 1
    true          3 to as_of
    rule          c.appointments(outcome="rescheduled") == 1
    true          4 to as_of
    rule          c.provider_cancels() == 1
    true          5 to as_of
    rule          c.technical_failures() == 1
    true          6 to as_of
    rule          c.appointments(outcome=["excused", "was_not_brought"]) == 2
    true          8 to as_of
    rule          c.attended() == 1
    true          11 to as_of
    """)


def test_scheduled_counts_every_outcome_but_booked_and_unknown(holds):
    holds("""
    day           1 2 3 4 5 6 7 8 9 10 11
    appointments  N L E R P T X W B U  A
    as_of         20
    rule          c.scheduled() >= 8
    true          8 to as_of
    rule          c.scheduled() >= 9
    true          11 to as_of
    rule          c.scheduled() >= 10
    rule          c.appointments(outcome=["booked", "unknown"]) >= 1
    """)


def test_a_filter_takes_one_value_or_a_list_and_null_never_matches(holds):
    holds("""
    day           1                    2                   3              4
    appointments  N(kind=assessment)   N(kind=treatment)   N(reason=cost) A(kind=assessment)
    as_of         20
    rule          c.no_shows(kind="assessment") >= 1
    true          1 to as_of
    rule          c.no_shows(kind=["assessment", "treatment"]) >= 2
    true          2 to as_of
    rule          c.no_shows(kind=["assessment", "treatment", "review", "group", "follow_up"]) >= 3
    rule          c.no_shows(reason="cost") >= 1
    true          3 to as_of
    rule          c.no_shows(reason="not_given") >= 1
    rule          c.scheduled(kind="assessment") >= 2
    true          4 to as_of
    rule          c.no_shows(kind="assessment", reason="cost") >= 1
    """)
    holds("""
    day           1                 2
    appointments  N(modality=video) N(modality=phone)
    as_of         20
    rule          c.missed(modality="phone") >= 1
    true          2 to as_of
    rule          c.missed(modality=["phone", "video"], within="5d") >= 2
    true          2 to 6
    """)


def test_an_appointment_is_an_event_at_its_start_even_if_cancelled_earlier(holds):
    holds("""
    day           10                20
    appointments  L(cancelled=9.5)  E(cancelled=5)
    as_of         60
    rule          c.late_cancels(within="7d") >= 1
    true          10 to 17
    rule          c.early_cancels(within="7d") >= 1
    true          20 to 27
    """)


def test_all_events_of_an_instant_apply_before_the_rule_is_read(holds):
    holds("""
    day           10
    appointments  NAN
    as_of         60
    rule          c.no_shows() == 1
    rule          (c.no_shows() >= 2) & (c.attended() >= 1)
    true          10 to as_of
    rule          (c.no_shows() >= 1) & (c.attended() < 1)
    """)


def test_an_event_at_the_start_of_an_episode_counts_and_one_at_its_end_does_not(holds):
    holds("""
    day           -1 0 20
    appointments  N  N N
    episodes      0 to 20
    as_of         60
    rule          c.missed() >= 1
    true          0 to episode
    rule          c.missed() >= 2
    """)


def test_nothing_at_or_after_as_of_is_seen(holds):
    holds("""
    day           20-1us 20 30
    appointments  N      N  N
    as_of         20
    rule          c.missed() >= 1
    true          20-1us to as_of
    rule          c.missed() >= 2
    """)


def test_a_window_is_cut_at_the_end_of_the_episode(holds):
    holds("""
    day           10
    appointments  N
    episodes      0 to 15
    as_of         60
    rule          c.missed(within="14d") >= 1
    true          10 to episode
    """)


def test_a_window_longer_than_the_episode_changes_nothing(holds):
    holds("""
    day           10 12
    appointments  N  N
    as_of         60
    rule          c.missed(within="9000d") >= 2
    true          12 to as_of
    """)
