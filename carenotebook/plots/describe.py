"""Charts of the descriptions: attendance, panel, gaps, capacity, outcomes."""

from __future__ import annotations

import polars as pl

from carenotebook.describe.attendance import Attendance
from carenotebook.describe.capacity import Capacity
from carenotebook.describe.gaps import Gaps
from carenotebook.describe.outcomes import Outcomes
from carenotebook.describe.panel import OutcomePanel
from carenotebook.plots.chart import CareChart, stacked
from carenotebook.plots.groups import dots, groups_chart, label_extent, said
from carenotebook.plots.timeline import NOTE, count_lines, rate_chart, rate_line, rate_said
from carenotebook.privacy import Privacy, Released
from carenotebook.results.display import heading
from carenotebook.results.words import number

_MOST_GROUPS = 6
"""More small multiples than this are not drawn; the table has them all."""

_SECTIONS = {
    "people": "Episodes, by latest outcome or where else they stand",
    "appointments": "Appointments, by outcome",
}


def attendance_chart(result: Attendance, privacy: Privacy | None = None) -> CareChart:
    """A line over time, dots by group, or a small line a group."""
    released = result.released(privacy)
    if result.every is None:
        return groups_chart(released, result.title)
    if not result.by:
        return rate_chart(released, result.title, "Appointments kept or missed, and counted")
    groups = released.frame.partition_by(result.by, maintain_order=True)
    shown = groups[:_MOST_GROUPS]
    names = [", ".join(str(g[c][0]) for c in result.by) for g in shown]
    lines = [rate_line(g, 90, name, released.frame) for g, name in zip(shown, names, strict=True)]
    words = " ".join(rate_said(g, name) for g, name in zip(shown, names, strict=True))
    cut = (
        f"The {_MOST_GROUPS} largest of {len(groups)} groups. " if len(groups) > len(shown) else ""
    )
    note = NOTE if released.hidden else ""
    return stacked(lines, result.title, f"{result.title}. {words}", f"{cut}{note}".strip())


def panel_chart(result: OutcomePanel, privacy: Privacy | None = None) -> CareChart:
    """Everyone by state, then every appointment by outcome."""
    return _sectioned(result.released(privacy), result.title, "section")


def gaps_chart(result: Gaps, privacy: Privacy | None = None) -> CareChart:
    """Shares of long gaps, with the median in the heading."""
    released = result.released(privacy)
    frame = released.frame
    over = frame.filter(pl.col("unit") == "share")
    medians = frame.filter(pl.col("term") == "median")
    parts = [
        f"{heading(r['section'])}: median {number(r['estimate'])} days "
        f"({number(r['clients'])} clients)"
        for r in medians.iter_rows(named=True)
        if r["estimate"] is not None
    ]
    chart = _sectioned(Released(over, released.privacy), result.title, "section")
    return stacked(
        chart.vconcat, result.title, f"{'. '.join(parts)}. {chart.alternative}", "; ".join(parts)
    )


def capacity_chart(result: Capacity, privacy: Privacy | None = None) -> CareChart:
    """Slots kept and lost per week."""
    released = result.released(privacy)
    frame = released.frame
    lines = count_lines(frame, ("kept", "lost"), heading="Slots a week")
    words = " ".join(
        _span(frame.filter(pl.col("state") == name), name) for name in ("kept", "lost")
    )
    note = "Weeks without a mark are hidden." if released.hidden else ""
    return stacked([lines], "Therapist slots kept and lost per week", words, note)


def outcomes_chart(result: Outcomes, privacy: Privacy | None = None) -> CareChart:
    """Shares of each instrument."""
    released = result.released(privacy)
    shares = released.frame.filter(pl.col("unit") == "share")
    return _sectioned(Released(shares, released.privacy), result.title, "instrument")


def _sectioned(released: Released, title: str, column: str) -> CareChart:
    sections = released.frame.partition_by(column, maintain_order=True)
    names = [_SECTIONS.get(s[column][0], heading(str(s[column][0]))) for s in sections]
    beside = max((label_extent(s.drop(column)) for s in sections), default=0.0)
    parts = [
        dots(s.drop(column), heading=name, beside=beside)
        for s, name in zip(sections, names, strict=True)
    ]
    words = " ".join(said(s.drop(column), name) for s, name in zip(sections, names, strict=True))
    return stacked(parts, title, words)


def _span(frame: pl.DataFrame, name: str) -> str:
    shown = frame["numerator"].drop_nulls()
    if shown.is_empty():
        return f"{heading(name)}: hidden in every week."
    low, high = (number(float(v)) for v in (shown.min(), shown.max()))  # type: ignore[arg-type]
    hidden = frame.height - shown.len()
    return f"{heading(name)}: between {low} and {high} slots a week; {hidden} weeks hidden."
