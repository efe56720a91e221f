"""The mappings that are shipped, each on a small invented export, with its counts."""

from pathlib import Path

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MappingError
from carenotebook.ingest.fields import OTHER_ROW

ROOT = Path(__file__).parents[3]
REDCAP = ROOT / "notebooks" / "data" / "redcap_export.csv"

PRACTICE = """\
Client ID,Appointment ID,Clinician,Start Time,Cancelled On,Duration (min),Status
1,a1,T1,01/06/2025 09:00 AM,,50,Show
1,a2,T1,01/13/2025 01:00 PM,,50,No show
1,a3,T1,01/20/2025 01:00 PM,01/20/2025 08:00 AM,50,Late canceled
1,a4,T1,01/27/2025 01:00 PM,01/26/2025 02:00 PM,50,Canceled
2,a5,T1,01/06/2025 10:00 AM,01/05/2025 10:00 AM,50,Canceled
2,a6,T1,01/13/2025 10:00 AM,,50,Canceled
2,a7,T2,01/14/2025 10:00 AM,01/14/2025 09:00 AM,50,Clinician canceled
2,a8,T2,01/15/2025 10:00 AM,01/14/2025 09:00 AM,50,Rescheduled
2,a9,T2,01/16/2025 10:00 AM,,50,Scheduled
3,b1,T2,01/16/2025 11:00 AM,,50,Left early
"""
NHS = """\
LOCAL PATIENT IDENTIFIER,CARE CONTACT IDENTIFIER,CARE PROFESSIONAL LOCAL IDENTIFIER,\
CARE CONTACT DATE,CARE CONTACT TIME,CARE CONTACT CANCELLATION DATE TIME,\
CLINICAL CONTACT DURATION OF CARE CONTACT,ATTENDED OR DID NOT ATTEND CODE
1,c1,P1,2025-07-01,09:30:00,,50,5
1,c2,P1,2025-07-08,09:30:00,,40,06
1,c3,P1,2025-07-15,09:30:00,,,3
1,c4,P1,2025-07-22,09:30:00,,,07
2,c5,P1,2025-07-01,11:00:00,2025-06-20T09:00:00,,2
2,c6,P1,2025-07-08,11:00:00,2025-07-08T09:00:00,,02
2,c7,P1,2025-07-15,11:00:00,,,2
2,c8,P1,2025-07-22,11:00:00,,,4
2,c9,P1,2027-07-22,11:00:00,,,0
3,d1,P1,2025-07-22,12:00:00,,,
3,d2,P1,2025-07-23,12:00:00,,,9
"""


def outcomes(cohort):
    return dict(cohort.appointments.collect()["outcome"].value_counts().iter_rows())


def reasons(cohort):
    return cohort.rejected.select("table", "column", "reason").rows()


def read(text, name, folder, **options):
    path = folder / "export.csv"
    path.write_text(text)
    return cn.read_csv(path, mapping=name, episode_end="as_of", **options)


def test_practice(tmp_path):
    cohort = read(PRACTICE, "practice", tmp_path)
    assert outcomes(cohort) == {
        "attended": 1,
        "no_show": 1,
        "late_cancel": 2,  # one told by the source, one by 23 hours of notice
        "early_cancel": 2,  # one with exactly 24 hours, one whose notice is not known
        "provider_cancel": 1,
        "rescheduled": 1,
        "booked": 1,
    }
    assert reasons(cohort) == [
        ("appointments", "outcome", "'Left early' is not among the mapping's values")
    ]


def test_nhs(tmp_path):
    cohort = read(NHS, "nhs", tmp_path, timezone="Europe/London")
    assert outcomes(cohort) == {
        "attended": 2,
        "no_show": 2,
        "late_cancel": 1,
        "early_cancel": 2,
        "provider_cancel": 1,
        "booked": 1,
    }
    assert reasons(cohort) == [
        ("appointments", "outcome", "is blank"),
        ("appointments", "outcome", "'9' is not among the mapping's values"),
    ]
    first = cohort.appointments.collect()["start"].min()
    assert first.isoformat() == "2025-07-01T08:30:00+00:00"


def test_redcap():
    """Counted in the file: 84 appointments, 28 questionnaires of each kind, 28 contacts."""
    tables = ("clients", "episodes", "contacts", "measures", "checkins")
    cohort = cn.read_csv(REDCAP, **dict.fromkeys(tables, REDCAP), mapping="redcap")
    described = cohort.describe().tables
    assert dict(described.select("table", "accepted").iter_rows()) == {
        "appointments": 83,
        "episodes": 14,
        "clients": 14,
        "contacts": 28,
        "measures": 55,
        "checkins": 7,
    }
    assert described["rows_in"].to_list() == [189] * 6
    assert [r for r in reasons(cohort) if r[2] != OTHER_ROW] == [
        ("appointments", "outcome", "'9' is not among the mapping's values"),
        ("measures", "score", "is blank"),
    ]
    assert outcomes(cohort) == {
        "attended": 48,
        "no_show": 12,
        "late_cancel": 8,
        "early_cancel": 6,
        "provider_cancel": 9,
    }
    assert cohort.clients.collect_schema().names() == ["client_id", "language", "age_band"]
    assert dict(cohort.measures.collect()["instrument"].value_counts().iter_rows()) == {
        "PHQ-9": 27,
        "GAD-7": 28,
    }


def test_redcap_read_into_a_folder_is_the_same_cohort(tmp_path):
    files = dict.fromkeys(("clients", "episodes", "measures"), REDCAP)
    held = cn.read_csv(REDCAP, **files, mapping="redcap")
    saved = cn.read_csv(REDCAP, **files, mapping="redcap", into=tmp_path / "cohort")
    assert saved.content_hash == held.content_hash
    assert saved.rejected.height == held.rejected.height


def test_every_row_of_a_redcap_export_is_one_tables():
    """Clients and episodes share the intake rows; each other row is accepted or set aside once."""
    tables = ("contacts", "measures", "checkins", "clients")
    cohort = cn.read_csv(
        REDCAP, **dict.fromkeys(tables, REDCAP), mapping="redcap", episode_end="as_of"
    )
    left = cohort.rejected.filter(pl.col("reason") == OTHER_ROW)["row"].value_counts()
    assert left.height == 189
    assert left["count"].unique().to_list() == [len(tables)]


def test_redcap_totals_are_the_sum_of_the_items():
    cohort = cn.read_csv(REDCAP, measures=REDCAP, mapping="redcap", episode_end="as_of")
    raw = pl.read_csv(REDCAP).filter(pl.col("redcap_repeat_instrument") == "phq9")
    items = raw.select(f"phq9_{i}" for i in range(1, 10))
    totals = items.select(pl.sum_horizontal(pl.all(), ignore_nulls=False)).to_series().drop_nulls()
    found = cohort.measures.filter(pl.col("instrument") == "PHQ-9").collect()["score"]
    assert sorted(found) == sorted(totals)


def test_a_file_of_the_same_name_in_another_place_is_meant_by_its_path(tmp_path):
    with pytest.raises(MappingError, match="there is no such mapping file"):
        cn.from_frames(pl.DataFrame({"a": [1]}), mapping=tmp_path / "practice")


def test_what_fhir_codes_mean_is_no_mapping_of_a_table(tmp_path):
    """It reads columns that only read_fhir makes."""
    names = ["client_id", "start", "status", "reason", "appointment_id", "therapist_id", "site"]
    more = ["kind", "modality", "booked_at", "cancelled_at", "replaces", "duration_min"]
    frame = pl.DataFrame({name: ["x"] for name in names + more})
    with pytest.raises(MappingError, match="there is no such mapping file"):
        cn.from_frames(frame, mapping="fhir")
    frame.write_csv(tmp_path / "a.csv")
    assert "mapping='fhir'" not in cn.suggest_mapping(tmp_path / "a.csv").yaml
