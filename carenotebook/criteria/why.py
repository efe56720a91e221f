"""Why a rule holds, or does not, for one client at one instant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core.durations import DAY
from carenotebook.core.errors import OptionError
from carenotebook.criteria import nodes, syntax, words
from carenotebook.criteria.history import History, histories, microseconds
from carenotebook.criteria.reference import truth_at, value

if TYPE_CHECKING:
    from carenotebook.criteria.replay import Replay

_TRUTHS = {True: "true", False: "false", None: "unknown"}


def why(replay: Replay, client_id: str, at: datetime | str) -> pl.DataFrame:
    """See `Replay.why`."""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    t = microseconds(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant)
    alone = replay.cohort.filter(clients=[client_id])
    history = next((h for h in histories(alone, replay.unknown) if h.sees(t)), None)
    if history is None:
        raise OptionError("why(): no episode of that client is seen at that instant.")
    rows = [_row(clause.node, history, t) for clause in replay.rule.clauses]
    return pl.DataFrame(rows, schema=dict.fromkeys(("clause", "truth", "value"), pl.String))


def _row(clause: syntax.Truth, history: History, t: int) -> dict[str, str | None]:
    term = clause.term if isinstance(clause, nodes.Compare | nodes.IsIn) else None
    return {
        "clause": words.say(clause),
        "truth": _TRUTHS[truth_at(clause, history, t)],
        "value": None if term is None else _said(term, value(term, history, t)),
    }


def _said(term: syntax.Term, found: object) -> str:
    if found is None:
        return "unknown"
    if term.quantity == "days" and isinstance(found, int):
        return f"{found / DAY:.1f} days"
    return (
        f"{found:.2f}"
        if term.quantity == "rate"
        else f"{found:g}"
        if isinstance(found, float)
        else str(found)
    )
