"""The `checkins` table, and the invitations that go before."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import REASONS
from carenotebook.synthetic.appointments import stated_obstacles
from carenotebook.synthetic.calendar import DAY, HOUR
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Ints
from carenotebook.synthetic.events import Message
from carenotebook.synthetic.frames import labels, numbers, times
from carenotebook.synthetic.messages import outbound
from carenotebook.synthetic.names import client_ids
from carenotebook.synthetic.outcomes import CODE, DELIVERED
from carenotebook.synthetic.state import FADING, SILENT
from carenotebook.synthetic.world import World

_USUAL_PROGRESS, _PROGRESS_PER_POINT, _PROGRESS_SD = 5.0, 0.35, 1.6


def checkins(world: World, care: Care, outcome: Ints) -> tuple[pl.DataFrame, Message]:
    """One row a check-in that was answered, and all invitations that were sent."""
    rows, invitations = _invite(world, care, outcome)
    answered, at = _answers(world, care, rows, invitations)
    return _table(world, care, rows[answered], at[answered]), invitations


def _invite(world: World, care: Care, outcome: Ints) -> tuple[Ints, Message]:
    """The visits after which an invitation goes out, and the invitations."""
    v, m, draws = care.sessions, world.truth.messages, world.draws["checkins"]
    missed = np.isin(outcome, (CODE["no_show"], CODE["late_cancel"]))
    chance = np.where(missed, m.check_in_sent_after_miss, m.check_in_sent)
    sent = draws.happens(chance, outcome.size) & (v.outcome != CODE["booked"])
    rows = np.nonzero(sent)[0]
    at = v.start[rows] + draws.whole(2 * HOUR, DAY, rows.size)
    return rows, outbound(world, v.episode[rows], at, "check_in")


def _answers(world: World, care: Care, rows: Ints, asked: Message) -> tuple[Ints, Ints]:
    """Which invitations are answered, and when."""
    v, m, draws = care.sessions, world.truth.messages, world.draws["checkins"]
    fading = v.stage_after[rows] == FADING
    chance = np.where(fading, m.answers_check_in_fading, m.answers_check_in)
    at = asked.at + draws.whole(10, 2 * DAY, rows.size)
    answered = draws.happens(chance, rows.size) & (asked.delivery == DELIVERED)
    answered &= (v.stage[rows] != SILENT) & ~care.silent(asked.episode, at)
    answered &= care.during(asked.episode, at, world.as_of)
    return np.nonzero(answered)[0], at


def _table(world: World, care: Care, rows: Ints, at: Ints) -> pl.DataFrame:
    v, m, draws = care.sessions, world.truth.messages, world.draws["checkins"]
    client = v.client[rows]
    fading = v.stage_after[rows] == FADING
    staying = np.where(fading, m.wants_to_continue_fading, m.wants_to_continue)
    progress = _USUAL_PROGRESS - _PROGRESS_PER_POINT * v.phq_change[rows]
    progress = progress + _PROGRESS_SD * draws.bell(rows.size)
    return pl.DataFrame(
        {
            "client_id": client_ids(world, client),
            "at": times(at),
            "barrier": labels(
                stated_obstacles(world, client, "checkins"),
                REASONS,
                schema.dtypes("checkins")["barrier"],
            ),
            "progress": numbers(np.clip(np.rint(progress), 0, 10)),
            "wants_to_continue": pl.Series(draws.happens(staying, rows.size)),
            # The key of an answer that came in by a journal; these came in by none.
            "checkin_id": pl.Series([None] * rows.size, dtype=pl.String),
        }
    )
