"""What cannot be meant exactly is refused where it is written, with what to write instead."""

import pytest

from carenotebook import CareNotebookError
from carenotebook import criteria as c
from carenotebook.core.errors import RuleError

missed, kept = c.missed() >= 1, c.attended() >= 1

PYTHON_LOGIC = {
    "and": lambda: missed and kept,
    "or": lambda: missed or kept,
    "not": lambda: not missed,
    "chained": lambda: 1 <= c.missed() <= 3,
    "if": lambda: 1 if missed else 2,
    "a term alone": lambda: bool(c.missed()),
}


@pytest.mark.parametrize("write", PYTHON_LOGIC.values(), ids=PYTHON_LOGIC)
def test_pythons_logic_is_refused_with_the_operators_to_use(write):
    with pytest.raises(RuleError, match=r"write & for and, \| for or, ~ for not"):
        write()


NOT_COMPARED = {
    "no parentheses": lambda: c.missed() >= 3 & c.attended() >= 1,
    "a term and": lambda: c.missed() & kept,
    "a term or": lambda: c.missed() | kept,
    "not a term": lambda: ~c.missed(),
    "a truth value": lambda: True & missed,
}


@pytest.mark.parametrize("write", NOT_COMPARED.values(), ids=NOT_COMPARED)
def test_joining_what_was_not_compared_is_refused_with_parentheses(write):
    with pytest.raises(RuleError, match="put each comparison in parentheses"):
        write()


@pytest.mark.parametrize("write", [lambda: missed & c.attended(), lambda: c.all_of(c.missed())])
def test_a_group_of_terms_is_refused(write):
    with pytest.raises(RuleError, match="compare a term with a value first"):
        write()


@pytest.mark.parametrize("text", ["3mo", "1y", "1 month", "2 years", "1q"])
def test_calendar_months_and_years_are_refused_with_the_reason(text):
    for write in (
        lambda: c.missed(within=text),
        lambda: c.days_since_heard() >= text,
        lambda: c.unanswered(after=text),
        lambda: missed.for_at_least(text),
        lambda: c.Rule("x", missed, grace=text),
    ):
        with pytest.raises(RuleError, match="months and years vary in length; use days or weeks"):
            write()


@pytest.mark.parametrize("text", ["90", "1.5d", "1d12h", "-3d", "", "d", "3 d", "3D", "٣d"])
def test_a_duration_is_one_whole_number_and_one_unit(text):
    with pytest.raises(RuleError, match=r"one whole number and one unit of m \(minutes\), h, d or"):
        c.missed(within=text)


def test_a_window_without_a_unit_is_refused():
    with pytest.raises(RuleError, match="within: 90 has no unit"):
        c.missed(within=90)


def test_a_threshold_of_days_as_text_needs_its_unit():
    with pytest.raises(RuleError, match="'30' is not a duration"):
        c.days_since_heard() >= "30"  # noqa: B015


@pytest.mark.parametrize("text", ["0m", "0h", "0d", "00w"])
def test_a_zero_window_is_refused(text):
    with pytest.raises(RuleError, match="has no length"):
        c.contacts(within=text)


@pytest.mark.parametrize(
    "term",
    [
        c.days_since_attended(),
        c.days_since_contact(),
        c.days_since_heard(),
        c.days_without_booking(),
        c.days_in_care(),
        c.attendance_rate(),
    ],
    ids=repr,
)
def test_equality_of_a_continuous_value_is_refused_with_a_hint(term):
    hint = "holds for an instant or never. Use '>= "
    for write in (lambda: term == 0.5, lambda: term != 0.5, lambda: term.is_in([0.5])):
        with pytest.raises(RuleError, match=hint):
            write()


@pytest.mark.parametrize("value", [80, 1.001, -0.1])
def test_a_rate_lies_between_0_and_1(value):
    with pytest.raises(RuleError, match="a rate lies between 0 and 1"):
        c.attendance_rate() >= value  # noqa: B015


def test_a_rate_in_per_cent_is_told_how_to_write_it():
    with pytest.raises(RuleError, match=r"for per cent write 0\.8"):
        c.attendance_rate() >= 80  # noqa: B015


@pytest.mark.parametrize("other", [c.attended(), kept], ids=["term", "expression"])
def test_two_terms_are_not_compared_with_each_other(other):
    for write in (
        lambda: c.missed() >= other,
        lambda: c.missed() == other,
        lambda: c.missed() < other,
    ):
        with pytest.raises(RuleError, match="Two terms cannot be compared with each other"):
            write()


@pytest.mark.parametrize("value", ["3", None, True, float("nan"), float("inf"), 10**400])
def test_the_threshold_of_a_count_is_a_number(value):
    with pytest.raises(RuleError, match="the threshold must be a number"):
        c.missed() >= value  # noqa: B015


@pytest.mark.parametrize("value", [True, float("nan"), 10**400, None])
def test_the_threshold_of_days_is_a_length_of_time(value):
    with pytest.raises(RuleError, match="days_in_care"):
        c.days_in_care() >= value  # noqa: B015


VOCABULARIES = {
    "outcome": (lambda: c.appointments(outcome="cancelled"), "late_cancel"),
    "kind": (lambda: c.missed(kind="first"), "assessment"),
    "reason": (lambda: c.missed(reason="sick"), "illness"),
    "modality": (lambda: c.missed(modality="zoom"), "video"),
    "direction": (lambda: c.contacts(direction="in"), "inbound"),
    "purpose": (lambda: c.unanswered(purpose="sms"), "reminder"),
    "action": (lambda: c.actions("phoned"), "risk_review"),
    "barrier": (lambda: c.barriers(["cost", "money"]), "overwhelmed"),
}


@pytest.mark.parametrize(("write", "known"), VOCABULARIES.values(), ids=VOCABULARIES)
def test_a_value_outside_the_vocabulary_is_refused_with_the_vocabulary(write, known):
    with pytest.raises(RuleError, match=f"is not one of: .*{known}"):
        write()


MALFORMED = {
    "no outcome": lambda: c.appointments(outcome=None),
    "empty outcome": lambda: c.appointments(outcome=[]),
    "a number for a filter": lambda: c.missed(kind=5),
    "a number in a filter": lambda: c.missed(kind=[5]),
    "no action": lambda: c.actions(None),
    "text for delivered": lambda: c.contacts(delivered="yes"),
    "last 0": lambda: c.attendance_rate(last=0),
    "last 2.5": lambda: c.attendance_rate(last=2.5),
    "minimum 0": lambda: c.attendance_rate(minimum=0),
    "another item": lambda: c.item("PHQ-9", 3),
    "no instrument": lambda: c.measure(""),
    "empty is_in": lambda: c.missed().is_in([]),
    "text for is_in": lambda: c.attribute("language").is_in("Welsh"),
    "a list for an attribute": lambda: c.attribute("language") == ["Welsh"],
    "order of truth values": lambda: c.attribute("carer") >= True,
    "k 0": lambda: c.at_least(0, missed),
    "k 1.5": lambda: c.at_least(1.5, missed, kept),
    "nothing to choose from": lambda: c.at_least(1),
    "empty all_of": c.all_of,
    "empty any_of": c.any_of,
    "a parameter's name": lambda: c.param("a b"),
    "no name": lambda: c.Rule(" ", missed),
    "a term for a rule": lambda: c.Rule("x", c.missed()),
    "an unknown kind of rule": lambda: c.Rule("x", missed, kind="best"),
    "one text for safeguards": lambda: c.Rule("x", missed, safeguards="talk first"),
}


@pytest.mark.parametrize("write", MALFORMED.values(), ids=MALFORMED)
def test_malformed_criteria_are_refused(write):
    with pytest.raises(RuleError):
        write()


def test_a_k_that_can_never_be_reached_is_refused():
    with pytest.raises(RuleError, match=r"at_least\(3, ...\) of 2 expressions could never hold"):
        c.at_least(3, missed, kept)


@pytest.mark.parametrize("instrument", ["BDI-II", "CSQ-8", "SRS", "unheard of"])
@pytest.mark.parametrize("direction", [c.improved, c.deteriorated])
def test_reliable_change_is_refused_without_a_published_number(instrument, direction):
    with pytest.raises(RuleError, match=r"no published reliable change .* PHQ-9, GAD-7"):
        direction(instrument)


@pytest.mark.parametrize("column", ["ended_at", "end_reason"])
def test_how_an_episode_ended_cannot_be_an_attribute(column):
    with pytest.raises(RuleError, match="looks into the future"):
        c.attribute(column)


def test_every_refusal_is_an_error_of_the_family():
    assert issubclass(RuleError, CareNotebookError)
