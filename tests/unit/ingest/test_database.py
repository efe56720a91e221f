import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from datetime import datetime

import polars as pl
import pytest
import sqlalchemy
from adbc_driver_sqlite import dbapi

import carenotebook as cn
from carenotebook.core.errors import DataError, MappingError, OptionError
from carenotebook.ingest.databasequery import without_values

duckdb = pytest.importorskip("duckdb")

OPTIONS = {"timezone": "Europe/London", "episode_end": "120d"}
VISITS = [
    ("007", "2026-07-01 10:00:00", "Show", "2026-06-20"),
    ("007", "2026-07-08 10:00:00", "No show", "2026-07-01"),
    ("8", "2026-10-25 01:30:00", "Show", None),
    ("8", "2026-07-09 09:00:00", "Scheduled", None),
]
CONTACTS = [
    ("007", "2026-07-03 08:00:00", "inbound", 1),
    ("8", "2026-07-04 08:00:00", "outbound", 0),
]
QUERIES = {
    "appointments": "select * from visits order by starts, patient",
    "contacts": 'select patient as client_id, written as "at", direction, delivered from contacts',
}
MAPPING = {
    "appointments": {
        "client_id": "patient",
        "start": "starts",
        "booked_at": "booked",
        "outcome": {
            "column": "status",
            "values": {"Show": "attended", "No show": "no_show", "Scheduled": "booked"},
        },
    }
}


def _fill(run, stamp, truth):
    run(f"create table visits (patient text, starts {stamp}, status text, booked date)")
    run(f"create table contacts (patient text, written {stamp}, direction text, delivered {truth})")
    for row in VISITS:
        run("insert into visits values (?, ?, ?, ?)", row)
    for row in CONTACTS:
        run("insert into contacts values (?, ?, ?, ?)", row)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("databases")
    with duckdb.connect(folder / "clinic.duckdb") as connection:
        _fill(connection.execute, "timestamp", "boolean")
    with closing(sqlite3.connect(folder / "clinic.sqlite")) as connection, connection:
        _fill(connection.execute, "text", "integer")
    return folder


def _by_duckdb(folder):
    with duckdb.connect(folder / "clinic.duckdb", read_only=True) as connection:
        return cn.read_database(connection, QUERIES, mapping=MAPPING, **OPTIONS)


def _by_sqlite3(folder):
    with closing(sqlite3.connect(folder / "clinic.sqlite")) as connection:
        return cn.read_database(connection, QUERIES, mapping=MAPPING, **OPTIONS)


def _by_engine(folder):
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'clinic.sqlite'}")
    try:
        return cn.read_database(engine, QUERIES, mapping=MAPPING, **OPTIONS)
    finally:
        engine.dispose()


def _by_sqlalchemy(folder):
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'clinic.sqlite'}")
    queries = {t: sqlalchemy.text(q) for t, q in QUERIES.items()}
    with engine.connect() as connection:
        cohort = cn.read_database(connection, queries, mapping=MAPPING, **OPTIONS)
    engine.dispose()
    return cohort


def _by_adbc(folder):
    with dbapi.connect(f"file:{folder / 'clinic.sqlite'}") as connection:
        return cn.read_database(connection, QUERIES, mapping=MAPPING, **OPTIONS)


@pytest.mark.parametrize("read", [_by_duckdb, _by_sqlite3, _by_engine, _by_sqlalchemy, _by_adbc])
def test_every_kind_of_connection_gives_the_cohort_that_the_frames_give(files, read):
    frames = {
        "appointments": pl.DataFrame(
            sorted(VISITS, key=lambda r: (r[1], r[0])),
            ["patient", "starts", "status", "booked"],
            orient="row",
        ),
        "contacts": pl.DataFrame(
            CONTACTS, ["client_id", "at", "direction", "delivered"], orient="row"
        ),
    }
    cohort = read(files)
    assert cohort.content_hash == cn.from_frames(**frames, mapping=MAPPING, **OPTIONS).content_hash
    assert cohort.rows_in == {"appointments": 4, "contacts": 2}
    assert cohort.rejected.select("table", "row", "column", "reason").rows() == [
        (
            "appointments",
            4,
            "start",
            "is a local time that happened twice (the clocks went back)",
        )
    ]
    assert cohort.contacts.collect()["delivered"].to_list() == [True, False]


def test_later_changes_of_the_database_do_not_reach_the_cohort():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table a (client_id text, start text, outcome text)")
        connection.execute("insert into a values ('c1', '2026-01-05 10:00', 'attended')")
        cohort = cn.read_database(connection, {"appointments": "select * from a"})
        connection.execute("delete from a")
    assert cohort.appointments.collect().height == 1


def test_types_of_a_database():
    with duckdb.connect() as connection:
        cohort = cn.read_database(
            connection,
            {
                "appointments": """
                    select uuid '00000000-0000-0000-0000-000000000007' as client_id,
                        timestamptz '2026-07-01 10:00+02' as start, 'attended' as outcome,
                        date '2026-06-20' as booked_at, timestamp_ns '2026-06-21 09:00:00' as x,
                        50.50::decimal(6, 2) as duration_min, 12::utinyint as appointment_id
                """,
                "contacts": """
                    select 1::hugeint as client_id, timestamp '2026-07-01 12:00' as "at",
                        'inbound' as direction, 1 as delivered
                """,
                "pauses": "select 'c' as client_id, now() as start where false",
            },
            timezone="Europe/London",
        )
    assert cohort.appointments.drop("outcome").collect().row(0) == (
        "00000000-0000-0000-0000-000000000007",
        datetime.fromisoformat("2026-07-01T08:00Z"),
        "12",
        datetime.fromisoformat("2026-06-19T23:00Z"),
        50.5,
    )
    assert cohort.contacts.collect().row(0) == (
        "1",
        datetime.fromisoformat("2026-07-01T11:00Z"),
        "inbound",
        True,
    )
    assert cohort.pauses.collect().is_empty()


def test_ids_that_a_driver_gives_as_objects_are_text():
    table = sqlalchemy.Table(
        "a",
        sqlalchemy.MetaData(),
        sqlalchemy.Column("client_id", sqlalchemy.Uuid),
        sqlalchemy.Column("start", sqlalchemy.DateTime),
        sqlalchemy.Column("outcome", sqlalchemy.String),
        sqlalchemy.Column("duration_min", sqlalchemy.Numeric(6, 2)),
    )
    engine = sqlalchemy.create_engine("sqlite://")
    client = uuid.UUID(int=7)
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(
            table.insert().values(
                client_id=client,
                start=datetime.fromisoformat("2026-01-05T10:00"),
                outcome="attended",
                duration_min=25.5,
            )
        )
        cohort = cn.read_database(connection, {"appointments": sqlalchemy.select(table)})
    engine.dispose()
    found = cohort.appointments.select("client_id", "duration_min").collect()
    assert found.row(0) == (str(client), 25.5)


def test_a_column_that_turns_from_numbers_to_text_is_read_whole():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table a (client_id, start, outcome)")
        rows = [(n, "2026-01-05 10:00", "attended") for n in [*range(300), "x"]]
        connection.executemany("insert into a values (?, ?, ?)", rows)
        cohort = cn.read_database(connection, {"appointments": "select * from a"})
    assert cohort.rejected.is_empty()
    assert cohort.appointments.select(pl.col("client_id").n_unique()).collect().item() == 301


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select nothing from visits", 'column "nothing" not found'),
        ("select * from no_such_table", "no_such_table does not exist"),
        ("select at from visits", 'syntax error at or near "from"'),
        ("select cast('31 feb o''Hara' as timestamp) as start", "Conversion Error"),
        ("select '31 feb o''Hara'::int as start", "Could not convert string ..."),
        ("select 1 as a, 2 as a", "two columns of one name"),
    ],
)
def test_a_query_that_fails_names_its_table_and_the_reason_but_no_value(query, says, files):
    with (
        duckdb.connect(files / "clinic.duckdb", read_only=True) as connection,
        pytest.raises(DataError) as caught,
    ):
        cn.read_database(connection, {**QUERIES, "contacts": query}, mapping=MAPPING)
    text = str(caught.value)
    assert text.startswith("contacts: ")
    assert says in text
    assert "Hara" not in text
    assert "31" not in text
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("message", "query", "kept"),
    [
        (
            'invalid input syntax for type date: "31 feb"',
            "select 1",
            "invalid input syntax for type date: ...",
        ),
        (
            'column "born" does not exist\nLINE 1: select born',
            "select born",
            'column "born" does not exist',
        ),
        ('value "jane" of column', "select * from a where b = 'jane'", "value ... of column"),
        (
            "Type INT32 with value 123456 can't be cast",
            "select 1",
            "Type INT32 with value ... can't be cast",
        ),
        ("Failed: 'a' is not 'b' here", "select a", "Failed: 'a' is not ... here"),
        ("", "select 1", ""),
    ],
)
def test_what_a_database_says_is_kept_without_values(message, query, kept):
    assert without_values(message, query) == kept


@pytest.mark.parametrize(
    "connect",
    [
        duckdb.connect,
        lambda: sqlite3.connect(":memory:"),
        dbapi.connect,
        lambda: sqlalchemy.create_engine("sqlite://").connect(),
    ],
)
def test_a_closed_connection_is_named_as_such(connect):
    connection = connect()
    connection.close()
    with pytest.raises(
        DataError, match=r"appointments: the connection is not open \(.+\). Open it"
    ):
        cn.read_database(connection, {"appointments": "select 1 as a"})


@pytest.mark.parametrize(
    "connect",
    [
        lambda: sqlite3.connect(":memory:"),
        lambda: sqlalchemy.create_engine("sqlite://").connect(),
        dbapi.connect,
    ],
)
def test_a_query_without_columns_is_refused(connect):
    with (
        closing(connect()) as connection,
        pytest.raises(DataError, match="appointments: the query gives no columns"),
    ):
        cn.read_database(connection, {"appointments": "pragma foreign_keys = off"})


@pytest.mark.parametrize(
    ("queries", "error", "says"),
    [
        ({"appointment": "select 1"}, MappingError, "Did you mean 'appointments'"),
        ({"contacts": "select 1"}, DataError, "cannot do without"),
        ({"appointments": "  "}, OptionError, "'appointments' has no query"),
        ({"appointments": None}, OptionError, "'appointments' has no query"),
        ("select 1", MappingError, "queries: expected a mapping of table to query, found str"),
        ({"appointments": "select 1 as a"}, MappingError, "needs client_id, start, outcome"),
    ],
)
def test_queries_that_cannot_be_used(queries, error, says):
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(error, match=says):
        cn.read_database(connection, queries)


@pytest.mark.parametrize("connection", ["sqlite:///clinic.sqlite", None, 7])
def test_what_is_no_connection(connection):
    with pytest.raises(OptionError, match="takes an open connection"):
        cn.read_database(connection, {"appointments": "select 1"})


def test_a_missing_package_says_what_to_install():
    program = """
import sys
sys.modules["pyarrow"] = None
import duckdb
import carenotebook as cn
try:
    cn.read_database(duckdb.connect(), {"appointments": "select 1 as a"})
except cn.CareNotebookError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == (
        "appointments: reading this database needs pyarrow, which is not installed: "
        "pip install 'carenotebook[database]'"
    )


@pytest.mark.parametrize("connect", [duckdb.connect, lambda: sqlite3.connect(":memory:")])
@pytest.mark.parametrize(
    "query",
    [
        "delete from a",
        "  -- tidy up\n DROP table a",
        "select 'x' as client_id, '2026-01-05' as start, 'attended' as outcome; delete from a",
    ],
)
def test_a_query_that_would_change_the_database_is_not_run(connect, query):
    connection = connect()
    connection.execute("create table a as select 1 as one")
    with pytest.raises(OptionError, match=r"would change the database|several statements"):
        cn.read_database(connection, {"appointments": query}, as_of="2026-06-01")
    assert connection.execute("select * from a").fetchall() == [(1,)]
    connection.close()


def test_words_and_semicolons_in_texts_and_comments_change_nothing():
    connection = duckdb.connect()
    query = """-- delete; what is old
        select 'it''s; update' as client_id, '2026-01-05' as start, 'attended' as outcome;
    """
    cohort = cn.read_database(connection, {"appointments": query})
    assert cohort.appointments.collect()["client_id"].to_list() == ["it's; update"]
    connection.close()
