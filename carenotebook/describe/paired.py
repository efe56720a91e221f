"""First and last score of each instrument per episode."""

from __future__ import annotations

from functools import partial

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT


def paired_scores(cohort: Cohort, instrument: str | None = None) -> pl.DataFrame:
    """One row an episode seen and instrument measured in it.

    A measure counts from the previous episode's end on: one that was taken before what is seen of
    an episode counts as taken at its start, in order of time.

    Parameters
    ----------
    cohort : Cohort
        Needs `measures`.
    instrument : str, optional
        Only this one.

    Returns
    -------
    polars.DataFrame
        client_id, episode, instrument, scores (how many), first, last.
    """
    cohort.require("measures", needed_by="outcomes()")
    return pl.concat(each_part(partial(_paired, instrument), cohort))


def _paired(instrument: str | None, cohort: Cohort) -> pl.DataFrame:
    """Of one part, in which measures stand by client and time."""
    part = cohort.parts[0]
    spans = cohort.part_spans(part).with_row_index("_row")
    known = spans.select(
        CLIENT,
        "_row",
        counts_from=pl.col("ended_at").shift(1).over(CLIENT),
        seen_until=pl.when(pl.col("seen_from") < pl.col("seen_until")).then("seen_until"),
    )
    measures = part["measures"].select(CLIENT, "at", "instrument", "score")
    if instrument is not None:
        measures = measures.filter(pl.col("instrument") == instrument)
    rows = (
        measures.join(known.lazy(), on=CLIENT, maintain_order="left_right")
        .filter(
            (pl.col("at") >= pl.col("counts_from")).fill_null(value=True),
            pl.col("at") < pl.col("seen_until"),
        )
        .select("_row", "instrument", "score")
        .collect()
    )
    if instrument is None:
        rows = rows.sort("_row", "instrument", maintain_order=True)
    begins, ends = _stretches(rows)
    of = spans[rows["_row"].gather(begins)].select("client_id", "episode")
    return of.with_columns(
        rows["instrument"].gather(begins),
        scores=ends - begins,
        first=rows["score"].gather(begins),
        last=rows["score"].gather(ends - 1),
    )


def _stretches(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Where each episode's scores of an instrument begin and end."""
    new = pl.any_horizontal((pl.col(c) != pl.col(c).shift(1)) for c in ("_row", "instrument"))
    begins = rows.select(new.fill_null(value=True).arg_true().cast(pl.Int64)).to_series()
    return begins, begins.shift(-1, fill_value=rows.height)
