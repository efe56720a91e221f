import os
from datetime import datetime

import openpyxl
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import DataError, MappingError, OptionError

HEADER = "client_id,start,outcome\n"
GOOD = HEADER + "c1,2026-01-05 10:00,attended\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


APPOINTMENTS = pl.DataFrame(
    {
        "client_id": [1, 1, 2],
        "start": [datetime.fromisoformat(f"2026-07-0{d}T10:00") for d in (1, 8, 9)],
        "outcome": ["attended", "no_show", "booked"],
        "duration_min": [50.0, None, 25.5],
    }
)
CLIENTS = pl.DataFrame(
    {"client_id": [1, 2, 3], "age": [30, None, 41], "language": ["cy", "en", None]}
)
OPTIONS = {"timezone": "Europe/London", "episode_end": "120d"}


def excel(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(frame.columns)
        for row in frame.iter_rows():
            sheet.append(row)
    book.save(path)


def test_every_reader_gives_the_same_cohort(tmp_path):
    frames = {"appointments": APPOINTMENTS, "clients": CLIENTS}
    for name, frame in frames.items():
        frame.write_csv(tmp_path / f"{name}.csv")
        frame.write_parquet(tmp_path / f"{name}.parquet")
    excel(tmp_path / "book.xlsx", **frames)
    book = f"{tmp_path}/book.xlsx"
    cohorts = {
        "csv": cn.read_csv(**{n: tmp_path / f"{n}.csv" for n in frames}, **OPTIONS),
        "parquet": cn.read_parquet(**{n: f"{tmp_path}/{n}.parquet" for n in frames}, **OPTIONS),
        "excel": cn.read_excel(book, clients=f"{book}#clients", **OPTIONS),
        "polars": cn.from_frames(**frames, **OPTIONS),
        "lazy": cn.from_frames(**{n: f.lazy() for n, f in frames.items()}, **OPTIONS),
        "pandas": cn.from_frames(**{n: f.to_pandas() for n, f in frames.items()}, **OPTIONS),
        "pyarrow": cn.from_frames(**{n: f.to_arrow() for n, f in frames.items()}, **OPTIONS),
    }
    assert {n: c.rejected.height for n, c in cohorts.items()} == dict.fromkeys(cohorts, 0)
    hashes = {n: c.content_hash for n, c in cohorts.items()}
    assert hashes == dict.fromkeys(cohorts, hashes["csv"])
    assert cohorts["csv"].as_of.isoformat() == "2026-07-08T09:00:00.000001+00:00"


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("c1", '"c1"').replace("outcome", '"outcome"'),
        GOOD.replace("start", " start "),
    ],
)
def test_csv_dialects_are_read_alike(write, content):
    cohort = cn.read_csv(write(content), episode_end="as_of")
    assert cohort.rejected.is_empty()
    assert cohort.content_hash == cn.read_csv(write(GOOD), episode_end="as_of").content_hash


def test_rows_of_another_width_are_quarantined_with_their_text(write):
    text = GOOD + "c2,2026-01-06\n" + "c3,2026-01-07,attended,extra\n" + 'c4,2026-01-08,"no_show"\n'
    cohort = cn.read_csv(write(text))
    assert cohort.rows_in == {"appointments": 4}
    assert cohort.rejected.select("row", "column", "reason", "raw").rows() == [
        (2, None, "row has 2 fields, the header has 3", "c2,2026-01-06"),
        (3, None, "row has 4 fields, the header has 3", "c3,2026-01-07,attended,extra"),
    ]


def test_a_line_break_inside_quotes_is_no_row_of_its_own(write):
    text = 'client_id,start,outcome,site\nc1,2026-01-05,attended,"north\nwing"\nc2,soon,booked,x\n'
    cohort = cn.read_csv(write(text))
    assert cohort.appointments.collect()["site"].to_list() == ["north\nwing"]
    assert cohort.rejected["row"].to_list() == [2]


def test_blank_lines_are_rows_and_are_counted(write):
    cohort = cn.read_csv(write(GOOD + "\n,,\nc2,2026-01-06,no_show\n"))
    assert cohort.rows_in["appointments"] == 4
    assert cohort.rejected.select("row", "reason").rows() == [
        (2, "row is blank"),
        (3, "row is blank"),
    ]


def test_csv_text_is_not_guessed_at(write):
    clients = "client_id,code,age,weight,flag\n007,0012,30,70.5,true\n008,0013,,60,false\n"
    clients = clients.replace("flag", "flag,other").replace("e\n", "e,\N{ARABIC-INDIC DIGIT ONE}\n")
    cohort = cn.read_csv(write(GOOD.replace("c1", "007")), clients=write(clients, "c.csv"))
    assert cohort.clients.collect().rows() == [
        ("007", "0012", 30, 70.5, "true", "\N{ARABIC-INDIC DIGIT ONE}"),
        ("008", "0013", None, 60.0, "false", "\N{ARABIC-INDIC DIGIT ONE}"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n", "is empty"),
        ("Zoë,x\n".encode("latin-1"), "is not UTF-8"),
        (GOOD.encode("utf-16"), "is not UTF-8"),
        (HEADER.encode() + b'c1,"2026-01-05,attended\nc2,2026-01-06,no_show\n', "never closed"),
        (b"client_id,start,start,outcome\n", "more than once"),
    ],
)
def test_a_damaged_csv_is_named(write, content, message):
    path = write(content)
    with pytest.raises(DataError, match=message) as error:
        cn.read_csv(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("read", [cn.read_csv, cn.read_parquet, cn.read_excel])
def test_what_is_no_file_of_its_kind_is_named(read, tmp_path, write):
    with pytest.raises(DataError, match=r"appointments: .*none\.x: there is no such file"):
        read(tmp_path / "none.x")
    with pytest.raises(DataError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"empty\.x is empty"):
        read(write("", "empty.x"))
    with pytest.raises(DataError, match="takes a path"):
        read(APPOINTMENTS)
    if read is not cn.read_csv:
        with pytest.raises(DataError, match=r"noise\.x is not a"):
            read(write(os.urandom(64), "noise.x"))


def test_excel_sheets(tmp_path):
    book = tmp_path / "book.xlsx"
    excel(book, Visits=APPOINTMENTS, People=CLIENTS)
    cohort = cn.read_excel(f"{book}#Visits", clients=f"{book}#People", **OPTIONS)
    assert cohort.rows_in == {"appointments": 3, "clients": 3}
    with pytest.raises(DataError, match=r"has no sheet 'visits'\. It has: Visits, People"):
        cn.read_excel(f"{book}#visits")


def test_excel_rows_keep_their_numbers(tmp_path):
    blank = pl.DataFrame([[None] * 4], schema=APPOINTMENTS.schema, orient="row")
    bad = APPOINTMENTS.head(1).with_columns(outcome=pl.lit("DNA"))
    excel(tmp_path / "b.xlsx", A=pl.concat([APPOINTMENTS, blank, bad, blank, blank]))
    cohort = cn.read_excel(tmp_path / "b.xlsx")
    assert cohort.rows_in["appointments"] == 5
    assert cohort.rejected.select("row", "reason").rows() == [
        (4, "row is blank"),
        (5, "'DNA' is not in the vocabulary"),
    ]


def test_a_file_without_a_header_does_not_leak_its_first_client(write):
    path = write("secret-7,2026-01-05,attended\nsecret-8,2026-01-06,no_show\n")
    with pytest.raises(MappingError, match="add a header row") as error:
        cn.read_csv(path)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timezone": "Europe/Londn"}, "timezone='Europe/Londn' is not an IANA time zone"),
        ({"notice": "1 day"}, "notice: '1 day' is not a duration"),
        ({"as_of": "yesterday"}, "as_of='yesterday' is not a time"),
        ({"as_of": 20260101}, "as_of= takes a datetime, a date or ISO 8601 text"),
        (
            {"as_of": "2024-10-27 01:30", "timezone": "Europe/London"},
            "falls where the clocks of Europe/London change",
        ),
        ({"as_of": "2026-01-01", "observed_from": "2026-01-01"}, "nothing would be seen"),
        ({"episode_end": "4 months"}, "episode_end: '4 months' is not a duration"),
    ],
)
def test_a_wrong_option_is_named(write, options, message):
    with pytest.raises(OptionError, match=message):
        cn.read_csv(write(GOOD), **options)


def test_times_of_the_options_are_local(write):
    cohort = cn.read_csv(
        write(GOOD), as_of="2026-07-01", observed_from="2026-06-01T00:00Z", timezone="Europe/London"
    )
    assert cohort.as_of.isoformat() == "2026-06-30T23:00:00+00:00"
    assert cohort.observed_from.isoformat() == "2026-06-01T00:00:00+00:00"


def test_frames_of_another_kind_are_refused():
    with pytest.raises(DataError, match="For a file use read_csv"):
        cn.from_frames("a.csv")
    with pytest.raises(DataError, match="not list"):
        cn.from_frames([{"client_id": "c1"}])
    with pytest.raises(DataError, match="the one table"):
        cn.from_frames(None)


def test_a_column_of_lists_is_refused_only_where_it_is_read():
    frame = APPOINTMENTS.with_columns(tags=pl.lit([["a"]]))
    assert cn.from_frames(frame).appointments.collect().height == 3
    with pytest.raises(DataError, match="'site' holds List"):
        cn.from_frames(frame.rename({"tags": "site"}))


@pytest.mark.parametrize(
    ("start", "outcome", "says", "advised"),
    [
        ("31/01/2026", "attended", "start: is not a date or time", True),
        ("2026-01-31", "here", "outcome: a value is not in the vocabulary", False),
    ],
)
def test_how_times_are_written_is_advised_only_where_times_are_at_fault(
    tmp_path, start, outcome, says, advised
):
    path = tmp_path / "a.csv"
    path.write_text(f"client_id,start,outcome\nc1,{start},{outcome}\n")
    with pytest.raises(DataError) as told:
        cn.read_csv(path)
    assert "1 row was rejected" in str(told.value)
    assert says in str(told.value)
    assert ("how times are written" in str(told.value)) == advised
