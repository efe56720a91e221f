"""Referrals: who starts an episode, when, with whom, in which weekly slot and how unwell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.calendar import DAY, HOUR, WEEK, in_hours, weekday
from carenotebook.synthetic.draws import Floats, Ints
from carenotebook.synthetic.world import World

_HOURS = np.array([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 8])
_FIRST_SLOTS = 40
_LATER_SLOTS = 20


@dataclass(frozen=True)
class Intake(Arrays):
    """One entry an episode; times are UTC minutes, `slot` is the first session in local minutes."""

    client: Ints
    started: Ints
    referred: Ints
    therapist: Ints
    slot: Ints
    interval: Ints
    planned: Ints
    phq: Floats
    gad: Floats
    phq_dose: Floats
    gad_dose: Floats


def first_intake(world: World) -> Intake:
    """Every client's first referral, spread over the weeks of intake."""
    people = world.people.size
    draws = world.draws["intake"]
    window = world.truth.intake_weeks * WEEK
    started = world.as_of - window + draws.whole(0, window - 1, people)
    phq, gad = _severity(world, people)
    return _intake(world, np.arange(people, dtype=np.int64), started, phq, gad, returning=False)


def later_intake(world: World, before: Intake, ended: Ints, left: tuple[Floats, Floats]) -> Intake:
    """Further referrals after a gap, of some whose last episode (`before`) is over.

    `ended` is the minute of the ending, later than `as_of` for those who cannot come back; `left`
    is the severity with which they left.
    """
    truth, draws = world.truth, world.draws["intake"]
    low, high = truth.service.gap_days
    gap = draws.whole(low * DAY, high * DAY, before.size)
    again = draws.happens(truth.service.returns_to_service, before.size)
    started = ended + gap
    back = np.nonzero(again & (ended < world.as_of) & (started < world.as_of - 3 * DAY))[0]
    fresh = _severity(world, back.size)
    relapse = truth.symptoms.relapse
    phq, gad = (
        now[back] + relapse * (new - now[back]) for now, new in zip(left, fresh, strict=True)
    )
    return _intake(world, before.client[back], started[back], phq, gad, returning=True)


def _severity(world: World, size: int) -> tuple[Floats, Floats]:
    """PHQ-9 and GAD-7 at referral, before error, correlated through a shared part."""
    s, draws = world.truth.symptoms, world.draws["symptoms"]
    common, own = np.sqrt(s.shared), np.sqrt(1 - s.shared)
    shared = draws.bell(size)
    phq = s.phq_mean + s.phq_sd * (common * shared + own * draws.bell(size))
    gad = s.gad_mean + s.gad_sd * (common * shared + own * draws.bell(size))
    return phq, gad


def _intake(  # noqa: PLR0913 - what a referral settles
    world: World, client: Ints, started: Ints, phq: Floats, gad: Floats, *, returning: bool
) -> Intake:
    truth, draws, size = world.truth, world.draws["intake"], client.size
    response = 1 + truth.symptoms.response_sd * world.draws["symptoms"].bell(size)
    started = in_hours(started, back=not returning)
    therapist = world.home_therapist[client]
    if returning:
        therapist = draws.whole(0, world.therapists - 1, size)
    low, high = truth.service.wait_days
    return Intake(
        client=client,
        started=started,
        referred=in_hours(started - draws.whole(low * DAY, high * DAY, size), back=True),
        therapist=therapist,
        slot=_first_slot(world, started, therapist, returning=returning),
        interval=np.where(draws.happens(truth.service.fortnightly, size), 2 * WEEK, WEEK),
        planned=draws.whole(*truth.service.planned_sessions, size),
        phq=phq,
        gad=gad,
        phq_dose=truth.symptoms.phq_per_session * response,
        gad_dose=truth.symptoms.gad_per_session * response,
    )


def _first_slot(world: World, started: Ints, therapist: Ints, *, returning: bool) -> Ints:
    """The first session, three days or more after the start, in a weekly slot of the therapist.

    A therapist's slots are given out in turn, so that two clients hardly ever share one.
    """
    order = np.lexsort((started, therapist))
    first = np.searchsorted(therapist[order], np.arange(world.therapists))
    turn = np.empty(started.size, dtype=np.int64)
    turn[order] = np.arange(started.size) - first[therapist[order]]
    place = _FIRST_SLOTS + turn % _LATER_SLOTS if returning else turn % _FIRST_SLOTS
    earliest = started // DAY + 3
    day = earliest + (place % 5 - weekday(earliest)) % 7
    return np.asarray(day * DAY + _HOURS[place // 5] * HOUR)
