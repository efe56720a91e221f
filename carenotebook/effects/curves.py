"""Time to an event: Kaplan-Meier curves, medians, restricted means and the log-rank test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.plain import is_number
from carenotebook.effects.frames import Array, complete, numbers, said_missing, taken
from carenotebook.effects.logrank import log_rank
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.estimate import Assumption, Basis, said_basis
from carenotebook.results.result import Result
from carenotebook.results.statistics import Z95
from carenotebook.results.words import from_to, p_value, percent, significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

_TEST = {"statistic": pl.Float64, "df": pl.Int64, "p_value": pl.Float64}
_GROUP = "_group"
MOST_SHOWN = 400
"""Steps of a curve in a chart or a report; more cannot be told apart."""

CURVE = ("time", "at_risk", "events", "estimate", "std_error", "conf_low", "conf_high")


@dataclass(frozen=True)
class Steps:
    """The curve of one group: arrays of shape (event times,)."""

    time: Array
    at_risk: Array
    events: Array
    survival: Array
    longest: float


@dataclass(frozen=True, repr=False, eq=False)
class SurvivalCurve(Result):
    """What `survival_curve` returns."""

    by: tuple[str, ...]
    event: str
    groups: pl.DataFrame
    steps: tuple[Steps, ...]
    rows: pl.DataFrame
    basis: Basis

    @property
    def title(self) -> str:
        """What is shown."""
        return f"Not yet {self.event.replace('_', ' ')}, by time (Kaplan-Meier)"

    def tidy(self) -> pl.DataFrame:
        """One row a group and time at which something happened.

        Returns
        -------
        polars.DataFrame
            The `by` columns, time, at_risk (just before), events, estimate (share in whom it has
            not happened by then), std_error (Greenwood), conf_low, conf_high (log-log).
        """
        return self._by_group([_curve(s) for s in self.steps])

    def median(self) -> pl.DataFrame:
        """When half have had the event.

        Returns
        -------
        polars.DataFrame
            The `by` columns, estimate, conf_low, conf_high (Brookmeyer & Crowley, log-log); null
            where the curve, or its limit, stays above one half.
        """
        return self._by_group([_median(s) for s in self.steps])

    def rmst(self, until: float) -> pl.DataFrame:
        """Restricted mean: the mean time without the event, of the first `until`.

        Returns
        -------
        polars.DataFrame
            The `by` columns, estimate, std_error, conf_low, conf_high, in units of the duration.

        Raises
        ------
        OptionError
            If some group is not followed for so long.
        """
        if not is_number(until):
            raise OptionError("rmst(until=): a number, in the units of the duration.")
        short = [s for s in self.steps if until > s.longest and s.survival[-1:].all()]
        if not until > 0 or short:
            raise OptionError(
                "rmst(until=): above 0, and not beyond the longest follow-up of each group."
            )
        return self._by_group([_restricted_mean(s, until) for s in self.steps])

    def logrank(self) -> pl.DataFrame:
        """Whether the groups' curves differ (Mantel's log-rank test).

        Returns
        -------
        polars.DataFrame
            One row: statistic, df, p_value. Null where no two groups were ever at risk together;
            a group that never was beside another has no degree of freedom.

        Raises
        ------
        OptionError
            If there is one group, or no event.
        """
        if self.groups.height < 2:
            raise OptionError("logrank() compares groups: give survival_curve(by=) two or more.")
        time, status, group = (self.rows[c].to_numpy() for c in ("time", "status", "group"))
        if not status.any():
            raise OptionError("logrank(): nothing has happened in any group.")
        found = dict(zip(_TEST, ([v] for v in log_rank(time, status, group)), strict=True))
        return pl.DataFrame(found, schema=_TEST)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The curve, as far as no step tells of a small number of people.

        A step shows where enough events have come since the last one shown and enough are left.
        """
        gate = privacy or Privacy()
        parts = [_shown(_curve(s), gate) for s in self.steps]
        return Released(self._by_group(parts), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Estimand, medians, N, assumptions and caveat."""
        gate = privacy or Privacy()
        lines = [f"{self.title}.", f"Estimand: {self.basis.estimand}"]
        for name, steps, row in zip(
            self.names(), self.steps, self.median().iter_rows(named=True), strict=True
        ):
            lines.append(f"{name}: {_said_median(steps, row, gate)}")
        few = self.basis.tells_too_much(gate)
        return "\n".join([*lines, *said_basis(self.basis, gate, hidden=few)])

    def diagnostics(self) -> pl.DataFrame:
        """Each assumption with what the data say of it.

        Returns
        -------
        polars.DataFrame
            assumption, diagnostic ("" where no data can tell), holds (null where not known).
        """
        return self.basis.diagnosed()

    def names(self) -> list[str]:
        """The groups' names, in the order of `steps`."""
        if not self.by:
            return ["All"]
        return [", ".join(str(v) for v in row) for row in self.groups.rows()]

    def _by_group(self, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        labelled = [
            f.select(*(pl.lit(v, self.groups.schema[c]).alias(c) for c, v in row.items()), pl.all())
            for f, row in zip(frames, self.groups.to_dicts() or [{}], strict=True)
        ]
        return pl.concat(labelled)


def survival_curve(
    frame: Frame, duration: str, event: str, by: str | Sequence[str] | None = None
) -> SurvivalCurve:
    """How long until something happens, where not everybody was followed to the end.

    For retention: how long clients stay. Where an end of care other than the one of interest can
    come first (dropped out, completed, transferred), use `cumulative_incidence`: this curve would
    then speak of a world in which nobody completes.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person or episode.
    duration : str
        Column of numbers, 0 or more: time to the event, or to the end of follow-up.
    event : str
        Column of 0/1 or booleans: whether the duration ended with the event.
    by : str or sequence of str, optional
        Columns that name groups; null is a group of its own.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    OptionError
        For a column that is not there, a negative duration, or an event that is not 0/1.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> stays = pl.DataFrame({"weeks": [2, 5, 5, 8, 12], "left": [1, 1, 0, 1, 0]})
    >>> found = cn.effects.survival_curve(stays, "weeks", "left")
    >>> found.tidy().select("time", pl.col("estimate").round(3)).rows()
    [(2.0, 0.8), (5.0, 0.6), (8.0, 0.3)]
    >>> found.median()["estimate"].item()
    8.0

    Notes
    -----
    Kaplan & Meier 1958; Greenwood's variance; log-log intervals. Restricted mean: Royston & Parmar
    2013. Durations are taken as they are; ties are events at one time.
    """
    caller = "survival_curve()"
    groups = (by,) if isinstance(by, str) else tuple(by or ())
    frame, _ = taken(frame, [duration, event, *groups], caller)
    check_names(groups, CURVE, caller)
    used, left_out = complete(frame, [duration, event], caller)
    time, status = _checked(used, duration, event, caller)
    labels = used.select(groups).unique().sort(groups, nulls_last=True) if groups else used.select()
    numbered = (
        used.select(groups).join(
            labels.with_row_index(_GROUP),
            on=list(groups),
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        if groups
        else pl.DataFrame({_GROUP: np.zeros(used.height, np.int64)})
    )
    group = numbered[_GROUP].cast(pl.Int64).to_numpy()
    count = max(labels.height, 1)
    rows = pl.DataFrame({"time": time, "status": status.astype(np.int64), "group": group})
    return SurvivalCurve(
        by=groups,
        event=event,
        groups=labels,
        steps=tuple(_steps(time[group == i], status[group == i]) for i in range(count)),
        rows=rows,
        basis=Basis(
            estimand=f"Share in whom {event} has not happened by each time, were nothing else to "
            "end follow-up.",
            rows=used.height,
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(followed_alike(rows, count),),
            caveat="A curve describes; groups that differ may differ in more than their name.",
        ),
    )


def followed_alike(rows: pl.DataFrame, groups: int) -> Assumption:
    """That leaving follow-up has nothing to do with the event; groups may show that it has.

    Parameters
    ----------
    rows : polars.DataFrame
        time, status (0: follow-up ended first), group.
    groups : int
    """
    text = "Those whose follow-up ends early are like those who stay in it."
    ended = 1 - rows["status"].to_numpy()
    if groups < 2 or not ended.any():
        return Assumption(text, "" if ended.any() else "nobody's follow-up ends early")
    _, _, p = log_rank(rows["time"].to_numpy(), ended, rows["group"].to_numpy())
    if p is None:
        return Assumption(text, "nobody's follow-up ends early while others are followed")
    return Assumption(
        text,
        f"how soon follow-up ends, by group: log-rank {p_value(float(p))}; a small p-value says "
        "that groups were not followed alike",
    )


def check_names(by: Sequence[str], columns: Sequence[str], caller: str) -> None:
    """Refuse groups whose columns the result could not tell from its own."""
    same = sorted(set(by) & set(columns))
    if same or len(set(by)) < len(by):
        raise OptionError(
            f"{caller}: by= names {', '.join(same) or 'a column twice'}"
            f"{', as the result names its own columns; rename it' if same else ''}."
        )


def _checked(frame: pl.DataFrame, duration: str, event: str, caller: str) -> tuple[Array, Array]:
    time, status = (numbers(frame, c, caller) for c in (duration, event))
    if (time < 0).any():
        raise OptionError(f"{caller}: {duration} is below 0 in {int((time < 0).sum())} rows.")
    if not np.isin(status, (0, 1)).all():
        raise OptionError(
            f"{caller}: {event} must be 0 or 1 (of 1 and 2, take whether it is 2). "
            "For several ends see cumulative_incidence()."
        )
    return time, status


def _steps(time: Array, status: Array) -> Steps:
    at, events = np.unique(time[status == 1], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), at, side="left")
    survival: Array = np.cumprod(1 - events / at_risk, dtype=np.float64)
    return Steps(at, at_risk.astype(float), events.astype(float), survival, float(time.max()))


def _greenwood(steps: Steps) -> Array:
    left = steps.at_risk - steps.events
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.cumsum(np.where(left > 0, steps.events / (steps.at_risk * left), np.nan))
        errors: Array = steps.survival * np.sqrt(terms)
    return errors


def _curve(steps: Steps) -> pl.DataFrame:
    errors = _greenwood(steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = Z95 * errors / (steps.survival * np.log(steps.survival))
        low, high = steps.survival ** np.exp(-width), steps.survival ** np.exp(width)
    columns = (steps.time, steps.at_risk, steps.events, steps.survival, errors, low, high)
    frame = pl.DataFrame(dict(zip(CURVE, columns, strict=True)))
    counts = [pl.col(c).cast(pl.Int64) for c in ("at_risk", "events")]
    return frame.with_columns(pl.selectors.float().fill_nan(None)).with_columns(counts)


def _median(steps: Steps) -> pl.DataFrame:
    curve = _curve(steps)
    found = {
        "estimate": _reaches_half(steps.time, steps.survival),
        "conf_low": _reaches_half(steps.time, curve["conf_low"].to_numpy()),
        "conf_high": _reaches_half(steps.time, curve["conf_high"].to_numpy()),
    }
    return pl.DataFrame(found, schema=dict.fromkeys(found, pl.Float64))


def _reaches_half(time: Array, curve: Array) -> float | None:
    """The first time at one half or below; the middle of a stretch that lies exactly on it."""
    below = np.flatnonzero(curve <= 0.5 + 1e-12)
    if not len(below):
        return None
    first = below[0]
    flat = abs(curve[first] - 0.5) < 1e-12 and first + 1 < len(time)
    return float((time[first] + time[first + 1]) / 2 if flat else time[first])


def _restricted_mean(steps: Steps, until: float) -> pl.DataFrame:
    inside = steps.time < until
    edges = np.concatenate(([0.0], steps.time[inside], [until]))
    areas = np.diff(edges) * np.concatenate(([1.0], steps.survival[inside]))
    after = areas[1:][::-1].cumsum()[::-1]
    events, at_risk = steps.events[inside], steps.at_risk[inside]
    left = at_risk - events
    terms = np.where(left > 0, after**2 * events / (at_risk * np.maximum(left, 1)), 0.0)
    mean, error = float(areas.sum()), float(np.sqrt(terms.sum()))
    ends = {"conf_low": mean - Z95 * error, "conf_high": mean + Z95 * error}
    return pl.DataFrame({"estimate": mean, "std_error": error, **ends})


def _shown(curve: pl.DataFrame, gate: Privacy) -> pl.DataFrame:
    kept, last = [], 0
    happened = curve["events"].cum_sum().to_list()
    left = (curve["at_risk"] - curve["events"]).to_list()
    for i, (total, remaining) in enumerate(zip(happened, left, strict=True)):
        if total - last >= gate.min_cell and remaining >= gate.min_cell:
            kept.append(i)
            last = total
    figures = ["time", "at_risk", "estimate", "conf_low", "conf_high"]
    if not kept:
        nothing = pl.DataFrame({c: [None] for c in figures}, schema=curve.select(figures).schema)
        return nothing.with_columns(pl.lit(value=True).alias(SUPPRESSED))
    shown = curve[thinned(kept)].select(figures)
    return shown.with_columns(gate.rounded("at_risk"), pl.lit(value=False).alias(SUPPRESSED))


def thinned(rows: list[int]) -> list[int]:
    """At most 400 of the rows that may be shown, evenly, the first and the last among them."""
    if len(rows) <= MOST_SHOWN:
        return rows
    return [rows[i] for i in np.linspace(0, len(rows) - 1, MOST_SHOWN).round().astype(int)]


def _said_median(steps: Steps, row: dict[str, Any], gate: Privacy) -> str:
    if gate.few(int(steps.events.sum())) or not len(steps.time):
        return f"hidden (fewer than {gate.min_cell} events)" if len(steps.time) else "no events"
    if row["estimate"] is None:
        return f"median not reached; {percent(float(steps.survival[-1]))} at the last event"
    ends = from_to(row["conf_low"], row["conf_high"])
    return f"median {significant(row['estimate'])} (95 % CI {ends})"
