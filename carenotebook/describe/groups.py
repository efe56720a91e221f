"""The columns that a description is split by, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.results.proportions import COLUMNS

MISSING = "missing"
"""The group of those whose value is not known."""

APPOINTMENT_COLUMNS = ("therapist_id", "site", "kind", "modality", "reason")
EPISODE_COLUMNS = ("therapist_id", "site")
_FEW_GROUPS = 12
_NAMING = 3
_TAKEN = (
    *COLUMNS,
    "client_id",
    "period",
    "section",
    "state",
    "term",
    "denominator_name",
    "suppressed",
)


def as_names(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """`by` as a tuple of column names."""
    if by is None:
        return ()
    return (by,) if isinstance(by, str) else tuple(by)


def with_groups(
    frame: pl.LazyFrame,
    cohort: Cohort,
    by: tuple[str, ...],
    own: Sequence[str],
    needed_by: str,
) -> pl.LazyFrame:
    """`frame` with the columns of `by` as text, in which null has become `MISSING`.

    Parameters
    ----------
    frame : polars.LazyFrame
        Rows with a client_id.
    cohort : Cohort
        Its `clients` table supplies what `frame` does not have.
    by : tuple of str
    own : sequence of str
        Columns of `frame` that may be split by.
    needed_by : str
        Who asks, for an error.

    Raises
    ------
    MissingDataError
        If neither has the column.
    OptionError
        If a column is named twice, cannot be split by, or names clients.
    """
    found = grouped(frame, cohort, by, own, needed_by)
    for column in by:
        sizes = found.group_by(column).agg(pl.col("client_id").n_unique()).collect()["client_id"]
        refuse_names(sizes, column, needed_by)
    return found


def grouped(
    frame: pl.LazyFrame, cohort: Cohort, by: tuple[str, ...], own: Sequence[str], needed_by: str
) -> pl.LazyFrame:
    """`with_groups`, where it is told from elsewhere that no column names clients."""
    if len(set(by)) < len(by):
        raise OptionError(f"{needed_by}: by= names a column twice.")
    mine = [c for c in own if c in frame.collect_schema().names()]
    attributes = [c for c in by if c not in mine]
    check_attributes(cohort, attributes, mine, needed_by)
    if attributes and cohort.clients is not None:
        chosen = cohort.clients.select("client_id", *attributes)
        frame = frame.drop(attributes, strict=False).join(chosen, on="client_id", how="left")
    return frame.with_columns(pl.col(c).cast(pl.String).fill_null(MISSING) for c in by)


def refuse_names(sizes: pl.Series, column: str, needed_by: str) -> None:
    """A value that hardly two clients share names a client; its label alone would tell.

    Parameters
    ----------
    sizes : polars.Series
        Clients by value of the column.
    column, needed_by : str

    Raises
    ------
    OptionError
    """
    single = (sizes < _NAMING).sum()
    if sizes.len() > _FEW_GROUPS and 2 * single > sizes.len():
        raise OptionError(
            f"{needed_by}: by={column!r} has {sizes.len()} values, most of them of fewer than "
            f"{_NAMING} clients: it names clients, it does not group them. Use a column of fewer, "
            "larger groups."
        )


def attributes_of(cohort: Cohort, by: tuple[str, ...], own: Sequence[str], table: str) -> list[str]:
    """Those of `by` over which each client has one value."""
    return [c for c in by if not (c in own and cohort.has(table, c))]


def check_attributes(
    cohort: Cohort, attributes: list[str], mine: list[str], needed_by: str, argument: str = "by"
) -> None:
    """Refuse a column of `argument` that `clients` lacks; `mine` are those of another table."""
    known = [] if cohort.clients is None else cohort.clients.collect_schema().names()
    for column in attributes:
        if column in _TAKEN:
            raise OptionError(
                f"{needed_by}: {argument}={column!r} cannot be split by; rename the column."
            )
        if column not in known:
            usable = [*mine, *(c for c in known if c not in _TAKEN)]
            raise MissingDataError(
                f"{needed_by}: {argument}={column!r} is neither a column that it can be split by "
                f"nor one of `clients`. There are: {', '.join(usable) or 'none'}. Supply it with "
                "clients= to the reader (--clients FILE on the command line)."
            )
