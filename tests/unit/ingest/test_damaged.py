"""Every damaged input has its exact outcome: in memory, block by block, and at the command line."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from unit.ingest.damaged import CASES, GOOD, HEAD, MARK, write

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.cli import main
from carenotebook.core.errors import CareNotebookError, DataError
from carenotebook.ingest.csvfile import open_csv
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.stream import Sizes, stream_csv

NAMES = [case.name for case in CASES]


def in_memory(paths, options, _):
    return cn.read_csv(**paths, **options)


def streamed(paths, options, folder):
    settings = Settings(**options)
    return stream_csv(paths, None, settings, folder / "out", sizes=Sizes(block=64, part=2))


@pytest.mark.parametrize("read", [in_memory, streamed])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_outcome_is_exact(tmp_path, case, read):
    paths = write(case, tmp_path)
    if case.error is not None:
        with pytest.raises(CareNotebookError) as error:
            read(paths, case.options, tmp_path)
        assert str(error.value) == case.error.format(list(paths.values())[-1])
        assert MARK not in str(error.value)
        assert not (tmp_path / "out").exists()
        return
    cohort = read(paths, case.options, tmp_path)
    found = cohort.rejected.drop("raw").rows()
    expected = [(t, *reject) for t in cohort.tables for reject in case.rejected.get(t, [])]
    assert found == expected
    for table, rows in case.accepted.items():
        rejected = len(case.rejected.get(table, []))
        assert cohort.table(table).collect().height == rows
        assert cohort.rows_in[table] == rows + rejected
    for column, values in case.values.items():
        kept = cohort.appointments.collect()[column].to_list()
        assert [v.isoformat() if column == "start" else v for v in kept] == values
    for shown in (repr(cohort), repr(cohort.rejected), cohort.rejected._repr_html_()):
        assert MARK not in shown
    assert MARK not in repr(cohort.describe())


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_command_line_shows_no_traceback_and_no_value(tmp_path, capfd, case):
    paths = write(case, tmp_path)
    files = [f for t, p in paths.items() if t != "appointments" for f in (f"--{t}", str(p))]
    options = [o for n, v in case.options.items() for o in (f"--{n.replace('_', '-')}", v)]
    rule = tmp_path / "a.rule.yml"
    c.Rule("two misses", c.missed(within="90d") >= 2).save(rule)
    data = str(paths["appointments"])
    code = main(["review", data, *files, *options, "--rule", str(rule), "--json"])
    shown = capfd.readouterr()
    assert code in ({0} if case.error is None else {2, 3})
    assert MARK not in shown.out + shown.err
    assert "Traceback" not in shown.err
    assert (case.error is None) == (shown.err == "")


def test_the_table_of_outcomes_can_be_printed():
    script = Path(__file__).with_name("damaged.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == len(CASES) + 2
    assert MARK not in done.stdout


def test_a_file_that_grows_between_two_blocks_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    blocks = open_csv(path).blocks(40)
    next(blocks)
    with path.open("a") as file:
        file.write(GOOD.removeprefix(HEAD))
    with pytest.raises(DataError, match="changed while it was read"):
        list(blocks)


def test_a_file_that_is_cut_between_two_blocks_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    blocks = open_csv(path).blocks(40)
    next(blocks)
    path.write_text(GOOD[:50])
    with pytest.raises(DataError, match="changed while it was read"):
        list(blocks)


def test_a_file_that_is_removed_before_it_is_read_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    opened = open_csv(path)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.csv changed while it was read"):
        list(opened.blocks())


@pytest.mark.parametrize("into", [None, "out"])
def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path, into):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + f"{MARK}1,2026-01-05 10:00,attended\n" * 50_000)
    stop = threading.Event()

    def write_on():
        with path.open("a") as file:
            while not stop.is_set():
                file.write(f"{MARK}2,2026-01-05 10:00,attended\n")
                file.flush()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        with pytest.raises(DataError, match=r"a\.csv changed while it was read"):
            cn.read_csv(path, into=into and tmp_path / into)
    finally:
        stop.set()
        writer.join()
    assert not (tmp_path / "out").exists()


FULL = """
import resource, sys
import carenotebook as cn

resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    cn.read_csv(sys.argv[1], into=sys.argv[2])
except cn.core.errors.DataError as error:
    print(error)
"""


@pytest.mark.parametrize("there", [True, False])
def test_no_space_for_the_output_leaves_what_stood_there(tmp_path, there):
    path, folder = tmp_path / "a.csv", tmp_path / "out"
    path.write_text(GOOD)
    before = cn.read_csv(path, into=folder).content_hash if there else None
    lines = [f"{MARK}{i},2026-01-05 10:00,attended\n" for i in range(5000)]
    path.write_text(HEAD + "".join(lines))
    command = [sys.executable, "-c", FULL, str(path), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder}: the cohort cannot be saved there (File too large).\n"
    assert folder.exists() == there
    if there:
        assert cn.load(folder).content_hash == before
        assert len(list(folder.iterdir())) == 2
