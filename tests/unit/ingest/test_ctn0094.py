"""CTN-0094 through its committed mapping: what is in, what is out, and what MISSING decides.

The counts were taken from the CSV files by hand: visit.csv has visit 40,977, no visit 5,449,
MISSING 5,527, blank 1,921 and final 25; trial 51 has visit 7,690, no visit 2,512, MISSING 5,086.
"""

from pathlib import Path

import polars as pl
import pytest

import carenotebook as cn

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "ctn0094"
MAPPING = ROOT / "carenotebook" / "ingest" / "mappings" / "ctn0094.yml"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="CTN-0094 is not beside the project")


@pytest.fixture(scope="module")
def cohort():
    return cn.read_csv(
        DATA / "visit.csv", clients=DATA / "everybody.csv", mapping=MAPPING, episode_end="120d"
    )


def outcomes(cohort):
    return dict(cohort.appointments.collect()["outcome"].value_counts().iter_rows())


def test_every_row_is_accounted_for(cohort):
    assert cohort.rows_in == {"appointments": 53_899, "clients": 3_560}
    assert cohort.describe().rejects.rows() == [
        (
            "appointments",
            "outcome",
            "the source does not say whether a visit was due or took place",
            1_921,
        )
    ]
    assert outcomes(cohort) == {
        "attended": 40_977,
        "unknown": 5_527 + 25,
        "no_show": 4_682,
        "excused": 5_449 - 4_682,
    }
    appointments = cohort.appointments.collect()
    assert appointments["client_id"].n_unique() == 3_123
    assert cohort.clients.collect()["client_id"].n_unique() == 3_560
    assert f"{appointments['start'].min():%Y-%m-%d}" == "2019-12-03"
    assert cohort.as_of.isoformat() == "2023-01-26T00:00:00.000001+00:00"


def test_visits_without_a_day_are_kept_on_their_planned_day(cohort):
    """Trials 27 and 51 record a day only for visits that took place: 10,818 rows have none."""
    visits = pl.read_csv(DATA / "visit.csv", infer_schema=False)
    assert visits.filter(when="NA").height == 10_818
    missed = cohort.appointments.filter(pl.col("outcome") == "no_show").collect()
    assert missed.height == 4_682


def test_attendance_of_trial_51_depends_on_what_missing_is_taken_for(cohort, tmp_path):
    choice = "- when: {what: MISSING}\n        value: "
    text = MAPPING.read_text(encoding="utf-8")
    changed = tmp_path / "mapping.yml"
    changed.write_text(text.replace(f"{choice}unknown", f"{choice}no_show"), encoding="utf-8")
    missed = cn.read_csv(DATA / "visit.csv", clients=DATA / "everybody.csv", mapping=changed)
    by_choice = [outcomes(c.filter(pl.col("project") == 51)) for c in (cohort, missed)]
    assert by_choice == [
        {"attended": 7_690, "no_show": 2_199, "excused": 313, "unknown": 5_086},
        {"attended": 7_690, "no_show": 2_199 + 5_086, "excused": 313},
    ]
    known = [sum(n for o, n in found.items() if o != "unknown") for found in by_choice]
    assert [round(100 * 7_690 / n, 1) for n in known] == [75.4, 50.3]


def test_a_joined_frame_brings_trial_and_site_to_the_clients():
    tables = [
        pl.read_csv(DATA / f"{name}.csv", infer_schema=False)
        for name in ("demographics", "everybody", "site_masked")
    ]
    clients = tables[0].join(tables[1], on="who").join(tables[2], on="who")
    cohort = cn.from_frames(
        pl.read_csv(DATA / "visit.csv", infer_schema=False),
        clients=clients,
        mapping=MAPPING,
        episode_end="as_of",
    )
    people = cohort.clients.collect()
    assert people.height == 3_560
    assert people["age"].null_count() == 208
    assert {"project", "site_masked", "is_male", "race"} <= set(people.columns)


def test_without_a_choice_of_how_an_episode_ends_there_is_none():
    cohort = cn.read_csv(DATA / "visit.csv", mapping=MAPPING)
    assert cohort.episode_end is None
    assert not cohort.has("episodes")
