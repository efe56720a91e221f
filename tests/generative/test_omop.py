"""No row of a CDM's visits, episodes, persons or scores is lost, whatever its texts are."""

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn

NOISE = st.sampled_from([None, "x", "-1", "1.5", "2026-02-31", "nan"])
IDS = st.sampled_from(["1", "2", "3"])
DAYS = st.sampled_from(["2026-01-05", "2026-01-12", "2026-03-29"])
TIMES = st.sampled_from(["2026-01-05 10:00:00", "2026-03-29 01:30:00", None])
CONCEPTS = st.sampled_from(["9202", "5083", "9201", "0"])


def tables(**columns):
    """A table of texts, a noisy value now and then."""
    cells = {c: st.one_of(s, s, s, s, NOISE) for c, s in columns.items()}
    rows = st.lists(st.tuples(*cells.values()), max_size=6)
    return rows.map(lambda r: pl.DataFrame(r, dict.fromkeys(columns, pl.String), orient="row"))


VISITS = tables(
    visit_occurrence_id=st.sampled_from([str(n) for n in range(20)]),
    person_id=IDS,
    visit_concept_id=CONCEPTS,
    visit_start_date=DAYS,
    visit_start_datetime=TIMES,
    provider_id=st.sampled_from(["0", "7"]),
)
MISSED = tables(
    client_id=IDS, start=DAYS, outcome=st.sampled_from(["no_show", "late_cancel", "attended"])
)
SCORES = tables(
    person_id=IDS,
    measurement_concept_id=CONCEPTS,
    measurement_source_value=st.sampled_from(["44261-6", "70274-6", "44260-8", "pulse"]),
    measurement_date=DAYS,
    measurement_datetime=TIMES,
    value_as_number=st.sampled_from(["3", "12", "40"]),
)
EPISODES = tables(
    person_id=IDS, episode_concept_id=CONCEPTS, episode_start_date=DAYS, episode_end_date=DAYS
)
PERSONS = tables(person_id=IDS, year_of_birth=st.just("1980"))
CDMS = st.fixed_dictionaries(
    {"visit_occurrence": VISITS},
    optional={"measurement": SCORES, "episode": EPISODES, "person": PERSONS},
)
READ = {"visit_occurrence": "appointments", "episode": "episodes", "person": "clients"}
TOTALS = ("44261-6", "70274-6")
SCORES_NONE = pl.DataFrame(schema={"measurement_source_value": pl.String})


@settings(max_examples=80, deadline=None)
@given(CDMS, MISSED)
def test_no_row_is_lost(cdm, missed):
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in cdm.items():
            frame.write_parquet(Path(folder) / f"{name}.parquet")
        totals = cdm.get("measurement", SCORES_NONE).filter(
            pl.col("measurement_source_value").is_in(TOTALS)
        )
        if "measurement" in cdm and totals.is_empty():
            cdm = {n: f for n, f in cdm.items() if n != "measurement"}
            (Path(folder) / "measurement.parquet").unlink()
        cohort = cn.read_omop(folder, missed, timezone="Europe/London", as_of="2027-01-01")
    expected = {READ[n]: f.height for n, f in cdm.items() if n in READ}
    expected["appointments"] += missed.height
    if "measurement" in cdm:
        expected["measures"] = totals.height
    assert cohort.rows_in == expected
    for table, height in expected.items():
        rejected = cohort.rejected.filter(table=table)
        assert cohort.table(table).collect().height + rejected.height == height
        assert rejected["row"].is_unique().all()
        assert rejected["row"].is_between(1, max(height, 1)).all()
