"""Two invented exports, valid FHIR by another library, and what is read of them."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

DATA = Path(__file__).parents[2] / "data"
R4, R5 = DATA / "fhir_r4", DATA / "fhir_r5.json"


def test_the_exports_are_valid_fhir():
    for path in R4.glob("*.ndjson"):
        module = importlib.import_module(f"fhir.resources.R4B.{path.stem.lower()}")
        for line in path.read_text().splitlines():
            getattr(module, path.stem).model_validate_json(line)
    for entry in json.loads(R5.read_text())["entry"]:
        kind = entry["resource"]["resourceType"]
        module = importlib.import_module(f"fhir.resources.{kind.lower()}")
        getattr(module, kind).model_validate(entry["resource"])


def test_a_bulk_export_of_r4():
    """Twelve clients with six appointments each, whose kinds take turns; two are set aside."""
    with pytest.warns(CareNotebookWarning, match="an unknown notice is no miss"):
        cohort = cn.read_fhir(R4)
    assert cohort.rows_in == {
        "appointments": 74,
        "episodes": 12,
        "clients": 12,
        "contacts": 12,
        "measures": 24,
    }
    counts = cohort.appointments.collect()["outcome"].value_counts()
    assert dict(counts.rows()) == {
        "attended": 30,
        "no_show": 6,
        "early_cancel": 6,
        "provider_cancel": 6,
        "rescheduled": 6,
        "booked": 6,
        "unknown": 12,
    }
    assert cohort.rejected.select("table", "row", "reason").rows() == [
        ("appointments", 73, "was entered in error"),
        ("appointments", 74, "'cancelled moved-away' is not among the mapping's values"),
    ]
    ended = cohort.episodes.collect()["ended_at"]
    assert ended.len() - ended.null_count() == 3
    scores = cohort.measures.collect()
    assert scores["item_9"].null_count() == 12
    assert scores.filter(client_id="p10")["score"].to_list() == [25.0, 20.0]


def test_a_bundle_of_r5():
    cohort = cn.read_fhir(R5)
    rows = cohort.appointments.sort("start").collect()
    assert rows.select("appointment_id", "outcome", "modality", "duration_min").rows() == [
        ("a1", "attended", "video", 50.0),
        ("a2", "early_cancel", None, 50.0),
        ("a3", "late_cancel", None, 50.0),
        ("a4", "provider_cancel", None, 50.0),
        ("a5", "rescheduled", None, 50.0),
        ("a6", "booked", None, 50.0),
        ("a7", "no_show", None, 50.0),
        ("a8", "attended", None, 50.0),
        ("Encounter/v2", "attended", "in_person", 30.0),
    ]
    assert rows["cancelled_at"][2] == datetime(2026, 3, 16, 8, tzinfo=UTC)
    assert rows["therapist_id"].to_list() == ["t1"] * 8 + ["t2"]
    assert cohort.rejected.is_empty()
