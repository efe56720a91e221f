"""Appointment and Encounter, status by status and code by code."""

import warnings
from datetime import UTC, datetime

import pytest
from fhir_for_tests import appointment, cancelled, encounter, reference, write

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning, MappingError, OptionError


@pytest.fixture
def read(tmp_path):
    def read(*resources, **settings):
        path = write(tmp_path, list(resources))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CareNotebookWarning)
            return cn.read_fhir(path, as_of="2026-06-01", **settings)

    return read


def _outcomes(cohort):
    rows = cohort.appointments.sort("appointment_id").collect()
    return dict(rows.select("appointment_id", "outcome").rows())


STATUSES = {
    "fulfilled": "attended",
    "noshow": "no_show",
    "proposed": "booked",
    "pending": "booked",
    "booked": "booked",
    "waitlist": "booked",
    "arrived": "unknown",
    "checked-in": "unknown",
    "cancelled": "unknown",
}
REASONS = {
    "by notice": ["pat", "pat-crs", "pat-cpp", "pat-fb", "pat-lt", "pat-mv", "pat-preg", "pat-ucp"],
    "excused": ["pat-dec", "pat-mt", "oth-weath", "oth-cms"],
    "provider_cancel": [
        *("prov", "prov-pers", "prov-dch", "prov-edu", "prov-hosp", "prov-labs", "prov-mri"),
        *("prov-onc", "maint", "meds-inc", "oth-int", "oth-iv", "oth-mu", "oth-room", "oth-oerr"),
        "oth-swie",
    ],
    "rescheduled": ["pat-swl"],
    "unknown": ["other", "oth-err", "oth-fin"],
}
BY_NOTICE = {"09": "early_cancel", "10": "early_cancel", "11": "late_cancel"}


def test_a_status_is_an_outcome(read):
    assert _outcomes(read(*(appointment(s, s) for s in STATUSES))) == STATUSES


@pytest.mark.parametrize("spelling", ["cancelationReason", "cancellationReason"])
def test_a_reason_tells_who_cancelled(read, spelling):
    expected = {
        f"{code} {hour}": late if outcome == "by notice" else outcome
        for outcome, codes in REASONS.items()
        for code in codes
        for hour, late in BY_NOTICE.items()
    }
    rows = [
        cancelled(name, name[:-3], spelling, cancellationDate=f"2026-03-01T{name[-2:]}:00:00Z")
        for name in expected
    ]
    assert len({name[:-3] for name in expected}) == 32
    assert _outcomes(read(*rows)) == expected


def test_without_a_time_a_clients_cancellation_is_early_and_told(tmp_path):
    path = write(tmp_path, [cancelled("a", "pat", meta={"lastUpdated": "2026-03-02T08:00:00Z"})])
    with pytest.warns(CareNotebookWarning, match="an unknown notice is no miss"):
        cohort = cn.read_fhir(path, as_of="2026-06-01")
    assert _outcomes(cohort) == {"a": "early_cancel"}
    either = {"first_of": ["cancelled_at", "cancelled_updated"]}
    cohort = cn.read_fhir(path, mapping={"appointments": {"cancelled_at": either}})
    assert _outcomes(cohort) == {"a": "late_cancel"}


def test_an_unmapped_code_is_quarantined_by_name_and_a_mapping_adds_it(read):
    local = cancelled("a", "gone-fishing")
    cohort = read(local)
    assert cohort.rejected.select("column", "reason").rows() == [
        ("outcome", "'cancelled gone-fishing' is not among the mapping's values")
    ]
    added = {"appointments": {"outcome": {"values": {"cancelled gone-fishing": "excused"}}}}
    cohort = read(local, appointment("b"), mapping=added)
    assert _outcomes(cohort) == {"a": "excused", "b": "attended"}


def test_entered_in_error_is_set_aside(read):
    cohort = read(appointment("a", "entered-in-error"), encounter("e", "entered-in-error"))
    assert cohort.rejected["reason"].to_list() == ["was entered in error"] * 2
    assert cohort.rows_in["appointments"] == 2


def test_arrived_is_attended_with_an_encounter_that_took_place(read):
    visits = {"finished": "attended", "planned": "unknown", "completed": "attended"}
    expected = {f"{s} {v}": o for s in ("arrived", "checked-in") for v, o in visits.items()}
    rows = [appointment(name, name.split()[0]) for name in expected]
    seen = [encounter(f"e{name}", name.split()[1], booked=name) for name in expected]
    cohort = read(*seen, *rows)
    assert _outcomes(cohort) == expected
    assert cohort.rows_in["appointments"] == len(expected)


def test_an_encounter_does_not_overrule_a_no_show_but_is_told(tmp_path):
    path = write(tmp_path, [appointment("a", "noshow"), encounter("e", booked="a")])
    with pytest.warns(CareNotebookWarning, match="status of the Appointment was kept"):
        cohort = cn.read_fhir(path)
    assert _outcomes(cohort) == {"a": "no_show"}


def test_an_encounter_without_its_appointment_is_a_visit_of_its_own(read):
    r5 = encounter("f", "completed", class_="VR", actualPeriod={"start": "2026-03-05T10:00:00Z"})
    r5["class"] = [{"coding": [{"code": "VR"}]}]
    del r5["period"]
    cohort = read(encounter("e", booked="elsewhere"), r5, encounter("x", class_="EMER"))
    assert _outcomes(cohort) == {"Encounter/e": "attended", "Encounter/f": "attended"}
    rows = cohort.appointments.collect()
    assert rows["modality"].to_list() == ["in_person", None]
    assert rows["duration_min"].to_list() == [50.0, None]
    assert cohort.rejected["reason"].to_list() == ["is an emergency visit, not a session"]


def test_a_stay_in_hospital_is_a_pause(read):
    cohort = read(
        appointment("a"), encounter("e", class_="IMP"), encounter("f", "planned", class_="IMP")
    )
    start, end = (datetime(2026, 3, 2, 10, m, tzinfo=UTC) for m in (0, 50))
    assert cohort.pauses.collect().rows() == [("c1", start, end, "hospital")]
    assert cohort.rows_in == {"appointments": 1, "pauses": 2}


def test_a_cancelled_appointment_that_another_replaces_is_rescheduled(read):
    url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.replaces"
    cohort = read(
        cancelled("a"),
        cancelled("b", "pat"),
        cancelled("c", "prov"),
        cancelled("d", "pat-dec"),
        appointment("e", replaces=[reference("Appointment", "a")]),
        appointment("f", extension=[{"url": url, "valueReference": reference("Appointment", "b")}]),
        appointment("g", replaces=[reference("Appointment", "c")]),
        appointment("h", replaces=[reference("Appointment", "d")]),
    )
    made = _outcomes(cohort)
    assert [made[i] for i in "abcd"] == ["rescheduled", "rescheduled", "provider_cancel", "excused"]
    replaces = cohort.appointments.sort("appointment_id").collect()["replaces"].to_list()
    assert replaces == [None] * 4 + ["a", "b", "c", "d"]


def test_participants_are_client_therapist_and_site(read):
    actors = [
        {"actor": {"display": "by telephone"}, "status": "accepted"},
        {"actor": reference("Location", "l1"), "status": "accepted"},
        {"actor": reference("https://a.example/fhir/PractitionerRole", "t1"), "status": "accepted"},
        {"actor": reference("Practitioner", "t2"), "status": "accepted"},
        {"actor": {"type": "Patient", "identifier": {"value": "n1"}}, "status": "accepted"},
    ]
    cohort = read(appointment("a", participant=actors))
    row = cohort.appointments.collect().row(0, named=True)
    assert (row["client_id"], row["therapist_id"], row["site"]) == ("n1", "t1", "l1")


def test_a_group_is_a_row_for_each_patient(read):
    people = [{"actor": reference("Patient", c), "required": True} for c in ("c1", "c2")]
    cohort = read(appointment("a", participant=people), appointment("b"))
    rows = cohort.appointments.select("client_id", "appointment_id", "kind").collect().rows()
    assert rows == [("c1", "a/c1", "group"), ("c1", "b", None), ("c2", "a/c2", "group")]
    assert cohort.rows_in == {"appointments": 3}


def test_a_patient_who_has_declined_misses_nothing(read):
    people = [
        {"actor": reference("Patient", "c1"), "status": "accepted"},
        {"actor": reference("Patient", "c2"), "status": "declined"},
    ]
    alone = appointment("b", "noshow", participant=people[1:])
    cohort = read(appointment("a", "noshow", participant=people), alone)
    rows = cohort.appointments.select("client_id", "outcome").collect().rows()
    assert rows == [("c1", "no_show")]
    assert cohort.rejected["reason"].to_list() == [
        "no patient takes part: each is named for information only, or has declined"
    ]


def test_without_a_patient_who_takes_part_there_is_no_row(read):
    informed = [{"actor": reference("Patient", "c1"), "required": "information-only"}]
    nobody = appointment("b", participant=[{"actor": reference("Practitioner", "t")}])
    cohort = read(appointment("a", participant=informed), nobody, appointment("c"))
    assert cohort.rejected.select("row", "column", "reason").rows() == [
        (1, None, "no patient takes part: each is named for information only, or has declined"),
        (2, "client_id", "is blank"),
    ]


@pytest.mark.parametrize(
    ("times", "minutes"),
    [
        ({"minutesDuration": 45}, 45.0),
        ({"end": "2026-03-02T10:50:00Z"}, 50.0),
        ({"end": "2026-03-02T11:50:00+01:00", "minutesDuration": 45}, 45.0),
        ({}, None),
        ({"end": "2026-03-02T09:00:00Z"}, "is below the lowest possible value"),
        ({"minutesDuration": -5}, "is below the lowest possible value"),
        ({"end": "2026-02-31T09:00:00Z"}, "has an end that cannot be read"),
    ],
)
def test_the_duration_is_stated_or_from_start_to_end(read, times, minutes):
    cohort = read(appointment("a", **times), appointment("b"))
    if isinstance(minutes, str):
        assert cohort.rejected["reason"].to_list() == [minutes]
    else:
        found = cohort.appointments.sort("appointment_id").collect()["duration_min"]
        assert found.to_list() == [minutes, None]


def test_times_without_an_offset_are_local_and_a_day_alone_is_its_midnight(read):
    starts = (
        "2026-07-01T10:00:00",
        "2026-07-01",
        "2026-07-01T10:00:00-05:00",
        "2026-10-25T01:30:00",
    )
    rows = [appointment(f"a{i}", start=s, created="2026-06") for i, s in enumerate(starts)]
    cohort = read(*rows, timezone="Europe/London")
    found = cohort.appointments.sort("appointment_id").collect()
    assert [t.hour for t in found["start"]] == [9, 23, 15]
    assert found["booked_at"].to_list() == [None] * 3
    assert cohort.rejected["reason"].to_list() == [
        "is a local time that happened twice (the clocks went back)"
    ]


@pytest.mark.parametrize(
    ("told", "modality"),
    [
        ({"virtualService": [{"channelType": {"code": "zoom"}}]}, "video"),
        ({"appointmentType": {"coding": [{"code": "PHONE"}]}}, "phone"),
        ({"serviceType": [{"concept": {"coding": [{"code": "VIDEOCONF"}]}}]}, "video"),
        ({"serviceType": [{"coding": [{"code": "52"}]}]}, None),
    ],
)
def test_codes_tell_the_modality(read, told, modality):
    assert read(appointment("a", **told)).appointments.collect()["modality"].to_list() == [modality]


def test_in_r5_the_subject_is_the_client_where_no_patient_takes_part(read):
    cohort = read(appointment("a", participant=[], subject=reference("Patient", "c9")))
    assert cohort.appointments.collect()["client_id"].to_list() == ["c9"]


def test_a_patient_who_is_named_twice_is_no_group(read):
    people = [{"actor": reference("Patient", "c1")}] * 2
    cohort = read(appointment("a", participant=people))
    columns = cohort.appointments.select("client_id", "appointment_id", "kind").collect()
    assert columns.rows() == [("c1", "a", None)]


def test_the_reason_is_the_clients(read):
    told = {None: "not_given", "pat": "not_given", "pat-lt": "other", "oth-fin": "cost"}
    told |= {"pat-swl": "scheduling", "prov": None, "oth-weath": None, "other": None}
    cohort = read(*(cancelled(f"{c}", c) for c in told), appointment("x", "noshow"))
    found = cohort.appointments.select("appointment_id", "reason").collect().rows()
    assert dict(found) == {**{f"{c}": r for c, r in told.items()}, "x": None}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"mapping": {"appointments": {"outcome": {"values": []}}}},
            MappingError,
            "outcome.values",
        ),
        ({"mapping": {"appointments": {"kind": "no_such"}}}, MappingError, "no column 'no_such'"),
        ({"mapping": {"appointment": {}}}, MappingError, "Did you mean 'appointments'"),
        ({"instruments": {"89209-1": 3}}, OptionError, "codes and names"),
        ({"instruments": {"44260-8": "PHQ-9"}}, OptionError, "an item of an instrument"),
        ({"timezone": "Mars"}, OptionError, "IANA"),
        ({"episode_end": "soon"}, OptionError, "episode_end"),
    ],
)
def test_what_cannot_be_used_is_refused(read, options, error, message):
    with pytest.raises(error, match=message):
        read(appointment("a"), **options)


def test_a_mapping_may_use_what_fhir_told(read):
    kinds = {"column": "service_type", "values": {"52": "treatment", None: None}}
    told = {"serviceType": [{"coding": [{"code": "52"}]}]}
    cohort = read(appointment("a", **told), mapping={"appointments": {"kind": kinds}})
    assert cohort.appointments.collect()["kind"].to_list() == ["treatment"]
