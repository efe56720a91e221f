"""Scores: the latest, its age, items, change, and reliable change in the right direction."""

import pytest


def test_the_latest_score_holds_until_the_next_and_is_unknown_before_the_first(holds):
    holds("""
    day           5  10
    PHQ-9         12 8
    as_of         30
    rule          c.measure("PHQ-9") >= 10
    true          5 to 10
    undecided     0 to 5
    rule          c.measure("PHQ-9") == 8
    true          10 to as_of
    undecided     0 to 5
    rule          c.measure("PHQ-9") != 12
    true          10 to as_of
    undecided     0 to 5
    rule          c.measure("PHQ-9").is_in([8, 12])
    true          5 to as_of
    undecided     0 to 5
    rule          c.measure("PHQ-9").is_unknown()
    true          0 to 5
    """)


def test_a_score_is_known_for_a_half_open_window(holds):
    holds("""
    day           5
    PHQ-9         12
    as_of         30
    rule          c.measure("PHQ-9", within="7d") >= 10
    true          5 to 12
    undecided     0 to 5, 12 to as_of
    rule          c.measure("PHQ-9", within="7d").is_unknown()
    true          0 to 5, 12 to as_of
    """)
    holds("""
    day           5  8  15
    PHQ-9         12 8  12
    as_of         30
    rule          c.measure("PHQ-9", within="7d") >= 10
    true          5 to 8, 15 to 22
    undecided     0 to 5, 22 to as_of
    rule          c.measure("PHQ-9", within="5d") >= 10
    true          5 to 8, 15 to 20
    undecided     0 to 5, 13 to 15, 20 to as_of
    """)


def test_instruments_are_told_apart(holds):
    holds("""
    day           5  10
    PHQ-9         12 .
    GAD-7         .  3
    as_of         30
    rule          c.measure("PHQ-9") >= 10
    true          5 to as_of
    undecided     0 to 5
    rule          c.measure("GAD-7") < 8
    true          10 to as_of
    undecided     0 to 10
    rule          c.measure("PHQ-9 ") >= 0
    undecided     0 to as_of
    """)


def test_an_item_is_the_latest_recorded_one(holds):
    holds("""
    day           3  5    10 15
    PHQ-9         9  12/1 8  4/0
    as_of         30
    rule          c.item("PHQ-9", 9) >= 1
    true          5 to 15
    undecided     0 to 5
    rule          c.item("PHQ-9", 9) == 0
    true          15 to as_of
    undecided     0 to 5
    rule          c.item("PHQ-9", 9).is_unknown()
    true          0 to 5
    rule          c.item("GAD-7", 9) >= 1
    undecided     0 to as_of
    """)


def test_change_is_the_latest_minus_the_first_and_needs_two_scores(holds):
    holds("""
    day           5  10 15
    PHQ-9         12 6  14
    as_of         30
    rule          c.measure_change("PHQ-9") <= -6
    true          10 to 15
    undecided     0 to 10
    rule          c.measure_change("PHQ-9") == 2
    true          15 to as_of
    undecided     0 to 10
    rule          c.measure_change("PHQ-9").is_unknown()
    true          0 to 10
    """)


@pytest.mark.parametrize(
    ("instrument", "enough", "short"), [("PHQ-9", 6, 5), ("GAD-7", 4, 3), ("CORE-10", 6, 5)]
)
def test_reliable_change_has_each_instruments_number_and_direction(
    holds, instrument, enough, short
):
    holds(f"""
    day           5  10            15             20            25
    {instrument}  12 {12 - short}  {12 - enough}  {12 + short}  {12 + enough}
    as_of         30
    rule          c.improved("{instrument}")
    true          15 to 20
    undecided     0 to 10
    rule          c.deteriorated("{instrument}")
    true          25 to as_of
    undecided     0 to 10
    rule          ~c.improved("{instrument}")
    true          10 to 15, 20 to as_of
    undecided     0 to 10
    """)


def test_a_measure_before_the_episode_counts_as_taken_at_its_start(holds):
    holds("""
    day           -3 10
    PHQ-9         12 6
    as_of         30
    rule          c.measure("PHQ-9") >= 10
    true          0 to 10
    rule          c.measure("PHQ-9", within="7d") >= 10
    true          0 to 7
    undecided     7 to 10, 17 to as_of
    rule          c.improved("PHQ-9")
    true          10 to as_of
    undecided     0 to 10
    """)


def test_several_measures_before_the_episode_count_in_order_of_time(holds):
    holds("""
    day           -5   -3   0
    PHQ-9         20/2 12   .
    as_of         30
    rule          c.measure("PHQ-9") == 12
    true          0 to as_of
    rule          c.measure_change("PHQ-9") == -8
    true          0 to as_of
    rule          c.improved("PHQ-9")
    true          0 to as_of
    rule          c.item("PHQ-9", 9) >= 1
    true          0 to as_of
    """)
    holds("""
    day           -3 0
    PHQ-9         12 8
    as_of         30
    rule          c.measure("PHQ-9") == 8
    true          0 to as_of
    rule          c.measure_change("PHQ-9") == -4
    true          0 to as_of
    """)


def test_a_measure_before_the_episode_is_a_word_at_its_start(holds):
    holds("""
    day           -3 0 1
    PHQ-9         12 . .
    contacts      .  O O
    as_of         30
    rule          c.unanswered() >= 1
    true          8 to as_of
    rule          c.unanswered() >= 2
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    """)


def test_a_measure_between_episodes_belongs_to_the_next(holds):
    holds("""
    day           5  25
    PHQ-9         20 12
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.measure("PHQ-9") >= 0
    true          5 to episode, 2: 30 to as_of
    undecided     0 to 5
    rule          c.measure("PHQ-9") >= 15
    true          5 to episode
    undecided     0 to 5
    rule          c.measure_change("PHQ-9").is_unknown()
    true          0 to episode, 2: 30 to as_of
    """)


def test_a_measure_at_the_end_of_an_episode_belongs_to_the_next(holds):
    holds("""
    day           20
    PHQ-9         12
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.measure("PHQ-9") >= 0
    true          2: 30 to as_of
    undecided     0 to episode
    """)
    holds("""
    day           20-1us
    PHQ-9         12
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.measure("PHQ-9") >= 0
    true          20-1us to episode
    undecided     0 to 20-1us, 2: 30 to as_of
    """)


def test_a_measure_after_the_last_episode_is_not_seen(holds):
    holds("""
    day           25
    PHQ-9         12
    episodes      0 to 20
    as_of         60
    rule          c.measure("PHQ-9") >= 0
    undecided     0 to episode
    """)


def test_a_measure_before_observed_from_counts_as_taken_there(holds):
    holds("""
    day           -3 5 20
    PHQ-9         12 9 3
    observed_from 10
    as_of         30
    rule          c.measure("PHQ-9") == 9
    true          10 to 20
    rule          c.measure("PHQ-9", within="7d") == 9
    true          10 to 17
    undecided     17 to 20, 27 to as_of
    rule          c.improved("PHQ-9")
    true          20 to as_of
    """)


def test_a_measure_of_an_unseen_episode_does_not_count_in_the_next(holds):
    holds("""
    day           3
    PHQ-9         12
    episodes      0 to 5, 8 to open
    observed_from 10
    as_of         30
    rule          c.measure("PHQ-9") >= 0
    undecided     2: 10 to as_of
    """)
    holds("""
    day           6
    PHQ-9         12
    episodes      0 to 5, 8 to open
    observed_from 10
    as_of         30
    rule          c.measure("PHQ-9") >= 0
    true          2: 10 to as_of
    """)
    holds("""
    day           -3
    PHQ-9         12
    episodes      0 to 0, 8 to open
    as_of         30
    rule          c.measure("PHQ-9") >= 0
    undecided     2: 8 to as_of
    """)


def test_measures_start_anew_with_each_episode(holds):
    holds("""
    day           5  10 35 40
    PHQ-9         20 14 14 8
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.improved("PHQ-9")
    true          10 to episode, 2: 40 to as_of
    undecided     0 to 10, 2: 30 to 40
    """)
