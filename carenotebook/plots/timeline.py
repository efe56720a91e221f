"""Over time: bars of counts, and a rate with its interval above the counts it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import HATCH, MUTED, WIDTH, A, B
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent

NOTE = f"Hatched: {HIDDEN}, too few clients to show."


def timeline_chart(
    released: Released, title: str, x: str = "month", y: str = "clients"
) -> CareChart:
    """Bars of a released count, a period each.

    Parameters
    ----------
    released : Released
    title : str
    x : str
        Column of dates (or of texts in order): the period.
    y : str
        Column of counts.
    """
    frame = released.frame
    part = _bars(frame, x, y, height=160, heading=_words(y))
    return stacked([part], title, _counts_said(frame, title, x, y), _note(frame))


def rate_chart(released: Released, title: str, unit: str) -> CareChart:
    """A rate over `period` with its interval, above the number of `unit` it rests on."""
    frame = released.frame
    line = rate_line(frame, height=180)
    bars = _bars(frame, "period", "denominator", height=60, heading=unit)
    return stacked([line, bars], title, rate_said(frame, title), _note(frame), spacing=8)


def rate_line(
    frame: pl.DataFrame, height: int, heading: str = "", whole: pl.DataFrame | None = None
) -> Any:
    """Line, points and band of one rate; hidden periods hatched; the scale is that of `whole`."""
    rows = [_timed(r, "period") for r in frame.iter_rows(named=True)]
    base = over(rows).encode(x=_time(rows))
    share = alt.Y(
        "estimate:Q",
        title=None,
        scale=alt.Scale(zero=False, domain=_domain(frame if whole is None else whole), nice=False),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    layers = [
        _hatched(base, height),
        base.mark_area(color=A, opacity=0.2).encode(y=alt.Y("conf_low:Q"), y2="conf_high:Q"),
        base.mark_line(stroke=A, strokeWidth=2).encode(y=share),
        base.mark_point(filled=True, fill=A, opacity=1, size=36).encode(y=share),
    ]
    plot = alt.layer(*layers).properties(width=WIDTH, height=height)
    return plot.properties(title=_small_title(heading)) if heading else plot


def count_lines(
    frame: pl.DataFrame, names: Sequence[str], height: int = 180, heading: str = ""
) -> Any:
    """Two series of `numerator` by `state` over `period`: A solid, B dashed, each named."""
    layers = []
    for name, colour, dash, shape in zip(
        names, (A, B), ([1, 0], [6, 3]), ("circle", "diamond"), strict=False
    ):
        part = frame.filter(pl.col("state") == name)
        rows = [_timed(r, "period") for r in part.iter_rows(named=True)]
        base = over(rows).encode(
            x=_time(rows), y=alt.Y("numerator:Q", title=None, axis=alt.Axis(tickCount=5))
        )
        shown = [r for r in rows if r["numerator"] is not None][-1:]
        layers += [
            base.mark_line(stroke=colour, strokeWidth=2, strokeDash=dash),
            base.mark_point(filled=True, fill=colour, shape=shape, opacity=1, size=30),
            over([{**r, "name": _words(name)} for r in shown])
            .mark_text(align="left", dx=8, fill=colour)
            .encode(x=_time(rows), y="numerator:Q", text="name:N"),
        ]
    plot = alt.layer(*layers).properties(width=WIDTH - 60, height=height)
    return plot.properties(title=_small_title(heading)) if heading else plot


def rate_said(frame: pl.DataFrame, title: str) -> str:
    """A rate over time in words."""
    shown = frame.filter(~pl.col(SUPPRESSED)).drop_nulls("estimate")
    hidden = f" {int(frame[SUPPRESSED].sum())} of {frame.height} periods are hidden."
    if shown.is_empty():
        return f"{title}.{hidden}"
    first, last = shown.row(0, named=True), shown.row(-1, named=True)
    low, high = (shown.sort("estimate").row(i, named=True) for i in (0, -1))
    parts = [
        f"{word} {percent(r['estimate'])} in {r['period']} (n {number(r['denominator'])})"
        for word, r in (("first", first), ("lowest", low), ("highest", high), ("last", last))
    ]
    return f"{title}: {', '.join(parts)}.{hidden}"


def _bars(frame: pl.DataFrame, x: str, y: str, height: int, heading: str) -> Any:
    rows = [_timed({**r, "count": r[y]}, x) for r in frame.iter_rows(named=True)]
    base = over(rows).encode(x=_time(rows))
    thick = max(2, min(36, int(WIDTH / max(1, len(rows)) * 0.7)))
    bars = base.mark_bar(fill=A, width=thick).encode(
        y=alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=3, format=",d"))
    )
    return alt.layer(_hatched(base, height, thick), bars).properties(
        width=WIDTH, height=height, title=_small_title(heading)
    )


def _hatched(base: Any, height: int, thick: int = 12) -> Any:
    hidden = base.transform_filter("datum.hidden")
    return hidden.mark_bar(fill=HATCH, width=thick).encode(y=alt.value(0), y2=alt.value(height))


def _time(rows: list[dict[str, Any]]) -> alt.X:
    dates = bool(rows) and rows[0]["dated"]
    if not dates:
        return alt.X("at:O", sort=None, title=None, axis=alt.Axis(labelAngle=0))
    axis = alt.Axis(
        title=None,
        grid=False,
        tickCount=min(6, len(rows)),
        labelAngle=0,
        labelOverlap="greedy",
        labelSeparation=8,
        format="%b %Y",
    )
    return alt.X("at:T", axis=axis, scale=alt.Scale(padding=18))


def _timed(row: dict[str, Any], x: str) -> dict[str, Any]:
    kept = ("estimate", "conf_low", "conf_high", "numerator", "denominator", "count")
    at = row[x]
    dated = isinstance(at, date | datetime)
    text = f"{at:%Y-%m-%d}T00:00:00" if dated else str(at)
    figures = {k: row[k] for k in kept if k in row}
    return {"at": text, "dated": dated, "hidden": row[SUPPRESSED], **figures}


def _domain(frame: pl.DataFrame) -> list[float]:
    ends = pl.concat([frame["conf_low"], frame["conf_high"]]).drop_nulls().to_list()
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return [max(0.0, int(low * 10) / 10), min(1.0, (int(high * 10 - 1e-9) + 1) / 10)]


def _small_title(text: str) -> alt.TitleParams:
    return alt.TitleParams(
        text=text, fontSize=12, fontWeight="normal", color=MUTED, anchor="start", offset=6
    )


def _counts_said(frame: pl.DataFrame, title: str, x: str, y: str) -> str:
    shown = [
        f"{r[x]}: {HIDDEN if r[y] is None else number(r[y])}" for r in frame.iter_rows(named=True)
    ]
    return f"{title}, {_words(y)}: " + "; ".join(shown) + "."


def _note(frame: pl.DataFrame) -> str:
    return NOTE if frame[SUPPRESSED].any() else ""


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
