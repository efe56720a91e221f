"""The tables of a source; of a REDCap flat export, those of each of its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.ingest.suggest_content import Column, checkbox_field, look
from carenotebook.ingest.suggest_fields import Fit
from carenotebook.ingest.suggest_tables import (
    ENOUGH,
    Choice,
    Table,
    choose_table,
    instrument_scores,
    read_as,
    scores_beside,
)

FORM, EVENT = "redcap_repeat_instrument", "redcap_event_name"
_OWN = re.compile(r"redcap_.*|.*_complete|.*_timestamp")


def tables_of(columns: Sequence[Column], stem: str, only: str | None) -> tuple[Table, ...]:
    """What a source seems to hold; `only` says that it is one table."""
    names = {c.name for c in columns}
    if FORM in names and only is None:
        return _tables_of_forms(columns)
    if EVENT in names:
        columns = list(_without_own(columns))
    return scores_beside(choose_table(columns, stem=stem, only=only), columns)


def _tables_of_forms(columns: Sequence[Column]) -> tuple[Table, ...]:
    """A table for each repeating form that is recognised, and what the other rows hold."""
    forms = next(c for c in columns if c.name == FORM)
    found: dict[str, Table] = {}
    scores: dict[str, Table] = {}
    for form in forms.words:
        part = list(_form_columns(columns, forms.texts == form))
        table = choose_table(part, stem=form)
        if table.confidence < ENOUGH:
            continue
        if table.name == "measures" and len(list(instrument_scores(part))) == 1:
            scores[form] = table
        else:
            found.setdefault(table.name, replace(table, rows=_rows(form)))
    if scores:
        found.setdefault("measures", _measures(scores))
    once = list(_form_columns(columns, forms.texts.is_null(), keep_prefix=True))
    found = {t.name: t for t in _once(once)} | found
    return tuple(found[n] for n in schema.TABLES if n in found) or (choose_table(columns),)


def _rows(*forms: str | None) -> Mapping[str, Any]:
    return {"when": {FORM: forms[0] if len(forms) == 1 else list(forms)}}


def _form_columns(
    columns: Sequence[Column], rows: pl.Series, *, keep_prefix: bool = False
) -> Iterator[Column]:
    """The columns that a form fills in, under their names without the form's own prefix."""
    chosen = rows.fill_null(value=False)
    looked = [_of_rows(c, chosen) for c in _without_own(columns)]
    looked = [c for c in looked if c.filled]
    first = looked[0] if looked else None
    prefix = "" if keep_prefix else _prefix([c.aliases[0] for c in looked[1:]])
    for column in looked:
        bare = column.aliases[0].removeprefix(prefix)
        named = bare and column is not first
        yield replace(column, aliases=(column.aliases[0], bare)) if named else column


def _of_rows(column: Column, rows: pl.Series) -> Column:
    made = look(column.texts.filter(rows))
    return replace(made, content="choices", parts=column.parts) if column.parts else made


def _prefix(names: Sequence[str]) -> str:
    """The first word, where all names have it."""
    words = {n.split(" ")[0] for n in names}
    return f"{words.pop()} " if len(words) == 1 and len(names) > 1 else ""


def _without_own(columns: Sequence[Column]) -> Iterator[Column]:
    """Without what REDCap keeps for itself; check boxes as one column."""
    boxes: dict[str, list[Column]] = {}
    for column in columns:
        field = checkbox_field(column.name)
        if field:
            boxes.setdefault(field, []).append(column)
        elif not _OWN.fullmatch(column.name):
            yield column
    for name, parts in boxes.items():
        yield _checkbox(name, parts)


def _checkbox(name: str, parts: Sequence[Column]) -> Column:
    made = look(parts[0].texts.alias(name))
    return replace(made, content="choices", parts=tuple(p.name for p in parts))


def _measures(scores: Mapping[str, Table]) -> Table:
    """One table of the forms of several instruments: in each field the first that is filled in."""
    if len(scores) == 1:
        ((form, table),) = scores.items()
        return replace(table, rows=_rows(form))
    every = [{c.field: c for c in t.choices} for t in scores.values()]
    choices = [every[0]["client_id"], _instrument(scores)]
    for name in ("at", "score"):
        given = [e[name] for e in every if name in e]
        if len(given) == len(every) and all(c.placed for c in given):
            choices.append(_first_of(name, given))
    choices += [e["item_9"] for e in every if "item_9" in e]
    order = ("client_id", "at", "instrument", "score", "item_9")
    choices.sort(key=lambda c: order.index(c.field))
    confidence = min(t.confidence for t in scores.values())
    return Table("measures", confidence, tuple(choices), _rows(*scores))


def _instrument(scores: Mapping[str, Table]) -> Choice:
    values = {}
    for form, table in scores.items():
        (choice,) = (c for c in table.choices if c.field == "instrument")
        form_of = choice.candidates[0].forms[0]
        values[form] = form_of["value"] if isinstance(form_of, dict) else form
    reasons = ("names of instruments",)
    return Choice("instrument", (Fit(FORM, 0.9, reasons, ({"column": FORM, "values": values},)),))


def _first_of(name: str, given: Sequence[Choice]) -> Choice:
    fits = [c.candidates[0] for c in given]
    forms = ({"first_of": [f.forms[0] for f in fits]},)
    joined = tuple(n for f in fits for n in (f.column, *f.joined))
    confidence = min(f.confidence for f in fits)
    return Choice(name, (Fit(fits[0].column, confidence, fits[0].reasons, forms, (), "", joined),))


def _once(columns: Sequence[Column]) -> Iterator[Table]:
    """The rows outside repeating forms: a client each, and an episode where it has a start."""
    rows = _rows(None)
    clients = read_as("clients", columns)
    ids = next((c.candidates[0].column for c in clients.choices), None)
    unique = any(c.name == ids and c.distinct == c.filled for c in columns)
    episodes = read_as("episodes", columns)
    if clients.confidence >= ENOUGH and unique:
        kept = [c for c in columns if c.name not in episodes.columns and c.content != "time"]
        only = [c.name for c in kept if c.content != "choices"]
        yield replace(clients, rows=rows, only=tuple(only))
    if episodes.confidence >= ENOUGH:
        yield replace(episodes, rows=rows)
