"""Reading block by block: interrupted, killed, shown on a terminal, and kept while it is needed."""

import os
import pty
import signal
import subprocess
import sys
import termios
import time

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import DataError, MappingError, OptionError
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.stream import Sizes, stream_csv

ROWS = 30_000

READ = """
import sys
from pathlib import Path
import carenotebook as cn
from carenotebook.ingest import files
from carenotebook.ingest import stream
import dataframely, numpy, tqdm

stream.Sizes.__init__.__defaults__ = (30_000, 3_000)
files.LARGE = 1
print("ready", flush=True)
into = Path(sys.argv[2]) if sys.argv[2] else None
cohort = cn.read_csv(sys.argv[1], into=into, progress=len(sys.argv) > 3 or None)
print("read", cohort.content_hash, flush=True)
if into is None:
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file in which some ids are repeated."""
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("stream") / "a.csv"
    pl.DataFrame(
        {
            "client_id": [f"c{i:04}" for i in rng.integers(0, 1500, ROWS)],
            "start": [f"2026-{1 + i % 12:02}-{1 + i % 28:02} 10:{i % 60:02}" for i in range(ROWS)],
            "outcome": rng.choice(["attended", "no_show", "odd"], ROWS, p=[0.7, 0.29, 0.01]),
            "appointment_id": [f"a{i}" for i in rng.integers(0, 10**6, ROWS)],
        }
    ).write_csv(path)
    return path


def start(path, into, *, temp, more=(), **options):
    command = [sys.executable, "-c", READ, str(path), str(into or ""), *more]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = os.environ | {"TMPDIR": str(temp)}
    process = subprocess.Popen(command, text=True, env=environment, **pipes | options)
    assert process.stdout.readline() == "ready\n"
    return process


def check_old_or_new(folder, old, new):
    found = cn.load(folder).content_hash
    assert found in {old, new}
    return found


def test_interrupted_at_any_time_it_leaves_the_old_cohort_or_the_new_one(tmp_path, path):
    whole = cn.read_csv(path)
    folder = tmp_path / "out"
    old = cn.read_csv(path, as_of="2027-01-01", into=folder).content_hash
    rng = np.random.default_rng(2)
    interrupted = 0
    for _ in range(4):
        process = start(path, folder, temp=tmp_path)
        time.sleep(rng.uniform(0, 0.8))
        process.send_signal(signal.SIGINT)
        process.communicate()
        interrupted += process.returncode != 0
        check_old_or_new(folder, old, whole.content_hash)
        assert not list(folder.glob("*/scratch"))
        assert len(list(folder.iterdir())) <= 3
    assert interrupted


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_first_read_that_is_cut_off_leaves_nothing_that_the_next_does_not_clear(
    tmp_path, path, kill
):
    folder = tmp_path / "out"
    process = start(path, folder, temp=tmp_path)
    while not list(folder.glob("*/scratch/appointments/*")):
        assert process.poll() is None
    process.send_signal(kill)
    process.communicate()
    assert process.returncode != 0
    if kill == signal.SIGINT:
        assert not folder.exists()
    else:
        with pytest.raises(DataError, match="holds no saved cohort"):
            cn.load(folder)
    made = cn.read_csv(path, into=folder)
    assert len(list(folder.iterdir())) == 2
    assert cn.load(folder).content_hash == made.content_hash


def test_without_a_folder_the_cohort_lasts_as_long_as_the_process(tmp_path, path):
    process = start(path, None, temp=tmp_path)
    told = process.stdout.readline().split()
    assert told == ["read", cn.read_csv(path).content_hash]
    (made,) = tmp_path.iterdir()
    assert made.stat().st_mode & 0o777 == 0o700
    other = start(path, None, temp=tmp_path)
    other.stdout.readline()
    assert made.exists()
    assert len(list(tmp_path.iterdir())) == 2
    other.send_signal(signal.SIGKILL)
    other.communicate()
    third = start(path, None, temp=tmp_path)
    third.stdout.readline()
    assert made.exists()
    assert len(list(tmp_path.iterdir())) == 2
    for one in (process, third):
        one.communicate("")
        assert one.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_shows_rows_rate_and_time_left(tmp_path, path):
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 100))
    process = start(path, tmp_path / "out", temp=tmp_path, stderr=follower)
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 1 << 16):
            shown += piece
    except OSError:
        pass
    process.communicate()
    os.close(leader)
    text = shown.decode()
    assert "reading appointments" in text
    assert "sorting" in text
    assert " rows/s]" in text
    assert "k/30.0k" in text
    assert "<" in text
    assert "c0" not in text


@pytest.mark.parametrize(("more", "shown"), [((), False), (("progress",), True)])
def test_elsewhere_a_bar_is_shown_if_asked_for(tmp_path, path, more, shown):
    process = start(path, tmp_path / "out", temp=tmp_path, more=more)
    _, error = process.communicate()
    assert ("sorting" in error) == shown
    assert process.returncode == 0


def test_parts_are_of_the_size_that_is_asked_for(tmp_path, path):
    sizes = Sizes(block=100_000, part=3000)
    made = stream_csv({"appointments": path}, None, Settings(), tmp_path / "out", sizes=sizes)
    heights = [p["appointments"].collect().height for p in made.parts]
    assert len(heights) == 10
    assert max(heights) < 2 * 3000
    assert made.content_hash == cn.read_csv(path).content_hash
    assert made.rejected.equals(cn.read_csv(path).rejected)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mapping": {"appointments": {"client_id": "x"}}}, MappingError, "no column 'x'"),
        ({"episode_end": "4 months"}, OptionError, "is not a duration"),
        ({"as_of": "2020-01-01", "observed_from": "2021-01-01"}, OptionError, "nothing would be"),
    ],
)
def test_what_is_wrong_leaves_no_folder(tmp_path, path, options, error, words):
    with pytest.raises(error, match=words):
        cn.read_csv(path, into=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_files_is_refused_before_anything_is_read(tmp_path, path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match="holds other files"):
        cn.read_csv(path, into=tmp_path)
    with pytest.raises(DataError, match="is a file"):
        cn.read_csv(path, into=tmp_path / "notes.txt")


def test_the_command_line_is_interrupted_without_a_trace(tmp_path, path):
    script = READ.replace(
        "cohort = cn.read_csv",
        "from carenotebook.cli import main\nraise SystemExit"
        "(main(['review', sys.argv[1], '--rule', sys.argv[3], '--json']))\ncohort = cn.read_csv",
    )
    from carenotebook import criteria as c

    c.Rule("two misses", c.missed(within="90d") >= 2).save(tmp_path / "a.rule.yml")
    temp = tmp_path / "temp"
    temp.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path), "", str(tmp_path / "a.rule.yml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temp)},
    )
    while not list(temp.glob("*/cohort/*/scratch")):
        assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert (process.returncode, error) == (130, "carenotebook: error: interrupted\n")
    assert list(temp.iterdir()) == []
