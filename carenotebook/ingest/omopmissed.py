"""The appointments that did not take place, which stand beside a CDM and not in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carenotebook.core import schema
from carenotebook.core.errors import OptionError
from carenotebook.core.options import OUTCOMES, check_option
from carenotebook.core.plain import to_polars
from carenotebook.ingest.databasequery import query_table
from carenotebook.ingest.fields import Reading, evaluate_field
from carenotebook.ingest.mapping import MappingLike, read_mapping
from carenotebook.ingest.omopsource import CdmSource, Database, read_file, set_aside
from carenotebook.ingest.omoptables import Piece
from carenotebook.ingest.quarantine import RawTable

ATTENDED_TWICE = "is an attended appointment: those are read from visit_occurrence"


def missed_column(missed: Any) -> Mapping[str, Any] | None:
    """`missed` if it names a column of the visits and what its texts mean, else None.

    Raises
    ------
    OptionError
        If a text means no outcome.
    """
    if not isinstance(missed, Mapping) or "column" not in missed:
        return None
    column, values = missed["column"], missed.get("values")
    if set(missed) != {"column", "values"} or not isinstance(column, str) or not values:
        raise OptionError(
            "missed= by a column of the visits takes {'column': name, 'values': {text: outcome}}."
        )
    for outcome in values.values():
        check_option("missed= value", outcome, OUTCOMES)
    return {"column": column, "values": {str(t).strip(): o for t, o in values.items()}}


def missed_table(missed: Any, cdm: CdmSource) -> tuple[Piece, tuple[str, ...]]:
    """The rows and fields of `missed`, and the texts that its mapping takes for blank.

    Parameters
    ----------
    missed : path, frame, query or dict
        See `carenotebook.read_omop`.
    cdm : CdmSource
        Where a query is asked.

    Raises
    ------
    DataError, MappingError, OptionError
        If the table or its mapping cannot be used.
    """
    table, mapping = missed, None
    if isinstance(missed, Mapping):
        if "table" not in missed or not set(missed) <= {"table", "mapping"}:
            raise OptionError(
                "missed= takes a table, {'table': ..., 'mapping': {...}} where its columns have "
                "other names than those of appointments, or {'column': ..., 'values': {...}}."
            )
        table, mapping = missed["table"], missed.get("mapping")
    raw = _read(table, cdm)
    rules = read_mapping(_appointments(mapping))
    fields = rules.fields("appointments", raw.frame.columns)
    outcome = evaluate_field(
        fields["outcome"],
        raw.frame,
        schema.dtypes("appointments")["outcome"],
        Reading(blanks=rules.blanks),
    )
    return (set_aside(raw, outcome.values == "attended", ATTENDED_TWICE), fields), rules.blanks


def _appointments(mapping: Any) -> MappingLike | None:
    """A mapping of the columns of appointments alone, or of a whole mapping, as the latter."""
    if not isinstance(mapping, Mapping) or "appointments" in mapping:
        return mapping
    return {"appointments": mapping}


def _read(table: Any, cdm: CdmSource) -> RawTable:
    if isinstance(table, str) and isinstance(cdm, Database):
        return query_table(cdm.connection, table, "missed")
    if isinstance(table, str | Path):
        return read_file(Path(table))
    return RawTable(to_polars("missed=", table))
