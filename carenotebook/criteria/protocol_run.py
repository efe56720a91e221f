"""Walk a protocol over a cohort, by either engine."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.criteria import nodes
from carenotebook.criteria.needs import check_needs
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.protocol_engine import SPELLS, UNDECIDED, walk_blocks
from carenotebook.criteria.protocol_reference import walks

Frames = tuple[pl.DataFrame, pl.DataFrame]
Schema = dict[str, pl.DataType | type[pl.DataType]]


def walk(
    protocol: Protocol,
    cohort: Cohort,
    unknown: str = "ignore",
    engine: str = "auto",
    executor: Executor | None = None,
) -> Frames:
    """Stays in the stages of a protocol, and spans on which a stage was undecided.

    Returns
    -------
    spells : polars.DataFrame
        client_id, episode, number (of the stage), entered_at, left_at, left_by, ready_at (from when
        on the next stage might begin; null: not in this stay), recorded (when each requirement
        was, in order; null: not in this stay).
    undecided : polars.DataFrame
        The first six of these, where nothing but what is unknown kept a stage from beginning.

    Raises
    ------
    MissingDataError
        Naming the table or column that a condition or a requirement needs.
    RuleError
        If a parameter still stands open.
    """
    _check(protocol, cohort)
    if engine == "reference":
        return _by_reference(protocol, cohort, unknown)
    return walk_blocks(protocol, cohort, unknown, executor)


def _check(protocol: Protocol, cohort: Cohort) -> None:
    check_needs(nodes.Any_(tuple(s.when.node for s in protocol.stages)), cohort)
    for stage in protocol.stages:
        for requirement in stage.requires:
            needed = f"The stage {stage.name!r}, which requires {requirement.say()},"
            cohort.require("actions", "at", *requirement.columns, needed_by=needed)


def _by_reference(protocol: Protocol, cohort: Cohort, unknown: str) -> Frames:
    spells: list[tuple[object, ...]] = []
    undecided: list[tuple[object, ...]] = []
    for found in walks(protocol, cohort, unknown):
        history = found.history
        who = history.client_id, history.episode
        at_end = "episode" if history.ended else "as_of"
        for s in found.spells:
            left_by = "cleared" if s.left < history.end else at_end
            spells.append((*who, s.stage + 1, s.entered, s.left, left_by, s.ready, s.recorded))
        for number, start, stop in _merged(found.undecided):
            left_by = "cleared" if stop < history.end else at_end
            undecided.append((*who, number + 1, start, stop, left_by))
    return _frame(spells, SPELLS), _frame(undecided, UNDECIDED)


def _merged(segments: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Segments of one stage that touch, as one."""
    merged: list[tuple[int, int, int]] = []
    for number, start, stop in sorted(segments):
        if merged and merged[-1][0] == number and merged[-1][2] == start:
            merged[-1] = (number, merged[-1][1], stop)
        else:
            merged.append((number, start, stop))
    return merged


def _frame(rows: list[tuple[object, ...]], schema: Schema) -> pl.DataFrame:
    numbers = {n: _as_numbers(t) for n, t in schema.items()}
    frame = pl.DataFrame(rows, schema=numbers, orient="row")
    return frame.cast(schema).sort("client_id", "episode", "entered_at", "number")  # type: ignore[arg-type]


def _as_numbers(dtype: Any) -> Any:
    if isinstance(dtype, pl.List):
        return pl.List(pl.Int64)
    return pl.Int64 if isinstance(dtype, pl.Datetime) else dtype
