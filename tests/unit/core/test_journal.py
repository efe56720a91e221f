"""Answers to check-ins survive a killed writer, a second writer, a retry; rules see them."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import CareNotebookWarning, DataError, OptionError
from carenotebook.core.journal import (
    JOURNAL,
    CheckInAnswer,
    append_checkins,
    read_journal,
)

AT = datetime(2026, 1, 20, 9, tzinfo=UTC)
WORDS = "I cannot get up in the morning"


def cohort(**options):
    ids = [f"c{i}" for i in range(6) for _ in range(3)]
    days = [f"2026-01-{1 + 9 * (i % 3):02}" for i in range(18)]
    rows = pl.DataFrame({"client_id": ids, "start": days, "outcome": "attended"})
    return cn.from_frames(rows, as_of="2026-02-01", episode_end="as_of", **options)


def answer(client="c1", key="k", **given):
    return CheckInAnswer(client, key=key, at=given.pop("at", AT), **given)


@pytest.fixture
def folder(tmp_path):
    return cohort().save(tmp_path / "cohort", partitions=2)


def test_rules_see_what_was_answered(folder):
    contacts = pl.DataFrame({"client_id": ["c5"], "at": ["2026-01-01"], "direction": ["outbound"]})
    cohort(contacts=contacts).save(folder)
    append_checkins(folder, [answer(barriers=("cost", "stuck"), progress=4)])
    loaded = cn.load(folder)
    named = cn.replay(c.Rule("cost", c.barriers("cost", within="30d") >= 1), loaded)
    assert named.first["client_id"].to_list() == ["c1"]
    silent = cn.replay(c.Rule("silent", c.days_since_heard() >= "300h"), loaded).first
    assert sorted(silent["client_id"]) == ["c0", "c2", "c3", "c4", "c5"]


def test_a_cohort_without_check_ins_gets_the_table(folder):
    assert cn.load(folder).checkins is None
    append_checkins(folder, [answer("c4", barriers=(), wants_to_continue=True)])
    rows = cn.load(folder).checkins.collect()
    assert rows.rows() == [("c4", AT, None, None, True, "k")]


def test_what_was_read_from_elsewhere_stays_beside_what_was_answered(tmp_path):
    theirs = pl.DataFrame({"client_id": ["c1", "c2"], "at": ["2026-01-25", "2026-01-02"]})
    home = cohort(checkins=theirs.with_columns(barrier=pl.lit("cost"))).save(tmp_path / "x", 2)
    append_checkins(home, [answer(barriers=("forgot",))])
    loaded = cn.load(home)
    rows = loaded.checkins.select("client_id", "barrier", "checkin_id").collect().rows()
    assert rows == [("c1", "forgot", "k"), ("c1", "cost", None), ("c2", "cost", None)]
    assert loaded.rows_in["checkins"] == 3


def test_an_answer_is_added_once_however_often_it_is_sent(folder):
    assert append_checkins(folder, [answer(), answer()]) == 1
    assert append_checkins(folder, [answer(barriers=("cost",))]) == 0
    assert append_checkins(folder, [answer(key="other")]) == 1
    loaded = cn.load(folder)
    assert loaded.checkins.collect().height == 2
    again = cn.load(loaded.save(folder))
    assert again.content_hash == loaded.content_hash
    assert again.rows_in == loaded.rows_in
    elsewhere = cn.load(loaded.save(folder.parent / "elsewhere", 3))
    assert elsewhere.content_hash == loaded.content_hash


ODD_TEXTS = {
    "lines": "two\nlines\r\nand \0",
    "quotes": 'it\'s "quoted" \\n',
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202e \U0001f600",
    "brackets": "{}",
    "space": " ",
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_any_text_comes_back_as_it_was(folder, text):
    given = answer(client=text, words=text, progress=2.5, wants_to_continue=False)
    append_checkins(folder, [given, answer(key="after")])
    (_, first), (_, second) = read_journal(folder).answers
    assert first == given
    assert second.key == "after"


def test_a_new_extract_in_the_same_folder_keeps_the_answers(folder, tmp_path):
    append_checkins(folder, [answer()])
    (tmp_path / "a.csv").write_text("client_id,start,outcome\nc1,2026-02-02,attended\n")
    read = cn.read_csv(tmp_path / "a.csv", into=folder)
    assert read.checkins.collect()["checkin_id"].to_list() == ["k"]
    assert cn.load(folder).content_hash == read.content_hash


def test_a_client_whom_the_cohort_does_not_know_is_set_aside(folder):
    append_checkins(folder, [answer("stranger", words=WORDS), answer("c2", key="2")])
    loaded = cn.load(folder)
    assert loaded.checkins.collect()["client_id"].to_list() == ["c2"]
    assert loaded.rejected["row", "column", "raw"].rows() == [(1, "client_id", None)]
    assert loaded.rows_in["checkins"] == 2
    again = cn.load(loaded.save(folder))
    assert again.rejected.height == 1
    assert again.rows_in == loaded.rows_in
    assert WORDS not in str(again.rejected.to_dicts())


def test_what_was_answered_after_the_data_end_is_kept_and_told(folder):
    append_checkins(folder, [answer(at=datetime(2026, 2, 9, tzinfo=UTC))])
    with pytest.warns(CareNotebookWarning, match="at or after the cohort's as_of"):
        loaded = cn.load(folder)
    assert loaded.checkins.collect().height == 1
    assert loaded.as_of == datetime(2026, 2, 1, tzinfo=UTC)
    assert cn.load(folder, as_of="2026-02-10").as_of == datetime(2026, 2, 10, tzinfo=UTC)
    with pytest.raises(OptionError, match="as_of='soon' is not a time"):
        cn.load(folder, as_of="soon")


def test_cut_at_any_byte_no_whole_line_is_lost_and_the_rest_is_told(folder):
    append_checkins(folder, [answer(key="1"), answer("c2", key="2", words=WORDS)])
    path = folder / JOURNAL
    whole = path.read_bytes()
    first = whole.index(b"\n")
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = sum(end <= size for end in (first, len(whole) - 1))
        found = read_journal(folder)
        assert [a.key for _, a in found.answers] == ["1", "2"][:kept]
        tail = whole[:size].rpartition(b"\n")[2]
        assert len(found.damaged) == (tail not in {b"", *whole.split(b"\n")})
        again = [answer("c3", key="3"), answer("c2", key="2")]
        assert append_checkins(folder, again) == (1 if kept == 2 else 2)
        after = read_journal(folder)
        assert {a.key for _, a in after.answers} == {*["1", "2"][:kept], "2", "3"}
        assert after.damaged == found.damaged


@pytest.mark.parametrize("place", [3, 40, -5])
def test_a_line_that_was_changed_is_set_aside_and_told(folder, place):
    append_checkins(folder, [answer("c0", key="0"), answer("c1", words=WORDS)])
    path = folder / JOURNAL
    first, second, _ = path.read_bytes().split(b"\n")
    changed = bytearray(second)
    changed[place] ^= 4
    path.write_bytes(first + b"\n" + changed + b"\n")
    loaded = cn.load(folder)
    assert loaded.checkins.collect()["client_id"].to_list() == ["c0"]
    assert loaded.rejected.rows() == [
        ("checkins", 2, None, "the line of checkins.journal is cut off or damaged", None)
    ]


WRITER = """
import os, signal, sys
from carenotebook.core.journal import CheckInAnswer, append_checkins

def die(event, arguments):
    global left
    if event.partition(".")[0] in {"open", "os", "fcntl"}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def write_and_die(descriptor, content, write=os.write):
    write(descriptor, content[:most])
    os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    folder, key, how, last = line.split()
    child = os.fork()
    if child == 0:
        left = most = int(last)
        answer = CheckInAnswer("c1", ("cost",), key=key)
        if how == "step":
            sys.addaudithook(die)
        elif how == "byte":
            os.write = write_and_die
        append_checkins(folder, [answer])
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def writer():
    """A process that forks one that writes an answer and is killed on the way."""
    command = [sys.executable, "-c", WRITER]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )

    def write(folder, key, how, last):
        process.stdin.write(f"{folder} {key} {how} {last}\n")
        return int(process.stdout.readline())

    yield write
    process.stdin.close()
    process.stdout.close()
    assert process.wait() == 0


def test_killed_at_every_step_an_answer_is_there_once_after_it_is_sent_again(folder, writer):
    ended, last = -signal.SIGKILL, 0
    while ended:
        last += 1
        ended = writer(folder, f"k{last}", "step", last)
        assert ended in {0, -signal.SIGKILL}
        there = [a.key for _, a in read_journal(folder).answers]
        assert there in ([f"k{i}" for i in range(1, last)], [f"k{i}" for i in range(1, last + 1)])
        assert writer(folder, f"k{last}", "step", 0) == 0
    found = read_journal(folder)
    assert [a.key for _, a in found.answers] == [f"k{i}" for i in range(1, last + 1)]
    assert found.damaged == ()
    assert last > 5
    left = {p.name.partition("-")[0] for p in folder.iterdir()}
    assert left == {"data", "manifest.json", JOURNAL}


def test_killed_after_any_byte_an_answer_is_there_once_after_it_is_sent_again(folder, writer):
    sizes = range(0, 130, 7)
    for size in sizes:
        assert writer(folder, f"k{size:03}", "byte", size) == -signal.SIGKILL
        assert writer(folder, f"k{size:03}", "whole", 0) == 0
    found = read_journal(folder)
    assert [a.key for _, a in found.answers] == [f"k{size:03}" for size in sizes]
    assert len(found.damaged) == len(sizes) - 1
    with pytest.warns(CareNotebookWarning):
        assert cn.load(folder).checkins.collect().height == len(sizes)


MANY = """
import sys
from carenotebook.core.journal import CheckInAnswer, append_checkins

for i in range(25):
    append_checkins(sys.argv[1], [CheckInAnswer("c1", key=f"{sys.argv[2]}-{i}")])
    append_checkins(sys.argv[1], [CheckInAnswer("c2", key=f"both-{i}")])
"""


def test_two_writers_a_save_and_readers_at_once_lose_nothing(folder):
    commands = [[sys.executable, "-c", MANY, str(folder), name] for name in "ab"]
    writers = [subprocess.Popen(line, stderr=subprocess.PIPE, text=True) for line in commands]
    while any(w.poll() is None for w in writers):
        found = read_journal(folder)
        assert found.damaged == ()
        cohort().save(folder)
    assert [w.communicate()[1] for w in writers] == ["", ""]
    keys = [a.key for _, a in read_journal(folder).answers]
    assert sorted(keys) == sorted(f"{n}-{i}" for n in ("a", "b", "both") for i in range(25))


FULL = """
import resource, sys
from carenotebook.core.journal import CheckInAnswer, append_checkins

size = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    append_checkins(sys.argv[1], [CheckInAnswer("c1", key="late", words="w" * 500)])
except Exception as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_leaves_what_was_there(folder):
    append_checkins(folder, [answer()])
    before = (folder / JOURNAL).read_bytes()
    command = [sys.executable, "-c", FULL, str(folder), str(len(before) + 50)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder}: the check-in cannot be saved there (File too large).\n"
    assert (folder / JOURNAL).read_bytes() == before


def test_nothing_of_an_answer_is_told_by_accident(folder):
    told = answer(barriers=("stuck",), words=WORDS)
    append_checkins(folder, [told])
    assert repr(told) == "CheckInAnswer(answered)"
    assert repr(read_journal(folder)) == "Journal(1 check-ins, 0 damaged lines)"
    assert (folder / JOURNAL).stat().st_mode & 0o007 == 0
    for wrong in ({"barriers": (WORDS,)}, {"progress": 11}, {"words": WORDS * 100}, {"key": WORDS}):
        with pytest.raises(OptionError) as refused:
            answer(**wrong)
        assert WORDS not in str(refused.value)


def test_answers_need_a_saved_cohort(tmp_path):
    with pytest.raises(DataError, match="there is no such folder"):
        append_checkins(tmp_path / "nowhere", [answer()])
    assert list(tmp_path.iterdir()) == []


def test_an_answer_says_when_it_was_given():
    before = datetime.now(UTC)
    assert before <= CheckInAnswer("c1").at <= before + timedelta(minutes=1)
