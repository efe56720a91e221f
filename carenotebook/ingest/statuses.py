"""Late or early: one fixed notice separates the cancellations that clients made."""

from __future__ import annotations

import polars as pl

from carenotebook.core.durations import duration_us
from carenotebook.core.options import OUTCOMES


def rederive(appointments: pl.DataFrame, notice: str) -> pl.DataFrame:
    """The appointments with their late and early cancellations told by one notice.

    Where `cancelled_at` is known, a cancellation by the client is late when the notice is shorter
    than `notice` (exactly `notice` is early), and at or after `start` it is a no-show. Only the
    labels ``late_cancel`` and ``early_cancel`` are told anew; without a `cancelled_at` they stay.
    The notice does not move with the policy in force: a change of policy would otherwise make or
    unmake late cancellations by definition.

    Parameters
    ----------
    appointments : polars.DataFrame
        Rows of the schema's table.
    notice : str
        A duration, such as ``"24h"``.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> frame = pl.DataFrame(
    ...     {
    ...         "start": [datetime(2026, 3, 2, 10, tzinfo=UTC)] * 2,
    ...         "cancelled_at": [datetime(2026, 3, d, 10, tzinfo=UTC) for d in (1, 2)],
    ...         "outcome": ["late_cancel", "early_cancel"],
    ...     }
    ... )
    >>> rederive(frame, "24h")["outcome"].to_list()
    ['early_cancel', 'no_show']
    """
    if "cancelled_at" not in appointments.columns:
        return appointments
    ahead = pl.col("start") - pl.col("cancelled_at")
    told = (
        pl.when(ahead <= pl.duration(microseconds=0))
        .then(pl.lit("no_show"))
        .when(ahead < pl.duration(microseconds=duration_us(notice, "notice")))
        .then(pl.lit("late_cancel"))
        .otherwise(pl.lit("early_cancel"))
        .cast(pl.Enum(OUTCOMES))
    )
    by_client = pl.col("outcome").cast(pl.String).is_in(["late_cancel", "early_cancel"])
    label = pl.col("outcome").cast(pl.Enum(OUTCOMES))
    derived = by_client & pl.col("cancelled_at").is_not_null()
    return appointments.with_columns(outcome=pl.when(derived).then(told).otherwise(label))
