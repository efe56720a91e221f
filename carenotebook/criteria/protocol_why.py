"""Where one client's episode stands in a protocol at one instant, and what it waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core.durations import say_duration
from carenotebook.core.errors import OptionError

if TYPE_CHECKING:
    from carenotebook.criteria.protocol_replay import ProtocolReplay
    from carenotebook.criteria.stage import Stage

_COLUMNS: dict[str, Any] = {
    "number": pl.Int64,
    "stage": pl.String,
    "since": pl.Datetime("us", "UTC"),
    "waiting_for": pl.String,
}


def why(replay: ProtocolReplay, client_id: str, at: datetime | str) -> pl.DataFrame:
    """See `ProtocolReplay.why`."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    t = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    seen = replay.cohort.filter(clients=[client_id]).spans()
    now = seen.filter(pl.col("seen_from") <= t, pl.col("seen_until") > t)
    if now.is_empty():
        raise OptionError("why(): no episode of that client is seen at that instant.")
    mine = (pl.col("client_id") == client_id) & (pl.col("episode") == now["episode"][0])
    spells, undecided = (
        {r["number"]: r for r in f.filter(mine, start <= t, pl.col("left_at") > t).to_dicts()}
        for f, start in (
            (replay.intervals, pl.col("entered_at")),
            (replay.undecided, pl.col("entered_at")),
        )
    )
    rows = []
    for number, stage in enumerate(replay.protocol.stages, 1):
        spell, last = spells.get(number), number == len(replay.protocol.stages)
        told = (
            _outside(number, spells, unknown=number in undecided)
            if spell is None
            else _inside(stage, spell, t, last=last)
        )
        rows.append((number, stage.name, spell and spell["entered_at"], told))
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def _inside(stage: Stage, spell: dict[str, Any], t: datetime, *, last: bool) -> str:
    lacking = [
        requirement.say()
        for requirement, at in zip(stage.requires, spell["recorded"], strict=True)
        if at is None or at > t
    ]
    if lacking:
        return "; ".join(lacking)
    if last:
        return "nothing; all that it asks for is recorded" if stage.requires else "the review"
    if spell["ready_at"] is None or spell["ready_at"] > t:
        return f"{say_duration(stage.wait)} to pass"
    return "nothing; the next stage may begin"


def _outside(number: int, spells: dict[int, dict[str, Any]], *, unknown: bool) -> str:
    if unknown:
        return "what is not known: its condition cannot be decided"
    before = "" if number == 1 or number - 1 in spells else "the stage before it, and then "
    return f"{before}its condition"
