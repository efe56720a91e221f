"""Names of columns in messages: a file without a header must not leak its first client."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DATA_LIKE = re.compile(r"\d{3}|@|^\s*[-+]?\d|^.{61}", re.DOTALL)
HEADLESS = "Its first row looks like data, not like names of columns: add a header row."


def looks_like_data(name: str) -> bool:
    """Whether a text has the digits, the at sign or the length of a value rather than a name.

    Examples
    --------
    >>> looks_like_data("c0001"), looks_like_data("phq9_total")
    (True, False)
    """
    return bool(_DATA_LIKE.search(name))


def say_columns(columns: Sequence[str]) -> str:
    """A sentence that lists the columns of a source, unless they look like data.

    Examples
    --------
    >>> say_columns(["who", "visit"])
    'It has: who, visit.'
    >>> say_columns(["c0001", "2026-01-05", "attended"])
    'Its first row looks like data, not like names of columns: add a header row.'
    """
    if any(looks_like_data(c) for c in columns):
        return HEADLESS
    return f"It has: {', '.join(columns)}." if columns else "It has no columns."
