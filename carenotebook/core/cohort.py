"""`Cohort`: immutable tables of one schema, cut into parts by client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core import schema
from carenotebook.core.bounds import check_episode_end, default_as_of
from carenotebook.core.episodes import client_spans, first_episodes, most_end_attended
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.core.parts import CLIENT, Part, one_part, prepared_part
from carenotebook.core.rejects import Rejects

if TYPE_CHECKING:
    from pathlib import Path

    from carenotebook.core.description import CohortDescription

REJECTED_SCHEMA = {
    "table": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "reason": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True, repr=False, eq=False)
class Cohort:
    """Clients, their appointments and what surrounds them, as of one instant.

    Made by a reader (`carenotebook.read_csv`, `from_frames`, ...), by `carenotebook.load` or by
    `carenotebook.synthetic_cohort`; never edited afterwards. Each table is a polars LazyFrame, or
    None where the cohort has no such table. An empty table means that nothing happened.

    Attributes
    ----------
    as_of : datetime
        Nothing at or after this instant is seen.
    observed_from : datetime or None
        Nothing before this instant is seen.
    timezone : str
        For display and calendar bins only; every time is kept in UTC.
    notice : str
        The one notice that separates a late from an early cancellation.
    episode_end : str or None
        How an episode ends where there is no `episodes` table; None if there is one, or if no
        choice was made (then the `days_*` terms of a criterion raise).
    rows_in : Mapping[str, int]
        Rows that were read per table: accepted plus rejected.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=40, seed=1)
    >>> cohort.has("contacts"), cohort.has("contacts", "delivered")
    (True, True)
    """

    parts: tuple[Part, ...]
    as_of: datetime
    observed_from: datetime | None = None
    timezone: str = "UTC"
    notice: str = "24h"
    episode_end: str | None = None
    rows_in: Mapping[str, int] = field(default_factory=dict)
    _rejected: pl.DataFrame | pl.LazyFrame | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that this cohort has."""
        return tuple(t for t in schema.TABLES if t in self.parts[0])

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the cohort has the table, and the column in it."""
        if table not in self.parts[0]:
            return False
        return column is None or column in self.parts[0][table].collect_schema().names()

    def table(self, name: str, needed_by: str = "this") -> pl.LazyFrame:
        """A table as a LazyFrame.

        Raises
        ------
        MissingDataError
            If the cohort has no such table; it says what to supply.
        """
        self.require(name, needed_by=needed_by)
        return one_part([{name: p[name]} for p in self.parts])[name].drop(CLIENT, strict=False)

    def require(self, table: str, *columns: str, needed_by: str) -> None:
        """Raise a MissingDataError unless the cohort has the table with these columns."""
        if not self.has(table):
            raise MissingDataError(
                f"{needed_by} needs the table {table!r}: pass {table}= to the reader "
                f"(--{table} on the command line)."
            )
        lacking = [c for c in columns if not self.has(table, c)]
        if lacking:
            raise MissingDataError(
                f"{needed_by} needs {', '.join(lacking)} in the table {table!r}: "
                "supply it there, or map a column of your data to it."
            )

    @property
    def appointments(self) -> pl.LazyFrame:
        return self.table("appointments")

    @property
    def episodes(self) -> pl.LazyFrame | None:
        return self._optional("episodes")

    @property
    def clients(self) -> pl.LazyFrame | None:
        return self._optional("clients")

    @property
    def contacts(self) -> pl.LazyFrame | None:
        return self._optional("contacts")

    @property
    def measures(self) -> pl.LazyFrame | None:
        return self._optional("measures")

    @property
    def checkins(self) -> pl.LazyFrame | None:
        return self._optional("checkins")

    @property
    def actions(self) -> pl.LazyFrame | None:
        return self._optional("actions")

    @property
    def pauses(self) -> pl.LazyFrame | None:
        return self._optional("pauses")

    @property
    def policies(self) -> pl.LazyFrame | None:
        return self._optional("policies")

    @property
    def rejected(self) -> pl.DataFrame:
        """Rows that were not accepted: table, row (1 is the first), column, reason, raw.

        An appointment that `carenotebook.link_appointments` set aside has no row number.

        The raw text is left out of what the frame prints; name the column to see it.
        """
        if self._rejected is None:
            return Rejects(schema=REJECTED_SCHEMA)
        return Rejects(self._rejected.lazy().collect())

    def spans(self) -> pl.DataFrame:
        """One row an episode: what of it is seen.

        Returns
        -------
        polars.DataFrame
            client_id, episode (1, 2, ... in time order), started_at, ended_at (null: open),
            seen_from and seen_until (half open; nothing is seen where they do not increase), and
            the other columns of `episodes`.
        """
        spans = [self.part_spans(p).drop(CLIENT) for p in self.parts]
        return pl.concat(spans)

    def part_spans(self, part: Part) -> pl.DataFrame:
        """`spans` of one part, with the `CLIENT` column."""
        return client_spans(part, self.as_of, self.observed_from, self.episode_end)

    @cached_property
    def hides_silence(self) -> bool:
        """Whether most episodes end within a day of the last attended session.

        Told from its first some thousand episodes.
        """
        part = self.parts[0]
        return most_end_attended(self.part_spans(first_episodes(part)), part, self.as_of)

    def describe(self) -> CohortDescription:
        """Counts, ranges, nulls, rejects by reason and coverage in time, table by table."""
        from carenotebook.core.description import describe_cohort

        return describe_cohort(self)

    def filter(self, *predicates: pl.Expr, clients: Iterable[str] | None = None) -> Cohort:
        """The same cohort with fewer clients.

        Parameters
        ----------
        *predicates : polars.Expr
            Conditions on the columns of the `clients` table; a null is not chosen.
        clients : iterable of str, optional
            Ids to keep.

        Returns
        -------
        Cohort
            Without the rejected rows, which belong to what was read.

        Raises
        ------
        MissingDataError
            If a predicate is given and the cohort has no `clients` table.
        OptionError
            If neither is given, a predicate names a column that `clients` lacks, or `clients`
            are no texts or hold an id that the cohort does not know.

        Examples
        --------
        >>> import carenotebook as cn, polars as pl
        >>> cohort, _ = cn.synthetic_cohort(clients=40, seed=1)
        >>> some = cohort.filter(pl.col("language") == "English")
        >>> some.appointments.collect().height < cohort.appointments.collect().height
        True
        """
        if not predicates and clients is None:
            raise OptionError("filter() needs a condition on `clients`, or clients=[ids].")
        if predicates:
            self.require("clients", needed_by="filter() with a condition")
        wanted = None if clients is None else self._known_ids(clients).lazy()
        parts = tuple(_filtered(p, predicates, wanted) for p in self.parts)
        return replace(self, parts=parts, rows_in={}, _rejected=None)

    def _known_ids(self, clients: Iterable[str]) -> pl.DataFrame:
        ids = list(clients)
        if isinstance(clients, str) or not all(isinstance(i, str) for i in ids):
            raise OptionError("filter(): clients= takes a list of ids, each a text.")
        wanted = pl.DataFrame({"client_id": ids}, schema={"client_id": pl.String}).unique()
        tables = [t for t in self.tables if t != "policies"]
        known = pl.concat(self.table(t).select("client_id") for t in tables).unique()
        found = wanted.lazy().join(known, on="client_id", how="semi").collect()
        if found.height < wanted.height:
            raise OptionError(
                f"filter(): {wanted.height - found.height} of the ids in clients= are not in the "
                "cohort."
            )
        return found

    def save(self, folder: str | Path, partitions: int | None = None) -> Path:
        """Write the cohort to a folder of Parquet files and a manifest, atomically.

        Cut off at any moment, it leaves the cohort that stood there before or the new one, never
        a mixture; another process that saves there waits for its turn. The files of the cohort
        before stay until the next save, for those who have it open.

        Parameters
        ----------
        folder : path
            Made if needed. A cohort that stands there is replaced in one step.
        partitions : int, optional
            Into how many ranges of clients each table is cut; by default about a million
            appointments each.

        Returns
        -------
        pathlib.Path
            The folder, for `carenotebook.load`.

        Raises
        ------
        DataError
            If the folder holds anything else, or cannot be written: what stood there stays.
        """
        from carenotebook.core.store import save_cohort

        return save_cohort(self, folder, partitions)

    @property
    def content_hash(self) -> str:
        """SHA-256 of every table's content and of the times that bound it, in hexadecimal.

        It does not depend on how the cohort is stored or cut into parts.
        """
        from carenotebook.core.fingerprint import cohort_hash

        return cohort_hash(self)

    def _optional(self, name: str) -> pl.LazyFrame | None:
        return self.table(name) if self.has(name) else None

    def __repr__(self) -> str:
        rejected = "" if self._rejected is None else ", with rejected rows"
        return f"Cohort({', '.join(self.tables)}; as of {self.as_of:%Y-%m-%d}{rejected})"


def check_cohort(cohort: object, needed_by: str) -> None:
    """Refuse what is no cohort, such as the path of a file that was not read.

    Raises
    ------
    OptionError
    """
    if not isinstance(cohort, Cohort):
        raise OptionError(
            f"{needed_by} needs a Cohort: read one, or make one with synthetic_cohort()."
        )


def build_cohort(  # noqa: PLR0913 - what a reader tells of its data
    tables: Mapping[str, pl.DataFrame],
    *,
    as_of: datetime | None = None,
    observed_from: datetime | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    episode_end: str | None = None,
    rejected: pl.DataFrame | None = None,
    rows_in: Mapping[str, int] | None = None,
) -> Cohort:
    """A cohort from accepted tables: sorted, numbered by client, bounded in time.

    Raises
    ------
    OptionError
        If `episode_end` is given beside an `episodes` table, is no duration, or `as_of` is
        neither given nor to be told from the data.
    """
    if episode_end is not None:
        check_episode_end(episode_end, tables)
    part = {n: f.lazy() for n, f in prepared_part(tables).items()}
    if rejected is not None and rejected.is_empty():
        rejected = None
    return Cohort(
        parts=(part,),
        as_of=as_of or default_as_of(tables),
        observed_from=observed_from,
        timezone=timezone,
        notice=notice,
        episode_end=episode_end,
        rows_in=dict(rows_in or {n: f.height for n, f in tables.items()}),
        _rejected=rejected,
    )


def _filtered(part: Part, predicates: tuple[pl.Expr, ...], wanted: pl.LazyFrame | None) -> Part:
    def keep(frame: pl.LazyFrame) -> pl.LazyFrame:
        for ids in chosen:
            frame = frame.join(ids, on="client_id", how="semi", maintain_order="left")
        return frame

    chosen = [] if wanted is None else [wanted]
    if predicates:
        try:
            chosen.append(part["clients"].filter(*predicates).select("client_id").collect().lazy())
        except pl.exceptions.ColumnNotFoundError as error:
            known = ", ".join(part["clients"].drop(CLIENT).collect_schema().names())
            raise OptionError(
                f"filter(): a condition names a column that `clients` lacks. It has: {known}."
            ) from error
    return {
        n: keep(f).collect().lazy() if CLIENT in f.collect_schema().names() else f
        for n, f in part.items()
    }
