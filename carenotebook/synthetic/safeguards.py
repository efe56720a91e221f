"""The `actions` table: safeguards as far as somebody wrote them down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import ACTION_KINDS, RESPONSES
from carenotebook.synthetic.calendar import DAY, in_hours
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.draws import Flags, Ints
from carenotebook.synthetic.events import ABSENT, Action, recorded, same
from carenotebook.synthetic.frames import labels, times
from carenotebook.synthetic.names import client_ids
from carenotebook.synthetic.outcomes import CODE
from carenotebook.synthetic.state import END_CODE, SILENT
from carenotebook.synthetic.world import NEVER, World

DETAILS = ("frequency", "method", "modality", "time", "therapist")
_DETAIL_SHARES = (0.3, 0.1, 0.25, 0.25, 0.1)
_KIND = {name: place for place, name in enumerate(ACTION_KINDS)}
_RESPONSE = {name: place for place, name in enumerate(RESPONSES)}
_HIGH_PHQ = 15.0
_BEFORE_END = {"notice": (7 * DAY, 14 * DAY), "referral": (1, 5 * DAY), "ending": (1, 60)}
_NOT_AGREED = ("dropped_out", "ended_by_service", "transferred")


def actions(world: World, care: Care, outcome: Ints) -> pl.DataFrame:
    """One row a recorded safeguard."""
    after_misses = _after_misses(world, care, outcome)
    blocks = [*after_misses, *_at_endings(world, care), _reopened(care)]
    e = recorded(world, care, Action, blocks)
    types = schema.dtypes("actions")
    return pl.DataFrame(
        {
            "client_id": client_ids(world, care.episodes.client[e.episode]),
            "at": times(e.at),
            "kind": labels(e.kind, ACTION_KINDS, types["kind"]),
            "detail": labels(e.detail, DETAILS),
            "response": labels(e.response, RESPONSES, types["response"]),
        }
    )


def _after_misses(world: World, care: Care, outcome: Ints) -> list[Action]:
    v = care.sessions
    missed = np.isin(outcome, (CODE["no_show"], CODE["late_cancel"]))
    again = missed & (v.run >= 1)
    talk = _called_for(world, care, again, "attendance_conversation")
    talked = _written_down(world, care, talk)
    return [
        talked,
        _written_down(world, care, _alternatives(world, talked)),
        _written_down(world, care, _called_for(world, care, missed & (v.run >= 2), "supervision")),
        _written_down(
            world, care, _called_for(world, care, again & (v.phq >= _HIGH_PHQ), "risk_review")
        ),
    ]


def _called_for(world: World, care: Care, chosen: Flags, kind: str) -> Action:
    """A safeguard one to five days after sessions; only a conversation has a response."""
    v, s, draws = care.sessions, world.truth.safeguards, world.draws["actions"]
    rows = np.nonzero(chosen)[0]
    at = in_hours(v.start[rows] + draws.whole(DAY, 5 * DAY, rows.size))
    response = same(ABSENT, rows.size)
    if kind == "attendance_conversation":
        shares = (s.accepted, s.declined, max(1 - s.accepted - s.declined, 0.0))
        response = draws.pick(shares, rows.size)
        silent = (v.stage[rows] == SILENT) | (v.stage_after[rows] == SILENT)
        response = np.where(silent, _RESPONSE["none"], response)
    no_detail = same(ABSENT, rows.size)
    return Action(v.episode[rows], at, same(_KIND[kind], rows.size), no_detail, response)


def _alternatives(world: World, talks: Action) -> Action:
    """Offered on the day of a recorded conversation."""
    draws = world.draws["actions"]
    return replace(
        talks,
        kind=same(_KIND["alternative_offered"], talks.size),
        detail=draws.pick(_DETAIL_SHARES, talks.size),
    )


def _at_endings(world: World, care: Care) -> list[Action]:
    e = care.episodes
    over = e.ended < NEVER
    not_agreed = over & np.isin(e.reason, [END_CODE[r] for r in _NOT_AGREED])
    by_service = over & (e.reason == END_CODE["ended_by_service"])
    return [
        _written_down(world, care, _before_end(world, care, kind, chosen))
        for kind, chosen in (("notice", by_service), ("referral", not_agreed), ("ending", over))
    ]


def _before_end(world: World, care: Care, kind: str, chosen: Flags) -> Action:
    episode = np.nonzero(chosen)[0]
    early = world.draws["actions"].whole(*_BEFORE_END[kind], episode.size)
    nothing = same(ABSENT, episode.size)
    at = care.episodes.ended[episode] - early
    return Action(episode, at, same(_KIND[kind], episode.size), nothing, nothing)


def _reopened(care: Care) -> Action:
    """Every further episode begins with a note."""
    episode = np.nonzero(care.episodes.number > 0)[0]
    nothing = same(ABSENT, episode.size)
    at = care.episodes.started[episode]
    return Action(episode, at, same(_KIND["reopened"], episode.size), nothing, nothing)


def _written_down(world: World, care: Care, events: Action) -> Action:
    """Those that were written down, by the chance of their kind and the client's groups."""
    s = world.truth.safeguards
    chance = np.array([getattr(s, kind, 1.0) for kind in ACTION_KINDS])[events.kind]
    chance = chance * world.people.safeguards[care.episodes.client[events.episode]]
    return events.take(world.draws["actions"].happens(chance, events.size))
