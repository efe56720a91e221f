"""The published cases: each is checked with its rules, and played along every path."""

import re
from importlib import resources

import pytest

from carenotebook import outreach
from carenotebook.appraise.codes import chosen
from carenotebook.outreach.case_model import WHOM, Chose, RuleSays, parts_of

FOLDER = resources.files("carenotebook.outreach") / "content" / "cases"
NAMES = sorted(f.name.removesuffix(".case.yml") for f in FOLDER.iterdir())
PEOPLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z]")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_nothing_is_wrong_with_it(name):
    assert outreach.check_case(FOLDER / f"{name}.case.yml") == []


def test_it_is_large_enough_to_teach_with(name):
    case = outreach.load_case(name)
    assert len(case.scenes) >= 6
    assert len(case.endings) >= 3
    assert all(len(text) > 40 for text in case.facilitator.values())
    assert len(case.rubric) >= 2


def test_every_path_ends_and_every_ending_is_reached(name):
    case = outreach.load_case(name)
    plays = list(outreach.every_play(case))
    assert all(p.ended for p in plays)
    assert {p.scene.name for p in plays} == {s.name for s in case.endings}
    for play in plays:
        changed = play.changed()
        assert all(getattr(changed, whom) for whom in WHOM)


def test_a_rule_says_something_else_in_some_other_moment_or_way(name):
    """A rule whose answer never moves could be left out of the case."""
    case = outreach.load_case(name)
    said = {}
    for play in outreach.every_play(case):
        while True:
            for reading in play.readings():
                said.setdefault(reading.rule, set()).add(reading.says)
            if not play.steps:
                break
            play = play.back()  # noqa: PLW2901 - towards the start
    assert any(len(answers) > 1 for answers in said.values())


def conditions(case):
    choices = (c for scene in case.scenes.values() for c in scene.choices.values())
    return [p for c in choices for p in parts_of(c.condition)]


def test_some_cases_turn_on_what_was_chosen_and_on_what_a_rule_says_at_that_moment():
    kinds = {n: {type(p) for p in conditions(c)} for n, c in outreach.cases().items()}
    assert sum(Chose in k for k in kinds.values()) >= 3
    assert sum(RuleSays in k for k in kinds.values()) >= 2


def test_a_choice_with_a_condition_is_open_on_some_ways_and_shut_on_others(name):
    case = outreach.load_case(name)
    seen = {}
    for play in outreach.every_play(case):
        while True:
            for choice in (*play.choices, *play.closed):
                if choice.condition is not None:
                    seen.setdefault((play.scene.name, choice.name), set()).add(
                        choice in play.choices
                    )
            if not play.steps:
                break
            play = play.back()  # noqa: PLW2901 - towards the start
    assert all(ways == {True, False} for ways in seen.values())
    conditional = [
        (s.name, c.name)
        for s in case.scenes.values()
        for c in s.choices.values()
        if c.condition is not None
    ]
    assert set(seen) == set(conditional)


def test_the_codes_that_a_case_may_name_are_those_of_the_ethics_review():
    listed = outreach.case_schema()["properties"]["codes"]["items"]["enum"]
    assert listed == [code.name for code in chosen()]


def test_people_have_roles_and_no_names(name):
    text = (FOLDER / f"{name}.case.yml").read_text(encoding="utf-8")
    assert PEOPLE.findall(text) == []


def test_together_they_cover_what_a_seminar_needs():
    found = " | ".join(t for case in outreach.cases().values() for t in case.topics)
    assert len(NAMES) >= 12
    wanted = (
        "scheduling conflict", "feeling overwhelmed", "cost", "failing video link",
        "therapist who keeps rescheduling", "silence after a worrying disclosure",
        "policy never explained", "uneven enforcement", "long waiting list",
        "comes back after notice", "language and access needs", "unsafe shared household",
        "minor who was not brought", "hospital stay", "improved and stopped",
        "research list used operationally", "looks fair and is not",
    )  # fmt: skip
    assert [w for w in wanted if w not in found] == []
    assert {case.mode for case in outreach.cases().values()} == {"guided", "open"}
