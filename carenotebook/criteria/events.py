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
from carenotebook.criteria.tables import NULL, Table

Values = npt.NDArray[np.float64]
Counted = nodes.Appointments | nodes.Contacts | nodes.Actions | nodes.Barriers


def placed(
    block: Block, table: str, chosen: Sequence[pl.Series], time: str = "at", *, early: bool = False
) -> Placed:
    """The chosen rows of a table, in order, where an episode sees them."""
    return block.place(*block.tables[table].rows(chosen, CLIENT, time), early=early)


def appointments(block: Block, outcomes: Sequence[str]) -> Placed:
    """Appointments whose outcome, after the pause rule, is one of these."""
    chosen = block.tables["appointments"].one_of("event", outcomes)
    return placed(block, "appointments", [chosen], "start")


def counted(term: Counted, block: Block) -> Placed:
    """The events that a count counts; they are placed once, whatever the window."""
    return block.kept(replace(term, within=None), lambda: _counted(term, block))


def _counted(term: Counted, block: Block) -> Placed:
    match term:
        case nodes.Appointments():
            table = block.tables["appointments"]
            outcomes = [o for o in term.outcome or () if o not in UNRESOLVED]
            chosen = [table.one_of("event", outcomes)]
            chosen += passing(table, term, "kind", "reason", "modality")
            return placed(block, "appointments", chosen, "start")
        case nodes.Contacts():
            return contacts(term, block)
        case nodes.Actions():
            chosen = passing(block.tables["actions"], term, "kind", "detail")
            return placed(block, "actions", chosen)
    named = block.tables["checkins"].one_of("barrier", term.reason or ())
    return placed(block, "checkins", [named])


def scores_taken(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    """When an instrument was taken, and what it gave; an early score counts as at the start."""
    return block.kept((instrument, name), lambda: _scores_taken(block, instrument, name))


def _scores_taken(block: Block, instrument: str, name: str) -> tuple[Placed, Values]:
    measures = block.tables["measures"]
    mine = [measures.one_of("instrument", [instrument]), measures.series(name).is_not_null()]
    client, at, scores = measures.rows(mine, CLIENT, "at", name)
    taken = block.place(client, at, early=True)
    return taken, scores.take(taken.row).astype(np.float64)


def kept_or_missed(block: Block) -> tuple[Placed, Mask]:
    """Attended and missed appointments; at one instant misses come first."""
    table = block.tables["appointments"]
    came = table.one_of("event", ["attended"])
    chosen = came | table.one_of("event", MISSED)
    found = placed(block, "appointments", [chosen], "start")
    attended = came.filter(chosen).to_numpy().take(found.row)
    if (found.keys[1:] == found.keys[:-1]).any():
        order = np.lexsort((attended, found.keys))
        attended = attended[order]
    return found, attended


def heard(block: Block) -> list[Keys]:
    """When clients were heard from, each way in order."""
    inbound = block.tables["contacts"].one_of("direction", ["inbound"])
    sources = [placed(block, "contacts", [inbound]).keys]
    sources += _heard_by_appointment(block)
    if "checkins" in block.tables:
        sources.append(placed(block, "checkins", []).keys)
    if "measures" in block.tables:
        sources.append(placed(block, "measures", [], early=True).keys)
    return sources


def _heard_by_appointment(block: Block) -> list[Keys]:
    """By a session, and by the client's own cancelling or moving of one."""
    table = block.tables["appointments"]
    sessions = [table.one_of("outcome", ["attended"])]
    attended = placed(block, "appointments", sessions, "start").keys
    moved = table.one_of("outcome", ("late_cancel", "early_cancel", "rescheduled"))
    if not table.has("cancelled_at"):
        return [attended, placed(block, "appointments", [moved], "start").keys]
    told = table.one_of("outcome", ["no_show"]) & table.series("cancelled_at").is_not_null()
    client, start, cancelled = table.rows([moved | told], CLIENT, "start", "cancelled_at")
    keys = block.place(client, np.where(cancelled == NULL, start, cancelled)).keys
    keys.sort()
    return [attended, keys]


def bookings(block: Block) -> tuple[Keys, Keys]:
    """Spans in which an appointment is open."""
    table = block.tables["appointments"]
    client, start = table.rows([], CLIENT, "start")
    closes = start
    if table.has("cancelled_at"):
        (cancelled,) = table.rows([], "cancelled_at")
        closes = np.where(cancelled == NULL, start, np.minimum(start, cancelled))
    opens = np.full(len(start), NULL)
    if table.has("booked_at"):
        (opens,) = table.rows([], "booked_at")
    unbooked = np.flatnonzero(opens == NULL)
    if len(unbooked):
        opens = opens.copy()
        opens[unbooked] = block.latest_start(client[unbooked], start[unbooked])
    proper = np.flatnonzero((opens < closes) & (opens != NULL))
    return block.place_spans(*(a.take(proper) for a in (client, opens, closes)))


def contacts(term: nodes.Contacts | nodes.DaysSinceContact, block: Block) -> Placed:
    """Contacts that pass a term's filters."""
    table = block.tables["contacts"]
    chosen = passing(table, term, "direction", "purpose")
    if term.delivered is not None:
        chosen.append(table.one_of("delivered", [term.delivered]))
    return placed(block, "contacts", chosen)


def awaiting_answer(term: nodes.Unanswered, block: Block) -> Placed:
    """Delivered outbound contacts that ask for an answer."""
    table = block.tables["contacts"]
    sent = [table.one_of("direction", ["outbound"]), table.one_of("delivered", [True])]
    if term.purpose is not None:
        sent.append(table.one_of("purpose", term.purpose))
    elif table.has("purpose"):
        sent.append(~table.one_of("purpose", ["reminder"]).fill_null(value=False))
    return placed(block, "contacts", sent)


def passing(table: Table, term: object, *names: str) -> list[pl.Series]:
    """Which rows pass each of the named filters of a node; null never does."""
    return [table.one_of(n, v) for n in names if (v := getattr(term, n)) is not None]
