"""What became of appointments within a span of each client's time, without joining rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import MISSED, OUTCOMES, SCHEDULED
from carenotebook.core.parts import CLIENT
from carenotebook.describe.seen import seen_rows

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint32]
Marks = npt.NDArray[np.bool_]
OUTCOME = pl.Enum(OUTCOMES)
_AT_ONCE = 4_096
"""Spans whose appointments are listed together: few enough for a processor's cache."""


def counted_within(
    spans: pl.DataFrame, cohort: Cohort, row: Ints | None = None
) -> tuple[pl.DataFrame, pl.Series, int]:
    """Appointments of each outcome within each span, and the latest usable outcome.

    Parameters
    ----------
    spans : polars.DataFrame
        `CLIENT`, at and until (half open).
    cohort : Cohort
        Of one part, whose appointments stand by client and time.
    row : array of shape (spans,), optional
        To which row of the counts each span adds, 0 and up; by default each has its own.

    Returns
    -------
    tuple
        Counts: a column for every outcome of `SCHEDULED`, missed, and sessions (all of them); the
        latest outcome of each span (null: none); and how many appointments within had no usable
        outcome.
    """
    rows = seen_rows(cohort, CLIENT, "outcome")
    start, client, outcome = (rows[c].to_physical().to_numpy() for c in rows.columns)
    same = client[1:] == client[:-1]
    if (same & (start[1:] == start[:-1])).any():
        # Of appointments with one start a miss comes first, an attended one last.
        rank = 1 - _among(MISSED)[outcome].astype(np.int64) + _among(("attended",))[outcome]
        outcome = outcome[np.lexsort((rank, start, client))]
    new = np.ones(len(client) + 1, np.bool_)
    new[1:-1] = ~same
    edges = np.flatnonzero(new)
    own = spans[CLIENT].to_numpy()
    begins, ends = _of_clients(client, edges, own)
    first, last = (
        _first_from(start, begins, ends, spans[c].to_physical().to_numpy()) for c in ("at", "until")
    )
    table = _tabled(outcome, first, last, np.arange(len(own)) if row is None else row)
    usable = _among(SCHEDULED)
    counts = pl.DataFrame(
        {
            **{o: table[OUTCOMES.index(o)] for o in SCHEDULED},
            "missed": table[_among(MISSED)].sum(0),
            "sessions": table[usable].sum(0),
        }
    )
    return counts, _latest(outcome, first, last).alias("latest"), int(table[~usable].sum())


def _of_clients(client: Numbers, edges: Ints, own: Numbers) -> tuple[Ints, Ints]:
    """From where to where the appointments of each client stand; nowhere, if there are none."""
    clients = client[edges[:-1]]
    place = np.searchsorted(clients, own)
    there = np.append(clients, 0)[place] == own
    there &= place < len(clients)
    return edges[place], edges[place + there]


def _first_from(start: Ints, low: Ints, high: Ints, at: Ints) -> Ints:
    """The first of each client's appointments that starts at or after an instant, by halving."""
    found = low.copy()
    some = np.flatnonzero(low < high)
    some = some[start[low[some]] < at[some]]
    low, high, at = low[some], high[some], at[some]
    step = 1 << int((high - low).max(initial=0)).bit_length()
    while step := step >> 1:
        ahead = low + step
        early = (ahead <= high) & (start.take(ahead - 1, mode="clip") < at)
        low = np.where(early, ahead, low)
    found[some] = low
    return found


def _tabled(outcome: Codes, first: Ints, last: Ints, row: Ints) -> Ints:
    """How often each outcome stands from first to last of the spans of each row."""
    rows = int(row.max(initial=-1)) + 1
    some = [slice(i, i + _AT_ONCE) for i in range(0, len(row), _AT_ONCE)]
    cells = [
        _codes(outcome, first[s], last[s]) * rows + np.repeat(row[s], last[s] - first[s])
        for s in some
    ]
    listed = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    counts = np.bincount(listed, minlength=len(OUTCOMES) * rows)
    table: Ints = counts.reshape(len(OUTCOMES), rows)
    return table


def _codes(outcome: Codes, first: Ints, last: Ints) -> Ints:
    """The outcomes from first to last of every span, one span after the other."""
    many = last - first
    place = np.arange(many.sum()) + np.repeat(first - (many.cumsum() - many), many)
    codes: Ints = outcome[place].astype(np.int64)
    return codes


def _latest(outcome: Codes, first: Ints, last: Ints) -> pl.Series:
    """The last usable outcome of every span, sought backwards."""
    usable = _among(SCHEDULED)
    place, some = last - 1, np.flatnonzero(last > first)
    while (some := some[~usable[outcome[place[some]]]]).size:
        place[some] -= 1
        some = some[place[some] >= first[some]]
    known = place >= first
    found = np.full(len(place), len(OUTCOMES), np.uint8)
    found[known] = outcome[place[known]]
    return pl.Series([*OUTCOMES, None], dtype=OUTCOME).gather(found)


def _among(outcomes: tuple[str, ...]) -> Marks:
    return np.isin(OUTCOMES, outcomes)
