"""`CareChart`: an Altair chart that renders offline and follows the reader's theme."""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

import altair as alt

from carenotebook.plots.drawing import Colours, draw, picture
from carenotebook.plots.theme import config, css


class CareChart(alt.VConcatChart):
    """One or more Altair charts below each other, with a title and a text alternative.

    In a notebook it shows itself as images within HTML, so it needs no network and no script;
    colours follow JupyterLab's theme. It stays an Altair chart: `to_dict`, `properties` and `save`
    work.
    """

    @property
    def alternative(self) -> str:
        """What the chart shows, in words."""
        return str(self._kwds.get("description") or "")

    @property
    def name_text(self) -> str:
        """The title as one line."""
        title = self._kwds.get("title")
        text = getattr(title, "text", title)
        return " ".join(text) if isinstance(text, list) else str(text or "")

    def svg(self, *, inline: bool = False, dark: bool = False) -> str:
        """The chart as an SVG element.

        Parameters
        ----------
        inline : bool
            True to put it into HTML that has `carenotebook.plots.theme.css` in it, inside an
            element of class ``cn-chart``; False for a file of its own.
        dark : bool
            Whether a file of its own is for a dark background.
        """
        return self._drawn("page" if inline else "dark" if dark else "light")

    def html(self) -> str:
        """The chart as an HTML figure of two images, of which the theme shows one.

        Images survive where a notebook is not trusted: JupyterLab strips inline SVG and style
        there, and the light one is left.
        """
        light, dark = (_address(self._drawn(c)) for c in ("light", "dark"))
        words, label = escape(self.alternative), escape(self.name_text)
        return (
            f'<style>{css()}</style><figure class="cn-chart" tabindex="0" aria-label="{label}">'
            f'<img class="cn-light" alt="{words}" src="{light}">'
            f'<img class="cn-dark" alt="{words}" style="display:none" src="{dark}"></figure>'
        )

    def _drawn(self, colours: Colours) -> str:
        return draw(self.to_dict(), self.name_text, self.alternative, colours)

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "image/png": b64encode(picture(self.to_dict())).decode(),
            "text/plain": f"{self.name_text}\n{self.alternative}",
        }


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def over(rows: list[dict[str, Any]]) -> Any:
    """A chart over rows of released figures."""
    return alt.Chart(alt.InlineData(values=rows))


def stacked(
    charts: Sequence[Any], title: str, alternative: str, subtitle: str = "", spacing: int = 16
) -> CareChart:
    """Charts below each other as one `CareChart`, the titles broken to its width."""
    heading: Any = alt.TitleParams(text=textwrap.wrap(title, 72) or [""])
    if subtitle:
        heading.subtitle = textwrap.wrap(subtitle, 92)
    chart: Any = CareChart(
        vconcat=list(charts), title=heading, description=alternative, spacing=spacing
    )
    chart = chart.resolve_scale(x="independent", y="independent", color="independent")
    whole: CareChart = chart.configure(**config())
    return whole


def spread_out(ends: Sequence[float], step: float) -> list[float]:
    """Heights of the labels of lines: where each line ends, but `step` apart or more.

    Examples
    --------
    >>> spread_out([0.5, 0.25, 0.5], 0.25)
    [0.5, 0.25, 0.75]
    """
    heights, last = dict.fromkeys(range(len(ends)), 0.0), float("-inf")
    for i in sorted(heights, key=lambda i: ends[i]):
        heights[i] = last = max(ends[i], last + step)
    return list(heights.values())
