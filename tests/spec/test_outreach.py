"""Contacts, attempts left unanswered, recorded safeguards and named obstacles."""

import pytest


def test_contacts_are_counted_by_direction_purpose_and_delivery(holds):
    holds("""
    day           1 2 3 4 5 6
    contacts      O F Q M D i
    as_of         20
    rule          c.contacts() >= 6
    true          6 to as_of
    rule          c.contacts(direction="outbound") >= 5
    true          5 to as_of
    rule          c.contacts(direction="inbound") >= 1
    true          6 to as_of
    rule          c.contacts(direction=["inbound", "outbound"], within="2d") >= 2
    true          2 to 7
    rule          c.contacts(purpose="outreach") >= 3
    true          3 to as_of
    rule          c.contacts(purpose=["outreach", "reminder"]) >= 4
    true          4 to as_of
    rule          c.contacts(purpose=["outreach", "reminder"]) >= 5
    rule          c.contacts(purpose="outreach", within="2d") >= 1
    true          1 to 5
    """)


def test_delivered_counts_what_is_recorded_so_and_none_does_not_look(holds):
    holds("""
    day           1 2 3 4 5 6
    contacts      O F Q M D i
    as_of         20
    rule          c.contacts(delivered=True) >= 3
    true          5 to as_of
    rule          c.contacts(delivered=True) >= 4
    rule          c.contacts(delivered=False) == 1
    true          2 to as_of
    rule          c.contacts(purpose="outreach", delivered=True) >= 1
    true          1 to as_of
    rule          c.contacts(purpose="outreach", delivered=True) >= 2
    """)


def test_a_contact_is_unanswered_a_while_after_it_was_made(holds):
    holds("""
    day           5
    contacts      O
    as_of         60
    rule          c.unanswered() >= 1
    true          12 to as_of
    rule          c.unanswered(after="2d") >= 1
    true          7 to as_of
    rule          c.unanswered(after="36h") >= 1
    true          6.5 to as_of
    rule          c.unanswered(after="0d") >= 1
    true          5 to as_of
    """)


def test_all_contacts_of_the_episode_count_if_the_client_was_never_heard_from(holds):
    holds("""
    day           0 5 6 20
    contacts      O O D O
    as_of         60
    rule          c.unanswered() >= 1
    true          7 to as_of
    rule          c.unanswered() >= 3
    true          13 to as_of
    rule          c.unanswered() >= 4
    true          27 to as_of
    rule          c.unanswered() == 2
    true          12 to 13
    """)


def test_only_contacts_after_the_client_was_last_heard_from_count(holds):
    holds("""
    day           3 5 14
    contacts      i O i
    as_of         60
    rule          c.unanswered() >= 1
    true          12 to 14
    """)
    holds("""
    day           5 10
    contacts      O i
    as_of         60
    rule          c.unanswered() >= 1
    """)
    holds("""
    day           5 12
    contacts      O i
    as_of         60
    rule          c.unanswered() >= 1
    """)
    holds("""
    day           5 8 10
    contacts      O i O
    as_of         60
    rule          c.unanswered() >= 1
    true          17 to as_of
    rule          c.unanswered() >= 2
    """)


def test_a_contact_must_be_strictly_later_than_the_last_word(holds):
    holds("""
    day           5
    contacts      Oi
    as_of         60
    rule          c.unanswered() >= 1
    """)
    holds("""
    day           5 5+1us
    contacts      i O
    as_of         60
    rule          c.unanswered() >= 1
    true          12+1us to as_of
    """)


@pytest.mark.parametrize(
    "source",
    [
        "appointments . A",
        "appointments . E",
        "appointments E(cancelled=8) .",
        "checkins . cost",
        "GAD-7 . 3",
    ],
)
def test_any_way_of_being_heard_answers(holds, source):
    holds(f"""
    day           5 8
    contacts      O .
    {source}
    as_of         60
    rule          c.unanswered() >= 1
    """)


def test_a_missed_appointment_does_not_answer(holds):
    holds("""
    day           5 8
    contacts      O .
    appointments  . NPTXW
    as_of         60
    rule          c.unanswered() >= 1
    true          12 to as_of
    """)


def test_reminders_are_left_out_unless_they_are_named(holds):
    holds("""
    day           5 6
    contacts      M O
    as_of         60
    rule          c.unanswered() >= 1
    true          13 to as_of
    rule          c.unanswered() >= 2
    rule          c.unanswered(purpose="reminder") >= 1
    true          12 to as_of
    rule          c.unanswered(purpose=["reminder", "outreach"]) >= 2
    true          13 to as_of
    """)


def test_null_delivered_is_not_delivered_and_null_purpose_is_no_reminder(holds):
    holds("""
    day           5 6 7
    contacts      F Q D
    as_of         60
    rule          c.unanswered() >= 1
    true          14 to as_of
    rule          c.unanswered() >= 2
    rule          c.unanswered(purpose="outreach") >= 1
    """)


def test_the_wait_for_an_answer_is_calendar_time(holds):
    holds("""
    day           5
    contacts      O
    pauses        6 to 20
    grace         0d
    as_of         60
    rule          c.unanswered() >= 1
    true          20 to as_of
    """)


def test_contacts_of_an_earlier_episode_are_not_unanswered_in_the_next(holds):
    holds("""
    day           5 18 25 32
    contacts      O O  O  O
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.unanswered() >= 1
    true          12 to episode, 2: 39 to as_of
    rule          c.unanswered() >= 2
    """)


def test_actions_are_counted_by_kind_detail_and_window(holds):
    holds("""
    day           1            5                              6                          9
    actions       risk_review  alternative_offered:frequency  alternative_offered:time   alternative_offered
    as_of         20
    rule          c.actions("risk_review") >= 1
    true          1 to as_of
    rule          c.actions(["risk_review", "alternative_offered"]) >= 4
    true          9 to as_of
    rule          c.actions("alternative_offered", detail="time") >= 1
    true          6 to as_of
    rule          c.actions("alternative_offered", detail=["time", "frequency"]) >= 2
    true          6 to as_of
    rule          c.actions("alternative_offered", detail=["time", "frequency"]) >= 3
    rule          c.actions("alternative_offered", within="2d") >= 2
    true          6 to 7
    rule          c.actions("supervision") < 1
    true          0 to as_of
    """)


def test_barriers_are_checkins_that_name_the_obstacle(holds):
    holds("""
    day           1     5      6     9
    checkins      cost  none   cost  technology
    as_of         20
    rule          c.barriers("cost") >= 2
    true          6 to as_of
    rule          c.barriers("cost", within="3d") >= 1
    true          1 to 4, 6 to 9
    rule          c.barriers(["cost", "technology"]) >= 3
    true          9 to as_of
    rule          c.barriers("not_given") >= 1
    """)


def test_what_lies_outside_the_episode_is_not_counted(holds):
    holds("""
    day           -1           5            20           25
    contacts      O            O            O            O
    actions       risk_review  risk_review  risk_review  risk_review
    checkins      cost         cost         cost         cost
    episodes      0 to 20
    as_of         60
    rule          c.contacts() >= 1
    true          5 to episode
    rule          c.contacts() >= 2
    rule          c.actions("risk_review") >= 2
    rule          c.barriers("cost") >= 2
    """)


def test_an_empty_table_means_that_nothing_happened(holds):
    holds("""
    day           5
    contacts      .
    checkins      .
    actions       .
    PHQ-9         .
    as_of         20
    rule          c.contacts() == 0
    true          0 to as_of
    rule          c.unanswered() == 0
    true          0 to as_of
    rule          c.actions("risk_review") == 0
    true          0 to as_of
    rule          c.barriers("cost") == 0
    true          0 to as_of
    rule          c.measure("PHQ-9") >= 0
    undecided     0 to as_of
    rule          c.missed() == 0
    true          0 to as_of
    """)
