"""No figure that is released of a protocol, nor a difference of such, tells of few clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from carenotebook import Privacy
from carenotebook import criteria as c
from carenotebook.core.cohort import build_cohort
from carenotebook.criteria.protocol_engine import SPELLS, UNDECIDED
from carenotebook.criteria.protocol_replay import ProtocolReplay

START, AS_OF = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
STAGES = 3
ENDS = ("cleared", "as_of", "undecided")
PROTOCOL = c.Protocol("x", [c.Stage(f"s{i}", c.missed() >= i) for i in range(1, STAGES + 1)])

_count = st.sampled_from((0, 0, 3, 9, 11, 12, 20, 31))
_cells = st.lists(
    _count, min_size=len(ENDS) * (STAGES + 1), max_size=len(ENDS) * (STAGES + 1)
).filter(lambda counts: sum(counts) >= 11)


def _replay(counts: list[int]) -> ProtocolReplay:
    """A protocol in which so many clients stopped in each stage, each way."""
    spells: list[dict[str, Any]] = []
    undecided: list[dict[str, Any]] = []
    clients: list[str] = []
    for place, count in enumerate(counts):
        reached, how = divmod(place, len(ENDS))
        for _ in range(count):
            client = f"client-{len(clients):04}"
            clients.append(client)
            row = {"client_id": client, "episode": 1, "left_at": AS_OF}
            for number in range(1, reached + 1):
                end = "cleared" if ENDS[how] == "cleared" else "as_of"
                at = START + timedelta(days=7 * number)
                spells.append({**row, "number": number, "entered_at": at, "left_by": end})
            if ENDS[how] == "undecided" and reached < STAGES:
                at = START + timedelta(days=7 * (reached + 1))
                undecided.append(
                    {**row, "number": reached + 1, "entered_at": at, "left_by": "as_of"}
                )
    episodes = pl.DataFrame({"client_id": clients}).with_columns(
        started_at=pl.lit(START, pl.Datetime("us", "UTC"))
    )
    appointments = episodes.rename({"started_at": "start"}).with_columns(outcome=pl.lit("attended"))
    tables = {"appointments": appointments, "episodes": episodes}
    cohort = build_cohort(tables, as_of=AS_OF)
    frames = (
        pl.DataFrame(rows, schema=schema).with_columns(stage=pl.format("s{}", "number"))
        for rows, schema in ((spells, SPELLS), (undecided, UNDECIDED))
    )
    return ProtocolReplay(PROTOCOL, cohort, "ignore", *frames)


def _exact(replay: ProtocolReplay) -> dict[tuple[int, str], tuple[int, bool]]:
    """For each row that is there: its exact number of clients, and whether it is shown."""
    tidy = replay.tidy()
    hidden = replay.released().frame["suppressed"].to_list()
    order = ["entered", "no stage began", "undecided", "cleared", "care ended", "still in it"]
    rows = sorted(
        tidy.select("number", "term", "clients_with").rows(),
        key=lambda r: (r[0], order.index(r[1])),
    )
    return {(n, t): (count, not h) for (n, t, count), h in zip(rows, hidden, strict=True)}


@seed(1)
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_cells)
def test_no_difference_of_shown_counts_is_small(counts: list[int]) -> None:
    gate = Privacy()
    replay = _replay(counts)
    exact = _exact(replay)
    reached = [exact[n, "entered"] for n in range(STAGES + 1)]
    shown = [(n, count) for n, (count, told) in enumerate(reached) if told]
    states = replay.reviews.states()
    told = states.released(gate).frame.filter(~pl.col("suppressed"))["state"].to_list()
    for low, high in [(a, b) for a in shown for b in [*shown, (STAGES + 1, 0)] if a[0] < b[0]]:
        assert not gate.few(low[1] - high[1]) or high[0] > STAGES, "stages apart by few"
        known = [
            count
            for (number, term), (count, visible) in exact.items()
            if term != "entered"
            and low[0] <= number < high[0]
            and (visible or (number == STAGES - 1 and term in told))
        ]
        assert not gate.few(low[1] - high[1] - sum(known)), (low, high, known)
    flagged = states.tidy().filter(state="put up for review")["numerator"].sum()
    if shown and shown[-1][0] == STAGES:
        assert flagged == shown[-1][1]
