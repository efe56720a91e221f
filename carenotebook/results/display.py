"""Released figures as text, column by column: what a table shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from carenotebook.core.spoken import spoken
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.words import from_to, number, p_value, percent, significant

HIDDEN = "Hidden"
UNKNOWN = "not known"

_INTERVAL = ("estimate", "conf_low", "conf_high")
_LEFT_OUT = (
    SUPPRESSED,
    "std_error",
    "design_effect",
    "clients_with",
    "clients_without",
    "unit",
    "needs",
    "reference",
    "interval_by",
    "difference_low",
    "difference_high",
)
_GAPS = ("difference", "smallest_gap")
_LAST = {"estimate": 1, "difference": 2, "smallest_gap": 3}
_VOCABULARY = ("term", "state", "section", "denominator_name", "outcome", "ended_by", "end_reason")
_NUMBERED = ("day",)
_CONSTANTS = ("term", "denominator_name")
_HEADINGS = {
    "cumulative": "Of all, so far",
    "denominator_name": "Of",
    "p_value": "p",
    "term": "What",
    "numerator": "Count",
    "estimate": "Estimate (95 % CI)",
    "by": "Split by",
    "clients": "Clients counted",
    "difference": "Difference (95 % CI)",
    "smallest_gap": "Smallest gap that would show",
}


_SIGNIFICANT = ("ratio", "hazard_ratio", "ratio_low", "ratio_high", "statistic")
"""Figures of a model that one decimal would empty of what they say."""


def display_frame(released: Released) -> pl.DataFrame:
    """Every row as text under readable headings.

    Parameters
    ----------
    released : Released

    Returns
    -------
    polars.DataFrame
        Text columns: what names the row, then counts ("240 of 4,980"), then the estimate with its
        interval. Hidden counts read `Privacy.label`, hidden estimates "Hidden"; a count that is not
        there is a hidden one. A term or
        denominator that all rows share is left to the title.

    Examples
    --------
    >>> from carenotebook.privacy import Privacy
    >>> frame = pl.DataFrame({"site": ["A", "B"], "clients": [60, None],
    ...                       "suppressed": [False, True]})
    >>> display_frame(Released(frame, Privacy())).rows()
    [('A', '60'), ('B', '<11')]
    """
    frame, label = released.frame, released.privacy.label
    rows = list(frame.iter_rows(named=True))
    columns: dict[str, list[str]] = {}
    for name in _shown(frame):
        say = _writer(name, frame, label)
        columns[heading(name)] = [say(row) for row in rows]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def label_columns(frame: pl.DataFrame) -> list[str]:
    """Headings of the columns that name a row, not count it."""
    return [heading(c) for c in _shown(frame) if _names(c, frame)]


def heading(column: str) -> str:
    """A column's name as a heading.

    Examples
    --------
    >>> heading("at_risk"), heading("therapist_id")
    ('At risk', 'Therapist')
    """
    if column in _HEADINGS:
        return _HEADINGS[column]
    words = column.removesuffix("_id").replace("_", " ")
    return words[:1].upper() + words[1:]


def _shown(frame: pl.DataFrame) -> list[str]:
    merged = ("denominator",) if "numerator" in frame.columns else ()
    skip = {*_LEFT_OUT, *merged, *_INTERVAL[1:]}
    others = [c for c in frame.columns if c not in skip and c not in _CONSTANTS]
    named = any(_names(c, frame) for c in others)
    skip |= {c for c in _CONSTANTS if c in frame.columns and named and frame[c].n_unique() < 2}
    kept = [c for c in frame.columns if c not in skip]
    return sorted(kept, key=lambda c: (not _names(c, frame), _LAST.get(c, 0)))


def _names(column: str, frame: pl.DataFrame) -> bool:
    """Whether a column names a row, not counts it."""
    return column in _NUMBERED or not frame.schema[column].is_numeric()


def _writer(name: str, frame: pl.DataFrame, label: str) -> Callable[[dict[str, Any]], str]:
    if not frame.schema[name].is_numeric():
        return _text_writer(name, frame)
    dtype, columns = frame.schema[name], frame.columns

    def hidden_or(text: str, say: Callable[[dict[str, Any]], str]) -> Callable[..., str]:
        def write(row: dict[str, Any]) -> str:
            if row.get("needs"):
                return str(row["needs"]) if name == "estimate" else ""
            if row[name] is None:
                return text if row[SUPPRESSED] or dtype.is_integer() else UNKNOWN
            return say(row)

        return write

    if name == "estimate":
        return hidden_or(HIDDEN, _estimate)
    if name in _GAPS or name == "cumulative":
        return lambda r: _gap(r, name)
    if name == "numerator" and "denominator" in columns:
        return lambda r: _count(r, label)
    if name in _SIGNIFICANT:
        return hidden_or(HIDDEN, lambda r: significant(r[name]))
    return hidden_or(label, _probability if name == "p_value" else lambda r: number(r[name]))


def _text_writer(name: str, frame: pl.DataFrame) -> Callable[[dict[str, Any]], str]:
    if frame.schema[name] == pl.Date and (frame[name].dt.day() == 1).all():
        return lambda r: f"{r[name]:%b %Y}" if r[name] else ""
    if name in _VOCABULARY:
        return lambda r: spoken(str(r[name] or ""))
    return lambda r: "" if r[name] is None else str(r[name])


def _count(row: dict[str, Any], label: str) -> str:
    events, rows = row["numerator"], row["denominator"]
    if row.get("needs"):
        return ""
    if rows is None:
        return label if row[SUPPRESSED] else UNKNOWN
    return number(rows) if events is None else f"{number(events)} of {number(rows)}"


def _estimate(row: dict[str, Any]) -> str:
    unit = row.get("unit") or "share"
    low, high = row.get("conf_low"), row.get("conf_high")
    if unit == "value":
        inside = "" if low is None or high is None else f" ({from_to(low, high)})"
        return f"{significant(row['estimate'])}{inside}"
    if unit == "share":
        figure, ends = percent(row["estimate"]), [percent(v, sign=False) for v in (low, high)]
        joint = "\N{EN DASH}"
    else:
        say = {"points": _one_decimal, "ratio": _two_decimals}.get(unit, number)
        figure = say(row["estimate"]) + ("" if unit == "ratio" else f" {unit}")
        joint, ends = " to ", ["" if v is None else say(v) for v in (low, high)]
    return figure if low is None or high is None else f"{figure} ({ends[0]}{joint}{ends[1]})"


def _probability(row: dict[str, Any]) -> str:
    return p_value(row["p_value"]).removeprefix("p ").removeprefix("= ")


def _gap(row: dict[str, Any], name: str) -> str:
    """A difference from the group of reference, with its sign; of shares in percentage points."""
    if row[name] is None:
        return HIDDEN if row[SUPPRESSED] else ""
    if name == "cumulative":
        return percent(row[name])
    share = (row.get("unit") or "share") == "share"
    ends = [row[n] for n in ("difference_low", "difference_high")] if name == "difference" else []
    sign = "+" if ends else ""
    figure, *bounds = (f"{100 * v if share else v:{sign},.1f}" for v in (row[name], *ends))
    unit = " points" if share else ""
    text = f"{figure}{unit} ({bounds[0]} to {bounds[1]})" if bounds else f"{figure}{unit}"
    return text.replace("-", "\N{MINUS SIGN}")


def _one_decimal(value: float) -> str:
    return f"{value:,.1f}"


def _two_decimals(value: float) -> str:
    return f"{value:,.2f}"
