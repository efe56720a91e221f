"""What a reader is told besides its tables: time zone, notice and the times that bound the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError

When = datetime | date | str
"""A time that a user writes: a datetime, a date (its midnight) or either as ISO 8601 text."""


@dataclass(frozen=True)
class Settings:
    """The settings that every reader takes, checked when made.

    Attributes
    ----------
    timezone : str
        IANA name, for times without an offset.
    notice : str
        A cancellation with less notice than this is late.
    as_of, observed_from : datetime, date, str or None
        What is seen of the data; without an offset they are in `timezone`.
    episode_end : str or None
        ``"as_of"`` or a duration, where there is no `episodes` table.
    """

    timezone: str = "UTC"
    notice: str = "24h"
    as_of: When | None = None
    observed_from: When | None = None
    episode_end: str | None = None

    def __post_init__(self) -> None:
        zone(self.timezone)
        duration_us(self.notice, "notice")

    def instant(self, name: str) -> datetime | None:
        """`as_of` or `observed_from` in UTC.

        Raises
        ------
        OptionError
            If it is no time, or one that the clock of `timezone` showed twice or never.
        """
        given: When | None = getattr(self, name)
        return None if given is None else _in_utc(_as_datetime(given, name), self.timezone, name)


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises
    ------
    OptionError
        If there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise OptionError(
            f"timezone={name!r} is not an IANA time zone, such as 'Europe/London' or 'UTC'."
        ) from None


def _as_datetime(given: object, name: str) -> datetime:
    if isinstance(given, str):
        try:
            return datetime.fromisoformat(given.strip())
        except ValueError:
            raise OptionError(
                f"{name}={given!r} is not a time. Write it as '2026-01-31' or '2026-01-31 14:30'."
            ) from None
    if isinstance(given, datetime):
        return given
    if isinstance(given, date):
        return datetime.combine(given, time())
    raise OptionError(f"{name}= takes a datetime, a date or ISO 8601 text.")


def _in_utc(at: datetime, timezone: str, name: str) -> datetime:
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    local = at.replace(tzinfo=zone(timezone))
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise OptionError(
            f"{name}={at} falls where the clocks of {timezone} change. Add an offset, "
            "such as '+00:00'."
        )
    return local.astimezone(UTC)
