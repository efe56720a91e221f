"""Files with random damage are refused, or lose no row; nobody's value is in a message."""

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.core.errors import CareNotebookError
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.stream import Sizes, stream_csv

MARK = "Zq7marker"
FRAME = pl.DataFrame(
    {
        "client_id": [f"{MARK}{i % 7}" for i in range(30)],
        "start": [f"2026-01-{1 + i % 28:02} 10:00" for i in range(30)],
        "outcome": ["attended", "no_show", MARK] * 10,
        "site": [None, 'two\n"lines"', "é,é"] * 10,
        "duration_min": [50.0, -1.0, None] * 10,
    }
)


def excel(frame, path):
    book = openpyxl.Workbook()
    book.active.append(frame.columns)
    for row in frame.iter_rows():
        book.active.append(row)
    book.save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("mutated")
    FRAME.write_csv(made / "good.csv")
    FRAME.write_parquet(made / "good.parquet")
    excel(FRAME, made / "good.xlsx")
    return made


CHANGES = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("flip"), st.floats(0, 1), st.integers(0, 7)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(
        st.just("insert"), st.floats(0, 1), st.sampled_from([b'"', b"\n", b",", b"\0", b"\r"])
    ),
)


def mutated(content, changes):
    data = bytearray(content)
    for kind, where, what in changes:
        at = min(int(where * len(data)), len(data) - 1)
        if kind == "cut":
            del data[at:]
        elif kind == "flip" and data:
            data[at] ^= 1 << what
        elif kind == "insert":
            data[at:at] = what
    return bytes(data)


def outcome(read):
    """What the cohort holds; None where the file was refused."""
    try:
        cohort = read()
    except CareNotebookError as error:
        said = str(error)
    else:
        accepted = cohort.appointments.collect().height
        assert cohort.rows_in["appointments"] == accepted + cohort.rejected.height
        assert MARK not in repr(cohort.rejected) + repr(cohort.describe())
        return cohort.content_hash, cohort.rejected.rows()
    assert MARK not in said
    return None


@settings(max_examples=120)
@given(st.lists(CHANGES, min_size=1, max_size=4), st.sampled_from([1, 100, 10**6]))
def test_a_mutated_csv_has_one_outcome_however_it_is_read(folder, changes, block):
    path = folder / "mutated.csv"
    path.write_bytes(mutated((folder / "good.csv").read_bytes(), changes))
    options = Settings(as_of="2027-01-01")
    paths = {"appointments": path}
    whole = outcome(lambda: cn.read_csv(path, as_of="2027-01-01"))
    sizes = Sizes(block, part=7)
    streamed = outcome(lambda: stream_csv(paths, None, options, folder / "out", sizes=sizes))
    assert streamed == whole


@pytest.mark.parametrize(("kind", "read"), [("parquet", cn.read_parquet), ("xlsx", cn.read_excel)])
@settings(max_examples=80)
@given(changes=st.lists(CHANGES, min_size=1, max_size=4))
def test_a_mutated_parquet_or_excel_file_is_refused_or_loses_no_row(folder, kind, read, changes):
    path = folder / f"mutated.{kind}"
    path.write_bytes(mutated((folder / f"good.{kind}").read_bytes(), changes))
    outcome(lambda: read(path, as_of="2027-01-01"))
