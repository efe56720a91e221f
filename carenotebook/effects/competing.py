"""Competing ends: how many have left in each way by each time (Aalen-Johansen)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.curves import CURVE, check_names, followed_alike, thinned
from carenotebook.effects.frames import complete, numbers, said_missing, taken
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results import statistics
from carenotebook.results.estimate import Assumption, Basis, said_basis
from carenotebook.results.result import Result
from carenotebook.results.words import number, percent

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

_CALLER = "cumulative_incidence()"
_FOLLOWED = ("", "0", "censored")
LEAST_TIMES = 400
MOST_WORK = 50_000_000
"""Clusters times distinct times beyond which a curve by cluster is told at fewer of these, evenly
by rank, at 400 of them at least."""


@dataclass(frozen=True, repr=False, eq=False)
class CumulativeIncidenceCurve(Result):
    """What `cumulative_incidence` returns."""

    by: tuple[str, ...]
    causes: tuple[str, ...]
    frame: pl.DataFrame
    basis: Basis

    @property
    def title(self) -> str:
        """What is shown."""
        return f"By each time: {', '.join(c.replace('_', ' ') for c in self.causes)}"

    def tidy(self) -> pl.DataFrame:
        """One row a group, cause and time.

        Returns
        -------
        polars.DataFrame
            The `by` columns, term (the cause), time, at_risk (just before), events (of that cause
            by then), estimate, std_error, conf_low, conf_high (log-log; null where nobody, or
            everybody, has met it). At one time the causes of a group and those still in care add
            up to everyone. A group that met none has its last time alone.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The curves, as far as no step tells of a small number of people."""
        gate = privacy or Privacy()
        curves = self.frame.partition_by([*self.by, "term"], maintain_order=True)
        return Released(pl.concat(_shown(c, gate) for c in curves), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Estimand, where each curve ends, N, what is missing, and the caveat."""
        gate = privacy or Privacy()
        released = self.released(gate).frame
        lines = [f"{self.title}.", f"Estimand: {self.basis.estimand}"]
        keys = [*self.by, "term"]
        for part in released.partition_by(keys, maintain_order=True):
            last = part.row(-1, named=True)
            name = ", ".join(str(last[k]) for k in keys)
            if last["estimate"] is None:
                lines.append(f"{name}: hidden (fewer than {gate.min_cell} events)")
            else:
                share = percent(last["estimate"])
                lines.append(f"{name}: {share} by {number(last['time'])}")
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


def cumulative_incidence(
    frame: Frame,
    duration: str,
    event: str,
    by: str | Sequence[str] | None = None,
    *,
    cluster: str | None = None,
) -> CumulativeIncidenceCurve:
    """In how many each of several ends has come by each time.

    For ends of care that exclude each other: who has dropped out cannot complete any more. A
    Kaplan-Meier curve of one of them would count too many.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a person or episode.
    duration : str
        Column of numbers, 0 or more: time to the end, or to the end of follow-up.
    event : str
        Column: which end it was, as text or a number from 1 on; null, "", "censored" (in capitals
        or not) or 0 where follow-up ended before any.
    by : str or sequence of str, optional
        Columns that name groups; null is a group of its own.
    cluster : str, optional
        Column: rows that belong together (a client's episodes); errors are then by cluster.

    Returns
    -------
    CumulativeIncidenceCurve

    Raises
    ------
    OptionError
        For a column that is not there, a negative duration, or no end at all.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> stays = pl.DataFrame({"weeks": [2, 5, 6, 8, 12], "end": ["dropped_out", "completed", None,
    ...                       "completed", "dropped_out"]})
    >>> found = cn.effects.cumulative_incidence(stays, "weeks", "end").tidy()
    >>> found.filter(time=8)["estimate"].to_list()
    [0.5, 0.2]

    Notes
    -----
    Aalen & Johansen 1978; standard errors by the infinitesimal jackknife, summed by cluster.
    """
    groups = (by,) if isinstance(by, str) else tuple(by or ())
    frame, _ = taken(frame, [duration, event, *groups, cluster], _CALLER)
    check_names(groups, ["term", *CURVE], _CALLER)
    used, left_out = complete(frame, [duration, *([cluster] if cluster else [])], _CALLER)
    time = numbers(used, duration, _CALLER)
    if (time < 0).any():
        raise OptionError(f"{_CALLER}: {duration} is below 0 in {int((time < 0).sum())} rows.")
    rows = pl.int_range(pl.len()) if cluster is None else pl.col(cluster).rank("dense")
    _check_causes(used[event], event)
    told = used.with_columns(
        _cause=_cause(event, used.schema[event]), _time=time, _cluster=rows.cast(pl.Int64)
    )
    causes = _in_order(told["_cause"], numbered=used.schema[event].is_numeric())
    if not causes:
        raise OptionError(f"{_CALLER}: no row has an end in {event}; all are still followed.")
    parts = told.partition_by(*groups) if groups else [told]
    curves = [_curves(part, causes).select(*_labels(part, groups), pl.all()) for part in parts]
    joined = pl.concat(curves)
    frame_ = joined.sort(groups, nulls_last=True, maintain_order=True) if groups else joined
    return CumulativeIncidenceCurve(
        by=groups,
        causes=tuple(causes),
        frame=frame_,
        basis=Basis(
            estimand="Share in whom each end has come by each time, while the others may come "
            "first.",
            rows=used.height,
            clusters={} if cluster is None else {"clients": used[cluster].n_unique()},
            left_out=left_out,
            missing=said_missing(frame.height, used.height, left_out),
            assumptions=(_followed_alike(parts),),
            caveat="A curve describes; groups that differ may differ in more than their name.",
        ),
    )


def _followed_alike(parts: Sequence[pl.DataFrame]) -> Assumption:
    status = pl.col("_cause").is_not_null().cast(pl.Int64)
    rows = [p.select(time="_time", status=status, group=pl.lit(i)) for i, p in enumerate(parts)]
    return followed_alike(pl.concat(rows), len(parts))


def _cause(event: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_numeric() or dtype == pl.Boolean:
        known = pl.col(event).fill_nan(None) if dtype.is_float() else pl.col(event)
        whole = known.cast(pl.Int64)
        return pl.when(whole != 0).then(whole.cast(pl.String))
    text = pl.col(event).cast(pl.String)
    return pl.when(~text.str.strip_chars().str.to_lowercase().is_in(_FOLLOWED)).then(text)


def _check_causes(causes: pl.Series, name: str) -> None:
    if causes.dtype.is_nested() or not causes.dtype.is_numeric():
        return
    known = causes.drop_nulls().cast(pl.Float64).drop_nans().to_numpy()
    if (known < 0).any() or (known % 1 != 0).any():
        raise OptionError(f"{_CALLER}: {name} must hold whole numbers from 0 on, or names of ends.")


def _in_order(causes: pl.Series, *, numbered: bool) -> list[str]:
    found: list[str] = causes.drop_nulls().unique().to_list()
    return sorted(found, key=int) if numbered else sorted(found)


def _labels(part: pl.DataFrame, groups: Sequence[str]) -> list[pl.Expr]:
    return [pl.lit(part[g][0], part.schema[g]).alias(g) for g in groups]


def _curves(part: pl.DataFrame, causes: Sequence[str]) -> pl.DataFrame:
    time, cause = part["_time"].to_numpy(), part["_cause"]
    steps, ranks = np.unique(time, return_inverse=True)
    ended = np.unique(ranks[cause.is_not_null().to_numpy()])
    ended = ended if len(ended) else ranks.max(keepdims=True)
    rows = part["_cluster"].to_numpy()
    clusters = part["_cluster"].n_unique()
    most = len(ended) if clusters == len(rows) else max(LEAST_TIMES, MOST_WORK // clusters)
    if len(ended) > most:
        ended = ended[np.linspace(0, len(ended) - 1, most).round().astype(np.int64)]
    frames = []
    for name in causes:
        mine = (cause == name).fill_null(value=False).to_numpy()
        code = np.where(mine, 1, np.where(cause.is_null().to_numpy(), 0, 2))
        found = statistics.cumulative_incidence(ranks, code, rows, ended)
        happened = np.searchsorted(np.sort(ranks[mine]), ended, side="right")
        columns = {
            "term": [name] * len(ended),
            "time": steps[ended],
            "at_risk": found.at_risk,
            "events": happened,
            "estimate": found.estimate,
            "std_error": found.std_error,
            "conf_low": found.conf_low,
            "conf_high": found.conf_high,
        }
        frames.append(pl.DataFrame(columns))
    inside = pl.col("estimate").is_between(0, 1, closed="none")
    ends = ("conf_low", "conf_high")
    return pl.concat(frames).with_columns(pl.when(inside).then(pl.col(c)).alias(c) for c in ends)


def _shown(curve: pl.DataFrame, gate: Privacy) -> pl.DataFrame:
    """Times of one end at which enough people have met it since the last one shown."""
    kept, last = [], 0
    for i, (events, at_risk) in enumerate(curve.select("events", "at_risk").iter_rows()):
        if events - last >= gate.min_cell and at_risk >= gate.min_cell:
            kept.append(i)
            last = events
    figures = ["time", "at_risk", "estimate", "conf_low", "conf_high"]
    labels = [c for c in curve.columns if c not in {*figures, "events", "std_error"}]
    if kept:
        shown = curve[thinned(kept)].select(*labels, *figures)
        return shown.with_columns(gate.rounded("at_risk"), pl.lit(value=False).alias(SUPPRESSED))
    nothing = curve[:1].select(*labels, *figures)
    blank = [pl.lit(None, nothing.schema[c]).alias(c) for c in figures]
    return nothing.with_columns(*blank, pl.lit(value=True).alias(SUPPRESSED))
