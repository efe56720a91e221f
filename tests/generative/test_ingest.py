"""Rows in = accepted + rejected, whatever the texts of a table are."""

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.core import schema
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.quarantine import RawTable
from carenotebook.ingest.settings import Settings

DAYS = [f"2026-{month:02}-{day:02}" for month in (1, 2, 3) for day in (1, 29, 31)]
TIMES = st.sampled_from([*DAYS, "2026-03-29 01:30", "2026-10-25 01:30", "2026-01-01T10:00Z"])
NOISE = st.sampled_from([None, "", " ", "NA", "x", "-1", "99", "1.5", "nan", "2026-02-31", "é\n"])
IDS = st.sampled_from(["a", "b", " a"])


def _cell(dtype, column):
    if isinstance(dtype, pl.Datetime):
        valid = TIMES
    elif isinstance(dtype, pl.Enum):
        valid = st.sampled_from(dtype.categories.to_list())
    elif dtype == pl.Boolean:
        valid = st.sampled_from(["true", "No", "1"])
    elif dtype.is_numeric():
        valid = st.sampled_from(["0", "2", "3.0"])
    elif column == "instrument":
        valid = st.sampled_from(["PHQ-9", "own scale"])
    else:
        valid = IDS
    return st.one_of(valid, valid, valid, NOISE)


@st.composite
def raw_tables(draw, table):
    dtypes = schema.dtypes(table)
    required = schema.required_columns(table)
    chosen = [c for c in dtypes if c in required or draw(st.booleans())]
    height = draw(st.integers(0, 8))
    return pl.DataFrame(
        {c: draw(st.lists(_cell(dtypes[c], c), min_size=height, max_size=height)) for c in chosen},
        schema=dict.fromkeys(chosen, pl.String),
    )


@st.composite
def sources(draw):
    others = [t for t in schema.TABLES if t != "appointments" and draw(st.booleans())]
    return {t: draw(raw_tables(t)) for t in ("appointments", *others)}


@settings(max_examples=150)
@given(sources(), st.sampled_from(["UTC", "Europe/London"]))
def test_no_row_is_lost_and_every_accepted_row_fits_the_schema(frames, timezone):
    raw = {t: RawTable(f, typed=False) for t, f in frames.items()}
    cohort = assemble(raw, None, Settings(timezone, as_of="2027-01-01"))
    assert cohort.rejected.schema["row"] == pl.Int64
    for table, frame in frames.items():
        accepted = cohort.table(table).collect()
        rejected = cohort.rejected.filter(pl.col("table") == table)
        numbers = rejected["row"].to_list()
        assert frame.height == cohort.rows_in[table] == accepted.height + rejected.height
        assert sorted(set(numbers)) == sorted(numbers)
        assert [json.loads(text) for text in rejected["raw"]] == [
            frame.row(n - 1, named=True) for n in numbers
        ]
        assert rejected["reason"].null_count() == 0
        _check_schema(table, accepted)
        _check_kept_rows(frame, accepted, numbers)
        _check_unique(table, accepted)


def _check_schema(table, accepted):
    lacking = [c for c in schema.dtypes(table) if c not in accepted.columns]
    full = accepted.with_columns(pl.lit(None).alias(c) for c in lacking)
    schema.TABLES[table].validate(full, cast=True)
    assert {c: accepted.schema[c] for c in accepted.columns if c in schema.dtypes(table)} == {
        c: d for c, d in schema.dtypes(table).items() if c in accepted.columns
    }


def _check_kept_rows(frame, accepted, rejected_numbers):
    """The clients of accepted rows are those of the rows that were not rejected."""
    if "client_id" in frame.columns:
        kept = [r for i, r in enumerate(frame["client_id"], start=1) if i not in rejected_numbers]
        assert sorted(accepted["client_id"]) == sorted(r.strip() for r in kept)


def _check_unique(table, accepted):
    key = [c for c in schema.UNIQUE.get(table, ()) if c in accepted.columns]
    if key and len(key) == len(schema.UNIQUE[table]):
        assert not accepted.select(key).drop_nulls().is_duplicated().any()
    if table == "episodes":
        spans = accepted.with_columns(
            e=pl.col("ended_at") if "ended_at" in accepted.columns else pl.lit(None)
        )
        _check_apart(spans.select("client_id", "started_at", "e").rows())


def _check_apart(episodes):
    for i, (client, start, end) in enumerate(episodes):
        for other, other_start, other_end in episodes[i + 1 :]:
            apart = (end is not None and end <= other_start) or (
                other_end is not None and other_end <= start
            )
            assert client != other or apart


@settings(max_examples=40)
@given(raw_tables("appointments"))
def test_a_frame_of_text_and_a_csv_file_give_the_same(tmp_path_factory, frame):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    frame.write_csv(path)
    by_csv = cn.read_csv(path, as_of="2027-01-01")
    by_frame = cn.from_frames(frame, as_of="2027-01-01")
    assert by_csv.content_hash == by_frame.content_hash
    shared = ["table", "row", "column", "reason"]
    assert by_csv.rejected.select(shared).equals(by_frame.rejected.select(shared))
