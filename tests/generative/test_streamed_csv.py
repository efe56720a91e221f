"""A cohort that is read block by block equals the one that is read into memory."""

import csv

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.core.errors import DataError
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.csvfile import open_csv, read_csv_file
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.stream import Sizes, stream_csv

OPTIONS = Settings("Europe/London", observed_from="2026-01-02", as_of="2027-01-01")
IDS = st.sampled_from([f"c{i}" for i in range(6)] + ["", " c1", "é"])
TIMES = st.sampled_from(
    ["2026-01-05", "2026-02-31", "2026-03-29 01:30", "2026-10-25 01:30", "2026-05-01T10:00Z", "x"]
)
NOISE = st.sampled_from(["", "a,b", 'say "so"', "two\nlines", "crlf\r\n", "é" * 5, ";", " "])


def rows(*columns):
    return st.lists(st.tuples(*columns), max_size=25)


TABLES = {
    "appointments": (
        ["appointment_id", "client_id", "start", "outcome", "cancelled_at", "site"],
        rows(
            st.sampled_from(["", *"abcdefghijklm"]),
            IDS,
            TIMES,
            st.sampled_from(["attended", "no_show", "late_cancel", "early_cancel", "odd"]),
            st.one_of(st.just(""), TIMES),
            NOISE,
        ),
    ),
    "episodes": (["client_id", "started_at", "ended_at"], rows(IDS, TIMES, TIMES)),
    "measures": (
        ["client_id", "at", "instrument", "score"],
        rows(IDS, TIMES, st.sampled_from(["PHQ-9", "own"]), st.sampled_from(["3", "99", "x"])),
    ),
    "clients": (["client_id", "age", "note"], rows(IDS, st.sampled_from(["1", "02", ""]), NOISE)),
    "policies": (
        ["policy", "kind", "start"],
        rows(st.sampled_from(["fee", ""]), st.sampled_from(["late_fee", "?"]), TIMES),
    ),
}


@st.composite
def files(draw):
    made = {}
    for table, (header, content) in TABLES.items():
        if table == "appointments" or draw(st.booleans()):
            lines = [list(r) for r in draw(content)]
            for line in lines:
                if draw(st.integers(0, 9)) == 0:
                    line.append("more") if draw(st.booleans()) else line.pop()
            quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
            made[table] = ([header, *lines], quoting, draw(st.sampled_from(["\n", "\r\n"])))
    return made


def write(folder, made):
    paths = {}
    for table, (lines, quoting, end) in made.items():
        paths[table] = folder / f"{table}.csv"
        with paths[table].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=quoting, lineterminator=end).writerows(lines)
    return paths


@settings(max_examples=60)
@given(files(), st.sampled_from([1, 40, 300, 10**6]), st.sampled_from([1, 5, 1000]))
def test_block_by_block_and_in_memory_give_the_same(tmp_path_factory, made, block, part):
    folder = tmp_path_factory.mktemp("stream")
    paths = write(folder, made)
    whole = assemble({t: read_csv_file(p) for t, p in paths.items()}, None, OPTIONS)
    streamed = stream_csv(paths, None, OPTIONS, folder / "out", sizes=Sizes(block, part))
    assert streamed.content_hash == whole.content_hash
    assert streamed.rejected.equals(whole.rejected)
    assert streamed.rows_in == whole.rows_in
    check_parts(streamed)
    loaded = cn.load(folder / "out")
    assert loaded.content_hash == whole.content_hash
    for table in whole.tables:
        assert streamed.table(table).collect().equals(whole.table(table).collect())
        accepted = streamed.table(table).collect().height
        rejected = streamed.rejected.filter(pl.col("table") == table).height
        assert streamed.rows_in[table] == accepted + rejected == len(made[table][0]) - 1


def check_parts(cohort):
    """Clients are numbered in their order, and each stands in one part."""
    seen = []
    for part in cohort.parts:
        ids = [
            f.select("_client", "client_id").collect() for n, f in part.items() if n != "policies"
        ]
        seen += pl.concat(ids).unique().sort("_client").rows()
    assert seen == [(i, name) for i, name in enumerate(sorted({n for _, n in seen}))]


def read_blocks(path, size):
    opened = open_csv(path)
    try:
        return [(b, opened.parse(b)) for b in opened.blocks(size)]
    except DataError:
        return None


@settings(max_examples=150)
@given(st.text(st.sampled_from('ab,"\n\r;é'), max_size=60), st.sampled_from([1, 7, 1000]))
def test_any_text_is_read_as_the_standard_library_reads_it(tmp_path_factory, text, block):
    """Where the file is CSV at all, every row has the fields that `csv` finds, at every size."""
    path = tmp_path_factory.mktemp("text") / "a.csv"
    path.write_bytes(b"x,y\n" + text.encode())
    with path.open(encoding="utf-8", newline="") as file:
        try:
            expected = list(csv.reader(file, strict=True))[1:]
        except csv.Error:
            expected = None
    read = read_blocks(path, block)
    if read is None:
        assert expected is None or "\r" in text
        return
    assert expected is not None
    found = [r for _, raw in read for r in raw.frame.rows()]
    broken = {b.first + i for b, raw in read for i in raw.broken}
    assert len(found) == len(expected)
    for i, fields in enumerate(expected):
        assert (i in broken) == (len(fields) not in {0, 2})
        if len(fields) in {0, 2}:
            assert [f or "" for f in found[i]] == (fields or ["", ""])


@pytest.mark.parametrize("block", [1, 10, 1000])
def test_a_block_is_read_again_as_it_was(tmp_path, block):
    path = tmp_path / "a.csv"
    path.write_text('x,y\n1,"a\nb"\n2\n"3",""\n4,c"d\n5,e\n')
    opened = open_csv(path)
    for one in opened.blocks(block):
        once, again = opened.parse(one), opened.again(one.offset, one.size, one.first)
        assert once.frame.equals(again.frame)
        assert once.broken == again.broken
