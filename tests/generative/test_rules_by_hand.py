"""Random rules survive being laid out, written as Python, and taken apart for editing."""

from generative.strategies import cohorts, rules
from hypothesis import HealthCheck, assume, given, settings

from carenotebook.core.errors import MissingDataError
from carenotebook.criteria.code import rule_code
from carenotebook.criteria.prepared import Prepared
from carenotebook.criteria.replay import find_spans
from carenotebook.widgets._document import document
from carenotebook.widgets._draft import History, draft_of

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(first=rules, second=rules, cohort=cohorts())
def test_a_cohort_laid_out_once_answers_as_a_fresh_replay(first, second, cohort):
    prepared = Prepared(cohort)
    for rule in (first, second, first):
        try:
            flagged, undecided = find_spans(rule, cohort)
        except MissingDataError:
            assume(condition=False)
        found = prepared.replay(rule)
        assert found.intervals.equals(flagged)
        assert found.undecided.equals(undecided)


@SLOW
@given(rule=rules)
def test_a_rule_written_as_python_is_the_rule(rule):
    names = {}
    exec(rule_code(rule), names)  # noqa: S102 - our own text
    assert names["rule"] == rule


@SLOW
@given(rule=rules)
def test_a_rule_opened_for_editing_is_the_rule_and_can_be_shown(rule):
    draft = draft_of(rule)
    assert draft.rule() == rule
    assert document(1, "", History((draft,))).problem == ""
