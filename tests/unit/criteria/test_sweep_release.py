"""What a sweep shows at a horizon tells of no few clients, by then or after it."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
RULE = c.Rule("misses", c.missed() >= c.param("k"))


def cohort(early, late, others=100):
    """So many clients who miss on day 3, on day 40, and never."""
    days = [3] * early + [40] * (late + others)
    outcomes = ["no_show"] * (early + late) + ["attended"] * others
    ids = [f"p{i:03}" for i in range(len(days))]
    appointments = {"client_id": ids, "start": [START + timedelta(days=d) for d in days]}
    return cn.from_frames(
        appointments=pl.DataFrame({**appointments, "outcome": outcomes}),
        episodes=pl.DataFrame({"client_id": ids, "started_at": [START] * len(ids)}),
        as_of=START + timedelta(days=60),
    )


def shown(found):
    return found.released().frame["estimate"].to_list()


@pytest.mark.parametrize(
    ("early", "late", "hidden"),
    [(8, 92, True), (92, 8, True), (30, 70, False), (100, 0, False)],
)
def test_few_flagged_by_the_horizon_or_after_it_hide_the_cell(early, late, hidden):
    found = cn.sweep(RULE, cohort(early, late), {"k": [1]}, horizon="10d")

    assert found.tidy()["incidence"].to_list() == pytest.approx([early / 200])
    assert shown(found) == ([None] if hidden else pytest.approx([early / 200], abs=0.013))
    assert ("hidden" in found.summary().lower()) == hidden


def test_without_a_horizon_only_who_is_ever_flagged_counts():
    assert shown(cn.sweep(RULE, cohort(8, 92), {"k": [1]})) == pytest.approx([0.5])


def test_a_choice_hides_few_at_the_horizon_too():
    earlier, later = cohort(8, 92), cohort(8, 92)
    moved = [pl.col(n) + pl.duration(days=90) for n in ("start",)]
    rows = later.appointments.with_columns(moved).with_columns(
        pl.concat_str(pl.lit("q"), "client_id").alias("client_id")
    )
    episodes = later.episodes.with_columns(pl.col("started_at") + pl.duration(days=90))
    both = cn.from_frames(
        appointments=pl.concat([earlier.appointments, rows]).collect(),
        episodes=pl.concat(
            [
                earlier.episodes,
                episodes.with_columns(pl.concat_str(pl.lit("q"), "client_id").alias("client_id")),
            ]
        ).collect(),
        as_of=START + timedelta(days=150),
    )
    found = cn.sweep(RULE, both, {"k": [1, 2]}, horizon="10d")

    assert found.choose("2026-03-01", incidence=0.05).released().hidden == 2
