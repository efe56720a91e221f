"""Times that a user writes, as instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from carenotebook.core.errors import OptionError

When = datetime | date | str
"""A time that a user writes: a datetime, a date (its midnight) or either as ISO 8601 text."""


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


def instant(given: When, timezone: str, name: str) -> datetime:
    """What was given for the argument `name`, in UTC.

    Raises
    ------
    OptionError
        If it is no time, or one that the clock of `timezone` showed twice or never.
    """
    return _in_utc(_as_datetime(given, name), timezone, name)


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
