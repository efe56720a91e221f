"""Where each episode stands between two visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carenotebook.core.options import END_REASONS
from carenotebook.synthetic.arrays import Arrays
from carenotebook.synthetic.calendar import DAY, WEEK
from carenotebook.synthetic.draws import Flags, Floats, Ints
from carenotebook.synthetic.intake import Intake
from carenotebook.synthetic.world import NEVER, World

ENGAGED, FADING, SILENT = range(3)
"""In contact; coming and writing less; not answering at all."""

END_CODE = {name: place for place, name in enumerate(END_REASONS)}


@dataclass(frozen=True)
class Visit(Arrays):
    """Sessions that were due and neither fell into a pause nor lie ahead, one entry each."""

    episode: Ints
    client: Ints
    start: Ints
    attended: Flags
    missed: Flags
    policy: Flags


@dataclass
class State:
    """One entry an episode; times in UTC minutes, `slot` and `regular` in local minutes.

    `slot` is the session that comes next and `regular` the weekly place it belongs to; they differ
    for one that was moved. `replaces` is the row of the session that it replaces, or -1.
    """

    slot: Ints
    regular: Ints
    booked: Ints
    replaces: Ints
    attended: Ints
    run: Ints
    stage: Ints
    held: Ints
    silent_from: Ints
    returns_at: Ints
    gives_up_at: Ints
    phq: Floats
    gad: Floats
    known_at: Ints
    active: Flags
    ended: Ints
    reason: Ints
    rows: int = 0

    @classmethod
    def begin(cls, world: World, intake: Intake) -> State:
        """Every episode at its start, with the first session booked within a day."""
        zeros = np.zeros(intake.size, dtype=np.int64)
        never = np.full(intake.size, NEVER, dtype=np.int64)
        return cls(
            slot=intake.slot.copy(),
            regular=intake.slot.copy(),
            booked=intake.started + world.draws["timing"].whole(0, DAY, intake.size),
            replaces=zeros - 1,
            attended=zeros.copy(),
            run=zeros.copy(),
            stage=zeros.copy(),
            held=zeros.copy(),
            silent_from=never.copy(),
            returns_at=never.copy(),
            gives_up_at=never.copy(),
            phq=intake.phq.copy(),
            gad=intake.gad.copy(),
            known_at=intake.started.copy(),
            active=np.ones(intake.size, dtype=bool),
            ended=never.copy(),
            reason=zeros + END_CODE["ongoing"],
        )

    def due(self, as_of: int) -> Ints:
        """Episodes with a session that was booked before the end of the data."""
        self.active &= self.booked < as_of
        return np.nonzero(self.active)[0]

    def drift(self, world: World, episode: Ints, start: Ints) -> None:
        """Severity moves with time, whether or not anybody attends."""
        s, draws = world.truth.symptoms, world.draws["symptoms"]
        weeks = (start - self.known_at[episode]) / WEEK
        self.known_at[episode] = start
        for severity, per_week in ((self.phq, s.phq_per_week), (self.gad, s.gad_per_week)):
            wandering = s.wander_sd * draws.bell(episode.size)
            severity[episode] = severity[episode] + per_week * weeks + wandering

    def number_rows(self, shown: Flags) -> Ints:
        """The rows that this visit's sessions get; -1 for those that leave none."""
        rows = np.where(shown, self.rows + np.cumsum(shown) - 1, -1)
        self.rows += int(np.count_nonzero(shown))
        return rows

    def end(self, episode: Ints, at: Ints, reason: str, as_of: int) -> None:
        """End episodes; an ending beyond the data is not known, but ends the visits."""
        self.active[episode] = False
        known = at < as_of
        self.ended[episode] = np.where(known, at, NEVER)
        self.reason[episode] = np.where(known, END_CODE[reason], END_CODE["ongoing"])


@dataclass(frozen=True)
class Silence(Arrays):
    """Spells in which somebody did not answer; `until` is NEVER for one that is still open."""

    episode: Ints
    start: Ints
    until: Ints
    returned: Flags


class Silences:
    """The spells of one round of care, as they end."""

    def __init__(self) -> None:
        self._spells: list[Silence] = []

    def add(self, state: State, episode: Ints, until: Ints, *, returned: bool) -> None:
        """Spells that are over; a return or an ending follows."""
        came_back = np.full(episode.size, returned)
        self._spells.append(Silence(episode, state.silent_from[episode], until, came_back))
        state.silent_from[episode] = NEVER

    def close(self, state: State) -> Silence:
        """All spells, with those that were still open when the data ended; by episode and time."""
        still = np.nonzero(state.silent_from < NEVER)[0]
        self.add(state, still, np.full(still.size, NEVER, dtype=np.int64), returned=False)
        spells = Silence.joined(self._spells)
        return spells.take(np.lexsort((spells.start, spells.episode)))
