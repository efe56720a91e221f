"""Rows in = accepted + rejected, and no traceback, whatever a file of FHIR resources holds."""

import json
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import polars as pl
from fhir_for_tests import (
    appointment,
    bundle,
    cancelled,
    communication,
    encounter,
    episode,
    observation,
    response,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.core.errors import CareNotebookWarning

IDS = st.sampled_from(["a", "b", "c"])
CLIENTS = st.sampled_from(["c1", "c2"])
TIMES = st.sampled_from(
    ["2026-03-02T10:00:00Z", "2026-03-02", "2026-02-31", "2026-03", "", None, 5]
)
STATUSES = st.sampled_from(
    ["fulfilled", "noshow", "cancelled", "arrived", "entered-in-error", "finished", "x", None, 1]
)
CODES = st.sampled_from(["pat", "prov-edu", "oth-weath", "zzz", None])
LOINC = st.sampled_from(["44261-6", "70274-6", "44260-8", "44250-9", "8867-4"])
NUMBERS = st.sampled_from([0, 1, 3, 27.5, -1, "2", "many", None])
MORE = st.sampled_from([{}, {"end": "2026-03-01T10:00:00Z"}, {"participant": []}, {"start": ["x"]}])


@st.composite
def resources(draw):
    name, client, status, at = (draw(s) for s in (IDS, CLIENTS, STATUSES, TIMES))
    answers = {draw(LOINC): {"valueInteger": draw(NUMBERS)} for _ in range(draw(st.integers(0, 3)))}
    therapist = ("Practitioner", "t")
    made = draw(
        st.sampled_from(
            [
                {**appointment(name, status, at, client), **draw(MORE)},
                cancelled(name, draw(CODES), client=client),
                encounter(name, status, client, draw(IDS), draw(st.sampled_from(["AMB", "IMP"]))),
                episode(name, draw(st.sampled_from(["active", "finished", "x"])), at, client),
                observation(name, draw(LOINC), draw(NUMBERS), at, client),
                response(name, answers, at, client),
                communication(
                    name, draw(st.sampled_from([therapist, ("Patient", "c1")])), therapist
                ),
                {"resourceType": "Patient", "id": name, "deceasedDateTime": at},
                {"resourceType": "Slot", "id": name},
                {"id": name},
            ]
        )
    )
    return {k: v for k, v in made.items() if not (k == "status" and v is None)}


LINES = st.one_of(
    resources().map(json.dumps),
    st.lists(resources(), max_size=2).map(lambda inside: json.dumps(bundle(*inside))),
    st.sampled_from(["{", "[1]", "null", '{"a":1},{"b":2}', '{"resourceType":"Appointment"', ""]),
)
ONE_EACH = {"Patient": "clients", "Communication": "contacts", "EpisodeOfCare": "episodes"}
FIRST = json.dumps(appointment("first", client="c9"))


@settings(max_examples=60)
@given(st.lists(LINES, max_size=8), st.sampled_from(["UTC", "Europe/London"]))
def test_no_row_is_lost(lines, timezone):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", CareNotebookWarning)
        path = Path(folder) / "x.ndjson"
        path.write_text("\n".join([FIRST, *lines]))
        cohort = cn.read_fhir(path, timezone=timezone)
    for table in cohort.tables:
        rejected = cohort.rejected.filter(pl.col("table") == table)
        accepted = cohort.table(table).collect().height
        assert cohort.rows_in[table] == accepted + rejected.height
        assert rejected["row"].n_unique() == rejected.height
        assert rejected["row"].is_between(1, cohort.rows_in[table]).all()
        assert rejected["reason"].null_count() == 0
    kinds = Counter(_kinds([FIRST, *lines]))
    assert cohort.rows_in["appointments"] >= kinds["Appointment"] + kinds[None]
    for kind, table in ONE_EACH.items():
        assert cohort.rows_in.get(table, 0) == kinds[kind]


def _kinds(lines):
    """The type of every resource, those of Bundles too; None for a line that is none."""
    for line in filter(None, lines):
        try:
            made = json.loads(line)
        except ValueError:
            made = None
        kind = made.get("resourceType") if isinstance(made, dict) else None
        if kind == "Bundle":
            yield from (e["resource"].get("resourceType") for e in made["entry"])
        else:
            yield kind
