"""A Cohort from a database: one query a table, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carenotebook.core import schema
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.when import When
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.databasequery import check_connection, query_table
from carenotebook.ingest.forms import check_name, expect_dict
from carenotebook.ingest.mapping import read_mapping
from carenotebook.ingest.settings import Settings

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.ingest.mapping import MappingLike


def read_database(  # noqa: PLR0913 - what every reader takes
    connection: Any,
    queries: Mapping[str, Any],
    *,
    mapping: MappingLike | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    """A cohort from a database, one query a table.

    For data that live in a clinical warehouse or a local database file. Each query is run once and
    its rows are held in memory: later changes of the database do not reach the cohort. The queries
    run one after another; if the database may change meanwhile, open a transaction first. For more
    rows than fit in memory, export to Parquet and use `read_parquet`.

    Parameters
    ----------
    connection : connection
        Open, of DuckDB, ADBC, SQLAlchemy (a connection or an engine) or another DB-API driver such
        as `sqlite3`; it stays open. ``pip install 'carenotebook[database]'`` brings DuckDB, the
        ADBC driver for SQLite and SQLAlchemy.
    queries : dict
        Table of the cohort to SELECT. Only ``"appointments"`` is required. A table that is left
        out is one that you do not have; a query without rows says that nothing happened. Name
        columns as the schema does (``select visit_time as start``), or use `mapping`. In DuckDB 2
        `at` is a reserved word: write ``as "at"``.
    mapping : dict or path of a YAML file, optional
        How the columns of the queries make the schema's (`carenotebook.ingest.mapping.read_mapping`
        lists the forms).
    timezone : str
        IANA name for times without a zone. A time with a zone is an instant; a date is its
        midnight; 0 and 1 are false and true.
    notice : str
        Where `cancelled_at` is known, a cancellation with less notice is late, with this much or
        more early, at or after `start` a no-show.
    as_of, observed_from : datetime, date or ISO 8601 text, optional
        What is seen. `as_of` defaults to a microsecond after the latest recorded happening.
    episode_end : str, optional
        Without `episodes`, how the one episode of a client ends: ``"as_of"``, or a duration after
        the last attended session such as ``"120d"``.

    Returns
    -------
    Cohort
        Rows that cannot be used stand in `Cohort.rejected`, numbered as the query gives them; use
        ORDER BY where the number shall mean something.

    Raises
    ------
    DataError
        If a query is refused (with the database's reason, without any value), gives no columns or
        two of one name, the connection is closed, or a package is missing.
    MappingError
        If a key of `queries` is no table, a column that is needed is not there, or the mapping is
        malformed.
    OptionError
        If `connection` is not one, a query would change the database or is several statements (it
        is not run), or an option has a value that it cannot take.

    Examples
    --------
    >>> import sqlite3
    >>> import carenotebook as cn
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("create table visits (patient text, day text, kept int)")
    >>> rows = [("c1", "2026-01-05 10:00", 1), ("c1", "2026-01-12 10:00", 0)]
    >>> _ = connection.executemany("insert into visits values (?, ?, ?)", rows)
    >>> cohort = cn.read_database(
    ...     connection,
    ...     {"appointments": "select patient as client_id, day as start, kept from visits"},
    ...     mapping={
    ...         "appointments": {
    ...             "client_id": "client_id",
    ...             "start": "start",
    ...             "outcome": {"column": "kept", "values": {1: "attended", 0: "no_show"}},
    ...         }
    ...     },
    ... )
    >>> cohort.appointments.collect()["outcome"].to_list()
    ['attended', 'no_show']
    >>> connection.close()
    """
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    rules = read_mapping(mapping)
    check_connection(connection)
    wanted = expect_dict(queries, "queries", or_else="a mapping of table to query")
    for table, query in wanted.items():
        check_name(table, tuple(schema.TABLES), "queries", "a table")
        if query is None or (isinstance(query, str) and not query.strip()):
            raise OptionError(f"queries: {table!r} has no query; write a SELECT or leave it out.")
    if "appointments" not in wanted:
        raise DataError("queries: 'appointments' is the one table a cohort cannot do without.")
    raw = {t: query_table(connection, wanted[t], t) for t in schema.TABLES if t in wanted}
    return assemble(raw, rules, settings)
