"""Appointments counted by period or by group, with the clients behind them, part by part.

A part holds its clients one after the other, each in order of time. So the appointments of a client
in one period, and nearly always those with one therapist, stand side by side: what is counted a
client is counted by stretches, without sorting or joining rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.options import OUTCOMES, UNRESOLVED
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT
from carenotebook.describe.groups import APPOINTMENT_COLUMNS, grouped
from carenotebook.describe.seen import calendar_bin, is_seen, seen_rows

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
    return _together(parts, ["period"])


def by_group(cohort: Cohort, share: Share, by: Sequence[str], needed_by: str) -> Tallies:
    """A share by columns of the appointments or of `clients`, in their order.

    Raises
    ------
    MissingDataError
        If neither table has a column.
    """
    parts = list(each_part(partial(_part_by_group, share, tuple(by), needed_by), cohort))
    return _together(parts, list(by))


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
    rows = seen_rows(cohort, CLIENT, "outcome")
    if rows.is_empty():
        return pl.DataFrame(schema=_SCHEMA), np.zeros(3, np.int64)
    start, outcome = (rows[c].to_physical().to_numpy() for c in ("start", "outcome"))
    periods = _periods(rows["start"], every, cohort.timezone)
    many = periods.height
    period = _period_of(start, periods)
    table = np.bincount(period * len(OUTCOMES) + outcome, minlength=many * len(OUTCOMES))
    table = table.reshape(many, len(OUTCOMES))
    events, counted = (table[:, _marks(o)].sum(1) for o in (share.happened, share.counted))
    sums = np.stack([events, counted, counted, events, counted - events], 1)
    sums[:, -3:] += _repeated(rows[CLIENT].to_numpy(), period, outcome, share, many)
    found = pl.DataFrame(sums, schema=list(SUMS)).with_columns(periods["period"])
    totals = np.array([table.sum(), counted.sum(), table[:, _marks(UNRESOLVED)].sum()])
    return found.filter(pl.col("denominator") > 0), totals


def _period_of(start: Ints, periods: pl.DataFrame) -> Ints:
    """The place in `periods` of each instant.

    They begin on a grid as coarse as their lengths allow (a week in UTC, an hour where clocks
    change), so that most often a table of its steps tells the period.
    """
    begins = periods["begins"].to_physical().to_numpy()
    edges = np.append(begins, periods["ends"].to_physical()[-1:])
    step = np.gcd.reduce(np.diff(edges))
    if (edges[-1] - edges[0]) // step > len(start):
        found: Ints = np.searchsorted(begins, start, side="right") - 1
    else:
        told = np.repeat(np.arange(len(begins)), np.diff(edges) // step)
        found = told.take((start - edges[0]) // step)
    return found


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
    own = [c for c in APPOINTMENT_COLUMNS if c in by and cohort.has("appointments", c)]
    named = ["client_id"] if len(own) < len(by) else []
    # One query runs side by side; what is not seen is not counted, since to filter is to copy.
    new = pl.any_horizontal(_changes(c) for c in (CLIENT, *own))
    rows = (
        cohort.parts[0]["appointments"]
        .select(CLIENT, *named, *own, new=new, **_uses(share, cohort))
        .collect()
    )
    begins = rows["new"].arg_true().to_numpy()
    x, n = (_sums(rows[c].to_numpy(), begins) for c in ("happened", "counted"))
    each = rows.filter("new").select(CLIENT, *named, *own, x=pl.Series(x), n=pl.Series(n))
    groups = grouped(each.lazy(), cohort, by, APPOINTMENT_COLUMNS, needed_by)
    clients = _by_client(groups.filter(pl.col("n") > 0).collect(), by)
    totals = rows.select(pl.col("seen", "counted", "unresolved").sum()).row(0)
    return clients.group_by(by).agg(_added()), np.array(totals, np.int64)


def _changes(column: str) -> pl.Expr:
    return pl.col(column).ne_missing(pl.col(column).shift(1))


def _uses(share: Share, cohort: Cohort) -> dict[str, pl.Expr]:
    """Whether an appointment is seen, and for what its outcome then counts."""
    outcomes = {"happened": share.happened, "counted": share.counted, "unresolved": UNRESOLVED}
    seen = is_seen(cohort)
    return {"seen": seen} | {n: seen & pl.col("outcome").is_in(o) for n, o in outcomes.items()}


def _by_client(stretches: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """One row a client and group, from stretches by client; one alone is a row already."""
    client = pl.col(CLIENT)
    several = ~(_changes(CLIENT) & client.ne_missing(client.shift(-1)))
    merged = stretches.filter(several).group_by(CLIENT, *by).agg(pl.col("x", "n").sum())
    return pl.concat([stretches.filter(~several).select(merged.columns), merged])


def _added() -> list[pl.Expr]:
    """`SUMS` of clients' events and rows."""
    x, n = pl.col("x"), pl.col("n")
    sums = {"numerator": x.sum(), "denominator": n.sum(), "clients": pl.len()}
    sums |= {"clients_with": (x > 0).sum(), "clients_without": (x < n).sum()}
    return [e.cast(pl.Int64).alias(name) for name, e in sums.items()]


def _together(parts: Sequence[tuple[pl.DataFrame, Ints]], by: Sequence[str]) -> Tallies:
    """Clients of different parts are different ones, so their numbers add up."""
    frame = pl.concat([f for f, _ in parts]).group_by(by).agg(pl.col(SUMS).sum()).sort(by)
    seen, counted, unresolved = (int(n) for n in np.sum([n for _, n in parts], axis=0))
    return Tallies(frame.select(*by, *SUMS), counted, seen - counted - unresolved, unresolved)


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
