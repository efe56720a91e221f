"""All rounds of care of all clients, with the sessions, silences and interruptions of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.course import Round, Sessions, run_round
from carenotebook.synthetic.draws import Flags, Ints
from carenotebook.synthetic.intake import first_intake, later_intake
from carenotebook.synthetic.state import Silence
from carenotebook.synthetic.world import World

_ROUNDS = 3


@dataclass(frozen=True)
class Episodes(Arrays):
    """Episodes; times in UTC minutes, `ended` NEVER for an open one, `number` 0 for the first."""

    client: Ints
    started: Ints
    referred: Ints
    therapist: Ints
    ended: Ints
    reason: Ints
    number: Ints


@dataclass(frozen=True)
class Interruptions(Arrays):
    """Breaks and hospital stays of clients; `kind` is a position in `Breaks.start`."""

    episode: Ints
    start: Ints
    end: Ints
    kind: Ints


@dataclass(frozen=True)
class Care:
    """Every episode and what happened in it; the other records hold their episode's position."""

    episodes: Episodes
    sessions: Sessions
    silences: Silence
    interruptions: Interruptions

    def during(self, episode: Ints, at: Ints, as_of: int) -> Flags:
        """Whether a time lies within the episode and within the data."""
        inside = (at >= self.episodes.started[episode]) & (at < self.episodes.ended[episode])
        return np.asarray(inside & (at < as_of))

    def silent(self, episode: Ints, at: Ints) -> Flags:
        """Whether a time falls into a spell of silence of the episode."""
        spells = self.silences
        if not spells.size:
            return np.zeros(at.size, dtype=bool)
        horizon = int(max(spells.start.max(), at.max(initial=0))) + 1
        place = np.searchsorted(
            spells.episode * horizon + spells.start, episode * horizon + at, side="right"
        )
        last = np.maximum(place - 1, 0)
        same = (place > 0) & (spells.episode[last] == episode)
        return np.asarray(same & (at < spells.until[last]))


def run_care(world: World) -> Care:
    """First referrals, then those who come back, up to three episodes a client."""
    rounds = [run_round(world, first_intake(world))]
    while len(rounds) < _ROUNDS:
        last = rounds[-1]
        rounds.append(run_round(world, later_intake(world, last.intake, last.ended, last.left)))
    offsets = _offsets([r.intake.size for r in rounds])
    return Care(
        episodes=Episodes.joined([_episodes(r, k) for k, r in enumerate(rounds)]),
        sessions=_sessions(rounds, offsets),
        silences=Silence.joined(
            [
                replace(r.silences, episode=r.silences.episode + o)
                for r, o in zip(rounds, offsets, strict=True)
            ]
        ),
        interruptions=Interruptions.joined(
            [_interruptions(r, o) for r, o in zip(rounds, offsets, strict=True)]
        ),
    )


def _offsets(sizes: Sequence[int]) -> list[int]:
    return [0, *accumulate(sizes[:-1])]


def _episodes(done: Round, number: int) -> Episodes:
    i = done.intake
    numbers = np.full(i.size, number, dtype=np.int64)
    return Episodes(i.client, i.started, i.referred, i.therapist, done.ended, done.reason, numbers)


def _sessions(rounds: Sequence[Round], offsets: Sequence[int]) -> Sessions:
    """Sessions of all rounds, their `replaces` pointing to rows of the whole."""
    rows = _offsets([r.sessions.size for r in rounds])
    return Sessions.joined(
        [
            replace(
                r.sessions,
                episode=r.sessions.episode + offset,
                replaces=np.where(r.sessions.replaces >= 0, r.sessions.replaces + row, -1),
            )
            for r, offset, row in zip(rounds, offsets, rows, strict=True)
        ]
    )


def _interruptions(done: Round, offset: int) -> Interruptions:
    episode = np.arange(done.intake.size, dtype=np.int64) + offset
    return Interruptions.joined(
        [
            Interruptions(episode, start, done.breaks.end[reason], np.full_like(episode, kind))
            for kind, (reason, start) in enumerate(done.breaks.start.items())
        ]
    )
