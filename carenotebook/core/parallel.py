"""Work done part by part: in threads, or wherever an executor runs it.

Clients are independent, so a cohort splits by client. Each task gets one part and reads it where it
runs; what travels is the task, the paths of the part's files and the answer.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from carenotebook.core.errors import DataError, OptionError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from carenotebook.core.cohort import Cohort

T = TypeVar("T")


def each_part(
    work: Callable[[Cohort], T], cohort: Cohort, executor: Executor | None = None
) -> Iterator[T]:
    """What `work` answers for each part of a cohort, in the order of the parts.

    Parameters
    ----------
    work : callable
        Takes a cohort of one part. For an executor of processes, it and its answer must pickle.
    cohort : Cohort
    executor : concurrent.futures.Executor, optional
        By default threads of this process, as many as there are cores.

    Raises
    ------
    DataError
        If a part cannot be read; it names the partition and, where it is known, the file.
    OptionError
        If the executor forks processes, in which polars would wait for ever.
    """
    tasks = [
        partial(_read, work, replace(cohort, parts=(part,), rows_in={}, _rejected=None), number)
        for number, part in enumerate(cohort.parts)
    ]
    if executor is None:
        return in_threads(tasks)
    _check(executor)
    return _submitted(tasks, executor)


def in_threads(tasks: Iterable[Callable[[], T]], most: int | None = None) -> Iterator[T]:
    """Answers in order, with no more in memory than threads (at `most` so many) can work on."""
    workers = min(os.cpu_count() or 1, most or sys.maxsize)
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for task in tasks:
            pending.append(pool.submit(task))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _submitted(tasks: Iterable[Callable[[], T]], executor: Executor) -> Iterator[T]:
    futures = [executor.submit(task) for task in tasks]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _read(work: Callable[[Cohort], T], cohort: Cohort, number: int) -> T:
    try:
        return work(cohort)
    except (pl.exceptions.ComputeError, OSError) as error:
        # The text of a polars error may quote what it read, so only a path is passed on.
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        raise DataError(
            f"Partition {number} of the cohort cannot be read{where}: {type(error).__name__}. "
            "Save the cohort again, or see that every worker reaches its folder."
        ) from None


def _check(executor: Executor) -> None:
    if not isinstance(executor, Executor):
        raise OptionError(
            "executor= takes a concurrent.futures.Executor, such as Dask's Client.get_executor()."
        )
    from concurrent.futures import ProcessPoolExecutor

    if isinstance(executor, ProcessPoolExecutor) and _forks(executor):
        raise OptionError(
            "executor=: polars cannot work in a forked process. Make the pool with "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))."
        )


def _forks(pool: ProcessPoolExecutor) -> bool:
    context = getattr(pool, "_mp_context", None)
    return context is not None and context.get_start_method() == "fork"
