"""A suggestion as YAML to edit; what is open stands in it as a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from carenotebook.ingest.suggest_tables import Choice, Table

_PLAIN = re.compile(r"[A-Za-z_][\w ()/.+-]*(?<! )")
_READ_OTHERWISE = {"yes", "no", "y", "n", "true", "false", "on", "off", "null", "none"}
_WIDE = 96


def scalar(text: str) -> str:
    """A text as a YAML scalar, quoted where any reader of YAML could take it for something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    return json.dumps(text, ensure_ascii=False)


def table_lines(table: Table, unknown: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The section of one table.

    Parameters
    ----------
    table : Table
        What is suggested.
    unknown : mapping of column to lines
        What may be said of the values of a column that the suggestion does not know.
    """
    yield f"{table.name}:"
    if table.rows is not None:
        yield f"  rows: {_flow(table.rows)}"
    for choice in table.choices:
        yield from _choice_lines(choice, unknown)
    for name in table.lacking:
        yield f"  # {name}: no column found, and the table needs one"


def _choice_lines(choice: Choice, unknown: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if choice.placed:
        (fit,) = choice.candidates
        yield from _form_lines(choice.field, fit.forms[0], _because(fit.confidence, fit.reasons))
        yield from unknown.get(fit.column, ())
        return
    yield from comment(f"decide {choice.field}: {choice.why_open}.", indent="  ")
    for fit in choice.candidates:
        why = _because(fit.confidence, fit.reasons)
        for form in fit.forms or (fit.column,):
            yield from (f"  #{line[1:]}" for line in _form_lines(choice.field, form, why))
            yield from unknown.get(fit.column, ())


def _because(confidence: float, reasons: tuple[str, ...]) -> str:
    return f"  # {confidence:.2f}: {'; '.join(reasons)}"


def _form_lines(name: str, form: str | Mapping[str, Any], why: str) -> Iterator[str]:
    if isinstance(form, str):
        yield f"  {name}: {scalar(form)}{why}"
    elif "values" in form and "column" in form:
        yield f"  {name}:{why}"
        yield f"    column: {scalar(form['column'])}"
        yield "    values:"
        for theirs, ours in form["values"].items():
            yield f"      {scalar(theirs)}: {ours}"
    else:
        yield f"  {name}: {_flow(form)}{why}"


def _flow(form: Any) -> str:
    if isinstance(form, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {_flow(v)}" for k, v in form.items()) + "}"
    if isinstance(form, list | tuple):
        return "[" + ", ".join(_flow(v) for v in form) + "]"
    return "null" if form is None else scalar(str(form))


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Lines of a comment, broken between words."""
    line = ""
    for word in text.split(" "):
        if line and len(indent) + 3 + len(line) + len(word) > _WIDE:
            yield f"{indent}# {line}"
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield f"{indent}# {line}"
