"""A curve along a dose, with its interval and the place of a break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from carenotebook.plots.chart import CareChart, over, stacked
from carenotebook.plots.theme import INK, MUTED, WIDTH, A, B
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.words import from_to, p_value, significant

if TYPE_CHECKING:
    from carenotebook.effects.dose import DoseResponse
    from carenotebook.privacy import Privacy

_HEIGHT = 230


def dose_chart(result: DoseResponse, privacy: Privacy | None = None) -> CareChart:
    """The mean outcome along the dose; below it, where a break fits best."""
    frame = result.released_curve(privacy).frame
    said = " ".join(result.summary(privacy).splitlines())
    if frame[SUPPRESSED].any():
        text = over([{"text": "Hidden: too few"}]).mark_text(fill=INK).encode(text="text:N")
        return stacked([text.properties(width=WIDTH, height=_HEIGHT)], result.title, said)
    place = result.tidy().filter(term="best_break").to_dicts()
    chart = alt.layer(*_layers(frame.to_dicts(), result, place))
    return stacked(
        [chart.properties(width=WIDTH, height=_HEIGHT)], result.title, said, _note(result, place)
    )


def _layers(
    rows: list[dict[str, Any]], result: DoseResponse, place: list[dict[str, Any]]
) -> list[Any]:
    low = min(r["conf_low"] for r in rows)
    x = alt.X(
        "dose:Q",
        title=result.dose.replace("_", " "),
        axis=alt.Axis(grid=False, tickCount=6),
        scale=alt.Scale(zero=False, nice=False, padding=6),
    )
    y = alt.Y("estimate:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(grid=True))
    base = over(rows).encode(x=x)
    thin = {"color": A, "strokeWidth": 0.75}
    layers: list[Any] = [
        base.mark_line(**thin).encode(y=alt.Y("conf_low:Q", title=None)),
        base.mark_line(**thin).encode(y=alt.Y("conf_high:Q", title=None)),
        base.mark_line(color=A, strokeWidth=2).encode(y=y),
    ]
    if result.threshold is not None:
        at = over([{"dose": result.threshold}])
        layers.append(at.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x=x))
    for row in place:
        span = over([{**row, "y": low}])
        layers += [
            span.mark_rule(color=B, strokeWidth=3).encode(
                x="conf_low:Q", x2="conf_high:Q", y="y:Q"
            ),
            span.mark_point(shape="diamond", filled=True, fill=B, opacity=1, size=90).encode(
                x="estimate:Q", y="y:Q"
            ),
        ]
    return layers


def _note(result: DoseResponse, place: list[dict[str, Any]]) -> str:
    told = ["Line: mean, with its 95 % interval at each dose."]
    if result.threshold is not None:
        told.append(f"Dashed: the threshold asked about, {significant(result.threshold)}.")
    told += [
        f"Diamond: where a break fits best, {significant(r['estimate'])} "
        f"({from_to(r['conf_low'], r['conf_high'])}); a break anywhere: {p_value(r['p_value'])}."
        for r in place
    ]
    return " ".join([*told, result.basis.caveat])
