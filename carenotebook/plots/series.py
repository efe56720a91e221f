"""An interrupted time series: seen, fitted, and expected without the change."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import INK, MUTED, WIDTH, A, B
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.effects.its import InterruptedTimeSeries
    from carenotebook.privacy import Privacy

_HEIGHT = 240
LEGEND = "Points: observed. Line: fitted. Dashed: expected without the change. Vertical: the start."


def series_chart(result: InterruptedTimeSeries, privacy: Privacy | None = None) -> CareChart:
    """Points with the fitted line, and the expected one, dashed, from the start on."""
    frame = result.released_points(privacy).frame
    control = " Grey squares: the control series." if "control" in frame["series"] else ""
    said = " ".join(result.summary(privacy).splitlines())
    part = series_part(result, frame)
    return stacked([part], result.title, _said(frame, said), legend_of(frame) + control)


def legend_of(frame: pl.DataFrame) -> str:
    """What the marks mean, and how many points are hidden."""
    hidden = int(frame[SUPPRESSED].sum())
    return LEGEND + (
        f" Hidden, for few events or people: {hidden} point{'s' * (hidden > 1)}." if hidden else ""
    )


def series_part(result: InterruptedTimeSeries, frame: pl.DataFrame) -> Any:
    """The plot of released points, to be put beside others."""
    temporal = frame.schema["time"].is_temporal()
    x = alt.X(
        "time:T" if temporal else "time:Q",
        title=None,
        axis=alt.Axis(grid=False, tickCount=6),
        scale=alt.Undefined if temporal else alt.Scale(zero=False, nice=False),
    )
    start = _plain(result.start)
    layers: list[Any] = [
        over([{"time": start}]).mark_rule(color=MUTED, strokeWidth=1).encode(x=x),
        *_lines(frame.filter(series="control"), x, MUTED, "square"),
        *_lines(frame.filter(series="observed"), x, A, "circle"),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT)


def _lines(frame: pl.DataFrame, x: alt.X, colour: str, shape: str) -> list[Any]:
    if frame.is_empty():
        return []
    rows = [_point(r) for r in frame.iter_rows(named=True)]
    after = [r for r in rows if r["after"]]
    y = alt.Y(
        "observed:Q", title=None, scale=alt.Scale(zero=False, padding=8), axis=alt.Axis(grid=True)
    )
    line = alt.Y("fitted:Q", title=None)
    expected = over(after).mark_line(color=B, strokeDash=[6, 4], strokeWidth=2)
    return [
        over([r for r in rows if r["observed"] is not None])
        .mark_point(filled=True, fill=colour, opacity=0.8, size=28, shape=shape)
        .encode(x=x, y=y),
        *(
            over(part)
            .mark_line(color=INK if colour == A else colour, strokeWidth=2)
            .encode(x=x, y=line)
            for part in ([r for r in rows if not r["after"]], after)
        ),
        *([expected.encode(x=x, y=alt.Y("expected:Q", title=None))] if colour == A else []),
    ]


def _point(row: dict[str, Any]) -> dict[str, Any]:
    kept = {k: row[k] for k in ("observed", "fitted", "expected", "after")}
    return {"time": _plain(row["time"]), **kept}


def _plain(time: Any) -> Any:
    return time.isoformat() if isinstance(time, date) else time


def _said(frame: pl.DataFrame, summary: str) -> str:
    last = frame.filter(series="observed").row(-1, named=True)
    return (
        f"{summary} At the last point {significant(last['fitted'])} was fitted and "
        f"{significant(last['expected'])} expected without the change."
    )
