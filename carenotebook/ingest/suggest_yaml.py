"""A suggestion as YAML to edit; what is open stands in it as a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.ingest.columns import looks_like_data
from carenotebook.ingest.suggest_content import Column
from carenotebook.ingest.suggest_fields import Fit
from carenotebook.ingest.suggest_tables import Choice, Source, Table

FRAME = "The frame"
LEAST_CLIENTS = 11
"""A word that is not known is shown if the rows of so many clients hold it."""

_READERS = {".csv": "csv", ".parquet": "parquet", ".xlsx": "excel"}

_PLAIN = re.compile(r"[A-Za-z_][\w ()/.+-]*(?<! )")
_READ_OTHERWISE = {"yes", "no", "y", "n", "true", "false", "on", "off", "null", "none"}
_PERSONAL = re.compile(r"[0-9]{3}|@")
_WIDE = 96


def written(sources: Sequence[Source], shipped: str | None) -> str:
    """The whole suggestion: what it is of, the tables, and what was not placed.

    Parameters
    ----------
    sources : sequence of Source
        The files that were looked at.
    shipped : str or None
        The name of a mapping that is shipped for these columns.
    """
    used = [c for s in sources for c in s.columns if c.name in s.used]
    lines = [*_head(sources), *_shipped(shipped), *_blanks(used)]
    for source in sources:
        for table in source.tables:
            lines += ["", *_table_lines(table, _unknown(table, source.columns))]
        lines += _rest(source)
    return "\n".join(lines) + "\n"


def scalar(text: str) -> str:
    """A text as a YAML scalar, quoted where any reader of YAML could take it for something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    return json.dumps(text, ensure_ascii=False)


def _table_lines(table: Table, unknown: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The section of one table; `unknown` is what to say of the words of a column."""
    yield f"{table.name}:"
    if table.rows is not None:
        yield f"  rows: {_flow(table.rows)}"
    if table.only is not None:
        yield f"  only: {_flow(table.only)}"
    for choice in table.choices:
        yield from _choice_lines(choice, unknown)
    for name in table.lacking:
        yield f"  # {name}: no column found, and the table needs one"


def _choice_lines(choice: Choice, unknown: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if choice.placed:
        (fit,) = choice.candidates
        first, *further = _form_lines(choice.field, fit.forms[0])
        yield from _with_reason(first, _because(fit))
        yield from further
        yield from unknown.get(fit.column, ())
        return
    yield from _comment(f"decide {choice.field}: {choice.why_open}.", indent="  ")
    for fit in choice.candidates:
        yield from _comment(_because(fit), indent="  ")
        for form in fit.forms or (fit.column,):
            yield from (f"  #{line[1:]}" for line in _form_lines(choice.field, form))
            yield from (f"  # {line[2:]}" for line in unknown.get(fit.column, ()))


def _because(fit: Fit) -> str:
    return f"{fit.confidence:.2f}: {'; '.join(fit.reasons)}"


def _with_reason(line: str, reason: str) -> Iterator[str]:
    """The line with its reason, before it where both are too long for one line."""
    together = f"{line}  # {reason}"
    if len(together) > _WIDE:
        yield from _comment(reason, indent="  ")
        yield line
    else:
        yield together


def _form_lines(name: str, form: str | Mapping[str, Any]) -> Iterator[str]:
    if isinstance(form, str):
        yield f"  {name}: {scalar(form)}"
    elif "first_of" in form:
        yield f"  {name}:"
        yield "    first_of:"
        yield from (f"      - {_flow(one)}" for one in form["first_of"])
    elif "cases" in form:
        yield f"  {name}:"
        yield "    cases:"
        yield from (f"      - {_flow(case)}" for case in form["cases"])
        yield "    else: null"
    elif "values" in form:
        yield f"  {name}:"
        yield f"    column: {scalar(form['column'])}"
        yield "    values:"
        yield from (f"      {scalar(w)}: {ours}" for w, ours in form["values"].items())
    else:
        yield f"  {name}: {_flow(form)}"


def _flow(form: Any) -> str:
    if isinstance(form, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {_flow(v)}" for k, v in form.items()) + "}"
    if isinstance(form, list | tuple):
        return "[" + ", ".join(_flow(v) for v in form) + "]"
    return "null" if form is None else scalar(str(form))


def _comment(text: str, indent: str = "") -> Iterator[str]:
    """Lines of a comment, broken between words."""
    line = ""
    for word in text.split(" "):
        if line and len(indent) + 3 + len(line) + len(word) > _WIDE:
            yield f"{indent}# {line}"
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield f"{indent}# {line}"


def _head(sources: Sequence[Source]) -> Iterator[str]:
    yield "# A suggestion, to check line by line: nothing has been applied. The numbers say how"
    yield "# sure it is, from 0 to 1."
    for source in sources:
        held = ", ".join(f"{t.name} ({t.confidence:.2f})" for t in source.tables)
        yield from _comment(f"{source.name} looks like {held}.")
        if source.looked_at is not None:
            yield from _comment(
                f"Of its rows {source.looked_at:,} from all over it were looked at: a rare word, "
                "or a rare way to write a date, may be missing here."
            )
    yield "# Correct it, save it as mapping.yml, and read:"
    yield from (f"#   {line[2:]}" for line in _comment(_call(sources)))


def _call(sources: Sequence[Source]) -> str:
    again = any(len(s.tables) > 1 for s in sources)
    files = {t.name: "path" if again else _argument(s.name) for s in sources for t in s.tables}
    first = files.pop("appointments", "...")
    suffix = Path(sources[0].name.split("#")[0]).suffix.lower()
    reader = "from_frames" if sources[0].name == FRAME else f"read_{_READERS.get(suffix, 'csv')}"
    further = [f"{name}={given}" for name, given in files.items()]
    call = f'cn.{reader}({", ".join([first, *further])}, mapping="mapping.yml")'
    return f"path = {_argument(sources[0].name)}; {call}" if again else call


def _shipped(name: str | None) -> Iterator[str]:
    if name is not None:
        yield f"# carenotebook ships a mapping for these columns: mapping={name!r} reads them."


def _argument(name: str) -> str:
    return "frame" if name == FRAME else f'"{name}"'


def _blanks(columns: Sequence[Column]) -> list[str]:
    found = dict.fromkeys(b for c in columns for b in c.blanks)
    return ["", f"blank: [{', '.join(scalar(b) for b in found)}]"] if found else []


def _unknown(table: Table, columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """What may be said of words that are not known, by column."""
    texts = {c.name: c.texts for c in columns}
    ids = [f.column for c in table.choices if c.field == "client_id" for f in c.candidates]
    rows = pl.DataFrame(list(texts.values())).filter(_taken(table.rows or {}))
    who = rows[ids[0]] if ids else None
    return {
        f.column: tuple(_lines(rows[f.column], f, who, needed=c.field == "outcome"))
        for c in table.choices
        for f in c.candidates
        if f.column in texts
    }


def _taken(rows: Mapping[str, Any]) -> pl.Expr:
    """The rows of a table, as far as one column tells them."""
    taken = pl.lit(value=True)
    for column, found in rows.get("when", {}).items():
        listed = found if isinstance(found, list) else [found]
        taken &= pl.col(column).is_in(listed, nulls_equal=True)
    return taken


def _lines(texts: pl.Series, fit: Fit, who: pl.Series | None, *, needed: bool) -> Iterator[str]:
    """A line to fill in for each word that enough clients hold; of the others their number."""
    clients = dict.fromkeys(fit.unknown, 0)
    if who is not None and fit.unknown:
        held = pl.DataFrame({"word": texts, "who": who}).drop_nulls()
        held = held.filter(pl.col("word").is_in(fit.unknown))
        clients |= dict(held.group_by("word").agg(pl.col("who").n_unique()).iter_rows())
    shown = [w for w in fit.unknown if clients[w] >= LEAST_CLIENTS and not _PERSONAL.search(w)]
    for word in shown:
        yield f"      # {scalar(word)}: what does it mean?"
    hidden = len(fit.unknown) - len(shown)
    if hidden:
        yield (
            f"      # {hidden} more that fewer than {LEAST_CLIENTS} clients have, not shown here: "
            "what do they mean?"
        )
    if needed and texts.null_count():
        yield "      # null: some rows are blank here: what does that mean?"


def _rest(source: Source) -> Iterator[str]:
    """The columns that were not placed."""
    left = [c for c in source.columns if c.name not in source.used]
    kept = any(t.name in schema.OPEN_TABLES and t.only is None for t in source.tables)
    says = "Kept as attributes, under their own names" if kept else "Not placed"
    for why, columns in (
        (says, [c for c in left if c.content != "blank"]),
        ("Blank throughout", [c for c in left if c.content == "blank"]),
    ):
        if columns:
            yield ""
            yield from _comment(f"{why}: {', '.join(_named(c.name) for c in columns)}.")


def _named(column: str) -> str:
    return "(a name that looks like data)" if looks_like_data(column) else scalar(column)
