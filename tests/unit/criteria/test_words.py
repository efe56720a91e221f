"""A rule in plain English: every node has words, and none is left as code."""

import re

from carenotebook import criteria as c
from carenotebook.criteria import syntax


def every(base):
    for kind in base.__subclasses__():
        yield kind
        yield from every(kind)


def test_the_examples_hold_every_node(every_expression):
    there = {type(n) for e in every_expression for n in syntax.walk(e.node)}
    assert there == {k for k in every(syntax.Node) if k not in (syntax.Term, syntax.Truth)}


def test_every_node_has_words_without_code(any_expression):
    said = c.Rule("A draft", any_expression).explain()
    assert not re.search(r"_|\(\)|[<>=]{2}|None|True|False|Param|\bc\.", said), said
    assert re.fullmatch(r"Expression\(.+\)", repr(any_expression))


def test_one_line_a_clause_and_what_it_ends_in():
    rule = c.Rule(
        "three misses and silence",
        (c.missed(within="90d") >= 3)
        & (c.days_since_heard() >= 30)
        & ~(c.actions("risk_review", within="60d") >= 1),
    )
    first, *clauses, last = rule.explain().splitlines()
    assert first.startswith("three misses and silence: a clinician reviews the client when all")
    assert [line.strip()[:2] for line in clauses] == ["1.", "2.", "3."]
    assert "missed appointments in the last 90 days: 3 or more" in clauses[0]
    assert "30 days or longer" in clauses[1]
    assert "risk reviews in the last 60 days" in clauses[2]
    assert "pause" in last
    assert "7 days" in last
    assert "ends in a review, never in a discharge" in last


def test_numbers_and_units_read_as_english():
    rule = c.Rule("x", (c.days_in_care() >= 1) & (c.attendance_rate(last=6) < 0.125), grace="0d")
    said = rule.explain()
    assert "1 day or longer" in said
    assert "below 12.5 %" in said
    assert "after one" not in said, "no grace, no word of it"


def test_groups_inside_groups_can_be_told_apart():
    a, b, d = c.missed() >= 1, c.attended() >= 1, c.contacts() >= 1
    said = {repr(e) for e in (a & (b | d), (a & b) | d, ~(a & b) | d, ~((a & b) | d))}
    assert len(said) == 4
