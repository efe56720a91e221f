"""Durations in whole microseconds. A day is 24 h; a calendar month has no fixed length."""

import re

from carenotebook.core.errors import OptionError

MICROSECONDS: dict[str, int] = {
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
DAY = MICROSECONDS["d"]
_UNIT_WORDS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
_PATTERN = re.compile(r"(\d+)([mhdw])", re.ASCII)
_LONGEST = 200 * 366 * DAY


def duration_us(text: object, what: str = "duration", *, zero: bool = True) -> int:
    """Microseconds of a duration such as ``"90d"``: one whole number and one unit of m, h, d, w.

    Parameters
    ----------
    text : str
        The duration. ``m`` is minutes.
    what : str
        Its name in an error.
    zero : bool
        Whether a duration of no length makes sense here.

    Raises
    ------
    OptionError
        For anything else; a calendar month or year is refused because its length varies.

    Examples
    --------
    >>> duration_us("2w") == 14 * DAY
    True
    """
    if not isinstance(text, str):
        raise OptionError(
            f"{what}: {text!r} has no unit. Write a whole number and m, h, d or w, such as '30d'."
        )
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise OptionError(f"{what}: {text!r} is not a duration. {_hint(text)}")
    length = int(match[1]) * MICROSECONDS[match[2]]
    if length == 0 and not zero:
        raise OptionError(f"{what}: {text!r} has no length. Use at least '1m'.")
    if length > _LONGEST:
        raise OptionError(f"{what}: {text!r} is longer than 200 years.")
    return length


def days_us(value: object, what: str = "threshold") -> int:
    """Microseconds of a threshold in days, written 30, 30.5 or "30d", rounded to 1 us.

    Examples
    --------
    >>> days_us(1.5) == days_us("36h")
    True
    """
    if isinstance(value, str):
        return duration_us(value, what)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(f"{what}: {value!r} is not a number of days or a duration such as '30d'.")
    if not abs(value) * DAY <= _LONGEST:
        raise OptionError(f"{what}: not a usable length of time; at most 200 years, in days.")
    return round(value * DAY)


def say_duration(text: str) -> str:
    """A duration in words.

    Examples
    --------
    >>> say_duration("1d"), say_duration("90d")
    ('1 day', '90 days')
    """
    number, unit = int(text[:-1]), text[-1]
    return f"{number} {_UNIT_WORDS[unit]}{'' if number == 1 else 's'}"


def _hint(text: str) -> str:
    if re.fullmatch(r"\d+\s*(mo|q|y|months?|quarters?|years?)", text):
        return "Calendar months and years vary in length; use days or weeks, such as '90d'."
    return "Write one whole number and one unit of m (minutes), h, d or w, such as '90d'."
