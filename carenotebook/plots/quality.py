"""Control charts and funnels, in the colours of 'Making Data Count': never red, amber and green.

Blue circles improve, orange diamonds concern, grey is common cause.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import INK, MUTED, WIDTH, A, B
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.quality.control import VARIATION
from carenotebook.quality.limits import SHARES
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.privacy import Privacy
    from carenotebook.quality.control import ControlChart
    from carenotebook.quality.units import Funnel

_HEIGHT = 240
_MARKS = {"improvement": (A, "circle"), "concern": (B, "diamond")}
_COMMON = (MUTED, "circle")


def control_chart(result: ControlChart, privacy: Privacy | None = None) -> CareChart:
    """The series with its centre, limits, named phases and signals."""
    frame = result.released(privacy).frame
    rows = [_point(r) for r in frame.iter_rows(named=True)]
    base = over(rows).encode(x=_time_axis(frame))
    share = ".0%" if result.chart in SHARES else alt.Undefined
    axis = alt.Axis(grid=True, format=share)
    value = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=axis)
    layers: list[Any] = [
        base.mark_line(color=MUTED, strokeDash=[5, 4], interpolate="step").encode(
            y=alt.Y(f"{end}:Q", title=None), detail="phase:N"
        )
        for end in ("lower", "upper")
    ]
    layers += [
        base.mark_line(color=INK, strokeWidth=1).encode(y="center:Q", detail="phase:N"),
        base.mark_line(color=MUTED, strokeWidth=1.5).encode(y=value, detail="phase:N"),
        *_dots(base, rows, value),
        *_phase_names(result, rows),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT)
    last = next((r["variation"] for r in rows[::-1] if r["variation"]), None)
    said = f"Last point: {VARIATION[last]}. " if last else ""
    legend = f"{said}Blue circles: improvement; orange diamonds: concern; grey: common cause."
    return stacked([chart], result.title, _said(result, frame), legend)


def funnel_chart(result: Funnel, privacy: Privacy | None = None) -> CareChart:
    """Units without their names: size along, ratio up, limits around 1."""
    frame = result.released(privacy).frame
    rows = [r for r in frame.to_dicts() if not r[SUPPRESSED]]
    along = alt.X(
        "expected:Q", title="Expected", scale=alt.Scale(zero=False), axis=alt.Axis(grid=False)
    )
    up = alt.Y("ratio:Q", title=None, scale=alt.Scale(zero=False))
    curve = over(result.curve().to_dicts()).encode(x=along)
    layers: list[Any] = [
        over([{"at": 1.0}]).mark_rule(color=INK).encode(y=alt.Y("at:Q", title=None)),
        *(
            curve.mark_line(color=MUTED, strokeDash=[5, 4]).encode(y=alt.Y(f"{end}:Q", title=None))
            for end in ("lower", "upper")
        ),
        *(
            over([r for r in rows if bool(r["outlier"]) is outside])
            .mark_point(filled=True, opacity=1, size=60, fill=colour, shape=shape)
            .encode(x=along, y=up)
            for outside, (colour, shape) in ((False, _COMMON), (True, _MARKS["concern"]))
        ),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT)
    lines = result.summary(privacy).splitlines()
    legend = (
        "Up: observed for one expected. Each mark is a unit; diamonds lie outside the limits. "
        "Not a ranking."
    )
    return stacked([chart], result.title, " ".join(lines), legend)


def _dots(base: Any, rows: list[dict[str, Any]], value: alt.Y) -> list[Any]:
    kinds = dict.fromkeys(r["variation"] for r in rows if r["value"] is not None)
    layers = []
    for kind in kinds:
        colour, shape = _MARKS.get(kind, _COMMON)
        chosen = base.transform_filter(alt.FieldEqualPredicate(field="variation", equal=kind))
        layers.append(
            chosen.mark_point(filled=True, opacity=1, size=55, fill=colour, shape=shape).encode(
                y=value
            )
        )
    return layers


def _phase_names(result: ControlChart, rows: list[dict[str, Any]]) -> list[Any]:
    order = [r["time"] for r in rows]
    first = {p: next(i for i, r in enumerate(rows) if r["phase"] == p) for p in result.phases if p}
    if not first:
        return []
    at = alt.X(f"time:{_kind(result.points)}")
    starts = [{"time": order[i], "name": p, "late": 2 * i > len(rows)} for p, i in first.items()]
    layers = [over(starts).mark_rule(color=MUTED).encode(x=at)]
    for late, align, dx in ((False, "left", 4), (True, "right", -4)):
        named = [s for s in starts if s["late"] is late]
        if named:
            mark = over(named).mark_text(align=align, dx=dx, y=-6, fill=INK)
            layers.append(mark.encode(x=at, text="name:N"))
    return layers


def _point(row: dict[str, Any]) -> dict[str, Any]:
    time = row["time"]
    return row | {"time": time.isoformat() if isinstance(time, date) else time}


def _kind(frame: pl.DataFrame) -> str:
    dtype = frame.schema["time"]
    return "T" if dtype.is_temporal() else "Q" if dtype.is_numeric() else "O"


def _time_axis(frame: pl.DataFrame) -> alt.X:
    kind = _kind(frame)
    if kind == "O":
        axis = alt.Axis(title=None, grid=False, labelOverlap=True, labelAngle=0)
        return alt.X("time:O", axis=axis, sort=None)
    plain = "d" if kind == "Q" and _are_years(frame["time"]) else alt.Undefined
    axis = alt.Axis(title=None, grid=False, tickCount=6, format=plain)
    scale = alt.Undefined if kind == "T" else alt.Scale(zero=False, nice=False)
    return alt.X(f"time:{kind}", axis=axis, scale=scale)


def _are_years(times: pl.Series) -> bool:
    return times.dtype.is_integer() and bool(times.is_between(1000, 2999).all())


def _said(result: ControlChart, frame: pl.DataFrame) -> str:
    signalling = frame.filter(pl.col("signal").fill_null(value=False))
    points = [
        f"{r['time']}: {significant(r['value'])} ({VARIATION[r['variation']]})"
        for r in signalling.iter_rows(named=True)
    ]
    return f"{' '.join(result.summary().splitlines())} Signals: {'; '.join(points) or 'none'}."
