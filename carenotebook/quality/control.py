"""Control charts and run charts: what of a series is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.quality import signals
from carenotebook.quality.basis import chart_basis
from carenotebook.quality.limits import CHARTS, SHARES, WITH_DENOMINATOR, Array, Chart, limits_of
from carenotebook.quality.series import Series, baseline_of, checked_series, phase_numbers
from carenotebook.results.estimate import said_basis
from carenotebook.results.result import Result
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.core.plain import Frame

Improvement = Literal["up", "down"]
When = date | datetime | int | float
LEAST_POINTS = 10
"""With fewer points in a phase no limits are drawn ('Making Data Count' asks for 10 to 15)."""

_FIGURES = ("center", "lower", "upper")
KINDS = {
    "xmr": "XmR chart",
    "p": "p-chart",
    "pprime": "Laney p'-chart",
    "c": "c-chart",
    "u": "u-chart",
    "g": "g-chart",
    "t": "t-chart",
    "run": "Run chart",
}
VARIATION = {
    "improvement": "special cause, improvement: better than the usual variation explains",
    "concern": "special cause, concern: worse than the usual variation explains",
    "common_cause": "common cause: no more than the usual variation",
    "unknown": "too few points to tell",
}


@dataclass(frozen=True, repr=False, eq=False)
class ControlChart(Result):
    """What `spc` returns.

    Attributes
    ----------
    value : str
        The column that was charted.
    chart : str
    improvement : {"up", "down"}
    phases : tuple of str
        Their names, in order; the first is "" where none was named.
    points : polars.DataFrame
        What `tidy` returns.
    """

    value: str
    chart: Chart
    improvement: Improvement
    phases: tuple[str, ...]
    points: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the series and the chart."""
        return f"{self.value.replace('_', ' ').capitalize()}: {KINDS[self.chart]}"

    def tidy(self) -> pl.DataFrame:
        """One row a point, in order of time.

        Returns
        -------
        polars.DataFrame
            time, value, denominator (null without), phase, center, lower, upper (null where a phase
            has too few points, or the chart no limit), signal (bool), rules (those that it breaks,
            joined by a comma), variation ("improvement", "concern", "common_cause", "unknown").
        """
        return self.points.drop("people")

    @property
    def variation(self) -> str:
        """What the last point says: the NHS variation icon, in words."""
        return str(self.points["variation"][-1])

    def released(self, privacy: Privacy | None = None) -> Released:
        """The points whose people, or whose denominator, are not few."""
        gate = privacy or Privacy()
        hidden = self.points.select(
            gate.is_small("people").fill_null(value=False).alias(SUPPRESSED)
        ).to_series()
        blank = ["value", "denominator", "signal", "rules", "variation"]
        frame = self.points.drop("people").with_columns(
            *(pl.when(~hidden).then(pl.col(c)).alias(c) for c in blank), hidden
        )
        return Released(frame.drop("denominator"), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """The level, what signals, what the last point says, and the caveat."""
        frame, gate = self.released(privacy).frame, privacy or Privacy()
        basis = chart_basis(self.chart, self.value, frame)
        lines = [
            f"{self.title}, {frame.height} points. Better is {self.improvement}.",
            f"Estimand: {basis.estimand}",
        ]
        lines += [_said_phase(p, frame.filter(pl.col("phase") == p)) for p in self.phases]
        last = frame["variation"][-1]
        if last is not None:
            lines.append(f"Last point: {VARIATION[last]}.")
        if self.chart == "run":
            lines += [_said_crossings(p, frame.filter(pl.col("phase") == p)) for p in self.phases]
        return "\n".join([*lines, *said_basis(basis, gate, hidden=False)])

    def diagnostics(self) -> pl.DataFrame:
        """How many points break each rule.

        Returns
        -------
        polars.DataFrame
            rule, points.
        """
        broken = self.points["rules"].str.split(",").explode()
        rules = signals.RULES if self.chart != "run" else ("shift",)
        return pl.DataFrame({"rule": rules, "points": [int((broken == r).sum()) for r in rules]})


def spc(  # noqa: PLR0913 - a series, and how it is to be read
    frame: Frame,
    value: str,
    time: str,
    chart: Chart = "xmr",
    *,
    denominator: str | None = None,
    baseline: int | When | None = None,
    phases: Sequence[tuple[When, str]] = (),
    improvement: Improvement = "up",
    people: str | None = None,
) -> ControlChart:
    """A control chart with the rules, limits and colours of NHS 'Making Data Count'.

    For seeing whether a series shows more than its usual variation. Not for judging people, and not
    for finding when something changed: a phase is named by someone who knows what was changed.

    Parameters
    ----------
    frame : frame of polars, pandas or pyarrow
        One row a point.
    value : str
        Its value. "p", "pprime": a count of the denominator; "u": a count over an exposure; "c": a
        count; "g": cases, "t": time, since the last rare event.
    time : str
        Column that orders the points: a date, an instant or a number; no two alike.
    chart : {"xmr", "p", "pprime", "c", "u", "g", "t", "run"}
    denominator : str, optional
        Column; needed by "p", "pprime" (Laney's: for large, over-dispersed counts) and "u".
    baseline : int, or a value of `time`, optional
        Limits come from the first so many points of each phase, or from its points up to that time
        (all of them, where it begins later), and are frozen from there on. A whole number beyond
        the number of points is a time, if `time` holds numbers.
    phases : sequence of (time, name)
        From when a named change holds; limits are computed again from there.
    improvement : {"up", "down"}
        Which way is better.
    people : str, optional
        Column that counts the clients behind a point; points of few are not shown. By default the
        denominator stands for them.

    Returns
    -------
    ControlChart

    Raises
    ------
    OptionError
        For a column that is not there, an unknown chart, a denominator that is missing or not above
        0, a count above it, a missing value, two points at one time, or a phase or baseline outside
        the series.

    Examples
    --------
    >>> import carenotebook as cn, polars as pl
    >>> weeks = pl.DataFrame({"week": range(12), "attended": [52, 55, 49, 51, 54, 50, 53, 48, 52,
    ...                                                       51, 50, 75]})
    >>> found = cn.quality.spc(weeks, "attended", "week")
    >>> found.tidy().filter("signal")["time"].to_list(), found.variation
    ([11], 'improvement')

    Notes
    -----
    XmR: mean +/- 2.66 mean moving ranges, ranges above 3.267 times their mean dropped once. p':
    Laney 2002. g: Benneyan 2001. t: Nelson 1994. Run chart: Anhoej & Olesen 2014.

    Limits promise to hold 99.7 % of points that are all alike. Those of XmR and p' charts with a
    baseline of 24 points hold 99 %, because the baseline is itself a matter of chance: one false
    alarm in a hundred points, not in 370 (`tests/validation/RESULTS.md`).
    """
    check_option("chart", chart, CHARTS)
    check_option("improvement", improvement, ("up", "down"))
    _check_denominator(chart, denominator)
    series = checked_series(frame, value, time, denominator, people)
    _check_values(series, chart, value)
    numbers, until = phase_numbers(series, phases), baseline_of(series, baseline)
    parts = [_phase_points(series.rows(numbers == i), chart, until) for i in range(len(phases) + 1)]
    names = ("", *(name for _, name in phases))
    present = [i for i in range(len(names)) if (numbers == i).any()]
    points = pl.concat(parts[i].with_columns(phase=pl.lit(names[i])) for i in present)
    variation = _variation(improvement)
    order = ["time", "value", "denominator", "phase", *_FIGURES, "signal", "rules"]
    return ControlChart(
        value=value,
        chart=chart,
        improvement=improvement,
        phases=tuple(names[i] for i in present),
        points=points.with_columns(variation=variation).select(*order, "variation", "people"),
    )


def _check_denominator(chart: Chart, denominator: str | None) -> None:
    if chart in WITH_DENOMINATOR and denominator is None:
        raise OptionError(f"spc(chart={chart!r}) needs denominator=, the column of what counts.")
    if chart not in WITH_DENOMINATOR and denominator is not None:
        raise OptionError(
            f"spc(chart={chart!r}) takes no denominator=; charts of rates are "
            f"{', '.join(WITH_DENOMINATOR)}."
        )


def _check_values(series: Series, chart: Chart, value: str) -> None:
    if chart not in {"xmr", "run"} and (series.count < 0).any():
        raise OptionError(f"spc(): {value} has values below 0, which a {chart}-chart cannot hold.")
    if chart in SHARES and (series.count > series.of).any():
        raise OptionError(f"spc(): {value} is above its denominator in some points.")


def _phase_points(series: Series, chart: Chart, baseline: int | When | None) -> pl.DataFrame:
    values = series.count / series.of if chart in WITH_DENOMINATOR else series.count
    chosen = series.baseline(baseline)
    limited = chosen.sum() >= LEAST_POINTS
    nowhere = np.full(len(values), np.nan)
    limits = dict.fromkeys(_FIGURES, nowhere)
    broken: dict[str, signals.Mask] = {}
    if limited:
        found = limits_of(chart)(values[chosen], series.of[chosen], series.of)
        limits = {n: getattr(found, n) for n in _FIGURES}
        broken = (
            {"shift": signals.unusual_run(values, float(found.center[0]))}
            if chart == "run"
            else signals.nhs_rules(values, found)
        )
    rules = [",".join(r for r in broken if broken[r][i]) for i in range(len(values))]
    return _frame(series, values, limits, rules, limited=bool(limited))


def _frame(
    series: Series, values: Array, limits: dict[str, Array], rules: list[str], *, limited: bool
) -> pl.DataFrame:
    columns = {n: pl.Series(v).fill_nan(None) for n, v in limits.items()}
    return pl.DataFrame({"time": series.time, "value": values, **columns}).with_columns(
        denominator=pl.lit(series.denominators, pl.Float64),
        people=pl.lit(series.people, pl.Int64),
        rules=pl.Series(rules, dtype=pl.String),
        signal=pl.Series(rules, dtype=pl.String) != "",
        limited=pl.lit(limited),
    )


def _variation(improvement: Improvement) -> pl.Expr:
    """A trend is judged by where it goes, every other signal by the side of the centre."""
    better = 1 if improvement == "up" else -1
    side = (pl.col("value") - pl.col("center")).sign() * better
    return (
        pl.when(~pl.col("limited"))
        .then(pl.lit("unknown"))
        .when(~pl.col("signal"))
        .then(pl.lit("common_cause"))
        .when(pl.when(pl.col("rules") == "trend").then(_direction() * better).otherwise(side) > 0)
        .then(pl.lit("improvement"))
        .otherwise(pl.lit("concern"))
    )


def _direction() -> pl.Expr:
    """Whether the trend that a point takes part in rises or falls."""
    into = pl.col("value").diff()
    goes_on = pl.col("rules").str.contains("trend").shift(-1, fill_value=False)
    return pl.when(goes_on).then(into.shift(-1)).otherwise(into).sign()


def _said_phase(name: str, points: pl.DataFrame) -> str:
    of = f" of {name!r}" if name else ""
    if not points["center"].is_not_null().any():
        return (
            f"Too few points{of} to draw limits from: {LEAST_POINTS} are needed, in the baseline "
            "where there is one."
        )
    center = points["center"].drop_nulls()
    signalling = int(points["signal"].fill_null(value=False).sum())
    level = significant(float(center[0]))
    return f"Centre{of}: {level}; {signalling} of {points.height} points signal."


def _said_crossings(name: str, points: pl.DataFrame) -> str:
    of = f" of {name!r}" if name else ""
    known = points.filter(pl.col("center").is_not_null() & pl.col("value").is_not_null())
    if known.is_empty():
        return f"Crossings of the median{of}: not told, for want of points."
    found, fewest = signals.crossings(known["value"].to_numpy(), float(known["center"][0]))
    verdict = "fewer than chance makes likely" if found < fewest else "not unusual"
    return f"Crossings of the median{of}: {found} ({verdict}; at least {fewest} expected)."
