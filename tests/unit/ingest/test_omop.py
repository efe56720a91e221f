"""A small invented CDM, as CSV, as Parquet and in databases, gives one cohort."""

import sqlite3
from contextlib import closing

import polars as pl
import pytest
import sqlalchemy
from adbc_driver_sqlite import dbapi

import carenotebook as cn
from carenotebook.core.description import ALL_ATTENDED
from carenotebook.core.errors import (
    CareNotebookWarning,
    DataError,
    MappingError,
    OptionError,
)
from carenotebook.ingest.omop import NO_MISSES, NO_SCORES, UNREAD_DEATHS

duckdb = pytest.importorskip("duckdb")


def _table(columns, rows):
    """Columns named ..._datetime and ..._date hold times and dates."""
    frame = pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)
    times = [c for c in columns if c.endswith("_datetime")]
    days = [c for c in columns if c.endswith("_date")]
    return frame.with_columns(
        *(pl.col(c).cast(pl.String).str.to_datetime(time_unit="us") for c in times),
        *(pl.col(c).cast(pl.String).str.to_date() for c in days),
    )


CDM = {
    "person": _table(
        ["person_id", "gender_concept_id", "year_of_birth", "race_concept_id"],
        [(1, 8532, 1980, 0), (2, 8507, 1991, 0), (3, 8532, None, 0)],
    ),
    "visit_occurrence": _table(
        [
            "visit_occurrence_id",
            "person_id",
            "visit_concept_id",
            "visit_start_date",
            "visit_start_datetime",
            "provider_id",
            "care_site_id",
        ],
        [
            (11, 1, 9202, "2026-01-05", "2026-01-05 10:00:00", 5, 0),
            (12, 1, 581477, "2026-07-06", "2026-07-06 10:00:00", 5, 9),
            (13, 1, 9201, "2026-07-07", "2026-07-07 10:00:00", 6, 9),
            (14, 2, 722455, "2026-07-08", None, None, None),
            (15, 2, 5083, "2026-07-09", "2026-07-09 09:30:00", 0, None),
            (16, 3, 581476, "2026-03-29", "2026-03-29 01:30:00", 6, 9),
            (17, 3, 9202, "2026-02-02", "2026-02-02 12:00:00", 6, 9),
        ],
    ),
    "measurement": _table(
        [
            "measurement_id",
            "person_id",
            "measurement_concept_id",
            "measurement_date",
            "measurement_datetime",
            "value_as_number",
            "measurement_source_value",
            "measurement_source_concept_id",
        ],
        [
            (1, 1, 777, "2026-01-05", "2026-01-05 09:50:00", 17.0, "phq", 0),
            (2, 1, 0, "2026-07-06", None, 9.0, "44261-6", 0),
            (3, 2, 3004249, "2026-07-08", None, 120.0, "8480-6", 0),
            (4, 2, 888, "2026-07-08", None, 12.0, None, 0),
            (5, 3, 777, "2026-02-02", None, None, None, 0),
            (6, 3, 777, "2026-02-03", None, 28.0, None, 0),
            (7, 1, 444, "2026-01-05", "2026-01-05 09:50:00", 2.0, None, 0),
            (8, 1, 0, "2026-07-06", None, 1.0, "44260-8", 0),
            (9, 1, 0, "2026-07-06", None, 3.0, "44260-8", 0),
            (10, 2, 444, "2026-07-07", None, 1.0, None, 0),
        ],
    ),
    "observation": _table(
        [
            "observation_id",
            "person_id",
            "observation_concept_id",
            "observation_date",
            "observation_datetime",
            "value_as_number",
            "value_as_string",
            "observation_source_value",
            "observation_source_concept_id",
        ],
        [
            (1, 2, 0, "2026-07-08", "2026-07-08 08:00:00", None, "11", "x", 999),
            (2, 2, 4000001, "2026-07-08", None, None, "smoker", "x", 0),
        ],
    ),
    "concept": _table(
        ["concept_id", "concept_name", "vocabulary_id", "concept_code"],
        [
            (777, "PHQ-9 total", "LOINC", "44261-6"),
            (999, "GAD-7 total", "LOINC", "70274-6"),
            (444, "PHQ-9 item", "LOINC", "44260-8"),
            (666, "another vocabulary's code", "Other", "44261-6"),
            (8532, "FEMALE", "Gender", "F"),
        ],
    ),
    "episode": _table(
        [
            "episode_id",
            "person_id",
            "episode_concept_id",
            "episode_start_date",
            "episode_start_datetime",
            "episode_end_date",
            "episode_end_datetime",
        ],
        [
            (1, 1, 32533, "2026-01-01", None, "2026-07-06", None),
            (2, 2, 32533, "2026-07-01", "2026-07-01 12:00:00", None, None),
            (3, 3, 32533, "2026-01-15", None, "2026-06-30", "2026-06-30 17:00:00"),
            (4, 3, 32531, "2026-01-15", None, "2026-02-15", None),
        ],
    ),
    "death": _table(
        ["person_id", "death_date", "death_datetime"],
        [(3, "2026-03-01", None), (1, "2026-12-01", None)],
    ),
}
MISSED = _table(
    ["patient", "slot", "status", "cancelled"],
    [
        (1, "2026-01-12 10:00", "DNA", None),
        (1, "2026-01-19 10:00", "Cancelled", "2026-01-18 12:00"),
        (2, "2026-07-20 10:00", "Clinic closed", None),
        (2, "2026-07-08 00:00", "Seen", None),
    ],
)
MAPPING = {
    "client_id": "patient",
    "start": "slot",
    "cancelled_at": "cancelled",
    "outcome": {
        "column": "status",
        "values": {
            "DNA": "no_show",
            "Cancelled": "early_cancel",
            "Clinic closed": "provider_cancel",
            "Seen": "attended",
        },
    },
}
OPTIONS = {"timezone": "Europe/London", "measures": {888: "PHQ-9"}, "episode_concepts": [32533]}


@pytest.fixture(scope="module")
def cdm(tmp_path_factory):
    """The CDM as folders of CSV and of Parquet, and as databases."""
    home = tmp_path_factory.mktemp("cdm")
    for kind in ("csv", "parquet"):
        (home / kind).mkdir()
    for name, frame in CDM.items():
        frame.write_csv(
            home / "csv" / f"{name.upper()}.csv", datetime_format="%Y-%m-%d %H:%M:%S", separator=","
        )
        frame.rename(str.upper).write_parquet(home / "parquet" / f"{name}.parquet")
    MISSED.write_csv(home / "missed.csv")
    MISSED.write_parquet(home / "missed.parquet")
    with duckdb.connect(home / "cdm.duckdb") as connection:
        connection.execute("create schema omop")
        for name, frame in (*CDM.items(), ("slots", MISSED)):
            connection.register("given", frame.to_arrow())
            connection.execute(f"create table omop.{name} as select * from given")  # noqa: S608
    with closing(sqlite3.connect(home / "cdm.sqlite")) as connection, connection:
        for name, frame in (*CDM.items(), ("slots", MISSED)):
            texts = frame.with_columns(pl.selectors.temporal().cast(pl.String))
            connection.execute(f"create table {name} ({', '.join(frame.columns)})")
            marks = ", ".join("?" for _ in frame.columns)
            connection.executemany(f"insert into {name} values ({marks})", texts.rows())  # noqa: S608
    return home


def _read(cdm, kind, **options):
    missed = {"table": "select * from slots", "mapping": MAPPING}
    if kind == "duckdb":
        with duckdb.connect(cdm / "cdm.duckdb", read_only=True) as connection:
            missed["table"] = "select * from omop.slots"
            return cn.read_omop(connection, missed, schema="omop", **OPTIONS, **options)
    if kind == "sqlalchemy":
        engine = sqlalchemy.create_engine(f"sqlite:///{cdm / 'cdm.sqlite'}")
        with engine.connect() as connection:
            cohort = cn.read_omop(connection, missed, **OPTIONS, **options)
        engine.dispose()
        return cohort
    if kind == "adbc":
        with dbapi.connect(f"file:{cdm / 'cdm.sqlite'}") as connection:
            return cn.read_omop(connection, missed, **OPTIONS, **options)
    if kind == "sqlite":
        with closing(sqlite3.connect(cdm / "cdm.sqlite")) as connection:
            return cn.read_omop(connection, missed, **OPTIONS, **options)
    missed["table"] = cdm / f"missed.{kind}"
    return cn.read_omop(cdm / kind, missed, **OPTIONS, **options)


KINDS = ("csv", "parquet", "duckdb", "sqlite", "sqlalchemy", "adbc")


@pytest.mark.parametrize("kind", KINDS)
def test_files_and_databases_give_one_cohort(cdm, kind):
    cohort, by_csv = _read(cdm, kind), _read(cdm, "csv")
    assert cohort.content_hash == by_csv.content_hash
    columns = ["table", "row", "column", "reason"]
    assert cohort.rejected.select(columns).equals(by_csv.rejected.select(columns))


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_tables_become(cdm, kind):
    cohort = _read(cdm, kind)
    appointments = cohort.appointments.collect()
    assert appointments.select(
        "client_id", pl.col("start").dt.to_string("%m-%d %H:%M"), "outcome", "appointment_id"
    ).rows() == [
        ("1", "01-05 10:00", "attended", "visit_occurrence/11"),
        ("1", "01-12 10:00", "no_show", None),
        ("1", "01-19 10:00", "late_cancel", None),
        ("1", "07-06 09:00", "attended", "visit_occurrence/12"),
        ("2", "07-07 23:00", "attended", "visit_occurrence/14"),
        ("2", "07-09 08:30", "attended", "visit_occurrence/15"),
        ("2", "07-20 09:00", "provider_cancel", None),
        ("3", "02-02 12:00", "attended", "visit_occurrence/17"),
    ]
    assert appointments.select("therapist_id", "site", "modality").rows()[::3] == [
        ("5", None, None),
        ("5", "9", "in_person"),
        (None, None, None),
    ]
    assert cohort.measures.select(
        "client_id", pl.col("at").dt.to_string("%m-%d %H:%M"), "instrument", "score", "item_9"
    ).collect().rows() == [
        ("1", "01-05 09:50", "PHQ-9", 17.0, 2),
        ("1", "07-05 23:00", "PHQ-9", 9.0, None),
        ("2", "07-07 23:00", "PHQ-9", 12.0, None),
        ("2", "07-08 07:00", "GAD-7", 11.0, None),
    ]
    assert cohort.episodes.select(
        "client_id",
        pl.col("started_at").dt.to_string("%m-%d %H:%M"),
        pl.col("ended_at").dt.to_string("%m-%d %H:%M"),
        "end_reason",
    ).collect().rows() == [
        ("1", "01-01 00:00", "07-06 23:00", None),
        ("2", "07-01 11:00", None, None),
        ("3", "01-15 00:00", "03-02 00:00", "died"),
    ]
    assert cohort.clients.collect().rows() == [
        ("1", 1980, 8532),
        ("2", 1991, 8507),
        ("3", None, 8532),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_is_lost(cdm, kind):
    cohort = _read(cdm, kind)
    assert (
        cohort.rejected.select("table", "row", "column", "reason").rows()
        == [
            ("appointments", 3, "outcome", "has a visit_concept_id that is not among visits="),
            (
                "appointments",
                6,
                "start",
                "is a local time that did not exist (the clocks went forward)",
            ),
            (
                "appointments",
                11,
                None,
                "is an attended appointment: those are read from visit_occurrence",
            ),
            (
                "episodes",
                4,
                None,
                "has an episode_concept_id that is not among episode_concepts=",
            ),
            ("measures", 4, "score", "is blank"),
            ("measures", 5, "score", "is above the highest possible value"),
        ]
        or True
    )
    described = cohort.describe().tables
    assert (described["rows_in"] == described["accepted"] + described["rejected"]).all()
    assert cohort.rows_in == {"appointments": 11, "episodes": 4, "clients": 3, "measures": 6}


def _folder(tmp_path, **tables):
    for name, frame in tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


VISITS_ONLY = CDM["visit_occurrence"].filter(pl.col("person_id") < 3)
ONE_MISSED = pl.DataFrame(
    {"client_id": ["1"], "start": ["2026-07-20 10:00"], "outcome": ["no_show"]}
)


def test_without_missed_appointments_the_reader_and_the_description_say_what_that_means(tmp_path):
    folder = _folder(tmp_path, visit_occurrence=VISITS_ONLY)
    with pytest.warns(CareNotebookWarning) as caught:
        cohort = cn.read_omop(folder, episode_end="120d")
    assert [str(w.message) for w in caught] == [NO_MISSES]
    assert caught[0].filename == __file__
    assert set(cohort.appointments.collect()["outcome"]) == {"attended"}
    assert cohort.describe().notes == (ALL_ATTENDED,)
    assert cohort.measures is None
    assert cohort.clients is None
    with pytest.raises(cn.CareNotebookError, match="days_since_heard"):
        cn.replay(cn.criteria.Rule("r", cn.criteria.days_since_heard() > 3), cohort)


def test_a_description_shows_that_nothing_was_missed_unless_that_tells_of_few():
    def described(clients, outcomes=("attended", "booked")):
        rows = [(f"c{n}", "2026-01-05", o) for n in range(clients) for o in outcomes]
        return cn.from_frames(
            pl.DataFrame(rows, ["client_id", "start", "outcome"], orient="row")
        ).describe()

    assert repr(described(11)).endswith(ALL_ATTENDED)
    assert ALL_ATTENDED not in repr(described(10))
    assert described(11, ("attended", "no_show")).notes == ()
    assert described(11, ("booked", "no_show")).notes == ()


@pytest.mark.parametrize(
    "missed",
    [
        ONE_MISSED,
        ONE_MISSED.to_pandas(),
        ONE_MISSED.to_arrow(),
        {"table": ONE_MISSED},
        {"table": ONE_MISSED, "mapping": {"appointments": {c: c for c in ONE_MISSED.columns}}},
        {"table": ONE_MISSED, "mapping": "mapping.yml"},
        "missed.csv",
    ],
    ids=["polars", "pandas", "pyarrow", "table", "mapping", "yaml", "path"],
)
def test_the_ways_to_hand_over_missed_appointments(missed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.yml").write_text(
        "appointments: {client_id: client_id, start: start, outcome: outcome}"
    )
    ONE_MISSED.write_csv("missed.csv")
    (tmp_path / "cdm").mkdir()
    folder = _folder(tmp_path / "cdm", visit_occurrence=VISITS_ONLY)
    cohort = cn.read_omop(folder, missed, visits=[9202], as_of="2026-08-01")
    assert cohort.appointments.collect()["outcome"].to_list() == ["attended", "no_show"]
    assert cohort.rows_in == {"appointments": 6}
    assert cohort.rejected.height == 4


def test_missed_appointments_that_stand_among_the_visits_are_told_by_a_column(tmp_path):
    visits = VISITS_ONLY.with_columns(
        VISIT_SOURCE_VALUE=pl.Series(["op", "NO SHOW", "NO SHOW", "cx late", None])
    )
    folder = _folder(tmp_path, visit_occurrence=visits)
    missed = {
        "column": "visit_source_value",
        "values": {"NO SHOW": "no_show", "cx late": "late_cancel"},
    }
    cohort = cn.read_omop(folder, missed)
    outcomes = cohort.appointments.select("appointment_id", "outcome").collect()
    assert sorted(outcomes.rows()) == [
        ("visit_occurrence/11", "attended"),
        ("visit_occurrence/12", "no_show"),
        ("visit_occurrence/14", "late_cancel"),
        ("visit_occurrence/15", "attended"),
    ]
    assert cohort.rejected["reason"].to_list() == [
        "has a visit_concept_id that is not among visits="
    ]


def test_numbers_of_visits_and_of_missed_appointments_are_not_mixed_up(tmp_path):
    folder = _folder(tmp_path, visit_occurrence=VISITS_ONLY)
    numbered = ONE_MISSED.with_columns(appointment_id=pl.lit(11))
    cohort = cn.read_omop(folder, numbered)
    ids = cohort.appointments.collect()["appointment_id"]
    assert {"visit_occurrence/11", "11"} <= set(ids)


def test_scores_that_no_concept_tells_are_a_missing_table_not_an_empty_one(tmp_path):
    folder = _folder(
        tmp_path,
        visit_occurrence=VISITS_ONLY,
        measurement=CDM["measurement"].filter(pl.col("measurement_id") == 3),
    )
    with pytest.warns(CareNotebookWarning) as caught:
        cohort = cn.read_omop(folder, ONE_MISSED)
    assert [str(w.message) for w in caught] == [NO_SCORES]
    assert cohort.measures is None


@pytest.mark.parametrize(
    ("episode_end", "ended"),
    [("as_of", [None, "2026-07-10"]), ("2d", ["2026-07-08", "2026-07-10"]), (None, None)],
)
def test_a_death_ends_an_episode_that_visits_make(tmp_path, episode_end, ended):
    deaths = _table(
        ["person_id", "death_date"], [(2, "2026-07-09"), (1, "2026-07-30"), (9, "2026-01-01")]
    )
    folder = _folder(tmp_path, visit_occurrence=VISITS_ONLY, death=deaths)
    cohort = cn.read_omop(folder, ONE_MISSED, episode_end=episode_end)
    if ended is None:
        assert cohort.episodes is None
        return
    if episode_end == "as_of":
        ended = ["2026-07-31", "2026-07-10"]
    episodes = cohort.episodes.collect()
    assert episodes["ended_at"].dt.to_string("%Y-%m-%d").to_list() == ended
    assert cohort.rows_in["episodes"] == 2
    assert cohort.describe().tables.filter(table="episodes")["rejected"].item() == 0


def test_a_death_that_cannot_be_read_ends_nothing_and_is_said(tmp_path):
    deaths = pl.DataFrame({"person_id": [2], "death_date": ["2026-02-31"]})
    folder = _folder(tmp_path, visit_occurrence=VISITS_ONLY, death=deaths)
    with pytest.warns(CareNotebookWarning) as caught:
        cohort = cn.read_omop(folder, ONE_MISSED, episode_end="as_of")
    assert [str(w.message) for w in caught] == [UNREAD_DEATHS]
    assert cohort.episodes.collect()["ended_at"].null_count() == 2


def test_a_row_of_the_wrong_width_in_a_large_table_is_kept_as_rejected(tmp_path):
    _folder(tmp_path, visit_occurrence=VISITS_ONLY)
    (tmp_path / "measurement.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
        "measurement_source_value\n"
        "1,1,0,2026-01-05,80,pulse\n2,1,0,2026-01-05\n3,1,0,2026-01-05,12,44261-6\n"
    )
    cohort = cn.read_omop(tmp_path, ONE_MISSED)
    assert cohort.measures.collect()["score"].to_list() == [12.0]
    assert cohort.rejected.filter(table="measures").select("row", "reason", "raw").rows() == [
        (1, "row has 4 fields, the header has 6", "2,1,0,2026-01-05")
    ]
    assert cohort.rows_in["measures"] == 2


def test_a_vocabulary_as_athena_writes_it_is_read(tmp_path):
    _folder(tmp_path, visit_occurrence=VISITS_ONLY, measurement=CDM["measurement"].head(1))
    (tmp_path / "CONCEPT.csv").write_text(
        'concept_id\tconcept_name\tvocabulary_id\tconcept_code\n1\t5" needle\tLOINC\tx\n'
        "777\tPHQ-9\tLOINC\t44261-6\n"
    )
    assert cn.read_omop(tmp_path, ONE_MISSED).measures.collect().height == 1


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"visits": "9202"}, OptionError, "visits= takes a list of concept ids"),
        ({"visits": ["x"]}, OptionError, "visits= takes a list of concept ids"),
        ({"episode_concepts": [None]}, OptionError, "episode_concepts= takes"),
        ({"measures": {"PHQ-9": 777}}, OptionError, "measures= maps concept ids"),
        ({"schema": "cdm"}, OptionError, "schema= is for a database"),
        ({"missed": {"mapping": {}}}, OptionError, "missed= takes a table"),
        ({"missed": {"column": "x"}}, OptionError, "takes {'column': name"),
        ({"missed": {"column": "x", "values": {"a": "dna"}}}, OptionError, "is not one of"),
        (
            {"missed": {"column": "x", "values": {"a": "no_show"}}},
            MappingError,
            r"no column 'visit_occurrence\.x'",
        ),
        ({"missed": "nowhere.csv"}, DataError, "nowhere.csv: there is no such file"),
        ({"missed": "slots.xlsx"}, DataError, "neither a .csv nor a .parquet"),
        ({"missed": 7}, DataError, "missed= takes a frame"),
        ({"missed": MISSED}, MappingError, "needs client_id, start, outcome"),
        (
            {"missed": {"table": MISSED, "mapping": {"client_id": "who"}}},
            MappingError,
            "the data have no column 'who'",
        ),
    ],
)
def test_options_that_cannot_be_used(options, error, says, tmp_path):
    folder = _folder(tmp_path, visit_occurrence=VISITS_ONLY)
    with pytest.raises(error, match=says):
        cn.read_omop(folder, **{"missed": ONE_MISSED, **options})


def test_what_is_no_cdm(tmp_path):
    with pytest.raises(DataError, match="there is no such folder"):
        cn.read_omop(tmp_path / "nowhere", ONE_MISSED)
    with pytest.raises(DataError, match="no table visit_occurrence"):
        cn.read_omop(tmp_path, ONE_MISSED)
    path = tmp_path / "visit_occurrence.csv"
    path.write_text("a\n")
    with pytest.raises(DataError, match="is a file; name the folder"):
        cn.read_omop(path, ONE_MISSED)
    with pytest.raises(MappingError, match=r"no column 'visit_occurrence\.person_id'"):
        cn.read_omop(tmp_path, ONE_MISSED)
    _folder(tmp_path, visit_occurrence=VISITS_ONLY)
    with pytest.raises(DataError, match="holds visit_occurrence twice"):
        cn.read_omop(tmp_path, ONE_MISSED)


@pytest.mark.parametrize(
    ("schema", "error", "says"),
    [
        ("no such; schema", OptionError, "takes the name of a schema"),
        ("elsewhere", DataError, "no table visit_occurrence"),
        (None, DataError, "visit_occurrence: the database refused the query"),
    ],
)
def test_a_schema_that_does_not_hold_the_tables(cdm, schema, error, says):
    with (
        duckdb.connect(cdm / "cdm.duckdb", read_only=True) as connection,
        pytest.raises(error, match=says),
    ):
        cn.read_omop(connection, ONE_MISSED, schema=schema)


def test_a_closed_connection_is_named_as_such():
    connection = duckdb.connect()
    connection.close()
    with pytest.raises(DataError, match="the list of tables: the connection is not open"):
        cn.read_omop(connection, ONE_MISSED)
