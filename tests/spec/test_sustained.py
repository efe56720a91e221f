"""`for_at_least`: true once a span has lasted, and unknown where that is not known."""


def test_it_is_true_once_the_span_has_lasted(holds):
    holds("""
    day           5
    appointments  N
    as_of         60
    rule          (c.missed() >= 1).for_at_least("14d")
    true          19 to as_of
    rule          (c.missed(within="20d") >= 1).for_at_least("2w")
    true          19 to 25
    """)


def test_a_span_of_exactly_the_duration_is_not_enough(holds):
    holds("""
    day           10
    appointments  N
    as_of         60
    rule          (c.missed(within="14d") >= 1).for_at_least("14d")
    rule          (c.missed(within="14d") >= 1).for_at_least("15d")
    """)
    holds("""
    day           10 10+1us
    appointments  N  N
    as_of         60
    rule          (c.missed(within="14d") >= 1).for_at_least("14d")
    true          24 to 24+1us
    """)
    holds("""
    day           5
    appointments  N
    episodes      0 to 19
    as_of         60
    rule          (c.missed() >= 1).for_at_least("14d")
    """)
    holds("""
    day           5
    appointments  N
    as_of         19+1us
    rule          (c.missed() >= 1).for_at_least("14d")
    true          19 to as_of
    """)


def test_a_break_of_a_microsecond_starts_the_wait_again(holds):
    holds("""
    day           5 15 15+1us
    appointments  N A  N
    as_of         60
    rule          (c.consecutive_missed() >= 1).for_at_least("14d")
    true          29+1us to as_of
    """)


def test_a_break_at_one_instant_that_misses_fill_again_is_no_span_at_all(holds):
    holds("""
    day           5 15
    appointments  N AN
    as_of         60
    rule          (c.consecutive_missed() >= 1).for_at_least("9d")
    true          14 to 15
    """)


def test_a_span_starts_no_earlier_than_the_episode(holds):
    holds("""
    as_of         60
    rule          (c.days_in_care() >= 0).for_at_least("10d")
    true          10 to as_of
    """)
    holds("""
    observed_from 20
    as_of         60
    rule          (c.days_in_care() >= 0).for_at_least("10d")
    true          30 to as_of
    """)
    holds("""
    episodes      0 to 20, 20 to open
    as_of         60
    rule          (c.days_in_care() >= 0).for_at_least("15d")
    true          15 to episode, 2: 35 to as_of
    """)


def test_it_is_unknown_where_it_hangs_on_an_unknown_span(holds):
    holds("""
    day           5
    PHQ-9         12
    as_of         60
    rule          (c.measure("PHQ-9") >= 10).for_at_least("14d")
    true          19 to as_of
    undecided     14 to 19
    """)
    holds("""
    day           20
    PHQ-9         5
    as_of         60
    rule          (c.measure("PHQ-9") >= 10).for_at_least("14d")
    undecided     14 to 20
    """)
    holds("""
    day           10
    PHQ-9         5
    as_of         60
    rule          (c.measure("PHQ-9") >= 10).for_at_least("14d")
    """)


def test_an_unknown_span_between_two_true_ones(holds):
    holds("""
    day           0  15
    PHQ-9         12 12
    as_of         22
    rule          (c.measure("PHQ-9", within="10d") >= 10).for_at_least("8d")
    true          8 to 10
    undecided     10 to as_of
    """)


def test_it_can_be_negated_and_nested(holds):
    holds("""
    day           5
    appointments  N
    as_of         60
    rule          ~((c.missed() >= 1).for_at_least("14d"))
    true          0 to 19
    rule          (c.missed() >= 1).for_at_least("14d").for_at_least("10d")
    true          29 to as_of
    rule          (~((c.missed() >= 1).for_at_least("14d"))).for_at_least("10d")
    true          10 to 19
    rule          ((c.missed() >= 1) & (c.days_in_care() < 30)).for_at_least("14d")
    true          19 to 30
    """)


def test_sustained_time_is_calendar_time_and_the_cut_comes_after_it(holds):
    holds("""
    day           5
    appointments  N
    pauses        10 to 20
    as_of         60
    rule          (c.missed() >= 1).for_at_least("14d")
    true          27 to as_of
    """)
    holds("""
    day           5
    appointments  N
    pauses        10 to 16
    grace         0d
    as_of         60
    rule          (c.missed() >= 1).for_at_least("14d")
    true          19 to as_of
    """)


def test_each_episode_waits_anew(holds):
    holds("""
    day           15 25
    appointments  N  N
    episodes      0 to 20, 20 to open
    as_of         60
    rule          (c.missed() >= 1).for_at_least("10d")
    true          2: 35 to as_of
    """)
