"""In which way care ends, on a small history and on made-up clients with a known truth."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def cohort(*, scores=True):
    """Four clients: dropped out improved, dropped out not improved, dropped out unknown, open."""
    ids = ["a", "b", "c", "d"]
    ends = [10, 20, 30, None]
    tables = {
        "appointments": pl.DataFrame(
            {"client_id": ids, "start": [START] * 4, "outcome": ["attended"] * 4}
        ),
        "episodes": pl.DataFrame(
            {
                "client_id": ids,
                "started_at": [START] * 4,
                "ended_at": [e and START + timedelta(days=e) for e in ends],
                "end_reason": ["dropped_out"] * 3 + ["ongoing"],
            }
        ),
    }
    if scores:
        tables["measures"] = pl.DataFrame(
            {
                "client_id": ["a", "a", "b", "b", "c"],
                "at": [START + timedelta(days=d) for d in (1, 8, 1, 8, 1)],
                "instrument": ["PHQ-9"] * 5,
                "score": [16, 10, 16, 11, 16],
            }
        )
    return cn.from_frames(**tables, as_of=START + timedelta(days=60))


@pytest.mark.parametrize("event", ["dropped_out", "completed"])
def test_it_is_the_same_from_a_folder(event, tmp_path):
    made = cn.synthetic_cohort(clients=120, seed=6)[0]
    stored = cn.load(made.save(tmp_path / "cohort", partitions=3))
    assert cn.retention(stored, event).tidy().equals(cn.retention(made, event).tidy())


def test_dropping_out_is_told_apart_by_how_people_were():
    found = cn.retention(cohort()).tidy().filter(pl.col("time") == 30)

    assert dict(found.select("term", "estimate").rows()) == {
        "dropped_out, improved": 0.25,
        "dropped_out, not improved": 0.25,
        "dropped_out, unknown": 0.25,
    }


def test_without_scores_nobody_is_called_well_or_unwell():
    assert cn.retention(cohort(scores=False)).causes == ("dropped_out, unknown",)


def test_made_up_clients_leave_in_ways_that_add_up():
    made, _ = cn.synthetic_cohort(clients=600, seed=3)
    found = cn.retention(made, by="language")

    last = found.tidy().group_by("language", "term").agg(pl.col("estimate").last())
    assert (last.group_by("language").agg(pl.col("estimate").sum())["estimate"] <= 1 + 1e-9).all()
    assert "missing" not in found.summary() or "unknown" in found.summary()
    assert "neither well nor unwell" in found.summary()
    assert found.plot().alternative


def test_what_the_cohort_must_say():
    ids = pl.DataFrame({"client_id": ["a"], "start": [START], "outcome": ["attended"]})
    bare = cn.from_frames(appointments=ids, episode_end="as_of")

    with pytest.raises(MissingDataError, match="episodes"):
        cn.retention(bare)
    with pytest.raises(OptionError, match="event"):
        cn.retention(cohort(), "vanished")
    with pytest.raises(OptionError, match="reliable change"):
        cn.retention(cohort(), instrument="CSQ-8")
