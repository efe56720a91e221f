"""The tables around care: `episodes`, `clients`, `pauses` and `policies`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import END_REASONS
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Ints
from carenotebook.synthetic.frames import labels, times
from carenotebook.synthetic.names import client_ids, site_name, site_names, therapist_ids
from carenotebook.synthetic.world import NEVER, World

BREAK_REASONS = ("client_break", "hospital")
"""In the order in which an episode's breaks are drawn."""


def episodes(world: World, care: Care) -> pl.DataFrame:
    """One row an episode; an open one has no `ended_at` and the reason ``ongoing``."""
    e = care.episodes
    over = e.ended < NEVER
    return pl.DataFrame(
        {
            "client_id": client_ids(world, e.client),
            "started_at": times(e.started),
            "referred_at": times(e.referred),
            "ended_at": times(np.where(over, e.ended, 0), over),
            "end_reason": labels(e.reason, END_REASONS, schema.dtypes("episodes")["end_reason"]),
            "therapist_id": therapist_ids(world, e.therapist),
            "site": site_names(world, e.therapist),
        }
    )


def clients(world: World) -> pl.DataFrame:
    """One row a client with the attributes as recorded."""
    everyone = np.arange(world.people.size, dtype=np.int64)
    columns = {"client_id": client_ids(world, everyone)}
    for attribute in world.truth.attributes:
        codes = world.people.recorded[attribute.column]
        columns[attribute.column] = labels(codes, attribute.levels)
    return pl.DataFrame(columns)


def pauses(world: World, care: Care) -> pl.DataFrame:
    """Interruptions as far as they fall into an episode, begun before the end of the data."""
    spans = [
        _pauses_of(world, care, reason, found)
        for reason, found in {
            "client_break": _own(care, 0),
            "hospital": _own(care, 1),
            "service_closure": _closed(world, care),
            "therapist_leave": _on_leave(world, care),
        }.items()
    ]
    return pl.concat(spans)


def policies(world: World) -> pl.DataFrame:
    """One row for the change, or one a treated site where it comes to the sites in turn."""
    p = world.truth.policy
    sites = len(world.truth.attendance.site_ratios)
    starts: dict[str | None, datetime] = {None: p.start.astimezone(UTC)}
    if p.rollout_weeks or p.untreated_sites:
        starts = {
            site_name(k, sites): p.start.astimezone(UTC) + timedelta(weeks=k * p.rollout_weeks)
            for k in range(sites - min(p.untreated_sites, sites))
        }
    size = len(starts)
    return pl.DataFrame(
        {
            "policy": [p.name] * size,
            "kind": [p.kind] * size,
            "start": list(starts.values()),
            "end": [None] * size,
            "site": list(starts),
            "therapist_id": [None] * size,
            "value": [p.value] * size,
        },
        schema=schema.dtypes("policies"),
    )


def _own(care: Care, kind: int) -> tuple[Ints, Ints, Ints]:
    b = care.interruptions
    chosen = (b.kind == kind) & (b.start < NEVER)
    return b.episode[chosen], b.start[chosen], b.end[chosen]


def _closed(world: World, care: Care) -> tuple[Ints, Ints, Ints]:
    everyone = np.arange(care.episodes.client.size, dtype=np.int64)
    spans = world.absences.closures
    return (
        np.tile(everyone, len(spans)),
        np.repeat(np.array([s for s, _ in spans], dtype=np.int64), everyone.size),
        np.repeat(np.array([e for _, e in spans], dtype=np.int64), everyone.size),
    )


def _on_leave(world: World, care: Care) -> tuple[Ints, Ints, Ints]:
    """Each leave of an episode's therapist, found by therapist."""
    a, therapist = world.absences, care.episodes.therapist
    first = np.searchsorted(a.leave_therapist, therapist, side="left")
    number = np.searchsorted(a.leave_therapist, therapist, side="right") - first
    episode = np.repeat(np.arange(therapist.size, dtype=np.int64), number)
    within = np.arange(episode.size) - np.repeat(np.cumsum(number) - number, number)
    leave = np.repeat(first, number) + within
    return episode, a.leave_start[leave], a.leave_end[leave]


def _pauses_of(
    world: World, care: Care, reason: str, found: tuple[Ints, Ints, Ints]
) -> pl.DataFrame:
    episode, start, end = found
    start = np.maximum(start, care.episodes.started[episode])
    end = np.minimum(end, care.episodes.ended[episode])
    inside = (start < end) & (start < world.as_of)
    episode, start, end = episode[inside], start[inside], end[inside]
    return pl.DataFrame(
        {
            "client_id": client_ids(world, care.episodes.client[episode]),
            "start": times(start),
            "end": times(end),
            "reason": pl.repeat(reason, episode.size, dtype=pl.String, eager=True),
        }
    ).with_columns(pl.col("reason").cast(schema.dtypes("pauses")["reason"]))
