"""Silence: days since a client was heard from, and which events say that they were."""

import pytest


def test_silence_starts_with_the_episode(holds):
    holds("""
    day           5
    contacts      .
    as_of         30
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    rule          c.days_since_contact() >= 10
    true          10 to as_of
    rule          c.days_since_attended() >= 10
    true          10 to as_of
    """)


def test_day_terms_are_real_valued_and_strict_comparisons_hold_a_microsecond_later(holds):
    holds("""
    day           5
    appointments  A
    as_of         30
    rule          c.days_since_attended() >= 10
    true          15 to as_of
    rule          c.days_since_attended() > 10
    true          15+1us to as_of
    rule          c.days_since_attended() < 10
    true          0 to 15
    rule          c.days_since_attended() <= 10
    true          0 to 15+1us
    rule          c.days_since_attended() <= 0
    true          0 to 0+1us, 5 to 5+1us
    rule          c.days_since_attended() > 0
    true          0+1us to 5, 5+1us to as_of
    rule          c.days_since_attended() >= 0
    true          0 to as_of
    rule          c.days_since_attended() < 0
    """)


def test_a_threshold_of_days_is_a_number_or_a_duration_rounded_to_a_microsecond(holds):
    holds("""
    day           5
    appointments  A
    as_of         30
    rule          c.days_since_attended() >= "10d"
    true          15 to as_of
    rule          c.days_since_attended() >= "240h"
    true          15 to as_of
    rule          c.days_since_attended() >= 10.5
    true          15+12h to as_of
    rule          c.days_since_attended() >= 10 + 1 / 3
    true          15+8h to as_of
    rule          c.days_since_attended() >= 10.000000000001
    true          15 to as_of
    rule          c.days_since_attended() > 10.000000000001
    true          15+1us to as_of
    """)


@pytest.mark.parametrize(
    "source",
    [
        "appointments A",
        "appointments L",
        "appointments E",
        "appointments R",
        "contacts i",
        "contacts i(purpose=reschedule)",
        "checkins cost",
        "checkins none",
        "PHQ-9 12",
        "Any-1 3",
    ],
)
def test_what_says_that_a_client_was_heard_from(holds, source):
    contacts = "" if source.startswith("contacts") else "contacts ."
    holds(f"""
    day           5
    {contacts}
    {source}
    as_of         30
    rule          c.days_since_heard() >= 10
    true          15 to as_of
    """)


@pytest.mark.parametrize("outcome", "NPTXWBU")
def test_what_the_client_did_not_do_leaves_the_silence(holds, outcome):
    holds(f"""
    day           5
    appointments  {outcome}
    contacts      OFQMD
    as_of         30
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    """)


@pytest.mark.parametrize("outcome", "ER")
def test_a_cancellation_is_heard_when_it_is_made_and_not_again_at_the_start(holds, outcome):
    holds(f"""
    day           20
    appointments  {outcome}(cancelled=5)
    contacts      .
    as_of         40
    rule          c.days_since_heard() >= 10
    true          15 to as_of
    """)


def test_a_late_cancellation_is_heard_when_it_is_made(holds):
    holds("""
    day           20
    appointments  L(cancelled=19.5)
    contacts      .
    as_of         40
    rule          c.days_since_heard() >= 10
    true          10 to 19.5, 29.5 to as_of
    """)


def test_a_no_show_with_a_cancellation_is_heard_from_then(holds):
    holds("""
    day           10
    appointments  N(cancelled=12)
    contacts      .
    as_of         40
    rule          c.days_since_heard() >= 10
    true          10 to 12, 22 to as_of
    """)


def test_a_cancellation_of_a_session_after_the_end_is_heard(holds):
    holds("""
    day           50
    appointments  E(cancelled=5)
    contacts      .
    as_of         30
    rule          c.days_since_heard() >= 10
    true          15 to as_of
    """)


def test_a_known_cancelled_at_never_falls_back_to_start(holds):
    holds("""
    day           5
    appointments  E(cancelled=-2)
    contacts      .
    as_of         30
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    """)
    holds("""
    day           5                  12
    appointments  N(cancelled=35)    R(cancelled=-3)
    contacts      .                  .
    as_of         30
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    """)


def test_where_one_cancellation_has_a_time_another_still_counts_at_its_start(holds):
    holds("""
    day           5                20
    appointments  E(cancelled=2)   E
    contacts      .                .
    as_of         40
    rule          c.days_since_heard() >= 10
    true          12 to 20, 30 to as_of
    """)


def test_someone_who_attends_every_week_and_writes_nothing_is_not_silent(holds):
    holds("""
    day           0 7 14 21 28 35
    appointments  A A A  A  A  A
    contacts      . . .  .  .  .
    as_of         40
    rule          c.days_since_heard() >= 14
    rule          c.days_since_contact(direction="inbound") >= 14
    true          14 to as_of
    """)


def test_silence_does_not_need_checkins_or_measures(holds):
    holds("""
    day           5
    appointments  A
    contacts      .
    as_of         30
    rule          c.days_since_heard() > 10
    true          15+1us to as_of
    """)


def test_a_word_at_the_very_moment_ends_the_silence_before_it_counts(holds):
    holds("""
    day           5  15
    contacts      i  i
    as_of         40
    rule          c.days_since_heard() >= 10
    true          25 to as_of
    """)
    holds("""
    day           5  15+1us
    contacts      i  i
    as_of         40
    rule          c.days_since_heard() >= 10
    true          15 to 15+1us, 25+1us to as_of
    """)


def test_nothing_from_before_an_episode_is_heard_in_it(holds):
    holds("""
    day           -2  -1
    appointments  A   .
    contacts      .   i
    checkins      .   cost
    as_of         30
    rule          c.days_since_heard() >= 10
    true          10 to as_of
    """)


def test_days_since_attended_counts_attended_sessions_only(holds):
    holds("""
    day           2 3 4 5 6 7 8
    appointments  A E R T N L X
    contacts      i i i i i i i
    as_of         30
    rule          c.days_since_attended() >= 10
    true          12 to as_of
    """)


def test_days_since_a_contact_of_a_kind(holds):
    holds("""
    day           1 2 3 4 5 6
    contacts      O F Q M D i
    as_of         30
    rule          c.days_since_contact() >= 10
    true          16 to as_of
    rule          c.days_since_contact(direction="outbound") >= 10
    true          15 to as_of
    rule          c.days_since_contact(direction=None) >= 10
    true          16 to as_of
    rule          c.days_since_contact(direction=["inbound", "outbound"], purpose="reminder") >= 10
    true          14 to as_of
    rule          c.days_since_contact(direction="outbound", purpose="outreach") >= 10
    true          13 to as_of
    rule          c.days_since_contact(direction="outbound", purpose="outreach", delivered=True) >= 10
    true          11 to as_of
    rule          c.days_since_contact(direction="outbound", delivered=False) >= 10
    true          12 to as_of
    rule          c.days_since_contact(direction="outbound", purpose="notice") >= 10
    true          10 to as_of
    """)
