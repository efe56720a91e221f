"""Horizontal bars: what each clause of a rule leaves."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, INK, A, extent
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number

_BARS = 460
_SHORTEST = 0.06
"""Share of the scale that a hatched bar takes, whatever it hides."""


def attrition_chart(released: Released, title: str, subtitle: str = "") -> CareChart:
    """How many clients remain after each clause, in order; a tick shows the clause alone.

    Parameters
    ----------
    released : Released
        Columns clause, clients (who meet it and every clause before it) and, optionally,
        clients_alone (who meet it alone).
    title, subtitle : str
    """
    rows = _rows(released.frame)
    most = max((r[k] or 0 for r in rows for k in ("clients", "alone")), default=1) or 1
    for row in rows:
        row["stub"] = most * _SHORTEST
    beside = extent([r["label"] for r in rows])
    base = over(rows).encode(y=rows_axis(rows, beside))
    scale = alt.Scale(domain=[0, most], nice=False)
    axis = alt.Axis(format=",d", tickCount=4, title="Clients")
    hidden = base.transform_filter("datum.clients == null")
    height = rows_height(rows)
    bars = alt.layer(
        base.mark_bar(fill=A, height=14).encode(x=alt.X("clients:Q", scale=scale, axis=axis)),
        hidden.mark_bar(fill=HATCH, height=14).encode(x=alt.X("stub:Q", scale=scale)),
        base.mark_tick(thickness=2, size=22, color=INK).encode(x=alt.X("alone:Q", scale=scale)),
    ).properties(width=max(140, _BARS - beside), height=height)
    tick = "Bar: clients left after this clause and those above. Tick: the clause alone."
    words = "; ".join(f"{r['clause']}: {', '.join(r['figures'])}" for r in rows)
    whole = alt.hconcat(bars, printed(rows, height, column=70, width=140), spacing=16)
    note = tick if any(r["alone"] is not None for r in rows) else ""
    return stacked([whole], title, f"{title}. {words}.", subtitle or note)


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for row in frame.iter_rows(named=True):
        left, alone = row["clients"], row.get("clients_alone")
        figures = [_said(left)]
        if alone is not None or ("clients_alone" in row and row[SUPPRESSED]):
            figures.append(f"alone {_said(alone)}")
        rows.append(
            {
                "clause": row["clause"],
                "label": wrapped(row["clause"]),
                "clients": left,
                "alone": alone,
                "figures": figures,
            }
        )
    return rows


def _said(count: int | None) -> str:
    return HIDDEN if count is None else number(count)
