"""Which column is which field of a table, which table a source is, and what stays open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carenotebook.core import schema
from carenotebook.ingest import suggest_words as words
from carenotebook.ingest.suggest_content import Column
from carenotebook.ingest.suggest_fields import Fit, fits

ENOUGH = 0.6
"""Below this confidence a field is left open."""

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
    """

    name: str
    confidence: float
    choices: tuple[Choice, ...]
    rows: Mapping[str, Any] | None = None

    @property
    def columns(self) -> set[str]:
        """The columns of the source that it speaks of."""
        return {f.column for c in self.choices for f in c.candidates}

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
    choices = tuple(sorted(draft.choices.values(), key=lambda c: _place(name, c.field)))
    return Table(name, _confidence(name, choices), choices)


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
    return round(sum(sure.get(n, 0.0) for n in needed) / len(needed), 2)


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
    totals = list(score_columns(columns))
    if len({instrument for instrument, _ in totals}) != 1:
        return table
    return with_score(table, *totals[0], columns)


def score_columns(columns: Sequence[Column]) -> Iterator[tuple[str, Column]]:
    """Columns whose name is that of an instrument's total, with the instrument."""
    for column in columns:
        said = words.TOTAL.fullmatch(words.plain(column.name))
        if said and column.content == "number":
            yield words.INSTRUMENT[said[1]], column


def with_score(table: Table, instrument: str, column: Column, columns: Sequence[Column]) -> Table:
    """The measures of one score column."""
    kept = [c for c in table.choices if c.field in ("client_id", "at")]
    reason = ("name of an instrument's score", "its values are numbers")
    made = [
        Choice("instrument", (Fit(column.name, 0.9, reason[:1], ({"value": instrument},)),)),
        Choice("score", (Fit(column.name, 0.93, reason, (column.name,)),)),
    ]
    ninth = next((c for c in columns if _is_item(c, instrument, "9")), None)
    if instrument == "PHQ-9" and ninth is not None:
        made.append(Choice("item_9", (Fit(ninth.name, 0.9, ("name of item 9",), (ninth.name,)),)))
    choices = (*kept, *made)
    return Table("measures", _confidence("measures", choices), choices)


def _is_item(column: Column, instrument: str, number: str) -> bool:
    said = words.ITEM.fullmatch(words.plain(column.name))
    return bool(
        said
        and words.INSTRUMENT[said[1]] == instrument
        and said[2] == number
        and column.content == "number"
    )
