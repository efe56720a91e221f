"""Each form of a mapping, and what a wrong mapping is told."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MappingError

ROWS = {
    "PatientId": ["1", "2", "3"],
    "Day": ["2026-01-05", "2026-01-06", "2026-01-07"],
    "No-show": ["No", "Yes", "Maybe"],
    "flag": ["1", None, ""],
}
OUTCOME = {"column": "No-show", "values": {"Yes": "no_show", "No": "attended"}}
PLAIN = {"client_id": "PatientId", "start": "Day", "outcome": OUTCOME}


def read(mapping=None, rows=None, **options):
    fields = PLAIN | (mapping or {})
    return cn.from_frames(
        pl.DataFrame(rows or ROWS), mapping={"appointments": fields}, as_of="2027-01-01", **options
    )


def values(cohort, column):
    return cohort.appointments.collect().sort("client_id")[column].to_list()


def test_values_are_replaced_and_a_value_that_the_map_misses_is_named():
    cohort = read()
    assert values(cohort, "outcome") == ["attended", "no_show"]
    assert cohort.rejected.select("row", "column", "reason").rows() == [
        (3, "outcome", "'Maybe' is not among the mapping's values")
    ]


def test_a_missed_value_of_a_column_without_vocabulary_is_not_named():
    cohort = read({"therapist_id": {"column": "PatientId", "values": {"1": "T1", "3": "T3"}}})
    assert cohort.rejected.select("row", "column", "reason").row(0) == (
        2,
        "therapist_id",
        "is not among the mapping's values",
    )


def test_blank_can_be_mapped():
    outcome = {"column": "flag", "values": {"1": "attended", None: "unknown"}}
    assert values(read({"outcome": outcome}), "outcome") == ["attended", "unknown", "unknown"]


def test_texts_that_mean_blank():
    rows = ROWS | {"No-show": ["No", "NA", "-"]}
    mapping = {"blank": ["NA", "-"], "appointments": PLAIN}
    cohort = cn.from_frames(pl.DataFrame(rows), mapping=mapping, as_of="2027-01-01")
    assert cohort.rejected["reason"].to_list() == ["is blank", "is blank"]


def test_a_constant():
    assert values(read({"modality": {"value": "video"}}), "modality") == ["video", "video"]


def test_relative_time_and_a_format():
    rows = ROWS | {"Day": ["0", "1.5", "-2"], "Made": ["01/02/2020 10:30", "", None]}
    cohort = read(
        {
            "start": {"column": "Day", "unit": "d", "origin": "2020-03-01"},
            "booked_at": {"column": "Made", "format": "%d/%m/%Y %H:%M"},
        },
        rows,
    )
    found = cohort.appointments.select("start", "booked_at").collect().cast(pl.String).rows()
    assert found == [
        ("2020-03-01 00:00:00.000000+00:00", "2020-02-01 10:30:00.000000+00:00"),
        ("2020-03-02 12:00:00.000000+00:00", None),
    ]


CASES = [
    {"when": {"what": "visit"}, "value": "attended"},
    {"when": {"what": ["MISSING", None], "jail": 1}, "value": "excused"},
    {"when": {"what": "MISSING"}, "value": "unknown"},
    {"when": {"what": "void"}, "reject": "entered in error"},
]
WHAT = {
    "PatientId": ["1", "2", "3", "4", "5", "6"],
    "Day": ["2026-01-05"] * 6,
    "what": ["visit", "MISSING", "MISSING", "", "void", "other"],
    "jail": ["1", "1", "", "1", "", "1"],
}


def test_ordered_conditions_over_several_columns_first_match_decides():
    cohort = read({"outcome": {"cases": CASES}}, WHAT)
    assert values(cohort, "outcome") == ["attended", "excused", "unknown", "excused"]
    assert cohort.rejected.select("row", "column", "reason").rows() == [
        (5, "outcome", "entered in error"),
        (6, "outcome", "matches no case of the mapping"),
    ]


def test_else_takes_what_no_case_matches():
    cohort = read({"outcome": {"cases": CASES, "else": "unknown"}}, WHAT)
    assert values(cohort, "outcome")[-1] == "unknown"


def test_a_row_that_the_mapping_sets_aside_repeats_nothing():
    rows = {**WHAT, "id": ["a", "b", "c", "d", "a", "f"]}
    cohort = read({"outcome": {"cases": CASES}, "appointment_id": "id"}, rows)
    assert cohort.rejected["row"].to_list() == [5, 6]


def test_the_first_that_is_not_blank():
    rows = {
        "PatientId": ["1", "2", "3", "4"],
        "No-show": ["No"] * 4,
        "seen": ["3", "", "x", ""],
        "week": ["9", "WK1", "WK1", "WK2"],
    }
    start = {
        "first_of": [
            {"column": "seen", "unit": "d", "origin": "2020-01-01"},
            {"column": "week", "values": {"WK1": 7}, "unit": "d", "origin": "2020-01-01"},
        ]
    }
    cohort = read({"start": start}, rows)
    days = cohort.appointments.collect().sort("client_id")["start"].dt.strftime("%d").to_list()
    assert days == ["04", "08"]
    assert cohort.rejected.select("row", "reason").rows() == [
        (3, "is not a number"),
        (4, "is not among the mapping's values"),
    ]


def test_a_yaml_file_says_the_same_as_a_dict(tmp_path):
    path = tmp_path / "mapping.yml"
    path.write_text(
        """
appointments:
  client_id: PatientId
  start: Day
  outcome: {column: No-show, values: {Yes: no_show, No: attended}}
  reason:
    cases:
      - when: {flag: 1}
        value: cost
    else: null
"""
    )
    reason = {"cases": [{"when": {"flag": 1}, "value": "cost"}], "else": None}
    by_dict = read({"reason": reason})
    by_yaml = cn.from_frames(pl.DataFrame(ROWS), mapping=path, as_of="2027-01-01")
    assert by_yaml.content_hash == by_dict.content_hash
    assert values(by_yaml, "outcome") == ["attended", "no_show"]


def test_clients_keep_their_other_columns_unless_only_names_some():
    clients = pl.DataFrame({"who": [1, 2, 3], "age": [30, None, 41], "sex": ["f", "m", None]})

    def columns(**extra):
        cohort = cn.from_frames(
            pl.DataFrame(ROWS),
            clients=clients,
            mapping={"appointments": PLAIN, "clients": {"client_id": "who", **extra}},
            as_of="2027-01-01",
        )
        return cohort.clients.collect_schema().names()

    assert columns() == ["client_id", "age", "sex"]
    assert columns(only=["sex"]) == ["client_id", "sex"]
    assert columns(gender="sex") == ["client_id", "gender", "age"]


def test_columns_of_other_tables_that_are_not_mapped_are_left_out():
    assert read().appointments.collect_schema().names() == ["client_id", "start", "outcome"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (["appointments"], "the mapping: expected a mapping of names, found list"),
        ({"appointment": PLAIN}, "'appointment' is not a table. Did you mean 'appointments'?"),
        (
            {"appointments": PLAIN | {"outcomes": "x"}},
            "appointments: 'outcomes' is not a column. Did you mean 'outcome'?",
        ),
        (
            {"appointments": PLAIN | {"start": "day"}},
            "appointments.start: the data have no column 'day'. It has: PatientId, Day, No-show",
        ),
        (
            {"appointments": {"client_id": "PatientId"}},
            "The table 'appointments' needs start, outcome: map a column to it",
        ),
        (
            {"appointments": PLAIN | {"outcome": OUTCOME | {"values": {"Yes": "missed"}}}},
            "appointments.outcome.values: 'missed' is not a value of this column. It takes: att",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"colum": "No-show"}}},
            "appointments.outcome: {colum} says nothing that is known",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"column": "No-show", "value": "x"}}},
            "appointments.outcome: 'value' is not a key beside 'column'",
        ),
        ({"appointments": PLAIN | {"outcome": 3}}, "appointments.outcome: expected the name of"),
        (
            {"appointments": PLAIN | {"start": {"column": "Day", "unit": "d"}}},
            "relative time needs both",
        ),
        (
            {
                "appointments": PLAIN
                | {"start": {"column": "Day", "unit": "mo", "origin": "2020-01-01"}}
            },
            "'mo' is not one of: m, h, d, w",
        ),
        (
            {
                "appointments": PLAIN
                | {"start": {"column": "Day", "unit": "d", "origin": "2020-02-31"}}
            },
            "appointments.start.origin: '2020-02-31' is not a value",
        ),
        (
            {"appointments": PLAIN | {"start": {"column": "Day", "format": "dd/mm/yyyy"}}},
            "appointments.start.format: 'dd/mm/yyyy' does not give a date",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"column": "No-show", "format": "%d"}}},
            "format, unit and origin are for columns that hold a time",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"cases": []}}},
            "appointments.outcome.cases: expected a list",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"cases": [{"when": {"a": 1}}]}}},
            "appointments.outcome.cases[1]: a case has `when`, and either `value` or `reject`",
        ),
        (
            {"appointments": PLAIN | {"outcome": {"cases": [{"when": {"Show": 1}, "value": "x"}]}}},
            "appointments.outcome.cases[1].value: 'x' is not a value",
        ),
        (
            {
                "appointments": PLAIN
                | {"outcome": {"cases": [{"when": {"Show": 1}, "value": "unknown"}]}}
            },
            "appointments.outcome: the data have no column 'Show'",
        ),
        (
            {"appointments": PLAIN | {"duration_min": {"value": "long"}}},
            "appointments.duration_min.value: 'long' is not a value",
        ),
    ],
)
def test_a_wrong_mapping_is_told_the_place_and_what_to_do(mapping, message):
    with pytest.raises(MappingError) as error:
        cn.from_frames(pl.DataFrame(ROWS), mapping=mapping)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("appointments: {start: [", "this is not YAML"),
        ("appointments: !!python/object:os.system {}", "this is not YAML"),
        (
            "appointments:\n  start: Day\n  start: Other\n",
            "line 3: 'start' stands twice",
        ),
    ],
)
def test_a_file_that_is_no_mapping(tmp_path, text, message):
    path = tmp_path / "mapping.yml"
    path.write_text(text)
    with pytest.raises(MappingError, match=message):
        cn.from_frames(pl.DataFrame(ROWS), mapping=path)
    with pytest.raises(MappingError, match="there is no such mapping file"):
        cn.from_frames(pl.DataFrame(ROWS), mapping=tmp_path / "none.yml")
