"""Attendance as it changes, and the rate at which care ends."""

import pytest
from cohorts_for_tests import build

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.effects.leaving import _stretches


def small():
    """One client comes, misses, comes and leaves; one was never due; one is still there."""
    sessions = [("a", 5, "attended"), ("a", 12, "no_show"), ("a", 12.5, "provider_cancel")]
    sessions += [("a", 19, "attended"), ("c", 3, "late_cancel")]
    return build(
        appointments=[{"client_id": w, "start": d, "outcome": o} for w, d, o in sessions],
        episodes=[
            {"client_id": "a", "started_at": 0, "ended_at": 30, "end_reason": "dropped_out"},
            {"client_id": "b", "started_at": 0, "ended_at": 9, "end_reason": "dropped_out"},
            {"client_id": "c", "started_at": 0, "ended_at": None, "end_reason": None},
        ],
    )


def test_stretches_hold_what_was_known_at_their_start():
    rows, without = _stretches(small(), "dropped_out", [])
    told = rows.select("client_id", "since", "until", "share_10_points", "missed_last", "left")

    assert told.rows() == [
        ("a", 5.0, 12.0, 10.0, False, False),
        ("a", 12.0, 19.0, 5.0, True, False),
        ("a", 19.0, 30.0, pytest.approx(20 / 3), False, True),
        ("c", 3.0, 100.0, 0.0, True, False),
    ]
    assert without == 1


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=500, seed=3)[0]


def test_who_missed_the_last_session_leaves_sooner_and_the_summary_tells_no_count(cohort):
    found = cn.attendance_hazard(cohort, adjust=["language"], cluster=["client_id", "therapist_id"])
    rows = {r["term"]: r for r in found.tidy().iter_rows(named=True)}

    assert rows["missed_last"]["ratio_low"] > 1
    assert {"clients", "therapists"} == set(found.basis.clusters)
    said = found.summary()
    assert "effect" not in said.replace("is no effect", "")
    assert str(found.basis.clusters["clients"]) not in said
    assert "fewer than 11 (episodes without a session)" in said


def test_bad_requests_are_explained(cohort):
    with pytest.raises(OptionError, match="event"):
        cn.attendance_hazard(cohort, "ongoing")
    with pytest.raises(OptionError, match="cluster"):
        cn.attendance_hazard(cohort, cluster="site")
    with pytest.raises(MissingDataError, match="shoe_size"):
        cn.attendance_hazard(cohort, adjust=["shoe_size"])
