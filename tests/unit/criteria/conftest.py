"""Small cohorts for rules, written by the day."""

import pytest
from cohorts_for_tests import build

from carenotebook import criteria as c


@pytest.fixture(scope="session")
def cohort_of():
    return build


@pytest.fixture(scope="session")
def seven_episodes():
    """Six clients, seven episodes, 100 days. The comments say what `rule` finds."""
    visits = {
        "a": ["N5", "A10"],  # flagged 30 to 100
        "b": ["N5", "N15", "A40"],  # flagged 20 to 40 and 60 to 100
        "c": ["A0", "A14", "A28", "A56", "A70", "A84", "A98"],  # silent from 48 to 56, never missed
        "d": ["N5", "N65", "A70"],  # episode 1: flagged 20 to its end; episode 2: 90 to 100
        "e": ["N3"],  # ended on day 14, before it could be flagged
        "f": ["U5"],  # silent, and missed only if the unknown is taken so
    }
    outcomes = {"A": "attended", "N": "no_show", "U": "unknown"}
    bounds = [(i, 0, None) for i in "abcf"] + [("d", 0, 50), ("d", 60, None), ("e", 0, 14)]
    languages = {"a": "Welsh", "b": "Welsh", "f": "Welsh", "c": "English", "d": "English"}
    return build(
        appointments=[
            {"client_id": i, "start": int(v[1:]), "outcome": outcomes[v[0]]}
            for i, found in visits.items()
            for v in found
        ],
        episodes=[{"client_id": i, "started_at": s, "ended_at": e} for i, s, e in bounds],
        clients=[{"client_id": i, "language": spoken} for i, spoken in languages.items()],
        measures=[{"client_id": "a", "at": 3, "instrument": "PHQ-9", "score": 12.0}],
    )


@pytest.fixture(scope="session")
def rule():
    return c.Rule("missed and silent", (c.missed() >= 1) & (c.days_since_attended() >= 20))


EVERY_NODE = (
    c.appointments(outcome=["excused", "was_not_brought"]) >= 1,
    c.appointments(outcome=["booked", "unknown"]) == 0,
    c.missed(kind="assessment", reason="not_given", modality="in_person", within="90d") > 2,
    c.scheduled() < 3,
    c.technical_failures() != 1,
    c.provider_cancels().is_in([0, 2]),
    c.consecutive_missed() >= 3,
    c.attendance_rate() < 0.5,
    c.attendance_rate(within="8w", last=6, minimum=3) >= 0.125,
    c.days_since_attended() >= "30d",
    c.days_since_contact(direction=["inbound", "outbound"], purpose="check_in", delivered=True)
    > 1.5,
    c.days_since_heard() <= 1,
    c.days_without_booking() < "2w",
    c.days_in_care() >= 90,
    c.unanswered(after="36h", purpose=["reminder", "attendance_conversation"]) >= 1,
    c.contacts(direction="outbound", purpose="outreach", within="60d", delivered=False) >= 2,
    c.contacts() <= 4,
    c.actions(["attendance_conversation", "risk_review"], detail="frequency", within="1w") < 1,
    c.barriers("overwhelmed", within="90m") >= 1,
    c.measure("PHQ-9", within="30d") >= 20,
    c.item("PHQ-9", 9) == 0,
    c.measure_change("GAD-7") <= -4,
    c.improved("PHQ-9"),
    ~c.deteriorated("CORE-10"),
    c.attribute("first_language") == "Welsh",
    c.attribute("age") >= 17.5,
    c.attribute("lives_alone") == True,  # noqa: E712 - as a user writes it
    c.attribute("first_language").is_in(["Welsh", "English"]),
    c.measure("PHQ-9").is_unknown(),
    ((c.missed() >= 1) & (c.measure("PHQ-9") >= 10)).is_unknown(),
    c.all_of(c.missed() >= 1, (c.attended() >= 1) | (c.no_shows() >= 2)),
    c.any_of(c.missed() >= 1, (c.attended() >= 1) & (c.no_shows() >= 2)),
    c.at_least(2, c.missed() >= 1, c.attended() >= 1, c.late_cancels() >= 1),
    (c.missed() >= 2).for_at_least("14d"),
    ~((c.missed() >= 2) | (c.early_cancels() >= 2)),
    (c.missed(within=c.param("w")) >= c.param("k")).for_at_least(c.param("d")),
    c.at_least(c.param("n"), c.attendance_rate(last=c.param("last")) < 0.5, c.missed() >= 1),
)


@pytest.fixture(params=range(len(EVERY_NODE)), ids=lambda i: repr(EVERY_NODE[i])[11:60])
def any_expression(request):
    return EVERY_NODE[request.param]


@pytest.fixture(scope="session")
def every_expression():
    return EVERY_NODE
