from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.options import OUTCOMES

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
DAY = timedelta(days=1)


def read(outcome, cancelled_at, notice="24h"):
    frame = pl.DataFrame(
        {
            "client_id": ["c1"],
            "start": [START],
            "outcome": [outcome],
            "cancelled_at": pl.Series([cancelled_at], dtype=pl.Datetime("us", "UTC")),
        }
    )
    cohort = cn.from_frames(frame, notice=notice, as_of="2026-12-31")
    return cohort.appointments.collect()["outcome"][0]


@pytest.mark.parametrize("label", ["late_cancel", "early_cancel"])
@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (DAY + MICRO, "early_cancel"),
        (DAY, "early_cancel"),
        (DAY - MICRO, "late_cancel"),
        (MICRO, "late_cancel"),
        (timedelta(0), "no_show"),
        (-MICRO, "no_show"),
    ],
)
def test_the_notice_tells_late_from_early(label, ahead, expected):
    assert read(label, START - ahead) == expected


@pytest.mark.parametrize("label", ["late_cancel", "early_cancel"])
def test_without_a_time_of_cancelling_the_label_stays(label):
    assert read(label, None) == label


@pytest.mark.parametrize("label", sorted(set(OUTCOMES) - {"late_cancel", "early_cancel"}))
def test_every_other_label_stays(label):
    assert read(label, START - timedelta(hours=1)) == label


def test_another_notice():
    assert read("late_cancel", START - timedelta(hours=47), "48h") == "late_cancel"
    assert read("late_cancel", START - timedelta(hours=48), "48h") == "early_cancel"
    assert read("early_cancel", START - timedelta(hours=1), "30m") == "early_cancel"
