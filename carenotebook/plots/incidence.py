"""Cumulative incidence: a step curve with its band and the numbers at risk."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import INK, MUTED, WIDTH, A
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent

_PRINTED = 7
"""How many numbers at risk are printed."""


def incidence_chart(released: Released, title: str, subtitle: str = "") -> CareChart:
    """A cumulative incidence over days, ending where too few remain to be shown.

    Parameters
    ----------
    released : Released
        Columns day, estimate, conf_low, conf_high, at_risk; hidden rows are left out of the curve.
    title, subtitle : str
    """
    frame = released.frame.sort("day")
    shown = frame.filter(~pl.col(SUPPRESSED)).drop_nulls("estimate")
    columns = ("day", "estimate", "conf_low", "conf_high", "at_risk")
    rows = shown.select(columns).to_dicts()
    last = max((r["day"] for r in frame.iter_rows(named=True)), default=1)
    days = alt.Scale(domain=[0, max(last, 1)], nice=False)
    printed = _printed(rows)
    axis = alt.Axis(grid=False, values=[r["day"] for r in printed])
    base = over(rows).encode(
        x=alt.X("day:Q", scale=days, title="Days since an episode is first seen", axis=axis)
    )
    share = alt.Y(
        "estimate:Q",
        title=None,
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    curve = alt.layer(
        base.mark_area(color=A, opacity=0.2, interpolate="step-after").encode(
            y=alt.Y("conf_low:Q"), y2="conf_high:Q"
        ),
        base.mark_line(stroke=A, strokeWidth=2, interpolate="step-after").encode(y=share),
    ).properties(width=WIDTH, height=200)
    return stacked([curve, _at_risk(printed, days)], title, _said(frame, rows, title), subtitle, 8)


def _printed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose day and number at risk stand below the curve."""
    known = [r for r in rows if r["at_risk"] is not None]
    apart = max((r["day"] for r in known), default=0) / _PRINTED
    chosen: list[dict[str, Any]] = []
    for row in known:
        if not chosen or row["day"] >= chosen[-1]["day"] + apart:
            chosen.append({**row, "text": number(row["at_risk"])})
    return chosen


def _at_risk(printed: list[dict[str, Any]], days: alt.Scale) -> Any:
    return (
        over(printed)
        .mark_text(fill=INK, baseline="middle")
        .encode(x=alt.X("day:Q", scale=days, axis=None), y=alt.value(8), text="text:N")
        .properties(
            width=WIDTH,
            height=16,
            title=alt.TitleParams(
                "At risk", fontSize=12, fontWeight="normal", color=MUTED, anchor="start", offset=2
            ),
        )
    )


def _said(frame: pl.DataFrame, rows: list[dict[str, Any]], title: str) -> str:
    if not rows:
        return f"{title}. {HIDDEN}."
    chosen = _printed(rows)
    if chosen and chosen[-1]["day"] < rows[-1]["day"]:
        chosen.append(rows[-1])
    points = "; ".join(
        f"day {number(r['day'])}: {percent(r['estimate'])} "
        f"(95 % CI {percent(r['conf_low'], sign=False)}-{percent(r['conf_high'], sign=False)}), "
        f"{HIDDEN if r['at_risk'] is None else number(r['at_risk'])} at risk"
        for r in chosen
    )
    cut = " The curve ends where too few remain to be shown." if frame.height > len(rows) else ""
    return f"{title}. {points}.{cut}"
