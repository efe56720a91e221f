"""Charts of rules side by side."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.appraise.baseline import TableOne
from carenotebook.appraise.compare_result import Comparison, SideBySide
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import groups_chart, printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, INK, A, B, extent
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number

_BARS = 400
_STUB = 0.06
"""Share of the scale that a hatched bar takes, whatever it hides."""


def sides_chart(result: SideBySide, privacy: Privacy | None = None) -> CareChart:
    """Dot and interval a rule."""
    released = result.released(privacy)
    episodes = released.privacy.round(result.comparison.seen.height)
    frame = released.frame.select(
        "rule",
        "estimate",
        "conf_low",
        "conf_high",
        pl.col("flagged").alias("numerator"),
        pl.lit(episodes).alias("denominator"),
        SUPPRESSED,
    )
    note = "Share of episodes put up for review at least once; other ends of care compete."
    return groups_chart(Released(frame, released.privacy), result.title, subtitle=note)


def changes_chart(result: Comparison, privacy: Privacy | None = None) -> CareChart:
    """Clients gained to the right and lost to the left, then earlier and later ones in pale."""
    frame = result.released(privacy).frame.filter(pl.col("clause") == "all")
    rows = [_row(name, frame.filter(rule=name)) for name in list(result.replays)[1:]]
    most = max((abs(r[k]) for r in rows for k in ("ahead", "behind")), default=1) or 1
    for row in rows:
        row |= {"stub": most * _STUB, "back": -most * _STUB}
    beside = extent([r["label"] for r in rows])
    height = rows_height(rows)
    base = over(rows).encode(y=rows_axis(rows, beside))
    scale = alt.Scale(domain=[-most, most], nice=False)
    axis = alt.Axis(labelExpr="format(abs(datum.value), ',d')", tickCount=4, title="Clients")
    bars = alt.layer(
        base.mark_bar(fill=A, height=14).encode(x=alt.X("gained:Q", scale=scale, axis=axis)),
        base.mark_bar(fill=B, height=14).encode(x=alt.X("less:Q", scale=scale)),
        base.mark_bar(fill=A, height=14, fillOpacity=0.4).encode(
            x=alt.X("right:Q", scale=scale), x2="ahead:Q"
        ),
        base.mark_bar(fill=B, height=14, fillOpacity=0.4).encode(
            x=alt.X("less:Q", scale=scale), x2="behind:Q"
        ),
        base.transform_filter("datum.gained == null")
        .mark_bar(fill=HATCH, height=14)
        .encode(x=alt.X("stub:Q", scale=scale)),
        base.transform_filter("datum.lost == null")
        .mark_bar(fill=HATCH, height=14)
        .encode(x=alt.X("back:Q", scale=scale)),
        over([{"zero": 0}]).mark_rule(color=INK).encode(x=alt.X("zero:Q", scale=scale)),
    ).properties(width=max(140, _BARS - beside), height=height)
    whole = alt.hconcat(bars, printed(rows, height, column=190, width=370), spacing=16)
    words = "; ".join(f"{r['name']}: {', '.join(r['figures'])}" for r in rows)
    note = (
        "Right: clients gained, and in pale those flagged earlier. Left: clients lost, and in pale "
        "those flagged later. Hatched: too few, or too telling, to show."
    )
    return stacked([whole], result.title, f"{result.title}. {words}.", note)


def _row(name: str, frame: pl.DataFrame) -> dict[str, Any]:
    told = {r["change"]: r["clients"] for r in frame.iter_rows(named=True)}

    def said(change: str) -> str:
        count = told[change]
        return f"{HIDDEN.lower() if count is None else number(count)} {change}"

    pairs = (("gained", "lost"), ("earlier", "later"))
    right, less = told["gained"] or 0, -(told["lost"] or 0)
    return {
        "right": right,
        "less": less,
        "ahead": right + (told["earlier"] or 0),
        "behind": less - (told["later"] or 0),
        "name": name,
        "label": wrapped(name),
        "gained": told["gained"],
        "lost": told["lost"],
        "figures": [", ".join(map(said, pair)) for pair in pairs],
    }


def table_one_chart(result: TableOne, privacy: Privacy | None = None) -> CareChart:
    """The size of each standardised difference, a row a variable; a dashed line at 0.1."""
    frame = result.released(privacy).frame
    told = frame.filter(pl.col("standardised difference") != "")
    rows = [_difference(r) for r in told.iter_rows(named=True)]
    most = max([0.2, *(r["size"] for r in rows if r["size"] is not None)])
    beside = extent([r["label"] for r in rows])
    height = rows_height(rows)
    base = over(rows).encode(y=rows_axis(rows, beside))
    axis = alt.Axis(tickCount=4, title="Standardised difference, size", grid=True)
    scale = alt.Scale(domain=[0, most * 1.05], nice=False)
    dots = alt.layer(
        base.transform_filter("datum.size == null")
        .mark_bar(fill=HATCH, height=8)
        .encode(x=alt.X("from:Q", scale=scale), x2="until:Q"),
        over([{"at": 0.1}])
        .mark_rule(color=INK, strokeDash=[4, 4])
        .encode(x=alt.X("at:Q", scale=scale, axis=axis)),
        base.transform_filter("datum.size != null")
        .mark_point(filled=True, fill=A, opacity=1, size=70)
        .encode(x=alt.X("size:Q", scale=scale)),
    ).properties(width=max(140, _BARS - beside), height=height)
    for row in rows:
        row |= {"from": 0, "until": most}
    whole = alt.hconcat(dots, printed(rows, height, column=90, width=90), spacing=16)
    words = "; ".join(f"{r['label']}: {r['figures'][0]}" for r in rows)
    note = "Clients put up for review against the others. Dashed: 0.1, a small difference."
    return stacked([whole], result.title, f"{result.title}. {words}.", note)


def _difference(row: dict[str, Any]) -> dict[str, Any]:
    text = row["standardised difference"]
    try:
        size = abs(float(text))
    except (TypeError, ValueError):
        size = None
    return {"label": wrapped(row["variable"]), "size": size, "figures": [text or "not known"]}
