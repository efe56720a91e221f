"""A client's death ends the episode that it falls in."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import Cohort, build_cohort
from carenotebook.ingest.fields import Field, Reading, evaluate_field
from carenotebook.ingest.quarantine import RawTable

_INSTANT = schema.dtypes("episodes")["ended_at"]


def read_deaths(
    raw: RawTable, fields: Mapping[str, Field], reading: Reading
) -> tuple[pl.DataFrame, bool]:
    """The first death of each client (client_id, died_at), and whether a row could not be read.

    Parameters
    ----------
    raw : RawTable
    fields : mapping
        How ``client_id`` and ``at`` are made of its columns.
    reading : Reading
    """
    client = evaluate_field(fields["client_id"], raw.frame, pl.String(), reading).values
    died = evaluate_field(fields["at"], raw.frame, _INSTANT, reading).values
    rows = pl.DataFrame({"client_id": client, "died_at": died}).drop_nulls()
    unread = rows.height < raw.frame.height
    return rows.group_by("client_id").agg(pl.col("died_at").min()), unread


def with_deaths(cohort: Cohort, deaths: pl.DataFrame) -> Cohort:
    """The cohort with episodes that end at the client's death, where it comes first.

    Without an `episodes` table it gets one, if `episode_end` says how episodes end otherwise; if
    nothing says it, the cohort stays as it is, and so do the terms that then raise.

    Parameters
    ----------
    cohort : Cohort
    deaths : polars.DataFrame
        client_id (one row each) and died_at, from `read_deaths`.
    """
    if cohort.episodes is None and cohort.episode_end is None:
        return cohort
    tables = {t: cohort.table(t).collect() for t in cohort.tables}
    episodes = tables.get("episodes", cohort.spans().select("client_id", "started_at", "ended_at"))
    tables["episodes"] = _ended(episodes, deaths)
    return build_cohort(
        tables,
        as_of=cohort.as_of,
        observed_from=cohort.observed_from,
        timezone=cohort.timezone,
        notice=cohort.notice,
        rejected=cohort.rejected,
        rows_in={"episodes": episodes.height} | dict(cohort.rows_in),
    )


def _ended(episodes: pl.DataFrame, deaths: pl.DataFrame) -> pl.DataFrame:
    lacking = {"ended_at": _INSTANT, "end_reason": schema.dtypes("episodes")["end_reason"]}
    whole = episodes.with_columns(
        pl.lit(None, dtype).alias(c) for c, dtype in lacking.items() if c not in episodes.columns
    )
    died, ended = pl.col("died_at"), pl.col("ended_at")
    within = (died >= pl.col("started_at")) & (ended.is_null() | (died <= ended))
    joined = whole.join(deaths, on="client_id", how="left", maintain_order="left")
    return joined.with_columns(
        ended_at=pl.when(within).then(died).otherwise(ended),
        end_reason=pl.when(within)
        .then(pl.lit("died").cast(lacking["end_reason"]))
        .otherwise("end_reason"),
    ).drop("died_at")
