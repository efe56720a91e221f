import re
from datetime import UTC, datetime

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError

APPOINTMENTS = pl.DataFrame(
    [
        ("c1", "2026-01-05 10:00", "attended"),
        ("c1", "2026-01-12 10:00", "no_show"),
        ("c2", "2026-02-02 10:00", "booked"),
        ("c2", "2026-01-19 10:00", "early_cancel"),
        ("c2", "2026-02-31 10:00", "attended"),
    ],
    schema=["client_id", "start", "outcome"],
    orient="row",
)
CONTACTS = pl.DataFrame(
    {"client_id": ["c1", "c3"], "at": ["2026-01-03", "2026-01-04"], "direction": ["inbound"] * 2}
)
CLIENTS = pl.DataFrame({"client_id": ["c1", "c2", "c3"], "language": ["cy", "en", None]})
EPISODES = pl.DataFrame(
    {
        "client_id": ["c1", "c1", "c2"],
        "started_at": ["2026-01-08", "2025-12-01", "2026-01-01"],
        "ended_at": [None, "2026-01-08", "2026-01-20"],
    }
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(**tables):
    return cn.from_frames(APPOINTMENTS, **tables)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("c9", "2026-03-01", "attended", None, None), "2026-03-01"),
        (("c9", "2026-03-01", "no_show", None, None), "2026-03-01"),
        (("c9", "2026-03-01", "technical_failure", None, None), "2026-03-01"),
        (("c9", "2026-03-01", "was_not_brought", None, None), "2026-03-01"),
        (("c9", "2026-03-01", "booked", "2026-02-10", None), "2026-02-10"),
        (("c9", "2026-03-01", "provider_cancel", None, "2026-02-11"), "2026-02-11"),
        (("c9", "2026-03-01", "excused", None, None), "2026-01-12 10:00"),
        (("c9", "2026-03-01", "unknown", None, None), "2026-01-12 10:00"),
        (("", "2026-03-01", "attended", None, None), "2026-01-12 10:00"),
    ],
)
def test_as_of_is_just_after_the_latest_recorded_happening(row, expected):
    columns = ["client_id", "start", "outcome", "booked_at", "cancelled_at"]
    more = pl.DataFrame([row], schema=dict.fromkeys(columns, pl.String), orient="row")
    cohort = cn.from_frames(pl.concat([APPOINTMENTS, more], how="diagonal"))
    assert cohort.as_of == at(expected).replace(microsecond=1)


def test_other_tables_move_as_of():
    late = CONTACTS.with_columns(at=pl.lit("2026-05-01"))
    assert read(contacts=late).as_of == at("2026-05-01").replace(microsecond=1)
    assert read(contacts=late, as_of="2026-02-01").as_of == at("2026-02-01")


def test_without_a_happening_as_of_must_be_given():
    booked = APPOINTMENTS.filter(outcome="booked")
    with pytest.raises(OptionError, match="Pass as_of="):
        cn.from_frames(booked)
    assert cn.from_frames(booked, as_of="2026-01-01").as_of == at("2026-01-01")


def test_tables_are_sorted_by_client_and_time():
    rows = read().appointments.select("client_id", "start").collect().rows()
    assert rows == sorted(rows)


def test_spans_of_supplied_episodes():
    spans = read(episodes=EPISODES, as_of="2026-02-01", observed_from="2026-01-01").spans()
    columns = ["client_id", "episode", "started_at", "ended_at", "seen_from", "seen_until"]
    days = spans.select(columns).with_columns(pl.col(pl.Datetime).dt.strftime("%m-%d")).rows()
    assert days == [
        ("c1", 1, "12-01", "01-08", "01-01", "01-08"),
        ("c1", 2, "01-08", None, "01-08", "02-01"),
        ("c2", 1, "01-01", "01-20", "01-01", "01-20"),
    ]


@pytest.mark.parametrize(
    ("episode_end", "c1_end", "c2_end"),
    [
        (None, None, None),
        ("as_of", None, None),
        ("10d", "2026-01-15 10:00", "2026-01-29 10:00"),
    ],
)
def test_without_episodes_a_client_has_one(episode_end, c1_end, c2_end):
    spans = read(episode_end=episode_end, as_of="2026-03-01").spans()
    assert spans["client_id"].to_list() == ["c1", "c2"]
    assert spans["started_at"].to_list() == [at("2026-01-05 10:00"), at("2026-01-19 10:00")]
    assert spans["ended_at"].to_list() == [c1_end and at(c1_end), c2_end and at(c2_end)]
    assert spans["seen_until"].to_list() == [
        at(end) if end else at("2026-03-01") for end in (c1_end, c2_end)
    ]


def test_episode_end_beside_episodes_is_refused():
    with pytest.raises(OptionError, match="this cohort has one"):
        read(episodes=EPISODES, episode_end="as_of")


def test_describe_counts_and_says_what_lies_outside_every_episode():
    cohort = read(contacts=CONTACTS, episodes=EPISODES)
    description = cohort.describe()
    counts = description.tables.select(
        "table", "rows_in", "accepted", "rejected", "clients", "outside_episodes"
    )
    assert counts.rows() == [
        ("appointments", 5, 4, 1, 2, 2),
        ("episodes", 3, 3, 0, 2, None),
        ("contacts", 2, 2, 0, 2, 1),
    ]
    assert description.rejects.rows() == [
        ("appointments", "start", "is a date that does not exist", 1)
    ]
    nulls = description.columns.filter(table="episodes", column="ended_at")
    assert nulls.select("nulls", "lowest").row(0) == (1, "2026-01-08 00:00:00+00:00")
    assert "is a date that does not exist" in repr(description)


def test_what_a_description_prints_counts_nobody_in_small_numbers():
    told = repr(read(contacts=CONTACTS, episodes=EPISODES).describe())
    assert told.count("<11") > 10
    figures = told.replace("-", " ").replace("<11", "").split()
    assert not {"2", "3", "4", "5"} & set(figures)
    assert not re.search(r"\d{4}-\d\d-\d\d", told), "months, not days"


def test_filter_keeps_every_table_of_the_chosen_clients():
    cohort = read(contacts=CONTACTS, clients=CLIENTS)
    welsh = cohort.filter(pl.col("language") == "cy")
    assert {t: welsh.table(t).collect()["client_id"].unique().to_list() for t in welsh.tables} == {
        "appointments": ["c1"],
        "clients": ["c1"],
        "contacts": ["c1"],
    }
    some = cohort.filter(clients=["c3", "c2"])
    assert some.contacts.collect()["client_id"].to_list() == ["c3"]
    assert cohort.appointments.collect().height == 4
    assert some.as_of == cohort.as_of


def test_filter_refuses_what_it_cannot_do():
    with pytest.raises(OptionError, match="needs a condition"):
        read().filter()
    with pytest.raises(MissingDataError, match="needs the table 'clients'"):
        read().filter(pl.col("language") == "cy")
    with pytest.raises(OptionError, match="It has: client_id, language"):
        read(clients=CLIENTS).filter(pl.col("age") > 3)


def test_a_missing_table_is_none_or_an_error_that_names_it():
    assert read().contacts is None
    with pytest.raises(
        MissingDataError, match=r"silence needs the table 'contacts': pass contacts="
    ):
        read().table("contacts", needed_by="silence")
    with pytest.raises(MissingDataError, match="site in the table 'appointments'"):
        read().require("appointments", "site", needed_by="by site")


def test_filter_refuses_ids_that_it_does_not_know_and_keeps_none_of_an_empty_list():
    known = read()
    for wrong in ("c1", [1], ["c1", "nobody"]):
        with pytest.raises(OptionError) as caught:
            known.filter(clients=wrong)
        assert "nobody" not in str(caught.value)
    assert known.filter(clients=[]).appointments.collect().is_empty()


def test_a_filtered_cohort_has_lost_no_row():
    tables = read().filter(clients=["c1"]).describe().tables
    assert (tables["rows_in"] == tables["accepted"] + tables["rejected"]).all()
