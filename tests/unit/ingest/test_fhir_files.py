"""The same resources in every form of file, and files that are damaged."""

import copy
import gzip
import json

import pytest
from fhir_for_tests import (
    appointment,
    bundle,
    cancelled,
    communication,
    encounter,
    episode,
    ndjson,
    observation,
    reference,
    write,
)

import carenotebook as cn
from carenotebook.cli import main
from carenotebook.core.errors import CareNotebookWarning, DataError

CLIENT = "Q7Client"
ALL = [
    appointment("a"),
    cancelled("b", "prov", start="2026-03-09T10:00:00Z"),
    appointment("c", "arrived", start="2026-03-16T10:00:00Z", client="c2"),
    encounter("e", booked="c"),
    episode("1"),
    episode("2", client="c2"),
    observation("t", "44261-6", 12),
    communication("m", ("Patient", "c1"), ("Practitioner", "t1")),
    {"resourceType": "Patient", "id": "c1", "gender": "female"},
]


def _as_r5(resources):
    made = copy.deepcopy(resources)
    for one in made:
        if "cancelationReason" in one:
            one["cancellationReason"] = one.pop("cancelationReason")
        if one["resourceType"] == "Encounter":
            one["class"] = [{"coding": [one["class"]]}]
            one["actualPeriod"] = one.pop("period")
        for person in one.get("participant", []):
            person["required"] = True
    return made


def test_every_form_of_file_is_the_same_cohort(tmp_path):
    expected = cn.read_fhir(write(tmp_path, ALL)).content_hash
    forms = {
        "windows.ndjson": ndjson(*ALL).replace("\n", "\r\n\r\n"),
        "mark.ndjson": "\ufeff" + ndjson(*ALL),
        "packed.ndjson.gz": ALL,
        "no_ending": ALL,
        "bundle.json": bundle(*ALL),
        "packed.json.gz": bundle(*ALL),
        "search.json": json.dumps(bundle(*ALL, kind="searchset")),
        "list.json": json.dumps(ALL, indent=2),
        "nested.json": bundle(bundle(*ALL[:4]), *ALL[4:]),
        "bundles.ndjson": [bundle(*ALL[:4]), *ALL[4:6], bundle(*ALL[6:])],
        "r5.ndjson": _as_r5(ALL),
        "order.ndjson": [dict(reversed(r.items())) for r in ALL],
    }
    for name, content in forms.items():
        assert cn.read_fhir(write(tmp_path, content, name)).content_hash == expected, name
    folder = tmp_path / "folder" / "deeper"
    folder.mkdir(parents=True)
    (folder / ".hidden.json").write_text("{")
    (folder / "notes.txt").write_text("not FHIR")
    for i, one in enumerate(ALL):
        write(folder, json.dumps(one, indent=1 if i % 2 else None), f"{i}.json")
    assert cn.read_fhir(tmp_path / "folder").content_hash == expected
    assert cn.read_fhir(sorted(folder.glob("[0-9]*.json"))).content_hash == expected


def test_references_inside_a_transaction_are_resolved(tmp_path):
    patient, visit = (
        "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
        "https://a.example/Appointment/7",
    )
    made = bundle(
        appointment("a", participant=[{"actor": {"reference": patient}}]),
        {"resourceType": "Patient", "gender": "other"},
        cancelled("7", replaces=[{"reference": visit}]),
        kind="transaction",
    )
    for entry, url in zip(made["entry"], ["urn:uuid:1", patient, visit], strict=True):
        entry["fullUrl"] = url
    made["entry"].append({"request": {"method": "DELETE", "url": "Appointment/9"}})
    cohort = cn.read_fhir(write(tmp_path, made, "t.json"))
    assert cohort.rejected.select("row", "reason").rows() == [(3, "has no resourceType")]
    (client,) = cohort.clients.collect()["client_id"]
    assert cohort.appointments.filter(client_id=client).collect()["appointment_id"].to_list() == [
        "a"
    ]


def test_what_is_contained_is_told_apart(tmp_path):
    inside = [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Practitioner", "id": "d"}]
    people = [{"actor": {"reference": "#d"}}, {"actor": {"reference": "#p"}}]
    rows = [appointment(i, contained=inside, participant=people) for i in ("a", "b")]
    cohort = cn.read_fhir(write(tmp_path, rows))
    columns = cohort.appointments.select("client_id", "therapist_id").collect()
    assert columns.rows() == [
        ("Appointment.a#p", "Appointment.a#d"),
        ("Appointment.b#p", "Appointment.b#d"),
    ]


def test_ids_are_kept_whatever_the_reference_looks_like(tmp_path):
    forms = ["Patient/x", "https://a.example/r4/Patient/x", "Patient/x/_history/3"]
    rows = [
        appointment(str(i), participant=[{"actor": {"reference": r}}]) for i, r in enumerate(forms)
    ]
    cohort = cn.read_fhir(write(tmp_path, rows))
    assert cohort.appointments.collect()["client_id"].to_list() == ["x"] * 3


def test_a_line_that_is_no_resource_is_a_row_of_its_table(tmp_path):
    good = json.dumps(appointment("a", client=CLIENT))
    wrong = json.dumps(appointment("b", client=CLIENT, participant=CLIENT))
    patient = json.dumps({"resourceType": "Patient", "id": CLIENT})
    lines = [
        good[:-9],
        '{"id": "' + CLIENT,
        good,
        wrong,
        f'{{"{CLIENT}": 1}}',
        "[1]",
        "null",
        good + "," + good,
        good.replace(CLIENT, CLIENT + "\x00"),
        patient[:-1],
        patient,
        "{" * 3000,
        good.replace("[", '[{"x": NaN}, '),
    ]
    path = write(tmp_path, "\n".join(lines))
    cohort = cn.read_fhir(path)
    assert cohort.rows_in == {"appointments": 11, "clients": 2}
    assert cohort.rejected.select("table", "row", "reason").rows() == [
        ("appointments", 1, "is not JSON"),
        ("appointments", 2, "is not JSON"),
        ("appointments", 4, "has an element of another type than FHIR gives it"),
        ("appointments", 5, "has no resourceType"),
        ("appointments", 6, "is no JSON object"),
        ("appointments", 7, "is no JSON object"),
        ("appointments", 8, "is not JSON"),
        ("appointments", 9, "is not JSON"),
        ("appointments", 10, "is not JSON"),
        ("appointments", 11, "is not JSON"),
        ("clients", 1, "is not JSON"),
    ]
    raw = cohort.rejected["raw"].to_list()
    assert raw == [lines[i] for i in (0, 1, 3, 4, 5, 6, 7, 8, 11, 12, 9)]
    assert CLIENT not in repr(cohort.rejected)


def test_a_line_that_is_not_utf8_is_a_row_too(tmp_path):
    good = json.dumps(appointment("a")).encode()
    path = write(tmp_path, b"\n".join([good, good.replace(b"c1", b"J\xfcrgen"), b""]))
    cohort = cn.read_fhir(path)
    assert cohort.rejected.select("row", "reason").rows() == [(2, "is not UTF-8 text")]


def test_rejects_name_the_file_and_the_line(tmp_path):
    write(tmp_path, [appointment("a"), appointment("b", "nosuch")], "1.ndjson")
    write(tmp_path, bundle(appointment("c"), appointment("d", start=None)), "2.json")
    cohort = cn.read_fhir(tmp_path)
    raw = [json.loads(r) for r in cohort.rejected["raw"]]
    assert cohort.rejected["row"].to_list() == [2, 4]
    assert [(r["file"], r["line"]) for r in raw] == [
        (str(tmp_path / "1.ndjson"), 2),
        (str(tmp_path / "2.json"), 2),
    ]


def test_half_a_surrogate_pair_is_no_fault_of_the_reader(tmp_path):
    odd = json.dumps([appointment("a", comment="\ud800"), appointment("b")], indent=1)
    assert cn.read_fhir(write(tmp_path, odd, "x.json")).rows_in == {"appointments": 2}


def test_a_long_field_is_read(tmp_path):
    long = appointment("a", comment="x" * 3_000_000)
    assert cn.read_fhir(write(tmp_path, [long, appointment("b")])).rows_in == {"appointments": 2}


FILES = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "cut": (json.dumps(bundle(appointment(CLIENT)), indent=1)[:-30].encode(), "cut short"),
    "utf16": (ndjson(appointment(CLIENT)).encode("utf-16"), "UTF-16"),
    "utf16_le": (ndjson(appointment(CLIENT)).encode("utf-16-le"), "UTF-16"),
    "latin1": (json.dumps({"id": "é"}, ensure_ascii=False, indent=1).encode("latin-1"), "UTF-8"),
    "zeros": (bytes(100), "no text at all"),
    "deep": (b"[" * 100_000, "not JSON that can be read|not JSON from line"),
    "number": (b"7", "no Appointment and no Encounter"),
    "other": (json.dumps({"resourceType": "Slot"}).encode(), "Slot"),
    "word": (json.dumps({"resourceType": CLIENT}).encode(), "of no FHIR type"),
    "no_type": (json.dumps({"a": CLIENT}).encode(), "of no FHIR type"),
    "cut_gzip": (gzip.compress(ndjson(*ALL).encode())[:-20], "damaged gzip"),
    "altered_gzip": (gzip.compress(ndjson(*ALL).encode())[:40] + bytes(60), "damaged gzip"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_refused_without_its_content(tmp_path, capsys, name):
    held, message = FILES[name]
    path = tmp_path / "x.json"
    path.write_bytes(held)
    with pytest.raises(DataError, match=message) as error:
        cn.read_fhir(path)
    assert CLIENT not in str(error.value)
    assert main(["review", str(path), "--rule", "ruh", "-o", str(tmp_path / "r.html")]) == 3
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert CLIENT not in said


@pytest.mark.parametrize("make", ["missing", "no_json", "twice", "nothing", "number", "none"])
def test_paths_that_hold_nothing_are_refused(tmp_path, make):
    write(tmp_path, "no", "notes.txt")
    one = write(tmp_path / "..", [appointment("a")], f"{tmp_path.name}.ndjson")
    paths = {
        "missing": tmp_path / "no.json",
        "no_json": tmp_path,
        "twice": [one, one],
        "nothing": [],
        "number": [7],
        "none": None,
    }
    with pytest.raises(
        DataError, match=r"no such file|no file that ends|more than once|takes a file"
    ):
        cn.read_fhir(paths[make])


def test_the_command_line_takes_fhir(tmp_path, capsys):
    folder = tmp_path / "export"
    folder.mkdir()
    sessions = [
        appointment(
            f"a{c}{m}", "noshow" if m % 2 else "fulfilled", f"2026-{m:02}-02T10:00:00Z", f"c{c}"
        )
        for c in range(30)
        for m in range(1, 7)
    ]
    write(folder, [*sessions, *(episode(f"e{c}", client=f"c{c}") for c in range(30))])
    report = tmp_path / "r.html"
    for data in (folder, folder / "all.ndjson"):
        asked = ["review", str(data), "--rule", "turning_point", "-o", str(report)]
        assert main(asked) in (0, 4), capsys.readouterr().err


def test_a_resource_of_another_type_is_counted_not_lost(tmp_path):
    other = [{"resourceType": "Condition", "id": str(i)} for i in range(12)]
    path = write(tmp_path, [*other, appointment("a"), {"resourceType": "Slot"}])
    with pytest.warns(CareNotebookWarning, match=r"Condition \(12\), Slot \(fewer than 11\)"):
        assert cn.read_fhir(path).rows_in == {"appointments": 1}


def test_a_reference_to_what_is_not_there_is_kept(tmp_path):
    people = [{"actor": reference("Patient", "gone")}, {"actor": reference("Practitioner", "t")}]
    cohort = cn.read_fhir(write(tmp_path, [appointment("a", participant=people)]))
    row = cohort.appointments.collect().row(0, named=True)
    assert (row["client_id"], row["therapist_id"]) == ("gone", "t")
