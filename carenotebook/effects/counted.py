"""What became of appointments within a span of each client's time, without joining rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import MISSED, OUTCOMES, SCHEDULED
from carenotebook.core.parts import CLIENT
from carenotebook.describe.seen import is_seen

Ints = npt.NDArray[np.int64]


def counted_within(spans: pl.DataFrame, cohort: Cohort) -> tuple[pl.DataFrame, int]:
    """Appointments of each outcome within each span, and the latest usable outcome.

    Parameters
    ----------
    spans : polars.DataFrame
        `CLIENT`, at and until (half open).
    cohort : Cohort
        Of one part, whose appointments stand by client and time.

    Returns
    -------
    tuple
        A frame with a row a span: a count for every outcome of `SCHEDULED`, missed, sessions (all
        of them) and latest (null: none); and how many appointments within had no usable outcome.
    """
    seen = cohort.parts[0]["appointments"].filter(is_seen(cohort))
    rows = seen.select(CLIENT, "start", "outcome").collect()
    client, start, outcome = (rows[c].to_physical().to_numpy() for c in rows.columns)
    own = spans[CLIENT].to_numpy()
    begins, ends = (np.searchsorted(client, own, side) for side in ("left", "right"))
    first, last = (
        _first_from(start, begins, ends, spans[c].to_physical().to_numpy()) for c in ("at", "until")
    )
    last = np.maximum(first, last)
    span, place = _listed(first, last)
    if ((start[1:] == start[:-1]) & (client[1:] == client[:-1])).any():
        # Of appointments with one start a miss comes first, an attended one last.
        rank = 1 - _among(MISSED)[outcome].astype(np.int64) + _among(("attended",))[outcome]
        place = np.lexsort((rank, start, client))[place]
    codes = outcome[place].astype(np.int64)
    table = np.bincount(span * len(OUTCOMES) + codes, minlength=len(own) * len(OUTCOMES))
    counts = pl.DataFrame(table.reshape(-1, len(OUTCOMES)), schema=list(OUTCOMES))
    usable = _among(SCHEDULED)[codes]
    found = counts.select(
        *SCHEDULED,
        missed=pl.sum_horizontal(MISSED),
        sessions=pl.sum_horizontal(SCHEDULED),
        latest=_latest(span[usable], codes[usable], len(own)),
    )
    return found, int((~usable).sum())


def _first_from(start: Ints, low: Ints, high: Ints, at: Ints) -> Ints:
    """The first of each client's appointments that starts at or after an instant, by halving."""
    while (low < high).any():
        open_ = low < high
        middle = (low + high) // 2
        early = open_ & (start[np.minimum(middle, len(start) - 1)] < at)
        low, high = np.where(early, middle + 1, low), np.where(open_ & ~early, middle, high)
    return low


def _listed(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """For each place from first to last of every span, whose it is and which."""
    many = last - first
    span = np.repeat(np.arange(len(first)), many)
    return span, np.arange(len(span)) + np.repeat(first - (many.cumsum() - many), many)


def _latest(span: Ints, codes: Ints, spans: int) -> pl.Series:
    """The last outcome of every span."""
    found = np.full(spans, len(OUTCOMES))
    found[span] = codes
    return pl.Series([*OUTCOMES, None], dtype=pl.String).gather(found)


def _among(outcomes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.isin(OUTCOMES, outcomes)
