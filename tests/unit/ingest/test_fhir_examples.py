"""What becomes of every R4 example of the specification: read, or refused for a stated reason."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning, DataError

DATA = Path(__file__).parents[4] / "shared" / "data" / "fhir_r4_examples"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the FHIR R4 examples are not here")

NO_START = ("appointments", "start", "is blank")
NO_INSTRUMENT = "has no item or total of an instrument that is known (LOINC)"
ACCEPTED = {
    "appointment-example.json": ("appointments", "example", "booked"),
    "encounter-example-home.json": ("appointments", "example", "attended"),
    "encounter-example-emerg.json": ("pauses", "example", "hospital"),
    "encounter-example-f203-20130311.json": ("pauses", "f201", "hospital"),
}
REJECTED = {
    "appointment-example-request.json": NO_START,
    "appointment-example2doctors.json": (
        "appointments",
        None,
        "no patient takes part: each is named for information only, or has declined",
    ),
    "encounter-example-f001-heart.json": NO_START,
    "encounter-example-f201-20130404.json": NO_START,
    "encounter-example-f202-20130128.json": NO_START,
    "encounter-example.json": ("pauses", "start", "is blank"),
}
REFUSED = {
    "appointmentresponse-example-req.json": "AppointmentResponse",
    "appointmentresponse-example.json": "AppointmentResponse",
    "episodeofcare-example.json": "no Appointment and no Encounter",
    "questionnaireresponse-example-gcs.json": "no Appointment and no Encounter",
    "questionnaireresponse-example.json": "no Appointment and no Encounter",
    "schedule-example.json": "Schedule",
    "slot-example-busy.json": "Slot",
    "slot-example.json": "Slot",
}


def test_every_example_has_an_outcome():
    assert {f.name for f in DATA.glob("*.json")} == {*ACCEPTED, *REJECTED, *REFUSED}


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_example_is_read(name):
    table, client, told = ACCEPTED[name]
    cohort = cn.read_fhir(DATA / name, as_of="2020-01-01")
    column = "outcome" if table == "appointments" else "reason"
    assert cohort.table(table).select("client_id", column).collect().rows() == [(client, told)]
    assert cohort.rejected.is_empty()


@pytest.mark.parametrize("name", REJECTED)
def test_an_example_is_quarantined(name):
    cohort = cn.read_fhir(DATA / name, as_of="2020-01-01")
    assert cohort.rejected.select("table", "column", "reason").rows() == [REJECTED[name]]
    assert cohort.rows_in[REJECTED[name][0]] == 1


@pytest.mark.parametrize("name", REFUSED)
def test_an_example_is_refused(name):
    with pytest.raises(DataError, match=REFUSED[name]):
        cn.read_fhir(DATA / name, as_of="2020-01-01")


def test_the_folder_of_examples_is_one_cohort():
    told = pytest.warns(CareNotebookWarning, match=r"AppointmentResponse.*, Schedule.*, Slot")
    kept = pytest.warns(CareNotebookWarning, match="the status of the Appointment was kept")
    with told, kept:
        cohort = cn.read_fhir(DATA)
    assert cohort.rows_in == {"appointments": 7, "episodes": 1, "measures": 2, "pauses": 2}
    counts = cohort.rejected.group_by("table", "reason").len().sort("table", "reason")
    assert counts.rows() == [
        ("appointments", "is blank", 4),
        ("appointments", REJECTED["appointment-example2doctors.json"][2], 1),
        ("measures", NO_INSTRUMENT, 2),
        ("pauses", "is blank", 1),
    ]
    visits = cohort.appointments.sort("start").collect()
    assert visits.select(
        "start", "outcome", "therapist_id", "duration_min", "booked_at"
    ).rows() == [
        (
            datetime(2013, 12, 10, 9, tzinfo=UTC),
            "booked",
            "example",
            120.0,
            datetime(2013, 10, 10, tzinfo=UTC),
        ),
        (datetime(2015, 1, 17, 6, tzinfo=UTC), "attended", "example", 30.0, None),
    ]
    began = datetime(2014, 9, 1, tzinfo=UTC)
    assert cohort.episodes.select(
        "started_at", "referred_at", pl.col("end_reason")
    ).collect().rows() == [(began, began, "ongoing")]
