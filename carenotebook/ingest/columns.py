"""Names of columns in messages: a file without a header must not leak its first client."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DATA_LIKE = re.compile(r"\d{3}|@|^\s*[-+]?\d|^.{61}", re.DOTALL)


def say_columns(columns: Sequence[str]) -> str:
    """A sentence that lists the columns of a source, unless they look like data.

    Examples
    --------
    >>> say_columns(["who", "visit"])
    'It has: who, visit.'
    >>> say_columns(["c0001", "2026-01-05", "attended"])
    'Its first row looks like data, not like names of columns: add a header row.'
    """
    if any(_DATA_LIKE.search(c) for c in columns):
        return "Its first row looks like data, not like names of columns: add a header row."
    return f"It has: {', '.join(columns)}." if columns else "It has no columns."
