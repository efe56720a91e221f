"""What a design shows of a safeguard, what it only declares, and what cannot be a preset."""

import pytest

from carenotebook import criteria as c
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.criteria.safeguards import answers, catalogue, declared_in

MISSED = c.missed(within="90d") >= 3
TALKED = c.actions("attendance_conversation", within="90d") >= 1
TWICE = c.contacts(direction="outbound", delivered=True, within="60d") >= 2
SPOKEN = c.contacts(purpose="attendance_conversation", direction="outbound", delivered=True) >= 1

DECLARED = tuple(
    f"{s.title}: somebody sees to it." for s in catalogue().values() if s.weight == "blocking"
)


def status(criterion, key, declared=None):
    found = c.Rule("x", criterion) if isinstance(criterion, c.Expression) else criterion
    return {a.safeguard.key: a.status for a in answers(found, declared)}[key]


SHOWN = [
    # key, when, expected
    ("contact_twice", MISSED & TWICE, "shown"),
    ("contact_twice", MISSED & (c.unanswered() > 1), "shown"),
    ("contact_twice", MISSED & (c.unanswered() >= 1), "partly"),
    ("contact_twice", MISSED | TWICE, "partly"),
    ("contact_twice", c.at_least(2, MISSED, TWICE, TALKED), "partly"),
    ("contact_twice", c.at_least(3, MISSED, TWICE, TALKED), "shown"),
    ("contact_twice", c.at_least(2, TWICE, c.unanswered() >= 2, TALKED), "shown"),
    ("contact_twice", MISSED & (c.contacts(direction="inbound") >= 2), "missing"),
    ("contact_twice", c.contacts(direction="outbound", purpose="reminder") >= 4, "missing"),
    ("contact_twice", (MISSED & TWICE).for_at_least("14d"), "shown"),
    ("contact_twice", ~(~TWICE | ~MISSED), "shown"),
    ("contact_twice", ~TWICE, "missing"),
    ("conversation", MISSED & TALKED, "shown"),
    ("conversation", MISSED & SPOKEN, "shown"),
    ("conversation", (MISSED & TALKED) | c.all_of(MISSED, SPOKEN), "shown"),
    ("conversation", c.actions(["attendance_conversation", "notice"]) >= 1, "missing"),
    ("conversation", c.actions("attendance_conversation") < 1, "missing"),
    ("alternatives", c.actions("alternative_offered", detail="time") >= 1, "shown"),
    ("risk_looked_at", c.actions("risk_review") >= 1, "shown"),
    ("own_words", MISSED & (c.barriers("cost") >= 1), "shown"),
    ("delivered_only", c.contacts(direction="outbound") >= 2, "against"),
    ("delivered_only", c.contacts(delivered=True) >= 2, "shown"),
    ("delivered_only", c.days_since_contact(direction="outbound") >= 9, "against"),
    ("delivered_only", c.days_since_contact() >= 9, "shown"),
    ("unknown_risk", MISSED & (c.item("PHQ-9", 9) == 0), "against"),
    ("unknown_risk", MISSED & ~(c.item("PHQ-9", 9) >= 1), "against"),
    ("unknown_risk", MISSED | (c.item("PHQ-9", 9) >= 1), "shown"),
    ("not_the_clients", c.provider_cancels() >= 2, "against"),
    ("not_the_clients", MISSED & (c.provider_cancels() < 2), "shown"),
    ("not_the_clients", MISSED & ~(c.technical_failures() >= 1), "shown"),
    ("not_the_clients", MISSED & (c.scheduled() >= 4), "shown"),
    ("minors", c.appointments(outcome="was_not_brought") >= 1, "against"),
    ("minors", MISSED, "shown"),
    ("protected", MISSED & (c.attribute("home_language") == "Welsh"), "against"),
    ("protected", MISSED & (c.attribute("clinic") == "North"), "partly"),
    ("protected", MISSED, "shown"),
    ("way_back", MISSED, "missing"),
]


@pytest.mark.parametrize(("key", "when", "expected"), SHOWN)
def test_what_a_rule_shows(key, when, expected):
    assert status(when, key) == expected


def test_a_protocol_shows_what_its_stages_require_before_the_review():
    protocol = c.Protocol(
        "staged",
        [
            c.Stage(
                "concern",
                MISSED,
                requires=[
                    "attendance_conversation",
                    c.Requirement("alternative_offered", response=["accepted", "declined"]),
                ],
                wait="14d",
            ),
            c.Stage(
                "review",
                c.days_since_heard() >= 30,
                requires=["risk_review", c.Requirement("referral", response="accepted")],
            ),
        ],
    )
    found = {a.safeguard.key: a for a in answers(protocol)}
    shown = {k for k, a in found.items() if a.status == "shown"}
    asked = {"conversation", "alternatives", "answer_recorded", "risk_looked_at", "referral"}
    assert asked | {"referral_taken_up"} <= shown
    assert found["conversation"].where.startswith("stage 'concern'")
    late = c.Protocol("late", [c.Stage("review", MISSED, requires=["attendance_conversation"])])
    assert status(late, "conversation") == "missing", "the review itself is too late for it"


def test_a_label_is_a_title_or_a_key_whatever_its_case():
    texts = [
        "WAY BACK: ring us",
        "told_at_start: in the leaflet",
        "Talk first.",
        "Contest:",
        "x: y",
    ]
    assert declared_in(texts) == {"way_back": "ring us", "told_at_start": "in the leaflet"}


def test_what_is_declared_is_said_to_be_declared():
    rule = c.Rule("x", MISSED | TWICE)
    (answer,) = (
        a
        for a in answers(rule, {"contact_twice": "two calls"})
        if a.safeguard.key == "contact_twice"
    )
    assert (answer.status, answer.met) == ("declared", True)
    assert answer.found.startswith("Said, not shown: two calls. In the design only in part")


def test_a_declaration_does_not_mend_a_design_that_goes_against_it():
    assert status(c.attribute("gender") == "F", "protected", {"protected": "fine"}) == "against"


@pytest.mark.parametrize("declared", [{"a way back": "x"}, {"way_back": " "}, {"way_back": True}])
def test_a_declaration_names_a_safeguard_and_says_how(declared):
    with pytest.raises(OptionError, match=r"way_back|way back"):
        answers(c.Rule("x", MISSED), declared)


def test_a_model_needs_every_blocking_safeguard(tmp_path):
    whole = c.Rule("whole", MISSED, kind="model", safeguards=DECLARED)
    assert c.load(whole.save(tmp_path / "x.rule.yml")) == whole
    for i, left_out in enumerate(DECLARED):
        title = left_out.partition(":")[0]
        rest = DECLARED[:i] + DECLARED[i + 1 :]
        rule = c.Rule("part", MISSED, kind="model", safeguards=rest)
        by_design = ("Only", "Unknown", "Not brought", "No protected")
        if title.startswith(by_design):
            rule.save(tmp_path / "x.rule.yml")
        else:
            with pytest.raises(RuleError, match=f"Missing: {title}[.]"):
                rule.save(tmp_path / "x.rule.yml")


def test_a_design_that_goes_against_a_safeguard_is_no_model(tmp_path):
    rule = c.Rule("x", c.attribute("sex") == "F", kind="model", safeguards=DECLARED)
    with pytest.raises(RuleError, match="No protected characteristic"):
        rule.save(tmp_path / "x.rule.yml")
    rule = c.Rule("x", c.attribute("sex") == "F", safeguards=DECLARED)
    assert rule.save(tmp_path / "x.rule.yml").exists(), "it may be studied"


def test_only_an_unchanged_copy_of_a_published_preset_is_saved_as_it_is(tmp_path):
    published = c.library()["ruh"]
    published.save(tmp_path / "copy.rule.yml")
    changed = c.Rule(
        "ruh", MISSED, kind="model", source=published.source, safeguards=published.safeguards
    )
    with pytest.raises(RuleError, match="Conversation about attendance"):
        changed.save(tmp_path / "x.rule.yml")
