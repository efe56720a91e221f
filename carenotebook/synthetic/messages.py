"""The `contacts` table: messages both ways, and whether they are known to have arrived."""

from __future__ import annotations

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import DIRECTIONS, PURPOSES
from carenotebook.synthetic.calendar import DAY, HOUR, in_hours
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Flags, Floats, Ints
from carenotebook.synthetic.events import ABSENT, Message, recorded, same
from carenotebook.synthetic.frames import labels, times
from carenotebook.synthetic.names import client_ids
from carenotebook.synthetic.outcomes import CODE, DELIVERED, NOT_DELIVERED, NOT_SENT, draw_delivery
from carenotebook.synthetic.state import END_CODE, FADING, SILENT
from carenotebook.synthetic.world import NEVER, World

CHANNELS = ("sms", "email", "phone", "app")
_CHANNEL_SHARES = {
    "reminder": (0.75, 0.25, 0.0, 0.0),
    "outreach": (0.25, 0.30, 0.45, 0.0),
    "notice": (0.0, 1.0, 0.0, 0.0),
    "check_in": (0.0, 0.2, 0.0, 0.8),
}
_INBOUND_SHARES = (0.15, 0.30, 0.20, 0.35)
_IN, _OUT = DIRECTIONS.index("inbound"), DIRECTIONS.index("outbound")
_PURPOSE = {name: place for place, name in enumerate(PURPOSES)}
_SILENCE_OUTREACH_DAYS = (14, 30, 45, 60)


def contacts(world: World, care: Care, outcome: Ints, invitations: Message) -> pl.DataFrame:
    """One row a message; `invitations` are those to check-ins, sent elsewhere."""
    after_misses = _outreach_after_misses(world, care, outcome)
    blocks = [
        _reminders(world, care),
        invitations,
        *after_misses,
        _replies(world, care, after_misses[0]),
        *_outreach_in_silence(world, care),
        _returns(world, care),
        _cancellations(world, care),
        _of_their_own_accord(world, care),
        _goodbyes(world, care),
        _notices(world, care),
    ]
    e = recorded(world, care, Message, blocks)
    types = schema.dtypes("contacts")
    delivered = pl.DataFrame({"d": e.delivery}).select(
        pl.when(pl.col("d") == DELIVERED)
        .then(statement=True)
        .when(pl.col("d") == NOT_DELIVERED)
        .then(statement=False)
    )
    return pl.DataFrame(
        {
            "client_id": client_ids(world, care.episodes.client[e.episode]),
            "at": times(e.at),
            "direction": labels(e.direction, DIRECTIONS, types["direction"]),
            "channel": labels(_channels(world, e), CHANNELS),
            "purpose": labels(e.purpose, PURPOSES, types["purpose"]),
            "delivered": delivered.to_series(),
        }
    )


def outbound(world: World, episode: Ints, at: Ints, purpose: str) -> Message:
    """Messages of the service, some of which do not arrive."""
    delivery = draw_delivery(world, world.draws["contacts"], at.size)
    return Message(episode, at, same(_OUT, at.size), same(_PURPOSE[purpose], at.size), delivery)


def _inbound(episode: Ints, at: Ints, purpose: Ints | str = "other") -> Message:
    if isinstance(purpose, str):
        purpose = same(_PURPOSE[purpose], at.size)
    return Message(episode, at, same(_IN, at.size), purpose, same(DELIVERED, at.size))


def _channels(world: World, sent: Message) -> Ints:
    draws, channel = world.draws["contacts"], same(ABSENT, sent.size)
    for name, shares in _CHANNEL_SHARES.items():
        chosen = (sent.direction == _OUT) & (sent.purpose == _PURPOSE[name])
        channel[chosen] = draws.pick(shares, int(chosen.sum()))
    coming = sent.direction == _IN
    channel[coming] = draws.pick(_INBOUND_SHARES, int(coming.sum()))
    return channel


def _reminders(world: World, care: Care) -> Message:
    """Before sessions that were still to take place at that time."""
    v = care.sessions
    at = v.start - world.truth.messages.reminder_hours * HOUR
    sent = (v.reminder != NOT_SENT) & (v.outcome != CODE["excused"])
    sent &= (v.cancelled < 0) | (v.cancelled > at)
    purpose = same(_PURPOSE["reminder"], at.size)
    return Message(v.episode, at, same(_OUT, at.size), purpose, v.reminder).take(sent)


def _outreach_after_misses(world: World, care: Care, outcome: Ints) -> list[Message]:
    """A first attempt, whose visit `_replies` can tell; a second where nobody answers."""
    v, m, draws = care.sessions, world.truth.messages, world.draws["contacts"]
    chance = np.where(outcome == CODE["no_show"], m.outreach, 0.0)
    chance = np.where(outcome == CODE["late_cancel"], m.outreach_after_late_cancel, chance)
    first = draws.happens(chance, outcome.size)
    again = first & (v.stage_after != 0) & draws.happens(m.outreach_again, outcome.size)
    return [
        _after_visits(world, care, first, "outreach", (4 * HOUR, 2 * DAY)),
        _after_visits(world, care, again, "outreach", (4 * DAY, 7 * DAY)),
    ]


def _after_visits(
    world: World, care: Care, chosen: Flags, purpose: str, delay: tuple[int, int]
) -> Message:
    rows = np.nonzero(chosen)[0]
    at = care.sessions.start[rows] + world.draws["contacts"].whole(*delay, rows.size)
    at = np.maximum(in_hours(at), care.sessions.start[rows] + HOUR)
    return outbound(world, care.sessions.episode[rows], at, purpose)


def _replies(world: World, care: Care, asked: Message) -> Message:
    """Answers to what arrived, unless the client is silent by then."""
    draws = world.draws["contacts"]
    answers = draws.happens(world.truth.messages.answers_outreach, asked.size)
    answers &= asked.delivery == DELIVERED
    at = asked.at + draws.whole(HOUR, 2 * DAY, asked.size)
    answers &= ~care.silent(asked.episode, at)
    return _inbound(asked.episode[answers], at[answers])


def _outreach_in_silence(world: World, care: Care) -> list[Message]:
    """Further attempts while nobody answers."""
    s, draws, size = care.silences, world.draws["contacts"], care.silences.start.size
    blocks = []
    for days in _SILENCE_OUTREACH_DAYS:
        at = in_hours(s.start + draws.whole(days * DAY, (days + 6) * DAY, size))
        chosen = draws.happens(world.truth.messages.outreach_in_silence, size) & (at < s.until)
        blocks.append(outbound(world, s.episode[chosen], at[chosen], "outreach"))
    return blocks


def _returns(world: World, care: Care) -> Message:
    """Whoever comes back writes first."""
    s = care.silences
    back = s.returned & (s.until < world.as_of)
    return _inbound(s.episode[back], s.until[back])


def _cancellations(world: World, care: Care) -> Message:
    v = care.sessions
    codes = [CODE[n] for n in ("late_cancel", "early_cancel", "rescheduled")]
    wrote = np.isin(v.outcome, codes) & (v.cancelled >= 0)
    wrote &= world.draws["contacts"].happens(world.truth.messages.writes_to_cancel, wrote.size)
    moved = v.outcome == CODE["rescheduled"]
    purpose = np.where(moved, _PURPOSE["reschedule"], _PURPOSE["other"])
    return _inbound(v.episode[wrote], v.cancelled[wrote], purpose[wrote])


def _of_their_own_accord(world: World, care: Care) -> Message:
    """Messages between sessions, fewer from people who are about to leave."""
    v, m, draws = care.sessions, world.truth.messages, world.draws["contacts"]
    chance: Floats = np.where(
        v.stage_after == FADING, m.inbound * m.inbound_fading_ratio, m.inbound
    )
    wrote = draws.happens(chance, chance.size)
    at = v.start + draws.whole(2 * HOUR, 6 * DAY, chance.size)
    wrote &= (v.stage != SILENT) & (v.stage_after != SILENT)
    wrote &= v.outcome != CODE["booked"]
    return _inbound(v.episode[wrote], at[wrote])


def _goodbyes(world: World, care: Care) -> Message:
    """People who leave and say so."""
    e = care.episodes
    episode = np.nonzero((e.reason == END_CODE["dropped_out"]) & (e.ended < NEVER))[0]
    at = e.ended[episode] - world.draws["contacts"].whole(1, 4 * HOUR, episode.size)
    told = ~care.silent(episode, at)
    return _inbound(episode[told], at[told])


def _notices(world: World, care: Care) -> Message:
    """Letters one to two weeks before the service ends care."""
    e = care.episodes
    chosen = (e.reason == END_CODE["ended_by_service"]) & (e.ended < NEVER)
    episode = np.nonzero(chosen)[0]
    at = e.ended[episode] - world.draws["contacts"].whole(7 * DAY, 14 * DAY, episode.size)
    return outbound(world, episode, at, "notice")
