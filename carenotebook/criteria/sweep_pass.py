"""One pass over the blocks of a cohort for many cells at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from carenotebook.core.cohort import Cohort
from carenotebook.core.parallel import each_part, in_threads
from carenotebook.criteria import syntax
from carenotebook.criteria.block import Block
from carenotebook.criteria.engine import EPISODES_PER_BLOCK, Question, blocks
from carenotebook.criteria.needs import columns_needed
from carenotebook.criteria.spans import Keys
from carenotebook.criteria.sweep_counts import Counts, counts
from carenotebook.criteria.sweep_plan import Plan, Worked, plan

LEAVES_PER_BLOCK = 3_000_000
"""Leaves times episodes of a block, so that what many cells need fits in memory."""


@dataclass(frozen=True)
class CellFlags:
    """What one cell finds.

    Attributes
    ----------
    episode : array of shape (flagged,)
        Places among the seen episodes of the cohort, in order.
    waited : array of shape (flagged,)
        Microseconds from when the episode is first seen to the first flag.
    lasting : int
        Microseconds for which the rule is true, over all episodes; 0 unless asked for.
    """

    episode: Keys
    waited: Keys
    lasting: int


@dataclass(frozen=True)
class _Task:
    """What is asked of every part of a cohort; it travels to where the part is read."""

    plan: Plan | Counts
    question: Question
    columns: dict[str, tuple[str, ...]]
    lengths: bool

    @property
    def most(self) -> int:
        """Episodes of a block."""
        return max(200, min(EPISODES_PER_BLOCK, LEAVES_PER_BLOCK // self.plan.size))


Answer = tuple[int, list[CellFlags]]
"""Episodes looked at, and what each cell finds among them."""


def first_flags(  # noqa: PLR0913, PLR0917 - what a replay is asked, and how
    cells: Sequence[syntax.Truth],
    grace: int,
    cohort: Cohort,
    unknown: str,
    lengths: bool,  # noqa: FBT001 - passed on
    executor: Executor | None,
) -> list[CellFlags]:
    """First flags of every cell, as replaying each alone would find them."""
    question = Question(cells[0], grace, unknown)
    asked = (None if lengths else counts(cells)) or plan(cells)
    task = _Task(asked, question, columns_needed(cells[0], cohort), lengths)
    nothing = CellFlags(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    return _joined(_answers(task, cohort, executor)) or [nothing] * len(cells)


def _answers(task: _Task, cohort: Cohort, executor: Executor | None) -> Iterator[Answer]:
    if len(cohort.parts) > 1 or executor is not None:
        return each_part(partial(_part, task), cohort, executor)
    work = blocks(task.question, cohort, task.columns, task.most)
    return in_threads(partial(_block, task, block) for block, _ in work)


def _part(task: _Task, cohort: Cohort) -> Answer:
    work = blocks(task.question, cohort, task.columns, task.most)
    answers = [_block(task, block) for block, _ in work]
    return sum(n for n, _ in answers), _joined(answers) if answers else []


def _block(task: _Task, block: Block) -> Answer:
    grace = task.question.grace
    if isinstance(task.plan, Counts):
        found = [(*first, 0) for first in task.plan.found(block, grace)]
    else:
        found = list(_worked(task.plan, block, grace, task.lengths))
    starts = block.domain.starts
    return len(starts), [CellFlags(e, key - starts[e], lasting) for e, key, lasting in found]


def _worked(
    asked: Plan,
    block: Block,
    grace: int,
    lengths: bool,  # noqa: FBT001 - passed on
) -> Iterator[tuple[Keys, Keys, int]]:
    """The episodes, the keys of the first flags and the length of each cell."""
    worked = Worked(asked, block, grace)
    for number in range(len(asked.cells)):
        held = worked.cell(number)
        episode, key = worked.pieces.first(held)
        yield worked.episodes[episode], key, worked.pieces.length(held) if lengths else 0


def _joined(answers: Iterable[Answer]) -> list[CellFlags]:
    before, kept = 0, []
    for episodes, cells in answers:
        kept.append([(c.episode + before, c.waited, c.lasting) for c in cells])
        before += episodes
    return [
        CellFlags(
            np.concatenate([c[0] for c in mine]),
            np.concatenate([c[1] for c in mine]),
            sum(c[2] for c in mine),
        )
        for mine in zip(*(k for k in kept if k), strict=True)
    ]
