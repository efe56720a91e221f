"""Which column is which field of a table, which table a source is, and what stays open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from carenotebook.core import schema
from carenotebook.ingest import suggest_words as words
from carenotebook.ingest.suggest_content import Column, checkbox_field, has_clock
from carenotebook.ingest.suggest_fields import Fit, fits, says_field

ENOUGH = 0.6
"""Below this confidence a field is left open."""

_TELLING = {
    "checkins": ("barrier", "progress", "wants_to_continue"),
    "pauses": ("end", "reason"),
}
"""What a table has beside a client and a time, which any file may have: else it counts half."""

_APART = 0.1
_NAMED_FILE = 0.2
_OPTIONAL = 0.02


@dataclass(frozen=True)
class Choice:
    """What is suggested for one field: one column, or several between which a person decides."""

    field: str
    candidates: tuple[Fit, ...]
    why_open: str = ""

    @property
    def placed(self) -> bool:
        return not self.why_open

    @property
    def open_because(self) -> tuple[str, ...]:
        return (self.why_open,) if self.why_open else ()

    @property
    def confidence(self) -> float:
        return max(f.confidence for f in self.candidates)


@dataclass(frozen=True)
class Table:
    """What is suggested for one table of a source.

    Attributes
    ----------
    name : str
        The table of the schema.
    confidence : float
        Mean confidence of the fields that the table needs; one that is open counts half, one that
        is missing nothing.
    choices : tuple of Choice
        In the order of the schema.
    rows : dict or None
        Which rows of the source are rows of this table, as a mapping writes it.
    only : tuple of str or None
        The attributes of clients that are kept.
    """

    name: str
    confidence: float
    choices: tuple[Choice, ...]
    rows: Mapping[str, Any] | None = None
    only: tuple[str, ...] | None = None

    @property
    def columns(self) -> set[str]:
        """The columns of the source that it speaks of."""
        return set(self.only or ()) | {
            n for c in self.choices for f in c.candidates for n in (f.column, *f.joined)
        }

    @property
    def lacking(self) -> tuple[str, ...]:
        """Fields that the table needs and no column may be."""
        found = {c.field for c in self.choices}
        return tuple(n for n in schema.required_columns(self.name) if n not in found)


@dataclass
class _Draft:
    """Choices as they are made; a column goes to one field."""

    choices: dict[str, Choice] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def choose(self, choice: Choice) -> None:
        self.choices[choice.field] = choice
        self.taken |= {f.column for f in choice.candidates}


@dataclass(frozen=True)
class Source:
    """A file that was looked at, and the tables that it seems to hold.

    `looked_at` is a number of rows, where not all were.
    """

    name: str
    columns: tuple[Column, ...]
    tables: tuple[Table, ...]
    looked_at: int | None = None

    @property
    def used(self) -> set[str]:
        """The columns of which the suggestion speaks."""
        named = set().union(*(t.columns for t in self.tables))
        return {c.name for c in self.columns if {c.name, checkbox_field(c.name)} & named}


def choose_table(columns: Sequence[Column], *, stem: str = "", only: str | None = None) -> Table:
    """The table that a source is most likely to be, or its best reading as the table `only`."""
    names = [only] if only else list(schema.TABLES)
    read = [_with_scores(read_as(n, columns), columns) for n in names]
    return max(read, key=lambda t: _score(t, columns, stem))


def read_as(name: str, columns: Sequence[Column]) -> Table:
    """A source read as one table: the surest field first, each column once."""
    found = sorted(fits(name, columns), key=lambda one: (-one[1].confidence, _place(name, one[0])))
    draft = _Draft()
    for field_name, fit in found:
        if field_name in draft.choices or fit.column in draft.taken:
            continue
        draft.choose(_choice(field_name, fit, _rivals(field_name, fit, found, draft)))
    chosen = sorted(draft.choices.values(), key=lambda c: _place(name, c.field))
    choices = tuple(_with_clock(name, c, columns) for c in chosen)
    return Table(name, _confidence(name, choices), choices)


def _with_clock(table: str, choice: Choice, columns: Sequence[Column]) -> Choice:
    """A date with the time of day that stands in a column of its own."""
    fit = choice.candidates[0]
    date = next((c for c in columns if c.name == fit.column), None)
    if len(choice.candidates) > 1 or date is None or date.content != "time" or has_clock(date):
        return choice
    clocks = [c for c in columns if c.content == "clock" and c.layouts]
    clocks = [c for c in clocks if says_field(table, choice.field, c)]
    if len(clocks) != 1:
        return choice
    forms = tuple(_joined(date.name, layout, clocks[0]) for layout in date.layouts)
    reasons = (*fit.reasons, "the time of day stands beside it")
    return replace(
        choice, candidates=(replace(fit, forms=forms, reasons=reasons, joined=(clocks[0].name,)),)
    )


def _joined(date: str, layout: str | None, clock: Column) -> dict[str, Any]:
    time = clock.layouts[0] or ""
    both = {"join": [date, clock.name]}
    if layout is None and "%p" not in time:
        return both
    return {**both, "format": f"{layout or '%Y-%m-%d'}{time}"}


def _place(table: str, name: str) -> int:
    return list(schema.dtypes(table)).index(name)


def _rivals(
    name: str, fit: Fit, found: Sequence[tuple[str, Fit]], draft: _Draft
) -> tuple[Fit, ...]:
    """Other columns that may be the field as well, and are nothing better."""
    best: dict[str, float] = {}
    for _, other in found:
        best.setdefault(other.column, other.confidence)
    return tuple(
        other
        for n, other in found
        if n == name
        and other.column not in (fit.column, *draft.taken)
        and other.confidence > max(fit.confidence, ENOUGH) - _APART
        and best[other.column] <= other.confidence
    )


def _choice(name: str, fit: Fit, rivals: tuple[Fit, ...]) -> Choice:
    if rivals:
        return Choice(name, (fit, *rivals), "more than one column may be it")
    if fit.doubt:
        return Choice(name, (fit,), fit.doubt)
    if fit.confidence < ENOUGH:
        return Choice(name, (fit,), "too little speaks for it")
    return Choice(name, (fit,))


def _confidence(name: str, choices: Sequence[Choice]) -> float:
    sure = {c.field: c.confidence if c.placed else c.confidence / 2 for c in choices}
    needed = schema.required_columns(name)
    told = name not in _TELLING or any(n in sure for n in _TELLING[name])
    return round(sum(sure.get(n, 0.0) for n in needed) / len(needed) / (1 if told else 2), 2)


def _score(table: Table, columns: Sequence[Column], stem: str) -> float:
    """Its confidence, a little for each further field, and what the name of the file says."""
    needed = schema.required_columns(table.name)
    further = sum(c.placed for c in table.choices if c.field not in needed)
    score = table.confidence + _OPTIONAL * further
    if table.name == "clients":
        ids = next((c.candidates[0].column for c in table.choices), None)
        once = any(c.name == ids and c.distinct == c.filled for c in columns)
        score = table.confidence / 2 if once else 0.0
    if table.name.rstrip("s") in words.plain(stem):
        score += _NAMED_FILE
    return score


def _with_scores(table: Table, columns: Sequence[Column]) -> Table:
    """Measures of which a column's name tells the instrument: phq9_total."""
    if table.name != "measures" or not table.lacking:
        return table
    scores = list(instrument_scores(columns))
    return with_score(table, scores[0], columns) if len(scores) == 1 else table


def instrument_scores(columns: Sequence[Column]) -> Iterator[tuple[str, Fit]]:
    """Each instrument whose total, or all of whose items, are columns; and what reads its score."""
    numbers = [c for c in columns if c.content == "number"]
    for instrument, items in words.ITEMS.items():
        totals = [c for c in numbers if _is_total(c, instrument)]
        if len(totals) == 1:
            named = ("name of an instrument's score", "its values are numbers")
            yield instrument, Fit(totals[0].name, 0.93, named, (totals[0].name,))
            continue
        found = [item for n in range(1, items + 1) if (item := _item(numbers, instrument, n))]
        if items and len(found) == items:
            names = [c.name for c in found]
            named_items = (f"names of the {items} items of {instrument}", "there is no total")
            forms = ({"sum": names},)
            yield instrument, Fit(names[0], 0.9, named_items, forms, joined=tuple(names))


def with_score(
    table: Table, scored: tuple[str, Fit], columns: Sequence[Column], at: Choice | None = None
) -> Table:
    """The measures of one instrument, at the time of the table or at another."""
    instrument, score = scored
    kept = [c for c in table.choices if c.field == "client_id" or (c.field == "at" and not at)]
    said = Fit(score.column, 0.9, ("name of an instrument",), ({"value": instrument},))
    made = [*kept, *([at] if at else []), Choice("instrument", (said,)), Choice("score", (score,))]
    ninth = _item(columns, instrument, 9) if instrument == "PHQ-9" else None
    if ninth is not None:
        made.append(Choice("item_9", (Fit(ninth.name, 0.9, ("name of item 9",), (ninth.name,)),)))
    return Table("measures", _confidence("measures", made), tuple(made))


def scores_beside(table: Table, columns: Sequence[Column]) -> tuple[Table, ...]:
    """A table of appointments, and the measures that its rows hold besides."""
    start = next((c for c in table.choices if c.field == "start"), None)
    scores = list(instrument_scores(columns))
    if table.name != "appointments" or start is None or len(scores) != 1:
        return (table,)
    measures = with_score(table, scores[0], columns, at=replace(start, field="at"))
    rows = {"unless": {scores[0][1].column: None}}
    return table, replace(measures, rows=rows)


def _is_total(column: Column, instrument: str) -> bool:
    said = (words.TOTAL.fullmatch(a) for a in column.aliases)
    return any(m and words.INSTRUMENT[m[1]] == instrument for m in said)


def _item(columns: Sequence[Column], instrument: str, number: int) -> Column | None:
    for column in columns:
        said = (words.ITEM.fullmatch(a) for a in column.aliases)
        if any(m and words.INSTRUMENT[m[1]] == instrument and int(m[2]) == number for m in said):
            return column
    return None
