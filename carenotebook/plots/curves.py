"""Curves over time since the start: still in care, or left in each way."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, spread_out, stacked
from carenotebook.plots.theme import INK, LINE, MUTED, WIDTH, A, B, extent
from carenotebook.results.words import number, percent

if TYPE_CHECKING:
    from carenotebook.effects.competing import CumulativeIncidenceCurve
    from carenotebook.effects.curves import SurvivalCurve
    from carenotebook.privacy import Privacy

_HEIGHT = 220
_STYLES = ((A, [1, 0]), (B, [6, 4]), (INK, [2, 3]), (MUTED, [8, 3, 2, 3]))
MOST_LINES = 4


def survival_chart(result: SurvivalCurve, privacy: Privacy | None = None) -> CareChart:
    """Steps down from everyone, with the interval's ends as thin lines."""
    released = result.released(privacy)
    return _steps(released.frame, list(result.by), result.title, 1.0)


def incidence_chart(result: CumulativeIncidenceCurve, privacy: Privacy | None = None) -> CareChart:
    """Steps up from nobody, a line an end."""
    released = result.released(privacy)
    return _steps(released.frame, [*result.by, "term"], result.title, 0.0)


def _steps(frame: pl.DataFrame, keys: list[str], title: str, start: float) -> CareChart:
    groups = frame.partition_by(keys, maintain_order=True) if keys else [frame]
    known = [g for g in groups if g["estimate"].is_not_null().any()]
    shown = known[:MOST_LINES]
    heights = spread_out([g["estimate"][-1] for g in shown], LINE / _HEIGHT)
    layers: list[Any] = []
    for group, height, (colour, dash) in zip(shown, heights, cycle(_STYLES), strict=False):
        layers += [*_line(group, start, colour, dash), _label(group, keys, height, colour)]
    if not layers:
        layers = [over([{"text": "Hidden: too few"}]).mark_text(fill=INK).encode(text="text:N")]
    beside = extent([_name(g, keys) for g in shown])
    chart = alt.layer(*layers).properties(width=WIDTH - beside, height=_HEIGHT)
    hidden = len(groups) - len(known)
    more = max(0, len(known) - MOST_LINES)
    notes = [f"{hidden} hidden"] * bool(hidden) + [f"{more} more in the table"] * bool(more)
    return stacked([chart], title, _said(groups, keys, title), "; ".join(notes))


def _line(group: pl.DataFrame, start: float, colour: str, dash: list[int]) -> list[Any]:
    rows = group.select("time", "estimate", "conf_low", "conf_high").to_dicts()
    first = {"time": 0.0, "estimate": start, "conf_low": start, "conf_high": start}
    base = over([first, *rows]).encode(
        x=alt.X("time:Q", title=None, axis=alt.Axis(grid=False), scale=alt.Scale(nice=False))
    )
    axis = alt.Axis(format=".0%", grid=True)
    y = alt.Y("estimate:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, 1]))
    thin = {"color": colour, "strokeWidth": 0.75, "interpolate": "step-after"}
    line = base.mark_line(color=colour, strokeWidth=2, strokeDash=dash, interpolate="step-after")
    return [
        base.mark_line(**thin).encode(y=alt.Y("conf_low:Q", title=None)),
        base.mark_line(**thin).encode(y=alt.Y("conf_high:Q", title=None)),
        line.encode(y=y),
    ]


def _label(group: pl.DataFrame, keys: list[str], height: float, colour: str) -> Any:
    row = {"time": group["time"][-1], "at": height, "name": _name(group, keys)}
    text = over([row]).mark_text(align="left", dx=6, fill=colour)
    return text.encode(x="time:Q", y="at:Q", text="name:N")


def _name(group: pl.DataFrame, keys: list[str]) -> str:
    named = (f"{k} {group[k][0]}" if group.schema[k].is_numeric() else group[k][0] for k in keys)
    return ", ".join(str(n).replace("_", " ") for n in named)


def _said(groups: list[pl.DataFrame], keys: list[str], title: str) -> str:
    texts = []
    for group in groups:
        last = group.row(-1, named=True)
        name = _name(group, keys) or "All"
        told = "hidden" if last["estimate"] is None else percent(last["estimate"])
        when = "" if last["time"] is None else f" at {number(last['time'])}"
        texts.append(f"{name}: {told}{when}")
    return f"{title}. {'; '.join(texts)}."
