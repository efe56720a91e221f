"""What a mapping says of a flat file: a table's rows, and fields made of several columns."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MappingError
from carenotebook.ingest.fields import OTHER_ROW

FLAT = pl.DataFrame(
    {
        "id": ["1", "1", "1", "2", "2", ""],
        "form": ["visit", "score", "visit", "visit", None, ""],
        "day": ["06/01/2025", "", "31/02/2025", "07/01/2025", "08/01/2025", ""],
        "clock": ["09:30", "", "10:00", "", "11:00", ""],
        "status": ["attended", "", "attended", "no_show", "attended", ""],
        "scored": ["", "2025-01-06", "", "", "2025-01-08", ""],
        "a": ["", "2", "", "", "1", ""],
        "b": ["", "3", "", "", "x", ""],
        "c": ["", "1.5", "", "", "2", ""],
    }
)
START = {"join": ["day", "clock"], "format": "%d/%m/%Y %H:%M"}
VISITS = {"client_id": "id", "start": START, "outcome": "status"}
SCORES = {
    "client_id": "id",
    "at": "scored",
    "instrument": {"value": "mood"},
    "score": {"sum": ["a", "b", "c"]},
}


def read(visits=None, scores=None, frame=FLAT):
    mapping = {"appointments": VISITS | (visits or {})}
    tables = {"appointments": frame}
    if scores is not None:
        mapping["measures"] = SCORES | scores
        tables["measures"] = frame
    return cn.from_frames(**tables, mapping=mapping, as_of="2026-01-01", timezone="Europe/London")


def rejects(cohort, table="appointments"):
    found = cohort.rejected.filter(pl.col("table") == table)
    return found.select("row", "column", "reason").rows()


def test_rows_are_one_tables_and_every_other_row_is_set_aside_for_that():
    cohort = read({"rows": {"when": {"form": "visit"}}}, {"rows": {"when": {"form": "score"}}})
    assert rejects(cohort) == [
        (2, "client_id", OTHER_ROW),
        (3, "start", "does not have the mapping's time format"),
        (4, "start", "does not have the mapping's time format"),
        (5, "client_id", OTHER_ROW),
        (6, None, "row is blank"),
    ]
    assert cohort.measures.collect()["score"].to_list() == [6.5]
    tables = cohort.describe().tables
    assert (tables["rows_in"] == tables["accepted"] + tables["rejected"]).all()


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        ({"when": {"form": ["visit", "score"]}}, [5]),
        ({"when": {"form": [None, "score"]}}, [1, 3, 4]),
        ({"unless": {"form": None}}, [5]),
        ({"unless": {"form": "visit", "status": "attended"}}, [1, 3]),
        ({"when": {"form": "visit"}, "unless": {"id": "2"}}, [2, 4, 5]),
    ],
)
def test_rows_take_conditions_as_cases_do(rows, left_out):
    found = rejects(read({"rows": rows}))
    assert [row for row, _, reason in found if reason == OTHER_ROW] == left_out


def test_a_row_of_another_table_makes_no_key_repeated():
    twice = FLAT.with_columns(appointment=pl.lit("same"))
    fields = {"appointment_id": "appointment", "rows": {"when": {"day": "06/01/2025"}}}
    assert "is repeated" not in read(fields, frame=twice).rejected["reason"].to_list()
    both = read({"appointment_id": "appointment"}, frame=twice.head(1).vstack(twice.head(1)))
    assert both.rejected["reason"].to_list() == ["is repeated"] * 2


def test_the_column_that_tells_the_rows_is_no_attribute_of_clients():
    clients = {"client_id": "id", "rows": {"when": {"form": "score"}}}
    cohort = cn.from_frames(
        FLAT, clients=FLAT, mapping={"appointments": VISITS, "clients": clients}, as_of="2026-01-01"
    )
    assert cohort.clients.collect_schema().names() == ["client_id", *FLAT.columns[2:]]
    assert cohort.clients.collect().height == 1


def test_a_date_and_a_time_of_day_are_joined():
    starts = read().appointments.collect()["start"].dt.to_string("iso").to_list()
    assert starts == ["2025-01-06 09:30:00.000000+00:00", "2025-01-08 11:00:00.000000+00:00"]


def test_typed_dates_and_times_are_joined():
    typed = pl.DataFrame(
        {
            "id": ["1"],
            "status": ["attended"],
            "day": pl.Series(["2025-07-06"]).str.to_date(),
            "clock": pl.Series(["09:30:00"]).str.to_time(),
        }
    )
    cohort = read({"start": {"join": ["day", "clock"]}}, frame=typed)
    (start,) = cohort.appointments.collect()["start"].dt.to_string("iso")
    assert start == "2025-07-06 08:30:00.000000+00:00"


def test_a_sum_needs_every_part_and_numbers():
    cohort = read(scores={})
    assert cohort.measures.collect()["score"].to_list() == [6.5]
    found = rejects(cohort, "measures")
    assert (5, "score", "is not a number") in found
    with_a_gap = FLAT.with_columns(b=pl.Series(["", "", "", "", "", ""]))
    assert (2, "score", "is blank") in rejects(read(scores={}, frame=with_a_gap), "measures")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rows": "visit"}, "appointments.rows: expected a mapping of names, found str"),
        ({"rows": {}}, "appointments.rows: say with `when` or `unless` which rows"),
        ({"rows": {"where": {"form": "visit"}}}, "appointments.rows: 'where' is not a key"),
        ({"rows": {"when": {"from": "visit"}}}, "the data have no column 'from'"),
        ({"start": {"join": ["day", "hour"]}}, "the data have no column 'hour'"),
        ({"start": {"join": "day"}}, "appointments.start.join: expected a list"),
        ({"start": {"join": [1]}}, "appointments.start.join: list the names of columns"),
        ({"site": {"join": ["a", "b"]}}, "join is for columns that hold a date"),
        ({"start": {"sum": ["a", "b"]}}, "sum is for columns that hold numbers"),
        ({"start": START | {"unit": "d"}}, "'unit' is not a key beside 'join'"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(fields, message):
    with pytest.raises(MappingError) as caught:
        read(fields)
    assert message in str(caught.value)
