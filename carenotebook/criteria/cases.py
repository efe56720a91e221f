"""Unit tests of a rule or a protocol: tiny histories with the intervals that are expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import Cohort, build_cohort
from carenotebook.core.errors import OptionError, RuleError

if TYPE_CHECKING:
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule

Moment = str | datetime


@dataclass(frozen=True)
class Case:
    """A tiny history of one client, and when a rule must be true or a stage in force.

    Parameters
    ----------
    name : str
    tables : mapping of str to a list of rows
        Tables of `Cohort` as lists of dicts without client_id; times as ISO text in UTC. A list
        (also an empty one) makes the table exist.
    expected : sequence of (flagged_at, cleared_at)
        Spans on which the rule is true, in order; times as ISO text in UTC. For a protocol, those
        of the review, or a dictionary from the names of stages to the spans of each.
    as_of : str
        End of the data, as ISO text in UTC.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> rule = c.Rule("silence", c.days_since_attended() >= 30)
    >>> rule.check([
    ...     c.Case(
    ...         "thirty days after the only session",
    ...         {
    ...             "episodes": [{"started_at": "2024-01-01"}],
    ...             "appointments": [{"start": "2024-01-05", "outcome": "attended"}],
    ...         },
    ...         expected=[("2024-02-04", "2024-03-01")],
    ...         as_of="2024-03-01",
    ...     )
    ... ])
    """

    name: str
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    expected: Sequence[tuple[Moment, Moment]] | Mapping[str, Sequence[tuple[Moment, Moment]]]
    as_of: Moment
    options: Mapping[str, Any] = field(default_factory=dict)


def check_cases(rule: Rule | Protocol, cases: Iterable[Case]) -> None:
    """See `Rule.check` and `Protocol.check`."""
    failures = [f for case in cases if (f := _failure(rule, case)) is not None]
    if failures:
        raise RuleError(f"{rule.name}: {len(failures)} case(s) failed.\n" + "\n".join(failures))


def _failure(rule: Rule | Protocol, case: Case) -> str | None:
    tables = {n: _frame(n, rows, case.name) for n, rows in case.tables.items()}
    tables.setdefault("appointments", schema.empty_table("appointments"))
    cohort = build_cohort(tables, as_of=_instant(case.as_of), **case.options)
    found = _found(rule, cohort)
    review = list(found)[-1]
    wanted = case.expected if isinstance(case.expected, Mapping) else {review: case.expected}
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise OptionError(f"Case {case.name!r}: there is no stage {unknown[0]!r}.")
    for name, spans in wanted.items():
        expected = [(_instant(a), _instant(b)) for a, b in spans]
        if found[name] != expected:
            which = f" ({name})" if isinstance(case.expected, Mapping) else ""
            return f"- {case.name}{which}: expected {_say(expected)}; found {_say(found[name])}."
    return None


def _found(rule: Rule | Protocol, cohort: Cohort) -> dict[str, list[tuple[datetime, datetime]]]:
    """The spans of a rule, or of each stage of a protocol, by name."""
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.protocol_run import walk
    from carenotebook.criteria.replay import find_spans

    if not isinstance(rule, Protocol):
        return {rule.name: find_spans(rule, cohort)[0].select("flagged_at", "cleared_at").rows()}
    spells = walk(rule, cohort)[0]
    return {
        stage.name: spells.filter(number=number).select("entered_at", "left_at").rows()
        for number, stage in enumerate(rule.stages, 1)
    }


def _frame(table: str, rows: Sequence[Mapping[str, Any]], case: str) -> pl.DataFrame:
    if table not in schema.TABLES:
        raise OptionError(f"Case {case!r}: there is no table {table!r}.")
    types = schema.dtypes(table)
    columns = [c for c in types if c == "client_id" or any(c in r for r in rows)]
    if not rows:
        return schema.empty_table(table)
    unknown = {c for r in rows for c in r} - set(types)
    if unknown and table not in schema.OPEN_TABLES:
        raise OptionError(f"Case {case!r}: {table} has no column {min(unknown)!r}.")
    values = {
        c: [_value(r.get(c, "case" if c == "client_id" else None), types.get(c)) for r in rows]
        for c in [*columns, *sorted(unknown)]
    }
    return pl.DataFrame(values, schema_overrides={c: types[c] for c in columns})


def _value(value: Any, dtype: pl.DataType | None) -> Any:
    return _instant(value) if isinstance(dtype, pl.Datetime) and value is not None else value


def _instant(at: Moment) -> datetime:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _say(spans: Sequence[tuple[datetime, datetime]]) -> str:
    return ", ".join(f"[{a.isoformat()}, {b.isoformat()})" for a, b in spans) or "nothing"
