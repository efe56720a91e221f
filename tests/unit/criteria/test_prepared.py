"""A cohort laid out once answers every rule as a fresh replay does, in whatever order."""

import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.criteria.prepared import Prepared

MISSED = c.missed(within="90d") >= 3
SILENT = c.days_since_heard() >= 30
RULES = {
    **c.library(),
    "all": c.Rule("all", c.all_of(MISSED, SILENT, c.attendance_rate(last=6) < 0.5)),
    "any": c.Rule("any", MISSED | (c.measure("PHQ-9") >= 10)),
    "at least": c.Rule("at least", c.at_least(2, MISSED, SILENT, c.improved("PHQ-9"))),
    "not": c.Rule("not", ~MISSED & SILENT.for_at_least("14d")),
    "unknown": c.Rule("unknown", c.measure("PHQ-9").is_unknown() & SILENT),
    "attribute": c.Rule("attribute", (c.attribute("language") == "Polish") & MISSED),
}


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=400, seed=3)[0]


@pytest.fixture(scope="module")
def prepared(cohort):
    return Prepared(cohort)


@pytest.mark.parametrize(
    "rule", [*RULES.values()] * 2, ids=[*RULES, *(f"{n} again" for n in RULES)]
)
def test_it_answers_as_a_fresh_replay(rule, cohort, prepared):
    found, fresh = prepared.replay(rule), cn.replay(rule, cohort)
    assert found.intervals.equals(fresh.intervals)
    assert found.undecided.equals(fresh.undecided)


def test_a_missing_table_is_named_as_in_a_replay(cohort):
    bare = cn.from_frames(
        appointments=cohort.appointments.collect(), episode_end="as_of", as_of=cohort.as_of
    )
    with pytest.raises(cn.CareNotebookError, match="contacts="):
        Prepared(bare).replay(c.Rule("r", SILENT))
