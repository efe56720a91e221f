"""The parts of a static fallback: text, bars as an SVG image, a table. Released figures only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from carenotebook.widgets._messages import Bar, Table

_ROW, _LABEL, _WIDTH, _FIGURE = 26, 300, 280, 130
_FONT = 'font-family="system-ui,sans-serif" font-size="12" fill="#1f1f1f"'
_LETTERS = 44
_STYLE = (
    "<style>.cn-kept table{border-collapse:collapse;font:13px/1.4 sans-serif;color:inherit}"
    ".cn-kept caption{text-align:left;font-weight:600;padding:4px 0}"
    ".cn-kept th,.cn-kept td{text-align:left;padding:4px 16px 4px 0;font-weight:400;"
    "border-bottom:1px solid rgba(128,128,128,.35);max-width:26em;overflow-wrap:break-word}"
    ".cn-kept p{overflow-wrap:anywhere}.cn-kept thead th{font-weight:600}</style>"
)


def page(sentences: Sequence[str], picture: str, table: Table) -> str:
    """Everything below one heading, readable without script or network."""
    said = "".join(f"<p>{escape(s)}</p>" for s in sentences if s)
    return f'{_STYLE}<div class="cn-kept">{said}{picture}{html_table(table)}</div>'


def html_table(table: Table) -> str:
    """A table with a caption and a heading for every column and row."""
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table.rows
    )
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    return (
        f"<table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{note}"
    )


def bars_image(title: str, bars: Sequence[Bar], largest: int) -> str:
    """Bars of rounded counts as an image with its text alternative."""
    height = _ROW * len(bars) + 8
    width = _LABEL + _WIDTH + _FIGURE
    drawn = "".join(_bar(bar, i, largest) for i, bar in enumerate(bars))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><defs><pattern id="h" width="5" height="5" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v5" '
        'stroke="#6a6a69" stroke-width="2"/></pattern></defs><rect width="100%" height="100%" '
        f'fill="#fff"/>{drawn}</svg>'
    )
    words = escape("; ".join(f"{b.label}: {b.said}" for b in bars), quote=True)
    source = b64encode(svg.encode()).decode()
    return (
        f'<img alt="{escape(title, quote=True)}. {words}" style="max-width:100%;height:auto" '
        f'src="data:image/svg+xml;base64,{source}">'
    )


def _bar(bar: Bar, place: int, largest: int) -> str:
    top = place * _ROW + 8
    length = _WIDTH * (bar.count or 0) / max(largest, 1)
    mark = (
        f'<rect x="{_LABEL}" y="{top}" width="18" height="14" fill="url(#h)"/>'
        if bar.count is None
        else f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="14" fill="#0072B2"/>'
    )
    at = _LABEL + (24 if bar.count is None else length + 6)
    label = (
        bar.label
        if len(bar.label) <= _LETTERS
        else f"{bar.label[: _LETTERS - 1]}\N{HORIZONTAL ELLIPSIS}"
    )
    return (
        f'<text x="0" y="{top + 11}" {_FONT}>{escape(label)}</text>{mark}'
        f'<text x="{at:.1f}" y="{top + 11}" {_FONT}>{escape(bar.said)}</text>'
    )
