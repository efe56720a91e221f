"""The events that terms look at, chosen from a block's tables and placed on its line of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.options import MISSED, UNRESOLVED
from carenotebook.core.parts import CLIENT
from carenotebook.criteria import nodes
from carenotebook.criteria.block import Block, Placed
from carenotebook.criteria.spans import Keys, Mask
from carenotebook.criteria.tables import NULL, column

Values = npt.NDArray[np.float64]
Counted = nodes.Appointments | nodes.Contacts | nodes.Actions | nodes.Barriers


def placed(
    block: Block, table: str, chosen: pl.Expr | None, time: str = "at", *, early: bool = False
) -> Placed:
    """The chosen rows of a table, in order, where an episode sees them."""
    rows = block.tables[table].rows(chosen, CLIENT, time)
    return block.place(column(rows, CLIENT), column(rows, time), early=early)


def counted(term: Counted, block: Block) -> Placed:
    """The events that a count counts; they are placed once, whatever the window."""
    return block.kept(replace(term, within=None), lambda: placed(block, *_chosen(term)))


def _chosen(term: Counted) -> tuple[str, pl.Expr, str]:
    """The table, the rows of it and the time of what is counted."""
    match term:
        case nodes.Appointments():
            outcomes = [o for o in term.outcome or () if o not in UNRESOLVED]
            properties = filters(term, "kind", "reason", "modality")
            return "appointments", one_of("event", outcomes) & properties, "start"
        case nodes.Contacts():
            return "contacts", contact_filter(term), "at"
        case nodes.Actions():
            return "actions", filters(term, "kind", "detail"), "at"
    return "checkins", one_of("barrier", term.reason or ()), "at"


def scores_taken(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    """When an instrument was taken, and what it gave; an early score counts as at the start."""
    return block.kept((instrument, name), lambda: _scores_taken(block, instrument, name))


def _scores_taken(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    mine = (pl.col("instrument") == instrument) & pl.col(name).is_not_null()
    rows = block.tables["measures"].rows(mine, CLIENT, "at", name)
    taken = block.place(column(rows, CLIENT), column(rows, "at"), early=True)
    return taken, column(rows, name).take(taken.row).astype(np.float64)


def kept_or_missed(block: Block) -> tuple[Placed, Mask]:
    """Attended and missed appointments; at one instant misses come first."""
    chosen = one_of("event", ("attended", *MISSED))
    rows = block.tables["appointments"].rows(chosen, CLIENT, "start", "event")
    found = block.place(column(rows, CLIENT), column(rows, "start"))
    attended = (rows["event"] == "attended").to_numpy().take(found.row)
    if (found.keys[1:] == found.keys[:-1]).any():
        order = np.lexsort((attended, found.keys))
        attended = attended[order]
    return found, attended


def heard(block: Block) -> list[Keys]:
    """When clients were heard from, each way in order."""
    sources = [placed(block, "contacts", pl.col("direction") == "inbound").keys]
    sources += _heard_by_appointment(block)
    if "checkins" in block.tables:
        sources.append(placed(block, "checkins", None).keys)
    if "measures" in block.tables:
        sources.append(placed(block, "measures", None, early=True).keys)
    return sources


def _heard_by_appointment(block: Block) -> list[Keys]:
    """By a session, and by the client's own cancelling or moving of one."""
    attended = placed(block, "appointments", pl.col("outcome") == "attended", "start").keys
    moved = one_of("outcome", ("late_cancel", "early_cancel", "rescheduled"))
    if not block.tables["appointments"].has("cancelled_at"):
        return [attended, placed(block, "appointments", moved, "start").keys]
    told = (pl.col("outcome") == "no_show") & pl.col("cancelled_at").is_not_null()
    rows = block.tables["appointments"].rows(moved | told, CLIENT, "start", "cancelled_at")
    at = column(rows, "cancelled_at")
    at = np.where(at == NULL, column(rows, "start"), at)
    keys = block.place(column(rows, CLIENT), at).keys
    keys.sort()
    return [attended, keys]


def bookings(block: Block) -> tuple[Keys, Keys]:
    """Spans in which an appointment is open."""
    optional = [c for c in ("booked_at", "cancelled_at") if block.tables["appointments"].has(c)]
    rows = block.tables["appointments"].rows(None, CLIENT, "start", *optional)
    client, start = column(rows, CLIENT), column(rows, "start")
    closes = start
    if "cancelled_at" in optional:
        cancelled = column(rows, "cancelled_at")
        closes = np.where(cancelled == NULL, start, np.minimum(start, cancelled))
    opens = column(rows, "booked_at") if "booked_at" in optional else np.full(len(rows), NULL)
    unbooked = np.flatnonzero(opens == NULL)
    if len(unbooked):
        opens = opens.copy()
        opens[unbooked] = block.latest_start(client[unbooked], start[unbooked])
    proper = np.flatnonzero((opens < closes) & (opens != NULL))
    return block.place_spans(*(a.take(proper) for a in (client, opens, closes)))


def contact_filter(term: nodes.Contacts | nodes.DaysSinceContact) -> pl.Expr:
    """Contacts that pass a term's filters."""
    chosen = filters(term, "direction", "purpose")
    return chosen if term.delivered is None else chosen & (pl.col("delivered") == term.delivered)


def awaiting_answer(term: nodes.Unanswered, block: Block) -> pl.Expr:
    """Delivered outbound contacts that ask for an answer."""
    sent = (pl.col("direction") == "outbound") & pl.col("delivered")
    if term.purpose is not None:
        return sent & one_of("purpose", term.purpose)
    if not block.tables["contacts"].has("purpose"):
        return sent
    return sent & pl.col("purpose").ne_missing("reminder")


def filters(term: object, *names: str) -> pl.Expr:
    """Rows that pass the named filters of a node; null never does."""
    chosen = [one_of(n, v) for n in names if (v := getattr(term, n)) is not None]
    return pl.all_horizontal(chosen) if chosen else pl.lit(value=True)


def one_of(name: str, values: Sequence[str]) -> pl.Expr:
    """Rows whose column holds one of the values."""
    return pl.col(name).is_in(list(values))
