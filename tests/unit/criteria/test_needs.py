"""A rule that needs what a cohort lacks says what to supply; what may be missing may be."""

import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import MissingDataError, OptionError, RuleError

BARE = {
    "appointments": [{"client_id": "a", "start": 5, "outcome": "no_show"}],
    "episodes": [{"client_id": "a", "started_at": 0}],
}
CONTACT = {"client_id": "a", "at": 3, "direction": "outbound"}
ACTION = {"client_id": "a", "at": 3, "kind": "referral"}
MEASURE = {"client_id": "a", "at": 3, "instrument": "PHQ-9", "score": 12.0}


def replayed(expression, cohort, **options):
    return cn.replay(c.Rule("x", expression), cohort, **options)


@pytest.mark.parametrize(
    ("expression", "table"),
    [
        (c.contacts() >= 1, "contacts"),
        (c.days_since_contact() >= 1, "contacts"),
        (c.days_since_heard() >= 1, "contacts"),
        (c.unanswered() >= 1, "contacts"),
        (c.actions("referral") >= 1, "actions"),
        (c.barriers("cost") >= 1, "checkins"),
        (c.measure("PHQ-9") >= 1, "measures"),
        (c.measure_change("PHQ-9") >= 1, "measures"),
        (c.improved("PHQ-9"), "measures"),
        (c.item("PHQ-9", 9) >= 1, "measures"),
        (c.attribute("language") == "Welsh", "clients"),
    ],
)
@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_a_missing_table_is_named_with_what_to_pass(cohort_of, expression, table, engine):
    with pytest.raises(MissingDataError, match=f"The term .* needs .*{table}.*pass {table}="):
        replayed((c.missed() >= 1) | ~expression, cohort_of(**BARE), engine=engine)


@pytest.mark.parametrize(
    ("expression", "more", "column"),
    [
        (c.missed(kind="review") >= 1, {}, "kind"),
        (c.missed(reason="cost") >= 1, {}, "reason"),
        (c.missed(modality="video") >= 1, {}, "modality"),
        (c.contacts(purpose="outreach") >= 1, {"contacts": [CONTACT]}, "purpose"),
        (c.contacts(delivered=False) >= 1, {"contacts": [CONTACT]}, "delivered"),
        (c.days_since_contact(delivered=True) >= 1, {"contacts": [CONTACT]}, "delivered"),
        (c.unanswered() >= 1, {"contacts": [CONTACT]}, "delivered"),
        (
            c.unanswered(purpose="outreach") >= 1,
            {"contacts": [{**CONTACT, "delivered": True}]},
            "purpose",
        ),
        (c.actions("referral", detail="time") >= 1, {"actions": [ACTION]}, "detail"),
        (c.item("PHQ-9", 9) >= 1, {"measures": [MEASURE]}, "item_9"),
        (
            c.attribute("language") == "Welsh",
            {"clients": [{"client_id": "a", "age": 30}]},
            "language",
        ),
    ],
)
def test_a_missing_column_is_named_with_its_table(cohort_of, expression, more, column):
    cohort = cohort_of(**BARE, **more)
    with pytest.raises(MissingDataError, match=f"The term .* needs {column} in the table"):
        replayed(expression, cohort)


def test_outreach_without_purposes_holds_no_reminder(cohort_of):
    cohort = cohort_of(**BARE, contacts=[{**CONTACT, "delivered": True}])
    assert replayed(c.unanswered() >= 1, cohort).intervals.height == 1


@pytest.mark.parametrize(
    "term",
    [
        c.days_since_attended(),
        c.days_since_contact(),
        c.days_since_heard(),
        c.days_without_booking(),
        c.days_in_care(),
    ],
    ids=repr,
)
def test_days_without_a_choice_of_episode_end_raise(cohort_of, term):
    tables = {"appointments": BARE["appointments"], "contacts": [CONTACT]}
    with pytest.raises(MissingDataError, match='episode_end="as_of"'):
        replayed(term >= 30, cohort_of(**tables))
    assert replayed(term >= 30, cohort_of(**tables, episode_end="as_of")).intervals.height == 1


def test_open_parameters_are_refused_outside_a_sweep(cohort_of):
    expression = (c.missed(within=c.param("w")) >= c.param("k")).for_at_least(c.param("d"))
    with pytest.raises(RuleError, match="only a sweep can fill them"):
        replayed(expression, cohort_of(**BARE))


@pytest.mark.parametrize(
    ("column", "value"), [("age", "thirty"), ("language", 3), ("carer", "yes"), ("age", True)]
)
def test_an_attribute_of_another_type_is_refused(cohort_of, column, value):
    clients = [{"client_id": "a", "age": 30, "language": "Welsh", "carer": True}]
    with pytest.raises(RuleError, match=f"attribute\\('{column}'\\) holds .* values"):
        replayed(c.attribute(column) == value, cohort_of(**BARE, clients=clients))


def test_a_column_without_any_value_is_unknown_and_no_error(cohort_of):
    cohort = cohort_of(**BARE, clients=[{"client_id": "a", "language": None}])
    found = replayed(c.attribute("language") == "Welsh", cohort)
    assert (found.intervals.height, found.undecided.height) == (0, 1)


@pytest.mark.parametrize("option", [{"unknown": "no_show"}, {"engine": "fast"}])
def test_an_option_out_of_its_list_is_refused(cohort_of, option):
    with pytest.raises(OptionError, match="is not one of"):
        replayed(c.missed() >= 1, cohort_of(**BARE), **option)


def test_a_cohort_in_which_nothing_happened_has_no_flags(cohort_of):
    cohort = cohort_of(appointments=[], episodes=[])
    found = replayed(c.days_in_care() >= 0, cohort)
    assert found.intervals.is_empty()
    assert found.tidy()["estimate"].max() in (0, None)
    assert "none" in found.summary()
