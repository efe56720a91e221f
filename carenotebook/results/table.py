"""HTML tables of released figures."""

from __future__ import annotations

import re
from html import escape

from carenotebook.privacy import Released
from carenotebook.results.display import HIDDEN, display_frame, label_columns

_STYLE = """<style>
.cn-table{overflow:auto;max-height:36em;margin:8px 0}
.cn-table table{border-collapse:collapse;color:inherit;background:transparent;
 font:13px/1.4 var(--jp-ui-font-family,system-ui,sans-serif);font-variant-numeric:tabular-nums}
.cn-table caption{caption-side:top;text-align:left;font-weight:600;padding:4px 8px 4px 0;
 color:inherit}
.cn-table th,.cn-table td{padding:4px 16px 4px 0;border:0;text-align:left;font-weight:400;
 background:transparent;color:inherit;white-space:nowrap;vertical-align:top}
.cn-table thead th{font-weight:600;border-bottom:1px solid currentColor}
.cn-table tbody tr{border-bottom:1px solid rgba(128,128,128,.35);background:transparent}
.cn-table .gt_left{text-align:left}
.cn-table .gt_right{text-align:right}
.cn-table .cn-hidden{font-style:italic;background-image:repeating-linear-gradient(
 135deg,rgba(128,128,128,.3) 0 1px,transparent 1px 5px)}
.cn-table .cn-text{white-space:normal;min-width:12em;max-width:24em}
.cn-table tfoot td,.cn-table .cn-note{font-size:12px;white-space:normal;border:0}
@media print{.cn-table{max-height:none;overflow:visible}}
</style>"""


def html_table(released: Released, title: str) -> str:
    """A great-tables table of released figures, readable in light and dark.

    For what a notebook or a report shows. Colours and font are the page's own, so the style that
    great-tables writes (fixed colours, rules for every `tr` of the page) is replaced.

    Parameters
    ----------
    released : Released
        Aggregates; hidden counts are shown as `Privacy.label`, with a note that says so.
    title : str
        The table's caption.

    Returns
    -------
    str
        HTML: a caption, a heading cell for every column and row.

    Examples
    --------
    >>> import polars as pl
    >>> from carenotebook.privacy import Privacy
    >>> frame = pl.DataFrame({"site": ["A"], "clients": [1240], "suppressed": [False]})
    >>> "1,240" in html_table(Released(frame, Privacy()), "Clients by site")
    True
    """
    from great_tables import GT

    shown, labels = display_frame(released), label_columns(released.frame)
    table = GT(shown, rowname_col=labels[0] if labels else None, auto_align=False, id="cn")
    table = table.cols_align("left").cols_align(
        "right", [c for c in shown.columns if c not in labels]
    )
    if labels:
        table = table.tab_stubhead(labels[0])
    markup = table.as_raw_html()
    body = re.sub(r"<style>.*?</style>|^<div[^>]*>|</div>\s*$", "", markup, flags=re.DOTALL)
    body = re.sub(r' (?:id|headers|aria-labelledby|data-quarto-[a-z-]+)="[^"]*"', "", body)
    body = re.sub(r"(<table[^>]*>)", rf"\1<caption>{escape(title)}</caption>", body, count=1)
    for text in (escape(released.privacy.label), HIDDEN):
        body = re.sub(
            rf'(<td class="[^"]*)("[^>]*>){text}</td>', rf"\1 cn-hidden\2{text}</td>", body
        )
    body = re.sub(r'<t([dh]) ([^>]*class="[^"]*)("[^>]*>[^<]{40,})', r"<t\1 \2 cn-text\3", body)
    note = _note(released)
    region = f'<div class="cn-table" role="region" tabindex="0" aria-label="{escape(title)}">'
    return f"{_STYLE}{region}{body.strip()}{note}</div>"


def _note(released: Released) -> str:
    privacy = released.privacy
    notes = []
    if released.hidden:
        notes.append(
            f"{privacy.label} and {HIDDEN}: fewer than {privacy.min_cell} clients, or a figure "
            "that would tell such a one."
        )
    if privacy.round_to > 1:
        notes.append(f"Counts are rounded to {privacy.round_to}; rates follow from them.")
    return f'<p class="cn-note">{escape(" ".join(notes))}</p>' if notes else ""
