"""The design of an interrupted time series: what changes at the start, and what was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.effects.clock import Clock, clock_of
from carenotebook.effects.frames import Array, complete, design, numbers, require

LEAST_POINTS = 3
"""Points that each side of the change must have (EPOC's minimum for such a study)."""
_CALLER = "interrupted_time_series()"


@dataclass(frozen=True)
class Plan:
    """What a user asks of a series, apart from its family and its errors."""

    outcome: str
    time: str
    start: Any
    exposure: str | None = None
    harmonics: int = 0
    period: float = 12
    slope_change: bool = False
    phase_in: float = 0
    control: str | None = None
    enforcement: str | None = None
    adjust: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str | None]:
        return [
            self.outcome,
            self.time,
            self.exposure,
            self.control,
            self.enforcement,
            *self.adjust,
        ]


@dataclass(frozen=True)
class Segments:
    """Points in order of time, with the columns of the model.

    Attributes
    ----------
    frame : polars.DataFrame
        The rows that enter.
    left_out : dict
        Rows that do not, by reason.
    clock : Clock
    at, outcome, exposure : arrays of shape (points,)
        Exposure is 1 where none was named.
    treated, after : boolean arrays of shape (points,)
        Of the series of interest; under the change.
    matrix, without : arrays of shape (points, terms)
        The design, and the same as if there had been no change (none beyond that of the control
        series, where there is one).
    terms : list of str
    """

    frame: pl.DataFrame
    left_out: dict[str, int]
    clock: Clock
    at: Array
    outcome: Array
    exposure: Array
    treated: npt.NDArray[np.bool_]
    after: npt.NDArray[np.bool_]
    matrix: Array
    without: Array
    terms: list[str]


def segments(frame: pl.DataFrame, plan: Plan) -> Segments:
    """The rows and the design of a plan.

    Raises
    ------
    OptionError
        For a column that is not there, a start outside the series, too few points, a point twice,
        terms that follow from each other, or values that cannot be.
    """
    wanted = require(frame, plan.columns, _CALLER)
    known, left_out = complete(frame, wanted)
    known = known.sort(*[c for c in (plan.time, plan.control) if c is not None])
    if known.is_empty():
        raise OptionError(f"{_CALLER}: no row has all of {', '.join(wanted)}.")
    clock = clock_of(known, plan.time, _CALLER)
    start, at = clock.at(plan.start, "start"), clock.read(known[plan.time])
    if not at.min() < start <= at.max():
        raise OptionError(
            f"{_CALLER}: start= must lie after the first point and no later than the last one."
        )
    phasing = (at >= start) & (at < start + plan.phase_in)
    if phasing.any():
        left_out |= {"within the phase-in": int(phasing.sum())}
    kept = known.filter(pl.Series(~phasing))
    at = at[~phasing]
    if plan.phase_in < 0 or not (at >= start).any():
        raise OptionError(f"{_CALLER}: phase_in= must be 0 or more and leave points after it.")
    treated = _treated(kept, plan)
    _check_points(at, treated, start)
    parts = _Columns(kept, plan, at, treated, start)
    matrix, without, terms = parts.joined()
    return Segments(
        frame=kept,
        left_out=left_out,
        clock=clock,
        at=at,
        outcome=numbers(kept, plan.outcome, _CALLER),
        exposure=_exposure(kept, plan),
        treated=treated,
        after=at >= start,
        matrix=matrix,
        without=without,
        terms=terms,
    )


def _treated(frame: pl.DataFrame, plan: Plan) -> npt.NDArray[np.bool_]:
    if plan.control is None:
        return np.ones(frame.height, np.bool_)
    marks = numbers(frame, plan.control, _CALLER)
    if not np.isin(marks, (0, 1)).all() or np.ptp(marks) == 0:
        raise OptionError(
            f"{_CALLER}: control={plan.control!r} must be 1 in the rows of the control series and "
            "0 in the others, and there must be rows of both."
        )
    return np.asarray(marks == 0)


def _exposure(frame: pl.DataFrame, plan: Plan) -> Array:
    if plan.exposure is None:
        return np.ones(frame.height)
    found = numbers(frame, plan.exposure, _CALLER)
    if (found <= 0).any():
        raise OptionError(
            f"{_CALLER}: {plan.exposure} must be above 0; in {int((found <= 0).sum())} points it "
            "is not. Leave these points out."
        )
    return found


def _check_points(at: Array, treated: npt.NDArray[np.bool_], start: float) -> None:
    for name, series in (("", treated), (" of the control series", ~treated)):
        times = at[series]
        if not len(times):
            continue
        if len(np.unique(times)) < len(times):
            raise OptionError(f"{_CALLER}: several points{name} share one time; add them up first.")
        before, after = int((times < start).sum()), int((times >= start).sum())
        if min(before, after) < LEAST_POINTS:
            raise OptionError(
                f"{_CALLER}: {before} points{name} lie before the start and {after} after it; at "
                f"least {LEAST_POINTS} are needed on each side, and a trend is hardly told from "
                "chance with fewer than 8."
            )


@dataclass(frozen=True)
class _Columns:
    frame: pl.DataFrame
    plan: Plan
    at: Array
    treated: npt.NDArray[np.bool_]
    start: float

    def joined(self) -> tuple[Array, Array, list[str]]:
        plan, size = self.plan, len(self.at)
        change = self._change()
        fixed: dict[str, Array] = {"trend": self.at, "intercept": np.ones(size)}
        if plan.control is not None:
            other = (~self.treated).astype(float)
            fixed |= {"control": other, "control_trend": other * self.at}
            fixed |= {f"common_{name}": values for name, values in change.items()}
            change = {name: values * self.treated for name, values in change.items()}
        fixed |= self._harmonics()
        if plan.adjust:
            covariates, names = design(self.frame, plan.adjust, _CALLER)
            fixed |= dict(zip(names, covariates.T, strict=True))
        columns = {**change, **fixed}
        matrix = np.column_stack(list(columns.values()))
        _check_rank(matrix, list(columns))
        without = matrix.copy()
        without[:, : len(change)] = 0.0
        return matrix, without, list(columns)

    def _change(self) -> dict[str, Array]:
        level = (self.at >= self.start).astype(float)
        if self.plan.enforcement is not None:
            level = self._enforced(level)
        if not self.plan.slope_change:
            return {"level_change": level}
        begins = self.at[self.at >= self.start].min() if self.plan.phase_in else self.start
        return {"level_change": level, "slope_change": level * (self.at - begins)}

    def _enforced(self, after: Array) -> Array:
        share = numbers(self.frame, str(self.plan.enforcement), _CALLER)
        fits = (share >= 0) & (share <= 1) & ((after == 1) | (share == 0) | ~self.treated)
        if not fits.all() or not (share * after * self.treated).any():
            raise OptionError(
                f"{_CALLER}: enforcement={self.plan.enforcement!r} must be a share from 0 to 1, 0 "
                "before the start and above 0 somewhere after it."
            )
        return share * after

    def _harmonics(self) -> dict[str, Array]:
        waves = 2 * np.pi * self.at / self.plan.period
        found: dict[str, Array] = {}
        for k in range(1, self.plan.harmonics + 1):
            found |= {f"sin_{k}": np.sin(k * waves), f"cos_{k}": np.cos(k * waves)}
        if 2 * self.plan.harmonics == self.plan.period:
            found.pop(f"sin_{self.plan.harmonics}")
        return found


def _check_rank(matrix: Array, terms: Sequence[str]) -> None:
    points, size = matrix.shape
    if points <= size:
        raise OptionError(
            f"{_CALLER}: {points} points cannot tell {size} terms apart; at least {size + 1} are "
            "needed. Take fewer harmonics or terms."
        )
    length = np.linalg.norm(matrix, axis=0)
    if (length == 0).any() or np.linalg.matrix_rank(matrix / length) < size:
        raise OptionError(
            f"{_CALLER}: the terms {', '.join(terms)} are collinear: one follows from the others. "
            "Leave one out."
        )
