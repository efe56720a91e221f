"""What a cohort holds, in counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.core import schema
from carenotebook.core.cells import MIN_CELL, is_small, rounded
from carenotebook.core.options import UNRESOLVED
from carenotebook.core.rejects import unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carenotebook.core.cohort import Cohort


ALL_ATTENDED = (
    "Every appointment of known outcome was attended. Where a source records only what took place, "
    "as OMOP does, a rate of attendance is 100 % by construction and says nothing."
)


@dataclass(frozen=True, repr=False)
class CohortDescription:
    """What `Cohort.describe` returns: counts only, no row of a client.

    The attributes are exact. What it prints is not: counts are rounded and small ones hidden, times
    are months, and reasons quote no text.

    Attributes
    ----------
    tables : polars.DataFrame
        One row a table: rows_in, accepted, rejected, clients, first, last (the time it covers) and
        outside_episodes (events that no episode sees, for tables of events).
    columns : polars.DataFrame
        One row a column: table, column, dtype, nulls, lowest, highest.
    rejects : polars.DataFrame
        One row a table, column and reason: rows.
    notes : tuple of str
        What the data cannot tell, such as a rate of attendance where no miss is recorded.
    """

    tables: pl.DataFrame
    columns: pl.DataFrame
    rejects: pl.DataFrame
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, fmt_str_lengths=80):
            text = f"{_shown_tables(self.tables)}"
            if not self.rejects.is_empty():
                text += f"\nRejected rows:\n{_shown_rejects(self.rejects)}"
        clients = self.tables.filter(table="appointments")["clients"].item()
        return text if clients < MIN_CELL else "\n".join([text, *self.notes])


def _shown_tables(tables: pl.DataFrame) -> pl.DataFrame:
    """Policies are about services, not clients, so the number of those is exact."""
    few = is_small(pl.col("clients")).fill_null(value=False)
    few_rejected = few | is_small(pl.col("rejected"))
    hidden = {
        "rows_in": few_rejected,
        "accepted": few,
        "rejected": few_rejected,
        "clients": few,
        "outside_episodes": few | is_small(pl.col("outside_episodes").cast(pl.Int64)),
    }
    exact = pl.col("clients").is_null()
    counts = [
        pl.when(exact)
        .then(pl.col(c).cast(pl.String))
        .otherwise(_told(pl.col(c).cast(pl.Int64), few))
        .alias(c)
        for c, few in hidden.items()
    ]
    times = [
        pl.col(c).cast(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m") for c in ("first", "last")
    ]
    return tables.with_columns(*counts, *times)


def _shown_rejects(rejects: pl.DataFrame) -> pl.DataFrame:
    named = rejects.with_columns(unquoted(pl.col("reason")))
    rows = named.group_by("table", "column", "reason", maintain_order=True).agg(pl.sum("rows"))
    count = pl.col("rows").cast(pl.Int64)
    return rows.with_columns(_told(count, is_small(count)).alias("rows"))


def _told(count: pl.Expr, few: pl.Expr) -> pl.Expr:
    text = rounded(count).cast(pl.String)
    return pl.when(few).then(pl.lit(f"<{MIN_CELL}")).otherwise(text)


def describe_cohort(cohort: Cohort) -> CohortDescription:
    """See `Cohort.describe`."""
    rejected = cohort.rejected
    rejects = (
        rejected.group_by("table", "column", "reason")
        .agg(rows=pl.len())
        .sort("table", "rows", "column", "reason", descending=[False, True, False, False])
    )
    per_table = dict(rejected.group_by("table").agg(pl.len()).iter_rows())
    spans = cohort.spans().select("client_id", "seen_from", "seen_until").lazy()
    rows = [_table_row(cohort, t, per_table.get(t, 0), spans) for t in cohort.tables]
    columns = pl.concat(_column_rows(cohort, t) for t in cohort.tables)
    tables = pl.DataFrame(rows, infer_schema_length=None)
    return CohortDescription(tables, columns, rejects, _notes(cohort))


def _notes(cohort: Cohort) -> tuple[str, ...]:
    resolved = cohort.appointments.filter(~pl.col("outcome").is_in(UNRESOLVED))
    outcomes = resolved.select(pl.col("outcome").cast(pl.String).unique()).collect()
    return (ALL_ATTENDED,) if outcomes.rows() == [("attended",)] else ()


def _table_row(cohort: Cohort, table: str, rejected: int, spans: pl.LazyFrame) -> dict[str, object]:
    frame = cohort.table(table)
    time = schema.TIME_COLUMN.get(table)
    counts = frame.select(
        accepted=pl.len(),
        clients=pl.col("client_id").n_unique() if table != "policies" else None,
        first=pl.col(time).min() if time else None,
        last=pl.col(time).max() if time else None,
    ).collect()
    found = counts.row(0, named=True)
    return {
        "table": table,
        "rows_in": cohort.rows_in.get(table, found["accepted"]),
        "accepted": found["accepted"],
        "rejected": rejected,
        "clients": found["clients"],
        "first": found["first"],
        "last": found["last"],
        "outside_episodes": _outside(frame, time, spans) if table in schema.EVENT_TABLES else None,
    }


def _outside(frame: pl.LazyFrame, time: str | None, spans: pl.LazyFrame) -> int:
    at = pl.col(time or "at")
    seen = (
        frame.with_row_index("event")
        .join(spans, on="client_id")
        .filter(at >= pl.col("seen_from"), at < pl.col("seen_until"))
        .select(pl.col("event").n_unique())
    )
    total, within = pl.collect_all([frame.select(pl.len()), seen])
    return int(total.item()) - int(within.item())


def _column_rows(cohort: Cohort, table: str) -> pl.DataFrame:
    frame = cohort.table(table)
    dtypes = frame.collect_schema()
    ranged = [c for c, d in dtypes.items() if d.is_numeric() or d.is_temporal()]
    nulls, lowest, highest = pl.collect_all(
        [
            frame.select(pl.all().null_count()),
            frame.select(pl.col(ranged).min()),
            frame.select(pl.col(ranged).max()),
        ]
    )
    return pl.DataFrame(
        {
            "table": table,
            "column": dtypes.names(),
            "dtype": [_short(d) for d in dtypes.dtypes()],
            "nulls": nulls.row(0),
            "lowest": _texts(dtypes.names(), lowest),
            "highest": _texts(dtypes.names(), highest),
        }
    )


def _short(dtype: pl.DataType) -> str:
    return str(dtype.base_type()).lower()


def _texts(columns: Sequence[str], frame: pl.DataFrame) -> pl.Series:
    values = [frame[c][0] if c in frame.columns else None for c in columns]
    return pl.Series([None if v is None else str(v) for v in values], dtype=pl.String)
