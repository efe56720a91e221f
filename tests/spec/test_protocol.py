"""Protocols: when stages begin and end, what completes one, and what a wait waits for."""


def test_a_stage_follows_once_the_one_before_is_complete_and_its_wait_has_passed(stays):
    stays("""
    day           5 10 15
    appointments  N N  .
    actions       . .  talk
    as_of         60
    stage         c.Stage("concern", c.missed() >= 2, requires=["attendance_conversation"], wait="14d")
    stays         10 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         29 to as_of
    """)


def test_its_own_condition_must_hold_too(stays):
    stays("""
    day           5 10 15   40
    appointments  N N  .    N
    actions       . .  talk .
    as_of         60
    stage         c.Stage("concern", c.missed() >= 2, requires=["attendance_conversation"], wait="14d")
    stays         10 to as_of
    stage         c.Stage("review", c.missed() >= 3)
    stays         40 to as_of
    """)


def test_all_requirements_must_be_recorded_and_the_last_starts_the_wait(stays):
    stays("""
    day           5 10   20
    appointments  N .    .
    actions       . talk offer
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["alternative_offered", "attendance_conversation"], wait="7d")
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         27 to as_of
    """)
    stays("""
    day           5 10
    appointments  N .
    actions       . talk
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["alternative_offered", "attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    """)


def test_a_repeated_record_does_not_start_the_wait_again(stays):
    stays("""
    day           5 10   12
    appointments  N .    .
    actions       . talk talk
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], wait="7d")
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         17 to as_of
    """)


def test_without_requirements_the_wait_runs_from_the_beginning(stays):
    stays("""
    day           5
    appointments  N
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, wait="36h")
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         6.5 to as_of
    """)


def test_what_was_recorded_before_the_stage_began_does_not_count(stays):
    stays("""
    day           5-1us 5
    appointments  .     N
    actions       talk  .
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    """)


def test_what_is_recorded_at_the_very_instant_counts(stays):
    stays("""
    day           5
    appointments  N
    actions       talk
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         5 to as_of
    """)


def test_what_completed_a_stage_does_not_count_again_for_the_next(stays):
    stays("""
    day           5 10   20
    appointments  N .    .
    actions       . talk talk
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("outreach", c.missed() >= 1, requires=["attendance_conversation"])
    stays         10 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         20 to as_of
    """)
    stays("""
    day           5 10
    appointments  N .
    actions       . talk+offer
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("outreach", c.missed() >= 1, requires=["alternative_offered"])
    stays         10 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         10 to as_of
    """)


def test_a_requirement_may_name_the_detail_the_answer_or_several_kinds(stays):
    stays("""
    day           5 10             15                20
    appointments  N .              .                 .
    actions       . offer:modality offer:time:declined offer:time:accepted
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=[c.Requirement("alternative_offered")])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         10 to as_of
    """)
    stays("""
    day           5 10             15                20
    appointments  N .              .                 .
    actions       . offer:modality offer:time:declined offer:time:accepted
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=[c.Requirement("alternative_offered", detail="time")])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         15 to as_of
    """)
    stays("""
    day           5 10             15                20
    appointments  N .              .                 .
    actions       . offer:modality offer:time:declined offer:time:accepted
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=[c.Requirement(["alternative_offered", "referral"], response="accepted")])
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         20 to as_of
    """)


def test_a_stage_ends_when_its_condition_clears_and_then_starts_anew(stays):
    stays("""
    day           5 10   20 30 35
    appointments  N .    A  N  .
    actions       . talk .  .  talk
    as_of         60
    stage         c.Stage("concern", c.consecutive_missed() >= 1, requires=["attendance_conversation"], wait="14d")
    stays         5 to 20, 30 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         49 to as_of
    """)


def test_a_wait_that_ends_as_the_stage_ends_is_too_late(stays):
    stays("""
    day           5 20
    appointments  N A
    as_of         60
    stage         c.Stage("concern", c.consecutive_missed() >= 1, wait="15d")
    stays         5 to 20
    stage         c.Stage("review", c.missed() >= 1)
    """)


def test_a_break_between_two_truths_at_one_instant_is_none(stays):
    stays("""
    day           5 15
    appointments  N AN
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, wait="20d")
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         25 to as_of
    """)


def test_a_later_stage_stands_on_its_own_condition(stays):
    stays("""
    day           5 10   20
    appointments  N .    A
    actions       . talk .
    as_of         60
    stage         c.Stage("concern", c.consecutive_missed() >= 1, requires=["attendance_conversation"])
    stays         5 to 20
    stage         c.Stage("review", c.missed(within="30d") >= 1)
    stays         10 to 35
    """)


def test_a_later_stage_may_begin_again_while_the_one_before_it_lasts(stays):
    stays("""
    day           5 10   20 30
    appointments  N .    A  N
    actions       . talk .  .
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("review", c.consecutive_missed() >= 1)
    stays         10 to 20, 30 to as_of
    """)


def test_a_later_stage_does_not_begin_on_one_that_has_ended(stays):
    stays("""
    day           5 10   20 30
    appointments  N .    A  N
    actions       . talk .  .
    as_of         60
    stage         c.Stage("concern", c.consecutive_missed() >= 1, requires=["attendance_conversation"])
    stays         5 to 20, 30 to as_of
    stage         c.Stage("review", c.missed() >= 2)
    """)


def test_a_sticky_stage_lasts_to_the_end_of_the_episode(stays):
    stays("""
    day           5 10   20 30
    appointments  N .    A  N
    actions       . talk .  .
    as_of         60
    stage         c.Stage("concern", c.consecutive_missed() >= 1, requires=["attendance_conversation"], sticky=True)
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 2)
    stays         30 to as_of
    """)


def test_several_stages_may_begin_at_one_instant_in_their_order(stays):
    stays("""
    day           5
    appointments  N
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1)
    stays         5 to as_of
    stage         c.Stage("outreach", c.missed() >= 1)
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         5 to as_of
    """)
    stays("""
    day           5
    appointments  N
    as_of         60
    stage         c.Stage("concern", c.missed() >= 2)
    stage         c.Stage("review", c.missed() >= 1)
    """)


def test_a_pause_ends_a_stage_and_none_begins_in_one_or_soon_after(stays):
    stays("""
    day           5 10   12
    appointments  N .    .
    actions       . talk .
    pauses        12 to 20
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], wait="14d")
    stays         5 to 12, 27 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    """)
    stays("""
    day           5 10   12
    appointments  N .    .
    actions       . talk .
    pauses        12 to 20
    grace         0d
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], wait="1d")
    stays         5 to 12, 20 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         11 to 12
    """)


def test_a_sticky_stage_outlasts_a_pause_which_does_not_count_towards_its_wait(stays):
    stays("""
    day           5 10
    appointments  N .
    actions       . talk
    pauses        12 to 20
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], wait="14d", sticky=True)
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         32 to as_of
    """)
    stays("""
    day           5 13
    appointments  N .
    actions       . talk
    pauses        12 to 20
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], sticky=True)
    stays         5 to as_of
    stage         c.Stage("review", c.missed() >= 1)
    stays         27 to as_of
    """)


def test_what_is_unknown_begins_nothing_and_is_told(stays):
    stays("""
    day           5 10   30
    appointments  N .    .
    actions       . talk .
    PHQ-9         . .    12
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], wait="7d")
    stays         5 to as_of
    stage         c.Stage("review", c.measure("PHQ-9") >= 10)
    stays         30 to as_of
    undecided     17 to 30
    """)


def test_a_stage_that_becomes_unknown_ends(stays):
    stays("""
    day           5
    PHQ-9         12
    as_of         60
    stage         c.Stage("concern", c.measure("PHQ-9", within="10d") >= 10)
    stays         5 to 15
    undecided     0 to 5, 15 to as_of
    stage         c.Stage("review", c.days_in_care() >= 8)
    stays         8 to as_of
    """)


def test_unknown_is_not_told_of_where_something_else_stood_in_the_way(stays):
    stays("""
    day           5
    appointments  N
    PHQ-9         .
    actions       .
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to as_of
    stage         c.Stage("review", c.measure("PHQ-9") >= 10)
    """)


def test_each_episode_starts_anew(stays):
    stays("""
    day           5 10   25 28
    appointments  N .    N  .
    actions       . talk .  talk
    episodes      0 to 20, 20 to 50
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"], sticky=True)
    stays         5 to episode, 2: 25 to episode
    stage         c.Stage("review", c.missed() >= 1)
    stays         10 to episode, 2: 28 to episode
    """)


def test_what_lies_outside_the_episode_is_not_seen(stays):
    stays("""
    day           5  25
    appointments  N  .
    actions       .  talk
    episodes      0 to 20
    as_of         60
    stage         c.Stage("concern", c.missed() >= 1, requires=["attendance_conversation"])
    stays         5 to episode
    stage         c.Stage("review", c.missed() >= 1)
    """)
