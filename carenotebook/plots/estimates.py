"""Dot and interval a term: what models estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.core.spoken import spoken
from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.groups import printed, rows_axis, rows_height, wrapped
from carenotebook.plots.theme import HATCH, INK, MUTED, WIDTH, A, B, extent
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import from_to, p_value, significant

if TYPE_CHECKING:
    from carenotebook.effects.beside import EstimatesBeside
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


def beside_chart(result: EstimatesBeside, privacy: Privacy | None = None) -> CareChart:
    """Each estimate a row, with the truth, where it is known, as a line."""
    frame = result.released(privacy).frame.with_columns(p_value=pl.lit(None, pl.Float64))
    nothing = 1.0 if result.ratio else 0.0
    part = dots_of_terms(frame, nothing, result.truth)
    legend = ""
    if result.truth is not None:
        legend = (
            f"Solid line: the truth, {significant(result.truth)}. Orange diamonds: the interval "
            "does not hold it."
        )
    return stacked([part], result.title, " ".join(result.summary(privacy).splitlines()), legend)


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


def dots_of_terms(
    frame: pl.DataFrame, reference: float | None = 0.0, truth: float | None = None
) -> Any:
    """The dots, intervals and figures of `forest`, to be put beside others.

    With a truth, estimates whose interval does not hold it (`holds_truth`) are marked.
    """
    rows = [_row(r) for r in frame.iter_rows(named=True)]
    taken = extent([r["label"] for r in rows])
    known = [v for v in (reference, truth) if v is not None]
    scale = alt.Scale(domain=_domain(rows, known), nice=True, zero=False)
    base, height = over(rows).encode(y=rows_axis(rows, taken)), rows_height(rows)
    x = alt.X(
        "estimate:Q",
        scale=scale,
        axis=alt.Axis(grid=True, tickCount=4, labelSeparation=8),
        title=None,
    )
    layers: list[Any] = [
        base.transform_filter("datum.estimate == null").mark_bar(fill=HATCH, height=8),
        *(
            layer
            for missed, colour, shape in ((False, A, "circle"), (True, B, "diamond"))
            for layer in _estimates(base.transform_filter(_told(missed)), x, colour, shape)
        ),
    ]
    lines = ((reference, {"color": MUTED, "strokeDash": [4, 4]}), (truth, {"color": INK}))
    layers += [
        over([{"at": at}]).mark_rule(**look).encode(x=alt.X("at:Q", scale=scale))
        for at, look in lines
        if at is not None
    ]
    beside = _FIGURES if any(r["figures"][1:] != [""] for r in rows) else _COLUMN
    plot = alt.layer(*layers).properties(
        width=max(_NARROWEST, WIDTH + 40 - beside - taken), height=height
    )
    return alt.hconcat(plot, printed(rows, height, _COLUMN, beside), spacing=16)


def _told(missed: bool) -> str:  # noqa: FBT001 - internal
    """Estimates that there are, by whether they miss the truth."""
    return f"datum.estimate != null && datum.missed == {str(missed).lower()}"


def _estimates(base: Any, x: alt.X, colour: str, shape: str) -> list[Any]:
    """Intervals, and the estimates upon them."""
    interval = base.transform_filter("datum.conf_low != null").mark_rule(
        color=colour, strokeWidth=2
    )
    low = x.copy()
    low.shorthand = "conf_low:Q"
    dot = base.mark_point(filled=True, fill=colour, opacity=1, size=70, shape=shape)
    return [interval.encode(x=low, x2="conf_high:Q"), dot.encode(x=x)]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    low, high, p = (row.get(k) for k in ("conf_low", "conf_high", "p_value"))
    figure = significant(row["estimate"])
    inside = f" ({from_to(low, high)})" if low is not None and high is not None else ""
    figures = (
        [HIDDEN] if row[SUPPRESSED] else [figure + inside, p_value(p) if p is not None else ""]
    )
    label = wrapped(spoken(str(row["term"])))
    return {
        "label": label,
        "estimate": row["estimate"],
        "conf_low": low,
        "conf_high": high,
        "missed": row.get("holds_truth") is False,
        "figures": figures,
    }


def _domain(rows: list[dict[str, Any]], lines: list[float]) -> list[float]:
    found = [r[k] for r in rows for k in ("estimate", "conf_low", "conf_high")]
    known = [v for v in found if v is not None] + lines
    return [min(known, default=0.0), max(known, default=1.0)]


def _said(rows: list[dict[str, Any]], title: str) -> str:
    texts = [f"{r['label']}: {', '.join(f for f in r['figures'] if f)}" for r in rows]
    return f"{title}. {'; '.join(texts)}.".replace("\n", " ")
