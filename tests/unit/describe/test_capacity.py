from datetime import date

import polars as pl
import pytest

from carenotebook.core.errors import MissingDataError
from carenotebook.describe.capacity import capacity


def slot(client, start, outcome, *, therapist="t1", booked=-9, cancelled=None):
    return {
        "client_id": client,
        "start": start,
        "outcome": outcome,
        "therapist_id": therapist,
        "booked_at": booked,
        "cancelled_at": cancelled,
        "duration_min": 45.0,
    }


def uses(cohort):
    return {
        (r["period"], r["state"]): (r["numerator"], r["denominator"], r["hours"])
        for r in capacity(cohort).tidy().iter_rows(named=True)
    }


def test_each_slot_has_one_use_a_week(cohort_of):
    rows = [
        slot("a", 0, "attended"),
        slot("b", 1, "no_show"),
        slot("c", 2, "late_cancel"),
        slot("d", 3, "early_cancel"),
        slot("e", 4, "excused"),
        slot("f", 7, "provider_cancel"),
        slot("g", 8, "unknown"),
    ]
    first, second = date(2024, 1, 1), date(2024, 1, 8)
    assert uses(cohort_of(rows, as_of=20, episode_end="as_of")) == {
        (first, "kept"): (1, 5, 0.75),
        (first, "lost"): (2, 5, 1.5),
        (first, "freed_with_notice"): (1, 5, 0.75),
        (first, "other"): (1, 5, 0.75),
        (second, "lost"): (1, 2, 0.75),
        (second, "not_known"): (1, 2, 0.75),
    }


@pytest.mark.parametrize(
    ("taker", "refilled"),
    [
        (slot("b", 3, "attended", booked=1), True),
        (slot("b", 3, "no_show", booked=2), True),
        (slot("b", 3, "attended", booked=0), False),
        (slot("b", 3, "attended", therapist="t2", booked=2), False),
        (slot("b", 3.5, "attended", booked=2), False),
        (slot("b", 3, "attended", booked=None), False),
    ],
)
def test_refilled_means_the_same_start_booked_after_the_cancellation(cohort_of, taker, refilled):
    cohort = cohort_of(
        [slot("a", 3, "early_cancel", cancelled=1), taker], as_of=20, episode_end="as_of"
    )
    states = capacity(cohort).tidy()["state"].to_list()
    assert ("refilled" in states) is refilled
    assert ("freed_with_notice" in states) is not refilled


def test_what_is_not_recorded_is_null_and_said(cohort_of, visits_of):
    cohort = cohort_of(visits_of("a", ["attended"], therapist_id="t"), as_of=9, episode_end="as_of")
    result = capacity(cohort)
    assert result.tidy()["hours"].to_list() == [None]
    assert result.waiting() is None
    for lacking in ("duration_min", "booked_at", "referred_at"):
        assert lacking in result.summary()


def test_therapists_are_needed(cohort_of, visits_of):
    with pytest.raises(MissingDataError, match="therapist_id"):
        capacity(cohort_of(visits_of("a", ["attended"]), as_of=9, episode_end="as_of"))


def test_the_waiting_list_counts_those_referred_and_not_begun(cohort_of):
    rows = [slot("began", 20, "attended"), slot("waits", 10, "no_show"), slot("left", 9, "no_show")]
    episodes = [
        {"client_id": "began", "referred_at": 0, "started_at": 5, "ended_at": None},
        {"client_id": "waits", "referred_at": 1, "started_at": 5, "ended_at": None},
        {"client_id": "left", "referred_at": 1, "started_at": 5, "ended_at": 12},
        {"client_id": "later", "referred_at": 31, "started_at": 32, "ended_at": None},
    ]
    waiting = capacity(cohort_of(rows, episodes=episodes, as_of=30)).waiting()
    found = {r["term"]: r for r in waiting.iter_rows(named=True)}
    assert found["waiting_now"]["clients"] == 1
    assert (found["median"]["clients"], found["median"]["estimate"]) == (1, 20)


def test_the_uses_of_a_week_sum_to_its_slots(cohort_of, visits_of):
    rows = [
        v
        for i in range(30)
        for v in visits_of(f"{i}", ["attended", "no_show", "rescheduled"], therapist_id="t")
    ]
    weeks = capacity(cohort_of(rows, as_of=60, episode_end="as_of")).tidy()
    sums = weeks.group_by("period").agg(pl.col("numerator").sum(), pl.col("denominator").first())
    assert sums["numerator"].equals(sums["denominator"])
