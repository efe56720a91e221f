"""Agreed interruptions: breaks of clients, hospital stays, leave of therapists, closures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.synthetic.calendar import DAY
from carenotebook.synthetic.draws import Flags, Ints
from carenotebook.synthetic.intake import Intake
from carenotebook.synthetic.world import NEVER, World

_EARLIEST, _LATEST = 21 * DAY, 120 * DAY


@dataclass(frozen=True)
class Breaks:
    """A client's own break and hospital stay in each episode, in UTC minutes; NEVER if none."""

    start: dict[str, Ints]
    end: dict[str, Ints]

    def running(self, episode: Ints, at: Ints) -> Flags:
        """Whether the client is on a break or in hospital."""
        inside = np.zeros(at.size, dtype=bool)
        for reason, start in self.start.items():
            inside |= (at >= start[episode]) & (at < self.end[reason][episode])
        return inside


def draw_breaks(world: World, intake: Intake) -> Breaks:
    """Breaks begin some weeks into an episode; those after its end will not be recorded."""
    p = world.truth.pauses
    kinds = {
        "client_break": (p.client_break, p.client_break_days),
        "hospital": (p.hospital, p.hospital_days),
    }
    draws, size = world.draws["calendar"], intake.size
    starts, ends = {}, {}
    for reason, (chance, (low, high)) in kinds.items():
        begins = intake.started + draws.whole(_EARLIEST, _LATEST, size)
        happens = draws.happens(chance, size)
        starts[reason] = np.where(happens, begins, NEVER)
        ends[reason] = starts[reason] + draws.whole(low * DAY, high * DAY, size)
    return Breaks(starts, ends)


def interrupted(world: World, breaks: Breaks, episode: Ints, therapist: Ints, start: Ints) -> Flags:
    """Whether a session would fall into an interruption of any kind."""
    away = world.absences.on_leave(therapist, start)
    return np.asarray(away | world.absences.closed(start) | breaks.running(episode, start))
