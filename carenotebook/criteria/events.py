"""The events that terms look at, chosen from a block's tables and placed on its line of keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.options import MISSED
from carenotebook.core.parts import CLIENT
from carenotebook.criteria import nodes
from carenotebook.criteria.block import Block, Placed, column
from carenotebook.criteria.spans import Keys, Mask

Values = npt.NDArray[np.float64]


def placed(block: Block, table: str, chosen: pl.Expr, time: str = "at") -> Placed:
    """The chosen rows of a table, in order, where an episode sees them."""
    rows = block.tables[table].filter(chosen).select(CLIENT, time)
    return block.place(column(rows, CLIENT), column(rows, time))


def scores_taken(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    """When an instrument was taken, and what it gave; an early score counts as at the start."""
    mine = (pl.col("instrument") == instrument) & pl.col(name).is_not_null()
    rows = block.tables["measures"].filter(mine).select(CLIENT, "at", name)
    taken = block.place(column(rows, CLIENT), column(rows, "at"), early=True)
    return taken, rows[name].cast(pl.Float64).to_numpy()[taken.row]


def kept_or_missed(block: Block) -> tuple[Placed, Mask]:
    """Attended and missed appointments; at one instant misses come first."""
    chosen = one_of("event", ("attended", *MISSED))
    rows = (
        block.tables["appointments"]
        .filter(chosen)
        .select(CLIENT, "start", attended=pl.col("event") == "attended")
    )
    found = block.place(column(rows, CLIENT), column(rows, "start"))
    attended = rows["attended"].to_numpy()[found.row]
    if (found.keys[1:] == found.keys[:-1]).any():
        order = np.lexsort((attended, found.keys))
        attended = attended[order]
    return found, attended


def heard(block: Block) -> Keys:
    """When clients were heard from, in order."""
    sources = [placed(block, "contacts", pl.col("direction") == "inbound").keys]
    sources.append(_heard_by_appointment(block))
    if "checkins" in block.tables:
        sources.append(placed(block, "checkins", pl.lit(value=True)).keys)
    if "measures" in block.tables:
        rows = block.tables["measures"]
        sources.append(block.place(column(rows, CLIENT), column(rows, "at"), early=True).keys)
    keys = np.concatenate(sources)
    keys.sort()
    return keys


def _heard_by_appointment(block: Block) -> Keys:
    rows, outcome = block.tables["appointments"], pl.col("outcome")
    cancelled = pl.col("cancelled_at") if "cancelled_at" in rows.columns else pl.lit(None)
    told = rows.select(
        CLIENT,
        at=pl.when(outcome == "attended")
        .then(pl.col("start"))
        .when(one_of("outcome", ("late_cancel", "early_cancel", "rescheduled")))
        .then(pl.coalesce(cancelled, "start"))
        .when(outcome == "no_show")
        .then(cancelled),
    ).drop_nulls()
    return block.place(column(told, CLIENT), column(told, "at")).keys


def bookings(block: Block) -> tuple[Keys, Keys]:
    """Spans in which an appointment is open."""
    start = pl.col("start")
    frame = block.tables["appointments"]
    closes = pl.min_horizontal(start, "cancelled_at") if "cancelled_at" in frame.columns else start
    fallback = (
        frame.select(CLIENT, "start")
        .join_asof(
            block.episode_starts,
            left_on="start",
            right_on="started_at",
            by=CLIENT,
            coalesce=False,
            check_sortedness=False,
        )
        .get_column("started_at")
    )
    opens = pl.coalesce("booked_at", fallback) if "booked_at" in frame.columns else fallback
    spans = frame.select(CLIENT, opens=opens, closes=closes).filter(
        pl.col("opens") < pl.col("closes")
    )
    return block.place_spans(*(column(spans, c) for c in (CLIENT, "opens", "closes")))


def contact_filter(term: nodes.Contacts | nodes.DaysSinceContact) -> pl.Expr:
    """Contacts that pass a term's filters."""
    chosen = filters(term, "direction", "purpose")
    return chosen if term.delivered is None else chosen & (pl.col("delivered") == term.delivered)


def awaiting_answer(term: nodes.Unanswered, block: Block) -> pl.Expr:
    """Delivered outbound contacts that ask for an answer."""
    sent = (pl.col("direction") == "outbound") & pl.col("delivered")
    if term.purpose is not None:
        return sent & one_of("purpose", term.purpose)
    if "purpose" not in block.tables["contacts"].columns:
        return sent
    return sent & pl.col("purpose").ne_missing("reminder")


def filters(term: object, *names: str) -> pl.Expr:
    """Rows that pass the named filters of a node; null never does."""
    chosen = [one_of(n, v) for n in names if (v := getattr(term, n)) is not None]
    return pl.all_horizontal(chosen) if chosen else pl.lit(value=True)


def one_of(name: str, values: Sequence[str]) -> pl.Expr:
    """Rows whose column holds one of the values."""
    return pl.col(name).is_in(list(values))
