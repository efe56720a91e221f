"""Minutes, clocks and the times at which the service is closed or a therapist is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from carenotebook.synthetic.draws import Draws, Flags, Ints
from carenotebook.synthetic.truth import Truth

HOUR = 60
DAY = 24 * HOUR
WEEK = 7 * DAY
_THURSDAY, _FRIDAY = 3, 4
_EPOCH = date(1970, 1, 1)


def minute(at: datetime) -> int:
    """Whole minutes since 1970 in UTC."""
    return int(at.astimezone(UTC).timestamp()) // 60


def weekday(day: Ints) -> Ints:
    """0 is Monday; `day` counts from 1970."""
    return np.asarray((day + _THURSDAY) % 7)


def in_hours(at: Ints, *, back: bool = False) -> Ints:
    """The same day between 9 and 18 h UTC; a weekend's goes to the Monday after, or Friday."""
    day = at // DAY
    over = np.maximum(weekday(day) - _FRIDAY, 0)
    day = day - over if back else np.where(over > 0, day + 3 - over, day)
    return np.asarray(day * DAY + 9 * HOUR + (at % DAY) * 9 // 24)


def _week(at: Any) -> Any:
    """Weeks since 1970, from Monday to Sunday."""
    return (at + _THURSDAY * DAY) // WEEK


@dataclass(frozen=True)
class Clock:
    """Local minutes to UTC minutes, by the offset that holds at noon of the local day.

    No session starts near midnight, so the hour at which clocks change does not matter.
    """

    first_day: int
    offsets: Ints

    def to_utc(self, local: Ints) -> Ints:
        return np.asarray(local - self.offsets[local // DAY - self.first_day])

    def to_local(self, utc: Ints) -> Ints:
        return np.asarray(utc + self.offsets[utc // DAY - self.first_day])


def open_clock(truth: Truth, margin_days: int = 1000) -> Clock:
    """The clock from before the first referral to after the last booking."""
    as_of_day = minute(truth.as_of) // DAY
    first = as_of_day - truth.intake_weeks * 7 - margin_days
    zone = ZoneInfo(truth.timezone)
    noons = (
        datetime.combine(_EPOCH + timedelta(days=d), datetime.min.time(), zone).replace(hour=12)
        for d in range(first, as_of_day + margin_days)
    )
    offsets = [int((noon.utcoffset() or timedelta()).total_seconds()) // 60 for noon in noons]
    return Clock(first, np.array(offsets, dtype=np.int64))


@dataclass(frozen=True)
class Absences:
    """Spans in UTC minutes in which nobody is seen: of the service, and of single therapists."""

    closures: tuple[tuple[int, int], ...]
    leave_therapist: Ints
    leave_start: Ints
    leave_end: Ints
    first_week: int
    away: Flags

    def closed(self, at: Ints) -> Flags:
        """Whether the service is closed."""
        shut = np.zeros(at.size, dtype=bool)
        for start, end in self.closures:
            shut |= (at >= start) & (at < end)
        return shut

    def on_leave(self, therapist: Ints, at: Ints) -> Flags:
        """Whether the therapist is away."""
        week = np.clip(_week(at) - self.first_week, 0, self.away.shape[1] - 1)
        return np.asarray(self.away[therapist, week])


def plan_absences(truth: Truth, therapists: int, draws: Draws) -> Absences:
    """Yearly closures, and weeks of leave spread over each therapist's year."""
    last = minute(truth.as_of)
    first_week = _week(last - truth.intake_weeks * WEEK)
    weeks = _week(last) - first_week + 30
    away = np.zeros((therapists, weeks), dtype=bool)
    for year in range(-(-weeks // 52)):
        for _ in range(truth.pauses.leave_weeks_a_year):
            chosen = draws.whole(52 * year, 52 * year + 51, therapists)
            away[np.arange(therapists), np.minimum(chosen, weeks - 1)] = True
    who, week = np.nonzero(away)
    start = (week + first_week) * WEEK - _THURSDAY * DAY
    return Absences(_closures(truth), who, start, start + WEEK, first_week, away)


def _closures(truth: Truth) -> tuple[tuple[int, int], ...]:
    month, day = truth.pauses.closure_month_day
    years = range(truth.as_of.year - truth.intake_weeks // 52 - 1, truth.as_of.year + 1)
    starts = [minute(datetime(year, month, day, tzinfo=UTC)) for year in years]
    length = truth.pauses.closure_days * DAY
    return tuple((s, s + length) for s in starts if s < minute(truth.as_of))
