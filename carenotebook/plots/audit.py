"""Charts of an audit: what matters most first, a dot and an interval a group."""

from __future__ import annotations

from typing import Any

import polars as pl

from carenotebook.appraise.auditing import Audit
from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.measures import FLAG_RATE
from carenotebook.appraise.misclassified import Misclassification
from carenotebook.plots.chart import CareChart, stacked
from carenotebook.plots.groups import dots, label_extent, said
from carenotebook.privacy import Privacy
from carenotebook.privacy.suppress import SUPPRESSED

_SHOWN = ("numerator", "denominator", "estimate", "conf_low", "conf_high", SUPPRESSED)
_LEAST = 2
"""A panel with fewer rows to show says nothing of a change."""

_LEADING = {
    "would_have_come_back": "Would have come back",
    "no_delivered_outreach": "No delivered outreach before the flag",
    "no_attendance_conversation": "No conversation about attendance before the flag",
    "no_alternative_offered": "No alternative offered before the flag",
    "no_risk_review": "No look at risk before the flag",
    "provider_or_technology": "Disturbances that were the provider's or the technology's",
    "notice_or_ending_after": "Notice or ending after the flag",
    "item_9_look_now": "Item 9 above 0 at the flag (others: unknown)",
    FLAG_RATE: "Put up for review, other ends of care competing",
}


def audit_chart(result: Audit, privacy: Privacy | None = None) -> CareChart:
    """A panel a measure: everyone's share as a line, each group with its interval.

    Without groups one panel with a row a measure. Combinations of columns stand in the table.
    """
    frame = result.released(privacy).frame.filter(pl.col("term").is_in(_LEADING))
    if not result.by:
        named = frame.with_columns(pl.col("term").replace(_LEADING))
        lacking = named.filter(pl.col("needs") != "")["term"].to_list()
        rows = named.filter(pl.col("needs") == "").select("term", *_SHOWN)
        return stacked([dots(rows)], result.title, said(rows, result.title), _lacks(lacking))
    return _by_group(result, frame.filter(pl.col("split").is_in([EVERYONE, *result.by])))


def _by_group(result: Audit, frame: pl.DataFrame) -> CareChart:
    groups = frame.filter(pl.col("split") != EVERYONE)
    beside = label_extent(groups.select("group", *_SHOWN))
    panels: list[Any] = []
    words, lacking, hidden = [], [], []
    for term, heading in _LEADING.items():
        mine = groups.filter(pl.col("term") == term)
        if mine.is_empty() or mine["needs"][0]:
            lacking.append(heading)
            continue
        if mine[SUPPRESSED].all() and panels:
            hidden.append(heading)
            continue
        (whole,) = frame.filter(split=EVERYONE, term=term).iter_rows(named=True)
        rows = mine.select("group", *_SHOWN)
        panels.append(dots(rows, whole["estimate"], heading, beside))
        words.append(said(rows, heading))
    gone = f"Hidden for every group: {'; '.join(hidden)}. " if hidden else ""
    note = f"Dashed line: everyone together. {gone}{_lacks(lacking)}".strip()
    return stacked(panels, result.title, f"{result.title}. {' '.join(words)}", note)


def _lacks(terms: list[str]) -> str:
    return f"Not known, for lack of data: {'; '.join(terms)}." if terms else ""


def misclassification_chart(result: Misclassification, privacy: Privacy | None = None) -> CareChart:
    """A panel a group: the share put up for review as recorded, and with no-shows recoded."""
    shown = result.released(privacy).frame
    frame = shown.with_columns(
        *(pl.lit(EVERYONE).alias(c) for c in ("split", "group") if c not in shown.columns),
        numerator="flagged",
        denominator="clients",
        estimate=pl.col("flagged") / pl.col("clients"),
        conf_low=pl.col("flagged_lowest") / pl.col("clients"),
        conf_high=pl.col("flagged_highest") / pl.col("clients"),
    )
    beside = label_extent(frame.select("recoded", *_SHOWN))
    panels: list[Any] = []
    words, gone = [], []
    for _, rows in frame.group_by("split", "group", maintain_order=True):
        heading = rows["group"][0].capitalize()
        if panels and rows.filter(~pl.col(SUPPRESSED), pl.col("flagged") > 0).height < _LEAST:
            gone.append(heading)
            continue
        panels.append(dots(rows.select("recoded", *_SHOWN), None, heading, beside))
        words.append(said(rows.select("recoded", *_SHOWN), heading))
    note = f"Dot: median of {result.draws} draws. Line: lowest to highest of them."
    note += f" Hidden: {', '.join(gone)}." if gone else ""
    return stacked(panels, result.title, f"{result.title}. {' '.join(words)} {note}", note)
