"""One round of care: every episode visit by visit, all episodes at once.

Attendance, severity and leaving feed each other, so a visit is settled for all before the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.calendar import DAY, HOUR, weekday
from carenotebook.synthetic.draws import Flags, Floats, Ints
from carenotebook.synthetic.endings import decide
from carenotebook.synthetic.intake import Intake
from carenotebook.synthetic.interruptions import Breaks, draw_breaks, interrupted
from carenotebook.synthetic.outcomes import (
    CODE,
    Due,
    draw_cancelled,
    draw_outcomes,
    draw_reminders,
    under_policy,
)
from carenotebook.synthetic.state import FADING, SILENT, Silence, Silences, State, Visit
from carenotebook.synthetic.world import World

ASSESSMENT, TREATMENT, REVIEW = range(3)
_FRIDAY = 4
_MISSES = (CODE["no_show"], CODE["late_cancel"])


@dataclass(frozen=True)
class Sessions(Arrays):
    """Sessions that leave a row; times in UTC minutes.

    `outcome` is what happened, `cancelled` -1 where nothing was cancelled, `replaces` the row of
    the session that was moved, or -1; `run` and `stage` are before the session, `phq` and `gad`
    the severity that a measure taken there would meet.
    """

    episode: Ints
    client: Ints
    therapist: Ints
    start: Ints
    outcome: Ints
    kind: Ints
    booked: Ints
    cancelled: Ints
    replaces: Ints
    reminder: Ints
    run: Ints
    phq: Floats
    gad: Floats
    phq_change: Floats
    stage: Ints
    stage_after: Ints


@dataclass(frozen=True)
class Round:
    """What one round of care leaves.

    `sessions` has one entry a session in order of rows, `silences` one a spell; the other arrays
    have one an episode. `ended` is later than any time for an episode that is still open.
    """

    intake: Intake
    sessions: Sessions
    ended: Ints
    reason: Ints
    left: tuple[Floats, Floats]
    silences: Silence
    breaks: Breaks


def run_round(world: World, intake: Intake) -> Round:
    """Simulate these episodes until they end or the data do."""
    state = State.begin(world, intake)
    breaks = draw_breaks(world, intake)
    silences = Silences()
    log: list[Sessions] = []
    while not log or log[-1].size:
        episode = state.due(world.as_of)
        start = world.clock.to_utc(state.slot[episode])
        paused = interrupted(world, breaks, episode, intake.therapist[episode], start)
        log.append(_visit(world, intake, state, silences, (episode, start, paused)))
    left = (state.phq, state.gad)
    sessions = Sessions.joined(log)
    return Round(intake, sessions, state.ended, state.reason, left, silences.close(state), breaks)


def _visit(
    world: World, intake: Intake, state: State, silences: Silences, at: tuple[Ints, Ints, Flags]
) -> Sessions:
    """Settle one visit of every active episode; returns the sessions that leave a row."""
    episode, start, paused = at
    ahead = start >= world.as_of
    state.drift(world, episode, start)
    due = _due(world, intake, state, episode, start)
    outcome, cancelled = _outcome(world, state, due, at)
    shown = ~paused | (
        ~ahead & world.draws["timing"].happens(world.truth.pauses.excused, start.size)
    )
    row = state.number_rows(shown)
    rows = _rows(world, intake, state, due, (episode, outcome, cancelled))
    happened = ~paused & ~ahead
    visit = Visit(
        episode=episode,
        client=due.client,
        start=start,
        attended=outcome == CODE["attended"],
        missed=np.isin(outcome, _MISSES),
        policy=under_policy(world, due),
    )
    state.active[episode[ahead]] = False
    _treat(intake, state, visit)
    _book_next(world, intake, state, visit, (row, cancelled, outcome == CODE["rescheduled"]))
    decide(world, intake, state, silences, visit.take(happened))
    return replace(rows, stage_after=state.stage[episode]).take(shown)


def _due(world: World, intake: Intake, state: State, episode: Ints, start: Ints) -> Due:
    return Due(
        client=intake.client[episode],
        therapist=intake.therapist[episode],
        booked=state.booked[episode],
        start=start,
        phq=state.phq[episode],
        fading=state.stage[episode] == FADING,
        reminder=draw_reminders(world, state.booked[episode], start),
    )


def _outcome(
    world: World, state: State, due: Due, at: tuple[Ints, Ints, Flags]
) -> tuple[Ints, Ints]:
    """The outcome of each session, and when it was cancelled (-1: it was not)."""
    episode, start, paused = at
    outcome = draw_outcomes(world, due)
    moved_twice = (state.replaces[episode] >= 0) & (outcome == CODE["rescheduled"])
    outcome = np.where(moved_twice, CODE["early_cancel"], outcome)
    outcome = np.where(state.stage[episode] == SILENT, CODE["no_show"], outcome)
    outcome = np.where(paused, CODE["excused"], outcome)
    outcome = np.where(start >= world.as_of, CODE["booked"], outcome)
    return outcome, draw_cancelled(world, due, outcome)


def _rows(
    world: World, intake: Intake, state: State, due: Due, settled: tuple[Ints, Ints, Ints]
) -> Sessions:
    """The sessions as they stand before anything follows from them."""
    episode, outcome, cancelled = settled
    done = state.attended[episode]
    review = (done > 0) & (done % world.truth.service.review_every == 0)
    stage = state.stage[episode]
    return Sessions(
        episode=episode,
        client=due.client,
        therapist=due.therapist,
        start=due.start,
        outcome=outcome,
        kind=np.where(done == 0, ASSESSMENT, np.where(review, REVIEW, TREATMENT)),
        booked=due.booked,
        cancelled=cancelled,
        replaces=state.replaces[episode],
        reminder=due.reminder,
        run=state.run[episode],
        phq=state.phq[episode],
        gad=state.gad[episode],
        phq_change=state.phq[episode] - intake.phq[episode],
        stage=stage,
        stage_after=stage,
    )


def _treat(intake: Intake, state: State, visit: Visit) -> None:
    """What attending does to severity, and the run of misses."""
    came = visit.episode[visit.attended]
    state.phq[came] += intake.phq_dose[came]
    state.gad[came] += intake.gad_dose[came]
    state.attended[came] += 1
    state.run[came] = 0
    state.run[visit.episode[visit.missed]] += 1


def _book_next(
    world: World, intake: Intake, state: State, visit: Visit, moved: tuple[Ints, Ints, Flags]
) -> None:
    """The next weekly place, or the new time of a session that was moved."""
    row, cancelled, again = moved
    e, draws = visit.episode, world.draws["timing"]
    shifted = _shifted(state.regular[e], draws.whole(1, 3, e.size))
    state.regular[e] = np.where(again, state.regular[e], state.regular[e] + intake.interval[e])
    state.slot[e] = np.where(again, shifted, state.regular[e])
    state.replaces[e] = np.where(again, row, -1)
    after = visit.start + draws.whole(HOUR, DAY, e.size)
    in_session = visit.start + world.truth.service.session_minutes
    booked = np.where(visit.attended, in_session, after)
    state.booked[e] = np.where(again, cancelled, booked)


def _shifted(local: Ints, days: Ints) -> Ints:
    """Some days later on a working day, half an hour off the weekly grid."""
    day = local // DAY + days
    over = np.where(weekday(day) > _FRIDAY, 2, 0)
    return np.asarray(local + (days + over) * DAY + HOUR // 2)
