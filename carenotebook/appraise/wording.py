"""An audit in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.appraise.clustered import THERAPIST
from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.measures import AFTER_ACTION, CAME_BACK, FLAG_RATE
from carenotebook.core.durations import say_duration
from carenotebook.core.spoken import spoken
from carenotebook.results.words import about, few, number, percent, said_share

if TYPE_CHECKING:
    from carenotebook.appraise.auditing import Audit
    from carenotebook.privacy import Privacy, Released

Row = dict[str, Any]

_MANY = 20
"""With so many comparisons one interval of 95 % is expected to miss."""

_HISTORY = (
    "History was made under the rules of its time. After the first notice or ending it is not what "
    "this rule would have produced: those whose care was ended could not come back, could not be "
    "flagged later, and their later misses were never made. So coming back looks rarer, and harm "
    "and flags fewer, most of all in groups that were treated more strictly."
)
_MEANING = (
    "Coming back does not prove a flag wrong, and staying away does not prove it right. PHQ-9 of "
    "20 or more is severity, not risk; item 9 above 0 means look now, and anything else is "
    "unknown, never safe. A safeguard that nobody wrote down counts as missing. Per 1,000 "
    "referred: what is not known counts as no harm, so those figures are the least they can be."
)
_CAVEAT = "Differences describe; they do not explain, and nobody is ranked."


def summarise(audit: Audit, privacy: Privacy) -> str:
    """See `Audit.summary`."""
    frame = audit.released(privacy).frame
    everyone = frame.filter(pl.col("split") == EVERYONE) if audit.by else frame
    lead = (
        f"Audit of {audit.replay.rule.name!r}: what it would have done, of the first flag of each "
        f"episode; {say_duration(audit.window)} before it, {say_duration(audit.horizon)} after it."
    )
    figures = (line for r in everyone.iter_rows(named=True) for line in _lines(r, audit, privacy))
    lines = [
        lead,
        *(f"- {line}" for line in figures),
        *_groups(audit, frame),
        _MEANING,
        _HISTORY,
        f"{_clusters(audit)} {_CAVEAT}",
    ]
    return "\n".join(lines)


def told_of_groups(audit: Audit, shown: Released) -> str:
    """What stands out between groups, alone: for a page that tells of everyone together before."""
    return "\n".join([*_groups(audit, shown.frame), _CAVEAT])


def _lines(row: Row, audit: Audit, privacy: Privacy) -> Iterator[str]:
    after, before = say_duration(audit.horizon), say_duration(audit.window)
    by_then = say_duration(audit.flagged_by)
    what = spoken(row["term"]).capitalize()
    words = {
        CAME_BACK: f"Wrongly put up for review, attended again within {after} of the flag",
        "provider_or_technology": f"Disturbances in the {before} before the flag that were the "
        "provider's or the technology's",
        "days_to_flag": "Median time to the flag",
        "notice_or_ending_after": f"Notice or ending recorded within {after} of the flag",
        "severe_at_flag": "PHQ-9 of 20 or more at the flag",
        "item_9_look_now": "Item 9 above 0 at the flag, look now (all others: unknown)",
        "well_later": "Reliably improved or recovered by a later score",
        "reviews_a_week": "Reviews for the staff",
        "hours_missed_after": f"Hours missed in the {after} after a flag, on average",
        "hours_used_after": f"Hours still used in the {after} after a flag, on average",
        "worse_unflagged": "Never flagged, and reliably worse",
        "left_unreached": "Never flagged, dropped out, and nobody reached out",
        "missed_while_others_wait": "Appointments missed by the never flagged while others waited",
        AFTER_ACTION: "Flags after an earlier notice or ending",
        "under_a_recorded_policy": "Flags while a recorded policy was in force",
        FLAG_RATE: f"Flagged within {by_then}, other ends of care competing",
    }.get(row["term"], what)
    yield f"{words}: {_figure(row, privacy)}."
    if row["term"] == CAME_BACK and not row["needs"]:
        lost = few(privacy) if row["left_out"] is None else about(row["left_out"], privacy)
        yield f"Left out there, because they could not be followed for {after}: {lost}."


def _figure(row: Row, privacy: Privacy) -> str:
    if row["needs"]:
        return f"not known ({row['needs']})"
    of = spoken(row["denominator_name"])
    if row["unit"] == "share" and row["numerator"] is not None:
        return said_share(row, privacy, of)
    if row["suppressed"]:
        return f"hidden ({few(privacy)})"
    if row["estimate"] is None:
        return f"unknown (no {of})"
    figure = f"{number(row['estimate'])} {row['unit']}"
    if row["conf_low"] is None:
        return f"{figure} (no interval, as all are alike)"
    low, high = (number(row[c]) for c in ("conf_low", "conf_high"))
    return f"{figure} (95 % CI {low} to {high})"


def _groups(audit: Audit, frame: pl.DataFrame) -> Iterator[str]:
    """What stands out in each split, how many comparisons there were, what could be seen."""
    if not audit.by:
        return
    compared = frame.drop_nulls("difference_low")
    apart = (pl.col("difference_low") > 0) | (pl.col("difference_high") < 0)
    # Rounding moves small counts, so a gap must stand in the exact figures, too.
    certain = audit.tidy().filter(apart).select("split", "group", "term")
    standing = compared.filter(apart).join(certain, on=certain.columns, maintain_order="left")
    for split in compared["split"].unique(maintain_order=True):
        rows = compared.filter(pl.col("split") == split)
        found = [_gap(r) for r in standing.filter(pl.col("split") == split).iter_rows(named=True)]
        lead = f"By {split}, against {rows['reference'][0]}"
        told = "; ".join(found) or "none"
        yield f"{lead}, differences whose interval leaves out zero: {told}."
    seen = compared.filter(pl.col("term") == CAME_BACK)["smallest_gap"].drop_nulls()
    if len(seen):
        low, high = (percent(v, sign=False) for v in (seen.min(), seen.max()))  # type: ignore[arg-type]
        yield (
            f"Smallest gap in coming back that these data would have shown (power 80 %): {low} "
            f"points at best, {high} at worst. A smaller one may be there unseen."
        )
    many = compared.height
    if many < _MANY:
        yield f"Comparisons between groups: {many}, with no correction for their number."
        return
    yield (
        f"Warning: {number(many)} comparisons between groups. Were there no difference at all, "
        f"about {number(round(many / _MANY))} of their 95 % intervals would still leave out zero."
    )


def _gap(row: Row) -> str:
    share = row["unit"] == "share"
    low, high, gap = (
        row[c] * (100 if share else 1) for c in ("difference_low", "difference_high", "difference")
    )
    unit = " points" if share else f" {row['unit']}"
    what = f"{spoken(row['term'])} in {row['group']}"
    return f"{what} {gap:+,.1f}{unit} ({low:,.1f} to {high:,.1f})"


def _clusters(audit: Audit) -> str:
    if THERAPIST in audit.clusters:
        known = audit.replay.episodes()["therapist_id"].n_unique()
        return f"Intervals are by client, or by therapist ({known} of them) where that is wider."
    return "Intervals are by client."
