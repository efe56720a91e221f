"""A control chart of a service's attendance, straight from its appointments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.describe.attendance import PERIODS, Denominator, Every
from carenotebook.describe.policies import policy_rows
from carenotebook.describe.seen import calendar_bin
from carenotebook.describe.tallies import SUMS, by_period, period_starts
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.quality.cohort_shares import Charted, left_out, released_shares, share_of
from carenotebook.quality.control import KINDS, ControlChart, Improvement, When, spc
from carenotebook.quality.limits import SHARES

CohortChartKind = Literal["pprime", "p", "xmr", "run", "c"]
_CALLER = "control_chart()"


@dataclass(frozen=True, repr=False, eq=False)
class AttendanceChart(ControlChart):
    """What `carenotebook.control_chart` returns.

    Attributes
    ----------
    charted : Charted
    counts : polars.DataFrame
        One row a point: time, numerator, denominator, clients, clients_with (of the measure),
        clients_without.
    span : str
        What a point is, and which ones there are none of.
    """

    charted: Charted
    counts: pl.DataFrame
    span: str

    @property
    def title(self) -> str:
        """Names the share and the chart."""
        return f"{self.charted.name}: {KINDS[self.chart]}"

    def released(self, privacy: Privacy | None = None) -> Released:
        """Points from rounded counts; those of few are hidden, and no centre tells them."""
        gate = privacy or Privacy()
        counts = self.counts.with_columns(self.points["phase"])
        shown = released_shares(counts, gate, "time", [["phase"]])
        value = "numerator" if self.chart == "c" else "estimate"
        frame = self.points.drop("people", "denominator", "value").join(
            shown.select("time", SUPPRESSED, value=pl.col(value).cast(pl.Float64)),
            on="time",
            maintain_order="left",
        )
        blank = ["value", "lower", "upper", "signal", "rules", "variation"]
        frame = frame.with_columns(pl.when(~pl.col(SUPPRESSED)).then(pl.col(blank)))
        return Released(frame.select("time", "value", pl.exclude("time", "value")), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What is counted, the level, what signals, what is left out, and the caveat."""
        gate = privacy or Privacy()
        first, *others = super().summary(gate).splitlines()
        return "\n".join([first, *self.charted.said(gate), self.span, *others])


def control_chart(  # noqa: PLR0913 - a share, how it is drawn, and where its phases begin
    cohort: Cohort,
    measure: str = "missed",
    every: Every = "1w",
    chart: CohortChartKind = "pprime",
    *,
    denominator: Denominator | None = None,
    policies: str | Sequence[str] = (),
    phases: Sequence[tuple[date, str]] = (),
    baseline: int | When | None = None,
    improvement: Improvement | None = None,
) -> AttendanceChart:
    """Whether a service's missed (kept, cancelled) appointments show more than usual variation.

    For following a service over time, and for seeing whether a named change was followed by a
    signal. Not for saying what a policy did (`policy_effect` counts everyone referred; a rate falls
    when those who miss are no longer booked), and not for judging people.

    Parameters
    ----------
    cohort : Cohort
        Appointments that start in ``[observed_from, as_of)`` are seen.
    measure : str
        "missed" (no-show or late cancellation) or another outcome ("attended", "no_show", ...).
    every : {"1w", "1mo", "1q"}
        A point is a calendar week (from Monday), month or quarter in the cohort's time zone. One
        that the data hold in part only, because they begin or end in it, is left out.
    chart : {"pprime", "p", "xmr", "run", "c"}
        "pprime" (Laney's) and "p": the share among the denominator, with limits by its size. "xmr"
        and "run": the share, each point alike. "c": how many, whatever the denominator.
        For "g" and "t", whose points are single events, use `carenotebook.quality.spc`.
    denominator : {"kept_or_missed", "scheduled", "with_early_cancels"}, optional
        As of `carenotebook.attendance`. By default the first that counts the measure.
    policies : str or sequence of str
        Names of policies of the cohort that each open a phase: limits are computed again from the
        first whole period under it.
    phases : sequence of (date, name)
        Further named changes.
    baseline : int or date, optional
        As of `carenotebook.quality.spc`.
    improvement : {"up", "down"}, optional
        Which way is better; by default "up" for attended, else "down".

    Returns
    -------
    AttendanceChart
        tidy(): as of `carenotebook.quality.spc`.

    Raises
    ------
    MissingDataError
        If `policies` are asked for and the cohort has none.
    OptionError
        For an unknown option or policy, one that began at several times, a phase outside the
        series, or no whole period.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=300, seed=1)
    >>> found = cn.control_chart(cohort, every="1mo")
    >>> found.title, found.chart, found.improvement
    ("Missed, of kept or missed: Laney p'-chart", 'pprime', 'down')

    Notes
    -----
    `carenotebook.quality.spc` on the counts of each period.
    """
    check_cohort(cohort, "control_chart()")
    check_option("every", every, get_args(Every))
    check_option("chart", chart, get_args(CohortChartKind))
    share, name = share_of(measure, denominator, _CALLER)
    tallies = by_period(cohort, share, every)
    points, span = _whole(tallies.frame, cohort, every, zeros=chart == "c")
    named = [(at, name) for name, at in _starts(cohort, policies, every)] + list(phases)
    rows = points.with_columns(
        pl.col("numerator").alias(measure)
        if chart in {*SHARES, "c"}
        else (pl.col("numerator") / pl.col("denominator")).alias(measure)
    )
    found = spc(
        rows,
        measure,
        "time",
        chart,
        denominator="denominator" if chart in SHARES else None,
        baseline=baseline,
        phases=sorted(named, key=lambda phase: phase[0]),
        improvement=improvement or ("up" if measure == "attended" else "down"),
        people="clients",
    )
    return AttendanceChart(
        **vars(found), charted=Charted(measure, name, left_out(tallies)), counts=points, span=span
    )


def _whole(
    frame: pl.DataFrame, cohort: Cohort, every: Every, *, zeros: bool
) -> tuple[pl.DataFrame, str]:
    """The periods that the data hold entirely, and what is said of the others."""
    if frame.is_empty():
        raise OptionError(f"{_CALLER}: no appointment seen has an outcome that counts.")
    first, last = frame["period"][0], frame["period"][-1]
    spans = period_starts(first, last, every, cohort.timezone)
    whole = pl.col("ends") <= cohort.as_of
    if cohort.observed_from is not None:
        whole &= pl.col("begins") >= cohort.observed_from
    kept = spans.filter(whole).select("period").join(frame, on="period", how="left")
    kept = kept.with_columns(pl.col(SUMS).fill_null(0)).sort("period")
    points = kept if zeros else kept.filter(pl.col("denominator") > 0)
    if points.is_empty():
        raise OptionError(
            f"{_CALLER}: the data hold no whole {PERIODS[every]}. Take a shorter every=."
        )
    span = f"A point is a calendar {PERIODS[every]} in {cohort.timezone}."
    if spans.height > kept.height:
        span += f" Left out, because the data hold them in part: {spans.height - kept.height}."
    if kept.height > points.height:
        span += f" Without any such appointment: {kept.height - points.height}."
    return points.rename({"period": "time"}), span


def _starts(cohort: Cohort, policies: str | Sequence[str], every: Every) -> list[tuple[str, date]]:
    """From which period on each policy held throughout."""
    wanted = [policies] if isinstance(policies, str) else list(policies)
    starts = {
        name: policy_rows(cohort, name, "control_chart", "policies")["started"].unique()
        for name in wanted
    }
    if any(len(times) > 1 for times in starts.values()):
        raise OptionError(
            f"{_CALLER}: a policy began at several times, so that one phase cannot show it. Name "
            "the change yourself with phases=."
        )
    return [(name, _first_under(starts[name][0], cohort, every)) for name in wanted]


def _first_under(start: datetime, cohort: Cohort, every: Every) -> date:
    when = pl.DataFrame({"start": [start]}, schema={"start": pl.Datetime("us", "UTC")})
    within: date = when.select(calendar_bin("start", every, cohort.timezone)).item()
    span = period_starts(within, within, every, cohort.timezone)
    return (
        within
        if span["begins"][0] == start
        else span.select(pl.col("period").dt.offset_by(every)).item()
    )
