"""The published cases: each is checked with its rules, and played along every path."""

import re
from importlib import resources

import pytest

from carenotebook import outreach
from carenotebook.outreach.case_codes import CODES
from carenotebook.outreach.case_model import WHOM
from carenotebook.outreach.case_rules import cohort_at

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
    assert all(len(text) > 80 for text in case.facilitator.values())
    assert len(case.rubric) >= 2
    assert set(case.codes) <= set(CODES)


def test_every_path_ends_and_every_ending_is_reached(name):
    case = outreach.load_case(name)
    plays = list(outreach.every_play(case))
    assert all(p.ended for p in plays)
    assert {p.scene.name for p in plays} == {s.name for s in case.endings}
    for play in plays:
        assert play.readings() is not None
        changed = play.changed()
        assert all(getattr(changed, whom) for whom in WHOM)


def test_its_whole_history_is_a_cohort_that_rejects_nothing(name):
    case = outreach.load_case(name)
    for play in outreach.every_play(case):
        assert cohort_at(case, play.scene.at, play.made).rejected.is_empty()


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


def test_people_have_roles_and_no_names(name):
    text = (FOLDER / f"{name}.case.yml").read_text(encoding="utf-8")
    assert PEOPLE.findall(text) == []
