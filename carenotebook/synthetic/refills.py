"""Slots that were freed with notice and used again, by sessions that had to be moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from carenotebook.synthetic.calendar import DAY, HOUR
from carenotebook.synthetic.care import Care
from carenotebook.synthetic.course import Sessions
from carenotebook.synthetic.draws import Flags, Ints
from carenotebook.synthetic.outcomes import CODE
from carenotebook.synthetic.world import World

_FREED = (CODE["early_cancel"], CODE["rescheduled"])
_STAYING = (CODE["excused"], CODE["booked"])


def refill(world: World, care: Care) -> Care:
    """Bring some moved sessions forward, into a slot that the same therapist has free by then.

    A session is only brought forward, to a day after the one it replaces and with time left for
    its reminder, so that nothing else about it changes.
    """
    s = care.sessions
    free = _free_slots(s)
    moved = np.nonzero((s.replaces >= 0) & ~np.isin(s.outcome, _STAYING))[0]
    if not free.size or not moved.size:
        return care
    slot = free[_next_slot(s, free, moved)]
    fits = _fits(world, s, moved, slot)
    fits &= world.draws["details"].happens(world.truth.service.refilled, moved.size)
    moved, slot = moved[fits], slot[fits]
    slot, first = np.unique(slot, return_index=True)
    return replace(care, sessions=_brought_forward(s, moved[first], s.start[slot]))


def _free_slots(s: Sessions) -> Ints:
    """Sessions cancelled with notice, by therapist and time."""
    free = np.nonzero(np.isin(s.outcome, _FREED) & (s.replaces < 0))[0]
    return np.asarray(free[np.lexsort((s.start[free], s.therapist[free]))])


def _next_slot(s: Sessions, free: Ints, moved: Ints) -> Ints:
    """The therapist's first free slot a day or more after the session that was moved."""
    horizon = int(s.start.max()) + 10 * DAY
    earliest = s.start[s.replaces[moved]] + DAY
    place = np.searchsorted(
        s.therapist[free] * horizon + s.start[free], s.therapist[moved] * horizon + earliest
    )
    return np.minimum(place, free.size - 1)


def _fits(world: World, s: Sessions, moved: Ints, slot: Ints) -> Flags:
    earlier = s.start[moved] - s.start[slot]
    lead = s.start[slot] - s.booked[moved]
    reminder = world.truth.messages.reminder_hours * HOUR
    ready = (lead > max(reminder, DAY + HOUR)) & (s.cancelled[slot] <= s.booked[moved])
    kept = (s.cancelled[moved] < 0) | (s.cancelled[moved] - earlier >= s.booked[moved])
    after = s.start[slot] >= s.start[s.replaces[moved]] + DAY
    same = (s.therapist[slot] == s.therapist[moved]) & (s.client[slot] != s.client[moved])
    return np.asarray(ready & kept & after & same & (earlier > 0))


def _brought_forward(s: Sessions, moved: Ints, at: Ints) -> Sessions:
    """With the same notice where such a session was cancelled in its turn."""
    earlier = s.start[moved] - at
    start, cancelled = s.start.copy(), s.cancelled.copy()
    start[moved] = at
    cancelled[moved] = np.where(s.cancelled[moved] < 0, -1, s.cancelled[moved] - earlier)
    return replace(s, start=start, cancelled=cancelled)
