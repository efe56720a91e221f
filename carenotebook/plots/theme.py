"""Colours, type and marks of every chart, for light and dark.

A is solid with circles, B dashed with diamonds; hidden is hatched. Each colour has at least 4.5:1
against its surface (grid lines, which carry nothing, have less).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LIGHT = {
    "surface": "#ffffff",
    "ink": "#1f1f1f",
    "muted": "#595958",
    "grid": "#dcdcdb",
    "a": "#0072B2",
    "b": "#B84A00",
    "hatch": "#6a6a69",
}
DARK = {
    "surface": "#111111",
    "ink": "#f2f2f2",
    "muted": "#bdbdbd",
    "grid": "#3b3b3b",
    "a": "#56B4E9",
    "b": "#F2A541",
    "hatch": "#a8a8a8",
}
"""Names to colours; a chart is drawn in `LIGHT`, and each colour in it stands for its name."""

SURFACE, INK, MUTED, GRID, A, B, HATCH = LIGHT.values()

WIDTH = 560
"""Pixels of the plotting area of a chart that spans its column."""

_WIDEST = 700
"""Pixels beyond which no chart is stretched."""

ROW = 26
"""Pixels of a row of a horizontal chart."""

LINE = 14
"""Pixels of a further line of its label."""

LETTER = 7.2
"""Pixels that a letter may take in the reader's font, which is not known when a chart is drawn."""

BODY, HEADING = 12, 14
"""Font sizes in pixels."""


def extent(labels: list[str]) -> float:
    """Pixels to keep free beside a plot for these labels."""
    return max((len(t) for label in labels for t in label.split("\n")), default=0) * LETTER


def css() -> str:
    """Style for a page that shows charts: both sets of colours, and when each holds.

    JupyterLab's theme decides where there is one, else the reader's system; print is light.
    """
    light, dark = _variables(LIGHT, "light"), _variables(DARK, "dark")
    chart, figure = ".cn-chart", "figure.cn-chart"
    return (
        f"{light(chart)}{chart}{{background:var(--cn-surface);color:var(--cn-ink);"
        "margin:8px 0;padding:8px;overflow-x:auto;max-width:100%;box-sizing:border-box}"
        f"{chart} svg,{figure} img{{display:block;width:100%;height:auto;max-width:{_WIDEST}px;"
        "min-width:520px;margin:0}"
        f"{chart} svg{{overflow:visible}}"
        f"@media (prefers-color-scheme:dark){{{dark(chart)}}}"
        f"""{light('[data-jp-theme-light="true"] .cn-chart')}"""
        f"""{dark('[data-jp-theme-light="false"] .cn-chart')}"""
        f"@media print{{{light(chart)}{light('[data-jp-theme-light] .cn-chart')}"
        f"{chart}{{overflow:visible}}{chart} svg,{figure} img{{min-width:0}}}}"
    )


def _variables(colours: dict[str, str], shown: str) -> Callable[[str], str]:
    """Rules for a selector: its colours, and which of two images is shown."""
    named = ";".join(f"--cn-{name}:{value}" for name, value in colours.items())
    other = "dark" if shown == "light" else "light"

    def rules(selector: str) -> str:
        return (
            f"{selector}{{{named}}}{selector} .cn-{shown}{{display:block!important}}"
            f"{selector} .cn-{other}{{display:none!important}}"
        )

    return rules


def config() -> dict[str, Any]:
    """Vega-Lite configuration of every chart."""
    return {
        "aria": False,
        "background": "transparent",
        "font": "sans-serif",
        "padding": {"left": 4, "right": 28, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "line": {"strokeJoin": "round"},
        "axis": {
            "labelFontSize": BODY,
            "titleFontSize": BODY,
            "titleFontWeight": "normal",
            "labelColor": MUTED,
            "titleColor": MUTED,
            "gridColor": GRID,
            "domainColor": MUTED,
            "tickColor": MUTED,
            "labelLimit": 300,
            "labelFlush": False,
            "labelOverlap": True,
            "titlePadding": 8,
        },
        "text": {"fontSize": BODY, "fill": INK},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": HEADING,
            "fontWeight": 600,
            "color": INK,
            "subtitleFontSize": BODY,
            "subtitleColor": MUTED,
            "subtitlePadding": 6,
            "offset": 12,
        },
    }
