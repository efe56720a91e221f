"""From a Vega-Lite specification to SVG that follows the page's theme."""

from __future__ import annotations

import hashlib
import re
from html import escape
from typing import Any, Literal

from carenotebook.plots.theme import DARK, HATCH, LIGHT

Colours = Literal["page", "light", "dark"]

_PAGE_FONT = "var(--jp-ui-font-family,system-ui,sans-serif)"


def draw(spec: dict[str, Any], title: str, alternative: str, colours: Colours) -> str:
    """The chart as one SVG element.

    Parameters
    ----------
    spec : dict
        Vega-Lite.
    title, alternative : str
        Its name and what it shows, for those who do not see it.
    colours : {"page", "light", "dark"}
        "page": CSS variables (see `carenotebook.plots.theme.css`) and the font of the page that the
        element stands in. The others are for an image of its own, on its own surface.
    """
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec)
    svg = _renumbered(svg[svg.index("<svg") :])
    name = "cn-" + hashlib.sha256(svg.encode() + alternative.encode()).hexdigest()[:12]
    # The parts of a picture that is named as a whole have no name of their own.
    svg = re.sub(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")', "", svg)
    svg = re.sub(r'(\bid="|url\(#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(f'fill="{HATCH}"', f'fill="url(#{name}-hatch)"')
    head = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(alternative)}</desc>'
        f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0,0V6" stroke="{HATCH}" stroke-width="2"/>'
        "</pattern></defs>"
    )
    named = f'<svg role="img" aria-labelledby="{name}-title {name}-desc" '
    svg = re.sub(r"^<svg ([^>]*)>", lambda m: f"{named}{m[1]}>{head}", svg, count=1)
    return _of_the_page(svg) if colours == "page" else _of_its_own(svg, colours)


def _renumbered(svg: str) -> str:
    """With ids counted from 0 here: the renderer counts on from chart to chart, in a process."""
    numbers: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        return f"{match[1]}{numbers.setdefault(match[2], f'p{len(numbers)}')}"

    return re.sub(r'(\bid="|url\(#)([^")]+)', renamed, svg)


def picture(spec: dict[str, Any]) -> bytes:
    """The chart as PNG on white."""
    import vl_convert

    solid = {**spec, "config": {**spec.get("config", {}), "background": LIGHT["surface"]}}
    png: bytes = vl_convert.vegalite_to_png(solid, scale=1)
    return png


def _of_its_own(svg: str, colours: Literal["light", "dark"]) -> str:
    chosen = LIGHT if colours == "light" else DARK
    for name, colour in LIGHT.items():
        svg = re.sub(rf'"{colour}"', f'"{chosen[name]}"', svg, flags=re.IGNORECASE)
    surface = f'<rect width="100%" height="100%" fill="{chosen["surface"]}"/>'
    svg = svg.replace("</defs>", f"</defs>{surface}", 1)
    return svg.replace('font-family="sans-serif"', 'font-family="system-ui,sans-serif"')


def _of_the_page(svg: str) -> str:
    for name, colour in LIGHT.items():
        svg = re.sub(rf'"{colour}"', f'"var(--cn-{name},{colour})"', svg, flags=re.IGNORECASE)
    width = re.search(r' width="([\d.]+)"', svg)
    svg = re.sub(r' width="[\d.]+" height="[\d.]+"', "", svg, count=1)
    if width:
        svg = svg.replace("<svg ", f'<svg style="max-width:{float(width[1]):.0f}px" ', 1)
    return svg.replace('font-family="sans-serif"', f'font-family="{_PAGE_FONT}"')
