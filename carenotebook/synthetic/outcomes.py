"""What becomes of a booked session: the chances, the draw and the notice given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.core.options import OUTCOMES
from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.calendar import DAY, HOUR
from carenotebook.synthetic.draws import Draws, Flags, Floats, Ints
from carenotebook.synthetic.world import World

CODE = {name: place for place, name in enumerate(OUTCOMES)}
NOT_SENT, NOT_DELIVERED, NOT_RECORDED, DELIVERED = range(4)
"""States of a reminder."""

NOTICE = DAY
_BAND_EDGES = np.array([5.0, 10.0, 15.0, 20.0])
_MOST_LIKELY = 0.8
_IN_ORDER = (
    "provider_cancel",
    "technical_failure",
    "early_cancel",
    "rescheduled",
    "late_cancel",
    "no_show",
    "attended",
)
_CODES = np.array([CODE[name] for name in _IN_ORDER])


@dataclass(frozen=True)
class Due(Arrays):
    """Sessions that come up, one entry each; times in UTC minutes."""

    client: Ints
    therapist: Ints
    booked: Ints
    start: Ints
    phq: Floats
    fading: Flags
    reminder: Ints


def severity_band(phq: Floats) -> Ints:
    """0 to 4: the bands of PHQ-9."""
    return np.asarray(np.searchsorted(_BAND_EDGES, phq, side="right"), dtype=np.int64)


def draw_reminders(world: World, booked: Ints, start: Ints) -> Ints:
    """Whether a reminder goes out before each session, and whether it is known to arrive."""
    m, draws, size = world.truth.messages, world.draws["attendance"], start.size
    sent = draws.happens(m.reminder_sent, size)
    sent &= booked < start - m.reminder_hours * HOUR
    return np.where(sent, draw_delivery(world, draws, size), NOT_SENT)


def draw_delivery(world: World, draws: Draws, size: int) -> Ints:
    """NOT_DELIVERED, NOT_RECORDED or DELIVERED."""
    m, chance = world.truth.messages, draws.uniform(size)
    failed = np.where(chance < m.delivered + m.delivery_not_recorded, NOT_RECORDED, NOT_DELIVERED)
    return np.where(chance < m.delivered, DELIVERED, failed)


def draw_outcomes(world: World, due: Due) -> Ints:
    """Codes of `OUTCOMES` for people in contact."""
    edge = np.zeros(due.start.size)
    chance = world.draws["attendance"].uniform(due.start.size)
    place = np.zeros(due.start.size, dtype=np.int64)
    for probability in outcome_chances(world, due):
        edge = edge + probability
        place += chance >= edge
    codes = _CODES[place]
    hasty = due.start - due.booked <= NOTICE + HOUR
    with_notice = (codes == CODE["early_cancel"]) | (codes == CODE["rescheduled"])
    return np.where(with_notice & hasty, CODE["late_cancel"], codes)


def outcome_chances(world: World, due: Due) -> tuple[Floats, ...]:
    """The chance of every outcome but attending, in the order in which they are drawn."""
    a, ratios, c = world.truth.attendance, world.people.ratios, due.client
    proneness = _proneness(world, due)
    missing, averted = _no_show(world, due, a.no_show * ratios["no_show"][c] * proneness)
    late = a.late_cancel * ratios["late_cancel"][c] * proneness
    late = late + world.truth.policy.displaced * averted
    return (
        np.full(c.size, a.provider_cancel),
        a.technical_failure * ratios["technical_failure"][c],
        a.early_cancel * ratios["early_cancel"][c],
        a.rescheduled * ratios["rescheduled"][c],
        np.minimum(late, _MOST_LIKELY / 2),
        missing,
    )


def _proneness(world: World, due: Due) -> Floats:
    """How much likelier than the base a client is to miss this session."""
    a = world.truth.attendance
    site = np.array(a.site_ratios)[world.site_of[due.therapist]]
    band = np.array(a.severity_ratios)[severity_band(due.phq)]
    fading = np.where(due.fading, a.fading_ratio, 1.0)
    return np.asarray(world.people.misses[due.client] * site * band * fading)


def _no_show(world: World, due: Due, chance: Floats) -> tuple[Floats, Floats]:
    """The chance of a no-show, and how much of it the policy averts."""
    reminded = due.reminder == DELIVERED
    chance = np.where(reminded, chance * world.truth.attendance.reminder_ratio, chance)
    chance = np.minimum(chance, _MOST_LIKELY / 2)
    ratio = np.where(under_policy(world, due), world.truth.policy.no_show_ratio, 1.0)
    return chance * ratio, np.maximum(chance * (1.0 - ratio), 0.0)


def under_policy(world: World, due: Due) -> Flags:
    """Whether the policy is in force for a session, and its therapist enforces it."""
    begun = due.start >= world.policy_from[world.site_of[due.therapist]]
    return np.asarray(begun & world.enforces[due.therapist])


def draw_cancelled(world: World, due: Due, outcome: Ints) -> Ints:
    """When each cancelled session was cancelled; -1 for those that were not."""
    draws, size = world.draws["timing"], outcome.size
    lead = due.start - due.booked
    low = np.ones(size, dtype=np.int64)
    high = np.maximum(lead - 1, 1)
    with_notice = _is(outcome, "early_cancel", "rescheduled")
    low = np.where(with_notice, NOTICE, low)
    high = np.where(_is(outcome, "late_cancel"), np.minimum(high, NOTICE - 1), high)
    notice = draws.whole(low, np.maximum(np.minimum(high, 6 * DAY), low), size)
    cancelled = with_notice | _is(outcome, "late_cancel", "provider_cancel")
    return np.where(cancelled, due.start - notice, -1)


def _is(outcome: Ints, *names: str) -> Flags:
    found = np.zeros(outcome.size, dtype=bool)
    for name in names:
        found |= outcome == CODE[name]
    return found
