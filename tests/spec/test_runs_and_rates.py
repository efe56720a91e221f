"""Runs of misses and attendance rates: the order of appointments, and how many are needed."""


def test_a_run_of_misses_grows_and_an_attended_session_ends_it(holds):
    holds("""
    day           5 10 15 20
    appointments  N L  A  N
    as_of         60
    rule          c.consecutive_missed() >= 1
    true          5 to 15, 20 to as_of
    rule          c.consecutive_missed() >= 2
    true          10 to 15
    rule          c.consecutive_missed() == 0
    true          0 to 5, 15 to 20
    rule          c.consecutive_missed() >= 3
    """)


def test_other_outcomes_neither_lengthen_nor_end_a_run(holds):
    holds("""
    day           5 6 7 8 9 10 11 12 13 14 16
    appointments  N E R P T X  W  B  U  L  A
    as_of         60
    rule          c.consecutive_missed() >= 2
    true          14 to 16
    rule          c.consecutive_missed() >= 3
    """)


def test_at_one_instant_misses_come_first_and_attended_last(holds):
    holds("""
    day           5 10
    appointments  N AN
    as_of         60
    rule          c.consecutive_missed() >= 1
    true          5 to 10
    rule          c.consecutive_missed() >= 2
    rule          c.attendance_rate(last=1) >= 1
    true          10 to as_of
    undecided     0 to 5
    rule          c.attendance_rate(last=2) >= 0.5
    true          10 to as_of
    undecided     0 to 10
    """)


def test_two_misses_at_one_instant_make_a_run_of_two(holds):
    holds("""
    day           10
    appointments  NL
    as_of         60
    rule          c.consecutive_missed() >= 2
    true          10 to as_of
    rule          c.consecutive_missed() == 1
    """)


def test_a_rate_is_attended_of_attended_and_missed(holds):
    holds("""
    day           1 2 2.5 3 3.2 3.4 3.6 3.8 4 10
    appointments  A N E   A P   X   W   T   A L
    as_of         20
    rule          c.attendance_rate() >= 0.75
    true          4 to 10
    undecided     0 to 4
    rule          c.attendance_rate() < 0.75
    true          10 to as_of
    undecided     0 to 4
    rule          c.attendance_rate() > 0.75
    undecided     0 to 4
    rule          c.attendance_rate() <= 0.6
    true          10 to as_of
    undecided     0 to 4
    """)


def test_a_rate_is_unknown_with_fewer_than_the_minimum(holds):
    holds("""
    day           1 2 3 4
    appointments  A N A A
    as_of         20
    rule          c.attendance_rate().is_unknown()
    true          0 to 4
    rule          c.attendance_rate(minimum=1) >= 1
    true          1 to 2
    undecided     0 to 1
    rule          c.attendance_rate(minimum=2) <= 0.5
    true          2 to 3
    undecided     0 to 2
    rule          c.attendance_rate(minimum=5) >= 0
    undecided     0 to as_of
    """)


def test_a_rate_within_a_window_loses_its_oldest(holds):
    holds("""
    day           1 2 3 4
    appointments  A N A A
    as_of         20
    rule          c.attendance_rate(within="10d") >= 0.75
    true          4 to 11
    undecided     0 to 4, 11 to as_of
    rule          c.attendance_rate(within="10d", minimum=3) >= 0.7
    true          4 to 11
    undecided     0 to 3, 12 to as_of
    rule          c.attendance_rate(within="10d", minimum=3) <= 0.7
    true          3 to 4, 11 to 12
    undecided     0 to 3, 12 to as_of
    """)


def test_a_rate_over_the_last_n_caps_the_minimum_at_n(holds):
    holds("""
    day           1 2 3 4 5
    appointments  A N N A A
    as_of         20
    rule          c.attendance_rate(last=2) < 0.5
    true          3 to 4
    undecided     0 to 2
    rule          c.attendance_rate(last=2) >= 1
    true          5 to as_of
    undecided     0 to 2
    rule          c.attendance_rate(last=2, minimum=9).is_unknown()
    true          0 to 2
    rule          c.attendance_rate(last=3, minimum=1) < 0.5
    true          3 to 5
    undecided     0 to 1
    """)


def test_a_rate_over_the_last_n_inside_a_window(holds):
    holds("""
    day           1 2 9 10
    appointments  A N N A
    as_of         30
    rule          c.attendance_rate(within="5d", last=2) <= 0.5
    true          2 to 6, 10 to 14
    undecided     0 to 2, 6 to 10, 14 to as_of
    rule          c.attendance_rate(within="5d", last=2, minimum=1) <= 0
    true          6 to 7, 9 to 10
    undecided     0 to 1, 7 to 9, 15 to as_of
    rule          c.attendance_rate(within="5d", last=1) >= 1
    true          1 to 2, 10 to 15
    undecided     0 to 1, 7 to 9, 15 to as_of
    """)


def test_rates_compare_as_float64_quotients(holds):
    holds("""
    day           1 2 3
    appointments  A N N
    as_of         20
    rule          c.attendance_rate(last=3) >= 1 / 3
    true          3 to as_of
    undecided     0 to 3
    rule          c.attendance_rate(last=3) > 1 / 3
    undecided     0 to 3
    rule          c.attendance_rate(last=3) > 0.3333333333333333
    undecided     0 to 3
    rule          c.attendance_rate(last=3) > 0.3333333333333332
    true          3 to as_of
    undecided     0 to 3
    """)


def test_a_rate_without_any_such_appointment_is_unknown(holds):
    holds("""
    day           1 2
    appointments  E P
    as_of         20
    rule          c.attendance_rate(minimum=1) < 1
    undecided     0 to as_of
    """)
