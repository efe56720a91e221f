"""What every round of care stands on: people, therapists, sites, clocks and streams of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carenotebook.synthetic.calendar import (
    WEEK,
    Absences,
    Clock,
    minute,
    open_clock,
    plan_absences,
)
from carenotebook.synthetic.draws import Draws, Flags, Ints, open_streams
from carenotebook.synthetic.people import People, draw_people
from carenotebook.synthetic.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER = 1 << 60
"""A minute that never comes."""


@dataclass(frozen=True)
class World:
    """Clients, therapists and the calendar of one synthetic service."""

    truth: Truth
    draws: Mapping[str, Draws]
    people: People
    clock: Clock
    absences: Absences
    site_of: Ints
    enforces: Flags
    policy_from: Ints
    home_therapist: Ints

    @property
    def as_of(self) -> int:
        return minute(self.truth.as_of)

    @property
    def therapists(self) -> int:
        return self.site_of.size


def build_world(truth: Truth, clients: int, seed: int) -> World:
    """Everything that is settled before the first referral."""
    draws = open_streams(seed)
    sites = len(truth.attendance.site_ratios)
    therapists = max(sites, -(-clients // truth.service.clients_per_therapist))
    staff = draws["calendar"]
    return World(
        truth=truth,
        draws=draws,
        people=draw_people(truth, clients, draws["people"]),
        clock=open_clock(truth),
        absences=plan_absences(truth, therapists, staff),
        site_of=np.arange(therapists, dtype=np.int64) % sites,
        enforces=staff.happens(truth.policy.enforcement, therapists),
        policy_from=_policy_from(truth),
        home_therapist=staff.whole(0, therapists - 1, clients),
    )


def _policy_from(truth: Truth) -> Ints:
    """From when the policy holds at each site."""
    sites = len(truth.attendance.site_ratios)
    start = minute(truth.policy.start) + np.arange(sites) * truth.policy.rollout_weeks * WEEK
    untreated = np.arange(sites) >= sites - truth.policy.untreated_sites
    return np.where(untreated, NEVER, start).astype(np.int64)
