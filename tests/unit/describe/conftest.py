"""Small histories, written as tuples."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from carenotebook.core import schema
from carenotebook.core.cohort import build_cohort

MONDAY = datetime(2024, 1, 1, 9, tzinfo=UTC)


def at(day, hour=0):
    return MONDAY + timedelta(days=day, hours=hour)


def _time(column, value):
    number = isinstance(value, int | float) and column not in ("score", "duration_min")
    return at(value) if number else value


def _table(name, rows):
    known = schema.dtypes(name)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(pl.col(c).cast(known[c]) for c in frame.columns if c in known)


@pytest.fixture(scope="session")
def cohort_of():
    """A cohort from lists of dicts; a number for a time is a day counted from a Monday, 9 h UTC."""

    def build(appointments, *, as_of=None, observed_from=None, **others):
        options = {k: others.pop(k) for k in ("timezone", "episode_end") if k in others}
        tables = {"appointments": appointments, **others}
        timed = {
            name: [
                {
                    k: at(v)
                    if isinstance(v, int | float) and k not in ("score", "duration_min")
                    else v
                    for k, v in row.items()
                }
                for row in rows
            ]
            for name, rows in tables.items()
        }
        return build_cohort(
            {n: _table(n, rows) for n, rows in timed.items()},
            as_of=at(as_of) if isinstance(as_of, int | float) else as_of,
            observed_from=at(observed_from) if isinstance(observed_from, int) else observed_from,
            **options,
        )

    return build


def visits(client, outcomes, first=0, every=7, **columns):
    return [
        {"client_id": client, "start": first + every * i, "outcome": o, **columns}
        for i, o in enumerate(outcomes)
    ]


@pytest.fixture(scope="session")
def visits_of():
    """Appointments of one client, a week apart."""
    return visits
