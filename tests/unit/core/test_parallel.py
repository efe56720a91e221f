"""Work done part by part gives the same answers wherever it runs."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import carenotebook as cn
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.parallel import each_part


def rows(cohort):
    return cohort.appointments.collect().height


@pytest.fixture
def saved(tmp_path):
    cohort, _ = cn.synthetic_cohort(clients=60, seed=2)
    return cn.load(cohort.save(tmp_path / "cohort", partitions=5))


def test_each_part_is_worked_on_once_and_answers_come_in_order(saved):
    answers = list(each_part(rows, saved))

    assert sum(answers) == rows(saved)
    assert answers == [p["appointments"].collect().height for p in saved.parts]
    with ThreadPoolExecutor(3) as pool:
        assert list(each_part(rows, saved, pool)) == answers


def test_processes_that_are_spawned_answer_alike(saved):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        elsewhere = list(each_part(Cohort.spans, saved, pool))

    here = list(each_part(Cohort.spans, saved))
    assert all(a.equals(b) for a, b in zip(elsewhere, here, strict=True))


def test_a_pool_that_forks_is_refused(saved):
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(OptionError, match="spawn"),
    ):
        each_part(rows, saved, pool)


def test_what_is_no_executor_is_refused(saved):
    with pytest.raises(OptionError, match="get_executor"):
        each_part(rows, saved, 2)


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_a_part_that_cannot_be_read_is_named(saved, tmp_path, executor):
    damaged = next((tmp_path / "cohort").glob("data-*/appointments/part-00003.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:100])

    with pytest.raises(DataError, match="Partition 3 "):
        list(each_part(rows, saved, executor and executor(1)))


def test_a_part_that_is_gone_is_named(saved, tmp_path):
    next((tmp_path / "cohort").glob("data-*/appointments/part-00002.parquet")).unlink()

    with pytest.raises(DataError, match=r"Partition 2 .*cannot be read"):
        list(each_part(rows, saved))


def test_a_fault_of_the_work_itself_is_not_hidden(saved):
    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(each_part(fail, saved))
