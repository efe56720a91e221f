"""Attendance so far, and the rate at which care ends: weekly sessions of clients who may leave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from validation.engine import Answer, Design, Run
from validation.tidy import answer

import carenotebook as cn
from carenotebook.core.cohort import Cohort

_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_PEOPLE, _WEEKS = 200, 20
_DROP, _COMPLETE = 0.06, 0.03
"""Rates a week at which care ends, where nothing changes the former."""


def _course(chance: np.random.Generator, missed: float, share: float, ill: float) -> Cohort:
    """A session a week until care ends, by dropping out or, whatever was attended, completed.

    Missing the last session and ten points more attended so far change the rate of dropping out.
    `ill`: by how much a state that nobody records goes with missing, and with dropping out.
    """
    level, state = chance.normal(0, 0.8, _PEOPLE), ill * chance.normal(size=_PEOPLE)
    there, came_so_far = np.arange(_PEOPLE), np.zeros(_PEOPLE)
    sessions, ends = [], []
    for week in range(_WEEKS):
        came = chance.random(len(there)) < 1 / (1 + np.exp(state[there] - level[there] - 1.1))
        came_so_far[there] += came
        tens = 10 * came_so_far[there] / (week + 1)
        rate = _DROP * np.exp(missed * ~came + share * (tens - 7) + state[there])
        dropped = chance.exponential(1 / rate)
        completed = chance.exponential(1 / _COMPLETE, len(there))
        sessions.append((there, np.full(len(there), week), came))
        first = np.minimum(dropped, completed)
        over = first < 1
        ends.append((there[over], week + first[over], (dropped < completed)[over]))
        there = there[~over]
    return _cohort(*(map(np.concatenate, zip(*rows, strict=True)) for rows in (sessions, ends)))


def _cohort(sessions: Iterable[np.ndarray], ends: Iterable[np.ndarray]) -> Cohort:
    """From who, which week and whether attended; and who, when, and whether dropped out."""
    (client, week, came), (who, when, dropped) = sessions, ends
    booked = {
        "client_id": client.astype(str),
        "start": _at(week),
        "outcome": np.where(came, "attended", "no_show"),
    }
    ended = {
        "client_id": who.astype(str),
        "ended_at": _at(when),
        "end_reason": np.where(dropped, "dropped_out", "completed"),
    }
    everyone = np.arange(_PEOPLE).astype(str)
    people = pl.DataFrame({"client_id": everyone, "started_at": _at(np.zeros(_PEOPLE))})
    return cn.from_frames(
        appointments=pl.DataFrame(booked),
        episodes=people.join(pl.DataFrame(ended), on="client_id", how="left"),
        as_of=_BEGIN + timedelta(weeks=_WEEKS),
    )


def _at(weeks: np.ndarray) -> pl.Series:
    micro = (weeks * timedelta(weeks=1).total_seconds() * 1e6).astype(np.int64)
    return pl.Series(micro).cast(pl.Duration("us")) + _BEGIN


def _asked(term: str, *, ill: float = 0) -> Run:
    def run(chance: np.random.Generator, effect: float) -> Answer:
        missed, share = (effect, -0.1) if term == "missed_last" else (0.5, effect)
        found = cn.attendance_hazard(_course(chance, missed, share, ill))
        return answer(found.tidy(), term)

    return run


_METHOD = "Attendance so far, Cox (`attendance_hazard`)"
_SETTING = f"{_PEOPLE} clients, weekly sessions; "
DESIGNS = (
    Design(
        "leaving-missed",
        _METHOD,
        _SETTING + "missing the last one changes the rate of dropping out",
        "outside",
        _asked("missed_last"),
        0.7,
        0,
    ),
    Design(
        "leaving-share",
        _METHOD,
        _SETTING + "the share attended so far changes the rate of dropping out",
        "outside",
        _asked("share_10_points"),
        -0.15,
        0,
    ),
    Design(
        "leaving-unrecorded",
        _METHOD + " read as an effect",
        _SETTING + "a state that nobody records decides on missing and on dropping out",
        "outside",
        _asked("share_10_points", ill=0.7),
        -0.15,
        0,
        fails=True,
    ),
)
