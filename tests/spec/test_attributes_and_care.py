"""Time in care, and what is known of a client."""


def test_days_in_care_start_at_started_at_even_if_it_was_not_seen(holds):
    holds("""
    observed_from 10
    as_of         40
    rule          c.days_in_care() >= 15
    true          15 to as_of
    rule          c.days_in_care() > 15
    true          15+1us to as_of
    rule          c.days_in_care() < 15
    true          10 to 15
    rule          c.days_since_attended() >= 15
    true          25 to as_of
    """)


def test_days_in_care_run_on_in_a_pause(holds):
    holds("""
    pauses        5 to 10
    grace         0d
    as_of         40
    rule          c.days_in_care() >= 15
    true          15 to as_of
    """)


def test_days_in_care_start_anew_with_each_episode(holds):
    holds("""
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.days_in_care() >= 15
    true          15 to episode, 2: 45 to as_of
    """)


def test_an_attribute_is_compared_by_its_value(holds):
    holds("""
    clients       language=Welsh carer=yes age=34
    as_of         20
    rule          c.attribute("language") == "Welsh"
    true          0 to as_of
    rule          c.attribute("language") != "Welsh"
    rule          c.attribute("language") == "English"
    rule          c.attribute("language").is_in(["English", "Welsh"])
    true          0 to as_of
    rule          c.attribute("language").is_in(["English"])
    rule          c.attribute("carer") == True
    true          0 to as_of
    rule          c.attribute("carer") == False
    rule          c.attribute("age") >= 18
    true          0 to as_of
    rule          c.attribute("age") < 18
    rule          c.attribute("age").is_in([33, 34])
    true          0 to as_of
    rule          c.attribute("age").is_unknown()
    """)


def test_an_attribute_that_is_null_is_unknown(holds):
    holds("""
    clients       language=null
    as_of         20
    rule          c.attribute("language") == "Welsh"
    undecided     0 to as_of
    rule          c.attribute("language") != "Welsh"
    undecided     0 to as_of
    rule          c.attribute("language").is_in(["Welsh"])
    undecided     0 to as_of
    rule          c.attribute("language").is_unknown()
    true          0 to as_of
    """)


def test_an_attribute_of_a_client_without_a_row_is_unknown(holds):
    holds("""
    clients       none
    as_of         20
    rule          c.attribute("language") == "Welsh"
    undecided     0 to as_of
    rule          c.attribute("language").is_unknown()
    true          0 to as_of
    """)


def test_an_attribute_holds_in_every_episode(holds):
    holds("""
    clients       language=Welsh
    episodes      0 to 20, 30 to open
    as_of         60
    rule          c.attribute("language") == "Welsh"
    true          0 to episode, 2: 30 to as_of
    """)
