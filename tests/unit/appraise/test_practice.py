"""The service's own conduct, every figure against a table worked out by hand."""

import json

import polars as pl
import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError


def visit(client, start, outcome, therapist="t", **more):
    columns = ("appointment_id", "booked_at", "cancelled_at", "began_at", "replaces")
    return {
        "client_id": client,
        "start": start,
        "outcome": outcome,
        "therapist_id": therapist,
        **dict.fromkeys(columns),
        **more,
    }


APPOINTMENTS = [
    # two days' notice, moved to day 20, booked when it was cancelled; began 14 minutes late
    visit("a", 10, "provider_cancel", appointment_id="1", cancelled_at=8),
    visit("a", 20, "attended", appointment_id="2", booked_at=8, replaces="1", began_at=20.01),
    # six hours' notice, a new time 20 days later: too late
    visit("b", 12, "provider_cancel", cancelled_at=11.75),
    visit("b", 40, "attended", booked_at=31.75, began_at=40.001),
    # cancelled too late to follow, notice not known
    visit("c", 95, "provider_cancel"),
    visit("a", 30, "no_show"),  # followed up by a call on day 33, under the policy, no notice
    visit("b", 50, "no_show"),  # only a reminder follows; notice on day 60
    visit("b", 70, "late_cancel", cancelled_at=69.9),  # an offer on day 72; no notice: waived
    visit("c", 98, "no_show"),  # too late to follow
    visit("c", 15, "no_show"),  # before the policy; new time booked on day 16
    visit("c", 25, "technical_failure", booked_at=16),
    visit("d", 5, "unknown"),
    visit("d", 90, "attended", "u"),
    visit("e", 90, "attended", "u"),
    visit("a", 99, "attended"),
]


def contact(client, at, direction, purpose=None):
    return {"client_id": client, "at": at, "direction": direction, "purpose": purpose}


CONTACTS = [
    contact("a", 33, "outbound", "outreach"),
    contact("b", 52, "outbound", "reminder"),
    contact("a", 40, "inbound"),
    contact("a", 41, "outbound"),  # 24 hours
    contact("b", 60, "inbound"),
    contact("b", 61, "outbound", "reminder"),  # no answer
    contact("b", 62.5, "outbound", "other"),  # 60 hours
    contact("c", 70, "inbound"),
    contact("c", 74, "outbound"),  # too late
    contact("d", 98, "inbound"),  # too late to follow
]
ACTIONS = [
    {"client_id": "b", "at": 60, "kind": "notice", "detail": None},
    {"client_id": "b", "at": 72, "kind": "alternative_offered", "detail": "time"},
]
POLICIES = [
    {"policy": "warnings", "kind": "ending_rule", "start": 20, "end": None},
    {"policy": "texts", "kind": "reminder", "start": 0, "end": None},
]
CLIENTS = [{"client_id": i, "language": "X" if i in "ab" else "Y"} for i in "abcd"]


def cohort(**changes):
    tables = {
        "appointments": APPOINTMENTS,
        "contacts": CONTACTS,
        "actions": ACTIONS,
        "policies": POLICIES,
        "clients": CLIENTS,
    }
    return build(**{**tables, **changes})


EXPECTED = {  # numerator, denominator, left out
    "cancelled_by_the_service": (3, 14, 0),
    "lost_to_technology": (1, 14, 0),
    "cancelled_in_time": (1, 2, 1),
    "moved_to_a_new_time": (1, 1, 2),  # two have no id that could be replaced
    "new_time_after_cancelling": (1, 2, 1),
    "started_late": (1, 2, 3),
    "followed_up_after_a_miss": (2, 4, 1),
    "new_time_after_a_miss": (2, 4, 1),
    "message_answered": (2, 3, 1),
    "policy_enforced": (1, 3, 1),
    "treated_alike": (0, 1, 0),
}
MEDIANS = {"hours_of_notice": (27.0, 2), "hours_to_answer": (42.0, 2), "caseload": (2.0, 2)}


def test_every_figure_by_hand():
    found = cn.practice_review(cohort()).tidy()
    rows = {r["term"]: r for r in found.to_dicts()}
    columns = ("numerator", "denominator", "left_out")
    assert {t: tuple(rows[t][c] for c in columns) for t in EXPECTED} == EXPECTED
    medians = {t: (rows[t]["estimate"], rows[t]["denominator"]) for t in MEDIANS}
    assert medians == {t: (pytest.approx(m), n) for t, (m, n) in MEDIANS.items()}
    assert set(rows) == {*EXPECTED, *MEDIANS}


def test_how_late_a_session_may_begin_is_for_the_team_to_say():
    started = pl.col("term") == "started_late"
    patient = cn.practice_review(cohort(), late="15m").tidy().filter(started)
    assert patient["numerator"].item() == 0
    strict = cn.practice_review(cohort(), late="1m").tidy().filter(started)
    assert strict["numerator"].item() == 2
    without = [{k: v for k, v in row.items() if k != "began_at"} for row in APPOINTMENTS]
    row = cn.practice_review(cohort(appointments=without)).tidy().filter(started)
    assert row["numerator"].item() is None
    assert "began_at" in row["needs"].item()


def test_groups_add_up_to_everyone_and_come_by_size():
    found = cn.practice_review(cohort(), by="language").tidy()
    mine = found.filter(term="followed_up_after_a_miss")
    assert mine.select("group", "numerator", "denominator").rows() == [
        ("everyone", 2, 4),
        ("X", 2, 3),
        ("Y", 0, 1),
    ]
    cancelled = found.filter(term="cancelled_by_the_service")
    assert cancelled["group"].to_list() == ["everyone", "X", "Y", "missing"]
    assert cancelled["denominator"].to_list()[0] == sum(cancelled["denominator"].to_list()[1:])


def test_it_is_never_split_by_single_people():
    for column in ("therapist_id", "client_id"):
        with pytest.raises(OptionError, match="reflection of a team"):
            cn.practice_review(cohort(), by=column)
    with pytest.raises(MissingDataError, match="hometown"):
        cn.practice_review(cohort(), by="hometown")
    with pytest.raises(OptionError, match="reply"):
        cn.practice_review(cohort(), reply="0d")


def test_what_is_lacking_is_named():
    kept = ("client_id", "start", "outcome")
    bare = build(appointments=[{k: v[k] for k in kept} for v in APPOINTMENTS])
    found = cn.practice_review(bare)
    needs = dict(found.tidy().select("term", "needs").iter_rows())
    assert needs["message_answered"] == "needs contacts"
    assert needs["policy_enforced"] == "needs policies and actions (kind)"
    assert needs["cancelled_in_time"] == "needs cancelled_at in appointments"
    assert needs["caseload"] == "needs therapist_id in appointments"
    assert needs["cancelled_by_the_service"] == ""
    assert "needs contacts" in found.summary()
    assert "needs contacts" in found._repr_html_()


def views(result):
    chart = result.plot()
    return [
        result._repr_html_(),
        repr(result),
        json.dumps(result.released().frame.to_dicts()),
        json.dumps(chart.to_dict()),
        chart.alternative,
    ]


def test_few_clients_are_hidden_in_every_view(small_group_tables):
    """37 rows of 9 clients in one group: the group, and one more that a total would tell."""
    data = cn.from_frames(**small_group_tables, episode_end="60d")
    result = cn.practice_review(data, by="language")
    shown = result.released().frame.filter(pl.col("split") == "language")
    assert "Cornish" not in shown["group"].to_list()
    assert shown.filter(term="cancelled_by_the_service")["suppressed"].sum() >= 2
    for text in views(result):
        assert "Cornish" not in text
        assert " 37" not in text
        assert "Q7C" not in text


def test_a_small_cohort_shows_no_figure():
    result = cn.practice_review(cohort())
    shown = result.released().frame
    told = shown.filter(~pl.col("suppressed"), pl.col("needs") == "")
    assert told["numerator"].sum() == 0, "none may be said; few may not"
    assert shown.filter(term="caseload")["suppressed"].all(), "it counts clients"


def test_a_synthetic_cohort_is_reviewed_whole():
    data, _ = cn.synthetic_cohort(clients=300, seed=1)
    result = cn.practice_review(data, by="language")
    whole = result.tidy().filter(split="everyone").to_dicts()
    for row in whole:
        if row["kind"] == "share" and not row["needs"]:
            assert 0 <= row["conf_low"] <= row["estimate"] <= row["conf_high"] <= 1
    assert "not for ranking" in result.summary()
