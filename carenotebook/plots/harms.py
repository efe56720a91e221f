"""A chart of harms: acting and not acting, per 1,000 referred, on one axis."""

from __future__ import annotations

from typing import Any

import altair as alt

from carenotebook.appraise.per_thousand import IN_APPOINTMENTS, Harms
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, WIDTH, A, B, extent
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number

_FIGURES = 120
_HEADINGS = {
    "acting": "Harms of acting",
    "not acting": "Harms of not acting",
    "appointments": "Harms of not acting, in appointments",
}


def harms_chart(result: Harms, privacy: Privacy | None = None) -> CareChart:
    """A panel a side: circles for acting, diamonds for not acting."""
    frame = result.released(privacy).frame
    known = [_row(r) for r in frame.iter_rows(named=True) if not r["needs"]]
    lacking = [r["harm"] for r in frame.iter_rows(named=True) if r["needs"]]
    panels = [
        _panel([r for r in known if r["panel"] == panel], heading, known)
        for panel, heading in _HEADINGS.items()
        if any(r["panel"] == panel for r in known)
    ]
    words = "; ".join(f"{r['side']}, {r['said']}: {r['figures'][0]}" for r in known)
    note = "Per 1,000 referred; the sides do not add up."
    note += f" Not known, for lack of data: {'; '.join(lacking)}." if lacking else ""
    return stacked(panels, result.title, f"{result.title}. {words}. {note}", note)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": wrapped(row["harm"]),
        "said": row["harm"],
        "side": row["side"],
        "panel": "appointments" if row["unit"] == IN_APPOINTMENTS else row["side"],
        "hidden": row[SUPPRESSED],
        "figures": [_figure(row)],
        **{k: row[k] for k in ("estimate", "conf_low", "conf_high")},
    }


def _figure(row: dict[str, Any]) -> str:
    if row[SUPPRESSED]:
        return HIDDEN
    if row["estimate"] is None:
        return "unknown"
    low, high = (number(row[k]) for k in ("conf_low", "conf_high"))
    return f"{number(row['estimate'])} ({low}\N{EN DASH}{high})"


def _panel(rows: list[dict[str, Any]], heading: str, every: list[dict[str, Any]]) -> Any:
    acting = rows[0]["side"] == "acting"
    most = max((r["conf_high"] or 0 for r in rows), default=0) or 1
    beside = extent([r["label"] for r in every])
    base = over([{**r, "from": 0, "until": most} for r in rows]).encode(y=rows_axis(rows, beside))
    scale = alt.Scale(domain=[0, most], nice=True)
    axis = alt.Axis(grid=True, tickCount=4, title=None)
    shown = base.transform_filter("datum.estimate != null")
    hidden = base.transform_filter("datum.hidden")
    colour = A if acting else B
    layers = [
        hidden.mark_bar(fill=HATCH, height=8).encode(x=alt.X("from:Q", scale=scale), x2="until:Q"),
        shown.mark_rule(color=colour, strokeWidth=2).encode(
            x=alt.X("conf_low:Q", scale=scale, axis=axis), x2="conf_high:Q"
        ),
        shown.mark_point(
            filled=True,
            fill=colour,
            opacity=1,
            size=70 if acting else 80,
            shape="circle" if acting else "diamond",
        ).encode(x=alt.X("estimate:Q", scale=scale)),
    ]
    height = rows_height(rows)
    plot = alt.layer(*layers).properties(
        width=max(160, WIDTH + 40 - _FIGURES - beside), height=height
    )
    joined = alt.hconcat(plot, printed(rows, height, width=_FIGURES), spacing=16)
    return joined.properties(title=heading)
