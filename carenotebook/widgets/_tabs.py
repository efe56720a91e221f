"""The tabs of the builder: released figures as bars, intervals and tables."""

from __future__ import annotations

from typing import Any

from carenotebook.criteria.rule import Rule
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.words import number, percent, said_share
from carenotebook.widgets._builder_messages import Bars, Interval, Intervals
from carenotebook.widgets._figures import Count, Figures
from carenotebook.widgets._messages import Bar, Table

EVERY_EPISODE = "All episodes"
_MISSING = "not recorded"
_DESCRIBES = "Differences describe; they do not explain."


def clause_bars(revision: int, figures: Figures, rule: Rule) -> Bars:
    """What each clause leaves, in order, and each by itself."""
    privacy = figures.privacy
    bars = []
    before: Count | None = None
    rows = []
    for step in figures.steps(rule):
        alone = step.alone.shown if step.alone else None
        said = _said(step.left)
        change = "" if before is None else _change(before, step.left, privacy)
        bars.append(
            Bar(
                step.label,
                step.left.shown,
                alone,
                said,
                "" if step.alone is None else _said(step.alone),
            )
        )
        rows.append((step.label, said, change, "" if step.alone is None else _said(step.alone)))
        before = step.left
    table = Table(
        "Clients, clause by clause",
        ("Clause", "Clients left", "Change", "By itself"),
        tuple(rows),
        _note(privacy),
    )
    note = "Bar: clients left after this line and those above. Mark: the clause by itself."
    largest = figures.everyone.shown or 1
    return Bars(revision, "clauses", "What each clause leaves", tuple(bars), largest, note, table)


def month_bars(revision: int, figures: Figures, rule: Rule) -> Bars:
    """First flags by calendar month."""
    frame = figures.months(rule).frame
    bars = [
        Bar(f"{row['month']:%b %Y}", row["clients"], None, _figure(row["clients"]), "")
        for row in frame.iter_rows(named=True)
    ]
    table = Table(
        "First put up for review, by month",
        ("Month", "Clients"),
        tuple((b.label, b.said) for b in bars),
        _note(figures.privacy),
    )
    largest = max((b.count or 0 for b in bars), default=1) or 1
    title = "Clients first put up for review, by month"
    return Bars(revision, "when", title, tuple(bars), largest, "", table)


def group_intervals(revision: int, figures: Figures, rule: Rule, by: str) -> Intervals:
    """Share of episodes put up for review, by group, the largest first."""
    released = figures.groups(rule, by)
    overall = figures.overall(rule)
    whole = [] if overall is None else [_interval({**overall, by: EVERY_EPISODE}, by, released)]
    rows = [*whole, *(_interval(row, by, released) for row in released.frame.iter_rows(named=True))]
    title = f"Episodes put up for review, by {by.replace('_', ' ')}"
    table = Table(
        title,
        (by.replace("_", " ").capitalize(), "Share (95 % CI)"),
        tuple((r.label, r.said) for r in rows),
        _note(figures.privacy),
    )
    reference = None if overall is None else float(overall["estimate"])
    return Intervals(revision, by, title, tuple(rows), reference, _DESCRIBES, table)


def _interval(row: dict[str, Any], by: str, released: Released) -> Interval:
    value = _MISSING if row[by] is None else str(row[by])
    if row[SUPPRESSED]:
        return Interval(value, None, None, None, HIDDEN)
    said = said_share(row, released.privacy, "episodes")
    return Interval(value, row["estimate"], row["conf_low"], row["conf_high"], said)


def _said(count: Count) -> str:
    return _figure(count.shown)


def _figure(count: int | None) -> str:
    return HIDDEN if count is None else number(count)


def _change(before: Count, after: Count, privacy: Privacy) -> str:
    """What a clause takes away or adds, where that is not too little to tell."""
    if before.shown is None or after.shown is None:
        return HIDDEN
    change = after.shown - before.shown
    if change == 0:
        return f"none, or fewer than {privacy.min_cell}"
    share = percent(abs(change) / before.shown) if before.shown else ""
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{number(abs(change))} ({share})"


def _note(privacy: Privacy) -> str:
    note = f"{HIDDEN}: none, or fewer than {privacy.min_cell} clients, or a figure that would tell."
    if privacy.round_to > 1:
        note += f" Counts are rounded to {privacy.round_to}; everything follows from them."
    return note
