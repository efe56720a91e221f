"""Charts of a sweep: a curve along one parameter, or a grid of numbers over two."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.criteria.sweep_choice import Chosen
from carenotebook.criteria.sweep_result import Sweep, said_cell
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import groups_chart
from carenotebook.plots.theme import GRID, HATCH, INK, WIDTH, A
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import percent

_CELL = 30
_PANELS = 6
_STEPS = 5


def sweep_chart(result: Sweep, privacy: Privacy | None = None) -> CareChart:
    """Share put up for review in each cell: dots along one parameter, else a grid."""
    frame = result.released(privacy).frame
    names = sorted(result.parameters, key=lambda n: -len(result.run.grid.axes[n]))
    note = f"Share of episodes put up for review {result.when}; other ends of care compete."
    if frame[SUPPRESSED].any():
        note += f" Hatched: {HIDDEN}."
    if len(names) == 1:
        return _along(frame, names[0], result.title, note)
    return _grids(frame, names, result.title, note.replace("Share", "Per cent"))


def chosen_chart(result: Chosen, privacy: Privacy | None = None) -> CareChart:
    """The two parts, the later one being evidence."""
    frame = result.released(privacy)
    renamed = frame.frame.rename(
        {"incidence": "estimate", "flagged": "numerator", "episodes": "denominator"}
    ).drop("of_clients", "median_days", *result.parameters)
    return groups_chart(Released(renamed, frame.privacy), result.title)


def _along(frame: pl.DataFrame, name: str, title: str, note: str) -> CareChart:
    rows = _rows(frame, [name])
    order = [r["x"] for r in rows]
    base = over(rows).encode(x=alt.X("x:O", sort=order, title=name, axis=alt.Axis(labelAngle=0)))
    scale = alt.Scale(domain=[0, max((r["conf_high"] or 0 for r in rows), default=1) or 1])
    shown = base.transform_filter("datum.estimate != null")
    axis = alt.Axis(format=".0%", tickCount=5, title=None)
    layers = alt.layer(
        base.transform_filter("datum.hidden")
        .mark_bar(fill=HATCH, width=14)
        .encode(y=alt.datum(0), y2=alt.datum(scale.domain[1])),
        shown.mark_rule(color=A, strokeWidth=2).encode(
            y=alt.Y("conf_low:Q", scale=scale, axis=axis), y2="conf_high:Q"
        ),
        shown.mark_point(filled=True, fill=A, opacity=1, size=70).encode(
            y=alt.Y("estimate:Q", scale=scale)
        ),
    ).properties(width=WIDTH, height=240)
    return stacked([layers], title, _said(rows, title), note)


def _grids(frame: pl.DataFrame, names: list[str], title: str, note: str) -> CareChart:
    """The two longest parameters span a grid; the others have a panel each combination."""
    across, down, *others = names
    parts = frame.partition_by(others, maintain_order=True) if others else [frame]
    rows = [_rows(p, [across, down]) for p in parts]
    most = max((r["estimate"] or 0 for part in rows for r in part), default=0) or 1
    panels = []
    for part, cells in zip(parts[:_PANELS], rows, strict=False):
        heading = said_cell(part.row(0, named=True), tuple(others))
        panels.append(_panel(cells, across, down, most, heading))
    if len(parts) > _PANELS:
        note += (
            f" The first {_PANELS} of {len(parts)} combinations of {', '.join(others)} are drawn."
        )
    words = [r for part in rows[:_PANELS] for r in part]
    return stacked(panels, title, _said(words, title), note)


def _panel(cells: list[dict[str, Any]], across: str, down: str, most: float, heading: str) -> Any:
    for cell in cells:
        share = (cell["estimate"] or 0) / most
        cell["shade"] = round(0.1 + 0.1 * min(_STEPS - 1, int(share * _STEPS)), 1)
    columns, lines = (list(dict.fromkeys(c[k] for c in cells)) for k in ("x", "y"))
    flat = alt.Axis(domain=False, ticks=False, labelAngle=0)
    base = over(cells).encode(
        x=alt.X("x:O", sort=columns, title=across, axis=flat),
        y=alt.Y("y:O", sort=lines, title=down, axis=flat),
    )
    shown = base.transform_filter("!datum.hidden")
    width = max(_CELL, WIDTH // max(len(columns), 3))
    chart = alt.layer(
        shown.mark_rect(fill=A, stroke=GRID).encode(
            fillOpacity=alt.FillOpacity("shade:Q", scale=None)
        ),
        base.transform_filter("datum.hidden").mark_rect(fill=HATCH, stroke=GRID),
        shown.mark_text(fill=INK, fontSize=11).encode(text="text:N"),
    ).properties(width=width * len(columns), height=_CELL * len(lines))
    return chart.properties(title=heading) if heading else chart


def _rows(frame: pl.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    places = dict(zip(("x", "y"), names, strict=False))
    figures = ("estimate", "conf_low", "conf_high")
    return [
        {
            **{place: str(row[n]) for place, n in places.items()},
            **{f: row[f] for f in figures},
            "hidden": row[SUPPRESSED],
            "text": HIDDEN if row[SUPPRESSED] else percent(row["estimate"], sign=False),
            "cell": said_cell(row, tuple(c for c in frame.columns if c in names)),
        }
        for row in frame.iter_rows(named=True)
    ]


def _said(rows: list[dict[str, Any]], title: str) -> str:
    words = (f"{r['cell']}: {r['text']}{'' if r['hidden'] else ' %'}" for r in rows[:60])
    more = "" if len(rows) <= 60 else f"; and {len(rows) - 60} more cells, which the table lists"
    return f"{title}. {'; '.join(words)}{more}."
