"""One query to a database as a raw table; what the database says against it, without values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl

from carenotebook.core.errors import DataError, OptionError
from carenotebook.ingest.quarantine import RawTable

_QUOTED = re.compile(r"(?<!\w)(?P<quote>['\"`])(?P<text>.*?)(?P=quote)")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\w.:+-]*")
_WORD = re.compile(r"[^\W\d]\w*")
_LONGEST = 160
_NOT_CODE = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1", re.DOTALL
)
_CHANGES = re.compile(
    r"\s*(?:delete|update|insert|replace|merge|drop|alter|create|truncate|attach|detach|copy)\b",
    re.IGNORECASE,
)
_NOT_OPEN = re.compile(r"clos(?:ed|ing)|not (?:been )?open|connectioninit", re.IGNORECASE)


def query_table(connection: Any, query: Any, table: str) -> RawTable:
    """What a query gives, every row read into memory.

    Parameters
    ----------
    connection : object
        What `polars.read_database` takes: a connection of ADBC, SQLAlchemy, DuckDB or another
        DB-API driver.
    query : str or SQLAlchemy selectable
    table : str
        Which table it is for, as errors name it.

    Raises
    ------
    DataError
        If the database refuses the query, or it gives no columns.
    OptionError
        If `connection` is none, or the query would change the database or is several.
    """
    check_connection(connection)
    _check_reads(query, table)
    try:
        frame = pl.read_database(query, connection, infer_schema_length=None)
    except ImportError as error:
        raise DataError(
            f"{table}: reading this database needs {error.name or 'a package'}, which is not "
            "installed: pip install 'carenotebook[database]'"
        ) from None
    except pl.exceptions.DuplicateError:
        raise DataError(
            f"{table}: the query gives two columns of one name; rename one of them with AS."
        ) from None
    except Exception as error:  # noqa: BLE001 - every driver has a family of errors of its own
        raise _failed(error, query, table) from None
    if not frame.columns:
        raise _no_columns(table)
    objects = [frame[c] for c, dtype in frame.schema.items() if dtype == pl.Object]
    return RawTable(frame.with_columns(_texts(column) for column in objects))


def _texts(column: pl.Series) -> pl.Series:
    """Objects of Python, such as the ids that drivers give as UUID, as text."""
    return pl.Series(column.name, [None if v is None else str(v) for v in column], pl.String)


def check_connection(connection: Any) -> None:
    """Raise an OptionError for what is visibly no connection."""
    if isinstance(connection, str | Path):
        raise OptionError(
            "read_database() takes an open connection, not an address: for example "
            "duckdb.connect('clinic.duckdb', read_only=True) or "
            "sqlalchemy.create_engine(address)."
        )
    if not any(hasattr(connection, name) for name in ("cursor", "execute", "connect")):
        raise OptionError(
            f"read_database() takes an open connection of ADBC, SQLAlchemy or DuckDB, not "
            f"{type(connection).__name__}."
        )


def _check_reads(query: Any, table: str) -> None:
    """Refuse what is visibly no reading: a reader changes no one's database."""
    if not isinstance(query, str):
        return
    code = _NOT_CODE.sub(" ", query)
    if ";" in code.strip().rstrip("; \n\t\r"):
        raise OptionError(f"{table}: the query is several statements; write one SELECT.")
    if _CHANGES.match(code):
        raise OptionError(
            f"{table}: the query would change the database. It was not run; write a SELECT."
        )


def _failed(error: Exception, query: Any, table: str) -> DataError:
    if isinstance(error, TypeError | AttributeError) and "NoneType" in str(error):
        return _no_columns(table)
    said = without_values(str(error), str(query))
    if _NOT_OPEN.search(str(error).partition("\n")[0]):
        return DataError(f"{table}: the connection is not open ({said}). Open it, then read again.")
    return DataError(f"{table}: the database refused the query ({said}). Mend the query.")


def _no_columns(table: str) -> DataError:
    return DataError(f"{table}: the query gives no columns. Write a SELECT.")


def without_values(message: str, query: str) -> str:
    """The first line of a database's message, without what may be a client's value.

    A database quotes what it stumbled over, which may be a cell. Only names that the query itself
    has, outside its own quoted texts, are kept; other quoted texts and all numbers are left out.

    Parameters
    ----------
    message, query : str

    Examples
    --------
    >>> without_values("no such column: hour", "select hour from visits")
    'no such column: hour'
    >>> without_values("Could not convert string 'c17 O'Hara' to INT32", "select hour from visits")
    'Could not convert string ... to INT32'
    """
    line = message.strip().partition("\n")[0].strip()
    known = set(_WORD.findall(re.sub(r"'[^']*'", " ", query)))
    for quoted in _QUOTED.finditer(line):
        if quoted["text"] not in known:
            end = max(line.rfind(mark) for mark in "'\"`")
            line = f"{line[: quoted.start()]}...{line[end + 1 :]}"
            break
    line = _NUMBER.sub("...", line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
