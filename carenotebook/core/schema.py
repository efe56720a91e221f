"""The one schema: what a cohort's tables hold. Everything that reads a column reads it from here.

A table may lack its optional (nullable) columns; `clients` may have any further columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import dataframely as dy

SCHEMA_VERSION = 1


class _Tables(Mapping[str, "type[dy.Schema]"]):
    """The tables in their order; dataframely, slow to import, waits until one is asked for."""

    names = (
        "appointments",
        "episodes",
        "clients",
        "contacts",
        "measures",
        "checkins",
        "actions",
        "pauses",
        "policies",
    )

    def __getitem__(self, name: str) -> type[dy.Schema]:
        from carenotebook.core.definitions import TABLES

        return TABLES[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


TABLES = _Tables()

TIME_COLUMN: dict[str, str] = {
    "appointments": "start",
    "episodes": "started_at",
    "contacts": "at",
    "measures": "at",
    "checkins": "at",
    "actions": "at",
    "pauses": "start",
    "policies": "start",
}
"""The column that says when a row happened; `clients` has none."""

EVENT_TABLES: tuple[str, ...] = ("appointments", "contacts", "measures", "checkins", "actions")
"""Tables whose rows are happenings in a client's care."""

OPEN_TABLES: tuple[str, ...] = ("clients",)
"""Tables that keep columns beyond the schema."""

UNIQUE: dict[str, tuple[str, ...]] = {
    "appointments": ("appointment_id",),
    "clients": ("client_id",),
    "measures": ("client_id", "at", "instrument"),
}
"""Columns that name one row; every row of a repeated key is quarantined."""


def dtypes(table: str) -> dict[str, pl.DataType]:
    """Column to polars dtype of a table, required columns first."""
    return {name: column.dtype for name, column in TABLES[table].columns().items()}


def required_columns(table: str) -> tuple[str, ...]:
    """Columns that a table cannot do without."""
    return tuple(n for n, column in TABLES[table].columns().items() if not column.nullable)


def empty_table(table: str) -> pl.DataFrame:
    """A table in which nothing happened, with every column of the schema."""
    return pl.DataFrame(schema=dtypes(table))
