"""Decision curves: what a rule is worth as a trigger, against everyone and nobody."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.appraise.deciding import Decision
from carenotebook.appraise.net_values import EVERYONE, NOBODY
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import MUTED, WIDTH, A, B
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import from_to, number, significant

_LOWEST = -0.5
"""Below this everyone is worth so little that the curve would flatten all others."""

_COLUMNS = ("threshold", "estimate", "conf_low", "conf_high")


def decision_chart(result: Decision, privacy: Privacy | None = None) -> CareChart:
    """A panel a rule: its curve with intervals, that of everyone, and a line for nobody."""
    frame = result.released(privacy).frame
    everyone = _rows(frame, EVERYONE)
    names = [n for n in frame["model"].unique(maintain_order=True) if n not in (EVERYONE, NOBODY)]
    panels = [_panel(name, _rows(frame, name), everyone, result) for name in names]
    words = " ".join(_said(n, _rows(frame, n)) for n in (*names, EVERYONE))
    note = (
        "Share of the most that could be had. Circles: the rule, with 95 % intervals. Diamonds, "
        "dashed: everyone. Line at 0: nobody. Values below -0.5 are not drawn."
    )
    return stacked(panels, result.title, f"{result.title}. {note} {words}", note)


def _rows(frame: pl.DataFrame, model: str) -> list[dict[str, Any]]:
    chosen = frame.filter(pl.col("model") == model, ~pl.col(SUPPRESSED)).drop_nulls("estimate")
    return chosen.select(_COLUMNS).to_dicts()


def _panel(
    name: str, mine: list[dict[str, Any]], everyone: list[dict[str, Any]], result: Decision
) -> Any:
    ends = [v for r in mine for v in (r["conf_low"], r["conf_high"]) if v is not None]
    top = max([*ends, *(r["estimate"] for r in everyone), 0.1])
    low = max(_LOWEST, min([*ends, *(r["estimate"] for r in everyone), 0.0]))
    values = sorted({r["threshold"] for r in (*mine, *everyone)})
    for_one = "client found" if result.benefit is None else "extra re-engagement"
    what = "Reviews" if result.action == "review" else "Outreaches"
    x = alt.X(
        "threshold:Q",
        title=f"{what} accepted for one {for_one}",
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(values=values, format="~g", grid=False, labelOverlap=False),
    )
    y = alt.Y(
        "estimate:Q",
        title=None,
        scale=alt.Scale(domain=[low, min(1.0, top + 0.05)], nice=False),
        axis=alt.Axis(tickCount=5, format="~g"),
    )
    rule, others = (over(rows).encode(x=x) for rows in (mine, everyone))
    layers = [
        over([{"estimate": 0.0}]).mark_rule(color=MUTED).encode(y=y),
        others.mark_line(stroke=B, strokeDash=[6, 4], clip=True).encode(y=y),
        others.mark_point(
            shape="diamond", fill=B, filled=True, opacity=1, size=70, clip=True
        ).encode(y=y),
        rule.mark_rule(color=A, strokeWidth=2, clip=True).encode(
            y=alt.Y("conf_low:Q"), y2="conf_high:Q"
        ),
        rule.mark_line(stroke=A, strokeWidth=2, clip=True).encode(y=y),
        rule.mark_point(fill=A, filled=True, opacity=1, size=70, clip=True).encode(y=y),
    ]
    heading = name if mine else f"{name}: {HIDDEN}, or worth nothing at any threshold"
    return alt.layer(*layers).properties(width=WIDTH, height=200, title=heading)


def _said(name: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"{name}: {HIDDEN}."
    points = "; ".join(
        f"{number(r['threshold'])}: {significant(r['estimate'])} "
        f"(95 % CI {from_to(r['conf_low'], r['conf_high'])})"
        for r in rows
    )
    return f"{name}, by actions accepted: {points}."
