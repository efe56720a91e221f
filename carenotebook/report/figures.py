"""Released figures: the one source of the report's tables and of its JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core.rejects import unquoted
from carenotebook.privacy import Released, release
from carenotebook.privacy.suppress import SUPPRESSED

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.privacy import Privacy
    from carenotebook.results.result import Result


_FEW = "_few_rejected"


@dataclass(frozen=True)
class Block:
    """One result as it may be shown: a heading, sentences, and rows.

    Attributes
    ----------
    released : Released or None
        None where there is nothing to count; then the text says so.
    result : Result or None
        Whence its chart can be drawn.
    """

    title: str
    text: str
    released: Released | None = None
    result: Result | None = None

    def figures(self) -> dict[str, Any]:
        """As JSON can hold it."""
        rows = None if self.released is None else plain_rows(self.released)
        return {"title": self.title, "summary": self.text, "rows": rows}


def result_block(result: Result, privacy: Privacy) -> Block:
    """A result's block."""
    return Block(result.title, result.summary(), result.released(privacy), result)


def plain_rows(released: Released) -> list[dict[str, Any]]:
    """One dictionary a row; a hidden cell is None, mostly beside ``suppressed: True``."""
    return [{n: _plain(v) for n, v in row.items()} for row in released.frame.to_dicts()]


def _plain(value: object) -> Any:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, timedelta):
        return round(value / timedelta(days=1), 6)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def data_blocks(cohort: Cohort, privacy: Privacy) -> dict[str, Block]:
    """Rows read, accepted and rejected and what time they cover; rejects; events out of care."""
    about = cohort.describe()
    # Policies are about services, not clients: they are few and are counted with the settings.
    tables = about.tables.filter(pl.col("clients").is_not_null())
    events = tables.filter(pl.col("outside_episodes").is_not_null())
    return {
        "tables": Block(
            "Rows read, table by table",
            "Rows read are rows accepted plus rows rejected. Coverage is told in months.",
            _released_tables(tables, privacy),
        ),
        "rejected": Block(
            "Rejected rows, by reason",
            "A rejected row takes no part in anything below."
            if about.rejects.height
            else "No row was rejected.",
            _released_rejects(about.rejects, privacy) if about.rejects.height else None,
        ),
        "outside_episodes": Block(
            "Events outside every episode",
            "What happened before, between or after the episodes of care that are seen. The rule "
            "does not see these events.",
            release(
                events.select("table", "accepted", "outside_episodes", "clients"),
                privacy,
                clients=("clients", "outside_episodes"),
                counts=("accepted",),
            ),
        ),
    }


def _released_tables(tables: pl.DataFrame, privacy: Privacy) -> Released:
    """Accepted and rejected rows add up, because rejected ones follow from the rounded others.

    Whose rows were rejected is not known: where they are few, neither they nor the rows read show.
    """
    times = [pl.col(c).cast(pl.Datetime("us", "UTC")) for c in ("first", "last")]
    months = [at.dt.strftime("%Y-%m") for at in times]
    frame = tables.select(
        "table",
        pl.concat_str(months[0], pl.lit(" to "), months[1]).alias("coverage"),
        "rows_in",
        "accepted",
        "rejected",
        "clients",
        privacy.is_small("rejected").alias(_FEW),
    )
    shown = release(
        frame,
        privacy,
        counts=("rows_in", "accepted"),
        values=("coverage", "rejected"),
        derive=lambda f: f.with_columns(rejected=pl.col("rows_in") - pl.col("accepted")),
    ).frame
    told = (pl.when(~pl.col(_FEW)).then(pl.col(c)).alias(c) for c in ("rows_in", "rejected"))
    return Released(
        shown.with_columns(*told, pl.col(SUPPRESSED) | pl.col(_FEW)).drop(_FEW), privacy
    )


def _released_rejects(rejects: pl.DataFrame, privacy: Privacy) -> Released:
    """Whose rows were rejected is not known, so each counts as a client of its own."""
    keys = ("table", "column", "reason")
    counted = rejects.with_columns(unquoted(pl.col("reason"))).group_by(keys, maintain_order=True)
    rows = counted.agg(pl.col("rows").sum()).sort("table", "rows", descending=[False, True])
    return release(rows, privacy, clients=("rows",), margins=[["table"]])
