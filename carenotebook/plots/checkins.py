"""Charts of what clients say gets in the way."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.appraise.obstacle_review import AFTER, NAMED, Obstacles
from carenotebook.appraise.obstacle_rows import NO_OBSTACLE
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import dots, label_extent, printed, rows_axis, rows_height, said
from carenotebook.plots.theme import HATCH, A, B, extent
from carenotebook.plots.timeline import NOTE, rate_line, rate_said
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent

_MOST = 6
"""More small multiples than this are not drawn; the table has them all."""

_BARS = 420
_SHOWN = ("numerator", "denominator", "estimate", "conf_low", "conf_high", SUPPRESSED)
_PARETO = "Named in check-ins, most often first"
_NEXT = "Missed, of the appointments that follow such a check-in"
_NOTE = (
    "Bar: share of check-ins that name it. Diamond: of all that was named, the share so far. "
    "Below, dashed: after check-ins that name none. An obstacle goes along with misses; it need "
    "not lead to them."
)


def obstacles_chart(result: Obstacles, privacy: Privacy | None = None) -> CareChart:
    """A Pareto chart with the misses that follow; lines over time; or dots by group."""
    released = result.released(privacy)
    named = released.frame.filter(pl.col("section") == NAMED)
    if result.every is not None:
        return _over_time(result, named, hides=bool(released.hidden))
    if result.by:
        return _by_group(result, named)
    after = released.frame.filter(pl.col("section") == AFTER)
    none = after.filter(pl.col("term") == NO_OBSTACLE)
    reference = None if none.is_empty() else none["estimate"][0]
    below = after.filter(pl.col("term") != NO_OBSTACLE).select("term", *_SHOWN)
    pareto, words = _pareto(named)
    parts = [pareto, dots(below, reference, _NEXT, label_extent(named.select("term", *_SHOWN)))]
    told = f"{result.title}. {words} {said(below, _NEXT)}"
    if reference is not None:
        told += f" After check-ins that name none: {percent(reference)}."
    return stacked(parts, result.title, told, _NOTE)


def _pareto(named: pl.DataFrame) -> tuple[Any, str]:
    rows = [_bar(r) for r in named.iter_rows(named=True)]
    beside = extent([r["label"] for r in rows])
    base = over(rows).encode(y=rows_axis(rows, beside))
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(format=".0%", tickCount=4, title=None)
    line = base.transform_filter("datum.cumulative != null").encode(
        x=alt.X("cumulative:Q", scale=scale)
    )
    hidden = base.transform_filter("datum.estimate == null")
    height = rows_height(rows)
    bars = alt.layer(
        base.mark_bar(fill=A, height=14).encode(x=alt.X("estimate:Q", scale=scale, axis=axis)),
        hidden.mark_bar(fill=HATCH, height=14).encode(x=alt.X("stub:Q", scale=scale)),
        line.mark_line(color=B, strokeDash=[5, 3], strokeWidth=1.5).encode(order="place:Q"),
        line.mark_point(filled=True, fill=B, shape="diamond", opacity=1, size=60),
    ).properties(width=max(140, _BARS - beside), height=height)
    words = "; ".join(f"{r['label']}: {', '.join(r['figures'])}" for r in rows)
    whole = alt.hconcat(bars, printed(rows, height, column=125, width=210), spacing=16)
    return whole.properties(title=_PARETO), f"{_PARETO}: {words}."


def _bar(row: dict[str, Any]) -> dict[str, Any]:
    figures = [HIDDEN]
    if not row[SUPPRESSED]:
        figures = [f"{number(row['numerator'])} of {number(row['denominator'])}"]
        if row["cumulative"] is not None:
            figures.append(f"{percent(row['cumulative'])} so far")
    told = {k: row[k] for k in ("estimate", "cumulative")}
    label = row["term"].replace("_", " ")
    return {"label": label, "figures": figures, "stub": 0.04, "place": row["cumulative"], **told}


def _by_group(result: Obstacles, named: pl.DataFrame) -> CareChart:
    beside = label_extent(named.select(*result.by, *_SHOWN))
    panels: list[Any] = []
    words = []
    for (term,), rows in named.group_by("term", maintain_order=True):
        heading = str(term).replace("_", " ")
        mine = rows.select(*result.by, *_SHOWN)
        panels.append(dots(mine, heading=heading, beside=beside))
        words.append(said(mine, heading))
    note = "Share of check-ins that name it. Differences describe; they do not explain."
    return stacked(panels, result.title, f"{result.title}. {' '.join(words)}", note)


def _over_time(result: Obstacles, named: pl.DataFrame, *, hides: bool) -> CareChart:
    cells = ["term", *result.by]
    groups = named.partition_by(cells, maintain_order=True)
    shown = groups[:_MOST]
    names = [", ".join(str(g[c][0]).replace("_", " ") for c in cells) for g in shown]
    lines = [rate_line(g, 90, name, named) for g, name in zip(shown, names, strict=True)]
    words = " ".join(rate_said(g, name) for g, name in zip(shown, names, strict=True))
    cut = f"The first {_MOST} of {len(groups)}. " if len(groups) > len(shown) else ""
    note = f"{cut}Share of check-ins that name it. {NOTE if hides else ''}"
    return stacked(lines, result.title, f"{result.title}. {words}", note.strip())
