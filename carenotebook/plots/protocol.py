"""Charts of a replayed protocol: how far episodes came, when, and what was waited for."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.criteria.protocol_curves import StageCurves
from carenotebook.criteria.protocol_flow import ENTERED
from carenotebook.criteria.protocol_gate import StageFlow
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.protocol_waiting import Waiting
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import groups_chart, printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, INK, WIDTH, A, extent
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent

_BARS = 460
_SHORTEST = 0.06
"""Share of the scale that a hatched bar takes, whatever it hides."""

_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
"""Stages are told apart by their dashes, and by the name at the end of each line."""


def stages(result: ProtocolReplay | StageFlow, privacy: Privacy | None = None) -> CareChart:
    """A bar a stage: the episodes that reached it; solid, those that went on to the next."""
    rows = _stage_rows(result.released(privacy).frame)
    most = max((r["episodes"] or 0 for r in rows), default=1) or 1
    for row in rows:
        row["stub"] = most * _SHORTEST
    beside = extent([r["label"] for r in rows])
    scale = alt.Scale(domain=[0, most], nice=False)
    axis = alt.Axis(format=",d", tickCount=4, title="Episodes")
    base = over(rows).encode(y=rows_axis(rows, beside))
    hidden = base.transform_filter("datum.episodes == null")
    height = rows_height(rows)
    bars = alt.layer(
        base.mark_bar(fill=A, opacity=0.35, height=16).encode(
            x=alt.X("episodes:Q", scale=scale, axis=axis)
        ),
        base.mark_bar(fill=A, height=16).encode(x=alt.X("onward:Q", scale=scale)),
        hidden.mark_bar(fill=HATCH, height=16).encode(x=alt.X("stub:Q", scale=scale)),
    ).properties(width=max(140, _BARS - beside), height=height)
    whole = alt.hconcat(bars, printed(rows, height, column=60, width=150), spacing=16)
    note = "Bar: episodes that reached the stage. Darker: those that went on to the next."
    words = "; ".join(f"{r['label']}: {', '.join(r['figures'])}" for r in rows).replace("\n", " ")
    return stacked([whole], result.title, f"{result.title}. {words}.", note)


def _stage_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    entered = frame.filter(pl.col("term") == ENTERED).to_dicts()
    rows = []
    for row, following in zip(entered, [*entered[1:], None], strict=True):
        count = row["numerator"]
        onward = None if following is None else following["numerator"]
        label = row["stage"]
        rows.append(
            {
                "label": wrapped(label[:1].upper() + label[1:]),
                "episodes": count,
                "onward": None if count is None else onward,
                "figures": [HIDDEN if count is None else number(count)],
            }
        )
    return rows


def curves(result: StageCurves, privacy: Privacy | None = None) -> CareChart:
    """Cumulative incidence of each stage, a line each with its name at the end."""
    frame = result.released(privacy).frame
    shown = frame.filter(~pl.col(SUPPRESSED)).drop_nulls("estimate")
    columns = ("stage", "day", "estimate", "conf_low", "conf_high")
    rows = shown.select(columns).to_dicts()
    last = max((r["day"] for r in rows), default=1)
    x = alt.X(
        "day:Q",
        scale=alt.Scale(domain=[0, max(last, 1)], nice=False),
        title="Days since an episode is first seen",
        axis=alt.Axis(grid=False, tickCount=6),
    )
    y = alt.Y("estimate:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5))
    layers: list[Any] = [over(rows).mark_point(opacity=0).encode(x=x, y=y)]
    names = frame["stage"].unique(maintain_order=True).to_list()
    for stage in shown.partition_by("stage", maintain_order=True):
        points = stage.select(columns).to_dicts()
        base = over(points).encode(x=x)
        dash = _DASHES[names.index(points[0]["stage"]) % len(_DASHES)]
        layers += [
            base.mark_area(color=A, opacity=0.15, interpolate="step-after").encode(
                y="conf_low:Q", y2="conf_high:Q"
            ),
            base.mark_line(
                stroke=A, strokeWidth=2, strokeDash=dash, interpolate="step-after"
            ).encode(y=y),
            over(points[-1:])
            .mark_text(align="left", dx=6, fill=INK)
            .encode(x=x, y=y, text="stage:N"),
        ]
    chart = alt.layer(*layers).properties(width=WIDTH - 120, height=220)
    words = _curves_said(frame)
    note = "Share of episodes that reached each stage; other ends of care compete. Band: 95 %."
    return stacked([chart], result.title, f"{result.title}. {words}.", note)


def _curves_said(frame: pl.DataFrame) -> str:
    said = []
    for stage in frame.partition_by("stage", maintain_order=True):
        known = stage.drop_nulls("estimate")
        name = stage["stage"][0]
        if known.is_empty():
            said.append(f"{name}: {HIDDEN}")
            continue
        last = known.row(-1, named=True)
        low, high = (percent(last[k], sign=False) for k in ("conf_low", "conf_high"))
        said.append(
            f"{name}: {percent(last['estimate'])} by day {last['day']} (95 % CI {low}-{high})"
        )
    return "; ".join(said)


def waiting(result: Waiting, privacy: Privacy | None = None) -> CareChart:
    """Dot and interval a safeguard: how often it was recorded while its stage lasted."""
    released = result.released(privacy)
    kept = [c for c in released.frame.columns if c not in ("median_days", "person_days")]
    note = "Of the times that a stage began: in how many the safeguard was recorded in it."
    shown = Released(released.frame.select(kept), released.privacy)
    return groups_chart(shown, result.title, subtitle=note)
