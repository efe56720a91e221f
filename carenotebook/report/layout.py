"""What stands where in the report of a review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

import carenotebook
from carenotebook.appraise.ethics import UNFIT
from carenotebook.core.durations import say_duration
from carenotebook.describe.panel import APPOINTMENTS
from carenotebook.plots import plot
from carenotebook.privacy import Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.report.page import NONE, Fact, KeyFigure, Page, Part, Section
from carenotebook.report.tables import lay_out
from carenotebook.results.display import HIDDEN, UNKNOWN
from carenotebook.results.words import about, few, interval, number, percent

if TYPE_CHECKING:
    from carenotebook.privacy import Privacy
    from carenotebook.report.review import Review

STANDING = (
    "A criterion ends in a clinician's review. It discharges nobody, and it is not validated for "
    "decisions about a single client."
)
GROUP = "by_group_"
"""How the blocks of group comparisons are named."""

AUDIT = "audit"
"""How the blocks of audits are named: this, or this and a column."""

DECISION = "decision"

_CLIENTS = "Clients with an appointment so far"
_FLAGGED = "Put up for review"
_UNDECIDED = "undecided at some time"

_CURVE_ROWS = 15
"""So many rows of the curve stand in its table; the figures as JSON have all."""

_LIMITS = """\
The replay shows what the rule would have done on past data as they were recorded. It does not \
show what a review would have led to, nor what would have happened without one.
A miss that was never recorded is not seen, and neither is a contact that nobody wrote down. A \
service that records more looks worse.
The curve of episodes put up for review is a cumulative incidence with other ends of care as \
competing events: someone who has left care can no longer be put up for review.
Every other share of episodes put up for review, of groups among them, is a bare share: it does \
not account for some being followed for longer than others. Only the curve does.
Intervals tell of chance alone. They take into account that what one client does is alike from \
week to week; they treat clients as independent of each other.
Differences between groups describe; they do not explain. Absence can be a symptom or a barrier: \
look at what was offered before at what was missed.
Coming back after a flag does not prove the flag wrong, and staying away does not prove it right.
"""
LIMITS = tuple(_LIMITS.splitlines())
"""What no report of this kind can show."""

_KINDS = {
    "local": "local: written here, published nowhere",
    "model": "model: a published rule with its safeguards",
    "cautionary": "cautionary: a published rule that shows what to avoid",
    "housekeeping": "housekeeping: a published rule for closing records",
}
_SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("safeguards", "Safeguards", ("safeguards", "safeguards_recorded")),
    ("attendance", "Attendance", ("attendance", "outcome_panel")),
    ("obstacles", "What clients say gets in the way", ("obstacles",)),
    ("flagged", "Put up for review", ("flagged", "by_month", "table_one")),
    ("stages", "How far the stages came", ("stages", "stage_curves", "waiting")),
    ("attrition", "What each clause does", ("attrition",)),
    ("harm", "Fairness and harm", ()),
    ("groups", "Differences between groups", ()),
    ("values", "Other values of its parameters", ("sweep",)),
    ("rules", "Other rules beside this one", ("rules", "rule_changes")),
    ("came-back", "Who came back after the flag", ("came_back",)),
    ("unknown", "What is not known", ("states", "unknown_outcomes", "misclassification")),
)


def page_of(review: Review) -> Page:
    """The page of a review."""
    safeguards, attendance, *others = (
        _section(review, *s) for s in _SECTIONS if _present(review, s[-1])
    )
    limits = Section("limits", "Limits of the method", (Part(points=LIMITS),))
    return Page(
        title=f"Review of a criterion: {review.rule['name']}",
        lead=lead(review),
        standing=STANDING,
        reading=reading(review),
        key_figures=tuple(key_figures(review)),
        sections=(
            data_section(review),
            attendance,
            rule_section(review.rule),
            safeguards,
            *others,
            limits,
        ),
        warning=warning(review.rule),
        made=f"Made by carenotebook {carenotebook.__version__}.",
    )


def warning(rule: Mapping[str, Any]) -> str:
    """What every page says of a criterion that lacks a blocking safeguard; empty for others."""
    many = len(rule["lacking"])
    if not many:
        return ""
    said = "1 blocking safeguard is" if many == 1 else f"{many} blocking safeguards are"
    return f"{UNFIT}: {said} missing. For study on past data only."


def _present(review: Review, blocks: tuple[str, ...]) -> bool:
    """A rule has clauses, a protocol has stages; what hangs on columns names no block."""
    return not blocks or any(b in review.blocks for b in blocks)


def _section(review: Review, name: str, title: str, blocks: tuple[str, ...]) -> Section:
    if name == "groups":
        blocks = tuple(b for b in review.blocks if b.startswith(GROUP))
    if name == "harm":
        blocks = tuple(b for b in review.blocks if b.split("_")[0] in (AUDIT, DECISION))
    blocks = tuple(b for b in blocks if b in review.blocks)
    if not blocks:
        return Section(name, title, (Part("Not asked for: name columns of clients with --by."),))
    parts = [block_part(review, b) for b in blocks]
    if len(parts) == 1:
        parts = [replace(parts[0], title="")]
    return Section(name, title, tuple(parts))


def block_part(review: Review, name: str) -> Part:
    """A block as a part of a section: text, points, chart, table."""
    block = review.blocks[name]
    lines = block.text.splitlines()
    points = [line for line in lines if line.startswith("- ")]
    first = lines.index(points[0]) if points else len(lines)
    lead, rest = lines[:first], [line for line in lines[first:] if line not in points]
    shown = block.released
    if shown is not None and name == "flagged":
        shown = Released(_thinned(shown.frame), shown.privacy)
    if shown is not None and name == "stage_curves":
        stages = shown.frame.partition_by("stage", maintain_order=True)
        shown = Released(pl.concat(map(_thinned, stages)), shown.privacy)
    return Part(
        "\n".join(lead),
        block.title,
        points=tuple(point.removeprefix("- ") for point in points),
        close="\n".join(rest),
        chart="" if block.result is None else plot(block.result, review.privacy).svg(inline=True),
        table=None if shown is None or shown.frame.is_empty() else lay_out(shown, block.title),
    )


def _thinned(curve: pl.DataFrame) -> pl.DataFrame:
    """What is shown of a long curve, at so many points as a page holds, the last among them."""
    shown = curve.filter(~pl.col(SUPPRESSED))
    step = max(1, -(-shown.height // _CURVE_ROWS))
    return shown.filter((pl.int_range(pl.len()).reverse() % step) == 0)


def data_section(review: Review) -> Section:
    """Where the data come from, what they cover, and what was rejected."""
    data = review.data
    facts = [
        Fact("Content hash (SHA-256)", data["content_hash"], code=True),
        Fact("Seen up to", data["as_of"]),
        Fact("Seen from", data["observed_from"] or "the first record"),
        Fact("Time zone of display", data["timezone"]),
        Fact("A cancellation is late with less notice than", say_duration(data["notice"])),
        Fact("An episode ends", _episode_end(data)),
        Fact("Policies recorded", number(data["policies"])),
    ]
    blocks = ("tables", "rejected", "outside_episodes")
    parts = (Part(facts=tuple(facts)), *(block_part(review, b) for b in blocks))
    return Section("data", "The data", parts)


def _episode_end(data: Mapping[str, Any]) -> str:
    choice = data["episode_end"]
    if choice == "as_of":
        return "when what is seen ends"
    if choice is not None:
        return f"{say_duration(choice)} after the last attended session"
    recorded = data["episodes_recorded"]
    return "as recorded" if recorded else "not chosen, so no term may count days"


def rule_section(rule: Mapping[str, Any]) -> Section:
    """The criterion in words, its source, and the safeguards that it names."""
    lead, *clauses, close = rule["explanation"].splitlines()
    facts = (
        Fact("Source", rule["source"] or "not stated"),
        Fact("Kind", _KINDS[rule["kind"]]),
        Fact("Hash of its meaning (SHA-256)", rule["hash"], code=True),
    )
    safeguards = tuple(rule["safeguards"]) or (
        "None are named. A rule without safeguards may be studied; it is no model for practice.",
    )
    return Section(
        "rule",
        f"The {rule['form']}",
        (
            Part(lead, steps=tuple(re.sub(r"^\s*\d+\. ", "", c) for c in clauses)),
            Part(close, facts=facts),
            Part(title="Safeguards that it names", points=safeguards),
        ),
    )


def reading(review: Review) -> str:
    """How to read the figures."""
    label, least, step = review.privacy.label, review.privacy.min_cell, review.privacy.round_to
    return (
        f"How to read the figures: counts are about right, rounded to {step}, and shares follow "
        f"from the rounded counts. In brackets stands the 95 % interval. Hidden, or {label}: fewer "
        f"than {least} clients, or a number that would give such a one away."
    )


def key_figures(review: Review) -> Iterator[KeyFigure]:
    """The figures at the top, each with what it rests on."""
    yield _seen(review)
    (attended,) = _rows(review, "attendance_overall")
    yield _share_figure("Attended, of kept or missed", attended, "appointments", review.privacy)
    yield _flagged(review)
    undecided = [r for r in _rows(review, "states") if r["state"] == _UNDECIDED]
    if undecided:
        yield _share_figure("Undecided at some time", undecided[0], "episodes", review.privacy)
    else:
        yield KeyFigure("Undecided at some time", NONE, "of the episodes")
    (back,) = _rows(review, "came_back")
    yield _share_figure("Attended again after the flag", back, "flagged episodes", review.privacy)


def _seen(review: Review) -> KeyFigure:
    """Clients with an appointment that is seen: not with one that the data hold for later."""
    rows = [r for r in _rows(review, "outcome_panel") if r["section"] == APPOINTMENTS]
    shown = [r for r in rows if not r[SUPPRESSED]]
    if rows and not shown:
        return KeyFigure(_CLIENTS, HIDDEN, few(review.privacy))
    if not shown:
        return KeyFigure(_CLIENTS, "0", "no appointments")
    clients, seen = (about(shown[0][c], review.privacy) for c in ("clients", "denominator"))
    return KeyFigure(_CLIENTS, clients, f"{seen} appointments; those still to come are not counted")


def _share_figure(what: str, row: Mapping[str, Any], unit: str, privacy: Privacy) -> KeyFigure:
    if row["suppressed"]:
        return KeyFigure(what, HIDDEN, few(privacy))
    if row["estimate"] is None:
        return KeyFigure(what, UNKNOWN, f"no {unit}")
    part = f"about {number(row['numerator'])} of {number(row['denominator'])} {unit}"
    return KeyFigure(what, percent(row["estimate"]), f"{interval(row)}, {part}")


def _flagged(review: Review) -> KeyFigure:
    """How far the curve of first flags gets; none and nearly none read the same."""
    shown = [r for r in _rows(review, "flagged") if not r["suppressed"] and r["clients"]]
    if not shown:
        return KeyFigure(_FLAGGED, HIDDEN, few(review.privacy))
    last = shown[-1]
    return KeyFigure(
        f"{_FLAGGED} within {number(last['day'])} days",
        percent(last["estimate"]),
        f"{interval(last)}, about {number(last['clients'])} clients",
    )


def lead(review: Review) -> str:
    """What the criterion would have done, in a sentence."""
    flagged, what = _flagged(review), review.rule["form"]
    if flagged.figure == HIDDEN:
        return f"The {what} would have put no episode up for review, or too few to show."
    when = flagged.what.removeprefix(_FLAGGED)
    return (
        f"The {what} would have put {flagged.figure} of episodes up for a clinician's review{when} "
        f"({flagged.detail}; other ends of care count as competing events)."
    )


def _rows(review: Review, name: str) -> list[dict[str, Any]]:
    released = review.blocks[name].released
    return [] if released is None else released.frame.to_dicts()
