"""Kleene's logic: true, false or unknown, and only true flags."""

import pytest

TRUE = "(c.days_in_care() >= 0)"
FALSE = "(c.days_in_care() < 0)"
UNKNOWN = "(c.measure('PHQ-9') >= 0)"
VALUES = {"T": TRUE, "F": FALSE, "U": UNKNOWN}


def logic(holds, expression, value):
    """`expression` over T, F and U has this value all the time."""
    for letter, rule in VALUES.items():
        expression = expression.replace(letter, rule)
    spans = {"T": "true 0 to as_of", "U": "undecided 0 to as_of", "F": ""}[value]
    holds(f"""
    day           5
    PHQ-9         .
    as_of         20
    rule          {expression}
    {spans}
    """)


@pytest.mark.parametrize(
    ("pair", "both", "either"),
    [
        ("TT", "T", "T"),
        ("TF", "F", "T"),
        ("FT", "F", "T"),
        ("FF", "F", "F"),
        ("TU", "U", "T"),
        ("UT", "U", "T"),
        ("FU", "F", "U"),
        ("UF", "F", "U"),
        ("UU", "U", "U"),
    ],
)
def test_and_and_or(holds, pair, both, either):
    one, other = pair
    logic(holds, f"{one} & {other}", both)
    logic(holds, f"c.all_of({one}, {other})", both)
    logic(holds, f"{one} | {other}", either)
    logic(holds, f"c.any_of({one}, {other})", either)


@pytest.mark.parametrize(("value", "negated"), ["TF", "FT", "UU"])
def test_not(holds, value, negated):
    logic(holds, f"~{value}", negated)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("T & T & U", "U"),
        ("T & U & F", "F"),
        ("F | U | T", "T"),
        ("F | (T & U)", "U"),
        ("(F & U) | T", "T"),
        ("~(U & F)", "T"),
        ("~(U | T)", "F"),
    ],
)
def test_nested(holds, expression, value):
    logic(holds, expression, value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("c.at_least(1, F, U)", "U"),
        ("c.at_least(1, F, F)", "F"),
        ("c.at_least(1, F, T)", "T"),
        ("c.at_least(2, T, T, U)", "T"),
        ("c.at_least(2, T, U, F)", "U"),
        ("c.at_least(2, U, U, F)", "U"),
        ("c.at_least(2, F, F, U)", "F"),
        ("c.at_least(2, T, F, F)", "F"),
        ("c.at_least(3, T, T, U)", "U"),
        ("c.at_least(3, T, T, F)", "F"),
        ("c.at_least(2, T, T)", "T"),
        ("c.at_least(2, F, T, T, T)", "T"),
    ],
)
def test_at_least(holds, expression, value):
    logic(holds, expression, value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("T.is_unknown()", "F"),
        ("F.is_unknown()", "F"),
        ("U.is_unknown()", "T"),
        ("(T & U).is_unknown()", "T"),
        ("(F & U).is_unknown()", "F"),
        ("(T | U).is_unknown()", "F"),
        ("(F | U).is_unknown()", "T"),
        ("(~U).is_unknown()", "T"),
        ("~(U.is_unknown())", "F"),
        ("U.is_unknown().is_unknown()", "F"),
        ("c.at_least(2, T, U, F).is_unknown()", "T"),
        ("(U | U.is_unknown())", "T"),
        ("(U & U.is_unknown())", "U"),
    ],
)
def test_is_unknown_is_never_unknown(holds, expression, value):
    logic(holds, expression, value)


def test_truths_that_change_over_time_combine_at_every_instant(holds):
    holds("""
    day           2  5  10
    appointments  N  .  A
    PHQ-9         .  12 .
    as_of         20
    rule          (c.consecutive_missed() >= 1) & (c.measure("PHQ-9") >= 10)
    true          5 to 10
    undecided     2 to 5
    rule          (c.consecutive_missed() >= 1) | (c.measure("PHQ-9") >= 10)
    true          2 to as_of
    undecided     0 to 2
    rule          (c.consecutive_missed() >= 1) | ~(c.measure("PHQ-9") >= 10)
    true          2 to 10
    undecided     0 to 2
    rule          c.at_least(2, c.missed() >= 1, c.measure("PHQ-9") >= 10, c.attended() >= 1)
    true          5 to as_of
    undecided     2 to 5
    """)


def test_spans_that_touch_are_one(holds):
    holds("""
    day           5  12
    appointments  N  L
    as_of         40
    rule          (c.no_shows(within="7d") >= 1) | (c.late_cancels(within="7d") >= 1)
    true          5 to 19
    """)


def test_an_event_that_renews_a_window_leaves_one_span(holds):
    holds("""
    day           5  12
    appointments  N  N
    as_of         40
    rule          c.missed(within="7d") >= 1
    true          5 to 19
    """)
