"""Small cohorts written by the day."""

from datetime import UTC, datetime, timedelta

import polars as pl

import carenotebook as cn
from carenotebook.core import schema

MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)
TIMES = ("start", "booked_at", "cancelled_at", "began_at", "started_at", "ended_at", "at", "end")


def on(day):
    return MIDNIGHT + timedelta(days=day)


def build(as_of=100, **tables):
    """A cohort from lists of dicts; a number for a time is a day after 1 January 2024."""
    options = {k: tables.pop(k) for k in ("episode_end",) if k in tables}
    frames = {}
    for name, rows in tables.items():
        known = schema.dtypes(name)
        columns = dict.fromkeys(n for row in rows for n in row)
        values = {
            n: [on(row[n]) if n in TIMES and row.get(n) is not None else row.get(n) for row in rows]
            for n in columns or dict.fromkeys(schema.required_columns(name))
        }
        types = {n: known[n] for n in values if n in known}
        frames[name] = pl.DataFrame(values, schema_overrides=types)
    return cn.from_frames(**frames, as_of=on(as_of), **options)
