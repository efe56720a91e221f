"""Appointments counted by period or by group, with the clients behind them, part by part.

A part holds its clients one after the other, each in order of time. So the appointments of a client
in one period, and nearly always those with one therapist, stand side by side: what is counted a
client is counted by stretches, without sorting or joining rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from operator import or_

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import OUTCOMES, UNRESOLVED
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT
from carenotebook.describe.groups import APPOINTMENT_COLUMNS, grouped
from carenotebook.describe.seen import calendar_bin, is_seen

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint32]
CLIENTS = ("clients", "clients_with", "clients_without")
SUMS = ("numerator", "denominator", *CLIENTS)
_SCHEMA = {**dict.fromkeys(SUMS, pl.Int64), "period": pl.Date}


@dataclass(frozen=True)
class Share:
    """A share of appointments.

    Attributes
    ----------
    happened, counted : tuple of str
        The outcomes of its numerator, among those of its denominator.
    """

    happened: tuple[str, ...]
    counted: tuple[str, ...]


@dataclass(frozen=True)
class Tallies:
    """What was counted.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a period (`period`, its first day) or group: `SUMS`.
    counted, left_out, unresolved : int
        Appointments seen: of an outcome that counts, of another, of none that is usable.
    """

    frame: pl.DataFrame
    counted: int
    left_out: int
    unresolved: int


def by_period(cohort: Cohort, share: Share, every: str) -> Tallies:
    """A share by calendar period, in order; periods in which nothing counts have no row.

    Parameters
    ----------
    cohort : Cohort
    share : Share
    every : {"1w", "1mo", "1q"}
        Bins as of `calendar_bin`, in the cohort's time zone.
    """
    parts = list(each_part(partial(_part_by_period, share, every), cohort))
    return _together(parts, ["period"], share)


def by_group(cohort: Cohort, share: Share, by: Sequence[str], needed_by: str) -> Tallies:
    """A share by columns of the appointments or of `clients`, in their order.

    Raises
    ------
    MissingDataError
        If neither table has a column.
    """
    parts = list(each_part(partial(_part_by_group, share, tuple(by), needed_by), cohort))
    return _together(parts, list(by), share)


def period_starts(first: date, last: date, every: str, timezone: str) -> pl.DataFrame:
    """The periods from that of one day to that of another.

    Returns
    -------
    polars.DataFrame
        period (its first day), begins and ends (instants, in UTC; half open).
    """
    days = pl.select(
        pl.date_range(
            pl.lit(first).dt.truncate(every),
            pl.lit(last).dt.truncate(every).dt.offset_by(every),
            every,
        ).alias("period")
    )
    # Where clocks skip midnight, a day begins at one.
    begins = pl.coalesce(
        pl.col("period")
        .cast(pl.Datetime("us"))
        .dt.offset_by(later)
        .dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        for later in ("0h", "1h")
    ).dt.convert_time_zone("UTC")
    edges = days.with_columns(begins=begins)
    return edges.with_columns(ends=pl.col("begins").shift(-1)).head(-1)


def _part_by_period(share: Share, every: str, cohort: Cohort) -> tuple[pl.DataFrame, Ints]:
    rows = _seen(cohort).select(CLIENT, "start", "outcome").collect()
    if rows.is_empty():
        return pl.DataFrame(schema=_SCHEMA), np.zeros(len(OUTCOMES), np.int64)
    start, outcome = (rows[c].to_physical().to_numpy() for c in ("start", "outcome"))
    periods = _periods(rows["start"], every, cohort.timezone)
    begins = periods["begins"].to_physical().to_numpy()
    period = np.searchsorted(begins, start, side="right") - 1
    table = np.bincount(
        period * len(OUTCOMES) + outcome, minlength=len(begins) * len(OUTCOMES)
    ).reshape(-1, len(OUTCOMES))
    events, counted = (table[:, _marks(o)].sum(1) for o in (share.happened, share.counted))
    sums = np.stack([events, counted, counted, events, counted - events], 1)
    sums[:, -3:] += _repeated(rows[CLIENT].to_numpy(), period, outcome, share, len(begins))
    found = pl.DataFrame(sums, schema=list(SUMS)).with_columns(periods["period"])
    return found.filter(pl.col("denominator") > 0), table.sum(0)


def _repeated(client: Numbers, period: Ints, outcome: Codes, share: Share, periods: int) -> Ints:
    """By how many `CLIENTS` are fewer than rows, because some have several in a period."""
    again = (client[1:] == client[:-1]) & (period[1:] == period[:-1])
    rows = np.flatnonzero(np.append(again, [False]) | np.append([False], again))
    stretch = np.flatnonzero(~np.append([False], again)[rows])
    where = period[rows[stretch]]
    x, n = (_sums(_marks(o).take(outcome[rows]), stretch) for o in (share.happened, share.counted))
    more = ((n > 0) * 1 - n, (x > 0) * 1 - x, (x < n) * 1 - (n - x))
    return np.stack([np.bincount(where, m, periods).astype(np.int64) for m in more], 1)


def _part_by_group(
    share: Share, by: tuple[str, ...], needed_by: str, cohort: Cohort
) -> tuple[pl.DataFrame, Ints]:
    frame = grouped(_seen(cohort), cohort, by, APPOINTMENT_COLUMNS, needed_by)
    rows = frame.select(CLIENT, "outcome", *by).collect()
    outcome = rows["outcome"].to_physical().to_numpy()
    new = [rows[c] != rows[c].shift(1) for c in (CLIENT, *by)]
    begins = reduce(or_, (n.fill_null(value=True).to_numpy() for n in new)).nonzero()[0]
    x, n = (_sums(_marks(o).take(outcome), begins) for o in (share.happened, share.counted))
    each = rows[begins].select(CLIENT, *by, x=pl.Series(x), n=pl.Series(n))
    clients = each.filter(pl.col("n") > 0).group_by(CLIENT, *by).agg(pl.col("x", "n").sum())
    return clients.group_by(by).agg(_added()), _by_outcome(outcome)


def _added() -> list[pl.Expr]:
    """`SUMS` of clients' events and rows."""
    x, n = pl.col("x"), pl.col("n")
    sums = {"numerator": x.sum(), "denominator": n.sum(), "clients": pl.len()}
    sums |= {"clients_with": (x > 0).sum(), "clients_without": (x < n).sum()}
    return [e.cast(pl.Int64).alias(name) for name, e in sums.items()]


def _together(
    parts: Sequence[tuple[pl.DataFrame, Ints]], by: Sequence[str], share: Share
) -> Tallies:
    """Clients of different parts are different ones, so their numbers add up."""
    frame = pl.concat([f for f, _ in parts]).group_by(by).agg(pl.col(SUMS).sum()).sort(by)
    counts = np.sum([n for _, n in parts], axis=0)
    counted, unresolved = (int(counts[_marks(o)].sum()) for o in (share.counted, UNRESOLVED))
    left_out = int(counts.sum()) - counted - unresolved
    return Tallies(frame.select(*by, *SUMS), counted, left_out, unresolved)


def _seen(cohort: Cohort) -> pl.LazyFrame:
    return cohort.parts[0]["appointments"].filter(is_seen(cohort))


def _periods(start: pl.Series, every: str, timezone: str) -> pl.DataFrame:
    ends = pl.DataFrame({"start": [start.min(), start.max()]}, schema={"start": start.dtype})
    first, last = ends.select(calendar_bin("start", every, timezone)).to_series()
    return period_starts(first, last, every, timezone)


def _sums(flags: npt.NDArray[np.bool_], begins: Ints) -> Ints:
    """How many are set in each stretch."""
    found: Ints = np.add.reduceat(flags.view(np.uint8), begins, dtype=np.int32).astype(np.int64)
    return found


def _marks(outcomes: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.isin(OUTCOMES, outcomes)


def _by_outcome(outcome: Codes) -> Ints:
    return np.bincount(outcome, minlength=len(OUTCOMES))
