"""A series of points that has been checked: in order of time, complete, cut into phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.plain import numbers_of, to_polars
from carenotebook.quality.limits import Array

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

_SORTS = r"^\d{4}([-/]?[QW]?\d{1,2}([-/]\d{2})?([ T].*)?)?$"
"""Text that sorts by time, if all of it is equally long."""


@dataclass(frozen=True)
class Series:
    """Points in order of time.

    Attributes
    ----------
    time : polars.Series
    count, of : arrays of shape (points,)
        Values, and their denominators (1 where there are none).
    denominators, people : polars.Series
        Null where there are none.
    """

    time: pl.Series
    count: Array
    of: Array
    denominators: pl.Series
    people: pl.Series

    def rows(self, mask: npt.NDArray[np.bool_]) -> Series:
        chosen = pl.Series(mask)
        return Series(
            self.time.filter(chosen),
            self.count[mask],
            self.of[mask],
            self.denominators.filter(chosen),
            self.people.filter(chosen),
        )

    def baseline(self, until: Any) -> npt.NDArray[np.bool_]:
        """The points from which limits are computed: of a phase that begins later, all."""
        if until is None:
            return np.ones(len(self.count), np.bool_)
        if isinstance(until, int):
            return np.arange(len(self.count)) < until
        early = np.asarray((self.time <= until).to_numpy(), np.bool_)
        return early if early.any() else ~early


def checked_series(
    frame: Frame, value: str, time: str, denominator: str | None, people: str | None
) -> Series:
    """The points of a frame, in order of time.

    Raises
    ------
    OptionError
        If a column is not there or holds no numbers, a point lacks its value, time or denominator,
        a denominator is not above 0, or two points have one time.
    """
    frame = to_polars("spc(): frame=", frame)
    wanted = [c for c in (value, time, denominator, people) if c is not None]
    lacking = [c for c in wanted if c not in frame.columns]
    if lacking:
        raise OptionError(f"spc(): the frame has no column {', '.join(lacking)}.")
    for name in wanted:
        missing = int(frame.select(pl.col(name).is_null().sum()).item())
        missing += int(frame[name].is_nan().sum()) if frame.schema[name].is_float() else 0
        if missing:
            raise OptionError(
                f"spc(): {missing} of {frame.height} points have no {name}. Leave them out, or "
                "supply them; a chart does not guess."
            )
    if frame.is_empty():
        raise OptionError("spc(): the frame has no rows.")
    for name in wanted:
        if name != time:
            numbers_of(frame[name], f"spc(): {name}")
    _check_order(frame[time], time)
    ordered = frame.sort(time)
    if ordered[time].n_unique() < ordered.height:
        raise OptionError(f"spc(): several points share one {time}; sum or average them first.")
    return _series(ordered, value, time, denominator, people)


def _check_order(time: pl.Series, name: str) -> None:
    if time.dtype.is_nested() or time.dtype in (pl.Boolean, pl.Binary, pl.Object):
        raise OptionError(f"spc(): {name} must hold one number or date a point.")
    if time.dtype not in (pl.String, pl.Categorical):
        return
    text = time.cast(pl.String)
    if not text.str.contains(_SORTS).all() or text.str.len_chars().n_unique() > 1:
        raise OptionError(
            f"spc(): {name} holds text that does not sort by time. Make it dates or numbers, or "
            "write it as 2024-03-31, 2024-03 or 2024-Q1."
        )


def _series(
    ordered: pl.DataFrame, value: str, time: str, denominator: str | None, people: str | None
) -> Series:
    nothing = pl.Series([None] * ordered.height, dtype=pl.Float64)
    of = nothing if denominator is None else ordered[denominator].cast(pl.Float64)
    if denominator is not None and not (of > 0).all():
        raise OptionError(f"spc(): {denominator} must be above 0 in every point.")
    counted = of if people is None else ordered[people]
    return Series(
        time=ordered[time].alias("time"),
        count=ordered[value].cast(pl.Float64).to_numpy(),
        of=of.fill_null(1.0).to_numpy(),
        denominators=of,
        people=counted.cast(pl.Int64),
    )


def baseline_of(series: Series, baseline: Any) -> Any:
    """A number of points, or a time of the series up to which they count.

    Raises
    ------
    OptionError
        If it is neither, or lies before the series.
    """
    if baseline is None:
        return None
    whole = isinstance(baseline, Integral) and not isinstance(baseline, bool)
    if whole and (baseline <= len(series.count) or not series.time.dtype.is_numeric()):
        if baseline < 1:
            raise OptionError("spc(baseline=): a number of points is 1 or more.")
        return int(baseline)
    if isinstance(baseline, bool):
        raise OptionError("spc(baseline=) is a number of points, or a time up to which they count.")
    until = _literal(series.time, baseline, "baseline")
    if until < series.time.min():
        raise OptionError("spc(baseline=): it ends before the first point of the series.")
    return float(until) if whole else until


def phase_numbers(series: Series, phases: Sequence[tuple[Any, str]]) -> npt.NDArray[np.int64]:
    """Which phase each point is in: 0 before the first named one."""
    if not all(_is_pair(p) for p in phases) or len({n for _, n in phases}) < len(phases):
        raise OptionError("spc(phases=) takes pairs of a time and a name, each name once.")
    starts = [_literal(series.time, at, "phases") for at, _ in phases]
    if any(a >= b for a, b in pairwise(starts)):
        raise OptionError("spc(phases=): name them in order of time.")
    first, last = series.time.min(), series.time.max()
    if any(at < first or at > last for at in starts):
        raise OptionError("spc(phases=): a phase starts outside the series.")
    numbers = np.zeros(len(series.count), np.int64)
    for at in starts:
        numbers += (series.time >= at).to_numpy()
    return numbers


def _is_pair(given: object) -> bool:
    return isinstance(given, Sequence) and len(given) == 2 and isinstance(given[1], str)


def _literal(time: pl.Series, at: Any, name: str) -> Any:
    try:
        return pl.Series([at]).cast(time.dtype, strict=True)[0]
    except (pl.exceptions.PolarsError, TypeError):
        raise OptionError(
            f"spc({name}=): give a value of the kind that the time column holds ({time.dtype})."
        ) from None
