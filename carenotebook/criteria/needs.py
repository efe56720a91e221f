"""What data a criterion needs, and a clear error where the cohort lacks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError, RuleError
from carenotebook.criteria import nodes, syntax


@dataclass(frozen=True)
class Need:
    """Columns of a table: some a term cannot do without, others count where they are there."""

    table: str
    columns: tuple[str, ...]
    if_there: tuple[str, ...] = ()
    optional: bool = False


def check_needs(when: syntax.Truth, cohort: Cohort) -> None:
    """Raise if the rule cannot be replayed on the cohort.

    Raises
    ------
    RuleError
        If a parameter still stands open, or an attribute is compared with a value of another type.
    MissingDataError
        Naming the term, and the table or column that it needs.
    """
    open_params = syntax.params(when)
    if open_params:
        raise RuleError(
            f"The rule has open parameters ({', '.join(open_params)}); only a sweep can fill them. "
            "Put values in their place to replay it."
        )
    for node in sorted(syntax.walk(when), key=lambda n: not isinstance(n, syntax.Term)):
        for need in _needs(node):
            if not need.optional:
                cohort.require(need.table, *need.columns, needed_by=f"The term {node.key}()")
        if isinstance(node, syntax.Term) and node.quantity == "days":
            _check_episode_end(node, cohort)
        if isinstance(node, nodes.Compare | nodes.IsIn) and isinstance(node.term, nodes.Attribute):
            _check_type(node, node.term.column, cohort)


def columns_needed(when: syntax.Truth, cohort: Cohort) -> dict[str, tuple[str, ...]]:
    """Which columns of which tables a replay reads."""
    wanted: dict[str, dict[str, None]] = {}
    for node in syntax.walk(when):
        for need in _needs(node):
            if cohort.has(need.table):
                there = [c for c in need.if_there if cohort.has(need.table, c)]
                wanted.setdefault(need.table, {}).update(dict.fromkeys((*need.columns, *there)))
    return {table: tuple(columns) for table, columns in wanted.items()}


def _needs(node: syntax.Node) -> Iterator[Need]:  # noqa: C901 - one case a node
    match node:
        case nodes.Appointments():
            yield Need(
                "appointments", ("start", "outcome", *_given(node, "kind", "reason", "modality"))
            )
        case nodes.ConsecutiveMissed() | nodes.AttendanceRate() | nodes.DaysSinceAttended():
            yield Need("appointments", ("start", "outcome"))
        case nodes.DaysWithoutBooking():
            yield Need("appointments", ("start", "outcome"), ("booked_at", "cancelled_at"))
        case nodes.Contacts() | nodes.DaysSinceContact():
            yield Need("contacts", ("at", "direction", *_given(node, "purpose", "delivered")))
        case nodes.DaysSinceHeard():
            yield from _heard()
        case nodes.Unanswered():
            yield Need("contacts", ("delivered", *_given(node, "purpose")), ("purpose",))
            yield from _heard()
        case nodes.Actions():
            yield Need("actions", ("at", "kind", *_given(node, "detail")))
        case nodes.Barriers():
            yield Need("checkins", ("at", "barrier"))
        case nodes.Item():
            yield Need("measures", ("at", "instrument", f"item_{node.number}"))
        case nodes.Measure() | nodes.MeasureChange() | nodes.Improved() | nodes.Deteriorated():
            yield Need("measures", ("at", "instrument", "score"))
        case nodes.Attribute():
            yield Need("clients", (node.column,))


def _heard() -> Iterator[Need]:
    yield Need("contacts", ("at", "direction"))
    yield Need("appointments", ("start", "outcome"), ("cancelled_at",))
    yield Need("checkins", ("at",), optional=True)
    yield Need("measures", ("at",), optional=True)


def _given(node: syntax.Node, *filters: str) -> list[str]:
    return [n for n in filters if getattr(node, n) is not None]


def _check_episode_end(term: syntax.Term, cohort: Cohort) -> None:
    if not cohort.has("episodes") and cohort.episode_end is None:
        raise MissingDataError(
            f"The term {term.key}() needs to know when care ended, or every finished client would "
            'look silent: pass episodes= to the reader, or episode_end="as_of" or a duration after '
            'the last attended session such as episode_end="120d" (--episode-end on the command '
            "line)."
        )


def _check_type(node: nodes.Compare | nodes.IsIn, column: str, cohort: Cohort) -> None:
    dtype = cohort.parts[0]["clients"].collect_schema()[column]
    if dtype == pl.Null:
        return
    values = (node.value,) if isinstance(node, nodes.Compare) else node.values
    for value in values:
        fits = (
            (isinstance(value, str) and isinstance(dtype, pl.String | pl.Enum | pl.Categorical))
            or (isinstance(value, bool) and dtype == pl.Boolean)
            or (not isinstance(value, bool | str) and dtype.is_numeric())
        )
        if not fits:
            raise RuleError(
                f"attribute({column!r}) holds {str(dtype.base_type()).lower()} values; it cannot "
                f"be compared with {value!r}."
            )
