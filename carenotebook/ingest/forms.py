"""The forms of a field in a mapping, parsed into `fields` and checked without data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from typing import Any

import polars as pl

from carenotebook.core.durations import MICROSECONDS
from carenotebook.core.errors import MappingError
from carenotebook.ingest.fields import (
    Case,
    Cases,
    Constant,
    Field,
    FirstOf,
    Joined,
    OfRows,
    Source,
    Sum,
)
from carenotebook.ingest.parsed import Parsed, parse_text
from carenotebook.ingest.times import ISO_8601, TimeForm, parse_times

_FORMS: tuple[tuple[str, frozenset[str]], ...] = (
    ("column", frozenset({"column", "values", "unit", "origin", "format"})),
    ("value", frozenset({"value"})),
    ("cases", frozenset({"cases", "else"})),
    ("first_of", frozenset({"first_of"})),
    ("join", frozenset({"join", "format"})),
    ("sum", frozenset({"sum"})),
)


def parse_form(form: object, place: str, dtype: pl.DataType) -> Field:
    """The field that a form makes; `place` is where the form stands, for errors."""
    if isinstance(form, str):
        return Source(form)
    given = expect_dict(
        form, place, or_else="the name of a column, or a form such as {column: ...}"
    )
    for key, allowed in _FORMS:
        if key in given:
            for name in given:
                check_name(name, sorted(allowed), place, f"a key beside {key!r}")
            return _MAKERS[key](given, place, dtype)
    raise MappingError(
        f"{place}: {_listed(given)} says nothing that is known. "
        f"A form has one of the keys {', '.join(key for key, _ in _FORMS)}."
    )


def _source(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    column = given["column"]
    if not isinstance(column, str):
        raise MappingError(f"{place}.column: write the name of one column.")
    form = _time_form(given, place, dtype)
    values = given.get("values")
    if values is None:
        return Source(column, None, form)
    replaced = {
        _text(theirs, f"{place}.values"): _text(ours, f"{place}.values")
        for theirs, ours in expect_dict(values, f"{place}.values", any_key=True).items()
    }
    _check_outputs(list(replaced.values()), f"{place}.values", dtype, form)
    return Source(column, replaced, form)


def _time_form(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> TimeForm:
    form = TimeForm(*(None if given.get(k) is None else _text(given[k], place) for k in _TIME_KEYS))
    if form == TimeForm():
        return form
    if not isinstance(dtype, pl.Datetime):
        raise MappingError(f"{place}: format, unit and origin are for columns that hold a time.")
    if form.format is not None and (form.unit or form.origin):
        raise MappingError(f"{place}: use either format, or unit and origin.")
    if form.format is None and not (form.unit and form.origin):
        raise MappingError(
            f"{place}: relative time needs both, such as unit: d and origin: 2020-01-01."
        )
    if form.unit is not None and form.unit not in MICROSECONDS:
        raise MappingError(f"{place}.unit: {form.unit!r} is not one of: {', '.join(MICROSECONDS)}.")
    if form.origin is not None:
        _check_outputs([form.origin], f"{place}.origin", dtype, TimeForm())
    if form.format is not None:
        _check_format(form.format, place)
    return form


_TIME_KEYS = ("format", "unit", "origin")


def _check_format(form: str, place: str) -> None:
    sample = pl.Series([datetime(2026, 1, 31, 14, 30).strftime(form)])  # noqa: DTZ001
    try:
        parsed = parse_times(sample, "UTC", TimeForm(format=form))
    except pl.exceptions.PolarsError:
        parsed = Parsed(sample, sample)
    if "%" not in form or (parsed.reasons.null_count() == 0 and "%z" not in form):
        raise MappingError(
            f"{place}.format: {form!r} does not give a date; write it like '%d/%m/%Y %H:%M'."
        )


def _constant(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    value = _text(given["value"], place)
    _check_outputs([value], f"{place}.value", dtype)
    return Constant(value)


def _cases(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    listed = _list(given["cases"], f"{place}.cases")
    made = [_case(c, f"{place}.cases[{i}]", dtype) for i, c in enumerate(listed, start=1)]
    if "else" in given:
        value = _text(given["else"], f"{place}.else")
        _check_outputs([value], f"{place}.else", dtype)
        made.append(Case({}, value))
    return Cases(tuple(made))


def _case(given: object, place: str, dtype: pl.DataType) -> Case:
    case = expect_dict(given, place)
    for name in case:
        check_name(name, ("when", "value", "reject"), place, "a key of a case")
    if "when" not in case or ("value" in case) == ("reject" in case):
        raise MappingError(f"{place}: a case has `when`, and either `value` or `reject`.")
    when = _conditions(case["when"], f"{place}.when")
    if not when:
        raise MappingError(f"{place}.when: name at least one column; for the rest use `else`.")
    if "reject" in case:
        if not isinstance(case["reject"], str) or not case["reject"].strip():
            raise MappingError(f"{place}.reject: state the reason as a text.")
        return Case(when, reject=case["reject"])
    value = _text(case["value"], f"{place}.value")
    _check_outputs([value], f"{place}.value", dtype)
    return Case(when, value)


def _first_of(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    forms = _list(given["first_of"], f"{place}.first_of")
    return FirstOf(
        tuple(parse_form(f, f"{place}.first_of[{i}]", dtype) for i, f in enumerate(forms, start=1))
    )


def _conditions(given: object, place: str) -> dict[str, tuple[str | None, ...]]:
    """Column to the texts of which it has one; None is blank."""
    return {
        column: _texts_or_blank(texts, f"{place}.{column}")
        for column, texts in expect_dict(given, place).items()
    }


def of_rows(given: object, place: str) -> Callable[[Field], Field]:
    """What makes a field one of only those rows that a table's ``rows:`` takes."""
    rows = expect_dict(given, place)
    for name in rows:
        check_name(name, ("when", "unless"), place, "a key")
    when, unless = (_conditions(rows.get(k, {}), f"{place}.{k}") for k in ("when", "unless"))
    if not when and not unless:
        raise MappingError(f"{place}: say with `when` or `unless` which rows, by their columns.")
    return partial(OfRows, when=when, unless=unless)


def _join(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    if not isinstance(dtype, pl.Datetime):
        raise MappingError(f"{place}: join is for columns that hold a date and a time of day.")
    return Joined(_names(given["join"], f"{place}.join"), _time_form(given, place, dtype))


def _sum(given: Mapping[str, Any], place: str, dtype: pl.DataType) -> Field:
    if not dtype.is_numeric():
        raise MappingError(f"{place}: sum is for columns that hold numbers.")
    return Sum(_names(given["sum"], f"{place}.sum"))


def _names(given: object, place: str) -> tuple[str, ...]:
    listed = _list(given, place)
    if not all(isinstance(name, str) for name in listed):
        raise MappingError(f"{place}: list the names of columns.")
    return tuple(listed)


_MAKERS = {
    "column": _source,
    "value": _constant,
    "cases": _cases,
    "first_of": _first_of,
    "join": _join,
    "sum": _sum,
}


def _check_outputs(
    texts: Sequence[str | None], place: str, dtype: pl.DataType, form: TimeForm = ISO_8601
) -> None:
    """What the mapping itself writes must be a value of the column."""
    given = pl.Series([t for t in texts if t is not None], dtype=pl.String)
    is_time = isinstance(dtype, pl.Datetime)
    parsed = parse_times(given, "UTC", form) if is_time else parse_text(given, dtype)
    wrong = given.filter(parsed.reasons.is_not_null())
    if wrong.len():
        allowed = (
            f"It takes: {', '.join(dtype.categories)}."
            if isinstance(dtype, pl.Enum)
            else f"The column holds {dtype}."
        )
        raise MappingError(f"{place}: {wrong[0]!r} is not a value of this column. {allowed}")


def check_name(name: object, allowed: Sequence[str], place: str, what: str) -> None:
    """Raise a MappingError, with the closest name that is allowed, unless `name` is."""
    if name in allowed:
        return
    close = get_close_matches(str(name), allowed, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(allowed)}."
    raise MappingError(f"{place}: {name!r} is not {what}. {hint}")


def expect_dict(
    given: object, place: str, *, any_key: bool = False, or_else: str = "a mapping of names"
) -> dict[Any, Any]:
    """`given` as a dict with text keys."""
    if not isinstance(given, Mapping):
        raise MappingError(f"{place}: expected {or_else}, found {type(given).__name__}.")
    if not any_key and not all(isinstance(k, str) for k in given):
        raise MappingError(f"{place}: every name must be a text.")
    return dict(given)


def _list(given: object, place: str) -> list[Any]:
    if not isinstance(given, list | tuple) or not given:
        raise MappingError(f"{place}: expected a list with at least one entry.")
    return list(given)


def plain_texts(given: object, place: str) -> tuple[str, ...]:
    """One scalar or a list of them as texts."""
    listed = given if isinstance(given, list | tuple) else [given]
    return tuple(t for t in (_text(v, place) for v in listed) if t is not None)


def _texts_or_blank(given: object, place: str) -> tuple[str | None, ...]:
    return tuple(_text(v, place) for v in (given if isinstance(given, list | tuple) else [given]))


def _text(value: object, place: str) -> str | None:
    """A scalar of the mapping as the text that a source would hold; empty and null are blank."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value).strip() or None
    raise MappingError(f"{place}: expected one plain value, found {type(value).__name__}.")


def _listed(given: Mapping[str, Any]) -> str:
    return "{" + ", ".join(map(str, given)) + "}"
