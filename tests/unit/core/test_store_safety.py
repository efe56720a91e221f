"""A saved cohort survives a killed writer, a second writer, a full disk; damage is named."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import DataError

OLD, NEW = 3, 5

NURSERY = """
import os, signal, sys
import carenotebook as cn
import carenotebook.core.store

def die(event, arguments):
    global left
    if event.partition(".")[0] in {"open", "os", "shutil", "fcntl"}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    source, folder, last = line.split()
    left = int(last)
    child = os.fork()
    if child == 0:
        cohort = cn.load(source)
        cohort.content_hash
        if left:
            sys.addaudithook(die)
        print("saves", os.getpid(), flush=True)
        cohort.save(folder)
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """Real processes that save a cohort; each dies at the n-th call that touches the disk."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def _said(self):
        return int(self.process.stdout.readline().split()[1])

    def save(self, source, folder, last=0, wait=None):
        """The exit code; killed after so many seconds, if given."""
        self.process.stdin.write(f"{source} {folder} {last}\n")
        pid = self._said()
        if wait is not None:
            time.sleep(wait)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return self._said()


@pytest.fixture(scope="module")
def nursery():
    made = Nursery()
    yield made
    made.process.stdin.close()
    made.process.stdout.close()
    assert made.process.wait() == 0


def cohort(clients):
    ids = [f"c{i}" for i in range(clients) for _ in range(3)]
    days = [f"2026-01-{1 + i % 28:02}" for i in range(3 * clients)]
    rows = {"client_id": ids, "start": days, "outcome": ["attended", "no_show", "odd"] * clients}
    contacts = {"client_id": ["c1"], "at": days[:1], "direction": ["inbound"]}
    return cn.from_frames(pl.DataFrame(rows), contacts=pl.DataFrame(contacts))


@pytest.fixture
def sources(tmp_path):
    """Two saved cohorts, and which content belongs to which."""
    saved = {n: cohort(n).save(tmp_path / f"source-{n}") for n in (OLD, NEW)}
    return saved, {cn.load(folder).content_hash: n for n, folder in saved.items()}


def check_whole(folder, hashes):
    """Which cohort stands there, complete with its rejected rows."""
    found = cn.load(folder)
    clients = hashes[found.content_hash]
    assert found.appointments.collect().height == 2 * clients
    assert found.rejected.height == clients
    return clients


def test_killed_at_every_step_the_old_cohort_or_the_new_one_is_there(tmp_path, sources, nursery):
    saved, hashes = sources
    folder = cn.load(saved[OLD]).save(tmp_path / "cohort")
    seen = []
    for last in range(1, 300):
        ended = nursery.save(saved[NEW], folder, last)
        seen.append(check_whole(folder, hashes))
        assert len(list(folder.glob("data-*"))) <= 3
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        if seen[-1] == NEW:
            cn.load(saved[OLD]).save(folder)
            assert len(list(folder.iterdir())) == 3
    assert set(seen) == {OLD, NEW}
    assert len(seen) > 20
    cn.load(saved[OLD]).save(folder)
    names = sorted(p.name.partition("-")[0] for p in folder.iterdir())
    assert names == ["data", "data", "manifest.json"]


def test_killed_at_any_time_the_old_cohort_or_the_new_one_is_there(tmp_path, sources, nursery):
    saved, hashes = sources
    folder = cn.load(saved[OLD]).save(tmp_path / "cohort")
    rng = np.random.default_rng(1)
    for _ in range(40):
        nursery.save(saved[NEW], folder, wait=rng.uniform(0, 0.03))
        check_whole(folder, hashes)
    cn.load(saved[NEW]).save(folder)
    assert len(list(folder.iterdir())) == 3


def test_the_first_save_killed_leaves_a_folder_that_the_next_can_use(tmp_path, sources, nursery):
    saved, hashes = sources
    folder = tmp_path / "cohort"
    assert nursery.save(saved[NEW], folder, 12) == -signal.SIGKILL
    with pytest.raises(DataError, match="holds no saved cohort"):
        cn.load(folder)
    cn.load(saved[NEW]).save(folder)
    assert check_whole(folder, hashes) == NEW
    assert len(list(folder.iterdir())) == 2


SAVE_OFTEN = """
import sys
import carenotebook as cn

cohort = cn.load(sys.argv[1])
for _ in range(15):
    cohort.save(sys.argv[2])
"""


def test_two_writers_take_turns_and_a_reader_sees_one_or_the_other(tmp_path, sources):
    saved, hashes = sources
    folder = cn.load(saved[OLD]).save(tmp_path / "cohort")
    commands = [[sys.executable, "-c", SAVE_OFTEN, str(s), str(folder)] for s in saved.values()]
    writers = [subprocess.Popen(c, stderr=subprocess.PIPE, text=True) for c in commands]
    reads = 0
    while any(w.poll() is None for w in writers):
        assert cn.load(folder).content_hash in hashes
        reads += 1
    assert [w.communicate()[1] for w in writers] == ["", ""]
    assert [w.returncode for w in writers] == [0, 0]
    assert reads > 0
    check_whole(folder, hashes)
    assert len(list(folder.iterdir())) == 3


FULL = """
import resource, sys
import carenotebook as cn

cohort = cn.load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))
try:
    cohort.save(sys.argv[2])
except cn.core.errors.DataError as error:
    print(error)
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_takes_no_more_leaves_the_old_cohort_and_nothing_else(tmp_path, sources, there):
    saved, hashes = sources
    folder = tmp_path / "cohort"
    if there:
        cn.load(saved[OLD]).save(folder)
    command = [sys.executable, "-c", FULL, str(saved[NEW]), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder}: the cohort cannot be saved there (File too large).\n"
    if there:
        assert check_whole(folder, hashes) == OLD
        assert len(list(folder.iterdir())) == 2
    assert folder.exists() == there


def test_a_full_disk_is_named(tmp_path, sources):
    saved, hashes = sources
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        cn.load(saved[OLD]).save(disk / "cohort")
        with pytest.raises(DataError, match=r"cannot be saved there \(No space left on device\)"):
            big(40_000).save(disk / "cohort")
        assert check_whole(disk / "cohort", hashes) == OLD
        assert len(list((disk / "cohort").iterdir())) == 2
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def big(clients):
    ids = np.random.default_rng(1).integers(10**9, size=clients)
    rows = {"client_id": ids, "start": "2026-01-05", "outcome": "attended"}
    return cn.from_frames(pl.DataFrame(rows))


def truncated(path):
    path.write_bytes(path.read_bytes()[:-9])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def longer(path):
    path.write_bytes(path.read_bytes() + b"\0")


def missing(path):
    path.unlink()


@pytest.mark.parametrize(
    "file", ["appointments/part-00000", "contacts/part-00001", "rejected/part-00000"]
)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncated, "has .* bytes where .* were written"),
        (flipped, "is not what was written"),
        (longer, "has .* bytes where .* were written"),
        (missing, "is missing"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, file, damage, words):
    folder = cohort(NEW).save(tmp_path / "cohort", partitions=2)
    path = next(folder.glob(f"data-*/{file}*"))
    damage(path)
    with pytest.raises(DataError, match=f"{path.name} {words}.*damaged. Save the cohort again"):
        cn.load(folder)


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m | {"as_of": "2020-01-01T00:00:00+00:00"},
        lambda m: m | {"partitions": 0},
        lambda m: m | {"files": {}},
        lambda m: {n: v for n, v in m.items() if n != "seal"},
        lambda m: m | {"more": 1},
    ],
)
def test_an_edited_manifest_is_refused(tmp_path, edit):
    folder = cohort(NEW).save(tmp_path / "cohort")
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(edit(json.loads(manifest.read_text()))))
    with pytest.raises(DataError, match="was changed after it was written"):
        cn.load(folder)
    with pytest.raises(DataError, match="was changed after it was written"):
        cohort(OLD).save(folder)


def test_what_is_no_folder_of_a_cohort_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        cn.load(tmp_path / "nowhere")
    file = tmp_path / "a.csv"
    file.write_text("x")
    with pytest.raises(DataError, match=r"a\.csv is a file"):
        cn.load(file)
    with pytest.raises(DataError, match=r"a\.csv is a file"):
        cohort(OLD).save(file)
