"""Episodes: what of each is seen, how they are numbered, and how a span ends."""


def test_state_resets_with_each_episode(holds):
    holds("""
    day           5 10 35 40
    appointments  N N  N  N
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.missed() >= 2
    true          10 to episode, 2: 40 to as_of
    rule          c.consecutive_missed() >= 3
    rule          c.days_since_attended() >= 15
    true          15 to episode, 2: 45 to as_of
    """)


def test_a_window_does_not_look_into_an_earlier_episode(holds):
    holds("""
    day           18 31
    appointments  N  N
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.missed(within="90d") >= 2
    rule          c.attendance_rate(last=2).is_unknown()
    true          0 to episode, 2: 30 to as_of
    """)


def test_an_event_between_episodes_is_not_seen(holds):
    holds("""
    day           25
    appointments  N
    contacts      i
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.missed() >= 1
    rule          c.contacts() >= 1
    rule          c.days_since_heard() >= 15
    true          15 to episode, 2: 45 to as_of
    """)


def test_touching_episodes_are_two_and_their_border_belongs_to_the_later(holds):
    holds("""
    day           20
    appointments  N
    episodes      0 to 20, 20 to open
    as_of         60
    rule          c.missed() >= 1
    true          2: 20 to as_of
    rule          c.days_in_care() >= 0
    true          0 to episode, 2: 20 to as_of
    """)


def test_episodes_are_numbered_over_all_of_a_client_seen_or_not(holds):
    holds("""
    episodes      0 to 5, 8 to 20, 30 to 40, 70 to open
    observed_from 10
    as_of         60
    rule          c.days_in_care() >= 0
    true          2: 10 to episode, 3: 30 to episode
    """)


def test_how_a_span_ended(holds):
    holds("""
    day           5
    appointments  N
    episodes      0 to 20
    as_of         20
    rule          c.missed() >= 1
    true          5 to episode
    rule          c.missed(within="15d") >= 1
    true          5 to episode
    rule          c.missed(within="14d") >= 1
    true          5 to 19
    """)
    holds("""
    day           5
    appointments  N
    episodes      0 to 20+1us
    as_of         20
    rule          c.missed() >= 1
    true          5 to as_of
    """)
    holds("""
    day           5
    PHQ-9         .
    episodes      0 to 20, 30 to open
    as_of         40
    rule          c.measure("PHQ-9") >= 1
    undecided     0 to episode, 2: 30 to as_of
    """)


def test_an_episode_without_length_is_never_flagged_and_keeps_its_number(holds):
    holds("""
    episodes      0 to 0, 5 to 20
    as_of         60
    rule          c.days_in_care() >= 0
    true          2: 5 to episode
    """)


def test_an_episode_that_starts_at_or_after_as_of_is_not_seen(holds):
    holds("""
    episodes      0 to 20, 60 to open
    as_of         60
    rule          c.days_in_care() >= 0
    true          0 to episode
    """)


def test_an_episode_that_ended_at_observed_from_is_not_seen(holds):
    holds("""
    episodes      0 to 10, 10 to open
    observed_from 10
    as_of         60
    rule          c.days_in_care() >= 0
    true          2: 10 to as_of
    """)


def test_clocks_and_counts_start_where_the_data_start(holds):
    holds("""
    day           5 12
    appointments  N N
    contacts      i .
    observed_from 10
    as_of         60
    rule          c.missed() >= 1
    true          12 to as_of
    rule          c.missed() >= 2
    rule          c.days_since_attended() >= 10
    true          20 to as_of
    rule          c.days_since_heard() >= 10
    true          20 to as_of
    rule          c.days_in_care() >= 20
    true          20 to as_of
    """)


def test_observed_from_before_the_episode_changes_nothing(holds):
    holds("""
    day           5
    appointments  N
    observed_from -20
    as_of         60
    rule          c.days_since_attended() >= 10
    true          10 to as_of
    """)


def test_an_event_after_an_episode_is_not_seen(holds):
    holds("""
    day           25
    appointments  A
    episodes      0 to 20
    as_of         60
    rule          c.attended() >= 1
    rule          c.days_since_attended() >= 10
    true          10 to episode
    """)


def test_without_episodes_one_begins_with_the_first_appointment(holds):
    holds("""
    day           3 5
    appointments  . N
    contacts      i .
    episodes      none
    episode_end   as_of
    as_of         60
    rule          c.days_in_care() >= 10
    true          15 to as_of
    rule          c.contacts() >= 1
    rule          c.days_since_attended() >= 10
    true          15 to as_of
    """)
    holds("""
    day           3 5
    appointments  B N
    episodes      none
    episode_end   as_of
    as_of         60
    rule          c.days_in_care() >= 10
    true          13 to as_of
    """)


def test_episode_end_is_a_time_after_the_last_attended_session(holds):
    holds("""
    day           5 12 15 30
    appointments  A N  A  N
    episodes      none
    episode_end   10d
    as_of         60
    rule          c.missed() >= 1
    true          12 to 25 episode
    rule          c.missed() >= 2
    rule          c.days_since_attended() >= 5
    true          10 to 15, 20 to 25 episode
    """)
    holds("""
    day           5 9 30
    appointments  N N N
    episodes      none
    episode_end   10d
    as_of         60
    rule          c.missed() >= 2
    true          9 to 15 episode
    rule          c.missed() >= 3
    """)
    holds("""
    day           5
    appointments  A
    episodes      none
    episode_end   90d
    as_of         60
    rule          c.attended() >= 1
    true          5 to as_of
    """)


def test_without_a_choice_of_episode_end_counts_still_run_to_the_end_of_the_data(holds):
    holds("""
    day           5 9
    appointments  A N
    episodes      none
    as_of         60
    rule          c.missed() >= 1
    true          9 to as_of
    """)
