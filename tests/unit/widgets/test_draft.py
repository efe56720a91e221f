"""Editing a rule clause by clause: every change is a new draft, and none loses a clause."""

import pytest

from carenotebook import criteria as c
from carenotebook.core.errors import RuleError
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.syntax import walk
from carenotebook.widgets import _draft as drafts
from carenotebook.widgets._document import document
from carenotebook.widgets._fields import changed, fields_of

SILENT = c.days_since_heard() >= 30
MISSED = c.missed(within="90d") >= 3
REACHED = c.contacts(direction="outbound", within="60d") >= 2
RULES = {
    **c.library(),
    "nested": c.Rule(
        "nested",
        ~((MISSED & SILENT).for_at_least("14d")) | c.at_least(2, MISSED, SILENT, REACHED),
    ),
    "unknown": c.Rule("unknown", (MISSED & SILENT).is_unknown() | c.measure("PHQ-9").is_unknown()),
    "one": c.Rule("one", SILENT),
    "values": c.Rule("values", c.attribute("language").is_in(["Welsh", "Polish"])),
}


def rows(draft):
    return document(1, "", drafts.History((draft,))).clauses


def row(draft, label):
    (found,) = [r for r in rows(draft) if r.label.startswith(label)]
    return found


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_opening_a_rule_keeps_its_meaning_and_shows_every_clause(rule):
    draft = drafts.draft_of(rule)
    assert draft.rule() == rule
    truths = [n for n in walk(rule.when.node) if isinstance(n, syntax.Truth)]
    root_is_group = isinstance(rule.when.node, nodes.All | nodes.Any_ | nodes.AtLeast)
    assert len(rows(draft)) == len(truths) - root_is_group


def test_a_clause_that_is_off_is_kept_but_does_not_count():
    draft = drafts.draft_of(c.Rule("r", MISSED & SILENT))
    off = drafts.toggled(draft, row(draft, "Missed").id, on=False)
    assert off.rule() == c.Rule("r", SILENT)
    assert [r.on for r in rows(off)] == [False, True]
    assert drafts.toggled(off, row(off, "Missed").id, on=True).rule() == draft.rule()


def test_switching_off_a_group_switches_off_what_is_in_it():
    draft = drafts.draft_of(c.library()["ruh"])
    off = drafts.toggled(draft, row(draft, "Group").id, on=False)
    assert off.rule().when.node == (c.consecutive_missed() >= 3).node
    assert [r.counted for r in rows(off)] == [False, False, False, True]


def test_no_clause_that_is_on_makes_no_rule():
    draft = drafts.draft_of(c.Rule("r", SILENT))
    assert drafts.toggled(draft, row(draft, "Time").id, on=False).rule() is None
    assert drafts.draft_of(None).rule() is None


def test_at_least_two_of_one_says_that_it_could_never_hold():
    draft = drafts.draft_of(c.Rule("r", c.at_least(2, MISSED, SILENT)))
    off = drafts.toggled(draft, row(draft, "Missed").id, on=False)
    with pytest.raises(RuleError, match="never hold"):
        off.rule()
    assert "never hold" in document(1, "", drafts.History((off,))).problem


def test_moving_reorders_nests_and_lifts():
    draft = drafts.draft_of(c.Rule("r", c.all_of(MISSED, SILENT, REACHED)))
    silent = row(draft, "Time").id
    up = drafts.moved(draft, silent, "up")
    assert up.rule() == c.Rule("r", c.all_of(SILENT, MISSED, REACHED))
    assert drafts.moved(up, silent, "up") == up
    nested = drafts.moved(draft, silent, "in")
    assert nested.rule().when.node == c.all_of(MISSED, c.any_of(SILENT), REACHED).node
    both = drafts.moved(nested, row(nested, "Outbound").id, "in")
    assert both.rule().when.node == c.all_of(MISSED, c.any_of(SILENT, REACHED)).node
    lifted = drafts.moved(drafts.moved(both, silent, "out"), row(both, "Outbound").id, "out")
    assert sorted(str(x) for x in lifted.rule().clauses) == sorted(
        str(x) for x in draft.rule().clauses
    )


def test_removing_the_clause_of_a_wrapper_removes_the_wrapper():
    draft = drafts.draft_of(c.Rule("r", SILENT & MISSED.for_at_least("14d")))
    assert drafts.removed(draft, row(draft, "Missed").id).rule() == c.Rule("r", SILENT)


def test_undo_and_redo_go_through_every_change_and_a_new_one_ends_redo():
    first = drafts.draft_of(c.Rule("r", MISSED & SILENT))
    second = drafts.removed(first, row(first, "Missed").id)
    history = drafts.History((first,)).then(second)
    assert history.undone().now == first
    assert history.undone().redone().now == second
    assert not history.undone().then(drafts.draft_of(None)).can_redo
    assert history.then(second) == history


@pytest.mark.parametrize(
    ("rule", "field", "text", "expected"),
    [
        (MISSED, "value", "5", c.missed(within="90d") >= 5),
        (MISSED, "op", "<", c.missed(within="90d") < 3),
        (MISSED, "within", "12w", c.missed(within="12w") >= 3),
        (MISSED, "within", "", c.missed() >= 3),
        (SILENT, "value", "45d", c.days_since_heard() >= 45),
        (SILENT, "value", "8w", c.days_since_heard() >= "8w"),
        (c.attendance_rate(last=6) < 0.5, "value", "40", c.attendance_rate(last=6) < 0.4),
        (c.attendance_rate(last=6) < 0.5, "last", "8", c.attendance_rate(last=8) < 0.5),
        (c.unanswered(after="7d") >= 2, "after", "14d", c.unanswered(after="14d") >= 2),
        (c.attribute("language") == "Welsh", "value", "Urdu", c.attribute("language") == "Urdu"),
    ],
)
def test_a_field_changes_what_it_names(rule, field, text, expected):
    draft = drafts.draft_of(c.Rule("r", rule))
    edited = changed(draft, rows(draft)[0].id, field, text)
    assert edited.rule() == c.Rule("r", expected)


@pytest.mark.parametrize(
    ("rule", "field", "text", "said"),
    [
        (MISSED, "value", "three", "number"),
        (MISSED, "within", "30", "30 what"),
        (MISSED, "within", "3mo", "whole number and a unit"),
        (SILENT, "op", "==", "=="),
        (c.attendance_rate(last=6) < 0.5, "value", "140", "between 0 and 1"),
        (c.attendance_rate(last=6) < 0.5, "last", "0", "1"),
        (MISSED, "nothing", "1", "no longer there"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_is_needed(rule, field, text, said):
    draft = drafts.draft_of(c.Rule("r", rule))
    with pytest.raises(RuleError, match=said):
        changed(draft, rows(draft)[0].id, field, text)


def test_every_number_and_duration_of_a_rule_can_be_edited():
    draft = drafts.draft_of(RULES["nested"])
    named = {f.name for item in draft.root.walk() for f in fields_of(item)}
    assert {"how", "k", "duration", "op", "value", "within"} <= named
