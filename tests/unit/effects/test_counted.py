"""Appointments within a span of each client's time, as counting them one by one gives."""

import numpy as np
import polars as pl
import pytest
from cohorts_for_tests import build, on

from carenotebook.core.options import MISSED, SCHEDULED
from carenotebook.effects.counted import counted_within

OUTCOMES = ["attended", "no_show", "late_cancel", "provider_cancel", "unknown", "booked"]


def one_by_one(appointments, spans):
    """The definition: a miss comes before, an attended one after what starts with it."""
    rows, unresolved = [], 0
    for client, at, until in spans.iter_rows():
        mine = [
            a
            for a in appointments.filter(client_id=client).iter_rows(named=True)
            if at <= a["start"] < until
        ]
        usable = [a for a in mine if a["outcome"] in SCHEDULED]
        unresolved += len(mine) - len(usable)
        last = max(
            usable,
            key=lambda a: (a["start"], a["outcome"] not in MISSED, a["outcome"] == "attended"),
            default=None,
        )
        counts = [sum(a["outcome"] == o for a in usable) for o in SCHEDULED]
        missed = sum(a["outcome"] in MISSED for a in usable)
        rows.append((*counts, missed, len(usable), last and last["outcome"]))
    return rows, unresolved


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_the_latest_outcome(seed):
    rng = np.random.default_rng(seed)
    # Whole days, so that some appointments start together, and some at an edge.
    rows = [
        {"client_id": f"c{rng.integers(6)}", "start": int(day), "outcome": str(outcome)}
        for day, outcome in zip(
            rng.integers(0, 30, 60),
            rng.choice(OUTCOMES, 60, p=[0.4, 0.2, 0.1, 0.2, 0.05, 0.05]),
            strict=True,
        )
    ]
    rows += [{"client_id": "c9", "start": 40, "outcome": "attended"}]
    cohort = build(as_of=25, appointments=rows)
    appointments = cohort.appointments.collect().filter(pl.col("start") < cohort.as_of)
    numbers = cohort.parts[0]["appointments"].select("_client", "client_id").unique().collect()
    first = rng.integers(0, 20, 12)
    spans = pl.DataFrame(
        {
            "client_id": [f"c{i}" for i in (0, 0, 1, 2, 3, 4, 4, 4, 5, 9, 1, 2)],
            "at": [on(int(d)) for d in first],
            "until": [on(int(d + n)) for d, n in zip(first, rng.integers(1, 15, 12), strict=True)],
        },
        schema_overrides=dict.fromkeys(("at", "until"), pl.Datetime("us", "UTC")),
    )
    known = spans.filter(pl.col("client_id").is_in(numbers["client_id"]))

    numbered = known.join(numbers, on="client_id", maintain_order="left")
    counts, latest, unresolved = counted_within(numbered, cohort)
    together, same, _ = counted_within(numbered, cohort, np.arange(known.height) % 3)

    found = counts.with_columns(latest).rows()
    assert (found, unresolved) == one_by_one(appointments, known)
    third = counts.with_row_index().group_by(pl.col("index") % 3).sum().sort("index").drop("index")
    assert together.equals(third)
    assert same.equals(latest)
