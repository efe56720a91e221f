"""Which appointments belong to one act of a client: moved to a new time, or cancelled together."""

from __future__ import annotations

from datetime import time

import polars as pl

from carenotebook.core import schema
from carenotebook.core.parts import CLIENT

OWN = ("late_cancel", "early_cancel", "rescheduled")
"""What a client does to an appointment beforehand."""

BY_REPLACES, IN_ONE_ACT = "replaces", "one act"
_NEEDED = ("appointment_id", "booked_at", "cancelled_at", "replaces")


def numbered(appointments: pl.DataFrame) -> pl.DataFrame:
    """The appointments of a part with every column that links them, and the number of their row."""
    dtypes = schema.dtypes("appointments")
    lacking = [pl.lit(None, dtypes[c]).alias(c) for c in _NEEDED if c not in appointments.columns]
    return appointments.with_columns(lacking).with_row_index("row")


def moves(rows: pl.DataFrame, within: int, timezone: str) -> pl.DataFrame:
    """The client's own cancellations and the appointments that replace them, one to one.

    By `replaces` first. Of the others, a cancellation and a booking of the same client are one act
    where they are at most `within` apart; the earliest appointment cancelled goes with the earliest
    booked. The new one starts after the cancellation and not at the old start. A time at midnight
    is a date without a time, and links nothing.

    Parameters
    ----------
    rows : polars.DataFrame
        From `numbered`, sorted by client and start.
    within : int
        Microseconds.
    timezone : str
        IANA name, for what midnight is.

    Returns
    -------
    polars.DataFrame
        row, new_row, how (`BY_REPLACES`, `IN_ONE_ACT`).
    """
    own = rows.filter(pl.col("outcome").cast(pl.String).is_in(OWN))
    new = rows.select(CLIENT, "replaces", new_row="row").drop_nulls()
    named = (
        own.select(CLIENT, "appointment_id", "row")
        .join(new, left_on=[CLIENT, "appointment_id"], right_on=[CLIENT, "replaces"])
        .filter(pl.col("row") != pl.col("new_row"))
        .sort("row", "new_row")
        .unique("row", keep="first", maintain_order=True)
        .select("row", "new_row", how=pl.lit(BY_REPLACES))
    )
    left = own.join(named, on="row", how="anti")
    pairs = _one_to_one(_near(left, rows.filter(pl.col("replaces").is_null()), within, timezone))
    return pl.concat([named, pairs.with_columns(how=pl.lit(IN_ONE_ACT))])


def series(rows: pl.DataFrame, within: int, timezone: str) -> pl.DataFrame:
    """Future appointments that a client cancelled together: row, and whether it is the first.

    Cancellations of a client belong to one act where each is at most `within` after the one before.
    """
    gap = pl.col("cancelled_at").diff() > pl.duration(microseconds=within)
    begins = (pl.col(CLIENT) != pl.col(CLIENT).shift()) | gap
    return (
        rows.filter(
            pl.col("outcome").cast(pl.String).is_in(OWN),
            pl.col("cancelled_at") < pl.col("start"),
            _has_clock("cancelled_at", timezone),
        )
        .sort(CLIENT, "cancelled_at", "row")
        .with_columns(act=begins.fill_null(value=True).cum_sum())
        .filter(pl.len().over("act") > 1)
        .select("row", first=pl.col("row") == pl.col("row").min().over("act"))
    )


def _has_clock(column: str, timezone: str) -> pl.Expr:
    local = pl.col(column).dt.convert_time_zone(timezone).dt.time()
    return (local != time()).fill_null(value=False)


def _near(old: pl.DataFrame, new: pl.DataFrame, within: int, timezone: str) -> pl.DataFrame:
    """Pairs of one client and one act, found by slices of time as long as `within`."""
    length = max(within, 1)
    cancelled = old.filter(_has_clock("cancelled_at", timezone)).select(
        CLIENT,
        "row",
        "start",
        "cancelled_at",
        slice=pl.col("cancelled_at").to_physical() // length,
    )
    number = pl.col("booked_at").to_physical() // length
    booked = (
        new.filter(_has_clock("booked_at", timezone))
        .select(
            CLIENT,
            "booked_at",
            new_row="row",
            new_start="start",
            slice=pl.concat_list(number - 1, number, number + 1),
        )
        .explode("slice")
    )
    apart = (pl.col("booked_at") - pl.col("cancelled_at")).abs()
    return (
        cancelled.join(booked, on=[CLIENT, "slice"])
        .filter(
            apart <= pl.duration(microseconds=within),
            pl.col("row") != pl.col("new_row"),
            pl.col("new_start") != pl.col("start"),
            pl.col("new_start") > pl.col("cancelled_at"),
        )
        .select("row", "new_row")
        .sort("row", "new_row")
    )


def _one_to_one(pairs: pl.DataFrame) -> pl.DataFrame:
    """In order of time, each with the first that is still free."""
    chosen: dict[int, int] = {}
    taken: set[int] = set()
    for row, new_row in pairs.iter_rows():
        if row not in chosen and new_row not in taken:
            chosen[row] = new_row
            taken.add(new_row)
    return pl.DataFrame(
        {"row": list(chosen), "new_row": list(chosen.values())}, schema=pairs.schema
    )
