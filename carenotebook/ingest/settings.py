"""What a reader is told besides its tables: time zone, notice and the times that bound the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carenotebook.core.durations import duration_us
from carenotebook.core.when import When, instant, zone


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
        return None if given is None else instant(given, self.timezone, name)
