"""Charts of an ethics review: what a design has, and what records show."""

from __future__ import annotations

from typing import Any

import altair as alt

from carenotebook.appraise.ethics import STATUSES, EthicsReview
from carenotebook.appraise.ethics_records import SafeguardsRecorded, title_of
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import dots, rows_axis, rows_height, said
from carenotebook.plots.theme import INK, WIDTH, A, B, extent
from carenotebook.privacy import Privacy


def review_chart(result: EthicsReview, privacy: Privacy | None = None) -> CareChart:  # noqa: ARG001 - a design holds no client
    """A row a safeguard, a column an answer: circles for what is met, diamonds for what is not."""
    rows: list[dict[str, Any]] = [
        {
            "label": a.safeguard.title,
            "weight": a.safeguard.weight,
            "answer": STATUSES[a.status],
            "met": a.met,
        }
        for a in result.answers
    ]
    panels = [
        _panel([r for r in rows if r["weight"] == weight], heading, rows)
        for weight, heading in (("blocking", "Blocking"), ("advisory", "Advisory"))
        if any(r["weight"] == weight for r in rows)
    ]
    words = "; ".join(f"{r['label']} ({r['weight']}): {r['answer'].lower()}" for r in rows)
    note = "Circle: met, be it only declared. Diamond: not met."
    return stacked(panels, result.title, f"{result.title}. {words}. {note}", note)


def _panel(rows: list[dict[str, Any]], heading: str, every: list[dict[str, Any]]) -> Any:
    beside = extent([r["label"] for r in every])
    axis = alt.Axis(
        orient="top", title=None, grid=True, domain=False, ticks=False, labelAngle=0, labelColor=INK
    )
    columns = alt.X(
        "answer:N",
        sort=list(STATUSES.values()),
        scale=alt.Scale(domain=list(STATUSES.values())),
        axis=axis,
    )
    base = over(rows).encode(y=rows_axis(rows, beside), x=columns)
    met = base.transform_filter("datum.met").mark_point(filled=True, fill=A, opacity=1, size=80)
    lacking = base.transform_filter("!datum.met").mark_point(
        filled=True, fill=B, opacity=1, size=90, shape="diamond"
    )
    drawn = alt.layer(lacking, met)
    return drawn.properties(
        title=heading, width=max(300, WIDTH + 40 - beside), height=rows_height(rows)
    )


def recorded_chart(result: SafeguardsRecorded, privacy: Privacy | None = None) -> CareChart:
    """A row a safeguard: the share of first flags around which it was recorded."""
    frame = result.released(privacy).frame
    named = frame.with_columns(frame["term"].replace({t: title_of(t) for t in frame["term"]}))
    lacking = named.filter(named["needs"] != "")["term"].to_list()
    rows = named.filter(named["needs"] == "").drop("needs")
    note = f"Not known, for lack of data: {'; '.join(lacking)}." if lacking else ""
    return stacked([dots(rows)], result.title, said(rows, result.title), note)
