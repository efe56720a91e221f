"""How well a column fits a field of a table, and the form in a mapping that would read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.options import OUTCOMES
from carenotebook.ingest import suggest_names as patterns
from carenotebook.ingest import suggest_words as words
from carenotebook.ingest.suggest_content import MOST_WORDS, Column

_SAYS, _MAY_SAY = 0.75, 0.4
_LONGEST_WORD = 40
_PLAIN_MINUTES = 10


@dataclass(frozen=True)
class Fit:
    """A column as a candidate for a field.

    Attributes
    ----------
    column : str
        The column of the source.
    confidence : float
        From 0 to 1: 1 - the product of (1 - weight) over the reasons.
    reasons : tuple of str
        What speaks for it, in words, and what to check.
    forms : tuple
        Forms of a mapping that would read it; more than one where they cannot be told apart, none
        where a person has to write it.
    unknown : tuple of str
        Values whose meaning a person has to give.
    doubt : str
        Why it is left open whatever its confidence; empty where it is not.
    joined : tuple of str
        Further columns that its forms read.
    """

    column: str
    confidence: float
    reasons: tuple[str, ...]
    forms: tuple[str | dict[str, Any], ...]
    unknown: tuple[str, ...] = ()
    doubt: str = ""
    joined: tuple[str, ...] = ()


@dataclass
class _Evidence:
    """Reasons with their weights."""

    weights: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, weight: float, reason: str) -> None:
        self.weights.append(weight)
        self.reasons.append(reason)

    @property
    def confidence(self) -> float:
        left = 1.0
        for weight in self.weights:
            left *= 1 - weight
        return round(1 - left, 2)


def fits(table: str, columns: Sequence[Column]) -> Iterator[tuple[str, Fit]]:
    """Every field of a table with every column that may be it."""
    for name, dtype in schema.dtypes(table).items():
        for column in columns:
            if column.content == "blank":
                continue
            evidence = _Evidence()
            _note_name(table, name, column, evidence)
            fit = _fit(table, name, dtype, column, evidence)
            if name == "outcome" and fit is not None:
                fit = _with_flags(fit, column, [c.aliases[0] for c in columns if c is not column])
            if fit is not None:
                yield name, fit


def _note_name(table: str, name: str, column: Column, evidence: _Evidence) -> None:
    if says_field(table, name, column, sure=True):
        evidence.add(_SAYS, "name")
    elif says_field(table, name, column):
        evidence.add(_MAY_SAY, "name (it may mean something else)")
    elif name == "outcome" and _flag(column):
        evidence.add(_SAYS, "name")


def says_field(table: str, name: str, column: Column, *, sure: bool = False) -> bool:
    """Whether the name of the column may be that of the field, or is it."""
    says, may_say = patterns.NAMES[table][name]
    pattern = says if sure else f"{says}|{may_say}"
    return any(a == words.plain(name) or re.fullmatch(pattern, a) for a in column.aliases)


def is_named(column: Column) -> bool:
    """Whether the name of the column is that of a field of any table."""
    return any(
        says_field(table, name, column, sure=True)
        for table, fields in patterns.NAMES.items()
        for name in fields
    )


def _fit(
    table: str, name: str, dtype: pl.DataType, column: Column, evidence: _Evidence
) -> Fit | None:
    if column.content == "choices":
        return _choices(table, name, column, evidence)
    if isinstance(dtype, pl.Datetime):
        return _time(column, evidence)
    if (table, name) in words.VOCABULARY or name == "outcome":
        return _words(table, name, column, evidence)
    if not evidence.weights or column.content in ("time", "clock"):
        return None
    if dtype.is_numeric():
        return _number(name, column, evidence)
    return _text(name, column, evidence)


def _choices(table: str, name: str, column: Column, evidence: _Evidence) -> Fit | None:
    """A field of check boxes: one column a choice, and only their makers know what it means."""
    if not evidence.weights or (table, name) not in words.VOCABULARY:
        return None
    cases = [{"when": {part: "1"}, "value": "?"} for part in column.parts]
    doubt = "a field of check boxes, one column a choice: say what each means; the first counts"
    form = {"cases": cases, "else": None}
    return Fit(column.name, evidence.confidence, tuple(evidence.reasons), (form,), (), doubt)


def _time(column: Column, evidence: _Evidence) -> Fit | None:
    if column.content != "time":
        return _not_a_time(column, evidence)
    if not evidence.weights:
        return None
    if column.mixed:
        doubt = "some of its dates have the day first, others the month"
        return Fit(column.name, evidence.confidence, tuple(evidence.reasons), (), (), doubt)
    evidence.add(0.5, "its values are times")
    forms = tuple(column.name if f is None else _formatted(column, f) for f in column.layouts)
    doubt = "day or month first? every date can be read both ways" if len(forms) > 1 else ""
    return Fit(column.name, evidence.confidence, tuple(evidence.reasons), forms, (), doubt)


def _formatted(column: Column, layout: str) -> dict[str, Any]:
    return {"column": column.name, "format": layout}


def _not_a_time(column: Column, evidence: _Evidence) -> Fit | None:
    """Days since an origin, where the name says that it is a time."""
    if column.content != "number" or not evidence.weights:
        return None
    doubt = "it holds numbers: if they are relative time, give the unit (m, h, d, w) and the origin"
    form = {"column": column.name, "unit": "d", "origin": "2020-01-01"}
    return Fit(column.name, evidence.confidence, tuple(evidence.reasons), (form,), (), doubt)


def _number(name: str, column: Column, evidence: _Evidence) -> Fit | None:
    if column.content != "number":
        return None
    evidence.add(0.3, "its values are numbers")
    doubt = ""
    if name == "duration_min":
        largest = column.texts.cast(pl.Float64, strict=False).max()
        if isinstance(largest, float) and largest < _PLAIN_MINUTES:
            doubt = "its values are small: they may be hours"
    reasons = tuple(evidence.reasons)
    return Fit(column.name, evidence.confidence, reasons, (column.name,), (), doubt)


def _text(name: str, column: Column, evidence: _Evidence) -> Fit | None:
    once = column.distinct == column.filled
    if name == "appointment_id":
        if column.distinct < 0.9 * column.filled:
            return None
        evidence.add(0.3, "its values differ from row to row")
    elif name == "client_id":
        evidence.add(*((0.1, "its values name one row each") if once else (0.2, "values repeat")))
    elif column.distinct <= max(MOST_WORDS, column.filled / 2):
        evidence.add(0.2, "values repeat")
    return Fit(column.name, evidence.confidence, tuple(evidence.reasons), (column.name,))


def _words(table: str, name: str, column: Column, evidence: _Evidence) -> Fit | None:
    if not column.words:
        return None
    if any(len(w) > _LONGEST_WORD for w in column.words):
        return None
    known, reason = _meanings(table, name, column, named=bool(evidence.weights))
    found = {w: known[w] for w in column.words if w in known}
    named = bool(evidence.weights)
    meant = {m for m in found.values() if m is not None}
    if not named and (table, name) not in _BY_WORDS:
        return None
    if not named and (len(meant) < 2 or len(found) < len(column.words)):
        return None
    if found:
        rows = sum(column.words[w] for w in found)
        evidence.add(0.8 * rows / column.filled, reason)
    unknown = tuple(w for w in column.words if w not in known)
    form = _form(table, name, column, {w: m for w, m in found.items() if m is not None})
    doubt = "" if meant else "none of its words is known"
    return Fit(column.name, evidence.confidence, tuple(evidence.reasons), (form,), unknown, doubt)


_BY_WORDS = {
    ("appointments", "outcome"),
    ("appointments", "modality"),
    ("contacts", "direction"),
    ("measures", "instrument"),
    ("episodes", "end_reason"),
}
"""Fields whose words are theirs alone: two of them tell without a name."""


def _form(table: str, name: str, column: Column, known: Mapping[str, str]) -> str | dict[str, Any]:
    dtype = schema.dtypes(table)[name]
    as_it_is = all(theirs == ours for theirs, ours in known.items())
    truths = dtype == pl.Boolean and all(
        words.plain(w) in (*words.TRUE_WORDS, *words.FALSE_WORDS) for w in known
    )
    if known and (as_it_is or truths) and len(known) == len(column.words):
        return column.name
    return {"column": column.name, "values": dict(known)}


def _meanings(
    table: str, name: str, column: Column, *, named: bool
) -> tuple[dict[str, str | None], str]:
    """The words of the column that are known (None: known to have no place), and how."""
    plains = {w: words.plain(w) for w in column.words}
    if name == "outcome":
        vocabulary, reason = _outcomes(column, set(plains.values()), named=named)
    else:
        vocabulary, reason = words.VOCABULARY[table, name], "its words are known"
    return {w: vocabulary[p] for w, p in plains.items() if p in vocabulary}, reason


def _outcomes(
    column: Column, found: set[str], *, named: bool
) -> tuple[Mapping[str, str | None], str]:
    """The vocabulary of outcomes that a column is written in."""
    flag = _flag(column)
    if flag is not None:
        return flag, "yes or no"
    codes = {w: words.NHS_CODES.get(w.removeprefix("0") or "0") for w in column.words}
    if named and codes and all(codes.values()):
        told: dict[str, str | None] = {words.plain(w): c for w, c in codes.items()}
        return told, "NHS codes of attended or did not attend"
    if found & words.FHIR_MARKS:
        dropped: dict[str, str | None] = dict.fromkeys(words.FHIR_DROPPED)
        return {**words.FHIR, **dropped}, (
            "statuses of FHIR (cancelled: by whom is unknown; entered-in-error: rejected)"
        )
    return _practice(found), "its words are statuses of appointments"


@cache
def _ours() -> dict[str, str]:
    return {words.plain(o): o for o in OUTCOMES}


def _practice(found: set[str]) -> Mapping[str, str | None]:
    vocabulary: dict[str, str | None] = {**_ours(), **words.PRACTICE}
    apart = {vocabulary.get(w) for w in found}
    if {"provider_cancel", "late_cancel"} <= apart:
        vocabulary[words.CLIENTS_OWN] = "early_cancel"
    return vocabulary


def _flag(column: Column) -> Mapping[str, str | None] | None:
    """What yes and no mean in a column whose name asks whether the client came."""
    name = column.aliases[-1]
    plains = {words.plain(w) for w in column.words}
    if not plains or not plains <= {*words.TRUE_WORDS, *words.FALSE_WORDS}:
        return None
    if re.fullmatch(patterns.MISSED_FLAG, name):
        return {
            **dict.fromkeys(words.TRUE_WORDS, "no_show"),
            **dict.fromkeys(words.FALSE_WORDS, "attended"),
        }
    if re.fullmatch(patterns.ATTENDED_FLAG, name):
        return dict.fromkeys(words.TRUE_WORDS, "attended")
    return None


def _with_flags(fit: Fit, column: Column, others: Sequence[str]) -> Fit:
    """A flag of missing: "no" means attended only where nothing else tells of another fate."""
    flag = _flag(column)
    (form,) = fit.forms
    if flag is None or not isinstance(form, dict):
        return fit
    told = next((n for n in others if re.search(patterns.OTHER_FATE, n)), None)
    if told is None or "no_show" not in form["values"].values():
        return fit
    sure = {w: m for w, m in form["values"].items() if m == "no_show"}
    unknown = tuple(w for w in column.words if w not in sure)
    reasons = (*fit.reasons, "other columns tell why clients did not come")
    return Fit(fit.column, fit.confidence, reasons, ({**form, "values": sure},), unknown)
