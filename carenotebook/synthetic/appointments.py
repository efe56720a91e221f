"""The `appointments` table: sessions as a booking system would have recorded them."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import KINDS, MODALITIES, OUTCOMES, REASONS
from carenotebook.synthetic.calendar import DAY
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Flags, Ints
from carenotebook.synthetic.frames import idents, labels, numbers, times
from carenotebook.synthetic.names import appointment_width, client_ids, site_names, therapist_ids
from carenotebook.synthetic.outcomes import CODE
from carenotebook.synthetic.world import World

_KIND_CODES = np.array([KINDS.index(k) for k in ("assessment", "treatment", "review")])
_NOT_ENTERED_AGAIN = (CODE["booked"], CODE["rescheduled"], CODE["excused"])
_CLIENTS_DOING = ("no_show", "late_cancel", "early_cancel", "rescheduled")
_NO_REASON = -1


def recorded_outcomes(world: World, care: Care) -> Ints:
    """What was entered: some outcomes are unknown, some of the last days not entered yet."""
    a, visits, draws = world.truth.attendance, care.sessions, world.draws["details"]
    outcome = visits.outcome
    usual = ~np.isin(outcome, _NOT_ENTERED_AGAIN)
    lost = usual & draws.happens(a.unknown, outcome.size)
    recent = visits.start >= world.as_of - a.late_entry_days * DAY
    waiting = usual & recent & draws.happens(a.late_entry, outcome.size)
    return np.where(waiting, CODE["booked"], np.where(lost, CODE["unknown"], outcome))


def appointments(world: World, care: Care, outcome: Ints) -> pl.DataFrame:
    """One row a session, in order of client and time, numbered in that order."""
    v, size = care.sessions, outcome.size
    order = np.lexsort((v.start, v.client))
    number = np.empty(size, dtype=np.int64)
    number[order] = np.arange(size)
    width = appointment_width(size)
    replaced = np.where(v.replaces >= 0, number[np.maximum(v.replaces, 0)], 0)
    cancelled = (v.cancelled >= 0) & (outcome == v.outcome)
    kind = schema.dtypes("appointments")
    return pl.DataFrame(
        {
            "client_id": client_ids(world, v.client),
            "start": times(v.start),
            "outcome": labels(outcome, OUTCOMES, kind["outcome"]),
            "appointment_id": idents(number, "appointment", width),
            "therapist_id": therapist_ids(world, v.therapist),
            "site": site_names(world, v.therapist),
            "kind": labels(_KIND_CODES[v.kind], KINDS, kind["kind"]),
            "booked_at": times(v.booked),
            "cancelled_at": times(v.cancelled, cancelled),
            "replaces": idents(replaced, "appointment", width, v.replaces >= 0),
            "modality": labels(_modality(world, care), MODALITIES, kind["modality"]),
            "duration_min": numbers(np.full(size, world.truth.service.session_minutes)),
            "began_at": times(_began(world, care), outcome == CODE["attended"]),
            "reason": labels(_reasons(world, care, outcome), REASONS, kind["reason"]),
        }
    )[order]


def _modality(world: World, care: Care) -> Ints:
    """Each client's usual way; now and then a session by phone instead."""
    s, draws = world.truth.service, world.draws["details"]
    usual = draws.pick((s.video, s.phone, max(1 - s.video - s.phone, 0.0)), world.people.size)
    changed = draws.happens(0.04, care.sessions.client.size)
    return np.where(changed, MODALITIES.index("phone"), usual[care.sessions.client])


def _began(world: World, care: Care) -> Ints:
    """When a session would begin: within four minutes, one in ten up to twenty minutes late."""
    draws, start = world.draws["beginnings"], care.sessions.start
    late = draws.happens(0.1, start.size)
    minutes = draws.whole(np.where(late, 6, 0), np.where(late, 20, 4), start.size)
    begun: Ints = start + minutes
    return begun


def _reasons(world: World, care: Care, outcome: Ints) -> Ints:
    """The reason on record for what the client did: after a no-show there is mostly none."""
    draws, size = world.draws["details"], outcome.size
    told = np.isin(outcome, [CODE[name] for name in _CLIENTS_DOING])
    silent = (outcome == CODE["no_show"]) & draws.happens(0.6, size)
    reason = stated_obstacles(world, care.sessions.client, "details")
    reason = np.where(silent, REASONS.index("not_given"), reason)
    technical = outcome == CODE["technical_failure"]
    reason = np.where(technical, REASONS.index("technology"), reason)
    return np.where(told | technical, reason, _NO_REASON)


def stated_obstacles(world: World, client: Ints, stream: str) -> Ints:
    """A reason as a client would state it: mostly one of their own obstacles."""
    draws, size = world.draws[stream], client.size
    stated = np.full(size, REASONS.index("other"), dtype=np.int64)
    stated = np.where(draws.happens(0.4, size), REASONS.index("forgot"), stated)
    stated = np.where(draws.happens(0.3, size), REASONS.index("illness"), stated)
    seen = np.zeros(size, dtype=np.int64)
    for obstacle, has in zip(world.truth.obstacles, world.people.obstacles, strict=True):
        own: Flags = has[client]
        seen = seen + own
        chosen = own & (draws.uniform(size) * np.maximum(seen, 1) < 1)
        stated = np.where(chosen, REASONS.index(obstacle.reason), stated)
    return np.where(draws.happens(0.1, size), REASONS.index("not_given"), stated)
