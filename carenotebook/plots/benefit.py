"""Decision curves: net benefit by the threshold at which one would act."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, spread_out, stacked
from carenotebook.plots.theme import INK, LINE, MUTED, WIDTH, A, B, extent

if TYPE_CHECKING:
    from carenotebook.effects.benefit import DecisionCurve
    from carenotebook.privacy import Privacy

_HEIGHT = 230
_STYLES = ((A, [1, 0]), (B, [6, 4]), (INK, [2, 3]))
_PLAIN = {"all": [8, 3, 2, 3], "none": [1, 0]}
MOST_MODELS = 3


def benefit_chart(result: DecisionCurve, privacy: Privacy | None = None) -> CareChart:
    """A line a model, labelled at its end; all and none in grey."""
    frame = result.released(privacy).frame.drop_nulls("net_benefit")
    names = frame["model"].unique(maintain_order=True).to_list()
    models = [n for n in names if n not in _PLAIN]
    shown = [*models[:MOST_MODELS], *(n for n in names if n in _PLAIN)]
    top = float(frame.filter(pl.col("model").is_in(shown))["net_benefit"].max() or 0.0)  # type: ignore[arg-type]
    low, high = -0.25 * max(top, 0.01), 1.05 * max(top, 0.01)
    ends = [_end(frame, n, low) for n in shown]
    heights = spread_out([y for _, y in ends], (high - low) * LINE / _HEIGHT)
    layers: list[Any] = []
    styles = [*zip(models[:MOST_MODELS], cycle(_STYLES), strict=False)]
    styles += [(n, (MUTED, _PLAIN[n])) for n in shown if n in _PLAIN]
    for (name, (colour, dash)), (at, _), height in zip(styles, ends, heights, strict=True):
        rows = frame.filter(model=name).select("threshold", "net_benefit").to_dicts()
        layers += _line(rows, colour, dash, (low, high))
        layers.append(_label(name, at, height, colour))
    chart = alt.layer(*layers).properties(width=WIDTH - extent(shown), height=_HEIGHT)
    more = len(models) - MOST_MODELS
    note = "Net benefit a person; values far below 0 are not drawn. Hidden points are left out."
    note += f" {more} more in the table." if more > 0 else ""
    return stacked([chart], result.title, " ".join(result.summary(privacy).splitlines()), note)


def _end(frame: pl.DataFrame, name: str, low: float) -> tuple[float, float]:
    """The last point of a line that is drawn."""
    rows = frame.filter(model=name)
    drawn = rows.filter(pl.col("net_benefit") >= low)
    threshold, height = (drawn if drawn.height else rows).select("threshold", "net_benefit").row(-1)
    return float(threshold), max(float(height), low)


def _line(
    rows: list[dict[str, Any]], colour: str, dash: list[int], domain: tuple[float, float]
) -> list[Any]:
    x = alt.X(
        "threshold:Q",
        title="Probability from which one would act",
        axis=alt.Axis(grid=False, format="~g"),
        scale=alt.Scale(nice=False),
    )
    scale = alt.Scale(domain=list(domain), nice=False)
    y = alt.Y("net_benefit:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5, format="~g"))
    mark = {"strokeWidth": 2, "strokeDash": dash, "clip": True}
    return [over(rows).mark_line(stroke=colour, **mark).encode(x=x, y=y)]


def _label(name: str, at: float, height: float, colour: str) -> Any:
    row = {"threshold": at, "net_benefit": height, "name": name.replace("_", " ")}
    text = over([row]).mark_text(align="left", dx=6, fill=colour)
    return text.encode(x="threshold:Q", y="net_benefit:Q", text="name:N")
