"""What a case's rules say at a moment: the history up to then, as a cohort, and a real replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.schema import TIME_COLUMN, empty_table
from carenotebook.criteria.replay import replay
from carenotebook.ingest.frames import from_frames
from carenotebook.outreach.case_model import THE_CLIENT, CaseStudy, Row, Rows, Says
from carenotebook.outreach.case_record import said

Made = tuple[tuple[str, str], ...]
"""The choices made so far, as (scene, choice)."""


@dataclass(frozen=True)
class Reading:
    """A rule read at one moment of a case.

    Attributes
    ----------
    rule, words : str
        The rule's id in the case, and how people in the service put it.
    client : str
    says : {"true", "false", "unknown"}
        Whether a clinician would be asked to review.
    clauses : tuple of (clause, truth, value)
    """

    rule: str
    words: str
    client: str
    says: Says
    clauses: tuple[tuple[str, str, str], ...]

    @property
    def sentence(self) -> str:
        """What it says, in a sentence."""
        meaning = {
            "true": "holds now: a clinician would be asked to review",
            "false": "does not hold now",
            "unknown": "cannot tell for lack of data, and unknown is not held against anyone",
        }[self.says]
        return f"The rule {quoted(self.words.rstrip('.'))} {meaning}."


def quoted(text: str) -> str:
    """A text in quotation marks."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK}"


def cohort_at(case: CaseStudy, at: datetime, made: Made = ()) -> Cohort:
    """The history as a cohort that ends at an instant, with what the choices so far added."""
    tables: dict[str, Any] = {t: _frame(t, rows) for t, rows in history_with(case, made).items()}
    return from_frames(**tables, as_of=at + timedelta(microseconds=1))


def history_with(case: CaseStudy, made: Made) -> Rows:
    """The rows of the history, with what choices corrected and added."""
    choices = [case.scenes[s].choices[c] for s, c in made]
    names = dict.fromkeys([*case.history, *(t for c in choices for t in c.adds)])
    tables = {
        t: (*case.history.get(t, ()), *(r for c in choices for r in c.adds.get(t, ())))
        for t in names
    }
    amended = {str(r["appointment_id"]): r for c in choices for r in c.amends}
    corrected = (
        {**row, **amended.get(str(row.get("appointment_id")), {})} for row in tables["appointments"]
    )
    return {**tables, "appointments": tuple(corrected)}


@lru_cache(maxsize=4096)
def read_rule_at(case: CaseStudy, rule: str, scene: str, made: Made = ()) -> Reading:
    """Replay a rule over the history as it stands in a scene, and read it at that instant."""
    at, client = case.scenes[scene].at, case.scenes[scene].client
    result = replay(case.rules[rule].rule, cohort_at(case, at, made))

    def holds(spans: pl.DataFrame) -> bool:
        inside = (pl.col("flagged_at") <= at) & (pl.col("cleared_at") > at)
        return spans.filter((pl.col("client_id") == client) & inside).height > 0

    says: Says = (
        "true" if holds(result.intervals) else "unknown" if holds(result.undecided) else "false"
    )
    clauses = result.why(client, at).select(pl.all().fill_null("")).rows()
    return Reading(rule, case.rules[rule].words, client, says, tuple(clauses))


def record_at(case: CaseStudy, at: datetime, made: Made = ()) -> list[tuple[str, str, str]]:
    """What the record shows at an instant: time, about whom, and what, in order of time."""
    now = f"{at:%Y-%m-%d %H:%M}"
    rows = []
    for table, entries in history_with(case, made).items():
        column = TIME_COLUMN.get(table, "")
        for row in entries if column else ():
            when = _minute(row[column])
            known = {_minute(row[k]) for k in (column, "booked_at", "cancelled_at") if row.get(k)}
            if min(known) <= now:
                gone = row.get("cancelled_at") and _minute(row["cancelled_at"]) <= now
                who = str(row.get("client_id") or THE_CLIENT)
                rows.append((when, who, said(table, row, future=when > now and not gone)))
    return sorted(rows)


def _minute(value: Any) -> str:
    return str(value)[:16].replace("T", " ")


def _frame(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as text, as a file would hold them; a row about nobody else is about the client."""
    if not rows:
        return empty_table(table)
    columns = list(dict.fromkeys(["client_id", *(c for r in rows for c in r)]))
    data: Mapping[str, list[str | None]] = {
        c: [_text(r.get(c, THE_CLIENT if c == "client_id" else None)) for r in rows]
        for c in columns
    }
    return pl.DataFrame(data, schema=dict.fromkeys(columns, pl.String))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
