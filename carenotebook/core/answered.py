"""Check-ins of a journal as rows of a cohort's table `checkins`."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import REJECTED_SCHEMA, Cohort
from carenotebook.core.journal import JOURNAL, CheckInAnswer, Journal
from carenotebook.core.parts import CLIENT, Part

TABLE = "checkins"
DAMAGED = f"the line of {JOURNAL} is cut off or damaged"
NOBODY = f"the line of {JOURNAL} is of a client who is in no other table"


def with_checkins(cohort: Cohort, journal: Journal) -> Cohort:
    """The cohort with the answers of a journal that it does not have yet.

    Answers join the clients of the cohort. Lines that cannot be used are rejected; their text
    stays in the journal alone.
    """
    if not journal.answers and not journal.damaged:
        return cohort
    fresh = _fresh(cohort, journal)
    numbers = [_numbers(part, [a.client_id for _, a in fresh]) for part in cohort.parts]
    known = {client for found in numbers for client in found}
    lines = [
        *((n, None, DAMAGED) for n in journal.damaged),
        *((n, "client_id", NOBODY) for n, a in fresh if a.client_id not in known),
    ]
    rejects = _new_rejects(cohort, sorted(lines))
    mine = [[a for _, a in fresh if a.client_id in found] for found in numbers]
    parts = tuple(map(_joined, cohort.parts, mine, numbers)) if any(mine) else cohort.parts
    added = sum(len(a.rows()) for answers in mine for a in answers)
    rows_in = dict(cohort.rows_in)
    if TABLE in parts[0] or rejects.height:
        rows_in[TABLE] = rows_in.get(TABLE, 0) + added + rejects.height
    found = replace(cohort, parts=parts, rows_in=rows_in)
    if rejects.is_empty():
        return found
    return replace(found, _rejected=pl.concat([pl.DataFrame(cohort.rejected), rejects]))


def answered_later(cohort: Cohort) -> bool:
    """Whether a check-in of a journal was answered when nothing is seen any more."""
    if not cohort.has(TABLE, "checkin_id"):
        return False
    own = pl.col("checkin_id").is_not_null() & (pl.col("at") >= cohort.as_of)
    return bool(cohort.table(TABLE).select(own.any()).collect().item())


def _fresh(cohort: Cohort, journal: Journal) -> list[tuple[int, CheckInAnswer]]:
    """Answers whose submission the saved table does not have."""
    if not cohort.has(TABLE, "checkin_id"):
        return list(journal.answers)
    keys = cohort.table(TABLE).select("checkin_id").unique().collect().to_series().to_list()
    saved = set(keys)
    return [(n, a) for n, a in journal.answers if a.key not in saved]


def _numbers(part: Part, ids: list[str]) -> dict[str, int]:
    """The number in the part of each of these clients whom it has."""
    wanted = pl.col("client_id").is_in(list(set(ids)))
    tables = [f for f in part.values() if CLIENT in _columns(f)]
    found = pl.concat(f.filter(wanted).select("client_id", CLIENT) for f in tables).unique()
    return dict(found.collect().iter_rows())


def _joined(part: Part, answers: list[CheckInAnswer], numbers: dict[str, int]) -> Part:
    dtypes = schema.dtypes(TABLE)
    number = next(f.collect_schema()[CLIENT] for f in part.values() if CLIENT in _columns(f))
    rows = [{**row, CLIENT: numbers[a.client_id]} for a in answers for row in a.rows()]
    new = pl.DataFrame(rows, schema={**dtypes, CLIENT: number}).lazy()
    saved = [part[TABLE]] if TABLE in part else []
    every = pl.concat([*saved, new], how="diagonal").select(*dtypes, CLIENT)
    order = ["client_id", "at", *(c for c in dtypes if c not in {"client_id", "at"})]
    joined = {**part, TABLE: every.sort(CLIENT, *order[1:]) if answers else every}
    return {t: joined[t] for t in schema.TABLES if t in joined}


def _columns(frame: pl.LazyFrame) -> list[str]:
    return frame.collect_schema().names()


def _new_rejects(cohort: Cohort, lines: list[tuple[int, str | None, str]]) -> pl.DataFrame:
    """Rejects of lines that the saved cohort has not rejected before."""
    rows = [(TABLE, n, column, reason, None) for n, column, reason in lines]
    found = pl.DataFrame(rows, schema=REJECTED_SCHEMA, orient="row")
    if found.is_empty():
        return found
    return found.join(pl.DataFrame(cohort.rejected), on=["table", "row", "reason"], how="anti")
