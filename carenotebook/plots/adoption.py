"""Effects by time since treatment: before it they should be near 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import INK, MUTED, WIDTH, A, B
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.words import significant

if TYPE_CHECKING:
    from carenotebook.effects.did import DifferenceInDifferences
    from carenotebook.privacy import Privacy

_HEIGHT = 240
LEGEND = (
    "Along: time since treatment began. Diamonds, before it: should lie near 0. Circles, from then "
    "on: effects. Bars: 95 % intervals, where more than one unit tells them."
)


def events_chart(result: DifferenceInDifferences, privacy: Privacy | None = None) -> CareChart:
    """A dot and its interval for each time since treatment."""
    rows = result.released_events(privacy).frame.filter(~pl.col(SUPPRESSED)).to_dicts()
    said = " ".join(result.summary(privacy).splitlines())
    events = "; ".join(f"{r['since']:g}: {significant(r['estimate'])}" for r in rows)
    alternative = f"{said} By time since treatment: {events}."
    return stacked([events_part(rows)], result.title, alternative, LEGEND)


def events_part(rows: list[dict[str, Any]]) -> Any:
    """The plot of released rows, to be put beside others."""
    x = alt.X(
        "since:Q",
        title=None,
        axis=alt.Axis(grid=False, tickMinStep=1),
        scale=alt.Scale(nice=False, padding=14),
    )
    y = alt.Y("estimate:Q", title=None, axis=alt.Axis(grid=True))
    layers: list[Any] = [
        over([{"at": 0.0}]).mark_rule(color=MUTED, strokeDash=[4, 4]).encode(y="at:Q"),
        *(
            layer
            for part, colour, shape in (
                ([r for r in rows if r["since"] < 0], B, "diamond"),
                ([r for r in rows if r["since"] >= 0], A, "circle"),
            )
            for layer in _dots(part, x, y, colour, shape)
        ),
    ]
    if not rows:
        layers = [over([{"text": "Hidden: too few"}]).mark_text(fill=INK).encode(text="text:N")]
    return alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT)


def _dots(rows: list[dict[str, Any]], x: alt.X, y: alt.Y, colour: str, shape: str) -> list[Any]:
    if not rows:
        return []
    known = [r for r in rows if r["conf_low"] is not None]
    return [
        over(known)
        .mark_rule(color=colour, strokeWidth=2)
        .encode(x=x, y=alt.Y("conf_low:Q", title=None), y2="conf_high:Q"),
        over(rows)
        .mark_point(filled=True, opacity=1, size=60, fill=colour, shape=shape)
        .encode(x=x, y=y),
    ]
