"""A mapping says how the columns of a source make the columns of the schema: a dict or YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core import schema
from carenotebook.core.errors import MappingError
from carenotebook.ingest.columns import say_columns
from carenotebook.ingest.fields import Field, Source, columns_of
from carenotebook.ingest.forms import check_name, expect_dict, of_rows, parse_form, plain_texts
from carenotebook.ingest.yamltext import load_yaml

MappingLike = AnyMapping[str, Any] | str | Path


@dataclass(frozen=True)
class Mapping:
    """A parsed and checked mapping.

    Attributes
    ----------
    tables : mapping of table to fields
        Tables without a mapping are not in it; their columns have the schema's names.
    blanks : tuple of str
        Texts that mean "nothing", such as ``"NA"``, in every table.
    only : tuple of str or None
        The further columns of `clients` to keep; None keeps all.
    rows : mapping of table to what limits a field to its rows
        Tables that are made of some rows of their source.
    """

    tables: AnyMapping[str, AnyMapping[str, Field]] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    rows: AnyMapping[str, Callable[[Field], Field]] = field(default_factory=dict)

    def fields(self, table: str, columns: Sequence[str]) -> dict[str, Field]:
        """The fields to make from a source that has these columns.

        Raises
        ------
        MappingError
            If the source lacks a column that the mapping or the schema needs.
        """
        mapped = self.tables.get(table)
        if mapped is None:
            made: dict[str, Field] = {n: Source(n) for n in schema.dtypes(table) if n in columns}
        else:
            order = {n: i for i, n in enumerate(schema.dtypes(table))}
            made = dict(sorted(mapped.items(), key=lambda item: order.get(item[0], len(order))))
            made |= {n: self.rows[table](made[n]) for n in [*made][:1] if table in self.rows}
            for name, one in made.items():
                _check_columns(f"{table}.{name}", sorted(columns_of(one)), columns)
        _check_required(table, made, columns)
        if table in schema.OPEN_TABLES:
            made |= {n: Source(n) for n in self._attributes(table, made, columns)}
        return made

    def _attributes(
        self, table: str, made: AnyMapping[str, Field], columns: Sequence[str]
    ) -> list[str]:
        if self.only is not None:
            _check_columns(f"{table}.only", self.only, columns)
            return [n for n in self.only if n not in made]
        used = set().union(*(columns_of(one) for one in made.values()))
        return [n for n in columns if n not in used and n not in made and n]


def read_mapping(given: MappingLike | Mapping | None) -> Mapping:
    """Parse and check a mapping.

    Parameters
    ----------
    given : dict, path to a YAML file, the name of a shipped mapping, or None
        Shipped are ``"ctn0094"``, ``"nhs"``, ``"practice"`` and ``"redcap"``: examples to copy and
        adapt. A mapping is table to field to form. The forms of a field:

        ``"Column"``
            the column as it is;
        ``{column: C, values: {theirs: ours}}``
            texts replaced; a row whose text the map misses is quarantined;
        ``{column: C, format: "%d/%m/%Y %H:%M"}``
            a time in another format than ISO 8601;
        ``{column: C, unit: d, origin: 2020-01-01}``
            de-identified relative time: so many m, h, d or w after the origin;
        ``{value: V}``
            the same in every row;
        ``{cases: [{when: {C1: [a, b], C2: null}, value: V}, {when: ..., reject: "why"}], else: V}``
            ordered conditions over several columns, the first match decides; null means blank; a
            row that no case matches is quarantined unless there is an ``else``;
        ``{first_of: [form, form, ...]}``
            the first form that is not blank;
        ``{join: [C1, C2], format: "%d/%m/%Y %H:%M"}``
            a date and a time of day in two columns, with a space between them;
        ``{sum: [C1, C2, ...]}``
            a total of columns, blank where one of them is.

        ``rows: {when: {C1: [a, b]}, unless: {C2: null}}`` beside the fields of a table says which
        rows of the source are its rows, so that one flat file can be given for several tables.
        The others are set aside with that as the reason.
        ``blank: [NA, "-"]`` beside the tables lists texts that mean nothing.
        ``clients`` keeps every column that is not mapped under its own name, or those in
        ``only: [...]``; other tables leave out what is not mapped.

    Raises
    ------
    MappingError
        Naming the place in the mapping and what stands there wrongly.

    Examples
    --------
    >>> mapping = read_mapping({"clients": {"client_id": "PatientId"}})
    >>> mapping.fields("clients", ["PatientId", "age"])["age"]
    Source(column='age', values=None, form=TimeForm(format=None, unit=None, origin=None))
    """
    if given is None:
        return Mapping()
    if isinstance(given, Mapping):
        return given
    if isinstance(given, str | Path):
        names = ", ".join(path.stem for path in shipped_mappings())
        source = _shipped(str(given)) or Path(given)
        given = load_yaml(source, f" Shipped mappings, by name: {names}.")
    top = expect_dict(given, "the mapping")
    for name in top:
        check_name(name, (*schema.TABLES, "blank"), "the mapping", "a table")
    clients = expect_dict(top.get("clients") or {}, "clients")
    only = clients.get("only")
    given_tables = {t: {} if top[t] is None else top[t] for t in schema.TABLES if t in top}
    tables = {t: expect_dict(fields, t) for t, fields in given_tables.items()}
    return Mapping(
        {t: _table(t, fields) for t, fields in tables.items()},
        plain_texts(top.get("blank", []), "blank"),
        None if only is None else plain_texts(only, "clients.only"),
        {t: of_rows(f["rows"], f"{t}.rows") for t, f in tables.items() if "rows" in f},
    )


def shipped_mappings() -> list[Path]:
    """The files of the mappings that are shipped for tables, each to be used under its name.

    Without that for FHIR: it is of columns that `read_fhir` makes, and no table has them.
    """
    shipped = sorted(Path(__file__).with_name("mappings").glob("*.yml"))
    return [path for path in shipped if path.stem != "fhir"]


def _shipped(name: str) -> Path | None:
    return next((path for path in shipped_mappings() if path.stem == name), None)


def _table(table: str, given: AnyMapping[str, Any]) -> dict[str, Field]:
    dtypes = schema.dtypes(table)
    is_open = table in schema.OPEN_TABLES
    made: dict[str, Field] = {}
    for name, form in given.items():
        if name == "rows" or (is_open and name == "only"):
            continue
        if not is_open:
            check_name(name, tuple(dtypes), table, "a column")
        made[name] = parse_form(form, f"{table}.{name}", dtypes.get(name, pl.String()))
    return made


def _check_columns(place: str, needed: Sequence[str], columns: Sequence[str]) -> None:
    lacking = [c for c in needed if c not in columns]
    if lacking:
        raise MappingError(
            f"{place}: the data have no column {lacking[0]!r}. {say_columns(columns)}"
        )


def _check_required(table: str, made: AnyMapping[str, Field], columns: Sequence[str]) -> None:
    lacking = [c for c in schema.required_columns(table) if c not in made]
    if lacking:
        raise MappingError(
            f"The table {table!r} needs {', '.join(lacking)}: map a column to it with mapping= "
            f"(suggest_mapping proposes one). "
            f"{say_columns(columns)}"
        )
