"""Each kind of reject, with its exact row, column and reason."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core import schema

BASE = {"client_id": "c1", "start": "2026-01-05", "outcome": "attended"}
EVENT = {"client_id": "c1", "at": "2026-01-05"}


def frame(rows):
    columns = list(dict.fromkeys(c for row in rows for c in row))
    return pl.DataFrame({c: [row.get(c) for row in rows] for c in columns})


def rejects(rows, table="appointments"):
    tables = {"appointments": frame([BASE])} | {table: frame(rows)}
    cohort = cn.from_frames(**tables, as_of="2027-01-01")
    accepted = cohort.table(table).collect().height
    rejected = cohort.rejected.filter(pl.col("table") == table)
    assert cohort.rows_in[table] == len(rows) == accepted + rejected.height
    return rejected.select("row", "column", "reason").rows()


@pytest.mark.parametrize(
    ("table", "row", "column", "reason"),
    [
        ("appointments", BASE | {"client_id": " "}, "client_id", "is blank"),
        ("appointments", BASE | {"start": None}, "start", "is blank"),
        ("appointments", BASE | {"outcome": ""}, "outcome", "is blank"),
        ("appointments", BASE | {"start": "soon"}, "start", "is not a date or time"),
        (
            "appointments",
            BASE | {"start": "2026-02-31"},
            "start",
            "is a date that does not exist",
        ),
        (
            "appointments",
            BASE | {"booked_at": "31/12/2025"},
            "booked_at",
            "is not a date or time",
        ),
        ("appointments", BASE | {"outcome": "DNA"}, "outcome", "'DNA' is not in the vocabulary"),
        (
            "appointments",
            BASE | {"kind": "x" * 41},
            "kind",
            "a long text is not in the vocabulary",
        ),
        ("appointments", BASE | {"duration_min": "1h"}, "duration_min", "is not a number"),
        ("appointments", BASE | {"duration_min": "nan"}, "duration_min", "is not a number"),
        (
            "appointments",
            BASE | {"duration_min": "-1"},
            "duration_min",
            "is below the lowest possible value",
        ),
        ("appointments", dict.fromkeys(BASE, " "), None, "row is blank"),
        (
            "episodes",
            {"client_id": "c1", "started_at": "2026-02-01", "ended_at": "2026-01-01"},
            "ended_at",
            "ends before it starts",
        ),
        (
            "contacts",
            EVENT | {"direction": "inbound", "delivered": "perhaps"},
            "delivered",
            "is not true or false",
        ),
        (
            "measures",
            EVENT | {"instrument": "PHQ-9", "score": "28"},
            "score",
            "is outside the instrument's range",
        ),
        (
            "measures",
            EVENT | {"instrument": "PHQ-9", "score": "3", "item_9": "1.5"},
            "item_9",
            "is not a whole number",
        ),
        (
            "measures",
            EVENT | {"instrument": "PHQ-9", "score": "3", "item_9": "4"},
            "item_9",
            "is above the highest possible value",
        ),
        (
            "checkins",
            EVENT | {"barrier": "cost", "progress": "11"},
            "progress",
            "is above the highest possible value",
        ),
        (
            "pauses",
            {"client_id": "c1", "start": "2026-01-01", "end": "2026-01-01"},
            "end",
            "ends at or before its start",
        ),
        (
            "policies",
            {"policy": "p", "kind": "late_fee", "start": "2026-02-01", "end": "2026-01-01"},
            "end",
            "ends before it starts",
        ),
        ("actions", EVENT | {"kind": "discharge"}, "kind", "'discharge' is not in the vocabulary"),
    ],
)
def test_a_bad_row_is_rejected_and_the_good_one_before_it_is_not(table, row, column, reason):
    good = {
        "appointments": BASE,
        "episodes": {"client_id": "c9", "started_at": "2026-01-01", "ended_at": None},
        "contacts": EVENT | {"direction": "outbound", "delivered": "yes"},
        "measures": EVENT | {"client_id": "c9", "instrument": "PHQ-9", "score": "27"},
        "checkins": EVENT | {"barrier": "other"},
        "pauses": {"client_id": "c9", "start": "2026-01-01", "end": None},
        "policies": {"policy": "q", "kind": "other", "start": "2026-01-01"},
        "actions": EVENT | {"kind": "referral"},
    }[table]
    assert rejects([good, row], table) == [(2, column, reason)]


def test_a_row_is_rejected_once_for_the_first_reason_found():
    both = BASE | {"client_id": None, "start": "soon", "outcome": "DNA"}
    assert rejects([both]) == [(1, "client_id", "is blank")]


@pytest.mark.parametrize(
    ("table", "key", "rows"),
    [
        (
            "appointments",
            "appointment_id",
            [BASE | {"appointment_id": i} for i in ("a", "b", "a", None, None)],
        ),
        (
            "clients",
            "client_id",
            [{"client_id": i, "age": a} for i, a in (("a", 1), ("b", 2), ("a", 1))],
        ),
        (
            "measures",
            "client_id, at, instrument",
            [
                EVENT | {"instrument": "PHQ-9", "score": 3},
                EVENT | {"instrument": "GAD-7", "score": 3},
                EVENT | {"at": "2026-01-05T00:00Z", "instrument": "PHQ-9", "score": 4},
            ],
        ),
    ],
)
def test_every_row_of_a_repeated_key_is_rejected(table, key, rows):
    assert rejects(rows, table) == [(1, key, "is repeated"), (3, key, "is repeated")]


def test_a_repeat_counts_even_if_one_of_the_rows_cannot_be_read():
    rows = [BASE | {"appointment_id": "a"}, BASE | {"appointment_id": "a", "start": "soon"}]
    assert rejects(rows) == [
        (1, "appointment_id", "is repeated"),
        (2, "start", "is not a date or time"),
    ]


OVERLAP = "overlaps another episode of the client"


@pytest.mark.parametrize(
    ("episodes", "overlapping"),
    [
        ([("01", "03"), ("03", "05")], []),
        ([("01", "03"), ("02", "05")], [1, 2]),
        ([("05", "07"), ("01", "06"), ("08", None)], [1, 2]),
        ([("01", None), ("02", "03"), ("05", None)], [1, 2, 3]),
        ([("01", "09"), ("02", "03"), ("04", "05")], [1, 2, 3]),
        ([("01", "03"), ("03", None)], []),
        ([("01", "01"), ("01", "03")], []),
        ([("02", "02"), ("01", "03")], [1, 2]),
        ([("01", "03"), ("01", "03")], [1, 2]),
    ],
)
def test_every_row_of_an_overlap_is_rejected(episodes, overlapping):
    rows = [
        {
            "client_id": "c1",
            "started_at": f"2026-{a}-01",
            "ended_at": b and f"2026-{b}-01",
        }
        for a, b in episodes
    ]
    other = {"client_id": "c2", "started_at": "2026-01-01", "ended_at": None}
    found = rejects([*rows, other], "episodes")
    assert found == [(i, "started_at", OVERLAP) for i in overlapping]


def test_an_episode_whose_end_cannot_be_read_is_not_taken_for_an_open_one():
    rows = [
        {"client_id": "c1", "started_at": "2026-01-01", "ended_at": "soon"},
        {"client_id": "c1", "started_at": "2026-03-01", "ended_at": None},
    ]
    assert rejects(rows, "episodes") == [(1, "ended_at", "is not a date or time")]


def test_the_raw_row_is_kept_as_text_but_shown_by_no_repr():
    rows = [BASE, BASE | {"client_id": "secret-7", "outcome": "attended", "start": "soon-7"}]
    cohort = cn.from_frames(frame(rows))
    assert '"client_id": "secret-7"' in cohort.rejected["raw"][0]
    shown = [
        repr(cohort),
        repr(cohort.describe()),
        repr(cohort.rejected),
        str(cohort.rejected),
        cohort.rejected._repr_html_(),
        repr(cohort.rejected.filter(pl.col("row") == 2).sort("row").head(1)),
    ]
    for text in shown:
        assert "secret-7" not in text
        assert "soon-7" not in text
        assert "row" in text


def test_whole_numbers_of_any_type_are_the_same_id():
    columns = [pl.Series([7, 8]), pl.Series([7.0, 8.0]), pl.Series(["7", " 8 "])]
    cohorts = [
        cn.from_frames(frame([BASE, BASE]).with_columns(client_id=ids), as_of="2027-01-01")
        for ids in columns
    ]
    assert len({c.content_hash for c in cohorts}) == 1
    assert cohorts[0].appointments.collect()["client_id"].to_list() == ["7", "8"]


@pytest.mark.parametrize("text", ["true", "TRUE", "yes", "1", "Y"])
def test_truth_values_as_text(text):
    contacts = frame([EVENT | {"direction": "inbound", "delivered": text}])
    cohort = cn.from_frames(frame([BASE]), contacts=contacts)
    assert cohort.contacts.collect()["delivered"].to_list() == [True]


def test_accepted_rows_have_the_types_of_the_schema_and_only_columns_that_were_there():
    cohort = cn.from_frames(frame([BASE | {"duration_min": "50", "note": "free text"}]))
    found = cohort.appointments.collect_schema()
    expected = {c: schema.dtypes("appointments")[c] for c in (*BASE, "duration_min")}
    assert dict(found) == expected


def test_an_empty_table_is_not_a_missing_one():
    empty = pl.DataFrame(schema={"client_id": pl.String, "at": pl.String, "direction": pl.String})
    cohort = cn.from_frames(frame([BASE]), contacts=empty)
    assert cohort.has("contacts")
    assert cohort.rows_in["contacts"] == 0
    assert not cohort.has("measures")


def test_when_nothing_is_left_the_error_says_what_was_wrong_most_often():
    rows = [BASE | {"start": "soon", "client_id": "secret-7"}] * 3
    with pytest.raises(cn.CareNotebookError, match=r"3 rows were rejected.*start: is not a date"):
        cn.from_frames(frame(rows))
    assert cn.from_frames(frame(rows), as_of="2026-01-01").rejected.height == 3
