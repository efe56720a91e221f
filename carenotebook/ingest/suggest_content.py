"""What a column holds: times and their layout, numbers, a few words that repeat, or text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import polars as pl

from carenotebook.ingest.parsed import as_text
from carenotebook.ingest.suggest_words import plain
from carenotebook.ingest.times import ISO_8601, TimeForm, parse_times

Content = Literal["blank", "time", "clock", "number", "text", "choices"]

BLANKS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "-", ".")
"""Texts that mean nothing in many exports."""

MOST_WORDS = 30
_MOSTLY = 0.8
_SAMPLE = 200
_DATES = (
    *(f"%Y{s}%m{s}%d" for s in "-/."),
    *(f"%{a}{s}%{b}{s}%{y}" for s, (a, b), y in product("/-.", (("d", "m"), ("m", "d")), "Yy")),
    *(f"%d{s}%{b}{s}%{y}" for s, b, y in product(" -/", "bB", "Yy")),
    *(f"%{b} %d{s} %Y" for b, s in product("bB", ("", ","))),
    "%Y%m%d",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_CHECKBOX = re.compile(r"(.+)___\w+")
_HAS_DATE = r"^[0-9]{1,4}[-/. ].*[0-9]|^[0-9]{8}$|^[A-Za-z]{3,9} [0-9]"
_CLOCK = r"^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?( ?[AaPp][Mm])?$"


@dataclass(frozen=True)
class Column:
    """One column of a source, as far as a suggestion needs it.

    Attributes
    ----------
    name : str
        As the source writes it.
    content : Content
        What most of its values are.
    texts : polars.Series
        One a row, null where blank.
    words : dict of text to int
        The different values and in how many rows each stands; empty where there are too many.
    layouts : tuple of (str or None)
        Formats that read its times, None for ISO 8601: two where a day and a month cannot be told
        apart. Of a column of times of day, the formats of those.
    mixed : bool
        Some of its dates can only have the day first, others only the month.
    distinct : int
        How many different values it has.
    blanks : tuple of str
        Which of the texts that mean nothing it holds.
    aliases : tuple of str
        Plain names by which it may be recognised.
    parts : tuple of str
        The columns of the source that it stands for, where it is a field of check boxes.
    """

    name: str
    content: Content
    texts: pl.Series
    words: dict[str, int] = field(default_factory=dict)
    layouts: tuple[str | None, ...] = ()
    mixed: bool = False
    distinct: int = 0
    blanks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def filled(self) -> int:
        """Rows in which it is not blank."""
        return self.texts.len() - self.texts.null_count()


def look(column: pl.Series) -> Column:
    """What a column of a source holds.

    Examples
    --------
    >>> look(pl.Series("Day", ["03/02/2025", "25/02/2025"])).layouts
    ('%d/%m/%Y',)
    >>> look(pl.Series("Day", ["03/02/2025", "04/02/2025"])).layouts
    ('%d/%m/%Y', '%m/%d/%Y')
    """
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        nothing = pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, column.len())
        return Column(column.name, "blank", nothing, aliases=(plain(column.name),))
    written = as_text(column).alias(column.name)
    blanks = tuple(b for b in BLANKS if (written == b).any())
    texts = as_text(written, BLANKS).alias(column.name)
    different = texts.drop_nulls().unique(maintain_order=True)
    counts = texts.drop_nulls().value_counts(sort=False) if different.len() <= MOST_WORDS else None
    words = dict(sorted(counts.iter_rows())) if counts is not None else {}
    layouts: tuple[str | None, ...] = (None,) if different.len() else ()
    mixed = False
    if column.dtype != pl.Date and not isinstance(column.dtype, pl.Datetime):
        layouts, mixed = _layouts(different)
    content = "time" if layouts or mixed else _content(texts.drop_nulls())
    if content == "clock":
        layouts = tuple(c for c in _CLOCKS[1:] if _reads_clock(different, c))[:1]
    names = (plain(column.name),)
    return Column(
        column.name, content, texts, words, layouts, mixed, different.len(), blanks, names
    )


def checkbox_field(name: str) -> str | None:
    """The field of check boxes of which a column is one choice, as REDCap names them.

    Examples
    --------
    >>> checkbox_field("barrier___2"), checkbox_field("barrier")
    ('barrier', None)
    """
    said = _CHECKBOX.fullmatch(name)
    return said[1] if said else None


def has_clock(column: Column) -> bool:
    """Whether its times have a time of day."""
    if column.layouts and column.layouts[0] is not None:
        return "%H" in column.layouts[0] or "%I" in column.layouts[0]
    return bool(column.texts.str.contains(":", literal=True).any())


def _reads_clock(different: pl.Series, clock: str) -> bool:
    return _share(_read("2000-01-01" + clock[0] + different, "%Y-%m-%d" + clock)) >= _MOSTLY


def _content(texts: pl.Series) -> Content:
    if texts.is_empty():
        return "blank"
    if _share(texts.head(_SAMPLE).str.contains(_CLOCK)) >= _MOSTLY:
        return "clock"
    numbers = texts.cast(pl.Float64, strict=False)
    return "number" if numbers.null_count() <= (1 - _MOSTLY) * numbers.len() else "text"


def _layouts(different: pl.Series) -> tuple[tuple[str | None, ...], bool]:
    """The formats that read most of the dates; whether day-first and month-first are mixed."""
    sample = different.head(_SAMPLE)
    if sample.is_empty() or _share(sample.str.contains(_HAS_DATE)) < _MOSTLY:
        return (), False
    if _share(_read(different, None)) >= _MOSTLY:
        return (None,), False
    found = {
        layout: _read(different, layout)
        for layout in (d + c for d, c in product(_DATES, _CLOCKS))
        if _read(sample, layout).any()
    }
    if not found:
        return (), False
    best = max(found, key=lambda f: (int(found[f].sum()), -list(found).index(f)))
    twin = _twin(best)
    both = found[best] | found[twin] if twin in found else found[best]
    if _share(both) < _MOSTLY:
        return (), False
    if both.sum() == found[best].sum():
        equal = twin != best and twin in found and found[twin].sum() == found[best].sum()
        return ((*sorted((best, twin)),) if equal else (best,)), False
    return (), True


def _read(texts: pl.Series, layout: str | None) -> pl.Series:
    """Which of the texts a format reads."""
    form = ISO_8601 if layout is None else TimeForm(format=layout)
    return parse_times(texts, "UTC", form).reasons.is_null()


def _share(true: pl.Series) -> float:
    return int(true.sum()) / true.len()


def _twin(layout: str) -> str:
    """The same format with day and month exchanged."""
    return layout.translate(str.maketrans("dm", "md")) if "%m" in layout else layout
