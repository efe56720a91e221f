"""Dot and interval a row: proportions of groups, terms or states."""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt
import polars as pl

from carenotebook.core.spoken import spoken
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import HATCH, INK, LINE, MUTED, ROW, WIDTH, A, extent
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.proportions import COLUMNS
from carenotebook.results.words import number, percent

_NOT_LABELS = (*COLUMNS, SUPPRESSED, "denominator_name", "unit", "section", "hours")
_FIGURES = 240
"""Pixels beside the plot for the figures in print."""

_BESIDE = 40
"""What the vertical axis of other charts takes, so that all come out equally wide."""

_NARROWEST = 140

_LETTERS = 36
"""Letters of a line of a label."""


def groups_chart(
    released: Released, title: str, reference: float | None = None, subtitle: str = ""
) -> CareChart:
    """A row a group, in the order of the frame: dot, interval, and the figures in print.

    Parameters
    ----------
    released : Released
        From `carenotebook.results.proportions.release_proportions`.
    title : str
    reference : float, optional
        A share to draw a dashed line at, such as that of everyone together. It must be a released
        one.
    subtitle : str
    """
    part = dots(released.frame, reference)
    return stacked([part], title, said(released.frame, title), subtitle)


def dots(
    frame: pl.DataFrame, reference: float | None = None, heading: str = "", beside: float = 0
) -> Any:
    """The dots and intervals of a released frame, with `beside` pixels or more for its labels."""
    rows = [_row(r, labels_of(frame)) for r in frame.iter_rows(named=True)]
    taken = max(beside, extent([r["label"] for r in rows]))
    base = over(rows).encode(y=rows_axis(rows, taken))
    domain = _domain(rows, reference)
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    axis = alt.Axis(format=".0%", grid=True, tickCount=4)
    shown = base.transform_filter("datum.estimate != null")
    hidden = base.transform_filter("datum.hidden")
    layers: list[Any] = [
        hidden.mark_bar(fill=HATCH, height=8).encode(x=alt.X("from:Q", scale=scale), x2="until:Q"),
        shown.mark_rule(color=A, strokeWidth=2).encode(
            x=alt.X("conf_low:Q", scale=scale, axis=axis, title=None), x2="conf_high:Q"
        ),
        shown.mark_point(filled=True, fill=A, opacity=1, size=70).encode(
            x=alt.X("estimate:Q", scale=scale)
        ),
    ]
    for row in rows:
        row["from"], row["until"] = domain
    if reference is not None:
        line = over([{"at": reference}])
        layers.append(
            line.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x=alt.X("at:Q", scale=scale))
        )
    height = rows_height(rows)
    free = WIDTH + _BESIDE - _FIGURES - taken
    plot = alt.layer(*layers).properties(width=max(_NARROWEST, free), height=height)
    joined = alt.hconcat(plot, printed(rows, height), spacing=16)
    return joined.properties(title=heading) if heading else joined


def printed(
    rows: list[dict[str, Any]], height: int, column: int = 145, width: int = _FIGURES
) -> Any:
    """Columns of text beside a horizontal chart: the `figures` of each row."""
    columns = range(max((len(r["figures"]) for r in rows), default=1))
    texts = [
        over([{"label": r["label"], "text": "".join(r["figures"][i : i + 1])} for r in rows])
        .mark_text(align="left", fill=INK, x=i * column)
        .encode(y=rows_axis(rows, None), text="text:N")
        for i in columns
    ]
    return alt.layer(*texts).properties(width=width, height=height)


def labels_of(frame: pl.DataFrame) -> list[str]:
    """Columns that name a row; a term that all share does not."""
    names = [c for c in frame.columns if c not in _NOT_LABELS and not c.startswith("clients_")]
    varied = [c for c in names if c != "term" or frame[c].n_unique() > 1]
    return varied or names[:1]


def label_extent(frame: pl.DataFrame) -> float:
    """Pixels that the labels of a frame may take."""
    names = labels_of(frame)
    return extent([_row(r, names)["label"] for r in frame.iter_rows(named=True)])


def said(frame: pl.DataFrame, title: str) -> str:
    """The rows in words."""
    rows = [_row(r, labels_of(frame)) for r in frame.iter_rows(named=True)]
    return (
        f"{title}. "
        + "; ".join(f"{_one_line(r['label'])}: {', '.join(r['figures'])}" for r in rows)
        + "."
    )


def _row(row: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    label = wrapped(", ".join(_label(c, row[c]) for c in labels) or "All")
    figures = {k: row[k] for k in ("estimate", "conf_low", "conf_high")}
    return {"label": label, "hidden": row[SUPPRESSED], "figures": _figures(row), **figures}


def _one_line(label: str) -> str:
    return label.replace("\n", " ")


def _label(column: str, value: Any) -> str:
    return spoken(str(value)) if column in ("term", "state") else str(value)


def _figures(row: dict[str, Any]) -> list[str]:
    if row[SUPPRESSED]:
        return [HIDDEN]
    if row["estimate"] is None:
        return ["nobody to count"]
    low, high = (percent(row[k], sign=False) for k in ("conf_low", "conf_high"))
    rate = f"{percent(row['estimate'])} ({low}\N{EN DASH}{high})"
    return [rate, f"{number(row['numerator'])} of {number(row['denominator'])}"]


def rows_axis(rows: list[dict[str, Any]], beside: float | None) -> alt.Y:
    """One row a label, in the order of the rows; `beside` None: no labels."""
    order = [r["label"] for r in rows]
    if beside is None:
        return alt.Y("label:N", sort=order, axis=None)
    axis = alt.Axis(
        title=None,
        ticks=False,
        domain=False,
        labelColor=INK,
        labelPadding=8,
        labelExpr="split(datum.label, '\\n')",
        minExtent=beside,
    )
    return alt.Y("label:N", sort=order, axis=axis)


def wrapped(label: str) -> str:
    """A label broken into lines that fit beside a plot."""
    return "\n".join(textwrap.wrap(label, _LETTERS)) or label


def rows_height(rows: list[dict[str, Any]]) -> int:
    """Pixels of all rows, each as high as the label of most lines needs."""
    lines = max((r["label"].count("\n") for r in rows), default=0)
    return (ROW + LINE * lines) * len(rows)


def _domain(rows: list[dict[str, Any]], reference: float | None) -> list[float]:
    """The range of the intervals in steps of 10 %, within 0 to 100 %."""
    ends = [r[k] for r in rows for k in ("conf_low", "conf_high") if r[k] is not None]
    ends += [] if reference is None else [reference]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return [max(0.0, int(low * 10) / 10), min(1.0, (int(high * 10 - 1e-9) + 1) / 10)]
