"""Who fades, falls silent, comes back, finishes or is ended by the service."""

from __future__ import annotations

import numpy as np

from carenotebook.synthetic.calendar import DAY, WEEK, in_hours
from carenotebook.synthetic.draws import Flags, Floats
from carenotebook.synthetic.intake import Intake
from carenotebook.synthetic.state import ENGAGED, FADING, SILENT, Silences, State, Visit
from carenotebook.synthetic.world import NEVER, World


def decide(world: World, intake: Intake, state: State, silences: Silences, visit: Visit) -> None:
    """Settle what follows from sessions that were due."""
    silent = state.stage[visit.episode] == SILENT
    _in_silence(world, state, silences, visit.take(silent))
    _in_contact(world, intake, state, visit.take(~silent))


def _in_silence(world: World, state: State, silences: Silences, visit: Visit) -> None:
    """After the last session held for somebody silent: they come back, or care ends."""
    state.held[visit.episode] -= 1
    over = visit.take(state.held[visit.episode] <= 0)
    back = state.returns_at[over.episode] < NEVER
    _come_back(world, state, silences, over.take(back))
    lost = over.take(~back)
    at = in_hours(np.maximum(state.gives_up_at[lost.episode], lost.start + WEEK))
    silences.add(state, lost.episode, at, returned=False)
    by_service = world.draws["endings"].happens(
        world.truth.endings.silence_ended_by_service, lost.start.size
    )
    state.end(lost.episode[by_service], at[by_service], "ended_by_service", world.as_of)
    state.end(lost.episode[~by_service], at[~by_service], "dropped_out", world.as_of)


def _come_back(world: World, state: State, silences: Silences, visit: Visit) -> None:
    """They write, and the weekly place is theirs again two days later or more."""
    e, draws = visit.episode, world.draws["endings"]
    at = np.maximum(state.returns_at[e], visit.start + DAY)
    silences.add(state, e, at, returned=True)
    fading = draws.happens(world.truth.endings.fading_after_return, e.size)
    state.stage[e] = np.where(fading, FADING, ENGAGED)
    state.run[e] = 0
    state.booked[e] = at
    earliest = world.clock.to_local(np.minimum(at, world.as_of)) + 2 * DAY
    weeks = -((state.regular[e] - earliest) // WEEK)
    state.regular[e] += np.maximum(weeks, 0) * WEEK
    state.slot[e] = state.regular[e]
    state.replaces[e] = -1


def _in_contact(world: World, intake: Intake, state: State, visit: Visit) -> None:
    """Fading and leaving first; whoever stays may finish, be ended, transferred or die."""
    leaves = _fade(world, intake, state, visit)
    says_so = leaves & world.draws["endings"].happens(world.truth.endings.says_so, leaves.size)
    _fall_silent(world, state, visit.take(leaves & ~says_so))
    soon = in_hours(visit.start + world.draws["endings"].whole(DAY, WEEK, leaves.size))
    state.end(visit.episode[says_so], soon[says_so], "dropped_out", world.as_of)
    _finish(world, intake, state, visit.take(~leaves))


def _fade(world: World, intake: Intake, state: State, visit: Visit) -> Flags:
    """Move people between engaged and fading; true for those who leave now."""
    e, size, draws = world.truth.endings, visit.start.size, world.draws["endings"]
    fading = state.stage[visit.episode] == FADING
    leaves = fading & draws.happens(e.leaves_when_fading, size)
    recovers = fading & draws.happens(e.recovers_when_fading, size)
    change = state.phq[visit.episode] - intake.phq[visit.episode]
    hazard = np.where(change >= e.change_points, e.fading + e.fading_if_deteriorated, e.fading)
    hazard = np.where(change <= -e.change_points, e.fading + e.fading_if_improved, hazard)
    begins = ~fading & draws.happens(hazard * world.people.ratios["fading"][visit.client], size)
    state.stage[visit.episode[recovers]] = ENGAGED
    state.stage[visit.episode[begins]] = FADING
    return np.asarray(leaves)


def _fall_silent(world: World, state: State, visit: Visit) -> None:
    """Settle how many more sessions are held, and whether and when they will be back."""
    e, size, draws = world.truth.endings, visit.start.size, world.draws["endings"]
    low, high = e.return_days
    back = visit.start + draws.whole(low * DAY, high * DAY, size)
    returns = draws.happens(e.silence_returns, size)
    first, last = e.silence_end_days
    state.stage[visit.episode] = SILENT
    state.silent_from[visit.episode] = visit.start
    state.held[visit.episode] = draws.whole(*e.silent_bookings, size)
    state.returns_at[visit.episode] = np.where(returns, back, NEVER)
    state.gives_up_at[visit.episode] = visit.start + draws.whole(first * DAY, last * DAY, size)


def _finish(world: World, intake: Intake, state: State, visit: Visit) -> None:
    e, size, draws = world.truth.endings, visit.start.size, world.draws["endings"]
    low, high = e.closing_days
    at = in_hours(visit.start + draws.whole(low * DAY, high * DAY, size))
    ways = {
        "died": draws.happens(e.died, size),
        "transferred": draws.happens(_transfer_chance(world, intake, state, visit), size),
        "completed": _completes(world, intake, state, visit),
        "ended_by_service": draws.happens(_by_service_chance(world, state, visit), size),
    }
    left = np.ones(size, dtype=bool)
    for reason, happens in ways.items():
        chosen = happens & left
        state.end(visit.episode[chosen], at[chosen], reason, world.as_of)
        left &= ~chosen


def _completes(world: World, intake: Intake, state: State, visit: Visit) -> Flags:
    """All planned sessions attended, or well enough to end by agreement."""
    e, episode = world.truth.endings, visit.episode
    planned = state.attended[episode] >= intake.planned[episode]
    well = (state.phq[episode] < e.good_enough_phq) & visit.attended
    well &= state.attended[episode] >= e.good_enough_sessions
    agreed = world.draws["endings"].happens(e.good_enough_ends, episode.size)
    return np.asarray(visit.attended & planned | well & agreed)


def _transfer_chance(world: World, intake: Intake, state: State, visit: Visit) -> Floats:
    e, episode = world.truth.endings, visit.episode
    worse = state.phq[episode] - intake.phq[episode] >= e.change_points
    return np.where(worse, e.transferred_if_deteriorated, e.transferred)


def _by_service_chance(world: World, state: State, visit: Visit) -> Floats:
    """The service may end care after a run of misses, more often under the policy."""
    e = world.truth.endings
    chance = np.where(visit.policy, e.by_service * world.truth.policy.ending_ratio, e.by_service)
    after_run = visit.missed & (state.run[visit.episode] >= e.by_service_after)
    return np.where(after_run, chance, 0.0)
