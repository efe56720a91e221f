"""Dot and interval a term: what models estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, MUTED, WIDTH, A, extent
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import from_to, p_value, significant

if TYPE_CHECKING:
    from carenotebook.effects.unmeasured import EValue
    from carenotebook.privacy import Privacy
    from carenotebook.results.estimate import Estimate

_FIGURES = 250
_COLUMN = 175
_NARROWEST = 150


def estimates_chart(result: Estimate, privacy: Privacy | None = None) -> CareChart:
    """A row a term in the order of `tidy`: dot, 95 % interval, and the figures in print."""
    return forest(result.released(privacy).frame, result.title, result.basis.caveat)


def e_values_chart(result: EValue, privacy: Privacy | None = None) -> CareChart:
    """The E-values of estimate and limit against 1, which needs no confounder."""
    return forest(result.released(privacy).frame, result.title, reference=1.0)


def forest(
    frame: pl.DataFrame, title: str, subtitle: str = "", reference: float | None = 0.0
) -> CareChart:
    """Rows of estimates with a dashed line where nothing differs.

    Parameters
    ----------
    frame : polars.DataFrame
        Released: term, estimate, and, where they apply, conf_low, conf_high, p_value; suppressed.
    title, subtitle : str
    reference : float or None
        0 for differences, 1 for ratios, None for no line.
    """
    part = dots_of_terms(frame, reference)
    rows = [_row(r) for r in frame.iter_rows(named=True)]
    return stacked([part], title, _said(rows, title), subtitle)


def dots_of_terms(frame: pl.DataFrame, reference: float | None = 0.0) -> Any:
    """The dots, intervals and figures of `forest`, to be put beside others."""
    rows = [_row(r) for r in frame.iter_rows(named=True)]
    taken = extent([r["label"] for r in rows])
    shown = [r for r in rows if r["estimate"] is not None]
    scale = alt.Scale(domain=_domain(shown, reference), nice=True, zero=False)
    base, height = over(rows).encode(y=rows_axis(rows, taken)), rows_height(rows)
    axis = alt.Axis(grid=True, tickCount=5)
    layers: list[Any] = [
        base.transform_filter("datum.estimate == null").mark_bar(fill=HATCH, height=8),
        base.transform_filter("datum.conf_low != null")
        .mark_rule(color=A, strokeWidth=2)
        .encode(x=alt.X("conf_low:Q", scale=scale, axis=axis, title=None), x2="conf_high:Q"),
        base.transform_filter("datum.estimate != null")
        .mark_point(filled=True, fill=A, opacity=1, size=70)
        .encode(x=alt.X("estimate:Q", scale=scale, axis=axis, title=None)),
    ]
    if reference is not None:
        line = over([{"at": reference}]).mark_rule(color=MUTED, strokeDash=[4, 4])
        layers.append(line.encode(x=alt.X("at:Q", scale=scale)))
    plot = alt.layer(*layers).properties(
        width=max(_NARROWEST, WIDTH + 40 - _FIGURES - taken), height=height
    )
    return alt.hconcat(plot, printed(rows, height, _COLUMN, _FIGURES), spacing=16)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    low, high, p = (row.get(k) for k in ("conf_low", "conf_high", "p_value"))
    figure = significant(row["estimate"])
    inside = f" ({from_to(low, high)})" if low is not None and high is not None else ""
    figures = (
        [HIDDEN] if row[SUPPRESSED] else [figure + inside, p_value(p) if p is not None else ""]
    )
    label = wrapped(str(row["term"]).replace("_", " "))
    return {
        "label": label,
        "estimate": row["estimate"],
        "conf_low": low,
        "conf_high": high,
        "figures": figures,
    }


def _domain(rows: list[dict[str, Any]], reference: float | None) -> list[float]:
    found = [r[k] for r in rows for k in ("estimate", "conf_low", "conf_high")]
    known = [v for v in found if v is not None] + ([] if reference is None else [reference])
    return [min(known, default=0.0), max(known, default=1.0)]


def _said(rows: list[dict[str, Any]], title: str) -> str:
    texts = [f"{r['label']}: {', '.join(f for f in r['figures'] if f)}" for r in rows]
    return f"{title}. {'; '.join(texts)}.".replace("\n", " ")
